/*
 * src/api/schedule.c
 *
 * SQL: ingest_next_run.
 */
#include "postgres.h"

#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "run/ticks.h"

PG_FUNCTION_INFO_V1(ingest_next_run);

/* When a schedule comes next: the clock is the caller's */
Datum
ingest_next_run(PG_FUNCTION_ARGS)
{
	char	   *schedule = ApiUtf8OrNull(fcinfo, 0);
	char	   *timezone = ApiUtf8OrNull(fcinfo, 2);
	TimestampTz after;
	TimestampTz next;
	bool		counts_from_run;
	Problem		problem = {0};

	if (schedule == NULL || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	after = PG_GETARG_TIMESTAMPTZ(1);
	if (TIMESTAMP_NOT_FINITE(after))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"after\" must be finite")));
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = TicksCreate(fcinfo->flinfo->fn_mcxt);
	switch (TickNext(fcinfo->flinfo->fn_extra, schedule,
					 timezone != NULL ? timezone : pg_get_timezone_name(session_timezone),
					 NULL, after, &next, &counts_from_run, &problem))
	{
		case TICK_FOUND:
			PG_RETURN_TIMESTAMPTZ(next);
		case TICK_NONE:
			break;
		case TICK_BAD:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s", problem.message),
					 problem.detail[0] != '\0' ? errdetail("%s", problem.detail) : 0,
					 problem.hint[0] != '\0' ? errhint("%s", problem.hint) : 0));
	}
	PG_RETURN_NULL();
}
