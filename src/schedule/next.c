/*
 * src/schedule/next.c
 *
 * The next tick of a schedule: readings of the wall clock, which the rules
 * give, in the periods of constant offset, which the zone has.
 *
 * In a period, a reading is the instant that it is in that period's offset.
 * What begins a period is special in two ways: readings jumped over are
 * instants by the offset before, and readings that were there already in the
 * period before count again only for schedules of every hour.
 *
 * Pure C.
 */
#include "schedule/schedule_internal.h"

#define DAY			INT64_C(86400)

/* Clocks are changed twice a year: this is for ever, and ends all the same */
#define PERIODS_MAX 2000

/* The first reading within [from, limit] */
static bool
first_reading(const Schedule *schedule, const Recurrence *rule, LocalTime from, LocalTime limit,
			  Arena *scratch, LocalTime *reading)
{
	RecurrenceIterator *iterator;

	if (from > limit)
		return false;
	iterator = RecurrenceStart(scratch, rule, schedule->dtstart, false, from, limit, SCHEDULE_STEPS);
	return RecurrenceNext(iterator, reading) == RECURRENCE_FOUND;
}

/* The first tick at or after `at` in the period around it; *until: its end */
static bool
next_in_period(const Schedule *schedule, const Recurrence *rule, const Zone *zone, FeedTime at,
			   Arena *scratch, FeedTime *until, FeedTime *tick)
{
	FeedTime	from;
	int			offset;
	int			before;
	LocalTime	lowest;
	LocalTime	reading;
	bool		found;

	ZonePeriod(zone, at, &offset, &from, until);
	before = offset;
	if (from != INT64_MIN)
	{
		FeedTime	ignored_from;
		FeedTime	ignored_until;

		ZonePeriod(zone, from - 1, &before, &ignored_from, &ignored_until);
	}

	lowest = at + offset;
	if (before > offset && !schedule->every_hour && lowest < from + before)
		lowest = from + before;
	found = first_reading(schedule, rule, lowest, *until == INT64_MAX ? INT64_MAX : *until + offset - 1,
						  scratch, &reading);
	if (found)
		*tick = reading - offset;

	/* The gap's readings are spread over as much of the period */
	if (before < offset &&
		first_reading(schedule, rule, at + before, from + offset - 1, scratch, &reading) &&
		(!found || reading - before < *tick))
	{
		*tick = reading - before;
		found = true;
	}
	return found;
}

/* The first tick of one rule after an instant */
static bool
rule_next(const Schedule *schedule, const Recurrence *rule, const Zone *zone, FeedTime after,
		  Arena *scratch, FeedTime *tick)
{
	FeedTime	at = after + 1;

	for (int i = 0; i < PERIODS_MAX; i++)
	{
		FeedTime	until;
		LocalTime	reading;

		if (next_in_period(schedule, rule, zone, at, scratch, &until, tick))
			return true;
		if (until == INT64_MAX)
			return false;

		/* Years may lie between: go on shortly before the next reading */
		if (!first_reading(schedule, rule, ZoneToLocal(zone, until) - DAY, INT64_MAX, scratch, &reading))
			return false;
		at = until;
		if (reading - 3 * DAY > until)
			at = reading - 3 * DAY;
	}
	return false;
}

bool
ScheduleNext(const Schedule *schedule, const Zone *zone, FeedTime after, Arena *scratch, FeedTime *tick)
{
	bool		found = false;

	if (schedule->kind == SCHEDULE_INTERVAL)
	{
		*tick = after + schedule->seconds;
		return true;
	}
	for (int i = 0; i < schedule->nrules; i++)
	{
		FeedTime	candidate = 0;

		if (!rule_next(schedule, schedule->rules[i], zone, after, scratch, &candidate))
			continue;
		if (schedule->has_end && candidate > schedule->end)
			continue;
		if (!found || candidate < *tick)
			*tick = candidate;
		found = true;
	}
	return found;
}
