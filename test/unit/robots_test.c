/*
 * test/unit/robots_test.c
 *
 * robots.txt by RFC 9309, with its own examples.
 */
#include "feed/robots.h"

#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

static Arena *arena;

static bool
allowed_to(const char *agent, const char *file, const char *url)
{
	return RobotsAllow(RobotsParse(arena, file, strlen(file), agent), url);
}

static bool
allowed(const char *file, const char *path)
{
	return allowed_to("ingest/1.0 (+https://example.org)", file, ArenaPrintf(arena, "https://example.org%s", path));
}

static void
test_rules(void)
{
	TapOk(allowed("", "/x"), "an empty file allows");
	TapOk(!allowed("User-agent: *\nDisallow: /\n", "/x"), "Disallow: /");
	TapOk(allowed("User-agent: *\nDisallow:\n", "/x"), "an empty Disallow allows");
	TapOk(allowed("User-agent: *\nDisallow: /\n", "/robots.txt"), "robots.txt itself may be read");
	TapOk(!allowed("User-agent: *\nDisallow: /e", "/events"), "a rule is a prefix");
	TapOk(allowed("User-agent: *\nDisallow: /e/", "/e"), "and no more");
	TapOk(allowed("User-agent: *\nAllow: /e/p\nDisallow: /e/\n", "/e/page"), "the longest match decides: Allow");
	TapOk(!allowed("User-agent: *\nAllow: /e/\nDisallow: /e/p\n", "/e/page"), "the longest match decides: Disallow");
	TapOk(allowed("User-agent: *\nDisallow: /e\nAllow: /e\n", "/e"), "of equals Allow");
	TapOk(allowed("User-agent: *\nAllow: /e\nDisallow: /e\n", "/e"), "in either order");
	TapOk(!allowed("User-agent: *\nDisallow: /*.gif$\n", "/a/b.gif"), "* and $");
	TapOk(allowed("User-agent: *\nDisallow: /*.gif$\n", "/a/b.gif?x"), "$ is the end");
	TapOk(!allowed("User-agent: *\nDisallow: /a*c*e\n", "/abcde/f"), "several stars");
	TapOk(allowed("User-agent: *\nDisallow: /a*c*e\n", "/acb"), "several stars, no match");
	TapOk(!allowed("User-agent: *\nDisallow: /?q=\n", "/?q=1"), "the query counts");
	TapOk(!allowed("User-agent: *\nDisallow: /caf\xC3\xA9\n", "/caf%C3%A9/x"), "bytes and escapes are the same");
	TapOk(!allowed("User-agent: *\nDisallow: /a%3cd\n", "/a%3Cd"), "escapes in either case");
	TapOk(!allowed("User-agent: *\nDisallow: /%7ejoe\n", "/~joe"), "escaped unreserved characters");
	TapOk(!allowed("user-AGENT : *  # all\r\n dISALLOW:/x # no\r\n", "/x"), "any case, blanks, comments, CRLF");
	TapOk(!allowed("\xEF\xBB\xBFUser-agent: *\nDisallow: /x\n", "/x"), "a byte order mark");
	TapOk(allowed("Disallow: /x\n", "/x"), "a rule outside of any group is none");
	TapOk(!allowed_to("ingest", "User-agent: *\nDisallow: /x\n", "https://example.org:8080/x?y"), "a port");
}

static void
test_groups(void)
{
	static const char file[] =
		"User-agent: *\nDisallow: /all\n\n"
		"User-agent: otherbot\nUser-agent: Ingest\nDisallow: /both\n\n"
		"User-agent: ingestbot\nDisallow: /longer\n\n"
		"Sitemap: https://example.org/s.xml\n"
		"User-agent: ingest/2.0\nDisallow: /again\n";

	TapOk(allowed(file, "/all"), "a group of our own replaces that for all");
	TapOk(!allowed(file, "/both"), "several user agents share a group");
	TapOk(allowed(file, "/longer"), "a longer token is another's");
	TapOk(!allowed(file, "/again"), "groups of one agent are taken together");
	TapOk(!allowed_to("else/1", file, "https://example.org/all"), "others have that for all");
	TapOk(!allowed("User-agent: a\nSitemap: x\nUser-agent: ingest\nDisallow: /x\nUser-agent: b\nDisallow: /y\n", "/x") &&
		  allowed("User-agent: ingest\nDisallow: /x\nUser-agent: b\nDisallow: /y\n", "/y"), "a rule ends a group's head");
}

static void
test_delay(void)
{
	static const char file[] = "User-agent: *\nCrawl-delay: 2.5\nDisallow: /x\n";

	TapOk(RobotsDelay(RobotsParse(arena, file, strlen(file), "ingest")) == 2.5, "Crawl-delay");
	TapOk(RobotsDelay(RobotsParse(arena, "Crawl-delay: 9", 14, "ingest")) == 0 && RobotsDelay(NULL) == 0, "none");
}

/* Stars that match in very many ways cost no more than the lengths' product */
static void
test_hostile(void)
{
	char	   *file = malloc(300000);
	char	   *url = malloc(4000);

	strcpy(file, "User-agent: *\nDisallow: ");
	for (int i = 0; i < 1000; i++)
		strcat(file, "/*a");
	strcat(file, "b\n");
	strcpy(url, "https://example.org/");
	memset(url + 20, 'a', 3000);
	url[3020] = '\0';
	TapOk(allowed_to("ingest", file, url), "a thousand stars");
	free(file);
	free(url);
}

int
main(void)
{
	arena = ArenaCreate();
	test_rules();
	test_groups();
	test_delay();
	test_hostile();
	ArenaFree(arena);
	return TapDone();
}
