/*
 * src/feed/ckan_answer.c
 *
 * CKAN's answers that are not rows: the description of a resource
 * (package_show, resource_show), and errors.
 *
 * Errors (docs.ckan.org, "Action API reference"): { "success": false, "error":
 * { "__type": "Validation Error", "limit": ["Invalid integer"] } }, or with a
 * "message"; of a request that is not understood a bare JSON string; of
 * whatever stands before the portal HTML.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/text.h"

/* ---- the resource ---- */

/* Does the path of a URL end so? */
static bool
ends_with(const char *url, const char *suffix)
{
	size_t		length = strcspn(url, "?#");

	return length >= strlen(suffix) &&
		strncasecmp(url + length - strlen(suffix), suffix, strlen(suffix)) == 0;
}

/* Is the resource's file one that can be read here? */
static bool
is_readable_file(const JsonNode *resource, const char *url)
{
	size_t		length;
	const char *format = JsonString(resource, "format", &length);

	if (format != NULL && (strcasecmp(format, "CSV") == 0 || strcasecmp(format, "JSON") == 0))
		return true;
	return (format == NULL || length == 0) && (ends_with(url, ".csv") || ends_with(url, ".json"));
}

/* "6decf611-… (Événements), …": the resources of a dataset, for people */
static const char *
list_resources(Arena *arena, const JsonNode *resources)
{
	TextBuilder list = {arena, NULL, 0, 0};

	for (int i = 0; i < JsonCount(resources) && i < 5; i++)
	{
		const JsonNode *resource = JsonElementAt(resources, i);
		size_t		length = 0;
		const char *id = JsonString(resource, "id", &length);
		const char *name = JsonString(resource, "name", &length);

		name = TextLine(arena, name, name == NULL ? 0 : length, false);
		if (id != NULL)
			BuilderAddText(&list, ArenaPrintf(arena, "%s%.40s (%.40s)", list.length > 0 ? ", " : "", id,
											  name == NULL ? "" : name));
	}
	return list.text == NULL ? "none" : list.text;
}

/*
 * The resource to read among a dataset's: the one of that id; else the only
 * one in the datastore, for ids change when a portal publishes its data anew;
 * else the only one.  NULL: *problem.
 */
static const JsonNode *
choose_resource(Feed *feed, const FeedPage *page, const JsonNode *resources, Problem *problem)
{
	CkanState  *state = feed->state;
	const JsonNode *active = NULL;
	int			nactive = 0;
	size_t		length;

	for (int i = 0; i < JsonCount(resources); i++)
	{
		const JsonNode *resource = JsonElementAt(resources, i);
		const char *id = JsonString(resource, "id", &length);

		if (id != NULL && state->resource_id != NULL && strcmp(id, state->resource_id) == 0)
			return resource;
		if (id != NULL && JsonBoolean(resource, "datastore_active") == TRI_TRUE)
		{
			active = resource;
			nactive++;
		}
	}
	if (nactive == 0 && JsonCount(resources) == 1 &&
		JsonString(JsonElementAt(resources, 0), "id", &length) != NULL)
	{
		active = JsonElementAt(resources, 0);
		nactive = 1;
	}
	if (nactive != 1)
	{
		if (state->resource_id == NULL)
			ProblemSet(problem, ERROR_CLASS_CONFIG, "it cannot be told which resource of dataset %s to read",
					   state->package);
		else
			ProblemSet(problem, ERROR_CLASS_CONFIG, "dataset %s has no resource %s",
					   state->package, state->resource_id);
		strcpy(problem->field, "resource_id");
		ProblemDetail(problem, "Its resources: %s.", list_resources(page->arena, resources));
		ProblemHint(problem, "Set \"resource_id\" in the source's configuration to one of these.");
		return NULL;
	}
	if (state->resource_id != NULL)
		CkanWarn(feed, "dataset %s no longer has resource %s; reading the one it has, %s", state->package,
				 state->resource_id, JsonString(active, "id", &length));
	return active;
}

/* A resource's text that outlives the page, or NULL */
static const char *
keep_text(Feed *feed, const JsonNode *resource, const char *name)
{
	size_t		length = 0;
	const char *text = JsonString(resource, name, &length);

	return TextLine(feed->arena, text, text == NULL ? 0 : length, false);
}

bool
CkanReadMetadata(Feed *feed, const FeedPage *page, const char *bytes, size_t length,
				 const char **last_modified, Problem *problem)
{
	CkanState  *state = feed->state;
	const JsonNode *root;
	const JsonNode *resource;
	const char *url;

	if (!JsonRead(state->reader, page->arena, bytes, length, &root, problem))
		return false;
	resource = JsonAt(root, "result");
	if (JsonBoolean(root, "success") == TRI_FALSE || JsonKindOf(resource) != JSON_OBJECT)
	{
		FeedRefusal refusal = {200, "application/json", bytes, length};

		CkanDescribeError(feed, page->request, &refusal, problem);
		return false;
	}
	if (state->package != NULL)
	{
		resource = choose_resource(feed, page, JsonAt(resource, "resources"), problem);
		if (resource == NULL)
			return false;
		state->resource_id = keep_text(feed, resource, "id");
	}
	*last_modified = keep_text(feed, resource, "last_modified");
	state->has_datastore = JsonBoolean(resource, "datastore_active");
	url = keep_text(feed, resource, "url");
	if (url != NULL)
		url = TextHttpUrl(feed->arena, url, strlen(url));
	state->file_url = url != NULL && is_readable_file(resource, url) ? url : NULL;
	return true;
}

/* ---- errors ---- */

typedef enum ErrorKind
{
	KIND_AUTHORIZATION,
	KIND_NOT_FOUND,
	KIND_VALIDATION,
	KIND_BAD_REQUEST,
	KIND_RATE_LIMIT,
	KIND_SERVER
} ErrorKind;

/* What an error is, by its type if it has one, else by its status */
static ErrorKind
kind_of(int status, const char *type)
{
	if (type != NULL && strcmp(type, "Authorization Error") == 0)
		return KIND_AUTHORIZATION;
	if (type != NULL && strcmp(type, "Not Found Error") == 0)
		return KIND_NOT_FOUND;
	if (type != NULL && (strcmp(type, "Validation Error") == 0 || strcmp(type, "Search Query Error") == 0))
		return KIND_VALIDATION;
	switch (status)
	{
		case 401:
		case 403:
			return KIND_AUTHORIZATION;
		case 404:
		case 410:
			return KIND_NOT_FOUND;
		case 409:
			return KIND_VALIDATION;
		case 400:
			return KIND_BAD_REQUEST;
		case 429:
			return KIND_RATE_LIMIT;
		default:
			return KIND_SERVER;
	}
}

/* Class and hint by kind */
static void
explain(const CkanState *state, ErrorKind kind, Problem *problem)
{
	switch (kind)
	{
		case KIND_AUTHORIZATION:
			problem->error_class = ERROR_CLASS_AUTH;
			ProblemHint(problem, state->authorization == NULL ?
						"The data may not be public: create an API token on the portal (your user page, API Tokens) "
						"and store it with ingest_set_credential(), key \"apikey\"." :
						"The API token may have been revoked, or its owner may not read this; set another with "
						"ingest_set_credential(), key \"apikey\".");
			break;
		case KIND_NOT_FOUND:
			problem->error_class = ERROR_CLASS_CONFIG;
			ProblemHint(problem, "Look the resource up on the portal: its id is the last one in the address of its "
						"page, and changes when the data is published anew.");
			break;
		case KIND_VALIDATION:
			problem->error_class = ERROR_CLASS_CONFIG;
			ProblemHint(problem, "Check filters, sort and page_size in the source's configuration.");
			break;
		case KIND_BAD_REQUEST:
			problem->error_class = ERROR_CLASS_CONFIG;
			ProblemHint(problem, "base_url must be the address of the portal's start page, under which its API is at "
						"/api/3/action; a portal without the DataStore extension has no rows there.");
			break;
		case KIND_RATE_LIMIT:
			problem->error_class = ERROR_CLASS_RATE_LIMIT;
			ProblemHint(problem, "The data changes once a day at most portals; schedule fewer runs.");
			break;
		case KIND_SERVER:
			problem->error_class = ERROR_CLASS_UPSTREAM;
			ProblemHint(problem, "The fault is the portal's; the next run tries again.");
			break;
	}
}

/* What an error object says: its message, or each field's complaints */
static const char *
words_of(Arena *arena, const JsonNode *error)
{
	TextBuilder text = {arena, NULL, 0, 0};
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;
	size_t		length;

	if (JsonString(error, NULL, &length) != NULL)
		return JsonString(error, NULL, &length);
	if (JsonString(error, "message", &length) != NULL)
		return JsonString(error, "message", &length);
	while (JsonKindOf(error) == JSON_OBJECT && JsonNextMember(error, &cursor, &name, &value))
	{
		const JsonNode *first = JsonKindOf(value) == JSON_ARRAY ? JsonElementAt(value, 0) : value;

		if (JsonString(first, NULL, &length) == NULL || strcmp(name, "__type") == 0)
			continue;
		BuilderAddText(&text, text.length > 0 ? "; " : "");
		BuilderAddText(&text, name);
		BuilderAddText(&text, ": ");
		BuilderAddText(&text, JsonString(first, NULL, &length));
	}
	return text.text;
}

/* Which key of ours an error is about: what of it a validation names */
static const char *
field_of(const JsonNode *error)
{
	static const struct
	{
		const char *parameter;
		const char *key;
	}			fields[] = {
		{"filters", "filters"}, {"sort", "sort"}, {"limit", "page_size"}, {"resource_id", "resource_id"},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (JsonMember(error, fields[i].parameter) != NULL)
			return fields[i].key;
	return "";
}

void
CkanDescribeError(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	CkanState  *state = feed->state;
	Arena	   *arena = state->scratch;
	const JsonNode *body;
	const JsonNode *error;
	const char *type = NULL;
	const char *words;
	size_t		length;
	Problem		ignored;

	ArenaReset(arena);
	if (!JsonRead(state->reader, arena, refusal->body, refusal->length, &body, &ignored))
	{
		ProblemSet(problem, ERROR_CLASS_UPSTREAM, "the portal answered %d to the request for %s",
				   refusal->status, request->what);
		explain(state, kind_of(refusal->status, NULL), problem);
		words = TextFromHtml(arena, refusal->body, refusal->length < 2000 ? refusal->length : 2000);
		words = words == NULL ? NULL : TextLine(arena, words, strlen(words), false);
		if (words != NULL)
			ProblemDetail(problem, "The answer is not JSON but reads: %.200s", words);
		return;
	}
	error = JsonKindOf(body) == JSON_STRING ? body : JsonMember(body, "error");
	type = JsonString(error, "__type", &length);
	ProblemSet(problem, ERROR_CLASS_UPSTREAM, "the portal answered %d%s%.60s to the request for %s",
			   refusal->status, type == NULL ? "" : " ", type == NULL ? "" : type, request->what);
	explain(state, kind_of(refusal->status, type), problem);
	if (problem->error_class == ERROR_CLASS_CONFIG)
		strncpy(problem->field, field_of(error), sizeof(problem->field) - 1);
	words = words_of(arena, error);
	words = words == NULL ? NULL : TextLine(arena, words, strlen(words), false);
	if (words != NULL)
		ProblemDetail(problem, "It says: %.300s", words);
}
