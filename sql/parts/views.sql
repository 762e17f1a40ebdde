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
COMMENT ON COLUMN ingest.jobs.job_id IS 'of import_job';
COMMENT ON COLUMN ingest.jobs.source IS 'name of the source, which may be gone';
COMMENT ON COLUMN ingest.jobs.trigger IS 'manual, schedule, import (a pushed payload) or replay';
COMMENT ON COLUMN ingest.jobs.requested_by IS 'the role that asked for it';
COMMENT ON COLUMN ingest.jobs.started_at IS 'when it started';
COMMENT ON COLUMN ingest.jobs.finished_at IS 'when it ended; NULL while it runs';
COMMENT ON COLUMN ingest.jobs.duration IS 'how long it took, or has taken';
COMMENT ON COLUMN ingest.jobs.nb_fetched IS 'records found = nb_created + nb_updated + nb_skipped + nb_errors';
COMMENT ON COLUMN ingest.jobs.nb_created IS 'new listings';
COMMENT ON COLUMN ingest.jobs.nb_updated IS 'listings whose content changed';
COMMENT ON COLUMN ingest.jobs.nb_skipped IS 'records not written, by reason in skipped_because';
COMMENT ON COLUMN ingest.jobs.nb_errors IS 'records refused: see ingest.errors';
COMMENT ON COLUMN ingest.jobs.nb_merged IS 'of the created and updated: joined an event known from another listing';
COMMENT ON COLUMN ingest.jobs.nb_review IS 'of the created and updated: a person is asked what they are one event with';
COMMENT ON COLUMN ingest.jobs.nb_cancelled IS 'of the created and updated: cancelled by their source';
COMMENT ON COLUMN ingest.jobs.nb_withdrawn IS 'listings no longer found, and so not among the fetched';
COMMENT ON COLUMN ingest.jobs.nb_pages IS 'pages of the source''s list';
COMMENT ON COLUMN ingest.jobs.nb_requests IS 'HTTP requests, those made again included';
COMMENT ON COLUMN ingest.jobs.nb_retries IS 'requests that had to be made again';
COMMENT ON COLUMN ingest.jobs.bytes_received IS 'bytes of the responses'' bodies, decompressed';
COMMENT ON COLUMN ingest.jobs.http_status IS 'HTTP status of the response it failed on';
COMMENT ON COLUMN ingest.jobs.error_class IS 'config, auth, rate_limit, network, upstream, parse, mapping, data or internal; NULL: it did not fail';
COMMENT ON COLUMN ingest.jobs.sqlstate IS 'SQLSTATE of the error';
COMMENT ON COLUMN ingest.jobs.error_message IS 'why it failed';
COMMENT ON COLUMN ingest.jobs.error_detail IS 'more about it';
COMMENT ON COLUMN ingest.jobs.error_hint IS 'what to do about it';
COMMENT ON COLUMN ingest.jobs.warnings IS 'what an operator should know although the run went on, a line each';

CREATE VIEW ingest.running WITH (security_barrier) AS
SELECT j.id AS job_id, j.source, j.pid, j.started_at, clock_timestamp() - j.started_at AS running_for,
       j.phase, j.heartbeat_at, j.nb_pages, j.nb_fetched, j.nb_created, j.nb_updated, j.nb_skipped, j.nb_errors,
       round((j.nb_fetched / nullif(extract(epoch FROM clock_timestamp() - j.started_at), 0))::numeric, 1) AS records_per_second,
       make_interval(secs => u.ms / 1000.0) AS usually_takes,
       concat(coalesce(j.phase, 'starting'), format(': %s records, %s pages', j.nb_fetched, j.nb_pages),
              CASE WHEN clock_timestamp() - j.started_at > make_interval(secs => greatest(3 * u.ms / 1000.0, 60))
                   THEN format('; it usually takes %s s', round(u.ms / 1000.0, 1)) END) AS summary,
       format('SELECT @extschema@.ingest_cancel(%s)', j.id) AS action
  FROM ingest.import_job j
  LEFT JOIN LATERAL (SELECT (percentile_disc(0.5) WITHIN GROUP (ORDER BY m))::numeric AS ms
                       FROM ingest.source_day d
                      CROSS JOIN LATERAL unnest(d.durations) AS m
                      WHERE d.source = j.source AND d.day > current_date - 7) u ON true
 WHERE j.status = 'running' AND ingest.job_is_alive(j.source)
 ORDER BY j.started_at, j.id;
COMMENT ON VIEW ingest.running IS 'runs whose process lives, longest first';
COMMENT ON COLUMN ingest.running.heartbeat_at IS 'when its counters were last written';
COMMENT ON COLUMN ingest.running.action IS 'the statement that ends it';
COMMENT ON COLUMN ingest.running.job_id IS 'of import_job';
COMMENT ON COLUMN ingest.running.source IS 'name of the source';
COMMENT ON COLUMN ingest.running.pid IS 'process of the run';
COMMENT ON COLUMN ingest.running.started_at IS 'when it started';
COMMENT ON COLUMN ingest.running.running_for IS 'how long it has taken';
COMMENT ON COLUMN ingest.running.phase IS 'what it is doing';
COMMENT ON COLUMN ingest.running.nb_pages IS 'pages read';
COMMENT ON COLUMN ingest.running.nb_fetched IS 'records found';
COMMENT ON COLUMN ingest.running.nb_created IS 'new listings';
COMMENT ON COLUMN ingest.running.nb_updated IS 'listings whose content changed';
COMMENT ON COLUMN ingest.running.nb_skipped IS 'records not written';
COMMENT ON COLUMN ingest.running.nb_errors IS 'records refused';
COMMENT ON COLUMN ingest.running.records_per_second IS 'records found per second since its start';
COMMENT ON COLUMN ingest.running.usually_takes IS 'the median of its runs of the last seven days; NULL: none';
COMMENT ON COLUMN ingest.running.summary IS 'how far it is, in a sentence, and whether that is long';

CREATE VIEW ingest.overview WITH (security_barrier) AS
SELECT s.sources, s.healthy, s.warning, s.degraded, s.paused, s.running, s.unknown,
       j.jobs_24h, j.failed_24h, j.created_24h, j.updated_24h, j.withdrawn_24h, j.errors_24h,
       -- a record that is refused by each run is one
       (SELECT count(*) FILTER (WHERE e.source_id IS NOT NULL) + coalesce(sum(e.nb) FILTER (WHERE e.source_id IS NULL), 0)::int8
          FROM (SELECT source_id, count(*) AS nb FROM ingest.import_error WHERE resolved_at IS NULL GROUP BY source, source_id) e) AS open_errors,
       (SELECT count(*) FROM ingest.match_review) AS open_reviews,
       -- few are counted; many are known from the last run that counted them
       CASE WHEN u.events < 20000 THEN
              (SELECT count(*) FROM ingest.event WHERE starts_at >= now() AND status <> ALL (ARRAY['cancelled', 'withdrawn']))
            ELSE u.events
       END AS upcoming_events,
       s.oldest_success_at, s.newest_success_at,
       (SELECT pg_size_pretty(sum(pg_total_relation_size(c.oid))) FROM pg_class c
         WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'r') AS size,
       CASE
         WHEN s.sources = 0 THEN 'no source yet: SELECT ingest_add_source(...)'
         WHEN s.unknown = s.sources THEN 'no source has run yet'
         WHEN s.degraded + s.warning = 0 AND s.paused > 0 THEN format('%s of %s sources paused, all others are well', s.paused, s.sources)
         WHEN s.degraded + s.warning = 0 THEN 'all sources are well'
         ELSE format(CASE s.degraded + s.warning WHEN 1 THEN '%s of %s sources needs attention' ELSE '%s of %s sources need attention' END,
                     s.degraded + s.warning, s.sources)
       END AS summary,
       now() AS generated_at
  FROM (SELECT count(*) AS sources,
               count(*) FILTER (WHERE health = 'healthy') AS healthy,
               count(*) FILTER (WHERE health IN ('warning', 'rate_limited')) AS warning,
               count(*) FILTER (WHERE health = 'degraded') AS degraded,
               count(*) FILTER (WHERE health = 'paused') AS paused,
               count(*) FILTER (WHERE health = 'running') AS running,
               count(*) FILTER (WHERE health = 'unknown') AS unknown,
               min(last_success_at) AS oldest_success_at,
               max(last_success_at) AS newest_success_at
          FROM ingest.source_health) s,
       (SELECT count(*) AS jobs_24h,
               count(*) FILTER (WHERE status IN ('failed', 'crashed')) AS failed_24h,
               coalesce(sum(nb_created), 0)::int8 AS created_24h,
               coalesce(sum(nb_updated), 0)::int8 AS updated_24h,
               coalesce(sum(nb_withdrawn), 0)::int8 AS withdrawn_24h,
               coalesce(sum(nb_errors), 0)::int8 AS errors_24h
          FROM ingest.import_job
         WHERE started_at >= now() - interval '24 hours') j,
       (SELECT coalesce((SELECT f.events_upcoming FROM ingest.source_figures f
                          WHERE f.counted_at IS NOT NULL ORDER BY f.counted_at DESC LIMIT 1), 0) AS events) u;
COMMENT ON VIEW ingest.overview IS 'one row: is anything wrong, and how much came in';
COMMENT ON COLUMN ingest.overview.upcoming_events IS 'events to come; from 20,000 on as of the last run that counted them';
COMMENT ON COLUMN ingest.overview.open_errors IS 'refused records that no later run has stored';
COMMENT ON COLUMN ingest.overview.summary IS 'the state of affairs in one sentence';
COMMENT ON COLUMN ingest.overview.sources IS 'how many there are: the sum of the next six';
COMMENT ON COLUMN ingest.overview.healthy IS 'all is well with these';
COMMENT ON COLUMN ingest.overview.warning IS 'something is wrong with these, or their upstream asked to wait';
COMMENT ON COLUMN ingest.overview.degraded IS 'these need a person';
COMMENT ON COLUMN ingest.overview.paused IS 'these are paused or disabled';
COMMENT ON COLUMN ingest.overview.running IS 'these are running now';
COMMENT ON COLUMN ingest.overview.unknown IS 'these have never run';
COMMENT ON COLUMN ingest.overview.jobs_24h IS 'runs that started in the last 24 hours';
COMMENT ON COLUMN ingest.overview.failed_24h IS 'of these, failed or crashed';
COMMENT ON COLUMN ingest.overview.created_24h IS 'new listings in the last 24 hours';
COMMENT ON COLUMN ingest.overview.updated_24h IS 'listings that changed in the last 24 hours';
COMMENT ON COLUMN ingest.overview.withdrawn_24h IS 'listings withdrawn in the last 24 hours';
COMMENT ON COLUMN ingest.overview.errors_24h IS 'records refused in the last 24 hours';
COMMENT ON COLUMN ingest.overview.open_reviews IS 'pairs of listings that wait for a person''s decision';
COMMENT ON COLUMN ingest.overview.oldest_success_at IS 'the last run that ended well of the source that waits longest for one: how old data may be';
COMMENT ON COLUMN ingest.overview.newest_success_at IS 'the latest run that ended well of any source';
COMMENT ON COLUMN ingest.overview.size IS 'tables, indexes and what is stored out of line';
COMMENT ON COLUMN ingest.overview.generated_at IS 'when this was found out';

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
  FROM (-- what began more than a day ago goes on only if it says so: found by its end.
        -- Both in order, so that the first few need not wait for the rest.
        (SELECT l.* FROM ingest.event l
          WHERE l.ends_at >= now() AND l.starts_at < now() - interval '24 hours'
          ORDER BY l.starts_at, l.id)
        UNION ALL
        (SELECT n.* FROM ingest.event n
          WHERE n.starts_at >= now() - interval '24 hours'
            AND coalesce(n.ends_at, CASE WHEN n.all_day OR n.start_precision = 'day' THEN n.starts_at + interval '24 hours'
                                         ELSE n.starts_at END) >= now()
          ORDER BY n.starts_at, n.id)) e
 WHERE e.status <> 'withdrawn'
 ORDER BY e.starts_at, e.id;
COMMENT ON VIEW ingest.upcoming_events IS 'events that are not over, soonest first';
COMMENT ON COLUMN ingest.upcoming_events.starts_on IS 'first day of an event of whole days, in its own zone';
COMMENT ON COLUMN ingest.upcoming_events.ends_on IS 'last day of an event of whole days, inclusive';
COMMENT ON COLUMN ingest.upcoming_events.local_start IS 'start on the venue''s wall clock';
COMMENT ON COLUMN ingest.upcoming_events.event_id IS 'of ingest.event; stable';
COMMENT ON COLUMN ingest.upcoming_events.starts_at IS 'when it starts; see starts_on for events of whole days';
COMMENT ON COLUMN ingest.upcoming_events.ends_at IS 'when it ends, exclusive; NULL: not known';
COMMENT ON COLUMN ingest.upcoming_events.all_day IS 'it is of whole days';
COMMENT ON COLUMN ingest.upcoming_events.timezone IS 'zone of its place';
COMMENT ON COLUMN ingest.upcoming_events.title IS 'its title';
COMMENT ON COLUMN ingest.upcoming_events.status IS 'scheduled, cancelled, postponed, rescheduled or sold_out';
COMMENT ON COLUMN ingest.upcoming_events.venue_name IS 'its venue';
COMMENT ON COLUMN ingest.upcoming_events.city IS 'its city';
COMMENT ON COLUMN ingest.upcoming_events.is_online IS 'it takes place online, or also; NULL: not known';
COMMENT ON COLUMN ingest.upcoming_events.category IS 'in its source''s words';
COMMENT ON COLUMN ingest.upcoming_events.language IS 'BCP 47';
COMMENT ON COLUMN ingest.upcoming_events.is_free IS 'admission is free; NULL: not known';
COMMENT ON COLUMN ingest.upcoming_events.price_min IS 'the lowest price';
COMMENT ON COLUMN ingest.upcoming_events.price_max IS 'the highest price';
COMMENT ON COLUMN ingest.upcoming_events.currency IS 'ISO 4217';
COMMENT ON COLUMN ingest.upcoming_events.organizer IS 'who organizes it';
COMMENT ON COLUMN ingest.upcoming_events.url IS 'its page';
COMMENT ON COLUMN ingest.upcoming_events.image_url IS 'a picture';
COMMENT ON COLUMN ingest.upcoming_events.latitude IS 'WGS 84';
COMMENT ON COLUMN ingest.upcoming_events.longitude IS 'WGS 84';
COMMENT ON COLUMN ingest.upcoming_events.series_id IS 'events that recur have the same';
COMMENT ON COLUMN ingest.upcoming_events.nb_listings IS 'how many listings it is made of';
COMMENT ON COLUMN ingest.upcoming_events.sources IS 'the sources that list it';

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
COMMENT ON COLUMN ingest."ImportJob".id IS 'of import_job';
COMMENT ON COLUMN ingest."ImportJob".source IS 'name of the source';
COMMENT ON COLUMN ingest."ImportJob"."startedAt" IS 'when the run started';
COMMENT ON COLUMN ingest."ImportJob"."finishedAt" IS 'when it ended; NULL while it runs';
COMMENT ON COLUMN ingest."ImportJob"."nbCreated" IS 'new listings';
COMMENT ON COLUMN ingest."ImportJob"."nbUpdated" IS 'listings whose content changed';
COMMENT ON COLUMN ingest."ImportJob"."nbSkipped" IS 'records fetched and not written';
COMMENT ON COLUMN ingest."ImportJob"."nbErrors" IS 'records refused';
COMMENT ON COLUMN ingest."ImportJob"."errorText" IS 'why it failed; NULL when it did not';

