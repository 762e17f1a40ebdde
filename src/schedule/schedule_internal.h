/*
 * src/schedule/schedule_internal.h
 *
 * What the parts of the schedule room share.
 *
 * Pure C.
 */
#ifndef INGEST_SCHEDULE_INTERNAL_H
#define INGEST_SCHEDULE_INTERNAL_H

#include "feed/recurrence.h"
#include "schedule/schedule.h"

#define SCHEDULE_RULES 2

struct Schedule
{
	ScheduleKind kind;
	int64_t		seconds;		/* interval */

	int			nrules;
	const char *texts[SCHEDULE_RULES];
	const Recurrence *rules[SCHEDULE_RULES];
	LocalTime	dtstart;		/* on the source's wall clock */
	bool		every_hour;		/* runs in both passes of a repeated hour */
	bool		has_end;		/* UNTIL was given as an instant */
	FeedTime	end;
};

/*
 * The RRULEs of a cron expression, in arena; their number, or 0 with *problem
 * filled.
 */
extern int	CronTranslate(Arena *arena, const char *text, const char **rules, Problem *problem);

/* Is it meant as a cron expression? */
extern bool CronLooksLike(const char *text);

/* Work that one look for an occurrence may take */
#define SCHEDULE_STEPS 100000

#endif
