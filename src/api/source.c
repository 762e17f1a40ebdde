/*
 * src/api/source.c
 *
 * SQL: ingest_add_source, ingest_set_credential, ingest_connectors.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "api/api.h"
#include "feed/connector.h"
#include "run/run.h"
#include "run/ticks.h"
#include "store/plan.h"
#include "store/store.h"
#include "worker/launcher.h"

PG_FUNCTION_INFO_V1(ingest_add_source);
PG_FUNCTION_INFO_V1(ingest_set_credential);
PG_FUNCTION_INFO_V1(ingest_connectors);

/* The zone given, or the database's as it is now */
static const char *
source_timezone(FunctionCallInfo fcinfo, int number)
{
	char	   *timezone = ApiUtf8OrNull(fcinfo, number);

	if (timezone == NULL)
		return GetConfigOption("TimeZone", false, false);
	if (pg_tzset(timezone) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" does not exist", timezone),
				 errhint("SELECT name FROM pg_timezone_names lists them.")));
	return timezone;
}

/* As the table's CHECK has it */
#define NAME_MAX_CHARACTERS 100

static int
utf8_length(const char *utf8)
{
	int			n = 0;

	for (; *utf8 != '\0'; utf8++)
		n += ((unsigned char) *utf8 & 0xC0) != 0x80;
	return n;
}

static bool
has_control_character(const char *utf8)
{
	for (; *utf8 != '\0'; utf8++)
		if ((unsigned char) *utf8 < 0x20 || *utf8 == 0x7F)
			return true;
	return false;
}

/* Raise unless the name can be one, and is nobody's yet */
static void
check_name(const char *name)
{
	int			characters = utf8_length(name);

	if (characters == 0 || characters > NAME_MAX_CHARACTERS || has_control_character(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be the name of a source", name),
				 errdetail("A name has 1 to %d characters, none of them a control character.",
						   NAME_MAX_CHARACTERS)));
	if (SourceLoad(name) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("source \"%s\" exists already", name),
				 errhint("Change it with UPDATE ingest.source, or choose another name.")));
}

Datum
ingest_add_source(PG_FUNCTION_ARGS)
{
	static StoreStatement insert = {
		"WITH s AS (INSERT INTO ingest.source (name, connector, config, schedule, timezone, priority, enabled)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *),"
		" t AS (INSERT INTO ingest.source_state (source) SELECT name FROM s)"
		" SELECT s FROM s",
		SPI_OK_SELECT, 7, {TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, INT4OID, BOOLOID}
	};
	char	   *name = ApiUtf8Argument(fcinfo, 0, "name");
	char	   *connector = ApiUtf8OrNull(fcinfo, 1);
	Jsonb	   *config = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	char	   *schedule = ApiUtf8OrNull(fcinfo, 3);
	const char *timezone = source_timezone(fcinfo, 4);
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[7];
	char		nulls[7] = {' ', ' ', ' ', ' ', ' ', ' ', ' '};
	bool		isnull;
	Datum		row;

	PreventCommandDuringRecovery("ingest_add_source()");
	if (connector == NULL)
		connector = name;
	if (config == NULL)
		config = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	check_name(name);
	RunCheckConfig(name, connector,
				   ApiServerToUtf8(JsonbToCString(NULL, &config->root, VARSIZE(config))));
	if (schedule != NULL)
		TickCheck(schedule, timezone);

	/* The first source makes this database their home */
	if (PlanHomeLook() == HOME_NOBODYS)
		PlanHomeSettle();

	StoreBegin(&session);
	values[0] = StoreText(name);
	values[1] = StoreText(connector);
	values[2] = JsonbPGetDatum(config);
	nulls[3] = schedule == NULL ? 'n' : ' ';
	values[3] = schedule == NULL ? (Datum) 0 : StoreText(schedule);
	values[4] = StoreText(timezone);
	values[5] = Int32GetDatum(PG_ARGISNULL(5) ? 100 : PG_GETARG_INT32(5));
	values[6] = BoolGetDatum(PG_ARGISNULL(6) || PG_GETARG_BOOL(6));
	(void) StoreExecute(&insert, values, nulls, 0);
	row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	MemoryContextSwitchTo(context);
	row = PointerGetDatum(PG_DETOAST_DATUM_COPY(row));
	StoreEnd(&session);
	PG_RETURN_DATUM(row);
}

/* ---- credentials ---- */

/* Raise unless the source's connector takes a credential of this name */
static void
check_credential_key(const Source *source, const char *key)
{
	const Connector *connector = ConnectorFind(source->connector);
	StringInfoData list;

	initStringInfo(&list);
	for (const CredentialKey *known = connector ? connector->credentials : NULL;
		 known != NULL && known->name != NULL; known++)
	{
		if (strcmp(known->name, key) == 0)
			return;
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", known->name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("connector \"%s\" takes no credential \"%s\"", source->connector, key),
			 list.len > 0 ? errhint("It takes: %s.", list.data) : errhint("It takes none.")));
}

/*
 * Who may set a credential need not be able to read the server's files or
 * environment through it.
 */
static void
check_reference(const char *value)
{
	if (!superuser() && (strncmp(value, "file:", 5) == 0 || strncmp(value, "env:", 4) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to refer to a file or to the server's environment")));
}

Datum
ingest_set_credential(PG_FUNCTION_ARGS)
{
	static StoreStatement upsert = {
		"INSERT INTO ingest.credential (source, key, value) VALUES ($1, $2, $3)"
		" ON CONFLICT (source, key) DO UPDATE SET value = excluded.value",
		SPI_OK_INSERT, 3, {TEXTOID, TEXTOID, TEXTOID}
	};
	static StoreStatement remove = {
		"DELETE FROM ingest.credential WHERE source = $1 AND key = $2",
		SPI_OK_DELETE, 2, {TEXTOID, TEXTOID}
	};
	char	   *name = ApiUtf8Argument(fcinfo, 0, "source");
	char	   *key = ApiUtf8Argument(fcinfo, 1, "key");
	char	   *value = ApiUtf8OrNull(fcinfo, 2);
	Source	   *source;
	StoreSession session;
	Datum		values[3];

	PreventCommandDuringRecovery("ingest_set_credential()");
	source = SourceLoad(name);
	if (source == NULL)
		SourceUnknown(name);
	check_credential_key(source, key);
	if (value != NULL)
		check_reference(value);

	StoreBegin(&session);
	values[0] = StoreText(name);
	values[1] = StoreText(key);
	values[2] = value != NULL ? StoreText(value) : (Datum) 0;
	(void) StoreExecute(value != NULL ? &upsert : &remove, values, NULL, 0);
	StoreEnd(&session);
	if (value != NULL)
	{
		PlanRetry(name);
		LauncherWakeAtCommit();
	}
	PG_RETURN_VOID();
}

/* ---- connectors ---- */

static const char *
type_name(ConfigType type)
{
	static const char *const names[] = {
		[CONFIG_STRING] = "string",
		[CONFIG_ID] = "string or integer",
		[CONFIG_STRING_LIST] = "list of strings",
		[CONFIG_INTEGER] = "integer",
		[CONFIG_NUMBER] = "number",
		[CONFIG_BOOLEAN] = "boolean",
		[CONFIG_INTERVAL] = "interval",
		[CONFIG_TIMESTAMP] = "timestamp",
		[CONFIG_TIMEZONE] = "time zone",
		[CONFIG_URL] = "URL",
		[CONFIG_OBJECT] = "object",
	};

	return names[type];
}

/* The keys of a connector as members of a JSON object */
static void
append_keys(StringInfo json, const ConfigKey *keys)
{
	for (; keys->name != NULL; keys++)
	{
		if (json->len > 1)
			appendStringInfoString(json, ", ");
		escape_json(json, keys->name);
		appendStringInfoString(json, ": {\"type\": ");
		escape_json(json, type_name(keys->type));
		appendStringInfo(json, ", \"default\": %s, \"meaning\": ",
						 keys->default_value != NULL ? keys->default_value : "null");
		escape_json(json, keys->meaning);
		appendStringInfoChar(json, '}');
	}
}

static Datum
credential_names(const CredentialKey *credentials)
{
	Datum		names[16];
	int			n = 0;

	for (; credentials != NULL && credentials->name != NULL && n < lengthof(names); credentials++)
		names[n++] = CStringGetTextDatum(credentials->name);
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, 'i'));
}

Datum
ingest_connectors(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	ApiMaterialize(fcinfo);
	for (int i = 0; Connectors[i] != NULL; i++)
	{
		const Connector *connector = Connectors[i];
		StringInfoData json;
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		initStringInfo(&json);
		appendStringInfoChar(&json, '{');

		/* jsonb keeps the last of equal names: what a connector says anew */
		append_keys(&json, ConfigCommonKeys);
		append_keys(&json, connector->keys);
		appendStringInfoChar(&json, '}');
		values[0] = CStringGetTextDatum(connector->name);
		values[1] = CStringGetTextDatum(connector->description);
		values[2] = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
		values[3] = credential_names(connector->credentials);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
