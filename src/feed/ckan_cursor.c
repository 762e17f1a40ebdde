/*
 * src/feed/ckan_cursor.c
 *
 * What a run of a CKAN source leaves for the next one, as JSON:
 *
 *   of             hash of what the source reads: another configuration has
 *                  another past
 *   last_modified  of the resource that was read
 *   read_at        when, in seconds since 1970
 *   records        how many rows it had
 *   sessions       of montreal_id.c; good for any configuration
 *   smaller        a later export that was too small to be true: which one,
 *                  and how many of them came in a row
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <inttypes.h>
#include <string.h>

#include "feed/builder.h"
#include "feed/when.h"
#include "hash.h"

#define HOUR	3600
#define DAY		86400

/*
 * An unchanged table is read anew after so long: our window moves on, and
 * what lies at its far end would never be seen.
 */
#define CURSOR_LASTS	DAY

/*
 * A file is loaded into the datastore some time after it was uploaded, and
 * until then its last_modified is of the new one and the rows are the old.
 */
#define LOADING_TIME	HOUR

/* So many smaller exports in a row, and the table has become smaller */
#define EXPORTS_TO_BELIEVE	3

/* A table of a few rows may lose a few */
#define MISSED_AT_LEAST	5

/* ---- reading ---- */

/* Hash of what is read, and of which of it is kept, as hexadecimal text */
static const char *
scope_of(Feed *feed)
{
	static const char *const keys[] = {
		"horizon_past", "horizon_future", "window_start", "window_end", NULL
	};
	CkanState  *state = feed->state;
	uint64_t	hash = state->seed;

	hash = HashString(state->base_url, hash);
	hash = HashString(state->package, hash);
	hash = HashString(state->resource_id, hash);
	hash = HashString(state->filters, hash);
	for (int i = 0; keys[i] != NULL; i++)
		hash = HashString(ConfigString(feed->config, keys[i]), hash);
	return ArenaPrintf(feed->arena, "%016" PRIx64, hash);
}

const CkanCursor *
CkanReadCursor(Feed *feed)
{
	CkanState  *state = feed->state;
	CkanCursor *before = &state->before;
	const JsonNode *root;
	const char *of;
	size_t		length;
	Problem		ignored;

	if (state->has_read_cursor)
		return before;
	state->has_read_cursor = true;
	if (feed->cursor == NULL ||
		!JsonRead(state->reader, feed->arena, feed->cursor, strlen(feed->cursor), &root, &ignored))
		return before;
	before->sessions = JsonMember(root, "sessions");
	of = JsonString(root, "of", &length);
	if (of == NULL || strcmp(of, scope_of(feed)) != 0)
		return before;
	before->is_set = JsonInteger(root, "records", &before->records) &&
		JsonInteger(root, "read_at", &before->read_at);
	before->last_modified = JsonString(root, "last_modified", &length);
	before->smaller_export = JsonString(root, "smaller.export", &length);
	if (!JsonInteger(root, "smaller.count", &before->smaller_exports))
		before->smaller_exports = 0;
	return before;
}

bool
CkanIsUnchanged(Feed *feed)
{
	const CkanState *state = feed->state;
	const CkanCursor *before = CkanReadCursor(feed);

	return before->is_set && before->last_modified != NULL && state->last_modified != NULL &&
		strcmp(before->last_modified, state->last_modified) == 0 &&
		feed->now - before->read_at < CURSOR_LASTS && feed->now >= before->read_at;
}

/* ---- writing ---- */

/* Is the datastore's table surely that of last_modified, which is in UTC? */
static bool
is_settled(const Feed *feed)
{
	const CkanState *state = feed->state;
	int64_t		modified;

	return state->last_modified != NULL &&
		WhenParse(state->last_modified, strlen(state->last_modified), &modified) != WHEN_INVALID &&
		modified <= feed->now - LOADING_TIME;
}

/* Which export this is: by last_modified, or one a day */
static const char *
export_name(const Feed *feed)
{
	const CkanState *state = feed->state;

	return state->last_modified != NULL ? state->last_modified :
		ArenaPrintf(feed->arena, "day %lld", (long long) (feed->now / DAY));
}

/*
 * Does the table lack more than a table loses?  Then nothing of what is
 * missing is gone.  But if export after export is as small, it has become so.
 */
static bool
is_shrunken(Feed *feed, int64_t *exports)
{
	const CkanState *state = feed->state;
	const CkanCursor *before = &state->before;
	int64_t		missing = before->records - state->nrecords;

	*exports = 0;
	if (!before->is_set || missing <= MISSED_AT_LEAST ||
		(double) missing <= (double) before->records * state->max_shrink / 100)
		return false;
	*exports = before->smaller_exports;
	if (before->smaller_export == NULL || strcmp(before->smaller_export, export_name(feed)) != 0)
		(*exports)++;
	if (*exports < EXPORTS_TO_BELIEVE)
	{
		CkanWarn(feed, "the table has %lld records, after %lld: more than max_shrink (%g %%) are missing, so "
				 "none of them is taken as gone",
				 (long long) state->nrecords, (long long) before->records, state->max_shrink);
		return true;
	}
	CkanWarn(feed, "the table has had so few records (%lld, after %lld) in %d exports that it is taken as complete",
			 (long long) state->nrecords, (long long) before->records, EXPORTS_TO_BELIEVE);
	*exports = 0;
	return false;
}

void
CkanFinish(Feed *feed)
{
	CkanState  *state = feed->state;
	const CkanCursor *before = CkanReadCursor(feed);
	TextBuilder json = {feed->arena, NULL, 0, 0};
	int64_t		exports = 0;
	bool		shrunken = !feed->incomplete && is_shrunken(feed, &exports);
	bool		incomplete = feed->incomplete || shrunken;
	int64_t		records = state->nrecords;
	const char *sessions;

	state->step = CKAN_DONE;
	feed->incomplete = incomplete;

	/* A walk that missed something is no measure for the next */
	if (incomplete && before->is_set && before->records > records)
		records = before->records;
	BuilderAddMember(&json, "of", scope_of(feed));
	if (!incomplete && is_settled(feed))
		BuilderAddMember(&json, "last_modified", state->last_modified);
	BuilderAddText(&json, ArenaPrintf(feed->arena, ",\"read_at\":%lld,\"records\":%lld",
									  (long long) feed->now, (long long) records));
	if (shrunken)
	{
		TextBuilder smaller = {feed->arena, NULL, 0, 0};

		BuilderAddMember(&smaller, "export", export_name(feed));
		BuilderAddText(&smaller, ArenaPrintf(feed->arena, ",\"count\":%lld", (long long) exports));
		BuilderAddText(&json, ",\"smaller\":");
		BuilderAddText(&json, BuilderCloseObject(&smaller));
	}
	sessions = incomplete && before->sessions != NULL ? JsonToText(feed->arena, before->sessions) :
		BuilderCloseObject(&state->sessions);
	if (sessions != NULL)
	{
		BuilderAddText(&json, ",\"sessions\":");
		BuilderAddText(&json, sessions);
	}
	feed->next_cursor = BuilderCloseObject(&json);
}
