/*
 * src/feed/ics_uid.c
 *
 * By what an event is recognised from one load to the next: its UID, or what
 * takes the place of one that is missing or does not last.
 *
 * The Events Calendar, WordPress's most used plugin, writes
 * POST-START-END@HOST with the event's times in seconds (of UTC, or of the
 * wall clock taken for UTC): an event that is moved by an hour would be
 * another event.  POST@HOST lasts.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <string.h>

#include "hash.h"

/* A longer UID is told by its hash: ids stand in an index */
#define UID_MAX 400

/* A wall clock is nowhere further from UTC than this, in seconds */
#define CLOCK_MAX (14 * 3600)

/* The number at *at, which moves past it; -1: none, or too long for a time */
static int64_t
read_number(const char *text, size_t length, size_t *at)
{
	int64_t		number = 0;
	size_t		first = *at;

	for (; *at < length && isdigit((unsigned char) text[*at]); (*at)++)
	{
		if (*at - first == 12)
			return -1;
		number = number * 10 + (text[*at] - '0');
	}
	return *at > first ? number : -1;
}

bool
IcsReadDatedUid(const char *uid, size_t length, IcsDatedUid *dated)
{
	size_t		at = 0;
	int64_t		end;

	if (read_number(uid, length, &at) < 0 || at == length || uid[at] != '-')
		return false;
	dated->post_length = at++;
	dated->start = read_number(uid, length, &at);
	if (dated->start < 0 || at == length || uid[at++] != '-')
		return false;
	end = read_number(uid, length, &at);
	if (end < dated->start || at == length || uid[at] != '@' || length - at > UID_MAX)
		return false;
	dated->host = uid + at;
	dated->host_length = length - at;
	return true;
}

bool
IcsIsDatedBy(const IcsDatedUid *dated, LocalTime start)
{
	return start != FEED_TIME_UNKNOWN &&
		dated->start - start <= CLOCK_MAX && start - dated->start <= CLOCK_MAX;
}

uint64_t
IcsDatedUidHash(const char *uid, const IcsDatedUid *dated)
{
	return HashBytes(dated->host, dated->host_length, HashBytes(uid, dated->post_length, 0));
}

/* What stands for the UID of an event that has none */
static const char *
made_uid(const IcsComponent *component, Arena *arena)
{
	static const char *const parts[] = {"DTSTART", "SUMMARY", "LOCATION"};
	uint64_t	hash = 0;

	for (int i = 0; i < (int) (sizeof(parts) / sizeof(parts[0])); i++)
	{
		const IcsLine *line = IcsFind(component, parts[i]);
		size_t		length = 0;
		const char *value = line != NULL ? IcsTrimmed(line, &length) : "";

		hash = line != NULL ? HashBytes(value, length, hash + 1) : hash + 1;
	}
	return ArenaPrintf(arena, "no-uid-%016llx", (unsigned long long) hash);
}

const char *
IcsReadUid(const IcsEntry *entry, const IcsComponent *component, Arena *arena)
{
	const IcsLine *line = IcsFind(component, "UID");
	size_t		length = 0;
	const char *uid = line != NULL ? IcsTrimmed(line, &length) : "";
	IcsDatedUid dated;

	if (length == 0)
		return made_uid(component, arena);
	if (length > UID_MAX)
		return ArenaPrintf(arena, "%016llx", (unsigned long long) HashBytes(uid, length, 0));
	if (IcsReadDatedUid(uid, length, &dated) && IcsIsDatedBy(&dated, entry->start))
		uid = ArenaPrintf(arena, "%.*s%.*s", (int) dated.post_length, uid,
						  (int) dated.host_length, dated.host);
	else
		uid = ArenaStrndup(arena, uid, length);
	uid = IcsUtf8(arena, uid, strlen(uid), &length);
	return ArenaStrndup(arena, uid, length);
}
