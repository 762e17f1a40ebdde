/*
 * src/store/replay.c
 *
 * The records that a job left behind, as they came.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "store/replay.h"

/* SPI leaves another context current than the one that results belong in */
static uint64
execute(StoreStatement *statement, const Datum *values)
{
	MemoryContext context = CurrentMemoryContext;
	uint64		nrows = StoreExecute(statement, values, NULL, 0);

	MemoryContextSwitchTo(context);
	return nrows;
}

/* A text of SPI_tuptable in UTF-8, or NULL */
static char *
utf8(uint64 row, int column)
{
	char	   *text = StoreString(row, column);

	return text == NULL ? NULL : pg_server_to_any(text, strlen(text), PG_UTF8);
}

char *
ReplaySource(int64 job_id)
{
	static StoreStatement find = {
		"SELECT source FROM ingest.import_job WHERE id = $1", SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return execute(&find, values) == 0 ? NULL : utf8(0, 1);
}

int64 *
ReplayListings(const char *source, int64 job_id, int *n)
{
	static StoreStatement find = {
		"SELECT id FROM ingest.listing WHERE source = $1 AND last_seen_job = $2"
		" AND raw IS NOT NULL AND withdrawn_at IS NULL ORDER BY id",
		SPI_OK_SELECT, 2, {TEXTOID, INT8OID}
	};
	Datum		values[2] = {StoreText(source), Int64GetDatum(job_id)};

	*n = (int) execute(&find, values);
	return StoreInt64Column(*n, 1);
}

int64 *
ReplayRefusals(int64 job_id, int *n)
{
	static StoreStatement find = {
		"SELECT e.id FROM ingest.import_error e"
		" WHERE e.job_id = $1 AND e.resolved_at IS NULL AND e.payload IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM ingest.import_error later"
		" WHERE later.source = e.source AND later.source_id = e.source_id"
		" AND later.resolved_at IS NULL AND later.id > e.id) ORDER BY e.id",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	*n = (int) execute(&find, values);
	return StoreInt64Column(*n, 1);
}

/* The rows of a statement with the columns id, source_id, raw */
static KeptRecord *
load(StoreStatement *statement, const int64 *ids, int nids, int *n)
{
	Datum		values[1] = {StoreInt64Array(ids, nids)};
	KeptRecord *records;

	*n = (int) execute(statement, values);
	records = palloc((*n + 1) * sizeof(KeptRecord));
	for (int i = 0; i < *n; i++)
	{
		records[i].id = StoreInt64(i, 1, 0);
		records[i].source_id = utf8(i, 2);
		records[i].raw = utf8(i, 3);
	}
	return records;
}

KeptRecord *
ReplayLoadListings(const int64 *ids, int nids, int *n)
{
	static StoreStatement statement = {
		"SELECT id, source_id, raw::text FROM ingest.listing WHERE id = ANY ($1) AND raw IS NOT NULL ORDER BY id",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};

	return load(&statement, ids, nids, n);
}

KeptRecord *
ReplayLoadRefusals(const int64 *ids, int nids, int *n)
{
	static StoreStatement statement = {
		"SELECT id, source_id, payload::text FROM ingest.import_error WHERE id = ANY ($1) ORDER BY id",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};

	return load(&statement, ids, nids, n);
}

void
ReplaySettle(int64 error_id)
{
	static StoreStatement settle = {
		"UPDATE ingest.import_error SET resolved_at = now() WHERE id = $1 AND resolved_at IS NULL",
		SPI_OK_UPDATE, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(error_id)};

	(void) execute(&settle, values);
}

char *
ReplayJobs(const char *source)
{
	static StoreStatement find = {
		"SELECT string_agg(job::text, ', ' ORDER BY job DESC) FROM ("
		" SELECT last_seen_job AS job FROM ingest.listing"
		" WHERE source = $1 AND raw IS NOT NULL AND withdrawn_at IS NULL"
		" UNION SELECT job_id FROM ingest.import_error"
		" WHERE source = $1 AND resolved_at IS NULL AND payload IS NOT NULL"
		" ORDER BY job DESC LIMIT 10) jobs JOIN ingest.import_job ON id = job",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	(void) execute(&find, values);
	return StoreString(0, 1);
}
