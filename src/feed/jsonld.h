/*
 * src/feed/jsonld.h
 *
 * What the files of the jsonld connector share.
 *
 *	 jsonld.c           the connector: configuration, pages, records
 *	 jsonld_crawl.c     which page is asked for next; robots.txt, links
 *	 jsonld_page.c      a page's JSON-LD blocks and links
 *	 jsonld_node.c      properties of JSON-LD nodes, however they are written
 *	 jsonld_find.c      the events among the nodes
 *	 jsonld_identity.c  which event it is, page by page and run by run
 *	 jsonld_when.c      dates and times
 *	 jsonld_schedule.c  eventSchedule
 *	 jsonld_map.c, jsonld_place.c, jsonld_offer.c
 *	                    an event to a listing
 *
 * Words: a node is an object of JSON-LD; a document is one JSON text of a page.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSONLD_H
#define INGEST_FEED_JSONLD_H

#include "feed/builder.h"
#include "feed/connector.h"
#include "feed/json_read.h"
#include "feed/when.h"

extern const Connector JsonldConnector;

/* Of one page; more are reported and left out */
#define JSONLD_MAX_DOCUMENTS	500
#define JSONLD_MAX_EVENTS		20000
#define JSONLD_MAX_DOCUMENT		(8 * 1024 * 1024)
#define JSONLD_MAX_NESTING		8	/* of subEvents */
#define JSONLD_HASH_BUDGET		(64 * 1024 * 1024)

/* ---- nodes ---- */

/* A value, and the document it stands in: blank nodes are known only there */
typedef struct JsonldNode
{
	const JsonNode *json;		/* NULL: nothing */
	int			document;
} JsonldNode;

typedef struct JsonldNames JsonldNames;

/* All nodes of a page */
typedef struct JsonldGraph
{
	Arena	   *arena;
	JsonldNode	documents[JSONLD_MAX_DOCUMENTS];
	int			ndocuments;
	JsonldNames *names;			/* nodes by their @id */
	const char *language;		/* wanted where texts come in several; or NULL */
	int64_t		hash_budget;	/* bytes that hashes of references may yet read */
} JsonldGraph;

/* Know the nodes below a document's root by their @id. */
extern void JsonldIndex(JsonldGraph *graph, JsonldNode root);

/*
 * A property's value as it stands, under its name alone or as a schema.org
 * IRI; a list may be written for any.
 */
extern JsonldNode JsonldGet(JsonldNode node, const char *name);

/*
 * How many values a value is, and one of them: lists of lists are not
 * followed, references to nodes of the page are.
 */
extern int	JsonldCount(JsonldNode value);
extern JsonldNode JsonldItem(const JsonldGraph *graph, JsonldNode value, int index);

/* The first value of a property. */
extern JsonldNode JsonldFirst(const JsonldGraph *graph, JsonldNode node, const char *name);

/*
 * A value's text: a string's bytes, a number's digits, an "@value"; of texts
 * in several languages the wanted one, else the first.  NULL: it has none.
 */
extern const char *JsonldText(const JsonldGraph *graph, Arena *arena, JsonldNode value, size_t *length);

/* A property's text as one line, its character references decoded. */
extern const char *JsonldLine(const JsonldGraph *graph, Arena *arena, JsonldNode node, const char *name);

/* A value's line, or its name's where it is a node. */
extern const char *JsonldNameLine(const JsonldGraph *graph, Arena *arena, JsonldNode value);

/* The word of an enumeration: "EventCancelled" of "https://schema.org/EventCancelled". */
extern const char *JsonldWord(const JsonldGraph *graph, Arena *arena, JsonldNode value);

/* The node's @id, or NULL. */
extern const char *JsonldId(JsonldNode node);

/* Is one of its types this one of schema.org? */
extern bool JsonldIsA(JsonldNode node, const char *type);

/* Its type among schema.org's Event and what is below it, or NULL. */
extern const char *JsonldEventType(Arena *arena, JsonldNode node);

/* Hash of a value, with what it refers to on the page. */
extern uint64_t JsonldHash(JsonldGraph *graph, JsonldNode value, uint64_t seed);

/* ---- times ---- */

typedef struct JsonldTime
{
	WhenKind	kind;			/* WHEN_INVALID: none, or not readable */
	int64_t		value;			/* as WhenParse gives it */
	LocalTime	local;			/* the wall clock as written, whatever its zone */
	bool		utc;			/* written with "Z" */
	const char *text;			/* as found, one line; NULL: none */
} JsonldTime;

/* A property's date or time, read leniently in form. */
extern JsonldTime JsonldWhen(const JsonldGraph *graph, Arena *arena, JsonldNode node, const char *name);
extern JsonldTime JsonldWhenText(Arena *arena, const char *text, size_t length);

/* An ISO 8601 duration in seconds; false: it is none, or has months or years. */
extern bool JsonldDuration(const char *text, int64_t *seconds);

/* ---- pages ---- */

/* One event of a page */
typedef struct JsonldEvent
{
	JsonldNode	node;
	JsonldNode	parent;			/* it is a subEvent of, or NULL: lends what the
								 * event itself does not say */
	JsonldNode	place;			/* it is an event of this Place, or NULL */
	const char *type;			/* "MusicEvent" */
	JsonldTime	start;
	LocalTime	end;			/* of an occurrence; else FEED_TIME_UNKNOWN */
	const Zone *zone;			/* of an occurrence, or NULL: the feed's */
	bool		is_occurrence;	/* of an eventSchedule */
	const char *name;
	const char *url;			/* absolute, or NULL */
	const char *key;			/* which event it is, but for its date */
	const char *source_id;
	const char *skip_reason;
} JsonldEvent;

typedef struct JsonldLink
{
	const char *url;			/* absolute, without fragment */
	struct JsonldLink *next;
} JsonldLink;

/* FeedPage.state */
typedef struct JsonldPage
{
	JsonldGraph graph;
	const char *url;			/* where it came from; NULL: pushed */
	const char *base;			/* what its links are relative to, or NULL */
	const char *canonical;		/* its <link rel="canonical">, or NULL */
	const char *next;			/* its rel="next", or NULL */
	const char *language;		/* its <html lang>, or NULL */
	JsonldLink *links;
	JsonldLink *last_link;
	int			nlinks;
	int			nblocks;		/* JSON-LD scripts, readable or not */
	int			nunreadable;
	char		unreadable[160];	/* what is wrong with the first */
	const char *timezone;		/* of times that name none, or NULL */
	JsonldEvent *events;
	int			nevents;
	int			next_event;		/* whose turn it is */
	int			nschedules;
	bool		too_many;
} JsonldPage;

/* Read a body, HTML or JSON-LD itself, into page->graph and page->links. */
extern void JsonldReadPage(Feed *feed, JsonReader *reader, JsonldPage *page, const char *bytes,
						   size_t length, const char *content_type);

/* Keep a link, if it is one that can be fetched. */
extern void JsonldAddLink(Feed *feed, JsonldPage *page, const char *reference);

/* The events of the page, each with its source_id. */
extern void JsonldFindEvents(Feed *feed, JsonldPage *page);
extern JsonldEvent *JsonldAddEvent(JsonldPage *page);
extern void JsonldIdentify(Feed *feed, JsonldPage *page);

/*
 * The occurrences of an event with an eventSchedule that can be worked out,
 * each an event of the page; false: it has none.
 */
extern bool JsonldSchedule(Feed *feed, JsonldPage *page, const JsonldEvent *event);

/* A URL without fragment and tracking; and as events are told apart by: https. */
extern const char *JsonldUntracked(Arena *arena, const char *url);
extern const char *JsonldCanonical(Arena *arena, const char *url);

/* ---- listings ---- */

typedef struct JsonldMapping
{
	Feed	   *feed;
	const JsonldPage *page;
	const JsonldGraph *graph;
	const JsonldEvent *event;
	Arena	   *arena;
	Listing    *listing;
	TextBuilder attributes;
} JsonldMapping;

/* The event's property, else its parent's where a part of it shares that. */
extern JsonldNode JsonldInherited(const JsonldEvent *event, const char *name);

/* Properties that a parent lends, ended by NULL. */
extern const char *const *JsonldLent(const JsonldEvent *event);

extern MapResult JsonldMap(Feed *feed, const JsonldPage *page, const JsonldEvent *event,
						   Arena *arena, Listing *listing, FeedRecord *record);
extern void JsonldMapPlace(JsonldMapping *m);
extern void JsonldMapOffers(JsonldMapping *m);

/* A URL property: a string, an @id or a node with a url; absolute, or NULL. */
extern const char *JsonldUrl(Feed *feed, const JsonldPage *page, Arena *arena, JsonldNode value);

/* Zone of times that name none: default_timezone, else the source's; or NULL. */
extern const Zone *JsonldZone(const Feed *feed);

/* ---- crawling ---- */

typedef struct JsonldCrawl JsonldCrawl;

extern JsonldCrawl *JsonldCrawlCreate(Feed *feed, Problem *problem);
extern bool JsonldNextRequest(Feed *feed, FeedRequest *request, Problem *problem);
extern RefusalVerdict JsonldRefused(Feed *feed, const FeedRequest *request,
									const FeedRefusal *refusal, Problem *problem);

/* Is the page a robots.txt?  Then it is read here. */
extern bool JsonldTakeRobots(Feed *feed, const FeedPage *page, const char *bytes, size_t length);

/*
 * A page was read: queue the links to follow, leave events to pages of their
 * own, tell the operator what is wrong with it.
 */
extern void JsonldTakePage(Feed *feed, FeedPage *page, JsonldPage *ld);

/*
 * link_pattern: POSIX extended, matched anywhere in a link's whole URL.  NULL,
 * or what is wrong with it.
 */
extern const char *JsonldPatternMistake(const char *pattern);

/* Connector's state */
typedef struct JsonldFeed
{
	JsonReader *reader;
	uint64_t	seed;
	JsonldCrawl *crawl;
} JsonldFeed;

#endif
