/*
 * src/store/missing.h
 *
 * Listings that a complete run did not find: counted, withdrawn after a few
 * such runs, or held for a person to decide when they are too many.
 *
 * Within StoreBegin.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_MISSING_H
#define INGEST_STORE_MISSING_H

#include "store/store.h"

typedef struct MissingListing
{
	int64		id;
	int			missing_runs;	/* before this one */
} MissingListing;

/*
 * A source's listings that are not withdrawn and that begin in [from, to), or
 * nobody knows when: how many there are, and those that was_seen() denies, in
 * CurrentMemoryContext.
 */
extern int64 MissingFind(const char *source, TimestampTz from, TimestampTz to,
						 bool (*was_seen) (void *arg, const char *source_id), void *arg,
						 MissingListing **missing, int *nmissing);

/* Count a run that did not find them. */
extern void MissingCount(const int64 *ids, int n);

/* Of the source's listings that were missing, those that were seen are back. */
extern void MissingForgive(const char *source, bool (*was_seen) (void *arg, const char *source_id),
						   void *arg);

/*
 * Mark listings as withdrawn, and bring their events up to date: an event is
 * withdrawn when no live listing is left.  What the source had cancelled stays
 * cancelled.  How many were marked.
 */
extern int	MissingWithdraw(const int64 *ids, int n);

/* Keep what a run would have withdrawn for a person to decide, or forget it. */
extern void HoldPut(const char *source, int64 job_id, const int64 *ids, int n, int64 nlive);
extern void HoldDrop(const char *source);

/*
 * A person's decision: withdraw what is held, as far as it is missing still, or
 * keep it.  How many listings; -1: nothing is held.
 */
extern int	HoldApprove(const char *source);
extern int	HoldDiscard(const char *source);

#endif
