/*
 * src/feed/windows_zones.h
 *
 * The names by which Windows, Outlook and Exchange call time zones.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_WINDOWS_ZONES_H
#define INGEST_FEED_WINDOWS_ZONES_H

typedef struct WindowsZone
{
	const char *name;			/* "Eastern Standard Time" */
	const char *iana;			/* "America/New_York" */
} WindowsZone;

/* CLDR's table, sorted by the lower-case name (windows_zones.c) */
extern const WindowsZone WindowsZones[];
extern const int WindowsZoneCount;

/*
 * The IANA name for a Windows id or a display name as Outlook shows it, with
 * or without its "(UTC-05:00) "; NULL when it is neither.
 */
extern const char *WindowsZoneToIana(const char *name);

#endif
