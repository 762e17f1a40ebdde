/*
 * src/feed/registry.c
 *
 * The list of connectors, and what all of them need.  Pure C.
 */
#include "feed/connector.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"

extern const Connector CkanConnector;
extern const Connector EventbriteConnector;
extern const Connector IcsConnector;
extern const Connector JsonConnector;
extern const Connector JsonldConnector;
extern const Connector MeetupConnector;
extern const Connector MontrealConnector;
extern const Connector TicketmasterConnector;

const Connector *const Connectors[] = {
	&CkanConnector,
	&EventbriteConnector,
	&IcsConnector,
	&JsonConnector,
	&JsonldConnector,
	&MeetupConnector,
	&MontrealConnector,
	&TicketmasterConnector,
	NULL
};

const Connector *
ConnectorFind(const char *name)
{
	for (int i = 0; Connectors[i] != NULL; i++)
		if (strcmp(Connectors[i]->name, name) == 0)
			return Connectors[i];
	return NULL;
}

bool
FeedRecordStandsAlone(const char *raw, size_t length)
{
	return true;
}

const char *
FeedBodyBytes(const FeedBody *body, Arena *arena, Problem *problem)
{
	char	   *bytes;
	size_t		have = 0;

	if (body->bytes != NULL)
		return body->bytes;
	bytes = ArenaAlloc(arena, body->size + 1);
	while (have < body->size)
	{
		long		got = body->read(body->arg, have, bytes + have, body->size - have);

		if (got <= 0 || (size_t) got > body->size - have)
		{
			ProblemSet(problem, ERROR_CLASS_INTERNAL,
					   "could not read a stored response: %s after %zu of %zu bytes",
					   got == 0 ? "it ends" : "an error", have, body->size);
			return NULL;
		}
		have += (size_t) got;
	}
	bytes[have] = '\0';
	return bytes;
}

uint64_t
FeedSeed(const Feed *feed)
{
	char		text[64];

	/* As text, so that machines of either byte order agree */
	snprintf(text, sizeof(text), "%d/%016" PRIx64,
			 feed->connector->version, ConfigHash(feed->config));
	return HashString(text, HashString(feed->connector->name, 0));
}
