/*
 * test/unit/jsonld_test.c
 *
 * The jsonld connector: each property of schema.org/Event to its column, each
 * trap that publishers set, and the crawl from page to page.
 */
#include "feed_harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const Connector JsonldConnector;

#define SCRIPT(json) "<script type=\"application/ld+json\">" json "</script>"
#define EVENT(members) \
	"{\"@context\":\"https://schema.org\",\"@type\":\"Event\",\"name\":\"Fête\"," \
	"\"url\":\"https://example.org/e/1\",\"startDate\":\"2027-07-03T19:30\"" members "}"

#define ANY "{\"urls\":[\"https://example.org/\"]}"

static Harness *h;

static void
open_with(const char *config)
{
	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&JsonldConnector, config);
	h->feed.default_timezone = "America/Toronto";
}

static void
take(const char *text)
{
	open_with(ANY);
	HarnessRunText(h, text);
}

/* The only listing of a text; never NULL */
static const Listing *
only(const char *text)
{
	static const Listing none;

	take(text);
	if (h->nlistings == 1)
		return &h->items[0].listing;
	printf("# %d listings, %d refused, %d skipped: %s\n", h->nlistings, h->nrefused, h->nskipped, h->warnings);
	return &none;
}

/* "2027-03-01T19:00:00Z" of an instant */
static const char *
show(FeedTime time)
{
	static char text[4][32];
	static int	turn;
	int64_t		days = time / 86400 - (time % 86400 < 0);
	int			second = (int) (time - days * 86400);
	int64_t		year;
	int			month,
				day;

	if (time == FEED_TIME_UNKNOWN)
		return "unknown";
	turn = (turn + 1) % 4;
	DaysToCivil(days, &year, &month, &day);
	snprintf(text[turn], sizeof(text[0]), "%04d-%02d-%02dT%02d:%02d:%02dZ", (int) year, month, day,
			 second / 3600, second / 60 % 60, second % 60);
	return text[turn];
}

/* ---- every documented property ---- */

static void
test_every_property(void)
{
	const Listing *l = only(
		"<html lang=\"fr-CA\"><head><link rel=\"canonical\" href=\"https://example.org/e/1\">"
		SCRIPT("{\"@context\":\"https://schema.org\",\"@type\":\"MusicEvent\",\"@id\":\"https://example.org/e/1#event\","
			   "\"name\":\"Caf&eacute; &amp; Jazz\",\"url\":\"https://example.org/e/1?utm_source=x\","
			   "\"description\":\"<p>Un soir.</p><p>Deux &amp; trois.</p>\","
			   "\"startDate\":\"2027-07-03T19:30:00-04:00\",\"endDate\":\"2027-07-03T22:00:00-04:00\","
			   "\"doorTime\":\"2027-07-03T18:30:00-04:00\",\"eventStatus\":\"https://schema.org/EventRescheduled\","
			   "\"previousStartDate\":\"2027-06-01T19:30:00-04:00\","
			   "\"eventAttendanceMode\":\"https://schema.org/OfflineEventAttendanceMode\","
			   "\"location\":{\"@type\":\"Place\",\"name\":\"Salle du Nord\",\"address\":{\"@type\":\"PostalAddress\","
			   "\"streetAddress\":\"12 rue X\",\"addressLocality\":\"Montréal\",\"addressRegion\":\"QC\","
			   "\"postalCode\":\"H2X 1Y4\",\"addressCountry\":{\"@type\":\"Country\",\"name\":\"CA\"}},"
			   "\"geo\":{\"@type\":\"GeoCoordinates\",\"latitude\":\"45.5\",\"longitude\":-73.6}},"
			   "\"image\":[\"https://example.org/a.jpg\",\"https://example.org/b.jpg\"],"
			   "\"offers\":[{\"@type\":\"Offer\",\"price\":\"2.50\",\"priceCurrency\":\"CAD\","
			   "\"availability\":\"https://schema.org/InStock\",\"url\":\"https://tickets.example.org/1\","
			   "\"validFrom\":\"2027-01-01\"},{\"@type\":\"Offer\",\"price\":20,\"priceCurrency\":\"CAD\"}],"
			   "\"performer\":[{\"@type\":\"MusicGroup\",\"name\":\"Trio A\"},\"B\"],"
			   "\"organizer\":{\"@type\":\"Organization\",\"name\":\"Le Nord\",\"url\":\"https://nord.example.org\"},"
			   "\"keywords\":\"jazz, trio,jazz\",\"inLanguage\":\"fr\",\"isAccessibleForFree\":false,"
			   "\"typicalAgeRange\":\"12+\",\"superEvent\":{\"@type\":\"EventSeries\",\"name\":\"Jeudis\",\"@id\":\"urn:jeudis\"}}"));

	TapSame(l->title, "Café & Jazz", "name: title, entities decoded once");
	TapSame(l->url, "https://example.org/e/1?utm_source=x", "url");
	TapSame(l->description, "Un soir.\n\nDeux & trois.", "description: HTML to text");
	TapSame(show(l->starts_at), "2027-07-03T23:30:00Z", "startDate");
	TapSame(show(l->ends_at), "2027-07-04T02:00:00Z", "endDate");
	TapSame(l->timezone, "America/Toronto", "the source's zone, as the offset is its own");
	TapOk(l->start_precision == PRECISION_MINUTE && !l->all_day, "to the minute");
	TapOk(l->status == STATUS_RESCHEDULED, "eventStatus");
	TapOk(l->is_online == TRI_FALSE, "eventAttendanceMode");
	TapSame(l->venue_name, "Salle du Nord", "location.name");
	TapSame(l->address, "12 rue X", "location.address.streetAddress");
	TapSame(l->city, "Montréal", "addressLocality");
	TapSame(l->region, "QC", "addressRegion");
	TapSame(l->postal_code, "H2X 1Y4", "postalCode");
	TapSame(l->country, "CA", "addressCountry as a Country");
	TapOk(l->latitude == 45.5 && l->longitude == -73.6, "geo");
	TapSame(l->image_url, "https://example.org/a.jpg", "image: the first");
	TapSame(l->price_min, "2.50", "offers: the lowest price");
	TapSame(l->price_max, "20", "offers: the highest price");
	TapSame(l->currency, "CAD", "priceCurrency");
	TapOk(l->is_free == TRI_FALSE, "isAccessibleForFree");
	TapSame(l->organizer, "Le Nord", "organizer.name");
	TapSame(l->organizer_url, "https://nord.example.org/", "organizer.url");
	TapSame(l->category, "Music", "@type: category");
	TapOk(l->ntags == 2 && strcmp(l->tags[1], "trio") == 0, "keywords: tags, each once");
	TapSame(l->language, "fr", "inLanguage");
	TapSame(l->series_id, "urn:jeudis", "superEvent: series_id");
	TapSame(l->attributes,
			"{\"ticket_url\":\"https://tickets.example.org/1\",\"sales_start\":\"2027-01-01\",\"part_of\":\"Jeudis\","
			"\"performers\":[\"Trio A\",\"B\"],\"doors_open\":\"2027-07-03T18:30:00-04:00\","
			"\"previous_start\":\"2027-06-01T19:30:00-04:00\",\"age_range\":\"12+\",\"event_type\":\"MusicEvent\"}",
			"doorTime, previousStartDate, performer, offers.url … in attributes");
	TapSame(l->source_id, "https://example.org/e/1@2027-06-01",
			"source_id: the URL without tracking, and the day, the first one of an event put off");
}

/* ---- where events are found ---- */

static void
count(const char *text, int expected, const char *name)
{
	take(text);
	TapEqual(h->nlistings, expected, name);
	if (h->nlistings != expected)
		printf("# %d refused, %d skipped; %s\n", h->nrefused, h->nskipped, h->warnings);
}

#define ONE "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03T19:30\",\"url\":\"https://example.org/a\"}"
#define TWO "{\"@type\":\"Festival\",\"name\":\"B\",\"startDate\":\"2027-07-04T19:30\",\"url\":\"https://example.org/b\"}"

static void
test_nestings(void)
{
	count(SCRIPT(ONE), 1, "an object");
	count(SCRIPT("[" ONE "," TWO "]"), 2, "an array at the top");
	count(SCRIPT("{\"@context\":\"https://schema.org\",\"@graph\":[{\"@type\":\"WebPage\"}," ONE "," TWO "]}"), 2, "@graph");
	count(SCRIPT("{\"@type\":\"ItemList\",\"itemListElement\":[{\"@type\":\"ListItem\",\"position\":1,\"item\":" ONE "},"
				 "{\"@type\":\"ListItem\",\"position\":2,\"item\":" TWO "}]}"), 2, "ItemList, as Eventbrite writes it");
	count(SCRIPT("{\"@type\":\"WebPage\",\"mainEntity\":" ONE "}"), 1, "mainEntity of a WebPage");
	count(SCRIPT("{\"@type\":\"Place\",\"name\":\"P\",\"address\":\"1 rue X\",\"event\":[" ONE "],\"events\":[" TWO "]}"), 2,
		  "event and events of a Place, as dice.fm writes it");
	TapSame(h->items[0].listing.venue_name, "P", "which is where they are");
	count(SCRIPT("{\"@type\":\"Festival\",\"name\":\"F\",\"startDate\":\"2027-07-01\",\"url\":\"/f\",\"subEvent\":[" ONE "," TWO "]}"), 3,
		  "subEvent of a festival, and the festival");
	count(SCRIPT("{\"@type\":\"MusicEvent\",\"name\":\"C\",\"startDate\":\"2027-07-04\",\"url\":\"https://example.org/c\",\"superEvent\":" TWO "}"), 2,
		  "superEvent, where it is told in full");
	count(SCRIPT(ONE) SCRIPT(TWO) SCRIPT("{\"@type\":\"BreadcrumbList\"}"), 2, "several scripts");
	count(ONE, 1, "a body of JSON-LD alone");
	count("\xEF\xBB\xBF [" ONE "]", 1, "with a byte order mark");
	count(SCRIPT("{\"@type\":\"Product\",\"name\":\"x\"}"), 0, "other things are no events");
	count("<script>" ONE "</script><script type=\"application/json\">" ONE "</script>", 0, "other scripts are not read");
	count("<SCRIPT class=y data-x='1' TYPE='Application/LD+JSON; charset=utf-8' >" ONE "</SCRIPT>", 1,
		  "any case, quotes, attributes and parameters");
	count("<script type=application/ld+json>" ONE "</script>", 1, "no quotes");
	count("<!-- " SCRIPT(ONE) " -->", 0, "a script in a comment is none");
}

static void
test_types(void)
{
	static const char *const types[] = {
		"\"Event\"", "\"MusicEvent\"", "\"TheaterEvent\"", "\"ComedyEvent\"", "\"DanceEvent\"",
		"\"ExhibitionEvent\"", "\"Festival\"", "\"ScreeningEvent\"", "\"SportsEvent\"", "\"SocialEvent\"",
		"\"EducationEvent\"", "\"ChildrensEvent\"", "\"FoodEvent\"", "\"VisualArtsEvent\"", "\"LiteraryEvent\"",
		"\"BusinessEvent\"", "\"SaleEvent\"", "\"Hackathon\"", "\"EventSeries\"", "\"CourseInstance\"",
		"\"http://schema.org/MusicEvent\"", "\"https://schema.org/MusicEvent\"", "\"schema:Event\"",
		"[\"Thing\",\"http://schema.org/Event\"]",
	};
	static const char *const others[] = {
		"\"Thing\"", "\"BroadcastEvent\"", "\"PublicationEvent\"", "\"https://other.example/Event\"", "\"dcterms:Event\"", "5", "null",
	};
	char		json[1000];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		snprintf(json, sizeof(json), "{\"@type\":%s,\"name\":\"A\",\"startDate\":\"2027-07-03\"}", types[i]);
		count(json, 1, types[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		snprintf(json, sizeof(json), "{\"@type\":%s,\"name\":\"A\",\"startDate\":\"2027-07-03\"}", others[i]);
		count(json, 0, others[i]);
	}
	TapSame(only("{\"@type\":[\"Event\",\"VisualArtsEvent\"],\"name\":\"A\",\"startDate\":\"2027-07-03\"}")->category,
			"Visual Arts", "of several types the one that says more");
}

static void
test_expanded_form(void)
{
	const Listing *l = only(
		"[{\"@id\":\"http://kg.example.org/K1\",\"@type\":[\"http://schema.org/Event\"],"
		"\"http://schema.org/name\":[{\"@language\":\"en\",\"@value\":\"Night\"},{\"@language\":\"fr\",\"@value\":\"Nuit\"}],"
		"\"http://schema.org/startDate\":[{\"@type\":\"http://schema.org/DateTime\",\"@value\":\"2027-07-03T19:30:00-04:00\"}],"
		"\"http://schema.org/location\":[{\"@id\":\"http://kg.example.org/P1\"}]},"
		"{\"@id\":\"http://kg.example.org/P1\",\"@type\":[\"http://schema.org/Place\"],"
		"\"http://schema.org/name\":[{\"@value\":\"Salle\"}]}]");

	TapSame(l->title, "Night", "expanded JSON-LD, as Artsdata writes it: the first name");
	TapSame(l->venue_name, "Salle", "a place by its @id");
	TapSame(l->source_id, "https://kg.example.org/K1@2027-07-03", "the @id is the id where there is no url");
	open_with("{\"urls\":[\"https://example.org/\"],\"language\":\"fr-CA\"}");
	HarnessRunText(h, "{\"@type\":\"Event\",\"startDate\":\"2027-07-03\",\"name\":[{\"@language\":\"en\",\"@value\":\"Night\"},"
				   "{\"@language\":\"fr\",\"@value\":\"Nuit\"}]}");
	TapSame(h->items[0].listing.title, "Nuit", "the name in the wanted language");
}

static void
test_references(void)
{
	const Listing *l = only(
		SCRIPT("{\"@graph\":[{\"@type\":\"Organization\",\"@id\":\"https://example.org/#org\",\"name\":\"Org\"},"
			   "{\"@type\":\"Place\",\"@id\":\"_:b0\",\"name\":\"Here\",\"address\":{\"@id\":\"_:b1\"}},"
			   "{\"@id\":\"_:b1\",\"@type\":\"PostalAddress\",\"addressLocality\":\"Laval\"},"
			   "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"organizer\":{\"@id\":\"https://example.org/#org\"},"
			   "\"location\":{\"@id\":\"_:b0\"}}]}")
		SCRIPT("{\"@type\":\"Place\",\"@id\":\"_:b0\",\"name\":\"Elsewhere, and much more of it\",\"address\":\"x\",\"geo\":{}}"));
	uint64_t	hash;

	TapSame(l->organizer, "Org", "@id references, as Yoast writes them");
	TapSame(l->venue_name, "Here", "blank nodes are those of their own script");
	TapSame(l->city, "Laval", "a reference of a reference");
	take("[{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"location\":{\"@id\":\"#p\"}},{\"@id\":\"#p\",\"name\":\"One\"}]");
	hash = h->items[0].record.raw_hash;
	take("[{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"location\":{\"@id\":\"#p\"}},{\"@id\":\"#p\",\"name\":\"Two\"}]");
	TapOk(hash != h->items[0].record.raw_hash, "a change of what is referred to is a change of the event");
	count("{\"@type\":\"Event\",\"@id\":\"#a\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"location\":{\"@id\":\"#a\"},\"superEvent\":{\"@id\":\"#a\"}}", 1,
		  "references in a circle");
}

/* ---- dates ---- */

static void
date(const char *start, const char *expected, StartPrecision precision)
{
	char		json[500];
	const Listing *l;

	snprintf(json, sizeof(json), "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"%s\"}", start);
	l = only(json);
	TapSame(h->nlistings == 1 ? show(l->starts_at) : "refused", expected, start);
	if (h->nlistings == 1 && l->start_precision != precision)
		TapOk(false, "%s: its precision", start);
}

static void
test_dates(void)
{
	date("2027-07-03T19:30:00-04:00", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("2027-07-03T19:30:00.000-04:00", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("2027-07-03T19:30:00+0100", "2027-07-03T18:30:00Z", PRECISION_MINUTE);
	date("2027-07-03T19:30:00Z", "2027-07-03T19:30:00Z", PRECISION_MINUTE);
	date("2025-09-27T12:30:00:00+01:00", "2025-09-27T11:30:00Z", PRECISION_MINUTE);
	date("2027-07-03T19:30", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("2027-07-03 19:30:00 -0400", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date(" 2027-07-03 7:30 PM ", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("2027-7-3 19:30", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("20270703T193000Z", "2027-07-03T19:30:00Z", PRECISION_MINUTE);
	date("Sat Jul 03 2027 19:30:00 GMT-0400 (Eastern Daylight Time)", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("Sat, 03 Jul 2027 19:30:00 GMT", "2027-07-03T19:30:00Z", PRECISION_MINUTE);
	date("July 3, 2027 at 7:30 pm", "2027-07-03T23:30:00Z", PRECISION_MINUTE);
	date("2027-07-03", "2027-07-03T04:00:00Z", PRECISION_DAY);
	date("2027-07-03T", "2027-07-03T04:00:00Z", PRECISION_DAY);
	date("2027/07/03", "2027-07-03T04:00:00Z", PRECISION_DAY);
	date("03/07/2027", "refused", PRECISION_UNKNOWN);
	date("2027-02-30", "refused", PRECISION_UNKNOWN);
	date("2027-07", "refused", PRECISION_UNKNOWN);
	date("soon", "refused", PRECISION_UNKNOWN);
	date("", "refused", PRECISION_UNKNOWN);
}

/* Start and end as they come out */
static void
span(const char *start, const char *end, const char *expected, bool all_day, const char *name)
{
	char		json[500];
	char		text[100];
	const Listing *l;

	snprintf(json, sizeof(json), "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"%s\",%s}", start, end);
	l = only(json);
	snprintf(text, sizeof(text), "%s %s", show(l->starts_at), show(l->ends_at));
	TapSame(text, expected, name);
	TapOk(l->all_day == all_day, "%s: all day", name);
}

static void
test_ends(void)
{
	span("2027-07-03", "\"endDate\":\"2027-07-05\"", "2027-07-03T04:00:00Z 2027-07-06T04:00:00Z", true, "days: the end is exclusive");
	span("2027-07-03", "\"endDate\":\"2027-07-03\"", "2027-07-03T04:00:00Z 2027-07-04T04:00:00Z", true, "one day");
	span("2027-07-03", "\"x\":1", "2027-07-03T04:00:00Z unknown", true, "a day without an end");
	span("2027-07-03T19:30", "\"endDate\":\"2027-07-03T18:00\"", "2027-07-03T23:30:00Z unknown", false, "an end before the start tells nothing");
	span("2027-07-03T19:30", "\"endDate\":\"later\"", "2027-07-03T23:30:00Z unknown", false, "an end that is no date");
	span("2027-07-03T19:30", "\"endDate\":\"2027-07-05\"", "2027-07-03T23:30:00Z 2027-07-06T04:00:00Z", false, "an end by the day");
	span("2027-07-03T19:30", "\"endDate\":\"2027-07-03\"", "2027-07-03T23:30:00Z unknown", false, "an end by the day it starts has no hour");
	span("2027-07-03T19:30", "\"duration\":\"PT1H30M\"", "2027-07-03T23:30:00Z 2027-07-04T01:00:00Z", false, "a duration");
	TapOk(only("{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03T19:30:00+02:00\"}")->timezone == NULL,
		  "an offset that is not of the source's zone: the zone is not known");
}

static void
test_zones(void)
{
	open_with("{\"urls\":[\"https://example.org/\"],\"default_timezone\":\"Europe/Paris\"}");
	HarnessRunText(h, EVENT(""));
	TapSame(show(h->items[0].listing.starts_at), "2027-07-03T17:30:00Z", "default_timezone comes before the source's");
	open_with(ANY);
	h->feed.default_timezone = NULL;
	HarnessRunText(h, EVENT(""));
	TapOk(h->nrefused == 1 && strstr(h->items[0].record.problem.hint, "default_timezone") != NULL,
		  "without any zone a local time is refused");
}

/* ---- status, mode, place ---- */

static void
test_status(void)
{
	static const struct
	{
		const char *text;
		ListingStatus status;
	}			cases[] = {
		{"\"https://schema.org/EventScheduled\"", STATUS_SCHEDULED},
		{"\"http://schema.org/EventCancelled\"", STATUS_CANCELLED},
		{"\"EventCanceled\"", STATUS_CANCELLED}, {"\"schema:EventCancelled\"", STATUS_CANCELLED},
		{"\"cancelled\"", STATUS_CANCELLED}, {"{\"@id\":\"http://schema.org/EventCancelled\"}", STATUS_CANCELLED},
		{"\"https://schema.org/EventPostponed\"", STATUS_POSTPONED},
		{"\"EventRescheduled\"", STATUS_RESCHEDULED}, {"\"EventMovedOnline\"", STATUS_SCHEDULED},
		{"[\"EventMovedOnline\",\"EventRescheduled\"]", STATUS_RESCHEDULED}, {"7", STATUS_SCHEDULED},
	};
	char		json[500];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		snprintf(json, sizeof(json), "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"eventStatus\":%s}", cases[i].text);
		TapOk(only(json)->status == cases[i].status, "eventStatus %s", cases[i].text);
	}
	TapOk(only(EVENT(",\"eventStatus\":\"EventMovedOnline\",\"location\":\"Salle X\""))->is_online == TRI_TRUE, "moved online is online");
	TapOk(only(EVENT(",\"offers\":[{\"availability\":\"https://schema.org/SoldOut\"},{\"availability\":\"SoldOut\"}]"))->status == STATUS_SOLD_OUT,
		  "all offers sold out: sold out");
	TapOk(only(EVENT(",\"offers\":[{\"availability\":\"SoldOut\"},{\"availability\":\"InStock\"}]"))->status == STATUS_SCHEDULED, "one is left");
}

static void
test_places(void)
{
	const Listing *l = only(EVENT(",\"location\":\"Café du Nord, 12 rue X, Montréal, QC H2X 1Y4\""));

	TapSame(l->venue_name, "Café du Nord", "a location in one text: the venue");
	TapSame(l->city, "Montréal", "the city");
	l = only(EVENT(",\"location\":{\"@type\":\"Place\",\"name\":\"N\",\"address\":\"12 rue X, Montréal, QC H2X 1Y4\"}"));
	TapSame(l->venue_name, "N", "an address in one text, as dice.fm writes it");
	TapSame(l->address, "12 rue X", "its street");
	TapSame(l->postal_code, "H2X 1Y4", "its postal code");
	l = only(EVENT(",\"location\":[{\"@type\":\"VirtualLocation\",\"url\":\"https://zoom.example/1\"},{\"@type\":\"Place\",\"name\":\"N\"}],"
				   "\"eventAttendanceMode\":\"MixedEventAttendanceMode\""));
	TapOk(l->is_online == TRI_FALSE && strstr(l->attributes, "\"attendance\":\"mixed\"") != NULL &&
		  strstr(l->attributes, "\"online_url\":\"https://zoom.example/1\"") != NULL, "both online and there");
	TapSame(l->venue_name, "N", "the place of a list");
	l = only(EVENT(",\"location\":{\"@type\":\"VirtualLocation\",\"url\":\"https://zoom.example/1\"}"));
	TapOk(l->is_online == TRI_TRUE && l->venue_name == NULL, "online only");
	l = only(EVENT(",\"location\":{\"@type\":\"PostalAddress\",\"addressLocality\":\"Laval\",\"addressCountry\":\"Canada\"}"));
	TapSame(l->city, "Laval", "an address instead of a place");
	TapSame(l->country, "CA", "a country by its name");
	TapOk(only(EVENT(""))->is_online == TRI_UNKNOWN, "nothing is said of the place");
	l = only(EVENT(",\"location\":{\"@type\":\"Place\",\"name\":\"N\",\"geo\":{\"latitude\":0,\"longitude\":0}}"));
	TapOk(isnan(l->latitude), "0,0 is nowhere");
	l = only(EVENT(",\"location\":{\"@type\":\"Place\",\"name\":\"N\",\"geo\":{\"latitude\":40.7207559,\"longitude\":-74.0007613}}"));
	TapOk(isnan(l->latitude), "Squarespace's place without an address");
}

/* ---- prices ---- */

static void
price(const char *offers, const char *expected, Tristate is_free)
{
	char		json[600];
	char		text[100];
	const Listing *l;

	snprintf(json, sizeof(json), "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"offers\":%s}", offers);
	l = only(json);
	snprintf(text, sizeof(text), "%s %s %s", l->price_min ? l->price_min : "-", l->price_max ? l->price_max : "-",
			 l->currency ? l->currency : "-");
	TapSame(text, expected, offers);
	TapOk(l->is_free == is_free, "%s: is it free?", offers);
}

static void
test_prices(void)
{
	price("{\"price\":\"25.00\",\"priceCurrency\":\"CAD\"}", "25.00 25.00 CAD", TRI_FALSE);
	price("{\"price\":\"$25.00\"}", "25.00 25.00 -", TRI_FALSE);
	price("{\"price\":\"1 250,50 $\",\"priceCurrency\":\"CAD\"}", "1250.50 1250.50 CAD", TRI_FALSE);
	price("{\"price\":\"25 CAD\"}", "25 25 CAD", TRI_FALSE);
	price("{\"price\":\"20 - 40\"}", "- - -", TRI_UNKNOWN);
	price("{\"price\":\"Gratuit\"}", "0 0 -", TRI_TRUE);
	price("{\"price\":0,\"priceCurrency\":\"CAD\"}", "0 0 CAD", TRI_TRUE);
	price("{\"price\":\"\"}", "- - -", TRI_UNKNOWN);
	price("[]", "- - -", TRI_UNKNOWN);
	price("{\"@type\":\"AggregateOffer\",\"lowPrice\":\"10\",\"highPrice\":15.5,\"priceCurrency\":\"cad\"}", "10 15.5 CAD", TRI_FALSE);
	price("{\"@type\":\"AggregateOffer\",\"offers\":[{\"price\":9},{\"price\":11}]}", "9 11 -", TRI_FALSE);
	price("{\"priceSpecification\":{\"minPrice\":5,\"maxPrice\":7,\"priceCurrency\":\"CAD\"}}", "5 7 CAD", TRI_FALSE);
	price("[{\"price\":5,\"priceCurrency\":\"CAD\"},{\"price\":1,\"priceCurrency\":\"USD\"}]", "5 5 CAD", TRI_FALSE);
	TapOk(only(EVENT(",\"isAccessibleForFree\":\"http://schema.org/True\""))->is_free == TRI_TRUE, "isAccessibleForFree as a word");
}

/* ---- texts ---- */

static void
test_texts(void)
{
	TapSame(only(EVENT(",\"description\":\"A &amp;amp; B\""))->description, "A &amp; B", "entities are decoded once");
	TapSame(only(EVENT(",\"description\":\"&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;\""))->description, "One\n\nTwo",
			"HTML escaped in JSON, as The Events Calendar writes it");
	TapSame(only(EVENT(",\"description\":\"a\nb\""))->description, "a\nb", "raw line breaks in a string");
	TapSame(only(EVENT(",\"image\":{\"@type\":\"ImageObject\",\"url\":\"//cdn.example.org/x y.jpg\"}"))->image_url, NULL,
			"a relative image of a payload without an address is unknown");
	TapSame(only(EVENT(",\"image\":{\"@type\":\"ImageObject\",\"contentUrl\":\"https://cdn.example.org/x y.jpg\"}"))->image_url,
			"https://cdn.example.org/x%20y.jpg", "an ImageObject");
	TapSame(only(EVENT(",\"inLanguage\":{\"@type\":\"Language\",\"name\":\"French\",\"alternateName\":\"fr_ca\"}"))->language, "fr-CA", "a Language");
	TapSame(only("<html lang=en>" SCRIPT(EVENT("")))->language, "en", "the page's language");
	TapOk(only(EVENT(",\"keywords\":[\"a\",{\"@type\":\"DefinedTerm\",\"name\":\"b\"},\"A\"]"))->ntags == 2, "keywords in a list");
	TapSame(only(EVENT(",\"organizer\":[\"Org\"]"))->organizer, "Org", "an organizer in a list, as a text");
	count("<script type='application/ld+json'>{&quot;@type&quot;:&quot;Event&quot;,&quot;name&quot;:&quot;A&quot;,&quot;startDate&quot;:&quot;2027-07-03&quot;}</script>", 1,
		  "a whole script that was escaped");
	count(SCRIPT("{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"keywords\":[\"a\",],}"), 1, "commas before the end");
	count(SCRIPT("<!--//--><![CDATA[//><!--\n" ONE "\n//--><!]]>"), 1, "CDATA and comments around");
	count(SCRIPT(ONE ";") SCRIPT("{\"@type\":\"Event\", oops: [}") SCRIPT(TWO), 2, "a script that is no JSON costs itself alone");
	TapEqual(h->nwarnings, 1, "and is told");
	count("<html>Caf\xE9" SCRIPT("{\"@type\":\"Event\",\"name\":\"Caf\xE9\",\"startDate\":\"2027-07-03\"}"), 1, "a page in windows-1252");
	TapSame(h->items[0].listing.title, "Café", "is read as such");
}

static void
test_refusals(void)
{
	take("{\"@type\":\"Event\",\"startDate\":\"2027-07-03\",\"description\":\"x\"}");
	TapOk(h->nrefused == 1 && strcmp(h->items[0].record.problem.field, "name") == 0, "no name: refused");
	take("{\"@type\":\"Event\",\"name\":\"A\",\"location\":\"x\"}");
	TapOk(h->nrefused == 1 && strcmp(h->items[0].record.problem.field, "startDate") == 0, "no start: refused");
	take("{\"@type\":\"Offer\",\"itemOffered\":{\"@type\":\"Event\",\"name\":\"A\",\"url\":\"https://example.org/a\"}}");
	TapEqual(h->nitems, 0, "a mere mention of an event is no record");
}

/* ---- identity ---- */

static const char *
ids(const char *text)
{
	static char all[2000];

	take(text);
	all[0] = '\0';
	for (int i = 0; i < h->nitems; i++)
		if (h->items[i].result == MAP_LISTING)
		{
			strcat(all, h->items[i].record.source_id);
			strcat(all, " ");
		}
	return all;
}

#define DATED(name, url, start) \
	"{\"@type\":\"Event\",\"name\":\"" name "\",\"url\":\"" url "\",\"startDate\":\"" start "\"}"

static void
test_identity(void)
{
	TapSame(ids("[" DATED("A", "http://example.org/a/?fbclid=1&id=2#x", "2027-07-03T19:30") "]"),
			"https://example.org/a?id=2@2027-07-03 ", "a URL in one form");
	TapSame(ids("[" DATED("A", "https://example.org/a", "2027-07-03T19:30") "," DATED("A", "https://example.org/a", "2027-07-10T19:30") "]"),
			"https://example.org/a@2027-07-03 https://example.org/a@2027-07-10 ", "several dates with one URL, each by its day");
	TapSame(ids("[" DATED("A", "https://example.org/a", "2027-07-03T19:30") "," DATED("A", "https://example.org/a", "2027-07-03T14:00") "]"),
			"https://example.org/a@2027-07-03T19:30 https://example.org/a@2027-07-03 ", "of one day the later by its hour");
	TapSame(ids("[" DATED("A", "https://example.org/a", "2027-07-03T23:30:00Z") "]"), "https://example.org/a@2027-07-03 ",
			"the day is the source's");
	TapSame(ids("[" DATED("A", "https://example.org/a", "2027-07-04T01:30:00Z") "]"), "https://example.org/a@2027-07-03 ",
			"in the evening as well");
	ids("[" DATED("A", "https://example.org/", "2027-07-03") "," DATED("B", "https://example.org/", "2027-07-03") "]");
	TapOk(h->nlistings == 2 && strcmp(h->items[0].record.source_id, h->items[1].record.source_id) != 0,
		  "different events with the site's URL are told apart");
	TapSame(ids("[{\"@type\":\"Event\",\"name\":\"A\",\"identifier\":{\"@type\":\"PropertyValue\",\"value\":77},\"startDate\":\"2027-07-03\"}]"),
			"#77@2027-07-03 ", "an identifier");
	TapSame(ids("{\"@type\":\"EventSeries\",\"name\":\"S\",\"url\":\"https://example.org/s\",\"location\":\"L\",\"subEvent\":["
				"{\"@type\":\"Event\",\"startDate\":\"2027-07-03\"},{\"@type\":\"Event\",\"startDate\":\"2027-07-04\"}]}"),
			"https://example.org/s@2027-07-03 https://example.org/s@2027-07-04 ", "performances of a series");
	TapSame(h->items[1].listing.title, "S", "have its name");
	TapSame(h->items[1].listing.series_id, "https://example.org/s", "and its id");
	TapEqual(HarnessSkipped(h, "series_parent"), 1, "the series itself is none");
}

static void
test_schedule(void)
{
	open_with(ANY);
	h->feed.window_start = INT64_C(1814054400);	/* 2027-06-27 */
	h->feed.window_end = INT64_C(1816732800);	/* 2027-07-28 */
	HarnessRunText(h, EVENT(",\"eventSchedule\":{\"@type\":\"Schedule\",\"startDate\":\"2027-01-05\",\"endDate\":\"2027-12-31\","
							"\"repeatFrequency\":\"P1W\",\"byDay\":[\"https://schema.org/Tuesday\"],\"startTime\":\"19:00:00\","
							"\"endTime\":\"21:00\",\"scheduleTimezone\":\"America/Toronto\",\"exceptDate\":\"2027-07-13\"}"));
	TapEqual(h->nlistings, 4, "eventSchedule: every Tuesday of the window but one");
	TapSame(h->nlistings > 0 ? h->items[0].listing.source_id : "", "https://example.org/e/1@2027-06-29", "each by its day");
	TapSame(h->nlistings > 0 ? show(h->items[0].listing.starts_at) : "", "2027-06-29T23:00:00Z", "at its hour");
	TapSame(h->nlistings > 0 ? show(h->items[0].listing.ends_at) : "", "2027-06-30T01:00:00Z", "to its end");
	count(EVENT(",\"eventSchedule\":{\"@type\":\"Schedule\",\"repeatFrequency\":\"now and then\"}"), 1,
		  "a schedule that cannot be worked out: the event's own start");
}

static void
test_window(void)
{
	open_with(ANY);
	h->feed.window_start = INT64_C(1814054400);
	h->feed.window_end = INT64_C(1816732800);
	HarnessRunText(h, "[" DATED("A", "https://example.org/a", "2027-06-01") "," DATED("B", "https://example.org/b", "2027-09-01") ","
				   "{\"@type\":\"Event\",\"name\":\"C\",\"startDate\":\"2027-01-01\",\"endDate\":\"2027-07-15\"}]");
	TapOk(HarnessSkipped(h, "past") == 1 && HarnessSkipped(h, "out_of_horizon") == 1 && h->nlistings == 1,
		  "past and far ones are skipped, what goes on is not");
}

/* ---- crawling ---- */

/* The next URL asked for, or what is wrong, or "end" */
static const char *
next_url(FeedRequest *request)
{
	static Problem problem;

	memset(&problem, 0, sizeof(problem));
	if (JsonldConnector.next_request(&h->feed, request, &problem))
		return request->url;
	return ProblemIsSet(&problem) ? problem.message : "end";
}

/* Answer a request; the page's records are counted in h */
static void
answer(const FeedRequest *request, const char *text)
{
	FeedBody	body = {.size = strlen(text), .bytes = text};
	Problem		problem;
	FeedRecord	record;

	ArenaFree(h->page.arena);
	memset(&h->page, 0, sizeof(h->page));
	h->page.arena = ArenaCreate();
	h->page.request = request;
	h->page.url = request->url;
	h->nlistings = h->nskipped = 0;
	TapOk(JsonldConnector.page(&h->feed, &h->page, &body, &problem), "%s is taken", request->url);
	while (memset(&record, 0, sizeof(record)), JsonldConnector.record(&h->feed, &h->page, &record))
		record.skip_reason != NULL ? h->nskipped++ : h->nlistings++;
}

static RefusalVerdict
refuse(const FeedRequest *request, int status)
{
	Problem		network;
	Problem		problem;
	FeedRefusal refusal = {.status = status, .body = "", .problem = &network};

	ProblemSet(&network, ERROR_CLASS_NETWORK, "the upstream does not answer");
	return JsonldConnector.refused(&h->feed, request, &refusal, &problem);
}

#define LISTING_CONFIG \
	"{\"urls\":[\"https://example.org/events\"],\"link_pattern\":\"/e/[0-9]+\",\"max_links\":3}"

static void
test_crawl(void)
{
	FeedRequest request;

	open_with(LISTING_CONFIG);
	TapSame(next_url(&request), "https://example.org/robots.txt", "crawl: first robots.txt");
	answer(&request, "User-agent: *\nDisallow: /e/2\nCrawl-delay: 5\n");
	TapSame(next_url(&request), "https://example.org/events", "then the listing");
	TapOk(request.min_interval == 5 && !request.conditional, "at Crawl-delay, whole");
	answer(&request, "<base href='/'><a href='e/1?utm_source=l'>1</a><a href='/e/1#x'>1</a><a href='/e/2'>2</a>"
		   "<a href='https://other.example/e/3'>3</a><a href='mailto:e/4@x'>4</a><a href='/about'>5</a>"
		   "<link rel=next href='?page=2'>"
		   SCRIPT("[" DATED("A", "https://example.org/e/1", "2027-07-03") "," DATED("B", "https://example.org/e/2", "2027-07-03")
				  ",{\"@type\":\"ListItem\",\"url\":\"/e/6\"}]"));
	TapOk(h->nlistings == 1 && h->nskipped == 1, "an event with a page of its own is left to it, unless that may not be read");
	TapSame(next_url(&request), "https://example.org/e/1", "a link that matches, without its tracking");
	TapOk(request.conditional, "is asked for with its validator");
	answer(&request, "<a href='/e/99'>" SCRIPT(DATED("A", "https://example.org/e/1", "2027-07-03")));
	TapEqual(h->nlistings, 1, "its event");
	TapSame(next_url(&request), "https://example.org/e/6", "a link of an ItemList; none of those of followed pages");
	TapEqual(refuse(&request, 404), REFUSAL_END_OF_LIST, "a link that is gone is no failure");
	TapOk(!h->feed.incomplete && strstr(h->warnings, "https://example.org/e/6 is linked, but gone") != NULL, "but told");
	TapSame(next_url(&request), "https://example.org/?page=2", "the listing's next page");
	answer(&request, "<a href='/e/7'><a href='/e/8'><a href='/e/9'>");
	TapSame(next_url(&request), "https://example.org/e/7", "goes on");
	answer(&request, "nothing here");
	TapOk(strstr(h->warnings, "https://example.org/e/7 holds no event: it has no JSON-LD") != NULL, "a page without an event is told");
	TapSame(next_url(&request), "end", "up to max_links");
	TapOk(h->feed.incomplete && strstr(h->warnings, "only the first 3 links") != NULL, "which is told");
	TapOk(strstr(h->warnings, "robots.txt asks not to follow 1 links, such as https://example.org/e/2") != NULL, "and so is robots.txt");
}

static void
test_crawl_failures(void)
{
	FeedRequest request;

	open_with(LISTING_CONFIG);
	next_url(&request);
	answer(&request, "User-agent: ingest\nDisallow: /\n");
	TapSame(next_url(&request), "robots.txt of https://example.org asks not to fetch https://example.org/events",
			"a listing that robots.txt disallows fails the run");

	open_with(LISTING_CONFIG);
	next_url(&request);
	refuse(&request, 503);
	TapSame(next_url(&request),
			"https://example.org/robots.txt was answered by 503: until it can be read, no page of the site may be fetched",
			"robots.txt with 5xx disallows all");
	open_with(LISTING_CONFIG);
	next_url(&request);
	refuse(&request, 0);
	TapOk(strstr(next_url(&request), "could not be read, so no page") != NULL, "and so does one that is out of reach");

	open_with(LISTING_CONFIG);
	next_url(&request);
	refuse(&request, 404);
	TapSame(next_url(&request), "https://example.org/events", "no robots.txt allows all");
	TapEqual(refuse(&request, 404), REFUSAL_FAIL, "a listing that is gone fails the run");

	open_with(LISTING_CONFIG);
	next_url(&request);
	refuse(&request, 404);
	next_url(&request);
	answer(&request, "<a href=/about>");
	TapOk(h->feed.incomplete && strstr(h->warnings, "no link of https://example.org/events matches link_pattern") != NULL,
		  "a listing whose links vanished is not the full truth");

	open_with("{\"urls\":[\"https://example.org/a\",\"https://example.org/a#x\",\"https://two.example/b\"]}");
	next_url(&request);
	refuse(&request, 404);
	TapSame(next_url(&request), "https://example.org/a", "one of several pages");
	TapOk(request.conditional, "which is no listing, with its validator");
	TapEqual(refuse(&request, 500), REFUSAL_END_OF_LIST, "may fail");
	TapSame(next_url(&request), "https://two.example/robots.txt", "each site has its robots.txt");
	refuse(&request, 403);
	TapSame(next_url(&request), "https://two.example/b", "the other page is read");
	answer(&request, SCRIPT(ONE));
	TapSame(next_url(&request), "end", "and the run goes well");
	TapOk(h->feed.incomplete, "but is incomplete");
}

static void
mistake(const char *config, const char *expected)
{
	open_with(config);
	TapOk(ProblemIsSet(&h->problem) && strstr(h->problem.message, expected) != NULL, "configuration %s", config);
}

static void
test_config(void)
{
	mistake("{}", "urls: expected at least one page");
	mistake("{\"urls\":[\"ftp://example.org/\"]}", "urls: expected absolute http or https");
	mistake("{\"urls\":[\"https://example.org\"],\"link_pattern\":\"[\"}", "link_pattern: expected a POSIX");
	mistake("{\"urls\":[\"https://example.org\"],\"link_pattern\":\"(a)\\\\1\"}", "back references");
	mistake("{\"urls\":[\"https://example.org\"],\"link_pattern\":\"a{9}\"}", "counts");
}

/* ---- danger ---- */

/* A text repeated, between two others */
static char *
repeated(const char *before, const char *text, int times, const char *after)
{
	size_t		length = strlen(text);
	char	   *all = malloc(strlen(before) + length * times + strlen(after) + 1);
	char	   *out = stpcpy(all, before);

	for (int i = 0; i < times; i++, out += length)
		memcpy(out, text, length);
	strcpy(out, after);
	return all;
}

static void
hostile(char *text, int expected, const char *name)
{
	take(text);
	TapEqual(h->nlistings, expected, name);
	free(text);
}

static void
test_hostile(void)
{
	hostile(repeated("<script type='application/ld+json'>", "[", 200000, "</script>" SCRIPT(ONE)), 1, "brackets 200000 deep");
	hostile(repeated("<script type='application/ld+json'>", "{\"a\":", 200000, ""), 0, "the same, and never closed");
	hostile(repeated("<script>", "x", 10000000, "</script>" SCRIPT(ONE)), 1, "ten megabytes of script");
	hostile(repeated("<script type='application/ld+json'>", "\"/*", 1000000, "</script>" SCRIPT(ONE)), 1, "no JSON, a megabyte of it");
	hostile(repeated("<script type='application/ld+json'>[\"", "\"/*", 500000, "</script>" SCRIPT(ONE)), 1, "quotes before comments");
	hostile(repeated(SCRIPT(ONE), "<a <!-- ", 500000, ""), 1, "tags that never end");
	hostile(repeated(SCRIPT(ONE) "<script>", "<!--<script>", 300000, ""), 1, "a script that never ends");
	hostile(repeated("<script type='application/ld+json'>[" ONE, "," ONE, 30000, "]</script>"), 20000, "more events than are taken");
	TapOk(strstr(h->warnings, "more events") != NULL && h->page.incomplete, "are told");
	hostile(repeated("<script type='application/ld+json'>", "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"subEvent\":", 40,
					 "1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}</script>"), 8, "events nested without end");
	hostile(repeated("<script type='application/ld+json'>[" "{\"@id\":\"#x\",\"name\":\"", "y", 100000, "\"},"
					 "{\"@type\":\"Event\",\"name\":\"A\",\"startDate\":\"2027-07-03\",\"organizer\":[{\"@id\":\"#x\"},{\"@id\":\"#x\"},{\"@id\":\"#x\"}]}]</script>"),
			1, "a large node, referred to again and again");
	hostile(repeated("", "{}", 1000000, ""), 0, "a million documents");
}

int
main(void)
{
	test_every_property();
	test_nestings();
	test_types();
	test_expanded_form();
	test_references();
	test_dates();
	test_ends();
	test_zones();
	test_status();
	test_places();
	test_prices();
	test_texts();
	test_refusals();
	test_identity();
	test_schedule();
	test_window();
	test_crawl();
	test_crawl_failures();
	test_config();
	test_hostile();
	HarnessClose(h);
	return TapDone();
}
