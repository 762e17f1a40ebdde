/*
 * src/run/run.h
 *
 * The orchestrator: one run of a source, from claim to close.  It alone knows
 * feed, http and store together.
 *
 *   claim    take the source's lock, open the job row          commit
 *   fetch    ask for a page, and for the next while this one is worked on
 *   page     look up what is stored of its records             (reads only)
 *            map the new and changed ones                      no transaction
 *            store them, with the job's counters               commit
 *   close    job row, source state, NOTIFY                     commit
 *
 * No transaction is open while it waits for the network.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_RUN_H
#define INGEST_RUN_H

#include "store/store.h"

typedef struct RunRequest
{
	const char *source;
	const char *trigger;		/* import_job.trigger */
	const char *requested_by;	/* role name */

	/* called once the job row is committed */
	void		(*opened) (void *arg, int64 job_id);
	void	   *arg;

	/* found out: when the source is due next; DT_NOEND: not by itself */
	TimestampTz next_due;
} RunRequest;

typedef enum RunOutcome
{
	RUN_ENDED,					/* the job is closed, well or badly */
	RUN_BUSY,					/* another process runs the source */
	RUN_NO_SOURCE,				/* no such source for a new transaction */
	RUN_NOT_DUE					/* trigger "schedule", and it isn't, or may not run */
} RunOutcome;

/*
 * Run a source in a background worker, outside any transaction.  What goes
 * wrong ends in the job row and the log, not in an error here.
 */
extern RunOutcome RunSource(RunRequest *request);

/*
 * Store a payload that the caller has, in the caller's transaction; the id of
 * its closed job.  Raises what a failed run would have recorded.
 */
extern int64 RunImport(const char *source, const char *bytes, size_t length,
					   const char *requested_by);

/*
 * Map the records that a job got, as far as they are kept, again and store what
 * changed, in the caller's transaction; the id of the replay's own closed job.
 * Nobody is asked: nothing is withdrawn or found again, and the source's state
 * stays as it is.
 */
extern int64 RunReplay(int64 job_id, const char *requested_by);

/* What a run would do with one record; texts in the server's encoding. */
typedef struct PreviewRow
{
	const char *action;			/* create, update, merge, skip or refuse */
	const char *source_id;
	const char *title;
	const char *starts_at;		/* as text of a timestamptz */
	const char *venue_name;
	const char *event_id;		/* as text; of the event that is there already */
	const char *changes;		/* JSON text: {column: {"from": …, "to": …}} */
	const char *problem;		/* why it is refused or skipped */
} PreviewRow;

typedef void (*PreviewReport) (void *arg, const PreviewRow *row);

/*
 * A dry run of a source in a background worker, outside any transaction, over
 * at most max_records records: nothing stays stored, and nothing is told to
 * the source's state.  What stops it is in *end (status "failed" or
 * "cancelled"), warnings[] are those of a run; both in CurrentMemoryContext.
 * False: no such source.
 */
extern bool RunPreview(const char *source, int64 max_records, PreviewReport report, void *arg,
					   JobEnd *end, char ***warnings, int *nwarnings);

/* One step of a check: its name, whether it went well, and what was found. */
typedef void (*CheckReport) (void *arg, const char *step, bool ok, const char *detail);

/*
 * Go through what a run of the source needs, step by step, up to the first that
 * fails; in a background worker, outside any transaction.  False: no such
 * source.  *end is as of RunPreview, and set only if the check was cancelled.
 */
extern bool RunCheck(const char *source, CheckReport report, void *arg, JobEnd *end);

/* One record of a parsed payload. */
typedef struct ParsedRecord
{
	int64		position;
	const char *source_id;
	const Listing *listing;		/* NULL: problem says why there is none */
	const char *problem;
	ErrorClass	error_class;
	const char *raw;			/* JSON text or NULL */
	size_t		raw_length;
} ParsedRecord;

/* Map all records of a payload that are not skipped; raises if it is not what its format promises. */
extern void RunParse(const char *connector, const char *config, const char *bytes,
					 size_t length, void (*found) (void *arg, const ParsedRecord *record),
					 void *arg);

/*
 * Check a source's configuration; raises 22023 naming every mistake, with the
 * list of connectors when it is the connector that does not exist.
 */
extern void RunCheckConfig(const char *source, const char *connector, const char *config);

#endif
