------------------------------------------------------------------------------
-- Health: how each source is, and what needs a person
------------------------------------------------------------------------------

/* What is unusual, in a sentence. */
CREATE VIEW ingest.anomalies WITH (security_barrier) AS
SELECT a.source, a.rule, a.severity, a.since, a.job_id, a.observed, a.expected, a.subject,
       CASE a.rule
         WHEN 'empty_after_full' THEN format('it listed nothing, after %s records in the run before', a.expected)
         WHEN 'all_refused' THEN format('all %s records were refused', a.expected)
         WHEN 'round_count' THEN format('exactly %s records on one page: there may be more pages', a.observed)
         WHEN 'volume' THEN format('%s records where %s are usual', a.observed, round(a.expected::numeric))
         WHEN 'id_churn' THEN format('%s of %s records are known events under a new id', a.observed, a.expected)
         WHEN 'slow' THEN format('it took %s s where %s s are usual', round(a.observed::numeric, 1), round(a.expected::numeric, 1))
         WHEN 'field_drift' THEN format('%s is filled in %s %% of the listings, usually in %s %%', a.subject,
                                        round(a.observed::numeric), round(a.expected::numeric))
         WHEN 'midnight' THEN format('%s %% of the listings start at midnight: the hour may be lost', round(100 * a.observed::numeric))
         WHEN 'small_hours' THEN format('%s %% of the listings start between one and six in the morning: the time zone may be wrong',
                                        round(100 * a.observed::numeric))
         WHEN 'one_point' THEN format('%s %% of the places, of several names, are at one point: %s', round(100 * a.observed::numeric), a.subject)
         WHEN 'same_title' THEN format('%s %% of the listings have the same title: %s', round(100 * a.observed::numeric), a.subject)
         ELSE a.rule
       END AS summary,
       CASE a.rule
         WHEN 'empty_after_full' THEN 'Is the address still right? Compare with the source''s own page.'
         WHEN 'all_refused' THEN 'The source may have changed its format: see what was refused.'
         WHEN 'round_count' THEN 'Compare with the number that the source itself says it has.'
         WHEN 'id_churn' THEN 'The source may number its events anew each time; those of the old numbers will be withdrawn.'
         WHEN 'midnight' THEN 'Check the mapping of the start, and what the source says of its times.'
         WHEN 'small_hours' THEN 'Check the source''s time zone.'
         WHEN 'one_point' THEN 'A geocoder''s default is no place.'
         WHEN 'same_title' THEN 'A template or a login page may have been read instead of events.'
         ELSE 'Compare its last runs.'
       END AS hint,
       CASE
         WHEN a.rule = 'all_refused' THEN format('SELECT * FROM ingest.errors WHERE source = %L', a.source)
         WHEN a.rule = 'field_drift' THEN format('SELECT * FROM ingest.quality WHERE source = %L', a.source)
         WHEN a.rule = ANY (ARRAY['midnight', 'small_hours', 'one_point', 'same_title', 'id_churn'])
           THEN format('SELECT * FROM @extschema@.ingest_preview(%L)', a.source)
         ELSE format('SELECT * FROM ingest.jobs WHERE source = %L LIMIT 20', a.source)
       END AS action
  FROM ingest.anomaly a
 ORDER BY CASE a.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, a.since, a.source, a.rule;
COMMENT ON VIEW ingest.anomalies IS 'what is unusual about the last run of a source, or about its listings; thresholds are in ingest.anomaly_rule';
COMMENT ON COLUMN ingest.anomalies.rule IS 'empty_after_full, all_refused, round_count, volume, id_churn, slow (of the last run); field_drift, midnight, small_hours, one_point, same_title (of the listings to come)';
COMMENT ON COLUMN ingest.anomalies.severity IS 'critical: the source is degraded; warning; info: worth a look';
COMMENT ON COLUMN ingest.anomalies.since IS 'when it was first seen';
COMMENT ON COLUMN ingest.anomalies.observed IS 'what was found; a share, a number, seconds or percent, by rule';
COMMENT ON COLUMN ingest.anomalies.expected IS 'what is usual, or the threshold';
COMMENT ON COLUMN ingest.anomalies.subject IS 'the field, title or place it is about';
COMMENT ON COLUMN ingest.anomalies.action IS 'a statement to run next';

/*
 * API: private.  The last 14 days of each source as a line of text: how much
 * came, from U+2581 up; x: every run failed; a dot: none.
 */
CREATE VIEW ingest.sparkline WITH (security_barrier) AS
SELECT d.source,
       concat(coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 13), '.'), coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 12), '.'),
              coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 11), '.'), coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 10), '.'),
              coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 9), '.'), coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 8), '.'),
              coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 7), '.'), coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 6), '.'),
              coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 5), '.'), coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 4), '.'),
              coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 3), '.'), coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 2), '.'),
              coalesce(max(d.mark) FILTER (WHERE d.day = current_date - 1), '.'), coalesce(max(d.mark) FILTER (WHERE d.day >= current_date), '.')) AS days
  FROM (SELECT s.source, s.day,
               CASE
                 WHEN s.ok = 0 AND s.failed > 0 THEN 'x'
                 WHEN getdatabaseencoding() <> 'UTF8' THEN '='
                 -- the root, so that the first import does not flatten all that follows
                 ELSE chr(9601 + coalesce(round(7 * sqrt((s.created + s.updated)::float8
                        / nullif(max(s.created + s.updated) OVER (PARTITION BY s.source), 0))), 0)::int4)
               END AS mark
          FROM ingest.source_day s
         WHERE s.day > current_date - 14) d
 GROUP BY d.source;
COMMENT ON VIEW ingest.sparkline IS 'the last 14 days of a source in 14 characters, today last';

CREATE VIEW ingest.source_health WITH (security_barrier) AS
WITH facts AS NOT MATERIALIZED
(
  SELECT s.name AS source, s.connector, s.enabled, s.schedule, l.id AS last_job, l.started_at AS last_run_at,
         CASE WHEN l.running THEN 'running' ELSE d.status END AS last_status, coalesce(l.running, false) AS running,
         d.id AS done_job, d.status, d.nb_fetched, d.nb_errors, d.error_class, d.error_message, d.error_hint,
         t.last_success_at, coalesce(t.consecutive_failures, 0) AS consecutive_failures,
         t.not_before, t.paused_reason, t.schedule_problem,
         nullif(greatest(t.next_run_at, t.not_before), 'infinity') AS next_run_at,
         greatest(interval '15 minutes', 2 * (t.next_run_at - t.last_run_at)) AS patience,
         f.last_change_at, f.change_interval, r.severity AS stale_severity,
         f.last_change_at + greatest(f.change_interval * r.threshold, make_interval(secs => r.at_least)) AS stale_at,
         k.days AS last_14_days, a.severity_run, a.severity_listings, a.reason_run, a.reason_listings
    FROM ingest.source s
    LEFT JOIN ingest.source_state t ON t.source = s.name
    LEFT JOIN ingest.source_figures f ON f.source = s.name
    LEFT JOIN ingest.sparkline k ON k.source = s.name
    LEFT JOIN (SELECT a.source,
                      min(CASE a.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END) FILTER (WHERE o.of_run) AS severity_run,
                      min(CASE a.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END) FILTER (WHERE NOT o.of_run) AS severity_listings,
                      min(a.summary) FILTER (WHERE o.of_run AND a.severity <> 'info') AS reason_run,
                      min(a.summary) FILTER (WHERE NOT o.of_run AND a.severity <> 'info') AS reason_listings
                 FROM ingest.anomalies a
                CROSS JOIN LATERAL (SELECT a.rule = ANY (ARRAY['empty_after_full', 'all_refused', 'round_count', 'volume',
                                                               'id_churn', 'slow']) AS of_run) o
                GROUP BY a.source) a ON a.source = s.name
    LEFT JOIN LATERAL (SELECT i.id, i.started_at, i.status, i.nb_fetched, i.nb_errors, i.error_class, i.error_message, i.error_hint,
                              i.status = 'running' AND ingest.job_is_alive(i.source) AS running
                         FROM ingest.import_job i
                        WHERE i.source = s.name
                        ORDER BY i.started_at DESC, i.id DESC
                        LIMIT 1) l ON true
    -- the last run that has ended: most often the same
    LEFT JOIN LATERAL (SELECT l.id, CASE l.status WHEN 'running' THEN 'crashed' ELSE l.status END AS status,
                              l.nb_fetched, l.nb_errors, l.error_class,
                              CASE l.status WHEN 'running' THEN 'its process is gone' ELSE l.error_message END AS error_message,
                              l.error_hint
                        WHERE NOT l.running
                       UNION ALL
                       (SELECT i.id, i.status, i.nb_fetched, i.nb_errors, i.error_class, i.error_message, i.error_hint
                          FROM ingest.import_job i
                         WHERE l.running AND i.source = s.name AND i.status <> 'running'
                         ORDER BY i.started_at DESC, i.id DESC
                         LIMIT 1)) d ON true
    LEFT JOIN LATERAL (SELECT r.severity, r.threshold, r.at_least
                         FROM ingest.anomaly_rule r
                        WHERE r.rule = 'stale' AND r.source = ANY (ARRAY['', '*', s.name])
                        ORDER BY r.source = s.name DESC, r.source = '*' DESC
                        LIMIT 1) r ON true
),
checks AS NOT MATERIALIZED
(
  SELECT f.*,
         CASE
           WHEN f.status IS NULL THEN 'unknown'
           WHEN f.status = ANY (ARRAY['failed', 'crashed']) AND f.consecutive_failures >= 3 THEN 'degraded'
           WHEN f.status = ANY (ARRAY['failed', 'crashed', 'cancelled']) THEN 'warning'
           ELSE 'healthy'
         END AS check_last_run,
         CASE
           WHEN f.schedule_problem IS NOT NULL THEN 'degraded'
           WHEN f.schedule IS NOT NULL AND NOT f.running AND now() > f.next_run_at + 2 * f.patience THEN 'degraded'
           WHEN f.schedule IS NOT NULL AND NOT f.running AND now() > f.next_run_at + f.patience THEN 'warning'
           WHEN f.stale_severity <> 'off' AND now() > f.stale_at THEN
             CASE f.stale_severity WHEN 'critical' THEN 'degraded' WHEN 'warning' THEN 'warning' ELSE 'healthy' END
           WHEN f.status IS NULL THEN 'unknown'
           ELSE 'healthy'
         END AS check_freshness,
         CASE
           WHEN f.nb_errors IS NULL THEN 'unknown'
           WHEN f.nb_errors = 0 THEN 'healthy'
           WHEN f.nb_errors * 10 >= f.nb_fetched THEN 'degraded'
           ELSE 'warning'
         END AS check_errors,
         CASE
           WHEN f.status IS NULL THEN 'unknown'
           WHEN f.severity_run = 0 THEN 'degraded'
           WHEN f.severity_run = 1 OR f.status = 'empty' THEN 'warning'
           ELSE 'healthy'
         END AS check_volume,
         CASE
           WHEN f.status IS NULL THEN 'unknown'
           WHEN f.severity_listings = 0 THEN 'degraded'
           WHEN f.severity_listings = 1 THEN 'warning'
           ELSE 'healthy'
         END AS check_quality
    FROM facts f
),
judged AS NOT MATERIALIZED
(
  SELECT c.*,
         CASE
           WHEN NOT c.enabled OR c.paused_reason IS NOT NULL THEN 'paused'
           WHEN c.running THEN 'running'
           WHEN 'degraded' = ANY (ARRAY[c.check_last_run, c.check_freshness, c.check_errors, c.check_volume, c.check_quality]) THEN 'degraded'
           WHEN c.not_before > now() THEN 'rate_limited'
           WHEN 'warning' = ANY (ARRAY[c.check_last_run, c.check_freshness, c.check_errors, c.check_volume, c.check_quality]) THEN 'warning'
           WHEN c.check_last_run = 'unknown' THEN 'unknown'
           ELSE 'healthy'
         END AS health,
         concat_ws('; ',
           CASE
             WHEN c.error_message IS NOT NULL AND c.consecutive_failures > 1
               THEN format('%s failures in a row: %s', c.consecutive_failures, c.error_message)
             WHEN c.check_last_run = ANY (ARRAY['degraded', 'warning']) THEN coalesce(c.error_message, 'the last run was ' || c.status)
           END,
           CASE
             WHEN c.schedule_problem IS NOT NULL THEN c.schedule_problem
             WHEN c.schedule IS NOT NULL AND NOT c.running AND now() > c.next_run_at + c.patience
               THEN format('its run is overdue since %s', to_char(c.next_run_at, 'YYYY-MM-DD HH24:MI'))
             WHEN c.check_freshness = ANY (ARRAY['degraded', 'warning'])
               THEN format('nothing has changed since %s', to_char(c.last_change_at, 'YYYY-MM-DD HH24:MI'))
           END,
           CASE WHEN c.nb_errors > 0 THEN format('%s of %s records were refused', c.nb_errors, c.nb_fetched) END,
           CASE WHEN c.reason_run IS NOT NULL THEN c.reason_run
                WHEN c.status = 'empty' THEN 'the last run found nothing at all' END,
           c.reason_listings) AS reasons
    FROM checks c
)
SELECT j.source, j.health, coalesce(j.last_14_days, repeat('.', 14)) AS last_14_days,
       CASE
         WHEN NOT j.enabled THEN 'disabled'
         WHEN j.health = 'paused' THEN 'paused: ' || j.paused_reason
         WHEN j.health = 'unknown' THEN 'never run'
         WHEN j.health = 'running' THEN 'running now'
         WHEN j.reasons <> '' THEN j.reasons
         ELSE 'the last run ended well'
       END AS summary,
       j.connector, j.enabled,
       j.check_last_run, j.check_freshness, j.check_errors, j.check_volume, j.check_quality, nullif(j.reasons, '') AS reasons,
       j.last_job, j.last_run_at, j.last_status, j.last_success_at, now() - j.last_success_at AS age, j.last_change_at,
       j.next_run_at, j.not_before AS retry_at,
       j.consecutive_failures, j.error_class AS last_error_class, j.error_message AS last_error,
       CASE WHEN j.health = 'paused' AND j.error_hint IS NOT NULL THEN concat('Before it is resumed: ', j.error_hint) ELSE j.error_hint END AS hint,
       CASE
         WHEN NOT j.enabled THEN format('UPDATE ingest.source SET enabled = true WHERE name = %L', j.source)
         WHEN j.health = 'paused' THEN format('SELECT @extschema@.ingest_resume(%L)', j.source)
         -- the statement that the hint says, such as a new credential
         WHEN substring(j.error_hint FROM 'SELECT ingest_set_credential[(](?:''(?:[^'']|'''')*''(?:, )?)+[)]') IS NOT NULL
              AND j.check_last_run = ANY (ARRAY['degraded', 'warning'])
           THEN substring(j.error_hint FROM 'SELECT ingest_set_credential[(](?:''(?:[^'']|'''')*''(?:, )?)+[)]')
         WHEN j.health = ANY (ARRAY['healthy', 'running']) THEN NULL
         WHEN j.health = 'unknown' OR j.health = 'rate_limited' OR j.status = 'cancelled'
           THEN format('SELECT * FROM @extschema@.ingest_run(%L)', j.source)
         WHEN j.check_last_run <> 'healthy' THEN format('SELECT * FROM @extschema@.ingest_check(%L)', j.source)
         WHEN j.check_errors <> 'healthy' THEN format('SELECT * FROM ingest.errors WHERE source = %L', j.source)
         WHEN j.schedule_problem IS NOT NULL OR j.check_freshness <> 'healthy'
           THEN format('SELECT * FROM ingest.schedule WHERE source = %L', j.source)
         ELSE format('SELECT * FROM ingest.anomalies WHERE source = %L', j.source)
       END AS action
  FROM judged j
 ORDER BY CASE j.health WHEN 'degraded' THEN 0 WHEN 'warning' THEN 1 WHEN 'rate_limited' THEN 2
                        WHEN 'paused' THEN 3 WHEN 'unknown' THEN 4 WHEN 'running' THEN 5 ELSE 6 END, j.source;
COMMENT ON VIEW ingest.source_health IS 'one row per source, worst first; health is the worst of the checks';
COMMENT ON COLUMN ingest.source_health.health IS 'unknown, healthy, running, rate_limited, warning, degraded or paused';
COMMENT ON COLUMN ingest.source_health.last_14_days IS 'a character a day, today last: the higher the more came; x: every run failed; a dot: no run';
COMMENT ON COLUMN ingest.source_health.summary IS 'how it is, in one sentence';
COMMENT ON COLUMN ingest.source_health.check_last_run IS 'did the last run end well? degraded: three or more failures in a row';
COMMENT ON COLUMN ingest.source_health.check_freshness IS 'does it run when it should, and does anything change still?';
COMMENT ON COLUMN ingest.source_health.check_errors IS 'were records refused in the last run? degraded: a tenth or more';
COMMENT ON COLUMN ingest.source_health.check_volume IS 'did the last run find what is usual?';
COMMENT ON COLUMN ingest.source_health.check_quality IS 'are the listings filled in as usual, with plausible hours and places?';
COMMENT ON COLUMN ingest.source_health.reasons IS 'what the checks found, the gravest kind first';
COMMENT ON COLUMN ingest.source_health.age IS 'time since the last run that ended well';
COMMENT ON COLUMN ingest.source_health.last_change_at IS 'when a run last changed something';
COMMENT ON COLUMN ingest.source_health.retry_at IS 'the upstream wants to be left alone until then';
COMMENT ON COLUMN ingest.source_health.action IS 'a statement to run next, where there is one';

/* For a terminal of 80 columns. */
CREATE VIEW ingest.health WITH (security_barrier) AS
SELECT CASE WHEN length(h.source) > 14 THEN left(h.source, 12) || '..' ELSE h.source END AS source,
       h.health, h.last_14_days,
       CASE
         WHEN h.age IS NULL THEN ''
         WHEN h.age < interval '1 minute' THEN 'now'
         WHEN h.age < interval '1 hour' THEN extract(minute FROM h.age)::int4 || ' min'
         WHEN h.age < interval '2 days' THEN (extract(epoch FROM h.age) / 3600)::int4 || ' h'
         ELSE (extract(epoch FROM h.age) / 86400)::int4 || ' d'
       END AS age,
       CASE WHEN length(h.summary) > 26 THEN left(h.summary, 24) || '..' ELSE h.summary END AS summary
  FROM ingest.source_health h;
COMMENT ON VIEW ingest.health IS 'source_health in 80 columns';
COMMENT ON COLUMN ingest.health.age IS 'time since the last run that ended well';

CREATE VIEW ingest.attention WITH (security_barrier) AS
SELECT a.severity, a.since, a.kind, a.source, a.job_id, a.nb, a.summary, a.hint, a.action
  FROM (
    -- nothing runs by itself
    SELECT 'critical' AS severity, NULL::timestamptz AS since, 'launcher' AS kind, NULL::text AS source, NULL::int8 AS job_id,
           NULL::int8 AS nb, l.summary, 'Sources that have a schedule wait.' AS hint, l.action
      FROM ingest.launcher l
     WHERE l.state = ANY (ARRAY['not running', 'disabled'])
       AND EXISTS (SELECT FROM ingest.source s WHERE s.schedule IS NOT NULL AND s.enabled)
    UNION ALL
    SELECT 'critical', NULL, 'copy', NULL, NULL, NULL, 'this database is a copy: nothing runs by its schedule',
           'So that a restored copy does not call the sources'' APIs beside the original.', 'SELECT @extschema@.ingest_resume_all()'
     WHERE EXISTS (SELECT FROM ingest.source s WHERE s.schedule IS NOT NULL AND s.enabled)
       AND NOT ingest.is_home()
    UNION ALL
    -- sources
    SELECT CASE
             WHEN h.health = 'degraded' OR (h.health = 'paused' AND h.consecutive_failures > 0) THEN 'critical'
             WHEN h.health = 'warning' THEN 'warning'
             ELSE 'info'
           END,
           CASE WHEN h.health = 'rate_limited' THEN h.last_run_at ELSE coalesce(h.last_success_at, h.last_run_at) END,
           CASE
             WHEN h.health = 'paused' THEN 'paused'
             WHEN h.health = 'rate_limited' THEN 'rate_limited'
             WHEN h.check_last_run = ANY (ARRAY['degraded', 'warning']) THEN 'failing'
             WHEN h.check_errors = ANY (ARRAY['degraded', 'warning']) THEN 'refused'
             WHEN h.check_freshness = ANY (ARRAY['degraded', 'warning']) THEN 'late'
             ELSE 'unusual'
           END,
           h.source, h.last_job, h.consecutive_failures, h.summary,
           coalesce(h.hint, (SELECT x.hint FROM ingest.anomalies x WHERE x.source = h.source LIMIT 1)), h.action
      FROM ingest.source_health h
     WHERE h.health = ANY (ARRAY['degraded', 'warning', 'paused', 'rate_limited']) AND h.enabled
    UNION ALL
    -- decisions
    SELECT 'warning', w.held_at, 'held', w.source, w.job_id, cardinality(w.listing_ids),
           format('%s of %s listings to come are gone from the source; they are held, not withdrawn', cardinality(w.listing_ids), w.nb_live),
           format('If they are not gone: SELECT @extschema@.ingest_discard_withdrawals(%L)', w.source),
           format('SELECT @extschema@.ingest_approve_withdrawals(%L)', w.source)
      FROM ingest.withdrawal_hold w
    UNION ALL
    SELECT 'info', e.since, 'errors', e.source, NULL, e.nb, format('%s refused records have not come right since', e.nb),
           'They are kept as they came, in ingest.import_error.', format('SELECT * FROM ingest.errors WHERE source = %L', e.source)
      FROM (SELECT i.source, count(*) AS nb, min(i.created_at) AS since
              FROM ingest.import_error i
             WHERE i.resolved_at IS NULL
             GROUP BY i.source) e
     WHERE NOT EXISTS (SELECT FROM ingest.source_figures f
                        WHERE f.source = e.source AND f.health = ANY (ARRAY['degraded', 'warning']))
    UNION ALL
    SELECT 'info', min(r.created_at), 'reviews', NULL, NULL, count(*),
           format('%s pairs of listings may be the same event', count(*)), 'Decide them; a verdict outlives every later import.',
           'SELECT * FROM ingest.review_queue'
      FROM ingest.match_review r
    HAVING count(*) > 0
    UNION ALL
    SELECT 'info', x.since, 'unusual', x.source, x.job_id, NULL, x.summary, x.hint, x.action
      FROM ingest.anomalies x
     WHERE x.severity = 'info'
  ) a
 ORDER BY CASE a.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, a.since NULLS FIRST, a.source;
COMMENT ON VIEW ingest.attention IS 'what needs a person, the gravest first: the one list to look at; empty when all is well';
COMMENT ON COLUMN ingest.attention.severity IS 'critical, warning or info';
COMMENT ON COLUMN ingest.attention.since IS 'since when; of a source that fails, since its last run that ended well';
COMMENT ON COLUMN ingest.attention.kind IS 'launcher, copy, failing, refused, late, unusual, paused, rate_limited, held, errors or reviews';
COMMENT ON COLUMN ingest.attention.nb IS 'how many: failures in a row, listings, records or pairs, by kind';
COMMENT ON COLUMN ingest.attention.hint IS 'what may mend it';
COMMENT ON COLUMN ingest.attention.action IS 'the statement to run next';
