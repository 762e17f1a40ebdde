/*
 * test/fuzz/json_fuzz.c
 *
 * libFuzzer: the connector json and its mapping: the first line of the input
 * is a configuration (or one of ours, where it is none), the rest a pushed
 * payload, an answer, an error's body.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -Itest/unit -D_GNU_SOURCE \
 *     test/fuzz/json_fuzz.c test/unit/feed_harness.c test/unit/zone_tzif.c \
 *     src/feed/[a-z]*.c src/http/resolve.c src/hash.c src/error_class.c \
 *     -lcurl -lical -ljson-c -lm -o json_fuzz
 *
 * Of what comes out it checks what the listing's contract promises.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/text.h"
#include "feed_harness.h"

extern const Connector JsonConnector;
extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Each way of paging, and much of what a mapping can do */
#define MAPPING \
	"\"mapping\":{\"source_id\":{\"template\":\"{/id}-{/@item/b}\"},\"title\":{\"pointer\":\"/t\"," \
	"\"transforms\":[{\"language\":\"fr\"},\"html_to_text\"]},\"starts_at\":{\"pointers\":[\"/@item/b\",\"/s\"]," \
	"\"transform\":{\"date\":{\"format\":\"%d/%m/%Y %I:%M %p\",\"time\":\"/c\"}}},\"ends_at\":{\"pointer\":\"/e\"," \
	"\"inclusive\":true},\"price_min\":{\"pointer\":\"/p\",\"transforms\":[{\"split\":\"-\"},\"smallest\",\"number\"]}," \
	"\"latitude\":\"/y\",\"longitude\":\"/x\",\"tags\":{\"pointer\":\"/g\",\"transform\":{\"each\":\"/n\"}}," \
	"\"attributes\":{\"a\":\"/a\",\"when\":{\"pointer\":\"/w\",\"transform\":{\"date\":\"epoch_ms\"}}}}"

static const char *const configs[] = {
	"{\"url\":\"https://a.example/\",\"records\":\"/r\",\"expand\":\"/d\",\"pagination\":{\"type\":\"cursor\","
	"\"parameter\":\"c\",\"cursor\":\"/c\",\"total\":\"/n\"}," MAPPING "}",
	"{\"url\":\"https://a.example/\",\"records\":\"/r\",\"pagination\":{\"type\":\"next_url\",\"next\":\"/c\"},"
	"\"mapping\":{\"source_id\":\"/id\",\"title\":\"/t\",\"starts_at\":\"/s\",\"url\":{\"pointer\":\"/u\",\"transform\":\"url\"}}}",
	"{\"url\":\"https://a.example/\",\"records\":\"/r/0\",\"pagination\":{\"type\":\"page\",\"parameter\":\"p\","
	"\"total_pages\":\"/n\",\"has_more\":\"/m\"},\"mapping\":{\"source_id\":\"/@key\",\"title\":\"/t\",\"starts_at\":\"/s\"}}",
};

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

	if (l->source_id == NULL || l->title == NULL ||
		(l->starts_at == FEED_TIME_UNKNOWN && l->start_precision != PRECISION_UNKNOWN))
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

	for (int i = 0; i < 3 && JsonConnector.next_request(&h->feed, &request, &problem); i++)
	{
		page.request = &request;
		if (!JsonConnector.page(&h->feed, &page, &body, &problem))
			break;
	}
}

/* Drive the connector with one configuration */
static void
drive(const char *config, const char *bytes, size_t size)
{
	Harness    *h = HarnessOpen(&JsonConnector, config);
	FeedRequest request;
	Problem		problem = {0};
	FeedRefusal refusal = {404, "application/json", bytes, size};

	h->feed.credential = credential;
	h->feed.default_timezone = "UTC";
	if (!ProblemIsSet(&h->problem))
	{
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
		if (JsonConnector.next_request(&h->feed, &request, &problem))
			(void) JsonConnector.refused(&h->feed, &request, &refusal, &problem);
	}
	HarnessClose(h);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char	   *bytes = malloc(size + 1);
	char	   *line;

	memcpy(bytes, data, size);
	bytes[size] = '\0';			/* a refusal's body ends so */
	line = memchr(bytes, '\n', size);
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		drive(configs[i], bytes, size);
	if (line != NULL)
	{
		*line = '\0';
		drive(bytes, line + 1, (size_t) (bytes + size - line) - 1);
	}
	free(bytes);
	return 0;
}
