/*
 * test/unit/zone_tzif.h
 *
 * Time zones of the system's TZif files (RFC 8536), for tests without a
 * server.
 */
#ifndef INGEST_TEST_ZONE_TZIF_H
#define INGEST_TEST_ZONE_TZIF_H

#include "feed/zone.h"

/* $TZDIR, or /usr/share/zoneinfo; what is read stays until the program ends. */
extern const ZoneProvider *TzifZoneProvider(void);

#endif
