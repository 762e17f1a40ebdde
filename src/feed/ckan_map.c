/*
 * src/feed/ckan_map.c
 *
 * A row of any table to a listing, by the source's mapping.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <string.h>

#include "feed/text.h"

const char *
CkanSourceId(Feed *feed, const CkanRaw *raw, Arena *arena, Problem *problem)
{
	CkanState  *state = feed->state;
	const JsonNode *row;

	ArenaReset(state->scratch);
	if (!JsonRead(state->reader, state->scratch, raw->text, raw->length, &row, problem))
		return NULL;
	return MappingSourceId(state->mapping, feed, row, arena, problem);
}

MapResult
CkanMap(Feed *feed, FeedPage *page, FeedRecord *record, Arena *arena, Listing *listing)
{
	CkanState  *state = feed->state;
	const JsonNode *row;
	MapResult	result;

	ListingInit(listing);
	if (!JsonRead(state->reader, arena, record->raw, record->raw_length, &row, &record->problem))
	{
		/* What isn't JSON is kept as a JSON string */
		record->raw = TextToJsonString(arena, record->raw, record->raw_length);
		record->raw_length = strlen(record->raw);
		return MAP_REFUSED;
	}
	result = MappingApply(state->mapping, feed, row, NULL, arena, listing,
						  &record->skip_reason, &record->problem);
	listing->source_id = record->source_id;
	return result;
}
