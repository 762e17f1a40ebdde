/*
 * src/feed/listing.h
 *
 * Words of the field, used alike in C, SQL and the documentation:
 *
 *   source    one configured place that events are collected from
 *   record    one item of a response, as bytes: an API's event object, a
 *             VEVENT or one occurrence of it
 *   listing   what a source says of one event: a record, mapped.  The one
 *             struct that every connector produces
 *   event     one real event, made of one or more listings (store/, match/)
 *
 * Pure C.
 */
#ifndef INGEST_FEED_LISTING_H
#define INGEST_FEED_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970-01-01 00:00:00 UTC. */
typedef int64_t FeedTime;

/*
 * A wall clock's reading as seconds since 1970-01-01 00:00:00 of that clock:
 * no zone.
 */
typedef int64_t LocalTime;

#define FEED_TIME_UNKNOWN INT64_MIN

typedef enum ListingStatus
{
	STATUS_SCHEDULED,
	STATUS_CANCELLED,
	STATUS_POSTPONED,
	STATUS_RESCHEDULED,
	STATUS_SOLD_OUT,
	STATUS_WITHDRAWN
} ListingStatus;

typedef enum StartPrecision
{
	PRECISION_UNKNOWN,			/* starts_at may be FEED_TIME_UNKNOWN */
	PRECISION_DAY,				/* only the date is known */
	PRECISION_MINUTE
} StartPrecision;

typedef enum Tristate
{
	TRI_UNKNOWN,
	TRI_FALSE,
	TRI_TRUE
} Tristate;

/*
 * One listing.  Unknown is NULL, FEED_TIME_UNKNOWN, NAN or TRI_UNKNOWN: never
 * an invented value.  Strings are NUL-terminated, valid UTF-8, trimmed, not
 * empty, and live in the arena given to the connector's map function.
 */
typedef struct Listing
{
	const char *source_id;		/* stable id within the source; required */
	const char *revision;		/* upstream's own mark of change, or NULL */

	const char *title;			/* required */
	const char *description;	/* plain text, paragraphs kept as newlines */
	const char *url;
	const char *image_url;
	const char *image_key;		/* what of the image counts as a change, when
								 * its URL is signed anew; NULL: the URL */
	ListingStatus status;

	FeedTime	starts_at;		/* all_day: local midnight in `timezone` */
	FeedTime	ends_at;		/* exclusive for all_day */
	LocalTime	local_start;	/* starts_at on the venue's wall clock; for
								 * matching, not stored */
	bool		all_day;
	StartPrecision start_precision;
	const char *timezone;		/* IANA name */

	Tristate	is_online;
	const char *venue_name;
	const char *address;
	const char *city;
	const char *region;
	const char *postal_code;
	const char *country;		/* ISO 3166 alpha-2, upper case */
	double		latitude;		/* degrees; NAN: unknown */
	double		longitude;

	const char *organizer;
	const char *organizer_url;
	const char *category;
	const char **tags;
	int			ntags;
	const char *language;		/* BCP 47 */

	Tristate	is_free;
	const char *price_min;		/* decimal text, e.g. "12.50" */
	const char *price_max;
	const char *currency;		/* ISO 4217, upper case */

	const char *series_id;
	const char *attributes;		/* JSON object text, or NULL */

	bool		is_partial;		/* the source told less than it tells else: what
								 * is unknown here and stored already stays */
	bool		has_detail;		/* `description` is the full text that the
								 * connector's detail request brings */
} Listing;

/* All unknown. */
extern void ListingInit(Listing *listing);

/*
 * Hash of everything in the listing that a reader would call its content.
 * revision, source_id and a signed image_url (see image_key) are left out, and
 * so is description where with_description is false: a connector whose full
 * description comes by a second request keeps that apart.
 */
extern uint64_t ListingHash(const Listing *listing, bool with_description);

/* Hash of what tells whether it is the same event as another listing. */
extern uint64_t ListingMatchHash(const Listing *listing);

/* The word stored in SQL, e.g. "sold_out". */
extern const char *ListingStatusName(ListingStatus status);
extern const char *StartPrecisionName(StartPrecision precision);

#endif
