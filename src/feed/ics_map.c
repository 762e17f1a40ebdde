/*
 * src/feed/ics_map.c
 *
 * What a VEVENT says, as a listing.  Times come with the occurrence; texts
 * from libical's reading, copied at once.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libical/ical.h>

#include "feed/builder.h"
#include "feed/text.h"

#define MAX_TAGS 50

/* A title longer than this is a text that somebody put in the wrong place */
#define TITLE_MAX 1000

/* The value of the first property of that kind as it stands, or NULL */
static const char *
first_text(icalcomponent *ical, icalproperty_kind kind)
{
	icalproperty *property = icalcomponent_get_first_property(ical, kind);
	icalvalue  *value = property != NULL ? icalproperty_get_value(property) : NULL;

	if (value == NULL)
		return NULL;
	switch (icalvalue_isa(value))
	{
		case ICAL_TEXT_VALUE:
			return icalvalue_get_text(value);
		case ICAL_URI_VALUE:
			return icalvalue_get_uri(value);
		default:
			return NULL;
	}
}

/* X-ALT-DESC;FMTTYPE=text/html, or NULL */
static const char *
html_description(icalcomponent *ical)
{
	for (icalproperty *property = icalcomponent_get_first_property(ical, ICAL_X_PROPERTY);
		 property != NULL;
		 property = icalcomponent_get_next_property(ical, ICAL_X_PROPERTY))
	{
		const char *name = icalproperty_get_x_name(property);
		icalparameter *type = icalproperty_get_first_parameter(property, ICAL_FMTTYPE_PARAMETER);

		if (name != NULL && strcasecmp(name, "X-ALT-DESC") == 0 && type != NULL &&
			icalparameter_get_fmttype(type) != NULL &&
			strcasecmp(icalparameter_get_fmttype(type), "text/html") == 0)
			return icalproperty_get_x(property);
	}
	return NULL;
}

/* The richer of the two descriptions, as plain text */
static void
map_description(icalcomponent *ical, Arena *arena, Listing *listing)
{
	const char *html = html_description(ical);
	const char *text = first_text(ical, ICAL_DESCRIPTION_PROPERTY);

	if (html != NULL)
		listing->description = TextFromHtml(arena, html, strlen(html));
	if (listing->description == NULL && text != NULL)
		listing->description = TextLooksLikeHtml(text, strlen(text)) ?
			TextFromHtml(arena, text, strlen(text)) : TextBlock(arena, text, strlen(text));
}

/* SUMMARY; without one the calendar's name must do */
static void
map_title(icalcomponent *ical, const IcsCalendar *calendar, Arena *arena, Listing *listing)
{
	const char *text = first_text(ical, ICAL_SUMMARY_PROPERTY);
	size_t		length = text != NULL ? strlen(text) : 0;

	if (length > TITLE_MAX)
	{
		length = TITLE_MAX;
		while (length > 0 && (text[length] & 0xC0) == 0x80)
			length--;
	}
	if (text != NULL)
		listing->title = TextLine(arena, text, length, true);
	if (listing->title == NULL)
		listing->title = calendar->name != NULL ? ArenaStrdup(arena, calendar->name) : "Untitled event";
}

/* The language of a text, by its LANGUAGE parameter */
static void
map_language(IcsPage *ics, icalcomponent *ical, Arena *arena, Listing *listing)
{
	icalproperty *property = icalcomponent_get_first_property(ical, ICAL_SUMMARY_PROPERTY);
	icalparameter *language = property == NULL ? NULL :
		icalproperty_get_first_parameter(property, ICAL_LANGUAGE_PARAMETER);
	const char *text = language != NULL ? icalparameter_get_language(language) : NULL;

	if (text == NULL || *text == '\0')
		text = ConfigString(ics->feed->config, "language");
	if (text != NULL)
		listing->language = TextLine(arena, text, strlen(text), false);
}

/* STATUS, and METHOD:CANCEL */
static void
map_status(const IcsCalendar *calendar, icalcomponent *ical, Listing *listing,
		   TextBuilder *attributes)
{
	icalproperty *property = icalcomponent_get_first_property(ical, ICAL_STATUS_PROPERTY);
	icalproperty_status status = property != NULL ? icalproperty_get_status(property) : ICAL_STATUS_NONE;

	listing->status = calendar->cancels || status == ICAL_STATUS_CANCELLED ?
		STATUS_CANCELLED : STATUS_SCHEDULED;
	if (status == ICAL_STATUS_TENTATIVE)
		BuilderAddFlag(attributes, "tentative");
}

/* CATEGORIES without repeats; the first is the category */
static void
map_categories(icalcomponent *ical, Arena *arena, Listing *listing)
{
	const char *tags[MAX_TAGS];
	int			count = 0;

	for (icalproperty *property = icalcomponent_get_first_property(ical, ICAL_CATEGORIES_PROPERTY);
		 property != NULL && count < MAX_TAGS;
		 property = icalcomponent_get_next_property(ical, ICAL_CATEGORIES_PROPERTY))
	{
		const char *text = icalproperty_get_categories(property);
		const char *tag = text != NULL ? TextLine(arena, text, strlen(text), true) : NULL;
		bool		known = tag == NULL;

		for (int i = 0; i < count && !known; i++)
			known = strcasecmp(tags[i], tag) == 0;
		if (!known)
			tags[count++] = tag;
	}
	if (count == 0)
		return;
	listing->category = tags[0];
	listing->tags = ArenaAlloc(arena, count * sizeof(char *));
	memcpy(listing->tags, tags, count * sizeof(char *));
	listing->ntags = count;
}

/* ORGANIZER's name; an address without one is nobody's business */
static void
map_organizer(icalcomponent *ical, Arena *arena, Listing *listing)
{
	icalproperty *property = icalcomponent_get_first_property(ical, ICAL_ORGANIZER_PROPERTY);
	icalparameter *name;
	const char *text;

	if (property == NULL)
		return;
	name = icalproperty_get_first_parameter(property, ICAL_CN_PARAMETER);
	text = name != NULL ? icalparameter_get_cn(name) : NULL;
	if (text != NULL && strchr(text, '@') == NULL)
		listing->organizer = TextLine(arena, text, strlen(text), true);
	text = icalproperty_get_organizer(property);
	if (text != NULL)
		listing->organizer_url = TextHttpUrl(arena, text, strlen(text));
}

/* 0;0 is what software writes that does not know */
static void
map_geo(icalcomponent *ical, Listing *listing)
{
	icalproperty *property = icalcomponent_get_first_property(ical, ICAL_GEO_PROPERTY);
	icalvalue  *value = property != NULL ? icalproperty_get_value(property) : NULL;
	struct icalgeotype geo;

	if (value == NULL || icalvalue_isa(value) != ICAL_GEO_VALUE)
		return;
	geo = icalvalue_get_geo(value);
	if (!isfinite(geo.lat) || !isfinite(geo.lon) || fabs(geo.lat) > 90 || fabs(geo.lon) > 180 ||
		(geo.lat == 0 && geo.lon == 0))
		return;
	listing->latitude = geo.lat;
	listing->longitude = geo.lon;
}

/* Does the URL's path end like a picture's? */
static bool
names_image(const char *url)
{
	static const char *const endings[] = {".jpg", ".jpeg", ".png", ".gif", ".webp", NULL};
	size_t		length = strcspn(url, "?#");

	for (int i = 0; endings[i] != NULL; i++)
	{
		size_t		ending = strlen(endings[i]);

		if (length > ending && strncasecmp(url + length - ending, endings[i], ending) == 0)
			return true;
	}
	return false;
}

/* The URL of an IMAGE or ATTACH that is a picture, or NULL */
static const char *
image_of(icalproperty *property, bool must_say, Arena *arena)
{
	icalvalue  *value = icalproperty_get_value(property);
	icalparameter *type = icalproperty_get_first_parameter(property, ICAL_FMTTYPE_PARAMETER);
	const char *fmttype = type != NULL ? icalparameter_get_fmttype(type) : NULL;
	icalattach *attach;
	const char *url = NULL;

	if (value == NULL)
		return NULL;
	if (icalvalue_isa(value) == ICAL_ATTACH_VALUE)
	{
		attach = icalvalue_get_attach(value);
		if (attach != NULL && icalattach_get_is_url(attach))
			url = icalattach_get_url(attach);
	}
	else if (icalvalue_isa(value) == ICAL_URI_VALUE)
		url = icalvalue_get_uri(value);
	if (url == NULL || (url = TextHttpUrl(arena, url, strlen(url))) == NULL)
		return NULL;
	if (must_say && !(fmttype != NULL ? strncasecmp(fmttype, "image/", 6) == 0 : names_image(url)))
		return NULL;
	return url;
}

/* The first picture */
static void
map_image(icalcomponent *ical, Arena *arena, Listing *listing)
{
	static const icalproperty_kind kinds[] = {
		ICAL_IMAGE_PROPERTY, ICAL_ATTACH_PROPERTY
	};

	for (int i = 0; i < (int) (sizeof(kinds) / sizeof(kinds[0])); i++)
		for (icalproperty *property = icalcomponent_get_first_property(ical, kinds[i]);
			 property != NULL && listing->image_url == NULL;
			 property = icalcomponent_get_next_property(ical, kinds[i]))
			listing->image_url = image_of(property, kinds[i] == ICAL_ATTACH_PROPERTY, arena);
}

/* LOCATION and GEO */
static void
map_place(icalcomponent *ical, Arena *arena, Listing *listing)
{
	const char *location = first_text(ical, ICAL_LOCATION_PROPERTY);

	map_geo(ical, listing);
	if (location != NULL)
		IcsPlace(location, arena, listing);
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

void
IcsMapTexts(IcsPage *ics, uint32_t entry, const IcsComponent *component,
			struct icalcomponent_impl *ical, Arena *arena, Listing *listing)
{
	IcsCalendar *calendar = ics->calendars[ics->entries[entry].calendar];
	TextBuilder attributes = {.arena = arena};
	const IcsLine *revision = IcsFind(component, "LAST-MODIFIED");
	const char *url = first_text(ical, ICAL_URL_PROPERTY);
	size_t		length;

	if (revision == NULL)
		revision = IcsFind(component, "SEQUENCE");
	if (revision != NULL)
	{
		const char *text = IcsUtf8(arena, revision->value, revision->value_length, &length);

		listing->revision = TextLine(arena, text, length > 40 ? 40 : length, false);
	}
	map_title(ical, calendar, arena, listing);
	map_description(ical, arena, listing);
	if (url != NULL)
		listing->url = TextHttpUrl(arena, url, strlen(url));
	map_status(calendar, ical, listing, &attributes);
	map_place(ical, arena, listing);
	map_conference(component, arena, listing, &attributes);
	map_categories(ical, arena, listing);
	map_organizer(ical, arena, listing);
	map_image(ical, arena, listing);
	map_language(ics, ical, arena, listing);
	if (IcsIsPrivate(component))
		BuilderAddFlag(&attributes, "private");
	if (calendar->is_answer)
		BuilderAddFlag(&attributes, "answer");
	listing->attributes = BuilderCloseObject(&attributes);
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
