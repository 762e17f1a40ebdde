/*
 * src/feed/ics_map.c
 *
 * What a VEVENT says, as a listing.  Times come with the occurrence.
 *
 * Texts are read here and not by libical: that takes longer than all else
 * together, makes blanks of what is no escape ("AC\DC"), and its newer versions
 * end the whole event at a line of 8 KB, which publishers do write.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "utf8.h"

#define MAX_TAGS 50

/* What is longer is cut */
#define TEXT_MAX (256 * 1024)

/* A title longer than this is a text that somebody put in the wrong place */
#define TITLE_MAX 1000

/* ---- texts ---- */

/* The first line of that name that holds a text, or NULL */
static const IcsLine *
find_text(const IcsComponent *component, const char *name)
{
	for (const IcsLine *line = IcsFind(component, name); line != NULL;
		 line = IcsFindNext(component, line, name))
	{
		size_t		length;
		const char *encoding = IcsParam(line, "ENCODING", &length);

		if (encoding != NULL && length == 6 && strncasecmp(encoding, "BASE64", 6) == 0)
			continue;
		(void) IcsTrimmed(line, &length);
		if (length > 0)
			return line;
	}
	return NULL;
}

/*
 * A line's value in UTF-8, without its escapes (RFC 5545, 3.3.11); what is none
 * stays as it is.  Ended by its length.
 */
static const char *
unescaped(Arena *arena, const char *value, size_t *length)
{
	const char *end = value + *length;
	const char *slash = memchr(value, '\\', *length);
	char	   *text;
	char	   *out;

	if (slash == NULL)
		return value;
	text = out = ArenaAlloc(arena, *length);
	for (; slash != NULL && slash + 1 < end; slash = memchr(value, '\\', end - value))
	{
		memcpy(out, value, slash - value);
		out += slash - value;
		value = slash + 2;
		if ((slash[1] | 0x20) == 'n')
			*out++ = '\n';
		else
		{
			if (strchr("\\;,\"", slash[1]) == NULL)
				*out++ = '\\';
			*out++ = slash[1];
		}
	}
	memcpy(out, value, end - value);
	*length = out + (end - value) - text;
	return text;
}

/* The text of a line, which may be NULL */
static const char *
text_of(const IcsLine *line, Arena *arena, size_t *length)
{
	const char *value;

	if (line == NULL)
		return NULL;
	value = IcsTrimmed(line, length);
	value = IcsUtf8(arena, value, *length, length);
	if (*length > TEXT_MAX)
	{
		/* not within a character or an escape */
		*length = TEXT_MAX;
		while (*length > 0 && Utf8IsTail((unsigned char) value[*length]))
			--*length;
		while (*length > 0 && value[*length - 1] == '\\')
			--*length;
	}
	return unescaped(arena, value, length);
}

/* X-ALT-DESC;FMTTYPE=text/html, or NULL */
static const IcsLine *
html_description(const IcsComponent *component)
{
	for (const IcsLine *line = IcsFind(component, "X-ALT-DESC"); line != NULL;
		 line = IcsFindNext(component, line, "X-ALT-DESC"))
	{
		size_t		length;
		const char *type = IcsParam(line, "FMTTYPE", &length);

		if (type != NULL && length == 9 && strncasecmp(type, "text/html", 9) == 0)
			return line;
	}
	return NULL;
}

/* The richer of the two descriptions, as plain text */
static void
map_description(const IcsComponent *component, Arena *arena, Listing *listing)
{
	size_t		length;
	const char *text = text_of(html_description(component), arena, &length);

	if (text != NULL)
		listing->description = TextFromHtml(arena, text, length);
	if (listing->description != NULL)
		return;
	text = text_of(find_text(component, "DESCRIPTION"), arena, &length);
	if (text != NULL)
		listing->description = TextLooksLikeHtml(text, length) ?
			TextFromHtml(arena, text, length) : TextBlock(arena, text, length);
}

/* SUMMARY, of that line or NULL; without one the calendar's name must do */
static void
map_title(const IcsLine *summary, const IcsCalendar *calendar, Arena *arena, Listing *listing)
{
	size_t		length;
	const char *text = text_of(summary, arena, &length);

	if (text != NULL && length > TITLE_MAX)
	{
		length = TITLE_MAX;
		while (length > 0 && Utf8IsTail((unsigned char) text[length]))
			length--;
	}
	if (text != NULL)
		listing->title = TextLine(arena, text, length, true);
	if (listing->title == NULL)
		listing->title = calendar->name != NULL ? ArenaStrdup(arena, calendar->name) : "Untitled event";
}

/* The language of a text, by its LANGUAGE parameter */
static void
map_language(IcsPage *ics, const IcsLine *summary, Arena *arena, Listing *listing)
{
	size_t		length = 0;
	const char *text = summary != NULL ? IcsParam(summary, "LANGUAGE", &length) : NULL;

	if (text != NULL && length > 0)
		text = IcsUtf8(arena, text, length, &length);
	else if ((text = ConfigString(ics->feed->config, "language")) != NULL)
		length = strlen(text);
	if (text != NULL)
		listing->language = TextLine(arena, text, length, false);
}

/* STATUS, and METHOD:CANCEL */
static void
map_status(const IcsCalendar *calendar, const IcsComponent *component, Listing *listing,
		   TextBuilder *attributes)
{
	const IcsLine *status = find_text(component, "STATUS");

	listing->status = calendar->cancels || IcsValueIs(status, "CANCELLED") ?
		STATUS_CANCELLED : STATUS_SCHEDULED;
	if (IcsValueIs(status, "TENTATIVE"))
		BuilderAddFlag(attributes, "tentative");
}

/* The first value of a list, which ends at a comma that is not escaped; its length */
static size_t
first_value(const char *list, size_t length)
{
	size_t		at = 0;

	while (at < length && list[at] != ',')
		at += list[at] == '\\' ? 2 : 1;
	return at < length ? at : length;
}

/* CATEGORIES without repeats; the first is the category */
static void
map_categories(const IcsComponent *component, Arena *arena, Listing *listing)
{
	const char *tags[MAX_TAGS];
	int			count = 0;

	for (const IcsLine *line = IcsFind(component, "CATEGORIES"); line != NULL;
		 line = IcsFindNext(component, line, "CATEGORIES"))
	{
		size_t		left;
		const char *list = IcsUtf8(arena, line->value, line->value_length, &left);

		while (left > 0 && count < MAX_TAGS)
		{
			size_t		value_length = first_value(list, left);
			size_t		length = value_length;
			const char *text = unescaped(arena, list, &length);
			const char *tag = TextLine(arena, text, length, true);
			bool		known = tag == NULL;

			for (int i = 0; i < count && !known; i++)
				known = strcasecmp(tags[i], tag) == 0;
			if (!known)
				tags[count++] = tag;
			value_length += value_length < left;
			list += value_length;
			left -= value_length;
		}
	}
	if (count == 0)
		return;
	listing->category = tags[0];
	listing->tags = ArenaAlloc(arena, count * sizeof(char *));
	memcpy(listing->tags, tags, count * sizeof(char *));
	listing->ntags = count;
}

/* LOCATION's text into the place */
static void
map_location(const IcsComponent *component, Arena *arena, Listing *listing)
{
	size_t		length;
	const char *text = text_of(find_text(component, "LOCATION"), arena, &length);

	if (text != NULL)
		IcsPlace(ArenaStrndup(arena, text, length), arena, listing);
}

/*
 * CONFERENCE (RFC 7986) and Google's own: where to join.  An event that names
 * no place is held there; one that does can be joined from there as well.
 */
static void
map_conference(const IcsComponent *component, Arena *arena, Listing *listing,
			   TextBuilder *attributes)
{
	const char *url = NULL;

	for (int i = 0; i < component->nlines && url == NULL; i++)
	{
		const IcsLine *line = &component->lines[i];
		size_t		length;
		const char *value;

		if (!IcsNameIs(line, "CONFERENCE") && !IcsNameIs(line, "X-GOOGLE-CONFERENCE"))
			continue;
		value = IcsTrimmed(line, &length);
		value = IcsUtf8(arena, value, length, &length);
		url = TextHttpUrl(arena, value, length);
	}
	if (url == NULL)
		return;
	BuilderAddMember(attributes, "conference_url", url);
	if (listing->venue_name != NULL || listing->address != NULL || listing->city != NULL ||
		!isnan(listing->latitude))
		return;
	listing->is_online = TRI_TRUE;
	if (listing->url == NULL)
		listing->url = url;
}

/* ---- the whole ---- */

/* What the occurrence brings */
static void
map_times(const IcsOccurrence *occurrence, IcsPage *ics, IcsCalendar *calendar, Arena *arena,
		  Listing *listing)
{
	const char *name = ZoneName(occurrence->zone);

	listing->starts_at = occurrence->start;
	listing->ends_at = occurrence->end;
	listing->local_start = occurrence->local_start;
	listing->all_day = occurrence->all_day;
	listing->start_precision = occurrence->all_day ? PRECISION_DAY : PRECISION_MINUTE;

	/* A zone of the file's own has no name that a reader would know */
	if (name == NULL)
		name = ZoneName(IcsDisplayZone(ics, calendar));
	if (name != NULL)
		listing->timezone = ArenaStrdup(arena, name);
}

bool
IcsMapTexts(IcsPage *ics, uint32_t entry, const IcsComponent *component, Arena *arena,
			Listing *listing, Problem *problem)
{
	IcsCalendar *calendar = ics->calendars[ics->entries[entry].calendar];
	TextBuilder attributes = {.arena = arena};
	const IcsLine *summary = find_text(component, "SUMMARY");
	const IcsLine *url = find_text(component, "URL");
	const IcsLine *revision = IcsFind(component, "LAST-MODIFIED");
	size_t		length;

	if (!IcsMapValues(component, arena, listing, problem))
		return false;
	if (revision == NULL)
		revision = IcsFind(component, "SEQUENCE");
	if (revision != NULL)
	{
		const char *text = IcsUtf8(arena, revision->value, revision->value_length, &length);

		listing->revision = TextLine(arena, text, length > 40 ? 40 : length, false);
	}
	map_title(summary, calendar, arena, listing);
	map_language(ics, summary, arena, listing);
	map_description(component, arena, listing);
	if (url != NULL)
	{
		const char *text = IcsUtf8(arena, url->value, url->value_length, &length);

		listing->url = TextHttpUrl(arena, text, length);
	}
	map_status(calendar, component, listing, &attributes);
	map_location(component, arena, listing);
	map_conference(component, arena, listing, &attributes);
	map_categories(component, arena, listing);
	if (IcsIsPrivate(component))
		BuilderAddFlag(&attributes, "private");
	if (calendar->is_answer)
		BuilderAddFlag(&attributes, "answer");
	listing->attributes = BuilderCloseObject(&attributes);
	return true;
}

/* An object's text with one more member */
static const char *
with_outside_rule(Arena *arena, const char *attributes)
{
	if (attributes == NULL)
		return "{\"outside_rule\":true}";
	return ArenaPrintf(arena, "%.*s,\"outside_rule\":true}", (int) strlen(attributes) - 1, attributes);
}

void
IcsMapOccurrence(IcsPage *ics, const IcsOccurrence *occurrence, Arena *arena, Listing *listing)
{
	IcsCalendar *calendar = ics->calendars[ics->entries[occurrence->entry].calendar];

	listing->source_id = occurrence->source_id;
	listing->series_id = occurrence->series_id;
	map_times(occurrence, ics, calendar, arena, listing);
	if (occurrence->outside_rule)
		listing->attributes = with_outside_rule(arena, listing->attributes);
}
