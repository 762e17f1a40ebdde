/*
 * test/unit/ics_masses_test.c
 *
 * One of everything, in masses: a line, a fold, a list, a name, a parameter.
 * Nothing is timed: what is bounded is the memory that one component takes
 * while it is read, as a multiple of its bytes (its text as JSON may be six times
 * as long), and that the host can breathe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ics_internal.h"
#include "feed_harness.h"

#define MB (1024 * 1024)

static Harness *h;
static char *text;
static size_t length;
static size_t most;				/* held at a breath or after a record */
static int	nbreaths;

static void
look(void)
{
	const IcsPage *ics = h->page.state;
	size_t		held = ics != NULL ? ArenaSize(ics->loaded) + ArenaSize(ics->scratch) : 0;

	most = held > most ? held : most;
}

static void
breathe(void)
{
	nbreaths++;
	look();
}

static void
on_item(const Harness *harness, const HarnessItem *item, void *arg)
{
	look();
}

static void
add(const char *more)
{
	size_t		size = strlen(more);

	memcpy(text + length, more, size + 1);
	length += size;
}

/* The same until so many bytes are there */
static void
fill(const char *more, size_t until)
{
	while (length < until)
		add(more);
}

static void
begin(const char *more)
{
	length = 0;
	add("BEGIN:VCALENDAR\r\n");
	add(more);
}

#define BEGIN_EVENT "BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260301T190000Z\r\n"
#define END_EVENT "END:VEVENT\r\n"

/* Take it in the year 2026, from memory or by chunks */
static void
take_how(bool chunked)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"America/Toronto\"}");
	h->feed.window_start = INT64_C(1767225600);
	h->feed.window_end = INT64_C(1798761600);
	h->feed.breathe = breathe;
	h->on_item = on_item;
	most = 0;
	nbreaths = 0;
	if (chunked)
		HarnessRunChunked(h, text, length, 50000);
	else
		HarnessRun(h, text, length);
}

static void
take(void)
{
	add("BEGIN:VEVENT\r\nUID:neighbour\r\nDTSTART:20260301T190000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	take_how(false);
}

static bool
neighbour_is_there(void)
{
	return h->page_ok && HarnessListing(h, "neighbour") != NULL;
}

static void
test_long_folds(void)
{
	const Listing *l;

	begin(BEGIN_EVENT "DESCRIPTION:");
	fill("x\r\n ", 2 * MB);
	add("\r\n" END_EVENT);
	take();
	l = HarnessListing(h, "a");
	TapOk(l != NULL && l->description != NULL && strlen(l->description) == 256 * 1024,
		  "a line of 2 MB in folds of one character");
	TapOk(neighbour_is_there() && most < 7 * length, "takes %zu KB besides", most / 1024);
	take_how(true);
	TapOk(neighbour_is_there() && HarnessListing(h, "a") != NULL && most < 7 * length,
		  "the same by chunks: %zu KB", most / 1024);
	begin("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260301T190000Z\r\nD");
	fill("\r\n E", MB);
	add(":x\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a") != NULL && most < 5 * MB,
		  "a name of 1 MB: %zu KB", most / 1024);
	begin(BEGIN_EVENT "SUMMARY:x");
	fill("\r\n\r\n y", MB);
	add("\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a") != NULL && most < 5 * MB,
		  "blank lines between folds: %zu KB", most / 1024);
}

static void
test_lists(void)
{
	begin(BEGIN_EVENT "RRULE:FREQ=DAILY\r\nEXDATE:20260301T190000Z");
	fill(",20260302T190000Z", 7 * MB);
	add("\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a/20260303T190000Z") != NULL &&
		  HarnessListing(h, "a/20260302T190000Z") == NULL, "430,000 values of one EXDATE");
	TapOk(most < 2 * length, "take %zu KB besides", most / 1024);
	begin(BEGIN_EVENT "RRULE:FREQ=DAILY\r\n");
	fill("EXDATE:20260302T190000Z\r\n", 7 * MB);
	add(END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a/20260303T190000Z") != NULL && most < 2 * length,
		  "300,000 lines EXDATE: %zu KB", most / 1024);
	begin(BEGIN_EVENT "RRULE:FREQ=YEARLY;BYMONTH=3;BYYEARDAY=60");
	fill(",60", MB);
	add("\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && most < 8 * MB, "350,000 values of BYYEARDAY: %zu KB", most / 1024);
	begin(BEGIN_EVENT "CATEGORIES:a");
	fill(",b,c,a", MB);
	add("\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a")->ntags == 3, "500,000 categories are three");
	begin(BEGIN_EVENT);
	fill("RRULE:FREQ=SECONDLY;INTERVAL=7\r\n", MB);
	add(END_EVENT);
	take();
	TapOk(neighbour_is_there() && most < 8 * length && h->nlistings <= ICS_MAX_OCCURRENCES + 1,
		  "30,000 rules of one event: %zu KB", most / 1024);
}

static void
test_parameters(void)
{
	begin(BEGIN_EVENT "ORGANIZER");
	fill(";A=b", MB);
	add(":mailto:a@example.org\r\nGEO:45.5;-73.6\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a")->latitude == 45.5 && most < 4 * MB,
		  "260,000 parameters: %zu KB", most / 1024);
	begin("BEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=");
	fill("\"", MB);
	add(":20260301T190000\r\n" END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a") != NULL && most < 4 * MB,
		  "a TZID of quotes: %zu KB", most / 1024);
	begin(BEGIN_EVENT);
	fill("ATTACH:https://example.org/a\r\n", 4 * MB);
	add(END_EVENT);
	take();
	TapOk(neighbour_is_there() && HarnessListing(h, "a") != NULL && most < 12 * MB,
		  "130,000 attachments: %zu KB", most / 1024);
}

static void
test_components(void)
{
	begin(BEGIN_EVENT);
	fill("BEGIN:X\r\n", MB);
	take();
	TapOk(h->page_ok && h->page.incomplete && h->nlistings == 1, "100,000 components, none of them ended");
	begin("");
	fill("BEGIN:VEVENT\r\n", MB);
	take();
	TapOk(neighbour_is_there() && h->page.incomplete, "75,000 events that never end");
	begin("");
	fill("BEGIN:VCALENDAR\r\n", MB);
	take();
	TapOk(neighbour_is_there() && h->largest < 3 * MB, "60,000 calendars: %zu KB", h->largest / 1024);
	begin("");
	fill("BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n", MB);
	take();
	TapOk(neighbour_is_there() && h->largest < 4 * MB, "25,000 zones: %zu KB", h->largest / 1024);
	begin("");
	fill(BEGIN_EVENT END_EVENT, 4 * MB);
	take();
	TapEqual(h->nlistings, 2, "70,000 events by one UID are one");
	TapOk(nbreaths >= (int) (length / 60 / 1024), "and there is time to breathe (%d)", nbreaths);
	length = 0;
	add("BEGIN:VCALENDAR\r" "BEGIN:VEVENT\rUID:a\rDTSTART:20260301T190000Z\r");
	fill("X:y\r", MB);
	add("END:VEVENT\rEND:VCALENDAR\r");
	take_how(true);
	TapOk(!h->page_ok && h->problem.error_class == ERROR_CLASS_PARSE,
		  "CR alone ends no line: the body is not taken for an empty calendar");
}

int
main(void)
{
	text = malloc(8 * MB);
	test_long_folds();
	test_lists();
	test_parameters();
	test_components();
	HarnessClose(h);
	free(text);
	return TapDone();
}
