/*
 * src/http/url.c
 *
 * URLs: which we fetch, and which belong to the same origin.  All parsing is
 * libcurl's, so that what is checked here is what is fetched there.
 */
#include "postgres.h"

#include "http/http_internal.h"

/* Parse a URL; NULL if it cannot be, with libcurl's reason in *code */
static CURLU *
parse(const char *url, CURLUcode *code)
{
	CURLU	   *parsed = curl_url();

	if (parsed == NULL)
	{
		*code = CURLUE_OUT_OF_MEMORY;
		return NULL;
	}
	*code = curl_url_set(parsed, CURLUPART_URL, url,
						 CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE);
	if (*code == CURLUE_OK)
		return parsed;
	curl_url_cleanup(parsed);
	return NULL;
}

/*
 * A part of a parsed URL, copied into cxt; NULL if it has none.  Frees what
 * libcurl gave before it throws for lack of memory, and with it the URL.
 */
static char *
part(MemoryContext cxt, CURLU *parsed, CURLUPart what, unsigned int flags)
{
	char	   *given = NULL;
	char	   *copy;
	size_t		size;

	if (curl_url_get(parsed, what, &given, flags) != CURLUE_OK || given == NULL)
		return NULL;
	size = strlen(given) + 1;
	copy = MemoryContextAllocExtended(cxt, size, MCXT_ALLOC_NO_OOM);
	if (copy != NULL)
		memcpy(copy, given, size);
	curl_free(given);
	if (copy == NULL)
	{
		curl_url_cleanup(parsed);
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	}
	return copy;
}

/* Why libcurl cannot parse a URL, in words */
static const char *
parse_error(CURLUcode code)
{
	switch (code)
	{
		case CURLUE_BAD_PORT_NUMBER:
			return "the port is not a number from 0 to 65535";
		case CURLUE_USER_NOT_ALLOWED:
			return "it holds a user name";
		case CURLUE_NO_HOST:
			return "it has no host name";
		case CURLUE_OUT_OF_MEMORY:
			return "out of memory";
		default:
#if LIBCURL_VERSION_NUM >= 0x075000
			return curl_url_strerror(code);
#else
			return "malformed";
#endif
	}
}

/* Does it start with a scheme, "xyz:"? */
static bool
has_scheme(const char *url)
{
	return url[strspn(url, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.")] == ':' &&
		strstr(url, "://") != NULL;
}

/*
 * Set the scheme that is fetched: webcal and webcals are how calendars are
 * handed around, and mean https.  False for what is not fetched at all.
 */
static bool
settle_scheme(CURLU *parsed, const char *scheme)
{
	if (pg_strcasecmp(scheme, "http") == 0 || pg_strcasecmp(scheme, "https") == 0)
		return true;
	if (pg_strcasecmp(scheme, "webcal") == 0 || pg_strcasecmp(scheme, "webcals") == 0)
		return curl_url_set(parsed, CURLUPART_SCHEME, "https", 0) == CURLUE_OK;
	return false;
}

/*
 * The URL in the form it is fetched in, allocated in cxt; or NULL and a config
 * problem.  The messages do not repeat the URL: it is the caller's to redact.
 */
char *
UrlNormalize(MemoryContext cxt, const char *url, Problem *problem)
{
	CURLU	   *parsed;
	CURLUcode	code;
	char	   *scheme;
	char	   *result = NULL;

	if (!has_scheme(url))
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "the URL does not start with a scheme");
		ProblemHint(problem, "Write it in full, beginning with https:// or http://.");
		return NULL;
	}
	parsed = parse(url, &code);
	if (parsed == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "the URL is not valid: %s",
				   parse_error(code));
		return NULL;
	}

	scheme = part(cxt, parsed, CURLUPART_SCHEME, 0);
	if (scheme == NULL || !settle_scheme(parsed, scheme))
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "URLs of scheme \"%.20s\" are not fetched",
				   scheme ? scheme : "");
		ProblemHint(problem, "Only http, https, webcal and webcals are.");
	}
	else if (part(cxt, parsed, CURLUPART_USER, 0) != NULL ||
			 part(cxt, parsed, CURLUPART_PASSWORD, 0) != NULL)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "the URL holds a user name or password");
		ProblemHint(problem, "Take it out of the URL and store it with ingest_set_credential().");
	}
	else
	{
		/* a fragment is the reader's, never sent */
		curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0);
		result = part(cxt, parsed, CURLUPART_URL, 0);
		if (result == NULL)
			ProblemSet(problem, ERROR_CLASS_CONFIG, "the URL is not valid");
	}
	curl_url_cleanup(parsed);
	return result;
}

/*
 * The same for where an upstream redirects to: its fault, not that of the
 * configuration.
 */
char *
UrlTarget(MemoryContext cxt, const char *location, Problem *problem)
{
	char	   *url = UrlNormalize(cxt, location, problem);
	Problem		why = *problem;

	if (url != NULL)
		return url;
	ProblemSet(problem, ERROR_CLASS_UPSTREAM,
			   "upstream redirects to a place that is not followed");
	ProblemDetail(problem, "In its answer, %s.", why.message);
	return NULL;
}

/* "host", or "host:port" where the port is written, for messages */
char *
UrlHost(MemoryContext cxt, const char *url)
{
	CURLUcode	code;
	CURLU	   *parsed = parse(url, &code);
	char	   *host;
	char	   *port;
	char	   *result;

	if (parsed == NULL)
		return MemoryContextStrdup(cxt, "");
	host = part(cxt, parsed, CURLUPART_HOST, 0);
	port = part(cxt, parsed, CURLUPART_PORT, 0);
	curl_url_cleanup(parsed);
	if (host == NULL || port == NULL)
		return host ? host : MemoryContextStrdup(cxt, "");
	result = MemoryContextAlloc(cxt, strlen(host) + strlen(port) + 2);
	sprintf(result, "%s:%s", host, port);
	return result;
}

/* Does a part of both URLs agree, any case? */
static bool
same_part(CURLU *a, CURLU *b, CURLUPart what)
{
	char	   *in_a = NULL;
	char	   *in_b = NULL;
	bool		same;

	same = curl_url_get(a, what, &in_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		curl_url_get(b, what, &in_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		pg_strcasecmp(in_a, in_b) == 0;
	curl_free(in_a);
	curl_free(in_b);
	return same;
}

/* Is the part written so, any case? */
static bool
part_is(CURLU *parsed, CURLUPart what, const char *value)
{
	char	   *given = NULL;
	bool		same;

	same = curl_url_get(parsed, what, &given, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		pg_strcasecmp(given, value) == 0;
	curl_free(given);
	return same;
}

/*
 * May what is secret for one URL be sent to the other?  Scheme, host and port
 * must agree; the step from http to https on their own ports is no other place.
 */
bool
UrlSameOrigin(const char *from, const char *to)
{
	CURLUcode	code;
	CURLU	   *a = parse(from, &code);
	CURLU	   *b = parse(to, &code);
	bool		same = false;

	if (a != NULL && b != NULL && same_part(a, b, CURLUPART_HOST))
	{
		same = same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_PORT);
		if (!same)
			same = part_is(a, CURLUPART_SCHEME, "http") &&
				part_is(a, CURLUPART_PORT, "80") &&
				part_is(b, CURLUPART_SCHEME, "https") &&
				part_is(b, CURLUPART_PORT, "443");
	}
	curl_url_cleanup(a);		/* takes NULL */
	curl_url_cleanup(b);
	return same;
}
