/*
 * test/unit/feed_harness.c
 *
 * See feed_harness.h.
 */
#include "feed_harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/resolve.h"
#include "zone_tzif.h"

/* The bytes behind a chunked reader */
typedef struct Chunked
{
	const char *bytes;
	size_t		length;
	size_t		chunk;
} Chunked;

static int	ntests;
static int	nfailed;

/* ---- the feed's host ---- */

static void
complain(void *arg, const char *key, const char *expected)
{
	Harness    *h = arg;

	ProblemSet(&h->problem, ERROR_CLASS_CONFIG, "%s: %s", key, expected);
}

static void
keep_warning(void *arg, const char *message)
{
	Harness    *h = arg;
	size_t		used = strlen(h->warnings);

	h->nwarnings++;
	snprintf(h->warnings + used, sizeof(h->warnings) - used, "%s\n", message);
}

static void
breathe(void)
{
}

static const char *
resolve_url(Arena *arena, const char *base, const char *reference)
{
	char	   *url = UrlResolve(base, reference);
	const char *kept = url == NULL ? NULL : ArenaStrdup(arena, url);

	free(url);
	return kept;
}

/* The clock stands where `now` does */
static FeedTime
stopped_clock(void)
{
	return INT64_C(1795000000);
}

static const char *
no_credential(void *arg, const char *name)
{
	return NULL;
}

Harness *
HarnessOpen(const Connector *connector, const char *config)
{
	Harness    *h = calloc(1, sizeof(Harness));

	h->arena = ArenaCreate();
	h->keep_items = true;
	h->feed.connector = connector;
	h->feed.arena = ArenaCreate();
	h->feed.config = ConfigParse(h->feed.arena, connector->keys, config, strlen(config), complain, h);
	h->feed.zones = ZonesCreate(h->feed.arena, TzifZoneProvider());
	h->feed.now = stopped_clock();
	h->feed.clock = stopped_clock;
	h->feed.window_start = INT64_C(-62135596800);	/* year 1 */
	h->feed.window_end = INT64_C(253402300799); /* year 9999 */
	h->feed.credential = no_credential;
	h->feed.warn = keep_warning;
	h->feed.warn_arg = h;
	h->feed.breathe = breathe;
	h->feed.resolve_url = resolve_url;
	h->feed.user_agent = "ingest/1.0";
	if (!ProblemIsSet(&h->problem) && connector->check != NULL)
		connector->check(h->feed.config, complain, h);
	if (!ProblemIsSet(&h->problem) && connector->open != NULL)
		connector->open(&h->feed, &h->problem);
	return h;
}

void
HarnessClose(Harness *h)
{
	ArenaFree(h->page.arena);
	ArenaFree(h->feed.arena);
	ArenaFree(h->arena);
	free(h->items);
	free(h);
}

/* ---- running ---- */

/* Keep the item, if wanted */
static void
keep_item(Harness *h, const HarnessItem *item)
{
	if (!h->keep_items)
		return;
	if ((h->nitems & (h->nitems - 1)) == 0)
		h->items = realloc(h->items, sizeof(HarnessItem) * (h->nitems > 0 ? h->nitems * 2 : 1));
	h->items[h->nitems++] = *item;
}

static void
take_record(Harness *h, HarnessItem *item)
{
	Feed	   *feed = &h->feed;

	if (item->record.withheld != NULL && !h->shows_withheld)
		item->record.skip_reason = item->record.withheld;
	if (ProblemIsSet(&item->record.problem))
		item->result = MAP_REFUSED;
	else if (item->record.skip_reason != NULL)
		item->result = MAP_SKIPPED;
	else
	{
		if (!h->keep_items)
			ArenaReset(h->arena);
		item->result = feed->connector->map(feed, &h->page, &item->record, h->arena, &item->listing);
	}
	if (item->result == MAP_LISTING)
		h->nlistings++;
	else if (item->result == MAP_SKIPPED)
		h->nskipped++;
	else
		h->nrefused++;
	if (h->on_item != NULL)
		h->on_item(h, item, h->on_item_arg);
	keep_item(h, item);
}

static void
run_body(Harness *h, const FeedBody *body)
{
	Feed	   *feed = &h->feed;

	ArenaFree(h->page.arena);
	memset(&h->page, 0, sizeof(h->page));
	memset(&h->problem, 0, sizeof(h->problem));
	h->page.arena = ArenaCreate();
	h->nitems = h->nlistings = h->nskipped = h->nrefused = h->nwarnings = 0;
	h->warnings[0] = '\0';
	h->page_ok = feed->connector->page(feed, &h->page, body, &h->problem);
	while (h->page_ok)
	{
		HarnessItem item;

		memset(&item, 0, sizeof(item));
		ListingInit(&item.listing);
		if (!feed->connector->record(feed, &h->page, &item.record))
			break;
		take_record(h, &item);
	}
	h->largest = ArenaSize(h->page.arena);
}

void
HarnessRun(Harness *h, const char *bytes, size_t length)
{
	FeedBody	body = {.size = length, .bytes = bytes, .content_type = h->content_type};

	run_body(h, &body);
}

void
HarnessRunText(Harness *h, const char *text)
{
	HarnessRun(h, text, strlen(text));
}

static long
read_chunk(void *arg, size_t offset, char *buffer, size_t length)
{
	Chunked    *chunked = arg;

	if (offset >= chunked->length)
		return 0;
	if (length > chunked->chunk)
		length = chunked->chunk;
	if (length > chunked->length - offset)
		length = chunked->length - offset;
	memcpy(buffer, chunked->bytes + offset, length);
	return (long) length;
}

void
HarnessRunChunked(Harness *h, const char *bytes, size_t length, size_t chunk)
{
	Chunked    *chunked = ArenaAlloc(h->feed.arena, sizeof(Chunked));
	FeedBody	body = {.size = length, .read = read_chunk, .arg = chunked,
	.content_type = h->content_type};

	chunked->bytes = bytes;
	chunked->length = length;
	chunked->chunk = chunk;
	run_body(h, &body);
}

const Listing *
HarnessListing(const Harness *h, const char *source_id)
{
	for (int i = 0; i < h->nitems; i++)
		if (h->items[i].result == MAP_LISTING &&
			strcmp(h->items[i].listing.source_id, source_id) == 0)
			return &h->items[i].listing;
	return NULL;
}

int
HarnessSkipped(const Harness *h, const char *reason)
{
	int			count = 0;

	for (int i = 0; i < h->nitems; i++)
		if (h->items[i].result == MAP_SKIPPED &&
			strcmp(h->items[i].record.skip_reason, reason) == 0)
			count++;
	return count;
}

/* ---- TAP ---- */

static bool
report(bool passed, const char *name)
{
	ntests++;
	if (!passed)
		nfailed++;
	printf("%sok %d - %s\n", passed ? "" : "not ", ntests, name);
	return passed;
}

bool
TapOk(bool passed, const char *name, ...)
{
	char		text[512];
	va_list		args;

	va_start(args, name);
	vsnprintf(text, sizeof(text), name, args);
	va_end(args);
	return report(passed, text);
}

bool
TapSame(const char *got, const char *expected, const char *name)
{
	bool		same = got == NULL || expected == NULL ? got == expected : strcmp(got, expected) == 0;

	if (!report(same, name))
		printf("#      got: %s\n# expected: %s\n", got != NULL ? got : "(null)",
			   expected != NULL ? expected : "(null)");
	return same;
}

bool
TapEqual(long long got, long long expected, const char *name)
{
	if (!report(got == expected, name))
		printf("#      got: %lld\n# expected: %lld\n", got, expected);
	return got == expected;
}

int
TapDone(void)
{
	printf("1..%d\n", ntests);
	if (nfailed > 0)
		printf("# %d of %d failed\n", nfailed, ntests);
	return nfailed > 0;
}
