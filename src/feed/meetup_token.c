/*
 * src/feed/meetup_token.c
 *
 * How requests are authorised: by the credential "token"; else, if its parts
 * are set, by access tokens fetched with a signed JSON Web Token (RFC 7523;
 * https://www.meetup.com/graphql/authentication/, "JWT Flow"); else not at
 * all, which suffices for public groups as long as Meetup lets it.
 *
 * An access token lives in the run's memory and ends with it.  The refresh
 * token beside it is never used: each is good for one use only, and one that
 * is used twice ends the session; a new JWT costs no more.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <string.h>

#include "feed/base64.h"
#include "feed/builder.h"
#include "feed/text.h"

#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"

/*
 * A JWT is good from before its making, for clocks differ, until the limit
 * that Meetup sets, with room for the same reason.
 */
#define ISSUED_BEFORE 30
#define EXPIRES_AFTER 120

/* A token is replaced so many seconds before its end */
#define MARGIN 60

/* ---- credentials ---- */

/* A credential as one line; NULL: not set */
static const char *
read_credential(Feed *feed, const char *name)
{
	const char *value = feed->credential == NULL ? NULL : feed->credential(feed->credential_arg, name);

	return value == NULL ? NULL : TextLine(feed->arena, value, strlen(value), false);
}

/* Name in *problem what is missing beside the parts that are set */
static void
incomplete_credentials(const MeetupState *state, Problem *problem)
{
	ProblemSet(problem, ERROR_CLASS_AUTH, "of the credentials to sign requests for a token with, not all are set:%s%s%s%s",
			   state->client_key == NULL ? " client_key" : "",
			   state->member_id == NULL ? " member_id" : "",
			   state->signing_key == NULL ? " signing_key" : "",
			   state->signing_key_id == NULL ? " signing_key_id" : "");
	ProblemDetail(problem, "client_key, member_id, signing_key and signing_key_id belong together; the names above are missing.");
	ProblemHint(problem, "Set them too; or an access token, which takes their place, with ingest_set_credential().");
}

/* Read the credentials, once; false: *problem */
static bool
read_credentials(Feed *feed, Problem *problem)
{
	MeetupState *state = feed->state;
	const char *token;
	int			nset;

	if (state->access != ACCESS_UNKNOWN)
		return true;
	token = read_credential(feed, "token");
	if (token != NULL)
	{
		state->access = ACCESS_TOKEN;
		state->authorization = ArenaPrintf(feed->arena, "Bearer %s", token);
		return true;
	}
	state->client_key = read_credential(feed, "client_key");
	state->member_id = read_credential(feed, "member_id");
	state->signing_key = read_credential(feed, "signing_key");
	state->signing_key_id = read_credential(feed, "signing_key_id");
	nset = (state->client_key != NULL) + (state->member_id != NULL) +
		(state->signing_key != NULL) + (state->signing_key_id != NULL);
	if (nset == 0)
	{
		state->access = ACCESS_ANONYMOUS;
		return true;
	}
	if (nset < 4)
	{
		incomplete_credentials(state, problem);
		return false;
	}
	if (feed->sign_rs256 == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_AUTH, "this build of ingest cannot sign requests for a token");
		ProblemDetail(problem, "It was built without OpenSSL's libcrypto (Debian: libssl-dev).");
		ProblemHint(problem, "Fetch an access token by other means and store it as \"token\" with "
					"ingest_set_credential(), or build with libcrypto.");
		return false;
	}
	state->access = ACCESS_JWT;
	return true;
}

bool
MeetupNeedsToken(Feed *feed, Problem *problem)
{
	MeetupState *state = feed->state;

	if (!read_credentials(feed, problem) || state->access != ACCESS_JWT)
		return false;

	/* however short its life is said to be, a token is used before the next */
	return state->authorization == NULL ||
		(!state->is_fresh && state->expires_at != FEED_TIME_UNKNOWN && feed->clock() >= state->expires_at);
}

bool
MeetupForgetToken(Feed *feed)
{
	MeetupState *state = feed->state;

	/* one that is refused at its first use would be so again */
	if (state->access != ACCESS_JWT || state->is_fresh)
		return false;
	state->authorization = NULL;
	return true;
}

/* ---- the request ---- */

static void
keep_secret(Feed *feed, const char *value)
{
	if (feed->secret != NULL && value != NULL)
		feed->secret(feed->secret_arg, value);
}

/* A JWT's part: a JSON object in base64 */
static const char *
encode_part(TextBuilder *json)
{
	const char *text = BuilderCloseObject(json);

	return Base64(json->arena, text, strlen(text), true);
}

/* The signed JWT; NULL: *problem */
static const char *
make_jwt(Feed *feed, Problem *problem)
{
	const MeetupState *state = feed->state;
	Arena	   *arena = feed->arena;
	TextBuilder header = {.arena = arena};
	TextBuilder claims = {.arena = arena};
	FeedTime	now = feed->clock();
	const char *input;
	const unsigned char *signature;
	size_t		length = 0;

	BuilderAddMember(&header, "alg", "RS256");
	BuilderAddMember(&header, "typ", "JWT");
	BuilderAddMember(&header, "kid", state->signing_key_id);
	BuilderAddMember(&claims, "iss", state->client_key);
	BuilderAddMember(&claims, "sub", state->member_id);
	BuilderAddMember(&claims, "aud", "api.meetup.com");
	BuilderAddText(&claims, ArenaPrintf(arena, ",\"iat\":%lld,\"exp\":%lld",
										(long long) now - ISSUED_BEFORE, (long long) now + EXPIRES_AFTER));
	input = ArenaPrintf(arena, "%s.%s", encode_part(&header), encode_part(&claims));
	signature = feed->sign_rs256(arena, state->signing_key, input, strlen(input), &length, problem);
	if (signature == NULL)
	{
		strcpy(problem->field, "signing_key");
		ProblemHint(problem, "Set the credential signing_key to the private key that Meetup showed when it was made, "
					"or an access token with ingest_set_credential().");
		return NULL;
	}
	return ArenaPrintf(arena, "%s.%s", input, Base64(arena, signature, length, true));
}

bool
MeetupTokenRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	MeetupState *state = feed->state;
	const char *jwt = make_jwt(feed, problem);
	TextBuilder body = {.arena = feed->arena};

	if (jwt == NULL)
		return false;
	keep_secret(feed, jwt);
	BuilderAddText(&body, "grant_type=");
	BuilderAddEncoded(&body, GRANT_TYPE);
	BuilderAddText(&body, "&assertion=");
	BuilderAddEncoded(&body, jwt);
	request->method = "POST";
	request->url = state->token_url;
	request->body = body.text;
	request->headers[0] = (FeedHeader) {"Content-Type", "application/x-www-form-urlencoded"};
	request->headers[1] = (FeedHeader) {"Accept", "application/json"};
	request->nheaders = 2;
	request->what = "an access token";
	request->list = MEETUP_TOKEN_LIST;
	return true;
}

/* ---- the answer ---- */

/* {"access_token":"…","refresh_token":"…","token_type":"bearer","expires_in":3600} */
bool
MeetupTakeToken(Feed *feed, Arena *arena, const char *bytes, size_t length, Problem *problem)
{
	MeetupState *state = feed->state;
	const JsonNode *root = NULL;
	Problem		unshown;
	const char *token = NULL;
	size_t		token_length = 0;
	double		seconds;

	if (JsonRead(state->reader, arena, bytes, length, &root, &unshown))
	{
		const char *refresh = JsonString(root, "refresh_token", &token_length);

		keep_secret(feed, refresh);
		token = JsonString(root, "access_token", &token_length);
	}
	if (token != NULL)
		token = TextLine(feed->arena, token, token_length, false);
	if (token == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_UPSTREAM, "the answer to the request for an access token has none");
		ProblemHint(problem, "Check \"token_url\" in the source's configuration.");
		return false;
	}
	keep_secret(feed, token);
	state->authorization = ArenaPrintf(feed->arena, "Bearer %s", token);
	state->is_fresh = true;
	state->expires_at = FEED_TIME_UNKNOWN;
	if (JsonDecimal(root, "expires_in", &seconds) && seconds > 0 && seconds < 1e9)
		state->expires_at = feed->clock() + (FeedTime) (seconds > 2 * MARGIN ? seconds - MARGIN : seconds / 2);
	return true;
}
