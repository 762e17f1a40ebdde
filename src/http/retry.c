/*
 * src/http/retry.c
 *
 * What is tried again, and when: exponential back-off with full jitter, and
 * what the upstream asks for in Retry-After or in one of the rate-limit
 * headers.  Whether there is time for that is decided in judge.c.
 */
#include "postgres.h"

#include "http/http_internal.h"

#include <time.h>

#define BACKOFF_BASE_MS 500
#define BACKOFF_CAP_MS 60000
#define MAX_ASKED_SECS (24 * 60 * 60)	/* no upstream stops a source for longer */

/* Do these statuses promise that trying again may help? */
bool
RetryStatus(int status)
{
	switch (status)
	{
		case 408:				/* request time-out */
		case 425:				/* too early */
		case 429:				/* too many requests */
		case 500:
		case 502:
		case 503:
		case 504:
			return true;
		default:
			return false;
	}
}

/*
 * How long to wait before the n-th retry (from 1), in milliseconds: anything
 * from zero to a bound that doubles each time, so that those who failed
 * together don't come back together.
 */
int64
RetryBackoff(int retry)
{
	int64		bound = BACKOFF_BASE_MS;
	uint32		random = 0;

	for (int i = 1; i < retry && bound < BACKOFF_CAP_MS; i++)
		bound *= 2;
	bound = Min(bound, BACKOFF_CAP_MS);

	/* the one source of randomness with the same name in every release */
	if (!pg_strong_random(&random, sizeof(random)))
		return bound;
	return random % (bound + 1);
}

/* A header's value as a number; -1 if it isn't a plain one */
static int64
header_number(const HttpTransfer *transfer, const char *name)
{
	const char *value = HttpResponseHeader(&transfer->response, name);
	int64		number = 0;

	if (value == NULL || *value < '0' || *value > '9')
		return -1;
	for (; *value >= '0' && *value <= '9'; value++)
	{
		if (number > PG_INT64_MAX / 100)
			return -1;
		number = number * 10 + (*value - '0');
	}
	return number;
}

/*
 * A rate-limit reset: seconds from now, or a time in seconds or milliseconds
 * since 1970; there are APIs of each kind, and their sizes tell them apart.
 */
static int64
reset_seconds(int64 number)
{
	int64		now = (int64) time(NULL);

	if (number < 0)
		return -1;
	if (number > INT64CONST(100000000000))
		number = (number + 999) / 1000 - now;
	else if (number > INT64CONST(1000000000))
		number -= now;
	return Max(number, 0);
}

/*
 * How many seconds the upstream asks to wait; -1 if it doesn't say.  Retry-After
 * counts for every error.  The reset headers do only for 429, for well-behaved
 * APIs send them with every answer.
 */
int64
RetryAfter(const HttpTransfer *transfer)
{
	static const char *const resets[] = {
		"RateLimit-Reset", "X-RateLimit-Reset", "Rate-Limit-Reset", NULL
	};
	const char *value = HttpResponseHeader(&transfer->response, "Retry-After");
	int64		seconds = header_number(transfer, "Retry-After");

	if (seconds < 0 && value != NULL)
	{
		time_t		date = curl_getdate(value, NULL);

		if (date != (time_t) -1)
			seconds = Max((int64) date - (int64) time(NULL), 0);
	}
	for (int i = 0; seconds < 0 && transfer->status == 429 && resets[i] != NULL; i++)
		seconds = reset_seconds(header_number(transfer, resets[i]));
	return Min(seconds, MAX_ASKED_SECS);
}
