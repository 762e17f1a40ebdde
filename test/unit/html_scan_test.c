/*
 * test/unit/html_scan_test.c
 *
 * Where tags and scripts of a page begin and end (feed/html_scan.h), and JSON
 * that templates wrote (feed/json_mend.h).
 */
#include "feed/html_scan.h"

#include <stdlib.h>
#include <string.h>

#include "feed/json_mend.h"
#include "feed/json_read.h"
#include "feed_harness.h"

static Arena *arena;

/* The tags of a page, "name|" each, scripts with their content */
static const char *
tags(const char *html)
{
	static char text[4096];
	HtmlScan	scan = {html, html + strlen(html)};
	HtmlTag		tag;

	text[0] = '\0';
	while (HtmlNextTag(&scan, &tag))
	{
		strncat(text, tag.name.bytes, tag.name.length);
		if (tag.content.bytes != NULL)
		{
			strcat(text, "=");
			strncat(text, tag.content.bytes, tag.content.length);
		}
		strcat(text, "|");
	}
	return text;
}

/* An attribute of the first tag */
static const char *
attribute(const char *html, const char *name)
{
	HtmlScan	scan = {html, html + strlen(html)};
	HtmlTag		tag;

	return HtmlNextTag(&scan, &tag) ? HtmlAttribute(arena, &tag, name) : "no tag";
}

static void
test_tags(void)
{
	TapSame(tags("<html><A href=x>a</a>< b><p"), "html|A|", "start tags; a tag that is cut is none");
	TapSame(tags("a < b && c > d <3 <i>"), "i|", "a < that begins no tag");
	TapSame(tags("<!-- <a> --><b><!----><i><!--><u><!-- --!><p>"), "b|i|u|p|", "comments in all forms");
	TapSame(tags("<!DOCTYPE html><?xml version=\"1.0\"?><a>"), "a|", "declarations");
	TapSame(tags("<!-- never closed <a>"), "", "a comment to the end of the page");
	TapSame(tags("<title>a <b> c</title><i>"), "title=a <b> c|i|", "a title holds no tags");
	TapSame(tags("<a title=\"x > y\"><b>"), "a|b|", "> within quotes ends no tag");
	TapSame(tags("<a x='<b>'/><i/>"), "a|i|", "tags within quotes");
}

static void
test_scripts(void)
{
	TapSame(tags("<script>a</script><b>"), "script=a|b|", "a script");
	TapSame(tags("<SCRIPT >a</Script\n><b>"), "SCRIPT=a|b|", "any case, blanks");
	TapSame(tags("<script>\"</scripty>\"</script x><b>"), "script=\"</scripty>\"|b|", "not every </script ends it");
	TapSame(tags("<script>{\"a\":\"<b></b>\"}</script>"), "script={\"a\":\"<b></b>\"}|", "tags within a script");
	TapSame(tags("<script><!-- a</script><b>"), "script=<!-- a|b|", "an open comment hides no end");
	TapSame(tags("<script><!-- <script> </script> --></script><b>"),
			"script=<!-- <script> </script> -->|b|", "in a comment <script> hides one </script>");
	TapSame(tags("<script><!--><script></script><b>"), "script=<!--><script>|b|", "<!--> is a whole comment");
	TapSame(tags("<script>{\"a\":1"), "script={\"a\":1|", "an unclosed script goes to the end");
}

static void
test_attributes(void)
{
	TapSame(attribute("<a HREF=\"/x?a=1&amp;b=2\">", "href"), "/x?a=1&b=2", "any case, decoded");
	TapSame(attribute("<a href='x'>", "href"), "x", "single quotes");
	TapSame(attribute("<a href=x>", "href"), "x", "no quotes");
	TapSame(attribute("<a href = \" x \" >", "href"), "x", "blanks around");
	TapSame(attribute("<a data-href=y href=x href=z>", "href"), "x", "the first of repeated ones");
	TapSame(attribute("<a disabled>", "disabled"), "", "no value");
	TapSame(attribute("<a>", "href"), NULL, "not there");
}

/* ---- mending ---- */

/* The documents in a text, each with "|" behind it */
static const char *
mended(const char *text)
{
	static char all[4096];
	const char *at = text;
	const char *end = text + strlen(text);
	const char *json;
	size_t		length;

	all[0] = '\0';
	while ((json = JsonMend(arena, &at, end, &length)) != NULL)
	{
		strncat(all, json, length);
		strcat(all, "|");
	}
	return all;
}

static void
test_mending(void)
{
	TapSame(mended(" {\"a\" : [1, \"x\", null]} "), "{\"a\":[1,\"x\",null]}|", "JSON stays JSON");
	TapSame(mended("{\"a\":\"x\ny\tz\"}"), "{\"a\":\"x\\ny\\tz\"}|", "raw line breaks in strings");
	TapSame(mended("{\"a\":[1,2,],}"), "{\"a\":[1,2]}|", "trailing commas");
	TapSame(mended("[,1,,2]"), "[1,2]|", "leading and doubled commas");
	TapSame(mended("[{} {}]"), "[{},{}]|", "missing commas");
	TapSame(mended("{\"a\":1}{\"b\":2};"), "{\"a\":1}|{\"b\":2}|", "several documents, something behind");
	TapSame(mended("<!-- {\"a\":1} -->"), "{\"a\":1}|", "in a comment of HTML");
	TapSame(mended("//<![CDATA[\n{\"a\":1}\n//]]>"), "{\"a\":1}|", "in CDATA");
	TapSame(mended("/*<![CDATA[*/[1]/*]]>*/"), "[1]|", "in CDATA, hidden otherwise");
	TapSame(mended("{/* x */\"a\"// y\n:1}"), "{\"a\":1}|", "comments");
	TapSame(mended("{\"a\":\"The \"Big\" Show\"}"), "{\"a\":\"The \\\"Big\\\" Show\"}|", "quotes within a string");
	TapSame(mended("{\"a\":\"it\\'s \\x\"}"), "{\"a\":\"it's x\"}|", "escapes that JSON has not");
	TapSame(mended("{\"a\":\"\\ud83d \\u0000 \\ud83d\\ude00\"}"),
			"{\"a\":\"\\uFFFD  \\ud83d\\ude00\"}|", "half surrogates and U+0000");
	TapSame(mended("{\"a\":05.0,\"b\":.5,\"c\":undefined,\"d\":True}"),
			"{\"a\":\"05.0\",\"b\":\".5\",\"c\":null,\"d\":true}|", "numbers and words in odd forms");
	TapSame(mended("no JSON"), "", "none at all");
}

int
main(void)
{
	arena = ArenaCreate();
	test_tags();
	test_scripts();
	test_attributes();
	test_mending();
	ArenaFree(arena);
	return TapDone();
}
