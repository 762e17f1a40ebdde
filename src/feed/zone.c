/*
 * src/feed/zone.c
 *
 * From the names that calendars write to zones, and from wall clock to instant
 * and back.
 *
 * A name is tried as, in this order:
 *	 an IANA name as it stands, any case, old aliases included;
 *	 an IANA name behind a vendor's prefix ("/citadel.org/20100821_1/…");
 *	 a Windows name, or what Windows shows to people for it;
 *	 an offset ("UTC+01", "(GMT-05:00) Somewhere").
 * The host is asked only for names that can be IANA's: PostgreSQL, for one,
 * takes any POSIX rule for a zone as well, in which "UTC+01" lies one hour
 * *west* of Greenwich.
 *
 * Conversions rest on cached periods of constant offset, so that all but the
 * first of a season cost a comparison or two.
 *
 * Pure C.
 */
#include "feed/zone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/windows_zones.h"
#include "feed/zone_links.h"

/* Slots of a zone's cache, and what of an instant chooses one (97 days) */
#define PERIOD_SLOTS 64
#define PERIOD_SHIFT 23

#define SECONDS_PER_DAY 86400

/* A TZID is a name, not a novel */
#define ZONE_NAME_MAX 255

/* A time in which one offset holds: [from, until) */
typedef struct Period
{
	FeedTime	from;
	FeedTime	until;
	int			offset;
} Period;

struct Zone
{
	const ZoneProvider *provider;	/* NULL: fixed_offset */
	void	   *host_zone;
	const char *name;
	int			fixed_offset;
	Period	   *last;			/* into slots */
	Period	   *slots;			/* PERIOD_SLOTS, empty ones all zero */
};

/* One name met, resolved or not */
typedef struct ZoneEntry
{
	struct ZoneEntry *next;
	const char *name;
	const Zone *zone;			/* NULL: it is none */
} ZoneEntry;

/* One zone of the host, whatever it was called */
typedef struct HostEntry
{
	struct HostEntry *next;
	const Zone *zone;
} HostEntry;

struct Zones
{
	Arena	   *arena;
	const ZoneProvider *provider;
	ZoneEntry  *names;
	HostEntry  *hosts;
	const Zone *utc;
};

/* ---- making zones ---- */

/* A zone without rules yet */
static Zone *
make_zone(Zones *zones, const char *name)
{
	Zone	   *zone = ArenaAlloc0(zones->arena, sizeof(Zone));

	zone->name = name;
	return zone;
}

const Zone *
ZoneCustom(Zones *zones, const ZoneProvider *provider, void *host_zone, const char *name)
{
	Zone	   *zone = make_zone(zones, name);

	zone->provider = provider;
	zone->host_zone = host_zone;
	zone->slots = ArenaAlloc0(zones->arena, PERIOD_SLOTS * sizeof(Period));
	zone->last = zone->slots;
	return zone;
}

/* A zone of one offset */
static const Zone *
fixed_zone(Zones *zones, int offset)
{
	Zone	   *zone;

	if (offset == 0)
		return zones->utc;
	zone = make_zone(zones, NULL);
	zone->fixed_offset = offset;
	return zone;
}

/* The host's zone of that name, made once */
static const Zone *
host_zone(Zones *zones, const char *name)
{
	const char *canonical = NULL;
	void	   *host = zones->provider->find(zones->provider->arg, name, &canonical);
	HostEntry  *entry;

	if (host == NULL)
		return NULL;
	for (entry = zones->hosts; entry != NULL; entry = entry->next)
		if (strcmp(entry->zone->name, canonical) == 0)
			return entry->zone;
	entry = ArenaAlloc(zones->arena, sizeof(HostEntry));
	entry->zone = ZoneCustom(zones, zones->provider, host, ArenaStrdup(zones->arena, canonical));
	entry->next = zones->hosts;
	zones->hosts = entry;
	return entry->zone;
}

Zones *
ZonesCreate(Arena *arena, const ZoneProvider *provider)
{
	Zones	   *zones = ArenaAlloc0(arena, sizeof(Zones));

	zones->arena = arena;
	zones->provider = provider;
	zones->utc = make_zone(zones, "UTC");
	return zones;
}

const Zone *
ZoneUtc(Zones *zones)
{
	return zones->utc;
}

const char *
ZoneName(const Zone *zone)
{
	return zone->name;
}

/* ---- names ---- */

/*
 * Can this be an IANA name?  A POSIX rule has digits, and the few IANA names
 * with digits are known; names of files that are no zones don't pass either.
 */
static bool
looks_like_iana(const char *name)
{
	static const char *const with_digits[] = {
		"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT0", "GMT+0", "GMT-0", NULL
	};
	static const char *const no_zones[] = {
		"Factory", "localtime", "posixrules", "leapseconds", NULL
	};

	if (!isalpha((unsigned char) name[0]) || strlen(name) > ZONE_NAME_MAX ||
		strncasecmp(name, "posix/", 6) == 0 || strncasecmp(name, "right/", 6) == 0)
		return false;
	for (int i = 0; no_zones[i] != NULL; i++)
		if (strcasecmp(name, no_zones[i]) == 0)
			return false;
	for (int i = 0; with_digits[i] != NULL; i++)
		if (strcasecmp(name, with_digits[i]) == 0)
			return true;
	if (strncasecmp(name, "Etc/GMT", 7) == 0)
		return strspn(name + 7, "+-0123456789") == strlen(name + 7);
	for (const char *c = name; *c != '\0'; c++)
		if (!isalpha((unsigned char) *c) && strchr("/_-", *c) == NULL)
			return false;
	return true;
}

/* "UTC" by its many names, which not every host knows */
static bool
is_utc_name(const char *name)
{
	static const char *const names[] = {
		"UTC", "Etc/UTC", "Z", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT", "UCT", "Etc/UCT",
		"Universal", "Etc/Universal", NULL
	};

	for (int i = 0; names[i] != NULL; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static int
compare_link(const void *name, const void *link)
{
	return strcasecmp(name, ((const ZoneLink *) link)->name);
}

/* The host's zone of an IANA name, or of what the name has become */
static const Zone *
iana_zone(Zones *zones, const char *name)
{
	const Zone *zone;
	const ZoneLink *link;

	if (!looks_like_iana(name))
		return NULL;
	zone = host_zone(zones, name);
	if (zone != NULL)
		return zone;
	link = bsearch(name, ZoneLinks, (size_t) ZoneLinkCount, sizeof(ZoneLink), compare_link);
	return link != NULL ? host_zone(zones, link->target) : NULL;
}

/*
 * An IANA name as it stands or at the end of a path: "/freeassociation.
 * sourceforge.net/Tzfile/Europe/Paris".  The longest end that is a zone.
 */
static const Zone *
resolve_iana(Zones *zones, const char *name)
{
	const Zone *zone;

	for (const char *rest = name; rest != NULL && *rest != '\0';)
	{
		if (is_utc_name(rest))
			return zones->utc;
		if ((zone = iana_zone(zones, rest)) != NULL)
			return zone;
		/* only what begins like a path, or names a host first, is cut */
		if (rest == name && *name != '/' && strchr(name, '.') == NULL)
			return NULL;
		rest = strchr(rest, '/');
		if (rest != NULL)
			rest++;
	}
	return NULL;
}

/* Read "+01", "-0500", "+5:30", "+053000"; the end, or NULL */
static const char *
read_offset(const char *text, int *offset)
{
	int			sign = *text == '-' ? -1 : 1;
	int			parts[3] = {0, 0, 0};
	int			digits = 0;
	const char *c = text + 1;

	if (*text != '+' && *text != '-')
		return NULL;
	while (isdigit((unsigned char) c[digits]))
		digits++;
	if (digits == 0 || digits > 6 || digits == 5)
		return NULL;
	if (digits <= 2)
	{
		for (int i = 0; i < digits; i++)
			parts[0] = parts[0] * 10 + (*c++ - '0');
		if (*c == ':' && isdigit((unsigned char) c[1]) && isdigit((unsigned char) c[2]))
		{
			parts[1] = (c[1] - '0') * 10 + (c[2] - '0');
			c += 3;
		}
	}
	else
	{
		int			hour_digits = 2 - digits % 2;

		for (int part = 0, left = hour_digits; digits > 0; part++, left = 2)
			for (; left > 0; left--, digits--)
				parts[part] = parts[part] * 10 + (*c++ - '0');
	}
	if (parts[0] > 15 || parts[1] > 59 || parts[2] > 59)
		return NULL;
	*offset = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return c;
}

/*
 * "UTC+01", "GMT +0100 (Standard) / GMT +0200 (Daylight)", "(UTC-05:00) East",
 * "+02:00": the first offset, which is the standard one.
 */
static bool
resolve_offset(const char *name, int *offset)
{
	const char *c = name;
	const char *end;
	bool		bracket = *c == '(';

	if (bracket)
		c++;
	if (strncasecmp(c, "UTC", 3) == 0 || strncasecmp(c, "GMT", 3) == 0)
		c += 3;
	c += strspn(c, " ");
	end = read_offset(c, offset);
	if (end == NULL)
	{
		*offset = 0;
		return bracket && *c == ')' && c > name + 1;	/* "(UTC) Somewhere" */
	}
	return bracket ? *end == ')' : *end == '\0' || *end == ' ';
}

/* Trim, drop one pair of quotes, and undo "\," */
static const char *
clean_name(Arena *arena, const char *name)
{
	size_t		length = strlen(name);
	char	   *clean;
	char	   *out;

	while (length > 0 && strchr(" \t\"'", name[0]) != NULL)
		name++, length--;
	while (length > 0 && strchr(" \t\"'", name[length - 1]) != NULL)
		length--;
	clean = out = ArenaAlloc(arena, length + 1);
	for (size_t i = 0; i < length; i++)
		if (name[i] != '\\')
			*out++ = name[i];
	*out = '\0';
	return clean;
}

/* The resolution itself; see the head of the file */
static const Zone *
resolve(Zones *zones, const char *name)
{
	const Zone *zone;
	const char *iana;
	int			offset;

	if (*name == '\0')
		return NULL;
	if ((zone = resolve_iana(zones, name)) != NULL)
		return zone;
	if ((iana = WindowsZoneToIana(name)) != NULL &&
		(zone = resolve_iana(zones, iana)) != NULL)
		return zone;
	if (resolve_offset(name, &offset))
		return fixed_zone(zones, offset);
	if (strchr(name, ' ') != NULL)
	{
		/* "America/New York", as some write it */
		char	   *joined = ArenaStrdup(zones->arena, name);

		for (char *c = joined; *c != '\0'; c++)
			if (*c == ' ')
				*c = '_';
		if (strchr(joined, '/') != NULL && looks_like_iana(joined))
			return host_zone(zones, joined);
	}
	return NULL;
}

const Zone *
ZoneResolve(Zones *zones, const char *name)
{
	ZoneEntry  *entry;

	for (entry = zones->names; entry != NULL; entry = entry->next)
		if (strcmp(entry->name, name) == 0)
			return entry->zone;
	if (strlen(name) > ZONE_NAME_MAX)
		return NULL;
	entry = ArenaAlloc(zones->arena, sizeof(ZoneEntry));
	entry->name = ArenaStrdup(zones->arena, name);
	entry->zone = resolve(zones, clean_name(zones->arena, name));
	entry->next = zones->names;
	zones->names = entry;
	return entry->zone;
}

/* ---- conversion ---- */

/* The period around an instant */
static const Period *
period_at(const Zone *zone, FeedTime utc)
{
	Period	   *period = zone->last;

	if (utc >= period->from && utc < period->until)
		return period;
	period = &zone->slots[(uint64_t) (utc >> PERIOD_SHIFT) % PERIOD_SLOTS];
	if (utc < period->from || utc >= period->until)
		zone->provider->period(zone->provider->arg, zone->host_zone, utc,
							   &period->offset, &period->from, &period->until);
	((Zone *) zone)->last = period;
	return period;
}

LocalTime
ZoneToLocal(const Zone *zone, FeedTime utc)
{
	if (zone->provider == NULL)
		return utc + zone->fixed_offset;
	return utc + period_at(zone, utc)->offset;
}

void
ZonePeriod(const Zone *zone, FeedTime utc, int *offset, FeedTime *from, FeedTime *until)
{
	const Period *period;

	if (zone->provider == NULL)
	{
		*offset = zone->fixed_offset;
		*from = INT64_MIN;
		*until = INT64_MAX;
		return;
	}
	period = period_at(zone, utc);
	*offset = period->offset;
	*from = period->from;
	*until = period->until;
}

FeedTime
ZoneToUtc(const Zone *zone, LocalTime local)
{
	const Period *period;
	FeedTime	utc;
	int			before;

	if (zone->provider == NULL)
		return local - zone->fixed_offset;

	/* Far from any change there is nothing to choose */
	period = zone->last;
	utc = local - period->offset;
	if (utc - 2 * SECONDS_PER_DAY >= period->from &&
		utc + 2 * SECONDS_PER_DAY < period->until)
		return utc;

	/*
	 * Walk from a day before, which is early enough for any offset.  The
	 * first period that has not ended by this reading has it, or else the
	 * reading lies in the gap before it.
	 */
	period = period_at(zone, local - SECONDS_PER_DAY);
	before = period->offset;
	for (int i = 0; i < 1000 && local - period->offset >= period->until; i++)
	{
		before = period->offset;
		period = period_at(zone, period->until);
	}
	utc = local - period->offset;
	return utc >= period->from ? utc : local - before;
}
