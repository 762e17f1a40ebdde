/*
 * src/worker/starts.c
 *
 * Runs for the schedules: started in the order in which they came due, within
 * ingest.max_workers, watched until they end.
 *
 * Every run of the cluster counts, by whom ever it was started: what limits
 * them is their number at the upstreams and in the server.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "settings.h"
#include "store/store.h"
#include "worker/launcher_internal.h"

/* A run ends itself at ingest.run_timeout; what does not, is ended so much later */
#define RUN_GRACE		(60 * USECS_PER_SEC)

#define SLOT_FIRST		USECS_PER_SEC
#define SLOT_MOST		(60 * USECS_PER_SEC)

/* ---- slots ---- */

void
NoSlot(Launcher *launcher, const char *what)
{
	int64		wait = SLOT_FIRST << Min(launcher->slot_failures, 6);

	launcher->slot_failures++;
	launcher->slot_retry_at = GetCurrentTimestamp() + Min(wait, SLOT_MOST);
	launcher->waiting = WAIT_SLOT;
	if (launcher->told)
		return;
	launcher->told = true;
	ereport(LOG,
			(errmsg("no background worker slot is free to %s; it waits", what),
			 errhint("You may need to increase max_worker_processes.")));
}

void
SlotFound(Launcher *launcher)
{
	launcher->slot_failures = 0;
	launcher->slot_retry_at = 0;
}

/* ---- runs under way ---- */

/* What came of a run, for the plan of its database */
static void
note_end(Launcher *launcher, const Started *started, LaunchState state)
{
	Database   *database = DatabaseFind(launcher, started->database);
	const char *failure = LaunchFailure(started->launch);

	if (database == NULL)
		return;
	if (state != LAUNCH_ENDED)
	{
		/* The plan was not true any more; a new one, but not in a circle */
		database->wants_plan = true;
		database->retry_at = GetCurrentTimestamp() + USECS_PER_SEC;
	}
	else if (LaunchJob(started->launch) == 0)
		DatabaseFailed(database, failure != NULL ? failure :
					   "a run ended before it could open its job; the server log says why");
	else if (!LaunchClosed(started->launch))
		database->wants_plan = true;	/* crashed: the planner closes its job */
}

void
StartsLook(Launcher *launcher)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < launcher->nstarted;)
	{
		Started    *started = &launcher->started[i];
		LaunchState state = LaunchLook(started->launch);

		if (state == LAUNCH_STARTING || state == LAUNCH_OPENED)
		{
			if (started->deadline != 0 && now > started->deadline)
				LaunchTerminate(started->launch);
			i++;
			continue;
		}
		note_end(launcher, started, state);
		LaunchRelease(started->launch);
		*started = launcher->started[--launcher->nstarted];

		/* A worker has ended: there may be room */
		launcher->slot_retry_at = 0;
	}
}

/* ---- starting ---- */

/* The database whose next run has been due longest */
static Database *
longest_due(Launcher *launcher)
{
	Database   *first = NULL;

	for (int i = 0; i < launcher->ndatabases; i++)
	{
		Database   *database = &launcher->databases[i];

		if (database->listed && database->outcome == PLAN_DONE && database->next_run < database->nruns &&
			(first == NULL ||
			 database->runs[database->next_run].due_at < first->runs[first->next_run].due_at))
			first = database;
	}
	return first;
}

/* Runs that hold their lock, and those that will in a moment */
static int
count_runs(Launcher *launcher)
{
	int			starting = 0;

	for (int i = 0; i < launcher->nstarted; i++)
		starting += LaunchLook(launcher->started[i].launch) == LAUNCH_STARTING;
	return JobLocksCount() + starting;
}

/*
 * Is it on its way already?  A plan sees a run only when it has its lock.  One
 * that has closed its job, and only has to end its process, is no hindrance.
 */
static bool
is_started(const Launcher *launcher, const Database *database, const PlannedRun *run)
{
	for (int i = 0; i < launcher->nstarted; i++)
		if (launcher->started[i].database == database->oid &&
			!LaunchClosed(launcher->started[i].launch) &&
			strcmp(launcher->started[i].source, run->source) == 0)
			return true;
	return false;
}

static void
next_run(Database *database)
{
	database->next_run++;
	if (database->nwaiting > 0)
		database->nwaiting--;
}

/* Start the database's next run; false: there is no slot */
static bool
start(Launcher *launcher, Database *database)
{
	PlannedRun *run = &database->runs[database->next_run];
	Launch	   *launch;
	Started    *started;

	if (is_started(launcher, database, run))
	{
		next_run(database);
		return true;
	}
	launch = LaunchScheduled(launcher->context, database->oid, database->owner, run->source);
	if (launch == NULL)
	{
		NoSlot(launcher, psprintf("run source \"%s\" of database \"%s\"", run->source, database->name));
		return false;
	}
	SlotFound(launcher);
	if (launcher->nstarted == launcher->started_size)
	{
		launcher->started_size = launcher->started_size == 0 ? 16 : 2 * launcher->started_size;
		launcher->started = launcher->started == NULL ?
			MemoryContextAlloc(launcher->context, launcher->started_size * sizeof(Started)) :
			repalloc(launcher->started, launcher->started_size * sizeof(Started));
	}
	started = &launcher->started[launcher->nstarted++];
	started->launch = launch;
	started->database = database->oid;
	started->deadline = IngestRunTimeout == 0 ? 0 :
		GetCurrentTimestamp() + IngestRunTimeout * USECS_PER_SEC + RUN_GRACE;
	strlcpy(started->source, run->source, sizeof(started->source));
	next_run(database);
	return true;
}

void
StartsGo(Launcher *launcher)
{
	Database   *database = longest_due(launcher);
	int			room;

	launcher->waiting = WAIT_NONE;
	if (database == NULL)
		return;
	if (launcher->slot_retry_at > GetCurrentTimestamp())
	{
		launcher->waiting = WAIT_SLOT;
		return;
	}
	for (room = IngestMaxWorkers - count_runs(launcher); room > 0; room--)
	{
		if (!start(launcher, database))
			return;
		database = longest_due(launcher);
		if (database == NULL)
			return;
	}
	launcher->waiting = WAIT_MAX_WORKERS;
}
