/*
 * test/unit/rrule_cases.c
 *
 * Compares the evaluator with a table of recurrence rules and the occurrences
 * that others expect of them.
 *
 *   rrule_cases [-q] cases.tsv
 *
 * Columns: id, class, source, dtstart (the whole property), rrule, complete
 * (1: expected has all occurrences), expected (comma list), dtstart_in_set (0:
 * the rule does not produce DTSTART, and the list with it in front is as good),
 * strict.  Prints each disagreement, unless -q, and the agreement by class;
 * fails if one of class "certain" is not met.
 *
 * gcc -Isrc test/unit/rrule_cases.c src/feed/rrule*.c src/feed/recurrence*.c \
 *	src/feed/civil.c src/feed/arena.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "feed/recurrence.h"
#include "feed/zone.h"

#define MAX_LINE	(1 << 20)
#define MAX_TIMES	4000
#define MAX_STEPS	INT64_C(2000000)
#define DAY			INT64_C(86400)

enum
{
	ID, CLASS, SOURCE, DTSTART, RRULE, COMPLETE, EXPECTED, IN_SET, STRICT, NCOLUMNS
};

typedef struct Tally
{
	const char *name;
	int			cases;
	int			agreed;
	int			refused;
} Tally;

static Tally tallies[] = {{"certain", 0, 0, 0}, {"invalid", 0, 0, 0}, {"disputed", 0, 0, 0}};
static LocalTime expected[MAX_TIMES];
static LocalTime got[MAX_TIMES];
static bool quiet;

/* "19970902" or "19970902T090000[Z]" as wall clock */
static LocalTime
read_time(const char *text)
{
	int			year = 0,
				month = 0,
				day = 0,
				hour = 0,
				minute = 0,
				second = 0;

	if (sscanf(text, "%4d%2d%2dT%2d%2d%2d", &year, &month, &day, &hour, &minute, &second) < 3)
		return INT64_MIN;
	return CivilToDays(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

/* A wall-clock time as calendars write it */
static const char *
show_time(LocalTime time)
{
	static char text[64];
	int64_t		day = time / DAY - (time % DAY < 0);
	int64_t		rest = time - day * DAY;
	int64_t		year;
	int			month;
	int			day_of_month;

	DaysToCivil(day, &year, &month, &day_of_month);
	snprintf(text, sizeof(text), "%04d%02d%02dT%02d%02d%02d", (int) year, month, day_of_month,
			 (int) (rest / 3600), (int) (rest / 60 % 60), (int) (rest % 60));
	return text;
}

/* An instant on the wall clock of the zone that DTSTART names */
static LocalTime
instant_to_local(const char *dtstart, int64_t utc)
{
	const char *zone = strstr(dtstart, ";TZID=");
	char		name[100] = "";
	time_t		instant = (time_t) utc;
	struct tm	local;

	if (zone == NULL)
		return utc;
	sscanf(zone + 6, "%99[^:;]", name);
	setenv("TZ", name, 1);
	tzset();
	localtime_r(&instant, &local);
	return utc + local.tm_gmtoff;
}

/* Split the comma list; returns how many */
static int
read_list(char *list)
{
	int			count = 0;

	for (char *item = strtok(list, ","); item != NULL && count < MAX_TIMES;
		 item = strtok(NULL, ","))
		expected[count++] = read_time(item);
	return count;
}

/* Run the rule; returns how many occurrences, or -1 for a refused rule */
static int
run_rule(Arena *arena, char **column, int wanted, char *error, size_t error_size)
{
	const Recurrence *rule = RecurrenceParse(arena, column[RRULE], strlen(column[RRULE]),
											 error, error_size);
	bool		is_date = strstr(column[DTSTART], "VALUE=DATE:") != NULL;
	LocalTime	dtstart = read_time(strrchr(column[DTSTART], ':') + 1);
	LocalTime	limit = INT64_MAX;
	int64_t		until;
	int			count = 0;
	RecurrenceIterator *iterator;

	if (rule == NULL)
		return -1;
	if (RecurrenceUntil(rule, &until) == UNTIL_UTC)
		limit = instant_to_local(column[DTSTART], until);
	iterator = RecurrenceStart(arena, rule, dtstart, is_date, dtstart, limit, MAX_STEPS);
	while (count < wanted && RecurrenceNext(iterator, &got[count]) == RECURRENCE_FOUND)
		count++;
	return count;
}

/* Is got the list expected, from `skip` on? */
static bool
same_list(int ngot, int nexpected, int skip, bool complete)
{
	nexpected -= skip;
	if (complete ? ngot != nexpected : ngot < nexpected)
		return false;
	return memcmp(got, expected + skip, (size_t) nexpected * sizeof(LocalTime)) == 0;
}

/* Do the occurrences fit the case? */
static bool
case_agrees(char **column, int ngot, int nexpected)
{
	bool		complete = column[COMPLETE][0] == '1';
	LocalTime	dtstart = read_time(strrchr(column[DTSTART], ':') + 1);

	if (strcmp(column[CLASS], "invalid") == 0)
		return true;			/* may be refused: reported, not judged */
	if (ngot < 0)
		return nexpected == 0 && column[IN_SET][0] == '0';
	if (same_list(ngot, nexpected, 0, complete))
		return true;

	/* Others count DTSTART in although the rule does not produce it */
	return nexpected > 0 && expected[0] == dtstart && (ngot == 0 || got[0] != dtstart) &&
		column[IN_SET][0] == '0' && same_list(ngot, nexpected, 1, complete);
}

/* Show one disagreement */
static void
print_case(char **column, int ngot, int nexpected, const char *error)
{
	printf("%s %s %s %s %s\n", column[ID], column[CLASS], column[SOURCE], column[DTSTART],
		   column[RRULE]);
	printf("    expected (%d%s):", nexpected, column[COMPLETE][0] == '1' ? ", all" : "");
	for (int i = 0; i < nexpected && i < 6; i++)
		printf(" %s", show_time(expected[i]));
	if (ngot < 0)
		printf("\n    refused: %s\n", error);
	else
	{
		printf("\n    got (%d):", ngot);
		for (int i = 0; i < ngot && i < 6; i++)
			printf(" %s", show_time(got[i]));
		printf("\n");
	}
}

/* One line of the table */
static void
run_case(Arena *arena, char *line)
{
	char	   *column[NCOLUMNS];
	char		error[200] = "";
	char	   *rest = line;
	int			nexpected;
	int			ngot;
	Tally	   *tally = tallies;

	for (int i = 0; i < NCOLUMNS; i++)
		column[i] = strsep(&rest, "\t");
	if (column[IN_SET] == NULL || strcmp(column[ID], "id") == 0)
		return;
	while (strcmp(tally->name, column[CLASS]) != 0)
	{
		if (++tally == tallies + 3)
			return;
	}
	nexpected = read_list(column[EXPECTED]);
	ngot = run_rule(arena, column, nexpected + 1, error, sizeof(error));
	tally->cases++;
	tally->refused += ngot < 0;
	if (case_agrees(column, ngot, nexpected))
		tally->agreed++;
	else if (!quiet)
		print_case(column, ngot, nexpected, error);
}

int
main(int argc, char **argv)
{
	static char line[MAX_LINE];
	Arena	   *arena = ArenaCreate();
	FILE	   *file;

	quiet = argc == 3 && strcmp(argv[1], "-q") == 0;
	file = argc >= 2 ? fopen(argv[argc - 1], "r") : NULL;
	if (file == NULL)
	{
		fprintf(stderr, "usage: %s [-q] cases.tsv\n", argv[0]);
		return 2;
	}
	while (fgets(line, sizeof(line), file) != NULL)
	{
		line[strcspn(line, "\r\n")] = '\0';
		run_case(arena, line);
		ArenaReset(arena);
	}
	fclose(file);
	ArenaFree(arena);
	for (int i = 0; i < 3; i++)
		printf("%-10s %5d cases %5d agree %5d refused\n", tallies[i].name, tallies[i].cases,
			   tallies[i].agreed, tallies[i].refused);
	return tallies[0].agreed == tallies[0].cases ? 0 : 1;
}
