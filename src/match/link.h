/*
 * src/match/link.h
 *
 * Ids in a listing's URL that say which event it is, whatever its title.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_LINK_H
#define INGEST_MATCH_LINK_H

#include <stdint.h>

typedef struct MatchLink
{
	uint64_t	ticket_kind;	/* the ticket seller; 0: none known */
	uint64_t	ticket_id;		/* hash of its id */
	uint64_t	meeting;		/* hash of an online meeting's id; 0: none */
} MatchLink;

/* Read a URL, which may be NULL. */
extern void MatchLinkRead(MatchLink *link, const char *url);

#endif
