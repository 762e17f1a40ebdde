/*
 * src/worker/register.c
 *
 * Starting the launcher: with the server when the library is preloaded, or
 * from a session, without a restart of the server.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "worker/launcher.h"

/* Back so soon after an end that nobody asked for */
#define RESTART_SECONDS 5

/* Not on a standby; there it starts with the promotion */
static void
describe(BackgroundWorker *worker)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker->bgw_library_name, "ingest", sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, "ingest_launcher_main", sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_name, "ingest launcher", sizeof(worker->bgw_name));
	strlcpy(worker->bgw_type, "ingest launcher", sizeof(worker->bgw_type));
}

void
LauncherRegister(void)
{
	BackgroundWorker worker;

	describe(&worker);
	RegisterBackgroundWorker(&worker);
}

bool
LauncherStart(void)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	pid_t		pid;

	describe(&worker);
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return false;
	return WaitForBackgroundWorkerStartup(handle, &pid) == BGWH_STARTED;
}
