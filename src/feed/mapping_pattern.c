/*
 * src/feed/mapping_pattern.c
 *
 * Dates written by a pattern, as strptime() has them, but with English names
 * whatever the locale and no value that does not exist: the fields are put
 * into ISO 8601, which when.c then judges.
 *
 *     %Y 2026   %y 26   %m 7 07   %b %B Jul July   %d %e 4 04   %j no
 *     %H 0-23   %I 1-12 with %p am pm a.m.   %M   %S   %a %A a day's name
 *     %z Z +0200 +02:00   %T is %H:%M:%S   %R is %H:%M   %F is %Y-%m-%d   %%
 *
 * A blank stands for any number of them, none included.
 *
 * Pure C.
 */
#include "feed/mapping_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONVERSIONS "YymbBdeHIpMSaAzTRF%"

typedef struct Fields
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			afternoon;		/* -1: not said */
	bool		has_time;
	char		offset[8];
} Fields;

static const char *const months[] = {
	"january", "february", "march", "april", "may", "june", "july", "august",
	"september", "october", "november", "december", NULL
};
static const char *const days[] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL
};

bool
PatternIsValid(const char *pattern)
{
	bool		has_conversion = false;

	for (; *pattern != '\0'; pattern++)
	{
		if (*pattern != '%')
			continue;
		pattern++;
		if (*pattern == '\0' || strchr(CONVERSIONS, *pattern) == NULL)
			return false;
		has_conversion |= *pattern != '%';
	}
	return has_conversion;
}

/* Take one to `most` digits */
static bool
take_number(const char **text, int most, int *value)
{
	int			taken = 0;

	*value = 0;
	for (; taken < most && **text >= '0' && **text <= '9'; taken++, (*text)++)
		*value = *value * 10 + (**text - '0');
	return taken > 0;
}

/* Take a name, or its first three letters with or without a full stop */
static bool
take_name(const char **text, const char *const *names, int *index)
{
	for (int i = 0; names[i] != NULL; i++)
	{
		size_t		length = strlen(names[i]);

		if (strncasecmp(*text, names[i], length) != 0)
		{
			if (strncasecmp(*text, names[i], 3) != 0)
				continue;
			length = 3 + ((*text)[3] == '.');
		}
		*text += length;
		*index = i;
		return true;
	}
	return false;
}

/* Take "am", "PM", "p.m." */
static bool
take_half(const char **text, int *afternoon)
{
	char		c = (char) (**text | 0x20);

	if (c != 'a' && c != 'p')
		return false;
	*afternoon = c == 'p';
	(*text)++;
	if (**text == '.')
		(*text)++;
	if ((**text | 0x20) != 'm')
		return false;
	(*text)++;
	if (**text == '.')
		(*text)++;
	return true;
}

/* Take an offset; it is checked with the rest */
static bool
take_offset(const char **text, Fields *fields)
{
	size_t		length = **text == 'Z' || **text == 'z' ? 1 :
		**text == '+' || **text == '-' ? 1 + strspn(*text + 1, "0123456789:") : 0;

	if (length == 0 || length >= sizeof(fields->offset))
		return false;
	memcpy(fields->offset, *text, length);
	fields->offset[length] = '\0';
	*text += length;
	return true;
}

static bool take_pattern(const char *pattern, const char **text, Fields *fields);

/* Take what one conversion stands for */
static bool
take_conversion(char conversion, const char **text, Fields *fields)
{
	int			ignored;

	switch (conversion)
	{
		case 'Y':
			return take_number(text, 4, &fields->year);
		case 'y':
			if (!take_number(text, 2, &fields->year))
				return false;
			fields->year += fields->year < 69 ? 2000 : 1900;
			return true;
		case 'm':
			return take_number(text, 2, &fields->month);
		case 'b':
		case 'B':
			if (!take_name(text, months, &fields->month))
				return false;
			fields->month++;
			return true;
		case 'd':
		case 'e':
			*text += strspn(*text, " ");
			return take_number(text, 2, &fields->day);
		case 'H':
		case 'I':
			fields->has_time = true;
			*text += strspn(*text, " ");
			return take_number(text, 2, &fields->hour) &&
				(conversion == 'H' || (fields->hour >= 1 && fields->hour <= 12));
		case 'M':
			return take_number(text, 2, &fields->minute);
		case 'S':
			return take_number(text, 2, &fields->second);
		case 'p':
			return take_half(text, &fields->afternoon);
		case 'a':
		case 'A':
			return take_name(text, days, &ignored);
		case 'z':
			return take_offset(text, fields);
		case 'T':
			return take_pattern("%H:%M:%S", text, fields);
		case 'R':
			return take_pattern("%H:%M", text, fields);
		case 'F':
			return take_pattern("%Y-%m-%d", text, fields);
		default:
			return *(*text)++ == '%';
	}
}

/* Take what a pattern stands for */
static bool
take_pattern(const char *pattern, const char **text, Fields *fields)
{
	for (; *pattern != '\0'; pattern++)
	{
		if (*pattern == ' ')
			*text += strspn(*text, " \t\n");
		else if (*pattern == '%')
		{
			if (!take_conversion(*++pattern, text, fields))
				return false;
		}
		else if (**text != *pattern)
			return false;
		else
			(*text)++;
	}
	return true;
}

WhenKind
PatternParse(const char *pattern, const char *text, int64_t *value)
{
	Fields		fields = {.afternoon = -1};
	char		iso[64];

	text += strspn(text, " \t\n");
	if (!take_pattern(pattern, &text, &fields) || text[strspn(text, " \t\r\n")] != '\0')
		return WHEN_INVALID;
	if (fields.afternoon >= 0)
	{
		if (fields.hour < 1 || fields.hour > 12)
			return WHEN_INVALID;
		fields.hour = fields.hour % 12 + 12 * fields.afternoon;
	}
	if (fields.has_time)
		snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02d%s", fields.year, fields.month,
				 fields.day, fields.hour, fields.minute, fields.second, fields.offset);
	else
		snprintf(iso, sizeof(iso), "%04d-%02d-%02d", fields.year, fields.month, fields.day);
	return WhenParse(iso, strlen(iso), value);
}
