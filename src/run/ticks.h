/*
 * src/run/ticks.h
 *
 * The schedule room on the server's clock: its timestamps, its time zones, its
 * intervals.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_RUN_TICKS_H
#define INGEST_RUN_TICKS_H

#include "datatype/timestamp.h"

#include "error_class.h"

/* What several looks at schedules share; goes with its memory context. */
typedef struct Ticks Ticks;

extern Ticks *TicksCreate(MemoryContext context);

typedef enum TickResult
{
	TICK_FOUND,
	TICK_NONE,					/* the schedule has ended */
	TICK_BAD					/* it cannot be read, or its zone does not exist */
} TickResult;

/*
 * When a schedule (UTF-8) comes next after an instant, in a zone of the
 * server's.  source: the name that its delay is computed of, or NULL: the tick
 * itself.  *counts_from_run: it is an interval, which counts from the last run.
 * TICK_BAD fills *problem.  Inside a transaction.
 */
extern TickResult TickNext(Ticks *ticks, const char *schedule, const char *timezone,
						   const char *source, TimestampTz after,
						   TimestampTz *next, bool *counts_from_run, Problem *problem);

/* Raise 22023 unless the schedule can be read, and comes again. */
extern void TickCheck(const char *schedule, const char *timezone);

#endif
