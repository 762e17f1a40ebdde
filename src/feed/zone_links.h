/*
 * src/feed/zone_links.h
 *
 * Names that the time zone database has given up for others.  Calendars go on
 * using them, and not every system still installs them.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_ZONE_LINKS_H
#define INGEST_FEED_ZONE_LINKS_H

typedef struct ZoneLink
{
	const char *name;			/* "Europe/Kiev" */
	const char *target;			/* "Europe/Kyiv" */
} ZoneLink;

/* Sorted by the lower-case name (zone_links.c). */
extern const ZoneLink ZoneLinks[];
extern const int ZoneLinkCount;

#endif
