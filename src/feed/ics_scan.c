/*
 * src/feed/ics_scan.c
 *
 * First pass over a calendar: one look at each line, in chunks, to find where
 * the VEVENTs are and the few facts by which most of them can be left alone:
 * a hash of the UID, the start as written, whether it recurs.  Nothing is
 * parsed that a fixed prefix does not announce.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hash.h"
#include "feed/text.h"

#define CHUNK (256 * 1024)

/* Bytes kept of a line that this pass reads; a UID may be as long */
#define HELD_MAX 8192

#define DAY 86400

#define MAX_DEPTH 16
#define MAX_CALENDARS 10000
#define MAX_WARNINGS 20

/* A publisher's wish for the interval between loads is kept within these */
#define REFRESH_MIN 900
#define REFRESH_MAX 86400

typedef enum Kind
{
	KIND_CALENDAR,
	KIND_EVENT,
	KIND_TIMEZONE,
	KIND_OTHER
} Kind;

typedef struct Scan
{
	IcsPage    *ics;
	bool		again;			/* only the index is wanted, all else is known */
	int			ncalendars;
	Kind		stack[MAX_DEPTH];
	int			depth;			/* may exceed MAX_DEPTH: those are not known */
	IcsCalendar *calendar;
	IcsEntry	event;			/* the VEVENT that is open */
	LocalTime	end;			/* its DTEND as written, or FEED_TIME_UNKNOWN */
	IcsDuration duration;		/* its DURATION */
	bool		has_uid;
	bool		has_dated_uid;
	IcsDatedUid dated_uid;
	uint64_t	dated_uid_hash;
	IcsTimezone *timezone;		/* the VTIMEZONE that is open */

	/* the content line at hand, if it is one to look at */
	bool		holding;
	size_t		held_length;
	size_t		held_offset;
	size_t		held_end;
	char		held[HELD_MAX];

	int64_t		refresh;
	int			nunfinished;
	int			nstray;
	bool		seen_calendar;
	bool		long_line;		/* the rest of a line longer than a chunk */
} Scan;

void
IcsWarn(IcsPage *ics, const char *format, ...)
{
	char		text[512];
	va_list		args;

	if (ics->feed->warn == NULL || ics->nwarnings++ >= MAX_WARNINGS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ics->feed->warn(ics->feed->warn_arg,
					TextRepair(ics->page->arena, text, strlen(text)));
}

long
IcsRead(IcsPage *ics, size_t offset, char *buffer, size_t length)
{
	const FeedBody *body = &ics->body;
	size_t		have = 0;

	if (offset >= body->size)
		return 0;
	if (length > body->size - offset)
		length = body->size - offset;
	if (body->bytes != NULL)
	{
		memcpy(buffer, body->bytes + offset, length);
		return (long) length;
	}
	while (have < length)
	{
		long		got = body->read(body->arg, offset + have, buffer + have, length - have);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t) got;
	}
	return (long) have;
}

/* ---- properties ---- */

/* The value as text in the page's arena */
static const char *
keep_text(Scan *scan, const IcsLine *line)
{
	Arena	   *arena = scan->ics->page->arena;
	size_t		length;
	const char *text = IcsUtf8(arena, line->value, line->value_length, &length);

	return TextLine(arena, text, length > 255 ? 255 : length, false);
}

/* REFRESH-INTERVAL and X-PUBLISHED-TTL */
static void
take_refresh(Scan *scan, const IcsLine *line)
{
	IcsDuration wish;
	int64_t		seconds;

	if (!IcsReadDuration(line->value, line->value_length, &wish))
		return;
	seconds = wish.days * 86400 + wish.seconds;
	if (seconds <= 0)
		return;
	seconds = seconds < REFRESH_MIN ? REFRESH_MIN : seconds > REFRESH_MAX ? REFRESH_MAX : seconds;
	if (seconds > scan->refresh)
		scan->refresh = seconds;
}

/* METHOD says whether its events take place, or are events at all */
static void
take_method(IcsCalendar *calendar, const char *method)
{
	if (method == NULL)
		return;
	calendar->cancels = strcasecmp(method, "CANCEL") == 0;
	calendar->is_answer = strcasecmp(method, "REPLY") == 0 ||
		strcasecmp(method, "COUNTER") == 0 || strcasecmp(method, "DECLINECOUNTER") == 0 ||
		strcasecmp(method, "REFRESH") == 0;
}

/* PRODID:-//Google Inc//Google Calendar 70.9054//EN */
static bool
is_google(const char *prodid)
{
	return prodid != NULL && strstr(prodid, "//Google Calendar ") != NULL;
}

/* A property beside the components */
static void
calendar_property(Scan *scan, const IcsLine *line)
{
	IcsCalendar *calendar = scan->calendar;

	if (IcsNameIs(line, "X-WR-CALNAME") || (IcsNameIs(line, "NAME") && calendar->name == NULL))
		calendar->name = keep_text(scan, line);
	else if (IcsNameIs(line, "X-WR-TIMEZONE"))
		calendar->wr_timezone = keep_text(scan, line);
	else if (IcsNameIs(line, "TZID"))
		calendar->tzid = keep_text(scan, line);
	else if (IcsNameIs(line, "METHOD"))
		take_method(calendar, keep_text(scan, line));
	else if (IcsNameIs(line, "PRODID"))
		calendar->is_google = is_google(keep_text(scan, line));
	else if (IcsNameIs(line, "REFRESH-INTERVAL") || IcsNameIs(line, "X-PUBLISHED-TTL"))
		take_refresh(scan, line);
}

/* A property of an event, one of those that is_wanted lets through */
static void
event_property(Scan *scan, const IcsLine *line)
{
	IcsEntry   *event = &scan->event;
	size_t		length;
	const char *value = IcsTrimmed(line, &length);

	if (IcsNameIs(line, "UID"))
	{
		if (!scan->has_uid && length > 0)
		{
			event->uid_hash = HashBytes(value, length, 0);
			scan->has_uid = true;
			scan->has_dated_uid = IcsReadDatedUid(value, length, &scan->dated_uid);
			if (scan->has_dated_uid)
				scan->dated_uid_hash = IcsDatedUidHash(value, &scan->dated_uid);
		}
	}
	else if (IcsNameIs(line, "DTSTART"))
	{
		bool		is_date,
					is_utc;

		if (event->start == FEED_TIME_UNKNOWN &&
			IcsReadStamp(value, length, &event->start, &is_date, &is_utc) && is_utc)
			event->flags |= ICS_UTC;
	}
	else if (IcsNameIs(line, "DTEND"))
	{
		bool		is_date,
					is_utc;

		if (!IcsReadStamp(value, length, &scan->end, &is_date, &is_utc))
			scan->end = FEED_TIME_UNKNOWN;
	}
	else if (IcsNameIs(line, "DURATION"))
	{
		if (!IcsReadDuration(value, length, &scan->duration))
			memset(&scan->duration, 0, sizeof(IcsDuration));
	}
	else if (IcsNameIs(line, "RRULE") || IcsNameIs(line, "RDATE") || IcsNameIs(line, "EXRULE"))
		event->flags |= ICS_RECURS;
	else if (IcsNameIs(line, "RECURRENCE-ID"))
		event->flags |= ICS_OVERRIDE;
	else if (IcsNameIs(line, "SEQUENCE"))
	{
		char		text[12] = "";

		memcpy(text, value, length < sizeof(text) - 1 ? length : sizeof(text) - 1);
		event->sequence = (int32_t) strtol(text, NULL, 10);
	}
}

/* ---- components ---- */

/* Of BEGIN and END */
static Kind
kind_of(const IcsLine *line)
{
	size_t		length;
	const char *value = IcsTrimmed(line, &length);

	if (length == 9 && strncasecmp(value, "VCALENDAR", 9) == 0)
		return KIND_CALENDAR;
	if (length == 6 && strncasecmp(value, "VEVENT", 6) == 0)
		return KIND_EVENT;
	if (length == 9 && strncasecmp(value, "VTIMEZONE", 9) == 0)
		return KIND_TIMEZONE;
	return KIND_OTHER;
}

/* The kind of the innermost open component */
static Kind
innermost(const Scan *scan)
{
	return scan->depth == 0 || scan->depth > MAX_DEPTH ? KIND_OTHER : scan->stack[scan->depth - 1];
}

/* Is a component of that kind open, at any depth? */
static bool
is_open(const Scan *scan, Kind kind)
{
	for (int i = 0; i < scan->depth && i < MAX_DEPTH; i++)
		if (scan->stack[i] == kind)
			return true;
	return false;
}

/* A calendar of its own */
static void
begin_calendar(Scan *scan)
{
	IcsPage    *ics = scan->ics;

	if (scan->ncalendars == MAX_CALENDARS)
		return;					/* its events are read as the last one's */
	scan->ncalendars++;
	if (scan->again)
	{
		scan->calendar = ics->calendars[scan->ncalendars - 1];
		return;
	}
	if ((ics->ncalendars & (ics->ncalendars - 1)) == 0)
	{
		int			room = ics->ncalendars == 0 ? 1 : ics->ncalendars * 2;
		IcsCalendar **more = ArenaAlloc(ics->page->arena, room * sizeof(IcsCalendar *));

		if (ics->ncalendars > 0)
			memcpy(more, ics->calendars, ics->ncalendars * sizeof(IcsCalendar *));
		ics->calendars = more;
	}
	scan->calendar = ArenaAlloc0(ics->page->arena, sizeof(IcsCalendar));
	ics->calendars[ics->ncalendars++] = scan->calendar;
}

/*
 * May the open event end in the window, if not begin there?  A wall clock is
 * nowhere more than a day from UTC.
 */
static bool
may_go_on(const Scan *scan)
{
	const IcsPage *ics = scan->ics;
	LocalTime	end = scan->end;

	if (!ics->counts_ends || scan->event.start == FEED_TIME_UNKNOWN)
		return false;
	if (end == FEED_TIME_UNKNOWN)
		end = scan->event.start + (scan->duration.days + 1) * DAY + scan->duration.seconds;
	return end >= ics->feed->window_start - DAY;
}

/* The open event has ended: index it */
static void
add_event(Scan *scan)
{
	IcsPage    *ics = scan->ics;
	IcsEntry   *event = &scan->event;

	event->length = (uint32_t) (scan->held_end - event->offset);
	if (may_go_on(scan))
		event->flags |= ICS_GOES_ON;
	if (!scan->has_uid)
	{
		event->flags |= ICS_NO_UID;
		event->uid_hash = HashBytes(&event->offset, sizeof(event->offset), 1);
	}
	else if (scan->has_dated_uid && IcsIsDatedBy(&scan->dated_uid, event->start))
		event->uid_hash = scan->dated_uid_hash;
	IcsIndexAdd(ics, event);
}

/* BEGIN */
static void
begin(Scan *scan, const IcsLine *line)
{
	Kind		kind = kind_of(line);

	/* One that was never ended ends where the next of its rank begins */
	if (kind == KIND_CALENDAR || kind == KIND_EVENT || kind == KIND_TIMEZONE)
	{
		if (is_open(scan, KIND_EVENT))
			scan->nunfinished++;
		scan->depth = kind == KIND_CALENDAR || scan->depth == 0 ? 0 : 1;
	}
	if (kind == KIND_CALENDAR)
	{
		scan->seen_calendar = true;
		begin_calendar(scan);
	}
	else if (kind == KIND_EVENT)
	{
		scan->has_uid = scan->has_dated_uid = false;
		scan->end = FEED_TIME_UNKNOWN;
		memset(&scan->duration, 0, sizeof(IcsDuration));
		scan->event = (IcsEntry)
		{
			.start = FEED_TIME_UNKNOWN, .offset = (uint32_t) scan->held_offset,
				.calendar = (uint16_t) (scan->ncalendars - 1)
		};
	}
	else if (kind == KIND_TIMEZONE && !scan->again)
	{
		scan->timezone = ArenaAlloc0(scan->ics->page->arena, sizeof(IcsTimezone));
		scan->timezone->offset = (uint32_t) scan->held_offset;
	}
	if (scan->depth < MAX_DEPTH)
		scan->stack[scan->depth] = kind;
	scan->depth++;
}

/* The open VTIMEZONE has ended: remember where it is */
static void
end_timezone(Scan *scan)
{
	IcsTimezone *timezone = scan->timezone;

	scan->timezone = NULL;
	if (timezone == NULL || timezone->tzid == NULL)
		return;
	timezone->length = (uint32_t) (scan->held_end - timezone->offset);
	timezone->next = scan->calendar->timezones;
	scan->calendar->timezones = timezone;
}

/* END */
static void
end(Scan *scan, const IcsLine *line)
{
	Kind		kind = kind_of(line);

	if (scan->depth > MAX_DEPTH)
	{
		scan->depth--;
		return;
	}
	if (kind == KIND_OTHER)
	{
		/* Inner components are not told apart: theirs ends the innermost */
		if (innermost(scan) == KIND_OTHER && scan->depth > 0)
			scan->depth--;
		else
			scan->nstray++;
		return;
	}
	if (!is_open(scan, kind))
	{
		scan->nstray++;
		return;
	}
	if (kind == KIND_EVENT)
		add_event(scan);
	else if (kind == KIND_TIMEZONE)
		end_timezone(scan);
	else if (is_open(scan, KIND_EVENT))
		scan->nunfinished++;
	while (scan->stack[--scan->depth] != kind)
		;
}

/* ---- lines ---- */

/* Of what begins with D: DTSTART, DTEND or DURATION, not DTSTAMP, DESCRIPTION */
static inline bool
is_time(const char *text, size_t length)
{
	if (length < 6)
		return length > 4;		/* a name may itself be folded */
	if ((text[1] | 0x20) == 't')
		return (text[2] | 0x20) == 'e' || (text[5] | 0x20) == 'r';
	return (text[1] | 0x20) == 'u';
}

/* Is this a line that the pass reads?  Most are settled by their first letter */
static inline bool
is_wanted(const Scan *scan, const char *text, size_t length)
{
	int			letter = text[0] | 0x20;

	if (letter == 'b' || letter == 'e')
		return true;
	switch (innermost(scan))
	{
		case KIND_EVENT:
			if (letter == 'u' || letter == 'r')
				return true;
			if (letter == 'd')
				return is_time(text, length);
			return letter == 's' && (length < 2 || (text[1] | 0x20) == 'e');
		case KIND_CALENDAR:
			return true;
		case KIND_TIMEZONE:
			return letter == 't';
		default:
			return false;
	}
}

/* The held content line is whole: read it */
static void
release_line(Scan *scan)
{
	IcsLine		line;

	if (!scan->holding)
		return;
	scan->holding = false;
	if (!IcsSplitLine(scan->held, scan->held_length, &line))
		return;
	if (IcsNameIs(&line, "BEGIN"))
		begin(scan, &line);
	else if (IcsNameIs(&line, "END"))
		end(scan, &line);
	else if (innermost(scan) == KIND_EVENT)
		event_property(scan, &line);
	else if (innermost(scan) == KIND_CALENDAR && !scan->again)
		calendar_property(scan, &line);
	else if (innermost(scan) == KIND_TIMEZONE && scan->timezone != NULL &&
			 IcsNameIs(&line, "TZID"))
		scan->timezone->tzid = keep_text(scan, &line);
}

/* Add to the held line, as far as it is looked at */
static void
hold(Scan *scan, const char *text, size_t length)
{
	size_t		room = HELD_MAX - scan->held_length;

	if (length > room)
		length = room;
	memcpy(scan->held + scan->held_length, text, length);
	scan->held_length += length;
}

/*
 * One line of the body, without its end.  Blank lines don't end a folded
 * line: some publishers put them in between.
 */
static void
take_line(Scan *scan, const char *text, size_t length, size_t offset, size_t next)
{
	if (length > 0 && text[length - 1] == '\r')
		length--;
	if (length == 0)
		return;
	if (text[0] == ' ' || text[0] == '\t')
	{
		if (scan->holding)
		{
			hold(scan, text + 1, length - 1);
			scan->held_end = next;
		}
		return;
	}
	release_line(scan);

	/* A name may itself be folded; then the rest decides */
	if (!is_wanted(scan, text, length) &&
		(length > 40 || memchr(text, ':', length) != NULL || memchr(text, ';', length) != NULL))
		return;
	scan->holding = true;
	scan->held_length = 0;
	scan->held_offset = offset;
	scan->held_end = next;
	hold(scan, text, length);
}

/* Take the lines of a chunk that lies at `base`; returns the bytes used */
static size_t
take_lines(Scan *scan, const char *bytes, size_t length, size_t base, bool last)
{
	size_t		at = 0;

	while (at < length)
	{
		const char *newline = memchr(bytes + at, '\n', length - at);
		size_t		end = newline != NULL ? (size_t) (newline - bytes) : length;
		size_t		next = newline != NULL ? end + 1 : length;

		if (newline == NULL && !last && (at > 0 || length < CHUNK))
			break;
		if (!scan->long_line)
			take_line(scan, bytes + at, end - at, base + at, base + next);
		/* a line longer than a chunk counts with its beginning */
		scan->long_line = newline == NULL;
		at = next;
	}
	return at;
}

/* ---- the body ---- */

/* Go over the body from where it begins; false: the medium failed */
static bool
scan_body(Scan *scan, size_t start, Problem *problem)
{
	IcsPage    *ics = scan->ics;
	const FeedBody *body = &ics->body;
	char	   *chunk = body->bytes == NULL ? ArenaAlloc(ics->scratch, CHUNK) : NULL;
	size_t		base = start;
	size_t		have = 0;

	while (base < body->size)
	{
		size_t		want = body->size - base;
		size_t		used;

		if (want > CHUNK)
			want = CHUNK;
		if (chunk != NULL)
		{
			long		got = IcsRead(ics, base + have, chunk + have, want - have);

			if (got < 0 || (size_t) got < want - have)
			{
				ProblemSet(problem, ERROR_CLASS_INTERNAL, "could not read a stored response");
				return false;
			}
		}
		used = take_lines(scan, chunk != NULL ? chunk : body->bytes + base, want, base,
						  base + want == body->size);
		base += used;
		have = want - used;
		if (chunk != NULL && have > 0)
			memmove(chunk, chunk + used, have);
		ics->feed->breathe();
	}
	release_line(scan);
	return true;
}

/* Say what was wrong with the body as a whole */
static void
judge(const Scan *scan)
{
	IcsPage    *ics = scan->ics;

	if (scan->depth > 0)
	{
		ics->page->incomplete = true;
		IcsWarn(ics, "the calendar is cut off: it has no END:VCALENDAR; what came before was taken");
	}
	if (scan->nunfinished > 0)
	{
		ics->page->incomplete = true;
		IcsWarn(ics, scan->nunfinished == 1 ? "an event has no END:VEVENT and was left out" :
				"%d events have no END:VEVENT and were left out", scan->nunfinished);
	}
	if (scan->nstray > 0)
		IcsWarn(ics, "lines that end what was never begun were passed over: %d", scan->nstray);
}

bool
IcsScan(IcsPage *ics, Problem *problem)
{
	Scan	   *scan;
	size_t		start;

	if (ics->body.size > UINT32_MAX)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the calendar is larger than 4 GB");
		return false;
	}
	if (!IcsCheckBeginning(ics, false, &start, problem))
		return false;
	scan = ArenaAlloc0(ics->scratch, sizeof(Scan));
	scan->ics = ics;
	begin_calendar(scan);		/* that of events outside of any */
	if (!scan_body(scan, start, problem))
		return false;
	if (!scan->seen_calendar && ics->nevents == 0 &&
		!IcsCheckBeginning(ics, true, &start, problem))
		return false;
	ics->page->refresh_seconds = scan->refresh;
	ics->page->is_empty = ics->nevents == 0;
	judge(scan);
	if (!IcsIndexAgain(ics))
		return true;
	memset(scan, 0, sizeof(Scan));
	scan->ics = ics;
	scan->again = true;
	begin_calendar(scan);
	return scan_body(scan, start, problem);
}
