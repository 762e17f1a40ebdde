/*
 * src/worker/launcher.h
 *
 * The launcher: one process per cluster that starts the runs that schedules
 * ask for, in every database that has the extension.
 *
 * It is found without anything preloaded, by its locks.  Both are advisory
 * locks of classes of our own, held for the life of the process, so that they
 * go with it whatever its end:
 *
 *   class 78	there is one launcher, and only one
 *   class 79	the first field is the handle of its dynamic shared memory
 *
 * What the memory holds is plain data, guarded by one LWLock: messages to the
 * launcher (what has changed), the answer of the planner, and what the views
 * show.
 *
 * Words: a *tick* is a time that a schedule names; a source is *due* from then
 * on until it runs; a *plan* is a look at one database's sources by a short
 * process of its own, the *planner*.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_LAUNCHER_H
#define INGEST_LAUNCHER_H

#include "datatype/timestamp.h"
#include "storage/dsm.h"
#include "storage/lwlock.h"

#define LAUNCHER_MESSAGES	64
#define LAUNCHER_DUE		64	/* sources that one plan lists */
#define LAUNCHER_SHOWN		128 /* databases that the views show */
#define LAUNCHER_PROBLEM	256

/* Something has changed in a database */
typedef struct LauncherMessage
{
	Oid			database;
	TimestampTz due_at;			/* a source is due then; 0: plan anew */
} LauncherMessage;

typedef enum PlanOutcome
{
	PLAN_ASKED,					/* no answer yet */
	PLAN_DONE,
	PLAN_NO_EXTENSION,
	PLAN_OTHER_VERSION,			/* of the extension than of this library */
	PLAN_COPY,					/* its sources are another database's */
	PLAN_FAILED					/* problem says why */
} PlanOutcome;

typedef struct PlannedRun
{
	TimestampTz due_at;
	char		source[404];	/* UTF-8: 100 characters */
} PlannedRun;

/* What a planner is asked, and what it answers */
typedef struct LauncherPlan
{
	uint32		ticket;			/* of the question: a late answer is none */
	PlanOutcome outcome;
	Oid			owner;			/* role that runs work as */
	int			nsources;
	int			ndue;
	int			nruns;			/* listed, longest due first */
	TimestampTz next_due;		/* 0: none */
	char		problem[LAUNCHER_PROBLEM];
	PlannedRun	runs[LAUNCHER_DUE];
} LauncherPlan;

/* What the views show of a database */
typedef struct LauncherDatabase
{
	Oid			oid;
	char		name[NAMEDATALEN];
	int			outcome;		/* PlanOutcome */
	int			nsources;
	int			nwaiting;
	TimestampTz planned_at;		/* 0: not yet */
	int64		plan_us;
	TimestampTz next_due;		/* 0: none */
	char		problem[LAUNCHER_PROBLEM];
} LauncherDatabase;

typedef struct LauncherShared
{
	uint32		magic;
	int			pid;
	LWLock		lock;

	/* to the launcher */
	bool		stop;
	bool		overflow;		/* messages were lost: plan everything */
	int			nmessages;
	LauncherMessage messages[LAUNCHER_MESSAGES];

	/* of the planner */
	LauncherPlan plan;

	/* of the launcher, for the views */
	TimestampTz started_at;
	TimestampTz last_loop_at;
	TimestampTz next_wake_at;	/* 0: when something happens */
	int64		loops;
	int			nrunning;
	int			nwaiting;
	TimestampTz waiting_since;	/* 0: nothing waits */
	char		waiting_for[NAMEDATALEN];
	int			ndatabases;
	LauncherDatabase databases[LAUNCHER_SHOWN];
} LauncherShared;

/* ---- found.c: finding it, telling it ---- */

/* Be the launcher: NULL if there is one.  Creates the shared memory. */
extern LauncherShared *LauncherBecome(dsm_handle *handle);

/* Map the launcher's memory; NULL: there is none.  LauncherLeave unmaps it. */
typedef struct LauncherView
{
	dsm_segment *segment;
	LauncherShared *shared;
	struct PGPROC *process;
} LauncherView;

extern bool LauncherFind(LauncherView *view);
extern bool LauncherAttach(LauncherView *view, dsm_handle handle);
extern void LauncherLeave(LauncherView *view);

/* Does a process hold the lock? */
extern int	LauncherPid(void);

/* Wake it; tell it of a database.  Never throws. */
extern void LauncherWake(const LauncherView *view);
extern void LauncherTell(const LauncherView *view, Oid database, TimestampTz due_at);

/*
 * When this transaction commits, have this database planned anew.  PREPARE
 * TRANSACTION cannot be waited for: then the launcher finds out by itself,
 * within the hour.
 */
extern void LauncherWakeAtCommit(void);

/* ---- register.c: starting it ---- */

/* While libraries are preloaded. */
extern void LauncherRegister(void);

/* From a session; false: no slot is free. */
extern bool LauncherStart(void);

/* ---- planner.c ---- */

struct BackgroundWorkerHandle;

/* Start a planner for a database, as a role or (InvalidOid) as superuser. */
extern bool PlannerStart(const LauncherShared *shared, dsm_handle handle, Oid database,
						 Oid owner, struct BackgroundWorkerHandle **planner);

#endif
