/*
 * src/feed/meetup.c
 *
 * Meetup: the events of known groups, by its GraphQL API or by the groups'
 * public calendars.  meetup.h says what is in the other files.
 *
 * The API tells of no change since, so that each run reads the lists whole;
 * what is unchanged is recognised by its bytes.
 *
 * Pushed payloads may be what the API answers, for one group or several; a
 * bare array of events; one event; records as they are kept in listing.raw; or
 * a group's calendar.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/ics.h"
#include "feed/text.h"
#include "hash.h"

#define MAX_ID 200

/* What of an answer the scanner brings, for one group; the order of plan_for() */
enum
{
	VALUE_ERRORS,
	VALUE_DATA,
	VALUE_GROUP,
	VALUE_ID,
	VALUE_NAME,
	VALUE_URLNAME,
	VALUE_TIMEZONE,
	VALUE_PAGE_INFO
};

static const ConfigKey meetup_keys[] = {
	{"groups", CONFIG_STRING_LIST, NULL,
		"Groups whose events are listed: NAME of meetup.com/NAME. Needed."},
	{"via", CONFIG_STRING, "\"graphql\"",
		"\"graphql\" asks the API, \"ics\" the groups' public calendars: no credential, but upcoming events only and few places."},
	{"rich_fields", CONFIG_BOOLEAN, "false",
		"Whether the API is also asked for photo, fee, topics, series, duration, attendance limit and how to find the place."},
	{"groups_per_request", CONFIG_INTEGER, "5",
		"So many groups are asked for in one request to the API.", 1, MEETUP_MAX_BATCH},
	{"page_size", CONFIG_INTEGER, "50",
		"Events of each group asked for per request.", 1, 500},
	{"base_url", CONFIG_URL, "\"https://api.meetup.com\"",
		"Where the API is; \"/gql-ext\" is added."},
	{"web_url", CONFIG_URL, "\"https://www.meetup.com\"",
		"Where the groups' pages and calendars are."},
	{"token_url", CONFIG_URL, "\"https://secure.meetup.com/oauth2/access\"",
		"Where access tokens are given."},
	{NULL}
};

static const CredentialKey meetup_credentials[] = {
	{"token", false, "An access token; used before the four others."},
	{"client_key", false, "Key of the OAuth client, to fetch access tokens with (JWT flow)."},
	{"member_id", false, "Id of the member on whose behalf they are fetched."},
	{"signing_key", false, "The client's private RSA key, in PEM; file:/PATH reads it from a file."},
	{"signing_key_id", false, "Id of that key."},
	{NULL}
};

/* ---- configuration ---- */

/* A group's name in addresses: no slash, blank or the like */
static bool
is_urlname(const char *text)
{
	size_t		length = strlen(text);

	return length > 0 && length <= MAX_ID && text[strcspn(text, "/?#:%& \t\r\n\"\\")] == '\0';
}

static bool
ends_with(const char *text, const char *ending)
{
	size_t		length = strlen(text);
	size_t		tail = strlen(ending);

	while (length > 0 && text[length - 1] == '/')
		length--;
	return length >= tail && memcmp(text + length - tail, ending, tail) == 0;
}

/* Connector.check */
static void
check_config(const Config *config, ConfigComplaint complain, void *arg)
{
	int			count;
	const char *const *groups = ConfigStrings(config, "groups", &count);
	const char *via = ConfigString(config, "via");
	const char *base_url = ConfigString(config, "base_url");

	if (count == 0)
		complain(arg, "groups", "expected at least one group, such as [\"pgmontreal\"]");
	for (int i = 0; i < count; i++)
		if (!is_urlname(groups[i]))
		{
			complain(arg, "groups", "expected names as in meetup.com/NAME, such as [\"pgmontreal\"]");
			break;
		}
	if (via != NULL && strcmp(via, "graphql") != 0 && strcmp(via, "ics") != 0)
		complain(arg, "via", "expected \"graphql\" or \"ics\"");
	if (base_url != NULL && (ends_with(base_url, "/gql") || ends_with(base_url, "/gql-ext") || ends_with(base_url, "/gql2")))
		complain(arg, "base_url", "expected the address without the API's path, such as \"https://api.meetup.com\"");
}

/* A URL without its last slash */
static const char *
trimmed_url(Feed *feed, const char *key)
{
	const char *url = ConfigString(feed->config, key);
	size_t		length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	return ArenaStrndup(feed->arena, url, length);
}

/* Lay out the groups, each once; names are compared in any case */
static void
collect_groups(Feed *feed, MeetupState *state)
{
	int			count;
	const char *const *names = ConfigStrings(feed->config, "groups", &count);

	state->groups = ArenaAlloc0(feed->arena, sizeof(MeetupGroup) * (size_t) (count + 1));
	for (int i = 0; i < count; i++)
	{
		bool		known = false;

		for (int j = 0; j < state->ngroups && !known; j++)
			known = strcmp(state->groups[j].urlname, names[i]) == 0;
		if (!known)
			state->groups[state->ngroups++].urlname = names[i];
	}
}

/* Connector.open */
static bool
open_feed(Feed *feed, Problem *problem)
{
	MeetupState *state = ArenaAlloc0(feed->arena, sizeof(MeetupState));

	state->reader = JsonReaderCreate(feed->arena);
	state->seed = FeedSeed(feed);
	state->by_ics = strcmp(ConfigString(feed->config, "via"), "ics") == 0;
	state->endpoint = ArenaPrintf(feed->arena, "%s/gql-ext", trimmed_url(feed, "base_url"));
	state->web_url = trimmed_url(feed, "web_url");
	state->token_url = ConfigString(feed->config, "token_url");
	state->rich = ConfigBoolean(feed->config, "rich_fields");
	state->page_size = (int) ConfigInteger(feed->config, "page_size");
	state->batch_size = state->by_ics ? 1 : (int) ConfigInteger(feed->config, "groups_per_request");
	state->scratch = ArenaCreateWithin(feed->arena);
	for (int i = 0; i < MEETUP_RING; i++)
		state->ring[i] = ArenaCreateWithin(feed->arena);
	collect_groups(feed, state);
	feed->state = state;
	return true;
}

/* ---- pages ---- */

/* Scan the answer for the events of the group that stands at a path */
static bool
scan_for(FeedPage *page, const FeedBody *body, const char *bytes, const char *path,
		 const char *list, MeetupList *result, Problem *problem)
{
	Arena	   *arena = page->arena;
	JsonScanPlan plan = {
		.list = list != NULL ? list : ArenaPrintf(arena, "%s.events.edges", path),
		.bare_list = page->request == NULL,
		.values = {
			"errors", "data", path, ArenaPrintf(arena, "%s.id", path), ArenaPrintf(arena, "%s.name", path),
			ArenaPrintf(arena, "%s.urlname", path), ArenaPrintf(arena, "%s.timezone", path),
			ArenaPrintf(arena, "%s.events.pageInfo", path)
		},
	};

	if (JsonScanDocument(arena, &plan, bytes, body->size, &result->scan, problem))
		return true;
	if (body->content_type != NULL && strstr(body->content_type, "json") == NULL)
		ProblemHint(problem, "The response calls itself %.100s: a proxy or a log-in page may stand in between.",
					body->content_type);
	return false;
}

/* Is there something at an extent, and not null? */
static bool
is_there(const JsonExtent *extent)
{
	return extent->length > 0 && !(extent->length == 4 && memcmp(extent->bytes, "null", 4) == 0);
}

/* The value at an extent; NULL where it is none, or cannot be read */
static const JsonNode *
value_at(Feed *feed, Arena *arena, const JsonExtent *extent)
{
	MeetupState *state = feed->state;
	const JsonNode *node = NULL;
	Problem		unread;

	if (extent->length == 0 || !JsonRead(state->reader, arena, extent->bytes, extent->length, &node, &unread))
		return NULL;
	return node;
}

/* What the answer says of the group, kept with each of its records */
static void
note_group(Feed *feed, FeedPage *page, MeetupList *list, const char *urlname)
{
	static const struct
	{
		int			value;
		const char *name;
	}			members[] = {
		{VALUE_ID, "id"}, {VALUE_NAME, "name"}, {VALUE_URLNAME, "urlname"}, {VALUE_TIMEZONE, "timezone"}
	};
	MeetupState *state = feed->state;
	TextBuilder json = {.arena = page->arena};

	for (int i = 0; i < 4; i++)
	{
		const JsonNode *node = value_at(feed, page->arena, &list->scan.values[members[i].value]);
		const char *text = JsonId(page->arena, node, NULL);

		if (text == NULL && members[i].value == VALUE_URLNAME)
			text = urlname;
		BuilderAddMember(&json, members[i].name, text);
	}
	list->group = BuilderCloseObject(&json);
	list->seed = HashString(list->group, state->seed);
}

/* The part of one group in the answer to a request */
static void
take_group(Feed *feed, FeedPage *page, MeetupGroup *group, MeetupList *list)
{
	const JsonExtent *values = list->scan.values;

	note_group(feed, page, list, group->urlname);
	if (list->scan.has_list)
	{
		MeetupAdvance(feed, page, group, &list->scan, value_at(feed, page->arena, &values[VALUE_PAGE_INFO]));
		return;
	}

	/* null does not mean that the group is gone */
	group->done = true;
	MeetupWarn(feed, group, is_there(&values[VALUE_GROUP]) ? "the answer has no list of its events" :
			   "nothing was answered: it is unknown, renamed or private, or has no upcoming events");
	page->incomplete = feed->incomplete = true;
}

/* An answer to our query */
static bool
read_answer(Feed *feed, FeedPage *page, const FeedBody *body, const char *bytes, Problem *problem)
{
	MeetupState *state = feed->state;
	MeetupPage *events = page->state;
	const JsonNode *errors;

	events->lists = ArenaAlloc0(page->arena, sizeof(MeetupList) * (size_t) state->nasked);
	for (int i = 0; i < state->nasked; i++)
	{
		MeetupList *list = &events->lists[i];
		const JsonExtent *values = list->scan.values;

		if (!scan_for(page, body, bytes, ArenaPrintf(page->arena, "data.g%d", state->asked[i]), NULL,
					  list, problem))
			return false;
		if (i > 0)
			continue;
		errors = value_at(feed, page->arena, &values[VALUE_ERRORS]);
		if (JsonCount(errors) == 0 && !is_there(&values[VALUE_DATA]))
		{
			const char *start = TextLine(page->arena, list->scan.document.bytes,
										 list->scan.document.length < 100 ? list->scan.document.length : 100, false);

			ProblemSet(problem, ERROR_CLASS_PARSE, "the response has neither data nor errors");
			ProblemDetail(problem, "It begins with: %s", start == NULL ? "" : start);
			return false;
		}
		switch (MeetupJudge(feed, page, errors, is_there(&values[VALUE_DATA]), problem))
		{
			case ANSWER_AGAIN:
				page->is_aside = true;
				return true;
			case ANSWER_BAD:
				return false;
			case ANSWER_GOOD:
				break;
		}
	}
	events->nlists = state->nasked;
	state->is_fresh = state->asked_twice = false;
	for (int i = 0; i < state->nasked; i++)
		take_group(feed, page, &state->groups[state->asked[i]], &events->lists[i]);
	return true;
}

/* The names of the members of "data"; NULL: it has none that can be read */
static const JsonNode *
read_data(Feed *feed, FeedPage *page, const MeetupList *any)
{
	const JsonNode *data = value_at(feed, page->arena, &any->scan.values[VALUE_DATA]);

	return data != NULL && JsonKindOf(data) == JSON_OBJECT ? data : NULL;
}

/* A pushed document that is one event: the page's only element */
static void
take_single(FeedPage *page, MeetupList *list)
{
	const char *document = list->scan.document.bytes;
	size_t		length = list->scan.document.length;
	char	   *array = ArenaAlloc(page->arena, length + 2);
	JsonScanPlan plan = {.list = "", .bare_list = true};
	Problem		ignored;

	array[0] = '[';
	memcpy(array + 1, document, length);
	array[length + 1] = ']';
	JsonScanDocument(page->arena, &plan, array, length + 2, &list->scan, &ignored);
}

/*
 * A payload whose query was not ours: whatever is in "data" and has events,
 * under whatever alias.
 */
static bool
read_payload(Feed *feed, FeedPage *page, const FeedBody *body, const char *bytes, Problem *problem)
{
	MeetupState *state = feed->state;
	MeetupPage *events = page->state;
	MeetupList	any = {0};
	const JsonNode *data;
	const JsonNode *value;
	const char *name;
	void	   *cursor = NULL;
	int			count = 0;

	/* nothing is known of its lists yet; the usual one may be there */
	if (!scan_for(page, body, bytes, "data.groupByUrlname", NULL, &any, problem))
		return false;
	data = any.scan.document.bytes[0] == '{' ? read_data(feed, page, &any) : NULL;
	while (data != NULL && JsonNextMember(data, &cursor, &name, &value))
		count++;
	events->lists = ArenaAlloc0(page->arena, sizeof(MeetupList) * (size_t) (count + 1));

	/* also where a bad record keeps the rest from being read */
	if (any.scan.has_list && count <= 1)
	{
		note_group(feed, page, &any, NULL);
		events->lists[events->nlists++] = any;
		return true;
	}
	for (cursor = NULL; data != NULL && JsonNextMember(data, &cursor, &name, &value);)
	{
		MeetupList *list = &events->lists[events->nlists];
		const char *path = ArenaPrintf(page->arena, "data.%s", name);
		const char *edges = JsonKindAt(value, "edges") == JSON_ARRAY ?
			ArenaPrintf(page->arena, "%s.edges", path) : NULL;

		memset(list, 0, sizeof(*list));
		if (!scan_for(page, body, bytes, path, edges, list, problem))
			return false;
		note_group(feed, page, list, NULL);
		events->nlists += list->scan.has_list;
	}
	if (events->nlists > 0 || (data != NULL && count > 0 && JsonKindAt(data, "event") != JSON_OBJECT))
		return true;			/* or groups that are null: no events */
	if (MeetupEventId(feed, page->arena, any.scan.document.bytes, any.scan.document.length) == NULL)
	{
		const JsonNode *errors = value_at(feed, page->arena, &any.scan.values[VALUE_ERRORS]);

		if (JsonCount(errors) > 0 && MeetupJudge(feed, page, errors, false, problem) == ANSWER_BAD)
			return false;
		ProblemSet(problem, ERROR_CLASS_PARSE, "the response has no list of events");
		strcpy(problem->field, "data");
		return false;
	}
	take_single(page, &any);
	any.seed = state->seed;
	events->lists[events->nlists++] = any;
	return true;
}

/* Does the body begin as a calendar does? */
static bool
is_calendar(const char *bytes, size_t length)
{
	size_t		at = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	while (at < length && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0')
		at++;
	return length - at >= 15 && memcmp(bytes + at, "BEGIN:VCALENDAR", 15) == 0;
}

/* Connector.page */
static bool
read_page(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	MeetupState *state = feed->state;
	const char *bytes = FeedBodyBytes(body, page->arena, problem);

	if (bytes == NULL)
		return false;
	page->state = ArenaAlloc0(page->arena, sizeof(MeetupPage));
	if (page->request != NULL && page->request->list == MEETUP_TOKEN_LIST)
	{
		page->is_aside = true;
		return MeetupTakeToken(feed, page->arena, bytes, body->size, problem);
	}
	if (page->request != NULL && !state->by_ics)
		return read_answer(feed, page, body, bytes, problem);
	if (page->request != NULL || is_calendar(bytes, body->size))
		return MeetupIcsPage(feed, page, body, problem);
	return read_payload(feed, page, body, bytes, problem);
}

/* ---- records ---- */

/* Refuse a record; its bytes, which may be anything, go into a JSON string */
static void
refuse_bytes(FeedPage *page, FeedRecord *record)
{
	record->raw = TextToJsonString(page->arena, record->raw, record->raw_length);
	record->raw_length = strlen(record->raw);
}

/* Give a record its id, or the reason why it has none */
static void
identify(Feed *feed, FeedPage *page, FeedRecord *record)
{
	record->source_id = MeetupEventId(feed, page->arena, record->raw, record->raw_length);
	if (record->source_id != NULL && strlen(record->source_id) <= MAX_ID)
		return;
	ProblemSet(&record->problem, ERROR_CLASS_MAPPING,
			   record->source_id == NULL ? "the event has neither token nor id" :
			   "the event's id is longer than %d bytes", MAX_ID);
	strcpy(record->problem.field, "id");
	record->source_id = NULL;
}

/* Connector.record */
static bool
next_record(Feed *feed, FeedPage *page, FeedRecord *record)
{
	MeetupPage *events = page->state;
	const JsonElement *element = NULL;
	MeetupList *list = NULL;
	size_t		invalid;

	memset(record, 0, sizeof(*record));
	if (events->calendar != NULL)
		return MeetupIcsRecord(feed, page, record);
	while (element == NULL && events->current < events->nlists)
	{
		list = &events->lists[events->current];
		element = JsonScanNext(&list->scan, &list->cursor);
		if (element == NULL)
			events->current++;
	}
	if (element == NULL)
		return false;

	record->state = list;
	record->raw = element->text.bytes;
	record->raw_length = element->text.length;
	record->raw_hash = HashBytes(record->raw, record->raw_length, list->seed);
	invalid = TextInvalidAt(record->raw, record->raw_length);
	if (element->problem == NULL && invalid == record->raw_length)
	{
		identify(feed, page, record);
		return true;
	}

	/* Of bad bytes at least the id may be good */
	record->source_id = MeetupEventId(feed, page->arena, record->raw, record->raw_length);
	if (element->problem != NULL)
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is not an event: %s, at byte %zu of the page",
				   element->problem, element->problem_at);
	else
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is not valid UTF-8 at its byte %zu", invalid);
	refuse_bytes(page, record);
	return true;
}

/* Connector.map */
static MapResult
map_record(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	const MeetupPage *events = page->state;

	return events->calendar != NULL ? MeetupIcsMap(feed, page, record, arena, listing) :
		MeetupMap(feed, page, record, arena, listing);
}

/* Connector.stands_alone: what a calendar said needs the calendar */
static bool
stands_alone(const char *raw, size_t length)
{
	return !IcsIsRaw(raw, length);
}

const Connector MeetupConnector = {
	.name = "meetup",
	.description = "Events of known Meetup groups, by its GraphQL API or the groups' public calendars.",
	.keys = meetup_keys,
	.credentials = meetup_credentials,
	.version = 1,
	.stands_alone = stands_alone,
	.check = check_config,
	.open = open_feed,
	.next_request = MeetupNextRequest,
	.refused = MeetupRefused,
	.page = read_page,
	.record = next_record,
	.map = map_record,
};
