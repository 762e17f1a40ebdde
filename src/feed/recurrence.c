/*
 * src/feed/recurrence.c
 *
 * The evaluator of recurrence rules.
 *
 * An occurrence is an allowed time of day (a product of hours, minutes and
 * seconds) on an allowed day (rrule_days.c), in a period of FREQ that INTERVAL
 * counts.  seek() finds the next one from any instant by going to whichever of
 * the three is violated furthest, so a window far from DTSTART, a SECONDLY
 * rule limited to December and an hourly rule in a week that INTERVAL leaves
 * out all take a few steps.  BYSETPOS then picks from all of the period that
 * seek() came to.
 *
 * Everything repeats: days after 400 years, the phase of INTERVAL after as
 * many times 400 years as INTERVAL says.  A rule that produced nothing in that
 * time never will, which is how an impossible rule comes to its end.
 *
 * COUNT is the one thing that needs the past.  It is computed where the rule
 * is regular enough, and counted from DTSTART where it is not.
 *
 * Pure C.
 */
#include "feed/rrule.h"

#include "feed/zone.h"

#define FIRST_TIME	(RRULE_FIRST_DAY * SECONDS_PER_DAY)
#define LAST_TIME	(RRULE_LAST_DAY * SECONDS_PER_DAY + SECONDS_PER_DAY - 1)

/* Allowed times of day */
typedef struct TimeSet
{
	uint64_t	hours;
	uint64_t	minutes;
	uint64_t	seconds;
	int			nminutes;		/* per hour allowed */
	int			nseconds;		/* per minute allowed */
	int64_t		total;			/* in a day */
	int64_t		first;			/* of the day */
} TimeSet;

/* Periods of FREQ, numbered */
typedef struct PeriodKind
{
	int64_t		(*index) (const RecurrenceIterator *iterator, LocalTime time);
	LocalTime	(*start) (const RecurrenceIterator *iterator, int64_t index);
} PeriodKind;

struct RecurrenceIterator
{
	Recurrence	rule;			/* with the defaults of DTSTART filled in */
	DayFinder	days;
	TimeSet		times;
	const PeriodKind *period;
	int64_t		unit;			/* length of a period; 0: not constant */
	int64_t		shift;			/* a period started this long before 1970 */
	int64_t		base;			/* index of the period of DTSTART */
	int64_t		interval;		/* 1 while SKIP is at work */

	LocalTime	cursor;			/* nothing before it is left */
	LocalTime	floor;			/* first instant that may be counted */
	LocalTime	from;			/* first instant that may be returned */
	LocalTime	limit;			/* last one */
	LocalTime	horizon;		/* nothing until here: nothing ever */
	int64_t		remaining;		/* of COUNT, or -1 */
	int64_t		budget;			/* steps left; < 0: exhausted */
	int64_t		max_steps;		/* what it was to begin with */
	RecurrenceResult state;

	bool		has_positions;
	int			nset;			/* BYSETPOS: instants of one period */
	int			next_in_set;
	LocalTime  *set;
};

/* BYSETPOS names at most 366 positions from either end */
#define SET_MAX (2 * 366)

/* ---- times of day ---- */

/* The first bit set at or after `bit`, or -1 */
static int
bit_from(uint64_t word, int bit)
{
	word &= ~UINT64_C(0) << bit;	/* no caller passes 64 */
	return word == 0 ? -1 : __builtin_ctzll(word);
}

/* How many bits before `bit` are set */
static int
bits_before(uint64_t word, int bit)
{
	return __builtin_popcountll(word & ~(~UINT64_C(0) << bit));
}

/* Position of the bit that n others precede */
static int
nth_bit(uint64_t word, int64_t n)
{
	for (; n > 0; n--)
		word &= word - 1;
	return __builtin_ctzll(word);
}

static void
times_init(TimeSet *times, uint64_t hours, uint64_t minutes, uint64_t seconds)
{
	times->hours = hours;
	times->minutes = minutes;
	times->seconds = seconds;
	times->nminutes = __builtin_popcountll(minutes);
	times->nseconds = __builtin_popcountll(seconds);
	times->total = (int64_t) __builtin_popcountll(hours) * times->nminutes * times->nseconds;
	times->first = bit_from(hours, 0) * 3600 + bit_from(minutes, 0) * 60 + bit_from(seconds, 0);
}

/* The first allowed time of day at or after `time`, or -1 */
static int64_t
times_next(const TimeSet *times, int64_t time)
{
	int			hour = (int) (time / 3600);
	int			minute = (int) (time / 60 % 60);
	int			second;
	int			first_in_hour = (int) (times->first % 3600);

	if (time <= times->first)
		return times->first;
	if (times->total == 1)
		return -1;
	if (times->hours >> hour & 1)
	{
		if (times->minutes >> minute & 1)
		{
			second = bit_from(times->seconds, (int) (time % 60));
			if (second >= 0)
				return hour * 3600 + minute * 60 + second;
		}
		minute = bit_from(times->minutes, minute + 1);
		if (minute >= 0)
			return hour * 3600 + minute * 60 + first_in_hour % 60;
	}
	hour = bit_from(times->hours, hour + 1);
	return hour < 0 ? -1 : hour * 3600 + first_in_hour;
}

/* How many allowed times of day precede `time` (0..86400) */
static int64_t
times_before(const TimeSet *times, int64_t time)
{
	int			hour = (int) (time / 3600);
	int			minute = (int) (time / 60 % 60);
	int64_t		count;

	count = (int64_t) bits_before(times->hours, hour) * times->nminutes * times->nseconds;
	if (!(times->hours >> hour & 1))
		return count;
	count += (int64_t) bits_before(times->minutes, minute) * times->nseconds;
	if (!(times->minutes >> minute & 1))
		return count;
	return count + bits_before(times->seconds, (int) (time % 60));
}

/* The allowed time of day that n others precede */
static int64_t
times_nth(const TimeSet *times, int64_t n)
{
	int64_t		per_hour = (int64_t) times->nminutes * times->nseconds;

	return nth_bit(times->hours, n / per_hour) * 3600 +
		nth_bit(times->minutes, n % per_hour / times->nseconds) * 60 +
		nth_bit(times->seconds, n % times->nseconds);
}

/* ---- periods ---- */

/* Weeks and all that is shorter */
static int64_t
fixed_index(const RecurrenceIterator *iterator, LocalTime time)
{
	return floor_div(time + iterator->shift, iterator->unit);
}

static LocalTime
fixed_start(const RecurrenceIterator *iterator, int64_t index)
{
	return index * iterator->unit - iterator->shift;
}

static int64_t
month_index(const RecurrenceIterator *iterator, LocalTime time)
{
	int64_t		year;
	int			month;
	int			day;

	DaysToCivil(floor_div(time, SECONDS_PER_DAY), &year, &month, &day);
	return year * 12 + month - 1;
}

static LocalTime
month_start(const RecurrenceIterator *iterator, int64_t index)
{
	return CivilToDays(floor_div(index, 12), (int) floor_mod(index, 12) + 1, 1) *
		SECONDS_PER_DAY;
}

static int64_t
year_index(const RecurrenceIterator *iterator, LocalTime time)
{
	return floor_div(month_index(iterator, time), 12);
}

static LocalTime
year_start(const RecurrenceIterator *iterator, int64_t index)
{
	return CivilToDays(index, 1, 1) * SECONDS_PER_DAY;
}

/* Years as BYWEEKNO counts: whole weeks */
static LocalTime
week_year_start(const RecurrenceIterator *iterator, int64_t index)
{
	return FirstWeek(index, iterator->rule.wkst) * SECONDS_PER_DAY;
}

static int64_t
week_year_index(const RecurrenceIterator *iterator, LocalTime time)
{
	int64_t		year = year_index(iterator, time);

	if (time >= week_year_start(iterator, year + 1))
		return year + 1;
	return time < week_year_start(iterator, year) ? year - 1 : year;
}

static const PeriodKind fixed_period = {fixed_index, fixed_start};
static const PeriodKind month_period = {month_index, month_start};
static const PeriodKind year_period = {year_index, year_start};
static const PeriodKind week_year_period = {week_year_index, week_year_start};

/* By Frequency: length of the period */
static const int64_t units[] = {1, 60, 3600, SECONDS_PER_DAY, 7 * SECONDS_PER_DAY, 0, 0};

/* Choose the periods of the rule */
static void
choose_period(RecurrenceIterator *iterator)
{
	const Recurrence *rule = &iterator->rule;

	iterator->unit = units[rule->freq];
	if (rule->freq == FREQ_YEARLY)
		iterator->period = rule->parts & PART_BYWEEKNO ? &week_year_period : &year_period;
	else if (rule->freq == FREQ_MONTHLY)
		iterator->period = &month_period;
	else
		iterator->period = &fixed_period;

	/* 1970-01-01 was a Thursday: its week began up to six days before */
	if (rule->freq == FREQ_WEEKLY)
		iterator->shift = floor_mod(4 - rule->wkst, 7) * SECONDS_PER_DAY;
}

/* ---- what the rule leaves to DTSTART ---- */

/* An ordinal has a meaning in MONTHLY and YEARLY without BYWEEKNO; else drop it */
static void
drop_ordinals(Recurrence *rule)
{
	if (rule->freq == FREQ_MONTHLY ||
		(rule->freq == FREQ_YEARLY && !(rule->parts & PART_BYWEEKNO)))
		return;
	for (int weekday = 0; weekday < 7; weekday++)
	{
		if (rule->nth_weekday[weekday] | rule->last_weekday[weekday])
			rule->weekdays |= 1U << weekday;
		rule->nth_weekday[weekday] = rule->last_weekday[weekday] = 0;
	}
}

/* A rule that names no day means that of DTSTART */
static void
default_days(Recurrence *rule, int64_t dtstart_day)
{
	int64_t		year;
	int			month;
	int			day;

	if (rule->freq <= FREQ_DAILY ||
		rule->parts & (PART_BYDAY | PART_BYMONTHDAY | PART_BYYEARDAY))
		return;
	if (rule->freq == FREQ_WEEKLY || rule->parts & PART_BYWEEKNO)
	{
		rule->weekdays = 1U << weekday_of(dtstart_day);
		rule->parts |= PART_BYDAY;
		return;
	}
	DaysToCivil(dtstart_day, &year, &month, &day);
	set_bit(rule->monthdays.plus, day);
	if (rule->freq == FREQ_YEARLY && !(rule->parts & PART_BYMONTH))
	{
		set_bit(rule->months.plus, month);
		rule->parts |= PART_BYMONTH;
	}
	rule->parts |= PART_BYMONTHDAY;
}

/*
 * Times of day: what the rule doesn't name is that of DTSTART, and free below
 * FREQ's own unit.  A whole-day series has midnights only: the BY parts of time
 * are ignored, as RFC 5545 says, and of an hourly rule those occurrences are
 * left that begin a day.
 */
static void
default_times(TimeSet *times, const Recurrence *rule, int64_t time, bool is_date)
{
	uint64_t	hours = UINT64_C(1) << (time / 3600);
	uint64_t	minutes = UINT64_C(1) << (time / 60 % 60);
	uint64_t	seconds = UINT64_C(1) << (time % 60);

	if (!is_date)
	{
		if (rule->parts & PART_BYHOUR)
			hours = rule->hours.plus[0];
		else if (rule->freq <= FREQ_HOURLY)
			hours = (UINT64_C(1) << 24) - 1;
		if (rule->parts & PART_BYMINUTE)
			minutes = rule->minutes.plus[0];
		else if (rule->freq <= FREQ_MINUTELY)
			minutes = (UINT64_C(1) << 60) - 1;
		if (rule->parts & PART_BYSECOND)
			seconds = rule->seconds.plus[0];
		else if (rule->freq == FREQ_SECONDLY)
			seconds = (UINT64_C(1) << 60) - 1;
	}
	times_init(times, hours, minutes, seconds);
}

/* ---- finding occurrences ---- */

/* How many periods INTERVAL asks to go on from here; 0 in a period that counts */
static int64_t
off_phase(const RecurrenceIterator *iterator, int64_t index)
{
	int64_t		past = floor_mod(index - iterator->base, iterator->interval);

	return past == 0 ? 0 : iterator->interval - past;
}

/* The first instant at or after *time that the rule allows, if there is one */
static bool
seek(RecurrenceIterator *iterator, LocalTime *time)
{
	LocalTime	limit = iterator->limit < iterator->horizon ? iterator->limit
		: iterator->horizon;
	int64_t		last_day = floor_div(limit, SECONDS_PER_DAY);
	LocalTime	at = *time;

	while (at <= limit && --iterator->budget >= 0)
	{
		int64_t		day = floor_div(at, SECONDS_PER_DAY);
		int64_t		allowed = DaysNext(&iterator->days, day, last_day);
		int64_t		time_of_day;

		if (allowed > last_day)
			break;
		time_of_day = times_next(&iterator->times,
								 allowed > day ? 0 : at - day * SECONDS_PER_DAY);
		if (time_of_day < 0)
		{
			at = (allowed + 1) * SECONDS_PER_DAY;
			continue;
		}
		at = allowed * SECONDS_PER_DAY + time_of_day;
		if (iterator->interval > 1)
		{
			int64_t		index = iterator->period->index(iterator, at);
			int64_t		missing = off_phase(iterator, index);

			if (missing > 0)
			{
				at = iterator->period->start(iterator, index + missing);
				continue;
			}
		}
		*time = at;
		return at <= limit;
	}
	return false;
}

/* BYSETPOS: note the instants that it picks from the period [start, end) */
static void
pick_positions(RecurrenceIterator *iterator, LocalTime start, LocalTime end)
{
	const NumberSet *positions = &iterator->rule.positions;
	const TimeSet *times = &iterator->times;
	int64_t		first_day = floor_div(start, SECONDS_PER_DAY);
	int64_t		end_day = floor_div(end - 1, SECONDS_PER_DAY) + 1;
	int64_t		before = times_before(times, start - first_day * SECONDS_PER_DAY);
	int64_t		after = times->total -
		times_before(times, end - (end_day - 1) * SECONDS_PER_DAY);
	int64_t		total = DaysCount(&iterator->days, first_day, end_day) * times->total -
		before - after;
	int			plus = next_bit(positions->plus, 1);
	int			minus = previous_bit(positions->minus, total < 366 ? (int) total : 366);

	/* Merge two ascending sequences; total stands for the end of each */
	iterator->nset = iterator->next_in_set = 0;
	for (;;)
	{
		int64_t		from_front = plus > 0 && plus <= total ? plus - 1 : total;
		int64_t		from_end = minus > 0 ? total - minus : total;
		int64_t		n = from_front < from_end ? from_front : from_end;

		if (n >= total)
			break;
		if (from_front == n)
			plus = next_bit(positions->plus, plus + 1);
		if (from_end == n)
			minus = previous_bit(positions->minus, minus - 1);
		n += before;
		iterator->set[iterator->nset++] = SECONDS_PER_DAY *
			DaysNth(&iterator->days, first_day, end_day, n / times->total) +
			times_nth(times, n % times->total);
	}
}

/* The next instant of a rule with BYSETPOS */
static bool
next_of_positions(RecurrenceIterator *iterator, LocalTime *time)
{
	for (;;)
	{
		LocalTime	at = iterator->cursor;
		int64_t		index;

		while (iterator->next_in_set < iterator->nset)
		{
			*time = iterator->set[iterator->next_in_set++];
			if (*time >= iterator->floor)
			{
				iterator->budget--;
				return *time <= iterator->limit && iterator->budget >= 0;
			}
		}
		if (!seek(iterator, &at))
			return false;
		index = iterator->period->index(iterator, at);
		iterator->cursor = iterator->period->start(iterator, index + 1);
		pick_positions(iterator, iterator->period->start(iterator, index), iterator->cursor);
	}
}

/* The next instant of the rule, COUNT and `from` left aside */
static bool
next_instant(RecurrenceIterator *iterator, LocalTime *time)
{
	if (iterator->has_positions)
		return next_of_positions(iterator, time);
	*time = iterator->cursor;
	if (!seek(iterator, time))
		return false;
	iterator->cursor = *time + 1;
	if (iterator->times.total == 1)
		iterator->cursor = *time - iterator->times.first + SECONDS_PER_DAY;
	return true;
}

/* Nothing for so long from here on means nothing for ever */
static void
set_horizon(RecurrenceIterator *iterator, LocalTime time)
{
	int64_t		rounds = iterator->rule.interval;

	if (rounds > 25)
		rounds = 25;			/* the calendar ends before */
	iterator->horizon = time + rounds * DAYS_PER_400_YEARS * SECONDS_PER_DAY;
}

RecurrenceResult
RecurrenceNext(RecurrenceIterator *iterator, LocalTime *occurrence)
{
	LocalTime	time;

	while (iterator->state == RECURRENCE_FOUND)
	{
		if (iterator->remaining == 0)
			iterator->state = RECURRENCE_END;
		else if (!next_instant(iterator, &time))
			iterator->state = iterator->budget < 0 ? RECURRENCE_EXHAUSTED : RECURRENCE_END;
		else
		{
			set_horizon(iterator, time);
			if (iterator->remaining > 0)
				iterator->remaining--;
			if (time < iterator->from)
				continue;
			*occurrence = time;
			return RECURRENCE_FOUND;
		}
	}
	return iterator->state;
}

int64_t
RecurrenceSteps(const RecurrenceIterator *iterator)
{
	return iterator->max_steps - (iterator->budget > 0 ? iterator->budget : 0);
}

/* ---- starting ---- */

static int64_t
greatest_common_divisor(int64_t a, int64_t b)
{
	while (b != 0)
	{
		int64_t		rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Does an interval of hours, minutes or seconds ever meet an allowed time of
 * day?  "Every two hours from 9:00, at 10 and 12" would otherwise be looked
 * for twice a day for 800 years.
 */
static bool
phase_meets_times(const RecurrenceIterator *iterator)
{
	const TimeSet *times = &iterator->times;
	int64_t		stride;

	if (iterator->rule.freq > FREQ_HOURLY)
		return true;
	stride = greatest_common_divisor(iterator->interval, SECONDS_PER_DAY / iterator->unit);
	if (stride == 1)
		return true;
	for (int64_t time = times->first; time >= 0 && time < SECONDS_PER_DAY;)
	{
		int64_t		past = floor_mod(time / iterator->unit - iterator->base, stride);

		if (past == 0)
			return true;
		/* on to the next period in phase, then to the next allowed time */
		time = (time / iterator->unit + stride - past) * iterator->unit;
		if (time < SECONDS_PER_DAY)
			time = times_next(times, time);
	}
	return false;
}

/* Can a period be large enough for one of the positions of BYSETPOS? */
static bool
positions_exist(const RecurrenceIterator *iterator)
{
	static const int days_at_most[] = {0, 0, 0, 1, 7, 31, 371};
	const Recurrence *rule = &iterator->rule;
	int			plus = next_bit(rule->positions.plus, 1);
	int			minus = next_bit(rule->positions.minus, 1);
	int64_t		size = days_at_most[rule->freq] * iterator->times.total;

	if (!iterator->has_positions)
		return true;
	if (rule->freq == FREQ_HOURLY)
		size = (int64_t) iterator->times.nminutes * iterator->times.nseconds;
	else if (rule->freq == FREQ_MINUTELY)
		size = iterator->times.nseconds;
	else if (rule->freq == FREQ_SECONDLY)
		size = 1;
	return (plus > 0 && plus <= size) || (minus > 0 && minus <= size);
}

/* Has the rule one occurrence in each period that INTERVAL counts? */
static bool
is_regular(const RecurrenceIterator *iterator)
{
	const Recurrence *rule = &iterator->rule;
	unsigned	day_parts = PART_BYDAY | PART_BYMONTHDAY | PART_BYYEARDAY |
		PART_BYWEEKNO | PART_BYMONTH;

	if (iterator->unit == 0 || iterator->has_positions)
		return false;
	if (rule->freq == FREQ_WEEKLY)
	{
		if ((rule->weekdays & (rule->weekdays - 1)) != 0)
			return false;
		day_parts &= ~PART_BYDAY;
	}
	if (rule->parts & day_parts)
		return false;
	if ((rule->freq <= FREQ_HOURLY && bits_before(iterator->times.hours, 24) != 24) ||
		(rule->freq <= FREQ_MINUTELY && iterator->times.nminutes != 60))
		return false;
	return iterator->times.total ==
		(iterator->unit >= SECONDS_PER_DAY ? 1 : SECONDS_PER_DAY / iterator->unit);
}

/*
 * Take what lies before `from` off COUNT without visiting it, where that can
 * be computed, and go to `from`.
 */
static void
count_past(RecurrenceIterator *iterator, LocalTime dtstart)
{
	int64_t		past = 0;
	LocalTime	first = dtstart;

	if (is_regular(iterator))
	{
		int64_t		stride = iterator->interval * iterator->unit;

		if (!seek(iterator, &first) || first >= iterator->from)
			return;
		past = (iterator->from - first + stride - 1) / stride;
	}
	else if (iterator->interval == 1 && !iterator->has_positions)
	{
		const TimeSet *times = &iterator->times;
		int64_t		day = floor_div(dtstart, SECONDS_PER_DAY);
		int64_t		from_day = floor_div(iterator->from, SECONDS_PER_DAY);

		past = DaysCount(&iterator->days, day, from_day) * times->total;
		if (DaysNext(&iterator->days, day, day) == day)
			past -= times_before(times, dtstart - day * SECONDS_PER_DAY);
		if (DaysNext(&iterator->days, from_day, from_day) == from_day)
			past += times_before(times, iterator->from - from_day * SECONDS_PER_DAY);
	}
	else
		return;
	iterator->remaining = past < iterator->remaining ? iterator->remaining - past : 0;
	iterator->cursor = iterator->from;
	set_horizon(iterator, iterator->from);
}

/* Where to look, in times that a calendar has */
static void
set_window(RecurrenceIterator *iterator, const Recurrence *rule, LocalTime dtstart,
		   LocalTime from, LocalTime limit)
{
	iterator->from = from > dtstart ? from : dtstart;
	iterator->limit = limit < LAST_TIME ? limit : LAST_TIME;
	if (rule->until_kind == UNTIL_DATE && iterator->limit >= rule->until + SECONDS_PER_DAY)
		iterator->limit = rule->until + SECONDS_PER_DAY - 1;
	if (rule->until_kind == UNTIL_LOCAL && iterator->limit > rule->until)
		iterator->limit = rule->until;
	if (dtstart < FIRST_TIME || iterator->from > iterator->limit)
		iterator->state = RECURRENCE_END;
}

/* Everything of the iterator that does not depend on the window */
static void
prepare(RecurrenceIterator *iterator, const Recurrence *rule, LocalTime dtstart, bool is_date)
{
	int64_t		day = floor_div(dtstart, SECONDS_PER_DAY);
	bool		skipping;

	iterator->rule = *rule;
	rule = &iterator->rule;
	drop_ordinals(&iterator->rule);
	default_days(&iterator->rule, day);
	default_times(&iterator->times, rule, dtstart - day * SECONDS_PER_DAY, is_date);
	iterator->has_positions = (rule->parts & PART_BYSETPOS) != 0;
	choose_period(iterator);
	skipping = rule->skip != SKIP_OMIT && !iterator->has_positions &&
		(iterator->period == &month_period || iterator->period == &year_period) &&
		(rule->parts & PART_BYMONTHDAY);
	DaysInit(&iterator->days, rule, month_index(iterator, dtstart), skipping,
			 &iterator->budget);
	iterator->interval = skipping ? 1 : rule->interval;
	iterator->base = iterator->period->index(iterator, dtstart);
}

RecurrenceIterator *
RecurrenceStart(Arena *arena, const Recurrence *rule, LocalTime dtstart, bool is_date,
				LocalTime from, LocalTime limit, int64_t max_steps)
{
	RecurrenceIterator *iterator = ArenaAlloc0(arena, sizeof(RecurrenceIterator));

	iterator->state = RECURRENCE_FOUND;
	iterator->budget = iterator->max_steps = max_steps;
	if (is_date && dtstart >= FIRST_TIME)
		dtstart -= floor_mod(dtstart, SECONDS_PER_DAY);
	set_window(iterator, rule, dtstart, from, limit);
	if (iterator->state == RECURRENCE_END)
		return iterator;
	prepare(iterator, rule, dtstart, is_date);
	if (!phase_meets_times(iterator) || !positions_exist(iterator))
	{
		iterator->state = RECURRENCE_END;
		return iterator;
	}
	if (iterator->has_positions)
		iterator->set = ArenaAlloc(arena, SET_MAX * sizeof(LocalTime));

	iterator->remaining = rule->count > 0 ? rule->count : -1;
	iterator->cursor = rule->count > 0 ? dtstart : iterator->from;
	iterator->floor = iterator->cursor;
	set_horizon(iterator, iterator->cursor);
	if (rule->count > 0 && iterator->from > dtstart)
		count_past(iterator, dtstart);
	return iterator;
}
