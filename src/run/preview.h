/*
 * src/run/preview.h
 *
 * A dry run: what a run would do with each record, found out by doing it in a
 * transaction that is rolled back.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_RUN_PREVIEW_H
#define INGEST_RUN_PREVIEW_H

#include "feed/connector.h"
#include "run/run.h"

typedef struct Preview Preview;

extern Preview *PreviewCreate(MemoryContext context, PreviewReport report, void *arg);

/* A record is skipped; listing may be NULL, and so may stored. */
extern void PreviewSkipped(Preview *preview, int64 position, const char *source_id,
						   const Listing *listing, const StoredListing *stored,
						   const char *reason);

/* A record is refused. */
extern void PreviewRefused(Preview *preview, int64 position, const char *source_id,
						   const Listing *listing, const char *problem);

/*
 * Around StoreBatch, in its transaction: what is stored of the items before
 * it, and what is then.
 */
extern void PreviewBefore(Preview *preview, const BatchItem *items, int nitems);
extern void PreviewAfter(Preview *preview, const BatchItem *items, int nitems);

/* Report what came together since the last time, in the records' order. */
extern void PreviewFlush(Preview *preview);

#endif
