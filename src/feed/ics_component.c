/*
 * src/feed/ics_component.c
 *
 * One component of a calendar: its content lines, and what libical reads in
 * them.
 *
 * libical's parser is sound on any input we know of, within bounds; much else
 * of libical is not.  The fence around it is this file, and nothing of the
 * feed room calls libical but IcsParse and ics_map.c, which takes the values
 * apart:
 *
 *	 - RRULE, RDATE and EXDATE never reach it: its iterator writes past an array
 *	   (FREQ=YEARLY;BYWEEKNO without BYDAY), can run for minutes without an
 *	   instance (FREQ=SECONDLY;BYMONTH=12), loses INTERVAL's phase, stays in
 *	   DTSTART's month, sorts wrongly and counts twice.  recurrence.h does it.
 *	 - VTIMEZONE never reaches it (FREQ=SECONDLY there takes 20 seconds at the
 *	   first conversion), nor does a TZID: it knows no Windows names, makes
 *	   unknown zones floating, caches zones for the life of the process, and has
 *	   gaps and repeated hours the wrong way round.  zone.h does it.
 *	 - Dates and durations never reach it: 30 February becomes 2 March.
 *	   ics_time.c does it.
 *	 - Overrides are our business as well: its series ignore RECURRENCE-ID.
 *	 - What reaches it is one VEVENT without inner components, made anew of the
 *	   lines that hold text, whose number, length and parameters are capped: a
 *	   line of 30 MB takes it 20 seconds, parameters past the hundredth vanish.
 *	   NUL would end the text; control characters are dropped.
 *	 - icalcomponent_normalize, clone and merge_component overflow the heap on
 *	   malformed input: not called.
 *	 - A failure may leave no error code: NULL alone is the error.
 *	 - Errors must not be fatal: abort() would take the whole server down.
 *	 - Its temporary strings are a ring: everything is copied at once.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <libical/ical.h>

#include "hash.h"
#include "feed/builder.h"
#include "utf8.h"

/* Caps of what libical is given */
#define PARSE_MAX_LINES 200
#define PARSE_MAX_VALUE (256 * 1024)
#define PARSE_MAX_PARAMS 1024

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

bool
IcsNameIs(const IcsLine *line, const char *name)
{
	return strlen(name) == line->name_length &&
		strncasecmp(line->name, name, line->name_length) == 0;
}

const IcsLine *
IcsFind(const IcsComponent *component, const char *name)
{
	for (int i = 0; i < component->nlines; i++)
		if (IcsNameIs(&component->lines[i], name))
			return &component->lines[i];
	return NULL;
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
	bool		utf8 = is_utf8(from, length, &valid);

	*utf8_length = length;
	if (valid)
		return bytes;
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

/* Undo folds, drop blank lines and control characters; returns the length */
static size_t
unfold(char *text, size_t length)
{
	char	   *out = text;

	for (size_t at = 0; at < length;)
	{
		const char *newline = memchr(text + at, '\n', length - at);
		size_t		end = newline != NULL ? (size_t) (newline - text) : length;
		size_t		next = end + 1;

		if (end > at && text[end - 1] == '\r')
			end--;
		if (end > at)
		{
			if (text[at] == ' ' || text[at] == '\t')
			{
				at++;
				if (out > text)
					out--;		/* over the newline of what it goes on */
			}
			for (; at < end; at++)
				if ((unsigned char) text[at] >= 0x20 || text[at] == '\t')
					*out++ = text[at];
			*out++ = '\n';
		}
		at = next;
	}
	return out - text;
}

/* Split the unfolded text, leaving out inner components unless wanted */
static IcsComponent *
split(const char *text, size_t length, bool inner, Arena *arena)
{
	IcsComponent *component = ArenaAlloc0(arena, sizeof(IcsComponent));
	IcsLine    *lines;
	int			nlines = 0;
	int			room = 0;
	int			depth = 0;

	for (const char *c = text; (c = memchr(c, '\n', text + length - c)) != NULL; c++)
		room++;
	if (room > MAX_LINES)
		room = MAX_LINES;
	component->lines = lines = ArenaAlloc(arena, sizeof(IcsLine) * (room + 1));
	for (size_t at = 0; at < length && nlines < room;)
	{
		const char *newline = memchr(text + at, '\n', length - at);
		size_t		end = newline != NULL ? (size_t) (newline - text) : length;
		IcsLine    *line = &lines[nlines];

		if (IcsSplitLine(text + at, end - at, line))
		{
			bool		begins = IcsNameIs(line, "BEGIN");
			/* What ends the component itself is its last line */
			bool		ends = IcsNameIs(line, "END") && (depth > 1 || end + 1 >= length);

			depth += begins;
			if (inner ? depth > 0 : depth == 1 && !begins && !IcsNameIs(line, "END"))
				nlines++;
			depth -= ends;
		}
		at = end + 1;
	}
	component->nlines = nlines;
	return component;
}

const IcsComponent *
IcsLoad(IcsPage *ics, uint32_t offset, uint32_t length, bool inner, Arena *arena,
		Problem *problem)
{
	char	   *text;

	if (length > ICS_MAX_COMPONENT)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the event is larger than %d MB",
				   ICS_MAX_COMPONENT / (1024 * 1024));
		return NULL;
	}
	text = ArenaAlloc(arena, length + 1);
	if (IcsRead(ics, offset, text, length) != (long) length)
	{
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "could not read a stored response");
		return NULL;
	}
	return split(text, unfold(text, length), inner, arena);
}

/* ---- hashing ---- */

/* Does the line have one of these names? */
static bool
is_one_of(const IcsLine *line, const char *const *names)
{
	for (; *names != NULL; names++)
		if (IcsNameIs(line, *names))
			return true;
	return false;
}

/* Does a line change from load to load, or for others' reasons? */
static bool
is_noise(const IcsLine *line, bool occurrence)
{
	static const char *const noise[] = {
		"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "TRANSP", "PRIORITY",
		"ATTENDEE", "REQUEST-STATUS", "ACKNOWLEDGED", NULL
	};
	static const char *const of_series[] = {
		"RRULE", "RDATE", "EXDATE", "EXRULE", NULL
	};

	if (line->name_length > 12 && strncasecmp(line->name, "X-MICROSOFT-", 12) == 0)
		return !IcsNameIs(line, "X-MICROSOFT-CDO-ALLDAYEVENT");
	if (line->name_length > 6 && strncasecmp(line->name, "X-MOZ-", 6) == 0)
		return true;
	return is_one_of(line, noise) || (occurrence && is_one_of(line, of_series));
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

/* ---- libical ---- */

void
IcsParserInit(void)
{
	icalerror_set_errors_are_fatal(false);
}

/* For ArenaOnReset */
static void
free_component(void *component)
{
	icalcomponent_free(component);
}

/* Append a line for libical, within its caps */
static void
add_line(TextBuilder *text, const IcsLine *line)
{
	size_t		length;
	const char *value = IcsUtf8(text->arena, line->value, line->value_length, &length);
	size_t		params_length;
	const char *params;

	/* a value cut at the cap must not end within a character or an escape */
	if (length > PARSE_MAX_VALUE)
	{
		length = PARSE_MAX_VALUE;
		while (length > 0 && Utf8IsTail((unsigned char) value[length]))
			length--;
		while (length > 0 && value[length - 1] == '\\')
			length--;
	}
	BuilderAdd(text, line->name, line->name_length);
	if (line->params_length > 0 && line->params_length <= PARSE_MAX_PARAMS)
	{
		params = IcsUtf8(text->arena, line->params, line->params_length, &params_length);
		BuilderAdd(text, ";", 1);
		BuilderAdd(text, params, params_length);
	}
	BuilderAdd(text, ":", 1);
	BuilderAdd(text, value, length);
	BuilderAdd(text, "\r\n", 2);
}

struct icalcomponent_impl *
IcsParse(const IcsComponent *component, Arena *arena, Problem *problem)
{
	static const char *const texts[] = {
		"SUMMARY", "DESCRIPTION", "X-ALT-DESC", "LOCATION", "GEO", "URL", "STATUS",
		"CATEGORIES", "ORGANIZER", "ATTACH", "IMAGE", NULL
	};
	TextBuilder text = {.arena = arena};
	icalcomponent *parsed;
	int			nlines = 0;

	BuilderAddText(&text, "BEGIN:VEVENT\r\n");
	for (int i = 0; i < component->nlines && nlines < PARSE_MAX_LINES; i++)
		if (is_one_of(&component->lines[i], texts))
		{
			add_line(&text, &component->lines[i]);
			nlines++;
		}
	BuilderAddText(&text, "END:VEVENT\r\n");
	icalerror_clear_errno();
	parsed = icalparser_parse_string(text.text);
	if (parsed == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the event cannot be read");
		return NULL;
	}
	ArenaOnReset(arena, free_component, parsed);
	return parsed;
}
