/*
 * src/feed/ics_component.c
 *
 * One component of a calendar: its content lines, unfolded, and their bytes as
 * UTF-8.
 *
 * A calendar in memory is not copied: lines point into it, but for those that
 * are folded or hold control characters, which are made anew.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "hash.h"
#include "feed/text.h"
#include "utf8.h"

/* Lines of one component that are looked at */
#define MAX_LINES 20000

/* ---- content lines ---- */

bool
IcsSplitLine(const char *text, size_t length, IcsLine *line)
{
	size_t		at = 0;
	bool		quoted = false;

	while (at < length && isspace((unsigned char) text[at]))
		at++;
	line->name = text + at;
	while (at < length && text[at] != ':' && text[at] != ';')
		at++;
	if (at == length || text + at == line->name)
		return false;
	line->name_length = (uint32_t) (text + at - line->name);
	while (line->name_length > 0 && line->name[line->name_length - 1] == ' ')
		line->name_length--;
	line->params = NULL;
	line->params_length = 0;
	if (text[at] == ';')
	{
		line->params = text + ++at;
		while (at < length && (quoted || text[at] != ':'))
			quoted ^= text[at++] == '"';
		if (at == length)
		{
			/* A quote that is never closed: the first colon will do */
			const char *colon = memchr(line->params, ':', text + length - line->params);

			if (colon == NULL)
				return false;
			at = colon - text;
		}
		line->params_length = (uint32_t) (text + at - line->params);
	}
	line->value = text + at + 1;
	line->value_length = (uint32_t) (length - at - 1);
	return true;
}

const IcsLine *
IcsFindNext(const IcsComponent *component, const IcsLine *after, const char *name)
{
	const IcsLine *end = component->lines + component->nlines;
	size_t		length = strlen(name);

	for (const IcsLine *line = after != NULL ? after + 1 : component->lines; line < end; line++)
		if (IcsNameIsOf(line, name, length))
			return line;
	return NULL;
}

const IcsLine *
IcsFind(const IcsComponent *component, const char *name)
{
	return IcsFindNext(component, NULL, name);
}

const char *
IcsTrimmed(const IcsLine *line, size_t *length)
{
	const char *value = line->value;
	size_t		left = line->value_length;

	while (left > 0 && isspace((unsigned char) *value))
		value++, left--;
	while (left > 0 && isspace((unsigned char) value[left - 1]))
		left--;
	*length = left;
	return value;
}

bool
IcsValueIs(const IcsLine *line, const char *word)
{
	size_t		length;
	const char *value;

	if (line == NULL)
		return false;
	value = IcsTrimmed(line, &length);
	return length == strlen(word) && strncasecmp(value, word, length) == 0;
}

const char *
IcsParam(const IcsLine *line, const char *name, size_t *length)
{
	const char *at = line->params;
	const char *end;
	size_t		name_length = strlen(name);

	if (at == NULL)
		return NULL;
	end = at + line->params_length;
	while (at < end)
	{
		const char *start = at;
		bool		quoted = false;

		while (at < end && (quoted || *at != ';'))
			quoted ^= *at++ == '"';
		if ((size_t) (at - start) > name_length && start[name_length] == '=' &&
			strncasecmp(start, name, name_length) == 0)
		{
			const char *value = start + name_length + 1;

			*length = at - value;
			if (*length >= 2 && value[0] == '"' && value[*length - 1] == '"')
			{
				value++;
				*length -= 2;
			}
			return value;
		}
		at++;
	}
	return NULL;
}

/* ---- encoding ---- */

/* What bytes 0x80 to 0x9F are in windows-1252; the others are Latin-1's */
static const uint16_t windows_1252[32] = {
	0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
	0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178
};

/*
 * Is the text UTF-8?  Strictly so, or with more good sequences than bad ones:
 * then it was UTF-8 that somebody cut through.
 */
static bool
is_utf8(const unsigned char *bytes, size_t length, bool *valid)
{
	size_t		ngood = 0,
				nbad = 0;

	for (size_t at = 0; at < length;)
	{
		int			size = Utf8Length(bytes + at, length - at);

		ngood += size > 1;
		nbad += size == 0;
		at += size == 0 ? 1 : size;
	}
	*valid = nbad == 0;
	return nbad == 0 || ngood > nbad;
}

const char *
IcsUtf8(Arena *arena, const char *bytes, size_t length, size_t *utf8_length)
{
	const unsigned char *from = (const unsigned char *) bytes;
	char	   *to;
	char	   *out;
	bool		valid;
	bool		utf8;

	*utf8_length = length;
	if (TextInvalidAt(bytes, length) == length)
		return bytes;
	utf8 = is_utf8(from, length, &valid);
	if (valid)
		return bytes;			/* but for a NUL */
	to = out = ArenaAlloc(arena, length * 3 + 1);
	for (size_t at = 0; at < length;)
	{
		int			size = utf8 ? Utf8Length(from + at, length - at) : from[at] < 0x80;

		if (size > 0)
		{
			memcpy(out, from + at, size);
			out += size;
			at += size;
		}
		else if (utf8)
			out += Utf8Encode(UTF8_REPLACEMENT, out), at++;
		else
		{
			unsigned char byte = from[at++];

			out += Utf8Encode(byte < 0xA0 ? windows_1252[byte - 0x80] : byte, out);
		}
	}
	*utf8_length = out - to;
	*out = '\0';
	return to;
}

/* ---- loading ---- */

/* The component's text, as it is cut into lines */
typedef struct Cutter
{
	const char *text;
	size_t		length;
	size_t		at;				/* of the next physical line that is not blank */
	Arena	   *arena;
} Cutter;

/* Where the physical line at `at` ends, before its CR; *next: where the next one begins */
static size_t
line_end(const Cutter *cutter, size_t at, size_t *next)
{
	const char *newline = memchr(cutter->text + at, '\n', cutter->length - at);
	size_t		end = newline != NULL ? (size_t) (newline - cutter->text) : cutter->length;

	*next = newline != NULL ? end + 1 : end;
	return end > at && cutter->text[end - 1] == '\r' ? end - 1 : end;
}

/* Pass over blank lines: they don't end a folded line, some publishers put them in between */
static void
skip_blank_lines(Cutter *cutter)
{
	size_t		next;

	while (cutter->at < cutter->length &&
		   (cutter->text[cutter->at] == '\n' || cutter->text[cutter->at] == '\r') &&
		   line_end(cutter, cutter->at, &next) == cutter->at)
		cutter->at = next;
}

/* Does what comes next go on with the line before it? */
static bool
goes_on(const Cutter *cutter)
{
	return cutter->at < cutter->length &&
		(cutter->text[cutter->at] == ' ' || cutter->text[cutter->at] == '\t');
}

/* Has the text a control character?  A tab is looked at more closely as well */
static bool
has_control(const char *text, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t		at = 0;

	for (; length - at >= 8; at += 8)
	{
		uint64_t	word;

		/* eight bytes at a time: has one of them a value below 0x20? */
		memcpy(&word, text + at, sizeof(word));
		if (((word - ones * 0x20) & ~word & ones * 0x80) != 0)
			return true;
	}
	for (; at < length; at++)
		if ((unsigned char) text[at] < 0x20)
			return true;
	return false;
}

/* Append a part of a line without its control characters */
static char *
add_clean(char *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char) text[i] >= 0x20 || text[i] == '\t')
			*out++ = text[i];
	return out;
}

/* The next content line; false: there is none */
static bool
next_line(Cutter *cutter, const char **line, size_t *length)
{
	size_t		start = cutter->at;
	size_t		next;
	size_t		end;
	size_t		room;
	size_t		last;
	char	   *whole;
	char	   *out;

	if (start >= cutter->length)
		return false;
	end = line_end(cutter, start, &next);
	cutter->at = next;
	skip_blank_lines(cutter);
	*line = cutter->text + start;
	*length = end - start;
	if (!goes_on(cutter) && !has_control(*line, *length))
		return true;

	/* Find its end, then put it together */
	for (room = *length, last = cutter->at; goes_on(cutter); skip_blank_lines(cutter))
	{
		room += line_end(cutter, cutter->at, &next) - cutter->at - 1;
		cutter->at = next;
	}
	whole = out = ArenaAlloc(cutter->arena, room + 1);
	out = add_clean(out, *line, *length);
	while (last < cutter->at)
	{
		end = line_end(cutter, last, &next);
		if (end > last)
			out = add_clean(out, cutter->text + last + 1, end - last - 1);
		last = next;
	}
	*line = whole;
	*length = out - whole;
	return true;
}

/* Split the text, leaving out inner components unless wanted */
static IcsComponent *
split(const char *text, size_t length, bool inner, Arena *arena)
{
	IcsComponent *component = ArenaAlloc0(arena, sizeof(IcsComponent));
	Cutter		cutter = {.text = text, .length = length, .arena = arena};
	IcsLine    *lines = NULL;
	int			nlines = 0;
	int			room = 0;
	int			depth = 0;
	const char *at;
	size_t		line_length;

	skip_blank_lines(&cutter);
	while (nlines < MAX_LINES && next_line(&cutter, &at, &line_length))
	{
		IcsLine    *line;
		bool		begins,
					ends;

		if (nlines == room)
		{
			IcsLine    *more = ArenaAlloc(arena, sizeof(IcsLine) * (room = room == 0 ? 32 : room * 2));

			if (nlines > 0)
				memcpy(more, lines, sizeof(IcsLine) * nlines);
			lines = more;
		}
		line = &lines[nlines];
		if (!IcsSplitLine(at, line_length, line))
			continue;
		begins = IcsNameIs(line, "BEGIN");
		ends = IcsNameIs(line, "END");
		depth += begins;
		if (inner ? depth > 0 : depth == 1 && !begins && !ends)
			nlines++;
		/* What ends the component itself is its last line */
		depth -= ends && (depth > 1 || cutter.at >= length);
	}
	component->lines = lines;
	component->nlines = nlines;
	return component;
}

const char *
IcsText(IcsPage *ics, uint32_t offset, uint32_t length, Arena *arena)
{
	char	   *text;

	if (ics->body.bytes != NULL)
		return length <= ics->body.size && offset <= ics->body.size - length ?
			ics->body.bytes + offset : NULL;
	text = ArenaAlloc(arena, (size_t) length + 1);
	return IcsRead(ics, offset, text, length) == (long) length ? text : NULL;
}

const IcsComponent *
IcsLoad(IcsPage *ics, uint32_t offset, uint32_t length, bool inner, Arena *arena,
		Problem *problem)
{
	const char *text;

	if (length > ICS_MAX_COMPONENT)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the event is larger than %d MB",
				   ICS_MAX_COMPONENT / (1024 * 1024));
		return NULL;
	}
	text = IcsText(ics, offset, length, arena);
	if (text == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "could not read a stored response");
		return NULL;
	}
	return split(text, length, inner, arena);
}

/* ---- hashing ---- */

typedef struct Name
{
	const char *text;
	size_t		length;
} Name;

#define NAME(text) {text, sizeof(text) - 1}

/* Does the line have one of these names? */
static bool
is_one_of(const IcsLine *line, const Name *names, int count)
{
	for (int i = 0; i < count; i++)
		if (IcsNameIsOf(line, names[i].text, names[i].length))
			return true;
	return false;
}

/* Does a line change from load to load, or for others' reasons? */
static bool
is_noise(const IcsLine *line, bool occurrence)
{
	static const Name noise[] = {
		NAME("DTSTAMP"), NAME("CREATED"), NAME("LAST-MODIFIED"), NAME("SEQUENCE"), NAME("TRANSP"),
		NAME("PRIORITY"), NAME("ATTENDEE"), NAME("REQUEST-STATUS"), NAME("ACKNOWLEDGED")
	};
	static const Name of_series[] = {
		NAME("RRULE"), NAME("RDATE"), NAME("EXDATE"), NAME("EXRULE")
	};

	if (line->name_length > 12 && strncasecmp(line->name, "X-MICROSOFT-", 12) == 0)
		return !IcsNameIs(line, "X-MICROSOFT-CDO-ALLDAYEVENT");
	if (line->name_length > 6 && strncasecmp(line->name, "X-MOZ-", 6) == 0)
		return true;
	return is_one_of(line, noise, sizeof(noise) / sizeof(noise[0])) ||
		(occurrence && is_one_of(line, of_series, sizeof(of_series) / sizeof(of_series[0])));
}

uint64_t
IcsHash(const IcsComponent *component, bool occurrence, uint64_t seed)
{
	for (int i = 0; i < component->nlines; i++)
	{
		const IcsLine *line = &component->lines[i];

		if (!is_noise(line, occurrence))
			seed = HashBytes(line->name, line->value + line->value_length - line->name, seed);
	}
	return seed;
}
