/*
 * src/worker/inspect.h
 *
 * The process of a check or a dry run: as a run worker, but what it finds goes
 * to the session as rows and nothing is stored.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_INSPECT_H
#define INGEST_INSPECT_H

#include "worker/rows.h"
#include "worker/shared.h"

/* Do what shared->mode asks for, RUN_MODE_CHECK or RUN_MODE_PREVIEW. */
extern void InspectSource(RunShared *shared, Rows *rows);

#endif
