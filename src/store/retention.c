/*
 * src/store/retention.c
 *
 * Forgetting, a small batch at a time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/retention.h"

bool
RetentionDue(const char *source)
{
	static StoreStatement find = {
		"SELECT FROM ingest.source_state WHERE source = $1"
		" AND coalesce(cleaned_at, '-infinity') < now() - interval '1 day'",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	return StoreExecute(&find, values, NULL, 1) > 0;
}

void
RetentionDone(const char *source)
{
	static StoreStatement update = {
		"UPDATE ingest.source_state SET cleaned_at = now() WHERE source = $1",
		SPI_OK_UPDATE, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	(void) StoreExecute(&update, values, NULL, 0);
}

int
RetentionDeleteJobs(const char *source, int minutes, int most, int limit)
{
	static StoreStatement delete = {
		"DELETE FROM ingest.import_job WHERE id = ANY (ARRAY("
		"SELECT j.id FROM ingest.import_job j WHERE j.source = $1 AND j.status <> 'running'"
		/* older than the twentieth to last */
		" AND j.started_at < (SELECT k.started_at FROM ingest.import_job k WHERE k.source = $1"
		" ORDER BY k.started_at DESC OFFSET 19 LIMIT 1)"
		" AND (j.started_at < now() - make_interval(mins => $2)"
		" * CASE WHEN j.status = ANY ('{failed, crashed}') THEN 4 ELSE 1 END"
		" OR j.started_at < (SELECT k.started_at FROM ingest.import_job k WHERE k.source = $1"
		" ORDER BY k.started_at DESC OFFSET $3 LIMIT 1))"
		" AND NOT (j.trigger = 'import' AND EXISTS (SELECT FROM ingest.import_error e"
		" WHERE e.job_id = j.id AND e.resolved_at IS NULL))"
		" ORDER BY j.started_at LIMIT $4))",
		SPI_OK_DELETE, 4, {TEXTOID, INT4OID, INT8OID, INT8OID}
	};
	Datum		values[4];
	char		nulls[4] = {' ', minutes < 0 ? 'n' : ' ', ' ', ' '};

	values[0] = StoreText(source);
	values[1] = Int32GetDatum(minutes);
	values[2] = Int64GetDatum(most > 0 ? most - 1 : PG_INT64_MAX);
	values[3] = Int64GetDatum(limit);
	return (int) StoreExecute(&delete, values, nulls, 0);
}

int64 *
RetentionFindRaw(const char *source, int minutes, int *n)
{
	static StoreStatement find = {
		"SELECT id FROM ingest.listing WHERE source = $1 AND raw IS NOT NULL"
		" AND coalesce(ends_at, starts_at) < now() - make_interval(mins => $2)",
		SPI_OK_SELECT, 2, {TEXTOID, INT4OID}
	};
	MemoryContext context = CurrentMemoryContext;
	Datum		values[2] = {StoreText(source), Int32GetDatum(minutes)};
	uint64		nfound = StoreExecute(&find, values, NULL, 0);
	int64	   *ids = MemoryContextAllocHuge(context, (nfound + 1) * sizeof(int64));

	for (uint64 row = 0; row < nfound; row++)
		ids[row] = StoreInt64(row, 1, 0);
	*n = (int) nfound;
	return ids;
}

void
RetentionDropRaw(const int64 *ids, int n)
{
	static StoreStatement drop = {
		"UPDATE ingest.listing SET raw = NULL WHERE id = ANY ($1)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));
	Datum		values[1];

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	values[0] = PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
	(void) StoreExecute(&drop, values, NULL, 0);
}
