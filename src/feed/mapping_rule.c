/*
 * src/feed/mapping_rule.c
 *
 * The rules of a mapping: read from the configuration with every mistake
 * named, and followed in a record.  Pure C.
 */
#include "feed/mapping_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "feed/builder.h"

#define MAX_TEMPLATE 16			/* pointers in one */

/* ---- values ---- */

static bool
is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (strchr(" \t\r\n\f\v", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

Value
ValueOfText(const char *text, size_t length)
{
	Value		value = {VALUE_NONE};

	if (text == NULL || is_blank(text, length))
		return value;
	value.kind = VALUE_TEXT;
	value.text = text;
	value.length = length;
	return value;
}

/* Is it one of the words that mean nothing? */
static bool
is_missing(const MappingRun *run, const char *text)
{
	for (const char *const *word = run->missing; word != NULL && *word != NULL; word++)
		if (strcmp(*word, text) == 0)
			return true;
	return false;
}

Value
ValueOf(const MappingRun *run, const JsonNode *node)
{
	Value		value = {VALUE_NONE};
	size_t		length = 0;
	const char *text;
	Value	   *items;

	switch (JsonKindOf(node))
	{
		case JSON_STRING:
			text = JsonString(node, NULL, &length);
			return is_missing(run, text) ? value : ValueOfText(text, length);
		case JSON_BOOLEAN:
		case JSON_INTEGER:
		case JSON_NUMBER:
			text = JsonToText(run->arena, node);
			value = ValueOfText(text, strlen(text));
			value.object = node;
			return value;
		case JSON_OBJECT:
			value.kind = VALUE_OBJECT;
			value.object = node;
			return value;
		case JSON_ARRAY:
			items = ArenaAlloc(run->arena, sizeof(Value) * (size_t) (JsonCount(node) + 1));
			for (int i = 0; i < JsonCount(node); i++)
			{
				items[value.nitems] = ValueOf(run, JsonElementAt(node, i));
				value.nitems += items[value.nitems].kind != VALUE_NONE;
			}
			value.items = items;
			value.kind = value.nitems > 0 ? VALUE_LIST : VALUE_NONE;
			return value;
		default:
			return value;
	}
}

/* ---- reading rules ---- */

void
RuleComplain(const RuleCheck *check, const char *path, const char *format, ...)
{
	char		text[2000];
	va_list		args;

	if (check->complain == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->complain(check->arg, path, text);
}

const JsonPointer *
RulePointer(const RuleCheck *check, const char *path, const JsonNode *node)
{
	size_t		length = 0;
	const char *text = JsonString(node, NULL, &length);
	const JsonPointer *pointer = text == NULL ? NULL : JsonPointerParse(check->arena, text, length);

	if (pointer == NULL)
		RuleComplain(check, path, "expected a JSON Pointer, such as \"/venue/name\"");
	return pointer;
}

/* "pointers" or "all": a list of pointers */
static bool
compile_pointers(const RuleCheck *check, const char *path, const JsonNode *node, Rule *rule)
{
	int			count = JsonCount(node);

	if (count == 0)
	{
		RuleComplain(check, path, "expected a list of JSON Pointers, such as [\"/title\", \"/name\"]");
		return false;
	}
	rule->pointers = ArenaAlloc(check->arena, sizeof(JsonPointer *) * (size_t) count);
	for (int i = 0; i < count; i++)
	{
		rule->pointers[rule->npointers] = RulePointer(check, path, JsonElementAt(node, i));
		if (rule->pointers[rule->npointers++] == NULL)
			return false;
	}
	return true;
}

/* "template": text with {/pointer} in it */
static bool
compile_template(const RuleCheck *check, const char *path, const JsonNode *node, Rule *rule)
{
	size_t		length = 0;
	const char *text = JsonString(node, NULL, &length);
	const char *open;

	rule->pointers = ArenaAlloc(check->arena, sizeof(JsonPointer *) * MAX_TEMPLATE);
	rule->pieces = ArenaAlloc(check->arena, sizeof(char *) * (MAX_TEMPLATE + 1));
	while (text != NULL && (open = strstr(text, "{/")) != NULL)
	{
		const char *close = strchr(open, '}');
		const JsonPointer *pointer = close == NULL || rule->npointers == MAX_TEMPLATE ? NULL :
			JsonPointerParse(check->arena, open + 1, (size_t) (close - open) - 1);

		if (pointer == NULL)
			break;
		rule->pieces[rule->npointers] = ArenaStrndup(check->arena, text, (size_t) (open - text));
		rule->pointers[rule->npointers++] = pointer;
		text = close + 1;
	}
	if (text == NULL || rule->npointers == 0 || strstr(text, "{/") != NULL)
	{
		RuleComplain(check, path, "expected a text with 1 to %d JSON Pointers in braces, "
					 "such as \"https://example.org/{/id}\"", MAX_TEMPLATE);
		return false;
	}
	rule->pieces[rule->npointers] = ArenaStrdup(check->arena, text);
	return true;
}

/* "transform" or "transforms" */
static bool
compile_transforms(const RuleCheck *check, const char *path, const JsonNode *node, bool several, Rule *rule)
{
	int			count = several ? JsonCount(node) : 1;
	bool		fine = true;

	if (count == 0)
	{
		RuleComplain(check, path, "expected a list of transforms, such as [\"trim\", \"lower\"]");
		return false;
	}
	rule->transforms = ArenaAlloc0(check->arena, sizeof(Transform) * (size_t) count);
	for (int i = 0; i < count; i++)
		fine &= TransformCompile(check, several ? ArenaPrintf(check->arena, "%s.%d", path, i) : path,
								 several ? JsonElementAt(node, i) : node, &rule->transforms[i]);
	rule->ntransforms = count;
	return fine;
}

/* One member of a rule's object; *nsources counts those that are sources */
static bool
compile_member(const RuleCheck *check, const char *path, const char *name, const JsonNode *node,
			   Rule *rule, int *nsources)
{
	bool		is_source = strcmp(name, "pointer") == 0 || strcmp(name, "pointers") == 0 ||
		strcmp(name, "all") == 0 || strcmp(name, "template") == 0 || strcmp(name, "value") == 0;

	if (is_source && ++*nsources > 1)
		return true;			/* complained of by the caller */
	if (strcmp(name, "pointer") == 0)
	{
		rule->pointers = ArenaAlloc(check->arena, sizeof(JsonPointer *));
		rule->pointers[0] = RulePointer(check, path, node);
		rule->npointers = 1;
		return rule->pointers[0] != NULL;
	}
	if (strcmp(name, "pointers") == 0)
		return compile_pointers(check, path, node, rule);
	if (strcmp(name, "all") == 0)
	{
		rule->source = SOURCE_ALL;
		return compile_pointers(check, path, node, rule);
	}
	if (strcmp(name, "template") == 0)
	{
		rule->source = SOURCE_TEMPLATE;
		return compile_template(check, path, node, rule);
	}
	if (strcmp(name, "value") == 0)
	{
		rule->source = SOURCE_VALUE;
		rule->constant = node;
		return true;
	}
	if (strcmp(name, "default") == 0)
	{
		rule->fallback = node;
		return true;
	}
	if (strcmp(name, "transform") == 0 || strcmp(name, "transforms") == 0)
		return compile_transforms(check, path, node, strcmp(name, "transforms") == 0, rule);
	if (strcmp(name, "inclusive") == 0)
	{
		rule->inclusive = JsonBoolean(node, NULL) == TRI_TRUE;
		if (JsonKindOf(node) == JSON_BOOLEAN)
			return true;
		RuleComplain(check, path, "expected true or false");
		return false;
	}
	RuleComplain(check, path, "unknown; known here are pointer, pointers, all, template, value, "
				 "transform, transforms, default, inclusive");
	return false;
}

bool
RuleCompile(const RuleCheck *check, const char *path, const JsonNode *node, Rule *rule)
{
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *member;
	int			nsources = 0;
	bool		fine = true;

	memset(rule, 0, sizeof(*rule));
	if (JsonKindOf(node) == JSON_STRING)
		return compile_member(check, path, "pointer", node, rule, &nsources);
	if (JsonKindOf(node) != JSON_OBJECT)
	{
		RuleComplain(check, path, "expected a JSON Pointer, such as \"/name\", or an object "
					 "with pointer, pointers, all, template or value");
		return false;
	}
	while (JsonNextMember(node, &cursor, &name, &member))
		fine &= compile_member(check, ArenaPrintf(check->arena, "%s.%s", path, name), name, member,
							   rule, &nsources);
	if (nsources != 1)
	{
		RuleComplain(check, path, "expected exactly one of pointer, pointers, all, template, value");
		return false;
	}
	return fine;
}

/* ---- following rules ---- */

/* A value as a piece of text; NULL: an object or list, which has none */
static const char *
text_of(const Value *value)
{
	return value->kind == VALUE_TEXT ? value->text : NULL;
}

/* Put a template's text together; absent if a part of it is */
static bool
fill_template(MappingRun *run, const Rule *rule, Value *value)
{
	TextBuilder text = {run->arena, NULL, 0, 0};

	*value = (Value) {VALUE_NONE};
	BuilderAddText(&text, rule->pieces[0]);
	for (int i = 0; i < rule->npointers; i++)
	{
		Value		part = ValueOf(run, JsonPointerFind(rule->pointers[i], run->record));

		if (part.kind == VALUE_NONE)
			return true;
		if (text_of(&part) == NULL)
		{
			MappingRefuse(run, ERROR_CLASS_MAPPING, "a text in its template", &part);
			return false;
		}
		BuilderAddText(&text, text_of(&part));
		BuilderAddText(&text, rule->pieces[i + 1]);
	}
	*value = ValueOfText(text.text, text.length);
	return true;
}

/* The list of what all pointers find */
static Value
find_all(MappingRun *run, const Rule *rule)
{
	Value		list = {VALUE_NONE};
	Value	   *items = ArenaAlloc(run->arena, sizeof(Value) * (size_t) (rule->npointers + 1));

	for (int i = 0; i < rule->npointers; i++)
	{
		items[list.nitems] = ValueOf(run, JsonPointerFind(rule->pointers[i], run->record));
		list.nitems += items[list.nitems].kind != VALUE_NONE;
	}
	list.items = items;
	list.kind = list.nitems > 0 ? VALUE_LIST : VALUE_NONE;
	return list;
}

bool
RuleFollow(MappingRun *run, const Rule *rule, Value *value)
{
	*value = (Value) {VALUE_NONE};
	if (rule == NULL)
		return true;
	if (rule->source == SOURCE_TEMPLATE)
	{
		if (!fill_template(run, rule, value))
			return false;
	}
	else if (rule->source == SOURCE_ALL)
		*value = find_all(run, rule);
	else if (rule->source == SOURCE_VALUE)
		*value = ValueOf(run, rule->constant);
	else
		for (int i = 0; i < rule->npointers && value->kind == VALUE_NONE; i++)
			*value = ValueOf(run, JsonPointerFind(rule->pointers[i], run->record));

	for (int i = 0; i < rule->ntransforms && value->kind != VALUE_NONE; i++)
		if (!TransformDo(run, &rule->transforms[i], value))
			return false;
	if (value->kind == VALUE_NONE && rule->fallback != NULL)
		*value = ValueOf(run, rule->fallback);
	return true;
}
