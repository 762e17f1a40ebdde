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

#include "utils/resowner.h"

/* A text argument in UTF-8, palloc'd; raises 22004 naming it if it is NULL. */
extern char *ApiUtf8Argument(FunctionCallInfo fcinfo, int number, const char *name);

/* The same, or NULL. */
extern char *ApiUtf8OrNull(FunctionCallInfo fcinfo, int number);

/* Any text of the server's, in UTF-8. */
extern char *ApiServerToUtf8(const char *text);

/*
 * A look at the tables that leaves no lock on them: a wait for the network
 * follows, and who wants to alter or drop them must not wait for it too.
 */
typedef struct ApiLook
{
	MemoryContext context;
	ResourceOwner owner;
} ApiLook;

extern void ApiBeginLook(ApiLook *look);
extern void ApiEndLook(const ApiLook *look);

/* Look whether a source exists, raise 42704 if it does not. */
extern void ApiCheckSource(const char *source);

/* Prepare a set-returning function's tuplestore (setResult, setDesc). */
extern void ApiMaterialize(FunctionCallInfo fcinfo);

#endif
