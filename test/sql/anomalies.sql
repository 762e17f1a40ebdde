-- What is unusual: each rule says it where it should, and nothing where not;
-- thresholds are rows, for all sources or one
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT ingest_stop() IS NOT NULL AS stopped;

-- a run as the launcher would have made it, of a source that is not asked
CREATE FUNCTION pg_temp.ran(source text, fetched int, errors int DEFAULT 0, pages int DEFAULT 3, ago interval DEFAULT '0',
                            took interval DEFAULT '1 second', status text DEFAULT NULL) RETURNS int8 LANGUAGE sql AS $$
  WITH job AS (
    INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_skipped, nb_errors, nb_pages)
    VALUES (source, coalesce(status, CASE WHEN fetched = 0 THEN 'empty' WHEN errors > 0 THEN 'partial' ELSE 'no_change' END), 'schedule',
            'ingest', now() - ago, now() - ago + took, fetched, fetched - errors, errors, pages) RETURNING id)
  SELECT id FROM job, LATERAL (SELECT ingest.roll_up(id)) r;
$$;
CREATE FUNCTION pg_temp.source(VARIADIC names text[]) RETURNS int8 LANGUAGE sql AS $$
  SELECT count(ingest_add_source(n, 'eventbrite', '{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}'))
    FROM unnest(names) AS n;
$$;
-- listings of a source; each argument is an expression over i
CREATE FUNCTION pg_temp.list(source text, first int, last int, hour text DEFAULT '20', title text DEFAULT '''Concert '' || i',
                             venue text DEFAULT '''Hall '' || i', at text DEFAULT 'i', has_end text DEFAULT 'true')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  page text;
BEGIN
  EXECUTE format($q$
    SELECT jsonb_build_object('events', jsonb_agg(jsonb_build_object(
             'id', i::text, 'name', jsonb_build_object('text', %2$s), 'status', 'live', 'currency', 'CAD', 'online_event', false,
             'listed', true, 'url', 'https://www.eventbrite.ca/e/' || i, 'changed', now(),
             'start', jsonb_build_object('timezone', 'UTC', 'local', d + h, 'utc', to_char(d + h, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
             'end', CASE WHEN %5$s THEN
                    jsonb_build_object('timezone', 'UTC', 'local', d + h + '2 hours', 'utc', to_char(d + h + '2 hours', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) END,
             'venue', jsonb_build_object('id', 'v' || i, 'name', %3$s, 'latitude', (45.5 + (%4$s) * 0.001)::text, 'longitude', '-73.5',
                                         'address', jsonb_build_object('city', 'Montréal', 'country', 'CA')))))::text
      FROM generate_series(%6$s, %7$s) AS i,
           LATERAL (SELECT timestamp '2027-06-01' + i %% 60 * interval '1 day' AS d, make_interval(hours => %1$s) AS h) t
    $q$, hour, title, venue, at, has_end, first, last) INTO page;
  RETURN (SELECT status FROM ingest_import(source, page));
END $$;
CREATE VIEW unusual AS SELECT source, rule, severity, summary FROM ingest.anomalies ORDER BY source, rule;

-- the rules, and what holds by default
SELECT rule, severity, threshold, at_least FROM ingest.anomaly_rule ORDER BY rule;

-- nothing after something; not where there never was much, nor where there is nothing still
SELECT pg_temp.source('emptied', 'few', 'still empty');
SELECT count(pg_temp.ran(s, n, ago => '2 hours')) FROM (VALUES ('emptied', 5), ('few', 4), ('still empty', 0)) AS v (s, n);
SELECT count(pg_temp.ran(s, 0)) FROM unnest(ARRAY['emptied', 'few', 'still empty']) AS s;
TABLE unusual;
-- it stays until there is something again; a failed run says nothing
SELECT count(pg_temp.ran('emptied', 0, status => 'failed'));
SELECT rule FROM unusual;
SELECT count(pg_temp.ran('emptied', 6));
TABLE unusual;
DELETE FROM ingest.source;

-- all refused; all but one
SELECT pg_temp.source('all', 'almost');
SELECT count(pg_temp.ran(s, 9, errors => n)) FROM (VALUES ('all', 9), ('almost', 8)) AS v (s, n);
TABLE unusual;
DELETE FROM ingest.source;

-- a round number on one page; on two, or not round, or few
SELECT pg_temp.source('one page', 'two pages', 'not round', 'too few');
SELECT count(pg_temp.ran(s, n, pages => p)) FROM (VALUES ('one page', 100, 1), ('two pages', 100, 2), ('not round', 101, 1), ('too few', 10, 1)) AS v (s, n, p);
TABLE unusual;
DELETE FROM ingest.source;

-- far from the median of the last runs, either way; within; too few runs to tell
SELECT pg_temp.source('shrunk', 'grown', 'steady', 'young');
SELECT count(pg_temp.ran(s, 100 + i % 5, ago => (30 - i) * interval '1 hour'))
  FROM (VALUES ('shrunk', 1), ('grown', 1), ('steady', 1), ('young', 15)) AS v (s, since), generate_series(since, 20) AS i;
SELECT count(pg_temp.ran(s, n)) FROM (VALUES ('shrunk', 60), ('grown', 151), ('steady', 110), ('young', 30)) AS v (s, n);
TABLE unusual;
-- for one source otherwise, for all otherwise, for none: from the next run on
INSERT INTO ingest.anomaly_rule (rule, source, severity, threshold) VALUES
  ('volume', '*', 'critical', 4), ('volume', 'shrunk', 'off', 4), ('volume', 'steady', 'info', 0.5);
SELECT count(pg_temp.ran(s, n)) FROM (VALUES ('shrunk', 60), ('grown', 151), ('steady', 110)) AS v (s, n);
TABLE unusual;
SELECT source, health, check_volume FROM ingest.source_health ORDER BY source;
DELETE FROM ingest.anomaly_rule WHERE source <> '';
DELETE FROM ingest.source;

-- longer than usual; not longer by much; longer, but short
SELECT pg_temp.source('slow', 'slower', 'short');
SELECT count(pg_temp.ran(s, 49, ago => i * interval '1 hour', took => t))
  FROM (VALUES ('slow', interval '20 s'), ('slower', '20 s'), ('short', '2 s')) AS v (s, t), generate_series(1, 6) AS i;
SELECT count(pg_temp.ran(s, 49, took => t)) FROM (VALUES ('slow', interval '61 s'), ('slower', '59 s'), ('short', '9 s')) AS v (s, t);
TABLE unusual;
DELETE FROM ingest.source;

-- known events under new ids; new events under new ids
SELECT pg_temp.source('renumbered', 'new');
SELECT pg_temp.list(s, 1, 20) FROM unnest(ARRAY['renumbered', 'new']) AS s;
UPDATE ingest.import_job SET trigger = 'schedule';
SELECT pg_temp.list('renumbered', 1001, 1020, title => '''Concert '' || i - 1000', hour => '20 + 24 * (i - 1000 - i % 60 + (i - 1000) % 60 - (i - 1000))');
SELECT pg_temp.list('new', 1021, 1040);
UPDATE ingest.import_job SET trigger = 'schedule';
SELECT count(*) FROM (SELECT ingest.compare_run(max(id)) FROM ingest.import_job GROUP BY source) r;
TABLE unusual;
DELETE FROM ingest.listing;
DELETE FROM ingest.event;
DELETE FROM ingest.source;

-- nothing has changed for ten times as long as usual; for nine times
SELECT pg_temp.source('stale', 'calm', 'hourly');
SELECT count(pg_temp.ran(s, 9)) FROM unnest(ARRAY['stale', 'calm', 'hourly']) AS s;
UPDATE ingest.source_figures SET last_change_at = now() - since, change_interval = usual
  FROM (VALUES ('stale', interval '21 days', interval '2 days'), ('calm', '19 days', '2 days'), ('hourly', '23 hours', '1 hour')) AS v (s, since, usual)
 WHERE source = s;
SELECT source, check_freshness, regexp_replace(summary, '[0-9]{4}-.*', '...') AS summary, action FROM ingest.source_health ORDER BY source;
INSERT INTO ingest.anomaly_rule (rule, source, severity, threshold) VALUES ('stale', 'calm', 'critical', 9), ('stale', 'stale', 'off', 0);
SELECT source, check_freshness FROM ingest.source_health ORDER BY source;
DELETE FROM ingest.anomaly_rule WHERE source <> '';
DELETE FROM ingest.source;

-- a field that used to be filled; by a little less; of a few listings
SELECT pg_temp.source('drift', 'slight', 'small');
SELECT pg_temp.list(s, 1, n) FROM (VALUES ('drift', 40), ('slight', 40), ('small', 19)) AS v (s, n);
SELECT pg_temp.list(s, 1, n, has_end => e) FROM (VALUES ('drift', 40, 'i % 2 = 0'), ('slight', 40, 'i % 5 > 0'), ('small', 19, 'i % 2 = 0')) AS v (s, n, e);
TABLE unusual;
SELECT source, field, filled_percent, usual_percent, change FROM ingest.quality WHERE field = 'ends_at';
DELETE FROM ingest.listing;
DELETE FROM ingest.event;
DELETE FROM ingest.source;

-- midnight, the small hours; evenings; a third at midnight
SELECT pg_temp.source('midnight', 'night', 'evening', 'third');
SELECT pg_temp.list(s, 1, 30, hour => h) FROM (VALUES ('midnight', 'i % 2 * 20'), ('night', '1 + i % 5'), ('evening', '16 + i % 8'),
                                                      ('third', 'CASE WHEN i % 10 < 3 THEN 0 ELSE 20 END')) AS v (s, h);
TABLE unusual;
DELETE FROM ingest.listing;
DELETE FROM ingest.event;
DELETE FROM ingest.source;

-- places of several names at one point; one place of one name; few of them
SELECT pg_temp.source('geocoder', 'one hall', 'some');
SELECT pg_temp.list(s, 1, 30, venue => v, at => a) FROM (VALUES ('geocoder', '''Hall '' || i', 'CASE WHEN i % 3 = 0 THEN 0 ELSE i END'),
                                                                ('one hall', '''The Hall''', '0'),
                                                                ('some', '''Hall '' || i', 'CASE WHEN i < 4 THEN 0 ELSE i END')) AS v (s, v, a);
TABLE unusual;
DELETE FROM ingest.listing;
DELETE FROM ingest.event;
DELETE FROM ingest.source;

-- one title for many; for few
SELECT pg_temp.source('template', 'repeated');
SELECT pg_temp.list(s, 1, 30, title => t) FROM (VALUES ('template', 'CASE WHEN i % 3 = 0 THEN ''Sign in'' ELSE ''Concert '' || i END'),
                                                       ('repeated', 'CASE WHEN i % 6 = 0 THEN ''Yoga'' ELSE ''Concert '' || i END')) AS v (s, t);
TABLE unusual;
INSERT INTO ingest.anomaly_rule (rule, source, severity, threshold, at_least) VALUES ('same_title', 'template', 'off', 0, 0), ('same_title', 'repeated', 'critical', 0.1, 20);
SELECT count(*) FROM (SELECT ingest.count_source(name, 1) FROM ingest.source OFFSET 0) c;
TABLE unusual;
DELETE FROM ingest.anomaly_rule WHERE source <> '';
DELETE FROM ingest.listing;
DELETE FROM ingest.event;
DELETE FROM ingest.source;

-- counters that do not add up are no job
INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_created)
VALUES ('x', 'success', 'manual', 'x', now(), now(), 3, 2);

DELETE FROM ingest.import_job;
DROP VIEW unusual;
