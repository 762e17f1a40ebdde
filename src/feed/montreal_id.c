/*
 * src/feed/montreal_id.c
 *
 * Which row of Montréal's table is which event.  The table's own row numbers
 * are given out anew each night, titles repeat, venues' names drift; what
 * stays is the number at the end of url_fiche,
 *
 *   https://montreal.ca/evenements/bresil-mon-amour-florence-k-97483
 *
 * even when the words before it change.  A few events have several rows, one
 * for each session.  The first of them by date, or the only one, has the bare
 * number as its id; a further one adds its first day (97483@2025-07-10), and
 * what else tells it apart where that is not enough.  So an event that gets a
 * second session keeps its id, and so does one that is moved to another day.
 * Whose the bare number is among several is remembered from run to run: a
 * session keeps its id when another goes, or is missing in a bad export.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feed/text.h"
#include "hash.h"

/* An id longer than this is none */
#define MAX_ID	200

/* An id that is taken, and by which session; slots of a hash table */
typedef struct CkanIdClaim
{
	uint64_t	id;				/* hash; 0: free */
	uint64_t	session;
} CkanIdClaim;

/* A row, as far as its identity goes */
typedef struct Session
{
	const char *event;
	const char *start;			/* "" where missing, and so are the others */
	const char *end;
	const char *address;
	uint64_t	hash;
	size_t		index;
} Session;

static const JsonWanted identity_wanted[] = {
	JSON_WHOLE("url_fiche"), JSON_WHOLE("date_debut"), JSON_WHOLE("date_fin"),
	JSON_WHOLE("adresse_principale"), {NULL}
};

/* ---- the sessions of a page ---- */

/* The number at the end of a URL's path, else the URL */
static const char *
event_of_url(Arena *arena, const char *url)
{
	size_t		end = strcspn(url, "?#");
	size_t		start;

	while (end > 0 && url[end - 1] == '/')
		end--;
	for (start = end; start > 0 && url[start - 1] >= '0' && url[start - 1] <= '9';)
		start--;
	if (start < end && start > 0 && url[start - 1] == '-')
		return ArenaStrndup(arena, url + start, end - start);
	return url;
}

static const char *
text_or_empty(Arena *arena, const JsonNode *row, const char *column)
{
	const char *text = MontrealText(arena, row, column);

	return text == NULL ? "" : text;
}

/* Read what identifies a row; false: nothing does */
static bool
read_session(Feed *feed, Arena *arena, const CkanRaw *raw, Session *session)
{
	CkanState  *state = feed->state;
	const JsonNode *row;
	const char *url;
	Problem		ignored;

	if (ProblemIsSet(&raw->problem) ||
		!JsonReadSelected(state->reader, state->scratch, identity_wanted, raw->text, raw->length,
						  &row, &ignored))
		return false;
	url = MontrealText(arena, row, "url_fiche");
	if (url == NULL)
		return false;
	session->event = event_of_url(arena, url);
	session->start = text_or_empty(arena, row, "date_debut");
	session->end = text_or_empty(arena, row, "date_fin");
	session->address = text_or_empty(arena, row, "adresse_principale");

	/* One written by hand may have a time behind the date */
	session->start = ArenaStrndup(arena, session->start, strcspn(session->start, " T"));
	session->hash = HashString(session->address,
							   HashString(session->end, HashString(session->start, 1)));
	return strlen(session->event) <= MAX_ID;
}

/* qsort callback: sessions of an event together, in an order of their own */
static int
compare_sessions(const void *a, const void *b)
{
	const Session *s = a;
	const Session *t = b;
	int			order = strcmp(s->event, t->event);

	if (order == 0)
		order = strcmp(s->start, t->start);
	if (order == 0)
		order = strcmp(s->end, t->end);
	if (order == 0)
		order = strcmp(s->address, t->address);
	return order != 0 ? order : s->index < t->index ? -1 : 1;
}

/* ---- ids ---- */

/* Twice the room for claims */
static void
enlarge_claims(Feed *feed, CkanState *state)
{
	CkanIdClaim *old = state->claims;
	size_t		old_room = state->claim_room;

	state->claim_room = old_room == 0 ? 1024 : old_room * 2;
	state->claims = ArenaAlloc0(feed->arena, state->claim_room * sizeof(CkanIdClaim));
	for (size_t i = 0; i < old_room; i++)
		if (old[i].id != 0)
		{
			size_t		slot = old[i].id & (state->claim_room - 1);

			while (state->claims[slot].id != 0)
				slot = (slot + 1) & (state->claim_room - 1);
			state->claims[slot] = old[i];
		}
}

/* May the session have this id?  Pages of a walk may bring a session twice */
static bool
claim(Feed *feed, const char *id, const Session *session)
{
	CkanState  *state = feed->state;
	uint64_t	hash = HashString(id, 0);
	size_t		slot;

	hash += hash == 0;
	if (state->nclaims * 2 >= state->claim_room)
		enlarge_claims(feed, state);
	slot = hash & (state->claim_room - 1);
	while (state->claims[slot].id != 0)
	{
		if (state->claims[slot].id == hash)
			return state->claims[slot].session == session->hash;
		slot = (slot + 1) & (state->claim_room - 1);
	}
	state->claims[slot] = (CkanIdClaim) {hash, session->hash};
	state->nclaims++;
	return true;
}

/* The shortest id that no other session has, nor had */
static const char *
id_of_session(Feed *feed, Arena *arena, const Session *session, const char *bare_start)
{
	const char *id = session->event;

	if ((bare_start != NULL && strcmp(bare_start, session->start) != 0) || !claim(feed, id, session))
	{
		id = ArenaPrintf(arena, "%s@%.10s", session->event, session->start);
		if (!claim(feed, id, session))
			id = ArenaPrintf(arena, "%s@%.10s#%016" PRIx64, session->event, session->start, session->hash);
	}
	return id;
}

/* All sessions of the page, in its order; the number of records in *count */
static Session *
collect_sessions(Feed *feed, FeedPage *page, size_t *nsessions, size_t *count)
{
	CkanState  *state = feed->state;
	CkanPage	walk = *(CkanPage *) page->state;
	Session    *sessions = NULL;
	size_t		room = 0;
	CkanRaw		raw;

	*nsessions = *count = 0;
	for (ArenaReset(state->scratch); CkanNextRaw(feed, &walk, state->scratch, &raw); ArenaReset(state->scratch))
	{
		if (*nsessions == room)
		{
			Session    *larger;

			room = room == 0 ? 256 : room * 2;
			larger = ArenaAlloc(page->arena, room * sizeof(Session));
			if (sessions != NULL)
				memcpy(larger, sessions, *nsessions * sizeof(Session));
			sessions = larger;
		}
		sessions[*nsessions].index = *count;
		if (read_session(feed, page->arena, &raw, &sessions[*nsessions]))
			(*nsessions)++;
		if (++*count % 256 == 0 && feed->breathe != NULL)
			feed->breathe();
	}
	return sessions;
}

/*
 * Keep whose the bare id is.  An event whose sessions are spread over two pages
 * may be noted twice; the first note, of the earlier ones, is the right one.
 */
static void
remember(Feed *feed, const char *event, const char *bare_start, const Session *first)
{
	CkanState  *state = feed->state;

	if (bare_start == NULL && !claim(feed, event, first))
		return;
	state->sessions.arena = feed->arena;
	BuilderAddText(&state->sessions, state->sessions.length == 0 ? "{" : ",");
	BuilderAddText(&state->sessions, TextToJsonString(feed->arena, event, strlen(event)));
	BuilderAddText(&state->sessions, ":");
	BuilderAddText(&state->sessions, TextToJsonString(feed->arena, bare_start != NULL ? bare_start : first->start,
													  strlen(bare_start != NULL ? bare_start : first->start)));
}

void
MontrealIdentify(Feed *feed, FeedPage *page)
{
	CkanPage   *rows = page->state;
	size_t		nsessions;
	size_t		count;
	Session    *sessions = collect_sessions(feed, page, &nsessions, &count);
	const JsonNode *remembered = CkanReadCursor(feed)->sessions;

	rows->ids = ArenaAlloc0(page->arena, (count + 1) * sizeof(char *));
	rows->shared = ArenaAlloc0(page->arena, (count + 1) * sizeof(bool));
	if (nsessions > 0)
		qsort(sessions, nsessions, sizeof(Session), compare_sessions);
	for (size_t first = 0, next; first < nsessions; first = next)
	{
		const char *event = sessions[first].event;
		size_t		length;
		const char *bare_start = JsonString(JsonMember(remembered, event), NULL, &length);
		bool		is_shared = bare_start != NULL;

		for (next = first; next < nsessions && strcmp(sessions[next].event, event) == 0; next++)
		{
			const char *id = id_of_session(feed, page->arena, &sessions[next], bare_start);

			rows->ids[sessions[next].index] = id;
			is_shared |= strcmp(id, event) != 0;
		}
		if (is_shared)
			remember(feed, event, bare_start, &sessions[first]);
		for (size_t i = first; i < next; i++)
			rows->shared[sessions[i].index] = is_shared;
	}
}

void
MontrealForgetIds(CkanState *state)
{
	state->nclaims = 0;
	state->sessions.length = 0;
	if (state->claim_room > 0)
		memset(state->claims, 0, state->claim_room * sizeof(CkanIdClaim));
}

void
MontrealExplainNoId(Feed *feed, FeedPage *page, const CkanRaw *raw, Problem *problem)
{
	CkanState  *state = feed->state;
	const JsonNode *row;

	if (!JsonRead(state->reader, page->arena, raw->text, raw->length, &row, problem))
		return;
	if (MontrealText(page->arena, row, "url_fiche") == NULL)
		ProblemSet(problem, ERROR_CLASS_MAPPING, "the event has no url_fiche, by which it would be recognised");
	else
		ProblemSet(problem, ERROR_CLASS_MAPPING, "the event's url_fiche is longer than %d bytes", MAX_ID);
	strcpy(problem->field, "url_fiche");
}
