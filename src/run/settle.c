/*
 * src/run/settle.c
 *
 * What a run means for the next one.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "hash.h"
#include "run/run_internal.h"
#include "run/settle.h"
#include "store/rollup.h"

#define BACKOFF_FIRST	(60 * USECS_PER_SEC)
#define BACKOFF_MOST	(6 * USECS_PER_HOUR)
#define BACKOFF_CRASH	(5 * 60 * USECS_PER_SEC)

/* ---- the next tick ---- */

/*
 * The next tick: after the last run if `after_run`, which is how missed ones
 * become one that is due at once; after now if the schedule is new, so that a
 * new cron expression does not begin with a tick of the past.  An interval
 * always counts from the last run, and is due at once if there was none.
 */
static void
next_tick(Ticks *ticks, ScheduledSource *source, bool after_run)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz last = Min(source->last_run_at, now);	/* the clock may have been set back */
	TimestampTz earliest = last != 0 ? last + source->min_interval : 0;
	TimestampTz next = 0;
	bool		counts_from_run;
	Problem		problem = {0};
	TickResult	result;

	source->new_problem = NULL;
	source->next_run_at = 0;
	result = TickNext(ticks, source->schedule, source->timezone, source->name,
					  after_run ? last : now, &next, &counts_from_run, &problem);
	if (result == TICK_FOUND && counts_from_run && !after_run)
	{
		if (last == 0)
			next = now;
		else
			result = TickNext(ticks, source->schedule, source->timezone, source->name,
							  last, &next, &counts_from_run, &problem);
	}

	/* Not closer than the publisher wishes */
	if (result == TICK_FOUND && next < earliest)
	{
		if (counts_from_run)
			next = earliest;
		else
			result = TickNext(ticks, source->schedule, source->timezone, source->name,
							  earliest - 1, &next, &counts_from_run, &problem);
	}
	if (result == TICK_BAD)
		source->new_problem = pstrdup(problem.message);
	else
		source->next_run_at = result == TICK_FOUND ? next : DT_NOEND;
}

int
SettleOpen(void)
{
	int			count;
	int			changed = 0;
	ScheduledSource *sources = PlanOpen(&count);
	Ticks	   *ticks = TicksCreate(CurrentMemoryContext);

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		next_tick(ticks, &sources[i], false);

		/* A problem that is known already costs no write */
		if (sources[i].new_problem != NULL && sources[i].problem != NULL &&
			strcmp(sources[i].new_problem, sources[i].problem) == 0)
			continue;
		sources[changed++] = sources[i];
	}
	PlanStore(sources, changed);
	return changed;
}

/* ---- failures ---- */

/* The wait after so many failures in a row: the same for the same, but not for all */
static int64
backoff(const char *source, int64 failures)
{
	int64		wait = BACKOFF_FIRST;
	uint64		hash = HashString(source, (uint64) failures);

	for (int64 i = 1; i < failures && wait < BACKOFF_MOST; i++)
		wait *= 2;
	wait = Min(wait, BACKOFF_MOST);
	return wait - wait / 5 + (int64) (hash % 1000) * (wait * 2 / 5) / 1000;
}

/* Will it pass by itself, soon? */
static bool
is_passing(const JobEnd *end)
{
	switch (end->error_class)
	{
		case ERROR_CLASS_NETWORK:
		case ERROR_CLASS_RATE_LIMIT:
		case ERROR_CLASS_INTERNAL:
			return true;
		case ERROR_CLASS_UPSTREAM:
			return end->http_status < 400 || end->http_status >= 500 ||
				end->http_status == 408 || end->http_status == 429;
		default:
			return false;
	}
}

/* Pause a source whose last runs all ended in a way that does not pass */
static bool
pause_if_hopeless(const char *source, const JobEnd *end)
{
	PlanRow		row = PlanLastRuns(source, SETTLE_PAUSE_AFTER);

	if (row.crashed >= SETTLE_PAUSE_AFTER)
		PlanPause(source, psprintf("quarantined: its process crashed %d times in a row", row.crashed));
	else if (row.refused >= SETTLE_PAUSE_AFTER)
		PlanPause(source, psprintf("%d runs in a row failed, the last by its %s: %s", row.refused,
								   end->error_class == ERROR_CLASS_AUTH ? "credential" : "configuration",
								   end->message));
	else
		return false;
	ereport(LOG,
			(errmsg("source \"%s\" is paused", source),
			 errdetail("It failed %d times in a row.", SETTLE_PAUSE_AFTER),
			 errhint("Mend the cause, then SELECT ingest_resume(%s).", quote_literal_cstr(source))));
	return true;
}

/* When a source that failed is tried again */
static TimestampTz
retry_at(const ScheduledSource *source, const JobEnd *end, bool crashed)
{
	int64		wait = backoff(source->name, Max(source->failures, 1));
	TimestampTz retry;

	if (crashed)
		wait = Max(wait, BACKOFF_CRASH);
	retry = GetCurrentTimestamp() + wait;

	/* The publisher's wish holds for attempts too */
	retry = Max(retry, source->last_run_at + source->min_interval);
	return is_passing(end) ? retry : Max(retry, source->next_run_at);
}

TimestampTz
SettleRun(const char *name, TimestampTz started_at, const JobEnd *end)
{
	ScheduledSource *source;
	bool		failed = strcmp(end->status, "failed") == 0;
	bool		crashed = strcmp(end->status, "crashed") == 0;
	bool		cancelled = strcmp(end->status, "cancelled") == 0;
	TimestampTz due;

	PlanRan(name, started_at);
	source = PlanSource(name);
	/* Without a schedule there is nothing to pause: who runs it, sees it fail */
	if (source == NULL || source->schedule == NULL)
		return DT_NOEND;
	if ((failed || crashed) && pause_if_hopeless(name, end))
		return DT_NOEND;

	/* Who cancels a run does not want it at once again */
	if (cancelled)
		source->last_run_at = GetCurrentTimestamp();
	next_tick(TicksCreate(CurrentMemoryContext), source, true);
	if ((failed || crashed) && source->next_run_at != 0)
		source->next_run_at = retry_at(source, end, crashed);
	PlanStore(source, 1);
	due = source->next_run_at == 0 ? DT_NOEND : source->next_run_at;
	return end->not_before > due ? end->not_before : due;
}

void
SettleSweep(void)
{
	SweptJob   *jobs;
	int			count = JobSweep(&jobs);

	for (int i = 0; i < count; i++)
	{
		JobEnd		end = {.status = "crashed", .error_class = ERROR_CLASS_INTERNAL,
		.message = "its process crashed"};
		ScheduledSource *source;

		if (!jobs[i].interrupted)
		{
			(void) SettleRun(jobs[i].source, jobs[i].started_at, &end);
			HealthTell(jobs[i].source);
			continue;
		}
		source = PlanSource(jobs[i].source);
		if (source == NULL || source->schedule == NULL)
			continue;
		source->next_run_at = GetCurrentTimestamp();
		source->new_problem = NULL;
		PlanStore(source, 1);
	}
}
