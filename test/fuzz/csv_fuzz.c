/*
 * test/fuzz/csv_fuzz.c
 *
 * libFuzzer: the CSV reader.  Rows must lie in the input one behind the other,
 * fields in their row or the arena; and rows written anew must read the same.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -D_GNU_SOURCE \
 *     test/fuzz/csv_fuzz.c src/feed/csv.c src/feed/arena.c -o csv_fuzz
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/csv.h"

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void
fail(const char *what)
{
	fprintf(stderr, "contract broken: %s\n", what);
	abort();
}

/* Write a row with every field in quotes; the bytes written */
static size_t
write_row(const CsvRow *row, char *out)
{
	char	   *start = out;

	for (int i = 0; i < row->nfields; i++)
	{
		if (i > 0)
			*out++ = ',';
		*out++ = '"';
		for (size_t j = 0; j < row->fields[i].length; j++)
		{
			if (row->fields[i].text[j] == '"')
				*out++ = '"';
			*out++ = row->fields[i].text[j];
		}
		*out++ = '"';
	}
	return (size_t) (out - start);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	Arena	   *arena = ArenaCreate();
	char	   *bytes = malloc(size > 0 ? size : 1);
	const char *behind = bytes;
	CsvReader	reader;
	CsvRow		row;

	memcpy(bytes, data, size);
	CsvOpen(&reader, bytes, size, ',');
	while (CsvNext(&reader, arena, &row))
	{
		if (row.bytes < behind || row.bytes + row.length > bytes + size || row.length == 0)
			fail("a row that is not behind the one before");
		behind = row.bytes + row.length;
		if (row.is_cut && (row.problem == NULL || behind != bytes + size))
			fail("a cut row that is not the last");
		if (row.problem == NULL)
		{
			size_t		room = row.length * 2 + (size_t) row.nfields * 3 + 1;
			char	   *text = malloc(room);
			size_t		length = write_row(&row, text);
			CsvReader	again;
			CsvRow		copy;

			CsvOpen(&again, text, length, ',');
			if (!CsvNext(&again, arena, &copy) || copy.problem != NULL || copy.nfields != row.nfields)
				fail("a row that cannot be read again");
			for (int i = 0; i < row.nfields; i++)
				if (copy.fields[i].length != row.fields[i].length ||
					memcmp(copy.fields[i].text, row.fields[i].text, row.fields[i].length) != 0)
					fail("a field that reads otherwise");
			free(text);
		}
	}
	free(bytes);
	ArenaFree(arena);
	return 0;
}
