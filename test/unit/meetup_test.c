/*
 * test/unit/meetup_test.c
 *
 * The Meetup connector (src/feed/meetup.h): mapping, the query, paging,
 * errors, tokens, calendars, and one test for each trap known of the API,
 * named after it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "feed/markdown.h"
#include "feed/meetup.h"
#include "feed_harness.h"

#define CONFIG "{\"groups\":[\"pgmontreal\"]}"
#define TWO_GROUPS "{\"groups\":[\"pgmontreal\",\"cyclistes\"]}"
#define NOW INT64_C(1795000000)
#define START_UTC INT64_C(1795210200)	/* 2026-11-20 21:30 */

#define BASE_NODE \
	"\"id\":\"302190058\",\"token\":\"302190058\",\"title\":\"Vacuum night\"," \
	"\"eventUrl\":\"https://www.meetup.com/pgmontreal/events/302190058/\"," \
	"\"description\":\"**Bring** a laptop.\"," \
	"\"dateTime\":\"2026-11-20T16:30:00-05:00\",\"endTime\":\"2026-11-20T18:30:00-05:00\"," \
	"\"createdTime\":\"2026-09-01T10:00:00-04:00\",\"eventType\":\"PHYSICAL\",\"status\":\"ACTIVE\"," \
	"\"venues\":[{\"id\":\"26194052\",\"name\":\"OpenWorks\",\"address\":\"101 rue Main #302\",\"city\":\"Montréal\"," \
	"\"state\":\"QC\",\"postalCode\":\"H2X 1Y4\",\"country\":\"ca\",\"lat\":45.5017,\"lon\":-73.5673,\"venueType\":\"\"}]"

#define GROUP "\"id\":\"29623789\",\"name\":\"PG Montréal\",\"urlname\":\"pgmontreal\",\"timezone\":\"America/Toronto\""
#define LAST_PAGE "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}"

static Harness *h;
static const char *credentials[5][2];
static char secrets[4096];
static FeedTime now = NOW;
static const char *signed_with;
static char signed_text[4096];

/* ---- the host ---- */

static const char *
test_credential(void *arg, const char *name)
{
	for (int i = 0; i < 5; i++)
		if (credentials[i][0] != NULL && strcmp(credentials[i][0], name) == 0)
			return credentials[i][1];
	return NULL;
}

static void
keep_secret(void *arg, const char *value)
{
	strncat(secrets, value, sizeof(secrets) - strlen(secrets) - 2);
	strcat(secrets, "\n");
}

static FeedTime
test_clock(void)
{
	return now;
}

static const unsigned char *
test_sign(Arena *arena, const char *key, const char *bytes, size_t length, size_t *signature_length,
		  Problem *problem)
{
	signed_with = key;
	snprintf(signed_text, sizeof(signed_text), "%.*s", (int) length, bytes);
	*signature_length = 3;
	return (const unsigned char *) "\xfb\xef\xff";
}

static void
set_credentials(bool token, bool jwt)
{
	memset(credentials, 0, sizeof(credentials));
	if (token)
		credentials[0][0] = "token", credentials[0][1] = "TOKEN12345";
	if (jwt)
	{
		static const char *const names[] = {"client_key", "member_id", "signing_key", "signing_key_id"};
		static const char *const values[] = {"CLIENT", "4242", "KEYTEXT", "KID7"};

		for (int i = 0; i < 4; i++)
			credentials[i + 1][0] = names[i], credentials[i + 1][1] = values[i];
	}
}

static void
open_feed(const char *config)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&MeetupConnector, config);
	h->feed.credential = test_credential;
	h->feed.secret = keep_secret;
	h->feed.clock = test_clock;
	h->feed.sign_rs256 = test_sign;
	now = NOW;
	secrets[0] = '\0';
}

/* ---- one event ---- */

/* Push one event with more members, later ones winning; its listing or NULL */
static const Listing *
map_event(const char *members)
{
	static char text[16384];

	snprintf(text, sizeof(text), "{\"data\":{\"groupByUrlname\":{%s,\"events\":{%s,\"edges\":[{\"node\":{%s%s%s}}]}}}}",
			 GROUP, LAST_PAGE, BASE_NODE, members[0] != '\0' ? "," : "", members);
	HarnessRunText(h, text);
	return h->nlistings == 1 ? &h->items[0].listing : NULL;
}

static const char *
skip_reason(const char *members)
{
	map_event(members);
	return h->nskipped == 1 ? h->items[0].record.skip_reason : "not skipped";
}

static void
refuses(const char *members, const char *field, const char *name)
{
	map_event(members);
	TapOk(h->nrefused == 1 && h->items[0].record.problem.error_class == ERROR_CLASS_MAPPING, "%s", name);
	TapSame(h->nrefused == 1 ? h->items[0].record.problem.field : NULL, field, "  and says which field");
}

/* Every documented field, and its column */
static void
test_fields(void)
{
	const Listing *l = map_event(
		"\"duration\":\"PT2H\",\"isOnline\":false,\"maxTickets\":40,\"howToFindUs\":\"Ring twice\","
		"\"rsvps\":{\"yesCount\":19,\"totalCount\":25},"
		"\"feeSettings\":{\"amount\":12.5,\"currency\":\"CAD\",\"required\":false,\"accepts\":\"cash\"},"
		"\"featuredEventPhoto\":{\"id\":\"1\",\"baseUrl\":\"https://s.example/\",\"highResUrl\":\"https://s.example/high.jpeg\","
		"\"standardUrl\":\"https://s.example/600.jpeg\"},"
		"\"topics\":{\"edges\":[{\"node\":{\"name\":\"PostgreSQL\",\"urlkey\":\"postgresql\"}},"
		"{\"node\":{\"name\":\"Databases\"}},{\"node\":{\"name\":\"postgresql\"}}]},"
		"\"series\":{\"id\":\"777\",\"description\":\"Every third Friday\"}");

	TapOk(l != NULL, "the event is mapped");
	if (l == NULL)
		return;
	TapSame(l->source_id, "302190058", "token: source_id");
	TapSame(l->title, "Vacuum night", "title: title");
	TapSame(l->url, "https://www.meetup.com/pgmontreal/events/302190058", "eventUrl: url");
	TapSame(l->description, "Bring a laptop.", "description: plain text");
	TapEqual(l->starts_at, START_UTC, "dateTime: starts_at");
	TapEqual(l->local_start, START_UTC - 5 * 3600, "dateTime: local_start");
	TapEqual(l->ends_at, START_UTC + 7200, "endTime: ends_at");
	TapEqual(l->start_precision, PRECISION_MINUTE, "dateTime: start_precision");
	TapSame(l->timezone, "America/Toronto", "group.timezone: timezone");
	TapEqual(l->status, STATUS_SCHEDULED, "status ACTIVE: scheduled");
	TapEqual(l->is_online, TRI_FALSE, "eventType PHYSICAL: is_online");
	TapSame(l->venue_name, "OpenWorks", "venues.name: venue_name");
	TapSame(l->address, "101 rue Main #302", "venues.address: address");
	TapSame(l->city, "Montréal", "venues.city: city");
	TapSame(l->region, "QC", "venues.state: region");
	TapSame(l->postal_code, "H2X 1Y4", "venues.postalCode: postal_code");
	TapSame(l->country, "CA", "venues.country: country");
	TapOk(l->latitude == 45.5017 && l->longitude == -73.5673, "venues.lat, lon: latitude, longitude");
	TapSame(l->organizer, "PG Montréal", "group.name: organizer");
	TapSame(l->organizer_url, "https://www.meetup.com/pgmontreal/", "group.urlname: organizer_url");
	TapOk(l->ntags == 2 && strcmp(l->tags[1], "Databases") == 0, "topics: tags, each once");
	TapSame(l->image_url, "https://s.example/high.jpeg", "featuredEventPhoto.highResUrl: image_url");
	TapSame(l->price_min, "12.5", "feeSettings.amount: price_min");
	TapSame(l->price_max, "12.5", "feeSettings.amount: price_max");
	TapSame(l->currency, "CAD", "feeSettings.currency: currency");
	TapEqual(l->is_free, TRI_FALSE, "feeSettings.amount: is_free");
	TapSame(l->series_id, "777", "series.id: series_id");
	TapSame(l->attributes,
			"{\"created\":\"2026-09-01T10:00:00-04:00\",\"fee_is_optional\":true,\"fee_paid_by\":\"cash\","
			"\"group_id\":\"29623789\",\"how_to_find_us\":\"Ring twice\",\"max_tickets\":\"40\","
			"\"series\":\"Every third Friday\",\"venue_id\":\"26194052\"}", "the rest: attributes");
	TapSame(l->category, NULL, "no category is invented");
	TapOk(strstr(h->items[0].record.raw, "\"urlname\":\"pgmontreal\"") != NULL &&
		  strstr(h->items[0].record.raw, "\"node\":{") != NULL, "the raw record has its group");
}

static void
test_raw_stands_alone(void)
{
	char	   *raw;
	const Listing *l = map_event("");
	uint64_t	hash = ListingHash(l, true);

	raw = strdup(h->items[0].record.raw);
	HarnessRunText(h, raw);
	TapOk(h->nlistings == 1 && ListingHash(&h->items[0].listing, true) == hash, "a kept record maps to the same listing");
	free(raw);
}

static void
test_variants(void)
{
	const Listing *l = map_event("\"status\":\"CANCELLED\"");

	TapEqual(l->status, STATUS_CANCELLED, "CANCELLED");
	TapEqual(map_event("\"status\":\"CANCELLED_PERM\"")->status, STATUS_CANCELLED, "CANCELLED_PERM");
	TapEqual(map_event("\"status\":\"AUTOSCHED_CANCELLED\"")->status, STATUS_CANCELLED, "AUTOSCHED_CANCELLED");
	TapEqual(map_event("\"status\":\"cancelled\"")->status, STATUS_CANCELLED, "old: lower case");
	TapEqual(map_event("\"status\":\"PAST\"")->status, STATUS_SCHEDULED, "PAST took place");
	TapOk(strstr(map_event("\"status\":\"SURPRISE\"")->attributes, "\"status\":\"SURPRISE\"") != NULL, "an unknown status is kept");
	TapSame(skip_reason("\"status\":\"DRAFT\""), "draft", "DRAFT is skipped");
	TapSame(skip_reason("\"status\":\"TEMPLATE\""), "draft", "TEMPLATE is skipped");
	TapSame(skip_reason("\"status\":\"BLOCKED\""), "blocked", "BLOCKED is skipped");
	TapEqual(map_event("\"endTime\":null,\"duration\":\"P1DT2H30M\"")->ends_at, START_UTC + 95400, "the end by the duration");
	TapEqual(map_event("\"endTime\":null")->ends_at, FEED_TIME_UNKNOWN, "no end: none is invented");
	TapEqual(map_event("\"endTime\":null,\"duration\":\"PTXH\"")->ends_at, FEED_TIME_UNKNOWN, "a duration that is none");
	TapEqual(map_event("\"endTime\":\"2026-11-20T10:00:00-05:00\"")->ends_at, FEED_TIME_UNKNOWN, "an end before the start");
	TapEqual(map_event("\"feeSettings\":null")->is_free, TRI_TRUE, "feeSettings null: free");
	TapEqual(map_event("")->is_free, TRI_UNKNOWN, "feeSettings not asked for: unknown");
	TapEqual(map_event("\"feeSettings\":{\"amount\":0,\"currency\":\"USD\"}")->is_free, TRI_TRUE, "a fee of nothing: free");
	TapSame(map_event("\"displayPhoto\":{\"standardUrl\":\"https://s.example/d.jpg\"}")->image_url, "https://s.example/d.jpg", "displayPhoto");
	TapSame(map_event("\"group\":{\"name\":\"Other\",\"timezone\":\"Europe/Paris\"}")->organizer, "Other", "the event's own group wins");
	l = map_event("\"venues\":[{\"id\":\"5\",\"name\":null,\"address\":\"\",\"lat\":0,\"lon\":0,\"country\":\"\"}]");
	TapOk(l->venue_name == NULL && l->address == NULL && isnan(l->latitude) && l->country == NULL, "a hidden address is unknown");
	l = map_event("\"venues\":[]");
	TapOk(l->venue_name == NULL && l->is_online == TRI_FALSE, "no venue");
	refuses("\"title\":null", "title", "no title");
	refuses("\"dateTime\":null", "dateTime", "no dateTime");
	refuses("\"dateTime\":\"soon\"", "dateTime", "a dateTime that is none");
	refuses("\"dateTime\":\"2026-02-30T10:00:00Z\"", "dateTime", "a day that does not exist");
	refuses("\"title\":17", "title", "a title of another type");
	refuses("\"venues\":\"here\"", "venues", "venues of another type");
	refuses("\"id\":null,\"token\":null", "id", "neither token nor id");
	h->feed.window_start = START_UTC + 90000;
	TapSame(skip_reason(""), "past", "before the window");
	h->feed.window_start = 0;
	h->feed.window_end = START_UTC;
	TapSame(skip_reason(""), "out_of_horizon", "after the window");
	h->feed.window_end = INT64_C(253402300799);
}

/* ---- requests and answers ---- */

static FeedRequest request;
static FeedPage page;

static bool
ask(void)
{
	Problem		problem = {0};
	bool		more = MeetupConnector.next_request(&h->feed, &request, &problem);

	h->problem = problem;
	return more;
}

/* The answer's records go into h->items as source ids */
static bool
answer(const char *body)
{
	FeedBody	answer_body = {.size = strlen(body), .bytes = body, .content_type = "application/json"};
	Problem		problem = {0};
	FeedRecord	record;
	bool		fine;

	memset(&page, 0, sizeof(page));
	page.arena = h->arena;
	page.request = &request;
	fine = MeetupConnector.page(&h->feed, &page, &answer_body, &problem);
	h->problem = problem;
	h->nitems = 0;
	while (fine && MeetupConnector.record(&h->feed, &page, &record))
		h->nitems++;
	return fine;
}

static RefusalVerdict
refuse(int status, const char *body)
{
	FeedRefusal refusal = {status, "application/json", body, strlen(body)};
	Problem		problem = {0};
	RefusalVerdict verdict = MeetupConnector.refused(&h->feed, &request, &refusal, &problem);

	h->problem = problem;
	return verdict;
}

static const char *
header(const char *name)
{
	for (int i = 0; i < request.nheaders; i++)
		if (strcmp(request.headers[i].name, name) == 0)
			return request.headers[i].value;
	return NULL;
}

static bool
asks_for(const char *text)
{
	return request.body != NULL && strstr(request.body, text) != NULL;
}

#define NODE(id) "{\"node\":{\"id\":\"" id "\",\"title\":\"T\",\"dateTime\":\"2026-11-20T16:30:00-05:00\"}}"
#define EVENTS(alias, info, nodes) "\"" alias "\":{" GROUP ",\"events\":{\"pageInfo\":{" info "},\"edges\":[" nodes "]}}"
#define MORE(cursor) "\"hasNextPage\":true,\"endCursor\":\"" cursor "\""
#define END "\"hasNextPage\":false,\"endCursor\":\"zz\""
#define ERROR(message, code) "{\"message\":\"" message "\",\"extensions\":{\"code\":\"" code "\"}}"

static void
test_query(void)
{
	set_credentials(false, false);
	open_feed(TWO_GROUPS);
	h->feed.window_start = NOW;
	h->feed.window_end = NOW + 1000;
	h->feed.now = NOW;
	TapOk(ask(), "the first request");
	TapSame(request.method, "POST", "is a POST");
	TapSame(request.url, "https://api.meetup.com/gql-ext", "to gql-ext");
	TapSame(header("Content-Type"), "application/json", "of JSON");
	TapSame(header("Authorization"), NULL, "without a token it is anonymous");
	TapOk(asks_for("g0:groupByUrlname(urlname:$u0)") && asks_for("g1:groupByUrlname(urlname:$u1)"), "aliases: two groups in one request");
	TapOk(asks_for("\"u0\":\"pgmontreal\"") && asks_for("\"u1\":\"cyclistes\""), "names are variables");
	TapOk(asks_for("first:50,sort:ASC,filter:{status:[ACTIVE,CANCELLED],afterDateTime:\\\"2026-11-18T"), "the filter");
	TapOk(!asks_for("feeSettings") && !asks_for("topics") && !asks_for("PAST"), "the query is minimal");
	TapOk(answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1") "," NODE("2")) "," EVENTS("g1", END, NODE("3")) "}}"), "an answer");
	TapEqual(h->nitems, 3, "has the events of both groups");
	TapOk(ask() && asks_for("$a0:String") && asks_for("\"a0\":\"c1\"") && !asks_for("g1:"), "then only the group that goes on, from its cursor");
	TapOk(answer("{\"data\":{" EVENTS("g0", END, NODE("4")) "}}") && !ask(), "to the end");
	TapOk(!h->feed.incomplete && !ProblemIsSet(&h->problem), "the run is complete");

	open_feed("{\"groups\":[\"a\",\"b\",\"c\"],\"groups_per_request\":2,\"page_size\":7,\"rich_fields\":true}");
	ask();
	TapOk(asks_for("g1:") && !asks_for("g2:") && asks_for("first:7"), "groups_per_request, page_size");
	TapOk(asks_for("feeSettings{amount") && asks_for("topics{") && asks_for("series{"), "rich_fields");
	TapOk(asks_for(",PAST]"), "a window that reaches back asks for what is over");
	answer("{\"data\":{" EVENTS("g0", END, "") "," EVENTS("g1", END, "") "}}");
	TapOk(ask() && asks_for("g2:"), "the next batch");
}

static void
test_check(void)
{
	static const char *const bad[][2] = {
		{"{}", "groups"}, {"{\"groups\":[\"https://www.meetup.com/x/\"]}", "groups"},
		{"{\"groups\":[\"a\"],\"via\":\"rest\"}", "via"},
		{"{\"groups\":[\"a\"],\"base_url\":\"https://api.meetup.com/gql\"}", "base_url"},
		{"{\"groups\":[\"a\"],\"groups_per_request\":50}", "groups_per_request"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		open_feed(bad[i][0]);
		TapOk(strncmp(h->problem.message, bad[i][1], strlen(bad[i][1])) == 0, "check: %s", h->problem.message);
	}
}

/* ---- traps, in the order of their list ---- */

static void
trap_1_503_from_gql(void)
{
	open_feed(CONFIG);
	ask();
	TapEqual(refuse(503, "{\"message\":\"This API endpoint is deprecated and will be turned off soon.\"}"), REFUSAL_FAIL,
			 "trap 1, 503 from /gql: fails");
	TapOk(h->problem.error_class == ERROR_CLASS_CONFIG && strstr(h->problem.hint, "gql-ext") != NULL &&
		  strstr(h->problem.detail, "deprecated") != NULL, "  as a mistake of configuration, with its words");
	TapEqual(refuse(503, "<html><body>Down</body></html>"), REFUSAL_FAIL, "  another 503 fails");
	TapEqual(h->problem.error_class, ERROR_CLASS_UPSTREAM, "  as the upstream's fault");
}

static void
trap_2_null_group(void)
{
	open_feed(TWO_GROUPS);
	ask();
	TapOk(answer("{\"data\":{\"g0\":null," EVENTS("g1", END, NODE("3")) "}}"), "trap 2, a group that is null: no failure");
	TapOk(h->nitems == 1 && h->feed.incomplete && strstr(h->warnings, "group pgmontreal: nothing was answered") != NULL,
		  "  the others are read, the run is incomplete, the operator told");
	HarnessRunText(h, "{\"data\":{\"groupByUrlname\":null}}");
	TapOk(h->page_ok && h->nitems == 0, "  a recorded answer of a null group has no events");
}

static void
trap_3_unstable_ids(void)
{
	TapSame(map_event("\"id\":\"302190099\",\"token\":\"pwdqjtygcmbhb\"")->source_id, "pwdqjtygcmbhb",
			"trap 3, unstable ids: token before id");
	TapSame(map_event("\"token\":null")->source_id, "302190058", "  id without a token");
	TapSame(map_event("\"token\":\"\"")->source_id, "302190058", "  or with an empty one");
}

static void
trap_4_date_formats(void)
{
	TapEqual(map_event("\"dateTime\":\"2026-11-20T16:30-05:00\"")->starts_at, START_UTC, "trap 4, dates: without seconds");
	TapEqual(map_event("\"dateTime\":\"2026-11-20T16:30:00-05:00[US/Eastern]\"")->starts_at, START_UTC, "  with the zone's name");
	TapSame(map_event("\"dateTime\":\"2026-11-20T16:30-05:00[America/New_York]\",\"group\":{\"name\":\"X\"}")->timezone,
			"America/New_York", "  which counts where the group has none");
	TapEqual(map_event("\"dateTime\":\"2026-11-20T16:30:00\"")->starts_at, START_UTC, "  local time, by the group's zone");
}

static void
trap_5_country_in_lower_case(void)
{
	TapSame(map_event("\"venues\":[{\"id\":\"1\",\"country\":\"us\"}]")->country, "US", "trap 5, country in lower case");
	TapSame(map_event("\"venues\":[{\"id\":\"1\",\"country\":\"USA\"}]")->country, NULL, "  what is no code is unknown");
}

static void
trap_6_online_pseudo_venue(void)
{
	const Listing *l = map_event("\"eventType\":\"ONLINE\",\"venues\":[{\"id\":\"26906060\",\"name\":\"Online event\","
								 "\"lat\":-8.52,\"lon\":179.19,\"venueType\":\"online\"}]");

	TapOk(l->is_online == TRI_TRUE && l->venue_name == NULL && isnan(l->latitude), "trap 6, online pseudo venue: no place");
	l = map_event("\"eventType\":null,\"venues\":[{\"id\":\"26906060\",\"name\":\"Online event\",\"venueType\":\"\"}]");
	TapOk(l->is_online == TRI_TRUE && l->venue_name == NULL, "  also by its id, without a type");
	l = map_event("\"eventType\":\"HYBRID\",\"venues\":[{\"id\":\"26906060\",\"venueType\":\"online\"},"
				  "{\"id\":\"7\",\"name\":\"Hall\",\"venueType\":\"\"}]");
	TapOk(strcmp(l->venue_name, "Hall") == 0 && l->is_online == TRI_FALSE && strstr(l->attributes, "\"hybrid\":true") != NULL,
		  "  hybrid: the venue that is a place");
}

static void
trap_7_markdown(void)
{
	static const char *const pairs[][2] = {
		{"**bold** and *it*", "bold and it"}, {"a \\* b \\_c\\_", "a * b _c_"}, {"2 * 3 * 4", "2 * 3 * 4"},
		{"## Agenda\ntext", "Agenda\ntext"}, {"#hashtag", "#hashtag"}, {"snake_case_name", "snake_case_name"},
		{"see [our site](https://x.org/a)", "see our site (https://x.org/a)"},
		{"[https://x.org](https://x.org)", "https://x.org"}, {"![logo](https://x.org/l.png) hi", "logo hi"},
		{"__under__ **open", "under **open"}, {"**", "**"}, {"[a](b", "[a](b"}, {"\\", "\\"}, {"*", "*"}, {"[](u)", "u"},
		{"**Bold *it* end**", "Bold it end"}, {"https://x.org/a_b_c", "https://x.org/a_b_c"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		TapSame(TextFromMarkdown(h->arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1], "trap 7, Markdown");
	TapSame(TextFromMarkdown(h->arena, " \n ", 3), NULL, "  nothing is nothing");
	TapSame(map_event("\"description\":null")->description, NULL, "  a description may be null");
}

static void
trap_8_over_delivery(void)
{
	open_feed("{\"groups\":[\"a\"],\"page_size\":1}");
	ask();
	TapOk(answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1") "," NODE("2") "," NODE("3")) "}}") && h->nitems == 3,
		  "trap 8, first is approximate: all that comes is taken");
	TapOk(ask(), "  and the list goes on");
	TapOk(answer("{\"data\":{" EVENTS("g0", MORE("c2"), "") "}}") && !ask() && !h->feed.incomplete,
		  "  hasNextPage on an empty page: the end all the same");
}

static void
trap_9_throttling_inside_200(void)
{
#define LIMITED(at) "{\"errors\":[{\"message\":\"Too many requests\",\"extensions\":{\"code\":\"RATE_LIMITED\",\"consumedPoints\":500,\"resetAt\":\"" at "\"}}]}"
	open_feed(CONFIG);
	ask();
	TapOk(answer(LIMITED("2026-11-18T11:06:59Z")) && page.is_aside && h->nitems == 0, "trap 9, throttling inside a 200: no page");
	TapOk(ask() && request.min_interval == 19, "  the same is asked again once the limit is over");
	TapOk(answer(LIMITED("2020-01-01T00:00:00Z")) && ask() && request.min_interval >= 2, "  clocks that differ: never at once");
	TapOk(answer("{\"data\":{" EVENTS("g0", END, NODE("1")) "}}") && h->nitems == 1 && !ask(), "  and nothing is lost");
	open_feed(CONFIG);
	ask();
	TapOk(!answer(LIMITED("2026-11-18T12:06:40Z")), "  too long to wait for: fails");
	TapOk(h->problem.error_class == ERROR_CLASS_RATE_LIMIT && page.retry_at == NOW + 3600, "  and says when to come back");
	open_feed(CONFIG);
	for (int i = 0; i < 4; i++)
	{
		ask();
		answer(LIMITED("2026-11-18T11:06:41Z"));
	}
	ask();
	TapOk(!answer(LIMITED("2026-11-18T11:06:41Z")) && h->problem.error_class == ERROR_CLASS_RATE_LIMIT, "  not for ever");
}

static void
trap_10_jwt_clock_skew(void)
{
	set_credentials(false, true);
	open_feed(CONFIG);
	TapOk(ask() && request.list == MEETUP_TOKEN_LIST, "trap 10, JWT: a token is asked for first");
	TapSame(request.url, "https://secure.meetup.com/oauth2/access", "  at token_url");
	TapOk(strncmp(request.body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ", 77) == 0, "  by the JWT grant");
	TapSame(signed_with, "KEYTEXT", "  signed with the key");
	TapSame(signed_text, "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IktJRDcifQ."
			"eyJpc3MiOiJDTElFTlQiLCJzdWIiOiI0MjQyIiwiYXVkIjoiYXBpLm1lZXR1cC5jb20iLCJpYXQiOjE3OTQ5OTk5NzAsImV4cCI6MTc5NTAwMDEyMH0",
			"  clock skew: issued 30 s ago, good for 120 s more, less than 240 in all");
	TapOk(strstr(request.body, "._-__") != NULL || strstr(request.body, ".--__") != NULL, "  base64 for URLs");
	TapOk(strstr(secrets, "eyJhbGci") != NULL, "  the JWT is a secret");
}

#define TOKEN_ANSWER "{\"access_token\":\"ACCESS-1\",\"refresh_token\":\"REFRESH-1\",\"token_type\":\"bearer\",\"expires_in\":3600}"

static void
trap_11_single_use_refresh_token(void)
{
	set_credentials(false, true);
	open_feed(CONFIG);
	ask();
	TapOk(answer(TOKEN_ANSWER) && page.is_aside && h->nitems == 0, "trap 11, refresh token: the answer is no page");
	TapOk(strstr(secrets, "ACCESS-1") != NULL && strstr(secrets, "REFRESH-1") != NULL, "  its tokens are secrets");
	TapOk(ask() && request.list == 0, "  then the events");
	TapSame(header("Authorization"), "Bearer ACCESS-1", "  with the token");
	answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1")) "}}");
	now += 3541;
	TapOk(ask() && request.list == MEETUP_TOKEN_LIST && strstr(request.body, "REFRESH-1") == NULL,
		  "  before it ends another is fetched, by another JWT");
	answer("{\"access_token\":\"ACCESS-2\",\"expires_in\":\"3600\"}");
	TapOk(ask() && asks_for("\"a0\":\"c1\""), "  and the list goes on where it was");
	TapSame(header("Authorization"), "Bearer ACCESS-2", "  with the new token");
	TapEqual(refuse(401, "{\"error\":\"auth_fail\"}"), REFUSAL_FAIL, "  refused at its first use: fails");
	TapEqual(h->problem.error_class, ERROR_CLASS_AUTH, "  as a failure of access");

	open_feed(CONFIG);
	ask();
	answer(TOKEN_ANSWER);
	ask();
	answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1")) "}}");
	ask();
	TapEqual(refuse(401, "{}"), REFUSAL_CHANGED, "  a 401 later on: once more");
	TapOk(ask() && request.list == MEETUP_TOKEN_LIST, "  with another token");
	TapEqual(refuse(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad eyJhbGci assertion KEYTEXT\"}"), REFUSAL_FAIL, "  which is not given");
	TapOk(strstr(h->problem.message, "invalid_grant") != NULL && strstr(h->problem.detail, "KEYTEXT") == NULL &&
		  strstr(h->problem.hint, "clock") != NULL, "  the error's name is shown, not its words");
	answer("{\"token\":\"x\"}");
	TapOk(ProblemIsSet(&h->problem) && strstr(h->problem.message, "x\"") == NULL, "  an answer without a token");

	open_feed(CONFIG);
	ask();
	answer("{\"access_token\":\"A\",\"expires_in\":0.5}");
	now += 10;
	TapOk(ask() && request.list == 0, "  a token whose life is over at once is used all the same, lest none ever be");
	answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1")) "}}");
	TapOk(ask() && request.list == MEETUP_TOKEN_LIST, "  once");

	credentials[3][0] = NULL;
	open_feed(CONFIG);
	TapOk(!ask() && h->problem.error_class == ERROR_CLASS_AUTH && strstr(h->problem.message, " signing_key") != NULL, "  a part is missing: named");
	set_credentials(false, true);
	open_feed(CONFIG);
	h->feed.sign_rs256 = NULL;
	TapOk(!ask() && strstr(h->problem.hint, "token") != NULL && strstr(h->problem.message, "cannot sign") != NULL, "  a build that cannot sign says so");
	set_credentials(true, true);
	open_feed(CONFIG);
	TapOk(ask() && request.list == 0, "  the credential token goes before the others");
	TapSame(header("Authorization"), "Bearer TOKEN12345", "  and is sent");
	TapEqual(refuse(401, "{}"), REFUSAL_FAIL, "  refused: fails");
	set_credentials(false, false);
}

static void
trap_12_urlname_renamed(void)
{
	open_feed("{\"groups\":[\"old-name\",\"b\"],\"via\":\"ics\"}");
	ask();
	TapSame(request.url, "https://www.meetup.com/old-name/events/ical/", "trap 12, renamed group: its calendar");
	TapEqual(refuse(404, "{\"message\":\"Group not found\"}"), REFUSAL_END_OF_LIST, "  is not found: the others are read");
	TapOk(h->feed.incomplete && strstr(h->warnings, "old-name: not found") != NULL, "  the run is incomplete");
	ask();
	TapEqual(refuse(404, "{\"message\":\"Group not found\"}"), REFUSAL_FAIL, "  none found: fails");
	TapOk(h->problem.error_class == ERROR_CLASS_CONFIG && strstr(h->problem.hint, "renamed") != NULL, "  and says what may be");
}

/* ---- errors ---- */

static void
test_errors(void)
{
	open_feed("{\"groups\":[\"a\"],\"rich_fields\":true}");
	ask();
	TapOk(answer("{\"errors\":[{\"message\":\"Cannot query field \\\"series\\\" on type \\\"Event\\\".\"},"
				 "{\"message\":\"Validation error (FieldUndefined@[g0/events/edges/node/venues/venueType]) : Field 'venueType' in type 'Venue' is undefined\"}]}") &&
		  page.is_aside, "unknown fields: asked again");
	ask();
	TapOk(!asks_for("series") && !asks_for("venueType") && asks_for("topics{") && asks_for("country lat lon"), "without them alone");
	TapOk(strstr(h->warnings, "series, venueType") != NULL, "which is told");
	TapEqual(refuse(400, "{\"errors\":[{\"message\":\"Value \\\"CANCELLED\\\" does not exist in \\\"EventStatus\\\" enum.\"}]}"), REFUSAL_CHANGED, "an unknown value, by a 400");
	ask();
	TapOk(asks_for("status:[ACTIVE,PAST]"), "is left out");
	answer("{\"errors\":[" ERROR("Syntax?", "GRAPHQL_VALIDATION_FAILED") "],\"data\":null}");
	ask();
	TapOk(!asks_for("topics"), "not understood at all: the minimal query");
	TapOk(!answer("{\"errors\":[" ERROR("Syntax?", "GRAPHQL_VALIDATION_FAILED") "]}") && strstr(h->problem.hint, "ics") != NULL, "not even that: fails");
	TapOk(!answer("{\"errors\":[{\"message\":\"Cannot query field \\\"title\\\" on type \\\"Event\\\".\"}]}"), "what a listing needs is not left out");

	open_feed(CONFIG);
	ask();
	TapOk(answer("{\"errors\":[{\"message\":\"private\",\"path\":[\"g0\",\"events\",\"edges\",0,\"node\",\"venues\"]}],\"data\":{"
				 EVENTS("g0", END, NODE("1")) "}}") && h->nitems == 1, "errors beside data: the data counts");
	TapOk(strstr(h->warnings, "left something out (1 error): private, at [") != NULL, "which is told");
	open_feed(CONFIG);
	ask();
	TapOk(!answer("{\"errors\":[" ERROR("Boom", "INTERNAL") "],\"data\":null}") && h->problem.error_class == ERROR_CLASS_UPSTREAM, "an error alone");
	TapOk(!answer("{\"errors\":[{\"code\":\"auth_fail\",\"message\":\"Invalid oauth\"}]}") && h->problem.error_class == ERROR_CLASS_AUTH, "old: auth_fail");
	TapOk(!answer("<html>Sign in</html>") && h->problem.error_class == ERROR_CLASS_PARSE, "HTML");
	TapOk(!answer("{\"message\":\"Hello\"}") && strstr(h->problem.detail, "Hello") != NULL, "neither data nor errors");
	TapEqual(refuse(400, "{\"errors\":[]}"), REFUSAL_CHANGED, "a 400: the same once more");
	ask();
	TapEqual(refuse(400, "{\"errors\":[]}"), REFUSAL_FAIL, "but only once");
	TapEqual(refuse(401, "{}"), REFUSAL_FAIL, "401 without a token");
	TapOk(h->problem.error_class == ERROR_CLASS_AUTH && strstr(h->problem.hint, "ingest_set_credential()") != NULL, "says to set one");

	open_feed(CONFIG);
	ask();
	TapOk(answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1")) "}}") && ask(), "a cursor");
	TapOk(answer("{\"data\":{" EVENTS("g0", MORE("c1"), NODE("1")) "}}") && !ask() && h->feed.incomplete, "that comes twice: stops, incomplete");
	open_feed(CONFIG);
	ask();
	TapOk(answer("{\"data\":{" EVENTS("g0", "\"hasNextPage\":true,\"endCursor\":null", NODE("1")) "}}") && !ask() && h->feed.incomplete, "more, but no cursor: stops, incomplete");
}

/* One bad record does not spoil the others */
static void
test_bad_records(void)
{
	open_feed(CONFIG);
	HarnessRunText(h, "{\"data\":{\"groupByUrlname\":{" GROUP ",\"events\":{\"edges\":["
				   "{\"node\":{" BASE_NODE "}},{\"node\":null},7,{\"node\":{\"id\":\"9\",\"title\":\"\xFF\"}},"
				   "{\"node\":{\"id\":\"8\",\"title\":\"x\",\"dateTime\":tru}}]}}}}");
	TapOk(h->page_ok && h->nlistings == 1 && h->nrefused == 4, "one bad record is one refused record");
	TapSame(h->nitems > 4 ? h->items[4].record.source_id : NULL, "8", "with its id where it can be read");
}

static void
test_payloads(void)
{
	open_feed(CONFIG);
	HarnessRunText(h, "{\"data\":{\"lyon\":{" GROUP ",\"events\":{\"edges\":[{\"node\":{" BASE_NODE "}}]}},\"paris\":{\"events\":{\"edges\":[" NODE("5") "]}}}}");
	TapEqual(h->nlistings, 2, "a payload of several aliases");
	HarnessRunText(h, "[{" BASE_NODE "}," NODE("5") "]");
	TapEqual(h->nlistings, 2, "an array of events");
	HarnessRunText(h, "{" BASE_NODE "}");
	TapEqual(h->nlistings, 1, "one event");
	HarnessRunText(h, "{\"data\":{\"eventSearch\":{\"totalCount\":1,\"edges\":[{\"node\":{" BASE_NODE "}}]}}}");
	TapEqual(h->nlistings, 1, "a search");
	HarnessRunText(h, "{\"access_token\":\"t\"}");
	TapOk(!h->page_ok && strcmp(h->problem.field, "data") == 0, "something else");
}

/* ---- calendars ---- */

#define CALENDAR(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Meetup//Meetup Calendar 1.0//EN\r\nMETHOD:PUBLISH\r\n" \
	"X-WR-CALNAME:PG Montréal\r\n" events "END:VCALENDAR\r\n"
#define VEVENT(id, more) "BEGIN:VEVENT\r\nUID:event_" id "@meetup.com\r\nDTSTAMP:20261101T000000Z\r\n" \
	"DTSTART;TZID=America/Toronto:20261120T163000\r\nDTEND;TZID=America/Toronto:20261120T183000\r\nSUMMARY:Vacuum night\r\n" \
	"DESCRIPTION:PG Montréal\\n**Bring** a laptop.\r\nSTATUS:CONFIRMED\r\n" \
	"URL;VALUE=URI:https://www.meetup.com/pgmontreal/events/" id "/\r\n" more "END:VEVENT\r\n"

static void
test_calendar(void)
{
	const Listing *l;
	char		full[8192] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";

	open_feed("{\"groups\":[\"pgmontreal\"],\"via\":\"ics\"}");
	HarnessRunText(h, CALENDAR(VEVENT("302190058", "GEO:52.5;13.4\r\n") VEVENT("pwdqjtygcmbhb", "STATUS:CANCELLED\r\n")));
	l = HarnessListing(h, "302190058");
	TapOk(l != NULL && h->nlistings == 2, "a calendar: the id is the event's, as by GraphQL");
	if (l == NULL)
		return;
	TapEqual(l->starts_at, START_UTC, "DTSTART");
	TapSame(l->timezone, "America/Toronto", "TZID");
	TapSame(l->description, "Bring a laptop.", "DESCRIPTION without the group's name, and plain");
	TapSame(l->organizer, "PG Montréal", "the group as organizer");
	TapSame(l->organizer_url, "https://www.meetup.com/pgmontreal/", "and where it is");
	TapSame(l->url, "https://www.meetup.com/pgmontreal/events/302190058", "URL in the same form as by GraphQL");
	TapOk(isnan(l->latitude), "GEO was wrong when there was one: left out");
	TapOk(HarnessListing(h, "pwdqjtygcmbhb") != NULL, "an id that is a slug");

	set_credentials(true, false);
	open_feed("{\"groups\":[\"pgmontreal\",\"x\"],\"via\":\"ics\"}");
	TapOk(ask() && header("Authorization") == NULL && request.method == NULL, "the calendar is asked for without the token");
	for (int i = 0; i < 10; i++)
		sprintf(full + strlen(full), "BEGIN:VEVENT\r\nUID:event_%d@meetup.com\r\nDTSTART:20261120T163000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\n", i);
	strcat(full, "END:VCALENDAR\r\n");
	TapOk(answer(full) && page.incomplete && strstr(h->warnings, "is full") != NULL, "a full calendar is not the whole truth");
	TapOk(ask() && strstr(request.url, "/x/") != NULL, "then the next group's");
	TapOk(!answer("<html></html>") && ProblemIsSet(&h->problem), "what is no calendar fails");
	set_credentials(false, false);
}

/* ---- the signature ---- */

static void
test_signature(void)
{
	Problem		problem = {0};
	size_t		length = 0;

	if (SignRs256 == NULL)
	{
		TapOk(true, "built without libcrypto: nothing to sign with");
		return;
	}
	TapOk(SignRs256(h->arena, "no key at all SECRETKEY", "x", 1, &length, &problem) == NULL &&
		  problem.error_class == ERROR_CLASS_AUTH, "a key that is none");
	TapOk(strstr(problem.message, "SECRETKEY") == NULL && strstr(problem.detail, "SECRETKEY") == NULL, "is not shown");
	TapOk(SignRs256(h->arena, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "x", 1, &length, &problem) == NULL, "a key that is broken");
	TapOk(SignRs256(h->arena, "-----BEGIN -----END ", "x", 1, &length, &problem) == NULL, "marks alone");
	TapOk(SignRs256(h->arena, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----", "x", 1, &length, &problem) == NULL,
		  "an encrypted key does not wait for a passphrase");
}

int
main(void)
{
	open_feed(CONFIG);
	test_fields();
	test_raw_stands_alone();
	test_variants();
	test_query();
	test_check();
	trap_1_503_from_gql();
	trap_2_null_group();
	trap_3_unstable_ids();
	trap_4_date_formats();
	trap_5_country_in_lower_case();
	trap_6_online_pseudo_venue();
	trap_7_markdown();
	trap_8_over_delivery();
	trap_9_throttling_inside_200();
	trap_10_jwt_clock_skew();
	trap_11_single_use_refresh_token();
	trap_12_urlname_renamed();
	test_errors();
	test_bad_records();
	test_payloads();
	test_calendar();
	test_signature();
	HarnessClose(h);
	return TapDone();
}
