/*
 * test/fuzz/meetup_fuzz.c
 *
 * libFuzzer: the Meetup connector, as it is driven: a pushed payload (JSON or
 * a calendar), an answer to a query, to a request for a token, an error's
 * body; and Markdown on its own.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -Itest/unit -D_GNU_SOURCE \
 *     -I/usr/include/json-c test/fuzz/meetup_fuzz.c test/unit/feed_harness.c test/unit/zone_tzif.c \
 *     src/feed/[a-z]*.c src/http/resolve.c src/hash.c src/error_class.c -lcurl -lical -ljson-c -lm -o meetup_fuzz
 *
 * Of what comes out it checks what the listing's contract promises.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/markdown.h"
#include "feed/meetup.h"
#include "feed/text.h"
#include "feed_harness.h"

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define CONFIG "{\"groups\":[\"a\",\"b\",\"c\"],\"groups_per_request\":2,\"rich_fields\":true}"

static void
fail(const char *what)
{
	fprintf(stderr, "contract broken: %s\n", what);
	abort();
}

/* NULL, or valid UTF-8, trimmed and not empty */
static void
check_text(const char *text)
{
	size_t		length = text == NULL ? 0 : strlen(text);

	if (text == NULL)
		return;
	if (length == 0 || TextInvalidAt(text, length) != length)
		fail("an empty or invalid text");
	if (strchr(" \t\r\n", text[0]) != NULL || strchr(" \t\r\n", text[length - 1]) != NULL)
		fail("a text that is not trimmed");
}

static void
check_listing(const Listing *l)
{
	const char *const texts[] = {
		l->source_id, l->title, l->description, l->url, l->image_url, l->timezone, l->venue_name,
		l->address, l->city, l->region, l->postal_code, l->country, l->organizer, l->organizer_url,
		l->category, l->language, l->price_min, l->price_max, l->currency, l->attributes, l->series_id,
	};

	if (l->source_id == NULL || l->title == NULL || l->starts_at == FEED_TIME_UNKNOWN)
		fail("a listing without what it must have");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_text(texts[i]);
	for (int i = 0; i < l->ntags; i++)
		check_text(l->tags[i]);
	if (isnan(l->latitude) != isnan(l->longitude) || fabs(l->latitude) > 90 || fabs(l->longitude) > 180)
		fail("coordinates");
	if (l->ends_at != FEED_TIME_UNKNOWN && l->ends_at < l->starts_at)
		fail("an end before the start");
	(void) ListingHash(l, true);
}

static const char *
credential(void *arg, const char *name)
{
	return arg == NULL && strcmp(name, "token") == 0 ? NULL : "CREDENTIAL";
}

static const unsigned char *
sign(Arena *arena, const char *key, const char *bytes, size_t length, size_t *signature_length,
	 Problem *problem)
{
	*signature_length = 4;
	return (const unsigned char *) "sign";
}

/* The bytes as every answer of a run, with the first for a token or not */
static void
as_answers(Harness *h, const char *bytes, size_t size)
{
	FeedBody	body = {.size = size, .bytes = bytes};
	FeedRefusal refusal = {401, "application/json", bytes, size};
	FeedRequest request;
	FeedRecord	record;
	Problem		problem = {0};

	for (int i = 0; i < 8 && MeetupConnector.next_request(&h->feed, &request, &problem); i++)
	{
		FeedPage	page = {.arena = h->arena, .request = &request};

		refusal.status = i % 2 ? 400 : 401;
		if (MeetupConnector.page(&h->feed, &page, &body, &problem))
			while (MeetupConnector.record(&h->feed, &page, &record))
				;
		else if (!ProblemIsSet(&problem))
			fail("a page refused without a problem");
		else if (MeetupConnector.refused(&h->feed, &request, &refusal, &problem) == REFUSAL_FAIL)
			break;
		memset(&problem, 0, sizeof(problem));
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char	   *bytes = malloc(size + 1);
	const char *text;

	memcpy(bytes, data, size);
	bytes[size] = '\0';			/* a refusal's body ends so */
	for (int with_token = 0; with_token < 2; with_token++)
	{
		Harness    *h = HarnessOpen(&MeetupConnector, CONFIG);

		h->feed.credential = credential;
		h->feed.credential_arg = with_token ? h : NULL;
		h->feed.sign_rs256 = sign;
		HarnessRun(h, bytes, size);
		for (int i = 0; i < h->nitems; i++)
		{
			const FeedRecord *record = &h->items[i].record;

			if (h->items[i].result == MAP_LISTING)
				check_listing(&h->items[i].listing);
			else if (h->items[i].result == MAP_REFUSED && !ProblemIsSet(&record->problem))
				fail("refused without a problem");
			if (record->raw != NULL && TextInvalidAt(record->raw, record->raw_length) != record->raw_length)
				fail("a record whose raw is no text");
		}
		as_answers(h, bytes, size);
		HarnessClose(h);
	}
	{
		Arena	   *arena = ArenaCreate();

		text = TextFromMarkdown(arena, bytes, strlen(bytes));
		if (text != NULL && strlen(text) > strlen(bytes) && TextInvalidAt(bytes, strlen(bytes)) == strlen(bytes))
			fail("Markdown that grew");
		ArenaFree(arena);
	}
	free(bytes);
	return 0;
}
