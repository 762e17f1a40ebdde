/*
 * src/store/decision.c
 *
 * People's merges, splits and verdicts.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "match/text.h"
#include "store/decision.h"
#include "store/event.h"
#include "store/vocabulary.h"

const char *
DecisionBy(void)
{
	return GetUserNameFromId(GetSessionUserId(), false);
}

/* A note as a parameter, or NULL */
static Datum
note_datum(const char *note, char *null)
{
	*null = note == NULL ? 'n' : ' ';
	return note == NULL ? (Datum) 0 : StoreText(note);
}

int64
DecisionOpen(const char *action, const char *note)
{
	static StoreStatement insert = {
		"INSERT INTO ingest.match_action (by, action, note) VALUES ($1, $2, $3) RETURNING id",
		SPI_OK_INSERT_RETURNING, 3, {TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[3] = {CStringGetTextDatum(DecisionBy()), CStringGetTextDatum(action)};
	char		nulls[3] = {' ', ' ', ' '};

	values[2] = note_datum(note, &nulls[2]);
	(void) StoreExecute(&insert, values, nulls, 0);
	return StoreInt64(0, 1, 0);
}

int64 *
DecisionListings(int64 event_id, int *n)
{
	static StoreStatement load = {
		"SELECT id FROM ingest.listing WHERE event_id = $1 ORDER BY id",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(event_id)};

	*n = (int) StoreExecute(&load, values, NULL, 0);
	return StoreInt64Column(*n, 1);
}

int64
DecisionEvent(int64 listing_id)
{
	static StoreStatement load = {
		"SELECT event_id FROM ingest.listing WHERE id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(listing_id)};

	return StoreExecute(&load, values, NULL, 0) == 0 ? 0 : StoreInt64(0, 1, 0);
}

static int64
check_listing(int64 listing_id)
{
	int64		event_id = DecisionEvent(listing_id);

	if (event_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("listing %lld does not exist", (long long) listing_id),
				 errhint("Its id is in ingest.listing, beside source and source_id.")));
	return event_id;
}

/* The event that an id leads to, its own or a former one */
static int64
check_event(int64 event_id)
{
	static StoreStatement load = {
		"SELECT id FROM ingest.event WHERE id = $1"
		" UNION ALL SELECT event_id FROM ingest.event_alias WHERE old_id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(event_id)};

	if (StoreExecute(&load, values, NULL, 0) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("event %lld does not exist", (long long) event_id),
				 errhint("Its id is in ingest.event; the event of a listing is in ingest.listing.event_id.")));
	return StoreInt64(0, 1, 0);
}

void
DecisionPut(int64 action_id, const int64 *a, const int64 *b, int n, const char *verdict, const char *note)
{
	static StoreStatement put = {
		"WITH pairs AS MATERIALIZED (SELECT DISTINCT least(x, y) AS a, greatest(x, y) AS b"
		"  FROM unnest($2, $3) AS p (x, y)),"
		" action AS (UPDATE ingest.match_action SET decisions_before = decisions_before ||"
		"   (SELECT jsonb_agg(jsonb_build_object('a', a, 'b', b, 'decision', to_jsonb(d)) ORDER BY a, b)"
		"      FROM pairs LEFT JOIN ingest.match_decision d ON d.listing_a = a AND d.listing_b = b),"
		"  reviews_before = reviews_before ||"
		"   (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY a, b), '[]')"
		"      FROM pairs JOIN ingest.match_review r ON r.listing_a = a AND r.listing_b = b)"
		"  WHERE id = $1 RETURNING by)"
		" INSERT INTO ingest.match_decision (listing_a, listing_b, verdict, decided_by, note)"
		" SELECT a, b, $4, action.by, $5 FROM pairs, action"
		" ON CONFLICT (listing_a, listing_b) DO UPDATE SET verdict = excluded.verdict,"
		"  decided_by = excluded.decided_by, decided_at = excluded.decided_at, note = excluded.note",
		SPI_OK_INSERT, 5, {INT8OID, INT8ARRAYOID, INT8ARRAYOID, TEXTOID, TEXTOID}
	};
	Datum		values[5] = {Int64GetDatum(action_id), StoreInt64Array(a, n), StoreInt64Array(b, n),
	CStringGetTextDatum(verdict)};
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};

	values[4] = note_datum(note, &nulls[4]);
	if (n > 0)
		(void) StoreExecute(&put, values, nulls, 0);
}

void
DecisionRegroup(const int64 *listings, int n, int64 leaving, int64 action_id, const char *rule)
{
	Neighbours *around = NeighboursCreate();
	Regrouping	how = {0, DecisionBy(), rule, action_id};
	Neighbour  *node;

	NeighboursAddStored(around, listings, n, true);
	node = NeighboursFind(around, leaving);
	if (node != NULL)
		node->leaving = true;
	NeighboursLook(around);
	EventRegroup(around, &how);
}

/* ---- names of venues, learned ---- */

/*
 * Does the venue's name tell one place from others?  "Salle", "en ligne" and
 * "lieu à confirmer" do not; taken for a place's other name, they would draw
 * all of their kind there.
 */
static bool
names_one_place(const MatchProfile *profile)
{
	static const char *const nowhere[] = {
		"online", "ligne", "virtuel", "virtual", "zoom", "teams", "webinaire", "webinar", "web", "distance", "domicile",
		"lieu", "lieux", "venue", "location", "adresse", "address", "determiner", "confirmer", "preciser", "venir",
		"annoncer", "announced", "confirmed", "determined", "tba", "tbd", "tbc", "divers", "diverses", "differents",
		"plusieurs", "various", "several", "multiple", "secret", "secrete", "inconnu", "unknown", "be", "a",
	};

	if (!profile->has_venue || profile->online || profile->several)
		return false;
	for (int i = 0; i < profile->venue.count; i++)
	{
		const ProfileWord *word = &profile->venue.words[i];
		bool		says_nothing = false;

		for (int j = 0; j < profile->nvenue_kinds; j++)
			says_nothing |= profile->venue_kinds[j] == word->meaning;
		for (size_t j = 0; j < lengthof(nowhere); j++)
			says_nothing |= strlen(nowhere[j]) == word->length && memcmp(nowhere[j], word->text, word->length) == 0;
		if (!says_nothing)
			return true;
	}
	return false;
}

/* Are the listings of one event at venues of different names, and nothing speaks against one place? */
static bool
are_other_names(const Neighbour *a, const Neighbour *b)
{
	bool		both_placed = a->profile.has_place && b->profile.has_place;
	MatchResult result;

	if (!names_one_place(&a->profile) || !names_one_place(&b->profile))
		return false;
	MatchCompare(&a->profile, &b->profile, false, &result);
	return result.venue <= 0.85 && (result.vetoes & (VETO_FAR | VETO_ROOM | VETO_ONLINE)) == 0 &&
		!(both_placed && (result.caps & CAP_VENUES));
}

static char *
venue_of(int64 listing_id)
{
	static StoreStatement load = {
		"SELECT venue_name FROM ingest.listing WHERE id = $1",
		SPI_OK_SELECT, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(listing_id)};
	char		normal[512];
	char	   *venue;

	(void) StoreExecute(&load, values, NULL, 0);
	venue = StoreString(0, 1);
	(void) MatchNormalise(VocabularyVenue(venue), strlen(VocabularyVenue(venue)), normal, sizeof(normal));
	return pstrdup(normal);
}

/* What a person calls one event is in one place: the second venue's name is the first's other */
static void
learn_alias(int64 action_id, const Neighbour *known, const Neighbour *other)
{
	static StoreStatement insert = {
		"WITH learned AS (INSERT INTO ingest.venue_alias (alias, venue, created_by)"
		"  VALUES ($2, $3, $4) ON CONFLICT DO NOTHING RETURNING alias)"
		" UPDATE ingest.match_action SET aliases = aliases || alias FROM learned WHERE id = $1",
		SPI_OK_UPDATE, 4, {INT8OID, TEXTOID, TEXTOID, TEXTOID}
	};
	char	   *venue = venue_of(known->id);
	char	   *alias = venue_of(other->id);
	Datum		values[4] = {Int64GetDatum(action_id), StoreText(alias), StoreText(venue),
	CStringGetTextDatum(DecisionBy())};

	if (strcmp(venue, alias) != 0 && StoreExecute(&insert, values, NULL, 0) > 0)
		ereport(NOTICE,
				(errmsg("venue \"%s\" is from now on taken for \"%s\"", alias, venue),
				 errhint("If it is not so, delete it from ingest.venue_alias.  CALL ingest_rematch() applies it to what is stored.")));
}

static void
learn_aliases(int64 action_id, const int64 *known, int nknown, const int64 *others, int nothers)
{
	Neighbours *around = NeighboursCreate();

	NeighboursAddStored(around, known, nknown, false);
	NeighboursAddStored(around, others, nothers, false);
	for (int i = 0; i < nknown; i++)
		for (int j = 0; j < nothers; j++)
		{
			const Neighbour *a = NeighboursFind(around, known[i]);
			const Neighbour *b = NeighboursFind(around, others[j]);

			if (a != NULL && b != NULL && are_other_names(a, b))
			{
				learn_alias(action_id, a, b);
				VocabularyLoad();
			}
		}
}

/* ---- merge, split, decide ---- */

/* Two sets of listings as all their pairs */
static int
cross_pairs(const int64 *x, int nx, const int64 *y, int ny, int64 **a, int64 **b)
{
	int			n = 0;

	*a = palloc(((Size) nx * ny + 1) * sizeof(int64));
	*b = palloc(((Size) nx * ny + 1) * sizeof(int64));
	for (int i = 0; i < nx; i++)
		for (int j = 0; j < ny; j++)
			if (x[i] != y[j])
			{
				(*a)[n] = x[i];
				(*b)[n++] = y[j];
			}
	return n;
}

static int64 *
concatenate(const int64 *x, int nx, const int64 *y, int ny)
{
	int64	   *all = palloc((nx + ny + 1) * sizeof(int64));

	memcpy(all, x, nx * sizeof(int64));
	memcpy(all + nx, y, ny * sizeof(int64));
	return all;
}

/* Lock what two events are matched by; their ids may be others after the wait */
static void
lock_events(int64 *event_a, int64 *event_b)
{
	for (;;)
	{
		int			na;
		int			nb;
		int64		a = check_event(*event_a);
		int64		b = check_event(*event_b);
		int64	   *xs = DecisionListings(a, &na);
		int64	   *ys = DecisionListings(b, &nb);

		EventLockListings(concatenate(xs, na, ys, nb), na + nb);
		if (check_event(*event_a) == a && check_event(*event_b) == b)
		{
			*event_a = Min(a, b);
			*event_b = Max(a, b);
			return;
		}
	}
}

int64
DecideMerge(int64 event_a, int64 event_b, const char *note)
{
	int64		action;
	int64	   *x;
	int64	   *y;
	int64	   *a;
	int64	   *b;
	int			nx;
	int			ny;
	int			npairs;

	lock_events(&event_a, &event_b);
	if (event_a == event_b)
	{
		ereport(NOTICE, (errmsg("both are event %lld already", (long long) event_a)));
		return event_a;
	}
	x = DecisionListings(event_a, &nx);
	y = DecisionListings(event_b, &ny);
	action = DecisionOpen("merge", note);
	npairs = cross_pairs(x, nx, y, ny, &a, &b);
	DecisionPut(action, a, b, npairs, "same", note);
	learn_aliases(action, x, nx, y, ny);
	DecisionRegroup(concatenate(x, nx, y, ny), nx + ny, 0, action, "person");
	if (DecisionEvent(x[0]) != DecisionEvent(y[0]))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("events %lld and %lld cannot be one", (long long) event_a, (long long) event_b),
				 errdetail("Their listings would be in one event with others that exclude each other.")));
	return DecisionEvent(x[0]);
}

int64
DecideSplit(int64 listing_id, const char *note)
{
	int64		event_id = check_listing(listing_id);
	int64		same_event = event_id;
	int64		action;
	int64	   *all;
	int64	   *a;
	int64	   *b;
	int			n;
	int			npairs;

	lock_events(&event_id, &same_event);
	event_id = check_listing(listing_id);
	all = DecisionListings(event_id, &n);
	if (n == 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("listing %lld is alone in event %lld", (long long) listing_id, (long long) event_id),
				 errhint("There is nothing to split it from.")));
	action = DecisionOpen("split", note);
	npairs = cross_pairs(&listing_id, 1, all, n, &a, &b);
	DecisionPut(action, a, b, npairs, "distinct", note);
	DecisionRegroup(all, n, listing_id, action, "person");
	return DecisionEvent(listing_id);
}

/* There is no decision on a pair any more */
static void
forget_decision(int64 action_id, int64 listing_a, int64 listing_b, const char *note)
{
	static StoreStatement forget = {
		"DELETE FROM ingest.match_decision WHERE listing_a = least($1, $2) AND listing_b = greatest($1, $2)",
		SPI_OK_DELETE, 2, {INT8OID, INT8OID}
	};
	Datum		values[2] = {Int64GetDatum(listing_a), Int64GetDatum(listing_b)};

	/* put and then delete, so that the action keeps what there was */
	DecisionPut(action_id, &listing_a, &listing_b, 1, "distinct", note);
	(void) StoreExecute(&forget, values, NULL, 0);
}

void
DecidePair(int64 listing_a, int64 listing_b, const char *verdict, const char *note)
{
	int64		event_a = check_listing(listing_a);
	int64		event_b = check_listing(listing_b);
	int64		pair[2] = {Min(listing_a, listing_b), Max(listing_a, listing_b)};
	int64		action;

	if (verdict != NULL && strcmp(verdict, "same") != 0 && strcmp(verdict, "distinct") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("verdict \"%s\" is not known", verdict),
				 errhint("It is same or distinct, or NULL to take a decision back.")));
	if (listing_a == listing_b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("listing %lld cannot be compared with itself", (long long) listing_a),
				 errhint("Name two listings.")));
	lock_events(&event_a, &event_b);
	action = DecisionOpen("decide", note);
	if (verdict == NULL)
		forget_decision(action, pair[0], pair[1], note);
	else
		DecisionPut(action, &pair[0], &pair[1], 1, verdict, note);
	if (verdict != NULL && strcmp(verdict, "same") == 0)
		learn_aliases(action, &pair[0], 1, &pair[1], 1);
	DecisionRegroup(pair, 2, 0, action, "person");
	event_a = DecisionEvent(listing_a);
	event_b = DecisionEvent(listing_b);
	if (verdict != NULL && strcmp(verdict, "same") == 0 && event_a != event_b)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("listings %lld and %lld cannot be one event by themselves", (long long) listing_a, (long long) listing_b),
				 errdetail("Other listings of their events exclude each other."),
				 errhint("SELECT ingest_merge(%lld, %lld) joins the events as wholes.", (long long) event_a, (long long) event_b)));
}
