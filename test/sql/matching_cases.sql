-- Fifty-four cases that systems of this kind get wrong, by number, each in days
-- of its own.  Those that need runs or other sessions are proven in t/:
--   41 unstable ids               122_matching_ids
--   48 gone from one source       122_matching_ids
--   49 gone, and back             122_matching_ids, 017_withdrawals
--   50 eight sources at once      121_matching_race
--   51 any order of arrival       120_matching_order
-- More of 42 is in 020_ics_runs, and of 46 in matching_people.
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'America/Toronto';
SET datestyle = iso;
-- bounded time is part of it
SET statement_timeout = '120s';

-- sources x, y and z speak the same language
SELECT count(ingest_add_source(s, 'json', $${
  "url": "https://example.org/api", "records": "/e", "window_start": "2089-01-01", "window_end": "2110-01-01",
  "mapping": {"source_id": "/id", "title": "/title", "starts_at": "/at", "ends_at": "/to", "venue_name": "/venue", "address": "/address",
              "city": "/city", "latitude": "/lat", "longitude": "/lon", "url": "/url", "is_online": "/online", "series_id": "/series",
              "status": {"pointer": "/status", "default": "scheduled"}}}$$, timezone => 'America/Toronto'))
  FROM unnest('{x,y,z}'::text[]) s;

-- a record of case n; "at" is a time, or absent: all day; "day", "days" and "to" tell when else; "on": the date itself
CREATE FUNCTION pg_temp.record(n text, side text, e jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT e || jsonb_strip_nulls(jsonb_build_object('id', n || side,
           'at', day + coalesce((e ->> 'day')::int, 0) || coalesce('T' || (e ->> 'at') || ':00', ''),
           'to', CASE WHEN e ? 'to' THEN day + coalesce((e ->> 'day')::int, 0) || 'T' || (e ->> 'to') || ':00'
                      WHEN e ? 'days' THEN (day + coalesce((e ->> 'day')::int, 0) + (e ->> 'days')::int)::text END))
    FROM (SELECT coalesce((e ->> 'on')::date, date '2090-01-01' + 10 * substring(n, '\d+')::int) AS day) d $$;
CREATE FUNCTION pg_temp.push(source text, VARIADIC records jsonb[]) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s created, %s updated, %s merged, %s in review, %s refused', nb_created, nb_updated, nb_merged, nb_review, nb_errors)
    FROM ingest_import(source, jsonb_build_object('e', to_jsonb(records))::text) $$;
CREATE FUNCTION pg_temp.push(source text, n text, e jsonb, side text DEFAULT 'a') RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.push(source, pg_temp.record(n, side, e)) $$;
-- listing "x/11a", its event, the matcher's word for two, and whether listings are one event
CREATE FUNCTION pg_temp.l(name text) RETURNS int8 LANGUAGE sql AS $$ SELECT id FROM ingest.listing WHERE source || '/' || source_id = name $$;
CREATE FUNCTION pg_temp.e(name text) RETURNS int8 LANGUAGE sql AS $$ SELECT event_id FROM ingest.listing WHERE source || '/' || source_id = name $$;
CREATE FUNCTION pg_temp.verdict(a text, b text) RETURNS text LANGUAGE sql AS $$ SELECT ingest_match(pg_temp.l(a), pg_temp.l(b)) ->> 'verdict' $$;
CREATE FUNCTION pg_temp.nb_events(n text) RETURNS int8 LANGUAGE sql AS $$
  SELECT count(DISTINCT event_id) FROM ingest.listing WHERE source_id ~ ('^' || n || '([^0-9]|$)') $$;

INSERT INTO ingest.venue_alias VALUES ('metropolis', 'mtelus', 'x');

-- ---------------------------------------------------------------------------
-- Pairs of listings, of two sources where nothing else is said
-- ---------------------------------------------------------------------------

CREATE TEMP TABLE cases (n text, name text, a jsonb, b jsonb, expected text, source_a text DEFAULT 'x', source_b text DEFAULT 'y');
INSERT INTO cases (n, name, a, b, expected) VALUES
  ('1', 'weekly', '{"title": "Heure du conte", "at": "10:00", "venue": "Bibliothèque Frontenac"}', '{"title": "Heure du conte", "at": "10:00", "day": 7, "venue": "Bibliothèque Frontenac"}', 'distinct'),
  ('2', 'two showtimes', '{"title": "Les Belles-Sœurs", "on": "2090-07-07", "at": "13:00", "venue": "Théâtre Outremont"}', '{"title": "Les Belles-Sœurs", "on": "2090-07-07", "at": "19:00", "venue": "Théâtre Outremont"}', 'distinct'),
  ('3', 'two showtimes in winter', '{"title": "Les Belles-Sœurs", "on": "2090-01-07", "at": "14:00", "venue": "Théâtre Outremont"}', '{"title": "Les Belles-Sœurs", "on": "2090-01-07", "at": "20:00", "venue": "Théâtre Outremont"}', 'distinct'),
  ('4', 'close sessions', '{"title": "Éducazoo", "at": "10:00", "to": "11:00", "venue": "Bibliothèque Frontenac"}', '{"title": "Éducazoo", "at": "11:15", "to": "12:15", "venue": "Bibliothèque Frontenac"}', 'distinct'),
  ('4b', 'closer sessions', '{"title": "Éducazoo", "at": "10:00", "to": "10:45", "venue": "Bibliothèque Frontenac"}', '{"title": "Éducazoo", "at": "10:45", "to": "11:30", "venue": "Bibliothèque Frontenac"}', 'distinct'),
  ('6', 'untimed, one show', '{"title": "Patrick Watson", "venue": "MTELUS"}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('8', 'a real midnight', '{"title": "Nuit blanche Piknic", "at": "00:00", "day": 1, "venue": "Parc Jean-Drapeau"}', '{"title": "Nuit blanche Piknic", "at": "23:59", "venue": "Parc Jean-Drapeau"}', 'same or review'),
  ('9', 'UTC read as local', '{"title": "Patrick Watson", "on": "2090-01-20", "at": "19:00", "venue": "MTELUS"}', '{"title": "Patrick Watson", "on": "2090-01-20", "at": "00:00", "day": 1, "venue": "MTELUS"}', 'review'),
  ('11', 'doors, and show half an hour later', '{"title": "Patrick Watson", "at": "19:00", "venue": "MTELUS"}', '{"title": "Patrick Watson", "at": "19:30", "venue": "MTELUS"}', 'same'),
  ('11b', 'an hour later', '{"title": "Klô Pelgag", "at": "19:00", "venue": "MTELUS"}', '{"title": "Klô Pelgag", "at": "20:00", "venue": "MTELUS"}', 'review'),
  ('12', 'festival and a day of it', '{"title": "Festival Osheaga", "days": 3, "venue": "Parc Jean-Drapeau"}', '{"title": "Festival Osheaga", "at": "12:00", "day": 1, "venue": "Parc Jean-Drapeau"}', 'distinct'),
  ('13', 'festival and its first day', '{"title": "Festival Osheaga", "days": 3, "venue": "Parc Jean-Drapeau"}', '{"title": "Festival Osheaga", "days": 1, "venue": "Parc Jean-Drapeau"}', 'distinct'),
  ('14', 'exhibition and opening', '{"title": "Riopelle : à la croisée", "days": 9, "venue": "Musée McCord"}', '{"title": "Riopelle : à la croisée, vernissage", "at": "18:00", "to": "21:00", "venue": "Musée McCord"}', 'distinct'),
  ('15', 'French and English', '{"title": "Marché de Noël", "at": "11:00", "venue": "Place Émilie-Gamelin"}', '{"title": "Christmas Market", "at": "11:00", "venue": "Place Émilie-Gamelin"}', 'same'),
  ('15b', 'half an hour apart', '{"title": "Marché de Noël", "at": "11:00", "day": 2, "venue": "Place Émilie-Gamelin"}', '{"title": "Christmas Market", "at": "11:45", "day": 2, "venue": "Place Émilie-Gamelin"}', 'review'),
  ('16', 'a name in both', '{"title": "Soirée jazz Oscar Peterson", "at": "20:00", "venue": "Upstairs"}', '{"title": "Oscar Peterson Jazz Night", "at": "20:00", "venue": "Upstairs"}', 'same'),
  ('17', 'bilingual title', '{"title": "La nuit des chercheurs / Researchers'' Night", "at": "18:00", "venue": "Agora"}', '{"title": "La nuit des chercheurs", "at": "18:00", "venue": "Agora"}', 'same'),
  ('18', 'venue renamed, by alias', '{"title": "Daniel Bélanger", "at": "20:00", "venue": "Métropolis"}', '{"title": "Daniel Bélanger", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('19', 'room and building', '{"title": "Orchestre Métropolitain : Mahler", "at": "19:30", "venue": "Salle Wilfrid-Pelletier, Place des Arts"}', '{"title": "Orchestre Métropolitain : Mahler", "at": "19:30", "venue": "Place des Arts"}', 'same'),
  ('19b', 'room and building, by address', '{"title": "Orchestre Métropolitain : Bruckner", "at": "19:30", "venue": "Salle Wilfrid-Pelletier", "address": "175, rue Sainte-Catherine Ouest"}', '{"title": "Orchestre Métropolitain : Bruckner", "at": "19:30", "venue": "Place des Arts", "address": "175 rue Ste-Catherine O"}', 'same'),
  ('19c', 'two rooms', '{"title": "Journées de la culture", "at": "19:30", "venue": "Salle Wilfrid-Pelletier, Place des Arts", "address": "175, rue Sainte-Catherine Ouest"}', '{"title": "Journées de la culture", "at": "19:30", "venue": "Théâtre Maisonneuve, Place des Arts", "address": "175, rue Sainte-Catherine Ouest"}', 'distinct'),
  ('20', 'same slot, other act', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS"}', '{"title": "Klô Pelgag", "at": "20:00", "venue": "MTELUS"}', 'distinct'),
  ('21', 'template', '{"title": "Rencontrez votre élu – Nicholas Borne", "at": "19:00", "venue": "Salle du conseil"}', '{"title": "Rencontrez votre élu – Yannick Langlois", "at": "19:00", "venue": "Salle du conseil"}', 'distinct'),
  ('22', 'same title elsewhere', '{"title": "Patrick Watson", "at": "20:00", "venue": "Palais Montcalm", "lat": 46.81372, "lon": -71.21457}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS", "lat": 45.51061, "lon": -73.56323}', 'distinct'),
  ('23', 'no venue on one side', '{"title": "Tout petits contes", "at": "10:00"}', '{"title": "Tout petits contes", "at": "10:00", "venue": "Bibliothèque Frontenac"}', 'same'),
  ('24', 'no venue, both generic', '{"title": "Concert", "at": "20:00"}', '{"title": "Concert", "at": "20:00"}', 'distinct'),
  ('25', 'online both', '{"title": "Atelier Kombucha", "at": "20:00", "online": true, "url": "https://us02web.zoom.us/j/81234567890"}', '{"title": "Atelier Kombucha", "at": "20:00", "online": true, "url": "https://us02web.zoom.us/j/81234567890?pwd=x1"}', 'same'),
  ('25b', 'other meeting', '{"title": "Atelier Kéfir", "at": "20:00", "online": true, "url": "https://us02web.zoom.us/j/81234567890"}', '{"title": "Atelier Kéfir", "at": "20:00", "online": true, "url": "https://us02web.zoom.us/j/89999999999"}', 'distinct'),
  ('26', 'hybrid', '{"title": "Colloque Anticosti", "at": "09:00", "online": true, "venue": "UQAM"}', '{"title": "Colloque Anticosti", "at": "09:00", "venue": "UQAM"}', 'same'),
  ('27', 'the city''s centre', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS", "lat": 45.5088, "lon": -73.5542}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS", "lat": 45.56061, "lon": -73.60323}', 'same'),
  ('28', '0, 0', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS", "lat": 0, "lon": 0}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS", "lat": 45.51061, "lon": -73.56323}', 'same'),
  ('28b', 'latitude and longitude swapped', '{"title": "Klô Pelgag", "at": "20:00", "venue": "MTELUS", "lat": -73.56323, "lon": 45.51061}', '{"title": "Klô Pelgag", "at": "20:00", "venue": "MTELUS", "lat": 45.51061, "lon": -73.56323}', 'same'),
  ('29', 'status in title', '{"title": "[ANNULÉ] Patrick Watson", "at": "20:00", "venue": "MTELUS"}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('29b', 'status in the other''s title', '{"title": "Klô Pelgag", "at": "20:00", "venue": "MTELUS"}', '{"title": "Klô Pelgag (ANNULÉ)", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('30', 'session mark', '{"title": "[LATE] Patrick Watson", "at": "22:00", "venue": "MTELUS"}', '{"title": "Patrick Watson", "at": "19:00", "venue": "MTELUS"}', 'distinct'),
  ('30b', 'session mark, near', '{"title": "[LATE] Klô Pelgag", "at": "19:45", "venue": "MTELUS"}', '{"title": "Klô Pelgag", "at": "19:00", "venue": "MTELUS"}', 'distinct or review'),
  ('31', 'support act', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS"}', '{"title": "Patrick Watson + La Force, w/ Maude Audet", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('32', 'promoter, venue', '{"title": "evenko présente : Patrick Watson - MTELUS", "at": "20:00", "venue": "MTELUS"}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('33', 'editions', '{"title": "Festival du conte 2089, 12e édition", "at": "20:00", "venue": "Parc Jarry"}', '{"title": "Festival du conte 2090, 13e édition", "at": "20:00", "venue": "Parc Jarry"}', 'distinct'),
  ('34', 'numbers', '{"title": "Atelier 1 : poterie", "at": "10:00", "venue": "Centre Lajeunesse"}', '{"title": "Atelier 2 : poterie", "at": "10:00", "venue": "Centre Lajeunesse"}', 'distinct'),
  ('35', 'entities, ligatures', '{"title": "L&#8217;&oelig;uvre au noir", "at": "20:00", "venue": "Usine C"}', '{"title": "L''œuvre au noir", "at": "20:00", "venue": "Usine C"}', 'same'),
  ('36', 'decomposed Unicode', jsonb_build_object('title', U&'Cafe\0301 litte\0301raire Gaston', 'at', '20:00', 'venue', 'Usine C'), '{"title": "Café littéraire Gaston", "at": "20:00", "venue": "Usine C"}', 'same'),
  ('37', 'nothing left of a title', '{"title": "🎉🎉", "at": "20:00", "venue": "Usine C"}', '{"title": "🎉🎉", "at": "20:00", "venue": "Usine C"}', 'distinct'),
  ('37b', 'a band named !!!', '{"title": "!!!", "at": "20:00", "day": 2, "venue": "Usine C"}', '{"title": "!!!", "at": "20:00", "day": 2, "venue": "Usine C"}', 'distinct'),
  ('38', 'VIP', '{"title": "Patrick Watson - VIP", "at": "20:00", "venue": "MTELUS"}', '{"title": "Patrick Watson", "at": "20:00", "venue": "MTELUS"}', 'same'),
  ('43', 'the URL of last year', '{"title": "Mahler 5", "at": "19:30", "venue": "Maison symphonique", "url": "https://example.org/mahler"}', '{"title": "Mahler 5", "at": "19:30", "day": 365, "venue": "Maison symphonique", "url": "https://example.org/mahler"}', 'distinct'),
  ('44', 'nine places in one listing', '{"title": "Club de lecture", "at": "10:00", "venue": "Bibliothèque Frontenac, Bibliothèque Marc-Favreau, Bibliothèque Le Prévost"}', '{"title": "Club de lecture", "at": "10:00", "venue": "Bibliothèque Frontenac"}', 'distinct or review'),
  ('44b', 'places of a name', '{"title": "Grand ménage Mistral", "at": "10:00", "day": 2, "venue": "Bibliothèques Frontenac et Marc-Favreau"}', '{"title": "Grand ménage Mistral", "at": "10:00", "day": 2, "venue": "Bibliothèque Frontenac"}', 'distinct or review');
-- of one source
INSERT INTO cases VALUES
  ('23b', 'no venue on one side, one source', '{"title": "Tout petits contes", "at": "10:00", "day": 2}', '{"title": "Tout petits contes", "at": "10:00", "day": 2, "venue": "Bibliothèque Frontenac"}', 'distinct', 'x', 'x'),
  ('38b', 'parking, of one source', '{"title": "Klô Pelgag", "at": "20:00", "venue": "MTELUS", "day": 2}', '{"title": "Stationnement - Klô Pelgag", "at": "20:00", "venue": "MTELUS", "day": 2}', 'same', 'y', 'y'),
  ('40', 'rescheduled, a new id', '{"title": "Lisa LeBlanc", "at": "20:00", "venue": "MTELUS", "status": "cancelled"}', '{"title": "Lisa LeBlanc", "at": "20:00", "day": 9, "venue": "MTELUS"}', 'distinct', 'x', 'x');

SELECT source, pg_temp.push(source, VARIADIC array_agg(e ORDER BY e ->> 'id'))
  FROM (SELECT source_a, pg_temp.record(n, 'a', a) FROM cases UNION ALL SELECT source_b, pg_temp.record(n, 'b', b) FROM cases) AS v (source, e)
 GROUP BY source ORDER BY source;
CREATE TEMP VIEW verdicts AS
SELECT n, name, expected, source_a || '/' || n || 'a' AS a, source_b || '/' || n || 'b' AS b FROM cases;
SELECT n, name, expected, v AS verdict, v = ANY (string_to_array(expected, ' or ')) AND (v = 'same') = (pg_temp.e(a) = pg_temp.e(b)) AS as_stated
  FROM verdicts, LATERAL pg_temp.verdict(a, b) v ORDER BY substring(n, '\d+')::int, n;

-- 53 symmetry
SELECT count(*) AS "53: other the other way round" FROM verdicts WHERE ingest_match(pg_temp.l(a), pg_temp.l(b)) <> ingest_match(pg_temp.l(b), pg_temp.l(a));
-- 52 the same input again
SELECT source_a, pg_temp.push(source_a, VARIADIC array_agg(pg_temp.record(n, 'a', a))) AS "52 run again" FROM cases GROUP BY source_a ORDER BY source_a;

-- ---------------------------------------------------------------------------
-- What else the pairs show
-- ---------------------------------------------------------------------------

-- 6 the time comes from who knows it
SELECT start_precision AS "6 time", starts_at::time FROM ingest.event WHERE id = pg_temp.e('x/6a');
-- 12, 14 linked as parent and child; 13 and the first day
SELECT regexp_replace(l.source_id, '\D', '', 'g') AS "12 13 14 child", child_title, parent_title FROM ingest.event_parents p
  JOIN ingest.listing l ON l.event_id = p.child ORDER BY 1, 2;
-- 29 one event, cancelled, whoever says so
SELECT n AS "29", e.title, e.status, e.nb_listings FROM unnest('{x/29a,x/29ba}'::text[]) n JOIN ingest.event e ON e.id = pg_temp.e(n);
-- 38 the event does not take over what is sold beside it
SELECT n AS "38", e.title, e.nb_listings FROM unnest('{x/38a,y/38bb}'::text[]) n JOIN ingest.event e ON e.id = pg_temp.e(n);
-- 40 linked as a series
SELECT title AS "40 series", nb_events, given FROM ingest.series WHERE pg_temp.e('x/40a') = ANY (event_ids) AND pg_temp.e('x/40b') = ANY (event_ids);
-- what waits for a person
SELECT trim(regexp_replace(summary, '\s+', ' ', 'g')) AS "9 11 15 28 30 44 in review", reasons FROM ingest.review_queue ORDER BY 1, 2;

-- ---------------------------------------------------------------------------
-- Cases that take more than two listings, or more than one import
-- ---------------------------------------------------------------------------

-- 1 weekly, one source: an event each, one series
SELECT pg_temp.push('z', VARIADIC array_agg(pg_temp.record('101', 'w' || w, jsonb_build_object('title', 'Heure du conte', 'at', '10:00', 'day', 7 * w, 'venue', 'Bibliothèque Ahuntsic')))) AS "1 weekly"
  FROM generate_series(1, 4) w;
SELECT title, nb_events, given FROM ingest.series WHERE source = 'z';

-- 2 two sources list both shows: two events of two listings
SELECT pg_temp.push(s, pg_temp.record('102', 'early', '{"title": "Broue", "at": "13:00", "venue": "Monument-National"}'), pg_temp.record('102', 'late', '{"title": "Broue", "at": "19:00", "venue": "Monument-National"}')) AS "2 both shows"
  FROM unnest('{x,y}'::text[]) s;
SELECT pg_temp.nb_events('102') AS events, pg_temp.e('x/102early') = pg_temp.e('y/102early') AS early, pg_temp.e('x/102late') = pg_temp.e('y/102late') AS late;

-- 4 a source that lists sessions: another source's is one of them, not the next
SELECT pg_temp.push('x', VARIADIC array_agg(pg_temp.record('104', 's' || t, jsonb_build_object('title', 'Éducazoo', 'at', t, 'venue', 'Bibliothèque Frontenac')))) AS "4 sessions" FROM unnest('{10:00,11:15,12:30}'::text[]) t;
SELECT pg_temp.push('y', '104', '{"title": "Éducazoo", "at": "11:15", "venue": "Bibliothèque Frontenac"}');
SELECT pg_temp.nb_events('104') AS events, pg_temp.e('x/104s11:15') = pg_temp.e('y/104a') AS of_its_time;

-- 5 untimed, and two shows of the day: a person decides
SELECT pg_temp.push('x', pg_temp.record('105', 'a', '{"title": "Ariane Moffatt", "at": "14:00", "venue": "MTELUS"}'), pg_temp.record('105', 'b', '{"title": "Ariane Moffatt", "at": "20:00", "venue": "MTELUS"}')) AS "5 untimed, two shows";
SELECT pg_temp.push('y', '105', '{"title": "Ariane Moffatt", "venue": "MTELUS"}', 'c');
SELECT pg_temp.verdict('x/105a', 'y/105c'), pg_temp.verdict('x/105b', 'y/105c'), pg_temp.nb_events('105') AS events;

-- 7 a source whose dates are all there is: its mapping says so, and 00:00 is no time
SELECT (ingest_add_source('days', 'json', $${
  "url": "https://example.org/api", "records": "/e", "window_start": "2089-01-01", "window_end": "2110-01-01",
  "mapping": {"source_id": "/id", "title": "/title", "starts_at": "/at", "start_precision": {"value": "day"}, "venue_name": "/venue"}}$$, timezone => 'America/Toronto')).name AS "7 date only";
SELECT pg_temp.push('days', '107', '{"title": "Safia Nolin", "at": "00:00", "venue": "MTELUS"}');
SELECT pg_temp.push('x', '107', '{"title": "Safia Nolin", "at": "20:00", "venue": "MTELUS"}');
SELECT start_precision, starts_at::time, nb_listings FROM ingest.event WHERE id = pg_temp.e('days/107a');

-- 9 a source that gives UTC for local time is noticed, too
SELECT count(ingest_add_source('utc', 'json', config, timezone => 'America/Toronto')) AS "9 zone warning" FROM ingest.source WHERE name = 'x';
SELECT pg_temp.push('utc', VARIADIC array_agg(pg_temp.record('109', 'k' || k, jsonb_build_object('title', 'Spectacle ' || chr(64 + k), 'at', '0' || 1 + k % 4 || ':00', 'day', k % 5, 'venue', 'Salle ' || chr(90 - k))))) FROM generate_series(1, 24) k;
SELECT rule, severity FROM ingest.anomalies WHERE source = 'utc' AND rule = 'small_hours';

-- 10 an hour that does not exist, and one that is twice: stored, and the same the next time
SELECT pg_temp.push('x', VARIADIC rs) AS "10 clock change" FROM (SELECT ARRAY[pg_temp.record('110', 'spring', '{"title": "Nuit Turcot", "on": "2090-03-12", "at": "02:30"}'), pg_temp.record('110', 'autumn', '{"title": "Nuit Turcot", "on": "2090-11-05", "at": "01:30"}')] AS rs) r, generate_series(1, 2);
SELECT source_id, starts_at AT TIME ZONE 'UTC' AS utc FROM ingest.listing WHERE source_id LIKE '110%' ORDER BY 1;

-- 18 not renamed as far as anybody knows: two; the alias makes it one
SELECT pg_temp.push(s, '118', jsonb_build_object('title', 'Fouki', 'at', '20:00', 'venue', v)) AS "18 renamed venue" FROM (VALUES ('x', 'Le Spectrum'), ('y', 'Salle Fleury')) AS v (s, v);
SELECT pg_temp.nb_events('118') AS events;
INSERT INTO ingest.venue_alias VALUES ('salle fleury', 'le spectrum', 'x');
CALL ingest_rematch();
SELECT pg_temp.nb_events('118') AS events;

-- 19 three listings, two rooms of one building: nobody is in both
SELECT pg_temp.push(s, '119', jsonb_build_object('title', 'Nuit des claviers', 'at', '20:00', 'venue', v, 'address', '175, rue Sainte-Catherine Ouest'))
  AS "19 rooms" FROM (VALUES ('x', 'Salle Wilfrid-Pelletier, Place des Arts'), ('y', 'Théâtre Maisonneuve, Place des Arts'), ('z', 'Place des Arts')) AS v (s, v);
SELECT pg_temp.e('x/119a') <> pg_temp.e('y/119a') AS two_rooms, pg_temp.verdict('x/119a', 'z/119a') AS and_the_building;

-- 23 no venue on one side, and more than one candidate
SELECT pg_temp.push('x', pg_temp.record('123', 'a', '{"title": "Tout petits contes", "at": "10:00", "venue": "Bibliothèque Frontenac"}'), pg_temp.record('123', 'b', '{"title": "Tout petits contes", "at": "10:00", "venue": "Bibliothèque Marc-Favreau"}')) AS "23 two candidates";
SELECT pg_temp.push('y', '123', '{"title": "Tout petits contes", "at": "10:00"}', 'c');
SELECT pg_temp.verdict('x/123a', 'y/123c'), pg_temp.verdict('x/123b', 'y/123c'), pg_temp.nb_events('123') AS events;

-- 29, 48 the last live listing decides that an event is off
SELECT pg_temp.push('x', '129', '{"title": "Louis-Jean Cormier", "at": "20:00", "venue": "MTELUS"}') AS "29 cancelled later";
SELECT pg_temp.push('y', '129', '{"title": "Louis-Jean Cormier", "at": "20:00", "venue": "MTELUS", "status": "cancelled"}');
SELECT status, nb_listings FROM ingest.event WHERE id = pg_temp.e('x/129a');
UPDATE ingest.source SET priority = 200 WHERE name = 'x';
SELECT pg_temp.push('y', '129', '{"title": "Louis-Jean Cormier", "at": "20:00", "venue": "MTELUS", "status": "cancelled", "url": "https://example.org/off"}');
SELECT status AS "who has priority says it goes on" FROM ingest.event WHERE id = pg_temp.e('x/129a');
UPDATE ingest.source SET priority = DEFAULT WHERE name = 'x';

-- 39 rescheduled, the same id: updated; the log has who left whom; back, it is of the same event
SELECT pg_temp.push(s, '139', '{"title": "Ingrid St-Pierre", "at": "20:00", "venue": "Théâtre Outremont"}') AS "39 rescheduled" FROM unnest('{x,y}'::text[]) s;
SELECT pg_temp.e('y/139a') AS before \gset
SELECT pg_temp.push('y', '139', '{"title": "Ingrid St-Pierre", "at": "20:00", "day": 3, "venue": "Théâtre Outremont"}');
SELECT pg_temp.nb_events('139') AS events, rule, from_event = :before AS left_it FROM ingest.merge_log WHERE listing_id = pg_temp.l('y/139a') ORDER BY id;
SELECT pg_temp.push('y', '139', '{"title": "Ingrid St-Pierre", "at": "20:00", "venue": "Théâtre Outremont"}');
SELECT pg_temp.nb_events('139') AS events, pg_temp.e('y/139a') = :before AS the_same;

-- 42 one occurrence of a calendar's series is moved: one is updated
SELECT (ingest_add_source('calendar', 'ics', '{"window_start": "2089-01-01", "window_end": "2110-01-01"}', timezone => 'America/Toronto')).name AS "42 moved occurrence";
SELECT nb_created, nb_updated FROM (VALUES (''), (E'\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Chorale Turcot\r\nRECURRENCE-ID;TZID=America/Toronto:20910115T100000\r\nDTSTART;TZID=America/Toronto:20910115T140000\r\nEND:VEVENT')) AS v (moved),
  LATERAL ingest_import('calendar', E'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//cases//EN\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Chorale Turcot\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nDTSTART;TZID=America/Toronto:20910108T100000\r\nEND:VEVENT'
    || moved || E'\r\nEND:VCALENDAR\r\n');
SELECT starts_at FROM ingest.listing WHERE source = 'calendar' ORDER BY 1;
SELECT nb_events, given FROM ingest.series WHERE source = 'calendar';

-- 45 distinct stays distinct, whatever comes
SELECT ingest_decide(pg_temp.l('x/31a'), pg_temp.l('y/31b'), 'distinct') AS "45 decided";
SELECT pg_temp.push('y', '31', jsonb_build_object('title', t, 'at', '20:00', 'venue', 'MTELUS'), 'b')
  FROM unnest('{Patrick Watson,PATRICK WATSON,Patrick Watson + La Force}'::text[]) t;
SELECT pg_temp.nb_events('31') AS events;

-- 46 merged and taken back: not a field is another
CREATE TEMP TABLE before AS SELECT to_jsonb(e) AS e FROM ingest.event e;
SELECT ingest_merge(pg_temp.e('x/20a'), pg_temp.e('y/20b')) = pg_temp.e('x/20a') AS "46 merged";
SELECT pg_temp.nb_events('20') AS events;
SELECT ingest_undo(max(merge_id)) FROM ingest.merges WHERE rule = 'person' AND action IS NOT NULL;
SELECT e FROM before EXCEPT SELECT to_jsonb(e) FROM ingest.event e;
SELECT pg_temp.nb_events('20') AS events;

-- 47 like both, which are not like each other
SELECT pg_temp.push(s, '147', jsonb_build_object('title', t, 'at', '10:00', 'venue', 'Centre Lajeunesse')) AS "47 transitive"
  FROM (VALUES ('x', 'Atelier 1 : poterie Raku'), ('y', 'Atelier : poterie Raku'), ('z', 'Atelier 2 : poterie Raku')) AS v (s, t);
SELECT pg_temp.e('x/147a') = pg_temp.e('z/147a') AS ends_are_one, pg_temp.nb_events('147') AS events;

-- 54 a title of a megabyte is refused, the longest that is not is compared; thousands of listings of one key
SELECT pg_temp.push('x', '154', jsonb_build_object('title', repeat('tralala ', 131072), 'at', '20:00', 'venue', 'Gymnase')) AS "54 hostile";
SELECT pg_temp.push(s, '154', jsonb_build_object('title', repeat('tralala ', 1200), 'at', '20:00', 'venue', 'Gymnase')) FROM unnest('{x,y}'::text[]) s;
SELECT pg_temp.nb_events('154') AS events, pg_temp.verdict('x/154a', 'y/154a');
SELECT split_part(pg_temp.push(s, VARIADIC array_agg(pg_temp.record('155', 'k' || i, '{"title": "Zumba Zouk", "at": "20:00", "venue": "Gymnase"}'))), ',', 1) AS push
  FROM (VALUES ('y', 3000), ('z', 300)) AS v (s, n), generate_series(1, n) i GROUP BY s ORDER BY s;
SELECT count(*) AS events_of_two_of_one_source FROM (SELECT FROM ingest.listing WHERE source_id LIKE '155%' GROUP BY event_id, source HAVING count(*) > 1) x;

-- a city's feed: sessions, shared pages, rooms, templates, several councillors at once: nothing is merged
SELECT pg_temp.push('z', VARIADIC array_agg(pg_temp.record((200 + k % 9)::text, 'city' || k, jsonb_build_object(
    'title', (ARRAY['Heure du conte', 'Éducazoo : les insectes', 'Rencontrez votre élu – ' || (ARRAY['Borne', 'Langlois', 'Poulin'])[1 + k % 3],
                'Tout petits contes', 'Bain libre', 'Atelier de robotique ' || 1 + k % 4])[1 + k % 6],
    'at', (ARRAY['10:00', '11:15', '13:00', '14:30', '16:00', '19:00'])[1 + k / 6 % 6],
    'venue', (ARRAY['Bibliothèque Multiculturelle', 'Bibliothèque Émile-Nelligan', 'Salle A, Centre Cartier', 'Salle B, Centre Cartier'])[1 + k / 36 % 4],
    'url', 'https://example.org/' || k % 6)))) AS "a city's feed" FROM generate_series(0, 287) k;
SELECT count(*) AS merged FROM (SELECT FROM ingest.listing WHERE source_id LIKE '%city%' GROUP BY event_id HAVING count(*) > 1) m;
