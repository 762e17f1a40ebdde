/*
 * src/run/fetch.c
 *
 * The network side of a run: requests as the connector wants them, bodies into
 * the spool, pages into the store.
 *
 * The next page is asked for before this one is stored, so that the upstream
 * and the database work at the same time.  No transaction is open here but
 * within RunRecords and RunHeartbeat.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "run/run_internal.h"
#include "settings.h"
#include "store/columns.h"

/*
 * A stored validator (ETag, Last-Modified) is good for so long.  The body it
 * stands for may be unchanged while our window moved on: what lies at its far
 * end would never be seen.
 */
#define VALIDATOR_HOURS 24

/* ---- the client ---- */

/* HttpPolicy.heartbeat: called about once a second while it waits */
static void
waiting(void *arg, const char *phase)
{
	RunHeartbeat(arg);
}

void
RunOpenClient(Run *run)
{
	HttpPolicy	policy = {0};

	policy.connect_timeout_ms = IngestConnectTimeout;
	policy.request_timeout_ms = IngestRequestTimeout;
	policy.max_response_size = (int64) IngestMaxResponseSize * 1024;
	policy.max_retries = IngestMaxRetries;
	policy.user_agent = IngestUserAgent;
	policy.ca_file = IngestCaFile[0] != '\0' ? IngestCaFile : NULL;
	policy.proxy = IngestProxy[0] != '\0' ? IngestProxy : NULL;
	policy.allowed_networks = IngestAllowedNetworks;
	policy.requests_per_second = ConfigNumber(run->feed->config, "requests_per_second");
	policy.deadline = run->deadline;
	policy.heartbeat = waiting;
	policy.heartbeat_arg = run;
	run->client = HttpClientCreate(run->context, &policy, run->redactor);
	run->spool = SpoolCreate(run->context);
}

/* ---- one request ---- */

/* A header whose value is a secret, by its name */
static bool
is_secret_header(const char *name)
{
	return pg_strcasecmp(name, "Authorization") == 0 || pg_strcasecmp(name, "Cookie") == 0 ||
		pg_strcasecmp(name, "X-Api-Key") == 0 || pg_strcasecmp(name, "Apikey") == 0;
}

/* The connector's headers, then the configured ones */
static int
request_headers(Run *run, const FeedRequest *wanted, HttpHeader *headers, int max)
{
	const char *name;
	const char *value;
	int			n = 0;

	for (int i = 0; i < wanted->nheaders && n < max; i++, n++)
		headers[n] = (HttpHeader) {wanted->headers[i].name, wanted->headers[i].value,
								   wanted->headers[i].secret || is_secret_header(wanted->headers[i].name)};
	for (int i = 0; n < max && ConfigObjectMember(run->feed->config, "headers", i, &name, &value); i++, n++)
		headers[n] = (HttpHeader) {name, value, is_secret_header(name)};
	return n;
}

HttpTransfer *
RunStartRequest(Run *run, const FeedRequest *wanted)
{
	HttpHeader	headers[FEED_MAX_HEADERS + 16];
	HttpRequest request = {0};
	SourceValidator *validator = NULL;

	request.method = wanted->method;
	request.url = wanted->url;
	request.headers = headers;
	request.nheaders = request_headers(run, wanted, headers, lengthof(headers));
	request.body = wanted->body;
	request.body_len = wanted->body != NULL ? strlen(wanted->body) : 0;
	request.min_interval = wanted->min_interval;
	if (wanted->conditional)
		validator = RunFindValidator(run, wanted->url);
	if (validator != NULL)
	{
		request.etag = validator->etag;
		request.last_modified = validator->last_modified;
	}
	return HttpStart(run->client, &request);
}

/* ---- validators ---- */

/* The seed is part of the key: another mapping must see the whole body again */
static char *
validator_key(const Run *run, const char *url)
{
	char	   *redacted = RunRedact(run, url);

	return psprintf("%016llx %s", (unsigned long long) FeedSeed(run->feed), redacted);
}

/*
 * All are good for use, or none is: every so often a run sees all lists whole,
 * or it could never tell what is gone from a source of several.
 */
static bool
validators_are_fresh(const Run *run)
{
	TimestampTz oldest = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													 -(int64) VALIDATOR_HOURS * SECS_PER_HOUR * 1000);

	for (int i = 0; i < run->nstored_validators; i++)
		if (run->stored_validators[i].fetched_at <= oldest)
			return false;
	return true;
}

SourceValidator *
RunFindValidator(Run *run, const char *url)
{
	char	   *key = validator_key(run, url);

	for (int i = 0; i < run->nstored_validators; i++)
		if (strcmp(run->stored_validators[i].key, key) == 0 && validators_are_fresh(run))
			return &run->stored_validators[i];
	return NULL;
}

/* Append a member to the next http_cache */
static void
keep_validator(Run *run, const char *key, const char *etag, const char *last_modified,
			   TimestampTz fetched_at)
{
	StringInfo	json = &run->validators;

	if (etag == NULL && last_modified == NULL)
		return;
	if (json->len > 0)
		appendStringInfoString(json, ", ");
	escape_json(json, key);
	appendStringInfoString(json, ": {\"etag\": ");
	etag != NULL ? escape_json(json, etag) : appendStringInfoString(json, "null");
	appendStringInfoString(json, ", \"last_modified\": ");
	last_modified != NULL ? escape_json(json, last_modified) : appendStringInfoString(json, "null");
	appendStringInfo(json, ", \"fetched_at\": %lld}", (long long) fetched_at);
}

/* ---- refusals ---- */

/* A plain sentence for a status that the connector says nothing of */
static void
problem_of_status(const Run *run, const FeedRequest *request, const HttpResponse *response,
				  Problem *problem)
{
	ErrorClass	error_class = response->status == 401 || response->status == 403 ? ERROR_CLASS_AUTH :
		response->status == 429 ? ERROR_CLASS_RATE_LIMIT :
		response->status == 404 || response->status == 410 || response->status == 400 ? ERROR_CLASS_CONFIG :
		ERROR_CLASS_UPSTREAM;

	if (ProblemIsSet(&response->problem))
	{
		*problem = response->problem;
		return;
	}
	ProblemSet(problem, error_class, "the upstream answered %d to the request for %s",
			   response->status, request->what);
}

void
RunRefused(Run *run, const FeedRequest *request, const HttpResponse *response)
{
	Feed	   *feed = run->feed;
	Problem		problem = {0};
	RefusalVerdict verdict = REFUSAL_FAIL;

	run->http_status = response->status;
	run->retry_at = response->retry_at;
	if ((response->status >= 400 || request->may_fail) && feed->connector->refused != NULL)
	{
		FeedRefusal refusal = {response->status, response->content_type,
		response->error_body, response->error_len, &response->problem};

		verdict = feed->connector->refused(feed, request, &refusal, &problem);
	}
	if (verdict != REFUSAL_FAIL)
	{
		run->http_status = 0;
		return;
	}
	if (!ProblemIsSet(&problem))
		problem_of_status(run, request, response, &problem);
	RunFail(run, &problem);
}

/* ---- pages ---- */

/* Redacted where redirects led elsewhere: good enough to resolve links by */
const char *
RunPageUrl(const FeedRequest *request, const HttpResponse *response)
{
	return response->redirects > 0 ? response->effective_url : request->url;
}

void
RunPageFailed(Run *run, const FeedPage *page, const Problem *problem)
{
	if (page->retry_at != 0)
		run->retry_at = FeedTimeToTimestampTz(page->retry_at);
	RunFail(run, problem);
}

/* Connector's view of a response's headers */
static const char *
response_header(void *arg, const char *name)
{
	return HttpResponseHeader(arg, name);
}

/* Counters of the client into the job's */
static void
count_traffic(Run *run)
{
	const HttpCounters *counters = HttpClientCounters(run->client);

	run->counters.requests = counters->requests;
	run->counters.retries = counters->retries;
	run->counters.bytes = counters->bytes;
}

/* How many requests the upstream still allows */
static void
note_budget(Run *run, const HttpResponse *response)
{
	int64		remaining = -1;

	if (run->feed->connector->budget == NULL)
		return;
	(void) run->feed->connector->budget(response_header, (void *) response, &remaining);
	run->budget = remaining;
}

/* The connector's next wish, or false at the end of all lists */
static bool
next_request(Run *run, FeedRequest *request)
{
	Problem		problem = {0};

	memset(request, 0, sizeof(*request));
	if (run->max_records > 0 && run->counters.fetched >= run->max_records)
		return false;
	if (run->max_pages > 0 && run->counters.pages >= run->max_pages)
	{
		if (!run->feed->connector->next_request(run->feed, request, &problem))
			return false;
		run->incomplete = run->cut_short = true;
		RunWarn(run, psprintf("stopped after %lld pages (max_pages)", (long long) run->max_pages));
		return false;
	}
	if (run->feed->connector->next_request(run->feed, request, &problem))
		return true;
	if (ProblemIsSet(&problem))
		RunFail(run, &problem);
	return false;
}

const FeedBody *
RunFetchDetail(Run *run, const FeedRequest *wanted)
{
	static FeedBody body;
	HttpTransfer *transfer;
	const HttpResponse *response;
	HttpSink	sink;

	if (run->detail_spool == NULL)
		run->detail_spool = SpoolCreate(run->context);
	SpoolReset(run->detail_spool);
	sink = SpoolSink(run->detail_spool);
	transfer = RunStartRequest(run, wanted);
	response = HttpFinish(transfer, &sink);
	count_traffic(run);
	note_budget(run, response);
	if (ProblemIsSet(&response->problem))
	{
		RunWarn(run, psprintf("could not fetch %s: %s", wanted->what, response->problem.message));
		/* an upstream that asks us to wait is asked no more in this run */
		if (response->problem.error_class == ERROR_CLASS_RATE_LIMIT)
			run->budget = 0;
		HttpRelease(transfer);
		return NULL;
	}
	body = SpoolBody(run->detail_spool, NULL);
	HttpRelease(transfer);
	return &body;
}

/*
 * Take a page's body to pieces, ask for the next, and store this one's
 * records.  *next is the request that is under way on return, or NULL.
 */
static void
work_on_page(Run *run, FeedRequest *request, const HttpResponse *response, Arena *arena,
			 FeedRequest *following, HttpTransfer **next)
{
	Feed	   *feed = run->feed;
	FeedPage	page = {0};
	FeedBody	body = SpoolBody(run->spool, response->content_type);
	Problem		problem = {0};

	page.arena = arena;
	page.request = request;
	page.url = RunPageUrl(request, response);
	page.header = response_header;
	page.header_arg = (void *) response;
	if (!feed->connector->page(feed, &page, &body, &problem))
		RunPageFailed(run, &page, &problem);
	if (!page.is_aside)
		run->counters.pages++;
	run->nempty += page.is_empty;
	if (page.refresh_seconds > run->refresh_seconds)
		run->refresh_seconds = page.refresh_seconds;
	if (page.incomplete)
		run->incomplete = true;
	else if (page.unchanged)
	{
		run->not_modified++;
		run->keeps_validators = true;
	}
	else if (request->conditional && !page.is_empty)
		keep_validator(run, validator_key(run, request->url), response->etag,
					   response->last_modified, GetCurrentTimestamp());

	*next = next_request(run, following) ? RunStartRequest(run, following) : NULL;
	RunPhase(run, "storing %s", request->what);
	RunRecords(run, &page);
	if (page.incomplete)
		run->incomplete = true;
}

void
RunFetch(Run *run)
{
	Arena	   *arena = RunArena(run->context);
	FeedRequest requests[2];
	int			current = 0;
	HttpTransfer *transfer;
	HttpSink	sink = SpoolSink(run->spool);

	transfer = next_request(run, &requests[0]) ? RunStartRequest(run, &requests[0]) : NULL;
	while (transfer != NULL)
	{
		FeedRequest *request = &requests[current];
		FeedRequest *following = &requests[1 - current];
		HttpTransfer *next = NULL;
		const HttpResponse *response;

		RunPhase(run, "fetching %s", request->what);
		SpoolReset(run->spool);
		response = HttpFinish(transfer, &sink);
		count_traffic(run);
		note_budget(run, response);
		if (response->not_modified)
		{
			SourceValidator *validator = RunFindValidator(run, request->url);

			run->not_modified++;
			if (validator != NULL)
				keep_validator(run, validator->key, validator->etag, validator->last_modified,
							   validator->fetched_at);
			next = next_request(run, following) ? RunStartRequest(run, following) : NULL;
		}
		else if (ProblemIsSet(&response->problem))
		{
			RunRefused(run, request, response);
			next = next_request(run, following) ? RunStartRequest(run, following) : NULL;
		}
		else
			work_on_page(run, request, response, arena, following, &next);

		HttpRelease(transfer);
		ArenaReset(arena);
		RunHeartbeat(run);
		transfer = next;
		current = 1 - current;
	}

	/* a list that was given up: what it lacks is not gone */
	if (run->feed->incomplete)
		run->incomplete = true;
}
