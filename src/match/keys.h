/*
 * src/match/keys.h
 *
 * Block keys: two listings are compared only if they share one.  They are made
 * of a rare word of the title, or the venue, or a ticket seller's id, with the
 * local day; so finding candidates is a few look-ups by equality, whatever the
 * number of events.
 *
 * Keys are stored: what changes them needs an extension update that makes them
 * anew.  Pure C.
 */
#ifndef INGEST_MATCH_KEYS_H
#define INGEST_MATCH_KEYS_H

#include <stddef.h>

#include "match/profile.h"

/* At most so many are stored, or asked for */
#define MATCH_KEYS_STORED 6
#define MATCH_KEYS_ASKED 12

/* The keys a listing is stored under; how many.  None without a start. */
extern int	MatchKeysStored(const MatchProfile *profile, int64_t keys[MATCH_KEYS_STORED]);

/*
 * The keys under which its partners would be stored: its own, and those of the
 * day before or after where a mistaken zone could have moved it there.  days
 * (NULL: not wanted) gets the local day of who is stored under each of them,
 * MATCH_TIME_UNKNOWN if it could be any.
 */
extern int	MatchKeysAsked(const MatchProfile *profile, int64_t keys[MATCH_KEYS_ASKED],
						   int64_t days[MATCH_KEYS_ASKED]);

/*
 * What is stored beside a listing's keys: its source, local time, zone and
 * title, hashed or rounded into one number, so that most listings of one key
 * need not be read at all.
 */
extern int64_t MatchFacts(const MatchProfile *profile, const char *source);

/*
 * By their facts and local days: may the two be one event, two sessions of one
 * thing, or one thing under two ids?  False only if MatchCompare would veto
 * them for their times, or, of one source, if they are none of these.
 */
extern bool MatchWorthMeeting(int64_t a, int64_t a_day, int64_t b, int64_t b_day);

/* Do records of one source say the same, as far as facts tell? */
extern bool MatchLooksSame(int64_t a, int64_t a_day, int64_t b, int64_t b_day);

/*
 * What one of its stored keys is made of, for explanations: "word patrick",
 * "venue mtelus", "ticket", "meeting"; cut to size.
 */
extern void MatchKeyName(const MatchProfile *profile, int64_t key, char *out, size_t size);

#endif
