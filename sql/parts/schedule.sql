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
