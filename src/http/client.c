/*
 * src/http/client.c
 *
 * The public functions: clients and transfers, their clocks and their turns.
 *
 * Three things are driven here for all transfers of a client at once, by
 * HttpPump() without waiting and by HttpFinish() until one of them is done:
 * libcurl does what sockets and timers ask for; what ended is judged; what is
 * due is launched, at the client's pace.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "http/http_internal.h"

#define MAX_NAP			USECS_PER_SEC
#define MAX_PUMP_USECS	(20 * USECS_PER_MSEC)

/* The redactor's memory is malloc's: freed with the context */
static void
free_redactor(void *arg)
{
	RedactorFree(arg);
}

Redactor *
HttpRedactorCreate(MemoryContext cxt)
{
	MemoryContextCallback *callback = MemoryContextAlloc(cxt, sizeof(*callback));
	Redactor   *redactor = RedactorCreate();

	if (redactor == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	callback->func = free_redactor;
	callback->arg = redactor;
	MemoryContextRegisterResetCallback(cxt, callback);
	return redactor;
}

/* Copy the policy, with the defaults filled in */
static void
copy_policy(HttpClient *client, const HttpPolicy *policy)
{
	HttpPolicy *copy = &client->policy;
	const char *user_agent = policy->user_agent && *policy->user_agent ?
		policy->user_agent : "ingest";

	*copy = *policy;
	copy->connect_timeout_ms = policy->connect_timeout_ms > 0 ? policy->connect_timeout_ms : 10000;
	copy->request_timeout_ms = policy->request_timeout_ms > 0 ? policy->request_timeout_ms : 60000;
	copy->max_response_size = policy->max_response_size > 0 ? policy->max_response_size :
		64 * 1024 * 1024;
	copy->max_wait_ms = policy->max_wait_ms > 0 ? policy->max_wait_ms : 60000;
	copy->user_agent = MemoryContextStrdup(client->cxt, user_agent);

	/* an empty setting is one that isn't set */
	copy->ca_file = policy->ca_file && *policy->ca_file ?
		MemoryContextStrdup(client->cxt, policy->ca_file) : NULL;
	copy->proxy = policy->proxy && *policy->proxy ?
		MemoryContextStrdup(client->cxt, policy->proxy) : NULL;
	copy->allowed_networks = NULL;	/* parsed into the guard */
}

/* Reset callback of the client's context: its transfers are freed already */
static void
free_client(void *arg)
{
	MultiClose(arg);
}

HttpClient *
HttpClientCreate(MemoryContext cxt, const HttpPolicy *policy, Redactor *redactor)
{
	HttpClient *client = MemoryContextAllocZero(cxt, sizeof(HttpClient));
	char		error[200];

	client->cxt = cxt;
	client->redactor = redactor;
	dlist_init(&client->transfers);
	client->clock = HttpMonotonic();
	copy_policy(client, policy);
	if (!AddressGuardParse(&client->guard, policy->allowed_networks, error, sizeof(error)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value of \"%s\"", "ingest.allowed_networks"),
				 errdetail("%s.", error)));

	/* before there is anything to free */
	client->reset.func = free_client;
	client->reset.arg = client;
	MemoryContextRegisterResetCallback(cxt, &client->reset);
	if (!MultiOpen(client))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not initialize libcurl %s",
						curl_version_info(CURLVERSION_NOW)->version)));
	return client;
}

/* Reset callback of a transfer's context; its client still stands */
static void
free_transfer(void *arg)
{
	HttpTransfer *transfer = arg;

	TransferFreeForeign(transfer);
	dlist_delete(&transfer->node);
}

/* An empty transfer in a context of its own, that frees it */
static HttpTransfer *
create_transfer(HttpClient *client)
{
	MemoryContext cxt = AllocSetContextCreate(client->cxt, "ingest http transfer",
											  ALLOCSET_SMALL_SIZES);
	HttpTransfer *transfer = MemoryContextAllocZero(cxt, sizeof(HttpTransfer));

	transfer->cxt = cxt;
	transfer->client = client;
	transfer->phase = "waiting for its turn";
	dlist_push_tail(&client->transfers, &transfer->node);
	transfer->reset.func = free_transfer;
	transfer->reset.arg = transfer;
	MemoryContextRegisterResetCallback(cxt, &transfer->reset);
	return transfer;
}

/*
 * Charge the time since the last call to the attempts under way: as spent if
 * we were at it, as unattended if the caller did something else.  A paused
 * attempt waits for us, which is no fault of the upstream's.
 */
static void
charge_time(HttpClient *client, bool attended)
{
	int64		now = HttpMonotonic();
	int64		passed = now - client->clock;
	dlist_iter	iter;

	client->clock = now;
	dlist_foreach(iter, &client->transfers)
	{
		HttpTransfer *transfer = dlist_container(HttpTransfer, node, iter.cur);

		if (transfer->state != TRANSFER_RUNNING)
			continue;
		if (!attended)
			transfer->unattended += passed;
		else if (!transfer->paused)
		{
			transfer->spent += passed;
			transfer->silent += passed;
		}
	}
}

/* End the attempt if its time is over */
static void
check_running(HttpTransfer *transfer, bool deadline_passed)
{
	const HttpPolicy *policy = &transfer->client->policy;

	if (deadline_passed)
		TransferEnd(transfer, CURLE_OK, ABORT_DEADLINE);
	else if (transfer->spent >= policy->request_timeout_ms * USECS_PER_MSEC)
		TransferEnd(transfer, CURLE_OK, ABORT_TIMEOUT);
	else if (transfer->head.len > 0 && transfer->silent >= STALL_USECS)
		TransferEnd(transfer, CURLE_OK, ABORT_STALLED);
}

/* When a waiting transfer may start: its own time, the pace, its distance */
static int64
due_at(const HttpTransfer *transfer)
{
	const HttpClient *client = transfer->client;
	int64		due = Max(transfer->start_at, client->next_slot);

	if (client->last_launch > 0 && transfer->request.min_interval > 0)
		due = Max(due, client->last_launch +
				  (int64) (transfer->request.min_interval * USECS_PER_SEC));
	return due;
}

/* Launch a transfer if it is due and the pace allows; true if it is under way */
static bool
launch_if_due(HttpTransfer *transfer)
{
	HttpClient *client = transfer->client;
	double		pace = client->policy.requests_per_second;
	int64		now = HttpMonotonic();

	if (due_at(transfer) > now)
		return false;
	client->last_launch = now;
	if (pace > 0)
		client->next_slot = now + (int64) (USECS_PER_SEC / pace);
	TransferLaunch(transfer);
	return transfer->state == TRANSFER_RUNNING;
}

/* Look at every transfer once; true if that put one under way */
static bool
advance_once(HttpClient *client)
{
	TimestampTz deadline = client->policy.deadline;
	bool		late = deadline != 0 && GetCurrentTimestamp() >= deadline;
	bool		launched = false;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &client->transfers)
	{
		HttpTransfer *transfer = dlist_container(HttpTransfer, node, iter.cur);

		if (transfer->state == TRANSFER_RUNNING)
			check_running(transfer, late);
		if (transfer->state == TRANSFER_ENDED)
			TransferJudge(transfer);
		if (transfer->state == TRANSFER_WAITING && late)
		{
			transfer->phase = TransferPhase(transfer);
			transfer->abort = ABORT_DEADLINE;
			(void) FailureOfTransport(transfer, &transfer->response.problem);
			TransferDone(transfer);
		}
		if (transfer->state == TRANSFER_WAITING)
			launched |= launch_if_due(transfer);
	}
	return launched;
}

/*
 * Move every transfer on as far as it goes without waiting.  A new handle asks
 * to be called at once: over an open connection its request leaves here.  It
 * may even end here, so there is another look before anybody waits.
 */
static void
advance(HttpClient *client)
{
	while (advance_once(client))
		MultiStep(client);
}

HttpTransfer *
HttpStart(HttpClient *client, const HttpRequest *request)
{
	HttpTransfer *transfer = create_transfer(client);

	RequestCopy(transfer, request);
	transfer->first_host = transfer->host;
	if (ProblemIsSet(&transfer->response.problem))
		TransferDone(transfer);
	HttpPump(client);
	return transfer;
}

void
HttpPump(HttpClient *client)
{
	int64		start = HttpMonotonic();

	charge_time(client, false);
	MultiStep(client);
	do
	{
		advance(client);
		/* what is paused is not looked at, so this ends */
	} while (MultiPoll(client) && HttpMonotonic() - start < MAX_PUMP_USECS);
	charge_time(client, true);
	advance(client);
}

/* How long HttpFinish() may wait before something of ours is due */
static int64
nap_length(HttpClient *client)
{
	int64		now = HttpMonotonic();
	int64		nap = MAX_NAP;
	TimestampTz deadline = client->policy.deadline;
	dlist_iter	iter;

	if (deadline != 0)
		nap = Min(nap, deadline - GetCurrentTimestamp());
	dlist_foreach(iter, &client->transfers)
	{
		HttpTransfer *transfer = dlist_container(HttpTransfer, node, iter.cur);

		if (transfer->state == TRANSFER_WAITING)
			nap = Min(nap, due_at(transfer) - now);
		else if (transfer->state == TRANSFER_RUNNING && !transfer->paused)
		{
			nap = Min(nap, client->policy.request_timeout_ms * USECS_PER_MSEC -
					  transfer->spent);
			if (transfer->head.len > 0)
				nap = Min(nap, STALL_USECS - transfer->silent);
		}
	}
	return Max(nap, 0);
}

/*
 * Hand what arrived to the sink.  The two buffers change places before, so
 * that reading on fills one while the sink looks at the other; should it
 * throw, both are still the transfer's.
 */
static void
deliver(HttpTransfer *transfer, const HttpSink *sink)
{
	bool		success = transfer->status >= 200 && transfer->status < 300;

	if (success && !transfer->begun &&
		(transfer->buffered.len > 0 || transfer->state == TRANSFER_DONE))
	{
		transfer->begun = true;
		if (sink != NULL && sink->begin != NULL)
			sink->begin(sink->arg);
	}
	while (transfer->buffered.len > 0)
	{
		HttpBuffer	full = transfer->buffered;

		transfer->buffered = transfer->handed;
		transfer->buffered.len = 0;
		transfer->handed = full;
		TransferResume(transfer);
		if (sink != NULL && sink->data != NULL)
			sink->data(sink->arg, full.data, full.len);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Tell the caller about once a second that, and for what, we are waiting */
static void
heartbeat(HttpTransfer *transfer)
{
	HttpClient *client = transfer->client;
	int64		now = HttpMonotonic();

	if (client->policy.heartbeat == NULL ||
		now - client->last_heartbeat < MAX_NAP * 9 / 10)
		return;
	client->last_heartbeat = now;
	client->policy.heartbeat(client->policy.heartbeat_arg, TransferPhase(transfer));
}

const HttpResponse *
HttpFinish(HttpTransfer *transfer, const HttpSink *sink)
{
	HttpClient *client = transfer->client;

	charge_time(client, false);
	MultiStep(client);
	for (;;)
	{
		advance(client);
		deliver(transfer, sink);
		/* what the sink did is the caller's time */
		charge_time(client, false);
		if (transfer->state == TRANSFER_DONE && transfer->buffered.len == 0)
			break;
		CHECK_FOR_INTERRUPTS();
		MultiWait(client, nap_length(client));
		charge_time(client, true);
		heartbeat(transfer);
	}
	return &transfer->response;
}

void
HttpRelease(HttpTransfer *transfer)
{
	/* its reset callback does the rest */
	MemoryContextDelete(transfer->cxt);
}

const char *
HttpResponseHeader(const HttpResponse *response, const char *name)
{
	const HttpTransfer *transfer = (const HttpTransfer *) response;
	const HttpBuffer *head = &transfer->head;
	size_t		name_len = strlen(name);
	const char *found = NULL;

	/* the lines were ended with NULs when the attempt ended */
	for (size_t at = 0; at < head->len; at += strlen(head->data + at) + 1)
	{
		const char *line = head->data + at;

		if (pg_strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
			continue;
		found = line + name_len + 1;
		found += strspn(found, " \t");
	}
	return found;
}

const char *
HttpTransferPhase(const HttpTransfer *transfer)
{
	return TransferPhase(transfer);
}

const HttpCounters *
HttpClientCounters(const HttpClient *client)
{
	return &client->counters;
}
