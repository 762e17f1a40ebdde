/*
 * src/store/missing.c
 *
 * Listings that are no longer found.
 *
 * What was seen is known to the run, not written to the rows: only listings
 * that are missing, or come back, cost a write.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/missing.h"

#define FETCH_ROWS 2000

static Datum
id_array(const int64 *ids, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

/* The source_id of a fetched row, in UTF-8 */
static const char *
utf8_string(SPITupleTable *rows, uint64 row, int column)
{
	char	   *text = SPI_getvalue(rows->vals[row], rows->tupdesc, column);

	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

int64
MissingFind(const char *source, TimestampTz from, TimestampTz to,
			bool (*was_seen) (void *arg, const char *source_id), void *arg,
			MissingListing **missing, int *nmissing)
{
	/* two scans of one index rather than an OR, which would read every listing */
	static const char *const sql =
		"SELECT id, source_id, missing_runs::int8 FROM ingest.listing"
		" WHERE source = $1 AND withdrawn_at IS NULL AND starts_at >= $2 AND starts_at < $3"
		" UNION ALL SELECT id, source_id, missing_runs::int8 FROM ingest.listing"
		" WHERE source = $1 AND withdrawn_at IS NULL AND starts_at IS NULL";
	static SPIPlanPtr plan = NULL;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "ingest missing", ALLOCSET_DEFAULT_SIZES);
	Oid			types[3] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[3] = {StoreText(source), TimestampTzGetDatum(from), TimestampTzGetDatum(to)};
	Portal		portal;
	int64		nlive = 0;
	int			size = 64;

	*nmissing = 0;
	*missing = palloc(size * sizeof(MissingListing));
	if (plan == NULL)
	{
		SPIPlanPtr	fresh = SPI_prepare(sql, 3, types);

		if (fresh == NULL || SPI_keepplan(fresh) != 0)
			elog(ERROR, "could not prepare the look at live listings");
		plan = fresh;
	}
	portal = SPI_cursor_open(NULL, plan, values, NULL, true);
	for (;;)
	{
		SPITupleTable *rows;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		rows = SPI_tuptable;
		nlive += SPI_processed;
		MemoryContextSwitchTo(scratch);
		for (uint64 row = 0; row < SPI_processed; row++)
		{
			if (was_seen(arg, utf8_string(rows, row, 2)))
				continue;
			if (*nmissing == size)
			{
				size *= 2;
				*missing = repalloc_huge(*missing, size * sizeof(MissingListing));
			}
			(*missing)[*nmissing].id = StoreInt64(row, 1, 0);
			(*missing)[(*nmissing)++].missing_runs = (int) StoreInt64(row, 3, 0);
		}
		MemoryContextSwitchTo(context);
		MemoryContextReset(scratch);
		SPI_freetuptable(rows);
	}
	SPI_cursor_close(portal);
	MemoryContextDelete(scratch);
	return nlive;
}

void
MissingCount(const int64 *ids, int n)
{
	static StoreStatement count = {
		"UPDATE ingest.listing SET missing_runs = missing_runs + 1,"
		" missing_since = coalesce(missing_since, now()) WHERE id = ANY ($1)"
		" RETURNING CASE WHEN missing_runs = 1 THEN id END",
		SPI_OK_UPDATE_RETURNING, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {id_array(ids, n)};
	uint64		ncounted;
	int64	   *missing;
	int			nmissing = 0;

	if (n == 0)
		return;
	EventLockListings(ids, n);
	ncounted = StoreExecute(&count, values, NULL, 0);
	missing = palloc((ncounted + 1) * sizeof(int64));
	for (uint64 row = 0; row < ncounted; row++)
		if (StoreInt64(row, 1, 0) != 0)
			missing[nmissing++] = StoreInt64(row, 1, 0);
	/* the source may list them under another id now */
	EventGone(missing, nmissing);
}

void
MissingForgive(const char *source, bool (*was_seen) (void *arg, const char *source_id), void *arg)
{
	static StoreStatement load = {
		"SELECT id, source_id FROM ingest.listing"
		" WHERE source = $1 AND missing_runs > 0 AND withdrawn_at IS NULL",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	static StoreStatement forgive = {
		"UPDATE ingest.listing SET missing_runs = 0, missing_since = NULL WHERE id = ANY ($1)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {StoreText(source)};
	uint64		nfound = StoreExecute(&load, values, NULL, 0);
	int64	   *ids = palloc((nfound + 1) * sizeof(int64));
	int			n = 0;

	for (uint64 row = 0; row < nfound; row++)
		if (was_seen(arg, utf8_string(SPI_tuptable, row, 2)))
			ids[n++] = StoreInt64(row, 1, 0);
	if (n == 0)
		return;
	EventLockListings(ids, n);
	values[0] = id_array(ids, n);
	(void) StoreExecute(&forgive, values, NULL, 0);
	EventGone(ids, n);
}

int
MissingWithdraw(const int64 *ids, int n)
{
	static StoreStatement withdraw = {
		"UPDATE ingest.listing SET withdrawn_at = now(), updated_at = now(),"
		" status = CASE status WHEN 'cancelled' THEN status ELSE 'withdrawn' END"
		" WHERE id = ANY ($1) AND withdrawn_at IS NULL RETURNING event_id",
		SPI_OK_UPDATE_RETURNING, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {id_array(ids, n)};
	int64	   *events;
	int			nwithdrawn;

	if (n == 0)
		return 0;
	EventLockListings(ids, n);
	nwithdrawn = (int) StoreExecute(&withdraw, values, NULL, 0);
	events = palloc((nwithdrawn + 1) * sizeof(int64));
	for (int i = 0; i < nwithdrawn; i++)
		events[i] = StoreInt64(i, 1, 0);
	EventRefresh(events, nwithdrawn);
	return nwithdrawn;
}

/* ---- too many at once ---- */

void
HoldPut(const char *source, int64 job_id, const int64 *ids, int n, int64 nlive)
{
	static StoreStatement put = {
		"INSERT INTO ingest.withdrawal_hold AS h (source, job_id, held_at, listing_ids, nb_live)"
		" VALUES ($1, $2, now(), $3, $4) ON CONFLICT (source) DO UPDATE"
		" SET job_id = $2, listing_ids = $3, nb_live = $4",
		SPI_OK_INSERT, 4, {TEXTOID, INT8OID, INT8ARRAYOID, INT8OID}
	};
	Datum		values[4] = {StoreText(source), Int64GetDatum(job_id), id_array(ids, n), Int64GetDatum(nlive)};

	(void) StoreExecute(&put, values, NULL, 0);
}

void
HoldDrop(const char *source)
{
	static StoreStatement drop = {
		"DELETE FROM ingest.withdrawal_hold WHERE source = $1",
		SPI_OK_DELETE, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	(void) StoreExecute(&drop, values, NULL, 0);
}

/* Take a hold's listings that are missing still; -1: nothing is held */
static int
take_hold(const char *source, int64 **ids)
{
	static StoreStatement take = {
		"WITH hold AS (DELETE FROM ingest.withdrawal_hold WHERE source = $1 RETURNING listing_ids)"
		" SELECT l.id FROM hold LEFT JOIN ingest.listing l ON l.id = ANY (hold.listing_ids)"
		" AND l.missing_runs > 0 AND l.withdrawn_at IS NULL ORDER BY l.id",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};
	uint64		nfound = StoreExecute(&take, values, NULL, 0);
	int			n = 0;

	*ids = palloc((nfound + 1) * sizeof(int64));
	for (uint64 row = 0; row < nfound; row++)
	{
		int64		id = StoreInt64(row, 1, 0);

		if (id != 0)
			(*ids)[n++] = id;
	}
	return nfound == 0 ? -1 : n;
}

int
HoldApprove(const char *source)
{
	int64	   *ids;
	int			n = take_hold(source, &ids);

	return n <= 0 ? n : MissingWithdraw(ids, n);
}

int
HoldDiscard(const char *source)
{
	static StoreStatement forgive = {
		"UPDATE ingest.listing SET missing_runs = 0, missing_since = NULL WHERE id = ANY ($1)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	int64	   *ids;
	int			n = take_hold(source, &ids);
	Datum		values[1];

	int			nforgiven;

	if (n <= 0)
		return n;
	EventLockListings(ids, n);
	values[0] = id_array(ids, n);
	nforgiven = (int) StoreExecute(&forgive, values, NULL, 0);
	EventGone(ids, n);
	return nforgiven;
}
