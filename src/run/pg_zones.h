/*
 * src/run/pg_zones.h
 *
 * PostgreSQL's time zones, as the feed room asks for them.
 */
#ifndef INGEST_RUN_PG_ZONES_H
#define INGEST_RUN_PG_ZONES_H

#include "feed/zone.h"

extern const ZoneProvider *PgZoneProvider(void);

#endif
