/*
 * src/feed/jsonld_find.c
 *
 * The events among a page's nodes, however deep they stand: at the top, in
 * "@graph", in an ItemList, as mainEntity, as the events of a Place, as
 * subEvent or superEvent of each other.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <string.h>

#include "feed/text.h"

/* Where a node was met */
typedef struct Place
{
	JsonldNode	parent;			/* an event it is a subEvent of */
	JsonldNode	place;			/* a Place whose event it is */
	int			nesting;		/* events around it */
	bool		as_super;		/* it is the superEvent of another */
} Place;

typedef struct Walk
{
	Feed	   *feed;
	JsonldPage *page;
} Walk;

static void walk(const Walk *w, JsonldNode node, const Place *where);

/* The name without a schema.org prefix */
static const char *
local_name(const char *name)
{
	const char *at = strstr(name, "schema.org/");

	if (at != NULL)
		return at + strlen("schema.org/");
	return strncmp(name, "schema:", 7) == 0 ? name + 7 : name;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* ---- one event ---- */

static bool
has(JsonldNode node, const char *name)
{
	return JsonldCount(JsonldGet(node, name)) > 0;
}

/* Does it only mention an event that is told elsewhere: a name and a link? */
static bool
is_mention(JsonldNode node)
{
	static const char *const slight[] = {
		"@id", "@type", "@context", "id", "type", "name", "url", "image", "sameAs",
		"identifier", "position", "mainEntityOfPage", NULL
	};
	const char *name;
	const JsonNode *value;
	void	   *cursor = NULL;

	while (JsonNextMember(node.json, &cursor, &name, &value))
		if (!is_one_of(local_name(name), slight))
			return false;
	return true;
}

/* Are the dates of a series told by its parts? */
static bool
has_dated_parts(const JsonldGraph *graph, JsonldNode node)
{
	JsonldNode	parts = JsonldGet(node, "subEvent");
	int			count;

	if (parts.json == NULL)
		parts = JsonldGet(node, "subEvents");
	count = JsonldCount(parts);
	for (int i = 0; i < count; i++)
		if (has(JsonldItem(graph, parts, i), "startDate"))
			return true;
	return false;
}

JsonldEvent *
JsonldAddEvent(JsonldPage *page)
{
	JsonldEvent *event;

	if (page->nevents >= JSONLD_MAX_EVENTS)
	{
		page->too_many = true;
		return NULL;
	}
	if ((page->nevents & (page->nevents - 1)) == 0)
	{
		JsonldEvent *more = ArenaAlloc(page->graph.arena, sizeof(JsonldEvent) *
									   (size_t) (page->nevents == 0 ? 1 : page->nevents * 2));

		if (page->nevents > 0)
			memcpy(more, page->events, sizeof(JsonldEvent) * (size_t) page->nevents);
		page->events = more;
	}
	event = &page->events[page->nevents++];
	memset(event, 0, sizeof(*event));
	event->end = FEED_TIME_UNKNOWN;
	event->start.kind = WHEN_INVALID;
	return event;
}

/* What lends an event what it does not say itself */
static JsonldNode
find_parent(const JsonldGraph *graph, Arena *arena, JsonldNode node, const Place *where)
{
	JsonldNode	super = where->parent;

	if (super.json == NULL)
		super = JsonldFirst(graph, node, "superEvent");
	if (super.json == node.json || JsonldEventType(arena, super) == NULL)
		super.json = NULL;
	return super;
}

static void
add_event(const Walk *w, JsonldNode node, const char *type, const Place *where)
{
	JsonldPage *page = w->page;
	const JsonldGraph *graph = &page->graph;
	JsonldEvent found = {.node = node, .type = type, .place = where->place,
	.end = FEED_TIME_UNKNOWN};
	JsonldEvent *event;
	bool		is_series = strcmp(type, "EventSeries") == 0;

	if (!has(node, "startDate"))
	{
		if (is_mention(node))
		{
			const char *url = JsonldUrl(w->feed, page, graph->arena, JsonldGet(node, "url"));

			JsonldAddLink(w->feed, page, url);
			return;
		}
		if (where->as_super)
			return;
	}
	else if (where->as_super && (is_series || !has(node, "name")))
		return;
	found.parent = find_parent(graph, graph->arena, node, where);
	if (!has_dated_parts(graph, node) && JsonldSchedule(w->feed, page, &found))
		return;
	event = JsonldAddEvent(page);
	if (event == NULL)
		return;
	*event = found;
	event->start = JsonldWhen(graph, graph->arena, node, "startDate");
	if (has_dated_parts(graph, node) && (is_series || event->start.text == NULL))
		event->skip_reason = "series_parent";
}

/* ---- the walk ---- */

/* A list of links is no event, but leads to some */
static void
take_list_item(const Walk *w, JsonldNode node)
{
	const JsonldGraph *graph = &w->page->graph;
	JsonldNode	item = JsonldGet(node, "item");

	if (!JsonldIsA(node, "ListItem"))
		return;
	JsonldAddLink(w->feed, w->page, JsonldUrl(w->feed, w->page, graph->arena, JsonldGet(node, "url")));
	if (JsonKindOf(item.json) == JSON_STRING)
		JsonldAddLink(w->feed, w->page, JsonldUrl(w->feed, w->page, graph->arena, item));
}

/* Members of a node: each with what it says of the events below it */
static void
walk_members(const Walk *w, JsonldNode node, bool is_event, const Place *where)
{
	static const char *const ignored[] = {
		"@context", "@id", "@type", "review", "reviews", "potentialAction", NULL
	};
	const char *name;
	const JsonNode *value;
	void	   *cursor = NULL;

	while (JsonNextMember(node.json, &cursor, &name, &value))
	{
		Place		below = {.nesting = where->nesting + is_event};
		const char *local = local_name(name);

		if (is_one_of(local, ignored) ||
			(JsonKindOf(value) != JSON_OBJECT && JsonKindOf(value) != JSON_ARRAY))
			continue;
		if (is_event && (strcmp(local, "subEvent") == 0 || strcmp(local, "subEvents") == 0))
			below.parent = node;
		else if (is_event && strcmp(local, "superEvent") == 0)
			below.as_super = true;
		else if (!is_event && (strcmp(local, "event") == 0 || strcmp(local, "events") == 0) &&
				 has(node, "address"))
			below.place = node;
		walk(w, (JsonldNode) {value, node.document}, &below);
	}
}

static void
walk(const Walk *w, JsonldNode node, const Place *where)
{
	int			count = JsonCount(node.json);
	const char *type;

	for (int i = 0; i < count; i++)
		walk(w, (JsonldNode) {JsonElementAt(node.json, i), node.document}, where);
	if (JsonKindOf(node.json) != JSON_OBJECT)
		return;
	type = where->nesting < JSONLD_MAX_NESTING ? JsonldEventType(w->page->graph.arena, node) : NULL;
	if (type != NULL)
		add_event(w, node, type, where);
	else
		take_list_item(w, node);
	walk_members(w, node, type != NULL, where);
}

void
JsonldFindEvents(Feed *feed, JsonldPage *page)
{
	Walk		w = {feed, page};

	for (int i = 0; i < page->graph.ndocuments; i++)
	{
		Place		top = {.nesting = 0};

		feed->breathe();
		walk(&w, page->graph.documents[i], &top);
	}
	JsonldIdentify(feed, page);
}
