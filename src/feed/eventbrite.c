/*
 * src/feed/eventbrite.c
 *
 * Eventbrite API v3 (https://www.eventbrite.com/platform/api): the events of
 * known organizers, organizations, venues and series.  There is no public
 * search any more (shut down on 12 December 2019), so a source names whom to
 * ask.
 *
 * The lists of a source are walked one after another, each to its end.  The
 * API has no "changed since" for events and no ETags, so every run reads them
 * whole; what is unchanged is recognised by its bytes.
 *
 * Pushed payloads may be what a list answers, a bare array of events, or one
 * event, as `GET /events/ID/` and the body of a webhook's api_url give it.
 *
 * Pure C.
 */
#include "feed/eventbrite.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "feed/when.h"
#include "hash.h"

#define DEFAULT_STATUSES	"live,started,ended,completed,canceled"
#define DAY					86400

/* An id longer than this is none */
#define MAX_ID				200

/* What of the page the scanner brings */
enum
{
	VALUE_PAGINATION,
	VALUE_ID,
	VALUE_NAME,
	VALUE_START
};

static const ConfigKey eventbrite_keys[] = {
	{"base_url", CONFIG_URL, "\"https://www.eventbriteapi.com/v3\"",
		"Where the API is."},
	{"organizer_ids", CONFIG_STRING_LIST, NULL,
		"Organizers whose public events are listed: the number at the end of eventbrite.com/o/NAME-123."},
	{"organization_ids", CONFIG_STRING_LIST, NULL,
		"Organizations whose events are listed; the token must belong to a member."},
	{"venue_ids", CONFIG_STRING_LIST, NULL,
		"Venue objects whose public events are listed; one hall may have many such ids."},
	{"series_ids", CONFIG_STRING_LIST, NULL,
		"Series whose occurrences are listed."},
	{"statuses", CONFIG_STRING_LIST,
		"[\"live\", \"started\", \"ended\", \"completed\", \"canceled\"]",
		"Events of these statuses are asked for: draft, live, started, ended, completed, canceled, or all."},
	{"expand", CONFIG_STRING_LIST,
		"[\"venue\", \"organizer\", \"category\", \"subcategory\", \"format\", "
		"\"ticket_availability\", \"event_sales_status\", \"external_ticketing\", "
		"\"logo\", \"music_properties\"]",
		"Objects that the API is asked to include in each event."},
	{"full_description", CONFIG_BOOLEAN, "false",
		"Whether to ask for the full description of each new or changed event, with one more request."},
	{NULL}
};

static const CredentialKey eventbrite_credentials[] = {
	{"token", true, "The private token of an API key (Account, Developer links, API keys)."},
	{NULL}
};

/* The keys that name lists */
static const struct
{
	const char *key;
	EventbriteListKind kind;
}			list_keys[] = {
	{"organizer_ids", LIST_ORGANIZER},
	{"organization_ids", LIST_ORGANIZATION},
	{"venue_ids", LIST_VENUE},
	{"series_ids", LIST_SERIES},
};

#define NLIST_KEYS ((int) (sizeof(list_keys) / sizeof(list_keys[0])))

/* ---- configuration ---- */

/* Has the text only characters of the set? */
static bool
consists_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

/* Is this one of the statuses that the API knows? */
static bool
is_status(const char *text)
{
	static const char *const statuses[] = {
		"draft", "live", "started", "ended", "completed", "canceled", "all"
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(text, statuses[i]) == 0)
			return true;
	return false;
}

/* Connector.check */
static void
check_config(const Config *config, ConfigComplaint complain, void *arg)
{
	int			nlists = 0;
	int			count;
	const char *const *strings;

	for (int i = 0; i < NLIST_KEYS; i++)
	{
		strings = ConfigStrings(config, list_keys[i].key, &count);
		nlists += count;
		for (int j = 0; j < count; j++)
			if (!consists_of(strings[j], "0123456789"))
			{
				complain(arg, list_keys[i].key,
						 "expected ids made of digits, such as [\"48062165483\"]");
				break;
			}
	}
	if (nlists == 0)
		complain(arg, "organizer_ids",
				 "expected at least one id in organizer_ids, organization_ids, "
				 "venue_ids or series_ids");

	strings = ConfigStrings(config, "statuses", &count);
	for (int j = 0; j < count; j++)
		if (!is_status(strings[j]))
		{
			complain(arg, "statuses",
					 "expected some of draft, live, started, ended, completed, canceled, all");
			break;
		}
	strings = ConfigStrings(config, "expand", &count);
	for (int j = 0; j < count; j++)
		if (!consists_of(strings[j], "abcdefghijklmnopqrstuvwxyz_."))
		{
			complain(arg, "expand", "expected names of expansions, such as [\"venue\", \"organizer\"]");
			break;
		}
}

/* The strings of a key, joined by commas; NULL when there is none */
static const char *
join_strings(Feed *feed, const char *key)
{
	TextBuilder text = {feed->arena, NULL, 0, 0};
	int			count;
	const char *const *strings = ConfigStrings(feed->config, key, &count);

	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			BuilderAddText(&text, ",");
		BuilderAddText(&text, strings[i]);
	}
	return text.text;
}

/* Of the configured expansions those that a listing would be poor without */
static const char *
essential_expansions(Feed *feed)
{
	static const char *const essential[] = {"venue", "organizer", "event_sales_status"};
	TextBuilder text = {feed->arena, NULL, 0, 0};
	int			count;
	const char *const *strings = ConfigStrings(feed->config, "expand", &count);

	for (int i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof(essential) / sizeof(essential[0]); j++)
			if (strcmp(strings[i], essential[j]) == 0)
			{
				if (text.length > 0)
					BuilderAddText(&text, ",");
				BuilderAddText(&text, strings[i]);
			}
	return text.text;
}

/* Lay out the lists to walk, each id once */
static void
collect_lists(Feed *feed, EventbriteState *state)
{
	int			total = 0;
	int			count;

	for (int i = 0; i < NLIST_KEYS; i++)
	{
		ConfigStrings(feed->config, list_keys[i].key, &count);
		total += count;
	}
	state->lists = ArenaAlloc0(feed->arena, sizeof(EventbriteList) * (size_t) (total + 1));
	for (int i = 0; i < NLIST_KEYS; i++)
	{
		const char *const *ids = ConfigStrings(feed->config, list_keys[i].key, &count);

		for (int j = 0; j < count; j++)
		{
			bool		repeated = false;

			for (int k = 0; k < state->nlists && !repeated; k++)
				repeated = state->lists[k].kind == list_keys[i].kind &&
					strcmp(state->lists[k].id, ids[j]) == 0;
			if (!repeated)
			{
				state->lists[state->nlists].kind = list_keys[i].kind;
				state->lists[state->nlists++].id = ids[j];
			}
		}
	}
}

/*
 * The start of the window as `start_date.range_start` takes it: on the wall
 * clock of the source's zone.  Where that isn't known, a day earlier is early
 * enough for any.
 */
static const char *
range_start(const Feed *feed)
{
	char	   *text = ArenaAlloc(feed->arena, WHEN_TEXT);
	const Zone *zone = NULL;

	if (feed->window_start == FEED_TIME_UNKNOWN)
		return NULL;
	if (feed->zones != NULL && feed->default_timezone != NULL)
		zone = ZoneResolve(feed->zones, feed->default_timezone);
	WhenFormatLocal(zone != NULL ? ZoneToLocal(zone, feed->window_start) :
					feed->window_start - DAY, text);
	return text[0] == '\0' ? NULL : text;
}

/* Connector.open */
static bool
open_feed(Feed *feed, Problem *problem)
{
	EventbriteState *state = ArenaAlloc0(feed->arena, sizeof(EventbriteState));
	const char *base_url = ConfigString(feed->config, "base_url");
	size_t		length = strlen(base_url);

	while (length > 0 && base_url[length - 1] == '/')
		length--;
	state->base_url = ArenaStrndup(feed->arena, base_url, length);
	state->reader = JsonReaderCreate(feed->arena);
	state->seed = FeedSeed(feed);
	state->full_description = ConfigBoolean(feed->config, "full_description");
	state->statuses = join_strings(feed, "statuses");
	if (state->statuses == NULL)
		state->statuses = DEFAULT_STATUSES;
	state->expand[EXPAND_WANTED] = join_strings(feed, "expand");
	state->expand[EXPAND_ESSENTIAL] = essential_expansions(feed);
	if (ConfigIsSet(feed->config, "page_size"))
		state->page_size = ArenaPrintf(feed->arena, "%lld",
									   (long long) ConfigInteger(feed->config, "page_size"));
	state->max_pages = ConfigInteger(feed->config, "max_pages");
	state->range_start = range_start(feed);

	/*
	 * Organizations have no date filter, but can leave out what is over.  That
	 * suffices unless an earlier time is asked for.
	 */
	state->time_filter = feed->window_start >= feed->now - 2 * DAY ? "current_future" : "all";
	for (int i = 0; i < EVENTBRITE_RING; i++)
		state->ring[i] = ArenaCreateWithin(feed->arena);
	state->scratch = ArenaCreateWithin(feed->arena);
	collect_lists(feed, state);
	feed->state = state;
	EventbriteStartList(feed, 0);
	return true;
}

/* ---- pages and records ---- */

/* The document is one event: make it the page's only element */
static const JsonElement *
single_event(Arena *arena, const JsonScan *scan)
{
	JsonElement *element = ArenaAlloc0(arena, sizeof(JsonElement));

	element->text = scan->document;
	element->members[0] = scan->values[VALUE_ID];
	return element;
}

/* Say of a body that is no page of events what it seems to be */
static bool
not_a_page(const FeedBody *body, const FeedPage *page, const JsonScan *scan, Problem *problem)
{
	const char *excerpt = TextLine(page->arena, scan->document.bytes,
								   scan->document.length < 100 ? scan->document.length : 100, false);

	ProblemSet(problem, ERROR_CLASS_PARSE, "the response has no list of events");
	strcpy(problem->field, "events");
	ProblemDetail(problem, "It begins with: %s", excerpt == NULL ? "" : excerpt);
	return false;
}

/* Connector.page */
static bool
read_page(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	static const JsonScanPlan list_plan = {
		.list = "events",
		.values = {"pagination", "id", "name", "start"},
		.members = {"id"},
	};
	JsonScanPlan plan = list_plan;
	EventbritePage *state = ArenaAlloc0(page->arena, sizeof(EventbritePage));
	const char *bytes = FeedBodyBytes(body, page->arena, problem);
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
	if (!state->scan.has_list)
	{
		const JsonExtent *values = state->scan.values;

		if (!pushed || values[VALUE_ID].length + values[VALUE_NAME].length +
			values[VALUE_START].length == 0)
			return not_a_page(body, page, &state->scan, problem);
		state->single = single_event(page->arena, &state->scan);
	}
	state->is_partial = !pushed && ((EventbriteState *) feed->state)->expand_level > EXPAND_WANTED &&
		((EventbriteState *) feed->state)->expand[EXPAND_WANTED] != NULL;
	return pushed || EventbriteAdvance(feed, page, problem);
}

/* Refuse a record; its bytes, which may be anything, go into a JSON string */
static void
refuse_bytes(FeedPage *page, FeedRecord *record)
{
	record->raw = TextToJsonString(page->arena, record->raw, record->raw_length);
	record->raw_length = strlen(record->raw);
}

/* The id, from its extent: a string or a whole number */
static const char *
read_id(Feed *feed, FeedPage *page, const JsonExtent *extent)
{
	EventbriteState *state = feed->state;
	const JsonNode *node;
	Problem		problem;

	if (extent->length == 0)
		return NULL;

	/* "1249263784609": what all of them are */
	if (extent->length > 2 && extent->bytes[0] == '"' &&
		strspn(extent->bytes + 1, "0123456789") == extent->length - 2)
		return ArenaStrndup(page->arena, extent->bytes + 1, extent->length - 2);
	if (!JsonRead(state->reader, page->arena, extent->bytes, extent->length, &node, &problem))
		return NULL;
	return JsonId(page->arena, node, NULL);
}

/* Give a record its id, or the reason why it has none */
static void
identify(Feed *feed, FeedPage *page, FeedRecord *record, const JsonExtent *extent)
{
	record->source_id = read_id(feed, page, extent);
	if (record->source_id != NULL && strlen(record->source_id) <= MAX_ID)
		return;
	if (record->source_id != NULL)
		ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "the event's id is longer than %d bytes", MAX_ID);
	else if (extent->length == 0)
		ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "the event has no id");
	else
		ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "the event's id is neither a string nor an integer");
	strcpy(record->problem.field, "id");
	record->source_id = NULL;
}

/* Connector.record */
static bool
next_record(Feed *feed, FeedPage *page, FeedRecord *record)
{
	EventbriteState *state = feed->state;
	EventbritePage *events = page->state;
	const JsonElement *element = events->single;
	size_t		invalid;

	if (element != NULL)
		events->single = NULL;
	else
		element = JsonScanNext(&events->scan, &events->cursor);
	if (element == NULL)
		return false;

	memset(record, 0, sizeof(*record));
	record->raw = element->text.bytes;
	record->raw_length = element->text.length;
	record->raw_hash = HashBytes(record->raw, record->raw_length, state->seed);
	invalid = TextInvalidAt(record->raw, record->raw_length);
	if (element->problem == NULL && invalid == record->raw_length)
	{
		identify(feed, page, record, &element->members[0]);
		return true;
	}

	/* Of bad bytes at least the id may be good */
	record->source_id = read_id(feed, page, &element->members[0]);
	if (element->problem != NULL)
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is not an event: %s, at byte %zu of the page",
				   element->problem, element->problem_at);
	else
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is not valid UTF-8 at its byte %zu", invalid);
	refuse_bytes(page, record);
	return true;
}

const Connector EventbriteConnector = {
	.name = "eventbrite",
	.description = "Events of known Eventbrite organizers, organizations, venues or series (API v3).",
	.keys = eventbrite_keys,
	.credentials = eventbrite_credentials,
	.version = 1,
	.stands_alone = FeedRecordStandsAlone,
	.check = check_config,
	.open = open_feed,
	.next_request = EventbriteNextRequest,
	.refused = EventbriteRefused,
	.page = read_page,
	.record = next_record,
	.map = EventbriteMap,
	.detail_request = EventbriteDetailRequest,
	.detail = EventbriteDetail,
	.budget = EventbriteBudget,
};
