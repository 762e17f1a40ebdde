/*
 * src/feed/config.h
 *
 * A source's configuration: a JSON object whose keys a connector declares.
 * The same declaration checks a configuration, documents it in
 * ingest_connectors(), and gives the defaults.  Pure C.
 */
#ifndef INGEST_FEED_CONFIG_H
#define INGEST_FEED_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error_class.h"
#include "feed/arena.h"

typedef enum ConfigType
{
	CONFIG_STRING,
	CONFIG_ID,					/* text, or a whole number as its digits; read
								 * with ConfigString */
	CONFIG_STRING_LIST,			/* JSON array of strings; numbers are taken as
								 * their text, so that ids may be bare */
	CONFIG_INTEGER,				/* within minimum..maximum of its key */
	CONFIG_NUMBER,
	CONFIG_BOOLEAN,
	CONFIG_INTERVAL,			/* text; checked by the host (PostgreSQL's cast) */
	CONFIG_TIMESTAMP,			/* text; checked by the host */
	CONFIG_TIMEZONE,			/* text; checked by the host */
	CONFIG_URL,					/* absolute http, https, webcal or webcals */
	CONFIG_OBJECT				/* JSON object, checked by the connector */
} ConfigType;

typedef struct ConfigKey
{
	const char *name;
	ConfigType	type;
	const char *default_value;	/* as JSON text, or NULL: none */
	const char *meaning;		/* one sentence for the documentation */
	double		minimum,
				maximum;		/* of numbers; both 0: unbounded */
} ConfigKey;

/* Keys that every connector takes, ended by a NULL name. */
extern const ConfigKey ConfigCommonKeys[];

typedef struct Config Config;

/*
 * Called for each mistake found: the key, and a phrase that says what was
 * expected there ("expected an integer from 1 to 1000") or what is wrong.
 */
typedef void (*ConfigComplaint) (void *arg, const char *key, const char *expected);

/*
 * Parse and check a configuration against the common keys and `keys` (ended by
 * a NULL name).  Every mistake is reported, unknown keys with the list of
 * known ones.  The Config lives in the arena.  If anything was reported it is
 * good for looking for further mistakes only: a key that has one is as if it
 * was not set.
 */
extern Config *ConfigParse(Arena *arena, const ConfigKey *keys,
						   const char *json, size_t length,
						   ConfigComplaint complain, void *arg);

/* Values, or the declared default; strings live as long as the Config. */
extern bool ConfigIsSet(const Config *config, const char *key);
extern const char *ConfigString(const Config *config, const char *key);
extern int64_t ConfigInteger(const Config *config, const char *key);
extern double ConfigNumber(const Config *config, const char *key);
extern bool ConfigBoolean(const Config *config, const char *key);

/* The list's strings; *count 0 when absent.  A single string is a list of one. */
extern const char *const *ConfigStrings(const Config *config, const char *key, int *count);

/* Walk a CONFIG_OBJECT's string members (e.g. headers); false at the end. */
extern bool ConfigObjectMember(const Config *config, const char *key, int index,
							   const char **member, const char **value);

/* The value of a CONFIG_OBJECT, for json_read.h; NULL when absent. */
extern const struct JsonNode *ConfigNode(const Config *config, const char *key);

/*
 * Hash of everything that shapes a mapped listing, so that a changed
 * configuration is not mistaken for an unchanged record.
 */
extern uint64_t ConfigHash(const Config *config);

#endif
