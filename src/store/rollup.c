/*
 * src/store/rollup.c
 *
 * What the dashboard knows of a job that ends: the day's sums, what is unusual,
 * and whether the source's health has changed.  In the job's own transaction,
 * so that what is shown never contradicts the job's row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "store/rollup.h"

void
RollUpJob(int64 job_id)
{
	static StoreStatement roll_up = {
		"SELECT ingest.roll_up($1)",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	(void) StoreExecute(&roll_up, values, NULL, 0);
}

void
HealthTell(const char *source)
{
	static StoreStatement tell = {
		"WITH was AS (SELECT f.source, f.health FROM ingest.source_figures f WHERE f.source = $1),"
		" changed AS (UPDATE ingest.source_figures f SET health = h.health, health_since = now()"
		" FROM ingest.source_health h WHERE h.source = $1 AND f.source = $1 AND f.health <> h.health"
		" RETURNING f.source, f.health, h.summary)"
		" SELECT pg_notify('ingest_health', json_build_object('source', changed.source, 'from', was.health,"
		/* what is too long to be sent would fail the job; 8000 bytes are */
		" 'to', changed.health, 'summary', left(changed.summary, 1000))::text)"
		" FROM changed JOIN was USING (source)",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	(void) StoreExecute(&tell, values, NULL, 0);
}
