/*
 * src/feed/jsonld_crawl.c
 *
 * Which page is asked for next.  First the configured ones, each site's
 * robots.txt before its first page; with a link_pattern then the pages that
 * these link to, and no further.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "feed/robots.h"
#include "feed/text.h"
#include "hash.h"

#define MAX_PATTERN		500

/* Longer Crawl-delays are not waited for (the operator is told) */
#define MAX_DELAY		30.0

/* Pages in a row that fail before the rest is left to the next run */
#define MAX_FAILURES	5

/* Warnings of one kind; then only their number is told */
#define MAX_TOLD		5

/* FeedRequest.list of a robots.txt: below zero, by its site */
#define ROBOTS_LIST(site) (-2 - (site))

typedef enum PageKind
{
	PAGE_CONFIGURED,
	PAGE_NEXT,					/* the listing goes on there (rel="next") */
	PAGE_FOLLOWED				/* a link that matches link_pattern */
} PageKind;

typedef struct QueuedPage
{
	const char *url;
	PageKind	kind;
	int			site;
} QueuedPage;

typedef enum SiteState
{
	SITE_NEW,
	SITE_ASKED,					/* for its robots.txt */
	SITE_KNOWN,
	SITE_CLOSED					/* its robots.txt cannot be had */
} SiteState;

/* One scheme, host and port */
typedef struct Site
{
	const char *origin;			/* "https://example.org" */
	SiteState	state;
	const Robots *robots;		/* NULL: it has none */
	Problem		problem;		/* why it is closed */
	struct Site *next;
	int			number;
} Site;

struct JsonldCrawl
{
	const char *pattern;		/* NULL: nothing is followed */
	regex_t		regex;
	bool		any_host;		/* the pattern names a scheme, so a host */
	int64_t		max_links;

	QueuedPage *pages;
	int			npages;
	int			next;
	uint64_t   *known;			/* hashes of URLs queued; 0: free */
	size_t		nslots;
	size_t		nknown;

	Site	   *sites;
	int			nsites;

	int			nconfigured;
	int			nfailed;		/* of these */
	Problem		first_failure;
	int			nfollowed;
	int			nfailures;		/* followed pages that failed in a row */
	int			nempty;
	int			ngone;
	int			nbroken;
	int			ndisallowed;
	const char *disallowed;		/* the first of them */
	bool		links_cut;
	bool		ended;			/* the summary was told */
};

static JsonldCrawl *
crawl_of(const Feed *feed)
{
	return ((JsonldFeed *) feed->state)->crawl;
}

/* ---- the pattern ---- */

const char *
JsonldPatternMistake(const char *pattern)
{
	regex_t		regex;
	bool		compiles;

	if (strlen(pattern) > MAX_PATTERN)
		return "expected a pattern of at most 500 bytes";

	/* what makes matching slow without end, and is of no use in a URL */
	if (strchr(pattern, '{') != NULL)
		return "expected a pattern without {counts}";
	for (const char *c = pattern; *c != '\0'; c++)
		if (*c == '\\' && *++c >= '0' && *c <= '9')
			return "expected a pattern without back references";
		else if (*c == '\0')
			break;
	compiles = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0;
	if (compiles)
		regfree(&regex);
	return compiles ? NULL : "expected a POSIX extended regular expression, such as \"/events/[0-9]+\"";
}

/* ArenaOnReset callback */
static void
free_regex(void *regex)
{
	regfree(regex);
}

/* ---- the queue ---- */

/* Scheme, host and port of an absolute URL */
static size_t
origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host == NULL ? 0 : (size_t) (host + 3 - url) + strcspn(host + 3, "/?#");
}

static Site *
site_of(Feed *feed, JsonldCrawl *crawl, const char *url)
{
	size_t		length = origin_length(url);
	Site	   *site;

	for (site = crawl->sites; site != NULL; site = site->next)
		if (strlen(site->origin) == length && strncmp(site->origin, url, length) == 0)
			return site;
	site = ArenaAlloc0(feed->arena, sizeof(Site));
	site->origin = ArenaStrndup(feed->arena, url, length);
	site->number = crawl->nsites++;
	site->next = crawl->sites;
	crawl->sites = site;
	return site;
}

static Site *
site_number(const JsonldCrawl *crawl, int number)
{
	Site	   *site = crawl->sites;

	while (site != NULL && site->number != number)
		site = site->next;
	return site;
}

/* The slot of a hash, or the free one where it belongs */
static size_t
slot_of(const JsonldCrawl *crawl, uint64_t hash)
{
	size_t		slot = hash & (crawl->nslots - 1);

	while (crawl->known[slot] != 0 && crawl->known[slot] != hash)
		slot = (slot + 1) & (crawl->nslots - 1);
	return slot;
}

/* Hash of a page's URL, the same however it is linked; never 0 */
static uint64_t
hash_of_url(Arena *arena, const char *url)
{
	return HashString(JsonldCanonical(arena, url), 0) | 1;
}

static bool
is_known(const JsonldCrawl *crawl, uint64_t hash)
{
	return crawl->nslots > 0 && crawl->known[slot_of(crawl, hash)] != 0;
}

static void
remember(Feed *feed, JsonldCrawl *crawl, uint64_t hash)
{
	if (crawl->nknown * 2 >= crawl->nslots)
	{
		uint64_t   *old = crawl->known;
		size_t		nold = crawl->nslots;

		crawl->nslots = nold == 0 ? 256 : nold * 2;
		crawl->known = ArenaAlloc0(feed->arena, crawl->nslots * sizeof(uint64_t));
		for (size_t i = 0; i < nold; i++)
			if (old[i] != 0)
				crawl->known[slot_of(crawl, old[i])] = old[i];
	}
	crawl->known[slot_of(crawl, hash)] = hash;
	crawl->nknown++;
}

/* Put a page at the end of the queue; the URL must live as long as the feed */
static void
enqueue(Feed *feed, JsonldCrawl *crawl, const char *url, PageKind kind)
{
	if ((crawl->npages & (crawl->npages - 1)) == 0)
	{
		QueuedPage *more = ArenaAlloc(feed->arena, sizeof(QueuedPage) *
									  (size_t) (crawl->npages == 0 ? 1 : crawl->npages * 2));

		if (crawl->npages > 0)
			memcpy(more, crawl->pages, sizeof(QueuedPage) * (size_t) crawl->npages);
		crawl->pages = more;
	}
	crawl->pages[crawl->npages++] = (QueuedPage) {url, kind, site_of(feed, crawl, url)->number};
}

JsonldCrawl *
JsonldCrawlCreate(Feed *feed, Problem *problem)
{
	JsonldCrawl *crawl = ArenaAlloc0(feed->arena, sizeof(JsonldCrawl));
	int			count;
	const char *const *urls = ConfigStrings(feed->config, "urls", &count);

	crawl->pattern = ConfigString(feed->config, "link_pattern");
	crawl->max_links = ConfigInteger(feed->config, "max_links");
	if (crawl->pattern != NULL)
	{
		const char *mistake = JsonldPatternMistake(crawl->pattern);

		if (mistake != NULL || regcomp(&crawl->regex, crawl->pattern, REG_EXTENDED | REG_NOSUB) != 0)
		{
			ProblemSet(problem, ERROR_CLASS_CONFIG, "\"link_pattern\": %s",
					   mistake != NULL ? mistake : "not a regular expression");
			return NULL;
		}
		ArenaOnReset(feed->arena, free_regex, &crawl->regex);
		crawl->any_host = strstr(crawl->pattern, "://") != NULL;
	}
	for (int i = 0; i < count; i++)
	{
		const char *url = feed->resolve_url(feed->arena, NULL, urls[i]);
		uint64_t	hash;

		url = url == NULL ? urls[i] : ArenaStrndup(feed->arena, url, strcspn(url, "#"));
		hash = hash_of_url(feed->arena, url);
		if (is_known(crawl, hash))
			continue;
		remember(feed, crawl, hash);
		enqueue(feed, crawl, url, PAGE_CONFIGURED);
		crawl->nconfigured++;
	}
	return crawl;
}

/* ---- telling ---- */

/* Tell the first few of a kind */
static void
tell(Feed *feed, int *count, const char *format, const char *url, const char *more)
{
	if ((*count)++ < MAX_TOLD)
		feed->warn(feed->warn_arg, ArenaPrintf(feed->arena, format, url, more));
}

static void
tell_rest(Feed *feed, int count, const char *what)
{
	if (count > MAX_TOLD)
		feed->warn(feed->warn_arg, ArenaPrintf(feed->arena, "%d more pages %s", count - MAX_TOLD, what));
}

/* What is told once, when all is done */
static void
tell_summary(Feed *feed, JsonldCrawl *crawl)
{
	if (crawl->ended)
		return;
	crawl->ended = true;
	tell_rest(feed, crawl->nempty, "hold no event");
	tell_rest(feed, crawl->ngone, "are gone");
	tell_rest(feed, crawl->nbroken, "could not be read");
	if (crawl->ndisallowed > 0)
		feed->warn(feed->warn_arg, ArenaPrintf(feed->arena,
											   "robots.txt asks not to follow %d links, such as %s",
											   crawl->ndisallowed, crawl->disallowed));
}

/* A configured page that will not come; the others shall */
static void
fail_configured(Feed *feed, JsonldCrawl *crawl, const Problem *problem)
{
	if (crawl->nfailed++ == 0)
		crawl->first_failure = *problem;
	if (crawl->nfailed < crawl->nconfigured)
		feed->warn(feed->warn_arg, ArenaStrdup(feed->arena, problem->message));
	feed->incomplete = true;
}

/* ---- requests ---- */

static bool
ask_for_robots(Feed *feed, Site *site, FeedRequest *request)
{
	site->state = SITE_ASKED;
	request->url = ArenaPrintf(feed->arena, "%s/robots.txt", site->origin);
	request->what = request->url;
	request->list = ROBOTS_LIST(site->number);
	request->may_fail = true;
	return true;
}

/* May this page be asked for?  If not, it is given up */
static bool
is_allowed(Feed *feed, JsonldCrawl *crawl, const QueuedPage *page, const Site *site)
{
	Problem		problem;

	if (site->state == SITE_CLOSED)
		problem = site->problem;
	else if (RobotsAllow(site->robots, page->url))
		return true;
	else
	{
		ProblemSet(&problem, ERROR_CLASS_CONFIG, "robots.txt of %s asks not to fetch %s", site->origin,
				   page->url);
		ProblemHint(&problem, "Ask the site's owner for permission or for a feed, or take the page out of \"urls\".");
	}
	if (page->kind == PAGE_CONFIGURED)
		fail_configured(feed, crawl, &problem);
	else if (site->state == SITE_CLOSED)
	{
		tell(feed, &crawl->nbroken, "%s was not read: %s", page->url, problem.message);
		feed->incomplete = true;
	}
	else if (crawl->ndisallowed++ == 0)
		crawl->disallowed = page->url;
	return false;
}

static void
ask_for_page(Feed *feed, JsonldCrawl *crawl, const QueuedPage *page, const Site *site,
			 FeedRequest *request)
{
	double		delay = RobotsDelay(site->robots);

	request->url = request->what = page->url;
	request->list = (int) (page - crawl->pages);
	request->may_fail = true;
	request->min_interval = delay < MAX_DELAY ? delay : MAX_DELAY;

	/* a listing's links are needed even if it is unchanged */
	request->conditional = page->kind == PAGE_FOLLOWED || crawl->pattern == NULL;
	request->headers[request->nheaders++] = (FeedHeader)
	{
		"Accept", "text/html, application/xhtml+xml, application/ld+json;q=0.9, */*;q=0.5"
	};
}

bool
JsonldNextRequest(Feed *feed, FeedRequest *request, Problem *problem)
{
	JsonldCrawl *crawl = crawl_of(feed);

	memset(request, 0, sizeof(*request));
	if (crawl->nconfigured == 0)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "no page is configured");
		ProblemHint(problem, "Set \"urls\" in the source's configuration.");
		return false;
	}
	while (crawl->next < crawl->npages)
	{
		const QueuedPage *page = &crawl->pages[crawl->next];
		Site	   *site = site_number(crawl, page->site);

		if (site->state == SITE_NEW)
			return ask_for_robots(feed, site, request);
		crawl->next++;
		if (!is_allowed(feed, crawl, page, site))
			continue;
		ask_for_page(feed, crawl, page, site, request);
		return true;
	}
	if (crawl->nfailed == crawl->nconfigured)
		*problem = crawl->first_failure;
	else
		tell_summary(feed, crawl);
	return false;
}

/* ---- robots.txt ---- */

bool
JsonldTakeRobots(Feed *feed, const FeedPage *page, const char *bytes, size_t length)
{
	JsonldCrawl *crawl = crawl_of(feed);
	Site	   *site;

	if (page->request == NULL || page->request->list > ROBOTS_LIST(0))
		return false;
	site = site_number(crawl, ROBOTS_LIST(page->request->list));
	site->state = SITE_KNOWN;
	site->robots = RobotsParse(feed->arena, bytes, length, feed->user_agent);
	if (RobotsDelay(site->robots) > MAX_DELAY)
		feed->warn(feed->warn_arg,
				   ArenaPrintf(feed->arena, "robots.txt of %s asks for %.0f s between requests; %.0f s are kept",
							   site->origin, RobotsDelay(site->robots), MAX_DELAY));
	return true;
}

/*
 * RFC 9309, 2.3.1: a robots.txt that is not there allows everything, one that
 * cannot be reached nothing.
 */
static void
robots_refused(Site *site, const FeedRefusal *refusal)
{
	if (refusal->status >= 400 && refusal->status < 500 && refusal->status != 429)
	{
		site->state = SITE_KNOWN;
		return;
	}
	site->state = SITE_CLOSED;
	if (refusal->status >= 400)
		ProblemSet(&site->problem, refusal->status == 429 ? ERROR_CLASS_RATE_LIMIT : ERROR_CLASS_UPSTREAM,
				   "%s/robots.txt was answered by %d: until it can be read, no page of the site may be fetched",
				   site->origin, refusal->status);
	else
	{
		site->problem = *refusal->problem;
		ProblemSet(&site->problem, refusal->problem->error_class,
				   "%s/robots.txt could not be read, so no page of the site may be fetched: %s",
				   site->origin, refusal->problem->message);
		if (refusal->problem->hint[0] != '\0')
			ProblemHint(&site->problem, "%s", refusal->problem->hint);
	}
}

/* ---- pages that fail ---- */

static void
describe(const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	if (refusal->status < 400)
	{
		*problem = *refusal->problem;
		return;
	}
	ProblemSet(problem, refusal->status == 429 ? ERROR_CLASS_RATE_LIMIT :
			   refusal->status == 404 || refusal->status == 410 ? ERROR_CLASS_CONFIG :
			   refusal->status == 401 ? ERROR_CLASS_AUTH : ERROR_CLASS_UPSTREAM,
			   "%s was answered by %d", request->url, refusal->status);
	if (refusal->status == 404 || refusal->status == 410)
		ProblemHint(problem, "Look the page up in a browser and mend \"urls\" in the source's configuration.");
	else if (refusal->status == 403 || refusal->status == 401)
		ProblemHint(problem, "The site may refuse programs; ask its owner for a feed.");
	else if (refusal->problem->hint[0] != '\0')
		ProblemHint(problem, "%s", refusal->problem->hint);
}

/* A page that a link led to: the rest shall be read all the same */
static void
followed_failed(Feed *feed, JsonldCrawl *crawl, const FeedRequest *request,
				const FeedRefusal *refusal, const Problem *problem)
{
	if (refusal->status == 404 || refusal->status == 410)
	{
		tell(feed, &crawl->ngone, "%s is linked, but gone%s", request->url, "");
		crawl->nfailures = 0;
		return;
	}
	tell(feed, &crawl->nbroken, "%s could not be read: %s", request->url, problem->message);
	feed->incomplete = true;
	if (++crawl->nfailures < MAX_FAILURES)
		return;
	feed->warn(feed->warn_arg,
			   ArenaPrintf(feed->arena, "%d pages in a row could not be read: the other %d are left to the next run",
						   crawl->nfailures, crawl->npages - crawl->next));
	crawl->next = crawl->npages;
}

RefusalVerdict
JsonldRefused(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal, Problem *problem)
{
	JsonldCrawl *crawl = crawl_of(feed);

	if (request->list <= ROBOTS_LIST(0))
	{
		robots_refused(site_number(crawl, ROBOTS_LIST(request->list)), refusal);
		return REFUSAL_CHANGED;
	}
	describe(request, refusal, problem);
	if (crawl->pages[request->list].kind != PAGE_CONFIGURED)
	{
		if (problem->error_class == ERROR_CLASS_RATE_LIMIT)
			return REFUSAL_FAIL;	/* the source is due again when it may be */
		followed_failed(feed, crawl, request, refusal, problem);
		return REFUSAL_END_OF_LIST;
	}
	fail_configured(feed, crawl, problem);
	return crawl->nfailed == crawl->nconfigured ? REFUSAL_FAIL : REFUSAL_END_OF_LIST;
}

/* ---- links ---- */

/* Does the link match, and lead where links may lead? */
static bool
is_wanted(JsonldCrawl *crawl, const char *url, const char *page_url)
{
	size_t		length = origin_length(page_url);

	if (!crawl->any_host &&
		(origin_length(url) != length || strncmp(url, page_url, length) != 0))
		return false;
	return regexec(&crawl->regex, url, 0, NULL, 0) == 0;
}

/* Queue the links that match; their number */
static int
follow_links(Feed *feed, JsonldCrawl *crawl, JsonldPage *ld)
{
	int			nmatched = 0;
	int			n = 0;

	for (const JsonldLink *link = ld->links; link != NULL; link = link->next)
	{
		const char *url = JsonldUntracked(ld->graph.arena, link->url);
		uint64_t	hash;
		Site	   *site;

		if (++n % 256 == 0)
			feed->breathe();
		if (!is_wanted(crawl, url, ld->url))
			continue;
		nmatched++;
		hash = hash_of_url(ld->graph.arena, url);
		if (is_known(crawl, hash))
			continue;
		if (crawl->nfollowed >= crawl->max_links)
		{
			crawl->links_cut = true;
			continue;
		}
		site = site_of(feed, crawl, url);
		if (site->state == SITE_KNOWN && !RobotsAllow(site->robots, url))
		{
			if (crawl->ndisallowed++ == 0)
				crawl->disallowed = ArenaStrdup(feed->arena, url);
			continue;
		}
		remember(feed, crawl, hash);
		enqueue(feed, crawl, ArenaStrdup(feed->arena, url), PAGE_FOLLOWED);
		crawl->nfollowed++;
	}
	return nmatched;
}

/* The listing's next page */
static void
follow_next(Feed *feed, JsonldCrawl *crawl, JsonldPage *ld)
{
	size_t		length = origin_length(ld->url);
	const char *next;
	uint64_t	hash;

	if (ld->next == NULL || origin_length(ld->next) != length || strncmp(ld->next, ld->url, length) != 0)
		return;
	next = ArenaStrndup(feed->arena, ld->next, strcspn(ld->next, "#"));
	hash = hash_of_url(ld->graph.arena, next);
	if (is_known(crawl, hash))
		return;
	remember(feed, crawl, hash);
	enqueue(feed, crawl, next, PAGE_NEXT);
}

/* What a listing says of an event that has a page of its own is less */
static void
leave_to_own_pages(JsonldCrawl *crawl, JsonldPage *ld)
{
	Arena	   *arena = ld->graph.arena;

	for (int i = 0; i < ld->nevents; i++)
	{
		JsonldEvent *event = &ld->events[i];
		const char *canonical = event->url == NULL ? NULL : JsonldCanonical(arena, event->url);

		if (canonical != NULL && event->skip_reason == NULL && strcmp(canonical, event->key) == 0 &&
			is_known(crawl, HashString(canonical, 0) | 1) &&
			strcmp(canonical, JsonldCanonical(arena, ld->url)) != 0)
			event->skip_reason = "on_own_page";
	}
}

/* ---- pages that were read ---- */

/* What is wrong with a page, told to the operator */
static void
judge_page(Feed *feed, FeedPage *page, JsonldCrawl *crawl, const JsonldPage *ld, PageKind kind, int nmatched)
{
	if (ld->nunreadable > 0)
	{
		tell(feed, &crawl->nbroken, "%s has JSON-LD that cannot be read: %s", ld->url, ld->unreadable);
		page->incomplete |= ld->nevents == 0;
	}
	if (kind == PAGE_CONFIGURED && crawl->pattern != NULL && nmatched == 0)
	{
		feed->warn(feed->warn_arg,
				   ArenaPrintf(feed->arena, "no link of %s matches link_pattern", ld->url));
		feed->incomplete = true;
	}
	else if (ld->nevents == 0 && ld->nunreadable == 0 && (kind == PAGE_FOLLOWED || crawl->pattern == NULL))
		tell(feed, &crawl->nempty, ld->nblocks == 0 ? "%s holds no event: it has no JSON-LD%s" :
			 "%s holds no event%s", ld->url, ld->nblocks == 0 ? "" : ", only other JSON-LD");
	if (crawl->links_cut && !feed->incomplete)
	{
		feed->warn(feed->warn_arg, ArenaPrintf(feed->arena, "only the first %lld links are followed (max_links)",
											   (long long) crawl->max_links));
		feed->incomplete = true;
	}
}

void
JsonldTakePage(Feed *feed, FeedPage *page, JsonldPage *ld)
{
	JsonldCrawl *crawl = crawl_of(feed);
	PageKind	kind;
	Site	   *site;
	int			nmatched = 0;

	if (ld->too_many)
	{
		tell(feed, &crawl->nbroken, "%s holds more events than are taken of one page%s",
			 ld->url == NULL ? "the payload" : ld->url, "");
		page->incomplete = true;
	}
	if (page->request == NULL)
	{
		if (ld->nunreadable > 0)
			feed->warn(feed->warn_arg, ArenaPrintf(feed->arena, "some JSON-LD cannot be read: %s", ld->unreadable));
		return;
	}
	kind = crawl->pages[page->request->list].kind;
	crawl->nfailures = 0;

	/* a redirect may lead where no link would have been followed */
	site = site_of(feed, crawl, ld->url);
	if (site->state == SITE_KNOWN && !RobotsAllow(site->robots, ld->url))
	{
		if (crawl->ndisallowed++ == 0)
			crawl->disallowed = ArenaStrdup(feed->arena, ld->url);
		ld->nevents = 0;
		return;
	}
	if (crawl->pattern != NULL && kind != PAGE_FOLLOWED)
	{
		nmatched = follow_links(feed, crawl, ld);
		follow_next(feed, crawl, ld);
		leave_to_own_pages(crawl, ld);
	}
	judge_page(feed, page, crawl, ld, kind, nmatched);
}
