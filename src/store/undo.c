/*
 * src/store/undo.c
 *
 * Taking a merge back: the listings go where they were, with the events' own
 * ids and rows, their aliases, and people's decisions as they were.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "store/decision.h"
#include "store/event.h"

/* What is taken back: rows of merge_log of one act */
typedef struct Undo
{
	int64		merge_id;
	int64		action_id;		/* a person's; 0: by score */
	int64	   *rows;			/* of merge_log */
	int64	   *listings;
	int64	   *from;			/* 0: the listing was new */
	int64	   *to;
	int			n;
} Undo;

static void
raise_unknown(int64 merge_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("merge %lld does not exist", (long long) merge_id),
			 errhint("SELECT merge_id, summary FROM ingest.merges lists them.")));
}

/* Find the merge, and that it can be taken back */
static void
load_merge(Undo *undo)
{
	static StoreStatement load = {
		"SELECT m.action_id, to_char(m.undone_at, 'YYYY-MM-DD HH24:MI:SS'), (m.score IS NOT NULL OR m.action_id IS NOT NULL)::int4::int8,"
		" (m.rule = 'undo')::int4::int8"
		" FROM ingest.merge_log m WHERE m.id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(undo->merge_id)};
	char	   *undone_at;

	if (StoreExecute(&load, values, NULL, 0) == 0)
		raise_unknown(undo->merge_id);
	undo->action_id = StoreInt64(0, 1, 0);
	undone_at = StoreString(0, 2);
	if (undone_at != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("merge %lld was undone already", (long long) undo->merge_id),
				 errdetail("That was at %s.", undone_at),
				 errhint("ingest_merge() joins the events again.")));
	if (StoreInt64(0, 3, 0) == 0 || StoreInt64(0, 4, 0) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("row %lld of merge_log is no merge, but a listing that left an event", (long long) undo->merge_id),
				 errhint("ingest_merge() joins two events.")));
}

/*
 * All rows of the act: of a person's action all; by score those that moved
 * together from one event to another.
 */
static void
load_rows(Undo *undo)
{
	static StoreStatement load = {
		"SELECT m.id, m.listing_id, m.from_event, m.to_event FROM ingest.merge_log m, ingest.merge_log o"
		" WHERE o.id = $1 AND m.undone_at IS NULL AND (m.id = o.id OR m.action_id = o.action_id"
		"  OR (o.action_id IS NULL AND m.action_id IS NULL AND m.from_event = o.from_event"
		"   AND m.to_event = o.to_event AND m.at = o.at))"
		" ORDER BY m.id",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(undo->merge_id)};

	undo->n = (int) StoreExecute(&load, values, NULL, 0);
	undo->rows = StoreInt64Column(undo->n, 1);
	undo->listings = StoreInt64Column(undo->n, 2);
	undo->from = StoreInt64Column(undo->n, 3);
	undo->to = StoreInt64Column(undo->n, 4);
}

/* Have the listings moved on since?  Then there is something else to take back first */
static void
check_still_there(const Undo *undo)
{
	static StoreStatement moved = {
		"SELECT u.listing, u.event, (SELECT max(m.id) FROM ingest.merge_log m WHERE m.listing_id = u.listing AND m.id <> u.row)"
		" FROM unnest($1, $2, $3) AS u (row, listing, event)"
		" WHERE NOT EXISTS (SELECT FROM ingest.listing l WHERE l.id = u.listing AND (l.event_id = u.event OR"
		"  EXISTS (SELECT FROM ingest.event_alias a WHERE a.old_id = u.event AND a.event_id = l.event_id)))"
		" ORDER BY u.row",
		SPI_OK_SELECT, 3, {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
	};
	Datum		values[3] = {StoreInt64Array(undo->rows, undo->n), StoreInt64Array(undo->listings, undo->n),
	StoreInt64Array(undo->to, undo->n)};

	if (StoreExecute(&moved, values, NULL, 1) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("merge %lld cannot be undone any more", (long long) undo->merge_id),
			 errdetail("Listing %lld is no longer in event %lld.",
					   (long long) StoreInt64(0, 1, 0), (long long) StoreInt64(0, 2, 0)),
			 StoreInt64(0, 3, 0) == 0 ? 0 :
			 errhint("Its last move is row %lld of ingest.merge_log.", (long long) StoreInt64(0, 3, 0))));
}

/* All listings of the events that the act was about */
static int64 *
all_listings(const Undo *undo, int *n)
{
	static StoreStatement load = {
		"SELECT l.id FROM ingest.listing l WHERE l.event_id IN"
		" (SELECT o.event_id FROM ingest.listing o WHERE o.id = ANY ($1)) OR l.event_id = ANY ($2) ORDER BY l.id",
		SPI_OK_SELECT, 2, {INT8ARRAYOID, INT8ARRAYOID}
	};
	Datum		values[2] = {StoreInt64Array(undo->listings, undo->n), StoreInt64Array(undo->from, undo->n)};

	*n = (int) StoreExecute(&load, values, NULL, 0);
	return StoreInt64Column(*n, 1);
}

/* ---- decisions ---- */

static void
restore_decisions(const Undo *undo)
{
	static StoreStatement forget = {
		"DELETE FROM ingest.match_decision d USING ingest.match_action a, jsonb_array_elements(a.decisions_before) e"
		" WHERE a.id = $1 AND d.listing_a = (e ->> 'a')::int8 AND d.listing_b = (e ->> 'b')::int8",
		SPI_OK_DELETE, 1, {INT8OID}
	};
	static StoreStatement restore = {
		"INSERT INTO ingest.match_decision SELECT d.* FROM ingest.match_action a,"
		" jsonb_array_elements(a.decisions_before) e,"
		" jsonb_populate_record(NULL::ingest.match_decision, nullif(e -> 'decision', 'null')) d"
		" WHERE a.id = $1 AND e -> 'decision' <> 'null'",
		SPI_OK_INSERT, 1, {INT8OID}
	};
	static StoreStatement unlearn = {
		"DELETE FROM ingest.venue_alias v USING ingest.match_action a WHERE a.id = $1 AND v.alias = ANY (a.aliases)",
		SPI_OK_DELETE, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(undo->action_id)};

	(void) StoreExecute(&forget, values, NULL, 0);
	(void) StoreExecute(&restore, values, NULL, 0);
	(void) StoreExecute(&unlearn, values, NULL, 0);
}

/* Questions that the action answered are open again, as old as they were */
static void
restore_reviews(const Undo *undo)
{
	static StoreStatement restore = {
		"INSERT INTO ingest.match_review SELECT r.* FROM ingest.match_action a,"
		" jsonb_array_elements(a.reviews_before) e,"
		" jsonb_populate_record(NULL::ingest.match_review, e) r WHERE a.id = $1 ON CONFLICT DO NOTHING",
		SPI_OK_INSERT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(undo->action_id)};

	if (undo->action_id != 0)
		(void) StoreExecute(&restore, values, NULL, 0);
}

/* What the score joined shall stay apart: distinct from all that are left behind */
static void
put_distinct(const Undo *undo, int64 action, const int64 *all, int nall, const char *note)
{
	int64	   *a = palloc(((Size) undo->n * nall + 1) * sizeof(int64));
	int64	   *b = palloc(((Size) undo->n * nall + 1) * sizeof(int64));
	int			n = 0;

	for (int i = 0; i < nall; i++)
	{
		bool		moves = false;

		for (int j = 0; j < undo->n; j++)
			moves |= undo->listings[j] == all[i];
		for (int j = 0; !moves && j < undo->n; j++)
		{
			a[n] = undo->listings[j];
			b[n++] = all[i];
		}
	}
	DecisionPut(action, a, b, n, "distinct", note);
}

/* ---- events ---- */

/* The events' rows that are gone, and the ids that led to them */
static void
restore_events(const Undo *undo)
{
	static StoreStatement revive = {
		"INSERT INTO ingest.event SELECT DISTINCT ON (e.id) e.* FROM ingest.merge_log m,"
		" jsonb_populate_record(NULL::ingest.event, m.from_row) e"
		" WHERE m.id = ANY ($1) AND m.from_row IS NOT NULL ORDER BY e.id, m.id ON CONFLICT DO NOTHING",
		SPI_OK_INSERT, 1, {INT8ARRAYOID}
	};
	static StoreStatement forget = {
		"DELETE FROM ingest.event_alias WHERE old_id = ANY ($1)",
		SPI_OK_DELETE, 1, {INT8ARRAYOID}
	};
	static StoreStatement lead = {
		"UPDATE ingest.event_alias a SET event_id = m.from_event FROM ingest.merge_log m"
		" WHERE m.id = ANY ($1) AND a.old_id = ANY (m.from_ids)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {StoreInt64Array(undo->rows, undo->n)};

	(void) StoreExecute(&revive, values, NULL, 0);
	(void) StoreExecute(&lead, values, NULL, 0);
	values[0] = StoreInt64Array(undo->from, undo->n);
	(void) StoreExecute(&forget, values, NULL, 0);
}

/* The listings back to where they were; new ones to events of their own */
static void
move_back(Undo *undo)
{
	static StoreStatement move = {
		"UPDATE ingest.listing l SET event_id = m.event_id FROM unnest($1, $2) AS m (id, event_id) WHERE l.id = m.id",
		SPI_OK_UPDATE, 2, {INT8ARRAYOID, INT8ARRAYOID}
	};
	static StoreStatement retire = {
		"DELETE FROM ingest.event e WHERE e.id = ANY ($1)"
		" AND NOT EXISTS (SELECT FROM ingest.listing l WHERE l.event_id = e.id)",
		SPI_OK_DELETE, 1, {INT8ARRAYOID}
	};
	Datum		values[2];

	for (int i = 0; i < undo->n; i++)
		if (undo->from[i] == 0)
			undo->from[i] = EventSplitOff(undo->listings[i]);
	values[0] = StoreInt64Array(undo->listings, undo->n);
	values[1] = StoreInt64Array(undo->from, undo->n);
	(void) StoreExecute(&move, values, NULL, 0);
	values[0] = StoreInt64Array(undo->to, undo->n);
	(void) StoreExecute(&retire, values, NULL, 0);
}

/* An event that says again what it said before was last changed when it was then */
static void
restore_times(const Undo *undo)
{
	static StoreStatement restore = {
		"UPDATE ingest.event e SET updated_at = b.updated_at FROM ingest.merge_log m,"
		" LATERAL (VALUES (m.from_row), (m.to_row)) AS r (row), jsonb_populate_record(NULL::ingest.event, r.row) b"
		" WHERE m.id = ANY ($1) AND r.row IS NOT NULL AND e.id = b.id"
		" AND to_jsonb(e) - 'updated_at' = to_jsonb(b) - 'updated_at'",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {StoreInt64Array(undo->rows, undo->n)};

	(void) StoreExecute(&restore, values, NULL, 0);
}

static void
refresh_events(const Undo *undo)
{
	int64	   *events = palloc((2 * undo->n + 1) * sizeof(int64));

	memcpy(events, undo->from, undo->n * sizeof(int64));
	memcpy(events + undo->n, undo->to, undo->n * sizeof(int64));
	EventRefresh(events, 2 * undo->n);
}

static void
mark_undone(const Undo *undo)
{
	static StoreStatement mark_rows = {
		"UPDATE ingest.merge_log SET undone_at = now() WHERE id = ANY ($1)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	static StoreStatement mark_action = {
		"UPDATE ingest.match_action SET undone_at = now(), undone_by = $2 WHERE id = $1",
		SPI_OK_UPDATE, 2, {INT8OID, TEXTOID}
	};
	Datum		values[2] = {StoreInt64Array(undo->rows, undo->n)};

	(void) StoreExecute(&mark_rows, values, NULL, 0);
	values[0] = Int64GetDatum(undo->action_id);
	values[1] = CStringGetTextDatum(DecisionBy());
	if (undo->action_id != 0)
		(void) StoreExecute(&mark_action, values, NULL, 0);
}

void
DecideUndo(int64 merge_id, const char *note)
{
	Undo		undo = {merge_id};
	int64		action;
	int64	   *all;
	int			nall;

	load_merge(&undo);
	load_rows(&undo);
	all = all_listings(&undo, &nall);
	EventLockListings(all, nall);

	/* another may have been quicker */
	load_merge(&undo);
	load_rows(&undo);
	all = all_listings(&undo, &nall);
	check_still_there(&undo);

	action = DecisionOpen("undo", note);
	if (undo.action_id != 0)
		restore_decisions(&undo);
	else
		put_distinct(&undo, action, all, nall, note);
	restore_events(&undo);
	move_back(&undo);
	mark_undone(&undo);
	refresh_events(&undo);
	restore_times(&undo);
	restore_reviews(&undo);
	DecisionRegroup(all, nall, 0, action, "undo");
}
