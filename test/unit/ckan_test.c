/*
 * test/unit/ckan_test.c
 *
 * The protocol of CKAN (src/feed/ckan*.c): requests, paging, fallbacks, errors,
 * the cursor; and another city's table by a mapping.  What only Montréal's
 * table has is in montreal_test.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ckan.h"
#include "feed_harness.h"

#define KEY "SECRETKEY1234567890"

/* Laval's "calendrier-activites" */
#define LAVAL_CONFIG \
	"{\"resource_id\":\"b51a25de-bd06-4247-87ba-2b1ea8228005\",\"mapping\":{" \
	"\"source_id\":{\"template\":\"{/PageUrl}@{/EventDate}\"}," \
	"\"title\":\"/Title\"," \
	"\"description\":{\"pointer\":\"/Excerpt\",\"transform\":\"html_to_text\"}," \
	"\"url\":{\"template\":\"https://www.laval.ca{/PageUrl}\"}," \
	"\"image_url\":{\"template\":\"https://www.laval.ca{/ImageUrl}\"}," \
	"\"starts_at\":{\"pointer\":\"/EventDate\",\"transform\":{\"date\":{\"timezone\":\"UTC\"}}}," \
	"\"ends_at\":{\"pointer\":\"/EndDate\",\"transform\":{\"date\":{\"timezone\":\"UTC\"}}}," \
	"\"timezone\":{\"value\":\"America/Toronto\"}," \
	"\"venue_name\":\"/Locations/0/Label\",\"category\":\"/Categories/0/Label\"," \
	"\"tags\":{\"pointer\":\"/Tags\",\"transform\":{\"each\":\"/Label\"}}}}"

#define LAVAL_ROW \
	"{\"Title\":\"ANNUL\u00C9 - Heure du conte\",\"Excerpt\":\"<p>Pour les&#160;petits</p>\"," \
	"\"PageUrl\":\"/Pages/Fr/Calendrier/conte.aspx\",\"ImageUrl\":\"/PublishingImages/conte.jpg\"," \
	"\"EventDate\":\"2025-02-13T23:30:00\",\"EndDate\":\"2025-02-14T00:15:00\"," \
	"\"Categories\":[{\"Id\":\"1\",\"Label\":\"Biblioth\u00E8ques\"}]," \
	"\"Locations\":[{\"Id\":\"2\",\"Label\":\"H\u00F4tel de ville\"}]," \
	"\"Tags\":[{\"Label\":\"Enfants\"},{\"Label\":\"Arts\"}]}"

#define METADATA(modified, more) \
	"{\"help\":\"\",\"success\":true,\"result\":{\"name\":\"evenements-publics\",\"resources\":[" \
	"{\"id\":\"6decf611-6f11-4f34-bb36-324d804c9bad\",\"format\":\"CSV\",\"datastore_active\":true," \
	"\"last_modified\":" modified ",\"url\":\"https://donnees.montreal.ca/e.csv\"" more "}]}}"
#define OLD "\"2026-01-01T05:00:00.123456\""
#define ROW(n) \
	"{\"_id\":" #n ",\"titre\":\"t\",\"url_fiche\":\"https://montreal.ca/e/t-" #n "\",\"date_debut\":\"2026-11-0" #n "\"}"
#define ANSWER(limit, total, rows) \
	"{\"help\":\"\",\"success\":true,\"result\":{\"include_total\":true,\"limit\":" #limit ",\"records\":[" rows "]," \
	"\"fields\":[{\"id\":\"_id\",\"type\":\"int\"}],\"_links\":{\"next\":\"/api/3/action/datastore_search?offset=1\"}," \
	"\"total\":" #total ",\"total_was_estimated\":false}}"

static Harness *h;
static FeedRequest request;
static FeedPage page;
static int	nrecords;			/* of the last page */

/* ---- helpers ---- */

static const char *
no_key(void *arg, const char *name)
{
	return NULL;
}

static const char *
the_key(void *arg, const char *name)
{
	return strcmp(name, "apikey") == 0 ? KEY : NULL;
}

static void
open_feed(const Connector *connector, const char *config, const char *cursor)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(connector, config);
	h->feed.credential = no_key;
	h->feed.cursor = cursor;
}

static void
open_montreal(const char *config, const char *cursor)
{
	open_feed(&MontrealConnector, config, cursor);
}

/* The URL asked for next, or NULL */
static const char *
next(void)
{
	Problem		problem = {0};

	if (!h->feed.connector->next_request(&h->feed, &request, &problem))
		return NULL;
	return request.url;
}

/* Answer the request with a body; false: the page was refused */
static bool
answer(const char *text)
{
	FeedBody	body = {.size = strlen(text), .bytes = text, .content_type = "application/json"};
	FeedRecord	record;

	memset(&page, 0, sizeof(page));
	memset(&h->problem, 0, sizeof(h->problem));
	page.arena = h->arena;
	page.request = &request;
	nrecords = 0;
	if (!h->feed.connector->page(&h->feed, &page, &body, &h->problem))
		return false;
	while (h->feed.connector->record(&h->feed, &page, &record))
		nrecords++;
	return true;
}

static RefusalVerdict
refuse(int status, const char *body)
{
	FeedRefusal refusal = {status, "application/json", body, strlen(body)};

	memset(&h->problem, 0, sizeof(h->problem));
	return h->feed.connector->refused(&h->feed, &request, &refusal, &h->problem);
}

static void
asks(const char *part, const char *name)
{
	const char *url = next();

	if (!TapOk(url != NULL && strstr(url, part) != NULL, "%s", name))
		TapSame(url, part, "  the request");
}

static void
ends(const char *name)
{
	TapSame(next(), NULL, name);
}

/* A request for rows, behind the description of the resource */
static void
open_at_rows(const char *config, const char *modified)
{
	open_montreal(config, NULL);
	next();
	answer(modified);
	next();
}

#define ERROR_BODY(type, more) "{\"help\":\"\",\"success\":false,\"error\":{\"__type\":\"" type "\"" more "}}"

/* ---- requests ---- */

static void
test_requests(void)
{
	open_montreal("{}", NULL);
	TapSame(next(), "https://donnees.montreal.ca/api/3/action/package_show?id=evenements-publics",
			"first the dataset is asked for its resource");
	answer(METADATA(OLD, ""));
	TapEqual(nrecords, 0, "which is no record");
	TapSame(next(), "https://donnees.montreal.ca/api/3/action/datastore_search?resource_id="
			"6decf611-6f11-4f34-bb36-324d804c9bad&limit=32000&sort=url_fiche%2Cdate_debut%2Cdate_fin%2C_id",
			"then for all rows at once, in an order of their own");
	TapEqual(request.nheaders, 1, "without a key no Authorization");
	answer(ANSWER(32000, 2, ROW(1) "," ROW(2)));
	TapEqual(nrecords, 2, "each row is a record");
	ends("and that is all");

	open_montreal("{\"base_url\":\"https://example.org/portail/\",\"page_size\":50,\"filters\":{\"cout\":\"Gratuit\"}}", NULL);
	h->feed.credential = the_key;
	TapSame(next(), "https://example.org/portail/api/3/action/package_show?id=evenements-publics",
			"base_url with a path and a slash");
	TapSame(request.headers[1].name, "Authorization", "the key is a header of its own");
	TapSame(request.headers[1].value, KEY, "  as it is");
	answer(METADATA(OLD, ",\"datastore_active\":false"));
	TapSame(next(), "https://donnees.montreal.ca/e.csv", "a table that is not in the datastore is read from its file");
	TapEqual(request.nheaders, 1, "  which, elsewhere, does not get the key");

	open_feed(&CkanConnector, LAVAL_CONFIG, NULL);
	TapSame(next(), "https://donnees.montreal.ca/api/3/action/resource_show?id=b51a25de-bd06-4247-87ba-2b1ea8228005",
			"without a dataset the resource itself is asked for");
}

static void
test_choice_of_resource(void)
{
	open_montreal("{\"resource_id\":\"gone\"}", NULL);
	next();
	answer(METADATA(OLD, ""));
	asks("resource_id=6decf611", "a resource that was published anew: the only one in the datastore is read");
	TapOk(strstr(h->warnings, "no longer has resource gone") != NULL, "  and the operator told");

	open_montreal("{\"resource_id\":\"gone\"}", NULL);
	next();
	TapOk(!answer("{\"success\":true,\"result\":{\"resources\":[{\"id\":\"a\",\"name\":\"A\",\"datastore_active\":true},"
				  "{\"id\":\"b\",\"name\":\"B\",\"datastore_active\":true}]}}"), "of two it cannot be told");
	TapSame(h->problem.field, "resource_id", "  which is a matter of configuration");
	TapSame(h->problem.detail, "Its resources: a (A), b (B).", "  and says which there are");
}

/* ---- paging ---- */

static void
test_trap_limit_is_clamped(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(2, 5, ROW(1) "," ROW(2)));
	asks("&offset=2&", "the limit was clamped: the next page begins behind what came");
	answer(ANSWER(2, 5, ROW(3) "," ROW(4)));
	asks("&offset=4&", "and so on");
	answer(ANSWER(2, 5, ROW(5)));
	asks("package_show", "at the end of several pages the resource is asked for again");
	answer(METADATA(OLD, ""));
	ends("unchanged meanwhile: that is all");
	TapOk(!h->feed.incomplete, "and complete");
}

static void
test_trap_next_link_never_ends(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(2, 2, ROW(1) "," ROW(2)));
	asks("&offset=2&", "a full page may not be the last, whatever total says");
	answer(ANSWER(2, 2, ""));
	asks("package_show", "an empty page is, whatever its links say");
	answer(METADATA(OLD, ""));
	ends("the walk ends");
	TapOk(!h->feed.incomplete, "complete");

	open_at_rows("{}", METADATA(OLD, ""));
	answer("{\"success\":true,\"result\":{\"records\":[" ROW(1) "],\"next_page\":\"x\"}}");
	ends("without limit, total and links, as newer versions answer, a page that is not full is the last");
}

static void
test_trap_totals_lie(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(32000, 1, ROW(1) "," ROW(2)));
	ends("a total that is too small");
	TapOk(!h->feed.incomplete, "  does not matter");

	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(32000, 9, ROW(1) "," ROW(2)));
	asks("&offset=2&", "a total that promises more is followed");
	answer(ANSWER(32000, 9, ""));
	TapOk(h->feed.incomplete, "what is promised and does not come may still be there");
	TapOk(strstr(h->warnings, "counts 9 records, but gave only 2") != NULL, "  and the operator told");

	open_at_rows("{}", METADATA(OLD, ""));
	answer("{\"success\":true,\"result\":{\"limit\":32000,\"total\":9,\"total_was_estimated\":true,\"records\":[" ROW(1) "]}}");
	ends("an estimated total promises nothing");
	TapOk(!h->feed.incomplete, "  and is no reason for doubt");
}

static void
test_trap_reload_while_paging(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(1, 2, ROW(1)));
	next();
	answer(ANSWER(1, 2, ROW(2)));
	next();
	answer(ANSWER(1, 2, ""));
	asks("package_show", "behind several pages");
	answer(METADATA("\"2026-01-02T05:00:00\"", ""));
	TapOk((next(), strstr(request.url, "datastore_search") != NULL && strstr(request.url, "offset") == NULL),
		  "a table that was reloaded meanwhile is read again from its beginning");
	answer(ANSWER(32000, 2, ROW(2) "," ROW(1)));
	ends("which may take one page now");
	TapOk(!h->feed.incomplete, "and is complete then");

	open_at_rows("{}", METADATA("null", ""));
	answer(ANSWER(1, 2, ROW(1)));
	next();
	answer(ANSWER(1, 3, ROW(2)));
	next();
	answer(ANSWER(1, 3, ""));
	TapOk((next(), strstr(request.url, "offset") == NULL), "a total that moves tells of a reload too");
	answer(ANSWER(1, 3, ROW(1)));
	next();
	answer(ANSWER(1, 4, ROW(2)));
	next();
	answer(ANSWER(1, 4, ""));
	ends("twice is enough");
	TapOk(h->feed.incomplete, "  the next run may be luckier");
}

static void
test_trap_offset_ignored(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(1, 5, ROW(1)));
	next();
	answer(ANSWER(1, 5, ROW(1)));
	ends("the same page again: the portal ignores offset");
	TapOk(h->feed.incomplete && strstr(h->warnings, "second time") != NULL, "  incomplete, and the operator told");
}

/* ---- errors ---- */

static void
test_errors(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	TapEqual(refuse(409, ERROR_BODY("Validation Error", ",\"filters\":[\"field \\\"x\\\" not found\"]")), REFUSAL_FAIL,
			 "409: a filter on a column that is not there");
	TapSame(h->problem.field, "filters", "  is a matter of configuration");
	TapEqual(h->problem.error_class, ERROR_CLASS_CONFIG, "  by its class too");
	TapSame(h->problem.detail, "It says: filters: field \"x\" not found", "  and says which");

	open_at_rows("{}", METADATA(OLD, ""));
	TapEqual(refuse(409, ERROR_BODY("Validation Error", ",\"sort\":[\"field \\\"date_fin\\\" not in table\"]")), REFUSAL_CHANGED,
			 "409: a column of our order is gone");
	asks("&sort=_id", "  another order does");

	open_at_rows("{}", METADATA(OLD, ""));
	TapEqual(refuse(504, "<html><h1>504 Gateway Time-out</h1></html>"), REFUSAL_CHANGED, "504: all rows at once took too long");
	asks("&limit=1000&", "  fewer may not");
	TapEqual(refuse(502, "<html><h1>502 Bad Gateway</h1></html>"), REFUSAL_CHANGED, "502 again");
	asks("https://donnees.montreal.ca/e.csv", "  the file stands in");
	TapEqual(refuse(404, "<html><h1>404 Not Found</h1></html>"), REFUSAL_FAIL, "404: no file either");
	TapOk(strstr(h->problem.message, "404 to the request for the file of resource 6decf611") != NULL, "  that is what went wrong");
	TapOk(strstr(h->problem.detail, "Before that, the portal answered 502") != NULL, "  and what before it");

	open_at_rows("{}", METADATA(OLD, ""));
	TapEqual(refuse(403, ERROR_BODY("Authorization Error", ",\"message\":\"Access denied\"")), REFUSAL_CHANGED,
			 "403 of the datastore alone: the file may be public");

	open_montreal("{}", NULL);
	next();
	TapEqual(refuse(403, ERROR_BODY("Authorization Error", ",\"message\":\"Access denied\"")), REFUSAL_CHANGED,
			 "403 of the dataset: its rows are asked for all the same");
	next();
	TapEqual(refuse(403, ERROR_BODY("Authorization Error", ",\"message\":\"Access denied\"")), REFUSAL_FAIL, "403 of the rows too");
	TapEqual(h->problem.error_class, ERROR_CLASS_AUTH, "  is a matter of rights");
	TapOk(strstr(h->problem.hint, "apikey") != NULL, "  for which a key helps");

	open_feed(&CkanConnector, LAVAL_CONFIG, NULL);
	next();
	refuse(404, ERROR_BODY("Not Found Error", ",\"message\":\"Not found\""));
	next();
	TapEqual(refuse(404, ERROR_BODY("Not Found Error", ",\"message\":\"Not found: Resource \\\"b51a\\\" was not found.\"")),
			 REFUSAL_FAIL, "404: no such resource");
	TapOk(strstr(h->problem.message, "404 Not Found Error") != NULL && strstr(h->problem.detail, "b51a") != NULL, "  says so");

	open_at_rows("{}", METADATA(OLD, ""));
	TapEqual(refuse(429, "slow down"), REFUSAL_FAIL, "429: not a moment for other ways");
	TapEqual(h->problem.error_class, ERROR_CLASS_RATE_LIMIT, "  which has a class of its own");

	open_feed(&CkanConnector, "{\"package\":\"p\",\"mapping\":{\"source_id\":\"/a\",\"title\":\"/b\",\"starts_at\":\"/c\"}}", NULL);
	next();
	TapEqual(refuse(400, "\"Bad request - Action name not known: package_show\""), REFUSAL_FAIL, "400: a bare string");
	TapSame(h->problem.detail, "It says: Bad request - Action name not known: package_show", "  is told");
}

static void
test_trap_success_false(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	TapOk(answer(ERROR_BODY("Search Query Error", ",\"message\":\"statement timeout\"")), "a 200 may be an error");
	TapEqual(nrecords, 0, "  without rows");
	asks("https://donnees.montreal.ca/e.csv", "  whose rows are looked for elsewhere");
	open_montreal("{}", NULL);
	HarnessRunText(h, ERROR_BODY("Not Found Error", ",\"message\":\"Not found\""));
	TapOk(!h->page_ok && strstr(h->problem.message, "Not Found Error") != NULL, "pushed, it is refused");
}

static void
test_trap_web_pages(void)
{
	open_at_rows("{}", METADATA(OLD, ""));
	TapOk(!answer("<!DOCTYPE html><html><body><h1>En maintenance</h1></body></html>"), "a web page with a 200 is no table");
	TapSame(h->problem.detail, "It reads: En maintenance", "  and is read aloud");
	open_montreal("{}", NULL);
	next();
	TapOk(answer("<!DOCTYPE html><html></html>"), "a web page for a description: the rows are asked for all the same");
	asks("datastore_search", "  whether changed or not");
	TapOk(!answer("{\"success\":true,\"result\":{\"fields\":[]}}"), "an answer without records");
}

/* ---- the cursor ---- */

/* Read a table of so many rows under a cursor; the cursor left, or NULL */
static char *
read_table(const char *config, const char *cursor, const char *metadata, int rows)
{
	char	   *text = malloc((size_t) rows * 120 + 300);
	size_t		used;
	const char *url;

	open_montreal(config, cursor);
	next();
	answer(metadata);
	url = next();
	if (url == NULL)
	{
		free(text);
		return NULL;
	}
	used = (size_t) sprintf(text, "{\"success\":true,\"result\":{\"records\":[");
	for (int i = 0; i < rows; i++)
		used += (size_t) sprintf(text + used, "%s{\"_id\":%d,\"titre\":\"t\",\"url_fiche\":\"e-%d\",\"date_debut\":\"2026-11-01\"}",
								 i > 0 ? "," : "", i, i);
	sprintf(text + used, "]}}");
	answer(text);
	next();
	free(text);
	return h->feed.next_cursor == NULL ? NULL : strdup(h->feed.next_cursor);
}

static void
test_cursor(void)
{
	char	   *first = read_table("{}", NULL, METADATA(OLD, ""), 100);
	char	   *other;

	TapOk(first != NULL && strstr(first, "\"records\":100") != NULL, "a run leaves how many rows there were");
	TapSame(read_table("{}", first, METADATA(OLD, ""), 100), NULL, "unchanged since by last_modified: no rows are asked for");
	TapOk(page.unchanged, "  and the host is told that nothing is gone");
	TapSame(h->feed.next_cursor, NULL, "  the cursor stays as it is");
	other = read_table("{}", first, METADATA("\"2026-01-03T00:00:00\"", ""), 100);
	TapOk(other != NULL && !page.unchanged, "changed: read");
	free(other);
	other = read_table("{\"language\":\"fr\"}", first, METADATA(OLD, ""), 100);
	TapOk(other != NULL, "another configuration: read");
	free(other);
	other = read_table("{\"horizon_future\":\"3 years\"}", first, METADATA(OLD, ""), 100);
	TapOk(other != NULL, "another window: read");
	free(other);
	other = read_table("{}", first, METADATA("null", ""), 100);
	TapOk(other != NULL, "no last_modified: read");
	free(other);
	other = read_table("{}", "not JSON", METADATA(OLD, ""), 100);
	TapOk(other != NULL, "a cursor that is none: read");
	free(other);

	/* 1795000000 is 2026-11-18T11:06:40Z */
	other = read_table("{}", NULL, METADATA("\"2026-11-18T10:30:00.5\"", ""), 100);
	TapOk(other != NULL && strstr(other, "last_modified") == NULL,
		  "a file of the last hour may not be loaded yet: its rows are read again");
	free(other);
	other = read_table("{}", NULL, METADATA("\"2026-11-18T10:00:00.5\"", ""), 100);
	TapOk(other != NULL && strstr(other, "last_modified") != NULL, "one that is older is");
	free(other);
	free(first);
}

static void
test_trap_shrunken_export(void)
{
	char	   *cursor = read_table("{}", NULL, METADATA(OLD, ""), 100);
	char	   *smaller = read_table("{}", cursor, METADATA("\"2026-01-02T00:00:00\"", ""), 59);
	char	   *second;
	char	   *third;

	TapOk(h->feed.incomplete, "59 rows after 100: nothing that is missing is taken as gone");
	TapOk(strstr(h->warnings, "has 59 records, after 100") != NULL, "  and the operator told");
	TapOk(smaller != NULL && strstr(smaller, "\"records\":100") != NULL && strstr(smaller, "\"count\":1") != NULL,
		  "  100 stays the measure");
	second = read_table("{}", smaller, METADATA("\"2026-01-02T00:00:00\"", ""), 59);
	TapOk(second != NULL && strstr(second, "\"count\":1") != NULL, "the same export is read again, and counts once");
	free(second);
	second = read_table("{}", smaller, METADATA("\"2026-01-03T00:00:00\"", ""), 58);
	TapOk(h->feed.incomplete && second != NULL && strstr(second, "\"count\":2") != NULL, "a second small one");
	third = read_table("{}", second, METADATA("\"2026-01-04T00:00:00\"", ""), 58);
	TapOk(!h->feed.incomplete && third != NULL && strstr(third, "\"records\":58") != NULL, "a third: so it is");
	free(third);
	free(second);

	second = read_table("{}", cursor, METADATA("\"2026-01-02T00:00:00\"", ""), 61);
	TapOk(!h->feed.incomplete, "61 after 100: within max_shrink");
	free(second);
	second = read_table("{\"max_shrink\":100}", NULL, METADATA(OLD, ""), 100);
	third = read_table("{\"max_shrink\":100}", second, METADATA("\"2026-01-02T00:00:00\"", ""), 0);
	TapOk(!h->feed.incomplete, "max_shrink 100 believes anything");
	free(third);
	free(second);
	second = read_table("{}", NULL, METADATA(OLD, ""), 6);
	third = read_table("{}", second, METADATA("\"2026-01-02T00:00:00\"", ""), 1);
	TapOk(!h->feed.incomplete, "a table of six rows may lose five");
	free(third);
	free(second);
	free(smaller);
	free(cursor);
}

static void
test_trap_session_keeps_its_id(void)
{
#define SESSION(day) "{\"titre\":\"t\",\"url_fiche\":\"e-7\",\"date_debut\":\"2026-12-" #day "\"}"
	char	   *cursor;
	FeedRecord	record;
	FeedBody	body = {.bytes = ANSWER(32000, 1, SESSION(08))};
	Problem		problem = {0};

	open_at_rows("{}", METADATA(OLD, ""));
	answer(ANSWER(32000, 2, SESSION(01) "," SESSION(08)));
	cursor = strdup(h->feed.next_cursor);
	TapOk(strstr(cursor, "\"sessions\":{\"7\":\"2026-12-01\"}") != NULL, "whose the bare id is is kept");
	open_montreal("{}", cursor);
	next();
	answer(METADATA("\"2026-01-02T00:00:00\"", ""));
	next();
	memset(&page, 0, sizeof(page));
	page.arena = h->arena;
	page.request = &request;
	body.size = strlen(body.bytes);
	TapOk(h->feed.connector->page(&h->feed, &page, &body, &problem) &&
		  h->feed.connector->record(&h->feed, &page, &record), "when the first session is gone");
	TapSame(record.source_id, "7@2026-12-08", "  the second keeps its id");
	free(cursor);
}

/* ---- another city ---- */

static void
test_laval(void)
{
	const Listing *l;

	open_feed(&CkanConnector, LAVAL_CONFIG, NULL);
	HarnessRunText(h, "[" LAVAL_ROW "]");
	TapEqual(h->nlistings, 1, "Laval's shape by a mapping alone");
	if (h->nlistings != 1)
		return;
	l = &h->items[0].listing;
	TapSame(l->source_id, "/Pages/Fr/Calendrier/conte.aspx@2025-02-13T23:30:00", "no id: page and date make one");
	TapEqual(l->starts_at, INT64_C(1739489400), "trap: times are in UTC without a Z");
	TapEqual(l->ends_at, INT64_C(1739492100), "  ends too");
	TapEqual(l->local_start, INT64_C(1739471400), "  on the wall clock it is 18:30");
	TapSame(l->timezone, "America/Toronto", "the zone is the city's");
	TapSame(l->url, "https://www.laval.ca/Pages/Fr/Calendrier/conte.aspx", "trap: addresses are relative");
	TapSame(l->image_url, "https://www.laval.ca/PublishingImages/conte.jpg", "  images too");
	TapSame(l->description, "Pour les petits", "trap: the excerpt is HTML");
	TapSame(l->venue_name, "Hôtel de ville", "the first of the places");
	TapSame(l->category, "Bibliothèques", "the first of the categories");
	TapOk(l->ntags == 2 && strcmp(l->tags[1], "Arts") == 0, "all tags");
}

static void
test_ckan_configuration(void)
{
	open_feed(&CkanConnector, "{}", NULL);
	TapOk(ProblemIsSet(&h->problem), "ckan needs a mapping");
	open_feed(&CkanConnector, "{\"resource_id\":\"x\",\"mapping\":{\"title\":\"/a\"}}", NULL);
	TapOk(ProblemIsSet(&h->problem), "  with what a listing needs");
	open_feed(&CkanConnector, "{\"mapping\":{\"source_id\":\"/a\",\"title\":\"/a\",\"starts_at\":\"/a\"}}", NULL);
	TapOk(strstr(h->problem.message, "resource_id") != NULL, "  and a resource");
	open_feed(&CkanConnector, "{\"resource_id\":\"x\",\"missing\":[\"nan\"],"
			  "\"mapping\":{\"source_id\":\"/a\",\"title\":\"/b\",\"starts_at\":\"/c\",\"venue_name\":\"/d\",\"timezone\":{\"value\":\"America/Toronto\"}}}", NULL);
	HarnessRunText(h, "\xEF\xBB\xBF" "a;b;c;d\r\n1;Deux, trois;2026-12-01;nan\r\n2;;2026-12-01;x\r\n;b;2026-12-01;x\r\n");
	TapEqual(h->nlistings, 1, "any CSV, by semicolons");
	TapEqual(h->nrefused, 2, "  rows without id or title are refused");
	TapSame(h->nlistings == 1 ? h->items[0].listing.title : NULL, "Deux, trois", "  a comma is no delimiter there");
	TapSame(h->nlistings == 1 ? h->items[0].listing.venue_name : "", NULL, "  and missing words are missing");
	HarnessRunText(h, "");
	TapOk(!h->page_ok && strcmp(h->problem.message, "the file is empty") == 0, "nothing is no table");
}

int
main(void)
{
	test_requests();
	test_choice_of_resource();
	test_trap_limit_is_clamped();
	test_trap_next_link_never_ends();
	test_trap_totals_lie();
	test_trap_reload_while_paging();
	test_trap_offset_ignored();
	test_errors();
	test_trap_success_false();
	test_trap_web_pages();
	test_cursor();
	test_trap_shrunken_export();
	test_trap_session_keeps_its_id();
	test_laval();
	test_ckan_configuration();
	HarnessClose(h);
	return TapDone();
}
