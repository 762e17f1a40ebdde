/*
 * src/store/session.c
 *
 * Who the store is while it works: the owner of the extension's tables, with a
 * search_path that nobody else can put an object into.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "store/store.h"

#define SCHEMA "ingest"

/*
 * Operators in our statements must be pg_catalog's, whoever calls.  And every
 * statement here touches few rows of tables that may be large by the time its
 * plan is used again: a plan made while they were empty must not scan or hash
 * them whole.  So restrained, one plan fits all parameters, and planning anew
 * would cost more than running.
 */
static const struct
{
	const char *name;
	const char *value;
}			settings[] =
{
	{"search_path", "pg_catalog, pg_temp"},
	{"enable_seqscan", "off"},
	{"enable_hashjoin", "off"},
	{"enable_mergejoin", "off"},
	{"plan_cache_mode", "force_generic_plan"},
	{"jit", "off"},
};

static bool settings_pinned = false;

void
StorePinSettings(void)
{
	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i].name, settings[i].value, PGC_USERSET, PGC_S_SESSION);
	settings_pinned = true;
}

Oid
StoreOwner(void)
{
	Oid			schema;
	Oid			table;
	Oid			owner = InvalidOid;
	HeapTuple	tuple;

	/* Another's schema of the same name is not ours */
	if (!OidIsValid(get_extension_oid("ingest", true)))
		return InvalidOid;
	schema = get_namespace_oid(SCHEMA, true);
	table = OidIsValid(schema) ? get_relname_relid("import_job", schema) : InvalidOid;
	if (!OidIsValid(table))
		return InvalidOid;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

Oid
StoreRelation(const char *name)
{
	Oid			relation = get_relname_relid(name, get_namespace_oid(SCHEMA, false));

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"ingest.%s\" does not exist", name)));
	return relation;
}

void
StoreBegin(StoreSession *session)
{
	Oid			owner = StoreOwner();

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("extension \"ingest\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION ingest.")));

	GetUserIdAndSecContext(&session->user, &session->security);
	SetUserIdAndSecContext(owner, session->security | SECURITY_LOCAL_USERID_CHANGE);

	session->guc_nest_level = NewGUCNestLevel();
	if (!settings_pinned)
		for (int i = 0; i < lengthof(settings); i++)
			(void) set_config_option(settings[i].name, settings[i].value,
									 PGC_USERSET, PGC_S_SESSION,
									 GUC_ACTION_SAVE, true, 0, false);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
StoreEnd(StoreSession *session)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, session->guc_nest_level);
	SetUserIdAndSecContext(session->user, session->security);
}

void
StoreTransactionBegin(StoreSession *session)
{
	session->caller = CurrentMemoryContext;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	StoreBegin(session);
}

void
StoreTransactionCommit(StoreSession *session)
{
	StoreEnd(session);
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(session->caller);

	/* or autovacuum never hears of what this process wrote */
	pgstat_report_stat(false);
}

void
StoreTransactionRollback(StoreSession *session)
{
	AbortCurrentTransaction();
	MemoryContextSwitchTo(session->caller);
}

uint64
StoreExecute(StoreStatement *statement, const Datum *values, const char *nulls, long limit)
{
	int			rc;

	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(statement->sql, statement->nargs, statement->argtypes);

		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
				 SPI_result_code_string(SPI_result));
		if (SPI_keepplan(plan) != 0)
			elog(ERROR, "could not keep a plan");
		statement->plan = plan;
	}

	rc = SPI_execute_plan(statement->plan, (Datum *) values, nulls, false, limit);
	if (rc != statement->expected)
		elog(ERROR, "unexpected result of \"%s\": %s", statement->sql,
			 SPI_result_code_string(rc));
	return SPI_processed;
}

Datum
StoreText(const char *utf8)
{
	char	   *text = pg_any_to_server(utf8, strlen(utf8), PG_UTF8);

	return CStringGetTextDatum(text);
}

char *
StoreString(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

int64
StoreInt64(uint64 row, int column, int64 if_null)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
									  column, &isnull);

	return isnull ? if_null : DatumGetInt64(value);
}

Datum
StoreInt64Array(const int64 *numbers, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

int64 *
StoreInt64Column(uint64 nrows, int column)
{
	int64	   *numbers = palloc((nrows + 1) * sizeof(int64));

	for (uint64 row = 0; row < nrows; row++)
		numbers[row] = StoreInt64(row, column, 0);
	return numbers;
}
