/*
 * src/feed/json_block.h
 *
 * Sixty-four bytes of JSON at a time, as bit masks: bit n of a mask says
 * something of byte n of the block.  For json_scan.c and json_select.c.
 *
 * The scheme is that of Langdale and Lemire, "Parsing Gigabytes of JSON per
 * Second" (VLDB Journal 28, 2019): quotes that are not escaped are found
 * first, and a running exclusive or over them tells which bytes are in
 * strings.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_BLOCK_H
#define INGEST_FEED_JSON_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define JSON_BLOCK 64

/* What bytes are, wherever they stand */
typedef struct ByteMasks
{
	uint64_t	quote;
	uint64_t	backslash;
	uint64_t	bracket;		/* { } [ ] */
	uint64_t	colon;
	uint64_t	comma;
	uint64_t	control;		/* below 0x20 */
	uint64_t	stray;			/* ' I N: in no JSON outside of strings, but
								 * json-c takes 'a', Infinity and NaN */
} ByteMasks;

/* What they mean */
typedef struct JsonBlock
{
	const char *bytes;
	uint64_t	in_string;		/* with the opening, without the closing quote */
	uint64_t	bracket;		/* outside of strings */
	uint64_t	colon;			/* outside of strings */
	uint64_t	comma;			/* outside of strings */
	uint64_t	bad;			/* control in a string, stray outside */
} JsonBlock;

/* What one block leaves to the next */
typedef struct JsonBlockCarry
{
	bool		escaped;		/* its first byte is escaped */
	uint64_t	in_string;		/* all ones: it begins in a string */
} JsonBlockCarry;

#if defined(__SSE2__)

/* The masks' bits for 16 bytes */
static inline void
classify_16(const char *bytes, int shift, ByteMasks *masks)
{
	const __m128i v = _mm_loadu_si128((const __m128i *) bytes);
	const __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
	const __m128i bracket = _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
										 _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
	const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
	const __m128i stray = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\'')),
													_mm_cmpeq_epi8(v, _mm_set1_epi8('I'))),
									   _mm_cmpeq_epi8(v, _mm_set1_epi8('N')));

#define BITS(vector) ((uint64_t) (uint32_t) _mm_movemask_epi8(vector) << shift)
	masks->quote |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
	masks->backslash |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	masks->colon |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8(':')));
	masks->comma |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8(',')));
	masks->bracket |= BITS(bracket);
	masks->control |= BITS(control);
	masks->stray |= BITS(stray);
#undef BITS
}

#else

/* The same, a byte at a time */
static inline void
classify_16(const char *bytes, int shift, ByteMasks *masks)
{
	for (int i = 0; i < 16; i++)
	{
		const unsigned char c = (unsigned char) bytes[i];
		const uint64_t bit = UINT64_C(1) << (shift + i);

		if (c == '"')
			masks->quote |= bit;
		else if (c == '\\')
			masks->backslash |= bit;
		else if (c == ':')
			masks->colon |= bit;
		else if (c == ',')
			masks->comma |= bit;
		else if (c == '{' || c == '}' || c == '[' || c == ']')
			masks->bracket |= bit;
		else if (c < 0x20)
			masks->control |= bit;
		else if (c == '\'' || c == 'I' || c == 'N')
			masks->stray |= bit;
	}
}

#endif

/* Bytes made special by the backslash before them */
static inline uint64_t
escaped_bytes(uint64_t backslash, JsonBlockCarry *carry)
{
	uint64_t	escaped = carry->escaped ? 1 : 0;

	backslash &= ~escaped;
	carry->escaped = false;
	while (backslash != 0)
	{
		const int	at = __builtin_ctzll(backslash);

		/* The byte behind is taken, even if it is a backslash itself */
		if (at == JSON_BLOCK - 1)
		{
			carry->escaped = true;
			break;
		}
		escaped |= UINT64_C(2) << at;
		backslash &= ~(UINT64_C(3) << at);
	}
	return escaped;
}

/* Bit n of the result: the exclusive or of bits 0 to n */
static inline uint64_t
running_xor(uint64_t bits)
{
	bits ^= bits << 1;
	bits ^= bits << 2;
	bits ^= bits << 4;
	bits ^= bits << 8;
	bits ^= bits << 16;
	bits ^= bits << 32;
	return bits;
}

/* Read the block of JSON_BLOCK bytes that follows the one that left *carry */
static inline void
read_block(const char *bytes, JsonBlockCarry *carry, JsonBlock *block)
{
	ByteMasks	masks = {0};

	classify_16(bytes, 0, &masks);
	classify_16(bytes + 16, 16, &masks);
	classify_16(bytes + 32, 32, &masks);
	classify_16(bytes + 48, 48, &masks);

	block->bytes = bytes;
	masks.quote &= ~escaped_bytes(masks.backslash, carry);
	block->in_string = running_xor(masks.quote) ^ carry->in_string;
	carry->in_string = (uint64_t) ((int64_t) block->in_string >> 63);
	block->bracket = masks.bracket & ~block->in_string;
	block->colon = masks.colon & ~block->in_string;
	block->comma = masks.comma & ~block->in_string;
	block->bad = (masks.control & block->in_string) | (masks.stray & ~block->in_string);
}

/* The block at base of so many bytes; behind their end it is blank */
static inline void
load_block(const char *bytes, size_t length, size_t base, char *padded,
		   JsonBlockCarry *carry, JsonBlock *block)
{
	const char *start = bytes + base;

	if (length - base < JSON_BLOCK)
	{
		memset(padded, ' ', JSON_BLOCK);
		memcpy(padded, start, length - base);
		start = padded;
	}
	read_block(start, carry, block);
}

/* Bits above n */
static inline uint64_t
bits_above(int n)
{
	return n == JSON_BLOCK - 1 ? 0 : ~UINT64_C(0) << (n + 1);
}

#endif
