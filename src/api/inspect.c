/*
 * src/api/inspect.c
 *
 * SQL: ingest_check and ingest_preview, whose rows come from a worker.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "api/api.h"
#include "store/store.h"
#include "worker/launch.h"
#include "worker/rows.h"

PG_FUNCTION_INFO_V1(ingest_check);
PG_FUNCTION_INFO_V1(ingest_preview);

#define PREVIEW_MAX_RECORDS 10000

/* Raise what stopped the worker */
static void
raise_worker_error(const char *const *columns)
{
	const char *sqlstate = columns[0];

	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4])),
			 errmsg_internal("%s", columns[1]),
			 columns[2] != NULL ? errdetail_internal("%s", columns[2]) : 0,
			 columns[3] != NULL ? errhint("%s", columns[3]) : 0));
}

/* The worker's rows into the result, until it has no more */
static void
collect_rows(Launch *launch, FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AttInMetadata *input = TupleDescGetAttInMetadata(result->setDesc);
	Rows	   *rows = LaunchRows(launch);
	const char *columns[ROWS_MAX_COLUMNS];
	RowKind		kind;

	/* What was looked up in the catalogs must not hold back VACUUM meanwhile */
	InvalidateCatalogSnapshot();
	while (RowsReceive(rows, &kind, columns))
	{
		HeapTuple	tuple;

		switch (kind)
		{
			case ROW_RESULT:
				tuple = BuildTupleFromCStrings(input, (char **) columns);
				tuplestore_puttuple(result->setResult, tuple);
				heap_freetuple(tuple);
				break;
			case ROW_WARNING:
				ereport(WARNING, (errmsg_internal("%s", columns[0])));
				break;
			case ROW_ERROR:
				raise_worker_error(columns);
		}
	}
}

/* Start a worker that inspects the source, and take its rows */
static void
inspect(FunctionCallInfo fcinfo, const char *function, Launch *(*start) (const char *, int64),
		const char *source, int64 max_records)
{
	Launch	   *launch;
	LaunchState state;

	ApiCheckSource(source);
	ApiMaterialize(fcinfo);
	launch = start(source, max_records);
	if (launch == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no background worker slot is free for %s", function),
				 errhint("Wait for other workers to end, or raise max_worker_processes.")));
	collect_rows(launch, fcinfo);
	LaunchWait(&launch, 1, false);
	state = LaunchLook(launch);
	if (state == LAUNCH_NO_SOURCE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("source \"%s\" is not committed yet", source),
				 errdetail("The worker has transactions of its own, which do not see what this transaction has not committed."),
				 errhint("Commit first.")));
	if (LaunchFailure(launch) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("%s of source \"%s\" did not end: %s", function, source, LaunchFailure(launch)),
				 errhint("The server log says more.")));
	LaunchRelease(launch);
}

Datum
ingest_check(PG_FUNCTION_ARGS)
{
	char	   *source = ApiUtf8Argument(fcinfo, 0, "source");

	PreventCommandDuringRecovery("ingest_check()");
	inspect(fcinfo, "ingest_check()", LaunchCheck, source, 0);
	return (Datum) 0;
}

Datum
ingest_preview(PG_FUNCTION_ARGS)
{
	char	   *source = ApiUtf8Argument(fcinfo, 0, "source");
	int32		max_records = PG_ARGISNULL(1) ? 50 : PG_GETARG_INT32(1);

	PreventCommandDuringRecovery("ingest_preview()");
	if (max_records < 1 || max_records > PREVIEW_MAX_RECORDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_records must be from 1 to %d, not %d", PREVIEW_MAX_RECORDS, max_records)));
	inspect(fcinfo, "ingest_preview()", LaunchPreview, source, max_records);
	return (Datum) 0;
}
