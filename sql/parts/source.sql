------------------------------------------------------------------------------
-- Sources: where events come from
------------------------------------------------------------------------------

/*
 * Keys are compared by their bytes (COLLATE "C"): look-ups are cheap, and an
 * upgrade of the system's collations cannot harm their indexes.
 */
CREATE TABLE ingest.source
(
  name       text COLLATE "C" PRIMARY KEY
             CHECK (name <> ''
                    AND length(name) <= 100
                    AND name !~ '[[:cntrl:]]'),
  connector  text NOT NULL,
  config     jsonb NOT NULL DEFAULT '{}'
             CHECK (jsonb_typeof(config) = 'object'),
  schedule   text,
  timezone   text NOT NULL,
  priority   int4 NOT NULL DEFAULT 100,
  enabled    bool NOT NULL DEFAULT true,
  on_missing text NOT NULL DEFAULT 'withdraw'
             CHECK (on_missing = ANY (ARRAY['withdraw', 'keep'])),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
SELECT pg_extension_config_dump('ingest.source', '');

COMMENT ON TABLE ingest.source IS 'one row per configured place that events are collected from; add one with ingest_add_source()';
COMMENT ON COLUMN ingest.source.connector IS 'which connector reads it, see ingest_connectors()';
COMMENT ON COLUMN ingest.source.config IS 'the connector''s configuration; never a secret';
COMMENT ON COLUMN ingest.source.schedule IS 'when it runs by itself: interval, cron expression or RRULE; NULL: only on demand';
COMMENT ON COLUMN ingest.source.timezone IS 'zone of the schedule and of times that come without one';
COMMENT ON COLUMN ingest.source.priority IS 'whose word counts when sources disagree on an event: the higher';
COMMENT ON COLUMN ingest.source.on_missing IS 'what becomes of a listing that is no longer found: withdraw or keep';

CREATE TABLE ingest.source_state
(
  source               text COLLATE "C" PRIMARY KEY
                       REFERENCES ingest.source ON UPDATE CASCADE ON DELETE CASCADE,
  cursor               jsonb,
  http_cache           jsonb,
  next_run_at          timestamptz,
  not_before           timestamptz,
  min_interval         interval,
  last_success_at      timestamptz,
  consecutive_failures int4 NOT NULL DEFAULT 0,
  last_run_at          timestamptz,
  last_tick_at         timestamptz,
  schedule_problem     text,
  paused_at            timestamptz,
  paused_reason        text,
  cleaned_at           timestamptz
);
SELECT pg_extension_config_dump('ingest.source_state', '');

COMMENT ON TABLE ingest.source_state IS 'what the last runs of a source left for the next one; committed with the rows it speaks of';
COMMENT ON COLUMN ingest.source_state.cursor IS 'what its connector left for the next run, such as how far it has read';
COMMENT ON COLUMN ingest.source_state.http_cache IS 'validators (ETag, Last-Modified) by URL of completely stored responses';
COMMENT ON COLUMN ingest.source_state.next_run_at IS 'when it runs next by its schedule; infinity: never again; NULL: still to be computed';
COMMENT ON COLUMN ingest.source_state.not_before IS 'the upstream asked us to wait until then';
COMMENT ON COLUMN ingest.source_state.min_interval IS 'the publisher''s own wish (REFRESH-INTERVAL, X-PUBLISHED-TTL), 15 minutes to 24 hours: automatic runs are not closer than that; NULL: none';
COMMENT ON COLUMN ingest.source_state.last_run_at IS 'when the last run began';
COMMENT ON COLUMN ingest.source_state.last_tick_at IS 'the tick of the schedule that the last automatic run was for';
COMMENT ON COLUMN ingest.source_state.schedule_problem IS 'why its schedule cannot be followed';
COMMENT ON COLUMN ingest.source_state.paused_at IS 'since when it is paused';
COMMENT ON COLUMN ingest.source_state.paused_reason IS 'not NULL: no automatic run until ingest_resume()';
COMMENT ON COLUMN ingest.source_state.cleaned_at IS 'when old jobs and raw records were last removed';

CREATE TABLE ingest.credential
(
  source text COLLATE "C" NOT NULL
         REFERENCES ingest.source ON UPDATE CASCADE ON DELETE CASCADE,
  key    text COLLATE "C" NOT NULL,
  value  text NOT NULL,
  PRIMARY KEY (source, key)
);
SELECT pg_extension_config_dump('ingest.credential', '');

COMMENT ON TABLE ingest.credential IS 'secrets, granted to nobody; set with ingest_set_credential()';
COMMENT ON COLUMN ingest.credential.value IS 'the secret, or env:NAME, or file:/path, which keep it out of the database and its dumps';

