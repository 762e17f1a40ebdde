/*
 * test/fuzz/match_text_fuzz.c
 *
 * libFuzzer target: any bytes as a title.  Besides crashes it looks for what
 * the contracts rule out: normalised text that normalises to something else,
 * that is not single-spaced or is longer than it may be; a buffer or a step
 * that makes a difference; markers that are found again or leave another part
 * than one of the title; a fingerprint that its own normalised text changes.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc \
 *	test/fuzz/match_text_fuzz.c src/hash.c \
 *	src/match/{text,marker,fingerprint,fold_table}.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/fingerprint.h"
#include "match/marker.h"
#include "match/text.h"

/* The most bytes that one becomes: U+FDFA, three bytes, is 33 */
#define GROWTH	12

/* Stop the fuzzer: the contract is broken */
static void
broken(const char *what)
{
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* The whole, through the smallest steps */
static char *
read_in_steps(const char *text, size_t length, size_t expected)
{
	char	   *out = malloc(expected + 1);
	char	   *step = malloc(MATCH_READ_MIN);
	size_t		used = 0;
	size_t		n;
	MatchReader reader;

	MatchReaderInit(&reader, text, length);
	while ((n = MatchRead(&reader, step, MATCH_READ_MIN)) > 0)
	{
		if (used + n > expected)
			broken("steps are longer than the whole");
		memcpy(out + used, step, n);
		used += n;
	}
	if (used != expected)
		broken("steps are shorter than the whole");
	out[used] = '\0';
	free(step);
	return out;
}

/* Normalise, checking what must hold for any text */
static char *
normalise(const char *text, size_t length, size_t *needed)
{
	char	   *out;
	char	   *stepped;

	*needed = MatchNormalise(text, length, NULL, 0);
	if (*needed > length * GROWTH)
		broken("it grows too much");
	out = malloc(*needed + 1);
	if (MatchNormalise(text, length, out, *needed + 1) != *needed || strlen(out) != *needed)
		broken("the length is not as announced");
	if (*needed > 0 && (out[0] == ' ' || out[*needed - 1] == ' ' || strstr(out, "  ") != NULL))
		broken("spaces");
	stepped = read_in_steps(text, length, *needed);
	if (memcmp(stepped, out, *needed) != 0)
		broken("steps differ from the whole");
	free(stepped);
	return out;
}

/* A buffer too small holds a beginning of the whole */
static void
check_cut(const char *text, size_t length, const char *whole, size_t needed, size_t size)
{
	char	   *out = malloc(size);

	if (MatchNormalise(text, length, out, size) != needed)
		broken("the length depends on the buffer");
	if (strncmp(out, whole, strlen(out)) != 0 || ((unsigned char) whole[strlen(out)] & 0xC0) == 0x80)
		broken("a short buffer");
	free(out);
}

static void
check_markers(const char *text, size_t length)
{
	const char *title = text;
	const char *again;
	size_t		left = length;
	size_t		left_again;

	MatchLiftMarkers(&title, &left);
	if (title < text || title + left > text + length)
		broken("markers leave more than there was");
	again = title;
	left_again = left;
	if (MatchLiftMarkers(&again, &left_again) != 0 || left_again != left)
		broken("markers are left");
}

static void
check_fingerprint(const char *text, size_t length, const char *normalised, int64_t start)
{
	char	   *title = malloc(length + 1);
	int64_t		key;
	int64_t		other;

	memcpy(title, text, length);
	title[length] = '\0';
	if (MatchFingerprint(title, title, start, start & 1, start & 2, &key))
	{
		if (!MatchFingerprint(title, normalised, start, start & 1, start & 2, &other) || key != other)
			broken("the fingerprint of the normalised venue");
	}
	free(title);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text;
	char	   *once;
	char	   *twice;
	size_t		needed;
	size_t		needed_again;
	int64_t		start;

	if (size < 9)
		return 0;
	memcpy(&start, data, 8);
	text = (const char *) data + 9;
	size -= 9;

	once = normalise(text, size, &needed);
	twice = normalise(once, needed, &needed_again);
	if (needed_again != needed || memcmp(once, twice, needed) != 0)
		broken("twice is not as once");
	check_cut(text, size, once, needed, 1 + data[8] % (needed + 2));
	check_markers(text, size);
	if (memchr(text, '\0', size) == NULL)
		check_fingerprint(text, size, once, start);
	free(twice);
	free(once);
	return 0;
}
