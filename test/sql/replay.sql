-- ingest_replay(): records that a job left, mapped again
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'America/Toronto';

CREATE VIEW pg_temp.listings AS
  SELECT source_id, title, venue_name, status, starts_at FROM ingest.listing WHERE source = 'agenda' ORDER BY source_id;
CREATE FUNCTION pg_temp.mapped(title text, venue text) RETURNS void LANGUAGE sql AS $$
  UPDATE ingest.source SET config = jsonb_build_object('url', 'https://agenda.example/events', 'records', '/items',
    'window_end', '2096-01-01T00:00:00Z', 'mapping', jsonb_strip_nulls(jsonb_build_object('source_id', '/id', 'title', title, 'starts_at', '/when',
    'venue_name', venue))) WHERE name = 'agenda'
$$;
SELECT name FROM ingest_add_source('agenda', 'json', '{"url": "https://agenda.example/events", "records": "/items",
  "mapping": {"source_id": "/id", "title": "/name", "starts_at": "/when"}}', timezone => 'America/Toronto');
SELECT pg_temp.mapped('/name', NULL);

-- what a job got
SELECT id AS first, status, nb_created, nb_errors FROM ingest_import('agenda', '{"items": [
  {"id": 1, "name": "Jazz", "titre": "Jazz au parc", "when": "2095-06-01T20:00:00-04:00", "salle": "Parc Jarry"},
  {"id": 2, "name": "Pain", "titre": "Atelier de pain", "when": "2095-06-02T20:00:00-04:00", "salle": "Chez Rita"},
  {"id": 3, "titre": "Sans nom", "when": "2095-06-03T20:00:00-04:00", "salle": "Salle 3"},
  {"name": "Sans id", "titre": "Sans id", "when": "2095-06-03T20:00:00-04:00"}]}') \gset first_
\echo :first_status :first_nb_created :first_nb_errors
TABLE pg_temp.listings;

-- by the same mapping nothing changes; what was refused is refused by the new job now
SELECT id AS second, trigger, status, nb_fetched, nb_created, nb_updated, nb_skipped, nb_errors, skip_reasons, nb_requests
  FROM ingest_replay(:first_first) \gset second_
\echo :second_trigger :second_status :second_nb_fetched :second_nb_created :second_nb_updated :second_nb_skipped :second_nb_errors :second_skip_reasons :second_nb_requests
SELECT job_id = :first_first AS of_first, source_id, field, resolved_at IS NOT NULL AS settled FROM ingest.import_error ORDER BY id;

-- the rows follow a change of the mapping, times and again, and so do the events
SELECT pg_temp.mapped('/titre', '/salle');
SELECT status, nb_updated FROM ingest_replay(:first_first);
TABLE pg_temp.listings;
SELECT e.title, e.venue_name FROM ingest.event e ORDER BY e.id;
SELECT status, nb_updated, skip_reasons FROM ingest_replay(:first_first);
SELECT pg_temp.mapped('/name', '/salle');
SELECT status, nb_updated FROM ingest_replay(:first_first);
SELECT title FROM pg_temp.listings;
SELECT pg_temp.mapped('/titre', '/salle');
SELECT status, nb_updated FROM ingest_replay(:first_first);

-- refused records come right; the record without an id does not
SELECT status, nb_created, nb_errors FROM ingest_replay(:second_second);
TABLE pg_temp.listings;
SELECT source_id, count(*) FROM ingest.import_error WHERE resolved_at IS NULL GROUP BY 1;
SELECT nb_updated, nb_skipped FROM ingest_replay(:first_first);

-- nobody was asked: what is missing, gone or due stays as it is
UPDATE ingest.listing SET missing_runs = 1, missing_since = '2027-01-01' WHERE source_id = '1';
UPDATE ingest.listing SET withdrawn_at = '2027-01-01', status = 'withdrawn' WHERE source_id = '2';
UPDATE ingest.source_state SET cursor = '{"a": 1}', http_cache = '{"b": 2}', not_before = '2095-01-01', consecutive_failures = 3,
  last_success_at = '2027-01-01' WHERE source = 'agenda';
SELECT to_jsonb(s) AS before FROM ingest.source_state s WHERE source = 'agenda' \gset
SELECT pg_temp.mapped('/name', '/salle');
SELECT nb_updated, nb_withdrawn FROM ingest_replay(:first_first);
SELECT source_id, title, status, missing_runs, missing_since, withdrawn_at IS NOT NULL AS withdrawn FROM ingest.listing ORDER BY 1;
SELECT to_jsonb(s) = :'before' AS state_as_before FROM ingest.source_state s WHERE source = 'agenda';

-- what is over is mapped again as well
UPDATE ingest.listing SET raw = '{"id": 1, "name": "Jazz hier", "when": "2020-06-01T20:00:00-04:00"}' WHERE source_id = '1';
UPDATE ingest.source SET config = config || '{"language": "fr"}' WHERE name = 'agenda';
SELECT nb_updated FROM ingest_replay(:first_first);
SELECT title, starts_at FROM pg_temp.listings WHERE source_id = '1';

-- a record that would be another listing now is left alone
UPDATE ingest.source SET config = jsonb_set(config, '{mapping,source_id}', '"/name"') WHERE name = 'agenda';
SELECT nb_created, nb_updated, skip_reasons FROM ingest_replay(:first_first);
UPDATE ingest.source SET config = jsonb_set(config, '{mapping,source_id}', '"/id"') WHERE name = 'agenda';

-- an old refusal does not come over what is newer
INSERT INTO ingest.import_error (job_id, source, error_class, message, payload)
  VALUES (:first_first, 'agenda', 'mapping', 'old', '{"id": 4, "name": "Ancien", "when": "2095-06-04T20:00:00-04:00"}');
SELECT nb_created FROM ingest_import('agenda', '{"items": [{"id": 4, "name": "Nouveau", "when": "2095-06-04T20:00:00-04:00"}]}');
SELECT nb_created, nb_updated, skip_reasons FROM ingest_replay(:first_first);
SELECT title FROM pg_temp.listings WHERE source_id = '4';

-- refused: nothing kept, nothing known, not without its page
SELECT count(*) FROM ingest_replay((SELECT max(id) FROM ingest.import_job));
SELECT count(*) FROM ingest_replay(999999);
UPDATE ingest.source SET config = config || '{"keep_raw": false}' WHERE name = 'agenda';
SELECT id AS bare FROM ingest_import('agenda', '{"items": [{"id": 5, "name": "Nu", "when": "2095-06-05T20:00:00-04:00"}]}') \gset
SELECT ingest_replay(:bare) IS NULL;
SELECT name FROM ingest_add_source('club', 'ics', '{"url": "https://club.example/a.ics"}');
SELECT id AS club FROM ingest_import('club', E'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20950601T190000Z\r\nSUMMARY:Jazz\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n') \gset
SELECT ingest_replay(:club) IS NULL;
BEGIN READ ONLY;
SELECT ingest_replay(:first_first) IS NULL;
ROLLBACK;

-- without keep_raw what is kept is used, and stays
SELECT nb_fetched FROM ingest_replay(:first_first);
SELECT count(*) FROM ingest.listing WHERE source_id IN ('1', '2', '3') AND raw IS NOT NULL;
SELECT bool_and(nb_fetched = nb_created + nb_updated + nb_skipped + nb_errors) AS counters_add_up,
       bool_and(nb_requests = 0 AND requested_by = current_user) AS asked_nobody FROM ingest.import_job WHERE trigger = 'replay';
