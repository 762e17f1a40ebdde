/*
 * test/unit/hash_test.c
 *
 * HashBytes (src/hash.h) against values of the reference implementation of
 * XXH64, and that HashString tells apart what it promises to.
 */
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

#define SANITY_PRIME32	UINT64_C(0x9E3779B1)
#define SANITY_PRIME64	UINT64_C(0x9E3779B185EBCA8D)
#define SANITY_SIZE		2243

static void
check(const void *bytes, size_t length, uint64_t seed, uint64_t expected, const char *name)
{
	/* A block of exactly that size: the sanitizer sees a read behind it */
	void	   *copy = malloc(length > 0 ? length : 1);
	uint64_t	hash;

	if (length > 0)
		memcpy(copy, bytes, length);
	hash = HashBytes(copy, length, seed);
	if (!TapOk(hash == expected, "%s", name))
		printf("#      got: %016llx\n# expected: %016llx\n", (unsigned long long) hash,
			   (unsigned long long) expected);
	free(copy);
}

/* The bytes by which the reference implementation checks itself */
static void
test_sanity_buffer(void)
{
	static const struct
	{
		size_t		length;
		uint64_t	plain;		/* seed 0 */
		uint64_t	seeded;		/* seed SANITY_PRIME32 */
	}			vectors[] = {
		{0, UINT64_C(0xEF46DB3751D8E999), UINT64_C(0xAC75FDA2929B17EF)},
		{1, UINT64_C(0xE934A84ADB052768), UINT64_C(0x5014607643A9B4C3)},
		{3, UINT64_C(0xFF7E1959CB50794A), UINT64_C(0xAA8584E83660F7D1)},
		{4, UINT64_C(0x9136A0DCA57457EE), UINT64_C(0xCAAB286BD8E9FDB5)},
		{5, UINT64_C(0x9B046FB1397F09A5), UINT64_C(0x2AF5249930F984EC)},
		{7, UINT64_C(0x6C83909A9F01ED25), UINT64_C(0xF98D03B1AD6F9293)},
		{8, UINT64_C(0xCDBCF538E71D1348), UINT64_C(0xFE0C047A5353CDAC)},
		{14, UINT64_C(0x8282DCC4994E35C8), UINT64_C(0xC3BD6BF63DEB6DF0)},
		{31, UINT64_C(0x299B39A290E6D783), UINT64_C(0xDA673D5FEB5C1D79)},
		{32, UINT64_C(0x18B216492BB44B70), UINT64_C(0xB3F33BDF93ADE409)},
		{33, UINT64_C(0x55C8DC3E578F5B59), UINT64_C(0xE92C292F64BC3071)},
		{63, UINT64_C(0xA9EFBE0FA0F3F4E7), UINT64_C(0x6C911FADB05B6FC2)},
		{64, UINT64_C(0xEF558F8ACAC2B5CD), UINT64_C(0xB5EEBA99264CC44F)},
		{222, UINT64_C(0xB641AE8CB691C174), UINT64_C(0x20CB8AB7AE10C14A)},
		{1024, UINT64_C(0x4775BF7CACE4D177), UINT64_C(0x238CF9296898B465)},
		{2243, UINT64_C(0x6580659B3A2FD03D), UINT64_C(0x7E2E7265EBD87AE5)},
	};
	unsigned char buffer[SANITY_SIZE];
	uint64_t	generator = SANITY_PRIME32;
	char		name[80];

	for (int i = 0; i < SANITY_SIZE; i++)
	{
		buffer[i] = (unsigned char) (generator >> 56);
		generator *= SANITY_PRIME64;
	}
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		snprintf(name, sizeof(name), "%zu bytes", vectors[i].length);
		check(buffer, vectors[i].length, 0, vectors[i].plain, name);
		snprintf(name, sizeof(name), "%zu bytes, with a seed", vectors[i].length);
		check(buffer, vectors[i].length, SANITY_PRIME32, vectors[i].seeded, name);
	}
}

/* Any alignment gives the same */
static void
test_alignment(void)
{
	char		buffer[80];
	const char *text = "Nuit blanche à Montréal, deux cents activités gratuites";
	uint64_t	expected = HashBytes(text, strlen(text), 7);
	bool		same = true;

	for (int offset = 0; offset < 8; offset++)
	{
		memcpy(buffer + offset, text, strlen(text));
		same = same && HashBytes(buffer + offset, strlen(text), 7) == expected;
	}
	TapOk(same, "alignment does not matter");
}

static void
test_string(void)
{
	TapOk(HashString(NULL, 0) != HashString("", 0), "NULL is not the empty string");
	TapOk(HashString("ab", HashString("c", 0)) != HashString("a", HashString("bc", 0)),
		  "the border between two strings counts");
	TapOk(HashString(NULL, HashString("a", 0)) != HashString("a", HashString(NULL, 0)),
		  "the order of NULL and a string counts");
	TapOk(HashString("abc", 5) == HashBytes("abc", 3, 5), "a string hashes as its bytes");
}

int
main(void)
{
	check("", 0, 0, UINT64_C(0xEF46DB3751D8E999), "nothing");
	check("a", 1, 0, UINT64_C(0xD24EC4F1A98C6E5B), "\"a\"");
	check("abc", 3, 0, UINT64_C(0x44BC2CF5AD770999), "\"abc\"");
	test_sanity_buffer();
	test_alignment();
	test_string();
	return TapDone();
}
