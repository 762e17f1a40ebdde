/*
 * src/feed/json_read.c
 *
 * The one file that knows json-c.
 *
 * json-c (0.16) alone would let pass, or silently change, what a database must
 * not: a document cut short or followed by more, a NUL in a text, a surrogate
 * encoded as UTF-8, an integer of more than 64 bits.  These are dealt with here, on the bytes, before or
 * after it has read them.
 *
 * Pure C.
 */
#include "feed/json_read.h"

#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/text.h"
#include "utf8.h"

/* Digits that always fit an int64, and the largest that does */
#define SAFE_DIGITS		18
#define INT64_DIGITS	"9223372036854775807"

struct JsonReader
{
	json_tokener *tokener;
	bool		ascii_only;		/* the library takes no other character */
};

/* JsonNode is json_object under a name that clashes with nothing */
static inline struct json_object *
object_of(const JsonNode *node)
{
	return (struct json_object *) (uintptr_t) node;
}

static inline const JsonNode *
node_of(struct json_object *object)
{
	return (const JsonNode *) object;
}

/* ArenaOnReset callbacks */
static void
release_tokener_cb(void *tokener)
{
	json_tokener_free(tokener);
}

static void
release_object_cb(void *object)
{
	json_object_put(object);
}

/*
 * json-c 0.17 and 0.18, told to be strict, take every byte above 127 for a
 * control character (json-c issue 892).
 */
static bool
takes_utf8(json_tokener *tokener)
{
	static const char sample[] = "\"\xC3\xA9\"";
	struct json_object *object = json_tokener_parse_ex(tokener, sample, sizeof(sample) - 1);

	json_tokener_reset(tokener);
	if (object == NULL)
		return false;
	json_object_put(object);
	return true;
}

JsonReader *
JsonReaderCreate(Arena *arena)
{
	JsonReader *reader = ArenaAlloc(arena, sizeof(JsonReader));

	reader->tokener = json_tokener_new_ex(JSON_MAX_DEPTH);
	if (reader->tokener == NULL)
		ArenaOutOfMemory(sizeof(json_tokener *));

	/* UTF-8 is check_bytes()'s; the flag for it would check it a second time */
	json_tokener_set_flags(reader->tokener, JSON_TOKENER_STRICT);
	ArenaOnReset(arena, release_tokener_cb, reader->tokener);
	reader->ascii_only = !takes_utf8(reader->tokener);
	return reader;
}

/* Offset of an escaped U+0000, or length */
static size_t
find_escaped_nul(const char *bytes, size_t length)
{
	size_t		at = 0;

	for (;;)
	{
		const char *next = length > at ? memchr(bytes + at, '\\', length - at) : NULL;

		if (next == NULL)
			return length;
		at = (size_t) (next - bytes);
		if (length - at >= 6 && memcmp(next, "\\u0000", 6) == 0)
			return at;
		at += 2;				/* so that an escaped backslash begins nothing */
	}
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Is there a run of more than SAFE_DIGITS digits?  Such a run covers every
 * so-manieth byte, so only those need a look.
 */
static bool
has_long_number(const char *bytes, size_t length)
{
	for (size_t at = SAFE_DIGITS; at < length; at += SAFE_DIGITS + 1)
	{
		size_t		from = at;
		size_t		to = at;

		if (!is_digit(bytes[at]))
			continue;
		while (from > 0 && is_digit(bytes[from - 1]))
			from--;
		while (to < length && is_digit(bytes[to]))
			to++;
		if (to - from > SAFE_DIGITS)
			return true;
	}
	return false;
}

/* Is the number token an integer that int64 cannot hold? */
static bool
is_oversized(const char *token, size_t length)
{
	size_t		digits;

	if (*token == '-')
	{
		token++;
		length--;
	}
	for (digits = 0; digits < length && is_digit(token[digits]); digits++)
		;
	if (digits < length || digits <= SAFE_DIGITS || token[0] == '0')
		return false;
	return digits > sizeof(INT64_DIGITS) - 1 || memcmp(token, INT64_DIGITS, digits) > 0;
}

/* Copy with the integers that json-c would change put in quotes */
static const char *
quote_oversized(Arena *arena, const char *bytes, size_t *length)
{
	char	   *copy;
	char	   *out;
	bool		in_string = false;
	size_t		at = 0;

	/* Each costs two quotes, and has more than two characters */
	copy = out = ArenaAlloc(arena, *length * 2);
	while (at < *length)
	{
		size_t		token = 1;

		if (in_string && bytes[at] == '\\' && at + 1 < *length)
			token = 2;
		else if (bytes[at] == '"')
			in_string = !in_string;
		else if (!in_string && (is_digit(bytes[at]) || bytes[at] == '-'))
		{
			while (at + token < *length &&
				   (is_digit(bytes[at + token]) ||
					memchr(".eE+-", bytes[at + token], 5) != NULL))
				token++;
			if (is_oversized(bytes + at, token))
			{
				*out++ = '"';
				memcpy(out, bytes + at, token);
				out += token;
				*out++ = '"';
				at += token;
				continue;
			}
		}
		memcpy(out, bytes + at, token);
		out += token;
		at += token;
	}
	*length = (size_t) (out - copy);
	return copy;
}

/* Refuse bytes that PostgreSQL could not store, or json-c not take */
static bool
check_bytes(const char *bytes, size_t length, Problem *problem)
{
	size_t		invalid = TextInvalidAt(bytes, length);
	size_t		nul;

	if (invalid < length)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the JSON is not valid UTF-8 at byte %zu of %zu",
				   invalid, length);
		return false;
	}
	nul = find_escaped_nul(bytes, length);
	if (nul < length)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE,
				   "a text holds the character U+0000, at byte %zu", nul);
		ProblemDetail(problem, "PostgreSQL cannot store it.");
		return false;
	}
	if (length >= INT_MAX / 2)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "a JSON value of %zu bytes is too large", length);
		return false;
	}
	return true;
}

/*
 * The same JSON in ASCII: each other character, which can only stand in a
 * string, by its \\u escape.
 */
static const char *
escape_non_ascii(Arena *arena, const char *bytes, size_t *length)
{
	const unsigned char *in = (const unsigned char *) bytes;
	const unsigned char *end = in + *length;
	char	   *copy;
	char	   *out;
	size_t		nbytes = 0;

	for (const unsigned char *c = in; c < end; c++)
		nbytes += *c >= 0x80;
	if (nbytes == 0)
		return bytes;

	/* of two bytes become six characters, of four twelve */
	out = copy = ArenaAlloc(arena, *length + 2 * nbytes + 1);
	while (in < end)
	{
		int			n = Utf8Length(in, (size_t) (end - in));
		uint32_t	code = Utf8Decode(in, n);

		if (code < 0x80)
			*out++ = (char) code;
		else if (code < 0x10000)
			out += sprintf(out, "\\u%04x", code);
		else
			out += sprintf(out, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10),
						   0xDC00 + ((code - 0x10000) & 0x3FF));
		in += n;
	}
	*length = (size_t) (out - copy);
	return copy;
}

/* Have json-c build the tree */
static bool
build_tree(JsonReader *reader, Arena *arena, const char *bytes, size_t length,
		   const JsonNode **root, Problem *problem)
{
	struct json_object *object;
	enum json_tokener_error error;

	if (has_long_number(bytes, length))
		bytes = quote_oversized(arena, bytes, &length);
	if (reader->ascii_only)
		bytes = escape_non_ascii(arena, bytes, &length);

	json_tokener_reset(reader->tokener);
	object = json_tokener_parse_ex(reader->tokener, bytes, (int) length);
	error = json_tokener_get_error(reader->tokener);

	/* A bare number or word ends only with the input; all else is cut short */
	if (error == json_tokener_continue)
	{
		object = json_tokener_parse_ex(reader->tokener, "", 1);
		error = json_tokener_get_error(reader->tokener);
	}
	else if (error == json_tokener_success &&
			 json_tokener_get_parse_end(reader->tokener) < length)
	{
		json_object_put(object);
		error = json_tokener_error_parse_unexpected;
	}
	if (error != json_tokener_success)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "invalid JSON at byte %zu of %zu: %s",
				   json_tokener_get_parse_end(reader->tokener), length,
				   json_tokener_error_desc(error));
		return false;
	}
	if (object != NULL)
		ArenaOnReset(arena, release_object_cb, object);
	*root = node_of(object);
	return true;
}

bool
JsonRead(JsonReader *reader, Arena *arena, const char *bytes, size_t length,
		 const JsonNode **root, Problem *problem)
{
	*root = NULL;
	return check_bytes(bytes, length, problem) &&
		build_tree(reader, arena, bytes, length, root, problem);
}

bool
JsonReadSelected(JsonReader *reader, Arena *arena, const JsonWanted *wanted,
				 const char *bytes, size_t length,
				 const JsonNode **root, Problem *problem)
{
	const char *copy;
	size_t		copied;
	Problem		ignored;

	*root = NULL;
	if (!check_bytes(bytes, length, problem))
		return false;
	copy = JsonSelect(arena, wanted, bytes, length, &copied);

	/* What is wrong, and where, is told best by reading the whole */
	return (copy != NULL && build_tree(reader, arena, copy, copied, root, &ignored)) ||
		build_tree(reader, arena, bytes, length, root, problem);
}

JsonKind
JsonKindOf(const JsonNode *node)
{
	switch (json_object_get_type(object_of(node)))
	{
		case json_type_boolean:
			return JSON_BOOLEAN;
		case json_type_int:
			return JSON_INTEGER;
		case json_type_double:
			return JSON_NUMBER;
		case json_type_string:
			return JSON_STRING;
		case json_type_object:
			return JSON_OBJECT;
		case json_type_array:
			return JSON_ARRAY;
		default:
			return JSON_NULL;
	}
}

const char *
JsonKindName(JsonKind kind)
{
	static const char *const names[] = {
		[JSON_ABSENT] = "nothing",
		[JSON_NULL] = "null",
		[JSON_BOOLEAN] = "a boolean",
		[JSON_INTEGER] = "an integer",
		[JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string",
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
	};

	return names[kind];
}

/* Follow path; false where a member is missing on the way */
static bool
find_path(const JsonNode *node, const char *path, struct json_object **found)
{
	struct json_object *object = object_of(node);
	char		name[64];

	while (path != NULL)
	{
		const char *dot = strchr(path, '.');
		const char *key = path;

		if (dot != NULL)
		{
			if ((size_t) (dot - path) >= sizeof(name))
				return false;
			memcpy(name, path, (size_t) (dot - path));
			name[dot - path] = '\0';
			key = name;
		}
		if (!json_object_is_type(object, json_type_object) ||
			!json_object_object_get_ex(object, key, &object))
			return false;
		path = dot == NULL ? NULL : dot + 1;
	}
	*found = object;
	return true;
}

JsonKind
JsonKindAt(const JsonNode *node, const char *path)
{
	struct json_object *object;

	return find_path(node, path, &object) ? JsonKindOf(node_of(object)) : JSON_ABSENT;
}

const JsonNode *
JsonAt(const JsonNode *node, const char *path)
{
	struct json_object *object;

	return find_path(node, path, &object) ? node_of(object) : NULL;
}

const JsonNode *
JsonMember(const JsonNode *node, const char *name)
{
	struct json_object *object = object_of(node);

	if (!json_object_is_type(object, json_type_object) ||
		!json_object_object_get_ex(object, name, &object))
		return NULL;
	return node_of(object);
}

const char *
JsonString(const JsonNode *node, const char *path, size_t *length)
{
	struct json_object *object;

	if (!find_path(node, path, &object) || !json_object_is_type(object, json_type_string))
		return NULL;
	*length = (size_t) json_object_get_string_len(object);
	return json_object_get_string(object);
}

const char *
JsonId(Arena *arena, const JsonNode *node, const char *path)
{
	struct json_object *object;

	if (!find_path(node, path, &object))
		return NULL;
	if (json_object_is_type(object, json_type_string))
		return json_object_get_string_len(object) > 0 ? json_object_get_string(object) : NULL;
	if (json_object_is_type(object, json_type_int))
		return ArenaPrintf(arena, "%lld", (long long) json_object_get_int64(object));
	return NULL;
}

bool
JsonNumber(const JsonNode *node, const char *path, double *value)
{
	struct json_object *object;

	if (!find_path(node, path, &object) ||
		!(json_object_is_type(object, json_type_double) ||
		  json_object_is_type(object, json_type_int)))
		return false;
	*value = json_object_get_double(object);
	return isfinite(*value);
}

bool
JsonInteger(const JsonNode *node, const char *path, int64_t *value)
{
	struct json_object *object;
	double		number;

	if (!find_path(node, path, &object))
		return false;
	if (json_object_is_type(object, json_type_int))
	{
		*value = json_object_get_int64(object);
		return true;
	}

	/* Beyond 2^53 a double is no longer sure of its last digit */
	if (!JsonNumber(node, path, &number) || number != floor(number) || fabs(number) > 9e15)
		return false;
	*value = (int64_t) number;
	return true;
}

bool
JsonDecimal(const JsonNode *node, const char *path, double *value)
{
	size_t		length;
	const char *text = JsonString(node, path, &length);
	char	   *end;

	if (text == NULL)
		return JsonNumber(node, path, value);

	/* strtod alone would take blanks, hexadecimal, "inf" and "nan" */
	if (length == 0 || strspn(text, "+-.0123456789eE") != length)
		return false;
	*value = strtod(text, &end);
	return *end == '\0' && isfinite(*value);
}

Tristate
JsonBoolean(const JsonNode *node, const char *path)
{
	struct json_object *object;

	if (!find_path(node, path, &object) || !json_object_is_type(object, json_type_boolean))
		return TRI_UNKNOWN;
	return json_object_get_boolean(object) ? TRI_TRUE : TRI_FALSE;
}

int
JsonCount(const JsonNode *array)
{
	if (!json_object_is_type(object_of(array), json_type_array))
		return 0;
	return (int) json_object_array_length(object_of(array));
}

const JsonNode *
JsonElementAt(const JsonNode *array, int index)
{
	if (index < 0 || index >= JsonCount(array))
		return NULL;
	return node_of(json_object_array_get_idx(object_of(array), (size_t) index));
}

bool
JsonNextMember(const JsonNode *object, void **cursor, const char **name, const JsonNode **value)
{
	struct lh_entry *entry = *cursor;

	if (!json_object_is_type(object_of(object), json_type_object))
		return false;
	entry = entry == NULL ? json_object_get_object(object_of(object))->head : entry->next;
	if (entry == NULL)
		return false;
	*cursor = entry;
	*name = lh_entry_k(entry);
	*value = node_of(lh_entry_v(entry));
	return true;
}

const char *
JsonToText(Arena *arena, const JsonNode *node)
{
	const char *text = json_object_to_json_string_ext(object_of(node),
													  JSON_C_TO_STRING_PLAIN |
													  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text == NULL)
		ArenaOutOfMemory(1);
	return ArenaStrdup(arena, text);
}
