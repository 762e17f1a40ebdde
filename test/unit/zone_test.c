/*
 * test/unit/zone_test.c
 *
 * Names of time zones as calendars write them, and wall clock to instant.
 */
#include <stdio.h>
#include <string.h>

#include "feed_harness.h"
#include "zone_tzif.h"

static Arena *arena;
static Zones *zones;

/* The name resolves to that IANA zone; NULL: to none */
static void
test_name(const char *name, const char *iana)
{
	const Zone *zone = ZoneResolve(zones, name);
	char		text[300];

	snprintf(text, sizeof(text), "\"%s\" is %s", name, iana != NULL ? iana : "no zone");
	TapSame(zone != NULL ? ZoneName(zone) : NULL, iana, text);
}

/* The name resolves to a fixed offset, in minutes */
static void
test_offset(const char *name, int minutes)
{
	const Zone *zone = ZoneResolve(zones, name);

	TapOk(zone != NULL && ZoneToLocal(zone, 0) == minutes * 60, "\"%s\" is %d minutes east", name,
		  minutes);
}

static LocalTime
local(int year, int month, int day, int hour, int minute)
{
	return CivilToDays(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

/* A host that has the zones of today only */
static void *
find_current(void *arg, const char *name, const char **canonical)
{
	static const char *const given_up[] = {"US/Pacific", "Europe/Kiev", "EST5EDT"};
	const ZoneProvider *host = arg;

	for (size_t i = 0; i < sizeof(given_up) / sizeof(given_up[0]); i++)
		if (strcmp(name, given_up[i]) == 0)
			return NULL;
	return host->find(host->arg, name, canonical);
}

static void
test_old_names(const ZoneProvider *host)
{
	ZoneProvider current = *host;
	Zones	   *all = zones;

	current.find = find_current;
	current.arg = (void *) host;
	zones = ZonesCreate(arena, &current);
	test_name("US/Pacific", "America/Los_Angeles");
	test_name("Europe/Kiev", "Europe/Kyiv");
	test_name("EST5EDT", "America/New_York");
	zones = all;
}

static void
test_names(void)
{
	test_name("America/Toronto", "America/Toronto");
	test_name("america/toronto", "America/Toronto");
	test_name("America/New York", "America/New_York");
	test_name(" \"Europe/Paris\" ", "Europe/Paris");
	test_name("/America/Montreal", "America/Montreal");
	test_name("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin");
	test_name("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Salta", "America/Argentina/Salta");
	test_name("/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York");
	test_name("/citadel.org/20100821_1/Europe/London", "Europe/London");
	test_name("/mozilla.org/20050126_1/America/Port-au-Prince", "America/Port-au-Prince");
	test_name("UTC", "UTC");
	test_name("Etc/GMT", "UTC");

	test_name("Eastern Standard Time", "America/New_York");
	test_name("eastern standard time", "America/New_York");
	test_name("Atlantic Standard Time", "America/Halifax");
	test_name("Newfoundland Standard Time", "America/St_Johns");
	test_name("Canada Central Standard Time", "America/Regina");
	test_name("Romance Standard Time", "Europe/Paris");
	test_name("GMT Standard Time", "Europe/London");
	test_name("W. Europe Standard Time", "Europe/Berlin");

	test_name("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York");
	test_name("(UTC-05:00) Eastern Time (US \\& Canada)", "America/New_York");
	test_name("(UTC-05:00) Eastern Time (US and Canada)", "America/New_York");
	test_name("Eastern Daylight Time", "America/New_York");
	test_name("Daylight Time", NULL);
	test_name("tzone://Microsoft/Utc", "UTC");
	test_name("(GMT+01.00) Amsterdam, Belgrade", "Europe/Berlin");
	test_name("(GMT+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney");
	test_name("(GMT+10:00) Canberra\\, Melbourne\\, Sydney", "Australia/Sydney");
	test_name("(UTC) Coordinated Universal Time", "UTC");

	test_offset("UTC+01", 60);
	test_offset("UTC-5", -300);
	test_offset("GMT+0530", 330);
	test_offset("+02:00", 120);
	test_offset("-0330", -210);
	test_offset("GMT +0100 (Standard) / GMT +0200 (Daylight)", 60);
	test_offset("(UTC-05:00) Nowhere", -300);
	test_offset("Etc/GMT+5", -300);

	test_name("", NULL);
	test_name("Customized Time Zone", NULL);
	test_name("Eastern Time (US andCanada)", NULL);
	test_name("Eastern Time (US &", NULL);
	test_name("tzone://Microsoft/Custom", NULL);
	test_name("/Europe/CUSTOM", NULL);
	test_name("1", NULL);
	test_name("Екатеринбург", NULL);
	test_name("EST+5EDT", NULL);
	test_name("Foo/Bar5", NULL);
	test_name("../../../etc/passwd", NULL);
	test_name("/../../etc/passwd", NULL);
	test_name("localtime", NULL);
	test_name("posixrules", NULL);
	test_name("UTC+99", NULL);
}

static void
test_conversion(void)
{
	const Zone *toronto = ZoneResolve(zones, "America/Toronto");
	const Zone *samoa = ZoneResolve(zones, "Pacific/Apia");

	TapEqual(ZoneToUtc(toronto, local(2027, 1, 15, 19, 0)), local(2027, 1, 16, 0, 0), "winter");
	TapEqual(ZoneToUtc(toronto, local(2027, 7, 15, 19, 0)), local(2027, 7, 15, 23, 0), "summer");
	TapEqual(ZoneToUtc(toronto, local(2027, 3, 14, 2, 30)), local(2027, 3, 14, 7, 30),
			 "in a gap the offset before it holds");
	TapEqual(ZoneToUtc(toronto, local(2027, 3, 14, 1, 59)), local(2027, 3, 14, 6, 59), "before the gap");
	TapEqual(ZoneToUtc(toronto, local(2027, 3, 14, 3, 0)), local(2027, 3, 14, 7, 0), "after the gap");
	TapEqual(ZoneToUtc(toronto, local(2027, 11, 7, 1, 30)), local(2027, 11, 7, 5, 30),
			 "of a repeated hour the first");
	TapEqual(ZoneToUtc(toronto, local(2027, 11, 7, 2, 0)), local(2027, 11, 7, 7, 0), "after the repeated hour");
	TapEqual(ZoneToLocal(toronto, local(2027, 11, 7, 6, 30)), local(2027, 11, 7, 1, 30), "and back");
	TapEqual(ZoneToUtc(toronto, local(2099, 7, 1, 12, 0)), local(2099, 7, 1, 16, 0),
			 "far in the future the rules still hold");
	TapEqual(ZoneToUtc(samoa, local(2011, 12, 30, 12, 0)), local(2011, 12, 30, 22, 0),
			 "a whole day left out is a gap");
}

/* Every quarter of an hour of two years, against the definition */
static void
test_sweep(const char *name)
{
	const Zone *zone = ZoneResolve(zones, name);
	int			wrong = 0;

	for (LocalTime at = local(2026, 1, 1, 0, 0); at < local(2028, 1, 1, 0, 0); at += 900)
	{
		FeedTime	utc = ZoneToUtc(zone, at);
		LocalTime	back = ZoneToLocal(zone, utc);

		/* a time that exists comes back; one that repeats has no earlier twin */
		if (back != at && ZoneToLocal(zone, utc - 3600) == at)
			wrong++;
		if (back == at && ZoneToLocal(zone, utc - 3600) == at)
			wrong++;
		if (back != at && back != at + 3600 && back != at + 1800)
			wrong++;
	}
	TapEqual(wrong, 0, name);
}

/* A custom zone with an overlap of many changes within days */
static void
restless_period(void *arg, void *host_zone, FeedTime utc, int *offset, FeedTime *from, FeedTime *until)
{
	FeedTime	hour = utc / 3600 - (utc % 3600 < 0);

	*offset = hour & 1 ? 7200 : 0;
	*from = hour * 3600;
	*until = hour * 3600 + 3600;
}

static void
test_custom(void)
{
	static const ZoneProvider restless = {NULL, restless_period, NULL};
	const Zone *zone = ZoneCustom(zones, &restless, NULL, NULL);
	int64_t		sum = 0;

	for (LocalTime at = 0; at < 86400 * 3; at += 600)
		sum += ZoneToUtc(zone, at) != FEED_TIME_UNKNOWN;
	TapEqual(sum, 432, "a zone that changes every hour ends all the same");
}

int
main(void)
{
	arena = ArenaCreate();
	zones = ZonesCreate(arena, TzifZoneProvider());
	test_names();
	test_old_names(TzifZoneProvider());
	test_conversion();
	test_sweep("America/Toronto");
	test_sweep("Europe/London");
	test_sweep("Australia/Lord_Howe");
	test_sweep("America/St_Johns");
	test_sweep("Africa/Casablanca");
	test_custom();
	ArenaFree(arena);
	return TapDone();
}
