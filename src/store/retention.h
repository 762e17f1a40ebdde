/*
 * src/store/retention.h
 *
 * What may be forgotten of a source: old jobs with their errors, and the raw
 * records of events that are long over.  Events and listings are kept.
 *
 * Within StoreBegin.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_RETENTION_H
#define INGEST_STORE_RETENTION_H

#include "store/store.h"

/* Is the source due to be cleaned?  Once a day is enough. */
extern bool RetentionDue(const char *source);

/* It was: not before tomorrow again. */
extern void RetentionDone(const char *source);

/*
 * Delete at most `limit` jobs that are older than `minutes` (< 0: none is), or
 * more than `most` (0: no limit) runs ago.  The last 20 stay, failures stay
 * four times as long, and so do pushed payloads with errors that are open.
 * How many.
 */
extern int	RetentionDeleteJobs(const char *source, int minutes, int most, int limit);

/*
 * Listings whose raw record may go, as the event was over so many minutes
 * ago; in CurrentMemoryContext.
 */
extern int64 *RetentionFindRaw(const char *source, int minutes, int *n);

extern void RetentionDropRaw(const int64 *ids, int n);

#endif
