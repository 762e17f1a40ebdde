------------------------------------------------------------------------------
-- Schedules
------------------------------------------------------------------------------

/* Not parallel safe: an interval is tried in a subtransaction. */
CREATE FUNCTION @extschema@.ingest_next_run(
  schedule text,
  after timestamptz DEFAULT now(),
  timezone text DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c STABLE PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'ingest_next_run';
COMMENT ON FUNCTION @extschema@.ingest_next_run(text, timestamptz, text)
  IS 'when a schedule (interval, cron expression, RRULE) comes next in a time zone, by default the session''s; NULL: never again';
REVOKE ALL ON FUNCTION @extschema@.ingest_next_run(text, timestamptz, text) FROM PUBLIC;

/*
 * Where the sources are at home: the database in which the first of them was
 * added, or ingest_resume_all() was called.  The rows are dumped, so that a
 * restored copy knows that it is one.
 */
CREATE TABLE ingest.home
(
  system_identifier int8 NOT NULL,
  database          oid NOT NULL,
  since             timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (system_identifier, database)
);
SELECT pg_extension_config_dump('ingest.home', '');
COMMENT ON TABLE ingest.home IS 'the databases in which schedules are followed; a copy is none of them until ingest_resume_all()';
COMMENT ON COLUMN ingest.home.system_identifier IS 'of the cluster, as pg_control_system() has it';
COMMENT ON COLUMN ingest.home.database IS 'its OID, which no other database of the cluster has';

CREATE FUNCTION @extschema@.ingest_pause(source text, reason text DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_pause';
COMMENT ON FUNCTION @extschema@.ingest_pause(text, text)
  IS 'no run of this source by its schedule until ingest_resume(); a run that lasts goes on, and it can be run on demand';
REVOKE ALL ON FUNCTION @extschema@.ingest_pause(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_resume(source text)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_resume';
COMMENT ON FUNCTION @extschema@.ingest_resume(text) IS 'run a paused source by its schedule again';
REVOKE ALL ON FUNCTION @extschema@.ingest_resume(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_resume_all()
RETURNS int8
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_resume_all';
COMMENT ON FUNCTION @extschema@.ingest_resume_all()
  IS 'follow schedules in this database, if it is a copy, and resume all paused sources; how many were paused';
REVOKE ALL ON FUNCTION @extschema@.ingest_resume_all() FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_start()
RETURNS bool
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_start';
COMMENT ON FUNCTION @extschema@.ingest_start()
  IS 'start the launcher, which runs sources by their schedules in all databases; false if it is running. With shared_preload_libraries it starts with the server';
REVOKE ALL ON FUNCTION @extschema@.ingest_start() FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_stop()
RETURNS bool
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_stop';
COMMENT ON FUNCTION @extschema@.ingest_stop()
  IS 'stop the launcher until ingest_start(), or the next start of the server; runs that last go on. For superusers and members of pg_signal_backend';
REVOKE ALL ON FUNCTION @extschema@.ingest_stop() FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.is_home()
RETURNS bool
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_is_home';
COMMENT ON FUNCTION ingest.is_home() IS 'are schedules followed in this database, or is it a copy?';
REVOKE ALL ON FUNCTION ingest.is_home() FROM PUBLIC;

CREATE FUNCTION ingest.wake()
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_wake';
COMMENT ON FUNCTION ingest.wake() IS 'have the launcher look at this database after commit; at the end of scripts that install or update';
REVOKE ALL ON FUNCTION ingest.wake() FROM PUBLIC;

CREATE FUNCTION ingest.at_zone(at timestamptz, timezone text)
RETURNS timestamp
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ingest_at_zone';
COMMENT ON FUNCTION ingest.at_zone(timestamptz, text) IS 'AT TIME ZONE, but NULL where there is no such zone';
REVOKE ALL ON FUNCTION ingest.at_zone(timestamptz, text) FROM PUBLIC;

CREATE FUNCTION ingest.source_changed()
RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_source_changed';
COMMENT ON FUNCTION ingest.source_changed() IS 'check a changed schedule, and have its next run computed anew';
REVOKE ALL ON FUNCTION ingest.source_changed() FROM PUBLIC;

CREATE TRIGGER source_changed
AFTER INSERT OR UPDATE OF schedule, timezone, enabled ON ingest.source
FOR EACH ROW EXECUTE FUNCTION ingest.source_changed();

CREATE FUNCTION ingest.launcher_state(
  OUT enabled bool,
  OUT pid int4,
  OUT started_at timestamptz,
  OUT last_loop_at timestamptz,
  OUT next_wake_at timestamptz,
  OUT loops int8,
  OUT running int4,
  OUT waiting int4,
  OUT waiting_since timestamptz,
  OUT waiting_for text)
RETURNS record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_launcher_state';
COMMENT ON FUNCTION ingest.launcher_state() IS 'what the launcher does; pid is NULL when there is none';
REVOKE ALL ON FUNCTION ingest.launcher_state() FROM PUBLIC;

CREATE FUNCTION ingest.launcher_databases(
  OUT database text,
  OUT state text,
  OUT sources int4,
  OUT waiting int4,
  OUT next_due_at timestamptz,
  OUT planned_at timestamptz,
  OUT plan_ms float8,
  OUT problem text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_launcher_databases';
COMMENT ON FUNCTION ingest.launcher_databases() IS 'the databases that the launcher looks at';
REVOKE ALL ON FUNCTION ingest.launcher_databases() FROM PUBLIC;

CREATE VIEW ingest.launcher WITH (security_barrier) AS
SELECT s.state, l.pid, l.started_at, l.last_loop_at, l.next_wake_at, l.loops, l.running, l.waiting,
       l.waiting_since, l.waiting_for,
       CASE s.state
         WHEN 'standby' THEN 'schedules are followed after the promotion'
         WHEN 'not running' THEN 'there is no launcher: nothing runs by its schedule'
         WHEN 'disabled' THEN 'ingest.enabled is off: nothing runs by its schedule'
         WHEN 'waiting' THEN
           concat(CASE WHEN l.waiting > 0 THEN l.waiting || ' due' ELSE 'changed' END,
                  ' sources wait for a worker slot (', l.waiting_for, ')')
         ELSE format('%s running, next at %s', l.running,
                     coalesce(to_char(l.next_wake_at, 'YYYY-MM-DD HH24:MI:SS TZ'), 'no time'))
       END AS summary,
       CASE s.state
         WHEN 'not running' THEN format('SELECT %I.ingest_start()', x.schema)
         WHEN 'disabled' THEN 'ALTER SYSTEM SET ingest.enabled = on'
       END AS action
  FROM ingest.launcher_state() l
 CROSS JOIN LATERAL (SELECT CASE
                              WHEN pg_is_in_recovery() THEN 'standby'
                              WHEN l.pid IS NULL THEN 'not running'
                              WHEN NOT l.enabled THEN 'disabled'
                              WHEN l.waiting_since IS NOT NULL THEN 'waiting'
                              ELSE 'running'
                            END AS state) s
 CROSS JOIN LATERAL (SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                      WHERE e.extname = 'ingest') x;
COMMENT ON VIEW ingest.launcher IS 'one row: the process that starts runs by schedule, in all databases of the cluster';
COMMENT ON COLUMN ingest.launcher.state IS 'running, waiting (for a worker slot), disabled, not running or standby';
COMMENT ON COLUMN ingest.launcher.last_loop_at IS 'when it last looked: a minute ago at most';
COMMENT ON COLUMN ingest.launcher.next_wake_at IS 'when something is due; NULL: when something changes';
COMMENT ON COLUMN ingest.launcher.running IS 'runs that it started and that last';
COMMENT ON COLUMN ingest.launcher.waiting IS 'sources that are due and not started yet';
COMMENT ON COLUMN ingest.launcher.waiting_for IS 'the setting that limits them';
COMMENT ON COLUMN ingest.launcher.pid IS 'its process';
COMMENT ON COLUMN ingest.launcher.started_at IS 'when it was started';
COMMENT ON COLUMN ingest.launcher.loops IS 'how often it has looked';
COMMENT ON COLUMN ingest.launcher.waiting_since IS 'since when sources wait for a worker slot';
COMMENT ON COLUMN ingest.launcher.summary IS 'what it does, in a sentence';
COMMENT ON COLUMN ingest.launcher.action IS 'a statement to run next, where there is one';

CREATE VIEW ingest.databases WITH (security_barrier) AS
SELECT database, state, sources, waiting, next_due_at, planned_at, plan_ms, problem
  FROM ingest.launcher_databases()
 ORDER BY database;
COMMENT ON VIEW ingest.databases IS 'the databases whose schedules the launcher follows, or would';
COMMENT ON COLUMN ingest.databases.state IS 'served, other version (than the library), copy (until ingest_resume_all()), failed or not planned yet';
COMMENT ON COLUMN ingest.databases.planned_at IS 'when its sources were last looked at';
COMMENT ON COLUMN ingest.databases.plan_ms IS 'how long that took, the start of the process included';
COMMENT ON COLUMN ingest.databases.database IS 'its name';
COMMENT ON COLUMN ingest.databases.sources IS 'sources that have a schedule';
COMMENT ON COLUMN ingest.databases.waiting IS 'of these, due and not started yet';
COMMENT ON COLUMN ingest.databases.next_due_at IS 'when the next of them is due';
COMMENT ON COLUMN ingest.databases.problem IS 'why its sources could not be looked at';

CREATE VIEW ingest.schedule WITH (security_barrier) AS
SELECT p.source, p.schedule, p.timezone, p.state,
       p.last_tick_at, p.last_job, p.last_trigger, p.last_run_at, p.last_status, p.last_result,
       p.next_run_at, to_char(ingest.at_zone(p.next_run_at, p.timezone), 'Dy YYYY-MM-DD HH24:MI:SS') AS next_run_local,
       p.next_run_at - now() AS next_run_in,
       CASE p.state
         WHEN 'on demand' THEN 'it has no schedule'
         WHEN 'disabled' THEN 'it is disabled'
         WHEN 'paused' THEN format('paused since %s: %s', to_char(p.paused_at, 'YYYY-MM-DD HH24:MI'), p.paused_reason)
         WHEN 'broken' THEN p.schedule_problem
         WHEN 'running' THEN 'it is running; the next run comes after this one'
         WHEN 'copy' THEN 'this database is a copy: nothing runs by itself until ingest_resume_all()'
         WHEN 'stopped' THEN p.launcher
         WHEN 'ended' THEN 'its schedule has come to its end'
         WHEN 'planning' THEN 'its next run is being computed'
         WHEN 'waiting' THEN concat('due for ', date_trunc('second', now() - p.next_run_at),
                                    ', and waits for a worker slot', ' (' || p.waiting_for || ')')
         WHEN 'rate_limited' THEN 'the upstream wants to be left alone until then'
         WHEN 'backing_off' THEN
           CASE p.consecutive_failures WHEN 1 THEN 'it failed' ELSE format('%s failures in a row', p.consecutive_failures) END
           || ': it is tried again then'
         ELSE 'it runs then'
       END AS why,
       CASE
         WHEN p.state = 'disabled' THEN format('UPDATE ingest.source SET enabled = true WHERE name = %L', p.source)
         WHEN p.state = 'paused' THEN format('SELECT %I.ingest_resume(%L)', x.schema, p.source)
         WHEN p.state = 'copy' THEN format('SELECT %I.ingest_resume_all()', x.schema)
         WHEN p.state = 'stopped' THEN p.launcher_action
         WHEN p.state = 'broken' THEN format('UPDATE ingest.source SET schedule = ''1 hour'' WHERE name = %L', p.source)
       END AS action
  FROM (SELECT s.name AS source, s.schedule, s.timezone,
               CASE
                 WHEN s.schedule IS NULL THEN 'on demand'
                 WHEN NOT s.enabled THEN 'disabled'
                 WHEN t.paused_reason IS NOT NULL THEN 'paused'
                 WHEN t.schedule_problem IS NOT NULL THEN 'broken'
                 WHEN j.status = 'running' AND ingest.job_is_alive(s.name) THEN 'running'
                 WHEN NOT h.home THEN 'copy'
                 WHEN l.state NOT IN ('running', 'waiting') THEN 'stopped'
                 WHEN t.next_run_at IS NULL THEN 'planning'
                 WHEN t.next_run_at = 'infinity' THEN 'ended'
                 WHEN greatest(t.next_run_at, t.not_before) <= now() THEN 'waiting'
                 WHEN t.not_before > t.next_run_at THEN 'rate_limited'
                 WHEN t.consecutive_failures > 0 THEN 'backing_off'
                 ELSE 'planned'
               END AS state,
               t.last_tick_at, j.id AS last_job, j.trigger AS last_trigger, j.started_at AS last_run_at,
               CASE WHEN j.status = 'running' AND NOT ingest.job_is_alive(s.name) THEN 'crashed' ELSE j.status END AS last_status,
               coalesce(j.error_message,
                        CASE WHEN j.status <> 'running' THEN
                          format('%s created, %s updated, %s skipped, %s refused', j.nb_created, j.nb_updated, j.nb_skipped, j.nb_errors)
                        END) AS last_result,
               nullif(greatest(t.next_run_at, t.not_before), 'infinity') AS next_run_at,
               t.paused_at, t.paused_reason, t.schedule_problem, t.consecutive_failures,
               l.summary AS launcher, l.action AS launcher_action, l.waiting_for
          FROM ingest.source s
          LEFT JOIN ingest.source_state t ON t.source = s.name
          LEFT JOIN LATERAL (SELECT i.id, i.trigger, i.started_at, i.status, i.error_message,
                                    i.nb_created, i.nb_updated, i.nb_skipped, i.nb_errors
                               FROM ingest.import_job i
                              WHERE i.source = s.name AND i.trigger <> ALL (ARRAY['import', 'replay'])
                              ORDER BY i.started_at DESC, i.id DESC
                              LIMIT 1) j ON true
         CROSS JOIN ingest.launcher l
         CROSS JOIN (SELECT ingest.is_home() AS home) h) p
 CROSS JOIN LATERAL (SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                      WHERE e.extname = 'ingest') x
 ORDER BY p.next_run_at NULLS LAST, p.source;
COMMENT ON VIEW ingest.schedule IS 'what runs by itself, soonest first: the last tick, what came of it, and the next';
COMMENT ON COLUMN ingest.schedule.state IS 'planned, running, waiting (for a worker slot), rate_limited, backing_off, paused, broken, disabled, on demand, ended, planning, stopped (no launcher) or copy';
COMMENT ON COLUMN ingest.schedule.last_tick_at IS 'the tick that the last run by schedule was for';
COMMENT ON COLUMN ingest.schedule.last_result IS 'what came of the last run, whoever asked for it';
COMMENT ON COLUMN ingest.schedule.next_run_at IS 'when it is due: its tick, a delay of up to 30 seconds that spreads sources, or later where the upstream or failures say so';
COMMENT ON COLUMN ingest.schedule.next_run_local IS 'the same on the source''s wall clock';
COMMENT ON COLUMN ingest.schedule.why IS 'what keeps it, in a sentence';
COMMENT ON COLUMN ingest.schedule.action IS 'a statement to run next, where there is one';
COMMENT ON COLUMN ingest.schedule.source IS 'name of the source';
COMMENT ON COLUMN ingest.schedule.schedule IS 'interval, cron expression or RRULE; NULL: it runs on demand';
COMMENT ON COLUMN ingest.schedule.timezone IS 'the zone of its wall clock';
COMMENT ON COLUMN ingest.schedule.last_job IS 'the last run, of import_job';
COMMENT ON COLUMN ingest.schedule.last_trigger IS 'manual or schedule';
COMMENT ON COLUMN ingest.schedule.last_run_at IS 'when that run started';
COMMENT ON COLUMN ingest.schedule.last_status IS 'how it ended, or running';
COMMENT ON COLUMN ingest.schedule.next_run_in IS 'the same from now';

SELECT ingest.wake();
