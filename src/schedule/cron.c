/*
 * src/schedule/cron.c
 *
 * Cron expressions, translated to RRULEs.
 *
 * As crontab(5) has them: minute, hour, day of month, month, day of week; "*",
 * numbers, ranges, steps ("*" and "8-18" with "/2"; "5/15" is 5, 20, 35, 50), lists,
 * names of months and weekdays, 7 for Sunday as well, @hourly and its like.
 * Beyond it "?" for "*", and "L" or "$" for the last day of the month.
 *
 * Days of month and days of week are joined by OR when both are given, and by
 * AND when either field begins with "*", which is what cron does.
 *
 * Pure C.
 */
#include "schedule/schedule_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIELDS 5

typedef enum FieldNumber
{
	MINUTE,
	HOUR,
	MONTHDAY,
	MONTH,
	WEEKDAY
} FieldNumber;

typedef struct FieldKind
{
	const char *name;
	int			min;
	int			max;
	const char *const *words;	/* names of min, min + 1, … or NULL */
	int			nwords;
} FieldKind;

static const char *const month_words[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"
};
static const char *const weekday_words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const FieldKind kinds[FIELDS] = {
	{"minute", 0, 59, NULL, 0},
	{"hour", 0, 23, NULL, 0},
	{"day of month", 1, 31, NULL, 0},
	{"month", 1, 12, month_words, 12},
	{"day of week", 0, 7, weekday_words, 7},
};

typedef struct Field
{
	uint64_t	bits;			/* bit n: the number n */
	bool		starred;		/* begins with "*" or "?" */
	bool		last_day;		/* "L": bits says nothing of it */
} Field;

static const struct
{
	const char *name;
	const char *means;
}			macros[] =
{
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Split at white space; how many words there are, of which max are returned */
static int
split(Arena *arena, const char *text, const char **words, int max)
{
	int			n = 0;

	for (;;)
	{
		const char *start;

		while (is_space(*text))
			text++;
		if (*text == '\0')
			return n;
		start = text;
		while (*text != '\0' && !is_space(*text))
			text++;
		if (n < max)
			words[n] = ArenaStrndup(arena, start, (size_t) (text - start));
		n++;
	}
}

/*
 * A macro, or words the first three of which begin as only cron's do: an
 * interval has a unit among them.
 */
bool
CronLooksLike(const char *text)
{
	int			words = 0;

	while (is_space(*text))
		text++;
	if (*text == '@')
		return isalpha((unsigned char) text[1]);
	while (*text != '\0' && words < 3)
	{
		if (!isdigit((unsigned char) *text) && strchr("*?$Ll", *text) == NULL)
			return false;
		for (; *text != '\0' && !is_space(*text); text++)
			if (*text == ':')
				return false;
		while (is_space(*text))
			text++;
		words++;
	}
	return words == 3;
}

static void
refuse(Problem *problem, const FieldKind *kind, const char *item, const char *why)
{
	ProblemSet(problem, ERROR_CLASS_CONFIG, "%s \"%.40s\" of the cron expression %s",
			   kind->name, item, why);
	if (kind->words != NULL)
		ProblemDetail(problem, "It takes %d to %d, or %s to %s.", kind->min, kind->max,
					  kind->words[0], kind->words[kind->nwords - 1]);
	else
		ProblemDetail(problem, "It takes %d to %d.", kind->min, kind->max);
	ProblemHint(problem, "Five fields: minute, hour, day of month, month, day of week, as in \"30 2 * * mon-fri\". What they cannot say, an RRULE can.");
}

/* A number or name at *text, moved behind it; -1: neither */
static int
take_value(const FieldKind *kind, const char **text)
{
	int			value = 0;
	int			digits = 0;

	while (isdigit((unsigned char) **text) && digits < 4)
	{
		value = value * 10 + (*(*text)++ - '0');
		digits++;
	}
	if (digits > 0)
		return value;
	for (int i = 0; i < kind->nwords; i++)
	{
		if (strncasecmp(*text, kind->words[i], 3) == 0)
		{
			*text += 3;
			return kind->min + i;
		}
	}
	return -1;
}

/* One of a field's list: "*", "5", "8-18", each with a step if it has one */
static bool
read_item(FieldNumber number, Field *field, const char *item, Problem *problem)
{
	const FieldKind *kind = &kinds[number];
	const char *rest = item;
	int			from = kind->min;
	int			to = number == WEEKDAY ? 6 : kind->max;
	int			step = 1;
	bool		is_single = false;

	if (number == MONTHDAY && (strcasecmp(item, "L") == 0 || strcmp(item, "$") == 0))
	{
		field->last_day = true;
		return true;
	}
	if (*rest == '*' || *rest == '?')
		rest++;
	else
	{
		from = take_value(kind, &rest);
		if (from < 0)
			return refuse(problem, kind, item, "is not known"), false;
		is_single = *rest != '-' && *rest != '/';
		if (*rest == '-')
		{
			rest++;
			to = take_value(kind, &rest);
			if (to < 0)
				return refuse(problem, kind, item, "is not known"), false;
			/* "fri-sun" ends a week, though Sunday begins one */
			if (number == WEEKDAY && to == 0 && from > 0)
				to = 7;
		}
		else if (is_single)
			to = from;
	}
	if (*rest == '/')
	{
		rest++;
		if (!isdigit((unsigned char) *rest))
			return refuse(problem, kind, item, "has a step that is no number"), false;
		step = take_value(kind, &rest);
		if (step == 0)
			return refuse(problem, kind, item, "has a step of 0"), false;
	}
	if (*rest != '\0')
		return refuse(problem, kind, item, "is not known"), false;
	if (from < kind->min || from > kind->max || to > kind->max)
		return refuse(problem, kind, item, "is out of range"), false;
	if (from > to)
		return refuse(problem, kind, item, "ends before it begins"), false;
	for (int value = from; value <= to; value += step)
		field->bits |= UINT64_C(1) << (number == WEEKDAY ? value % 7 : value);
	return true;
}

static bool
read_field(Arena *arena, FieldNumber number, Field *field, const char *text, Problem *problem)
{
	field->starred = *text == '*' || *text == '?';
	for (;;)
	{
		size_t		length = strcspn(text, ",");

		if (!read_item(number, field, ArenaStrndup(arena, text, length), problem))
			return false;
		text += length;
		if (*text == '\0')
			return true;
		text++;
	}
}

/* Has it all values there are? */
static bool
is_full(const Field *fields, FieldNumber number)
{
	int			max = number == WEEKDAY ? 6 : kinds[number].max;

	for (int value = kinds[number].min; value <= max; value++)
		if (!(fields[number].bits >> value & 1))
			return false;
	return true;
}

/* Add ";BYHOUR=2,14" */
static void
append_part(char *rule, size_t size, const char *name, const Field *field, bool weekdays)
{
	static const char *const days[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
	size_t		length = strlen(rule);
	const char *separator = "";

	length += (size_t) snprintf(rule + length, size - length, ";%s=", name);
	for (int value = 0; value < 64; value++)
	{
		if (!(field->bits >> value & 1))
			continue;
		length += weekdays ?
			(size_t) snprintf(rule + length, size - length, "%s%s", separator, days[value]) :
			(size_t) snprintf(rule + length, size - length, "%s%d", separator, value);
		separator = ",";
	}
	if (field->last_day)
		snprintf(rule + length, size - length, "%s-1", separator);
}

/* The RRULE of the fields, with one or both ways of naming days */
static const char *
make_rule(Arena *arena, const Field *fields, bool monthdays, bool weekdays)
{
	char		rule[1000];
	bool		every_hour = is_full(fields, HOUR);
	bool		every_minute = is_full(fields, MINUTE);

	strcpy(rule, !every_hour ? "FREQ=DAILY" : every_minute ? "FREQ=MINUTELY" : "FREQ=HOURLY");
	if (!is_full(fields, MONTH))
		append_part(rule, sizeof(rule), "BYMONTH", &fields[MONTH], false);
	if (monthdays && !is_full(fields, MONTHDAY))
		append_part(rule, sizeof(rule), "BYMONTHDAY", &fields[MONTHDAY], false);
	if (weekdays && !is_full(fields, WEEKDAY))
		append_part(rule, sizeof(rule), "BYDAY", &fields[WEEKDAY], true);
	if (!every_hour)
		append_part(rule, sizeof(rule), "BYHOUR", &fields[HOUR], false);
	if (!every_minute || !every_hour)
		append_part(rule, sizeof(rule), "BYMINUTE", &fields[MINUTE], false);
	return ArenaStrdup(arena, rule);
}

int
CronTranslate(Arena *arena, const char *text, const char **rules, Problem *problem)
{
	const char *words[FIELDS + 1];
	Field		fields[FIELDS] = {{0}};
	int			n = split(arena, text, words, FIELDS + 1);

	if (n == 1 && words[0][0] == '@')
	{
		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
			if (strcasecmp(words[0], macros[i].name) == 0)
				return CronTranslate(arena, macros[i].means, rules, problem);
		ProblemSet(problem, ERROR_CLASS_CONFIG, "schedule \"%.40s\" is not known", words[0]);
		ProblemHint(problem, "There are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually.");
		return 0;
	}
	if (n != FIELDS)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "a cron expression has five fields, this one %d", n);
		ProblemHint(problem, "Minute, hour, day of month, month, day of week, as in \"30 2 * * mon-fri\". There is no field of seconds.");
		return 0;
	}
	for (int i = 0; i < FIELDS; i++)
		if (!read_field(arena, (FieldNumber) i, &fields[i], words[i], problem))
			return 0;

	if (fields[MONTHDAY].starred || fields[WEEKDAY].starred)
	{
		rules[0] = make_rule(arena, fields, true, true);
		return 1;
	}
	rules[0] = make_rule(arena, fields, true, false);
	rules[1] = make_rule(arena, fields, false, true);
	return 2;
}
