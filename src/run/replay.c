/*
 * src/run/replay.c
 *
 * Records that are stored as they came, mapped again: after a change of the
 * configuration or of the mapping itself, without the network.
 *
 * The records of listings are put before the connector as a list, a few
 * hundred at a time; it may only say of them anew what it said before, so a
 * record that comes out with another id is left alone.  What was refused is
 * put before it one by one, for then any id is a gain.
 *
 * The source was not asked: who is missing stays missing, what is withdrawn is
 * not looked at, and cursor, validators and failures are as they were.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "run/run_internal.h"
#include "store/replay.h"

/* Records of listings that make up a page */
#define PAGE_RECORDS 200

typedef struct Replay
{
	int64		job_id;			/* whose records they are */
	bool		is_listing;		/* those of listings, or refused ones */
	Seen	   *wanted;			/* ids of the page's records */
	int			ntaken;			/* of them */
	Arena	   *arena;			/* of a page */
	MemoryContext context;		/* likewise */
} Replay;

/* ---- what records.c asks ---- */

bool
ReplayTakes(Run *run, const FeedRecord *record)
{
	Replay	   *replay = run->replay;

	/* The record of a listing that is told by the whole table, or its items */
	if (replay->is_listing && record->source_id != NULL &&
		(!SeenHas(replay->wanted, record->source_id) || SeenHas(run->seen, record->source_id)))
		return false;
	replay->ntaken++;
	return true;
}

const char *
ReplaySkips(const Run *run, const StoredListing *stored)
{
	if (stored->id == 0)
		return NULL;
	if (stored->withdrawn)
		return "withdrawn";
	return stored->last_seen_job > run->replay->job_id ? "superseded" : NULL;
}

bool
ReplayIsListing(const Run *run)
{
	return run->replay->is_listing;
}

int64
ReplayJob(const Run *run)
{
	return run->replay->job_id;
}

/* ---- pages ---- */

/* Put records before the connector, as the list that a caller could push */
static void
replay_page(Run *run, const KeptRecord *records, int n)
{
	Replay	   *replay = run->replay;
	StringInfoData list;
	Problem		problem = {0};
	FeedPage	page;

	initStringInfo(&list);
	replay->wanted = SeenCreate(replay->context);
	replay->ntaken = 0;
	for (int i = 0; i < n; i++)
	{
		appendStringInfoString(&list, i == 0 ? "[" : ",");
		appendStringInfoString(&list, records[i].raw);
		if (records[i].source_id != NULL)
			(void) SeenAdd(replay->wanted, records[i].source_id);
	}
	appendStringInfoChar(&list, ']');

	page.arena = replay->arena;
	RunOpenPayload(run->feed, &page, list.data, list.len, &problem);
	if (ProblemIsSet(&problem))
		RunFail(run, &problem);
	RunRecords(run, &page);
	run->counters.pages++;
	run->counters.bytes += list.len;
}

/* Those that stand alone, at the front; the others are skipped */
static int
choose(Run *run, KeptRecord *records, int n)
{
	int			nchosen = 0;

	for (int i = 0; i < n; i++)
	{
		if (run->feed->connector->stands_alone(records[i].raw, strlen(records[i].raw)))
			records[nchosen++] = records[i];
		else
			RunSkip(run, "needs_its_page");
	}
	return nchosen;
}

/* A page's worth of listings */
static void
replay_listings(Run *run, const int64 *ids, int nids)
{
	StoreSession session;
	KeptRecord *records;
	int			n;

	RunBegin(run, &session);
	MemoryContextSwitchTo(run->replay->context);
	records = ReplayLoadListings(ids, nids, &n);
	RunCommit(run, &session);
	MemoryContextSwitchTo(run->replay->context);

	n = choose(run, records, n);
	if (n > 0)
		replay_page(run, records, n);
	for (int i = run->replay->ntaken; i < n; i++)
		RunSkip(run, "other_id");
}

/* One refused record: whatever comes of it, its old row has no more to say */
static void
replay_refusal(Run *run, int64 id)
{
	StoreSession session;
	KeptRecord *record;
	int			n;

	RunBegin(run, &session);
	MemoryContextSwitchTo(run->replay->context);
	record = ReplayLoadRefusals(&id, 1, &n);
	RunCommit(run, &session);
	MemoryContextSwitchTo(run->replay->context);

	if (choose(run, record, n) == 0)
		return;
	replay_page(run, record, 1);
	RunBegin(run, &session);
	ReplaySettle(id);
	RunCommit(run, &session);
}

/* Do what is to be done with one page, and forget it */
static void
end_page(Run *run)
{
	MemoryContextSwitchTo(run->context);
	MemoryContextReset(run->replay->context);
	ArenaReset(run->replay->arena);
	CHECK_FOR_INTERRUPTS();
}

static void
replay_all(Run *run, const int64 *listings, int nlistings, const int64 *refusals, int nrefusals)
{
	Replay	   *replay = run->replay;

	replay->is_listing = true;
	for (int i = 0; i < nlistings; i += PAGE_RECORDS)
	{
		replay_listings(run, listings + i, Min(PAGE_RECORDS, nlistings - i));
		end_page(run);
	}
	replay->is_listing = false;
	for (int i = 0; i < nrefusals; i++)
	{
		replay_refusal(run, refusals[i]);
		end_page(run);
	}
}

/* ---- the job ---- */

/* Raise for a job of which nothing is kept */
static void
raise_nothing_kept(const Source *source, int64 job_id, const char *jobs)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("no record of import job %lld of source \"%s\" is kept", (long long) job_id, source->name),
			 errdetail("Kept are the records of listings with the job that wrote them last, if keep_raw is set,"
					   " and those that a job refused and no later one stored."),
			 jobs != NULL ? errhint("Jobs of this source with records, the latest first: %s.", jobs) :
			 errhint("SELECT ingest_run(%s) gets them from the source.", quote_literal_cstr(source->name))));
}

static Source *
load_source(int64 job_id)
{
	StoreSession session;
	MemoryContext context = CurrentMemoryContext;
	char	   *name;
	Source	   *source;

	StoreBegin(&session);
	MemoryContextSwitchTo(context);
	name = ReplaySource(job_id);
	StoreEnd(&session);
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("import job %lld does not exist", (long long) job_id),
				 errhint("SELECT id, source, started_at FROM ingest.import_job ORDER BY id DESC shows those that are kept.")));
	source = SourceLoad(name);
	if (source == NULL)
		SourceUnknown(name);
	return source;
}

/* The run of a source whose connector can do it, with nothing in its way */
static Run *
open_run(Source *source, Replay *replay)
{
	Run		   *run = RunCreate(source, false);

	run->replay = replay;
	RunOpenSource(run);
	if (run->feed->connector->stands_alone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("records of source \"%s\" cannot be mapped again without the pages that they stood in",
						source->name),
				 errdetail("Records of connector \"%s\" refer to what stands around them, which is not kept.",
						   run->feed->connector->name),
				 errhint("SELECT ingest_run(%s) reads the pages again.", quote_literal_cstr(source->name))));

	/* What is stored is not left out for having gone by */
	run->feed->window_start = run->feed->window_end = FEED_TIME_UNKNOWN;
	run->max_records = 0;
	run->feed->cursor = SourceCursor(source->name);
	replay->arena = RunArena(run->context);
	replay->context = AllocSetContextCreate(run->context, "ingest replay page", ALLOCSET_DEFAULT_SIZES);
	return run;
}

int64
RunReplay(int64 job_id, const char *requested_by)
{
	MemoryContext context = CurrentMemoryContext;
	Source	   *source = load_source(job_id);
	Replay		replay = {job_id};
	StoreSession session;
	int64	   *listings;
	int64	   *refusals;
	int			nlistings;
	int			nrefusals;
	JobEnd		end;
	Run		   *run;

	RunLock(source);
	run = open_run(source, &replay);
	StoreBegin(&session);
	MemoryContextSwitchTo(context);
	listings = ReplayListings(source->name, job_id, &nlistings);
	refusals = ReplayRefusals(job_id, &nrefusals);
	if (nlistings + nrefusals == 0)
		raise_nothing_kept(source, job_id, ReplayJobs(source->name));
	StoreEnd(&session);

	run->job_id = JobOpen(source, "replay", requested_by);
	replay_all(run, listings, nlistings, refusals, nrefusals);
	RunJudge(run, &end);
	end.asked_nobody = true;
	(void) RunClose(run, &end);
	return run->job_id;
}
