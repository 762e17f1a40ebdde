/*
 * src/feed/json_scan.c
 *
 * Two walkers take turns.  walk_outside() is a small push-down automaton of
 * the whole grammar, character by character; walk_element() runs through an
 * element in blocks, from one bracket to the next.  Neither recurses: what is
 * open is kept in an array of levels outside, in a word of bits inside.
 *
 * Pure C.
 */
#include "feed/json_scan.h"

#include <string.h>

#include "feed/json_block.h"
#include "feed/json_read.h"
#include "feed/text.h"

#define MAX_LEVELS		16		/* open brackets outside of elements */
#define MAX_PATH		128
#define NOWHERE			(-1)	/* length of a path that nothing matches: too
								 * long, or in an array */
#define BLOCK_ELEMENTS	64
#define EXCERPT			60

typedef struct JsonElementBlock
{
	struct JsonElementBlock *next;
	int			count;
	JsonElement elements[BLOCK_ELEMENTS];
} JsonElementBlock;

/* What may come next, outside */
typedef enum Expect
{
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,		/* after [ */
	EXPECT_KEY,
	EXPECT_KEY_OR_END,			/* after { */
	EXPECT_COLON,
	EXPECT_COMMA_OR_END,
	EXPECT_NOTHING				/* the document is complete */
} Expect;

/* An open bracket outside of elements */
typedef struct Level
{
	bool		is_array;
	bool		is_list;
	int			path_length;	/* of its own path */
	int			value;			/* it is this wanted value, or -1 */
	const char *start;
} Level;

typedef struct Scanner
{
	const JsonScanPlan *plan;
	JsonScan   *scan;
	Arena	   *arena;
	Problem    *problem;
	const char *bytes;
	size_t		length;

	/* outside */
	Expect		expect;
	int			nlevels;
	Level		levels[MAX_LEVELS];
	char		path[MAX_PATH]; /* of the value that is expected or open */
	int			path_length;
} Scanner;

/* Fail on a character outside */
static bool
fail_at(Scanner *s, size_t at, const char *expected)
{
	unsigned char c = (unsigned char) s->bytes[at];

	if (c > ' ' && c < 0x7F)
		ProblemSet(s->problem, ERROR_CLASS_PARSE,
				   "invalid JSON at byte %zu of %zu: \"%c\" where %s was expected",
				   at, s->length, c, expected);
	else
		ProblemSet(s->problem, ERROR_CLASS_PARSE,
				   "invalid JSON at byte %zu of %zu: byte 0x%02X where %s was expected",
				   at, s->length, c, expected);
	return false;
}

/* Fail for a document that ends too early */
static bool
fail_cut_short(Scanner *s, const char *where)
{
	ProblemSet(s->problem, ERROR_CLASS_PARSE,
			   "the JSON is cut short: it ends after %zu bytes within %s", s->length, where);
	ProblemDetail(s->problem, "%zu elements of the list are complete.", s->scan->nelements);
	return false;
}

/* Room for one more element, zeroed; NULL: too many, *problem set */
static JsonElement *
add_element(Scanner *s)
{
	JsonScan   *scan = s->scan;

	if (scan->nelements == JSON_SCAN_MAX_ELEMENTS)
	{
		ProblemSet(s->problem, ERROR_CLASS_PARSE,
				   "the list has more than %d elements", JSON_SCAN_MAX_ELEMENTS);
		return NULL;
	}
	if (scan->last == NULL || scan->last->count == BLOCK_ELEMENTS)
	{
		JsonElementBlock *block = ArenaAlloc(s->arena, sizeof(JsonElementBlock));

		block->next = NULL;
		block->count = 0;
		if (scan->last == NULL)
			scan->first = block;
		else
			scan->last->next = block;
		scan->last = block;
	}
	scan->nelements++;
	return memset(&scan->last->elements[scan->last->count++], 0, sizeof(JsonElement));
}

/* Note the first reason why an element is of no use */
static void
spoil_element(JsonElement *element, const char *reason, size_t at)
{
	if (element->problem != NULL && element->problem_at <= at)
		return;
	element->problem = reason;
	element->problem_at = at;
}

/* Note a bad byte, see JsonBlock */
static void
spoil_by_byte(Scanner *s, JsonElement *element, size_t at)
{
	spoil_element(element, (unsigned char) s->bytes[at] < 0x20 ?
				  "a control character in a text must be escaped" :
				  "not JSON: a single quote, NaN or Infinity outside of a text", at);
}

/*
 * Offset behind the string that begins at bytes[at], or 0 if it has no end or
 * holds a control character
 */
static size_t
string_end(const char *bytes, size_t length, size_t at)
{
	for (at++; at < length; at++)
	{
		if (bytes[at] == '"')
			return at + 1;
		if ((unsigned char) bytes[at] < 0x20)
			return 0;
		if (bytes[at] == '\\')
			at++;
	}
	return 0;
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Offset behind the number or word that begins at bytes[at] */
static size_t
scalar_end(const char *bytes, size_t length, size_t at)
{
	while (at < length && !is_blank(bytes[at]) && bytes[at] != '\0' &&
		   strchr(",:]}[{\"", bytes[at]) == NULL)
		at++;
	return at;
}

/* The value at or behind bytes[at]; of an object or array, its bracket */
static JsonExtent
extent_of_value(const char *bytes, size_t length, size_t at)
{
	JsonExtent	extent = {NULL, 0};
	size_t		end;

	while (at < length && is_blank(bytes[at]))
		at++;
	if (at >= length)
		return extent;
	extent.bytes = bytes + at;
	if (bytes[at] == '"')
	{
		end = string_end(bytes, length, at);
		extent.length = end == 0 ? 0 : end - at;
	}
	else if (bytes[at] == '{' || bytes[at] == '[')
		extent.length = 1;
	else
		extent.length = scalar_end(bytes, length, at) - at;
	return extent;
}

/* A colon in an element: does it follow a wanted name? */
static void
look_at_member(Scanner *s, JsonElement *element, size_t colon)
{
	const char *start = element->text.bytes;
	const char *end = s->bytes + colon;

	while (end > start && is_blank(end[-1]))
		end--;
	for (int i = 0; i < JSON_SCAN_MEMBERS && s->plan->members[i] != NULL; i++)
	{
		const char *name = s->plan->members[i];
		size_t		length = strlen(name);

		/* "name", whose first quote is not an escaped one within a name */
		if ((size_t) (end - start) > length + 2 && end[-1] == '"' &&
			end[-(ptrdiff_t) length - 2] == '"' && end[-(ptrdiff_t) length - 3] != '\\' &&
			memcmp(end - length - 1, name, length) == 0)
			element->members[i] = extent_of_value(s->bytes, s->length, colon + 1);
	}
}

/*
 * A bracket at `at` in an element at *depth opens or closes.  arrays: bit d
 * tells whether the bracket open at depth d is [.
 */
static inline bool
take_bracket(Scanner *s, JsonElement *element, size_t at, uint64_t *arrays, int *depth)
{
	char		c = s->bytes[at];

	if (c == '{' || c == '[')
	{
		if (*depth >= JSON_MAX_DEPTH)
			spoil_element(element, "nested too deep", at);
		else
			*arrays = (*arrays & ~(UINT64_C(1) << *depth)) | (uint64_t) (c == '[') << *depth;
		++*depth;
		return true;
	}
	--*depth;
	if (*depth < JSON_MAX_DEPTH && (c == ']') != (*arrays >> *depth & 1))
		return fail_at(s, at, c == ']' ? "\"}\"" : "\"]\"");
	return true;
}

/*
 * Walk over the element whose bracket is at *at, to behind its last one.
 * Blocks are counted from its beginning: what was before doesn't matter.
 */
static bool
walk_element(Scanner *s, JsonElement *element, size_t *at)
{
	size_t		start = *at;
	uint64_t	arrays = 0;
	int			depth = 0;
	JsonBlockCarry carry = {0};
	char		padded[JSON_BLOCK];

	element->text.bytes = s->bytes + start;
	if (s->bytes[start] == '[')
		spoil_element(element, "not an object", start);
	for (size_t base = start; base < s->length; base += JSON_BLOCK)
	{
		JsonBlock	block;
		uint64_t	left = ~UINT64_C(0);
		uint64_t	marks;

		load_block(s->bytes, s->length, base, padded, &carry, &block);

		/* Names matter in the element itself, not in what it holds */
		while ((marks = left & (depth == 1 ? block.bracket | block.colon : block.bracket)) != 0)
		{
			int			bit = __builtin_ctzll(marks);
			size_t		offset = base + (size_t) bit;

			left = bits_above(bit);
			if (s->bytes[offset] == ':')
				look_at_member(s, element, offset);
			else if (!take_bracket(s, element, offset, &arrays, &depth))
				return false;
			else if (depth == 0)
			{
				block.bad &= ~left;
				if (block.bad != 0)
					spoil_by_byte(s, element, base + (size_t) __builtin_ctzll(block.bad));
				element->text.length = offset + 1 - start;
				*at = offset + 1;
				return true;
			}
		}
		if (block.bad != 0)
			spoil_by_byte(s, element, base + (size_t) __builtin_ctzll(block.bad));
	}
	return fail_cut_short(s, carry.in_string ? "a text" : "a record");
}

/* Is text a JSON number? */
static bool
is_number(const char *text, size_t length)
{
	size_t		at = 0;
	size_t		first;

#define DIGITS() \
	for (first = at; at < length && text[at] >= '0' && text[at] <= '9'; at++) ;

	if (at < length && text[at] == '-')
		at++;
	DIGITS();
	if (at == first || (text[first] == '0' && at - first > 1))
		return false;
	if (at < length && text[at] == '.')
	{
		at++;
		DIGITS();
		if (at == first)
			return false;
	}
	if (at < length && (text[at] == 'e' || text[at] == 'E'))
	{
		at++;
		if (at < length && (text[at] == '+' || text[at] == '-'))
			at++;
		DIGITS();
		if (at == first)
			return false;
	}
#undef DIGITS
	return at == length;
}

/* Is text true, false, null or a number? */
static bool
is_scalar(const char *text, size_t length)
{
	return (length == 4 && (memcmp(text, "true", 4) == 0 || memcmp(text, "null", 4) == 0)) ||
		(length == 5 && memcmp(text, "false", 5) == 0) || is_number(text, length);
}

/* Make path that of a member of the open object */
static void
enter_member(Scanner *s, const char *name, size_t length)
{
	int			at = s->levels[s->nlevels - 1].path_length;

	if (at < 0 || (size_t) at + length + 1 > MAX_PATH)
	{
		s->path_length = NOWHERE;
		return;
	}
	if (at > 0)
		s->path[at++] = '.';
	memcpy(s->path + at, name, length);
	s->path_length = at + (int) length;
}

/* Is this the path of the expected value? */
static bool
path_is(const Scanner *s, const char *path)
{
	return s->path_length >= 0 && strlen(path) == (size_t) s->path_length &&
		memcmp(path, s->path, (size_t) s->path_length) == 0;
}

/* Index of the wanted value that the expected one is, or -1 */
static int
wanted_value(const Scanner *s)
{
	if (s->path_length <= 0)
		return -1;
	for (int i = 0; i < JSON_SCAN_VALUES && s->plan->values[i] != NULL; i++)
		if (path_is(s, s->plan->values[i]))
			return i;
	return -1;
}

/* What may follow a value that is complete */
static void
value_done(Scanner *s)
{
	if (s->nlevels == 0)
	{
		s->expect = EXPECT_NOTHING;
		return;
	}
	s->expect = EXPECT_COMMA_OR_END;
	s->path_length = s->levels[s->nlevels - 1].path_length;
}

/* A bracket opens, outside */
static bool
open_bracket(Scanner *s, size_t at)
{
	bool		is_array = s->bytes[at] == '[';
	Level	   *level;

	if (s->nlevels == MAX_LEVELS)
	{
		ProblemSet(s->problem, ERROR_CLASS_PARSE,
				   "JSON is nested too deep at byte %zu", at);
		return false;
	}
	level = &s->levels[s->nlevels];
	level->is_array = is_array;
	level->is_list = is_array &&
		(s->nlevels == 0 ? s->plan->bare_list || s->plan->list[0] == '\0' :
		 s->plan->list[0] != '\0' && path_is(s, s->plan->list));
	level->value = wanted_value(s);
	level->start = s->bytes + at;
	if (s->nlevels == 0)
		s->scan->document.bytes = level->start;
	s->nlevels++;
	if (level->is_list)
		s->scan->has_list = true;

	if (is_array)
		s->path_length = NOWHERE;
	level->path_length = s->path_length;
	s->expect = is_array ? EXPECT_VALUE_OR_END : EXPECT_KEY_OR_END;
	return true;
}

/* A bracket closes, outside */
static bool
close_bracket(Scanner *s, size_t at)
{
	Level	   *level = s->nlevels > 0 ? &s->levels[s->nlevels - 1] : NULL;
	bool		may_close = s->expect == EXPECT_COMMA_OR_END ||
		s->expect == EXPECT_VALUE_OR_END || s->expect == EXPECT_KEY_OR_END;
	JsonExtent	extent;

	if (level == NULL || !may_close || level->is_array != (s->bytes[at] == ']'))
		return fail_at(s, at, level == NULL ? "an object or array" :
					   !may_close ? "a value" : level->is_array ? "\"]\"" : "\"}\"");
	extent.bytes = level->start;
	extent.length = (size_t) (s->bytes + at + 1 - level->start);
	if (level->value >= 0)
		s->scan->values[level->value] = extent;
	s->nlevels--;
	if (s->nlevels == 0)
		s->scan->document = extent;
	value_done(s);
	return true;
}

/* A value that is no object or array, from `at` to `end` */
static bool
take_scalar(Scanner *s, size_t at, size_t end)
{
	JsonExtent	extent = {s->bytes + at, end - at};
	int			wanted;

	if (s->expect != EXPECT_VALUE && s->expect != EXPECT_VALUE_OR_END)
		return fail_at(s, at, s->expect == EXPECT_COMMA_OR_END ? "a comma or closing bracket" :
					   s->expect == EXPECT_COLON ? "a colon" :
					   s->expect == EXPECT_NOTHING ? "the end" : "a name in quotes");
	if (s->nlevels == 0 || (s->bytes[at] != '"' && !is_scalar(extent.bytes, extent.length)))
		return fail_at(s, at, s->nlevels == 0 ? "an object or array" : "a value");
	if (s->levels[s->nlevels - 1].is_list)
	{
		JsonElement *element = add_element(s);

		if (element == NULL)
			return false;
		element->text = extent;
		spoil_element(element, "not an object", at);
	}
	wanted = wanted_value(s);
	if (wanted >= 0)
		s->scan->values[wanted] = extent;
	value_done(s);
	return true;
}

/* A string begins at *at: a name or a value */
static bool
take_string(Scanner *s, size_t *at)
{
	size_t		start = *at;
	size_t		end = string_end(s->bytes, s->length, start);

	if (end == 0)
	{
		for (end = start; end < s->length; end++)
			if ((unsigned char) s->bytes[end] < 0x20)
				return fail_at(s, end, "an escape");
		return fail_cut_short(s, "a text");
	}
	*at = end;
	if (s->expect != EXPECT_KEY && s->expect != EXPECT_KEY_OR_END)
		return take_scalar(s, start, end);
	enter_member(s, s->bytes + start + 1, end - start - 2);
	s->expect = EXPECT_COLON;
	return true;
}

/* A comma or colon, outside */
static bool
take_separator(Scanner *s, size_t at)
{
	if (s->bytes[at] == ':' && s->expect == EXPECT_COLON)
		s->expect = EXPECT_VALUE;
	else if (s->bytes[at] == ',' && s->expect == EXPECT_COMMA_OR_END)
		s->expect = s->levels[s->nlevels - 1].is_array ? EXPECT_VALUE : EXPECT_KEY;
	else
		return fail_at(s, at, s->expect == EXPECT_COLON ? "a colon" :
					   s->expect == EXPECT_NOTHING ? "the end" :
					   s->expect == EXPECT_COMMA_OR_END ? "a comma or closing bracket" :
					   s->expect == EXPECT_KEY || s->expect == EXPECT_KEY_OR_END ?
					   "a name in quotes" : "a value");
	return true;
}

/* An opening bracket at *at, of an element or outside */
static bool
take_opening(Scanner *s, size_t *at)
{
	JsonElement *element;

	if (s->expect != EXPECT_VALUE && s->expect != EXPECT_VALUE_OR_END)
		return take_scalar(s, *at, *at + 1);	/* which says why not */
	if (s->nlevels == 0 || !s->levels[s->nlevels - 1].is_list)
		return open_bracket(s, (*at)++);
	element = add_element(s);
	if (element == NULL || !walk_element(s, element, at))
		return false;
	value_done(s);
	return true;
}

/* Walk over the document; elements are walked over by walk_element() */
static bool
walk_outside(Scanner *s, size_t at)
{
	bool		fine = true;

	while (fine && at < s->length)
	{
		char		c = s->bytes[at];
		size_t		start = at;

		if (is_blank(c))
			at++;
		else if (c == '{' || c == '[')
			fine = take_opening(s, &at);
		else if (c == '}' || c == ']')
			fine = close_bracket(s, at++);
		else if (c == '"')
			fine = take_string(s, &at);
		else if (c == ',' || c == ':')
			fine = take_separator(s, at++);
		else
		{
			at = scalar_end(s->bytes, s->length, start);
			fine = take_scalar(s, start, at);
		}
	}
	if (fine && s->expect != EXPECT_NOTHING)
		return fail_cut_short(s, s->levels[s->nlevels - 1].is_list ? "the list" :
							  "an object or array");
	return fine;
}

/* Fail for what isn't JSON from its first byte on */
static bool
fail_no_json(Scanner *s, size_t at)
{
	const char *start = s->bytes + at;
	size_t		length = s->length - at;
	const char *excerpt = TextLine(s->arena, start, length < EXCERPT ? length : EXCERPT, false);

	if (excerpt == NULL)
		ProblemSet(s->problem, ERROR_CLASS_PARSE, "the response is empty");
	else
	{
		ProblemSet(s->problem, ERROR_CLASS_PARSE, "the response is not JSON");
		ProblemDetail(s->problem, "It begins with: %s", excerpt);
	}
	return false;
}

bool
JsonScanDocument(Arena *arena, const JsonScanPlan *plan, const char *bytes, size_t length,
				 JsonScan *scan, Problem *problem)
{
	Scanner		s = {0};
	size_t		start = 0;

	memset(scan, 0, sizeof(*scan));
	s.plan = plan;
	s.scan = scan;
	s.arena = arena;
	s.problem = problem;
	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		start = 3;				/* a byte order mark says nothing here */
	s.bytes = bytes;
	s.length = length;
	while (start < length && is_blank(bytes[start]))
		start++;
	if (start == length || (bytes[start] != '{' && bytes[start] != '['))
		return fail_no_json(&s, start);
	return walk_outside(&s, start);
}

const JsonElement *
JsonScanNext(const JsonScan *scan, JsonScanCursor *cursor)
{
	if (cursor->block == NULL)
		cursor->block = scan->first;
	else if (cursor->index == cursor->block->count && cursor->block->next != NULL)
	{
		cursor->block = cursor->block->next;
		cursor->index = 0;
	}
	if (cursor->block == NULL || cursor->index == cursor->block->count)
		return NULL;
	return &cursor->block->elements[cursor->index++];
}
