/*
 * src/feed/json_scan.h
 *
 * Finds the records in a JSON page without parsing them: where each element
 * of a list begins and ends, the extent of a few of its members (its id), and
 * of some values elsewhere (the paging).  Ten times as fast as building a
 * tree, so that unchanged records, recognised by a hash of their bytes, cost
 * next to nothing.
 *
 *   list      the array whose elements are the records
 *   element   one of them, an object
 *   outside   everything that is not in an element
 *
 * What is outside is checked by JSON's grammar to the last byte.  Within an
 * element only strings and brackets are followed, with what those who read it
 * later would miss: a syntax error there is for JsonRead() to find and costs
 * that element alone.  Bytes that are not UTF-8 are left to TextInvalidAt().
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_SCAN_H
#define INGEST_FEED_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "error_class.h"
#include "feed/arena.h"

#define JSON_SCAN_VALUES	8
#define JSON_SCAN_MEMBERS	2

/* A page with more elements than this is refused */
#define JSON_SCAN_MAX_ELEMENTS 1000000

/* What to look for.  Names are compared as bytes, escapes are not decoded. */
typedef struct JsonScanPlan
{
	const char *list;			/* its path: "events", "result.records" */
	bool		bare_list;		/* the document itself may be the list */
	const char *values[JSON_SCAN_VALUES];	/* paths of values outside */
	const char *members[JSON_SCAN_MEMBERS]; /* names of elements' members */
} JsonScanPlan;

/* A stretch of the document; length 0: absent. */
typedef struct JsonExtent
{
	const char *bytes;
	size_t		length;
} JsonExtent;

typedef struct JsonElement
{
	JsonExtent	text;			/* from its first bracket to its last */

	/*
	 * The wanted members' values as they stand, strings with their quotes;
	 * of an object or array only the first bracket.  The last of repeated
	 * names, as in the tree.
	 */
	JsonExtent	members[JSON_SCAN_MEMBERS];

	/* NULL, or why this element alone cannot be used, and at which byte */
	const char *problem;
	size_t		problem_at;
} JsonElement;

typedef struct JsonScan
{
	JsonExtent	document;		/* without the white space around it */
	JsonExtent	values[JSON_SCAN_VALUES];
	bool		has_list;
	size_t		nelements;
	struct JsonElementBlock *first; /* private from here */
	struct JsonElementBlock *last;
} JsonScan;

typedef struct JsonScanCursor
{
	struct JsonElementBlock *block;
	int			index;
} JsonScanCursor;

/*
 * Scan a whole document of `length` bytes, which must stay as long as *scan is
 * used.  False: *problem (class parse), for a document that is cut short,
 * followed by something, not well-formed outside of its elements, nested too
 * deep, or no JSON at all.
 */
extern bool JsonScanDocument(Arena *arena, const JsonScanPlan *plan,
							 const char *bytes, size_t length,
							 JsonScan *scan, Problem *problem);

/* The next element in order, from a zeroed cursor; NULL at the end. */
extern const JsonElement *JsonScanNext(const JsonScan *scan, JsonScanCursor *cursor);

#endif
