/*
 * src/store/batch.c
 *
 * New and changed listings into the tables, a batch at a time.
 *
 * The batch is a relation of its own: its rows wait in a tuplestore that the
 * statements see as "ingest_batch", so each table costs one statement a batch,
 * without arrays and without a second parse.  A batch that the database
 * refuses is cut in halves, each in a subtransaction, until the record at
 * fault stands alone: log2(n) more statements for the rare bad record, nothing
 * for the good ones.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "store/columns.h"
#include "store/event.h"
#include "store/store.h"

#define BATCH_NAME "ingest_batch"

/* The batch's columns beside the descriptive ones, which come first */
static const DescriptiveColumn batch_columns[] = {
	{"source_id", TEXTOID},
	{"listing_id", INT8OID},
	{"event_id", INT8OID},
	{"is_new", BOOLOID},
	{"keep_description", BOOLOID},
	{"is_replayed", BOOLOID},
	{"raw", JSONOID},
	{"revision", TEXTOID},
	{"raw_hash", INT8OID},
	{"content_hash", INT8OID},
	{"detail_hash", INT8OID},
	{"match_hash", INT8OID},
};

typedef struct Batch
{
	const char *source;
	int64		job_id;
	int64		seen_job;
	BatchRefuse refuse;
	void	   *refuse_arg;
} Batch;

/* The row type of ingest_batch, made once per process */
static TupleDesc
batch_descriptor(void)
{
	static TupleDesc descriptor = NULL;
	MemoryContext old;
	TupleDesc	fresh;
	int			ndescriptive = DescriptiveCount();

	if (descriptor != NULL)
		return descriptor;
	old = MemoryContextSwitchTo(TopMemoryContext);
	fresh = CreateTemplateTupleDesc(ndescriptive + lengthof(batch_columns));
	for (int i = 0; i < ndescriptive; i++)
		TupleDescInitEntry(fresh, i + 1, DescriptiveColumns[i].name,
						   DescriptiveColumns[i].type, -1, 0);
	for (int i = 0; i < lengthof(batch_columns); i++)
		TupleDescInitEntry(fresh, ndescriptive + i + 1, batch_columns[i].name,
						   batch_columns[i].type, -1, 0);
	MemoryContextSwitchTo(old);
	descriptor = fresh;
	return descriptor;
}

/*
 * The upstream's own bytes as json: checked by PostgreSQL's parser, kept
 * whitespace and all.
 */
static Datum
raw_json(const BatchItem *item)
{
	return DirectFunctionCall1(json_in, CStringGetDatum(StoreJson(item->raw, item->raw_length)));
}

/* One item as a row of the batch */
static void
put_item(Tuplestorestate *store, TupleDesc desc, const BatchItem *item)
{
	Datum		values[64];
	bool		nulls[64];
	int			n = DescriptiveCount();

	StaticAssertStmt(lengthof(batch_columns) + 31 <= 64, "batch row too small");
	memset(nulls, 0, sizeof(nulls));
	DescriptiveValues(item->listing, values, nulls);
	values[n++] = StoreText(item->source_id);
	values[n++] = Int64GetDatum(item->listing_id);
	values[n++] = Int64GetDatum(item->event_id);
	values[n++] = BoolGetDatum(item->stored.id == 0);
	values[n++] = BoolGetDatum(item->keep_description);
	values[n++] = BoolGetDatum(item->is_replayed);
	nulls[n] = item->raw == NULL;
	values[n++] = item->raw == NULL ? (Datum) 0 : raw_json(item);
	nulls[n] = item->listing->revision == NULL;
	values[n] = nulls[n] ? (Datum) 0 : StoreText(item->listing->revision);
	n++;
	values[n++] = Int64GetDatum((int64) item->raw_hash);
	values[n++] = Int64GetDatum((int64) item->content_hash);
	nulls[n] = !item->has_detail;
	values[n++] = Int64GetDatum((int64) item->detail_hash);
	values[n++] = Int64GetDatum((int64) item->match_hash);
	tuplestore_putvalues(store, desc, values, nulls);
}

/* Make the items visible to SQL as ingest_batch */
static Tuplestorestate *
register_batch(BatchItem **items, int nitems)
{
	TupleDesc	desc = batch_descriptor();
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "ingest batch row",
												  ALLOCSET_DEFAULT_SIZES);
	int			rc;

	for (int i = 0; i < nitems; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scratch);

		put_item(store, desc, items[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);

	enr->md.name = BATCH_NAME;
	enr->md.reliddesc = InvalidOid;
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = nitems;
	enr->reldata = store;
	rc = SPI_register_relation(enr);
	if (rc != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the batch: %s", SPI_result_code_string(rc));
	return store;
}

#define LISTING_COLUMNS \
	DESCRIPTIVE_COLUMNS ", raw, revision, raw_hash, content_hash, detail_hash, match_hash"

/* New rows of event and listing */
static void
insert_new(const Batch *batch)
{
	static StoreStatement insert_events = {
		"INSERT INTO ingest.event (id, " DESCRIPTIVE_COLUMNS ", nb_listings, sources, created_at, updated_at)"
		" SELECT event_id, " DESCRIPTIVE_COLUMNS ", 1, ARRAY[$1], now(), now()"
		" FROM " BATCH_NAME " WHERE is_new",
		SPI_OK_INSERT, 1, {TEXTOID}
	};
	static StoreStatement insert_listings = {
		"INSERT INTO ingest.listing (id, source, source_id, event_id, " LISTING_COLUMNS
		", first_seen_at, updated_at, last_seen_job)"
		" SELECT listing_id, $1, source_id, event_id, " LISTING_COLUMNS ", now(), now(), $2"
		" FROM " BATCH_NAME " WHERE is_new",
		SPI_OK_INSERT, 2, {TEXTOID, INT8OID}
	};
	Datum		values[2];

	values[0] = StoreText(batch->source);
	values[1] = Int64GetDatum(batch->seen_job);
	(void) StoreExecute(&insert_events, values, NULL, 0);
	(void) StoreExecute(&insert_listings, values, NULL, 0);
}

/* Changed rows of listing */
static void
update_changed(const Batch *batch)
{
	static StoreStatement update = {
		"UPDATE ingest.listing l SET"
		" title = b.title, url = b.url, image_url = b.image_url, status = b.status,"
		" description = CASE WHEN b.keep_description THEN coalesce(l.description, b.description)"
		" ELSE b.description END,"
		" starts_at = b.starts_at, ends_at = b.ends_at, all_day = b.all_day,"
		" start_precision = b.start_precision, timezone = b.timezone, is_online = b.is_online,"
		" venue_name = b.venue_name, address = b.address, city = b.city, region = b.region,"
		" postal_code = b.postal_code, country = b.country, latitude = b.latitude,"
		" longitude = b.longitude, organizer = b.organizer, organizer_url = b.organizer_url,"
		" category = b.category, tags = b.tags, language = b.language, is_free = b.is_free,"
		" price_min = b.price_min, price_max = b.price_max, currency = b.currency,"
		" series_id = b.series_id, attributes = b.attributes,"
		" raw = CASE WHEN b.is_replayed THEN l.raw ELSE b.raw END, revision = b.revision,"
		" raw_hash = b.raw_hash, content_hash = b.content_hash,"
		" detail_hash = CASE WHEN b.keep_description THEN coalesce(b.detail_hash, l.detail_hash)"
		" ELSE b.detail_hash END, match_hash = b.match_hash,"
		" updated_at = now(), last_seen_job = $1,"
		" missing_runs = CASE WHEN b.is_replayed THEN l.missing_runs ELSE 0 END,"
		" missing_since = CASE WHEN b.is_replayed THEN l.missing_since END, withdrawn_at = NULL"
		" FROM " BATCH_NAME " b WHERE l.id = b.listing_id AND NOT b.is_new",
		SPI_OK_UPDATE, 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(batch->seen_job)};

	(void) StoreExecute(&update, values, NULL, 0);
}

/* Store the items in one go; raises if the database refuses any of them */
static void
store_items(const Batch *batch, BatchItem **items, int nitems)
{
	Tuplestorestate *store;
	Oid			listing_sequence = StoreRelation("listing_id_seq");
	Oid			event_sequence = StoreRelation("event_id_seq");
	bool		any_new = false;
	bool		any_changed = false;
	EventBatch	event_batch;

	EventBefore(&event_batch, items, nitems);
	for (int i = 0; i < nitems; i++)
	{
		BatchItem  *item = items[i];
		bool		is_new = item->stored.id == 0;

		item->listing_id = is_new ? nextval_internal(listing_sequence, false) : item->stored.id;
		item->event_id = is_new ? nextval_internal(event_sequence, false) : item->stored.event_id;
		any_new |= is_new;
		any_changed |= !is_new;
	}

	store = register_batch(items, nitems);
	if (any_changed)
		update_changed(batch);
	if (any_new)
		insert_new(batch);
	SPI_unregister_relation(BATCH_NAME);
	tuplestore_end(store);

	EventMatch(&event_batch, batch->source, batch->job_id, items, nitems);
}

/* Is the error the record's own fault, rather than the server's or a rival's? */
static bool
is_record_fault(int sqlerrcode)
{
	int			class = ERRCODE_TO_CATEGORY(sqlerrcode);

	return class == ERRCODE_DATA_EXCEPTION ||
		class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		sqlerrcode == ERRCODE_UNTRANSLATABLE_CHARACTER ||
		sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/* store_items in a subtransaction; the error if the records are at fault */
static ErrorData *
try_items(const Batch *batch, BatchItem **items, int nitems)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		store_items(batch, items, nitems);
		SPI_finish();
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!is_record_fault(error->sqlerrcode))
			ReThrowError((ErrorData *) error);
	}
	PG_END_TRY();
	return error;
}

/* Store what can be stored; report what cannot */
static void
store_or_halve(const Batch *batch, BatchItem **items, int nitems)
{
	ErrorData  *error;
	int			half;

	CHECK_FOR_INTERRUPTS();
	error = try_items(batch, items, nitems);
	if (error == NULL)
		return;
	if (nitems == 1)
	{
		items[0]->refused = true;
		batch->refuse(batch->refuse_arg, items[0], error);
		FreeErrorData(error);
		return;
	}
	FreeErrorData(error);
	half = nitems / 2;
	store_or_halve(batch, items, half);
	store_or_halve(batch, items + half, nitems - half);
}

void
StoreBatch(const char *source, int64 job_id, int64 seen_job, BatchItem *items, int nitems,
		   BatchRefuse refuse, void *arg)
{
	Batch		batch = {source, job_id, seen_job, refuse, arg};
	BatchItem **pointers;

	if (nitems == 0)
		return;
	pointers = palloc(nitems * sizeof(BatchItem *));
	for (int i = 0; i < nitems; i++)
		pointers[i] = &items[i];
	store_or_halve(&batch, pointers, nitems);
	pfree(pointers);
}

void
StoreConfirm(int64 listing_id, const char *revision, uint64 raw_hash)
{
	static StoreStatement confirm = {
		"UPDATE ingest.listing SET revision = $2, raw_hash = $3 WHERE id = $1",
		SPI_OK_UPDATE, 3, {INT8OID, TEXTOID, INT8OID}
	};
	Datum		values[3];
	char		nulls[3] = {' ', revision == NULL ? 'n' : ' ', ' '};

	values[0] = Int64GetDatum(listing_id);
	values[1] = revision == NULL ? (Datum) 0 : StoreText(revision);
	values[2] = Int64GetDatum((int64) raw_hash);
	(void) StoreExecute(&confirm, values, nulls, 0);
}
