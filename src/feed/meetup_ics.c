/*
 * src/feed/meetup_ics.c
 *
 * A group's public calendar, WEB/GROUP/events/ical/, which needs no
 * authorisation: upcoming events only, and hardly a place.
 *
 * The calendar's reader is that of ics.h; here is what Meetup's calendars mean
 * by it: the event's id, so that a listing is the same whichever way it came;
 * Markdown in DESCRIPTION, after a line with the group's name; GEO, which was
 * the same wrong place for all events when there was one.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <math.h>
#include <string.h>

#include "feed/ics.h"
#include "feed/markdown.h"
#include "feed/text.h"

/* As many events as a calendar has been seen to hold: later ones are left out */
#define CALENDAR_MAX 10

/* ---- a page ---- */

/* How many events the calendar has */
static int
count_events(const char *bytes, size_t length)
{
	static const char begin[] = "BEGIN:VEVENT";
	const char *end = bytes + length;
	int			count = 0;

	while ((bytes = memchr(bytes, 'B', (size_t) (end - bytes))) != NULL)
	{
		if ((size_t) (end - bytes) >= sizeof(begin) - 1 && memcmp(bytes, begin, sizeof(begin) - 1) == 0)
			count++;
		bytes++;
	}
	return count;
}

bool
MeetupIcsPage(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	MeetupState *state = feed->state;
	MeetupPage *events = page->state;
	const char *bytes = FeedBodyBytes(body, page->arena, problem);
	FeedBody	whole = *body;
	bool		fine;

	if (bytes == NULL)
		return false;
	whole.bytes = bytes;
	fine = IcsPageOpen(feed, page, &whole, true, false, problem);
	events->calendar = page->state;
	page->state = events;
	if (!fine || page->request == NULL)
		return fine;
	if (count_events(bytes, body->size) >= CALENDAR_MAX)
	{
		MeetupWarn(feed, &state->groups[page->request->list],
				   "its calendar is full; later events are in the API only (via \"graphql\")");
		page->incomplete = true;
	}
	return true;
}

/* ---- records ---- */

/*
 * "event_310825987@meetup.com" to "310825987"; any other UID as it is.  What
 * follows it (an occurrence's start) stays.
 */
static const char *
event_id(Arena *arena, const char *uid)
{
	static const char before[] = "event_";
	static const char after[] = "@meetup.com";
	const char *end;

	if (uid == NULL || strncmp(uid, before, sizeof(before) - 1) != 0)
		return uid;
	uid += sizeof(before) - 1;
	end = strstr(uid, after);
	if (end == NULL || end == uid)
		return uid - (sizeof(before) - 1);
	return ArenaPrintf(arena, "%.*s%s", (int) (end - uid), uid, end + sizeof(after) - 1);
}

bool
MeetupIcsRecord(Feed *feed, FeedPage *page, FeedRecord *record)
{
	MeetupPage *events = page->state;
	bool		more;

	page->state = events->calendar;
	more = IcsPageRecord(feed, page, record);
	page->state = events;
	if (more)
		record->source_id = event_id(page->arena, record->source_id);
	return more;
}

/* The description without its first line, the group's name */
static const char *
describe(Arena *arena, const char *text, const char *group)
{
	size_t		length = group == NULL ? 0 : strlen(group);

	if (text == NULL)
		return NULL;
	if (length > 0 && strncmp(text, group, length) == 0 && (text[length] == '\n' || text[length] == '\0'))
		text += length;
	return TextFromMarkdown(arena, text, strlen(text));
}

MapResult
MeetupIcsMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	MeetupPage *events = page->state;
	const char *name;
	MapResult	result;

	page->state = events->calendar;
	result = IcsPageMap(feed, page, record, arena, listing);
	name = IcsPageName(page);
	page->state = events;
	if (result != MAP_LISTING)
		return result;
	listing->source_id = record->source_id;
	listing->series_id = event_id(arena, listing->series_id);
	if (name != NULL)
		listing->organizer = TextLine(arena, name, strlen(name), true);
	listing->description = describe(arena, listing->description, listing->organizer);
	if (listing->url != NULL)
		listing->url = MeetupUrl(arena, listing->url, strlen(listing->url));
	listing->organizer_url = MeetupGroupUrl(arena, listing->url);
	listing->latitude = listing->longitude = NAN;

	/* LAST-MODIFIED moves for less than the hash looks at */
	listing->revision = NULL;
	return result;
}
