/*
 * src/match/fingerprint.c
 *
 * The fingerprint of the exact stage.
 *
 * Pure C.
 */
#include "match/fingerprint.h"

#include <string.h>

#include "hash.h"
#include "match/marker.h"
#include "match/text.h"

#define SECONDS_PER_MINUTE	60
#define SECONDS_PER_DAY		86400

/* The number says which fingerprint this is */
#define FINGERPRINT_SEED	1

/* Normalised text is hashed in blocks of this many bytes */
#define BLOCK_SIZE			1024

/* What the number in a key is a count of */
#define TAG_MINUTE			'm'
#define TAG_DAY				'd'

/* Add a text, normalised, to the hash; false if nothing is left of it */
static bool
hash_text(const char *text, size_t length, uint64_t *hash)
{
	MatchReader reader;
	char		buffer[BLOCK_SIZE + MATCH_READ_MIN];
	size_t		used = 0;
	size_t		n;
	bool		empty = true;

	MatchReaderInit(&reader, text, length);
	while ((n = MatchRead(&reader, buffer + used, sizeof(buffer) - used)) > 0)
	{
		empty = false;
		used += n;
		if (used >= BLOCK_SIZE)
		{
			*hash = HashBytes(buffer, BLOCK_SIZE, *hash);
			used -= BLOCK_SIZE;
			memmove(buffer, buffer + BLOCK_SIZE, used);
		}
	}

	/* Even if it is empty, so that the end of the text shows in the hash */
	*hash = HashBytes(buffer, used, *hash);
	return !empty;
}

/* Add a count of minutes or days to the hash, alike on every machine */
static uint64_t
hash_start(int64_t count, char tag, uint64_t hash)
{
	unsigned char bytes[9];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char) ((uint64_t) count >> (8 * i));
	bytes[8] = (unsigned char) tag;
	return HashBytes(bytes, sizeof(bytes), hash);
}

/* The quotient rounded down, also before 1970 */
static int64_t
divide_down(int64_t seconds, int64_t unit)
{
	return seconds / unit - (seconds % unit < 0);
}

bool
MatchFingerprint(const char *title, const char *venue, int64_t local_start,
				 bool all_day, bool day_only, int64_t *key)
{
	uint64_t	hash = FINGERPRINT_SEED;
	size_t		length;

	if (title == NULL || venue == NULL || local_start == MATCH_START_UNKNOWN)
		return false;

	length = strlen(title);
	MatchLiftMarkers(&title, &length);
	if (!hash_text(title, length, &hash))
		return false;
	if (all_day || day_only)
		hash = hash_start(divide_down(local_start, SECONDS_PER_DAY), TAG_DAY, hash);
	else
		hash = hash_start(divide_down(local_start, SECONDS_PER_MINUTE), TAG_MINUTE, hash);
	if (!hash_text(venue, strlen(venue), &hash))
		return false;
	*key = (int64_t) hash;
	return true;
}
