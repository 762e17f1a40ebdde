/*
 * src/feed/ckan_page.c
 *
 * The records of a body: what datastore_search answers, a file in CSV or JSON,
 * or any of these pushed.  Each becomes a JSON object, whatever it was: a row
 * of CSV has strings only.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "hash.h"

/* What of the document the scanner brings */
enum
{
	VALUE_SUCCESS,
	VALUE_LIMIT,
	VALUE_TOTAL,
	VALUE_ESTIMATED
};

/* The row's number, assigned anew at each reload of the table */
#define ROW_NUMBER "_id"

/* ---- values ---- */

const char *
CkanText(Arena *arena, const JsonNode *value)
{
	size_t		length = 0;

	switch (JsonKindOf(value))
	{
		case JSON_STRING:
			return JsonString(value, NULL, &length);
		case JSON_BOOLEAN:
			return JsonBoolean(value, NULL) == TRI_TRUE ? "true" : "false";
		case JSON_INTEGER:
		case JSON_NUMBER:
			return JsonToText(arena, value);
		default:
			return NULL;
	}
}

/* ---- CSV ---- */

/* Comma, unless the line of names has none but semicolons or tabs */
static char
find_delimiter(const char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length);
	size_t		line = end == NULL ? length : (size_t) (end - bytes);

	if (memchr(bytes, ',', line) != NULL)
		return ',';
	if (memchr(bytes, ';', line) != NULL)
		return ';';
	return memchr(bytes, '\t', line) != NULL ? '\t' : ',';
}

/* Read the names of the columns; false: *problem */
static bool
read_names(FeedPage *page, CkanPage *rows, Problem *problem)
{
	CsvRow		row;

	if (!CsvNext(&rows->csv, page->arena, &row))
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the file is empty");
		return false;
	}
	if (row.problem != NULL || TextInvalidAt(row.bytes, row.length) != row.length)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the file has no line of column names: %s",
				   row.problem != NULL ? row.problem : "it is not valid UTF-8");
		return false;
	}
	rows->nnames = row.nfields;
	rows->names = ArenaAlloc0(page->arena, sizeof(char *) * (size_t) row.nfields);
	for (int i = 0; i < row.nfields; i++)
	{
		const char *name = TextLine(page->arena, row.fields[i].text, row.fields[i].length, false);

		/* The first, nameless, column of a table that pandas wrote is its row number */
		if (name != NULL && strcmp(name, ROW_NUMBER) != 0)
			rows->names[i] = TextToJsonString(page->arena, name, strlen(name));
	}
	return true;
}

/* A row as a JSON object */
static void
row_to_json(const CkanPage *rows, const CsvRow *row, Arena *arena, CkanRaw *raw)
{
	TextBuilder json = {arena, NULL, 0, 0};

	for (int i = 0; i < row->nfields; i++)
	{
		if (rows->names[i] == NULL)
			continue;
		BuilderAddText(&json, json.length == 0 ? "{" : ",");
		BuilderAddText(&json, rows->names[i]);
		BuilderAddText(&json, ":");
		BuilderAddText(&json, TextToJsonString(rows->row_arena, row->fields[i].text, row->fields[i].length));
	}
	BuilderAddText(&json, json.length == 0 ? "{}" : "}");
	raw->text = json.text;
	raw->length = json.length;
}

static bool
next_csv_raw(Feed *feed, CkanPage *rows, Arena *arena, CkanRaw *raw)
{
	CkanState  *state = feed->state;
	CsvRow		row;
	size_t		invalid;

	ArenaReset(rows->row_arena);
	if (!CsvNext(&rows->csv, rows->row_arena, &row))
		return false;
	raw->hash = HashBytes(row.bytes, row.length, state->seed);
	raw->is_cut = row.is_cut;
	invalid = TextInvalidAt(row.bytes, row.length);
	if (row.problem != NULL)
		ProblemSet(&raw->problem, ERROR_CLASS_PARSE, "the row at line %zu of the file is not CSV: %s",
				   row.line, row.problem);
	else if (row.nfields != rows->nnames)
		ProblemSet(&raw->problem, ERROR_CLASS_PARSE, "the row at line %zu of the file has %d fields, not %d",
				   row.line, row.nfields, rows->nnames);
	else if (invalid != row.length)
		ProblemSet(&raw->problem, ERROR_CLASS_PARSE, "the row at line %zu of the file is not valid UTF-8 at its byte %zu",
				   row.line, invalid);
	else
		row_to_json(rows, &row, arena, raw);
	if (ProblemIsSet(&raw->problem))
	{
		/* Of a row that swallowed the rest of the file, its beginning tells enough */
		size_t		length = row.is_cut && row.length > 10000 ? 10000 : row.length;

		raw->text = TextToJsonString(arena, row.bytes, length);
		raw->length = strlen(raw->text);
	}
	return true;
}

/* ---- JSON ---- */

/* Hash of a record's bytes but for its row number */
static uint64_t
hash_of_element(const CkanState *state, const JsonElement *element)
{
	const JsonExtent *number = &element->members[0];
	const char *end = element->text.bytes + element->text.length;
	const char *behind;

	if (number->length == 0)
		return HashBytes(element->text.bytes, element->text.length, state->seed);
	behind = number->bytes + number->length;
	return HashBytes(behind, (size_t) (end - behind),
					 HashBytes(element->text.bytes, (size_t) (number->bytes - element->text.bytes), state->seed));
}

static bool
next_json_raw(Feed *feed, CkanPage *rows, Arena *arena, CkanRaw *raw)
{
	const JsonElement *element = rows->single;
	size_t		invalid;

	if (element != NULL)
		rows->single = NULL;
	else
		element = JsonScanNext(&rows->scan, &rows->cursor);
	if (element == NULL)
		return false;
	raw->text = element->text.bytes;
	raw->length = element->text.length;
	raw->hash = hash_of_element(feed->state, element);
	invalid = TextInvalidAt(raw->text, raw->length);
	if (element->problem == NULL && invalid == raw->length)
		return true;
	if (element->problem != NULL)
		ProblemSet(&raw->problem, ERROR_CLASS_PARSE, "the record is not usable: %s, at byte %zu of the page",
				   element->problem, element->problem_at);
	else
		ProblemSet(&raw->problem, ERROR_CLASS_PARSE, "the record is not valid UTF-8 at its byte %zu", invalid);
	raw->text = TextToJsonString(arena, raw->text, raw->length);
	raw->length = strlen(raw->text);
	return true;
}

bool
CkanNextRaw(Feed *feed, CkanPage *page, Arena *arena, CkanRaw *raw)
{
	memset(raw, 0, sizeof(*raw));
	return page->is_csv ? next_csv_raw(feed, page, arena, raw) :
		next_json_raw(feed, page, arena, raw);
}

/* ---- bodies ---- */

/* A number of the document outside of its records, or -1 */
static int64_t
scanned_integer(Feed *feed, FeedPage *page, const JsonExtent *extent)
{
	CkanState  *state = feed->state;
	const JsonNode *node;
	int64_t		value;
	Problem		ignored;

	if (extent->length == 0 ||
		!JsonRead(state->reader, page->arena, extent->bytes, extent->length, &node, &ignored) ||
		!JsonInteger(node, NULL, &value))
		return -1;
	return value;
}

static bool
is_literal(const JsonExtent *extent, const char *literal)
{
	return extent->length == strlen(literal) && memcmp(extent->bytes, literal, extent->length) == 0;
}

/* Hash of a page's rows: a portal that ignores `offset` sends them again */
static uint64_t
hash_of_page(const CkanState *state, const JsonScan *scan)
{
	JsonScanCursor cursor = {0};
	const JsonElement *element;
	uint64_t	hash = 1;

	while ((element = JsonScanNext(scan, &cursor)) != NULL)
		hash = HashBytes(element->text.bytes, element->text.length, hash);
	return hash;
}

/* Say of a document without records what it seems to be */
static bool
not_a_table(const FeedPage *page, const FeedBody *body, const char *bytes, Problem *problem)
{
	size_t		length = body->size < 2000 ? body->size : 2000;
	const char *text = TextFromHtml(page->arena, bytes, length);

	text = text == NULL ? NULL : TextLine(page->arena, text, strlen(text), false);
	ProblemSet(problem, ERROR_CLASS_PARSE, "the response is not a table of records");
	ProblemDetail(problem, "It reads: %.200s", text == NULL ? "" : text);
	if (body->content_type != NULL && strstr(body->content_type, "html") != NULL)
		ProblemHint(problem, "It is a web page: base_url must be the address of the portal's start page, and a proxy or "
					"a maintenance page may stand in between.");
	return false;
}

/* datastore_search answered 200 and "success": false */
static bool
read_failure(Feed *feed, FeedPage *page, const FeedBody *body, const char *bytes, Problem *problem)
{
	FeedRequest pushed = {.what = "the records", .list = CKAN_FILE};
	const FeedRequest *request = page->request != NULL ? page->request : &pushed;
	FeedRefusal refusal = {200, "application/json", bytes, body->size};

	return CkanRefused(feed, request, &refusal, problem) != REFUSAL_FAIL;
}

/*
 * Give the records their ids, where these rest on all records of the page;
 * before the walk goes on, for its end leaves a note of them.
 */
static void
identify(Feed *feed, FeedPage *page)
{
	if (((CkanState *) feed->state)->is_montreal)
		MontrealIdentify(feed, page);
}

/* A JSON document: an answer of the datastore, a bare list, or one record */
static bool
read_json(Feed *feed, FeedPage *page, const FeedBody *body, const char *bytes, size_t length,
		  Problem *problem)
{
	static const JsonScanPlan plan_of_answer = {
		.list = "result.records",
		.bare_list = true,
		.values = {"success", "result.limit", "result.total", "result.total_was_estimated"},
		.members = {ROW_NUMBER},
	};
	CkanState  *state = feed->state;
	CkanPage   *rows = page->state;
	const JsonExtent *values = rows->scan.values;
	int			step = page->request == NULL ? -1 : page->request->list;

	if (!JsonScanDocument(page->arena, &plan_of_answer, bytes, length, &rows->scan, problem))
		return false;
	if (is_literal(&values[VALUE_SUCCESS], "false"))
	{
		rows->scan.has_list = false;
		rows->scan.nelements = 0;
		rows->scan.first = rows->scan.last = NULL;
		return read_failure(feed, page, body, bytes, problem);
	}
	if (!rows->scan.has_list)
	{
		if (step >= 0 || bytes[0] != '{' || values[VALUE_SUCCESS].length > 0)
			return not_a_table(page, body, bytes, problem);
		rows->single = ArenaAlloc0(page->arena, sizeof(JsonElement));
		((JsonElement *) rows->single)->text = rows->scan.document;
	}
	identify(feed, page);
	if (step == CKAN_SEARCH)
		CkanAdvance(feed, page, (int64_t) rows->scan.nelements, hash_of_page(state, &rows->scan),
					scanned_integer(feed, page, &values[VALUE_LIMIT]),
					is_literal(&values[VALUE_ESTIMATED], "true") ? -1 :
					scanned_integer(feed, page, &values[VALUE_TOTAL]));
	else if (step == CKAN_FILE)
		CkanFileRead(feed, (int64_t) rows->scan.nelements, false);
	return true;
}

/* A CSV file; its rows are counted before the first is taken */
static bool
read_csv(Feed *feed, FeedPage *page, const char *bytes, size_t length, Problem *problem)
{
	CkanPage   *rows = page->state;
	CsvReader	counting;
	CsvRow		row;
	int64_t		count = 0;

	rows->is_csv = true;
	rows->row_arena = ArenaCreateWithin(page->arena);
	CsvOpen(&rows->csv, bytes, length, find_delimiter(bytes, length));
	if (!read_names(page, rows, problem))
		return false;
	counting = rows->csv;
	for (row.is_cut = false; CsvNext(&counting, rows->row_arena, &row); count++)
	{
		ArenaReset(rows->row_arena);
		if (count % 1024 == 0 && feed->breathe != NULL)
			feed->breathe();
	}
	if (row.is_cut)
	{
		page->incomplete = true;
		CkanWarn(feed, "the file has a quote at line %zu that is never closed: what follows it is one row", row.line);
	}
	identify(feed, page);
	if (page->request != NULL)
		CkanFileRead(feed, count, row.is_cut);
	return true;
}

/* The first byte of the body that is no white space nor a byte order mark */
static const char *
skip_start(const char *bytes, const char *end)
{
	if (end - bytes >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		bytes += 3;
	while (bytes < end && strchr(" \t\r\n", *bytes) != NULL && *bytes != '\0')
		bytes++;
	return bytes;
}

/* The description of the resource; one that cannot be read is not needed */
static bool
read_metadata(Feed *feed, FeedPage *page, const FeedBody *body, const char *bytes, Problem *problem)
{
	CkanState  *state = feed->state;
	const char *last_modified;

	if (CkanReadMetadata(feed, page, bytes, body->size, &last_modified, problem))
	{
		CkanMetadataRead(feed, page, last_modified);
		return true;
	}
	if (state->resource_id == NULL || strcmp(problem->field, "resource_id") == 0)
		return false;
	CkanWarn(feed, "%s: %s", page->request->what, problem->message);
	memset(problem, 0, sizeof(*problem));
	CkanMetadataRead(feed, page, NULL);
	return true;
}

bool
CkanReadPage(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	CkanPage   *rows = ArenaAlloc0(page->arena, sizeof(CkanPage));
	const char *bytes = FeedBodyBytes(body, page->arena, problem);
	const char *start;

	if (bytes == NULL)
		return false;
	page->state = rows;
	if (page->request != NULL && (page->request->list == CKAN_METADATA || page->request->list == CKAN_RECHECK))
		return read_metadata(feed, page, body, bytes, problem);
	rows->is_file = page->request != NULL && page->request->list == CKAN_FILE;
	start = skip_start(bytes, bytes + body->size);
	if (start < bytes + body->size && *start == '<')
		return not_a_table(page, body, bytes, problem);
	if ((page->request != NULL && page->request->list == CKAN_SEARCH) ||
		(start < bytes + body->size && (*start == '{' || *start == '[')))
		return read_json(feed, page, body, start, body->size - (size_t) (start - bytes), problem);
	return read_csv(feed, page, bytes, body->size, problem);
}

/* ---- records ---- */

/* Is a value one of those that a filter asks for? */
static bool
passes_filter(Arena *arena, const JsonNode *value, const JsonNode *wanted)
{
	const char *text = CkanText(arena, value);

	if (JsonKindOf(wanted) == JSON_ARRAY)
	{
		for (int i = 0; i < JsonCount(wanted); i++)
			if (passes_filter(arena, value, JsonElementAt(wanted, i)))
				return true;
		return false;
	}
	if (JsonKindOf(wanted) == JSON_NULL)
		return JsonKindOf(value) == JSON_NULL || JsonKindOf(value) == JSON_ABSENT || text == NULL || text[0] == '\0';
	return text != NULL && strcmp(text, CkanText(arena, wanted)) == 0;
}

/* Does a record pass `filters`?  One that is no JSON is refused elsewhere */
static bool
passes_filters(Feed *feed, const CkanRaw *raw)
{
	CkanState  *state = feed->state;
	const JsonNode *filters = ConfigNode(feed->config, "filters");
	const JsonNode *row;
	const JsonNode *wanted;
	const char *column;
	void	   *cursor = NULL;
	Problem		ignored;

	ArenaReset(state->scratch);
	if (!JsonRead(state->reader, state->scratch, raw->text, raw->length, &row, &ignored))
		return true;
	while (JsonNextMember(filters, &cursor, &column, &wanted))
		if (!passes_filter(state->scratch, JsonMember(row, column), wanted))
			return false;
	return true;
}

bool
CkanNextRecord(Feed *feed, FeedPage *page, FeedRecord *record)
{
	CkanState  *state = feed->state;
	CkanPage   *rows = page->state;
	size_t		index = rows->index;
	CkanRaw		raw;

	memset(record, 0, sizeof(*record));
	if (!CkanNextRaw(feed, rows, page->arena, &raw))
		return false;
	rows->index++;
	record->raw = raw.text;
	record->raw_length = raw.length;
	record->raw_hash = raw.hash;
	record->problem = raw.problem;
	if (raw.is_cut)
		page->incomplete = true;
	if (ProblemIsSet(&record->problem))
		return true;
	if (rows->is_file && state->filters != NULL && !passes_filters(feed, &raw))
	{
		record->skip_reason = "filtered";
		return true;
	}
	if (state->is_montreal)
	{
		record->source_id = rows->ids[index];
		record->state = &rows->shared[index];
		if (record->source_id == NULL)
			MontrealExplainNoId(feed, page, &raw, &record->problem);
	}
	else
		record->source_id = CkanSourceId(feed, &raw, page->arena, &record->problem);
	return true;
}
