/*
 * src/store/rematch.c
 *
 * After the words or the venues' names have changed, or an update of the
 * extension: first the keys of all, for who looks around must be found; then
 * the events.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "store/decision.h"
#include "store/event.h"
#include "store/keys.h"
#include "store/rematch.h"

static int64 *
next_listings(int64 after, int limit, int *n)
{
	static StoreStatement load = {
		"SELECT id FROM ingest.listing WHERE id > $1 ORDER BY id LIMIT $2",
		SPI_OK_SELECT, 2, {INT8OID, INT8OID}
	};
	Datum		values[2] = {Int64GetDatum(after), Int64GetDatum(limit)};

	*n = (int) StoreExecute(&load, values, NULL, 0);
	return StoreInt64Column(*n, 1);
}

int64
RematchKeys(int64 after, int limit)
{
	Neighbours *around = NeighboursCreate();
	int			n;
	int64	   *ids = next_listings(after, limit, &n);

	EventLockListings(ids, n);
	NeighboursAddStored(around, ids, n, true);
	KeysStore(around->nodes, around->nnodes);
	EventNoteAddons(around);
	return n == 0 ? 0 : ids[n - 1];
}

int64
RematchEvents(int64 after, int limit)
{
	int			n;
	int64	   *ids = next_listings(after, limit, &n);

	EventLockListings(ids, n);
	if (n > 0)
		DecisionRegroup(ids, n, 0, 0, "rematch");
	return n == 0 ? 0 : ids[n - 1];
}
