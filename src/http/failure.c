/*
 * src/http/failure.c
 *
 * From how an attempt failed to a Problem: its class, words that tell a
 * database administrator what happened and when, and what to do about it.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "http/http_internal.h"

#define EXCERPT_SIZE 300

/* A duration as a person writes it */
static const char *
duration(int64 ms, char *out, size_t size)
{
	if (ms % 60000 == 0 && ms > 0)
		snprintf(out, size, INT64_FORMAT " min", ms / 60000);
	else if (ms % 1000 == 0)
		snprintf(out, size, INT64_FORMAT " s", ms / 1000);
	else
		snprintf(out, size, INT64_FORMAT " ms", ms);
	return out;
}

/* Add libcurl's own words, redacted, as the detail */
static void
add_library_text(HttpTransfer *transfer, Problem *problem)
{
	const char *text = transfer->error_text[0] ? transfer->error_text :
		curl_easy_strerror(transfer->result);
	char		clean[EXCERPT_SIZE];
	size_t		len = strlen(text);

	while (len > 0 && text[len - 1] == '.')
		len--;
	RedactExcerpt(transfer->client->redactor, text, len, clean, sizeof(clean));
	ProblemDetail(problem, "libcurl says: %s.", clean);
}

/* An address that the guard refused */
static void
refused_address(HttpTransfer *transfer, Problem *problem)
{
	bool		proxied = transfer->client->policy.proxy != NULL;

	ProblemSet(problem, ERROR_CLASS_CONFIG, "address %s of %s %s is not public",
			   transfer->refused, proxied ? "the proxy for" : "host", transfer->host);
	ProblemDetail(problem, "%sConnections to private, local and reserved addresses are refused.",
				  transfer->response.redirects > 0 ? "The upstream redirects there. " : "");
	ProblemHint(problem, "If the server is meant to connect there, add the address or its network to ingest.allowed_networks.");
}

/* What we ended ourselves; false if we didn't */
static bool
failure_of_abort(HttpTransfer *transfer, Problem *problem)
{
	const HttpPolicy *policy = &transfer->client->policy;
	char		text[40];

	switch (transfer->abort)
	{
		case ABORT_NONE:
		case ABORT_ENOUGH:
			return false;
		case ABORT_TOO_BIG:
			ProblemSet(problem, ERROR_CLASS_UPSTREAM,
					   "the answer of %s is larger than " INT64_FORMAT " bytes",
					   transfer->host, policy->max_response_size);
			ProblemHint(problem, "Ask for smaller pages, or raise ingest.max_response_size.");
			break;
		case ABORT_HEADERS:
			ProblemSet(problem, ERROR_CLASS_UPSTREAM,
					   "%s sends more than %d bytes of headers",
					   transfer->host, MAX_HEADER_BYTES);
			break;
		case ABORT_MEMORY:
			ProblemSet(problem, ERROR_CLASS_INTERNAL, "out of memory while reading from %s",
					   transfer->host);
			break;
		case ABORT_TIMEOUT:
			ProblemSet(problem, ERROR_CLASS_NETWORK, "%s did not finish within %s",
					   transfer->host,
					   duration(policy->request_timeout_ms, text, sizeof(text)));
			ProblemDetail(problem, "It timed out while %s, after " INT64_FORMAT " bytes.",
						  transfer->phase, transfer->wire_body);
			ProblemHint(problem, "Raise ingest.request_timeout if this upstream needs longer.");
			break;
		case ABORT_STALLED:
			ProblemSet(problem, ERROR_CLASS_NETWORK, "%s sent nothing for %s",
					   transfer->host,
					   duration(STALL_USECS / USECS_PER_MSEC, text, sizeof(text)));
			ProblemDetail(problem, "It stalled while %s, after " INT64_FORMAT " bytes.",
						  transfer->phase, transfer->wire_body);
			break;
		case ABORT_DEADLINE:
			ProblemSet(problem, ERROR_CLASS_NETWORK,
					   "the run's time was over before %s had answered", transfer->host);
			ProblemDetail(problem, "It was %s.", transfer->phase);
			ProblemHint(problem, "Raise ingest.run_timeout, or fetch less in one run.");
			break;
	}
	return true;
}

/* A time-out of libcurl's: the connection's, for we set no other */
static void
connect_timeout(HttpTransfer *transfer, Problem *problem)
{
	char		text[40];

	ProblemSet(problem, ERROR_CLASS_NETWORK, "no connection to %s within %s",
			   transfer->host,
			   duration(transfer->client->policy.connect_timeout_ms, text, sizeof(text)));
	ProblemDetail(problem, "It timed out while %s.", transfer->phase);
	if (strcmp(transfer->phase, "resolving") == 0)
		ProblemHint(problem, "Check name resolution on the database server.");
	else
		ProblemHint(problem, "Check that the server may reach this host (firewall, ingest.proxy), or raise ingest.connect_timeout.");
}

/* The connection ended before the answer did */
static void
truncated(HttpTransfer *transfer, Problem *problem)
{
	if (transfer->head.len == 0)
		ProblemSet(problem, ERROR_CLASS_NETWORK,
				   "%s closed the connection without an answer", transfer->host);
	else if (transfer->wire_expected >= 0)
		ProblemSet(problem, ERROR_CLASS_NETWORK,
				   "upstream closed the connection after " INT64_FORMAT " of " INT64_FORMAT " bytes",
				   transfer->wire_body, (int64) transfer->wire_expected);
	else
		ProblemSet(problem, ERROR_CLASS_NETWORK,
				   "the answer of %s broke off after " INT64_FORMAT " bytes",
				   transfer->host, transfer->wire_body);
	add_library_text(transfer, problem);
}

/* Trouble with TLS; returns whether trying again makes sense */
static bool
failure_of_tls(HttpTransfer *transfer, Problem *problem)
{
	switch (transfer->result)
	{
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
			ProblemSet(problem, ERROR_CLASS_NETWORK,
					   "the TLS certificate of %s cannot be trusted", transfer->host);
			add_library_text(transfer, problem);
			ProblemHint(problem, "If a private authority issued it, set ingest.ca_file to a bundle with its certificate.");
			return false;
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CRL_BADFILE:
			ProblemSet(problem, ERROR_CLASS_CONFIG,
					   "the certificates of the authorities to trust cannot be read");
			add_library_text(transfer, problem);
			ProblemHint(problem, "Set ingest.ca_file to a PEM bundle that the server can read.");
			return false;
		default:
			ProblemSet(problem, ERROR_CLASS_NETWORK, "no TLS connection to %s",
					   transfer->host);
			add_library_text(transfer, problem);
			return transfer->result == CURLE_SSL_CONNECT_ERROR;
	}
}

/* Trouble with names and connections; returns whether to try again */
static bool
failure_of_connection(HttpTransfer *transfer, Problem *problem)
{
	if (transfer->result == CURLE_COULDNT_RESOLVE_HOST)
	{
		ProblemSet(problem, ERROR_CLASS_NETWORK, "the name of host %s cannot be resolved",
				   transfer->host);
		ProblemHint(problem, "Check the host in the source's URL, and name resolution on the database server.");
		return true;
	}
	if (transfer->result == CURLE_COULDNT_RESOLVE_PROXY)
	{
		ProblemSet(problem, ERROR_CLASS_NETWORK, "the name of the proxy cannot be resolved");
		ProblemHint(problem, "Check ingest.proxy.");
		return true;
	}
	ProblemSet(problem, ERROR_CLASS_NETWORK, "no connection to %s", transfer->host);
	add_library_text(transfer, problem);
	ProblemHint(problem, "Check that the server may reach this host and port (firewall, ingest.proxy).");
	return true;
}

/* An answer that cannot be read, and whatever else; returns whether to try again */
static bool
failure_of_answer(HttpTransfer *transfer, Problem *problem)
{
	switch (transfer->result)
	{
#if LIBCURL_VERSION_NUM >= 0x080600
		case CURLE_TOO_LARGE:
#endif
		case CURLE_OUT_OF_MEMORY:
			/* which is also what libcurl says of a line it finds too long */
			if (!transfer->paused && transfer->head.len > 0 && transfer->wire_body == 0)
			{
				ProblemSet(problem, ERROR_CLASS_UPSTREAM,
						   "%s sends a header that is too long", transfer->host);
				return false;
			}
			if (!transfer->paused)
			{
				ProblemSet(problem, ERROR_CLASS_INTERNAL,
						   "out of memory while reading from %s", transfer->host);
				return false;
			}
			/* it held back more than libcurl keeps: nothing honest unfolds so */
			ProblemSet(problem, ERROR_CLASS_UPSTREAM,
					   "a few bytes of the answer of %s decompress to many megabytes",
					   transfer->host);
			return false;
		case CURLE_BAD_CONTENT_ENCODING:
			ProblemSet(problem, ERROR_CLASS_UPSTREAM,
					   "the answer of %s cannot be decompressed", transfer->host);
			add_library_text(transfer, problem);
			return true;
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_WRITE_ERROR: /* not ours: a decoder gave up */
			ProblemSet(problem, ERROR_CLASS_UPSTREAM,
					   "the answer of %s is not valid HTTP", transfer->host);
			add_library_text(transfer, problem);
			return false;
		case CURLE_URL_MALFORMAT:
			ProblemSet(problem, ERROR_CLASS_CONFIG, "the URL is not valid");
			add_library_text(transfer, problem);
			return false;
		default:
			ProblemSet(problem, ERROR_CLASS_INTERNAL, "the request to %s failed",
					   transfer->host);
			add_library_text(transfer, problem);
			return false;
	}
}

/* The proxy's refusal to connect us; returns whether to try again */
static bool
failure_of_proxy(HttpTransfer *transfer, Problem *problem)
{
	ErrorClass	error_class = transfer->connect_code == 407 ? ERROR_CLASS_CONFIG :
		ERROR_CLASS_NETWORK;

	ProblemSet(problem, error_class, "the proxy answered %d to the connection to %s",
			   transfer->connect_code, transfer->host);
	ProblemHint(problem, "Check ingest.proxy.");
	return transfer->connect_code >= 500;
}

/*
 * The problem of an attempt that brought no complete answer.  Returns whether
 * trying again makes sense.
 */
bool
FailureOfTransport(HttpTransfer *transfer, Problem *problem)
{
	if (transfer->result == CURLE_FILESIZE_EXCEEDED)
		transfer->abort = ABORT_TOO_BIG;	/* by its Content-Length */
	if (failure_of_abort(transfer, problem))
		return transfer->abort == ABORT_TIMEOUT || transfer->abort == ABORT_STALLED;
	if (transfer->refused[0] && !transfer->address_tried)
	{
		refused_address(transfer, problem);
		return false;
	}
	if (transfer->connect_code >= 400)
		return failure_of_proxy(transfer, problem);

	switch (transfer->result)
	{
		case CURLE_OPERATION_TIMEDOUT:
			connect_timeout(transfer, problem);
			return true;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_CONNECT:
#if LIBCURL_VERSION_NUM >= 0x074900
		case CURLE_PROXY:
#endif
			return failure_of_connection(transfer, problem);
		case CURLE_PARTIAL_FILE:
		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_HTTP2:
		case CURLE_HTTP2_STREAM:
			truncated(transfer, problem);
			return true;
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CRL_BADFILE:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_USE_SSL_FAILED:
			return failure_of_tls(transfer, problem);
		default:
			return failure_of_answer(transfer, problem);
	}
}

/* The usual words for a status; "" for the rarer ones */
static const char *
reason_phrase(int status)
{
	static const struct
	{
		int			status;
		const char *phrase;
	}			phrases[] = {
		{400, " Bad Request"}, {401, " Unauthorized"}, {402, " Payment Required"},
		{403, " Forbidden"}, {404, " Not Found"}, {405, " Method Not Allowed"},
		{406, " Not Acceptable"}, {407, " Proxy Authentication Required"},
		{408, " Request Timeout"}, {409, " Conflict"}, {410, " Gone"},
		{413, " Content Too Large"}, {414, " URI Too Long"},
		{415, " Unsupported Media Type"}, {422, " Unprocessable Content"},
		{425, " Too Early"}, {429, " Too Many Requests"},
		{451, " Unavailable For Legal Reasons"}, {500, " Internal Server Error"},
		{501, " Not Implemented"}, {502, " Bad Gateway"},
		{503, " Service Unavailable"}, {504, " Gateway Timeout"},
	};

	for (size_t i = 0; i < lengthof(phrases); i++)
	{
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "";
}

/* The class of a status that is no success */
static ErrorClass
class_of_status(int status)
{
	switch (status)
	{
		case 401:
		case 403:
			return ERROR_CLASS_AUTH;
		case 407:
			return ERROR_CLASS_CONFIG;
		case 429:
			return ERROR_CLASS_RATE_LIMIT;
		default:
			return ERROR_CLASS_UPSTREAM;
	}
}

/*
 * The problem of an answer that is complete and no success.  A connector that
 * understands the API's errors may say it better, from error_body.
 */
void
FailureOfStatus(HttpTransfer *transfer, Problem *problem)
{
	const Redactor *redactor = transfer->client->redactor;
	char		url[EXCERPT_SIZE];
	char		body[EXCERPT_SIZE];

	RedactExcerpt(redactor, transfer->url, strlen(transfer->url), url, sizeof(url));
	ProblemSet(problem, class_of_status(transfer->status), "upstream answered %d%s to %s",
			   transfer->status, reason_phrase(transfer->status), url);
	if (transfer->error_body.len > 0)
	{
		RedactExcerpt(redactor, transfer->error_body.data, transfer->error_body.len,
					  body, sizeof(body));
		ProblemDetail(problem, "The answer begins: %s", body);
	}
	if (transfer->status == 401 || transfer->status == 403)
		ProblemHint(problem, "Check the source's credential, and replace it with ingest_set_credential() if it has expired.");
	else if (transfer->status == 404 || transfer->status == 410)
		ProblemHint(problem, "Check the URL and the identifiers in the source's configuration.");
	else if (transfer->status == 407)
		ProblemHint(problem, "Check the user and password in ingest.proxy.");
}
