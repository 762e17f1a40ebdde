/*
 * test/unit/ics_test.c
 *
 * The ics connector: one test per quirk of the calendars in the wild and per
 * danger of the library that reads them.
 */
#include "feed_harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const Connector IcsConnector;

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define EVENT(uid, lines) \
	"BEGIN:VEVENT\r\nUID:" uid "\r\n" lines "END:VEVENT\r\n"

static Harness *h;

/* 2027-01-01 to 2028-01-01, Toronto; each test may say otherwise */
static void
open_with(const char *config)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&IcsConnector, config);
	h->feed.window_start = INT64_C(1798761600);
	h->feed.window_end = INT64_C(1830297600);
	h->feed.default_timezone = "America/Toronto";
}

static void
take(const char *text)
{
	open_with("{}");
	HarnessRunText(h, text);
}

/* "2027-03-01T19:00:00Z" of an instant */
static const char *
show(FeedTime time)
{
	static char text[4][32];
	static int	turn;
	int64_t		days = time / 86400 - (time % 86400 < 0);
	int			second = (int) (time - days * 86400);
	int64_t		year;
	int			month,
				day;

	if (time == FEED_TIME_UNKNOWN)
		return "unknown";
	turn = (turn + 1) % 4;
	DaysToCivil(days, &year, &month, &day);
	snprintf(text[turn], sizeof(text[0]), "%04d-%02d-%02dT%02d:%02d:%02dZ", (int) year, month, day,
			 second / 3600, second / 60 % 60, second % 60);
	return text[turn];
}

static void
test_single_event(void)
{
	const Listing *l;

	take(HEAD EVENT("a@x",
					"DTSTAMP:20270101T000000Z\r\nDTSTART;TZID=America/Toronto:20270301T190000\r\n"
					"DTEND;TZID=America/Toronto:20270301T210000\r\nSUMMARY:Concert\\, le soir\r\n"
					"DESCRIPTION:Une ligne\\nune autre\r\nLOCATION:Café du Nord\\, 12 rue X\\, Montréal\\, QC H2X 1Y4\r\n"
					"GEO:45.5;-73.6\r\nURL:https://example.org/e/1\r\nCATEGORIES:Musique,Jazz\r\n"
					"ORGANIZER;CN=\"Le Nord\":mailto:x@example.org\r\nSTATUS:CONFIRMED\r\n") TAIL);
	TapOk(h->page_ok && h->nlistings == 1 && h->nitems == 1, "a single event is one listing");
	l = HarnessListing(h, "a@x");
	TapOk(l != NULL, "its id is the UID");
	if (l == NULL)
		return;
	TapSame(l->title, "Concert, le soir", "SUMMARY is the title, unescaped");
	TapSame(l->description, "Une ligne\nune autre", "DESCRIPTION keeps its lines");
	TapSame(show(l->starts_at), "2027-03-02T00:00:00Z", "DTSTART with TZID");
	TapSame(show(l->ends_at), "2027-03-02T02:00:00Z", "DTEND with TZID");
	TapSame(l->timezone, "America/Toronto", "its zone");
	TapSame(l->venue_name, "Café du Nord", "LOCATION: the venue");
	TapSame(l->city, "Montréal", "LOCATION: the city");
	TapSame(l->postal_code, "H2X 1Y4", "LOCATION: the postal code");
	TapOk(l->latitude == 45.5 && l->longitude == -73.6, "GEO");
	TapSame(l->url, "https://example.org/e/1", "URL");
	TapSame(l->category, "Musique", "the first of CATEGORIES is the category");
	TapOk(l->ntags == 2 && strcmp(l->tags[1], "Jazz") == 0, "all CATEGORIES are tags");
	TapSame(l->organizer, "Le Nord", "ORGANIZER's CN");
	TapOk(h->items[0].record.raw != NULL &&
		  strncmp(h->items[0].record.raw, "{\"component\": \"BEGIN:VEVENT\\r\\n", 30) == 0,
		  "raw is the component as JSON");
}

static void
test_weekly(void)
{
	take(HEAD EVENT("w@x",
					"DTSTART;TZID=America/Toronto:20270305T190000\r\nDURATION:PT2H\r\n"
					"RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=America/Toronto:20270312T190000\r\n"
					"SUMMARY:Weekly\r\n")
		 EVENT("w@x", "RECURRENCE-ID;TZID=America/Toronto:20270319T190000\r\n"
			   "DTSTART;TZID=America/Toronto:20270320T180000\r\nSUMMARY:Moved\r\nSTATUS:CANCELLED\r\n") TAIL);
	TapEqual(h->nlistings, 3, "a weekly series of four without one");
	TapOk(HarnessListing(h, "w@x/20270306T000000Z") != NULL, "the first by its start in UTC");
	TapOk(HarnessListing(h, "w@x/20270326T230000Z") != NULL, "the evening stays in summer time");
	TapOk(HarnessListing(h, "w@x/20270319T230000Z") != NULL &&
		  HarnessListing(h, "w@x/20270319T230000Z")->status == STATUS_CANCELLED,
		  "an override keeps the original start in its id, and its own status");
}

int
main(void)
{
	test_single_event();
	test_weekly();
	HarnessClose(h);
	return TapDone();
}
