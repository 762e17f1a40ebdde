/*
 * test/unit/feed_harness.h
 *
 * Drives any connector without a server: a configuration and bytes in, what
 * the orchestrator would see out.  And TAP for plain C.
 *
 *     Harness *h = HarnessOpen(&EventbriteConnector, "{\"…\":1}");
 *     h->feed.window_start = …;			-- the window is all of time unless set
 *     HarnessRun(h, bytes, length);		-- or HarnessRunChunked
 *     h->items[0].listing.title …
 *     HarnessClose(h);
 */
#ifndef INGEST_TEST_FEED_HARNESS_H
#define INGEST_TEST_FEED_HARNESS_H

#include "feed/connector.h"

/* One record and what became of it */
typedef struct HarnessItem
{
	FeedRecord	record;
	MapResult	result;			/* MAP_SKIPPED / MAP_REFUSED also where record()
								 * said so */
	Listing		listing;
} HarnessItem;

typedef struct Harness
{
	Feed		feed;
	FeedPage	page;
	Arena	   *arena;			/* of the listings */
	Problem		problem;		/* of open or page */
	bool		page_ok;
	HarnessItem *items;
	int			nitems;
	int			nlistings;		/* items with MAP_LISTING */
	int			nskipped;
	int			nrefused;
	char		warnings[8192]; /* one a line */
	int			nwarnings;
	size_t		largest;		/* bytes held by the page's arena at its end */
	bool		shows_withheld; /* as ingest_parse does; false by default: they
								 * are skipped, as by a run */
	bool		keep_items;		/* true by default; false: only counts */
	void		(*on_item) (const struct Harness *h, const struct HarnessItem *item, void *arg);
	void	   *on_item_arg;	/* called for each item, kept or not; may be NULL */
	const char *content_type;	/* of the body given; NULL by default */
	void	   *private;
} Harness;

/*
 * Open a connector on a configuration (JSON text).  A mistake in it, or a
 * refusal by open, is in problem.  Zones are the system's.
 */
extern Harness *HarnessOpen(const Connector *connector, const char *config);
extern void HarnessClose(Harness *h);

/* Take one body as a pushed payload: page, all records, map. */
extern void HarnessRun(Harness *h, const char *bytes, size_t length);
extern void HarnessRunText(Harness *h, const char *text);

/* The same through a reader that gives at most `chunk` bytes at a time. */
extern void HarnessRunChunked(Harness *h, const char *bytes, size_t length, size_t chunk);

/* The listing with that source_id, or NULL; how many were skipped so. */
extern const Listing *HarnessListing(const Harness *h, const char *source_id);
extern int	HarnessSkipped(const Harness *h, const char *reason);

/* ---- TAP ---- */

/* Print "ok N - name" or "not ok N - name"; printf-style name. */
extern bool TapOk(bool passed, const char *name, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, of two strings (NULL allowed) or integers that must be equal. */
extern bool TapSame(const char *got, const char *expected, const char *name);
extern bool TapEqual(long long got, long long expected, const char *name);

/* Print the plan; the program's exit code. */
extern int	TapDone(void);

#endif
