/*
 * src/feed/text.c
 *
 * Bytes of the outside made into text: UTF-8 checks, lines and blocks, JSON
 * strings, URLs.  HTML is in html.c.
 *
 * Every function here first makes sure of valid UTF-8 (copying only where it
 * is not), so that the rest can walk characters without further checks.  None
 * of them makes a text longer, but for TextToJsonString and repaired bytes,
 * so one allocation of the input's size is enough.
 *
 * Pure C.
 */
#include "feed/text.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "feed/html.h"
#include "utf8.h"

#define HIGH_BITS	UINT64_C(0x8080808080808080)
#define LOW_BITS	UINT64_C(0x0101010101010101)

/* The high bit of each of eight bytes that is not ASCII, or a NUL (and of some above one) */
static inline uint64_t
bytes_to_look_at(uint64_t word)
{
	return (word | ((word - LOW_BITS) & ~word)) & HIGH_BITS;
}

/* How many bytes stand before the first that is to be looked at */
static inline size_t
bytes_before(uint64_t marks)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t) __builtin_ctzll(marks) / 8;
#else
	return 0;					/* that one by one */
#endif
}

size_t
TextInvalidAt(const char *bytes, size_t length)
{
	size_t		at = 0;

	while (at < length)
	{
		int			size;

		/* ASCII, eight bytes at a time: most of most texts */
		while (length - at >= 8)
		{
			uint64_t	word;
			uint64_t	marks;

			memcpy(&word, bytes + at, sizeof(word));
			marks = bytes_to_look_at(word);
			if (marks != 0)
			{
				at += bytes_before(marks);
				break;
			}
			at += sizeof(word);
		}
		if (at == length)
			break;
		size = Utf8Length((const unsigned char *) bytes + at, length - at);
		if (size == 0 || bytes[at] == '\0')
			return at;
		at += (size_t) size;
	}
	return length;
}

/* A visible ASCII character? */
static inline bool
is_plain(char c)
{
	return c > ' ' && c < 0x7F;
}

/* White space of any script, and what separates lines */
static bool
is_space(uint32_t code)
{
	if (code < 0x80)
		return code == ' ' || (code >= '\t' && code <= '\r');
	return code == 0x85 || code == 0xA0 || code == 0x1680 ||
		(code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
		code == 0x202F || code == 0x205F || code == 0x3000;
}

/*
 * Characters that show nothing: controls, soft hyphen, zero width space, word
 * joiner, byte order mark, and those that turn the direction of what follows.
 * The joiners of emoji and Indic scripts stay.
 */
static bool
is_invisible(uint32_t code)
{
	if (code < 0xA0)
		return code < 0x20 || (code >= 0x7F && code != 0x85);
	return code == 0xAD || code == 0x200B || (code >= 0x202A && code <= 0x202E) ||
		code == 0x2060 || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

char *
TextRepair(Arena *arena, const char *bytes, size_t length)
{
	char	   *text;
	char	   *out;
	size_t		at = 0;

	/* A lone bad byte grows to the three of U+FFFD */
	if (length > SIZE_MAX / 4)
		ArenaOutOfMemory(length);
	text = out = ArenaAlloc(arena, length * 3 + 1);
	while (at < length)
	{
		unsigned char byte = (unsigned char) bytes[at];
		int			size = Utf8Length((const unsigned char *) bytes + at, length - at);

		if (size == 0)
		{
			out += Utf8Encode(UTF8_REPLACEMENT, out);

			/* One mark for a whole broken sequence */
			for (at++; at < length && Utf8IsTail((unsigned char) bytes[at]); at++)
				;
			continue;
		}
		if (byte == '\n' || byte == '\t' ||
			(byte >= 0x20 && byte != 0x7F &&
			 !(byte == 0xC2 && (unsigned char) bytes[at + 1] < 0xA0)))
		{
			memcpy(out, bytes + at, (size_t) size);
			out += size;
		}
		at += (size_t) size;
	}
	*out = '\0';
	return text;
}

/* Make *text valid UTF-8, by a repaired copy where it is not */
static void
ensure_valid(Arena *arena, const char **text, size_t *length)
{
	if (TextInvalidAt(*text, *length) == *length)
		return;
	*text = TextRepair(arena, *text, *length);
	*length = strlen(*text);
}

const char *
TextLine(Arena *arena, const char *text, size_t length, bool decode_entities)
{
	char	   *line;
	char	   *out;
	bool		space = false;
	size_t		at = 0;

	if (text == NULL || length == 0)
		return NULL;
	ensure_valid(arena, &text, &length);
	line = out = ArenaAlloc(arena, length + 1);
	while (at < length)
	{
		size_t		size = 0;
		uint32_t	code;

		/* Most of most texts */
		if (is_plain(text[at]) && (text[at] != '&' || !decode_entities))
		{
			if (space && out > line)
				*out++ = ' ';
			space = false;
			*out++ = text[at++];
			continue;
		}
		if (decode_entities && text[at] == '&')
			size = HtmlReference(text + at, length - at, &code);
		if (size == 0)
		{
			size = (size_t) Utf8Length((const unsigned char *) text + at, length - at);
			code = Utf8Decode((const unsigned char *) text + at, (int) size);
		}
		at += size;
		if (is_space(code))
			space = true;
		else if (!is_invisible(code))
		{
			if (space && out > line)
				*out++ = ' ';
			space = false;
			out += Utf8Encode(code, out);
		}
	}
	*out = '\0';
	return out > line ? line : NULL;
}

const char *
TextBlock(Arena *arena, const char *text, size_t length)
{
	char	   *block;
	char	   *out;
	int			newlines = 0;
	size_t		spaces = 0;
	size_t		at = 0;

	if (text == NULL || length == 0)
		return NULL;
	ensure_valid(arena, &text, &length);
	block = out = ArenaAlloc(arena, length + 1);
	while (at < length)
	{
		int			size;
		uint32_t	code;

		if (is_plain(text[at]) && newlines == 0 && spaces == 0)
		{
			*out++ = text[at++];
			continue;
		}
		size = Utf8Length((const unsigned char *) text + at, length - at);
		code = Utf8Decode((const unsigned char *) text + at, size);
		at += (size_t) size;
		if (code == '\r' && at < length && text[at] == '\n')
			continue;
		if (code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029)
		{
			newlines++;
			spaces = 0;
		}
		else if (is_space(code))
			spaces++;
		else if (!is_invisible(code))
		{
			/* What was held back is written only between characters */
			if (out > block)
			{
				for (int i = 0; i < newlines && i < 2; i++)
					*out++ = '\n';
				memset(out, ' ', spaces);
				out += spaces;
			}
			newlines = 0;
			spaces = 0;
			out += Utf8Encode(code, out);
		}
	}
	*out = '\0';
	return out > block ? block : NULL;
}

/* Room that a byte may take in a JSON string; 1: it stands there as it is */
static const unsigned char json_room[256] = {
	[0x00 ... 0x1F] = 6, [0x20 ... 0x21] = 1, ['"'] = 2, [0x23 ... 0x5B] = 1, ['\\'] = 2,
	[0x5D ... 0x7F] = 1, [0x80 ... 0xFF] = 3
};

/* Write the JSON escape of a character below 0x20, '"' or '\'; the bytes */
static int
escape_character(unsigned char byte, char *out)
{
	static const char digits[] = "0123456789abcdef";
	static const char letters[256] = {
		['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};

	out[0] = '\\';
	if (letters[byte] != '\0')
	{
		out[1] = letters[byte];
		return 2;
	}
	memcpy(out + 1, "u00", 3);
	out[4] = digits[byte >> 4];
	out[5] = digits[byte & 15];
	return 6;
}

const char *
TextToJsonString(Arena *arena, const char *bytes, size_t length)
{
	const unsigned char *from = (const unsigned char *) bytes;
	char	   *text;
	char	   *out;
	size_t		room = 3;
	size_t		at = 0;

	for (size_t i = 0; i < length; i++)
		room += json_room[from[i]];
	text = out = ArenaAlloc(arena, room);
	*out++ = '"';
	while (at < length)
	{
		unsigned char byte = from[at];
		int			size;

		if (json_room[byte] == 1)
		{
			*out++ = (char) byte;
			at++;
		}
		else if (byte < 0x80)
		{
			out += byte == '\0' ? 0 : escape_character(byte, out);
			at++;
		}
		else if ((size = Utf8Length(from + at, length - at)) > 0)
		{
			memcpy(out, bytes + at, (size_t) size);
			out += size;
			at += (size_t) size;
		}
		else
		{
			out += Utf8Encode(UTF8_REPLACEMENT, out);
			for (at++; at < length && Utf8IsTail(from[at]); at++)
				;
		}
	}
	*out++ = '"';
	*out = '\0';
	return text;
}

const char *
TextHttpUrl(Arena *arena, const char *text, size_t length)
{
	size_t		host;
	const unsigned char *bytes;

	if (text == NULL)
		return NULL;
	while (length > 0 && is_space((unsigned char) text[0]) && (unsigned char) text[0] < 0x80)
	{
		text++;
		length--;
	}
	while (length > 0 && is_space((unsigned char) text[length - 1]) &&
		   (unsigned char) text[length - 1] < 0x80)
		length--;

	if (length > 8 && strncasecmp(text, "https://", 8) == 0)
		host = 8;
	else if (length > 7 && strncasecmp(text, "http://", 7) == 0)
		host = 7;
	else
		return NULL;
	if (strchr("/?#:@", text[host]) != NULL || TextInvalidAt(text, length) != length)
		return NULL;

	/* A browser would cut or mend these; nobody should follow them */
	bytes = (const unsigned char *) text;
	for (size_t at = 0; at < length;)
	{
		int			size;
		uint32_t	code;

		if (is_plain(text[at]))
		{
			if (text[at] == '<' || text[at] == '>' || text[at] == '"')
				return NULL;
			at++;
			continue;
		}
		size = Utf8Length(bytes + at, length - at);
		code = Utf8Decode(bytes + at, size);
		if (is_space(code) || is_invisible(code))
			return NULL;
		at += (size_t) size;
	}
	return ArenaStrndup(arena, text, length);
}
