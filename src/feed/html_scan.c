/*
 * src/feed/html_scan.c
 *
 * Where tags and scripts of an HTML page begin and end.
 *
 * Pure C.
 */
#include "feed/html_scan.h"

#include <string.h>
#include <strings.h>

#include "feed/html.h"
#include "utf8.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Do the bytes at `at` begin with the text, any case? */
static bool
begins(const char *at, const char *end, const char *text)
{
	size_t		length = strlen(text);

	return (size_t) (end - at) >= length && strncasecmp(at, text, length) == 0;
}

/* Where the text is found next, or end */
static const char *
find(const char *at, const char *end, const char *text)
{
	size_t		length = strlen(text);

	while ((size_t) (end - at) >= length)
	{
		at = memchr(at, text[0], (size_t) (end - at));
		if (at == NULL || (size_t) (end - at) < length)
			break;
		if (memcmp(at, text, length) == 0)
			return at;
		at++;
	}
	return end;
}

/* ---- tags ---- */

/* Keep an attribute, if there is room for it */
static void
add_attribute(HtmlTag *tag, HtmlSpan name, HtmlSpan value)
{
	if (tag->nattributes == HTML_MAX_ATTRIBUTES)
		return;
	tag->names[tag->nattributes] = name;
	tag->values[tag->nattributes++] = value;
}

/* A value after "=", in quotes or without */
static const char *
read_value(const char *at, const char *end, HtmlSpan *value)
{
	const char *from;

	while (at < end && is_space(*at))
		at++;
	if (at < end && (*at == '"' || *at == '\''))
	{
		from = at + 1;
		at = memchr(from, *at, (size_t) (end - from));
		if (at == NULL)
			return end;
		*value = (HtmlSpan) {from, (size_t) (at - from)};
		return at + 1;
	}
	from = at;
	while (at < end && !is_space(*at) && *at != '>')
		at++;
	*value = (HtmlSpan) {from, (size_t) (at - from)};
	return at;
}

/* From after the "<" or "</" to after the ">"; end when it never comes */
static const char *
read_tag(const char *at, const char *end, HtmlTag *tag)
{
	const char *from = at;

	while (at < end && !is_space(*at) && *at != '/' && *at != '>')
		at++;
	tag->name = (HtmlSpan) {from, (size_t) (at - from)};
	tag->nattributes = 0;
	tag->content = (HtmlSpan) {NULL, 0};
	while (at < end && *at != '>')
	{
		HtmlSpan	value = {"", 0};
		HtmlSpan	name;

		if (is_space(*at) || *at == '/')
		{
			at++;
			continue;
		}
		from = at++;			/* a leading "=" is part of the name */
		while (at < end && !is_space(*at) && *at != '/' && *at != '>' && *at != '=')
			at++;
		name = (HtmlSpan) {from, (size_t) (at - from)};
		while (at < end && is_space(*at))
			at++;
		if (at < end && *at == '=')
			at = read_value(at + 1, end, &value);
		add_attribute(tag, name, value);
	}
	return at < end ? at + 1 : NULL;
}

/* After "<!": a comment, or what is passed over like one */
static const char *
skip_declaration(const char *at, const char *end)
{
	const char *close;

	if (!begins(at, end, "--"))
	{
		close = memchr(at, '>', (size_t) (end - at));
		return close == NULL ? end : close + 1;
	}
	at += 2;
	if (begins(at, end, ">"))
		return at + 1;
	if (begins(at, end, "->"))
		return at + 2;
	for (;; at = close + 2)
	{
		close = find(at, end, "--");
		if (close == end)
			return end;
		if (begins(close, end, "-->"))
			return close + 3;
		if (begins(close, end, "--!>"))
			return close + 4;
		close--;				/* "--->" ends one as well */
	}
}

/* ---- text elements ---- */

/* Is this "</name" followed by what ends a tag's name? */
static bool
is_tag_of(const char *at, const char *end, const char *prefix, const HtmlSpan *name)
{
	size_t		before = strlen(prefix);
	const char *after;

	if (!begins(at, end, prefix) || (size_t) (end - at) <= before + name->length ||
		strncasecmp(at + before, name->bytes, name->length) != 0)
		return false;
	after = at + before + name->length;
	return is_space(*after) || *after == '/' || *after == '>';
}

/* The end of a text that knows no tag but its own end */
static const char *
find_end_tag(const char *at, const char *end, const HtmlSpan *name)
{
	while ((at = memchr(at, '<', (size_t) (end - at))) != NULL)
	{
		if (is_tag_of(at, end, "</", name))
			return at;
		at++;
	}
	return end;
}

/*
 * The end of a script.  After "<!--" a "<script" hides one "</script", until
 * "-->" (13.2.5.15 to 31): so old pages hid scripts that write scripts.
 */
static const char *
find_script_end(const char *at, const char *end, const HtmlSpan *name)
{
	bool		escaped = false;
	bool		nested = false;

	for (; at < end; at++)
	{
		if (*at == '<')
		{
			if (!nested && is_tag_of(at, end, "</", name))
				return at;
			if (!escaped && begins(at, end, "<!--"))
			{
				escaped = true;
				at++;			/* its dashes may be those of a "-->" */
			}
			else if (nested && is_tag_of(at, end, "</", name))
				nested = false;
			else if (escaped && is_tag_of(at, end, "<", name))
				nested = true;
		}
		else if (*at == '-' && escaped && begins(at, end, "-->"))
			escaped = nested = false;
	}
	return end;
}

/* Take the content of an element that holds text alone */
static void
take_content(HtmlScan *scan, HtmlTag *tag)
{
	static const char *const names[] = {
		"style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", NULL
	};
	const char *close = NULL;

	if (HtmlTagIs(tag, "script"))
		close = find_script_end(scan->at, scan->end, &tag->name);
	for (int i = 0; close == NULL && names[i] != NULL; i++)
		if (HtmlTagIs(tag, names[i]))
			close = find_end_tag(scan->at, scan->end, &tag->name);
	if (close == NULL)
		return;
	tag->content = (HtmlSpan) {scan->at, (size_t) (close - scan->at)};
	scan->at = close;
}

bool
HtmlNextTag(HtmlScan *scan, HtmlTag *tag)
{
	while (scan->at < scan->end)
	{
		const char *at = memchr(scan->at, '<', (size_t) (scan->end - scan->at));
		bool		closing;

		if (at == NULL || scan->end - at < 2)
			break;
		at++;
		if (*at == '!' || *at == '?')
		{
			scan->at = skip_declaration(at + 1, scan->end);
			continue;
		}
		closing = *at == '/';
		if (closing)
			at++;
		if (at == scan->end || !is_letter(*at))
		{
			scan->at = at;
			continue;
		}
		at = read_tag(at, scan->end, tag);
		if (at == NULL)
			break;
		scan->at = at;
		if (closing)
			continue;
		take_content(scan, tag);
		return true;
	}
	scan->at = scan->end;
	return false;
}

bool
HtmlTagIs(const HtmlTag *tag, const char *name)
{
	return tag->name.length == strlen(name) &&
		strncasecmp(tag->name.bytes, name, tag->name.length) == 0;
}

/* ---- values ---- */

const char *
HtmlDecode(Arena *arena, const char *text, size_t length, size_t *decoded)
{
	char	   *result = ArenaAlloc(arena, length + 1);
	char	   *out = result;

	for (size_t at = 0; at < length;)
	{
		uint32_t	code;
		size_t		size = text[at] == '&' ? HtmlReference(text + at, length - at, &code) : 0;

		if (size == 0)
			*out++ = text[at++];
		else
		{
			if (code != 0)
				out += Utf8Encode(code, out);
			at += size;
		}
	}
	*out = '\0';
	*decoded = (size_t) (out - result);
	return result;
}

const char *
HtmlAttribute(Arena *arena, const HtmlTag *tag, const char *name)
{
	size_t		length = strlen(name);

	for (int i = 0; i < tag->nattributes; i++)
	{
		HtmlSpan	value = tag->values[i];
		size_t		decoded;

		if (tag->names[i].length != length || strncasecmp(tag->names[i].bytes, name, length) != 0)
			continue;
		while (value.length > 0 && is_space(*value.bytes))
			value.bytes++, value.length--;
		while (value.length > 0 && is_space(value.bytes[value.length - 1]))
			value.length--;
		return HtmlDecode(arena, value.bytes, value.length, &decoded);
	}
	return NULL;
}
