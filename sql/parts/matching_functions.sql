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


CREATE FUNCTION @extschema@.ingest_match(a int8, b int8)
RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'ingest_match';
COMMENT ON FUNCTION @extschema@.ingest_match(int8, int8)
  IS 'why two listings are one event, may be, or are not: verdict, score, parts, vetoes, caps, keys in common, a person''s decision';
REVOKE ALL ON FUNCTION @extschema@.ingest_match(int8, int8) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_merge(event_a int8, event_b int8, note text DEFAULT NULL)
RETURNS int8
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_merge';
COMMENT ON FUNCTION @extschema@.ingest_merge(int8, int8, text)
  IS 'two events are one, whatever later imports say; the id that survives, the older';
REVOKE ALL ON FUNCTION @extschema@.ingest_merge(int8, int8, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_split(listing_id int8, note text DEFAULT NULL)
RETURNS int8
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_split';
COMMENT ON FUNCTION @extschema@.ingest_split(int8, text)
  IS 'a listing is not of its event, whatever later imports say; the id of the event it makes up then';
REVOKE ALL ON FUNCTION @extschema@.ingest_split(int8, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_decide(listing_a int8, listing_b int8, verdict text, note text DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_decide';
COMMENT ON FUNCTION @extschema@.ingest_decide(int8, int8, text, text)
  IS 'two listings are same or distinct, whatever later imports say; NULL takes the decision back';
REVOKE ALL ON FUNCTION @extschema@.ingest_decide(int8, int8, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_undo(merge_id int8, note text DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'ingest_undo';
COMMENT ON FUNCTION @extschema@.ingest_undo(int8, text)
  IS 'take a merge back: ids, fields, aliases and decisions as before; one that the score made does not come again';
REVOKE ALL ON FUNCTION @extschema@.ingest_undo(int8, text) FROM PUBLIC;

-- no SET clause: a procedure that has one cannot commit
CREATE PROCEDURE @extschema@.ingest_rematch()
LANGUAGE c
AS 'MODULE_PATHNAME', 'ingest_rematch';
COMMENT ON PROCEDURE @extschema@.ingest_rematch()
  IS 'match all listings anew, in batches that commit: after changes of match_word or venue_alias, or an update';
REVOKE ALL ON PROCEDURE @extschema@.ingest_rematch() FROM PUBLIC;
