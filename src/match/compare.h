/*
 * src/match/compare.h
 *
 * Two listings: are they one event?  Vetoes first, whatever the score; then a
 * score of title, time and venue, capped by what is not known; a verdict.
 *
 * What only the other listings can tell (a source that lists two sessions of
 * the day, two candidates that exclude each other) is added by cluster.h.
 *
 * Symmetric, and the same on every machine.  Pure C.
 */
#ifndef INGEST_MATCH_COMPARE_H
#define INGEST_MATCH_COMPARE_H

#include "match/profile.h"

/* Scores from which two listings are one event, or a person is asked */
#define MATCH_AUTO 0.90
#define MATCH_REVIEW 0.75

/* Two listings that say the same */
#define MATCH_TWINS 0.98

/* Why they are not one event, as bits */
#define VETO_NO_TITLE		0x0001	/* nothing is left of a title */
#define VETO_TIME			0x0002	/* they start too far apart */
#define VETO_NO_OVERLAP		0x0004	/* the one is over when the other begins */
#define VETO_DAY			0x0008	/* they are on different days */
#define VETO_FAR			0x0010	/* other venues, far apart */
#define VETO_ROOM			0x0020	/* two rooms of one building */
#define VETO_ONLINE			0x0040	/* one online, the other in a place; or two meetings */
#define VETO_NUMBERS		0x0080	/* parts, editions, ages differ */
#define VETO_SESSION		0x0100	/* matinée and evening; a time in the title */
#define VETO_NAMES			0x0200	/* one template, two names */
#define VETO_RANGE			0x0400	/* one goes on for days, the other is in it */
#define VETO_TICKET			0x0800	/* two ids of one ticket seller */
#define VETO_ADDON			0x1000	/* parking or VIP: no event of its own */
#define VETO_SOURCE			0x2000	/* one source lists both */
#define VETO_SESSIONS		0x4000	/* one source lists several sessions of the day */
#define VETO_HUMAN			0x8000	/* a person said so */

/* Why the score may not be higher, as bits */
#define CAP_ONE_UNKNOWN		0x01	/* time or venue is not known on one side */
#define CAP_BOTH_UNKNOWN	0x02
#define CAP_APART			0x04	/* more than half an hour apart */
#define CAP_GENERIC			0x08	/* only words of many titles in common */
#define CAP_ZONE			0x10	/* apart by just the zone's offset */
#define CAP_SESSION			0x20	/* one says which session it is, the other does not */
#define CAP_VENUES			0x40	/* both venues are known, and nothing says they are one */
#define CAP_NAMES			0x80	/* each title has names that the other has not */
#define CAP_PLACES			0x100	/* one is in several places, the other is not */

typedef struct MatchResult
{
	unsigned	vetoes;
	unsigned	caps;
	double		score;			/* 0 to 1, capped; also when there is a veto */
	double		title;			/* 0 to 1 */
	double		time;			/* 0 to 1, -1: not known */
	double		venue;			/* 0 to 1, -1: not known */
	int64_t		apart;			/* seconds between the starts, or unknown */
	bool		same_ticket;	/* one ticket seller's id */
	bool		same_spot;		/* one address or point, beside the venues' names */
} MatchResult;

/* same_source: they are records of one source */
extern void MatchCompare(const MatchProfile *a, const MatchProfile *b, bool same_source,
						 MatchResult *result);

/*
 * Do two records of one source say the same: title, time and place?  Then they
 * may be one listing whose id has changed.
 */
extern bool MatchSaysSame(const MatchProfile *a, const MatchProfile *b);

/*
 * If they are two sessions of one thing (one title and place, one day): the
 * seconds between their starts, else 0.
 */
extern int64_t MatchSessionGap(const MatchProfile *a, const MatchProfile *b);

/* The word for a veto or cap (one bit), for explanations. */
extern const char *MatchVetoName(unsigned veto);
extern const char *MatchCapName(unsigned cap);

#endif
