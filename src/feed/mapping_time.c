/*
 * src/feed/mapping_time.c
 *
 * starts_at and ends_at of a mapped listing.  Pure C.
 */
#include "feed/mapping_internal.h"

#include <string.h>

#define DAY 86400

/* A start or end as it was found */
typedef struct Moment
{
	FeedTime	instant;
	LocalTime	local;
	bool		is_date;
} Moment;

/* Midnight at or before it */
static LocalTime
midnight(LocalTime local)
{
	LocalTime	rest = local % DAY;

	return local - (rest < 0 ? rest + DAY : rest);
}

/* The zone of the wall clock at the event; NULL: unknown */
static const Zone *
zone_of_listing(const MappingRun *run)
{
	const char *name = run->listing->timezone != NULL ? run->listing->timezone :
		run->feed->default_timezone;

	return name == NULL || run->feed->zones == NULL ? NULL : ZoneResolve(run->feed->zones, name);
}

/* Refuse for want of a zone */
static bool
needs_zone(MappingRun *run)
{
	ProblemSet(run->problem, ERROR_CLASS_MAPPING, "\"%s\" has no offset, and its time zone is not known",
			   run->field);
	ProblemHint(run->problem, "Give the source a timezone, the mapping a rule for timezone, or the date "
				"transform a timezone: {\"date\": {\"timezone\": \"UTC\"}}.");
	strncpy(run->problem->field, run->field, sizeof(run->problem->field) - 1);
	return false;
}

/* The value of starts_at or ends_at; absent: both parts unknown */
static bool
read_moment(MappingRun *run, const char *field, const Zone *zone, Moment *moment)
{
	const Rule *rule = MappingRule(run->mapping, field);
	const Zone *own = zone;
	Value		value;

	*moment = (Moment) {FEED_TIME_UNKNOWN, FEED_TIME_UNKNOWN, false};
	run->field = field;
	if (!RuleFollow(run, rule, &value))
		return false;
	if (value.kind == VALUE_TEXT)
	{
		int64_t		time;
		WhenKind	when = WhenParse(value.text, value.length, &time);

		if (when == WHEN_INVALID)
		{
			MappingRefuse(run, ERROR_CLASS_DATA, "a date or time in ISO 8601", &value);
			return false;
		}
		value = (Value) {.kind = VALUE_TIME, .when = when, .time = time};
	}
	if (value.kind == VALUE_NONE)
		return true;
	if (value.kind != VALUE_TIME)
	{
		MappingRefuse(run, ERROR_CLASS_MAPPING, "a date or time", &value);
		return false;
	}

	/* A date is one of the place it is at, whatever the zone of times */
	if (value.timezone != NULL && value.when != WHEN_DATE && run->feed->zones != NULL)
		own = ZoneResolve(run->feed->zones, value.timezone);
	moment->is_date = value.when == WHEN_DATE;
	if (value.when == WHEN_INSTANT)
		moment->instant = value.time;
	else if (own == NULL)
		return needs_zone(run);
	else
		moment->instant = ZoneToUtc(own, value.time);
	moment->local = value.when != WHEN_INSTANT && own == zone ? value.time :
		zone != NULL ? ZoneToLocal(zone, moment->instant) : moment->instant;
	return true;
}

/* The end of an all-day listing, exclusive: the midnight it is over at */
static FeedTime
end_of_days(const Zone *zone, const Moment *end, bool inclusive)
{
	LocalTime	day = midnight(end->local);

	/* 23:59:59, or any hour, is still of that day */
	if (inclusive || end->local != day)
		day += DAY;
	return ZoneToUtc(zone, day);
}

bool
MappingTimes(MappingRun *run, Tristate all_day)
{
	Listing    *listing = run->listing;
	const Zone *zone = zone_of_listing(run);
	const Rule *end_rule = MappingRule(run->mapping, "ends_at");
	Moment		start;
	Moment		end;

	if (!read_moment(run, "starts_at", zone, &start) || !read_moment(run, "ends_at", zone, &end))
		return false;
	run->field = "starts_at";
	if (start.instant == FEED_TIME_UNKNOWN)
		return true;
	listing->all_day = all_day == TRI_TRUE || (all_day == TRI_UNKNOWN && start.is_date);
	listing->start_precision = start.is_date || listing->all_day ? PRECISION_DAY : PRECISION_MINUTE;
	if (!listing->all_day)
	{
		listing->starts_at = start.instant;
		listing->local_start = start.local;
		listing->ends_at = end.instant;
		if (end.is_date && end_rule->inclusive)
			listing->ends_at = ZoneToUtc(zone, end.local + DAY);
	}
	else
	{
		if (zone == NULL)
			return needs_zone(run);
		listing->local_start = midnight(start.local);
		listing->starts_at = ZoneToUtc(zone, listing->local_start);
		if (end.instant != FEED_TIME_UNKNOWN)
			listing->ends_at = end_of_days(zone, &end, end_rule->inclusive);

		/* The day it begins on belongs to it */
		if (listing->ends_at == listing->starts_at)
			listing->ends_at = ZoneToUtc(zone, listing->local_start + DAY);
	}

	/* An end before the start tells nothing */
	if (listing->ends_at != FEED_TIME_UNKNOWN && listing->ends_at < listing->starts_at)
		listing->ends_at = FEED_TIME_UNKNOWN;
	return true;
}
