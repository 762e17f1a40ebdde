/*
 * src/http/callbacks.c
 *
 * What libcurl calls while it works.
 *
 * An ereport(ERROR) from here would jump over libcurl's frames, which leaves
 * the handles unusable and their sockets open for good.  So nothing in this
 * file calls PostgreSQL, not even palloc or elog(DEBUG): bytes go to malloc'd
 * buffers, failures to flags, and those outside raise what is to be raised.
 */
#include "postgres.h"

#include "http/callbacks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Make room for more bytes; false if there is no memory */
static bool
reserve(HttpBuffer *buffer, size_t more)
{
	size_t		size = buffer->size ? buffer->size : 8192;
	char	   *data;

	while (size - buffer->len < more)
		size *= 2;
	if (size == buffer->size)
		return true;
	data = realloc(buffer->data, size);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->size = size;
	return true;
}

/* Append bytes, or note why not; returns what libcurl wants to hear */
static size_t
append(HttpTransfer *transfer, HttpBuffer *buffer, const char *bytes, size_t len)
{
	/* one more, for a NUL behind the bytes */
	if (!reserve(buffer, len + 1))
	{
		transfer->abort = ABORT_MEMORY;
		return len - 1;
	}
	memcpy(buffer->data + buffer->len, bytes, len);
	buffer->len += len;
	return len;
}

/* The number in "HTTP/1.1 200 OK" and "HTTP/2 200"; 0 if it isn't there */
static int
status_of_line(const char *line, size_t len)
{
	size_t		at = 0;
	int			status = 0;

	while (at < len && line[at] != ' ')
		at++;
	while (at < len && line[at] == ' ')
		at++;
	for (int digits = 0; digits < 3; digits++, at++)
	{
		if (at >= len || line[at] < '0' || line[at] > '9')
			return 0;
		status = status * 10 + (line[at] - '0');
	}
	return status;
}

/*
 * A header line, or a status line.  A new status line (after "100 Continue",
 * or early hints) starts the headers afresh, but not the count against the
 * budget, or an endless row of them would never end.
 */
size_t
http_header_cb(char *line, size_t size, size_t nitems, void *arg)
{
	HttpTransfer *transfer = arg;
	size_t		len = size * nitems;

	if (len == 0)
		return 0;
	transfer->silent = 0;
	transfer->head_bytes += len;
	if (transfer->head_bytes > MAX_HEADER_BYTES)
	{
		transfer->abort = ABORT_HEADERS;
		return len - 1;
	}
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
	{
		transfer->status = status_of_line(line, len);
		transfer->head.len = 0;
	}
	return append(transfer, &transfer->head, line, len);
}

/*
 * Bytes of the body, decoded.  The check against the limit is here because
 * only here a small compressed body that unfolds into a huge one is seen.
 */
size_t
http_write_cb(char *bytes, size_t size, size_t nmemb, void *arg)
{
	HttpTransfer *transfer = arg;
	size_t		len = size * nmemb;

	if (len == 0)
		return 0;
	transfer->silent = 0;
	if (transfer->status < 200 || transfer->status > 299)
	{
		size_t		room = MAX_ERROR_BODY - transfer->error_body.len;

		if (append(transfer, &transfer->error_body, bytes, Min(len, room)) == len)
			return len;
		if (transfer->abort == ABORT_NONE)
			transfer->abort = ABORT_ENOUGH;
		return len - 1;
	}

	/*
	 * Enough until the sink has taken it.  libcurl keeps this piece, and what
	 * else comes of the 16 KB it has read (64 MB at most, or it fails).
	 */
	if (transfer->buffered.len >= PAUSE_AT)
	{
		transfer->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (transfer->received + (int64) len > transfer->client->policy.max_response_size)
	{
		transfer->abort = ABORT_TOO_BIG;
		return len - 1;
	}
	transfer->received += len;
	return append(transfer, &transfer->buffered, bytes, len);
}

/*
 * Open a socket to an address that was resolved, if the guard lets it through.
 * Called for every address of every attempt and redirect, so that a name that
 * resolves to something else the second time gains nothing.
 */
curl_socket_t
http_opensocket_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	HttpTransfer *transfer = arg;
	int			type = address->socktype;
	int			fd;

	if (!AddressGuardAllows(&transfer->client->guard, &address->addr,
							address->addrlen))
	{
		AddressGuardFormat(&address->addr, address->addrlen, transfer->refused);
		return CURL_SOCKET_BAD;
	}
	transfer->address_tried = true;
#ifdef SOCK_CLOEXEC
	type |= SOCK_CLOEXEC;
#endif
	fd = socket(address->family, type, address->protocol);
#ifndef SOCK_CLOEXEC
	if (fd >= 0)
		(void) fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/*
 * Remember that the other end has answered, if it has.  libcurl tells so only
 * once TLS is agreed upon as well, but on the way there it comes by here: it
 * waits for other things on a socket that is connected, or ends with it.  (Its
 * resolver's threads speak to it by sockets, too, of no network.)
 */
static void
note_connection(CURL *easy, curl_socket_t fd)
{
	HttpTransfer *transfer = NULL;
	struct sockaddr_storage peer;
	socklen_t	len = sizeof(peer);

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &transfer);
	if (transfer != NULL && getpeername(fd, (struct sockaddr *) &peer, &len) == 0 &&
		peer.ss_family != AF_UNIX)
		transfer->connected = true;
}

/* libcurl wants a socket watched, watched otherwise, or no longer */
int
http_socket_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	HttpClient *client = arg;
	int			i = 0;

	note_connection(easy, fd);
	while (i < client->nsockets && client->sockets[i].fd != fd)
		i++;
	if (what == CURL_POLL_REMOVE)
	{
		if (i < client->nsockets)
			client->sockets[i] = client->sockets[--client->nsockets];
		return 0;
	}
	if (i == client->maxsockets)
	{
		int			size = client->maxsockets ? client->maxsockets * 2 : 8;
		HttpSocket *sockets = realloc(client->sockets, size * sizeof(HttpSocket));

		if (sockets == NULL)
		{
			client->sockets_lost = true;
			return 0;
		}
		client->sockets = sockets;
		client->maxsockets = size;
	}
	if (i == client->nsockets)
		client->nsockets++;
	client->sockets[i].fd = fd;
	client->sockets[i].what = what;
	return 0;
}

/* libcurl wants to be called in so many milliseconds; -1 for not at all */
int
http_timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
	HttpClient *client = arg;

	client->timer_due = timeout_ms < 0 ? -1 :
		HttpMonotonic() + timeout_ms * USECS_PER_MSEC;
	return 0;
}
