/*
 * src/http/http.h
 *
 * Fetching over HTTP from inside a PostgreSQL process: the whole public face
 * of the one room that knows libcurl.  Include postgres.h first.
 *
 * Words used here:
 *
 *   client    the connections of one run of one source, with its limits, its
 *             pace and its counters.  It lives as long as a memory context.
 *   request   what the caller asks for: method, URL, headers, body.
 *   transfer  one request on its way to one response, over as many attempts
 *             and redirects as that takes.
 *   attempt   one exchange with the upstream.  A transfer makes up to
 *             1 + max_retries of them.
 *   sink      where the caller takes the body's bytes, as they arrive.
 *
 * A run looks so (page n + 1 is in flight while page n is stored):
 *
 *		client = HttpClientCreate(run_cxt, &policy, redactor);
 *		transfer = HttpStart(client, &first);
 *		for (;;)
 *		{
 *			response = HttpFinish(transfer, &sink);
 *			if (ProblemIsSet(&response->problem))
 *				...;
 *			next = HttpStart(client, &second);
 *			... parse; store batches, HttpPump(client) after each ...
 *			HttpRelease(transfer);
 *			transfer = next;
 *		}
 *
 * What goes wrong on the network is never an ereport(): it comes back in
 * response->problem, redacted and ready to be stored.  HttpFinish() throws
 * only what CHECK_FOR_INTERRUPTS() throws (cancel, termination, time-outs),
 * what the caller's own callbacks throw, and out of memory.  Whatever the way
 * out, the reset of the client's memory context closes every connection.
 */
#ifndef INGEST_HTTP_H
#define INGEST_HTTP_H

#include "datatype/timestamp.h"
#include "utils/palloc.h"

#include "error_class.h"
#include "http/redact.h"

/*
 * The limits of a run, filled by the caller from settings and configuration.
 * Everything is copied by HttpClientCreate(), but for the callback's argument.
 * A zero means the value in brackets.
 */
typedef struct HttpPolicy
{
	int			connect_timeout_ms; /* name, connection and TLS [10 s] */
	int			request_timeout_ms; /* one attempt in all [60 s]; time the
									 * caller spends elsewhere is not counted */
	int64		max_response_size;	/* bytes of the decoded body [64 MB] */
	int			max_retries;		/* attempts after the first; 0 is none */
	const char *user_agent;			/* [ingest] */
	const char *ca_file;			/* CA bundle [libcurl's] */
	const char *proxy;				/* [none; the environment is ignored].  The
									 * address guard then sees the address of
									 * the proxy, not of what is behind it */
	const char *allowed_networks;	/* CIDRs, separated by commas or blanks, let
									 * through beside public addresses [none] */
	double		requests_per_second;	/* [unpaced] */
	int			max_wait_ms;		/* the longest sleep for Retry-After or
									 * back-off [60 s]; when more is asked, the
									 * transfer fails and says retry_at */
	TimestampTz deadline;			/* of the whole run [none] */

	/*
	 * Called about once a second while HttpFinish() waits, with what it waits
	 * for (see HttpTransferPhase), for heartbeats; may throw.  [none]
	 */
	void		(*heartbeat) (void *arg, const char *phase);
	void	   *heartbeat_arg;
} HttpPolicy;

/*
 * A request header.  A secret one never leaves the origin it was made for: it
 * is dropped when a redirect leads elsewhere, and its value is made known to
 * the redactor.  Authorization, Proxy-Authorization and Cookie are secret
 * whether marked or not.
 */
typedef struct HttpHeader
{
	const char *name;
	const char *value;
	bool		secret;
} HttpHeader;

/* What to ask for.  Zero everything, then fill; HttpStart() copies it all. */
typedef struct HttpRequest
{
	const char *method;			/* [GET] */
	const char *url;			/* http, https; webcal and webcals mean https */
	const HttpHeader *headers;
	int			nheaders;
	const char *body;			/* not with GET or HEAD */
	size_t		body_len;
	const char *etag;			/* of the copy we have: sent as If-None-Match */
	const char *last_modified;	/* likewise, as If-Modified-Since */
	const char *accept;			/* Accept header [any] */
	double		min_interval;	/* seconds from the client's last request [0] */
	bool		no_retry;		/* must not be sent twice (one-time codes) */

	/*
	 * May another status than 408, 425, 429, 500, 502, 503 and 504 be tried
	 * again?  Called with the error's body, by HttpStart, HttpPump or
	 * HttpFinish; may throw, but must not call any of them.  [no]
	 */
	bool		(*retry_status) (void *arg, int status,
								 const char *body, size_t len);
	void	   *retry_arg;
} HttpRequest;

/*
 * Where the decoded body of a 2xx answer goes, in pieces.  Both are called by
 * HttpFinish() with no libcurl frame on the stack: they may throw, palloc,
 * write files, and call HttpPump().  Of an attempt that fails half-way the
 * sink has seen a part; begin() of the next says to forget it, and so does a
 * response with a problem.  A NULL sink, or NULL functions, drop the body.
 */
typedef struct HttpSink
{
	void		(*begin) (void *arg);	/* a body starts: forget what came before */
	void		(*data) (void *arg, const char *bytes, size_t len);
	void	   *arg;
} HttpSink;

/*
 * How far the last attempt came over a connection of its own: microseconds
 * from its start; 0: not so far, or over a connection that was open already.
 */
typedef struct HttpProgress
{
	int64		resolved;		/* the host's name has an address */
	int64		connected;		/* at the latest, where libcurl does not say */
	int64		secured;		/* TLS is agreed upon, the certificate accepted */
	int64		answered;		/* the first byte came */
	char		address[64];	/* that was connected to, or "" */
} HttpProgress;

/*
 * The outcome.  Belongs to its transfer, valid until HttpRelease().  No text
 * in it holds a secret known to the redactor, but for the headers and
 * error_body, which are as the upstream sent them.
 */
typedef struct HttpResponse
{
	int			status;			/* of the last answer; 0: there was none */
	bool		not_modified;	/* 304 to a conditional request: no problem */
	const char *content_type;	/* NULL if the upstream didn't say */
	const char *etag;
	const char *last_modified;
	const char *effective_url;	/* after redirects; redacted */
	int64		bytes;			/* decoded body of the last attempt */
	int64		wire_bytes;		/* as received with its headers, all attempts */
	int			attempts;
	int			redirects;		/* followed in the last attempt */
	HttpProgress progress;
	TimestampTz retry_at;		/* when the upstream wants to be asked again; 0:
								 * it did not say */
	const char *error_body;		/* of a non-2xx answer, the first 64 KB; ends
								 * with a NUL of ours.  "" if there is none */
	size_t		error_len;
	Problem		problem;		/* class NONE: 2xx or not_modified, complete */
} HttpResponse;

/* What a client did so far, retries and redirects included. */
typedef struct HttpCounters
{
	int64		requests;		/* sent, or tried to */
	int64		retries;		/* of these, attempts after the first */
	int64		bytes;			/* decoded bodies */
	int64		wire_bytes;		/* as received, with headers */
} HttpCounters;

typedef struct HttpClient HttpClient;
typedef struct HttpTransfer HttpTransfer;

/*
 * A redactor that lives as long as cxt does (redact.h's own functions are
 * pure C, with malloc).
 */
extern Redactor *HttpRedactorCreate(MemoryContext cxt);

/*
 * Open a client.  Everything it owns is freed when cxt is reset or deleted,
 * on success and error alike; the redactor must live as long.  Throws if
 * libcurl cannot be set up or allowed_networks is not a list of CIDRs (the
 * setting's check hook uses AddressGuardParse() of guard.h and prevents it).
 */
extern HttpClient *HttpClientCreate(MemoryContext cxt, const HttpPolicy *policy,
									Redactor *redactor);

/*
 * Put a request on its way.  Returns at once, and never fails for what the
 * request holds: a bad URL is the response's problem.  The request goes out
 * now over an open connection, and with the next HttpPump()s over a new one;
 * later, if the client is paced.
 */
extern HttpTransfer *HttpStart(HttpClient *client, const HttpRequest *request);

/*
 * Let all transfers of the client progress as far as they can without
 * waiting: to be called between batches.  A body that nobody finishes is read
 * up to about 1 MB and then left to the kernel's flow control.
 */
extern void HttpPump(HttpClient *client);

/*
 * Wait for the transfer's end, trying again as policy allows, and hand the
 * body to the sink (or drop it, if NULL).  Progresses the client's other
 * transfers as well.  May be called again after an error that the caller has
 * caught; once finished, the same response is returned.
 */
extern const HttpResponse *HttpFinish(HttpTransfer *transfer,
									  const HttpSink *sink);

/*
 * Forget a transfer in whatever state: cancels it if it is under way, and
 * frees its response.  Not needed for cleanliness (the client's context does
 * it), but for memory in long runs.
 */
extern void HttpRelease(HttpTransfer *transfer);

/*
 * The last value of a response header, any case of the name; NULL if there is
 * none.  Valid until HttpRelease().
 */
extern const char *HttpResponseHeader(const HttpResponse *response,
									  const char *name);

/*
 * What a transfer is doing: "waiting for its turn", "resolving", "connecting",
 * "negotiating TLS", "waiting for the first byte", "reading the body",
 * "waiting to try again", "done".
 */
extern const char *HttpTransferPhase(const HttpTransfer *transfer);

extern const HttpCounters *HttpClientCounters(const HttpClient *client);

#endif
