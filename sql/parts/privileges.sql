------------------------------------------------------------------------------
-- Privileges: nothing for PUBLIC; the dashboard for monitoring roles
------------------------------------------------------------------------------

REVOKE ALL ON SCHEMA ingest FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA ingest FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA ingest FROM PUBLIC;

GRANT USAGE ON SCHEMA ingest TO pg_monitor;
GRANT SELECT ON ingest.jobs, ingest.running, ingest.source_health, ingest.overview,
                ingest.upcoming_events, ingest."ImportJob",
                ingest.schedule, ingest.launcher, ingest.databases TO pg_monitor;
-- a view's functions are called with its reader's rights
GRANT EXECUTE ON FUNCTION ingest.job_is_alive(text), ingest.is_home(),
                          ingest.at_zone(timestamptz, text), ingest.launcher_state(),
                          ingest.launcher_databases() TO pg_monitor;
