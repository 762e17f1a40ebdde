-- Schedules: what they are, when they come, what is wrong with them
SET timezone = 'America/Toronto';
SET datestyle = 'ISO, YMD';
\set VERBOSITY terse

-- the three kinds, after an instant that is given
SELECT schedule, ingest_next_run(schedule, '2026-03-01 12:00:30.5-05') AS next
  FROM unnest(ARRAY['30 minutes', 'PT6H', '1 day 2 hours', '00:00:01', '@ 5 minutes',
                    '*/30 * * * *', '@hourly', '@daily', '0 9-17/4 * * mon-fri', '0 0 13 * fri', '0 4 L * *',
                    'FREQ=WEEKLY;BYDAY=MO;BYHOUR=4', 'RRULE:FREQ=MONTHLY;BYDAY=-1SU',
                    'DTSTART:20260101T040000 RRULE:FREQ=DAILY;INTERVAL=3']) AS schedule;

-- the zone: that of the session, or the one given
SELECT ingest_next_run('0 3 * * *', '2026-07-01 00:00+00');
SELECT ingest_next_run('0 3 * * *', '2026-07-01 00:00+00', 'Europe/Paris') AT TIME ZONE 'Europe/Paris';
SELECT ingest_next_run('0 3 * * *', '2026-07-01 00:00+00', 'UTC') AT TIME ZONE 'UTC';
SELECT ingest_next_run('0 3 * * *', '2026-07-01 00:00+00', '<+05:30>-05:30') AT TIME ZONE 'UTC';
SELECT ingest_next_run('0 3 * * *', '2026-07-01 00:00+00', 'Mars/Olympus');

-- where clocks are changed: 02:30 that is not, 01:30 that is twice, hours
WITH RECURSIVE run AS
(
  SELECT schedule, '2026-03-07 12:00-05'::timestamptz AS at, 0 AS n FROM unnest(ARRAY['30 2 * * *', '30 */6 * * *']) AS schedule
  UNION ALL
  SELECT schedule, ingest_next_run(schedule, at), n + 1 FROM run WHERE n < 3
)
SELECT schedule, at FROM run WHERE n > 0 ORDER BY schedule, at;
WITH RECURSIVE run AS
(
  SELECT schedule, '2026-11-01 00:45-04'::timestamptz AS at, 0 AS n FROM unnest(ARRAY['30 1 * * *', '30 * * * *']) AS schedule
  UNION ALL
  SELECT schedule, ingest_next_run(schedule, at), n + 1 FROM run WHERE n < 3
)
SELECT schedule, at FROM run WHERE n > 0 ORDER BY schedule, at;

-- no more, never, nothing
SELECT ingest_next_run('FREQ=DAILY;UNTIL=20200101T000000', '2026-01-01') IS NULL;
SELECT ingest_next_run(NULL) IS NULL;
SELECT ingest_next_run('@daily', NULL) IS NULL;
SELECT ingest_next_run('@daily') > now(), ingest_next_run('1 hour') = now() + interval '1 hour';
SELECT ingest_next_run('@daily', 'infinity');

-- mistakes
SELECT ingest_next_run('0 0 30 2 *');
SELECT ingest_next_run('61 * * * *');
SELECT ingest_next_run('* * * *');
SELECT ingest_next_run('0 */5 * * * *');
SELECT ingest_next_run('1 month');
SELECT ingest_next_run('-5 minutes');
SELECT ingest_next_run('now and then');
SELECT ingest_next_run('');
SELECT ingest_next_run('FREQ=DAILY;COUNT=3');
SELECT ingest_next_run('FREQ=HOURLY;BYHOUR=25');
SELECT ingest_next_run('@reboot');

-- a source is added with a schedule that comes, or not at all
\set VERBOSITY default
SELECT ingest_add_source('never', 'ics', '{"url": "https://example.org/a.ics"}', schedule => '0 0 30 2 *');
SELECT ingest_add_source('ended', 'ics', '{"url": "https://example.org/a.ics"}', schedule => 'FREQ=DAILY;UNTIL=20200101');
SELECT ingest_add_source('odd', 'ics', '{"url": "https://example.org/a.ics"}', schedule => '5 o''clock');
\set VERBOSITY terse
SELECT name, schedule, timezone FROM ingest_add_source('nightly', 'ics', '{"url": "https://example.org/a.ics"}',
  schedule => '30 2 * * *', timezone => 'Europe/Paris');

-- when it runs next is shown on its own wall clock, whatever the session's zone
INSERT INTO ingest.source_state (source) VALUES ('nightly') ON CONFLICT DO NOTHING;
UPDATE ingest.source_state SET next_run_at = '2030-07-01 00:30:00+00' WHERE source = 'nightly';
SELECT next_run_at, next_run_local FROM ingest.schedule WHERE source = 'nightly';
