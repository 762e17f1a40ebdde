/*
 * src/hash.c
 *
 * XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
 * Pure C.
 */
#include "hash.h"

#include <string.h>

#define PRIME1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME3 UINT64_C(0x165667B19E3779F9)
#define PRIME4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME5 UINT64_C(0x27D4EB2F165667C5)

static inline uint64_t
rotate(uint64_t value, int bits)
{
	return (value << bits) | (value >> (64 - bits));
}

/* The specification reads little-endian; so must every machine */
static inline uint64_t
read64(const unsigned char *p)
{
	uint64_t	value;

	memcpy(&value, p, sizeof(value));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

static inline uint32_t
read32(const unsigned char *p)
{
	uint32_t	value;

	memcpy(&value, p, sizeof(value));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	return value;
}

static inline uint64_t
mix_round(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * PRIME2, 31) * PRIME1;
}

static inline uint64_t
merge_lane(uint64_t hash, uint64_t lane)
{
	return (hash ^ mix_round(0, lane)) * PRIME1 + PRIME4;
}

/* Consume all full 32-byte stripes, four lanes at a time */
static uint64_t
hash_stripes(const unsigned char **position, const unsigned char *end, uint64_t seed)
{
	const unsigned char *p = *position;
	uint64_t	a = seed + PRIME1 + PRIME2;
	uint64_t	b = seed + PRIME2;
	uint64_t	c = seed;
	uint64_t	d = seed - PRIME1;
	uint64_t	hash;

	do
	{
		a = mix_round(a, read64(p));
		b = mix_round(b, read64(p + 8));
		c = mix_round(c, read64(p + 16));
		d = mix_round(d, read64(p + 24));
		p += 32;
	} while (end - p >= 32);

	hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
	hash = merge_lane(hash, a);
	hash = merge_lane(hash, b);
	hash = merge_lane(hash, c);
	hash = merge_lane(hash, d);
	*position = p;
	return hash;
}

uint64_t
HashBytes(const void *bytes, size_t length, uint64_t seed)
{
	const unsigned char *p = bytes;
	const unsigned char *end = p + length;
	uint64_t	hash = length >= 32 ? hash_stripes(&p, end, seed) : seed + PRIME5;

	hash += length;
	for (; end - p >= 8; p += 8)
		hash = rotate(hash ^ mix_round(0, read64(p)), 27) * PRIME1 + PRIME4;
	for (; end - p >= 4; p += 4)
		hash = rotate(hash ^ (read32(p) * PRIME1), 23) * PRIME2 + PRIME3;
	for (; p < end; p++)
		hash = rotate(hash ^ (*p * PRIME5), 11) * PRIME1;

	hash = (hash ^ (hash >> 33)) * PRIME2;
	hash = (hash ^ (hash >> 29)) * PRIME3;
	return hash ^ (hash >> 32);
}

uint64_t
HashString(const char *string, uint64_t seed)
{
	if (string == NULL)
		return rotate(seed, 17) ^ PRIME3;
	return HashBytes(string, strlen(string), seed);
}
