/*
 * src/feed/meetup_map.c
 *
 * A Meetup event's JSON to a listing (https://www.meetup.com/graphql/schema/,
 * type Event).
 *
 * A member that is absent or null is unknown.  One of another type than
 * documented refuses the event, with its name.  What only goes into attributes
 * is taken if it fits.  RSVPs are not kept: their numbers move all the time,
 * and each move would be a change of the event.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/markdown.h"
#include "feed/money.h"
#include "feed/place.h"
#include "feed/text.h"
#include "feed/when.h"

#define MAX_TITLE 10000
#define MAX_TAGS 30

/* The pseudo venue that online events are given */
#define ONLINE_VENUE_ID "26906060"

typedef struct Mapping
{
	Feed	   *feed;
	Arena	   *arena;
	Listing    *listing;
	Problem    *problem;		/* the first one found */
	const JsonNode *event;
	const JsonNode *group;		/* of the record, or of the event itself */
	const JsonNode *venue;		/* the one that is a place; or NULL */
	bool		has_online_venue;
} Mapping;

/* ---- what is read ---- */

static const JsonWanted id_wanted[] = {
	JSON_WHOLE("token"), JSON_WHOLE("id"), {NULL}
};

static const JsonWanted record_id_wanted[] = {
	JSON_PART("node", id_wanted), JSON_WHOLE("token"), JSON_WHOLE("id"), {NULL}
};

#define EVENT_WANTED \
	JSON_WHOLE("id"), JSON_WHOLE("token"), JSON_WHOLE("title"), JSON_WHOLE("eventUrl"), \
	JSON_WHOLE("description"), JSON_WHOLE("dateTime"), JSON_WHOLE("endTime"), JSON_WHOLE("duration"), \
	JSON_WHOLE("createdTime"), JSON_WHOLE("eventType"), JSON_WHOLE("isOnline"), JSON_WHOLE("status"), \
	JSON_WHOLE("maxTickets"), JSON_WHOLE("howToFindUs"), JSON_WHOLE("feeSettings"), \
	JSON_WHOLE("featuredEventPhoto"), JSON_WHOLE("displayPhoto"), JSON_WHOLE("venues"), JSON_WHOLE("venue"), \
	JSON_WHOLE("topics"), JSON_WHOLE("series"), JSON_WHOLE("group")

static const JsonWanted event_wanted[] = {EVENT_WANTED, {NULL}};

static const JsonWanted record_wanted[] = {
	JSON_PART("node", event_wanted), EVENT_WANTED, {NULL}
};

/* The event of a record: in its "node", or itself */
static const JsonNode *
event_of(const JsonNode *record)
{
	return JsonKindAt(record, "node") == JSON_OBJECT ? JsonAt(record, "node") : record;
}

/*
 * token is stable; id is not: that of a recurring event changes from a slug to
 * a number once the occurrence is made.
 */
const char *
MeetupEventId(Feed *feed, Arena *arena, const char *bytes, size_t length)
{
	MeetupState *state = feed->state;
	const JsonNode *record;
	const char *id;
	Problem		unread;

	if (length == 0 || bytes[0] != '{' ||
		!JsonReadSelected(state->reader, arena, record_id_wanted, bytes, length, &record, &unread))
		return NULL;
	id = JsonId(arena, event_of(record), "token");
	if (id == NULL)
		id = JsonId(arena, event_of(record), "id");
	return id == NULL ? NULL : TextLine(arena, id, strlen(id), false);
}

/* ---- typed members ---- */

/* Refuse the event for a field, unless it is refused already */
static void
refuse_field(Mapping *m, const char *path, const char *what)
{
	if (ProblemIsSet(m->problem))
		return;
	ProblemSet(m->problem, ERROR_CLASS_MAPPING, "\"%s\" is %s", path, what);
	strncpy(m->problem->field, path, sizeof(m->problem->field) - 1);
}

/* The value at path, if it is of the kind; NULL if it is absent or null */
static const JsonNode *
value_of_kind(Mapping *m, const JsonNode *node, const char *path, JsonKind kind)
{
	JsonKind	found = JsonKindAt(node, path);

	if (found == JSON_ABSENT || found == JSON_NULL)
		return NULL;
	if (found == kind)
		return JsonAt(node, path);
	refuse_field(m, path, ArenaPrintf(m->arena, "%s, not %s", JsonKindName(found), JsonKindName(kind)));
	return NULL;
}

static const char *
string_at(Mapping *m, const JsonNode *node, const char *path, size_t *length)
{
	return JsonString(value_of_kind(m, node, path, JSON_STRING), NULL, length);
}

/* A string as one clean line */
static const char *
line_at(Mapping *m, const JsonNode *node, const char *path)
{
	size_t		length = 0;
	const char *text = string_at(m, node, path, &length);

	return TextLine(m->arena, text, length, true);
}

/* The same of what only becomes an attribute: NULL where it doesn't fit */
static const char *
loose_line(Mapping *m, const JsonNode *node, const char *path)
{
	size_t		length = 0;
	const char *text = JsonString(node, path, &length);

	return TextLine(m->arena, text, length, true);
}

/* ---- addresses ---- */

const char *
MeetupUrl(Arena *arena, const char *text, size_t length)
{
	const char *url;

	if (text == NULL)
		return NULL;
	while (length > 0 && text[length - 1] == '/')
		length--;
	url = TextHttpUrl(arena, text, length);
	return url;
}

const char *
MeetupGroupUrl(Arena *arena, const char *event_url)
{
	const char *end = event_url == NULL ? NULL : strstr(event_url, "/events/");

	return end == NULL ? NULL : ArenaPrintf(arena, "%.*s/", (int) (end - event_url), event_url);
}

/* ---- status ---- */

/* Is it one of the words, in any case? */
static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

/* Two l; old answers have lower case */
static void
map_status(Mapping *m, const char *status)
{
	static const char *const cancelled[] = {
		"CANCELLED", "CANCELLED_PERM", "AUTOSCHED_CANCELLED", "CANCELED", NULL
	};

	m->listing->status = status != NULL && is_one_of(status, cancelled) ? STATUS_CANCELLED : STATUS_SCHEDULED;
}

/* Reason to skip an event for its status, or NULL */
static const char *
reason_to_skip(const char *status)
{
	static const char *const drafts[] = {
		"DRAFT", "AUTOSCHED_DRAFT", "PENDING", "PROPOSED", "TEMPLATE", NULL
	};
	static const char *const blocked[] = {"BLOCKED", NULL};

	if (status == NULL)
		return NULL;
	return is_one_of(status, drafts) ? "draft" : is_one_of(status, blocked) ? "blocked" : NULL;
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

/* ---- when ---- */

/*
 * A time: with seconds or without, with an offset, and in old answers the
 * zone's name after it ("…-05:00[US/Eastern]"), which goes into *zone_name.
 * False: there is none, or the event is refused.
 */
static bool
time_at(Mapping *m, const char *path, WhenKind *kind, int64_t *value, const char **zone_name)
{
	size_t		length = 0;
	const char *text = string_at(m, m->event, path, &length);
	const char *bracket = text == NULL ? NULL : memchr(text, '[', length);

	if (text == NULL)
		return false;
	if (bracket != NULL)
	{
		if (zone_name != NULL && length > 2 && text[length - 1] == ']')
			*zone_name = TextLine(m->arena, bracket + 1, (size_t) (text + length - bracket) - 2, false);
		length = (size_t) (bracket - text);
	}
	*kind = WhenParse(text, length, value);
	if (*kind != WHEN_INVALID && *kind != WHEN_DATE)
		return true;
	refuse_field(m, path, ArenaPrintf(m->arena, "no date and time: \"%.40s\"", TextRepair(m->arena, text, length)));
	return false;
}

/* The zone by the event's group, or the one that the time itself names */
static const Zone *
map_zone(Mapping *m, const char *named)
{
	const char *names[3] = {line_at(m, m->group, "timezone"), named, m->feed->default_timezone};
	const Zone *zone = NULL;

	for (int i = 0; i < 3 && zone == NULL; i++)
	{
		if (names[i] == NULL)
			continue;
		if (m->feed->zones != NULL)
			zone = ZoneResolve(m->feed->zones, names[i]);
		else if (m->listing->timezone == NULL)
			m->listing->timezone = names[i];
	}
	if (zone != NULL)
		m->listing->timezone = ZoneName(zone);
	return zone;
}

/* "PT2H30M", "P1DT2H": seconds; -1 if it is none (ISO 8601, without months) */
static int64_t
duration_seconds(const char *text, size_t length)
{
	int64_t		seconds = 0;
	bool		in_time = false;
	bool		any = false;

	if (length < 3 || text[0] != 'P')
		return -1;
	for (size_t at = 1; at < length; at++)
	{
		int64_t		number = 0;
		size_t		digits = 0;
		int64_t		unit;

		if (text[at] == 'T' && !in_time)
		{
			in_time = true;
			continue;
		}
		for (; at < length && text[at] >= '0' && text[at] <= '9' && digits < 7; at++, digits++)
			number = number * 10 + (text[at] - '0');
		if (digits == 0 || at == length)
			return -1;
		unit = text[at] == 'W' && !in_time ? 604800 : text[at] == 'D' && !in_time ? 86400 :
			text[at] == 'H' && in_time ? 3600 : text[at] == 'M' && in_time ? 60 :
			text[at] == 'S' && in_time ? 1 : 0;
		if (unit == 0)
			return -1;
		seconds += number * unit;
		any = true;
	}
	return any ? seconds : -1;
}

/* The end: endTime, else by the duration, else unknown */
static FeedTime
read_end(Mapping *m, const Zone *zone)
{
	FeedTime	start = m->listing->starts_at;
	FeedTime	end = FEED_TIME_UNKNOWN;
	WhenKind	kind;
	int64_t		value;
	size_t		length = 0;
	const char *duration;

	if (time_at(m, "endTime", &kind, &value, NULL))
		end = kind == WHEN_INSTANT ? value : zone != NULL ? ZoneToUtc(zone, value) : FEED_TIME_UNKNOWN;
	duration = string_at(m, m->event, "duration", &length);
	if (end == FEED_TIME_UNKNOWN && duration != NULL && duration_seconds(duration, length) >= 0)
		end = start + duration_seconds(duration, length);

	/* An end before the start tells nothing */
	return end != FEED_TIME_UNKNOWN && end >= start ? end : FEED_TIME_UNKNOWN;
}

static void
map_times(Mapping *m)
{
	Listing    *listing = m->listing;
	const char *zone_name = NULL;
	const Zone *zone;
	WhenKind	kind = WHEN_INVALID;
	int64_t		value = 0;
	bool		found = time_at(m, "dateTime", &kind, &value, &zone_name);

	zone = map_zone(m, zone_name);
	if (found && kind == WHEN_INSTANT)
		listing->starts_at = value;
	else if (found && zone != NULL)
		listing->starts_at = ZoneToUtc(zone, value);
	if (listing->starts_at == FEED_TIME_UNKNOWN)
	{
		if (!ProblemIsSet(m->problem))
		{
			ProblemSet(m->problem, ERROR_CLASS_MAPPING, found ?
					   "the event's dateTime has no offset, and its group no time zone" : "the event has no dateTime");
			strcpy(m->problem->field, "dateTime");
		}
		return;
	}
	listing->start_precision = PRECISION_MINUTE;
	listing->local_start = kind == WHEN_LOCAL ? value : listing->starts_at;
	if (kind == WHEN_INSTANT && zone != NULL)
		listing->local_start = ZoneToLocal(zone, listing->starts_at);
	listing->ends_at = read_end(m, zone);
}

/* ---- where ---- */

/* Is a venue no place: marked as online, or the pseudo venue? */
static bool
is_online_venue(const JsonNode *venue)
{
	size_t		length;
	const char *type = JsonString(venue, "venueType", &length);
	const char *id = JsonString(venue, "id", &length);
	const char *name = JsonString(venue, "name", &length);

	return (type != NULL && strcasecmp(type, "online") == 0) ||
		(id != NULL && strcmp(id, ONLINE_VENUE_ID) == 0) ||
		(name != NULL && strcasecmp(name, "Online event") == 0);
}

/* Hybrid events have two venues: the first that is a place */
static void
find_venue(Mapping *m)
{
	const JsonNode *venues = value_of_kind(m, m->event, "venues", JSON_ARRAY);
	const JsonNode *single = value_of_kind(m, m->event, "venue", JSON_OBJECT);
	int			count = venues != NULL ? JsonCount(venues) : single != NULL;

	for (int i = 0; i < count; i++)
	{
		const JsonNode *venue = venues != NULL ? JsonElementAt(venues, i) : single;

		if (JsonKindOf(venue) == JSON_NULL || venue == NULL)
			continue;
		if (JsonKindOf(venue) != JSON_OBJECT)
			refuse_field(m, "venues", ArenaPrintf(m->arena, "a list with %s", JsonKindName(JsonKindOf(venue))));
		else if (is_online_venue(venue))
			m->has_online_venue = true;
		else if (m->venue == NULL)
			m->venue = venue;
	}
}

/* 0,0 and what is not on Earth are dropped; old answers have "lng" */
static void
map_coordinates(Mapping *m)
{
	double		latitude;
	double		longitude;

	if (!JsonDecimal(m->venue, "lat", &latitude) ||
		!(JsonDecimal(m->venue, "lon", &longitude) || JsonDecimal(m->venue, "lng", &longitude)))
		return;
	PlaceSetPoint(m->listing, latitude, longitude);
}

/* An online event has no place, whatever venue it kept */
static void
map_venue(Mapping *m)
{
	Listing    *listing = m->listing;
	const char *type = line_at(m, m->event, "eventType");
	Tristate	flag = JsonBoolean(value_of_kind(m, m->event, "isOnline", JSON_BOOLEAN), NULL);

	find_venue(m);
	if (type != NULL && strcasecmp(type, "ONLINE") == 0)
		listing->is_online = TRI_TRUE;
	else if (type != NULL && (strcasecmp(type, "PHYSICAL") == 0 || strcasecmp(type, "HYBRID") == 0))
		listing->is_online = TRI_FALSE;
	else if (m->has_online_venue && m->venue == NULL)
		listing->is_online = TRI_TRUE;
	else
		listing->is_online = flag;
	if (m->venue == NULL || listing->is_online == TRI_TRUE)
		return;
	listing->venue_name = line_at(m, m->venue, "name");
	listing->address = line_at(m, m->venue, "address");
	listing->city = line_at(m, m->venue, "city");
	listing->region = line_at(m, m->venue, "state");
	listing->postal_code = line_at(m, m->venue, "postalCode");
	listing->country = PlaceCountryCode(m->arena, line_at(m, m->venue, "country"));
	map_coordinates(m);
}

/* ---- by whom, about what, for how much ---- */

static void
map_organizer(Mapping *m)
{
	MeetupState *state = m->feed->state;
	const char *urlname = line_at(m, m->group, "urlname");

	m->listing->organizer = line_at(m, m->group, "name");
	m->listing->organizer_url = MeetupGroupUrl(m->arena, m->listing->url);
	if (m->listing->organizer_url == NULL && urlname != NULL)
	{
		const char *url = ArenaPrintf(m->arena, "%s/%s/", state->web_url, urlname);

		m->listing->organizer_url = TextHttpUrl(m->arena, url, strlen(url));
	}
}

/* topics { edges { node { name } } } */
static void
map_topics(Mapping *m)
{
	Listing    *listing = m->listing;
	const JsonNode *topics = value_of_kind(m, m->event, "topics", JSON_OBJECT);
	const JsonNode *edges = JsonAt(topics, "edges");
	int			count = JsonCount(edges);

	if (count == 0)
		return;
	listing->tags = ArenaAlloc(m->arena, sizeof(char *) * MAX_TAGS);
	for (int i = 0; i < count && listing->ntags < MAX_TAGS; i++)
	{
		const char *name = loose_line(m, JsonElementAt(edges, i), "node.name");
		bool		known = name == NULL;

		for (int j = 0; j < listing->ntags && !known; j++)
			known = strcasecmp(listing->tags[j], name) == 0;
		if (!known)
			listing->tags[listing->ntags++] = name;
	}
}

static void
map_image(Mapping *m)
{
	static const char *const paths[] = {
		"featuredEventPhoto.highResUrl", "featuredEventPhoto.standardUrl",
		"displayPhoto.highResUrl", "displayPhoto.standardUrl", NULL
	};

	for (int i = 0; paths[i] != NULL && m->listing->image_url == NULL; i++)
	{
		size_t		length = 0;
		const char *text = JsonString(m->event, paths[i], &length);

		m->listing->image_url = TextHttpUrl(m->arena, text, length);
	}
}

/* feeSettings: null means free, if it was asked for; absent means nothing */
static void
map_fee(Mapping *m)
{
	Listing    *listing = m->listing;
	const JsonNode *fee;
	size_t		length = 0;
	const char *currency;
	const char *amount;

	if (JsonKindAt(m->event, "feeSettings") == JSON_NULL)
		listing->is_free = TRI_TRUE;
	fee = value_of_kind(m, m->event, "feeSettings", JSON_OBJECT);
	if (fee == NULL)
		return;
	currency = JsonString(fee, "currency", &length);
	listing->currency = CurrencyCode(m->arena, currency, length);
	amount = JsonString(fee, "amount", &length);
	if (amount == NULL && (JsonKindAt(fee, "amount") == JSON_INTEGER || JsonKindAt(fee, "amount") == JSON_NUMBER))
	{
		amount = JsonToText(m->arena, JsonAt(fee, "amount"));
		length = strlen(amount);
	}
	if (amount == NULL)
		return;
	listing->price_min = listing->price_max = MoneyFromDecimal(m->arena, amount, length);
	if (listing->price_min != NULL)
		listing->is_free = listing->price_min[strspn(listing->price_min, "0.")] == '\0' ? TRI_TRUE : TRI_FALSE;
}

/* ---- the rest ---- */

/* What has no column but is worth keeping; names in a fixed order */
static void
map_attributes(Mapping *m, const char *status)
{
	static const char *const known[] = {
		"ACTIVE", "PAST", "CANCELLED", "CANCELLED_PERM", "CANCELED", "AUTOSCHED", "AUTOSCHED_CANCELLED",
		"AUTOSCHED_FINISHED", "upcoming", NULL
	};
	TextBuilder json = {.arena = m->arena};
	const char *created = loose_line(m, m->event, "createdTime");
	const char *type = loose_line(m, m->event, "eventType");
	int64_t		places;

	BuilderAddMember(&json, "created", created);
	if (JsonBoolean(m->event, "feeSettings.required") == TRI_FALSE)
		BuilderAddFlag(&json, "fee_is_optional");
	BuilderAddMember(&json, "fee_paid_by", loose_line(m, m->event, "feeSettings.accepts"));
	BuilderAddMember(&json, "group_id", JsonId(m->arena, m->group, "id"));
	BuilderAddMember(&json, "how_to_find_us", loose_line(m, m->event, "howToFindUs"));
	if (type != NULL && strcasecmp(type, "HYBRID") == 0)
		BuilderAddFlag(&json, "hybrid");
	if (JsonInteger(m->event, "maxTickets", &places) && places > 0)
		BuilderAddMember(&json, "max_tickets", ArenaPrintf(m->arena, "%lld", (long long) places));
	BuilderAddMember(&json, "series", loose_line(m, m->event, "series.description"));
	if (status != NULL && !is_one_of(status, known))
		BuilderAddMember(&json, "status", status);
	if (m->venue != NULL && m->listing->is_online != TRI_TRUE)
		BuilderAddMember(&json, "venue_id", JsonId(m->arena, m->venue, "id"));
	m->listing->attributes = BuilderCloseObject(&json);
}

static void
map_title(Mapping *m)
{
	const char *title = line_at(m, m->event, "title");

	m->listing->title = title;
	if (ProblemIsSet(m->problem) || (title != NULL && strlen(title) <= MAX_TITLE))
		return;
	ProblemSet(m->problem, ERROR_CLASS_MAPPING,
			   title == NULL ? "the event has no title" : "the event's title is longer than %d bytes", MAX_TITLE);
	strcpy(m->problem->field, "title");
}

/* Everything once the event is known to be wanted */
static void
map_rest(Mapping *m, const char *status)
{
	Listing    *listing = m->listing;
	size_t		length = 0;
	const char *text = string_at(m, m->event, "description", &length);

	listing->description = TextFromMarkdown(m->arena, text, length);
	text = string_at(m, m->event, "eventUrl", &length);
	listing->url = MeetupUrl(m->arena, text, length);
	map_status(m, status);
	map_venue(m);
	map_organizer(m);
	map_topics(m);
	map_image(m);
	map_fee(m);
	value_of_kind(m, m->event, "series", JSON_OBJECT);
	listing->series_id = JsonId(m->arena, m->event, "series.id");
	if (listing->series_id != NULL)
		listing->series_id = TextLine(m->arena, listing->series_id, strlen(listing->series_id), false);
	text = ConfigString(m->feed->config, "language");
	if (text != NULL)
		listing->language = TextLine(m->arena, text, strlen(text), false);
	map_attributes(m, status);
}

/* The record with the group it was listed under, so that it stands alone */
static void
complete_raw(const MeetupList *list, Arena *arena, FeedRecord *record)
{
	if (list->group == NULL)
		return;
	record->raw = ArenaPrintf(arena, "{\"group\":%s,%.*s", list->group, (int) record->raw_length - 1, record->raw + 1);
	record->raw_length = strlen(record->raw);
}

MapResult
MeetupMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	MeetupState *state = feed->state;
	Mapping		m = {.feed = feed, .arena = arena, .listing = listing, .problem = &record->problem};
	const JsonNode *root;
	const char *status;

	ListingInit(listing);
	complete_raw(record->state, arena, record);
	if (!JsonReadSelected(state->reader, arena, record_wanted, record->raw, record->raw_length, &root, m.problem))
	{
		/* What isn't JSON is kept as a JSON string */
		record->raw = TextToJsonString(arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
		return MAP_REFUSED;
	}
	m.event = event_of(root);
	m.group = JsonKindAt(m.event, "group") == JSON_OBJECT ? JsonAt(m.event, "group") : JsonAt(root, "group");
	listing->source_id = record->source_id;
	status = line_at(&m, m.event, "status");
	record->skip_reason = reason_to_skip(status);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	map_title(&m);
	map_times(&m);
	if (ProblemIsSet(m.problem))
		return MAP_REFUSED;
	record->skip_reason = outside_window(&m);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	map_rest(&m, status);
	return ProblemIsSet(m.problem) ? MAP_REFUSED : MAP_LISTING;
}
