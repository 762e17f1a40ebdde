/*
 * test/fuzz/ics_fuzz.c
 *
 * libFuzzer target: any bytes as a calendar.  Each input is read whole and
 * through a chunked reader, which must agree; every listing must be what the
 * store takes: valid UTF-8, a title, an id, a start in the window.
 *
 * libs="libcurl libical json-c libcrypto"
 * clang -g -O2 -std=gnu11 -D_GNU_SOURCE -DHAVE_LIBCRYPTO \
 *	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *	-fsanitize-coverage=inline-8bit-counters,pc-table \
 *	-fno-sanitize-coverage=trace-cmp -Isrc -Itest/unit $(pkg-config --cflags $libs) \
 *	test/fuzz/ics_fuzz.c test/unit/feed_harness.c test/unit/zone_tzif.c \
 *	src/[star]_class.c src/hash.c src/feed/[star].c src/match/[star].c \
 *	src/http/{guard,redact,resolve}.c $(pkg-config --libs $libs) -lm -o ics_fuzz
 * ./ics_fuzz -merge=1 -max_len=1500 corpus seeds
 * ASAN_OPTIONS=quarantine_size_mb=2:malloc_context_size=4 \
 *	./ics_fuzz -max_len=1500 -runs=10000000 -timeout=60 -reload=0 corpus
 *
 * ([star] stands for an asterisk, which would end this comment.)  On an idle
 * core that makes 3,800 runs a second; traced comparisons and long seeds make
 * it 200.
 */
#include <stdlib.h>
#include <string.h>

#include "feed/text.h"
#include "feed_harness.h"

extern const Connector IcsConnector;

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the store would refuse is a crash here */
static void
check_text(const char *text)
{
	if (text != NULL && (*text == '\0' || TextInvalidAt(text, strlen(text)) != strlen(text)))
		abort();
}

/* It starts in the window, or goes on in it */
static bool
in_window(const Feed *feed, const Listing *l)
{
	if (l->starts_at < feed->window_start)
		return l->ends_at != FEED_TIME_UNKNOWN && l->ends_at > feed->window_start;
	return l->starts_at < feed->window_end;
}

static void
check_item(const Harness *h, const HarnessItem *item)
{
	const Listing *l = &item->listing;

	if (item->result != MAP_LISTING)
		return;
	if (l->title == NULL || l->source_id == NULL || strcmp(l->source_id, item->record.source_id) != 0 ||
		!in_window(&h->feed, l) ||
		(l->ends_at != FEED_TIME_UNKNOWN && l->ends_at < l->starts_at))
		abort();
	check_text(l->source_id);
	check_text(l->title);
	check_text(l->description);
	check_text(l->url);
	check_text(l->image_url);
	check_text(l->venue_name);
	check_text(l->address);
	check_text(l->city);
	check_text(l->postal_code);
	check_text(l->organizer);
	check_text(l->category);
	check_text(l->language);
	check_text(l->timezone);
	check_text(item->record.raw);
	for (int i = 0; i < l->ntags; i++)
		check_text(l->tags[i]);
}

/* Harness.on_item: a hash over all that comes out */
static void
take_item(const Harness *h, const HarnessItem *item, void *sum)
{
	check_item(h, item);
	*(uint64_t *) sum = *(uint64_t *) sum * 31 + item->record.raw_hash + item->result;
}

/* Mostly some weeks, for speed: of a weekly series all of time is 1,700 listings */
static void
set_window(Feed *feed, size_t size)
{
	feed->window_start = INT64_C(852076800);	/* 1997 */
	feed->window_end = INT64_C(1893456000);	/* 2030 */
	if (size % 64 == 0)
		return;
	feed->window_start += (int64_t) (size % 32) * 365 * 86400;
	feed->window_end = feed->window_start + INT64_C(70) * 86400;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char prefix[] = "BEGIN:VCALENDAR\n";
	Harness    *h = HarnessOpen(&IcsConnector, "{}");
	char	   *bytes = malloc(size + sizeof(prefix));
	uint64_t	sum = 0;
	uint64_t	whole;

	/* half of the inputs need not find out how a calendar begins */
	size_t		length = 0;

	if (size > 0 && data[0] & 1)
		memcpy(bytes, prefix, length = sizeof(prefix) - 1);
	memcpy(bytes + length, data, size);
	length += size;
	h->keep_items = false;
	h->on_item = take_item;
	h->on_item_arg = &sum;
	set_window(&h->feed, size);
	HarnessRun(h, bytes, length);
	whole = sum + h->page_ok;
	if (size > 0 && data[size - 1] & 1)
	{
		sum = 0;
		HarnessRunChunked(h, bytes, length, 1 + data[0]);
		if (sum + h->page_ok != whole)
			abort();
	}
	HarnessClose(h);
	free(bytes);
	return 0;
}
