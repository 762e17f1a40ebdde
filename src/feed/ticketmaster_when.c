/*
 * src/feed/ticketmaster_when.c
 *
 * The dates of a Ticketmaster event (Discovery API v2, "dates").
 *
 * An event has up to three ways to say when: dateTime is the instant,
 * localDate and localTime are the venue's clock, and flags take either back:
 * dateTBA and dateTBD the date, timeTBA the hour; noSpecificTime means the
 * whole day.
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <string.h>

#include "feed/text.h"
#include "feed/when.h"

#define DAY 86400

/* A second before which no event was sold here: 2000-01-01 */
#define PLACEHOLDER_BEFORE INT64_C(946684800)

/* One end of an event */
typedef struct Moment
{
	FeedTime	instant;		/* of dateTime, or of date and time in the zone */
	LocalTime	date;			/* midnight of localDate */
	LocalTime	local;			/* localDate with localTime */
} Moment;

/* Refuse the event for a time that is none */
static bool
refuse_time(Arena *arena, const char *field, const char *text, size_t length, Problem *problem)
{
	ProblemSet(problem, ERROR_CLASS_MAPPING, "\"%s\" is \"%.40s\", not a date and time",
			   field, TextRepair(arena, text, length));
	strncpy(problem->field, field, sizeof(problem->field) - 1);
	return false;
}

/* Read dates.start or dates.end; a time that is none: *problem */
static bool
read_moment(Arena *arena, const JsonNode *event, const char *path, const Zone *zone,
			Moment *moment, Problem *problem)
{
	const JsonNode *node = JsonAt(event, path);
	size_t		length = 0;
	const char *text;
	int64_t		value;

	moment->instant = moment->date = moment->local = FEED_TIME_UNKNOWN;
	text = JsonString(node, "dateTime", &length);
	if (text != NULL)
	{
		/* without its Z it is UTC all the same, as documented */
		if (WhenParse(text, length, &value) == WHEN_INVALID)
			return refuse_time(arena, ArenaPrintf(arena, "%s.dateTime", path), text, length, problem);
		moment->instant = value;
	}
	text = JsonString(node, "localDate", &length);
	if (text == NULL)
		return true;
	if (WhenParse(text, length, &value) != WHEN_DATE)
		return refuse_time(arena, ArenaPrintf(arena, "%s.localDate", path), text, length, problem);
	moment->date = value;

	text = JsonString(node, "localTime", &length);
	if (text == NULL)
		return true;
	text = ArenaPrintf(arena, "%.*sT%.*s", 10, JsonString(node, "localDate", &length),
					   20, JsonString(node, "localTime", &length));
	if (WhenParse(text, strlen(text), &value) != WHEN_LOCAL)
		return refuse_time(arena, ArenaPrintf(arena, "%s.localTime", path), text + 11,
						   strlen(text + 11), problem);
	moment->local = value;
	if (moment->instant == FEED_TIME_UNKNOWN && zone != NULL)
		moment->instant = ZoneToUtc(zone, value);
	return true;
}

/* The event's zone, else its venue's, else the source's; its name into the listing */
static const Zone *
find_zone(Feed *feed, const JsonNode *event, const JsonNode *venue, Arena *arena, Listing *listing)
{
	const char *names[3] = {NULL, NULL, feed->default_timezone};
	size_t		length = 0;
	const char *text = JsonString(event, "dates.timezone", &length);

	names[0] = TextLine(arena, text, length, false);
	text = JsonString(venue, "timezone", &length);
	names[1] = TextLine(arena, text, length, false);
	for (int i = 0; i < 3; i++)
	{
		const Zone *zone;

		if (names[i] == NULL)
			continue;
		if (feed->zones == NULL)
		{
			listing->timezone = names[i];
			return NULL;
		}
		zone = ZoneResolve(feed->zones, names[i]);
		if (zone != NULL)
		{
			listing->timezone = ZoneName(zone);
			return zone;
		}
	}
	return NULL;
}

static bool
is_flagged(const JsonNode *event, const char *path)
{
	return JsonBoolean(event, path) == TRI_TRUE;
}

/* A day of which no hour is known; it begins at midnight in the zone */
static bool
take_day(const JsonNode *event, const Moment *start, const Moment *end, const Zone *zone,
		 Listing *listing, Problem *problem)
{
	if (zone == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_MAPPING, "the event has a date but no time zone");
		strcpy(problem->field, "dates.timezone");
		ProblemDetail(problem, "Neither the event nor its venue has one, nor has the source.");
		return false;
	}
	listing->start_precision = PRECISION_DAY;
	listing->local_start = start->date;
	listing->starts_at = ZoneToUtc(zone, start->date);
	listing->all_day = is_flagged(event, "dates.start.noSpecificTime");
	if (listing->all_day)
	{
		LocalTime	last = end->date != FEED_TIME_UNKNOWN && end->date > start->date ? end->date : start->date;

		listing->ends_at = ZoneToUtc(zone, last + DAY);
	}
	else
		listing->ends_at = end->instant;
	return true;
}

/* An hour is known */
static void
take_hour(const JsonNode *event, const Moment *start, const Moment *end, const Zone *zone, Listing *listing)
{
	listing->start_precision = PRECISION_MINUTE;
	listing->starts_at = start->instant;
	listing->local_start = zone != NULL ? ZoneToLocal(zone, start->instant) :
		start->local != FEED_TIME_UNKNOWN ? start->local : start->instant;
	if (!is_flagged(event, "dates.end.noSpecificTime"))
		listing->ends_at = end->instant;
}

bool
TicketmasterWhen(Feed *feed, const JsonNode *event, const JsonNode *venue, Arena *arena,
				 Listing *listing, Problem *problem)
{
	const Zone *zone = find_zone(feed, event, venue, arena, listing);
	Moment		start;
	Moment		end;
	bool		hour_is_open = is_flagged(event, "dates.start.timeTBA") ||
		is_flagged(event, "dates.start.noSpecificTime");

	if (!read_moment(arena, event, "dates.start", zone, &start, problem) ||
		!read_moment(arena, event, "dates.end", zone, &end, problem))
		return false;

	/* A date that is flagged so is but a stand-in */
	if (is_flagged(event, "dates.start.dateTBA") || is_flagged(event, "dates.start.dateTBD") ||
		(start.instant == FEED_TIME_UNKNOWN && start.date == FEED_TIME_UNKNOWN))
	{
		listing->start_precision = PRECISION_UNKNOWN;
		return true;
	}
	if (start.date == FEED_TIME_UNKNOWN && hour_is_open && zone != NULL)
		start.date = ZoneToLocal(zone, start.instant) / DAY * DAY;
	if (start.date != FEED_TIME_UNKNOWN && (start.instant == FEED_TIME_UNKNOWN || hour_is_open))
	{
		/* date and hour, but of no known zone: the hour is no use */
		if (!take_day(event, &start, &end, zone, listing, problem))
			return false;
	}
	else
		take_hour(event, &start, &end, zone, listing);

	/* An end before the start tells nothing */
	if (listing->ends_at != FEED_TIME_UNKNOWN && listing->ends_at < listing->starts_at)
		listing->ends_at = FEED_TIME_UNKNOWN;
	return true;
}

const char *
TicketmasterTime(Arena *arena, const JsonNode *node, const char *path)
{
	size_t		length = 0;
	const char *text = JsonString(node, path, &length);
	int64_t		value;

	if (text == NULL || WhenParse(text, length, &value) == WHEN_INVALID || value < PLACEHOLDER_BEFORE)
		return NULL;
	return TextLine(arena, text, length, false);
}
