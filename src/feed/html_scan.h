/*
 * src/feed/html_scan.h
 *
 * The start tags of an HTML page, in order, each with its attributes and, for
 * a script, its text: by the tokenizer's rules of the HTML standard (13.2.5),
 * as far as they tell where tags and scripts begin and end.  No tree is built;
 * the work is linear in the page, whatever it holds.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_HTML_SCAN_H
#define INGEST_FEED_HTML_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

/* Attributes of one tag that are kept; further ones are passed over */
#define HTML_MAX_ATTRIBUTES 32

/* A stretch of the page */
typedef struct HtmlSpan
{
	const char *bytes;
	size_t		length;
} HtmlSpan;

typedef struct HtmlTag
{
	HtmlSpan	name;			/* as written, any case */
	HtmlSpan	names[HTML_MAX_ATTRIBUTES];
	HtmlSpan	values[HTML_MAX_ATTRIBUTES];	/* without quotes, undecoded */
	int			nattributes;

	/*
	 * Of an element whose content is text alone (script, style, title …): that
	 * text, up to its end tag or the end of the page.
	 */
	HtmlSpan	content;
} HtmlTag;

typedef struct HtmlScan
{
	const char *at;
	const char *end;
} HtmlScan;

/* The next start tag; false at the end.  A tag that the page cuts is none. */
extern bool HtmlNextTag(HtmlScan *scan, HtmlTag *tag);

/* Is it this element?  The name in lower case. */
extern bool HtmlTagIs(const HtmlTag *tag, const char *name);

/*
 * The attribute's value in arena, trimmed, its character references decoded;
 * the first of repeated ones; "" if it has no value, NULL if it is not there.
 */
extern const char *HtmlAttribute(Arena *arena, const HtmlTag *tag, const char *name);

/* The text with its character references decoded once, in arena. */
extern const char *HtmlDecode(Arena *arena, const char *text, size_t length, size_t *decoded);

#endif
