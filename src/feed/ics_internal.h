/*
 * src/feed/ics_internal.h
 *
 * What the files of the ics connector share.
 *
 *	 ics.c            the connector: configuration, requests, records in order
 *	 ics_beginning.c  is it a calendar?
 *	 ics_scan.c       first pass: where the components are, cheaply
 *	 ics_index.c      which of them matter
 *	 ics_component.c  one component's content lines
 *	 ics_values.c     libical, fenced: values that have a structure
 *	 ics_time.c       dates, times, durations
 *	 ics_zone.c       TZIDs, and VTIMEZONEs as zones
 *	 ics_uid.c        by what an event is recognised
 *	 ics_member.c, ics_utc.c, ics_instances.c, ics_expand.c
 *	                  a UID's components into occurrences (ics_series.h)
 *	 ics_map.c        a component into a listing
 *	 ics_place.c      LOCATION into a place
 *
 * Two passes: the first reads the whole body in chunks and keeps 40 bytes of
 * each VEVENT that can have to do with the window; the second reads again only
 * those.  So the memory does not grow with the body, and the work beyond
 * reading goes with the window.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_ICS_INTERNAL_H
#define INGEST_FEED_ICS_INTERNAL_H

#include <string.h>

#include "feed/connector.h"

extern const Connector IcsConnector;

/* Occurrences of one series in one run */
#define ICS_MAX_OCCURRENCES 2000

/*
 * Steps of the evaluator that all rules of a body may take together: far more
 * than calendars need (a weekly rule takes as many as it has occurrences in
 * the window), and few enough that 100 KB of the costliest rules take well
 * below a second.
 */
#define ICS_STEPS 1000000
#define ICS_STEPS_PER_BYTE 10

/* A component longer than this is refused; RFC 5545 knows no limit */
#define ICS_MAX_COMPONENT (8 * 1024 * 1024)

/* ---- the index ---- */

#define ICS_RECURS		0x01	/* has RRULE, RDATE or EXRULE */
#define ICS_OVERRIDE	0x02	/* has RECURRENCE-ID */
#define ICS_UTC			0x04	/* start is an instant */
#define ICS_SHARED		0x08	/* another component has the same UID */
#define ICS_DONE		0x10	/* its records are given out */
#define ICS_NO_UID		0x20
#define ICS_GOES_ON		0x40	/* may end in the window, wherever it starts */

/* One VEVENT; kept small */
typedef struct IcsEntry
{
	uint64_t	uid_hash;		/* without a UID: of the offset */
	LocalTime	start;			/* as written, or FEED_TIME_UNKNOWN */
	uint32_t	offset;
	uint32_t	length;			/* from BEGIN to after END */
	int32_t		sequence;
	uint16_t	calendar;
	uint16_t	flags;
	uint32_t	outside[2];		/* past and later ones between this and the entry
								 * before it */
} IcsEntry;

/* A VTIMEZONE: read only if an event needs it */
typedef struct IcsTimezone
{
	struct IcsTimezone *next;
	const char *tzid;
	uint32_t	offset;
	uint32_t	length;
} IcsTimezone;

/* A TZID met in an event, and what it was taken for */
typedef struct IcsZoneName
{
	struct IcsZoneName *next;
	const char *tzid;
	size_t		length;
	const Zone *zone;
} IcsZoneName;

typedef struct IcsCalendar
{
	const char *name;			/* X-WR-CALNAME, NAME */
	const char *wr_timezone;	/* X-WR-TIMEZONE */
	const char *tzid;			/* a TZID beside the components */
	bool		cancels;		/* METHOD:CANCEL */
	bool		is_google;		/* PRODID: Google Calendar wrote it */
	bool		is_answer;		/* METHOD:REPLY, COUNTER …: announces nothing */
	IcsTimezone *timezones;
	const Zone *default_zone;	/* of floating times */
	const Zone *display_zone;	/* of times written in UTC */
	IcsZoneName *zone_names;
	IcsZoneName *last_zone_name;
} IcsCalendar;

/* What a page holds */
typedef struct IcsPage
{
	Feed	   *feed;
	FeedPage   *page;
	FeedBody	body;
	uint64_t	seed;
	bool		expand;
	bool		include_private;
	bool		counts_ends;	/* what goes on is in the window */

	IcsEntry   *entries;		/* malloc; in the order of the body */
	uint32_t	nentries;
	uint32_t	room;
	uint32_t	outside[2];		/* after the last of them */
	uint32_t	noutside;		/* in all, and so are only counted */
	uint32_t	nevents;
	uint64_t   *wanted;			/* UIDs of which all components are entries; sorted */
	uint32_t	nwanted;
	uint32_t   *order;			/* entries by UID hash, then place; malloc */
	IcsCalendar **calendars;
	int			ncalendars;

	uint32_t	next;			/* entry whose turn it is */
	uint32_t	nrecords;
	struct IcsOccurrence *pending;	/* of the series at hand */
	int			npending;
	int			next_pending;

	Arena	   *scratch;		/* of record(): one event or series */
	Arena	   *loaded;			/* one component */
	struct SharedListing *shared;	/* of map(): the component given out last */
	int64_t		steps_left;		/* of the evaluator, for all rules of the body */
	int			nkept_refusals;
	int			nexpanded;		/* occurrences of series so far */
	int			ncustom_zones;
	int			nzone_names;
	int			nwarnings;
} IcsPage;

/* ics_scan.c: fill the index.  False: the body is no calendar. */
extern bool IcsScan(IcsPage *ics, Problem *problem);

/* ics_index.c: a component of the body, in its order. */
extern void IcsIndexAdd(IcsPage *ics, IcsEntry *event);

/*
 * At the body's end.  True: the index is empty again, and the body must be gone
 * over once more: what was only counted may share its UID with an entry.
 */
extern bool IcsIndexAgain(IcsPage *ics);

/* Once the index is complete: find the components that share a UID. */
extern void IcsIndexSort(IcsPage *ics);

/* Why one of those that stand before an entry, or after the last one, is skipped; NULL: none is left. */
extern const char *IcsIndexOutside(IcsPage *ics, uint32_t index);

/*
 * Can the body be a calendar, by its beginning?  Then *start is where it begins,
 * after a BOM and white space.  was_read: it was read, and no calendar was
 * found in it.  False: *problem says what it is instead.
 */
extern bool IcsCheckBeginning(IcsPage *ics, bool was_read, size_t *start, Problem *problem);

/* Room for bytes of a body from a medium; -1 when it failed. */
extern long IcsRead(IcsPage *ics, size_t offset, char *buffer, size_t length);

/* Tell the operator, a bounded number of times a page. */
extern void IcsWarn(IcsPage *ics, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- one component ---- */

/* A content line, unfolded; ended by their lengths and not by a NUL */
typedef struct IcsLine
{
	const char *name;
	const char *params;			/* after the first ';', or NULL */
	const char *value;
	uint32_t	name_length;
	uint32_t	params_length;
	uint32_t	value_length;
} IcsLine;

/*
 * The lines of a component itself; those of components inside it come with
 * their BEGIN and END only where asked for.  They point into the body where it
 * is in memory, else into the arena.
 */
typedef struct IcsComponent
{
	const IcsLine *lines;
	int			nlines;
} IcsComponent;

/* Split one content line; false: it is none. */
extern bool IcsSplitLine(const char *text, size_t length, IcsLine *line);

/* The bytes of an extent of the body, or a copy in the arena; NULL: the medium failed. */
extern const char *IcsText(IcsPage *ics, uint32_t offset, uint32_t length, Arena *arena);

/*
 * The component at an extent of the body.  inner: with what is inside it.
 * NULL: *problem.
 */
extern const IcsComponent *IcsLoad(IcsPage *ics, uint32_t offset, uint32_t length,
								   bool inner, Arena *arena, Problem *problem);

/* Is this the line's name?  It is ASCII, in any case; the one given is in capitals. */
static inline bool
IcsNameIsOf(const IcsLine *line, const char *name, size_t length)
{
	if (line->name_length != length)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		unsigned char a = (unsigned char) line->name[i];
		unsigned char b = (unsigned char) name[i];

		if (a != b && (a < 'a' || a > 'z' || a - 'a' + 'A' != b))
			return false;
	}
	return true;
}

static inline bool
IcsNameIs(const IcsLine *line, const char *name)
{
	return IcsNameIsOf(line, name, strlen(name));
}

/* The first line of that name, or the first after another one; NULL: there is none. */
extern const IcsLine *IcsFind(const IcsComponent *component, const char *name);
extern const IcsLine *IcsFindNext(const IcsComponent *component, const IcsLine *after, const char *name);

/* A parameter's value without its quotes; NULL: it has none of that name. */
extern const char *IcsParam(const IcsLine *line, const char *name, size_t *length);

/* Bytes as UTF-8: as they are, else read as windows-1252. */
extern const char *IcsUtf8(Arena *arena, const char *bytes, size_t length, size_t *utf8_length);

/* The value trimmed of blanks. */
extern const char *IcsTrimmed(const IcsLine *line, size_t *length);

/* Is it this word, in any case?  The line may be NULL. */
extern bool IcsValueIs(const IcsLine *line, const char *word);

/*
 * Hash of the component's lines, leaving out what changes without a meaning;
 * and, of an occurrence, what makes the series rather than the occurrence.
 */
extern uint64_t IcsHash(const IcsComponent *component, bool occurrence, uint64_t seed);

/* Does its CLASS say that the event is not for everybody? */
extern bool IcsIsPrivate(const IcsComponent *component);

/* ---- identity ---- */

/* A UID that is made of the event's times: POST-START-END@HOST */
typedef struct IcsDatedUid
{
	size_t		post_length;
	int64_t		start;			/* seconds, of UTC or of the wall clock */
	const char *host;			/* from the '@' on */
	size_t		host_length;
} IcsDatedUid;

/* Take such a UID apart; false: it is none by its form. */
extern bool IcsReadDatedUid(const char *uid, size_t length, IcsDatedUid *dated);

/* Are these the times of an event that starts so?  Else it is a UID like others. */
extern bool IcsIsDatedBy(const IcsDatedUid *dated, LocalTime start);

/* Hash of what lasts in it. */
extern uint64_t IcsDatedUidHash(const char *uid, const IcsDatedUid *dated);

/* UID as it is stored, the same from load to load. */
extern const char *IcsReadUid(const IcsEntry *entry, const IcsComponent *component, Arena *arena);

/* ---- times ---- */

typedef struct IcsTime
{
	bool		is_date;
	bool		is_utc;
	bool		floating;		/* neither a zone nor UTC was written */
	LocalTime	local;			/* in zone */
	FeedTime	utc;
	const Zone *zone;
} IcsTime;

typedef struct IcsDuration
{
	int64_t		days;			/* of the wall clock */
	int64_t		seconds;
} IcsDuration;

/* "20270301", "20270301T190000", "…Z": false unless it is one that exists. */
extern bool IcsReadStamp(const char *text, size_t length, LocalTime *local,
						 bool *is_date, bool *is_utc);

/* One value of a line, in the zone that the line's TZID says. */
extern bool IcsReadTime(IcsPage *ics, IcsCalendar *calendar, const IcsLine *line,
						const char *value, size_t length, IcsTime *time);

/* False: not a duration, or a negative or absurd one. */
extern bool IcsReadDuration(const char *text, size_t length, IcsDuration *duration);

/* "20261122T190000Z", or "20261122"; at least 20 bytes. */
extern void IcsFormatStamp(FeedTime time, bool is_date, char *text, size_t size);

/* ---- rules ---- */

/* Steps that one rule may take, at most `max`, of those that the body has left. */
extern int64_t IcsStepsFor(const IcsPage *ics, int64_t max);

/* Count what a rule took, and let the host breathe. */
extern void IcsCountSteps(IcsPage *ics, int64_t steps);

/* ---- zones ---- */

/* The zone that a TZID of this calendar means; never NULL. */
extern const Zone *IcsZone(IcsPage *ics, IcsCalendar *calendar, const char *tzid, size_t length);

/* The zone of floating times, and that in which UTC times are shown. */
extern const Zone *IcsDefaultZone(IcsPage *ics, IcsCalendar *calendar);
extern const Zone *IcsDisplayZone(IcsPage *ics, IcsCalendar *calendar);

/* ---- occurrences ---- */

/* One occurrence, or one single event; FeedRecord.state points at it */
typedef struct IcsOccurrence
{
	const char *source_id;
	const char *skip_reason;
	const char *withheld;		/* see FeedRecord */
	const char *refusal;		/* what is wrong with it, in words */
	const char *series_id;		/* UID, of an occurrence of a series */
	uint64_t	hash;
	FeedTime	start;
	FeedTime	end;			/* FEED_TIME_UNKNOWN: not said */
	LocalTime	local_start;
	const Zone *zone;
	uint32_t	entry;			/* whose lines describe it */
	bool		all_day;
	bool		floating;
	bool		is_utc;
	bool		outside_rule;	/* DTSTART, which its rule does not produce */
} IcsOccurrence;

/*
 * What entry `first` and those that share its UID stand for; in
 * ics->scratch.  Marks them ICS_DONE.
 */
extern void IcsOccurrences(IcsPage *ics, uint32_t first, IcsOccurrence **list, int *count);

/*
 * 'past' or 'out_of_horizon', or NULL for what lies in the window.  Before now
 * (horizon_past) lies what is over: an exhibition that goes on is not past.  Of
 * a window given by its instants only the start counts, so that windows side
 * by side list each occurrence once.  end may be UNKNOWN.
 */
extern const char *IcsOutside(const IcsPage *ics, FeedTime start, FeedTime end);

/* ---- listings ---- */

/* What a component says of all its occurrences: everything but ids and times.  False: *problem. */
extern bool IcsMapTexts(IcsPage *ics, uint32_t entry, const IcsComponent *component, Arena *arena,
						Listing *listing, Problem *problem);

/* GEO, ORGANIZER, ATTACH and IMAGE, as libical reads them.  False: *problem. */
extern bool IcsMapValues(const IcsComponent *component, Arena *arena, Listing *listing,
						 Problem *problem);

/* What one occurrence adds to it. */
extern void IcsMapOccurrence(IcsPage *ics, const IcsOccurrence *occurrence, Arena *arena,
							 Listing *listing);

/* LOCATION's one string into the listing's venue, address and so on. */
extern void IcsPlace(const char *location, Arena *arena, Listing *listing);

#endif
