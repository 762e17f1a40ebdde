/*
 * src/feed/ics_utc.c
 *
 * Series that are written in UTC and meant on a wall clock.
 *
 * Google Calendar writes some recurring events all in UTC and says the
 * calendar's zone beside them (X-WR-TIMEZONE).  Taken by the letter, an
 * evening in Montréal moves by an hour when the clocks change; in the
 * calendar, and in life, it does not.  So such a series is expanded in that
 * zone, as https://pypi.org/project/x-wr-timezone/ describes.
 *
 * Only for that publisher, and only where nothing in the event says otherwise:
 * a time that is not in UTC, or a rule that has the start's day right in UTC
 * and wrong in the zone.
 *
 * Pure C.
 */
#include "feed/ics_series.h"

#include <string.h>
#include <strings.h>

#include "feed/recurrence.h"

/* Steps to find out whether a rule produces its own start */
#define MAX_STEPS 1000

/* Are all values of the line instants? */
static bool
is_all_utc(const IcsLine *line)
{
	const char *value = line->value;
	const char *end = value + line->value_length;

	while (value < end)
	{
		const char *comma = memchr(value, ',', end - value);
		size_t		length = (comma != NULL ? comma : end) - value;
		LocalTime	local;
		bool		is_date,
					is_utc;

		if (!IcsReadStamp(value, length, &local, &is_date, &is_utc) || !is_utc)
			return false;
		value += length + 1;
	}
	return true;
}

/* Is every time of the component in UTC? */
static bool
is_written_in_utc(const IcsComponent *component)
{
	for (int i = 0; i < component->nlines; i++)
	{
		const IcsLine *line = &component->lines[i];

		if ((IcsNameIs(line, "DTSTART") || IcsNameIs(line, "DTEND") ||
			 IcsNameIs(line, "RDATE") || IcsNameIs(line, "EXDATE")) && !is_all_utc(line))
			return false;
	}
	return true;
}

/* Does one of the rules produce a start at that wall clock time? */
static bool
produces(const IcsComponent *component, LocalTime start, Arena *arena)
{
	for (int i = 0; i < component->nlines; i++)
	{
		const IcsLine *line = &component->lines[i];
		char		error[160];
		const Recurrence *rule;
		LocalTime	found;

		if (!IcsNameIs(line, "RRULE"))
			continue;
		rule = RecurrenceParse(arena, line->value, line->value_length, error, sizeof(error));
		if (rule != NULL &&
			RecurrenceNext(RecurrenceStart(arena, rule, start, false, start, start, MAX_STEPS),
						   &found) == RECURRENCE_FOUND)
			return true;
	}
	return false;
}

/* Say a time in another zone; the instant stays */
static void
say_in_zone(IcsTime *time, const Zone *zone)
{
	time->zone = zone;
	time->local = ZoneToLocal(zone, time->utc);
}

void
IcsMeanWallClock(IcsPage *ics, IcsMember *member, const IcsComponent *component)
{
	const IcsCalendar *calendar = member->calendar;
	const Zone *zone;
	LocalTime	local;

	if (!member->recurs || !member->start.is_utc || !calendar->is_google ||
		calendar->wr_timezone == NULL || !is_written_in_utc(component))
		return;
	zone = ZoneResolve(ics->feed->zones, calendar->wr_timezone);
	if (zone == NULL)
		return;
	local = ZoneToLocal(zone, member->start.utc);
	if (IcsDay(local) != IcsDay(member->start.local) &&
		produces(component, member->start.local, ics->loaded) &&
		!produces(component, local, ics->loaded))
		return;
	say_in_zone(&member->start, zone);
	if (member->has_end)
		say_in_zone(&member->end, zone);
}
