/*
 * test/unit/json_connector_test.c
 *
 * Any JSON API by configuration (src/feed/json.c): three real APIs described
 * in test/fixtures/json, the five ways of paging, what ends a list, where
 * requests may go, and what is said of mistakes.
 *
 * To be run from the top of the tree: it reads test/fixtures/json.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

extern const Connector JsonConnector;

#define MAPPING "'mapping':{'source_id':'/id','title':'/t','starts_at':'/s'}"
#define RECORD(id) "{'id':" #id ",'t':'T','s':'2026-07-01T12:00Z'}"

/* A static copy with double quotes for single ones */
static const char *
quoted(const char *text)
{
	static char copies[4][8192];
	static int	next;
	char	   *copy = copies[next++ % 4];

	snprintf(copy, sizeof(copies[0]), "%s", text);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

static char *
fixture(const char *name)
{
	char		path[200];
	char	   *bytes = calloc(1, 1 << 16);
	FILE	   *file;

	snprintf(path, sizeof(path), "test/fixtures/json/%s", name);
	file = fopen(path, "rb");
	if (file == NULL || fread(bytes, 1, (1 << 16) - 1, file) == 0)
	{
		printf("Bail out! no %s: run this from the top of the tree\n", path);
		exit(2);
	}
	fclose(file);
	return bytes;
}

static const char *
credential(void *arg, const char *name)
{
	return strcmp(name, "key") == 0 ? "K&Y" : NULL;
}

static Harness *
open_with(const char *config)
{
	char		text[4096];
	Harness    *h;

	snprintf(text, sizeof(text), "{'url':'https://api.example.org/v1/events?a=b'%s%s,%s}",
			 config[0] == '\0' ? "" : ",", config, MAPPING);
	h = HarnessOpen(&JsonConnector, quoted(text));
	if (ProblemIsSet(&h->problem))
		printf("# %s\n", h->problem.message);
	h->feed.credential = credential;
	return h;
}

/* The URL that is asked for next, or "" */
static const char *
next_url(Harness *h, FeedRequest *request)
{
	Problem		problem = {0};

	return JsonConnector.next_request(&h->feed, request, &problem) ? request->url : "";
}

static const char *link_header;

static const char *
header(void *arg, const char *name)
{
	return strcmp(name, "Link") == 0 ? link_header : NULL;
}

/* Ask, and answer with this body; the URL asked for, or "" at the end */
static const char *
step(Harness *h, const char *body)
{
	static FeedRequest request;
	const char *text = quoted(body);
	FeedBody	bytes = {.size = strlen(text), .bytes = text};
	FeedPage	page = {.arena = h->arena, .request = &request, .header = header};
	Problem		problem = {0};
	const char *url = next_url(h, &request);

	page.url = url;
	if (url[0] != '\0' && !JsonConnector.page(&h->feed, &page, &bytes, &problem))
		return ArenaPrintf(h->arena, "refused: %s", problem.message);
	return url;
}

/* ---- three APIs ---- */

static Harness *
run_fixture(const char *name)
{
	char		path[100];
	char	   *config;
	char	   *page;
	Harness    *h;

	snprintf(path, sizeof(path), "%s.config.json", name);
	config = fixture(path);
	snprintf(path, sizeof(path), "%s.page.json", name);
	page = fixture(path);
	h = HarnessOpen(&JsonConnector, config);
	TapSame(h->problem.message, "", name);
	h->feed.default_timezone = "America/Toronto";
	HarnessRun(h, page, strlen(page));
	for (int i = 0; i < h->nitems; i++)
		if (h->items[i].result == MAP_REFUSED)
			printf("# %s\n", h->items[i].record.problem.message);
	free(config);
	free(page);
	return h;
}

static void
test_openagenda(void)
{
	Harness    *h = run_fixture("openagenda");
	const Listing *l = HarnessListing(h, "41873301-2026-07-04T20:00:00+02:00");
	FeedRequest request;
	const char *url;

	TapEqual(h->nlistings, 3, "OpenAgenda: one listing for each timing");
	TapEqual(HarnessSkipped(h, "draft"), 1, "what is not published is none");
	TapOk(l != NULL, "its id");
	TapSame(l->series_id, "41873301", "its event");
	TapSame(l->title, "Nuit des contes", "title in French");
	TapSame(l->description, "Trois soirs de **contes** & l\xC3\xA9gendes.", "description");
	TapSame(l->url, "https://openagenda.com/agendas/56500817/events/nuit-des-contes", "url");
	TapSame(l->image_url, "https://cdn.openagenda.com/main/nuit.base.image.jpg", "image");
	TapEqual(l->starts_at, 1783188000, "start");
	TapEqual(l->ends_at - l->starts_at, 7200, "end");
	TapSame(l->timezone, "Europe/Paris", "zone");
	TapSame(l->venue_name, "M\xC3\xA9" "diath\xC3\xA8que", "venue");
	TapSame(l->city, "Nantes", "city");
	TapSame(l->country, "FR", "country");
	TapOk(l->latitude == 47.2131 && l->is_online == TRI_FALSE && l->ntags == 2, "place, mode, tags");
	TapSame(l->attributes, "{\"conditions\":\"Entr\xC3\xA9" "e libre\",\"age_min\":6,\"age_max\":99,"
			"\"registration\":[\"contes@example.org\"]}", "attributes");
	l = HarnessListing(h, "41873302-2026-07-06T12:00:00+02:00");
	TapOk(l->status == STATUS_CANCELLED && l->is_online == TRI_TRUE && l->venue_name == NULL, "cancelled, online");

	h->feed.credential = credential;
	h->feed.window_start = 1782907200;
	url = next_url(h, &request);
	TapOk(strstr(url, "?detailed=1&timings%5Bgte%5D=2026-07-01T12%3A00%3A00Z&") != NULL &&
		  strstr(url, "&size=300") != NULL, "only what is wanted is asked for: %s", url);
	TapOk(strcmp(request.headers[1].name, "key") == 0 && request.headers[1].secret, "with the key in its header");
	step(h, "{'total':2,'after':[0,'x'],'events':[{'uid':1,'timings':[]}]}");
	url = step(h, "{'total':2,'after':null,'events':[{'uid':2,'timings':[]}]}");
	TapOk(strstr(url, "&after%5B%5D=0&after%5B%5D=x") != NULL, "a cursor of several parts: %s", url);
	TapSame(next_url(h, &request), "", "no cursor: the end");
	TapOk(!h->feed.incomplete, "complete");
	HarnessClose(h);
}

static void
test_events_calendar(void)
{
	Harness    *h = run_fixture("the-events-calendar");
	const Listing *l = HarnessListing(h, "2101");

	TapEqual(h->nlistings, 2, "The Events Calendar");
	TapSame(l->title, "Atelier \xE2\x80\x93 c\xC3\xA9ramique", "title without entities");
	TapSame(l->description, "Un atelier.\n\nDeux heures.", "description without HTML");
	TapEqual(l->starts_at, 1783204200, "start");
	TapSame(l->timezone, "America/Toronto", "zone");
	TapSame(l->price_min, "15", "the lowest price");
	TapSame(l->price_max, "25", "the highest");
	TapSame(l->currency, "CAD", "currency");
	TapSame(l->country, "CA", "country");
	TapSame(l->organizer, "Coop du Four", "organizer");
	TapSame(l->category, "Ateliers & cours", "category");
	TapSame(l->revision, "2026-06-01 10:00:00", "revision");
	l = HarnessListing(h, "2102");
	TapOk(l->all_day && l->ends_at - l->starts_at == 2 * 86400 && l->starts_at == 1783742400, "two days, whole");
	TapOk(l->image_url == NULL && l->venue_name == NULL && l->is_free == TRI_TRUE && l->currency == NULL,
		  "false and [] are nothing");
	TapSame(l->price_min, "0", "free");
	HarnessClose(h);
}

static void
test_squarespace(void)
{
	Harness    *h = run_fixture("squarespace");
	const Listing *l = HarnessListing(h, "66a1f0c2e4b0a1");

	TapEqual(h->nlistings, 2, "Squarespace: what is upcoming");
	TapSame(l->url, "https://www.example.org/events/concert-au-jardin", "relative URL");
	TapEqual(l->starts_at, 1783206000, "milliseconds");
	TapEqual(l->ends_at, 1783213200, "their fraction dropped");
	TapSame(l->city, "Montr\xC3\xA9" "al", "city out of a line");
	TapSame(l->description, "Apportez une chaise.", "body");
	TapSame(l->timezone, "America/Toronto", "the source's zone");
	l = HarnessListing(h, "66a1f0c2e4b0a2");
	TapOk(isnan(l->latitude) && l->venue_name == NULL, "the default marker in New York is no place");
	TapSame(l->description, "\xC3\x80 confirmer.", "excerpt for want of a body");
	TapSame(step(h, "{'upcoming':[{'id':'1'}],'pagination':{'nextPageUrl':'/events?offset=17'}}"),
			"https://www.example.org/events?format=json", "the first page");
	TapSame(step(h, "{'upcoming':[{'id':'2'}]}"), "https://www.example.org/events?offset=17&format=json",
			"a link gets the parameters that it lacks");
	TapSame(step(h, ""), "", "the end");
	HarnessClose(h);
}

/* ---- paging ---- */

static void
test_pages(void)
{
	Harness    *h = open_with("'records':'/e','page_size':2,'pagination':{'type':'page','parameter':'p','size_parameter':'n'}");

	TapSame(step(h, "{'e':[{'id':1},{'id':2}]}"), "https://api.example.org/v1/events?a=b&n=2&p=1", "page 1");
	TapSame(step(h, "{'e':[{'id':3},{'id':4}]}"), "https://api.example.org/v1/events?a=b&n=2&p=2", "page 2");
	TapSame(step(h, "{'e':[{'id':5}]}"), "https://api.example.org/v1/events?a=b&n=2&p=3", "page 3");
	TapSame(step(h, ""), "", "fewer than on the first page: the end");
	TapOk(!h->feed.incomplete, "complete");
	HarnessClose(h);

	h = open_with("'records':'/e','page_size':100,'pagination':{'type':'page','parameter':'p','size_parameter':'n'}");
	step(h, "{'e':[{'id':1},{'id':2}]}");
	TapOk(strstr(step(h, "{'e':[]}"), "p=2") != NULL, "a server that gives less than asked is asked on");
	TapSame(step(h, ""), "", "an empty page is the end");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'page','parameter':'p','start':0,'total_pages':'/m/n'}");
	TapOk(strstr(step(h, "{'m':{'n':2},'e':[{'id':1},{'id':2}]}"), "p=0") != NULL, "counted from 0");
	TapOk(strstr(step(h, "{'e':[{'id':3},{'id':4}],'m':{'n':2}}"), "p=1") != NULL, "the last page");
	TapSame(step(h, ""), "", "by its number");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'page','parameter':'p','has_more':'/more'}");
	step(h, "{'more':true,'e':[{'id':1}]}");
	step(h, "{'more':true,'e':[{'id':1}]}");
	TapSame(step(h, ""), "", "a page that comes again ends the list");
	TapOk(h->feed.incomplete && strstr(h->warnings, "a page came a second time") != NULL, "and says so");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'offset','parameter':'o','total':'/n'}");
	step(h, "{'n':3,'e':[{'id':1},{'id':2}]}");
	TapOk(strstr(step(h, "{'n':3,'e':[{'id':3}]}"), "o=2") != NULL, "offset: as many as came");
	TapSame(step(h, ""), "", "the total");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'offset','parameter':'o','total':'/n'}");
	step(h, "{'n':5,'e':[{'id':1},{'id':2}]}");
	step(h, "{'n':5,'e':[]}");
	TapOk(h->feed.incomplete && strstr(h->warnings, "ends after 2 of 5") != NULL, "fewer than the total: incomplete");
	HarnessClose(h);

	h = open_with("'records':'/e'");
	TapSame(step(h, "{'e':[{'id':1}]}"), "https://api.example.org/v1/events?a=b", "no paging: one request");
	TapSame(step(h, ""), "", "and no other");
	HarnessClose(h);
}

static void
test_cursors(void)
{
	Harness    *h = open_with("'records':'/e','pagination':{'type':'cursor','parameter':'c','cursor':'/next'}");
	FeedRequest request;

	TapSame(step(h, "{'next':'x y','e':[{'id':1}]}"), "https://api.example.org/v1/events?a=b", "no cursor at first");
	TapSame(step(h, "{'next':'z','e':[]}"), "https://api.example.org/v1/events?a=b&c=x%20y", "then the last one");
	TapSame(step(h, "{'next':'x y','e':[{'id':2}]}"), "https://api.example.org/v1/events?a=b&c=z", "an empty page is none the less a page");
	TapSame(step(h, ""), "", "a cursor that came before");
	TapOk(h->feed.incomplete, "is a loop");
	HarnessClose(h);

	h = open_with("'records':'/e','method':'POST','body':{'q':'x','c':null},'pagination':{'type':'cursor','parameter':'c','cursor':'/next','in':'body'}");
	next_url(h, &request);
	TapSame(request.body, "{\"q\":\"x\"}", "POST");
	step(h, "{'next':['k',7],'e':[{'id':1}]}");
	TapSame(next_url(h, &request), "https://api.example.org/v1/events?a=b", "the same URL");
	TapSame(request.body, "{\"q\":\"x\",\"c\":[\"k\",7]}", "with the cursor in the body");
	TapSame(request.method, "POST", "method");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'cursor','parameter':'c','cursor':'/next'}");
	for (int i = 0; i < 3; i++)
		step(h, ArenaPrintf(h->arena, "{'next':%d,'e':[]}", i));
	TapSame(step(h, ""), "", "empty pages are not followed for ever");
	TapOk(h->feed.incomplete, "incomplete");
	HarnessClose(h);
}

static void
test_links(void)
{
	Harness    *h = open_with("'records':'/e','pagination':{'type':'next_url','next':'/next'}");

	step(h, "{'next':'?page=2','e':[{'id':1}]}");
	TapSame(step(h, "{'next':'https://API.example.org:443/other','e':[{'id':2}]}"),
			"https://api.example.org/v1/events?page=2", "a relative link");
	TapSame(step(h, "{'next':'https://api.example.org.evil.example/v1','e':[{'id':3}]}"),
			"https://api.example.org/other", "the same origin, written otherwise");
	TapSame(step(h, ""), "", "another host is not asked");
	TapOk(h->feed.incomplete && strstr(h->warnings, "at another origin, https://api.example.org.evil.example") != NULL, "which is said");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'next_url','next':'/next'}");
	step(h, "{'next':'http://api.example.org/v1','e':[{'id':1}]}");
	TapSame(step(h, ""), "", "nor the same host without TLS");
	HarnessClose(h);

	h = open_with("'records':'/e','pagination':{'type':'next_url','next':'/next'}");
	step(h, "{'next':'https://user@evil.example','e':[{'id':1}]}");
	TapSame(step(h, ""), "", "nor one with a user's name");
	HarnessClose(h);

	h = open_with("'records':'/e','allowed_origins':['https://b.example.org'],'pagination':{'type':'next_url','next':'/next'}");
	step(h, "{'next':'https://b.example.org/2','e':[{'id':1}]}");
	TapSame(step(h, "{'next':'https://b.example.org/2','e':[{'id':2}]}"), "https://b.example.org/2", "one that is allowed");
	TapSame(step(h, ""), "", "a link that came before");
	HarnessClose(h);

	h = open_with("'pagination':{'type':'link_header'}");
	link_header = "<https://api.example.org/1>; rel=\"prev\", <https://api.example.org/3?x=1,2>; title=t; rel=\"next\"";
	step(h, "[{'id':1}]");
	link_header = "<https://api.example.org/1>; rel=\"first\"";
	TapSame(step(h, "[{'id':2}]"), "https://api.example.org/3?x=1,2", "a Link header");
	TapSame(step(h, ""), "", "without a next one");
	link_header = NULL;
	HarnessClose(h);
}

static void
test_auth(void)
{
	Harness    *h = open_with("'auth':{'query':'key'}");
	FeedRequest request;
	Problem		problem = {0};

	TapSame(next_url(h, &request), "https://api.example.org/v1/events?a=b&key=K%26Y", "the key in the query");
	HarnessClose(h);
	h = open_with("'auth':{'header':'Authorization','prefix':'Bearer '}");
	next_url(h, &request);
	TapSame(request.headers[1].value, "Bearer K&Y", "the key in a header");
	TapOk(request.headers[1].secret && strstr(request.url, "K&Y") == NULL, "as a secret");
	HarnessClose(h);
	h = HarnessOpen(&JsonConnector, quoted("{'url':'https://a.example','auth':{'query':'k'}," MAPPING "}"));
	TapOk(!JsonConnector.next_request(&h->feed, &request, &problem) && problem.error_class == ERROR_CLASS_AUTH,
		  "no key: no request");
	HarnessClose(h);
}

/* ---- where records are ---- */

static void
records(const char *config, const char *body, int nlistings, int nrefused, const char *what)
{
	Harness    *h = open_with(config);

	HarnessRunText(h, quoted(body));
	if (!TapOk(h->page_ok && h->nlistings == nlistings && h->nrefused == nrefused, "%s", what))
		printf("# %d, %d: %s\n", h->nlistings, h->nrefused, h->problem.message);
	HarnessClose(h);
}

static void
test_records(void)
{
	Harness    *h;

	records("'records':'/a/b'", "{'x':[1],'a':{'b':[" RECORD(1) "," RECORD(2) "]}}", 2, 0, "a list within");
	records("", "[" RECORD(1) "]", 1, 0, "the document, by default");
	records("'records':'/a.b'", "{'a.b':[" RECORD(1) "]}", 1, 0, "a name with a dot");
	records("'records':'/a~1b/0'", "{'a/b':[[" RECORD(1) "," RECORD(2) "]]}", 2, 0, "an escape and an index");
	records("'records':'/e'", "{'e':{'k1':" RECORD(1) ",'k2':" RECORD(2) "}}", 2, 0, "an object of records");
	records("'records':'/e'", "{'e':[]}", 0, 0, "an empty list");
	records("'records':'/e'", "{'e':null}", 0, 0, "null is an empty list");
	records("'records':'/e'", RECORD(1), 1, 0, "pushed: one record");
	records("'records':'/e'", "[" RECORD(1) "]", 1, 0, "pushed: a bare list");
	records("'records':'/e'", "{'e':[" RECORD(1) ",{'id':2},7,[],{'t':'T'},{'id':'a\\ud800'}]}", 1, 5, "bad ones among good");

	h = open_with("'records':'/e'");
	HarnessRunText(h, quoted("{'error':'no'}"));
	TapOk(!h->page_ok && strstr(h->problem.message, "no list of records at \"/e\"") != NULL &&
		  strstr(h->problem.detail, "{\"error\"") != NULL, "no list");
	HarnessClose(h);
	h = HarnessOpen(&JsonConnector, quoted("{'url':'https://a.example','records':'/e','mapping':"
										   "{'source_id':'/@key','title':'/t','starts_at':'/s'}}"));
	HarnessRunText(h, quoted("{'e':{'k1':" RECORD(1) "}}"));
	TapOk(HarnessListing(h, "k1") != NULL, "the name in an object as id");
	HarnessClose(h);
	h = HarnessOpen(&JsonConnector, quoted("{'url':'https://a.example','expand':'/d','mapping':"
										   "{'source_id':{'template':'{/id}/{/@item}'},'title':'/t','starts_at':'/@item'}}"));
	h->feed.default_timezone = "UTC";
	HarnessRunText(h, quoted("[{'id':1,'t':'T','d':['2026-07-01','2026-07-02']},{'id':2,'t':'T','d':[]}]"));
	TapOk(h->nlistings == 2 && h->nrefused == 1 && HarnessListing(h, "1/2026-07-02") != NULL, "expanded");
	TapSame(h->items[0].record.raw, quoted("{'id':1,'t':'T','d':['2026-07-01','2026-07-02'],'@item':'2026-07-01'}"),
			"the record that is kept");
	HarnessClose(h);
	h = HarnessOpen(&JsonConnector, quoted("{'url':'https://a.example','expand':'/d','mapping':"
										   "{'source_id':{'template':'{/id}/{/@item}'},'title':'/t','starts_at':'/@item'}}"));
	h->feed.default_timezone = "UTC";
	HarnessRunText(h, quoted("{'id':1,'t':'T','d':['2026-07-01','2026-07-02'],'@item':'2026-07-01'}"));
	TapOk(h->nlistings == 1 && HarnessListing(h, "1/2026-07-01") != NULL, "which is mapped again as it is");
	HarnessClose(h);
}

/* ---- errors ---- */

static void
test_refusals(void)
{
	Harness    *h = open_with("'records':'/e','auth':{'query':'k'},'pagination':{'type':'page','parameter':'p'}");
	FeedRequest request;
	Problem		problem = {0};
	FeedRefusal refusal = {401, "text/html", "<h1>No</h1> key", 15};

	next_url(h, &request);
	TapEqual(JsonConnector.refused(&h->feed, &request, &refusal, &problem), REFUSAL_FAIL, "401");
	TapOk(problem.error_class == ERROR_CLASS_AUTH && strstr(problem.detail, "No\nkey") == NULL &&
		  strstr(problem.detail, "No key") != NULL && strstr(problem.hint, "another key") != NULL, "in words");
	refusal.status = 404;
	TapEqual(JsonConnector.refused(&h->feed, &request, &refusal, &problem), REFUSAL_FAIL, "404 at first");
	step(h, "{'e':[{'id':1}]}");
	TapEqual(JsonConnector.refused(&h->feed, &request, &refusal, &problem), REFUSAL_END_OF_LIST, "404 behind the last page");
	TapSame(next_url(h, &request), "", "the end");
	HarnessClose(h);
}

static char complaints[8192];
static int	ncomplaints;

static void
complain(void *arg, const char *key, const char *expected)
{
	ncomplaints++;
	snprintf(complaints + strlen(complaints), sizeof(complaints) - strlen(complaints), "%s: %s\n", key, expected);
}

/* A configuration with one mistake */
static void
mistake(const char *config, const char *expected)
{
	Arena	   *arena = ArenaCreate();
	const char *text = quoted(config);
	Config	   *parsed;

	ncomplaints = 0;
	complaints[0] = '\0';
	parsed = ConfigParse(arena, JsonConnector.keys, text, strlen(text), complain, NULL);
	if (ncomplaints == 0)
		JsonConnector.check(parsed, complain, NULL);
	if (!TapOk(ncomplaints == 1 && strstr(complaints, expected) != NULL, "%s", expected))
		printf("# %d: %s", ncomplaints, complaints);
	ArenaFree(arena);
}

static void
test_mistakes(void)
{
#define WITH(more) "{'url':'https://a.example'," more "," MAPPING "}"
	mistake("{" MAPPING "}", "url: expected the http or https URL");
	mistake("{'url':'https://a.example'}", "mapping: expected an object of fields");
	mistake("{'url':'https://a.example','mapping':{'source_id':'/i','title':'x','starts_at':'/s'}}", "mapping.title: expected a JSON Pointer");
	mistake(WITH("'records':'e'"), "records: expected a JSON Pointer");
	mistake(WITH("'expand':'e'"), "expand: expected a JSON Pointer");
	mistake(WITH("'method':'PUT'"), "method: expected GET or POST");
	mistake(WITH("'body':{}"), "body: expected only with method POST");
	mistake(WITH("'query':{'a':{}}"), "query.a: expected a text, a number");
	mistake(WITH("'query':{'a':'{window}'}"), "query.a: expected only these in braces: {window_start}");
	mistake(WITH("'query':{'a':['{page_size}',null]}"), "query.a: expected a text, a number");
	mistake(WITH("'auth':{'header':'A','query':'b'}"), "auth: expected {\"header\"");
	mistake(WITH("'auth':{'header':'A B'}"), "auth: expected {\"header\"");
	mistake(WITH("'auth':{'header':'A','prefix':'\\r\\n'}"), "auth: expected {\"header\"");
	mistake(WITH("'auth':{}"), "auth: expected {\"header\"");
	mistake(WITH("'pagination':{'type':'pages'}"), "pagination.type: expected page, offset, cursor, next_url or link_header");
	mistake(WITH("'pagination':{'type':'page'}"), "pagination.parameter: expected for type page: parameter");
	mistake(WITH("'pagination':{'type':'page','parameter':'p','cursor':'/c'}"), "pagination.cursor: expected for type page");
	mistake(WITH("'pagination':{'type':'cursor','parameter':'p'}"), "pagination.cursor: expected for type cursor");
	mistake(WITH("'pagination':{'type':'cursor','parameter':'p','cursor':'c'}"), "pagination.cursor: expected for type cursor");
	mistake(WITH("'pagination':{'type':'next_url'}"), "pagination.next: expected for type next_url");
	mistake(WITH("'pagination':{'type':'page','parameter':'p','in':'body'}"), "pagination.in: expected \"body\" only with");
	mistake(WITH("'pagination':{'type':'page','parameter':'p','size_parameter':'n'}"), "page_size: expected a number");
	mistake(WITH("'allowed_origins':['b.example']"), "allowed_origins: expected origins");
}

int
main(void)
{
	test_openagenda();
	test_events_calendar();
	test_squarespace();
	test_pages();
	test_cursors();
	test_links();
	test_auth();
	test_records();
	test_refusals();
	test_mistakes();
	return TapDone();
}
