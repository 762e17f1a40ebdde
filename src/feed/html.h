/*
 * src/feed/html.h
 *
 * What text.c and html.c share: HTML's character references.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_HTML_H
#define INGEST_FEED_HTML_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character reference at text[0] == '&': its length in bytes and, in
 * *code, the character it means; 0 when it is a mere ampersand.  A named one
 * needs its semicolon ("?a=1&copy=2" has none), a numeric one does not.  No
 * reference is shorter than its character's UTF-8.
 */
extern size_t HtmlReference(const char *text, size_t length, uint32_t *code);

#endif
