/*
 * test/unit/json_select_test.c
 *
 * A record made shorter before it is read (src/feed/json_select.h).
 */
#include "feed/json_select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/json_read.h"
#include "feed_harness.h"

static const JsonWanted address_wanted[] = {
	JSON_WHOLE("city"), {NULL}
};

static const JsonWanted venue_wanted[] = {
	JSON_WHOLE("name"), JSON_PART("address", address_wanted), {NULL}
};

static const JsonWanted wanted[] = {
	JSON_WHOLE("id"), JSON_WHOLE("start"), JSON_PART("venue", venue_wanted), {NULL}
};

static Arena *arena;

/* The copy of a text in a block of exactly its size */
static void
selects(const char *text, const char *expected, const char *name)
{
	size_t		length = strlen(text);
	size_t		selected = 0;
	char	   *copy = malloc(length > 0 ? length : 1);
	const char *got;

	memcpy(copy, text, length);
	got = JsonSelect(arena, wanted, copy, length, &selected);
	TapSame(got == NULL ? NULL : ArenaStrndup(arena, got, selected), expected, name);
	free(copy);
}

static void
test_copies(void)
{
	selects("{}", "{}", "an empty object");
	selects("{\"x\":1}", "{}", "nothing wanted");
	selects("{\"id\":\"1\",\"x\":2,\"start\":null}", "{\"id\":\"1\",\"start\":null}", "what is between goes");
	selects("{\"x\":1,\"id\":\"1\"}", "{\"id\":\"1\"}", "what is before goes, with its comma");
	selects("{\"id\":1,\"id\":2}", "{\"id\":1,\"id\":2}", "equal names stay");
	selects(" {}", NULL, "blanks before the object");
	selects("{ \"id\" : \"1\" ,\n\"x\":[1,2,{\"id\":3}], \"start\" :{\"a\":[{}]} }",
			"{\"id\" : \"1\" ,\"start\" :{\"a\":[{}]} }", "blanks stay within what is copied");
	selects("{\"venue\":{\"id\":5,\"name\":\"N\",\"address\":{\"city\":\"C\",\"x\":{\"city\":\"D\"}},\"y\":1},\"id\":2}",
			"{\"venue\":{\"name\":\"N\",\"address\":{\"city\":\"C\"}},\"id\":2}", "objects within objects");
	selects("{\"venue\":null,\"id\":2}", "{\"venue\":null,\"id\":2}", "null where an object may be");
	selects("{\"venue\":[{\"x\":1}],\"id\":2}", "{\"venue\":[{\"x\":1}],\"id\":2}", "an array where an object may be");
	selects("{\"venue\":{},\"id\":2}", "{\"venue\":{},\"id\":2}", "an empty object within");
	selects("{\"x\":{\"venue\":{\"name\":1}},\"id\":2}", "{\"id\":2}", "names within what isn't wanted");
	selects("{\"x\":\"id\\\":1,\",\"id\":\"a,b:{\\\"}\"}", "{\"id\":\"a,b:{\\\"}\"}", "marks within texts");
	selects("{\"x\\\"id\":1,\"idx\":2,\"xid\":3}", "{}", "names that only end alike");
}

static void
test_broken(void)
{
	selects("", NULL, "nothing");
	selects("{", NULL, "an opening bracket");
	selects("[]", NULL, "an array");
	selects("{\"id\":1", NULL, "cut short");
	selects("{\"id\":1}}", NULL, "one bracket more");
	selects("{\"id\":1} ", NULL, "more behind it");
	selects("{\"id\":1,}", NULL, "a comma at the end");
	selects("{,\"id\":1}", NULL, "a comma at the beginning");
	selects("{\"id\" 1}", NULL, "no colon");
	selects("{\"x\" \"y\"}", NULL, "no colon, with what isn't wanted");
	selects("{\"id\"::1}", NULL, "two colons");
	selects("{\"id\":1 \"x\":2}", NULL, "no comma");
	selects("{id:1}", NULL, "a name without quotes");
	selects("{\\\":1}", NULL, "a quote that is none");
	selects("{:1}", NULL, "no name");
	selects("{{}}", NULL, "no name for an object");
	selects("{\"id\":1]", NULL, "the wrong bracket");
}

/* What is wrong is told of the whole record */
static void
test_reading(void)
{
	JsonReader *reader = JsonReaderCreate(arena);
	const JsonNode *root;
	Problem		problem = {0};
	size_t		length;
	const char *text = "{\"x\":1,\"id\":\"7\",\"venue\":{\"name\":\"N\",\"y\":2}}";

	TapOk(JsonReadSelected(reader, arena, wanted, text, strlen(text), &root, &problem) &&
		  JsonKindAt(root, "x") == JSON_ABSENT && JsonKindAt(root, "venue.y") == JSON_ABSENT, "only what is wanted is read");
	TapSame(JsonString(root, "venue.name", &length), "N", "and that is");
	text = "{\"x\":1,\"id\" 7}";
	TapOk(!JsonReadSelected(reader, arena, wanted, text, strlen(text), &root, &problem) && root == NULL &&
		  problem.error_class == ERROR_CLASS_PARSE && strstr(problem.message, "at byte 12 of 14") != NULL,
		  "an error is where it is in the record: %s", problem.message);
	text = "{\"x\":\"\\u0000\",\"id\":7}";
	TapOk(!JsonReadSelected(reader, arena, wanted, text, strlen(text), &root, &problem), "a NUL anywhere refuses the record");
	text = "{\"x\":\"\xFF\",\"id\":7}";
	TapOk(!JsonReadSelected(reader, arena, wanted, text, strlen(text), &root, &problem), "and so do bad bytes");
	text = "{\"x\":1,\"id\":12345678901234567890123}";
	TapOk(JsonReadSelected(reader, arena, wanted, text, strlen(text), &root, &problem), "a long id");
	TapSame(JsonId(arena, root, "id"), "12345678901234567890123", "to the digit");
}

/* Marks at every place of a block */
static void
test_alignment(void)
{
	int			wrong = 0;

	for (int pad = 0; pad < 140; pad++)
	{
		char		text[400];
		char		expected[400];
		size_t		selected;
		const char *got;

		sprintf(text, "{\"x\":\"%*s\\\\\",\"id\":%d,\"y\":[%*s],\"venue\":{\"z\":1,\"name\":\"%*s\"}}", pad, "", pad, pad / 2, "", pad / 3, "");
		sprintf(expected, "{\"id\":%d,\"venue\":{\"name\":\"%*s\"}}", pad, pad / 3, "");
		got = JsonSelect(arena, wanted, text, strlen(text), &selected);
		wrong += got == NULL || selected != strlen(expected) || memcmp(got, expected, selected) != 0;
	}
	TapEqual(wrong, 0, "marks at all offsets");
}

int
main(void)
{
	arena = ArenaCreate();
	test_copies();
	test_broken();
	test_reading();
	test_alignment();
	ArenaFree(arena);
	return TapDone();
}
