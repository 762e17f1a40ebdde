/*
 * src/store/encoding.c
 *
 * UTF-8 in databases of other encodings.  A listing's text must be what the
 * upstream said, or it is refused; these are for what must be kept all the
 * same: records that were refused, words for people.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "store/store.h"

/* What is written instead of a character that the database does not know */
typedef void (*Substitute) (StringInfo out, pg_wchar character);

static void
question_mark(StringInfo out, pg_wchar character)
{
	appendStringInfoChar(out, '?');
}

/* As JSON writes it in ASCII: beyond ASCII there are only strings in JSON */
static void
json_escape(StringInfo out, pg_wchar character)
{
	if (character >= 0x10000)
	{
		appendStringInfo(out, "\\u%04x", 0xD800 + ((character - 0x10000) >> 10));
		character = 0xDC00 + ((character - 0x10000) & 0x3FF);
	}
	appendStringInfo(out, "\\u%04x", character);
}

/* Raises if it is not UTF-8; palloc'd, or the input itself */
static char *
convert(char *utf8, int length, Substitute substitute)
{
	int			encoding = GetDatabaseEncoding();
	unsigned char *at = (unsigned char *) utf8;
	StringInfoData out;
	char	   *converted;
	Oid			proc;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return pg_any_to_server(utf8, length, PG_UTF8);
	(void) pg_verify_mbstr(PG_UTF8, utf8, length, false);
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(proc))
		return pg_any_to_server(utf8, length, PG_UTF8);

	initStringInfo(&out);
	converted = palloc((Size) length * MAX_CONVERSION_GROWTH + MAX_CONVERSION_GROWTH + 1);
	while (length > 0)
	{
		int			size = length * MAX_CONVERSION_GROWTH + MAX_CONVERSION_GROWTH + 1;
		int			done = pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding, at, length,
														 (unsigned char *) converted, size, true);

		appendStringInfoString(&out, converted);
		at += done;
		length -= done;
		if (length > 0)
		{
			int			width = pg_utf_mblen(at);

			substitute(&out, utf8_to_unicode(at));
			at += width;
			length -= width;
		}
	}
	pfree(converted);
	return out.data;
}

Datum
StoreWords(const char *utf8)
{
	char	   *copy = pstrdup(utf8);

	/* Our own words are in UTF-8, those of the server in its encoding */
	if (!pg_verify_mbstr(PG_UTF8, copy, strlen(copy), true) &&
		pg_verify_mbstr(GetDatabaseEncoding(), copy, strlen(copy), true))
		return CStringGetTextDatum(copy);
	return CStringGetTextDatum(convert(copy, strlen(copy), question_mark));
}

char *
StoreJson(const char *utf8, size_t length)
{
	return convert(pnstrdup(utf8, length), length, json_escape);
}
