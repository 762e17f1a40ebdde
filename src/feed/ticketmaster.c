/*
 * src/feed/ticketmaster.c
 *
 * Ticketmaster's Discovery API v2
 * (https://developer.ticketmaster.com/products-and-docs/apis/discovery-api/v2/):
 * the events of a market or another place.
 *
 * The API has no "changed since" and no ETags, so every run reads the whole
 * window of time; what is unchanged is recognised by the bytes of what is read
 * of it.
 *
 * Pushed payloads may be what a list answers, a bare array of events, or one
 * event, as `GET /events/ID.json` gives it.
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <stdlib.h>
#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "hash.h"

#define DAY					86400

/* An id longer than this is none; theirs have 13 to 21 characters */
#define MAX_ID				200

static const ConfigKey ticketmaster_keys[] = {
	{"base_url", CONFIG_URL, "\"https://app.ticketmaster.com/discovery/v2\"",
		"Where the API is."},
	{"market_id", CONFIG_ID, NULL,
		"Market whose events are listed, the best choice for a metropolitan area: 120 is Montréal & Area."},
	{"dma_id", CONFIG_ID, NULL,
		"Designated Market Area whose events are listed: 522 is Montreal and Surrounding Area."},
	{"city", CONFIG_STRING, NULL,
		"City of the venues, exactly as they name it: suburbs fall out."},
	{"country", CONFIG_STRING, NULL,
		"Country of the venues (ISO 3166 alpha-2, e.g. CA)."},
	{"geo_point", CONFIG_STRING, NULL,
		"Centre of the area: latitude,longitude in degrees, or a geohash."},
	{"radius", CONFIG_INTEGER, NULL,
		"Radius around geo_point in kilometres; the API's own is 50 miles.", 1, 20000},
	{"segment_ids", CONFIG_STRING_LIST, NULL,
		"Only events of these segments: KZFzniwnSyZfZ7v7nJ is Music, KZFzniwnSyZfZ7v7nE Sports, "
		"KZFzniwnSyZfZ7v7na Arts & Theatre, KZFzniwnSyZfZ7v7n1 Miscellaneous."},
	{"sources", CONFIG_STRING_LIST, "[\"ticketmaster\", \"universe\", \"frontgate\"]",
		"Systems whose events are listed: ticketmaster, universe, frontgate, and tmr for resale."},
	{"locale", CONFIG_STRING, "\"*\"",
		"Languages of the texts in order of preference, * for any: fr-ca,en-ca,*."},
	{"include_undated", CONFIG_BOOLEAN, "true",
		"Whether events whose date is not known yet are listed too."},
	{"page_size", CONFIG_INTEGER, "200",
		"Records asked for per page.", 1, TICKETMASTER_MAX_PAGE_SIZE},
	{"requests_per_second", CONFIG_NUMBER, "2",
		"The run is slowed down to at most this rate; the API's documentation allows 2 or 5, by page.",
		0.001, 1000},
	{NULL}
};

static const CredentialKey ticketmaster_credentials[] = {
	{"apikey", true, "The Consumer Key of an application at developer.ticketmaster.com."},
	{NULL}
};

/* ---- configuration ---- */

#define LETTERS		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS		"0123456789"
#define GEOHASH		"0123456789bcdefghjkmnpqrstuvwxyz"

/* Has the text only characters of the set? */
static bool
consists_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

/* A plain decimal number within -limit..limit; *end is behind it */
static bool
is_degrees(const char *text, double limit, const char **end)
{
	char	   *behind;
	double		degrees;

	if (strchr(DIGITS "-", *text) == NULL || *text == '\0')
		return false;
	degrees = strtod(text, &behind);
	*end = behind;
	return strspn(text, DIGITS ".-") >= (size_t) (behind - text) && behind > text &&
		degrees >= -limit && degrees <= limit;
}

/* "45.5,-73.57", or a geohash */
static bool
is_point(const char *text)
{
	const char *end;

	if (strchr(text, ',') == NULL)
		return consists_of(text, GEOHASH) && strlen(text) <= 12;
	return is_degrees(text, 90, &end) && *end == ',' &&
		is_degrees(end + 1, 180, &end) && *end == '\0';
}

/* "fr-ca,en-ca,*": languages with or without a country, * last */
static bool
is_locale_list(const char *text)
{
	for (;;)
	{
		size_t		letters = strspn(text, LETTERS);

		if (*text == '*')
			return text[1] == '\0';
		if (letters != 2)
			return false;
		text += letters;
		if (*text == '-' || *text == '_')
		{
			if (strspn(++text, LETTERS) != 2)
				return false;
			text += 2;
		}
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

static bool
is_source(const char *text)
{
	static const char *const sources[] = {"ticketmaster", "universe", "frontgate", "tmr"};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(text, sources[i]) == 0)
			return true;
	return false;
}

/* Complain of a text that is set and is not what it should be */
static void
check_text(const Config *config, const char *key, bool (*is_fine) (const char *text),
		   const char *expected, ConfigComplaint complain, void *arg)
{
	const char *text = ConfigString(config, key);

	if (text != NULL && !is_fine(text))
		complain(arg, key, expected);
}

static bool
is_number(const char *text)
{
	return consists_of(text, DIGITS);
}

static bool
is_country(const char *text)
{
	return strlen(text) == 2 && consists_of(text, LETTERS);
}

/* Connector.check */
static void
check_config(const Config *config, ConfigComplaint complain, void *arg)
{
	static const char *const places[] = {"market_id", "dma_id", "city", "country", "geo_point"};
	bool		has_place = false;
	int			count;
	const char *const *strings;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		has_place |= ConfigIsSet(config, places[i]);
	if (!has_place)
		complain(arg, "market_id", "expected a place in at least one of market_id, dma_id, city, "
				 "country and geo_point, such as 120 for Montréal");
	check_text(config, "market_id", is_number, "expected the number of a market, such as 120", complain, arg);
	check_text(config, "dma_id", is_number, "expected the number of a market area, such as 522", complain, arg);
	check_text(config, "country", is_country, "expected a country's code of two letters, such as \"CA\"",
			   complain, arg);
	check_text(config, "geo_point", is_point, "expected \"latitude,longitude\" in degrees, such as "
			   "\"45.5,-73.57\", or a geohash", complain, arg);
	if (ConfigIsSet(config, "radius") && !ConfigIsSet(config, "geo_point"))
		complain(arg, "radius", "expected geo_point beside it, the centre of the area");
	check_text(config, "locale", is_locale_list, "expected languages, such as \"fr-ca,en-ca,*\", with * last",
			   complain, arg);

	strings = ConfigStrings(config, "segment_ids", &count);
	for (int i = 0; i < count; i++)
		if (!consists_of(strings[i], LETTERS DIGITS "-_"))
		{
			complain(arg, "segment_ids", "expected ids of segments, such as [\"KZFzniwnSyZfZ7v7nJ\"]");
			break;
		}
	strings = ConfigStrings(config, "sources", &count);
	if (ConfigIsSet(config, "sources") && count == 0)
		complain(arg, "sources", "expected some of ticketmaster, universe, frontgate, tmr");
	for (int i = 0; i < count; i++)
		if (!is_source(strings[i]))
		{
			complain(arg, "sources", "expected some of ticketmaster, universe, frontgate, tmr");
			break;
		}
}

/* ---- opening ---- */

/* Add "&name=a,b": the commas stand as they are */
static void
add_list(TextBuilder *query, const char *name, const char *const *strings, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (i == 0)
			BuilderAddParameter(query, name, strings[i]);
		else
		{
			BuilderAddText(query, ",");
			BuilderAddEncoded(query, strings[i]);
		}
	}
}

/* The parameters that all requests share, without a separator before them */
static const char *
make_filters(Feed *feed)
{
	TextBuilder query = {feed->arena, NULL, 0, 0};
	const Config *config = feed->config;
	const char *const *strings;
	int			count;

	BuilderAddParameter(&query, "marketId", ConfigString(config, "market_id"));
	BuilderAddParameter(&query, "dmaId", ConfigString(config, "dma_id"));
	BuilderAddParameter(&query, "city", ConfigString(config, "city"));
	BuilderAddParameter(&query, "countryCode", ConfigString(config, "country"));
	BuilderAddParameter(&query, "geoPoint", ConfigString(config, "geo_point"));
	if (ConfigIsSet(config, "radius"))
	{
		BuilderAddParameter(&query, "radius", ArenaPrintf(feed->arena, "%lld",
														  (long long) ConfigInteger(config, "radius")));
		BuilderAddParameter(&query, "unit", "km");
	}
	strings = ConfigStrings(config, "segment_ids", &count);
	add_list(&query, "segmentId", strings, count);
	strings = ConfigStrings(config, "sources", &count);
	add_list(&query, "source", strings, count);
	BuilderAddParameter(&query, "locale", ConfigString(config, "locale"));
	return query.text + 1;
}

/* Connector.open */
static bool
open_feed(Feed *feed, Problem *problem)
{
	TicketmasterState *state = ArenaAlloc0(feed->arena, sizeof(TicketmasterState));
	const char *base_url = ConfigString(feed->config, "base_url");
	size_t		length = strlen(base_url);
	const char *const *sources;
	FeedTime	start = feed->window_start;
	FeedTime	end = feed->window_end;
	int64_t		capacity;
	int			count;

	while (length > 0 && base_url[length - 1] == '/')
		length--;
	state->base_url = ArenaStrndup(feed->arena, base_url, length);
	state->reader = JsonReaderCreate(feed->arena);
	state->seed = FeedSeed(feed);
	state->filters = make_filters(feed);
	state->page_size = ConfigInteger(feed->config, "page_size");
	state->include_undated = ConfigBoolean(feed->config, "include_undated");
	sources = ConfigStrings(feed->config, "sources", &count);
	for (int i = 0; i < count; i++)
		state->take_resale |= strcmp(sources[i], "tmr") == 0;

	/* A window has two ends: of an open one, what the horizon is by default */
	if (start == FEED_TIME_UNKNOWN)
		start = feed->now - DAY;
	if (end == FEED_TIME_UNKNOWN)
		end = feed->now + 548 * (FeedTime) DAY;
	capacity = (TICKETMASTER_MAX_OFFSET + state->page_size - 1) / state->page_size * state->page_size;
	TicketmasterWindowsInit(&state->windows, start, end, capacity);
	for (int i = 0; i < TICKETMASTER_RING; i++)
		state->ring[i] = ArenaCreateWithin(feed->arena);
	state->scratch = ArenaCreateWithin(feed->arena);
	feed->state = state;
	TicketmasterStart(feed);
	return true;
}

/* ---- pages and records ---- */

/* Say of a body that is no page of events what it seems to be */
static bool
not_a_page(const FeedPage *page, const JsonScan *scan, Problem *problem)
{
	const char *excerpt = TextLine(page->arena, scan->document.bytes,
								   scan->document.length < 100 ? scan->document.length : 100, false);

	ProblemSet(problem, ERROR_CLASS_PARSE, "the response has no list of events");
	strcpy(problem->field, "_embedded.events");
	ProblemDetail(problem, "It begins with: %s", excerpt == NULL ? "" : excerpt);
	return false;
}

/* The document is one event: make it the page's only element */
static const JsonElement *
single_event(Arena *arena, const JsonScan *scan)
{
	JsonElement *element = ArenaAlloc0(arena, sizeof(JsonElement));

	element->text = scan->document;
	element->members[0] = scan->values[TICKETMASTER_ID];
	return element;
}

/* Connector.page */
static bool
read_page(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	static const JsonScanPlan list_plan = {
		.list = "_embedded.events",
		.values = {
			[TICKETMASTER_PAGING] = "page",
			[TICKETMASTER_NEXT] = "_links.next",
			[TICKETMASTER_ID] = "id",
			[TICKETMASTER_NAME] = "name",
			[TICKETMASTER_DATES] = "dates",
		},
		.members = {"id"},
	};
	JsonScanPlan plan = list_plan;
	TicketmasterPage *state = ArenaAlloc0(page->arena, sizeof(TicketmasterPage));
	const char *bytes = FeedBodyBytes(body, page->arena, problem);
	const JsonExtent *values = state->scan.values;
	bool		pushed = page->request == NULL;

	if (bytes == NULL)
		return false;
	page->state = state;
	plan.bare_list = pushed;
	if (!JsonScanDocument(page->arena, &plan, bytes, body->size, &state->scan, problem))
	{
		if (body->content_type != NULL && strstr(body->content_type, "json") == NULL)
			ProblemHint(problem, "The response calls itself %.100s: a proxy or a log-in page may stand in between.",
						body->content_type);
		return false;
	}

	/* Without a result there is no list, only its paging */
	if (!state->scan.has_list && values[TICKETMASTER_PAGING].length == 0)
	{
		if (!pushed || values[TICKETMASTER_ID].length + values[TICKETMASTER_NAME].length +
			values[TICKETMASTER_DATES].length == 0)
			return not_a_page(page, &state->scan, problem);
		state->single = single_event(page->arena, &state->scan);
	}
	return pushed || TicketmasterAdvance(feed, page, problem);
}

/* Give a record its id, or the reason why it has none */
static void
identify(Feed *feed, FeedPage *page, FeedRecord *record, const JsonExtent *extent)
{
	TicketmasterState *state = feed->state;
	const JsonNode *node = NULL;
	const char *id = NULL;
	Problem		ignored;

	if (extent->length > 0 &&
		JsonRead(state->reader, page->arena, extent->bytes, extent->length, &node, &ignored))
		id = JsonId(page->arena, node, NULL);
	if (id != NULL)
		id = TextLine(page->arena, id, strlen(id), false);
	if (id != NULL && strlen(id) <= MAX_ID)
	{
		record->source_id = id;
		return;
	}
	if (ProblemIsSet(&record->problem))
		return;
	if (id != NULL)
		ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "the event's id is longer than %d bytes", MAX_ID);
	else if (extent->length == 0)
		ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "the event has no id");
	else
		ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "the event's id is not a text");
	strcpy(record->problem.field, "id");
}

/*
 * Hash of what is read of a record: links, the distance and other noise left
 * out.
 */
static uint64_t
hash_record(const TicketmasterState *state, FeedPage *page, const FeedRecord *record)
{
	size_t		length = 0;
	const char *selected = JsonSelect(page->arena, TicketmasterWanted,
									  record->raw, record->raw_length, &length);

	if (selected == NULL)
		return HashBytes(record->raw, record->raw_length, state->seed);
	return HashBytes(selected, length, state->seed);
}

/* Connector.record */
static bool
next_record(Feed *feed, FeedPage *page, FeedRecord *record)
{
	TicketmasterState *state = feed->state;
	TicketmasterPage *events = page->state;
	const JsonElement *element = events->single;
	size_t		invalid;

	if (events->is_left_out)
		return false;
	if (element != NULL)
		events->single = NULL;
	else
		element = JsonScanNext(&events->scan, &events->cursor);
	if (element == NULL)
		return false;

	memset(record, 0, sizeof(*record));
	record->raw = element->text.bytes;
	record->raw_length = element->text.length;
	invalid = TextInvalidAt(record->raw, record->raw_length);
	if (element->problem != NULL)
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is not an event: %s, at byte %zu of the page",
				   element->problem, element->problem_at);
	else if (invalid != record->raw_length)
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is not valid UTF-8 at its byte %zu", invalid);
	else
		record->raw_hash = hash_record(state, page, record);

	/* Of bad bytes at least the id may be good */
	identify(feed, page, record, &element->members[0]);
	if (record->problem.error_class == ERROR_CLASS_PARSE)
	{
		record->raw = TextToJsonString(page->arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
	}
	return true;
}

const Connector TicketmasterConnector = {
	.name = "ticketmaster",
	.description = "Events of a market, a city or another area on Ticketmaster, Universe and Front Gate (Discovery API v2).",
	.keys = ticketmaster_keys,
	.credentials = ticketmaster_credentials,
	.version = 1,
	.stands_alone = FeedRecordStandsAlone,
	.check = check_config,
	.open = open_feed,
	.next_request = TicketmasterNextRequest,
	.refused = TicketmasterRefused,
	.page = read_page,
	.record = next_record,
	.map = TicketmasterMap,
	.budget = TicketmasterBudget,
};
