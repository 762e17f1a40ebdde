/*
 * src/store/plan.c
 *
 * What the schedules need of the tables.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/plan.h"

/* A text column in UTF-8, in a context that outlives SPI; NULL for NULL */
static char *
utf8_column(MemoryContext context, uint64 row, int column)
{
	char	   *value = StoreString(row, column);

	return value == NULL ? NULL :
		MemoryContextStrdup(context, pg_server_to_any(value, strlen(value), PG_UTF8));
}

/* ---- planning ---- */

#define SCHEDULED_COLUMNS \
	"SELECT s.name, s.schedule, s.timezone, t.last_run_at," \
	" (extract(epoch FROM t.min_interval) * 1000000)::int8, t.schedule_problem, t.consecutive_failures::int8" \
	" FROM ingest.source s LEFT JOIN ingest.source_state t ON t.source = s.name"

static void
read_scheduled(MemoryContext context, uint64 row, ScheduledSource *source)
{
	source->name = utf8_column(context, row, 1);
	source->schedule = utf8_column(context, row, 2);
	source->timezone = utf8_column(context, row, 3);
	source->last_run_at = StoreInt64(row, 4, 0);
	source->min_interval = StoreInt64(row, 5, 0);
	source->problem = utf8_column(context, row, 6);
	source->failures = StoreInt64(row, 7, 0);
}

ScheduledSource *
PlanOpen(int *count)
{
	static StoreStatement find = {
		SCHEDULED_COLUMNS
		" WHERE s.schedule IS NOT NULL AND s.enabled AND t.next_run_at IS NULL AND t.paused_reason IS NULL"
		" ORDER BY s.name",
		SPI_OK_SELECT, 0, {0}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	ScheduledSource *sources;

	StoreBegin(&session);
	*count = (int) StoreExecute(&find, NULL, NULL, 0);
	sources = MemoryContextAllocZero(context, (*count + 1) * sizeof(ScheduledSource));
	for (int i = 0; i < *count; i++)
		read_scheduled(context, i, &sources[i]);
	StoreEnd(&session);
	return sources;
}

/* The lock is that of the state: who changes the schedule resets it there */
ScheduledSource *
PlanSource(const char *name)
{
	static StoreStatement lock = {
		"SELECT FROM ingest.source_state WHERE source = $1 FOR UPDATE",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	static StoreStatement find = {
		SCHEDULED_COLUMNS " WHERE s.name = $1",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	ScheduledSource *source = NULL;
	Datum		values[1];

	StoreBegin(&session);
	values[0] = StoreText(name);
	(void) StoreExecute(&lock, values, NULL, 0);
	if (StoreExecute(&find, values, NULL, 1) == 1)
	{
		source = MemoryContextAllocZero(context, sizeof(ScheduledSource));
		read_scheduled(context, 0, source);
	}
	StoreEnd(&session);
	return source;
}

/* One statement for all: a first plan may be of thousands */
void
PlanStore(const ScheduledSource *sources, int count)
{
	static StoreStatement upsert = {
		"INSERT INTO ingest.source_state AS t (source, next_run_at, schedule_problem)"
		" SELECT * FROM unnest($1, $2, $3) ON CONFLICT (source) DO UPDATE"
		" SET next_run_at = excluded.next_run_at, schedule_problem = excluded.schedule_problem"
		" WHERE (t.next_run_at, t.schedule_problem) IS DISTINCT FROM (excluded.next_run_at, excluded.schedule_problem)",
		SPI_OK_INSERT, 3, {TEXTARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID}
	};
	StoreSession session;
	Datum	   *names;
	Datum	   *times;
	Datum	   *problems;
	bool	   *no_time;
	bool	   *no_problem;
	bool	   *no_name;
	Datum		values[3];
	int			dims[1] = {count};
	int			lower[1] = {1};

	if (count == 0)
		return;
	StoreBegin(&session);
	names = palloc(count * sizeof(Datum));
	times = palloc(count * sizeof(Datum));
	problems = palloc(count * sizeof(Datum));
	no_name = palloc0(count * sizeof(bool));
	no_time = palloc0(count * sizeof(bool));
	no_problem = palloc0(count * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		names[i] = StoreText(sources[i].name);
		no_time[i] = sources[i].next_run_at == 0;
		times[i] = TimestampTzGetDatum(sources[i].next_run_at);
		no_problem[i] = sources[i].new_problem == NULL;
		problems[i] = no_problem[i] ? (Datum) 0 : StoreText(sources[i].new_problem);
	}
	values[0] = PointerGetDatum(construct_md_array(names, no_name, 1, dims, lower, TEXTOID, -1, false, TYPALIGN_INT));
	values[1] = PointerGetDatum(construct_md_array(times, no_time, 1, dims, lower, TIMESTAMPTZOID, 8,
												   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[2] = PointerGetDatum(construct_md_array(problems, no_problem, 1, dims, lower, TEXTOID, -1, false, TYPALIGN_INT));
	(void) StoreExecute(&upsert, values, NULL, 0);
	StoreEnd(&session);
}

void
PlanDue(int limit, DueList *list)
{
	static StoreStatement find = {
		"SELECT s.name, greatest(t.next_run_at, t.not_before)"
		" FROM ingest.source s JOIN ingest.source_state t ON t.source = s.name"
		" WHERE s.schedule IS NOT NULL AND s.enabled AND t.paused_reason IS NULL"
		" AND t.next_run_at < 'infinity' ORDER BY 2, 1",
		SPI_OK_SELECT, 0, {0}
	};
	MemoryContext context = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	StoreSession session;
	JobLocks   *locks;

	memset(list, 0, sizeof(*list));
	list->sources = palloc0((limit + 1) * sizeof(DueSource));
	StoreBegin(&session);
	locks = JobLocksLook();
	list->nsources = (int) StoreExecute(&find, NULL, NULL, 0);
	for (int i = 0; i < list->nsources; i++)
	{
		TimestampTz due_at = StoreInt64(i, 2, 0);
		char	   *name;

		/* Most are not due: no need of their names, unless one of few runs */
		if (due_at > now && locks->count == 0)
		{
			list->next_due = due_at;
			break;
		}
		name = utf8_column(context, i, 1);
		if (JobLocksHave(locks, name))
			continue;
		if (due_at > now)
		{
			list->next_due = due_at;
			break;
		}
		if (list->nlisted < limit)
		{
			list->sources[list->nlisted].due_at = due_at;
			list->sources[list->nlisted++].name = name;
		}
		list->ndue++;
	}
	StoreEnd(&session);
}

bool
PlanClaim(const char *source)
{
	static StoreStatement claim = {
		"UPDATE ingest.source_state t SET last_tick_at = t.next_run_at FROM ingest.source s"
		" WHERE t.source = $1 AND s.name = t.source AND s.schedule IS NOT NULL AND s.enabled"
		" AND t.paused_reason IS NULL AND t.next_run_at <= clock_timestamp()"
		" AND (t.not_before IS NULL OR t.not_before <= clock_timestamp())",
		SPI_OK_UPDATE, 1, {TEXTOID}
	};
	StoreSession session;
	Datum		values[1];
	bool		claimed;

	StoreBegin(&session);
	values[0] = StoreText(source);
	claimed = StoreExecute(&claim, values, NULL, 0) == 1;
	StoreEnd(&session);
	return claimed;
}

/* ---- what comes of runs ---- */

PlanRow
PlanLastRuns(const char *source, int limit)
{
	static StoreStatement count = {
		"SELECT count(*) FILTER (WHERE status = 'failed' AND error_class = ANY ('{config,auth}')),"
		" count(*) FILTER (WHERE status = 'crashed' AND sqlstate = '57P02')"
		" FROM (SELECT status, error_class, sqlstate FROM ingest.import_job"
		" WHERE source = $1 AND status <> 'running' AND trigger <> ALL ('{import,replay}')"
		" ORDER BY started_at DESC, id DESC LIMIT $2) j",
		SPI_OK_SELECT, 2, {TEXTOID, INT8OID}
	};
	StoreSession session;
	Datum		values[2];
	PlanRow		row = {0};

	StoreBegin(&session);
	values[0] = StoreText(source);
	values[1] = Int64GetDatum(limit);
	if (StoreExecute(&count, values, NULL, 1) == 1)
	{
		row.refused = (int) StoreInt64(0, 1, 0);
		row.crashed = (int) StoreInt64(0, 2, 0);
	}
	StoreEnd(&session);
	return row;
}

void
PlanRan(const char *source, TimestampTz started_at)
{
	static StoreStatement update = {
		"UPDATE ingest.source_state SET last_run_at = $2 WHERE source = $1",
		SPI_OK_UPDATE, 2, {TEXTOID, TIMESTAMPTZOID}
	};
	StoreSession session;
	Datum		values[2];

	StoreBegin(&session);
	values[0] = StoreText(source);
	values[1] = TimestampTzGetDatum(started_at);
	(void) StoreExecute(&update, values, NULL, 0);
	StoreEnd(&session);
}

void
PlanPause(const char *source, const char *reason)
{
	static StoreStatement pause = {
		"INSERT INTO ingest.source_state (source, paused_reason, paused_at) VALUES ($1, $2, now())"
		" ON CONFLICT (source) DO UPDATE SET paused_reason = excluded.paused_reason, paused_at = excluded.paused_at",
		SPI_OK_INSERT, 2, {TEXTOID, TEXTOID}
	};
	StoreSession session;
	Datum		values[2];

	StoreBegin(&session);
	values[0] = StoreText(source);
	values[1] = StoreText(reason);
	(void) StoreExecute(&pause, values, NULL, 0);
	StoreEnd(&session);
}

#define RESUME \
	"UPDATE ingest.source_state SET paused_reason = NULL, paused_at = NULL, consecutive_failures = 0," \
	" next_run_at = NULL WHERE paused_reason IS NOT NULL"

void
PlanResume(const char *source)
{
	static StoreStatement resume = {RESUME " AND source = $1", SPI_OK_UPDATE, 1, {TEXTOID}};
	StoreSession session;
	Datum		values[1];

	StoreBegin(&session);
	values[0] = StoreText(source);
	(void) StoreExecute(&resume, values, NULL, 0);
	StoreEnd(&session);
}

int64
PlanResumeAll(void)
{
	static StoreStatement resume = {RESUME, SPI_OK_UPDATE, 0, {0}};
	StoreSession session;
	int64		count;

	StoreBegin(&session);
	count = (int64) StoreExecute(&resume, NULL, NULL, 0);
	StoreEnd(&session);
	return count;
}

void
PlanForget(const char *source)
{
	static StoreStatement forget = {
		"UPDATE ingest.source_state SET next_run_at = NULL, schedule_problem = NULL WHERE source = $1",
		SPI_OK_UPDATE, 1, {TEXTOID}
	};
	StoreSession session;
	Datum		values[1];

	StoreBegin(&session);
	values[0] = StoreText(source);
	(void) StoreExecute(&forget, values, NULL, 0);
	StoreEnd(&session);
}

void
PlanRetry(const char *source)
{
	static StoreStatement retry = {
		"UPDATE ingest.source_state t SET next_run_at = now() FROM ingest.source s"
		" WHERE t.source = $1 AND s.name = t.source AND s.schedule IS NOT NULL AND t.next_run_at > now()"
		" AND 'auth' = (SELECT j.error_class FROM ingest.import_job j WHERE j.source = $1"
		" AND j.status <> 'running' ORDER BY j.started_at DESC, j.id DESC LIMIT 1)",
		SPI_OK_UPDATE, 1, {TEXTOID}
	};
	StoreSession session;
	Datum		values[1];

	StoreBegin(&session);
	values[0] = StoreText(source);
	(void) StoreExecute(&retry, values, NULL, 0);
	StoreEnd(&session);
}

/* ---- home ---- */

PlanHome
PlanHomeLook(void)
{
	static StoreStatement look = {
		"SELECT (SELECT count(*) FROM ingest.home WHERE system_identifier = $1 AND database = $2),"
		" (SELECT count(*) FROM ingest.home),"
		" (SELECT count(*) FROM (SELECT FROM ingest.source LIMIT 1) s)",
		SPI_OK_SELECT, 2, {INT8OID, OIDOID}
	};
	StoreSession session;
	Datum		values[2] = {Int64GetDatum((int64) GetSystemIdentifier()), ObjectIdGetDatum(MyDatabaseId)};
	PlanHome	home;

	StoreBegin(&session);
	(void) StoreExecute(&look, values, NULL, 1);
	home = StoreInt64(0, 1, 0) > 0 ? HOME_OURS :
		StoreInt64(0, 2, 0) == 0 && StoreInt64(0, 3, 0) == 0 ? HOME_NOBODYS : HOME_ELSEWHERE;
	StoreEnd(&session);
	return home;
}

void
PlanHomeSettle(void)
{
	static StoreStatement settle = {
		"INSERT INTO ingest.home (system_identifier, database) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		SPI_OK_INSERT, 2, {INT8OID, OIDOID}
	};
	StoreSession session;
	Datum		values[2] = {Int64GetDatum((int64) GetSystemIdentifier()), ObjectIdGetDatum(MyDatabaseId)};

	StoreBegin(&session);
	(void) StoreExecute(&settle, values, NULL, 0);
	StoreEnd(&session);
}
