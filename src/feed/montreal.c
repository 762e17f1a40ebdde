/*
 * src/feed/montreal.c
 *
 * A row of Montréal's "Événements publics" to a listing
 * (https://donnees.montreal.ca/dataset/evenements-publics).
 *
 * The table has dates but no hours, whether something is free but no price,
 * nothing of cancellations.  What is missing in it is the word "nan": it comes
 * out of pandas.  An hour is taken from the description where that leaves no
 * doubt; attributes say so.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/described_hour.h"
#include "feed/text.h"
#include "feed/when.h"

#define DAY			86400
#define MAX_TITLE	10000

/* Around the island, generously */
#define SOUTH		45.3
#define NORTH		45.8
#define WEST		(-74.1)
#define EAST		(-73.3)

/* One row being mapped */
typedef struct Mapping
{
	Feed	   *feed;
	Arena	   *arena;
	Listing    *listing;
	Problem    *problem;
	const JsonNode *row;
	bool		is_shared;		/* one of several sessions of an event */
	bool		has_described_hour;
} Mapping;

static const JsonWanted row_wanted[] = {
	JSON_WHOLE("titre"), JSON_WHOLE("url_fiche"), JSON_WHOLE("description"),
	JSON_WHOLE("date_debut"), JSON_WHOLE("date_fin"), JSON_WHOLE("type_evenement"),
	JSON_WHOLE("public_cible"), JSON_WHOLE("emplacement"), JSON_WHOLE("inscription"),
	JSON_WHOLE("cout"), JSON_WHOLE("arrondissement"), JSON_WHOLE("titre_adresse"),
	JSON_WHOLE("adresse_principale"), JSON_WHOLE("adresse_secondaire"),
	JSON_WHOLE("code_postal"), JSON_WHOLE("lat"), JSON_WHOLE("long"), {NULL}
};

/* ---- columns ---- */

/* Is the text what pandas writes for nothing? */
static bool
is_nothing(const char *text)
{
	return text == NULL || strcasecmp(text, "nan") == 0;
}

const char *
MontrealText(Arena *arena, const JsonNode *row, const char *column)
{
	const char *text = CkanText(arena, JsonMember(row, column));

	text = text == NULL ? NULL : TextLine(arena, text, strlen(text), true);
	return is_nothing(text) ? NULL : text;
}

static const char *
column(Mapping *m, const char *name)
{
	return MontrealText(m->arena, m->row, name);
}

static bool
column_is(Mapping *m, const char *name, const char *value)
{
	const char *text = column(m, name);

	return text != NULL && strcmp(text, value) == 0;
}

static void
refuse_field(Mapping *m, const char *field, const char *what)
{
	ProblemSet(m->problem, ERROR_CLASS_MAPPING, "%s", what);
	strncpy(m->problem->field, field, sizeof(m->problem->field) - 1);
}

/* ---- what ---- */

static void
map_title(Mapping *m)
{
	m->listing->title = column(m, "titre");
	if (m->listing->title == NULL)
		refuse_field(m, "titre", "the event has no titre");
	else if (strlen(m->listing->title) > MAX_TITLE)
		refuse_field(m, "titre", "the event's titre is longer than 10000 bytes");
}

/* Plain text, or light HTML */
static void
map_description(Mapping *m)
{
	const char *text = CkanText(m->arena, JsonMember(m->row, "description"));
	size_t		length = text == NULL ? 0 : strlen(text);

	if (text != NULL)
		text = TextLooksLikeHtml(text, length) ? TextFromHtml(m->arena, text, length) :
			TextBlock(m->arena, text, length);
	m->listing->description = is_nothing(text) ? NULL : text;
}

static void
map_category(Mapping *m)
{
	Listing    *listing = m->listing;
	const char *audience = column(m, "public_cible");

	listing->category = column(m, "type_evenement");
	if (audience == NULL)
		return;
	listing->tags = ArenaAlloc(m->arena, sizeof(char *));
	listing->tags[listing->ntags++] = audience;
}

/* ---- when ---- */

/*
 * A date as the wall clock's midnight; *is_day false where a time of day is
 * with it: not in the city's own export, but in what others make of it.  A
 * column of type timestamp gives midnight for a date.
 */
static WhenKind
read_date(Mapping *m, const char *name, LocalTime *local, bool *is_day)
{
	CkanState  *state = m->feed->state;
	const char *text = column(m, name);
	int64_t		value;
	WhenKind	kind;

	*local = FEED_TIME_UNKNOWN;
	*is_day = true;
	if (text == NULL)
		return WHEN_INVALID;
	kind = WhenParse(text, strlen(text), &value);
	if (kind == WHEN_INSTANT)
		value = ZoneToLocal(state->zone, value);
	if (kind == WHEN_INVALID)
	{
		ProblemSet(m->problem, ERROR_CLASS_MAPPING, "\"%s\" is \"%.40s\", not a date", name, text);
		strncpy(m->problem->field, name, sizeof(m->problem->field) - 1);
		return kind;
	}
	*local = value;
	*is_day = kind == WHEN_DATE || (kind == WHEN_LOCAL && value % DAY == 0);
	return kind;
}

/* The hour that the description tells of an event of one day */
static void
map_described_hour(Mapping *m, LocalTime day)
{
	CkanState  *state = m->feed->state;
	Listing    *listing = m->listing;
	DescribedHour hour;

	if (listing->description == NULL ||
		!DescribedHourRead(m->arena, listing->description, day, m->is_shared, &hour))
		return;
	m->has_described_hour = true;
	listing->all_day = false;
	listing->start_precision = PRECISION_MINUTE;
	listing->local_start = day + hour.start * 60;
	listing->starts_at = ZoneToUtc(state->zone, listing->local_start);
	listing->ends_at = hour.end < 0 ? FEED_TIME_UNKNOWN : ZoneToUtc(state->zone, day + hour.end * 60);
}

static void
map_times(Mapping *m)
{
	CkanState  *state = m->feed->state;
	Listing    *listing = m->listing;
	LocalTime	start;
	LocalTime	end;
	bool		is_day;
	bool		ends_with_day;

	if (read_date(m, "date_debut", &start, &is_day) == WHEN_INVALID)
	{
		if (!ProblemIsSet(m->problem))
			refuse_field(m, "date_debut", "the event has no date_debut");
		return;
	}
	(void) read_date(m, "date_fin", &end, &ends_with_day);
	if (ProblemIsSet(m->problem))
		return;
	listing->timezone = ZoneName(state->zone);
	listing->local_start = start;
	listing->starts_at = ZoneToUtc(state->zone, start);
	listing->all_day = is_day;
	listing->start_precision = is_day ? PRECISION_DAY : PRECISION_MINUTE;

	/* The last day is meant whole; an end before the start tells nothing */
	if (end != FEED_TIME_UNKNOWN && end >= (ends_with_day ? start - start % DAY : start))
		listing->ends_at = !ends_with_day ? ZoneToUtc(state->zone, end) :
			is_day ? ZoneToUtc(state->zone, end + DAY) : FEED_TIME_UNKNOWN;
	if (is_day && end == start)
		map_described_hour(m, start);
}

/* ---- where ---- */

/* A coordinate: a number, or a text that holds one */
static bool
read_coordinate(Mapping *m, const char *name, double *value)
{
	return !is_nothing(column(m, name)) && JsonDecimal(JsonMember(m->row, name), NULL, value);
}

static void
map_coordinates(Mapping *m)
{
	double		latitude;
	double		longitude;

	if (!read_coordinate(m, "lat", &latitude) || !read_coordinate(m, "long", &longitude) ||
		!(latitude >= SOUTH && latitude <= NORTH && longitude >= WEST && longitude <= EAST))
		return;
	m->listing->latitude = latitude;
	m->listing->longitude = longitude;
}

/* "h2x1y4" as "H2X 1Y4"; what is no Canadian postal code stays as it is */
static const char *
postal_code(Arena *arena, const char *text)
{
	char		code[8] = "";
	int			n = 0;

	for (const char *at = text; at != NULL && *at != '\0'; at++)
	{
		const bool	is_letter = (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';
		const bool	is_digit = *at >= '0' && *at <= '9';

		if (*at == ' ' || *at == '-')
			continue;
		if (n == 7 || !(n == 0 || n == 2 || n == 5 ? is_letter : is_digit))
			return text;
		code[n++] = (char) (is_letter ? *at & ~0x20 : *at);
		if (n == 3)
			code[n++] = ' ';
	}
	return n == 7 ? ArenaStrdup(arena, code) : text;
}

/*
 * Venue, address and borough.  A row with a borough is in the city; "Ville de
 * Montréal" in its place says just that.
 */
static const char *
map_place(Mapping *m)
{
	Listing    *listing = m->listing;
	const char *first = column(m, "adresse_principale");
	const char *second = column(m, "adresse_secondaire");
	const char *text = column(m, "arrondissement");
	const char *borough = text == NULL ? NULL : MontrealBorough(text);

	if (column_is(m, "emplacement", "En ligne"))
		listing->is_online = TRI_TRUE;
	else if (column_is(m, "emplacement", "En salle") || column_is(m, "emplacement", "À l'extérieur") ||
			 column_is(m, "emplacement", "À l’extérieur"))
		listing->is_online = TRI_FALSE;
	listing->venue_name = column(m, "titre_adresse");
	listing->address = first == NULL ? second : second == NULL ? first :
		ArenaPrintf(m->arena, "%s, %s", first, second);
	listing->postal_code = postal_code(m->arena, column(m, "code_postal"));
	map_coordinates(m);
	if (listing->is_online != TRI_TRUE && text != NULL &&
		(borough != NULL || strcmp(text, "Ville de Montréal") == 0))
	{
		listing->city = "Montréal";
		listing->region = "QC";
		listing->country = "CA";
	}
	return borough != NULL ? borough : text;
}

/* ---- the rest ---- */

static void
map_price(Mapping *m)
{
	if (column_is(m, "cout", "Gratuit"))
		m->listing->is_free = TRI_TRUE;
	else if (column_is(m, "cout", "Payant"))
		m->listing->is_free = TRI_FALSE;
}

/* What has no column but is worth keeping; names in a fixed order */
static void
map_attributes(Mapping *m, const char *borough)
{
	TextBuilder json = {m->arena, NULL, 0, 0};

	BuilderAddMember(&json, "audience", column(m, "public_cible"));
	BuilderAddMember(&json, "borough", borough);
	BuilderAddMember(&json, "hour_from", m->has_described_hour ? "description" : NULL);
	BuilderAddMember(&json, "registration", column(m, "inscription"));
	BuilderAddMember(&json, "setting", column(m, "emplacement"));
	m->listing->attributes = BuilderCloseObject(&json);
}

/* Reason to skip an event for its dates, or NULL */
static const char *
outside_window(const Mapping *m)
{
	const Listing *listing = m->listing;
	FeedTime	over = listing->ends_at != FEED_TIME_UNKNOWN ? listing->ends_at :
		listing->starts_at + (listing->all_day ? DAY : 0);

	if (m->feed->window_start != FEED_TIME_UNKNOWN && over < m->feed->window_start)
		return "past";
	if (m->feed->window_end != FEED_TIME_UNKNOWN && listing->starts_at >= m->feed->window_end)
		return "out_of_horizon";
	return NULL;
}

MapResult
MontrealMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	CkanState  *state = feed->state;
	Mapping		m = {.feed = feed, .arena = arena, .listing = listing, .problem = &record->problem};
	const char *url;

	ListingInit(listing);
	if (!JsonReadSelected(state->reader, arena, row_wanted, record->raw, record->raw_length,
						  &m.row, m.problem))
	{
		/* What isn't JSON is kept as a JSON string */
		record->raw = TextToJsonString(arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
		return MAP_REFUSED;
	}
	m.is_shared = record->state != NULL && *(bool *) record->state;
	listing->source_id = record->source_id;
	map_title(&m);
	if (!ProblemIsSet(m.problem))
	{
		map_description(&m);
		map_times(&m);
	}
	if (ProblemIsSet(m.problem))
		return MAP_REFUSED;
	record->skip_reason = outside_window(&m);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	url = column(&m, "url_fiche");
	if (url != NULL)
		listing->url = TextHttpUrl(arena, url, strlen(url));
	if (m.is_shared)
		listing->series_id = ArenaStrndup(arena, record->source_id, strcspn(record->source_id, "@"));
	listing->language = ConfigString(feed->config, "language");
	map_category(&m);
	map_price(&m);
	map_attributes(&m, map_place(&m));
	return MAP_LISTING;
}
