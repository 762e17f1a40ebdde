/*
 * src/feed/config.c
 *
 * A source's configuration, checked against the keys that its connector
 * declares.  Pure C.
 */
#include "feed/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hash.h"
#include "feed/json_read.h"

/* One key, with what the configuration says of it */
typedef struct ConfigValue
{
	const ConfigKey *key;
	bool		is_set;			/* by the configuration, not by default */
	const JsonNode *node;		/* NULL: neither set nor a default */
	const char *const *strings; /* of a CONFIG_STRING_LIST or CONFIG_ID */
	int			nstrings;
} ConfigValue;

struct Config
{
	Arena	   *arena;
	ConfigValue *values;
	int			nvalues;
	uint64_t	hash;			/* see ConfigHash */
};

/* What the checks of one configuration share */
typedef struct Check
{
	Config	   *config;
	ConfigComplaint complain;
	void	   *arg;
	const char *known_keys;		/* made for the first unknown one */
	int			complaints;
} Check;

const ConfigKey ConfigCommonKeys[] = {
	{"base_url", CONFIG_URL, NULL,
		"Where the API is, when not at its usual place: a proxy, a test server."},
	{"page_size", CONFIG_INTEGER, NULL,
		"Records asked for per page; the upstream's own default when not set.", 1, 10000},
	{"max_pages", CONFIG_INTEGER, "100000",
		"At most so many pages are asked for in one run.", 1, 1000000000},
	{"max_records", CONFIG_INTEGER, NULL,
		"At most so many records are taken in one run; no limit when not set.", 1, 1e12},
	{"requests_per_second", CONFIG_NUMBER, NULL,
		"The run is slowed down to at most this rate; no limit when not set.", 0.001, 1000},
	{"headers", CONFIG_OBJECT, NULL,
		"Further request headers: an object of names and values."},
	{"horizon_past", CONFIG_INTERVAL, "\"1 day\"",
		"Events that ended longer ago than this are skipped."},
	{"horizon_future", CONFIG_INTERVAL, "\"18 months\"",
		"Events that start later than this from now are skipped."},
	{"window_start", CONFIG_TIMESTAMP, NULL,
		"Events that ended before this instant are skipped, of calendars those that began before it; replaces horizon_past."},
	{"window_end", CONFIG_TIMESTAMP, NULL,
		"Events that start at this instant or later are skipped; replaces horizon_future."},
	{"missing_runs", CONFIG_INTEGER, "2",
		"Complete runs in a row that a listing must be missing from before it is withdrawn.",
		1, 1000},
	{"keep_raw", CONFIG_BOOLEAN, "true",
		"Whether each record is also stored as it came."},
	{"language", CONFIG_STRING, NULL,
		"Language of the texts (BCP 47, e.g. fr-CA) where a record doesn't say its own."},
	{NULL}
};

/* Common keys that change what is fetched or kept, but no listing */
static const char *const operational_keys[] = {
	"base_url", "page_size", "max_pages", "max_records", "requests_per_second",
	"headers", "horizon_past", "horizon_future", "window_start", "window_end",
	"missing_runs", NULL
};

/* The value of a key, or NULL if there is no such key */
static ConfigValue *
find_value(const Config *config, const char *name)
{
	for (int i = 0; i < config->nvalues; i++)
		if (strcmp(config->values[i].key->name, name) == 0)
			return &config->values[i];
	return NULL;
}

/* Tell the caller of a mistake */
static void
complain(Check *check, const char *key, const char *expected)
{
	check->complaints++;
	check->complain(check->arg, key, expected);
}

/* Lay out the connector's keys, then the common ones it has not redefined */
static void
declare_keys(Config *config, const ConfigKey *keys)
{
	int			count = 0;

	for (const ConfigKey *key = keys; key->name != NULL; key++)
		count++;
	for (const ConfigKey *key = ConfigCommonKeys; key->name != NULL; key++)
		count++;
	config->values = ArenaAlloc0(config->arena, sizeof(ConfigValue) * (size_t) count);
	for (const ConfigKey *key = keys; key->name != NULL; key++)
		config->values[config->nvalues++].key = key;
	for (const ConfigKey *key = ConfigCommonKeys; key->name != NULL; key++)
		if (find_value(config, key->name) == NULL)
			config->values[config->nvalues++].key = key;
}

/* "not a known key; known are a, b, c" */
static const char *
known_keys(Check *check)
{
	const Config *config = check->config;
	const char *text = "not a known key; known are ";

	if (check->known_keys != NULL)
		return check->known_keys;
	for (int i = 0; i < config->nvalues; i++)
		text = ArenaPrintf(config->arena, "%s%s%s", text, i > 0 ? ", " : "",
						   config->values[i].key->name);
	check->known_keys = text;
	return text;
}

/* Absolute URL of a scheme that feeds come by, without blanks and controls? */
static bool
is_url(const char *url, size_t length)
{
	static const char *const schemes[] = {"https://", "http://", "webcals://", "webcal://"};

	for (size_t i = 0; i < length; i++)
		if ((unsigned char) url[i] <= ' ' || url[i] == 0x7F)
			return false;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		size_t		prefix = strlen(schemes[i]);

		if (length > prefix && strncasecmp(url, schemes[i], prefix) == 0)
			return strchr("/?#", url[prefix]) == NULL;
	}
	return false;
}

/* A number within the key's bounds?  If not, complain */
static void
check_number(Check *check, ConfigValue *value)
{
	const ConfigKey *key = value->key;
	bool		bounded = key->minimum != 0 || key->maximum != 0;
	const char *what = key->type == CONFIG_INTEGER ? "expected an integer" : "expected a number";
	double		number = 0;
	int64_t		integer;
	bool		fits = JsonNumber(value->node, NULL, &number);

	if (fits && key->type == CONFIG_INTEGER)
		fits = JsonInteger(value->node, NULL, &integer);
	if (fits && (!bounded || (number >= key->minimum && number <= key->maximum)))
		return;
	if (bounded)
		what = ArenaPrintf(check->config->arena, "%s from %.15g to %.15g",
						   what, key->minimum, key->maximum);
	complain(check, key->name, what);
}

/* A string that its type admits?  If not, complain */
static void
check_string(Check *check, ConfigValue *value)
{
	static const char *const expected[] = {
		[CONFIG_STRING] = "expected a text",
		[CONFIG_INTERVAL] = "expected an interval, such as \"1 day\"",
		[CONFIG_TIMESTAMP] = "expected a timestamp with time zone, such as \"2025-06-01 00:00:00+02\"",
		[CONFIG_TIMEZONE] = "expected a time zone, such as \"America/Montreal\"",
		[CONFIG_URL] = "expected an absolute URL (http, https, webcal or webcals)",
	};
	size_t		length = 0;
	const char *text = JsonString(value->node, NULL, &length);

	if (text == NULL || length == 0 ||
		(value->key->type == CONFIG_URL && !is_url(text, length)))
		complain(check, value->key->name, expected[value->key->type]);
}

/* Take a list of strings, or a lone one; complain about anything else in it */
static void
check_string_list(Check *check, ConfigValue *value)
{
	Arena	   *arena = check->config->arena;
	bool		is_array = JsonKindOf(value->node) == JSON_ARRAY;
	int			count = is_array ? JsonCount(value->node) : 1;
	const char **strings = ArenaAlloc(arena, sizeof(char *) * (size_t) (count + 1));

	for (int i = 0; i < count; i++)
	{
		strings[i] = JsonId(arena, is_array ? JsonElementAt(value->node, i) : value->node,
							NULL);
		if (strings[i] == NULL)
		{
			complain(check, value->key->name,
					 "expected a list of texts, such as [\"1001\", \"1002\"]");
			return;
		}
	}
	value->strings = strings;
	value->nstrings = count;
}

/* Take a text that is not empty, or a whole number; complain about anything else */
static void
check_id(Check *check, ConfigValue *value)
{
	Arena	   *arena = check->config->arena;
	const char **strings = ArenaAlloc(arena, sizeof(char *));

	strings[0] = JsonId(arena, value->node, NULL);
	if (strings[0] == NULL)
	{
		complain(check, value->key->name, "expected a text or a whole number");
		return;
	}
	value->strings = strings;
	value->nstrings = 1;
}

/* Is it a header's name or value that can be sent? */
static bool
is_header_text(const char *text, bool is_name)
{
	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7F || (is_name && (*c == ' ' || *c == ':' || *c > 0x7F)))
			return false;
	return !is_name || *text != '\0';
}

/* An object; of headers: of texts that can be sent */
static void
check_object(Check *check, ConfigValue *value)
{
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *member;

	if (JsonKindOf(value->node) != JSON_OBJECT)
	{
		complain(check, value->key->name, "expected an object");
		return;
	}
	if (strcmp(value->key->name, "headers") != 0)
		return;
	while (JsonNextMember(value->node, &cursor, &name, &member))
	{
		size_t		length;
		const char *text = JsonString(member, NULL, &length);

		if (text == NULL || !is_header_text(name, true) || !is_header_text(text, false))
		{
			complain(check, "headers",
					 "expected an object of header names and their values, such as {\"Accept-Language\": \"fr\"}");
			return;
		}
	}
}

/* Check one value by its key's type */
static void
check_value(Check *check, ConfigValue *value)
{
	switch (value->key->type)
	{
		case CONFIG_STRING_LIST:
			check_string_list(check, value);
			break;
		case CONFIG_ID:
			check_id(check, value);
			break;
		case CONFIG_INTEGER:
		case CONFIG_NUMBER:
			check_number(check, value);
			break;
		case CONFIG_BOOLEAN:
			if (JsonKindOf(value->node) != JSON_BOOLEAN)
				complain(check, value->key->name, "expected true or false");
			break;
		case CONFIG_OBJECT:
			check_object(check, value);
			break;
		default:
			check_string(check, value);
			break;
	}
}

/* Attach the document's members to their keys; complain about other members */
static void
take_members(Check *check, const JsonNode *document)
{
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *member;

	while (JsonNextMember(document, &cursor, &name, &member))
	{
		ConfigValue *value = find_value(check->config, name);

		if (value == NULL)
			complain(check, name, known_keys(check));
		else if (member != NULL)	/* null: as if not there */
		{
			value->node = member;
			value->is_set = true;
		}
	}
}

/* Give a key its default, if it has one */
static void
take_default(Config *config, JsonReader *reader, ConfigValue *value)
{
	const char *text = value->key->default_value;
	Problem		problem;

	value->is_set = false;
	value->node = NULL;
	if (text != NULL)
		JsonRead(reader, config->arena, text, strlen(text), &value->node, &problem);
}

/* Does the key change what is fetched or kept, but no listing? */
static bool
is_operational(const char *name)
{
	for (int i = 0; operational_keys[i] != NULL; i++)
		if (strcmp(name, operational_keys[i]) == 0)
			return true;
	return false;
}

/* Hash of the other keys' values, in the order of their declaration */
static uint64_t
hash_values(const Config *config)
{
	uint64_t	hash = 0;

	for (int i = 0; i < config->nvalues; i++)
	{
		const ConfigValue *value = &config->values[i];

		if (value->node == NULL || is_operational(value->key->name))
			continue;
		hash = HashString(value->key->name, hash);
		hash = HashString(JsonToText(config->arena, value->node), hash);
	}
	return hash;
}

Config *
ConfigParse(Arena *arena, const ConfigKey *keys, const char *json, size_t length,
			ConfigComplaint complaint, void *arg)
{
	Config	   *config = ArenaAlloc0(arena, sizeof(Config));
	Check		check = {config, complaint, arg, NULL};
	JsonReader *reader = JsonReaderCreate(arena);
	const JsonNode *document;
	Problem		problem;

	config->arena = arena;
	declare_keys(config, keys);
	if (!JsonRead(reader, arena, json, length, &document, &problem))
		complain(&check, "", ArenaPrintf(arena, "expected a JSON object (%s)", problem.message));
	else if (JsonKindOf(document) != JSON_OBJECT)
		complain(&check, "", "expected a JSON object");
	else
		take_members(&check, document);
	for (int i = 0; i < config->nvalues; i++)
	{
		ConfigValue *value = &config->values[i];
		int			before = check.complaints;

		if (value->is_set)
			check_value(&check, value);
		if (value->is_set && check.complaints == before)
			continue;
		take_default(config, reader, value);
		if (value->node != NULL)
			check_value(&check, value);
	}
	config->hash = hash_values(config);
	return config;
}

/* The value of a key, or NULL when it has none */
static const JsonNode *
value_node(const Config *config, const char *key)
{
	const ConfigValue *value = find_value(config, key);

	return value == NULL ? NULL : value->node;
}

bool
ConfigIsSet(const Config *config, const char *key)
{
	const ConfigValue *value = find_value(config, key);

	return value != NULL && value->is_set;
}

const char *
ConfigString(const Config *config, const char *key)
{
	const ConfigValue *value = find_value(config, key);
	size_t		length;

	if (value != NULL && value->key->type == CONFIG_ID)
		return value->nstrings > 0 ? value->strings[0] : NULL;
	return JsonString(value_node(config, key), NULL, &length);
}

int64_t
ConfigInteger(const Config *config, const char *key)
{
	int64_t		value = 0;

	return JsonInteger(value_node(config, key), NULL, &value) ? value : 0;
}

double
ConfigNumber(const Config *config, const char *key)
{
	double		value = 0;

	return JsonNumber(value_node(config, key), NULL, &value) ? value : 0;
}

bool
ConfigBoolean(const Config *config, const char *key)
{
	return JsonBoolean(value_node(config, key), NULL) == TRI_TRUE;
}

const char *const *
ConfigStrings(const Config *config, const char *key, int *count)
{
	const ConfigValue *value = find_value(config, key);

	*count = value == NULL ? 0 : value->nstrings;
	return value == NULL ? NULL : value->strings;
}

bool
ConfigObjectMember(const Config *config, const char *key, int index,
				   const char **member, const char **value)
{
	const JsonNode *object = value_node(config, key);
	void	   *cursor = NULL;
	const JsonNode *node;

	while (JsonNextMember(object, &cursor, member, &node))
	{
		size_t		length;
		const char *text = JsonString(node, NULL, &length);

		if (text == NULL)
			continue;
		if (index-- == 0)
		{
			*value = text;
			return true;
		}
	}
	return false;
}

const struct JsonNode *
ConfigNode(const Config *config, const char *key)
{
	return value_node(config, key);
}

uint64_t
ConfigHash(const Config *config)
{
	return config->hash;
}
