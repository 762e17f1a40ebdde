------------------------------------------------------------------------------
-- Privileges: nothing for PUBLIC; the dashboard for monitoring roles
------------------------------------------------------------------------------

REVOKE ALL ON SCHEMA ingest FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA ingest FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA ingest FROM PUBLIC;

GRANT USAGE ON SCHEMA ingest TO pg_monitor;
GRANT SELECT ON ingest.overview, ingest.attention, ingest.source_health, ingest.health, ingest.anomalies, ingest.sparkline,
                ingest.jobs, ingest.running, ingest.schedule, ingest.daily, ingest.errors,
                ingest.review_queue, ingest.merges, ingest.event_parents, ingest.series, ingest.disappeared, ingest.provenance,
                ingest.upcoming_events, ingest.quality, ingest.http_usage, ingest.storage, ingest."ImportJob",
                ingest.launcher, ingest.databases TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.ingest_stats(int4), @extschema@.ingest_dashboard(int4, text),
                          @extschema@.ingest_normalise(text) TO pg_monitor;
-- a view's functions are called with its reader's rights
GRANT EXECUTE ON FUNCTION ingest.job_is_alive(text), ingest.is_home(),
                          ingest.at_zone(timestamptz, text), ingest.launcher_state(),
                          ingest.launcher_databases() TO pg_monitor;
