/*
 * src/feed/jsonld_place.c
 *
 * Where an event is: a Place, a VirtualLocation, a PostalAddress, a plain
 * text, or several of them.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feed/ics_internal.h"
#include "feed/place.h"
#include "feed/text.h"

/* Names of countries that are written out, beside two-letter codes */
static const struct
{
	const char *name;
	const char *code;
}			countries[] = {
	{"Canada", "CA"}, {"CAN", "CA"},
	{"United States", "US"}, {"United States of America", "US"}, {"USA", "US"}, {"U.S.A.", "US"},
	{"\xC3\x89tats-Unis", "US"},
	{"France", "FR"}, {"FRA", "FR"},
	{"United Kingdom", "GB"}, {"GBR", "GB"}, {"UK", "GB"}, {"Great Britain", "GB"},
	{"England", "GB"}, {"Scotland", "GB"}, {"Wales", "GB"}, {"Royaume-Uni", "GB"},
	{"Ireland", "IE"}, {"IRL", "IE"}, {"Belgium", "BE"}, {"Belgique", "BE"}, {"BEL", "BE"},
	{"Switzerland", "CH"}, {"Suisse", "CH"}, {"CHE", "CH"},
	{"Germany", "DE"}, {"Deutschland", "DE"}, {"Allemagne", "DE"}, {"DEU", "DE"},
	{"Spain", "ES"}, {"Espagne", "ES"}, {"ESP", "ES"}, {"Italy", "IT"}, {"Italie", "IT"},
	{"Netherlands", "NL"}, {"Pays-Bas", "NL"}, {"Mexico", "MX"}, {"Mexique", "MX"},
	{"Australia", "AU"}, {"AUS", "AU"},
};

static const char *
country_code(Arena *arena, const char *text)
{
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++)
		if (strcasecmp(text, countries[i].name) == 0)
			return countries[i].code;
	return PlaceCountryCode(arena, text);
}

/* The values of a property, joined by commas */
static const char *
joined(const JsonldMapping *m, JsonldNode node, const char *name)
{
	JsonldNode	values = JsonldGet(node, name);
	int			count = JsonldCount(values);
	const char *result = NULL;

	for (int i = 0; i < count && i < 5; i++)
	{
		const char *line = JsonldNameLine(m->graph, m->arena, JsonldItem(m->graph, values, i));

		if (line != NULL)
			result = result == NULL ? line : ArenaPrintf(m->arena, "%s, %s", result, line);
	}
	return result;
}

/* A PostalAddress */
static void
map_postal_address(JsonldMapping *m, JsonldNode address)
{
	Listing    *listing = m->listing;

	listing->address = joined(m, address, "streetAddress");
	listing->city = JsonldNameLine(m->graph, m->arena, JsonldGet(address, "addressLocality"));
	listing->region = JsonldNameLine(m->graph, m->arena, JsonldGet(address, "addressRegion"));
	listing->postal_code = JsonldLine(m->graph, m->arena, address, "postalCode");
	listing->country = country_code(m->arena, JsonldNameLine(m->graph, m->arena,
															JsonldGet(address, "addressCountry")));
}

/* An address in one text: its end taken apart where its form allows */
static void
map_address_text(JsonldMapping *m, const char *text)
{
	Listing		place;
	Listing    *listing = m->listing;

	ListingInit(&place);
	IcsPlace(text, m->arena, &place);
	listing->address = place.venue_name == NULL ? place.address : text;
	listing->city = place.city;
	listing->region = place.region;
	listing->postal_code = place.postal_code;
	listing->country = place.country;
}

/*
 * geo: degrees as numbers or texts.  0,0 is nobody's, and Squarespace puts
 * events without an address into New York.
 */
static void
map_geo(JsonldMapping *m, JsonldNode place)
{
	JsonldNode	geo = JsonldFirst(m->graph, place, "geo");
	double		latitude;
	double		longitude;

	if (geo.json == NULL)
		geo = place;
	if (!JsonDecimal(JsonldFirst(m->graph, geo, "latitude").json, NULL, &latitude) ||
		!JsonDecimal(JsonldFirst(m->graph, geo, "longitude").json, NULL, &longitude) ||
		(fabs(latitude - 40.7207559) < 1e-6 && fabs(longitude + 74.0007613) < 1e-6))
		return;
	PlaceSetPoint(m->listing, latitude, longitude);
}

/* A Place, or an address that stands for one */
static void
map_place(JsonldMapping *m, JsonldNode place)
{
	JsonldNode	address = JsonldFirst(m->graph, place, "address");
	const char *line;

	m->listing->venue_name = JsonldLine(m->graph, m->arena, place, "name");
	if (address.json == NULL && JsonldCount(JsonldGet(place, "streetAddress")) +
		JsonldCount(JsonldGet(place, "addressLocality")) > 0)
		address = place;
	if (address.json != NULL && JsonKindOf(address.json) == JSON_OBJECT)
		map_postal_address(m, address);
	else if ((line = JsonldNameLine(m->graph, m->arena, address)) != NULL)
		map_address_text(m, line);
	map_geo(m, place);
}

/* Has the listing a place? */
static bool
has_place(const Listing *listing)
{
	return listing->venue_name != NULL || listing->address != NULL || listing->city != NULL;
}

/* eventAttendanceMode: offline, online, or both */
static void
map_attendance(JsonldMapping *m, bool is_virtual)
{
	const char *word = JsonldWord(m->graph, m->arena, JsonldInherited(m->event, "eventAttendanceMode"));
	Listing    *listing = m->listing;
	bool		mixed = word != NULL && strncasecmp(word, "Mixed", 5) == 0;

	if (listing->is_online == TRI_TRUE)
		return;					/* EventMovedOnline, or the location says so */
	if (word != NULL && strncasecmp(word, "Online", 6) == 0)
		listing->is_online = TRI_TRUE;
	else if (mixed || (is_virtual && has_place(listing)))
	{
		/* one can go there */
		listing->is_online = TRI_FALSE;
		BuilderAddMember(&m->attributes, "attendance", "mixed");
	}
	else if (word != NULL && strncasecmp(word, "Offline", 7) == 0)
		listing->is_online = TRI_FALSE;
	else if (is_virtual)
		listing->is_online = TRI_TRUE;
	else if (has_place(listing))
		listing->is_online = TRI_FALSE;
}

void
JsonldMapPlace(JsonldMapping *m)
{
	JsonldNode	locations = JsonldInherited(m->event, "location");
	int			count = JsonldCount(locations);
	bool		is_virtual = false;

	for (int i = 0; i < count; i++)
	{
		JsonldNode	location = JsonldItem(m->graph, locations, i);
		const char *line;

		if (JsonldIsA(location, "VirtualLocation"))
		{
			if (!is_virtual)
				BuilderAddMember(&m->attributes, "online_url",
								 JsonldUrl(m->feed, m->page, m->arena, JsonldGet(location, "url")));
			is_virtual = true;
		}
		else if (has_place(m->listing))
			continue;
		else if (JsonKindOf(location.json) == JSON_OBJECT)
			map_place(m, location);
		else if ((line = JsonldNameLine(m->graph, m->arena, location)) != NULL)
		{
			const char *url = m->listing->url;

			IcsPlace(line, m->arena, m->listing);
			m->listing->url = url;
		}
	}
	map_attendance(m, is_virtual);
}
