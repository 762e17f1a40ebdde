/*
 * src/run/clean.c
 *
 * Retention, by ingest.job_retention, ingest.max_jobs and ingest.raw_retention.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "run/clean.h"
#include "settings.h"
#include "store/retention.h"

#define BATCH 200
#define MOST_MS 2000

/* One batch of jobs; true when there may be more */
static bool
delete_jobs(const char *source)
{
	StoreSession session;
	int			deleted;

	StoreTransactionBegin(&session);
	deleted = RetentionDeleteJobs(source, IngestJobRetention, IngestMaxJobs, BATCH);
	StoreTransactionCommit(&session);
	return deleted == BATCH;
}

static void
drop_raw(const int64 *ids, int n)
{
	StoreSession session;

	StoreTransactionBegin(&session);
	RetentionDropRaw(ids, n);
	StoreTransactionCommit(&session);
}

static bool
is_late(TimestampTz start)
{
	CHECK_FOR_INTERRUPTS();
	return TimestampDifferenceExceeds(start, GetCurrentTimestamp(), MOST_MS);
}

/* All of it, or as much as the time allows; true when nothing is left */
static bool
clean(const char *source, TimestampTz start)
{
	StoreSession session;
	int64	   *ids = NULL;
	int			n = 0;

	while (delete_jobs(source))
		if (is_late(start))
			return false;
	if (IngestRawRetention < 0)
		return true;

	StoreTransactionBegin(&session);
	MemoryContextSwitchTo(session.caller);
	ids = RetentionFindRaw(source, IngestRawRetention, &n);
	StoreTransactionCommit(&session);
	for (int i = 0; i < n; i += BATCH)
	{
		if (is_late(start))
			return false;
		drop_raw(ids + i, Min(BATCH, n - i));
	}
	return true;
}

void
RunClean(const char *source)
{
	StoreSession session;
	bool		due;

	StoreTransactionBegin(&session);
	due = RetentionDue(source);
	StoreTransactionCommit(&session);
	if (!due || !clean(source, GetCurrentTimestamp()))
		return;
	StoreTransactionBegin(&session);
	RetentionDone(source);
	StoreTransactionCommit(&session);
}
