/*
 * src/api/launcher.c
 *
 * SQL: ingest_start, ingest_stop, and what the launcher does, for the views.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "api/api.h"
#include "settings.h"
#include "worker/launcher.h"

PG_FUNCTION_INFO_V1(ingest_start);
PG_FUNCTION_INFO_V1(ingest_stop);
PG_FUNCTION_INFO_V1(ingest_wake);
PG_FUNCTION_INFO_V1(ingest_launcher_state);
PG_FUNCTION_INFO_V1(ingest_launcher_databases);

#define START_SECONDS	10
#define LOOK_MS			20

/* Wait until there is a launcher, or none; false: it takes too long */
static bool
wait_for_launcher(bool running)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), START_SECONDS * 1000);

	while ((LauncherPid() != 0) != running)
	{
		if (GetCurrentTimestamp() > end)
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* False: there is one already */
Datum
ingest_start(PG_FUNCTION_ARGS)
{
	PreventCommandDuringRecovery("ingest_start()");
	if (LauncherPid() != 0)
		PG_RETURN_BOOL(false);
	if (!LauncherStart())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no background worker slot is free for the launcher"),
				 errhint("Wait for other workers to end, or raise max_worker_processes.")));
	if (!wait_for_launcher(true))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("the launcher did not start"),
				 errhint("The server log says why.")));
	PG_RETURN_BOOL(true);
}

/* For all databases, so not for the owner of one; false: there was none */
Datum
ingest_stop(PG_FUNCTION_ARGS)
{
	LauncherView view;

	if (!superuser() && !has_privs_of_role(GetUserId(), ROLE_PG_SIGNAL_BACKEND))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser or a member of pg_signal_backend to stop the launcher")));
	if (!LauncherFind(&view))
		PG_RETURN_BOOL(false);
	LWLockAcquire(&view.shared->lock, LW_EXCLUSIVE);
	view.shared->stop = true;
	LWLockRelease(&view.shared->lock);
	LauncherWake(&view);
	LauncherLeave(&view);
	if (!wait_for_launcher(false))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("the launcher did not stop")));
	PG_RETURN_BOOL(true);
}

Datum
ingest_wake(PG_FUNCTION_ARGS)
{
	LauncherWakeAtCommit();
	PG_RETURN_VOID();
}

static void
put_time(TimestampTz time, Datum *value, bool *isnull)
{
	*isnull = time == 0;
	*value = TimestampTzGetDatum(time);
}

/* Text of a process of another database: nothing that this one's encoding has not */
static Datum
foreign_text(const char *text)
{
	char	   *copy = pstrdup(text);

	if (!pg_verifymbstr(copy, strlen(copy), true))
		for (char *c = copy; *c != '\0'; c++)
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
	return CStringGetTextDatum(copy);
}

Datum
ingest_launcher_state(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[10];
	bool		nulls[10];
	LauncherView view;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(nulls, true, sizeof(nulls));
	values[0] = BoolGetDatum(IngestEnabled);
	nulls[0] = false;
	if (!RecoveryInProgress() && LauncherFind(&view))
	{
		LauncherShared *shared = view.shared;

		memset(nulls, false, sizeof(nulls));
		LWLockAcquire(&shared->lock, LW_SHARED);
		values[1] = Int32GetDatum(shared->pid);
		put_time(shared->started_at, &values[2], &nulls[2]);
		put_time(shared->last_loop_at, &values[3], &nulls[3]);
		put_time(shared->next_wake_at, &values[4], &nulls[4]);
		values[5] = Int64GetDatum(shared->loops);
		values[6] = Int32GetDatum(shared->nrunning);
		values[7] = Int32GetDatum(shared->nwaiting);
		put_time(shared->waiting_since, &values[8], &nulls[8]);
		nulls[9] = shared->waiting_for[0] == '\0';
		values[9] = CStringGetTextDatum(shared->waiting_for);
		LWLockRelease(&shared->lock);
		LauncherLeave(&view);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

static const char *
outcome_name(const LauncherDatabase *database)
{
	static const char *const names[] = {
		[PLAN_ASKED] = "not planned yet",
		[PLAN_DONE] = "served",
		[PLAN_NO_EXTENSION] = "no extension",
		[PLAN_OTHER_VERSION] = "other version",
		[PLAN_COPY] = "copy",
		[PLAN_FAILED] = "failed",
	};

	return names[database->outcome];
}

Datum
ingest_launcher_databases(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	LauncherView view;
	LauncherDatabase *databases;
	int			count;

	ApiMaterialize(fcinfo);
	if (RecoveryInProgress() || !LauncherFind(&view))
		return (Datum) 0;
	LWLockAcquire(&view.shared->lock, LW_SHARED);
	count = view.shared->ndatabases;
	databases = palloc((count + 1) * sizeof(LauncherDatabase));
	memcpy(databases, view.shared->databases, count * sizeof(LauncherDatabase));
	LWLockRelease(&view.shared->lock);
	LauncherLeave(&view);

	for (int i = 0; i < count; i++)
	{
		LauncherDatabase *database = &databases[i];
		Datum		values[8];
		bool		nulls[8] = {false};

		values[0] = foreign_text(database->name);
		values[1] = CStringGetTextDatum(outcome_name(database));
		values[2] = Int32GetDatum(database->nsources);
		values[3] = Int32GetDatum(database->nwaiting);
		put_time(database->next_due, &values[4], &nulls[4]);
		put_time(database->planned_at, &values[5], &nulls[5]);
		values[6] = Float8GetDatum(database->plan_us / 1000.0);
		nulls[6] = nulls[5];
		nulls[7] = database->problem[0] == '\0';
		values[7] = foreign_text(database->problem);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
