/*
 * src/feed/ticketmaster_list.c
 *
 * Ticketmaster's requests: which come next, and when a window ends.
 *
 * Dated events are read window after window, each ordered by id, which is the
 * one order without ties.  Events without a date fall out of every window, and
 * are asked for by themselves: a show that is postponed would seem gone.
 *
 * No number of an answer is trusted alone.  Totals are capped, and were known
 * to be computed for another page size; the last page may come without events.
 * A window ends where a page is empty, or where neither the page's length nor
 * its link to a next one says that there are more.
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "feed/when.h"
#include "hash.h"

/* A page that comes in place of another is asked for again so often */
#define MAX_REPEATS 1

/* A window that became shorter while it was walked is begun again so often */
#define MAX_RESTARTS 2

/*
 * So many windows in a row, one behind the other, begin with the same page:
 * a second that many events share is at the edge of two, or of three
 */
#define MAX_ALIKE 4

/* ---- lists and windows ---- */

/* "2026-11-23T01:00:00Z" */
static const char *
utc_text(Arena *arena, FeedTime time)
{
	char		text[WHEN_TEXT];

	WhenFormatLocal(time, text);
	return ArenaPrintf(arena, "%sZ", text);
}

/* "events from 2026-11-23T00:00:00Z to 2026-12-01T00:00:00Z" */
static const char *
window_name(Arena *arena, const TicketmasterState *state)
{
	switch (state->list)
	{
		case LIST_TBA:
			return "events whose date is to be announced";
		case LIST_TBD:
			return "events whose date is to be determined";
		default:
			return ArenaPrintf(arena, "events from %s to %s", utc_text(arena, state->window.start),
							   utc_text(arena, state->window.end));
	}
}

/* Tell the operator of something about the window in hand */
static void
warn_of_window(Feed *feed, const char *what)
{
	TicketmasterState *state = feed->state;

	if (feed->warn == NULL)
		return;
	ArenaReset(state->scratch);
	feed->warn(feed->warn_arg, ArenaPrintf(state->scratch, "%s: %s",
										   window_name(state->scratch, state), what));
}

/* From the first page on */
static void
rewind_window(TicketmasterState *state)
{
	state->page = 0;
	state->total = -1;
	state->received = 0;
	state->page_hash = 0;
	state->nrepeats = 0;
}

/* Go to the next window, or to the next list */
static void
next_window(TicketmasterState *state)
{
	rewind_window(state);
	state->undividable = false;
	state->nrestarts = 0;
	if (state->list == LIST_DATED && TicketmasterWindowNext(&state->windows, &state->window))
		return;
	if (state->list == LIST_DATED)
		state->list = state->include_undated ? LIST_TBA : LIST_NONE;
	else if (state->list != LIST_NONE)
		state->list++;
}

void
TicketmasterStart(Feed *feed)
{
	TicketmasterState *state = feed->state;

	state->list = LIST_DATED;
	next_window(state);
}

void
TicketmasterTooLong(Feed *feed)
{
	TicketmasterState *state = feed->state;

	if (state->list == LIST_DATED &&
		TicketmasterWindowDivide(&state->windows, &state->window, state->total))
	{
		next_window(state);
		return;
	}
	feed->incomplete = true;
	ArenaReset(state->scratch);
	if (feed->warn != NULL)
		feed->warn(feed->warn_arg,
				   ArenaPrintf(state->scratch,
							   "%s: only the first %lld of %lld can be read, for a narrower window cannot be asked for",
							   window_name(state->scratch, state), (long long) state->received,
							   (long long) (state->total > state->received ? state->total : state->received)));
	next_window(state);
}

/* ---- requests ---- */

/* An arena for the strings of one more request; an old one's is emptied */
static Arena *
request_arena(TicketmasterState *state)
{
	Arena	   *arena = state->ring[state->nrequests++ % TICKETMASTER_RING];

	ArenaReset(arena);
	return arena;
}

/* The key; NULL: *problem */
static const char *
read_apikey(Feed *feed, Problem *problem)
{
	TicketmasterState *state = feed->state;
	const char *apikey;

	if (state->apikey != NULL)
		return state->apikey;
	apikey = feed->credential == NULL ? NULL : feed->credential(feed->credential_arg, "apikey");
	if (apikey != NULL)
		apikey = TextLine(feed->arena, apikey, strlen(apikey), false);
	if (apikey == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_AUTH, "the credential \"apikey\" is not set");
		strcpy(problem->field, "apikey");
		ProblemDetail(problem, "Ticketmaster answers no request without an API key.");
		ProblemHint(problem, "Register an application at https://developer.ticketmaster.com and store its "
					"Consumer Key with ingest_set_credential().");
		return NULL;
	}
	state->apikey = apikey;
	return apikey;
}

/*
 * The API takes the key as a query parameter only.  It comes last, so that
 * what is cut off a long URL in a log is the key.
 */
bool
TicketmasterNextRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	TicketmasterState *state = feed->state;
	TextBuilder url = {0};
	const char *apikey;

	if (state->list == LIST_NONE)
		return false;
	apikey = read_apikey(feed, problem);
	if (apikey == NULL)
		return false;
	memset(request, 0, sizeof(*request));
	url.arena = request_arena(state);
	BuilderAddText(&url, state->base_url);
	BuilderAddText(&url, "/events.json?");
	BuilderAddText(&url, state->filters);
	if (state->list == LIST_DATED)
	{
		BuilderAddText(&url, "&startDateTime=");
		BuilderAddText(&url, utc_text(url.arena, state->window.start));
		BuilderAddText(&url, "&endDateTime=");
		BuilderAddText(&url, utc_text(url.arena, state->window.end));
	}
	else
		BuilderAddParameter(&url, state->list == LIST_TBA ? "includeTBA" : "includeTBD", "only");
	BuilderAddText(&url, ArenaPrintf(url.arena, "&sort=id,asc&size=%lld&page=%lld",
									 (long long) state->page_size, (long long) state->page));
	BuilderAddParameter(&url, "apikey", apikey);

	request->url = url.text;
	request->headers[0] = (FeedHeader) {"Accept", "application/json"};
	request->nheaders = 1;
	request->what = ArenaPrintf(url.arena, "%s, page %lld", window_name(url.arena, state),
								(long long) state->page);
	request->list = state->list;
	return true;
}

/* ---- paging ---- */

/* What a page says of its place: -1 where it says nothing */
typedef struct Paging
{
	int64_t		total;
	int64_t		number;
	bool		has_next;
} Paging;

/* Read "page" and the link to the next one; absent: all is on this page */
static bool
read_paging(Feed *feed, FeedPage *page, Paging *paging, Problem *problem)
{
	TicketmasterState *state = feed->state;
	const JsonExtent *values = ((TicketmasterPage *) page->state)->scan.values;
	const JsonExtent *extent = &values[TICKETMASTER_PAGING];
	const JsonNode *node = NULL;

	paging->total = paging->number = -1;
	paging->has_next = values[TICKETMASTER_NEXT].length > 0 &&
		values[TICKETMASTER_NEXT].bytes[0] == '{';
	if (extent->length == 0)
		return true;
	if (!JsonRead(state->reader, page->arena, extent->bytes, extent->length, &node, problem))
		return false;
	if (node != NULL && JsonKindOf(node) != JSON_OBJECT)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "\"page\" is %s, not an object",
				   JsonKindName(JsonKindOf(node)));
		strcpy(problem->field, "page");
		return false;
	}
	JsonInteger(node, "totalElements", &paging->total);
	JsonInteger(node, "number", &paging->number);
	return true;
}

/* Hash of a page's ids: what came before is known by it */
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

/*
 * Is the window longer than its pages can bring?  Its first page tells, and
 * the window is divided before more of it is read.  Windows that have no more
 * than an edge in common, each too long and with the same first page, are no
 * windows: dividing them would never end.
 */
static bool
divide_long_window(Feed *feed, TicketmasterPage *events, uint64_t hash, Problem *problem)
{
	TicketmasterState *state = feed->state;

	if (state->divided_hash != hash)
		state->nalike = 0;
	else if (state->divided_end <= state->window.start)
		state->nalike++;
	if (state->nalike == MAX_ALIKE)
	{
		ProblemSet(problem, ERROR_CLASS_UPSTREAM,
				   "the upstream gives the same events for different windows of time");
		ProblemDetail(problem, "It does not seem to honour startDateTime and endDateTime, without which "
					  "%lld events cannot be listed.", (long long) state->total);
		ProblemHint(problem, "Check base_url in the source's configuration, and any proxy.");
		return false;
	}
	if (state->window.end - state->window.start < 2)
	{
		state->undividable = true;
		return true;
	}
	state->divided_hash = hash;
	state->divided_end = state->window.end;
	events->is_left_out = true;
	TicketmasterTooLong(feed);
	return true;
}

/* Has the page come in place of the one that was asked for? */
static bool
is_other_page(const TicketmasterState *state, const Paging *paging, uint64_t hash)
{
	return (state->page > 0 && hash == state->page_hash) ||
		(paging->number >= 0 && paging->number != state->page);
}

/* Ask for it again, or else give the window up */
static void
ask_again(Feed *feed, FeedPage *page)
{
	TicketmasterState *state = feed->state;

	((TicketmasterPage *) page->state)->is_left_out = true;
	if (state->nrepeats++ < MAX_REPEATS)
		return;
	warn_of_window(feed, "stopped because a page came a second time in place of the next");
	page->incomplete = feed->incomplete = true;
	next_window(state);
}

/* Items behind one that went have moved to a page that was read already */
static bool
begin_again(Feed *feed)
{
	TicketmasterState *state = feed->state;

	if (state->nrestarts == MAX_RESTARTS)
	{
		warn_of_window(feed, "became shorter each time it was read; some events may be missing");
		feed->incomplete = true;
		state->total = -1;		/* said once */
		return false;
	}
	state->nrestarts++;
	rewind_window(state);
	return true;
}

/* The window's last page was read */
static void
end_window(TicketmasterState *state)
{
	if (state->list == LIST_DATED)
		TicketmasterWindowFits(&state->windows, state->received);
	next_window(state);
}

/* What follows from the page that came */
bool
TicketmasterAdvance(Feed *feed, FeedPage *page, Problem *problem)
{
	TicketmasterState *state = feed->state;
	TicketmasterPage *events = page->state;
	int64_t		count = (int64_t) events->scan.nelements;
	uint64_t	hash = hash_of_page(&events->scan);
	bool		is_full = count >= state->page_size;
	Paging		paging;

	if (!read_paging(feed, page, &paging, problem))
		return false;
	if (count > 0 && is_other_page(state, &paging, hash))
	{
		ask_again(feed, page);
		return true;
	}
	if (state->page == 0)
		state->total = paging.total;
	if (state->page == 0 && state->list == LIST_DATED &&
		paging.total > state->windows.capacity && (is_full || paging.has_next))
	{
		if (!divide_long_window(feed, events, hash, problem))
			return false;
		if (!state->undividable)
			return true;
	}

	state->received += count;
	state->page_hash = hash;
	state->nrepeats = 0;
	if (paging.total >= 0 && paging.total < state->total && count > 0 && begin_again(feed))
		return true;
	state->page++;
	if (count == 0 || (!paging.has_next &&
					   (!is_full || (paging.total >= 0 && state->page * state->page_size >= paging.total))))
		end_window(state);
	else if (state->page * state->page_size >= TICKETMASTER_MAX_OFFSET)
		TicketmasterTooLong(feed);
	return true;
}
