/*
 * src/http/judge.c
 *
 * What follows from how an attempt ended: another hop, another attempt, or
 * the response.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "http/http_internal.h"

/* A header that is stored and sent back later: only if it is plain ASCII */
static const char *
plain_header(HttpTransfer *transfer, const char *name)
{
	const char *value = HttpResponseHeader(&transfer->response, name);

	for (const char *c = value; c != NULL && *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || (unsigned char) *c > '~')
			return NULL;
	}
	return value;
}

/* Make the response final, from what the last attempt left */
void
TransferDone(HttpTransfer *transfer)
{
	HttpResponse *response = &transfer->response;
	const Redactor *redactor = transfer->client->redactor;
	const char *url = transfer->url ? transfer->url : transfer->request.url;
	size_t		size = strlen(url) * 3 + 64;
	char	   *redacted = MemoryContextAlloc(transfer->cxt, size);

	RedactText(redactor, url, strlen(url), redacted, size);
	response->effective_url = redacted;
	response->status = transfer->status;
	response->content_type = plain_header(transfer, "Content-Type");
	response->etag = plain_header(transfer, "ETag");
	response->last_modified = plain_header(transfer, "Last-Modified");
	response->bytes = transfer->received;
	response->error_len = transfer->error_body.len;
	response->error_body = transfer->error_body.len > 0 ? transfer->error_body.data : "";
	if (ProblemIsSet(&response->problem))
		transfer->buffered.len = 0; /* nobody reads half a body */
	transfer->state = TRANSFER_DONE;
}

/* Try again after so many microseconds, from the first URL on */
static void
schedule_attempt(HttpTransfer *transfer, int64 usecs)
{
	memset(&transfer->response.problem, 0, sizeof(Problem));
	transfer->response.redirects = 0;
	transfer->response.retry_at = 0;
	transfer->url = transfer->first_url;
	transfer->host = transfer->first_host;
	transfer->as_get = false;
	transfer->foreign = false;
	transfer->buffered.len = 0;
	transfer->start_at = HttpMonotonic() + usecs;
	transfer->state = TRANSFER_WAITING;
}

/* The upstream wants us back later than we can wait for it */
static void
postpone(HttpTransfer *transfer, TimestampTz retry_at)
{
	Problem    *problem = &transfer->response.problem;
	Problem		why = *problem;

	ProblemSet(problem, ERROR_CLASS_RATE_LIMIT, "upstream asks not to be called before %s",
			   timestamptz_to_str(retry_at));
	ProblemDetail(problem, "Its answer: %s.", why.message);
	ProblemHint(problem, "The source is due again then; a lower requests_per_second or fewer runs keep within the limit.");
}

/*
 * The attempt failed: its problem is in the response.  Schedule the next, or
 * end the transfer with that problem.
 */
static void
retry_or_fail(HttpTransfer *transfer, bool retryable)
{
	HttpClient *client = transfer->client;
	const HttpPolicy *policy = &client->policy;
	TimestampTz now = GetCurrentTimestamp();
	int64		wait_ms;
	int64		asked;

	if (!retryable)
	{
		TransferDone(transfer);
		return;
	}

	wait_ms = RetryBackoff(transfer->response.attempts);
	asked = RetryAfter(transfer);
	if (asked >= 0)
	{
		transfer->response.retry_at = TimestampTzPlusMilliseconds(now, asked * 1000);
		wait_ms = Max(wait_ms, asked * 1000);
		if (asked * 1000 > policy->max_wait_ms)
		{
			postpone(transfer, transfer->response.retry_at);
			TransferDone(transfer);
			return;
		}
	}
	wait_ms = Min(wait_ms, policy->max_wait_ms);
	if (transfer->request.no_retry ||
		transfer->response.attempts > policy->max_retries ||
		(policy->deadline != 0 &&
		 TimestampTzPlusMilliseconds(now, wait_ms) >= policy->deadline))
		TransferDone(transfer);
	else
		schedule_attempt(transfer, wait_ms * USECS_PER_MSEC);
}

/* Is it an answer that points elsewhere? */
static bool
is_redirect(const HttpTransfer *transfer)
{
	switch (transfer->status)
	{
		case 301:
		case 302:
		case 303:
		case 307:
		case 308:
			return transfer->location != NULL;
		default:
			return false;
	}
}

/*
 * Which method does the redirect leave?  As browsers do: 303 means "look
 * there", and so do 301 and 302 after a POST.
 */
static bool
becomes_get(const HttpTransfer *transfer)
{
	const char *method = transfer->request.method;

	if (transfer->as_get)
		return true;
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return false;
	return transfer->status == 303 ||
		((transfer->status == 301 || transfer->status == 302) &&
		 strcmp(method, "POST") == 0);
}

/* Go where the answer points to; what forbids it is a problem of upstream's */
static void
follow_redirect(HttpTransfer *transfer)
{
	Problem    *problem = &transfer->response.problem;
	char	   *target;
	bool		as_get = becomes_get(transfer);
	bool		foreign;

	if (transfer->response.redirects >= MAX_REDIRECTS)
	{
		ProblemSet(problem, ERROR_CLASS_UPSTREAM, "%s redirects more than %d times",
				   transfer->host, MAX_REDIRECTS);
		TransferDone(transfer);
		return;
	}
	target = UrlTarget(transfer->cxt, transfer->location, problem);
	if (target == NULL)
	{
		TransferDone(transfer);
		return;
	}

	/* by the first URL's measure: the origin that the secrets were made for */
	foreign = !UrlSameOrigin(transfer->first_url, target);
	if (foreign && transfer->request.body != NULL && !as_get)
	{
		ProblemSet(problem, ERROR_CLASS_UPSTREAM,
				   "upstream redirects a request with a body to %s",
				   UrlHost(transfer->cxt, target));
		ProblemDetail(problem, "That is another place than the body was meant for, so it was not sent.");
		TransferDone(transfer);
		return;
	}
	transfer->url = target;
	transfer->host = UrlHost(transfer->cxt, target);
	transfer->as_get = as_get;
	transfer->foreign = foreign;
	transfer->response.redirects++;
	transfer->start_at = 0;
	transfer->state = TRANSFER_WAITING;
}

/* May an answer of this status be asked for again? */
static bool
is_retryable(HttpTransfer *transfer)
{
	const HttpRequest *request = &transfer->request;

	if (RetryStatus(transfer->status))
		return true;
	return request->retry_status != NULL &&
		request->retry_status(request->retry_arg, transfer->status,
							  transfer->error_body.len > 0 ? transfer->error_body.data : "",
							  transfer->error_body.len);
}

/*
 * Did libcurl give up on connecting only because nobody was there to let it?
 * Its clock goes on while the caller stores a page.
 */
static bool
was_left_alone(const HttpTransfer *transfer)
{
	int64		limit = transfer->client->policy.connect_timeout_ms * USECS_PER_MSEC;

	return transfer->abort == ABORT_NONE &&
		transfer->result == CURLE_OPERATION_TIMEDOUT &&
		transfer->spent < limit - 50 * USECS_PER_MSEC &&
		transfer->spent + transfer->unattended >= limit - 50 * USECS_PER_MSEC;
}

/* Decide what follows; the transfer is ended, and may throw and be so again */
void
TransferJudge(HttpTransfer *transfer)
{
	HttpResponse *response = &transfer->response;
	bool		complete = transfer->result == CURLE_OK && transfer->abort == ABORT_NONE;
	bool		retryable;

	/* of an error, whatever came of its body will do */
	bool		answered = transfer->status >= 300 &&
		transfer->abort != ABORT_DEADLINE && transfer->abort != ABORT_HEADERS;

	if (was_left_alone(transfer))
	{
		/* at no cost, and this time we are looking */
		response->attempts--;
		schedule_attempt(transfer, 0);
	}
	else if (complete && transfer->status >= 200 && transfer->status < 300)
		TransferDone(transfer);
	else if (complete && transfer->status == 304 &&
			 (transfer->request.etag || transfer->request.last_modified))
	{
		response->not_modified = true;
		TransferDone(transfer);
	}
	else if (answered && is_redirect(transfer))
		follow_redirect(transfer);
	else if (answered)
	{
		retryable = is_retryable(transfer);
		FailureOfStatus(transfer, &response->problem);
		retry_or_fail(transfer, retryable);
	}
	else
	{
		retryable = FailureOfTransport(transfer, &response->problem);
		retry_or_fail(transfer, retryable);
	}
}
