------------------------------------------------------------------------------
-- Dashboard: the views behind each question
------------------------------------------------------------------------------

CREATE VIEW ingest.daily WITH (security_barrier) AS
SELECT d.day, d.source, d.runs, d.ok, d.failed, d.fetched, d.created, d.updated, d.skipped, d.errors, d.merged, d.withdrawn,
       d.requests, d.retries, d.bytes,
       d.median_ms, d.p95_ms,
       CASE
         WHEN d.ok = 0 AND d.failed > 0 THEN 'failed'
         WHEN d.failed > 0 OR d.partial > 0 OR d.errors > 0 THEN 'partial'
         WHEN d.created + d.updated + d.withdrawn > 0 THEN 'success'
         WHEN d.empty > 0 THEN 'empty'
         WHEN d.ok > 0 THEN 'no_change'
         ELSE 'cancelled'
       END AS outcome
  FROM ingest.source_day d
 ORDER BY d.day DESC, d.source;
COMMENT ON VIEW ingest.daily IS 'what each source brought each day, the latest first; kept when the jobs are gone';
COMMENT ON COLUMN ingest.daily.day IS 'the day the runs began, on the source''s wall clock';
COMMENT ON COLUMN ingest.daily.ok IS 'runs that ended well';
COMMENT ON COLUMN ingest.daily.failed IS 'runs that failed or crashed';
COMMENT ON COLUMN ingest.daily.median_ms IS 'how long a run took, in the middle';
COMMENT ON COLUMN ingest.daily.p95_ms IS 'how long the longest twentieth took at least';
COMMENT ON COLUMN ingest.daily.outcome IS 'failed (every run), partial (some failed, or records were refused), success (something changed), empty, no_change or cancelled';
COMMENT ON COLUMN ingest.daily.source IS 'name of the source, which may be gone';
COMMENT ON COLUMN ingest.daily.runs IS 'runs that ended that day, however';
COMMENT ON COLUMN ingest.daily.fetched IS 'records found = created + updated + skipped + errors';
COMMENT ON COLUMN ingest.daily.created IS 'new listings';
COMMENT ON COLUMN ingest.daily.updated IS 'listings whose content changed';
COMMENT ON COLUMN ingest.daily.skipped IS 'records fetched and not written';
COMMENT ON COLUMN ingest.daily.errors IS 'records refused';
COMMENT ON COLUMN ingest.daily.merged IS 'listings that joined an event known from another listing';
COMMENT ON COLUMN ingest.daily.withdrawn IS 'listings no longer found';
COMMENT ON COLUMN ingest.daily.requests IS 'HTTP requests, those made again included';
COMMENT ON COLUMN ingest.daily.retries IS 'requests that had to be made again';
COMMENT ON COLUMN ingest.daily.bytes IS 'bytes of the responses'' bodies, decompressed';

CREATE VIEW ingest.errors WITH (security_barrier) AS
SELECT e.source, e.error_class, e.field, e.nb, e.message, e.first_seen, e.last_seen, e.last_job, e.source_id AS example,
       format(CASE e.nb WHEN 1 THEN '%s record of %s was refused: %s' ELSE '%s records of %s were refused: %s' END, e.nb, e.source, e.message) AS summary,
       'What came is in the column payload. A record that comes right in a later run is settled by itself; after a change of the configuration it need not be fetched again: see replay.' AS hint,
       format('SELECT id, source_id, message, payload FROM ingest.import_error WHERE source = %L AND message LIKE %L AND resolved_at IS NULL LIMIT 10',
              e.source, replace(replace(replace(e.like_message, '\', '\\'), '%', '\%'), '_', '\_') || '%') AS action,
       CASE WHEN EXISTS (SELECT FROM ingest.source s WHERE s.name = e.source)
            THEN format('SELECT status, nb_created, nb_updated, nb_errors FROM @extschema@.ingest_replay(%s)', e.last_job) END AS replay
  FROM (SELECT g.source, g.error_class, g.field, left(g.message, 300) AS message, left(g.message, 60) AS like_message,
               g.nb, g.first_seen, g.last_seen, g.last_job, g.source_id
          FROM (SELECT i.source, i.error_class, i.field, regexp_replace(i.message, '"[^"]*"|[0-9]+', '*', 'g') AS template,
                       min(i.message) AS message,
                       -- a record that is refused by each run is one
                       count(DISTINCT i.source_id) + count(*) FILTER (WHERE i.source_id IS NULL) AS nb, min(i.created_at) AS first_seen, max(i.created_at) AS last_seen,
                       max(i.job_id) AS last_job, min(i.source_id) AS source_id
                  FROM ingest.import_error i
                 WHERE i.resolved_at IS NULL
                 GROUP BY i.source, i.error_class, i.field, 4) g) e
 ORDER BY e.nb DESC, e.last_seen DESC, e.source, e.message;
COMMENT ON VIEW ingest.errors IS 'records that were refused and have not come right since, by cause, the most frequent first';
COMMENT ON COLUMN ingest.errors.field IS 'the field at fault, where it is one';
COMMENT ON COLUMN ingest.errors.nb IS 'how many records; one that each run refuses counts once, if it has an id';
COMMENT ON COLUMN ingest.errors.message IS 'of one of them; the others differ in numbers or quoted words at most';
COMMENT ON COLUMN ingest.errors.example IS 'the id of one of them in its source';
COMMENT ON COLUMN ingest.errors.source IS 'name of the source';
COMMENT ON COLUMN ingest.errors.error_class IS 'data or mapping, seldom parse or internal';
COMMENT ON COLUMN ingest.errors.first_seen IS 'when the first of them was refused';
COMMENT ON COLUMN ingest.errors.last_seen IS 'when the latest of them was refused';
COMMENT ON COLUMN ingest.errors.last_job IS 'the run that refused the latest';
COMMENT ON COLUMN ingest.errors.summary IS 'number, source and cause in a sentence';
COMMENT ON COLUMN ingest.errors.hint IS 'where to look';
COMMENT ON COLUMN ingest.errors.replay IS 'a statement that maps the records of the last of these runs again, without the network';
COMMENT ON COLUMN ingest.errors.action IS 'a statement that shows ten of them, for who may read ingest.import_error';

CREATE VIEW ingest.disappeared WITH (security_barrier) AS
SELECT m.state, m.source, m.listing_id, m.event_id, m.title, m.starts_at, m.missing_since, m.missing_runs, m.withdrawn_at,
       m.other_listings,
       concat(CASE m.state
                WHEN 'held' THEN 'gone with too many others at once: held until a person decides'
                WHEN 'missing' THEN format('not found in the last %s runs', m.missing_runs)
                ELSE 'withdrawn'
              END,
              CASE WHEN m.other_listings > 0 THEN format('; %s other listings still tell of the event', m.other_listings) END) AS summary,
       CASE WHEN m.state = 'held' THEN format('SELECT @extschema@.ingest_approve_withdrawals(%L)', m.source) END AS action
  FROM (SELECT CASE
                 WHEN l.withdrawn_at IS NOT NULL THEN 'withdrawn'
                 WHEN w.listing_id IS NOT NULL THEN 'held'
                 ELSE 'missing'
               END AS state,
               l.source, l.id AS listing_id, l.event_id, l.title, l.starts_at, l.missing_since, l.missing_runs, l.withdrawn_at,
               (SELECT count(*) FROM ingest.listing o
                 WHERE o.event_id = l.event_id AND o.id <> l.id AND o.withdrawn_at IS NULL) AS other_listings
          FROM (SELECT a.* FROM ingest.listing a WHERE a.missing_runs > 0 AND a.withdrawn_at IS NULL
                UNION ALL
                SELECT b.* FROM ingest.listing b WHERE b.withdrawn_at > now() - interval '30 days') l
          LEFT JOIN (SELECT unnest(h.listing_ids) AS listing_id FROM ingest.withdrawal_hold h) w ON w.listing_id = l.id) m
 ORDER BY CASE m.state WHEN 'held' THEN 0 WHEN 'missing' THEN 1 ELSE 2 END, m.withdrawn_at DESC, m.starts_at, m.listing_id;
COMMENT ON VIEW ingest.disappeared IS 'listings that their source no longer lists: held, missing, or withdrawn in the last 30 days';
COMMENT ON COLUMN ingest.disappeared.state IS 'held (a person decides), missing (not yet often enough) or withdrawn';
COMMENT ON COLUMN ingest.disappeared.missing_runs IS 'complete runs in a row that did not find it';
COMMENT ON COLUMN ingest.disappeared.other_listings IS 'listings of other sources, or of this one, that still tell of the event';
COMMENT ON COLUMN ingest.disappeared.source IS 'the source that lists it no more';
COMMENT ON COLUMN ingest.disappeared.listing_id IS 'of ingest.listing';
COMMENT ON COLUMN ingest.disappeared.event_id IS 'the event that it is part of';
COMMENT ON COLUMN ingest.disappeared.title IS 'title of the listing';
COMMENT ON COLUMN ingest.disappeared.starts_at IS 'when it was to start';
COMMENT ON COLUMN ingest.disappeared.missing_since IS 'when a complete run first did not find it';
COMMENT ON COLUMN ingest.disappeared.withdrawn_at IS 'when it was withdrawn';
COMMENT ON COLUMN ingest.disappeared.summary IS 'what became of it, in a sentence';
COMMENT ON COLUMN ingest.disappeared.action IS 'the statement that decides, where a person does';

CREATE VIEW ingest.quality WITH (security_barrier) AS
SELECT q.source, q.field, q.filled, q.total,
       round((100 * q.filled / nullif(q.total, 0)::float8)::numeric, 1) AS filled_percent,
       round((100 * q.usual)::numeric, 1) AS usual_percent,
       round((100 * (q.filled / nullif(q.total, 0)::float8 - q.usual))::numeric, 1) AS change,
       format('%s of %s listings to come have %s', q.filled, q.total, q.field) AS summary
  FROM ingest.source_quality q
 ORDER BY q.filled::float8 / nullif(q.total, 0) - q.usual, q.filled::float8 / nullif(q.total, 0), q.source, q.field;
COMMENT ON VIEW ingest.quality IS 'how well each field of a source''s listings to come is filled; what fell most comes first';
COMMENT ON COLUMN ingest.quality.usual_percent IS 'the usual share, a moving average over days';
COMMENT ON COLUMN ingest.quality.change IS 'percent points more than usual; negative: fewer';
COMMENT ON COLUMN ingest.quality.source IS 'name of the source';
COMMENT ON COLUMN ingest.quality.field IS 'a column of ingest.listing; coordinates and price stand for several';
COMMENT ON COLUMN ingest.quality.filled IS 'listings to come that have it';
COMMENT ON COLUMN ingest.quality.total IS 'listings to come';
COMMENT ON COLUMN ingest.quality.filled_percent IS 'filled of total';
COMMENT ON COLUMN ingest.quality.summary IS 'the same in a sentence';

CREATE VIEW ingest.http_usage WITH (security_barrier) AS
SELECT s.name AS source, coalesce(u.requests_24h, 0) AS requests_24h, coalesce(u.requests_30d, 0) AS requests_30d,
       coalesce(u.retries_30d, 0) AS retries_30d, coalesce(u.bytes_30d, 0) AS bytes_30d,
       coalesce(u.rate_limited_30d, 0) AS rate_limited_30d, t.not_before AS retry_at, t.min_interval,
       CASE
         WHEN t.not_before > now() THEN format('the upstream wants to be left alone until %s', to_char(t.not_before, 'YYYY-MM-DD HH24:MI:SS'))
         WHEN u.rate_limited_30d > 0 THEN format('%s runs of the last 30 days were refused for their rate', u.rate_limited_30d)
         WHEN u.retries_30d * 10 > u.requests_30d THEN 'more than a tenth of its requests had to be made again'
         WHEN u.requests_30d > 0 THEN format('%s requests in 30 days', u.requests_30d)
         ELSE 'no request in 30 days'
       END AS summary,
       CASE WHEN u.rate_limited_30d > 0
            THEN 'Lower requests_per_second in its configuration, or run it less often.' END AS hint
  FROM ingest.source s
  LEFT JOIN ingest.source_state t ON t.source = s.name
  LEFT JOIN (SELECT d.source, sum(d.requests) FILTER (WHERE d.day >= current_date - 1)::int8 AS requests_24h,
                    sum(d.requests)::int8 AS requests_30d, sum(d.retries)::int8 AS retries_30d, sum(d.bytes)::int8 AS bytes_30d,
                    sum(d.rate_limited)::int8 AS rate_limited_30d
               FROM ingest.source_day d
              WHERE d.day > current_date - 30
              GROUP BY d.source) u ON u.source = s.name
 ORDER BY (t.not_before > now()) DESC NULLS LAST, coalesce(u.rate_limited_30d, 0) DESC, coalesce(u.requests_30d, 0) DESC, s.name;
COMMENT ON VIEW ingest.http_usage IS 'what each source asks of its upstream, those in trouble first';
COMMENT ON COLUMN ingest.http_usage.requests_24h IS 'requests of yesterday''s and today''s runs';
COMMENT ON COLUMN ingest.http_usage.rate_limited_30d IS 'runs that failed because the upstream wanted fewer requests';
COMMENT ON COLUMN ingest.http_usage.bytes_30d IS 'bytes of the responses'' bodies, decompressed';
COMMENT ON COLUMN ingest.http_usage.retry_at IS 'the upstream wants to be left alone until then';
COMMENT ON COLUMN ingest.http_usage.min_interval IS 'how far apart runs are to be, by the publisher''s own wish';
COMMENT ON COLUMN ingest.http_usage.source IS 'name of the source';
COMMENT ON COLUMN ingest.http_usage.requests_30d IS 'requests in 30 days, those made again included';
COMMENT ON COLUMN ingest.http_usage.retries_30d IS 'requests that had to be made again';
COMMENT ON COLUMN ingest.http_usage.summary IS 'how it gets on with its upstream, in a sentence';
COMMENT ON COLUMN ingest.http_usage.hint IS 'what to change, where something is wrong';

CREATE VIEW ingest.storage WITH (security_barrier) AS
SELECT c.relname::text AS "table", greatest(c.reltuples, 0)::int8 AS rows,
       pg_total_relation_size(c.oid) AS bytes, pg_size_pretty(pg_total_relation_size(c.oid)) AS size,
       pg_indexes_size(c.oid) AS index_bytes,
       CASE c.relname
         WHEN 'import_job' THEN (SELECT min(j.started_at) FROM ingest.import_job j)
         WHEN 'import_error' THEN (SELECT e.created_at FROM ingest.import_error e ORDER BY e.id LIMIT 1)
         WHEN 'source_day' THEN (SELECT min(d.day)::timestamptz FROM ingest.source_day d)
       END AS oldest,
       CASE
         WHEN c.relname = ANY (ARRAY['import_job', 'import_error']) THEN 'ingest.job_retention = ' || coalesce(current_setting('ingest.job_retention', true), 'default')
         WHEN c.relname = 'listing' THEN 'its raw records: ingest.raw_retention = ' || coalesce(current_setting('ingest.raw_retention', true), 'default')
         ELSE 'kept'
       END AS retention,
       format('%s rows, %s', to_char(greatest(c.reltuples, 0), 'FM999,999,999,999'), pg_size_pretty(pg_total_relation_size(c.oid))) AS summary
  FROM pg_class c
 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'r'
 ORDER BY pg_total_relation_size(c.oid) DESC, c.relname;
COMMENT ON VIEW ingest.storage IS 'how big all this is, the biggest table first';
COMMENT ON COLUMN ingest.storage.rows IS 'as VACUUM or ANALYZE last estimated it';
COMMENT ON COLUMN ingest.storage.bytes IS 'with its indexes and what is stored out of line';
COMMENT ON COLUMN ingest.storage.retention IS 'the setting that says when rows are removed';
COMMENT ON COLUMN ingest.storage."table" IS 'a table of schema ingest';
COMMENT ON COLUMN ingest.storage.size IS 'the same, for people';
COMMENT ON COLUMN ingest.storage.index_bytes IS 'of these, indexes';
COMMENT ON COLUMN ingest.storage.oldest IS 'when its oldest row was written, of tables whose rows are removed';
COMMENT ON COLUMN ingest.storage.summary IS 'rows and size';

CREATE VIEW ingest.provenance WITH (security_barrier) AS
SELECT l.event_id, v.field, v.value AS said, v.value IS NOT DISTINCT FROM v.event_value AS used, l.source, s.priority,
       l.source_id, l.id AS listing_id, l.updated_at, l.withdrawn_at IS NOT NULL AS withdrawn
  FROM ingest.listing l
  JOIN ingest.event e ON e.id = l.event_id
  JOIN ingest.source s ON s.name = l.source
 CROSS JOIN LATERAL (VALUES
         ('title', l.title, e.title), ('description', l.description, e.description), ('url', l.url, e.url),
         ('image_url', l.image_url, e.image_url), ('status', l.status, e.status),
         ('starts_at', l.starts_at::text, e.starts_at::text), ('ends_at', l.ends_at::text, e.ends_at::text),
         ('timezone', l.timezone, e.timezone), ('venue_name', l.venue_name, e.venue_name), ('address', l.address, e.address),
         ('city', l.city, e.city), ('coordinates', l.latitude || ', ' || l.longitude, e.latitude || ', ' || e.longitude),
         ('organizer', l.organizer, e.organizer), ('category', l.category, e.category), ('language', l.language, e.language),
         ('price', concat_ws(' ', l.price_min, l.price_max, l.currency), concat_ws(' ', e.price_min, e.price_max, e.currency)))
       AS v (field, value, event_value)
 WHERE v.value <> '';
COMMENT ON VIEW ingest.provenance IS 'what each source says of each field of an event, and whose word is used; ask for one event_id';
COMMENT ON COLUMN ingest.provenance.used IS 'it is what the event says';
COMMENT ON COLUMN ingest.provenance.priority IS 'of the source: the higher prevails';
COMMENT ON COLUMN ingest.provenance.withdrawn IS 'the source lists it no more';
COMMENT ON COLUMN ingest.provenance.event_id IS 'of ingest.event';
COMMENT ON COLUMN ingest.provenance.field IS 'the column of the event';
COMMENT ON COLUMN ingest.provenance.said IS 'what the source says it is';
COMMENT ON COLUMN ingest.provenance.source IS 'name of the source';
COMMENT ON COLUMN ingest.provenance.source_id IS 'the listing''s id in its source';
COMMENT ON COLUMN ingest.provenance.listing_id IS 'of ingest.listing';
COMMENT ON COLUMN ingest.provenance.updated_at IS 'when the listing last changed';

------------------------------------------------------------------------------
-- The same facts as one JSON document
------------------------------------------------------------------------------

CREATE FUNCTION @extschema@.ingest_stats(days int4 DEFAULT 30)
RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
  WITH day AS
  (
    SELECT d.source, sum(d.runs)::int8 AS runs, sum(d.ok)::int8 AS ok, sum(d.failed)::int8 AS failed,
           sum(d.fetched)::int8 AS fetched, sum(d.created)::int8 AS created, sum(d.updated)::int8 AS updated,
           sum(d.skipped)::int8 AS skipped, sum(d.errors)::int8 AS errors, sum(d.merged)::int8 AS merged,
           sum(d.withdrawn)::int8 AS withdrawn, sum(d.requests)::int8 AS requests, sum(d.bytes)::int8 AS bytes
      FROM ingest.source_day d
     WHERE d.day > current_date - least(greatest(days, 1), 3660)
     GROUP BY d.source
  )
  SELECT jsonb_build_object(
           'generatedAt', now(),
           'period', jsonb_build_object('days', least(greatest(days, 1), 3660), 'from', current_date - least(greatest(days, 1), 3660) + 1, 'to', current_date),
           'overview', (SELECT to_jsonb(o) - 'generated_at' FROM ingest.overview o),
           'attention', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM (SELECT * FROM ingest.attention LIMIT 100) a),
           'recentJobs', (SELECT coalesce(jsonb_agg(to_jsonb(j) ORDER BY j."startedAt" DESC, j.id DESC), '[]')
                            FROM (SELECT * FROM ingest."ImportJob" ORDER BY "startedAt" DESC, id DESC LIMIT 50) j),
           'sourceStats', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                    'source', h.source,
                                    'totalEvents', coalesce(f.listings, 0),
                                    'upcomingEvents', coalesce(f.upcoming, 0),
                                    'lastImport', h.last_run_at,
                                    'lastStatus', CASE
                                                    WHEN h.last_status = 'running' THEN 'RUNNING'
                                                    WHEN h.last_status = ANY (ARRAY['success', 'no_change', 'empty', 'partial']) THEN 'SUCCESS'
                                                    WHEN h.last_status IS NOT NULL THEN 'ERROR'
                                                  END,
                                    'lastError', h.last_error,
                                    'lastSuccess', h.last_success_at,
                                    'health', h.health,
                                    'summary', h.summary,
                                    'nextRun', h.next_run_at,
                                    'successCount', coalesce(d.ok, 0),
                                    'errorCount', coalesce(d.failed, 0),
                                    'nbCreated', coalesce(d.created, 0),
                                    'nbUpdated', coalesce(d.updated, 0),
                                    'nbErrors', coalesce(d.errors, 0))
                                    ORDER BY coalesce(f.listings, 0) DESC, h.source), '[]')
                             FROM ingest.source_health h
                             LEFT JOIN ingest.source_figures f ON f.source = h.source
                             LEFT JOIN day d ON d.source = h.source),
           'stats', (SELECT jsonb_build_object(
                              'totalJobs', coalesce(sum(d.runs), 0), 'successCount', coalesce(sum(d.ok), 0),
                              'errorCount', coalesce(sum(d.failed), 0), 'nbFetched', coalesce(sum(d.fetched), 0),
                              'nbCreated', coalesce(sum(d.created), 0), 'nbUpdated', coalesce(sum(d.updated), 0),
                              'nbSkipped', coalesce(sum(d.skipped), 0), 'nbErrors', coalesce(sum(d.errors), 0),
                              'nbMerged', coalesce(sum(d.merged), 0), 'nbWithdrawn', coalesce(sum(d.withdrawn), 0),
                              'nbRequests', coalesce(sum(d.requests), 0), 'bytesReceived', coalesce(sum(d.bytes), 0))
                       FROM day d),
           'daily', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                              'day', x.day, 'runs', x.runs, 'ok', x.ok, 'failed', x.failed, 'created', x.created,
                              'updated', x.updated, 'errors', x.errors, 'withdrawn', x.withdrawn) ORDER BY x.day), '[]')
                       FROM (SELECT d.day, sum(d.runs) AS runs, sum(d.ok) AS ok, sum(d.failed) AS failed, sum(d.created) AS created,
                                    sum(d.updated) AS updated, sum(d.errors) AS errors, sum(d.withdrawn) AS withdrawn
                               FROM ingest.source_day d
                              WHERE d.day > current_date - least(greatest(days, 1), 3660)
                              GROUP BY d.day) x),
           'schedule', (SELECT coalesce(jsonb_agg(jsonb_build_object('source', p.source, 'schedule', p.schedule, 'timezone', p.timezone,
                                                                     'state', p.state, 'nextRun', p.next_run_at)), '[]')
                          FROM (SELECT s.source, s.schedule, s.timezone, s.state, s.next_run_at
                                  FROM ingest.schedule s WHERE s.schedule IS NOT NULL) p),
           'storage', (SELECT jsonb_build_object('bytes', sum(s.bytes)) FROM ingest.storage s));
END;
COMMENT ON FUNCTION @extschema@.ingest_stats(int4)
  IS 'the dashboard as JSON, for GET /api/admin/ingestion: recentJobs (the last 50, newest first, keys of "ImportJob"), sourceStats (source, totalEvents, lastImport, lastStatus, successCount, errorCount in the period, and more; most events first), stats and daily (sums of the period), overview, attention, schedule, storage, period, generatedAt';
REVOKE ALL ON FUNCTION @extschema@.ingest_stats(int4) FROM PUBLIC;
