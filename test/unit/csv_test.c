/*
 * test/unit/csv_test.c
 *
 * Rows of CSV (src/feed/csv.h).
 */
#include "feed/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

static char out[4096];

/*
 * The rows of a text, read from a block of exactly its size: fields in
 * brackets, rows ended by a semicolon, bad rows as !reason.
 */
static const char *
rows_of(const char *text, size_t length, char delimiter)
{
	Arena	   *arena = ArenaCreate();
	char	   *copy = malloc(length > 0 ? length : 1);
	CsvReader	reader;
	CsvRow		row;
	size_t		used = 0;

	memcpy(copy, text, length);
	CsvOpen(&reader, copy, length, delimiter);
	out[0] = '\0';
	while (CsvNext(&reader, arena, &row))
	{
		used += (size_t) snprintf(out + used, sizeof(out) - used, "%zu", row.line);
		if (row.problem != NULL)
			used += (size_t) snprintf(out + used, sizeof(out) - used, "!%s%s", row.problem,
									  row.is_cut ? " (cut)" : "");
		else
			for (int i = 0; i < row.nfields; i++)
				used += (size_t) snprintf(out + used, sizeof(out) - used, "[%.*s]",
										  (int) row.fields[i].length, row.fields[i].text);
		used += (size_t) snprintf(out + used, sizeof(out) - used, ";");
	}
	free(copy);
	ArenaFree(arena);
	return out;
}

static void
reads(const char *text, const char *expected, const char *name)
{
	TapSame(rows_of(text, strlen(text), ','), expected, name);
}

int
main(void)
{
	reads("", "", "nothing");
	reads("a,b\n1,2\n", "1[a][b];2[1][2];", "two rows");
	reads("a,b\r\n1,2\r\n", "1[a][b];2[1][2];", "CRLF");
	reads("a,b\n1,2", "1[a][b];2[1][2];", "no line end at the end");
	reads("a,b\r\n1,2\r", "1[a][b];2[1][2];", "a line end that was cut");
	reads("a,,\n,,\n", "1[a][][];2[][][];", "empty fields");
	reads("\"a\",\"\"\n", "1[a][];", "quoted fields, one of them empty");
	reads("\"x, y\",z\n", "1[x, y][z];", "a comma in quotes");
	reads("\"say \"\"hi\"\"\",z\n", "1[say \"hi\"][z];", "doubled quotes");
	reads("\"\"\"\"\n", "1[\"];", "a quote alone");
	reads("\"one\ntwo\r\nthree\",z\nq\n", "1[one\ntwo\r\nthree][z];4[q];",
		  "line ends in quotes are kept, and lines are counted on");
	reads("\xEF\xBB\xBF" "a,b\n", "1[a][b];", "a byte order mark");
	reads("\xEF\xBB\xBF", "", "nothing but a byte order mark");
	reads("a\n\n\r\nb\n", "1[a];4[b];", "empty lines are no rows");
	reads(" a , b \n", "1[ a ][ b ];", "blanks are part of a field");
	reads("é,–\n", "1[é][–];", "UTF-8 passes through");
	TapSame(rows_of("a;b,c\n", 6, ';'), "1[a][b,c];", "another delimiter");
	TapSame(rows_of("a\0b,c\n", 6, ','), "1[a][c];", "a NUL byte ends nothing but its own printing");

	/* what RFC 4180 does not allow costs its row */
	reads("a\"b,c\nd,e\n", "1!a quote within a field that is not quoted;2[d][e];", "a stray quote");
	reads("\"a\"b,c\nd,e\n", "1!something between a closing quote and the next comma;2[d][e];",
		  "text behind a closing quote");
	reads("\"a\" ,c\nd\n", "1!something between a closing quote and the next comma;2[d];",
		  "even a blank behind a closing quote");
	reads("a\rb,c\nd\n", "1!a carriage return within a field that is not quoted;2[d];",
		  "a carriage return alone");
	reads("a\n\"b,c\nd\n", "1[a];2!a quote that is never closed (cut);",
		  "a quote that is never closed takes the rest, and says so");
	reads("\"a\nb\"c\nd\n", "1!something between a closing quote and the next comma;"
		  "2!a quote within a field that is not quoted;3[d];",
		  "behind a bad row its quotes are not trusted");
	{
		char	   *wide = malloc(CSV_MAX_FIELDS + 3);

		memset(wide, ',', CSV_MAX_FIELDS + 1);
		strcpy(wide + CSV_MAX_FIELDS + 1, "\n");
		reads(wide, "1!too many fields;", "too many fields");
		free(wide);
	}
	return TapDone();
}
