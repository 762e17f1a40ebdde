/*
 * test/fuzz/eventbrite_fuzz.c
 *
 * libFuzzer: the Eventbrite connector, as it is driven: a pushed payload, an
 * answer to a request, an error's body, a description.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -Itest/unit -D_GNU_SOURCE \
 *     test/fuzz/eventbrite_fuzz.c test/unit/feed_harness.c test/unit/zone_tzif.c \
 *     src/feed/[a-z]*.c src/hash.c src/error_class.c -lical -ljson-c -lm -o eventbrite_fuzz
 *
 * Of what comes out it checks what the listing's contract promises.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/text.h"
#include "feed_harness.h"

extern const Connector EventbriteConnector;
extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define CONFIG "{\"organizer_ids\":[1,2],\"full_description\":true,\"max_pages\":5}"

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
		l->title, l->description, l->url, l->image_url, l->image_key, l->timezone, l->venue_name,
		l->address, l->city, l->region, l->postal_code, l->country, l->organizer, l->organizer_url,
		l->category, l->language, l->price_min, l->price_max, l->currency, l->attributes,
	};

	if (l->source_id == NULL || l->title == NULL || l->starts_at == FEED_TIME_UNKNOWN)
		fail("a listing without what it must have");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_text(texts[i]);
	if (isnan(l->latitude) != isnan(l->longitude) || fabs(l->latitude) > 90 || fabs(l->longitude) > 180)
		fail("coordinates");
	if (l->ends_at != FEED_TIME_UNKNOWN && l->ends_at < l->starts_at)
		fail("an end before the start");
	(void) ListingHash(l, true);
}

static const char *
credential(void *arg, const char *name)
{
	return "TOKEN";
}

/* The bytes as a page of a list; then what would be asked for next */
static void
as_page(Harness *h, const char *bytes, size_t size)
{
	FeedBody	body = {.size = size, .bytes = bytes};
	FeedPage	page = {.arena = h->arena};
	FeedRequest request;
	Problem		problem = {0};

	for (int i = 0; i < 3 && EventbriteConnector.next_request(&h->feed, &request, &problem); i++)
	{
		page.request = &request;
		if (!EventbriteConnector.page(&h->feed, &page, &body, &problem))
			break;
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	Harness    *h = HarnessOpen(&EventbriteConnector, CONFIG);
	char	   *bytes = malloc(size + 1);
	FeedRequest request;
	Problem		problem = {0};
	Listing		listing;
	FeedBody	body = {.size = size, .bytes = bytes};
	FeedRefusal refusal = {500, "application/json", bytes, size};

	memcpy(bytes, data, size);
	bytes[size] = '\0';			/* a refusal's body ends so */
	h->feed.credential = credential;
	HarnessRun(h, bytes, size);
	for (int i = 0; i < h->nitems; i++)
	{
		const FeedRecord *record = &h->items[i].record;

		if (h->items[i].result == MAP_LISTING)
			check_listing(&h->items[i].listing);
		else if (h->items[i].result == MAP_REFUSED && !ProblemIsSet(&record->problem))
			fail("refused without a problem");
		if (TextInvalidAt(record->raw, record->raw_length) != record->raw_length)
			fail("a record whose raw is no text");
	}
	as_page(h, bytes, size);
	if (EventbriteConnector.next_request(&h->feed, &request, &problem))
		(void) EventbriteConnector.refused(&h->feed, &request, &refusal, &problem);
	ListingInit(&listing);
	(void) EventbriteConnector.detail(&h->feed, &body, h->arena, &listing, &problem);
	check_text(listing.description);
	free(bytes);
	HarnessClose(h);
	return 0;
}
