/*
 * src/store/rematch.h
 *
 * Matching all stored listings anew, in batches.
 *
 * Within StoreBegin.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_REMATCH_H
#define INGEST_STORE_REMATCH_H

#include "store/store.h"

/* The keys of the listings after an id, in its order; the last one's id, 0: there was none. */
extern int64 RematchKeys(int64 after, int n);

/* Their events.  Only when all have their keys. */
extern int64 RematchEvents(int64 after, int n);

#endif
