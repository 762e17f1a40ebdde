/*
 * src/match/link.c
 *
 * Pure C.
 */
#include "match/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "hash.h"

/* The last run of at least `least` digits in a text */
static uint64_t
last_digits(const char *text, size_t length, int least)
{
	size_t		end = length;

	while (end > 0)
	{
		size_t		start;

		while (end > 0 && (text[end - 1] < '0' || text[end - 1] > '9'))
			end--;
		start = end;
		while (start > 0 && text[start - 1] >= '0' && text[start - 1] <= '9')
			start--;
		if (end - start >= (size_t) least)
			return HashBytes(text + start, end - start, 0);
		end = start;
	}
	return 0;
}

/* Is `part` in the text, in any case?  Where, or NULL */
static const char *
find_part(const char *text, size_t length, const char *part)
{
	size_t		n = strlen(part);

	for (size_t i = 0; i + n <= length; i++)
		if (strncasecmp(text + i, part, n) == 0)
			return text + i;
	return NULL;
}

/* A ticket seller's id: https://www.eventbrite.ca/e/name-123456789 */
static void
read_ticket(MatchLink *link, const char *host, size_t host_length, size_t length)
{
	static const struct
	{
		const char *host;
		const char *path;
		bool		digits;		/* else all of the last part of the path */
	}			sellers[] = {
		{"eventbrite.", "/e/", true},
		{"ticketmaster.", "/event/", false},
		{"meetup.com", "/events/", false},
		{"facebook.com", "/events/", true},
		{"lepointdevente.com", "/", false},
		{"zeffy.com", "/ticketing/", false},
	};

	for (size_t i = 0; i < sizeof(sellers) / sizeof(sellers[0]); i++)
	{
		const char *path = find_part(host + host_length, length - host_length, sellers[i].path);
		const char *last;

		if (find_part(host, host_length, sellers[i].host) == NULL || path == NULL)
			continue;
		last = host + length;
		while (last[-1] != '/')
			last--;
		link->ticket_id = sellers[i].digits ? last_digits(path, (size_t) (host + length - path), 6) :
			host + length - last >= 6 ? HashBytes(last, (size_t) (host + length - last), 0) : 0;
		link->ticket_kind = link->ticket_id == 0 ? 0 : i + 1;
		return;
	}
}

/*
 * A meeting's id, without the secret that may follow it: https://zoom.us/j/1?pwd=x.
 * Of the hosts on which one page is one meeting; any other URL is a page about
 * the event.
 */
static void
read_meeting(MatchLink *link, const char *host, size_t host_length, size_t length)
{
	static const char *const hosts[] = {
		"zoom.us", "teams.microsoft.com", "teams.live.com", "meet.google.com", "webex.com", "gotomeeting.com",
		"gotowebinar.com", "meet.jit.si", "whereby.com", "livestorm.co",
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
	{
		const char *found = find_part(host, host_length, hosts[i]);

		/* zoom.us and us02web.zoom.us are one */
		if (found != NULL && found + strlen(hosts[i]) == host + host_length && length > host_length + 1)
			link->meeting = HashBytes(host + host_length, length - host_length, i + 1);
	}
}

void
MatchLinkRead(MatchLink *link, const char *url)
{
	const char *host = url == NULL ? NULL : strstr(url, "://");
	size_t		length;
	size_t		host_length;

	memset(link, 0, sizeof(*link));
	if (host == NULL)
		return;
	host += 3;
	length = strcspn(host, "?#");
	while (length > 0 && host[length - 1] == '/')
		length--;
	host_length = strcspn(host, "/?#");
	read_ticket(link, host, host_length, length);
	read_meeting(link, host, host_length, length);
}
