/*
 * src/feed/ics_expand.c
 *
 * The components of one UID into occurrences.
 *
 * A UID stands for a single event, or for a series: a master with rules and
 * dates, and overrides (RECURRENCE-ID), each of which replaces one occurrence
 * or, with RANGE=THISANDFUTURE, all from one on.  Overrides may stand before
 * the master or have none; they count even where EXDATE takes the occurrence
 * away, and where they were moved to, not from.
 *
 * Everything is worked out on the wall clock of the master's zone and then
 * made into instants, so that a weekly evening stays in the evening when the
 * clocks change.  Work and memory go with the window: ICS_MAX_OCCURRENCES and
 * a budget of steps bound each series.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hash.h"
#include "feed/recurrence.h"

/* Steps of the evaluator for one rule; well below a second */
#define MAX_STEPS 300000

/* Values taken of a series' RDATEs and EXDATEs; rules, and overrides of all
 * that follows */
#define MAX_DATES 50000
#define MAX_RULES 20
#define MAX_FUTURES 100

/* Occurrences of all series of one body */
#define MAX_EXPANDED 200000

/* An occurrence in a gap of the clock lies later than it reads, by at most this */
#define GAP_SLACK (3 * 3600)

#define DAY 86400

/* A longer UID is cut and told apart by its hash: ids stand in an index */
#define UID_MAX 400

/* What a component says of its time; one for each of a UID */
typedef struct Member
{
	uint32_t	entry;
	IcsCalendar *calendar;
	const char *uid;
	const char *skip_reason;
	const char *refusal;
	uint64_t	hash;
	int64_t		last_modified;
	IcsTime		start;
	IcsTime		end;
	IcsTime		recurrence_id;
	IcsDuration duration;
	bool		has_end;
	bool		has_duration;
	bool		is_point;		/* ends as it starts: its end is not known */
	bool		has_recurrence_id;
	bool		and_future;
	bool		says_all_day;	/* X-MICROSOFT-CDO-ALLDAYEVENT */
	bool		recurs;
	bool		dropped;		/* a duplicate */
} Member;

/* A sorted set of instants or days */
typedef struct TimeSet
{
	int64_t    *items;
	int			count;
	int			room;
} TimeSet;

typedef struct Instance
{
	LocalTime	local;
	FeedTime	utc;
	FeedTime	end;			/* of an RDATE's period, else UNKNOWN */
	bool		outside_rule;
} Instance;

typedef struct Series
{
	IcsPage    *ics;
	Arena	   *arena;			/* of what comes out */
	Arena	   *work;			/* of one master's expansion */
	Member	   *members;
	int			nmembers;
	TimeSet		replaced;		/* original starts of the overrides */
	const Member *futures[MAX_FUTURES];	/* THISANDFUTURE */
	int			nfutures;
	int			nexpanded;
	const Member *master;		/* the one being expanded */
	const IcsComponent *component;
	TimeSet		excluded;
	TimeSet		excluded_days;
	Instance   *instances;
	int			ninstances;
	int			instance_room;
	int			ndates;
	int			nrules;
	IcsOccurrence *list;
	int			count;
	int			room;
} Series;

/* ---- sets ---- */

static int
compare_int64(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

/* Twice the room for an array in the arena */
static void *
grow(Arena *arena, void *items, int count, int *room, size_t size)
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

static void
set_add(Arena *arena, TimeSet *set, int64_t item)
{
	set->items = grow(arena, set->items, set->count, &set->room, sizeof(int64_t));
	set->items[set->count++] = item;
}

static void
set_sort(TimeSet *set)
{
	if (set->count > 1)
		qsort(set->items, set->count, sizeof(int64_t), compare_int64);
}

static bool
set_has(const TimeSet *set, int64_t item)
{
	return set->count > 0 &&
		bsearch(&item, set->items, set->count, sizeof(int64_t), compare_int64) != NULL;
}

static int64_t
day_of(LocalTime local)
{
	return local / DAY - (local % DAY < 0);
}

const char *
IcsOutside(const IcsPage *ics, FeedTime start)
{
	if (start < ics->feed->window_start)
		return "past";
	return start >= ics->feed->window_end ? "out_of_horizon" : NULL;
}

/* ---- reading a component's times ---- */

/* UID as it is stored; one is made of what the event says if it has none */
static const char *
read_uid(IcsPage *ics, const IcsComponent *component, Arena *arena)
{
	static const char *const parts[] = {"DTSTART", "SUMMARY", "LOCATION"};
	const IcsLine *line = IcsFind(component, "UID");
	size_t		length = 0;
	const char *uid;
	uint64_t	hash = 0;

	if (line != NULL)
	{
		uid = IcsTrimmed(line, &length);
		if (length > UID_MAX)
			return ArenaPrintf(arena, "%016llx", (unsigned long long) HashBytes(uid, length, 0));
		if (length > 0)
		{
			uid = IcsUtf8(arena, uid, length, &length);
			return ArenaStrndup(arena, uid, length);
		}
	}
	for (int i = 0; i < 3; i++)
	{
		line = IcsFind(component, parts[i]);
		if (line != NULL)
			uid = IcsTrimmed(line, &length);
		hash = line != NULL ? HashBytes(uid, length, hash + 1) : hash + 1;
	}
	return ArenaPrintf(arena, "no-uid-%016llx", (unsigned long long) hash);
}

static bool
value_is(const IcsLine *line, const char *word)
{
	size_t		length;
	const char *value;

	if (line == NULL)
		return false;
	value = IcsTrimmed(line, &length);
	return length == strlen(word) && strncasecmp(value, word, length) == 0;
}

/* DTEND or DURATION; what makes no sense is as if not there */
static void
read_end(IcsPage *ics, Member *member, const IcsComponent *component)
{
	const IcsLine *line = IcsFind(component, "DTEND");

	if (member->start.zone == NULL)
		return;					/* no start, no end */
	if (line != NULL &&
		IcsReadTime(ics, member->calendar, line, line->value, line->value_length, &member->end))
	{
		member->has_end = member->end.utc > member->start.utc;
		member->is_point = member->end.utc == member->start.utc;
		if (member->has_end || member->is_point)
			return;
	}
	line = IcsFind(component, "DURATION");
	if (line != NULL &&
		IcsReadDuration(line->value, line->value_length, &member->duration))
		member->has_duration = member->duration.days != 0 || member->duration.seconds != 0;
}

static void
read_recurrence_id(IcsPage *ics, Member *member, const IcsComponent *component)
{
	const IcsLine *line = IcsFind(component, "RECURRENCE-ID");
	size_t		length;
	const char *range;

	if (line == NULL ||
		!IcsReadTime(ics, member->calendar, line, line->value, line->value_length,
					 &member->recurrence_id))
		return;
	member->has_recurrence_id = true;
	range = IcsParam(line, "RANGE", &length);
	member->and_future = range != NULL && length == 13 &&
		strncasecmp(range, "THISANDFUTURE", 13) == 0;
}

/* DTSTART, and what keeps the component from being an event */
static void
read_start(IcsPage *ics, Member *member, const IcsComponent *component)
{
	const IcsLine *line = IcsFind(component, "DTSTART");

	if (member->calendar->is_answer)
		member->skip_reason = "not_an_event";
	else if (!ics->include_private &&
			 (value_is(IcsFind(component, "CLASS"), "PRIVATE") ||
			  value_is(IcsFind(component, "CLASS"), "CONFIDENTIAL")))
		member->skip_reason = "private";
	if (line != NULL)
	{
		if (!IcsReadTime(ics, member->calendar, line, line->value, line->value_length, &member->start))
			member->refusal = "is not a date or time that exists";
	}
	else if (member->has_recurrence_id)
		member->start = member->recurrence_id;
	else if (member->skip_reason == NULL)
		member->skip_reason = "not_an_event";
}

/* Read what matters of an entry's component; it is not kept */
static void
read_member(IcsPage *ics, uint32_t index, Arena *arena, Member *member)
{
	const IcsEntry *entry = &ics->entries[index];
	const IcsComponent *component;
	const IcsLine *line;
	Problem		problem;
	bool		is_date,
				is_utc;

	memset(member, 0, sizeof(*member));
	member->entry = index;
	member->calendar = ics->calendars[entry->calendar];
	ArenaReset(ics->loaded);
	component = IcsLoad(ics, entry->offset, entry->length, false, ics->loaded, &problem);
	if (component == NULL)
	{
		member->refusal = ArenaStrdup(arena, problem.message);
		member->uid = ArenaPrintf(arena, "unread-%u", index);
		return;
	}
	member->uid = read_uid(ics, component, arena);
	member->recurs = (entry->flags & ICS_RECURS) != 0 && ics->expand;
	read_recurrence_id(ics, member, component);
	read_start(ics, member, component);
	read_end(ics, member, component);
	member->says_all_day = value_is(IcsFind(component, "X-MICROSOFT-CDO-ALLDAYEVENT"), "TRUE");
	line = IcsFind(component, "LAST-MODIFIED");
	if (line == NULL ||
		!IcsReadStamp(line->value, line->value_length, &member->last_modified, &is_date, &is_utc))
		member->last_modified = INT64_MIN;
	member->hash = IcsHash(component, member->recurs || member->has_recurrence_id, ics->seed);
}

/* ---- making occurrences ---- */

static IcsOccurrence *
add_occurrence(Series *series, const Member *member)
{
	IcsOccurrence *occurrence;

	series->list = grow(series->arena, series->list, series->count, &series->room,
						sizeof(IcsOccurrence));
	occurrence = &series->list[series->count++];
	memset(occurrence, 0, sizeof(*occurrence));
	occurrence->entry = member->entry;
	occurrence->start = occurrence->end = FEED_TIME_UNKNOWN;
	return occurrence;
}

static void
add_skip(Series *series, const Member *member, const char *reason)
{
	add_occurrence(series, member)->skip_reason = reason;
}

/*
 * When the member ends if it starts at local, utc.  A start in a gap of the
 * clock is held later than it reads, its end may not be: then only the length
 * counts.
 */
static FeedTime
end_for(const Member *member, LocalTime local, FeedTime utc)
{
	const Zone *zone = member->start.zone;
	int64_t		length;
	FeedTime	end;

	if (member->has_end)
	{
		length = member->end.utc - member->start.utc;
		end = utc + length;
		if (member->start.is_date || member->end.zone == zone)
			end = ZoneToUtc(zone, local + (member->end.local - member->start.local));
	}
	else if (member->has_duration)
	{
		length = member->duration.days * DAY + member->duration.seconds;
		end = ZoneToUtc(zone, local + member->duration.days * DAY) + member->duration.seconds;
	}
	else if (member->start.is_date && !member->is_point)
	{
		length = DAY;
		end = ZoneToUtc(zone, local + DAY);
	}
	else
		return FEED_TIME_UNKNOWN;
	return end > utc ? end : utc + length;
}

/* What else of an occurrence follows from its times */
static void
complete(Series *series, const Member *member, IcsOccurrence *occurrence)
{
	const Zone *zone = occurrence->zone;
	char		facts[160];

	occurrence->all_day = member->start.is_date;
	occurrence->floating = member->start.floating;
	occurrence->is_utc = member->start.is_utc;
	occurrence->local_start = ZoneToLocal(zone, occurrence->start);
	if (member->says_all_day && !member->start.is_date && !occurrence->is_utc &&
		occurrence->end != FEED_TIME_UNKNOWN && occurrence->local_start % DAY == 0 &&
		ZoneToLocal(zone, occurrence->end) % DAY == 0)
		occurrence->all_day = true;
	if (occurrence->is_utc)
	{
		zone = occurrence->zone = IcsDisplayZone(series->ics, member->calendar);
		occurrence->local_start = ZoneToLocal(zone, occurrence->start);
	}
	snprintf(facts, sizeof(facts), "%lld/%lld/%d%d%d/%s", (long long) occurrence->start,
			 (long long) occurrence->end, occurrence->all_day, member->calendar->cancels,
			 occurrence->outside_rule, ZoneName(zone) != NULL ? ZoneName(zone) : "");
	occurrence->hash = HashString(facts, member->hash);
}

/* "UID/20261122T190000Z": one occurrence's id by its original start */
static const char *
occurrence_id(Series *series, const Member *member, FeedTime start, bool is_date, LocalTime local)
{
	char		stamp[24];

	IcsFormatStamp(is_date ? local : start, is_date, stamp, sizeof(stamp));
	return ArenaPrintf(series->arena, "%s/%s", member->uid, stamp);
}

/* A member on its own */
static void
add_single(Series *series, const Member *member, bool many)
{
	IcsOccurrence *occurrence;
	const char *outside = IcsOutside(series->ics, member->start.utc);

	if (outside != NULL)
	{
		add_skip(series, member, outside);
		return;
	}
	occurrence = add_occurrence(series, member);
	occurrence->start = member->start.utc;
	occurrence->end = end_for(member, member->start.local, member->start.utc);
	occurrence->zone = member->start.zone;
	occurrence->source_id = !many ? member->uid :
		occurrence_id(series, member, member->start.utc, member->start.is_date, member->start.local);
	complete(series, member, occurrence);
}

/* ---- overrides ---- */

/*
 * The original start of an override in terms of its master (NULL: it has
 * none): a time without a zone is in the master's; a date stands for the
 * occurrence of that day.
 */
static void
fit_recurrence_id(Member *member, const Member *master)
{
	IcsTime    *id = &member->recurrence_id;

	if (master == NULL)
		return;
	if (master->start.is_date)
	{
		id->local = day_of(id->local) * DAY;
		id->is_date = true;
		id->zone = master->start.zone;
	}
	else if (id->is_date)
	{
		id->local = day_of(id->local) * DAY + (master->start.local - day_of(master->start.local) * DAY);
		id->is_date = false;
		id->zone = master->start.zone;
	}
	else if (id->floating)
		id->zone = master->start.zone;
	id->utc = ZoneToUtc(id->zone, id->local);
}

static void
add_override(Series *series, const Member *member)
{
	const IcsTime *id = &member->recurrence_id;
	const char *outside = IcsOutside(series->ics, member->start.utc);
	IcsOccurrence *occurrence;

	if (outside != NULL)
	{
		add_skip(series, member, outside);
		return;
	}
	occurrence = add_occurrence(series, member);
	occurrence->start = member->start.utc;
	occurrence->end = end_for(member, member->start.local, member->start.utc);
	occurrence->zone = member->start.zone;
	occurrence->source_id = occurrence_id(series, member, id->utc, id->is_date, id->local);
	occurrence->series_id = member->uid;
	complete(series, member, occurrence);
}

/* Find the overrides of all that follows */
static void
find_futures(Series *series)
{
	for (int i = 0; i < series->nmembers && series->nfutures < MAX_FUTURES; i++)
	{
		const Member *member = &series->members[i];

		if (member->and_future && !member->dropped && member->skip_reason == NULL &&
			member->refusal == NULL)
			series->futures[series->nfutures++] = member;
	}
}

/* The THISANDFUTURE override in force at an instant, or NULL */
static const Member *
future_override(const Series *series, FeedTime utc)
{
	const Member *found = NULL;

	for (int i = 0; i < series->nfutures; i++)
	{
		const Member *member = series->futures[i];

		if (member->recurrence_id.utc <= utc &&
			(found == NULL || member->recurrence_id.utc > found->recurrence_id.utc))
			found = member;
	}
	return found;
}

/* How far THISANDFUTURE moves occurrences, at most */
static int64_t
future_slack(const Series *series)
{
	int64_t		slack = 0;

	for (int i = 0; i < series->nfutures; i++)
	{
		int64_t		moved = series->futures[i]->start.utc - series->futures[i]->recurrence_id.utc;

		if (llabs(moved) > slack)
			slack = llabs(moved);
	}
	return slack < 366 * DAY ? slack : 366 * DAY;
}

/* ---- the recurrence set ---- */

static void
add_instance(Series *series, LocalTime local, FeedTime utc, FeedTime end, bool outside_rule)
{
	series->instances = grow(series->work, series->instances, series->ninstances,
							 &series->instance_room, sizeof(Instance));
	series->instances[series->ninstances++] = (Instance)
	{
		local, utc, end, outside_rule
	};
}

/* Where to begin and to stop on the wall clock of the master's zone */
static void
local_window(const Series *series, LocalTime *from, LocalTime *limit)
{
	const Feed *feed = series->ics->feed;
	int64_t		slack = GAP_SLACK + future_slack(series);
	const Zone *zone = series->master->start.zone;

	*from = ZoneToLocal(zone, feed->window_start) - slack;
	*limit = ZoneToLocal(zone, feed->window_end) + slack;
}

/* The limit that an UNTIL in UTC sets */
static LocalTime
until_limit(const Recurrence *rule, const Member *master, LocalTime limit)
{
	int64_t		until;

	if (RecurrenceUntil(rule, &until) != UNTIL_UTC)
		return limit;
	/* Against whole days only its date can be meant */
	until = master->start.is_date ? day_of(until) * DAY : ZoneToLocal(master->start.zone, until);
	return until < limit ? until : limit;
}

/* One RRULE's occurrences into the instances, or one EXRULE's out of them */
static void
add_rule(Series *series, const IcsLine *line, bool excludes)
{
	IcsPage    *ics = series->ics;
	const Member *master = series->master;
	char		error[160] = "";
	const Recurrence *rule = RecurrenceParse(series->work, line->value, line->value_length,
											 error, sizeof(error));
	RecurrenceIterator *iterator;
	RecurrenceResult result;
	LocalTime	from,
				limit,
				local;
	int			count = 0;

	if (rule == NULL || series->nrules++ >= MAX_RULES)
	{
		IcsWarn(ics, "event \"%s\": its recurrence rule was left out: %s", master->uid,
				rule == NULL ? error : "too many rules");
		return;
	}
	local_window(series, &from, &limit);
	limit = until_limit(rule, master, limit);
	iterator = RecurrenceStart(series->work, rule, master->start.local, master->start.is_date,
							   from, limit, MAX_STEPS);
	while ((result = RecurrenceNext(iterator, &local)) == RECURRENCE_FOUND)
	{
		FeedTime	utc = ZoneToUtc(master->start.zone, local);

		if (excludes)
			set_add(series->work, &series->excluded, utc);
		else
			add_instance(series, local, utc, FEED_TIME_UNKNOWN, false);
		if (utc >= ics->feed->window_start && ++count > ICS_MAX_OCCURRENCES)
			break;
		if (count % 256 == 255)
			ics->feed->breathe();
	}
	if (result == RECURRENCE_EXHAUSTED)
		IcsWarn(ics, "event \"%s\": its recurrence rule is too costly and was not followed to the end",
				master->uid);
}

/* One value of RDATE: a date, a time or a period */
static void
add_rdate(Series *series, const IcsLine *line, const char *value, size_t length)
{
	const Member *master = series->master;
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
			end = ZoneToUtc(time.zone, time.local + duration.days * DAY) + duration.seconds;
		else if (IcsReadTime(series->ics, master->calendar, line, slash + 1, length - first - 1, &until))
			end = until.floating ? ZoneToUtc(time.zone, until.local) : until.utc;
	}
	if (master->start.is_date)
		time.local = day_of(time.local) * DAY;
	else if (time.is_date)
		time.local += master->start.local - day_of(master->start.local) * DAY;
	else
		time.local = ZoneToLocal(master->start.zone, time.utc);
	time.utc = ZoneToUtc(master->start.zone, time.local);
	if (end <= time.utc)
		end = FEED_TIME_UNKNOWN;
	if (IcsOutside(series->ics, time.utc) == NULL)
		add_instance(series, time.local, time.utc, end, false);
}

/* One value of EXDATE: against whole days, or itself one, it means the day */
static void
add_exdate(Series *series, const IcsLine *line, const char *value, size_t length)
{
	const Member *master = series->master;
	IcsTime		time;

	if (!IcsReadTime(series->ics, master->calendar, line, value, length, &time))
		return;
	if (master->start.is_date || time.is_date)
		set_add(series->work, &series->excluded_days, day_of(time.local));
	else
		set_add(series->work, &series->excluded,
				time.floating ? ZoneToUtc(master->start.zone, time.local) : time.utc);
}

/* Call add for each value of a list */
static void
each_value(Series *series, const IcsLine *line,
		   void (*add) (Series *, const IcsLine *, const char *, size_t))
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

static int
compare_instances(const void *a, const void *b)
{
	const Instance *x = a;
	const Instance *y = b;

	if (x->utc != y->utc)
		return x->utc < y->utc ? -1 : 1;
	/* of two the one that says more first: a period, then the rule's */
	if ((x->end != FEED_TIME_UNKNOWN) != (y->end != FEED_TIME_UNKNOWN))
		return x->end != FEED_TIME_UNKNOWN ? -1 : 1;
	return x->outside_rule - y->outside_rule;
}

/* All instances of the master that can lie in the window, ascending */
static void
collect_instances(Series *series)
{
	const IcsComponent *component = series->component;
	const IcsTime *start = &series->master->start;
	bool		has_rule = false;
	int			count = 0;

	series->instances = NULL;
	series->ninstances = series->instance_room = series->ndates = series->nrules = 0;
	memset(&series->excluded, 0, sizeof(TimeSet));
	memset(&series->excluded_days, 0, sizeof(TimeSet));
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
	set_sort(&series->excluded);
	set_sort(&series->excluded_days);
	qsort(series->instances, series->ninstances, sizeof(Instance), compare_instances);
	for (int i = 0; i < series->ninstances; i++)
		if (count == 0 || series->instances[count - 1].utc != series->instances[i].utc)
			series->instances[count++] = series->instances[i];
	series->ninstances = count;
}

/* Is the instance taken away by EXDATE or taken over by an override? */
static bool
is_gone(const Series *series, const Instance *instance)
{
	int64_t		day = day_of(instance->local);

	return set_has(&series->excluded, instance->utc) ||
		set_has(&series->excluded_days, day) ||
		set_has(&series->replaced, instance->utc);
}

/* One instance as an occurrence, if it lies in the window */
static bool
add_from_instance(Series *series, const Instance *instance)
{
	const Member *master = series->master;
	const Member *teller = future_override(series, instance->utc);
	LocalTime	local = instance->local;
	FeedTime	utc = instance->utc;
	IcsOccurrence *occurrence;

	if (teller != NULL)
	{
		/* moved as the override is, on the wall clock */
		local += teller->start.local - ZoneToLocal(teller->start.zone, teller->recurrence_id.utc);
		utc = ZoneToUtc(teller->start.zone, local);
	}
	else
		teller = master;
	if (IcsOutside(series->ics, utc) != NULL)
		return false;
	occurrence = add_occurrence(series, teller);
	occurrence->start = utc;
	occurrence->end = instance->end != FEED_TIME_UNKNOWN && teller == master ?
		instance->end : end_for(teller, local, utc);
	occurrence->zone = teller->start.zone;
	occurrence->outside_rule = instance->outside_rule;
	occurrence->source_id = occurrence_id(series, master, instance->utc,
										  master->start.is_date, instance->local);
	occurrence->series_id = master->uid;
	complete(series, teller, occurrence);
	return true;
}

/* Say that a series was cut short */
static void
add_capped(Series *series, const Member *master)
{
	IcsPage    *ics = series->ics;

	add_skip(series, master, "capped");

	/* Of one series the nearest are kept, so that none vanishes later on */
	if (ics->nexpanded >= MAX_EXPANDED)
		ics->page->incomplete = true;
	IcsWarn(ics, "event \"%s\": only its first occurrences were taken, %d of one series and %d of one calendar at most",
			master->uid, ICS_MAX_OCCURRENCES, MAX_EXPANDED);
}

/* All that a recurring master brings */
static void
expand_master(Series *series, const Member *master)
{
	IcsPage    *ics = series->ics;
	const IcsEntry *entry = &ics->entries[master->entry];
	Problem		problem;
	int			count = 0;

	ics->feed->breathe();
	if (series->nexpanded >= ICS_MAX_OCCURRENCES || ics->nexpanded >= MAX_EXPANDED)
	{
		add_capped(series, master);
		return;
	}
	ArenaReset(series->work);
	series->master = master;
	series->component = IcsLoad(ics, entry->offset, entry->length, false, series->work, &problem);
	if (series->component == NULL)
		return;
	collect_instances(series);
	for (int i = 0; i < series->ninstances; i++)
	{
		if (i % 256 == 255)
			ics->feed->breathe();
		if (is_gone(series, &series->instances[i]))
			continue;
		if (IcsOutside(ics, series->instances[i].utc) == NULL &&
			(series->nexpanded + count >= ICS_MAX_OCCURRENCES || ics->nexpanded + count >= MAX_EXPANDED))
		{
			add_capped(series, master);
			break;
		}
		count += add_from_instance(series, &series->instances[i]);
	}
	series->nexpanded += count;
	ics->nexpanded += count;
	if (count == 0)
		add_skip(series, master,
				 master->start.utc >= ics->feed->window_end ? "out_of_horizon" : "past");
}

/* ---- the components of one UID ---- */

/* Is a a later word on the same thing than b, which stands before it? */
static bool
supersedes(const IcsPage *ics, const Member *a, const Member *b)
{
	int32_t		x = ics->entries[a->entry].sequence;
	int32_t		y = ics->entries[b->entry].sequence;

	if (x != y)
		return x > y;
	return a->last_modified >= b->last_modified;
}

static int
compare_members(const void *a, const void *b)
{
	const Member *x = a;
	const Member *y = b;
	int64_t		first = x->has_recurrence_id ? x->recurrence_id.utc : x->start.utc;
	int64_t		second = y->has_recurrence_id ? y->recurrence_id.utc : y->start.utc;

	if (x->has_recurrence_id != y->has_recurrence_id)
		return x->has_recurrence_id ? 1 : -1;
	if (first != second)
		return first < second ? -1 : 1;
	return x->entry < y->entry ? -1 : 1;
}

/*
 * Of several for the same occurrence the latest word stays.  Masters that
 * start at different times are different events by one UID, unless SEQUENCE
 * says that one replaces the others.  Returns the masters that stay.
 */
static int
drop_duplicates(Series *series)
{
	IcsPage    *ics = series->ics;
	Member	   *last = NULL;
	int32_t		newest = INT32_MIN;
	int			nmasters = 0;

	qsort(series->members, series->nmembers, sizeof(Member), compare_members);
	for (int i = 0; i < series->nmembers; i++)
	{
		Member	   *member = &series->members[i];
		bool		same = last != NULL && last->has_recurrence_id == member->has_recurrence_id &&
			(member->has_recurrence_id ? last->recurrence_id.utc == member->recurrence_id.utc :
			 last->start.utc == member->start.utc);

		if (member->refusal != NULL || member->skip_reason != NULL)
			continue;
		if (!member->has_recurrence_id && ics->entries[member->entry].sequence > newest)
			newest = ics->entries[member->entry].sequence;
		if (same && !supersedes(ics, member, last))
			member->dropped = true;
		else
		{
			if (same)
				last->dropped = true;
			last = member;
		}
	}
	for (int i = 0; i < series->nmembers; i++)
	{
		Member	   *member = &series->members[i];

		if (member->has_recurrence_id || member->refusal != NULL || member->skip_reason != NULL)
			continue;
		if (ics->entries[member->entry].sequence < newest)
			member->dropped = true;
		nmasters += !member->dropped;
	}
	return nmasters;
}

/* Fill the members of the UID, and mark their entries done */
static void
read_members(Series *series, uint32_t first)
{
	IcsPage    *ics = series->ics;
	IcsEntry   *entry = &ics->entries[first];
	uint32_t	low = 0,
				high = ics->nentries;
	uint32_t	end;

	if (!(entry->flags & ICS_SHARED))
	{
		entry->flags |= ICS_DONE;
		series->members = ArenaAlloc(series->arena, sizeof(Member));
		series->nmembers = 1;
		read_member(ics, first, series->arena, series->members);
		return;
	}
	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (ics->entries[ics->order[middle]].uid_hash < entry->uid_hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < ics->nentries &&
		 ics->entries[ics->order[end]].uid_hash == entry->uid_hash; end++)
		;
	series->members = ArenaAlloc(series->arena, (end - low) * sizeof(Member));
	for (uint32_t i = low; i < end; i++)
	{
		ics->entries[ics->order[i]].flags |= ICS_DONE;
		read_member(ics, ics->order[i], series->arena, &series->members[series->nmembers++]);
		if (i % 256 == 255)
			ics->feed->breathe();
	}
}

/* The first master, to which the overrides belong; NULL: there is none */
static const Member *
first_master(const Series *series)
{
	for (int i = 0; i < series->nmembers; i++)
	{
		const Member *member = &series->members[i];

		if (!member->has_recurrence_id && member->refusal == NULL && member->start.zone != NULL)
			return member;
	}
	return NULL;
}

static void
add_member(Series *series, const Member *member, int nmasters)
{
	if (member->refusal != NULL)
		add_occurrence(series, member)->refusal = member->refusal;
	else if (member->skip_reason != NULL)
		add_skip(series, member, member->skip_reason);
	else if (member->dropped)
		add_skip(series, member, "duplicate_in_feed");
	else if (member->has_recurrence_id)
		add_override(series, member);
	else if (member->recurs)
		expand_master(series, member);
	else if (set_has(&series->replaced, member->start.utc))
		add_skip(series, member, "duplicate_in_feed");
	else
		add_single(series, member, nmasters > 1);
}

void
IcsOccurrences(IcsPage *ics, uint32_t first, IcsOccurrence **list, int *count)
{
	Series		series = {.ics = ics, .arena = ics->scratch, .work = ics->loaded};
	const Member *master;
	int			nmasters;

	read_members(&series, first);
	master = first_master(&series);
	for (int i = 0; i < series.nmembers; i++)
		if (series.members[i].has_recurrence_id)
			fit_recurrence_id(&series.members[i], master);
	nmasters = drop_duplicates(&series);
	for (int i = 0; i < series.nmembers; i++)
		if (series.members[i].has_recurrence_id)
			set_add(series.arena, &series.replaced, series.members[i].recurrence_id.utc);
	set_sort(&series.replaced);
	find_futures(&series);
	for (int i = 0; i < series.nmembers; i++)
		add_member(&series, &series.members[i], nmasters);
	*list = series.list;
	*count = series.count;
}
