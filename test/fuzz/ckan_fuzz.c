/*
 * test/fuzz/ckan_fuzz.c
 *
 * libFuzzer: the connectors of CKAN tables, as they are driven: a pushed
 * payload in JSON or CSV, answers to each request of a walk, an error's body, a
 * cursor.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -Itest/unit -D_GNU_SOURCE \
 *     test/fuzz/ckan_fuzz.c test/unit/feed_harness.c test/unit/zone_tzif.c \
 *     src/feed/[a-z]*.c src/hash.c src/error_class.c -lical -ljson-c -lm -o ckan_fuzz
 *
 * Of what comes out it checks what the listing's contract promises.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ckan.h"
#include "feed/described_hour.h"
#include "feed/text.h"
#include "feed_harness.h"

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define CKAN_CONFIG \
	"{\"resource_id\":\"r\",\"missing\":[\"nan\"],\"filters\":{\"cout\":\"Gratuit\"}," \
	"\"mapping\":{\"source_id\":\"/url_fiche\",\"title\":\"/titre\",\"starts_at\":\"/date_debut\"," \
	"\"ends_at\":{\"pointer\":\"/date_fin\",\"inclusive\":true},\"description\":{\"pointer\":\"/description\"," \
	"\"transform\":\"html_to_text\"},\"latitude\":\"/lat\",\"longitude\":\"/long\",\"category\":\"/type_evenement\"}}"

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
		l->title, l->description, l->url, l->timezone, l->venue_name, l->address, l->city,
		l->region, l->postal_code, l->country, l->category, l->language, l->attributes,
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
	return "KEY";
}

/* The bytes as whatever a walk asks for; it must come to an end */
static void
walk(Harness *h, const char *bytes, size_t size)
{
	const Connector *connector = h->feed.connector;
	FeedBody	body = {.size = size, .bytes = bytes};
	FeedRefusal refusal = {500, "application/json", bytes, size};
	FeedRequest request;
	Problem		problem = {0};

	for (int i = 0; i < 20 && connector->next_request(&h->feed, &request, &problem); i++)
	{
		FeedPage	page = {.arena = h->arena, .request = &request};
		FeedRecord	record;

		if (size % 3 == 1 && i % 2 == 0)
		{
			if (connector->refused(&h->feed, &request, &refusal, &problem) == REFUSAL_FAIL)
				break;
			continue;
		}
		if (!connector->page(&h->feed, &page, &body, &problem))
			break;
		while (connector->record(&h->feed, &page, &record))
			if (ProblemIsSet(&record.problem) == (record.source_id != NULL) && record.skip_reason == NULL)
				fail("neither an id nor a problem, or both");
	}
	if (h->feed.next_cursor != NULL)
	{
		JsonReader *reader = JsonReaderCreate(h->arena);
		const JsonNode *root;

		if (!JsonRead(reader, h->arena, h->feed.next_cursor, strlen(h->feed.next_cursor), &root, &problem))
			fail("a cursor that is no JSON");
	}
}

static void
drive(const Connector *connector, const char *config, const char *bytes, size_t size)
{
	Harness    *h = HarnessOpen(connector, config);

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
	HarnessClose(h);
	h = HarnessOpen(connector, config);
	h->feed.credential = credential;
	h->feed.cursor = bytes;
	walk(h, bytes, size);
	HarnessClose(h);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char	   *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	bytes[size] = '\0';			/* a refusal's body ends so, and so does a cursor */
	drive(&MontrealConnector, "{}", bytes, size);
	drive(&CkanConnector, CKAN_CONFIG, bytes, size);
	free(bytes);
	return 0;
}
