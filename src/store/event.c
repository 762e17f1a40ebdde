/*
 * src/store/event.c
 *
 * Events from listings.
 *
 * An event is a function of its listings: which listings make it up follows
 * from their exact fingerprints (and, later, from the finer rules of match/),
 * what it says follows from the listings' columns, and neither depends on the
 * order of arrival.
 *
 * Exact match: listings of different sources with the same fingerprint are one
 * event.  Two listings of one source are two events; so where a source lists a
 * fingerprint more than once, its k-th listing (by source_id) pairs with the
 * other sources' k-th.
 *
 * Two runs that store listings of the same fingerprint at the same moment take
 * turns: a lock on the fingerprint's bucket is held until the commit.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "store/columns.h"
#include "store/store.h"

/* Our own class of advisory locks, beside the one of job.c */
#define LOCK_CLASS_FINGERPRINT 78
#define LOCK_BUCKETS 16384

#define KIND_EXACT 1

/*
 * A fingerprint shared by more listings than this is a template, not an event
 * that several sources list: its listings stay events of their own.
 */
#define MAX_GROUP 64

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static Datum
int64_array(const int64 *numbers, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

/*
 * Find what the changed items were matched by so far, and the events they make
 * up at this moment: a person may have merged or split since the look-up.
 */
static void
load_old_keys(BatchItem **items, int nitems)
{
	static StoreStatement load = {
		"SELECT l.id, k.key, l.event_id, (k.key IS NOT NULL)::int4::int8 FROM ingest.listing l"
		" LEFT JOIN ingest.match_key k ON k.listing_id = l.id AND k.kind = 1 WHERE l.id = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	int64	   *ids = palloc((nitems + 1) * sizeof(int64));
	int			n = 0;
	Datum		values[1];
	uint64		found;

	for (int i = 0; i < nitems; i++)
	{
		items[i]->has_old_key = false;
		if (items[i]->stored.id != 0)
			ids[n++] = items[i]->stored.id;
	}
	if (n == 0)
		return;
	values[0] = int64_array(ids, n);
	found = StoreExecute(&load, values, NULL, 0);
	for (uint64 row = 0; row < found; row++)
	{
		int64		id = StoreInt64(row, 1, 0);

		for (int i = 0; i < nitems; i++)
			if (items[i]->stored.id == id)
			{
				items[i]->has_old_key = StoreInt64(row, 4, 0) != 0;
				items[i]->old_key = StoreInt64(row, 2, 0);
				items[i]->stored.event_id = StoreInt64(row, 3, 0);
			}
	}
}

/* Take the buckets' locks, in one order for all, until the transaction ends */
static void
lock_buckets(int64 *buckets, int n)
{
	qsort(buckets, n, sizeof(int64), compare_int64);
	for (int i = 0; i < n; i++)
	{
		LOCKTAG		tag;

		if (i > 0 && buckets[i] == buckets[i - 1])
			continue;
		SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, (uint32) buckets[i], LOCK_CLASS_FINGERPRINT);
		(void) LockAcquire(&tag, ExclusiveLock, false, false);
	}
}

static void
lock_fingerprints(BatchItem **items, int nitems)
{
	int64	   *buckets = palloc((2 * nitems + 1) * sizeof(int64));
	int			n = 0;

	for (int i = 0; i < nitems; i++)
	{
		if (items[i]->has_fingerprint)
			buckets[n++] = (uint64) items[i]->fingerprint % LOCK_BUCKETS;
		if (items[i]->has_old_key)
			buckets[n++] = (uint64) items[i]->old_key % LOCK_BUCKETS;
	}
	lock_buckets(buckets, n);
}

void
EventLockListings(const int64 *listings, int n)
{
	static StoreStatement load = {
		"SELECT key FROM ingest.match_key WHERE listing_id = ANY ($1) AND kind = 1",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(listings, n)};
	uint64		nfound = StoreExecute(&load, values, NULL, 0);
	int64	   *buckets = palloc((nfound + 1) * sizeof(int64));

	for (uint64 row = 0; row < nfound; row++)
		buckets[row] = (uint64) StoreInt64(row, 1, 0) % LOCK_BUCKETS;
	lock_buckets(buckets, (int) nfound);
}

/* Mark items that share a fingerprint with another item of the batch */
static void
mark_twins(BatchItem **items, int nitems)
{
	int64	   *keys = palloc((nitems + 1) * sizeof(int64));
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		if (items[i]->has_fingerprint)
			keys[n++] = items[i]->fingerprint;
	qsort(keys, n, sizeof(int64), compare_int64);
	for (int i = 0; i < nitems; i++)
	{
		int64	   *hit;

		if (!items[i]->has_fingerprint)
			continue;
		hit = bsearch(&items[i]->fingerprint, keys, n, sizeof(int64), compare_int64);
		if ((hit > keys && hit[-1] == *hit) || (hit < keys + n - 1 && hit[1] == *hit))
			items[i]->regroup = true;
	}
}

/*
 * Listings stored under a fingerprint, at most MAX_GROUP + 1; by the index, as
 * nearly always there is none.
 */
static int
find_group(Relation match_key, Oid index, Snapshot snapshot, int64 key, int64 *ids)
{
	TupleDesc	desc = RelationGetDescr(match_key);
	AttrNumber	listing_id = get_attnum(RelationGetRelid(match_key), "listing_id");
	AttrNumber	kind = get_attnum(RelationGetRelid(match_key), "kind");
	ScanKeyData scan_key[1];
	SysScanDesc scan;
	HeapTuple	tuple;
	int			n = 0;

	ScanKeyInit(&scan_key[0], get_attnum(RelationGetRelid(match_key), "key"),
				BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key));
	scan = systable_beginscan(match_key, index, true, snapshot, 1, scan_key);
	while (n <= MAX_GROUP && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;

		if (DatumGetInt16(heap_getattr(tuple, kind, desc, &isnull)) == KIND_EXACT)
			ids[n++] = DatumGetInt64(heap_getattr(tuple, listing_id, desc, &isnull));
	}
	systable_endscan(scan);
	return n;
}

/*
 * The event that a new listing joins: the one event of its group, if the
 * source is not in it yet.  Anything less plain is left to the regrouping.
 */
static void
join_group(BatchItem *item, const char *source, const int64 *group, int ngroup)
{
	static StoreStatement look = {
		"SELECT min(event_id), max(event_id), (bool_or(source = $2))::int4::int8"
		" FROM ingest.listing WHERE id = ANY ($1)",
		SPI_OK_SELECT, 2, {INT8ARRAYOID, TEXTOID}
	};
	Datum		values[2];

	values[0] = int64_array(group, ngroup);
	values[1] = StoreText(source);
	(void) StoreExecute(&look, values, NULL, 0);
	if (StoreInt64(0, 1, 0) != StoreInt64(0, 2, 0) || StoreInt64(0, 3, 1) != 0)
	{
		item->regroup = true;
		return;
	}
	item->event_id = StoreInt64(0, 1, 0);
	item->event_new = false;
	item->merged = true;
}

void
EventAssign(const char *source, BatchItem **items, int nitems)
{
	Relation	match_key = table_open(StoreRelation("match_key"), AccessShareLock);
	Oid			index = StoreRelation("match_key_key_idx");
	Oid			sequence = StoreRelation("event_id_seq");
	int64		group[MAX_GROUP + 1];
	Snapshot	snapshot;

	for (int i = 0; i < nitems; i++)
		items[i]->regroup = items[i]->merged = false;
	load_old_keys(items, nitems);
	lock_fingerprints(items, nitems);
	mark_twins(items, nitems);

	/* Taken after the locks: what others committed under them is visible */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	for (int i = 0; i < nitems; i++)
	{
		BatchItem  *item = items[i];
		int			ngroup;

		if (item->stored.id != 0)
		{
			item->event_id = item->stored.event_id;
			item->event_new = false;
			item->regroup = item->has_old_key != item->has_fingerprint ||
				(item->has_old_key && item->old_key != item->fingerprint);
			continue;
		}

		item->event_id = 0;
		item->event_new = true;
		if (item->has_fingerprint && !item->regroup)
		{
			ngroup = find_group(match_key, index, snapshot, item->fingerprint, group);
			if (ngroup > 0 && ngroup <= MAX_GROUP)
				join_group(item, source, group, ngroup);
		}
		if (item->event_new)
			item->event_id = nextval_internal(sequence, false);
	}
	UnregisterSnapshot(snapshot);
	table_close(match_key, AccessShareLock);
}

/* ---- regrouping ---- */

typedef struct Member
{
	int64		key;
	int64		listing_id;
	char	   *source;
	int64		event_id;
	int			rank;			/* how many of this key and source precede it */
	BatchItem  *item;			/* NULL: a listing that this batch left alone */
	int64		target;			/* the event it shall make up */
} Member;

/*
 * All listings of the keys, and the listings that lost theirs (alone under a
 * key of their own), in an order that does not depend on arrival.
 */
static Member *
load_members(const int64 *keys, int nkeys, const int64 *keyless, int nkeyless, int *nmembers)
{
	static StoreStatement load = {
		"SELECT k.key, l.id, l.source, l.event_id, 0::int8 AS keyless, l.source_id"
		" FROM ingest.match_key k JOIN ingest.listing l ON l.id = k.listing_id"
		" WHERE k.kind = 1 AND k.key = ANY ($1)"
		" UNION ALL SELECT l.id, l.id, l.source, l.event_id, 1, l.source_id"
		" FROM ingest.listing l WHERE l.id = ANY ($2)"
		" ORDER BY 5, 1, 3, 6",
		SPI_OK_SELECT, 2, {INT8ARRAYOID, INT8ARRAYOID}
	};
	Datum		values[2];
	Member	   *members;
	int			n;

	values[0] = int64_array(keys, nkeys);
	values[1] = int64_array(keyless, nkeyless);
	n = (int) StoreExecute(&load, values, NULL, 0);
	members = palloc0((n + 1) * sizeof(Member));
	for (int i = 0; i < n; i++)
	{
		Member	   *member = &members[i];

		member->key = StoreInt64(i, 1, 0);
		member->listing_id = StoreInt64(i, 2, 0);
		member->source = StoreString(i, 3);
		member->event_id = StoreInt64(i, 4, 0);

		/* A keyless listing shares its event with nobody: no rank meets it */
		if (StoreInt64(i, 5, 0) == 1)
			member->rank = -1 - i;
		else if (i > 0 && member[-1].rank >= 0 && member[-1].key == member->key &&
				 strcmp(member[-1].source, member->source) == 0)
			member->rank = member[-1].rank + 1;
	}
	*nmembers = n;
	return members;
}

static bool
same_event(const Member *a, const Member *b)
{
	return a->key == b->key && a->rank == b->rank;
}

/* Is the event taken by a class of members already settled? */
static bool
is_claimed(const Member *members, int nmembers, int64 event_id)
{
	for (int i = 0; i < nmembers; i++)
		if (members[i].target == event_id)
			return true;
	return false;
}

/* A row for an event that is split off, filled by the merge that follows */
static int64
insert_split_event(int64 listing_id)
{
	static StoreStatement insert = {
		"INSERT INTO ingest.event (" DESCRIPTIVE_COLUMNS ", nb_listings, sources, created_at, updated_at)"
		" SELECT " DESCRIPTIVE_COLUMNS ", 1, ARRAY[source], now(), now() FROM ingest.listing WHERE id = $1"
		" RETURNING id",
		SPI_OK_INSERT_RETURNING, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(listing_id)};

	(void) StoreExecute(&insert, values, NULL, 0);
	return StoreInt64(0, 1, 0);
}

/*
 * Give the members of one class (same key, same rank as the first) an event:
 * the oldest that one of them makes up and that no other class has claimed.
 */
static void
choose_target(Member *members, int nmembers, const Member *first)
{
	int64		target = 0;

	for (int i = 0; i < nmembers; i++)
		if (same_event(first, &members[i]) &&
			(target == 0 || members[i].event_id < target) &&
			!is_claimed(members, nmembers, members[i].event_id))
			target = members[i].event_id;
	if (target == 0)
		target = insert_split_event(first->listing_id);
	for (int i = 0; i < nmembers; i++)
		if (same_event(first, &members[i]))
			members[i].target = target;
}

/*
 * Classes of listings that stayed as they were choose first: an event's id
 * stays with them when one of its listings becomes something else.
 */
static void
choose_targets(Member *members, int nmembers)
{
	for (int i = 0; i < nmembers; i++)
		if (members[i].item == NULL && members[i].target == 0)
			choose_target(members, nmembers, &members[i]);
	for (int i = 0; i < nmembers; i++)
		if (members[i].target == 0)
			choose_target(members, nmembers, &members[i]);
}

/* Does the member share its event with another now? */
static bool
is_shared(const Member *members, int nmembers, const Member *member)
{
	for (int i = 0; i < nmembers; i++)
		if (&members[i] != member && members[i].target == member->target)
			return true;
	return false;
}

/* Re-point a listing, and say so in the merge log */
static void
move_listing(int64 job_id, const Member *member)
{
	static StoreStatement move = {
		"UPDATE ingest.listing SET event_id = $2 WHERE id = $1",
		SPI_OK_UPDATE, 2, {INT8OID, INT8OID}
	};
	static StoreStatement log = {
		"INSERT INTO ingest.merge_log (job_id, by, rule, listing_id, from_event, to_event)"
		" VALUES ($1, 'ingest', 'exact fingerprint', $2, $3, $4)",
		SPI_OK_INSERT, 4, {INT8OID, INT8OID, INT8OID, INT8OID}
	};
	Datum		values[4] = {Int64GetDatum(member->listing_id), Int64GetDatum(member->target)};

	(void) StoreExecute(&move, values, NULL, 0);
	values[0] = Int64GetDatum(job_id);
	values[1] = Int64GetDatum(member->listing_id);
	values[2] = Int64GetDatum(member->event_id);
	values[3] = Int64GetDatum(member->target);
	(void) StoreExecute(&log, values, NULL, 0);
}

/*
 * An event that its last listing has left lives on as an alias of the one
 * that the listing went to; one that this transaction made, nobody knows.
 */
static void
retire_event(int64 old_id, int64 new_id)
{
	static StoreStatement repoint = {
		"UPDATE ingest.event_alias SET event_id = $2 WHERE event_id = $1",
		SPI_OK_UPDATE, 2, {INT8OID, INT8OID}
	};
	static StoreStatement retire = {
		"WITH gone AS (DELETE FROM ingest.event e WHERE id = $1"
		" AND NOT EXISTS (SELECT FROM ingest.listing l WHERE l.event_id = e.id) RETURNING id, created_at)"
		" INSERT INTO ingest.event_alias (old_id, event_id)"
		" SELECT id, $2 FROM gone WHERE created_at < now()",
		SPI_OK_INSERT, 2, {INT8OID, INT8OID}
	};
	static StoreStatement is_empty = {
		"SELECT FROM ingest.listing WHERE event_id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[2] = {Int64GetDatum(old_id), Int64GetDatum(new_id)};

	if (StoreExecute(&is_empty, values, NULL, 1) > 0)
		return;
	(void) StoreExecute(&repoint, values, NULL, 0);
	(void) StoreExecute(&retire, values, NULL, 0);
}

/* Point each member at its item of the batch, if it has one */
static void
link_items(Member *members, int nmembers, BatchItem **items, int nitems)
{
	for (int i = 0; i < nmembers; i++)
		for (int j = 0; j < nitems; j++)
			if (items[j]->listing_id == members[i].listing_id)
				members[i].item = items[j];
}

/* Settle the groups of these keys; the events touched, appended to *events */
static void
regroup(int64 job_id, BatchItem **items, int nitems, const int64 *keys, int nkeys,
		const int64 *keyless, int nkeyless, int64 **events, int *nevents)
{
	int			nmembers;
	Member	   *members = load_members(keys, nkeys, keyless, nkeyless, &nmembers);

	if (nmembers > MAX_GROUP * (nkeys + 1))
		nmembers = 0;
	link_items(members, nmembers, items, nitems);
	choose_targets(members, nmembers);
	*events = repalloc(*events, (*nevents + 2 * nmembers + 1) * sizeof(int64));
	for (int i = 0; i < nmembers; i++)
	{
		(*events)[(*nevents)++] = members[i].target;
		(*events)[(*nevents)++] = members[i].event_id;
		if (members[i].target == members[i].event_id)
			continue;
		move_listing(job_id, &members[i]);
		if (members[i].item != NULL && is_shared(members, nmembers, &members[i]))
			members[i].item->merged = true;
	}
	for (int i = 0; i < nmembers; i++)
		if (members[i].target != members[i].event_id)
			retire_event(members[i].event_id, members[i].target);
}

/* ---- merging the listings' columns ---- */

/* The first known value in the listings' order */
#define FIRST(column) \
	"(array_agg(" column " ORDER BY r) FILTER (WHERE " column " IS NOT NULL))[1] AS " column

/*
 * What an event says: each field from the first listing that knows it, in the
 * order live before withdrawn, priority, then by name.  What belongs together
 * is taken together: the start with its end, zone and precision from the
 * listing that knows the start best; the coordinates as a pair.
 */
static void
merge_listings(const int64 *events, int nevents)
{
	static StoreStatement merge = {
		"WITH ranked AS ("
		"  SELECT l.*, s.priority,"
		"    row_number() OVER (PARTITION BY l.event_id ORDER BY l.withdrawn_at IS NOT NULL,"
		"      s.priority DESC, l.source, l.source_id) AS r,"
		"    row_number() OVER (PARTITION BY l.event_id ORDER BY l.withdrawn_at IS NOT NULL,"
		"      CASE l.start_precision WHEN 'minute' THEN 0 WHEN 'day' THEN 1 ELSE 2 END,"
		"      s.priority DESC, l.source, l.source_id) AS rs"
		"  FROM ingest.listing l JOIN ingest.source s ON s.name = l.source"
		"  WHERE l.event_id = ANY ($1)),"
		" merged AS ("
		"  SELECT event_id AS id,"
		"    " FIRST("title") ", " FIRST("description") ", " FIRST("url") ", " FIRST("image_url") ","
		"    min(status) FILTER (WHERE r = 1) AS status,"
		"    min(starts_at) FILTER (WHERE rs = 1) AS starts_at,"
		"    min(ends_at) FILTER (WHERE rs = 1) AS ends_at,"
		"    bool_or(all_day) FILTER (WHERE rs = 1) AS all_day,"
		"    min(start_precision) FILTER (WHERE rs = 1) AS start_precision,"
		"    min(timezone) FILTER (WHERE rs = 1) AS timezone,"
		"    " FIRST("is_online") ", " FIRST("venue_name") ", " FIRST("address") ", " FIRST("city") ","
		"    " FIRST("region") ", " FIRST("postal_code") ", " FIRST("country") ","
		"    (array_agg(latitude ORDER BY r) FILTER (WHERE latitude IS NOT NULL AND longitude IS NOT NULL))[1] AS latitude,"
		"    (array_agg(longitude ORDER BY r) FILTER (WHERE latitude IS NOT NULL AND longitude IS NOT NULL))[1] AS longitude,"
		"    " FIRST("organizer") ", " FIRST("organizer_url") ", " FIRST("category") ","
		/* array_agg of arrays would want them all of one length */
		"    (array_agg(tags::text ORDER BY r) FILTER (WHERE tags IS NOT NULL))[1]::text[] AS tags,"
		"    " FIRST("language") ", " FIRST("is_free") ", " FIRST("price_min") ", " FIRST("price_max") ","
		"    " FIRST("currency") ", " FIRST("series_id") ", " FIRST("attributes") ","
		"    count(*)::int4 AS nb_listings, array_agg(DISTINCT source COLLATE \"default\" ORDER BY source COLLATE \"default\") AS sources"
		"  FROM ranked GROUP BY event_id)"
		" UPDATE ingest.event e SET (" DESCRIPTIVE_COLUMNS ", nb_listings, sources, updated_at)"
		" = (SELECT " DESCRIPTIVE_COLUMNS ", nb_listings, sources, now() FROM merged m2 WHERE m2.id = e.id)"
		" FROM merged m WHERE e.id = m.id"
		" AND (e.title, e.description, e.url, e.image_url, e.status, e.starts_at, e.ends_at, "
		"e.all_day, e.start_precision, e.timezone, e.is_online, e.venue_name, e.address, "
		"e.city, e.region, e.postal_code, e.country, e.latitude, e.longitude, "
		"e.organizer, e.organizer_url, e.category, e.tags, e.language, e.is_free, "
		"e.price_min, e.price_max, e.currency, e.series_id, e.attributes, e.nb_listings, "
		"e.sources)"
		" IS DISTINCT FROM (m.title, m.description, m.url, m.image_url, m.status, m.starts_at, m.ends_at, "
		"m.all_day, m.start_precision, m.timezone, m.is_online, m.venue_name, m.address, "
		"m.city, m.region, m.postal_code, m.country, m.latitude, m.longitude, "
		"m.organizer, m.organizer_url, m.category, m.tags, m.language, m.is_free, "
		"m.price_min, m.price_max, m.currency, m.series_id, m.attributes, m.nb_listings, "
		"m.sources)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(events, nevents)};

	(void) StoreExecute(&merge, values, NULL, 0);
}

/*
 * The same for events that one listing alone makes up, which most are: its
 * columns as they are.  How many of the events these were.
 *
 * Sources are compared as arrays: "l.source = e.sources[1]" would be taken for
 * a key of the index on (source, source_id), and all listings of the source
 * read for each event.
 */
static int
copy_lone_listings(const int64 *events, int nevents)
{
	static StoreStatement copy = {
		"UPDATE ingest.event e SET"
		" title = l.title, description = l.description, url = l.url, image_url = l.image_url,"
		" status = l.status, starts_at = l.starts_at, ends_at = l.ends_at, all_day = l.all_day,"
		" start_precision = l.start_precision, timezone = l.timezone, is_online = l.is_online,"
		" venue_name = l.venue_name, address = l.address, city = l.city, region = l.region,"
		" postal_code = l.postal_code, country = l.country, latitude = l.latitude,"
		" longitude = l.longitude, organizer = l.organizer, organizer_url = l.organizer_url,"
		" category = l.category, tags = l.tags, language = l.language, is_free = l.is_free,"
		" price_min = l.price_min, price_max = l.price_max, currency = l.currency,"
		" series_id = l.series_id, attributes = l.attributes, updated_at = now()"
		" FROM ingest.listing l WHERE e.id = ANY ($1) AND l.event_id = e.id"
		" AND e.nb_listings = 1 AND e.sources = ARRAY[l.source]"
		" AND NOT EXISTS (SELECT FROM ingest.listing o WHERE o.event_id = e.id AND o.id <> l.id)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(events, nevents)};

	return (int) StoreExecute(&copy, values, NULL, 0);
}

void
EventRefresh(int64 *events, int nevents)
{
	int			ndistinct = 0;

	qsort(events, nevents, sizeof(int64), compare_int64);
	for (int i = 0; i < nevents; i++)
		if (i == 0 || events[i] != events[ndistinct - 1])
			events[ndistinct++] = events[i];
	if (ndistinct > 0 && copy_lone_listings(events, ndistinct) < ndistinct)
		merge_listings(events, ndistinct);
}

/* The merge log's line for new listings that joined a known event */
static void
log_joins(int64 job_id, BatchItem **items, int nitems)
{
	static StoreStatement log = {
		"INSERT INTO ingest.merge_log (job_id, by, rule, listing_id, from_event, to_event)"
		" SELECT $1, 'ingest', 'exact fingerprint', l, NULL, e FROM unnest($2, $3) AS j (l, e)",
		SPI_OK_INSERT, 3, {INT8OID, INT8ARRAYOID, INT8ARRAYOID}
	};
	int64	   *listings = palloc((nitems + 1) * sizeof(int64));
	int64	   *events = palloc((nitems + 1) * sizeof(int64));
	Datum		values[3];
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		if (items[i]->merged)
		{
			listings[n] = items[i]->listing_id;
			events[n++] = items[i]->event_id;
		}
	if (n == 0)
		return;
	values[0] = Int64GetDatum(job_id);
	values[1] = int64_array(listings, n);
	values[2] = int64_array(events, n);
	(void) StoreExecute(&log, values, NULL, 0);
}

void
EventSettle(int64 job_id, BatchItem **items, int nitems)
{
	int64	   *keys = palloc((2 * nitems + 1) * sizeof(int64));
	int64	   *keyless = palloc((nitems + 1) * sizeof(int64));
	int64	   *events = palloc((nitems + 1) * sizeof(int64));
	int			nkeys = 0;
	int			nkeyless = 0;
	int			nevents = 0;

	log_joins(job_id, items, nitems);
	for (int i = 0; i < nitems; i++)
	{
		const BatchItem *item = items[i];

		/* A new event of one listing is that listing's copy already */
		if (!item->event_new)
			events[nevents++] = item->event_id;
		if (!item->regroup)
			continue;
		if (item->has_fingerprint)
			keys[nkeys++] = item->fingerprint;
		else
			keyless[nkeyless++] = item->listing_id;
		if (item->has_old_key)
			keys[nkeys++] = item->old_key;
	}
	if (nkeys + nkeyless > 0)
		regroup(job_id, items, nitems, keys, nkeys, keyless, nkeyless, &events, &nevents);
	EventRefresh(events, nevents);
}
