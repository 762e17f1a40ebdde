/*
 * src/feed/rrule_parse.c
 *
 * The text of a recurrence rule.
 *
 * Calendars in the wild write lower case, spaces, a trailing ";", "RRULE:"
 * once more inside the value, COUNT together with UNTIL, a word that is no rule
 * part: all of that leaves the rule one meaning and is taken.  A value out of
 * its range, one part with two values or a BY part that is not known does not,
 * and a series cut to a single event with a warning does less harm than a
 * series on wrong days.
 *
 * Pure C.
 */
#include "feed/rrule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feed/zone.h"

#define NUMBER_MAX	INT64_C(1000000000000)

typedef struct Span
{
	const char *at;
	size_t		length;
} Span;

typedef struct Parser
{
	Recurrence *rule;
	char	   *error;
	size_t		error_size;
} Parser;

typedef struct Part
{
	const char *name;
	unsigned	bit;
	bool		(*read) (Parser *parser, const struct Part *part, Span value);
	size_t		set;			/* lists of numbers: offset of their NumberSet */
	int			min;			/* least absolute value */
	int			max;			/* greatest absolute value */
	bool		negative;		/* may count from the end */
} Part;

static const char *const weekday_names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
static const char *const frequency_names[] = {
	"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
};
static const char *const skip_names[] = {"OMIT", "BACKWARD", "FORWARD"};

/* Note the reason, for returning at once */
static bool fail(Parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool
fail(Parser *parser, const char *format, ...)
{
	va_list		args;

	if (parser->error != NULL && parser->error_size > 0)
	{
		va_start(args, format);
		vsnprintf(parser->error, parser->error_size, format, args);
		va_end(args);
	}
	return false;
}

/* Like fail, with the offending value: short and plain ASCII, as it is foreign */
static bool
fail_value(Parser *parser, const char *name, Span value, const char *problem)
{
	char		shown[33];
	size_t		length = value.length < 32 ? value.length : 32;

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) value.at[i];

		shown[i] = c >= 0x20 && c < 0x7f && c != '"' ? (char) c : '?';
	}
	shown[length] = '\0';
	return fail(parser, "%s \"%s\" %s", name, shown, problem);
}

/* Does white space surround parts?  Folded lines leave some of it behind */
static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static Span
trim(Span span)
{
	while (span.length > 0 && is_space(span.at[0]))
	{
		span.at++;
		span.length--;
	}
	while (span.length > 0 && is_space(span.at[span.length - 1]))
		span.length--;
	return span;
}

/* Take what is before the separator off the front, trimmed */
static Span
next_item(Span *rest, char separator)
{
	Span		item = {rest->at, 0};

	while (item.length < rest->length && rest->at[item.length] != separator)
		item.length++;
	rest->at += item.length;
	rest->length -= item.length;
	if (rest->length > 0)
	{
		rest->at++;
		rest->length--;
	}
	return trim(item);
}

/* Is it this word, in any case? */
static bool
is_word(Span span, const char *word)
{
	size_t		length = strlen(word);

	return span.length == length && strncasecmp(span.at, word, length) == 0;
}

/* Index of the word among names, or -1 */
static int
find_word(Span span, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (is_word(span, names[i]))
			return i;
	}
	return -1;
}

/* Digits at the front, taken off; huge ones saturate.  False if there are none */
static bool
take_digits(Span *span, int64_t *number)
{
	int64_t		value = 0;

	if (span->length == 0 || !is_digit(span->at[0]))
		return false;
	while (span->length > 0 && is_digit(span->at[0]))
	{
		value = value * 10 + (span->at[0] - '0');
		if (value > NUMBER_MAX)
			value = NUMBER_MAX;
		span->at++;
		span->length--;
	}
	*number = value;
	return true;
}

/* A sign at the front, taken off; true for minus */
static bool
take_sign(Span *span)
{
	bool		minus;

	if (span->length == 0 || (span->at[0] != '-' && span->at[0] != '+'))
		return false;
	minus = span->at[0] == '-';
	span->at++;
	span->length--;
	return minus;
}

static bool
read_freq(Parser *parser, const Part *part, Span value)
{
	int			found = find_word(value, frequency_names, 7);

	if (found < 0)
		return fail_value(parser, part->name, value, "is not known");
	parser->rule->freq = (Frequency) found;
	return true;
}

/* INTERVAL and COUNT */
static bool
read_positive(Parser *parser, const Part *part, Span value)
{
	Span		rest = value;
	int64_t		number;

	if (take_sign(&rest) || !take_digits(&rest, &number) || rest.length > 0)
		return fail_value(parser, part->name, value, "is not a positive number");
	if (number == 0)
		return fail(parser, "%s is zero", part->name);
	if (part->bit == PART_COUNT)
		parser->rule->count = number;
	else
		parser->rule->interval = number > INT32_MAX ? INT32_MAX : number;
	return true;
}

/* Two digits within a range, taken off the front */
static bool
take_field(Span *span, int max, int *number)
{
	if (span->length < 2 || !is_digit(span->at[0]) || !is_digit(span->at[1]))
		return false;
	*number = (span->at[0] - '0') * 10 + (span->at[1] - '0');
	span->at += 2;
	span->length -= 2;
	return *number <= max;
}

/* A day beyond the month's end is its last day: nothing comes between */
static int64_t
last_day_until(int64_t year, int month, int day)
{
	int64_t		end = month == 12 ? CivilToDays(year + 1, 1, 1)
		: CivilToDays(year, month + 1, 1);
	int64_t		days = CivilToDays(year, month, day);

	return days < end ? days : end - 1;
}

static bool
read_until(Parser *parser, const Part *part, Span value)
{
	Span		rest = value;
	int			century,
				year,
				month,
				day,
				hour,
				minute,
				second = 0;

	if (!take_field(&rest, 99, &century) || !take_field(&rest, 99, &year) ||
		!take_field(&rest, 12, &month) || !take_field(&rest, 31, &day) ||
		month == 0 || day == 0)
		return fail_value(parser, part->name, value, "is not a date");
	parser->rule->until = SECONDS_PER_DAY *
		last_day_until(century * 100 + year, month, day);
	parser->rule->until_kind = UNTIL_DATE;
	if (rest.length == 0)
		return true;

	parser->rule->until_kind = UNTIL_LOCAL;
	if (rest.at[0] != 'T' && rest.at[0] != 't')
		return fail_value(parser, part->name, value, "is not a date");
	rest.at++;
	rest.length--;
	if (!take_field(&rest, 24, &hour) || !take_field(&rest, 59, &minute))
		return fail_value(parser, part->name, value, "is not a time");
	if (rest.length > 1 && !take_field(&rest, 60, &second))
		return fail_value(parser, part->name, value, "is not a time");
	while (rest.length > 0 && (rest.at[0] == 'Z' || rest.at[0] == 'z'))
	{
		parser->rule->until_kind = UNTIL_UTC;
		rest.at++;
		rest.length--;
	}
	if (rest.length > 0)
		return fail_value(parser, part->name, value, "is not a time");
	parser->rule->until += hour * 3600 + minute * 60 + second;
	return true;
}

static bool
read_wkst(Parser *parser, const Part *part, Span value)
{
	int			found = find_word(value, weekday_names, 7);

	if (found < 0)
		return fail_value(parser, part->name, value, "is not a weekday");
	parser->rule->wkst = found;
	return true;
}

/* RFC 7529; no other calendar than ours is known here */
static bool
read_rscale(Parser *parser, const Part *part, Span value)
{
	if (!is_word(value, "GREGORIAN") && !is_word(value, "GREGORY"))
		return fail_value(parser, part->name, value, "is not supported");
	return true;
}

static bool
read_skip(Parser *parser, const Part *part, Span value)
{
	int			found = find_word(value, skip_names, 3);

	if (found < 0)
		return fail_value(parser, part->name, value, "is not known");
	parser->rule->skip = (SkipKind) found;
	return true;
}

/* One of BYDAY: "MO", "2MO", "-1SU" */
static bool
read_weekday(Parser *parser, const Part *part, Span item)
{
	Span		rest = item;
	bool		minus = take_sign(&rest);
	bool		signed_item = rest.length < item.length;
	int64_t		ordinal = 0;
	bool		has_ordinal = take_digits(&rest, &ordinal);
	int			weekday = find_word(trim(rest), weekday_names, 7);

	if (weekday < 0 || (signed_item && !has_ordinal))
		return fail_value(parser, part->name, item, "is not a weekday");
	if (has_ordinal && (ordinal < 1 || ordinal > 53))
		return fail_value(parser, part->name, item, "is out of range");
	if (!has_ordinal)
		parser->rule->weekdays |= 1U << weekday;
	else if (minus)
		parser->rule->last_weekday[weekday] |= UINT64_C(1) << ordinal;
	else
		parser->rule->nth_weekday[weekday] |= UINT64_C(1) << ordinal;
	return true;
}

/* One of a list of numbers */
static bool
read_number(Parser *parser, const Part *part, Span item)
{
	NumberSet  *set = (NumberSet *) ((char *) parser->rule + part->set);
	Span		rest = item;
	bool		minus = take_sign(&rest);
	int64_t		number;

	if (!take_digits(&rest, &number) || rest.length > 0)
		return fail_value(parser, part->name, item, "is not a number");
	if (number < part->min || number > part->max || (minus && !part->negative))
		return fail_value(parser, part->name, item, "is out of range");
	set_bit(minus ? set->minus : set->plus, (int) number);
	return true;
}

static const Part *find_part(Span name);

/*
 * The BY parts.  A name of a part among the values is a slip of the generator
 * ("BYMONTH=10,BYMONTHDAY") and says nothing.  A list without any value is not
 * there.
 */
static bool
read_list(Parser *parser, const Part *part, Span value)
{
	bool		any = false;

	while (value.length > 0)
	{
		Span		item = next_item(&value, ',');

		if (item.length == 0 || find_part(item) != NULL)
			continue;
		if (!(part->bit == PART_BYDAY ? read_weekday : read_number) (parser, part, item))
			return false;
		any = true;
	}
	if (!any)
		parser->rule->parts &= ~part->bit;
	return true;
}

#define NUMBERS(name, member, min, max, negative) \
	{#name, PART_##name, read_list, offsetof(Recurrence, member), min, max, negative}

static const Part parts[] = {
	{"FREQ", PART_FREQ, read_freq, 0, 0, 0, false},
	{"INTERVAL", PART_INTERVAL, read_positive, 0, 0, 0, false},
	{"COUNT", PART_COUNT, read_positive, 0, 0, 0, false},
	{"UNTIL", PART_UNTIL, read_until, 0, 0, 0, false},
	{"WKST", PART_WKST, read_wkst, 0, 0, 0, false},
	{"RSCALE", PART_RSCALE, read_rscale, 0, 0, 0, false},
	{"SKIP", PART_SKIP, read_skip, 0, 0, 0, false},
	{"BYDAY", PART_BYDAY, read_list, 0, 0, 0, false},
	NUMBERS(BYSECOND, seconds, 0, 60, false),
	NUMBERS(BYMINUTE, minutes, 0, 59, false),
	NUMBERS(BYHOUR, hours, 0, 23, false),
	NUMBERS(BYMONTHDAY, monthdays, 1, 31, true),
	NUMBERS(BYYEARDAY, yeardays, 1, 366, true),
	NUMBERS(BYWEEKNO, weeks, 1, 53, true),
	NUMBERS(BYMONTH, months, 1, 12, false),
	NUMBERS(BYSETPOS, positions, 1, 366, true),
};

/* The part of this name, or NULL */
static const Part *
find_part(Span name)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		if (is_word(name, parts[i].name))
			return &parts[i];
	}
	return NULL;
}

/* One "NAME=value" */
static bool
read_part(Parser *parser, Span text)
{
	Span		value = text;
	Span		name = next_item(&value, '=');
	const Part *part = find_part(name);
	Recurrence	before;

	if (part == NULL)
	{
		/* It may limit the rule in a way we don't know: BYEASTER */
		if (name.length > 2 && name.length < text.length &&
			strncasecmp(name.at, "BY", 2) == 0)
			return fail_value(parser, "rule part", name, "is not known");
		return true;
	}
	if (!(parser->rule->parts & part->bit))
	{
		parser->rule->parts |= part->bit;
		return part->read(parser, part, trim(value));
	}

	/* Once more is fine as long as it says the same */
	memcpy(&before, parser->rule, sizeof(before));
	if (!part->read(parser, part, trim(value)))
		return false;
	if (memcmp(&before, parser->rule, sizeof(before)) != 0)
		return fail(parser, "%s is given twice", part->name);
	return true;
}

const Recurrence *
RecurrenceParse(Arena *arena, const char *text, size_t length,
				char *error, size_t error_size)
{
	Recurrence *rule = ArenaAlloc0(arena, sizeof(Recurrence));
	Parser		parser = {rule, error, error_size};
	Span		rest = trim((Span) {text, length});

	rule->interval = 1;
	rule->wkst = 1;
	while (rest.length >= 6 && strncasecmp(rest.at, "RRULE:", 6) == 0)
		rest = trim((Span) {rest.at + 6, rest.length - 6});
	while (rest.length > 0)
	{
		Span		part = next_item(&rest, ';');

		if (part.length > 0 && !read_part(&parser, part))
			return NULL;
	}
	if (!(rule->parts & PART_FREQ))
	{
		fail(&parser, "rule has no FREQ");
		return NULL;
	}

	/* The leap second: RFC 5545 (3.3.12) has it read as the one before */
	if (has_bit(rule->seconds.plus, 60))
		set_bit(rule->seconds.plus, 59);
	rule->seconds.plus[0] &= (UINT64_C(1) << 60) - 1;
	return rule;
}

UntilKind
RecurrenceUntil(const Recurrence *rule, int64_t *value)
{
	if (rule->until_kind != UNTIL_NONE)
		*value = rule->until;
	return rule->until_kind;
}

int64_t
RecurrenceCount(const Recurrence *rule)
{
	return rule->count;
}

bool
RecurrenceEveryHour(const Recurrence *rule)
{
	static const int64_t units[] = {1, 60, 3600};

	return rule->freq <= FREQ_HOURLY && !(rule->parts & PART_BYHOUR) &&
		rule->interval <= 3600 / units[rule->freq];
}
