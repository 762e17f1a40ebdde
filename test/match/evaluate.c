/*
 * test/match/evaluate.c
 *
 * How good the matching is on listings of known truth, in seconds and without
 * a database: for whoever works on the rules.  What counts is what make bench
 * says, which asks the extension.
 *
 *   cc -O2 -D_GNU_SOURCE -Isrc test/match/evaluate.c src/match/[a-z]*.c src/hash.c -lm
 *   a.out FILE.tsv [wrong]
 *
 * FILE: as test/match/listings.py writes it; what follows the class may be
 * left out.  "wrong" prints the pairs that it got wrong.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/cluster.h"
#include "match/keys.h"

#define BLOCK_CAP 64

typedef struct Row
{
	int			source;
	long		truth;
	char	   *title;
	char	   *venue;
	char		kind[32];
	MatchProfile profile;
} Row;

typedef struct Key
{
	int64_t		key;
	int			row;
} Key;

static Row *rows;
static int	nrows;
static Key *keys;
static int	nkeys;
static ClusterPair *pairs;
static int	npairs;
static int	pairs_size;

static char *
field(char **p)
{
	char	   *start = *p;
	char	   *end = start + strcspn(start, "\t\n");

	*p = *end == '\0' ? end : end + 1;
	*end = '\0';
	return strcmp(start, "\\N") == 0 ? NULL : start;
}

/* The instant of an ISO time in UTC */
static time_t
seconds_of(const char *text)
{
	struct tm	tm = {0};

	(void) strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	return timegm(&tm);
}

static void
read_row(char *line, const WordTable *words)
{
	Row		   *row = &rows[nrows++];
	MatchListing listing = {0};
	char	   *p = line;
	char	   *text;
	struct tm	tm;
	time_t		start;

	(void) field(&p);
	row->source = atoi(field(&p));
	row->truth = atol(field(&p));
	text = field(&p);
	row->title = strdup(text ? text : "");
	start = seconds_of(field(&p));
	localtime_r(&start, &tm);
	listing.timed = strcmp(field(&p), "f") == 0;
	(void) field(&p);
	text = field(&p);
	row->venue = text ? strdup(text) : NULL;
	text = field(&p);
	listing.has_place = text != NULL;
	listing.latitude = text ? atof(text) : 0;
	text = field(&p);
	listing.longitude = text ? atof(text) : 0;
	snprintf(row->kind, sizeof(row->kind), "%s", field(&p));
	text = field(&p);
	listing.end = text == NULL || *text == '\0' ? MATCH_TIME_UNKNOWN : seconds_of(text);
	listing.address = field(&p);
	listing.postal_code = field(&p);
	listing.city = field(&p);
	listing.url = field(&p);
	listing.title = row->title;
	listing.venue = row->venue;
	listing.start = start;
	listing.local_start = start + tm.tm_gmtoff;
	MatchProfileInit(&row->profile, &listing, words);
}

static int
compare_keys(const void *a, const void *b)
{
	const Key  *x = a;
	const Key  *y = b;

	return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : x->row - y->row;
}

static int
compare_rows(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

/* Rows that share a key with a row, each once; how many */
static int
candidates(int row, int *found, int *lookups)
{
	int64_t		asked[MATCH_KEYS_ASKED];
	int			n = MatchKeysAsked(&rows[row].profile, asked, NULL);
	int			nfound = 0;
	int			nunique = 0;

	*lookups += n;
	for (int i = 0; i < n; i++)
	{
		Key			low = {asked[i], -1};
		int			a = 0;
		int			b = nkeys;

		while (a < b)
		{
			int			m = (a + b) / 2;

			if (compare_keys(&keys[m], &low) < 0)
				a = m + 1;
			else
				b = m;
		}
		for (int j = a; j < nkeys && keys[j].key == asked[i] && j - a < BLOCK_CAP; j++)
			if (keys[j].row != row)
				found[nfound++] = keys[j].row;
	}
	qsort(found, nfound, sizeof(int), compare_rows);
	for (int i = 0; i < nfound; i++)
		if (i == 0 || found[i] != found[nunique - 1])
			found[nunique++] = found[i];
	return nunique;
}

static void
add_pair(int a, int b, const MatchResult *result)
{
	if (npairs == pairs_size)
		pairs = realloc(pairs, (pairs_size = pairs_size ? 2 * pairs_size : 65536) * sizeof(ClusterPair));
	memset(&pairs[npairs], 0, sizeof(ClusterPair));
	pairs[npairs].a = a;
	pairs[npairs].b = b;
	pairs[npairs++].result = *result;
}

/* ---- counting ---- */

typedef struct Class
{
	char		name[32];
	int			true_pairs;
	int			merged;
	int			reviewed;
	int			false_merges;
} Class;

static Class classes[64];
static int	nclasses;

static Class *
class_of(const char *name)
{
	for (int i = 0; i < nclasses; i++)
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	if (nclasses == sizeof(classes) / sizeof(classes[0]))
		return &classes[nclasses - 1];
	strcpy(classes[nclasses].name, name);
	return &classes[nclasses++];
}

static void
show_bits(unsigned bits, const char *what, const char *(*name) (unsigned))
{
	for (unsigned bit = 1; bit != 0; bit <<= 1)
		if ((bits & bit) && name(bit))
			printf(" %s %s", what, name(bit));
}

static void
show(const char *what, const ClusterPair *pair)
{
	const Row  *a = &rows[pair->a];
	const Row  *b = &rows[pair->b];

	printf("%s %.3f %s | %s / %s || %s | %s / %s: title %.2f time %.2f venue %.2f", what, pair->result.score,
		   a->kind, a->title, a->venue ? a->venue : "-", b->kind, b->title, b->venue ? b->venue : "-",
		   pair->result.title, pair->result.time, pair->result.venue);
	show_bits(pair->result.vetoes, "VETO", MatchVetoName);
	show_bits(pair->result.caps, "cap", MatchCapName);
	printf("%s\n", pair->ambiguous ? " ambiguous" : "");
}

/* Compare each row with those that share a key, and note the sessions of its source */
static void
compare_all(ClusterNode *nodes)
{
	static int	found[MATCH_KEYS_ASKED * BLOCK_CAP];
	int			lookups = 0;
	long		ncandidates = 0;
	clock_t		begin = clock();

	for (int i = 0; i < nrows; i++)
	{
		int			n = candidates(i, found, &lookups);

		ncandidates += n;
		for (int j = 0; j < n; j++)
		{
			int			other = found[j];
			MatchResult result;

			if (rows[other].source == rows[i].source)
			{
				int64_t		gap = MatchSessionGap(&rows[i].profile, &rows[other].profile);

				if (gap != 0 && (nodes[i].session_gap == 0 || gap < nodes[i].session_gap))
					nodes[i].session_gap = gap;
				continue;
			}
			if (other < i)
				continue;
			MatchCompare(&rows[i].profile, &rows[other].profile, false, &result);
			if ((result.vetoes == 0 && result.score >= MATCH_REVIEW) || rows[i].truth == rows[other].truth)
				add_pair(i, other, &result);
		}
	}
	printf("keys: %.1f a row, %.1f look-ups, %.2f candidates, %.1f us to compare\n", (double) nkeys / nrows,
		   (double) lookups / nrows, (double) ncandidates / nrows,
		   (double) (clock() - begin) / CLOCKS_PER_SEC * 1e6 / nrows);
}

/* The review queue; rows in it, and pairs that are one event */
static void
count_reviews(bool wrong, int *waiting, int *reviews, int *true_reviews)
{
	char	   *in_review = calloc(nrows, 1);

	*waiting = *reviews = *true_reviews = 0;
	for (int i = 0; i < npairs; i++)
	{
		const ClusterPair *pair = &pairs[i];
		bool		is_true = rows[pair->a].truth == rows[pair->b].truth;

		if (pair->verdict == PAIR_REVIEW)
		{
			in_review[pair->a] = in_review[pair->b] = 1;
			(*reviews)++;
			*true_reviews += is_true;
			class_of(rows[pair->b].kind)->reviewed += is_true;
		}
		if (!wrong)
			continue;
		if (pair->verdict == PAIR_REVIEW)
			show(is_true ? "REVIEW-TRUE" : "REVIEW-FALSE", pair);
		else if (is_true != (pair->verdict == PAIR_SAME))
			show(is_true ? "MISSED" : "FALSE", pair);
	}
	for (int i = 0; i < nrows; i++)
		*waiting += in_review[i];
	free(in_review);
}

/* A row under the truth or the cluster that it belongs to */
typedef struct Member
{
	long		group;
	int			row;
} Member;

static int
compare_members(const void *a, const void *b)
{
	const Member *x = a;
	const Member *y = b;

	return x->group != y->group ? (x->group > y->group) - (x->group < y->group) : x->row - y->row;
}

/* Pairs of rows in one truth, or in one cluster: a group has few rows */
static void
count_pairs(const ClusterNode *nodes, bool by_truth)
{
	Member	   *members = calloc(nrows, sizeof(Member));

	for (int i = 0; i < nrows; i++)
		members[i] = (Member) {by_truth ? rows[i].truth : nodes[i].cluster, i};
	qsort(members, nrows, sizeof(Member), compare_members);
	for (int i = 0; i < nrows; i++)
		for (int j = i + 1; j < nrows && members[j].group == members[i].group; j++)
		{
			int			a = members[i].row;
			int			b = members[j].row;
			Class	   *class = class_of(rows[b].kind);

			if (by_truth && rows[a].source != rows[b].source)
			{
				class->true_pairs++;
				class->merged += nodes[a].cluster == nodes[b].cluster;
			}
			else if (!by_truth && rows[a].truth != rows[b].truth)
				class->false_merges++;
		}
	free(members);
}

static void
read_file(FILE *file, const WordTable *words)
{
	char		line[8192];
	clock_t		begin;

	while (fgets(line, sizeof(line), file))
		nrows++;
	rows = calloc(nrows, sizeof(Row));
	rewind(file);
	nrows = 0;
	begin = clock();
	while (fgets(line, sizeof(line), file))
		read_row(line, words);
	printf("profiles: %.1f us each\n", (double) (clock() - begin) / CLOCKS_PER_SEC * 1e6 / nrows);
}

int
main(int argc, char **argv)
{
	FILE	   *file = argc > 1 ? fopen(argv[1], "r") : NULL;
	ClusterNode *nodes;
	Class		all = {.name = "all"};
	int			waiting;
	int			reviews;
	int			true_reviews;

	if (file == NULL)
	{
		fprintf(stderr, "usage: evaluate FILE.tsv [wrong]\n");
		return 2;
	}
	setenv("TZ", "America/Toronto", 1);
	tzset();
	read_file(file, WordTableCreate());
	keys = calloc((size_t) nrows * MATCH_KEYS_STORED, sizeof(Key));
	nodes = calloc(nrows, sizeof(ClusterNode));
	for (int i = 0; i < nrows; i++)
	{
		int64_t		stored[MATCH_KEYS_STORED];
		int			n = MatchKeysStored(&rows[i].profile, stored);

		for (int j = 0; j < n; j++)
			keys[nkeys++] = (Key) {stored[j], i};
		nodes[i].profile = &rows[i].profile;
		nodes[i].source = rows[i].source;
	}
	qsort(keys, nkeys, sizeof(Key), compare_keys);
	compare_all(nodes);
	MatchCluster(nodes, nrows, pairs, npairs);

	count_reviews(argc > 2, &waiting, &reviews, &true_reviews);
	count_pairs(nodes, true);
	count_pairs(nodes, false);
	for (int i = 0; i < nclasses; i++)
	{
		const Class *class = &classes[i];

		printf("  %-24s true %6d merged %6d review %5d false %d\n", class->name, class->true_pairs,
			   class->merged, class->reviewed, class->false_merges);
		all.true_pairs += class->true_pairs;
		all.merged += class->merged;
		all.false_merges += class->false_merges;
	}
	printf("auto: precision %.5f recall %.4f, %d false\n",
		   (double) all.merged / (all.merged + all.false_merges), (double) all.merged / all.true_pairs, all.false_merges);
	printf("auto + review: recall %.4f; review pairs %d (%d true), rows in review %.2f %%\n",
		   (double) (all.merged + true_reviews) / all.true_pairs, reviews, true_reviews, 100.0 * waiting / nrows);
	return 0;
}
