/*
 * src/match/cluster.h
 *
 * Which of a group of listings are one event: a function of the group, not of
 * the order in which its members came.
 *
 * The pairs' scores are taken from the highest down; two sets of listings
 * become one unless that would put listings together that exclude each other.
 * A listing with two candidates about equally good that exclude each other is
 * left to a person.
 *
 * Two listings of one source are two events, but for two cases: its id changed
 * (the one is gone, the other says the same), and what is sold beside an event
 * (parking, VIP) belongs to it.  Pure C.
 */
#ifndef INGEST_MATCH_CLUSTER_H
#define INGEST_MATCH_CLUSTER_H

#include "match/compare.h"

typedef struct ClusterNode
{
	const MatchProfile *profile;
	int			source;			/* listings of one number are of one source */
	bool		gone;			/* its source does not list it any more */
	int64_t		session_gap;	/* to the nearest other session of its day that its
								 * source lists, in seconds; 0: there is none */
	int			cluster;		/* out: the smallest index among those it is one with */
} ClusterNode;

typedef enum PairVerdict
{
	PAIR_UNKNOWN,				/* in: as the score says */
	PAIR_SAME,
	PAIR_REVIEW,
	PAIR_DISTINCT
} PairVerdict;

/* Two nodes that were compared; a < b.  The nodes' order is the canonical one. */
typedef struct ClusterPair
{
	int			a;
	int			b;
	PairVerdict human;			/* in: PAIR_SAME or PAIR_DISTINCT if a person said so */
	MatchResult result;			/* in */
	PairVerdict verdict;		/* out */
	bool		ambiguous;		/* out: in review as there is another as good */
} ClusterPair;

/*
 * Cluster n nodes by their pairs, which are reordered.  Returns 0, or -1 when
 * memory runs out.
 */
extern int	MatchCluster(ClusterNode *nodes, int n, ClusterPair *pairs, int npairs);

#endif
