/*
 * src/feed/eventbrite_list.c
 *
 * Eventbrite's requests: which come next, when a list ends, what an error
 * means, how many are left.
 *
 * Paging (API v3, "Paginated Responses"): as long as has_more_items is true,
 * the same request with the continuation of the last answer.  What recordings
 * add: the last page has no continuation; old answers have one on the only
 * page and no has_more_items at all; lists shift while they are walked.
 *
 * Pure C.
 */
#include "feed/eventbrite.h"

#include <stdlib.h>
#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "hash.h"

/* ---- lists ---- */

/* Where a kind of list is, and what it is called */
static const struct
{
	const char *path;
	const char *what;
}			kinds[] = {
	[LIST_ORGANIZER] = {"organizers", "organizer"},
	[LIST_ORGANIZATION] = {"organizations", "organization"},
	[LIST_VENUE] = {"venues", "venue"},
	[LIST_SERIES] = {"series", "series"},
};

/* Begin the current list, again or for the first time */
static void
rewind_list(EventbriteState *state)
{
	state->page = 1;
	if (state->continuation != NULL)
		state->continuation[0] = '\0';
	if (state->seen.nslots > 0)
		memset(state->seen.slots, 0, state->seen.nslots * sizeof(uint64_t));
	state->seen.count = 0;
}

void
EventbriteStartList(Feed *feed, int list)
{
	EventbriteState *state = feed->state;

	state->current = list;
	state->expand_level = state->expand[EXPAND_WANTED] == NULL ? EXPAND_NONE : EXPAND_WANTED;
	state->restarted = false;
	rewind_list(state);
}

/* "events of organizer 1001" */
static const char *
list_name(Arena *arena, const EventbriteList *list)
{
	return ArenaPrintf(arena, "events of %s %s", kinds[list->kind].what, list->id);
}

/* Tell the operator of something about the current list */
static void
warn_of_list(Feed *feed, const char *what)
{
	EventbriteState *state = feed->state;

	if (feed->warn == NULL)
		return;
	ArenaReset(state->scratch);
	feed->warn(feed->warn_arg,
			   ArenaPrintf(state->scratch, "%s: %s",
						   list_name(state->scratch, &state->lists[state->current]), what));
}

/* ---- requests ---- */

/* An arena for the strings of one more request; an old one's is emptied */
static Arena *
request_arena(EventbriteState *state)
{
	Arena	   *arena = state->ring[state->nrequests++ % EVENTBRITE_RING];

	ArenaReset(arena);
	return arena;
}

/* The token as a header; NULL: *problem */
static const char *
authorization(Feed *feed, Problem *problem)
{
	EventbriteState *state = feed->state;
	const char *token;

	if (state->authorization != NULL)
		return state->authorization;
	token = feed->credential == NULL ? NULL : feed->credential(feed->credential_arg, "token");
	if (token != NULL)
		token = TextLine(feed->arena, token, strlen(token), false);
	if (token == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_AUTH, "the credential \"token\" is not set");
		strcpy(problem->field, "token");
		ProblemDetail(problem, "Eventbrite answers no request without a token, not even for public events.");
		ProblemHint(problem, "Create an API key at https://www.eventbrite.com/platform/api-keys and store its "
					"private token with ingest_set_credential().");
		return NULL;
	}
	state->authorization = ArenaPrintf(feed->arena, "Bearer %s", token);
	return state->authorization;
}

/* Fill what all requests have in common; the URL is still to come */
static bool
begin_request(Feed *feed, FeedRequest *request, Problem *problem)
{
	const char *value = authorization(feed, problem);

	if (value == NULL)
		return false;
	memset(request, 0, sizeof(*request));
	request->headers[0] = (FeedHeader) {"Authorization", value};
	request->headers[1] = (FeedHeader) {"Accept", "application/json"};
	request->nheaders = 2;
	return true;
}

/* Add "&name=a,b": the commas of our own lists stand as they are */
static void
add_list_parameter(TextBuilder *url, const char *name, const char *list)
{
	if (list == NULL)
		return;
	BuilderAddParameter(url, name, "");
	BuilderAddText(url, list);
}

/*
 * The parameters that the kind of list takes (API v3, "List Events by
 * Organization", "… by Venue", "… by Series").  The organizers' list is in no
 * documentation; these are what running code sends and sees honoured.
 */
static void
add_filters(const EventbriteState *state, EventbriteListKind kind, TextBuilder *url)
{
	if (kind != LIST_SERIES)
		add_list_parameter(url, "status", state->statuses);
	BuilderAddParameter(url, "order_by", "start_asc");
	if (kind == LIST_ORGANIZATION)
	{
		BuilderAddParameter(url, "time_filter", state->time_filter);
		BuilderAddParameter(url, "show_series_parent", "false");
	}
	else
		add_list_parameter(url, "start_date.range_start", state->range_start);
	if (kind == LIST_VENUE)
		BuilderAddParameter(url, "only_public", "true");
	if (state->expand_level != EXPAND_NONE)
		add_list_parameter(url, "expand", state->expand[state->expand_level]);
	BuilderAddParameter(url, "page_size", state->page_size);
}

bool
EventbriteNextRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	EventbriteState *state = feed->state;
	const EventbriteList *list;
	TextBuilder url = {0};

	if (state->current == state->nlists)
		return false;
	if (!begin_request(feed, request, problem))
		return false;
	list = &state->lists[state->current];
	url.arena = request_arena(state);
	BuilderAddText(&url, state->base_url);
	BuilderAddText(&url, "/");
	BuilderAddText(&url, kinds[list->kind].path);
	BuilderAddText(&url, "/");
	BuilderAddEncoded(&url, list->id);
	BuilderAddText(&url, "/events/");
	add_filters(state, list->kind, &url);
	if (state->continuation != NULL && state->continuation[0] != '\0')
		BuilderAddParameter(&url, "continuation", state->continuation);
	else if (state->page > 1 || list->kind == LIST_ORGANIZER)
		BuilderAddParameter(&url, "page",
							ArenaPrintf(url.arena, "%lld", (long long) state->page));
	request->url = url.text;
	request->what = ArenaPrintf(url.arena, "%s, page %lld", list_name(url.arena, list),
								(long long) state->page);
	request->list = state->current;
	return true;
}

/*
 * The full text of an event's page (API v3, "Retrieve Full HTML Description");
 * the list has but its summary.  Asked for once per event and change, so these
 * strings may stay as long as the run.
 */
bool
EventbriteDetailRequest(Feed *feed, const char *source_id, FeedRequest *request)
{
	EventbriteState *state = feed->state;
	TextBuilder url = {feed->arena, NULL, 0, 0};
	Problem		problem;

	if (!state->full_description || !begin_request(feed, request, &problem))
		return false;
	BuilderAddText(&url, state->base_url);
	BuilderAddText(&url, "/events/");
	BuilderAddEncoded(&url, source_id);
	BuilderAddText(&url, "/description/");
	request->url = url.text;
	request->what = ArenaPrintf(feed->arena, "the description of event %s", source_id);
	request->list = -1;
	return true;
}

/* ---- paging ---- */

/* Add a hash to the set; false if it was there */
static bool
remember(Feed *feed, HashSet *set, uint64_t hash)
{
	size_t		slot;

	hash += hash == 0;			/* 0 marks a free slot */
	if (set->count * 2 >= set->nslots)
	{
		HashSet		larger = {0};

		larger.nslots = set->nslots == 0 ? 64 : set->nslots * 2;
		larger.slots = ArenaAlloc0(feed->arena, larger.nslots * sizeof(uint64_t));
		for (size_t i = 0; i < set->nslots; i++)
			if (set->slots[i] != 0)
				remember(feed, &larger, set->slots[i]);
		*set = larger;
	}
	slot = hash & (set->nslots - 1);
	while (set->slots[slot] != 0)
	{
		if (set->slots[slot] == hash)
			return false;
		slot = (slot + 1) & (set->nslots - 1);
	}
	set->slots[slot] = hash;
	set->count++;
	return true;
}

/* Hash of the ids of a page: a server that ignores `page` sends it again */
static uint64_t
hash_of_page(const JsonScan *scan)
{
	JsonScanCursor cursor = {0};
	const JsonElement *element;
	uint64_t	hash = 1;

	while ((element = JsonScanNext(scan, &cursor)) != NULL)
	{
		const JsonExtent *extent = element->members[0].length > 0 ?
			&element->members[0] : &element->text;

		hash = HashBytes(extent->bytes, extent->length, hash);
	}
	return hash;
}

/* Keep the continuation; the buffer grows to the longest */
static void
set_continuation(Feed *feed, const char *continuation, size_t length)
{
	EventbriteState *state = feed->state;

	if (length >= state->continuation_room)
	{
		state->continuation_room = (length + 1) * 2;
		state->continuation = ArenaAlloc(feed->arena, state->continuation_room);
	}
	memcpy(state->continuation, continuation, length);
	state->continuation[length] = '\0';
}

/* Does the list go on, by what the answer says of paging? */
static bool
has_more(const JsonNode *pagination)
{
	Tristate	more = JsonBoolean(pagination, "has_more_items");
	int64_t		number;
	int64_t		count;

	if (more != TRI_UNKNOWN)
		return more == TRI_TRUE;
	return JsonInteger(pagination, "page_number", &number) &&
		JsonInteger(pagination, "page_count", &count) && number < count;
}

/* Read "pagination"; absent: the list is all on this page */
static bool
read_pagination(Feed *feed, FeedPage *page, const JsonNode **pagination, Problem *problem)
{
	EventbriteState *state = feed->state;
	const JsonExtent *extent = &((EventbritePage *) page->state)->scan.values[0];

	*pagination = NULL;
	if (extent->length == 0)
		return true;
	if (!JsonRead(state->reader, page->arena, extent->bytes, extent->length, pagination, problem))
		return false;
	if (*pagination == NULL || JsonKindOf(*pagination) == JSON_OBJECT)
		return true;
	ProblemSet(problem, ERROR_CLASS_PARSE, "\"pagination\" is %s, not an object",
			   JsonKindName(JsonKindOf(*pagination)));
	strcpy(problem->field, "pagination");
	return false;
}

/* Why a list that has more must not be followed on, or NULL */
static const char *
reason_to_stop(Feed *feed, const EventbritePage *events, const char *continuation, size_t length)
{
	EventbriteState *state = feed->state;

	if (events->scan.nelements == 0)
		return "stopped at an empty page that says more follow";
	if (!remember(feed, &state->seen, hash_of_page(&events->scan)))
		return "stopped because a page came a second time";
	if (continuation != NULL && !remember(feed, &state->seen, HashBytes(continuation, length, 2)))
		return "stopped because a continuation came a second time";
	if (state->npages >= state->max_pages)
		return "stopped at max_pages";
	return NULL;
}

bool
EventbriteAdvance(Feed *feed, FeedPage *page, Problem *problem)
{
	EventbriteState *state = feed->state;
	EventbritePage *events = page->state;
	const JsonNode *pagination;
	const char *continuation;
	const char *reason;
	size_t		length = 0;

	if (!read_pagination(feed, page, &pagination, problem))
		return false;
	state->npages++;
	if (!has_more(pagination))
	{
		EventbriteStartList(feed, state->current + 1);
		return true;
	}
	continuation = JsonString(pagination, "continuation", &length);
	if (length == 0)
		continuation = NULL;
	reason = reason_to_stop(feed, events, continuation, length);
	if (reason != NULL)
	{
		warn_of_list(feed, reason);
		page->incomplete = feed->incomplete = true;
		EventbriteStartList(feed, state->current + 1);
		return true;
	}
	state->page++;
	set_continuation(feed, continuation == NULL ? "" : continuation, length);
	return true;
}

/* ---- errors ---- */

#define RATE_LIMIT_HINT \
	"Eventbrite allows 2000 calls an hour for each token unless agreed otherwise; " \
	"schedule fewer runs or list fewer organizers."
#define ARGUMENT_HINT \
	"Check statuses, expand and page_size in the source's configuration."
#define NEW_TOKEN_HINT \
	"The token may have been revoked; set a new one with ingest_set_credential()."

/*
 * What an error means (API v3, "Errors").  `error` is the stable name;
 * statuses differ for the same thing.
 */
static const struct
{
	const char *error;
	ErrorClass	error_class;
	const char *hint;
}			api_errors[] = {
	{"INVALID_AUTH", ERROR_CLASS_AUTH, NEW_TOKEN_HINT},
	{"ACCESS_DENIED", ERROR_CLASS_AUTH, NEW_TOKEN_HINT},
	{"INVALID_AUTH_HEADER", ERROR_CLASS_AUTH,
		"The token has a wrong form; set the private token with ingest_set_credential()."},
	{"NO_AUTH", ERROR_CLASS_AUTH,
		"No token arrived; set one with ingest_set_credential()."},
	{"NOT_AUTHORIZED", ERROR_CLASS_AUTH,
		"The token's owner may not read this; use the token of a member of the organization."},
	{"HIT_RATE_LIMIT", ERROR_CLASS_RATE_LIMIT, RATE_LIMIT_HINT},
	{"NOT_FOUND", ERROR_CLASS_CONFIG, NULL},
	{"ARGUMENTS_ERROR", ERROR_CLASS_CONFIG, ARGUMENT_HINT},
	{"INVALID_ARGUMENT", ERROR_CLASS_CONFIG, ARGUMENT_HINT},
	{"BAD_REQUEST", ERROR_CLASS_CONFIG, ARGUMENT_HINT},
	{"BAD_CONTINUATION_TOKEN", ERROR_CLASS_UPSTREAM,
		"The list was begun again once; the next run tries anew."},
	{"EXPANSION_FAILED", ERROR_CLASS_UPSTREAM,
		"Leave the failing object out of \"expand\" in the source's configuration."},
	{"INTERNAL_ERROR", ERROR_CLASS_UPSTREAM,
		"The fault is Eventbrite's; the next run tries again."},
};

/* Class of an answer whose error is not listed, or that is no JSON at all */
static ErrorClass
class_of_status(int status, bool is_json)
{
	if (status == 401 || (status == 403 && is_json))
		return ERROR_CLASS_AUTH;
	if (status == 429)
		return ERROR_CLASS_RATE_LIMIT;
	if (status == 404 || status == 410)
		return ERROR_CLASS_CONFIG;
	return ERROR_CLASS_UPSTREAM;
}

/* What to do about an id that does not exist, or isn't the caller's */
static void
hint_at_id(Problem *problem, const EventbriteList *list)
{
	if (list->kind == LIST_ORGANIZATION)
		ProblemHint(problem, "Only a member's token may list an organization, and its id is not that of an "
					"organizer: the number in eventbrite.com/o/NAME-123 belongs in organizer_ids.");
	else if (list->kind == LIST_ORGANIZER)
		ProblemHint(problem, "An organizer's id is the number at the end of eventbrite.com/o/NAME-123; "
					"the id of an organization belongs in organization_ids.");
	else
		ProblemHint(problem, "Remove %s from %s if it no longer exists.", list->id,
					list->kind == LIST_VENUE ? "venue_ids" : "series_ids");
}

/* Put into words an answer that is HTML, or nothing */
static void
describe_other_body(const FeedRequest *request, const FeedRefusal *refusal,
					Arena *arena, Problem *problem)
{
	size_t		length = refusal->length < 2000 ? refusal->length : 2000;
	const char *text = TextFromHtml(arena, refusal->body, length);

	ProblemSet(problem, class_of_status(refusal->status, false),
			   "Eventbrite answered %d to the request for %s", refusal->status, request->what);
	text = text == NULL ? NULL : TextLine(arena, text, strlen(text), false);
	if (text != NULL)
		ProblemDetail(problem, "The answer is not JSON but reads: %.200s", text);
	if (refusal->status == 403)
		ProblemHint(problem, "CloudFront, which stands before the API, refuses requests with a body or odd "
					"headers: check \"headers\" in the configuration, and any proxy.");
	else if (refusal->status == 429)
		ProblemHint(problem, "%s", RATE_LIMIT_HINT);
	else if (refusal->status >= 500)
		ProblemHint(problem, "The fault is Eventbrite's; the next run tries again.");
}

/* Put the answer into words; returns its `error`, or "" */
static const char *
describe_refusal(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	EventbriteState *state = feed->state;
	Arena	   *arena = state->scratch;
	const JsonNode *body;
	const char *error;
	const char *description;
	size_t		length;
	Problem		ignored;

	ArenaReset(arena);
	if (!JsonRead(state->reader, arena, refusal->body, refusal->length, &body, &ignored) ||
		(error = JsonString(body, "error", &length)) == NULL)
	{
		describe_other_body(request, refusal, arena, problem);
		return "";
	}
	ProblemSet(problem, class_of_status(refusal->status, true),
			   "Eventbrite answered %d %.60s to the request for %s",
			   refusal->status, error, request->what);
	description = JsonString(body, "error_description", &length);
	if (description != NULL)
		description = TextLine(arena, description, length, false);
	if (description != NULL)
		ProblemDetail(problem, "It says: %.300s", description);
	for (size_t i = 0; i < sizeof(api_errors) / sizeof(api_errors[0]); i++)
		if (strcmp(api_errors[i].error, error) == 0)
		{
			problem->error_class = api_errors[i].error_class;
			if (api_errors[i].hint != NULL)
				ProblemHint(problem, "%s", api_errors[i].hint);
		}
	return error;
}

/*
 * An expansion failed (API v3, EXPANSION_FAILED: "try again without").  Each
 * slows or endangers the answer, and one bad object fails the page, so ask
 * first for the few that matter, with which no listing loses its place, and
 * then for none.  For the rest of this list: the next begins with all again.
 * Without any, the listings are poorer than they should be: the run counts as
 * incomplete.
 */
static bool
ask_for_fewer_expansions(Feed *feed)
{
	EventbriteState *state = feed->state;
	const char *before;

	if (state->expand_level == EXPAND_NONE)
		return false;
	before = state->expand[state->expand_level];
	state->expand_level++;
	if (state->expand_level == EXPAND_ESSENTIAL &&
		(state->expand[EXPAND_ESSENTIAL] == NULL ||
		 strcmp(state->expand[EXPAND_ESSENTIAL], before) == 0))
		state->expand_level = EXPAND_NONE;
	if (state->expand_level == EXPAND_NONE)
		feed->incomplete = true;
	warn_of_list(feed, state->expand_level == EXPAND_NONE ?
				 "an expansion failed; going on without any" :
				 "an expansion failed; going on with the essential ones");
	return true;
}

/*
 * A list that will not come.  If it is one of several, the others shall, and
 * the run is incomplete; it fails when none is left that worked.
 */
static RefusalVerdict
give_up_list(Feed *feed, const Problem *problem)
{
	EventbriteState *state = feed->state;
	int			nfailed = 0;

	state->lists[state->current].failed = true;
	for (int i = 0; i < state->nlists; i++)
		nfailed += state->lists[i].failed;
	if (nfailed == state->nlists)
		return REFUSAL_FAIL;
	warn_of_list(feed, problem->message);
	feed->incomplete = true;
	EventbriteStartList(feed, state->current + 1);
	return REFUSAL_END_OF_LIST;
}

RefusalVerdict
EventbriteRefused(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	EventbriteState *state = feed->state;
	char		error[64];

	strncpy(error, describe_refusal(feed, request, refusal, problem), sizeof(error) - 1);
	error[sizeof(error) - 1] = '\0';
	if (request->list < 0 || request->list != state->current)
		return REFUSAL_FAIL;	/* a description */

	if (strcmp(error, "EXPANSION_FAILED") == 0 && ask_for_fewer_expansions(feed))
		return REFUSAL_CHANGED;
	if (strcmp(error, "BAD_CONTINUATION_TOKEN") == 0 && !state->restarted)
	{
		state->restarted = true;
		rewind_list(state);
		warn_of_list(feed, "a continuation was refused; the list is begun again");
		return REFUSAL_CHANGED;
	}

	/* The list became shorter while it was walked */
	if (strcmp(error, "BAD_PAGE") == 0 && state->page > 1)
	{
		EventbriteStartList(feed, state->current + 1);
		return REFUSAL_END_OF_LIST;
	}
	if (strcmp(error, "NOT_FOUND") == 0 || refusal->status == 404)
	{
		hint_at_id(problem, &state->lists[state->current]);
		return give_up_list(feed, problem);
	}
	return REFUSAL_FAIL;
}

/* ---- budget ---- */

/*
 * X-Rate-Limit: "token:SECRET 70/2000 reset=874s, key:SECRET 70/2000
 * reset=874s", used and allowed.  Read from each "reset=" backwards, so that
 * nothing of the secrets is looked at.
 */
int64_t
EventbriteBudget(const char *(*header) (void *arg, const char *name), void *arg, int64_t *remaining)
{
	const char *text = header(arg, "X-Rate-Limit");
	const char *at;
	int64_t		wait = 0;

	*remaining = -1;
	if (text == NULL)
		return 0;
	for (at = text; (at = strstr(at, " reset=")) != NULL; at++)
	{
		const char *limit = at;
		const char *used;
		int64_t		left;
		int64_t		reset;

		while (limit > text && limit[-1] >= '0' && limit[-1] <= '9')
			limit--;
		if (limit == at || limit == text || limit[-1] != '/')
			continue;
		used = limit - 1;
		while (used > text && used[-1] >= '0' && used[-1] <= '9')
			used--;
		if (used == limit - 1)
			continue;
		left = strtoll(limit, NULL, 10) - strtoll(used, NULL, 10);
		if (left < 0)
			left = 0;
		reset = strtoll(at + strlen(" reset="), NULL, 10);
		if (*remaining < 0 || left < *remaining)
			*remaining = left;
		if (left == 0 && reset > wait)
			wait = reset;
	}
	return wait;
}
