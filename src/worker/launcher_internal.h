/*
 * src/worker/launcher_internal.h
 *
 * The launcher's own state, shared by its files.
 *
 *   launcher.c		the loop
 *   databases.c	which databases there are, and plans of them
 *   starts.c		runs: queued, started, ended
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_LAUNCHER_INTERNAL_H
#define INGEST_LAUNCHER_INTERNAL_H

#include "postmaster/bgworker.h"

#include "worker/launch.h"
#include "worker/launcher.h"

/* A database of the cluster, as the launcher knows it */
typedef struct Database
{
	Oid			oid;
	char		name[NAMEDATALEN];
	bool		listed;			/* it is one to look at */
	bool		wants_plan;
	TimestampTz retry_at;		/* not before; 0: any time */
	int			failures;		/* of plans and starts, in a row */

	/* of its last plan */
	TimestampTz planned_at;		/* 0: none */
	int64		plan_us;
	PlanOutcome outcome;
	Oid			owner;
	int			nsources;
	int			nwaiting;		/* due, and not started since */
	TimestampTz next_due;		/* 0: nothing */
	char		problem[LAUNCHER_PROBLEM];
	PlannedRun *runs;			/* of LAUNCHER_DUE */
	int			nruns;
	int			next_run;		/* the first that was not started */
} Database;

/* A run that this launcher has started */
typedef struct Started
{
	Launch	   *launch;
	Oid			database;
	char		source[404];
	TimestampTz deadline;		/* 0: none */
} Started;

/* Why nothing can be started now */
typedef enum WaitReason
{
	WAIT_NONE,
	WAIT_MAX_WORKERS,			/* ingest.max_workers are under way */
	WAIT_SLOT					/* the server has no free worker */
} WaitReason;

typedef struct Launcher
{
	MemoryContext context;
	LauncherShared *shared;
	dsm_handle	handle;

	Database   *databases;
	int			ndatabases;
	int			size;
	TimestampTz listed_at;		/* 0: list them anew */

	BackgroundWorkerHandle *planner;	/* NULL: none is at work */
	Oid			planned;		/* its database */
	TimestampTz asked_at;

	Started    *started;
	int			nstarted;
	int			started_size;

	WaitReason	waiting;
	TimestampTz waiting_since;	/* 0: nothing waits */
	bool		told;			/* of a missing slot, in this episode */
	TimestampTz slot_retry_at;	/* 0: any time */
	int			slot_failures;
} Launcher;

/* ---- databases.c ---- */

/* Bring the list up to date; the settings may have changed as well. */
extern void DatabasesList(Launcher *launcher);

extern Database *DatabaseFind(Launcher *launcher, Oid oid);

/* Something went wrong with it: leave it alone for a while. */
extern void DatabaseFailed(Database *database, const char *problem);

/* Take over the planner's answer, if there is one or never will be. */
extern void PlannerLook(Launcher *launcher);

/* Ask for the next plan, if one is wanted. */
extern void PlannerAsk(Launcher *launcher);

/* When the next plan is wanted, or DT_NOEND. */
extern TimestampTz PlannerNext(const Launcher *launcher);

/* ---- starts.c ---- */

/* Let go of runs that have ended, and end those that last too long. */
extern void StartsLook(Launcher *launcher);

/* Start what is due, longest first, as far as there is room. */
extern void StartsGo(Launcher *launcher);

/* No worker was free: wait, longer each time, and say so once. */
extern void NoSlot(Launcher *launcher, const char *what);
extern void SlotFound(Launcher *launcher);

#endif
