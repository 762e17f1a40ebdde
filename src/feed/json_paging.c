/*
 * src/feed/json_paging.c
 *
 * The requests of a json source, and when its list ends.
 *
 * An API's end of a list is whatever it says first: has_more false, the total
 * reached, the last page's number, no cursor or link, an empty page; and where
 * it says nothing, a page with fewer records than the first.  Not fewer than
 * asked for: many APIs give less than one asks.  A page, cursor or link that
 * comes a second time ends the list as incomplete: what is missing is not gone.
 *
 * Pure C.
 */
#include "feed/json_api.h"

#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "hash.h"

#define MAX_EMPTY 3				/* pages in a row that say more follow */

void
JsonRewind(Feed *feed)
{
	JsonState  *state = feed->state;

	state->page = 1;
	state->number = state->paging.start;
	state->first_count = -1;
	state->total = -1;
}

/* Tell the operator why the list was left before its end */
static void
stop_short(Feed *feed, FeedPage *page, const char *why)
{
	JsonState  *state = feed->state;

	if (feed->warn != NULL)
		feed->warn(feed->warn_arg, ArenaPrintf(page->arena, "page %d: %s", state->page, why));
	page->incomplete = feed->incomplete = true;
	state->done = true;
}

/* Remember a hash; false if it came before */
static bool
remember(Feed *feed, uint64_t hash)
{
	JsonState  *state = feed->state;

	for (int i = 0; i < state->nhashes; i++)
		if (state->hashes[i] == hash)
			return false;
	if (state->nhashes == state->hashes_room)
	{
		int			room = state->hashes_room == 0 ? 64 : state->hashes_room * 2;
		uint64_t   *hashes = ArenaAlloc(feed->arena, sizeof(uint64_t) * (size_t) room);

		if (state->nhashes > 0)
			memcpy(hashes, state->hashes, sizeof(uint64_t) * (size_t) state->nhashes);
		state->hashes = hashes;
		state->hashes_room = room;
	}
	state->hashes[state->nhashes++] = hash;
	return true;
}

/* ---- requests ---- */

/* The credential as it is sent; true with NULL where none is configured */
static bool
find_credential(Feed *feed, Problem *problem)
{
	JsonState  *state = feed->state;
	const char *key;

	if (state->credential != NULL || (state->auth.header == NULL && state->auth.query == NULL))
		return true;
	key = feed->credential == NULL ? NULL : feed->credential(feed->credential_arg, "key");
	if (key != NULL)
		key = TextLine(feed->arena, key, strlen(key), false);
	if (key == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_AUTH, "the credential \"key\" is not set");
		strcpy(problem->field, "key");
		ProblemDetail(problem, "The source's configuration has \"auth\", so each request needs it.");
		ProblemHint(problem, "Store it with ingest_set_credential(), or take \"auth\" out of the configuration.");
		return false;
	}
	if (state->auth.header != NULL)
		state->credential = ArenaPrintf(feed->arena, "%s%s",
										state->auth.prefix == NULL ? "" : state->auth.prefix, key);
	else
	{
		TextBuilder encoded = {feed->arena, NULL, 0, 0};

		BuilderAddEncoded(&encoded, key);
		state->credential = key;
		if (feed->secret != NULL && strcmp(encoded.text, key) != 0)
			feed->secret(feed->secret_arg, encoded.text);
	}
	return true;
}

/* A parameter, whose name is encoded too; brackets are common in names */
static void
add_parameter(TextBuilder *url, const char *name, const char *value)
{
	TextBuilder encoded = {url->arena, NULL, 0, 0};

	BuilderAddEncoded(&encoded, name);
	BuilderAddParameter(url, encoded.text, value);
}

/* A JSON value as a parameter: of a list one for each item */
static void
add_values(const Feed *feed, TextBuilder *url, const char *name, const JsonNode *value, bool fill)
{
	size_t		length;
	const char *text = JsonString(value, NULL, &length);

	if (JsonKindOf(value) == JSON_ARRAY)
	{
		for (int i = 0; i < JsonCount(value); i++)
			add_values(feed, url, name, JsonElementAt(value, i), fill);
		return;
	}
	if (text == NULL)
		text = JsonToText(url->arena, value);
	else if (fill)
		text = JsonFillPlaceholders(feed, url->arena, text);
	add_parameter(url, name, text);
}

/* Does the URL's query have this parameter, however its brackets are written? */
static bool
has_parameter(const char *url, const char *name)
{
	for (url = strchr(url, '?'); url != NULL; url = strchr(url, '&'))
	{
		const char *at = name;

		url++;
		while (*at != '\0')
		{
			const char	escape[] = {'%', "0123456789ABCDEF"[(unsigned char) *at >> 4],
			"0123456789ABCDEF"[*at & 15], '\0'};

			if (*url == *at)
				url++;
			else if (strncasecmp(url, escape, 3) == 0)
				url += 3;
			else
				break;
			at++;
		}
		if (*at == '\0' && (*url == '=' || *url == '&' || *url == '\0'))
			return true;
	}
	return false;
}

/* The URL of the next page */
static const char *
build_url(Feed *feed)
{
	JsonState  *state = feed->state;
	const Paging *paging = &state->paging;
	TextBuilder url = {feed->arena, NULL, 0, 0};
	const JsonNode *query = ConfigNode(feed->config, "query");
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;

	/* What a link leaves out of the parameters it was asked with is added */
	if (state->next_url != NULL)
		BuilderAddText(&url, state->next_url);
	else
	{
		const char *configured = ConfigString(feed->config, "url");

		BuilderAdd(&url, configured, strcspn(configured, "#"));
	}
	while (JsonNextMember(query, &cursor, &name, &value))
		if (state->next_url == NULL || !has_parameter(url.text, name))
			add_values(feed, &url, name, value, true);
	if (paging->size_parameter != NULL && !paging->in_body && !has_parameter(url.text, paging->size_parameter))
		add_parameter(&url, paging->size_parameter,
					  ArenaPrintf(feed->arena, "%lld", (long long) ConfigInteger(feed->config, "page_size")));
	if ((paging->type == PAGING_PAGE || paging->type == PAGING_OFFSET) && !paging->in_body)
		add_parameter(&url, paging->parameter, ArenaPrintf(feed->arena, "%lld", (long long) state->number));
	else if (state->cursor != NULL && !paging->in_body)
		add_values(feed, &url, paging->parameter, state->cursor, false);
	if (state->auth.query != NULL && !has_parameter(url.text, state->auth.query))
		BuilderAddParameter(&url, state->auth.query, state->credential);
	return url.text;
}

/* The body: the configured object, with the paging's parameters if they go there */
static const char *
build_body(Feed *feed)
{
	JsonState  *state = feed->state;
	const Paging *paging = &state->paging;
	const JsonNode *object = ConfigNode(feed->config, "body");
	TextBuilder body = {feed->arena, NULL, 0, 0};
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;

	while (JsonNextMember(object, &cursor, &name, &value))
	{
		if (paging->in_body && ((paging->parameter != NULL && strcmp(name, paging->parameter) == 0) ||
								(paging->size_parameter != NULL && strcmp(name, paging->size_parameter) == 0)))
			continue;
		BuilderAddText(&body, body.length == 0 ? "{" : ",");
		BuilderAddText(&body, TextToJsonString(feed->arena, name, strlen(name)));
		BuilderAddText(&body, ":");
		BuilderAddText(&body, JsonToText(feed->arena, value));
	}
	if (paging->in_body && paging->size_parameter != NULL)
	{
		BuilderAddText(&body, body.length == 0 ? "{" : ",");
		BuilderAddText(&body, TextToJsonString(feed->arena, paging->size_parameter, strlen(paging->size_parameter)));
		BuilderAddText(&body, ArenaPrintf(feed->arena, ":%lld", (long long) ConfigInteger(feed->config, "page_size")));
	}
	if (paging->in_body && (paging->type != PAGING_CURSOR || state->cursor != NULL))
	{
		BuilderAddText(&body, body.length == 0 ? "{" : ",");
		BuilderAddText(&body, TextToJsonString(feed->arena, paging->parameter, strlen(paging->parameter)));
		BuilderAddText(&body, ":");
		BuilderAddText(&body, paging->type == PAGING_CURSOR ? JsonToText(feed->arena, state->cursor) :
					   ArenaPrintf(feed->arena, "%lld", (long long) state->number));
	}
	if (body.length == 0)
		return "{}";
	BuilderAddText(&body, "}");
	return body.text;
}

bool
JsonNextRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	JsonState  *state = feed->state;
	bool		is_post = strcmp(ConfigString(feed->config, "method"), "POST") == 0;

	if (state->done || !find_credential(feed, problem))
		return false;
	memset(request, 0, sizeof(*request));
	request->headers[request->nheaders++] = (FeedHeader) {"Accept", "application/json"};
	if (state->auth.header != NULL)
		request->headers[request->nheaders++] = (FeedHeader) {state->auth.header, state->credential, true};
	if (is_post)
	{
		request->method = "POST";
		request->headers[request->nheaders++] = (FeedHeader) {"Content-Type", "application/json"};
		request->body = build_body(feed);
	}
	request->url = build_url(feed);
	request->what = state->paging.type == PAGING_NONE ? "the records" :
		ArenaPrintf(feed->arena, "page %d of the records", state->page);

	/* Of several pages the first may be as it was, and others not */
	request->conditional = state->paging.type == PAGING_NONE && !is_post;
	if (state->paging.type == PAGING_NONE)
		state->done = true;
	return true;
}

RefusalVerdict
JsonRefused(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	JsonState  *state = feed->state;
	Arena	   *arena = feed->arena;
	ErrorClass	error_class = refusal->status == 401 || refusal->status == 403 ? ERROR_CLASS_AUTH :
		refusal->status == 429 ? ERROR_CLASS_RATE_LIMIT :
		refusal->status == 400 || refusal->status == 404 || refusal->status == 410 ? ERROR_CLASS_CONFIG :
		ERROR_CLASS_UPSTREAM;
	const char *text;

	/* Behind the last page many APIs have an error instead of an empty list */
	if (state->page > 1 && (state->paging.type == PAGING_PAGE || state->paging.type == PAGING_OFFSET) &&
		(refusal->status == 400 || refusal->status == 404))
	{
		state->done = true;
		if (state->total < 0 || state->nseen >= state->total)
			return REFUSAL_END_OF_LIST;
		if (feed->warn != NULL)
			feed->warn(feed->warn_arg, ArenaPrintf(arena, "page %d was refused, but %lld of %lld records are missing",
												   state->page, (long long) (state->total - state->nseen),
												   (long long) state->total));
		feed->incomplete = true;
		return REFUSAL_END_OF_LIST;
	}
	ProblemSet(problem, error_class, "the upstream answered %d to the request for %s",
			   refusal->status, request->what);
	text = TextFromHtml(arena, refusal->body, refusal->length < 2000 ? refusal->length : 2000);
	text = text == NULL ? NULL : TextLine(arena, text, strlen(text), false);
	if (text != NULL)
		ProblemDetail(problem, "The answer reads: %.300s", text);
	if (error_class == ERROR_CLASS_AUTH)
		ProblemHint(problem, state->auth.header == NULL && state->auth.query == NULL ?
					"If the API needs a key, say in \"auth\" where it goes and store it with ingest_set_credential()." :
					"Check \"auth\" in the configuration, or store another key with ingest_set_credential().");
	else if (error_class == ERROR_CLASS_CONFIG)
		ProblemHint(problem, "Check \"url\", \"query\" and \"pagination\" in the source's configuration.");
	return REFUSAL_FAIL;
}

/* ---- what comes next ---- */

/* The value of a Link header's rel="next" (RFC 8288), or NULL */
static const char *
next_link(Arena *arena, const char *header)
{
	while (header != NULL && (header = strchr(header, '<')) != NULL)
	{
		const char *end = strchr(header, '>');
		const char *parameters;
		size_t		length;

		if (end == NULL)
			return NULL;
		parameters = end + 1;

		/* up to the comma before the next link; those in quotes are few */
		length = strcspn(parameters, "<");
		for (size_t i = 0; i + 4 < length; i++)
		{
			const char *value = parameters + i + 4;

			if (strncasecmp(parameters + i, "rel=", 4) != 0)
				continue;
			value += *value == '"';
			if (strncasecmp(value, "next", 4) == 0 && (value[4] == '\0' || strchr("\" ;,", value[4]) != NULL))
				return ArenaStrndup(arena, header + 1, (size_t) (end - header) - 1);
		}
		header = end;
	}
	return NULL;
}

/* Scheme, host and port: how much of a URL is its origin */
static size_t
origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host == NULL ? 0 : (size_t) (host - url) + 3 + strcspn(host + 3, "/?#");
}

static bool
same_origin(const char *a, const char *b)
{
	size_t		length = origin_length(a);

	return length > 0 && length == origin_length(b) && strncasecmp(a, b, length) == 0;
}

/* May requests, with the credential in them, go to this URL? */
static bool
is_allowed(Feed *feed, Arena *arena, const char *url)
{
	int			count;
	const char *const *origins = ConfigStrings(feed->config, "allowed_origins", &count);
	const char *own = feed->resolve_url(arena, NULL, ConfigString(feed->config, "url"));

	if (own != NULL && same_origin(own, url))
		return true;
	for (int i = 0; i < count; i++)
	{
		const char *origin = feed->resolve_url(arena, NULL, origins[i]);

		if (origin != NULL && same_origin(origin, url))
			return true;
	}
	return false;
}

/* Go to a link, if it is one that may be followed */
static void
follow_link(Feed *feed, FeedPage *page, const char *reference)
{
	JsonState  *state = feed->state;
	const char *url;

	if (reference == NULL || *reference == '\0')
	{
		state->done = true;
		return;
	}
	url = feed->resolve_url == NULL ? NULL : feed->resolve_url(page->arena, page->url, reference);
	if (url == NULL)
		stop_short(feed, page, "stopped because the next page's URL is none");
	else if (!is_allowed(feed, page->arena, url))
		stop_short(feed, page, ArenaPrintf(page->arena, "stopped because the next page is at another origin, %.*s, "
										   "which allowed_origins does not list",
										   (int) (origin_length(url) < 200 ? origin_length(url) : 200), url));
	else if (!remember(feed, HashString(url, 3)))
		stop_short(feed, page, "stopped because the next page's URL came a second time");
	else
		state->next_url = ArenaStrndup(feed->arena, url, strcspn(url, "#"));
}

/* Is it a cursor: not null, "", false or an empty list? */
static bool
is_cursor(const JsonNode *node)
{
	size_t		length = 0;

	switch (JsonKindOf(node))
	{
		case JSON_STRING:
			return JsonString(node, NULL, &length) != NULL && length > 0;
		case JSON_INTEGER:
		case JSON_NUMBER:
			return true;
		case JSON_ARRAY:
			return JsonCount(node) > 0;
		default:
			return false;
	}
}

/* Go to a cursor */
static void
follow_cursor(Feed *feed, FeedPage *page, const JsonNode *cursor)
{
	JsonState  *state = feed->state;
	JsonReader *reader = state->reader;
	const char *text;
	Problem		ignored;

	if (!is_cursor(cursor))
	{
		state->done = true;
		return;
	}
	text = JsonToText(feed->arena, cursor);
	if (!remember(feed, HashString(text, 2)))
		stop_short(feed, page, "stopped because a cursor came a second time");
	else if (!JsonRead(reader, feed->arena, text, strlen(text), &state->cursor, &ignored))
		stop_short(feed, page, "stopped at a cursor that cannot be read");
}

/* Does the API itself say whether the list goes on? */
static Tristate
says_more(const JsonState *state, const JsonNode *root)
{
	const Paging *paging = &state->paging;
	int64_t		number;

	if (paging->has_more != NULL)
	{
		const JsonNode *node = JsonPointerFind(paging->has_more, root);

		if (JsonBoolean(node, NULL) != TRI_UNKNOWN)
			return JsonBoolean(node, NULL);
	}
	if (paging->total_pages != NULL && JsonInteger(JsonPointerFind(paging->total_pages, root), NULL, &number))
		return state->number - paging->start + 1 < number ? TRI_TRUE : TRI_FALSE;
	if (state->total >= 0)
		return state->nseen < state->total ? TRI_TRUE : TRI_FALSE;
	return TRI_UNKNOWN;
}

/* Is a list of numbered pages at its end? */
static bool
is_last_number(const JsonState *state, const JsonPage *records, Tristate more)
{
	if (more != TRI_UNKNOWN)
		return more == TRI_FALSE || records->nrecords == 0;
	return records->nrecords == 0 || (state->page > 1 && records->nrecords < state->first_count);
}

void
JsonAdvance(Feed *feed, FeedPage *page, const JsonNode *root)
{
	JsonState  *state = feed->state;
	const JsonPage *records = page->state;
	const Paging *paging = &state->paging;
	size_t		length = 0;
	Tristate	more;

	if (paging->type == PAGING_NONE)
		return;
	state->nseen += records->nrecords;
	if (state->first_count < 0)
		state->first_count = records->nrecords;
	if (paging->total == NULL ||
		!JsonInteger(JsonPointerFind(paging->total, root), NULL, &state->total))
		state->total = -1;
	more = says_more(state, root);

	state->nempty = records->nrecords == 0 ? state->nempty + 1 : 0;
	if (records->nrecords > 0 && !remember(feed, records->hash))
		stop_short(feed, page, "stopped because a page came a second time");
	else if (paging->has_more != NULL && more == TRI_FALSE)
		state->done = true;
	else if (state->nempty == MAX_EMPTY)
		stop_short(feed, page, "stopped at empty pages that say more follow");
	else if (paging->type == PAGING_CURSOR)
		follow_cursor(feed, page, JsonPointerFind(paging->cursor, root));
	else if (paging->type == PAGING_NEXT_URL)
		follow_link(feed, page, JsonString(JsonPointerFind(paging->next, root), NULL, &length));
	else if (paging->type == PAGING_LINK_HEADER)
		follow_link(feed, page, page->header == NULL ? NULL :
					next_link(page->arena, page->header(page->header_arg, "Link")));
	else
	{
		state->done = is_last_number(state, records, more);
		state->number += paging->type == PAGING_PAGE ? 1 : records->nrecords;
	}

	/* Fewer than there are: a shifted list, or one that was cut */
	if (state->done && !page->incomplete && state->total > state->nseen)
		stop_short(feed, page, ArenaPrintf(page->arena, "the list ends after %lld of %lld records",
										   (long long) state->nseen, (long long) state->total));
	state->page++;
}
