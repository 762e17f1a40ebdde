/*
 * src/run/preview.c
 *
 * The rows of a dry run: collected a slice at a time, completed with what is
 * stored, told in the order of the records.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "run/run_internal.h"
#include "store/columns.h"
#include "store/preview.h"

typedef struct Row
{
	int64		position;
	int64		listing_id;		/* 0: nothing is stored of it */
	PreviewRow	told;
} Row;

struct Preview
{
	MemoryContext context;		/* of the rows; reset by each flush */
	PreviewReport report;
	void	   *arg;
	Row		   *rows;
	int			nrows;
	int			size;
	Datum		before;			/* of the batch under way */
};

Preview *
PreviewCreate(MemoryContext context, PreviewReport report, void *arg)
{
	Preview    *preview = MemoryContextAllocZero(context, sizeof(Preview));

	preview->context = AllocSetContextCreate(context, "ingest preview", ALLOCSET_DEFAULT_SIZES);
	preview->report = report;
	preview->arg = arg;
	return preview;
}

/* A text of the feed's in the server's encoding, as long as the row, or NULL */
static char *
keep(Preview *preview, const char *utf8)
{
	MemoryContext old = MemoryContextSwitchTo(preview->context);
	char	   *kept = NULL;

	if (utf8 != NULL)
		kept = pstrdup(pg_any_to_server(utf8, strlen(utf8), PG_UTF8));
	MemoryContextSwitchTo(old);
	return kept;
}

/* A new row, with what the mapped listing says, if there is one */
static Row *
add_row(Preview *preview, int64 position, const char *source_id, const Listing *listing)
{
	MemoryContext old = MemoryContextSwitchTo(preview->context);
	Row		   *row;

	if (preview->nrows == preview->size)
	{
		preview->size = preview->size == 0 ? 64 : 2 * preview->size;
		preview->rows = preview->rows == NULL ?
			palloc(preview->size * sizeof(Row)) :
			repalloc(preview->rows, preview->size * sizeof(Row));
	}
	row = &preview->rows[preview->nrows++];
	memset(row, 0, sizeof(*row));
	row->position = position;
	row->told.source_id = keep(preview, source_id);
	if (listing != NULL)
	{
		row->told.title = keep(preview, listing->title);
		row->told.venue_name = keep(preview, listing->venue_name);
		if (listing->starts_at != FEED_TIME_UNKNOWN)
			row->told.starts_at = pstrdup(timestamptz_to_str(FeedTimeToTimestampTz(listing->starts_at)));
	}
	MemoryContextSwitchTo(old);
	return row;
}

void
PreviewSkipped(Preview *preview, int64 position, const char *source_id,
			   const Listing *listing, const StoredListing *stored, const char *reason)
{
	Row		   *row = add_row(preview, position, source_id, listing);

	row->told.action = "skip";
	row->told.problem = keep(preview, reason);
	if (stored != NULL)
		row->listing_id = stored->id;
}

void
PreviewRefused(Preview *preview, int64 position, const char *source_id,
			   const Listing *listing, const char *problem)
{
	Row		   *row = add_row(preview, position, source_id, listing);

	row->told.action = "refuse";
	row->told.problem = keep(preview, problem);
}

void
PreviewBefore(Preview *preview, const BatchItem *items, int nitems)
{
	int64	   *ids = palloc((nitems + 1) * sizeof(int64));
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		if (items[i].stored.id != 0)
			ids[n++] = items[i].stored.id;
	preview->before = StoredListingsBefore(ids, n);
}

/* What became of one item */
static void
add_item(Preview *preview, const BatchItem *item)
{
	Row		   *row;

	if (item->refused)
		return;
	row = add_row(preview, item->position, item->source_id, item->listing);
	row->listing_id = item->listing_id;
	row->told.action = item->stored.id != 0 ? "update" : item->merged ? "merge" : "create";
}

/* StoredListingFound: complete the rows of a listing by what is stored of it */
static void
complete_row(void *arg, int64 listing_id, const char *title, const char *starts_at,
			 const char *venue_name, const char *event_id, const char *changes)
{
	Preview    *preview = arg;

	for (int i = 0; i < preview->nrows; i++)
	{
		PreviewRow *told = &preview->rows[i].told;
		bool		created = strcmp(told->action, "create") == 0;

		if (preview->rows[i].listing_id != listing_id)
			continue;
		told->title = MemoryContextStrdup(preview->context, title);
		told->starts_at = starts_at == NULL ? NULL : MemoryContextStrdup(preview->context, starts_at);
		told->venue_name = venue_name == NULL ? NULL : MemoryContextStrdup(preview->context, venue_name);

		/* the id of an event that is not made is nobody's */
		told->event_id = created ? NULL : MemoryContextStrdup(preview->context, event_id);
		told->changes = changes == NULL ? NULL : MemoryContextStrdup(preview->context, changes);
	}
}

void
PreviewAfter(Preview *preview, const BatchItem *items, int nitems)
{
	int64	   *ids;
	int			n = 0;

	for (int i = 0; i < nitems; i++)
		add_item(preview, &items[i]);
	ids = palloc((preview->nrows + 1) * sizeof(int64));
	for (int i = 0; i < preview->nrows; i++)
		if (preview->rows[i].listing_id != 0)
			ids[n++] = preview->rows[i].listing_id;
	StoredListingsAfter(ids, n, preview->before, complete_row, preview);
}

static int
compare_positions(const void *a, const void *b)
{
	int64		x = ((const Row *) a)->position;
	int64		y = ((const Row *) b)->position;

	return (x > y) - (x < y);
}

void
PreviewFlush(Preview *preview)
{
	qsort(preview->rows, preview->nrows, sizeof(Row), compare_positions);
	for (int i = 0; i < preview->nrows; i++)
		preview->report(preview->arg, &preview->rows[i].told);
	preview->rows = NULL;
	preview->nrows = preview->size = 0;
	MemoryContextReset(preview->context);
}

/* ---- a dry run ---- */

static void
preview_source(Run *run, JobEnd *end)
{
	int64		max_records = run->max_records;

	RunOpenSource(run);
	run->max_records = run->max_records == 0 ? max_records : Min(max_records, run->max_records);
	RunOpenClient(run);
	RunFetch(run);
	memset(end, 0, sizeof(*end));
}

bool
RunPreview(const char *source_name, int64 max_records, PreviewReport report, void *arg,
		   JobEnd *end, char ***warnings, int *nwarnings)
{
	StoreSession session;
	Source	   *source;
	Run		   *run;

	StoreTransactionBegin(&session);
	MemoryContextSwitchTo(session.caller);
	source = SourceLoad(source_name);
	StoreTransactionCommit(&session);
	if (source == NULL)
		return false;

	run = RunCreate(source, true);
	run->max_records = max_records;
	run->preview = PreviewCreate(CurrentMemoryContext, report, arg);
	RunGuarded(run, preview_source, end);
	*warnings = run->warnings;
	*nwarnings = run->nwarnings;
	return true;
}
