/*
 * src/http/multi.c
 *
 * The multi handle: its sockets and timer, and the one place where a process
 * waits for the network.
 *
 * libcurl never waits here.  It tells which sockets it wants watched and when
 * it wants to be called; we wait in a WaitEventSet together with MyLatch, and
 * so answer cancel, termination, time-outs and the barriers of a DROP DATABASE
 * elsewhere as soon as any other wait of PostgreSQL does.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "http/callbacks.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define MAX_EVENTS 32			/* taken in one go; more come with the next */
#define MAX_STEPS 64			/* timer calls in a row */
#define MULTI_FDS 3				/* its wake-up pair, and an idle connection */

/* Microseconds that no change of the wall clock touches */
int64
HttpMonotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * USECS_PER_SEC + now.tv_nsec / 1000;
}

/*
 * Before every call into libcurl that may start a name lookup, or end one: the
 * resolver is a thread, it inherits the signal mask, and PostgreSQL's handlers
 * must never run in it.  Such calls don't wait, so signals are late by
 * microseconds.
 */
void
MultiBlockSignals(sigset_t *saved)
{
	sigset_t	all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, saved);
}

void
MultiRestoreSignals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

/*
 * Set libcurl up for this process, at its first client.  Not in _PG_init: with
 * shared_preload_libraries that is the postmaster, whose state all children
 * inherit.  Never undone: the end of the process does it.
 */
static bool
init_library(void)
{
	static bool done = false;
	sigset_t	saved;
	CURLcode	code;

	if (done)
		return true;
	MultiBlockSignals(&saved);
	code = curl_global_init(CURL_GLOBAL_ALL);
	MultiRestoreSignals(&saved);
	if (code != CURLE_OK)
		return false;
	done = true;
	if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0)
		ereport(LOG,
				(errmsg("libcurl %s resolves names synchronously",
						curl_version_info(CURLVERSION_NOW)->version),
				 errdetail("While it does, imports do not answer cancel requests.")));
	return true;
}

/* Open the client's multi handle; false if libcurl or memory say no */
bool
MultiOpen(HttpClient *client)
{
	CURLMcode	code = CURLM_OK;

	if (!init_library())
		return false;
	client->timer_due = -1;
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		return false;
	for (; client->nfds < MULTI_FDS; client->nfds++)
		ReserveExternalFD();

#define SET(option, value) \
	(code = code == CURLM_OK ? curl_multi_setopt(client->multi, option, value) : code)
	SET(CURLMOPT_SOCKETFUNCTION, http_socket_cb);
	SET(CURLMOPT_SOCKETDATA, client);
	SET(CURLMOPT_TIMERFUNCTION, http_timer_cb);
	SET(CURLMOPT_TIMERDATA, client);
	SET(CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
	SET(CURLMOPT_MAXCONNECTS, 4L);
	SET(CURLMOPT_PIPELINING, (long) CURLPIPE_MULTIPLEX);
#undef SET
	return code == CURLM_OK;
}

/* Close it; may be called twice.  For reset callbacks: never throws */
void
MultiClose(HttpClient *client)
{
	sigset_t	saved;

	if (client->multi != NULL)
	{
		MultiBlockSignals(&saved);
		curl_multi_cleanup(client->multi);
		MultiRestoreSignals(&saved);
		client->multi = NULL;
	}
	free(client->sockets);
	client->sockets = NULL;
	client->nsockets = client->maxsockets = 0;
	for (; client->nfds > 0; client->nfds--)
		ReleaseExternalFD();
}

/* Let libcurl act on a socket, or on time that passed */
static void
act(HttpClient *client, curl_socket_t fd, int events)
{
	sigset_t	saved;
	int			running;
	CURLMcode	code;

	MultiBlockSignals(&saved);
	code = curl_multi_socket_action(client->multi, fd, events, &running);
	MultiRestoreSignals(&saved);

	/* nothing a caller could mend; closed by the reset callback */
	if (code != CURLM_OK || client->sockets_lost)
		ereport(ERROR,
				(errcode(client->sockets_lost ? ERRCODE_OUT_OF_MEMORY : ERRCODE_INTERNAL_ERROR),
				 errmsg("libcurl cannot go on: %s",
						client->sockets_lost ? "out of memory" : curl_multi_strerror(code))));
}

/* Note the transfers that ended, for TransferJudge() */
static void
collect_ended(HttpClient *client)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL)
	{
		HttpTransfer *transfer = NULL;
		CURLcode	result = message->data.result;

		if (message->msg != CURLMSG_DONE ||
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
							  (char **) &transfer) != CURLE_OK || transfer == NULL)
			continue;
		/* takes the handle away, and the message with it */
		TransferEnd(transfer, result, ABORT_NONE);
	}
}

/* Do what libcurl wants done by now */
void
MultiStep(HttpClient *client)
{
	for (int i = 0; i < MAX_STEPS; i++)
	{
		if (client->timer_due < 0 || client->timer_due > HttpMonotonic())
			break;
		client->timer_due = -1;
		act(client, CURL_SOCKET_TIMEOUT, 0);
	}
	collect_ended(client);
}

/*
 * Act on sockets that are ready now, without waiting; false if none was.  Does
 * not look at the latch: who called us will, in its own good time.
 */
bool
MultiPoll(HttpClient *client)
{
	struct pollfd fds[MAX_EVENTS];
	int			nfds = Min(client->nsockets, MAX_EVENTS);
	int			ready;

	for (int i = 0; i < nfds; i++)
	{
		/* one of a paused transfer is no business of ours, not even its end */
		fds[i].fd = client->sockets[i].what & CURL_POLL_INOUT ? client->sockets[i].fd : -1;
		fds[i].events = (client->sockets[i].what & CURL_POLL_IN ? POLLIN : 0) |
			(client->sockets[i].what & CURL_POLL_OUT ? POLLOUT : 0);
		fds[i].revents = 0;
	}
	ready = nfds > 0 ? poll(fds, nfds, 0) : 0;
	for (int i = 0; ready > 0 && i < nfds; i++)
	{
		if (fds[i].revents & (POLLIN | POLLOUT | POLLERR | POLLHUP))
			act(client, fds[i].fd,
				(fds[i].revents & (POLLIN | POLLHUP) ? CURL_CSELECT_IN : 0) |
				(fds[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
				(fds[i].revents & POLLERR ? CURL_CSELECT_ERR : 0));
	}
	MultiStep(client);
	return ready > 0;
}

/* The wait event shown in pg_stat_activity */
static uint32
wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	/* allocated here and not in _PG_init, where shared memory isn't there yet */
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("IngestFetch");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* Add what is to be waited for */
static void
add_events(WaitEventSet *set, HttpClient *client)
{
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < client->nsockets; i++)
	{
		int			what = client->sockets[i].what;
		uint32		events = (what & CURL_POLL_IN ? WL_SOCKET_READABLE : 0) |
			(what & CURL_POLL_OUT ? WL_SOCKET_WRITEABLE : 0);

		if (events != 0)
			AddWaitEventToSet(set, events, client->sockets[i].fd, NULL, NULL);
	}
}

/*
 * Wait once.  The set is made anew for each wait: it cannot drop a socket, and
 * epoll forgets one that was closed and made again under the same number.
 * Nothing may leave between its making and its freeing, or releases before 17
 * lose its descriptor.
 */
static int
wait_once(HttpClient *client, long timeout_ms, WaitEvent *events)
{
	WaitEventSet *volatile set = NULL;
	volatile int nevents = 0;

#if PG_VERSION_NUM >= 170000
	set = CreateWaitEventSet(CurrentResourceOwner, client->nsockets + 2);
#else
	set = CreateWaitEventSet(CurrentMemoryContext, client->nsockets + 2);
#endif
	PG_TRY();
	{
		add_events(set, client);
		nevents = WaitEventSetWait(set, timeout_ms, events, MAX_EVENTS, wait_event());
	}
	PG_FINALLY();
	{
		FreeWaitEventSet(set);
	}
	PG_END_TRY();
	return nevents;
}

/*
 * Wait until something happens on the network or to this process, at most so
 * long, and act on it.  Throws what CHECK_FOR_INTERRUPTS() does.
 */
void
MultiWait(HttpClient *client, int64 usecs)
{
	WaitEvent	events[MAX_EVENTS];
	bool		any_socket = false;
	int			nevents;

	if (client->timer_due >= 0)
		usecs = Min(usecs, client->timer_due - HttpMonotonic());

	/* rounded up, or the last millisecond would be spent spinning */
	nevents = wait_once(client, usecs <= 0 ? 0 : (long) ((usecs + 999) / 1000), events);
	for (int i = 0; i < nevents; i++)
	{
		if (events[i].events & WL_LATCH_SET)
		{
			/* reset, then look, and only then work: or a wake-up gets lost */
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
			continue;
		}
		any_socket = true;
		act(client, events[i].fd,
			(events[i].events & WL_SOCKET_READABLE ? CURL_CSELECT_IN : 0) |
			(events[i].events & WL_SOCKET_WRITEABLE ? CURL_CSELECT_OUT : 0));
	}

	/* while a name is resolved, some releases of libcurl name no socket at all */
	if (!any_socket)
		act(client, CURL_SOCKET_TIMEOUT, 0);
	MultiStep(client);
	CHECK_FOR_INTERRUPTS();
}
