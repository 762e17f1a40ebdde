------------------------------------------------------------------------------
-- Matching: what listings are compared by
------------------------------------------------------------------------------

CREATE FUNCTION ingest_normalise(text pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ingest_normalise';
COMMENT ON FUNCTION ingest_normalise(pg_catalog.text)
  IS 'a text without regard to case, accents and punctuation, as titles and venues are compared';
REVOKE ALL ON FUNCTION ingest_normalise(pg_catalog.text) FROM PUBLIC;

CREATE FUNCTION ingest_fingerprint(
  title pg_catalog.text,
  venue pg_catalog.text,
  local_start pg_catalog.timestamp,
  all_day pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.int8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ingest_fingerprint';
COMMENT ON FUNCTION ingest_fingerprint(pg_catalog.text, pg_catalog.text, pg_catalog.timestamp, pg_catalog.bool)
  IS 'the key by which listings of several sources are one event; all_day: only the date counts; NULL: too little is known';
REVOKE ALL ON FUNCTION ingest_fingerprint(pg_catalog.text, pg_catalog.text, pg_catalog.timestamp, pg_catalog.bool) FROM PUBLIC;

