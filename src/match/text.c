/*
 * src/match/text.c
 *
 * Normalised text.  Each character becomes what the fold table says of it;
 * only what is composed of several needs more: Hangul from its letters, kana
 * with their voicing marks.
 *
 * Marks that stay are not sorted by combining class.  Within a script they
 * have one class, but for the vowel signs of Tibetan.
 *
 * Pure C.
 */
#include "match/text.h"

#include <string.h>

#include "match/fold_table.h"
#include "utf8.h"

/* What one character may write: the one held before, a space, its own text */
#define LARGEST_STEP	(4 + 1 + FOLD_LONGEST)

#define HANGUL_L		0x1100
#define HANGUL_V		0x1161
#define HANGUL_T		0x11A7	/* one before the first */
#define HANGUL_SYLLABLE 0xAC00
#define HANGUL_NL		19
#define HANGUL_NV		21
#define HANGUL_NT		28
#define HANGUL_NS		(HANGUL_NL * HANGUL_NV * HANGUL_NT)

/* In unsigned arithmetic what is below first is above all */
#define IS_IN(code, first, count)	((uint32_t) ((code) - (first)) < (count))

/* The character at `bytes`; its length, or 0 if there is none */
static inline int
decode(const unsigned char *bytes, size_t length, uint32_t *code)
{
	int			n = Utf8Length(bytes, length);

	if (n > 0)
		*code = Utf8Decode(bytes, n);
	return n;
}

static inline char *
encode(uint32_t code, char *out)
{
	return out + Utf8Encode(code, out);
}

/* Can a character that follows this one become one with it? */
static inline bool
may_compose(uint32_t code)
{
	return IS_IN(code, HANGUL_L, HANGUL_NL) || IS_IN(code, HANGUL_SYLLABLE, HANGUL_NS) ||
		IS_IN(code, 0x3040, 0xC0);
}

/* What two characters become, or 0 if they stay two */
static uint32_t
compose(uint32_t base, uint32_t code)
{
	int			low = 0;
	int			high = FoldKanaCount;

	if (IS_IN(base, HANGUL_L, HANGUL_NL) && IS_IN(code, HANGUL_V, HANGUL_NV))
		return HANGUL_SYLLABLE +
			((base - HANGUL_L) * HANGUL_NV + (code - HANGUL_V)) * HANGUL_NT;
	if (IS_IN(base, HANGUL_SYLLABLE, HANGUL_NS))
		return (base - HANGUL_SYLLABLE) % HANGUL_NT == 0 &&
			IS_IN(code, HANGUL_T + 1, HANGUL_NT - 1) ? base + (code - HANGUL_T) : 0;

	if (code != 0x3099 && code != 0x309A)
		return 0;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		const KanaPair *pair = &FoldKana[middle];

		if (pair->base == base && pair->mark == code)
			return pair->composed;
		if (pair->base < base || (pair->base == base && pair->mark < code))
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* Write the held character, with which nothing will compose now */
static inline char *
flush(MatchReader *reader, char *out)
{
	if (reader->held != 0)
	{
		out = encode(reader->held, out);
		reader->held = 0;
	}
	return out;
}

/* Words part here; space before the first or after the last is not written */
static inline char *
put_gap(MatchReader *reader, char *out)
{
	out = flush(reader, out);
	reader->gap = reader->started;
	return out;
}

/* Write what is due before a letter */
static inline char *
begin_letter(MatchReader *reader, char *out)
{
	out = flush(reader, out);
	if (reader->gap)
		*out++ = ' ';
	reader->gap = false;
	reader->started = true;
	return out;
}

/* Write a folded letter, or hold it while another may join it */
static inline char *
put_letter(MatchReader *reader, uint32_t code, char *out)
{
	uint32_t	composed = reader->held != 0 ? compose(reader->held, code) : 0;

	if (composed != 0)
	{
		reader->held = composed;
		return out;
	}
	out = begin_letter(reader, out);
	if (!may_compose(code))
		return encode(code, out);
	reader->held = code;
	return out;
}

/* Write a text of the fold table */
static char *
put_text(MatchReader *reader, const uint8_t *text, char *out)
{
	const unsigned char *p = text + 1;
	const unsigned char *end = p + *text;

	while (p < end)
	{
		uint32_t	code = 0;

		if (*p >= 0x80)
		{
			p += decode(p, (size_t) (end - p), &code);
			out = put_letter(reader, code, out);
		}
		else if (*p == ' ')
		{
			out = put_gap(reader, out);
			p++;
		}
		else
		{
			out = begin_letter(reader, out);
			*out++ = (char) *p++;
		}
	}
	return out;
}

/* The byte that windows-1252 shows as this character, of those that follow a lead byte; 0: none */
static uint32_t
misread_byte(uint32_t code)
{
	/* 0x80 on; left out are dashes, dots and quotes that text has behind any letter */
	static const uint16_t shown[32] = {
		0x20AC, 0, 0, 0x0192, 0x201E, 0, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0, 0x0152, 0, 0x017D, 0,
		0, 0, 0, 0x201C, 0x201D, 0, 0, 0, 0x02DC, 0, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178
	};

	/* nor 0xA0, a space: without it "voilÃ " comes out right as well */
	if (code >= 0x80 && code < 0xC0 && code != 0xA0)
		return code;
	for (uint32_t i = 0; i < 32; i++)
		if (shown[i] == code)
			return 0x80 + i;
	return 0;
}

/* May text have this right behind a letter, so that only what follows it tells? */
static bool
is_closing(uint32_t code)
{
	return code == 0xAB || code == 0xBB || code == 0xB7 || code == 0xB4 || code == 0xA8 ||
		(code >= 0x2018 && code <= 0x203A && code != 0x2020 && code != 0x2021 && code != 0x2030);
}

/*
 * UTF-8 that somebody read as windows-1252 and encoded once more: what "Ã©"
 * was, and in *taken how many bytes make it up; 0: it is what it seems.  Only
 * letters of Latin-1 and the quotes, dashes and dots of "â€™": in those alone
 * the two signs stand for nothing else.
 */
static uint32_t
undo_misreading(const unsigned char *bytes, size_t length, uint32_t code, size_t *taken)
{
	uint32_t	second;
	uint32_t	byte;
	uint32_t	third;
	int			n = decode(bytes + 2, length - 2, &second);	/* the first has two bytes */
	const unsigned char *rest = bytes + 2 + n;

	if (n == 0)
		return 0;
	length -= (size_t) (2 + n);
	*taken = (size_t) (2 + n);
	if (code == 0xE2)
	{
		if (second != 0x20AC && second != 0x80)
			return 0;
		n = decode(rest, length, &third);
		*taken += (size_t) n;
		return n > 0 && (third == 0x2122 || third == 0x02DC || third == 0x0153 || third == 0xA6 || third == 0x201C ||
						 third == 0x201D || IS_IN(third, 0x80, 0x20)) ? 0x2019 : 0;
	}
	byte = misread_byte(second);
	if (byte == 0 || (is_closing(second) && (length == 0 || !((*rest | 0x20) >= 'a' && (*rest | 0x20) <= 'z'))))
		return 0;
	return 0xC0 + (byte - 0x80);
}

/* Take one character that is not ASCII */
static inline char *
take_character(MatchReader *reader, char *out)
{
	uint32_t	code = 0;
	uint32_t	value;
	int			length = decode(reader->next, (size_t) (reader->end - reader->next), &code);

	if (length == 0)
	{
		reader->next++;
		return out;
	}
	if (code == 0xC3 || code == 0xE2)
	{
		size_t		taken;
		uint32_t	meant = undo_misreading(reader->next, (size_t) (reader->end - reader->next), code, &taken);

		if (meant != 0)
		{
			code = meant;
			length = (int) taken;
		}
	}
	reader->next += length;
	value = FoldLookup(code);
	if (value == FOLD_SEPARATOR)
		return put_gap(reader, out);
	if (value == FOLD_DROP)
		return out;
	if (value == FOLD_KEEP)
		return put_letter(reader, code, out);
	return put_text(reader, &FoldText[value], out);
}

void
MatchReaderInit(MatchReader *reader, const char *text, size_t length)
{
	memset(reader, 0, sizeof(*reader));
	reader->next = (const unsigned char *) text;
	reader->end = reader->next + length;
}

size_t
MatchRead(MatchReader *reader, char *out, size_t size)
{
	char	   *p = out;
	char	   *full = out + size - LARGEST_STEP;

	while (reader->next < reader->end && p < full)
	{
		unsigned char byte = *reader->next;

		if (byte >= 0x80)
			p = take_character(reader, p);
		else
		{
			reader->next++;
			if (FoldAscii[byte] == 0)
				p = put_gap(reader, p);
			else
			{
				p = begin_letter(reader, p);
				*p++ = (char) FoldAscii[byte];
			}
		}
	}
	if (reader->next == reader->end)
		p = flush(reader, p);
	return (size_t) (p - out);
}

size_t
MatchNormalise(const char *text, size_t length, char *out, size_t out_size)
{
	MatchReader reader;
	char		block[1024];
	size_t		total = 0;
	size_t		written = 0;
	size_t		n;

	MatchReaderInit(&reader, text, length);
	while ((n = MatchRead(&reader, block, sizeof(block))) > 0)
	{
		/* Once something did not fit, nothing behind it is written */
		if (written == total && written < out_size)
		{
			size_t		fits = out_size - 1 - written;

			if (fits >= n)
				fits = n;
			else
				while (fits > 0 && Utf8IsTail((unsigned char) block[fits]))
					fits--;
			memcpy(out + written, block, fits);
			written += fits;
		}
		total += n;
	}
	if (out_size > 0)
		out[written] = '\0';
	return total;
}
