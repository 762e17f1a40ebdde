/*
 * src/feed/when.h
 *
 * Dates and times as APIs write them: ISO 8601, read leniently in form and
 * strictly in value (there is no 30 February, and none is made 2 March).
 *
 * Pure C.
 */
#ifndef INGEST_FEED_WHEN_H
#define INGEST_FEED_WHEN_H

#include <stddef.h>
#include <stdint.h>

#include "feed/listing.h"

typedef enum WhenKind
{
	WHEN_INVALID,
	WHEN_DATE,					/* "2025-05-29": *value is LocalTime, midnight */
	WHEN_LOCAL,					/* no offset: *value is LocalTime */
	WHEN_INSTANT				/* "Z" or an offset: *value is FeedTime */
} WhenKind;

/*
 * Read a date or time: years 1 to 9999; "T", "t" or a blank between the two;
 * seconds and their fraction (dropped) may be left out; "Z", "+02:00", "+0200"
 * and "+02".  24:00 is the next midnight, second 60 becomes 59.
 */
extern WhenKind WhenParse(const char *text, size_t length, int64_t *value);

#define WHEN_TEXT 20			/* bytes that WhenFormatLocal writes at most */

/*
 * "2025-05-29T18:00:00", as APIs take it; "" outside of years 1 to 9999.
 */
extern void WhenFormatLocal(LocalTime local, char *text);

#endif
