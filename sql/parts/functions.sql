------------------------------------------------------------------------------
-- Functions
------------------------------------------------------------------------------

CREATE FUNCTION @extschema@.ingest_add_source(
  name text,
  connector text DEFAULT NULL,
  config jsonb DEFAULT '{}',
  schedule text DEFAULT NULL,
  timezone text DEFAULT NULL,
  priority int4 DEFAULT 100,
  enabled bool DEFAULT true)
RETURNS ingest.source
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_add_source';
COMMENT ON FUNCTION @extschema@.ingest_add_source(text, text, jsonb, text, text, int4, bool)
  IS 'add a source of events; the configuration is checked, every mistake named';
REVOKE ALL ON FUNCTION @extschema@.ingest_add_source(text, text, jsonb, text, text, int4, bool) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_set_credential(source text, key text, value text)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_set_credential';
COMMENT ON FUNCTION @extschema@.ingest_set_credential(text, text, text)
  IS 'store a source''s secret: a literal, env:NAME or file:/path; NULL removes it';
REVOKE ALL ON FUNCTION @extschema@.ingest_set_credential(text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_connectors(
  OUT name text,
  OUT description text,
  OUT config jsonb,
  OUT credentials text[])
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'ingest_connectors';
COMMENT ON FUNCTION @extschema@.ingest_connectors() IS 'the connectors: what each takes, with defaults and meaning';
REVOKE ALL ON FUNCTION @extschema@.ingest_connectors() FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_run(source text, wait bool DEFAULT true)
RETURNS ingest.import_job
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_run';
COMMENT ON FUNCTION @extschema@.ingest_run(text, bool)
  IS 'run a source now, in a background worker, and wait for it; a failed run raises, its job row stays';
REVOKE ALL ON FUNCTION @extschema@.ingest_run(text, bool) FROM PUBLIC;

-- no SET clause: a procedure that has one cannot commit
CREATE PROCEDURE @extschema@.ingest_run_job(source text)
LANGUAGE c
AS 'MODULE_PATHNAME', 'ingest_run_job';
COMMENT ON PROCEDURE @extschema@.ingest_run_job(text)
  IS 'as ingest_run(), but holds no snapshot while it waits; not inside a transaction block';
REVOKE ALL ON PROCEDURE @extschema@.ingest_run_job(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_run_all(wait bool DEFAULT true)
RETURNS SETOF ingest.import_job
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'ingest_run_all';
COMMENT ON FUNCTION @extschema@.ingest_run_all(bool)
  IS 'run every enabled source, side by side within ingest.max_workers; one failure does not stop the others';
REVOKE ALL ON FUNCTION @extschema@.ingest_run_all(bool) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_check(
  source text,
  OUT step text,
  OUT ok bool,
  OUT detail text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 8
AS 'MODULE_PATHNAME', 'ingest_check';
COMMENT ON FUNCTION @extschema@.ingest_check(text)
  IS 'go through what a run of the source needs, up to the first step that fails, and say what to do; stores nothing';
REVOKE ALL ON FUNCTION @extschema@.ingest_check(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_preview(
  source text,
  max_records int4 DEFAULT 50,
  OUT action text,
  OUT source_id text,
  OUT title text,
  OUT starts_at timestamptz,
  OUT venue_name text,
  OUT event_id int8,
  OUT changes jsonb,
  OUT problem text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000 ROWS 50
AS 'MODULE_PATHNAME', 'ingest_preview';
COMMENT ON FUNCTION @extschema@.ingest_preview(text, int4)
  IS 'a dry run over the source''s first records: create, update, merge, skip or refuse, and why; stores nothing';
REVOKE ALL ON FUNCTION @extschema@.ingest_preview(text, int4) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_cancel(job_id int8)
RETURNS bool
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_cancel';
COMMENT ON FUNCTION @extschema@.ingest_cancel(int8) IS 'cancel a running job; false if it is not running any more';
REVOKE ALL ON FUNCTION @extschema@.ingest_cancel(int8) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_approve_withdrawals(source text)
RETURNS int4
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_approve_withdrawals';
COMMENT ON FUNCTION @extschema@.ingest_approve_withdrawals(text)
  IS 'the listings held back from withdrawal are gone indeed: withdraw them; how many';
REVOKE ALL ON FUNCTION @extschema@.ingest_approve_withdrawals(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_discard_withdrawals(source text)
RETURNS int4
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_discard_withdrawals';
COMMENT ON FUNCTION @extschema@.ingest_discard_withdrawals(text)
  IS 'the listings held back from withdrawal are not gone: count their missing runs from nought; how many';
REVOKE ALL ON FUNCTION @extschema@.ingest_discard_withdrawals(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_import(source text, payload text)
RETURNS ingest.import_job
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_import';
COMMENT ON FUNCTION @extschema@.ingest_import(text, text)
  IS 'store a payload that the caller already has, in the caller''s transaction';
REVOKE ALL ON FUNCTION @extschema@.ingest_import(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_import(source text, payload bytea)
RETURNS ingest.import_job
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_import';
COMMENT ON FUNCTION @extschema@.ingest_import(text, bytea)
  IS 'store a payload that the caller already has, in the caller''s transaction; for bytes that may not be valid text';
REVOKE ALL ON FUNCTION @extschema@.ingest_import(text, bytea) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_replay(job_id int8)
RETURNS ingest.import_job
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_replay';
COMMENT ON FUNCTION @extschema@.ingest_replay(int8)
  IS 'map the records that a job got and that are kept, refused ones included, again by the configuration of now, without the network';
REVOKE ALL ON FUNCTION @extschema@.ingest_replay(int8) FROM PUBLIC;

CREATE TYPE ingest.parsed_listing AS
(
  "position"      int8,
  source_id       text,
  title           text,
  description     text,
  url             text,
  image_url       text,
  status          text,
  starts_at       timestamptz,
  ends_at         timestamptz,
  all_day         bool,
  start_precision text,
  timezone        text,
  is_online       bool,
  venue_name      text,
  address         text,
  city            text,
  region          text,
  postal_code     text,
  country         text,
  latitude        float8,
  longitude       float8,
  organizer       text,
  organizer_url   text,
  category        text,
  tags            text[],
  language        text,
  is_free         bool,
  price_min       numeric,
  price_max       numeric,
  currency        text,
  series_id       text,
  attributes      jsonb,
  problem         text,
  error_class     text,
  raw             json
);
COMMENT ON TYPE ingest.parsed_listing IS 'what ingest_parse() finds in a payload: a listing, or why a record was refused or skipped';

CREATE FUNCTION @extschema@.ingest_parse(connector text, payload text, config jsonb DEFAULT '{}')
RETURNS SETOF ingest.parsed_listing
LANGUAGE c STABLE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_parse';
COMMENT ON FUNCTION @extschema@.ingest_parse(text, text, jsonb)
  IS 'the listings in a payload, and its refusals; stores nothing';
REVOKE ALL ON FUNCTION @extschema@.ingest_parse(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_parse(connector text, payload bytea, config jsonb DEFAULT '{}')
RETURNS SETOF ingest.parsed_listing
LANGUAGE c STABLE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_parse';
COMMENT ON FUNCTION @extschema@.ingest_parse(text, bytea, jsonb)
  IS 'the listings in a payload, and its refusals; for bytes that may not be valid text';
REVOKE ALL ON FUNCTION @extschema@.ingest_parse(text, bytea, jsonb) FROM PUBLIC;

/* API: private.  The lock by which a running job proves that it is alive. */
CREATE FUNCTION ingest.job_is_alive(source text)
RETURNS bool
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_job_is_alive';
COMMENT ON FUNCTION ingest.job_is_alive(text) IS 'is the process of a source''s open job there? Of one that has just ended, yes';
REVOKE ALL ON FUNCTION ingest.job_is_alive(text) FROM PUBLIC;

