/*
 * src/feed/ckan_walk.c
 *
 * Which request of a CKAN source comes next:
 *
 *   the resource   package_show or resource_show: when was it modified?  If it
 *                  was not since the last run, that is all
 *   its rows       datastore_search, all in one answer where the portal's
 *                  limit allows (32000 unless set otherwise), for a table is
 *                  reloaded whole, which reorders what one pages through
 *   more rows      by offset, in a stable order; then the resource again: if
 *                  it was modified meanwhile, the walk is begun anew, once
 *   the file       where the datastore has no table or does not answer
 *
 * The totals and limits that an answer tells are hints: `total` may be
 * estimated, `limit` is clamped without a word, `_links.next` never ends.  A
 * walk is over at a page that is not full and at which no more are promised,
 * or at an empty one.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"

/* Rows to ask for when so many as wanted are refused, or take too long */
#define MODEST_PAGE	1000

/* The one order that every table has */
#define PLAIN_SORT	"_id"

void
CkanWarn(Feed *feed, const char *format, ...)
{
	char		text[PROBLEM_TEXT * 2];
	va_list		arguments;

	if (feed->warn == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	feed->warn(feed->warn_arg, TextRepair(feed->arena, text, strlen(text)));
}

/* ---- requests ---- */

/* An arena for the strings of one more request; an old one's is emptied */
static Arena *
request_arena(CkanState *state)
{
	Arena	   *arena = state->ring[state->nrequests++ % CKAN_RING];

	ArenaReset(arena);
	return arena;
}

/* The key, if there is one, as a header of requests to the portal itself */
static void
add_authorization(Feed *feed, FeedRequest *request)
{
	CkanState  *state = feed->state;
	size_t		length = strlen(state->base_url);

	if (!state->has_read_key && feed->credential != NULL)
	{
		const char *key = feed->credential(feed->credential_arg, "apikey");

		state->has_read_key = true;
		state->authorization = key == NULL ? NULL : TextLine(feed->arena, key, strlen(key), false);
	}
	if (state->authorization != NULL && strncmp(request->url, state->base_url, length) == 0 &&
		request->url[length] == '/')
		request->headers[request->nheaders++] = (FeedHeader) {"Authorization", state->authorization};
}

/* The URL of an action, whose parameters are to follow */
static TextBuilder
action_url(CkanState *state, const char *action)
{
	TextBuilder url = {request_arena(state), NULL, 0, 0};

	BuilderAddText(&url, state->base_url);
	BuilderAddText(&url, "/api/3/action/");
	BuilderAddText(&url, action);
	return url;
}

/* "resource 6decf611-…" */
static const char *
name_of_resource(const CkanState *state, Arena *arena)
{
	return state->resource_id != NULL ? ArenaPrintf(arena, "resource %s", state->resource_id) :
		ArenaPrintf(arena, "dataset %s", state->package);
}

static void
ask_for_metadata(CkanState *state, FeedRequest *request)
{
	TextBuilder url = action_url(state, state->package != NULL ? "package_show" : "resource_show");

	BuilderAddParameter(&url, "id", state->package != NULL ? state->package : state->resource_id);
	request->url = url.text;
	request->what = state->package != NULL ?
		ArenaPrintf(url.arena, "the description of dataset %s", state->package) :
		ArenaPrintf(url.arena, "the description of resource %s", state->resource_id);
}

static void
ask_for_rows(CkanState *state, FeedRequest *request)
{
	TextBuilder url = action_url(state, "datastore_search");

	BuilderAddParameter(&url, "resource_id", state->resource_id);
	BuilderAddParameter(&url, "limit", ArenaPrintf(url.arena, "%lld", (long long) state->page_size));
	if (state->offset > 0)
		BuilderAddParameter(&url, "offset", ArenaPrintf(url.arena, "%lld", (long long) state->offset));
	BuilderAddParameter(&url, "sort", state->sort);
	BuilderAddParameter(&url, "filters", state->filters);
	request->url = url.text;

	/* Too slow, too large: there are other ways */
	request->may_fail = true;
	request->what = state->offset == 0 ?
		ArenaPrintf(url.arena, "the records of %s", name_of_resource(state, url.arena)) :
		ArenaPrintf(url.arena, "the records of %s from %lld on", name_of_resource(state, url.arena),
					(long long) state->offset + 1);
}

const char *
CkanFileUrl(Feed *feed, Arena *arena)
{
	CkanState  *state = feed->state;
	TextBuilder url = {arena, NULL, 0, 0};

	if (state->file_url != NULL)
		return state->file_url;
	if (state->resource_id == NULL || state->has_datastore == TRI_FALSE)
		return NULL;
	BuilderAddText(&url, state->base_url);
	BuilderAddText(&url, "/datastore/dump/");
	BuilderAddEncoded(&url, state->resource_id);
	BuilderAddParameter(&url, "format", "csv");
	return url.text;
}

static void
ask_for_file(Feed *feed, FeedRequest *request)
{
	CkanState  *state = feed->state;
	Arena	   *arena = request_arena(state);

	request->url = CkanFileUrl(feed, arena);
	request->what = ArenaPrintf(arena, "the file of %s", name_of_resource(state, arena));
	request->conditional = true;
}

bool
CkanNextRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	CkanState  *state = feed->state;

	if (state->step == CKAN_DONE)
		return false;
	memset(request, 0, sizeof(*request));
	request->list = state->step;
	switch (state->step)
	{
		case CKAN_METADATA:
		case CKAN_RECHECK:
			ask_for_metadata(state, request);
			break;
		case CKAN_SEARCH:
			ask_for_rows(state, request);
			break;
		case CKAN_FILE:
			ask_for_file(feed, request);
			break;
		case CKAN_DONE:
			break;
	}
	request->headers[0] = (FeedHeader) {"Accept", state->step == CKAN_FILE ?
	"text/csv, application/json;q=0.9, */*;q=0.5" : "application/json"};
	request->nheaders = 1;

	/* The last: a 304 to it brings no page */
	if (state->step == CKAN_FILE)
		state->step = CKAN_DONE;
	add_authorization(feed, request);
	return true;
}

/* ---- the walk ---- */

/* Begin to read the rows, again or for the first time */
static void
rewind_walk(CkanState *state)
{
	state->step = CKAN_SEARCH;
	state->offset = 0;
	state->total = -1;
	state->nrecords = 0;
	state->npages = 0;
	state->page_hash = 0;
	state->drifted = false;
	MontrealForgetIds(state);
}

/* All pages are read: were they all of one table? */
static void
end_walk(Feed *feed)
{
	CkanState  *state = feed->state;

	if (!state->drifted)
		CkanFinish(feed);
	else if (!state->restarted)
	{
		CkanWarn(feed, "the table changed while it was read; reading it again");
		state->restarted = true;
		rewind_walk(state);
	}
	else
	{
		CkanWarn(feed, "the table changed again while it was read; the next run reads it anew");
		feed->incomplete = true;
		CkanFinish(feed);
	}
}

void
CkanAdvance(Feed *feed, FeedPage *page, int64_t nrecords, uint64_t page_hash,
			int64_t limit, int64_t total)
{
	CkanState  *state = feed->state;
	bool		is_repeated = nrecords > 0 && state->npages > 0 && page_hash == state->page_hash;
	bool		is_full = nrecords >= (limit > 0 ? limit : state->page_size);

	if (state->npages > 0 && total != state->total)
		state->drifted = true;
	state->npages++;
	state->total = total;
	state->page_hash = page_hash;
	state->offset += nrecords;
	state->nrecords += nrecords;
	if (is_repeated)
	{
		CkanWarn(feed, "stopped because the records from %lld on came a second time: the portal ignores \"offset\"",
				 (long long) (state->offset - nrecords + 1));
		state->nrecords -= nrecords;
		page->incomplete = feed->incomplete = true;
		CkanFinish(feed);
		return;
	}
	if (nrecords > 0 && (is_full || total > state->offset))
		return;

	/* Rows were promised that did not come */
	if (total > state->nrecords && !state->drifted)
	{
		CkanWarn(feed, "the portal counts %lld records, but gave only %lld",
				 (long long) total, (long long) state->nrecords);
		page->incomplete = feed->incomplete = true;
	}
	if (state->npages > 1 && state->last_modified != NULL && !state->drifted)
		state->step = CKAN_RECHECK;
	else
		end_walk(feed);
}

void
CkanFileRead(Feed *feed, int64_t nrecords, bool is_cut)
{
	CkanState  *state = feed->state;

	state->nrecords = nrecords;
	if (is_cut)
		feed->incomplete = true;
	CkanFinish(feed);
}

void
CkanMetadataRead(Feed *feed, FeedPage *page, const char *last_modified)
{
	CkanState  *state = feed->state;

	if (state->step == CKAN_RECHECK)
	{
		state->drifted = last_modified == NULL || strcmp(last_modified, state->last_modified) != 0;
		state->last_modified = last_modified;
		end_walk(feed);
		return;
	}
	state->last_modified = last_modified;
	if (CkanIsUnchanged(feed))
	{
		page->unchanged = true;
		state->step = CKAN_DONE;
	}
	else if (state->has_datastore == TRI_FALSE && state->file_url != NULL)
		state->step = CKAN_FILE;
	else
		rewind_walk(state);
}

/* ---- refusals ---- */

/* Can a smaller page help, and is it worth a try? */
static bool
ask_for_less(Feed *feed, const FeedRefusal *refusal, const Problem *problem)
{
	CkanState  *state = feed->state;

	if (state->page_size <= MODEST_PAGE ||
		!(refusal->status == 0 || refusal->status >= 500 || refusal->status == 413 || strcmp(problem->field, "page_size") == 0))
		return false;
	CkanWarn(feed, "%s; asking for %d records at a time", problem->message, MODEST_PAGE);
	state->page_size = MODEST_PAGE;
	rewind_walk(state);
	return true;
}

/* The datastore does not give the rows: another order, fewer, the file? */
static RefusalVerdict
search_refused(Feed *feed, const FeedRefusal *refusal, Problem *problem)
{
	CkanState  *state = feed->state;

	if (strcmp(problem->field, "sort") == 0 && strcmp(state->sort, PLAIN_SORT) != 0 &&
		!(ConfigString(feed->config, "sort") != NULL && ConfigIsSet(feed->config, "sort")))
	{
		CkanWarn(feed, "%s; the table may have other columns by now", problem->message);
		state->sort = PLAIN_SORT;
		rewind_walk(state);
		return REFUSAL_CHANGED;
	}
	if (ask_for_less(feed, refusal, problem))
		return REFUSAL_CHANGED;
	if (refusal->status == 401 || problem->error_class == ERROR_CLASS_RATE_LIMIT ||
		problem->field[0] != '\0')
		return REFUSAL_FAIL;

	/* The dump is the datastore's too: it knows and allows no more */
	if (state->file_url == NULL && refusal->status != 0 && refusal->status < 500)
		return REFUSAL_FAIL;
	if (CkanFileUrl(feed, state->scratch) == NULL)
		return REFUSAL_FAIL;
	CkanWarn(feed, "%s; reading the file instead", problem->message);
	state->search_problem = *problem;
	state->step = CKAN_FILE;
	return REFUSAL_CHANGED;
}

RefusalVerdict
CkanRefused(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	CkanState  *state = feed->state;

	if (refusal->status == 0 && refusal->problem != NULL)
		*problem = *refusal->problem;
	else
		CkanDescribeError(feed, request, refusal, problem);
	switch (request->list)
	{
		case CKAN_METADATA:
			if (refusal->status == 401 || problem->error_class == ERROR_CLASS_RATE_LIMIT)
				return REFUSAL_FAIL;

			/* A dataset without a resource_id cannot be read without it */
			if (state->resource_id == NULL)
				return REFUSAL_FAIL;
			CkanWarn(feed, "%s; reading the records, changed or not", problem->message);
			rewind_walk(state);
			return REFUSAL_CHANGED;
		case CKAN_RECHECK:
			end_walk(feed);
			return REFUSAL_END_OF_LIST;
		case CKAN_SEARCH:
			return search_refused(feed, refusal, problem);
		default:
			if (ProblemIsSet(&state->search_problem))
				ProblemDetail(problem, "Before that, %s.", state->search_problem.message);
			return REFUSAL_FAIL;
	}
}
