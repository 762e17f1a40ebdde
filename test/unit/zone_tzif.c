/*
 * test/unit/zone_tzif.c
 *
 * TZif files, version 2 and later: the transitions of the 64-bit block, and
 * the POSIX rule in the footer for the time after them.
 */
#include "zone_tzif.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_ZONES 700

/* "M3.2.0/2": when summer time begins or ends */
typedef struct Rule
{
	char		kind;			/* 'M', 'J' or '0' */
	int			month,
				week,
				day;
	int			time;
} Rule;

typedef struct TzifZone
{
	char		name[64];
	int			ntransitions;
	int64_t    *transitions;
	int		   *offsets;		/* in force from the transition on */
	int			first_offset;
	bool		has_rule;
	int			standard,
				daylight;
	bool		has_daylight;
	Rule		begin,
				end;
} TzifZone;

static TzifZone *zones[MAX_ZONES];
static int	nzones;

/* ---- reading ---- */

static int64_t
big_endian(const unsigned char *p, int bytes)
{
	uint64_t	value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | p[i];
	return bytes == 4 ? (int32_t) value : (int64_t) value;
}

/* "[+-]hh[:mm[:ss]]" */
static const char *
read_time(const char *c, int *seconds)
{
	int			sign = 1;
	int			unit = 3600;

	*seconds = 0;
	if (*c == '+' || *c == '-')
		sign = *c++ == '-' ? -1 : 1;
	for (; unit > 0; unit /= 60)
	{
		int			number = 0;

		while (isdigit((unsigned char) *c))
			number = number * 10 + (*c++ - '0');
		*seconds += sign * number * unit;
		if (*c != ':')
			break;
		c++;
	}
	return c;
}

static const char *
skip_name(const char *c)
{
	if (*c == '<')
		return strchr(c, '>') + 1;
	while (isalpha((unsigned char) *c))
		c++;
	return c;
}

static const char *
read_rule(const char *c, Rule *rule)
{
	int			used = 0;

	rule->kind = *c == 'M' || *c == 'J' ? *c++ : '0';
	if (rule->kind == 'M')
		sscanf(c, "%d.%d.%d%n", &rule->month, &rule->week, &rule->day, &used);
	else
		sscanf(c, "%d%n", &rule->day, &used);
	c += used;
	rule->time = 7200;
	if (*c == '/')
		c = read_time(c + 1, &rule->time);
	return c;
}

/* "EST5EDT,M3.2.0,M11.1.0" */
static void
read_footer(TzifZone *zone, const char *c)
{
	int			west;

	if (*c == '\0')
		return;
	c = read_time(skip_name(c), &west);
	zone->has_rule = true;
	zone->standard = -west;
	if (*c == '\0')
		return;
	c = skip_name(c);
	zone->has_daylight = true;
	zone->daylight = zone->standard + 3600;
	if (*c != ',')
	{
		c = read_time(c, &west);
		zone->daylight = -west;
	}
	c = read_rule(c + 1, &zone->begin);
	read_rule(c + 1, &zone->end);
}

static size_t
block_size(const unsigned char *p, int time_size)
{
	return big_endian(p + 32, 4) * (time_size + 1) + big_endian(p + 36, 4) * 6 +
		big_endian(p + 40, 4) + big_endian(p + 28, 4) * (time_size + 4) +
		big_endian(p + 24, 4) + big_endian(p + 20, 4);
}

static bool
read_tzif(TzifZone *zone, const unsigned char *p, size_t length)
{
	const unsigned char *times,
			   *types,
			   *infos;
	size_t		size;

	if (length < 44 || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	p += 44 + block_size(p, 4);
	size = block_size(p, 8);
	zone->ntransitions = (int) big_endian(p + 32, 4);
	times = p + 44;
	types = times + zone->ntransitions * 8;
	infos = types + zone->ntransitions;
	zone->transitions = calloc(zone->ntransitions + 1, sizeof(int64_t));
	zone->offsets = calloc(zone->ntransitions + 1, sizeof(int));
	for (int i = 0; i < zone->ntransitions; i++)
	{
		zone->transitions[i] = big_endian(times + i * 8, 8);
		zone->offsets[i] = (int) big_endian(infos + types[i] * 6, 4);
	}
	zone->first_offset = (int) big_endian(infos, 4);
	if (p[44 + size] == '\n')
	{
		char		footer[128];

		snprintf(footer, sizeof(footer), "%.*s",
				 (int) strcspn((const char *) p + 45 + size, "\n"), (const char *) p + 45 + size);
		read_footer(zone, footer);
	}
	return true;
}

/* ---- finding ---- */

/* The name as the directory spells it, whatever its case */
static bool
spell(const char *dir, const char *name, char *path, size_t path_size, char *spelled)
{
	size_t		length = strcspn(name, "/");
	DIR		   *handle = opendir(dir);
	struct dirent *entry;
	bool		found = false;

	if (handle == NULL)
		return false;
	while (!found && (entry = readdir(handle)) != NULL)
		if (strlen(entry->d_name) == length && strncasecmp(entry->d_name, name, length) == 0)
		{
			found = true;
			snprintf(path, path_size, "%s/%s", dir, entry->d_name);
			strcat(spelled, entry->d_name);
		}
	closedir(handle);
	if (!found || name[length] == '\0')
		return found;
	strcat(spelled, "/");
	{
		char		below[512];

		snprintf(below, sizeof(below), "%s", path);
		return spell(below, name + length + 1, path, path_size, spelled);
	}
}

static void *
find(void *arg, const char *name, const char **canonical)
{
	const char *dir = getenv("TZDIR") != NULL ? getenv("TZDIR") : "/usr/share/zoneinfo";
	char		path[512];
	char		spelled[512] = "";
	TzifZone   *zone;
	FILE	   *file;
	static unsigned char bytes[1 << 18];
	size_t		length;

	for (int i = 0; i < nzones; i++)
		if (strcasecmp(zones[i]->name, name) == 0)
		{
			*canonical = zones[i]->name;
			return zones[i];
		}
	if (strlen(name) > 60 || nzones == MAX_ZONES || !spell(dir, name, path, sizeof(path), spelled) ||
		(file = fopen(path, "rb")) == NULL)
		return NULL;
	length = fread(bytes, 1, sizeof(bytes) - 1, file);
	bytes[length] = '\0';
	fclose(file);
	zone = calloc(1, sizeof(TzifZone));
	snprintf(zone->name, sizeof(zone->name), "%.60s", spelled);
	if (!read_tzif(zone, bytes, length))
	{
		free(zone);
		return NULL;
	}
	zones[nzones++] = zone;
	*canonical = zone->name;
	return zone;
}

/* ---- periods ---- */

/* The rule's day of the year, as days since 1970 */
static int64_t
rule_day(const Rule *rule, int64_t year)
{
	int64_t		first,
				day;
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (rule->kind != 'M')
		return CivilToDays(year, 1, 1) + rule->day -
			(rule->kind == 'J' && !(leap && rule->day > 59) ? 1 : 0);
	first = CivilToDays(year, rule->month, 1);
	day = first + (rule->day - (first + 4) % 7 + 7) % 7 + 7 * (rule->week - 1);
	while (day >= (rule->month == 12 ? CivilToDays(year + 1, 1, 1) :
				   CivilToDays(year, rule->month + 1, 1)))
		day -= 7;
	return day;
}

static void
rule_period(const TzifZone *zone, FeedTime utc, int *offset, FeedTime *from, FeedTime *until)
{
	int64_t		year;
	int			month,
				day;

	*offset = zone->standard;
	if (!zone->has_daylight)
		return;
	DaysToCivil((utc - ((utc % 86400) + 86400) % 86400) / 86400, &year, &month, &day);
	for (int64_t y = year - 1; y <= year + 1; y++)
	{
		int64_t		edges[2] = {
			rule_day(&zone->begin, y) * 86400 + zone->begin.time - zone->standard,
			rule_day(&zone->end, y) * 86400 + zone->end.time - zone->daylight
		};
		int			first = edges[0] < edges[1] ? 0 : 1;

		for (int i = 0; i < 2; i++)
		{
			int			which = i == 0 ? first : 1 - first;

			if (edges[which] <= utc)
			{
				*offset = which == 0 ? zone->daylight : zone->standard;
				if (edges[which] > *from)
					*from = edges[which];
			}
			else if (edges[which] < *until)
				*until = edges[which];
		}
	}
}

static void
period(void *arg, void *host_zone, FeedTime utc, int *offset, FeedTime *from, FeedTime *until)
{
	const TzifZone *zone = host_zone;
	int			low = 0,
				high = zone->ntransitions;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (zone->transitions[middle] <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	*from = low > 0 ? zone->transitions[low - 1] : INT64_MIN;
	*until = low < zone->ntransitions ? zone->transitions[low] : INT64_MAX;
	*offset = low > 0 ? zone->offsets[low - 1] : zone->first_offset;
	if (low == zone->ntransitions && zone->has_rule)
		rule_period(zone, utc, offset, from, until);
}

const ZoneProvider *
TzifZoneProvider(void)
{
	static const ZoneProvider provider = {find, period, NULL};

	return &provider;
}
