/*
 * src/store/source.c
 *
 * Sources and their credentials.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/string.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "store/store.h"

#define CREDENTIAL_FILE_MAX (64 * 1024)

/* Copy a UTF-8 form of a column into a context that outlives SPI, or NULL */
static char *
copy_utf8(MemoryContext context, uint64 row, int column)
{
	char	   *value = StoreString(row, column);
	char	   *utf8;

	if (value == NULL)
		return NULL;
	utf8 = pg_server_to_any(value, strlen(value), PG_UTF8);
	return MemoryContextStrdup(context, utf8);
}

Source *
SourceLoad(const char *name)
{
	static StoreStatement load = {
		"SELECT s.name, s.connector, s.config::text, s.timezone, s.priority::int8, s.enabled::int4::int8,"
		" s.on_missing, t.paused_reason,"
		" (extract(epoch FROM t.not_before) * 1000000)::int8"
		" FROM ingest.source s LEFT JOIN ingest.source_state t ON t.source = s.name"
		" WHERE s.name = $1",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[1];
	Source	   *source = NULL;

	StoreBegin(&session);
	values[0] = StoreText(name);
	if (StoreExecute(&load, values, NULL, 1) == 1)
	{
		int64		not_before = StoreInt64(0, 9, 0);

		source = MemoryContextAllocZero(context, sizeof(Source));
		source->name = copy_utf8(context, 0, 1);
		source->connector = copy_utf8(context, 0, 2);
		source->config = copy_utf8(context, 0, 3);
		source->timezone = copy_utf8(context, 0, 4);
		source->priority = (int) StoreInt64(0, 5, 0);
		source->enabled = StoreInt64(0, 6, 0) != 0;
		source->on_missing = copy_utf8(context, 0, 7);
		source->paused_reason = copy_utf8(context, 0, 8);
		if (not_before != 0)
			source->not_before = not_before -
				(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	}
	StoreEnd(&session);
	return source;
}

SourceValidator *
SourceValidators(const char *source, int *count)
{
	static StoreStatement load = {
		"SELECT v.key, v.value->>'etag', v.value->>'last_modified', coalesce((v.value->>'fetched_at')::int8, 0)"
		" FROM ingest.source_state t, jsonb_each(t.http_cache) v WHERE t.source = $1",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[1];
	SourceValidator *validators;

	StoreBegin(&session);
	values[0] = StoreText(source);
	*count = (int) StoreExecute(&load, values, NULL, 0);
	validators = MemoryContextAllocZero(context, (*count + 1) * sizeof(SourceValidator));
	for (int i = 0; i < *count; i++)
	{
		validators[i].key = copy_utf8(context, i, 1);
		validators[i].etag = copy_utf8(context, i, 2);
		validators[i].last_modified = copy_utf8(context, i, 3);
		validators[i].fetched_at = StoreInt64(i, 4, 0);
	}
	StoreEnd(&session);
	return validators;
}

void
SourceForgetValidators(const char *source)
{
	static StoreStatement forget = {
		"UPDATE ingest.source_state SET http_cache = NULL WHERE source = $1 AND http_cache IS NOT NULL",
		SPI_OK_UPDATE, 1, {TEXTOID}
	};
	Datum		values[1];

	values[0] = StoreText(source);
	(void) StoreExecute(&forget, values, NULL, 0);
}

char *
SourceCursor(const char *source)
{
	static StoreStatement load = {
		"SELECT cursor::text FROM ingest.source_state WHERE source = $1",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[1];
	char	   *cursor = NULL;

	StoreBegin(&session);
	values[0] = StoreText(source);
	if (StoreExecute(&load, values, NULL, 1) == 1)
		cursor = copy_utf8(context, 0, 1);
	StoreEnd(&session);
	return cursor;
}

char **
SourceNames(bool runnable_only, int *count)
{
	static StoreStatement names = {
		"SELECT s.name FROM ingest.source s LEFT JOIN ingest.source_state t ON t.source = s.name"
		" WHERE NOT $1 OR (s.enabled AND t.paused_reason IS NULL) ORDER BY s.name",
		SPI_OK_SELECT, 1, {BOOLOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[1] = {BoolGetDatum(runnable_only)};
	char	  **result;

	StoreBegin(&session);
	*count = (int) StoreExecute(&names, values, NULL, 0);
	result = MemoryContextAlloc(context, (*count + 1) * sizeof(char *));
	for (int i = 0; i < *count; i++)
		result[i] = MemoryContextStrdup(context, StoreString(i, 1));
	StoreEnd(&session);
	return result;
}

void
SourceUnknown(const char *name)
{
	StringInfoData list;
	int			count;
	char	  **names = SourceNames(false, &count);

	initStringInfo(&list);
	for (int i = 0; i < count && i < 20; i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	if (count > 20)
		appendStringInfo(&list, " and %d more", count - 20);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("source \"%s\" does not exist", name),
			 count > 0 ?
			 errhint("Known sources: %s.", list.data) :
			 errhint("Add one with SELECT ingest_add_source('%s', …).", name)));
}

/*
 * A credential file, which only the server may read: its first line, or all of
 * a key in PEM, which has many.
 */
static char *
read_credential_file(const char *source, const char *key, const char *path)
{
	FILE	   *file = AllocateFile(path, "r");
	StringInfoData line;
	int			c;

	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open the file of credential \"%s\" of source \"%s\": %m", key, source)));
	initStringInfo(&line);
	while ((c = fgetc(file)) != EOF && c != '\0' && line.len < CREDENTIAL_FILE_MAX &&
		   (c != '\n' || strncmp(line.data, "-----BEGIN ", 11) == 0))
		appendStringInfoChar(&line, (char) c);
	FreeFile(file);
	(void) pg_strip_crlf(line.data);
	return line.data;
}

/*
 * A literal, or a reference to the server's environment or a file: these keep
 * the secret out of the database, its backups and its dumps.
 */
char *
SourceCredential(const char *source, const char *key)
{
	static StoreStatement find = {
		"SELECT value FROM ingest.credential WHERE source = $1 AND key = $2",
		SPI_OK_SELECT, 2, {TEXTOID, TEXTOID}
	};
	MemoryContext context = CurrentMemoryContext;
	StoreSession session;
	Datum		values[2];
	char	   *value = NULL;

	StoreBegin(&session);
	values[0] = StoreText(source);
	values[1] = StoreText(key);
	if (StoreExecute(&find, values, NULL, 1) == 1)
		value = copy_utf8(context, 0, 1);
	StoreEnd(&session);

	if (value != NULL && strncmp(value, "env:", 4) == 0)
	{
		const char *setting = getenv(value + 4);

		if (setting == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("environment variable \"%s\" of credential \"%s\" of source \"%s\" is not set",
							value + 4, key, source),
					 errhint("It is read from the server's environment, as it was when the server started.")));
		return pstrdup(setting);
	}
	if (value != NULL && strncmp(value, "file:", 5) == 0)
		return read_credential_file(source, key, value + 5);
	return value;
}

int64
SourceUpcoming(const char *source)
{
	static StoreStatement count = {
		"SELECT count(*) FROM ingest.listing"
		" WHERE source = $1 AND withdrawn_at IS NULL AND status <> 'cancelled'"
		" AND coalesce(ends_at, starts_at) > now()",
		SPI_OK_SELECT, 1, {TEXTOID}
	};
	Datum		values[1] = {StoreText(source)};

	(void) StoreExecute(&count, values, NULL, 1);
	return StoreInt64(0, 1, 0);
}
