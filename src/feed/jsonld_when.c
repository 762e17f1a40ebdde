/*
 * src/feed/jsonld_when.c
 *
 * Dates and times as web sites write them: ISO 8601 with the mistakes that
 * templates make (OutSavvy's "12:30:00:00+01:00", a blank before the offset,
 * "7:30 PM"), and what JavaScript's Date prints.  "03/07/2026" is not read:
 * nobody can tell its day from its month.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/text.h"
#include "feed/when.h"

typedef struct Reader
{
	const char *at;
} Reader;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_blanks(Reader *r)
{
	while (*r->at == ' ' || *r->at == ',')
		r->at++;
}

/* One to `most` digits; false leaves the reader alone */
static bool
take_number(Reader *r, int most, int *value)
{
	int			n = 0;

	*value = 0;
	while (n < most && is_digit(r->at[n]))
		*value = *value * 10 + (r->at[n++] - '0');
	r->at += n;
	return n > 0;
}

/* "Jan" to "December"; 0: it is none */
static int
take_month(Reader *r)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncasecmp(r->at, months + 3 * i, 3) == 0)
		{
			while ((*r->at >= 'A' && *r->at <= 'Z') || (*r->at >= 'a' && *r->at <= 'z'))
				r->at++;
			return i + 1;
		}
	return 0;
}

/* "2026-07-03", "2026-7-3", "2026/07/03" */
static bool
take_iso_date(Reader *r, int *year, int *month, int *day)
{
	const char *from = r->at;
	char		separator;

	if (take_number(r, 4, year) && r->at - from == 4 && (*r->at == '-' || *r->at == '/'))
	{
		separator = *r->at++;
		if (take_number(r, 2, month) && *r->at == separator)
		{
			r->at++;
			if (take_number(r, 2, day) && !is_digit(*r->at))
				return true;
		}
	}
	r->at = from;
	return false;
}

/* "Fri Jul 03 2026", "Fri, 3 Jul 2026", "July 3, 2026" */
static bool
take_named_date(Reader *r, int *year, int *month, int *day)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	const char *from;

	for (int i = 0; i < 7; i++)
		if (strncasecmp(r->at, days + 3 * i, 3) == 0)
		{
			while ((*r->at >= 'A' && *r->at <= 'Z') || (*r->at >= 'a' && *r->at <= 'z'))
				r->at++;
			break;
		}
	skip_blanks(r);
	*month = take_month(r);
	skip_blanks(r);
	if (!take_number(r, 2, day))
		return false;
	skip_blanks(r);
	if (*month == 0 && (*month = take_month(r)) == 0)
		return false;
	skip_blanks(r);
	from = r->at;
	return take_number(r, 4, year) && r->at - from == 4;
}

/* "19:30", "19:30:00.000", "12:30:00:00", "7:30 PM", "7pm" */
static bool
take_time(Reader *r, int *hour, int *minute, int *second)
{
	const char *from = r->at;
	bool		has_minute = false;

	*minute = *second = 0;
	if (!take_number(r, 2, hour))
		return false;
	if (*r->at == ':')
	{
		r->at++;
		has_minute = take_number(r, 2, minute);
	}
	if (has_minute && *r->at == ':' && is_digit(r->at[1]))
	{
		r->at++;
		(void) take_number(r, 2, second);
	}
	if (has_minute && *r->at == ':' && is_digit(r->at[1]) && is_digit(r->at[2]))
		r->at += 3;				/* one ":00" too many */
	if (has_minute && (*r->at == '.' || *r->at == ',') && is_digit(r->at[1]))
		for (r->at++; is_digit(*r->at);)
			r->at++;
	while (*r->at == ' ')
		r->at++;
	if ((*r->at == 'a' || *r->at == 'A' || *r->at == 'p' || *r->at == 'P') &&
		(r->at[1] == 'm' || r->at[1] == 'M') && *hour >= 1 && *hour <= 12)
	{
		*hour = *hour % 12 + ((*r->at | 0x20) == 'p' ? 12 : 0);
		r->at += 2;
		has_minute = true;
	}
	if (!has_minute)
		r->at = from;
	return has_minute;
}

/* "Z", "+01:00", "-0400", "-4:00", "GMT+0000", "UTC"; "" where there is none */
static bool
take_zone(Reader *r, char *zone, size_t size)
{
	int			hour;
	int			minute = 0;
	char		sign;
	const char *from;

	zone[0] = '\0';
	while (*r->at == ' ')
		r->at++;
	if (strncasecmp(r->at, "GMT", 3) == 0 || strncasecmp(r->at, "UTC", 3) == 0)
	{
		r->at += 3;
		strcpy(zone, "Z");
	}
	else if (*r->at == 'Z' || *r->at == 'z')
	{
		r->at++;
		strcpy(zone, "Z");
		return true;
	}
	while (*r->at == ' ')
		r->at++;
	if (*r->at != '+' && *r->at != '-')
		return true;
	sign = *r->at++;
	from = r->at;
	if (!take_number(r, 2, &hour))
		return false;
	if (*r->at == ':')
		r->at++;
	if (is_digit(*r->at) && (!take_number(r, 2, &minute) || r->at - from < 4))
		return false;
	snprintf(zone, size, "%c%02d:%02d", sign, hour, minute);
	return true;
}

/* The text as ISO 8601, its zone apart; false: no form that is known */
static bool
normalise(const char *text, char *iso, size_t size, char *zone, size_t zone_size)
{
	Reader		r = {text};
	int			year = 0;
	int			month = 0;
	int			day = 0;
	int			hour;
	int			minute;
	int			second;

	zone[0] = '\0';
	if (!take_iso_date(&r, &year, &month, &day) && !take_named_date(&r, &year, &month, &day))
		return false;
	snprintf(iso, size, "%04d-%02d-%02d", year, month, day);
	while (*r.at == ' ' || *r.at == ',' || *r.at == 'T' || *r.at == 't')
		r.at++;
	if (strncasecmp(r.at, "at ", 3) == 0)
		r.at += 3;
	if (*r.at == '\0')
		return true;
	if (!take_time(&r, &hour, &minute, &second))
		return false;
	snprintf(iso, size, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour, minute, second);
	if (!take_zone(&r, zone, zone_size))
		return false;
	while (*r.at == ' ')
		r.at++;

	/* JavaScript names the zone once more: "(Eastern Daylight Time)" */
	return *r.at == '\0' || *r.at == '(';
}

JsonldTime
JsonldWhenText(Arena *arena, const char *text, size_t length)
{
	JsonldTime	time = {WHEN_INVALID, FEED_TIME_UNKNOWN, FEED_TIME_UNKNOWN, false, NULL};
	char		iso[64];
	char		zone[32];
	char		whole[96];

	time.text = TextLine(arena, text, length, true);
	if (time.text == NULL || strlen(time.text) > 100)
		return time;
	if (!normalise(time.text, iso, sizeof(iso), zone, sizeof(zone)))
	{
		/* the basic form, "20260703T193000Z" */
		time.kind = WhenParse(time.text, strlen(time.text), &time.value);
		time.local = time.value;
		time.utc = time.kind == WHEN_INSTANT;
		if (time.kind == WHEN_INVALID)
			time.local = time.value = FEED_TIME_UNKNOWN;
		return time;
	}
	snprintf(whole, sizeof(whole), "%s%s", iso, zone);
	time.kind = WhenParse(whole, strlen(whole), &time.value);
	if (time.kind == WHEN_INVALID || WhenParse(iso, strlen(iso), &time.local) == WHEN_INVALID)
	{
		time.kind = WHEN_INVALID;
		time.local = time.value = FEED_TIME_UNKNOWN;
	}
	time.utc = strcmp(zone, "Z") == 0;
	return time;
}

JsonldTime
JsonldWhen(const JsonldGraph *graph, Arena *arena, JsonldNode node, const char *name)
{
	size_t		length = 0;
	const char *text = JsonldText(graph, arena, JsonldGet(node, name), &length);

	return JsonldWhenText(arena, text, length);
}

bool
JsonldDuration(const char *text, int64_t *seconds)
{
	bool		in_time = false;
	bool		any = false;

	*seconds = 0;
	if (text == NULL || *text++ != 'P')
		return false;
	while (*text != '\0')
	{
		char	   *end;
		long		number;

		if (*text == 'T' && !in_time)
		{
			in_time = true;
			text++;
			continue;
		}
		if (!is_digit(*text))
			return false;
		number = strtol(text, &end, 10);
		if (number > 100000 || *end == '\0')
			return false;
		if (*end == 'W' && !in_time)
			*seconds += number * 604800;
		else if (*end == 'D' && !in_time)
			*seconds += number * 86400;
		else if (*end == 'H' && in_time)
			*seconds += number * 3600;
		else if (*end == 'M' && in_time)
			*seconds += number * 60;
		else if (*end == 'S' && in_time)
			*seconds += number;
		else if (number != 0)
			return false;
		text = end + 1;
		any = true;
	}
	return any;
}
