/*
 * src/feed/mapping.h
 *
 * From a JSON record to a listing by configuration, for sources that have no C
 * of their own (connectors json and ckan): which value of the record goes into
 * which field, and what is done to it on the way.
 *
 *     "mapping": {
 *       "source_id":  "/id",
 *       "title":      {"pointers": ["/title", "/name"], "transform": "html_to_text"},
 *       "starts_at":  {"pointer": "/utc_start", "transform": {"date": {"timezone": "UTC"}}},
 *       "ends_at":    {"pointer": "/last_day", "inclusive": true},
 *       "timezone":   {"pointer": "/tz", "default": "America/Toronto"},
 *       "status":     {"pointer": "/state", "transform": {"map": {"x": "cancelled"}, "else": "scheduled"}},
 *       "address":    {"all": ["/street", "/suite"], "transform": {"join": ", "}},
 *       "url":        {"template": "https://example.org/events/{/slug}"},
 *       "tags":       {"pointer": "/categories", "transform": {"each": "/name"}},
 *       "language":   {"value": "fr"},
 *       "attributes": {"age": "/minimum_age"}
 *     }
 *
 * A rule is a JSON Pointer (RFC 6901), or an object with one source
 *     pointer     the value there
 *     pointers    the first of several that is there
 *     all         the list of all that are there
 *     template    text in which each {/pointer} is replaced by the value there;
 *                 absent if one of them is
 *     value       this constant
 * and, as wanted, `transform` (one) or `transforms` (a list, done in order) and
 * `default` (a constant for what is absent).  ends_at takes `inclusive`: true
 * where the upstream's date is the last day, not the one after it.  Absent is
 * what is missing, null, an empty list or a blank text.
 *
 * A transform is a name, or {"name": parameter}; MappingTransforms lists them.
 * Fields are the descriptive columns of a listing, source_id, revision, skip
 * (a reason, private, draft or filtered, not to take the record) and
 * attributes, an object of rules of the user's own names.
 *
 * What a field means decides what is done with values that do not fit:
 *   - a value of another type, an unreadable starts_at, ends_at, price,
 *     coordinate, status or truth value refuses the record, with the field;
 *   - an url, country, currency, language or timezone that is none is unknown;
 *   - a record without source_id, title or starts_at is refused, the last
 *     unless start_precision comes out as "unknown".
 * A date without time makes an all-day listing unless all_day says otherwise;
 * a time without offset is of the transform's timezone, else of the field
 * timezone, else of the source's.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_MAPPING_H
#define INGEST_FEED_MAPPING_H

#include "feed/connector.h"
#include "feed/json_read.h"

typedef struct Mapping Mapping;

/* One transform, for documentation. */
typedef struct MappingTransform
{
	const char *name;
	const char *meaning;		/* with its parameter, if it takes one */
} MappingTransform;

/* All transforms, and the names of all fields; ended by a NULL name. */
extern const MappingTransform MappingTransforms[];
extern const char *const MappingFields[];

/* The meaning of a `mapping` key, for a ConfigKey: fields and transforms. */
extern const char MappingMeaning[];

/*
 * Compile a mapping, once for a run; it lives in the arena and refers to
 * `object`.  Each mistake is reported through complain with its path in the
 * configuration, which begins with `key`: "mapping.starts_at.transform".
 * complain may be NULL for what was checked before.  required: whether a
 * mapping without rules for source_id, title and starts_at is a mistake.
 * Never NULL; to be used only if nothing was reported.
 */
extern Mapping *MappingCompile(Arena *arena, const JsonNode *object, const char *key,
							   bool required, ConfigComplaint complain, void *arg);

/* Is there a rule for this field? */
extern bool MappingHas(const Mapping *mapping, const char *field);

/* Texts that mean "absent" wherever they stand ("nan"), ended by NULL. */
extern void MappingSetMissing(Mapping *mapping, const char *const *words);

/*
 * Only the record's source_id: in the arena, or NULL with *problem.  For
 * Connector.record, which must know it before the record is mapped.
 */
extern const char *MappingSourceId(const Mapping *mapping, const Feed *feed, const JsonNode *record,
								   Arena *arena, Problem *problem);

/*
 * The record's member whose text, trimmed, is its source_id: where the rule is
 * a pointer to it and nothing else.  NULL: only MappingSourceId knows.
 */
extern const char *MappingIdMember(const Mapping *mapping);

/*
 * Map a record (class mapping: the record lacks something or is of another
 * shape; class data: a value cannot be read), into the arena.  The listing is
 * initialised here.  base: URL that relative ones are resolved by (transform
 * "url"), or NULL.  A listing->source_id that comes out absent is an error
 * only if there is a rule for it: else the caller sets it.  MAP_SKIPPED:
 * *skip_reason, by the rule skip or as outside of the feed's window.
 */
extern MapResult MappingApply(const Mapping *mapping, const Feed *feed, const JsonNode *record,
							  const char *base, Arena *arena, Listing *listing,
							  const char **skip_reason, Problem *problem);

#endif
