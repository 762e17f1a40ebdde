/*
 * src/store/vocabulary.h
 *
 * What matching knows of words and venues beyond what is compiled in: the
 * tables match_word and venue_alias, which the administrator extends.
 *
 * Within StoreBegin.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_VOCABULARY_H
#define INGEST_STORE_VOCABULARY_H

#include "match/words.h"

/*
 * Read the tables if they changed since the last time.  What the functions
 * below return is good until the next call.
 */
extern void VocabularyLoad(void);

extern const WordTable *VocabularyWords(void);

/* The name a venue goes by among its aliases; the name itself if it has none. */
extern const char *VocabularyVenue(const char *venue);

#endif
