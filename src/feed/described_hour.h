/*
 * src/feed/described_hour.h
 *
 * The hour of an event whose data has only the date, from a French description
 * of it: "Jeudi 3 juillet 2025 de 18 h 30 à 20 h".
 *
 * A wrong hour is worse than none.  So this is no search for something that
 * looks like a time, but a reading that gives up at the first doubt: a second
 * time of day, another date or weekday, a duration that could be an hour, a
 * sentence about doors, registration, a box office, a bus.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_DESCRIBED_HOUR_H
#define INGEST_FEED_DESCRIBED_HOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"
#include "feed/listing.h"

/* Minutes from the day's midnight; above 1440 on the next day. */
typedef struct DescribedHour
{
	int			start;
	int			end;			/* -1: not told */
} DescribedHour;

/*
 * The hour at which the event of that day (its local midnight) begins, by
 * plain text.  False when there is none beyond doubt.  must_name_date: the
 * text serves several days, so it must name this one.  The arena is for
 * working memory.
 */
extern bool DescribedHourRead(Arena *arena, const char *text, LocalTime day,
							  bool must_name_date, DescribedHour *hour);

#endif
