/*
 * test/fuzz/recurrence_fuzz.c
 *
 * libFuzzer target: any bytes as a rule, with a series and a window taken from
 * the bytes before it.  Besides crashes it looks for what the contract rules
 * out: occurrences that are not ascending or outside the window, and a run
 * that takes longer than its step budget allows.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -Isrc \
 *	test/fuzz/recurrence_fuzz.c src/feed/rrule*.c src/feed/recurrence.c \
 *	src/feed/civil.c src/feed/arena.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed/recurrence.h"

#define MAX_STEPS	100000
#define MAX_FOUND	1000
#define MAX_SECONDS	0.1
#define HEADER		11

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* A time of the first bytes: most of them near ours, some anywhere */
static LocalTime
read_time(const uint8_t *data, int flag)
{
	int32_t		small;
	int64_t		seconds;

	memcpy(&small, data, sizeof(small));
	seconds = small;
	if (flag & 1)
		seconds *= 64;			/* years -2390 to 6325 */
	if (flag & 2)
		seconds *= INT64_C(1) << 31;	/* nowhere on a calendar */
	return seconds;
}

/* Stop the fuzzer: the contract is broken */
static void
broken(const char *what)
{
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Take occurrences until the rule ends, or as many as a caller would */
static void
run_rule(RecurrenceIterator *iterator, LocalTime from, LocalTime limit)
{
	LocalTime	last = INT64_MIN;
	LocalTime	time;

	for (int i = 0; i < MAX_FOUND; i++)
	{
		RecurrenceResult result = RecurrenceNext(iterator, &time);

		if (result != RECURRENCE_FOUND)
		{
			if (RecurrenceNext(iterator, &time) != result)
				broken("the end is not final");
			return;
		}
		if (time <= last)
			broken("occurrences not ascending");
		if (time < from || time > limit)
			broken("occurrence outside the window");
		last = time;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Arena *arena;
	char		error[80];
	int			flags;
	LocalTime	dtstart;
	LocalTime	from;
	LocalTime	limit;
	double		start;
	const Recurrence *rule;

	if (arena == NULL)
		arena = ArenaCreate();
	if (size < HEADER)
		return 0;
	flags = data[0];
	dtstart = read_time(data + 1, flags & 3);
	from = read_time(data + 5, flags >> 2 & 3);
	limit = flags & 16 ? INT64_MAX : from + data[9] * INT64_C(86400) * 30;
	rule = RecurrenceParse(arena, (const char *) data + HEADER, size - HEADER, error,
						   sizeof(error));
	start = cpu_seconds();
	if (rule != NULL)
		run_rule(RecurrenceStart(arena, rule, dtstart, flags & 32, from, limit, MAX_STEPS),
				 from, limit);
	if (cpu_seconds() - start > MAX_SECONDS)
		broken("took too long");
	ArenaReset(arena);
	return 0;
}
