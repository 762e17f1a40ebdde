/*
 * src/store/preview.h
 *
 * What a dry run shows of the listings: before its batch, and after it, in the
 * transaction that is rolled back then.  Within StoreBegin.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_STORE_PREVIEW_H
#define INGEST_STORE_PREVIEW_H

#include "store/store.h"

/* The listings as one jsonb, by id; in CurrentMemoryContext. */
extern Datum StoredListingsBefore(const int64 *ids, int n);

/* Texts in the server's encoding, valid during the call; any but title may be NULL. */
typedef void (*StoredListingFound) (void *arg, int64 listing_id, const char *title,
									const char *starts_at, const char *venue_name,
									const char *event_id, const char *changes);

/*
 * Each listing as it is now; changes = {column: {"from": …, "to": …}} against
 * what it was, NULL if nothing a reader cares for is different.
 */
extern void StoredListingsAfter(const int64 *ids, int n, Datum before,
								StoredListingFound found, void *arg);

#endif
