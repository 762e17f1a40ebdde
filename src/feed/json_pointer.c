/*
 * src/feed/json_pointer.c
 *
 * JSON Pointer.  Pure C.
 */
#include "feed/json_pointer.h"

#include <string.h>

/* A name with its escapes undone; NULL: "~" before anything but 0 and 1 */
static const char *
unescape(Arena *arena, const char *text, size_t length)
{
	char	   *name = ArenaAlloc(arena, length + 1);
	char	   *out = name;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '\0')
			return NULL;
		if (text[i] != '~')
		{
			*out++ = text[i];
			continue;
		}
		i++;
		if (i == length || (text[i] != '0' && text[i] != '1'))
			return NULL;
		*out++ = text[i] == '0' ? '~' : '/';
	}
	*out = '\0';
	return name;
}

const JsonPointer *
JsonPointerParse(Arena *arena, const char *text, size_t length)
{
	JsonPointer *pointer = ArenaAlloc0(arena, sizeof(JsonPointer));
	size_t		nslashes = 0;
	size_t		at = 0;

	for (size_t i = 0; i < length; i++)
		nslashes += text[i] == '/';
	pointer->text = ArenaStrndup(arena, text, length);
	pointer->names = ArenaAlloc(arena, sizeof(char *) * (nslashes + 1));
	while (at < length)
	{
		const char *end;
		const char *name;

		if (text[at++] != '/')
			return NULL;
		end = at < length ? memchr(text + at, '/', length - at) : NULL;
		if (end == NULL)
			end = text + length;
		name = unescape(arena, text + at, (size_t) (end - text) - at);
		if (name == NULL)
			return NULL;
		pointer->names[pointer->nnames++] = name;
		at = (size_t) (end - text);
	}
	return pointer;
}

/* An array's element by its index, "0" or digits that do not begin with 0 */
static const JsonNode *
find_element(const JsonNode *array, const char *name)
{
	size_t		length = strlen(name);
	int			index = 0;

	if (length == 0 || length > 7 || strspn(name, "0123456789") != length ||
		(name[0] == '0' && length > 1))
		return NULL;
	for (; *name != '\0'; name++)
		index = index * 10 + (*name - '0');
	return index < JsonCount(array) ? JsonElementAt(array, index) : NULL;
}

const JsonNode *
JsonPointerFind(const JsonPointer *pointer, const JsonNode *root)
{
	const JsonNode *node = root;

	for (int i = 0; i < pointer->nnames && node != NULL; i++)
		node = JsonKindOf(node) == JSON_ARRAY ? find_element(node, pointer->names[i]) :
			JsonMember(node, pointer->names[i]);
	return node;
}
