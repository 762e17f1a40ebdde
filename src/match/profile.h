/*
 * src/match/profile.h
 *
 * A listing as it is compared with others: its title and venue as weighed
 * words, its time with its precision, its place.
 *
 * Pure C; a profile holds no memory of its own.
 */
#ifndef INGEST_MATCH_PROFILE_H
#define INGEST_MATCH_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "match/words.h"

#define MATCH_TIME_UNKNOWN INT64_MIN

/* What a listing says that matching wants to know; strings may be NULL. */
typedef struct MatchListing
{
	const char *title;
	const char *venue;
	const char *address;
	const char *postal_code;
	const char *city;
	const char *url;
	int64_t		start;			/* seconds since 1970, UTC, or unknown */
	int64_t		end;			/* likewise; of whole days: exclusive */
	int64_t		local_start;	/* on the venue's wall clock; unknown with start */
	bool		timed;			/* the start is known to the minute */
	bool		has_place;		/* latitude and longitude are known */
	double		latitude;
	double		longitude;
	bool		online;
} MatchListing;

#define PROFILE_WORDS	24
#define PROFILE_NUMBERS	8
#define PROFILE_KINDS	4
#define PROFILE_TEXT	512

/* A word of a title or a venue */
typedef struct ProfileWord
{
	const char *text;			/* as it stands, in the profile */
	uint16_t	length;
	bool		generic;
	uint64_t	meaning;		/* hash of its canonical form, of all languages one */
	float		weight;
} ProfileWord;

typedef struct ProfileWords
{
	ProfileWord words[PROFILE_WORDS];
	int			count;
} ProfileWords;

typedef struct MatchProfile
{
	ProfileWords title;			/* without stop words, markers and numbers */
	ProfileWords venue;			/* without kinds of venue, unless it is all there is */
	uint64_t	venue_kinds[PROFILE_KINDS];	/* meanings of those left out */
	int			nvenue_kinds;
	uint64_t	room;			/* words of "…, salle B", a bit each; 0: none */
	uint32_t	numbers[PROFILE_NUMBERS];	/* sorted, each once */
	int			nnumbers;
	bool		names_year;		/* its own, which is not among the numbers */
	bool		names_other_year;	/* which is */
	unsigned	sessions;		/* session words, as bits */
	int			clock;			/* a time in the title, in minutes; -1: none */
	bool		addon;			/* parking, VIP: no event of its own */
	bool		has_rare;		/* a word of the title is not generic */
	uint64_t	ticket_kind;	/* a ticket seller's id in the URL, 0: none */
	uint64_t	ticket_id;
	uint64_t	meeting;		/* of an online event's URL, 0: none */
	uint64_t	postal_code;	/* hash, 0: none */
	uint64_t	street;			/* hash of number and street, 0: none */

	int64_t		start;
	int64_t		end;
	int64_t		local_start;
	int64_t		local_day;		/* days since 1970 on the wall clock; unknown with start */
	bool		timed;
	bool		range;			/* goes on for more than a day and a half */
	bool		has_place;
	double		latitude;
	double		longitude;
	bool		online;
	bool		has_venue;
	bool		several;		/* the venue names several places */

	char		text[PROFILE_TEXT];	/* what the words point into */
	int			used;
} MatchProfile;

/* Fill a profile; it must not be moved afterwards. */
extern void MatchProfileInit(MatchProfile *profile, const MatchListing *listing,
							 const WordTable *words);

#endif
