/*
 * src/feed/json_mend.h
 *
 * JSON as people's templates write it, made into JSON: what a strict reader
 * would refuse for its form while its meaning is plain.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_JSON_MEND_H
#define INGEST_FEED_JSON_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

/*
 * The next object or array in [*at, end), which is valid UTF-8, mended; *at
 * is then behind it.  NULL: there is none.  What stands before and between
 * (comments, CDATA marks, assignments, semicolons) is passed over.  Mended
 * are: raw line breaks and control characters in strings, unescaped quotes
 * within them where what follows can be no JSON, escapes that JSON has not,
 * halves of surrogate pairs, U+0000, comments, missing, doubled and trailing
 * commas, bare words and numbers in odd forms, which become strings.
 *
 * The result may still be no JSON (cut short, brackets that don't match): that
 * is for JsonRead() to say.
 */
extern const char *JsonMend(Arena *arena, const char **at, const char *end, size_t *length);

#endif
