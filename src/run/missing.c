/*
 * src/run/missing.c
 *
 * The end of a run: what it did not see.
 *
 * Only a complete run may speak of what is gone, and only of the future inside
 * the window it asked for.  A listing is withdrawn after "missing_runs" such
 * runs; more than a few, and more than a fifth of what the source lists, are
 * held until a person says so: it is likelier that the upstream is ill.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "run/run_internal.h"
#include "store/columns.h"
#include "store/missing.h"

/* The guard: more than so many, and more than this share of the live ones */
#define GUARD_LISTINGS 5
#define GUARD_SHARE 0.20

/* Listings that are withdrawn in one commit */
#define WITHDRAW_BATCH 200

/* What one commit does */
typedef struct Sweep
{
	Run		   *run;
	const MissingListing *missing;
	int			nmissing;
	int			limit;			/* runs until a listing is withdrawn */
	int64		nlive;
	bool		held;
} Sweep;

static bool
was_seen(void *arg, const char *source_id)
{
	const Run  *run = arg;

	return SeenHas(run->seen, source_id) && !SeenHas(run->unlisted, source_id);
}

/* Did the run see all that the source lists in the window? */
static bool
is_full_truth(const Run *run)
{
	return !run->incomplete && !run->unidentified && run->not_modified == 0 &&
		run->counters.fetched > 0 && strcmp(run->source->on_missing, "withdraw") == 0;
}

/* Seen again: forget the runs that missed it */
static void
forgive(void *arg)
{
	Run		   *run = arg;
	StoreSession session;

	RunBegin(run, &session);
	MissingForgive(run->source->name, was_seen, run);
	RunCommit(run, &session);
}

/* Ids of missing listings that are due to be withdrawn, or of those that are not yet */
static int
choose(const Sweep *sweep, bool due, int64 *ids)
{
	int			n = 0;

	for (int i = 0; i < sweep->nmissing; i++)
		if ((sweep->missing[i].missing_runs + 1 >= sweep->limit) == due)
			ids[n++] = sweep->missing[i].id;
	return n;
}

/* Count the misses; hold what is too much; what is due else is withdrawn next */
static void
count_misses(void *arg)
{
	Sweep	   *sweep = arg;
	Run		   *run = sweep->run;
	StoreSession session;
	int64	   *ids;
	int			ndue;
	int			n = 0;

	RunBegin(run, &session);
	ids = palloc((sweep->nmissing + 1) * sizeof(int64));
	ndue = choose(sweep, true, ids);
	sweep->held = ndue > GUARD_LISTINGS && ndue > GUARD_SHARE * sweep->nlive;
	if (sweep->held)
		HoldPut(run->source->name, run->job_id, ids, ndue, sweep->nlive);
	else
		HoldDrop(run->source->name);

	/* what is held is not written again each time */
	for (int i = 0; i < sweep->nmissing; i++)
		if (sweep->missing[i].missing_runs < sweep->limit)
			ids[n++] = sweep->missing[i].id;
	MissingCount(ids, n);
	RunCommit(run, &session);
}

/* Withdraw a batch, with the job's counter */
static void
withdraw_batch(void *arg)
{
	Sweep	   *batch = arg;
	Run		   *run = batch->run;
	JobCounters next = run->counters;
	int64		ids[WITHDRAW_BATCH];
	StoreSession session;

	RunBegin(run, &session);
	for (int i = 0; i < batch->nmissing; i++)
		ids[i] = batch->missing[i].id;
	next.withdrawn += MissingWithdraw(ids, batch->nmissing);
	JobProgress(run->job_id, &next, RunSkipsJson(run), run->phase);
	RunCommit(run, &session);
	run->counters = next;
}

/* Withdraw what is due, a batch to a commit */
static void
withdraw_due(Sweep *sweep)
{
	MissingListing due[WITHDRAW_BATCH];
	Sweep		batch = {sweep->run, due};

	for (int i = 0; i < sweep->nmissing; i++)
	{
		if (sweep->missing[i].missing_runs + 1 >= sweep->limit)
			due[batch.nmissing++] = sweep->missing[i];
		if (batch.nmissing == WITHDRAW_BATCH || (i == sweep->nmissing - 1 && batch.nmissing > 0))
		{
			RunRetried(sweep->run, withdraw_batch, &batch, NULL);
			batch.nmissing = 0;
		}
	}
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = ((const MissingListing *) a)->id;
	int64		y = ((const MissingListing *) b)->id;

	return (x > y) - (x < y);
}

void
RunMissing(Run *run)
{
	Sweep		sweep = {run};
	MissingListing *missing;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from = Max(now, FeedTimeToTimestampTz(run->feed->window_start));
	StoreSession session;

	RunPhase(run, "looking for what is gone");
	RunRetried(run, forgive, run, NULL);
	if (!is_full_truth(run))
		return;

	RunBegin(run, &session);
	MemoryContextSwitchTo(run->context);
	sweep.nlive = MissingFind(run->source->name, from, FeedTimeToTimestampTz(run->feed->window_end),
							  was_seen, run, &missing, &sweep.nmissing);
	RunCommit(run, &session);
	qsort(missing, sweep.nmissing, sizeof(MissingListing), compare_ids);
	sweep.missing = missing;
	sweep.limit = (int) ConfigInteger(run->feed->config, "missing_runs");
	RunRetried(run, count_misses, &sweep, NULL);
	if (sweep.held)
		RunWarn(run, psprintf("more than a fifth of the %lld listings to come are gone from the source; they are held, not withdrawn:"
							  " SELECT ingest_approve_withdrawals(%s) or ingest_discard_withdrawals(%s)",
							  (long long) sweep.nlive, quote_literal_cstr(run->source->name),
							  quote_literal_cstr(run->source->name)));
	else
		withdraw_due(&sweep);
	pfree(missing);
}
