/*
 * src/feed/meetup_error.c
 *
 * What goes wrong with Meetup's API.  GraphQL says it inside of a 200:
 *
 *     {"errors":[{"message","path","extensions":{"code"}}],"data":… or null}
 *
 * Some of it is part of a good answer (a field that is private), some is the
 * limit of 500 points in 60 seconds (https://www.meetup.com/graphql/guide/,
 * "Rate limiting": code RATE_LIMITED with resetAt, and no headers), some a
 * query that names what the API does not know.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "feed/when.h"

/* The limit's window is a minute: we wait for its end, so many times in a row */
#define MAX_WAIT 75
#define MAX_LIMITED 4

#define TOKEN_HINT \
	"Set a new access token with ingest_set_credential(), or the four credentials that tokens are fetched with."

/* ---- reading errors ---- */

/* The error's code, in either generation's place; "" without one */
static const char *
error_code(const JsonNode *error)
{
	size_t		length;
	const char *code = JsonString(error, "extensions.code", &length);

	if (code == NULL)
		code = JsonString(error, "extensions.classification", &length);
	if (code == NULL)
		code = JsonString(error, "code", &length);
	return code == NULL ? "" : code;
}

/* Its message as one line; never NULL */
static const char *
error_message(Arena *arena, const JsonNode *error)
{
	size_t		length = 0;
	const char *text = JsonString(error, "message", &length);

	text = TextLine(arena, text, length, false);
	return text == NULL ? "an error without a message" : text;
}

/* The first error of one of these codes; NULL: none */
static const JsonNode *
find_code(const JsonNode *errors, const char *const *codes)
{
	for (int i = 0; i < JsonCount(errors); i++)
	{
		const JsonNode *error = JsonElementAt(errors, i);

		for (int j = 0; codes[j] != NULL; j++)
			if (strcasecmp(error_code(error), codes[j]) == 0)
				return error;
	}
	return NULL;
}

/* ---- the limit ---- */

static MeetupVerdict
meet_limit(Feed *feed, FeedPage *page, const JsonNode *error, Problem *problem)
{
	MeetupState *state = feed->state;
	size_t		length = 0;
	const char *text = JsonString(error, "extensions.resetAt", &length);
	FeedTime	now = feed->clock();
	FeedTime	reset = now + MAX_WAIT;
	bool		is_known = text != NULL && WhenParse(text, length, &reset) == WHEN_INSTANT;

	/* clocks differ: never at once, and longer each time */
	if (!is_known)
		reset = now + 60;
	if (reset < now + (1 << state->nlimited))
		reset = now + (1 << state->nlimited);
	if (reset <= now + MAX_WAIT && state->nlimited < MAX_LIMITED)
	{
		state->wait = (int) (reset - now);
		state->nlimited++;
		return ANSWER_AGAIN;
	}
	ProblemSet(problem, ERROR_CLASS_RATE_LIMIT, "Meetup's limit of points is used up%s%.40s",
			   is_known ? " until " : "", is_known ? TextLine(state->scratch, text, length, false) : "");
	ProblemDetail(problem, "It answers RATE_LIMITED.");
	ProblemHint(problem, "Meetup allows 500 points in 60 seconds; set requests_per_second, ask for fewer groups or a "
				"smaller page_size, or schedule fewer runs.");
	page->retry_at = reset;
	return ANSWER_BAD;
}

/* ---- a query that the API does not understand ---- */

/* Drop the words that a message quotes, if the query can do without */
static int
drop_quoted_words(Feed *feed, const char *message, TextBuilder *names)
{
	MeetupState *state = feed->state;
	int			ndropped = 0;

	for (const char *at = message; (at = strpbrk(at, "'\"`")) != NULL;)
	{
		size_t		length = strspn(++at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		const char *word;

		if (length == 0 || strchr("'\"`", at[length]) == NULL)
			continue;
		word = ArenaStrndup(feed->arena, at, length);
		if (state->ndropped == MEETUP_MAX_DROPPED || !MeetupCanDrop(state, word))
			continue;
		state->dropped[state->ndropped++] = word;
		BuilderAddText(names, names->length > 0 ? ", " : "");
		BuilderAddText(names, word);
		ndropped++;
	}
	return ndropped;
}

static bool
is_validation(Arena *arena, const JsonNode *error)
{
	static const char *const phrases[] = {
		"Cannot query field", "is undefined", "FieldUndefined", "Unknown argument",
		"does not exist in", "is not defined by", "Validation error", NULL
	};
	const char *code = error_code(error);
	const char *message = error_message(arena, error);

	if (strcmp(code, "GRAPHQL_VALIDATION_FAILED") == 0 || strcmp(code, "ValidationError") == 0)
		return true;
	for (int i = 0; phrases[i] != NULL; i++)
		if (strstr(message, phrases[i]) != NULL)
			return true;
	return false;
}

/* Ask for less; false: no less can be asked for */
static bool
ask_for_less(Feed *feed, const JsonNode *errors)
{
	MeetupState *state = feed->state;
	TextBuilder names = {.arena = state->scratch};
	const char *message;

	for (int i = 0; i < JsonCount(errors); i++)
		drop_quoted_words(feed, error_message(state->scratch, JsonElementAt(errors, i)), &names);
	if (names.length > 0)
		message = ArenaPrintf(state->scratch, "Meetup does not know what was asked for: %s; going on without", names.text);
	else if (state->rich)
	{
		state->rich = false;
		message = "Meetup did not understand the query; going on without the fields of rich_fields";
	}
	else
		return false;
	if (feed->warn != NULL)
		feed->warn(feed->warn_arg, message);
	return true;
}

/* ---- errors beside data ---- */

/* Private fields and the like: worth one line */
static void
tell_of_errors(Feed *feed, const JsonNode *errors)
{
	MeetupState *state = feed->state;
	const JsonNode *error = JsonElementAt(errors, 0);
	const JsonNode *path = JsonAt(error, "path");

	if (feed->warn == NULL)
		return;
	feed->warn(feed->warn_arg,
			   ArenaPrintf(state->scratch, "Meetup left something out (%d %s): %.200s%s%.100s", JsonCount(errors),
						   JsonCount(errors) == 1 ? "error" : "errors", error_message(state->scratch, error),
						   path != NULL ? ", at " : "", path != NULL ? JsonToText(state->scratch, path) : ""));
}

MeetupVerdict
MeetupJudge(Feed *feed, FeedPage *page, const JsonNode *errors, bool has_data, Problem *problem)
{
	static const char *const limit_codes[] = {"RATE_LIMITED", "RATE_LIMIT_EXCEEDED", NULL};
	static const char *const auth_codes[] = {
		"UNAUTHENTICATED", "UNAUTHORIZED", "auth_fail", "INVALID_TOKEN", NULL
	};
	MeetupState *state = feed->state;
	const JsonNode *error;

	ArenaReset(state->scratch);
	if ((error = find_code(errors, limit_codes)) != NULL)
		return meet_limit(feed, page, error, problem);
	state->nlimited = 0;
	if (JsonCount(errors) == 0)
		return ANSWER_GOOD;
	if ((error = find_code(errors, auth_codes)) != NULL && !has_data)
	{
		if (MeetupForgetToken(feed))
			return ANSWER_AGAIN;
		ProblemSet(problem, ERROR_CLASS_AUTH, "Meetup does not accept the access: %.200s",
				   error_message(state->scratch, error));
		ProblemHint(problem, TOKEN_HINT);
		return ANSWER_BAD;
	}
	if (has_data)
	{
		tell_of_errors(feed, errors);
		return ANSWER_GOOD;
	}
	error = JsonElementAt(errors, 0);
	if (is_validation(state->scratch, error))
	{
		if (ask_for_less(feed, errors))
			return ANSWER_AGAIN;
		ProblemSet(problem, ERROR_CLASS_UPSTREAM, "Meetup does not understand the query: %.300s",
				   error_message(state->scratch, error));
		ProblemHint(problem, "Its API seems to have changed; via \"ics\" reads the groups' public calendars instead.");
		return ANSWER_BAD;
	}
	ProblemSet(problem, ERROR_CLASS_UPSTREAM, "Meetup answered with an error: %.300s",
			   error_message(state->scratch, error));
	if (error_code(error)[0] != '\0')
		ProblemDetail(problem, "Its code is %.60s.", TextLine(state->scratch, error_code(error), strlen(error_code(error)), false));
	return ANSWER_BAD;
}

/* ---- answers that are no 2xx ---- */

/* {"message": "…"}, or a text that is no JSON, as a sentence */
static void
describe_body(Arena *arena, const JsonNode *body, const FeedRefusal *refusal, Problem *problem)
{
	size_t		length = 0;
	const char *text = JsonString(body, "message", &length);

	if (text != NULL)
		text = TextLine(arena, text, length, false);
	else if (body == NULL)
	{
		text = TextFromHtml(arena, refusal->body, refusal->length < 2000 ? refusal->length : 2000);
		text = text == NULL ? NULL : TextLine(arena, text, strlen(text), false);
	}
	if (text != NULL)
		ProblemDetail(problem, "It says: %.300s", text);
}

/*
 * The token endpoint's errors (RFC 6749, 5.2): {"error", "error_description"}.
 * Only their fixed words are shown: a description may repeat what was sent.
 */
static RefusalVerdict
refused_token(const JsonNode *body, const FeedRefusal *refusal, Problem *problem)
{
	size_t		length;
	const char *error = JsonString(body, "error", &length);
	bool		is_word = error != NULL && length < 60 &&
		error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")] == '\0';

	if (refusal->status >= 500 || refusal->status == 429 || refusal->status == 0)
		return REFUSAL_FAIL;	/* as the host says it */
	ProblemSet(problem, ERROR_CLASS_AUTH, "Meetup gave no access token: it answered %d%s%s", refusal->status,
			   is_word ? " " : "", is_word ? error : "");
	ProblemDetail(problem, "The request was signed with the credential signing_key.");
	ProblemHint(problem, "Check client_key, member_id, signing_key and signing_key_id (meetup.com/api/oauth/list), and this "
				"machine's clock: a signature is good for two minutes.");
	return REFUSAL_FAIL;
}

/* A calendar that is not there: the name is wrong, or the group has a new one */
static RefusalVerdict
refused_calendar(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	MeetupState *state = feed->state;
	MeetupGroup *group = &state->groups[request->list];

	if (refusal->status != 404 && refusal->status != 410)
		return REFUSAL_FAIL;	/* as the host says it */
	ProblemSet(problem, ERROR_CLASS_CONFIG, "Meetup knows no public group \"%.100s\"", group->urlname);
	ProblemHint(problem, "A group that was renamed has another name in its address, meetup.com/NAME; put that into "
				"\"groups\", or remove it.");
	return MeetupGiveUp(feed, group, "not found: renamed, private or gone") ?
		REFUSAL_END_OF_LIST : REFUSAL_FAIL;
}

static void
describe_refusal(const FeedRequest *request, const JsonNode *body, const FeedRefusal *refusal,
				 Arena *arena, Problem *problem)
{
	int			status = refusal->status;
	bool		is_auth = status == 401 || (status == 403 && body != NULL);
	bool		is_dead = status == 410 || (status == 503 && strstr(refusal->body, "deprecated") != NULL);

	ProblemSet(problem, is_auth ? ERROR_CLASS_AUTH : status == 429 ? ERROR_CLASS_RATE_LIMIT :
			   status == 404 || is_dead ? ERROR_CLASS_CONFIG : ERROR_CLASS_UPSTREAM,
			   "Meetup answered %d to the request for %.300s", status, request->what);
	describe_body(arena, body, refusal, problem);
	if (is_auth)
		ProblemHint(problem, TOKEN_HINT);
	else if (is_dead || status == 404)
		ProblemHint(problem, "The API is at base_url + \"/gql-ext\"; \"/gql\" was turned off in 2025. Check \"base_url\" in the "
					"source's configuration.");
	else if (status >= 500)
		ProblemHint(problem, "The fault is Meetup's; the next run tries again.");
}

RefusalVerdict
MeetupRefused(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	MeetupState *state = feed->state;
	const JsonNode *body = NULL;
	const JsonNode *errors;
	FeedPage	page = {0};
	Problem		unread;
	Arena	   *arena = ArenaCreate();
	RefusalVerdict verdict = REFUSAL_FAIL;

	ArenaOnReset(feed->arena, (void (*) (void *)) ArenaFree, arena);
	if (!JsonRead(state->reader, arena, refusal->body, refusal->length, &body, &unread))
		body = NULL;
	if (request->list == MEETUP_TOKEN_LIST)
		return refused_token(body, refusal, problem);
	if (state->by_ics)
		return refused_calendar(feed, request, refusal, problem);

	if (refusal->status == 401 && MeetupForgetToken(feed))
		return REFUSAL_CHANGED;
	errors = JsonAt(body, "errors");
	if (refusal->status == 400 && JsonCount(errors) > 0)
	{
		MeetupVerdict judged = MeetupJudge(feed, &page, errors, false, problem);

		if (judged == ANSWER_AGAIN)
			return REFUSAL_CHANGED;
	}

	/* The same request has often been seen to succeed the second time */
	if (refusal->status == 400 && !state->asked_twice)
	{
		memset(problem, 0, sizeof(*problem));
		state->asked_twice = true;
		state->wait = 1;
		return REFUSAL_CHANGED;
	}
	if (!ProblemIsSet(problem))
		describe_refusal(request, body, refusal, arena, problem);
	return verdict;
}
