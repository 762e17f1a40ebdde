/*
 * test/unit/ics_meaning_test.c
 *
 * The ics connector: what a calendar means beyond its grammar.  Which event is
 * which from load to load, what is for publication, what UTC stands for, what
 * an empty or broken body proves.
 */
#include "feed_harness.h"

#include <stdio.h>
#include <string.h>

extern const Connector IcsConnector;

#define CALENDAR(lines, events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" lines events "END:VCALENDAR\r\n"
#define EVENT(uid, lines) "BEGIN:VEVENT\r\nUID:" uid "\r\n" lines "END:VEVENT\r\n"
#define GOOGLE "PRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nX-WR-TIMEZONE:America/Toronto\r\n"

static Harness *h;

/* 2027, read in Toronto's zone */
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

/* As ingest_parse does */
static void
look_at(const char *text)
{
	open_with("{}");
	h->shows_withheld = true;
	HarnessRunText(h, text);
}

/* Its attribute is true */
static bool
has_flag(const char *source_id, const char *flag)
{
	const Listing *listing = HarnessListing(h, source_id);

	return listing != NULL && listing->attributes != NULL && strstr(listing->attributes, flag) != NULL;
}

/* ---- identity ---- */

static void
test_dated_uids(void)
{
	/* 2027-03-01 19:00 as if it were UTC, then an hour later */
	take(CALENDAR("", EVENT("4711-1803927600-1803934800@club.example",
							"DTSTART;TZID=America/Toronto:20270301T190000\r\n")));
	TapOk(HarnessListing(h, "4711@club.example") != NULL, "a UID made of the event's times is told without them");
	take(CALENDAR("", EVENT("4711-1803931200-1803938400@club.example",
							"DTSTART;TZID=America/Toronto:20270301T200000\r\n")));
	TapOk(HarnessListing(h, "4711@club.example") != NULL, "and stays when the event is moved");
	take(CALENDAR("", EVENT("4711-1803945600-1803952800@club.example",
							"DTSTART:20270302T000000Z\r\n")));
	TapOk(HarnessListing(h, "4711@club.example") != NULL, "also when its times are instants");
	take(CALENDAR("", EVENT("4711-1700000000-1700007200@club.example",
							"DTSTART;TZID=America/Toronto:20270301T190000\r\n")));
	TapOk(HarnessListing(h, "4711-1700000000-1700007200@club.example") != NULL,
		  "numbers that are not its times are part of the UID");
	take(CALENDAR("", EVENT("4711-1803927600-1803934800@club.example", "DTSTART:20270301T190000Z\r\nSUMMARY:One\r\n")
				  EVENT("4711-1804532400-1804539600@club.example", "DTSTART:20270308T190000Z\r\nSUMMARY:Two\r\n")));
	TapOk(h->nlistings == 2 && HarnessListing(h, "4711@club.example/20270308T190000Z") != NULL,
		  "a post that takes place twice is two listings");
}

static void
test_titles(void)
{
	uint64_t	first;

	take(CALENDAR("X-WR-CALNAME:Club\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\n")));
	first = h->items[0].record.raw_hash;
	TapSame(HarnessListing(h, "a")->title, "Club", "an event without a title has the calendar's name");
	take(CALENDAR("X-WR-CALNAME:Café\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\n")));
	TapOk(first != h->items[0].record.raw_hash, "and changes with it");
	take(CALENDAR("X-WR-CALNAME:Club\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\nSUMMARY:Jazz\r\n")));
	first = h->items[0].record.raw_hash;
	take(CALENDAR("X-WR-CALNAME:Café\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\nSUMMARY:Jazz\r\n")));
	TapOk(first == h->items[0].record.raw_hash, "one with a title does not");
	take("\xEF\xBB\xBF\r\n " CALENDAR("X-WR-CALNAME:Club\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\n")));
	TapSame(h->page_ok ? HarnessListing(h, "a")->title : "", "Club", "the calendar's properties behind a BOM and blanks");
}

/* ---- ends ---- */

static void
test_mixed_ends(void)
{
	take(CALENDAR("", EVENT("clock", "DTSTART;TZID=Europe/Paris:20270301T190000\r\nDTEND:20270301T210000\r\n")
				  EVENT("days", "DTSTART;VALUE=DATE:20270301\r\nDTEND;TZID=America/Toronto:20270302T184500\r\n")
				  EVENT("hours", "DTSTART;VALUE=DATE:20270301\r\nDURATION:PT6H\r\n")
				  EVENT("point", "DTSTART;VALUE=DATE:20270301\r\nDTEND;VALUE=DATE:20270301\r\n")));
	TapEqual(HarnessListing(h, "clock")->ends_at - HarnessListing(h, "clock")->starts_at, 7200,
			 "an end without a zone is on the start's clock");
	TapEqual(HarnessListing(h, "days")->ends_at - HarnessListing(h, "days")->starts_at, 2 * 86400,
			 "whole days end with a whole day");
	TapEqual(HarnessListing(h, "hours")->ends_at - HarnessListing(h, "hours")->starts_at, 86400,
			 "whole days have no hours");
	TapOk(HarnessListing(h, "point")->ends_at == FEED_TIME_UNKNOWN, "an end at the start is none");
}

/* What began before the window and goes on in it */
static void
test_going_on(void)
{
	static const char events[] = CALENDAR("",
		EVENT("exhibition", "DTSTART;VALUE=DATE:20261101\r\nDTEND;VALUE=DATE:20270301\r\n")
		EVENT("residence", "DTSTART:20261220T190000Z\r\nDURATION:P4W\r\n")
		EVENT("over", "DTSTART;VALUE=DATE:20261101\r\nDTEND;VALUE=DATE:20261201\r\n")
		EVENT("point", "DTSTART:20261220T190000Z\r\n")
		EVENT("fair", "DTSTART;VALUE=DATE:20261102\r\nDURATION:P10D\r\nRRULE:FREQ=MONTHLY;BYDAY=-1MO;COUNT=4\r\n")
		EVENT("fair", "RECURRENCE-ID;VALUE=DATE:20261130\r\nDTSTART;VALUE=DATE:20261130\r\nDURATION:P90D\r\nSUMMARY:Longer\r\n"));

	take(events);
	TapOk(HarnessListing(h, "exhibition") != NULL && HarnessListing(h, "residence") != NULL,
		  "what goes on is not past");
	TapOk(HarnessListing(h, "over") == NULL && HarnessListing(h, "point") == NULL, "what is over is");
	TapOk(HarnessListing(h, "fair/20261228") != NULL && HarnessListing(h, "fair/20261130") != NULL &&
		  HarnessListing(h, "fair/20270125") != NULL && HarnessListing(h, "fair/20261102") == NULL,
		  "occurrences and overrides likewise");
	open_with("{\"window_start\": \"2027-01-01T00:00:00Z\"}");
	HarnessRunText(h, events);
	TapOk(h->nlistings == 2 && HarnessListing(h, "fair/20270125") != NULL,
		  "of a window given by its instants only the start counts");
}

/* ---- publication ---- */

static const char private_events[] = CALENDAR("",
	EVENT("p", "DTSTART:20270301T190000Z\r\nCLASS:Private\r\n")
	EVENT("q", "DTSTART:20270301T190000Z\r\nCLASS:CONFIDENTIAL\r\n")
	EVENT("o", "DTSTART:20270301T190000Z\r\nCLASS:PUBLIC\r\n")
	EVENT("s", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
	EVENT("s", "RECURRENCE-ID:20270302T190000Z\r\nDTSTART:20270302T200000Z\r\nCLASS:PRIVATE\r\n"));

static void
test_private(void)
{
	take(private_events);
	TapEqual(HarnessSkipped(h, "private"), 3, "a run leaves private events out");
	TapOk(HarnessListing(h, "o") != NULL && h->nlistings == 3, "and takes the others");
	TapOk(HarnessListing(h, "s/20270302T190000Z") == NULL,
		  "an occurrence made private is not shown in its public form");
	look_at(private_events);
	TapEqual(h->nlistings, 6, "who looks sees them");
	TapOk(has_flag("p", "\"private\":true") && !has_flag("o", "private"), "marked as such");
	open_with("{\"include_private\": true}");
	HarnessRunText(h, private_events);
	TapEqual(h->nlistings, 6, "include_private takes them");
}

static void
test_answers(void)
{
	static const char request[] = CALENDAR("METHOD:REQUEST\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\nSEQUENCE:1\r\nSUMMARY:Invited\r\n"));
	static const char counter[] = CALENDAR("METHOD:COUNTER\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\nSEQUENCE:2\r\nSUMMARY:Countered\r\n"));
	char		both[2000];

	take(counter);
	TapEqual(HarnessSkipped(h, "not_an_event"), 1, "a run takes no answer for an event");
	look_at(counter);
	TapOk(h->nlistings == 1 && has_flag("a", "\"answer\":true"), "who looks sees what it says, marked as such");
	snprintf(both, sizeof(both), "%s%s", counter, request);
	look_at(both);
	TapEqual(h->nlistings, 1, "an answer beside the event itself has no say");
	TapSame(h->nlistings == 1 ? HarnessListing(h, "a")->title : NULL, "Invited", "whatever its SEQUENCE");
	take(CALENDAR("METHOD:publish\r\n", EVENT("a", "DTSTART:20270301T190000Z\r\n")));
	TapEqual(h->nlistings, 1, "PUBLISH in any case");
}

/* ---- series in UTC ---- */

static void
test_utc_series(void)
{
	take(CALENDAR(GOOGLE, EVENT("g", "DTSTART:20270306T000000Z\r\nDTEND:20270306T020000Z\r\n"
								"RRULE:FREQ=WEEKLY;UNTIL=20270327T000000Z\r\nEXDATE:20270313T000000Z\r\n")));
	TapOk(HarnessListing(h, "g/20270319T230000Z") != NULL && HarnessListing(h, "g/20270306T000000Z") != NULL,
		  "Google's series in UTC stay at their hour in the calendar's zone");
	TapEqual(h->nlistings, 3, "with UNTIL and EXDATE in UTC");
	take(CALENDAR(GOOGLE, EVENT("g", "DTSTART:20270306T000000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3;BYDAY=FR\r\n")));
	TapOk(h->nlistings == 3 && HarnessListing(h, "g/20270312T000000Z") == NULL &&
		  HarnessListing(h, "g/20270319T230000Z") != NULL, "a day named in the zone is the day there");
	take(CALENDAR(GOOGLE, EVENT("g", "DTSTART:20270306T000000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3;BYDAY=SA\r\n")));
	TapOk(h->nlistings == 3 && HarnessListing(h, "g/20270320T000000Z") != NULL,
		  "a day named in UTC is the day in UTC");
	take(CALENDAR(GOOGLE, EVENT("g", "DTSTART:20270306T000000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE:20280101\r\n")));
	TapOk(HarnessListing(h, "g/20270320T000000Z") != NULL, "a time of another kind: by the letter");
	take(CALENDAR("X-WR-TIMEZONE:America/Toronto\r\n", EVENT("g", "DTSTART:20270306T000000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n")));
	TapOk(HarnessListing(h, "g/20270320T000000Z") != NULL, "other publishers: by the letter");
	take(CALENDAR(GOOGLE, EVENT("g", "DTSTART:20270306T000000Z\r\nDTEND:20270306T020000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n")
				  EVENT("g", "RECURRENCE-ID:20270319T230000Z\r\nDTSTART:20270320T010000Z\r\nSUMMARY:Moved\r\n")));
	TapOk(h->nlistings == 3 && HarnessListing(h, "g/20270319T230000Z") != NULL &&
		  strcmp(HarnessListing(h, "g/20270319T230000Z")->title, "Moved") == 0, "an override finds its occurrence");
	TapSame(HarnessListing(h, "g/20270306T000000Z")->timezone, "America/Toronto", "and the zone is the calendar's");
}

/* ---- places ---- */

static void
test_conferences(void)
{
	const Listing *l;

	take(CALENDAR("", EVENT("a", "DTSTART:20270301T190000Z\r\nCONFERENCE;VALUE=URI;FEATURE=VIDEO,AUDIO;LABEL=\"Join: here\":https://meet.example/a\r\n")
				  EVENT("b", "DTSTART:20270301T190000Z\r\nURL:https://example.org/b\r\nLOCATION:Salle B\r\n"
						"X-GOOGLE-CONFERENCE:https://meet.example/b\r\n")
				  EVENT("c", "DTSTART:20270301T190000Z\r\nCONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+1-555\r\n")));
	l = HarnessListing(h, "a");
	TapOk(l->is_online == TRI_TRUE && l->url != NULL && strcmp(l->url, "https://meet.example/a") == 0,
		  "CONFERENCE and no place: online, there");
	l = HarnessListing(h, "b");
	TapOk(l->is_online == TRI_UNKNOWN && strcmp(l->url, "https://example.org/b") == 0 &&
		  has_flag("b", "\"conference_url\":\"https://meet.example/b\""), "beside a place it is one more way in");
	TapOk(HarnessListing(h, "c")->is_online == TRI_UNKNOWN, "a telephone number is no place");
}

/* ---- what a body proves ---- */

static void
test_bodies(void)
{
	take(CALENDAR("", ""));
	TapOk(h->page_ok && h->page.is_empty && !h->page.incomplete, "an empty calendar says that it is");
	take(CALENDAR("", EVENT("a", "DTSTART:20200301T190000Z\r\n")));
	TapOk(h->page_ok && !h->page.is_empty, "one with past events is not empty");
	take("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:open\r\nDTSTART:20270301T190000Z\r\n"
		 EVENT("a", "DTSTART:20270301T190000Z\r\n") "END:VCALENDAR\r\n");
	TapOk(h->nlistings == 1 && h->page.incomplete, "an event without END: the body is not the whole truth");
	take("BEGIN:VCALENDAR\r\n" EVENT("a", "DTSTART:20270301T190000Z\r\n") "BEGIN:VEVENT\r\nUID:b\r\nDTST");
	TapOk(h->nlistings == 1 && h->page.incomplete && h->nwarnings == 1, "cut off: likewise, and told once");
	take(CALENDAR("", "END:VALARM\r\n" EVENT("a", "DTSTART:20270301T190000Z\r\nEND:VTODO\r\nSUMMARY:Whole\r\n")));
	TapOk(h->nlistings == 1 && !h->page.incomplete && h->nwarnings == 1 &&
		  strcmp(HarnessListing(h, "a")->title, "Whole") == 0, "an END of nothing is passed over, and told");
	take("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Someone\r\nEND:VCARD\r\n");
	TapOk(!h->page_ok, "a business card is no empty calendar");
	TapSame(h->problem.message, "the body is not a calendar", "and is told so");
	take("BEGIN:EVENTS\r\n" EVENT("a", "DTSTART:20270301\r\n") "END:EVENTS\r\n");
	TapOk(h->page_ok && h->nlistings == 1, "events in something of the publisher's own are events");
}

int
main(void)
{
	test_dated_uids();
	test_titles();
	test_mixed_ends();
	test_going_on();
	test_private();
	test_answers();
	test_utc_series();
	test_conferences();
	test_bodies();
	HarnessClose(h);
	return TapDone();
}
