/*
 * test/unit/ticketmaster_paging_test.c
 *
 * How the Ticketmaster connector lists everything: windows and pages, against
 * a small upstream in memory that answers as the API does and can be told to
 * misbehave.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/builder.h"
#include "feed/ticketmaster.h"
#include "feed/when.h"
#include "feed_harness.h"

#define CONFIG "{\"market_id\":120}"
#define NOW INT64_C(1790000000)
#define DAY INT64_C(86400)
#define YEAR (365 * DAY)
#define MAX_EVENTS 40000

/* The upstream's events: when each starts, by id; removed ones are at -1 */
static FeedTime starts[MAX_EVENTS];
static int	nevents;
static int	ntba;				/* and so many without a date */
static int	seen[MAX_EVENTS];

/* How it misbehaves */
static struct
{
	int64_t		total;			/* says so, whatever there is */
	bool		no_totals;		/* has no "page" */
	bool		no_next;		/* nor links */
	bool		ignores_dates;
	bool		ignores_page;
	int			repeat_page;	/* the n-th request gets the page before; 0: none */
	int			remove_after;	/* after so many requests the first event goes */
	int			depth;			/* refuses pages from this offset on; 0: 1000 */
	bool		endless_empty;	/* a last page without events has a next one */
} odd;

static int	nrequests;
static int	nrefused;
static int	undated_seen;
static Harness *h;

/* ---- the upstream ---- */

static FeedTime
time_parameter(const char *url, const char *name, FeedTime otherwise)
{
	const char *at = strstr(url, name);
	int64_t		value;

	if (at == NULL)
		return otherwise;
	at += strlen(name) + 1;
	if (WhenParse(at, strcspn(at, "&"), &value) != WHEN_INSTANT)
		TapOk(false, "a time the API takes: %.30s", at);
	return value;
}

static int64_t
number_parameter(const char *url, const char *name)
{
	const char *at = strstr(url, name);

	return at == NULL ? -1 : atoll(at + strlen(name));
}

/* The answer to a request, as the API writes it; bounds include both ends */
static const char *
respond(Arena *arena, const char *url)
{
	FeedTime	from = time_parameter(url, "startDateTime", INT64_MIN);
	FeedTime	to = time_parameter(url, "endDateTime", INT64_MAX);
	int64_t		size = number_parameter(url, "&size=");
	int64_t		page = number_parameter(url, "&page=");
	bool		undated = strstr(url, "includeTB") != NULL;
	int64_t		total = 0;
	int64_t		first;
	TextBuilder body = {arena, NULL, 0, 0};

	if (odd.ignores_page)
		page = 0;
	if (odd.repeat_page == nrequests && page > 0)
		page--;
	first = page * size;
	BuilderAddText(&body, "{\"_embedded\":{\"events\":[");
	for (int i = 0; i < (undated ? ntba : nevents); i++)
	{
		if (!undated && (starts[i] < 0 || (!odd.ignores_dates && (starts[i] < from || starts[i] > to))))
			continue;
		if (total >= first && total < first + size)
			BuilderAddText(&body, ArenaPrintf(arena, "%s{\"id\":\"%c%06d\",\"name\":\"E\",\"dates\":{\"timezone\":\"UTC\"}}",
											  total > first ? "," : "",
											  undated ? strstr(url, "TBA") ? 'A' : 'D' : 'E', i));
		total++;
	}
	if (total <= first)
	{
		body.length = 0;
		BuilderAddText(&body, "{\"_links\":{");
	}
	else
		BuilderAddText(&body, "]},\"_links\":{");
	BuilderAddText(&body, "\"self\":{\"href\":\"/x\"}");
	if (!odd.no_next && (total > first + size || odd.endless_empty))
		BuilderAddText(&body, ",\"next\":{\"href\":\"/discovery/v2/events.json?page=1{&sort}\"}");
	BuilderAddText(&body, "}");
	if (odd.total > 0)
		total = odd.total;
	if (total > 10000)
		total = 10000;
	if (!odd.no_totals)
		BuilderAddText(&body, ArenaPrintf(arena, ",\"page\":{\"size\":%lld,\"totalElements\":%lld,\"totalPages\":%lld,\"number\":%lld}",
										  (long long) size, (long long) total,
										  (long long) (total / 20), (long long) page));
	else if (strstr(body.text, "events") == NULL)
		BuilderAddText(&body, ",\"page\":{}");
	BuilderAddText(&body, "}");
	return body.text;
}

/* Note the page's records */
static void
take_records(FeedPage *page)
{
	FeedRecord	record;

	while (TicketmasterConnector.record(&h->feed, page, &record))
		if (record.source_id != NULL && record.source_id[0] == 'E')
			seen[atoi(record.source_id + 1)]++;
		else
			undated_seen++;
}

static const char *
test_credential(void *arg, const char *name)
{
	return "SECRETKEY1234567890abcdef";
}

/* An answer to the request: a page, or the refusal of one too deep; false: the run fails */
static bool
answer(const FeedRequest *request)
{
	static const char refused[] =
		"{\"errors\":[{\"code\":\"DIS1035\",\"detail\":\"API Limits Exceeded: Max paging depth exceeded. "
		"(page * size) must be less than 1,000\",\"status\":\"400\"}]}";
	FeedPage	page = {.arena = ArenaCreate(), .request = request};
	FeedBody	body = {.content_type = "application/json"};
	FeedRefusal refusal = {400, "application/json", refused, sizeof(refused) - 1};
	bool		fine;

	if (number_parameter(request->url, "&page=") * number_parameter(request->url, "&size=") >=
		(odd.depth > 0 ? odd.depth : 1000))
	{
		nrefused++;
		fine = TicketmasterConnector.refused(&h->feed, request, &refusal, &h->problem) != REFUSAL_FAIL;
	}
	else
	{
		body.bytes = respond(page.arena, request->url);
		body.size = strlen(body.bytes);
		fine = TicketmasterConnector.page(&h->feed, &page, &body, &h->problem);
		if (fine)
			take_records(&page);
		h->feed.incomplete |= page.incomplete;
	}
	ArenaFree(page.arena);
	return fine;
}

/* Walk all there is from one time to another; false: the run fails, or does not end */
static bool
walk(const char *config, FeedTime from, FeedTime to)
{
	FeedRequest request;
	Problem		problem = {0};
	TicketmasterState *state;

	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&TicketmasterConnector, config);
	h->feed.credential = test_credential;
	state = h->feed.state;
	TicketmasterWindowsInit(&state->windows, from, to, state->windows.capacity);
	TicketmasterStart(&h->feed);
	memset(seen, 0, sizeof(seen));
	nrequests = nrefused = undated_seen = 0;
	while (nrequests < 3000)
	{
		if (!TicketmasterConnector.next_request(&h->feed, &request, &problem))
			return true;
		nrequests++;
		if (odd.remove_after == nrequests - 1 && odd.remove_after > 0)
			starts[0] = -1;
		if (!answer(&request))
			return false;
	}
	return false;
}

/* Events spread evenly from one time to another */
static void
spread(int count, FeedTime from, FeedTime to)
{
	memset(&odd, 0, sizeof(odd));
	ntba = 0;
	nevents = count;
	for (int i = 0; i < count; i++)
		starts[i] = from + (to - from) * i / count;
}

static int
count_missing(void)
{
	int			missing = 0;

	for (int i = 0; i < nevents; i++)
		missing += seen[i] == 0 && starts[i] >= 0;
	return missing;
}

static int
count_repeated(void)
{
	int			repeated = 0;

	for (int i = 0; i < nevents; i++)
		repeated += seen[i] > 1;
	return repeated;
}

/* All are listed, whole, with at most so many requests */
static void
lists_all(const char *name, int most)
{
	bool		fine = walk(CONFIG, NOW, NOW + 548 * DAY);

	TapOk(fine && count_missing() == 0 && !h->feed.incomplete, "%s: every event is listed", name);
	TapOk(nrequests <= most, "%s: %d requests, at most %d", name, nrequests, most);
	TapEqual(nrefused, 0, "  and none too deep");
}

/* ---- windows ---- */

static void
test_requests(void)
{
	FeedRequest request;
	Problem		problem = {0};

	spread(10, NOW, NOW + DAY);
	walk("{\"market_id\":120,\"segment_ids\":[\"a\",\"b\"],\"locale\":\"fr-ca,*\",\"geo_point\":\"45.5,-73.5\",\"radius\":30,"
		 "\"city\":\"Montréal\",\"country\":\"CA\",\"dma_id\":522}", NOW, NOW + DAY);
	TicketmasterWindowsInit(&((TicketmasterState *) h->feed.state)->windows, NOW, NOW + DAY, 1000);
	TicketmasterStart(&h->feed);
	TapOk(TicketmasterConnector.next_request(&h->feed, &request, &problem), "a request");
	TapSame(request.url, "https://app.ticketmaster.com/discovery/v2/events.json?marketId=120&dmaId=522&city=Montr%C3%A9al"
			"&countryCode=CA&geoPoint=45.5%2C-73.5&radius=30&unit=km&segmentId=a,b&source=ticketmaster,universe,frontgate"
			"&locale=fr-ca%2C%2A&startDateTime=2026-09-21T14:13:20Z&endDateTime=2026-09-22T14:13:20Z&sort=id,asc&size=200"
			"&page=0&apikey=SECRETKEY1234567890abcdef", "its parameters are the documented ones");
	TapOk(strstr(request.what, "SECRET") == NULL, "its name for people has no key");
}

static void
test_windows(void)
{
	bool		fine;

	/* the least: 25 pages, one of each undated list */
	spread(5000, NOW, NOW + 548 * DAY);
	lists_all("5000 events, evenly", 2 * 25);
	spread(5000, NOW, NOW + 180 * DAY);
	lists_all("5000 events in the first third", 2 * 25);
	spread(5000, NOW + 500 * DAY, NOW + 520 * DAY);
	lists_all("5000 events in three weeks", 2 * 25);
	spread(2500, NOW, NOW + 30 * DAY);
	for (int i = 0; i < 2500; i++)
		starts[2500 + i] = NOW + 30 * DAY + 500 * DAY * i / 2500;
	nevents = 5000;
	lists_all("5000 events, half of them in a month", 2 * 25);
	spread(5000, NOW, NOW + 100 * DAY);
	for (int i = 0; i < nevents; i++)
		starts[i] = NOW + (i % 100) * DAY + 68400;
	lists_all("5000 events, fifty each evening", 2 * 25);
	spread(30000, NOW, NOW + 548 * DAY);
	lists_all("30000 events, more than a total can say", 2 * 150);
	spread(900, NOW, NOW + 548 * DAY);
	lists_all("900 events", 5 + 2);
	spread(1000, NOW, NOW + 548 * DAY);
	lists_all("1000 events", 5 + 2);
	spread(0, NOW, NOW);
	lists_all("no events", 1 + 2);
	spread(5000, NOW, NOW + 180 * DAY);
	fine = walk(CONFIG, NOW - 30 * YEAR, NOW + 70 * YEAR) && count_missing() == 0;
	TapOk(fine && nrequests <= 2 * 25, "a century: every event is listed, with %d requests", nrequests);
	TapOk(walk("{\"market_id\":120,\"page_size\":20}", NOW, NOW + 548 * DAY) && count_missing() == 0 && nrefused == 0,
		  "pages of 20: every event is listed");
	TapOk(walk("{\"market_id\":120,\"page_size\":150}", NOW, NOW + 548 * DAY) && count_missing() == 0 && nrefused == 0,
		  "pages of 150, which a thousand is no multiple of: every event is listed");
	TapOk(walk(CONFIG, NOW + DAY, NOW) && undated_seen == 0 && nrequests == 2, "no time at all: undated ones are asked for");
}

static void
test_a_second_that_cannot_be_divided(void)
{
	spread(1500, NOW + DAY, NOW + DAY);
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY), "1500 events in one second: the run ends");
	TapOk(h->feed.incomplete, "  and is known to be incomplete");
	TapEqual(nevents - count_missing(), 1000, "  with the thousand that can be read");
	TapOk(strstr(h->warnings, "only the first 1000 of 1500 can be read") != NULL, "  and the operator is told");
	TapOk(nrequests < 100, "  after %d requests", nrequests);
	memset(&odd, 0, sizeof(odd));
	ntba = 1200;
	nevents = 10;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && undated_seen == 2000 && h->feed.incomplete &&
		  strstr(h->warnings, "to be announced: only the first 1000 of 1200") != NULL,
		  "1200 undated events: likewise");
}

/* ---- traps ---- */

static void
trap_4_undated_events_are_asked_for(void)
{
	spread(10, NOW, NOW + DAY);
	ntba = 250;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && undated_seen == 500 && nrequests == 5,
		  "trap 4: events to be announced and to be determined, once a run");
	TapOk(walk("{\"market_id\":120,\"include_undated\":false}", NOW, NOW + 548 * DAY) && undated_seen == 0 && nrequests == 1,
		  "trap 4: unless they are not wanted");
}

static void
trap_7_totals(void)
{
	spread(5000, NOW, NOW + 180 * DAY);
	odd.total = 600;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0 && !h->feed.incomplete,
		  "trap 7: a total that is too low loses nothing");
	odd.total = 1;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0, "trap 7: nor does one of 1");
	spread(350, NOW, NOW + 180 * DAY);
	odd.total = 10000;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0,
		  "trap 7: one that is too high loses nothing either");
	TapOk(nrequests < 100, "  and costs some requests (%d)", nrequests);
	spread(900, NOW, NOW + 180 * DAY);
	odd.no_totals = true;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0, "trap 7: no total, but links");
	odd.no_next = true;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0, "trap 7: neither");
	odd.no_totals = false;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0 && nrequests == 7, "trap 7: totals without links");
	spread(400, NOW, NOW + 180 * DAY);
	odd.endless_empty = true;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0 && nrequests <= 5,
		  "trap 7: a last page without events");
}

static void
trap_12_no_validators(void)
{
	FeedRequest request;
	Problem		problem = {0};

	spread(10, NOW, NOW + DAY);
	walk(CONFIG, NOW, NOW + DAY);
	TicketmasterWindowsInit(&((TicketmasterState *) h->feed.state)->windows, NOW, NOW + DAY, 1000);
	TicketmasterStart(&h->feed);
	TapOk(TicketmasterConnector.next_request(&h->feed, &request, &problem) && !request.conditional,
		  "trap 12: answers have no validator, so that no 304 is taken for one");
}

static void
test_misbehaviour(void)
{
	spread(900, NOW, NOW + 180 * DAY);
	odd.repeat_page = 3;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0 && count_repeated() == 0 && !h->feed.incomplete,
		  "a page that comes again in place of the next is asked for again");
	odd.repeat_page = 0;
	odd.ignores_page = true;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && h->feed.incomplete && nrequests < 10 &&
		  strstr(h->warnings, "came a second time") != NULL, "one that always does ends the window");
	spread(5000, NOW, NOW + 180 * DAY);
	odd.ignores_dates = true;
	TapOk(!walk(CONFIG, NOW, NOW + 548 * DAY) && h->problem.error_class == ERROR_CLASS_UPSTREAM,
		  "an upstream that honours no window is told as such");
	TapOk(nrequests < 500, "  after %d requests", nrequests);
	spread(900, NOW, NOW + 180 * DAY);
	odd.remove_after = 2;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0 && !h->feed.incomplete,
		  "an event that goes while its window is walked takes none with it");
	spread(900, NOW, NOW + 180 * DAY);
	odd.depth = 400;
	TapOk(walk(CONFIG, NOW, NOW + 548 * DAY) && count_missing() == 0 && !h->feed.incomplete && nrefused > 0,
		  "a limit lower than documented: windows are divided all the same");
}

int
main(void)
{
	test_requests();
	test_windows();
	test_a_second_that_cannot_be_divided();
	trap_4_undated_events_are_asked_for();
	trap_7_totals();
	trap_12_no_validators();
	test_misbehaviour();
	HarnessClose(h);
	return TapDone();
}
