/*
 * src/feed/json_select.h
 *
 * A record made shorter before it is read into a tree: half of what an API
 * sends nobody asks for, and building its tree is most of the cost of mapping.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_SELECT_H
#define INGEST_FEED_JSON_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

/*
 * A wanted member: all of its value, or of an object only some members.
 * Tables end with a NULL name; write entries with the two macros.
 */
typedef struct JsonWanted
{
	const char *name;
	size_t		length;
	const struct JsonWanted *members;	/* NULL: all of it */
} JsonWanted;

#define JSON_WHOLE(name)		{name, sizeof(name) - 1, NULL}
#define JSON_PART(name, table)	{name, sizeof(name) - 1, table}

/*
 * Copy the JSON object bytes[0 .. length), which ends with its last bracket,
 * with only the wanted members, in their order.  NULL when its grammar is
 * wrong at a place that was looked at: then read the whole, to learn what is
 * wrong.  What is left out is not looked at.
 */
extern const char *JsonSelect(Arena *arena, const JsonWanted *wanted,
							  const char *bytes, size_t length, size_t *selected);

#endif
