------------------------------------------------------------------------------
-- Dashboard
------------------------------------------------------------------------------

CREATE VIEW ingest.jobs WITH (security_barrier) AS
SELECT j.id AS job_id, j.source,
       CASE WHEN j.status = 'running' AND NOT ingest.job_is_alive(j.source) THEN 'crashed' ELSE j.status END AS status,
       j.trigger, j.requested_by, j.started_at, j.finished_at,
       coalesce(j.finished_at, j.heartbeat_at) - j.started_at AS duration,
       j.nb_fetched, j.nb_created, j.nb_updated, j.nb_skipped, j.nb_errors,
       j.nb_merged, j.nb_review, j.nb_cancelled, j.nb_withdrawn,
       (SELECT string_agg(r.key || ' ' || r.value, ', ' ORDER BY r.value::int8 DESC, r.key)
          FROM jsonb_each_text(j.skip_reasons) r) AS skipped_because,
       j.nb_pages, j.nb_requests, j.nb_retries, j.bytes_received,
       j.http_status, j.error_class, j.sqlstate, j.error_message, j.error_detail, j.error_hint,
       array_to_string(j.warnings, E'\n') AS warnings,
       CASE
         WHEN j.status = 'running' AND ingest.job_is_alive(j.source) THEN
           format('running since %s: %s', to_char(j.started_at, 'HH24:MI:SS'), j.phase)
         WHEN j.status = 'running' THEN 'its process is gone: ' || coalesce(j.phase, 'starting')
         WHEN j.error_message IS NOT NULL THEN j.error_message
         WHEN j.status = 'no_change' AND j.nb_fetched = 0 THEN 'not modified since the last run'
         WHEN j.status = 'no_change' THEN format('%s records, nothing new', j.nb_fetched)
         WHEN j.status = 'empty' THEN 'the source listed nothing'
         ELSE concat_ws(', ',
                format('%s created', j.nb_created),
                CASE WHEN j.nb_updated > 0 THEN format('%s updated', j.nb_updated) END,
                CASE WHEN j.nb_skipped > 0 THEN format('%s skipped', j.nb_skipped) END,
                CASE WHEN j.nb_errors > 0 THEN format('%s refused', j.nb_errors) END,
                CASE WHEN j.nb_withdrawn > 0 THEN format('%s withdrawn', j.nb_withdrawn) END)
       END AS summary
  FROM ingest.import_job j
 ORDER BY j.started_at DESC, j.id DESC;
COMMENT ON VIEW ingest.jobs IS 'every run, newest first: what it did, in numbers and in a sentence';
COMMENT ON COLUMN ingest.jobs.status IS 'as in import_job; crashed as soon as the process of an open job is gone';
COMMENT ON COLUMN ingest.jobs.skipped_because IS 'the reasons of skipped records, most frequent first';
COMMENT ON COLUMN ingest.jobs.summary IS 'what came of it, in one sentence';

CREATE VIEW ingest.running WITH (security_barrier) AS
SELECT j.id AS job_id, j.source, j.pid, j.started_at, clock_timestamp() - j.started_at AS running_for,
       j.phase, j.heartbeat_at, j.nb_pages, j.nb_fetched, j.nb_created, j.nb_updated, j.nb_skipped, j.nb_errors,
       format('SELECT @extschema@.ingest_cancel(%s)', j.id) AS action
  FROM ingest.import_job j
 WHERE j.status = 'running' AND ingest.job_is_alive(j.source)
 ORDER BY j.started_at, j.id;
COMMENT ON VIEW ingest.running IS 'runs whose process lives, longest first';
COMMENT ON COLUMN ingest.running.heartbeat_at IS 'when its counters were last written';
COMMENT ON COLUMN ingest.running.action IS 'the statement that ends it';

CREATE VIEW ingest.overview WITH (security_barrier) AS
SELECT s.sources, s.healthy, s.warning, s.degraded, s.paused, s.running,
       j.jobs_24h, j.failed_24h, j.created_24h, j.updated_24h, j.errors_24h,
       (SELECT count(*) FROM ingest.import_error WHERE resolved_at IS NULL) AS open_errors,
       (SELECT count(*) FROM ingest.match_review) AS open_reviews,
       -- few are counted; many are known from the last run that counted them
       CASE WHEN u.events < 20000 THEN
              (SELECT count(*) FROM ingest.event WHERE starts_at >= now() AND status <> ALL (ARRAY['cancelled', 'withdrawn']))
            ELSE u.events
       END AS upcoming_events,
       s.oldest_success_at, s.newest_success_at,
       CASE
         WHEN s.sources = 0 THEN 'no source yet: SELECT ingest_add_source(...)'
         WHEN s.degraded + s.warning = 0 THEN 'all sources are well'
         ELSE format('%s of %s sources need attention', s.degraded + s.warning, s.sources)
       END AS summary,
       now() AS generated_at
  FROM (SELECT count(*) AS sources,
               count(*) FILTER (WHERE health = 'healthy') AS healthy,
               count(*) FILTER (WHERE health IN ('warning', 'rate_limited')) AS warning,
               count(*) FILTER (WHERE health = 'degraded') AS degraded,
               count(*) FILTER (WHERE health = 'paused') AS paused,
               count(*) FILTER (WHERE health = 'running') AS running,
               min(last_success_at) AS oldest_success_at,
               max(last_success_at) AS newest_success_at
          FROM ingest.source_health) s,
       (SELECT count(*) AS jobs_24h,
               count(*) FILTER (WHERE status IN ('failed', 'crashed')) AS failed_24h,
               coalesce(sum(nb_created), 0)::int8 AS created_24h,
               coalesce(sum(nb_updated), 0)::int8 AS updated_24h,
               coalesce(sum(nb_errors), 0)::int8 AS errors_24h
          FROM ingest.import_job
         WHERE started_at >= now() - interval '24 hours') j,
       (SELECT coalesce((SELECT f.events_upcoming FROM ingest.source_figures f
                          WHERE f.counted_at IS NOT NULL ORDER BY f.counted_at DESC LIMIT 1), 0) AS events) u;
COMMENT ON VIEW ingest.overview IS 'one row: is anything wrong, and how much came in';
COMMENT ON COLUMN ingest.overview.upcoming_events IS 'events to come; from 20,000 on as of the last run that counted them';
COMMENT ON COLUMN ingest.overview.open_errors IS 'refused records that no later run has stored';
COMMENT ON COLUMN ingest.overview.summary IS 'the state of affairs in one sentence';

CREATE VIEW ingest.upcoming_events WITH (security_barrier) AS
SELECT e.id AS event_id, e.starts_at, e.ends_at, e.all_day, e.timezone,
       CASE WHEN e.all_day OR e.start_precision = 'day' THEN (e.starts_at AT TIME ZONE coalesce(e.timezone, 'UTC'))::date
       END AS starts_on,
       CASE WHEN e.all_day THEN coalesce((e.ends_at AT TIME ZONE coalesce(e.timezone, 'UTC'))::date - 1,
                                         (e.starts_at AT TIME ZONE coalesce(e.timezone, 'UTC'))::date) END AS ends_on,
       e.starts_at AT TIME ZONE coalesce(e.timezone, 'UTC') AS local_start,
       e.title, e.status, e.venue_name, e.city, e.is_online, e.category, e.language,
       e.is_free, e.price_min, e.price_max, e.currency, e.organizer, e.url, e.image_url,
       e.latitude, e.longitude, e.series_id, e.nb_listings, array_to_string(e.sources, ', ') AS sources
  FROM (-- what began more than a day ago goes on only if it says so: found by its end
        SELECT l.* FROM ingest.event l WHERE l.ends_at >= now() AND l.starts_at < now() - interval '24 hours'
        UNION ALL
        SELECT n.* FROM ingest.event n
         WHERE n.starts_at >= now() - interval '24 hours'
           AND coalesce(n.ends_at, CASE WHEN n.all_day OR n.start_precision = 'day' THEN n.starts_at + interval '24 hours'
                                        ELSE n.starts_at END) >= now()) e
 WHERE e.status <> 'withdrawn'
 ORDER BY e.starts_at, e.id;
COMMENT ON VIEW ingest.upcoming_events IS 'events that are not over, soonest first';
COMMENT ON COLUMN ingest.upcoming_events.starts_on IS 'first day of an event of whole days, in its own zone';
COMMENT ON COLUMN ingest.upcoming_events.ends_on IS 'last day of an event of whole days, inclusive';
COMMENT ON COLUMN ingest.upcoming_events.local_start IS 'start on the venue''s wall clock';

/* The original application's model, name for name, so that its ORM maps onto it. */
CREATE VIEW ingest."ImportJob" WITH (security_barrier) AS
SELECT id,
       source,
       CASE
         WHEN status = 'running' AND ingest.job_is_alive(source) THEN 'RUNNING'
         WHEN status IN ('success', 'no_change', 'empty', 'partial') THEN 'SUCCESS'
         ELSE 'ERROR'
       END AS status,
       started_at AS "runAt",
       started_at AS "startedAt",
       finished_at AS "finishedAt",
       nb_created AS "nbCreated",
       nb_updated AS "nbUpdated",
       nb_skipped AS "nbSkipped",
       nb_errors AS "nbErrors",
       error_message AS "errorText",
       jsonb_build_object(
         'nbFetched', nb_fetched, 'nbMerged', nb_merged, 'nbReview', nb_review,
         'nbCancelled', nb_cancelled, 'nbWithdrawn', nb_withdrawn, 'skipReasons', skip_reasons,
         'nbPages', nb_pages, 'nbRequests', nb_requests, 'nbRetries', nb_retries,
         'bytesReceived', bytes_received) AS stats
  FROM ingest.import_job
 ORDER BY started_at DESC, id DESC;
COMMENT ON VIEW ingest."ImportJob" IS 'import_job under the names of the application''s ImportJob model';
COMMENT ON COLUMN ingest."ImportJob".status IS 'PENDING, RUNNING, SUCCESS or ERROR';
COMMENT ON COLUMN ingest."ImportJob"."runAt" IS 'when the run started';
COMMENT ON COLUMN ingest."ImportJob".stats IS 'the other counters';

