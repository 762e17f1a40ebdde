/*
 * src/match/words.h
 *
 * What words weigh when titles and venues are compared, French and English.
 *
 * A table of our own is compiled in; the administrator's words come on top.
 * Words are normalised (text.h), one word each.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_WORDS_H
#define INGEST_MATCH_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Kinds of word, as bits: a word may be of several */
#define WORD_STOP		0x01	/* says nothing: articles, prepositions */
#define WORD_GENERIC	0x02	/* of many titles: concert, atelier; has a canonical form */
#define WORD_NOISE		0x04	/* around a title: "nouveau", "en concert", "tournée" */
#define WORD_PRESENTS	0x08	/* ends a promoter's name: "X présente" */
#define WORD_SESSION	0x10	/* tells sessions of a day apart: matinée, late */
#define WORD_ADDON		0x20	/* no event of its own: parking, VIP */
#define WORD_PLACE		0x40	/* a kind of venue: salle, théâtre, bar */
#define WORD_COUNTED	0x80	/* a number follows that tells parts apart: jour, volet */

typedef struct WordTable WordTable;

/* A word as the table knows it. */
typedef struct Word
{
	unsigned	kinds;
	const char *canonical;		/* its one form in all languages; NULL: itself */
} Word;

/*
 * A table of the words compiled in; NULL when memory runs out.  Freed by
 * WordTableFree.
 */
extern WordTable *WordTableCreate(void);

/*
 * Add a word, or what is more of a known one; canonical may be NULL.  Both are
 * copied.  Returns 0, or -1 when memory runs out.
 */
extern int	WordTableAdd(WordTable *table, const char *word, unsigned kinds, const char *canonical);

extern void WordTableFree(WordTable *table);

/* What is known of a word of so many bytes; kinds 0: nothing. */
extern Word WordFind(const WordTable *table, const char *word, size_t length);

#endif
