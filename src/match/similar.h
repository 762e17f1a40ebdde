/*
 * src/match/similar.h
 *
 * How alike words and texts are, from 0 to 1.  Pure C.
 */
#ifndef INGEST_MATCH_SIMILAR_H
#define INGEST_MATCH_SIMILAR_H

#include <stddef.h>

/* Texts longer than this are compared by their beginning */
#define SIMILAR_LONGEST 128

/*
 * 1 - (Damerau-)Levenshtein distance / length of the longer, where swapped
 * neighbours count once.  In bytes: the texts are folded.
 */
extern double SimilarText(const char *a, size_t a_length, const char *b, size_t b_length);

/* Jaro-Winkler: kinder to typing errors in the middle and end of a word. */
extern double SimilarWord(const char *a, size_t a_length, const char *b, size_t b_length);

/* SimilarWord gives no more for words of such lengths. */
extern double SimilarWordMost(size_t a_length, size_t b_length);

#endif
