/*
 * src/match/text.h
 *
 * The room match decides which listings are one event.  It knows nothing of
 * the other rooms: plain strings and times come in, keys and scores go out.
 *
 *   text.h         what remains of a title or a venue when spelling, case,
 *                  accents and punctuation don't count; all else works on it
 *   marker.h       words in a title that say something of the event's status
 *   fingerprint.h  the exact stage: one key from title, start and venue
 *
 * Normalised text is lower-case letters and digits of any script in words
 * parted by single spaces, in UTF-8, without regard to any locale:
 *
 *   - compatibility forms are plain (fullwidth, ligatures, styled letters,
 *     superscripts), decimal digits of every script 0 to 9;
 *   - accents go, œ is oe, ß ss, ø o and so on; vowel signs of scripts that
 *     write vowels as marks stay, and so do Hangul and voiced kana;
 *   - invisible characters vanish, everything else parts words;
 *   - UTF-8 that was encoded twice is what it was meant to be ("Ã©" is é),
 *     where nothing else can be meant;
 *   - invalid UTF-8 is skipped, byte by byte.
 *
 * Stored keys are made of it, so it may only change together with them.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_TEXT_H
#define INGEST_MATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The least room that MatchRead wants */
#define MATCH_READ_MIN	64

/* Normalised text, some at a time: any length in constant memory */
typedef struct MatchReader
{
	const unsigned char *next;
	const unsigned char *end;
	uint32_t	held;			/* written once nothing can compose with it */
	bool		started;		/* a word has been written */
	bool		gap;			/* a space is due before the next letter */
} MatchReader;

/* Begin; the text must stay until the end. */
extern void MatchReaderInit(MatchReader *reader, const char *text, size_t length);

/*
 * Write the next normalised bytes, no character cut; `size` must be at least
 * MATCH_READ_MIN.  How many were written; 0 is the end.
 */
extern size_t MatchRead(MatchReader *reader, char *out, size_t size);

/*
 * Normalise as snprintf prints: as much as fits is written, no character cut,
 * with a NUL (unless out_size is 0), and the result is the length of the whole.
 */
extern size_t MatchNormalise(const char *text, size_t length, char *out, size_t out_size);

#endif
