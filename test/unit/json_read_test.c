/*
 * test/unit/json_read_test.c
 *
 * JSON values read into a tree (src/feed/json_read.h).
 */
#include "feed/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

static Arena *arena;
static JsonReader *reader;
static Problem problem;

/* The tree of bytes in a block of exactly their size; NULL: refused, or null */
static const JsonNode *
read_bytes(const char *bytes, size_t length, bool *fine)
{
	char	   *copy = malloc(length > 0 ? length : 1);
	const JsonNode *root;

	memset(&problem, 0, sizeof(problem));
	memcpy(copy, bytes, length);
	*fine = JsonRead(reader, arena, copy, length, &root, &problem);
	free(copy);
	return root;
}

static const JsonNode *
read_text(const char *text)
{
	bool		fine;

	return read_bytes(text, strlen(text), &fine);
}

static void
accepts(const char *text)
{
	bool		fine;

	read_bytes(text, strlen(text), &fine);
	TapOk(fine, "accepts %.60s", text);
}

static void
refuses(const char *bytes, size_t length, const char *name)
{
	bool		fine;
	const JsonNode *root = read_bytes(bytes, length, &fine);

	TapOk(!fine && root == NULL && problem.error_class == ERROR_CLASS_PARSE && problem.message[0] != '\0',
		  "refuses %s", name);
}

static void
refuses_text(const char *text)
{
	refuses(text, strlen(text), text);
}

static void
test_documents(void)
{
	char		deep[200];

	accepts("{}");
	accepts("[]");
	accepts(" {\"a\": [1, 2.5, -3e2, true, false, null, \"x\"]} \r\n\t");
	accepts("12");
	accepts("\"text\"");
	accepts("null");
	accepts("true");
	accepts("{\"a\":\"\\ud83c\\udfad \\ud800 \\\\u0000\"}");
	refuses_text("");
	refuses_text("   ");
	refuses_text("{\"a\":1} x");
	refuses_text("{\"a\":1}{}");
	refuses_text("{\"a\":1,}");
	refuses_text("[1,]");
	refuses_text("{\"a\" 1}");
	refuses_text("{\"a\":1 \"b\":2}");
	refuses_text("{\"a\":\"x");
	refuses_text("{\"a\":[1,2");
	refuses_text("[01]");
	refuses_text("[tru]");
	refuses_text("[\"\\x\"]");
	refuses_text("/* no */ {}");
	refuses_text("{\"a\":\"x\\u0000y\"}");
	refuses_text("{\"x\\u0000y\":1}");
	refuses("{\"a\":\"\xE9\"}", 9, "Latin-1");
	refuses("{\"a\":\"\xED\xA0\x80\"}", 11, "an encoded surrogate");
	refuses("{}\0{}", 5, "more behind a NUL");
	refuses("{\"a\0\":1}", 8, "a raw NUL");
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	refuses(deep, 200, "brackets a hundred deep");
	TapOk(strstr(problem.message, "deep") != NULL, "and says so");
	memset(deep, '[', 60);
	memset(deep + 60, ']', 60);
	deep[120] = '\0';
	accepts(deep);
	accepts("{}");				/* the reader is as good as new after all that */
}

static void
test_getters(void)
{
	const JsonNode *root = read_text("{\"s\":\"text\",\"e\":\"\",\"i\":42,\"d\":2.5,\"w\":5.0,\"t\":true,\"n\":null,"
									 "\"o\":{\"s\":{\"t\":\"deep\"},\"x.y\":1},\"a\":[1,\"b\",null,{}],"
									 "\"lat\":\"45.5\",\"bad\":\"0x10\",\"inf\":1e400,\"nan\":\"nan\",\"z\":\"a\\tb\"}");
	size_t		length = 99;
	int64_t		integer;
	double		number;

	TapSame(JsonString(root, "s", &length), "text", "a string");
	TapEqual((long long) length, 4, "and its length");
	TapSame(JsonString(root, "o.s.t", &length), "deep", "a path");
	TapSame(JsonString(root, "i", &length), NULL, "an integer is no string");
	TapSame(JsonString(root, "o.s.t.u", &length), NULL, "a path beyond a string");
	TapSame(JsonString(root, "q.s", &length), NULL, "a path through nothing");
	TapSame(JsonString(NULL, "s", &length), NULL, "a path from nothing");
	TapSame(JsonString(root, "", &length), NULL, "an empty path");
	TapOk(JsonMember(JsonAt(root, "o"), "x.y") != NULL, "a name with a dot");
	TapSame(JsonId(arena, root, "s"), "text", "a string is an id");
	TapSame(JsonId(arena, root, "i"), "42", "so is an integer");
	TapSame(JsonId(arena, root, "e"), NULL, "but no empty string");
	TapSame(JsonId(arena, root, "d"), NULL, "nor a fraction");
	TapSame(JsonId(arena, root, "t"), NULL, "nor a boolean");
	TapOk(JsonInteger(root, "i", &integer) && integer == 42, "an integer");
	TapOk(JsonInteger(root, "w", &integer) && integer == 5, "a whole number");
	TapOk(!JsonInteger(root, "d", &integer), "a fraction is no integer");
	TapOk(JsonNumber(root, "d", &number) && number == 2.5, "a number");
	TapOk(!JsonNumber(root, "inf", &number), "infinity is no number");
	TapOk(!JsonNumber(root, "lat", &number), "a string is no number");
	TapOk(JsonDecimal(root, "lat", &number) && number == 45.5, "unless a decimal is asked for");
	TapOk(!JsonDecimal(root, "bad", &number), "hexadecimal is none");
	TapOk(!JsonDecimal(root, "nan", &number), "nor is nan");
	TapOk(!JsonDecimal(root, "e", &number), "nor is nothing");
	TapOk(JsonBoolean(root, "t") == TRI_TRUE && JsonBoolean(root, "i") == TRI_UNKNOWN, "booleans");
	TapEqual(JsonCount(JsonAt(root, "a")), 4, "elements of an array");
	TapEqual(JsonCount(JsonAt(root, "o")), 0, "an object has none");
	TapOk(JsonKindOf(JsonElementAt(JsonAt(root, "a"), 2)) == JSON_NULL, "a null element");
	TapOk(JsonElementAt(JsonAt(root, "a"), 9) == NULL, "no tenth element");
	TapOk(JsonKindAt(root, "n") == JSON_NULL && JsonKindAt(root, "q") == JSON_ABSENT &&
		  JsonKindAt(root, "a") == JSON_ARRAY && JsonKindAt(root, "d") == JSON_NUMBER, "kinds");
	TapSame(JsonToText(arena, JsonAt(root, "o")), "{\"s\":{\"t\":\"deep\"},\"x.y\":1}", "back to text");
	TapSame(JsonToText(arena, NULL), "null", "null to text");
}

/* Digits of the only element of an array */
static void
keeps_id(const char *json, const char *expected)
{
	TapSame(JsonId(arena, JsonElementAt(read_text(json), 0), NULL), expected, json);
}

static void
test_exact_ids(void)
{
	keeps_id("[1249263784609]", "1249263784609");
	keeps_id("[9223372036854775807]", "9223372036854775807");
	keeps_id("[-9223372036854775807]", "-9223372036854775807");
	keeps_id("[9223372036854775808]", "9223372036854775808");
	keeps_id("[18446744073709551616]", "18446744073709551616");
	keeps_id("[ 123456789012345678901234567890 ]", "123456789012345678901234567890");
	keeps_id("[-123456789012345678901234567890]", "-123456789012345678901234567890");
	keeps_id("[\"a\\\"123456789012345678901234567890:1\"]", "a\"123456789012345678901234567890:1");
	keeps_id("[0.1234567890123456789012345]", NULL);
	keeps_id("[\"\", 12345678901234567890123]", NULL);
	TapSame(JsonId(arena, read_text("{\"a\": \"\\\\\", \"b\":12345678901234567890123 }"), "b"), "12345678901234567890123",
			"behind an escaped backslash");
}

static void
test_members(void)
{
	const JsonNode *root = read_text("{\"b\":1,\"a\":null,\"b\":2}");
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *value;
	int			count = 0;

	while (JsonNextMember(root, &cursor, &name, &value))
		count++;
	TapEqual(count, 2, "members, the last of equal names");
	cursor = NULL;
	TapOk(!JsonNextMember(read_text("[1]"), &cursor, &name, &value), "an array has no members");
	cursor = NULL;
	TapOk(!JsonNextMember(read_text("{}"), &cursor, &name, &value), "an empty object has none");
}

int
main(void)
{
	arena = ArenaCreate();
	reader = JsonReaderCreate(arena);
	test_documents();
	test_getters();
	test_exact_ids();
	test_members();
	ArenaFree(arena);
	return TapDone();
}
