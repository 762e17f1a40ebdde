/*
 * src/match/cluster.c
 *
 * Pure C.
 */
#include "match/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

/* Candidates whose scores are no further apart are equally good */
#define AS_GOOD 0.03

/* A score for a person to look at */
#define NOT_SURE 0.85

/* "Which of so many is it?" is no question that a person can answer */
#define MOST_QUESTIONS 12

#define MINUTE 60

typedef struct Cluster
{
	ClusterNode *nodes;
	int			n;
	ClusterPair *pairs;
	int			npairs;
	int		   *next;			/* the members of a cluster, as a ring */
	int		   *first;			/* pairs of a node: where its list begins in `by_node` */
	int		   *by_node;
	int		   *questions;		/* pairs of a node that a person would be asked about */
	uint64_t   *looks;			/* all that is compared of a node, hashed; 0: not yet */
	bool		any_human;		/* a person decided on a pair */
} Cluster;

/* Is the other listing nearly as near to the next session as to this one? */
static bool
mixes_sessions(const ClusterNode *node, int64_t apart)
{
	return node->session_gap != 0 && apart > 15 * MINUTE && 3 * apart > node->session_gap;
}

/* What the group knows beyond the pair: several sessions of one day */
static void
veto_sessions(Cluster *cluster)
{
	for (int i = 0; i < cluster->npairs; i++)
	{
		ClusterPair *pair = &cluster->pairs[i];
		MatchResult *result = &pair->result;

		if (result->apart == MATCH_TIME_UNKNOWN || result->same_ticket || (result->caps & CAP_ZONE))
			continue;
		if (mixes_sessions(&cluster->nodes[pair->a], result->apart) ||
			mixes_sessions(&cluster->nodes[pair->b], result->apart))
			result->vetoes |= VETO_SESSIONS;
		else if (result->apart > 30 * MINUTE && result->score > NOT_SURE &&
				 (cluster->nodes[pair->a].session_gap != 0 || cluster->nodes[pair->b].session_gap != 0))
			result->score = NOT_SURE;
	}
}

static PairVerdict
first_verdict(const ClusterPair *pair)
{
	if (pair->human != PAIR_UNKNOWN)
		return pair->human;
	if (pair->result.vetoes != 0 || pair->result.score < MATCH_REVIEW)
		return PAIR_DISTINCT;
	return pair->result.score >= MATCH_AUTO ? PAIR_SAME : PAIR_REVIEW;
}

/* The best first; a person's word before any score */
static int
compare_pairs(const void *a, const void *b)
{
	const ClusterPair *x = a;
	const ClusterPair *y = b;

	if ((x->human == PAIR_SAME) != (y->human == PAIR_SAME))
		return x->human == PAIR_SAME ? -1 : 1;
	if (x->result.score != y->result.score)
		return x->result.score > y->result.score ? -1 : 1;
	return x->a != y->a ? x->a - y->a : x->b - y->b;
}

static int
compare_ends(const ClusterPair *pair, int a, int b)
{
	return pair->a != a ? pair->a - a : pair->b - b;
}

/* The pair of two nodes, or NULL if they were not compared */
static const ClusterPair *
find_pair(const Cluster *cluster, int a, int b)
{
	int			node = a;

	for (int i = cluster->first[node]; i < cluster->first[node + 1]; i++)
	{
		const ClusterPair *pair = &cluster->pairs[cluster->by_node[i]];

		if (compare_ends(pair, a < b ? a : b, a < b ? b : a) == 0)
			return pair;
	}
	return NULL;
}

/*
 * Not by a third that matches both, either: of two venues that are known and
 * differ, one without a venue says nothing.
 */
static bool
cannot_be_one(const MatchResult *result)
{
	return result->vetoes != 0 || (result->venue >= 0 && result->venue < 0.5);
}

/* Can the two not be one event?  A person's word counts before ours */
static bool
exclude_each_other(const Cluster *cluster, int a, int b)
{
	const ClusterPair *pair;
	MatchResult result;

	if (!cluster->any_human && cluster->nodes[a].source == cluster->nodes[b].source &&
		!cluster->nodes[a].gone && !cluster->nodes[b].gone)
		return true;
	pair = find_pair(cluster, a, b);
	if (pair != NULL && pair->human != PAIR_UNKNOWN)
		return pair->human == PAIR_DISTINCT;
	if (cluster->nodes[a].source == cluster->nodes[b].source)
		return !((cluster->nodes[a].gone || cluster->nodes[b].gone) &&
				 MatchSaysSame(cluster->nodes[a].profile, cluster->nodes[b].profile));
	if (pair != NULL)
		return cannot_be_one(&pair->result);
	MatchCompare(cluster->nodes[a].profile, cluster->nodes[b].profile, false, &result);
	return cannot_be_one(&result);
}

static uint64_t
hash_words(const ProfileWords *words, uint64_t hash)
{
	for (int i = 0; i < words->count; i++)
		hash = HashBytes(&words->words[i].meaning, sizeof(uint64_t), hash);
	return HashBytes(&words->count, sizeof(int), hash);
}

/* A hash of all that MatchCompare looks at */
static uint64_t
look_of(const MatchProfile *p)
{
	const int64_t numbers[] = {
		p->nnumbers, p->names_year, p->names_other_year, p->sessions, p->clock, p->addon, p->has_rare,
		(int64_t) p->ticket_kind, (int64_t) p->ticket_id, (int64_t) p->meeting, (int64_t) p->postal_code,
		(int64_t) p->street, (int64_t) p->room, p->start, p->end, p->local_start, p->timed, p->range, p->has_place,
		p->online, p->has_venue, p->several, p->nvenue_kinds
	};
	const double place[] = {p->has_place ? p->latitude : 0, p->has_place ? p->longitude : 0};
	uint64_t	hash = hash_words(&p->venue, hash_words(&p->title, 1));

	hash = HashBytes(numbers, sizeof(numbers), hash);
	hash = HashBytes(place, sizeof(place), hash);
	hash = HashBytes(p->numbers, p->nnumbers * sizeof(p->numbers[0]), hash);
	hash = HashBytes(p->venue_kinds, p->nvenue_kinds * sizeof(p->venue_kinds[0]), hash);
	return hash | 1;
}

/*
 * The same thing listed twice: which of the two does not matter.  Thousands of
 * the same look are compared once, each with itself.
 */
static bool
are_twins(const Cluster *cluster, int a, int b)
{
	MatchResult result;
	int			nodes[2] = {a, b};

	for (int i = 0; i < 2; i++)
		if (cluster->looks[nodes[i]] == 0)
		{
			const MatchProfile *profile = cluster->nodes[nodes[i]].profile;

			MatchCompare(profile, profile, false, &result);
			cluster->looks[nodes[i]] = result.vetoes == 0 && result.score >= MATCH_TWINS ? look_of(profile) : 2;
		}
	if (cluster->looks[a] == cluster->looks[b] && cluster->looks[a] != 2)
		return true;
	if (cluster->looks[a] == 2 && cluster->looks[b] == 2)
		return false;

	MatchCompare(cluster->nodes[a].profile, cluster->nodes[b].profile, false, &result);
	return result.vetoes == 0 && result.score >= MATCH_TWINS;
}

/* Lists of the pairs by node */
static int
index_pairs(Cluster *cluster)
{
	int			n = cluster->n;

	cluster->first = calloc(n + 2, sizeof(int));
	cluster->by_node = calloc(2 * cluster->npairs + 1, sizeof(int));
	cluster->questions = calloc(n + 1, sizeof(int));
	cluster->looks = calloc(n + 1, sizeof(uint64_t));
	if (cluster->first == NULL || cluster->by_node == NULL || cluster->questions == NULL || cluster->looks == NULL)
		return -1;
	for (int i = 0; i < cluster->npairs; i++)
	{
		cluster->any_human |= cluster->pairs[i].human != PAIR_UNKNOWN;
		cluster->first[cluster->pairs[i].a + 2]++;
		cluster->first[cluster->pairs[i].b + 2]++;
	}
	for (int i = 2; i < n + 2; i++)
		cluster->first[i] += cluster->first[i - 1];
	for (int i = 0; i < cluster->npairs; i++)
	{
		cluster->by_node[cluster->first[cluster->pairs[i].a + 1]++] = i;
		cluster->by_node[cluster->first[cluster->pairs[i].b + 1]++] = i;
	}
	return 0;
}

static int
other_end(const ClusterPair *pair, int node)
{
	return pair->a == node ? pair->b : pair->a;
}

/* Is there another candidate of the node, about as good, that excludes this one? */
static bool
has_rival(const Cluster *cluster, const ClusterPair *pair, int node)
{
	int			self = other_end(pair, node);

	for (int i = cluster->first[node]; i < cluster->first[node + 1]; i++)
	{
		const ClusterPair *rival = &cluster->pairs[cluster->by_node[i]];
		int			other = other_end(rival, node);

		if (rival == pair || rival->human != PAIR_UNKNOWN || first_verdict(rival) == PAIR_DISTINCT ||
			rival->result.score < pair->result.score - AS_GOOD)
			continue;
		if (!are_twins(cluster, self, other) && exclude_each_other(cluster, self, other))
			return true;
	}
	return false;
}

static void
judge_pairs(Cluster *cluster)
{
	for (int i = 0; i < cluster->npairs; i++)
	{
		ClusterPair *pair = &cluster->pairs[i];

		pair->verdict = first_verdict(pair);
		pair->ambiguous = pair->verdict == PAIR_SAME && pair->human == PAIR_UNKNOWN &&
			!pair->result.same_ticket &&
			(has_rival(cluster, pair, pair->a) || has_rival(cluster, pair, pair->b));
		if (pair->ambiguous)
			pair->verdict = PAIR_REVIEW;
		if (pair->verdict == PAIR_REVIEW)
		{
			cluster->questions[pair->a]++;
			cluster->questions[pair->b]++;
		}
	}
	for (int i = 0; i < cluster->npairs; i++)
	{
		ClusterPair *pair = &cluster->pairs[i];

		if (pair->verdict == PAIR_REVIEW && (cluster->questions[pair->a] > MOST_QUESTIONS ||
											 cluster->questions[pair->b] > MOST_QUESTIONS))
			pair->verdict = PAIR_DISTINCT;
	}
}

/* Does any member of the one exclude any of the other? */
static bool
can_join(const Cluster *cluster, int a, int b)
{
	int			x = a;

	do
	{
		int			y = b;

		do
		{
			if (exclude_each_other(cluster, x, y))
				return false;
			y = cluster->next[y];
		} while (y != b);
		x = cluster->next[x];
	} while (x != a);
	return true;
}

/* Make two clusters one, named by its smallest member */
static void
join(Cluster *cluster, int a, int b)
{
	int			name = cluster->nodes[a].cluster < cluster->nodes[b].cluster ?
		cluster->nodes[a].cluster : cluster->nodes[b].cluster;
	int			swap = cluster->next[a];
	int			x = a;

	cluster->next[a] = cluster->next[b];
	cluster->next[b] = swap;
	do
	{
		cluster->nodes[x].cluster = name;
		x = cluster->next[x];
	} while (x != a);
}

/* Has the cluster of a listing one already that is just like another listing? */
static bool
has_twin_of(const Cluster *cluster, int member, int other)
{
	int			x = member;

	do
	{
		if (cluster->nodes[x].source == cluster->nodes[other].source && are_twins(cluster, x, other))
			return true;
		x = cluster->next[x];
	} while (x != member);
	return false;
}

/* Has a cluster a listing of a source already? */
static bool
has_source(const Cluster *cluster, int member, int source)
{
	int			x = member;

	do
	{
		if (cluster->nodes[x].source == source)
			return true;
		x = cluster->next[x];
	} while (x != member);
	return false;
}

/*
 * Does either belong to an event that the other's source lists too?  Then that
 * source says itself that its other listing is something else.
 */
static bool
is_answered(const Cluster *cluster, const ClusterPair *pair)
{
	return has_source(cluster, pair->a, cluster->nodes[pair->b].source) ||
		has_source(cluster, pair->b, cluster->nodes[pair->a].source);
}

static void
join_pairs(Cluster *cluster)
{
	for (int i = 0; i < cluster->npairs; i++)
	{
		ClusterPair *pair = &cluster->pairs[i];

		if (pair->verdict != PAIR_SAME || cluster->nodes[pair->a].cluster == cluster->nodes[pair->b].cluster)
			continue;
		if (can_join(cluster, pair->a, pair->b))
			join(cluster, pair->a, pair->b);
		else if (has_twin_of(cluster, pair->a, pair->b) || has_twin_of(cluster, pair->b, pair->a))
			pair->verdict = PAIR_DISTINCT;
		else if (pair->human == PAIR_UNKNOWN)
			pair->verdict = PAIR_REVIEW;
	}
}

/* Is nothing in the cluster an event of its own? */
static bool
is_beside_only(const Cluster *cluster, int member)
{
	int			x = member;

	do
	{
		if (!cluster->nodes[x].profile->addon)
			return false;
		x = cluster->next[x];
	} while (x != member);
	return true;
}

/* May the pair's add-on belong to its event? */
static bool
may_attach(const Cluster *cluster, const ClusterPair *pair)
{
	return cluster->nodes[pair->a].profile->addon != cluster->nodes[pair->b].profile->addon &&
		pair->human != PAIR_DISTINCT && (pair->result.vetoes & ~(VETO_ADDON | VETO_SOURCE)) == 0 &&
		pair->result.score >= MATCH_AUTO;
}

/* Is there another event, about as good, that the add-on may belong to? */
static bool
has_other_event(const Cluster *cluster, const ClusterPair *pair, int addon)
{
	int			event = cluster->nodes[other_end(pair, addon)].cluster;

	for (int i = cluster->first[addon]; i < cluster->first[addon + 1]; i++)
	{
		const ClusterPair *rival = &cluster->pairs[cluster->by_node[i]];

		if (may_attach(cluster, rival) && cluster->nodes[other_end(rival, addon)].cluster != event &&
			rival->result.score >= pair->result.score - AS_GOOD)
			return true;
	}
	return false;
}

/*
 * Parking and VIP go with their event, when who is one event is settled: they
 * have no say in that.
 */
static void
attach_addons(Cluster *cluster)
{
	for (int i = 0; i < cluster->npairs; i++)
	{
		const ClusterPair *pair = &cluster->pairs[i];
		int			addon = cluster->nodes[pair->a].profile->addon ? pair->a : pair->b;

		if (may_attach(cluster, pair) && is_beside_only(cluster, addon) &&
			!has_other_event(cluster, pair, addon))
			join(cluster, pair->a, pair->b);
	}
}

/* What became one event by other pairs, or cannot become one, needs nobody's review */
static void
settle_pairs(Cluster *cluster)
{
	for (int i = 0; i < cluster->npairs; i++)
	{
		ClusterPair *pair = &cluster->pairs[i];

		if (cluster->nodes[pair->a].cluster == cluster->nodes[pair->b].cluster)
			pair->verdict = PAIR_SAME;
		else if (pair->verdict == PAIR_REVIEW && pair->human == PAIR_UNKNOWN && is_answered(cluster, pair))
			pair->verdict = PAIR_DISTINCT;
	}
}

int
MatchCluster(ClusterNode *nodes, int n, ClusterPair *pairs, int npairs)
{
	Cluster		cluster = {.nodes = nodes, .n = n, .pairs = pairs, .npairs = npairs};
	int			result = -1;

	cluster.next = calloc(n + 1, sizeof(int));
	if (cluster.next != NULL)
	{
		for (int i = 0; i < n; i++)
			nodes[i].cluster = cluster.next[i] = i;
		veto_sessions(&cluster);
		qsort(pairs, npairs, sizeof(ClusterPair), compare_pairs);
		if (index_pairs(&cluster) == 0)
		{
			judge_pairs(&cluster);
			join_pairs(&cluster);
			attach_addons(&cluster);
			settle_pairs(&cluster);
			result = 0;
		}
	}
	free(cluster.next);
	free(cluster.first);
	free(cluster.by_node);
	free(cluster.questions);
	free(cluster.looks);
	return result;
}
