-- Records into listings and events, without the network
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'America/Toronto';

-- an event as the Eventbrite API gives it
CREATE FUNCTION pg_temp.eb(id text, title text, day int, hour int, venue text DEFAULT NULL,
                           more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object(
    'id', id, 'name', jsonb_build_object('text', title),
    'start', jsonb_build_object('timezone', 'America/Toronto',
      'local', to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS'),
      'utc', to_char(t AT TIME ZONE 'America/Toronto' AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
    'end', jsonb_build_object('timezone', 'America/Toronto',
      'local', to_char(t + interval '2 hours', 'YYYY-MM-DD"T"HH24:MI:SS'),
      'utc', to_char((t + interval '2 hours') AT TIME ZONE 'America/Toronto' AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
    'status', 'live', 'currency', 'CAD', 'online_event', false, 'listed', true,
    'url', 'https://www.eventbrite.ca/e/' || id,
    'changed', '2027-01-01T00:00:00Z',
    'venue', CASE WHEN venue IS NOT NULL THEN jsonb_build_object('name', venue,
      'address', jsonb_build_object('city', 'Montréal', 'region', 'QC', 'country', 'CA')) END) || more
    FROM (SELECT make_timestamp(2027, 6, day, hour, 0, 0) AS t) x
$$;
CREATE FUNCTION pg_temp.page(VARIADIC events jsonb[]) RETURNS text LANGUAGE sql AS
  $$ SELECT jsonb_build_object('events', to_jsonb(events))::text $$;
CREATE VIEW pg_temp.last_job AS
  SELECT source, status, nb_fetched, nb_created, nb_updated, nb_skipped, nb_errors, nb_merged, nb_cancelled, skip_reasons
    FROM ingest.import_job ORDER BY id DESC LIMIT 1;

SELECT name FROM ingest_add_source('a', 'eventbrite',
  '{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}');
SELECT name FROM ingest_add_source('b', 'eventbrite',
  '{"organizer_ids": ["2"], "window_start": "2027-01-01", "window_end": "2028-01-01"}', priority => 200);

-- new, unchanged, changed
SELECT status, trigger, nb_fetched, nb_created, nb_updated, nb_skipped, nb_errors
  FROM ingest_import('a', pg_temp.page(pg_temp.eb('1', 'Jazz au parc', 1, 20, 'Parc Jarry'),
                                       pg_temp.eb('2', 'Marché de Noël', 2, 10, 'Complexe Desjardins'),
                                       pg_temp.eb('3', 'Atelier de pain', 3, 9)));
SELECT status FROM ingest_import('a', pg_temp.page(pg_temp.eb('1', 'Jazz au parc', 1, 20, 'Parc Jarry'),
                                       pg_temp.eb('2', 'Marché de Noël', 2, 10, 'Complexe Desjardins'),
                                       pg_temp.eb('3', 'Atelier de pain', 3, 9)));
SELECT * FROM pg_temp.last_job;
SELECT status FROM ingest_import('a', pg_temp.page(pg_temp.eb('1', 'Jazz au parc (nouvelle heure)', 1, 21, 'Parc Jarry'),
                                       pg_temp.eb('2', 'Marché de Noël', 2, 10, 'Complexe Desjardins', '{"status": "canceled"}')));
SELECT * FROM pg_temp.last_job;
SELECT id = event_id AS same_id, source_id, title, status, starts_at, timezone, venue_name FROM ingest.listing ORDER BY source_id;

-- refused records cost a row of import_error each, and the others nothing
SELECT status FROM ingest_import('a', pg_temp.page(
  pg_temp.eb('4', 'Bon', 4, 20, 'Salle'),
  pg_temp.eb('5', 'Sans début', 4, 20, 'Salle', '{"start": null}'),
  pg_temp.eb('6', 'x', 4, 20, 'Salle') - 'id',
  pg_temp.eb('7', 'x', 4, 20, 'Salle', '{"name": null}'),
  '"not an event"'));
SELECT * FROM pg_temp.last_job;
SELECT source_id, position, error_class, field, message, payload IS NOT NULL AS has_payload, resolved_at
  FROM ingest.import_error ORDER BY id;
-- and are settled when the record comes right
SELECT status FROM ingest_import('a', pg_temp.page(pg_temp.eb('5', 'Avec début', 4, 20, 'Salle')));
SELECT source_id, resolved_at IS NOT NULL AS resolved FROM ingest.import_error WHERE source_id = '5';

-- what PostgreSQL itself refuses is isolated too
CREATE FUNCTION pg_temp.bomb() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE check_violation USING MESSAGE = 'no bombs'; END $$;
CREATE TRIGGER bomb BEFORE INSERT ON ingest.listing FOR EACH ROW WHEN (NEW.title = 'Bombe')
  EXECUTE FUNCTION pg_temp.bomb();
SELECT status FROM ingest_import('a', (SELECT jsonb_build_object('events', jsonb_agg(
  pg_temp.eb((100 + i)::text, CASE WHEN i IN (7, 33) THEN 'Bombe' ELSE 'Série ' || i END, 5, 12, 'Salle ' || i)))::text
  FROM generate_series(1, 60) i));
SELECT * FROM pg_temp.last_job;
SELECT source_id, error_class, sqlstate, message FROM ingest.import_error WHERE source_id > '100' AND source_id < '200' ORDER BY 1;
DROP TRIGGER bomb ON ingest.listing;

-- nothing but refusals is a failure; an empty list is none
SELECT status FROM ingest_import('a', pg_temp.page(pg_temp.eb('8', 'x', 4, 20, 'Salle', '{"start": null}')));
SELECT status, nb_fetched FROM ingest_import('a', '{"events": []}');

-- what is not a page fails whole, and stores nothing
SELECT status FROM ingest_import('a', '{"events": [');
SELECT status FROM ingest_import('a', '<html>');
SELECT status FROM ingest_import('nobody', '{}');
SELECT count(*) AS running FROM ingest.import_job WHERE status = 'running';

-- the counters of every finished job add up
SELECT count(*) FROM ingest.import_job
 WHERE nb_fetched <> nb_created + nb_updated + nb_skipped + nb_errors;

-- the same without storing
SELECT position, source_id, title, starts_at, start_precision, venue_name, city, country, currency, problem, error_class
  FROM ingest_parse('eventbrite', pg_temp.page(pg_temp.eb('1', 'Jazz', 1, 20, 'Parc Jarry'), pg_temp.eb('2', 'x', 1, 20) - 'start'),
                    '{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}');
SELECT * FROM ingest_parse('eventbrite', '[', '{"organizer_ids": ["1"]}');
