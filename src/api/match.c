/*
 * src/api/match.c
 *
 * SQL: ingest_normalise, ingest_fingerprint.  What the room match makes of
 * texts and times, for queries and for venue_alias.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "match/fingerprint.h"
#include "match/text.h"

PG_FUNCTION_INFO_V1(ingest_normalise);
PG_FUNCTION_INFO_V1(ingest_fingerprint);

/* At least this much room is made for each step */
#define STEP_SIZE 8192

Datum
ingest_normalise(PG_FUNCTION_ARGS)
{
	char	   *text = ApiUtf8Argument(fcinfo, 0, "text");
	StringInfoData out;
	MatchReader reader;
	size_t		n;

	initStringInfo(&out);
	MatchReaderInit(&reader, text, strlen(text));
	do
	{
		CHECK_FOR_INTERRUPTS();
		enlargeStringInfo(&out, STEP_SIZE);
		n = MatchRead(&reader, out.data + out.len, STEP_SIZE);
		out.len += n;
		out.data[out.len] = '\0';
	} while (n > 0);
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(out.data, out.len, PG_UTF8)));
}

/* A timestamp without time zone as the room match takes it */
static int64
local_seconds(Timestamp timestamp)
{
	int64		seconds = timestamp / USECS_PER_SEC - (timestamp % USECS_PER_SEC < 0);

	return seconds + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

Datum
ingest_fingerprint(PG_FUNCTION_ARGS)
{
	char	   *title = ApiUtf8Argument(fcinfo, 0, "title");
	char	   *venue = ApiUtf8Argument(fcinfo, 1, "venue");
	Timestamp	local_start = PG_GETARG_TIMESTAMP(2);
	bool		all_day = PG_GETARG_BOOL(3);
	int64		key;

	if (TIMESTAMP_NOT_FINITE(local_start) ||
		!MatchFingerprint(title, venue, local_seconds(local_start), all_day, false, &key))
		PG_RETURN_NULL();
	PG_RETURN_INT64(key);
}
