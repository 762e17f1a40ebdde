/*
 * src/run/report.c
 *
 * What a run tells: counts, warnings, phase, heartbeat, failure.  Every text
 * that came from outside passes the redactor here.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "run/run_internal.h"

#define HEARTBEAT_MS 5000

void
RunSkip(Run *run, const char *reason)
{
	int			i = 0;

	run->counters.fetched++;
	run->counters.skipped++;
	while (i < run->nskips && strcmp(run->skips[i].reason, reason) != 0)
		i++;
	if (i == run->nskips)
	{
		/* Reasons are words of the connectors: there are few */
		if (run->nskips == MAX_SKIP_REASONS)
			elog(ERROR, "too many reasons to skip a record");
		run->skips[run->nskips++].reason = reason;
	}
	run->skips[i].count++;
}

char *
RunSkipsJson(const Run *run)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < run->nskips; i++)
	{
		if (i > 0)
			appendStringInfoString(&json, ", ");
		escape_json(&json, run->skips[i].reason);
		appendStringInfo(&json, ": %lld", (long long) run->skips[i].count);
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

char *
RunRedact(const Run *run, const char *text)
{
	size_t		length = strlen(text);
	size_t		size = 2 * length + 64;
	char	   *redacted = palloc(size);

	(void) RedactText(run->redactor, text, length, redacted, size);
	return redacted;
}

/* feed->warn: kept with the job, each once */
void
RunWarn(void *arg, const char *message)
{
	Run		   *run = arg;
	MemoryContext old;

	for (int i = 0; i < run->nwarnings; i++)
		if (strcmp(run->warnings[i], message) == 0)
			return;
	if (run->nwarnings == MAX_WARNINGS)
		return;
	old = MemoryContextSwitchTo(run->context);
	run->warnings[run->nwarnings++] = RunRedact(run, message);
	MemoryContextSwitchTo(old);
}

void
RunPhase(Run *run, const char *format, ...)
{
	va_list		args;
	char		activity[512];

	va_start(args, format);
	vsnprintf(run->phase, sizeof(run->phase), format, args);
	va_end(args);
	if (!run->own_transactions)
		return;
	snprintf(activity, sizeof(activity), "ingest %s: %s, %lld records", run->source->name,
			 run->phase, (long long) run->counters.fetched);
	pgstat_report_activity(STATE_RUNNING, activity);
}

int
RunSqlState(ErrorClass error_class)
{
	switch (error_class)
	{
		case ERROR_CLASS_CONFIG:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case ERROR_CLASS_AUTH:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case ERROR_CLASS_RATE_LIMIT:
			return ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		case ERROR_CLASS_NETWORK:
			return ERRCODE_CONNECTION_FAILURE;
		case ERROR_CLASS_UPSTREAM:
			return ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
		case ERROR_CLASS_PARSE:
		case ERROR_CLASS_MAPPING:
		case ERROR_CLASS_DATA:
			return ERRCODE_DATA_EXCEPTION;
		case ERROR_CLASS_INTERNAL:
		case ERROR_CLASS_NONE:
			break;
	}
	return ERRCODE_INTERNAL_ERROR;
}

/*
 * A connector does not know its source's name; where its hint says to call
 * ingest_set_credential(), say the very statement.
 */
static char *
complete_hint(const Run *run, const char *hint)
{
	static const char *const call = "ingest_set_credential()";
	const char *found = strstr(hint, call);
	const CredentialKey *keys = run->feed != NULL ? run->feed->connector->credentials : NULL;

	if (found == NULL || keys == NULL || keys->name == NULL)
		return pstrdup(hint);
	return psprintf("%.*sSELECT ingest_set_credential(%s, %s, '…')%s", (int) (found - hint), hint,
					quote_literal_cstr(run->source->name), quote_literal_cstr(keys->name),
					found + strlen(call));
}

void
RunFail(Run *run, const Problem *problem)
{
	run->problem = *problem;
	ereport(ERROR,
			(errcode(RunSqlState(problem->error_class)),
			 errmsg("%s", RunRedact(run, problem->message)),
			 problem->detail[0] != '\0' ? errdetail("%s", RunRedact(run, problem->detail)) : 0,
			 problem->hint[0] != '\0' ? errhint("%s", RunRedact(run, complete_hint(run, problem->hint))) : 0));
}

void
RunBegin(const Run *run, StoreSession *session)
{
	if (run->own_transactions)
		StoreTransactionBegin(session);
	else
		StoreBegin(session);
}

void
RunCommit(const Run *run, StoreSession *session)
{
	if (run->own_transactions)
		StoreTransactionCommit(session);
	else
	{
		StoreEnd(session);

		/* the statements that follow see what these wrote */
		CommandCounterIncrement();
	}
}

void
RunHeartbeat(Run *run)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreSession session;

	if (run->deadline != 0 && now > run->deadline)
	{
		Problem		problem;

		ProblemSet(&problem, ERROR_CLASS_UPSTREAM, "the run took longer than ingest.run_timeout");
		ProblemDetail(&problem, "It was stopped while it did this: %s.", run->phase);
		ProblemHint(&problem, "What it stored until then is kept. Raise ingest.run_timeout, or narrow the source.");
		RunFail(run, &problem);
	}
	if (!run->own_transactions || run->job_id == 0 ||
		!TimestampDifferenceExceeds(run->last_progress, now, HEARTBEAT_MS))
		return;
	StoreTransactionBegin(&session);
	JobProgress(run->job_id, &run->counters, RunSkipsJson(run), run->phase);
	StoreTransactionCommit(&session);
	run->last_progress = now;
}
