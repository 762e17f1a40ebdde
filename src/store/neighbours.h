/*
 * src/store/neighbours.h
 *
 * Listings around those that a batch changed, as nodes with their profiles,
 * and the pairs among them that were compared.
 *
 * Within StoreBegin; everything lives in the context that was current at
 * NeighboursCreate.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_NEIGHBOURS_H
#define INGEST_STORE_NEIGHBOURS_H

#include "match/cluster.h"
#include "store/store.h"

typedef struct Neighbour
{
	int64		id;				/* of the listing */
	int64		event_id;
	const char *source;
	const char *source_id;
	MatchProfile profile;
	BatchItem  *item;			/* NULL: not of this batch */
	int64		session_gap;	/* see cluster.h */
	bool		gone;			/* withdrawn, or missed by the last run */
	bool		member;			/* takes part in the clustering */
	bool		looked_around;	/* its candidates are known */
	bool		leaving;		/* its event's id stays with the others */
	int			order;			/* among the members */
} Neighbour;

/* Two listings that may be one, or that a person decided on */
typedef struct NeighbourPair
{
	Neighbour	   *a;
	Neighbour	   *b;
	PairVerdict human;
	MatchResult result;
} NeighbourPair;

typedef struct Neighbours
{
	MemoryContext context;
	struct HTAB *by_id;			/* id -> Neighbour * */
	struct HTAB *compared;		/* pairs of ids */
	Neighbour	  **nodes;
	int			nnodes;
	int			nodes_size;
	NeighbourPair   *pairs;
	int			npairs;
	int			pairs_size;
	bool		too_many;		/* the neighbourhood was cut */
} Neighbours;

extern Neighbours *NeighboursCreate(void);

/* A listing of the batch, from memory; call before any look around. */
extern Neighbour *NeighboursAddItem(Neighbours *around, const char *source, BatchItem *item);

/* Listings that are stored, as members; those that are there already become members. */
extern void NeighboursAddStored(Neighbours *around, const int64 *ids, int n, bool as_members);

/*
 * Look around the items, and around whom they meet, until nobody new comes:
 * who may be one with them, the other sessions of their day, the other
 * listings of their events, partners in a person's decisions.
 */
extern void NeighboursLook(Neighbours *around);

/* The node of a listing, or NULL */
extern Neighbour *NeighboursFind(const Neighbours *around, int64 id);

#endif
