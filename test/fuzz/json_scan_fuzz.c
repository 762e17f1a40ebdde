/*
 * test/fuzz/json_scan_fuzz.c
 *
 * libFuzzer: the JSON scanner against json-c.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -D_GNU_SOURCE \
 *     test/fuzz/json_scan_fuzz.c src/feed/{json_scan,json_select,json_read,text,html_entities,arena}.c \
 *     src/error_class.c -ljson-c -lm -o json_scan_fuzz
 *
 * Beside memory errors it looks for disagreement: of a document that both take,
 * the elements must be those of json-c's tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/json_read.h"
#include "feed/json_scan.h"

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void
fail(const char *what)
{
	fprintf(stderr, "disagreement: %s\n", what);
	abort();
}

static const JsonWanted inner_wanted[] = {
	JSON_WHOLE("b"), {NULL}
};

static const JsonWanted wanted[] = {
	JSON_WHOLE("id"), JSON_PART("a", inner_wanted), JSON_WHOLE("name"), {NULL}
};

/* Reading but the wanted members gives what reading all of them gives */
static void
compare_selected(JsonReader *reader, Arena *arena, const JsonElement *element, const JsonNode *node)
{
	static const char *const paths[] = {"id", "name", "a.b"};
	const JsonNode *selected;
	Problem		problem;

	if (!JsonReadSelected(reader, arena, wanted, element->text.bytes, element->text.length,
						  &selected, &problem))
		fail("an element that can be read, but not in part");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (JsonKindAt(node, paths[i]) != JsonKindAt(selected, paths[i]) ||
			strcmp(JsonToText(arena, JsonAt(node, paths[i])), JsonToText(arena, JsonAt(selected, paths[i]))) != 0)
			fail(paths[i]);
}

/* The elements that were found are those of the tree, each readable alone */
static void
compare(JsonReader *reader, Arena *arena, const JsonScan *scan, const JsonNode *list)
{
	JsonScanCursor cursor = {0};
	const JsonElement *element;
	int			index = 0;

	if (JsonCount(list) != (int) scan->nelements)
		fail("number of elements");
	while ((element = JsonScanNext(scan, &cursor)) != NULL)
	{
		const JsonNode *expected = JsonElementAt(list, index++);
		const JsonNode *node;
		Problem		problem;

		if (!JsonRead(reader, arena, element->text.bytes, element->text.length, &node, &problem))
			fail("an element that cannot be read alone");
		if (strcmp(JsonToText(arena, node), JsonToText(arena, expected)) != 0)
			fail("an element's extent");
		if (element->problem == NULL && JsonKindOf(node) != JSON_OBJECT)
			fail("an element that is no object");
		if (element->problem == NULL && memchr(element->text.bytes, '\\', element->text.length) == NULL)
			compare_selected(reader, arena, element, node);
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const JsonScanPlan plan = {
		.list = "events",
		.values = {"pagination", "a.b"},
		.members = {"id", "name"},
	};
	Arena	   *arena = ArenaCreate();
	char	   *bytes = malloc(size > 0 ? size : 1);	/* exactly so many */
	JsonReader *reader = JsonReaderCreate(arena);
	const JsonNode *root = NULL;
	JsonScan	scan;
	Problem		problem = {0};
	Problem		read_problem = {0};
	bool		scanned;
	bool		readable;

	memcpy(bytes, data, size);
	scanned = JsonScanDocument(arena, &plan, bytes, size, &scan, &problem);
	if (!scanned && !ProblemIsSet(&problem))
		fail("refused without a problem");
	readable = JsonRead(reader, arena, bytes, size, &root, &read_problem);

	/*
	 * One list only: of equal names json-c keeps the last, the scanner takes
	 * the elements of all.  Outside of elements the scanner is stricter than
	 * json-c, which takes 'a', NaN and "1.".
	 */
	if (scanned && readable && scan.has_list && JsonKindAt(root, "events") == JSON_ARRAY)
	{
		const char *first = memmem(bytes, size, "\"events\"", 8);

		if (first != NULL && memmem(first + 1, size - (size_t) (first + 1 - bytes), "events", 6) == NULL)
			compare(reader, arena, &scan, JsonAt(root, "events"));
	}
	free(bytes);
	ArenaFree(arena);
	return 0;
}
