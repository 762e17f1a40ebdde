/*
 * src/store/error.c
 *
 * Refused records: kept with their payload and reason, settled when a later
 * run stores the same record.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/store.h"

void
ErrorRecord(int64 job_id, const char *source, const char *source_id, int64 position,
			ErrorClass error_class, const char *sqlstate, const char *field,
			const char *message, const char *payload)
{
	static StoreStatement insert = {
		"INSERT INTO ingest.import_error"
		" (job_id, source, source_id, position, error_class, sqlstate, field, message, payload)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json)",
		SPI_OK_INSERT, 9,
		{INT8OID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	};
	const char *texts[] = {NULL, source, source_id, NULL, ErrorClassName(error_class),
	sqlstate, field, message, payload};
	Datum		values[9];
	char		nulls[9];

	for (int i = 0; i < 9; i++)
	{
		bool		isnull = texts[i] == NULL || (i == 6 && texts[i][0] == '\0');

		nulls[i] = isnull ? 'n' : ' ';
		values[i] = isnull ? (Datum) 0 : StoreWords(texts[i]);
	}
	if (payload != NULL)
		values[8] = CStringGetTextDatum(StoreJson(payload, strlen(payload)));
	nulls[0] = nulls[3] = ' ';
	values[0] = Int64GetDatum(job_id);
	values[3] = Int64GetDatum(position);
	(void) StoreExecute(&insert, values, nulls, 0);
}

void
ErrorResolve(const char *source, const char *const *source_ids, int n)
{
	static StoreStatement resolve = {
		"UPDATE ingest.import_error SET resolved_at = now()"
		" WHERE source = $1 AND source_id = ANY ($2) AND resolved_at IS NULL",
		SPI_OK_UPDATE, 2, {TEXTOID, TEXTARRAYOID}
	};
	Datum	   *ids = palloc(n * sizeof(Datum));
	Datum		values[2];

	for (int i = 0; i < n; i++)
		ids[i] = StoreText(source_ids[i]);
	values[0] = StoreText(source);
	values[1] = PointerGetDatum(construct_array(ids, n, TEXTOID, -1, false, 'i'));
	(void) StoreExecute(&resolve, values, NULL, 0);
}

bool
ErrorsOpen(const char *source)
{
	static StoreStatement find = {
		"SELECT FROM ingest.import_error WHERE source = $1 AND resolved_at IS NULL",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	return StoreExecute(&find, values, NULL, 1) > 0;
}
