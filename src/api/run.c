/*
 * src/api/run.c
 *
 * SQL: ingest_run, ingest_run_job, ingest_run_all, ingest_cancel, and the
 * proof of life behind the views.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "api/api.h"
#include "settings.h"
#include "store/store.h"
#include "worker/launch.h"

PG_FUNCTION_INFO_V1(ingest_run);
PG_FUNCTION_INFO_V1(ingest_run_job);
PG_FUNCTION_INFO_V1(ingest_run_all);
PG_FUNCTION_INFO_V1(ingest_cancel);
PG_FUNCTION_INFO_V1(ingest_job_is_alive);

/* Raise for what kept a launch from opening its job */
static void
raise_not_opened(Launch *launch, LaunchState state, const char *source)
{
	int64		running;

	if (state == LAUNCH_BUSY)
	{
		running = JobRunning(source);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("source \"%s\" is being run", source),
				 running != 0 ? errdetail("Import job %lld is running.", (long long) running) : 0,
				 running != 0 ?
				 errhint("Wait for it, or end it with SELECT ingest_cancel(%lld).", (long long) running) :
				 errhint("Wait for it to end.")));
	}
	if (state == LAUNCH_NO_SOURCE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("source \"%s\" is not committed yet", source),
				 errdetail("The run has transactions of its own, which do not see what this transaction has not committed."),
				 errhint("Commit first, then run it.")));
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("the run of source \"%s\" ended before it could open a job", source),
			 LaunchFailure(launch) != NULL ? errdetail("%s.", LaunchFailure(launch)) : 0,
			 errhint("The server log says more.")));
}

static void
raise_no_slot(const char *source)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("no background worker slot is free to run source \"%s\"", source),
			 errhint("Wait for other workers to end, or raise max_worker_processes.")));
}

/*
 * A process that died could not close its job: have it closed by another, as
 * an error here would take back what this transaction wrote.
 */
static Datum
read_ended_job(int64 job_id, JobEnd *end)
{
	Datum		row = JobRow(job_id, end);
	Launch	   *sweep;

	if (strcmp(end->status, "running") != 0)
		return row;
	sweep = LaunchSweep();
	if (sweep != NULL)
	{
		LaunchWait(&sweep, 1, false);
		LaunchRelease(sweep);
	}
	return JobRow(job_id, end);
}

/* A job that ended badly is the caller's error, a partial one a warning */
static void
raise_bad_end(int64 job_id, const char *source, const JobEnd *end)
{
	if (strcmp(end->status, "partial") == 0)
		ereport(WARNING,
				(errmsg("import job %lld of source \"%s\" is partial: records were refused or the list was cut",
						(long long) job_id, source),
				 errhint("SELECT * FROM ingest.import_error WHERE job_id = %lld and ingest.import_job.warnings say more.",
						 (long long) job_id)));
	if (end->sqlstate == NULL && strcmp(end->status, "running") != 0)
		return;
	ereport(ERROR,
			(errcode(end->sqlstate != NULL ?
					 MAKE_SQLSTATE(end->sqlstate[0], end->sqlstate[1], end->sqlstate[2],
								   end->sqlstate[3], end->sqlstate[4]) : ERRCODE_CRASH_SHUTDOWN),
			 errmsg("import job %lld of source \"%s\" %s: %s", (long long) job_id, source,
					strcmp(end->status, "cancelled") == 0 ? "was cancelled" :
					strcmp(end->status, "failed") == 0 ? "failed" : "crashed",
					end->message ? end->message : "its process is gone"),
			 end->detail != NULL ? errdetail_internal("%s", end->detail) : 0,
			 end->hint != NULL ? errhint("%s", end->hint) : 0));
}

/* Start a run, and wait until its job is open */
static Launch *
start_run(const char *source)
{
	Launch	   *launch = LaunchRun(source, "manual", GetUserNameFromId(GetOuterUserId(), false));
	LaunchState state;

	if (launch == NULL)
		raise_no_slot(source);
	LaunchWait(&launch, 1, true);
	state = LaunchLook(launch);
	if (state != LAUNCH_OPENED && LaunchJob(launch) == 0)
		raise_not_opened(launch, state, source);
	return launch;
}

Datum
ingest_run(PG_FUNCTION_ARGS)
{
	char	   *source = ApiUtf8Argument(fcinfo, 0, "source");
	bool		wait = PG_ARGISNULL(1) || PG_GETARG_BOOL(1);
	Launch	   *launch;
	int64		job_id;
	JobEnd		end;
	Datum		row;

	PreventCommandDuringRecovery("ingest_run()");
	ApiCheckSource(source);
	launch = start_run(source);
	job_id = LaunchJob(launch);
	if (!wait)
	{
		LaunchRelease(launch);
		PG_RETURN_DATUM(JobRow(job_id, NULL));
	}
	LaunchWait(&launch, 1, false);
	LaunchRelease(launch);
	row = read_ended_job(job_id, &end);
	raise_bad_end(job_id, source, &end);
	PG_RETURN_DATUM(row);
}

/*
 * Commits before it waits, so that not even the caller holds a snapshot back
 * while the network is slow.
 */
Datum
ingest_run_job(PG_FUNCTION_ARGS)
{
	char	   *source = ApiUtf8Argument(fcinfo, 0, "source");
	Launch	   *launch;
	int64		job_id;
	JobEnd		end;

	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("ingest_run_job() cannot run inside a transaction block or function"),
				 errhint("Use SELECT ingest_run('%s') there.", source)));
	PreventCommandDuringRecovery("ingest_run_job()");
	ApiCheckSource(source);
	source = MemoryContextStrdup(TopMemoryContext, source);

	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_commit();

	PG_TRY();
	{
		launch = start_run(source);
		job_id = LaunchJob(launch);
		LaunchWait(&launch, 1, false);
		LaunchRelease(launch);
		(void) read_ended_job(job_id, &end);
		raise_bad_end(job_id, source, &end);
		ereport(NOTICE,
				(errmsg("import job %lld of source \"%s\": %s", (long long) job_id, source, end.status)));
	}
	PG_FINALLY();
	{
		pfree(source);
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}

/* ---- all sources ---- */

typedef struct RunAll
{
	ReturnSetInfo *result;
	Launch	  **launches;		/* those under way */
	char	  **sources;		/* theirs */
	int			running;
	bool		wait;
} RunAll;

/* A job's row into the result */
static void
put_job(RunAll *all, int64 job_id)
{
	ApiLook		look;
	JobEnd		end;
	HeapTupleHeader header;
	HeapTupleData tuple;

	ApiBeginLook(&look);
	header = DatumGetHeapTupleHeader(all->wait ? read_ended_job(job_id, &end) :
									 JobRow(job_id, NULL));
	ApiEndLook(&look);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	tuplestore_puttuple(all->result->setResult, &tuple);
}

/* Take launches that are done (or open, if that is enough) out of the list */
static void
collect(RunAll *all)
{
	for (int i = 0; i < all->running;)
	{
		Launch	   *launch = all->launches[i];
		LaunchState state = LaunchLook(launch);
		int64		job_id = LaunchJob(launch);

		if (state == LAUNCH_STARTING || (state == LAUNCH_OPENED && all->wait))
		{
			i++;
			continue;
		}
		LaunchRelease(launch);
		if (job_id != 0)
			put_job(all, job_id);
		else if (state == LAUNCH_BUSY)
			ereport(WARNING, (errmsg("source \"%s\" is being run already", all->sources[i])));
		else
			ereport(WARNING, (errmsg("source \"%s\" could not be run", all->sources[i]),
							  errhint("The server log says more.")));
		all->running--;
		all->launches[i] = all->launches[all->running];
		all->sources[i] = all->sources[all->running];
	}
}

Datum
ingest_run_all(PG_FUNCTION_ARGS)
{
	RunAll		all = {0};
	int			nsources;
	char	  **names;
	const char *role = GetUserNameFromId(GetOuterUserId(), false);
	int			started = 0;
	ApiLook		look;

	PreventCommandDuringRecovery("ingest_run_all()");
	ApiMaterialize(fcinfo);
	all.result = (ReturnSetInfo *) fcinfo->resultinfo;
	all.wait = PG_ARGISNULL(0) || PG_GETARG_BOOL(0);
	ApiBeginLook(&look);
	names = SourceNames(true, &nsources);
	ApiEndLook(&look);
	all.launches = palloc((nsources + 1) * sizeof(Launch *));
	all.sources = palloc((nsources + 1) * sizeof(char *));
	for (int i = 0; i < nsources || all.running > 0;)
	{
		Launch	   *launch = NULL;

		if (i < nsources && all.running < IngestMaxWorkers && (all.wait || started < IngestMaxWorkers))
			launch = LaunchRun(ApiServerToUtf8(names[i]), "manual", role);
		if (launch != NULL)
		{
			all.launches[all.running] = launch;
			all.sources[all.running++] = names[i++];
			started++;
			continue;
		}
		if (all.running == 0)
		{
			if (!all.wait && started > 0)
			{
				ereport(NOTICE,
						(errmsg("%d of %d sources were started", started, nsources),
						 errdetail("ingest.max_workers is %d.", IngestMaxWorkers),
						 errhint("Run the others later, or use ingest_run_all(wait => true).")));
				break;
			}
			raise_no_slot(names[i]);
		}
		LaunchWait(all.launches, all.running, !all.wait);
		collect(&all);
	}
	return (Datum) 0;
}

/* ---- cancel ---- */

Datum
ingest_cancel(PG_FUNCTION_ARGS)
{
	static StoreStatement find = {
		"SELECT source, pid::int8 FROM ingest.import_job WHERE id = $1 AND status = 'running'",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(PG_GETARG_INT64(0))};
	StoreSession session;
	bool		cancelled = false;

	PreventCommandDuringRecovery("ingest_cancel()");
	StoreBegin(&session);
	if (StoreExecute(&find, values, NULL, 1) == 1 && JobIsAlive(ApiServerToUtf8(StoreString(0, 1))))
	{
		int			pid = (int) StoreInt64(0, 2, 0);

		/* The lock says that the run lives; the pid is its process's */
		if (pid != 0 && BackendPidGetProc(pid) != NULL)
			cancelled = kill(pid, SIGINT) == 0;
	}
	StoreEnd(&session);
	PG_RETURN_BOOL(cancelled);
}

/*
 * Asked by views about a job that is open in their snapshot.  The run may have
 * ended since, and let go of its lock: then it has not crashed.  So the answer
 * is no only if a job is open still, as the table is now.
 */
Datum
ingest_job_is_alive(PG_FUNCTION_ARGS)
{
	static StoreStatement open_job = {
		"SELECT 1 FROM ingest.import_job WHERE source = $1 AND status = 'running'",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	const char *source = ApiUtf8Argument(fcinfo, 0, "source");
	StoreSession session;
	Datum		values[1];
	bool		alive = JobIsAlive(source);

	if (!alive)
	{
		StoreBegin(&session);
		values[0] = StoreText(source);
		alive = StoreExecute(&open_job, values, NULL, 1) == 0;
		StoreEnd(&session);
	}
	PG_RETURN_BOOL(alive);
}
