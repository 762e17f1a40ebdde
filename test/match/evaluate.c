/*
 * test/match/evaluate.c
 *
 * How good the matching is on listings of known truth.
 *
 *   evaluate FILE.tsv [wrong]
 *
 * FILE: id, source, truth, title, start (ISO, UTC), all_day (t/f), venue id,
 * venue, latitude, longitude, kind; tab-separated, \N for unknown.  Two rows
 * are one event if and only if their truth is equal.  "wrong" prints the pairs
 * it got wrong.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/cluster.h"
#include "match/keys.h"

#define BLOCK_CAP 200

typedef struct Row
{
	int			source;
	long		truth;
	char	   *title;
	char	   *venue;
	char		kind[20];
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

static void
read_row(char *line, const WordTable *words)
{
	Row		   *row = &rows[nrows++];
	MatchListing listing = {0};
	char	   *p = line;
	char	   *text;
	struct tm	tm = {0};
	time_t		start;

	(void) field(&p);
	row->source = atoi(field(&p));
	row->truth = atol(field(&p));
	text = field(&p);
	row->title = strdup(text ? text : "");
	strptime(field(&p), "%Y-%m-%dT%H:%M:%S", &tm);
	start = timegm(&tm);
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
	listing.title = row->title;
	listing.venue = row->venue;
	listing.start = start;
	listing.end = MATCH_TIME_UNKNOWN;
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

typedef struct Class
{
	char		name[20];
	int			true_pairs;
	int			merged;
	int			reviewed;
	int			false_merges;
} Class;

static Class classes[32];
static int	nclasses;

static Class *
class_of(const char *name)
{
	for (int i = 0; i < nclasses; i++)
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	strcpy(classes[nclasses].name, name);
	return &classes[nclasses++];
}

static void
show(const char *what, const ClusterPair *pair, int a, int b)
{
	printf("%s %.3f %s | %s / %s || %s | %s / %s", what, pair ? pair->result.score : -1,
		   rows[a].kind, rows[a].title, rows[a].venue ? rows[a].venue : "-",
		   rows[b].kind, rows[b].title, rows[b].venue ? rows[b].venue : "-");
	if (pair)
	{
		printf(" t %.2f time %.2f v %.2f", pair->result.title, pair->result.time, pair->result.venue);
		for (unsigned bit = 1; bit != 0; bit <<= 1)
		{
			if ((pair->result.vetoes & bit) && MatchVetoName(bit))
				printf(" VETO %s", MatchVetoName(bit));
			if ((pair->result.caps & bit) && MatchCapName(bit))
				printf(" cap %s", MatchCapName(bit));
		}
		if (pair->ambiguous)
			printf(" ambiguous");
	}
	printf("\n");
}

int
main(int argc, char **argv)
{
	FILE	   *file = fopen(argv[1], "r");
	char		line[8192];
	WordTable  *words = WordTableCreate();
	ClusterNode *nodes;
	int			lookups = 0;
	long		ncandidates = 0;
	int			wrong = argc > 2;
	long		true_pairs = 0,
				merged_true = 0,
				merged_false = 0,
				review_true = 0,
				review_false = 0,
				blocked = 0;
	clock_t		begin;
	static int	found[MATCH_KEYS_ASKED * BLOCK_CAP];
	char	   *in_review;
	int			nreview = 0;

	setenv("TZ", "America/Toronto", 1);
	tzset();
	while (fgets(line, sizeof(line), file))
		nrows++;
	rows = calloc(nrows, sizeof(Row));
	rewind(file);
	nrows = 0;
	begin = clock();
	while (fgets(line, sizeof(line), file))
		read_row(line, words);
	printf("profiles: %.1f us each\n", (double) (clock() - begin) / CLOCKS_PER_SEC * 1e6 / nrows);

	begin = clock();
	keys = calloc((size_t) nrows * MATCH_KEYS_STORED, sizeof(Key));
	for (int i = 0; i < nrows; i++)
	{
		int64_t		stored[MATCH_KEYS_STORED];
		int			n = MatchKeysStored(&rows[i].profile, stored);

		for (int j = 0; j < n; j++)
			keys[nkeys++] = (Key) {stored[j], i};
	}
	qsort(keys, nkeys, sizeof(Key), compare_keys);
	nodes = calloc(nrows, sizeof(ClusterNode));
	for (int i = 0; i < nrows; i++)
	{
		nodes[i].profile = &rows[i].profile;
		nodes[i].source = rows[i].source;
	}
	begin = clock();
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
			if (rows[i].truth == rows[other].truth)
				blocked++;
		}
	}
	printf("keys: %.1f a row, %.1f look-ups, %.2f candidates, %.1f us to compare\n", (double) nkeys / nrows,
		   (double) lookups / nrows, (double) ncandidates / nrows,
		   (double) (clock() - begin) / CLOCKS_PER_SEC * 1e6 / nrows);
	MatchCluster(nodes, nrows, pairs, npairs);

	/* true pairs, by the truth's rows */
	in_review = calloc(nrows, 1);
	for (int i = 0; i < npairs; i++)
	{
		const ClusterPair *pair = &pairs[i];
		bool		is_true = rows[pair->a].truth == rows[pair->b].truth;

		if (pair->verdict == PAIR_REVIEW)
		{
			in_review[pair->a] = in_review[pair->b] = 1;
			nreview++;
			is_true ? review_true++ : review_false++;
			if (is_true)
				class_of(rows[pair->b].kind)->reviewed++;
			else if (wrong)
				show("REVIEW-FALSE", pair, pair->a, pair->b);
			if (is_true && wrong)
				show("REVIEW-TRUE", pair, pair->a, pair->b);
		}
		else if (is_true && pair->verdict != PAIR_SAME && wrong)
			show("MISSED", pair, pair->a, pair->b);
		else if (!is_true && pair->verdict == PAIR_SAME && wrong)
			show("FALSE", pair, pair->a, pair->b);
	}
	{
		/* count over clusters and truths; a truth has few rows */
		typedef struct
		{
			long		group;
			int			row;
		}			Member;
		Member	   *members = calloc(nrows, sizeof(Member));
		int			compare_members(const void *a, const void *b)
		{
			const Member *x = a;
			const Member *y = b;

			return x->group != y->group ? (x->group > y->group) - (x->group < y->group) : x->row - y->row;
		}

		for (int pass = 0; pass < 2; pass++)
		{
			for (int i = 0; i < nrows; i++)
				members[i] = (Member) {pass == 0 ? rows[i].truth : nodes[i].cluster, i};
			qsort(members, nrows, sizeof(Member), compare_members);
			for (int i = 0; i < nrows; i++)
				for (int j = i + 1; j < nrows && members[j].group == members[i].group; j++)
				{
					int			a = members[i].row,
								b = members[j].row;

					if (pass == 0)
					{
						true_pairs++;
						merged_true += nodes[a].cluster == nodes[b].cluster;
						class_of(rows[b].kind)->true_pairs++;
						class_of(rows[b].kind)->merged += nodes[a].cluster == nodes[b].cluster;
					}
					else if (rows[a].truth != rows[b].truth)
					{
						merged_false++;
						class_of(rows[b].kind)->false_merges++;
					}
				}
		}
	}
	for (int i = 1; i < nrows; i++)
		in_review[0] += 0;
	{
		int			n = 0;

		for (int i = 0; i < nrows; i++)
			n += in_review[i];
		printf("rows %d, true pairs %ld, blocked together %.4f\n", nrows, true_pairs, (double) blocked / true_pairs);
		printf("auto: precision %.5f recall %.4f, %ld false\n",
			   (double) merged_true / (merged_true + merged_false), (double) merged_true / true_pairs, merged_false);
		printf("auto + review: recall %.4f; review pairs %d (%ld true, %ld false), rows in review %.2f %%\n",
			   (double) (merged_true + review_true) / true_pairs, nreview, review_true, review_false, 100.0 * n / nrows);
	}
	for (int i = 0; i < nclasses; i++)
		printf("  %-12s true %6d merged %6d review %5d false %d\n", classes[i].name, classes[i].true_pairs,
			   classes[i].merged, classes[i].reviewed, classes[i].false_merges);
	return 0;
}
