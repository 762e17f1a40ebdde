/*
 * src/run/seen.h
 *
 * The records seen so far in a run, as 8 bytes each: what shows up twice
 * (pages drift while they are walked), and later what did not show up.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_SEEN_H
#define INGEST_SEEN_H

typedef struct Seen Seen;

extern Seen *SeenCreate(MemoryContext context);

/* Remember an id; false if it was there already. */
extern bool SeenAdd(Seen *seen, const char *source_id);

/* Is an id there? */
extern bool SeenHas(const Seen *seen, const char *source_id);

#endif
