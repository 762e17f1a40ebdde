/*
 * src/feed/ics_zone.c
 *
 * The zones of a calendar: which zone a TZID means, in which zone floating
 * times are read, and VTIMEZONE components as zones.
 *
 * A name that is known beats the file's own VTIMEZONE: publishers' copies of
 * the rules are often short, old or shifted.  VTIMEZONE serves for names that
 * nobody knows.  What neither gives is the feed's default with a warning,
 * never silently UTC.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "feed/recurrence.h"
#include "feed/text.h"

/* Changes of offset kept of one VTIMEZONE, and of one of its observances */
#define MAX_CHANGES 4000
#define MAX_RULE_CHANGES 1000
#define MAX_RULE_STEPS 20000

/* Changes are worked out so far around the window, in seconds: ten years */
#define MARGIN (INT64_C(3653) * 86400)

#define MAX_TIMEZONE_LENGTH (256 * 1024)

/* VTIMEZONEs worked out, and TZIDs told apart, of one body */
#define MAX_CUSTOM_ZONES 200
#define MAX_ZONE_NAMES 2000

typedef struct Change
{
	FeedTime	at;
	int			offset;			/* from then on */
	int			before;
} Change;

/* A VTIMEZONE worked out; the host_zone of a custom zone */
typedef struct CustomZone
{
	Change	   *changes;		/* ascending */
	int			nchanges;
} CustomZone;

/* One STANDARD or DAYLIGHT */
typedef struct Observance
{
	LocalTime	start;
	int			from;
	int			to;
	bool		has_start,
				has_from,
				has_to;
	int			first_line;
	int			last_line;
} Observance;

/* ---- a worked out VTIMEZONE as a zone ---- */

/* ZoneProvider.period */
static void
custom_period(void *arg, void *host_zone, FeedTime utc,
			  int *offset, FeedTime *from, FeedTime *until)
{
	const CustomZone *zone = host_zone;
	int			low = 0;
	int			high = zone->nchanges;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (zone->changes[middle].at <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	*offset = low > 0 ? zone->changes[low - 1].offset : zone->changes[0].before;
	*from = low > 0 ? zone->changes[low - 1].at : INT64_MIN;
	*until = low < zone->nchanges ? zone->changes[low].at : INT64_MAX;
}

static const ZoneProvider custom_provider = {NULL, custom_period, NULL};

/* ---- reading a VTIMEZONE ---- */

/* "-0500", "+053000"; within a day */
static bool
read_utc_offset(const IcsLine *line, int *offset)
{
	size_t		length;
	const char *text = IcsTrimmed(line, &length);
	int			parts[3] = {0, 0, 0};

	if ((length != 5 && length != 7) || (text[0] != '+' && text[0] != '-'))
		return false;
	for (size_t i = 1; i < length; i++)
	{
		if (!isdigit((unsigned char) text[i]))
			return false;
		parts[(i - 1) / 2] = parts[(i - 1) / 2] * 10 + (text[i] - '0');
	}
	if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59)
		return false;
	*offset = parts[0] * 3600 + parts[1] * 60 + parts[2];
	if (text[0] == '-')
		*offset = -*offset;
	return true;
}

/* An onset of the observance */
static void
add_change(CustomZone *zone, const Observance *observance, LocalTime local)
{
	if (zone->nchanges < MAX_CHANGES)
		zone->changes[zone->nchanges++] = (Change)
	{
		local - observance->from, observance->to, observance->from
	};
}

/* The onsets by one RRULE */
static void
add_rule(IcsPage *ics, CustomZone *zone, const Observance *observance, const IcsLine *line)
{
	char		error[128];
	const Recurrence *rule = RecurrenceParse(ics->scratch, line->value, line->value_length,
											 error, sizeof(error));
	RecurrenceIterator *iterator;
	LocalTime	from = ics->feed->window_start - MARGIN;
	LocalTime	limit = ics->feed->window_end + MARGIN;
	int64_t		until;
	LocalTime	onset;
	int			count = 0;

	if (rule == NULL)
		return;
	if (RecurrenceUntil(rule, &until) == UNTIL_UTC && until + observance->from < limit)
		limit = until + observance->from;

	/* A window of all of time needs no more changes than there can be kept */
	if (limit - from > INT64_C(400) * 366 * 86400 && from < observance->start)
		from = observance->start;
	iterator = RecurrenceStart(ics->scratch, rule, observance->start, false, from, limit,
							   IcsStepsFor(ics, MAX_RULE_STEPS));
	while (count++ < MAX_RULE_CHANGES && RecurrenceNext(iterator, &onset) == RECURRENCE_FOUND)
		if (onset != observance->start)
			add_change(zone, observance, onset);
	IcsCountSteps(ics, RecurrenceSteps(iterator));
}

/* The onsets by one RDATE */
static void
add_dates(CustomZone *zone, const Observance *observance, const IcsLine *line)
{
	const char *value = line->value;
	const char *end = value + line->value_length;

	while (value < end)
	{
		const char *comma = memchr(value, ',', end - value);
		size_t		length = (comma != NULL ? comma : end) - value;
		LocalTime	onset;
		bool		is_date,
					is_utc;

		if (IcsReadStamp(value, length, &onset, &is_date, &is_utc))
			add_change(zone, observance, is_utc ? onset + observance->from : onset);
		value += length + 1;
	}
}

/* All onsets of one observance */
static void
add_observance(IcsPage *ics, CustomZone *zone, const IcsComponent *component,
			   const Observance *observance)
{
	if (!observance->has_start || !observance->has_from || !observance->has_to)
		return;
	add_change(zone, observance, observance->start);
	for (int i = observance->first_line; i <= observance->last_line; i++)
	{
		if (IcsNameIs(&component->lines[i], "RRULE"))
			add_rule(ics, zone, observance, &component->lines[i]);
		else if (IcsNameIs(&component->lines[i], "RDATE"))
			add_dates(zone, observance, &component->lines[i]);
	}
}

/* By instant */
static int
compare_changes(const void *a, const void *b)
{
	const Change *x = a;
	const Change *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Go through STANDARD and DAYLIGHT in turn */
static void
read_observances(IcsPage *ics, CustomZone *zone, const IcsComponent *component)
{
	Observance	observance = {0};
	bool		is_date,
				is_utc;

	for (int i = 0; i < component->nlines; i++)
	{
		const IcsLine *line = &component->lines[i];
		size_t		length;
		const char *value = IcsTrimmed(line, &length);

		if (IcsNameIs(line, "BEGIN"))
		{
			memset(&observance, 0, sizeof(observance));
			observance.first_line = i;
		}
		else if (IcsNameIs(line, "DTSTART") && !observance.has_start)
			observance.has_start = IcsReadStamp(value, length, &observance.start, &is_date, &is_utc);
		else if (IcsNameIs(line, "TZOFFSETFROM"))
			observance.has_from = read_utc_offset(line, &observance.from);
		else if (IcsNameIs(line, "TZOFFSETTO"))
			observance.has_to = read_utc_offset(line, &observance.to);
		else if (IcsNameIs(line, "END"))
		{
			observance.last_line = i;
			add_observance(ics, zone, component, &observance);
			memset(&observance, 0, sizeof(observance));
		}
	}
}

/* The zone of a VTIMEZONE; NULL: it says nothing */
static const Zone *
custom_zone(IcsPage *ics, const IcsTimezone *timezone)
{
	Arena	   *arena = ics->page->arena;
	CustomZone *zone;
	Change	   *changes;
	const IcsComponent *component;
	const IcsLine *location;
	const Zone *named = NULL;
	Problem		problem;

	if (timezone->length > MAX_TIMEZONE_LENGTH || ics->ncustom_zones++ >= MAX_CUSTOM_ZONES)
		return NULL;
	component = IcsLoad(ics, timezone->offset, timezone->length, true, ics->scratch, &problem);
	if (component == NULL)
		return NULL;

	/* Worked out in scratch, then kept in the feed's arena, where zones live */
	zone = ArenaAlloc0(ics->feed->arena, sizeof(CustomZone));
	zone->changes = ArenaAlloc(ics->scratch, MAX_CHANGES * sizeof(Change));
	read_observances(ics, zone, component);
	if (zone->nchanges == 0)
		return NULL;
	qsort(zone->changes, zone->nchanges, sizeof(Change), compare_changes);
	changes = ArenaAlloc(ics->feed->arena, zone->nchanges * sizeof(Change));
	memcpy(changes, zone->changes, zone->nchanges * sizeof(Change));
	zone->changes = changes;

	location = IcsFind(component, "X-LIC-LOCATION");
	if (location != NULL)
		named = ZoneResolve(ics->feed->zones,
							ArenaStrndup(arena, location->value, location->value_length));
	return ZoneCustom(ics->feed->zones, &custom_provider, zone,
					  named != NULL ? ZoneName(named) : NULL);
}

/* ---- names ---- */

/* The VTIMEZONE of that TZID in the calendar, else in any of the body */
static const IcsTimezone *
find_timezone(const IcsPage *ics, const IcsCalendar *calendar, const char *tzid)
{
	for (const IcsTimezone *timezone = calendar->timezones; timezone != NULL;
		 timezone = timezone->next)
		if (strcmp(timezone->tzid, tzid) == 0)
			return timezone;
	for (int i = 0; i < ics->ncalendars; i++)
		if (ics->calendars[i] != calendar)
			for (const IcsTimezone *timezone = ics->calendars[i]->timezones;
				 timezone != NULL; timezone = timezone->next)
				if (strcmp(timezone->tzid, tzid) == 0)
					return timezone;
	return NULL;
}

/* See the head of the file */
static const Zone *
resolve_tzid(IcsPage *ics, IcsCalendar *calendar, const char *tzid)
{
	const Zone *zone = ZoneResolve(ics->feed->zones, tzid);
	const IcsTimezone *timezone;
	const Zone *custom;

	if (zone != NULL && ZoneName(zone) != NULL)
		return zone;

	ics->feed->breathe();

	/* Of a mere offset the file may know more: summer time */
	timezone = find_timezone(ics, calendar, tzid);
	if (timezone != NULL && (custom = custom_zone(ics, timezone)) != NULL)
		return custom;
	if (zone != NULL)
		return zone;
	zone = IcsDefaultZone(ics, calendar);
	IcsWarn(ics, "time zone \"%s\" is not known; its times were read in %s", tzid,
			ZoneName(zone) != NULL ? ZoneName(zone) : "the calendar's zone");
	return zone;
}

const Zone *
IcsZone(IcsPage *ics, IcsCalendar *calendar, const char *tzid, size_t length)
{
	IcsZoneName *name = calendar->last_zone_name;
	const char *utf8;

	if (name != NULL && name->length == length && memcmp(name->tzid, tzid, length) == 0)
		return name->zone;
	for (name = calendar->zone_names; name != NULL; name = name->next)
		if (name->length == length && memcmp(name->tzid, tzid, length) == 0)
		{
			calendar->last_zone_name = name;
			return name->zone;
		}
	if (ics->nzone_names++ >= MAX_ZONE_NAMES)
		return IcsDefaultZone(ics, calendar);
	name = ArenaAlloc(ics->page->arena, sizeof(IcsZoneName));
	name->tzid = ArenaStrndup(ics->page->arena, tzid, length);
	name->length = length;
	utf8 = IcsUtf8(ics->page->arena, tzid, length, &length);
	utf8 = TextLine(ics->page->arena, utf8, length > 255 ? 255 : length, false);
	name->zone = resolve_tzid(ics, calendar, utf8 != NULL ? utf8 : "");
	name->next = calendar->zone_names;
	calendar->zone_names = name;
	calendar->last_zone_name = name;
	return name->zone;
}

/* ---- defaults ---- */

/* The zone of a name that may be missing or unknown */
static const Zone *
resolve_optional(IcsPage *ics, const char *name)
{
	return name == NULL ? NULL : ZoneResolve(ics->feed->zones, name);
}

const Zone *
IcsDefaultZone(IcsPage *ics, IcsCalendar *calendar)
{
	const Zone *zone = calendar->default_zone;

	if (zone != NULL)
		return zone;
	zone = resolve_optional(ics, ConfigString(ics->feed->config, "default_timezone"));
	if (zone == NULL)
		zone = resolve_optional(ics, ics->feed->default_timezone);
	if (zone == NULL)
		zone = resolve_optional(ics, calendar->wr_timezone);
	if (zone == NULL)
		zone = resolve_optional(ics, calendar->tzid);
	if (zone == NULL)
	{
		zone = ZoneUtc(ics->feed->zones);
		IcsWarn(ics, "times without a zone were read as UTC: neither the source nor the calendar says a time zone");
	}
	calendar->default_zone = zone;
	return zone;
}

const Zone *
IcsDisplayZone(IcsPage *ics, IcsCalendar *calendar)
{
	const Zone *zone = calendar->display_zone;

	if (zone != NULL)
		return zone;
	zone = resolve_optional(ics, calendar->wr_timezone);
	if (zone == NULL)
		zone = resolve_optional(ics, ConfigString(ics->feed->config, "default_timezone"));
	if (zone == NULL)
		zone = resolve_optional(ics, ics->feed->default_timezone);
	if (zone == NULL)
		zone = resolve_optional(ics, calendar->tzid);
	if (zone == NULL)
		zone = ZoneUtc(ics->feed->zones);
	calendar->display_zone = zone;
	return zone;
}
