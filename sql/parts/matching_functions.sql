------------------------------------------------------------------------------
-- Matching: what listings are compared by
------------------------------------------------------------------------------

CREATE FUNCTION @extschema@.ingest_normalise(text text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ingest_normalise';
COMMENT ON FUNCTION @extschema@.ingest_normalise(text)
  IS 'a text without regard to case, accents and punctuation, as titles and venues are compared';
REVOKE ALL ON FUNCTION @extschema@.ingest_normalise(text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_fingerprint(
  title text,
  venue text,
  local_start timestamp,
  all_day bool DEFAULT false)
RETURNS int8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ingest_fingerprint';
COMMENT ON FUNCTION @extschema@.ingest_fingerprint(text, text, timestamp, bool)
  IS 'the key by which listings of several sources are one event; all_day: only the date counts; NULL: too little is known';
REVOKE ALL ON FUNCTION @extschema@.ingest_fingerprint(text, text, timestamp, bool) FROM PUBLIC;

