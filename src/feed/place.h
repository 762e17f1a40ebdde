/*
 * src/feed/place.h
 *
 * What connectors share of mapping a venue.  Pure C.
 */
#ifndef INGEST_FEED_PLACE_H
#define INGEST_FEED_PLACE_H

#include "feed/arena.h"
#include "feed/listing.h"

/* Two letters in upper case (ISO 3166 alpha-2), in the arena; NULL: unknown. */
extern const char *PlaceCountryCode(Arena *arena, const char *text);

/*
 * Set the listing's coordinates, unless they are none: out of range, or 0, 0,
 * where geocoders put what they did not find.
 */
extern void PlaceSetPoint(Listing *listing, double latitude, double longitude);

#endif
