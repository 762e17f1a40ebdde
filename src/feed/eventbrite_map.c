/*
 * src/feed/eventbrite_map.c
 *
 * An Eventbrite event's JSON to a listing (API v3, "Event" and the objects it
 * can be expanded by).
 *
 * A member that is absent or null is unknown.  One of another type than
 * documented refuses the event, with its name: the API has changed, and a
 * listing silently poorer by a place would be worse than a row in
 * import_error.  What only goes into attributes is taken if it fits.
 *
 * Pure C.
 */
#include "feed/eventbrite.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/money.h"
#include "feed/place.h"
#include "feed/text.h"
#include "feed/when.h"

/* The API's own limit for names is 75 characters */
#define MAX_NAME	10000
#define MAX_TAGS	2

/* An object of the event, and the names by which errors lead to it */
typedef struct Scope
{
	const JsonNode *node;
	const char *outer;			/* of the object it is in, or "" */
	const char *name;			/* its own; "" for the event */
} Scope;

/* One event being mapped */
typedef struct Mapping
{
	Feed	   *feed;
	Arena	   *arena;
	Listing    *listing;
	bool		on_partial_page;	/* EventbritePage.is_partial */
	Problem    *problem;		/* the first one found */
	Scope		event;
	Scope		venue;
	Scope		sales;			/* event_sales_status */
	Scope		tickets;		/* ticket_availability */
	Scope		external;		/* external_ticketing */
} Mapping;

/* ---- what is read of an event ---- */

static const JsonWanted text_wanted[] = {
	JSON_WHOLE("text"), JSON_WHOLE("html"), {NULL}
};

static const JsonWanted logo_wanted[] = {
	JSON_WHOLE("id"), JSON_WHOLE("url"), {NULL}
};

static const JsonWanted name_wanted[] = {
	JSON_WHOLE("name"), {NULL}
};

static const JsonWanted address_wanted[] = {
	JSON_WHOLE("address_1"), JSON_WHOLE("address_2"), JSON_WHOLE("city"),
	JSON_WHOLE("region"), JSON_WHOLE("postal_code"), JSON_WHOLE("country"),
	JSON_WHOLE("latitude"), JSON_WHOLE("longitude"), {NULL}
};

static const JsonWanted venue_wanted[] = {
	JSON_WHOLE("name"), JSON_PART("address", address_wanted),
	JSON_WHOLE("latitude"), JSON_WHOLE("longitude"),
	JSON_WHOLE("age_restriction"), {NULL}
};

static const JsonWanted organizer_wanted[] = {
	JSON_WHOLE("name"), JSON_WHOLE("url"), {NULL}
};

static const JsonWanted sales_wanted[] = {
	JSON_WHOLE("sales_status"), JSON_WHOLE("message_code"), {NULL}
};

static const JsonWanted money_wanted[] = {
	JSON_WHOLE("currency"), JSON_WHOLE("value"), JSON_WHOLE("major_value"), {NULL}
};

static const JsonWanted tickets_wanted[] = {
	JSON_WHOLE("is_sold_out"), JSON_PART("minimum_ticket_price", money_wanted),
	JSON_PART("maximum_ticket_price", money_wanted), {NULL}
};

static const JsonWanted external_wanted[] = {
	JSON_WHOLE("external_url"), JSON_WHOLE("ticketing_provider_name"),
	JSON_WHOLE("is_free"), JSON_PART("minimum_ticket_price", money_wanted),
	JSON_PART("maximum_ticket_price", money_wanted), {NULL}
};

static const JsonWanted event_wanted[] = {
	JSON_PART("name", text_wanted), JSON_PART("description", text_wanted),
	JSON_WHOLE("summary"), JSON_WHOLE("url"), JSON_WHOLE("start"),
	JSON_WHOLE("end"), JSON_WHOLE("changed"), JSON_WHOLE("published"),
	JSON_WHOLE("status"), JSON_WHOLE("currency"), JSON_WHOLE("listed"),
	JSON_WHOLE("invite_only"), JSON_WHOLE("password"),
	JSON_WHOLE("online_event"), JSON_WHOLE("hide_start_date"),
	JSON_WHOLE("hide_end_date"), JSON_WHOLE("locale"),
	JSON_WHOLE("is_series_parent"), JSON_WHOLE("series_id"),
	JSON_WHOLE("is_free"), JSON_WHOLE("is_externally_ticketed"),
	JSON_WHOLE("organizer_id"), JSON_WHOLE("venue_id"),
	JSON_WHOLE("logo_id"), JSON_WHOLE("category_id"),
	JSON_WHOLE("subcategory_id"), JSON_WHOLE("format_id"),
	JSON_PART("logo", logo_wanted), JSON_PART("venue", venue_wanted),
	JSON_PART("organizer", organizer_wanted),
	JSON_PART("category", name_wanted), JSON_PART("subcategory", name_wanted),
	JSON_PART("format", name_wanted),
	JSON_PART("event_sales_status", sales_wanted),
	JSON_PART("ticket_availability", tickets_wanted),
	JSON_PART("external_ticketing", external_wanted),
	JSON_WHOLE("music_properties"), {NULL}
};

/* ---- typed members ---- */

/* Refuse the event for a field, unless it is refused already */
static void
refuse_field(Mapping *m, const Scope *scope, const char *key, const char *expected, const char *got)
{
	const char *field;

	if (ProblemIsSet(m->problem))
		return;
	field = ArenaPrintf(m->arena, "%s%s%s%s%s", scope->outer, scope->outer[0] != '\0' ? "." : "",
						scope->name, scope->name[0] != '\0' ? "." : "", key);
	ProblemSet(m->problem, ERROR_CLASS_MAPPING, "\"%s\" is %s, not %s", field, got, expected);
	strncpy(m->problem->field, field, sizeof(m->problem->field) - 1);
}

/* A member of the given kind, or NULL */
static const JsonNode *
member_of_kind(Mapping *m, const Scope *scope, const char *key, JsonKind kind)
{
	const JsonNode *node = JsonMember(scope->node, key);
	JsonKind	found = node == NULL ? JSON_NULL : JsonKindOf(node);

	if (found == JSON_NULL)
		return NULL;
	if (found == kind)
		return node;
	refuse_field(m, scope, key, JsonKindName(kind), JsonKindName(found));
	return NULL;
}

/* A member that is an object, as a scope of its own; its node may be NULL */
static Scope
object_member(Mapping *m, const Scope *scope, const char *key)
{
	Scope		result = {member_of_kind(m, scope, key, JSON_OBJECT), scope->name, key};

	return result;
}

/* A string's bytes, or NULL */
static const char *
string_member(Mapping *m, const Scope *scope, const char *key, size_t *length)
{
	return JsonString(member_of_kind(m, scope, key, JSON_STRING), NULL, length);
}

/* A string as one clean line, or NULL */
static const char *
line_member(Mapping *m, const Scope *scope, const char *key)
{
	size_t		length = 0;
	const char *text = string_member(m, scope, key, &length);

	return TextLine(m->arena, text, length, true);
}

static const char *
url_member(Mapping *m, const Scope *scope, const char *key)
{
	size_t		length = 0;
	const char *text = string_member(m, scope, key, &length);

	return TextHttpUrl(m->arena, text, length);
}

/* An id: a string or an integer */
static const char *
id_member(Mapping *m, const Scope *scope, const char *key)
{
	const JsonNode *node = JsonMember(scope->node, key);
	const char *id = JsonId(m->arena, node, NULL);

	if (id == NULL && node != NULL && JsonKindOf(node) != JSON_STRING)
		refuse_field(m, scope, key, "a string", JsonKindName(JsonKindOf(node)));
	return id == NULL ? NULL : TextLine(m->arena, id, strlen(id), false);
}

static Tristate
boolean_member(Mapping *m, const Scope *scope, const char *key)
{
	return JsonBoolean(member_of_kind(m, scope, key, JSON_BOOLEAN), NULL);
}

/* Is the member this word? */
static bool
member_is(Mapping *m, const Scope *scope, const char *key, const char *word)
{
	size_t		length = 0;
	const char *text = string_member(m, scope, key, &length);

	return text != NULL && strcmp(text, word) == 0;
}

/* A clean line of what only becomes an attribute: NULL where it doesn't fit */
static const char *
loose_line(Mapping *m, const Scope *scope, const char *path)
{
	size_t		length = 0;
	const char *text = JsonString(scope->node, path, &length);

	return TextLine(m->arena, text, length, true);
}

/* ---- names ---- */

typedef struct IdName
{
	const char *id;
	const char *name;
} IdName;

static const IdName category_names[] = {
	{"101", "Business & Professional"}, {"102", "Science & Technology"},
	{"103", "Music"}, {"104", "Film, Media & Entertainment"},
	{"105", "Performing & Visual Arts"}, {"106", "Fashion & Beauty"},
	{"107", "Health & Wellness"}, {"108", "Sports & Fitness"},
	{"109", "Travel & Outdoor"}, {"110", "Food & Drink"},
	{"111", "Charity & Causes"}, {"112", "Government & Politics"},
	{"113", "Community & Culture"}, {"114", "Religion & Spirituality"},
	{"115", "Family & Education"}, {"119", "Hobbies & Special Interest"},
	{"199", "Other"},
	{NULL, NULL}
};

static const IdName format_names[] = {
	{"1", "Conference"}, {"2", "Seminar or Talk"},
	{"3", "Tradeshow, Consumer Show, or Expo"}, {"4", "Convention"},
	{"5", "Festival or Fair"}, {"6", "Concert or Performance"},
	{"7", "Screening"}, {"8", "Dinner or Gala"},
	{"9", "Class, Training, or Workshop"},
	{"10", "Meeting or Networking Event"},
	{"11", "Party or Social Gathering"}, {"12", "Rally"},
	{"13", "Tournament"}, {"14", "Game or Competition"},
	{"15", "Race or Endurance Event"}, {"16", "Tour"},
	{"17", "Attraction"}, {"18", "Camp, Trip, or Retreat"},
	{"19", "Appearance or Signing"}, {"100", "Other"},
	{NULL, NULL}
};

/* Name of an id, or NULL */
static const char *
name_of_id(const IdName *names, const char *id)
{
	for (; id != NULL && names->id != NULL; names++)
		if (strcmp(names->id, id) == 0)
			return names->name;
	return NULL;
}

const char *
EventbriteCategoryName(const char *id)
{
	return name_of_id(category_names, id);
}

const char *
EventbriteFormatName(const char *id)
{
	return name_of_id(format_names, id);
}

/* ---- is it wanted at all? ---- */

/* A password: a text or true */
static bool
has_password(const Scope *event)
{
	const JsonNode *node = JsonMember(event->node, "password");
	size_t		length = 0;

	return JsonBoolean(node, NULL) == TRI_TRUE ||
		(JsonString(node, NULL, &length) != NULL && length > 0);
}

/* Reason to skip an event whatever its dates, or NULL */
static const char *
reason_to_skip(Mapping *m)
{
	/* Children carry the dates; a parent would be listed once for all */
	if (boolean_member(m, &m->event, "is_series_parent") == TRI_TRUE)
		return "series_parent";
	if (member_is(m, &m->event, "status", "draft"))
		return "draft";
	if (boolean_member(m, &m->event, "listed") == TRI_FALSE ||
		boolean_member(m, &m->event, "invite_only") == TRI_TRUE || has_password(&m->event))
		return "private";
	return NULL;
}

/* Reason to skip an event for its dates, or NULL */
static const char *
outside_window(const Mapping *m)
{
	const Listing *listing = m->listing;
	FeedTime	over = listing->ends_at != FEED_TIME_UNKNOWN ? listing->ends_at : listing->starts_at;

	if (m->feed->window_start != FEED_TIME_UNKNOWN && over < m->feed->window_start)
		return "past";
	if (m->feed->window_end != FEED_TIME_UNKNOWN && listing->starts_at >= m->feed->window_end)
		return "out_of_horizon";
	return NULL;
}

/* ---- what, in words ---- */

/* name: { text, html }; both hold entities now and then */
static void
map_title(Mapping *m)
{
	Scope		name = object_member(m, &m->event, "name");
	size_t		length = 0;
	const char *text = line_member(m, &name, "text");
	const char *html;

	if (text == NULL && (html = string_member(m, &name, "html", &length)) != NULL)
	{
		text = TextFromHtml(m->arena, html, length);
		text = text == NULL ? NULL : TextLine(m->arena, text, strlen(text), false);
	}
	m->listing->title = text;
	if (ProblemIsSet(m->problem) || (text != NULL && strlen(text) <= MAX_NAME))
		return;
	ProblemSet(m->problem, ERROR_CLASS_MAPPING,
			   text == NULL ? "the event has no name" : "the event's name is longer than %d bytes",
			   MAX_NAME);
	strcpy(m->problem->field, "name");
}

/*
 * description holds but the summary for events made with the new editor; the
 * full text comes by EventbriteDetail().
 */
static void
map_description(Mapping *m)
{
	Scope		description = object_member(m, &m->event, "description");
	size_t		length = 0;
	const char *text = string_member(m, &description, "text", &length);

	m->listing->description = TextBlock(m->arena, text, length);
	if (m->listing->description != NULL)
		return;
	text = string_member(m, &description, "html", &length);
	m->listing->description = TextFromHtml(m->arena, text, length);
	if (m->listing->description != NULL)
		return;
	text = string_member(m, &m->event, "summary", &length);
	m->listing->description = TextBlock(m->arena, text, length);
}

/* The name of an expanded object, or that of its id */
static const char *
expanded_name(Mapping *m, const char *object, const char *id, const IdName *names)
{
	Scope		scope = object_member(m, &m->event, object);
	const char *name = line_member(m, &scope, "name");

	return name != NULL ? name : name_of_id(names, id_member(m, &m->event, id));
}

/* Category, and as tags what is finer than it */
static void
map_category(Mapping *m)
{
	static const IdName none[] = {{NULL, NULL}};
	Listing    *listing = m->listing;
	const char *names[MAX_TAGS];

	listing->category = expanded_name(m, "category", "category_id", category_names);
	names[0] = expanded_name(m, "subcategory", "subcategory_id", none);
	names[1] = expanded_name(m, "format", "format_id", format_names);
	listing->tags = ArenaAlloc(m->arena, sizeof(char *) * MAX_TAGS);
	for (int i = 0; i < MAX_TAGS; i++)
	{
		if (names[i] == NULL ||
			(listing->category != NULL && strcmp(names[i], listing->category) == 0) ||
			(listing->ntags > 0 && strcmp(names[i], listing->tags[0]) == 0))
			continue;
		listing->tags[listing->ntags++] = names[i];
	}
}

/* "fr_CA" to "fr-CA"; anything else that is no locale is unknown */
static const char *
language_of_locale(Arena *arena, const char *locale)
{
	size_t		letters = 0;
	char	   *language;
	size_t		length = strlen(locale);

	while ((locale[letters] >= 'a' && locale[letters] <= 'z') ||
		   (locale[letters] >= 'A' && locale[letters] <= 'Z'))
		letters++;
	if (letters < 2 || letters > 3)
		return NULL;
	if (letters != length && (length != letters + 3 ||
							  (locale[letters] != '_' && locale[letters] != '-')))
		return NULL;
	language = ArenaStrdup(arena, locale);
	for (size_t i = 0; i < length; i++)
	{
		bool		letter = (language[i] | 0x20) >= 'a' && (language[i] | 0x20) <= 'z';

		if (i == letters)
			language[i] = '-';
		else if (!letter)
			return NULL;
		else
			language[i] = (char) (i < letters ? language[i] | 0x20 : language[i] & ~0x20);
	}
	return language;
}

static void
map_language(Mapping *m)
{
	const char *locale = line_member(m, &m->event, "locale");

	if (locale != NULL)
		m->listing->language = language_of_locale(m->arena, locale);
	if (m->listing->language == NULL)
		m->listing->language = ConfigString(m->feed->config, "language");
}

/*
 * The image's URL is signed, and signed anew when its crop changes; what tells
 * one image from another is its id.
 */
static void
map_image(Mapping *m)
{
	Scope		logo = object_member(m, &m->event, "logo");
	Listing    *listing = m->listing;

	listing->image_url = url_member(m, &logo, "url");
	if (listing->image_url == NULL)
		return;
	listing->image_key = id_member(m, &logo, "id");
	if (listing->image_key == NULL)
		listing->image_key = id_member(m, &m->event, "logo_id");
	if (listing->image_key == NULL)
		listing->image_key = ArenaStrndup(m->arena, listing->image_url,
										  strcspn(listing->image_url, "?#"));
}

/*
 * Cancellations hide: an event with orders cannot be cancelled through the
 * API, so organizers override the sales message instead, and the status goes
 * on from live to completed.  Two spellings: canceled, event_cancelled.
 */
static void
map_status(Mapping *m)
{
	ListingStatus status = STATUS_SCHEDULED;

	if (member_is(m, &m->event, "status", "canceled") ||
		member_is(m, &m->event, "status", "cancelled") ||
		member_is(m, &m->sales, "message_code", "event_cancelled"))
		status = STATUS_CANCELLED;
	else if (member_is(m, &m->sales, "message_code", "event_postponed"))
		status = STATUS_POSTPONED;
	else if (boolean_member(m, &m->tickets, "is_sold_out") == TRI_TRUE ||
			 member_is(m, &m->sales, "sales_status", "sold_out"))
		status = STATUS_SOLD_OUT;
	m->listing->status = status;
}

/* ---- when ---- */

/* A time of a { timezone, local, utc } object; invalid: the event is refused */
static bool
read_time(Mapping *m, const Scope *scope, const char *key, WhenKind *kind, int64_t *value)
{
	size_t		length = 0;
	const char *text = string_member(m, scope, key, &length);

	if (text == NULL)
		return false;
	*kind = WhenParse(text, length, value);
	if (*kind != WHEN_INVALID)
		return true;
	refuse_field(m, scope, key, "a date and time",
				 ArenaPrintf(m->arena, "\"%.40s\"", TextRepair(m->arena, text, length)));
	return false;
}

/*
 * The instant and wall-clock time of start or end.  utc is what counts; local
 * with the zone stands in for it.
 */
static FeedTime
read_moment(Mapping *m, const Scope *scope, const Zone *zone, LocalTime *local)
{
	FeedTime	instant = FEED_TIME_UNKNOWN;
	size_t		length = 0;
	WhenKind	kind = WHEN_INVALID;
	int64_t		value;

	*local = FEED_TIME_UNKNOWN;

	/* without its Z it is UTC all the same: that is the member's name */
	if (read_time(m, scope, "utc", &kind, &value))
		instant = value;
	if (instant == FEED_TIME_UNKNOWN)
		read_time(m, scope, "local", &kind, &value);
	else
		kind = WhenParse(JsonString(scope->node, "local", &length), length, &value);
	if (kind == WHEN_INSTANT && instant == FEED_TIME_UNKNOWN)
		instant = value;
	else if (kind == WHEN_LOCAL || kind == WHEN_DATE)
		*local = value;
	if (instant == FEED_TIME_UNKNOWN && *local != FEED_TIME_UNKNOWN && zone != NULL)
		instant = ZoneToUtc(zone, *local);
	if (*local == FEED_TIME_UNKNOWN && instant != FEED_TIME_UNKNOWN && zone != NULL)
		*local = ZoneToLocal(zone, instant);
	return instant;
}

/* The zone of start; its name into the listing */
static const Zone *
map_zone(Mapping *m, const Scope *start)
{
	const char *name = line_member(m, start, "timezone");
	const Zone *zone = NULL;

	if (name == NULL)
		name = m->feed->default_timezone;
	if (name == NULL || m->feed->zones == NULL)
	{
		m->listing->timezone = name;
		return NULL;
	}
	zone = ZoneResolve(m->feed->zones, name);
	if (zone != NULL)
		m->listing->timezone = ZoneName(zone);
	return zone;
}

static void
map_times(Mapping *m)
{
	Listing    *listing = m->listing;
	Scope		start = object_member(m, &m->event, "start");
	Scope		end = object_member(m, &m->event, "end");
	const Zone *zone = map_zone(m, &start);
	LocalTime	local_end;

	listing->starts_at = read_moment(m, &start, zone, &listing->local_start);
	listing->start_precision = PRECISION_MINUTE;
	if (listing->starts_at == FEED_TIME_UNKNOWN && !ProblemIsSet(m->problem))
	{
		ProblemSet(m->problem, ERROR_CLASS_MAPPING, start.node == NULL ?
				   "the event has no start" : "the event's start has no time that can be used");
		ProblemDetail(m->problem, "start.utc is needed, or start.local with a known start.timezone.");
		strcpy(m->problem->field, "start");
		return;
	}
	if (listing->local_start == FEED_TIME_UNKNOWN)
		listing->local_start = listing->starts_at;

	/* An end before the start tells nothing */
	listing->ends_at = read_moment(m, &end, zone, &local_end);
	if (listing->ends_at != FEED_TIME_UNKNOWN && listing->ends_at < listing->starts_at)
		listing->ends_at = FEED_TIME_UNKNOWN;
}

/* ---- where, by whom ---- */

/* Coordinates, which are strings; 0,0 and what is not on Earth are dropped */
static void
map_coordinates(Mapping *m)
{
	double		latitude;
	double		longitude;

	if (!(JsonDecimal(m->venue.node, "latitude", &latitude) &&
		  JsonDecimal(m->venue.node, "longitude", &longitude)) &&
		!(JsonDecimal(m->venue.node, "address.latitude", &latitude) &&
		  JsonDecimal(m->venue.node, "address.longitude", &longitude)))
		return;
	PlaceSetPoint(m->listing, latitude, longitude);
}

static void
map_venue(Mapping *m)
{
	Listing    *listing = m->listing;
	Scope		address = object_member(m, &m->venue, "address");
	const char *first = line_member(m, &address, "address_1");
	const char *second = line_member(m, &address, "address_2");

	listing->is_online = boolean_member(m, &m->event, "online_event");
	listing->venue_name = line_member(m, &m->venue, "name");
	listing->address = first == NULL ? second : second == NULL ? first :
		ArenaPrintf(m->arena, "%s, %s", first, second);
	listing->city = line_member(m, &address, "city");
	listing->region = line_member(m, &address, "region");
	listing->postal_code = id_member(m, &address, "postal_code");
	listing->country = PlaceCountryCode(m->arena, line_member(m, &address, "country"));
	map_coordinates(m);
}

static void
map_organizer(Mapping *m)
{
	Scope		organizer = object_member(m, &m->event, "organizer");

	m->listing->organizer = line_member(m, &organizer, "name");
	m->listing->organizer_url = url_member(m, &organizer, "url");
}

/* ---- for how much ---- */

/*
 * A Currency object (API v3): major_value is the amount in decimals as the API
 * means it, value the same in minor units.
 */
static const char *
read_money(Mapping *m, const Scope *scope, const char *key, const char **currency)
{
	Scope		money = object_member(m, scope, key);
	size_t		length = 0;
	const char *text = string_member(m, &money, "currency", &length);
	const char *code = CurrencyCode(m->arena, text, length);
	const char *amount;
	int64_t		minor;

	text = JsonString(money.node, "major_value", &length);
	amount = MoneyFromDecimal(m->arena, text, length);
	if (amount == NULL && code != NULL && JsonInteger(money.node, "value", &minor))
		amount = MoneyFromMinor(m->arena, minor, code);
	if (amount != NULL && code != NULL)
		*currency = code;
	return amount;
}

/* Prices by the tickets sold elsewhere, if they are, else by our tickets */
static void
map_prices(Mapping *m)
{
	Listing    *listing = m->listing;
	const Scope *prices = &m->tickets;
	size_t		length = 0;
	const char *currency = string_member(m, &m->event, "currency", &length);

	listing->currency = CurrencyCode(m->arena, currency, length);
	listing->is_free = boolean_member(m, &m->event, "is_free");
	if (boolean_member(m, &m->event, "is_externally_ticketed") == TRI_TRUE && m->external.node != NULL)
	{
		Tristate	is_free = boolean_member(m, &m->external, "is_free");

		prices = &m->external;
		if (is_free != TRI_UNKNOWN)
			listing->is_free = is_free;
	}
	listing->price_min = read_money(m, prices, "minimum_ticket_price", &listing->currency);
	listing->price_max = read_money(m, prices, "maximum_ticket_price", &listing->currency);
}

/* ---- the rest ---- */

/* A time as it was written, if it is one: one of the API's own examples isn't */
static const char *
loose_time(Mapping *m, const Scope *scope, const char *path)
{
	const char *text = loose_line(m, scope, path);
	int64_t		value;

	return text != NULL && WhenParse(text, strlen(text), &value) != WHEN_INVALID ? text : NULL;
}

/* What has no column but is worth keeping; names in a fixed order */
static void
map_attributes(Mapping *m)
{
	TextBuilder json = {m->arena, NULL, 0, 0};
	const char *age = loose_line(m, &m->event, "music_properties.age_restriction");
	const char *url = loose_line(m, &m->external, "external_url");

	if (age == NULL)
		age = loose_line(m, &m->venue, "age_restriction");
	if (url != NULL)
		url = TextHttpUrl(m->arena, url, strlen(url));
	BuilderAddMember(&json, "age_restriction", age);
	BuilderAddMember(&json, "door_time", loose_time(m, &m->event, "music_properties.door_time"));
	BuilderAddMember(&json, "external_url", url);
	BuilderAddMember(&json, "format", loose_line(m, &m->event, "format.name"));
	if (JsonBoolean(m->event.node, "hide_start_date") == TRI_TRUE)
		BuilderAddFlag(&json, "hide_start_date");
	if (JsonBoolean(m->event.node, "hide_end_date") == TRI_TRUE)
		BuilderAddFlag(&json, "hide_end_date");
	BuilderAddMember(&json, "organizer_id", JsonId(m->arena, m->event.node, "organizer_id"));
	BuilderAddMember(&json, "presented_by", loose_line(m, &m->event, "music_properties.presented_by"));
	BuilderAddMember(&json, "published", loose_time(m, &m->event, "published"));
	BuilderAddMember(&json, "subcategory", loose_line(m, &m->event, "subcategory.name"));
	BuilderAddMember(&json, "ticketing_provider",
					 loose_line(m, &m->external, "ticketing_provider_name"));
	BuilderAddMember(&json, "venue_id", JsonId(m->arena, m->event.node, "venue_id"));
	m->listing->attributes = BuilderCloseObject(&json);
}

/* Is an object only pointed to by its id, not told? */
static bool
is_only_named(const Mapping *m, const char *object, const char *id)
{
	return JsonMember(m->event.node, object) == NULL && JsonId(m->arena, m->event.node, id) != NULL;
}

/* Everything once the event is known to be wanted */
static void
map_rest(Mapping *m)
{
	Listing    *listing = m->listing;

	listing->revision = line_member(m, &m->event, "changed");
	listing->url = url_member(m, &m->event, "url");
	listing->series_id = id_member(m, &m->event, "series_id");
	map_description(m);
	map_status(m);
	map_image(m);
	map_venue(m);
	map_organizer(m);
	map_category(m);
	map_language(m);
	map_prices(m);
	map_attributes(m);

	/* The first holds for records without their page as well */
	listing->is_partial = is_only_named(m, "venue", "venue_id") || is_only_named(m, "organizer", "organizer_id") ||
		m->on_partial_page;
}

MapResult
EventbriteMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	EventbriteState *state = feed->state;
	Mapping		m = {.feed = feed, .arena = arena, .listing = listing,
		.on_partial_page = ((EventbritePage *) page->state)->is_partial,
		.problem = &record->problem};

	ListingInit(listing);
	m.event.outer = m.event.name = "";
	if (!JsonReadSelected(state->reader, arena, event_wanted, record->raw, record->raw_length,
						  &m.event.node, m.problem))
	{
		/* What isn't JSON is kept as a JSON string */
		record->raw = TextToJsonString(arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
		return MAP_REFUSED;
	}
	listing->source_id = record->source_id;
	m.venue = object_member(&m, &m.event, "venue");
	m.sales = object_member(&m, &m.event, "event_sales_status");
	m.tickets = object_member(&m, &m.event, "ticket_availability");
	m.external = object_member(&m, &m.event, "external_ticketing");

	record->skip_reason = reason_to_skip(&m);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	map_title(&m);
	map_times(&m);
	if (ProblemIsSet(m.problem))
		return MAP_REFUSED;
	record->skip_reason = outside_window(&m);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	map_rest(&m);
	return ProblemIsSet(m.problem) ? MAP_REFUSED : MAP_LISTING;
}

/* The answer of /events/ID/description/: { "description": "<html>" } */
bool
EventbriteDetail(Feed *feed, const FeedBody *body, Arena *arena, Listing *listing, Problem *problem)
{
	EventbriteState *state = feed->state;
	const char *bytes = FeedBodyBytes(body, arena, problem);
	const JsonNode *root;
	const char *html;
	const char *text;
	size_t		length = 0;

	if (bytes == NULL || !JsonRead(state->reader, arena, bytes, body->size, &root, problem))
		return false;
	html = JsonString(root, "description", &length);
	if (html == NULL && JsonKindAt(root, "description") != JSON_NULL)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the description of an event is %s, not a string",
				   JsonKindName(JsonKindAt(root, "description")));
		strcpy(problem->field, "description");
		return false;
	}
	text = TextFromHtml(arena, html, length);
	if (text != NULL)
		listing->description = text;
	listing->has_detail = true;
	return true;
}
