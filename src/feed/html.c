/*
 * src/feed/html.c
 *
 * HTML fragments to plain text.  Not a parser of HTML: a reader that keeps
 * what a person would read, in order, and never does more than a few passes
 * over its input, whatever it holds.
 *
 * Pure C.
 */
#include "feed/html.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "feed/text.h"
#include "utf8.h"

/* What a tag means for the text around it */
typedef enum TagKind
{
	TAG_UNKNOWN,				/* not HTML */
	TAG_INLINE,
	TAG_CELL,					/* a space */
	TAG_LINE,					/* a new line */
	TAG_PARAGRAPH,				/* an empty line */
	TAG_BREAK,					/* <br>: one more newline each */
	TAG_PRE,					/* TAG_PARAGRAPH whose newlines count */
	TAG_HIDDEN					/* dropped with its content */
} TagKind;

static const struct
{
	const char *name;
	TagKind		kind;
}			known_tags[] = {
	{"p", TAG_PARAGRAPH}, {"br", TAG_BREAK}, {"div", TAG_LINE},
	{"span", TAG_INLINE}, {"a", TAG_INLINE}, {"strong", TAG_INLINE},
	{"em", TAG_INLINE}, {"b", TAG_INLINE}, {"i", TAG_INLINE},
	{"u", TAG_INLINE}, {"li", TAG_LINE}, {"ul", TAG_PARAGRAPH},
	{"ol", TAG_PARAGRAPH}, {"h1", TAG_PARAGRAPH}, {"h2", TAG_PARAGRAPH},
	{"h3", TAG_PARAGRAPH}, {"h4", TAG_PARAGRAPH}, {"h5", TAG_PARAGRAPH},
	{"h6", TAG_PARAGRAPH}, {"img", TAG_INLINE}, {"table", TAG_PARAGRAPH},
	{"tr", TAG_LINE}, {"td", TAG_CELL}, {"th", TAG_CELL},
	{"tbody", TAG_LINE}, {"thead", TAG_LINE}, {"tfoot", TAG_LINE},
	{"caption", TAG_LINE}, {"blockquote", TAG_PARAGRAPH}, {"pre", TAG_PRE},
	{"hr", TAG_PARAGRAPH}, {"dl", TAG_PARAGRAPH}, {"dt", TAG_LINE},
	{"dd", TAG_LINE}, {"section", TAG_PARAGRAPH},
	{"article", TAG_PARAGRAPH}, {"header", TAG_PARAGRAPH},
	{"footer", TAG_PARAGRAPH}, {"main", TAG_PARAGRAPH},
	{"nav", TAG_PARAGRAPH}, {"aside", TAG_PARAGRAPH},
	{"figure", TAG_PARAGRAPH}, {"figcaption", TAG_LINE},
	{"address", TAG_LINE}, {"form", TAG_PARAGRAPH},
	{"fieldset", TAG_PARAGRAPH}, {"details", TAG_PARAGRAPH},
	{"summary", TAG_LINE}, {"center", TAG_LINE}, {"html", TAG_LINE},
	{"body", TAG_LINE}, {"head", TAG_HIDDEN}, {"font", TAG_INLINE},
	{"small", TAG_INLINE}, {"big", TAG_INLINE}, {"sub", TAG_INLINE},
	{"sup", TAG_INLINE}, {"s", TAG_INLINE}, {"strike", TAG_INLINE},
	{"del", TAG_INLINE}, {"ins", TAG_INLINE}, {"code", TAG_INLINE},
	{"q", TAG_INLINE}, {"cite", TAG_INLINE}, {"abbr", TAG_INLINE},
	{"mark", TAG_INLINE}, {"label", TAG_INLINE}, {"button", TAG_INLINE},
	{"input", TAG_INLINE}, {"video", TAG_INLINE}, {"audio", TAG_INLINE},
	{"source", TAG_INLINE}, {"time", TAG_INLINE}, {"wbr", TAG_INLINE},
	{"link", TAG_INLINE}, {"meta", TAG_INLINE}, {"colgroup", TAG_INLINE},
	{"col", TAG_INLINE}, {"script", TAG_HIDDEN}, {"style", TAG_HIDDEN},
	{"noscript", TAG_HIDDEN}, {"template", TAG_HIDDEN},
	{"iframe", TAG_HIDDEN}, {"object", TAG_HIDDEN}, {"svg", TAG_HIDDEN},
	{"title", TAG_HIDDEN}, {"select", TAG_HIDDEN}, {"textarea", TAG_INLINE},
};

/* The text being made, with the white space that the next character decides */
typedef struct Writer
{
	char	   *start;
	char	   *out;
	int			newlines;		/* held back, 2 at most */
	bool		space;			/* held back */
	int			pre;			/* depth of <pre> */
} Writer;

typedef struct Tag
{
	TagKind		kind;
	bool		closing;
	bool		endless;		/* no '>' in the rest of the text: not a tag */
	const char *name;
	size_t		name_length;
	size_t		length;			/* with its brackets */
} Tag;

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Kind of the element of this name */
static TagKind
tag_kind(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(known_tags) / sizeof(known_tags[0]); i++)
		if (strncasecmp(known_tags[i].name, name, length) == 0 &&
			known_tags[i].name[length] == '\0')
			return known_tags[i].kind;
	return TAG_UNKNOWN;
}

/*
 * Offset after the '>' that ends a tag, or 0.  Those in quoted attribute
 * values don't end it, unless the quote is never closed: then no later tag can
 * meet that kind of quote, which bounds the work.
 */
static size_t
tag_end(const char *text, size_t length)
{
	char		quote = '\0';
	const char *end;

	for (size_t i = 1; i < length; i++)
	{
		if (quote != '\0')
			quote = text[i] == quote ? '\0' : quote;
		else if (text[i] == '>')
			return i + 1;
		else if ((text[i] == '"' || text[i] == '\'') && text[i - 1] == '=')
			quote = text[i];
	}
	end = memchr(text, '>', length);
	return end == NULL ? 0 : (size_t) (end - text) + 1;
}

/* The length of a comment, doctype or processing instruction */
static size_t
declaration_length(const char *text, size_t length)
{
	const char *end;

	if (length >= 4 && memcmp(text, "<!--", 4) == 0)
	{
		for (size_t at = 4; at + 3 <= length; at++)
			if (memcmp(text + at, "-->", 3) == 0)
				return at + 3;
		return length;
	}
	end = memchr(text, '>', length);
	return end == NULL ? length : (size_t) (end - text) + 1;
}

/* Read the tag at text[0] == '<'; false: it is a mere less-than sign */
static bool
read_tag(const char *text, size_t length, Tag *tag)
{
	size_t		at = 1;

	memset(tag, 0, sizeof(*tag));
	if (length < 3)
		return false;
	if (text[1] == '!' || text[1] == '?')
	{
		tag->kind = TAG_INLINE;
		tag->length = declaration_length(text, length);
		return true;
	}
	if (text[1] == '/')
	{
		tag->closing = true;
		at++;
	}
	if (at >= length || !is_letter(text[at]))
		return false;
	tag->name = text + at;
	while (at < length && (is_letter(text[at]) || (text[at] >= '0' && text[at] <= '9')))
		at++;
	tag->name_length = (size_t) (text + at - tag->name);

	/* "<anna@example.org>" is an address; "<o:p>" comes from a word processor */
	if (at >= length || text[at] == '\0' || strchr(" \t\r\n\f/>:-", text[at]) == NULL)
		return false;
	tag->kind = tag_kind(tag->name, tag->name_length);
	tag->length = tag_end(text, length);
	tag->endless = tag->length == 0;
	return !tag->endless;
}

/* Offset of what follows the end tag of a hidden element; length: none */
static size_t
skip_hidden(const char *text, size_t length, const Tag *tag)
{
	size_t		at = 0;

	while (at < length)
	{
		const char *next = memchr(text + at, '<', length - at);

		if (next == NULL)
			return length;
		at = (size_t) (next - text);
		if (length - at > tag->name_length + 2 && next[1] == '/' &&
			strncasecmp(next + 2, tag->name, tag->name_length) == 0 &&
			!is_letter(next[2 + tag->name_length]))
		{
			const char *end = memchr(next, '>', length - at);

			return end == NULL ? length : (size_t) (end - text) + 1;
		}
		at++;
	}
	return length;
}

/* Hold back at least so many newlines */
static void
want_newlines(Writer *writer, int newlines)
{
	if (writer->newlines < newlines)
		writer->newlines = newlines;
}

/* Write a character, and before it the white space held back */
static void
write_character(Writer *writer, uint32_t code)
{
	if (code == '\n' && writer->pre > 0)
	{
		want_newlines(writer, writer->newlines < 2 ? writer->newlines + 1 : 2);
		return;
	}
	if (code == ' ' || (code >= '\t' && code <= '\r') || code == 0xA0 || code == 0x85 ||
		code == 0x2028 || code == 0x2029)
	{
		writer->space = true;
		return;
	}
	if (writer->out > writer->start)
	{
		for (int i = 0; i < writer->newlines; i++)
			*writer->out++ = '\n';
		if (writer->newlines == 0 && writer->space)
			*writer->out++ = ' ';
	}
	writer->newlines = 0;
	writer->space = false;
	writer->out += Utf8Encode(code, writer->out);
}

/* What a tag does to the text */
static void
apply_tag(Writer *writer, const Tag *tag)
{
	switch (tag->kind)
	{
		case TAG_CELL:
			writer->space = true;
			break;
		case TAG_LINE:
			want_newlines(writer, 1);
			break;
		case TAG_BREAK:
			want_newlines(writer, writer->newlines < 2 ? writer->newlines + 1 : 2);
			break;
		case TAG_PRE:
			writer->pre += tag->closing ? (writer->pre > 0 ? -1 : 0) : 1;
			want_newlines(writer, 2);
			break;
		case TAG_PARAGRAPH:
			want_newlines(writer, 2);
			break;
		default:
			break;
	}
}

const char *
TextFromHtml(Arena *arena, const char *html, size_t length)
{
	Writer		writer = {0};
	bool		no_more_tags = false;
	size_t		at = 0;

	if (html == NULL || length == 0)
		return NULL;
	if (TextInvalidAt(html, length) != length)
	{
		html = TextRepair(arena, html, length);
		length = strlen(html);
	}
	writer.start = writer.out = ArenaAlloc(arena, length + 1);
	while (at < length)
	{
		size_t		size = 0;
		uint32_t	code;
		Tag			tag;

		if (html[at] == '<' && !no_more_tags)
		{
			if (read_tag(html + at, length - at, &tag))
			{
				apply_tag(&writer, &tag);
				at += tag.length;
				if (tag.kind == TAG_HIDDEN && !tag.closing && html[at - 2] != '/')
					at += skip_hidden(html + at, length - at, &tag);
				continue;
			}
			no_more_tags = tag.endless;
		}
		if (html[at] == '&')
			size = HtmlReference(html + at, length - at, &code);
		if (size == 0)
		{
			size = (size_t) Utf8Length((const unsigned char *) html + at, length - at);
			code = Utf8Decode((const unsigned char *) html + at, (int) size);
		}
		at += size;
		write_character(&writer, code);
	}
	/* The rules of plain text: invisible characters, trailing spaces */
	return TextBlock(arena, writer.start, (size_t) (writer.out - writer.start));
}

bool
TextLooksLikeHtml(const char *text, size_t length)
{
	bool		no_more_tags = false;
	size_t		at = 0;

	if (text == NULL)
		return false;
	while (at < length)
	{
		Tag			tag;
		uint32_t	code;

		if (text[at] == '&' && HtmlReference(text + at, length - at, &code) > 0)
			return true;
		if (text[at] == '<' && !no_more_tags)
		{
			if (read_tag(text + at, length - at, &tag))
			{
				if (tag.kind != TAG_UNKNOWN && tag.name != NULL)
					return true;
				at += tag.length;
				continue;
			}
			no_more_tags = tag.endless;
		}
		at++;
	}
	return false;
}
