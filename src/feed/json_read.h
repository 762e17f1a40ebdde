/*
 * src/feed/json_read.h
 *
 * JSON values read into a tree, and typed access to it by path.  The tree is
 * json-c's, which only json_read.c knows: its names clash with PostgreSQL's.
 *
 * A path names members separated by dots, "venue.address.city"; a NULL path
 * means the value itself.  A getter answers "absent" (NULL, false) where the
 * path leads nowhere, to a null or to a value of another type; JsonKindAt
 * tells these apart.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_READ_H
#define INGEST_FEED_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error_class.h"
#include "feed/arena.h"
#include "feed/json_select.h"
#include "feed/listing.h"

/* Values nested deeper than this are refused: a tree is walked by recursion. */
#define JSON_MAX_DEPTH 64

typedef struct JsonReader JsonReader;	/* a parser, used again and again */
typedef struct JsonNode JsonNode;	/* a value; NULL is null and absent */

typedef enum JsonKind
{
	JSON_ABSENT,
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_INTEGER,
	JSON_NUMBER,				/* with a fraction or an exponent */
	JSON_STRING,
	JSON_OBJECT,
	JSON_ARRAY
} JsonKind;

/* A reader that lives as long as the arena. */
extern JsonReader *JsonReaderCreate(Arena *arena);

/*
 * Read one JSON value with nothing but white space around it.  The tree is
 * freed with the arena.  False: *problem (class parse) says what is wrong with
 * it: syntax, with the offset; bytes that are not UTF-8; a U+0000 in a text,
 * which PostgreSQL cannot hold; too deep.  A document that is the word null
 * gives a NULL *root.
 */
extern bool JsonRead(JsonReader *reader, Arena *arena, const char *bytes, size_t length,
					 const JsonNode **root, Problem *problem);

/*
 * The same of an object of which only some members are wanted: the tree has no
 * others, and is built several times as fast.  The value must begin and end
 * with its brackets, as an element of json_scan.h does.
 */
extern bool JsonReadSelected(JsonReader *reader, Arena *arena, const JsonWanted *wanted,
							 const char *bytes, size_t length,
							 const JsonNode **root, Problem *problem);

extern JsonKind JsonKindOf(const JsonNode *node);
extern JsonKind JsonKindAt(const JsonNode *node, const char *path);

/* A name for people: "a string". */
extern const char *JsonKindName(JsonKind kind);

/* The value at path. */
extern const JsonNode *JsonAt(const JsonNode *node, const char *path);

/* The member of exactly this name, dots included. */
extern const JsonNode *JsonMember(const JsonNode *node, const char *name);

/* A string's bytes (valid UTF-8, no NUL within), and their number. */
extern const char *JsonString(const JsonNode *node, const char *path, size_t *length);

/*
 * An id: a string that is not empty, or an integer as its digits, however
 * many.  In the arena, or as long as the tree.
 */
extern const char *JsonId(Arena *arena, const JsonNode *node, const char *path);

/* An integer; a whole number written "5.0" is one. */
extern bool JsonInteger(const JsonNode *node, const char *path, int64_t *value);

/* A finite number; JsonDecimal takes a string that holds one as well. */
extern bool JsonNumber(const JsonNode *node, const char *path, double *value);
extern bool JsonDecimal(const JsonNode *node, const char *path, double *value);

extern Tristate JsonBoolean(const JsonNode *node, const char *path);

/* Elements of an array; 0 for anything else.  NULL where there is none. */
extern int	JsonCount(const JsonNode *array);
extern const JsonNode *JsonElementAt(const JsonNode *array, int index);

/*
 * Walk an object's members in their order: start with *cursor NULL; false at
 * the end.
 */
extern bool JsonNextMember(const JsonNode *object, void **cursor,
						   const char **name, const JsonNode **value);

/* The value as compact JSON text, in the arena. */
extern const char *JsonToText(Arena *arena, const JsonNode *node);

#endif
