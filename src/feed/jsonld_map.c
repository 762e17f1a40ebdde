/*
 * src/feed/jsonld_map.c
 *
 * An event of schema.org (https://schema.org/Event, and Google's page on event
 * structured data) to a listing: what, when, by whom.
 *
 * Publishers' templates differ too much to refuse a record for a member of an
 * odd type: what cannot be read is unknown.  Refused is only what has no name
 * or no start.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feed/html_scan.h"
#include "feed/text.h"

#define DAY			86400
#define MAX_NAME	10000
#define MAX_TAGS	30
#define MAX_PERFORMERS 50

/* ---- what a parent lends ---- */

const char *const *
JsonldLent(const JsonldEvent *event)
{
	/* a performance of a series is told by the series; a part of a festival has
	 * its own name, but may leave out what all parts share */
	static const char *const of_series[] = {
		"name", "url", "description", "image", "location", "organizer", "performer",
		"inLanguage", "keywords", "isAccessibleForFree", "eventAttendanceMode", NULL
	};
	static const char *const of_event[] = {"location", "organizer", NULL};

	return JsonldIsA(event->parent, "EventSeries") || event->is_occurrence ? of_series : of_event;
}

JsonldNode
JsonldInherited(const JsonldEvent *event, const char *name)
{
	JsonldNode	own = JsonldGet(event->node, name);
	const char *const *lent;

	if (JsonldCount(own) > 0)
		return own;
	if (event->place.json != NULL && strcmp(name, "location") == 0)
		return event->place;
	if (event->parent.json == NULL)
		return own;
	for (lent = JsonldLent(event); *lent != NULL; lent++)
		if (strcmp(*lent, name) == 0)
			return JsonldGet(event->parent, name);
	return own;
}

/* ---- what ---- */

/*
 * Texts are plain, HTML, or HTML that was escaped once more
 * ("&lt;p&gt;…", as The Events Calendar writes it).
 */
static const char *
plain_text(Arena *arena, const char *text, size_t length)
{
	if (text == NULL)
		return NULL;
	if (memchr(text, '<', length) == NULL && strstr(text, "&lt;") != NULL)
	{
		size_t		decoded;
		const char *html = HtmlDecode(arena, text, length, &decoded);

		if (memchr(html, '<', decoded) != NULL && TextLooksLikeHtml(html, decoded))
			return TextFromHtml(arena, html, decoded);
	}
	return TextLooksLikeHtml(text, length) ? TextFromHtml(arena, text, length) :
		TextBlock(arena, text, length);
}

static void
map_texts(JsonldMapping *m)
{
	static const char *const names[] = {"description", "abstract", "disambiguatingDescription", NULL};

	for (int i = 0; names[i] != NULL && m->listing->description == NULL; i++)
	{
		size_t		length = 0;
		const char *text = JsonldText(m->graph, m->arena, JsonldInherited(m->event, names[i]), &length);

		m->listing->description = plain_text(m->arena, text, length);
	}
	m->listing->url = m->event->url;
	m->listing->image_url = JsonldUrl(m->feed, m->page, m->arena, JsonldInherited(m->event, "image"));
}

/* Does the word contain the part, any case? */
static bool
says(const char *word, const char *part)
{
	size_t		length = strlen(part);

	for (; word != NULL && *word != '\0'; word++)
		if (strncasecmp(word, part, length) == 0)
			return true;
	return false;
}

/* eventStatus, in all spellings; a list of several, the gravest counts */
static void
map_status(JsonldMapping *m)
{
	JsonldNode	statuses = JsonldGet(m->event->node, "eventStatus");
	int			count = JsonldCount(statuses);
	ListingStatus status = STATUS_SCHEDULED;

	for (int i = 0; i < count; i++)
	{
		const char *word = JsonldWord(m->graph, m->arena, JsonldItem(m->graph, statuses, i));

		if (says(word, "cancel"))
			status = STATUS_CANCELLED;
		else if (says(word, "postpone") && status != STATUS_CANCELLED)
			status = STATUS_POSTPONED;
		else if (says(word, "reschedul") && status == STATUS_SCHEDULED)
			status = STATUS_RESCHEDULED;
		else if ((says(word, "soldout") || says(word, "sold out")) && status == STATUS_SCHEDULED)
			status = STATUS_SOLD_OUT;
		else if (says(word, "movedonline"))
		{
			m->listing->is_online = TRI_TRUE;
			BuilderAddFlag(&m->attributes, "moved_online");
		}
	}
	m->listing->status = status;
}

/* "MusicEvent" to "Music", "VisualArtsEvent" to "Visual Arts" */
static const char *
category_of(Arena *arena, const char *type)
{
	size_t		length = strlen(type);
	TextBuilder text = {.arena = arena};

	if (strcmp(type, "CourseInstance") == 0)
		return "Course";
	if (length > 5 && strcmp(type + length - 5, "Event") == 0)
		length -= 5;
	else if (strcmp(type, "Event") == 0 || strcmp(type, "EventSeries") == 0)
		return NULL;
	for (size_t i = 0; i < length; i++)
	{
		if (i > 0 && type[i] >= 'A' && type[i] <= 'Z' && type[i - 1] >= 'a' && type[i - 1] <= 'z')
			BuilderAddText(&text, " ");
		BuilderAdd(&text, type + i, 1);
	}
	return TextLine(arena, text.text, text.length, false);
}

static void
add_tag(JsonldMapping *m, const char *text, size_t length)
{
	Listing    *listing = m->listing;
	const char *tag = TextLine(m->arena, text, length, true);

	if (tag == NULL || strlen(tag) > 100 || listing->ntags == MAX_TAGS)
		return;
	for (int i = 0; i < listing->ntags; i++)
		if (strcasecmp(listing->tags[i], tag) == 0)
			return;
	listing->tags[listing->ntags++] = tag;
}

/* keywords: one text with commas, a list of texts, of DefinedTerms */
static void
map_tags(JsonldMapping *m)
{
	JsonldNode	keywords = JsonldInherited(m->event, "keywords");
	int			count = JsonldCount(keywords);

	m->listing->category = category_of(m->arena, m->event->type);
	m->listing->tags = ArenaAlloc(m->arena, sizeof(char *) * MAX_TAGS);
	for (int i = 0; i < count; i++)
	{
		const char *line = JsonldNameLine(m->graph, m->arena, JsonldItem(m->graph, keywords, i));

		while (line != NULL && *line != '\0')
		{
			size_t		length = strcspn(line, ",;");

			add_tag(m, line, length);
			line += length + (line[length] != '\0');
		}
	}
}

/* "fr", "fr-CA", "fr_CA" as BCP 47; NULL: it is no such tag */
static const char *
language_tag(Arena *arena, const char *text)
{
	char	   *tag;
	size_t		letters;

	if (text == NULL || strlen(text) > 11)
		return NULL;
	tag = ArenaStrdup(arena, text);
	letters = strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (letters < 2 || letters > 3 || (tag[letters] != '\0' && tag[letters] != '-' && tag[letters] != '_'))
		return NULL;
	for (size_t i = 0; tag[i] != '\0'; i++)
	{
		char		c = tag[i];
		bool		letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (c == '_')
			tag[i] = '-';
		else if (!letter && c != '-' && !(c >= '0' && c <= '9'))
			return NULL;
		else if (letter && i < letters)
			tag[i] = (char) (c | 0x20);
		else if (letter && strlen(tag) == letters + 3)
			tag[i] = (char) (c & ~0x20);
	}
	return tag[strlen(tag) - 1] == '-' ? NULL : tag;
}

/* inLanguage: a tag, or a Language with the tag as its alternateName */
static void
map_language(JsonldMapping *m)
{
	JsonldNode	value = JsonldItem(m->graph, JsonldInherited(m->event, "inLanguage"), 0);
	const char *language = language_tag(m->arena, JsonldNameLine(m->graph, m->arena, value));

	if (language == NULL)
		language = language_tag(m->arena, JsonldLine(m->graph, m->arena, value, "alternateName"));
	if (language == NULL)
		language = ConfigString(m->feed->config, "language");
	if (language == NULL)
		language = language_tag(m->arena, m->page->language);
	m->listing->language = language;
}

/* ---- by whom ---- */

static void
map_organizer(JsonldMapping *m)
{
	JsonldNode	organizers = JsonldInherited(m->event, "organizer");
	int			count = JsonldCount(organizers);

	for (int i = 0; i < count && m->listing->organizer == NULL; i++)
	{
		JsonldNode	organizer = JsonldItem(m->graph, organizers, i);

		m->listing->organizer = JsonldNameLine(m->graph, m->arena, organizer);
		if (m->listing->organizer != NULL)
			m->listing->organizer_url = JsonldUrl(m->feed, m->page, m->arena,
												  JsonldGet(organizer, "url"));
	}
}

/* The performers' names, as a JSON list */
static void
add_performers(JsonldMapping *m)
{
	JsonldNode	performers = JsonldInherited(m->event, "performer");
	TextBuilder list = {.arena = m->arena};
	int			count;

	if (performers.json == NULL)
		performers = JsonldInherited(m->event, "performers");
	count = JsonldCount(performers);
	for (int i = 0; i < count && i < MAX_PERFORMERS; i++)
	{
		const char *name = JsonldNameLine(m->graph, m->arena, JsonldItem(m->graph, performers, i));

		if (name == NULL)
			continue;
		BuilderAddText(&list, list.length == 0 ? "[" : ",");
		BuilderAddText(&list, TextToJsonString(m->arena, name, strlen(name)));
	}
	if (list.length == 0)
		return;
	BuilderAddText(&m->attributes, m->attributes.length == 0 ? "{\"performers\":" : ",\"performers\":");
	BuilderAddText(&m->attributes, list.text);
	BuilderAddText(&m->attributes, "]");
}

/* ---- when ---- */

const Zone *
JsonldZone(const Feed *feed)
{
	const char *name = ConfigString(feed->config, "default_timezone");

	if (name == NULL)
		name = feed->default_timezone;
	return name == NULL || feed->zones == NULL ? NULL : ZoneResolve(feed->zones, name);
}

/* A time as an instant, as far as the zone is known */
static FeedTime
instant_of(const JsonldTime *time, const Zone *zone)
{
	if (time->kind == WHEN_INSTANT)
		return time->value;
	return time->kind == WHEN_INVALID || zone == NULL ? FEED_TIME_UNKNOWN : ZoneToUtc(zone, time->local);
}

/* The end, where it is told and not before the start */
static void
map_end(JsonldMapping *m, const Zone *zone)
{
	const JsonldTime *start = &m->event->start;
	Listing    *listing = m->listing;
	JsonldTime	end = JsonldWhen(m->graph, m->arena, m->event->node, "endDate");
	int64_t		duration;
	size_t		length = 0;
	const char *text = JsonldText(m->graph, m->arena, JsonldGet(m->event->node, "duration"), &length);
	const char *line = TextLine(m->arena, text, length, false);

	if (m->event->is_occurrence)
		listing->ends_at = m->event->end == FEED_TIME_UNKNOWN || zone == NULL ? FEED_TIME_UNKNOWN :
			ZoneToUtc(zone, m->event->end);
	else if (end.kind == WHEN_DATE && zone != NULL)
	{
		/* that day to its end; of the day it starts, the hour is not known */
		if (start->kind == WHEN_DATE || end.local >= start->local)
			listing->ends_at = ZoneToUtc(zone, end.local + DAY);
	}
	else if (end.kind != WHEN_INVALID)
		listing->ends_at = instant_of(&end, zone);
	else if (start->kind != WHEN_DATE && JsonldDuration(line, &duration) && duration > 0)
		listing->ends_at = listing->starts_at + duration;
	if (start->kind == WHEN_DATE && end.kind != WHEN_DATE && end.kind != WHEN_INVALID)
		listing->all_day = false;
	if (listing->ends_at != FEED_TIME_UNKNOWN &&
		(listing->ends_at < listing->starts_at || (listing->all_day && listing->ends_at == listing->starts_at)))
		listing->ends_at = FEED_TIME_UNKNOWN;
}

static bool
refuse(FeedRecord *record, const char *field, const char *message)
{
	ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "%s", message);
	strncpy(record->problem.field, field, sizeof(record->problem.field) - 1);
	return false;
}

/* False: refused */
static bool
map_times(JsonldMapping *m, FeedRecord *record)
{
	const JsonldTime *start = &m->event->start;
	Listing    *listing = m->listing;
	const Zone *zone = m->event->zone != NULL ? m->event->zone : JsonldZone(m->feed);

	if (start->kind == WHEN_INVALID)
		return start->text == NULL ? refuse(record, "startDate", "the event has no startDate") :
			refuse(record, "startDate",
				   ArenaPrintf(m->arena, "\"startDate\" is \"%.60s\", not a date and time", start->text));
	listing->starts_at = instant_of(start, zone);
	if (listing->starts_at == FEED_TIME_UNKNOWN)
	{
		(void) refuse(record, "startDate", "\"startDate\" names no zone, and none is known for the page");
		ProblemHint(&record->problem, "Set default_timezone in the source's configuration.");
		return false;
	}
	listing->local_start = start->local;
	if (start->utc && zone != NULL)
		listing->local_start = ZoneToLocal(zone, start->value);
	if (zone != NULL && ZoneToLocal(zone, listing->starts_at) == listing->local_start)
		listing->timezone = ZoneName(zone);
	listing->all_day = start->kind == WHEN_DATE;
	listing->start_precision = start->kind == WHEN_DATE ? PRECISION_DAY : PRECISION_MINUTE;
	map_end(m, zone);
	return true;
}

/* Reason to skip an event for its dates, or NULL */
static const char *
outside_window(const JsonldMapping *m)
{
	const Listing *listing = m->listing;
	FeedTime	over = listing->ends_at != FEED_TIME_UNKNOWN ? listing->ends_at :
		listing->starts_at + (listing->start_precision == PRECISION_DAY ? DAY : 0);

	if (m->feed->window_start != FEED_TIME_UNKNOWN && over < m->feed->window_start)
		return "past";
	if (m->feed->window_end != FEED_TIME_UNKNOWN && listing->starts_at >= m->feed->window_end)
		return "out_of_horizon";
	return NULL;
}

/* ---- the rest ---- */

static void
add_time(JsonldMapping *m, const char *attribute, const char *name)
{
	JsonldTime	time = JsonldWhen(m->graph, m->arena, m->event->node, name);

	if (time.kind != WHEN_INVALID)
		BuilderAddMember(&m->attributes, attribute, time.text);
}

/* The series or festival that it is a part of */
static void
map_series(JsonldMapping *m)
{
	JsonldNode	parent = m->event->is_occurrence ? m->event->node : m->event->parent;
	const char *url;

	if (parent.json == NULL)
		return;
	url = JsonldUrl(m->feed, m->page, m->arena, JsonldGet(parent, "url"));
	if (url == NULL)
		url = JsonldId(parent);
	m->listing->series_id = url != NULL ? TextLine(m->arena, url, strlen(url), true) :
		JsonldLine(m->graph, m->arena, parent, "name");
	if (!m->event->is_occurrence)
		BuilderAddMember(&m->attributes, "part_of", JsonldLine(m->graph, m->arena, parent, "name"));
}

static void
map_rest(JsonldMapping *m)
{
	map_texts(m);
	map_status(m);
	JsonldMapPlace(m);
	JsonldMapOffers(m);
	map_organizer(m);
	map_tags(m);
	map_language(m);
	map_series(m);
	add_performers(m);
	add_time(m, "doors_open", "doorTime");
	add_time(m, "previous_start", "previousStartDate");
	BuilderAddMember(&m->attributes, "age_range",
					 JsonldLine(m->graph, m->arena, m->event->node, "typicalAgeRange"));
	BuilderAddMember(&m->attributes, "event_type", m->event->type);
	m->listing->attributes = BuilderCloseObject(&m->attributes);
}

MapResult
JsonldMap(Feed *feed, const JsonldPage *page, const JsonldEvent *event,
		  Arena *arena, Listing *listing, FeedRecord *record)
{
	JsonldMapping m = {feed, page, &page->graph, event, arena, listing, {.arena = arena}};

	ListingInit(listing);
	listing->source_id = event->source_id;
	listing->title = event->name;
	if (event->name == NULL)
	{
		(void) refuse(record, "name", "the event has no name");
		return MAP_REFUSED;
	}
	if (strlen(event->name) > MAX_NAME)
	{
		(void) refuse(record, "name", "the event's name is longer than 10000 bytes");
		return MAP_REFUSED;
	}
	if (!map_times(&m, record))
		return MAP_REFUSED;
	record->skip_reason = outside_window(&m);
	if (record->skip_reason != NULL)
		return MAP_SKIPPED;
	map_rest(&m);
	return MAP_LISTING;
}
