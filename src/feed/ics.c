/*
 * src/feed/ics.c
 *
 * Calendars in iCalendar format (RFC 5545, 7986), from wherever they are
 * published.  This file has the connector: its configuration, its requests,
 * and its records in the order of the body; ics_internal.h says what is in the
 * other files.
 *
 * A record is one event, or one occurrence of a series: the UID, or
 * UID/original-start.  Its hash leaves out what publishers write anew at every
 * request, so that a feed without a validator is still recognised as
 * unchanged; texts are read only when the host asks for the listing.
 *
 * Pure C.
 */
#include "feed/ics.h"
#include "feed/ics_internal.h"

#include <stdlib.h>
#include <string.h>

#include "feed/base64.h"
#include "feed/text.h"

/* Refused records that carry their text with them; the others only say why */
#define MAX_KEPT_REFUSALS 1000
#define REFUSAL_TEXT_MAX 8192

/* A series' text is stored with each of its occurrences: no more of it */
#define SERIES_TEXT_MAX 32768

/* Records between two breaths */
#define BREATH 1024

/* The connector's state: the calendars to ask for */
typedef struct IcsFeed
{
	const char **urls;
	int			nurls;
	int			next;
	const char *authorization;
} IcsFeed;

static const ConfigKey ics_keys[] = {
	{"url", CONFIG_URL, NULL,
		"Address of the calendar; webcal: is taken as https:."},
	{"urls", CONFIG_STRING_LIST, NULL,
		"Addresses of several calendars, read one after the other."},
	{"default_timezone", CONFIG_TIMEZONE, NULL,
		"Zone of times that name none, e.g. America/Toronto; else the source's, then the calendar's X-WR-TIMEZONE."},
	{"expand", CONFIG_BOOLEAN, "true",
		"Whether a recurring event becomes one listing per occurrence; else it is one event at its first start."},
	{"include_private", CONFIG_BOOLEAN, "false",
		"Whether events marked CLASS:PRIVATE or CONFIDENTIAL are stored as well; ingest_parse() shows them either way."},
	{NULL}
};

static const CredentialKey ics_credentials[] = {
	{"user", false, "User name of a calendar behind HTTP Basic authentication."},
	{"password", false, "Its password."},
	{"token", false, "Bearer token; instead of user and password."},
	{NULL}
};

/* ---- requests ---- */

/* One of the schemes that the http room takes */
static bool
is_calendar_url(const char *url)
{
	static const char *const schemes[] = {"https://", "http://", "webcal://", "webcals://", NULL};

	for (int i = 0; schemes[i] != NULL; i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0 && url[strlen(schemes[i])] != '\0')
			return true;
	return false;
}

/* Connector.check */
static void
ics_check(const Config *config, ConfigComplaint complain, void *arg)
{
	int			count;
	const char *const *urls = ConfigStrings(config, "urls", &count);

	for (int i = 0; i < count; i++)
		if (!is_calendar_url(urls[i]))
			complain(arg, "urls", "expected absolute http, https or webcal addresses");
}

/* Connector.open */
static bool
ics_open(Feed *feed, Problem *problem)
{
	IcsFeed    *state = ArenaAlloc0(feed->arena, sizeof(IcsFeed));
	const char *url = ConfigString(feed->config, "url");
	int			count;
	const char *const *urls = ConfigStrings(feed->config, "urls", &count);

	state->urls = ArenaAlloc(feed->arena, (count + 1) * sizeof(char *));
	if (url != NULL)
		state->urls[state->nurls++] = url;
	for (int i = 0; i < count; i++)
		state->urls[state->nurls++] = urls[i];
	feed->state = state;
	return true;
}

/* The Authorization header's value, or NULL */
static const char *
authorization(Feed *feed)
{
	const char *token = feed->credential(feed->credential_arg, "token");
	const char *user = feed->credential(feed->credential_arg, "user");
	const char *password = feed->credential(feed->credential_arg, "password");

	if (token != NULL)
		return ArenaPrintf(feed->arena, "Bearer %s", token);
	if (user == NULL && password == NULL)
		return NULL;
	user = ArenaPrintf(feed->arena, "%s:%s", user != NULL ? user : "", password != NULL ? password : "");
	return ArenaPrintf(feed->arena, "Basic %s", Base64(feed->arena, user, strlen(user), false));
}

/* Connector.next_request */
static bool
ics_next_request(Feed *feed, FeedRequest *request, Problem *problem)
{
	IcsFeed    *state = feed->state;

	if (state->nurls == 0)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "no address of a calendar is configured");
		ProblemHint(problem, "Set \"url\" or \"urls\" in the source's configuration.");
		return false;
	}
	if (state->next >= state->nurls)
		return false;
	if (state->next == 0)
		state->authorization = authorization(feed);
	memset(request, 0, sizeof(*request));
	request->url = state->urls[state->next];
	request->what = state->nurls == 1 ? "calendar" :
		ArenaPrintf(feed->arena, "calendar %d of %d", state->next + 1, state->nurls);
	request->list = state->next;
	request->conditional = true;
	request->headers[request->nheaders++] = (FeedHeader)
	{
		"Accept", "text/calendar, */*;q=0.5"
	};
	if (state->authorization != NULL)
		request->headers[request->nheaders++] = (FeedHeader)
	{
		"Authorization", state->authorization
	};
	state->next++;
	return true;
}

/* ---- a page ---- */

/*
 * What map() made last of a component, times aside: all occurrences of a
 * series that go into the same arena share it.  2,000 of them would else
 * read, encode, map and hold the same texts 2,000 times.  Lives in that arena;
 * page and arena may end in either order.
 */
typedef struct SharedListing
{
	IcsPage    *ics;			/* NULL: the page is gone, or has a newer one */
	const Arena *arena;
	uint32_t	entry;
	const char *raw;
	size_t		raw_length;
	Listing		listing;
} SharedListing;

/* For ArenaOnReset, of the arena that it lives in */
static void
forget_shared(void *object)
{
	SharedListing *shared = object;

	if (shared->ics != NULL)
		shared->ics->shared = NULL;
}

/* For ArenaOnReset */
static void
free_index(void *page)
{
	IcsPage    *ics = page;

	if (ics->shared != NULL)
		ics->shared->ics = NULL;
	free(ics->entries);
	free(ics->order);
	ArenaFree(ics->scratch);
	ArenaFree(ics->loaded);
}

bool
IcsPageOpen(Feed *feed, FeedPage *page, const FeedBody *body, bool expand, bool include_private,
			Problem *problem)
{
	IcsPage    *ics = ArenaAlloc0(page->arena, sizeof(IcsPage));

	ArenaOnReset(page->arena, free_index, ics);
	page->state = ics;
	ics->feed = feed;
	ics->page = page;
	ics->body = *body;
	ics->seed = FeedSeed(feed);
	ics->expand = expand;
	ics->include_private = include_private;
	ics->counts_ends = !ConfigIsSet(feed->config, "window_start");
	ics->steps_left = ICS_STEPS + (int64_t) body->size * ICS_STEPS_PER_BYTE;
	ics->scratch = ArenaCreate();
	ics->loaded = ArenaCreate();
	if (!IcsScan(ics, problem))
		return false;
	ArenaReset(ics->scratch);
	IcsIndexSort(ics);
	return true;
}

/* Connector.page */
static bool
ics_page(Feed *feed, FeedPage *page, const FeedBody *body, Problem *problem)
{
	return IcsPageOpen(feed, page, body, ConfigBoolean(feed->config, "expand"),
					   ConfigBoolean(feed->config, "include_private"), problem);
}

const char *
IcsPageName(const FeedPage *page)
{
	const IcsPage *ics = page->state;

	/* the first one is what stands before any BEGIN:VCALENDAR */
	for (int i = 0; i < ics->ncalendars; i++)
		if (ics->calendars[i]->name != NULL)
			return ics->calendars[i]->name;
	return NULL;
}

/* ---- records ---- */

/* Of a raw record: the component's text is its one member */
static const char raw_start[] = "{\"component\": ";

bool
IcsIsRaw(const char *raw, size_t length)
{
	return length >= sizeof(raw_start) && memcmp(raw, raw_start, sizeof(raw_start) - 1) == 0;
}

/* The component's text as the one member of a JSON object */
static void
set_raw(IcsPage *ics, uint32_t index, size_t max, Arena *arena, FeedRecord *record)
{
	const IcsEntry *entry = &ics->entries[index];
	size_t		length = entry->length < max ? entry->length : max;
	const char *bytes = IcsText(ics, entry->offset, (uint32_t) length, ics->loaded);
	const char *text = IcsUtf8(ics->loaded, bytes, bytes != NULL ? length : 0, &length);
	const char *string = TextToJsonString(ics->loaded, text, length);
	size_t		string_length = strlen(string);
	char	   *raw = ArenaAlloc(arena, sizeof(raw_start) + string_length + 1);

	memcpy(raw, raw_start, sizeof(raw_start) - 1);
	memcpy(raw + sizeof(raw_start) - 1, string, string_length);
	strcpy(raw + sizeof(raw_start) - 1 + string_length, "}");
	record->raw = raw;
	record->raw_length = sizeof(raw_start) + string_length;
}

/* A record that says no usable start, or cannot be read */
static void
refuse_record(IcsPage *ics, const IcsOccurrence *occurrence, FeedRecord *record)
{
	ProblemSet(&record->problem, ERROR_CLASS_MAPPING, "%s", occurrence->refusal);
	if (strncmp(occurrence->refusal, "DTSTART", 7) == 0)
		strcpy(record->problem.field, "starts_at");
	if (ics->nkept_refusals++ >= MAX_KEPT_REFUSALS)
		return;
	record->source_id = ArenaStrdup(ics->page->arena, occurrence->source_id);
	set_raw(ics, occurrence->entry, REFUSAL_TEXT_MAX, ics->page->arena, record);
}

/* Hand out an occurrence; what must outlive the scratch arena is copied */
static void
fill_record(IcsPage *ics, const IcsOccurrence *occurrence, FeedRecord *record)
{
	Arena	   *arena = ics->page->arena;
	IcsOccurrence *kept;

	if (occurrence->skip_reason != NULL)
	{
		record->skip_reason = occurrence->skip_reason;
		return;
	}
	if (occurrence->refusal != NULL)
	{
		refuse_record(ics, occurrence, record);
		return;
	}
	kept = ArenaAlloc(arena, sizeof(IcsOccurrence));
	*kept = *occurrence;
	kept->source_id = ArenaStrdup(arena, occurrence->source_id);
	if (occurrence->series_id != NULL)
		kept->series_id = ArenaStrdup(arena, occurrence->series_id);
	record->source_id = kept->source_id;
	record->withheld = kept->withheld;
	record->raw_hash = kept->hash;
	record->state = kept;
}

bool
IcsPageRecord(Feed *feed, FeedPage *page, FeedRecord *record)
{
	IcsPage    *ics = page->state;

	for (;;)
	{
		uint32_t	index = ics->next;

		if (ics->nrecords++ % BREATH == 0)
			feed->breathe();
		if (ics->next_pending < ics->npending)
		{
			fill_record(ics, &ics->pending[ics->next_pending++], record);
			return true;
		}
		record->skip_reason = IcsIndexOutside(ics, index);
		if (record->skip_reason != NULL)
			return true;
		if (index >= ics->nentries)
			return false;
		ics->next++;
		if (ics->entries[index].flags & ICS_DONE)
			continue;
		ArenaReset(ics->scratch);
		ics->next_pending = ics->npending = 0;
		IcsOccurrences(ics, index, &ics->pending, &ics->npending);
	}
}

/* What the component of an entry says, mapped into arena once; NULL: record->problem */
static const SharedListing *
share_component(IcsPage *ics, uint32_t index, Arena *arena, FeedRecord *record)
{
	const IcsEntry *entry = &ics->entries[index];
	const IcsComponent *component;
	SharedListing *shared = ics->shared;

	if (shared != NULL && shared->arena == arena && shared->entry == index)
		return shared;
	if (shared != NULL)
		shared->ics = NULL;
	ics->shared = NULL;
	ArenaReset(ics->loaded);
	component = IcsLoad(ics, entry->offset, entry->length, false, ics->loaded, &record->problem);
	set_raw(ics, index, entry->flags & ICS_RECURS ? SERIES_TEXT_MAX : ICS_MAX_COMPONENT, arena, record);
	if (component == NULL)
		return NULL;
	shared = ArenaAlloc0(arena, sizeof(SharedListing));
	ListingInit(&shared->listing);
	if (!IcsMapTexts(ics, index, component, arena, &shared->listing, &record->problem))
		return NULL;
	shared->ics = ics;
	shared->arena = arena;
	shared->entry = index;
	shared->raw = record->raw;
	shared->raw_length = record->raw_length;
	ArenaOnReset(arena, forget_shared, shared);
	ics->shared = shared;
	return shared;
}

MapResult
IcsPageMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	IcsPage    *ics = page->state;
	const IcsOccurrence *occurrence = record->state;
	const SharedListing *shared = share_component(ics, occurrence->entry, arena, record);

	ListingInit(listing);
	if (shared == NULL)
		return MAP_REFUSED;
	*listing = shared->listing;
	record->raw = shared->raw;
	record->raw_length = shared->raw_length;
	IcsMapOccurrence(ics, occurrence, arena, listing);
	return MAP_LISTING;
}

const Connector IcsConnector = {
	.name = "ics",
	.description = "Calendars in iCalendar format (.ics), by their address.",
	.keys = ics_keys,
	.credentials = ics_credentials,
	.version = 1,
	.check = ics_check,
	.open = ics_open,
	.next_request = ics_next_request,
	.page = ics_page,
	.record = IcsPageRecord,
	.map = IcsPageMap,
};
