/*
 * src/store/keys.c
 *
 * The table match_key.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/keys.h"

/* ---- looking ---- */

/* Records of one source that say the same: so many are looked at, one may have another's new id */
#define MOST_SAME 4

/* One scan for all keys */
struct KeyScan
{
	Relation	relation;
	Relation	index;
	AttrNumber	listing_id;
	AttrNumber	facts;
	Snapshot	snapshot;
	IndexScanDesc scan;
	TupleTableSlot *slot;
};

KeyScan *
KeysOpen(void)
{
	KeyScan    *keys = palloc0(sizeof(KeyScan));
	Oid			relation = StoreRelation("match_key");

	keys->relation = table_open(relation, AccessShareLock);
	keys->index = index_open(StoreRelation("match_key_key_idx"), AccessShareLock);
	keys->listing_id = get_attnum(relation, "listing_id");
	keys->facts = get_attnum(relation, "facts");
	keys->snapshot = RegisterSnapshot(GetLatestSnapshot());
	keys->slot = table_slot_create(keys->relation, NULL);
#if PG_VERSION_NUM >= 180000
	keys->scan = index_beginscan(keys->relation, keys->index, keys->snapshot, NULL, 1, 0);
#else
	keys->scan = index_beginscan(keys->relation, keys->index, keys->snapshot, 1, 0);
#endif
	return keys;
}

void
KeysClose(KeyScan *keys)
{
	index_endscan(keys->scan);
	ExecDropSingleTupleTableSlot(keys->slot);
	UnregisterSnapshot(keys->snapshot);
	index_close(keys->index, AccessShareLock);
	table_close(keys->relation, AccessShareLock);
	pfree(keys);
}

/*
 * Listings stored under a key that are worth meeting, appended to ids; at most
 * KEYS_MOST_MET.  day: which they are of.
 */
static int
find_key(KeyScan *keys, int64 key, int64 day, const Neighbour *node, int64 facts, int64 *ids)
{
	ScanKeyData scan_key[1];
	int			nsame = 0;
	int			n = 0;

	ScanKeyInit(&scan_key[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key));
	index_rescan(keys->scan, scan_key, 1, NULL, 0);
	for (int i = 0; i < KEYS_BLOCK_CAP && n < KEYS_MOST_MET && index_getnext_slot(keys->scan, ForwardScanDirection, keys->slot); i++)
	{
		bool		isnull;
		int64		id = DatumGetInt64(slot_getattr(keys->slot, keys->listing_id, &isnull));
		int64		other = DatumGetInt64(slot_getattr(keys->slot, keys->facts, &isnull));

		if (id == node->id || !MatchWorthMeeting(facts, node->profile.local_day, other, day))
			continue;
		if (MatchLooksSame(facts, node->profile.local_day, other, day) && ++nsame > MOST_SAME)
			continue;
		ids[n++] = id;
	}
	return n;
}

int
KeysFind(KeyScan *scan, const Neighbour *node, int64 *ids)
{
	int64_t		keys[MATCH_KEYS_ASKED];
	int64_t		days[MATCH_KEYS_ASKED];
	int			nkeys = MatchKeysAsked(&node->profile, keys, days);
	int64		facts = MatchFacts(&node->profile, node->source);
	int			n = 0;

	for (int i = 0; i < nkeys; i++)
		n += find_key(scan, keys[i], days[i], node, facts, ids + n);
	return n;
}

/* ---- storing ---- */

/* A row of match_key */
typedef struct KeyRow
{
	int64		key;
	int64		listing_id;
	int64		facts;
} KeyRow;

static int
compare_key_rows(const void *a, const void *b)
{
	const KeyRow *x = a;
	const KeyRow *y = b;

	if (x->key != y->key)
		return x->key > y->key ? 1 : -1;
	return (x->listing_id > y->listing_id) - (x->listing_id < y->listing_id);
}

/*
 * In the order of the index, where neighbours share pages; past the executor,
 * which would cost as much again: there are several rows for each listing, and
 * nothing but two indexes hangs on them.
 */
static void
insert_keys(KeyRow *rows, int nrows)
{
	Relation	relation = table_open(StoreRelation("match_key"), RowExclusiveLock);
	TupleDesc	desc = RelationGetDescr(relation);
	CatalogIndexState indexes = CatalogOpenIndexes(relation);
	AttrNumber	listing_id = get_attnum(RelationGetRelid(relation), "listing_id");
	AttrNumber	key = get_attnum(RelationGetRelid(relation), "key");
	AttrNumber	facts = get_attnum(RelationGetRelid(relation), "facts");
	TupleTableSlot *slots[64];
	int			nslots = Min(nrows, lengthof(slots));

	qsort(rows, nrows, sizeof(KeyRow), compare_key_rows);
	for (int i = 0; i < nslots; i++)
		slots[i] = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
	for (int begin = 0; begin < nrows; begin += nslots)
	{
		int			n = Min(nslots, nrows - begin);

		for (int i = 0; i < n; i++)
		{
			TupleTableSlot *slot = slots[i];

			ExecClearTuple(slot);
			memset(slot->tts_isnull, 0, desc->natts * sizeof(bool));
			slot->tts_values[listing_id - 1] = Int64GetDatum(rows[begin + i].listing_id);
			slot->tts_values[key - 1] = Int64GetDatum(rows[begin + i].key);
			slot->tts_values[facts - 1] = Int64GetDatum(rows[begin + i].facts);
			ExecStoreVirtualTuple(slot);
		}
		CatalogTuplesMultiInsertWithInfo(relation, slots, n, indexes);
	}
	for (int i = 0; i < nslots; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
	CatalogCloseIndexes(indexes);
	table_close(relation, RowExclusiveLock);
	CommandCounterIncrement();
}

void
KeysStore(Neighbour **nodes, int n)
{
	static StoreStatement delete = {
		"DELETE FROM ingest.match_key k USING unnest($1) AS changed (id) WHERE k.listing_id = changed.id",
		SPI_OK_DELETE, 1, {INT8ARRAYOID}
	};
	KeyRow	   *rows = palloc((n * MATCH_KEYS_STORED + 1) * sizeof(KeyRow));
	int64	   *changed = palloc((n + 1) * sizeof(int64));
	int			nchanged = 0;
	int			nrows = 0;

	for (int i = 0; i < n; i++)
	{
		int64_t		stored[MATCH_KEYS_STORED];
		int			nstored = MatchKeysStored(&nodes[i]->profile, stored);
		int64		facts = MatchFacts(&nodes[i]->profile, nodes[i]->source);

		if (nodes[i]->item == NULL || nodes[i]->item->stored.id != 0)
			changed[nchanged++] = nodes[i]->id;
		for (int j = 0; j < nstored; j++)
			rows[nrows++] = (KeyRow) {stored[j], nodes[i]->id, facts};
	}
	if (nchanged > 0)
	{
		Datum		values[1] = {StoreInt64Array(changed, nchanged)};

		(void) StoreExecute(&delete, values, NULL, 0);
	}
	if (nrows > 0)
		insert_keys(rows, nrows);
}
