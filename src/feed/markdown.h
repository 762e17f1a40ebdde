/*
 * src/feed/markdown.h
 *
 * Markdown made into plain text.  Pure C.
 */
#ifndef INGEST_FEED_MARKDOWN_H
#define INGEST_FEED_MARKDOWN_H

#include <stddef.h>

#include "feed/arena.h"

/*
 * Plain text of the Markdown that people write in web forms: marks of
 * emphasis and headings go, "\*" is "*", "[text](url)" becomes "text (url)"
 * and an image its text.  What might be no mark stays.  As a TextBlock(); NULL
 * when nothing is left.
 */
extern const char *TextFromMarkdown(Arena *arena, const char *text, size_t length);

#endif
