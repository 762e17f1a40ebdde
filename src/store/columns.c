/*
 * src/store/columns.c
 *
 * A listing's descriptive columns as Datums.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "store/columns.h"
#include "store/store.h"

const DescriptiveColumn DescriptiveColumns[] = {
	{"title", TEXTOID},
	{"description", TEXTOID},
	{"url", TEXTOID},
	{"image_url", TEXTOID},
	{"status", TEXTOID},
	{"starts_at", TIMESTAMPTZOID},
	{"ends_at", TIMESTAMPTZOID},
	{"all_day", BOOLOID},
	{"start_precision", TEXTOID},
	{"timezone", TEXTOID},
	{"is_online", BOOLOID},
	{"venue_name", TEXTOID},
	{"address", TEXTOID},
	{"city", TEXTOID},
	{"region", TEXTOID},
	{"postal_code", TEXTOID},
	{"country", TEXTOID},
	{"latitude", FLOAT8OID},
	{"longitude", FLOAT8OID},
	{"organizer", TEXTOID},
	{"organizer_url", TEXTOID},
	{"category", TEXTOID},
	{"tags", TEXTARRAYOID},
	{"language", TEXTOID},
	{"is_free", BOOLOID},
	{"price_min", NUMERICOID},
	{"price_max", NUMERICOID},
	{"currency", TEXTOID},
	{"series_id", TEXTOID},
	{"attributes", JSONBOID},
	{NULL, InvalidOid}
};

int
DescriptiveCount(void)
{
	return lengthof(DescriptiveColumns) - 1;
}

TimestampTz
FeedTimeToTimestampTz(FeedTime time)
{
	const int64 epoch_shift = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	TimestampTz result;

	if (time > INT64_MAX / USECS_PER_SEC || time < INT64_MIN / USECS_PER_SEC + epoch_shift ||
		!IS_VALID_TIMESTAMP((result = (time - epoch_shift) * USECS_PER_SEC)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

FeedTime
TimestampTzToFeedTime(TimestampTz time)
{
	/* Rounds down before 2000 as well */
	int64		seconds = time / USECS_PER_SEC - (time % USECS_PER_SEC < 0 ? 1 : 0);

	return seconds + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

/* A cursor over the value and null arrays, one setter per kind of value */
typedef struct Row
{
	Datum	   *values;
	bool	   *nulls;
	int			column;
} Row;

static void
put(Row *row, bool isnull, Datum value)
{
	row->nulls[row->column] = isnull;
	row->values[row->column] = value;
	row->column++;
}

static void
put_text(Row *row, const char *text)
{
	put(row, text == NULL, text == NULL ? (Datum) 0 : StoreText(text));
}

static void
put_time(Row *row, FeedTime time)
{
	bool		unknown = time == FEED_TIME_UNKNOWN;

	put(row, unknown, unknown ? (Datum) 0 : TimestampTzGetDatum(FeedTimeToTimestampTz(time)));
}

static void
put_tristate(Row *row, Tristate tristate)
{
	put(row, tristate == TRI_UNKNOWN, BoolGetDatum(tristate == TRI_TRUE));
}

static void
put_degrees(Row *row, double degrees)
{
	put(row, isnan(degrees), Float8GetDatum(degrees));
}

static void
put_decimal(Row *row, const char *decimal)
{
	put(row, decimal == NULL, decimal == NULL ? (Datum) 0 :
		DirectFunctionCall3(numeric_in, CStringGetDatum(decimal),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static void
put_tags(Row *row, const Listing *listing)
{
	Datum	   *tags;

	if (listing->ntags == 0)
	{
		put(row, true, (Datum) 0);
		return;
	}
	tags = palloc(listing->ntags * sizeof(Datum));
	for (int i = 0; i < listing->ntags; i++)
		tags[i] = StoreText(listing->tags[i]);
	put(row, false, PointerGetDatum(construct_array(tags, listing->ntags, TEXTOID, -1, false, 'i')));
}

static void
put_jsonb(Row *row, const char *json)
{
	char	   *input;

	if (json == NULL)
	{
		put(row, true, (Datum) 0);
		return;
	}
	input = TextDatumGetCString(StoreText(json));
	put(row, false, DirectFunctionCall1(jsonb_in, CStringGetDatum(input)));
}

void
DescriptiveValues(const Listing *listing, Datum *values, bool *nulls)
{
	Row			row = {values, nulls, 0};

	put_text(&row, listing->title);
	put_text(&row, listing->description);
	put_text(&row, listing->url);
	put_text(&row, listing->image_url);
	put_text(&row, ListingStatusName(listing->status));
	put_time(&row, listing->starts_at);
	put_time(&row, listing->ends_at);
	put(&row, false, BoolGetDatum(listing->all_day));
	put_text(&row, StartPrecisionName(listing->start_precision));
	put_text(&row, listing->timezone);
	put_tristate(&row, listing->is_online);
	put_text(&row, listing->venue_name);
	put_text(&row, listing->address);
	put_text(&row, listing->city);
	put_text(&row, listing->region);
	put_text(&row, listing->postal_code);
	put_text(&row, listing->country);
	put_degrees(&row, listing->latitude);
	put_degrees(&row, listing->longitude);
	put_text(&row, listing->organizer);
	put_text(&row, listing->organizer_url);
	put_text(&row, listing->category);
	put_tags(&row, listing);
	put_text(&row, listing->language);
	put_tristate(&row, listing->is_free);
	put_decimal(&row, listing->price_min);
	put_decimal(&row, listing->price_max);
	put_text(&row, listing->currency);
	put_text(&row, listing->series_id);
	put_jsonb(&row, listing->attributes);
	Assert(row.column == DescriptiveCount());
}
