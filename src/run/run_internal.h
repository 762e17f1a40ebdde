/*
 * src/run/run_internal.h
 *
 * The state of one run, shared by the orchestrator's files.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_RUN_INTERNAL_H
#define INGEST_RUN_INTERNAL_H

#include "lib/stringinfo.h"

#include "feed/connector.h"
#include "http/http.h"
#include "run/preview.h"
#include "run/run.h"
#include "run/seen.h"
#include "run/spool.h"
#include "store/store.h"

#define MAX_SKIP_REASONS 24
#define MAX_WARNINGS 20

typedef struct SkipReason
{
	const char *reason;			/* static word */
	int64		count;
} SkipReason;

typedef struct Slice Slice;

typedef struct Run
{
	MemoryContext context;		/* lives as long as the run */
	Source	   *source;
	Feed	   *feed;
	int64		job_id;
	bool		own_transactions;	/* a worker's run, not ingest_import */
	Preview    *preview;		/* a dry run: nothing stays stored; job_id is 0 */
	struct Check *check;		/* of check.c */
	struct Replay *replay;		/* of replay.c; NULL: records come from the source */

	JobCounters counters;
	SkipReason	skips[MAX_SKIP_REASONS];
	int			nskips;
	char	   *warnings[MAX_WARNINGS];
	int			nwarnings;
	bool		incomplete;		/* the list was cut: it is not the full truth */
	bool		unidentified;	/* a record was refused that has no id */
	bool		emptied;		/* nothing came where there was something */
	int			nempty;			/* pages with nothing in them */
	int64		refresh_seconds;	/* the publisher's wish for the interval, or 0 */
	bool		cut_short;		/* by us: max_pages, max_records */
	bool		stored_before;	/* something of this run is committed */
	Problem		problem;		/* why the run failed, where it was not thrown */
	Problem		first_refusal;	/* of a record */
	int			http_status;
	TimestampTz retry_at;

	HttpClient *client;			/* NULL without the network */
	Redactor   *redactor;
	Spool	   *spool;
	Seen	   *seen;
	Seen	   *unlisted;		/* of these, what the source keeps from the public now */
	Slice	   *slice;			/* of records.c */
	Spool	   *detail_spool;	/* NULL until the first detail request */
	SourceValidator *stored_validators;
	int			nstored_validators;
	StringInfoData validators;	/* JSON members of the next http_cache */
	int			not_modified;	/* lists that answered 304, or as much */
	bool		validators_forgotten;	/* rows of another body are stored */
	bool		keeps_validators;	/* some were not asked for: the stored ones stay */

	bool		keep_raw;
	bool		wants_detail;	/* the connector asks a second request a listing */
	bool		has_open_errors;	/* of earlier runs */
	int64		budget;			/* requests left, as the upstream says, or -1 */
	int64		max_records;
	int64		max_pages;

	char		phase[256];
	TimestampTz last_progress;
	TimestampTz deadline;		/* 0: none */
} Run;

/* ---- run.c ---- */

/* The state of a run, in CurrentMemoryContext, before its feed is opened. */
extern Run *RunCreate(Source *source, bool own_transactions);

/* Open the source's connector; raises what is wrong with its configuration. */
extern void RunOpenSource(Run *run);

/*
 * Do a piece of a worker's work; what it raises goes into *end instead, ready
 * to be shown, and the transaction is over.
 */
extern void RunGuarded(Run *run, void (*work) (Run *run, JobEnd *end), JobEnd *end);

/* Take the source's lock for the transaction; raises if it is being run. */
extern void RunLock(const Source *source);

/* A payload as the one page of its feed; the page's arena is set. */
extern void RunOpenPayload(Feed *feed, FeedPage *page, const char *bytes, size_t length,
						   Problem *problem);

/* What came of a run that was not thrown out of; and its job closed. */
extern void RunJudge(Run *run, JobEnd *end);
extern TimestampTz RunClose(Run *run, const JobEnd *end);

/* ---- replay.c: stored records once more ---- */

/* Is the record one of those that are replayed? */
extern bool ReplayTakes(Run *run, const FeedRecord *record);

/* Why a record is not written although it could be, or NULL. */
extern const char *ReplaySkips(const Run *run, const StoredListing *stored);

/* Does it come from a listing's row, not from a refusal? */
extern bool ReplayIsListing(const Run *run);

/* The job that got the records from the source. */
extern int64 ReplayJob(const Run *run);

/* ---- feed.c: a connector opened ---- */

/* An arena that goes with a memory context. */
extern Arena *RunArena(MemoryContext context);

/*
 * Open a connector on a configuration (JSON text), in CurrentMemoryContext.
 * Raises what is wrong with it.
 */
extern Feed *RunOpenFeed(const char *source_name, const char *connector_name,
						 const char *config, const char *timezone);

/*
 * Does an input function of PostgreSQL take the text?  Tried in a
 * subtransaction.  RunIntervalOf: that of interval.
 */
extern bool RunIsAccepted(Datum (*input) (const char *), const char *text);
extern Datum RunIntervalOf(const char *text);

/* ---- report.c: counting and telling ---- */

extern void RunSkip(Run *run, const char *reason);
extern void RunWarn(void *run, const char *message);

/* The skip reasons as JSON text, palloc'd. */
extern char *RunSkipsJson(const Run *run);

/* Set phase, in the job row's words, and in pg_stat_activity. */
extern void RunPhase(Run *run, const char *format, ...) pg_attribute_printf(2, 3);

/* A text of the upstream without secrets, palloc'd. */
extern char *RunRedact(const Run *run, const char *text);

/* Raise a failure of the whole run. */
extern void RunFail(Run *run, const Problem *problem) __attribute__((noreturn));

/* The SQLSTATE by which a class of failure is raised. */
extern int	RunSqlState(ErrorClass error_class);

/* Write counters and heartbeat, if the last ones are some seconds old. */
extern void RunHeartbeat(Run *run);

/* A transaction for a piece of work: its own, or the caller's. */
extern void RunBegin(const Run *run, StoreSession *session);
extern void RunCommit(const Run *run, StoreSession *session);

/* ---- retry.c ---- */

/*
 * Do the work, in transactions of its own; after a deadlock and the like, with
 * what undo (may be NULL) leaves, again.
 */
extern void RunRetried(const Run *run, void (*work) (void *arg), void *arg, void (*undo) (void *arg));

/* ---- missing.c: at the end, what was not seen ---- */

extern void RunMissing(Run *run);

/* ---- records.c: a page's records into the store ---- */

extern void RunRecords(Run *run, FeedPage *page);

/* ---- fetch.c: the network ---- */

/* Open the HTTP client of a run, and its spool. */
extern void RunOpenClient(Run *run);

/* Put a connector's request on its way. */
extern HttpTransfer *RunStartRequest(Run *run, const FeedRequest *wanted);

/*
 * What is not a page: raises, unless the connector knows better and the run
 * goes on.
 */
extern void RunRefused(Run *run, const FeedRequest *request, const HttpResponse *response);

/* A body that is not what was asked for: raises. */
extern void RunPageFailed(Run *run, const FeedPage *page, const Problem *problem) __attribute__((noreturn));

/* The validator of a URL, if it may still be used. */
extern SourceValidator *RunFindValidator(Run *run, const char *url);

/* Where a page came from, after redirects. */
extern const char *RunPageUrl(const FeedRequest *request, const HttpResponse *response);

/* Walk all lists of the feed: fetch, page, store. */
extern void RunFetch(Run *run);

/*
 * A detail request: its body, or NULL if it cannot be had now.  The body is
 * valid until the next call.
 */
extern const FeedBody *RunFetchDetail(Run *run, const FeedRequest *request);

#endif
