/*
 * src/run/pg_zones.c
 *
 * The server's own time zones behind feed/zone.h, so that an imported instant
 * and the server's AT TIME ZONE never disagree.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

#include "run/pg_zones.h"

/* How far back the beginning of a period is looked for */
#define LOOK_BACK (400 * INT64CONST(86400))

/*
 * pg_tzset takes POSIX rules as well; feed/zone.c asks only for names that
 * cannot be one.  Zones stay cached for the life of the process.
 */
static void *
find_zone(void *arg, const char *name, const char **canonical)
{
	pg_tz	   *zone;

	if (strlen(name) > TZ_STRLEN_MAX)
		return NULL;
	zone = pg_tzset(name);
	if (zone == NULL || !pg_tz_acceptable(zone))
		return NULL;
	*canonical = pg_get_timezone_name(zone);
	return zone;
}

/*
 * The period around an instant.  The server only looks forward, so begin some
 * time before; if nothing changed since then, the period is said to begin
 * there, which is true of that part of it.
 */
static void
find_period(void *arg, void *host_zone, FeedTime utc,
			int *offset, FeedTime *from, FeedTime *until)
{
	pg_tz	   *zone = host_zone;
	pg_time_t	at = utc - LOOK_BACK;
	long int	before,
				after;
	int			before_isdst,
				after_isdst;
	pg_time_t	boundary;
	int			found;

	for (;;)
	{
		found = pg_next_dst_boundary(&at, &before, &before_isdst,
									 &boundary, &after, &after_isdst, zone);
		if (found <= 0 || boundary > utc)
			break;
		at = boundary;
	}
	*offset = found < 0 ? 0 : (int) before;
	*from = at;
	*until = found > 0 ? boundary : PG_INT64_MAX;
}

const ZoneProvider *
PgZoneProvider(void)
{
	static const ZoneProvider provider = {find_zone, find_period, NULL};

	return &provider;
}
