/*
 * src/feed/listing.c
 *
 * Defaults, hash and words of a listing.  Pure C.
 */
#include "feed/listing.h"

#include <math.h>
#include <string.h>

#include "hash.h"

void
ListingInit(Listing *listing)
{
	memset(listing, 0, sizeof(*listing));
	listing->starts_at = FEED_TIME_UNKNOWN;
	listing->ends_at = FEED_TIME_UNKNOWN;
	listing->local_start = FEED_TIME_UNKNOWN;
	listing->latitude = NAN;
	listing->longitude = NAN;
}

/* Hash a coordinate so that every NAN is alike, and -0 is 0 */
static uint64_t
hash_degrees(double degrees, uint64_t seed)
{
	int64_t		scaled = isnan(degrees) ? INT64_MIN : llround(degrees * 1e7);

	return HashBytes(&scaled, sizeof(scaled), seed);
}

uint64_t
ListingHash(const Listing *listing, bool with_description)
{
	const char *const texts[] = {
		listing->title, listing->url,
		listing->image_key ? listing->image_key : listing->image_url,
		listing->timezone, listing->venue_name, listing->address,
		listing->city, listing->region, listing->postal_code,
		listing->country, listing->organizer, listing->organizer_url,
		listing->category, listing->language, listing->price_min,
		listing->price_max, listing->currency, listing->series_id,
		listing->attributes,
	};
	const int64_t numbers[] = {
		listing->status, listing->starts_at, listing->ends_at,
		listing->all_day, listing->start_precision, listing->is_online,
		listing->is_free, listing->ntags,
	};
	uint64_t	hash = HashBytes(numbers, sizeof(numbers), 0);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hash = HashString(texts[i], hash);
	for (int i = 0; i < listing->ntags; i++)
		hash = HashString(listing->tags[i], hash);
	hash = hash_degrees(listing->latitude, hash);
	hash = hash_degrees(listing->longitude, hash);
	if (with_description)
		hash = HashString(listing->description, hash);
	return hash;
}

uint64_t
ListingMatchHash(const Listing *listing)
{
	const char *const texts[] = {
		listing->title, listing->venue_name, listing->address, listing->city,
		listing->postal_code, listing->url,
	};
	const int64_t numbers[] = {
		listing->starts_at, listing->ends_at, listing->local_start,
		listing->all_day, listing->start_precision, listing->is_online,
	};
	uint64_t	hash = HashBytes(numbers, sizeof(numbers), 0);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hash = HashString(texts[i], hash);
	hash = hash_degrees(listing->latitude, hash);
	return hash_degrees(listing->longitude, hash);
}

const char *
ListingStatusName(ListingStatus status)
{
	static const char *const names[] = {
		[STATUS_SCHEDULED] = "scheduled",
		[STATUS_CANCELLED] = "cancelled",
		[STATUS_POSTPONED] = "postponed",
		[STATUS_RESCHEDULED] = "rescheduled",
		[STATUS_SOLD_OUT] = "sold_out",
		[STATUS_WITHDRAWN] = "withdrawn",
	};

	return names[status];
}

const char *
StartPrecisionName(StartPrecision precision)
{
	static const char *const names[] = {
		[PRECISION_UNKNOWN] = "unknown",
		[PRECISION_DAY] = "day",
		[PRECISION_MINUTE] = "minute",
	};

	return names[precision];
}
