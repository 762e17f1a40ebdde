/*
 * src/worker/rows.h
 *
 * Rows that a worker sends to the session that waits for it: texts in the
 * server's encoding, over a queue in the segment that the two share.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_ROWS_H
#define INGEST_ROWS_H

#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/shm_mq.h"

#define ROWS_MAX_COLUMNS 12

typedef enum RowKind
{
	ROW_RESULT,					/* a row of the result */
	ROW_WARNING,				/* one column: the text */
	ROW_ERROR					/* SQLSTATE, message, detail, hint */
} RowKind;

typedef struct Rows Rows;

/* Bytes that the queue needs in the segment, after the struct that is there. */
extern Size RowsSize(void);

/* Make the queue at an address of the segment; before the worker starts. */
extern void RowsInit(void *address);

/* The receiving end; handle tells it when the worker is gone. */
extern Rows *RowsReceiver(void *address, dsm_segment *segment, BackgroundWorkerHandle *handle);

/* The sending end. */
extern Rows *RowsSender(void *address, dsm_segment *segment);

/* Send a row; NULL columns are NULL.  Ends the process if nobody listens. */
extern void RowsSend(Rows *rows, RowKind kind, const char *const *columns, int ncolumns);

/*
 * Wait for the next row; answers interrupts.  Columns beyond those sent are
 * NULL; they are valid until the next call.  False: there are no more.
 */
extern bool RowsReceive(Rows *rows, RowKind *kind, const char *columns[ROWS_MAX_COLUMNS]);

#endif
