/*
 * src/match/profile.c
 *
 * Profiles from listings.
 *
 * A title is cut into segments where punctuation sets its parts off, and each
 * segment is normalised into words.  What says nothing of which event it is
 * (status, promoters, "nouveau") goes; what tells two sessions or editions
 * apart (numbers, "matinée", a time) is lifted out and compared by itself.
 *
 * Pure C.
 */
#include "match/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "match/address.h"
#include "match/link.h"
#include "match/marker.h"
#include "match/text.h"

#define SECONDS_PER_DAY 86400

/* Longer titles and venues are compared by their beginning */
#define LONGEST_TEXT 600

/* A promoter's name is not longer */
#define PROMOTER_WORDS 6

#define WEIGHT_GENERIC 0.35f
#define WEIGHT_SHORT 0.5f

/* A word as it stands in the text */
typedef struct RawWord
{
	const char *text;
	int			length;
	Word		known;
} RawWord;

typedef struct RawWords
{
	RawWord		words[2 * PROFILE_WORDS];
	int			count;
	char		text[2 * LONGEST_TEXT];
	int			used;
} RawWords;

/* ---- words ---- */

/* Normalise a piece of text and append its words */
static void
split_words(RawWords *raw, const char *text, size_t length, const WordTable *table)
{
	char	   *out = raw->text + raw->used;
	size_t		room = sizeof(raw->text) - raw->used;
	char	   *p = out;

	if (room < 2)
		return;
	(void) MatchNormalise(text, length, out, room);
	raw->used += (int) strlen(out) + 1;
	while (*p != '\0' && raw->count < 2 * PROFILE_WORDS)
	{
		RawWord    *word = &raw->words[raw->count++];

		word->text = p;
		word->length = (int) strcspn(p, " ");
		word->known = WordFind(table, p, word->length);
		p += word->length;
		p += *p == ' ';
	}
}

/* Keep a word's text in the profile */
static const char *
keep_text(MatchProfile *profile, const char *text, int length)
{
	char	   *kept = profile->text + profile->used;

	if (profile->used + length > PROFILE_TEXT)
		return NULL;
	memcpy(kept, text, length);
	profile->used += length;
	return kept;
}

/* What a word means, in whatever language */
static uint64_t
meaning_of(const RawWord *raw)
{
	const char *canonical = (raw->known.kinds & WORD_GENERIC) ? raw->known.canonical : NULL;

	return canonical != NULL ? HashBytes(canonical, strlen(canonical), 0) : HashBytes(raw->text, raw->length, 0);
}

static void
add_word(MatchProfile *profile, ProfileWords *words, const RawWord *raw)
{
	bool		generic = (raw->known.kinds & WORD_GENERIC) != 0;
	uint64_t	meaning = meaning_of(raw);
	ProfileWord *word;

	/* the same word twice weighs no more */
	for (int i = 0; i < words->count; i++)
		if (words->words[i].meaning == meaning)
			return;
	if (words->count == PROFILE_WORDS)
		return;
	word = &words->words[words->count];
	word->text = keep_text(profile, raw->text, raw->length);
	if (word->text == NULL)
		return;
	word->length = (uint16_t) raw->length;
	word->generic = generic;
	word->meaning = meaning;
	word->weight = generic ? WEIGHT_GENERIC : raw->length <= 2 ? WEIGHT_SHORT : 1.0f;
	words->count++;
}

/* ---- numbers, sessions, times ---- */

/* The value of a roman numeral from ii to xxxix, 0 if it is none */
static uint32_t
roman_value(const char *text, int length)
{
	static const char *const units[] = {"", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"};
	int			tens = 0;

	while (tens < 3 && tens < length && text[tens] == 'x')
		tens++;
	if (length < 2)
		return 0;
	for (int unit = 0; unit < 10; unit++)
		if ((int) strlen(units[unit]) == length - tens && memcmp(units[unit], text + tens, length - tens) == 0)
			return 10 * tens + unit;
	return 0;
}

/* The value of "12", "12e", "1er", "3rd", "xii"; false if it is no number */
static bool
number_value(const RawWord *word, uint32_t *value)
{
	static const char *const endings[] = {"", "e", "er", "re", "eme", "ieme", "nd", "nde", "st", "rd", "th", "ans", "h"};
	int			digits = 0;

	*value = 0;
	while (digits < word->length && word->text[digits] >= '0' && word->text[digits] <= '9')
	{
		if (digits == 9)
			return false;
		*value = 10 * *value + (uint32_t) (word->text[digits++] - '0');
	}
	if (digits == 0)
		return (*value = roman_value(word->text, word->length)) != 0;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if ((int) strlen(endings[i]) == word->length - digits &&
			memcmp(endings[i], word->text + digits, word->length - digits) == 0)
			return true;
	return false;
}

static void
add_number(MatchProfile *profile, uint32_t value)
{
	int			i = 0;

	while (i < profile->nnumbers && profile->numbers[i] < value)
		i++;
	if (profile->nnumbers == PROFILE_NUMBERS || (i < profile->nnumbers && profile->numbers[i] == value))
		return;
	memmove(&profile->numbers[i + 1], &profile->numbers[i], (profile->nnumbers - i) * sizeof(uint32_t));
	profile->numbers[i] = value;
	profile->nnumbers++;
}

/*
 * "14h", "14h30", "20 h", "19:00" (two words, as the colon parts them is left
 * alone: it could be a score); the minutes since midnight, or -1
 */
static int
clock_value(const RawWord *word, const RawWord *next)
{
	int			hour = 0;
	int			minute = 0;
	int			i = 0;

	while (i < word->length && i < 2 && word->text[i] >= '0' && word->text[i] <= '9')
		hour = 10 * hour + (word->text[i++] - '0');
	if (i == 0 || hour > 23)
		return -1;
	if (i == word->length)
		return next != NULL && next->length == 1 && next->text[0] == 'h' ? 60 * hour : -1;
	if (word->text[i] == 'h')
		i++;
	else if (word->length == i + 2 && word->text[i + 1] == 'm' && (word->text[i] == 'a' || word->text[i] == 'p'))
		return hour < 1 || hour > 12 ? -1 : 60 * (hour % 12 + (word->text[i] == 'p' ? 12 : 0));
	else
		return -1;
	if (i == word->length)
		return 60 * hour;
	for (; i < word->length; i++)
	{
		if (word->text[i] < '0' || word->text[i] > '9')
			return -1;
		minute = 10 * minute + (word->text[i] - '0');
	}
	return minute < 60 ? 60 * hour + minute : -1;
}

static unsigned
session_bit(const RawWord *word)
{
	const char *text = word->known.canonical != NULL ? word->known.canonical : word->text;

	/* the administrator's session words may share a bit: they then count as one */
	return 1u << (HashBytes(text, text == word->text ? (size_t) word->length : strlen(text), 0) % 31);
}

/* The year of a local day, near enough: titles name the year they are in */
static uint32_t
year_of(int64_t local_day)
{
	return (uint32_t) (1970 + local_day / 365.2425);
}

/* ---- the title ---- */

/* Bytes of a delimiter that sets parts of a title off at p, or 0 */
static size_t
delimiter_at(const char *p, const char *start, const char *end)
{
	static const char *const known[] = {
		":", "|", "@", "/", "(", ")", "[", "]", "{", "}", "*", "+", ";", "•", "·", "–", "—", "―", "«", "»"
	};

	if (*p == '-')
		return (p == start || p[-1] == ' ' || p + 1 == end || p[1] == ' ') ? 1 : 0;
	if ((*p >= 'a' && *p <= 'z') || *p == ' ' || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		size_t		length = strlen(known[i]);

		if ((size_t) (end - p) >= length && memcmp(p, known[i], length) == 0)
			return length;
	}
	return 0;
}

/* The title's words, a segment after the other */
static void
split_title(RawWords *raw, const char *title, size_t length, const WordTable *table)
{
	const char *start = title;
	const char *end = title + length;
	const char *p = title;

	while (p < end)
	{
		size_t		delimiter = delimiter_at(p, title, end);

		if (delimiter == 0)
		{
			p++;
			continue;
		}
		split_words(raw, start, (size_t) (p - start), table);
		p += delimiter;
		start = p;
	}
	split_words(raw, start, (size_t) (end - start), table);
}

static bool
is_rare(const RawWord *word)
{
	return (word->known.kinds & (WORD_STOP | WORD_GENERIC | WORD_NOISE | WORD_PRESENTS | WORD_SESSION | WORD_ADDON)) == 0;
}

/* The first word after a promoter's "X présente", if something is left then */
static int
skip_promoter(const RawWords *raw)
{
	for (int i = 0; i < raw->count && i < PROMOTER_WORDS; i++)
		if (raw->words[i].known.kinds & WORD_PRESENTS)
			for (int j = i + 1; j < raw->count; j++)
				if (!(raw->words[j].known.kinds & (WORD_STOP | WORD_NOISE)))
					return i + 1;
	return 0;
}

/* "en concert": said of any concert */
static bool
is_in_concert(const RawWords *raw, int i)
{
	const RawWord *word = &raw->words[i];
	const RawWord *before = word - 1;

	return i > 0 && word->length == 7 && memcmp(word->text, "concert", 7) == 0 && before->length == 2 &&
		(memcmp(before->text, "en", 2) == 0 || memcmp(before->text, "in", 2) == 0);
}

static void
take_title(MatchProfile *profile, const char *title, const WordTable *table)
{
	RawWords	raw;
	size_t		length = strnlen(title, LONGEST_TEXT);

	raw.count = raw.used = 0;
	(void) MatchLiftMarkers(&title, &length);
	split_title(&raw, title, length, table);
	for (int i = skip_promoter(&raw); i < raw.count; i++)
	{
		RawWord    *word = &raw.words[i];
		RawWord    *next = i + 1 < raw.count ? word + 1 : NULL;
		unsigned	kinds = word->known.kinds;
		int			clock = clock_value(word, next);
		uint32_t	number;

		if (clock >= 0)
			profile->clock = clock;
		else if (number_value(word, &number))
		{
			if (profile->local_start != MATCH_TIME_UNKNOWN && number == year_of(profile->local_day))
				profile->names_year = true;
			else
			{
				add_number(profile, number);
				profile->names_other_year |= number >= 1990 && number < 2100;
			}
		}
		else if (kinds & WORD_SESSION)
			profile->sessions |= session_bit(word);
		else if (kinds & WORD_ADDON)
			profile->addon = true;
		else if (!(kinds & (WORD_STOP | WORD_NOISE | WORD_PRESENTS)) && !is_in_concert(&raw, i))
		{
			add_word(profile, &profile->title, word);
			profile->has_rare |= is_rare(word);
		}
	}

	/* all stop words or noise: these are its name then */
	for (int i = 0; profile->title.count == 0 && i < raw.count; i++)
		add_word(profile, &profile->title, &raw.words[i]);
}

/* ---- the place ---- */

/* Is a word one that rooms are called by? */
static bool
is_room_word(const RawWord *word)
{
	static const char *const known[] = {
		"salle", "room", "studio", "auditorium", "foyer", "scene", "stage", "local", "gymnase", "gymnasium",
		"amphitheatre", "atelier", "classe", "classroom", "etage", "floor", "terrasse", "terrace", "atrium"
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((int) strlen(known[i]) == word->length && memcmp(known[i], word->text, word->length) == 0)
			return true;
	return false;
}

/* "bibliothèques": a kind of place, more than one */
static bool
is_plural_place(const RawWord *word, const WordTable *table)
{
	return word->length > 4 && word->text[word->length - 1] == 's' && (word->known.kinds & WORD_PLACE) == 0 &&
		(WordFind(table, word->text, word->length - 1).kinds & WORD_PLACE) != 0;
}

/* Was the kind of place named before? */
static bool
is_named_again(const MatchProfile *profile, const RawWord *word)
{
	for (int i = 0; i < profile->nvenue_kinds; i++)
		if (profile->venue_kinds[i] == meaning_of(word))
			return true;
	return false;
}

/* The room, from what punctuation sets off behind the building's name */
static uint64_t
room_of(const char *venue, size_t length, const WordTable *table)
{
	const char *end = venue + length;
	const char *start = venue;
	bool		first = true;

	for (const char *p = venue; p <= end; p++)
	{
		RawWords	raw;
		uint64_t	bits = 0;
		bool		is_room = false;
		size_t		delimiter = p == end ? 1 : *p == ',' ? 1 : delimiter_at(p, venue, end);

		if (delimiter == 0)
			continue;
		raw.count = raw.used = 0;
		if (p > start)
			split_words(&raw, start, (size_t) (p - start), table);
		p += delimiter - 1;
		start = p + 1;
		for (int i = 0; i < raw.count; i++)
		{
			is_room |= is_room_word(&raw.words[i]);
			/* of the letters that are stop words, "salle A" has one */
			if (!(raw.words[i].known.kinds & WORD_STOP) || raw.words[i].length == 1)
				bits |= UINT64_C(1) << (raw.words[i].length == 1 ? (uint64_t) raw.words[i].text[0] % 32 :
										32 + HashBytes(raw.words[i].text, raw.words[i].length, 0) % 32);
		}
		if (is_room && !first)
			return bits;
		first &= raw.count == 0;
	}
	return 0;
}

static void
take_venue(MatchProfile *profile, const MatchListing *listing, const WordTable *table)
{
	RawWords	raw;
	RawWords	city;

	raw.count = raw.used = city.count = city.used = 0;
	if (listing->venue == NULL)
		return;
	split_words(&raw, listing->venue, strnlen(listing->venue, LONGEST_TEXT), table);
	profile->room = room_of(listing->venue, strnlen(listing->venue, LONGEST_TEXT), table);
	if (listing->city != NULL)
		split_words(&city, listing->city, strnlen(listing->city, 100), table);
	for (int i = 0; i < raw.count; i++)
	{
		bool		is_city = false;

		for (int j = 0; j < city.count; j++)
			is_city |= city.words[j].length == raw.words[i].length &&
				memcmp(city.words[j].text, raw.words[i].text, raw.words[i].length) == 0;
		/* "bibliothèque A, bibliothèque B" */
		if (is_plural_place(&raw.words[i], table))
		{
			profile->several = true;
			continue;
		}
		if ((raw.words[i].known.kinds & WORD_PLACE) && is_named_again(profile, &raw.words[i]))
			profile->several = true;
		if ((raw.words[i].known.kinds & WORD_PLACE) && profile->nvenue_kinds < PROFILE_KINDS)
			profile->venue_kinds[profile->nvenue_kinds++] = meaning_of(&raw.words[i]);
		raw.words[i].known.kinds &= WORD_STOP | WORD_PLACE;
		if (!is_city && raw.words[i].known.kinds == 0)
			add_word(profile, &profile->venue, &raw.words[i]);
	}
	for (int i = 0; profile->venue.count == 0 && i < raw.count; i++)
		if (!(raw.words[i].known.kinds & WORD_STOP))
			add_word(profile, &profile->venue, &raw.words[i]);
	profile->has_venue = profile->venue.count > 0;
}

/* Points that geocoders give when they know the city only */
static bool
is_city_centre(double latitude, double longitude)
{
	static const double points[][2] = {
		{45.5088, -73.5542}, {45.5017, -73.5673}, {45.5019, -73.5674}, {45.5089, -73.5617},
		{45.6066, -73.7124}, {46.8139, -71.2080}, {45.4215, -75.6972}, {45.5312, -73.5181},
	};

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		if (fabs(latitude - points[i][0]) < 0.00011 && fabs(longitude - points[i][1]) < 0.00011)
			return true;
	return false;
}

static bool
is_rounded(double degrees)
{
	return fabs(degrees * 100 - round(degrees * 100)) < 1e-6;
}

static void
take_place(MatchProfile *profile, const MatchListing *listing)
{
	double		latitude = listing->latitude;
	double		longitude = listing->longitude;

	profile->has_place = listing->has_place && fabs(latitude) <= 90 && fabs(longitude) <= 180 &&
		!(fabs(latitude) < 0.01 && fabs(longitude) < 0.01) &&
		!is_city_centre(latitude, longitude) && !(is_rounded(latitude) && is_rounded(longitude));
	profile->latitude = latitude;
	profile->longitude = longitude;
}

void
MatchProfileInit(MatchProfile *profile, const MatchListing *listing, const WordTable *words)
{
	MatchLink	link;

	profile->title.count = profile->venue.count = profile->nvenue_kinds = 0;
	profile->nnumbers = profile->used = 0;
	profile->sessions = 0;
	profile->clock = -1;
	profile->names_year = profile->names_other_year = false;
	profile->room = 0;
	profile->addon = profile->has_rare = profile->has_venue = profile->several = false;
	profile->start = listing->start;
	profile->end = listing->end;
	profile->local_start = listing->start == MATCH_TIME_UNKNOWN ? MATCH_TIME_UNKNOWN : listing->local_start;
	profile->local_day = profile->local_start == MATCH_TIME_UNKNOWN ? MATCH_TIME_UNKNOWN :
		profile->local_start / SECONDS_PER_DAY - (profile->local_start % SECONDS_PER_DAY < 0);
	profile->timed = listing->timed;
	profile->online = listing->online;
	profile->range = listing->start != MATCH_TIME_UNKNOWN && listing->end != MATCH_TIME_UNKNOWN &&
		listing->end - listing->start > SECONDS_PER_DAY * 3 / 2;
	if (listing->title != NULL)
		take_title(profile, listing->title, words);
	take_venue(profile, listing, words);
	take_place(profile, listing);
	profile->postal_code = MatchPostalCode(listing->postal_code);
	profile->street = MatchStreet(listing->address);
	MatchLinkRead(&link, listing->url);
	profile->ticket_kind = link.ticket_kind;
	profile->ticket_id = link.ticket_id;
	profile->meeting = listing->online ? link.meeting : 0;
}
