/*
 * src/utf8.h
 *
 * One character at a time to and from UTF-8, for the rooms that make and compare text.
 *
 * Pure C.
 */
#ifndef INGEST_UTF8_H
#define INGEST_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFD

/* Is this byte the second or a later one of a sequence? */
static inline int
Utf8IsTail(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/*
 * Length in bytes of the valid sequence at bytes (Unicode, table 3-7: neither
 * overlong nor a surrogate nor above U+10FFFF), 0 when there is none.
 */
static inline int
Utf8Length(const unsigned char *bytes, size_t length)
{
	unsigned char lead = bytes[0];

	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4 || length < 2 || !Utf8IsTail(bytes[1]))
		return 0;
	if (lead < 0xE0)
		return 2;
	if (length < 3 || !Utf8IsTail(bytes[2]))
		return 0;
	if (lead < 0xF0)
	{
		if ((lead == 0xE0 && bytes[1] < 0xA0) || (lead == 0xED && bytes[1] > 0x9F))
			return 0;
		return 3;
	}
	if (length < 4 || !Utf8IsTail(bytes[3]) ||
		(lead == 0xF0 && bytes[1] < 0x90) || (lead == 0xF4 && bytes[1] > 0x8F))
		return 0;
	return 4;
}

/* The character of a valid sequence of that length */
static inline uint32_t
Utf8Decode(const unsigned char *bytes, int length)
{
	switch (length)
	{
		case 1:
			return bytes[0];
		case 2:
			return (uint32_t) (bytes[0] & 0x1F) << 6 | (bytes[1] & 0x3F);
		case 3:
			return (uint32_t) (bytes[0] & 0x0F) << 12 |
				(uint32_t) (bytes[1] & 0x3F) << 6 | (bytes[2] & 0x3F);
		default:
			return (uint32_t) (bytes[0] & 0x07) << 18 |
				(uint32_t) (bytes[1] & 0x3F) << 12 |
				(uint32_t) (bytes[2] & 0x3F) << 6 | (bytes[3] & 0x3F);
	}
}

/* Write a character, which is none of the surrogates; the bytes written */
static inline int
Utf8Encode(uint32_t code, char *out)
{
	if (code < 0x80)
	{
		out[0] = (char) code;
		return 1;
	}
	if (code < 0x800)
	{
		out[0] = (char) (0xC0 | code >> 6);
		out[1] = (char) (0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000)
	{
		out[0] = (char) (0xE0 | code >> 12);
		out[1] = (char) (0x80 | (code >> 6 & 0x3F));
		out[2] = (char) (0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char) (0xF0 | code >> 18);
	out[1] = (char) (0x80 | (code >> 12 & 0x3F));
	out[2] = (char) (0x80 | (code >> 6 & 0x3F));
	out[3] = (char) (0x80 | (code & 0x3F));
	return 4;
}

#endif
