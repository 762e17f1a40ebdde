/*
 * src/feed/connector.h
 *
 * The common interface of all sources.
 *
 * A connector turns a source's responses into listings.  It never does I/O: it
 * says which request it wants next, is given the body, and says which records
 * are in it and what they mean.  So the same code serves the network, a pushed
 * payload (ingest_import), a dry run (ingest_preview, ingest_parse), the unit
 * tests and the fuzzers.
 *
 * A run, as the orchestrator (run/) drives it:
 *
 *     feed = FeedOpen(connector, config …)
 *     while feed->connector->next_request(feed, &request):
 *         fetch it                             -- the network; no transaction
 *         not a 2xx: refused(feed, …)          -- fail, or try another way
 *         page(feed, request, body, page)      -- find out where records are
 *         (the next page is asked for here, to be under way meanwhile)
 *         while record(feed, page, &rec):      -- cheap: extent, id and hash
 *             known by its hash: skipped, "unchanged"
 *             else map(feed, page, &rec, …)    -- listing | skipped | refused
 *
 * HOW TO WRITE A NEW CONNECTOR
 *   1. One file src/feed/NAME.c with a `const Connector NameConnector`:
 *      declare name, description, keys, credentials; config, documentation and
 *      error messages come from that declaration.
 *   2. open: check what the keys' types cannot say, set feed->state.
 *   3. next_request, page, record, map as below; `refused` where the API's
 *      error bodies say more than their status.
 *   4. One line in registry.c.  One test/unit/NAME_test.c with payloads in the
 *      API's real shape, one test per documented trap.
 * json_scan.h and json_read.h do most of the work for a JSON API; eventbrite.c
 * is the one to read first.
 *
 * Memory: what lives as long as the run is in feed->arena, as long as the page
 * in page->arena, as long as a batch in the arena given to map.  Library
 * objects hang on an arena (ArenaOnReset).  The host may abandon a feed between
 * any two calls.
 *
 * Pure C: no header of PostgreSQL, libcurl nor of another room.
 */
#ifndef INGEST_FEED_CONNECTOR_H
#define INGEST_FEED_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error_class.h"
#include "feed/arena.h"
#include "feed/config.h"
#include "feed/listing.h"
#include "feed/zone.h"

typedef struct Connector Connector;

/* One credential that a connector takes. */
typedef struct CredentialKey
{
	const char *name;			/* "token" */
	bool		required;
	const char *meaning;
} CredentialKey;

/* The bytes of a response: in memory, or behind a reader (a spool file). */
typedef struct FeedBody
{
	size_t		size;
	const char *bytes;			/* all of them, or NULL: use read */

	/*
	 * Read up to length bytes at offset into buffer; the number read, 0 at the
	 * end, -1 if the medium failed.
	 */
	long		(*read) (void *arg, size_t offset, char *buffer, size_t length);
	void	   *arg;
	const char *content_type;	/* as sent, or NULL */
} FeedBody;

typedef struct FeedHeader
{
	const char *name;
	const char *value;
	bool		secret;			/* left out where a redirect leads elsewhere */
} FeedHeader;

#define FEED_MAX_HEADERS 8

/* A request the connector wants; strings in feed->arena or static. */
typedef struct FeedRequest
{
	const char *method;			/* NULL: GET */
	const char *url;
	FeedHeader	headers[FEED_MAX_HEADERS];
	int			nheaders;
	const char *body;			/* NULL: none */
	const char *what;			/* for people: "events of organizer 1001, page 2" */
	int			list;			/* which list of the source this belongs to */
	bool		conditional;	/* ETag / Last-Modified of this URL may be used:
								 * a 304 means that nothing of the list changed;
								 * page() is not called then */
	bool		may_fail;		/* whatever becomes of it, even without an
								 * answer, is put before `refused` */
	double		min_interval;	/* seconds that must have passed since the run's
								 * last request (robots.txt's Crawl-delay) */
} FeedRequest;

/*
 * A response that is not a 2xx; of a request that may fail also no response
 * at all, or one that could not be read to its end.
 */
typedef struct FeedRefusal
{
	int			status;			/* 0: there was no answer */
	const char *content_type;
	const char *body;			/* its first bytes, NUL-terminated */
	size_t		length;
	const Problem *problem;		/* what the host says of it */
} FeedRefusal;

typedef enum RefusalVerdict
{
	REFUSAL_FAIL,				/* *problem says why */
	REFUSAL_CHANGED,			/* ask next_request again: it will ask otherwise */
	REFUSAL_END_OF_LIST			/* not an error here: the list ends */
} RefusalVerdict;

/* What a body holds; filled by page(), read by the orchestrator. */
typedef struct FeedPage
{
	Arena	   *arena;			/* the page's own */
	const FeedRequest *request;	/* NULL for a pushed payload */
	const char *url;			/* where redirects led the request; NULL for a
								 * pushed payload */
	void	   *state;			/* the connector's */

	/* a header of the response, or NULL; the function too where there is none */
	const char *(*header) (void *arg, const char *name);
	void	   *header_arg;
	int64_t		refresh_seconds;	/* the feed's own wish for its interval, or 0 */
	bool		is_empty;		/* the body is as it should be, with nothing in it:
								 * where there was something before, that may
								 * be the publisher's fault */
	bool		unchanged;		/* by this answer the list is as the cursor knows
								 * it: it is not sent again, and nothing is gone */
	bool		incomplete;		/* the body was cut: what is missing in it is not
								 * gone.  Final once record() has returned false */
	bool		is_aside;		/* no page of the source (a token, a robots.txt,
								 * an answer that says to ask again): it holds
								 * no records and is not counted */
	FeedTime	retry_at;		/* where page() fails with class rate_limit: when
								 * the upstream may be asked again; 0: unknown */
} FeedPage;

/* One record: where it is and how to recognise it, before it is parsed. */
typedef struct FeedRecord
{
	const char *source_id;		/* NULL only if refused or skipped */
	const char *raw;			/* its bytes as JSON text, or NULL until map */
	size_t		raw_length;
	uint64_t	raw_hash;		/* of what cannot be noise in it */
	const char *skip_reason;	/* static word; not NULL: not to be mapped */
	const char *withheld;		/* static word; not NULL: it can be read like any
								 * other, but is not for publication.  A run
								 * skips it for that reason; who only looks
								 * (ingest_parse) sees it */
	Problem		problem;		/* set: refused already (no id, bad bytes) */
	void	   *state;			/* the connector's */
} FeedRecord;

typedef enum MapResult
{
	MAP_LISTING,
	MAP_SKIPPED,				/* record->skip_reason says why */
	MAP_REFUSED					/* record->problem says why */
} MapResult;

/* One connector opened for one run. */
typedef struct Feed
{
	const Connector *connector;
	const Config *config;
	Zones	   *zones;
	Arena	   *arena;
	FeedTime	now;
	FeedTime	window_start;	/* listings outside [start, end) are skipped */
	FeedTime	window_end;
	const char *default_timezone;	/* of the source; NULL: unknown */

	/* value of a credential, or NULL; only where requests are made */
	const char *(*credential) (void *arg, const char *name);
	void	   *credential_arg;

	/* a fact worth telling the operator; the orchestrator keeps it with the job */
	void		(*warn) (void *arg, const char *message);
	void	   *warn_arg;

	/*
	 * The absolute http or https URL that `reference` means on a page at `base`
	 * (NULL: reference is absolute), in a form that can be compared byte by
	 * byte, its fragment kept; in arena.  NULL: it is none.
	 */
	const char *(*resolve_url) (Arena *arena, const char *base, const char *reference);
	const char *user_agent;		/* as sent with requests; for robots.txt */

	/*
	 * Keep this value out of every text from now on, as a credential is: a
	 * token that the connector was given, a signature that it made.  NULL
	 * where nothing is requested.
	 */
	void		(*secret) (void *arg, const char *value);
	void	   *secret_arg;

	/* The time by this machine's clock; `now` stands still during a run */
	FeedTime	(*clock) (void);

	/*
	 * The RS256 signature (RFC 7518, 3.3) of some bytes by an RSA private key
	 * in PEM, in arena.  NULL: *problem, which shows nothing of the key.  The
	 * function is NULL where the library was built without OpenSSL.
	 */
	const unsigned char *(*sign_rs256) (Arena *arena, const char *key, const char *bytes, size_t length,
										size_t *signature_length, Problem *problem);

	/* answers interrupts; called now and then in long loops, may not return */
	void		(*breathe) (void);

	/*
	 * Set by the connector when a list was not walked to its end (refused, cut
	 * by a limit): what is missing is not gone.
	 */
	bool		incomplete;

	/*
	 * What the connector wants to know in the source's next run: a JSON object
	 * of its own making, or NULL.  cursor: what it left last time; set before
	 * the first next_request, NULL where no requests are made.  next_cursor:
	 * what to leave now, in feed->arena; NULL leaves the last one.  It is
	 * committed with the end of a run that did not fail, and not when the host
	 * cut the run short (max_pages, max_records): it never speaks of records
	 * that are not stored.
	 */
	const char *cursor;
	const char *next_cursor;

	void	   *state;			/* the connector's */
} Feed;

struct Connector
{
	const char *name;
	const char *description;	/* one sentence */
	const ConfigKey *keys;		/* own ones, ended by a NULL name */
	const CredentialKey *credentials;	/* ended by a NULL name */
	int			version;		/* raise it when the mapping changes: stored
								 * listings are then mapped anew */

	/*
	 * Can a record be mapped again from its raw text alone (ingest_replay)?
	 * Records put into a JSON array must then be a payload that page() takes.
	 * NULL: they mean nothing without the page around them.
	 */
	bool		(*stands_alone) (const char *raw, size_t length);

	/*
	 * Check the configuration beyond the types of its keys, each mistake
	 * through complain; no network, no credentials.  May be NULL.
	 */
	void		(*check) (const Config *config, ConfigComplaint complain, void *arg);

	/* Prepare feed->state.  False: *problem. */
	bool		(*open) (Feed *feed, Problem *problem);

	/*
	 * The next request, or false when all lists are at their end.  Called
	 * again after each page(): what it asks for then may rest on that page.
	 * False with *problem set: cannot go on (no credential).
	 */
	bool		(*next_request) (Feed *feed, FeedRequest *request, Problem *problem);

	/* May be NULL: every refusal fails by its status. */
	RefusalVerdict (*refused) (Feed *feed, const FeedRequest *request,
							   const FeedRefusal *refusal, Problem *problem);

	/*
	 * A body has come.  False: the page is not what it should be, *problem
	 * says why.  For a pushed payload page->request is NULL.
	 */
	bool		(*page) (Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem);

	/* The page's next record, false at its end. */
	bool		(*record) (Feed *feed, FeedPage *page, FeedRecord *record);

	/*
	 * The record's listing, in arena.  record->raw is set by then.  Not called
	 * for records that came with a skip_reason or problem.
	 */
	MapResult	(*map) (Feed *feed, FeedPage *page, FeedRecord *record,
						Arena *arena, Listing *listing);

	/*
	 * A second request for what the list lacks (Eventbrite's full
	 * description), asked only for new listings and those whose revision
	 * moved.  detail_request: false when none is wanted by the configuration.
	 * detail: complete the listing (in arena) from the answer's body and set
	 * has_detail; false: *problem.  Both NULL: the connector has none.
	 */
	bool		(*detail_request) (Feed *feed, const char *source_id, FeedRequest *request);
	bool		(*detail) (Feed *feed, const FeedBody *body, Arena *arena,
						   Listing *listing, Problem *problem);

	/*
	 * What the response's headers say of the budget: seconds until requests
	 * are allowed again when it is used up, else 0; *remaining = calls left,
	 * or -1.  header returns a value or NULL.  May be NULL.
	 */
	int64_t		(*budget) (const char *(*header) (void *arg, const char *name), void *arg,
						   int64_t *remaining);
};

/* All connectors, ended by NULL; and one by its name, or NULL. */
extern const Connector *const Connectors[];
extern const Connector *ConnectorFind(const char *name);

/*
 * The bytes of a body: pointer to all of them, read into the page's arena
 * where they are not in memory.  NULL: *problem.
 */
extern const char *FeedBodyBytes(const FeedBody *body, Arena *arena, Problem *problem);

/* Connector.stands_alone where every record does */
extern bool FeedRecordStandsAlone(const char *raw, size_t length);

/* The seed of record hashes: connector, its version and the configuration. */
extern uint64_t FeedSeed(const Feed *feed);

#endif
