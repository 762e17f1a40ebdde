/*
 * src/store/columns.h
 *
 * The descriptive columns of a listing, in the order of its tables and of
 * ingest.parsed_listing, and their values as Datums.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_STORE_COLUMNS_H
#define INGEST_STORE_COLUMNS_H

#include "access/tupdesc.h"

#include "feed/listing.h"

/* "title, description, …" for statements. */
#define DESCRIPTIVE_COLUMNS \
	"title, description, url, image_url, status, starts_at, ends_at, all_day," \
	" start_precision, timezone, is_online, venue_name, address, city, region," \
	" postal_code, country, latitude, longitude, organizer, organizer_url, category," \
	" tags, language, is_free, price_min, price_max, currency, series_id, attributes"

typedef struct DescriptiveColumn
{
	const char *name;
	Oid			type;
} DescriptiveColumn;

/* Ended by a NULL name. */
extern const DescriptiveColumn DescriptiveColumns[];

/* Number of descriptive columns. */
extern int	DescriptiveCount(void);

/*
 * Fill values[0..] and nulls[0..] with the listing's descriptive columns, in
 * CurrentMemoryContext.  Raises what PostgreSQL's own input functions raise
 * for a value that it does not take.
 */
extern void DescriptiveValues(const Listing *listing, Datum *values, bool *nulls);

/* Seconds since 1970 as a timestamptz; raises 22008 when out of range. */
extern TimestampTz FeedTimeToTimestampTz(FeedTime time);
extern FeedTime TimestampTzToFeedTime(TimestampTz time);

#endif
