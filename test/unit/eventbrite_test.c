/*
 * test/unit/eventbrite_test.c
 *
 * The Eventbrite connector (src/feed/eventbrite.h): mapping, paging, errors,
 * and one test for each trap known of the API, named after it.
 *
 * To be run from the top of the tree: it reads test/fixtures/eventbrite.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/eventbrite.h"
#include "feed_harness.h"

extern const Connector EventbriteConnector;

#define CONFIG "{\"organizer_ids\":[\"1001\"]}"
#define TOKEN "SECRETTOKEN1234567890"

/* An event whose members later ones override */
#define BASE_EVENT \
	"{\"id\":\"1100000000001\",\"name\":{\"text\":\"A night\",\"html\":\"A night\"}," \
	"\"summary\":\"In short.\",\"description\":{\"text\":\"In short.\",\"html\":\"In short.\"}," \
	"\"url\":\"https://www.eventbrite.ca/e/1100000000001\"," \
	"\"start\":{\"timezone\":\"America/Montreal\",\"local\":\"2026-10-17T20:00:00\",\"utc\":\"2026-10-18T00:00:00Z\"}," \
	"\"end\":{\"timezone\":\"America/Montreal\",\"local\":\"2026-10-17T23:00:00\",\"utc\":\"2026-10-18T03:00:00Z\"}," \
	"\"changed\":\"2026-09-14T10:21:00Z\",\"status\":\"live\",\"currency\":\"CAD\",\"listed\":true," \
	"\"online_event\":false,\"locale\":\"fr_CA\",\"is_free\":false"

#define START_UTC INT64_C(1792281600)	/* 2026-10-18 00:00 */

static Harness *h;

/* ---- helpers ---- */

static char *
read_fixture(const char *name, size_t *length)
{
	char		path[300];
	FILE	   *file;
	char	   *bytes = malloc(1 << 20);

	snprintf(path, sizeof(path), "test/fixtures/eventbrite/%s", name);
	file = fopen(path, "rb");
	if (file == NULL)
	{
		printf("Bail out! no %s: run this from the top of the tree\n", path);
		exit(2);
	}
	*length = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

static const char *
test_credential(void *arg, const char *name)
{
	return strcmp(name, "token") == 0 ? arg : NULL;
}

/* A fresh feed on a configuration */
static void
open_feed(const char *config)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&EventbriteConnector, config);
	h->feed.credential = test_credential;
	h->feed.credential_arg = TOKEN;
}

/* Push the event with more members; its listing, or NULL */
static const Listing *
map_event(const char *members)
{
	char	   *text = malloc(strlen(BASE_EVENT) + strlen(members) + 10);

	sprintf(text, "[%s%s%s}]", BASE_EVENT, members[0] != '\0' ? "," : "", members);
	HarnessRunText(h, text);

	/* what a listing holds may rest on the bytes only until the page goes */
	ArenaOnReset(h->page.arena, free, text);
	return h->nlistings == 1 ? &h->items[0].listing : NULL;
}

static const char *
skip_reason(const char *members)
{
	map_event(members);
	return h->nskipped == 1 ? h->items[0].record.skip_reason : "not skipped";
}

/* The event is refused for that field */
static void
refuses(const char *members, const char *field, const char *name)
{
	map_event(members);
	TapOk(h->nrefused == 1 && h->items[0].record.problem.error_class == ERROR_CLASS_MAPPING &&
		  h->items[0].record.problem.message[0] != '\0', "%s", name);
	TapSame(h->nrefused == 1 ? h->items[0].record.problem.field : NULL, field, "  and says which field");
}

/* A page body answered to a request; false: the page was refused */
static bool
answer(const FeedRequest *request, const char *body)
{
	FeedBody	answer_body = {.size = strlen(body), .bytes = body, .content_type = "application/json"};
	FeedPage	page = {.arena = h->arena, .request = request};
	Problem		problem = {0};
	bool		fine = EventbriteConnector.page(&h->feed, &page, &answer_body, &problem);

	h->problem = problem;
	h->page.incomplete = page.incomplete;
	return fine;
}

static bool
next_request(FeedRequest *request)
{
	Problem		problem = {0};
	bool		more = EventbriteConnector.next_request(&h->feed, request, &problem);

	h->problem = problem;
	return more;
}

static RefusalVerdict
refuse(const FeedRequest *request, int status, const char *body)
{
	FeedRefusal refusal = {status, "application/json", body, strlen(body)};
	Problem		problem = {0};
	RefusalVerdict verdict = EventbriteConnector.refused(&h->feed, request, &refusal, &problem);

	h->problem = problem;
	return verdict;
}

#define ERROR_BODY(status, error) \
	"{\"status_code\":" #status ",\"error_description\":\"Words.\",\"error\":\"" error "\"}"

static bool
has(const char *text, const char *part)
{
	return text != NULL && strstr(text, part) != NULL;
}

/* ---- mapping ---- */

static void
test_fixture(void)
{
	size_t		length;
	char	   *bytes = read_fixture("organizer-events-page1.json", &length);
	const Listing *l;

	HarnessRun(h, bytes, length);
	TapEqual(h->nlistings, 3, "three events of a page");
	l = HarnessListing(h, "1100000000101");
	TapSame(l->title, "Nuit du jazz & du blues \xF0\x9F\x8E\xB7", "title");
	TapSame(l->description, "Trois quatuors, une seule sc\xC3\xA8ne.", "description");
	TapSame(l->url, "https://www.eventbrite.ca/e/billets-1100000000101", "url");
	TapSame(l->revision, "2026-09-14T10:21:00Z", "revision");
	TapEqual(l->starts_at, START_UTC, "starts_at");
	TapEqual(l->ends_at, START_UTC + 3 * 3600, "ends_at");
	TapEqual(l->local_start, START_UTC - 4 * 3600, "local_start");
	TapOk(l->start_precision == PRECISION_MINUTE && !l->all_day, "to the minute");
	TapOk(has(l->timezone, "America/"), "timezone");
	TapOk(l->status == STATUS_SCHEDULED && l->is_online == TRI_FALSE && l->is_free == TRI_FALSE, "status, online, free");
	TapSame(l->venue_name, "La Salle Rousse", "venue_name");
	TapSame(l->address, "4321, rue des Tilleuls", "address");
	TapSame(l->city, "Montr\xC3\xA9" "al", "city");
	TapSame(l->region, "QC", "region");
	TapSame(l->postal_code, "H2J 1A1", "postal_code");
	TapSame(l->country, "CA", "country");
	TapOk(l->latitude == 45.52431 && l->longitude == -73.58212, "coordinates");
	TapSame(l->organizer, "Collectif Tilleul", "organizer");
	TapSame(l->organizer_url, "https://www.eventbrite.ca/o/collectif-tilleul-1001", "organizer_url");
	TapSame(l->category, "Music", "category");
	TapOk(l->ntags == 2 && strcmp(l->tags[0], "Blues & Jazz") == 0 && strcmp(l->tags[1], "Concert or Performance") == 0, "tags");
	TapSame(l->language, "fr-CA", "language");
	TapSame(l->price_min, "12.50", "price_min");
	TapSame(l->price_max, "20.00", "price_max");
	TapSame(l->currency, "CAD", "currency");
	TapSame(l->image_key, "960100200", "image_key");
	TapOk(has(l->image_url, "https://img.evbuc.com/"), "image_url");
	TapSame(l->series_id, NULL, "no series");
	TapSame(l->attributes, "{\"age_restriction\":\"18+\",\"door_time\":\"2026-10-17T23:30:00Z\","
			"\"format\":\"Concert or Performance\",\"organizer_id\":\"1001\",\"presented_by\":\"Radio Tilleul\","
			"\"published\":\"2026-08-02T13:45:00Z\",\"subcategory\":\"Blues & Jazz\",\"venue_id\":\"880011\"}", "attributes");
	l = HarnessListing(h, "1100000000303");
	TapOk(l->is_online == TRI_TRUE && l->venue_name == NULL && isnan(l->latitude), "an online event has no place");
	TapOk(l->is_free == TRI_TRUE && l->image_url == NULL, "free by the external ticketing, no image");
	TapSame(l->price_min, "0.00", "a price of nothing");
	TapOk(has(l->attributes, "\"external_url\":\"https://billetterie.example.org/e/303\"") &&
		  has(l->attributes, "\"ticketing_provider\":\"Billetterie du quartier\""), "where tickets are sold");
	free(bytes);
}

static void
test_bare_event(void)
{
	const Listing *l;

	HarnessRunText(h, "{\"id\":7,\"name\":{\"text\":\"N\"},\"start\":{\"utc\":\"2026-10-18T00:00:00Z\"}}");
	l = HarnessListing(h, "7");
	TapOk(l != NULL && l->starts_at == START_UTC, "a single event with the least there can be");
	TapOk(l->ends_at == FEED_TIME_UNKNOWN && l->is_online == TRI_UNKNOWN && l->is_free == TRI_UNKNOWN &&
		  isnan(l->latitude) && l->timezone == NULL && l->currency == NULL && l->attributes == NULL &&
		  l->ntags == 0 && l->category == NULL && l->language == NULL && l->description == NULL,
		  "of which nothing is invented");
	TapEqual(l->local_start, START_UTC, "without a zone the local start is UTC's");

	HarnessRunText(h, "[{\"id\":\"8\",\"name\":{\"html\":\"<b>N</b>&amp;M\"},"
				   "\"start\":{\"timezone\":\"America/Montreal\",\"local\":\"2026-10-17T20:00:00\"}}]");
	l = HarnessListing(h, "8");
	TapOk(l != NULL && l->starts_at == START_UTC, "a bare array; local time and zone suffice");
	TapSame(l->title, "N&M", "a name from its HTML");
	HarnessRunText(h, "{\"events\":[]}");
	TapOk(h->page_ok && h->nitems == 0, "an empty list");
	HarnessRunText(h, "{\"description\":\"<p>x</p>\"}");
	TapOk(!h->page_ok && strcmp(h->problem.field, "events") == 0, "what is neither an event nor a list is refused");
	HarnessRunText(h, "<html>Log in</html>");
	TapOk(!h->page_ok && h->problem.error_class == ERROR_CLASS_PARSE && has(h->problem.detail, "<html>"), "HTML is refused");
	HarnessRunChunked(h, "{\"events\":[{\"id\":\"1\",\"name\":{\"text\":\"N\"},\"start\":{\"utc\":\"2026-10-18T00:00:00Z\"}}]}", 82, 7);
	TapEqual(h->nlistings, 1, "a body read in pieces");
}

static void
test_details_of_mapping(void)
{
	const Listing *l;

	l = map_event("\"end\":{\"utc\":\"2026-10-17T00:00:00Z\"}");
	TapOk(l != NULL && l->ends_at == FEED_TIME_UNKNOWN, "an end before the start is no end");
	l = map_event("\"start\":{\"timezone\":\"America/Montreal\",\"local\":\"tonight\",\"utc\":\"2026-10-18T00:00:00Z\"}");
	TapOk(l != NULL && l->starts_at == START_UTC && l->local_start == START_UTC - 4 * 3600, "utc makes up for a bad local time");
	l = map_event("\"hide_start_date\":true,\"hide_end_date\":true");
	TapOk(l != NULL && l->starts_at == START_UTC && has(l->attributes, "\"hide_start_date\":true,\"hide_end_date\":true"),
		  "a hidden date is kept, and that it is hidden");
	l = map_event("\"ticket_availability\":{\"is_sold_out\":true}");
	TapOk(l != NULL && l->status == STATUS_SOLD_OUT, "sold out by the tickets");
	l = map_event("\"event_sales_status\":{\"sales_status\":\"sold_out\"}");
	TapOk(l != NULL && l->status == STATUS_SOLD_OUT, "sold out by the sales status");
	l = map_event("\"ticket_availability\":{\"is_sold_out\":true},\"status\":\"canceled\"");
	TapOk(l != NULL && l->status == STATUS_CANCELLED, "cancelled is more than sold out");
	l = map_event("\"category_id\":\"105\",\"format_id\":\"5\",\"subcategory_id\":\"5002\"");
	TapOk(l != NULL && strcmp(l->category, "Performing & Visual Arts") == 0 && l->ntags == 1 &&
		  strcmp(l->tags[0], "Festival or Fair") == 0, "names by ids, where they are not expanded");
	l = map_event("\"category\":{\"name\":\"Other\"},\"subcategory\":{\"name\":\"Other\"},\"format\":{\"name\":\"Other\"}");
	TapOk(l != NULL && l->ntags == 0, "a tag says nothing twice");
	l = map_event("\"ticket_availability\":{\"minimum_ticket_price\":{\"currency\":\"JPY\",\"value\":1500},"
				  "\"maximum_ticket_price\":{\"currency\":\"JPY\",\"value\":2500}}");
	TapOk(l != NULL && strcmp(l->price_min, "1500") == 0 && strcmp(l->currency, "JPY") == 0, "a currency without minor units");
	l = map_event("\"ticket_availability\":{\"minimum_ticket_price\":null,\"maximum_ticket_price\":{\"currency\":\"CAD\",\"value\":-5}}");
	TapOk(l != NULL && l->price_min == NULL && l->price_max == NULL, "no price is no price, nor is a negative one");
	l = map_event("\"locale\":\"klingon\"");
	TapSame(l->language, NULL, "what is no locale is no language");
	l = map_event("\"url\":\"javascript:alert(1)\",\"logo\":{\"id\":\"5\",\"url\":\"//x\"}");
	TapOk(l != NULL && l->url == NULL && l->image_url == NULL && l->image_key == NULL, "only http(s) URLs");
	l = map_event("\"logo\":{\"url\":\"https://img.evbuc.com/a?s=1\"}");
	TapSame(l->image_key, "https://img.evbuc.com/a", "without an id the image's path is its key");
	l = map_event("\"logo\":{\"url\":\"https://img.evbuc.com/a?s=1\"},\"logo_id\":77");
	TapSame(l->image_key, "77", "or logo_id");
	l = map_event("\"music_properties\":{\"door_time\":\"2019-05-12T-19:00:00Z\",\"age_restriction\":12}");
	TapOk(l != NULL && l->attributes == NULL, "a malformed door time is left out, as the documentation has one");
	l = map_event("\"venue\":{\"address\":{\"country\":\"ca\",\"postal_code\":10115}}");
	TapOk(l != NULL && strcmp(l->country, "CA") == 0 && strcmp(l->postal_code, "10115") == 0, "country in upper case, bare postal code");
	l = map_event("\"venue\":{\"address\":{\"country\":\"Canada\"}}");
	TapSame(l->country, NULL, "a country's name is no code");
}

static void
test_skips(void)
{
	TapSame(skip_reason("\"status\":\"draft\""), "draft", "a draft is skipped");
	TapSame(skip_reason("\"listed\":false"), "private", "so is what isn't listed");
	TapSame(skip_reason("\"invite_only\":true"), "private", "by invitation only");
	TapSame(skip_reason("\"password\":\"abc\""), "private", "behind a password");
	TapSame(skip_reason("\"is_series_parent\":true"), "series_parent", "a series' parent");
	TapSame(skip_reason("\"password\":\"\",\"invite_only\":null,\"listed\":null"), "not skipped", "but not for what is empty or null");
	h->feed.window_start = START_UTC + 3 * 3600 + 1;
	TapSame(skip_reason(""), "past", "over before the window");
	h->feed.window_start--;
	TapSame(skip_reason(""), "not skipped", "over as the window opens");
	TapSame(skip_reason("\"end\":null"), "past", "without an end it is over at its start");
	h->feed.window_end = START_UTC;
	TapSame(skip_reason(""), "out_of_horizon", "starting as the window closes");
	h->feed.window_end++;
	TapSame(skip_reason(""), "not skipped", "starting before it closes");
}

static void
test_refusals(void)
{
	refuses("\"name\":null", "name", "no name");
	refuses("\"name\":{\"text\":\" \"}", "name", "a name of blanks");
	refuses("\"name\":[\"not\",\"an object\"]", "name", "a name of a wrong type");
	refuses("\"name\":{\"text\":5}", "name.text", "a name's text of a wrong type");
	refuses("\"start\":null", "start", "no start");
	refuses("\"start\":\"tomorrow\"", "start", "a start of a wrong type");
	refuses("\"start\":{}", "start", "a start without a time");
	refuses("\"start\":{\"local\":\"2026-10-17T20:00:00\",\"timezone\":\"Nowhere/Else\"}", "start", "a local start in an unknown zone");
	refuses("\"start\":{\"utc\":\"2026-13-45T99:00:00Z\"}", "start.utc", "a start on no day");
	refuses("\"start\":{\"local\":\"2026-13-45T99:00:00\"}", "start.local", "a local start on no day");
	refuses("\"end\":{\"utc\":\"2026-02-30T10:00:00Z\"}", "end.utc", "an end on 30 February");
	refuses("\"start\":{\"utc\":\"2026-02-30T10:00:00Z\"}", "start.utc", "30 February");
	refuses("\"venue\":\"hall\"", "venue", "a venue of a wrong type");
	refuses("\"venue\":{\"address\":{\"city\":{}}}", "venue.address.city", "a city of a wrong type");
	refuses("\"is_free\":\"yes\"", "is_free", "a boolean of a wrong type");
	refuses("\"event_sales_status\":[]", "event_sales_status", "an expansion of a wrong type");
	refuses("\"id\":null", "id", "no id");
	refuses("\"id\":{\"a\":1}", "id", "an id of a wrong type");
	refuses("\"id\":1.5", "id", "an id with a fraction");
	refuses("\"id\":\"\"", "id", "an empty id");

	map_event("\"id\":1100000000009");
	TapSame(h->items[0].record.source_id, "1100000000009", "a bare id is taken as its digits");
	map_event("\"id\":123456789012345678901234");
	TapSame(h->items[0].record.source_id, "123456789012345678901234", "however many");
	map_event("\"id\":\"a\\u00e9\"");
	TapSame(h->items[0].record.source_id, "a\xC3\xA9", "an escaped id is decoded");

	/* one bad record among good ones, in every way */
	HarnessRun(h, "{\"events\":[" BASE_EVENT "},{\"id\":\"2\",\"name\":{\"text\":\"\xFF\"}},null,42,"
			   "{\"id\":\"3\",\"name\":{\"text\":\"a\nb\"}},{\"id\":\"4\",\"name\":{\"text\":\"a\\u0000b\"}},"
			   "{\"id\":\"5\",\"name\" \"x\"}," BASE_EVENT ",\"id\":\"6\"}]}",
			   strlen("{\"events\":[" BASE_EVENT "},{\"id\":\"2\",\"name\":{\"text\":\"\xFF\"}},null,42,"
					  "{\"id\":\"3\",\"name\":{\"text\":\"a\nb\"}},{\"id\":\"4\",\"name\":{\"text\":\"a\\u0000b\"}},"
					  "{\"id\":\"5\",\"name\" \"x\"}," BASE_EVENT ",\"id\":\"6\"}]}"));
	TapOk(h->nlistings == 2 && h->nrefused == 6, "bad records cost only themselves");
	TapSame(h->items[4].record.source_id, "3", "a bad record's id is known, if it can be read");
	for (int i = 1; i < 7; i++)
	{
		FeedRecord *record = &h->items[i].record;
		JsonReader *reader = JsonReaderCreate(h->arena);
		const JsonNode *root;
		Problem		problem;
		bool		json = JsonRead(reader, h->arena, record->raw, record->raw_length, &root, &problem);

		TapOk(json && record->problem.error_class == ERROR_CLASS_PARSE, "bad record %d is kept as JSON: %s", i,
			  record->problem.message);
	}
}

/* ---- the documented traps ---- */

static void
trap_1_description_is_not_the_description(void)
{
	size_t		length;
	char	   *bytes = read_fixture("description.json", &length);
	FeedBody	body = {.size = length, .bytes = bytes};
	FeedRequest request;
	Problem		problem = {0};
	const Listing *mapped;
	Listing		listing;

	TapOk(!EventbriteConnector.detail_request(&h->feed, "11", &request), "trap 1: no detail unless it is asked for");
	open_feed("{\"organizer_ids\":[1001],\"full_description\":true}");
	mapped = map_event("");
	TapSame(mapped->description, "In short.", "trap 1: the list has but the summary");
	TapSame(mapped->revision, "2026-09-14T10:21:00Z", "trap 1: changed tells whether to ask again");
	TapOk(!mapped->has_detail, "trap 1: and it isn't taken for the whole");
	TapOk(EventbriteConnector.detail_request(&h->feed, "1100000000001", &request) &&
		  strcmp(request.url, "https://www.eventbriteapi.com/v3/events/1100000000001/description/") == 0,
		  "trap 1: where the whole is");
	listing = *mapped;
	TapOk(EventbriteConnector.detail(&h->feed, &body, h->arena, &listing, &problem) && listing.has_detail, "trap 1: it is taken");
	TapSame(listing.description, "Trois quatuors, une seule sc\xC3\xA8ne.\n\nPortes : 19 h 30\n"
			"Avec le Quatuor Lamontagne & amis.\n\nVestiaire\nBar", "trap 1: as plain text");
	body.bytes = "{\"description\":null}";
	body.size = strlen(body.bytes);
	listing = *mapped;
	TapOk(EventbriteConnector.detail(&h->feed, &body, h->arena, &listing, &problem) && listing.has_detail &&
		  strcmp(listing.description, "In short.") == 0, "trap 1: an empty one leaves the summary");
	body.bytes = "{\"description\":[]}";
	body.size = strlen(body.bytes);
	TapOk(!EventbriteConnector.detail(&h->feed, &body, h->arena, &listing, &problem) &&
		  problem.error_class == ERROR_CLASS_PARSE, "trap 1: one of another type is refused");
	free(bytes);
	open_feed(CONFIG);
}

static void
trap_2_cancellation_hides_in_the_sales_status(void)
{
	const Listing *l = map_event("\"status\":\"completed\",\"event_sales_status\":{\"sales_status\":\"sales_ended\","
								 "\"message\":\"Cancelled\",\"message_code\":\"event_cancelled\"}");

	TapOk(l != NULL && l->status == STATUS_CANCELLED, "trap 2: completed, but the message says cancelled");
	l = map_event("\"event_sales_status\":{\"sales_status\":\"unavailable\",\"message_code\":\"event_postponed\"}");
	TapOk(l != NULL && l->status == STATUS_POSTPONED, "trap 2: live, but the message says postponed");
	l = map_event("\"event_sales_status\":null");
	TapOk(l != NULL && l->status == STATUS_SCHEDULED, "trap 2: no sales status is no news");
}

static void
trap_3_two_spellings(void)
{
	const Listing *l = map_event("\"status\":\"canceled\"");

	TapOk(l != NULL && l->status == STATUS_CANCELLED, "trap 3: canceled, with one l");
	l = map_event("\"status\":\"cancelled\"");
	TapOk(l != NULL && l->status == STATUS_CANCELLED, "trap 3: cancelled, with two");
}

static void
trap_4_series(void)
{
	const Listing *l = map_event("\"is_series\":true,\"is_series_parent\":false,\"series_id\":\"1100000000200\"");

	TapOk(l != NULL && strcmp(l->series_id, "1100000000200") == 0, "trap 4: a child is stored, with its series");
	TapSame(skip_reason("\"is_series\":true,\"is_series_parent\":true"), "series_parent", "trap 4: a parent is not");
	l = map_event("\"is_series\":false");
	TapSame(l->series_id, NULL, "trap 4: no series, no key");
}

static void
trap_5_strings_of_numbers(void)
{
	const Listing *l = map_event("\"venue\":{\"name\":\"Hall\",\"latitude\":\"53.48422\",\"longitude\":\"-2.2314114\",\"address\":"
								 "{\"address_1\":\"27 Ann St\",\"address_2\":\"\",\"city\":\"Ancoats\",\"region\":\"Greater Somewhere\"}}");

	TapOk(l != NULL && l->latitude == 53.48422 && l->longitude == -2.2314114, "trap 5: coordinates are strings");
	TapSame(l->address, "27 Ann St", "trap 5: an empty second line adds nothing");
	TapSame(l->region, "Greater Somewhere", "trap 5: a region is free text");
	l = map_event("\"venue\":{\"address\":{\"address_1\":\"1 A\",\"address_2\":\"2nd floor\",\"latitude\":\"1.5\",\"longitude\":\"2.5\"}}");
	TapOk(l != NULL && strcmp(l->address, "1 A, 2nd floor") == 0 && l->latitude == 1.5, "trap 5: two lines; coordinates of the address");
	l = map_event("\"venue\":{\"latitude\":\"0.0\",\"longitude\":\"0.0\"}");
	TapOk(l != NULL && isnan(l->latitude) && isnan(l->longitude), "trap 5: 0,0 is nowhere");
	l = map_event("\"venue\":{\"latitude\":\"91\",\"longitude\":\"5\"}");
	TapOk(l != NULL && isnan(l->latitude), "trap 5: 91 degrees is off the Earth");
	l = map_event("\"venue\":{\"latitude\":\"45.5\",\"longitude\":null}");
	TapOk(l != NULL && isnan(l->latitude), "trap 5: half a place is none");
	l = map_event("\"venue\":{\"latitude\":\"45,5\",\"longitude\":\"1e999\"}");
	TapOk(l != NULL && isnan(l->latitude), "trap 5: what is no number is none");
}

static void
trap_6_no_venue_yet(void)
{
	const Listing *l = map_event("\"online_event\":false,\"venue_id\":null,\"venue\":null");

	TapOk(l != NULL && l->is_online == TRI_FALSE && l->venue_name == NULL && l->city == NULL, "trap 6: a place to be announced");
}

static void
trap_7_past_events_linger(void)
{
	const Listing *l = map_event("\"status\":\"ended\"");

	TapOk(l != NULL && l->status == STATUS_SCHEDULED, "trap 7: ended is no status of ours, the dates tell");
	l = map_event("\"status\":\"completed\"");
	TapOk(l != NULL && l->status == STATUS_SCHEDULED, "trap 7: nor completed");
	h->feed.window_start = START_UTC + 86400;
	TapSame(skip_reason("\"status\":\"completed\""), "past", "trap 7: what is over is skipped");
	open_feed(CONFIG);
}

static void
trap_8_published_before_created(void)
{
	const Listing *l = map_event("\"created\":\"2026-08-02T13:20:11Z\",\"published\":\"2026-07-01T00:00:00Z\"");

	TapSame(l->attributes, "{\"published\":\"2026-07-01T00:00:00Z\"}", "trap 8: published is what it says");
	l = map_event("\"published\":null");
	TapSame(l->attributes, NULL, "trap 8: or null");
}

static void
trap_9_stale_copies(void)
{
	uint64_t	fresh;
	uint64_t	stale;

	map_event("\"changed\":\"2026-09-15T00:00:00Z\",\"name\":{\"text\":\"New name\"}");
	fresh = h->items[0].record.raw_hash;
	TapSame(h->items[0].listing.revision, "2026-09-15T00:00:00Z", "trap 9: a changed event");
	map_event("");
	stale = h->items[0].record.raw_hash;
	TapSame(h->items[0].listing.revision, "2026-09-14T10:21:00Z", "trap 9: a stale copy of it says how old it is");
	TapOk(fresh != stale, "trap 9: their bytes differ");
	map_event("\"changed\":\"2026-09-15T00:00:00Z\",\"name\":{\"text\":\"New name\"}");
	TapOk(h->items[0].record.raw_hash == fresh, "trap 9: and the change is the same when it comes again");
}

static void
trap_10_volatile_image_urls(void)
{
	const Listing *l = map_event("\"logo\":{\"id\":\"9\",\"url\":\"https://img.evbuc.com/x?rect=1&s=aaaa\"}");
	uint64_t	hash = ListingHash(l, true);

	l = map_event("\"logo\":{\"id\":\"9\",\"url\":\"https://img.evbuc.com/x?rect=2&s=bbbb\"},\"changed\":\"2026-12-01T00:00:00Z\"");
	TapOk(ListingHash(l, true) == hash, "trap 10: a new signature, or a ticket edit, changes no content");
	l = map_event("\"logo\":{\"id\":\"10\",\"url\":\"https://img.evbuc.com/x?rect=2&s=bbbb\"}");
	TapOk(ListingHash(l, true) != hash, "trap 10: another image does");
}

static void
trap_11_drafts_come_to_owners(void)
{
	FeedRequest request;

	TapSame(skip_reason("\"status\":\"draft\",\"start\":null"), "draft", "trap 11: a draft is skipped, even half-made");
	open_feed("{\"organization_ids\":[2001],\"statuses\":[\"all\"]}");
	TapOk(next_request(&request) && has(request.url, "status=all"), "trap 11: though all were asked for");
	open_feed(CONFIG);
	TapOk(next_request(&request) && !has(request.url, "draft"), "trap 11: by default they are not");
}

static void
trap_12_entities_emoji_crlf_nbsp(void)
{
	const Listing *l = map_event("\"name\":{\"text\":\"R&amp;B \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x8E\xA4\xC2\xA0&eacute;t&#233;\\r\\n\"},"
								 "\"description\":{\"text\":\"One\\r\\n\\r\\n\\r\\nTwo\xC2\xA0!\\u00a0 \\r\\n\"},"
								 "\"venue\":{\"name\":\"Chez\xC2\xA0Zo&#39;\"}");

	TapSame(l->title, "R&B \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x8E\xA4 \xC3\xA9t\xC3\xA9", "trap 12: entities, emoji, NBSP and CRLF in a name");
	TapSame(l->description, "One\n\nTwo !", "trap 12: CRLF and NBSP in a text");
	TapSame(l->venue_name, "Chez Zo'", "trap 12: and in a venue's name");
}

static void
trap_13_page_drift(void)
{
	FeedRequest request;

	open_feed(CONFIG);
	next_request(&request);
	TapOk(answer(&request, "{\"pagination\":{\"has_more_items\":true,\"continuation\":\"c1\",\"page_count\":3},"
				 "\"events\":[{\"id\":\"1\"},{\"id\":\"2\"}]}"), "trap 13: page 1");
	next_request(&request);
	TapOk(answer(&request, "{\"pagination\":{\"has_more_items\":true,\"continuation\":\"c2\",\"page_count\":3},"
				 "\"events\":[{\"id\":\"2\"},{\"id\":\"3\"}]}"), "trap 13: page 2 begins with the last of page 1");
	TapOk(next_request(&request) && has(request.url, "continuation=c2") && h->nwarnings == 0,
		  "trap 13: which is no reason to stop");
	TapOk(answer(&request, "{\"pagination\":{\"has_more_items\":false,\"page_count\":3},\"events\":[{\"id\":\"4\"}]}") &&
		  !next_request(&request) && !h->feed.incomplete, "trap 13: the list ends as it should");
}

/* ---- requests and paging ---- */

static void
test_requests(void)
{
	FeedRequest request;

	h->feed.credential_arg = NULL;
	TapOk(!next_request(&request) && h->problem.error_class == ERROR_CLASS_AUTH &&
		  has(h->problem.hint, "ingest_set_credential"), "no token, no request");
	open_feed("{\"organizer_ids\":[\"1001\"],\"base_url\":\"http://localhost:1/v3/\",\"page_size\":20}");
	TapOk(next_request(&request), "a request");
	TapSame(request.url, "http://localhost:1/v3/organizers/1001/events/?status=live,started,ended,completed,canceled"
			"&order_by=start_asc&expand=venue,organizer,category,subcategory,format,ticket_availability,event_sales_status,"
			"external_ticketing,logo,music_properties&page_size=20&page=1",
			"its URL; there is no day before the first of year 1");
	TapSame(request.headers[0].value, "Bearer " TOKEN, "its token is in a header");
	TapOk(request.body == NULL && request.method == NULL && !request.conditional, "a GET without a body, not conditional");
	TapSame(request.what, "events of organizer 1001, page 1", "its name");
	TapOk(!has(request.url, TOKEN), "no secret in the URL");
}

/* The first URL of a configuration, window_start being 2026-10-17 04:00 UTC */
static void
first_url(const char *config, const char *timezone, const char *expected, const char *name)
{
	FeedRequest request;
	Problem		problem = {0};

	open_feed(config);
	h->feed.window_start = START_UTC - 72000;
	h->feed.now = h->feed.window_start + 86400;
	h->feed.default_timezone = timezone;
	EventbriteConnector.open(&h->feed, &problem);
	next_request(&request);
	TapSame(request.url, expected, name);
}

#define V3 "https://www.eventbriteapi.com/v3"
#define STATUSES "status=live,started,ended,completed,canceled"

static void
test_lists(void)
{
	first_url("{\"organizer_ids\":[1001],\"expand\":[]}", "America/Montreal",
			  V3 "/organizers/1001/events/?" STATUSES "&order_by=start_asc&start_date.range_start=2026-10-17T00:00:00&page=1",
			  "an organizer's list, from the window's start on the source's clock");
	first_url("{\"organizer_ids\":[1001],\"expand\":[]}", NULL,
			  V3 "/organizers/1001/events/?" STATUSES "&order_by=start_asc&start_date.range_start=2026-10-16T04:00:00&page=1",
			  "without a zone, a day earlier");
	first_url("{\"organization_ids\":[2001],\"expand\":[\"venue\"],\"statuses\":[\"live\",\"canceled\"]}", NULL,
			  V3 "/organizations/2001/events/?status=live,canceled&order_by=start_asc&time_filter=current_future"
			  "&show_series_parent=false&expand=venue", "an organization's list has other filters");
	first_url("{\"venue_ids\":[31],\"expand\":[]}", NULL,
			  V3 "/venues/31/events/?" STATUSES "&order_by=start_asc&start_date.range_start=2026-10-16T04:00:00&only_public=true",
			  "a venue's list");
	first_url("{\"series_ids\":[\"41\"],\"expand\":[]}", NULL,
			  V3 "/series/41/events/?order_by=start_asc&start_date.range_start=2026-10-16T04:00:00", "a series' list");
	open_feed("{\"organization_ids\":[2001],\"expand\":[]}");
	{
		FeedRequest request;

		TapOk(next_request(&request) && has(request.url, "time_filter=all"), "a backfill asks an organization for all times");
	}
}

static void
test_check(void)
{
	static const char *const configs[] = {
		"{}", "{\"organizer_ids\":[]}", "{\"organizer_ids\":[\"name-123\"]}", "{\"venue_ids\":[\"1/2\"]}",
		"{\"organizer_ids\":[1],\"statuses\":[\"cancelled\"]}", "{\"organizer_ids\":[1],\"expand\":[\"Venue!\"]}",
		"{\"organizer_ids\":[-5]}",
	};

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
	{
		open_feed(configs[i]);
		TapOk(h->problem.error_class == ERROR_CLASS_CONFIG, "configuration refused: %s", configs[i]);
	}
	open_feed("{\"organizer_ids\":[1,\"2\"],\"statuses\":[\"live\",\"all\"],\"expand\":[\"venue\"]}");
	TapOk(!ProblemIsSet(&h->problem), "and one that is fine");
}

static void
test_walk(void)
{
	FeedRequest request;

	open_feed("{\"organizer_ids\":[1,2,1],\"venue_ids\":[3]}");
	next_request(&request);
	TapOk(has(request.url, "/organizers/1/events/") && request.list == 0, "the first list");
	answer(&request, "{\"pagination\":{\"page_number\":1,\"page_count\":2,\"has_more_items\":true,\"continuation\":\"a+/=&b\"},"
		   "\"events\":[{\"id\":\"1\"}]}");
	next_request(&request);
	TapOk(has(request.url, "&continuation=a%2B%2F%3D%26b") && !has(request.url, "page="), "its continuation is opaque, and encoded");
	TapOk(has(request.url, STATUSES) && has(request.url, "expand=venue"), "with the same query");
	answer(&request, "{\"pagination\":{\"has_more_items\":false},\"events\":[{\"id\":\"2\"}]}");
	next_request(&request);
	TapOk(has(request.url, "/organizers/2/events/") && has(request.url, "page=1") && request.list == 1, "then the second");
	answer(&request, "{\"pagination\":{\"page_number\":1,\"page_count\":2},\"events\":[{\"id\":\"3\"}]}");
	next_request(&request);
	TapOk(has(request.url, "/organizers/2/events/") && has(request.url, "page=2"), "page by page, where it has no continuation");
	answer(&request, "{\"pagination\":{\"page_number\":2,\"page_count\":2,\"continuation\":\"zzz\"},\"events\":[{\"id\":\"4\"}]}");
	next_request(&request);
	TapOk(has(request.url, "/venues/3/events/") && request.list == 2, "a continuation on the last page is none (2018)");
	answer(&request, "{\"events\":[]}");
	TapOk(!next_request(&request) && !ProblemIsSet(&h->problem), "no pagination: the list is all on its page; the end");
	TapOk(h->nwarnings == 0 && !h->feed.incomplete, "without a warning");
}

/* After `first`, the page `second` ends the list with a warning */
static void
stops(const char *config, const char *first, const char *second, const char *words)
{
	FeedRequest request;

	open_feed(config);
	next_request(&request);
	answer(&request, first);
	if (second != NULL)
	{
		next_request(&request);
		answer(&request, second);
	}
	TapOk(!next_request(&request) && has(h->warnings, words) && h->feed.incomplete && h->page.incomplete, "%s", words);
}

#define PAGE(continuation, id) \
	"{\"pagination\":{\"has_more_items\":true,\"continuation\":\"" continuation "\"},\"events\":[{\"id\":\"" id "\"}]}"

static void
test_stops(void)
{
	FeedRequest request;

	stops(CONFIG, PAGE("a", "1"), PAGE("a", "2"), "a continuation came a second time");
	stops(CONFIG, PAGE("a", "1"), PAGE("b", "1"), "a page came a second time");
	stops(CONFIG, "{\"pagination\":{\"has_more_items\":true},\"events\":[{\"id\":\"1\"}]}",
		  "{\"pagination\":{\"has_more_items\":true},\"events\":[{\"id\":\"1\"}]}", "a page came a second time");
	stops(CONFIG, "{\"pagination\":{\"has_more_items\":true,\"continuation\":\"a\"},\"events\":[]}", NULL, "an empty page");
	stops("{\"organizer_ids\":[1],\"max_pages\":2}", PAGE("a", "1"), PAGE("b", "2"), "max_pages");

	open_feed(CONFIG);
	for (int i = 0; i < 1000; i++)
	{
		char		body[200];

		if (!next_request(&request))
			break;
		sprintf(body, PAGE("c%d", "%d"), i, i);
		answer(&request, body);
	}
	TapOk(next_request(&request) && h->nwarnings == 0, "a thousand pages that all differ");
	TapSame(request.what, "events of organizer 1001, page 1001", "are counted");

	open_feed(CONFIG);
	next_request(&request);
	TapOk(!answer(&request, "{\"pagination\":[],\"events\":[]}") && strcmp(h->problem.field, "pagination") == 0,
		  "pagination of a wrong type is refused");
	TapOk(!answer(&request, "{\"pagination\":{},\"organizers\":[]}") && strcmp(h->problem.field, "events") == 0,
		  "so is an answer without events");
	TapOk(!answer(&request, "[{\"id\":\"1\"}]"), "and a bare list, which the API never sends");
	TapOk(!answer(&request, "{\"events\":[{\"id\":\"1\"}"), "and one cut short");
}

/* ---- errors ---- */

static void
test_errors(void)
{
	static const struct
	{
		int			status;
		const char *body;
		ErrorClass	error_class;
		const char *hint;
	}			cases[] = {
		{400, ERROR_BODY(400, "INVALID_AUTH"), ERROR_CLASS_AUTH, "may have been revoked; set a new one with ingest_set_credential()"},
		{400, ERROR_BODY(400, "INVALID_AUTH_HEADER"), ERROR_CLASS_AUTH, "ingest_set_credential()"},
		{401, ERROR_BODY(401, "NO_AUTH"), ERROR_CLASS_AUTH, "ingest_set_credential()"},
		{401, ERROR_BODY(401, "SOMETHING_NEW"), ERROR_CLASS_AUTH, ""},
		{403, ERROR_BODY(403, "NOT_AUTHORIZED"), ERROR_CLASS_AUTH, "member"},
		{404, ERROR_BODY(404, "NOT_FOUND"), ERROR_CLASS_CONFIG, "organization_ids"},
		{429, ERROR_BODY(429, "HIT_RATE_LIMIT"), ERROR_CLASS_RATE_LIMIT, "2000 calls an hour"},
		{400, ERROR_BODY(400, "ARGUMENTS_ERROR"), ERROR_CLASS_CONFIG, "Check statuses"},
		{400, ERROR_BODY(400, "BAD_PAGE"), ERROR_CLASS_UPSTREAM, ""},
		{500, ERROR_BODY(500, "INTERNAL_ERROR"), ERROR_CLASS_UPSTREAM, "Eventbrite's"},
		{503, "<html><title>x</title><body>Service <b>Unavailable</b></body></html>", ERROR_CLASS_UPSTREAM, "Eventbrite's"},
		{403, "<HTML><BODY><H1>403 ERROR</H1>The request could not be satisfied.</BODY></HTML>", ERROR_CLASS_UPSTREAM, "CloudFront"},
		{429, "", ERROR_CLASS_RATE_LIMIT, "2000 calls an hour"},
		{401, "[]", ERROR_CLASS_AUTH, ""},
		{302, "", ERROR_CLASS_UPSTREAM, ""},
	};
	FeedRequest request;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		open_feed(CONFIG);
		next_request(&request);
		TapOk(refuse(&request, cases[i].status, cases[i].body) == REFUSAL_FAIL &&
			  h->problem.error_class == cases[i].error_class && has(h->problem.hint, cases[i].hint) &&
			  has(h->problem.message, "events of organizer 1001, page 1"), "%d %.60s", cases[i].status, cases[i].body);
	}
	TapOk(!has(h->problem.message, TOKEN), "no secret in a message");
	open_feed(CONFIG);
	next_request(&request);
	refuse(&request, 404, ERROR_BODY(404, "NOT_FOUND"));
	TapSame(h->problem.message, "Eventbrite answered 404 NOT_FOUND to the request for events of organizer 1001, page 1", "the message");
	TapSame(h->problem.detail, "It says: Words.", "the API's own words");
	refuse(&request, 503, "<html><title>x</title><body>Service <b>Unavailable</b></body></html>");
	TapSame(h->problem.detail, "The answer is not JSON but reads: Service Unavailable", "HTML in words");
	open_feed("{\"organization_ids\":[2001]}");
	next_request(&request);
	TapOk(refuse(&request, 404, ERROR_BODY(404, "NOT_FOUND")) == REFUSAL_FAIL && has(h->problem.hint, "belongs in organizer_ids"),
		  "an organization that is not found may be an organizer");
}

static void
test_failed_expansion(void)
{
	FeedRequest request;

	open_feed(CONFIG);
	next_request(&request);
	TapOk(refuse(&request, 500, ERROR_BODY(500, "EXPANSION_FAILED")) == REFUSAL_CHANGED, "an expansion failed");
	TapOk(next_request(&request) && has(request.url, "&expand=venue,organizer,event_sales_status&page=1") &&
		  !h->feed.incomplete, "ask for the essential ones");
	TapOk(refuse(&request, 500, ERROR_BODY(500, "EXPANSION_FAILED")) == REFUSAL_CHANGED, "these fail as well");
	TapOk(next_request(&request) && !has(request.url, "expand=") && h->feed.incomplete, "ask for none");
	TapOk(refuse(&request, 500, ERROR_BODY(500, "EXPANSION_FAILED")) == REFUSAL_FAIL && has(h->problem.hint, "\"expand\""),
		  "there is nothing left to leave out");
	TapEqual(h->nwarnings, 2, "each is told");
	open_feed("{\"organizer_ids\":[1],\"expand\":[\"venue\"]}");
	next_request(&request);
	refuse(&request, 500, ERROR_BODY(500, "EXPANSION_FAILED"));
	TapOk(next_request(&request) && !has(request.url, "expand="), "essential ones alone are not asked for again");
	open_feed("{\"organizer_ids\":[1],\"expand\":[]}");
	next_request(&request);
	TapOk(refuse(&request, 500, ERROR_BODY(500, "EXPANSION_FAILED")) == REFUSAL_FAIL, "none was asked for");
}

/* What is pointed to and not told is unknown this time; what is not pointed to is not there */
static void
test_partial_events(void)
{
	const Listing *l = map_event("\"venue_id\":\"880011\"");

	TapOk(l != NULL && l->is_partial && l->venue_name == NULL, "a venue's id without the venue: partial");
	l = map_event("\"organizer_id\":\"1001\",\"organizer\":null");
	TapOk(l != NULL && l->is_partial, "an organizer's id without the organizer: partial");
	l = map_event("\"venue_id\":null,\"venue\":null");
	TapOk(l != NULL && !l->is_partial, "no venue: whole");
	l = map_event("\"venue_id\":\"880011\",\"venue\":{\"name\":\"Salle\"}");
	TapOk(l != NULL && !l->is_partial, "a venue that is told: whole");
}

static void
test_lost_place(void)
{
	FeedRequest request;

	open_feed(CONFIG);
	next_request(&request);
	answer(&request, PAGE("a", "1"));
	next_request(&request);
	TapOk(refuse(&request, 400, ERROR_BODY(400, "BAD_CONTINUATION_TOKEN")) == REFUSAL_CHANGED, "a continuation is refused");
	TapOk(next_request(&request) && has(request.url, "page=1") && has(h->warnings, "begun again"), "the list is begun again");
	answer(&request, PAGE("a", "1"));
	TapOk(next_request(&request) && has(request.url, "continuation=a") && !h->feed.incomplete, "the same pages are no repetition");
	TapOk(refuse(&request, 400, ERROR_BODY(400, "BAD_CONTINUATION_TOKEN")) == REFUSAL_FAIL, "but once only");

	open_feed("{\"organizer_ids\":[1,2]}");
	next_request(&request);
	answer(&request, PAGE("a", "1"));
	next_request(&request);
	TapOk(refuse(&request, 400, ERROR_BODY(400, "BAD_PAGE")) == REFUSAL_END_OF_LIST, "a page beyond the end ends the list");
	TapOk(next_request(&request) && has(request.url, "/organizers/2/"), "and the next begins");
}

static void
test_lists_that_fail(void)
{
	FeedRequest request;

	open_feed("{\"organizer_ids\":[1,2,3]}");
	next_request(&request);
	TapOk(refuse(&request, 404, ERROR_BODY(404, "NOT_FOUND")) == REFUSAL_END_OF_LIST && h->feed.incomplete &&
		  has(h->warnings, "organizer 1"), "one of three is gone: the others go on, the run is incomplete");
	next_request(&request);
	answer(&request, "{\"events\":[{\"id\":\"1\"}]}");
	next_request(&request);
	TapOk(refuse(&request, 404, ERROR_BODY(404, "NOT_FOUND")) == REFUSAL_END_OF_LIST && !next_request(&request), "so is the last");
	open_feed("{\"organizer_ids\":[1,2]}");
	next_request(&request);
	refuse(&request, 404, ERROR_BODY(404, "NOT_FOUND"));
	next_request(&request);
	TapOk(refuse(&request, 404, ERROR_BODY(404, "NOT_FOUND")) == REFUSAL_FAIL, "all gone: the run fails");
}

/* ---- budget ---- */

static const char *
test_header(void *arg, const char *name)
{
	return strcmp(name, "X-Rate-Limit") == 0 ? arg : NULL;
}

static void
budget(char *header, long long wait, long long left, const char *name)
{
	int64_t		remaining = -7;
	int64_t		got = EventbriteConnector.budget(test_header, header, &remaining);

	TapOk(got == wait && remaining == left, "%s", name);
}

static void
test_budget(void)
{
	budget(NULL, 0, -1, "no header, no budget");
	budget("token:AB12CD 70/2000 reset=874s, key:EF34 70/2000 reset=874s", 0, 1930, "calls left");
	budget("token:AB12CD 1990/2000 reset=10s, key:EF34 70/2000 reset=874s", 0, 10, "the least of both");
	budget("token:AB12CD 2000/2000 reset=874s, key:EF34 2000/2000 reset=900s", 900, 0, "used up: wait for the later");
	budget("token:AB12CD 2010/2000 reset=5s", 5, 0, "more than used up");
	budget("token:AB/12 CD 1/2 reset=x", 0, 1, "a token with a slash");
	budget("nonsense reset=5", 0, -1, "nonsense");
	budget(" reset=5", 0, -1, "less than that");
	budget("", 0, -1, "nothing");
}

int
main(void)
{
	open_feed(CONFIG);
	test_fixture();
	test_bare_event();
	test_details_of_mapping();
	test_refusals();
	test_skips();
	open_feed(CONFIG);
	trap_1_description_is_not_the_description();
	trap_2_cancellation_hides_in_the_sales_status();
	trap_3_two_spellings();
	trap_4_series();
	trap_5_strings_of_numbers();
	trap_6_no_venue_yet();
	trap_7_past_events_linger();
	trap_8_published_before_created();
	trap_9_stale_copies();
	trap_10_volatile_image_urls();
	trap_11_drafts_come_to_owners();
	trap_12_entities_emoji_crlf_nbsp();
	trap_13_page_drift();
	open_feed(CONFIG);
	test_requests();
	test_lists();
	test_check();
	test_walk();
	test_stops();
	test_errors();
	test_failed_expansion();
	test_partial_events();
	test_lost_place();
	test_lists_that_fail();
	test_budget();
	HarnessClose(h);
	return TapDone();
}
