/*
 * src/store/neighbours.c
 *
 * Candidates are found by block keys, a look-up each; only listings that turn
 * out to be related are followed further.  Most new listings meet nobody.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/columns.h"
#include "store/keys.h"
#include "store/neighbours.h"
#include "store/vocabulary.h"

/* So many listings are clustered at a time; a hostile feed could link all */
#define MOST_MEMBERS 4000

typedef struct NeighbourEntry
{
	int64		id;
	Neighbour	   *node;
} NeighbourEntry;

typedef struct PairKey
{
	int64		a;
	int64		b;
} PairKey;

static Datum
id_array(const int64 *ids, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

static HTAB *
create_hash(const char *name, Size keysize, Size entrysize)
{
	HASHCTL		control = {0};

	control.keysize = keysize;
	control.entrysize = entrysize;
	control.hcxt = CurrentMemoryContext;
	return hash_create(name, 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

Neighbours *
NeighboursCreate(void)
{
	Neighbours *around = palloc0(sizeof(Neighbours));

	VocabularyLoad();
	around->context = CurrentMemoryContext;
	around->by_id = create_hash("ingest nodes", sizeof(int64), sizeof(NeighbourEntry));
	around->compared = create_hash("ingest pairs", sizeof(PairKey), sizeof(PairKey));
	return around;
}

/* ---- nodes ---- */

Neighbour *
NeighboursFind(const Neighbours *around, int64 id)
{
	NeighbourEntry  *entry = hash_search(around->by_id, &id, HASH_FIND, NULL);

	return entry == NULL ? NULL : entry->node;
}

/* A node with an empty profile, known by its id from now on */
static Neighbour *
new_node(Neighbours *around, int64 id)
{
	Neighbour	   *node = palloc(sizeof(Neighbour));
	NeighbourEntry  *entry;

	memset(node, 0, offsetof(Neighbour, profile));
	node->item = NULL;
	node->session_gap = 0;
	node->member = node->looked_around = node->leaving = node->gone = false;
	node->id = id;
	if (around->nnodes == around->nodes_size)
	{
		around->nodes_size = around->nodes_size == 0 ? 256 : 2 * around->nodes_size;
		around->nodes = around->nodes == NULL ?
			palloc(around->nodes_size * sizeof(Neighbour *)) :
			repalloc(around->nodes, around->nodes_size * sizeof(Neighbour *));
	}
	around->nodes[around->nnodes++] = node;
	entry = hash_search(around->by_id, &id, HASH_ENTER, NULL);
	entry->node = node;
	return node;
}

Neighbour *
NeighboursAddItem(Neighbours *around, const char *source, BatchItem *item)
{
	MemoryContext old = MemoryContextSwitchTo(around->context);
	const Listing *listing = item->listing;
	Neighbour	   *node = new_node(around, item->listing_id);
	MatchListing facts = {0};

	node->event_id = item->event_id;
	node->source = source;
	node->source_id = item->source_id;
	node->item = item;
	facts.title = listing->title;
	facts.venue = VocabularyVenue(listing->venue_name);
	facts.address = listing->address;
	facts.postal_code = listing->postal_code;
	facts.city = listing->city;
	facts.url = listing->url;
	facts.start = listing->starts_at == FEED_TIME_UNKNOWN ? MATCH_TIME_UNKNOWN : listing->starts_at;
	facts.end = listing->ends_at == FEED_TIME_UNKNOWN ? MATCH_TIME_UNKNOWN : listing->ends_at;
	facts.local_start = listing->local_start;
	facts.timed = listing->start_precision == PRECISION_MINUTE && !listing->all_day;
	facts.has_place = !isnan(listing->latitude) && !isnan(listing->longitude);
	facts.latitude = listing->latitude;
	facts.longitude = listing->longitude;
	facts.online = listing->is_online == TRI_TRUE;
	MatchProfileInit(&node->profile, &facts, VocabularyWords());
	MemoryContextSwitchTo(old);
	return node;
}

/* A text column in UTF-8, or NULL */
static char *
utf8_column(uint64 row, int column)
{
	char	   *value = StoreString(row, column);

	return value == NULL ? NULL : pg_server_to_any(value, strlen(value), PG_UTF8);
}

/* A timestamp column as seconds since 1970, whatever zone it counts in */
static int64
seconds_column(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	if (isnull || TIMESTAMP_NOT_FINITE(DatumGetInt64(value)))
		return MATCH_TIME_UNKNOWN;
	return TimestampTzToFeedTime(DatumGetInt64(value));
}

static double
float_column(uint64 row, int column, bool *isnull)
{
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);

	return *isnull ? 0 : DatumGetFloat8(value);
}

static bool
bool_column(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* A node from a row of load_stored's query */
static void
read_node(Neighbours *around, uint64 row)
{
	MemoryContext spi = MemoryContextSwitchTo(around->context);
	Neighbour	   *node = new_node(around, StoreInt64(row, 1, 0));
	MatchListing facts = {0};
	bool		no_latitude;
	bool		no_longitude;

	node->event_id = StoreInt64(row, 2, 0);
	node->source = StoreString(row, 3);
	node->source_id = StoreString(row, 4);
	MemoryContextSwitchTo(spi);

	facts.title = utf8_column(row, 5);
	facts.venue = VocabularyVenue(utf8_column(row, 6));
	facts.address = utf8_column(row, 7);
	facts.postal_code = utf8_column(row, 8);
	facts.city = utf8_column(row, 9);
	facts.url = utf8_column(row, 10);
	facts.start = seconds_column(row, 11);
	facts.end = seconds_column(row, 12);
	facts.local_start = seconds_column(row, 13);
	facts.timed = bool_column(row, 14);
	facts.latitude = float_column(row, 15, &no_latitude);
	facts.longitude = float_column(row, 16, &no_longitude);
	facts.has_place = !no_latitude && !no_longitude;
	facts.online = bool_column(row, 17);
	node->gone = bool_column(row, 18);
	MatchProfileInit(&node->profile, &facts, VocabularyWords());
}

void
NeighboursAddStored(Neighbours *around, const int64 *ids, int n, bool as_members)
{
	static StoreStatement load = {
		"SELECT l.id, l.event_id, l.source, l.source_id, l.title, l.venue_name, l.address, l.postal_code,"
		" l.city, l.url, l.starts_at, l.ends_at, l.starts_at AT TIME ZONE coalesce(l.timezone, s.timezone),"
		" l.start_precision = 'minute' AND NOT l.all_day, l.latitude, l.longitude, l.is_online,"
		" l.missing_runs > 0 OR l.withdrawn_at IS NOT NULL"
		" FROM ingest.listing l JOIN ingest.source s ON s.name = l.source WHERE l.id = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	int64	   *unknown = palloc((n + 1) * sizeof(int64));
	int			nunknown = 0;

	for (int i = 0; i < n; i++)
		if (NeighboursFind(around, ids[i]) == NULL)
			unknown[nunknown++] = ids[i];
	if (nunknown > 0)
	{
		Datum		values[1] = {id_array(unknown, nunknown)};
		uint64		nfound = StoreExecute(&load, values, NULL, 0);

		for (uint64 row = 0; row < nfound; row++)
			if (NeighboursFind(around, StoreInt64(row, 1, 0)) == NULL)
				read_node(around, row);
	}
	for (int i = 0; as_members && i < n; i++)
	{
		Neighbour	   *node = NeighboursFind(around, ids[i]);

		if (node != NULL)
			node->member = true;
	}
}

/* ---- pairs ---- */

static NeighbourPair *
add_pair(Neighbours *around, Neighbour *a, Neighbour *b)
{
	MemoryContext old = MemoryContextSwitchTo(around->context);
	NeighbourPair   *pair;

	if (around->npairs == around->pairs_size)
	{
		around->pairs_size = around->pairs_size == 0 ? 64 : 2 * around->pairs_size;
		around->pairs = around->pairs == NULL ?
			palloc(around->pairs_size * sizeof(NeighbourPair)) :
			repalloc_huge(around->pairs, around->pairs_size * sizeof(NeighbourPair));
	}
	MemoryContextSwitchTo(old);
	pair = &around->pairs[around->npairs++];
	memset(pair, 0, sizeof(*pair));
	pair->a = a;
	pair->b = b;
	return pair;
}

/* True the first time it is asked of two nodes */
static bool
first_meeting(Neighbours *around, const Neighbour *a, const Neighbour *b)
{
	PairKey		key = {Min(a->id, b->id), Max(a->id, b->id)};
	bool		found;

	(void) hash_search(around->compared, &key, HASH_ENTER, &found);
	return !found;
}

static void
note_gap(Neighbour *node, int64 gap)
{
	if (node->session_gap == 0 || gap < node->session_gap)
		node->session_gap = gap;
}

/* Two listings that share a key: what have they to do with each other? */
static void
meet(Neighbours *around, Neighbour *node, Neighbour *other)
{
	bool		same_source = strcmp(node->source, other->source) == 0;
	bool		beside = node->profile.addon != other->profile.addon;
	int64		gap;
	MatchResult result;

	if (!first_meeting(around, node, other))
		return;
	gap = same_source ? MatchSessionGap(&node->profile, &other->profile) : 0;
	if (gap != 0)
	{
		note_gap(node, gap);
		note_gap(other, gap);
		node->member = other->member = true;
		return;
	}
	/* of one source: only under another id, or beside its event */
	if (same_source && !beside &&
		!((node->gone || other->gone) && MatchSaysSame(&node->profile, &other->profile)))
		return;
	MatchCompare(&node->profile, &other->profile, false, &result);
	/* who says the same under another id needs no rare words for it */
	if (same_source && !beside)
	{
		result.caps = 0;
		result.score = 1;
	}
	if ((result.vetoes & ~VETO_ADDON) != 0 || result.score < (beside ? MATCH_AUTO : MATCH_REVIEW))
		return;
	add_pair(around, node, other)->result = result;
	node->member = other->member = true;
}

/* ---- looking around ---- */

/* A node and someone who shares a key with it */
typedef struct Acquaintance
{
	Neighbour	   *node;
	int64		other;
} Acquaintance;

typedef struct Acquaintances
{
	Acquaintance *list;
	int			n;
	int			size;
} Acquaintances;

/* Everyone whom the node may have to do with */
static void
find_acquaintances(KeyScan *scan, Neighbour *node, Acquaintances *found)
{
	int64		ids[KEYS_MOST_FOUND];
	int			n = KeysFind(scan, node, ids);

	node->looked_around = true;
	if (found->n + n > found->size)
	{
		found->size = 2 * (found->n + n) + 256;
		found->list = found->list == NULL ? palloc(found->size * sizeof(Acquaintance)) :
			repalloc_huge(found->list, found->size * sizeof(Acquaintance));
	}
	for (int i = 0; i < n; i++)
		found->list[found->n++] = (Acquaintance) {node, ids[i]};
}

/* Look around all nodes that were not yet; only members after the first round */
static void
meet_candidates(Neighbours *around, bool members_only)
{
	KeyScan    *scan = KeysOpen();
	Acquaintances found = {0};
	int64	   *ids;

	for (int i = 0; i < around->nnodes; i++)
	{
		Neighbour	   *node = around->nodes[i];

		if (!node->looked_around && (node->member || (!members_only && node->item != NULL)))
			find_acquaintances(scan, node, &found);
	}
	KeysClose(scan);

	ids = palloc((found.n + 1) * sizeof(int64));
	for (int i = 0; i < found.n; i++)
		ids[i] = found.list[i].other;
	NeighboursAddStored(around, ids, found.n, false);
	for (int i = 0; i < found.n; i++)
	{
		Neighbour	   *other = NeighboursFind(around, found.list[i].other);

		if (other != NULL)
			meet(around, found.list[i].node, other);
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

static int64 *
member_ids(const Neighbours *around, bool events, int *n)
{
	int64	   *ids = palloc((around->nnodes + 1) * sizeof(int64));

	*n = 0;
	for (int i = 0; i < around->nnodes; i++)
		if (around->nodes[i]->member)
			ids[(*n)++] = events ? around->nodes[i]->event_id : around->nodes[i]->id;
	return ids;
}

/* The other listings of the members' events */
static void
add_companions(Neighbours *around)
{
	static StoreStatement find = {
		"SELECT id FROM ingest.listing WHERE event_id = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	int			n;
	int64	   *events = member_ids(around, true, &n);
	Datum		values[1] = {id_array(events, n)};
	uint64		nfound = n == 0 ? 0 : StoreExecute(&find, values, NULL, 0);
	int64	   *ids = palloc((nfound + 1) * sizeof(int64));

	for (uint64 row = 0; row < nfound; row++)
		ids[row] = StoreInt64(row, 1, 0);
	NeighboursAddStored(around, ids, (int) nfound, true);
}

/* People's decisions on the members, with their partners */
static void
add_decisions(Neighbours *around)
{
	static StoreStatement find = {
		"SELECT listing_a, listing_b, (verdict = 'same')::int4::int8 FROM ingest.match_decision"
		" WHERE listing_a = ANY ($1) OR listing_b = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	int			n;
	int64	   *members = member_ids(around, false, &n);
	Datum		values[1] = {id_array(members, n)};
	uint64		nfound = n == 0 ? 0 : StoreExecute(&find, values, NULL, 0);
	int64	   *ids = palloc((2 * nfound + 1) * sizeof(int64));
	bool	   *same = palloc((nfound + 1) * sizeof(bool));

	for (uint64 row = 0; row < nfound; row++)
	{
		ids[2 * row] = StoreInt64(row, 1, 0);
		ids[2 * row + 1] = StoreInt64(row, 2, 0);
		same[row] = StoreInt64(row, 3, 0) != 0;
	}
	NeighboursAddStored(around, ids, 2 * (int) nfound, true);
	for (uint64 i = 0; i < nfound; i++)
	{
		Neighbour	   *a = NeighboursFind(around, ids[2 * i]);
		Neighbour	   *b = NeighboursFind(around, ids[2 * i + 1]);
		NeighbourPair   *pair = NULL;

		if (a == NULL || b == NULL)
			continue;
		for (int j = 0; j < around->npairs && pair == NULL; j++)
			if ((around->pairs[j].a == a && around->pairs[j].b == b) ||
				(around->pairs[j].a == b && around->pairs[j].b == a))
				pair = &around->pairs[j];
		if (pair == NULL)
		{
			(void) first_meeting(around, a, b);
			pair = add_pair(around, a, b);
			MatchCompare(&a->profile, &b->profile, strcmp(a->source, b->source) == 0, &pair->result);
		}
		pair->human = same[i] ? PAIR_SAME : PAIR_DISTINCT;
	}
}

static int
count_members(const Neighbours *around)
{
	int			n = 0;

	for (int i = 0; i < around->nnodes; i++)
		n += around->nodes[i]->member;
	return n;
}

void
NeighboursLook(Neighbours *around)
{
	int			before;

	meet_candidates(around, false);
	do
	{
		before = count_members(around);
		if (before == 0)
			return;
		if (before > MOST_MEMBERS)
		{
			around->too_many = true;
			return;
		}
		add_companions(around);
		add_decisions(around);
		meet_candidates(around, true);
	} while (count_members(around) > before);
}
