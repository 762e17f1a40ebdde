/*
 * src/store/explain.h
 *
 * Why two stored listings are one event, may be, or are not.
 *
 * Within StoreBegin.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_EXPLAIN_H
#define INGEST_STORE_EXPLAIN_H

#include "store/store.h"

/*
 * As JSON text, in the database's encoding: the same for (a, b) and (b, a).
 * Raises 42704 with a hint if either is not stored.
 */
extern char *ExplainPair(int64 listing_a, int64 listing_b);

#endif
