/*
 * src/worker/shared.h
 *
 * What a session and the run worker it started share.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_WORKER_SHARED_H
#define INGEST_WORKER_SHARED_H

#include "port/atomics.h"
#include "storage/proc.h"

typedef enum RunMode
{
	RUN_MODE_RUN,
	RUN_MODE_SWEEP,
	RUN_MODE_CHECK,				/* these two send rows: a queue follows the */
	RUN_MODE_PREVIEW			/* struct in its segment */
} RunMode;

/* Plain data, valid for any process; the session fills it before the start. */
typedef struct RunShared
{
	RunMode		mode;
	Oid			database;
	Oid			owner;			/* role the worker works as */
	PGPROC	   *caller;			/* whose latch to set; in shared memory */
	char		source[404];	/* UTF-8: 100 characters */
	char		trigger[16];
	char		requested_by[NAMEDATALEN];
	int64		max_records;	/* of a preview */

	volatile bool awaited;		/* the session's end cancels the run */
	volatile bool cancelled;	/* it did, maybe before there was a process */
	volatile int worker_pid;
	pg_atomic_uint32 state;		/* LaunchState */
	int64		job_id;			/* set before LAUNCH_OPENED */
	volatile bool closed;		/* the job, by its own process */
	char		failure[512];	/* why no job was opened */
} RunShared;

/* Where the queue of rows begins in the segment */
#define RUN_SHARED_ROWS(shared) ((char *) (shared) + MAXALIGN(sizeof(RunShared)))

#endif
