/*
 * src/worker/databases.c
 *
 * Which databases the launcher looks at, and its plans of them.
 *
 * One plan at a time, so that looking takes one worker.  A database is planned
 * when it is new, when something there has changed, when its next source comes
 * due, and every hour in case a change was missed (a prepared transaction, a
 * copied template).
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "settings.h"
#include "worker/launcher_internal.h"

#define PLAN_EVERY		USECS_PER_HOUR
#define PLAN_TIMEOUT	(60 * USECS_PER_SEC)
#define FAILED_FIRST	USECS_PER_SEC
#define FAILED_MOST		(300 * USECS_PER_SEC)

/* ---- the list ---- */

/* Is it named by ingest.databases?  Empty: all are */
static bool
is_wanted(const char *name)
{
	char	   *list = pstrdup(IngestDatabases);
	List	   *names;
	ListCell   *cell;

	if (!SplitGUCList(list, ',', &names) || names == NIL)
		return true;
	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

Database *
DatabaseFind(Launcher *launcher, Oid oid)
{
	for (int i = 0; i < launcher->ndatabases; i++)
		if (launcher->databases[i].oid == oid)
			return &launcher->databases[i];
	return NULL;
}

static Database *
add_database(Launcher *launcher, Oid oid)
{
	Database   *database;

	if (launcher->ndatabases == launcher->size)
	{
		launcher->size *= 2;
		launcher->databases = repalloc(launcher->databases, launcher->size * sizeof(Database));
	}
	database = &launcher->databases[launcher->ndatabases++];
	memset(database, 0, sizeof(*database));
	database->oid = oid;
	database->wants_plan = true;
	return database;
}

/* Note what pg_database says of one */
static void
note_database(Launcher *launcher, Form_pg_database form)
{
	Database   *database = DatabaseFind(launcher, form->oid);

	/* A template must stay free of connections; so must what allows none */
	if (!form->datallowconn || form->datistemplate || !is_wanted(NameStr(form->datname)))
		return;
	if (database == NULL)
		database = add_database(launcher, form->oid);
	strlcpy(database->name, NameStr(form->datname), NAMEDATALEN);
	database->listed = true;
}

static void
forget_unlisted(Launcher *launcher)
{
	int			kept = 0;

	for (int i = 0; i < launcher->ndatabases; i++)
	{
		Database   *database = &launcher->databases[i];

		if (database->listed || database->oid == launcher->planned)
			launcher->databases[kept++] = *database;
		else if (database->runs != NULL)
			pfree(database->runs);
	}
	launcher->ndatabases = kept;
}

void
DatabasesList(Launcher *launcher)
{
	MemoryContext caller = CurrentMemoryContext;
	Relation	relation;
	TableScanDesc scan;
	HeapTuple	tuple;

	if (launcher->databases == NULL)
	{
		launcher->size = 16;
		launcher->databases = MemoryContextAlloc(launcher->context, launcher->size * sizeof(Database));
	}
	for (int i = 0; i < launcher->ndatabases; i++)
		launcher->databases[i].listed = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		note_database(launcher, (Form_pg_database) GETSTRUCT(tuple));
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	forget_unlisted(launcher);
	launcher->listed_at = GetCurrentTimestamp();
}

/* ---- plans ---- */

void
DatabaseFailed(Database *database, const char *problem)
{
	int64		wait = FAILED_FIRST << Min(database->failures, 9);

	database->failures++;
	database->retry_at = GetCurrentTimestamp() + Min(wait, FAILED_MOST);
	database->wants_plan = true;
	database->nruns = database->next_run = 0;
	database->nwaiting = 0;
	database->outcome = PLAN_FAILED;
	strlcpy(database->problem, problem, sizeof(database->problem));
}

/* What the planner found */
static void
take_plan(Launcher *launcher, Database *database, const LauncherPlan *plan)
{
	TimestampTz now = GetCurrentTimestamp();

	if (plan->outcome == PLAN_FAILED || plan->outcome == PLAN_ASKED)
	{
		/* The role may be gone: next time as superuser */
		database->owner = InvalidOid;
		DatabaseFailed(database, plan->outcome == PLAN_FAILED ? plan->problem :
					   "its planner ended without an answer; the server log says why");

		/* or the database is */
		launcher->listed_at = 0;
		return;
	}

	/* Only once, not each hour */
	if (plan->outcome != database->outcome &&
		(plan->outcome == PLAN_COPY || plan->outcome == PLAN_OTHER_VERSION))
		ereport(LOG,
				(errmsg("schedules of database \"%s\" are not followed: %s", database->name, plan->problem),
				 plan->outcome == PLAN_COPY ?
				 errhint("If they shall run here, SELECT ingest_resume_all().") :
				 errhint("ALTER EXTENSION ingest UPDATE, or a restart of the server, brings them together.")));
	database->failures = 0;
	database->retry_at = 0;
	database->outcome = plan->outcome;
	database->planned_at = now;
	database->plan_us = now - launcher->asked_at;
	database->owner = plan->owner;
	database->nsources = plan->nsources;
	database->nwaiting = plan->ndue;
	database->next_due = plan->next_due;
	strlcpy(database->problem, plan->problem, sizeof(database->problem));
	if (database->runs == NULL)
		database->runs = MemoryContextAlloc(launcher->context, LAUNCHER_DUE * sizeof(PlannedRun));
	memcpy(database->runs, plan->runs, plan->nruns * sizeof(PlannedRun));
	database->nruns = plan->nruns;
	database->next_run = 0;
}

void
PlannerLook(Launcher *launcher)
{
	LauncherPlan *plan = &launcher->shared->plan;
	bool		stopped;
	pid_t		pid;
	Database   *database;

	if (launcher->planner == NULL)
		return;
	stopped = GetBackgroundWorkerPid(launcher->planner, &pid) == BGWH_STOPPED;
	LWLockAcquire(&launcher->shared->lock, LW_EXCLUSIVE);
	if (!stopped && plan->outcome == PLAN_ASKED)
	{
		LWLockRelease(&launcher->shared->lock);
		if (GetCurrentTimestamp() > launcher->asked_at + PLAN_TIMEOUT)
			TerminateBackgroundWorker(launcher->planner);
		return;
	}
	database = DatabaseFind(launcher, launcher->planned);
	if (database != NULL)
		take_plan(launcher, database, plan);
	plan->ticket++;
	LWLockRelease(&launcher->shared->lock);
	pfree(launcher->planner);
	launcher->planner = NULL;
	launcher->planned = InvalidOid;
}

/* When a database wants its next plan */
static TimestampTz
plan_at(const Database *database)
{
	TimestampTz at = database->planned_at + PLAN_EVERY;

	if (database->wants_plan || database->planned_at == 0)
		at = 0;
	else if (database->next_due != 0 && database->next_due < at)
		at = database->next_due;

	/* What one plan had no room for comes in the next */
	if (database->next_run == database->nruns && database->nwaiting > 0)
		at = 0;
	return Max(at, database->retry_at);
}

TimestampTz
PlannerNext(const Launcher *launcher)
{
	TimestampTz next = DT_NOEND;

	for (int i = 0; i < launcher->ndatabases; i++)
		if (launcher->databases[i].listed)
			next = Min(next, plan_at(&launcher->databases[i]));
	return next;
}

/* The one that waits longest for its plan, if any does */
static Database *
next_to_plan(Launcher *launcher)
{
	TimestampTz now = GetCurrentTimestamp();
	Database   *first = NULL;

	for (int i = 0; i < launcher->ndatabases; i++)
	{
		Database   *database = &launcher->databases[i];

		if (database->listed && plan_at(database) <= now &&
			(first == NULL || database->planned_at < first->planned_at))
			first = database;
	}
	return first;
}

void
PlannerAsk(Launcher *launcher)
{
	Database   *database;
	LauncherPlan *plan = &launcher->shared->plan;
	MemoryContext old;
	bool		is_started;

	if (launcher->planner != NULL)
		return;
	database = next_to_plan(launcher);
	if (database == NULL)
		return;
	if (launcher->slot_retry_at > GetCurrentTimestamp())
	{
		launcher->waiting = WAIT_SLOT;
		return;
	}
	LWLockAcquire(&launcher->shared->lock, LW_EXCLUSIVE);
	plan->outcome = PLAN_ASKED;
	LWLockRelease(&launcher->shared->lock);

	/* The handle outlives this turn */
	old = MemoryContextSwitchTo(launcher->context);
	is_started = PlannerStart(launcher->shared, launcher->handle, database->oid, database->owner,
							  &launcher->planner);
	MemoryContextSwitchTo(old);
	if (!is_started)
	{
		launcher->planner = NULL;
		NoSlot(launcher, psprintf("look at the schedules of database \"%s\"", database->name));
		return;
	}
	SlotFound(launcher);
	launcher->planned = database->oid;
	launcher->asked_at = GetCurrentTimestamp();

	/* What changes from now on is for the plan after this one */
	database->wants_plan = false;
}
