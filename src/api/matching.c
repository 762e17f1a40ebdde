/*
 * src/api/matching.c
 *
 * SQL: ingest_match, ingest_merge, ingest_split, ingest_decide, ingest_undo,
 * ingest_rematch.  People and matching.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "api/api.h"
#include "store/decision.h"
#include "store/explain.h"
#include "store/rematch.h"

PG_FUNCTION_INFO_V1(ingest_match);
PG_FUNCTION_INFO_V1(ingest_merge);
PG_FUNCTION_INFO_V1(ingest_split);
PG_FUNCTION_INFO_V1(ingest_decide);
PG_FUNCTION_INFO_V1(ingest_undo);
PG_FUNCTION_INFO_V1(ingest_rematch);

/* Listings that ingest_rematch() takes in one transaction */
#define REMATCH_BATCH 500

static int64
id_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return PG_GETARG_INT64(number);
}

Datum
ingest_match(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	char	   *json;

	StoreBegin(&session);
	json = MemoryContextStrdup(context, ExplainPair(PG_GETARG_INT64(0), PG_GETARG_INT64(1)));
	StoreEnd(&session);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

Datum
ingest_merge(PG_FUNCTION_ARGS)
{
	int64		a = id_argument(fcinfo, 0, "event_a");
	int64		b = id_argument(fcinfo, 1, "event_b");
	char	   *note = ApiUtf8OrNull(fcinfo, 2);
	StoreSession session;
	int64		event_id;

	PreventCommandIfReadOnly("ingest_merge()");
	StoreBegin(&session);
	event_id = DecideMerge(a, b, note);
	StoreEnd(&session);
	PG_RETURN_INT64(event_id);
}

Datum
ingest_split(PG_FUNCTION_ARGS)
{
	int64		listing_id = id_argument(fcinfo, 0, "listing_id");
	char	   *note = ApiUtf8OrNull(fcinfo, 1);
	StoreSession session;
	int64		event_id;

	PreventCommandIfReadOnly("ingest_split()");
	StoreBegin(&session);
	event_id = DecideSplit(listing_id, note);
	StoreEnd(&session);
	PG_RETURN_INT64(event_id);
}

Datum
ingest_decide(PG_FUNCTION_ARGS)
{
	int64		a = id_argument(fcinfo, 0, "listing_a");
	int64		b = id_argument(fcinfo, 1, "listing_b");
	char	   *verdict = ApiUtf8OrNull(fcinfo, 2);
	char	   *note = ApiUtf8OrNull(fcinfo, 3);
	StoreSession session;

	PreventCommandIfReadOnly("ingest_decide()");
	StoreBegin(&session);
	DecidePair(a, b, verdict, note);
	StoreEnd(&session);
	PG_RETURN_VOID();
}

Datum
ingest_undo(PG_FUNCTION_ARGS)
{
	int64		merge_id = id_argument(fcinfo, 0, "merge_id");
	char	   *note = ApiUtf8OrNull(fcinfo, 1);
	StoreSession session;

	PreventCommandIfReadOnly("ingest_undo()");
	StoreBegin(&session);
	DecideUndo(merge_id, note);
	StoreEnd(&session);
	PG_RETURN_VOID();
}

/* All listings through a step, each batch in a transaction of its own */
static void
rematch_all(int64 (*step) (int64 after, int n))
{
	int64		last = 0;

	do
	{
		StoreSession session;

		CHECK_FOR_INTERRUPTS();
		PushActiveSnapshot(GetTransactionSnapshot());
		StoreBegin(&session);
		last = step(last, REMATCH_BATCH);
		StoreEnd(&session);
		PopActiveSnapshot();
		SPI_commit();
	} while (last != 0);
}

Datum
ingest_rematch(PG_FUNCTION_ARGS)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("ingest_rematch() cannot run inside a transaction block or function"),
				 errhint("CALL it by itself: it commits as it goes.")));
	PreventCommandDuringRecovery("ingest_rematch()");
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_commit();
	rematch_all(RematchKeys);
	rematch_all(RematchEvents);
	SPI_finish();
	PG_RETURN_VOID();
}
