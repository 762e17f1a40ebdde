/*
 * src/feed/rrule_days.c
 *
 * Which days the BY parts of a rule allow, a year at a time: one bit a day.
 * BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY and BYDAY each give the days they
 * name and the days of the rule are those that all parts present name.  That
 * is what the RFC's table of expanding and limiting comes to: what a part
 * expands or limits depends on FREQ, the days that are left do not.
 *
 * SKIP (RFC 7529) is the exception: 31 February becomes 1 March, a day of
 * another period.  While it is at work the months that count are chosen here,
 * by FREQ and INTERVAL, and the caller has no periods.
 *
 * Pure C.
 */
#include "feed/rrule.h"

#include <string.h>

#include "feed/zone.h"

static const short month_start[2][13] = {
	{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
	{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

/* Where each month of the year begins, and at [12] the year's end */
static const short *
months_of(const YearDays *year)
{
	return month_start[year->length == 366];
}

/* Mark up to 31 days, the first of them at `offset` in the year */
static void
add_days(uint64_t *bits, int offset, uint32_t days)
{
	int			word = offset >> 6;
	int			shift = offset & 63;

	bits[word] |= (uint64_t) days << shift;
	if (shift > 32 && word + 1 < BIT_WORDS)
		bits[word + 1] |= (uint64_t) days >> (64 - shift);
}

/* Keep the days that are in both */
static void
keep_days(uint64_t *bits, const uint64_t *others)
{
	for (int i = 0; i < BIT_WORDS; i++)
		bits[i] &= others[i];
}

/* All days of the year */
static void
all_days(const YearDays *year, uint64_t *bits)
{
	for (int i = 0; i < BIT_WORDS; i++)
		bits[i] = ~UINT64_C(0);
	bits[BIT_WORDS - 1] >>= BIT_WORDS * 64 - year->length;
}

/* BYMONTH */
static void
days_of_months(const Recurrence *rule, const YearDays *year, uint64_t *bits)
{
	const short *start = months_of(year);

	for (int month = 0; month < 12; month++)
	{
		if (has_bit(rule->months.plus, month + 1))
			add_days(bits, start[month],
					 (UINT32_C(1) << (start[month + 1] - start[month])) - 1);
	}
}

/* BYMONTHDAY */
static void
days_of_monthdays(const DayFinder *finder, const YearDays *year, uint64_t *bits)
{
	const short *start = months_of(year);

	for (int month = 0; month < 12; month++)
		add_days(bits, start[month],
				 finder->monthday_bits[start[month + 1] - start[month] - 28]);
}

/* Is the month one of those that FREQ, INTERVAL and BYMONTH choose? */
static bool
month_counts(const DayFinder *finder, int64_t year, int month)
{
	const Recurrence *rule = finder->rule;

	if ((rule->parts & PART_BYMONTH) && !has_bit(rule->months.plus, month + 1))
		return false;
	if (rule->freq == FREQ_MONTHLY)
		return (year * 12 + month - finder->base_month) % rule->interval == 0;
	return (year - floor_div(finder->base_month, 12)) % rule->interval == 0;
}

/*
 * BYMONTHDAY with SKIP.  January and December have 31 days, so no day leaves
 * its year.
 */
static void
days_with_skip(const DayFinder *finder, const YearDays *year, uint64_t *bits)
{
	const NumberSet *monthdays = &finder->rule->monthdays;
	bool		forward = finder->rule->skip == SKIP_FORWARD;

	for (int month = 0; month < 12; month++)
	{
		int			start = months_of(year)[month];
		int			end = months_of(year)[month + 1];

		if (!month_counts(finder, year->year, month))
			continue;
		for (int day = next_bit(monthdays->plus, 1); day > 0;
			 day = next_bit(monthdays->plus, day + 1))
			set_bit(bits, start + day <= end ? start + day - 1 : forward ? end : end - 1);
		for (int day = next_bit(monthdays->minus, 1); day > 0;
			 day = next_bit(monthdays->minus, day + 1))
			set_bit(bits, end - day >= start ? end - day : forward ? start : start - 1);
	}
}

/* BYYEARDAY */
static void
days_of_yeardays(const Recurrence *rule, const YearDays *year, uint64_t *bits)
{
	const NumberSet *yeardays = &rule->yeardays;

	for (int day = next_bit(yeardays->plus, 1); day > 0 && day <= year->length;
		 day = next_bit(yeardays->plus, day + 1))
		set_bit(bits, day - 1);
	for (int day = next_bit(yeardays->minus, 1); day > 0 && day <= year->length;
		 day = next_bit(yeardays->minus, day + 1))
		set_bit(bits, year->length - day);
}

int64_t
FirstWeek(int64_t year, int wkst)
{
	int64_t		fourth = CivilToDays(year, 1, 4);

	return fourth - floor_mod(weekday_of(fourth) - wkst, 7);
}

/* Mark the part of a week that lies in the year */
static void
add_week(const YearDays *year, int64_t first, uint64_t *bits)
{
	for (int i = 0; i < 7; i++)
	{
		int64_t		day = first + i - year->first;

		if (day >= 0 && day < year->length)
			set_bit(bits, (int) day);
	}
}

/* BYWEEKNO: the year's own weeks, and those of its neighbours that reach in */
static void
days_of_weeks(const Recurrence *rule, const YearDays *year, uint64_t *bits)
{
	int64_t		end = FirstWeek(year->year - 1, rule->wkst);

	for (int neighbour = -1; neighbour <= 1; neighbour++)
	{
		int64_t		start = end;
		int64_t		week = floor_div(year->first - start, 7) + 1;

		end = FirstWeek(year->year + neighbour + 1, rule->wkst);
		if (week < 1)
			week = 1;
		for (; week <= (end - start) / 7; week++)
		{
			int64_t		first = start + (week - 1) * 7;

			if (first >= year->first + year->length)
				break;
			if (has_bit(rule->weeks.plus, (int) week) ||
				has_bit(rule->weeks.minus, (int) (end - first) / 7))
				add_week(year, first, bits);
		}
	}
}

/* BYDAY without ordinals: seven bits, repeated */
static void
days_of_weekdays(const Recurrence *rule, const YearDays *year, uint64_t *bits)
{
	int			first = weekday_of(year->first);
	uint64_t	week = rule->weekdays | (uint64_t) rule->weekdays << 7;

	/* 64 is one more than nine weeks: each word begins a weekday later */
	for (int word = 0; word < BIT_WORDS; word++)
		bits[word] = ((week >> ((first + word) % 7)) & 0x7f) *
			UINT64_C(0x8102040810204081);
}

/* BYDAY with ordinals, counted within [start, end) of the year */
static void
add_ordinals(const Recurrence *rule, const YearDays *year, int start, int end,
			 uint64_t *bits)
{
	int			weeks = (end - start + 6) / 7;

	for (int weekday = 0; weekday < 7; weekday++)
	{
		uint64_t	nth = rule->nth_weekday[weekday];
		uint64_t	last = rule->last_weekday[weekday];
		int			first_day = start +
			(int) floor_mod(weekday - weekday_of(year->first + start), 7);
		int			last_day = end - 1 -
			(int) floor_mod(weekday_of(year->first + end - 1) - weekday, 7);

		if ((nth | last) == 0)
			continue;
		for (int n = 0; n < weeks; n++)
		{
			if ((nth >> (n + 1) & 1) && first_day + 7 * n < end)
				set_bit(bits, first_day + 7 * n);
			if ((last >> (n + 1) & 1) && last_day - 7 * n >= start)
				set_bit(bits, last_day - 7 * n);
		}
	}
}

/* BYDAY: ordinals count in the year only if YEARLY has no BYMONTH */
static void
days_of_byday(const Recurrence *rule, const YearDays *year, uint64_t *bits)
{
	days_of_weekdays(rule, year, bits);
	if (rule->freq == FREQ_YEARLY && !(rule->parts & PART_BYMONTH))
	{
		add_ordinals(rule, year, 0, year->length, bits);
		return;
	}
	for (int month = 0; month < 12; month++)
		add_ordinals(rule, year, months_of(year)[month], months_of(year)[month + 1], bits);
}

/* Fill in a year whose number is set */
static void
build_year(DayFinder *finder, YearDays *year)
{
	const Recurrence *rule = finder->rule;
	uint64_t	named[BIT_WORDS];

	year->first = CivilToDays(year->year, 1, 1);
	year->length = (int) (CivilToDays(year->year + 1, 1, 1) - year->first);
	all_days(year, year->bits);

#define KEEP(part, collect) \
	if (rule->parts & (part)) \
	{ \
		memset(named, 0, sizeof(named)); \
		collect; \
		keep_days(year->bits, named); \
	}
	if (finder->skipping)
	{
		KEEP(PART_BYMONTHDAY, days_with_skip(finder, year, named));
	}
	else
	{
		KEEP(PART_BYMONTH, days_of_months(rule, year, named));
		KEEP(PART_BYMONTHDAY, days_of_monthdays(finder, year, named));
	}
	KEEP(PART_BYWEEKNO, days_of_weeks(rule, year, named));
	KEEP(PART_BYYEARDAY, days_of_yeardays(rule, year, named));
	KEEP(PART_BYDAY, days_of_byday(rule, year, named));
#undef KEEP
}

/* The year of a day, built unless it is at hand */
static const YearDays *
year_of(DayFinder *finder, int64_t day)
{
	int64_t		number;
	int			month;
	int			day_of_month;
	YearDays   *year;

	for (int i = 0; i < YEAR_SLOTS; i++)
	{
		year = &finder->slots[i];
		if (year->length > 0 && day >= year->first && day < year->first + year->length)
			return year;
	}
	DaysToCivil(day, &number, &month, &day_of_month);
	year = &finder->slots[floor_mod(number, YEAR_SLOTS)];
	year->year = number;
	build_year(finder, year);
	(*finder->budget)--;
	return year;
}

void
DaysInit(DayFinder *finder, const Recurrence *rule, int64_t base_month,
		 bool skipping, int64_t *budget)
{
	finder->rule = rule;
	finder->base_month = base_month;
	finder->skipping = skipping;
	finder->budget = budget;
	for (int length = 28; length <= 31; length++)
	{
		uint32_t	bits = 0;

		for (int day = 1; day <= length; day++)
		{
			if (has_bit(rule->monthdays.plus, day) ||
				has_bit(rule->monthdays.minus, length + 1 - day))
				bits |= UINT32_C(1) << (day - 1);
		}
		finder->monthday_bits[length - 28] = bits;
	}
	memset(finder->slots, 0, sizeof(finder->slots));
}

int64_t
DaysNext(DayFinder *finder, int64_t day, int64_t last)
{
	while (day <= last && *finder->budget >= 0)
	{
		const YearDays *year = year_of(finder, day);
		int			found = next_bit(year->bits, (int) (day - year->first));

		if (found >= 0)
			return year->first + found <= last ? year->first + found : last + 1;
		day = year->first + year->length;
	}
	return last + 1;
}

/* Set bits of a word at and after position `from`, before `to` (of 0..64) */
static uint64_t
word_between(uint64_t word, int64_t from, int64_t to)
{
	if (from > 0)
		word = from > 63 ? 0 : word & (~UINT64_C(0) << from);
	if (to < 64)
		word = to <= 0 ? 0 : word & ~(~UINT64_C(0) << to);
	return word;
}

int64_t
DaysCount(DayFinder *finder, int64_t day, int64_t end)
{
	int64_t		count = 0;

	while (day < end && *finder->budget >= 0)
	{
		const YearDays *year = year_of(finder, day);
		int64_t		from = day - year->first;

		for (int64_t word = from >> 6; word < BIT_WORDS; word++)
			count += __builtin_popcountll(word_between(year->bits[word], from - word * 64,
													   end - year->first - word * 64));
		day = year->first + year->length;
	}
	return count;
}

int64_t
DaysNth(DayFinder *finder, int64_t day, int64_t end, int64_t n)
{
	while (day < end)
	{
		const YearDays *year = year_of(finder, day);
		int64_t		from = day - year->first;

		for (int64_t word = from >> 6; word < BIT_WORDS; word++)
		{
			uint64_t	bits = word_between(year->bits[word], from - word * 64, 64);
			int			here = __builtin_popcountll(bits);

			if (n >= here)
			{
				n -= here;
				continue;
			}
			for (; n > 0; n--)
				bits &= bits - 1;
			return year->first + word * 64 + __builtin_ctzll(bits);
		}
		day = year->first + year->length;
	}
	return end;
}
