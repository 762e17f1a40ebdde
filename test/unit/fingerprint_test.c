/*
 * test/unit/fingerprint_test.c
 *
 * The exact fingerprint (src/match/fingerprint.h) and the status markers that
 * it leaves out (src/match/marker.h).
 */
#include "match/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed_harness.h"
#include "match/marker.h"

#define VENUE	"MTELUS"
#define EVENING INT64_C(1812657600) /* 2027-06-10 20:00:00 on the venue's clock */
#define DAY		INT64_C(86400)

/* The key of a timed listing at VENUE, which must have one */
static int64_t
key_of(const char *title)
{
	int64_t		key = 0;

	if (!MatchFingerprint(title, VENUE, EVENING, false, false, &key))
		printf("# \"%s\" has no key\n", title);
	return key;
}

static bool
has_key(const char *title, const char *venue, int64_t start)
{
	int64_t		key;

	return MatchFingerprint(title, venue, start, false, false, &key);
}

/* A key at another place or time */
static int64_t
key_at(const char *venue, int64_t start, bool all_day, bool day_only)
{
	int64_t		key = 0;

	MatchFingerprint("Jazz", venue, start, all_day, day_only, &key);
	return key;
}

/* Stored keys are made of these: a change of any is a change of all */
static void
test_stored_values(void)
{
	static const struct
	{
		const char *title;
		const char *venue;
		int64_t		start;
		bool		day;
		uint64_t	key;
	}			stored[] = {
		{"Jazz", "MTELUS", EVENING, false, UINT64_C(0xDBF9D9C3CDDF147D)},
		{"Jazz", "MTELUS", EVENING, true, UINT64_C(0xF450BEDF731B25BC)},
		{"[ANNULÉ] L’Œuvre : déjà 25 ans", "Théâtre Maisonneuve", EVENING, false, UINT64_C(0x987C83FD1CFE4C13)},
		{"Jazz", "MTELUS", -1, false, UINT64_C(0xB7198388F7416386)},
	};

	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++)
	{
		int64_t		key = 0;

		MatchFingerprint(stored[i].title, stored[i].venue, stored[i].start, stored[i].day, false, &key);
		if (!TapOk((uint64_t) key == stored[i].key, "the stored key of \"%s\"", stored[i].title))
			printf("# got: 0x%016" PRIX64 "\n", (uint64_t) key);
	}
}

static void
test_same(void)
{
	static const char *const same[][2] = {
		{"Soirée Électro", "SOIREE   ELECTRO!"},
		{"L'œuvre", "L\u2019OEUVRE"},
		{"Cafe\u0301", "Café"},
		{"X", "[ANNULÉ] X"}, {"X", "[Annulée] X"}, {"X", "(CANCELLED) X"}, {"X", "X (canceled)"},
		{"X", "ANNULÉ : X"}, {"X", "Annulé: X"}, {"X", "ANNULÉ\u00A0: X"}, {"X", "ANNULÉ - X"},
		{"X", "ANNULÉ – X"}, {"X", "ANNULÉ— X"}, {"X", "X - ANNULE\u0301"}, {"X", "X | Annulé"},
		{"X", "COMPLET! X"}, {"X", "COMPLET !!! X"}, {"X", "X - COMPLET !"}, {"X", "*COMPLET* X"},
		{"X", "*** SOLD OUT *** X"}, {"X", "X **SOLD-OUT**"}, {"X", "Sold-out: X"}, {"X", "【SOLD OUT】X"},
		{"X", "［ＳＯＬＤ　ＯＵＴ］Ｘ"}, {"X", "[Reporté] X"}, {"X", "Reportée : X"}, {"X", "POSTPONED - X"},
		{"X", "[Postponed] [Sold out] X"}, {"X", "[ANNULÉ / CANCELLED] X"}, {"X", "[ANNULÉ] X (complet)"},
		{"X", "ANNULÉ - CANCELLED - X"}, {"X", "[Événement annulé] X"}, {"X", "Spectacle reporté : X"},
		{"X", "[Reporté à une date ultérieure] X"}, {"X", "X [ANNULÉ] [CANCELLED]"},
		{"X : Y - Z", "[COMPLET] X : Y - Z"}, {"X (Y)", "X (Y) (annulé)"},
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		TapOk(key_of(same[i][0]) == key_of(same[i][1]), "\"%s\" and \"%s\" have one key", same[i][0], same[i][1]);
}

static void
test_distinct(void)
{
	static const char *const distinct[][2] = {
		{"X", "Y"}, {"Atelier 1", "Atelier 2"}, {"Festival 2026", "Festival 2027"}, {"ab c", "a bc"},
		{"X", "[LATE] X"}, {"X", "X (matinée)"}, {"X", "[Supplémentaire] X"}, {"X", "X - 2e"},
		{"X", "[Matinée annulée] X"}, {"X", "VIP - X"}, {"X", "[COMPLET 14 h] X"},
		{"X", "Annulé X"}, {"X", "X annulé"}, {"X", "Complet-X"}, {"X", "Concert : X"}, {"X", "X (show)"},
		{"X", "«\u00A0Complet\u00A0» X"}, {"X et Z", "X (annulé) et Z"}, {"X", "Reporté au 5 mai : X"},
		{"X", "[ANNULÉ X"}, {"X", "X annulé]"},
	};

	for (size_t i = 0; i < sizeof(distinct) / sizeof(distinct[0]); i++)
		TapOk(key_of(distinct[i][0]) != key_of(distinct[i][1]), "\"%s\" and \"%s\" have two keys",
			  distinct[i][0], distinct[i][1]);
}

static void
test_unknown(void)
{
	TapOk(has_key("X", VENUE, EVENING), "title, venue and start make a key");
	TapOk(!has_key(NULL, VENUE, EVENING), "no title, no key");
	TapOk(!has_key("X", NULL, EVENING), "no venue, no key");
	TapOk(!has_key("X", VENUE, MATCH_START_UNKNOWN), "no start, no key");
	TapOk(!has_key("🎉🎉", VENUE, EVENING), "a title of emoji, no key");
	TapOk(!has_key("!!!", VENUE, EVENING), "a title of punctuation, no key");
	TapOk(!has_key("", VENUE, EVENING), "an empty title, no key");
	TapOk(!has_key("X", " - ", EVENING), "a venue of punctuation, no key");
	TapOk(!has_key("[ANNULÉ]", VENUE, EVENING), "a title that is a marker in brackets, no key");
	TapOk(!has_key("Complet", VENUE, EVENING), "a title that is a marker, no key");
	TapOk(!has_key("Annulé - Cancelled", VENUE, EVENING), "a title that is two markers, no key");
	TapOk(has_key("Show", VENUE, EVENING), "a word that only stands beside markers is a title");
	TapOk(has_key("X", VENUE, INT64_MAX) && has_key("X", VENUE, INT64_MIN + 1), "any start is taken");
}

static void
test_time_and_place(void)
{
	int64_t		key = key_at(VENUE, EVENING, false, false);
	int64_t		day = key_at(VENUE, EVENING, true, false);

	TapOk(key == key_at(VENUE, EVENING + 59, false, false), "seconds don't count");
	TapOk(key != key_at(VENUE, EVENING + 60, false, false), "minutes do");
	TapOk(key != key_at(VENUE, EVENING - 1, false, false), "the minute before is another");
	TapOk(key != key_at(VENUE, EVENING + 7 * DAY, false, false), "next week is another");
	TapOk(key_at(VENUE, -1, false, false) == key_at(VENUE, -60, false, false) &&
		  key_at(VENUE, -1, false, false) != key_at(VENUE, 0, false, false), "minutes before 1970 round down");
	TapOk(day != key, "an untimed listing is not a timed one");
	TapOk(day != key_at(VENUE, EVENING - EVENING % DAY, false, false), "nor one of midnight");
	TapOk(day == key_at(VENUE, EVENING - EVENING % DAY, true, false), "of an untimed listing the day counts");
	TapOk(day == key_at(VENUE, EVENING, false, true), "all day and without an hour are alike");
	TapOk(day != key_at(VENUE, EVENING + DAY, true, false), "another day is another key");
	TapOk(key == key_at("mtelus!", EVENING, false, false), "the venue is normalised");
	TapOk(key != key_at("Le MTELUS", EVENING, false, false), "articles of the venue count");
	TapOk(key != key_at("Salle MTELUS", EVENING, false, false), "words of its kind count");
}

/* Which markers, and what they leave */
static void
test_markers(void)
{
	static const struct
	{
		const char *title;
		unsigned	markers;
		const char *left;
	}			lifted[] = {
		{"Jazz", 0, "Jazz"},
		{"", 0, ""},
		{"[ANNULÉ] Jazz", MARKER_CANCELLED, "Jazz"},
		{"Jazz (reporté)", MARKER_POSTPONED, "Jazz"},
		{"SOLD OUT: Jazz", MARKER_SOLD_OUT, "Jazz"},
		{"Complet - Jazz [annulé]", MARKER_SOLD_OUT | MARKER_CANCELLED, "Jazz"},
		{"[LATE] Jazz", 0, "[LATE] Jazz"},
		{"Postponed", MARKER_POSTPONED, ""},
		{"Complet-[annulé]", MARKER_SOLD_OUT | MARKER_CANCELLED, ""},
		{" - Jazz! ", 0, "Jazz"},
	};

	for (size_t i = 0; i < sizeof(lifted) / sizeof(lifted[0]); i++)
	{
		const char *title = lifted[i].title;
		size_t		length = strlen(title);
		unsigned	markers = MatchLiftMarkers(&title, &length);

		TapOk(markers == lifted[i].markers && length == strlen(lifted[i].left) &&
			  memcmp(title, lifted[i].left, length) == 0, "markers of \"%s\"", lifted[i].title);
	}
}

/* A title of 1 MB: everything counts, and it takes no time */
static void
test_long(const char *unit)
{
	size_t		unit_length = strlen(unit);
	size_t		length = 0;
	char	   *title = malloc((1 << 20) + 1);
	int64_t		first = 0;
	int64_t		second = 0;
	clock_t		start = clock();

	for (; length + unit_length <= 1 << 20; length += unit_length)
		memcpy(title + length, unit, unit_length);
	title[length] = '\0';
	MatchFingerprint(title, VENUE, EVENING, false, false, &first);
	TapOk((double) (clock() - start) / CLOCKS_PER_SEC < 2, "1 MB of \"%s\"", unit);
	title[length - 1] = '7';
	MatchFingerprint(title, VENUE, EVENING, false, false, &second);
	TapOk(first != second, "and its last byte counts");
	free(title);
}

/* Sizes around those of a block, at each of which the end must show */
static void
test_block_borders(void)
{
	char		title[3100];
	int64_t		before = 0;
	bool		differ = true;

	for (size_t length = 1; length < sizeof(title) - 1; length++)
	{
		int64_t		key;

		memset(title, 'a', length);
		title[length] = '\0';
		key = key_of(title);
		differ = differ && key != before;
		before = key;
	}
	TapOk(differ, "titles of every length have keys of their own");
}

int
main(void)
{
	test_stored_values();
	test_same();
	test_distinct();
	test_unknown();
	test_time_and_place();
	test_markers();
	test_block_borders();
	test_long("Montréal ");
	test_long("[ANNULÉ] ");
	test_long("((((((((");
	test_long("- - - - ");
	test_long("! (annulé) ");
	return TapDone();
}
