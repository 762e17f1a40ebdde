/*
 * src/feed/eventbrite.h
 *
 * What the three files of the Eventbrite connector share:
 *   eventbrite.c       the connector: configuration, records of a page
 *   eventbrite_list.c  requests, paging, errors, budget
 *   eventbrite_map.c   an event's JSON to a listing
 *
 * Pure C.
 */
#ifndef INGEST_FEED_EVENTBRITE_H
#define INGEST_FEED_EVENTBRITE_H

#include "feed/connector.h"
#include "feed/json_read.h"
#include "feed/json_scan.h"

extern const Connector EventbriteConnector;

typedef enum EventbriteListKind
{
	LIST_ORGANIZER,
	LIST_ORGANIZATION,
	LIST_VENUE,
	LIST_SERIES
} EventbriteListKind;

typedef struct EventbriteList
{
	EventbriteListKind kind;
	const char *id;
	bool		failed;			/* refused for good in this run */
} EventbriteList;

/* Which expansions are asked for; each EXPANSION_FAILED goes one down */
typedef enum ExpandLevel
{
	EXPAND_WANTED,				/* as configured */
	EXPAND_ESSENTIAL,			/* of these, what a listing is poor without */
	EXPAND_NONE
} ExpandLevel;

/* A set of hashes, for what must not come twice */
typedef struct HashSet
{
	uint64_t   *slots;			/* 0: free */
	size_t		nslots;			/* a power of two */
	size_t		count;
} HashSet;

/* Requests live this long: until so many others were made */
#define EVENTBRITE_RING 4

typedef struct EventbriteState
{
	JsonReader *reader;
	uint64_t	seed;			/* of record hashes */
	bool		full_description;

	/* requests */
	const char *base_url;		/* without its last slash */
	const char *statuses;		/* joined by commas */
	const char *expand[EXPAND_NONE];	/* likewise, by level; NULL: none */
	const char *page_size;
	const char *range_start;	/* local time, or NULL */
	const char *time_filter;
	const char *authorization;	/* made with the first request */
	Arena	   *ring[EVENTBRITE_RING];
	unsigned	nrequests;
	Arena	   *scratch;		/* emptied before each use */

	/* where we are */
	EventbriteList *lists;
	int			nlists;
	int			current;		/* nlists: all are at their end */
	int64_t		page;			/* of the list, from 1 */
	char	   *continuation;	/* "": ask by page */
	size_t		continuation_room;
	ExpandLevel expand_level;
	bool		restarted;		/* after a bad continuation; once per list */
	HashSet		seen;			/* continuations and pages */
	int64_t		npages;			/* of the run */
	int64_t		max_pages;
} EventbriteState;

/* FeedPage.state */
typedef struct EventbritePage
{
	JsonScan	scan;
	JsonScanCursor cursor;
	const JsonElement *single;	/* the document is one event, not a list */
	bool		is_cut;			/* this page ends a list before its end */
	bool		is_partial;		/* asked for with fewer expansions than wanted */
} EventbritePage;

/* eventbrite_list.c */
extern void EventbriteStartList(Feed *feed, int list);
extern bool EventbriteNextRequest(Feed *feed, FeedRequest *request, Problem *problem);
extern RefusalVerdict EventbriteRefused(Feed *feed, const FeedRequest *request,
										const FeedRefusal *refusal, Problem *problem);
extern bool EventbriteAdvance(Feed *feed, FeedPage *page, Problem *problem);
extern bool EventbriteDetailRequest(Feed *feed, const char *source_id, FeedRequest *request);
extern int64_t EventbriteBudget(const char *(*header) (void *arg, const char *name), void *arg,
								int64_t *remaining);

/* eventbrite_map.c */
extern MapResult EventbriteMap(Feed *feed, FeedPage *page, FeedRecord *record,
							   Arena *arena, Listing *listing);
extern bool EventbriteDetail(Feed *feed, const FeedBody *body, Arena *arena,
							 Listing *listing, Problem *problem);

/*
 * Name of a category or format by its id, for when it isn't expanded; NULL for
 * those not known.  The English names, as in an expansion's "name".
 */
extern const char *EventbriteCategoryName(const char *id);
extern const char *EventbriteFormatName(const char *id);

#endif
