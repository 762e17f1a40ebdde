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
#define MATCH_KEYS_STORED 7
#define MATCH_KEYS_ASKED 12

/* The keys a listing is stored under; how many.  None without a start. */
extern int	MatchKeysStored(const MatchProfile *profile, int64_t keys[MATCH_KEYS_STORED]);

/*
 * The keys under which its partners would be stored: its own, and those of the
 * day before or after where a mistaken zone could have moved it there.
 */
extern int	MatchKeysAsked(const MatchProfile *profile, int64_t keys[MATCH_KEYS_ASKED]);

/*
 * What one of its stored keys is made of, for explanations: "word patrick",
 * "venue mtelus", "ticket", "meeting"; cut to size.
 */
extern void MatchKeyName(const MatchProfile *profile, int64_t key, char *out, size_t size);

#endif
