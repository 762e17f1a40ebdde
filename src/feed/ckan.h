/*
 * src/feed/ckan.h
 *
 * What the files of the CKAN connectors share.  `ckan` reads a table of any
 * CKAN portal by a mapping; `montreal` is a preset of it for the public events
 * of Montréal, whose table needs more than a mapping can say.
 *
 *   ckan.c           the connectors: configuration, opening
 *   ckan_walk.c      which request comes next, and when the walk is over
 *   ckan_answer.c    what the API's answers say of the resource, and its errors
 *   ckan_cursor.c    what a run leaves for the next: unchanged? shrunken?
 *   ckan_page.c      the records of a body, JSON or CSV
 *   ckan_map.c       a row to a listing, by the source's mapping
 *   montreal.c       a row of Montréal's table to a listing
 *   montreal_id.c    which row is which event, or which session of one
 *   montreal_borough.c
 *
 * The API: https://docs.ckan.org/en/latest/api/ and, for the rows of a table,
 * https://docs.ckan.org/en/latest/maintaining/datastore.html
 *
 * Pure C.
 */
#ifndef INGEST_FEED_CKAN_H
#define INGEST_FEED_CKAN_H

#include "feed/builder.h"
#include "feed/connector.h"
#include "feed/csv.h"
#include "feed/json_read.h"
#include "feed/json_scan.h"
#include "feed/mapping.h"

extern const Connector CkanConnector;
extern const Connector MontrealConnector;

/* Which request is next; also FeedRequest.list */
typedef enum CkanStep
{
	CKAN_METADATA,				/* has the resource changed? */
	CKAN_SEARCH,				/* its rows, from the datastore */
	CKAN_RECHECK,				/* has it changed while it was paged? */
	CKAN_FILE,					/* its rows, from the file or the dump */
	CKAN_DONE
} CkanStep;

/* What the last run that read the table left */
typedef struct CkanCursor
{
	bool		is_set;
	const char *last_modified;	/* of the resource then, or NULL */
	int64_t		read_at;
	int64_t		records;
	const JsonNode *sessions;	/* as in CkanState, an object or NULL */
	const char *smaller_export; /* the last one refused for its size, or NULL */
	int64_t		smaller_exports;	/* how many in a row */
} CkanCursor;

/* Requests live this long: until so many others were made */
#define CKAN_RING 4

typedef struct CkanState
{
	JsonReader *reader;
	uint64_t	seed;			/* of record hashes */
	bool		is_montreal;
	const Zone *zone;			/* Montréal's */
	Mapping    *mapping;		/* any other table's */

	/* of montreal_id.c */
	struct CkanIdClaim *claims;
	size_t		nclaims;
	size_t		claim_room;		/* a power of two, or 0 */
	TextBuilder sessions;		/* events of several, and whose the bare id is */

	/* as configured */
	const char *base_url;		/* without its last slash */
	const char *resource_id;	/* or NULL: the dataset's only one */
	const char *package;		/* the dataset, or NULL */
	const char *filters;		/* JSON text, or NULL */
	const char *sort;
	int64_t		page_size;
	double		max_shrink;		/* percent */

	/* what the resource's description said */
	const char *last_modified;	/* or NULL */
	const char *file_url;		/* or NULL */
	Tristate	has_datastore;

	/* where we are */
	CkanStep	step;
	int64_t		offset;
	int64_t		total;			/* of the last page, or -1 */
	int64_t		nrecords;		/* read in this walk */
	int			npages;			/* of this walk */
	uint64_t	page_hash;		/* of the last page's rows */
	bool		drifted;		/* the table changed while it was walked */
	bool		restarted;		/* for that; once */
	Problem		search_problem; /* why the file is read */

	CkanCursor	before;
	bool		has_read_cursor;
	const char *authorization;	/* the key, or NULL */
	bool		has_read_key;
	Arena	   *ring[CKAN_RING];
	unsigned	nrequests;
	Arena	   *scratch;		/* emptied before each use */
} CkanState;

/* FeedPage.state */
typedef struct CkanPage
{
	bool		is_file;		/* read past the datastore: its filters are ours */
	size_t		index;			/* of the next record */

	JsonScan	scan;
	JsonScanCursor cursor;
	const JsonElement *single;	/* the document is one record */

	bool		is_csv;
	CsvReader	csv;
	const char **names;			/* of the columns, as JSON strings; NULL: none */
	int			nnames;
	Arena	   *row_arena;		/* of one row's fields */

	/* Montréal's: id of each record, or NULL; does another share its number? */
	const char **ids;
	bool	   *shared;
} CkanPage;

/* One record's bytes, before anything is known of them */
typedef struct CkanRaw
{
	const char *text;			/* JSON */
	size_t		length;
	uint64_t	hash;			/* without what a reload of the table changes */
	bool		is_cut;			/* a row that swallowed the rest of its file */
	Problem		problem;
} CkanRaw;

/* ckan_walk.c */
extern bool CkanNextRequest(Feed *feed, FeedRequest *request, Problem *problem);
extern RefusalVerdict CkanRefused(Feed *feed, const FeedRequest *request,
								  const FeedRefusal *refusal, Problem *problem);

/*
 * A page of rows was read: what to ask for next.  limit and total as the
 * answer says, -1 where it does not.
 */
extern void CkanAdvance(Feed *feed, FeedPage *page, int64_t nrecords, uint64_t page_hash,
						int64_t limit, int64_t total);

/* The file was read. */
extern void CkanFileRead(Feed *feed, int64_t nrecords, bool is_cut);

/* The answer about the resource was read; a first or a second one. */
extern void CkanMetadataRead(Feed *feed, FeedPage *page, const char *last_modified);

/* The file that stands in for the datastore, or NULL. */
extern const char *CkanFileUrl(Feed *feed, Arena *arena);

/* Tell the operator; printf-style. */
extern void CkanWarn(Feed *feed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ckan_answer.c */

/*
 * Read what package_show or resource_show answered into the state and
 * *last_modified (in the feed's arena, NULL: unknown).  False: *problem.
 */
extern bool CkanReadMetadata(Feed *feed, const FeedPage *page, const char *bytes, size_t length,
							 const char **last_modified, Problem *problem);

/* Put an answer that is an error into words. */
extern void CkanDescribeError(Feed *feed, const FeedRequest *request, const FeedRefusal *refusal,
							  Problem *problem);

/* ckan_cursor.c */

/* What the last run left; is_set is false where it read something else. */
extern const CkanCursor *CkanReadCursor(Feed *feed);

/* Nothing has changed since the table was read last, by its last_modified? */
extern bool CkanIsUnchanged(Feed *feed);

/*
 * The walk is over: is the table smaller than it can be?  And leave a cursor.
 */
extern void CkanFinish(Feed *feed);

/* ckan_page.c */
extern bool CkanReadPage(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem);
extern bool CkanNextRecord(Feed *feed, FeedPage *page, FeedRecord *record);

/* The next record's bytes, in the arena or the body; false at the end. */
extern bool CkanNextRaw(Feed *feed, CkanPage *page, Arena *arena, CkanRaw *raw);

/* A value as text: of a string, number or boolean; NULL for any other. */
extern const char *CkanText(Arena *arena, const JsonNode *value);

/* ckan_map.c */
extern MapResult CkanMap(Feed *feed, FeedPage *page, FeedRecord *record,
						 Arena *arena, Listing *listing);

/* A record's id by the mapping, in the arena; NULL: *problem. */
extern const char *CkanSourceId(Feed *feed, const CkanRaw *raw, Arena *arena, Problem *problem);

/* montreal.c */
extern MapResult MontrealMap(Feed *feed, FeedPage *page, FeedRecord *record,
							 Arena *arena, Listing *listing);

/* A column's text, trimmed to one line; NULL where it is missing, or "nan". */
extern const char *MontrealText(Arena *arena, const JsonNode *row, const char *column);

/* montreal_id.c */

/* Give each record of the page its id: page->ids and page->shared. */
extern void MontrealIdentify(Feed *feed, FeedPage *page);

/* A walk begins anew: no id is taken. */
extern void MontrealForgetIds(CkanState *state);

/* Why a record that got no id has none. */
extern void MontrealExplainNoId(Feed *feed, FeedPage *page, const CkanRaw *raw, Problem *problem);

/* montreal_borough.c */

/*
 * The borough that is meant by a name with other dashes, or with characters
 * that were lost (U+FFFD); NULL when it is none, or could be several.
 */
extern const char *MontrealBorough(const char *name);

#endif
