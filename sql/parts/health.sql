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
COMMENT ON COLUMN ingest.anomalies.source IS 'name of the source';
COMMENT ON COLUMN ingest.anomalies.job_id IS 'the run that showed it last';
COMMENT ON COLUMN ingest.anomalies.summary IS 'what is unusual, in a sentence';
COMMENT ON COLUMN ingest.anomalies.hint IS 'what it may mean';

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
COMMENT ON COLUMN ingest.sparkline.source IS 'name of the source';
COMMENT ON COLUMN ingest.sparkline.days IS 'a character a day, see source_health.last_14_days';

/*
 * The facts (f), the checks (c), the judgement (j), then the words.  OFFSET 0:
 * each is computed once, and not at all if a reader does not ask for it.
 */
CREATE VIEW ingest.source_health WITH (security_barrier) AS
SELECT s.name AS source, j.health, coalesce(k.days, repeat('.', 14)) AS last_14_days,
       CASE
         WHEN NOT f.enabled THEN 'disabled'
         WHEN j.health = 'paused' THEN 'paused: ' || f.paused_reason
         WHEN j.health = 'unknown' THEN 'never run'
         WHEN j.health = 'running' THEN 'running now'
         WHEN j.reasons <> '' THEN j.reasons
         ELSE 'the last run ended well'
       END AS summary,
       f.connector, f.enabled,
       c.check_last_run, c.check_freshness, c.check_errors, c.check_volume, c.check_quality, nullif(j.reasons, '') AS reasons,
       f.last_job, f.last_run_at, f.last_status, f.last_success_at, now() - f.last_success_at AS age, f.last_change_at,
       f.next_run_at, f.not_before AS retry_at,
       f.consecutive_failures, f.error_class AS last_error_class, f.error_message AS last_error,
       CASE
         WHEN j.health = 'paused' AND f.error_hint IS NOT NULL THEN concat('Before it is resumed: ', f.error_hint)
         WHEN f.error_hint IS NOT NULL THEN f.error_hint
         WHEN j.health = ANY (ARRAY['degraded', 'warning']) THEN
           coalesce(f.unusual_hint, CASE WHEN f.is_stale THEN 'It answers, but with nothing new: compare with the source''s own page.' END)
       END AS hint,
       CASE
         WHEN NOT f.enabled THEN format('UPDATE ingest.source SET enabled = true WHERE name = %L', s.name)
         WHEN j.health = 'paused' THEN format('SELECT @extschema@.ingest_resume(%L)', s.name)
         -- the statement that the hint says: a new credential
         WHEN x.statement IS NOT NULL AND c.check_last_run = ANY (ARRAY['degraded', 'warning'])
           THEN concat('SELECT @extschema@.', substr(x.statement, 8))
         WHEN j.health = ANY (ARRAY['healthy', 'running']) THEN NULL
         WHEN j.health = 'rate_limited' THEN format('SELECT * FROM ingest.http_usage WHERE source = %L', s.name)
         WHEN j.health = 'unknown' OR f.status = 'cancelled' THEN format('SELECT * FROM @extschema@.ingest_run(%L)', s.name)
         WHEN c.check_last_run <> 'healthy' THEN format('SELECT * FROM @extschema@.ingest_check(%L)', s.name)
         WHEN c.check_errors <> 'healthy' THEN format('SELECT * FROM ingest.errors WHERE source = %L', s.name)
         WHEN f.schedule_problem IS NOT NULL OR (c.check_freshness <> 'healthy' AND NOT coalesce(f.is_stale, false))
           THEN format('SELECT * FROM ingest.schedule WHERE source = %L', s.name)
         ELSE coalesce(f.unusual_action, format('SELECT * FROM ingest.jobs WHERE source = %L LIMIT 20', s.name))
       END AS action,
       f.nb_fetched AS last_fetched, f.nb_errors AS last_refused
  FROM ingest.source s
  LEFT JOIN ingest.source_state t ON t.source = s.name
  LEFT JOIN ingest.source_figures g ON g.source = s.name
  LEFT JOIN ingest.sparkline k ON k.source = s.name
  LEFT JOIN (SELECT a.source,
                    min(o.grade) FILTER (WHERE o.of_run) AS grade_run,
                    min(o.grade) FILTER (WHERE NOT o.of_run) AS grade_listings,
                    -- that all records were refused is said by the check of errors
                    string_agg(a.summary, '; ' ORDER BY o.grade, a.rule)
                      FILTER (WHERE o.of_run AND o.grade < 2 AND a.rule <> 'all_refused') AS reason_run,
                    string_agg(a.summary, '; ' ORDER BY o.grade, a.rule) FILTER (WHERE NOT o.of_run AND o.grade < 2) AS reason_listings,
                    (array_agg(a.hint ORDER BY o.grade, a.rule) FILTER (WHERE o.grade < 2))[1] AS hint,
                    (array_agg(a.action ORDER BY o.grade, a.rule) FILTER (WHERE o.grade < 2))[1] AS action
               FROM ingest.anomalies a
              CROSS JOIN LATERAL (SELECT CASE a.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END AS grade,
                                         a.rule = ANY (ARRAY['empty_after_full', 'all_refused', 'round_count', 'volume',
                                                             'id_churn', 'slow']) AS of_run) o
              GROUP BY a.source) a ON a.source = s.name
  LEFT JOIN LATERAL (SELECT i.id, i.started_at, i.status, i.nb_fetched, i.nb_errors, i.error_class, i.error_message, i.error_hint,
                            i.status = 'running' AND ingest.job_is_alive(i.source) AS running
                       FROM ingest.import_job i
                      WHERE i.source = s.name
                      ORDER BY i.started_at DESC, i.id DESC
                      LIMIT 1) l ON true
  -- the last run that has ended: most often the same
  LEFT JOIN LATERAL (SELECT CASE l.status WHEN 'running' THEN 'crashed' ELSE l.status END AS status,
                            l.nb_fetched, l.nb_errors, l.error_class,
                            CASE l.status WHEN 'running' THEN 'its process is gone' ELSE l.error_message END AS error_message,
                            l.error_hint
                      WHERE NOT l.running
                     UNION ALL
                     (SELECT i.status, i.nb_fetched, i.nb_errors, i.error_class, i.error_message, i.error_hint
                        FROM ingest.import_job i
                       WHERE l.running AND i.source = s.name AND i.status <> 'running'
                       ORDER BY i.started_at DESC, i.id DESC
                       LIMIT 1)) d ON true
  LEFT JOIN LATERAL (SELECT r.severity, r.threshold, r.at_least
                       FROM ingest.anomaly_rule r
                      WHERE r.rule = 'stale' AND r.source = ANY (ARRAY['', '*', s.name])
                      ORDER BY r.source = s.name DESC, r.source = '*' DESC
                      LIMIT 1) r ON true
 CROSS JOIN LATERAL (SELECT s.connector, s.enabled, s.schedule, l.id AS last_job, l.started_at AS last_run_at,
                            CASE WHEN l.running THEN 'running' ELSE d.status END AS last_status, coalesce(l.running, false) AS running,
                            d.status, d.nb_fetched, d.nb_errors, d.error_class, d.error_message, d.error_hint,
                            t.last_success_at, coalesce(t.consecutive_failures, 0) AS consecutive_failures,
                            t.not_before, t.paused_reason, t.schedule_problem,
                            nullif(greatest(t.next_run_at, t.not_before), 'infinity') AS next_run_at,
                            greatest(interval '15 minutes', 2 * (t.next_run_at - t.last_run_at)) AS patience,
                            g.last_change_at, r.severity AS stale_severity, a.grade_run, a.grade_listings,
                            a.reason_run, a.reason_listings,
                            a.hint AS unusual_hint, a.action AS unusual_action,
                            r.severity <> 'off'
                              AND now() > g.last_change_at + greatest(g.change_interval * r.threshold, make_interval(secs => r.at_least)) AS is_stale
                     OFFSET 0) f
 CROSS JOIN LATERAL (SELECT CASE
                              WHEN f.status IS NULL THEN 'unknown'
                              WHEN f.status = ANY (ARRAY['failed', 'crashed']) AND f.consecutive_failures >= 3 THEN 'degraded'
                              WHEN f.status = ANY (ARRAY['failed', 'crashed', 'cancelled']) THEN 'warning'
                              ELSE 'healthy'
                            END AS check_last_run,
                            CASE
                              WHEN f.schedule_problem IS NOT NULL THEN 'degraded'
                              WHEN f.schedule IS NOT NULL AND NOT f.running AND now() > f.next_run_at + 2 * f.patience THEN 'degraded'
                              WHEN f.schedule IS NOT NULL AND NOT f.running AND now() > f.next_run_at + f.patience THEN 'warning'
                              WHEN f.is_stale THEN
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
                              WHEN f.grade_run = 0 THEN 'degraded'
                              WHEN f.grade_run = 1 OR f.status = 'empty' THEN 'warning'
                              ELSE 'healthy'
                            END AS check_volume,
                            CASE
                              WHEN f.status IS NULL THEN 'unknown'
                              WHEN f.grade_listings = 0 THEN 'degraded'
                              WHEN f.grade_listings = 1 THEN 'warning'
                              ELSE 'healthy'
                            END AS check_quality
                     OFFSET 0) c
 CROSS JOIN LATERAL (SELECT CASE
                              WHEN NOT f.enabled OR f.paused_reason IS NOT NULL THEN 'paused'
                              WHEN f.running THEN 'running'
                              WHEN 'degraded' = ANY (ARRAY[c.check_last_run, c.check_freshness, c.check_errors, c.check_volume, c.check_quality]) THEN 'degraded'
                              WHEN f.not_before > now() THEN 'rate_limited'
                              WHEN 'warning' = ANY (ARRAY[c.check_last_run, c.check_freshness, c.check_errors, c.check_volume, c.check_quality]) THEN 'warning'
                              WHEN c.check_last_run = 'unknown' THEN 'unknown'
                              ELSE 'healthy'
                            END AS health,
                            concat_ws('; ',
                              CASE
                                WHEN f.error_message IS NOT NULL AND f.consecutive_failures > 1
                                  THEN format('%s failures in a row: %s', f.consecutive_failures, f.error_message)
                                WHEN c.check_last_run = ANY (ARRAY['degraded', 'warning']) THEN coalesce(f.error_message, 'the last run was ' || f.status)
                              END,
                              CASE
                                WHEN f.schedule_problem IS NOT NULL THEN f.schedule_problem
                                WHEN f.schedule IS NOT NULL AND NOT f.running AND now() > f.next_run_at + f.patience
                                  THEN format('its run is overdue since %s', to_char(f.next_run_at, 'YYYY-MM-DD HH24:MI'))
                                WHEN c.check_freshness = ANY (ARRAY['degraded', 'warning'])
                                  THEN format('nothing has changed since %s', to_char(f.last_change_at, 'YYYY-MM-DD HH24:MI'))
                              END,
                              CASE WHEN f.nb_errors > 0
                                   THEN format('%s of %s records %s refused', f.nb_errors, f.nb_fetched, CASE f.nb_errors WHEN 1 THEN 'was' ELSE 'were' END) END,
                              CASE WHEN f.reason_run IS NOT NULL THEN f.reason_run
                                   WHEN f.status = 'empty' THEN 'the last run found nothing at all' END,
                              f.reason_listings) AS reasons
                     OFFSET 0) j
 CROSS JOIN LATERAL (SELECT substring(f.error_hint FROM 'SELECT ingest_set_credential[(]E?''(?:[^'']|'''')*'', E?''(?:[^'']|'''')*'', E?''(?:[^'']|'''')*''[)]')
                              AS statement) x
 ORDER BY CASE j.health WHEN 'degraded' THEN 0 WHEN 'warning' THEN 1 WHEN 'rate_limited' THEN 2
                        WHEN 'paused' THEN 3 WHEN 'unknown' THEN 4 WHEN 'running' THEN 5 ELSE 6 END, s.name;
COMMENT ON VIEW ingest.source_health IS 'one row per source, worst first; health is the worst of the checks';
COMMENT ON COLUMN ingest.source_health.health IS 'unknown, healthy, running, rate_limited, warning, degraded or paused';
COMMENT ON COLUMN ingest.source_health.last_14_days IS 'a character a day, today last: the higher the more came; x: every run failed; a dot: no run';
COMMENT ON COLUMN ingest.source_health.summary IS 'how it is, in one sentence';
COMMENT ON COLUMN ingest.source_health.check_last_run IS 'did the last run end well? degraded: three or more failures in a row';
COMMENT ON COLUMN ingest.source_health.check_freshness IS 'does it run when it should, and does anything change still?';
COMMENT ON COLUMN ingest.source_health.check_errors IS 'were records refused in the last run? degraded: a tenth or more';
COMMENT ON COLUMN ingest.source_health.check_volume IS 'did the last run find what is usual?';
COMMENT ON COLUMN ingest.source_health.check_quality IS 'are the listings filled in as usual, with plausible hours and places?';
COMMENT ON COLUMN ingest.source_health.reasons IS 'what the checks found, in their order';
COMMENT ON COLUMN ingest.source_health.age IS 'time since the last run that ended well';
COMMENT ON COLUMN ingest.source_health.last_change_at IS 'when a run last changed something';
COMMENT ON COLUMN ingest.source_health.retry_at IS 'the upstream wants to be left alone until then';
COMMENT ON COLUMN ingest.source_health.action IS 'a statement to run next, where there is one';
COMMENT ON COLUMN ingest.source_health.source IS 'its name';
COMMENT ON COLUMN ingest.source_health.connector IS 'what reads it';
COMMENT ON COLUMN ingest.source_health.enabled IS 'false: it runs neither by its schedule nor with ingest_run_all()';
COMMENT ON COLUMN ingest.source_health.last_job IS 'its last run, of import_job';
COMMENT ON COLUMN ingest.source_health.last_run_at IS 'when that run started';
COMMENT ON COLUMN ingest.source_health.last_status IS 'how it ended, or running';
COMMENT ON COLUMN ingest.source_health.last_success_at IS 'when a run last ended well';
COMMENT ON COLUMN ingest.source_health.next_run_at IS 'when it runs next by its schedule';
COMMENT ON COLUMN ingest.source_health.consecutive_failures IS 'failed runs since one ended well';
COMMENT ON COLUMN ingest.source_health.last_error_class IS 'of the last run that has ended: config, auth, rate_limit, network, upstream, parse, mapping, data or internal';
COMMENT ON COLUMN ingest.source_health.last_error IS 'why that run failed; NULL: it did not';
COMMENT ON COLUMN ingest.source_health.hint IS 'what may mend it';
COMMENT ON COLUMN ingest.source_health.last_fetched IS 'records that the last run found';
COMMENT ON COLUMN ingest.source_health.last_refused IS 'of these, refused';

/* For a terminal of 80 columns. */
CREATE VIEW ingest.health WITH (security_barrier) AS
SELECT CASE WHEN length(h.source) > 13 THEN left(h.source, 11) || '..' ELSE h.source END AS source,
       CASE h.health WHEN 'rate_limited' THEN 'limited' ELSE h.health END AS health, h.last_14_days,
       CASE
         WHEN h.age IS NULL THEN ''
         WHEN h.age < interval '1 minute' THEN 'now'
         WHEN h.age < interval '1 hour' THEN extract(minute FROM h.age)::int4 || ' min'
         WHEN h.age < interval '2 days' THEN (extract(epoch FROM h.age) / 3600)::int4 || ' h'
         ELSE (extract(epoch FROM h.age) / 86400)::int4 || ' d'
       END AS age,
       CASE WHEN length(l.line) > 25 THEN left(l.line, 23) || '..' ELSE l.line END AS summary
  FROM ingest.source_health h
 CROSS JOIN LATERAL (SELECT regexp_replace(h.summary, '\s+', ' ', 'g') AS line) l;
COMMENT ON VIEW ingest.health IS 'source_health in 80 columns';
COMMENT ON COLUMN ingest.health.age IS 'time since the last run that ended well';
COMMENT ON COLUMN ingest.health.source IS 'name of the source, cut at 13 characters';
COMMENT ON COLUMN ingest.health.health IS 'as in source_health, but limited for rate_limited';
COMMENT ON COLUMN ingest.health.last_14_days IS 'as in source_health';
COMMENT ON COLUMN ingest.health.summary IS 'as in source_health, cut at 25 characters';

CREATE VIEW ingest.attention WITH (security_barrier) AS
SELECT a.severity, a.since, a.kind, a.source, a.job_id, a.nb, a.summary, a.hint, a.action
  FROM (
    -- nothing runs by itself
    SELECT 'critical' AS severity, NULL::timestamptz AS since, 'launcher' AS kind, NULL::text AS source, NULL::int8 AS job_id,
           NULL::int8 AS nb, l.summary,
           concat('Sources that have a schedule wait.', CASE l.state WHEN 'disabled' THEN ' After it: SELECT pg_reload_conf()' END) AS hint,
           l.action
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
           h.source, h.last_job,
           CASE
             WHEN h.check_last_run = ANY (ARRAY['degraded', 'warning']) THEN h.consecutive_failures
             WHEN h.health = ANY (ARRAY['degraded', 'warning']) AND h.check_errors = ANY (ARRAY['degraded', 'warning']) THEN h.last_refused
           END,
           h.summary, h.hint, h.action
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
    SELECT 'info', e.since, 'errors', e.source, NULL, e.nb, format(CASE e.nb WHEN 1 THEN '%s refused record has not come right since' ELSE '%s refused records have not come right since' END, e.nb),
           'They are kept as they came, in ingest.import_error.', format('SELECT * FROM ingest.errors WHERE source = %L', e.source)
      FROM (SELECT i.source, count(DISTINCT i.source_id) + count(*) FILTER (WHERE i.source_id IS NULL) AS nb, min(i.created_at) AS since
              FROM ingest.import_error i
             WHERE i.resolved_at IS NULL
             GROUP BY i.source) e
     -- unless the last run is the reason, of which more is said above
     WHERE NOT EXISTS (SELECT FROM ingest.source_figures f
                        WHERE f.source = e.source AND f.health = ANY (ARRAY['degraded', 'warning']))
    UNION ALL
    SELECT 'info', min(r.created_at), 'reviews', NULL, NULL, count(*),
           format(CASE count(*) WHEN 1 THEN '%s pair of listings may be the same event' ELSE '%s pairs of listings may be the same event' END, count(*)), 'Decide them; a verdict outlives every later import.',
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
COMMENT ON COLUMN ingest.attention.source IS 'name of the source; NULL: it is not about one';
COMMENT ON COLUMN ingest.attention.job_id IS 'the run that showed it';
COMMENT ON COLUMN ingest.attention.summary IS 'what is wrong, in a sentence';
