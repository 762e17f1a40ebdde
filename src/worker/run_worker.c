/*
 * src/worker/run_worker.c
 *
 * The process of one run, or of a look at what a run would do.
 *
 *   handlers, attach, connect as the tables' owner, pin the settings, run, exit
 *
 * SIGTERM is die(), so that every wait inside PostgreSQL ends at once; the job
 * row stays open then, its lock is gone, and the next look closes it as
 * crashed.  SIGINT is the cancel of a query: it ends the run as cancelled.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "run/run.h"
#include "run/settle.h"
#include "store/store.h"
#include "worker/inspect.h"
#include "worker/launch.h"
#include "worker/launcher.h"
#include "worker/connect.h"
#include "worker/shared.h"

PGDLLEXPORT void ingest_run_main(Datum arg);

/* Tell the session, whose latch is in shared memory whether it lives or not */
static void
report_state(RunShared *shared, LaunchState state)
{
	pg_write_barrier();
	pg_atomic_write_u32(&shared->state, state);
	SetLatch(&shared->caller->procLatch);
}

/*
 * Runs after the session locks are gone, as it is registered before the
 * connection is made: who is told "ended" can start the next run.
 */
static void
report_end(int code, Datum arg)
{
	RunShared  *shared = (RunShared *) DatumGetPointer(arg);
	LaunchState state = pg_atomic_read_u32(&shared->state);

	if (state == LAUNCH_STARTING || state == LAUNCH_OPENED)
		report_state(shared, LAUNCH_ENDED);
}

/* RunRequest.opened */
static void
report_opened(void *arg, int64 job_id)
{
	RunShared  *shared = arg;

	shared->job_id = job_id;
	report_state(shared, LAUNCH_OPENED);
}

/* The launcher has to know when the source is due again, and that there is room */
static void
tell_launcher(TimestampTz next_due)
{
	LauncherView view;

	if (!LauncherFind(&view))
		return;
	LauncherTell(&view, MyDatabaseId, next_due);
	LauncherLeave(&view);
}

/* One run, and what it tells the session */
static void
run_source(RunShared *shared)
{
	RunRequest	request = {shared->source, shared->trigger, shared->requested_by,
	report_opened, shared, 0};

	switch (RunSource(&request))
	{
		case RUN_ENDED:
			shared->closed = true;
			/* Not before the lock is free: who is told may want to run it */
			JobUnlock(shared->source);
			tell_launcher(request.next_due);
			break;
		case RUN_BUSY:
			report_state(shared, LAUNCH_BUSY);
			break;
		case RUN_NO_SOURCE:
			report_state(shared, LAUNCH_NO_SOURCE);
			break;
		case RUN_NOT_DUE:
			report_state(shared, LAUNCH_NOT_DUE);
			break;
	}
}

static void
sweep(void)
{
	StoreSession session;

	StoreTransactionBegin(&session);
	SettleSweep();
	StoreTransactionCommit(&session);
	tell_launcher(0);
}

void
ingest_run_main(Datum arg)
{
	dsm_segment *segment;
	RunShared  *shared;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	/* Gone already when the session ended before we came to life */
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);
	shared = dsm_segment_address(segment);
	before_shmem_exit(report_end, PointerGetDatum(shared));
	shared->worker_pid = MyProcPid;
	pg_memory_barrier();
	if (shared->cancelled)
		proc_exit(0);

	WorkerConnect(shared->database, shared->owner);
	WorkerPinSettings("10s");

	PG_TRY();
	{
		switch (shared->mode)
		{
			case RUN_MODE_RUN:
				run_source(shared);
				break;
			case RUN_MODE_SWEEP:
				sweep();
				break;
			case RUN_MODE_CHECK:
			case RUN_MODE_PREVIEW:
				InspectSource(shared, RowsSender(RUN_SHARED_ROWS(shared), segment));
				break;
		}
	}
	PG_CATCH();
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
		ErrorData  *error = CopyErrorData();

		MemoryContextSwitchTo(old);
		strlcpy(shared->failure, error->message ? error->message : "unknown error",
				sizeof(shared->failure));
		PG_RE_THROW();
	}
	PG_END_TRY();
	proc_exit(0);
}
