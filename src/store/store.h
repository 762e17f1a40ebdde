/*
 * src/store/store.h
 *
 * The store: everything that reads or writes the tables of schema ingest, by
 * SPI as their owner.  It knows listings, but neither connectors nor HTTP.
 *
 * A piece of work is bracketed by StoreBegin and StoreEnd (inside a
 * transaction); StoreTransaction… do the same with a transaction of their own,
 * for background workers.  On ERROR the transaction's abort undoes the bracket.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_STORE_H
#define INGEST_STORE_H

#include "access/htup.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "utils/jsonb.h"

#include "error_class.h"
#include "feed/arena.h"
#include "feed/listing.h"

/* ---- session.c: who we are, and what we see ---- */

typedef struct StoreSession
{
	Oid			user;
	int			security;
	int			guc_nest_level;
	MemoryContext caller;		/* current again after StoreTransactionCommit */
} StoreSession;

/*
 * Become the owner of the extension's tables with a safe search_path, and
 * connect to SPI.  Raises 42P01 with a hint if the extension is not there.
 */
extern void StoreBegin(StoreSession *session);
extern void StoreEnd(StoreSession *session);

/* The same in a transaction of its own. */
extern void StoreTransactionBegin(StoreSession *session);
extern void StoreTransactionCommit(StoreSession *session);

/* End such a transaction as if it had never been. */
extern void StoreTransactionRollback(StoreSession *session);

/*
 * Settle for the life of the process what StoreBegin else sets each time: for
 * workers.
 */
extern void StorePinSettings(void);

/* Owner of the extension's tables; InvalidOid if the extension is not there. */
extern Oid	StoreOwner(void);

/* OID of a table, index or sequence of schema ingest; raises if missing. */
extern Oid	StoreRelation(const char *name);

/*
 * Run one statement and check its result code against `expected`
 * (SPI_OK_SELECT, …); the number of rows.  The plan is kept in *plan, which is
 * a static of the caller, for the life of the process.
 */
typedef struct StoreStatement
{
	const char *sql;
	int			expected;
	int			nargs;
	Oid			argtypes[24];
	SPIPlanPtr	plan;
} StoreStatement;

extern uint64 StoreExecute(StoreStatement *statement, const Datum *values,
						   const char *nulls, long limit);

/* Text of any UTF-8 string in the database's encoding; raises if it can't be. */
extern Datum StoreText(const char *utf8);

/* The same for words that people read, in UTF-8 or, as the server's own, in the
 * database's encoding: '?' for characters that it does not know. */
extern Datum StoreWords(const char *utf8);

/* JSON in UTF-8 as a palloc'd string in the database's encoding, with escapes
 * for characters that it does not know; raises only if it is not UTF-8. */
extern char *StoreJson(const char *utf8, size_t length);

/* A column of a row of SPI_tuptable as a copied C string, or NULL. */
extern char *StoreString(uint64 row, int column);
extern int64 StoreInt64(uint64 row, int column, int64 if_null); /* of int8 and timestamptz */

/* An int8[] of numbers; and a column of int8 of all rows of SPI_tuptable, NULL as 0. */
extern Datum StoreInt64Array(const int64 *numbers, int n);
extern int64 *StoreInt64Column(uint64 nrows, int column);

/* ---- source.c ---- */

typedef struct Source
{
	char	   *name;
	char	   *connector;
	char	   *config;			/* JSON text, UTF-8 */
	char	   *timezone;
	int			priority;
	bool		enabled;
	char	   *on_missing;
	char	   *paused_reason;
	TimestampTz not_before;		/* 0: none */
} Source;

/* Load a source into CurrentMemoryContext as of before; NULL if there is none. */
extern Source *SourceLoad(const char *name);

/* A stored validator of a response, see run/fetch.c. */
typedef struct SourceValidator
{
	char	   *key;
	char	   *etag;			/* or NULL */
	char	   *last_modified;	/* or NULL */
	TimestampTz fetched_at;
} SourceValidator;

/* The source's validators, in CurrentMemoryContext. */
extern SourceValidator *SourceValidators(const char *source, int *count);

/*
 * Forget them, with the first rows of another body: until a run has stored all
 * of one, what is stored is that of none.
 */
extern void SourceForgetValidators(const char *source);

/* How many of a source's listings are still to come. */
extern int64 SourceUpcoming(const char *source);
/* What the connector left for its next run, as JSON text; NULL: nothing. */
extern char *SourceCursor(const char *source);

/* Names of all enabled, unpaused sources, palloc'd. */
extern char **SourceNames(bool runnable_only, int *count);

/* Raise 42704 for an unknown source, with the list of known ones as the hint. */
extern void SourceUnknown(const char *name) __attribute__((noreturn));

/* A credential's value with env: and file: resolved, palloc'd; NULL: none. */
extern char *SourceCredential(const char *source, const char *key);

/* ---- job.c ---- */

typedef struct JobCounters
{
	int64		fetched,
				created,
				updated,
				skipped,
				errors,
				merged,
				review,
				cancelled,
				withdrawn;
	int64		pages,
				requests,
				retries,
				bytes;
} JobCounters;

typedef struct JobEnd
{
	const char *status;
	ErrorClass	error_class;
	const char *sqlstate;		/* NULL when it ended well */
	const char *message;
	const char *detail;
	const char *hint;
	int			http_status;	/* 0: none */
	TimestampTz not_before;		/* 0: leave */
	const char *http_cache;		/* JSON text to keep, or NULL: leave */
	bool		has_min_interval;	/* min_interval replaces what was known */
	int64		min_interval;	/* seconds, as the publisher wishes; 0: no wish */
	const char *cursor;			/* likewise */
	bool		asked_nobody;	/* a replay: it says nothing of the source's state */
} JobEnd;

/*
 * The lock that proves that a run is alive: LockTry takes it for the session
 * (workers) or the transaction (ingest_import); false if another process has
 * it.
 */
extern bool JobLockTry(const char *source, bool session);
extern bool JobIsAlive(const char *source);

extern int64 JobOpen(const Source *source, const char *trigger, const char *requested_by);

/* Write the counters, phase and heartbeat of a running job. */
extern void JobProgress(int64 job_id, const JobCounters *counters,
						const char *skip_reasons, const char *phase);

/* Close a job, bring the source's state up to date, and NOTIFY. */
extern void JobClose(int64 job_id, const char *source, const JobCounters *counters,
					 const char *skip_reasons, char **warnings, int nwarnings,
					 const JobEnd *end);

/* A job whose process was gone. */
typedef struct SweptJob
{
	char	   *source;			/* UTF-8 */
	TimestampTz started_at;
	bool		interrupted;	/* the server was stopped meanwhile */
} SweptJob;

/*
 * Close the open jobs whose process is gone as crashed; their number, and
 * themselves in CurrentMemoryContext.
 */
extern int	JobSweep(SweptJob **swept);

/* When a job began. */
extern TimestampTz JobStart(int64 job_id);

/* Let go of the session's lock of a source. */
extern void JobUnlock(const char *source);

/*
 * The locks of all sources of this database, of one look: whose run is alive.
 * How many runs there are in the whole cluster.
 */
typedef struct JobLocks
{
	int			count;
	struct LOCKTAG *tags;
} JobLocks;

extern JobLocks *JobLocksLook(void);
extern bool JobLocksHave(const JobLocks *locks, const char *source);
extern int	JobLocksCount(void);

/* The running job of a source, or 0. */
extern int64 JobRunning(const char *source);

/*
 * A job's row as a Datum of ingest.import_job, read with a fresh snapshot
 * whatever the caller's isolation level; copied to CurrentMemoryContext.
 * *end (may be NULL) gets status and error texts.
 */
extern Datum JobRow(int64 job_id, JobEnd *end);

/* ---- lookup.c ---- */

typedef struct StoredListing
{
	int64		id;				/* 0: not stored yet */
	int64		event_id;
	uint64		raw_hash;
	uint64		content_hash;
	uint64		detail_hash;
	uint64		match_hash;
	bool		has_detail;		/* detail_hash is set */
	bool		withdrawn;
	int64		last_seen_job;
	bool		gone;			/* withdrawn, or missed by the last run */
	char	   *revision;		/* palloc'd or NULL */
} StoredListing;

typedef struct StoreLookup StoreLookup;

/* Open the relations and snapshot for look-ups in this transaction. */
extern StoreLookup *StoreLookupBegin(const char *source);
extern void StoreLookupFind(StoreLookup *lookup, const char *source_id, StoredListing *stored);
extern void StoreLookupEnd(StoreLookup *lookup);

/* ---- batch.c ---- */

typedef struct BatchItem
{
	/* given */
	int64		position;
	const char *source_id;
	const char *raw;			/* JSON text, or NULL: not kept */
	size_t		raw_length;
	uint64		raw_hash;
	uint64		content_hash;
	bool		has_detail;
	uint64		detail_hash;
	bool		keep_description;	/* the stored one is better than this one */
	bool		is_replayed;	/* mapped again from the row's own raw text: that
								 * stays, and so does what tells when it was seen */
	Listing    *listing;
	StoredListing stored;
	uint64		match_hash;		/* of what matching looks at */

	/* found out by the store */
	int64		listing_id;
	int64		event_id;
	bool		merged;			/* joined an event of other listings */
	bool		review;			/* a person is asked about it */
	bool		refused;		/* the database did not take it */
} BatchItem;

/* Called for a record that the database refused; in the batch's transaction. */
typedef void (*BatchRefuse) (void *arg, const BatchItem *item, const ErrorData *error);

/*
 * Store new and changed listings, and their events.  Inside a transaction,
 * within StoreBegin.  Records that the database refuses are isolated by
 * halving and reported; everything else is stored.  job_id: who stores them;
 * seen_job: who got them from the source, which is another in a replay.
 */
extern void StoreBatch(const char *source, int64 job_id, int64 seen_job, BatchItem *items, int nitems,
					   BatchRefuse refuse, void *arg);

/*
 * Complete a listing whose source told less of it than before (is_partial) by
 * what is stored, in arena.  Inside a transaction, within StoreBegin.
 */
extern void StoreComplete(int64 listing_id, Arena *arena, Listing *listing);

/*
 * A listing was looked at closely and its content is unchanged: remember by
 * which revision and bytes to recognise it.
 */
extern void StoreConfirm(int64 listing_id, const char *revision, uint64 raw_hash);

/* ---- event.c ---- */

/*
 * Lock what the listings are matched by, as a batch that stores them would,
 * until the transaction ends.
 */
extern void EventLockListings(const int64 *listings, int n);

/*
 * Listings that their source has stopped to list, or lists again: who is one
 * with them now?  Locks what they are matched by.
 */
extern void EventGone(const int64 *listings, int n);

/* Bring events up to date with their listings; reorders the array. */
extern void EventRefresh(int64 *events, int n);

/* ---- error.c ---- */

/* Keep a refused record; payload is JSON text or NULL. */
extern void ErrorRecord(int64 job_id, const char *source, const char *source_id,
						int64 position, ErrorClass error_class, const char *sqlstate,
						const char *field, const char *message, const char *payload);

/* Has the source refused records that were not stored since? */
extern bool ErrorsOpen(const char *source);

/* The source's open errors of these records are settled: they were stored. */
extern void ErrorResolve(const char *source, const char *const *source_ids, int n);

#endif
