/*
 * src/feed/ics_time.c
 *
 * Dates, times and durations of iCalendar, read from their text: libical would
 * make 2 March of 30 February, and lose zones and long lists.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A duration longer than this is a mistake: a century */
#define MAX_DURATION (INT64_C(36525) * 86400)

/* `count` digits as a number, or -1 */
static int
digits(const char *text, int count)
{
	int			number = 0;

	for (int i = 0; i < count; i++)
	{
		if (!isdigit((unsigned char) text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* Gregorian */
static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
		return 29;
	return days[month - 1];
}

bool
IcsReadStamp(const char *text, size_t length, LocalTime *local, bool *is_date, bool *is_utc)
{
	int			year,
				month,
				day,
				hour,
				minute,
				second = 0;
	size_t		at = 13;

	if (length < 8 || (year = digits(text, 4)) < 1 || (month = digits(text + 4, 2)) < 1 ||
		month > 12 || (day = digits(text + 6, 2)) < 1 || day > days_in_month(year, month))
		return false;
	*is_date = length == 8;
	*is_utc = false;
	*local = CivilToDays(year, month, day) * 86400;
	if (*is_date)
		return true;
	if (length < 13 || (text[8] | 0x20) != 't' || (hour = digits(text + 9, 2)) < 0 ||
		(minute = digits(text + 11, 2)) < 0)
		return false;
	if (length >= 15 && (second = digits(text + 13, 2)) >= 0)
		at = 15;
	else
		second = 0;
	if (at < length && (text[at] | 0x20) == 'z')
	{
		*is_utc = true;
		at++;
	}
	if (at != length || hour > 24 || minute > 59 || second > 60 ||
		(hour == 24 && (minute > 0 || second > 0)))
		return false;
	if (second == 60)
		second = 59;			/* a leap second, which no clock here knows */
	*local += hour * 3600 + minute * 60 + second;
	return true;
}

bool
IcsReadTime(IcsPage *ics, IcsCalendar *calendar, const IcsLine *line,
			const char *value, size_t length, IcsTime *time)
{
	const char *tzid;
	size_t		tzid_length;

	memset(time, 0, sizeof(*time));
	while (length > 0 && isspace((unsigned char) *value))
		value++, length--;
	while (length > 0 && (isspace((unsigned char) value[length - 1]) || value[length - 1] == ';'))
		length--;
	if (!IcsReadStamp(value, length, &time->local, &time->is_date, &time->is_utc))
		return false;

	/* VALUE=DATE with a time of midnight behind it is met, and meant as a date */
	if (!time->is_date)
	{
		size_t		kind_length;
		const char *kind = IcsParam(line, "VALUE", &kind_length);

		if (kind != NULL && kind_length == 4 && strncasecmp(kind, "DATE", 4) == 0 &&
			time->local % 86400 == 0)
		{
			time->is_date = true;
			time->is_utc = false;
		}
	}

	if (time->is_date)
		time->zone = IcsDefaultZone(ics, calendar);
	else if (time->is_utc)
		time->zone = ZoneUtc(ics->feed->zones);
	else if ((tzid = IcsParam(line, "TZID", &tzid_length)) != NULL && tzid_length > 0)
		time->zone = IcsZone(ics, calendar, tzid, tzid_length);
	else
	{
		time->floating = true;
		time->zone = IcsDefaultZone(ics, calendar);
	}
	time->utc = ZoneToUtc(time->zone, time->local);
	return true;
}

bool
IcsReadDuration(const char *text, size_t length, IcsDuration *duration)
{
	bool		in_time = false;
	bool		any = false;
	size_t		at = 0;
	int64_t		total;

	duration->days = duration->seconds = 0;
	while (at < length && isspace((unsigned char) text[at]))
		at++;
	if (at < length && text[at] == '+')
		at++;
	if (at == length || (text[at] | 0x20) != 'p')
		return false;
	for (at++; at < length && !isspace((unsigned char) text[at]);)
	{
		int64_t		number = 0;
		size_t		first = at;

		if ((text[at] | 0x20) == 't' && !in_time)
		{
			in_time = true;
			at++;
			continue;
		}
		for (; at < length && isdigit((unsigned char) text[at]); at++)
			if (number <= MAX_DURATION)
				number = number * 10 + (text[at] - '0');
		if (at == first || at == length || number > MAX_DURATION)
			return false;
		switch (text[at++] | 0x20)
		{
			case 'w':
				duration->days += number * 7;
				break;
			case 'd':
				duration->days += number;
				break;
			case 'h':
				duration->seconds += number * 3600;
				break;
			case 'm':
				duration->seconds += number * 60;
				break;
			case 's':
				duration->seconds += number;
				break;
			default:
				return false;
		}
		if (duration->days > MAX_DURATION / 86400 || duration->seconds > MAX_DURATION)
			return false;
		any = true;
	}
	total = duration->days * 86400 + duration->seconds;
	return any && total <= MAX_DURATION;
}

void
IcsFormatStamp(FeedTime time, bool is_date, char *text, size_t size)
{
	int64_t		days = time / 86400 - (time % 86400 < 0 ? 1 : 0);
	int			second = (int) (time - days * 86400);
	int64_t		year;
	int			month,
				day;

	DaysToCivil(days, &year, &month, &day);
	if (is_date)
		snprintf(text, size, "%04d%02d%02d", (int) year, month, day);
	else
		snprintf(text, size, "%04d%02d%02dT%02d%02d%02dZ", (int) year, month, day,
				 second / 3600, second / 60 % 60, second % 60);
}
