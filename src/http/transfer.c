/*
 * src/http/transfer.c
 *
 * One attempt: its launch, its state while it runs, its end.
 */
#include "postgres.h"

#include "storage/fd.h"

#include "http/http_internal.h"

#include <stdlib.h>

/* Forget the attempt before */
static void
clear_attempt(HttpTransfer *transfer)
{
	transfer->error_text[0] = '\0';
	transfer->status = 0;
	transfer->head.len = 0;
	transfer->head_bytes = 0;
	transfer->buffered.len = 0;
	transfer->error_body.len = 0;
	transfer->received = 0;
	transfer->paused = false;
	transfer->begun = false;
	transfer->abort = ABORT_NONE;
	transfer->result = CURLE_OK;
	transfer->address_tried = false;
	transfer->connected = false;
	transfer->refused[0] = '\0';
	transfer->location = NULL;
	transfer->spent = transfer->unattended = transfer->silent = 0;
}

/*
 * Give back what the attempt holds of libcurl and fd.c; its results stay.  May
 * be called twice; never throws, for reset callbacks.
 */
static void
drop_attempt(HttpTransfer *transfer)
{
	sigset_t	saved;

	if (transfer->easy != NULL)
	{
		MultiBlockSignals(&saved);
		/* harmless if it was never added */
		curl_multi_remove_handle(transfer->client->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
		MultiRestoreSignals(&saved);
		transfer->easy = NULL;
	}
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	if (transfer->has_fd)
		ReleaseExternalFD();
	transfer->has_fd = false;
}

/* Free a buffer and make it empty */
static void
free_buffer(HttpBuffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

/* Free all that no memory context frees; may be called twice, never throws */
void
TransferFreeForeign(HttpTransfer *transfer)
{
	drop_attempt(transfer);
	free_buffer(&transfer->head);
	free_buffer(&transfer->buffered);
	free_buffer(&transfer->handed);
	free_buffer(&transfer->error_body);
}

/* Hand a configured handle to the multi handle */
static bool
add_to_multi(HttpTransfer *transfer, Problem *problem)
{
	sigset_t	saved;
	CURLMcode	code;

	MultiBlockSignals(&saved);
	code = curl_multi_add_handle(transfer->client->multi, transfer->easy);
	MultiRestoreSignals(&saved);
	if (code == CURLM_OK)
		return true;
	ProblemSet(problem, ERROR_CLASS_INTERNAL, "could not start a transfer: %s",
			   curl_multi_strerror(code));
	return false;
}

/*
 * Start an attempt, or its next hop.  What stops it from being started ends
 * the transfer.
 */
void
TransferLaunch(HttpTransfer *transfer)
{
	HttpClient *client = transfer->client;
	Problem    *problem = &transfer->response.problem;

	clear_attempt(transfer);
	client->counters.requests++;
	if (transfer->response.redirects == 0 && transfer->response.attempts++ > 0)
		client->counters.retries++;

	transfer->has_fd = AcquireExternalFD();
	if (!transfer->has_fd)
	{
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "too many files are open in this process");
		ProblemHint(problem, "Raise max_files_per_process.");
	}
	else if ((transfer->easy = curl_easy_init()) == NULL)
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "out of memory");
	else if (TransferConfigure(transfer, problem) && add_to_multi(transfer, problem))
	{
		transfer->state = TRANSFER_RUNNING;
		return;
	}
	drop_attempt(transfer);
	TransferDone(transfer);
}

/* What the attempt is, or was, doing; the times tell which steps are over */
static const char *
attempt_phase(const HttpTransfer *transfer)
{
	curl_off_t	resolved = 0;
	curl_off_t	ready = 0;

	if (transfer->head.len > 0)
		return "reading the body";
	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	if (ready > 0)
		return "waiting for the first byte";
	if (transfer->connected)
		return "negotiating TLS";
	curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	return resolved > 0 ? "connecting" : "resolving";
}

const char *
TransferPhase(const HttpTransfer *transfer)
{
	switch (transfer->state)
	{
		case TRANSFER_WAITING:
			return transfer->response.attempts > 0 && transfer->response.redirects == 0 ?
				"waiting to try again" : "waiting for its turn";
		case TRANSFER_RUNNING:
			return attempt_phase(transfer);
		case TRANSFER_ENDED:
			return transfer->phase;
		case TRANSFER_DONE:
			break;
	}
	return "done";
}

/*
 * End the header lines with NULs, for HttpResponseHeader(), and the error's
 * body likewise.  The buffers have room for one more byte.
 */
static void
terminate_buffers(HttpTransfer *transfer)
{
	HttpBuffer *head = &transfer->head;

	for (size_t i = 0; i < head->len; i++)
	{
		if (head->data[i] == '\r' || head->data[i] == '\n')
			head->data[i] = '\0';
	}
	if (head->len > 0)
		head->data[head->len] = '\0';
	if (transfer->error_body.len > 0)
		transfer->error_body.data[transfer->error_body.len] = '\0';
}

/* How far the attempt came */
static void
read_progress(const HttpTransfer *transfer, HttpProgress *progress)
{
	curl_off_t	time = 0;
	const char *address = NULL;

	memset(progress, 0, sizeof(*progress));
	curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &time);
	progress->resolved = time;
	curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &time);
	progress->connected = time;
	if (time == 0 && transfer->connected)
		progress->connected = progress->resolved;
	curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &time);
	progress->secured = time;
	curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &time);
	progress->answered = time;
	curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address);
	if (address != NULL)
		strlcpy(progress->address, address, sizeof(progress->address));
}

/* Take from the handle what is still needed when it is gone */
static void
read_outcome(HttpTransfer *transfer)
{
	char	   *location = NULL;
	curl_off_t	body = 0;
	long		head = 0;
	long		connect_code = 0;

	transfer->phase = attempt_phase(transfer);
	read_progress(transfer, &transfer->response.progress);
	transfer->wire_expected = -1;
	curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	curl_easy_getinfo(transfer->easy, CURLINFO_HEADER_SIZE, &head);
	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
					  &transfer->wire_expected);
	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
	curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
	transfer->wire_body = body;
	transfer->connect_code = (int) connect_code;
	transfer->response.wire_bytes += body + head;
	transfer->client->counters.wire_bytes += body + head;
	transfer->client->counters.bytes += transfer->received;

	/* the string is the handle's; should the copy throw, the handle still is */
	if (location != NULL)
		transfer->location = MemoryContextStrdup(transfer->cxt, location);
}

/*
 * End the attempt: libcurl did, with its result, or we do, for a reason of
 * ours.  What follows is TransferJudge()'s.
 */
void
TransferEnd(HttpTransfer *transfer, CURLcode result, AbortReason abort)
{
	transfer->result = result;
	if (abort != ABORT_NONE)
		transfer->abort = abort;
	read_outcome(transfer);
	terminate_buffers(transfer);
	drop_attempt(transfer);
	transfer->state = TRANSFER_ENDED;
}

/* Go on reading a body that http_write_cb paused */
void
TransferResume(HttpTransfer *transfer)
{
	sigset_t	saved;
	CURLcode	code;

	if (transfer->easy == NULL || !transfer->paused)
		return;
	transfer->paused = false;
	MultiBlockSignals(&saved);

	/* gives http_write_cb what was kept, which may pause it again */
	code = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
	MultiRestoreSignals(&saved);

	/* a failure in here is told to us alone, the multi handle would go on */
	if (code != CURLE_OK)
		TransferEnd(transfer, code, ABORT_NONE);
}
