/*
 * test/unit/schedule_test.c
 *
 * Schedules: what the texts mean, and which instants come of it, above all
 * where clocks are changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"
#include "schedule/schedule.h"
#include "zone_tzif.h"

#define DAY		INT64_C(86400)

static Arena *arena;
static Arena *scratch;
static Zones *zones;

/* "N unit" of a few units stands for the host's type */
static bool
read_interval(void *arg, const char *text, int64_t *months, int64_t *days, int64_t *microseconds)
{
	double		number;
	char		unit[20];

	*months = *days = *microseconds = 0;
	if (sscanf(text, "%lf %19s", &number, unit) != 2)
		return false;
	if (strncmp(unit, "month", 5) == 0)
		*months = (int64_t) number;
	else if (strncmp(unit, "day", 3) == 0)
		*days = (int64_t) number;
	else if (strncmp(unit, "hour", 4) == 0)
		*microseconds = (int64_t) (number * 3600e6);
	else if (strncmp(unit, "minute", 6) == 0)
		*microseconds = (int64_t) (number * 60e6);
	else if (strncmp(unit, "second", 6) == 0)
		*microseconds = (int64_t) (number * 1e6);
	else
		return false;
	return true;
}

static const ScheduleHost host = {read_interval, NULL};

static const Schedule *
parse(const char *text, Problem *problem)
{
	return ScheduleParse(arena, text, &host, problem);
}

/* ---- texts ---- */

/* A schedule's rules, with " + " between them; "interval"; or the refusal */
static void
test_text(const char *text, const char *expected)
{
	Problem		problem;
	const Schedule *schedule = parse(text, &problem);
	char		got[2000];

	if (schedule == NULL)
		snprintf(got, sizeof(got), "%s", problem.message);
	else if (ScheduleKindOf(schedule) == SCHEDULE_INTERVAL)
		snprintf(got, sizeof(got), "interval");
	else
		snprintf(got, sizeof(got), "%s%s%s", ScheduleRule(schedule, 0),
				 ScheduleRule(schedule, 1) ? " + " : "",
				 ScheduleRule(schedule, 1) ? ScheduleRule(schedule, 1) : "");
	TapSame(got, expected, text);
}

static void
test_texts(void)
{
	test_text("* * * * *", "FREQ=MINUTELY");
	test_text("*/1 * * * *", "FREQ=MINUTELY");
	test_text("0 * * * *", "FREQ=HOURLY;BYMINUTE=0");
	test_text("@hourly", "FREQ=HOURLY;BYMINUTE=0");
	test_text("*/30 * * * *", "FREQ=HOURLY;BYMINUTE=0,30");
	test_text(" 30\t2  * * * ", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30");
	test_text("* 2 * * *", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59");
	test_text("@daily", "FREQ=DAILY;BYHOUR=0;BYMINUTE=0");
	test_text("@Midnight", "FREQ=DAILY;BYHOUR=0;BYMINUTE=0");
	test_text("@weekly", "FREQ=DAILY;BYDAY=SU;BYHOUR=0;BYMINUTE=0");
	test_text("@monthly", "FREQ=DAILY;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=0");
	test_text("@yearly", "FREQ=DAILY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=0");
	test_text("0 9-17/4 * * mon-fri", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,13,17;BYMINUTE=0");
	test_text("5/15 0 * * *", "FREQ=DAILY;BYHOUR=0;BYMINUTE=5,20,35,50");
	test_text("10,20,10 8,20 * JAN,dec *", "FREQ=DAILY;BYMONTH=1,12;BYHOUR=8,20;BYMINUTE=10,20");
	test_text("0 0 * * 7", "FREQ=DAILY;BYDAY=SU;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 * * 5-7", "FREQ=DAILY;BYDAY=SU,FR,SA;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 * * fri-sun", "FREQ=DAILY;BYDAY=SU,FR,SA;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 * * sun-tue", "FREQ=DAILY;BYDAY=SU,MO,TU;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 * * 0-6", "FREQ=DAILY;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 * * */2", "FREQ=DAILY;BYDAY=SU,TU,TH,SA;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 L * *", "FREQ=DAILY;BYMONTHDAY=-1;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 15,$ * *", "FREQ=DAILY;BYMONTHDAY=15,-1;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 ? * 1", "FREQ=DAILY;BYDAY=MO;BYHOUR=0;BYMINUTE=0");

	/* both kinds of day: OR, and AND where one begins with a star */
	test_text("0 0 13 * fri",
			  "FREQ=DAILY;BYMONTHDAY=13;BYHOUR=0;BYMINUTE=0 + FREQ=DAILY;BYDAY=FR;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 */2 * fri", "FREQ=DAILY;BYMONTHDAY=1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31;BYDAY=FR;BYHOUR=0;BYMINUTE=0");
	test_text("0 0 30 2 mon",
			  "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=0;BYMINUTE=0 + FREQ=DAILY;BYMONTH=2;BYDAY=MO;BYHOUR=0;BYMINUTE=0");

	test_text("60 * * * *", "minute \"60\" of the cron expression is out of range");
	test_text("* 24 * * *", "hour \"24\" of the cron expression is out of range");
	test_text("* * 0 * *", "day of month \"0\" of the cron expression is out of range");
	test_text("* * * 13 *", "month \"13\" of the cron expression is out of range");
	test_text("* * * * 8", "day of week \"8\" of the cron expression is out of range");
	test_text("* * * * mox", "day of week \"mox\" of the cron expression is not known");
	test_text("* * * * monday", "day of week \"monday\" of the cron expression is not known");
	test_text("5-3 * * * *", "minute \"5-3\" of the cron expression ends before it begins");
	test_text("*/0 * * * *", "minute \"*/0\" of the cron expression has a step of 0");
	test_text("*/x * * * *", "minute \"*/x\" of the cron expression has a step that is no number");
	test_text("1,,2 * * * *", "minute \"\" of the cron expression is not known");
	test_text("99999999999999999999 * * * *", "minute \"99999999999999999999\" of the cron expression is not known");
	test_text("-5 * * * *", "\"-5 * * * *\" is not a schedule");
	test_text("* * * *", "a cron expression has five fields, this one 4");
	test_text("0 */5 * * * *", "a cron expression has five fields, this one 6");
	test_text("@reboot", "schedule \"@reboot\" is not known");
	test_text("0 0 30 2 *", "schedule \"0 0 30 2 *\" never comes");
	test_text("0 0 31 4,6,9,11 *", "schedule \"0 0 31 4,6,9,11 *\" never comes");
	test_text("0 0 29 2 *", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=0;BYMINUTE=0");

	test_text("30 minutes", "interval");
	test_text("1 second", "interval");
	test_text("0.5 seconds", "interval \"0.5 seconds\" is too short");
	test_text("-1 day", "interval \"-1 day\" is too short");
	test_text("4000 days", "interval \"4000 days\" is too long");
	test_text("1 month", "interval \"1 month\" has no fixed length");
	test_text("", "\"\" is not a schedule");
	test_text("often", "\"often\" is not a schedule");

	test_text("FREQ=DAILY;BYHOUR=4", "FREQ=DAILY;BYHOUR=4");
	test_text("rrule:freq=weekly", "rrule:freq=weekly");
	test_text("DTSTART:20260101T040000 RRULE:FREQ=DAILY;INTERVAL=3;COUNT=5", "RRULE:FREQ=DAILY;INTERVAL=3;COUNT=5");
	test_text("FREQ=DAILY;COUNT=5", "a schedule with COUNT needs a DTSTART to count from");
	test_text("DTSTART:20260230T040000 FREQ=DAILY", "DTSTART of the schedule is not a time");
	test_text("DTSTART:20260101T040000Z FREQ=DAILY", "DTSTART of the schedule is not a time");
	test_text("DTSTART;TZID=Europe/Paris:20260101T040000 FREQ=DAILY", "DTSTART of the schedule is not a time");
	test_text("FREQ=SOMETIMES", "the schedule's RRULE cannot be read: FREQ \"SOMETIMES\" is not known");
	test_text("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "schedule \"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\" never comes");
}

/* ---- instants ---- */

static FeedTime
utc(const char *text)
{
	int			year = 0,
				month = 0,
				day = 0,
				hour = 0,
				minute = 0,
				second = 0;

	sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second);
	return CivilToDays(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

/* The next ticks, as "04 07:30 05 06:30" (day and time of UTC); "." none any more */
static void
test_next(const char *text, const char *zone_name, const char *after, const char *expected)
{
	Problem		problem;
	const Schedule *schedule = parse(text, &problem);
	const Zone *zone = ZoneResolve(zones, zone_name);
	FeedTime	at = utc(after);
	char		got[1000] = "";
	char		name[300];

	snprintf(name, sizeof(name), "%s in %s after %s", text, zone_name, after);
	for (size_t length = 0; length < strlen(expected);)
	{
		int64_t		year;
		int			month;
		int			day;
		int			rest;

		ArenaReset(scratch);
		if (schedule == NULL || !ScheduleNext(schedule, zone, at, scratch, &at))
		{
			strcat(got, length > 0 ? " ." : ".");
			break;
		}
		rest = (int) ((at % DAY + DAY) % DAY);
		DaysToCivil((at - rest) / DAY, &year, &month, &day);
		length += (size_t) snprintf(got + length, sizeof(got) - length, "%s%02d %02d:%02d",
									length > 0 ? " " : "", day, rest / 3600, rest / 60 % 60);
		if (rest % 60 != 0)
			length += (size_t) snprintf(got + length, sizeof(got) - length, ":%02d", rest % 60);
	}
	TapSame(got, expected, name);
}

static void
test_instants(void)
{
	static const char *const montreal = "America/Toronto";

	test_next("0 12 * * *", "UTC", "2026-01-01 12:00:00", "02 12:00 03 12:00");
	test_next("0 12 * * *", "UTC", "2026-01-01 11:59:59", "01 12:00");
	test_next("0 12 * * *", montreal, "2026-01-01 12:00:00", "01 17:00 02 17:00");
	test_next("0 0 29 2 *", "UTC", "2096-03-01 00:00:00", "29 00:00");
	test_next("0 0 13 * fri", "UTC", "2026-02-01 00:00:00", "06 00:00 13 00:00 20 00:00 27 00:00 06 00:00");
	test_next("0 0 L * *", "UTC", "2026-01-31 00:00:00", "28 00:00 31 00:00 30 00:00");

	/* 8 March 2026: 02:00 EST becomes 03:00 EDT at 07:00 UTC */
	test_next("30 2 * * *", montreal, "2026-03-07 00:00:00", "07 07:30 08 07:30 09 06:30");
	test_next("0 2 * * *", montreal, "2026-03-07 00:00:00", "07 07:00 08 07:00 09 06:00");
	test_next("0 3 * * *", montreal, "2026-03-07 00:00:00", "07 08:00 08 07:00 09 07:00");
	test_next("0 * * * *", montreal, "2026-03-08 05:30:00", "08 06:00 08 07:00 08 08:00");
	test_next("30 * * * *", montreal, "2026-03-08 05:30:00", "08 06:30 08 07:30 08 08:30");
	test_next("*/20 * * * *", montreal, "2026-03-08 06:30:00", "08 06:40 08 07:00 08 07:20 08 07:40 08 08:00");
	test_next("0,30 2-3 * * *", montreal, "2026-03-08 00:00:00", "08 07:00 08 07:30 09 06:00");
	test_next("45 2 * * *", montreal, "2026-03-08 07:44:59", "08 07:45 09 06:45");

	/* 1 November 2026: 02:00 EDT becomes 01:00 EST at 06:00 UTC */
	test_next("30 1 * * *", montreal, "2026-10-31 00:00:00", "31 05:30 01 05:30 02 06:30");
	test_next("0 1 * * *", montreal, "2026-10-31 00:00:00", "31 05:00 01 05:00 02 06:00");
	test_next("0 2 * * *", montreal, "2026-10-31 00:00:00", "31 06:00 01 07:00 02 07:00");
	test_next("0 * * * *", montreal, "2026-11-01 04:30:00", "01 05:00 01 06:00 01 07:00 01 08:00");
	test_next("30 * * * *", montreal, "2026-11-01 04:30:00", "01 05:30 01 06:30 01 07:30");
	test_next("*/15 1 * * *", montreal, "2026-11-01 05:30:00", "01 05:45 02 06:00");
	test_next("FREQ=MINUTELY;INTERVAL=30", montreal, "2026-11-01 05:00:00", "01 05:30 01 06:00 01 06:30 01 07:00");
	test_next("FREQ=HOURLY;INTERVAL=6", montreal, "2026-11-01 00:00:00", "01 04:00 01 11:00 01 17:00");

	/* half an hour, the other half of the year, the other side of midnight */
	test_next("15 2 * * *", "Australia/Lord_Howe", "2026-10-02 12:00:00", "02 15:45 03 15:45 04 15:15");
	test_next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04 00:00:00", "04 14:45 05 15:15");
	test_next("0 0 * * *", "America/Havana", "2026-03-07 00:00:00", "07 05:00 08 05:00 09 04:00");
	test_next("30 0 * * *", "America/Havana", "2026-03-07 12:00:00", "08 05:30 09 04:30");

	/* a day that Samoa has not had: 30 December 2011 */
	test_next("0 8 * * *", "Pacific/Apia", "2011-12-28 12:00:00", "28 18:00 29 18:00 30 18:00");

	/* "every 45 minutes" is the clock's, an interval the stop-watch's */
	test_next("90 minutes", montreal, "2026-03-08 06:00:00", "08 07:30 08 09:00");
	test_next("1 day", montreal, "2026-03-07 12:00:00", "08 12:00 09 12:00");

	test_next("FREQ=WEEKLY", "UTC", "2026-01-01 00:00:00", "05 00:00 12 00:00");
	test_next("FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=4", montreal, "2026-01-01 00:00:00", "25 09:00 22 09:00 29 08:00");
	test_next("DTSTART:20260101T040000 FREQ=DAILY;INTERVAL=3", "UTC", "2025-06-01 00:00:00", "01 04:00 04 04:00");
	test_next("DTSTART:20260101T040000 FREQ=DAILY;COUNT=2", "UTC", "2026-01-01 00:00:00", "01 04:00 02 04:00 .");
	test_next("FREQ=DAILY;UNTIL=20260103T000000Z", montreal, "2026-01-01 00:00:00", "01 05:00 02 05:00 .");
	test_next("FREQ=DAILY;UNTIL=20260103T000000", montreal, "2026-01-01 00:00:00", "01 05:00 02 05:00 03 05:00 .");
	test_next("FREQ=YEARLY;INTERVAL=400;BYMONTH=2;BYMONTHDAY=29", "UTC", "2026-01-01 00:00:00", ".");
}

/* ---- against a walk through every minute ---- */

/* A random schedule of minutes and hours, as sets and as a cron expression */
typedef struct Sample
{
	uint64_t	minutes;
	uint64_t	hours;
	char		text[400];
} Sample;

static void
append_numbers(char *text, uint64_t bits)
{
	const char *separator = "";

	for (int i = 0; i < 64; i++)
	{
		if (bits >> i & 1)
		{
			sprintf(text + strlen(text), "%s%d", separator, i);
			separator = ",";
		}
	}
}

static void
make_sample(Sample *sample)
{
	sample->minutes = sample->hours = 0;
	for (int n = 1 + rand() % 3; n > 0; n--)
		sample->minutes |= UINT64_C(1) << rand() % 60;
	sample->text[0] = '\0';
	append_numbers(sample->text, sample->minutes);
	if (rand() % 2)
	{
		sample->hours = (UINT64_C(1) << 24) - 1;
		strcat(sample->text, " *");
	}
	else
	{
		for (int n = 1 + rand() % 6; n > 0; n--)
			sample->hours |= UINT64_C(1) << rand() % 5;
		strcat(sample->text, " ");
		append_numbers(sample->text, sample->hours);
	}
	strcat(sample->text, " * * *");
}

static bool
has_reading(const Sample *sample, LocalTime reading)
{
	int64_t		second = (reading % DAY + DAY) % DAY;

	return sample->minutes >> second / 60 % 60 & 1 && sample->hours >> second / 3600 & 1;
}

/*
 * Is it time?  By the reading alone, each minute for itself; repeated ones not
 * again unless it is every hour; and the readings that were jumped over in the
 * last day, by the offset of the minute before the jump.
 */
static bool
is_tick(const Sample *sample, const Zone *zone, FeedTime at)
{
	LocalTime	reading = ZoneToLocal(zone, at);
	bool		every_hour = sample->hours == (UINT64_C(1) << 24) - 1;
	bool		repeated = false;

	for (FeedTime back = at - 60; back > at - 4 * 3600; back -= 60)
	{
		LocalTime	one = ZoneToLocal(zone, back);
		LocalTime	next = ZoneToLocal(zone, back + 60);
		LocalTime	jumped = one + (at - back);

		repeated |= one == reading;
		if (next - one > 60 && jumped < next && has_reading(sample, jumped))
			return true;
	}
	return has_reading(sample, reading) && (every_hour || !repeated);
}

static void
test_walk(const char *zone_name, const char *from, int days)
{
	const Zone *zone = ZoneResolve(zones, zone_name);
	int			wrong = 0;
	int			ticks = 0;

	for (int n = 0; n < 40; n++)
	{
		Sample		sample;
		Problem		problem;
		const Schedule *schedule;
		FeedTime	next = utc(from) - 1;
		FeedTime	end = utc(from) + days * DAY;

		make_sample(&sample);
		schedule = parse(sample.text, &problem);
		if (schedule == NULL || !ScheduleNext(schedule, zone, next, scratch, &next))
		{
			wrong++;
			continue;
		}
		for (FeedTime at = utc(from); at < end; at += 60)
		{
			bool		expected = is_tick(&sample, zone, at);

			ticks += expected;
			if (expected != (at == next))
			{
				if (wrong++ < 3)
					printf("# %s in %s at %lld: %s\n", sample.text, zone_name, (long long) at,
						   expected ? "missing" : "too many");
			}
			ArenaReset(scratch);
			if (at >= next && !ScheduleNext(schedule, zone, at, scratch, &next))
				wrong++;
		}
	}
	TapOk(wrong == 0 && ticks > 100, "%s from %s on: %d ticks as a walk through every minute finds them",
		  zone_name, from, ticks);
}

/* ---- jitter ---- */

static void
test_delays(void)
{
	Problem		problem;
	const Schedule *daily = parse("0 3 * * *", &problem);
	const Schedule *minutely = parse("* * * * *", &problem);
	const Schedule *interval = parse("1 hour", &problem);
	const Zone *zone = ZoneResolve(zones, "UTC");
	FeedTime	tick = utc("2026-01-01 03:00:00");
	int			counts[SCHEDULE_DELAY_MAX + 1] = {0};
	int			used = 0;
	int			most = 0;

	for (int i = 0; i < 1000; i++)
	{
		char		name[20];
		int			delay;

		snprintf(name, sizeof(name), "source %d", i);
		delay = ScheduleDelay(daily, zone, name, tick, scratch);
		if (delay < 0 || delay > SCHEDULE_DELAY_MAX ||
			delay != ScheduleDelay(daily, zone, name, tick + DAY, scratch) ||
			ScheduleDelay(interval, zone, name, tick, scratch) != 0)
		{
			used = -1000;
			break;
		}
		used += counts[delay]++ == 0;
		delay = ScheduleDelay(minutely, zone, name, tick, scratch);
		most = delay > most ? delay : most;
	}
	TapEqual(used, SCHEDULE_DELAY_MAX + 1, "delays are spread over 0 to 30 seconds, a name's always the same");
	TapEqual(most, 6, "and at most a tenth of the time to the next tick");
}

int
main(void)
{
	arena = ArenaCreate();
	scratch = ArenaCreate();
	zones = ZonesCreate(arena, TzifZoneProvider());
	srand(20260308);

	test_texts();
	test_instants();
	test_walk("America/Toronto", "2026-03-07 00:00:00", 3);
	test_walk("America/Toronto", "2026-10-31 00:00:00", 3);
	test_walk("Europe/London", "2026-03-28 12:00:00", 2);
	test_walk("Europe/London", "2026-10-24 12:00:00", 2);
	test_walk("Australia/Lord_Howe", "2026-10-03 00:00:00", 2);
	test_walk("Australia/Lord_Howe", "2026-04-04 00:00:00", 2);
	test_walk("America/Havana", "2026-03-07 12:00:00", 2);
	test_delays();
	ArenaFree(scratch);
	ArenaFree(arena);
	return TapDone();
}
