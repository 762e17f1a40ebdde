/*
 * src/api/withdrawals.c
 *
 * SQL: ingest_approve_withdrawals and ingest_discard_withdrawals, a person's
 * decision on listings that went missing in too large a number.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "api/api.h"
#include "store/missing.h"

PG_FUNCTION_INFO_V1(ingest_approve_withdrawals);
PG_FUNCTION_INFO_V1(ingest_discard_withdrawals);

static int
decide(const char *source, int (*decision) (const char *source))
{
	StoreSession session;
	int			n;

	ApiCheckSource(source);
	StoreBegin(&session);
	n = decision(source);
	StoreEnd(&session);
	if (n < 0)
		ereport(NOTICE, (errmsg("nothing is held of source \"%s\"", source)));
	return Max(n, 0);
}

Datum
ingest_approve_withdrawals(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("ingest_approve_withdrawals()");
	PG_RETURN_INT32(decide(ApiUtf8Argument(fcinfo, 0, "source"), HoldApprove));
}

Datum
ingest_discard_withdrawals(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("ingest_discard_withdrawals()");
	PG_RETURN_INT32(decide(ApiUtf8Argument(fcinfo, 0, "source"), HoldDiscard));
}
