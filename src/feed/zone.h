/*
 * src/feed/zone.h
 *
 * Time zones of a feed: names as calendars write them, resolved to zones, and
 * conversion between wall clock and instant with one policy for gaps and
 * repeated hours.
 *
 * The rules of the zones are the host's: PostgreSQL's own in the server, the
 * system's TZif files in the unit tests.  Pure C.
 */
#ifndef INGEST_FEED_ZONE_H
#define INGEST_FEED_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/arena.h"
#include "feed/listing.h"

/* What a host offers. */
typedef struct ZoneProvider
{
	/*
	 * The host's zone of exactly this IANA name (any case, old aliases
	 * included), or NULL.  *canonical: the name as the host spells it, valid
	 * as long as the provider.
	 */
	void	   *(*find) (void *arg, const char *name, const char **canonical);

	/*
	 * The offset (seconds east of UTC) in force at utc, and the period
	 * [*from, *until) around utc in which it holds (INT64_MIN / INT64_MAX
	 * where it has no end).
	 */
	void		(*period) (void *arg, void *host_zone, FeedTime utc,
						   int *offset, FeedTime *from, FeedTime *until);
	void	   *arg;
} ZoneProvider;

typedef struct Zones Zones;		/* the zones met in one run, cached */
typedef struct Zone Zone;

extern Zones *ZonesCreate(Arena *arena, const ZoneProvider *provider);

/*
 * The zone a calendar means by `name`: IANA (prefixes stripped), Windows name,
 * display name, offset; NULL when it is none of these.  A custom VTIMEZONE is
 * the caller's business (feed/ics).
 */
extern const Zone *ZoneResolve(Zones *zones, const char *name);

/*
 * A zone whose rules the caller has, not the host: provider->period answers
 * for host_zone.  name: IANA name to store, or NULL.  Not found by
 * ZoneResolve; provider and host_zone must live as long as `zones`.
 */
extern const Zone *ZoneCustom(Zones *zones, const ZoneProvider *provider,
							  void *host_zone, const char *name);

/* UTC itself. */
extern const Zone *ZoneUtc(Zones *zones);

/* IANA name to store, or NULL for a zone that has none (a fixed offset). */
extern const char *ZoneName(const Zone *zone);

/*
 * Wall clock to instant.  In a gap the offset before it is used (02:30 of the
 * night the clocks go forward becomes 03:30); of a repeated hour the first.
 */
extern FeedTime ZoneToUtc(const Zone *zone, LocalTime local);
extern LocalTime ZoneToLocal(const Zone *zone, FeedTime utc);

/* Of ZoneProvider.period, for the zone: offset and the time in which it holds. */
extern void ZonePeriod(const Zone *zone, FeedTime utc, int *offset, FeedTime *from, FeedTime *until);

/* Proleptic Gregorian calendar: days since 1970-01-01, and back. */
extern int64_t CivilToDays(int64_t year, int month, int day);
extern void DaysToCivil(int64_t days, int64_t *year, int *month, int *day);

#endif
