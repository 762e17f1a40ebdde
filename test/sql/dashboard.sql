-- What the dashboard shows: roll-ups, health, what is unusual, what to do about it
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'UTC';
SELECT ingest_stop() IS NOT NULL AS stopped;

CREATE FUNCTION pg_temp.page(first int, last int, broken int DEFAULT 0) RETURNS text LANGUAGE sql AS $$
  SELECT jsonb_build_object('events', jsonb_agg(jsonb_build_object(
           'id', i::text, 'name', jsonb_build_object('text', 'Concert ' || i),
           'start', CASE WHEN i > last - broken THEN NULL ELSE
                    jsonb_build_object('timezone', 'America/Toronto', 'local', '2027-06-01T20:00:00', 'utc', '2027-06-02T00:00:00Z') END,
           'end', jsonb_build_object('timezone', 'America/Toronto', 'local', '2027-06-01T22:00:00', 'utc', '2027-06-02T02:00:00Z'),
           'status', 'live', 'currency', 'CAD', 'online_event', false, 'listed', true,
           'url', 'https://www.eventbrite.ca/e/' || i, 'changed', '2027-01-01T00:00:00Z')))::text
    FROM generate_series(first, last) AS i
$$;
-- a run as the launcher would have made it, of a source that is not asked
CREATE FUNCTION pg_temp.ran(source text, status text, fetched int, created int DEFAULT 0, errors int DEFAULT 0, ago interval DEFAULT '0',
                            took interval DEFAULT '1 second', error_class text DEFAULT NULL, message text DEFAULT NULL,
                            hint text DEFAULT NULL) RETURNS int8 LANGUAGE sql AS $$
  WITH job AS (
    INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_created, nb_skipped,
                                   nb_errors, nb_pages, error_class, error_message, error_hint)
    VALUES (source, status, 'schedule', 'ingest', now() - ago, now() - ago + took, fetched, created, fetched - created - errors, errors, 3,
            error_class, message, hint) RETURNING id)
  SELECT id FROM job, LATERAL (SELECT ingest.roll_up(id)) r;
$$;

-- nothing: no view fails, and the page says how to begin
SELECT count(*) FROM ingest.attention;
SELECT jsonb_array_length(ingest_stats() -> 'recentJobs') AS jobs, ingest_stats() -> 'sourceStats' AS sources;
SELECT ingest_dashboard() LIKE '%No source yet.%' AS en, ingest_dashboard(7, 'fr') LIKE '%<html lang="fr">%Aucune source%' AS fr;

SELECT name FROM ingest_add_source('a', 'eventbrite',
  '{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}');

-- roll-ups say what the jobs say, also when these are gone
SELECT status FROM ingest_import('a', pg_temp.page(1, 30));
SELECT status FROM ingest_import('a', pg_temp.page(1, 40, 3));
SELECT status FROM ingest_import('a', pg_temp.page(1, 37));
SELECT d.runs = j.runs AND d.ok = j.runs AND d.fetched = j.fetched AND d.created = j.created AND d.skipped = j.skipped
       AND d.errors = j.errors AND cardinality(d.durations) = j.runs AS same, d.runs, d.created, d.errors
  FROM (SELECT sum(runs) AS runs, sum(ok) AS ok, sum(fetched) AS fetched, sum(created) AS created, sum(skipped) AS skipped,
               sum(errors) AS errors, array_agg(durations[1]) || array_agg(durations[2]) || array_agg(durations[3]) AS durations
          FROM ingest.source_day WHERE source = 'a') d,
       (SELECT count(*) AS runs, sum(nb_fetched) AS fetched, sum(nb_created) AS created, sum(nb_skipped) AS skipped, sum(nb_errors) AS errors
          FROM ingest.import_job WHERE source = 'a') j;
SELECT listings, upcoming, events_upcoming FROM ingest.source_figures;
SELECT field, filled, total, filled_percent FROM ingest.quality WHERE field IN ('ends_at', 'url', 'venue_name') ORDER BY field;
BEGIN;
SELECT status FROM ingest_import('a', pg_temp.page(1, 41));
ROLLBACK;
SELECT sum(runs) AS runs FROM ingest.source_day;
DELETE FROM ingest.import_job;
SELECT sum(runs) AS runs, ingest_stats() #> '{stats,totalJobs}' AS total FROM ingest.source_day;
DELETE FROM ingest.source_day;

-- health: three that are broken in different ways, told apart
INSERT INTO ingest.source (name, connector, timezone) VALUES
  ('locked out', 'ticketmaster', 'UTC'), ('away', 'jsonld', 'UTC'), ('babel', 'ics', 'UTC'), ('well', 'ics', 'UTC'), ('emptied', 'ics', 'UTC'),
  ('slow', 'ics', 'UTC'), ('shrunk', 'ics', 'UTC');
INSERT INTO ingest.source_state (source, consecutive_failures)
SELECT name, CASE name WHEN 'locked out' THEN 5 WHEN 'away' THEN 2 ELSE 0 END FROM ingest.source ON CONFLICT (source) DO
UPDATE SET consecutive_failures = excluded.consecutive_failures;
SELECT count(*) FROM pg_temp.ran('locked out', 'failed', 0, error_class => 'auth', message => '401 Unauthorized',
                   hint => 'Set it: SELECT ingest_set_credential(''locked out'', ''apikey'', ''it''''s'').');
SELECT count(*) FROM pg_temp.ran('away', 'failed', 0, error_class => 'network', message => 'could not resolve host', hint => 'Check the address.');
SELECT count(*) FROM pg_temp.ran('babel', 'partial', 50, errors => 50);
SELECT count(*) FROM pg_temp.ran('well', 'success', 49, created => 49);
SELECT count(*) FROM pg_temp.ran('emptied', 'success', 49, ago => '1 hour');
SELECT count(*) FROM pg_temp.ran('emptied', 'empty', 0);
SELECT count(pg_temp.ran('slow', 'success', 49, ago => i * interval '1 hour')) FROM generate_series(1, 10) AS i;
SELECT count(*) FROM pg_temp.ran('slow', 'success', 49, took => '1 minute');
SELECT count(pg_temp.ran('shrunk', 'success', 100 + i, ago => (20 - i) * interval '1 hour')) FROM generate_series(1, 15) AS i;
SELECT count(*) FROM pg_temp.ran('shrunk', 'success', 31);
SELECT source, health, check_last_run AS run, check_errors AS errors, check_volume AS volume, summary FROM ingest.source_health
 WHERE source <> 'a';
SELECT severity, kind, source, nb, hint, action FROM ingest.attention;
-- each source has one health
SELECT sources, healthy, warning, degraded, paused, running, unknown, sources = healthy + warning + degraded + paused + running + unknown AS all_of_them,
       jobs_24h, failed_24h, created_24h, errors_24h, upcoming_events, size LIKE '%kB' OR size LIKE '%MB' AS has_size, summary
  FROM ingest.overview;

-- the last fortnight: how much came, or that every run failed
SELECT source, right(last_14_days, 1) = CASE source WHEN 'away' THEN 'x' ELSE U&'\2588' END AS today FROM ingest.health
 WHERE source IN ('away', 'well');

-- hostile names and titles stay text
UPDATE ingest.source SET name = $$'"><script>alert(1)</script>&amp;$$ WHERE name = 'a';
SELECT count(*) FROM pg_temp.ran($$'"><script>alert(1)</script>&amp;$$, 'failed', 0, error_class => 'parse', message => '<img src=x onerror=alert(2)> %s %1$s \',
                   hint => '</code><b>SELECT ingest_set_credential(''x''); DROP TABLE y; --');
UPDATE ingest.listing SET title = '<b onclick=alert(3)>' || id, venue_name = '" onmouseover="alert(4)';
UPDATE ingest.listing SET missing_runs = 1, missing_since = now() WHERE id % 7 = 0;
INSERT INTO ingest.match_review (listing_a, listing_b, score, evidence)
SELECT min(id), max(id), 0.8, '{"title": 0.8, "venue": null, "reasons": []}' FROM ingest.listing;
INSERT INTO ingest.withdrawal_hold SELECT source, 1, now(), array_agg(id), 37 FROM ingest.listing WHERE id % 7 = 0 GROUP BY source;
INSERT INTO ingest.import_error (job_id, source, error_class, message)
SELECT id, source, 'data', '%_\ <script>' || id FROM ingest.import_job ORDER BY id DESC LIMIT 1;
SELECT lang, page NOT LIKE '%<script%' AND page NOT LIKE '%<img%' AND page NOT LIKE '%<b %' AND page NOT LIKE '%<b>%'
             AND page NOT LIKE '%" onmouseover%' AS escaped,
       page LIKE '%&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;%' AS shown
  FROM (VALUES ('en'), ('fr')) AS l (lang), LATERAL ingest_dashboard(30, lang) AS page;

-- other states, each of a source whose name is as hostile
INSERT INTO ingest.source (name, connector, timezone, schedule, enabled)
SELECT format($$o'neil\ %%s $1 "%s"; --$$, n), 'ics', 'UTC', '1 hour', n <> 'disabled'
  FROM unnest(ARRAY['paused', 'disabled', 'broken', 'unknown', 'waits', 'stale', 'unusual', 'cancelled', 'failed']) AS n;
INSERT INTO ingest.source_state (source, paused_at, paused_reason, schedule_problem, not_before, next_run_at)
SELECT name, CASE WHEN name ~ 'paused' THEN now() END, CASE WHEN name ~ 'paused' THEN 'it''s' END,
       CASE WHEN name ~ 'broken' THEN 'no such schedule' END, CASE WHEN name ~ 'waits' THEN now() + interval '1 hour' END, now() + interval '1 day'
  FROM ingest.source WHERE name LIKE 'o''%'
    ON CONFLICT (source) DO UPDATE SET paused_at = excluded.paused_at, paused_reason = excluded.paused_reason,
       schedule_problem = excluded.schedule_problem, not_before = excluded.not_before, next_run_at = excluded.next_run_at;
SELECT count(pg_temp.ran(name, CASE WHEN name ~ 'cancelled' THEN 'cancelled' WHEN name ~ 'failed|paused' THEN 'failed' WHEN name ~ 'unusual' THEN 'empty' ELSE 'success' END,
                         CASE WHEN name ~ 'cancelled|failed|paused|unusual' THEN 0 ELSE 20 END,
                         error_class => CASE WHEN name ~ 'failed|paused' THEN 'auth' END,
                         message => CASE WHEN name ~ 'failed|paused' THEN '401' END,
                         hint => CASE WHEN name ~ 'failed|paused' THEN format('SELECT ingest_set_credential(%L, ''token'', ''…'') sets it.', name) END))
  FROM ingest.source WHERE name LIKE 'o''%' AND name !~ 'unknown';
UPDATE ingest.source_figures SET last_change_at = now() - interval '90 days', change_interval = interval '1 hour' WHERE source ~ 'stale';
INSERT INTO ingest.anomaly
SELECT name, r.rule, 'warning', now(), 1, 1, 1, $$%s\ '$$ FROM ingest.source, (SELECT DISTINCT rule FROM ingest.anomaly_rule) r WHERE name ~ 'unusual';
INSERT INTO ingest.import_error (job_id, source, error_class, field, message)
SELECT max(id), source, 'data', $$%\'$$, $$%s \ ' " $1 _$$ FROM ingest.import_job WHERE source ~ 'o''neil.*stale' GROUP BY source;
INSERT INTO ingest.merge_log (job_id, listing_id, to_event, rule, score, by)
SELECT 1, id, event_id, 'score', 0.9, $$o'neil\$$ FROM ingest.listing ORDER BY id LIMIT 1;
SELECT regexp_replace(source, '.*"(.*)".*', '\1') AS source, health, kind, severity, left(regexp_replace(a.summary, '[0-9]{4}-.*', '...'), 70) AS summary,
       a.action
  FROM ingest.source_health h LEFT JOIN ingest.attention a USING (source) WHERE source LIKE 'o''%' ORDER BY 1, 3;
SELECT regexp_replace(source, '.*"(.*)".*', '\1') AS source, state, regexp_replace(why, '[0-9]{4}-[^:]*:..', '...') AS why, action FROM ingest.schedule WHERE source LIKE 'o''%' AND action IS NOT NULL ORDER BY 1;

-- the view for a terminal: 80 columns with what is longest, and a line each
UPDATE ingest.source_state SET last_success_at = now() - interval '59 minutes' WHERE source LIKE 'o''%';
UPDATE ingest.import_job SET error_message = E'it failed\nfor reasons that take more than one line to tell' WHERE status = 'failed';
SELECT max(length(source)) AS source, max(length(health)) AS health, max(length(last_14_days)) AS days, max(length(age)) AS age,
       max(length(summary)) AS summary, max(length(source)) + max(length(health)) + max(length(last_14_days)) + max(length(age)) + max(length(summary)) + 14 AS columns,
       bool_or(summary ~ '\n') AS any_break
  FROM ingest.health;

-- every statement that is proposed can be prepared as it is, in each view that proposes one
DO $$
DECLARE
  v record;
  action text;
  n int := 0;
BEGIN
  FOR v IN SELECT c.table_name, c.column_name FROM information_schema.columns c
             JOIN pg_views w ON w.schemaname = c.table_schema AND w.viewname = c.table_name
            WHERE c.table_schema = 'ingest'
              AND (c.column_name IN ('action', 'replay') OR c.table_name = 'review_queue' AND c.column_name IN ('if_distinct', 'why'))
            ORDER BY 1, 2 LOOP
    n := 0;
    FOR action IN EXECUTE format('SELECT DISTINCT %I FROM ingest.%I WHERE %1$I IS NOT NULL ORDER BY 1', v.column_name, v.table_name) LOOP
      EXECUTE 'PREPARE p AS ' || action;
      DEALLOCATE p;
      n := n + 1;
    END LOOP;
    -- nothing is running here
    RAISE NOTICE '%.%: %', v.table_name, v.column_name, CASE WHEN n > 0 THEN 'some' ELSE 'none' END;
  END LOOP;
END $$;

-- what a BI tool reads: every column is described, and of a plain type
SELECT a.attrelid::regclass AS view, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'v' AND col_description(a.attrelid, a.attnum) IS NULL ORDER BY a.attrelid, a.attnum;
SELECT a.attrelid::regclass AS view, a.attname, a.atttypid::regtype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'v'
   AND a.atttypid <> ALL (ARRAY['bool', 'int4', 'int8', 'float8', 'numeric', 'text', 'date', 'timestamp', 'timestamptz', 'interval']::regtype[])
 ORDER BY a.attname;
-- by the names that were agreed on
SELECT v AS missing FROM unnest(ARRAY['overview', 'attention', 'source_health', 'jobs', 'running', 'schedule', 'daily', 'errors', 'review_queue', 'merges',
                                      'disappeared', 'upcoming_events', 'quality', 'http_usage', 'storage', '"ImportJob"']) AS v
 WHERE to_regclass('ingest.' || v) IS NULL;
-- who looks sees all of them, and not what is behind
CREATE ROLE regress_dashboard_viewer;
GRANT pg_monitor TO regress_dashboard_viewer;
SET ROLE regress_dashboard_viewer;
DO $$
DECLARE
  v text;
BEGIN
  FOR v IN SELECT viewname FROM pg_views WHERE schemaname = 'ingest' LOOP
    EXECUTE format('SELECT count(v.*::text) FROM (SELECT * FROM ingest.%I LIMIT 100) v', v);
  END LOOP;
END $$;
SELECT ingest_stats() IS NOT NULL AS stats, ingest_dashboard() IS NOT NULL AS page;
SELECT value FROM ingest.credential;
SELECT config FROM ingest.source;
SELECT raw FROM ingest.listing;
SELECT payload FROM ingest.import_error;
RESET ROLE;
-- the page and its JSON are for roles that may call these two and read nothing
CREATE ROLE regress_dashboard_web;
GRANT EXECUTE ON FUNCTION ingest_stats(int), ingest_dashboard(int, text) TO regress_dashboard_web;
SET ROLE regress_dashboard_web;
SELECT ingest_stats(7) IS NOT NULL AS stats, ingest_dashboard(7, 'fr') IS NOT NULL AS page;
SELECT count(*) FROM ingest.overview;
RESET ROLE;
DROP OWNED BY regress_dashboard_web;
DROP ROLE regress_dashboard_web, regress_dashboard_viewer;

-- no word is missing in either language, and the script of the page knows no other
SELECT DISTINCT m[1] AS missing FROM pg_proc p, regexp_matches(pg_get_functiondef(p.oid), $$w ->> '([a-z_0-9]+)'::text$$, 'g') AS m
 WHERE p.pronamespace = 'ingest'::regnamespace AND p.proname LIKE 'page%' AND p.prokind = 'f'
EXCEPT SELECT jsonb_object_keys(ingest.page_words('en'));
SELECT e.key FROM jsonb_each_text(ingest.page_words('en')) e FULL JOIN jsonb_each_text(ingest.page_words('fr')) f USING (key)
 WHERE coalesce(e.value, '') = '' OR coalesce(f.value, '') = '';

-- the JSON has what GET /api/admin/ingestion had
SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(ingest_stats()) AS k;
SELECT array_agg(DISTINCT k ORDER BY k) FROM jsonb_array_elements(ingest_stats() -> 'recentJobs') AS j, jsonb_object_keys(j) AS k;
SELECT array_agg(DISTINCT k ORDER BY k) FROM jsonb_array_elements(ingest_stats() -> 'sourceStats') AS j, jsonb_object_keys(j) AS k;
SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(ingest_stats() -> 'stats') AS k;
SELECT s ->> 'source' AS source, s ->> 'totalEvents' AS events, s ->> 'lastStatus' AS status, s ->> 'successCount' AS ok, s ->> 'errorCount' AS failed
  FROM jsonb_array_elements(ingest_stats() -> 'sourceStats') AS s WHERE s ->> 'source' NOT LIKE 'o''%' ORDER BY 1;
-- and the numbers are those of the jobs, of the period only
INSERT INTO ingest.source_day SELECT day - 60, source, runs, ok, no_change, partial, empty, failed, rate_limited, fetched, created, updated, skipped,
       errors, merged, withdrawn, requests, retries, bytes, durations, median_ms, p95_ms FROM ingest.source_day;
SELECT days, (s -> 'stats' ->> 'totalJobs')::int / jobs AS jobs, (s -> 'stats' ->> 'nbFetched')::int / fetched AS fetched,
       (s -> 'stats' ->> 'errorCount')::int / failed AS failed,
       (SELECT sum((d ->> 'runs')::int) FROM jsonb_array_elements(s -> 'daily') AS d) / jobs AS daily,
       (SELECT sum((d ->> 'successCount')::int) FROM jsonb_array_elements(s -> 'sourceStats') AS d) / ok AS of_sources
  FROM (VALUES (1000), (30), (2147483647)) AS v (days), LATERAL ingest_stats(days) AS s,
       (SELECT count(*) AS jobs, sum(nb_fetched) AS fetched, count(*) FILTER (WHERE status IN ('failed', 'crashed')) AS failed,
               count(*) FILTER (WHERE status NOT IN ('failed', 'crashed', 'cancelled')) AS ok FROM ingest.import_job) j;
SELECT ingest_stats(NULL) #>> '{period,days}' AS of_null, ingest_stats(-1) #>> '{period,days}' AS of_less;
-- the last 50, newest first
SELECT count(pg_temp.ran('well', 'success', 49, ago => i * interval '1 minute')) FROM generate_series(1, 60) AS i;
SELECT array_agg(j.id ORDER BY j.place) = (SELECT array_agg(id) FROM (SELECT id FROM ingest.import_job ORDER BY started_at DESC, id DESC LIMIT 50) i) AS same
  FROM (SELECT (value ->> 'id')::int8 AS id, place FROM jsonb_array_elements(ingest_stats() -> 'recentJobs') WITH ORDINALITY AS e (value, place)) j;

DELETE FROM ingest.match_review;
DELETE FROM ingest.withdrawal_hold;
