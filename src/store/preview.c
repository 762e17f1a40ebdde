/*
 * src/store/preview.c
 *
 * Listings before and after the batch of a dry run.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "store/preview.h"

static Datum
id_array(const int64 *ids, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

Datum
StoredListingsBefore(const int64 *ids, int n)
{
	static StoreStatement load = {
		"SELECT coalesce(jsonb_object_agg(l.id, to_jsonb(l)), '{}') FROM ingest.listing l WHERE l.id = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	MemoryContext context = CurrentMemoryContext;
	Datum		values[1];
	Datum		before;
	bool		isnull;

	values[0] = id_array(ids, n);
	(void) StoreExecute(&load, values, NULL, 0);
	before = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	MemoryContextSwitchTo(context);
	return datumCopy(before, false, -1);
}

void
StoredListingsAfter(const int64 *ids, int n, Datum before, StoredListingFound found, void *arg)
{
	static StoreStatement load = {
		"SELECT l.id, l.title, l.starts_at::text, l.venue_name, l.event_id::text, d.changes::text"
		" FROM ingest.listing l, LATERAL ("
		"SELECT jsonb_object_agg(now.key, jsonb_build_object('from', was.value, 'to', now.value)) AS changes"
		" FROM jsonb_each(to_jsonb(l)) now JOIN jsonb_each($2 -> l.id::text) was ON was.key = now.key"
		" WHERE was.value <> now.value AND now.key <> ALL ('{event_id, raw, revision, raw_hash, content_hash,"
		" detail_hash, match_hash, updated_at, last_seen_job}')) d"
		" WHERE l.id = ANY ($1)",
		SPI_OK_SELECT, 2, {INT8ARRAYOID, JSONBOID}
	};
	Datum		values[2];
	uint64		nfound;

	values[0] = id_array(ids, n);
	values[1] = before;
	nfound = StoreExecute(&load, values, NULL, 0);
	for (uint64 row = 0; row < nfound; row++)
		found(arg, StoreInt64(row, 1, 0), StoreString(row, 2), StoreString(row, 3),
			  StoreString(row, 4), StoreString(row, 5), StoreString(row, 6));
}
