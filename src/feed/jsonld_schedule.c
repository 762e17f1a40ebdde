/*
 * src/feed/jsonld_schedule.c
 *
 * eventSchedule (https://schema.org/Schedule): an event that repeats, as an
 * RRULE, so that the project's one evaluator works out its occurrences.
 *
 * Feasible is what has a start date, a frequency of whole days, weeks, months
 * or years, and days by name; from an end, a count or the window comes its
 * end.  An event whose schedule is not is taken by its own startDate.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/recurrence.h"
#include "feed/text.h"

#define DAY				86400
#define MAX_OCCURRENCES	1000
#define MAX_STEPS		20000

/* Of one page; events with more are taken by their own startDate */
#define MAX_SCHEDULES	1000

/* One schedule */
typedef struct Schedule
{
	LocalTime	first;			/* local midnight of its first day */
	LocalTime	last;			/* of its last, or FEED_TIME_UNKNOWN */
	int64_t		start;			/* seconds of the day, or -1: not told */
	int64_t		length;			/* of an occurrence, or -1 */
	const Zone *zone;
	const Recurrence *rule;
} Schedule;

/* ---- reading ---- */

/* "19:30", "19:30:00": seconds of the day, or -1; a full date and time as well */
static int64_t
time_of_day(const JsonldGraph *graph, JsonldNode node, const char *name)
{
	const char *line = JsonldLine(graph, graph->arena, node, name);
	JsonldTime	time;

	if (line == NULL)
		return -1;
	if (strlen(line) > 2 && strchr(line, ':') != NULL && strchr(line, ':') - line <= 2)
		line = ArenaPrintf(graph->arena, "2000-01-01T%s", line);
	time = JsonldWhenText(graph->arena, line, strlen(line));
	if (time.kind == WHEN_INVALID || time.kind == WHEN_DATE)
		return -1;
	return ((time.local % DAY) + DAY) % DAY;
}

/* "P1W", "P2D", or a word: RRULE's FREQ and INTERVAL; false: neither */
static bool
add_frequency(TextBuilder *rule, const char *text)
{
	static const struct
	{
		char		unit;
		const char *word;
		const char *freq;
	}			units[] = {
		{'D', "daily", "DAILY"}, {'W', "weekly", "WEEKLY"},
		{'M', "monthly", "MONTHLY"}, {'Y', "yearly", "YEARLY"},
	};
	long		interval = 1;
	char		unit = '\0';

	if (text == NULL)
		return false;
	if (*text == 'P' && text[1] >= '1' && text[1] <= '9')
	{
		char	   *end;

		interval = strtol(text + 1, &end, 10);
		if (interval > 1000 || *end == '\0' || end[1] != '\0')
			return false;
		unit = *end;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == unit || strcasecmp(text, units[i].word) == 0)
		{
			BuilderAddText(rule, "FREQ=");
			BuilderAddText(rule, units[i].freq);
			BuilderAddText(rule, ArenaPrintf(rule->arena, ";INTERVAL=%ld", interval));
			return true;
		}
	return false;
}

/* byDay: "https://schema.org/Monday", "Monday", "MO", "2TU" */
static bool
add_days(const JsonldGraph *graph, TextBuilder *rule, JsonldNode days)
{
	static const char *const names[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
	};
	int			count = JsonldCount(days);

	for (int i = 0; i < count && i < 31; i++)
	{
		const char *word = JsonldWord(graph, graph->arena, JsonldItem(graph, days, i));
		const char *day = word;

		if (word == NULL)
			return false;
		for (int j = 0; j < 7; j++)
			if (strcasecmp(word, names[j]) == 0)
				day = ArenaPrintf(graph->arena, "%.2s", names[j]);
		BuilderAddText(rule, i == 0 ? ";BYDAY=" : ",");
		BuilderAddText(rule, day);
	}
	return true;
}

/* byMonth, byMonthDay: numbers */
static void
add_numbers(const JsonldGraph *graph, TextBuilder *rule, JsonldNode values, const char *part)
{
	int			count = JsonldCount(values);

	for (int i = 0; i < count && i < 31; i++)
	{
		size_t		length = 0;
		const char *text = JsonldText(graph, graph->arena, JsonldItem(graph, values, i), &length);

		if (text == NULL)
			continue;
		BuilderAddText(rule, strstr(rule->text, part) == NULL ? part : ",");
		BuilderAdd(rule, text, length);
	}
}

/* The schedule as a rule; NULL: not feasible */
static const Recurrence *
read_rule(const JsonldGraph *graph, JsonldNode node)
{
	TextBuilder rule = {.arena = graph->arena};
	char		error[200];
	const char *count;

	if (!add_frequency(&rule, JsonldLine(graph, graph->arena, node, "repeatFrequency")) ||
		!add_days(graph, &rule, JsonldGet(node, "byDay")))
		return NULL;
	add_numbers(graph, &rule, JsonldGet(node, "byMonth"), ";BYMONTH=");
	add_numbers(graph, &rule, JsonldGet(node, "byMonthDay"), ";BYMONTHDAY=");
	count = JsonldLine(graph, graph->arena, node, "repeatCount");
	if (count != NULL && strtol(count, NULL, 10) > 0)
		BuilderAddText(&rule, ArenaPrintf(graph->arena, ";COUNT=%ld", strtol(count, NULL, 10)));
	return RecurrenceParse(graph->arena, rule.text, rule.length, error, sizeof(error));
}

/* False: it cannot be worked out */
static bool
read_schedule(Feed *feed, const JsonldGraph *graph, const JsonldEvent *event,
			  JsonldNode node, Schedule *schedule)
{
	JsonldTime	first = JsonldWhen(graph, graph->arena, node, "startDate");
	JsonldTime	last = JsonldWhen(graph, graph->arena, node, "endDate");
	const char *zone = JsonldLine(graph, graph->arena, node, "scheduleTimezone");
	int64_t		end = time_of_day(graph, node, "endTime");
	int64_t		duration;

	if (first.kind == WHEN_INVALID)
		first = JsonldWhen(graph, graph->arena, event->node, "startDate");
	schedule->rule = read_rule(graph, node);
	schedule->zone = zone != NULL && feed->zones != NULL ? ZoneResolve(feed->zones, zone) : JsonldZone(feed);
	if (first.kind == WHEN_INVALID || schedule->rule == NULL || schedule->zone == NULL)
		return false;
	schedule->start = time_of_day(graph, node, "startTime");
	if (schedule->start < 0 && first.kind != WHEN_DATE)
		schedule->start = ((first.local % DAY) + DAY) % DAY;
	schedule->first = first.local - ((first.local % DAY) + DAY) % DAY;
	schedule->last = last.kind == WHEN_INVALID ? FEED_TIME_UNKNOWN : last.local - ((last.local % DAY) + DAY) % DAY;
	schedule->length = -1;
	if (schedule->start >= 0 && end >= 0)
		schedule->length = end > schedule->start ? end - schedule->start : end + DAY - schedule->start;
	else if (JsonldDuration(JsonldLine(graph, graph->arena, node, "duration"), &duration) && duration > 0)
		schedule->length = duration;
	return true;
}

/* Is the day one of exceptDate's? */
static bool
is_excepted(const JsonldGraph *graph, JsonldNode node, LocalTime day)
{
	JsonldNode	dates = JsonldGet(node, "exceptDate");
	int			count = JsonldCount(dates);

	for (int i = 0; i < count && i < 400; i++)
	{
		size_t		length = 0;
		const char *text = JsonldText(graph, graph->arena, JsonldItem(graph, dates, i), &length);
		JsonldTime	time = JsonldWhenText(graph->arena, text, length);

		if (time.kind != WHEN_INVALID && time.local >= day && time.local < day + DAY)
			return true;
	}
	return false;
}

/* ---- occurrences ---- */

static void
add_occurrence(JsonldPage *page, const JsonldEvent *model, const Schedule *schedule, LocalTime day)
{
	JsonldEvent *event = JsonldAddEvent(page);

	if (event == NULL)
		return;
	*event = *model;
	event->is_occurrence = true;
	event->zone = schedule->zone;
	event->start.kind = schedule->start < 0 ? WHEN_DATE : WHEN_LOCAL;
	event->start.value = event->start.local = day + (schedule->start < 0 ? 0 : schedule->start);
	event->start.utc = false;
	event->start.text = "eventSchedule";
	event->end = schedule->start < 0 ? day + DAY : schedule->length < 0 ? FEED_TIME_UNKNOWN :
		event->start.local + schedule->length;
}

/* The days of the schedule that can lie in the window */
static void
add_occurrences(Feed *feed, JsonldPage *page, const JsonldEvent *model, JsonldNode node,
				const Schedule *schedule)
{
	RecurrenceIterator *iterator;
	LocalTime	from = schedule->first;
	LocalTime	limit = feed->window_end + DAY;
	LocalTime	day;
	int			count = 0;

	if (feed->window_start != FEED_TIME_UNKNOWN && feed->window_start - 2 * DAY > from)
		from = feed->window_start - 2 * DAY;
	if (schedule->last != FEED_TIME_UNKNOWN && schedule->last < limit)
		limit = schedule->last;
	iterator = RecurrenceStart(page->graph.arena, schedule->rule, schedule->first, true, from, limit,
							   MAX_STEPS);
	while (!page->too_many && RecurrenceNext(iterator, &day) == RECURRENCE_FOUND)
		if (!is_excepted(&page->graph, node, day))
		{
			if (count++ == MAX_OCCURRENCES)
				page->too_many = true;
			else
				add_occurrence(page, model, schedule, day);
		}
}

bool
JsonldSchedule(Feed *feed, JsonldPage *page, const JsonldEvent *event)
{
	const JsonldGraph *graph = &page->graph;
	JsonldNode	schedules = JsonldGet(event->node, "eventSchedule");
	int			count = JsonldCount(schedules);
	bool		feasible = false;

	for (int i = 0; i < count && page->nschedules++ < MAX_SCHEDULES; i++)
	{
		JsonldNode	node = JsonldItem(graph, schedules, i);
		Schedule	schedule;

		if (!read_schedule(feed, graph, event, node, &schedule))
			continue;
		feasible = true;
		add_occurrences(feed, page, event, node, &schedule);
	}
	return feasible;
}
