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
#define KEY_SEED 3

/* Words of the title that make a key */
#define KEY_WORDS 3

#define HOURS(n) ((n) * 3600)
#define DAY HOURS(24)

/*
 * The day stands first, so that the keys of near days are near each other in
 * the index: what is imported and looked for together is read together, and
 * the past is left alone.
 */
#define KEY_DAY_BITS 20

static int64_t
key_of(char tag, uint64_t value, int64_t day)
{
	unsigned char bytes[9];
	uint64_t	hash;

	bytes[0] = (unsigned char) tag;
	for (int i = 0; i < 8; i++)
		bytes[1 + i] = (unsigned char) (value >> (8 * i));
	hash = HashBytes(bytes, sizeof(bytes), KEY_SEED);
	return (int64_t) ((uint64_t) day << (64 - KEY_DAY_BITS) | hash >> KEY_DAY_BITS);
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

/* A day's keys, and the days they are of */
typedef struct KeyList
{
	int64_t    *keys;
	int64_t    *days;			/* or NULL */
	int			n;
} KeyList;

/* Append a key, unless it is there */
static void
put_key(KeyList *list, int64_t key, int64_t day)
{
	for (int i = 0; i < list->n; i++)
		if (list->keys[i] == key)
			return;
	if (list->days != NULL)
		list->days[list->n] = day;
	list->keys[list->n++] = key;
}

static void
put_words(KeyList *list, const uint64_t *words, int nwords, int64_t day)
{
	for (int i = 0; i < nwords; i++)
		put_key(list, key_of('w', words[i], day), day);
}

/* The keys of its own day */
static void
put_own(KeyList *list, const MatchProfile *profile, const uint64_t *words, int nwords)
{
	int64_t		day = profile->local_day;
	uint64_t	venue = venue_hash(profile);

	put_words(list, words, nwords, day);
	if (venue != 0)
		put_key(list, key_of('v', venue, day), day);
	if (profile->ticket_id != 0)
		put_key(list, key_of('t', profile->ticket_id + profile->ticket_kind, 0), MATCH_TIME_UNKNOWN);
	if (profile->meeting != 0)
		put_key(list, key_of('m', profile->meeting, day), day);
}

int
MatchKeysStored(const MatchProfile *profile, int64_t keys[MATCH_KEYS_STORED])
{
	KeyList		list = {keys, NULL, 0};
	uint64_t	words[KEY_WORDS];

	if (profile->local_day == MATCH_TIME_UNKNOWN)
		return 0;
	put_own(&list, profile, words, title_words(profile, words));
	return list.n;
}

int
MatchKeysAsked(const MatchProfile *profile, int64_t keys[MATCH_KEYS_ASKED], int64_t days[MATCH_KEYS_ASKED])
{
	KeyList		list = {keys, days, 0};
	uint64_t	words[KEY_WORDS];
	int64_t		time;
	int64_t		shift;
	int			nwords;

	if (profile->local_day == MATCH_TIME_UNKNOWN)
		return 0;
	nwords = title_words(profile, words);
	put_own(&list, profile, words, nwords);
	if (!profile->timed)
		return list.n;

	/* local time taken for UTC or the other way round; or doors and show */
	time = profile->local_start - profile->local_day * DAY;
	shift = llabs(profile->local_start - profile->start);
	if (shift < HOURS(1))
		shift = HOURS(1);
	if (time + shift >= DAY)
		put_words(&list, words, nwords, profile->local_day + 1);
	if (time - shift < 0)
		put_words(&list, words, nwords, profile->local_day - 1);
	return list.n;
}

/* ---- facts ---- */

/*
 * From the lowest bit: 32 of the source's hash; 11 of the minute of the local
 * day, NOT_TIMED if it is not known; 7 of the zone's offset in quarters of an
 * hour, ODD_ZONE if it is none such; 13 of the title's words; 1 of an add-on.
 */
#define NOT_TIMED 2047
#define ODD_ZONE 127
#define QUARTER 900
#define MINUTES_A_DAY 1440

static unsigned
source_of(int64_t facts)
{
	return (unsigned) (facts & 0xFFFFFFFF);
}

static int
minute_of(int64_t facts)
{
	return (int) (facts >> 32 & 2047);
}

/* Minutes that the wall clock is ahead of UTC; ODD_ZONE if unknown */
static int
offset_of(int64_t facts)
{
	int			quarters = (int) (facts >> 43 & 127);

	return quarters == ODD_ZONE ? ODD_ZONE : 15 * (quarters - 60);
}

static unsigned
title_of(int64_t facts)
{
	return (unsigned) (facts >> 50 & 0x1FFF);
}

static bool
is_addon(int64_t facts)
{
	return facts < 0;
}

int64_t
MatchFacts(const MatchProfile *profile, const char *source)
{
	uint64_t	words = 0;
	uint64_t	minute = NOT_TIMED;
	uint64_t	zone = ODD_ZONE;

	/* in any order */
	for (int i = 0; i < profile->title.count; i++)
		words += profile->title.words[i].meaning;
	if (profile->local_day != MATCH_TIME_UNKNOWN && profile->timed)
	{
		int64_t		offset = profile->local_start - profile->start;

		minute = (uint64_t) (profile->local_start - profile->local_day * DAY) / 60;
		if (offset % QUARTER == 0 && offset / QUARTER >= -60 && offset / QUARTER <= 60)
			zone = (uint64_t) (offset / QUARTER + 60);
	}
	return (int64_t) ((HashString(source, 0) & 0xFFFFFFFF) | minute << 32 | zone << 43 |
					  ((words ^ words >> 17 ^ words >> 41) & 0x1FFF) << 50 | (uint64_t) profile->addon << 63);
}

bool
MatchLooksSame(int64_t a, int64_t a_day, int64_t b, int64_t b_day)
{
	return a == b && a_day == b_day;
}

bool
MatchWorthMeeting(int64_t a, int64_t a_day, int64_t b, int64_t b_day)
{
	bool		timed = minute_of(a) != NOT_TIMED && minute_of(b) != NOT_TIMED;
	bool		same_source = source_of(a) == source_of(b);
	bool		beside = is_addon(a) != is_addon(b);
	int64_t		apart;

	if (MatchLooksSame(a, a_day, b, b_day))
		return true;
	if (same_source && ((!timed && !beside) || title_of(a) != title_of(b)))
		return false;
	if (a_day == MATCH_TIME_UNKNOWN || b_day == MATCH_TIME_UNKNOWN)
		return true;
	if ((same_source || !timed) && a_day != b_day)
		return false;
	if (!timed || offset_of(a) == ODD_ZONE || offset_of(b) == ODD_ZONE)
		return true;

	/* in minutes of UTC; seconds are cut off, so one may be missing */
	apart = llabs((a_day * MINUTES_A_DAY + minute_of(a) - offset_of(a)) -
				  (b_day * MINUTES_A_DAY + minute_of(b) - offset_of(b)));
	if (same_source && !beside)
		return apart >= 15;
	return apart <= 61 || llabs(apart - abs(offset_of(a))) <= 1 || llabs(apart - abs(offset_of(b))) <= 1;
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
