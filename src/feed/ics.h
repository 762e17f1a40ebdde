/*
 * src/feed/ics.h
 *
 * Calendars as a library, for a connector that gets one beside other things:
 * its page, record and map may pass a body on to these.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_ICS_H
#define INGEST_FEED_ICS_H

#include "feed/connector.h"

/*
 * Open a calendar as a page; page->state is the library's own.  expand: one
 * record for each occurrence of a series; include_private: events marked
 * CLASS:PRIVATE as well.  False: the body is no calendar, *problem says why.
 */
extern bool IcsPageOpen(Feed *feed, FeedPage *page, const FeedBody *body, bool expand,
						bool include_private, Problem *problem);

/* Connector.record and Connector.map of such a page. */
extern bool IcsPageRecord(Feed *feed, FeedPage *page, FeedRecord *record);
extern MapResult IcsPageMap(Feed *feed, FeedPage *page, FeedRecord *record,
							Arena *arena, Listing *listing);

/* Is it the raw text of such a record? */
extern bool IcsIsRaw(const char *raw, size_t length);

/* What the calendar calls itself, or NULL. */
extern const char *IcsPageName(const FeedPage *page);

#endif
