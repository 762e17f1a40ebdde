/*
 * test/unit/ticketmaster_test.c
 *
 * The Ticketmaster connector (src/feed/ticketmaster.h): every documented field
 * and where it goes, one test for each trap known of the API, named after it;
 * errors and configuration.  Windows and paging: ticketmaster_paging_test.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed/ticketmaster.h"
#include "feed_harness.h"

#define CONFIG "{\"market_id\":120}"
#define APIKEY "SECRETKEY1234567890abcdef"

/* An event as the API writes it; of repeated members the last one counts */
#define BASE_EVENT \
	"{\"name\":\"Une soir\\u00e9e\",\"type\":\"event\",\"id\":\"vvG18Z4m501KZN\",\"test\":false," \
	"\"url\":\"https://www.ticketmaster.ca/une-soiree-montreal/event/31006112C7D94F2A\",\"locale\":\"fr-ca\"," \
	"\"images\":[" \
	"{\"ratio\":\"3_2\",\"url\":\"https://s1.ticketm.net/dam/a/1_RETINA_PORTRAIT_3_2.jpg\",\"width\":640,\"height\":427,\"fallback\":false}," \
	"{\"ratio\":\"16_9\",\"url\":\"https://s1.ticketm.net/dam/a/1_TABLET_LANDSCAPE_16_9.jpg\",\"width\":1024,\"height\":576,\"fallback\":false}," \
	"{\"ratio\":\"16_9\",\"url\":\"https://s1.ticketm.net/dam/a/1_TABLET_LANDSCAPE_LARGE_16_9.jpg\",\"width\":2048,\"height\":1152,\"fallback\":false}]," \
	"\"sales\":{\"public\":{\"startDateTime\":\"2026-07-17T14:00:00Z\",\"startTBD\":false,\"startTBA\":false,\"endDateTime\":\"2026-10-18T00:00:00Z\"}," \
	"\"presales\":[{\"startDateTime\":\"2026-07-15T14:00:00Z\",\"endDateTime\":\"2026-07-17T03:59:00Z\",\"name\":\"Pr\\u00e9vente\"}]}," \
	"\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"localTime\":\"20:00:00\",\"dateTime\":\"2026-10-18T00:00:00Z\"," \
	"\"dateTBD\":false,\"dateTBA\":false,\"timeTBA\":false,\"noSpecificTime\":false}," \
	"\"timezone\":\"America/Toronto\",\"status\":{\"code\":\"onsale\"},\"spanMultipleDays\":false}," \
	"\"classifications\":[{\"primary\":true,\"segment\":{\"id\":\"KZFzniwnSyZfZ7v7nJ\",\"name\":\"Music\"}," \
	"\"genre\":{\"id\":\"KnvZfZ7vAeA\",\"name\":\"Rock\"},\"subGenre\":{\"id\":\"KZazBEonSMnZfZ7v6F1\",\"name\":\"Pop\"}," \
	"\"type\":{\"id\":\"KZAyXgnZfZ7v7nI\",\"name\":\"Undefined\"},\"subType\":{\"id\":\"KZFzBErXgnZfZ7v7lJ\",\"name\":\"Undefined\"},\"family\":false}]," \
	"\"promoter\":{\"id\":\"494\",\"name\":\"EVENKO\",\"description\":\"EVENKO / NTL / CAN\"}," \
	"\"_links\":{\"self\":{\"href\":\"/discovery/v2/events/vvG18Z4m501KZN?locale=fr-ca\"}}," \
	"\"_embedded\":{\"venues\":[{\"name\":\"MTELUS\",\"type\":\"venue\",\"id\":\"KovZpZAFkvEA\",\"test\":false," \
	"\"url\":\"https://www.ticketmaster.ca/mtelus-tickets-montreal/venue/131094\",\"postalCode\":\"H2X 1K9\"," \
	"\"timezone\":\"America/Toronto\",\"city\":{\"name\":\"Montr\\u00e9al \"},\"state\":{\"name\":\"Quebec\",\"stateCode\":\"QC\"}," \
	"\"country\":{\"name\":\"Canada\",\"countryCode\":\"CA\"},\"address\":{\"line1\":\"59 rue Sainte-Catherine Est\"}," \
	"\"location\":{\"longitude\":\"-73.56291\",\"latitude\":\"45.51079\"},\"upcomingEvents\":{\"_total\":7}}]," \
	"\"attractions\":[{\"name\":\"Le Groupe\",\"id\":\"K8vZ917C-07\",\"url\":\"https://www.ticketmaster.ca/le-groupe/artist/1\"," \
	"\"upcomingEvents\":{\"_total\":3}}]}"

#define START_UTC INT64_C(1792281600)	/* 2026-10-18 00:00 */
#define MIDNIGHT (START_UTC - 20 * 3600)	/* 2026-10-17 00:00 in Montréal */
#define DAY 86400

static Harness *h;

/* ---- helpers ---- */

static const char *
test_credential(void *arg, const char *name)
{
	return strcmp(name, "apikey") == 0 ? arg : NULL;
}

static void
open_feed(const char *config)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&TicketmasterConnector, config);
	h->feed.credential = test_credential;
	h->feed.credential_arg = APIKEY;
}

/* Push the event with more members; its listing, or NULL */
static const Listing *
map_event(const char *members)
{
	char	   *text = malloc(strlen(BASE_EVENT) + strlen(members) + 10);

	sprintf(text, "[%s%s%s}]", BASE_EVENT, members[0] != '\0' ? "," : "", members);
	HarnessRunText(h, text);
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

/* One column of a listing as text */
static const char *
column(const Listing *l, const char *name)
{
	static char text[4096];

	if (l == NULL)
		return "no listing";
#define COLUMN(member) if (strcmp(name, #member) == 0) return l->member
	COLUMN(source_id);
	COLUMN(title);
	COLUMN(description);
	COLUMN(url);
	COLUMN(image_url);
	COLUMN(timezone);
	COLUMN(venue_name);
	COLUMN(address);
	COLUMN(city);
	COLUMN(region);
	COLUMN(postal_code);
	COLUMN(country);
	COLUMN(organizer);
	COLUMN(category);
	COLUMN(language);
	COLUMN(price_min);
	COLUMN(price_max);
	COLUMN(currency);
	COLUMN(series_id);
	COLUMN(revision);
#undef COLUMN
	if (strcmp(name, "status") == 0)
		return ListingStatusName(l->status);
	if (strcmp(name, "start_precision") == 0)
		return StartPrecisionName(l->start_precision);
	text[0] = '\0';
	if (strcmp(name, "tags") == 0)
		for (int i = 0; i < l->ntags; i++)
			sprintf(text + strlen(text), "%s%s", i > 0 ? "," : "", l->tags[i]);
	else if (strcmp(name, "location") == 0)
		sprintf(text, "%.5f %.5f", l->latitude, l->longitude);
	else if (strcmp(name, "starts_at") == 0 || strcmp(name, "ends_at") == 0)
	{
		FeedTime	time = name[0] == 's' ? l->starts_at : l->ends_at;

		if (time == FEED_TIME_UNKNOWN)
			return NULL;
		sprintf(text, "%+lld", (long long) (time - START_UTC));
	}
	else if (strcmp(name, "all_day") == 0)
		return l->all_day ? "yes" : "no";
	else if (strcmp(name, "is_free") == 0)
		return l->is_free == TRI_UNKNOWN ? NULL : l->is_free == TRI_TRUE ? "yes" : "no";
	else
	{
		/* an attribute: its JSON text */
		const char *at = l->attributes;
		size_t		depth = 0;
		size_t		length = 0;
		bool		in_string = false;

		sprintf(text, "\"%s\":", name);
		at = at == NULL ? NULL : strstr(at, text);
		if (at == NULL)
			return NULL;
		at += strlen(text);
		for (; in_string || depth > 0 || strchr(",}", at[length]) == NULL; length++)
		{
			if (at[length] == '"')
				in_string = !in_string;
			else if (!in_string)
				depth += strchr("[{", at[length]) != NULL ? 1 : strchr("]}", at[length]) != NULL ? -1 : 0;
		}
		sprintf(text, "%.*s", (int) length, at);
	}
	return text;
}

/* ---- fields ---- */

static const struct
{
	const char *members;		/* that override the base event's */
	const char *column;
	const char *value;
	const char *name;
}			fields[] = {
	{"", "source_id", "vvG18Z4m501KZN", "id"},
	{"", "title", "Une soirée", "name"},
	{"\"name\":\" Rock &amp; Roll \"", "title", "Rock & Roll", "name, with entities and blanks around"},
	{"", "url", "https://www.ticketmaster.ca/une-soiree-montreal/event/31006112C7D94F2A", "url"},
	{"\"url\":\"javascript:alert(1)\"", "url", NULL, "url that is none"},
	{"", "language", "fr-CA", "locale"},
	{"\"locale\":\"en-us\"", "language", "en-US", "locale of another country"},
	{"\"locale\":\"x\"", "language", NULL, "locale that is none"},
	{"", "image_url", "https://s1.ticketm.net/dam/a/1_TABLET_LANDSCAPE_16_9.jpg", "images: 16_9, sharp and no larger"},
	{"\"images\":[{\"ratio\":\"16_9\",\"url\":\"https://a.net/g.jpg\",\"width\":1024,\"fallback\":true},"
		"{\"ratio\":\"3_2\",\"url\":\"https://a.net/o.jpg\",\"width\":305,\"fallback\":false}]",
		"image_url", "https://a.net/o.jpg", "images: one's own before the genre's"},
	{"\"images\":[{\"ratio\":\"16_9\",\"url\":\"https://a.net/s.jpg\",\"width\":100,\"fallback\":false},"
		"{\"ratio\":\"16_9\",\"url\":\"https://a.net/m.jpg\",\"width\":640,\"fallback\":false}]",
		"image_url", "https://a.net/m.jpg", "images: of small ones the largest"},
	{"\"images\":[]", "image_url", NULL, "images: none"},
	{"", "starts_at", "+0", "dates.start.dateTime"},
	{"", "start_precision", "minute", "dates.start.localTime"},
	{"", "all_day", "no", "dates.start.noSpecificTime: false"},
	{"", "timezone", "America/Toronto", "dates.timezone"},
	{"\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"localTime\":\"20:00:00\"},\"timezone\":\"America/Toronto\"}",
		"starts_at", "+0", "dates.start.localDate and localTime alone"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"end\":{\"dateTime\":\"2026-10-18T03:00:00Z\"}}",
		"ends_at", "+10800", "dates.end.dateTime"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"end\":{\"localDate\":\"2026-10-17\",\"localTime\":\"23:00:00\"}}",
		"ends_at", "+10800", "dates.end.localDate and localTime"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"end\":{\"approximate\":true,\"noSpecificTime\":true}}",
		"ends_at", NULL, "dates.end with its flags only"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"end\":{\"dateTime\":\"2026-10-18T03:00:00Z\",\"approximate\":true}}",
		"end_approximate", "true", "dates.end.approximate"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"end\":{\"localDate\":\"2026-10-19\",\"noSpecificTime\":true}}",
		"end_date", "\"2026-10-19\"", "dates.end.localDate without a time"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"end\":{\"dateTime\":\"2026-10-17T03:00:00Z\"}}",
		"ends_at", NULL, "dates.end before the start"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"access\":{\"startDateTime\":\"2026-10-17T23:00:00Z\"}}",
		"access_starts_at", "\"2026-10-17T23:00:00Z\"", "dates.access"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"initialStartDate\":{\"localDate\":\"2026-05-01\",\"dateTime\":\"2026-05-02T00:00:00Z\"}}",
		"initial_start", "\"2026-05-02T00:00:00Z\"", "dates.initialStartDate"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"spanMultipleDays\":true}",
		"span_multiple_days", "true", "dates.spanMultipleDays"},
	{"", "status", "scheduled", "dates.status.code onsale"},
	{"", "sale_status", "\"onsale\"", "  kept as it is"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"status\":{\"code\":\"offsale\"}}", "status", "scheduled", "dates.status.code offsale"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"status\":{\"code\":\"postponed\"}}", "status", "postponed", "dates.status.code postponed"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"status\":{\"code\":\"rescheduled\"}}", "status", "rescheduled", "dates.status.code rescheduled"},
	{"\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"},\"status\":{}}", "status", "scheduled", "dates.status without a code"},
	{"", "sale_starts_at", "\"2026-07-17T14:00:00Z\"", "sales.public.startDateTime"},
	{"", "sale_ends_at", "\"2026-10-18T00:00:00Z\"", "sales.public.endDateTime"},
	{"", "presales", "[{\"name\":\"Prévente\",\"startDateTime\":\"2026-07-15T14:00:00Z\",\"endDateTime\":\"2026-07-17T03:59:00Z\"}]", "sales.presales"},
	{"", "category", "Music", "classifications: segment"},
	{"", "tags", "Rock,Pop", "classifications: genre and subGenre, no placeholders"},
	{"\"classifications\":[{\"primary\":false,\"segment\":{\"name\":\"Film\"}},{\"primary\":true,\"segment\":{\"name\":\"Sports\"},"
		"\"genre\":{\"name\":\"Soccer\"},\"subGenre\":{\"name\":\"Soccer\"},\"type\":{\"name\":\"Group\"},\"subType\":{\"name\":\"Team\"}}]",
		"tags", "Soccer,Group,Team", "classifications: the primary one, each name once"},
	{"\"classifications\":[{\"segment\":{\"name\":\"Miscellaneous\"},\"genre\":{\"name\":\"Community/Civic\"},\"subGenre\":{\"name\":\"Other\"}}]",
		"category", "Community/Civic", "classifications: a placeholder for a segment"},
	{"\"classifications\":[{\"segment\":{\"name\":\"Undefined\"},\"genre\":{\"name\":\"Undefined\"}}]", "category", NULL, "classifications: nothing but placeholders"},
	{"\"classifications\":[{\"segment\":{\"name\":\"Music\"},\"family\":true}]", "family", "true", "classifications: family"},
	{"", "organizer", "EVENKO", "promoter.name"},
	{"\"promoter\":{\"id\":\"494\",\"name\":\"PROMOTED BY VENUE\"}", "organizer", NULL, "promoter that names nobody"},
	{"\"promoter\":{\"id\":\"653\"}", "organizer", NULL, "promoter without a name"},
	{"\"promoter\":{\"id\":\"653\"}", "promoter_id", "\"653\"", "promoter.id"},
	{"\"promoter\":null,\"promoters\":[{\"id\":\"1\",\"name\":\"AEG LIVE\"}]", "organizer", "AEG LIVE", "promoters"},
	{"\"description\":\"Long.\",\"info\":\"Short.\"", "description", "Long.", "description"},
	{"\"description\":\"Long.\",\"info\":\"Short.\"", "info", "\"Short.\"", "info beside a description"},
	{"\"info\":\"Doors\\r\\nat 7.\"", "description", "Doors\nat 7.", "info"},
	{"\"pleaseNote\":\"No cameras.\"", "please_note", "\"No cameras.\"", "pleaseNote"},
	{"\"additionalInfo\":\"More.\"", "additional_info", "\"More.\"", "additionalInfo"},
	{"\"ageRestrictions\":{\"legalAgeEnforced\":true,\"ageRuleDescription\":\"19 & Over\"}", "age_restriction", "\"19 & Over\"", "ageRestrictions.ageRuleDescription"},
	{"\"ageRestrictions\":{\"legalAgeEnforced\":true}", "legal_age_enforced", "true", "ageRestrictions.legalAgeEnforced"},
	{"\"ticketLimit\":{\"info\":\"8 tickets\"}", "ticket_limit", "\"8 tickets\"", "ticketLimit"},
	{"\"accessibility\":{\"info\":\"Ramp\"}", "accessibility", "\"Ramp\"", "accessibility"},
	{"\"seatmap\":{\"staticUrl\":\"https://a.net/map.gif\"}", "seatmap_url", "\"https://a.net/map.gif\"", "seatmap"},
	{"\"doorsTimes\":{\"localDate\":\"2026-10-17\",\"dateTime\":\"2026-10-17T23:00:00Z\"}", "doors_at", "\"2026-10-17T23:00:00Z\"", "doorsTimes"},
	{"", "attractions", "[{\"id\":\"K8vZ917C-07\",\"name\":\"Le Groupe\",\"url\":\"https://www.ticketmaster.ca/le-groupe/artist/1\"}]", "_embedded.attractions"},
	{"", "venue_name", "MTELUS", "venue: name"},
	{"", "address", "59 rue Sainte-Catherine Est", "venue: address.line1"},
	{"", "city", "Montréal", "venue: city.name"},
	{"", "region", "QC", "venue: state.stateCode"},
	{"", "postal_code", "H2X 1K9", "venue: postalCode"},
	{"", "country", "CA", "venue: country.countryCode"},
	{"", "location", "45.51079 -73.56291", "venue: location"},
	{"", "venue_id", "\"KovZpZAFkvEA\"", "venue: id"},
	{"", "venue_url", "\"https://www.ticketmaster.ca/mtelus-tickets-montreal/venue/131094\"", "venue: url"},
	{"\"_embedded\":{\"venues\":[{\"address\":{\"line1\":\"A\",\"line2\":\"B\"},\"state\":{\"name\":\"Quebec\"}}]}", "address", "A, B", "venue: address.line2"},
	{"\"_embedded\":{\"venues\":[{\"address\":{\"line1\":\"A\",\"line2\":\"B\"},\"state\":{\"name\":\"Quebec\"}}]}", "region", "Quebec", "venue: state.name"},
	{"\"_embedded\":{\"venues\":[{\"location\":{\"latitude\":\"0\",\"longitude\":\"0\"}}]}", "location", "nan nan", "venue: location nowhere"},
	{"\"_embedded\":null,\"place\":{\"name\":\"Le parc\",\"city\":{\"name\":\"Laval\"}}", "venue_name", "Le parc", "place"},
	{"\"priceRanges\":[{\"type\":\"standard\",\"currency\":\"CAD\",\"min\":45,\"max\":300.5}]", "price_min", "45.00", "priceRanges: min"},
	{"\"priceRanges\":[{\"type\":\"standard\",\"currency\":\"CAD\",\"min\":45,\"max\":300.5}]", "price_max", "300.50", "priceRanges: max"},
	{"\"priceRanges\":[{\"type\":\"standard\",\"currency\":\"CAD\",\"min\":45,\"max\":50},{\"currency\":\"CAD\",\"min\":20,\"max\":90},{\"currency\":\"USD\",\"min\":1,\"max\":999}]",
		"price_max", "90.00", "priceRanges: several"},
	{"\"priceRanges\":[{\"currency\":\"CAD\",\"min\":19.99,\"max\":19.99}]", "price_min", "19.99", "priceRanges: no binary fraction"},
	{"\"priceRanges\":[{\"currency\":\"CAD\",\"min\":45,\"max\":50}]", "currency", "CAD", "priceRanges: currency"},
	{"\"priceRanges\":[{\"currency\":\"CAD\",\"min\":45,\"max\":50}]", "is_free", "no", "priceRanges: not free"},
	{"\"priceRanges\":[{\"currency\":\"JPY\",\"min\":4500,\"max\":4500}]", "price_min", "4500", "priceRanges: a currency without cents"},
};

static void
test_fields(void)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
	{
		const char *value = column(map_event(fields[i].members), fields[i].column);

		if (strcmp(fields[i].column, "location") == 0 && value[0] == '-')
			value = "nan nan";
		TapSame(value, fields[i].value, fields[i].name);
	}
	refuses("\"name\":5", "name", "a name that is a number refuses the event");
	refuses("\"name\":\"  \"", "name", "an empty name refuses the event");
	refuses("\"dates\":{\"start\":{\"localDate\":\"2026-02-30\"}}", "dates.start.localDate", "a date that is none refuses it");
	refuses("\"dates\":{\"start\":{\"dateTime\":\"soon\"}}", "dates.start.dateTime", "a time that is none refuses it");
	refuses("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"localTime\":\"25:00\"}}", "dates.start.localTime", "an hour that is none refuses it");
	refuses("\"_embedded\":{\"venues\":[{\"city\":\"Laval\"}]}", "_embedded.venues[0].city", "a city that is a text refuses it");
	refuses("\"_embedded\":{\"venues\":[5]}", "_embedded.venues[0]", "a venue that is a number refuses it");
}

/* ---- traps ---- */

static void
trap_1_embedded_missing(void)
{
	HarnessRunText(h, "{\"_links\":{\"self\":{\"href\":\"/discovery/v2/events.json\"}},"
				   "\"page\":{\"size\":200,\"totalElements\":0,\"totalPages\":0,\"number\":0}}");
	TapOk(h->page_ok && h->nitems == 0, "trap 1: a page without _embedded is an empty one");
	HarnessRunText(h, "{\"hello\":\"world\"}");
	TapOk(!h->page_ok && h->problem.error_class == ERROR_CLASS_PARSE, "trap 1: what has no paging either is no page");
	TapSame(column(map_event("\"_embedded\":null"), "venue_name"), NULL, "trap 1: an event without _embedded");
}

static void
trap_2_both_spellings_of_cancelled(void)
{
	TapSame(column(map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\"},\"status\":{\"code\":\"cancelled\"}}"), "status"),
			"cancelled", "trap 2: cancelled");
	TapSame(column(map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\"},\"status\":{\"code\":\"canceled\"}}"), "status"),
			"cancelled", "trap 2: canceled");
}

static void
trap_3_strings_for_coordinates_and_blanks(void)
{
	const Listing *l = map_event("\"_embedded\":{\"venues\":[{\"city\":{\"name\":\" Laval \"},"
								 "\"location\":{\"latitude\":\"45.60\",\"longitude\":\"-73.70\"}}]}");

	TapSame(column(l, "location"), "45.60000 -73.70000", "trap 3: coordinates are strings");
	TapSame(column(l, "city"), "Laval", "trap 3: blanks around a city");
	l = map_event("\"_embedded\":{\"venues\":[{\"location\":{\"latitude\":45.6,\"longitude\":-73.7}}]}");
	TapSame(column(l, "location"), "45.60000 -73.70000", "trap 3: or numbers");
}

static void
trap_4_undated_events(void)
{
	const Listing *l = map_event("\"dates\":{\"start\":{\"dateTBA\":true,\"timeTBA\":true},\"status\":{\"code\":\"postponed\"},"
								 "\"initialStartDate\":{\"localDate\":\"2026-05-01\"}}");

	TapSame(column(l, "starts_at"), NULL, "trap 4: a date to be announced is unknown");
	TapSame(column(l, "start_precision"), "unknown", "trap 4: and said to be");
	TapSame(column(l, "status"), "postponed", "trap 4: the event is listed");
	TapSame(column(l, "initial_start"), "\"2026-05-01\"", "trap 4: with the date it had");
	l = map_event("\"dates\":{\"start\":{\"localDate\":\"2026-12-31\",\"dateTBD\":true}}");
	TapSame(column(l, "starts_at"), NULL, "trap 4: the date of an event to be determined is a stand-in");
	TapSame(column(l, "tentative_date"), "\"2026-12-31\"", "trap 4: kept as such");
	l = map_event("\"dates\":{\"status\":{\"code\":\"postponed\"}}");
	TapSame(column(l, "start_precision"), "unknown", "trap 4: no start at all");
	h->feed.window_start = START_UTC;
	h->feed.window_end = START_UTC + DAY;
	TapOk(map_event("\"dates\":{\"start\":{\"dateTBA\":true}}") != NULL, "trap 4: is in every window");
	open_feed(CONFIG);
}

static void
trap_5_resale(void)
{
	TapSame(skip_reason("\"id\":\"Z7r9jZ1AeqbGa\""), "resale", "trap 5: an id of the resale system");
	TapSame(skip_reason("\"url\":\"http://www.ticketsnow.com/InventoryBrowse/TicketList.aspx?PID=2\""), "resale",
			"trap 5: a page of the resale system");
	TapOk(map_event("\"url\":\"http://www.notticketsnow.com/x\"") != NULL, "trap 5: not one that sounds like it");
	TapSame(column(map_event("\"sales\":{\"public\":{\"startDateTime\":\"1900-01-01T18:00:00Z\"}}"), "sale_starts_at"),
			NULL, "trap 5: a sale that began in 1900 is a placeholder");
	TapSame(column(map_event("\"dates\":{\"start\":{\"dateTime\":\"2026-10-18T00:00:00Z\"}}"), "timezone"),
			"America/Toronto", "trap 5: without a zone the venue's counts");
	open_feed("{\"market_id\":120,\"sources\":[\"ticketmaster\",\"tmr\"]}");
	TapOk(map_event("\"id\":\"Z7r9jZ1AeqbGa\"") != NULL, "trap 5: listed where it is asked for");
	open_feed(CONFIG);
}

static void
trap_6_add_ons(void)
{
	static const char *const add_ons[] = {
		"Parking: 8th Annual Beerfest", "PARKING - Le Groupe", "Susquehanna Breakdown RV Pass",
		"OSEA Membership Registration", "TXRD Lonestar Rollergirls 2016 Regular Season Pass",
		"Broncos Season Tickets", "Luke Combs Baptist Church Parking Lot", "Stationnement: Le Groupe"
	};
	static const char *const events[] = {
		"The Parking Lot Sessions", "Parkington Sisters", "Houston Texans 2019 Training Camp", "Shuttle",
		"Season of the Witch", "Membership Appreciation Day Concert"
	};
	char		members[200];

	for (size_t i = 0; i < sizeof(add_ons) / sizeof(add_ons[0]); i++)
	{
		sprintf(members, "\"name\":\"%s\"", add_ons[i]);
		TapSame(skip_reason(members), "add_on", add_ons[i]);
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
	{
		sprintf(members, "\"name\":\"%s\"", events[i]);
		TapOk(map_event(members) != NULL, "trap 6: an event: %s", events[i]);
	}
	TapSame(skip_reason("\"classifications\":[{\"primary\":true,\"segment\":{\"name\":\"Miscellaneous\"},\"type\":{\"name\":\"Upsell\"}}]"),
			"add_on", "trap 6: by its classification");
	TapSame(skip_reason("\"test\":true"), "test", "trap 6: a test is no event either");
}

static void
trap_8_case_of_ids(void)
{
	HarnessRunText(h, "[" BASE_EVENT "}," BASE_EVENT ",\"id\":\"vvG18Z4m501Kzn\"}]");
	TapEqual(h->nlistings, 2, "trap 8: ids that differ in case are two");
	TapOk(strcmp(h->items[0].record.source_id, h->items[1].record.source_id) != 0, "trap 8: and stay so");
}

static void
trap_9_local_date_without_time(void)
{
	const Listing *l = map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"timeTBA\":true},\"timezone\":\"America/Toronto\"}");

	TapEqual(l == NULL ? 0 : l->starts_at, MIDNIGHT, "trap 9: the day begins at midnight there");
	TapSame(column(l, "start_precision"), "day", "trap 9: its hour is not known");
	TapSame(column(l, "all_day"), "no", "trap 9: though it has one");
	TapSame(column(l, "ends_at"), NULL, "trap 9: its end is not known either");
	l = map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"noSpecificTime\":true},"
				  "\"end\":{\"localDate\":\"2026-10-19\",\"noSpecificTime\":true},\"timezone\":\"America/Toronto\"}");
	TapSame(column(l, "all_day"), "yes", "trap 9: no specific time is all day");
	TapEqual(l == NULL ? 0 : l->ends_at, MIDNIGHT + 3 * DAY, "trap 9: to the end of the last day");
	l = map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"noSpecificTime\":true},\"timezone\":\"America/Toronto\"}");
	TapEqual(l == NULL ? 0 : l->ends_at, MIDNIGHT + DAY, "trap 9: or of the only one");
	l = map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\",\"localTime\":\"03:00:00\",\"dateTime\":\"2026-10-17T07:00:00Z\",\"timeTBA\":true}}");
	TapSame(column(l, "start_precision"), "day", "trap 9: an hour to be announced is a stand-in");
	refuses("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\"}},\"_embedded\":null", "dates.timezone",
			"trap 9: a date of no zone is no time");
	h->feed.window_start = MIDNIGHT + DAY / 2;
	h->feed.window_end = MIDNIGHT + 30 * DAY;
	TapOk(map_event("\"dates\":{\"start\":{\"localDate\":\"2026-10-17\"},\"timezone\":\"America/Toronto\"}") != NULL,
		  "trap 9: a day is past when it is over");
	h->feed.window_start = MIDNIGHT + 2 * DAY;
	TapSame(skip_reason(""), "past", "trap 9: what is over is past");
	open_feed(CONFIG);
}

/* The hash of the event's bytes with more members */
static uint64_t
hash_of(const char *members)
{
	map_event(members);
	return h->items[0].record.raw_hash;
}

static void
trap_10_no_mark_of_change(void)
{
	uint64_t	hash = hash_of("");
	uint64_t	content = ListingHash(map_event(""), true);

	TapSame(column(map_event(""), "revision"), NULL, "trap 10: there is no mark of change");
	TapOk(hash_of("\"distance\":8.77,\"units\":\"MILES\"") == hash && hash_of("\"_links\":{}") == hash,
		  "trap 10: distance and links are noise");
	TapOk(hash_of("\"info\":\"New.\"") != hash, "trap 10: a new text is none");
	TapOk(ListingHash(map_event("\"images\":["
								"{\"ratio\":\"16_9\",\"url\":\"https://s1.ticketm.net/dam/a/1_TABLET_LANDSCAPE_LARGE_16_9.jpg\",\"width\":2048,\"fallback\":false},"
								"{\"ratio\":\"16_9\",\"url\":\"https://s1.ticketm.net/dam/a/1_TABLET_LANDSCAPE_16_9.jpg\",\"width\":1024,\"fallback\":false}]"), true) == content,
		  "trap 10: images in another order are no change");
	TapOk(ListingHash(map_event("\"info\":\"New.\""), true) != content, "trap 10: a new text is one");
}

static void
trap_11_price_ranges_gone(void)
{
	const Listing *l = map_event("");

	TapOk(l != NULL && l->price_min == NULL && l->currency == NULL && l->is_free == TRI_UNKNOWN,
		  "trap 11: without priceRanges nothing is known of prices");
	l = map_event("\"priceRanges\":[{\"currency\":\"CAD\",\"min\":0,\"max\":0}]");
	TapOk(l != NULL && l->is_free == TRI_UNKNOWN, "trap 11: a price of 0 does not say that it is free");
}

static void
trap_13_nights_of_a_show(void)
{
	TapSame(column(map_event(""), "series_id"), NULL, "trap 13: nights share no key but the attraction");
}

static void
test_payloads(void)
{
	HarnessRunText(h, "{\"_embedded\":{\"events\":[" BASE_EVENT "}]},\"page\":{\"size\":20,\"totalElements\":1,\"totalPages\":1,\"number\":0}}");
	TapEqual(h->nlistings, 1, "a page that is pushed");
	HarnessRunText(h, BASE_EVENT "}");
	TapEqual(h->nlistings, 1, "one event that is pushed");
	HarnessRunText(h, "[" BASE_EVENT "},{\"name\":\"x\"},{\"id\":[]},5,{\"id\":\"a\",\"name\":\"\xff\"}]");
	TapEqual(h->nlistings * 10 + h->nrefused, 14, "bad records among good ones are refused alone");
	TapSame(h->items[4].record.source_id, "a", "and known by their id where it is good");
	TapEqual(h->items[4].record.problem.error_class, ERROR_CLASS_PARSE, "bad bytes are not JSON");
	HarnessRunText(h, "<html>Maintenance</html>");
	TapOk(!h->page_ok && h->problem.error_class == ERROR_CLASS_PARSE, "HTML is no page");
}

/* ---- errors and budget ---- */

static void
refuse(int status, const char *body)
{
	FeedRequest request;
	FeedRefusal refusal = {status, "application/json", body, strlen(body)};
	Problem		problem = {0};

	TicketmasterConnector.next_request(&h->feed, &request, &problem);
	memset(&problem, 0, sizeof(problem));
	TapEqual(TicketmasterConnector.refused(&h->feed, &request, &refusal, &problem), REFUSAL_FAIL, body);
	h->problem = problem;
	TapOk(strstr(problem.message, APIKEY) == NULL && strstr(problem.detail, APIKEY) == NULL &&
		  strstr(problem.hint, APIKEY) == NULL, "  without the key");
}

static void
test_errors(void)
{
	refuse(401, "{\"fault\":{\"faultstring\":\"Invalid ApiKey\",\"detail\":{\"errorcode\":\"oauth.v2.InvalidApiKey\"}}}");
	TapEqual(h->problem.error_class, ERROR_CLASS_AUTH, "  a bad key is a matter of authentication");
	TapOk(strstr(h->problem.hint, "ingest_set_credential") != NULL, "  and what to do is said");
	refuse(429, "{\"fault\":{\"faultstring\":\"Rate limit quota violation. Quota limit  exceeded. Identifier : " APIKEY
		   "\",\"detail\":{\"errorcode\":\"policies.ratelimit.QuotaViolation\"}}}");
	TapEqual(h->problem.error_class, ERROR_CLASS_RATE_LIMIT, "  the day's quota");
	TapOk(strstr(h->problem.hint, "5000 calls a day") != NULL, "  which is explained");
	refuse(429, "{\"fault\":{\"faultstring\":\"Spike arrest violation. Allowed rate : 5ps\",\"detail\":{\"errorcode\":\"policies.ratelimit.SpikeArrestViolation\"}}}");
	TapEqual(h->problem.error_class, ERROR_CLASS_RATE_LIMIT, "  the rate");
	TapOk(strstr(h->problem.hint, "requests_per_second") != NULL, "  which can be lowered");
	refuse(400, "{\"errors\":[{\"code\":\"DIS1015\",\"detail\":\"Query param with date must be of valid format\",\"status\":\"400 BAD_REQUEST\","
		   "\"_links\":{\"self\":{\"href\":\"/discovery/v2/errors.html#DIS1015\"}}}]}");
	TapEqual(h->problem.error_class, ERROR_CLASS_CONFIG, "  a parameter that is not taken");
	TapOk(strstr(h->problem.message, "DIS1015") != NULL && strstr(h->problem.detail, "Query param with date") != NULL, "  is told");
	refuse(404, "{\"errors\":[{\"code\":\"DIS1004\",\"detail\":\"Resource not found with provided criteria (locale=en-us, id=unknown)\",\"status\":\"404\","
		   "\"_links\":{\"about\":{\"href\":\"/discovery/v2/errors.html#DIS1004\"}}}]}");
	TapEqual(h->problem.error_class, ERROR_CLASS_CONFIG, "  a place where nothing is");
	refuse(403, "{\"fault\":{\"faultstring\":\"Forbidden\",\"detail\":{}}}");
	TapEqual(h->problem.error_class, ERROR_CLASS_AUTH, "  what the key does not allow");
	refuse(403, "<html><body>Access Denied</body></html>");
	TapEqual(h->problem.error_class, ERROR_CLASS_UPSTREAM, "  a guard before the API");
	refuse(503, "<html><h1>Service Unavailable</h1></html>");
	TapEqual(h->problem.error_class, ERROR_CLASS_UPSTREAM, "  an API that is down");
	TapOk(strstr(h->problem.detail, "Service Unavailable") != NULL, "  in its words");
	refuse(500, "");
	TapEqual(h->problem.error_class, ERROR_CLASS_UPSTREAM, "  and one that says nothing");
	open_feed(CONFIG);
	h->feed.credential_arg = NULL;
	{
		FeedRequest request;
		Problem		problem = {0};

		TapOk(!TicketmasterConnector.next_request(&h->feed, &request, &problem) &&
			  problem.error_class == ERROR_CLASS_AUTH && strcmp(problem.field, "apikey") == 0, "no key: no request");
	}
	open_feed(CONFIG);
}

static const char *
test_header(void *arg, const char *name)
{
	const char *const *headers = arg;

	return strcmp(name, "Rate-Limit-Available") == 0 ? headers[0] :
		strcmp(name, "Rate-Limit-Reset") == 0 ? headers[1] : NULL;
}

static int64_t
budget(const char *available, const char *reset, int64_t *remaining)
{
	const char *headers[] = {available, reset};

	return TicketmasterConnector.budget(test_header, headers, remaining);
}

static void
test_budget(void)
{
	char		reset[40];
	int64_t		remaining;
	int64_t		wait;

	sprintf(reset, "%lld", ((long long) time(NULL) + 600) * 1000);
	TapOk(budget("4997", reset, &remaining) == 0 && remaining == 4997, "calls are left");
	wait = budget("0", reset, &remaining);
	TapOk(remaining == 0 && wait >= 595 && wait <= 601, "none is left: the reset is in milliseconds");
	TapOk(budget(NULL, NULL, &remaining) == 0 && remaining == -1, "nothing is said");
	TapOk(budget("x", "y", &remaining) == 0 && remaining == -1, "nothing that makes sense");
}

/* ---- configuration ---- */

static char complaints[4096];
static int	ncomplaints;

static void
complain(void *arg, const char *key, const char *expected)
{
	ncomplaints++;
	sprintf(complaints + strlen(complaints), "%s;", key);
}

/* The keys that a configuration is complained of */
static const char *
check(const char *json)
{
	Arena	   *arena = ArenaCreate();
	Config	   *config;

	complaints[0] = '\0';
	ncomplaints = 0;
	config = ConfigParse(arena, TicketmasterConnector.keys, json, strlen(json), complain, NULL);
	if (ncomplaints == 0)
		TicketmasterConnector.check(config, complain, NULL);
	ArenaFree(arena);
	return complaints;
}

static void
test_config(void)
{
	TapSame(check("{\"market_id\":120}"), "", "a market");
	TapSame(check("{\"market_id\":\"120\",\"locale\":\"fr-ca,en-ca,*\"}"), "", "a market as a text, languages");
	TapSame(check("{\"dma_id\":522,\"segment_ids\":[\"KZFzniwnSyZfZ7v7nJ\"],\"sources\":[\"universe\"]}"), "", "a market area, segments, sources");
	TapSame(check("{\"city\":\"Montréal\",\"country\":\"CA\"}"), "", "a city");
	TapSame(check("{\"geo_point\":\"45.5,-73.57\",\"radius\":30}"), "", "a point");
	TapSame(check("{\"geo_point\":\"f25dvk\"}"), "", "a geohash");
	TapSame(check("{}"), "market_id;", "no place at all");
	TapSame(check("{\"market_id\":\"Montréal\",\"country\":\"Canada\",\"radius\":5,\"sources\":[\"stubhub\"],\"locale\":\"french\"}"),
			"market_id;country;radius;locale;sources;", "five mistakes are told together");
	TapSame(check("{\"geo_point\":\"95,-73\"}"), "geo_point;", "a point that is not on Earth");
	TapSame(check("{\"geo_point\":\"Montréal\"}"), "geo_point;", "a point that is none");
	TapSame(check("{\"geo_point\":\"0x10,nan\"}"), "geo_point;", "nor is what C takes for a number");
	TapSame(check("{\"market_id\":120,\"page_size\":201,\"segment_ids\":5.5,\"apikey\":\"x\"}"),
			"apikey;segment_ids;page_size;", "bounds, types and unknown keys");
	TapSame(check("{\"market_id\":120,\"locale\":\"*,fr-ca\"}"), "locale;", "* comes last");
	TapSame(check("{\"market_id\":120,\"sources\":[]}"), "sources;", "no source at all");
}

int
main(void)
{
	open_feed(CONFIG);
	test_fields();
	trap_1_embedded_missing();
	trap_2_both_spellings_of_cancelled();
	trap_3_strings_for_coordinates_and_blanks();
	trap_4_undated_events();
	trap_5_resale();
	trap_6_add_ons();
	trap_8_case_of_ids();
	trap_9_local_date_without_time();
	trap_10_no_mark_of_change();
	trap_11_price_ranges_gone();
	trap_13_nights_of_a_show();
	test_payloads();
	test_errors();
	test_budget();
	test_config();
	HarnessClose(h);
	return TapDone();
}
