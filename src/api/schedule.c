/*
 * src/api/schedule.c
 *
 * SQL: ingest_next_run, ingest_pause, ingest_resume, ingest_resume_all, and the
 * trigger that notices a change of schedule.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "run/ticks.h"
#include "store/plan.h"
#include "store/store.h"
#include "worker/launcher.h"

PG_FUNCTION_INFO_V1(ingest_next_run);
PG_FUNCTION_INFO_V1(ingest_pause);
PG_FUNCTION_INFO_V1(ingest_resume);
PG_FUNCTION_INFO_V1(ingest_resume_all);
PG_FUNCTION_INFO_V1(ingest_is_home);
PG_FUNCTION_INFO_V1(ingest_at_zone);
PG_FUNCTION_INFO_V1(ingest_source_changed);

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

/* ---- pauses ---- */

static char *
known_source(FunctionCallInfo fcinfo)
{
	char	   *name = ApiUtf8Argument(fcinfo, 0, "source");

	if (SourceLoad(name) == NULL)
		SourceUnknown(name);
	return name;
}

Datum
ingest_pause(PG_FUNCTION_ARGS)
{
	char	   *reason = ApiUtf8OrNull(fcinfo, 1);

	PreventCommandDuringRecovery("ingest_pause()");
	if (reason == NULL || reason[0] == '\0')
		reason = ApiServerToUtf8(psprintf("paused by %s", GetUserNameFromId(GetOuterUserId(), false)));
	PlanPause(known_source(fcinfo), reason);
	PG_RETURN_VOID();
}

Datum
ingest_resume(PG_FUNCTION_ARGS)
{
	PreventCommandDuringRecovery("ingest_resume()");
	PlanResume(known_source(fcinfo));
	LauncherWakeAtCommit();
	PG_RETURN_VOID();
}

Datum
ingest_resume_all(PG_FUNCTION_ARGS)
{
	int64		count;

	PreventCommandDuringRecovery("ingest_resume_all()");
	PlanHomeSettle();
	count = PlanResumeAll();
	LauncherWakeAtCommit();
	PG_RETURN_INT64(count);
}

Datum
ingest_is_home(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PlanHomeLook() != HOME_ELSEWHERE);
}

/* A view must not fail for a zone that is gone */
Datum
ingest_at_zone(PG_FUNCTION_ARGS)
{
	char	   *zone = text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (strlen(zone) > TZ_STRLEN_MAX || pg_tzset(zone) == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall2(timestamptz_zone, PG_GETARG_DATUM(1), PG_GETARG_DATUM(0)));
}

/* ---- changes ---- */

/* A column of the trigger's row in UTF-8, or NULL */
static char *
column(const TriggerData *trigger, HeapTuple tuple, const char *name)
{
	TupleDesc	desc = trigger->tg_relation->rd_att;
	char	   *value = SPI_getvalue(tuple, desc, SPI_fnumber(desc, name));

	return value == NULL ? NULL : ApiServerToUtf8(value);
}

static bool
differs(const TriggerData *trigger, const char *name)
{
	char	   *old = column(trigger, trigger->tg_trigtuple, name);
	char	   *new = column(trigger, trigger->tg_newtuple, name);

	return old == NULL || new == NULL ? old != new : strcmp(old, new) != 0;
}

/*
 * A row of ingest.source is there, or says something else.  What is inserted
 * is not checked here, so that a dump can always be restored; the planner
 * copes with anything.
 */
Datum
ingest_source_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called by trigger manager");
	LauncherWakeAtCommit();
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		HeapTuple	new = trigger->tg_newtuple;
		char	   *schedule = column(trigger, new, "schedule");
		bool		changed = differs(trigger, "schedule") || differs(trigger, "timezone");

		if (changed && schedule != NULL)
			TickCheck(schedule, column(trigger, new, "timezone"));
		if (changed || differs(trigger, "enabled"))
			PlanForget(column(trigger, new, "name"));
	}
	return PointerGetDatum(NULL);
}
