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


/* ---- the body ---- */

static void
test_beginnings(void)
{
	take("\xEF\xBB\xBF \r\n\tbegin:vcalendar\nBEGIN:vevent\nuid:b\ndtstart:20270301T190000Z\nsummary:x\nend:vevent\nend:vcalendar\n");
	TapOk(h->page_ok && h->nlistings == 1, "BOM, white space and any case before BEGIN:VCALENDAR");

	open_with("{}");
	h->content_type = "text/html";
	HarnessRunText(h, "<!DOCTYPE html><title>Sign in</title>");
	TapOk(!h->page_ok && h->problem.error_class == ERROR_CLASS_PARSE, "HTML with status 200 is refused");
	TapSame(h->problem.message, "the body is a web page, not a calendar", "and called by its name");
	TapOk(strstr(h->problem.detail, "<!DOCTYPE html>") != NULL && strstr(h->problem.detail, "text/html") != NULL,
		  "with its first bytes and content type");
	take("{\"errors\":[]}");
	TapOk(!h->page_ok, "JSON is no calendar");
	take("");
	TapOk(!h->page_ok, "nothing is no calendar");
	take(HEAD TAIL);
	TapOk(h->page_ok && h->nitems == 0 && !h->page.incomplete, "an empty calendar is fine");
	take(HEAD "BEGIN:VTODO\r\nUID:t\r\nDTSTART:20270301T000000Z\r\nEND:VTODO\r\nBEGIN:VFREEBUSY\r\nEND:VFREEBUSY\r\n" TAIL);
	TapOk(h->page_ok && h->nitems == 0, "tasks and busy times are no events");
}

static void
test_truncated(void)
{
	take(HEAD EVENT("whole", "DTSTART:20270301T190000Z\r\nSUMMARY:whole\r\n")
		 "BEGIN:VEVENT\r\nUID:cut\r\nDTSTART:20270302T190000Z\r\nSUMM");
	TapOk(h->page_ok && h->nlistings == 1, "of a truncated body the complete components are kept");
	TapOk(h->page.incomplete && h->nwarnings > 0, "and it is told that it is not complete");
	take(HEAD EVENT("a", "DTSTART:20270301T190000Z\r\n") "END:VCALENDAR");
	TapOk(!h->page.incomplete, "no line end at the very end is no truncation");
	take(HEAD "BEGIN:VEVENT\r\nUID:lost\r\nDTSTART:20270302T190000Z\r\n"
		 EVENT("kept", "DTSTART:20270301T190000Z\r\n") TAIL);
	TapOk(h->nlistings == 1 && HarnessListing(h, "kept") != NULL && h->nwarnings == 1,
		  "an event without END:VEVENT takes only itself away");
}

static void
test_lines(void)
{
	take("BEGIN:VCALENDAR\nBEGIN:VEVENT\r\nUI\n D:fold\r\n ed\n\nthis is no line\n\n"
		 "DTSTART:20270301T\n\t190000Z\nSUMMARY:Caf\xC3\r\n \xA9 du\n\n  Nord\nEND:VEVENT\nEND:VCALENDAR");
	TapOk(HarnessListing(h, "folded") != NULL, "names and ids folded, blank lines, a line without a colon");
	TapSame(h->nlistings == 1 ? h->items[0].listing.title : NULL, "Café du Nord",
			"a fold inside a character and one by a tab");
	take(HEAD EVENT("w", "DTSTART:20270301T190000Z\r\nSUMMARY:Caf\xE9 \x80 5\r\nLOCATION:Été\r\n") TAIL);
	TapSame(h->items[0].listing.title, "Café € 5", "what is not UTF-8 is windows-1252");
	TapSame(h->items[0].listing.venue_name, "Été", "line by line");
	take(HEAD EVENT("c", "DTSTART:20270301T190000Z\r\nSUMMARY:a\x01" "b\r\n") TAIL);
	TapSame(h->items[0].listing.title, "ab", "control characters are dropped");
	open_with("{}");
	HarnessRun(h, HEAD "BEGIN:VEVENT\r\nUID:n\0ul\r\nDTSTART:20270301T190000Z\r\nSUMMARY:a\0b\r\nEND:VEVENT\r\n" TAIL,
			   sizeof(HEAD "BEGIN:VEVENT\r\nUID:n\0ul\r\nDTSTART:20270301T190000Z\r\nSUMMARY:a\0b\r\nEND:VEVENT\r\n" TAIL) - 1);
	TapOk(h->nlistings == 1 && strcmp(h->items[0].listing.title, "ab") == 0 &&
		  HarnessListing(h, "nul") != NULL, "NUL does not end the text");
	take(HEAD EVENT("alarm", "DTSTART:20270301T190000Z\r\nSUMMARY:Event\r\n"
					"BEGIN:VALARM\r\nUID:other\r\nDESCRIPTION:Reminder\r\nDURATION:PT1H\r\nSUMMARY:Alarm\r\nEND:VALARM\r\n") TAIL);
	TapOk(h->nlistings == 1 && h->items[0].listing.description == NULL &&
		  h->items[0].listing.ends_at == FEED_TIME_UNKNOWN && HarnessListing(h, "alarm") != NULL,
		  "an alarm's properties are not the event's");
	take(HEAD EVENT("1", "DTSTART:20270301T190000Z\r\n") TAIL HEAD EVENT("2", "DTSTART:20270302T190000Z\r\n") TAIL);
	TapEqual(h->nlistings, 2, "several calendars in one body");
}

static void
test_chunks(void)
{
	static const char text[] = HEAD
		EVENT("a", "DTSTART;TZID=America/Toronto:20270301T190000\r\nSUMMARY:A\r\n b\r\n")
		EVENT("s", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
		EVENT("s", "RECURRENCE-ID:20270302T190000Z\r\nDTSTART:20270302T200000Z\r\n") TAIL;
	bool		same = true;

	open_with("{}");
	for (size_t chunk = 1; chunk < 100; chunk++)
	{
		HarnessRunChunked(h, text, sizeof(text) - 1, chunk);
		same = same && h->nlistings == 4 && HarnessListing(h, "s/20270302T190000Z") != NULL;
	}
	TapOk(same, "through a reader of any chunk size the same comes out");
}

/* ---- ids ---- */

static void
test_ids(void)
{
	char		id[64];

	take(HEAD "BEGIN:VEVENT\r\nDTSTART:20270301T190000Z\r\nSUMMARY:No UID\r\nEND:VEVENT\r\n" TAIL);
	snprintf(id, sizeof(id), "%s", h->items[0].listing.source_id);
	take(HEAD EVENT("other", "DTSTART:20270401T190000Z\r\n")
		 "BEGIN:VEVENT\r\nDTSTAMP:20270101T000000Z\r\nSUMMARY:No UID\r\nDTSTART:20270301T190000Z\r\nEND:VEVENT\r\n" TAIL);
	TapOk(HarnessListing(h, id) != NULL, "an event without UID has the same id wherever it stands");

	take(HEAD EVENT("d", "SEQUENCE:2\r\nDTSTART:20270301T190000Z\r\nSUMMARY:new\r\n")
		 EVENT("d", "SEQUENCE:1\r\nDTSTART:20270301T190000Z\r\nSUMMARY:old\r\n") TAIL);
	TapOk(h->nlistings == 1 && strcmp(HarnessListing(h, "d")->title, "new") == 0 &&
		  HarnessSkipped(h, "duplicate_in_feed") == 1, "of two with one UID the higher SEQUENCE stays");
	take(HEAD EVENT("d", "LAST-MODIFIED:20270102T000000Z\r\nDTSTART:20270301T190000Z\r\nSUMMARY:new\r\n")
		 EVENT("d", "LAST-MODIFIED:20270101T000000Z\r\nDTSTART:20270301T190000Z\r\nSUMMARY:old\r\n") TAIL);
	TapSame(h->nlistings == 1 ? HarnessListing(h, "d")->title : NULL, "new", "then the later LAST-MODIFIED");
	take(HEAD EVENT("d", "DTSTART:20270301T190000Z\r\nSUMMARY:first\r\n")
		 EVENT("d", "DTSTART:20270301T190000Z\r\nSUMMARY:last\r\n") TAIL);
	TapSame(h->nlistings == 1 ? HarnessListing(h, "d")->title : NULL, "last", "then the last");
	take(HEAD EVENT("d", "DTSTART:20270301T190000Z\r\n") EVENT("d", "DTSTART:20270308T190000Z\r\n") TAIL);
	TapOk(h->nlistings == 2 && HarnessListing(h, "d/20270301T190000Z") != NULL &&
		  HarnessListing(h, "d/20270308T190000Z") != NULL, "one UID at different times are different events");
}

/* ---- times ---- */

static void
test_ends(void)
{
	take(HEAD EVENT("equal", "DTSTART:20270301T190000Z\r\nDTEND:20270301T190000Z\r\n")
		 EVENT("before", "DTSTART:20270301T190000Z\r\nDTEND:20270301T180000Z\r\n")
		 EVENT("negative", "DTSTART:20270301T190000Z\r\nDURATION:-PT1H\r\n")
		 EVENT("absurd", "DTSTART:20270301T190000Z\r\nDURATION:P99999999999999999999D\r\n")
		 EVENT("day", "DTSTART:20270301T190000Z\r\nDURATION:P1DT2H\r\n")
		 EVENT("zones", "DTSTART;TZID=America/Toronto:20270301T190000\r\nDTEND;TZID=Europe/Paris:20270302T030000\r\n") TAIL);
	TapEqual(HarnessListing(h, "equal")->ends_at, FEED_TIME_UNKNOWN, "DTEND equal to DTSTART says nothing");
	TapEqual(HarnessListing(h, "before")->ends_at, FEED_TIME_UNKNOWN, "DTEND before DTSTART is ignored");
	TapEqual(HarnessListing(h, "negative")->ends_at, FEED_TIME_UNKNOWN, "a negative DURATION is ignored");
	TapEqual(HarnessListing(h, "absurd")->ends_at, FEED_TIME_UNKNOWN, "an absurd DURATION is ignored");
	TapSame(show(HarnessListing(h, "day")->ends_at), "2027-03-02T21:00:00Z", "DURATION");
	TapSame(show(HarnessListing(h, "zones")->ends_at), "2027-03-02T02:00:00Z", "start and end in different zones");
}

static void
test_all_day(void)
{
	const Listing *l;

	take(HEAD EVENT("one", "DTSTART;VALUE=DATE:20270301\r\n")
		 EVENT("three", "DTSTART:20270301\r\nDTEND:20270304\r\n")
		 EVENT("exchange", "DTSTART;TZID=Eastern Standard Time:20270301T000000\r\nDTEND;TZID=Eastern Standard Time:20270302T000000\r\n"
			   "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n") TAIL);
	l = HarnessListing(h, "one");
	TapOk(l->all_day && l->start_precision == PRECISION_DAY && l->starts_at == INT64_C(1803877200) &&
		  l->ends_at - l->starts_at == 86400, "a date is a whole day, from local midnight");
	TapOk(strcmp(l->timezone, "America/Toronto") == 0, "in the source's zone");
	l = HarnessListing(h, "three");
	TapOk(l->all_day && l->ends_at - l->starts_at == 3 * 86400, "a date without VALUE=DATE; its end is exclusive");
	TapOk(HarnessListing(h, "exchange")->all_day, "Exchange's midnight to midnight is all day");
}

static void
test_floating(void)
{
	static const char text[] = "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Europe/Paris\r\n"
		EVENT("f", "DTSTART:20270301T190000\r\n") EVENT("z", "DTSTART:20270301T190000Z\r\n") TAIL;

	take(text);
	TapSame(show(HarnessListing(h, "f")->starts_at), "2027-03-02T00:00:00Z", "a floating time is the source's");
	TapSame(HarnessListing(h, "z")->timezone, "Europe/Paris", "UTC is shown in X-WR-TIMEZONE");
	open_with("{\"default_timezone\": \"Asia/Tokyo\"}");
	HarnessRunText(h, text);
	TapSame(show(HarnessListing(h, "f")->starts_at), "2027-03-01T10:00:00Z", "or the configured one's, first of all");
	open_with("{}");
	h->feed.default_timezone = NULL;
	HarnessRunText(h, text);
	TapSame(show(HarnessListing(h, "f")->starts_at), "2027-03-01T18:00:00Z", "else X-WR-TIMEZONE's");
	open_with("{}");
	h->feed.default_timezone = NULL;
	HarnessRunText(h, HEAD EVENT("f", "DTSTART:20270301T190000\r\n") TAIL);
	TapOk(h->nwarnings == 1, "never silently UTC");
}

#define CUSTOM(tzid) "BEGIN:VTIMEZONE\r\nTZID:" tzid "\r\n" \
	"BEGIN:STANDARD\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0200\r\n" \
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n" \
	"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0300\r\n" \
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

static void
test_zones(void)
{
	take(HEAD CUSTOM("Customized Time Zone") CUSTOM("America/Toronto") CUSTOM("A, B")
		 EVENT("winter", "DTSTART;TZID=Customized Time Zone:20270301T190000\r\n")
		 EVENT("summer", "DTSTART;TZID=Customized Time Zone:20270701T190000\r\n")
		 EVENT("known", "DTSTART;TZID=America/Toronto:20270301T190000\r\n")
		 EVENT("comma", "DTSTART;TZID=\"A, B\":20270301T190000\r\n")
		 EVENT("windows", "DTSTART;TZID=Romance Standard Time:20270301T190000\r\n")
		 EVENT("unknown", "DTSTART;TZID=Middle Earth:20270301T190000\r\n")
		 EVENT("both", "DTSTART;TZID=Europe/Paris:20270301T190000Z\r\n") TAIL);
	TapSame(show(HarnessListing(h, "winter")->starts_at), "2027-03-01T17:00:00Z", "a custom VTIMEZONE in winter");
	TapSame(show(HarnessListing(h, "summer")->starts_at), "2027-07-01T16:00:00Z", "and in summer");
	TapSame(show(HarnessListing(h, "known")->starts_at), "2027-03-02T00:00:00Z", "a known name beats the VTIMEZONE");
	TapSame(show(HarnessListing(h, "comma")->starts_at), "2027-03-01T17:00:00Z", "a quoted TZID with a comma");
	TapSame(show(HarnessListing(h, "windows")->starts_at), "2027-03-01T18:00:00Z", "a Windows name without VTIMEZONE");
	TapSame(show(HarnessListing(h, "unknown")->starts_at), "2027-03-02T00:00:00Z", "an unknown one is the default's");
	TapOk(h->nwarnings == 1 && strstr(h->warnings, "Middle Earth") != NULL, "with a warning");
	TapSame(show(HarnessListing(h, "both")->starts_at), "2027-03-01T19:00:00Z", "Z beats TZID");
}

/* ---- series ---- */

static void
test_exclusions(void)
{
	take(HEAD EVENT("utc", "DTSTART;TZID=America/Toronto:20270305T190000\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20270307T000000Z\r\n")
		 EVENT("date", "DTSTART;TZID=America/Toronto:20270305T190000\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXDATE;VALUE=DATE:20270306,20270307\r\n")
		 EVENT("bare", "DTSTART;TZID=America/Toronto:20270305T190000\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20270306T190000\r\n")
		 EVENT("day", "DTSTART;VALUE=DATE:20270305\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20270306T000000Z\r\n") TAIL);
	TapOk(HarnessListing(h, "utc/20270307T000000Z") == NULL && HarnessListing(h, "utc/20270308T000000Z") != NULL,
		  "EXDATE in UTC");
	TapOk(HarnessListing(h, "date/20270307T000000Z") == NULL && HarnessListing(h, "date/20270308T000000Z") == NULL &&
		  HarnessListing(h, "date/20270309T000000Z") != NULL && HarnessListing(h, "date/20270306T000000Z") != NULL,
		  "EXDATE of dates against times takes those days");
	TapOk(HarnessListing(h, "bare/20270307T000000Z") == NULL, "EXDATE without a zone is in the event's");
	TapOk(HarnessListing(h, "day/20270306") == NULL && HarnessListing(h, "day/20270307") != NULL,
		  "EXDATE of times against dates");
}

static void
test_exrule(void)
{
	take(HEAD EVENT("x", "DTSTART;TZID=America/Toronto:20270305T190000\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
					"EXRULE:FREQ=DAILY;INTERVAL=2\r\n") TAIL);
	TapOk(h->nlistings == 2 && HarnessListing(h, "x/20270306T000000Z") == NULL && HarnessListing(h, "x/20270307T000000Z") != NULL,
		  "EXRULE, obsolete as it is, takes out its days");
}

/* Each is read by what stands in itself */
static void
test_several_calendars(void)
{
	take("BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Europe/Paris\r\n" EVENT("a", "DTSTART:20270301T190000Z\r\n") TAIL
		 "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Asia/Tokyo\r\n" EVENT("b", "DTSTART:20270301T190000Z\r\n") TAIL);
	TapEqual(h->nlistings, 2, "several calendars in one body");
	TapSame(HarnessListing(h, "a")->timezone, "Europe/Paris", "  the first one's zone");
	TapSame(HarnessListing(h, "b")->timezone, "Asia/Tokyo", "  and the second one's");
}

static void
test_rdate(void)
{
	take(HEAD EVENT("r", "DTSTART;TZID=America/Toronto:20270305T190000\r\nDURATION:PT1H\r\n"
					"RDATE;TZID=America/Toronto:20270306T190000\r\n"
					"RDATE;TZID=America/Toronto;VALUE=PERIOD:20270307T120000/PT3H,20270308T120000/20270308T170000\r\n") TAIL);
	TapEqual(h->nlistings, 4, "RDATE without a rule makes a series");
	TapOk(HarnessListing(h, "r/20270307T000000Z") != NULL, "RDATE with TZID");
	TapSame(show(HarnessListing(h, "r/20270307T170000Z")->ends_at), "2027-03-07T20:00:00Z", "RDATE PERIOD with a duration");
	TapSame(show(HarnessListing(h, "r/20270308T170000Z")->ends_at), "2027-03-08T22:00:00Z", "RDATE PERIOD with an end");
}

static void
test_overrides(void)
{
	static const char override[] = EVENT("o", "RECURRENCE-ID;TZID=America/Toronto:20270306T190000\r\n"
										 "DTSTART;TZID=America/Toronto:20270306T200000\r\nSUMMARY:later\r\n");
	static const char master[] = EVENT("o", "DTSTART;TZID=America/Toronto:20270305T190000\r\nSUMMARY:as always\r\n"
									   "RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE;TZID=America/Toronto:20270306T190000\r\n");
	char		text[2000];

	snprintf(text, sizeof(text), HEAD "%s%s" TAIL, override, master);
	take(text);
	TapOk(h->nlistings == 3 && strcmp(HarnessListing(h, "o/20270307T000000Z")->title, "later") == 0,
		  "an override before its master, of a date that EXDATE takes away");
	snprintf(text, sizeof(text), HEAD "%s" TAIL, override);
	take(text);
	TapOk(h->nlistings == 1 && HarnessListing(h, "o/20270307T000000Z") != NULL, "an override without a master is an event");
	take(HEAD EVENT("m", "DTSTART:20261201T190000Z\r\nRRULE:FREQ=MONTHLY\r\n")
		 EVENT("m", "RECURRENCE-ID:20261201T190000Z\r\nDTSTART:20270115T190000Z\r\nSUMMARY:moved in\r\n")
		 EVENT("m", "RECURRENCE-ID:20270201T190000Z\r\nDTSTART:20260215T190000Z\r\nSUMMARY:moved out\r\n") TAIL);
	TapOk(HarnessListing(h, "m/20261201T190000Z") != NULL, "an override moved into the window");
	TapOk(HarnessListing(h, "m/20270201T190000Z") == NULL && HarnessListing(h, "m/20270301T190000Z") != NULL,
		  "and one moved out of it");
	take(HEAD EVENT("f", "DTSTART;TZID=America/Toronto:20270301T190000\r\nDURATION:PT1H\r\nSUMMARY:before\r\nRRULE:FREQ=DAILY;COUNT=4\r\n")
		 EVENT("f", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=America/Toronto:20270303T190000\r\n"
			   "DTSTART;TZID=America/Toronto:20270303T200000\r\nDURATION:PT2H\r\nSUMMARY:after\r\n") TAIL);
	TapOk(h->nlistings == 4 && strcmp(HarnessListing(h, "f/20270305T000000Z")->title, "after") == 0, "THISANDFUTURE: the texts");
	TapSame(show(HarnessListing(h, "f/20270305T000000Z")->starts_at), "2027-03-05T01:00:00Z", "THISANDFUTURE: the shift");
	TapSame(show(HarnessListing(h, "f/20270305T000000Z")->ends_at), "2027-03-05T03:00:00Z", "THISANDFUTURE: the duration");
}

static void
test_rules(void)
{
	take(HEAD EVENT("utc", "DTSTART;TZID=America/Toronto:20270301T190000\r\nRRULE:FREQ=DAILY;UNTIL=20270304T000000Z\r\n")
		 EVENT("local", "DTSTART;TZID=America/Toronto:20270301T190000\r\nRRULE:FREQ=DAILY;UNTIL=20270303T190000\r\n")
		 EVENT("date", "DTSTART;TZID=America/Toronto:20270301T190000\r\nRRULE:FREQ=DAILY;UNTIL=20270303;\r\n")
		 EVENT("days", "DTSTART;VALUE=DATE:20270301\r\nRRULE:FREQ=DAILY;UNTIL=20270303T000000Z\r\n") TAIL);
	TapOk(h->nlistings == 12 && HarnessListing(h, "utc/20270304T000000Z") != NULL &&
		  HarnessListing(h, "local/20270304T000000Z") != NULL && HarnessListing(h, "date/20270304T000000Z") != NULL &&
		  HarnessListing(h, "days/20270303") != NULL, "UNTIL in UTC, local, as a date, and as a time against dates");
	take(HEAD EVENT("bad", "DTSTART:20270301T190000Z\r\nRRULE:AnythingRandom\r\n") EVENT("good", "DTSTART:20270301T190000Z\r\n") TAIL);
	TapOk(h->nlistings == 2 && h->nwarnings == 1, "a bad rule leaves a single event and a warning, and its neighbours");
	take(HEAD EVENT("out", "DTSTART:20270302T190000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2\r\n") TAIL);
	TapOk(HarnessListing(h, "out/20270302T190000Z") != NULL &&
		  strstr(HarnessListing(h, "out/20270302T190000Z")->attributes, "outside_rule") != NULL,
		  "DTSTART outside of its rule counts, flagged");
	take(HEAD EVENT("cap", "DTSTART:20270101T000000Z\r\nRRULE:FREQ=HOURLY\r\n") TAIL);
	TapOk(h->nlistings == 2000 && HarnessSkipped(h, "capped") == 1 && h->nwarnings == 1, "a series is capped, and told");
	take(HEAD EVENT("old", "DTSTART:20100101T000000Z\r\nRRULE:FREQ=DAILY;UNTIL=20110101T000000Z\r\n") TAIL);
	TapOk(h->nlistings == 0 && HarnessSkipped(h, "past") == 1, "a series that has ended is one skipped record");
	open_with("{\"expand\": false}");
	HarnessRunText(h, HEAD EVENT("w", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=WEEKLY\r\n") TAIL);
	TapOk(h->nlistings == 1 && HarnessListing(h, "w") != NULL, "expand false: one listing a series");
}

static void
test_clock_changes(void)
{
	take(HEAD EVENT("gap", "DTSTART;TZID=America/Toronto:20270313T023000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
		 EVENT("night", "DTSTART;TZID=America/Toronto:20271106T013000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n") TAIL);
	TapOk(HarnessListing(h, "gap/20270314T073000Z") != NULL && HarnessListing(h, "gap/20270315T063000Z") != NULL,
		  "an occurrence in the gap is held by the offset before it, the next at its time again");
	TapOk(HarnessListing(h, "night/20271107T053000Z") != NULL && HarnessListing(h, "night/20271108T063000Z") != NULL,
		  "of a repeated hour the first");
}

/* ---- what libical must not be trusted with ---- */

static void
test_dangers(void)
{
	char	   *big;
	size_t		length = 0;

	take(HEAD EVENT("weekno", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=YEARLY;BYWEEKNO=50\r\n") TAIL);
	TapOk(h->page_ok, "danger 1: BYWEEKNO without BYDAY");
	take(HEAD EVENT("never", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n")
		 EVENT("late", "DTSTART:20270101T190000Z\r\nRRULE:FREQ=SECONDLY;BYMONTH=12\r\n") TAIL);
	TapOk(h->page_ok && h->nitems > 0, "danger 4: rules that never match, or late");
	take(HEAD "BEGIN:VTIMEZONE\r\nTZID:Evil\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\n"
		 "TZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		 EVENT("e", "DTSTART;TZID=Evil:20270301T190000\r\n") TAIL);
	TapOk(h->nlistings == 1, "danger 5: a VTIMEZONE that changes every second");
	take(HEAD EVENT("feb", "DTSTART:20270230T190000Z\r\n") EVENT("good", "DTSTART:20270301T190000Z\r\n") TAIL);
	TapOk(h->nrefused == 1 && h->nlistings == 1 && h->items[0].record.raw != NULL,
		  "danger 12: 30 February is refused, not made 2 March");
	TapSame(h->items[0].record.problem.message, "DTSTART is not a date or time that exists", "and said so");
	take(HEAD EVENT("none", "SUMMARY:no start\r\n") TAIL);
	TapOk(HarnessSkipped(h, "not_an_event") == 1, "without DTSTART it is no event");

	big = malloc(34 * 1024 * 1024);
	length = sprintf(big, HEAD "BEGIN:VEVENT\r\nUID:exdates\r\nDTSTART:20270101T120000Z\r\nRRULE:FREQ=HOURLY;COUNT=1000\r\nEXDATE:");
	for (int i = 0; i < 900; i++)
		length += sprintf(big + length, "%s202701%02dT%02d0000Z", i > 0 ? "," : "", 1 + (12 + i) / 24, (12 + i) % 24);
	length += sprintf(big + length, "\r\nEND:VEVENT\r\n" TAIL);
	open_with("{}");
	HarnessRun(h, big, length);
	/* January ends at hour 732: what the list says of it is all gone */
	TapOk(HarnessListing(h, "exdates/20270125T120000Z") == NULL && HarnessListing(h, "exdates/20270201T130000Z") != NULL,
		  "danger 7: more than 500 values of one EXDATE");

	length = sprintf(big, HEAD "BEGIN:VEVENT\r\nUID:long\r\nDTSTART:20270301T190000Z\r\nSUMMARY:Long\r\nDESCRIPTION:");
	memset(big + length, 'x', 30 * 1024 * 1024);
	length += 30 * 1024 * 1024;
	length += sprintf(big + length, "\r\nEND:VEVENT\r\n" EVENT("next", "DTSTART:20270301T190000Z\r\n") TAIL);
	open_with("{}");
	HarnessRunChunked(h, big, length, 65536);
	TapOk(h->nrefused == 1 && HarnessListing(h, "next") != NULL, "danger 5: a line of 30 MB");
	length = sprintf(big, HEAD "BEGIN:VEVENT\r\nUID:long\r\nDTSTART:20270301T190000Z\r\nSUMMARY:Long\r\nDESCRIPTION:");
	memset(big + length, 'x', 5 * 1024 * 1024);
	length += 5 * 1024 * 1024;
	length += sprintf(big + length, "\r\nEND:VEVENT\r\n" TAIL);
	open_with("{}");
	HarnessRunChunked(h, big, length, 65536);
	TapOk(h->nlistings == 1 && strlen(h->items[0].listing.description) == 256 * 1024, "and one of 5 MB is cut for the parser");

	length = sprintf(big, HEAD);
	for (int i = 0; i < 5000; i++)
		length += sprintf(big + length, "BEGIN:VTIMEZONE\r\nTZID:z%d\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
						  "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=HOURLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
						  EVENT("z%d", "DTSTART;TZID=z%d:20270201T000000\r\n"), i, i, i);
	length += sprintf(big + length, TAIL);
	open_with("{}");
	h->keep_items = false;
	HarnessRun(h, big, length);
	TapOk(h->nlistings == 5000 && ArenaSize(h->feed.arena) < 20 * 1024 * 1024, "thousands of custom zones");

	length = sprintf(big, HEAD "BEGIN:VEVENT\r\nUID:params\r\nDTSTART:20270301T190000Z\r\nSUMMARY");
	for (int i = 0; i < 5000; i++)
		length += sprintf(big + length, ";X-P%d=v", i);
	length += sprintf(big + length, ":Params\r\nEND:VEVENT\r\n" TAIL);
	open_with("{}");
	HarnessRun(h, big, length);
	TapSame(h->nlistings == 1 ? h->items[0].listing.title : NULL, "Params", "danger 7: thousands of parameters");
	free(big);
}

/* ---- what a listing says ---- */

static void
test_fields(void)
{
	take(HEAD EVENT("a", "DTSTART:20270301T190000Z\r\nSUMMARY;LANGUAGE=fr-CA:Fête &amp; feu\r\nGEO:0;0\r\n"
					"LOCATION:https://zoom.us/j/1\r\nDESCRIPTION:<p>One</p><p>Two &eacute;</p>\r\nSTATUS:cancelled\r\n"
					"ATTACH;FMTTYPE=image/png:https://example.org/a\r\n")
		 EVENT("b", "DTSTART:20270301T190000Z\r\nDESCRIPTION:plain\r\nX-ALT-DESC;FMTTYPE=text/html:<b>rich</b>\r\n"
			   "LOCATION:Online\r\nSTATUS:TENTATIVE\r\nIMAGE;VALUE=URI:https://example.org/b.png\r\n")
		 EVENT("p", "DTSTART:20270301T190000Z\r\nCLASS:Private\r\n") EVENT("q", "DTSTART:20270301T190000Z\r\nCLASS:CONFIDENTIAL\r\n") TAIL);
	TapSame(HarnessListing(h, "a")->title, "Fête & feu", "entities in a title");
	TapSame(HarnessListing(h, "a")->language, "fr-CA", "LANGUAGE");
	TapOk(isnan(HarnessListing(h, "a")->latitude), "GEO 0;0 is nowhere");
	TapOk(HarnessListing(h, "a")->is_online == TRI_TRUE && HarnessListing(h, "a")->venue_name == NULL, "LOCATION that is a link");
	TapSame(HarnessListing(h, "a")->description, "One\n\nTwo é", "HTML in DESCRIPTION");
	TapEqual(HarnessListing(h, "a")->status, STATUS_CANCELLED, "STATUS in any case");
	TapSame(HarnessListing(h, "a")->image_url, "https://example.org/a", "ATTACH of an image");
	TapSame(HarnessListing(h, "b")->description, "rich", "X-ALT-DESC is preferred");
	TapEqual(HarnessListing(h, "b")->is_online, TRI_TRUE, "LOCATION that says online");
	TapEqual(HarnessListing(h, "b")->status, STATUS_SCHEDULED, "TENTATIVE stays scheduled");
	TapSame(HarnessListing(h, "b")->image_url, "https://example.org/b.png", "IMAGE");
	TapEqual(HarnessSkipped(h, "private"), 2, "CLASS PRIVATE and CONFIDENTIAL are skipped");
	take("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nX-WR-CALNAME:Club\r\n" EVENT("c", "DTSTART:20270301T190000Z\r\n") TAIL);
	TapEqual(HarnessListing(h, "c")->status, STATUS_CANCELLED, "METHOD:CANCEL cancels all");
	TapSame(HarnessListing(h, "c")->title, "Club", "without SUMMARY the calendar's name must do");
	take("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" EVENT("c", "DTSTART:20270301T190000Z\r\n") TAIL);
	TapEqual(HarnessSkipped(h, "not_an_event"), 1, "METHOD:REPLY announces nothing");
	take("BEGIN:VCALENDAR\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT30M\r\n" TAIL);
	TapEqual(h->page.refresh_seconds, 3600, "REFRESH-INTERVAL");
	take("BEGIN:VCALENDAR\r\nX-PUBLISHED-TTL:PT1S\r\n" TAIL);
	TapEqual(h->page.refresh_seconds, 900, "X-PUBLISHED-TTL is clamped");
	take("BEGIN:VCALENDAR\r\nX-PUBLISHED-TTL:P30D\r\n" TAIL);
	TapEqual(h->page.refresh_seconds, 86400, "at both ends");
}

/* One LOCATION as venue|address|city|region|postal code */
static void
test_place(const char *location, const char *expected)
{
	char		text[1000];
	const Listing *l;

	snprintf(text, sizeof(text), HEAD EVENT("p", "DTSTART:20270301T190000Z\r\nLOCATION:%s\r\n") TAIL, location);
	take(text);
	l = &h->items[0].listing;
	snprintf(text, sizeof(text), "%s|%s|%s|%s|%s", l->venue_name ? l->venue_name : "", l->address ? l->address : "",
			 l->city ? l->city : "", l->region ? l->region : "", l->postal_code ? l->postal_code : "");
	TapSame(text, expected, location);
}

static void
test_places(void)
{
	test_place("Café du Nord", "Café du Nord||||");
	test_place("Café du Nord\\, 12 rue X\\, Montréal\\, QC H2X 1Y4", "Café du Nord|12 rue X|Montréal|QC|H2X 1Y4");
	test_place("Salle A\\n12 rue X\\nMontréal\\, Québec  h2x1y4\\nCanada", "Salle A|12 rue X|Montréal|QC|H2X 1Y4");
	test_place("12 rue X\\, Montréal\\, QC\\, H2X 1Y4", "|12 rue X|Montréal|QC|H2X 1Y4");
	test_place("Montréal\\, QC\\, Canada", "||Montréal|QC|");
	test_place("Montréal\\, Québec", "||Montréal|QC|");
	test_place("Québec\\, QC", "||Québec|QC|");
	test_place("Montréal (Québec)", "||Montréal|QC|");
	test_place("Salle A\\, 12 rue X\\, Montréal (Québec) H2X 1Y4\\, Canada", "Salle A|12 rue X|Montréal|QC|H2X 1Y4");
	test_place("12 rue X (Québec)", "|12 rue X (Québec)||QC|");
	test_place("(Québec)", "(Québec)||||");
	test_place("Salle (bleue)", "Salle (bleue)||||");
	test_place("Canada", "||||");
	test_place("QC", "QC||||");
	test_place("Laval\\, QC H7N 1A1", "||Laval|QC|H7N 1A1");
	test_place("QC\\, Canada", "|||QC|");
	test_place("12 rue X\\, QC\\, Canada", "|12 rue X||QC|");
	test_place("Bar\\, Main St\\, Springfield\\, ON", "Bar|Main St|Springfield|ON|");
	test_place("Amsterdam\\, NL", "Amsterdam|NL|||");
	test_place("Olympic Stadium\\, Canada", "Olympic Stadium|Canada|||");
	test_place("A\\,B\\,C\\,D\\,E\\,F\\,G\\,H\\,I\\,J\\,K\\,L\\,M\\,N", "A|B,C,D,E,F,G,H,I,J,K,L,M,N|||");
	test_place(" \\, \\,\\n", "||||");
}

static void
test_window(void)
{
	take(HEAD EVENT("past", "DTSTART:20260301T190000Z\r\n") EVENT("in", "DTSTART:20270301T190000Z\r\n")
		 EVENT("far", "DTSTART:20290301T190000Z\r\n") EVENT("edge", "DTSTART:20270101T000000Z\r\n")
		 EVENT("before", "DTSTART:20261231T235959Z\r\n") EVENT("end", "DTSTART:20280101T000000Z\r\n")
		 EVENT("local", "DTSTART;TZID=America/Toronto:20261231T190000\r\n") TAIL);
	TapOk(h->nlistings == 3 && HarnessListing(h, "edge") != NULL && HarnessListing(h, "local") != NULL,
		  "the window takes its start and leaves its end");
	TapOk(HarnessSkipped(h, "past") == 2 && HarnessSkipped(h, "out_of_horizon") == 2, "what lies outside is counted");
}

static uint64_t
hash_of(const char *text)
{
	take(text);
	return h->nitems > 0 ? h->items[0].record.raw_hash : 0;
}

static void
test_hashes(void)
{
	uint64_t	plain = hash_of(HEAD EVENT("h", "DTSTART:20270301T190000Z\r\nSUMMARY:Concert\r\n") TAIL);

	TapOk(plain == hash_of(HEAD EVENT("h", "DTSTAMP:20270102T000000Z\r\nDTSTART:20270301T190000Z\r\nSUMM\r\n ARY:Concert\r\n"
									  "LAST-MODIFIED:20270102T000000Z\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n") TAIL),
		  "what is written anew at each request does not change the hash");
	TapOk(plain != hash_of(HEAD EVENT("h", "DTSTART:20270301T190000Z\r\nSUMMARY:Concerto\r\n") TAIL), "a title does");
	TapOk(plain != hash_of("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n" EVENT("h", "DTSTART:20270301T190000Z\r\nSUMMARY:Concert\r\n") TAIL),
		  "and so does METHOD:CANCEL");
	TapOk(hash_of(HEAD EVENT("s", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n") TAIL) ==
		  hash_of(HEAD EVENT("s", "DTSTART:20270301T190000Z\r\nRRULE:FREQ=DAILY;COUNT=9\r\nEXDATE:20270302T190000Z\r\n") TAIL),
		  "a longer series leaves its old occurrences unchanged");
}

/* A big calendar through a reader stays small in memory */
static void
test_memory(void)
{
	size_t		room = 24 * 1024 * 1024,
				length;
	char	   *big = malloc(room);
	int			count = 0;

	length = sprintf(big, HEAD);
	for (; length < room - 1000; count++)
		length += sprintf(big + length, EVENT("past-%d", "DTSTART:20200301T190000Z\r\nSUMMARY:Some title that is long enough\r\n"
											  "DESCRIPTION:%0100d\r\n"), count, count);
	length += sprintf(big + length, TAIL);
	open_with("{}");
	h->keep_items = false;
	HarnessRunChunked(h, big, length, 65536);
	TapEqual(h->nskipped, count, "a big calendar of the past is all skipped");
	TapOk(h->largest < 1024 * 1024, "in little memory");
	free(big);
}

static void
test_requests(void)
{
	FeedRequest request;
	Problem		problem = {0};

	open_with("{\"url\": \"webcal://example.org/a.ics\", \"urls\": [\"https://example.org/b.ics\"]}");
	TapOk(!ProblemIsSet(&h->problem) && IcsConnector.next_request(&h->feed, &request, &problem) &&
		  strcmp(request.url, "webcal://example.org/a.ics") == 0 && request.conditional && request.list == 0,
		  "url first, conditional");
	TapOk(IcsConnector.next_request(&h->feed, &request, &problem) && request.list == 1, "then urls");
	TapOk(!IcsConnector.next_request(&h->feed, &request, &problem) && !ProblemIsSet(&problem), "then no more");
	open_with("{}");
	TapOk(!IcsConnector.next_request(&h->feed, &request, &problem) && problem.error_class == ERROR_CLASS_CONFIG,
		  "without an address there is nothing to ask for");
	open_with("{\"urls\": [\"ftp://example.org/\"]}");
	TapOk(ProblemIsSet(&h->problem), "an address of another kind is refused");
}

int
main(void)
{
	test_single_event();
	test_weekly();
	test_beginnings();
	test_truncated();
	test_lines();
	test_chunks();
	test_ids();
	test_ends();
	test_all_day();
	test_floating();
	test_zones();
	test_exclusions();
	test_exrule();
	test_several_calendars();
	test_rdate();
	test_overrides();
	test_rules();
	test_clock_changes();
	test_dangers();
	test_fields();
	test_places();
	test_window();
	test_hashes();
	test_memory();
	test_requests();
	HarnessClose(h);
	return TapDone();
}
