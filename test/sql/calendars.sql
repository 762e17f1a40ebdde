-- Calendars: what is listed, what a run leaves out, and how it is shown
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'America/Toronto';

-- one calendar of VEVENTs, each given by its lines
CREATE FUNCTION pg_temp.calendar(VARIADIC events text[]) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(E'\r\n', 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//ingest//calendars//EN',
    (SELECT string_agg(E'BEGIN:VEVENT\r\n' || replace(trim(e), E'\n', E'\r\n') || E'\r\nEND:VEVENT', E'\r\n') FROM unnest(events) e),
    'END:VCALENDAR', '')
$$;
CREATE VIEW pg_temp.last_job AS
  SELECT source, status, nb_created AS created, nb_updated AS updated, nb_cancelled AS cancelled, skip_reasons, warnings
    FROM ingest.import_job ORDER BY id DESC LIMIT 1;

SELECT name FROM ingest_add_source('club', 'ics', '{"window_end": "2100-01-01"}', timezone => 'America/Toronto');

-- whole days, several of them, times without a zone, and times of another
-- zone, for viewers in three session zones
SELECT status, nb_created FROM ingest_import('club', pg_temp.calendar(
  E'UID:day\nDTSTART;VALUE=DATE:20950624\nSUMMARY:One day',
  E'UID:days\nDTSTART;VALUE=DATE:20950701\nDTEND;VALUE=DATE:20950704\nSUMMARY:Three days',
  E'UID:point\nDTSTART;VALUE=DATE:20950705\nDTEND;VALUE=DATE:20950705\nSUMMARY:A day without an end',
  E'UID:floating\nDTSTART:20950710T200000\nDTEND:20950710T220000\nSUMMARY:Floating',
  E'UID:tokyo\nDTSTART;TZID=Asia/Tokyo:20950712T190000\nDTEND;TZID=Tokyo Standard Time:20950712T210000\nSUMMARY:In Tokyo',
  E'UID:utc\nDTSTART:20950714T233000Z\nDURATION:PT1H\nSUMMARY:In UTC',
  E'UID:train\nDTSTART:20950716T190000\nDTEND;TZID=America/Vancouver:20950718T080000\nSUMMARY:To Vancouver'));
SELECT title, starts_at, ends_at, starts_on, ends_on, local_start, timezone FROM ingest.upcoming_events;
SET timezone = 'Asia/Kolkata';
SELECT title, starts_at, ends_at, starts_on, ends_on, local_start, timezone FROM ingest.upcoming_events;
SET timezone = 'UTC';
SELECT title, starts_at, ends_at, starts_on, ends_on, local_start, timezone FROM ingest.upcoming_events;
SET timezone = 'America/Toronto';

-- a whole day is upcoming until it is over, also without an end
BEGIN;
UPDATE ingest.event SET starts_at = date_trunc('day', now()), ends_at = NULL WHERE title = 'A day without an end';
UPDATE ingest.event SET starts_at = now() - interval '25 hours', ends_at = NULL WHERE title = 'One day';
UPDATE ingest.event SET starts_at = now() - interval '1 hour', ends_at = NULL WHERE title = 'Floating';
SELECT title FROM ingest.upcoming_events ORDER BY title;
ROLLBACK;

-- who looks sees private events and answers to invitations, marked; a run
-- leaves them out, unless it is told to take the private ones
SELECT pg_temp.calendar(
  E'UID:open\nDTSTART:20950601T190000Z\nSUMMARY:Open',
  E'UID:private\nDTSTART:20950602T190000Z\nCLASS:PRIVATE\nSUMMARY:Private') AS calendar \gset
SELECT source_id, title, attributes FROM ingest_parse('ics', :'calendar', '{"window_end": "2100-01-01", "default_timezone": "UTC"}');
SELECT source_id, title, attributes FROM ingest_parse('ics', replace(:'calendar', 'VERSION:2.0', 'METHOD:REPLY'), '{"window_end": "2100-01-01", "default_timezone": "UTC"}');
SELECT name FROM ingest_add_source('shy', 'ics', '{"window_end": "2100-01-01"}', timezone => 'UTC');
SELECT status FROM ingest_import('shy', :'calendar');
SELECT * FROM pg_temp.last_job;
SELECT status FROM ingest_import('shy', replace(:'calendar', 'VERSION:2.0', 'METHOD:REPLY'));
SELECT * FROM pg_temp.last_job;
UPDATE ingest.source SET config = config || '{"include_private": true}' WHERE name = 'shy';
SELECT status FROM ingest_import('shy', :'calendar');
SELECT source_id, title, attributes FROM ingest.listing WHERE source = 'shy' ORDER BY source_id;

-- a status that only the title says, for any source; the title stays
SELECT name FROM ingest_add_source('titles', 'ics', '{"window_end": "2100-01-01"}', timezone => 'UTC');
SELECT status, nb_cancelled FROM ingest_import('titles', pg_temp.calendar(
  E'UID:1\nDTSTART:20950601T190000Z\nSUMMARY:CANCELLED: Jazz',
  E'UID:2\nDTSTART:20950602T190000Z\nSUMMARY:[Annulé] Blues',
  E'UID:3\nDTSTART:20950603T190000Z\nSUMMARY:ANNULÉE – Danse',
  E'UID:4\nDTSTART:20950604T190000Z\nSUMMARY:REPORTÉ : Lecture',
  E'UID:5\nDTSTART:20950605T190000Z\nSUMMARY:Théâtre (complet)',
  E'UID:6\nDTSTART:20950606T190000Z\nSTATUS:CONFIRMED\nSUMMARY:Postponed - Poetry',
  E'UID:7\nDTSTART:20950607T190000Z\nSTATUS:CANCELLED\nSUMMARY:SOLD OUT: Rock',
  E'UID:8\nDTSTART:20950608T190000Z\nSUMMARY:Annulé',
  E'UID:9\nDTSTART:20950609T190000Z\nSUMMARY:The Cancelled Czech Files',
  E'UID:10\nDTSTART:20950610T190000Z\nSUMMARY:Le petit déjeuner complet'));
SELECT source_id, title, status FROM ingest.listing WHERE source = 'titles' ORDER BY source_id::int;
SELECT source_id, status FROM ingest_parse('ics', pg_temp.calendar(E'UID:1\nDTSTART:20950601T190000Z\nSUMMARY:CANCELLED: Jazz'),
  '{"window_end": "2100-01-01", "default_timezone": "UTC"}');
-- and what is taken back is taken back
SELECT nb_updated FROM ingest_import('titles', pg_temp.calendar(E'UID:1\nDTSTART:20950601T190000Z\nSUMMARY:Jazz'));
SELECT title, status FROM ingest.listing WHERE source = 'titles' AND source_id = '1';

-- The Events Calendar's UIDs are made of the times: a moved event is the same
SELECT nb_created FROM ingest_import('club', pg_temp.calendar(E'UID:4711-3960298800-3960306000@club.example\nDTSTART;TZID=America/Toronto:20950630T190000\nSUMMARY:Moving'));
SELECT nb_created, nb_updated FROM ingest_import('club', pg_temp.calendar(E'UID:4711-3960302400-3960309600@club.example\nDTSTART;TZID=America/Toronto:20950630T200000\nSUMMARY:Moving'));
SELECT source_id, starts_at FROM ingest.listing WHERE title = 'Moving';

-- an empty calendar, where something is to come and where nothing is
SELECT status FROM ingest_import('club', pg_temp.calendar(VARIADIC '{}'));
SELECT * FROM pg_temp.last_job;
SELECT count(*) FROM ingest.listing WHERE source = 'club' AND (withdrawn_at IS NOT NULL OR missing_runs > 0);
SELECT name FROM ingest_add_source('new', 'ics', timezone => 'UTC');
SELECT status FROM ingest_import('new', pg_temp.calendar(VARIADIC '{}'));
SELECT * FROM pg_temp.last_job;

-- odd and broken bodies: one bad event costs one refusal, a bad body the job
SELECT position, source_id, starts_at, problem, error_class FROM ingest_parse('ics', pg_temp.calendar(
  E'UID:a\nDTSTART:20950230T190000Z\nSUMMARY:No such day',
  E'UID:b\nSUMMARY:No start',
  E'UID:c\nDTSTART;VALUE=DATE:20950701\nSUMMARY:Fine',
  E'UID:d\nDTSTART:tomorrow\nSUMMARY:No date',
  E'UID:e\nDTSTART:99990101T000000Z\nSUMMARY:Far',
  E'UID:f\nDTSTART:20950701T250000\nSUMMARY:No hour'), '{"window_end": "2100-01-01", "default_timezone": "UTC"}');
SELECT * FROM ingest_parse('ics', '<html>Sign in', '{"default_timezone": "UTC"}');
SELECT * FROM ingest_parse('ics', '', '{"default_timezone": "UTC"}');
SELECT * FROM ingest_parse('ics', '{"error": "gone"}', '{"default_timezone": "UTC"}');
SELECT * FROM ingest_parse('ics', E'BEGIN:VCARD\r\nFN:Someone\r\nEND:VCARD\r\n', '{"default_timezone": "UTC"}');
SELECT title FROM ingest_parse('ics', decode(replace(encode(convert_to(pg_temp.calendar(E'UID:a\nDTSTART:20950701\nSUMMARY:Café'), 'UTF8'), 'hex'), 'c3a9', 'e90001'), 'hex'), '{"window_end": "2100-01-01", "default_timezone": "UTC"}');
