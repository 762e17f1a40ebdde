/*
 * src/worker/launch.c
 *
 * Starting a run worker, and watching it from the session that asked.
 *
 * What the two tell each other stands in a small segment of shared memory of
 * their own, so nothing needs to be preloaded.  The session's mapping of it is
 * released whatever ends the session's work (commit, error, termination): if
 * the run was still awaited then, that release cancels it.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "store/store.h"
#include "worker/connect.h"
#include "worker/launch.h"
#include "worker/rows.h"
#include "worker/shared.h"

/*
 * The postmaster tells us of its children by SIGUSR1 and the worker sets our
 * latch; the nap is only the net below both.
 */
#define NAP_MS 1000

struct Launch
{
	MemoryContext context;
	dsm_segment *segment;
	RunShared  *shared;
	BackgroundWorkerHandle *handle;
	Rows	   *rows;			/* of a worker that sends some */
};

/* The session is done with the segment: an awaited run is not wanted any more */
static void
cancel_on_detach(dsm_segment *segment, Datum arg)
{
	RunShared  *shared = dsm_segment_address(segment);
	uint32		state = pg_atomic_read_u32(&shared->state);

	if (!shared->awaited)
		return;
	shared->cancelled = true;
	pg_memory_barrier();
	if (shared->worker_pid != 0 && state != LAUNCH_ENDED)
		(void) kill(shared->worker_pid, SIGINT);
}

/* Ask the postmaster for the process; false: no slot */
static bool
register_worker(Launch *launch)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
#ifdef BGWORKER_INTERRUPTIBLE
	worker.bgw_flags |= BGWORKER_INTERRUPTIBLE;
#endif
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "ingest", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "ingest_run_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "ingest run", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "ingest run", sizeof(worker.bgw_type));
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(launch->segment));
	worker.bgw_notify_pid = MyProcPid;
	return RegisterDynamicBackgroundWorker(&worker, &launch->handle);
}

static bool
sends_rows(RunMode mode)
{
	return mode == RUN_MODE_CHECK || mode == RUN_MODE_PREVIEW;
}

/*
 * Prepare the segment and start the worker.  What it takes here lives in
 * `parent`: a session's goes with its transaction, and cancels the run then.
 */
static Launch *
launch_worker(MemoryContext parent, const RunShared *request)
{
	MemoryContext context = AllocSetContextCreate(parent, "ingest launch", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Launch	   *launch = palloc0(sizeof(Launch));
	bool		rows = sends_rows(request->mode);
	RunShared  *shared;

	launch->context = context;
	launch->segment = dsm_create(MAXALIGN(sizeof(RunShared)) + (rows ? RowsSize() : 0),
								 DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (launch->segment == NULL)
	{
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		return NULL;
	}
	shared = launch->shared = dsm_segment_address(launch->segment);
	memcpy(shared, request, sizeof(*shared));
	pg_atomic_init_u32(&shared->state, LAUNCH_STARTING);
	shared->caller = MyProc;
	if (rows)
		RowsInit(RUN_SHARED_ROWS(shared));
	on_dsm_detach(launch->segment, cancel_on_detach, (Datum) 0);

	if (!register_worker(launch))
	{
		shared->awaited = false;
		dsm_detach(launch->segment);
		launch = NULL;
	}
	else if (rows)
		launch->rows = RowsReceiver(RUN_SHARED_ROWS(shared), launch->segment, launch->handle);
	MemoryContextSwitchTo(old);
	if (launch == NULL)
		MemoryContextDelete(context);
	return launch;
}

static void
fill_request(RunShared *request, RunMode mode, const char *source, const char *trigger,
			 const char *requested_by)
{
	memset(request, 0, sizeof(*request));
	request->mode = mode;
	strlcpy(request->source, source, sizeof(request->source));
	strlcpy(request->trigger, trigger, sizeof(request->trigger));
	strlcpy(request->requested_by, requested_by, sizeof(request->requested_by));
}

/* From a session, in its database, until its transaction's end */
static Launch *
launch_here(RunMode mode, const char *source, const char *trigger, const char *requested_by,
			int64 max_records)
{
	RunShared	request;

	fill_request(&request, mode, source, trigger, requested_by);
	request.database = MyDatabaseId;
	request.owner = WorkerRole(StoreOwner());
	request.awaited = true;
	request.max_records = max_records;
	return launch_worker(TopTransactionContext, &request);
}

Launch *
LaunchRun(const char *source, const char *trigger, const char *requested_by)
{
	return launch_here(RUN_MODE_RUN, source, trigger, requested_by, 0);
}

Launch *
LaunchScheduled(MemoryContext context, Oid database, Oid owner, const char *source)
{
	RunShared	request;

	fill_request(&request, RUN_MODE_RUN, source, "schedule", "ingest launcher");
	request.database = database;
	request.owner = owner;
	return launch_worker(context, &request);
}

Launch *
LaunchSweep(void)
{
	return launch_here(RUN_MODE_SWEEP, "", "", "", 0);
}

Launch *
LaunchCheck(const char *source, int64 unused)
{
	return launch_here(RUN_MODE_CHECK, source, "", "", 0);
}

Launch *
LaunchPreview(const char *source, int64 max_records)
{
	return launch_here(RUN_MODE_PREVIEW, source, "", "", max_records);
}

Rows *
LaunchRows(Launch *launch)
{
	return launch->rows;
}

LaunchState
LaunchLook(Launch *launch)
{
	LaunchState state = pg_atomic_read_u32(&launch->shared->state);
	pid_t		pid;

	if ((state == LAUNCH_STARTING || state == LAUNCH_OPENED) &&
		GetBackgroundWorkerPid(launch->handle, &pid) == BGWH_STOPPED)
	{
		/* It may have said its last word between the two looks */
		state = pg_atomic_read_u32(&launch->shared->state);
		if (state == LAUNCH_STARTING || state == LAUNCH_OPENED)
			state = LAUNCH_ENDED;
	}
	return state;
}

int64
LaunchJob(const Launch *launch)
{
	return launch->shared->job_id;
}

const char *
LaunchFailure(const Launch *launch)
{
	return launch->shared->failure[0] != '\0' ? launch->shared->failure : NULL;
}

void
LaunchWait(Launch **launches, int n, bool opened_is_enough)
{
	/* What was looked up in the catalogs must not hold back VACUUM meanwhile */
	InvalidateCatalogSnapshot();

	for (;;)
	{
		for (int i = 0; i < n; i++)
		{
			LaunchState state = LaunchLook(launches[i]);

			if (state != LAUNCH_STARTING && (opened_is_enough || state != LAUNCH_OPENED))
				return;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 NAP_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

bool
LaunchClosed(const Launch *launch)
{
	return launch->shared->closed;
}

void
LaunchTerminate(Launch *launch)
{
	TerminateBackgroundWorker(launch->handle);
}

void
LaunchRelease(Launch *launch)
{
	launch->shared->awaited = false;
	dsm_detach(launch->segment);
	MemoryContextDelete(launch->context);
}
