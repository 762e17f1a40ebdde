/*
 * src/feed/json_api.h
 *
 * What the files of the connector json share: json.c (configuration, pages,
 * records), json_config.c (its objects, checked), json_paging.c (requests).
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_API_H
#define INGEST_FEED_JSON_API_H

#include "feed/connector.h"
#include "feed/json_pointer.h"
#include "feed/json_scan.h"
#include "feed/mapping.h"

extern const Connector JsonConnector;

typedef enum PagingType
{
	PAGING_NONE,
	PAGING_PAGE,
	PAGING_OFFSET,
	PAGING_CURSOR,
	PAGING_NEXT_URL,
	PAGING_LINK_HEADER
} PagingType;

/* "pagination", read */
typedef struct Paging
{
	PagingType	type;
	const char *parameter;		/* of the page's number, offset or cursor */
	const char *size_parameter; /* takes page_size */
	int64_t		start;
	bool		in_body;		/* parameters go into the body */
	const JsonPointer *cursor;	/* where answers have what these say */
	const JsonPointer *next;
	const JsonPointer *total;
	const JsonPointer *total_pages;
	const JsonPointer *has_more;
} Paging;

/* "auth", read; both NULL: none */
typedef struct JsonAuth
{
	const char *header;
	const char *prefix;
	const char *query;
} JsonAuth;

typedef struct JsonState
{
	JsonReader *reader;
	Mapping    *mapping;
	Paging		paging;
	JsonAuth	auth;
	const JsonPointer *records;
	const JsonPointer *expand;	/* or NULL */
	const char *list_path;		/* records for json_scan.h; NULL: not so */
	const char *id_member;		/* of records, its extent suffices; or NULL */
	uint64_t	seed;

	/* the walk */
	const char *credential;		/* as it is sent; NULL: not yet asked for */
	bool		done;
	int			page;			/* of the next request, from 1 */
	int64_t		number;			/* its page number or offset */
	const JsonNode *cursor;		/* NULL: the first page */
	const char *next_url;		/* NULL: the first page */
	int64_t		nseen;			/* records of the pages so far */
	int64_t		first_count;	/* of the first page */
	int			nempty;			/* pages in a row without a record */
	uint64_t   *hashes;			/* of pages, cursors and URLs that came */
	int			nhashes;
	int			hashes_room;
	int64_t		total;			/* said by the last answer; -1: nothing */
} JsonState;

/* A page being read */
typedef struct JsonPage
{
	JsonScan	scan;
	JsonScanCursor cursor;
	const JsonNode *root;		/* where the scan could not serve */
	const JsonNode *list;		/* array or object of records in root */
	void	   *member;			/* cursor in an object */
	int			index;			/* in an array */
	const char *single;			/* the document is one record */
	size_t		single_length;
	int64_t		nrecords;
	uint64_t	hash;			/* of all of them */

	/* the record that is taken apart by `expand` */
	const char *whole;
	size_t		whole_length;
	const JsonNode *items;
	int			item;
} JsonPage;

/* json_config.c */
extern void JsonReadPaging(Arena *arena, const Config *config, Paging *paging,
						   ConfigComplaint complain, void *arg);
extern void JsonReadAuth(const Config *config, JsonAuth *auth, ConfigComplaint complain, void *arg);
extern void JsonCheckQuery(Arena *arena, const Config *config, ConfigComplaint complain, void *arg);

/* The text with its placeholders filled; NULL: one of them is unknown. */
extern const char *JsonFillPlaceholders(const Feed *feed, Arena *arena, const char *text);

/* json_paging.c */
extern void JsonRewind(Feed *feed);
extern bool JsonNextRequest(Feed *feed, FeedRequest *request, Problem *problem);
extern RefusalVerdict JsonRefused(Feed *feed, const FeedRequest *request,
								  const FeedRefusal *refusal, Problem *problem);

/* Decide what comes after this page, of whose document root is the tree. */
extern void JsonAdvance(Feed *feed, FeedPage *page, const JsonNode *root);

#endif
