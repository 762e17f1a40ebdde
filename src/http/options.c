/*
 * src/http/options.c
 *
 * Everything an easy handle is told, in one place to be reviewed.
 *
 * Redirects are not libcurl's here but judge.c's: each hop is a handle of its
 * own, so that what is secret stays with its origin whatever header it is in
 * (libcurl itself looks after Authorization and Cookie only).
 */
#include "postgres.h"

#include "http/callbacks.h"

/* Note the first option that was refused; none may be left out unseen */
static bool
option_ok(CURLcode code, const char *option, Problem *problem)
{
	if (code == CURLE_OK)
		return true;
	ProblemSet(problem, ERROR_CLASS_INTERNAL, "libcurl refuses %s: %s", option,
			   curl_easy_strerror(code));
	ProblemDetail(problem, "It is libcurl %s, the extension was compiled with %s.",
				  curl_version_info(CURLVERSION_NOW)->version, LIBCURL_VERSION);
	return false;
}

/* For functions with "easy" and "problem": leaves them with false on failure */
#define SET(option, value) \
	do { \
		if (!option_ok(curl_easy_setopt(easy, option, value), #option, problem)) \
			return false; \
	} while (0)

/* Where it goes, and where it must not go */
static bool
set_target(HttpTransfer *transfer, Problem *problem)
{
	CURL	   *easy = transfer->easy;
	const HttpPolicy *policy = &transfer->client->policy;

	SET(CURLOPT_URL, transfer->url);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
	SET(CURLOPT_REDIR_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(CURLOPT_OPENSOCKETFUNCTION, http_opensocket_cb);
	SET(CURLOPT_OPENSOCKETDATA, transfer);

	/* never from the environment, which would lead past the guard */
	SET(CURLOPT_PROXY, policy->proxy ? policy->proxy : "");
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	return true;
}

/* Who we say to be, and whom we believe */
static bool
set_identity(HttpTransfer *transfer, Problem *problem)
{
	CURL	   *easy = transfer->easy;
	const HttpPolicy *policy = &transfer->client->policy;

	SET(CURLOPT_USERAGENT, policy->user_agent);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	SET(CURLOPT_UNRESTRICTED_AUTH, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	if (policy->ca_file != NULL)
		SET(CURLOPT_CAINFO, policy->ca_file);
	return true;
}

/*
 * How it behaves in this process, and how much it may take.  The time of the
 * whole attempt is charged in client.c and not by CURLOPT_TIMEOUT_MS, whose
 * clock would run on while the caller stores a page and the next one waits;
 * so is a body that stalls, in place of CURLOPT_LOW_SPEED_TIME.
 */
static bool
set_limits(HttpTransfer *transfer, Problem *problem)
{
	CURL	   *easy = transfer->easy;
	const HttpPolicy *policy = &transfer->client->policy;

	/* SIGALRM is PostgreSQL's */
	SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* don't wait for the resolver's thread when cancelled; older: up to its time-out */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long) policy->connect_timeout_ms);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) policy->max_response_size);
	SET(CURLOPT_ERRORBUFFER, transfer->error_text);
	SET(CURLOPT_PRIVATE, transfer);
	SET(CURLOPT_HEADERFUNCTION, http_header_cb);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_WRITEFUNCTION, http_write_cb);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_NOPROGRESS, 1L);

	/* all encodings it has; http_write_cb counts what they unfold to */
	SET(CURLOPT_ACCEPT_ENCODING, "");

	/* fine without: HTTP/1.1 then, or two connections */
	(void) curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
	(void) curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	return true;
}

/* The method and what it carries */
static bool
set_method(HttpTransfer *transfer, Problem *problem)
{
	CURL	   *easy = transfer->easy;
	const HttpRequest *request = &transfer->request;

	if (transfer->as_get || strcmp(request->method, "GET") == 0)
	{
		SET(CURLOPT_HTTPGET, 1L);
		return true;
	}
	if (strcmp(request->method, "HEAD") == 0)
	{
		SET(CURLOPT_NOBODY, 1L);
		return true;
	}
	if (request->body != NULL || strcmp(request->method, "POST") == 0)
	{
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_len);
		SET(CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	if (strcmp(request->method, "POST") != 0)
		SET(CURLOPT_CUSTOMREQUEST, request->method);
	return true;
}

/* Add one line to the headers to be sent; on failure the list is as it was */
static bool
add_header(HttpTransfer *transfer, const char *name, const char *value)
{
	struct curl_slist *longer;
	char	   *line;

	/* "name;" is libcurl's way to write a header without a value */
	line = *value ? psprintf("%s: %s", name, value) : psprintf("%s;", name);
	longer = curl_slist_append(transfer->headers, line);
	explicit_bzero(line, strlen(line));
	pfree(line);
	if (longer == NULL)
		return false;
	transfer->headers = longer;
	return true;
}

/* May this header go where the transfer is going now? */
static bool
may_send(const HttpTransfer *transfer, const HttpHeader *header)
{
	if (transfer->foreign && RequestIsSecret(header))
		return false;
	/* a redirect took the body away, and with it what described it */
	if (transfer->as_get && pg_strncasecmp(header->name, "Content-", 8) == 0)
		return false;
	return true;
}

/* The headers of the request, and ours */
static bool
set_headers(HttpTransfer *transfer, Problem *problem)
{
	CURL	   *easy = transfer->easy;
	const HttpRequest *request = &transfer->request;
	bool		ok = true;

	for (int i = 0; ok && i < request->nheaders; i++)
	{
		if (may_send(transfer, &request->headers[i]))
			ok = add_header(transfer, request->headers[i].name,
							request->headers[i].value);
	}
	if (ok && request->accept != NULL)
		ok = add_header(transfer, "Accept", request->accept);
	if (ok && request->etag != NULL)
		ok = add_header(transfer, "If-None-Match", request->etag);
	if (ok && request->last_modified != NULL)
		ok = add_header(transfer, "If-Modified-Since", request->last_modified);

	/* without, large bodies wait a second for a "100 Continue" few ever send */
	if (ok && request->body != NULL)
	{
		struct curl_slist *longer = curl_slist_append(transfer->headers, "Expect:");

		ok = longer != NULL;
		transfer->headers = ok ? longer : transfer->headers;
	}
	if (!ok)
	{
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "out of memory");
		return false;
	}
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	return true;
}

/* Tell the easy handle all of it; false and a problem if it won't have it */
bool
TransferConfigure(HttpTransfer *transfer, Problem *problem)
{
	return set_target(transfer, problem) &&
		set_identity(transfer, problem) &&
		set_limits(transfer, problem) &&
		set_method(transfer, problem) &&
		set_headers(transfer, problem);
}
