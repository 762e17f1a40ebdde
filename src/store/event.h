/*
 * src/store/event.h
 *
 * Events from listings.
 *
 * An event is a function of its listings: which listings make it up follows
 * from comparing them (match/), what it says from their columns, and neither
 * depends on the order of arrival.  Within StoreBegin.  Needs postgres.h
 * before it.
 */
#ifndef INGEST_STORE_EVENT_H
#define INGEST_STORE_EVENT_H

#include "store/neighbours.h"
#include "store/store.h"

/* What a batch must remember of its listings from before they are written. */
typedef struct EventBatch
{
	int64	   *old_days;
	int			nold_days;
} EventBatch;

/* Before the batch's rows are written. */
extern void EventBefore(EventBatch *batch, BatchItem **items, int nitems);

/*
 * After they are, each new listing with an event of its own: find out who is
 * one with whom (event_id, merged, review of the items), and bring the events
 * up to date.
 */
extern void EventMatch(const EventBatch *batch, const char *source, int64 job_id,
					   BatchItem **items, int nitems);

/* Who regroups listings, for the merge log. */
typedef struct Regrouping
{
	int64		job_id;			/* 0: none */
	const char *by;				/* role, or "ingest" */
	const char *rule;
	int64		action_id;		/* in match_action; 0: no person's */
} Regrouping;

/* The members of a neighbourhood in their one order, and what MatchCluster makes of them */
typedef struct Clustering
{
	Neighbour **members;
	int			n;
	ClusterNode *nodes;
	ClusterPair *pairs;
	int			npairs;
	int64	   *targets;		/* the event that each member shall make up */
} Clustering;

extern void EventCluster(Neighbours *around, Clustering *group);

/*
 * Cluster the members of a neighbourhood, re-point listings whose event that
 * changes, retire events that are empty then, bring reviews up to date, and
 * refresh the events that were touched.
 */
extern void EventRegroup(Neighbours *around, const Regrouping *how);

/* Note of all nodes which are add-ons (parking, VIP), in listing.is_addon. */
extern void EventNoteAddons(Neighbours *around);

/* A row for an event of one listing, which the caller re-points to it; its id. */
extern int64 EventSplitOff(int64 listing_id);

/*
 * Lock the weeks in which listings may meet others, until the transaction
 * ends; two transactions that match in one week take turns.
 */
extern void EventLockDays(const int64 *days, int n);

#endif
