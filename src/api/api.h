/*
 * src/api/api.h
 *
 * Shared by the SQL-callable functions.  They are thin: check the arguments,
 * call the rooms below.
 *
 * Needs postgres.h and fmgr.h before it.
 */
#ifndef INGEST_API_H
#define INGEST_API_H

/* A text argument in UTF-8, palloc'd; raises 22004 naming it if it is NULL. */
extern char *ApiUtf8Argument(FunctionCallInfo fcinfo, int number, const char *name);

/* The same, or NULL. */
extern char *ApiUtf8OrNull(FunctionCallInfo fcinfo, int number);

/* Any text of the server's, in UTF-8. */
extern char *ApiServerToUtf8(const char *text);

/* Prepare a set-returning function's tuplestore (setResult, setDesc). */
extern void ApiMaterialize(FunctionCallInfo fcinfo);

#endif
