/*
 * test/unit/ics_texts_test.c
 *
 * Content lines and what they say in words: folds, control characters,
 * escapes, lists, long texts.  Each calendar is taken from memory, where lines
 * point into it, and through a reader that gives three bytes at a time, where
 * they are copies: that must make no difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ics_internal.h"
#include "feed_harness.h"

static Harness *h;

/* Take one event with these lines, both ways; its listing */
static const Listing *
take(const char *lines)
{
	size_t		room = strlen(lines) + 200;
	char	   *text = malloc(room);
	Harness    *chunked = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"America/Toronto\"}");

	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"America/Toronto\"}");
	snprintf(text, room, "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Agenda\r\nBEGIN:VEVENT\r\nUID:a\r\n"
			 "DTSTART:20270301T190000\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n", lines);
	HarnessRunText(h, text);
	HarnessRunChunked(chunked, text, strlen(text), 3);
	if (h->nlistings == 1 && chunked->nlistings == 1)
	{
		TapOk(ListingHash(&h->items[0].listing, true) == ListingHash(&chunked->items[0].listing, true) &&
			  h->items[0].record.raw_hash == chunked->items[0].record.raw_hash &&
			  strcmp(h->items[0].record.raw, chunked->items[0].record.raw) == 0,
			  "in memory or not, it says the same");
	}
	else
		TapOk(false, "it is one listing: %s", h->problem.message);
	HarnessClose(chunked);
	free(text);
	return &h->items[0].listing;
}

static void
test_escapes(void)
{
	const Listing *l = take("SUMMARY:A\\, B\\; C\\\\D \\\"E\\\"\r\nDESCRIPTION:un\\ndeux\\Ntrois\\\\n\r\n");

	TapSame(l->title, "A, B; C\\D \"E\"", "escapes of a line");
	TapSame(l->description, "un\ndeux\ntrois\\n", "escapes of a text; one backslash after another is none");
	l = take("SUMMARY:AC\\DC live\\\r\nLOCATION:C:\\salles\\\xC3\xA9t\xC3\xA9\r\n");
	TapSame(l->title, "AC\\DC live\\", "what is no escape stays, at the end as well");
	TapSame(l->venue_name, "C:\\salles\\été", "and takes nothing of the character after it");
}

static void
test_lists(void)
{
	const Listing *l = take("CATEGORIES:Food\\, drink,Jazz\\\\,,jazz\\\\ ,a\\\r\nCATEGORIES: ,Théâtre\r\n");

	TapEqual(l->ntags, 4, "CATEGORIES: four of them");
	TapSame(l->category, "Food, drink", "an escaped comma ends no value");
	TapSame(l->tags[1], "Jazz\\", "the comma after an escaped backslash does; repeats count once");
	TapSame(l->tags[2], "a\\", "a backslash at the end");
	TapSame(l->tags[3], "Théâtre", "of all lines");
	TapOk(take("CATEGORIES:\r\nCATEGORIES:,,\r\n")->category == NULL, "empty values are none");
}

static void
test_choices(void)
{
	const Listing *l = take("SUMMARY: \r\nsummary;LANGUAGE=fr-CA:Titre\r\nSUMMARY:Autre\r\n"
							"DESCRIPTION;ENCODING=BASE64;VALUE=BINARY:QUJD\r\nDESCRIPTION:Texte\r\nSTATUS: tentative \r\n");

	TapSame(l->title, "Titre", "the first SUMMARY that says something");
	TapSame(l->language, "fr-CA", "and its language");
	TapSame(l->description, "Texte", "what is encoded is no text");
	TapSame(l->attributes, "{\"tentative\":true}", "STATUS in any case");
	TapSame(take("DESCRIPTION:x\r\n")->title, "Agenda", "no SUMMARY: the calendar's name");
	l = take("DESCRIPTION:Texte\r\nX-ALT-DESC;FMTTYPE=text/plain:non\r\nX-ALT-DESC;FMTTYPE=TEXT/HTML:<p>Riche\\, et <b>beau</b></p>\r\n");
	TapSame(l->description, "Riche, et beau", "X-ALT-DESC in HTML is richer");
	TapSame(take("DESCRIPTION:Texte\r\nX-ALT-DESC;FMTTYPE=text/html:<p></p>\r\n")->description, "Texte",
			"unless it is empty");
	TapOk(take("STATUS:CANCELLED\r\n")->status == STATUS_CANCELLED, "STATUS:CANCELLED");
	TapSame(take("URL;VALUE=URI:https://example.org/a\\,b?c;d\r\n")->url, "https://example.org/a\\,b?c;d",
			"a URL has no escapes");
}

static void
test_folds(void)
{
	TapSame(take("SUMM\r\n ARY:Un tit\r\n re pl\n\tié\r\n")->title, "Un titre plié", "folds, of the name as well");
	TapSame(take("SUMMARY:Caf\xC3\r\n \xA9\r\n")->title, "Café", "a fold within a character");
	TapSame(take("SUMMARY:a\r\n\r\n b\n\n\r\n c\r\n\r\nLOCATION:x\r\n")->title, "abc", "blank lines don't end a folded line");
	TapSame(take("SUMMARY:a\r\n \r\n \r\n b\r\n")->title, "ab", "a fold may be empty");
	TapSame(take("SUMMARY:a\x01" "b\x1F" "c\x7F\td\r\n")->title, "abc d", "control characters are dropped, a tab is a blank");
	TapSame(take("SUMMARY:a\rb\r\r\n c\r\n")->title, "abc", "so is a CR that ends nothing");
	TapSame(take("BEGIN:VALARM\r\nSUMMARY:alarm\r\nEND:VALARM\r\nSUMMARY:x\r\n")->title, "x", "what is inside is not of the event");
}

/* A line with `count` times a text in it */
static const Listing *
take_long(const char *before, const char *repeated, int count, const char *after)
{
	size_t		size = strlen(repeated);
	char	   *line = malloc(strlen(before) + size * count + strlen(after) + 40);
	char	   *end = line + sprintf(line, "%s", before);
	const Listing *l;

	for (int i = 0; i < count; i++, end += size)
		memcpy(end, repeated, size);
	sprintf(end, "%s\r\nURL:https://example.org/\r\n", after);
	l = take(line);
	free(line);
	return l;
}

/* Of whatever length a line is, all others are read */
static void
test_long_lines(void)
{
	const Listing *l = take_long("DESCRIPTION;ALTREP=\"cid:x\":", "mot ", 5000, "fin");

	TapOk(l->description != NULL && strlen(l->description) == 20003, "a text of 20 KB, with a parameter");
	l = take_long("X-ALT-DESC;FMTTYPE=text/html:<p>", "mot ", 5000, "</p>");
	TapOk(l->description != NULL && strlen(l->description) == 19999, "the same in HTML");
	/* 256 KB end after the backslash of an escape, or within a character */
	l = take_long("DESCRIPTION:", "xé\\n", 60000, "");
	TapEqual(l->description != NULL ? strlen(l->description) : 0, 256 * 1024 / 5 * 4 + 3,
			 "a longer text is cut, not within an escape");
	l = take_long("DESCRIPTION:x", "é", 200000, "");
	TapEqual(l->description != NULL ? strlen(l->description) : 0, 256 * 1024 - 1, "nor within a character");
	l = take_long("ATTACH;ENCODING=BASE64;VALUE=BINARY:", "QUJD", 5000, "\r\n"
				  "ATTACH;FMTTYPE=image/png:https://example.org/a.png\r\nGEO:45.5;-73.6");
	TapSame(l->url, "https://example.org/", "a picture itself of 20 KB: the event is read");
	TapSame(l->image_url, "https://example.org/a.png", "with the picture that has an address");
	TapOk(l->latitude == 45.5 && l->longitude == -73.6, "and its GEO");
	l = take_long("ORGANIZER;CN=\"", "nom ", 500, "\":mailto:a@example.org\r\nIMAGE;VALUE=URI:https://example.org/b");
	TapSame(l->image_url, "https://example.org/b", "a parameter of 2 KB");
}

int
main(void)
{
	test_escapes();
	test_lists();
	test_choices();
	test_folds();
	test_long_lines();
	HarnessClose(h);
	return TapDone();
}
