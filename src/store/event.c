/*
 * src/store/event.c
 *
 * Which listings make up which event.
 *
 * A batch first writes its rows, each new listing with an event of its own.
 * Then, one after the other where their days are near (a lock on weeks, held
 * until the commit), batches look who of them is one with whom.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "store/columns.h"
#include "store/event.h"
#include "store/keys.h"

/* Our own class of advisory locks, beside the one of job.c */
#define LOCK_CLASS_WEEK 78
#define LOCK_WEEKS 256

static Datum
int64_array(const int64 *numbers, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

static Datum
text_array(const char *const *texts, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = CStringGetTextDatum(texts[i]);
	return PointerGetDatum(construct_array(datums, n, TEXTOID, -1, false, 'i'));
}

/* ---- locks ---- */

void
EventLockDays(const int64 *days, int n)
{
	bool		wanted[LOCK_WEEKS] = {false};

	/* a mistaken zone may have moved a partner to the day before or after */
	for (int i = 0; i < n; i++)
		for (int64 day = days[i] - 1; day <= days[i] + 1; day++)
			wanted[(uint64) (day / 7) % LOCK_WEEKS] = true;

	/* in one order for all, so that nobody waits in a circle */
	for (int week = 0; week < LOCK_WEEKS; week++)
	{
		LOCKTAG		tag;

		if (!wanted[week])
			continue;
		SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, week, LOCK_CLASS_WEEK);
		(void) LockAcquire(&tag, ExclusiveLock, false, false);
	}
}

/* The local days of stored listings, each once, in CurrentMemoryContext */
static int64 *
days_of(const int64 *listings, int n, int *ndays)
{
	static StoreStatement load = {
		"SELECT DISTINCT (l.starts_at AT TIME ZONE coalesce(l.timezone, s.timezone))::date - date '1970-01-01'"
		" FROM ingest.listing l JOIN ingest.source s ON s.name = l.source"
		" WHERE l.id = ANY ($1) AND l.starts_at IS NOT NULL",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(listings, n)};
	uint64		nfound = n == 0 ? 0 : StoreExecute(&load, values, NULL, 0);
	int64	   *days = palloc((nfound + 1) * sizeof(int64));

	for (uint64 row = 0; row < nfound; row++)
	{
		bool		isnull;

		days[row] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &isnull));
	}
	*ndays = (int) nfound;
	return days;
}

void
EventLockListings(const int64 *listings, int n)
{
	int			ndays;
	int64	   *days = days_of(listings, n, &ndays);

	EventLockDays(days, ndays);
}

/* ---- clusters ---- */

static int
compare_members(const void *a, const void *b)
{
	const Neighbour *x = *(Neighbour *const *) a;
	const Neighbour *y = *(Neighbour *const *) b;
	int			cmp = strcmp(x->source, y->source);

	return cmp != 0 ? cmp : strcmp(x->source_id, y->source_id);
}

void
EventCluster(Neighbours *around, Clustering *group)
{
	int			source = 0;

	group->members = palloc((around->nnodes + 1) * sizeof(Neighbour *));
	group->n = 0;
	for (int i = 0; i < around->nnodes; i++)
		if (around->nodes[i]->member)
			group->members[group->n++] = around->nodes[i];
	qsort(group->members, group->n, sizeof(Neighbour *), compare_members);

	group->nodes = palloc0((group->n + 1) * sizeof(ClusterNode));
	for (int i = 0; i < group->n; i++)
	{
		Neighbour	   *node = group->members[i];

		if (i > 0 && strcmp(node->source, group->members[i - 1]->source) != 0)
			source++;
		node->order = i;
		group->nodes[i].profile = &node->profile;
		group->nodes[i].source = source;
		group->nodes[i].session_gap = node->session_gap;
		group->nodes[i].gone = node->gone;
	}

	group->pairs = palloc0((around->npairs + 1) * sizeof(ClusterPair));
	group->npairs = 0;
	for (int i = 0; i < around->npairs; i++)
	{
		const NeighbourPair *pair = &around->pairs[i];
		ClusterPair *put = &group->pairs[group->npairs++];

		put->a = Min(pair->a->order, pair->b->order);
		put->b = Max(pair->a->order, pair->b->order);
		put->human = pair->human;
		put->result = pair->result;
	}
	if (MatchCluster(group->nodes, group->n, group->pairs, group->npairs) != 0)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/* ---- events of clusters ---- */

/* A cluster's wish for an event: the oldest that its members make up */
typedef struct Wish
{
	int			cluster;
	bool		changed;		/* the member is of this batch, or told to leave */
	int64		event_id;
} Wish;

/*
 * Clusters with a listing that stayed as it was choose first: an event's id
 * stays with them when one of its listings becomes something else.  Older
 * events before younger.
 */
static int
compare_wishes(const void *a, const void *b)
{
	const Wish *x = a;
	const Wish *y = b;

	if (x->changed != y->changed)
		return x->changed ? 1 : -1;
	if (x->event_id != y->event_id)
		return x->event_id > y->event_id ? 1 : -1;
	return x->cluster - y->cluster;
}

/* A row for an event that is split off, filled by the refresh that follows */
int64
EventSplitOff(int64 listing_id)
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

static void
choose_targets(Clustering *group)
{
	Wish	   *wishes = palloc((group->n + 1) * sizeof(Wish));
	int64	   *chosen = palloc0((group->n + 1) * sizeof(int64));	/* by cluster */
	HASHCTL		control = {0};
	HTAB	   *claimed;

	control.keysize = control.entrysize = sizeof(int64);
	control.hcxt = CurrentMemoryContext;
	claimed = hash_create("ingest claimed events", group->n + 1, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < group->n; i++)
		wishes[i] = (Wish) {group->nodes[i].cluster, 
			group->members[i]->item != NULL || group->members[i]->leaving, group->members[i]->event_id};
	qsort(wishes, group->n, sizeof(Wish), compare_wishes);
	for (int i = 0; i < group->n; i++)
	{
		bool		found;

		if (chosen[wishes[i].cluster] != 0)
			continue;
		(void) hash_search(claimed, &wishes[i].event_id, HASH_ENTER, &found);
		if (!found)
			chosen[wishes[i].cluster] = wishes[i].event_id;
	}
	group->targets = palloc((group->n + 1) * sizeof(int64));
	for (int i = 0; i < group->n; i++)
	{
		int			cluster = group->nodes[i].cluster;

		if (chosen[cluster] == 0)
			chosen[cluster] = EventSplitOff(group->members[i]->id);
		group->targets[i] = chosen[cluster];
	}
}

/* ---- evidence ---- */

/* Why a pair is, or may be, one event, as JSON */
static char *
evidence_json(const ClusterPair *pair)
{
	StringInfoData json;
	const char *separator = "";

	initStringInfo(&json);
	appendStringInfo(&json, "{\"title\": %.3f, \"time\": ", pair->result.title);
	pair->result.time < 0 ? appendStringInfoString(&json, "null") :
		appendStringInfo(&json, "%.3f", pair->result.time);
	appendStringInfoString(&json, ", \"venue\": ");
	pair->result.venue < 0 ? appendStringInfoString(&json, "null") :
		appendStringInfo(&json, "%.3f", pair->result.venue);
	appendStringInfoString(&json, ", \"reasons\": [");
	for (unsigned bit = 1; bit != 0; bit <<= 1)
	{
		const char *name = (pair->result.caps & bit) ? MatchCapName(bit) : NULL;

		if (name == NULL)
			continue;
		appendStringInfoString(&json, separator);
		escape_json(&json, name);
		separator = ", ";
	}
	if (pair->ambiguous)
		appendStringInfo(&json, "%s\"another candidate is as good\"", separator);
	appendStringInfoString(&json, "]}");
	return json.data;
}

/* The best pair that ties a member to its cluster, or NULL */
static const ClusterPair *
best_tie(const Clustering *group, int member)
{
	for (int i = 0; i < group->npairs; i++)
	{
		const ClusterPair *pair = &group->pairs[i];

		/* they are sorted, the best first */
		if ((pair->a == member || pair->b == member) && pair->verdict == PAIR_SAME &&
			group->nodes[pair->a].cluster == group->nodes[pair->b].cluster)
			return pair;
	}
	return NULL;
}

/* ---- moving ---- */

static bool
is_new(const Neighbour *node)
{
	return node->item != NULL && node->item->stored.id == 0;
}

/* Re-point the listings whose event changes, and log it */
static void
move_listings(Clustering *group, const Regrouping *how)
{
	static StoreStatement move = {
		"UPDATE ingest.listing l SET event_id = m.event_id FROM unnest($1, $2) AS m (id, event_id) WHERE l.id = m.id",
		SPI_OK_UPDATE, 2, {INT8ARRAYOID, INT8ARRAYOID}
	};
	static StoreStatement log = {
		"INSERT INTO ingest.merge_log (job_id, by, rule, listing_id, from_event, to_event, score, evidence,"
		" action_id, from_row, to_row, from_ids)"
		" SELECT nullif($1, 0), $2, $3, l, nullif(f, 0), t, nullif(s, -1), nullif(e, '')::jsonb, nullif($9, 0),"
		/* what was new has no state before */
		" CASE WHEN f <> 0 THEN (SELECT to_jsonb(v) FROM ingest.event v WHERE v.id = f) END,"
		" CASE WHEN f <> 0 THEN (SELECT to_jsonb(v) FROM ingest.event v WHERE v.id = t) END,"
		" CASE WHEN f <> 0 THEN (SELECT array_agg(a.old_id) FROM ingest.event_alias a WHERE a.event_id = f) END"
		" FROM unnest($4, $5, $6, $7, $8) AS m (l, f, t, s, e)",
		SPI_OK_INSERT, 9,
		{INT8OID, TEXTOID, TEXTOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, FLOAT8ARRAYOID, TEXTARRAYOID, INT8OID}
	};
	int64	   *listings = palloc((group->n + 1) * sizeof(int64));
	int64	   *from = palloc((group->n + 1) * sizeof(int64));
	int64	   *to = palloc((group->n + 1) * sizeof(int64));
	Datum	   *scores = palloc((group->n + 1) * sizeof(Datum));
	const char **evidence = palloc((group->n + 1) * sizeof(char *));
	Datum		values[9];
	int			n = 0;

	for (int i = 0; i < group->n; i++)
	{
		const Neighbour *node = group->members[i];
		const ClusterPair *tie;

		if (node->event_id == group->targets[i])
			continue;
		tie = best_tie(group, i);
		listings[n] = node->id;
		from[n] = is_new(node) ? 0 : node->event_id;
		to[n] = group->targets[i];
		scores[n] = Float8GetDatum(tie == NULL ? -1 : tie->result.score);
		evidence[n++] = tie == NULL ? "" : evidence_json(tie);
	}
	if (n == 0)
		return;
	values[0] = int64_array(listings, n);
	values[1] = int64_array(to, n);
	(void) StoreExecute(&move, values, NULL, 0);
	values[0] = Int64GetDatum(how->job_id);
	values[1] = CStringGetTextDatum(how->by);
	values[2] = CStringGetTextDatum(how->rule);
	values[3] = int64_array(listings, n);
	values[4] = int64_array(from, n);
	values[5] = int64_array(to, n);
	values[6] = PointerGetDatum(construct_array(scores, n, FLOAT8OID, 8, FLOAT8PASSBYVAL, 'd'));
	values[7] = text_array(evidence, n);
	values[8] = Int64GetDatum(how->action_id);
	(void) StoreExecute(&log, values, NULL, 0);
}

/*
 * Events that their last listing has left live on as aliases of the ones that
 * the listing went to; those that this transaction made, nobody knows.
 */
static void
retire_events(const Clustering *group)
{
	static StoreStatement retire = {
		"WITH moved AS (SELECT DISTINCT ON (f) f, t FROM unnest($1, $2) AS m (f, t) ORDER BY f, t),"
		" gone AS (DELETE FROM ingest.event e USING moved WHERE e.id = moved.f"
		" AND NOT EXISTS (SELECT FROM ingest.listing l WHERE l.event_id = e.id)"
		" RETURNING e.id, e.created_at, moved.t),"
		" aliases AS (UPDATE ingest.event_alias a SET event_id = gone.t FROM gone WHERE a.event_id = gone.id)"
		" INSERT INTO ingest.event_alias (old_id, event_id) SELECT id, t FROM gone WHERE created_at < now()",
		SPI_OK_INSERT, 2, {INT8ARRAYOID, INT8ARRAYOID}
	};
	int64	   *from = palloc((group->n + 1) * sizeof(int64));
	int64	   *to = palloc((group->n + 1) * sizeof(int64));
	Datum		values[2];
	int			n = 0;

	for (int i = 0; i < group->n; i++)
		if (group->members[i]->event_id != group->targets[i])
		{
			from[n] = group->members[i]->event_id;
			to[n++] = group->targets[i];
		}
	if (n == 0)
		return;
	values[0] = int64_array(from, n);
	values[1] = int64_array(to, n);
	(void) StoreExecute(&retire, values, NULL, 0);
}

/* ---- reviews ---- */

/* Pairs that wait for a person: those there are now, and no other of these listings */
static void
write_reviews(Clustering *group)
{
	static StoreStatement forget = {
		"DELETE FROM ingest.match_review r WHERE (listing_a = ANY ($1) OR listing_b = ANY ($1))"
		" AND NOT EXISTS (SELECT FROM unnest($2, $3) AS k (a, b) WHERE k.a = r.listing_a AND k.b = r.listing_b)",
		SPI_OK_DELETE, 3, {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
	};
	static StoreStatement put = {
		"INSERT INTO ingest.match_review AS r (listing_a, listing_b, score, evidence)"
		" SELECT a, b, s, e::jsonb FROM unnest($1, $2, $3, $4) AS k (a, b, s, e)"
		" ON CONFLICT (listing_a, listing_b) DO UPDATE SET score = excluded.score, evidence = excluded.evidence"
		" WHERE (r.score, r.evidence) IS DISTINCT FROM (excluded.score, excluded.evidence)",
		SPI_OK_INSERT, 4, {INT8ARRAYOID, INT8ARRAYOID, FLOAT8ARRAYOID, TEXTARRAYOID}
	};
	int64	   *ids = palloc((group->n + 1) * sizeof(int64));
	int64	   *a = palloc((group->npairs + 1) * sizeof(int64));
	int64	   *b = palloc((group->npairs + 1) * sizeof(int64));
	Datum	   *scores = palloc((group->npairs + 1) * sizeof(Datum));
	const char **evidence = palloc((group->npairs + 1) * sizeof(char *));
	Datum		values[4];
	int			n = 0;

	for (int i = 0; i < group->n; i++)
		ids[i] = group->members[i]->id;
	for (int i = 0; i < group->npairs; i++)
	{
		const ClusterPair *pair = &group->pairs[i];
		Neighbour	   *x = group->members[pair->a];
		Neighbour	   *y = group->members[pair->b];

		if (pair->verdict != PAIR_REVIEW)
			continue;
		a[n] = Min(x->id, y->id);
		b[n] = Max(x->id, y->id);
		scores[n] = Float8GetDatum(pair->result.score);
		evidence[n++] = evidence_json(pair);
		if (x->item != NULL)
			x->item->review = true;
		if (y->item != NULL)
			y->item->review = true;
	}
	values[0] = int64_array(ids, group->n);
	values[1] = int64_array(a, n);
	values[2] = int64_array(b, n);
	(void) StoreExecute(&forget, values, NULL, 0);
	if (n == 0)
		return;
	values[0] = values[1];
	values[1] = values[2];
	values[2] = PointerGetDatum(construct_array(scores, n, FLOAT8OID, 8, FLOAT8PASSBYVAL, 'd'));
	values[3] = text_array(evidence, n);
	(void) StoreExecute(&put, values, NULL, 0);
}

/* ---- all of it ---- */

/* Tell the batch's items what became of them; the events that were touched */
static int64 *
settle_items(Clustering *group, int *nevents)
{
	int64	   *events = palloc((2 * group->n + 1) * sizeof(int64));
	int		   *sizes = palloc0((group->n + 1) * sizeof(int));

	*nevents = 0;
	for (int i = 0; i < group->n; i++)
		sizes[group->nodes[i].cluster]++;
	for (int i = 0; i < group->n; i++)
	{
		Neighbour	   *node = group->members[i];
		bool		moved = node->event_id != group->targets[i];

		if (node->item != NULL)
		{
			node->item->merged = sizes[group->nodes[i].cluster] > 1 && (is_new(node) || moved);
			node->item->event_id = group->targets[i];
		}
		if (moved || node->item != NULL)
		{
			events[(*nevents)++] = group->targets[i];
			events[(*nevents)++] = node->event_id;
		}
	}
	return events;
}

void
EventRegroup(Neighbours *around, const Regrouping *how)
{
	Clustering		group;
	int64	   *events;
	int			nevents;

	EventCluster(around, &group);
	if (group.n == 0)
		return;
	choose_targets(&group);
	move_listings(&group, how);
	retire_events(&group);
	write_reviews(&group);
	events = settle_items(&group, &nevents);
	EventRefresh(events, nevents);
}

/*
 * Listings that a changed one had to do with: other sessions of its source's
 * day, and partners in reviews.  Asked before its keys are replaced.
 */
static void
add_old_partners(Neighbours *around, const int64 *changed, int n)
{
	static StoreStatement find = {
		"SELECT o.listing_id FROM ingest.match_key k JOIN ingest.match_key o ON o.key = k.key"
		" JOIN ingest.listing l ON l.id = o.listing_id JOIN ingest.listing m ON m.id = k.listing_id AND m.source = l.source"
		" WHERE k.listing_id = ANY ($1)"
		" UNION SELECT r.listing_b FROM ingest.match_review r WHERE r.listing_a = ANY ($1)"
		" UNION SELECT r.listing_a FROM ingest.match_review r WHERE r.listing_b = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(changed, n)};
	uint64		nfound = StoreExecute(&find, values, NULL, 2000);
	int64	   *ids = palloc((nfound + 1) * sizeof(int64));

	for (uint64 row = 0; row < nfound; row++)
		ids[row] = StoreInt64(row, 1, 0);
	NeighboursAddStored(around, ids, (int) nfound, true);
}

/* A listing of the batch that changed in what it is matched by, is new, or is back */
static bool
wants_matching(const BatchItem *item)
{
	return item->stored.id == 0 || item->stored.gone || item->stored.match_hash != item->match_hash;
}

void
EventBefore(EventBatch *batch, BatchItem **items, int nitems)
{
	int64	   *changed = palloc((nitems + 1) * sizeof(int64));
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		if (items[i]->stored.id != 0 && wants_matching(items[i]))
			changed[n++] = items[i]->stored.id;
	batch->old_days = days_of(changed, n, &batch->nold_days);
}

/* Lock the days of all items, as they were and as they are */
static void
lock_items(const EventBatch *batch, BatchItem **items, int nitems)
{
	int64	   *days = palloc((nitems + batch->nold_days + 1) * sizeof(int64));
	int			n = batch->nold_days;

	memcpy(days, batch->old_days, n * sizeof(int64));
	for (int i = 0; i < nitems; i++)
		if (items[i]->listing->starts_at != FEED_TIME_UNKNOWN)
			days[n++] = items[i]->listing->local_start / SECS_PER_DAY - (items[i]->listing->local_start % SECS_PER_DAY < 0);
	EventLockDays(days, n);
}

/*
 * The events of stored items as they are now: a person may have merged or
 * split since the look-up.
 */
static void
reload_events(BatchItem **items, int nitems)
{
	static StoreStatement load = {
		"SELECT id, event_id FROM ingest.listing WHERE id = ANY ($1)",
		SPI_OK_SELECT, 1, {INT8ARRAYOID}
	};
	int64	   *ids = palloc((nitems + 1) * sizeof(int64));
	Datum		values[1];
	uint64		nfound;
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		if (items[i]->stored.id != 0)
			ids[n++] = items[i]->stored.id;
	if (n == 0)
		return;
	values[0] = int64_array(ids, n);
	nfound = StoreExecute(&load, values, NULL, 0);
	for (uint64 row = 0; row < nfound; row++)
		for (int i = 0; i < nitems; i++)
			if (items[i]->stored.id == StoreInt64(row, 1, 0))
				items[i]->event_id = StoreInt64(row, 2, 0);
}

/* Parking and VIP say nothing of the event they go with: noted where fields are merged */
static void
note_addons(Neighbour **nodes, int n)
{
	static StoreStatement note = {
		"UPDATE ingest.listing SET is_addon = NOT is_addon"
		" WHERE id = ANY ($1) AND NOT is_addon OR id = ANY ($2) AND is_addon",
		SPI_OK_UPDATE, 2, {INT8ARRAYOID, INT8ARRAYOID}
	};
	int64	   *addons = palloc((n + 1) * sizeof(int64));
	int64	   *others = palloc((n + 1) * sizeof(int64));
	int			naddons = 0;
	int			nothers = 0;
	Datum		values[2];

	for (int i = 0; i < n; i++)
	{
		if (nodes[i]->profile.addon)
			addons[naddons++] = nodes[i]->id;
		else if (!is_new(nodes[i]))
			others[nothers++] = nodes[i]->id;
	}
	if (naddons == 0 && nothers == 0)
		return;
	values[0] = int64_array(addons, naddons);
	values[1] = int64_array(others, nothers);
	(void) StoreExecute(&note, values, NULL, 0);
}

void
EventNoteAddons(Neighbours *around)
{
	note_addons(around->nodes, around->nnodes);
}

/* Listings that are looked at together */
#define GONE_BATCH 500

void
EventGone(const int64 *listings, int n)
{
	Regrouping	how = {0, "ingest", "score", 0};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "ingest gone listings", ALLOCSET_DEFAULT_SIZES);

	EventLockListings(listings, n);
	for (int i = 0; i < n; i += GONE_BATCH)
	{
		MemoryContext old = MemoryContextSwitchTo(scratch);
		Neighbours *around = NeighboursCreate();

		CHECK_FOR_INTERRUPTS();
		NeighboursAddStored(around, listings + i, Min(n - i, GONE_BATCH), true);
		NeighboursLook(around);
		EventRegroup(around, &how);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
}

void
EventMatch(const EventBatch *batch, const char *source, int64 job_id, BatchItem **items, int nitems)
{
	Neighbours *around = NeighboursCreate();
	Regrouping	how = {job_id, "ingest", "score", 0};
	Neighbour	  **nodes = palloc((nitems + 1) * sizeof(Neighbour *));
	int64	   *changed = palloc((nitems + 1) * sizeof(int64));
	int64	   *untouched = palloc((nitems + 1) * sizeof(int64));
	int			nnodes = 0;
	int			nchanged = 0;
	int			nuntouched = 0;

	lock_items(batch, items, nitems);
	reload_events(items, nitems);
	for (int i = 0; i < nitems; i++)
	{
		BatchItem  *item = items[i];
		Neighbour	   *node;

		item->merged = item->review = false;
		if (!wants_matching(item))
		{
			untouched[nuntouched++] = item->event_id;
			continue;
		}
		node = nodes[nnodes++] = NeighboursAddItem(around, source, item);
		if (item->stored.id != 0)
		{
			changed[nchanged++] = node->id;
			node->member = true;
		}
	}
	if (nchanged > 0)
		add_old_partners(around, changed, nchanged);
	if (nnodes > 0)
	{
		KeysStore(nodes, nnodes);
		note_addons(nodes, nnodes);
		NeighboursLook(around);
		EventRegroup(around, &how);
	}
	EventRefresh(untouched, nuntouched);
}
