/*
 * test/fuzz/jsonld_fuzz.c
 *
 * libFuzzer target: any bytes as a page, and as a robots.txt.  Half of the
 * inputs stand within a script, so that they need not find out how one begins.
 * Every listing must be what the store takes: valid UTF-8, a title, an id, a
 * start, an end that is not before it.
 */
#include <stdlib.h>
#include <string.h>

#include "feed/robots.h"
#include "feed/text.h"
#include "feed_harness.h"

extern const Connector JsonldConnector;

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the store would refuse is a crash here */
static void
check_text(const char *text)
{
	if (text != NULL && (*text == '\0' || TextInvalidAt(text, strlen(text)) != strlen(text)))
		abort();
}

static void
check_item(const HarnessItem *item)
{
	const Listing *l = &item->listing;

	check_text(item->record.source_id);
	if (item->result != MAP_LISTING)
		return;
	if (l->title == NULL || l->source_id == NULL || l->starts_at == FEED_TIME_UNKNOWN ||
		(l->ends_at != FEED_TIME_UNKNOWN && l->ends_at < l->starts_at))
		abort();
	check_text(l->title);
	check_text(l->description);
	check_text(l->url);
	check_text(l->image_url);
	check_text(l->venue_name);
	check_text(l->address);
	check_text(l->city);
	check_text(l->region);
	check_text(l->postal_code);
	check_text(l->organizer);
	check_text(l->organizer_url);
	check_text(l->category);
	check_text(l->language);
	check_text(l->timezone);
	check_text(l->price_min);
	check_text(l->price_max);
	check_text(l->series_id);
	check_text(l->attributes);
	check_text(item->record.raw);
	for (int i = 0; i < l->ntags; i++)
		check_text(l->tags[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char prefix[] = "<script type=application/ld+json>";
	Harness    *h = HarnessOpen(&JsonldConnector, "{\"urls\":[\"https://example.org/\"]}");
	char	   *bytes = malloc(size + sizeof(prefix));
	size_t		length = 0;

	if (size > 0 && data[0] & 1)
		memcpy(bytes, prefix, length = sizeof(prefix) - 1);
	memcpy(bytes + length, data, size);
	length += size;
	bytes[length] = '\0';
	h->feed.default_timezone = "America/Toronto";
	h->feed.window_start = INT64_C(852076800);	/* 1997 */
	h->feed.window_end = INT64_C(1893456000);	/* 2030 */
	HarnessRun(h, bytes, length);
	for (int i = 0; i < h->nitems; i++)
		check_item(&h->items[i]);
	(void) RobotsAllow(RobotsParse(h->arena, bytes, length, "ingest/1.0"), bytes);
	HarnessClose(h);
	free(bytes);
	return 0;
}
