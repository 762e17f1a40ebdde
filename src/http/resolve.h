/*
 * src/http/resolve.h
 *
 * Links of a page made into URLs that can be fetched and compared.
 *
 * Pure C with libcurl: the feed room, which knows neither, is given it by its
 * host.
 */
#ifndef INGEST_HTTP_RESOLVE_H
#define INGEST_HTTP_RESOLVE_H

/*
 * The absolute http or https URL that `reference` means on a page at `base`
 * (NULL: reference is absolute itself), with scheme and host in lower case,
 * no port that is the scheme's own, no dot segments, blanks and non-ASCII
 * bytes percent-encoded; its fragment is kept.  To be freed with free().
 * NULL: it is no such URL, or holds a user name or password, or there is no
 * memory.
 */
extern char *UrlResolve(const char *base, const char *reference);

#endif
