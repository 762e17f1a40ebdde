/*
 * src/feed/ticketmaster.h
 *
 * What the files of the Ticketmaster connector share:
 *   ticketmaster.c         the connector: configuration, records of a page
 *   ticketmaster_list.c    requests and paging
 *   ticketmaster_window.c  which stretch of time is asked for next
 *   ticketmaster_error.c   errors and the budget
 *   ticketmaster_map.c     an event's JSON to a listing
 *   ticketmaster_when.c    its dates
 *   ticketmaster_kind.c    what is a ticket but no event of its own
 *
 * Pure C.
 */
#ifndef INGEST_FEED_TICKETMASTER_H
#define INGEST_FEED_TICKETMASTER_H

#include "feed/connector.h"
#include "feed/json_read.h"
#include "feed/json_scan.h"

extern const Connector TicketmasterConnector;

/*
 * Paging (Discovery API v2, "Deep Paging"): "size * page < 1000".
 * https://developer.ticketmaster.com/products-and-docs/apis/discovery-api/v2/
 */
#define TICKETMASTER_MAX_OFFSET 1000
#define TICKETMASTER_MAX_PAGE_SIZE 200

/* ---- windows ---- */

/* Events that start in [start, end), and how many there should be */
typedef struct TicketmasterSpan
{
	FeedTime	start;
	FeedTime	end;
	int64_t		expected;		/* -1: not known */
} TicketmasterSpan;

/* A span that doesn't fit gives at most its first half: 2^64 seconds do */
#define TICKETMASTER_MAX_SPANS 66

/*
 * What of time is still to be asked for.  The earliest span is on top; the
 * window that is being walked is taken off.
 */
typedef struct TicketmasterWindows
{
	TicketmasterSpan spans[TICKETMASTER_MAX_SPANS];
	int			nspans;
	int64_t		capacity;		/* events that one window's pages can bring */
	double		reach;			/* how much further than expected to reach,
								 * after windows that brought little */
	bool		is_piece;		/* the window in hand is the first piece of what
								 * the top span was */
} TicketmasterWindows;

extern void TicketmasterWindowsInit(TicketmasterWindows *windows, FeedTime start, FeedTime end,
									int64_t capacity);

/* Take the next window to ask for; false: all of time was */
extern bool TicketmasterWindowNext(TicketmasterWindows *windows, TicketmasterSpan *window);

/* The window holds so many events, and they fit: tell what lies behind it */
extern void TicketmasterWindowFits(TicketmasterWindows *windows, int64_t total);

/*
 * It holds more than can be paged: put it back, to be asked for in pieces.
 * False: it is a second, the least that the API tells apart.
 */
extern bool TicketmasterWindowDivide(TicketmasterWindows *windows, const TicketmasterSpan *window,
									 int64_t total);

/* ---- a run ---- */

/* The lists of a source, in the order in which they are walked */
typedef enum TicketmasterList
{
	LIST_DATED,					/* window after window */
	LIST_TBA,					/* events whose date is to be announced */
	LIST_TBD,					/* … to be determined */
	LIST_NONE					/* all are at their end */
} TicketmasterList;

/* Requests live this long: until so many others were made */
#define TICKETMASTER_RING 4

typedef struct TicketmasterState
{
	JsonReader *reader;
	uint64_t	seed;			/* of record hashes */
	bool		take_resale;	/* sources[] has tmr */

	/* requests */
	const char *base_url;		/* without its last slash */
	const char *filters;		/* "&marketId=120&…", all but the window */
	const char *apikey;			/* read with the first request */
	int64_t		page_size;
	Arena	   *ring[TICKETMASTER_RING];
	unsigned	nrequests;
	Arena	   *scratch;		/* emptied before each use */

	/* where we are */
	TicketmasterList list;
	bool		include_undated;
	TicketmasterWindows windows;
	TicketmasterSpan window;	/* of LIST_DATED */
	bool		undividable;	/* it holds more than can be paged, and is a second */
	int64_t		page;			/* from 0 */
	int64_t		total;			/* of the window, as its first page said */
	int64_t		received;		/* records of the window so far */
	uint64_t	page_hash;		/* of the ids of the window's last page */
	int			nrepeats;		/* of that page */
	int			nrestarts;		/* of the window: it became shorter meanwhile */
	uint64_t	divided_hash;	/* of the first page of the last window that was
								 * divided, and its end */
	FeedTime	divided_end;
	int			nalike;			/* windows behind it with the same first page */
} TicketmasterState;

/* FeedPage.state */
typedef struct TicketmasterPage
{
	JsonScan	scan;
	JsonScanCursor cursor;
	const JsonElement *single;	/* the document is one event, not a list */
	bool		is_left_out;	/* its records come again in narrower windows */
} TicketmasterPage;

/* What of the page the scanner brings */
enum
{
	TICKETMASTER_PAGING,		/* "page" */
	TICKETMASTER_NEXT,			/* "_links.next" */
	TICKETMASTER_ID,			/* and of a document that is one event: */
	TICKETMASTER_NAME,
	TICKETMASTER_DATES
};

/* ticketmaster_list.c */
extern void TicketmasterStart(Feed *feed);
extern bool TicketmasterNextRequest(Feed *feed, FeedRequest *request, Problem *problem);
extern bool TicketmasterAdvance(Feed *feed, FeedPage *page, Problem *problem);

/*
 * The window in hand can't be read further: pages end before it does.  Divide
 * it, or else tell that it is cut and go on behind it.
 */
extern void TicketmasterTooLong(Feed *feed);

/* ticketmaster_error.c */
extern RefusalVerdict TicketmasterRefused(Feed *feed, const FeedRequest *request,
										  const FeedRefusal *refusal, Problem *problem);
extern int64_t TicketmasterBudget(const char *(*header) (void *arg, const char *name), void *arg,
								  int64_t *remaining);

/* ---- mapping ---- */

/* What of an event is read; the rest is noise, or nobody asks for it */
extern const JsonWanted TicketmasterWanted[];

extern MapResult TicketmasterMap(Feed *feed, FeedPage *page, FeedRecord *record,
								 Arena *arena, Listing *listing);

/* Its start, end, zone; venue may be NULL.  False: *problem */
extern bool TicketmasterWhen(Feed *feed, const JsonNode *event, const JsonNode *venue,
							 Arena *arena, Listing *listing, Problem *problem);

/* A time as it was written, if it is one and no placeholder; or NULL */
extern const char *TicketmasterTime(Arena *arena, const JsonNode *node, const char *path);

/* Is it sold by one who bought it? */
extern bool TicketmasterIsResale(const char *id, const JsonNode *event);

/* Is it something sold beside an event: parking, a membership, a season's pass? */
extern bool TicketmasterIsAddOn(const JsonNode *event, const char *title);

/* The classification that counts: the primary one, else the first; or NULL */
extern const JsonNode *TicketmasterClassification(const JsonNode *event);

#endif
