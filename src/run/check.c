/*
 * src/run/check.c
 *
 * What a run of a source needs, step by step: the configuration, the
 * credentials, the way to the upstream, its answer, its records.  Each step is
 * told as it ends; the first that fails is the last.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "run/run_internal.h"
#include "settings.h"

/* Answers without a record (a token, a robots.txt, an empty list) looked at */
#define MAX_ANSWERS 10

typedef struct Check
{
	CheckReport report;
	void	   *arg;
	const char *step;			/* under way */
	bool		connected;		/* the way to the first host was told */
	bool		accepted;		/* and that it lets us in */
} Check;

static void passed(Check *check, const char *format, ...) pg_attribute_printf(2, 3);

/* The step under way went well */
static void
passed(Check *check, const char *format, ...)
{
	char		detail[2048];
	va_list		args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	check->report(check->arg, check->step, true, detail);
}

/* ---- what is known before the first request ---- */

static void
check_configuration(Run *run)
{
	Check	   *check = run->check;
	Source	   *source = run->source;
	StoreSession session;

	check->step = "configuration";
	StoreTransactionBegin(&session);
	RunCheckConfig(source->name, source->connector, source->config);
	StoreTransactionCommit(&session);
	RunOpenSource(run);
	if (!source->enabled)
		passed(check, "valid for connector \"%s\"; the source is not enabled", source->connector);
	else if (source->paused_reason != NULL)
		passed(check, "valid for connector \"%s\"; the source is paused: %s", source->connector,
			   source->paused_reason);
	else
		passed(check, "valid for connector \"%s\"", source->connector);
}

static void
check_credentials(Run *run)
{
	Check	   *check = run->check;
	const CredentialKey *keys = run->feed->connector->credentials;
	StringInfoData set;
	StringInfoData unset;

	check->step = "credential";
	initStringInfo(&set);
	initStringInfo(&unset);
	for (const CredentialKey *key = keys; key != NULL && key->name != NULL; key++)
	{
		bool		is_set = run->feed->credential(run->feed->credential_arg, key->name) != NULL;
		StringInfo	list = is_set ? &set : &unset;

		if (!is_set && key->required)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					 errmsg("credential \"%s\" is not set (%s)", key->name, key->meaning),
					 errhint("SELECT ingest_set_credential(%s, %s, '…') sets it.",
							 quote_literal_cstr(run->source->name), quote_literal_cstr(key->name))));
		appendStringInfo(list, "%s%s", list->len > 0 ? ", " : "", key->name);
	}
	if (set.len > 0)
		passed(check, "set: %s", set.data);
	else if (unset.len > 0)
		passed(check, "none is set; optional: %s", unset.data);
	else
		passed(check, "connector \"%s\" needs none", run->source->connector);
}

/* ---- the way to the upstream ---- */

static void
check_way(Run *run, const HttpResponse *response)
{
	Check	   *check = run->check;
	const HttpProgress *progress = &response->progress;
	bool		is_https = strncmp(response->effective_url, "https:", 6) == 0;
	bool		by_proxy = IngestProxy[0] != '\0';

	if (check->connected)
		return;
	check->step = "name resolution";
	if (progress->resolved == 0)
		return;
	passed(check, by_proxy ? "the proxy's name has an address (%.0f ms)" :
		   "the host has an address (%.0f ms)", progress->resolved / 1000.0);
	check->step = "connection";
	if (progress->connected == 0)
		return;
	passed(check, "to %s (%.0f ms)", progress->address, progress->connected / 1000.0);
	check->step = "TLS";
	if (is_https && progress->secured == 0)
		return;
	if (is_https)
		passed(check, "the certificate is good (%.0f ms)", progress->secured / 1000.0);
	else
		passed(check, "not used: the address begins with http://");
	check->step = "first page";
	check->connected = true;
}

/* ---- its answer ---- */

static void
check_accepted(Run *run, const HttpResponse *response)
{
	Check	   *check = run->check;
	const CredentialKey *keys = run->feed->connector->credentials;
	bool		has_credential = false;

	if (check->accepted)
		return;
	check->accepted = true;
	for (const CredentialKey *key = keys; key != NULL && key->name != NULL; key++)
		has_credential |= run->feed->credential(run->feed->credential_arg, key->name) != NULL;
	check->step = "authentication";
	if (has_credential)
		passed(check, "the upstream answered %d to a request with the credential", response->status);
	else
		passed(check, "not needed: the upstream answered %d", response->status);
	check->step = "first page";
}

/* What a page's records would become: nothing is looked up, nothing stored */
static bool
check_records(Run *run, const FeedRequest *request, FeedPage *page, const HttpResponse *response)
{
	Check	   *check = run->check;
	Feed	   *feed = run->feed;
	Arena	   *arena = RunArena(run->context);
	FeedRecord	record = {0};
	int64		listings = 0;
	int64		skipped = 0;
	int64		refused = 0;

	while (feed->connector->record(feed, page, &record))
	{
		Listing		listing;
		MapResult	result;

		ListingInit(&listing);
		if (record.skip_reason == NULL)
			record.skip_reason = record.withheld;
		result = ProblemIsSet(&record.problem) ? MAP_REFUSED :
			record.skip_reason != NULL ? MAP_SKIPPED :
			feed->connector->map(feed, page, &record, arena, &listing);
		if (result == MAP_LISTING)
			listings++;
		else if (result == MAP_SKIPPED)
			RunSkip(run, record.skip_reason), skipped++;
		else if (refused++ == 0)
			run->first_refusal = record.problem;
		ArenaReset(arena);
		memset(&record, 0, sizeof(record));
		CHECK_FOR_INTERRUPTS();
	}
	if (listings + skipped + refused == 0)
		return false;

	passed(check, "%s: %lld records in %lld bytes", request->what,
		   (long long) (listings + skipped + refused), (long long) response->bytes);
	check->step = "mapping";
	if (refused > 0 && listings + skipped == 0)
	{
		Problem		problem = run->first_refusal;

		ProblemDetail(&problem, "All %lld records are refused; this is the first's reason.", (long long) refused);
		RunFail(run, &problem);
	}
	if (refused > 0)
		passed(check, "%lld listings, %lld skipped %s, %lld refused; the first: %s", (long long) listings,
			   (long long) skipped, RunSkipsJson(run), (long long) refused,
			   RunRedact(run, run->first_refusal.message));
	else if (skipped > 0)
		passed(check, "%lld listings, %lld skipped %s", (long long) listings, (long long) skipped,
			   RunSkipsJson(run));
	else
		passed(check, "%lld listings", (long long) listings);
	return true;
}

/* One answer; true when records were found in it */
static bool
check_answer(Run *run, const FeedRequest *request, const HttpResponse *response)
{
	Check	   *check = run->check;
	FeedPage	page = {0};
	FeedBody	body;
	Problem		problem = {0};
	bool		found;

	check_way(run, response);
	if (!check->connected)
		RunFail(run, &response->problem);
	if (ProblemIsSet(&response->problem))
	{
		RunRefused(run, request, response);
		return false;
	}
	check_accepted(run, response);
	body = SpoolBody(run->spool, response->content_type);
	page.arena = RunArena(run->context);
	page.request = request;
	page.url = RunPageUrl(request, response);
	if (!run->feed->connector->page(run->feed, &page, &body, &problem))
		RunPageFailed(run, &page, &problem);
	found = check_records(run, request, &page, response);
	ArenaReset(page.arena);
	return found;
}

static void
check_upstream(Run *run)
{
	Check	   *check = run->check;
	HttpSink	sink;
	FeedRequest request;
	Problem		problem = {0};

	RunOpenClient(run);
	sink = SpoolSink(run->spool);
	check->step = "first page";
	for (int i = 0; i < MAX_ANSWERS; i++)
	{
		HttpTransfer *transfer;
		bool		found;

		memset(&request, 0, sizeof(request));
		if (!run->feed->connector->next_request(run->feed, &request, &problem))
		{
			if (ProblemIsSet(&problem))
				RunFail(run, &problem);
			passed(check, "the upstream has not one record");
			return;
		}
		SpoolReset(run->spool);
		transfer = RunStartRequest(run, &request);
		found = check_answer(run, &request, HttpFinish(transfer, &sink));
		HttpRelease(transfer);
		if (found)
			return;
	}
	passed(check, "the first %d answers hold not one record", MAX_ANSWERS);
}

/* ---- all of it ---- */

static void
check_source(Run *run, JobEnd *end)
{
	memset(end, 0, sizeof(*end));
	check_configuration(run);
	check_credentials(run);
	check_upstream(run);
}

/* The step under way failed: what is wrong, and what to do */
static void
report_failure(const Check *check, const JobEnd *end)
{
	const char *step = check->connected && end->error_class == ERROR_CLASS_AUTH ?
		"authentication" : check->step;
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfoString(&detail, end->message);
	if (end->detail != NULL)
		appendStringInfo(&detail, "\n%s", end->detail);
	if (end->hint != NULL)
		appendStringInfo(&detail, "\n%s", end->hint);
	check->report(check->arg, step, false, detail.data);
}

bool
RunCheck(const char *source_name, CheckReport report, void *arg, JobEnd *end)
{
	Check		check = {report, arg, "configuration"};
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
	run->check = &check;
	RunGuarded(run, check_source, end);
	if (end->sqlstate != NULL && strcmp(end->status, "cancelled") != 0)
	{
		report_failure(&check, end);
		memset(end, 0, sizeof(*end));
	}
	return true;
}
