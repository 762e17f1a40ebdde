/*
 * src/feed/base64.h
 *
 * RFC 4648.  Pure C.
 */
#ifndef INGEST_FEED_BASE64_H
#define INGEST_FEED_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

/*
 * The bytes in base64, in arena.  url: with "-" and "_", and no padding, as
 * JSON Web Tokens have it (RFC 7515, section 2).
 */
extern const char *Base64(Arena *arena, const void *bytes, size_t length, bool url);

#endif
