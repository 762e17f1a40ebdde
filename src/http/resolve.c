/*
 * src/http/resolve.c
 *
 * Relative references by libcurl, which also fetches what comes of them.
 *
 * Pure C with libcurl.
 */
#include "http/resolve.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Is it fetched over HTTP? */
static bool
has_http_scheme(CURLU *url)
{
	char	   *scheme = NULL;
	bool		result = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		(strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);

	curl_free(scheme);
	return result;
}

/* Hosts are the same in any case, but compared as bytes later */
static bool
lower_host(CURLU *url)
{
	char	   *host = NULL;
	bool		result = curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host != '\0';

	for (char *c = host; result && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char) (*c - 'A' + 'a');
	if (result)
		result = curl_url_set(url, CURLUPART_HOST, host, 0) == CURLUE_OK;
	curl_free(host);
	return result;
}

/* "%c3" and "%C3" are the same byte (RFC 3986, 6.2.2.1); libcurl writes either */
static void
upper_escapes(char *url)
{
	for (char *c = url; (c = strchr(c, '%')) != NULL; c++)
		for (int i = 1; i <= 2 && c[i] != '\0'; i++)
			if (c[i] >= 'a' && c[i] <= 'f')
				c[i] = (char) (c[i] - 'a' + 'A');
}

/* Before 8.9 libcurl takes a fragment alone for a relative path */
static bool
set_reference(CURLU *url, const char *reference, unsigned int flags)
{
	if (*reference == '\0')
		return true;
	if (*reference == '#')
		return curl_url_set(url, CURLUPART_FRAGMENT, reference + 1, flags & CURLU_URLENCODE) == CURLUE_OK;
	return curl_url_set(url, CURLUPART_URL, reference, flags) == CURLUE_OK;
}

char *
UrlResolve(const char *base, const char *reference)
{
	CURLU	   *url = curl_url();
	char	   *text = NULL;
	char	   *result = NULL;
	unsigned int flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_DISALLOW_USER;

	if (url == NULL)
		return NULL;
	if ((base == NULL || curl_url_set(url, CURLUPART_URL, base, flags) == CURLUE_OK) &&
		set_reference(url, reference, flags) &&
		has_http_scheme(url) && lower_host(url) &&
		curl_url_get(url, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) == CURLUE_OK)
		result = strdup(text);
	if (result != NULL)
		upper_escapes(result);
	curl_free(text);
	curl_url_cleanup(url);
	return result;
}
