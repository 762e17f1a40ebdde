/*
 * src/run/run.c
 *
 * One run of a source, from claim to close; and the same records without the
 * network, pushed (RunImport) or only looked at (RunParse).  Those that are
 * stored already, once more: replay.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "run/clean.h"
#include "run/run_internal.h"
#include "run/settle.h"
#include "settings.h"
#include "store/rollup.h"

/* ---- claim ---- */

/* feed->secret */
static void
keep_secret(void *arg, const char *value)
{
	Run		   *run = arg;

	if (RedactorAddSecret(run->redactor, value) != 0)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/* feed->credential: read when asked for, and from then on redacted */
static const char *
credential(void *arg, const char *name)
{
	Run		   *run = arg;
	StoreSession session;
	MemoryContext old = MemoryContextSwitchTo(run->context);
	char	   *value;
	char	   *kept = NULL;

	if (run->own_transactions)
		StoreTransactionBegin(&session);
	value = SourceCredential(run->source->name, name);
	if (value != NULL)
		kept = MemoryContextStrdup(run->context, value);
	if (run->own_transactions)
		StoreTransactionCommit(&session);
	if (kept != NULL)
		keep_secret(run, kept);
	MemoryContextSwitchTo(old);
	return kept;
}

Run *
RunCreate(Source *source, bool own_transactions)
{
	Run		   *run = palloc0(sizeof(Run));

	run->context = CurrentMemoryContext;
	run->source = source;
	run->own_transactions = own_transactions;
	run->redactor = HttpRedactorCreate(run->context);
	run->seen = SeenCreate(run->context);
	run->unlisted = SeenCreate(run->context);
	run->budget = -1;
	run->last_progress = GetCurrentTimestamp();
	if (own_transactions && IngestRunTimeout > 0)
		run->deadline = TimestampTzPlusMilliseconds(run->last_progress, (int64) IngestRunTimeout * 1000);
	initStringInfo(&run->validators);
	strlcpy(run->phase, "starting", sizeof(run->phase));
	return run;
}

void
RunOpenSource(Run *run)
{
	const Config *config;
	FeedRequest probe = {0};
	StoreSession session;

	run->feed = RunOpenFeed(run->source->name, run->source->connector,
							run->source->config, run->source->timezone);
	config = run->feed->config;
	run->feed->credential = credential;
	run->feed->credential_arg = run;
	run->feed->warn = RunWarn;
	run->feed->warn_arg = run;
	run->feed->secret = keep_secret;
	run->feed->secret_arg = run;
	run->keep_raw = ConfigBoolean(config, "keep_raw");
	run->max_records = ConfigInteger(config, "max_records");
	run->max_pages = ConfigInteger(config, "max_pages");
	run->wants_detail = run->feed->connector->detail_request != NULL &&
		run->feed->connector->detail_request(run->feed, "0", &probe);

	RunBegin(run, &session);
	run->has_open_errors = ErrorsOpen(run->source->name);
	RunCommit(run, &session);
}

/* ---- close ---- */

/*
 * A calendar that answers well and is empty, where events of it are still to
 * come, is more often a publisher's mistake than the truth: it proves nothing
 * about what is missing.
 */
static void
doubt_emptiness(Run *run)
{
	StoreSession session;
	int64		upcoming;

	if (run->counters.fetched > 0 || run->nempty == 0 || run->nempty < run->counters.pages)
		return;
	RunBegin(run, &session);
	upcoming = SourceUpcoming(run->source->name);
	RunCommit(run, &session);
	if (upcoming == 0)
		return;
	run->emptied = run->incomplete = true;
	RunWarn(run, psprintf("the calendar came back empty, while %lld of its events are still to come: they are kept",
						  (long long) upcoming));
}

/* What came of a run that was not thrown out of */
void
RunJudge(Run *run, JobEnd *end)
{
	const JobCounters *c = &run->counters;
	bool		changed = c->created + c->updated + c->withdrawn > 0;

	memset(end, 0, sizeof(*end));
	if (c->errors > 0 && c->errors == c->fetched)
	{
		end->status = "failed";
		end->error_class = run->first_refusal.error_class == ERROR_CLASS_NONE ?
			ERROR_CLASS_DATA : run->first_refusal.error_class;
		end->sqlstate = pstrdup(unpack_sql_state(RunSqlState(end->error_class)));
		end->message = c->errors == 1 ? pstrdup("the only record was refused") :
			psprintf("all %lld records were refused", (long long) c->errors);
		end->detail = psprintf("The first: %s.", RunRedact(run, run->first_refusal.message));
		end->hint = psprintf("SELECT * FROM ingest.import_error WHERE job_id = %lld shows them.",
							 (long long) run->job_id);
	}
	else if (run->emptied)
		end->status = "empty";
	else if (c->errors > 0 || run->incomplete)
		end->status = "partial";
	else if (changed)
		end->status = "success";
	else if (c->fetched > 0 || run->not_modified > 0)
		end->status = "no_change";
	else
		end->status = "empty";

	/* Validators and cursor speak of bodies that are stored now */
	if (end->sqlstate == NULL && run->own_transactions)
	{
		if (!run->keeps_validators)
			end->http_cache = psprintf("{%s}", run->validators.data);
		if (!run->cut_short)
			end->cursor = run->feed->next_cursor;
	}

	/* A list that was not sent anew may still have the wish it had */
	end->has_min_interval = end->sqlstate == NULL && run->own_transactions && run->not_modified == 0;
	end->min_interval = run->refresh_seconds;
}

/* What came of a run that an error ended */
static void
judge_error(Run *run, const ErrorData *error, JobEnd *end)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	memset(end, 0, sizeof(*end));
	end->status = error->sqlerrcode == ERRCODE_QUERY_CANCELED ? "cancelled" : "failed";
	end->error_class = ProblemIsSet(&run->problem) ? run->problem.error_class :
		error->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE ? ERROR_CLASS_CONFIG :
		category == ERRCODE_DATA_EXCEPTION ? ERROR_CLASS_DATA : ERROR_CLASS_INTERNAL;
	end->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	end->message = RunRedact(run, error->message ? error->message : "unknown error");
	end->detail = error->detail ? RunRedact(run, error->detail) : NULL;
	end->hint = error->hint ? RunRedact(run, error->hint) : NULL;
	end->http_status = run->http_status;
	end->not_before = run->retry_at;
	if (end->status[0] == 'c')
		end->error_class = ERROR_CLASS_NONE;
}

/* When the source is due next; only a run of its own says so, not a push */
TimestampTz
RunClose(Run *run, const JobEnd *end)
{
	StoreSession session;
	TimestampTz due = DT_NOEND;

	RunBegin(run, &session);
	JobClose(run->job_id, run->source->name, &run->counters, RunSkipsJson(run),
			 run->warnings, run->nwarnings, end);
	if (run->own_transactions)
		due = SettleRun(run->source->name, JobStart(run->job_id), end);
	HealthTell(run->source->name);
	RunCommit(run, &session);
	return due;
}

/* One line in the server log for a job that failed, or for each if asked */
static void
log_end(const Run *run, const JobEnd *end)
{
	const JobCounters *c = &run->counters;

	if (end->sqlstate != NULL)
		ereport(LOG,
				(errmsg("import job %lld of source \"%s\" %s: %s", (long long) run->job_id,
						run->source->name, end->status, end->message),
				 end->detail ? errdetail_internal("%s", end->detail) : 0,
				 end->hint ? errhint("%s", end->hint) : 0));
	else if (IngestLogJobs)
		ereport(LOG,
				(errmsg("import job %lld of source \"%s\": %s, %lld fetched, %lld created, %lld updated, %lld skipped, %lld errors",
						(long long) run->job_id, run->source->name, end->status,
						(long long) c->fetched, (long long) c->created, (long long) c->updated,
						(long long) c->skipped, (long long) c->errors)));
}

/* ---- a worker's run ---- */

/*
 * A batch need not be on disk before the next page is worked on: what a crash
 * of the machine takes back is the end of a run that did not end, and the next
 * run brings it again.  The commit that closes the job is as durable as the
 * server is set to make it, and everything before it with it.
 */
static char *
relax_commits(void)
{
	char	   *setting = pstrdup(GetConfigOption("synchronous_commit", false, false));

	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION);
	return setting;
}

/* Fetch and store everything */
static void
run_to_the_end(Run *run, JobEnd *end)
{
	StoreSession session;

	RunOpenSource(run);
	RunOpenClient(run);
	StoreTransactionBegin(&session);
	MemoryContextSwitchTo(run->context);
	run->stored_validators = SourceValidators(run->source->name, &run->nstored_validators);
	run->feed->cursor = SourceCursor(run->source->name);
	StoreTransactionCommit(&session);
	RunFetch(run);
	doubt_emptiness(run);
	RunMissing(run);
	RunJudge(run, end);
}

void
RunGuarded(Run *run, void (*work) (Run *run, JobEnd *end), JobEnd *end)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		work(run, end);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(context);
		judge_error(run, error, end);
	}
	PG_END_TRY();
}

RunOutcome
RunSource(RunRequest *request)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "ingest run", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	StoreSession session;
	Source	   *source;
	Run		   *run;
	JobEnd		end;
	bool		locked = false;
	bool		due = true;
	int64		job_id = 0;
	char	   *synchronous_commit;

	/* Lock first: a row that is open without it is a crash */
	StoreTransactionBegin(&session);
	SettleSweep();
	MemoryContextSwitchTo(context);
	source = SourceLoad(request->source);
	if (source != NULL)
		locked = JobLockTry(source->name, true);
	if (locked && strcmp(request->trigger, "schedule") == 0)
		due = PlanClaim(source->name);
	if (locked && due)
		job_id = JobOpen(source, request->trigger, request->requested_by);
	StoreTransactionCommit(&session);
	if (job_id == 0)
	{
		if (locked)
			JobUnlock(source->name);
		MemoryContextSwitchTo(old);
		return source == NULL ? RUN_NO_SOURCE : locked ? RUN_NOT_DUE : RUN_BUSY;
	}

	request->opened(request->arg, job_id);
	run = RunCreate(source, true);
	run->job_id = job_id;
	synchronous_commit = relax_commits();
	RunGuarded(run, run_to_the_end, &end);
	SetConfigOption("synchronous_commit", synchronous_commit, PGC_USERSET, PGC_S_SESSION);
	request->next_due = RunClose(run, &end);
	log_end(run, &end);
	RunClean(source->name);
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return RUN_ENDED;
}

/* ---- without the network ---- */

void
RunOpenPayload(Feed *feed, FeedPage *page, const char *bytes, size_t length, Problem *problem)
{
	FeedBody	body = {0};
	Arena	   *arena = page->arena;

	memset(page, 0, sizeof(*page));
	page->arena = arena;
	body.bytes = bytes;
	body.size = length;
	if (!feed->connector->page(feed, page, &body, problem))
		Assert(ProblemIsSet(problem));
}

void
RunLock(const Source *source)
{
	int64		running;

	if (JobLockTry(source->name, false))
		return;
	running = JobRunning(source->name);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("source \"%s\" is being run", source->name),
			 errdetail("Import job %lld is running.", (long long) running),
			 errhint("Wait for it, or end it with SELECT ingest_cancel(%lld).", (long long) running)));
}

int64
RunImport(const char *source_name, const char *bytes, size_t length, const char *requested_by)
{
	Source	   *source = SourceLoad(source_name);
	Problem		problem = {0};
	FeedPage	page;
	JobEnd		end;
	Run		   *run;

	if (source == NULL)
		SourceUnknown(source_name);
	RunLock(source);
	run = RunCreate(source, false);
	run->job_id = JobOpen(source, "import", requested_by);
	RunOpenSource(run);
	page.arena = run->feed->arena;
	RunOpenPayload(run->feed, &page, bytes, length, &problem);
	if (ProblemIsSet(&problem))
		RunFail(run, &problem);
	run->counters.pages = 1;
	run->counters.bytes = length;
	run->nempty = page.is_empty;
	RunRecords(run, &page);
	run->incomplete |= page.incomplete;
	doubt_emptiness(run);
	RunJudge(run, &end);
	(void) RunClose(run, &end);
	return run->job_id;
}

/* Map one record; false: it was skipped, which is nobody's problem */
static bool
parse_record(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, ParsedRecord *parsed)
{
	Listing    *listing = ArenaAlloc(arena, sizeof(Listing));
	MapResult	result;

	ListingInit(listing);
	result = ProblemIsSet(&record->problem) ? MAP_REFUSED :
		record->skip_reason != NULL ? MAP_SKIPPED :
		feed->connector->map(feed, page, record, arena, listing);
	parsed->source_id = record->source_id;
	parsed->raw = record->raw;
	parsed->raw_length = record->raw_length;
	if (result == MAP_LISTING)
		parsed->listing = listing;
	else if (result == MAP_REFUSED)
	{
		parsed->problem = record->problem.message;
		parsed->error_class = record->problem.error_class;
	}
	return result != MAP_SKIPPED;
}

void
RunParse(const char *connector, const char *config, const char *bytes, size_t length,
		 void (*found) (void *arg, const ParsedRecord *record), void *arg)
{
	Feed	   *feed = RunOpenFeed(NULL, connector, config, GetConfigOption("TimeZone", false, false));
	Arena	   *arena = RunArena(CurrentMemoryContext);
	Problem		problem = {0};
	FeedPage	page;
	FeedRecord	record = {0};
	int64		position = 0;

	page.arena = feed->arena;
	RunOpenPayload(feed, &page, bytes, length, &problem);
	if (ProblemIsSet(&problem))
		ereport(ERROR,
				(errcode(RunSqlState(problem.error_class)),
				 errmsg("%s", problem.message),
				 problem.detail[0] != '\0' ? errdetail("%s", problem.detail) : 0,
				 problem.hint[0] != '\0' ? errhint("%s", problem.hint) : 0));
	while (feed->connector->record(feed, &page, &record))
	{
		ParsedRecord parsed = {++position};

		if (parse_record(feed, &page, &record, arena, &parsed))
			found(arg, &parsed);
		ArenaReset(arena);
		memset(&record, 0, sizeof(record));
		CHECK_FOR_INTERRUPTS();
	}
}
