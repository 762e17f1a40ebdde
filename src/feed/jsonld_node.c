/*
 * src/feed/jsonld_node.c
 *
 * Properties of JSON-LD nodes.  The same thing is written in many ways: as a
 * value, as a list of one, as {"@value": …}, as a reference to a node that
 * stands elsewhere on the page; with short names or full IRIs (the expanded
 * form of Artsdata's dumps).
 *
 * No general JSON-LD processor: contexts are not fetched, and other
 * vocabularies than schema.org are not understood.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <stdio.h>
#include <string.h>

#include "feed/text.h"
#include "hash.h"

/* References that a hash follows: what they lead to may lead further */
#define HASH_DEPTH	4
#define HASH_NODES	500

static const JsonldNode nothing = {NULL, 0};

/* ---- names ---- */

/* A node by its @id, in a table of open addressing */
struct JsonldNames
{
	const char **ids;
	JsonldNode *nodes;
	int		   *sizes;			/* members of the node */
	size_t		nslots;			/* a power of two */
	size_t		count;
};

/* Is the id known in its own document only? */
static bool
is_blank_id(const char *id)
{
	return id[0] == '_' && id[1] == ':';
}

/* The slot of an id, or the free one where it belongs */
static size_t
slot_of(const JsonldNames *names, const char *id, int document)
{
	size_t		slot = HashString(id, is_blank_id(id) ? (uint64_t) document + 1 : 0) & (names->nslots - 1);

	while (names->ids[slot] != NULL &&
		   (strcmp(names->ids[slot], id) != 0 ||
			(is_blank_id(id) && names->nodes[slot].document != document)))
		slot = (slot + 1) & (names->nslots - 1);
	return slot;
}

static void
make_room(JsonldGraph *graph)
{
	JsonldNames *names = graph->names;
	JsonldNames old;

	if (names == NULL)
		names = graph->names = ArenaAlloc0(graph->arena, sizeof(JsonldNames));
	if (names->count * 2 < names->nslots)
		return;
	old = *names;
	names->nslots = old.nslots == 0 ? 64 : old.nslots * 2;
	names->ids = ArenaAlloc0(graph->arena, names->nslots * sizeof(char *));
	names->nodes = ArenaAlloc0(graph->arena, names->nslots * sizeof(JsonldNode));
	names->sizes = ArenaAlloc0(graph->arena, names->nslots * sizeof(int));
	for (size_t i = 0; i < old.nslots; i++)
		if (old.ids[i] != NULL)
		{
			size_t		slot = slot_of(names, old.ids[i], old.nodes[i].document);

			names->ids[slot] = old.ids[i];
			names->nodes[slot] = old.nodes[i];
			names->sizes[slot] = old.sizes[i];
		}
}

/* Know a node; of several with one id the one that says most */
static void
add_name(JsonldGraph *graph, const char *id, JsonldNode node)
{
	const char *name;
	const JsonNode *value;
	void	   *cursor = NULL;
	int			size = 0;
	size_t		slot;

	while (JsonNextMember(node.json, &cursor, &name, &value))
		size++;
	if (size < 2)
		return;					/* a reference */
	make_room(graph);
	slot = slot_of(graph->names, id, node.document);
	if (graph->names->ids[slot] == NULL)
		graph->names->count++;
	else if (graph->names->sizes[slot] >= size)
		return;
	graph->names->ids[slot] = id;
	graph->names->nodes[slot] = node;
	graph->names->sizes[slot] = size;
}

void
JsonldIndex(JsonldGraph *graph, JsonldNode root)
{
	const char *name;
	const JsonNode *value;
	void	   *cursor = NULL;
	const char *id;
	int			count = JsonCount(root.json);

	for (int i = 0; i < count; i++)
		JsonldIndex(graph, (JsonldNode) {JsonElementAt(root.json, i), root.document});
	if (JsonKindOf(root.json) != JSON_OBJECT)
		return;
	id = JsonldId(root);
	if (id != NULL)
		add_name(graph, id, root);
	while (JsonNextMember(root.json, &cursor, &name, &value))
		JsonldIndex(graph, (JsonldNode) {value, root.document});
}

const char *
JsonldId(JsonldNode node)
{
	size_t		length = 0;
	const char *id = JsonString(JsonMember(node.json, "@id"), NULL, &length);

	if (id == NULL)
		id = JsonString(JsonMember(node.json, "id"), NULL, &length);
	return id == NULL || length == 0 ? NULL : id;
}

/* ---- properties ---- */

JsonldNode
JsonldGet(JsonldNode node, const char *name)
{
	static const char *const prefixes[] = {
		"", "schema:", "http://schema.org/", "https://schema.org/"
	};
	char		full[96];

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		const JsonNode *value;

		snprintf(full, sizeof(full), "%s%s", prefixes[i], name);
		value = JsonMember(node.json, full);
		if (value != NULL && JsonKindOf(value) != JSON_NULL)
			return (JsonldNode) {value, node.document};
	}
	return nothing;
}

/* The list in a value: an array, or what "@list" and "@set" wrap */
static const JsonNode *
list_of(const JsonNode *value)
{
	const JsonNode *inner;

	if (JsonKindOf(value) == JSON_ARRAY)
		return value;
	inner = JsonMember(value, "@list");
	if (inner == NULL)
		inner = JsonMember(value, "@set");
	return inner != NULL && JsonKindOf(inner) == JSON_ARRAY ? inner : NULL;
}

int
JsonldCount(JsonldNode value)
{
	const JsonNode *list;

	if (value.json == NULL)
		return 0;
	list = list_of(value.json);
	return list == NULL ? 1 : JsonCount(list);
}

/* What a reference means: the node of that id, if the page has it */
static JsonldNode
dereference(const JsonldGraph *graph, JsonldNode value)
{
	const char *id = JsonKindOf(value.json) == JSON_OBJECT ? JsonldId(value) : NULL;
	const char *name;
	const JsonNode *member;
	void	   *cursor = NULL;
	int			count = 0;
	size_t		slot;

	if (id == NULL || graph->names == NULL)
		return value;

	/* {"@id": …}, perhaps with its type, and nothing else */
	while (count <= 2 && JsonNextMember(value.json, &cursor, &name, &member))
		count++;
	if (count > 2 || (count == 2 && JsonMember(value.json, "@type") == NULL &&
					  JsonMember(value.json, "type") == NULL))
		return value;
	slot = slot_of(graph->names, id, value.document);
	return graph->names->ids[slot] == NULL ? value : graph->names->nodes[slot];
}

JsonldNode
JsonldItem(const JsonldGraph *graph, JsonldNode value, int index)
{
	const JsonNode *list = list_of(value.json);

	if (list != NULL)
		value.json = JsonElementAt(list, index);
	else if (index > 0)
		value.json = NULL;
	return value.json == NULL ? nothing : dereference(graph, value);
}

JsonldNode
JsonldFirst(const JsonldGraph *graph, JsonldNode node, const char *name)
{
	JsonldNode	value = JsonldGet(node, name);
	int			count = JsonldCount(value);

	for (int i = 0; i < count; i++)
	{
		JsonldNode	item = JsonldItem(graph, value, i);

		if (item.json != NULL && JsonKindOf(item.json) != JSON_NULL)
			return item;
	}
	return nothing;
}

/* ---- texts ---- */

/* Text of one plain value */
static const char *
scalar_text(Arena *arena, const JsonNode *value, size_t *length)
{
	const char *text;

	if (JsonKindOf(value) == JSON_OBJECT)
		value = JsonMember(value, "@value");
	if (value == NULL)
		return NULL;
	switch (JsonKindOf(value))
	{
		case JSON_STRING:
			return JsonString(value, NULL, length);
		case JSON_INTEGER:
		case JSON_NUMBER:
			text = JsonToText(arena, value);
			*length = strlen(text);
			return text;
		default:
			return NULL;
	}
}

/* Do two language tags mean one language: "fr" and "fr-CA"? */
static bool
same_language(const char *tag, const char *wanted)
{
	size_t		length = strcspn(wanted, "-_");

	return strncmp(tag, wanted, length) == 0 &&
		(tag[length] == '\0' || tag[length] == '-' || tag[length] == '_');
}

/* {"fr": "…", "en": "…"}: the wanted one, else the first */
static const char *
language_map_text(const JsonldGraph *graph, const JsonNode *map, size_t *length)
{
	const char *result = NULL;
	const char *name;
	const JsonNode *value;
	void	   *cursor = NULL;

	while (JsonNextMember(map, &cursor, &name, &value))
	{
		size_t		own = 0;
		const char *text = JsonString(value, NULL, &own);
		bool		wanted = graph->language != NULL && same_language(name, graph->language);

		if (text == NULL || strlen(name) < 2 || strlen(name) > 5)
			return NULL;		/* no such map */
		if (result == NULL || wanted)
		{
			result = text;
			*length = own;
		}
		if (wanted)
			break;
	}
	return result;
}

const char *
JsonldText(const JsonldGraph *graph, Arena *arena, JsonldNode value, size_t *length)
{
	const char *result = NULL;
	int			count = JsonldCount(value);

	for (int i = 0; i < count; i++)
	{
		const JsonNode *item = JsonldItem(graph, value, i).json;
		size_t		own = 0;
		size_t		tag_length;
		const char *text = scalar_text(arena, item, &own);
		const char *tag = JsonString(JsonMember(item, "@language"), NULL, &tag_length);
		bool		wanted = tag != NULL && graph->language != NULL &&
			same_language(tag, graph->language);

		if (text == NULL && JsonKindOf(item) == JSON_OBJECT && JsonMember(item, "@id") == NULL &&
			JsonMember(item, "@type") == NULL)
			text = language_map_text(graph, item, &own);
		if (text != NULL && (result == NULL || wanted))
		{
			result = text;
			*length = own;
		}
		if (text != NULL && wanted)
			break;
	}
	return result;
}

const char *
JsonldLine(const JsonldGraph *graph, Arena *arena, JsonldNode node, const char *name)
{
	size_t		length = 0;
	const char *text = JsonldText(graph, arena, JsonldGet(node, name), &length);

	return TextLine(arena, text, length, true);
}

const char *
JsonldNameLine(const JsonldGraph *graph, Arena *arena, JsonldNode value)
{
	size_t		length = 0;
	const char *text = JsonldText(graph, arena, value, &length);

	if (text != NULL)
		return TextLine(arena, text, length, true);
	return JsonldLine(graph, arena, JsonldItem(graph, value, 0), "name");
}

const char *
JsonldWord(const JsonldGraph *graph, Arena *arena, JsonldNode value)
{
	size_t		length = 0;
	const char *text = JsonldText(graph, arena, value, &length);
	const char *word;

	if (text == NULL)
	{
		text = JsonldId(JsonldItem(graph, value, 0));
		length = text == NULL ? 0 : strlen(text);
	}
	text = TextLine(arena, text, length, true);
	if (text == NULL)
		return NULL;
	while ((word = strpbrk(text, "/#:")) != NULL && word[1] != '\0')
		text = word + 1;
	return text;
}

/* ---- types ---- */

/* The local name of a schema.org type, or NULL for another vocabulary's */
static const char *
local_type(const char *type)
{
	const char *at = strstr(type, "schema.org/");

	if (at != NULL)
		return at + strlen("schema.org/");
	if (strncmp(type, "schema:", 7) == 0)
		return type + 7;
	return strpbrk(type, ":/#") == NULL ? type : NULL;
}

/* One of a node's types, or NULL */
static const char *
type_at(JsonldNode node, int index)
{
	const JsonNode *types = JsonMember(node.json, "@type");
	size_t		length;
	const char *type;

	if (types == NULL)
		types = JsonMember(node.json, "type");
	if (types == NULL)
		return NULL;
	if (JsonKindOf(types) == JSON_ARRAY)
		types = JsonElementAt(types, index);
	else if (index > 0)
		return NULL;
	type = JsonString(types, NULL, &length);
	return type == NULL ? NULL : local_type(type);
}

/* Types that a node may have; more are not looked at */
#define MAX_TYPES 16

bool
JsonldIsA(JsonldNode node, const char *type)
{
	for (int i = 0; i < MAX_TYPES; i++)
	{
		const char *own = type_at(node, i);

		if (own != NULL && strcmp(own, type) == 0)
			return true;
	}
	return false;
}

/*
 * Is it an event one can go to?  Subtypes are Event's at schema.org, and what
 * else is named so; those that are publications or clicks are not.
 */
static bool
is_event_type(const char *type)
{
	static const char *const others[] = {
		"CourseInstance", "EventSeries", "Festival", "Hackathon", NULL
	};
	static const char *const no_events[] = {
		"BroadcastEvent", "DeliveryEvent", "OnDemandEvent", "PublicationEvent", NULL
	};
	size_t		length = strlen(type);

	for (int i = 0; others[i] != NULL; i++)
		if (strcmp(type, others[i]) == 0)
			return true;
	for (int i = 0; no_events[i] != NULL; i++)
		if (strcmp(type, no_events[i]) == 0)
			return false;
	return length >= 5 && length < 60 && strcmp(type + length - 5, "Event") == 0;
}

const char *
JsonldEventType(Arena *arena, JsonldNode node)
{
	const char *result = NULL;

	if (JsonKindOf(node.json) != JSON_OBJECT)
		return NULL;
	for (int i = 0; i < MAX_TYPES; i++)
	{
		const char *type = type_at(node, i);

		/* of ["Event", "MusicEvent"] the one that says more */
		if (type != NULL && is_event_type(type) &&
			(result == NULL || strcmp(result, "Event") == 0))
			result = type;
	}
	return result == NULL ? NULL : ArenaStrdup(arena, result);
}

/* ---- hashes ---- */

/* Hash of the nodes that a value refers to */
static uint64_t
hash_references(JsonldGraph *graph, JsonldNode value, int depth, int *left, uint64_t hash)
{
	const char *name;
	const JsonNode *member;
	void	   *cursor = NULL;
	int			count = JsonCount(value.json);
	JsonldNode	target;

	for (int i = 0; i < count && *left > 0; i++)
		hash = hash_references(graph, (JsonldNode) {JsonElementAt(value.json, i), value.document},
							   depth, left, hash);
	if (JsonKindOf(value.json) != JSON_OBJECT || depth == 0 || *left <= 0 || graph->hash_budget <= 0)
		return hash;
	target = dereference(graph, value);
	if (target.json != value.json)
	{
		const char *text = JsonToText(graph->arena, target.json);

		(*left)--;
		graph->hash_budget -= (int64_t) strlen(text);
		hash = HashString(text, hash);
		depth--;
		value = target;
	}
	while (*left > 0 && JsonNextMember(value.json, &cursor, &name, &member))
		if (JsonKindOf(member) == JSON_OBJECT || JsonKindOf(member) == JSON_ARRAY)
			hash = hash_references(graph, (JsonldNode) {member, value.document}, depth, left, hash);
	return hash;
}

uint64_t
JsonldHash(JsonldGraph *graph, JsonldNode value, uint64_t seed)
{
	int			left = HASH_NODES;

	if (value.json == NULL)
		return HashString(NULL, seed);
	seed = HashString(JsonToText(graph->arena, value.json), seed);
	return graph->names == NULL ? seed :
		hash_references(graph, value, HASH_DEPTH, &left, seed);
}
