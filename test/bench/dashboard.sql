-- How long each view of the dashboard takes, when there is much to show.
--
--   make bench DASHBOARD=1               a cluster of its own; or, by hand, in an
--                                       empty database:
--   psql -X -v sources=1000 -v jobs=100000 -v events=1000000 -f test/bench/dashboard.sql
--
-- The rows are made here and not imported: years of runs would take too long.
-- The roll-ups are what the jobs would have left.

\set ON_ERROR_STOP on
\set QUIET on
\pset footer off
\if :{?sources} \else \set sources 1000 \endif
\if :{?jobs} \else \set jobs 100000 \endif
\if :{?events} \else \set events 1000000 \endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS ingest;
SET synchronous_commit = off;
SET jit = off;  -- compiling a view takes longer than running it

INSERT INTO ingest.source (name, connector, config, schedule, timezone)
SELECT 'source-' || to_char(i, 'FM00000'), 'ics', '{"url": "https://calendar.example/x.ics"}', '30 minutes', 'America/Toronto'
  FROM generate_series(1, :sources) AS i;
INSERT INTO ingest.source_state (source, next_run_at, last_run_at, last_success_at, consecutive_failures)
SELECT name, now() + interval '20 minutes', now() - interval '10 minutes', now() - interval '10 minutes',
       CASE WHEN n % 50 = 0 THEN 4 ELSE 0 END
  FROM (SELECT name, row_number() OVER (ORDER BY name) AS n FROM ingest.source) s
ON CONFLICT (source) DO UPDATE
   SET next_run_at = excluded.next_run_at, last_run_at = excluded.last_run_at, last_success_at = excluded.last_success_at,
       consecutive_failures = excluded.consecutive_failures;

-- every fiftieth source fails, every twentieth has records refused
INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_created, nb_updated,
                               nb_skipped, nb_errors, skip_reasons, nb_pages, nb_requests, bytes_received,
                               error_class, sqlstate, error_message, error_hint)
SELECT 'source-' || to_char(1 + i % :sources, 'FM00000'),
       CASE WHEN f.failed THEN 'failed' WHEN i % 20 = 0 THEN 'partial' WHEN i % 3 = 0 THEN 'success' ELSE 'no_change' END,
       'schedule', 'ingest', at, at + interval '1 second' * (1 + i % 7),
       CASE WHEN f.failed THEN 0 ELSE 100 END, CASE WHEN NOT f.failed AND i % 3 = 0 THEN 3 ELSE 0 END, 0,
       CASE WHEN f.failed THEN 0 ELSE 100 - CASE WHEN i % 3 = 0 THEN 3 ELSE 0 END - CASE WHEN i % 20 = 0 THEN 2 ELSE 0 END END,
       CASE WHEN NOT f.failed AND i % 20 = 0 THEN 2 ELSE 0 END, '{"unchanged": 97}', 2, 2, 100000,
       CASE WHEN f.failed THEN 'auth' END, CASE WHEN f.failed THEN '28000' END,
       CASE WHEN f.failed THEN 'the source answered 401 Unauthorized' END, CASE WHEN f.failed THEN 'Set a new credential.' END
  FROM generate_series(0, :jobs - 1) AS i
 CROSS JOIN LATERAL (SELECT now() - interval '10 minutes' - (i / :sources) * interval '7 hours' AS at,
                            (i % :sources) % 50 = 49 AND i < 5 * :sources AS failed) f;
INSERT INTO ingest.source_day
SELECT started_at::date, source, count(*), count(*) FILTER (WHERE status <> 'failed'), count(*) FILTER (WHERE status = 'no_change'),
       count(*) FILTER (WHERE status = 'partial'), 0, count(*) FILTER (WHERE status = 'failed'), 0, sum(nb_fetched), sum(nb_created),
       sum(nb_updated), sum(nb_skipped), sum(nb_errors), 0, 0, sum(nb_requests), 0, sum(bytes_received),
       array_agg((extract(epoch FROM finished_at - started_at) * 1000)::int4), 1000, 7000
  FROM ingest.import_job GROUP BY 1, 2;
INSERT INTO ingest.import_error (job_id, source, source_id, error_class, field, message, created_at)
SELECT id, source, id || '-' || n, 'data', 'start', format('"%s" is not a date', id), started_at
  FROM ingest.import_job, generate_series(1, 2) AS n WHERE nb_errors > 0;

INSERT INTO ingest.event (title, status, starts_at, all_day, start_precision, timezone, venue_name, city, nb_listings, sources,
                          created_at, updated_at)
SELECT 'Event ' || i, 'scheduled', now() + i % 400 * interval '1 day' + i / 400 % 48 * interval '15 minutes' - interval '100 days', false, 'minute', 'America/Toronto',
       'Venue ' || i % 3000, 'Toronto', 1, ARRAY['source-' || to_char(1 + i % :sources, 'FM00000')], now(), now()
  FROM generate_series(1, :events) AS i;

-- columns that matching fills are not looked at here: any value does
SELECT coalesce(string_agg(format(', %I', attname), ''), '') AS more, coalesce(string_agg(', 0', ''), '') AS values
  FROM pg_attribute WHERE attrelid = 'ingest.listing'::regclass AND attname = 'match_hash' \gset
INSERT INTO ingest.listing (source, source_id, event_id, title, status, starts_at, all_day, start_precision, timezone, venue_name, city,
                            raw_hash, content_hash, first_seen_at, updated_at, last_seen_job, missing_runs, missing_since, withdrawn_at :more)
SELECT e.sources[1], e.id::text, e.id, e.title, 'scheduled', e.starts_at, false, 'minute', e.timezone, e.venue_name, e.city,
       0, 0, now(), now(), 1, (e.id % 1000 = 0)::int4, CASE WHEN e.id % 1000 = 0 THEN now() END,
       CASE WHEN e.id % 2000 = 0 THEN now() - interval '3 days' END :values
  FROM ingest.event e;
INSERT INTO ingest.match_review (listing_a, listing_b, score, evidence, created_at)
SELECT id, id + 1, 0.8, '{}', now() FROM ingest.listing WHERE id % 10000 = 1;
ANALYZE;
-- each counts all events to come: once is enough here, the others are as this one
SELECT ingest.count_source(min(name), 1) FROM ingest.source \g /dev/null
INSERT INTO ingest.source_figures (source, listings, upcoming, undated, events_upcoming, counted_at, last_change_at, change_interval)
SELECT s.name, f.listings, f.upcoming, f.undated, f.events_upcoming, now(), now(), interval '1 hour'
  FROM ingest.source s, ingest.source_figures f WHERE s.name <> f.source;
INSERT INTO ingest.source_quality
SELECT s.name, q.field, q.filled, q.total, 0.5, q.since FROM ingest.source s, ingest.source_quality q WHERE s.name <> q.source;
ANALYZE;
VACUUM;

-- the page of test/page/pages.sh wants no more
\if :{?data_only} \quit \endif

-- ---------------------------------------------------------------------------
-- The measurements: the best of five, as the machine may have other things to
-- do; cpu is what the server's process has computed in the mean
-- ---------------------------------------------------------------------------

CREATE TEMP TABLE measured (what text, ms numeric, cpu numeric, rows int8);
-- in ms, of this process; Linux counts in 1/100 s
CREATE FUNCTION pg_temp.cpu() RETURNS numeric LANGUAGE sql VOLATILE AS $$
  SELECT 10 * (f[14]::numeric + f[15]::numeric) FROM regexp_split_to_array(pg_read_file('/proc/self/stat', 0, 1000), ' ') AS f
$$;
DO $$
DECLARE
  q record;
  since timestamptz;
  best numeric;
  cpu numeric;
  n int8;
BEGIN
  FOR q IN SELECT format('ingest.%I', viewname) AS what,
                  format('SELECT count(*) FROM (SELECT * FROM ingest.%I%s) v', viewname,
                         CASE viewname WHEN 'jobs' THEN ' LIMIT 100' WHEN 'ImportJob' THEN ' ORDER BY "startedAt" DESC LIMIT 50'
                                       WHEN 'upcoming_events' THEN ' LIMIT 100'
                                       WHEN 'provenance' THEN ' WHERE event_id = 1000'
                                       WHEN 'daily' THEN ' WHERE day > current_date - 30' END) AS query
             FROM pg_views WHERE schemaname = 'ingest'
           UNION ALL SELECT 'ingest_stats()', 'SELECT length(ingest_stats()::text)'
           UNION ALL SELECT 'ingest_dashboard()', 'SELECT length(ingest_dashboard())'
                      WHERE to_regprocedure('ingest_dashboard(int,text)') IS NOT NULL
            ORDER BY 1
  LOOP
    best := NULL;
    cpu := pg_temp.cpu();
    FOR i IN 1 .. 5 LOOP
      since := clock_timestamp();
      -- a count would let the planner leave the columns out
      EXECUTE replace(q.query, 'count(*)', 'count(v.*::text)') INTO n;
      best := least(best, extract(epoch FROM clock_timestamp() - since) * 1000);
    END LOOP;
    INSERT INTO measured VALUES (q.what, round(best, 1), (pg_temp.cpu() - cpu) / 5, n);
  END LOOP;
END $$;
SELECT format('%s sources, %s jobs, %s events', :sources, :jobs, :events) AS size;
SELECT what, rows, ms, round(cpu) AS cpu_ms, CASE WHEN ms > 100 THEN 'over 100 ms' ELSE '' END AS remark FROM measured ORDER BY ms DESC;
