/*
 * src/feed/meetup_list.c
 *
 * Meetup's requests: which come next, and when a group's list ends.
 *
 * By GraphQL the groups are asked for in batches, each group of a batch from
 * its own cursor until its list is at its end; by calendar one after another,
 * one page each.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <string.h>

#include "feed/builder.h"
#include "hash.h"

void
MeetupWarn(Feed *feed, const MeetupGroup *group, const char *what)
{
	MeetupState *state = feed->state;

	if (feed->warn == NULL)
		return;
	ArenaReset(state->scratch);
	feed->warn(feed->warn_arg, ArenaPrintf(state->scratch, "group %.100s: %s", group->urlname, what));
}

bool
MeetupGiveUp(Feed *feed, MeetupGroup *group, const char *why)
{
	MeetupState *state = feed->state;
	int			nfailed = 0;

	group->done = group->failed = true;
	for (int i = 0; i < state->ngroups; i++)
		nfailed += state->groups[i].failed;
	MeetupWarn(feed, group, why);
	feed->incomplete = true;
	return nfailed < state->ngroups;
}

/* ---- requests ---- */

/* Choose the groups of the next request; false when all are done */
static bool
choose_groups(MeetupState *state)
{
	state->nasked = 0;
	while (state->batch < state->ngroups)
	{
		int			end = state->batch + state->batch_size;

		for (int i = state->batch; i < end && i < state->ngroups; i++)
			if (!state->groups[i].done)
				state->asked[state->nasked++] = i;
		if (state->nasked > 0)
			return true;
		state->batch = end;
	}
	return false;
}

/* "events of a, b, c, page 2" */
static const char *
request_name(const MeetupState *state, Arena *arena)
{
	const MeetupGroup *first = &state->groups[state->asked[0]];
	TextBuilder text = {.arena = arena};

	BuilderAddText(&text, state->nasked == 1 ? "events of group " : "events of groups ");
	for (int i = 0; i < state->nasked; i++)
	{
		BuilderAddText(&text, i > 0 ? ", " : "");
		BuilderAddText(&text, state->groups[state->asked[i]].urlname);
	}
	if (!state->by_ics)
		BuilderAddText(&text, ArenaPrintf(arena, ", page %d", first->npages + 1));
	return text.text;
}

static void
add_header(FeedRequest *request, const char *name, const char *value)
{
	request->headers[request->nheaders++] = (FeedHeader) {name, value};
}

/* The calendar of a group: public, so that no token is sent */
static void
ask_for_calendar(MeetupState *state, Arena *arena, FeedRequest *request)
{
	TextBuilder url = {.arena = arena};

	BuilderAddText(&url, state->web_url);
	BuilderAddText(&url, "/");
	BuilderAddEncoded(&url, state->groups[state->asked[0]].urlname);
	BuilderAddText(&url, "/events/ical/");
	request->url = url.text;
	request->conditional = true;
	add_header(request, "Accept", "text/calendar, */*;q=0.5");

	/* A 304 brings no page to say so */
	state->groups[state->asked[0]].done = true;
}

bool
MeetupNextRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	MeetupState *state = feed->state;
	Arena	   *arena;

	memset(request, 0, sizeof(*request));
	if (!choose_groups(state))
	{
		if (state->ngroups == 0)
			ProblemSet(problem, ERROR_CLASS_CONFIG, "no group is configured");
		return false;
	}
	if (!state->by_ics && MeetupNeedsToken(feed, problem))
		return MeetupTokenRequest(feed, request, problem);
	if (ProblemIsSet(problem))
		return false;
	arena = state->ring[state->nrequests++ % MEETUP_RING];
	ArenaReset(arena);
	request->what = request_name(state, arena);
	request->list = state->asked[0];
	request->min_interval = state->wait;
	state->wait = 0;
	if (state->by_ics)
	{
		ask_for_calendar(state, arena, request);
		return true;
	}
	request->method = "POST";
	request->url = state->endpoint;
	request->body = MeetupQuery(feed, arena);
	add_header(request, "Content-Type", "application/json");
	add_header(request, "Accept", "application/json");
	if (state->authorization != NULL)
		add_header(request, "Authorization", state->authorization);
	return true;
}

/* ---- paging ---- */

/* Remember a cursor of the group; false if it came before */
static bool
remember_cursor(Feed *feed, MeetupGroup *group, uint64_t hash)
{
	for (int i = 0; i < group->ncursors; i++)
		if (group->cursors[i] == hash)
			return false;
	if (group->ncursors == group->room)
	{
		uint64_t   *larger;

		group->room = group->room == 0 ? 16 : group->room * 2;
		larger = ArenaAlloc(feed->arena, sizeof(uint64_t) * (size_t) group->room);
		if (group->ncursors > 0)
			memcpy(larger, group->cursors, sizeof(uint64_t) * (size_t) group->ncursors);
		group->cursors = larger;
	}
	group->cursors[group->ncursors++] = hash;
	return true;
}

/* The list cannot be followed to its end */
static void
stop(Feed *feed, FeedPage *page, MeetupGroup *group, const char *why)
{
	group->done = true;
	MeetupWarn(feed, group, why);
	page->incomplete = feed->incomplete = true;
}

/*
 * hasNextPage has been seen true on the last page: an empty page ends the list
 * all the same.
 */
void
MeetupAdvance(Feed *feed, FeedPage *page, MeetupGroup *group, const JsonScan *scan,
			  const JsonNode *page_info)
{
	size_t		length = 0;
	const char *cursor = JsonString(page_info, "endCursor", &length);

	group->npages++;
	if (JsonBoolean(page_info, "hasNextPage") != TRI_TRUE || scan->nelements == 0)
		group->done = true;
	else if (cursor == NULL || length == 0)
		stop(feed, page, group, "stopped at a page that says more follow, but not where");
	else if (!remember_cursor(feed, group, HashBytes(cursor, length, 0)))
		stop(feed, page, group, "stopped because a cursor came a second time");
	else if (group->npages >= MEETUP_MAX_PAGES)
		stop(feed, page, group, "stopped after too many pages");
	else
		group->cursor = ArenaStrndup(feed->arena, cursor, length);
}
