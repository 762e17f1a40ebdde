/*
 * src/feed/jsonld_page.c
 *
 * What a page holds: its JSON-LD scripts as nodes, and its links.  A body that
 * begins like JSON is taken as JSON-LD itself.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <string.h>
#include <strings.h>

#include "feed/html_scan.h"
#include "feed/ics_internal.h"
#include "feed/json_mend.h"
#include "feed/text.h"

/* Links of one page that are looked at */
#define MAX_LINKS		20000
#define MAX_LINK_LENGTH	2000

/* ---- documents ---- */

/* Say why a script's text is no JSON; the first counts */
static void
note_unreadable(JsonldPage *page, const char *why)
{
	if (page->nunreadable++ == 0)
	{
		strncpy(page->unreadable, why, sizeof(page->unreadable) - 1);
		page->unreadable[sizeof(page->unreadable) - 1] = '\0';
	}
}

/* All JSON documents of a stretch of text: there should be one */
static void
read_documents(JsonReader *reader, JsonldPage *page, const char *bytes, size_t length)
{
	JsonldGraph *graph = &page->graph;
	const char *at = bytes;
	const char *end = bytes + length;
	bool		any = false;

	while (at < end && graph->ndocuments < JSONLD_MAX_DOCUMENTS)
	{
		const JsonNode *root;
		Problem		problem = {0};
		size_t		mended;
		const char *json = JsonMend(graph->arena, &at, end, &mended);

		if (json == NULL)
			break;
		any = true;
		if (mended > JSONLD_MAX_DOCUMENT)
			note_unreadable(page, "it is longer than 8 MB");
		else if (!JsonRead(reader, graph->arena, json, mended, &root, &problem))
		{
			note_unreadable(page, problem.message);
			break;				/* what follows is part of the same mistake */
		}
		else if (root != NULL)
		{
			graph->documents[graph->ndocuments] = (JsonldNode) {root, graph->ndocuments};
			JsonldIndex(graph, graph->documents[graph->ndocuments]);
			graph->ndocuments++;
		}
	}
	if (!any)
		note_unreadable(page, "it holds no JSON");
}

/* Is the first quote written as a character reference, "{&quot;@type…"? */
static bool
is_escaped(const char *bytes, size_t length)
{
	const char *open = memchr(bytes, '{', length);

	if (open == NULL)
		return false;
	length -= (size_t) (open - bytes);
	for (size_t i = 1; i < length; i++)
		if (strchr(" \t\r\n", open[i]) == NULL || open[i] == '\0')
			return length - i >= 6 && memcmp(open + i, "&quot;", 6) == 0;
	return false;
}

/* A script's text, whose character references are not decoded by browsers */
static void
read_script(JsonReader *reader, JsonldPage *page, const char *bytes, size_t length)
{
	page->nblocks++;
	if (is_escaped(bytes, length))
		bytes = HtmlDecode(page->graph.arena, bytes, length, &length);
	read_documents(reader, page, bytes, length);
}

/* "application/ld+json", with parameters perhaps */
static bool
is_jsonld_type(const char *type)
{
	static const char name[] = "application/ld+json";

	return type != NULL && strncasecmp(type, name, sizeof(name) - 1) == 0 &&
		strchr("; \t", type[sizeof(name) - 1]) != NULL;
}

/* ---- links ---- */

void
JsonldAddLink(Feed *feed, JsonldPage *page, const char *reference)
{
	Arena	   *arena = page->graph.arena;
	JsonldLink *link;
	const char *url;

	if (page->nlinks >= MAX_LINKS || reference == NULL || *reference == '\0' ||
		*reference == '#' || strlen(reference) > MAX_LINK_LENGTH)
		return;
	url = feed->resolve_url(arena, page->base, reference);
	if (url == NULL)
		return;
	link = ArenaAlloc(arena, sizeof(JsonldLink));
	link->url = ArenaStrndup(arena, url, strcspn(url, "#"));
	link->next = NULL;
	if (page->last_link == NULL)
		page->links = link;
	else
		page->last_link->next = link;
	page->last_link = link;
	page->nlinks++;
}

/* Is the word one of those of a rel attribute? */
static bool
has_rel(const char *rel, const char *word)
{
	size_t		length = strlen(word);

	while (rel != NULL && *rel != '\0')
	{
		size_t		own = strcspn(rel, " \t\r\n");

		if (own == length && strncasecmp(rel, word, length) == 0)
			return true;
		rel += own + strspn(rel + own, " \t\r\n");
	}
	return false;
}

/* An absolute URL of a reference, or NULL */
static const char *
absolute(Feed *feed, const JsonldPage *page, const char *reference)
{
	if (reference == NULL || *reference == '\0' || strlen(reference) > MAX_LINK_LENGTH)
		return NULL;
	return feed->resolve_url(page->graph.arena, page->base, reference);
}

/* What a tag says of the page and its links */
static void
take_tag(Feed *feed, JsonldPage *page, const HtmlTag *tag, bool *has_base)
{
	Arena	   *arena = page->graph.arena;
	bool		is_link = HtmlTagIs(tag, "link");
	const char *href;
	const char *rel;

	if (HtmlTagIs(tag, "html"))
		page->language = HtmlAttribute(arena, tag, "lang");
	else if (HtmlTagIs(tag, "base") && !*has_base &&
			 (href = absolute(feed, page, HtmlAttribute(arena, tag, "href"))) != NULL)
	{
		page->base = href;
		*has_base = true;
	}
	if (!is_link && !HtmlTagIs(tag, "a") && !HtmlTagIs(tag, "area"))
		return;
	href = HtmlAttribute(arena, tag, "href");
	if (href == NULL)
		return;
	rel = HtmlAttribute(arena, tag, "rel");
	if (is_link && has_rel(rel, "canonical") && page->canonical == NULL)
		page->canonical = absolute(feed, page, href);
	else if (has_rel(rel, "next") && page->next == NULL)
		page->next = absolute(feed, page, href);
	else if (!is_link)
		JsonldAddLink(feed, page, href);
}

/* ---- the body ---- */

/* Without the bytes that PostgreSQL does not take; in an arena or as given */
static const char *
as_utf8(Arena *arena, const char *bytes, size_t *length)
{
	size_t		converted;
	const char *text;

	if (TextInvalidAt(bytes, *length) == *length)
		return bytes;
	text = IcsUtf8(arena, bytes, *length, &converted);
	if (TextInvalidAt(text, converted) != converted)
	{
		text = TextRepair(arena, text, converted);
		converted = strlen(text);
	}
	*length = converted;
	return text;
}

/* Is the body JSON itself? */
static bool
is_json(const char *bytes, size_t length, const char *content_type)
{
	size_t		at = 0;

	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		at = 3;
	while (at < length && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0')
		at++;
	if (at < length && (bytes[at] == '{' || bytes[at] == '['))
		return true;
	return content_type != NULL && strstr(content_type, "json") != NULL;
}

/* The language wanted of texts in several: the configured, else the page's */
static void
choose_language(const Feed *feed, JsonldPage *page)
{
	page->graph.language = ConfigString(feed->config, "language");
	if (page->graph.language == NULL && page->language != NULL && *page->language != '\0')
		page->graph.language = page->language;
}

void
JsonldReadPage(Feed *feed, JsonReader *reader, JsonldPage *page, const char *bytes,
			   size_t length, const char *content_type)
{
	HtmlScan	scan;
	HtmlTag		tag;
	bool		has_base = false;
	unsigned	ntags = 0;

	page->graph.hash_budget = JSONLD_HASH_BUDGET;
	page->base = page->url;
	bytes = as_utf8(page->graph.arena, bytes, &length);
	if (is_json(bytes, length, content_type))
	{
		page->nblocks = 1;
		read_documents(reader, page, bytes, length);
		choose_language(feed, page);
		return;
	}
	scan = (HtmlScan) {bytes, bytes + length};
	while (HtmlNextTag(&scan, &tag))
	{
		if (++ntags % 1024 == 0)
			feed->breathe();
		if (HtmlTagIs(&tag, "script"))
		{
			if (is_jsonld_type(HtmlAttribute(page->graph.arena, &tag, "type")))
				read_script(reader, page, tag.content.bytes, tag.content.length);
		}
		else
			take_tag(feed, page, &tag, &has_base);
	}
	choose_language(feed, page);
}
