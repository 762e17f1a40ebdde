/*
 * src/feed/csv.h
 *
 * Comma-separated values by RFC 4180, one row at a time: quotes, doubled
 * quotes and newlines within them; CRLF or LF between rows.  Strict within a
 * row: what the RFC does not allow makes that row a bad one, and reading goes
 * on behind its end.  Lenient around them: a byte order mark and empty lines
 * are passed over.
 *
 * Nothing is decoded: bytes that are not UTF-8 are for TextInvalidAt() to
 * find.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_CSV_H
#define INGEST_FEED_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

/* A row with more fields than this is a bad one */
#define CSV_MAX_FIELDS 4096

typedef struct CsvField
{
	const char *text;			/* not NUL-terminated; without its quotes */
	size_t		length;
} CsvField;

typedef struct CsvRow
{
	CsvField   *fields;
	int			nfields;
	const char *bytes;			/* as it stands, without its line end */
	size_t		length;
	size_t		line;			/* where it begins, from 1 */

	/* NULL, or why the row cannot be used; its fields are undefined then */
	const char *problem;
	bool		is_cut;			/* its last quote is never closed: what else the
								 * input held is in this row */
} CsvRow;

/* Fill with CsvOpen; private from then on but for `line`. */
typedef struct CsvReader
{
	const char *at;
	const char *end;
	char		delimiter;
	size_t		line;			/* of the next row */
} CsvReader;

/* Read so many bytes, which must stay as long as fields are used. */
extern void CsvOpen(CsvReader *reader, const char *bytes, size_t length, char delimiter);

/*
 * The next row, false at the end.  Its fields live in the bytes or, where
 * quotes had to be taken out of them, in the arena.
 */
extern bool CsvNext(CsvReader *reader, Arena *arena, CsvRow *row);

#endif
