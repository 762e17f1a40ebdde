-- A scene for the page: names, titles, messages and places that were written
-- to break out of it.
--
--   psql -X -d DATABASE -f test/page/hostile.sql      in an empty database
--
-- Every text that a source or a person can choose is one of these.  The first
-- five letters of each say which: what shows "<b" or an alert is a hole.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS ingest;
SET timezone = 'America/Toronto';
BEGIN;

CREATE TEMP TABLE evil (n, word) AS VALUES
  (1, 'html1<b>bold</b><script>document.title=''hole''</script><img src=x onerror="document.title=''hole''">'),
  (2, 'quot2"'' onmouseover="document.title=1" x=''"'),
  (3, 'styl3</style></svg></title></table><script>document.title=''hole''</script><style>*{display:none}'),
  (4, 'comm4<!-- --> ]]> <![CDATA[ &amp; &#60;b&#62; &lt;b&gt; \x3cb\x3e \u003cb\u003e %3Cb%3E {{7*7}} ${7*7}'),
  (5, 'bidi5 ' || E'\u202Eevil \u2066أمسية موسيقية \u2067ערב' || ' left open'),
  (6, 'emoj6 🎷🎉👩‍👩‍👧‍👦🏳️‍🌈 ' || E'\uFEFF\u200B\u00A0' || 'Zalgo ' || E'Z\u0351\u036B\u0343\u032A' || 'a̷l̴g̶o̵'),
  (7, 'nul07\0\x00%00\u0000&#0; $$ $1 %s %1$s %% \\ \'' '''' ; DROP TABLE ingest.event; --'),
  (8, 'long8' || repeat('W', 85)),
  (9, '日本語の長い題名がここに入りますので折り返しが必要です東京都渋谷区');
CREATE FUNCTION pg_temp.evil(i int) RETURNS text LANGUAGE sql AS $$ SELECT word FROM evil WHERE n = 1 + (i - 1) % 9 $$;

INSERT INTO ingest.source (name, connector, schedule, timezone)
SELECT left(word, 100), CASE WHEN n % 3 = 0 THEN left('ics' || word, 60) ELSE 'ics' END, '1 hour', 'America/Toronto' FROM evil;
INSERT INTO ingest.home
SELECT (SELECT system_identifier FROM pg_control_system()), oid FROM pg_database WHERE datname = current_database()
ON CONFLICT DO NOTHING;

INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_created, nb_skipped,
                               skip_reasons, error_class, sqlstate, error_message, error_hint)
SELECT left(e.word, 100), CASE WHEN f THEN 'failed' ELSE 'success' END, 'schedule', e.word, now() - h * interval '5 hours', now() - h * interval '5 hours' + interval '2 seconds',
       CASE WHEN f THEN 0 ELSE 20 END, CASE WHEN f THEN 0 ELSE 7 END, CASE WHEN f THEN 0 ELSE 13 END, jsonb_build_object(e.word, 13),
       CASE WHEN f THEN (ARRAY['auth', 'config', 'network', 'upstream', 'parse', 'internal'])[1 + e.n % 6] END, CASE WHEN f THEN '38000' END,
       CASE WHEN f THEN e.word || repeat(' ' || e.word, CASE WHEN h = 1 THEN 30 ELSE 0 END) END,
       CASE WHEN f THEN 'Hint of ' || e.word || format('; SELECT ingest_set_credential(%L, ''token'', ''…'')', left(e.word, 100)) END
  FROM evil e, generate_series(1, 12) AS h
 CROSS JOIN LATERAL (SELECT h <= 4 AND e.n % 2 = 1 AS f) x
 ORDER BY 5;
INSERT INTO ingest.source_state (source, next_run_at, last_run_at, last_success_at, consecutive_failures, paused_at, paused_reason)
SELECT left(word, 100), now() + interval '20 minutes', now() - interval '5 hours', now() - CASE n % 2 WHEN 1 THEN interval '25 hours' ELSE interval '5 hours' END,
       CASE n % 2 WHEN 1 THEN 4 ELSE 0 END, CASE WHEN n IN (4, 7) THEN now() END, CASE WHEN n IN (4, 7) THEN word END
  FROM evil
ON CONFLICT (source) DO UPDATE
   SET next_run_at = excluded.next_run_at, last_run_at = excluded.last_run_at, last_success_at = excluded.last_success_at,
       consecutive_failures = excluded.consecutive_failures, paused_at = excluded.paused_at, paused_reason = excluded.paused_reason;
DO $$
DECLARE
  job int8;
BEGIN
  FOR job IN SELECT id FROM ingest.import_job ORDER BY started_at, id LOOP
    PERFORM ingest.roll_up(job);
  END LOOP;
END $$;

INSERT INTO ingest.event (title, url, status, starts_at, all_day, start_precision, timezone, venue_name, nb_listings, sources, created_at, updated_at)
SELECT pg_temp.evil(i) || CASE WHEN i = 8 THEN repeat('W', 10000) ELSE '' END,
       CASE i % 3 WHEN 0 THEN 'javascript:document.title=''hole''' WHEN 1 THEN 'https://x.example/?a="><script>' || pg_temp.evil(i) ELSE 'https://x.example/' || i END,
       'scheduled', now() + i * interval '1 day', i % 4 = 0, CASE i % 4 WHEN 0 THEN 'day' WHEN 1 THEN 'unknown' ELSE 'minute' END,
       CASE i % 5 WHEN 0 THEN 'Nowhere/<b>' ELSE 'America/Toronto' END, pg_temp.evil(i + 3), 1, ARRAY[left(pg_temp.evil(i), 100)], now(), now()
  FROM generate_series(1, 90) AS i;
INSERT INTO ingest.listing (source, source_id, event_id, title, url, status, starts_at, all_day, start_precision, timezone, venue_name,
                            latitude, longitude, raw_hash, content_hash, match_hash, first_seen_at, updated_at, last_seen_job, missing_runs, missing_since)
SELECT e.sources[1], e.id || e.title, e.id, e.title, e.url, e.status, e.starts_at, e.all_day, e.start_precision, e.timezone, e.venue_name,
       45.5, -73.5, 0, 0, 0, now(), now(), 1, CASE WHEN e.id % 6 = 0 THEN 1 ELSE 0 END, now()
  FROM ingest.event e;
SELECT ingest.count_source(name, 1) FROM ingest.source \g /dev/null
INSERT INTO ingest.anomaly (source, rule, severity, since, job_id, observed, expected, subject)
SELECT left(word, 100), (ARRAY['same_title', 'one_point', 'field_drift'])[1 + n % 3], CASE n % 4 WHEN 0 THEN 'info' ELSE 'warning' END, now(), 1, 0.6, 0.2, word
  FROM evil
ON CONFLICT DO NOTHING;
INSERT INTO ingest.match_review
SELECT a.id, a.id + 1, 0.8, jsonb_build_object('title', 0.7, 'venue', 0.9, 'reasons', jsonb_build_array(a.title)), now()
  FROM ingest.listing a WHERE a.id IN (SELECT id FROM ingest.listing ORDER BY id LIMIT 9);
INSERT INTO ingest.withdrawal_hold
SELECT source, 1, now(), array_agg(id), 20 FROM ingest.listing WHERE missing_runs > 0 AND (event_id % 9) IN (0, 3) GROUP BY source;
INSERT INTO ingest.import_error (job_id, source, error_class, field, message)
SELECT (SELECT max(id) FROM ingest.import_job), left(word, 100), 'data', word, word FROM evil;
COMMIT;
ANALYZE;
