/*
 * src/feed/mapping_internal.h
 *
 * What the files of the mapping share: values on their way from a record to a
 * field, and the rules they go by.
 *
 *     mapping.c            fields: what becomes of a value
 *     mapping_time.c       starts_at, ends_at, all_day and their zone
 *     mapping_rule.c       rules: read, checked, followed
 *     mapping_transform.c  transforms
 *     mapping_pattern.c    dates written by a pattern
 *
 * Pure C.
 */
#ifndef INGEST_FEED_MAPPING_INTERNAL_H
#define INGEST_FEED_MAPPING_INTERNAL_H

#include "feed/json_pointer.h"
#include "feed/mapping.h"
#include "feed/when.h"

typedef enum ValueKind
{
	VALUE_NONE,					/* absent */
	VALUE_TEXT,					/* a string; numbers and truth values as written */
	VALUE_LIST,
	VALUE_OBJECT,
	VALUE_TIME
} ValueKind;

typedef struct Value
{
	ValueKind	kind;
	const char *text;			/* NUL-terminated */
	size_t		length;
	const struct Value *items;	/* of a list, none of them absent */
	int			nitems;
	const JsonNode *object;		/* of a text: the number or truth value it was */
	WhenKind	when;			/* of a time */
	int64_t		time;
	const char *timezone;		/* declared for it, or NULL */
} Value;

typedef struct Transform Transform;

typedef enum RuleSource
{
	SOURCE_POINTERS,			/* the first that is there */
	SOURCE_ALL,
	SOURCE_TEMPLATE,
	SOURCE_VALUE
} RuleSource;

typedef struct Rule
{
	RuleSource	source;
	const JsonPointer **pointers;
	int			npointers;
	const char **pieces;		/* of a template: npointers + 1 texts around them */
	const JsonNode *constant;
	const JsonNode *fallback;	/* "default", or NULL */
	Transform  *transforms;
	int			ntransforms;
	bool		inclusive;
} Rule;

/* Where mistakes are reported */
typedef struct RuleCheck
{
	Arena	   *arena;
	ConfigComplaint complain;	/* may be NULL */
	void	   *arg;
} RuleCheck;

/* A record on its way */
typedef struct MappingRun
{
	const Mapping *mapping;
	const Feed *feed;
	const JsonNode *record;
	const char *base;
	Arena	   *arena;
	Listing    *listing;
	Problem    *problem;
	const char *field;			/* being mapped */
	const char *const *missing;
} MappingRun;

struct Transform
{
	const struct TransformKind *kind;
	const char *text;
	const char *format;
	const char *timezone;
	const JsonPointer *pointer;
	const JsonNode *node;		/* of "map" */
	const JsonNode *otherwise;
	bool		has_otherwise;
	const char **words;
	int			nwords;
};

/* mapping.c */
extern const Rule *MappingRule(const Mapping *mapping, const char *field);
extern void MappingRefuse(MappingRun *run, ErrorClass error_class, const char *expected, const Value *got);

/* mapping_time.c: false: refused */
extern bool MappingTimes(MappingRun *run, Tristate all_day);

/* mapping_rule.c */
extern void RuleComplain(const RuleCheck *check, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
extern bool RuleCompile(const RuleCheck *check, const char *path, const JsonNode *node, Rule *rule);
extern const JsonPointer *RulePointer(const RuleCheck *check, const char *path, const JsonNode *node);
extern Value ValueOf(const MappingRun *run, const JsonNode *node);
extern Value ValueOfText(const char *text, size_t length);

/* Follow a rule; false: *run->problem.  NULL: absent. */
extern bool RuleFollow(MappingRun *run, const Rule *rule, Value *value);

/* mapping_transform.c */
extern bool TransformCompile(const RuleCheck *check, const char *path, const JsonNode *node,
							 Transform *transform);
extern bool TransformDo(MappingRun *run, const Transform *transform, Value *value);

/* mapping_pattern.c */
extern bool PatternIsValid(const char *pattern);
extern WhenKind PatternParse(const char *pattern, const char *text, int64_t *value);

#endif
