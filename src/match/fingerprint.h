/*
 * src/match/fingerprint.h
 *
 * The exact stage: listings with the same fingerprint are the same event.
 *
 * A fingerprint is made of the normalised title without its status markers,
 * the start on the venue's wall clock and the normalised venue.  All three must
 * be known: without them there is no fingerprint, and the finer rules decide.
 *
 * Fingerprints are stored.  Whatever changes them (the seed, the fold table,
 * the markers) needs an extension update that makes them anew; a unit test
 * holds some.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_FINGERPRINT_H
#define INGEST_MATCH_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

/* local_start of a listing whose start is not known */
#define MATCH_START_UNKNOWN INT64_MIN

/*
 * Set *key and return true; false: too little is known.
 *
 * local_start: seconds since 1970-01-01 00:00:00 of the venue's wall clock.
 * all_day, day_only: only the date counts, either because the event takes the
 * day or because the source doesn't say the hour.  Such keys never equal those
 * with a time: an untimed listing could be any of a day's sessions.
 */
extern bool MatchFingerprint(const char *title, const char *venue, int64_t local_start,
							 bool all_day, bool day_only, int64_t *key);

#endif
