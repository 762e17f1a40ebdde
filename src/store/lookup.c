/*
 * src/store/lookup.c
 *
 * What is stored of a record, found before it is parsed.
 *
 * This is the hottest path of a run in which little changed, so it descends
 * the unique index (source, source_id) itself: one to two microseconds, and no
 * plan that was made while the table was empty.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/store.h"

struct StoreLookup
{
	Relation	listing;
	Oid			index;
	Snapshot	snapshot;
	Datum		source;
	Datum	   *values;			/* of a found row, by column */
	bool	   *nulls;
	AttrNumber	source_column,
				source_id_column,
				id,
				event_id,
				raw_hash,
				content_hash,
				detail_hash,
				match_hash,
				withdrawn_at,
				last_seen_job,
				missing_runs,
				revision;
};

/* The column's number, by name: an upgrade script may have moved it */
static AttrNumber
column(Relation relation, const char *name)
{
	AttrNumber	number = get_attnum(RelationGetRelid(relation), name);

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"ingest.listing\" does not exist", name),
				 errhint("Run ALTER EXTENSION ingest UPDATE.")));
	return number;
}

StoreLookup *
StoreLookupBegin(const char *source)
{
	StoreLookup *lookup = palloc0(sizeof(StoreLookup));
	Relation	listing = table_open(StoreRelation("listing"), AccessShareLock);

	lookup->listing = listing;
	lookup->index = StoreRelation("listing_source_source_id_key");
	lookup->snapshot = RegisterSnapshot(GetLatestSnapshot());
	lookup->source = StoreText(source);
	lookup->values = palloc(RelationGetNumberOfAttributes(listing) * sizeof(Datum));
	lookup->nulls = palloc(RelationGetNumberOfAttributes(listing) * sizeof(bool));
	lookup->source_column = column(listing, "source");
	lookup->source_id_column = column(listing, "source_id");
	lookup->id = column(listing, "id");
	lookup->event_id = column(listing, "event_id");
	lookup->raw_hash = column(listing, "raw_hash");
	lookup->content_hash = column(listing, "content_hash");
	lookup->detail_hash = column(listing, "detail_hash");
	lookup->match_hash = column(listing, "match_hash");
	lookup->withdrawn_at = column(listing, "withdrawn_at");
	lookup->last_seen_job = column(listing, "last_seen_job");
	lookup->missing_runs = column(listing, "missing_runs");
	lookup->revision = column(listing, "revision");
	return lookup;
}

/* Copy what matters of the found row */
static void
read_listing(StoreLookup *lookup, HeapTuple tuple, StoredListing *stored)
{
	const Datum *values = lookup->values;
	const bool *nulls = lookup->nulls;

	/* All at once: column by column, each would walk the row from its front */
	heap_deform_tuple(tuple, RelationGetDescr(lookup->listing), lookup->values, lookup->nulls);
	stored->id = DatumGetInt64(values[lookup->id - 1]);
	stored->event_id = DatumGetInt64(values[lookup->event_id - 1]);
	stored->raw_hash = (uint64) DatumGetInt64(values[lookup->raw_hash - 1]);
	stored->content_hash = (uint64) DatumGetInt64(values[lookup->content_hash - 1]);
	stored->match_hash = (uint64) DatumGetInt64(values[lookup->match_hash - 1]);
	stored->has_detail = !nulls[lookup->detail_hash - 1];
	stored->detail_hash = stored->has_detail ?
		(uint64) DatumGetInt64(values[lookup->detail_hash - 1]) : 0;
	stored->withdrawn = !nulls[lookup->withdrawn_at - 1];
	stored->last_seen_job = DatumGetInt64(values[lookup->last_seen_job - 1]);
	stored->gone = stored->withdrawn || DatumGetInt32(values[lookup->missing_runs - 1]) > 0;
	stored->revision = nulls[lookup->revision - 1] ? NULL :
		TextDatumGetCString(values[lookup->revision - 1]);
}

void
StoreLookupFind(StoreLookup *lookup, const char *source_id, StoredListing *stored)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	memset(stored, 0, sizeof(*stored));

	/* Both columns are COLLATE "C", which is what ScanKeyInit assumes */
	ScanKeyInit(&keys[0], lookup->source_column, BTEqualStrategyNumber, F_TEXTEQ, lookup->source);
	ScanKeyInit(&keys[1], lookup->source_id_column, BTEqualStrategyNumber, F_TEXTEQ,
				StoreText(source_id));
	scan = systable_beginscan(lookup->listing, lookup->index, true, lookup->snapshot, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		read_listing(lookup, tuple, stored);
	systable_endscan(scan);
	pfree(DatumGetPointer(keys[1].sk_argument));
}

void
StoreLookupEnd(StoreLookup *lookup)
{
	UnregisterSnapshot(lookup->snapshot);
	table_close(lookup->listing, AccessShareLock);
	pfree(lookup);
}
