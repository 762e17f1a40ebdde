/*
 * src/feed/when.c
 *
 * ISO 8601.  Pure C.
 */
#include "feed/when.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "feed/zone.h"

#define DAY 86400

/* What is left of the text */
typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

/* Take exactly so many digits; false leaves the reader alone */
static bool
take_digits(Reader *reader, int count, int *value)
{
	int			number = 0;

	if (reader->end - reader->at < count)
		return false;
	for (int i = 0; i < count; i++)
	{
		if (reader->at[i] < '0' || reader->at[i] > '9')
			return false;
		number = number * 10 + (reader->at[i] - '0');
	}
	reader->at += count;
	*value = number;
	return true;
}

/* Take one of the characters, which is returned, or nothing: NUL */
static char
take_one_of(Reader *reader, const char *characters)
{
	if (reader->at == reader->end || *reader->at == '\0' ||
		strchr(characters, *reader->at) == NULL)
		return '\0';
	return *reader->at++;
}

static bool
at_end(const Reader *reader)
{
	return reader->at == reader->end;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* YYYY-MM-DD or YYYYMMDD, as seconds */
static bool
take_date(Reader *reader, int64_t *seconds)
{
	int			year;
	int			month;
	int			day;
	bool		dashed;

	if (!take_digits(reader, 4, &year))
		return false;
	dashed = take_one_of(reader, "-") != '\0';
	if (!take_digits(reader, 2, &month) ||
		(dashed && take_one_of(reader, "-") == '\0') ||
		!take_digits(reader, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	*seconds = CivilToDays(year, month, day) * DAY;
	return true;
}

/* HH:MM, HH:MM:SS, HHMM, HHMMSS, with a fraction after the seconds */
static bool
take_time(Reader *reader, int64_t *seconds)
{
	int			hour;
	int			minute;
	int			second = 0;
	int			digit;
	bool		colons;

	if (!take_digits(reader, 2, &hour))
		return false;
	colons = take_one_of(reader, ":") != '\0';
	if (!take_digits(reader, 2, &minute))
		return false;
	if (colons ? take_one_of(reader, ":") != '\0' :
		!at_end(reader) && *reader->at >= '0' && *reader->at <= '9')
	{
		if (!take_digits(reader, 2, &second))
			return false;
		if (take_one_of(reader, ".,") != '\0')
		{
			if (!take_digits(reader, 1, &digit))
				return false;
			while (take_digits(reader, 1, &digit))
				;
		}
	}
	if (hour > 24 || minute > 59 || second > 60 ||
		(hour == 24 && (minute != 0 || second != 0)))
		return false;
	*seconds += hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
	return true;
}

/* Z or an offset; nothing at all is WHEN_LOCAL */
static WhenKind
take_offset(Reader *reader, int64_t *seconds)
{
	int			hours;
	int			minutes = 0;
	char		sign;
	int			offset;

	if (at_end(reader))
		return WHEN_LOCAL;
	if (take_one_of(reader, "Zz") != '\0')
		return WHEN_INSTANT;
	sign = take_one_of(reader, "+-");
	if (sign == '\0' || !take_digits(reader, 2, &hours))
		return WHEN_INVALID;
	if (!at_end(reader))
	{
		take_one_of(reader, ":");
		if (!take_digits(reader, 2, &minutes))
			return WHEN_INVALID;
	}
	if (hours > 18 || minutes > 59)
		return WHEN_INVALID;
	offset = hours * 3600 + minutes * 60;
	*seconds -= sign == '-' ? -offset : offset;
	return WHEN_INSTANT;
}

WhenKind
WhenParse(const char *text, size_t length, int64_t *value)
{
	Reader		reader = {text, text + length};
	int64_t		seconds = 0;
	WhenKind	kind;

	if (text == NULL)
		return WHEN_INVALID;
	while (reader.at < reader.end && (*reader.at == ' ' || *reader.at == '\t'))
		reader.at++;
	while (reader.end > reader.at && (reader.end[-1] == ' ' || reader.end[-1] == '\t'))
		reader.end--;
	if (!take_date(&reader, &seconds))
		return WHEN_INVALID;
	if (at_end(&reader))
	{
		*value = seconds;
		return WHEN_DATE;
	}
	if (take_one_of(&reader, "Tt ") == '\0' || !take_time(&reader, &seconds))
		return WHEN_INVALID;
	take_one_of(&reader, " ");	/* "18:00 +02" */
	kind = take_offset(&reader, &seconds);
	if (kind == WHEN_INVALID || !at_end(&reader))
		return WHEN_INVALID;
	*value = seconds;
	return kind;
}

void
WhenFormatLocal(LocalTime local, char *text)
{
	int64_t		days = local / DAY - (local % DAY < 0);
	int			seconds = (int) (local - days * DAY);
	int64_t		year;
	int			month;
	int			day;

	text[0] = '\0';

	/* Before anything that could overflow: years 1 to 9999, generously */
	if (days < -800000 || days > 3000000)
		return;
	DaysToCivil(days, &year, &month, &day);
	if (year < 1 || year > 9999)
		return;
	snprintf(text, WHEN_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned) year % 10000,
			 (unsigned) month % 100, (unsigned) day % 100, (unsigned) seconds / 3600 % 100,
			 (unsigned) seconds / 60 % 60, (unsigned) seconds % 60);
}
