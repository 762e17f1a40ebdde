/*
 * src/store/replay.h
 *
 * The records that a job got and that are still kept as they came: those of the
 * listings that it was the last to write, and those that it refused.
 *
 * Within StoreBegin; results in CurrentMemoryContext.  Needs postgres.h before
 * it.
 */
#ifndef INGEST_STORE_REPLAY_H
#define INGEST_STORE_REPLAY_H

#include "store/store.h"

/* One kept record; texts in UTF-8. */
typedef struct KeptRecord
{
	int64		id;				/* of the row of listing or import_error */
	char	   *source_id;		/* NULL: a refused one without */
	char	   *raw;			/* JSON text */
} KeptRecord;

/* The source of a job, in UTF-8; NULL: there is no such job. */
extern char *ReplaySource(int64 job_id);

/*
 * The rows that keep a record of the job: listings that are not withdrawn; open
 * refusals that no later one of the same record has made obsolete.
 */
extern int64 *ReplayListings(const char *source, int64 job_id, int *n);
extern int64 *ReplayRefusals(int64 job_id, int *n);

/* The records of such rows, in the order of their ids; their number in *n. */
extern KeptRecord *ReplayLoadListings(const int64 *ids, int nids, int *n);
extern KeptRecord *ReplayLoadRefusals(const int64 *ids, int nids, int *n);

/* The refusal's record was mapped again: what came of it is told elsewhere now. */
extern void ReplaySettle(int64 error_id);

/* Jobs of the source that still have records, the latest first: "9, 7, 3"; NULL: none. */
extern char *ReplayJobs(const char *source);

#endif
