/*
 * src/feed/text.h
 *
 * Bytes of the outside made into text: UTF-8 checks, trimming, HTML to plain
 * text.  Pure C.
 */
#ifndef INGEST_FEED_TEXT_H
#define INGEST_FEED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

/*
 * Offset of the first byte that PostgreSQL would not take as UTF-8 text (an
 * invalid sequence, a surrogate, NUL), or length when there is none.
 */
extern size_t TextInvalidAt(const char *bytes, size_t length);

/*
 * Copy with invalid bytes as U+FFFD and control characters (but newline and
 * tab) dropped.
 */
extern char *TextRepair(Arena *arena, const char *bytes, size_t length);

/*
 * Trimmed copy of one line of text: runs of white space (NBSP and newlines
 * included) become one space, control characters go; NULL when nothing is
 * left.  HTML entities are decoded where decode_entities is true.
 */
extern const char *TextLine(Arena *arena, const char *text, size_t length, bool decode_entities);

/*
 * Trimmed copy of a longer text: CRLF becomes a newline, trailing space of
 * lines goes, more than two newlines become two; NULL when nothing is left.
 */
extern const char *TextBlock(Arena *arena, const char *text, size_t length);

/*
 * Plain text of an HTML fragment: tags dropped (script and style with their
 * content), paragraphs, breaks and list items on lines of their own, entities
 * decoded; NULL when nothing is left.  Bounded work on any input.
 */
extern const char *TextFromHtml(Arena *arena, const char *html, size_t length);

/* Does the text look like HTML: a tag that HTML knows, or an entity? */
extern bool TextLooksLikeHtml(const char *text, size_t length);

/*
 * A JSON string literal (with its quotes) of any bytes: invalid UTF-8 becomes
 * U+FFFD, NUL is left out.
 */
extern const char *TextToJsonString(Arena *arena, const char *bytes, size_t length);

/* The text if it is an absolute http(s) URL without white space, else NULL. */
extern const char *TextHttpUrl(Arena *arena, const char *text, size_t length);

#endif
