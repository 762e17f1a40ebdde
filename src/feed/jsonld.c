/*
 * src/feed/jsonld.c
 *
 * Events that web sites publish for search engines: schema.org/Event as
 * JSON-LD in their pages (https://schema.org/Event,
 * https://developers.google.com/search/docs/appearance/structured-data/event).
 *
 * A source names pages: of events, or listings whose links are followed.
 * Pushed payloads may be a page or JSON-LD itself.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <string.h>
#include <strings.h>

#include "hash.h"

/* Records between two breaths */
#define BREATH 256

static const ConfigKey jsonld_keys[] = {
	{"urls", CONFIG_STRING_LIST, NULL,
		"Pages with events, or listings of such pages."},
	{"link_pattern", CONFIG_STRING, NULL,
		"POSIX regular expression, such as \"/events/[0-9]+\": links of the listed pages whose URL it matches are "
		"followed; to other hosts only if it holds \"://\"."},
	{"max_links", CONFIG_INTEGER, "200",
		"At most so many links are followed in one run.", 1, 100000},
	{"requests_per_second", CONFIG_NUMBER, "1",
		"The run is slowed down to at most this rate; a site's Crawl-delay may slow it down further.", 0.001, 1000},
	{"default_timezone", CONFIG_TIMEZONE, NULL,
		"Zone of times that name none, e.g. America/Toronto; else the source's."},
	{NULL}
};

static const CredentialKey jsonld_credentials[] = {
	{NULL}
};

/* Connector.check */
static void
check_config(const Config *config, ConfigComplaint complain, void *arg)
{
	int			count;
	const char *const *urls = ConfigStrings(config, "urls", &count);
	const char *pattern = ConfigString(config, "link_pattern");
	const char *mistake = pattern == NULL ? NULL : JsonldPatternMistake(pattern);

	if (count == 0)
		complain(arg, "urls", "expected at least one page, such as [\"https://example.org/events\"]");
	for (int i = 0; i < count; i++)
		if ((strncasecmp(urls[i], "https://", 8) != 0 && strncasecmp(urls[i], "http://", 7) != 0) ||
			urls[i][strcspn(urls[i], " \t\r\n")] != '\0')
		{
			complain(arg, "urls", "expected absolute http or https addresses");
			break;
		}
	if (mistake != NULL)
		complain(arg, "link_pattern", mistake);
}

/* Connector.open */
static bool
open_feed(Feed *feed, Problem *problem)
{
	JsonldFeed *state = ArenaAlloc0(feed->arena, sizeof(JsonldFeed));

	state->reader = JsonReaderCreate(feed->arena);
	state->seed = FeedSeed(feed);
	state->crawl = JsonldCrawlCreate(feed, problem);
	feed->state = state;
	return state->crawl != NULL;
}

/* Connector.page */
static bool
read_page(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	JsonldFeed *state = feed->state;
	JsonldPage *ld = ArenaAlloc0(page->arena, sizeof(JsonldPage));
	const char *bytes = FeedBodyBytes(body, page->arena, problem);

	if (bytes == NULL)
		return false;
	page->state = ld;
	if (JsonldTakeRobots(feed, page, bytes, body->size))
		return true;
	ld->graph.arena = page->arena;
	ld->url = page->url;
	JsonldReadPage(feed, state->reader, ld, bytes, body->size, body->content_type);
	JsonldFindEvents(feed, ld);
	JsonldTakePage(feed, page, ld);
	return true;
}

/*
 * Hash of what the listing is made of: the event with what it refers to, what
 * its parent lends it, and what the page says for it.
 */
static uint64_t
hash_event(Feed *feed, JsonldPage *ld, const JsonldEvent *event)
{
	JsonldFeed *state = feed->state;
	const Zone *zone = JsonldZone(feed);
	uint64_t	hash = HashString(zone == NULL ? NULL : ZoneName(zone), state->seed);

	hash = HashString(event->url, HashString(ld->language, hash));
	hash = JsonldHash(&ld->graph, event->node, hash);
	if (event->place.json != NULL)
		hash = JsonldHash(&ld->graph, event->place, hash);
	if (event->parent.json != NULL)
		for (const char *const *lent = JsonldLent(event); *lent != NULL; lent++)
			hash = JsonldHash(&ld->graph, JsonldGet(event->parent, *lent), hash);
	return hash;
}

/* Connector.record */
static bool
next_record(Feed *feed, FeedPage *page, FeedRecord *record)
{
	JsonldPage *ld = page->state;
	JsonldEvent *event;

	if (ld->next_event >= ld->nevents)
		return false;
	if (ld->next_event % BREATH == 0)
		feed->breathe();
	event = &ld->events[ld->next_event++];
	record->state = event;
	record->source_id = event->source_id;
	record->skip_reason = event->skip_reason;
	if (event->skip_reason != NULL)
		return true;
	record->raw = JsonToText(page->arena, event->node.json);
	record->raw_length = strlen(record->raw);
	record->raw_hash = hash_event(feed, ld, event);
	return true;
}

/* Connector.map */
static MapResult
map_record(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	return JsonldMap(feed, page->state, record->state, arena, listing, record);
}

const Connector JsonldConnector = {
	.name = "jsonld",
	.description = "Events in web pages, as schema.org/Event in JSON-LD.",
	.keys = jsonld_keys,
	.credentials = jsonld_credentials,
	.version = 1,
	.check = check_config,
	.open = open_feed,
	.next_request = JsonldNextRequest,
	.refused = JsonldRefused,
	.page = read_page,
	.record = next_record,
	.map = map_record,
};
