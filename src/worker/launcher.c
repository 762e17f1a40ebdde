/*
 * src/worker/launcher.c
 *
 * The launcher's loop.
 *
 * It starts runs when schedules ask for them, and is made to outlive
 * everything that can happen to what it serves:
 *
 *   a row that says nonsense		it reads none: planners do, and tell
 *   DROP, RENAME DATABASE			it is connected to no database; a planner or
 *									run that fails is tried again later, and the
 *									list of databases is read anew
 *   DROP, CREATE, ALTER EXTENSION	each plan looks whether it is there, in this
 *									version; CREATE EXTENSION sends a message
 *   a planner or run that crashes	the server restarts it with all others, and
 *									the first plan closes the jobs that are open
 *   no free worker slot			what is due waits, in order, and says so once
 *   its own end					the server starts it again, 5 seconds later,
 *									unless it was asked to end
 *   a standby						it is not started before the promotion
 *   another launcher				there is one lock; who comes second ends
 *   a clock that is set			it naps a minute at most
 *
 * It waits on its latch for: messages (a schedule has changed, a run has
 * ended), its workers' ends, the next time that something is due, a reload.
 */
#include "postgres.h"

#include "access/xact.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "settings.h"
#include "worker/launcher_internal.h"

PGDLLEXPORT void ingest_launcher_main(Datum arg);

/* The clock may be set; a run that nobody told of may have ended */
#define NAP_MS			60000
#define NAP_WAITING_MS	5000

#define LIST_EVERY		(10 * 60 * USECS_PER_SEC)

/* ---- messages ---- */

static void
take_message(Launcher *launcher, const LauncherMessage *message)
{
	Database   *database = DatabaseFind(launcher, message->database);

	if (database == NULL)
		launcher->listed_at = 0;
	else if (database->oid == launcher->planned)
		database->wants_plan = true;	/* the plan under way may not see it */
	else if (message->due_at == 0)
	{
		/* Who changes something there may have mended what was wrong */
		database->wants_plan = true;
		database->retry_at = 0;
		database->failures = 0;
	}
	else if (database->next_due == 0 || message->due_at < database->next_due)
		database->next_due = message->due_at;
}

/* What has been told since the last look; true: to end */
static bool
take_messages(Launcher *launcher)
{
	LauncherShared *shared = launcher->shared;
	LauncherMessage messages[LAUNCHER_MESSAGES];
	int			count;
	bool		overflow;
	bool		stop;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	count = shared->nmessages;
	memcpy(messages, shared->messages, count * sizeof(LauncherMessage));
	overflow = shared->overflow;
	stop = shared->stop;
	shared->nmessages = 0;
	shared->overflow = false;
	LWLockRelease(&shared->lock);

	for (int i = 0; i < count; i++)
		take_message(launcher, &messages[i]);
	if (overflow)
	{
		launcher->listed_at = 0;
		for (int i = 0; i < launcher->ndatabases; i++)
			launcher->databases[i].wants_plan = true;
	}
	return stop;
}

/* ---- what the views show ---- */

static const char *
waiting_for(WaitReason reason)
{
	switch (reason)
	{
		case WAIT_MAX_WORKERS:
			return "ingest.max_workers";
		case WAIT_SLOT:
			return "max_worker_processes";
		case WAIT_NONE:
			break;
	}
	return "";
}

static void
show_database(LauncherDatabase *shown, const Database *database)
{
	shown->oid = database->oid;
	strlcpy(shown->name, database->name, NAMEDATALEN);
	shown->outcome = database->outcome;
	shown->nsources = database->nsources;
	shown->nwaiting = database->nwaiting;
	shown->planned_at = database->planned_at;
	shown->plan_us = database->plan_us;
	shown->next_due = database->next_due;
	strlcpy(shown->problem, database->problem, sizeof(shown->problem));
}

static void
show(Launcher *launcher, TimestampTz wake_at)
{
	LauncherShared *shared = launcher->shared;
	TimestampTz now = GetCurrentTimestamp();
	int			waiting = 0;

	for (int i = 0; i < launcher->ndatabases; i++)
		waiting += launcher->databases[i].nwaiting;
	if (launcher->waiting == WAIT_NONE)
		launcher->waiting_since = 0;
	else if (launcher->waiting_since == 0)
		launcher->waiting_since = now;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->last_loop_at = now;
	shared->next_wake_at = TIMESTAMP_NOT_FINITE(wake_at) ? 0 : wake_at;
	shared->loops++;
	shared->nrunning = launcher->nstarted;
	shared->nwaiting = waiting;
	shared->waiting_since = launcher->waiting_since;
	strlcpy(shared->waiting_for, waiting_for(launcher->waiting), sizeof(shared->waiting_for));
	shared->ndatabases = 0;
	for (int i = 0; i < launcher->ndatabases && shared->ndatabases < LAUNCHER_SHOWN; i++)
		if (launcher->databases[i].outcome != PLAN_NO_EXTENSION)
			show_database(&shared->databases[shared->ndatabases++], &launcher->databases[i]);
	LWLockRelease(&shared->lock);
}

/* ---- the loop ---- */

/* When there is something to do again, as far as time decides it */
static TimestampTz
next_wake(const Launcher *launcher)
{
	TimestampTz wake_at = DT_NOEND;

	if (!IngestEnabled)
		return wake_at;
	if (launcher->planner == NULL)
	{
		wake_at = PlannerNext(launcher);

		/* Not sooner than a slot is looked for again */
		wake_at = Max(wake_at, launcher->slot_retry_at);
	}
	if (launcher->waiting == WAIT_SLOT)
		wake_at = Min(wake_at, launcher->slot_retry_at);
	return wake_at;
}

static void
nap(const Launcher *launcher, TimestampTz wake_at)
{
	TimestampTz now = GetCurrentTimestamp();
	long		most = launcher->waiting == WAIT_MAX_WORKERS || launcher->planner != NULL ?
		NAP_WAITING_MS : NAP_MS;
	long		ms = wake_at <= now ? 0 :
		wake_at - now > most * INT64CONST(1000) ? most : (long) ((wake_at - now + 999) / 1000);

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* One turn: what has happened, then what is to be done */
static void
turn(Launcher *launcher)
{
	if (launcher->listed_at == 0 || GetCurrentTimestamp() > launcher->listed_at + LIST_EVERY)
		DatabasesList(launcher);
	StartsLook(launcher);
	PlannerLook(launcher);
	if (!IngestEnabled)
	{
		launcher->waiting = WAIT_NONE;
		return;
	}
	StartsGo(launcher);
	PlannerAsk(launcher);

	/* The next time that something has to wait is told again */
	if (launcher->waiting == WAIT_NONE)
		launcher->told = false;
}

void
ingest_launcher_main(Datum arg)
{
	MemoryContext scratch;
	Launcher   *launcher;
	char	   *databases;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	/* The shared catalogs, and no database */
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("ingest launcher");

	scratch = AllocSetContextCreate(TopMemoryContext, "ingest launcher turn", ALLOCSET_DEFAULT_SIZES);
	launcher = MemoryContextAllocZero(TopMemoryContext, sizeof(Launcher));
	launcher->context = AllocSetContextCreate(TopMemoryContext, "ingest launcher", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(launcher->context);
	launcher->shared = LauncherBecome(&launcher->handle);
	if (launcher->shared == NULL)
	{
		ereport(LOG, (errmsg("another ingest launcher is running")));
		proc_exit(0);
	}
	databases = pstrdup(IngestDatabases);
	pgstat_report_activity(STATE_IDLE, NULL);

	for (;;)
	{
		TimestampTz wake_at;

		if (take_messages(launcher))
		{
			ereport(LOG, (errmsg("ingest launcher stops, as asked by ingest_stop()")));
			proc_exit(0);
		}
		if (strcmp(databases, IngestDatabases) != 0)
		{
			pfree(databases);
			databases = MemoryContextStrdup(launcher->context, IngestDatabases);
			launcher->listed_at = 0;
		}
		MemoryContextSwitchTo(scratch);
		turn(launcher);
		MemoryContextSwitchTo(launcher->context);
		MemoryContextReset(scratch);
		wake_at = next_wake(launcher);
		show(launcher, wake_at);
		nap(launcher, wake_at);
	}
}
