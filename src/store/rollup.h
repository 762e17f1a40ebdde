/*
 * src/store/rollup.h
 *
 * The roll-ups behind the dashboard, and the alert on a change of health.
 * Inside a transaction, within StoreBegin.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_STORE_ROLLUP_H
#define INGEST_STORE_ROLLUP_H

#include "store/store.h"

/* Add a job to the roll-ups: once, when its row says how it ended. */
extern void RollUpJob(int64 job_id);

/*
 * NOTIFY on channel ingest_health if a source's health is not what it was at
 * the end of its last job: {"source", "from", "to", "summary"}.  After all that
 * the end of a job means for the source is written.
 */
extern void HealthTell(const char *source);

#endif
