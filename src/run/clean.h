/*
 * src/run/clean.h
 *
 * Retention: after a run, once a day, a source's old jobs and raw records go.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_RUN_CLEAN_H
#define INGEST_RUN_CLEAN_H

/*
 * Clean up after a source, in small transactions of its own and for a few
 * seconds at most; what is left then is left to its next run.
 */
extern void RunClean(const char *source);

#endif
