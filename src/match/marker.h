/*
 * src/match/marker.h
 *
 * Status in titles: "[ANNULÉ] X", "X - SOLD OUT", "Reporté : X".  Such words
 * don't make it another event, so the title is compared without them.
 *
 * Only at the start or the end, and only where brackets or punctuation set
 * them off.  Words that tell sessions apart (matinée, late, 2e, supplémentaire)
 * are no status and stay.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_MARKER_H
#define INGEST_MATCH_MARKER_H

#include <stddef.h>

/* Kinds of marker, as bits */
#define MARKER_CANCELLED	0x01
#define MARKER_POSTPONED	0x02
#define MARKER_SOLD_OUT		0x04

/*
 * Narrow the title to what is not a marker, nor space or punctuation around
 * it; which markers there were.  Nothing is left of a title that is all markers.
 */
extern unsigned MatchLiftMarkers(const char **title, size_t *length);

#endif
