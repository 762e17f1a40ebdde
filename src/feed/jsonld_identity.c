/*
 * src/feed/jsonld_identity.c
 *
 * Which event it is.  JSON-LD has no id that publishers agree upon, so it is
 * made of what stays: the event's own URL, else its @id, its identifier, its
 * name on this page; and the day it starts, because a page with several dates
 * has one URL for all.  Of several performances on one day the later ones add
 * their hour.
 *
 * So an event keeps its id when its text, hour or place change, when its page
 * is linked with tracking parameters, and whichever page it is read from.  An
 * event put off to another day is the same if it says so (previousStartDate),
 * else another.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/text.h"
#include "hash.h"

/* An index of PostgreSQL's holds so much and more */
#define MAX_KEY 700

/* ---- URLs ---- */

/* Query parameters that say where the reader came from */
static bool
is_tracking(const char *name, size_t length)
{
	static const char *const names[] = {
		"fbclid", "gclid", "msclkid", "aff", "mc_cid", "mc_eid", "_ga", "ref", "igshid", NULL
	};

	if (length > 4 && strncasecmp(name, "utm_", 4) == 0)
		return true;
	for (int i = 0; names[i] != NULL; i++)
		if (strlen(names[i]) == length && strncasecmp(name, names[i], length) == 0)
			return true;
	return false;
}

const char *
JsonldUntracked(Arena *arena, const char *url)
{
	TextBuilder text = {.arena = arena};
	size_t		path = strcspn(url, "?#");
	const char *query = url[path] == '?' ? url + path + 1 : "";
	char		separator = '?';

	BuilderAdd(&text, url, path);
	while (*query != '\0' && *query != '#')
	{
		size_t		length = strcspn(query, "&#");

		if (length > 0 && !is_tracking(query, strcspn(query, "=&#")))
		{
			BuilderAdd(&text, &separator, 1);
			BuilderAdd(&text, query, length);
			separator = '&';
		}
		query += length + (query[length] == '&');
	}
	return text.text;
}

const char *
JsonldCanonical(Arena *arena, const char *url)
{
	TextBuilder text = {.arena = arena};
	const char *plain = JsonldUntracked(arena, url);
	bool		is_http = strncmp(plain, "http://", 7) == 0;
	const char *rest = plain + (is_http ? 7 : 0);
	size_t		path = strcspn(rest, "?");

	if (is_http)
		BuilderAddText(&text, "https://");
	while (path > 9 && rest[path - 1] == '/')
		path--;
	BuilderAdd(&text, rest, path);
	BuilderAddText(&text, rest + strcspn(rest, "?"));
	return text.text;
}

const char *
JsonldUrl(Feed *feed, const JsonldPage *page, Arena *arena, JsonldNode value)
{
	int			count = JsonldCount(value);

	for (int i = 0; i < count; i++)
	{
		JsonldNode	item = JsonldItem(&page->graph, value, i);
		size_t		length = 0;
		const char *text = JsonldText(&page->graph, arena, item, &length);
		const char *url;

		if (text == NULL && JsonKindOf(item.json) == JSON_OBJECT)
		{
			text = JsonldText(&page->graph, arena, JsonldGet(item, "url"), &length);
			if (text == NULL)
				text = JsonldText(&page->graph, arena, JsonldGet(item, "contentUrl"), &length);
			if (text == NULL && (text = JsonldId(item)) != NULL)
				length = strlen(text);
		}
		text = TextLine(arena, text, length, true);
		if (text == NULL || strncmp(text, "_:", 2) == 0)
			continue;
		url = feed->resolve_url(arena, page->base, text);
		if (url != NULL && TextHttpUrl(arena, url, strlen(url)) != NULL)
			return url;
	}
	return NULL;
}

/* ---- keys ---- */

/* The identifier's text: plain, or a PropertyValue's */
static const char *
identifier(const JsonldPage *page, JsonldNode node)
{
	JsonldNode	value = JsonldFirst(&page->graph, node, "identifier");
	const char *line = JsonldLine(&page->graph, page->graph.arena, node, "identifier");

	return line != NULL ? line : JsonldLine(&page->graph, page->graph.arena, value, "value");
}

/* A key of its own for an event whose URL is not its own, or that has none */
static const char *
other_key(Feed *feed, const JsonldPage *page, const JsonldEvent *event)
{
	Arena	   *arena = page->graph.arena;
	const char *id = JsonldId(event->node);
	const char *where = event->url != NULL ? event->url :
		page->canonical != NULL ? page->canonical : page->url;
	const char *text;

	where = where == NULL ? "" : JsonldCanonical(arena, where);
	if (id != NULL && strncmp(id, "_:", 2) != 0)
	{
		text = feed->resolve_url(arena, page->base, id);
		if (text != NULL && strchr(text, '#') != NULL)
			return ArenaPrintf(arena, "%s%s", JsonldCanonical(arena, text), strchr(text, '#'));
		if (text != NULL)
			return JsonldCanonical(arena, text);
		text = TextLine(arena, id, strlen(id), true);
		if (text != NULL)
			return text;
	}
	text = identifier(page, event->node);
	if (text != NULL)
		return ArenaPrintf(arena, "%s#%s", where, text);
	return ArenaPrintf(arena, "%s#%016" PRIx64, where, HashString(event->name, 0));
}

static int
by_key(const void *a, const void *b)
{
	const JsonldEvent *x = *(JsonldEvent *const *) a;
	const JsonldEvent *y = *(JsonldEvent *const *) b;
	int			order = strcmp(x->key, y->key);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/*
 * Events of different names with one URL: it is not theirs, but a list's or
 * the site's.
 */
static void
tell_shared_urls_apart(Feed *feed, const JsonldPage *page, JsonldEvent **sorted, int count)
{
	for (int from = 0, to; from < count; from = to)
	{
		bool		shared = false;

		for (to = from + 1; to < count && strcmp(sorted[to]->key, sorted[from]->key) == 0; to++)
			shared |= !same_text(sorted[to]->name, sorted[from]->name);
		for (int i = from; shared && i < to; i++)
			if (sorted[i]->url != NULL)
				sorted[i]->key = other_key(feed, page, sorted[i]);
	}
}

/* ---- days ---- */

/* The event's day and hour on the wall clock of its place, as an id has them */
static const char *
local_text(const Feed *feed, const JsonldPage *page, const JsonldEvent *event)
{
	char	   *text = ArenaAlloc(page->graph.arena, WHEN_TEXT);
	const Zone *zone = JsonldZone(feed);
	JsonldTime	time = JsonldWhen(&page->graph, page->graph.arena, event->node, "previousStartDate");

	if (time.kind == WHEN_INVALID || event->is_occurrence)
		time = event->start;
	if (time.kind == WHEN_INVALID)
		return "";
	WhenFormatLocal(time.utc && zone != NULL ? ZoneToLocal(zone, time.value) : time.local, text);
	return text;
}

typedef struct Dated
{
	JsonldEvent *event;
	const char *when;			/* "2026-07-03T19:30:00", or "" */
} Dated;

static int
by_key_and_time(const void *a, const void *b)
{
	const Dated *x = a;
	const Dated *y = b;
	int			order = strcmp(x->event->key, y->event->key);

	if (order == 0)
		order = strcmp(x->when, y->when);
	return order != 0 ? order : x->event < y->event ? -1 : x->event > y->event;
}

/* The id in full */
static const char *
make_id(Arena *arena, const Dated *dated, bool with_hour)
{
	const char *key = dated->event->key;

	if (strlen(key) > MAX_KEY)
	{
		size_t		length = MAX_KEY;

		while (length > 0 && ((unsigned char) key[length] & 0xC0) == 0x80)
			length--;
		key = ArenaPrintf(arena, "%.*s#%016" PRIx64, (int) length, key, HashString(key, 0));
	}
	if (*dated->when == '\0')
		return key;
	return ArenaPrintf(arena, "%s@%.*s", key, with_hour ? 16 : 10, dated->when);
}

/* Give each event its id; the first of a day has no hour in it */
static void
assign_ids(Feed *feed, JsonldPage *page, JsonldEvent **sorted, int count)
{
	Dated	   *dated = ArenaAlloc(page->graph.arena, sizeof(Dated) * (size_t) (count + 1));
	int			first = 0;

	for (int i = 0; i < count; i++)
		dated[i] = (Dated) {sorted[i], local_text(feed, page, sorted[i])};
	qsort(dated, (size_t) count, sizeof(Dated), by_key_and_time);
	for (int i = 0; i < count; i++)
	{
		if (i > 0 && (strcmp(dated[i].event->key, dated[first].event->key) != 0 ||
					  strncmp(dated[i].when, dated[first].when, 10) != 0))
			first = i;
		dated[i].event->source_id = make_id(page->graph.arena, &dated[i],
											strcmp(dated[i].when, dated[first].when) != 0);
	}
}

void
JsonldIdentify(Feed *feed, JsonldPage *page)
{
	Arena	   *arena = page->graph.arena;
	JsonldEvent **sorted = ArenaAlloc(arena, sizeof(JsonldEvent *) * (size_t) (page->nevents + 1));

	for (int i = 0; i < page->nevents; i++)
	{
		JsonldEvent *event = &page->events[i];

		sorted[i] = event;
		event->name = JsonldNameLine(&page->graph, arena, JsonldInherited(event, "name"));
		event->url = JsonldUrl(feed, page, arena, JsonldInherited(event, "url"));
		if (event->url == NULL)
			event->url = JsonldUrl(feed, page, arena, JsonldGet(event->node, "mainEntityOfPage"));
		event->key = event->url != NULL ? JsonldCanonical(arena, event->url) :
			other_key(feed, page, event);
	}
	qsort(sorted, (size_t) page->nevents, sizeof(JsonldEvent *), by_key);
	tell_shared_urls_apart(feed, page, sorted, page->nevents);
	assign_ids(feed, page, sorted, page->nevents);
}
