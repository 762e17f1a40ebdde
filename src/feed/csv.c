/*
 * src/feed/csv.c
 *
 * See csv.h.
 *
 * Pure C.
 */
#include "feed/csv.h"

#include <string.h>

/* Room for the fields of one row, doubled as they come */
typedef struct FieldList
{
	Arena	   *arena;
	CsvField   *fields;
	int			nfields;
	int			room;
} FieldList;

void
CsvOpen(CsvReader *reader, const char *bytes, size_t length, char delimiter)
{
	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
	{
		bytes += 3;
		length -= 3;
	}
	reader->at = bytes;
	reader->end = bytes + length;
	reader->delimiter = delimiter;
	reader->line = 1;
}

/* Length of the line end at a place: CRLF, LF or none */
static size_t
line_end(const CsvReader *reader, const char *at)
{
	if (at < reader->end && *at == '\n')
		return 1;
	if (at + 1 < reader->end && at[0] == '\r' && at[1] == '\n')
		return 2;

	/* The last row of a file that was cut within its line end */
	return at + 1 == reader->end && *at == '\r' ? 1 : 0;
}

/* Is a field over here? */
static bool
is_field_end(const CsvReader *reader, const char *at)
{
	return at == reader->end || *at == reader->delimiter || line_end(reader, at) > 0;
}

static void
add_field(FieldList *list, const char *text, size_t length)
{
	if (list->nfields == list->room)
	{
		CsvField   *larger;

		list->room = list->room == 0 ? 32 : list->room * 2;
		larger = ArenaAlloc(list->arena, sizeof(CsvField) * (size_t) list->room);
		if (list->nfields > 0)
			memcpy(larger, list->fields, sizeof(CsvField) * (size_t) list->nfields);
		list->fields = larger;
	}
	list->fields[list->nfields++] = (CsvField) {text, length};
}

/* Add a quoted field's inside, of which so many quotes are doubled */
static void
add_quoted(FieldList *list, const char *text, size_t length, size_t ndoubled)
{
	char	   *copy;
	char	   *out;

	if (ndoubled == 0)
	{
		add_field(list, text, length);
		return;
	}
	copy = out = ArenaAlloc(list->arena, length);
	for (size_t i = 0; i < length; i++)
	{
		*out++ = text[i];
		if (text[i] == '"')
			i++;
	}
	add_field(list, copy, (size_t) (out - copy));
}

/*
 * A field that begins with a quote: to behind its last one.  NULL: it is never
 * closed.
 */
static const char *
read_quoted(CsvReader *reader, const char *at, FieldList *list)
{
	const char *start = ++at;
	size_t		ndoubled = 0;

	for (; at < reader->end; at++)
	{
		if (*at == '\n')
			reader->line++;
		if (*at != '"')
			continue;
		if (at + 1 < reader->end && at[1] == '"')
		{
			ndoubled++;
			at++;
			continue;
		}
		add_quoted(list, start, (size_t) (at - start), ndoubled);
		return at + 1;
	}
	return NULL;
}

/* A field without quotes; NULL: *problem */
static const char *
read_bare(const CsvReader *reader, const char *at, FieldList *list, const char **problem)
{
	const char *start = at;

	for (; !is_field_end(reader, at); at++)
	{
		if (*at == '"')
			*problem = "a quote within a field that is not quoted";
		else if (*at == '\r')
			*problem = "a carriage return within a field that is not quoted";
		else
			continue;
		return NULL;
	}
	add_field(list, start, (size_t) (at - start));
	return at;
}

/* The fields of a row, to its line end; NULL: *problem */
static const char *
read_fields(CsvReader *reader, const char *at, FieldList *list, const char **problem)
{
	while (true)
	{
		if (list->nfields == CSV_MAX_FIELDS)
		{
			*problem = "too many fields";
			return NULL;
		}
		if (at < reader->end && *at == '"')
		{
			at = read_quoted(reader, at, list);
			if (at != NULL && !is_field_end(reader, at))
			{
				*problem = "something between a closing quote and the next comma";
				return NULL;
			}
		}
		else
			at = read_bare(reader, at, list, problem);
		if (at == NULL || at == reader->end || *at != reader->delimiter)
			return at;
		at++;
	}
}

/*
 * Behind a bad row: the first line end from where it was begun.  Its quotes
 * are not to be trusted, so they are not followed.
 */
static const char *
skip_line(const CsvReader *reader, const char *at)
{
	const char *newline = memchr(at, '\n', (size_t) (reader->end - at));

	return newline == NULL ? reader->end :
		newline > at && newline[-1] == '\r' ? newline - 1 : newline;
}

bool
CsvNext(CsvReader *reader, Arena *arena, CsvRow *row)
{
	FieldList	list = {arena, NULL, 0, 0};
	const char *problem = NULL;
	const char *at;
	size_t		skip;

	while ((skip = line_end(reader, reader->at)) > 0)
	{
		reader->at += skip;
		reader->line++;
	}
	if (reader->at == reader->end)
		return false;

	memset(row, 0, sizeof(*row));
	row->bytes = reader->at;
	row->line = reader->line;
	at = read_fields(reader, reader->at, &list, &problem);
	if (at == NULL && problem == NULL)
	{
		row->is_cut = true;
		problem = "a quote that is never closed";
		at = reader->end;
	}
	else if (at == NULL)
	{
		reader->line = row->line;
		at = skip_line(reader, reader->at);
	}
	row->fields = list.fields;
	row->nfields = list.nfields;
	row->length = (size_t) (at - row->bytes);
	row->problem = problem;
	skip = line_end(reader, at);
	reader->at = at + skip;
	reader->line += skip > 0;
	return true;
}
