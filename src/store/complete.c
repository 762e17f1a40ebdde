/*
 * src/store/complete.c
 *
 * What is known of a listing, for when its source tells less than before.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/store.h"

/* Columns of the statement below */
enum
{
	COLUMN_VENUE = 1,			/* the first of the texts */
	COLUMN_LATITUDE = 12,
	COLUMN_LONGITUDE,
	COLUMN_STATUS,
	COLUMN_IS_FREE,
	COLUMN_PRICE_MIN,
	COLUMN_PRICE_MAX,
	COLUMN_ATTRIBUTES,
	COLUMN_TAGS
};

/* A text of the row, in UTF-8 and in arena; NULL stays NULL */
static const char *
text_of(Arena *arena, int column)
{
	char	   *text = StoreString(0, column);

	return text == NULL ? NULL : ArenaStrdup(arena, pg_server_to_any(text, strlen(text), PG_UTF8));
}

static void
complete_degrees(double *latitude, double *longitude)
{
	char	   *north = StoreString(0, COLUMN_LATITUDE);
	char	   *east = StoreString(0, COLUMN_LONGITUDE);

	if (!isnan(*latitude) || north == NULL || east == NULL)
		return;
	*latitude = strtod(north, NULL);
	*longitude = strtod(east, NULL);
}

/* A price goes with what makes it one */
static void
complete_price(Arena *arena, Listing *listing)
{
	char	   *is_free = StoreString(0, COLUMN_IS_FREE);
	Tristate	stored = is_free == NULL ? TRI_UNKNOWN : is_free[0] == 't' ? TRI_TRUE : TRI_FALSE;

	if (listing->is_free == TRI_UNKNOWN)
		listing->is_free = stored;
	if (listing->price_min != NULL || listing->price_max != NULL || listing->is_free != stored)
		return;
	listing->price_min = text_of(arena, COLUMN_PRICE_MIN);
	listing->price_max = text_of(arena, COLUMN_PRICE_MAX);
}

/* Sold out and the like: the source has not taken it back */
static void
complete_status(Listing *listing)
{
	char	   *stored = StoreString(0, COLUMN_STATUS);

	if (listing->status != STATUS_SCHEDULED)
		return;
	for (ListingStatus status = STATUS_SCHEDULED; status < STATUS_WITHDRAWN; status++)
		if (strcmp(stored, ListingStatusName(status)) == 0)
			listing->status = status;
}

static void
complete_tags(Arena *arena, Listing *listing)
{
	bool		isnull;
	Datum		tags = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, COLUMN_TAGS, &isnull);
	Datum	   *elements;
	int			n;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(tags), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	if (n <= listing->ntags)
		return;
	listing->tags = ArenaAlloc(arena, n * sizeof(char *));
	listing->ntags = n;
	for (int i = 0; i < n; i++)
	{
		char	   *tag = TextDatumGetCString(elements[i]);

		listing->tags[i] = ArenaStrdup(arena, pg_server_to_any(tag, strlen(tag), PG_UTF8));
	}
}

void
StoreComplete(int64 listing_id, Arena *arena, Listing *listing)
{
	/* attributes have a source's own ids: another venue's address is no help */
	static StoreStatement load = {
		"SELECT CASE WHEN same_venue THEN venue_name END, CASE WHEN same_venue THEN address END,"
		" CASE WHEN same_venue THEN city END, CASE WHEN same_venue THEN region END,"
		" CASE WHEN same_venue THEN postal_code END, CASE WHEN same_venue THEN country END,"
		" CASE WHEN same_organizer THEN organizer END, CASE WHEN same_organizer THEN organizer_url END,"
		" category, image_url, currency,"
		" CASE WHEN same_venue THEN latitude END, CASE WHEN same_venue THEN longitude END,"
		" status, is_free, price_min, price_max, (attributes || coalesce($2::jsonb, '{}'))::text, tags"
		" FROM ingest.listing, LATERAL (SELECT"
		" attributes ->> 'venue_id' IS NOT DISTINCT FROM $2::jsonb ->> 'venue_id' AS same_venue,"
		" attributes ->> 'organizer_id' IS NOT DISTINCT FROM $2::jsonb ->> 'organizer_id' AS same_organizer) AS ids"
		" WHERE id = $1",
		SPI_OK_SELECT, 2, {INT8OID, TEXTOID}
	};
	const char **texts[] = {
		&listing->venue_name, &listing->address, &listing->city, &listing->region,
		&listing->postal_code, &listing->country, &listing->organizer, &listing->organizer_url,
		&listing->category, &listing->image_url, &listing->currency,
	};
	Datum		values[2] = {Int64GetDatum(listing_id)};
	char		nulls[2] = {' ', listing->attributes == NULL ? 'n' : ' '};
	const char *attributes;

	StaticAssertStmt(lengthof(texts) == COLUMN_LATITUDE - COLUMN_VENUE, "columns and texts differ");
	values[1] = listing->attributes == NULL ? (Datum) 0 : StoreText(listing->attributes);
	if (StoreExecute(&load, values, nulls, 1) == 0)
		return;
	for (int i = 0; i < lengthof(texts); i++)
		if (*texts[i] == NULL)
			*texts[i] = text_of(arena, COLUMN_VENUE + i);
	complete_degrees(&listing->latitude, &listing->longitude);
	complete_price(arena, listing);
	complete_status(listing);
	complete_tags(arena, listing);
	attributes = text_of(arena, COLUMN_ATTRIBUTES);
	if (attributes != NULL)
		listing->attributes = attributes;
}
