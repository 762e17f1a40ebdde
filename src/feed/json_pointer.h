/*
 * src/feed/json_pointer.h
 *
 * JSON Pointer (RFC 6901): "/venue/address/0", with "~1" for "/" and "~0" for
 * "~" in a name; "" is the value itself.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_POINTER_H
#define INGEST_FEED_JSON_POINTER_H

#include <stddef.h>

#include "feed/arena.h"
#include "feed/json_read.h"

typedef struct JsonPointer
{
	const char *text;			/* as it was written */
	const char **names;			/* unescaped */
	int			nnames;
} JsonPointer;

/* Read a pointer, into the arena; NULL where the text is none. */
extern const JsonPointer *JsonPointerParse(Arena *arena, const char *text, size_t length);

/* The value it points to; NULL: nothing there, or null. */
extern const JsonNode *JsonPointerFind(const JsonPointer *pointer, const JsonNode *root);

#endif
