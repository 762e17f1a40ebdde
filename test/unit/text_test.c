/*
 * test/unit/text_test.c
 *
 * Bytes of the outside made into text (src/feed/text.h), and amounts of money
 * (src/feed/money.h).
 */
#include "feed/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed/builder.h"
#include "feed/money.h"
#include "feed_harness.h"

static Arena *arena;

/* A copy in a block of exactly its size, for the sanitizer to watch over */
static char *
exact_copy(const char *bytes, size_t length)
{
	char	   *copy = malloc(length > 0 ? length : 1);

	memcpy(copy, bytes, length);
	return copy;
}

typedef const char *(*TextFunction) (Arena *arena, const char *text, size_t length);

/* One call on an exact copy */
static void
check(TextFunction function, const char *in, const char *expected, const char *name)
{
	char	   *copy = exact_copy(in, strlen(in));

	TapSame(function(arena, copy, strlen(in)), expected, name);
	free(copy);
}

static const char *
line(Arena *a, const char *text, size_t length)
{
	return TextLine(a, text, length, false);
}

static const char *
decoded_line(Arena *a, const char *text, size_t length)
{
	return TextLine(a, text, length, true);
}

static const char *
repaired(Arena *a, const char *text, size_t length)
{
	return TextRepair(a, text, length);
}

static void
test_utf8(void)
{
	static const struct
	{
		const char *bytes;
		size_t		length;
		size_t		at;
		const char *name;
	}			cases[] = {
		{"", 0, 0, "nothing is valid"},
		{"plain text, longer than sixteen bytes", 37, 37, "ASCII is valid"},
		{"caf\xC3\xA9", 5, 5, "two bytes"},
		{"\xE2\x82\xAC", 3, 3, "three bytes"},
		{"\xF0\x9F\x8E\xAD", 4, 4, "four bytes"},
		{"\xF4\x8F\xBF\xBF", 4, 4, "U+10FFFF"},
		{"a\0b", 3, 1, "NUL"},
		{"0123456789abcdef\0", 17, 16, "NUL behind a whole block"},
		{"0123456\0" "89abcdef", 16, 7, "NUL within a block"},
		{"caf\xE9 !", 6, 3, "Latin-1"},
		{"\xC0\xAF", 2, 0, "overlong slash"},
		{"\xE0\x80\x80", 3, 0, "overlong, three bytes"},
		{"\xF0\x80\x80\x80", 4, 0, "overlong, four bytes"},
		{"x\xED\xA0\x80", 4, 1, "a surrogate"},
		{"\xF4\x90\x80\x80", 4, 0, "above U+10FFFF"},
		{"\xF8\x88\x80\x80\x80", 5, 0, "five bytes"},
		{"a\xE2\x82", 3, 1, "cut short"},
		{"a\x80", 2, 1, "a tail alone"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char	   *copy = exact_copy(cases[i].bytes, cases[i].length);

		TapEqual((long long) TextInvalidAt(copy, cases[i].length), (long long) cases[i].at, cases[i].name);
		free(copy);
	}
	check(repaired, "caf\xE9 \xFF\xFE", "caf\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD", "repair: one mark for each bad byte");
	check(repaired, "a\xE2\x82" "b", "a\xEF\xBF\xBD" "b", "repair: one mark for a broken sequence");
	check(repaired, "a\x01\x7F\xC2\x85" "b\n\tc", "ab\n\tc", "repair: controls go, newline and tab stay");
	TapSame(TextRepair(arena, "a\0b", 3), "ab", "repair: NUL goes");
}

static void
test_line(void)
{
	check(line, "  a  b\t\r\nc ", "a b c", "line: runs of white space");
	check(line, "a\xC2\xA0\xC2\xA0" "b\xE2\x80\xAF!", "a b !", "line: NBSP and narrow NBSP");
	check(line, "\xE2\x80\xA8" "a\xE3\x80\x80" "b", "a b", "line: separator and ideographic space");
	check(line, "a\x01\x02\xE2\x80\x8B\xEF\xBB\xBF" "b", "ab", "line: what shows nothing goes");
	check(line, " \t\n\xC2\xA0", NULL, "line: nothing left");
	check(line, "", NULL, "line: nothing at all");
	TapSame(TextLine(arena, NULL, 0, false), NULL, "line: NULL");
	check(line, "R&amp;B", "R&amp;B", "line: entities stay");
	check(decoded_line, "R&amp;B &lt;3 &eacute;&#233;&#xE9;", "R&B <3 \xC3\xA9\xC3\xA9\xC3\xA9", "line: entities decoded");
	check(decoded_line, "a&nbsp;&nbsp;b", "a b", "line: decoded NBSP is white space");
	check(decoded_line, "AT&T & co; &bogus; &", "AT&T & co; &bogus; &", "line: mere ampersands");
	check(decoded_line, "x?a=1&copy=2&lt=3", "x?a=1&copy=2&lt=3", "line: a query is no entity");
	check(decoded_line, "&#0;&#xD800;&#x110000;&#99999999999;",
		  "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "line: numbers that are no characters");
	check(decoded_line, "&#146;&#150;&#128;", "\xE2\x80\x99\xE2\x80\x93\xE2\x82\xAC", "line: numbers of Windows-1252");
	check(decoded_line, "&#39&#x27;&apos;&quot;", "'''\"", "line: quotes");
	check(decoded_line, "&thetasym;&Alpha;&zwnj;", "\xCF\x91\xCE\x91\xE2\x80\x8C", "line: first, last and longest names");
	check(line, "f\xC3\xAAte \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x8E\xA4", "f\xC3\xAAte \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x8E\xA4",
		  "line: an emoji keeps its joiner");
	check(line, "caf\xE9!", "caf\xEF\xBF\xBD!", "line: bad bytes are repaired");
}

static void
test_block(void)
{
	check(TextBlock, "a\r\nb\rc\n", "a\nb\nc", "block: line ends of all kinds");
	check(TextBlock, "a  \n\n\n\n b", "a\n\n b", "block: two newlines at most, trailing space goes");
	check(TextBlock, "\n\n  a", "a", "block: leading white space goes");
	check(TextBlock, "a\xC2\xA0" "b   c", "a b   c", "block: NBSP is a space, inner runs stay");
	check(TextBlock, " \r\n\t", NULL, "block: nothing left");
	check(TextBlock, "a\x0C\x00", "a", "block: form feed");
}

static void
test_html(void)
{
	check(TextFromHtml, "<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree", "html: paragraphs and breaks");
	check(TextFromHtml, "<ul><li>a</li><li>b</li></ul>c", "a\nb\n\nc", "html: list items");
	check(TextFromHtml, "<P>\n  a\n  b </P>", "a b", "html: white space is one space");
	check(TextFromHtml, "<script>if (a < b) x(\"</p>\");</script>a<style>p{}</style>b", "ab", "html: script and style go");
	check(TextFromHtml, "<SCRIPT>x</sCript >a", "a", "html: any case of the end tag");
	check(TextFromHtml, "a<script>never closed", "a", "html: a script without end");
	check(TextFromHtml, "<a href=\"x>y\" title='>'>b</a>", "b", "html: > in attributes");
	check(TextFromHtml, "<a href=\"x>y", "y", "html: a quote that is never closed");
	check(TextFromHtml, "1 < 2 and 3 > 2, I <3 U", "1 < 2 and 3 > 2, I <3 U", "html: mere comparisons");
	check(TextFromHtml, "a<!-- x > y -->b<!doctype html>c<?php ?>d", "abcd", "html: comments");
	check(TextFromHtml, "a<!-- never", "a", "html: a comment without end");
	check(TextFromHtml, "x <b", "x <b", "html: a tag without end");
	check(TextFromHtml, "&lt;b&gt; &eacute;&nbsp;!", "<b> \xC3\xA9 !", "html: entities");
	check(TextFromHtml, "<pre>a\nb</pre>", "a\nb", "html: newlines of pre");
	check(TextFromHtml, "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc", "html: cells and rows");
	check(TextFromHtml, "mail <anna@example.org>", "mail <anna@example.org>", "html: an address in brackets");
	check(TextFromHtml, "a<o:p></o:p>b", "ab", "html: a word processor's tag");
	check(TextFromHtml, "<p></p><br/>", NULL, "html: nothing left");
	check(TextFromHtml, "<h2>T</h2>x<hr>y", "T\n\nx\n\ny", "html: headings");

	TapOk(TextLooksLikeHtml("a <b>c</b>", 10), "looks like HTML: a tag");
	TapOk(TextLooksLikeHtml("R&amp;B", 7), "looks like HTML: an entity");
	TapOk(!TextLooksLikeHtml("a < b, c > d & e", 16), "looks like text: comparisons");
	TapOk(!TextLooksLikeHtml("see <https://x.org/>", 20), "looks like text: a link in brackets");
	TapOk(!TextLooksLikeHtml("<zebra> <foo>", 13), "looks like text: no tag that HTML knows");
	TapOk(!TextLooksLikeHtml(NULL, 0), "looks like text: NULL");
}

/* Time for a megabyte of a repeated text, in milliseconds */
static double
cost(const char *unit, bool looks)
{
	size_t		size = 1024 * 1024;
	char	   *text = malloc(size);
	clock_t		start;

	for (size_t i = 0; i < size; i++)
		text[i] = unit[i % strlen(unit)];
	start = clock();
	if (looks)
		(void) TextLooksLikeHtml(text, size);
	else
		(void) TextFromHtml(arena, text, size);
	free(text);
	return (double) (clock() - start) * 1000 / CLOCKS_PER_SEC;
}

static void
test_bounded(void)
{
	static const char *const units[] = {
		"<", "<a ", "<a \"", "<a href=\"", "<!--", "<script>", "&", "&#", "&a", "<a x='>", "</", "<zz<", "<zz ",
		"<svg><", "<a href='\"",
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		TapOk(cost(units[i], false) < 2000, "html: a megabyte of %s takes no time", units[i]);
		TapOk(cost(units[i], true) < 2000, "looks like: a megabyte of %s takes no time", units[i]);
	}
}

static void
test_json_string(void)
{
	TapSame(TextToJsonString(arena, "a\"b\\c\n\t\x01\x1F/", 10), "\"a\\\"b\\\\c\\n\\t\\u0001\\u001f/\"", "JSON string: escapes");
	TapSame(TextToJsonString(arena, "a\0b", 3), "\"ab\"", "JSON string: NUL goes");
	TapSame(TextToJsonString(arena, "\xFF\xC3\xA9", 3), "\"\xEF\xBF\xBD\xC3\xA9\"", "JSON string: bad bytes");
	TapSame(TextToJsonString(arena, "", 0), "\"\"", "JSON string: empty");
}

static void
test_url(void)
{
	check(TextHttpUrl, " https://example.org/a?b=c#d ", "https://example.org/a?b=c#d", "URL: trimmed");
	check(TextHttpUrl, "HTTP://example.org", "HTTP://example.org", "URL: any case");
	check(TextHttpUrl, "https://exemple.org/f\xC3\xAAte", "https://exemple.org/f\xC3\xAAte", "URL: beyond ASCII");
	check(TextHttpUrl, "javascript:alert(1)", NULL, "URL: another scheme");
	check(TextHttpUrl, "/relative", NULL, "URL: relative");
	check(TextHttpUrl, "https://", NULL, "URL: no host");
	check(TextHttpUrl, "https:///x", NULL, "URL: an empty host");
	check(TextHttpUrl, "https://example.org/a b", NULL, "URL: a blank");
	check(TextHttpUrl, "https://example.org/\xC2\xA0", NULL, "URL: an NBSP");
	check(TextHttpUrl, "https://example.org/\">", NULL, "URL: what would leave an attribute");
	check(TextHttpUrl, "https://example.org/\xFF", NULL, "URL: bad bytes");
	TapSame(TextHttpUrl(arena, NULL, 0), NULL, "URL: NULL");
}

static void
test_builder(void)
{
	TextBuilder url = {arena, NULL, 0, 0};
	TextBuilder object = {arena, NULL, 0, 0};
	TextBuilder empty = {arena, NULL, 0, 0};

	BuilderAddText(&url, "https://example.org/v3");
	BuilderAddParameter(&url, "a", "x y&z=/+\xC3\xA9~");
	BuilderAddParameter(&url, "none", NULL);
	BuilderAddParameter(&url, "b", "2");
	TapSame(url.text, "https://example.org/v3?a=x%20y%26z%3D%2F%2B%C3%A9~&b=2", "URL parameters are encoded");
	BuilderAddMember(&object, "a", "\"");
	BuilderAddMember(&object, "b", NULL);
	BuilderAddFlag(&object, "c");
	TapSame(BuilderCloseObject(&object), "{\"a\":\"\\\"\",\"c\":true}", "a JSON object, absent members left out");
	TapSame(BuilderCloseObject(&empty), NULL, "an object without members is none");
}

static const char *
currency(Arena *a, const char *text, size_t length)
{
	return CurrencyCode(a, text, length);
}

static void
test_money(void)
{
	TapSame(MoneyFromMinor(arena, 432, "USD"), "4.32", "money: cents");
	TapSame(MoneyFromMinor(arena, 5, "CAD"), "0.05", "money: less than one");
	TapSame(MoneyFromMinor(arena, 1500, "JPY"), "1500", "money: a currency without cents");
	TapSame(MoneyFromMinor(arena, 1234, "KWD"), "1.234", "money: three decimals");
	TapSame(MoneyFromMinor(arena, 0, "EUR"), "0.00", "money: nothing");
	TapSame(MoneyFromMinor(arena, -1, "EUR"), NULL, "money: negative");
	TapSame(MoneyFromMinor(arena, INT64_MAX, "EUR"), NULL, "money: more than there is");
	check(MoneyFromDecimal, "4.32", "4.32", "money: a decimal");
	check(MoneyFromDecimal, "12", "12", "money: a whole number");
	check(MoneyFromDecimal, "4.", NULL, "money: no decimals after the point");
	check(MoneyFromDecimal, ".5", NULL, "money: nothing before the point");
	check(MoneyFromDecimal, "4,32", NULL, "money: a comma");
	check(MoneyFromDecimal, "-4.32", NULL, "money: negative text");
	check(MoneyFromDecimal, "1e5", NULL, "money: an exponent");
	check(MoneyFromDecimal, "NaN", NULL, "money: not a number");
	check(MoneyFromDecimal, "", NULL, "money: empty");
	check(MoneyFromDecimal, "1234567890123456", NULL, "money: too many digits");
	check(currency, "cad", "CAD", "currency: upper case");
	check(currency, "C$", NULL, "currency: a sign");
	check(currency, "EURO", NULL, "currency: four letters");
}

int
main(void)
{
	arena = ArenaCreate();
	test_utf8();
	test_line();
	test_block();
	test_html();
	test_bounded();
	test_json_string();
	test_url();
	test_builder();
	test_money();
	ArenaFree(arena);
	return TapDone();
}
