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
 * Work and memory go with the window: ICS_MAX_OCCURRENCES, MAX_EXPANDED and a
 * budget of steps bound what comes of it.
 *
 * Pure C.
 */
#include "feed/ics_series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

/* Occurrences of all series of one body */
#define MAX_EXPANDED 200000

/*
 * Occurrences of one series that began before the window and go on in it: a
 * year of days.  They are not counted among the others, which are to come.
 */
#define MAX_GOING_ON 366

const char *
IcsOutside(const IcsPage *ics, FeedTime start, FeedTime end)
{
	if (start >= ics->feed->window_end)
		return "out_of_horizon";
	if (start >= ics->feed->window_start)
		return NULL;
	return ics->counts_ends && end != FEED_TIME_UNKNOWN && end > ics->feed->window_start ? NULL : "past";
}

/* ---- making occurrences ---- */

/* A new occurrence at the end of the list, told by a member */
static IcsOccurrence *
add_occurrence(IcsSeries *series, const IcsMember *member)
{
	IcsOccurrence *occurrence;

	series->list = IcsGrow(series->arena, series->list, series->count, &series->room,
						   sizeof(IcsOccurrence));
	occurrence = &series->list[series->count++];
	memset(occurrence, 0, sizeof(*occurrence));
	occurrence->entry = member->entry;
	occurrence->start = occurrence->end = FEED_TIME_UNKNOWN;
	return occurrence;
}

/* A record that is only counted */
static void
add_skip(IcsSeries *series, const IcsMember *member, const char *reason)
{
	add_occurrence(series, member)->skip_reason = reason;
}

/* What else of an occurrence follows from its times */
static void
complete(IcsSeries *series, const IcsMember *member, IcsOccurrence *occurrence)
{
	const Zone *zone = occurrence->zone;
	char		facts[160];

	occurrence->withheld = member->withheld;
	occurrence->all_day = member->start.is_date;
	occurrence->floating = member->start.floating;
	occurrence->is_utc = member->start.is_utc;
	occurrence->local_start = ZoneToLocal(zone, occurrence->start);
	if (member->says_all_day && !member->start.is_date && !occurrence->is_utc &&
		occurrence->end != FEED_TIME_UNKNOWN && occurrence->local_start % ICS_DAY == 0 &&
		ZoneToLocal(zone, occurrence->end) % ICS_DAY == 0)
		occurrence->all_day = true;
	if (occurrence->is_utc)
	{
		zone = occurrence->zone = IcsDisplayZone(series->ics, member->calendar);
		occurrence->local_start = ZoneToLocal(zone, occurrence->start);
	}
	if (ZoneName(zone) == NULL)
		zone = IcsDisplayZone(series->ics, member->calendar);
	snprintf(facts, sizeof(facts), "%lld/%lld/%d%d%d/%s", (long long) occurrence->start,
			 (long long) occurrence->end, occurrence->all_day, member->calendar->cancels,
			 occurrence->outside_rule, ZoneName(zone) != NULL ? ZoneName(zone) : "");
	occurrence->hash = HashString(facts, member->hash);
}

/* "UID/20261122T190000Z": one occurrence's id by its original start */
static const char *
occurrence_id(IcsSeries *series, const IcsMember *member, FeedTime start, bool is_date, LocalTime local)
{
	char		stamp[24];

	IcsFormatStamp(is_date ? local : start, is_date, stamp, sizeof(stamp));
	return ArenaPrintf(series->arena, "%s/%s", member->uid, stamp);
}

/* A member on its own */
static void
add_single(IcsSeries *series, const IcsMember *member, bool many)
{
	IcsOccurrence *occurrence;
	FeedTime	end = IcsMemberEnd(member, member->start.local, member->start.utc);
	const char *outside = IcsOutside(series->ics, member->start.utc, end);

	if (outside != NULL)
	{
		add_skip(series, member, outside);
		return;
	}
	occurrence = add_occurrence(series, member);
	occurrence->start = member->start.utc;
	occurrence->end = end;
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
fit_recurrence_id(IcsMember *member, const IcsMember *master)
{
	IcsTime    *id = &member->recurrence_id;

	if (master == NULL)
		return;
	if (master->start.is_date)
	{
		id->local = IcsDay(id->local) * ICS_DAY;
		id->is_date = true;
		id->zone = master->start.zone;
	}
	else if (id->is_date)
	{
		id->local = IcsDay(id->local) * ICS_DAY + (master->start.local - IcsDay(master->start.local) * ICS_DAY);
		id->is_date = false;
		id->zone = master->start.zone;
	}
	else if (id->floating)
		id->zone = master->start.zone;
	id->utc = ZoneToUtc(id->zone, id->local);
}

/* An override as an occurrence of its own */
static void
add_override(IcsSeries *series, const IcsMember *member)
{
	const IcsTime *id = &member->recurrence_id;
	FeedTime	end = IcsMemberEnd(member, member->start.local, member->start.utc);
	const char *outside = IcsOutside(series->ics, member->start.utc, end);
	IcsOccurrence *occurrence;

	if (outside != NULL)
	{
		add_skip(series, member, outside);
		return;
	}
	occurrence = add_occurrence(series, member);
	occurrence->start = member->start.utc;
	occurrence->end = end;
	occurrence->zone = member->start.zone;
	occurrence->source_id = occurrence_id(series, member, id->utc, id->is_date, id->local);
	occurrence->series_id = member->uid;
	complete(series, member, occurrence);
}

/* Find the overrides of all that follows */
static void
find_futures(IcsSeries *series)
{
	for (int i = 0; i < series->nmembers && series->nfutures < ICS_MAX_FUTURES; i++)
	{
		const IcsMember *member = &series->members[i];

		if (member->and_future && !member->dropped && member->skip_reason == NULL &&
			member->refusal == NULL)
			series->futures[series->nfutures++] = member;
	}
}

/* The THISANDFUTURE override in force at an instant, or NULL */
static const IcsMember *
future_override(const IcsSeries *series, FeedTime utc)
{
	const IcsMember *found = NULL;

	for (int i = 0; i < series->nfutures; i++)
	{
		const IcsMember *member = series->futures[i];

		if (member->recurrence_id.utc <= utc &&
			(found == NULL || member->recurrence_id.utc > found->recurrence_id.utc))
			found = member;
	}
	return found;
}

/* ---- a master ---- */

/* One instance as an occurrence, if it lies in the window */
static bool
add_from_instance(IcsSeries *series, const IcsInstance *instance)
{
	const IcsMember *master = series->master;
	const IcsMember *teller = future_override(series, instance->utc);
	LocalTime	local = instance->local;
	FeedTime	utc = instance->utc;
	FeedTime	end;
	IcsOccurrence *occurrence;

	if (teller != NULL)
	{
		/* moved as the override is, on the wall clock */
		local += teller->start.local - ZoneToLocal(teller->start.zone, teller->recurrence_id.utc);
		utc = ZoneToUtc(teller->start.zone, local);
	}
	else
		teller = master;
	end = instance->end != FEED_TIME_UNKNOWN && teller == master ?
		instance->end : IcsMemberEnd(teller, local, utc);
	if (IcsOutside(series->ics, utc, end) != NULL)
		return false;
	occurrence = add_occurrence(series, teller);
	occurrence->start = utc;
	occurrence->end = end;
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
add_capped(IcsSeries *series, const IcsMember *master)
{
	IcsPage    *ics = series->ics;

	add_skip(series, master, "capped");

	/* Of one series the nearest are kept, so that none vanishes later on */
	if (ics->nexpanded >= MAX_EXPANDED)
		ics->page->incomplete = true;
	IcsWarn(ics, "event \"%s\": only its first occurrences were taken, %d of one series and %d of one calendar at most",
			master->uid, ICS_MAX_OCCURRENCES, MAX_EXPANDED);
}

/*
 * The first of the instances to look at: before the window only the nearest.
 * *cut: one that is passed over goes on in the window as well.
 */
static int
first_instance(const IcsSeries *series, bool *cut)
{
	const IcsPage *ics = series->ics;
	const IcsMember *master = series->master;
	const IcsInstance *last;
	int			first = 0;

	*cut = false;
	while (first < series->ninstances && series->instances[first].utc < ics->feed->window_start)
		first++;
	if (first <= MAX_GOING_ON)
		return 0;
	last = &series->instances[first - MAX_GOING_ON - 1];
	*cut = IcsOutside(ics, last->utc, IcsMemberEnd(master, last->local, last->utc)) == NULL;
	return first - MAX_GOING_ON;
}

/* All that a recurring master brings */
static void
expand_master(IcsSeries *series, const IcsMember *master)
{
	IcsPage    *ics = series->ics;
	const IcsEntry *entry = &ics->entries[master->entry];
	Problem		problem;
	bool		cut;
	int			count = 0;		/* to come */
	int			nbefore = 0;	/* going on */
	int			i;

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
	IcsCollectInstances(series);
	for (i = first_instance(series, &cut); i < series->ninstances; i++)
	{
		const IcsInstance *instance = &series->instances[i];
		bool		before = instance->utc < ics->feed->window_start;

		if (i % 256 == 255)
			ics->feed->breathe();
		if (IcsIsGone(series, instance))
			continue;
		if (ics->nexpanded >= MAX_EXPANDED ||
			(series->nexpanded + count >= ICS_MAX_OCCURRENCES &&
			 IcsOutside(ics, instance->utc, FEED_TIME_UNKNOWN) == NULL))
			break;
		if (!add_from_instance(series, instance))
			continue;
		ics->nexpanded++;
		count += !before;
		nbefore += before;
	}
	series->nexpanded += count;
	if (i < series->ninstances || cut)
		add_capped(series, master);
	else if (count + nbefore == 0)
		add_skip(series, master,
				 master->start.utc >= ics->feed->window_end ? "out_of_horizon" : "past");
}

/* ---- the components of one UID ---- */

/* Is a a later word on the same thing than b, which stands before it? */
static bool
supersedes(const IcsPage *ics, const IcsMember *a, const IcsMember *b)
{
	int32_t		x = ics->entries[a->entry].sequence;
	int32_t		y = ics->entries[b->entry].sequence;

	if (x != y)
		return x > y;
	return a->last_modified >= b->last_modified;
}

/* Masters, then overrides, each by time, then as they stand in the body */
static int
compare_members(const void *a, const void *b)
{
	const IcsMember *x = a;
	const IcsMember *y = b;
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
drop_duplicates(IcsSeries *series)
{
	IcsPage    *ics = series->ics;
	IcsMember  *last = NULL;
	int32_t		newest = INT32_MIN;
	int			nmasters = 0;

	qsort(series->members, series->nmembers, sizeof(IcsMember), compare_members);
	for (int i = 0; i < series->nmembers; i++)
	{
		IcsMember  *member = &series->members[i];
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
		IcsMember  *member = &series->members[i];

		if (member->has_recurrence_id || member->refusal != NULL || member->skip_reason != NULL)
			continue;
		if (ics->entries[member->entry].sequence < newest)
			member->dropped = true;
		nmasters += !member->dropped;
	}
	return nmasters;
}

/*
 * What people answer to an invitation (METHOD:REPLY, COUNTER) has no say where
 * the event itself is told.
 */
static void
set_answers_aside(IcsSeries *series)
{
	bool		told = false;

	for (int i = 0; i < series->nmembers; i++)
		told |= !series->members[i].calendar->is_answer;
	for (int i = 0; i < series->nmembers && told; i++)
		if (series->members[i].calendar->is_answer)
			series->members[i].skip_reason = "not_an_event";
}

/* Fill the members of the UID, and mark their entries done */
static void
read_members(IcsSeries *series, uint32_t first)
{
	IcsPage    *ics = series->ics;
	IcsEntry   *entry = &ics->entries[first];
	uint32_t	low = 0,
				high = ics->nentries;
	uint32_t	end;

	if (!(entry->flags & ICS_SHARED))
	{
		entry->flags |= ICS_DONE;
		series->members = ArenaAlloc(series->arena, sizeof(IcsMember));
		series->nmembers = 1;
		IcsReadMember(ics, first, series->arena, series->members);
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
	series->members = ArenaAlloc(series->arena, (end - low) * sizeof(IcsMember));
	for (uint32_t i = low; i < end; i++)
	{
		ics->entries[ics->order[i]].flags |= ICS_DONE;
		IcsReadMember(ics, ics->order[i], series->arena, &series->members[series->nmembers++]);
		if (i % 256 == 255)
			ics->feed->breathe();
	}
}

/* The first master, to which the overrides belong; NULL: there is none */
static const IcsMember *
first_master(const IcsSeries *series)
{
	for (int i = 0; i < series->nmembers; i++)
	{
		const IcsMember *member = &series->members[i];

		if (!member->has_recurrence_id && member->refusal == NULL && member->skip_reason == NULL)
			return member;
	}
	return NULL;
}

/* What one member brings */
static void
add_member(IcsSeries *series, const IcsMember *member, int nmasters)
{
	if (member->refusal != NULL)
	{
		IcsOccurrence *occurrence = add_occurrence(series, member);

		occurrence->refusal = member->refusal;
		occurrence->source_id = member->uid;
	}
	else if (member->skip_reason != NULL)
		add_skip(series, member, member->skip_reason);
	else if (member->dropped)
		add_skip(series, member, "duplicate_in_feed");
	else if (member->has_recurrence_id)
		add_override(series, member);
	else if (member->recurs)
		expand_master(series, member);
	else if (IcsSetHas(&series->replaced, member->start.utc))
		add_skip(series, member, "duplicate_in_feed");
	else
		add_single(series, member, nmasters > 1);
}

void
IcsOccurrences(IcsPage *ics, uint32_t first, IcsOccurrence **list, int *count)
{
	IcsSeries		series = {.ics = ics, .arena = ics->scratch, .work = ics->loaded};
	const IcsMember *master;
	int			nmasters;

	read_members(&series, first);
	set_answers_aside(&series);
	master = first_master(&series);
	for (int i = 0; i < series.nmembers; i++)
		if (series.members[i].has_recurrence_id)
			fit_recurrence_id(&series.members[i], master);
	nmasters = drop_duplicates(&series);
	for (int i = 0; i < series.nmembers; i++)
		if (series.members[i].has_recurrence_id && series.members[i].skip_reason == NULL)
			IcsSetAdd(series.arena, &series.replaced, series.members[i].recurrence_id.utc);
	IcsSetSort(&series.replaced);
	find_futures(&series);
	for (int i = 0; i < series.nmembers; i++)
		add_member(&series, &series.members[i], nmasters);
	*list = series.list;
	*count = series.count;
}
