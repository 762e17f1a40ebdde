/*
 * src/feed/base64.c
 *
 * See base64.h.  Pure C.
 */
#include "feed/base64.h"

#include <stdint.h>

const char *
Base64(Arena *arena, const void *bytes, size_t length, bool url)
{
	static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const unsigned char *in = bytes;
	char		digits[64];
	char	   *result = ArenaAlloc(arena, (length + 2) / 3 * 4 + 1);
	char	   *out = result;

	for (int i = 0; i < 62; i++)
		digits[i] = common[i];
	digits[62] = url ? '-' : '+';
	digits[63] = url ? '_' : '/';
	for (size_t at = 0; at < length; at += 3)
	{
		size_t		rest = length - at;
		uint32_t	group = (uint32_t) in[at] << 16;

		if (rest > 1)
			group |= (uint32_t) in[at + 1] << 8;
		if (rest > 2)
			group |= in[at + 2];
		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		if (rest > 1 || !url)
			*out++ = rest > 1 ? digits[group >> 6 & 63] : '=';
		if (rest > 2 || !url)
			*out++ = rest > 2 ? digits[group & 63] : '=';
	}
	*out = '\0';
	return result;
}
