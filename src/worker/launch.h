/*
 * src/worker/launch.h
 *
 * Run workers: one short-lived background process per run, which ends with it,
 * so that a leak or a crash in a library costs one run.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_LAUNCH_H
#define INGEST_LAUNCH_H

typedef struct Launch Launch;

typedef enum LaunchState
{
	LAUNCH_STARTING,			/* the process is on its way */
	LAUNCH_OPENED,				/* its job row is committed */
	LAUNCH_BUSY,				/* another process runs the source */
	LAUNCH_NO_SOURCE,			/* the worker's transaction sees no such source */
	LAUNCH_NOT_DUE,				/* a run by schedule, too early or not wanted any more */
	LAUNCH_ENDED				/* the process is done, or gone */
} LaunchState;

/*
 * Start a worker that runs the source.  Must be in a transaction.  NULL: no
 * free worker slot.  Until LaunchRelease, an error or the end of this process
 * cancels the run.
 */
extern Launch *LaunchRun(const char *source, const char *trigger, const char *requested_by);

/*
 * The same for a tick of its schedule, in any database, as a role of
 * WorkerRole(); memory in context, and nothing cancels it.  Needs no
 * transaction.
 */
extern Launch *LaunchScheduled(MemoryContext context, Oid database, Oid owner, const char *source);

/* Start a worker that only closes the jobs of dead processes; may be NULL. */
extern Launch *LaunchSweep(void);

/*
 * Start a worker that checks a source, or shows what a run would do with its
 * first max_records records; conditions as for LaunchRun.
 */
extern Launch *LaunchCheck(const char *source, int64 unused);
extern Launch *LaunchPreview(const char *source, int64 max_records);

/* The rows of such a worker. */
extern struct Rows *LaunchRows(Launch *launch);

extern LaunchState LaunchLook(Launch *launch);

/* The job's id once it was opened, else 0. */
extern int64 LaunchJob(const Launch *launch);

/* Has its job been closed by itself? */
extern bool LaunchClosed(const Launch *launch);

/* End its process, as pg_terminate_backend() does. */
extern void LaunchTerminate(Launch *launch);

/* What stopped the worker before it could open a job, or NULL. */
extern const char *LaunchFailure(const Launch *launch);

/*
 * Wait until one of the launches is past LAUNCH_STARTING (opened_is_enough) or
 * at its end.  Answers interrupts.
 */
extern void LaunchWait(Launch **launches, int n, bool opened_is_enough);

/* Let go of a launch; a run that still lasts goes on by itself. */
extern void LaunchRelease(Launch *launch);

#endif
