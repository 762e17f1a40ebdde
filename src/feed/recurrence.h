/*
 * src/feed/recurrence.h
 *
 * RFC 5545 recurrence rules: parsing, and the project's one evaluator, used
 * for calendars and for schedules.  It works on wall-clock time; zones are the
 * caller's business.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_RECURRENCE_H
#define INGEST_FEED_RECURRENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/arena.h"
#include "feed/listing.h"

typedef struct Recurrence Recurrence;

/* How UNTIL was written; the caller knows the zone, so the caller decides. */
typedef enum UntilKind
{
	UNTIL_NONE,
	UNTIL_DATE,					/* through the end of that local day */
	UNTIL_LOCAL,				/* a wall-clock time of the event's zone */
	UNTIL_UTC					/* an instant */
} UntilKind;

/*
 * Parse the value of an RRULE property (without "RRULE:"), of any RFC 5545
 * shape, leniently where calendars in the wild are sloppy (trailing ";",
 * lower case, spaces).  Allocated in arena.  NULL if the rule is invalid, with
 * the reason in error.
 */
extern const Recurrence *RecurrenceParse(Arena *arena, const char *text, size_t length,
										 char *error, size_t error_size);

/* How UNTIL was written, and its value (DATE: local midnight of that day). */
extern UntilKind RecurrenceUntil(const Recurrence *rule, int64_t *value);

/* The rule's COUNT, or 0. */
extern int64_t RecurrenceCount(const Recurrence *rule);

/*
 * Is it a rule of every hour, on the days it has: at most an hour between its
 * occurrences, and no hour left out?
 */
extern bool RecurrenceEveryHour(const Recurrence *rule);

typedef enum RecurrenceResult
{
	RECURRENCE_FOUND,
	RECURRENCE_END,				/* no more before the limit, or none at all */
	RECURRENCE_EXHAUSTED		/* gave up: the step budget was used */
} RecurrenceResult;

typedef struct RecurrenceIterator RecurrenceIterator;

/*
 * Iterate over the rule's occurrences, ascending and without repeats, that are
 * >= from and <= limit (both wall clock, limit INT64_MAX: none), of a series
 * that starts at dtstart (is_date: a whole-day series: times of day don't
 * exist).  dtstart itself is not added when the rule does not produce it.
 * COUNT counts from dtstart as the RFC says, UNTIL_DATE and UNTIL_LOCAL are
 * applied here; for UNTIL_UTC the caller gives the fitting limit.  Work is in
 * proportion to the window: a rule without COUNT is not walked from dtstart.
 * max_steps bounds the work of the whole iteration (a step is a candidate
 * period or set looked at).
 */
extern RecurrenceIterator *RecurrenceStart(Arena *arena, const Recurrence *rule,
										   LocalTime dtstart, bool is_date,
										   LocalTime from, LocalTime limit,
										   int64_t max_steps);
extern RecurrenceResult RecurrenceNext(RecurrenceIterator *iterator, LocalTime *occurrence);

/* The steps taken so far, for a caller that shares a budget among rules. */
extern int64_t RecurrenceSteps(const RecurrenceIterator *iterator);

#endif
