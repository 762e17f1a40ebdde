/*
 * src/feed/ticketmaster_map.c
 *
 * A Ticketmaster event's JSON to a listing (Discovery API v2, "Event Details").
 *
 * A member that is absent or null is unknown.  One that makes a listing, of
 * another type than documented, refuses the event with its name: the API has
 * changed, and a listing silently poorer by a place would be worse than a row
 * in import_error.  What only goes into attributes is taken if it fits.
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/money.h"
#include "feed/place.h"
#include "feed/text.h"

#define MAX_NAME	10000
#define MAX_TAGS	4

/* Images of at least this width are sharp enough; the smallest of them is best */
#define IMAGE_WIDTH	1024

/* One event being mapped */
typedef struct Mapping
{
	Feed	   *feed;
	Arena	   *arena;
	Listing    *listing;
	Problem    *problem;		/* the first one found */
	const JsonNode *event;
	const JsonNode *venue;		/* _embedded.venues[0], or "place"; or NULL */
} Mapping;

/* "_links" and "distance" are noise, "products" and "outlets" shops */
const JsonWanted TicketmasterWanted[] = {
	JSON_WHOLE("id"), JSON_WHOLE("name"), JSON_WHOLE("type"), JSON_WHOLE("test"),
	JSON_WHOLE("url"), JSON_WHOLE("locale"), JSON_WHOLE("images"), JSON_WHOLE("dates"),
	JSON_WHOLE("sales"), JSON_WHOLE("classifications"), JSON_WHOLE("priceRanges"),
	JSON_WHOLE("promoter"), JSON_WHOLE("promoters"), JSON_WHOLE("info"),
	JSON_WHOLE("pleaseNote"), JSON_WHOLE("description"), JSON_WHOLE("additionalInfo"),
	JSON_WHOLE("ageRestrictions"), JSON_WHOLE("ticketLimit"), JSON_WHOLE("accessibility"),
	JSON_WHOLE("seatmap"), JSON_WHOLE("doorsTimes"), JSON_WHOLE("place"),
	JSON_WHOLE("_embedded"), {NULL}
};

/* ---- types ---- */

typedef struct Documented
{
	const char *path;
	JsonKind	kind;
} Documented;

static const Documented event_members[] = {
	{"name", JSON_STRING}, {"test", JSON_BOOLEAN}, {"url", JSON_STRING},
	{"locale", JSON_STRING}, {"images", JSON_ARRAY}, {"classifications", JSON_ARRAY},
	{"priceRanges", JSON_ARRAY}, {"promoter", JSON_OBJECT}, {"promoter.name", JSON_STRING},
	{"info", JSON_STRING}, {"description", JSON_STRING}, {"place", JSON_OBJECT},
	{"dates", JSON_OBJECT}, {"dates.timezone", JSON_STRING},
	{"dates.status", JSON_OBJECT}, {"dates.status.code", JSON_STRING},
	{"dates.start", JSON_OBJECT}, {"dates.start.localDate", JSON_STRING},
	{"dates.start.localTime", JSON_STRING}, {"dates.start.dateTime", JSON_STRING},
	{"dates.start.dateTBA", JSON_BOOLEAN}, {"dates.start.dateTBD", JSON_BOOLEAN},
	{"dates.start.timeTBA", JSON_BOOLEAN}, {"dates.start.noSpecificTime", JSON_BOOLEAN},
	{"dates.end", JSON_OBJECT}, {"dates.end.localDate", JSON_STRING},
	{"dates.end.localTime", JSON_STRING}, {"dates.end.dateTime", JSON_STRING},
	{"dates.end.noSpecificTime", JSON_BOOLEAN},
	{"_embedded", JSON_OBJECT}, {"_embedded.venues", JSON_ARRAY},
	{"_embedded.attractions", JSON_ARRAY}, {NULL}
};

static const Documented venue_members[] = {
	{"name", JSON_STRING}, {"timezone", JSON_STRING}, {"city", JSON_OBJECT},
	{"city.name", JSON_STRING}, {"state", JSON_OBJECT}, {"state.name", JSON_STRING},
	{"state.stateCode", JSON_STRING}, {"country", JSON_OBJECT},
	{"country.countryCode", JSON_STRING}, {"address", JSON_OBJECT},
	{"address.line1", JSON_STRING}, {"address.line2", JSON_STRING},
	{"location", JSON_OBJECT}, {NULL}
};

/* Refuse the event where a member isn't what it is documented to be */
static void
check_types(Mapping *m, const JsonNode *node, const char *outer, const Documented *members)
{
	for (; members->path != NULL && !ProblemIsSet(m->problem); members++)
	{
		JsonKind	kind = JsonKindAt(node, members->path);
		const char *field;

		if (kind == JSON_ABSENT || kind == JSON_NULL || kind == members->kind)
			continue;
		field = ArenaPrintf(m->arena, "%s%s", outer, members->path);
		ProblemSet(m->problem, ERROR_CLASS_MAPPING, "\"%s\" is %s, not %s", field,
				   JsonKindName(kind), JsonKindName(members->kind));
		strncpy(m->problem->field, field, sizeof(m->problem->field) - 1);
	}
}

/* A text as one clean line, or NULL */
static const char *
line_at(Mapping *m, const JsonNode *node, const char *path)
{
	size_t		length = 0;
	const char *text = JsonString(node, path, &length);

	return TextLine(m->arena, text, length, true);
}

static const char *
url_at(Mapping *m, const JsonNode *node, const char *path)
{
	size_t		length = 0;
	const char *text = JsonString(node, path, &length);

	return TextHttpUrl(m->arena, text, length);
}

/* A longer text, of HTML or not */
static const char *
text_at(Mapping *m, const JsonNode *node, const char *path)
{
	size_t		length = 0;
	const char *text = JsonString(node, path, &length);

	if (text == NULL)
		return NULL;
	return TextLooksLikeHtml(text, length) ? TextFromHtml(m->arena, text, length) :
		TextBlock(m->arena, text, length);
}

/* ---- is it wanted at all? ---- */

/* Reason to skip an event whatever its dates, or NULL */
static const char *
reason_to_skip(const Mapping *m, const TicketmasterState *state)
{
	if (JsonBoolean(m->event, "test") == TRI_TRUE)
		return "test";
	if (!state->take_resale && TicketmasterIsResale(m->listing->source_id, m->event))
		return "resale";
	if (m->listing->title != NULL && TicketmasterIsAddOn(m->event, m->listing->title))
		return "add_on";
	return NULL;
}

/* Reason to skip an event for its dates, or NULL; without any it stays */
static const char *
outside_window(const Mapping *m)
{
	const Listing *listing = m->listing;
	FeedTime	over = listing->ends_at != FEED_TIME_UNKNOWN ? listing->ends_at : listing->starts_at;

	if (listing->starts_at == FEED_TIME_UNKNOWN)
		return NULL;
	if (listing->start_precision == PRECISION_DAY && listing->ends_at == FEED_TIME_UNKNOWN)
		over += 86400;			/* the day of which no hour is known */
	if (m->feed->window_start != FEED_TIME_UNKNOWN && over < m->feed->window_start)
		return "past";
	if (m->feed->window_end != FEED_TIME_UNKNOWN && listing->starts_at >= m->feed->window_end)
		return "out_of_horizon";
	return NULL;
}

/* ---- what, in words ---- */

static void
map_title(Mapping *m)
{
	const char *title = line_at(m, m->event, "name");

	m->listing->title = title;
	if (ProblemIsSet(m->problem) || (title != NULL && strlen(title) <= MAX_NAME))
		return;
	ProblemSet(m->problem, ERROR_CLASS_MAPPING,
			   title == NULL ? "the event has no name" : "the event's name is longer than %d bytes",
			   MAX_NAME);
	strcpy(m->problem->field, "name");
}

static void
map_description(Mapping *m)
{
	m->listing->description = text_at(m, m->event, "description");
	if (m->listing->description == NULL)
		m->listing->description = text_at(m, m->event, "info");
}

/* Names that stand where there is none */
static bool
is_placeholder(const char *name)
{
	return strcasecmp(name, "Undefined") == 0 || strcasecmp(name, "Other") == 0 ||
		strncasecmp(name, "Miscellaneous", strlen("Miscellaneous")) == 0;
}

/* The name of a level of the classification, or NULL */
static const char *
level_name(Mapping *m, const JsonNode *classification, const char *path)
{
	const char *name = line_at(m, classification, path);

	return name == NULL || is_placeholder(name) ? NULL : name;
}

/* The highest level that says something is the category, what is finer tags */
static void
map_classification(Mapping *m)
{
	static const char *const levels[] = {
		"segment.name", "genre.name", "subGenre.name", "type.name", "subType.name"
	};
	const JsonNode *classification = TicketmasterClassification(m->event);
	Listing    *listing = m->listing;

	listing->tags = ArenaAlloc(m->arena, sizeof(char *) * MAX_TAGS);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
	{
		const char *name = level_name(m, classification, levels[i]);
		bool		known = name == NULL;

		if (!known && listing->category == NULL)
		{
			listing->category = name;
			continue;
		}
		known = known || strcmp(name, listing->category) == 0;
		for (int j = 0; j < listing->ntags && !known; j++)
			known = strcmp(name, listing->tags[j]) == 0;
		if (!known)
			listing->tags[listing->ntags++] = name;
	}
}

/* "fr-ca" to "fr-CA"; what is no locale is unknown */
static const char *
language_of_locale(Arena *arena, const char *locale)
{
	size_t		length = locale == NULL ? 0 : strlen(locale);
	char	   *language;

	if (length != 2 && (length != 5 || (locale[2] != '-' && locale[2] != '_')))
		return NULL;
	language = ArenaStrdup(arena, locale);
	for (size_t i = 0; i < length; i++)
	{
		if (i == 2)
		{
			language[i] = '-';
			continue;
		}
		if ((language[i] | 0x20) < 'a' || (language[i] | 0x20) > 'z')
			return NULL;
		language[i] = (char) (i < 2 ? language[i] | 0x20 : language[i] & ~0x20);
	}
	return language;
}

static void
map_language(Mapping *m)
{
	m->listing->language = language_of_locale(m->arena, line_at(m, m->event, "locale"));
	if (m->listing->language == NULL)
		m->listing->language = ConfigString(m->feed->config, "language");
}

/* How good an image is, by what it shows and its shape; its width comes after */
static int
rank_of_image(const JsonNode *image)
{
	size_t		length = 0;
	const char *ratio = JsonString(image, "ratio", &length);
	int			rank = JsonBoolean(image, "fallback") == TRI_TRUE ? 0 : 10;

	if (ratio == NULL)
		return rank;
	return rank + (strcmp(ratio, "16_9") == 0 ? 3 : strcmp(ratio, "3_2") == 0 ? 2 :
				   strcmp(ratio, "4_3") == 0 ? 1 : 0);
}

/* Is a width better than another: the least that is sharp, else the greatest */
static int
compare_widths(int64_t a, int64_t b)
{
	if ((a >= IMAGE_WIDTH) != (b >= IMAGE_WIDTH))
		return a >= IMAGE_WIDTH ? 1 : -1;
	if (a == b)
		return 0;
	return (a < b) == (a >= IMAGE_WIDTH) ? 1 : -1;
}

/* Ten renditions come, in any order; one is chosen, always the same */
static void
map_image(Mapping *m)
{
	const JsonNode *images = JsonAt(m->event, "images");
	int			best_rank = -1;
	int64_t		best_width = 0;

	for (int i = 0; i < JsonCount(images); i++)
	{
		const JsonNode *image = JsonElementAt(images, i);
		const char *url = url_at(m, image, "url");
		int			rank = rank_of_image(image);
		int64_t		width = 0;
		int			order;

		if (url == NULL)
			continue;
		JsonInteger(image, "width", &width);
		order = rank - best_rank;
		if (order == 0)
			order = compare_widths(width, best_width);
		if (order == 0)
			order = strcmp(m->listing->image_url, url);
		if (order <= 0)
			continue;
		m->listing->image_url = url;
		best_rank = rank;
		best_width = width;
	}
}

/* The documentation and the API spell it differently */
static void
map_status(Mapping *m)
{
	static const struct
	{
		const char *code;
		ListingStatus status;
	}			codes[] = {
		{"cancelled", STATUS_CANCELLED}, {"canceled", STATUS_CANCELLED},
		{"postponed", STATUS_POSTPONED}, {"rescheduled", STATUS_RESCHEDULED},
	};
	const char *code = line_at(m, m->event, "dates.status.code");

	m->listing->status = STATUS_SCHEDULED;
	for (size_t i = 0; code != NULL && i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcasecmp(code, codes[i].code) == 0)
			m->listing->status = codes[i].status;
}

/* ---- where, by whom ---- */

/* Coordinates, which are strings; 0,0 and what is not on Earth are dropped */
static void
map_coordinates(Mapping *m)
{
	double		latitude;
	double		longitude;

	if (JsonDecimal(m->venue, "location.latitude", &latitude) &&
		JsonDecimal(m->venue, "location.longitude", &longitude))
		PlaceSetPoint(m->listing, latitude, longitude);
}

static void
map_venue(Mapping *m)
{
	Listing    *listing = m->listing;
	const char *first = line_at(m, m->venue, "address.line1");
	const char *second = line_at(m, m->venue, "address.line2");
	const char *postal_code = JsonId(m->arena, m->venue, "postalCode");

	listing->venue_name = line_at(m, m->venue, "name");
	listing->address = first == NULL ? second : second == NULL ? first :
		ArenaPrintf(m->arena, "%s, %s", first, second);
	listing->city = line_at(m, m->venue, "city.name");
	listing->region = line_at(m, m->venue, "state.stateCode");
	if (listing->region == NULL)
		listing->region = line_at(m, m->venue, "state.name");
	if (postal_code != NULL)
		listing->postal_code = TextLine(m->arena, postal_code, strlen(postal_code), false);
	listing->country = PlaceCountryCode(m->arena, line_at(m, m->venue, "country.countryCode"));
	map_coordinates(m);
}

/* "PROMOTED BY VENUE" names nobody */
static void
map_organizer(Mapping *m)
{
	const char *name = line_at(m, m->event, "promoter.name");

	if (name == NULL)
		name = line_at(m, JsonElementAt(JsonAt(m->event, "promoters"), 0), "name");
	if (name != NULL && strcasecmp(name, "PROMOTED BY VENUE") != 0 && !is_placeholder(name))
		m->listing->organizer = name;
}

/* ---- for how much ---- */

/*
 * Prices of the first range's currency, over all ranges.  They are numbers,
 * so the minor units are rounded to, as the decimals meant.
 */
static void
map_prices(Mapping *m)
{
	const JsonNode *ranges = JsonAt(m->event, "priceRanges");
	Listing    *listing = m->listing;
	double		lowest = INFINITY;
	double		highest = -INFINITY;
	double		scale;

	for (int i = 0; i < JsonCount(ranges); i++)
	{
		const JsonNode *range = JsonElementAt(ranges, i);
		size_t		length = 0;
		const char *text = JsonString(range, "currency", &length);
		const char *currency = CurrencyCode(m->arena, text, length);
		double		price;

		if (currency == NULL ||
			(listing->currency != NULL && strcmp(listing->currency, currency) != 0))
			continue;
		listing->currency = currency;
		if (JsonNumber(range, "min", &price) && price >= 0 && price < 1e12)
			lowest = fmin(lowest, price);
		if (JsonNumber(range, "max", &price) && price >= 0 && price < 1e12)
			highest = fmax(highest, price);
	}
	if (listing->currency == NULL)
		return;
	scale = pow(10, CurrencyExponent(listing->currency));
	if (isfinite(lowest))
		listing->price_min = MoneyFromMinor(m->arena, llround(lowest * scale), listing->currency);
	if (isfinite(highest))
		listing->price_max = MoneyFromMinor(m->arena, llround(highest * scale), listing->currency);
	if (isfinite(lowest) && lowest > 0)
		listing->is_free = TRI_FALSE;
}

/* ---- the rest ---- */

/* Add "name": followed by JSON text, as BuilderAddMember adds a string */
static void
add_json(TextBuilder *json, const char *name, const char *value)
{
	if (value == NULL)
		return;
	BuilderAddText(json, json->length == 0 ? "{\"" : ",\"");
	BuilderAddText(json, name);
	BuilderAddText(json, "\":");
	BuilderAddText(json, value);
}

/* An array of small objects: of each element the members named, those it has */
static const char *
objects_of(Mapping *m, const JsonNode *list, const char *const *members)
{
	TextBuilder array = {m->arena, NULL, 0, 0};

	for (int i = 0; i < JsonCount(list); i++)
	{
		TextBuilder object = {m->arena, NULL, 0, 0};
		const char *text;

		for (const char *const *member = members; *member != NULL; member++)
			BuilderAddMember(&object, *member, line_at(m, JsonElementAt(list, i), *member));
		text = BuilderCloseObject(&object);
		if (text == NULL)
			continue;
		BuilderAddText(&array, array.length == 0 ? "[" : ",");
		BuilderAddText(&array, text);
	}
	if (array.length == 0)
		return NULL;
	BuilderAddText(&array, "]");
	return array.text;
}

/* What a rescheduled event's date was before */
static const char *
initial_start(Mapping *m)
{
	const char *text = TicketmasterTime(m->arena, m->event, "dates.initialStartDate.dateTime");

	return text != NULL ? text : TicketmasterTime(m->arena, m->event, "dates.initialStartDate.localDate");
}

/* What has no column but is worth keeping; names in a fixed order */
static void
map_attributes(Mapping *m)
{
	static const char *const attraction_members[] = {"id", "name", "url", NULL};
	static const char *const presale_members[] = {"name", "startDateTime", "endDateTime", "url", NULL};
	TextBuilder json = {m->arena, NULL, 0, 0};
	const JsonNode *event = m->event;
	Listing    *listing = m->listing;

	BuilderAddMember(&json, "access_starts_at", TicketmasterTime(m->arena, event, "dates.access.startDateTime"));
	BuilderAddMember(&json, "accessibility", text_at(m, event, "accessibility.info"));
	BuilderAddMember(&json, "additional_info", text_at(m, event, "additionalInfo"));
	BuilderAddMember(&json, "age_restriction", line_at(m, event, "ageRestrictions.ageRuleDescription"));
	add_json(&json, "attractions", objects_of(m, JsonAt(event, "_embedded.attractions"), attraction_members));
	BuilderAddMember(&json, "doors_at", TicketmasterTime(m->arena, event, "doorsTimes.dateTime"));
	if (JsonBoolean(event, "dates.end.approximate") == TRI_TRUE && listing->ends_at != FEED_TIME_UNKNOWN)
		BuilderAddFlag(&json, "end_approximate");
	if (!listing->all_day && listing->ends_at == FEED_TIME_UNKNOWN)
		BuilderAddMember(&json, "end_date", TicketmasterTime(m->arena, event, "dates.end.localDate"));
	if (JsonBoolean(TicketmasterClassification(event), "family") == TRI_TRUE)
		BuilderAddFlag(&json, "family");
	if (listing->description != NULL && JsonString(event, "description", &(size_t) {0}) != NULL)
		BuilderAddMember(&json, "info", text_at(m, event, "info"));
	BuilderAddMember(&json, "initial_start", initial_start(m));
	if (JsonBoolean(event, "ageRestrictions.legalAgeEnforced") == TRI_TRUE)
		BuilderAddFlag(&json, "legal_age_enforced");
	BuilderAddMember(&json, "please_note", text_at(m, event, "pleaseNote"));
	add_json(&json, "presales", objects_of(m, JsonAt(event, "sales.presales"), presale_members));
	BuilderAddMember(&json, "promoter_id", JsonId(m->arena, event, "promoter.id"));
	BuilderAddMember(&json, "sale_ends_at", TicketmasterTime(m->arena, event, "sales.public.endDateTime"));
	BuilderAddMember(&json, "sale_starts_at", TicketmasterTime(m->arena, event, "sales.public.startDateTime"));
	BuilderAddMember(&json, "sale_status", line_at(m, event, "dates.status.code"));
	BuilderAddMember(&json, "seatmap_url", url_at(m, event, "seatmap.staticUrl"));
	if (JsonBoolean(event, "dates.spanMultipleDays") == TRI_TRUE)
		BuilderAddFlag(&json, "span_multiple_days");
	if (listing->starts_at == FEED_TIME_UNKNOWN)
		BuilderAddMember(&json, "tentative_date", TicketmasterTime(m->arena, event, "dates.start.localDate"));
	BuilderAddMember(&json, "ticket_limit", text_at(m, event, "ticketLimit.info"));
	BuilderAddMember(&json, "venue_id", JsonId(m->arena, m->venue, "id"));
	BuilderAddMember(&json, "venue_url", url_at(m, m->venue, "url"));
	listing->attributes = BuilderCloseObject(&json);
}

/* Everything once the event is known to be wanted */
static void
map_rest(Mapping *m)
{
	m->listing->url = url_at(m, m->event, "url");
	map_description(m);
	map_image(m);
	map_status(m);
	map_venue(m);
	map_organizer(m);
	map_classification(m);
	map_language(m);
	map_prices(m);
	map_attributes(m);
}

/* The one venue; older records have a "place" in its stead, or none */
static void
find_venue(Mapping *m)
{
	m->venue = JsonElementAt(JsonAt(m->event, "_embedded.venues"), 0);
	if (m->venue != NULL)
	{
		if (JsonKindOf(m->venue) != JSON_OBJECT && !ProblemIsSet(m->problem))
		{
			ProblemSet(m->problem, ERROR_CLASS_MAPPING, "\"_embedded.venues[0]\" is %s, not an object",
					   JsonKindName(JsonKindOf(m->venue)));
			strcpy(m->problem->field, "_embedded.venues[0]");
		}
		check_types(m, m->venue, "_embedded.venues[0].", venue_members);
		return;
	}
	m->venue = JsonAt(m->event, "place");
	if (m->venue != NULL)
		check_types(m, m->venue, "place.", venue_members);
}

MapResult
TicketmasterMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	TicketmasterState *state = feed->state;
	Mapping		m = {.feed = feed, .arena = arena, .listing = listing,
		.problem = &record->problem};

	ListingInit(listing);
	if (!JsonReadSelected(state->reader, arena, TicketmasterWanted, record->raw, record->raw_length,
						  &m.event, m.problem))
	{
		/* What isn't JSON is kept as a JSON string */
		record->raw = TextToJsonString(arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
		return MAP_REFUSED;
	}
	listing->source_id = record->source_id;
	check_types(&m, m.event, "", event_members);
	map_title(&m);
	record->skip_reason = reason_to_skip(&m, state);
	if (record->skip_reason != NULL && !ProblemIsSet(m.problem))
		return MAP_SKIPPED;
	find_venue(&m);
	if (ProblemIsSet(m.problem) ||
		!TicketmasterWhen(feed, m.event, m.venue, arena, listing, m.problem))
		return MAP_REFUSED;
	record->skip_reason = outside_window(&m);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	map_rest(&m);
	return MAP_LISTING;
}
