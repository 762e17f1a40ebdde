/*
 * src/schedule/schedule.c
 *
 * Which kind of schedule a text is, and reading it.
 *
 * Pure C.
 */
#include "schedule/schedule_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hash.h"

#define SECOND		INT64_C(1)
#define DAY			INT64_C(86400)
#define MICROSECONDS INT64_C(1000000)

#define INTERVAL_MAX (3660 * DAY)

/*
 * What a rule without DTSTART counts from: a Monday, 1 January, midnight.  So
 * FREQ=WEEKLY alone is Monday, FREQ=MONTHLY the first, and both at midnight.
 */
#define DEFAULT_DTSTART (CivilToDays(2001, 1, 1) * DAY)

static const char *const forms_hint =
"Give an interval ('30 minutes'), a cron expression ('30 2 * * mon-fri', '@daily') or an RRULE ('FREQ=WEEKLY;BYDAY=MO;BYHOUR=4').";

ScheduleKind
ScheduleKindOf(const Schedule *schedule)
{
	return schedule->kind;
}

const char *
ScheduleRule(const Schedule *schedule, int number)
{
	return number < schedule->nrules ? schedule->texts[number] : NULL;
}

/* ---- intervals ---- */

static bool
read_interval(Schedule *schedule, const char *text, const ScheduleHost *host, Problem *problem)
{
	int64_t		months;
	int64_t		days;
	int64_t		microseconds;
	int64_t		seconds;

	if (!host->interval(host->arg, text, &months, &days, &microseconds))
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "\"%.100s\" is not a schedule", text);
		ProblemHint(problem, "%s", forms_hint);
		return false;
	}
	if (months != 0)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "interval \"%.100s\" has no fixed length", text);
		ProblemDetail(problem, "Months and years are not all equally long.");
		ProblemHint(problem, "Give days, or a cron expression: '0 3 1 * *' is 3 o'clock on every first of the month.");
		return false;
	}

	/* Far from overflow: days are 32 bits, and microseconds 64 before division */
	seconds = days * DAY + microseconds / MICROSECONDS;
	if (seconds < SECOND || seconds > INTERVAL_MAX)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "interval \"%.100s\" is too %s", text,
				   seconds < SECOND ? "short" : "long");
		ProblemHint(problem, "Schedules take 1 second to 10 years.");
		return false;
	}
	schedule->kind = SCHEDULE_INTERVAL;
	schedule->seconds = seconds;
	return true;
}

/* ---- RRULE ---- */

static bool
has_rule(const char *text)
{
	for (; *text != '\0'; text++)
		if (strncasecmp(text, "FREQ", 4) == 0)
			return true;
	return false;
}

/* "DTSTART:20260101T040000" at *text, moved behind it; false: it is no such time */
static bool
read_dtstart(const char **text, LocalTime *dtstart)
{
	int			year,
				month,
				day;
	int			hour = 0,
				minute = 0,
				second = 0;
	int			length = 0;
	int64_t		days;
	int64_t		back_year;
	int			back_month,
				back_day;

	*text += strlen("DTSTART:");
	if (strspn(*text, "0123456789") != 8 ||
		sscanf(*text, "%4d%2d%2d%n", &year, &month, &day, &length) != 3 || length != 8)
		return false;
	*text += length;
	if (**text == 'T' || **text == 't')
	{
		++*text;
		if (strspn(*text, "0123456789") != 6 ||
			sscanf(*text, "%2d%2d%2d%n", &hour, &minute, &second, &length) != 3 || length != 6 ||
			hour > 23 || minute > 59 || second > 59)
			return false;
		*text += length;
	}
	if (**text != '\0' && strchr(" \t\r\n;", **text) == NULL)
		return false;
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	days = CivilToDays(year, month, day);
	DaysToCivil(days, &back_year, &back_month, &back_day);
	if (back_month != month || back_day != day)
		return false;
	*dtstart = days * DAY + hour * 3600 + minute * 60 + second;
	return true;
}

static bool
read_rrule(Schedule *schedule, Arena *arena, const char *text, Problem *problem)
{
	char		error[200] = "";
	bool		has_dtstart = strncasecmp(text, "DTSTART", 7) == 0;
	const Recurrence *rule;

	schedule->kind = SCHEDULE_RRULE;
	if (has_dtstart)
	{
		if (text[7] != ':' || !read_dtstart(&text, &schedule->dtstart))
		{
			ProblemSet(problem, ERROR_CLASS_CONFIG, "DTSTART of the schedule is not a time");
			ProblemHint(problem, "Write it on the wall clock of the source's time zone, as in \"DTSTART:20260101T040000 RRULE:FREQ=DAILY;INTERVAL=3\".");
			return false;
		}
		text += strspn(text, " \t\r\n;");
	}
	rule = RecurrenceParse(arena, text, strlen(text), error, sizeof(error));
	if (rule == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "the schedule's RRULE cannot be read: %s", error);
		ProblemHint(problem, "RFC 5545, section 3.3.10, says what an RRULE is; as in \"FREQ=WEEKLY;BYDAY=MO;BYHOUR=4\".");
		return false;
	}
	if (RecurrenceCount(rule) > 0 && !has_dtstart)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "a schedule with COUNT needs a DTSTART to count from");
		ProblemHint(problem, "Write \"DTSTART:20260101T040000 RRULE:%.100s\".", text);
		return false;
	}
	schedule->texts[0] = ArenaStrdup(arena, text);
	schedule->rules[0] = rule;
	schedule->nrules = 1;
	schedule->has_end = RecurrenceUntil(rule, &schedule->end) == UNTIL_UTC;
	return true;
}

/* ---- cron ---- */

static bool
read_cron(Schedule *schedule, Arena *arena, const char *text, Problem *problem)
{
	schedule->kind = SCHEDULE_CRON;
	schedule->nrules = CronTranslate(arena, text, schedule->texts, problem);
	for (int i = 0; i < schedule->nrules; i++)
	{
		char		error[200];

		schedule->rules[i] = RecurrenceParse(arena, schedule->texts[i], strlen(schedule->texts[i]),
											 error, sizeof(error));
		if (schedule->rules[i] == NULL)
		{
			ProblemSet(problem, ERROR_CLASS_INTERNAL, "cron expression became \"%.200s\": %s",
					   schedule->texts[i], error);
			return false;
		}
	}
	return schedule->nrules > 0;
}

/* ---- all ---- */

/* Does any rule have an occurrence at all? */
static bool
ever_comes(const Schedule *schedule, Arena *arena)
{
	for (int i = 0; i < schedule->nrules; i++)
	{
		LocalTime	reading;
		RecurrenceIterator *iterator = RecurrenceStart(arena, schedule->rules[i], schedule->dtstart, false,
													   schedule->dtstart, INT64_MAX, SCHEDULE_STEPS);

		if (RecurrenceNext(iterator, &reading) == RECURRENCE_FOUND)
			return true;
	}
	return false;
}

const Schedule *
ScheduleParse(Arena *arena, const char *text, const ScheduleHost *host, Problem *problem)
{
	Schedule   *schedule = ArenaAlloc0(arena, sizeof(Schedule));
	bool		is_read;

	memset(problem, 0, sizeof(*problem));
	while (isspace((unsigned char) *text))
		text++;
	schedule->dtstart = DEFAULT_DTSTART;
	if (has_rule(text))
		is_read = read_rrule(schedule, arena, text, problem);
	else if (CronLooksLike(text))
		is_read = read_cron(schedule, arena, text, problem);
	else
		is_read = read_interval(schedule, text, host, problem);
	if (!is_read)
		return NULL;

	/* The hour of a cron expression is the same for both rules */
	schedule->every_hour = schedule->nrules > 0 && RecurrenceEveryHour(schedule->rules[0]);
	if (schedule->kind != SCHEDULE_INTERVAL && !ever_comes(schedule, arena))
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "schedule \"%.100s\" never comes", text);
		ProblemDetail(problem, "No day of any year is the one that it asks for.");
		return NULL;
	}
	return schedule;
}

int
ScheduleDelay(const Schedule *schedule, const Zone *zone, const char *source,
			  FeedTime tick, Arena *scratch)
{
	FeedTime	following;
	int64_t		most = SCHEDULE_DELAY_MAX;

	if (schedule->kind == SCHEDULE_INTERVAL)
		return 0;
	if (ScheduleNext(schedule, zone, tick, scratch, &following) && (following - tick) / 10 < most)
		most = (following - tick) / 10;
	return (int) (HashString(source, 0) % (uint64_t) (most + 1));
}
