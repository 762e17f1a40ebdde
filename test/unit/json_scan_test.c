/*
 * test/unit/json_scan_test.c
 *
 * The scanner that finds records in a page (src/feed/json_scan.h).
 */
#include "feed/json_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed_harness.h"

static Arena *arena;
static JsonScan scan;
static Problem problem;
static char *bytes;				/* of the last document, in exactly its size */

static const JsonScanPlan events_plan = {
	.list = "events",
	.values = {"pagination", "count", "a.b"},
	.members = {"id", "x"},
};

/* Scan a document; its bytes stay until the next one */
static bool
scan_bytes(const JsonScanPlan *plan, const char *document, size_t length)
{
	free(bytes);
	bytes = malloc(length > 0 ? length : 1);
	memcpy(bytes, document, length);
	ArenaReset(arena);
	memset(&problem, 0, sizeof(problem));
	return JsonScanDocument(arena, plan, bytes, length, &scan, &problem);
}

static bool
scan_text(const char *document)
{
	return scan_bytes(&events_plan, document, strlen(document));
}

static const char *
extent_text(JsonExtent extent)
{
	return extent.length == 0 ? NULL : ArenaStrndup(arena, extent.bytes, extent.length);
}

/* The element of that number, from 0 */
static const JsonElement *
element(int index)
{
	JsonScanCursor cursor = {0};
	const JsonElement *found = NULL;

	for (int i = 0; i <= index; i++)
		found = JsonScanNext(&scan, &cursor);
	return found;
}

/* Refused, with a class and words */
static void
refuses(const char *document, const char *words)
{
	TapOk(!scan_text(document) && problem.error_class == ERROR_CLASS_PARSE &&
		  strstr(problem.message, words) != NULL, "refuses %.80s", document);
	if (strstr(problem.message, words) == NULL)
		printf("# said: %s\n", problem.message);
}

static void
accepts(const char *document, int nelements)
{
	TapOk(scan_text(document) && (int) scan.nelements == nelements, "accepts %.80s", document);
	if (ProblemIsSet(&problem))
		printf("# said: %s\n", problem.message);
}

static void
test_extents(void)
{
	TapOk(scan_text(" {\"pagination\" : {\"more\":[true]}, \"count\":2,\"a\":{\"b\":\"x\\\"y\",\"events\":[1]},\n"
					"\"events\": [ {\"id\":\"1\"} ,\r\n{\"x\":[{\"id\":9}],\"id\" : 22 , \"name\":\"]},{\"}]} "),
		  "a page");
	TapOk(scan.has_list && scan.nelements == 2, "two elements");
	TapSame(extent_text(scan.values[0]), "{\"more\":[true]}", "an object outside");
	TapSame(extent_text(scan.values[1]), "2", "a number outside");
	TapSame(extent_text(scan.values[2]), "\"x\\\"y\"", "a nested string outside");
	TapSame(extent_text(element(0)->text), "{\"id\":\"1\"}", "the first element");
	TapSame(extent_text(element(0)->members[0]), "\"1\"", "its id");
	TapSame(extent_text(element(0)->members[1]), NULL, "it has no x");
	TapSame(extent_text(element(1)->text), "{\"x\":[{\"id\":9}],\"id\" : 22 , \"name\":\"]},{\"}", "the second");
	TapSame(extent_text(element(1)->members[0]), "22", "its own id, not that of what it holds");
	TapSame(extent_text(element(1)->members[1]), "[", "of an array the bracket");
	TapOk(element(2) == NULL, "no third");
	TapOk(scan.document.bytes == bytes + 1 &&
		  scan.document.bytes[scan.document.length - 1] == '}', "the document without its blanks");

	scan_text("{\"events\":[{\"xid\":1,\"x\\\"id\":2,\"id\":\"a\\\\\",\"idx\":3},{\"id\":1,\"id\":{}},{\"a\":\"\\\"id\\\":5\"}]}");
	TapSame(extent_text(element(0)->members[0]), "\"a\\\\\"", "names that only end alike");
	TapSame(extent_text(element(1)->members[0]), "{", "the last of equal names");
	TapSame(extent_text(element(2)->members[0]), NULL, "no name within a text");

	scan_text("{\"events\":[{\"id\":tru,\"x\":\"never");
	TapOk(!scan_text("{\"events\":[{\"id\":"), "an id cut off");
	TapOk(!scan_text("{\"events\":[{\"id\":\"12"), "an id cut in half");
}

static void
test_lists(void)
{
	JsonScanPlan plan = {.list = "result.records", .values = {"result.total"}, .members = {"_id"}};
	const char *ckan = "{\"success\":true,\"result\":{\"records\":[{\"_id\":1}],\"total\":1},\"records\":[2]}";

	TapOk(scan_bytes(&plan, ckan, strlen(ckan)) && scan.nelements == 1, "a list by its path");
	TapSame(extent_text(scan.values[0]), "1", "a value beside it");
	accepts("{\"events\":[]}", 0);
	accepts("{\"events\":null}", 0);
	TapOk(!scan.has_list, "null is no list");
	accepts("{\"events\":{\"events\":[1]}}", 0);
	TapOk(!scan.has_list, "nor is an object");
	accepts("[{\"events\":[1]}]", 0);
	TapOk(!scan.has_list, "nor what is in an array");
	accepts("[{\"id\":1}]", 0);
	plan = events_plan;
	plan.bare_list = true;
	TapOk(scan_bytes(&plan, "[{\"id\":1},{}]", 13) && scan.nelements == 2, "a bare list, where it may be");
	TapOk(scan_bytes(&plan, "\xEF\xBB\xBF {\"events\":[{}]}", 19) && scan.nelements == 1, "a byte order mark");
}

static void
test_bad_elements(void)
{
	TapOk(scan_text("{\"events\":[{\"id\":1},null,42,\"x\",[{}],{\"a\":\"b\nc\"},{\"id\":2}]}") && scan.nelements == 7,
		  "bad elements leave the others alone");
	for (int i = 1; i < 6; i++)
		TapOk(element(i)->problem != NULL, "element %d is spoilt: %s", i, element(i)->problem);
	TapOk(element(0)->problem == NULL && element(6)->problem == NULL, "the first and the last are not");
	TapEqual((long long) element(5)->problem_at, 44, "where the control character is");
	TapOk(scan_bytes(&events_plan, "{\"events\":[{\"a\":\"\0\"},{\"b\":\"\xFF\"},{}]}", 35) && scan.nelements == 3 &&
		  element(0)->problem != NULL && element(2)->problem == NULL, "a raw NUL spoils its element");
	scan_text("{\"events\":[{\"a\":NaN},{\"a\":Infinity},{'a':1},{\"a\":\"it's NaN, Infinity\"},{\"a\":-1e5}]}");
	TapOk(element(0)->problem != NULL && element(1)->problem != NULL && element(2)->problem != NULL,
		  "NaN, Infinity and single quotes spoil theirs");
	TapOk(element(3)->problem == NULL && element(4)->problem == NULL, "but not within a text");
	accepts("{\"events\":[{\"a\" 1},{\"a\":}]}", 2);	/* JsonRead's to find */
}

/* Nested arrays in an element, so many deep in all */
static void
deep_element(int depth)
{
	char	   *text = malloc((size_t) depth * 2 + 100);
	size_t		at = (size_t) sprintf(text, "{\"events\":[{\"a\":");

	memset(text + at, '[', (size_t) depth);
	memset(text + at + depth, ']', (size_t) depth);
	strcpy(text + at + 2 * depth, "},{\"id\":7}]}");
	TapOk(scan_text(text) && scan.nelements == 2, "an element %d deep", depth);
	TapOk((element(0)->problem != NULL) == (depth > 63), "is spoilt from 64 on");
	TapSame(extent_text(element(1)->members[0]), "7", "and the next is as it should be");
	free(text);
}

static void
test_refusals(void)
{
	char		deep[100];

	refuses("", "empty");
	refuses(" \n ", "empty");
	refuses("<html><body>Login</body></html>", "not JSON");
	TapSame(problem.detail, "It begins with: <html><body>Login</body></html>", "with its beginning");
	refuses("42", "not JSON");
	refuses("{\"events\":[{}]", "cut short");
	refuses("{\"events\":[{}", "cut short");
	refuses("{\"events\":[{", "cut short");
	refuses("{\"events\":[{\"a\":\"", "cut short");
	refuses("{\"events\":[{}],", "cut short");
	refuses("{\"events\":", "cut short");
	refuses("{\"eve", "cut short");
	refuses("{", "cut short");
	refuses("{\"events\":[{}]} x", "the end");
	refuses("{\"events\":[{}]}{}", "the end");
	refuses("{\"events\":[{}]}]", "an object or array");
	refuses("{\"events\":[{}]]", "\"}\"");
	refuses("{\"events\":[{]}", "\"}\"");
	refuses("{\"events\":[{}}", "\"]\"");
	refuses("{\"events\":[{}{}]}", "comma");
	refuses("{\"events\":[{},]}", "a value");
	refuses("{\"events\":[,{}]}", "a value");
	refuses("{\"events\" [{}]}", "colon");
	refuses("{\"events\":[{}],}", "a value");
	refuses("{events:[{}]}", "name in quotes");
	refuses("{\"a\":tru,\"events\":[]}", "a value");
	refuses("{\"a\":01,\"events\":[]}", "a value");
	refuses("{\"a\":1.,\"events\":[]}", "a value");
	refuses("{\"a\":\"x\ny\",\"events\":[]}", "an escape");
	refuses("{\"a\":1 2}", "comma");
	refuses("{\"a\":}", "a value");
	refuses("[[[[[[[[[[[[[[[[[[[[", "too deep");
	refuses("{\"a\":@}", "a value");
	TapOk(!scan_bytes(&events_plan, "{\"a\":\0}", 7), "refuses a raw NUL");
	accepts("{\"a\":[-0.5e+10,1E5,0,true,false,null,{\"b\":[]}],\"events\":[]}", 0);
	memset(deep, '[', 50);
	memset(deep + 50, ']', 50);
	TapOk(!scan_bytes(&events_plan, deep, 100), "refuses brackets fifty deep outside");
}

/* Every prefix of a page is refused as cut short, and none is read beyond */
static void
test_prefixes(void)
{
	static const char page[] = "{\"pagination\":{\"has_more_items\":true,\"continuation\":\"e\\\\yJ\"},"
		"\"events\":[{\"id\":\"11\",\"name\":{\"text\":\"F\xC3\xAAte \\u00e9 \\\" ]} [{ \"},\"start\":null},"
		"{\"id\":\"12\",\"a\":[[{}],[]],\"text\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}]}";
	int			wrong = 0;

	for (size_t length = 0; length < sizeof(page) - 1; length++)
		wrong += scan_bytes(&events_plan, page, length);
	TapEqual(wrong, 0, "every prefix is refused");
	TapOk(scan_text(page) && scan.nelements == 2, "the whole is not");
}

/* Brackets and quotes at every place of a block: what a plain walk would find */
static void
test_alignment(void)
{
	int			wrong = 0;

	for (int pad = 0; pad < 140; pad++)
		for (int escapes = 0; escapes < 6; escapes++)
		{
			char		text[512];
			char		expected[400];
			int			length;

			memset(expected, 0, sizeof(expected));
			length = sprintf(expected, "{\"p\":\"%*s", pad, "");
			for (int i = 0; i < escapes; i++)
				length += sprintf(expected + length, "\\%s", i % 2 ? "\\" : "\"");
			length += sprintf(expected + length, "]}\",\"id\":%d}", pad);
			sprintf(text, "{\"events\":[%s,{\"id\":\"n\"}]}", expected);
			if (!scan_text(text) || scan.nelements != 2 ||
				strcmp(extent_text(element(0)->text), expected) != 0 ||
				atoi(element(0)->members[0].bytes) != pad ||
				strcmp(extent_text(element(1)->members[0]), "\"n\"") != 0)
				wrong++;
		}
	TapEqual(wrong, 0, "escapes and brackets at all offsets");
}

static void
test_many(void)
{
	int			count = 1000;
	char	   *text = malloc((size_t) count * 30 + 100);
	char	   *at = text + sprintf(text, "{\"events\":[");
	JsonScanCursor cursor = {0};
	const JsonElement *next;
	int			wrong = 0;

	for (int i = 0; i < count; i++)
		at += sprintf(at, "%s{\"id\":%d}", i > 0 ? "," : "", i);
	strcpy(at, "]}");
	TapOk(scan_text(text) && (int) scan.nelements == count, "a thousand elements");
	for (int i = 0; (next = JsonScanNext(&scan, &cursor)) != NULL; i++)
		wrong += atoi(next->members[0].bytes) != i;
	TapEqual(wrong, 0, "in their order");
	TapOk(JsonScanNext(&scan, &cursor) == NULL, "and then none, however often one asks");
	free(text);

	text = malloc(2 * (JSON_SCAN_MAX_ELEMENTS + 10) + 20);
	at = text + sprintf(text, "{\"events\":[");
	for (int i = 0; i <= JSON_SCAN_MAX_ELEMENTS; i++, at += 2)
		memcpy(at, "1,", 2);
	strcpy(at - 1, "]}");
	refuses(text, "more than 1000000 elements");
	free(text);
}

int
main(void)
{
	arena = ArenaCreate();
	test_extents();
	test_lists();
	test_bad_elements();
	deep_element(5);
	deep_element(63);
	deep_element(64);
	deep_element(70);
	deep_element(1000);
	test_refusals();
	test_prefixes();
	test_alignment();
	test_many();
	ArenaFree(arena);
	free(bytes);
	return TapDone();
}
