/*
 * src/feed/ckan.c
 *
 * The connectors `ckan` and `montreal`: their keys, and how they are opened.
 * See ckan.h.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <string.h>

#define MONTREAL_ZONE		"America/Toronto"

/* By url_fiche first, so that sessions of an event are on one page, in order */
#define MONTREAL_SORT		"url_fiche,date_debut,date_fin,_id"
#define PLAIN_SORT			"_id"

#define RESOURCE_MEANING \
	"The resource whose rows are read: the last id in the address of its page."
#define PACKAGE_MEANING \
	"The dataset that the resource belongs to, by name or id: it tells when the resource was modified, and which one it is now."
#define FILTERS_MEANING \
	"Only rows with these values: an object of columns and values or lists of values."
#define SHRINK_MEANING \
	"If more than this share of the rows (percent) is missing since the last run, nothing is withdrawn."
#define PAGE_MEANING \
	"Rows asked for in one request; a portal may give fewer."

static const ConfigKey montreal_keys[] = {
	{"base_url", CONFIG_URL, "\"https://donnees.montreal.ca\"", "Where the portal is."},
	{"package", CONFIG_STRING, "\"evenements-publics\"", PACKAGE_MEANING},
	{"resource_id", CONFIG_STRING, "\"6decf611-6f11-4f34-bb36-324d804c9bad\"", RESOURCE_MEANING},
	{"filters", CONFIG_OBJECT, NULL, FILTERS_MEANING},
	{"max_shrink", CONFIG_NUMBER, "40", SHRINK_MEANING, 0, 100},
	{"page_size", CONFIG_INTEGER, "32000", PAGE_MEANING, 1, 32000},
	{NULL}
};

static const ConfigKey ckan_keys[] = {
	{"base_url", CONFIG_URL, "\"https://donnees.montreal.ca\"",
		"Where the portal is: the address of its start page."},
	{"package", CONFIG_STRING, NULL, PACKAGE_MEANING},
	{"resource_id", CONFIG_STRING, NULL, RESOURCE_MEANING},
	{"mapping", CONFIG_OBJECT, NULL, MappingMeaning},
	{"missing", CONFIG_STRING_LIST, NULL,
		"Words that stand for nothing wherever they are the whole value, such as [\"nan\"]."},
	{"filters", CONFIG_OBJECT, NULL, FILTERS_MEANING},
	{"sort", CONFIG_STRING, NULL,
		"The order in which rows are paged through, such as \"date, _id\"; by their numbers when not set."},
	{"max_shrink", CONFIG_NUMBER, "40", SHRINK_MEANING, 0, 100},
	{"page_size", CONFIG_INTEGER, "32000", PAGE_MEANING, 1, 32000},
	{NULL}
};

static const CredentialKey ckan_credentials[] = {
	{"apikey", false, "An API token of the portal, for data that is not public."},
	{NULL}
};

/* ---- configuration ---- */

/* Is a filter's value a text, a number, true, false or null? */
static bool
is_scalar(const JsonNode *value)
{
	const JsonKind kind = JsonKindOf(value);

	return kind != JSON_OBJECT && kind != JSON_ARRAY && kind != JSON_ABSENT;
}

static void
check_filters(const Config *config, ConfigComplaint complain, void *arg)
{
	const JsonNode *filters = ConfigNode(config, "filters");
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;

	while (JsonNextMember(filters, &cursor, &name, &value))
	{
		bool		fine = value == NULL || is_scalar(value);

		if (JsonKindOf(value) == JSON_ARRAY)
		{
			fine = JsonCount(value) > 0;
			for (int i = 0; i < JsonCount(value); i++)
				fine = fine && is_scalar(JsonElementAt(value, i));
		}
		if (!fine)
		{
			complain(arg, "filters", "expected columns with a value or a list of values each, "
					 "such as {\"arrondissement\": [\"Verdun\", \"LaSalle\"]}");
			return;
		}
	}
}

/* Connector.check */
static void
check_montreal(const Config *config, ConfigComplaint complain, void *arg)
{
	check_filters(config, complain, arg);
}

/* Connector.check */
static void
check_ckan(const Config *config, ConfigComplaint complain, void *arg)
{
	Arena	   *arena = ArenaCreate();
	const JsonNode *mapping = ConfigNode(config, "mapping");

	if (ConfigString(config, "resource_id") == NULL && ConfigString(config, "package") == NULL)
		complain(arg, "resource_id", "expected the id of a resource, or in \"package\" the name of its dataset");
	if (mapping == NULL)
		complain(arg, "mapping", "expected an object that says which column goes where, "
				 "such as {\"source_id\": \"/id\", \"title\": \"/name\", \"starts_at\": \"/date\"}");
	else
		(void) MappingCompile(arena, mapping, "mapping", true, complain, arg);
	check_filters(config, complain, arg);
	ArenaFree(arena);
}

/* ---- opening ---- */

/* What both connectors have in common */
static CkanState *
open_state(Feed *feed)
{
	CkanState  *state = ArenaAlloc0(feed->arena, sizeof(CkanState));
	const char *base_url = ConfigString(feed->config, "base_url");
	const JsonNode *filters = ConfigNode(feed->config, "filters");
	size_t		length = base_url == NULL ? 0 : strlen(base_url);

	while (length > 0 && base_url[length - 1] == '/')
		length--;
	state->base_url = ArenaStrndup(feed->arena, base_url == NULL ? "" : base_url, length);
	state->package = ConfigString(feed->config, "package");
	state->resource_id = ConfigString(feed->config, "resource_id");
	state->filters = filters == NULL ? NULL : JsonToText(feed->arena, filters);
	state->max_shrink = ConfigNumber(feed->config, "max_shrink");
	state->page_size = ConfigInteger(feed->config, "page_size");
	state->reader = JsonReaderCreate(feed->arena);
	state->seed = FeedSeed(feed);
	state->step = CKAN_METADATA;
	state->total = -1;
	state->has_datastore = TRI_UNKNOWN;
	for (int i = 0; i < CKAN_RING; i++)
		state->ring[i] = ArenaCreateWithin(feed->arena);
	state->scratch = ArenaCreateWithin(feed->arena);
	feed->state = state;
	return state;
}

/* Connector.open */
static bool
open_montreal(Feed *feed, Problem *problem)
{
	CkanState  *state = open_state(feed);

	state->is_montreal = true;
	state->sort = MONTREAL_SORT;
	state->zone = ZoneResolve(feed->zones, MONTREAL_ZONE);
	if (state->zone == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "the server does not know the time zone %s", MONTREAL_ZONE);
		return false;
	}
	return true;
}

const Connector MontrealConnector = {
	.name = "montreal",
	.description = "The public events of the city of Montréal, from its open data portal; needs no key.",
	.keys = montreal_keys,
	.credentials = ckan_credentials,
	.version = 1,
	.stands_alone = FeedRecordStandsAlone,
	.check = check_montreal,
	.open = open_montreal,
	.next_request = CkanNextRequest,
	.refused = CkanRefused,
	.page = CkanReadPage,
	.record = CkanNextRecord,
	.map = MontrealMap,
};

/* Connector.open */
static bool
open_ckan(Feed *feed, Problem *problem)
{
	CkanState  *state = open_state(feed);
	const JsonNode *mapping = ConfigNode(feed->config, "mapping");
	const char *sort = ConfigString(feed->config, "sort");
	int			count;
	const char *const *missing = ConfigStrings(feed->config, "missing", &count);

	state->sort = sort != NULL ? sort : PLAIN_SORT;
	if (mapping == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "the configuration has no mapping");
		strcpy(problem->field, "mapping");
		ProblemHint(problem, "It says which column of the table goes where, such as {\"source_id\": \"/id\", "
					"\"title\": \"/name\", \"starts_at\": \"/date\"}.");
		return false;
	}
	state->mapping = MappingCompile(feed->arena, mapping, "mapping", true, NULL, NULL);
	if (count > 0)
	{
		const char **words = ArenaAlloc0(feed->arena, sizeof(char *) * (size_t) (count + 1));

		memcpy(words, missing, sizeof(char *) * (size_t) count);
		MappingSetMissing(state->mapping, words);
	}
	return true;
}

const Connector CkanConnector = {
	.name = "ckan",
	.description = "Events in a table of any CKAN open data portal, by a mapping of its columns.",
	.keys = ckan_keys,
	.credentials = ckan_credentials,
	.version = 1,
	.stands_alone = FeedRecordStandsAlone,
	.check = check_ckan,
	.open = open_ckan,
	.next_request = CkanNextRequest,
	.refused = CkanRefused,
	.page = CkanReadPage,
	.record = CkanNextRecord,
	.map = CkanMap,
};
