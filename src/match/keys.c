/*
 * src/match/keys.c
 *
 * Pure C.
 */
#include "match/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

/* The number says which keys these are */
#define KEY_SEED 2

/* Words of the title that make a key */
#define KEY_WORDS 4

#define HOURS(n) ((n) * 3600)
#define DAY HOURS(24)

static int64_t
key_of(char tag, uint64_t value, int64_t day)
{
	unsigned char bytes[17];

	bytes[0] = (unsigned char) tag;
	for (int i = 0; i < 8; i++)
	{
		bytes[1 + i] = (unsigned char) (value >> (8 * i));
		bytes[9 + i] = (unsigned char) ((uint64_t) day >> (8 * i));
	}
	return (int64_t) HashBytes(bytes, sizeof(bytes), KEY_SEED);
}

/* Longer words are rarer; alphabetical among equals, so that the choice is one */
static int
compare_words(const void *a, const void *b)
{
	const ProfileWord *x = *(const ProfileWord *const *) a;
	const ProfileWord *y = *(const ProfileWord *const *) b;

	if (x->length != y->length)
		return (int) y->length - (int) x->length;
	return memcmp(x->text, y->text, x->length);
}

/* Hashes of the title's rare words, at most KEY_WORDS; of all together if none is rare */
static int
title_words(const MatchProfile *profile, uint64_t *hashes)
{
	const ProfileWord *words[PROFILE_WORDS];
	int			n = 0;

	for (int i = 0; i < profile->title.count; i++)
		if (!profile->title.words[i].generic)
			words[n++] = &profile->title.words[i];
	if (n == 0 && profile->title.count > 0)
	{
		hashes[0] = 0;
		for (int i = 0; i < profile->title.count; i++)
			hashes[0] += profile->title.words[i].meaning;
		return 1;
	}
	qsort(words, n, sizeof(words[0]), compare_words);
	if (n > KEY_WORDS)
		n = KEY_WORDS;
	for (int i = 0; i < n; i++)
		hashes[i] = words[i]->meaning;
	return n;
}

/* One hash for a venue: its longest words, so that "salle X" and "X" meet */
static uint64_t
venue_hash(const MatchProfile *profile)
{
	const ProfileWord *longest = NULL;

	for (int i = 0; i < profile->venue.count; i++)
	{
		const ProfileWord *word = &profile->venue.words[i];

		if (longest == NULL || compare_words(&word, &longest) < 0)
			longest = word;
	}
	return longest == NULL ? 0 : longest->meaning;
}

/* The keys of a day; how many */
static int
keys_of_day(const MatchProfile *profile, int64_t day, bool with_venue, int64_t *keys)
{
	uint64_t	words[KEY_WORDS];
	int			nwords = title_words(profile, words);
	uint64_t	venue = venue_hash(profile);
	int			n = 0;

	for (int i = 0; i < nwords; i++)
		keys[n++] = key_of('w', words[i], day);
	if (with_venue && venue != 0)
		keys[n++] = key_of('v', venue, day);
	if (with_venue && profile->ticket_id != 0)
		keys[n++] = key_of('t', profile->ticket_id + profile->ticket_kind, 0);
	if (with_venue && profile->meeting != 0)
		keys[n++] = key_of('m', profile->meeting, day);
	return n;
}

int
MatchKeysStored(const MatchProfile *profile, int64_t keys[MATCH_KEYS_STORED])
{
	if (profile->local_day == MATCH_TIME_UNKNOWN)
		return 0;
	return keys_of_day(profile, profile->local_day, true, keys);
}

int
MatchKeysAsked(const MatchProfile *profile, int64_t keys[MATCH_KEYS_ASKED])
{
	int64_t		time;
	int			n;

	if (profile->local_day == MATCH_TIME_UNKNOWN)
		return 0;
	n = keys_of_day(profile, profile->local_day, true, keys);
	time = profile->local_start - profile->local_day * DAY;
	if (profile->timed && time >= HOURS(18))
		n += keys_of_day(profile, profile->local_day + 1, false, keys + n);
	else if (profile->timed && time < HOURS(6))
		n += keys_of_day(profile, profile->local_day - 1, false, keys + n);
	return n;
}

void
MatchKeyName(const MatchProfile *profile, int64_t key, char *out, size_t size)
{
	const ProfileWords *groups[2] = {&profile->title, &profile->venue};

	for (int group = 0; group < 2; group++)
		for (int i = 0; i < groups[group]->count; i++)
		{
			const ProfileWord *word = &groups[group]->words[i];

			if (key == key_of(group == 0 ? 'w' : 'v', word->meaning, profile->local_day))
			{
				snprintf(out, size, "%s %.*s", group == 0 ? "word" : "venue", (int) word->length, word->text);
				return;
			}
		}
	snprintf(out, size, "%s", profile->ticket_id != 0 && key == key_of('t', profile->ticket_id + profile->ticket_kind, 0) ? "ticket" :
			 profile->meeting != 0 && key == key_of('m', profile->meeting, profile->local_day) ? "meeting" : "words");
}
