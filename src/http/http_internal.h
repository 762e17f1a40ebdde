/*
 * src/http/http_internal.h
 *
 * What the files of this room share with each other and with nobody else.
 * Include postgres.h first.
 *
 * Who frees what.  A client lives in the caller's memory context, each transfer
 * in a child of that.  What libcurl or malloc gave (handles, lists, buffers) is
 * freed by a reset callback of the context its struct is in, registered before
 * the first of these things is made; children are reset before their parent,
 * so a transfer still finds its client.  Both callbacks may run at any time,
 * in any state, and neither throws.
 *
 * What may throw where.  The functions named *_cb run inside libcurl: they
 * call nothing of PostgreSQL, use malloc, and leave flags for those outside.
 * Everything else runs with no libcurl frame on the stack.
 */
#ifndef INGEST_HTTP_INTERNAL_H
#define INGEST_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "http/guard.h"
#include "http/http.h"

#if LIBCURL_VERSION_NUM < 0x074200
#error "libcurl 7.66 or newer is needed"
#endif

#define USECS_PER_MSEC		INT64CONST(1000)
#define MAX_REDIRECTS		5
#define MAX_HEADER_BYTES	(256 * 1024)	/* of one attempt, all hops apart */
#define MAX_ERROR_BODY		(64 * 1024)
#define PAUSE_AT			(1024 * 1024)	/* bytes that wait for a sink */
#define STALL_USECS			(30 * USECS_PER_SEC)	/* no byte in a body */

/* Bytes from malloc, since libcurl's callbacks fill them */
typedef struct HttpBuffer
{
	char	   *data;
	size_t		len;
	size_t		size;
} HttpBuffer;

/* A socket that libcurl wants to be watched */
typedef struct HttpSocket
{
	curl_socket_t fd;
	int			what;			/* CURL_POLL_… */
} HttpSocket;

struct HttpClient
{
	MemoryContext cxt;
	MemoryContextCallback reset;
	HttpPolicy	policy;			/* defaults filled in, strings copied */
	AddressGuard guard;
	Redactor   *redactor;		/* the caller's */
	HttpCounters counters;
	dlist_head	transfers;		/* in the order of HttpStart() */

	CURLM	   *multi;
	HttpSocket *sockets;		/* malloc */
	int			nsockets;
	int			maxsockets;
	bool		sockets_lost;	/* a socket could not be noted: out of memory */
	int64		timer_due;		/* when libcurl wants to be called; -1 never */
	int			nfds;			/* reserved from fd.c for the multi handle */

	int64		clock;			/* up to when time was charged to transfers */
	int64		next_slot;		/* pace: no request before */
	int64		last_launch;	/* when the last request was sent, or 0 */
	int64		last_heartbeat;
};

typedef enum TransferState
{
	TRANSFER_WAITING,			/* for start_at, and its turn in the pace */
	TRANSFER_RUNNING,			/* an easy handle is in the multi handle */
	TRANSFER_ENDED,				/* so it was; what follows is not decided yet */
	TRANSFER_DONE				/* response is final; buffered may still hold */
} TransferState;

/* Why we, not libcurl, ended an attempt */
typedef enum AbortReason
{
	ABORT_NONE = 0,
	ABORT_TOO_BIG,				/* decoded body beyond max_response_size */
	ABORT_HEADERS,				/* more than MAX_HEADER_BYTES of them */
	ABORT_ENOUGH,				/* no need for more of an error's body */
	ABORT_MEMORY,				/* malloc said no */
	ABORT_TIMEOUT,				/* request_timeout */
	ABORT_STALLED,				/* STALL_USECS */
	ABORT_DEADLINE				/* of the run */
} AbortReason;

struct HttpTransfer
{
	HttpResponse response;		/* first: HttpResponseHeader() casts back */
	dlist_node	node;
	HttpClient *client;
	MemoryContext cxt;			/* this struct and all strings */
	MemoryContextCallback reset;
	HttpRequest request;		/* copied */
	TransferState state;
	int64		start_at;		/* not before; monotonic microseconds */

	/* where the next, or this, attempt goes */
	char	   *first_url;		/* as asked for, normalised */
	char	   *url;			/* after redirects */
	char	   *host;			/* host or host:port of url, for messages */
	char	   *first_host;
	bool		as_get;			/* a redirect turned the method into GET */
	bool		foreign;		/* url is of another origin: no secrets */

	/* this attempt, or hop of one */
	CURL	   *easy;
	struct curl_slist *headers; /* sent */
	bool		has_fd;			/* reserved from fd.c */
	char		error_text[CURL_ERROR_SIZE];	/* must outlive easy */
	int			status;			/* of the status line seen last */
	HttpBuffer	head;			/* headers received since that line */
	int64		head_bytes;		/* of all of them */
	HttpBuffer	buffered;		/* body: arrived, not given to the sink */
	HttpBuffer	handed;			/* body: being given to the sink */
	HttpBuffer	error_body;		/* body of a non-2xx answer */
	int64		received;		/* decoded bytes of the body */
	bool		paused;			/* PAUSE_AT was reached */
	bool		begun;			/* the sink was told of this attempt */
	AbortReason abort;
	CURLcode	result;			/* how it ended, if not by abort */
	bool		address_tried;	/* the guard let an address through */
	bool		connected;		/* and it answered */
	char		refused[GUARD_ADDRESS_TEXT];	/* and refused this one */

	/* taken from the easy handle when it ended */
	const char *phase;
	char	   *location;		/* redirect's target */
	int64		wire_body;		/* bytes of the body as received */
	curl_off_t	wire_expected;	/* Content-Length, or -1 */
	int			connect_code;	/* a proxy's answer to CONNECT, or 0 */

	/* clocks of this attempt, in microseconds */
	int64		spent;			/* while we were at it */
	int64		unattended;		/* while the caller did other things */
	int64		silent;			/* of spent, since the last byte arrived */
};

/* multi.c: the multi handle, its sockets and timers, and waiting for them */
extern int64 HttpMonotonic(void);
extern void MultiBlockSignals(sigset_t *saved);
extern void MultiRestoreSignals(const sigset_t *saved);
extern bool MultiOpen(HttpClient *client);
extern void MultiClose(HttpClient *client);
extern void MultiStep(HttpClient *client);
extern bool MultiPoll(HttpClient *client);
extern void MultiWait(HttpClient *client, int64 usecs);

/* transfer.c: one attempt, from its launch to its end */
extern void TransferLaunch(HttpTransfer *transfer);
extern void TransferEnd(HttpTransfer *transfer, CURLcode result, AbortReason abort);
extern void TransferResume(HttpTransfer *transfer);
extern void TransferFreeForeign(HttpTransfer *transfer);
extern const char *TransferPhase(const HttpTransfer *transfer);

/* options.c: everything an easy handle is told */
extern bool TransferConfigure(HttpTransfer *transfer, Problem *problem);

/* request.c: the caller's request, checked and copied */
extern void RequestCopy(HttpTransfer *transfer, const HttpRequest *request);
extern bool RequestIsSecret(const HttpHeader *header);

/* judge.c: what follows from how an attempt ended */
extern void TransferJudge(HttpTransfer *transfer);
extern void TransferDone(HttpTransfer *transfer);

/* retry.c */
extern bool RetryStatus(int status);
extern int64 RetryBackoff(int retry);
extern int64 RetryAfter(const HttpTransfer *transfer);

/* failure.c */
extern bool FailureOfTransport(HttpTransfer *transfer, Problem *problem);
extern void FailureOfStatus(HttpTransfer *transfer, Problem *problem);

/* url.c */
extern char *UrlNormalize(MemoryContext cxt, const char *url, Problem *problem);
extern char *UrlHost(MemoryContext cxt, const char *url);
extern bool UrlSameOrigin(const char *from, const char *to);
extern char *UrlTarget(MemoryContext cxt, const char *location, Problem *problem);

#endif
