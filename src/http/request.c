/*
 * src/http/request.c
 *
 * The caller's request: checked, copied, and its secrets made known.
 */
#include "postgres.h"

#include "http/http_internal.h"

/* May it stand as a header's name (RFC 9110, token)? */
static bool
is_token(const char *text)
{
	return *text != '\0' &&
		text[strspn(text, "!#$%&'*+-.^_`|~0123456789"
					"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* May it stand as a header's value?  A line break would start another header */
static bool
is_header_value(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if ((unsigned char) *text < ' ' && *text != '\t')
			return false;
	}
	return true;
}

/* Must it stay with the origin that it was made for? */
bool
RequestIsSecret(const HttpHeader *header)
{
	return header->secret ||
		pg_strcasecmp(header->name, "Authorization") == 0 ||
		pg_strcasecmp(header->name, "Proxy-Authorization") == 0 ||
		pg_strcasecmp(header->name, "Cookie") == 0;
}

/* Let the redactor know a secret header's value, and what follows its scheme */
static void
learn_secret(HttpTransfer *transfer, const HttpHeader *header)
{
	Redactor   *redactor = transfer->client->redactor;
	const char *blank = strchr(header->value, ' ');
	int			failed = 0;

	if (redactor == NULL)
		return;
	failed |= RedactorAddSecret(redactor, header->value);
	if (blank != NULL)
		failed |= RedactorAddSecret(redactor, blank + 1);
	if (failed)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
}

/* Is everything in it fit to be sent?  If not, says why */
static bool
check_request(const HttpRequest *request, Problem *problem)
{
	bool		bodyless = strcmp(request->method, "GET") == 0 ||
		strcmp(request->method, "HEAD") == 0;

	if (!is_token(request->method))
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "the request's method is not valid");
	else if (bodyless && request->body != NULL)
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "a %s request carries no body",
				   request->method);
	for (int i = 0; i < request->nheaders; i++)
	{
		if (!is_token(request->headers[i].name))
			ProblemSet(problem, ERROR_CLASS_CONFIG, "\"%.60s\" is not a name of a header",
					   request->headers[i].name);
		else if (!is_header_value(request->headers[i].value))
		{
			ProblemSet(problem, ERROR_CLASS_CONFIG, "header \"%.60s\" is not valid",
					   request->headers[i].name);
			ProblemDetail(problem, "Its value holds a line break or another control character.");
		}
	}
	return !ProblemIsSet(problem);
}

/* A copy in the transfer's context; NULL of NULL */
static char *
copy_string(HttpTransfer *transfer, const char *text)
{
	return text ? MemoryContextStrdup(transfer->cxt, text) : NULL;
}

/* A validator that came from outside long ago: dropped if it can't be sent */
static char *
copy_validator(HttpTransfer *transfer, const char *text)
{
	return text && *text && is_header_value(text) ? copy_string(transfer, text) : NULL;
}

/*
 * Copy the request into the transfer.  What is wrong with it becomes the
 * response's problem.
 */
void
RequestCopy(HttpTransfer *transfer, const HttpRequest *request)
{
	HttpRequest *copy = &transfer->request;
	Problem    *problem = &transfer->response.problem;
	HttpHeader *headers;

	*copy = *request;
	copy->url = copy_string(transfer, request->url ? request->url : "");
	copy->method = copy_string(transfer, request->method ? request->method : "GET");
	copy->accept = copy_string(transfer, request->accept);
	copy->etag = copy_validator(transfer, request->etag);
	copy->last_modified = copy_validator(transfer, request->last_modified);
	headers = MemoryContextAllocZero(transfer->cxt,
									 Max(request->nheaders, 1) * sizeof(HttpHeader));
	for (int i = 0; i < request->nheaders; i++)
	{
		headers[i].name = copy_string(transfer, request->headers[i].name);
		headers[i].value = copy_string(transfer, request->headers[i].value);
		headers[i].secret = RequestIsSecret(&request->headers[i]);
		if (headers[i].secret)
			learn_secret(transfer, &headers[i]);
	}
	copy->headers = headers;
	if (request->body != NULL)
	{
		char	   *body = MemoryContextAllocHuge(transfer->cxt, request->body_len + 1);

		memcpy(body, request->body, request->body_len);
		body[request->body_len] = '\0';
		copy->body = body;
	}

	if (!check_request(copy, problem))
		return;
	transfer->first_url = UrlNormalize(transfer->cxt, copy->url, problem);
	transfer->url = transfer->first_url;
	if (transfer->url != NULL)
		transfer->host = UrlHost(transfer->cxt, transfer->url);
}
