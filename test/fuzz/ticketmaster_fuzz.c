/*
 * test/fuzz/ticketmaster_fuzz.c
 *
 * libFuzzer: the Ticketmaster connector, as it is driven: a pushed payload,
 * answers to requests, an error's body.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -Itest/unit -D_GNU_SOURCE \
 *     test/fuzz/ticketmaster_fuzz.c test/unit/feed_harness.c test/unit/zone_tzif.c \
 *     src/feed/[a-z]*.c src/crypto/[a-z]*.c src/http/resolve.c src/hash.c src/error_class.c \
 *     $(pkg-config --cflags --libs libical json-c libcurl) -lm -o ticketmaster_fuzz
 *
 * Of what comes out it checks what the listing's contract promises, and of the
 * paging that no answer makes it ask for a page beyond the limit, nor go on for
 * ever.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/text.h"
#include "feed/ticketmaster.h"
#include "feed_harness.h"

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define CONFIG "{\"market_id\":120,\"page_size\":2,\"max_pages\":5}"
#define KEY "SECRETKEY1234567890"

/* Windows of a second: a day's worth at most, and each half of one before */
#define MAX_REQUESTS 2000

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
		l->title, l->description, l->url, l->image_url, l->timezone, l->venue_name, l->address,
		l->city, l->region, l->postal_code, l->country, l->organizer, l->category, l->language,
		l->price_min, l->price_max, l->currency, l->attributes,
	};

	if (l->source_id == NULL || l->title == NULL)
		fail("a listing without what it must have");
	if ((l->starts_at == FEED_TIME_UNKNOWN) != (l->start_precision == PRECISION_UNKNOWN))
		fail("a start that is known and isn't");
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

/* Attributes must be JSON, whatever went into them */
static void
check_attributes(Harness *h, const Listing *l)
{
	TicketmasterState *state = h->feed.state;
	const JsonNode *node;
	Problem		problem = {0};

	if (l->attributes != NULL &&
		!JsonRead(state->reader, h->arena, l->attributes, strlen(l->attributes), &node, &problem))
		fail("attributes that are not JSON");
}

static const char *
credential(void *arg, const char *name)
{
	return KEY;
}

/* A request that the API would refuse? */
static void
check_request(const FeedRequest *request)
{
	const char *page = strstr(request->url, "&page=");

	if (page == NULL || atoll(page + 6) * 2 >= TICKETMASTER_MAX_OFFSET)
		fail("a page that is too deep");
	if (strstr(request->what, KEY) != NULL)
		fail("a name for people with the key in it");
}

/* The bytes as the answer to every request, until an end or a refusal */
static void
as_pages(Harness *h, const char *bytes, size_t size)
{
	TicketmasterState *state = h->feed.state;
	FeedBody	body = {.size = size, .bytes = bytes};
	FeedRequest request;
	Problem		problem = {0};
	int			n = 0;

	TicketmasterWindowsInit(&state->windows, 0, 64, state->windows.capacity);
	TicketmasterStart(&h->feed);
	while (TicketmasterConnector.next_request(&h->feed, &request, &problem))
	{
		FeedPage	page = {.arena = ArenaCreate(), .request = &request};
		bool		fine;

		check_request(&request);
		fine = TicketmasterConnector.page(&h->feed, &page, &body, &problem);
		ArenaFree(page.arena);
		if (!fine)
			break;
		if (++n == MAX_REQUESTS)
			fail("no end of requests");
	}
}

static void
as_refusal(Harness *h, const char *bytes, size_t size)
{
	static const int statuses[] = {400, 401, 403, 404, 429, 500};
	FeedRequest request;
	Problem		problem = {0};

	TicketmasterStart(&h->feed);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		FeedRefusal refusal = {statuses[i], "application/json", bytes, size};

		if (TicketmasterConnector.next_request(&h->feed, &request, &problem) &&
			TicketmasterConnector.refused(&h->feed, &request, &refusal, &problem) == REFUSAL_FAIL &&
			!ProblemIsSet(&problem))
			fail("a refusal without a problem");
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	Harness    *h = HarnessOpen(&TicketmasterConnector, CONFIG);
	char	   *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	bytes[size] = '\0';			/* a refusal's body ends so */
	h->feed.credential = credential;
	HarnessRun(h, bytes, size);
	for (int i = 0; i < h->nitems; i++)
	{
		const FeedRecord *record = &h->items[i].record;

		if (h->items[i].result == MAP_LISTING)
		{
			check_listing(&h->items[i].listing);
			check_attributes(h, &h->items[i].listing);
		}
		else if (h->items[i].result == MAP_REFUSED && !ProblemIsSet(&record->problem))
			fail("refused without a problem");
		if (TextInvalidAt(record->raw, record->raw_length) != record->raw_length)
			fail("a record whose raw is no text");
	}
	as_pages(h, bytes, size);
	as_refusal(h, bytes, size);
	free(bytes);
	HarnessClose(h);
	return 0;
}
