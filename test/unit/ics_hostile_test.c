/*
 * test/unit/ics_hostile_test.c
 *
 * Calendars made to cost more than they weigh.  Nothing here is timed: what
 * is bounded is the work, counted in the evaluator's steps, in texts made, in
 * records given out, and in breaths (a host that is not asked to breathe
 * cannot be cancelled).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ics_internal.h"
#include "feed_harness.h"

/* Text put together, malloc */
typedef struct Text
{
	char	   *bytes;
	size_t		length;
	size_t		room;
} Text;

static int	nbreaths;

static void
count_breath(void)
{
	nbreaths++;
}

static void
add(Text *text, const char *more)
{
	size_t		length = strlen(more);

	if (text->length + length + 1 > text->room)
	{
		text->room = (text->length + length + 1) * 2;
		text->bytes = realloc(text->bytes, text->room);
	}
	memcpy(text->bytes + text->length, more, length + 1);
	text->length += length;
}

/* An event; lines end in \n */
static void
add_event(Text *text, int uid, const char *start, const char *lines)
{
	char		head[80];

	snprintf(head, sizeof(head), "BEGIN:VEVENT\nUID:%d\nSUMMARY:x\n%s\n", uid, start);
	add(text, head);
	add(text, lines);
	add(text, "END:VEVENT\n");
}

/* Take the calendar in the year 2026 */
static Harness *
take(Text *text)
{
	Harness    *h = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"America/Toronto\"}");

	add(text, "END:VCALENDAR\n");
	h->feed.window_start = INT64_C(1767225600);
	h->feed.window_end = INT64_C(1798761600);
	h->feed.breathe = count_breath;
	nbreaths = 0;
	HarnessRun(h, text->bytes, text->length);
	free(text->bytes);
	return h;
}

static int64_t
steps_left(const Harness *h)
{
	return ((const IcsPage *) h->page.state)->steps_left;
}

/* Rules that are followed from DTSTART share one budget */
static void
test_budget(void)
{
	static const char rule[] = "RRULE:FREQ=MONTHLY;BYSETPOS=1;BYDAY=MO;COUNT=9999999\n";
	Text		text = {0};
	Harness    *h;
	int			nfull = 0;

	add(&text, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 700; i++)
		add_event(&text, i, "DTSTART:00010101T000000Z", rule);
	add_event(&text, 1000, "DTSTART:20260301T190000Z", "");
	h = take(&text);
	TapOk(h->page_ok, "costly rules: the calendar is read");
	TapEqual(steps_left(h), 0, "costly rules: no more than the budget is used");
	for (int i = 0; i < h->nitems; i++)
		nfull += h->items[i].result == MAP_LISTING;
	TapOk(nfull >= 12 && nfull < 700 * 12, "costly rules: the first ones are followed, not all (%d)", nfull);
	TapOk(HarnessListing(h, "1000") != NULL, "costly rules: their neighbour is there");
	TapOk(h->page.incomplete, "costly rules: what is missing is not gone");
	TapOk(strstr(h->warnings, "too costly") != NULL, "costly rules: it is said");
	TapOk(nbreaths >= 700, "costly rules: one breath for each (%d)", nbreaths);
	HarnessClose(h);
}

/* The same within one event */
static void
test_rules_of_one_event(void)
{
	Text		text = {0};
	Text		rules = {0};
	Harness    *h;

	for (int i = 0; i < 20; i++)
		add(&rules, "RRULE:FREQ=SECONDLY;UNTIL=20251231T235959Z\n");
	add(&text, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 100; i++)
		add_event(&text, i, "DTSTART:20000101T000000Z", rules.bytes);
	h = take(&text);
	TapOk(steps_left(h) < ICS_STEPS, "rules of one event: their steps count");
	TapEqual(h->nlistings, 0, "rules of one event: none reaches the window");
	TapOk(nbreaths >= 100, "rules of one event: breaths (%d)", nbreaths);
	free(rules.bytes);
	HarnessClose(h);
}

/* Rules of time zones draw on the budget as well */
static void
test_timezones(void)
{
	Text		text = {0};
	Harness    *h;

	add(&text, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 100; i++)
	{
		char		name[80];

		snprintf(name, sizeof(name), "BEGIN:VTIMEZONE\nTZID:Hostile %d\n", i);
		add(&text, name);
		add(&text, "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n");
		for (int j = 0; j < 50; j++)
			add(&text, "RRULE:FREQ=SECONDLY;INTERVAL=7\n");
		add(&text, "END:STANDARD\nEND:VTIMEZONE\n");
		snprintf(name, sizeof(name), "DTSTART;TZID=Hostile %d:20260301T190000", i);
		add_event(&text, i, name, "");
	}
	h = take(&text);
	TapEqual(h->nlistings, 100, "zones by SECONDLY rules: every event is there");
	TapOk(steps_left(h) < ICS_STEPS + (int64_t) ICS_STEPS_PER_BYTE * text.length,
		  "zones by SECONDLY rules: their steps count");
	TapOk(nbreaths >= 100, "zones by SECONDLY rules: breaths (%d)", nbreaths);
	HarnessClose(h);
}

/* Texts are made once, not once an occurrence */
static void
test_shared_texts(void)
{
	Text		text = {0};
	Text		lines = {0};
	Harness    *h;
	int			ndescriptions = 0;
	int			nraw = 0;
	const char *description = NULL;
	const char *raw = NULL;

	add(&lines, "RRULE:FREQ=DAILY\nDESCRIPTION:<p>");
	for (int i = 0; i < 1000; i++)
		add(&lines, "<b>a &amp\\; b</b><br>");
	add(&lines, "\n");
	add(&text, "BEGIN:VCALENDAR\n");
	add_event(&text, 1, "DTSTART:20260101T190000Z", lines.bytes);
	h = take(&text);
	for (int i = 0; i < h->nitems; i++)
	{
		const HarnessItem *item = &h->items[i];

		if (item->result != MAP_LISTING)
			continue;
		ndescriptions += item->listing.description != description;
		nraw += item->record.raw != raw;
		description = item->listing.description;
		raw = item->record.raw;
	}
	TapEqual(h->nlistings, 365, "a long text: one listing a day");
	TapEqual(ndescriptions, 1, "a long text: made once");
	TapEqual(nraw, 1, "a long text: one raw record for all");
	free(lines.bytes);
	HarnessClose(h);
}

/* The database has it with each of them */
static void
test_long_series(void)
{
	Text		text = {0};
	Text		lines = {0};
	Harness    *h;

	add(&lines, "RDATE:");
	for (int i = 0; i < 20000; i++)
		add(&lines, "20260101T190000Z,");
	add(&lines, "20260102T190000Z\n");
	add(&text, "BEGIN:VCALENDAR\n");
	add_event(&text, 1, "DTSTART:20260101T190000Z", lines.bytes);
	add_event(&text, 2, "DTSTART:20260101T190000Z", "");
	h = take(&text);
	TapEqual(h->nlistings, 3, "a long series, and another event");
	for (int i = 0; i < h->nitems; i++)
		TapOk(h->items[i].result != MAP_LISTING || h->items[i].record.raw_length < 40000, "a series' record is cut");
	free(lines.bytes);
	HarnessClose(h);
}

/* What is shared belongs to the arena it went into: it ends before the page, or after it */
static void
test_shared_lifetime(void)
{
	Text		text = {0};
	Harness    *h;
	Arena	   *first = ArenaCreate();
	Arena	   *second = ArenaCreate();
	Listing		listing;
	FeedRecord	record;

	add(&text, "BEGIN:VCALENDAR\n");
	add_event(&text, 1, "DTSTART:20260101T190000Z", "RRULE:FREQ=DAILY;COUNT=4\nSTATUS:TENTATIVE\n");
	add(&text, "END:VCALENDAR\n");
	h = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"America/Toronto\"}");
	h->page.arena = ArenaCreate();
	IcsConnector.page(&h->feed, &h->page,
					  &(FeedBody) {.size = text.length, .bytes = text.bytes}, &h->problem);
	for (int i = 0; i < 4; i++)
	{
		Arena	   *arena = i % 2 == 0 ? first : second;

		memset(&record, 0, sizeof(record));
		TapOk(IcsConnector.record(&h->feed, &h->page, &record), "record %d", i);
		TapEqual(IcsConnector.map(&h->feed, &h->page, &record, arena, &listing), MAP_LISTING, "its listing");
		TapSame(listing.title, "x", "its title");
		TapOk(record.raw != NULL && strstr(record.raw, "SUMMARY:x") != NULL, "its raw record");
		if (i == 1)
			ArenaReset(second);
	}
	ArenaFree(first);
	HarnessClose(h);
	TapSame(listing.title, "x", "the second arena outlives the page");
	ArenaFree(second);
	free(text.bytes);
}

/* How many lines, components, values and parameters there are is no matter */
static void
test_masses(void)
{
	Text		text = {0};
	Harness    *h;
	char		line[120];

	add(&text, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 20000; i++)
		add(&text, "BEGIN:X-NEST\n");
	for (int i = 0; i < 20000; i++)
		add(&text, "END:X-NEST\n");
	for (int i = 0; i < 5000; i++)
	{
		snprintf(line, sizeof(line), "DTSTART;TZID=Nowhere %d:20260301T190000", i);
		add_event(&text, i, line, "");
	}
	for (int i = 0; i < 5000; i++)
	{
		snprintf(line, sizeof(line), "RECURRENCE-ID:2026%02d%02dT%02d0000Z\n", 1 + i % 12,
				 1 + i / 12 % 28, i / 336);
		add_event(&text, 90000, "DTSTART:20260301T190000Z", line);
	}
	h = take(&text);
	TapEqual(h->nlistings, 10000, "masses: every event is there");
	TapOk(h->nwarnings <= 20, "masses: few warnings (%d)", h->nwarnings);
	HarnessClose(h);
}

/* What goes on is listed, but not each hour of the years since it began */
static void
test_going_on(void)
{
	Text		text = {0};
	Harness    *h;
	int			nbefore = 0;

	add(&text, "BEGIN:VCALENDAR\n");
	add_event(&text, 1, "DTSTART:20240101T000000Z", "DTEND:20300101T000000Z\nRRULE:FREQ=HOURLY\n");
	add_event(&text, 2, "DTSTART:20250601T000000Z", "DURATION:P60D\nRRULE:FREQ=DAILY;UNTIL=20260105T000000Z\n");
	h = take(&text);
	for (int i = 0; i < h->nitems; i++)
		nbefore += h->items[i].result == MAP_LISTING && h->items[i].listing.starts_at < h->feed.window_start &&
			strcmp(h->items[i].listing.series_id, "1") == 0;
	TapEqual(nbefore, 366, "an event of years that begins every hour: the nearest go on");
	TapOk(HarnessListing(h, "1/20251231T230000Z") != NULL && HarnessListing(h, "1/20260101T000000Z") != NULL,
		  "the last one before the window, and the first in it");
	TapEqual(HarnessSkipped(h, "capped"), 1, "that it was cut is said");
	/* 59 began before and end later than midnight; 5 begin in January */
	TapEqual(h->nlistings - 366 - ICS_MAX_OCCURRENCES, 59 + 5, "of one that begins every day for two months all go on");
	HarnessClose(h);
}

int
main(void)
{
	test_budget();
	test_rules_of_one_event();
	test_timezones();
	test_shared_texts();
	test_long_series();
	test_shared_lifetime();
	test_masses();
	test_going_on();
	return TapDone();
}
