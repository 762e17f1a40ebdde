-- Adding sources: what is checked, and how mistakes are told
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY default
SET timezone = 'America/Toronto';

SELECT name, connector, config, schedule, timezone, priority, enabled, on_missing
  FROM ingest_add_source('eventbrite', config => '{"organizer_ids": ["1001"]}');
SELECT name, connector, timezone, priority
  FROM ingest_add_source('bibliothèques', 'ics', '{"url": "https://example.org/agenda.ics"}',
                         timezone => 'Europe/Paris', priority => 50);
SELECT source, consecutive_failures, paused_reason FROM ingest.source_state ORDER BY source;

-- twice the same name
SELECT ingest_add_source('eventbrite', config => '{"organizer_ids": ["1001"]}');
-- a connector that does not exist
SELECT ingest_add_source('x', 'facebook');
-- a zone that does not exist
SELECT ingest_add_source('x', 'ics', '{"url": "https://example.org/a.ics"}', timezone => 'Amerique/Montreal');
-- a configuration that is no object
SELECT ingest_add_source('x', 'ics', '[]');
-- no name
SELECT ingest_add_source(NULL);
SELECT ingest_add_source('', 'ics', '{"url": "https://example.org/a.ics"}');
-- five mistakes are told at once
SELECT ingest_add_source('x', 'eventbrite',
  '{"organiser_ids": ["1"], "page_size": "many", "horizon_future": 18, "keep_raw": "yes", "base_url": "ftp://example.org"}');
-- types that only PostgreSQL can check
SELECT ingest_add_source('x', 'eventbrite',
  '{"organizer_ids": ["1"], "horizon_future": "a while", "window_start": "yesterday evening"}');

-- credentials
SELECT ingest_set_credential('eventbrite', 'token', 'not-a-real-token');
SELECT ingest_set_credential('eventbrite', 'token', 'another');
SELECT source, key, value FROM ingest.credential;
SELECT ingest_set_credential('eventbrite', 'password', 'x');
SELECT ingest_set_credential('nobody', 'token', 'x');
SELECT ingest_set_credential('eventbrite', 'token', NULL);
SELECT count(*) FROM ingest.credential;

-- every connector documents its keys
SELECT name, credentials, config ? 'horizon_future' AS has_common_keys, description <> '' AS described
  FROM ingest_connectors() ORDER BY name;
SELECT name, k.key FROM ingest_connectors(), jsonb_each(config) k
 WHERE coalesce(k.value->>'meaning', '') = '' OR coalesce(k.value->>'type', '') = '';

-- five mistakes in one description of an API, each with what was expected
SELECT ingest_add_source('api', 'json', '{
	"url": "https://api.example.org/events",
	"records": "events",
	"mapping": {"titel": "/name", "source_id": "/id", "title": "/name",
				"starts_at": {"pointer": "/start", "transform": "datum"}},
	"pagination": {"type": "pages"},
	"auth": {"header": "Authorization", "query": "key"}}');

-- mistakes that our types, PostgreSQL and the connector find, in one go
SELECT ingest_add_source('tm', 'ticketmaster', '{
	"geo_point": "here", "radius": "far", "horizon_past": "a while", "page_size": 0, "countrycode": "CA"}');
