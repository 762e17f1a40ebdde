/*
 * src/feed/windows_names.c
 *
 * The names that Windows shows to people for its time zones, and names of old
 * versions: calendars carry them as TZID as well.  Pure C.
 */
#include "feed/windows_zones.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What follows the "(UTC-05:00) ", or "(GMT-05:00) ", of a display name */
static const WindowsZone display_names[] = {
	{"Abu Dhabi, Muscat", "Asia/Dubai"},
	{"Adelaide", "Australia/Adelaide"},
	{"Alaska", "America/Anchorage"},
	{"Almaty, Novosibirsk", "Asia/Almaty"},
	{"Amman", "Asia/Amman"},
	{"Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"},
	{"Arizona", "America/Phoenix"},
	{"Astana", "Asia/Almaty"},
	{"Astana, Dhaka", "Asia/Dhaka"},
	{"Asuncion", "America/Asuncion"},
	{"Athens, Bucharest", "Europe/Bucharest"},
	{"Athens, Bucharest, Istanbul", "Europe/Athens"},
	{"Athens, Istanbul, Minsk", "Europe/Athens"},
	{"Atlantic Time (Canada)", "America/Halifax"},
	{"Auckland, Wellington", "Pacific/Auckland"},
	{"Azores", "Atlantic/Azores"},
	{"Baghdad", "Asia/Baghdad"},
	{"Baja California", "America/Tijuana"},
	{"Baku", "Asia/Baku"},
	{"Bangkok, Hanoi, Jakarta", "Asia/Bangkok"},
	{"Beijing, Chongqing, Hong Kong, Urumqi", "Asia/Shanghai"},
	{"Beijing, Chongqing, Hong Kong SAR, Urumqi", "Asia/Shanghai"},
	{"Beirut", "Asia/Beirut"},
	{"Belgrade, Bratislava, Budapest, Ljubljana, Prague", "Europe/Budapest"},
	{"Belgrade, Pozsony, Budapest, Ljubljana, Prague", "Europe/Budapest"},
	{"Bogota, Lima, Quito", "America/Bogota"},
	{"Bogota, Lima, Quito, Rio Branco", "America/Bogota"},
	{"Brasilia", "America/Sao_Paulo"},
	{"Brisbane", "Australia/Brisbane"},
	{"Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"},
	{"Bucharest", "Europe/Bucharest"},
	{"Buenos Aires", "America/Argentina/Buenos_Aires"},
	{"Buenos Aires, Georgetown", "America/Argentina/Buenos_Aires"},
	{"Cairo", "Africa/Cairo"},
	{"Canberra, Melbourne, Sydney", "Australia/Sydney"},
	{"Canberra, Melbourne, Sydney, Hobart", "Australia/Sydney"},
	{"Cape Verde Is.", "Atlantic/Cape_Verde"},
	{"Cabo Verde Is.", "Atlantic/Cape_Verde"},
	{"Caracas", "America/Caracas"},
	{"Casablanca", "Africa/Casablanca"},
	{"Casablanca, Monrovia", "Africa/Casablanca"},
	{"Cayenne, Fortaleza", "America/Cayenne"},
	{"Central America", "America/Guatemala"},
	{"Central Time", "America/Chicago"},
	{"Central Time (US & Canada)", "America/Chicago"},
	{"Chennai, Kolkata, Mumbai, New Delhi", "Asia/Kolkata"},
	{"Chihuahua, La Paz, Mazatlan", "America/Mazatlan"},
	{"Copenhagen, Madrid, Paris", "Europe/Paris"},
	{"Coordinated Universal Time", "Etc/UTC"},
	{"Cuiaba", "America/Cuiaba"},
	{"Darwin", "Australia/Darwin"},
	{"Dhaka", "Asia/Dhaka"},
	{"Dublin, Edinburgh, Lisbon, London", "Europe/London"},
	{"Eastern Time", "America/New_York"},
	{"Eastern Time (US & Canada)", "America/New_York"},
	{"Ekaterinburg", "Asia/Yekaterinburg"},
	{"Fiji", "Pacific/Fiji"},
	{"Fiji Islands, Kamchatka, Marshall Is.", "Pacific/Fiji"},
	{"Fiji, Marshall Is.", "Pacific/Fiji"},
	{"Georgetown, La Paz, Manaus, San Juan", "America/La_Paz"},
	{"Georgetown, La Paz, San Juan", "America/La_Paz"},
	{"Greenland", "America/Godthab"},
	{"Greenwich Mean Time: Dublin, Edinburgh, Lisbon, London", "Europe/London"},
	{"Greenwich Mean Time; Dublin, Edinburgh, London", "Europe/London"},
	{"Guadalajara, Mexico City, Monterrey", "America/Mexico_City"},
	{"Guam, Port Moresby", "Pacific/Port_Moresby"},
	{"Harare, Pretoria", "Africa/Johannesburg"},
	{"Hawaii", "Pacific/Honolulu"},
	{"Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", "Europe/Kiev"},
	{"Hobart", "Australia/Hobart"},
	{"Hong Kong", "Asia/Hong_Kong"},
	{"Indiana (East)", "America/Indiana/Indianapolis"},
	{"International Date Line West", "Etc/GMT+12"},
	{"Irkutsk", "Asia/Irkutsk"},
	{"Irkutsk, Ulaan Bataar", "Asia/Irkutsk"},
	{"Islamabad, Karachi", "Asia/Karachi"},
	{"Islamabad, Karachi, Tashkent", "Asia/Karachi"},
	{"Istanbul", "Europe/Istanbul"},
	{"Jerusalem", "Asia/Jerusalem"},
	{"Kabul", "Asia/Kabul"},
	{"Kaliningrad", "Europe/Kaliningrad"},
	{"Kamchatka Standard Time", "Asia/Kamchatka"},
	{"Kathmandu", "Asia/Kathmandu"},
	{"Krasnoyarsk", "Asia/Krasnoyarsk"},
	{"Kuala Lumpur, Singapore", "Asia/Singapore"},
	{"Kuwait, Riyadh", "Asia/Riyadh"},
	{"Lisbon, Warsaw", "Europe/Warsaw"},
	{"Magadan", "Asia/Magadan"},
	{"Magadan, Solomon Is., New Caledonia", "Pacific/Guadalcanal"},
	{"Mexico Standard Time", "America/Mexico_City"},
	{"Mexico Standard Time 2", "America/Mazatlan"},
	{"Mid-Atlantic", "Etc/GMT+2"},
	{"Mid-Atlantic Standard Time", "Etc/GMT+2"},
	{"Midway Island, Samoa", "Pacific/Pago_Pago"},
	{"Minsk", "Europe/Minsk"},
	{"Monrovia, Reykjavik", "Atlantic/Reykjavik"},
	{"Montevideo", "America/Montevideo"},
	{"Moscow, St. Petersburg", "Europe/Moscow"},
	{"Moscow, St. Petersburg, Volgograd", "Europe/Moscow"},
	{"Mountain Time", "America/Denver"},
	{"Mountain Time (US & Canada)", "America/Denver"},
	{"Nairobi", "Africa/Nairobi"},
	{"Newfoundland", "America/St_Johns"},
	{"Nuku'alofa", "Pacific/Tongatapu"},
	{"Osaka, Sapporo, Tokyo", "Asia/Tokyo"},
	{"Pacific Time", "America/Los_Angeles"},
	{"Pacific Time (US & Canada)", "America/Los_Angeles"},
	{"Pacific Time (US & Canada); Tijuana", "America/Los_Angeles"},
	{"Paris, Madrid, Brussels, Copenhagen", "Europe/Paris"},
	{"Perth", "Australia/Perth"},
	{"Prague, Central Europe", "Europe/Prague"},
	{"Sarajevo, Skopje, Warsaw, Zagreb", "Europe/Warsaw"},
	{"Saskatchewan", "America/Regina"},
	{"Seoul", "Asia/Seoul"},
	{"Seoul, Korea Standard time", "Asia/Seoul"},
	{"Singapore", "Asia/Singapore"},
	{"Solomon Is., New Caledonia", "Pacific/Guadalcanal"},
	{"Sri Jayawardenepura", "Asia/Colombo"},
	{"Taipei", "Asia/Taipei"},
	{"Tashkent", "Asia/Tashkent"},
	{"Tbilisi", "Asia/Tbilisi"},
	{"Tehran", "Asia/Tehran"},
	{"Tijuana, Baja California", "America/Tijuana"},
	{"Universal Coordinated Time", "Etc/UTC"},
	{"Vladivostok", "Asia/Vladivostok"},
	{"West Central Africa", "Africa/Lagos"},
	{"Windhoek", "Africa/Windhoek"},
	{"Yakutsk", "Asia/Yakutsk"},
	{"Yangon (Rangoon)", "Asia/Yangon"},
	{"Yerevan", "Asia/Yerevan"},
	{"tzone://Microsoft/Utc", "Etc/UTC"}	/* Exchange's */
};

#define DISPLAY_NAMES ((int) (sizeof(display_names) / sizeof(display_names[0])))

/* The cities of Amsterdam's zone stand in whatever order the year had */
static bool
is_amsterdam(const char *name)
{
	return strncasecmp(name, "Amsterdam, ", 11) == 0;
}

/* Is it that display name, in any case, with "and" for "&"? */
static bool
is_display_name(const char *name, const char *display)
{
	while (*display != '\0')
	{
		if (*display == '&' && strncasecmp(name, "and", 3) == 0)
			name += 3;
		else if (strncasecmp(name, display, 1) == 0)
			name++;
		else
			return false;
		display++;
	}
	return *name == '\0';
}

/* For bsearch */
static int
compare_name(const void *name, const void *zone)
{
	return strcasecmp(name, ((const WindowsZone *) zone)->name);
}

/* The part after "(UTC-05:00) ", or the whole name */
static const char *
skip_offset(const char *name)
{
	const char *close;

	if (strncasecmp(name, "(UTC", 4) != 0 && strncasecmp(name, "(GMT", 4) != 0)
		return name;
	close = strchr(name, ')');
	if (close == NULL)
		return name;
	close++;
	return close + strspn(close, " ");
}

/* CLDR's zone of that name, or NULL */
static const char *
find_in_cldr(const char *name)
{
	const WindowsZone *found = bsearch(name, WindowsZones, WindowsZoneCount,
									   sizeof(WindowsZone), compare_name);

	return found == NULL ? NULL : found->iana;
}

/* "Eastern Daylight Time", as some write in summer: the zone is the same */
static const char *
find_by_daylight(const char *name)
{
	static const char daylight[] = "Daylight Time";
	static const char standard[] = "Standard Time";
	size_t		length = strlen(name);
	size_t		ending = sizeof(daylight) - 1;
	char		other[64];

	if (length <= ending || length >= sizeof(other) ||
		strcasecmp(name + length - ending, daylight) != 0)
		return NULL;
	memcpy(other, name, length - ending);
	strcpy(other + length - ending, standard);
	return find_in_cldr(other);
}

const char *
WindowsZoneToIana(const char *name)
{
	const char *found = find_in_cldr(name);

	if (found != NULL)
		return found;
	name = skip_offset(name);
	if (is_amsterdam(name))
		return "Europe/Berlin";
	for (int i = 0; i < DISPLAY_NAMES; i++)
		if (is_display_name(name, display_names[i].name))
			return display_names[i].iana;
	found = find_in_cldr(name);
	return found != NULL ? found : find_by_daylight(name);
}
