/*
 * src/feed/ticketmaster_error.c
 *
 * What Ticketmaster's errors mean, and what its headers say of the budget.
 *
 * Errors come in two envelopes: the API's own {"errors":[{code, detail}]}, and
 * {"fault":{faultstring, detail:{errorcode}}} of the gateway before it, which
 * guards keys and quotas.  The gateway repeats the key behind "Identifier :".
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed/text.h"

#define KEY_HINT \
	"Copy the Consumer Key of your application from https://developer.ticketmaster.com and store it with " \
	"ingest_set_credential()."
#define QUOTA_HINT \
	"5000 calls a day are free, counted from the first one; schedule fewer runs, shorten horizon_future, " \
	"or narrow the filters."
#define RATE_HINT \
	"Too many calls a second; lower requests_per_second in the source's configuration."
#define ARGUMENT_HINT \
	"Check the filters in the source's configuration."

/* The codes that have a meaning of their own, of either envelope */
static const struct
{
	const char *code;
	ErrorClass	error_class;
	const char *hint;
}			api_errors[] = {
	{"oauth.v2.InvalidApiKey", ERROR_CLASS_AUTH, KEY_HINT},
	{"oauth.v2.FailedToResolveAPIKey", ERROR_CLASS_AUTH, KEY_HINT},
	{"oauth.v2.InvalidApiKeyForGivenResource", ERROR_CLASS_AUTH,
		"The application of this key may not use the Discovery API; enable it at https://developer.ticketmaster.com."},
	{"policies.ratelimit.QuotaViolation", ERROR_CLASS_RATE_LIMIT, QUOTA_HINT},
	{"policies.ratelimit.SpikeArrestViolation", ERROR_CLASS_RATE_LIMIT, RATE_HINT},
	{"DIS1004", ERROR_CLASS_CONFIG, "Check base_url in the source's configuration."},
	{"DIS1015", ERROR_CLASS_CONFIG, "Check window_start and window_end in the source's configuration."},
	{"DIS1024", ERROR_CLASS_UPSTREAM, NULL},
	{"DIS1035", ERROR_CLASS_UPSTREAM, NULL},
	{"DIS1036", ERROR_CLASS_CONFIG, "Check page_size in the source's configuration: 200 at most."},
};

/* The class of an answer by its status */
static ErrorClass
class_of_status(int status, bool is_json)
{
	if (status == 401 || (status == 403 && is_json))
		return ERROR_CLASS_AUTH;
	if (status == 429)
		return ERROR_CLASS_RATE_LIMIT;
	if (status == 400 || status == 404 || status == 410)
		return ERROR_CLASS_CONFIG;
	return ERROR_CLASS_UPSTREAM;
}

/* What to do about a status whose code is not listed */
static const char *
hint_of_status(int status, bool is_json)
{
	if (status == 401)
		return KEY_HINT;
	if (status == 403)
		return is_json ? KEY_HINT :
			"Something before the API refuses the request: check \"headers\" in the configuration, and any proxy.";
	if (status == 429)
		return RATE_HINT;
	if (status == 404 || status == 410)
		return "Check base_url in the source's configuration.";
	if (status == 400)
		return ARGUMENT_HINT;
	return status >= 500 ? "The fault is Ticketmaster's; the next run tries again." : NULL;
}

/* What the gateway says, without what it knows of the caller */
static const char *
fault_text(Arena *arena, const char *text, size_t length)
{
	const char *identifier = text == NULL ? NULL : strstr(text, "Identifier");

	if (identifier != NULL)
		length = (size_t) (identifier - text);
	return TextLine(arena, text, length, false);
}

/* The code and words of either envelope; false: it is neither */
static bool
read_envelope(TicketmasterState *state, const FeedRefusal *refusal, const char **code, const char **text)
{
	Arena	   *arena = state->scratch;
	const JsonNode *body;
	const JsonNode *error;
	size_t		length = 0;
	const char *string;
	Problem		ignored;

	if (!JsonRead(state->reader, arena, refusal->body, refusal->length, &body, &ignored))
		return false;
	if (JsonKindAt(body, "fault") == JSON_OBJECT)
	{
		string = JsonString(body, "fault.faultstring", &length);
		*text = fault_text(arena, string, length);
		string = JsonString(body, "fault.detail.errorcode", &length);
		*code = TextLine(arena, string, length, false);
		return true;
	}
	error = JsonElementAt(JsonAt(body, "errors"), 0);
	if (JsonKindOf(error) != JSON_OBJECT)
		return false;
	string = JsonString(error, "detail", &length);
	*text = TextLine(arena, string, length, false);
	string = JsonString(error, "code", &length);
	*code = TextLine(arena, string, length, false);
	return true;
}

/* Put into words an answer that is HTML, or nothing */
static void
describe_other_body(TicketmasterState *state, const FeedRequest *request,
					const FeedRefusal *refusal, Problem *problem)
{
	size_t		length = refusal->length < 2000 ? refusal->length : 2000;
	const char *text = TextFromHtml(state->scratch, refusal->body, length);
	const char *hint = hint_of_status(refusal->status, false);

	ProblemSet(problem, class_of_status(refusal->status, false),
			   "Ticketmaster answered %d to the request for %s", refusal->status, request->what);
	text = text == NULL ? NULL : TextLine(state->scratch, text, strlen(text), false);
	if (text != NULL)
		ProblemDetail(problem, "The answer is not JSON but reads: %.200s", text);
	if (hint != NULL)
		ProblemHint(problem, "%s", hint);
}

/* Put the answer into words; returns its code, or "" */
static const char *
describe(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	TicketmasterState *state = feed->state;
	const char *code = NULL;
	const char *text = NULL;
	const char *hint;

	ArenaReset(state->scratch);
	if (refusal->body == NULL || !read_envelope(state, refusal, &code, &text))
	{
		describe_other_body(state, request, refusal, problem);
		return "";
	}
	ProblemSet(problem, class_of_status(refusal->status, true),
			   "Ticketmaster answered %d%s%.60s to the request for %s", refusal->status,
			   code != NULL ? " " : "", code != NULL ? code : "", request->what);
	if (text != NULL)
		ProblemDetail(problem, "It says: %.300s", text);
	hint = hint_of_status(refusal->status, true);
	for (size_t i = 0; code != NULL && i < sizeof(api_errors) / sizeof(api_errors[0]); i++)
		if (strcmp(api_errors[i].code, code) == 0)
		{
			problem->error_class = api_errors[i].error_class;
			hint = api_errors[i].hint;
		}
	if (hint != NULL)
		ProblemHint(problem, "%s", hint);
	return code != NULL ? code : "";
}

/*
 * A window that can't be paged further, earlier than documented, is read in
 * pieces like any that is too long.
 */
RefusalVerdict
TicketmasterRefused(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	TicketmasterState *state = feed->state;
	const char *code = describe(feed, request, refusal, problem);

	if (state->page > 0 && (strcmp(code, "DIS1035") == 0 || strcmp(code, "DIS1024") == 0))
	{
		TicketmasterTooLong(feed);
		return REFUSAL_CHANGED;
	}
	return REFUSAL_FAIL;
}

/* A header's digits as a number; -1 if it has none */
static int64_t
number_of(const char *value)
{
	if (value == NULL || *value < '0' || *value > '9')
		return -1;
	return strtoll(value, NULL, 10);
}

/*
 * Rate-Limit-Available: calls left of the day's; Rate-Limit-Reset: when the
 * day ends, in milliseconds since 1970.  Only good answers carry them.
 */
int64_t
TicketmasterBudget(const char *(*header) (void *arg, const char *name), void *arg, int64_t *remaining)
{
	int64_t		reset = number_of(header(arg, "Rate-Limit-Reset"));
	int64_t		wait;

	*remaining = number_of(header(arg, "Rate-Limit-Available"));
	if (*remaining != 0 || reset < 0)
		return 0;
	wait = reset / 1000 + 1 - (int64_t) time(NULL);
	if (wait > 86400)
		return 86400;
	return wait > 0 ? wait : 0;
}
