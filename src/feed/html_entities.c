/*
 * src/feed/html_entities.c
 *
 * Character references of HTML: "&eacute;", "&#233;", "&#xE9;".  Pure C.
 */
#include "feed/html_entities.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "feed/html.h"
#include "utf8.h"

/*
 * Numbers 128 to 159 name control characters, but are written by those who
 * mean Windows-1252; HTML 5 reads them so (numeric character reference end
 * state).
 */
static const uint16_t windows_1252[32] = {
	0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
	0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

/* What a number means, as a character that text may hold */
static uint32_t
number_to_code(uint32_t number)
{
	if (number >= 0x80 && number <= 0x9F)
		return windows_1252[number - 0x80];
	if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
		return UTF8_REPLACEMENT;
	return number;
}

/* Value of a digit in base 10 or 16, or -1 */
static int
digit_value(char c, bool hex)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (hex && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (hex && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "&#…" */
static size_t
numeric_reference(const char *text, size_t length, uint32_t *code)
{
	size_t		i = 2;
	bool		hex = length > 2 && (text[2] == 'x' || text[2] == 'X');
	size_t		first;
	uint32_t	number = 0;

	if (hex)
		i++;
	first = i;
	for (; i < length; i++)
	{
		int			digit = digit_value(text[i], hex);

		if (digit < 0)
			break;
		if (number <= 0x10FFFF)
			number = number * (hex ? 16 : 10) + (uint32_t) digit;
	}
	if (i == first)
		return 0;
	*code = number_to_code(number);
	if (i < length && text[i] == ';')
		i++;
	return i;
}

/* bsearch: a name against an entry of the table */
static int
compare_name(const void *name, const void *entry)
{
	return strcmp(name, ((const HtmlEntityName *) entry)->name);
}

size_t
HtmlReference(const char *text, size_t length, uint32_t *code)
{
	char		name[HTML_ENTITY_MAX];
	size_t		size = 0;
	const HtmlEntityName *entry;

	if (length < 3)
		return 0;
	if (text[1] == '#')
		return numeric_reference(text, length, code);

	for (size_t i = 1; i < length && text[i] != ';'; i++)
	{
		char		c = text[i];
		bool		wanted = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9');

		if (!wanted || size == HTML_ENTITY_MAX - 1)
			return 0;
		name[size++] = c;
	}
	if (size == 0 || size + 1 >= length)
		return 0;
	name[size] = '\0';
	entry = bsearch(name, html_entities, sizeof(html_entities) / sizeof(html_entities[0]),
					sizeof(html_entities[0]), compare_name);
	if (entry == NULL)
		return 0;
	*code = entry->code;
	return size + 2;
}
