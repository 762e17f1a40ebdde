/*
 * src/feed/ics_beginning.c
 *
 * Is the body a calendar at all?  What else comes with status 200 is a sign-in
 * page, an error as JSON, a business card; it must be called by its name, and
 * must not pass for a calendar that has become empty.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "feed/text.h"

/* Bytes of the body that a message shows */
#define SHOWN 80

/* Say what came instead of a calendar */
static void
not_a_calendar(const IcsPage *ics, const char *bytes, size_t length, Problem *problem)
{
	const char *type = ics->body.content_type;
	bool		is_page = length > 0 && bytes[0] == '<';
	char		shown[SHOWN + 1];

	if (length > SHOWN)
		length = SHOWN;
	for (size_t i = 0; i < length; i++)
		shown[i] = iscntrl((unsigned char) bytes[i]) ? ' ' : bytes[i];
	ProblemSet(problem, ERROR_CLASS_PARSE, is_page ? "the body is a web page, not a calendar" :
			   "the body is not a calendar");
	ProblemDetail(problem, "It begins with \"%s\"; content type %s.",
				  TextRepair(ics->page->arena, shown, length), type != NULL ? type : "not given");
	if (is_page)
		ProblemHint(problem, "A sign-in page in place of a calendar often means that the calendar is no longer public.");
}

/*
 * BEGIN:VCALENDAR, once; but some programs leave the calendar itself out, or
 * put the events into something of their own.
 */
static bool
begins_something(const char *text, size_t length)
{
	static const char mark[] = "BEGIN:";
	size_t		mark_length = sizeof(mark) - 1;

	return length > mark_length && strncasecmp(text, mark, mark_length) == 0 &&
		isalpha((unsigned char) text[mark_length]);
}

bool
IcsCheckBeginning(IcsPage *ics, bool was_read, size_t *start, Problem *problem)
{
	char		bytes[1024];
	long		length = IcsRead(ics, 0, bytes, sizeof(bytes));
	long		at = 0;

	if (length < 0)
	{
		ProblemSet(problem, ERROR_CLASS_INTERNAL, "could not read a stored response");
		return false;
	}
	if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		at = 3;
	while (at < length && isspace((unsigned char) bytes[at]))
		at++;
	*start = at;
	if (!was_read && begins_something(bytes + at, length - at))
		return true;
	not_a_calendar(ics, bytes + at, length - at, problem);
	return false;
}
