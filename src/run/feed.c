/*
 * src/run/feed.c
 *
 * A connector opened on a source's configuration: what the pure feed room asks
 * of its host (memory, zones, the clock, interrupts) is given here.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "crypto/sign.h"
#include "http/resolve.h"
#include "run/pg_zones.h"
#include "run/run_internal.h"
#include "settings.h"
#include "store/columns.h"

static void
raise_out_of_memory(size_t size)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed on request of size %zu.", size)));
}

static void
free_arena(void *arena)
{
	ArenaFree(arena);
}

Arena *
RunArena(MemoryContext context)
{
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	ArenaOutOfMemory = raise_out_of_memory;
	callback->func = free_arena;
	callback->arg = ArenaCreate();
	MemoryContextRegisterResetCallback(context, callback);
	return callback->arg;
}

/* feed->breathe */
static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* feed->resolve_url */
static const char *
resolve_url(Arena *arena, const char *base, const char *reference)
{
	char	   *url = UrlResolve(base, reference);
	const char *kept = url == NULL ? NULL : ArenaStrdup(arena, url);

	free(url);
	return kept;
}

/* feed->clock */
static FeedTime
clock_time(void)
{
	return TimestampTzToFeedTime(GetCurrentTimestamp());
}

/* Without a job to keep it with, a warning goes to the client */
static void
warn_client(void *arg, const char *message)
{
	ereport(WARNING, (errmsg("%s", message)));
}

/* No credentials where no request is made */
static const char *
no_credential(void *arg, const char *name)
{
	return NULL;
}

/* ---- checking a configuration ---- */

typedef struct Complaints
{
	StringInfoData text;
	List	   *keys;			/* of strings: told of already */
	int			count;
} Complaints;

/* One mistake a key, so that what follows from it is not told as another */
static void
complain(void *arg, const char *key, const char *expected)
{
	Complaints *complaints = arg;
	ListCell   *cell;

	foreach(cell, complaints->keys)
		if (key[0] != '\0' && strcmp(lfirst(cell), key) == 0)
			return;
	complaints->keys = lappend(complaints->keys, pstrdup(key));
	if (complaints->count++ > 0)
		appendStringInfoChar(&complaints->text, '\n');
	appendStringInfo(&complaints->text, "\"%s\": %s.", key, expected);
}

Datum
RunIntervalOf(const char *text)
{
	return DirectFunctionCall3(interval_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static Datum
timestamptz_of(const char *text)
{
	return DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* Does an input function of PostgreSQL take the text? */
bool
RunIsAccepted(Datum (*input) (const char *), const char *text)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool accepted = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		(void) input(text);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			ReThrowError(error);
		accepted = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return accepted;
}

/* The types that only PostgreSQL can check */
static void
check_host_types(const Config *config, const ConfigKey *keys, Complaints *complaints)
{
	for (const ConfigKey *key = keys; key->name != NULL; key++)
	{
		const char *value;

		if (!ConfigIsSet(config, key->name))
			continue;
		switch (key->type)
		{
			case CONFIG_INTERVAL:
				value = ConfigString(config, key->name);
				if (!RunIsAccepted(RunIntervalOf, value))
					complain(complaints, key->name, "expected an interval, such as \"18 months\"");
				break;
			case CONFIG_TIMESTAMP:
				value = ConfigString(config, key->name);
				if (!RunIsAccepted(timestamptz_of, value))
					complain(complaints, key->name, "expected an instant, such as \"2027-01-01T00:00:00Z\"");
				break;
			case CONFIG_TIMEZONE:
				value = ConfigString(config, key->name);
				if (pg_tzset(value) == NULL)
					complain(complaints, key->name, "expected a time zone, such as \"America/Toronto\"");
				break;
			default:
				break;
		}
	}
}

/* Raise for a connector that does not exist, with the list of those that do */
static void
unknown_connector(const char *name)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; Connectors[i] != NULL; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", Connectors[i]->name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("connector \"%s\" does not exist", name),
			 errhint("Connectors: %s. See SELECT * FROM ingest_connectors().", list.data)));
}

/* Parse and check a configuration; raises with every mistake */
static Config *
parse_config(Arena *arena, const char *source_name, const Connector *connector,
			 const char *json, bool check_all)
{
	Complaints	complaints = {{0}, NIL, 0};
	Config	   *config;

	initStringInfo(&complaints.text);
	config = ConfigParse(arena, connector->keys, json, strlen(json), complain, &complaints);
	if (check_all)
	{
		check_host_types(config, ConfigCommonKeys, &complaints);
		check_host_types(config, connector->keys, &complaints);
		if (connector->check != NULL)
			connector->check(config, complain, &complaints);
	}
	if (complaints.count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 source_name != NULL ?
				 errmsg_plural("the configuration of source \"%s\" has %d mistake",
							   "the configuration of source \"%s\" has %d mistakes",
							   complaints.count, source_name, complaints.count) :
				 errmsg("the configuration of connector \"%s\" is not valid", connector->name),
				 errdetail_internal("%s", complaints.text.data),
				 errhint("SELECT jsonb_pretty(config) FROM ingest_connectors() WHERE name = '%s' lists the keys.",
						 connector->name)));
	return config;
}

void
RunCheckConfig(const char *source, const char *connector_name, const char *config)
{
	const Connector *connector = ConnectorFind(connector_name);

	if (connector == NULL)
		unknown_connector(connector_name);
	(void) parse_config(RunArena(CurrentMemoryContext), source, connector, config, true);
}

/* ---- opening ---- */

/* An end of the window: absolute if configured, else the horizon from now */
static FeedTime
window_edge(const Config *config, const char *absolute, const char *horizon, bool future)
{
	TimestampTz now = GetCurrentTimestamp();
	Datum		interval;
	Datum		edge;

	if (ConfigIsSet(config, absolute))
		return TimestampTzToFeedTime(DatumGetTimestampTz(timestamptz_of(ConfigString(config, absolute))));
	interval = RunIntervalOf(ConfigString(config, horizon));
	edge = future ?
		DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now), interval) :
		DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(now), interval);
	return TimestampTzToFeedTime(DatumGetTimestampTz(edge));
}

Feed *
RunOpenFeed(const char *source_name, const char *connector_name,
			const char *config, const char *timezone)
{
	const Connector *connector = ConnectorFind(connector_name);
	Arena	   *arena = RunArena(CurrentMemoryContext);
	Feed	   *feed = palloc0(sizeof(Feed));
	Problem		problem = {0};

	if (connector == NULL)
		unknown_connector(connector_name);
	feed->connector = connector;
	feed->arena = arena;
	feed->config = parse_config(arena, source_name, connector, config, false);
	feed->zones = ZonesCreate(arena, PgZoneProvider());
	feed->now = TimestampTzToFeedTime(GetCurrentTimestamp());
	feed->window_start = window_edge(feed->config, "window_start", "horizon_past", false);
	feed->window_end = window_edge(feed->config, "window_end", "horizon_future", true);
	feed->default_timezone = timezone;
	feed->credential = no_credential;
	feed->warn = warn_client;
	feed->resolve_url = resolve_url;
	feed->user_agent = IngestUserAgent;
	feed->breathe = breathe;
	feed->clock = clock_time;
	feed->sign_rs256 = SignRs256;
	if (connector->open != NULL && !connector->open(feed, &problem))
		ereport(ERROR,
				(errcode(RunSqlState(problem.error_class)),
				 errmsg("%s", problem.message),
				 problem.detail[0] != '\0' ? errdetail("%s", problem.detail) : 0,
				 problem.hint[0] != '\0' ? errhint("%s", problem.hint) : 0));
	return feed;
}
