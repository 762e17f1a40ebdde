/*
 * test/unit/ics_index_test.c
 *
 * What of a calendar is kept while it is read: what can have to do with the
 * window, and all that shares a UID with it.  The rest is counted, in its place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ics_internal.h"
#include "feed_harness.h"

#define HEAD "BEGIN:VCALENDAR\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define EVENT(uid, lines) "BEGIN:VEVENT\r\nUID:" uid "\r\n" lines "END:VEVENT\r\n"

static Harness *h;

/* In the year 2026, as a run would */
static void
open_year(void)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"America/Toronto\"}");
	h->feed.window_start = INT64_C(1767225600);
	h->feed.window_end = INT64_C(1798761600);
}

static void
take(const char *text)
{
	open_year();
	HarnessRunText(h, text);
}

static uint32_t
kept(void)
{
	return ((const IcsPage *) h->page.state)->nentries;
}

/* "past", "later", "duplicate", or an id: what the records are, in their order */
static const char *
story(void)
{
	static char text[1000];

	text[0] = '\0';
	for (int i = 0; i < h->nitems; i++)
	{
		const FeedRecord *record = &h->items[i].record;

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "",
				 record->skip_reason != NULL ? record->skip_reason :
				 h->items[i].result == MAP_LISTING ? record->source_id : "refused");
	}
	return text;
}

static void
test_order(void)
{
	take(HEAD EVENT("old", "DTSTART:20200101T000000Z\r\n") EVENT("a", "DTSTART:20260101T000000Z\r\n")
		 EVENT("far", "DTSTART:20300101T000000Z\r\n") EVENT("old2", "DTSTART;VALUE=DATE:20200101\r\n")
		 EVENT("b", "DTSTART:20260201T000000Z\r\n") EVENT("old", "DTSTART:20200101T000000Z\r\n") TAIL);
	TapSame(story(), "past a past out_of_horizon b past", "what is outside is told in its place");
	TapEqual(kept(), 2, "and not kept");
	take(HEAD EVENT("old", "DTSTART:20200101T000000Z\r\n") EVENT("old", "DTSTART:20200102T000000Z\r\n") TAIL);
	TapSame(story(), "past past", "a calendar of the past");
	TapOk(h->page_ok && !h->page.is_empty && kept() == 0, "it is not empty; nothing of it is kept");
	take(HEAD TAIL);
	TapOk(h->page_ok && h->page.is_empty && h->nitems == 0, "one without events is empty");
}

/* What shares a UID with what matters, matters: wherever it stands */
static void
test_shared_uids(void)
{
	take(HEAD EVENT("x", "DTSTART:20260301T000000Z\r\nSEQUENCE:1\r\n") EVENT("y", "DTSTART:20200101T000000Z\r\n")
		 EVENT("x", "DTSTART:20200301T000000Z\r\nSEQUENCE:2\r\n") TAIL);
	TapSame(story(), "past duplicate_in_feed past", "an event that was moved into the past is no longer to come");
	take(HEAD EVENT("x", "DTSTART:20350301T000000Z\r\nSEQUENCE:2\r\n") EVENT("x", "DTSTART:20260301T000000Z\r\nSEQUENCE:1\r\n") TAIL);
	TapSame(story(), "duplicate_in_feed out_of_horizon", "nor is one that was put off, said before it");
	take(HEAD EVENT("x", "DTSTART:20200301T000000Z\r\nSEQUENCE:1\r\n") EVENT("x", "DTSTART:20260301T000000Z\r\nSEQUENCE:2\r\n") TAIL);
	TapSame(story(), "duplicate_in_feed x", "one that was moved out of the past is");
	take(HEAD EVENT("x", "DTSTART:20200301T000000Z\r\n") EVENT("x", "DTSTART:20260301T000000Z\r\n") TAIL);
	TapSame(story(), "past x/20260301T000000Z", "two events by one UID are told apart");
	take(HEAD EVENT("w", "DTSTART:20200301T000000Z\r\n")
		 EVENT("w", "RECURRENCE-ID:20200308T000000Z\r\nDTSTART:20260308T000000Z\r\n") TAIL);
	TapSame(story(), "past w/20200308T000000Z", "an occurrence moved into the window, of a series that is past");
	TapEqual(kept(), 2, "all of them are kept");
}

/* The second time over the body all stands where it stood the first time */
static void
test_again(void)
{
	static const char body[] =
		EVENT("outside", "DTSTART:20260101T120000\r\n")
		"BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Europe/Paris\r\n" EVENT("old", "DTSTART:20200101T000000Z\r\n")
		EVENT("paris", "DTSTART:20260101T120000\r\n") "END:VCALENDAR\r\n"
		"BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Asia/Tokyo\r\nREFRESH-INTERVAL:PT2H\r\n"
		"BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
		"TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		EVENT("tokyo", "DTSTART:20260101T120000\r\n") EVENT("own", "DTSTART;TZID=Own:20260101T120000\r\n")
		"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:cut\r\nDTSTART:20260101T120000\r\n";
	Harness    *chunked = HarnessOpen(&IcsConnector, "{}");

	open_year();
	HarnessClose(h);
	h = HarnessOpen(&IcsConnector, "{}");
	h->feed.window_start = chunked->feed.window_start = INT64_C(1767225600);
	h->feed.window_end = chunked->feed.window_end = INT64_C(1798761600);
	HarnessRunText(h, body);
	HarnessRunChunked(chunked, body, strlen(body), 7);
	TapSame(story(), "outside past paris tokyo own", "several calendars, gone over again");
	TapEqual(HarnessListing(h, "paris")->starts_at, INT64_C(1767265200), "the zone of the first one");
	TapEqual(HarnessListing(h, "tokyo")->starts_at, INT64_C(1767236400), "the zone of the second");
	TapEqual(HarnessListing(h, "own")->starts_at, INT64_C(1767258000), "a zone of its own");
	TapEqual(((const IcsPage *) h->page.state)->ncalendars, 3, "there are as many as before");
	TapEqual(h->page.refresh_seconds, 7200, "its wish is known");
	TapOk(h->page.incomplete, "that it is cut off is known");
	TapSame(h->warnings, chunked->warnings, "and told in the same words, by chunks too");
	TapEqual(h->nwarnings, 3, "once");
	TapEqual(chunked->nlistings, h->nlistings, "by chunks there are as many listings");
	HarnessClose(chunked);
}

/* Memory goes with what is to come, not with what was */
static void
test_memory(void)
{
	size_t		room = 24 * 1024 * 1024;
	char	   *big = malloc(room);
	size_t		length = sprintf(big, HEAD);
	int			count = 0;

	for (; length < room - 1000; count++)
		length += sprintf(big + length, EVENT("%d", "DTSTART:%dT190000Z\r\nSUMMARY:x\r\nDESCRIPTION:%0200d\r\n"),
						  count, count % 1000 == 0 ? 20260601 : 20160101 + count % 9 * 10000, count);
	length += sprintf(big + length, TAIL);
	open_year();
	h->keep_items = false;
	HarnessRunChunked(h, big, length, 65536);
	TapEqual(h->nlistings + h->nskipped, count, "ten years of events: all are counted");
	TapEqual(kept(), (count + 999) / 1000, "one of a thousand is kept");
	TapOk(((const IcsPage *) h->page.state)->room < 200, "in an index of no more than these need");
	TapOk(h->largest < 100 * 1024, "and in little memory besides (%zu)", h->largest);
	free(big);
}

int
main(void)
{
	test_order();
	test_shared_uids();
	test_again();
	test_memory();
	HarnessClose(h);
	return TapDone();
}
