/*
 * test/unit/match_compare_test.c
 *
 * When two listings are one event (src/match/compare.h, cluster.h, keys.h):
 * cases that other systems get wrong, and each the same from both sides.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"
#include "match/cluster.h"
#include "match/keys.h"
#include "match/similar.h"

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

/* 10 July 2026, 0:00 in Montréal; the wall clock is four hours behind UTC */
#define MIDNIGHT INT64_C(1783656000)
#define OFFSET (-4 * HOUR)

static WordTable *words;

/* Fields of a listing that a case says something of */
typedef struct Case
{
	const char *title;
	double		hour;			/* of 10 July on the wall clock */
	const char *venue;
	bool		untimed;
	double		hours;			/* until its end; 0: not known */
	double		latitude;
	double		longitude;
	bool		online;
	const char *url;
	const char *address;
} Case;

/* A profile, good until so many others were made */
static MatchProfile *
profile_of(const Case *c)
{
	static MatchProfile profiles[16];
	static int	next = 0;
	MatchProfile *profile = &profiles[next++ % 16];
	MatchListing listing = {0};

	listing.title = c->title;
	listing.venue = c->venue;
	listing.url = c->url;
	listing.address = c->address;
	listing.city = "Montréal";
	listing.start = MIDNIGHT + (int64_t) (c->hour * HOUR);
	listing.local_start = listing.start + OFFSET;
	listing.end = c->hours == 0 ? MATCH_TIME_UNKNOWN : listing.start + (int64_t) (c->hours * HOUR);
	listing.timed = !c->untimed;
	listing.has_place = c->latitude != 0 || c->longitude != 0;
	listing.latitude = c->latitude;
	listing.longitude = c->longitude;
	listing.online = c->online;
	MatchProfileInit(profile, &listing, words);
	return profile;
}

static bool
same_result(const MatchResult *x, const MatchResult *y)
{
	return x->vetoes == y->vetoes && x->caps == y->caps && fabs(x->score - y->score) < 1e-9;
}

static const char *
verdict_of(const MatchResult *result)
{
	return result->vetoes != 0 || result->score < MATCH_REVIEW ? "distinct" :
		result->score < MATCH_AUTO ? "review" : "same";
}

static void
explain(const MatchResult *result)
{
	printf("# score %.3f, title %.2f, time %.2f, venue %.2f", result->score, result->title,
		   result->time, result->venue);
	for (unsigned bit = 1; bit != 0; bit <<= 1)
	{
		if ((result->vetoes & bit) && MatchVetoName(bit) != NULL)
			printf(", veto %s", MatchVetoName(bit));
		if ((result->caps & bit) && MatchCapName(bit) != NULL)
			printf(", cap %s", MatchCapName(bit));
	}
	printf("\n");
}

/* Two listings of two sources; expected: same, review, distinct, or two of them */
static void
check(const char *what, Case a, Case b, const char *expected)
{
	MatchProfile *x = profile_of(&a);
	MatchProfile *y = profile_of(&b);
	MatchResult there;
	MatchResult back;
	bool		ok;

	MatchCompare(x, y, false, &there);
	MatchCompare(y, x, false, &back);
	ok = strstr(expected, verdict_of(&there)) != NULL;
	TapOk(ok, "%s: %s", what, expected);
	if (!ok)
		explain(&there);
	TapOk(same_result(&there, &back), "%s: the same from both sides", what);
}

static void
test_time(void)
{
	check("1 weekly", (Case) {"Heure du conte", 10, "Bibliothèque Frontenac"},
		  (Case) {"Heure du conte", 10 + 7 * 24, "Bibliothèque Frontenac"}, "distinct");
	check("2 two showtimes of a July day", (Case) {"Les Belles-Sœurs", 13, "Théâtre Outremont"},
		  (Case) {"Les Belles-Sœurs", 19, "Théâtre Outremont"}, "distinct");
	check("3 the UTC day differs", (Case) {"Les Belles-Sœurs", 14, "Théâtre Outremont"},
		  (Case) {"Les Belles-Sœurs", 20.5, "Théâtre Outremont"}, "distinct");
	check("4 close sessions", (Case) {"Éducazoo", 10, "Bibliothèque Frontenac", .hours = 1},
		  (Case) {"Éducazoo", 11.25, "Bibliothèque Frontenac", .hours = 1}, "distinct");
	check("4 sessions without a break", (Case) {"Éducazoo", 10, "Bibliothèque Frontenac", .hours = 1},
		  (Case) {"Éducazoo", 11, "Bibliothèque Frontenac", .hours = 1}, "distinct");
	check("6 untimed and one show", (Case) {"Patrick Watson", 0, "MTELUS", true},
		  (Case) {"Patrick Watson", 20, "MTELUS"}, "same");
	check("6 untimed, the next day", (Case) {"Patrick Watson", 24, "MTELUS", true},
		  (Case) {"Patrick Watson", 20, "MTELUS"}, "distinct");
	check("8 around midnight", (Case) {"Nuit blanche Piknic", 24, "Parc Jean-Drapeau"},
		  (Case) {"Nuit blanche Piknic", 23 + 59.0 / 60, "Parc Jean-Drapeau"}, "same review");
	check("9 UTC read as local", (Case) {"Patrick Watson", 19, "MTELUS"},
		  (Case) {"Patrick Watson", 23, "MTELUS"}, "review");
	check("11 doors", (Case) {"Patrick Watson", 19, "MTELUS"}, (Case) {"Patrick Watson", 19.5, "MTELUS"}, "same");
	check("11 an hour, another title", (Case) {"Soirée Watson", 19, "MTELUS"},
		  (Case) {"Patrick Watson", 20, "MTELUS"}, "review distinct");
	check("12 festival pass and a day", (Case) {"Festival Osheaga", 12, "Parc Jean-Drapeau", .hours = 60},
		  (Case) {"Festival Osheaga", 36, "Parc Jean-Drapeau", .hours = 10}, "distinct");
	check("13 festival and its first day", (Case) {"Festival Osheaga", 12, "Parc Jean-Drapeau", .hours = 60},
		  (Case) {"Festival Osheaga", 12, "Parc Jean-Drapeau", .hours = 10}, "distinct");
	check("14 exhibition and its opening", (Case) {"Riopelle : à la croisée", 0, "Musée McCord", true, .hours = 24 * 90},
		  (Case) {"Vernissage Riopelle : à la croisée", 18, "Musée McCord", .hours = 2}, "distinct");
}

static void
test_titles(void)
{
	check("15 French and English, generic", (Case) {"Marché de Noël", 11, "Place Émilie-Gamelin"},
		  (Case) {"Christmas Market", 11, "Place Émilie-Gamelin"}, "same review");
	check("16 a name in both", (Case) {"Soirée jazz Oscar Peterson", 20, "Upstairs"},
		  (Case) {"Oscar Peterson Jazz Night", 20, "Upstairs"}, "same");
	check("17 bilingual title", (Case) {"La nuit des chercheurs / Researchers' Night", 18, "Agora"},
		  (Case) {"La nuit des chercheurs", 18, "Agora"}, "same");
	check("20 same slot, other act", (Case) {"Patrick Watson", 20, "MTELUS"},
		  (Case) {"Klô Pelgag", 20, "MTELUS"}, "distinct");
	check("21 template", (Case) {"Rencontrez votre élu – Nicholas Borne", 19, "Salle du conseil"},
		  (Case) {"Rencontrez votre élu – Yannick Langlois", 19, "Salle du conseil"}, "distinct");
	check("24 generic, no venue", (Case) {"Concert", 20, NULL}, (Case) {"Concert", 20, NULL}, "distinct review");
	check("29 status in the title", (Case) {"[ANNULÉ] Patrick Watson", 20, "MTELUS"},
		  (Case) {"Patrick Watson", 20, "MTELUS"}, "same");
	check("30 session mark", (Case) {"[LATE] Patrick Watson", 0, "MTELUS", true},
		  (Case) {"Patrick Watson", 19, "MTELUS"}, "review distinct");
	check("30 early and late", (Case) {"Brad Mehldau (early)", 19, "Upstairs"},
		  (Case) {"Brad Mehldau (late)", 19, "Upstairs"}, "distinct");
	check("31 support act", (Case) {"Patrick Watson", 20, "MTELUS"},
		  (Case) {"Patrick Watson + La Force, w/ invités", 20, "MTELUS"}, "same");
	check("32 promoter and venue", (Case) {"evenko présente : Patrick Watson - MTELUS", 20, "MTELUS"},
		  (Case) {"Patrick Watson", 20, "MTELUS"}, "same");
	check("33 editions", (Case) {"Festival du conte, 12e édition", 20, "Parc Jarry"},
		  (Case) {"Festival du conte, 13e édition", 20, "Parc Jarry"}, "distinct");
	check("34 numbers", (Case) {"Atelier 1 : poterie", 10, "Centre Lajeunesse"},
		  (Case) {"Atelier 2 : poterie", 10, "Centre Lajeunesse"}, "distinct");
	check("34 roman numbers", (Case) {"Nocturne II", 20, "Salle Bourgie"},
		  (Case) {"Nocturne III", 20, "Salle Bourgie"}, "distinct");
	check("35 ligatures", (Case) {"L’œuvre au noir", 20, "Usine C"}, (Case) {"L'OEUVRE AU NOIR", 20, "Usine C"}, "same");
	check("36 decomposed", (Case) {"Cafe\xCC\x81 litte\xCC\x81raire Gaston", 20, "Usine C"},
		  (Case) {"Café littéraire Gaston", 20, "Usine C"}, "same");
	check("37 nothing left", (Case) {"🎉🎉", 20, "Usine C"}, (Case) {"!!!", 20, "Usine C"}, "distinct");
	check("38 VIP", (Case) {"Patrick Watson - VIP", 20, "MTELUS"}, (Case) {"Patrick Watson", 20, "MTELUS"}, "distinct");
	check("typing error", (Case) {"Soirée poésie Marjolaine Beauchamp", 20, "Usine C"},
		  (Case) {"Soirée poesie Marjolaine Beauhcamp", 20, "Usine C"}, "same");
	check("a name in a longer title", (Case) {"Klô Pelgag", 20, "MTELUS"},
		  (Case) {"KLÔ PELGAG | Tournée 2026", 20, "MTELUS"}, "same");
	check("a time in the title", (Case) {"Yoga matinal Lajeunesse 9h", 9, "Parc Jarry"},
		  (Case) {"Yoga matinal Lajeunesse 10h", 9.5, "Parc Jarry"}, "distinct");
}

static void
test_places(void)
{
	check("18 another name, a point", (Case) {"Patrick Watson", 20, "Métropolis", .latitude = 45.51061, .longitude = -73.56323},
		  (Case) {"Patrick Watson", 20, "MTELUS", .latitude = 45.51063, .longitude = -73.56321}, "same review");
	check("19 room and building", (Case) {"Orchestre Métropolitain : Mahler", 19.5, "Salle Wilfrid-Pelletier, Place des Arts"},
		  (Case) {"Orchestre Métropolitain : Mahler", 19.5, "Place des Arts"}, "same");
	check("19 two rooms", (Case) {"Orchestre Métropolitain : Mahler", 19.5, "Salle Wilfrid-Pelletier, Place des Arts",
			.address = "175, rue Sainte-Catherine Ouest"},
		  (Case) {"Orchestre Métropolitain : Mahler", 19.5, "Théâtre Maisonneuve, Place des Arts",
			.address = "175 rue Sainte-Catherine Ouest"}, "distinct");
	check("22 same title elsewhere", (Case) {"Patrick Watson", 20, "MTELUS", .latitude = 45.51061, .longitude = -73.56323},
		  (Case) {"Patrick Watson", 20, "Palais Montcalm", .latitude = 46.81372, .longitude = -71.21457}, "distinct");
	check("22 same, no points", (Case) {"Patrick Watson", 20, "MTELUS"},
		  (Case) {"Patrick Watson", 20, "Palais Montcalm"}, "distinct");
	check("23 no venue on one side", (Case) {"Tout petits contes", 10, NULL},
		  (Case) {"Tout petits contes", 10, "Bibliothèque Frontenac"}, "same");
	check("25 one meeting", (Case) {"Webinaire sur les abeilles", 18, NULL, .online = true, .url = "https://zoom.us/j/123456"},
		  (Case) {"Webinaire sur les abeilles", 18, NULL, .online = true, .url = "https://zoom.us/j/123456?pwd=x"}, "same");
	check("25 two meetings", (Case) {"Webinaire sur les abeilles", 18, NULL, .online = true, .url = "https://zoom.us/j/123456"},
		  (Case) {"Webinaire sur les abeilles", 18, NULL, .online = true, .url = "https://zoom.us/j/654321"}, "distinct");
	check("26 hybrid", (Case) {"Causerie sur les abeilles", 18, "Espace pour la vie", .online = true},
		  (Case) {"Causerie sur les abeilles", 18, "Espace pour la vie"}, "same");
	check("27 the city's centre", (Case) {"Patrick Watson", 20, "MTELUS", .latitude = 45.5088, .longitude = -73.5542},
		  (Case) {"Patrick Watson", 20, "MTELUS", .latitude = 45.56061, .longitude = -73.60323}, "same");
	check("28 no place at all", (Case) {"Patrick Watson", 20, "MTELUS", .latitude = 0.001, .longitude = 0.001},
		  (Case) {"Patrick Watson", 20, "MTELUS", .latitude = 45.51061, .longitude = -73.56323}, "same");
	check("41 the seller's id", (Case) {"Mahler 5", 19.5, "Maison symphonique",
			.url = "https://www.eventbrite.ca/e/mahler-5-tickets-123456789"},
		  (Case) {"Symphonie no 5 de Mahler", 19.5, NULL, .url = "https://www.eventbrite.com/e/123456789?aff=x"}, "same");
	check("two ids of one seller", (Case) {"Mahler 5", 19.5, "Maison symphonique",
			.url = "https://www.eventbrite.ca/e/mahler-5-tickets-123456789"},
		  (Case) {"Mahler 5", 19.5, "Maison symphonique", .url = "https://www.eventbrite.ca/e/mahler-5-tickets-987654321"},
		  "distinct");
	check("43 the URL of another year", (Case) {"Mahler 5", 19.5, "Maison symphonique", .url = "https://osm.ca/mahler"},
		  (Case) {"Mahler 5", 19.5 + 24 * 365, "Maison symphonique", .url = "https://osm.ca/mahler"}, "distinct");
}

static void
test_keys(void)
{
	MatchProfile *a = profile_of(&(Case) {"evenko présente : Patrick Watson", 20, "MTELUS"});
	MatchProfile *b = profile_of(&(Case) {"WATSON, PATRICK", 24, "le Mtelus"});
	int64_t		stored[MATCH_KEYS_STORED];
	int64_t		asked[MATCH_KEYS_ASKED];
	int			nstored = MatchKeysStored(a, stored);
	int			nasked = MatchKeysAsked(b, asked, NULL);
	int			common = 0;

	for (int i = 0; i < nstored; i++)
		for (int j = 0; j < nasked; j++)
			common += stored[i] == asked[j];
	TapOk(common == 2, "both words of the name lead to the evening before, where UTC would put it");
	TapOk(MatchKeysStored(profile_of(&(Case) {"🎉", 20, NULL}), stored) == 0, "of nothing there is no key");
}

/* The profile of a listing whose wall clock is so far ahead of UTC */
static MatchProfile *
profile_in_zone(double hour, int64_t offset, bool untimed)
{
	MatchProfile *profile = profile_of(&(Case) {"Heure du conte", hour, "Bibliothèque des Bouleaux", untimed});

	profile->local_start = profile->start + offset;
	profile->local_day = profile->local_start / DAY;
	return profile;
}

/* What two facts rule out, comparing would have ruled out too; how much it is */
static void
test_facts(void)
{
	static const int64_t offsets[] = {-5 * HOUR, -4 * HOUR, 0, HOUR, 5 * HOUR + HOUR / 2, 5 * HOUR + HOUR / 4 + 1};
	int			wrong = 0;
	int			kept = 0;
	int			n = 0;

	for (int i = 0; i < 40 * 6 * 6 * 3; i++)
	{
		double		hour = 18 + (i % 40) * 0.375;
		MatchProfile *a = profile_in_zone(20 + (i % 7) / 60.0, offsets[i / 40 % 6], i / 1440 == 1);
		MatchProfile *b = profile_in_zone(hour, offsets[i / 240 % 6], i / 1440 == 2);
		int64_t		mine = MatchFacts(a, "mine");
		int64_t		also_mine = MatchFacts(b, "mine");
		int64_t		theirs = MatchFacts(b, "theirs");
		MatchResult result;

		MatchCompare(a, b, false, &result);
		if (MatchWorthMeeting(mine, a->local_day, theirs, b->local_day))
			kept++;
		else if ((result.vetoes & (VETO_TIME | VETO_DAY)) == 0)
			wrong++;
		if (!MatchWorthMeeting(mine, a->local_day, also_mine, b->local_day) && MatchSessionGap(a, b) != 0)
			wrong++;
		wrong += MatchWorthMeeting(mine, a->local_day, theirs, b->local_day) !=
			MatchWorthMeeting(theirs, b->local_day, mine, a->local_day);
		n++;
	}
	TapOk(wrong == 0, "what is not read would have been vetoed");
	TapOk(kept > 0 && kept < n * 2 / 3, "most of another time is not read: %d of %d are", kept, n);
	TapOk(!MatchWorthMeeting(MatchFacts(profile_of(&(Case) {"Atelier de pain", 10, NULL}), "mine"), 5,
							 MatchFacts(profile_of(&(Case) {"Heure du conte", 14, NULL}), "mine"), 5),
		  "another thing of the same source is not read");
	TapOk(MatchWorthMeeting(MatchFacts(profile_of(&(Case) {"Conte, heure du", 10, NULL}), "mine"), 5,
							MatchFacts(profile_of(&(Case) {"Heure du conte", 14, NULL}), "mine"), 5),
		  "another session of it is");
	TapOk(MatchWorthMeeting(MatchFacts(profile_of(&(Case) {"Heure du conte", 10, NULL}), "mine"), 5,
							MatchFacts(profile_of(&(Case) {"Heure du conte", 10, NULL}), "mine"), 5),
		  "so is what says the same: it may be its new id");
	TapOk(MatchWorthMeeting(MatchFacts(profile_of(&(Case) {"Patrick Watson", 20, NULL}), "mine"), 5,
							MatchFacts(profile_of(&(Case) {"Patrick Watson - VIP", 20, NULL}), "mine"), 5),
		  "and what is sold beside it");
}

/* Nodes of listings, all pairs compared; cluster numbers as text: "0 0 2" */
static char *
cluster_text(const Case *cases, const int *sources, int n)
{
	static char text[200];
	ClusterNode nodes[10] = {{0}};
	ClusterPair pairs[50] = {{0}};
	int			npairs = 0;
	char	   *p = text;

	for (int i = 0; i < n; i++)
	{
		nodes[i].profile = profile_of(&cases[i]);
		nodes[i].source = sources[i];
	}
	for (int a = 0; a < n; a++)
		for (int b = a + 1; b < n; b++)
		{
			int64_t		gap = MatchSessionGap(nodes[a].profile, nodes[b].profile);

			if (sources[a] != sources[b])
			{
				pairs[npairs].a = a;
				pairs[npairs].b = b;
				MatchCompare(nodes[a].profile, nodes[b].profile, false, &pairs[npairs++].result);
			}
			else if (gap != 0)
				nodes[a].session_gap = nodes[b].session_gap = gap;
		}
	MatchCluster(nodes, n, pairs, npairs);
	for (int i = 0; i < n; i++)
		p += sprintf(p, "%s%d", i > 0 ? " " : "", nodes[i].cluster);
	for (int i = 0; i < npairs; i++)
		if (pairs[i].verdict == PAIR_REVIEW)
			p += sprintf(p, ", review %d-%d", pairs[i].a, pairs[i].b);
	return text;
}

static void
check_clusters(const char *what, const Case *cases, const int *sources, int n, const char *expected)
{
	char	   *text = cluster_text(cases, sources, n);

	if (!TapOk(strcmp(text, expected) == 0, "%s: %s", what, expected))
		printf("# got %s\n", text);
}

static void
test_clusters(void)
{
	check_clusters("5 untimed and two shows",
				   (Case[]) {{"Patrick Watson", 14, "MTELUS"}, {"Patrick Watson", 20, "MTELUS"},
				   {"Patrick Watson", 0, "MTELUS", true}}, (int[]) {1, 1, 2}, 3, "0 1 2, review 0-2, review 1-2");
	check_clusters("each session finds its own",
				   (Case[]) {{"Patrick Watson", 14, "MTELUS"}, {"Patrick Watson", 20, "MTELUS"},
				   {"Patrick Watson", 20.25, "MTELUS"}, {"Patrick Watson", 14, "MTELUS"}}, (int[]) {1, 1, 2, 2}, 4, "0 1 1 0");
	check_clusters("47 transitive trap",
				   (Case[]) {{"Atelier 1 : poterie Lajeunesse", 10, "Centre Lajeunesse"},
				   {"Atelier : poterie Lajeunesse", 10, "Centre Lajeunesse"},
				   {"Atelier 2 : poterie Lajeunesse", 10, "Centre Lajeunesse"}}, (int[]) {1, 2, 3}, 3,
				   "0 1 2, review 0-1, review 1-2");
	check_clusters("one source's own two",
				   (Case[]) {{"Patrick Watson", 20, "MTELUS"}, {"Patrick Watson", 20, "MTELUS"}}, (int[]) {1, 1}, 2, "0 1");
	check_clusters("twins of two sources pair up",
				   (Case[]) {{"Patrick Watson", 20, "MTELUS"}, {"Patrick Watson", 20, "MTELUS"},
				   {"Patrick Watson", 20, "MTELUS"}, {"Patrick Watson", 20, "MTELUS"}}, (int[]) {1, 1, 2, 2}, 4, "0 1 0 1");
	check_clusters("eight sources",
				   (Case[]) {{"Patrick Watson", 20, "MTELUS"}, {"Patrick Watson", 20, "MTELUS"},
				   {"PATRICK WATSON", 20, "Mtelus"}, {"Patrick Watson", 19.75, "MTELUS"},
				   {"evenko présente : Patrick Watson", 20, "MTELUS"}, {"Patrick Watson", 0, "MTELUS", true},
				   {"Patrick Watson (complet)", 20, "MTELUS"}, {"Patrick Watson", 20, NULL}},
				   (int[]) {1, 2, 3, 4, 5, 6, 7, 8}, 8, "0 0 0 0 0 0 0 0");
}

/* 54: what a hostile feed sends costs no more than a long title */
static void
test_hostile(void)
{
	size_t		length = 1 << 20;
	char	   *title = malloc(length + 1);
	Case		a = {title, 20, title};
	MatchProfile *profile;
	MatchResult result;

	for (size_t i = 0; i < length; i++)
		title[i] = "ab -é"[i % 5 == 4 ? 0 : i % 5];
	title[length] = '\0';
	profile = profile_of(&a);
	MatchCompare(profile, profile, false, &result);
	TapOk(profile->title.count <= PROFILE_WORDS && result.score <= 1, "54 a title of a megabyte");
	free(title);
}

static void
test_similar(void)
{
	TapOk(SimilarText("abcd", 4, "abdc", 4) == 0.75, "swapped neighbours count once");
	TapOk(SimilarText("", 0, "", 0) == 1 && SimilarText("a", 1, "", 0) == 0, "empty texts");
	TapOk(fabs(SimilarWord("martha", 6, "marhta", 6) - 0.9611) < 0.0001, "Jaro-Winkler as in the books: martha");
	TapOk(fabs(SimilarWord("dixon", 5, "dicksonx", 8) - 0.8133) < 0.0001, "Jaro-Winkler as in the books: dixon");
}

int
main(void)
{
	words = WordTableCreate();
	test_time();
	test_titles();
	test_places();
	test_keys();
	test_facts();
	test_clusters();
	test_hostile();
	test_similar();
	WordTableFree(words);
	return TapDone();
}
