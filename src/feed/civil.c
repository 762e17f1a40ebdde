/*
 * src/feed/civil.c
 *
 * The proleptic Gregorian calendar: days since 1970-01-01 and back.  Years are
 * counted from March inside, so that the leap day is the last of its year, and
 * in eras of 400 years, which all have the same number of days.
 *
 * Pure C.
 */
#include "feed/zone.h"

#define ERA_YEARS	400
#define ERA_DAYS	INT64_C(146097)
#define EPOCH_DAYS	INT64_C(719468) /* 0000-03-01 to 1970-01-01 */

/*
 * Days since 1970-01-01; month 1..12, day any distance from the month's first,
 * year within 10^16
 */
int64_t
CivilToDays(int64_t year, int month, int day)
{
	int64_t		era;
	int64_t		year_of_era;
	int64_t		day_of_year;

	if (month <= 2)
		year--;
	era = year / ERA_YEARS - (year % ERA_YEARS < 0);
	year_of_era = year - era * ERA_YEARS;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
	return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
		year_of_era / 100 + day_of_year + (int64_t) day - 1 - EPOCH_DAYS;
}

/* Year, month 1..12 and day 1..31 of any number of days since 1970-01-01 */
void
DaysToCivil(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t		era = days / ERA_DAYS - (days % ERA_DAYS < 0);
	int64_t		day_of_era = days % ERA_DAYS;
	int64_t		year_of_era;
	int64_t		day_of_year;
	int			march_month;

	/* The era is split off first: adding to days itself might overflow */
	day_of_era += (day_of_era < 0 ? ERA_DAYS : 0) + EPOCH_DAYS;
	era += day_of_era / ERA_DAYS;
	day_of_era %= ERA_DAYS;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				   day_of_era / 146096) / 365;
	day_of_year = day_of_era -
		(365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	march_month = (int) ((5 * day_of_year + 2) / 153);
	*day = (int) (day_of_year - (153 * march_month + 2) / 5 + 1);
	*month = march_month < 10 ? march_month + 3 : march_month - 9;
	*year = era * ERA_YEARS + year_of_era + (*month <= 2);
}
