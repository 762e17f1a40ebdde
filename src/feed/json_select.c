/*
 * src/feed/json_select.c
 *
 * The copy is made in one walk over the object's blocks (json_block.h).  In
 * the objects that it descends into it stops at each bracket, colon and comma;
 * within any other value only at brackets.
 *
 * Pure C.
 */
#include "feed/json_select.h"

#include <string.h>

#include "feed/json_block.h"

#define MAX_LEVELS 8			/* as deep as tables of JsonWanted go */

/* What was seen last in the object that is walked over */
typedef enum Seen
{
	SEEN_OPENING,				/* { */
	SEEN_COMMA,
	SEEN_COLON,
	SEEN_OBJECT					/* the end of a member that was descended into */
} Seen;

typedef struct Selector
{
	const char *bytes;
	char	   *out;
	const JsonWanted *tables[MAX_LEVELS];	/* of the objects descended into */
	int			nlevels;
	int			depth;			/* brackets open; nlevels: in such an object */
	Seen		seen;
	bool		is_first;		/* no member was copied into the open object */

	/* the member whose value we are in; NULL: not wanted */
	const JsonWanted *member;
	size_t		name_at;		/* its opening quote */
} Selector;

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The wanted member of this name, or NULL */
static const JsonWanted *
find_wanted(const JsonWanted *table, const char *name, size_t length)
{
	for (; table->name != NULL; table++)
		if (table->length == length && memcmp(table->name, name, length) == 0)
			return table;
	return NULL;
}

/* A colon: the name before it tells whether its value is wanted */
static bool
take_colon(Selector *s, size_t at)
{
	const char *end = s->bytes + at;
	const char *start;

	if (s->seen != SEEN_OPENING && s->seen != SEEN_COMMA)
		return false;
	s->seen = SEEN_COLON;
	while (is_blank(end[-1]))	/* ends at the bracket or comma at the latest */
		end--;
	if (end[-1] != '"')
		return false;

	/* Back to the opening quote; an escaped one within makes another name */
	for (start = end - 2; start > s->bytes && *start != '"'; start--)
		;
	if (start <= s->bytes)
		return false;			/* its quotes are none: {\":1} */
	s->member = start[-1] == '\\' ? NULL :
		find_wanted(s->tables[s->nlevels - 1], start + 1, (size_t) (end - start) - 2);
	s->name_at = (size_t) (start - s->bytes);
	return true;
}

/* Copy bytes, after a comma if they aren't the object's first */
static void
copy_member(Selector *s, size_t from, size_t to)
{
	if (!s->is_first)
		*s->out++ = ',';
	s->is_first = false;
	memcpy(s->out, s->bytes + from, to - from);
	s->out += to - from;
}

/* The value ends before `at`: copy the member if it is wanted */
static void
end_member(Selector *s, size_t at)
{
	if (s->member != NULL)
		copy_member(s, s->name_at, at);
	s->member = NULL;
}

/* { or [: descend into it, or pass over it */
static bool
take_opening(Selector *s, size_t at)
{
	const JsonWanted *table = s->member == NULL ? NULL : s->member->members;

	if (s->depth > s->nlevels || table == NULL || s->bytes[at] == '[')
	{
		if (s->depth == s->nlevels && s->seen != SEEN_COLON)
			return false;
		s->depth++;
		return true;
	}
	if (s->nlevels == MAX_LEVELS)
		return false;
	copy_member(s, s->name_at, at + 1);
	s->member = NULL;
	s->tables[s->nlevels++] = table;
	s->depth++;
	s->seen = SEEN_OPENING;
	s->is_first = true;
	return true;
}

/* Is there nothing but blanks between the bracket before `at` and it? */
static bool
is_empty_object(const Selector *s, size_t at)
{
	while (is_blank(s->bytes[at - 1]))
		at--;
	return s->bytes[at - 1] == '{';
}

/* } or ] */
static bool
take_closing(Selector *s, size_t at)
{
	if (s->depth > s->nlevels)
	{
		s->depth--;
		return true;
	}
	if (s->bytes[at] != '}' || s->seen == SEEN_COMMA ||
		(s->seen == SEEN_OPENING && !is_empty_object(s, at)))
		return false;
	end_member(s, at);
	*s->out++ = '}';
	s->nlevels--;
	s->depth--;
	s->seen = SEEN_OBJECT;
	s->is_first = false;
	return true;
}

/* One mark of the object */
static bool
take_mark(Selector *s, size_t at)
{
	switch (s->bytes[at])
	{
		case ':':
			return take_colon(s, at);
		case ',':
			if (s->seen != SEEN_COLON && s->seen != SEEN_OBJECT)
				return false;
			s->seen = SEEN_COMMA;
			end_member(s, at);
			return true;
		case '{':
		case '[':
			return take_opening(s, at);
		default:
			return take_closing(s, at);
	}
}

/* Begin with the outermost object */
static void
begin(Selector *s, Arena *arena, const JsonWanted *wanted, const char *bytes, size_t length)
{
	memset(s, 0, sizeof(*s));
	s->bytes = bytes;
	s->out = ArenaAlloc(arena, length + 1);
	*s->out++ = '{';
	s->tables[0] = wanted;
	s->nlevels = s->depth = 1;
	s->is_first = true;
}

const char *
JsonSelect(Arena *arena, const JsonWanted *wanted, const char *bytes, size_t length, size_t *selected)
{
	Selector	s;
	JsonBlockCarry carry = {0};
	char	   *copy;

	if (length < 2 || bytes[0] != '{')
		return NULL;
	begin(&s, arena, wanted, bytes, length);
	copy = s.out - 1;
	for (size_t base = 0; base < length; base += JSON_BLOCK)
	{
		JsonBlock	block;
		uint64_t	left = base == 0 ? ~UINT64_C(1) : ~UINT64_C(0);
		uint64_t	marks;
		char		padded[JSON_BLOCK];

		load_block(bytes, length, base, padded, &carry, &block);
		while ((marks = left & (s.depth == s.nlevels ?
								block.bracket | block.colon | block.comma : block.bracket)) != 0)
		{
			int			bit = __builtin_ctzll(marks);

			left = bits_above(bit);
			if (!take_mark(&s, base + (size_t) bit))
				return NULL;
			if (s.depth > 0)
				continue;
			*selected = (size_t) (s.out - copy);
			return base + (size_t) bit + 1 == length ? copy : NULL;
		}
	}
	return NULL;
}
