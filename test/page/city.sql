-- A scene for the page: seven sources of a city and their last sixty days, or
-- as many as the variable "days" says.
--
--   psql -X -d DATABASE -f test/page/city.sql      in an empty database
--
-- Three are broken, in three ways: eventbrite's token was revoked and it is
-- paused, Ticketmaster answers 503, the libraries' calendar came empty.  Of the
-- other four one has held withdrawals, one refused records, one an odd hour.
-- Nothing is fetched; the rows are those that runs would have left, and the
-- roll-ups are made of them by the extension itself.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?days} \else \set days 60 \endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS ingest;
SET timezone = 'America/Toronto';
SET jit = off;
BEGIN;

-- how each behaves: every how many hours, how many records, how much of it new
CREATE TEMP TABLE habit (place, name, connector, every, fetched, fresh, changed, ms, config) AS VALUES
  (1, 'eventbrite',     'eventbrite',   interval '3 hours',  64,  1.1, 0.5,  2400, '{"organizer_ids": ["1001", "1002"]}'::jsonb),
  (2, 'ticketmaster',   'ticketmaster', interval '6 hours',  412, 3.0, 2.0,  9800, '{"city": "Montréal", "country": "CA"}'),
  (3, 'bibliothèques',  'ics',          interval '4 hours',  214, 2.2, 0.6,  800,  '{"url": "https://calendrier.example/bibliotheques.ics"}'),
  (4, 'montreal',       'montreal',     interval '12 hours', 983, 9.0, 6.0,  14200, '{}'),
  (5, 'meetup',         'meetup',       interval '6 hours',  118, 2.0, 1.0,  3100, '{"groups": ["montreal-python", "randonnees-urbaines"]}'),
  (6, 'agenda culturel', 'jsonld',      interval '8 hours',  76,  1.5, 0.8,  21000, '{"urls": ["https://agenda.example/"]}'),
  (7, 'université',     'ics',          interval '1 day',    41,  1.4, 0.3,  650,  '{"url": "https://calendrier.example/universite.ics"}');

INSERT INTO ingest.source (name, connector, config, schedule, timezone, priority, created_at)
SELECT name, connector, config, extract(epoch FROM every) / 3600 || ' hours', 'America/Toronto', 100 + place, now() - interval '60 days'
  FROM habit ORDER BY place;
INSERT INTO ingest.home
SELECT (SELECT system_identifier FROM pg_control_system()), oid FROM pg_database WHERE datname = current_database()
ON CONFLICT DO NOTHING;

-- ---------------------------------------------------------------------------
-- Their runs, the latest first in n
-- ---------------------------------------------------------------------------

CREATE TEMP TABLE run AS
SELECT r.*, r.broken OR r.hiccup AS lost
  FROM (SELECT h.place, h.name AS source, n, now() - make_interval(mins => 7 + 11 * h.place) - n * h.every AS at, dice.dice,
               h.ms * (0.7 + dice.dice / 130.0) * CASE WHEN h.place = 2 AND n < 6 THEN 0.3 ELSE 1 END AS ms,
               CASE h.place WHEN 1 THEN n < 3 WHEN 2 THEN n < 6 WHEN 3 THEN n = 0 ELSE false END AS broken,
               h.connector = 'ics' AND n > 20 AND dice.dice = 41 AS hiccup,
               (h.fetched * (1 + sin(n / 9.0) / 25))::int AS seen,
               greatest(0, (h.fresh * (dice.dice - 45) / 25.0)::int) AS fresh,
               CASE WHEN dice.dice % 4 = 0 THEN (h.changed * 4)::int ELSE 0 END AS changed,
               CASE WHEN dice.dice % 17 = 0 THEN 1 ELSE 0 END AS gone,
               CASE WHEN h.place = 5 AND n % 9 = 4 THEN 2 ELSE 0 END AS refused
          FROM habit h
         CROSS JOIN LATERAL generate_series(0, (:days * 86400 / extract(epoch FROM h.every))::int - 1) AS n
         CROSS JOIN LATERAL (SELECT (n * 7919 + h.place * 131) % 100 AS dice) dice) r;
UPDATE run SET seen = 0, fresh = 0, changed = 0, gone = 0, refused = 0 WHERE lost;

INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_created, nb_updated, nb_skipped,
                               nb_errors, nb_merged, nb_withdrawn, skip_reasons, nb_pages, nb_requests, nb_retries, bytes_received,
                               http_status, error_class, sqlstate, error_message, error_hint)
SELECT r.source, CASE
                   WHEN r.broken AND r.place = 3 THEN 'empty'
                   WHEN r.lost THEN 'failed'
                   WHEN r.refused > 0 THEN 'partial'
                   WHEN r.fresh + r.changed + r.gone = 0 THEN 'no_change'
                   ELSE 'success'
                 END,
       'schedule', 'ingest', r.at, r.at + r.ms * interval '1 millisecond',
       r.seen, r.fresh, r.changed, r.seen - r.fresh - r.changed - r.refused, r.refused, r.fresh / 3, r.gone,
       CASE WHEN r.seen > 0 THEN jsonb_build_object('unchanged', r.seen - r.fresh - r.changed - r.refused) ELSE '{}' END,
       1 + r.seen / 50, 1 + r.seen / 50, CASE WHEN f.class = 'upstream' THEN 4 ELSE 0 END, r.seen * 2100,
       f.status, f.class, f.sqlstate, f.message, f.hint
  FROM run r
  LEFT JOIN (VALUES
         (true, 1, 401, 'auth', '28000', 'Eventbrite answered 401 INVALID_AUTH to the request for the events of organizer 1001, page 1',
          'The token may have been revoked; set a new one with SELECT ingest_set_credential(''eventbrite'', ''token'', ''…'').'),
         (true, 2, 503, 'upstream', '38000', 'Ticketmaster answered 503 to the request for the events of the next 60 days, page 3',
          'The fault is Ticketmaster''s; the next run tries again.'),
         (false, 3, 503, 'upstream', '38000', 'upstream answered 503 Service Unavailable to https://calendrier.example/bibliotheques.ics', NULL),
         (false, 7, 503, 'upstream', '38000', 'upstream answered 503 Service Unavailable to https://calendrier.example/universite.ics', NULL))
       AS f (broken, place, status, class, sqlstate, message, hint)
    ON f.place = r.place AND f.broken = r.broken AND r.lost
 ORDER BY r.at;

INSERT INTO ingest.source_state (source, next_run_at, last_run_at, last_success_at, consecutive_failures, paused_at, paused_reason)
SELECT h.name, CASE h.place WHEN 2 THEN now() + interval '52 minutes' ELSE r.last_run_at + h.every + interval '11 seconds' END,
       r.last_run_at, r.last_success_at, r.failures,
       CASE WHEN h.place = 1 THEN r.last_run_at END,
       CASE WHEN h.place = 1 THEN '3 runs in a row failed, the last by its credential: ' || r.message END
  FROM habit h
  JOIN (SELECT j.source, max(j.started_at) AS last_run_at, max(j.started_at) FILTER (WHERE j.status <> 'failed') AS last_success_at,
               count(*) FILTER (WHERE j.status = 'failed' AND j.started_at > now() - interval '40 hours') AS failures,
               min(j.error_message) AS message
          FROM ingest.import_job j GROUP BY j.source) r ON r.source = h.name
ON CONFLICT (source) DO UPDATE
   SET next_run_at = excluded.next_run_at, last_run_at = excluded.last_run_at, last_success_at = excluded.last_success_at,
       consecutive_failures = excluded.consecutive_failures, paused_at = excluded.paused_at, paused_reason = excluded.paused_reason;

-- what the runs leave behind themselves, one after the other
DO $$
DECLARE
  job int8;
BEGIN
  FOR job IN SELECT id FROM ingest.import_job ORDER BY started_at, id LOOP
    PERFORM ingest.roll_up(job);
  END LOOP;
END $$;

-- ---------------------------------------------------------------------------
-- What they list
-- ---------------------------------------------------------------------------

CREATE TEMP TABLE words (n, act, place, street, latitude, longitude) AS
SELECT row_number() OVER () - 1, v.* FROM (VALUES
  ('Quatuor Molinari', 'Salle Bourgie', '1339, rue Sherbrooke Ouest', 45.4987, -73.5794),
  ('Atelier de linogravure', 'Maison de la culture Claude-Léveillée', '911, rue Jean-Talon Est', 45.5403, -73.6127),
  ('Heure du conte', 'Bibliothèque Mordecai-Richler', '5434, avenue du Parc', 45.5223, -73.6025),
  ('Python Night', 'Shopify', '490, rue De La Gauchetière Ouest', 45.5036, -73.5624),
  ('Match des Alouettes', 'Stade Percival-Molson', '475, avenue des Pins Ouest', 45.5101, -73.5808),
  ('Randonnée au clair de lune', 'Parc du Mont-Royal', '1260, chemin Remembrance', 45.5017, -73.5963),
  ('Café philo', 'Café Olimpico', '124, rue Saint-Viateur Ouest', 45.5240, -73.6006),
  ('Jeudis jazz', 'Upstairs', '1254, rue Mackay', 45.4957, -73.5765),
  ('Ciné-club : Les bons débarras', 'Cinémathèque québécoise', '335, boulevard De Maisonneuve Est', 45.5148, -73.5628),
  ('Marché fermier', 'Place Gilles-Vigneault', '3333, rue Jarry Est', 45.5680, -73.6100),
  ('Swing au square', 'Square Saint-Louis', '3500, rue Laval', 45.5171, -73.5695),
  ('Improv in English', 'Théâtre Sainte-Catherine', '264, rue Sainte-Catherine Est', 45.5128, -73.5628),
  ('Conférence : la ville la nuit', 'Pavillon Judith-Jasmin', '405, rue Sainte-Catherine Est', 45.5131, -73.5605)
) AS v;

-- what a source does not say of an event, in percent
CREATE TEMP TABLE gap (source, field, percent) AS VALUES
  ('eventbrite', 'description', 8), ('eventbrite', 'language', 100), ('eventbrite', 'image_url', 12),
  ('ticketmaster', 'description', 70), ('ticketmaster', 'ends_at', 96), ('ticketmaster', 'organizer', 30),
  ('bibliothèques', 'image_url', 100), ('bibliothèques', 'price', 100), ('bibliothèques', 'latitude', 60), ('bibliothèques', 'organizer', 100),
  ('montreal', 'image_url', 0), ('montreal', 'organizer', 100), ('montreal', 'venue_name', 9), ('montreal', 'description', 2),
  ('meetup', 'image_url', 45), ('meetup', 'price', 55), ('meetup', 'category', 100), ('meetup', 'address', 21),
  ('agenda culturel', 'ends_at', 62), ('agenda culturel', 'latitude', 80), ('agenda culturel', 'language', 100), ('agenda culturel', 'price', 38),
  ('université', 'image_url', 100), ('université', 'price', 100), ('université', 'latitude', 100), ('université', 'category', 100);

CREATE TEMP TABLE told AS
SELECT h.name AS source, i, w.act || CASE WHEN i >= 13 THEN format(' (%s)', 1 + i / 13) ELSE '' END AS title, p.place, p.street, p.latitude, p.longitude,
       date_trunc('hour', now()) - interval '6 days' + make_interval(days => (i * 37) % 70, hours => 24 + (12 + (i * 5) % 9 - extract(hour FROM now()))::int) AS starts_at,
       (i * 7919 + h.place * 104729) % 100 AS dice
  FROM habit h
 CROSS JOIN LATERAL generate_series(0, h.fetched - 1) AS i
  JOIN words w ON w.n = (i * 5 + h.place * 2) % 13
  JOIN words p ON p.n = (w.n + i / 13 * h.place) % 13;
-- has it that field?
CREATE FUNCTION pg_temp.says(of text, what text, dice int) RETURNS bool LANGUAGE sql AS
$$ SELECT coalesce((SELECT dice >= g.percent FROM gap g WHERE g.source = of AND g.field = what), true) $$;

INSERT INTO ingest.event (title, description, url, image_url, status, starts_at, ends_at, all_day, start_precision, timezone,
                          venue_name, address, city, country, latitude, longitude, organizer, category, language, is_free,
                          nb_listings, sources, created_at, updated_at, series_id)
SELECT t.title, CASE WHEN pg_temp.says(t.source, 'description', t.dice) THEN 'Entrée libre, places limitées.' END,
       'https://evenements.example/' || t.i, CASE WHEN pg_temp.says(t.source, 'image_url', t.dice) THEN 'https://evenements.example/i.jpg' END,
       'scheduled', t.starts_at, CASE WHEN pg_temp.says(t.source, 'ends_at', t.dice) THEN t.starts_at + interval '2 hours' END, false, 'minute',
       'America/Toronto', CASE WHEN pg_temp.says(t.source, 'venue_name', t.dice) THEN t.place END,
       CASE WHEN pg_temp.says(t.source, 'address', t.dice) THEN t.street END, 'Montréal', 'CA',
       CASE WHEN pg_temp.says(t.source, 'latitude', t.dice) THEN t.latitude END,
       CASE WHEN pg_temp.says(t.source, 'latitude', t.dice) THEN t.longitude END,
       CASE WHEN pg_temp.says(t.source, 'organizer', t.dice) THEN 'Ville de Montréal' END,
       CASE WHEN pg_temp.says(t.source, 'category', t.dice) THEN 'music' END,
       CASE WHEN pg_temp.says(t.source, 'language', t.dice) THEN 'fr' END,
       CASE WHEN pg_temp.says(t.source, 'price', t.dice) THEN t.i % 3 = 0 END,
       1, ARRAY[t.source], now() - interval '30 days', now() - interval '2 days', t.source || '/' || t.i
  FROM told t;
INSERT INTO ingest.listing (source, source_id, event_id, title, description, url, image_url, status, starts_at, ends_at, all_day,
                            start_precision, timezone, venue_name, address, city, country, latitude, longitude, organizer, category,
                            language, is_free, raw_hash, content_hash, match_hash, first_seen_at, updated_at, last_seen_job)
SELECT e.sources[1], split_part(e.series_id, '/', 2), e.id, e.title, e.description, e.url, e.image_url, e.status, e.starts_at, e.ends_at, e.all_day,
       e.start_precision, e.timezone, e.venue_name, e.address, e.city, e.country, e.latitude, e.longitude, e.organizer, e.category,
       e.language, e.is_free, 0, 0, 0, now() - interval '50 days', e.updated_at, 0
  FROM ingest.event e;
UPDATE ingest.event SET series_id = NULL;

-- as the last runs counted them; the end was once given of nearly all
SELECT ingest.count_source(name, 0) FROM habit \g /dev/null
UPDATE ingest.source_quality SET usual = 0.71 WHERE source = 'agenda culturel' AND field = 'ends_at';
SELECT ingest.count_source('agenda culturel', 0) \g /dev/null

-- ---------------------------------------------------------------------------
-- What a person should look at
-- ---------------------------------------------------------------------------

INSERT INTO ingest.import_error (job_id, source, source_id, position, error_class, field, message, payload, created_at)
SELECT j.id, j.source, 'm' || j.id || n, n, 'data', 'start', '"demain soir" is not a date', '{"name": "Apéro"}', j.finished_at
  FROM (SELECT * FROM ingest.import_job WHERE nb_errors > 0 ORDER BY started_at DESC LIMIT 3) j, generate_series(1, 2) AS n;

-- a third of the university's calendar is gone at once
UPDATE ingest.listing SET missing_runs = 2, missing_since = now() - interval '2 days'
 WHERE source = 'université' AND id % 3 = 0 AND starts_at > now();
INSERT INTO ingest.withdrawal_hold
SELECT source, (SELECT max(id) FROM ingest.import_job j WHERE j.source = 'université'), now() - interval '1 day', array_agg(id ORDER BY id),
       (SELECT count(*) FROM ingest.listing WHERE source = 'université' AND starts_at > now())
  FROM ingest.listing WHERE source = 'université' AND missing_runs > 0 GROUP BY source;
UPDATE ingest.listing SET missing_runs = 1, missing_since = now() - interval '6 hours'
 WHERE id IN (SELECT id FROM ingest.listing WHERE source = 'meetup' AND starts_at > now() ORDER BY starts_at LIMIT 2);
UPDATE ingest.listing SET missing_runs = 2, missing_since = now() - interval '5 days', withdrawn_at = now() - interval '4 days'
 WHERE id IN (SELECT id FROM ingest.listing WHERE source = 'montreal' AND starts_at > now() ORDER BY starts_at LIMIT 4);

-- pairs that may be one event
CREATE TEMP TABLE pair (n, title_a, title_b, apart, venue_b, score, reason) AS VALUES
  (1, 'Quatuor Molinari : Beethoven, op. 132', 'Le Molinari joue Beethoven', interval '0', NULL, 0.81, 'the titles have one word in common'),
  (2, 'Heure du conte en pyjama', 'Heure du conte', interval '30 minutes', 'Bibliothèque du Mile End', 0.77, 'starts 30 minutes apart'),
  (3, 'Marché fermier de Villeray', 'Marché fermier', interval '0', 'Parc Jarry', 0.74, 'different places');
INSERT INTO ingest.match_review
SELECT least(a.id, b.id), greatest(a.id, b.id), p.score,
       jsonb_build_object('title', p.score - 0.1, 'venue', 0.9, 'reasons', jsonb_build_array(p.reason)), now() - p.n * interval '20 hours'
  FROM pair p
  JOIN ingest.listing a ON a.source = 'montreal' AND a.source_id = (100 + p.n)::text
  JOIN ingest.listing b ON b.source = 'eventbrite' AND b.source_id = (10 + p.n)::text;
UPDATE ingest.listing l SET title = p.title_a, starts_at = date_trunc('day', now()) + interval '9 days 19 hours', venue_name = w.place
  FROM pair p, words w WHERE w.n = p.n - 1 AND l.source = 'montreal' AND l.source_id = (100 + p.n)::text;
UPDATE ingest.listing l SET title = p.title_b, starts_at = date_trunc('day', now()) + interval '9 days 19 hours' + p.apart, venue_name = coalesce(p.venue_b, w.place)
  FROM pair p, words w WHERE w.n = p.n - 1 AND l.source = 'eventbrite' AND l.source_id = (10 + p.n)::text;
COMMIT;
ANALYZE;
