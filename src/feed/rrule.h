/*
 * src/feed/rrule.h
 *
 * What the parts of the recurrence evaluator share; nothing outside them
 * includes this.
 *
 *   rrule_parse.c   text to Recurrence
 *   rrule_days.c    which days the BY parts allow
 *   recurrence.c    periods, times of day, positions, counting
 *
 * The evaluator rests on one observation: whether the BY parts allow a day is
 * a question about that day alone, and whether they allow a time of day about
 * that time alone.  What is left of FREQ are its periods, which matter for the
 * phase of INTERVAL and for the sets of BYSETPOS only.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_RRULE_H
#define INGEST_FEED_RRULE_H

#include "feed/recurrence.h"

#define SECONDS_PER_DAY		INT64_C(86400)
#define DAYS_PER_400_YEARS	INT64_C(146097)

/* Years outside are no dates of a calendar */
#define RRULE_FIRST_DAY		INT64_C(-719528)	/* 0000-01-01 */
#define RRULE_LAST_DAY		INT64_C(2932896)	/* 9999-12-31 */

/* Finer first: comparisons mean something */
typedef enum Frequency
{
	FREQ_SECONDLY,
	FREQ_MINUTELY,
	FREQ_HOURLY,
	FREQ_DAILY,
	FREQ_WEEKLY,
	FREQ_MONTHLY,
	FREQ_YEARLY
} Frequency;

/* RFC 7529: what becomes of the 31st in a shorter month */
typedef enum SkipKind
{
	SKIP_OMIT,
	SKIP_BACKWARD,
	SKIP_FORWARD
} SkipKind;

/* The parts of a rule, as bits of Recurrence.parts */
#define PART_FREQ		(1 << 0)
#define PART_INTERVAL	(1 << 1)
#define PART_COUNT		(1 << 2)
#define PART_UNTIL		(1 << 3)
#define PART_WKST		(1 << 4)
#define PART_RSCALE		(1 << 5)
#define PART_SKIP		(1 << 6)
#define PART_BYSECOND	(1 << 7)
#define PART_BYMINUTE	(1 << 8)
#define PART_BYHOUR		(1 << 9)
#define PART_BYDAY		(1 << 10)
#define PART_BYMONTHDAY	(1 << 11)
#define PART_BYYEARDAY	(1 << 12)
#define PART_BYWEEKNO	(1 << 13)
#define PART_BYMONTH	(1 << 14)
#define PART_BYSETPOS	(1 << 15)

/* A set of the numbers -366..366: bits, so order and repeats don't matter */
#define BIT_WORDS 6

typedef struct NumberSet
{
	uint64_t	plus[BIT_WORDS];	/* bit n: n */
	uint64_t	minus[BIT_WORDS];	/* bit n: -n */
} NumberSet;

struct Recurrence
{
	Frequency	freq;
	int64_t		interval;
	int64_t		count;			/* 0: none */
	UntilKind	until_kind;
	int64_t		until;
	int			wkst;			/* Sunday is 0, here and everywhere below */
	SkipKind	skip;
	unsigned	parts;

	NumberSet	seconds;
	NumberSet	minutes;
	NumberSet	hours;
	NumberSet	monthdays;
	NumberSet	yeardays;
	NumberSet	weeks;
	NumberSet	months;
	NumberSet	positions;
	unsigned	weekdays;		/* bit n: every such weekday */
	uint64_t	nth_weekday[7]; /* bit n: the nth of month or year */
	uint64_t	last_weekday[7];	/* bit n: the nth from the end */
};

/* The days of one year that a rule allows */
typedef struct YearDays
{
	int64_t		year;
	int64_t		first;			/* day number of 1 January */
	int			length;			/* 0: slot not used */
	uint64_t	bits[BIT_WORDS];
} YearDays;

/* A period of week years touches three calendar years */
#define YEAR_SLOTS 4

typedef struct DayFinder
{
	const Recurrence *rule;		/* with the defaults of DTSTART filled in */
	int64_t		base_month;		/* year * 12 + month - 1 of DTSTART */
	bool		skipping;		/* SKIP is at work: see rrule_days.c */
	int64_t    *budget;			/* a year costs one; < 0: give up */
	uint32_t	monthday_bits[4];	/* by length of month - 28; bit 0: the 1st */
	YearDays	slots[YEAR_SLOTS];
} DayFinder;

extern void DaysInit(DayFinder *finder, const Recurrence *rule, int64_t base_month,
					 bool skipping, int64_t *budget);

/* The first allowed day in [day, last], or last + 1. */
extern int64_t DaysNext(DayFinder *finder, int64_t day, int64_t last);

/* How many allowed days [day, end) has. */
extern int64_t DaysCount(DayFinder *finder, int64_t day, int64_t end);

/* The allowed day that n others precede since day; it must exist before end. */
extern int64_t DaysNth(DayFinder *finder, int64_t day, int64_t end, int64_t n);

/* First day of the week that the year's week 1 is, weeks starting at wkst. */
extern int64_t FirstWeek(int64_t year, int wkst);

/* Division and remainder as on a calendar, rounding down; b > 0 */
static inline int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline int64_t
floor_mod(int64_t a, int64_t b)
{
	int64_t		rest = a % b;

	return rest < 0 ? rest + b : rest;
}

/* Sunday is 0 */
static inline int
weekday_of(int64_t day)
{
	return (int) floor_mod(day + 4, 7);
}

static inline void
set_bit(uint64_t *words, int bit)
{
	words[bit >> 6] |= UINT64_C(1) << (bit & 63);
}

static inline bool
has_bit(const uint64_t *words, int bit)
{
	return (words[bit >> 6] >> (bit & 63) & 1) != 0;
}

/* The first bit set at or after `bit`, or -1 */
static inline int
next_bit(const uint64_t *words, int bit)
{
	int			word = bit >> 6;
	uint64_t	rest;

	if (word >= BIT_WORDS)
		return -1;
	rest = words[word] & (~UINT64_C(0) << (bit & 63));
	while (rest == 0)
	{
		if (++word >= BIT_WORDS)
			return -1;
		rest = words[word];
	}
	return word * 64 + __builtin_ctzll(rest);
}

/* The last bit set at or before `bit`, or -1 */
static inline int
previous_bit(const uint64_t *words, int bit)
{
	int			word = bit >> 6;
	uint64_t	rest;

	if (bit < 0)
		return -1;
	rest = words[word] & (~UINT64_C(0) >> (63 - (bit & 63)));
	while (rest == 0)
	{
		if (--word < 0)
			return -1;
		rest = words[word];
	}
	return word * 64 + 63 - __builtin_clzll(rest);
}

#endif
