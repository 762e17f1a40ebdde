/*
 * src/api/payload.c
 *
 * SQL: ingest_parse and ingest_import, which take a payload that the caller
 * has; as text, or as bytes that may not be valid text.  And ingest_replay, of
 * records that a job left.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "run/run.h"
#include "store/columns.h"
#include "store/store.h"

PG_FUNCTION_INFO_V1(ingest_parse);
PG_FUNCTION_INFO_V1(ingest_import);
PG_FUNCTION_INFO_V1(ingest_replay);

/* The payload's bytes, in UTF-8 if they came as text */
static const char *
payload_argument(FunctionCallInfo fcinfo, int number, size_t *length)
{
	struct varlena *payload = PG_GETARG_VARLENA_PP(number);
	char	   *bytes = VARDATA_ANY(payload);
	char	   *converted;

	*length = VARSIZE_ANY_EXHDR(payload);
	if (get_fn_expr_argtype(fcinfo->flinfo, number) == BYTEAOID ||
		GetDatabaseEncoding() == PG_UTF8)
		return bytes;
	converted = pg_server_to_any(bytes, *length, PG_UTF8);
	if (converted != bytes)
		*length = strlen(converted);
	return converted;
}

/* ---- parse ---- */

typedef struct ParseResult
{
	ReturnSetInfo *result;
	MemoryContext scratch;		/* of one row */
} ParseResult;

/* Fill a row's columns: position, source_id, descriptive, problem, class, raw */
static void
parsed_values(const ParsedRecord *record, Datum *values, bool *nulls)
{
	int			ndescriptive = DescriptiveCount();
	int			n = 0;

	memset(nulls, true, (ndescriptive + 5) * sizeof(bool));
	nulls[n] = false;
	values[n++] = Int64GetDatum(record->position);
	if (record->source_id != NULL)
	{
		nulls[n] = false;
		values[n] = StoreText(record->source_id);
	}
	n++;
	if (record->listing != NULL)
		DescriptiveValues(record->listing, values + n, nulls + n);
	n += ndescriptive;
	if (record->problem != NULL)
	{
		nulls[n] = nulls[n + 1] = false;
		values[n] = StoreText(record->problem);
		values[n + 1] = CStringGetTextDatum(ErrorClassName(record->error_class));
	}
	n += 2;
	if (record->raw != NULL && record->listing != NULL)
	{
		const char *raw = pg_any_to_server(record->raw, record->raw_length, PG_UTF8);

		/* where nothing was converted, it is not ended by a NUL */
		nulls[n] = false;
		values[n] = PointerGetDatum(raw == record->raw ?
									cstring_to_text_with_len(raw, record->raw_length) :
									cstring_to_text(raw));
	}
}

static void
put_parsed(void *arg, const ParsedRecord *record)
{
	ParseResult *parse = arg;
	MemoryContext old = MemoryContextSwitchTo(parse->scratch);
	Datum		values[64];
	bool		nulls[64];

	parsed_values(record, values, nulls);
	tuplestore_putvalues(parse->result->setResult, parse->result->setDesc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(parse->scratch);
}

Datum
ingest_parse(PG_FUNCTION_ARGS)
{
	char	   *connector = ApiUtf8Argument(fcinfo, 0, "connector");
	Jsonb	   *config = PG_GETARG_JSONB_P(2);
	size_t		length;
	const char *bytes = payload_argument(fcinfo, 1, &length);
	ParseResult parse;

	ApiMaterialize(fcinfo);
	parse.result = (ReturnSetInfo *) fcinfo->resultinfo;
	parse.scratch = AllocSetContextCreate(CurrentMemoryContext, "ingest parsed row",
										  ALLOCSET_DEFAULT_SIZES);
	RunParse(connector, ApiServerToUtf8(JsonbToCString(NULL, &config->root, VARSIZE(config))),
			 bytes, length, put_parsed, &parse);
	return (Datum) 0;
}

/* ---- import and replay ---- */

/* The row of a job that ended in the caller's transaction, which a failure leaves as it is */
static Datum
ended_job(int64 job_id)
{
	JobEnd		end;
	Datum		row = JobRow(job_id, &end);
	bool		isnull;
	Datum		source = GetAttributeByName(DatumGetHeapTupleHeader(row), "source", &isnull);

	if (strcmp(end.status, "failed") == 0)
		ereport(WARNING,
				(errmsg("import job %lld of source \"%s\" failed: %s", (long long) job_id,
						TextDatumGetCString(source), end.message),
				 end.detail != NULL ? errdetail_internal("%s", end.detail) : 0,
				 end.hint != NULL ? errhint("%s", end.hint) : 0));
	return row;
}

Datum
ingest_import(PG_FUNCTION_ARGS)
{
	char	   *source = ApiUtf8Argument(fcinfo, 0, "source");
	MemoryContext context = CurrentMemoryContext;
	MemoryContext run_context;
	size_t		length;
	const char *bytes = payload_argument(fcinfo, 1, &length);
	int64		job_id;

	PreventCommandDuringRecovery("ingest_import()");
	PreventCommandIfReadOnly("ingest_import()");

	/* What the run allocates, library objects included, goes with it */
	run_context = AllocSetContextCreate(context, "ingest import", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(run_context);
	job_id = RunImport(source, bytes, length, GetUserNameFromId(GetOuterUserId(), false));
	MemoryContextSwitchTo(context);
	MemoryContextDelete(run_context);
	PG_RETURN_DATUM(ended_job(job_id));
}

Datum
ingest_replay(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext run_context;
	int64		job_id;

	PreventCommandDuringRecovery("ingest_replay()");
	PreventCommandIfReadOnly("ingest_replay()");

	run_context = AllocSetContextCreate(context, "ingest replay", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(run_context);
	job_id = RunReplay(PG_GETARG_INT64(0), GetUserNameFromId(GetOuterUserId(), false));
	MemoryContextSwitchTo(context);
	MemoryContextDelete(run_context);
	PG_RETURN_DATUM(ended_job(job_id));
}
