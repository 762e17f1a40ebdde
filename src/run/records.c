/*
 * src/run/records.c
 *
 * A page's records into the store, a slice at a time:
 *
 *   take      the slice's records: extent, id and hash, not parsed yet
 *   look up   what is stored of them          (a transaction that only reads)
 *   map       the new and changed ones        (no transaction)
 *   detail    second requests for them        (the network, no transaction)
 *   store     and count                       (one commit)
 *
 * A slice in which nothing is new or changed ends after the look-up and writes
 * nothing at all.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "hash.h"
#include "feed/text.h"
#include "match/marker.h"
#include "run/run_internal.h"

#define SLICE_SIZE 200

/* Details are asked for only while more requests than this are left */
#define BUDGET_RESERVE 50

typedef struct Refused
{
	int64		position;
	const char *source_id;
	const char *payload;		/* JSON text or NULL */
	const char *sqlstate;
	Problem		problem;
} Refused;

struct Slice
{
	Run		   *run;
	MemoryContext context;		/* reset after each slice */
	Arena	   *arena;			/* the mapped listings; likewise */

	FeedRecord	records[SLICE_SIZE];
	StoredListing stored[SLICE_SIZE];
	int64		positions[SLICE_SIZE];
	int			nrecords;

	BatchItem	items[SLICE_SIZE];
	Listing		listings[SLICE_SIZE];
	int			nitems;

	/* unchanged ones whose detail was fetched, lest it be fetched each time */
	int			confirmed[SLICE_SIZE];	/* indexes of records */
	const char *revisions[SLICE_SIZE];	/* theirs now */
	int			nconfirmed;

	Refused		refused[SLICE_SIZE];
	int			nrefused;
	int			nrefused_before;	/* the database was asked */
};

/* ---- refusals ---- */

/* The record's bytes as JSON text, whatever they are */
static const char *
payload_json(Slice *slice, const char *raw, size_t length)
{
	const char *repaired;

	if (raw == NULL)
		return NULL;
	if (TextInvalidAt(raw, length) == length)
		return ArenaStrndup(slice->arena, raw, length);
	repaired = TextRepair(slice->arena, raw, length);
	return TextToJsonString(slice->arena, repaired, strlen(repaired));
}

/* A record that is fetched and not written */
static void
skip(Slice *slice, int64 position, const FeedRecord *record, const Listing *listing,
	 const StoredListing *stored, const char *reason)
{
	RunSkip(slice->run, reason);
	if (slice->run->preview != NULL)
		PreviewSkipped(slice->run->preview, position, record->source_id, listing, stored, reason);
}

static void
refuse(Slice *slice, const FeedRecord *record, int64 position, const Problem *problem)
{
	Refused    *refused = &slice->refused[slice->nrefused++];

	refused->position = position;
	refused->source_id = record->source_id;
	refused->problem = *problem;
	refused->sqlstate = unpack_sql_state(RunSqlState(problem->error_class));
	refused->sqlstate = ArenaStrdup(slice->arena, refused->sqlstate);
	refused->payload = payload_json(slice, record->raw, record->raw_length);
	if (!ProblemIsSet(&slice->run->first_refusal))
		slice->run->first_refusal = *problem;
}

/* BatchRefuse: the database did not take a listing */
static void
refused_by_database(void *arg, const BatchItem *item, const ErrorData *error)
{
	Slice	   *slice = arg;
	FeedRecord	record = {0};
	Problem		problem;

	record.source_id = item->source_id;
	record.raw = item->raw;
	record.raw_length = item->raw_length;
	ProblemSet(&problem, ERROR_CLASS_DATA, "%s", error->message);
	if (error->detail != NULL)
		ProblemDetail(&problem, "%s", error->detail);
	if (error->column_name != NULL)
		strlcpy(problem.field, error->column_name, sizeof(problem.field));
	refuse(slice, &record, item->position, &problem);
	slice->refused[slice->nrefused - 1].sqlstate =
		ArenaStrdup(slice->arena, unpack_sql_state(error->sqlerrcode));
}

/* ---- take and look up ---- */

/* A record that is not stored now, yet is no less there */
static void
note_identity(Run *run, const char *source_id)
{
	if (source_id != NULL)
		(void) SeenAdd(run->seen, source_id);
	else
		run->unidentified = true;
}

/* Skipped for its time, which says nothing against it; other reasons take it from the public */
static bool
is_there_still(const char *skip_reason)
{
	return strcmp(skip_reason, "past") == 0 || strcmp(skip_reason, "out_of_horizon") == 0;
}

/* Fill the slice; false when the page is at its end */
static bool
take_records(Slice *slice, FeedPage *page, int64 *position)
{
	Run		   *run = slice->run;
	Feed	   *feed = run->feed;

	while (slice->nrecords < SLICE_SIZE)
	{
		FeedRecord *record = &slice->records[slice->nrecords];

		CHECK_FOR_INTERRUPTS();
		if (run->max_records > 0 && run->counters.fetched + slice->nrecords >= run->max_records)
		{
			run->incomplete = run->cut_short = true;
			if (run->preview == NULL)
				RunWarn(run, psprintf("stopped after %lld records (max_records)", (long long) run->max_records));
			return false;
		}
		memset(record, 0, sizeof(*record));
		if (!feed->connector->record(feed, page, record))
			return false;
		if (run->replay != NULL && !ReplayTakes(run, record))
			continue;
		(*position)++;

		if (ProblemIsSet(&record->problem))
		{
			note_identity(run, record->source_id);

			/* kept in the slice's count so that it cannot overflow */
			refuse(slice, record, *position, &record->problem);
			if (slice->nrefused + slice->nrecords >= SLICE_SIZE)
				return true;
		}
		else if (record->skip_reason != NULL)
		{
			/* Calendars tell by the time alone, without the id: what has gone
			 * from the window is missed there like what has gone for good */
			if (is_there_still(record->skip_reason) && record->source_id != NULL)
				note_identity(run, record->source_id);
			skip(slice, *position, record, NULL, NULL, record->skip_reason);
		}
		else if (record->withheld != NULL)
			skip(slice, *position, record, NULL, NULL, record->withheld);
		else if (!SeenAdd(run->seen, record->source_id))
			skip(slice, *position, record, NULL, NULL, "duplicate_in_feed");
		else
		{
			slice->positions[slice->nrecords++] = *position;
			if (slice->nrefused + slice->nrecords >= SLICE_SIZE)
				return true;
		}
	}
	return true;
}

static void
look_up_once(void *arg)
{
	Slice	   *slice = arg;
	Run		   *run = slice->run;
	StoreSession session;
	StoreLookup *lookup;

	RunBegin(run, &session);
	lookup = StoreLookupBegin(run->source->name);
	for (int i = 0; i < slice->nrecords; i++)
	{
		StoreLookupFind(lookup, slice->records[i].source_id, &slice->stored[i]);
		if (slice->stored[i].revision != NULL)
			slice->stored[i].revision = ArenaStrdup(slice->arena, slice->stored[i].revision);
	}
	StoreLookupEnd(lookup);
	RunCommit(run, &session);
}

/* Who locks the tables for long, to alter them, holds a run up and ends it not */
static void
look_up(Slice *slice)
{
	if (slice->nrecords > 0)
		RunRetried(slice->run, look_up_once, slice, NULL);
}

/* ---- map ---- */

/* Stored, untouched since, and nothing is missing of it */
static bool
is_unchanged(const Run *run, const FeedRecord *record, const StoredListing *stored)
{
	return stored->id != 0 && stored->raw_hash == record->raw_hash &&
		!stored->withdrawn &&
		(stored->has_detail || !run->wants_detail);
}

/* Has the source's own mark of change moved?  No mark: assume so */
static bool
revision_moved(const Listing *listing, const StoredListing *stored)
{
	return listing->revision == NULL || stored->revision == NULL ||
		strcmp(listing->revision, stored->revision) != 0;
}

/* The second request of a listing, while the upstream's budget allows */
static void
fetch_detail(Slice *slice, BatchItem *item)
{
	Run		   *run = slice->run;
	Feed	   *feed = run->feed;
	FeedRequest request = {0};
	const FeedBody *body;
	Problem		problem = {0};

	if (run->preview != NULL || run->replay != NULL)
		return;
	if (run->client == NULL || (run->budget >= 0 && run->budget <= BUDGET_RESERVE))
	{
		RunWarn(run, "some full descriptions are left to later runs");
		return;
	}
	if (!feed->connector->detail_request(feed, item->source_id, &request))
		return;
	body = RunFetchDetail(run, &request);
	if (body == NULL)
		return;
	if (feed->connector->detail(feed, body, slice->arena, item->listing, &problem))
		item->has_detail = true;
	else
		RunWarn(run, problem.message);
}

/* Is there anything to write of a mapped record? */
static bool
needs_write(Slice *slice, BatchItem *item)
{
	Run		   *run = slice->run;
	StoredListing *stored = &item->stored;

	item->content_hash = ListingHash(item->listing, !run->wants_detail);
	if (run->wants_detail &&
		(stored->id == 0 || !stored->has_detail || revision_moved(item->listing, stored)))
		fetch_detail(slice, item);
	if (item->has_detail)
		item->detail_hash = HashString(item->listing->description, 0);
	item->keep_description = run->wants_detail && !item->has_detail && stored->id != 0;

	if (stored->id == 0 || stored->withdrawn)
		return true;
	if (item->has_detail && (!stored->has_detail || stored->detail_hash != item->detail_hash))
		return true;
	return stored->content_hash != item->content_hash;
}

/*
 * "ANNULÉ : X", "[Sold out] X": publishers whose software has no status say it
 * in the title.  The title stays as it is; a source's own word on the status
 * comes first.
 */
static void
lift_status(Listing *listing)
{
	const char *title = listing->title;
	size_t		length = strlen(title);
	unsigned	markers;

	if (listing->status != STATUS_SCHEDULED)
		return;
	markers = MatchLiftMarkers(&title, &length);
	if (length == 0)
		return;					/* nothing else: that is its name */
	if (markers & MARKER_CANCELLED)
		listing->status = STATUS_CANCELLED;
	else if (markers & MARKER_POSTPONED)
		listing->status = STATUS_POSTPONED;
	else if (markers & MARKER_SOLD_OUT)
		listing->status = STATUS_SOLD_OUT;
}

/* What the source did not tell this time is not gone */
static void
complete(Slice *slice, const StoredListing *stored, Listing *listing)
{
	StoreSession session;

	if (!listing->is_partial || stored->id == 0)
		return;
	RunBegin(slice->run, &session);
	StoreComplete(stored->id, slice->arena, listing);
	RunCommit(slice->run, &session);
}

/* Map one new or changed record into the slice's items */
static void
map_record(Slice *slice, FeedPage *page, int i)
{
	Run		   *run = slice->run;
	Feed	   *feed = run->feed;
	FeedRecord *record = &slice->records[i];
	Listing    *listing = &slice->listings[slice->nitems];
	BatchItem  *item = &slice->items[slice->nitems];
	MapResult	result;

	ListingInit(listing);
	result = feed->connector->map(feed, page, record, slice->arena, listing);
	if (result == MAP_SKIPPED && !is_there_still(record->skip_reason))
		(void) SeenAdd(run->unlisted, record->source_id);
	if (result == MAP_SKIPPED)
		skip(slice, slice->positions[i], record, listing, &slice->stored[i], record->skip_reason);
	else if (result == MAP_REFUSED)
		refuse(slice, record, slice->positions[i], &record->problem);
	if (result != MAP_LISTING)
		return;

	complete(slice, &slice->stored[i], listing);
	lift_status(listing);
	memset(item, 0, sizeof(*item));
	item->position = slice->positions[i];
	item->source_id = record->source_id;
	item->raw = run->keep_raw ? record->raw : NULL;
	item->raw_length = record->raw_length;
	item->raw_hash = record->raw_hash;
	item->listing = listing;
	item->stored = slice->stored[i];
	item->is_replayed = run->replay != NULL && ReplayIsListing(run);
	item->match_hash = ListingMatchHash(listing);
	if (needs_write(slice, item))
	{
		slice->nitems++;
		return;
	}
	skip(slice, item->position, record, listing, &item->stored, "unchanged");
	if (item->has_detail)
	{
		slice->confirmed[slice->nconfirmed] = i;
		slice->revisions[slice->nconfirmed++] = listing->revision;
	}
}

static void
map_records(Slice *slice, FeedPage *page)
{
	Run		   *run = slice->run;

	for (int i = 0; i < slice->nrecords; i++)
	{
		const char *reason = run->replay != NULL ? ReplaySkips(run, &slice->stored[i]) : NULL;

		if (reason == NULL && is_unchanged(run, &slice->records[i], &slice->stored[i]))
			reason = "unchanged";
		if (reason != NULL)
			skip(slice, slice->positions[i], &slice->records[i], NULL, &slice->stored[i], reason);
		else
			map_record(slice, page, i);
		if (i % 16 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/* ---- store ---- */

static void
count_item(JobCounters *counters, const BatchItem *item)
{
	counters->fetched++;
	if (item->stored.id == 0)
		counters->created++;
	else
		counters->updated++;
	if (item->merged)
		counters->merged++;
	if (item->review)
		counters->review++;
	if (item->listing->status == STATUS_CANCELLED)
		counters->cancelled++;
}

/* Rows of import_error, and open ones settled by what was stored now */
static void
store_refusals(Slice *slice)
{
	Run		   *run = slice->run;
	const char *stored_ids[SLICE_SIZE];
	int			n = 0;

	for (int i = 0; i < slice->nrefused; i++)
	{
		Refused    *refused = &slice->refused[i];

		ErrorRecord(run->job_id, run->source->name, refused->source_id, refused->position,
					refused->problem.error_class, refused->sqlstate, refused->problem.field,
					RunRedact(run, refused->problem.message),
					refused->payload == NULL ? NULL : RunRedact(run, refused->payload));
	}
	if (!run->has_open_errors)
		return;
	for (int i = 0; i < slice->nitems; i++)
		if (!slice->items[i].refused)
			stored_ids[n++] = slice->items[i].source_id;
	if (n > 0)
		ErrorResolve(run->source->name, stored_ids, n);
}

/* One commit: rows and the counters that speak of them */
static void
store_once(void *arg)
{
	Slice	   *slice = arg;
	Run		   *run = slice->run;
	JobCounters next = run->counters;
	StoreSession session;

	RunBegin(run, &session);
	StoreBatch(run->source->name, run->job_id, run->replay != NULL ? ReplayJob(run) : run->job_id,
			   slice->items, slice->nitems, refused_by_database, slice);
	store_refusals(slice);
	if (slice->nitems > 0 && run->replay == NULL && !run->validators_forgotten)
		SourceForgetValidators(run->source->name);
	for (int i = 0; i < slice->nconfirmed; i++)
	{
		int			record = slice->confirmed[i];

		StoreConfirm(slice->stored[record].id, slice->revisions[i], slice->records[record].raw_hash);
	}
	for (int i = 0; i < slice->nitems; i++)
		if (!slice->items[i].refused)
			count_item(&next, &slice->items[i]);
	next.errors += slice->nrefused;
	next.fetched += slice->nrefused;
	JobProgress(run->job_id, &next, RunSkipsJson(run), run->phase);
	RunCommit(run, &session);

	run->counters = next;
	run->stored_before = true;
	run->validators_forgotten |= slice->nitems > 0;
	run->last_progress = GetCurrentTimestamp();
}

/* A rival came between: what the database refused then is to be found out anew */
static void
forget_attempt(void *arg)
{
	Slice	   *slice = arg;

	slice->nrefused = slice->nrefused_before;
	for (int i = 0; i < slice->nitems; i++)
		slice->items[i].refused = false;
}

static void
store_slice(Slice *slice)
{
	if (slice->nitems + slice->nrefused + slice->nconfirmed == 0)
		return;
	slice->nrefused_before = slice->nrefused;
	RunRetried(slice->run, store_once, slice, forget_attempt);
}

/* A dry run stores the slice too, looks at what came of it, and rolls back */
static void
preview_slice(Slice *slice)
{
	Run		   *run = slice->run;
	StoreSession session;

	StoreTransactionBegin(&session);
	PreviewBefore(run->preview, slice->items, slice->nitems);
	StoreBatch(run->source->name, run->job_id, run->job_id, slice->items, slice->nitems,
			   refused_by_database, slice);
	PreviewAfter(run->preview, slice->items, slice->nitems);
	StoreTransactionRollback(&session);

	for (int i = 0; i < slice->nrefused; i++)
		PreviewRefused(run->preview, slice->refused[i].position, slice->refused[i].source_id, NULL,
					   RunRedact(run, slice->refused[i].problem.message));
	for (int i = 0; i < slice->nitems; i++)
		if (!slice->items[i].refused)
			count_item(&run->counters, &slice->items[i]);
	run->counters.errors += slice->nrefused;
	run->counters.fetched += slice->nrefused;
	PreviewFlush(run->preview);
}

/* The slice of a run, made at the first page */
static Slice *
run_slice(Run *run)
{
	Slice	   *slice = run->slice;

	if (slice == NULL)
	{
		slice = MemoryContextAllocZero(run->context, sizeof(Slice));
		slice->run = run;
		slice->context = AllocSetContextCreate(run->context, "ingest slice", ALLOCSET_DEFAULT_SIZES);
		slice->arena = RunArena(run->context);
		run->slice = slice;
	}
	return slice;
}

void
RunRecords(Run *run, FeedPage *page)
{
	MemoryContext old = CurrentMemoryContext;
	Slice	   *slice = run_slice(run);
	int64		position = 0;
	bool		more = true;

	while (more)
	{
		MemoryContextSwitchTo(slice->context);
		slice->nrecords = slice->nitems = slice->nrefused = slice->nconfirmed = 0;
		more = take_records(slice, page, &position);
		look_up(slice);
		map_records(slice, page);
		if (run->preview != NULL)
			preview_slice(slice);
		else
			store_slice(slice);
		MemoryContextSwitchTo(old);
		MemoryContextReset(slice->context);
		ArenaReset(slice->arena);
		if (run->client != NULL)
			HttpPump(run->client);
		RunHeartbeat(run);
	}
}
