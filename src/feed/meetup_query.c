/*
 * src/feed/meetup_query.c
 *
 * The GraphQL query.  One unknown field fails the whole of it, so that as
 * little is asked for as makes a good listing, more only where configured, and
 * what the API says it does not know is left out from then on.
 *
 * Several groups are asked for in one request, by aliases ("g0", "g1"); the
 * API counts points, not requests, but a round trip costs time.
 *
 * Pure C.
 */
#include "feed/meetup.h"

#include <string.h>

#include "feed/builder.h"
#include "feed/text.h"
#include "feed/when.h"

#define DAY 86400

/* Of a group, before its events */
static const char group_fields[] = "id name urlname timezone";

/* Of an event: what live clients ask for, and can be counted upon */
static const char event_fields[] =
	"id token title eventUrl description dateTime endTime createdTime eventType status "
	"venues{id name address city state postalCode country lat lon venueType}";

/* What only few ask for; config key rich_fields */
static const char rich_fields[] =
	" duration isOnline maxTickets howToFindUs feeSettings{amount currency required accepts} "
	"featuredEventPhoto{id baseUrl highResUrl standardUrl} displayPhoto{standardUrl} "
	"topics{edges{node{name urlkey}}} series{id description}";

/* Arguments that may turn out to be unknown */
static const char arguments[] = "sort CANCELLED PAST afterDateTime beforeDateTime";

/* Without these there is no listing */
static const char vital[] = "id title dateTime edges node venues";

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Is the word one of the text's? */
static bool
has_word(const char *text, const char *word)
{
	size_t		length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || !is_word_char(at[-1])) && !is_word_char(at[length]))
			return true;
	return false;
}

static bool
is_dropped(const MeetupState *state, const char *word, size_t length)
{
	for (int i = 0; i < state->ndropped; i++)
		if (strlen(state->dropped[i]) == length && memcmp(state->dropped[i], word, length) == 0)
			return true;
	return false;
}

bool
MeetupCanDrop(const MeetupState *state, const char *word)
{
	return word[0] != '\0' && !has_word(vital, word) && !is_dropped(state, word, strlen(word)) &&
		(has_word(group_fields, word) || has_word(event_fields, word) || has_word(arguments, word) ||
		 (state->rich && has_word(rich_fields, word)));
}

/* Add fields without those dropped, nor what is in their braces */
static void
add_fields(const MeetupState *state, TextBuilder *query, const char *fields)
{
	while (*fields != '\0')
	{
		size_t		length = 0;

		while (is_word_char(fields[length]))
			length++;
		if (length > 0 && is_dropped(state, fields, length))
		{
			int			depth = 0;

			fields += length;
			if (*fields == '{')
				do
				{
					depth += (*fields == '{') - (*fields == '}');
					fields++;
				} while (depth > 0);
			continue;
		}
		BuilderAdd(query, fields, length > 0 ? length : 1);
		fields += length > 0 ? length : 1;
	}
}

/* Add an end of the window to the filter, if there is one and it is known */
static void
add_instant(const MeetupState *state, TextBuilder *query, const char *name, FeedTime instant)
{
	char		text[WHEN_TEXT];

	if (instant == FEED_TIME_UNKNOWN || is_dropped(state, name, strlen(name)))
		return;
	WhenFormatLocal(instant, text);
	if (text[0] != '\0')
		BuilderAddText(query, ArenaPrintf(query->arena, ",%s:\"%sZ\"", name, text));
}

/*
 * The arguments of events().  What began becomes PAST, so that a window that
 * reaches back asks for these too.  The answer may hold a few more than
 * `first`.
 */
static void
add_arguments(Feed *feed, TextBuilder *query, int group)
{
	const MeetupState *state = feed->state;
	bool		reaches_back = feed->window_start < feed->now - 2 * DAY;

	BuilderAddText(query, ArenaPrintf(query->arena, "(first:%d", state->page_size));
	if (state->groups[group].cursor != NULL)
		BuilderAddText(query, ArenaPrintf(query->arena, ",after:$a%d", group));
	if (!is_dropped(state, "sort", 4))
		BuilderAddText(query, ",sort:ASC");
	BuilderAddText(query, ",filter:{status:[ACTIVE");
	if (!is_dropped(state, "CANCELLED", 9))
		BuilderAddText(query, ",CANCELLED");
	if (reaches_back && !is_dropped(state, "PAST", 4))
		BuilderAddText(query, ",PAST");
	BuilderAddText(query, "]");
	add_instant(state, query, "afterDateTime", feed->window_start);
	add_instant(state, query, "beforeDateTime", feed->window_end);
	BuilderAddText(query, "})");
}

static void
add_group(Feed *feed, TextBuilder *query, int group)
{
	const MeetupState *state = feed->state;

	BuilderAddText(query, ArenaPrintf(query->arena, " g%d:groupByUrlname(urlname:$u%d){", group, group));
	add_fields(state, query, group_fields);
	BuilderAddText(query, " events");
	add_arguments(feed, query, group);
	BuilderAddText(query, "{pageInfo{hasNextPage endCursor} edges{node{");
	add_fields(state, query, event_fields);
	if (state->rich)
		add_fields(state, query, rich_fields);
	BuilderAddText(query, "}}}}");
}

const char *
MeetupQuery(Feed *feed, Arena *arena)
{
	MeetupState *state = feed->state;
	TextBuilder query = {.arena = arena};
	TextBuilder variables = {.arena = arena};
	TextBuilder body = {.arena = arena};

	BuilderAddText(&query, "query Events(");
	for (int i = 0; i < state->nasked; i++)
	{
		int			group = state->asked[i];
		const char *cursor = state->groups[group].cursor;

		BuilderAddText(&query, ArenaPrintf(arena, "%s$u%d:String!", i > 0 ? "," : "", group));
		BuilderAddMember(&variables, ArenaPrintf(arena, "u%d", group), state->groups[group].urlname);
		if (cursor != NULL)
			BuilderAddText(&query, ArenaPrintf(arena, ",$a%d:String", group));
		BuilderAddMember(&variables, ArenaPrintf(arena, "a%d", group), cursor);
	}
	BuilderAddText(&query, "){");
	for (int i = 0; i < state->nasked; i++)
		add_group(feed, &query, state->asked[i]);
	BuilderAddText(&query, "}");

	BuilderAddMember(&body, "query", query.text);
	BuilderAddText(&body, ",\"variables\":");
	BuilderAddText(&body, BuilderCloseObject(&variables));
	return BuilderCloseObject(&body);
}
