/*
 * src/store/event_fields.c
 *
 * What an event says, from what its listings say.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "store/columns.h"
#include "store/event.h"

static Datum
int64_array(const int64 *numbers, int n)
{
	Datum	   *datums = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, 8, FLOAT8PASSBYVAL, 'd'));
}

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* The first known value in the listings' order */
#define FIRST(column) \
	"(array_agg(" column " ORDER BY r) FILTER (WHERE " column " IS NOT NULL))[1] AS " column

/*
 * What an event says: each field from the first listing that knows it, in the
 * order live before withdrawn, priority, then by name; parking and VIP last.
 * Of sources of one priority, who says "cancelled" knows more than who does
 * not.  What belongs together
 * is taken together: the start with its end, zone and precision from the
 * listing that knows the start best; the coordinates as a pair.
 */
static void
merge_listings(const int64 *events, int nevents)
{
	static StoreStatement merge = {
		"WITH ranked AS ("
		"  SELECT l.*, s.priority,"
		"    row_number() OVER (PARTITION BY l.event_id ORDER BY l.is_addon, l.withdrawn_at IS NOT NULL,"
		"      s.priority DESC, l.source, l.source_id) AS r,"
		"    row_number() OVER (PARTITION BY l.event_id ORDER BY l.is_addon, l.withdrawn_at IS NOT NULL,"
		"      s.priority DESC, array_position(ARRAY['cancelled', 'postponed', 'rescheduled', 'sold_out'], l.status),"
		"      l.source, l.source_id) AS rt,"
		"    row_number() OVER (PARTITION BY l.event_id ORDER BY l.is_addon, l.withdrawn_at IS NOT NULL,"
		"      CASE l.start_precision WHEN 'minute' THEN 0 WHEN 'day' THEN 1 ELSE 2 END,"
		"      s.priority DESC, l.source, l.source_id) AS rs"
		"  FROM ingest.listing l JOIN ingest.source s ON s.name = l.source"
		"  WHERE l.event_id = ANY ($1)),"
		" merged AS ("
		"  SELECT event_id AS id,"
		"    " FIRST("title") ", " FIRST("description") ", " FIRST("url") ", " FIRST("image_url") ","
		"    min(status) FILTER (WHERE rt = 1) AS status,"
		"    min(starts_at) FILTER (WHERE rs = 1) AS starts_at,"
		"    min(ends_at) FILTER (WHERE rs = 1) AS ends_at,"
		"    bool_or(all_day) FILTER (WHERE rs = 1) AS all_day,"
		"    min(start_precision) FILTER (WHERE rs = 1) AS start_precision,"
		"    min(timezone) FILTER (WHERE rs = 1) AS timezone,"
		"    " FIRST("is_online") ", " FIRST("venue_name") ", " FIRST("address") ", " FIRST("city") ","
		"    " FIRST("region") ", " FIRST("postal_code") ", " FIRST("country") ","
		"    (array_agg(latitude ORDER BY r) FILTER (WHERE latitude IS NOT NULL AND longitude IS NOT NULL))[1] AS latitude,"
		"    (array_agg(longitude ORDER BY r) FILTER (WHERE latitude IS NOT NULL AND longitude IS NOT NULL))[1] AS longitude,"
		"    " FIRST("organizer") ", " FIRST("organizer_url") ", " FIRST("category") ","
		/* array_agg of arrays would want them all of one length */
		"    (array_agg(tags::text ORDER BY r) FILTER (WHERE tags IS NOT NULL))[1]::text[] AS tags,"
		"    " FIRST("language") ", " FIRST("is_free") ", " FIRST("price_min") ", " FIRST("price_max") ","
		"    " FIRST("currency") ", " FIRST("series_id") ", " FIRST("attributes") ","
		"    count(*)::int4 AS nb_listings, array_agg(DISTINCT source COLLATE \"default\" ORDER BY source COLLATE \"default\") AS sources"
		"  FROM ranked GROUP BY event_id)"
		" UPDATE ingest.event e SET (" DESCRIPTIVE_COLUMNS ", nb_listings, sources, updated_at)"
		" = (SELECT " DESCRIPTIVE_COLUMNS ", nb_listings, sources, now() FROM merged m2 WHERE m2.id = e.id)"
		" FROM merged m WHERE e.id = m.id"
		" AND (e.title, e.description, e.url, e.image_url, e.status, e.starts_at, e.ends_at, "
		"e.all_day, e.start_precision, e.timezone, e.is_online, e.venue_name, e.address, "
		"e.city, e.region, e.postal_code, e.country, e.latitude, e.longitude, "
		"e.organizer, e.organizer_url, e.category, e.tags, e.language, e.is_free, "
		"e.price_min, e.price_max, e.currency, e.series_id, e.attributes, e.nb_listings, "
		"e.sources)"
		" IS DISTINCT FROM (m.title, m.description, m.url, m.image_url, m.status, m.starts_at, m.ends_at, "
		"m.all_day, m.start_precision, m.timezone, m.is_online, m.venue_name, m.address, "
		"m.city, m.region, m.postal_code, m.country, m.latitude, m.longitude, "
		"m.organizer, m.organizer_url, m.category, m.tags, m.language, m.is_free, "
		"m.price_min, m.price_max, m.currency, m.series_id, m.attributes, m.nb_listings, "
		"m.sources)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(events, nevents)};

	(void) StoreExecute(&merge, values, NULL, 0);
}

/*
 * The same for events that one listing alone makes up, which most are: its
 * columns as they are.  How many of the events these were.
 *
 * Sources are compared as arrays: "l.source = e.sources[1]" would be taken for
 * a key of the index on (source, source_id), and all listings of the source
 * read for each event.
 */
static int
copy_lone_listings(const int64 *events, int nevents)
{
	static StoreStatement copy = {
		"UPDATE ingest.event e SET"
		" title = l.title, description = l.description, url = l.url, image_url = l.image_url,"
		" status = l.status, starts_at = l.starts_at, ends_at = l.ends_at, all_day = l.all_day,"
		" start_precision = l.start_precision, timezone = l.timezone, is_online = l.is_online,"
		" venue_name = l.venue_name, address = l.address, city = l.city, region = l.region,"
		" postal_code = l.postal_code, country = l.country, latitude = l.latitude,"
		" longitude = l.longitude, organizer = l.organizer, organizer_url = l.organizer_url,"
		" category = l.category, tags = l.tags, language = l.language, is_free = l.is_free,"
		" price_min = l.price_min, price_max = l.price_max, currency = l.currency,"
		" series_id = l.series_id, attributes = l.attributes, updated_at = now()"
		" FROM ingest.listing l WHERE e.id = ANY ($1) AND l.event_id = e.id"
		" AND e.nb_listings = 1 AND e.sources = ARRAY[l.source]"
		" AND NOT EXISTS (SELECT FROM ingest.listing o WHERE o.event_id = e.id AND o.id <> l.id)",
		SPI_OK_UPDATE, 1, {INT8ARRAYOID}
	};
	Datum		values[1] = {int64_array(events, nevents)};

	return (int) StoreExecute(&copy, values, NULL, 0);
}

void
EventRefresh(int64 *events, int nevents)
{
	int			ndistinct = 0;

	qsort(events, nevents, sizeof(int64), compare_int64);
	for (int i = 0; i < nevents; i++)
		if (i == 0 || events[i] != events[ndistinct - 1])
			events[ndistinct++] = events[i];
	if (ndistinct > 0 && copy_lone_listings(events, ndistinct) < ndistinct)
		merge_listings(events, ndistinct);
}

