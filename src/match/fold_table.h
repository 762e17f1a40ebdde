/*
 * src/match/fold_table.h
 *
 * What each character becomes in normalised text (fold_table.py writes the
 * table).  Characters above U+3FFFF are not in it: none is a letter.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_FOLD_TABLE_H
#define INGEST_MATCH_FOLD_TABLE_H

#include <stdint.h>

#define FOLD_LIMIT		0x40000
#define FOLD_SHIFT		6		/* a block is 64 characters */

/* What FoldValue says of a character; any other value is a place in FoldText */
#define FOLD_SEPARATOR	0		/* becomes the space between words */
#define FOLD_DROP		1		/* vanishes: combining marks, soft hyphens */
#define FOLD_KEEP		2		/* stays as it is */

/* Bytes of the longest text, U+FDFA's */
#define FOLD_LONGEST	36

typedef struct KanaPair
{
	uint16_t	base;
	uint16_t	mark;
	uint16_t	composed;
} KanaPair;

extern const uint8_t FoldAscii[];	/* the short way; 0: a separator */
extern const uint16_t FoldBlock[];	/* a character's block */
extern const uint16_t FoldValue[];	/* a block's characters */
extern const uint8_t FoldText[];	/* length, then so many bytes of UTF-8 */
extern const KanaPair FoldKana[];	/* sorted by base, then mark */
extern const int FoldKanaCount;

static inline uint32_t
FoldLookup(uint32_t code)
{
	if (code < FOLD_LIMIT)
		return FoldValue[((uint32_t) FoldBlock[code >> FOLD_SHIFT] << FOLD_SHIFT) |
						 (code & ((1 << FOLD_SHIFT) - 1))];

	/* tags and the rest of the variation selectors */
	return code >= 0xE0000 && code < 0xE1000 ? FOLD_DROP : FOLD_SEPARATOR;
}

#endif
