/*
 * src/store/job.c
 *
 * The ImportJob rows: opened before the first request, kept up to date while
 * the run lasts, closed with what came of it.
 *
 * "Running" means that the row says so and that a process holds the source's
 * lock.  The lock dies with its process whatever the cause, so an open row
 * without it is a run that crashed, and is closed as such at the next look.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "store/rollup.h"
#include "store/store.h"

/*
 * The fourth field of an advisory lock's tag is 1 or 2 for those of SQL; ours
 * can collide with nobody's.
 */
#define LOCK_CLASS_RUN 77

/* The tag of a source's lock in this database */
static void
run_lock_tag(LOCKTAG *tag, const char *source)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) source, strlen(source), 0);

	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash, LOCK_CLASS_RUN);
}

bool
JobLockTry(const char *source, bool session)
{
	LOCKTAG		tag;

	run_lock_tag(&tag, source);
	return LockAcquire(&tag, ExclusiveLock, session, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Probing by taking the lock would make a run that starts at this moment
 * believe that another is active; so look at the lock table instead.
 */
bool
JobIsAlive(const char *source)
{
	LOCKTAG		tag;
	LockData   *locks = GetLockStatusData();

	run_lock_tag(&tag, source);
	for (int i = 0; i < locks->nelements; i++)
	{
		if (memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0 &&
			locks->locks[i].holdMask != 0)
			return true;
	}
	return false;
}

void
JobUnlock(const char *source)
{
	LOCKTAG		tag;

	run_lock_tag(&tag, source);
	(void) LockRelease(&tag, ExclusiveLock, true);
}

JobLocks *
JobLocksLook(void)
{
	LockData   *all = GetLockStatusData();
	JobLocks   *locks = palloc0(sizeof(JobLocks));

	locks->tags = palloc((all->nelements + 1) * sizeof(LOCKTAG));
	for (int i = 0; i < all->nelements; i++)
	{
		const LOCKTAG *tag = &all->locks[i].locktag;

		if (tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field4 == LOCK_CLASS_RUN &&
			tag->locktag_field1 == MyDatabaseId && all->locks[i].holdMask != 0)
			locks->tags[locks->count++] = *tag;
	}
	return locks;
}

bool
JobLocksHave(const JobLocks *locks, const char *source)
{
	LOCKTAG		tag;

	run_lock_tag(&tag, source);
	for (int i = 0; i < locks->count; i++)
		if (memcmp(&locks->tags[i], &tag, sizeof(tag)) == 0)
			return true;
	return false;
}

int
JobLocksCount(void)
{
	LockData   *all = GetLockStatusData();
	int			count = 0;

	for (int i = 0; i < all->nelements; i++)
	{
		const LOCKTAG *tag = &all->locks[i].locktag;

		count += tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field4 == LOCK_CLASS_RUN &&
			all->locks[i].holdMask != 0;
	}
	return count;
}

int64
JobOpen(const Source *source, const char *trigger, const char *requested_by)
{
	static StoreStatement insert = {
		"INSERT INTO ingest.import_job (source, trigger, requested_by, started_at, heartbeat_at, phase, pid, config)"
		" VALUES ($1, $2, $3, now(), now(), 'starting', $4, $5::jsonb) RETURNING id",
		SPI_OK_INSERT_RETURNING, 5, {TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID}
	};
	StoreSession session;
	Datum		values[5];
	int64		id;

	StoreBegin(&session);
	values[0] = StoreText(source->name);
	values[1] = CStringGetTextDatum(trigger);
	values[2] = CStringGetTextDatum(requested_by);
	values[3] = Int32GetDatum(MyProcPid);
	values[4] = StoreText(source->config);
	(void) StoreExecute(&insert, values, NULL, 0);
	id = StoreInt64(0, 1, 0);
	StoreEnd(&session);
	return id;
}

/* The counters in the order of the statements below */
static int
counter_values(const JobCounters *counters, Datum *values)
{
	const int64 numbers[] = {
		counters->fetched, counters->created, counters->updated, counters->skipped,
		counters->errors, counters->merged, counters->cancelled, counters->withdrawn,
		counters->pages, counters->requests, counters->retries, counters->bytes,
	};

	for (int i = 0; i < lengthof(numbers); i++)
		values[i] = Int64GetDatum(numbers[i]);
	return lengthof(numbers);
}

#define SET_COUNTERS \
	"nb_fetched = $1, nb_created = $2, nb_updated = $3, nb_skipped = $4, nb_errors = $5," \
	" nb_merged = $6, nb_cancelled = $7, nb_withdrawn = $8, nb_pages = $9, nb_requests = $10," \
	" nb_retries = $11, bytes_received = $12, skip_reasons = $13::jsonb"

#define COUNTER_TYPES \
	INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, \
	INT8OID, INT8OID, INT8OID, TEXTOID

void
JobProgress(int64 job_id, const JobCounters *counters, const char *skip_reasons,
			const char *phase)
{
	static StoreStatement update = {
		"UPDATE ingest.import_job SET " SET_COUNTERS ", phase = $14, heartbeat_at = clock_timestamp()"
		" WHERE id = $15",
		SPI_OK_UPDATE, 15, {COUNTER_TYPES, TEXTOID, INT8OID}
	};
	Datum		values[15];
	int			n = counter_values(counters, values);

	values[n++] = CStringGetTextDatum(skip_reasons);
	values[n++] = StoreWords(phase);
	values[n++] = Int64GetDatum(job_id);
	(void) StoreExecute(&update, values, NULL, 0);
}

/* What the next run of the source must know of this one */
static void
update_source_state(const char *source, const JobEnd *end)
{
	static StoreStatement update = {
		"UPDATE ingest.source_state SET"
		" last_success_at = CASE WHEN $2 THEN now() ELSE last_success_at END,"
		" consecutive_failures = CASE WHEN $2 THEN 0 WHEN $3 THEN consecutive_failures + 1"
		" ELSE consecutive_failures END,"
		" not_before = CASE WHEN $2 THEN NULL ELSE coalesce($4, not_before) END,"
		" http_cache = coalesce($5::jsonb, http_cache), cursor = coalesce($6::jsonb, cursor),"
		" min_interval = CASE WHEN $7 IS NULL THEN min_interval"
		" WHEN $7 > 0 THEN make_interval(secs => $7) END"
		" WHERE source = $1",
		SPI_OK_UPDATE, 7, {TEXTOID, BOOLOID, BOOLOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, FLOAT8OID}
	};
	bool		ended_well = end->sqlstate == NULL;
	bool		cancelled = strcmp(end->status, "cancelled") == 0;
	const char *texts[] = {end->http_cache, end->cursor};
	Datum		values[7];
	char		nulls[7] = {' ', ' ', ' ', ' ', ' ', ' ', ' '};

	values[0] = StoreText(source);
	values[1] = BoolGetDatum(ended_well);
	values[2] = BoolGetDatum(!ended_well && !cancelled);
	values[3] = TimestampTzGetDatum(end->not_before);
	nulls[3] = end->not_before == 0 ? 'n' : ' ';
	for (int i = 0; i < lengthof(texts); i++)
	{
		values[4 + i] = texts[i] == NULL ? (Datum) 0 : StoreText(texts[i]);
		nulls[4 + i] = texts[i] == NULL ? 'n' : ' ';
	}
	values[6] = Float8GetDatum((double) end->min_interval);
	nulls[6] = end->has_min_interval ? ' ' : 'n';
	(void) StoreExecute(&update, values, nulls, 0);
}

/* A job's row says how it ended: the roll-ups, and who listens on channel ingest_job */
static void
job_ended(int64 job_id)
{
	static StoreStatement notify = {
		"SELECT pg_notify('ingest_job', json_build_object('job_id', id, 'source', source, 'status', status,"
		" 'nb_created', nb_created, 'nb_updated', nb_updated, 'nb_errors', nb_errors)::text)"
		" FROM ingest.import_job WHERE id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	RollUpJob(job_id);
	(void) StoreExecute(&notify, values, NULL, 0);
}

/* Most jobs ask nobody */
static void
set_reviews(int64 job_id, int64 nb_review)
{
	static StoreStatement update = {
		"UPDATE ingest.import_job SET nb_review = $2 WHERE id = $1",
		SPI_OK_UPDATE, 2, {INT8OID, INT8OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int64GetDatum(nb_review)};

	(void) StoreExecute(&update, values, NULL, 0);
}

void
JobClose(int64 job_id, const char *source, const JobCounters *counters,
		 const char *skip_reasons, char **warnings, int nwarnings, const JobEnd *end)
{
	static StoreStatement close = {
		"UPDATE ingest.import_job SET " SET_COUNTERS ", status = $14, finished_at = clock_timestamp(),"
		" heartbeat_at = clock_timestamp(), phase = CASE WHEN $16 IS NULL THEN NULL ELSE phase END,"
		" error_class = $15, sqlstate = $16, error_message = $17, error_detail = $18, error_hint = $19,"
		" http_status = nullif($20, 0), warnings = $21 WHERE id = $22",
		SPI_OK_UPDATE, 22,
		{COUNTER_TYPES, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTARRAYOID, INT8OID}
	};
	Datum		values[22];
	char		nulls[22];
	const char *texts[6];
	Datum	   *elements = palloc((nwarnings + 1) * sizeof(Datum));
	int			n = counter_values(counters, values);

	memset(nulls, ' ', sizeof(nulls));
	values[n++] = CStringGetTextDatum(skip_reasons);
	texts[0] = end->status;
	texts[1] = end->error_class == ERROR_CLASS_NONE ? NULL : ErrorClassName(end->error_class);
	texts[2] = end->sqlstate;
	texts[3] = end->message;
	texts[4] = end->detail;
	texts[5] = end->hint;
	for (int i = 0; i < lengthof(texts); i++, n++)
	{
		bool		isnull = texts[i] == NULL || texts[i][0] == '\0';

		nulls[n] = isnull ? 'n' : ' ';
		values[n] = isnull ? (Datum) 0 : StoreWords(texts[i]);
	}
	values[n++] = Int32GetDatum(end->http_status);
	for (int i = 0; i < nwarnings; i++)
		elements[i] = StoreWords(warnings[i]);
	nulls[n] = nwarnings == 0 ? 'n' : ' ';
	values[n++] = PointerGetDatum(construct_array(elements, nwarnings, TEXTOID, -1, false, 'i'));
	values[n++] = Int64GetDatum(job_id);
	(void) StoreExecute(&close, values, nulls, 0);
	if (counters->review > 0)
		set_reviews(job_id, counters->review);

	if (!end->asked_nobody)
		update_source_state(source, end);
	job_ended(job_id);
}

int
JobSweep(SweptJob **swept)
{
	static StoreStatement open_jobs = {
		"SELECT id, source, started_at, started_at < $1"
		" FROM ingest.import_job WHERE status = 'running' ORDER BY id",
		SPI_OK_SELECT, 1, {TIMESTAMPTZOID}
	};
	static StoreStatement crash = {
		"UPDATE ingest.import_job SET status = 'crashed', finished_at = clock_timestamp(),"
		" error_class = 'internal', sqlstate = CASE WHEN $2 THEN '57P01' ELSE '57P02' END,"
		" error_message = CASE WHEN $2 THEN 'the server was stopped during the run'"
		" ELSE 'the process of the run ended without closing its job' END,"
		" error_detail = format('It was last heard of at %s, while it did this: %s.', heartbeat_at, coalesce(phase, 'starting')),"
		" error_hint = CASE WHEN NOT $2 THEN format('Search the server log for process %s.', pid) END"
		" WHERE id = $1 AND status = 'running'",
		SPI_OK_UPDATE, 2, {INT8OID, BOOLOID}
	};
	static StoreStatement count_failure = {
		"UPDATE ingest.source_state SET consecutive_failures = consecutive_failures + 1 WHERE source = $1",
		SPI_OK_UPDATE, 1, {TEXTOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[2] = {TimestampTzGetDatum(PgStartTime)};
	uint64		n;
	int64	   *ids;
	SweptJob   *jobs;
	int			count = 0;

	StoreBegin(&session);
	n = StoreExecute(&open_jobs, values, NULL, 0);
	ids = palloc((n + 1) * sizeof(int64));
	jobs = MemoryContextAllocZero(context, (n + 1) * sizeof(SweptJob));
	for (uint64 i = 0; i < n; i++)
	{
		char	   *source = StoreString(i, 2);

		ids[i] = StoreInt64(i, 1, 0);
		jobs[i].source = MemoryContextStrdup(context, pg_server_to_any(source, strlen(source), PG_UTF8));
		jobs[i].started_at = StoreInt64(i, 3, 0);
		jobs[i].interrupted = strcmp(StoreString(i, 4), "t") == 0;
	}
	for (uint64 i = 0; i < n; i++)
	{
		if (JobIsAlive(jobs[i].source))
			continue;
		values[0] = Int64GetDatum(ids[i]);
		values[1] = BoolGetDatum(jobs[i].interrupted);
		if (StoreExecute(&crash, values, NULL, 0) == 0)
			continue;

		/* That the server was stopped is not the source's failure */
		values[0] = StoreText(jobs[i].source);
		if (!jobs[i].interrupted)
			(void) StoreExecute(&count_failure, values, NULL, 0);
		job_ended(ids[i]);
		jobs[count++] = jobs[i];
	}
	StoreEnd(&session);
	*swept = jobs;
	return count;
}

TimestampTz
JobStart(int64 job_id)
{
	static StoreStatement find = {
		"SELECT started_at FROM ingest.import_job WHERE id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	StoreSession session;
	Datum		values[1] = {Int64GetDatum(job_id)};
	TimestampTz started_at = GetCurrentTimestamp();

	StoreBegin(&session);
	if (StoreExecute(&find, values, NULL, 1) == 1)
		started_at = StoreInt64(0, 1, 0);
	StoreEnd(&session);
	return started_at;
}

int64
JobRunning(const char *source)
{
	static StoreStatement find = {
		"SELECT id FROM ingest.import_job WHERE source = $1 AND status = 'running' ORDER BY id DESC",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	StoreSession session;
	Datum		values[1];
	int64		id = 0;

	StoreBegin(&session);
	values[0] = StoreText(source);
	if (StoreExecute(&find, values, NULL, 1) == 1)
		id = StoreInt64(0, 1, 0);
	StoreEnd(&session);
	return id;
}

/*
 * The caller may be in a transaction whose snapshot is older than the job:
 * the row is read with the latest one.
 */
Datum
JobRow(int64 job_id, JobEnd *end)
{
	static SPIPlanPtr plan = NULL;
	static const char *const sql =
		"SELECT j, status, sqlstate, error_message, error_detail, error_hint, coalesce(http_status, 0)::int8"
		" FROM ingest.import_job j WHERE id = $1";
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi_context;
	Oid			types[1] = {INT8OID};
	Datum		values[1] = {Int64GetDatum(job_id)};
	StoreSession session;
	Snapshot	snapshot;
	bool		isnull;
	Datum		row;
	int			rc;

	StoreBegin(&session);
	if (plan == NULL)
	{
		SPIPlanPtr	fresh = SPI_prepare(sql, 1, types);

		if (fresh == NULL || SPI_keepplan(fresh) != 0)
			elog(ERROR, "could not prepare the look-up of a job");
		plan = fresh;
	}
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	rc = SPI_execute_snapshot(plan, values, NULL, snapshot, InvalidSnapshot, true, false, 1);
	UnregisterSnapshot(snapshot);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of the look-up of a job: %s", SPI_result_code_string(rc));
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("import job %lld does not exist", (long long) job_id)));

	row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	spi_context = MemoryContextSwitchTo(context);
	row = PointerGetDatum(PG_DETOAST_DATUM_COPY(row));
	if (end != NULL)
	{
		memset(end, 0, sizeof(*end));
		end->status = StoreString(0, 2);
		end->sqlstate = StoreString(0, 3);
		end->message = StoreString(0, 4);
		end->detail = StoreString(0, 5);
		end->hint = StoreString(0, 6);
		end->http_status = (int) StoreInt64(0, 7, 0);
	}
	MemoryContextSwitchTo(spi_context);
	StoreEnd(&session);
	MemoryContextSwitchTo(context);
	return row;
}
