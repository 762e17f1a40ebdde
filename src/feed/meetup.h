/*
 * src/feed/meetup.h
 *
 * What the files of the Meetup connector share:
 *	 meetup.c          the connector: configuration, records of a page
 *	 meetup_query.c    the GraphQL request: its text, its variables
 *	 meetup_list.c     which request comes next, paging
 *	 meetup_error.c    what goes wrong: inside of a 200 or not
 *	 meetup_token.c    credentials, JSON Web Tokens, access tokens
 *	 meetup_map.c      an event's JSON to a listing
 *	 meetup_ics.c      a group's public calendar
 *
 * The API: https://www.meetup.com/graphql/guide/ (endpoint gql-ext, since
 * February 2025).
 *
 * Pure C.
 */
#ifndef INGEST_FEED_MEETUP_H
#define INGEST_FEED_MEETUP_H

#include "feed/connector.h"
#include "feed/json_read.h"
#include "feed/json_scan.h"

extern const Connector MeetupConnector;

/* Groups in one request; config key groups_per_request */
#define MEETUP_MAX_BATCH 20

/* Pages of one group: no group has so many events */
#define MEETUP_MAX_PAGES 1000

/* Fields that the API turned out not to know */
#define MEETUP_MAX_DROPPED 16

/* A request's strings live until so many others were made */
#define MEETUP_RING 4

/* FeedRequest.list of a request for a token */
#define MEETUP_TOKEN_LIST (-2)

typedef struct MeetupGroup
{
	const char *urlname;
	const char *cursor;			/* ask from here; NULL: from the start */
	uint64_t   *cursors;		/* hashes of all cursors so far */
	int			ncursors;
	int			room;
	int			npages;
	bool		done;
	bool		failed;
} MeetupGroup;

/* How requests are authorised */
typedef enum MeetupAccess
{
	ACCESS_UNKNOWN,				/* the credentials were not read yet */
	ACCESS_ANONYMOUS,
	ACCESS_TOKEN,				/* the credential "token" */
	ACCESS_JWT					/* tokens are fetched with a signed JWT */
} MeetupAccess;

typedef struct MeetupState
{
	JsonReader *reader;
	uint64_t	seed;			/* of record hashes */
	bool		by_ics;
	const char *endpoint;		/* of GraphQL */
	const char *web_url;		/* without its last slash */
	Arena	   *scratch;		/* emptied before each use */
	Arena	   *ring[MEETUP_RING];
	unsigned	nrequests;

	/* where we are */
	MeetupGroup *groups;
	int			ngroups;
	int			batch;			/* first group of the current batch */
	int			batch_size;
	int			asked[MEETUP_MAX_BATCH];	/* groups of the request under way */
	int			nasked;
	int			page_size;
	int			wait;			/* seconds before the next request */
	int			nlimited;		/* times in a row that the limit was met */
	bool		asked_twice;	/* after a 400 that may be a whim */

	/* the query */
	bool		rich;
	const char *dropped[MEETUP_MAX_DROPPED];
	int			ndropped;

	/* access */
	MeetupAccess access;
	const char *token_url;
	const char *client_key;
	const char *member_id;
	const char *signing_key;
	const char *signing_key_id;
	const char *authorization;	/* header's value; NULL: none, or none yet */
	FeedTime	expires_at;		/* of a fetched token; FEED_TIME_UNKNOWN */
	bool		is_fresh;		/* the token has not been used yet */
} MeetupState;

/* One group's events within a page */
typedef struct MeetupList
{
	JsonScan	scan;
	JsonScanCursor cursor;
	const char *group;			/* the group as a JSON object, or NULL */
	uint64_t	seed;			/* of record hashes: with the group */
} MeetupList;

/* FeedPage.state */
typedef struct MeetupPage
{
	MeetupList *lists;
	int			nlists;
	int			current;
	void	   *calendar;		/* not NULL: it is one, and this its state */
} MeetupPage;

/* ---- meetup_query.c ---- */

/* The request's JSON body for state->asked, in arena. */
extern const char *MeetupQuery(Feed *feed, Arena *arena);

/* May this word be left out of the query, and is it in it now? */
extern bool MeetupCanDrop(const MeetupState *state, const char *word);

/* ---- meetup_list.c ---- */

extern bool MeetupNextRequest(Feed *feed, FeedRequest *request, Problem *problem);

/* Take the paging of one group from its part of an answer. */
extern void MeetupAdvance(Feed *feed, FeedPage *page, MeetupGroup *group, const JsonScan *scan,
						  const JsonNode *page_info);

/* Tell the operator about a group. */
extern void MeetupWarn(Feed *feed, const MeetupGroup *group, const char *what);

/*
 * A group that will not come: the others shall, and the run is incomplete.
 * False: none is left that worked.
 */
extern bool MeetupGiveUp(Feed *feed, MeetupGroup *group, const char *why);

/* ---- meetup_error.c ---- */

typedef enum MeetupVerdict
{
	ANSWER_GOOD,				/* use it, as far as it goes */
	ANSWER_AGAIN,				/* ask again: something was changed for it */
	ANSWER_BAD					/* *problem */
} MeetupVerdict;

/*
 * What the "errors" of an answer mean (NULL: it has none).  has_data: there is
 * something beside them.
 */
extern MeetupVerdict MeetupJudge(Feed *feed, FeedPage *page, const JsonNode *errors, bool has_data,
								 Problem *problem);

extern RefusalVerdict MeetupRefused(Feed *feed, const FeedRequest *request,
									const FeedRefusal *refusal, Problem *problem);

/* ---- meetup_token.c ---- */

/*
 * Whether the next request must be one for a token; false with *problem set:
 * there can be none.
 */
extern bool MeetupNeedsToken(Feed *feed, Problem *problem);

/* That request; false: *problem. */
extern bool MeetupTokenRequest(Feed *feed, FeedRequest *request, Problem *problem);

/* Its answer; false: *problem, which shows nothing of it. */
extern bool MeetupTakeToken(Feed *feed, Arena *arena, const char *bytes, size_t length, Problem *problem);

/* The token was refused: may another be fetched? */
extern bool MeetupForgetToken(Feed *feed);

/* ---- meetup_map.c ---- */

extern MapResult MeetupMap(Feed *feed, FeedPage *page, FeedRecord *record,
						   Arena *arena, Listing *listing);

/* The id of an event in a record's JSON text, in arena; or NULL. */
extern const char *MeetupEventId(Feed *feed, Arena *arena, const char *bytes, size_t length);

/* "https://…/GROUP/events/ID", in one form; NULL if it is no URL. */
extern const char *MeetupUrl(Arena *arena, const char *text, size_t length);

/* Of an event's URL, its group's: "https://…/GROUP/"; or NULL. */
extern const char *MeetupGroupUrl(Arena *arena, const char *event_url);

/* ---- meetup_ics.c ---- */

extern bool MeetupIcsPage(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem);
extern bool MeetupIcsRecord(Feed *feed, FeedPage *page, FeedRecord *record);
extern MapResult MeetupIcsMap(Feed *feed, FeedPage *page, FeedRecord *record,
							  Arena *arena, Listing *listing);

#endif
