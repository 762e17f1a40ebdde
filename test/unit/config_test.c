/*
 * test/unit/config_test.c
 *
 * A source's configuration (src/feed/config.h) and the registry.
 */
#include "feed/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/connector.h"
#include "feed_harness.h"

static const ConfigKey keys[] = {
	{"base_url", CONFIG_URL, "\"https://api.example.org\"", "Where."},
	{"ids", CONFIG_STRING_LIST, NULL, "Which."},
	{"tags", CONFIG_STRING_LIST, "[\"a\", \"b\"]", "Tags."},
	{"size", CONFIG_INTEGER, "50", "How many.", 1, 200},
	{"ratio", CONFIG_NUMBER, "0.5", "How much.", 0.1, 2},
	{"free", CONFIG_NUMBER, NULL, "Unbounded."},
	{"deep", CONFIG_BOOLEAN, "false", "Whether."},
	{"mapping", CONFIG_OBJECT, NULL, "What to what."},
	{"zone", CONFIG_TIMEZONE, NULL, "Zone."},
	{NULL}
};

static Arena *arena;
static char complaints[4096];
static int	ncomplaints;

static void
complain(void *arg, const char *key, const char *expected)
{
	size_t		used = strlen(complaints);

	ncomplaints++;
	snprintf(complaints + used, sizeof(complaints) - used, "%s: %s\n", key, expected);
}

static Config *
parse(const char *json)
{
	complaints[0] = '\0';
	ncomplaints = 0;
	return ConfigParse(arena, keys, json, strlen(json), complain, NULL);
}

/* The configuration is refused with exactly one complaint, this one */
static void
refuses(const char *json, const char *complaint)
{
	char		expected[600];

	parse(json);
	snprintf(expected, sizeof(expected), "%s\n", complaint);
	TapSame(complaints, expected, json);
}

static void
test_defaults(void)
{
	Config	   *config = parse("{}");
	int			count;

	TapEqual(ncomplaints, 0, "an empty configuration is fine");
	TapSame(ConfigString(config, "base_url"), "https://api.example.org", "a connector's key hides a common one");
	TapEqual(ConfigInteger(config, "size"), 50, "default of an integer");
	TapOk(ConfigNumber(config, "ratio") == 0.5, "default of a number");
	TapOk(!ConfigBoolean(config, "deep") && ConfigBoolean(config, "keep_raw"), "defaults of booleans");
	TapSame(ConfigString(config, "horizon_past"), "1 day", "default of an interval");
	TapSame(ConfigString(config, "horizon_future"), "18 months", "default of another");
	TapEqual(ConfigInteger(config, "missing_runs"), 2, "default of missing_runs");
	TapOk(ConfigStrings(config, "tags", &count) != NULL && count == 2, "default of a list");
	TapOk(!ConfigIsSet(config, "size"), "a default is not set");
	TapSame(ConfigString(config, "language"), NULL, "no default: NULL");
	TapEqual(ConfigInteger(config, "page_size"), 0, "no default: 0");
	TapOk(ConfigStrings(config, "ids", &count) == NULL && count == 0, "no default: no strings");
	TapSame(ConfigString(config, "nonsense"), NULL, "an unknown key has no value");
	parse("{\"size\": null, \"ids\": null}");
	TapEqual(ncomplaints, 0, "null is as if not there");
}

static void
test_values(void)
{
	Config	   *config = parse("{\"ids\": [\"1001\", 1002, 123456789012345678901], \"size\": 20, \"ratio\": 1,"
							   " \"deep\": true, \"zone\": \"America/Montreal\","
							   " \"headers\": {\"Accept-Language\": \"fr\", \"X-A\": \"b\"},"
							   " \"mapping\": {\"a\": {\"b\": 1}, \"c\": \"d\"}}");
	int			count;
	const char *const *ids = ConfigStrings(config, "ids", &count);
	const char *name;
	const char *value;

	TapEqual(ncomplaints, 0, "all of it is fine");
	TapEqual(count, 3, "three ids");
	TapSame(ids[0], "1001", "an id as a text");
	TapSame(ids[1], "1002", "a bare id");
	TapSame(ids[2], "123456789012345678901", "a bare id of more than 64 bits, to the digit");
	TapOk(ConfigIsSet(config, "size") && ConfigInteger(config, "size") == 20, "an integer");
	TapOk(ConfigNumber(config, "ratio") == 1, "a whole number");
	TapOk(ConfigBoolean(config, "deep"), "a boolean");
	TapOk(ConfigObjectMember(config, "headers", 1, &name, &value) && strcmp(name, "X-A") == 0 &&
		  strcmp(value, "b") == 0, "the second header");
	TapOk(!ConfigObjectMember(config, "headers", 2, &name, &value), "no third header");
	TapOk(ConfigObjectMember(config, "mapping", 0, &name, &value) && strcmp(name, "c") == 0,
		  "members that are no strings are passed over");
	TapOk(!ConfigObjectMember(config, "nonsense", 0, &name, &value), "no members of an unknown key");
	TapOk(ConfigNode(config, "mapping") != NULL && ConfigNode(config, "zone") != NULL, "nodes");
	config = parse("{\"ids\": \"1001\"}");
	ids = ConfigStrings(config, "ids", &count);
	TapOk(count == 1 && strcmp(ids[0], "1001") == 0, "a lone text is a list of one");
	config = parse("{\"size\": 20.0, \"free\": -1e300}");
	TapOk(ncomplaints == 0 && ConfigInteger(config, "size") == 20, "20.0 is an integer");
}

static void
test_mistakes(void)
{
	refuses("{\"size\": 0}", "size: expected an integer from 1 to 200");
	refuses("{\"size\": \"20\"}", "size: expected an integer from 1 to 200");
	refuses("{\"size\": 1.5}", "size: expected an integer from 1 to 200");
	refuses("{\"ratio\": 3}", "ratio: expected a number from 0.1 to 2");
	refuses("{\"free\": 1e400}", "free: expected a number");
	refuses("{\"deep\": \"yes\"}", "deep: expected true or false");
	refuses("{\"ids\": [\"a\", null]}", "ids: expected a list of texts, such as [\"1001\", \"1002\"]");
	refuses("{\"ids\": [1.5]}", "ids: expected a list of texts, such as [\"1001\", \"1002\"]");
	refuses("{\"ids\": {}}", "ids: expected a list of texts, such as [\"1001\", \"1002\"]");
	refuses("{\"ids\": [\"\"]}", "ids: expected a list of texts, such as [\"1001\", \"1002\"]");
	refuses("{\"mapping\": []}", "mapping: expected an object");
	refuses("{\"base_url\": \"ftp://example.org\"}", "base_url: expected an absolute URL (http, https, webcal or webcals)");
	refuses("{\"base_url\": \"https://\"}", "base_url: expected an absolute URL (http, https, webcal or webcals)");
	refuses("{\"base_url\": \"https://a b\"}", "base_url: expected an absolute URL (http, https, webcal or webcals)");
	refuses("{\"base_url\": 5}", "base_url: expected an absolute URL (http, https, webcal or webcals)");
	refuses("{\"language\": \"\"}", "language: expected a text");
	refuses("{\"horizon_past\": 5}", "horizon_past: expected an interval, such as \"1 day\"");
	refuses("{\"headers\": {\"X\": 1}}",
			"headers: expected an object of header names and their values, such as {\"Accept-Language\": \"fr\"}");
	refuses("{\"headers\": {\"X\": \"a\\r\\nY: b\"}}",
			"headers: expected an object of header names and their values, such as {\"Accept-Language\": \"fr\"}");
	refuses("{\"headers\": {\"X Y\": \"a\"}}",
			"headers: expected an object of header names and their values, such as {\"Accept-Language\": \"fr\"}");
	refuses("[]", ": expected a JSON object");
	refuses("null", ": expected a JSON object");
	parse("{\"a\":");
	TapOk(ncomplaints == 1 && strncmp(complaints, ": expected a JSON object (invalid JSON at byte", 46) == 0,
		  "what is no JSON");
	parse("{\"webcal\": 1, \"size\": -5, \"deep\": 0, \"ids\": 3}");
	TapEqual(ncomplaints, 3, "all mistakes at once");
	TapOk(strstr(complaints, "webcal: not a known key; known are base_url, ids, tags, size, ratio, free, deep, mapping, "
				 "zone, page_size, max_pages, max_records, requests_per_second, headers, horizon_past, "
				 "horizon_future, window_start, window_end, missing_runs, keep_raw, language\n") != NULL,
		  "an unknown key is answered by the known ones");
}

static void
test_hash(void)
{
	uint64_t	hash = ConfigHash(parse("{\"ids\": [1]}"));

	TapOk(ConfigHash(parse("{\"ids\": [1], \"page_size\": 10, \"window_start\": \"2025-01-01\","
						   " \"headers\": {}, \"missing_runs\": 3}")) == hash, "what shapes no listing leaves the hash alone");
	TapOk(ConfigHash(parse("{\"ids\": [1], \"language\": \"fr\"}")) != hash, "language changes it");
	TapOk(ConfigHash(parse("{\"ids\": [2]}")) != hash, "so does a connector's own key");
	TapOk(ConfigHash(parse("{\"size\": 50, \"ids\": [1]}")) == hash, "a default written out is the default");
}

static void
test_registry(void)
{
	const ConfigKey *key;
	int			count = 0;

	TapOk(ConnectorFind("eventbrite") != NULL && ConnectorFind("ics") != NULL, "the connectors are found by name");
	TapOk(ConnectorFind("nonsense") == NULL, "others are not");
	for (int i = 0; Connectors[i] != NULL; i++)
	{
		if (Connectors[i]->keys == NULL)
			continue;
		for (key = Connectors[i]->keys; key->name != NULL; key++)
			count += key->meaning == NULL || key->meaning[strlen(key->meaning) - 1] != '.';
	}
	for (key = ConfigCommonKeys; key->name != NULL; key++)
		count += key->meaning == NULL || key->meaning[strlen(key->meaning) - 1] != '.';
	TapEqual(count, 0, "every key says what it means, in a sentence");
}

int
main(void)
{
	arena = ArenaCreate();
	test_defaults();
	test_values();
	test_mistakes();
	test_hash();
	test_registry();
	ArenaFree(arena);
	return TapDone();
}
