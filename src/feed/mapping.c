/*
 * src/feed/mapping.c
 *
 * The fields of a mapping: their names and meanings, and what becomes of the
 * values that the rules bring.  Pure C.
 */
#include "feed/mapping_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed/builder.h"
#include "feed/money.h"
#include "feed/place.h"
#include "feed/text.h"

#define MAX_ID		200
#define MAX_TITLE	10000
#define MAX_TAGS	100
#define MAX_ATTRIBUTES 100

typedef enum Field
{
	FIELD_SOURCE_ID,
	FIELD_REVISION,
	FIELD_SKIP,
	FIELD_TITLE,
	FIELD_DESCRIPTION,
	FIELD_URL,
	FIELD_IMAGE_URL,
	FIELD_STATUS,
	FIELD_STARTS_AT,
	FIELD_ENDS_AT,
	FIELD_ALL_DAY,
	FIELD_START_PRECISION,
	FIELD_TIMEZONE,
	FIELD_IS_ONLINE,
	FIELD_VENUE_NAME,
	FIELD_ADDRESS,
	FIELD_CITY,
	FIELD_REGION,
	FIELD_POSTAL_CODE,
	FIELD_COUNTRY,
	FIELD_LATITUDE,
	FIELD_LONGITUDE,
	FIELD_ORGANIZER,
	FIELD_ORGANIZER_URL,
	FIELD_CATEGORY,
	FIELD_TAGS,
	FIELD_LANGUAGE,
	FIELD_IS_FREE,
	FIELD_PRICE_MIN,
	FIELD_PRICE_MAX,
	FIELD_CURRENCY,
	FIELD_SERIES_ID,
	NFIELDS
} Field;

const char *const MappingFields[] = {
	"source_id", "revision", "skip", "title", "description", "url", "image_url",
	"status", "starts_at", "ends_at", "all_day", "start_precision", "timezone",
	"is_online", "venue_name", "address", "city", "region", "postal_code",
	"country", "latitude", "longitude", "organizer", "organizer_url",
	"category", "tags", "language", "is_free", "price_min", "price_max",
	"currency", "series_id", "attributes", NULL
};

const char MappingMeaning[] =
"What of a record goes into which field: an object of fields and rules. "
"Fields: source_id, title and starts_at (needed), revision, description, url, image_url, status, "
"ends_at, all_day, start_precision (minute, day or unknown), timezone, is_online, venue_name, address, "
"city, region, postal_code, country, latitude, longitude, organizer, organizer_url, category, tags, "
"language, is_free, price_min, price_max, currency, series_id, skip (private, draft or filtered: the "
"record is not wanted) and attributes (an object of rules of your own names). "
"A rule is a JSON Pointer (\"/venue/name\") or an object with one of pointer, pointers (the first that is there), "
"all (a list of those that are there), template (\"https://example.org/{/id}\") or value (a constant), and, as "
"wanted, transform or transforms (done in order), default (for what is absent), and for ends_at "
"\"inclusive\": true where a date is the last day. "
"Transforms, by name or as {\"name\": parameter}: "
"trim; html_to_text; lower; "
"date (\"iso\", \"epoch\", \"epoch_ms\", a pattern such as \"%d/%m/%Y %H:%M\", or an object with format, "
"timezone of times without offset, and time, the pointer to a time of day apart); "
"minor_units (cents to an amount; parameter: currency); number (the first in a text); "
"map ({\"map\": {\"5\": \"sold_out\"}, \"else\": \"scheduled\"}); missing (texts that mean nothing); "
"split (separator); join (separator); bool; url (base of relative ones; the page's URL if not given); "
"first, last, smallest, largest (of a list); each (a pointer into each object of a list); "
"language (of an object by language, the first wanted that is there).";

struct Mapping
{
	const Rule *rules[NFIELDS];
	const char **attribute_names;
	Rule	   *attributes;
	int			nattributes;
	const char *const *missing;
};

/* ---- compiling ---- */

static int
find_field(const char *name)
{
	for (int i = 0; i < NFIELDS; i++)
		if (strcmp(MappingFields[i], name) == 0)
			return i;
	return -1;
}

/* The rules of attributes */
static void
compile_attributes(const RuleCheck *check, const char *path, const JsonNode *object, Mapping *mapping)
{
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *node;

	if (JsonKindOf(object) != JSON_OBJECT)
	{
		RuleComplain(check, path, "expected an object of names and rules, such as {\"age\": \"/minimum_age\"}");
		return;
	}
	mapping->attribute_names = ArenaAlloc(check->arena, sizeof(char *) * MAX_ATTRIBUTES);
	mapping->attributes = ArenaAlloc(check->arena, sizeof(Rule) * MAX_ATTRIBUTES);
	while (JsonNextMember(object, &cursor, &name, &node))
	{
		if (mapping->nattributes == MAX_ATTRIBUTES)
		{
			RuleComplain(check, path, "expected at most %d attributes", MAX_ATTRIBUTES);
			return;
		}
		RuleCompile(check, ArenaPrintf(check->arena, "%s.%s", path, name), node,
					&mapping->attributes[mapping->nattributes]);
		mapping->attribute_names[mapping->nattributes++] = name;
	}
}

/* The list of fields, for a complaint */
static const char *
known_fields(Arena *arena)
{
	TextBuilder names = {arena, NULL, 0, 0};

	for (int i = 0; MappingFields[i] != NULL; i++)
	{
		if (i > 0)
			BuilderAddText(&names, ", ");
		BuilderAddText(&names, MappingFields[i]);
	}
	return names.text;
}

/* Constants that can be judged now */
static void
check_constants(const RuleCheck *check, const char *path, Field field, const Rule *rule)
{
	if (rule->inclusive && field != FIELD_ENDS_AT)
		RuleComplain(check, path, "only ends_at takes \"inclusive\"");
}

Mapping *
MappingCompile(Arena *arena, const JsonNode *object, const char *key, bool required,
			   ConfigComplaint complain, void *arg)
{
	static const Field needed[] = {FIELD_SOURCE_ID, FIELD_TITLE, FIELD_STARTS_AT};
	const RuleCheck check = {arena, complain, arg};
	Mapping    *mapping = ArenaAlloc0(arena, sizeof(Mapping));
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *node;

	if (JsonKindOf(object) != JSON_OBJECT)
	{
		RuleComplain(&check, key, "expected an object of fields and rules, such as "
					 "{\"source_id\": \"/id\", \"title\": \"/name\", \"starts_at\": \"/start\"}");
		return mapping;
	}
	while (JsonNextMember(object, &cursor, &name, &node))
	{
		const char *path = ArenaPrintf(arena, "%s.%s", key, name);
		int			field = find_field(name);
		Rule	   *rule;

		if (strcmp(name, "attributes") == 0)
		{
			compile_attributes(&check, path, node, mapping);
			continue;
		}
		if (field < 0)
		{
			RuleComplain(&check, path, "unknown field; fields are %s", known_fields(arena));
			continue;
		}
		rule = ArenaAlloc(arena, sizeof(Rule));
		if (RuleCompile(&check, path, node, rule))
			check_constants(&check, path, (Field) field, rule);
		mapping->rules[field] = rule;
	}
	for (size_t i = 0; required && i < sizeof(needed) / sizeof(needed[0]); i++)
		if (mapping->rules[needed[i]] == NULL)
			RuleComplain(&check, ArenaPrintf(arena, "%s.%s", key, MappingFields[needed[i]]),
						 "needed: expected a JSON Pointer or an object");
	return mapping;
}

const Rule *
MappingRule(const Mapping *mapping, const char *field)
{
	int			index = find_field(field);

	return index < 0 ? NULL : mapping->rules[index];
}

bool
MappingHas(const Mapping *mapping, const char *field)
{
	return strcmp(field, "attributes") == 0 ? mapping->nattributes > 0 :
		MappingRule(mapping, field) != NULL;
}

void
MappingSetMissing(Mapping *mapping, const char *const *words)
{
	mapping->missing = words;
}

/* ---- values into fields ---- */

/* Where a rule looks, for people */
static const char *
place_of(Arena *arena, const Rule *rule)
{
	TextBuilder text = {arena, NULL, 0, 0};

	for (int i = 0; rule != NULL && i < rule->npointers; i++)
	{
		if (i > 0)
			BuilderAddText(&text, ", ");
		BuilderAddText(&text, rule->pointers[i]->text[0] == '\0' ? "the record itself" :
					   rule->pointers[i]->text);
	}
	return text.text;
}

void
MappingRefuse(MappingRun *run, ErrorClass error_class, const char *expected, const Value *got)
{
	const char *place = place_of(run->arena, MappingRule(run->mapping, run->field));
	const char *text = got->kind == VALUE_TEXT ? TextLine(run->arena, got->text, got->length, false) : NULL;

	if (got->kind == VALUE_TEXT)
		ProblemSet(run->problem, error_class, "\"%s\" is \"%.80s\", not %s", run->field,
				   text == NULL ? "" : text, expected);
	else
		ProblemSet(run->problem, error_class, "\"%s\" is %s, not %s", run->field,
				   got->kind == VALUE_LIST ? "a list" : got->kind == VALUE_OBJECT ? "an object" :
				   got->kind == VALUE_TIME ? "a time" : "nothing", expected);
	if (place != NULL)
		ProblemDetail(run->problem, "The mapping reads it from %.300s.", place);
	strncpy(run->problem->field, run->field, sizeof(run->problem->field) - 1);
}

/* The value of a field; false: refused */
static bool
value_of_field(MappingRun *run, Field field, Value *value)
{
	run->field = MappingFields[field];
	return RuleFollow(run, run->mapping->rules[field], value);
}

/*
 * A field's text, NULL if absent; what is no text refuses the record.  true
 * and false are texts of theirs: APIs write false for "no image".
 */
static bool
text_of_field(MappingRun *run, Field field, const char **text, size_t *length)
{
	Value		value;

	*text = NULL;
	*length = 0;
	if (!value_of_field(run, field, &value))
		return false;
	if (value.kind == VALUE_NONE)
		return true;
	if (value.kind != VALUE_TEXT)
	{
		MappingRefuse(run, ERROR_CLASS_MAPPING, "a text", &value);
		return false;
	}
	*text = value.text;
	*length = value.length;
	return true;
}

/* One clean line; entities are decoded, as APIs that sit on web sites need */
static bool
line_of_field(MappingRun *run, Field field, const char **line)
{
	const char *text;
	size_t		length;

	*line = NULL;
	if (!text_of_field(run, field, &text, &length))
		return false;
	if (text != NULL)
		*line = TextLine(run->arena, text, length, true);
	return true;
}

static bool
url_of_field(MappingRun *run, Field field, const char **url)
{
	const char *text;
	size_t		length;

	*url = NULL;
	if (!text_of_field(run, field, &text, &length))
		return false;
	*url = TextHttpUrl(run->arena, text, length);
	return true;
}

static bool
truth_of_field(MappingRun *run, Field field, Tristate *truth)
{
	Value		value;

	*truth = TRI_UNKNOWN;
	if (!value_of_field(run, field, &value))
		return false;
	if (value.kind == VALUE_NONE)
		return true;
	if (value.kind == VALUE_TEXT && strcmp(value.text, "true") == 0)
		*truth = TRI_TRUE;
	else if (value.kind == VALUE_TEXT && strcmp(value.text, "false") == 0)
		*truth = TRI_FALSE;
	else
	{
		MappingRefuse(run, ERROR_CLASS_DATA, "true or false", &value);
		ProblemHint(run->problem, "The transforms bool and map make truth values of others.");
		return false;
	}
	return true;
}

static bool
degrees_of_field(MappingRun *run, Field field, double *degrees)
{
	const char *text;
	size_t		length;
	char	   *end = NULL;

	*degrees = NAN;
	if (!text_of_field(run, field, &text, &length))
		return false;
	if (text == NULL)
		return true;
	text = TextLine(run->arena, text, length, false);
	if (text != NULL && text[strspn(text, "+-.0123456789eE")] == '\0')
		*degrees = strtod(text, &end);
	if (end == NULL || *end != '\0' || end == text || !isfinite(*degrees))
	{
		const Value value = ValueOfText(text, text == NULL ? 0 : strlen(text));

		MappingRefuse(run, ERROR_CLASS_DATA, "a number of degrees", &value);
		return false;
	}
	return true;
}

static bool
money_of_field(MappingRun *run, Field field, const char **amount)
{
	const char *line;

	*amount = NULL;
	if (!line_of_field(run, field, &line))
		return false;
	if (line == NULL)
		return true;
	*amount = MoneyFromDecimal(run->arena, line, strlen(line));
	if (*amount == NULL)
	{
		const Value value = ValueOfText(line, strlen(line));

		MappingRefuse(run, ERROR_CLASS_DATA, "an amount such as 12.50", &value);
		ProblemHint(run->problem, "The transform number takes the first number out of a text, minor_units makes "
					"an amount of cents.");
		return false;
	}
	return true;
}

/* An id as it stands, of a bounded length */
static bool
id_of_field(MappingRun *run, Field field, const char **id)
{
	const char *text;
	size_t		length;

	*id = NULL;
	if (!text_of_field(run, field, &text, &length))
		return false;
	if (text != NULL)
		*id = TextLine(run->arena, text, length, false);
	if (*id == NULL || strlen(*id) <= MAX_ID)
		return true;
	ProblemSet(run->problem, ERROR_CLASS_MAPPING, "\"%s\" is longer than %d bytes", run->field, MAX_ID);
	strncpy(run->problem->field, run->field, sizeof(run->problem->field) - 1);
	return false;
}

/* ---- groups of fields ---- */

/* Set what must be there; false: refused for the lack of it */
static bool
require(MappingRun *run, Field field, bool is_there)
{
	const char *place = place_of(run->arena, run->mapping->rules[field]);

	if (is_there)
		return true;
	ProblemSet(run->problem, ERROR_CLASS_MAPPING, "the record has no %s", MappingFields[field]);
	if (place != NULL)
		ProblemDetail(run->problem, "There is nothing at %.300s.", place);
	strncpy(run->problem->field, MappingFields[field], sizeof(run->problem->field) - 1);
	return false;
}

/* The reason that the rule skip gives, as one of our words; or NULL */
static bool
map_skip(MappingRun *run, const char **reason)
{
	static const char *const reasons[] = {"private", "draft", "filtered"};
	const char *line;

	*reason = NULL;
	if (!line_of_field(run, FIELD_SKIP, &line))
		return false;
	if (line == NULL || strcmp(line, "false") == 0)
		return true;
	*reason = "filtered";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i], line) == 0)
			*reason = reasons[i];
	return true;
}

static bool
map_status(MappingRun *run)
{
	static const struct
	{
		const char *word;
		ListingStatus status;
	}			words[] = {
		{"scheduled", STATUS_SCHEDULED}, {"cancelled", STATUS_CANCELLED},
		{"canceled", STATUS_CANCELLED}, {"postponed", STATUS_POSTPONED},
		{"rescheduled", STATUS_RESCHEDULED}, {"sold_out", STATUS_SOLD_OUT},
	};
	const char *line;
	Value		value;

	if (!line_of_field(run, FIELD_STATUS, &line))
		return false;
	if (line == NULL)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, line) == 0)
		{
			run->listing->status = words[i].status;
			return true;
		}
	value = ValueOfText(line, strlen(line));
	MappingRefuse(run, ERROR_CLASS_DATA, "scheduled, cancelled, postponed, rescheduled or sold_out", &value);
	ProblemHint(run->problem, "Name the upstream's words with the transform map.");
	return false;
}

/* IANA, Windows or offset; one that is not known is as if not there */
static bool
map_timezone(MappingRun *run)
{
	const char *line;
	const Zone *zone;

	if (!line_of_field(run, FIELD_TIMEZONE, &line))
		return false;
	if (line == NULL)
		line = run->feed->default_timezone;
	if (line == NULL || run->feed->zones == NULL)
	{
		run->listing->timezone = line;
		return true;
	}
	zone = ZoneResolve(run->feed->zones, line);
	if (zone != NULL)
		run->listing->timezone = ZoneName(zone);
	else
		run->listing->timezone = run->feed->default_timezone;
	return true;
}

/* When; start_precision says whether a missing start is known to be missing */
static bool
map_when(MappingRun *run)
{
	Listing    *listing = run->listing;
	Tristate	all_day;
	const char *precision;

	if (!map_timezone(run) || !truth_of_field(run, FIELD_ALL_DAY, &all_day) ||
		!line_of_field(run, FIELD_START_PRECISION, &precision) || !MappingTimes(run, all_day))
		return false;
	if (precision == NULL)
		return require(run, FIELD_STARTS_AT, listing->starts_at != FEED_TIME_UNKNOWN);
	run->field = MappingFields[FIELD_START_PRECISION];
	if (strcmp(precision, "unknown") == 0)
		listing->start_precision = PRECISION_UNKNOWN;
	else if (strcmp(precision, "day") == 0)
		listing->start_precision = PRECISION_DAY;
	else if (strcmp(precision, "minute") == 0)
		listing->start_precision = PRECISION_MINUTE;
	else
	{
		const Value value = ValueOfText(precision, strlen(precision));

		MappingRefuse(run, ERROR_CLASS_DATA, "minute, day or unknown", &value);
		return false;
	}
	return require(run, FIELD_STARTS_AT, listing->starts_at != FEED_TIME_UNKNOWN ||
				   listing->start_precision == PRECISION_UNKNOWN);
}

static bool
map_where(MappingRun *run)
{
	Listing    *listing = run->listing;
	const char *country;
	double		latitude;
	double		longitude;

	if (!truth_of_field(run, FIELD_IS_ONLINE, &listing->is_online) ||
		!line_of_field(run, FIELD_VENUE_NAME, &listing->venue_name) ||
		!line_of_field(run, FIELD_ADDRESS, &listing->address) ||
		!line_of_field(run, FIELD_CITY, &listing->city) ||
		!line_of_field(run, FIELD_REGION, &listing->region) ||
		!line_of_field(run, FIELD_POSTAL_CODE, &listing->postal_code) ||
		!line_of_field(run, FIELD_COUNTRY, &country) ||
		!degrees_of_field(run, FIELD_LATITUDE, &latitude) ||
		!degrees_of_field(run, FIELD_LONGITUDE, &longitude))
		return false;
	listing->country = PlaceCountryCode(run->arena, country);

	/* half a place is none: NAN is out of any range */
	PlaceSetPoint(listing, latitude, longitude);
	return true;
}

/* Texts of a list, or a text alone, each once */
static bool
map_tags(MappingRun *run)
{
	Listing    *listing = run->listing;
	Value		value;
	const Value *items = &value;
	int			count = 1;

	if (!value_of_field(run, FIELD_TAGS, &value))
		return false;
	if (value.kind == VALUE_NONE)
		return true;
	if (value.kind == VALUE_LIST)
	{
		items = value.items;
		count = value.nitems;
	}
	listing->tags = ArenaAlloc(run->arena, sizeof(char *) * MAX_TAGS);
	for (int i = 0; i < count && listing->ntags < MAX_TAGS; i++)
	{
		const char *tag;
		bool		repeated = false;

		if (items[i].kind != VALUE_TEXT)
		{
			MappingRefuse(run, ERROR_CLASS_MAPPING, "a list of texts", &items[i]);
			return false;
		}
		tag = TextLine(run->arena, items[i].text, items[i].length, true);
		for (int j = 0; tag != NULL && j < listing->ntags && !repeated; j++)
			repeated = strcmp(listing->tags[j], tag) == 0;
		if (tag != NULL && !repeated)
			listing->tags[listing->ntags++] = tag;
	}
	return true;
}

/* "fr", "fr_CA", "FR-ca" as BCP 47 writes them; else unknown */
static const char *
language_tag(Arena *arena, const char *text)
{
	char	   *tag;
	size_t		letters;
	size_t		length;

	if (text == NULL)
		return NULL;
	tag = ArenaStrdup(arena, text);
	length = strlen(tag);
	letters = strcspn(tag, "-_");
	if (letters < 2 || letters > 3 || (length != letters && length != letters + 3))
		return NULL;
	for (size_t i = 0; i < length; i++)
	{
		char		lower = (char) (tag[i] | 0x20);

		if (i == letters)
			tag[i] = '-';
		else if (lower < 'a' || lower > 'z')
			return NULL;
		else
			tag[i] = i < letters ? lower : (char) (lower & ~0x20);
	}
	return tag;
}

static bool
map_money(MappingRun *run)
{
	Listing    *listing = run->listing;
	const char *currency;

	/* first: minor units are its */
	if (!line_of_field(run, FIELD_CURRENCY, &currency))
		return false;
	listing->currency = currency == NULL ? NULL :
		CurrencyCode(run->arena, currency, strlen(currency));
	return truth_of_field(run, FIELD_IS_FREE, &listing->is_free) &&
		money_of_field(run, FIELD_PRICE_MIN, &listing->price_min) &&
		money_of_field(run, FIELD_PRICE_MAX, &listing->price_max);
}

/* A value as JSON text; NULL: absent */
static const char *
json_of(MappingRun *run, const Value *value)
{
	TextBuilder json = {run->arena, NULL, 0, 0};
	const char *line;

	switch (value->kind)
	{
		case VALUE_TEXT:
			if (value->object != NULL)
				return value->text;
			line = TextBlock(run->arena, value->text, value->length);
			return line == NULL ? NULL : TextToJsonString(run->arena, line, strlen(line));
		case VALUE_OBJECT:
			return JsonToText(run->arena, value->object);
		case VALUE_LIST:
			for (int i = 0; i < value->nitems; i++)
			{
				const char *item = json_of(run, &value->items[i]);

				if (item == NULL)
					continue;
				BuilderAddText(&json, json.length == 0 ? "[" : ",");
				BuilderAddText(&json, item);
			}
			if (json.length > 0)
				BuilderAddText(&json, "]");
			return json.text;
		case VALUE_TIME:
			{
				char		text[WHEN_TEXT];

				WhenFormatLocal(value->time, text);
				if (value->when == WHEN_DATE)
					text[strcspn(text, "T")] = '\0';
				return text[0] == '\0' ? NULL :
					ArenaPrintf(run->arena, "\"%s%s\"", text, value->when == WHEN_INSTANT ? "Z" : "");
			}
		default:
			return NULL;
	}
}

static bool
map_attributes(MappingRun *run)
{
	const Mapping *mapping = run->mapping;
	TextBuilder json = {run->arena, NULL, 0, 0};

	for (int i = 0; i < mapping->nattributes; i++)
	{
		const char *text;
		Value		value;

		run->field = ArenaPrintf(run->arena, "attributes.%s", mapping->attribute_names[i]);
		if (!RuleFollow(run, &mapping->attributes[i], &value))
			return false;
		text = json_of(run, &value);
		if (text == NULL)
			continue;
		BuilderAddText(&json, json.length == 0 ? "{" : ",");
		BuilderAddText(&json, TextToJsonString(run->arena, mapping->attribute_names[i],
											   strlen(mapping->attribute_names[i])));
		BuilderAddText(&json, ":");
		BuilderAddText(&json, text);
	}
	run->listing->attributes = BuilderCloseObject(&json);
	return true;
}

/* What it is, in words */
static bool
map_words(MappingRun *run)
{
	Listing    *listing = run->listing;
	const char *text;
	size_t		length;
	const char *language;

	if (!text_of_field(run, FIELD_DESCRIPTION, &text, &length))
		return false;
	if (text != NULL)
		listing->description = TextBlock(run->arena, text, length);
	if (!url_of_field(run, FIELD_URL, &listing->url) ||
		!url_of_field(run, FIELD_IMAGE_URL, &listing->image_url) ||
		!line_of_field(run, FIELD_ORGANIZER, &listing->organizer) ||
		!url_of_field(run, FIELD_ORGANIZER_URL, &listing->organizer_url) ||
		!line_of_field(run, FIELD_CATEGORY, &listing->category) ||
		!line_of_field(run, FIELD_LANGUAGE, &language) ||
		!id_of_field(run, FIELD_SERIES_ID, &listing->series_id) ||
		!id_of_field(run, FIELD_REVISION, &listing->revision))
		return false;
	listing->language = language_tag(run->arena, language);
	if (listing->language == NULL)
		listing->language = ConfigString(run->feed->config, "language");
	return map_tags(run);
}

/* Reason to skip a listing for its dates, or NULL */
static const char *
outside_window(const Feed *feed, const Listing *listing)
{
	FeedTime	over = listing->ends_at != FEED_TIME_UNKNOWN ? listing->ends_at : listing->starts_at;

	if (listing->starts_at == FEED_TIME_UNKNOWN)
		return NULL;
	if (feed->window_start != FEED_TIME_UNKNOWN && over < feed->window_start)
		return "past";
	if (feed->window_end != FEED_TIME_UNKNOWN && listing->starts_at >= feed->window_end)
		return "out_of_horizon";
	return NULL;
}

/* ---- a record ---- */

const char *
MappingIdMember(const Mapping *mapping)
{
	const Rule *rule = mapping->rules[FIELD_SOURCE_ID];
	const char *name;

	if (rule == NULL || rule->source != SOURCE_POINTERS || rule->npointers != 1 ||
		rule->ntransforms > 0 || rule->fallback != NULL || mapping->missing != NULL ||
		rule->pointers[0]->nnames != 1)
		return NULL;
	name = rule->pointers[0]->names[0];
	return name[0] == '\0' || strpbrk(name, "\"\\") != NULL ? NULL : name;
}

const char *
MappingSourceId(const Mapping *mapping, const Feed *feed, const JsonNode *record,
				Arena *arena, Problem *problem)
{
	Listing		scratch;
	MappingRun	run = {.mapping = mapping, .feed = feed, .record = record, .arena = arena,
		.listing = &scratch, .problem = problem, .missing = mapping->missing};
	const char *id;

	ListingInit(&scratch);
	if (!id_of_field(&run, FIELD_SOURCE_ID, &id) || !require(&run, FIELD_SOURCE_ID, id != NULL))
		return NULL;
	return id;
}

MapResult
MappingApply(const Mapping *mapping, const Feed *feed, const JsonNode *record,
			 const char *base, Arena *arena, Listing *listing,
			 const char **skip_reason, Problem *problem)
{
	MappingRun	run = {.mapping = mapping, .feed = feed, .record = record, .base = base,
		.arena = arena, .listing = listing, .problem = problem, .missing = mapping->missing};

	ListingInit(listing);
	if (!map_skip(&run, skip_reason))
		return MAP_REFUSED;
	if (*skip_reason != NULL)
		return MAP_SKIPPED;
	if (!id_of_field(&run, FIELD_SOURCE_ID, &listing->source_id) ||
		(mapping->rules[FIELD_SOURCE_ID] != NULL &&
		 !require(&run, FIELD_SOURCE_ID, listing->source_id != NULL)) ||
		!line_of_field(&run, FIELD_TITLE, &listing->title) ||
		!require(&run, FIELD_TITLE, listing->title != NULL))
		return MAP_REFUSED;
	if (strlen(listing->title) > MAX_TITLE)
	{
		ProblemSet(problem, ERROR_CLASS_MAPPING, "the title is longer than %d bytes", MAX_TITLE);
		strcpy(problem->field, "title");
		return MAP_REFUSED;
	}
	if (!map_when(&run))
		return MAP_REFUSED;
	*skip_reason = outside_window(feed, listing);
	if (*skip_reason != NULL)
		return MAP_SKIPPED;
	return map_status(&run) && map_words(&run) && map_where(&run) && map_money(&run) &&
		map_attributes(&run) ? MAP_LISTING : MAP_REFUSED;
}
