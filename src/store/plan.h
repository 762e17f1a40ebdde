/*
 * src/store/plan.h
 *
 * What the schedules need of the tables: which sources have one, when they are
 * due, which of them may run at all, and whether this database is the one that
 * they were meant to run in.
 *
 * Names and texts are UTF-8.  All of it inside a transaction.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_STORE_PLAN_H
#define INGEST_STORE_PLAN_H

#include "store/store.h"

/* ---- planning ---- */

/* A source that has a schedule, and what its next run depends on. */
typedef struct ScheduledSource
{
	char	   *name;
	char	   *schedule;		/* NULL: none */
	char	   *timezone;
	TimestampTz last_run_at;	/* 0: it never ran */
	int64		min_interval;	/* microseconds; 0: none */
	char	   *problem;		/* as known, or NULL */
	int64		failures;		/* in a row */

	/* found out by the caller */
	TimestampTz next_run_at;	/* DT_NOEND: never again; 0: not known */
	const char *new_problem;	/* why, or NULL */
} ScheduledSource;

/* Those whose next run is still to be computed, in CurrentMemoryContext. */
extern ScheduledSource *PlanOpen(int *count);

/* One source by name, locked until the transaction's end; NULL: there is none. */
extern ScheduledSource *PlanSource(const char *name);

/* Store what was found out. */
extern void PlanStore(const ScheduledSource *sources, int count);

typedef struct DueSource
{
	TimestampTz due_at;
	char	   *name;
} DueSource;

typedef struct DueList
{
	int			nsources;		/* that have a schedule and may run */
	int			ndue;
	int			nlisted;		/* of these: at most the limit, longest due first */
	DueSource  *sources;
	TimestampTz next_due;		/* of those that are not due; 0: none */
} DueList;

/* What is due and not running, in CurrentMemoryContext. */
extern void PlanDue(int limit, DueList *list);

/*
 * A run for a tick of the schedule begins: false if the source is not due
 * (any more), or may not run.
 */
extern bool PlanClaim(const char *source);

/* ---- what comes of runs ---- */

/* How the source's last runs ended, of `limit` at most. */
typedef struct PlanRow
{
	int			refused;		/* by configuration or credential */
	int			crashed;		/* while the server went on */
} PlanRow;

extern PlanRow PlanLastRuns(const char *source, int limit);

/* Remember when its last run began. */
extern void PlanRan(const char *source, TimestampTz started_at);

/* Stop running it by its schedule, until PlanResume. */
extern void PlanPause(const char *source, const char *reason);
extern void PlanResume(const char *source);
extern int64 PlanResumeAll(void);

/* Its next run is to be computed anew. */
extern void PlanForget(const char *source);

/*
 * Its credential has changed: if that was what the last run failed for, it is
 * due now.
 */
extern void PlanRetry(const char *source);

/* ---- home ---- */

typedef enum PlanHome
{
	HOME_OURS,
	HOME_NOBODYS,				/* no source was ever added here */
	HOME_ELSEWHERE				/* a copy: of a dump, or of a template */
} PlanHome;

/* Are the sources of this database meant to run in it? */
extern PlanHome PlanHomeLook(void);

/* They are from now on. */
extern void PlanHomeSettle(void);

#endif
