/*
 * src/schedule/schedule.h
 *
 * When a source runs by itself.  A schedule is one of
 *
 *   an interval       "30 minutes", "PT6H": so long after the last run began
 *   a cron expression "30 2 * * mon-fri", "@daily": on the source's wall clock
 *   an RRULE          "FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=4": the same, of RFC 5545,
 *                     with a "DTSTART:20260101T040000" before it if it counts
 *                     from somewhere
 *
 * Cron expressions become RRULEs (two of them where days of month and days of
 * week are both given, which cron joins by OR), so there is one evaluator.
 *
 * Where clocks are changed, in the zone of the source:
 *
 *   A reading that does not exist (02:30 when 02:00 becomes 03:00) happens when
 *   it would have without the change, which the clock shows as 03:30.
 *   A reading that comes twice happens the first time only, unless the schedule
 *   is one of every hour (cron with "*" for the hour, RRULE of at most an hour
 *   between occurrences and no BYHOUR): then both are hours of their own.
 *   Readings that meet in one instant are one run.
 *
 * So a daily job runs once a day, an hourly one once in each real hour.
 *
 * An interval is a length of time: a day is 24 hours, whatever the clocks do.
 * Months and years have no length and are refused.
 *
 * Pure C.
 */
#ifndef INGEST_SCHEDULE_H
#define INGEST_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "error_class.h"
#include "feed/arena.h"
#include "feed/zone.h"

typedef struct Schedule Schedule;

typedef enum ScheduleKind
{
	SCHEDULE_INTERVAL,
	SCHEDULE_CRON,
	SCHEDULE_RRULE
} ScheduleKind;

/* What the host knows to read. */
typedef struct ScheduleHost
{
	/* The host's type interval; false: the text is none. */
	bool		(*interval) (void *arg, const char *text, int64_t *months, int64_t *days,
							 int64_t *microseconds);
	void	   *arg;
} ScheduleHost;

/*
 * Read a schedule (UTF-8) into arena.  NULL: *problem says why it is none, or
 * that it never comes (30 February).
 */
extern const Schedule *ScheduleParse(Arena *arena, const char *text, const ScheduleHost *host,
									 Problem *problem);

extern ScheduleKind ScheduleKindOf(const Schedule *schedule);

/* The RRULEs it was translated to, 1 or 2 of them; none of an interval: NULL. */
extern const char *ScheduleRule(const Schedule *schedule, int number);

/*
 * The first tick after an instant; false: there is none any more (COUNT or
 * UNTIL).  scratch: memory of the call, for the caller to reset.
 */
extern bool ScheduleNext(const Schedule *schedule, const Zone *zone, FeedTime after,
						 Arena *scratch, FeedTime *tick);

/*
 * How many seconds after its tick the source of this name runs, so that not
 * all sources, of all the servers there are, ask at the same second.  Always
 * the same for a name; at most 30, and at most a tenth of the time to the next
 * tick.  0 for intervals, which begin where the last run began anyway.
 */
#define SCHEDULE_DELAY_MAX 30

extern int	ScheduleDelay(const Schedule *schedule, const Zone *zone, const char *source,
						  FeedTime tick, Arena *scratch);

#endif
