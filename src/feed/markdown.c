/*
 * src/feed/markdown.c
 *
 * See markdown.h.  Not a parser of CommonMark: a description's words matter,
 * not its layout, so only what would stand between them is taken away.  One
 * line at a time, with bounded looking ahead.
 *
 * Pure C.
 */
#include "feed/markdown.h"

#include <stdbool.h>
#include <string.h>

#include "feed/text.h"

/* A link's text and address are looked for within so many bytes */
#define MAX_LINK 2000

typedef struct Line
{
	const char *text;
	size_t		length;
	size_t		at;
	const char *open[2];		/* where marks of one and two signs opened */
	char	   *out;
} Line;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_punctuation(char c)
{
	return c != '\0' && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) != NULL;
}

/* The byte at an offset; a blank outside of the line */
static char
byte_at(const Line *line, size_t at)
{
	return at < line->length ? line->text[at] : ' ';
}

/* Where `c` stands from `at` on, not escaped; or the line's length */
static size_t
find(const Line *line, size_t at, char c)
{
	size_t		end = line->length - at > MAX_LINK ? at + MAX_LINK : line->length;

	for (; at < end; at++)
	{
		if (line->text[at] == '\\')
			at++;
		else if (line->text[at] == c)
			return at;
	}
	return line->length;
}

static void
copy(Line *line, size_t from, size_t to)
{
	memcpy(line->out, line->text + from, to - from);
	line->out += to - from;
}

/* "[text](url)" or "![text](url)" at line->at: taken, or false */
static bool
take_link(Line *line)
{
	bool		is_image = line->text[line->at] == '!';
	size_t		text = line->at + is_image + 1;
	size_t		close;
	size_t		url;
	size_t		end;

	if (byte_at(line, line->at + is_image) != '[')
		return false;
	close = find(line, text, ']');
	if (close == line->length || byte_at(line, close + 1) != '(')
		return false;
	url = close + 2;
	end = find(line, url, ')');
	if (end == line->length)
		return false;
	copy(line, text, close);
	if (!is_image && end > url &&
		!(close - text == end - url && memcmp(line->text + text, line->text + url, end - url) == 0))
	{
		if (close > text)
		{
			memcpy(line->out, " (", 2);
			line->out += 2;
		}
		copy(line, url, end);
		if (close > text)
			*line->out++ = ')';
	}
	line->at = end + 1;
	return true;
}

/* Does the mark of so many signs close within the line? */
static bool
closes(const Line *line, size_t at, char sign, size_t width)
{
	for (; at + width <= line->length; at++)
	{
		bool		whole = line->text[at] == sign && (width == 1 || line->text[at + 1] == sign);

		if (line->text[at] == '\\')
			at++;
		else if (whole && !is_blank(byte_at(line, at - 1)) &&
				 (sign != '_' || is_blank(byte_at(line, at + width)) ||
				  is_punctuation(byte_at(line, at + width))))
			return true;
	}
	return false;
}

/* "*", "**", "_" or "__" at line->at: taken away if it is a mark */
static bool
take_mark(Line *line)
{
	char		sign = line->text[line->at];
	size_t		width = byte_at(line, line->at + 1) == sign ? 2 : 1;
	char		before = line->at == 0 ? ' ' : line->text[line->at - 1];
	char		after = byte_at(line, line->at + width);
	const char **open = &line->open[width - 1];

	if (*open != NULL && **open == sign && !is_blank(before))
		*open = NULL;
	else if (*open == NULL && !is_blank(after) && (is_blank(before) || is_punctuation(before)) &&
			 closes(line, line->at + width + 1, sign, width))
		*open = line->text + line->at;
	else
	{
		copy(line, line->at, line->at + width);
		line->at += width;
		return true;
	}
	line->at += width;
	return true;
}

/* "## " at the line's begin */
static void
skip_heading(Line *line)
{
	size_t		at = 0;

	while (at < line->length && line->text[at] == '#')
		at++;
	if (at > 0 && at <= 6 && is_blank(byte_at(line, at)) && at < line->length)
		line->at = at + 1;
}

static void
convert(Line *line)
{
	skip_heading(line);
	while (line->at < line->length)
	{
		char		c = line->text[line->at];

		if (c == '\\' && is_punctuation(byte_at(line, line->at + 1)))
		{
			*line->out++ = line->text[line->at + 1];
			line->at += 2;
		}
		else if ((c == '[' || c == '!') && take_link(line))
			continue;
		else if ((c == '*' || c == '_') && take_mark(line))
			continue;
		else
		{
			*line->out++ = c;
			line->at++;
		}
	}
}

const char *
TextFromMarkdown(Arena *arena, const char *text, size_t length)
{
	char	   *result;
	char	   *out;

	if (text == NULL)
		return NULL;

	/* Nothing grows: "[t](u)" is longer than "t (u)" */
	out = result = ArenaAlloc(arena, length + 1);
	while (length > 0)
	{
		const char *end = memchr(text, '\n', length);
		Line		line = {.text = text, .length = end == NULL ? length : (size_t) (end - text), .out = out};
		size_t		used = line.length + (end != NULL);

		convert(&line);
		out = line.out;
		if (end != NULL)
			*out++ = '\n';
		text += used;
		length -= used;
	}
	return TextBlock(arena, result, (size_t) (out - result));
}
