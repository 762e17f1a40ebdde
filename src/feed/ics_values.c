/*
 * src/feed/ics_values.c
 *
 * Properties whose values have a structure, read by libical: GEO, ORGANIZER,
 * ATTACH, IMAGE.
 *
 * libical's parser is sound on any input we know of, within bounds; much else
 * of libical is not.  The fence around it is this file, and nothing else of the
 * feed room calls libical:
 *
 *	 - RRULE, RDATE and EXDATE never reach it: its iterator writes past an array
 *	   (FREQ=YEARLY;BYWEEKNO without BYDAY), can run for minutes without an
 *	   instance (FREQ=SECONDLY;BYMONTH=12), loses INTERVAL's phase, stays in
 *	   DTSTART's month, sorts wrongly and counts twice.  recurrence.h does it.
 *	 - VTIMEZONE never reaches it (FREQ=SECONDLY there takes 20 seconds at the
 *	   first conversion), nor does a TZID: it knows no Windows names, makes
 *	   unknown zones floating, caches zones for the life of the process, and has
 *	   gaps and repeated hours the wrong way round.  zone.h does it.
 *	 - Dates and durations never reach it: 30 February becomes 2 March.
 *	   ics_time.c does it.
 *	 - Texts don't: ics_map.c says why.
 *	 - Overrides are our business as well: its series ignore RECURRENCE-ID.
 *	 - What reaches it is one VEVENT without inner components, made anew of the
 *	   lines that it shall read, whose number, length and parameters are capped:
 *	   a line of 30 MB takes it 20 seconds, one of 8 KB ends the event in newer
 *	   versions, parameters past the hundredth vanish.  NUL would end the text;
 *	   control characters are dropped.
 *	 - icalcomponent_normalize, clone and merge_component overflow the heap on
 *	   malformed input: not called.
 *	 - A failure may leave no error code: NULL alone is the error.
 *	 - Errors must not be fatal: abort() would take the whole server down.
 *	 - Its temporary strings are a ring: everything is copied at once.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include <libical/ical.h>

#include "feed/builder.h"
#include "feed/text.h"

/*
 * Caps of what libical is given.  What is longer holds nothing that is looked
 * for: a picture itself instead of its address.
 */
#define MAX_LINES 200
#define MAX_VALUE 7000
#define MAX_PARAMS 1000

/* ---- reading ---- */

/* Is it a line that libical reads? */
static bool
is_wanted(const IcsLine *line)
{
	return (IcsNameIs(line, "GEO") || IcsNameIs(line, "ORGANIZER") || IcsNameIs(line, "ATTACH") ||
			IcsNameIs(line, "IMAGE")) && line->value_length <= MAX_VALUE;
}

/* Append a line for libical */
static void
add_line(TextBuilder *text, const IcsLine *line)
{
	size_t		length;
	const char *bytes;

	BuilderAdd(text, line->name, line->name_length);
	if (line->params_length > 0 && line->params_length <= MAX_PARAMS)
	{
		bytes = IcsUtf8(text->arena, line->params, line->params_length, &length);
		BuilderAdd(text, ";", 1);
		BuilderAdd(text, bytes, length);
	}
	bytes = IcsUtf8(text->arena, line->value, line->value_length, &length);
	BuilderAdd(text, ":", 1);
	BuilderAdd(text, bytes, length);
	BuilderAdd(text, "\r\n", 2);
}

/* For ArenaOnReset */
static void
free_component(void *component)
{
	icalcomponent_free(component);
}

/* The component with its wanted lines only, of which there is one; NULL: *problem */
static icalcomponent *
parse(const IcsComponent *component, Arena *arena, Problem *problem)
{
	TextBuilder text = {.arena = arena};
	icalcomponent *parsed;
	int			nlines = 0;

	BuilderAddText(&text, "BEGIN:VEVENT\r\n");
	for (int i = 0; i < component->nlines && nlines < MAX_LINES; i++)
		if (is_wanted(&component->lines[i]))
		{
			add_line(&text, &component->lines[i]);
			nlines++;
		}
	BuilderAddText(&text, "END:VEVENT\r\n");
	icalerror_set_errors_are_fatal(false);
	icalerror_clear_errno();
	parsed = icalparser_parse_string(text.text);
	if (parsed == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_PARSE, "the event cannot be read");
		return NULL;
	}
	ArenaOnReset(arena, free_component, parsed);
	return parsed;
}

/* ---- taking ---- */

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

bool
IcsMapValues(const IcsComponent *component, Arena *arena, Listing *listing, Problem *problem)
{
	icalcomponent *ical;
	int			i = 0;

	while (i < component->nlines && !is_wanted(&component->lines[i]))
		i++;
	if (i == component->nlines)
		return true;
	ical = parse(component, arena, problem);
	if (ical == NULL)
		return false;
	map_geo(ical, listing);
	map_organizer(ical, arena, listing);
	map_image(ical, arena, listing);
	return true;
}
