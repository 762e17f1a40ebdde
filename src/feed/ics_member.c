/*
 * src/feed/ics_member.c
 *
 * What one component of a UID says of its time: start, end, which occurrence
 * it overrides.
 *
 * Pure C.
 */
#include "feed/ics_series.h"

#include <string.h>
#include <strings.h>

#include "hash.h"

/* Does the line, which may be NULL, say anything?  Else the calendar's name is the title */
static bool
has_text(const IcsLine *line)
{
	size_t		length = 0;

	if (line != NULL)
		(void) IcsTrimmed(line, &length);
	return length > 0;
}

/*
 * An end that names no zone is on the start's clock; a time at the end of whole
 * days lies within the last of them.
 */
static void
fit_end(IcsTime *end, const IcsTime *start)
{
	if (start->is_date)
		end->local = IcsDay(end->local + (end->is_date ? 0 : ICS_DAY - 1)) * ICS_DAY;
	else if (!end->floating || end->zone == start->zone)
		return;
	end->zone = start->zone;
	end->utc = ZoneToUtc(end->zone, end->local);
}

/* DTEND or DURATION; what makes no sense is as if not there */
static void
read_end(IcsPage *ics, IcsMember *member, const IcsComponent *component)
{
	const IcsLine *line = IcsFind(component, "DTEND");

	if (member->start.zone == NULL)
		return;					/* no start, no end */
	if (line != NULL &&
		IcsReadTime(ics, member->calendar, line, line->value, line->value_length, &member->end))
	{
		fit_end(&member->end, &member->start);
		member->has_end = member->end.utc > member->start.utc;
		member->is_point = member->end.utc == member->start.utc;
		if (member->has_end || member->is_point)
			return;
	}
	line = IcsFind(component, "DURATION");
	if (line != NULL &&
		IcsReadDuration(line->value, line->value_length, &member->duration))
	{
		member->has_duration = member->duration.days != 0 || member->duration.seconds != 0;
		if (member->start.is_date && member->duration.seconds > 0)
		{
			member->duration.days += (member->duration.seconds + ICS_DAY - 1) / ICS_DAY;
			member->duration.seconds = 0;
		}
	}
}

/* RECURRENCE-ID, and whether all that follows is meant */
static void
read_recurrence_id(IcsPage *ics, IcsMember *member, const IcsComponent *component)
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

bool
IcsIsPrivate(const IcsComponent *component)
{
	const IcsLine *class = IcsFind(component, "CLASS");

	return IcsValueIs(class, "PRIVATE") || IcsValueIs(class, "CONFIDENTIAL");
}

/* Why the event is not for publication, or NULL */
static const char *
withheld_for(const IcsPage *ics, const IcsMember *member, const IcsComponent *component)
{
	if (member->calendar->is_answer)
		return "not_an_event";
	return !ics->include_private && IcsIsPrivate(component) ? "private" : NULL;
}

/* DTSTART; what has none is no event */
static void
read_start(IcsPage *ics, IcsMember *member, const IcsComponent *component)
{
	const IcsLine *line = IcsFind(component, "DTSTART");

	if (line != NULL)
	{
		if (!IcsReadTime(ics, member->calendar, line, line->value, line->value_length, &member->start))
			member->refusal = "DTSTART is not a date or time that exists";
	}
	else if (member->has_recurrence_id)
		member->start = member->recurrence_id;
	else
		member->skip_reason = "not_an_event";
}

/* Read what matters of an entry's component; it is not kept */
void
IcsReadMember(IcsPage *ics, uint32_t index, Arena *arena, IcsMember *member)
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
	member->uid = IcsReadUid(entry, component, arena);
	member->withheld = withheld_for(ics, member, component);
	member->recurs = (entry->flags & ICS_RECURS) != 0 && ics->expand;
	read_recurrence_id(ics, member, component);
	read_start(ics, member, component);
	read_end(ics, member, component);
	IcsMeanWallClock(ics, member, component);
	member->says_all_day = IcsValueIs(IcsFind(component, "X-MICROSOFT-CDO-ALLDAYEVENT"), "TRUE");
	line = IcsFind(component, "LAST-MODIFIED");
	if (line == NULL ||
		!IcsReadStamp(line->value, line->value_length, &member->last_modified, &is_date, &is_utc))
		member->last_modified = INT64_MIN;
	member->hash = IcsHash(component, member->recurs || member->has_recurrence_id, ics->seed);
	if (member->calendar->name != NULL && !has_text(IcsFind(component, "SUMMARY")))
		member->hash = HashString(member->calendar->name, member->hash);
}

/*
 * When the member ends if it starts at local, utc.  A start in a gap of the
 * clock is held later than it reads, its end may not be: then only the length
 * counts.
 */
FeedTime
IcsMemberEnd(const IcsMember *member, LocalTime local, FeedTime utc)
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
		length = member->duration.days * ICS_DAY + member->duration.seconds;
		end = ZoneToUtc(zone, local + member->duration.days * ICS_DAY) + member->duration.seconds;
	}
	else if (member->start.is_date && !member->is_point)
	{
		length = ICS_DAY;
		end = ZoneToUtc(zone, local + ICS_DAY);
	}
	else
		return FEED_TIME_UNKNOWN;
	return end > utc ? end : utc + length;
}
