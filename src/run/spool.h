/*
 * src/run/spool.h
 *
 * Where a response's body waits until it is read: in memory while it is small,
 * in a temporary file of the server (under temp_file_limit, gone with the
 * process) when it is not.  A large calendar costs disk, not memory.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_SPOOL_H
#define INGEST_SPOOL_H

#include "feed/connector.h"
#include "http/http.h"

typedef struct Spool Spool;

/* Freed, file and all, with the context. */
extern Spool *SpoolCreate(MemoryContext context);

/* Forget what it holds. */
extern void SpoolReset(Spool *spool);

/* A sink that fills the spool. */
extern HttpSink SpoolSink(Spool *spool);

/* What it holds, valid until SpoolReset. */
extern FeedBody SpoolBody(Spool *spool, const char *content_type);

#endif
