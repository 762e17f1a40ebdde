/*
 * src/store/decision.h
 *
 * What people decide about matching: two events are one, a listing is not of
 * its event, two listings are the same or distinct; and taking it back.
 *
 * Decisions are kept on pairs of listings, so that they outlive every later
 * import, whatever events it makes.  Each act is a row of match_action, with
 * what it replaced.
 *
 * Within StoreBegin.  All raise, with a hint, for ids that do not exist.
 * Needs postgres.h before it.
 */
#ifndef INGEST_STORE_DECISION_H
#define INGEST_STORE_DECISION_H

#include "store/store.h"

/* Two events, by their own or former ids, are one; the id that survives, the older. */
extern int64 DecideMerge(int64 event_a, int64 event_b, const char *note);

/* A listing is not of its event; the id of the event it makes up then. */
extern int64 DecideSplit(int64 listing_id, const char *note);

/*
 * Two listings are "same" or "distinct"; NULL: no decision any more.  Raises
 * 22023 for another verdict, 55000 if the events' other listings exclude it.
 */
extern void DecidePair(int64 listing_a, int64 listing_b, const char *verdict, const char *note);

/*
 * Take back what a row of merge_log tells of, with all that the person's
 * action did.  Raises 55000 if it was taken back before, or if the listings
 * have moved on since.
 */
extern void DecideUndo(int64 merge_id, const char *note);

/* ---- shared by decision.c and undo.c ---- */

/* The session's user, for the records */
extern const char *DecisionBy(void);

/* A row of match_action; its id. */
extern int64 DecisionOpen(const char *action, const char *note);

/* Put a verdict on the pairs (a[i], b[i]), in place of others, which the action keeps. */
extern void DecisionPut(int64 action_id, const int64 *a, const int64 *b, int n, const char *verdict,
						const char *note);

/* Cluster the listings and those around them anew; `leaving` 0: nobody is told to leave. */
extern void DecisionRegroup(const int64 *listings, int n, int64 leaving, int64 action_id, const char *rule);

/* The listings of an event, palloc'd. */
extern int64 *DecisionListings(int64 event_id, int *n);

/* The event a listing makes up, or 0. */
extern int64 DecisionEvent(int64 listing_id);

#endif
