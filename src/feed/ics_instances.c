/*
 * src/feed/ics_instances.c
 *
 * A master's recurrence set: DTSTART, RRULE and RDATE, without EXRULE and
 * EXDATE, worked out on the wall clock of its zone and then made into
 * instants, so that a weekly evening stays in the evening when the clocks
 * change.
 *
 * Pure C.
 */
#include "feed/ics_series.h"

#include <stdlib.h>
#include <string.h>

#include "feed/recurrence.h"

/* Steps of the evaluator for one rule; well below a second */
#define MAX_STEPS 300000

/* Values taken of a series' RDATEs and EXDATEs; and rules */
#define MAX_DATES 50000
#define MAX_RULES 20

/* An occurrence in a gap of the clock lies later than it reads, by at most this */
#define GAP_SLACK (3 * 3600)

/* ---- sets ---- */

/* For qsort and bsearch */
static int
compare_int64(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

/* Twice the room for an array in the arena */
void *
IcsGrow(Arena *arena, void *items, int count, int *room, size_t size)
{
	void	   *more;

	if (count < *room)
		return items;
	*room = *room == 0 ? 16 : *room * 2;
	more = ArenaAlloc(arena, *room * size);
	if (count > 0)
		memcpy(more, items, count * size);
	return more;
}

void
IcsSetAdd(Arena *arena, IcsTimeSet *set, int64_t item)
{
	set->items = IcsGrow(arena, set->items, set->count, &set->room, sizeof(int64_t));
	set->items[set->count++] = item;
}

void
IcsSetSort(IcsTimeSet *set)
{
	if (set->count > 1)
		qsort(set->items, set->count, sizeof(int64_t), compare_int64);
}

bool
IcsSetHas(const IcsTimeSet *set, int64_t item)
{
	return set->count > 0 &&
		bsearch(&item, set->items, set->count, sizeof(int64_t), compare_int64) != NULL;
}

/* ---- the budget ---- */

int64_t
IcsStepsFor(const IcsPage *ics, int64_t max)
{
	return ics->steps_left < max ? ics->steps_left : max;
}

void
IcsCountSteps(IcsPage *ics, int64_t steps)
{
	ics->steps_left -= steps < ics->steps_left ? steps : ics->steps_left;
	ics->feed->breathe();
}

/* ---- the recurrence set ---- */

/* How far THISANDFUTURE moves occurrences, at most */
static int64_t
future_slack(const IcsSeries *series)
{
	int64_t		slack = 0;

	for (int i = 0; i < series->nfutures; i++)
	{
		int64_t		moved = series->futures[i]->start.utc - series->futures[i]->recurrence_id.utc;

		if (llabs(moved) > slack)
			slack = llabs(moved);
	}
	return slack < 366 * ICS_DAY ? slack : 366 * ICS_DAY;
}

/* Add one instance, wherever it comes from */
static void
add_instance(IcsSeries *series, LocalTime local, FeedTime utc, FeedTime end, bool outside_rule)
{
	series->instances = IcsGrow(series->work, series->instances, series->ninstances,
								&series->instance_room, sizeof(IcsInstance));
	series->instances[series->ninstances++] = (IcsInstance)
	{
		local, utc, end, outside_rule
	};
}

/* How long before the window an occurrence may begin that goes on in it */
static int64_t
going_on(const IcsSeries *series)
{
	const IcsMember *master = series->master;
	FeedTime	end = IcsMemberEnd(master, master->start.local, master->start.utc);

	if (!series->ics->counts_ends || end == FEED_TIME_UNKNOWN)
		return 0;
	return end - master->start.utc < 366 * ICS_DAY ? end - master->start.utc : 366 * ICS_DAY;
}

/* Where to begin and to stop on the wall clock of the master's zone */
static void
local_window(const IcsSeries *series, LocalTime *from, LocalTime *limit)
{
	const Feed *feed = series->ics->feed;
	int64_t		slack = GAP_SLACK + future_slack(series);
	const Zone *zone = series->master->start.zone;

	*from = ZoneToLocal(zone, feed->window_start) - slack - going_on(series);
	*limit = ZoneToLocal(zone, feed->window_end) + slack;
}

/* The limit that an UNTIL in UTC sets */
static LocalTime
until_limit(const Recurrence *rule, const IcsMember *master, LocalTime limit)
{
	int64_t		until;

	if (RecurrenceUntil(rule, &until) != UNTIL_UTC)
		return limit;
	/* Against whole days only its date can be meant */
	until = master->start.is_date ? IcsDay(until) * ICS_DAY : ZoneToLocal(master->start.zone, until);
	return until < limit ? until : limit;
}

/* One RRULE's occurrences into the instances, or one EXRULE's out of them */
static void
add_rule(IcsSeries *series, const IcsLine *line, bool excludes)
{
	IcsPage    *ics = series->ics;
	const IcsMember *master = series->master;
	char		error[160] = "too many rules";
	const Recurrence *rule = NULL;
	RecurrenceIterator *iterator;
	RecurrenceResult result;
	int64_t		steps;
	LocalTime	from,
				limit,
				local;
	int			count = 0;

	if (series->nrules++ < MAX_RULES)
		rule = RecurrenceParse(series->work, line->value, line->value_length, error, sizeof(error));
	if (rule == NULL)
	{
		IcsWarn(ics, "event \"%s\": its recurrence rule was left out: %s", master->uid, error);
		return;
	}
	local_window(series, &from, &limit);
	limit = until_limit(rule, master, limit);
	steps = IcsStepsFor(ics, MAX_STEPS);
	iterator = RecurrenceStart(series->work, rule, master->start.local, master->start.is_date,
							   from, limit, steps);
	while ((result = RecurrenceNext(iterator, &local)) == RECURRENCE_FOUND)
	{
		FeedTime	utc = ZoneToUtc(master->start.zone, local);

		if (excludes)
			IcsSetAdd(series->work, &series->excluded, utc);
		else
			add_instance(series, local, utc, FEED_TIME_UNKNOWN, false);
		if (utc >= ics->feed->window_start && ++count > ICS_MAX_OCCURRENCES)
			break;
		if (count % 256 == 255)
			ics->feed->breathe();
	}
	IcsCountSteps(ics, RecurrenceSteps(iterator));
	if (result == RECURRENCE_EXHAUSTED && steps < MAX_STEPS)
		ics->page->incomplete = true;	/* it depends on the other rules what is left */
	if (result == RECURRENCE_EXHAUSTED)
		IcsWarn(ics, "event \"%s\": its recurrence rule is too costly and was not followed to the end",
				master->uid);
}

/* One value of RDATE: a date, a time or a period */
static void
add_rdate(IcsSeries *series, const IcsLine *line, const char *value, size_t length)
{
	const IcsMember *master = series->master;
	const char *slash = memchr(value, '/', length);
	size_t		first = slash != NULL ? (size_t) (slash - value) : length;
	IcsTime		time;
	IcsTime		until;
	IcsDuration duration;
	FeedTime	end = FEED_TIME_UNKNOWN;

	if (!IcsReadTime(series->ics, master->calendar, line, value, first, &time))
		return;
	if (time.floating)
	{
		time.zone = master->start.zone;
		time.utc = ZoneToUtc(time.zone, time.local);
	}
	if (slash != NULL)
	{
		if (IcsReadDuration(slash + 1, length - first - 1, &duration))
			end = ZoneToUtc(time.zone, time.local + duration.days * ICS_DAY) + duration.seconds;
		else if (IcsReadTime(series->ics, master->calendar, line, slash + 1, length - first - 1, &until))
			end = until.floating ? ZoneToUtc(time.zone, until.local) : until.utc;
	}
	if (master->start.is_date)
		time.local = IcsDay(time.local) * ICS_DAY;
	else if (time.is_date)
		time.local += master->start.local - IcsDay(master->start.local) * ICS_DAY;
	else
		time.local = ZoneToLocal(master->start.zone, time.utc);
	time.utc = ZoneToUtc(master->start.zone, time.local);
	if (end <= time.utc)
		end = FEED_TIME_UNKNOWN;
	if (time.utc >= series->ics->feed->window_start - going_on(series) &&
		time.utc < series->ics->feed->window_end)
		add_instance(series, time.local, time.utc, end, false);
}

/* One value of EXDATE: against whole days, or itself one, it means the day */
static void
add_exdate(IcsSeries *series, const IcsLine *line, const char *value, size_t length)
{
	const IcsMember *master = series->master;
	IcsTime		time;

	if (!IcsReadTime(series->ics, master->calendar, line, value, length, &time))
		return;
	if (master->start.is_date || time.is_date)
		IcsSetAdd(series->work, &series->excluded_days, IcsDay(time.local));
	else
		IcsSetAdd(series->work, &series->excluded,
				time.floating ? ZoneToUtc(master->start.zone, time.local) : time.utc);
}

/* Call add for each value of a list */
static void
each_value(IcsSeries *series, const IcsLine *line,
		   void (*add) (IcsSeries *, const IcsLine *, const char *, size_t))
{
	const char *value = line->value;
	const char *end = value + line->value_length;

	while (value < end && series->ndates++ < MAX_DATES)
	{
		const char *comma = memchr(value, ',', end - value);
		size_t		length = (comma != NULL ? comma : end) - value;

		add(series, line, value, length);
		value += length + 1;
	}
}

/* By instant; of two at one the better told first */
static int
compare_instances(const void *a, const void *b)
{
	const IcsInstance *x = a;
	const IcsInstance *y = b;

	if (x->utc != y->utc)
		return x->utc < y->utc ? -1 : 1;
	/* of two the one that says more first: a period, then the rule's */
	if ((x->end != FEED_TIME_UNKNOWN) != (y->end != FEED_TIME_UNKNOWN))
		return x->end != FEED_TIME_UNKNOWN ? -1 : 1;
	return x->outside_rule - y->outside_rule;
}

/* All instances of the master that can lie in the window, ascending */
void
IcsCollectInstances(IcsSeries *series)
{
	const IcsComponent *component = series->component;
	const IcsTime *start = &series->master->start;
	bool		has_rule = false;
	int			count = 0;

	series->instances = NULL;
	series->ninstances = series->instance_room = series->ndates = series->nrules = 0;
	memset(&series->excluded, 0, sizeof(IcsTimeSet));
	memset(&series->excluded_days, 0, sizeof(IcsTimeSet));
	for (int i = 0; i < component->nlines; i++)
	{
		const IcsLine *line = &component->lines[i];

		if (IcsNameIs(line, "RRULE"))
		{
			add_rule(series, line, false);
			has_rule = true;
		}
		else if (IcsNameIs(line, "EXRULE"))
			add_rule(series, line, true);
		else if (IcsNameIs(line, "RDATE"))
			each_value(series, line, add_rdate);
		else if (IcsNameIs(line, "EXDATE"))
			each_value(series, line, add_exdate);
	}
	add_instance(series, start->local, start->utc, FEED_TIME_UNKNOWN, has_rule);
	IcsSetSort(&series->excluded);
	IcsSetSort(&series->excluded_days);
	qsort(series->instances, series->ninstances, sizeof(IcsInstance), compare_instances);
	for (int i = 0; i < series->ninstances; i++)
		if (count == 0 || series->instances[count - 1].utc != series->instances[i].utc)
			series->instances[count++] = series->instances[i];
	series->ninstances = count;
}

/* Is the instance taken away by EXDATE or taken over by an override? */
bool
IcsIsGone(const IcsSeries *series, const IcsInstance *instance)
{
	int64_t		day = IcsDay(instance->local);

	return IcsSetHas(&series->excluded, instance->utc) ||
		IcsSetHas(&series->excluded_days, day) ||
		IcsSetHas(&series->replaced, instance->utc);
}
