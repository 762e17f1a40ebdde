/*
 * src/feed/json_config.c
 *
 * The objects in the configuration of a json source: pagination, auth, query.
 * Pure C.
 */
#include "feed/json_api.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/when.h"

#define DAY 86400

/* ---- placeholders ---- */

static const char placeholders_expected[] =
"expected only these in braces: {window_start} and {window_end}, alone (as 2026-07-01T00:00:00Z) or as "
"{window_start:date}, {window_start:local}, {window_start:epoch}, {window_start:epoch_ms}; and {page_size}";

typedef enum WindowForm
{
	FORM_ISO,
	FORM_DATE,
	FORM_LOCAL,
	FORM_EPOCH,
	FORM_EPOCH_MS,
	FORM_PAGE_SIZE
} WindowForm;

static const struct
{
	const char *name;
	bool		is_end;
	WindowForm	form;
}			placeholders[] = {
	{"window_start", false, FORM_ISO}, {"window_end", true, FORM_ISO},
	{"window_start:date", false, FORM_DATE}, {"window_end:date", true, FORM_DATE},
	{"window_start:local", false, FORM_LOCAL}, {"window_end:local", true, FORM_LOCAL},
	{"window_start:epoch", false, FORM_EPOCH}, {"window_end:epoch", true, FORM_EPOCH},
	{"window_start:epoch_ms", false, FORM_EPOCH_MS}, {"window_end:epoch_ms", true, FORM_EPOCH_MS},
	{"page_size", false, FORM_PAGE_SIZE},
};

/* The placeholder that begins at text[0] == '{': its index, or -1 */
static int
find_placeholder(const char *text, size_t *length)
{
	*length = strcspn(text, "}");
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		if (strlen(placeholders[i].name) == *length - 1 &&
			memcmp(text + 1, placeholders[i].name, *length - 1) == 0 && text[*length] == '}')
		{
			(*length)++;
			return (int) i;
		}
	return -1;
}

/* Wall clock of the source; where its zone isn't known, surely outside */
static LocalTime
local_edge(const Feed *feed, FeedTime edge, bool is_end)
{
	const Zone *zone = feed->zones == NULL || feed->default_timezone == NULL ? NULL :
		ZoneResolve(feed->zones, feed->default_timezone);

	return zone != NULL ? ZoneToLocal(zone, edge) : is_end ? edge + DAY : edge - DAY;
}

/* What stands for a placeholder, or NULL */
static const char *
placeholder_value(const Feed *feed, Arena *arena, int index)
{
	bool		is_end = placeholders[index].is_end;
	FeedTime	edge = is_end ? feed->window_end : feed->window_start;
	char		text[WHEN_TEXT];

	if (placeholders[index].form == FORM_PAGE_SIZE)
		return !ConfigIsSet(feed->config, "page_size") ? NULL :
			ArenaPrintf(arena, "%lld", (long long) ConfigInteger(feed->config, "page_size"));
	if (edge == FEED_TIME_UNKNOWN)
		return NULL;
	switch (placeholders[index].form)
	{
		case FORM_EPOCH:
			return ArenaPrintf(arena, "%lld", (long long) edge);
		case FORM_EPOCH_MS:
			return ArenaPrintf(arena, "%lld000", (long long) edge);
		case FORM_ISO:
			WhenFormatLocal(edge, text);
			return text[0] == '\0' ? NULL : ArenaPrintf(arena, "%sZ", text);
		default:
			WhenFormatLocal(local_edge(feed, edge, is_end), text);
			if (placeholders[index].form == FORM_DATE)
				text[strcspn(text, "T")] = '\0';
			return text[0] == '\0' ? NULL : ArenaStrdup(arena, text);
	}
}

const char *
JsonFillPlaceholders(const Feed *feed, Arena *arena, const char *text)
{
	TextBuilder filled = {arena, NULL, 0, 0};

	BuilderAddText(&filled, "");
	while (*text != '\0')
	{
		size_t		length = strcspn(text, "{");
		int			index;
		const char *value;

		BuilderAdd(&filled, text, length);
		text += length;
		if (*text == '\0')
			break;
		index = find_placeholder(text, &length);
		if (index < 0)
			return NULL;
		value = placeholder_value(feed, arena, index);
		if (value == NULL)
			return NULL;
		BuilderAddText(&filled, value);
		text += length;
	}
	return filled.text;
}

/* Has the text only placeholders that there are? */
static bool
is_fillable(const char *text)
{
	size_t		length;

	for (; (text = strchr(text, '{')) != NULL; text++)
		if (find_placeholder(text, &length) < 0)
			return false;
	return true;
}

/* ---- query ---- */

/* A parameter's value: a text, number or truth value */
static bool
check_query_value(const char *path, const JsonNode *value, ConfigComplaint complain, void *arg)
{
	size_t		length;
	const char *text = JsonString(value, NULL, &length);
	JsonKind	kind = JsonKindOf(value);

	if (text == NULL && kind != JSON_INTEGER && kind != JSON_NUMBER && kind != JSON_BOOLEAN)
		complain(arg, path, "expected a text, a number, true or false, or a list of them");
	else if (text != NULL && !is_fillable(text))
		complain(arg, path, placeholders_expected);
	else
		return true;
	return false;
}

void
JsonCheckQuery(Arena *arena, const Config *config, ConfigComplaint complain, void *arg)
{
	const JsonNode *query = ConfigNode(config, "query");
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;

	while (JsonNextMember(query, &cursor, &name, &value))
	{
		const char *path = ArenaPrintf(arena, "query.%s", name);

		if (JsonKindOf(value) != JSON_ARRAY)
			check_query_value(path, value, complain, arg);
		for (int i = 0; i < JsonCount(value); i++)
			if (!check_query_value(path, JsonElementAt(value, i), complain, arg))
				break;
	}
}

/* ---- auth ---- */

/* Can the text stand in a header, or in a query as a name? */
static bool
is_token(const char *text)
{
	if (text == NULL || *text == '\0')
		return false;
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7F || strchr("\"(),/:;<=>?@\\{}&#%", *c) != NULL)
			return false;
	return true;
}

void
JsonReadAuth(const Config *config, JsonAuth *auth, ConfigComplaint complain, void *arg)
{
	static const char expected[] =
	"expected {\"header\": name, \"prefix\": text before the key}, such as "
	"{\"header\": \"Authorization\", \"prefix\": \"Bearer \"}, or {\"query\": name}";
	const JsonNode *object = ConfigNode(config, "auth");
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;
	bool		fine = true;

	memset(auth, 0, sizeof(*auth));
	if (object == NULL)
		return;
	while (JsonNextMember(object, &cursor, &name, &value))
	{
		size_t		length;
		const char *text = JsonString(value, NULL, &length);

		if (strcmp(name, "header") == 0 && is_token(text))
			auth->header = text;
		else if (strcmp(name, "query") == 0 && is_token(text))
			auth->query = text;
		else if (strcmp(name, "prefix") == 0 && text != NULL && strpbrk(text, "\r\n") == NULL)
			auth->prefix = text;
		else
			fine = false;
	}
	if (complain != NULL && (!fine || (auth->header == NULL) == (auth->query == NULL) ||
							 (auth->prefix != NULL && auth->header == NULL)))
		complain(arg, "auth", expected);
}

/* ---- pagination ---- */

/* The types, and the members each takes beside "type" */
static const struct
{
	const char *name;
	const char *members;		/* each in blanks */
	const char *needed;
	const char *expected;
}			paging_types[] = {
	[PAGING_PAGE] = {"page", " parameter start size_parameter total total_pages has_more in ", "parameter",
		"expected for type page: parameter, and as wanted start, size_parameter, in, and the pointers total, total_pages, has_more"},
	[PAGING_OFFSET] = {"offset", " parameter start size_parameter total has_more in ", "parameter",
		"expected for type offset: parameter, and as wanted start, size_parameter, in, and the pointers total, has_more"},
	[PAGING_CURSOR] = {"cursor", " parameter cursor size_parameter total has_more in ", "parameter",
		"expected for type cursor: parameter and the pointer cursor, and as wanted size_parameter, in, and the pointers total, has_more"},
	[PAGING_NEXT_URL] = {"next_url", " next size_parameter total has_more ", "next",
		"expected for type next_url: the pointer next, and as wanted size_parameter and the pointers total, has_more"},
	[PAGING_LINK_HEADER] = {"link_header", " size_parameter total ", NULL,
		"expected for type link_header: as wanted size_parameter and the pointer total"},
};

/* Does the type take this member? */
static bool
takes_member(PagingType type, const char *name)
{
	const char *members = paging_types[type].members;
	size_t		length = strlen(name);

	for (const char *at = members; length > 0 && (at = strstr(at, name)) != NULL; at++)
		if (at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

/* Take one member; false: its value is not as it should be */
static bool
take_paging_member(Arena *arena, Paging *paging, const char *name, const JsonNode *value)
{
	const struct
	{
		const char *name;
		const JsonPointer **pointer;
	}			pointers[] = {
		{"cursor", &paging->cursor}, {"next", &paging->next}, {"total", &paging->total},
		{"total_pages", &paging->total_pages}, {"has_more", &paging->has_more},
	};
	size_t		length = 0;
	const char *text = JsonString(value, NULL, &length);

	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		if (strcmp(pointers[i].name, name) == 0)
		{
			*pointers[i].pointer = text == NULL ? NULL : JsonPointerParse(arena, text, length);
			return *pointers[i].pointer != NULL;
		}
	if (strcmp(name, "start") == 0)
		return JsonInteger(value, NULL, &paging->start) && paging->start >= 0;
	if (strcmp(name, "in") == 0)
	{
		paging->in_body = text != NULL && strcmp(text, "body") == 0;
		return text != NULL && (paging->in_body || strcmp(text, "query") == 0);
	}
	if (text == NULL || length == 0)
		return false;
	if (strcmp(name, "parameter") == 0)
		paging->parameter = text;
	else
		paging->size_parameter = text;
	return true;
}

void
JsonReadPaging(Arena *arena, const Config *config, Paging *paging, ConfigComplaint complain, void *arg)
{
	const JsonNode *object = ConfigNode(config, "pagination");
	size_t		length = 0;
	const char *type = JsonString(object, "type", &length);
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;

	memset(paging, 0, sizeof(*paging));
	if (object == NULL)
		return;
	for (int i = PAGING_PAGE; type != NULL && i <= PAGING_LINK_HEADER; i++)
		if (strcmp(paging_types[i].name, type) == 0)
			paging->type = (PagingType) i;
	if (paging->type == PAGING_NONE)
	{
		if (complain != NULL)
			complain(arg, "pagination.type", "expected page, offset, cursor, next_url or link_header");
		return;
	}
	paging->start = paging->type == PAGING_PAGE ? 1 : 0;
	while (JsonNextMember(object, &cursor, &name, &value))
	{
		if (strcmp(name, "type") == 0)
			continue;
		if (!takes_member(paging->type, name) || !take_paging_member(arena, paging, name, value))
			if (complain != NULL)
				complain(arg, ArenaPrintf(arena, "pagination.%s", name), paging_types[paging->type].expected);
	}
	if (complain == NULL)
		return;
	if (paging_types[paging->type].needed != NULL &&
		JsonMember(object, paging_types[paging->type].needed) == NULL)
		complain(arg, ArenaPrintf(arena, "pagination.%s", paging_types[paging->type].needed),
				 paging_types[paging->type].expected);
	if (paging->type == PAGING_CURSOR && JsonMember(object, "cursor") == NULL)
		complain(arg, "pagination.cursor", paging_types[PAGING_CURSOR].expected);
	if (paging->size_parameter != NULL && !ConfigIsSet(config, "page_size"))
		complain(arg, "page_size", "expected a number of records, as pagination has a size_parameter for it");
}
