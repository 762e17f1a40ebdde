/*
 * src/feed/json_mend.c
 *
 * Token by token from sloppy JSON to JSON.
 *
 * Pure C.
 */
#include "feed/json_mend.h"

#include <stdint.h>
#include <string.h>

#include "feed/builder.h"

typedef struct Mender
{
	const char *at;
	const char *end;
	TextBuilder text;
	int			depth;
	bool		after_value;	/* before another, a comma is written, whether one
								 * was read or not */
} Mender;

static bool
is_space(char c)
{
	return c == ' ' || ((unsigned char) c < ' ');
}

static bool
looking_at(const Mender *m, const char *text)
{
	size_t		length = strlen(text);

	return (size_t) (m->end - m->at) >= length && memcmp(m->at, text, length) == 0;
}

/* Pass over up to and with the text, or all that is left */
static void
skip_past(Mender *m, const char *text)
{
	while (m->at < m->end && !looking_at(m, text))
		m->at++;
	m->at += m->at < m->end ? strlen(text) : 0;
}

/* Pass over white space and comments */
static void
skip_blank(Mender *m)
{
	while (m->at < m->end)
	{
		if (is_space(*m->at))
			m->at++;
		else if (looking_at(m, "\xC2\xA0"))
			m->at += 2;
		else if (looking_at(m, "\xEF\xBB\xBF"))
			m->at += 3;
		else if (looking_at(m, "/*"))
			skip_past(m, "*/");
		else if (looking_at(m, "//"))
			while (m->at < m->end && *m->at != '\n')
				m->at++;
		else
			break;
	}
}

static void
put(Mender *m, const char *bytes, size_t length)
{
	BuilderAdd(&m->text, bytes, length);
}

/* ---- strings ---- */

/* Four hex digits as a number, or -1 */
static int32_t
hex4(const char *at, const char *end)
{
	int32_t		value = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char		c = at[i];
		int			digit = c >= '0' && c <= '9' ? c - '0' :
			(c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* "\uXXXX" at m->at: as it is if it means a character */
static void
mend_unicode(Mender *m)
{
	int32_t		unit = hex4(m->at + 2, m->end);
	int32_t		low;

	if (unit < 0)
	{
		put(m, "\\\\", 2);		/* a backslash like any other */
		m->at++;
		return;
	}
	if (unit >= 0xD800 && unit < 0xDC00)
	{
		bool		pair = m->end - m->at >= 12 && m->at[6] == '\\' && m->at[7] == 'u';

		low = pair ? hex4(m->at + 8, m->end) : -1;
		if (low >= 0xDC00 && low < 0xE000)
		{
			put(m, m->at, 12);
			m->at += 12;
			return;
		}
	}
	if (unit >= 0xD800 && unit < 0xE000)
		put(m, "\\uFFFD", 6);
	else if (unit != 0)
		put(m, m->at, 6);
	m->at += 6;
}

/* A backslash at m->at */
static void
mend_escape(Mender *m)
{
	char		c = m->at + 1 < m->end ? m->at[1] : '\0';

	if (c == 'u')
		mend_unicode(m);
	else if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL)
	{
		put(m, m->at, 2);
		m->at += 2;
	}
	else						/* "\'", "\-", a line's end: the backslash goes */
		m->at++;
}

/* Can the quote at m->at be the end of its string, by what follows? */
static bool
ends_string(const Mender *m)
{
	const char *next = m->at + 1;

	while (next < m->end && is_space(*next))
		next++;
	if (next + 1 < m->end && *next == '/')
		return next[1] == '/' || next[1] == '*';
	return next == m->end || strchr(",:}]\"", *next) != NULL;
}

/* From the quote on */
static void
mend_string(Mender *m)
{
	put(m, "\"", 1);
	m->at++;
	while (m->at < m->end)
	{
		unsigned char c = (unsigned char) *m->at;

		if (c == '\\')
			mend_escape(m);
		else if (c == '"' && ends_string(m))
		{
			m->at++;
			put(m, "\"", 1);
			return;
		}
		else if (c == '"')
		{
			put(m, "\\\"", 2);
			m->at++;
		}
		else if (c >= ' ')
		{
			put(m, m->at, 1);
			m->at++;
		}
		else
		{
			if (c == '\n')
				put(m, "\\n", 2);
			else if (c == '\t')
				put(m, "\\t", 2);
			m->at++;
		}
	}
}

/* ---- words and numbers ---- */

/* Is it a number by JSON's grammar? */
static bool
is_number(const char *text, size_t length)
{
	size_t		i = 0;
	size_t		from;

	if (i < length && text[i] == '-')
		i++;
	from = i;
	while (i < length && text[i] >= '0' && text[i] <= '9')
		i++;
	if (i == from || (text[from] == '0' && i > from + 1))
		return false;
	if (i < length && text[i] == '.')
	{
		from = ++i;
		while (i < length && text[i] >= '0' && text[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	if (i < length && (text[i] == 'e' || text[i] == 'E'))
	{
		i++;
		if (i < length && (text[i] == '+' || text[i] == '-'))
			i++;
		from = i;
		while (i < length && text[i] >= '0' && text[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	return i == length;
}

static bool
is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* What is neither string nor bracket, up to where such begins */
static void
mend_bare(Mender *m)
{
	const char *from = m->at;
	size_t		length;

	while (m->at < m->end && !is_space(*m->at) && strchr(",:{}[]\"", *m->at) == NULL &&
		   !looking_at(m, "/*"))
		m->at++;
	length = (size_t) (m->at - from);
	if (is_number(from, length) || is_word(from, length, "true") ||
		is_word(from, length, "false") || is_word(from, length, "null"))
		put(m, from, length);
	else if (is_word(from, length, "True"))
		put(m, "true", 4);
	else if (is_word(from, length, "False"))
		put(m, "false", 5);
	else if (is_word(from, length, "None") || is_word(from, length, "undefined") ||
			 is_word(from, length, "NaN"))
		put(m, "null", 4);
	else
	{
		put(m, "\"", 1);
		for (size_t i = 0; i < length; i++)
		{
			if (from[i] == '\\')
				put(m, "\\", 1);
			put(m, from + i, 1);
		}
		put(m, "\"", 1);
	}
}

/* ---- a document ---- */

/* Before a value or key */
static void
begin_value(Mender *m)
{
	if (m->after_value)
		put(m, ",", 1);
	m->after_value = false;
}

/* One token; false when the document is complete */
static bool
mend_token(Mender *m)
{
	switch (*m->at)
	{
		case '{':
		case '[':
			begin_value(m);
			put(m, m->at++, 1);
			m->depth++;
			return true;
		case '}':
		case ']':
			put(m, m->at++, 1);
			m->after_value = true;
			return --m->depth > 0;
		case ',':
			m->at++;
			return true;
		case ':':
			put(m, m->at++, 1);
			m->after_value = false;
			return true;
		case '"':
			begin_value(m);
			mend_string(m);
			break;
		default:
			begin_value(m);
			mend_bare(m);
			break;
	}
	m->after_value = true;
	return true;
}

/* To the next bracket that opens a document; false: there is none */
static bool
find_document(Mender *m)
{
	while (m->at < m->end)
	{
		if (looking_at(m, "<![CDATA["))
			m->at += 9;
		else if (*m->at == '{' || *m->at == '[')
			return true;
		else
			m->at++;
	}
	return false;
}

const char *
JsonMend(Arena *arena, const char **at, const char *end, size_t *length)
{
	Mender		m = {.at = *at, .end = end, .text = {.arena = arena}};

	if (!find_document(&m))
	{
		*at = end;
		return NULL;
	}
	do
	{
		skip_blank(&m);
	}
	while (m.at < m.end && mend_token(&m));
	*at = m.at;
	*length = m.text.length;
	return m.text.text;
}
