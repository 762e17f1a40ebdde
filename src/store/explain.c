/*
 * src/store/explain.c
 *
 * The explanation of a pair: what the comparison says, and what the listings
 * around it add to that.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "match/keys.h"
#include "store/event.h"
#include "store/explain.h"

static Neighbour *
find_listing(const Neighbours *around, int64 id)
{
	Neighbour  *node = NeighboursFind(around, id);

	if (node == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("listing %lld does not exist", (long long) id),
				 errhint("Its id is in ingest.listing, beside source and source_id.")));
	return node;
}

static void
append_part(StringInfo json, const char *name, double value)
{
	appendStringInfo(json, "\"%s\": ", name);
	if (value < 0)
		appendStringInfoString(json, "null");
	else
		appendStringInfo(json, "%.3f", value);
}

/* The words for the bits that are set */
static void
append_names(StringInfo json, const char *key, unsigned bits, const char *(*name_of) (unsigned), const char *more)
{
	const char *separator = "";

	appendStringInfo(json, ", \"%s\": [", key);
	for (unsigned bit = 1; bit != 0; bit <<= 1)
		if ((bits & bit) && name_of(bit) != NULL)
		{
			appendStringInfoString(json, separator);
			escape_json(json, name_of(bit));
			separator = ", ";
		}
	if (more != NULL)
	{
		appendStringInfoString(json, separator);
		escape_json(json, more);
	}
	appendStringInfoChar(json, ']');
}

/* Keys that the one is stored under and the other asks for */
static void
append_keys(StringInfo json, const MatchProfile *a, const MatchProfile *b)
{
	const MatchProfile *sides[2] = {a, b};
	int64_t		seen[2 * MATCH_KEYS_STORED];
	int			nseen = 0;

	appendStringInfoString(json, ", \"keys\": [");
	for (int side = 0; side < 2; side++)
	{
		int64_t		stored[MATCH_KEYS_STORED];
		int64_t		asked[MATCH_KEYS_ASKED];
		int			nstored = MatchKeysStored(sides[side], stored);
		int			nasked = MatchKeysAsked(sides[1 - side], asked, NULL);

		for (int i = 0; i < nstored; i++)
		{
			bool		common = false;
			char		name[128];

			for (int j = 0; j < nasked; j++)
				common |= asked[j] == stored[i];
			for (int j = 0; j < nseen; j++)
				common &= seen[j] != stored[i];
			if (!common)
				continue;
			MatchKeyName(sides[side], stored[i], name, sizeof(name));
			if (nseen > 0)
				appendStringInfoString(json, ", ");
			escape_json(json, pg_any_to_server(name, strlen(name), PG_UTF8));
			seen[nseen++] = stored[i];
		}
	}
	appendStringInfoChar(json, ']');
}

/* What a person said of the pair, or null */
static void
append_decision(StringInfo json, int64 a, int64 b)
{
	static StoreStatement load = {
		"SELECT json_build_object('verdict', verdict, 'by', decided_by, 'at', decided_at, 'note', note)::text"
		" FROM ingest.match_decision WHERE listing_a = least($1, $2) AND listing_b = greatest($1, $2)",
		SPI_OK_SELECT, 2, {INT8OID, INT8OID}
	};
	Datum		values[2] = {Int64GetDatum(a), Int64GetDatum(b)};
	uint64		found = StoreExecute(&load, values, NULL, 0);

	appendStringInfo(json, ", \"decision\": %s", found == 0 ? "null" : StoreString(0, 1));
}

/* The pair among those that were clustered, or NULL */
static const ClusterPair *
find_pair(const Clustering *group, const Neighbour *a, const Neighbour *b)
{
	for (int i = 0; i < group->npairs; i++)
		if (group->pairs[i].a == Min(a->order, b->order) && group->pairs[i].b == Max(a->order, b->order))
			return &group->pairs[i];
	return NULL;
}

static const char *
verdict_of(const Clustering *group, const Neighbour *a, const Neighbour *b, const ClusterPair *pair)
{
	if (group->nodes[a->order].cluster == group->nodes[b->order].cluster)
		return "same";
	return pair != NULL && pair->verdict == PAIR_REVIEW ? "review" : "distinct";
}

char *
ExplainPair(int64 listing_a, int64 listing_b)
{
	Neighbours *around = NeighboursCreate();
	int64		ids[2] = {listing_a, listing_b};
	Clustering	group;
	StringInfoData json;
	Neighbour  *a;
	Neighbour  *b;
	const ClusterPair *pair;
	MatchResult result;

	if (listing_a == listing_b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("listing %lld cannot be compared with itself", (long long) listing_a),
				 errhint("Name two listings.")));
	NeighboursAddStored(around, ids, 2, true);
	a = find_listing(around, listing_a);
	b = find_listing(around, listing_b);
	NeighboursLook(around);
	EventCluster(around, &group);
	if (a->order > b->order)
	{
		Neighbour  *swap = a;

		a = b;
		b = swap;
	}
	pair = find_pair(&group, a, b);
	if (pair != NULL)
		result = pair->result;
	else
		MatchCompare(&a->profile, &b->profile, strcmp(a->source, b->source) == 0, &result);

	initStringInfo(&json);
	appendStringInfo(&json, "{\"verdict\": \"%s\", \"score\": %.3f, \"parts\": {",
					 verdict_of(&group, a, b, pair), result.score);
	append_part(&json, "title", result.title);
	appendStringInfoString(&json, ", ");
	append_part(&json, "time", result.time);
	appendStringInfoString(&json, ", ");
	append_part(&json, "venue", result.venue);
	appendStringInfoChar(&json, '}');
	append_names(&json, "vetoes", result.vetoes, MatchVetoName, NULL);
	append_names(&json, "caps", result.caps, MatchCapName,
				 pair != NULL && pair->ambiguous ? "another candidate is as good" : NULL);
	append_keys(&json, &a->profile, &b->profile);
	if (result.apart == MATCH_TIME_UNKNOWN)
		appendStringInfoString(&json, ", \"seconds_apart\": null");
	else
		appendStringInfo(&json, ", \"seconds_apart\": %lld", (long long) result.apart);
	append_decision(&json, listing_a, listing_b);
	appendStringInfo(&json, ", \"one_event\": %s}", a->event_id == b->event_id ? "true" : "false");
	return json.data;
}
