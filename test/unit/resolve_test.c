/*
 * test/unit/resolve_test.c
 *
 * Links of pages into URLs (http/resolve.h).
 */
#include "http/resolve.h"

#include <stdlib.h>

#include "feed_harness.h"

static void
same(const char *base, const char *reference, const char *expected, const char *name)
{
	char	   *url = UrlResolve(base, reference);

	TapSame(url, expected, name);
	free(url);
}

int
main(void)
{
	const char *page = "https://example.org/a/b?x=1#top";

	same(NULL, "https://example.org/e/1", "https://example.org/e/1", "absolute");
	same(NULL, "HTTPS://Example.ORG", "https://example.org/", "scheme and host in lower case, a path");
	same(NULL, "https://example.org:443/e", "https://example.org/e", "the scheme's own port goes");
	same(NULL, "http://example.org:8080/e", "http://example.org:8080/e", "another port stays");
	same(page, "c", "https://example.org/a/c", "relative to the directory");
	same(page, "/c", "https://example.org/c", "relative to the host");
	same(page, "../c", "https://example.org/c", "dot segments");
	same(page, "//other.org/c", "https://other.org/c", "relative to the scheme");
	same(page, "?page=2", "https://example.org/a/b?page=2", "a query alone");
	same(page, "#e", "https://example.org/a/b?x=1#e", "a fragment alone");
	same(page, "/é t", "https://example.org/%C3%A9%20t", "blanks and accents are encoded");
	same(page, "", page, "nothing is the page itself");
	same(page, "/%c3%a9", "https://example.org/%C3%A9", "escapes are written one way");
	same(NULL, "/e/1", NULL, "no base for a relative one");
	same(page, "mailto:a@example.org", NULL, "mailto");
	same(page, "javascript:void(0)", NULL, "javascript");
	same(page, "ftp://example.org/x", NULL, "ftp");
	same(page, "https://me:secret@example.org/", NULL, "a password is not carried along");
	same(page, "https://", NULL, "no host");
	return TapDone();
}
