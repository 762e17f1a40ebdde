/*
 * src/feed/json.c
 *
 * Any JSON API, described by configuration: where its records are, what of
 * them means what (mapping.h), how its pages follow on one another, where the
 * key goes.
 *
 * A pushed payload is what the API answers, a bare list of records, or one
 * record.
 *
 * Pure C.
 */
#include "feed/json_api.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "hash.h"

/* The members that records are given: an item of `expand`, a name in an object */
#define ITEM_MEMBER	"@item"
#define KEY_MEMBER	"@key"

static const ConfigKey json_keys[] = {
	{"url", CONFIG_URL, NULL,
		"The list of events: the URL of its first page, without the parameters of query and pagination."},
	{"query", CONFIG_OBJECT, NULL,
		"Parameters of the URL, by name; a list gives one for each item. Values may hold {window_start} and "
		"{window_end}, also as {window_start:date}, :local, :epoch or :epoch_ms, so that only wanted events are asked for."},
	{"method", CONFIG_STRING, "\"GET\"",
		"GET or POST."},
	{"body", CONFIG_OBJECT, NULL,
		"With method POST: the JSON object that is sent."},
	{"auth", CONFIG_OBJECT, NULL,
		"Where the credential \"key\" goes: {\"header\": \"Authorization\", \"prefix\": \"Bearer \"} or {\"query\": \"apikey\"}."},
	{"records", CONFIG_STRING, NULL,
		"JSON Pointer to the list of records, or to an object whose members are records (their names are then "
		"at /@key); the document itself when not set."},
	{"expand", CONFIG_STRING, NULL,
		"JSON Pointer to a list within each record, such as its dates: each item makes a listing of its own, "
		"whose rules find it at /@item."},
	{"mapping", CONFIG_OBJECT, NULL, MappingMeaning},
	{"pagination", CONFIG_OBJECT, NULL,
		"How to get the next page: an object with type page, offset, cursor, next_url or link_header. "
		"page and offset: parameter, start; cursor: parameter, and cursor, the pointer to it; next_url: next, the "
		"pointer to it. All: size_parameter, which takes page_size, and the pointers total, total_pages and has_more "
		"where the API says so; \"in\": \"body\" puts parameters into the body."},
	{"allowed_origins", CONFIG_STRING_LIST, NULL,
		"Other origins that links to the next page may lead to, such as [\"https://api2.example.org\"]; they get the credential too."},
	{NULL}
};

static const CredentialKey json_credentials[] = {
	{"key", false, "The API's key or token, sent as \"auth\" says."},
	{NULL}
};

/* ---- configuration ---- */

/* A key that holds a JSON Pointer; NULL: not set, or wrong */
static const JsonPointer *
pointer_key(Arena *arena, const Config *config, const char *key, ConfigComplaint complain, void *arg)
{
	const char *text = ConfigString(config, key);
	const JsonPointer *pointer = text == NULL ? NULL : JsonPointerParse(arena, text, strlen(text));

	if (text != NULL && pointer == NULL && complain != NULL)
		complain(arg, key, "expected a JSON Pointer, such as \"/events\"");
	return pointer;
}

/* Does the text begin with http:// or https://? */
static bool
is_http(const char *url)
{
	return url != NULL && (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
}

/* Connector.check */
static void
check_config(const Config *config, ConfigComplaint complain, void *arg)
{
	Arena	   *arena = ArenaCreate();
	const char *method = ConfigString(config, "method");
	Paging		paging;
	JsonAuth	auth;
	int			count;
	const char *const *origins = ConfigStrings(config, "allowed_origins", &count);

	if (!is_http(ConfigString(config, "url")))
		complain(arg, "url", "expected the http or https URL of a list of events");
	if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0)
		complain(arg, "method", "expected GET or POST");
	if (ConfigIsSet(config, "body") && strcmp(method, "POST") != 0)
		complain(arg, "body", "expected only with method POST");
	JsonCheckQuery(arena, config, complain, arg);
	JsonReadAuth(config, &auth, complain, arg);
	pointer_key(arena, config, "records", complain, arg);
	pointer_key(arena, config, "expand", complain, arg);
	MappingCompile(arena, ConfigNode(config, "mapping"), "mapping", true, complain, arg);
	JsonReadPaging(arena, config, &paging, complain, arg);
	if (paging.in_body && strcmp(method, "POST") != 0)
		complain(arg, "pagination.in", "expected \"body\" only with method POST");
	for (int i = 0; i < count; i++)
		if (!is_http(origins[i]))
		{
			complain(arg, "allowed_origins", "expected origins such as [\"https://api2.example.org\"]");
			break;
		}
	ArenaFree(arena);
}

/*
 * The pointer as json_scan.h takes paths, or NULL where it cannot: names with
 * dots or escapes, an array on the way (which a number may mean).
 */
static const char *
scan_path(Arena *arena, const JsonPointer *pointer)
{
	TextBuilder path = {arena, NULL, 0, 0};

	BuilderAddText(&path, "");
	for (int i = 0; i < pointer->nnames; i++)
	{
		const char *name = pointer->names[i];

		if (name[0] == '\0' || strpbrk(name, ".\"\\") != NULL || name[strspn(name, "0123456789")] == '\0')
			return NULL;
		if (i > 0)
			BuilderAddText(&path, ".");
		BuilderAddText(&path, name);
	}
	return path.length > 100 ? NULL : path.text;
}

/* Connector.open */
static bool
open_feed(Feed *feed, Problem *problem)
{
	JsonState  *state = ArenaAlloc0(feed->arena, sizeof(JsonState));
	const Config *config = feed->config;

	state->reader = JsonReaderCreate(feed->arena);
	state->mapping = MappingCompile(feed->arena, ConfigNode(config, "mapping"), "mapping", true, NULL, NULL);
	state->seed = FeedSeed(feed);
	state->records = pointer_key(feed->arena, config, "records", NULL, NULL);
	if (state->records == NULL)
		state->records = JsonPointerParse(feed->arena, "", 0);
	state->expand = pointer_key(feed->arena, config, "expand", NULL, NULL);
	state->list_path = scan_path(feed->arena, state->records);
	state->id_member = state->expand != NULL ? NULL : MappingIdMember(state->mapping);
	JsonReadPaging(feed->arena, config, &state->paging, NULL, NULL);
	JsonReadAuth(config, &state->auth, NULL, NULL);
	feed->state = state;
	JsonRewind(feed);
	return true;
}

/* ---- pages ---- */

/* Say of a body that has no list what it seems to be */
static bool
no_list(Feed *feed, FeedPage *page, const char *bytes, size_t length, Problem *problem)
{
	JsonState  *state = feed->state;
	const char *excerpt = TextLine(page->arena, bytes, length < 100 ? length : 100, false);

	ProblemSet(problem, ERROR_CLASS_PARSE, "the response has no list of records at \"%s\"",
			   state->records->text);
	strcpy(problem->field, "records");
	ProblemDetail(problem, "It begins with: %s", excerpt == NULL ? "" : excerpt);
	ProblemHint(problem, "\"records\" in the source's configuration says where the list is.");
	return false;
}

/* Is it an object that a mapping finds an id in? */
static bool
is_record(Feed *feed, FeedPage *page, const JsonNode *node)
{
	JsonState  *state = feed->state;
	Problem		ignored = {0};

	return JsonKindOf(node) == JSON_OBJECT &&
		(state->expand != NULL ||
		 MappingSourceId(state->mapping, feed, node, page->arena, &ignored) != NULL);
}

/* Find the records in a tree: where they are no array, or pushed */
static bool
find_in_tree(Feed *feed, FeedPage *page, const char *bytes, size_t length, Problem *problem)
{
	JsonState  *state = feed->state;
	JsonPage   *records = page->state;
	const JsonNode *list;

	if (!JsonRead(state->reader, page->arena, bytes, length, &records->root, problem))
		return false;
	list = JsonPointerFind(state->records, records->root);
	if (page->request == NULL && JsonKindOf(list) != JSON_ARRAY && is_record(feed, page, records->root) &&
		(list == NULL || list == records->root))
	{
		records->single = bytes;
		records->single_length = length;
		return true;
	}
	if (JsonKindOf(list) == JSON_ARRAY || JsonKindOf(list) == JSON_OBJECT)
	{
		records->list = list;
		return true;
	}

	/* null, where some APIs mean an empty list: its name is there */
	for (int i = 0; list == NULL && i < 1 && state->records->nnames > 0; i++)
	{
		JsonPointer parent = *state->records;
		const JsonNode *owner;
		void	   *cursor = NULL;
		const char *name;
		const JsonNode *member;

		parent.nnames--;
		owner = JsonPointerFind(&parent, records->root);
		while (JsonNextMember(owner, &cursor, &name, &member))
			if (member == NULL && strcmp(name, parent.names[parent.nnames]) == 0)
				return true;
	}
	return no_list(feed, page, bytes, length, problem);
}

/* Count and hash the records, which tell a page from another */
static void
sum_up(JsonPage *records)
{
	JsonScanCursor cursor = {0};
	const JsonElement *element;
	void	   *member = NULL;
	const char *name;
	const JsonNode *node;

	records->hash = 1;
	if (records->root == NULL)
	{
		while ((element = JsonScanNext(&records->scan, &cursor)) != NULL)
		{
			const JsonExtent *extent = element->members[0].length > 1 ? &element->members[0] : &element->text;

			records->hash = HashBytes(extent->bytes, extent->length, records->hash);
		}
		records->nrecords = (int64_t) records->scan.nelements;
	}
	else if (records->single != NULL)
		records->nrecords = 1;
	else if (JsonKindOf(records->list) == JSON_ARRAY)
		records->nrecords = JsonCount(records->list);
	else
		while (JsonNextMember(records->list, &member, &name, &node))
			records->nrecords++;
}

/* The hash of a list in a tree, whose text is at hand only as a whole */
static void
hash_tree(JsonPage *records, Arena *arena)
{
	const char *text;

	if (records->root == NULL || records->list == NULL)
		return;
	text = JsonToText(arena, records->list);
	records->hash = HashString(text, 1);
}

/* The document without its records, for what it says of paging; NULL: it has none that reads */
static const JsonNode *
read_around(Feed *feed, FeedPage *page)
{
	JsonState  *state = feed->state;
	JsonPage   *records = page->state;
	const JsonExtent *document = &records->scan.document;
	TextBuilder text = {page->arena, NULL, 0, 0};
	JsonScanCursor cursor = {0};
	const JsonElement *element;
	const JsonElement *last = NULL;
	const JsonNode *root;
	Problem		ignored;

	if (records->root != NULL)
		return records->root;
	element = JsonScanNext(&records->scan, &cursor);
	BuilderAdd(&text, document->bytes, element == NULL ? document->length :
			   (size_t) (element->text.bytes - document->bytes));
	for (; element != NULL; element = JsonScanNext(&records->scan, &cursor))
		last = element;
	if (last != NULL)
	{
		const char *rest = last->text.bytes + last->text.length;

		BuilderAdd(&text, rest, (size_t) (document->bytes + document->length - rest));
	}
	return JsonRead(state->reader, page->arena, text.text, text.length, &root, &ignored) ? root : NULL;
}

/* Connector.page */
static bool
read_page(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	JsonState  *state = feed->state;
	JsonPage   *records = ArenaAlloc0(page->arena, sizeof(JsonPage));
	const char *bytes = FeedBodyBytes(body, page->arena, problem);
	size_t		size = body->size;
	JsonScanPlan plan = {.list = state->list_path, .members = {state->id_member}};

	if (bytes == NULL)
		return false;
	page->state = records;
	plan.bare_list = page->request == NULL;
	if (plan.list == NULL)
		plan.list = "\n";		/* the path of nothing */
	if (!JsonScanDocument(page->arena, &plan, bytes, size, &records->scan, problem))
	{
		if (body->content_type != NULL && strstr(body->content_type, "json") == NULL)
			ProblemHint(problem, "The response calls itself %.100s: a proxy or a log-in page may stand in between.",
						body->content_type);
		return false;
	}
	if (!records->scan.has_list &&
		!find_in_tree(feed, page, records->scan.document.bytes, records->scan.document.length, problem))
		return false;
	sum_up(records);
	hash_tree(records, page->arena);
	if (page->request != NULL)
		JsonAdvance(feed, page, read_around(feed, page));
	return true;
}

/* ---- records ---- */

/* An object's text with one more member */
static const char *
with_member(Arena *arena, const char *object, size_t length, const char *name, const char *value)
{
	TextBuilder text = {arena, NULL, 0, 0};

	while (length > 0 && object[length - 1] != '}')
		length--;
	BuilderAdd(&text, object, length - 1);
	if (object[1 + strspn(object + 1, " \t\r\n")] != '}')
		BuilderAddText(&text, ",");
	BuilderAddText(&text, TextToJsonString(arena, name, strlen(name)));
	BuilderAddText(&text, ":");
	BuilderAddText(&text, value);
	BuilderAddText(&text, "}");
	return text.text;
}

/* A plain id from its extent: digits, or a string without escapes */
static const char *
plain_id(Arena *arena, const JsonExtent *extent)
{
	const char *bytes = extent->bytes;
	size_t		length = extent->length;

	if (length > 2 && bytes[0] == '"' && memchr(bytes, '\\', length) == NULL)
		return TextLine(arena, bytes + 1, length - 2, false);
	if (length > 0 && strspn(bytes, "0123456789") >= length && (bytes[0] != '0' || length == 1))
		return ArenaStrndup(arena, bytes, length);
	return NULL;
}

/* Refuse a record; its bytes, which may be anything, go into a JSON string */
static void
refuse_bytes(FeedPage *page, FeedRecord *record)
{
	record->raw = TextToJsonString(page->arena, record->raw, record->raw_length);
	record->raw_length = strlen(record->raw);
}

/* Read a record whole, for its id or its items; NULL: refused */
static const JsonNode *
read_record(Feed *feed, FeedPage *page, FeedRecord *record)
{
	JsonState  *state = feed->state;
	const JsonNode *node;

	if (JsonRead(state->reader, page->arena, record->raw, record->raw_length, &node, &record->problem))
	{
		if (JsonKindOf(node) == JSON_OBJECT)
			return node;
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record is %s, not an object",
				   JsonKindName(JsonKindOf(node)));
	}
	refuse_bytes(page, record);
	return NULL;
}

/* Give a record its id, or the reason why it has none */
static void
identify(Feed *feed, FeedPage *page, FeedRecord *record, const JsonExtent *extent, const JsonNode *node)
{
	JsonState  *state = feed->state;

	record->raw_hash = HashBytes(record->raw, record->raw_length, state->seed);
	if (extent != NULL)
		record->source_id = plain_id(page->arena, extent);
	if (record->source_id != NULL && strlen(record->source_id) <= 200)
		return;
	if (node == NULL)
		node = read_record(feed, page, record);
	record->source_id = node == NULL ? NULL :
		MappingSourceId(state->mapping, feed, node, page->arena, &record->problem);
}

/* The next item of the record that `expand` takes apart; false: no more */
static bool
next_item(Feed *feed, FeedPage *page, FeedRecord *record)
{
	JsonPage   *records = page->state;
	const JsonNode *node;

	if (records->items == NULL || records->item == JsonCount(records->items))
	{
		records->items = NULL;
		return false;
	}
	memset(record, 0, sizeof(*record));
	record->raw = with_member(page->arena, records->whole, records->whole_length, ITEM_MEMBER,
							  JsonToText(page->arena, JsonElementAt(records->items, records->item++)));
	record->raw_length = strlen(record->raw);
	node = read_record(feed, page, record);
	if (node != NULL)
		identify(feed, page, record, NULL, node);
	return true;
}

/* Take a record apart, if that is wanted and it has items; or identify it */
static void
begin_record(Feed *feed, FeedPage *page, FeedRecord *record, const JsonExtent *extent)
{
	JsonState  *state = feed->state;
	JsonPage   *records = page->state;
	const JsonNode *node;
	const JsonNode *items;

	if (state->expand == NULL)
	{
		identify(feed, page, record, extent, NULL);
		return;
	}
	node = read_record(feed, page, record);
	if (node == NULL)
		return;
	items = JsonMember(node, ITEM_MEMBER) != NULL ? NULL : JsonPointerFind(state->expand, node);
	if (JsonCount(items) == 0)
	{
		identify(feed, page, record, NULL, node);
		return;
	}
	records->whole = record->raw;
	records->whole_length = record->raw_length;
	records->items = items;
	records->item = 0;
	next_item(feed, page, record);
}

/* The next record of a tree; false at its end */
static bool
next_in_tree(FeedPage *page, FeedRecord *record)
{
	JsonPage   *records = page->state;
	const char *name = NULL;
	const JsonNode *node = NULL;

	if (records->single != NULL)
	{
		record->raw = records->single;
		record->raw_length = records->single_length;
		records->single = NULL;
		return true;
	}
	if (JsonKindOf(records->list) == JSON_ARRAY)
	{
		if (records->index == JsonCount(records->list))
			return false;
		node = JsonElementAt(records->list, records->index++);
	}
	else if (!JsonNextMember(records->list, &records->member, &name, &node))
		return false;
	record->raw = JsonToText(page->arena, node);
	if (name != NULL && JsonKindOf(node) == JSON_OBJECT)
		record->raw = with_member(page->arena, record->raw, strlen(record->raw), KEY_MEMBER,
								  TextToJsonString(page->arena, name, strlen(name)));
	record->raw_length = strlen(record->raw);
	return true;
}

/* Connector.record */
static bool
next_record(Feed *feed, FeedPage *page, FeedRecord *record)
{
	JsonPage   *records = page->state;
	const JsonElement *element;
	size_t		invalid;

	if (next_item(feed, page, record))
		return true;
	memset(record, 0, sizeof(*record));
	if (records->root != NULL)
	{
		if (!next_in_tree(page, record))
			return false;
		begin_record(feed, page, record, NULL);
		return true;
	}
	element = JsonScanNext(&records->scan, &records->cursor);
	if (element == NULL)
		return false;
	record->raw = element->text.bytes;
	record->raw_length = element->text.length;
	invalid = TextInvalidAt(record->raw, record->raw_length);
	if (element->problem == NULL && invalid == record->raw_length)
	{
		begin_record(feed, page, record, element->members[0].length > 0 ? &element->members[0] : NULL);
		return true;
	}
	if (element->problem != NULL)
		ProblemSet(&record->problem, ERROR_CLASS_PARSE, "the record cannot be read: %s, at byte %zu of the page",
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
	JsonState  *state = feed->state;
	const JsonNode *node;

	ListingInit(listing);
	if (!JsonRead(state->reader, arena, record->raw, record->raw_length, &node, &record->problem))
	{
		/* What isn't JSON is kept as a JSON string */
		record->raw = TextToJsonString(arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
		return MAP_REFUSED;
	}
	return MappingApply(state->mapping, feed, node, page->url != NULL ? page->url : ConfigString(feed->config, "url"),
						arena, listing, &record->skip_reason, &record->problem);
}

const Connector JsonConnector = {
	.name = "json",
	.description = "Any JSON API, described by configuration: where its records are, what they mean, how its pages follow.",
	.keys = json_keys,
	.credentials = json_credentials,
	.version = 1,
	.stands_alone = FeedRecordStandsAlone,
	.check = check_config,
	.open = open_feed,
	.next_request = JsonNextRequest,
	.refused = JsonRefused,
	.page = read_page,
	.record = next_record,
	.map = map_record,
};
