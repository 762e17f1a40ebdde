/*
 * src/feed/robots.c
 *
 * RFC 9309.
 *
 * Pure C.
 */
#include "feed/robots.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of one group; a real file has some tens */
#define MAX_RULES 5000

typedef struct Rule
{
	const char *path;			/* percent-encoded as a URL's is; "*" and "$" as
								 * written */
	size_t		length;
	bool		allow;
} Rule;

struct Robots
{
	Rule	   *rules;
	int			nrules;
	double		delay;
};

/* One line: "key: value", without blanks around and comment */
typedef struct Line
{
	const char *key;
	size_t		key_length;
	const char *value;
	size_t		value_length;
} Line;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\0';
}

/* Trim blanks */
static void
trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank(**text))
		(*text)++, (*length)--;
	while (*length > 0 && is_blank((*text)[*length - 1]))
		(*length)--;
}

/* The next line that has a key; false at the end */
static bool
next_line(const char **at, const char *end, Line *line)
{
	while (*at < end)
	{
		const char *from = *at;
		const char *stop = from;
		const char *comment;
		const char *colon;

		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		*at = stop < end ? stop + 1 : end;
		comment = memchr(from, '#', (size_t) (stop - from));
		if (comment != NULL)
			stop = comment;
		colon = memchr(from, ':', (size_t) (stop - from));
		if (colon == NULL)
			continue;
		line->key = from;
		line->key_length = (size_t) (colon - from);
		line->value = colon + 1;
		line->value_length = (size_t) (stop - line->value);
		trim(&line->key, &line->key_length);
		trim(&line->value, &line->value_length);
		return true;
	}
	return false;
}

static bool
key_is(const Line *line, const char *key)
{
	return line->key_length == strlen(key) && strncasecmp(line->key, key, line->key_length) == 0;
}

/* Letters, "_" and "-" at the beginning: the product token */
static size_t
token_length(const char *text, size_t length)
{
	size_t		n = 0;

	while (n < length && ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
						  text[n] == '_' || text[n] == '-'))
		n++;
	return n;
}

/*
 * A path as URLs are compared: what is not ASCII percent-encoded, escapes in
 * upper case, escaped unreserved characters as they are.
 */
static char *
encode_path(Arena *arena, const char *path, size_t length, size_t *encoded)
{
	static const char hex[] = "0123456789ABCDEF";
	char	   *result = ArenaAlloc(arena, length * 3 + 1);
	char	   *out = result;

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) path[i];
		bool		escape = c == '%' && i + 2 < length &&
			strchr("0123456789abcdefABCDEF", path[i + 1]) != NULL && path[i + 1] != '\0' &&
			strchr("0123456789abcdefABCDEF", path[i + 2]) != NULL && path[i + 2] != '\0';

		if (escape)
		{
			char		digits[3] = {path[i + 1], path[i + 2], '\0'};

			c = (unsigned char) strtol(digits, NULL, 16);
			i += 2;
			if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
				(c != '\0' && strchr("-._~", c) != NULL))
			{
				*out++ = (char) c;
				continue;
			}
		}
		if (escape || c >= 0x80 || c <= ' ')
		{
			*out++ = '%';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
		}
		else
			*out++ = (char) c;
	}
	*out = '\0';
	*encoded = (size_t) (out - result);
	return result;
}

/* Which groups are read */
typedef enum Audience
{
	FOR_NOBODY,
	FOR_ALL,					/* "*" */
	FOR_US
} Audience;

/* Whom a user-agent line means */
static Audience
audience_of(const Line *line, const char *user_agent, size_t length)
{
	if (line->value_length == 1 && *line->value == '*')
		return FOR_ALL;
	if (length > 0 && token_length(line->value, line->value_length) == length &&
		strncasecmp(line->value, user_agent, length) == 0)
		return FOR_US;
	return FOR_NOBODY;
}

/* Add a rule; an empty path says nothing */
static void
add_rule(Arena *arena, Robots *robots, const Line *line, bool allow)
{
	Rule	   *rule;

	if (line->value_length == 0 || robots->nrules == MAX_RULES)
		return;
	if ((robots->nrules & (robots->nrules - 1)) == 0)
	{
		Rule	   *more = ArenaAlloc(arena, sizeof(Rule) * (size_t) (robots->nrules * 2 + 1));

		if (robots->nrules > 0)
			memcpy(more, robots->rules, sizeof(Rule) * (size_t) robots->nrules);
		robots->rules = more;
	}
	rule = &robots->rules[robots->nrules++];
	rule->path = encode_path(arena, line->value, line->value_length, &rule->length);
	rule->allow = allow;
}

/* The rules of all groups for that audience; false: there is no such group */
static bool
read_groups(Arena *arena, Robots *robots, const char *at, const char *end,
			const char *user_agent, Audience wanted)
{
	size_t		length = token_length(user_agent, strlen(user_agent));
	bool		heading = false;	/* user-agent lines follow on each other */
	bool		ours = false;
	bool		found = false;
	Line		line;

	robots->nrules = 0;
	robots->delay = 0;
	while (next_line(&at, end, &line))
	{
		if (key_is(&line, "user-agent"))
		{
			ours = (heading && ours) || audience_of(&line, user_agent, length) == wanted;
			heading = true;
			found |= ours;
			continue;
		}
		if (key_is(&line, "sitemap"))
			continue;			/* belongs to no group */
		heading = false;
		if (!ours)
			continue;
		if (key_is(&line, "allow") || key_is(&line, "disallow"))
			add_rule(arena, robots, &line, key_is(&line, "allow"));
		else if (key_is(&line, "crawl-delay") && line.value_length < 20)
			robots->delay = strtod(ArenaStrndup(arena, line.value, line.value_length), NULL);
	}
	return found;
}

const Robots *
RobotsParse(Arena *arena, const char *bytes, size_t length, const char *user_agent)
{
	Robots	   *robots = ArenaAlloc0(arena, sizeof(Robots));
	const char *end;

	if (length > ROBOTS_MAX_SIZE)
		length = ROBOTS_MAX_SIZE;
	end = bytes + length;
	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		bytes += 3;
	if (user_agent == NULL)
		user_agent = "";
	if (!read_groups(arena, robots, bytes, end, user_agent, FOR_US))
		(void) read_groups(arena, robots, bytes, end, user_agent, FOR_ALL);
	return robots;
}

/*
 * Does the pattern match the path from its beginning?  "*" is any text, "$" at
 * the end is the path's end.  Of a star only the last needs trying again, so
 * the work is bounded by both lengths' product.
 */
static bool
matches(const Rule *rule, const char *path)
{
	size_t		length = rule->length;
	bool		anchored = length > 0 && rule->path[length - 1] == '$';
	size_t		at = 0;
	size_t		star = SIZE_MAX;
	const char *retry = path;

	if (anchored)
		length--;
	for (;;)
	{
		if (at < length && rule->path[at] == '*')
		{
			star = ++at;
			retry = path;
		}
		else if (at == length && (!anchored || *path == '\0'))
			return true;
		else if (*path != '\0' && at < length && rule->path[at] == *path)
			at++, path++;
		else if (star != SIZE_MAX && *retry != '\0')
		{
			at = star;
			path = ++retry;
		}
		else
			return false;
	}
}

bool
RobotsAllow(const Robots *robots, const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host == NULL ? url : host + 3 + strcspn(host + 3, "/?#");
	Arena	   *arena;
	size_t		length;
	size_t		longest = 0;
	bool		allow = true;

	if (robots == NULL || robots->nrules == 0 || strcmp(path, "/robots.txt") == 0)
		return true;
	arena = ArenaCreate();
	path = encode_path(arena, path, strcspn(path, "#"), &length);
	if (*path != '/')
		path = ArenaPrintf(arena, "/%s", path);
	for (int i = 0; i < robots->nrules; i++)
	{
		const Rule *rule = &robots->rules[i];

		if (rule->length < longest || (rule->length == longest && !rule->allow) ||
			!matches(rule, path))
			continue;
		longest = rule->length;
		allow = rule->allow;
	}
	ArenaFree(arena);
	return allow;
}

double
RobotsDelay(const Robots *robots)
{
	return robots == NULL || !(robots->delay > 0) ? 0 : robots->delay;
}
