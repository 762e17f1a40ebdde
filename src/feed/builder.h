/*
 * src/feed/builder.h
 *
 * Text put together piece by piece in an arena: URLs, small JSON objects.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_BUILDER_H
#define INGEST_FEED_BUILDER_H

#include <stddef.h>

#include "feed/arena.h"

/* Zeroed but for its arena; text is NUL-terminated once something was added. */
typedef struct TextBuilder
{
	Arena	   *arena;
	char	   *text;
	size_t		length;
	size_t		room;
} TextBuilder;

extern void BuilderAdd(TextBuilder *builder, const char *bytes, size_t length);
extern void BuilderAddText(TextBuilder *builder, const char *text);

/*
 * Add the text as one component of a URL: everything but RFC 3986's
 * unreserved characters (letters, digits, "-._~") percent-encoded.
 */
extern void BuilderAddEncoded(TextBuilder *builder, const char *text);

/*
 * Add "?name=" or "&name=" and the encoded value to a URL; nothing where the
 * value is NULL.
 */
extern void BuilderAddParameter(TextBuilder *builder, const char *name, const char *value);

/*
 * Add "name":"value" as a member of a JSON object that begins with this very
 * member or follows on others; nothing where the value is NULL.  The name
 * needs no escape.  BuilderAddFlag adds "name":true.
 */
extern void BuilderAddMember(TextBuilder *builder, const char *name, const char *value);
extern void BuilderAddFlag(TextBuilder *builder, const char *name);

/* Close the object and return it; NULL if it has no member. */
extern const char *BuilderCloseObject(TextBuilder *builder);

#endif
