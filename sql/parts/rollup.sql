------------------------------------------------------------------------------
-- Roll-ups: what the dashboard reads instead of counting rows
------------------------------------------------------------------------------

/*
 * Brought up to date in the transaction that closes a job, so they are never
 * ahead of it nor behind; and they outlive the jobs, which retention removes.
 */
CREATE TABLE ingest.source_day
(
  day          date NOT NULL,
  source       text COLLATE "C" NOT NULL,
  runs         int8 NOT NULL,
  ok           int8 NOT NULL,
  no_change    int8 NOT NULL,
  partial      int8 NOT NULL,
  empty        int8 NOT NULL,
  failed       int8 NOT NULL,
  rate_limited int8 NOT NULL,
  fetched      int8 NOT NULL,
  created      int8 NOT NULL,
  updated      int8 NOT NULL,
  skipped      int8 NOT NULL,
  errors       int8 NOT NULL,
  merged       int8 NOT NULL,
  withdrawn    int8 NOT NULL,
  requests     int8 NOT NULL,
  retries      int8 NOT NULL,
  bytes        int8 NOT NULL,
  durations    int4[] NOT NULL,
  median_ms    int4 NOT NULL,
  p95_ms       int4 NOT NULL,
  PRIMARY KEY (day, source)
)
WITH (fillfactor = 80);
CREATE INDEX source_day_source_idx ON ingest.source_day (source, day);
SELECT pg_extension_config_dump('ingest.source_day', '');

COMMENT ON TABLE ingest.source_day IS 'what the runs of a source did in a day; kept when the jobs are gone';
COMMENT ON COLUMN ingest.source_day.day IS 'the day the run began, on the source''s wall clock';
COMMENT ON COLUMN ingest.source_day.ok IS 'runs that ended well: success, no_change, partial or empty';
COMMENT ON COLUMN ingest.source_day.failed IS 'runs that failed or crashed; what is left of runs was cancelled';
COMMENT ON COLUMN ingest.source_day.rate_limited IS 'runs that failed because the upstream wants to be left alone';
COMMENT ON COLUMN ingest.source_day.durations IS 'how long the runs took in ms; the last 288 of the day';
COMMENT ON COLUMN ingest.source_day.median_ms IS 'of durations, the middle';
COMMENT ON COLUMN ingest.source_day.p95_ms IS 'of durations, the 95th percentile';

CREATE TABLE ingest.source_figures
(
  source          text COLLATE "C" PRIMARY KEY
                  REFERENCES ingest.source ON UPDATE CASCADE ON DELETE CASCADE,
  health          text NOT NULL DEFAULT 'unknown',
  health_since    timestamptz NOT NULL DEFAULT now(),
  listings        int8 NOT NULL DEFAULT 0,
  upcoming        int8 NOT NULL DEFAULT 0,
  undated         int8 NOT NULL DEFAULT 0,
  events_upcoming int8 NOT NULL DEFAULT 0,
  counted_at      timestamptz,
  last_change_at  timestamptz,
  change_interval interval
);
SELECT pg_extension_config_dump('ingest.source_figures', '');

COMMENT ON TABLE ingest.source_figures IS 'how a source stands since its last run';
COMMENT ON COLUMN ingest.source_figures.health IS 'its health when its last job was closed';
COMMENT ON COLUMN ingest.source_figures.listings IS 'listings that are not withdrawn';
COMMENT ON COLUMN ingest.source_figures.upcoming IS 'of these, to come';
COMMENT ON COLUMN ingest.source_figures.undated IS 'of these, without a known start';
COMMENT ON COLUMN ingest.source_figures.events_upcoming IS 'events to come of all sources, as counted with it';
COMMENT ON COLUMN ingest.source_figures.counted_at IS 'when these were counted: after each run that changes something, of large sources at most every ten minutes';
COMMENT ON COLUMN ingest.source_figures.last_change_at IS 'when a run last changed something';
COMMENT ON COLUMN ingest.source_figures.change_interval IS 'how far apart such runs usually are';

CREATE TABLE ingest.source_quality
(
  source  text COLLATE "C" NOT NULL
          REFERENCES ingest.source ON UPDATE CASCADE ON DELETE CASCADE,
  field   text NOT NULL,
  filled  int8 NOT NULL,
  total   int8 NOT NULL,
  usual   float8 NOT NULL,
  since   date NOT NULL,
  PRIMARY KEY (source, field)
);
SELECT pg_extension_config_dump('ingest.source_quality', '');

COMMENT ON TABLE ingest.source_quality IS 'how many of a source''s listings to come have which field';
COMMENT ON COLUMN ingest.source_quality.usual IS 'the usual share: a moving average, a step a day';
COMMENT ON COLUMN ingest.source_quality.since IS 'the day of its last step';

/* Defaults have source ''; your own for all sources '*', for one its name. */
CREATE TABLE ingest.anomaly_rule
(
  rule      text NOT NULL,
  source    text COLLATE "C" NOT NULL DEFAULT '*',
  severity  text NOT NULL DEFAULT 'warning'
            CHECK (severity = ANY (ARRAY['off', 'info', 'warning', 'critical'])),
  threshold float8 NOT NULL,
  at_least  float8 NOT NULL DEFAULT 0,
  PRIMARY KEY (rule, source)
);
SELECT pg_extension_config_dump('ingest.anomaly_rule', 'WHERE source <> ''''');

COMMENT ON TABLE ingest.anomaly_rule IS 'from when on a run is unusual; the row of the source holds, else that of ''*'', else the default, whose source is empty';
COMMENT ON COLUMN ingest.anomaly_rule.severity IS 'critical makes the source degraded, warning gives it a warning; info; off';
COMMENT ON COLUMN ingest.anomaly_rule.threshold IS 'see the rule in ingest.anomalies';
COMMENT ON COLUMN ingest.anomaly_rule.at_least IS 'with fewer records, listings, runs or seconds than that the rule says nothing';

INSERT INTO ingest.anomaly_rule (rule, source, severity, threshold, at_least) VALUES
  ('empty_after_full', '', 'critical', 5,   0),   -- records of the run before
  ('all_refused',      '', 'critical', 1,   1),   -- share of the records, records
  ('round_count',      '', 'info',     50,  50),  -- a multiple of it on a single page, records
  ('volume',           '', 'warning',  4,   8),   -- median absolute deviations, runs to compare with
  ('id_churn',         '', 'critical', 0.5, 10),  -- share of the records new though known, records
  ('slow',             '', 'warning',  3,   10),  -- times the 95th percentile, seconds
  ('stale',            '', 'warning',  10,  86400), -- times the usual interval of changes, seconds
  ('field_drift',      '', 'warning',  20,  20),  -- percent points fewer than usual, listings
  ('midnight',         '', 'warning',  0.3, 20),  -- share of the starts, listings
  ('small_hours',      '', 'warning',  0.5, 20),  -- share of the starts from one to five, listings
  ('one_point',        '', 'warning',  0.1, 20),  -- share of the places, listings
  ('same_title',       '', 'warning',  0.2, 20);  -- share of the titles, listings

CREATE TABLE ingest.anomaly
(
  source   text COLLATE "C" NOT NULL
           REFERENCES ingest.source ON UPDATE CASCADE ON DELETE CASCADE,
  rule     text NOT NULL,
  severity text NOT NULL,
  since    timestamptz NOT NULL,
  job_id   int8 NOT NULL,
  observed float8 NOT NULL,
  expected float8 NOT NULL,
  subject  text,
  PRIMARY KEY (source, rule)
);
SELECT pg_extension_config_dump('ingest.anomaly', '');

COMMENT ON TABLE ingest.anomaly IS 'what is unusual about a source''s last run, or about its listings';
COMMENT ON COLUMN ingest.anomaly.job_id IS 'the run that showed it last';
COMMENT ON COLUMN ingest.anomaly.subject IS 'the field, title or place it is about';

/* API: private.  The rule that holds for a source. */
CREATE FUNCTION ingest.rule_of(rule text, source text)
RETURNS ingest.anomaly_rule
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT r
    FROM ingest.anomaly_rule r
   WHERE r.rule = rule_of.rule
     AND r.source = ANY (ARRAY['', '*', rule_of.source])
   ORDER BY r.source = rule_of.source DESC, r.source = '*' DESC
   LIMIT 1;
END;
COMMENT ON FUNCTION ingest.rule_of(text, text) IS 'the anomaly rule that holds for a source';
REVOKE ALL ON FUNCTION ingest.rule_of(text, text) FROM PUBLIC;

/* API: private.  What of a source's listings to come the quality is judged by. */
CREATE FUNCTION ingest.count_source(source text, job_id int8)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO ingest.source_figures AS f (source, listings, upcoming, undated, events_upcoming, counted_at)
  SELECT count_source.source, n.listings, n.upcoming, n.undated, e.upcoming, now()
    FROM (SELECT count(*) AS listings,
                 count(*) FILTER (WHERE l.starts_at >= now()) AS upcoming,
                 count(*) FILTER (WHERE l.starts_at IS NULL) AS undated
            FROM ingest.listing l
           WHERE l.source = count_source.source AND l.withdrawn_at IS NULL) n,
         (SELECT count(*) AS upcoming
            FROM ingest.event
           WHERE starts_at >= now() AND status <> ALL (ARRAY['cancelled', 'withdrawn'])) e
  ON CONFLICT ON CONSTRAINT source_figures_pkey DO UPDATE
     SET listings = excluded.listings, upcoming = excluded.upcoming, undated = excluded.undated,
         events_upcoming = excluded.events_upcoming, counted_at = now();

  WITH n AS
  (
    SELECT count(*) AS total, count(l.description) AS description, count(l.ends_at) AS ends_at,
           count(l.venue_name) AS venue_name, count(l.address) AS address, count(l.city) AS city,
           count(l.latitude) AS coordinates, count(l.image_url) AS image_url, count(l.organizer) AS organizer,
           count(l.category) AS category, count(coalesce(l.price_min::text, l.is_free::text)) AS price,
           count(l.language) AS language, count(l.url) AS url
      FROM ingest.listing l
     WHERE l.source = count_source.source AND l.withdrawn_at IS NULL AND l.starts_at >= now()
  )
  INSERT INTO ingest.source_quality AS q (source, field, filled, total, usual, since)
  SELECT count_source.source, v.field, v.filled, n.total, v.filled::float8 / n.total, current_date
    FROM n
   CROSS JOIN LATERAL (VALUES ('description', n.description), ('ends_at', n.ends_at), ('venue_name', n.venue_name),
                              ('address', n.address), ('city', n.city), ('coordinates', n.coordinates),
                              ('image_url', n.image_url), ('organizer', n.organizer), ('category', n.category),
                              ('price', n.price), ('language', n.language), ('url', n.url)) AS v (field, filled)
   WHERE n.total > 0
  ON CONFLICT ON CONSTRAINT source_quality_pkey DO UPDATE
     SET filled = excluded.filled, total = excluded.total,
         usual = CASE WHEN q.since < current_date THEN q.usual * 0.9 + excluded.usual * 0.1 ELSE q.usual END,
         since = current_date;

  WITH live AS
  (
    SELECT l.title, l.series_id, l.id, l.venue_name, l.latitude, l.longitude,
           CASE WHEN NOT l.all_day AND l.start_precision = 'minute'
                THEN coalesce(ingest.at_zone(l.starts_at, l.timezone), l.starts_at AT TIME ZONE 'UTC')::time END AS hour
      FROM ingest.listing l
     WHERE l.source = count_source.source AND l.withdrawn_at IS NULL AND l.starts_at >= now()
  ),
  hours AS
  (
    SELECT count(hour) AS total,
           count(*) FILTER (WHERE hour = '00:00') AS midnight,
           count(*) FILTER (WHERE hour >= '01:00' AND hour < '06:00') AS small
      FROM live
  ),
  found AS
  (
    SELECT 'midnight' AS rule, h.midnight::float8 AS nb, h.total, NULL::text AS subject FROM hours h
    UNION ALL
    SELECT 'small_hours', h.small, h.total, NULL FROM hours h
    UNION ALL
    (SELECT 'same_title', count(DISTINCT coalesce(l.series_id, l.id::text)), (SELECT count(*) FROM live), l.title
       FROM live l GROUP BY l.title ORDER BY 2 DESC LIMIT 1)
    UNION ALL
    (SELECT 'one_point', count(*), (SELECT count(latitude) FROM live), l.latitude || ', ' || l.longitude
       FROM live l WHERE l.latitude IS NOT NULL
      GROUP BY l.latitude, l.longitude HAVING count(DISTINCT l.venue_name) > 3 ORDER BY 2 DESC LIMIT 1)
  ),
  unusual AS
  (
    SELECT f.rule, r.severity, f.nb / f.total AS observed, r.threshold AS expected, f.subject
      FROM found f
     CROSS JOIN LATERAL ingest.rule_of(f.rule, count_source.source) r
     WHERE f.total > 0 AND f.total >= r.at_least AND f.nb > r.threshold * f.total AND r.severity <> 'off'
    UNION ALL
    (SELECT 'field_drift', r.severity, 100.0 * q.filled / q.total, 100 * q.usual, q.field
       FROM ingest.source_quality q
      CROSS JOIN LATERAL ingest.rule_of('field_drift', count_source.source) r
      WHERE q.source = count_source.source AND q.total > 0 AND q.total >= r.at_least AND r.severity <> 'off'
        AND 100 * q.usual - 100.0 * q.filled / q.total > r.threshold
      ORDER BY q.usual - q.filled::float8 / q.total DESC
      LIMIT 1)
  ),
  over AS
  (
    DELETE FROM ingest.anomaly a
     WHERE a.source = count_source.source
       AND a.rule = ANY (ARRAY['midnight', 'small_hours', 'same_title', 'one_point', 'field_drift'])
       AND NOT EXISTS (SELECT FROM unusual u WHERE u.rule = a.rule)
  )
  INSERT INTO ingest.anomaly AS a (source, rule, severity, since, job_id, observed, expected, subject)
  SELECT count_source.source, u.rule, u.severity, now(), count_source.job_id, u.observed, u.expected, u.subject
    FROM unusual u
  ON CONFLICT ON CONSTRAINT anomaly_pkey DO UPDATE
     SET severity = excluded.severity, job_id = excluded.job_id, observed = excluded.observed,
         expected = excluded.expected, subject = excluded.subject;
END;
COMMENT ON FUNCTION ingest.count_source(text, int8) IS 'count a source''s listings, and judge their quality';
REVOKE ALL ON FUNCTION ingest.count_source(text, int8) FROM PUBLIC;

/* API: private.  Compare a run with those before it. */
CREATE FUNCTION ingest.compare_run(job_id int8)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  WITH job AS
  (
    SELECT j.id, j.source, j.status, j.started_at, j.nb_fetched, j.nb_created, j.nb_errors, j.nb_pages,
           extract(epoch FROM j.finished_at - j.started_at)::float8 AS seconds
      FROM ingest.import_job j
      JOIN ingest.source s ON s.name = j.source
     WHERE j.id = compare_run.job_id
       AND j.trigger = ANY (ARRAY['manual', 'schedule'])
       AND j.status = ANY (ARRAY['success', 'partial', 'empty', 'no_change'])
       AND (j.nb_fetched > 0 OR j.status = 'empty')
  ),
  before AS
  (
    SELECT b.*
      FROM job
     CROSS JOIN LATERAL (SELECT i.id, i.nb_fetched, extract(epoch FROM i.finished_at - i.started_at)::float8 AS seconds
                           FROM ingest.import_job i
                          WHERE i.source = job.source AND i.started_at <= job.started_at AND i.id <> job.id
                            AND i.trigger = ANY (ARRAY['manual', 'schedule'])
                            AND i.status = ANY (ARRAY['success', 'partial', 'empty', 'no_change'])
                            AND (i.nb_fetched > 0 OR i.status = 'empty')
                          ORDER BY i.started_at DESC, i.id DESC
                          LIMIT 20) b
  ),
  usual AS
  (
    SELECT count(*) AS runs,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY nb_fetched) AS fetched,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
      FROM before
  ),
  spread AS
  (
    SELECT greatest(percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(b.nb_fetched - u.fetched)),
                    max(u.fetched) * 0.05, 1) AS mad
      FROM before b, usual u
  ),
  known AS
  (
    /* new ids of events that the source has listed under another one */
    SELECT count(*) AS nb
      FROM job
      JOIN ingest.listing l ON l.source = job.source AND l.withdrawn_at IS NULL AND l.starts_at >= job.started_at
     WHERE job.nb_created >= 10 AND job.nb_created * 3 >= job.nb_fetched
       AND (SELECT runs FROM usual) > 0
       AND l.last_seen_job = job.id AND l.first_seen_at >= job.started_at
       AND EXISTS (SELECT FROM ingest.listing o
                    WHERE o.source = job.source AND o.starts_at = l.starts_at AND o.withdrawn_at IS NULL
                      AND o.title = l.title AND o.first_seen_at < job.started_at)
  ),
  found AS
  (
    SELECT 'empty_after_full' AS rule, 0::float8 AS observed,
           (SELECT b.nb_fetched FROM before b ORDER BY b.id DESC LIMIT 1)::float8 AS expected, NULL::float8 AS measure,
           NULL::float8 AS basis
      FROM job WHERE job.nb_fetched = 0
    UNION ALL
    SELECT 'all_refused', job.nb_errors, job.nb_fetched, job.nb_errors::float8 / job.nb_fetched, job.nb_fetched
      FROM job WHERE job.nb_fetched > 0
    UNION ALL
    SELECT 'round_count', job.nb_fetched, job.nb_fetched, NULL, job.nb_fetched
      FROM job WHERE job.nb_pages = 1
    UNION ALL
    SELECT 'volume', job.nb_fetched, u.fetched, abs(job.nb_fetched - u.fetched) / s.mad, u.runs
      FROM job, usual u, spread s WHERE job.nb_fetched > 0
    UNION ALL
    SELECT 'id_churn', k.nb, job.nb_fetched, k.nb::float8 / job.nb_fetched, job.nb_fetched
      FROM job, known k WHERE job.nb_fetched > 0
    UNION ALL
    SELECT 'slow', job.seconds, u.p95, job.seconds / nullif(u.p95, 0), job.seconds
      FROM job, usual u WHERE u.runs >= 5
  ),
  unusual AS
  (
    SELECT f.rule, r.severity, f.observed, f.expected
      FROM found f
     CROSS JOIN job
     CROSS JOIN LATERAL ingest.rule_of(f.rule, job.source) r
     WHERE r.severity <> 'off'
       AND CASE f.rule
             WHEN 'empty_after_full' THEN f.expected >= r.threshold
             WHEN 'round_count' THEN f.basis >= r.at_least AND r.threshold >= 1 AND f.observed::int8 % r.threshold::int8 = 0
             WHEN 'all_refused' THEN f.basis >= r.at_least AND f.measure >= r.threshold
             ELSE f.basis >= r.at_least AND f.measure > r.threshold
           END
  ),
  over AS
  (
    DELETE FROM ingest.anomaly a
     USING job
     WHERE a.source = job.source
       AND a.rule = ANY (ARRAY['empty_after_full', 'all_refused', 'round_count', 'volume', 'id_churn', 'slow'])
       AND NOT EXISTS (SELECT FROM unusual u WHERE u.rule = a.rule)
  )
  INSERT INTO ingest.anomaly AS a (source, rule, severity, since, job_id, observed, expected)
  SELECT job.source, u.rule, u.severity, now(), job.id, u.observed, u.expected
    FROM unusual u, job
  ON CONFLICT ON CONSTRAINT anomaly_pkey DO UPDATE
     SET severity = excluded.severity, job_id = excluded.job_id, observed = excluded.observed, expected = excluded.expected;
END;
COMMENT ON FUNCTION ingest.compare_run(int8) IS 'compare a run with those before it, and note what is unusual';
REVOKE ALL ON FUNCTION ingest.compare_run(int8) FROM PUBLIC;

/* API: private.  In the transaction that closes a job, after its row is written. */
CREATE FUNCTION ingest.roll_up(job_id int8)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO ingest.source_day AS d
         (day, source, runs, ok, no_change, partial, empty, failed, rate_limited, fetched, created, updated, skipped,
          errors, merged, withdrawn, requests, retries, bytes, durations, median_ms, p95_ms)
  SELECT coalesce(ingest.at_zone(j.started_at, s.timezone), j.started_at AT TIME ZONE 'UTC')::date, j.source, 1,
         (j.status = ANY (ARRAY['success', 'no_change', 'partial', 'empty']))::int4,
         (j.status = 'no_change')::int4, (j.status = 'partial')::int4, (j.status = 'empty')::int4,
         (j.status = ANY (ARRAY['failed', 'crashed']))::int4,
         coalesce(j.error_class = 'rate_limit' AND j.status = 'failed', false)::int4,
         j.nb_fetched, j.nb_created, j.nb_updated, j.nb_skipped, j.nb_errors, j.nb_merged, j.nb_withdrawn,
         j.nb_requests, j.nb_retries, j.bytes_received,
         ARRAY[t.ms], t.ms, t.ms
    FROM ingest.import_job j
    LEFT JOIN ingest.source s ON s.name = j.source
   CROSS JOIN LATERAL (SELECT least(extract(epoch FROM j.finished_at - j.started_at) * 1000, 2147483647)::int4 AS ms) t
   WHERE j.id = roll_up.job_id
  ON CONFLICT ON CONSTRAINT source_day_pkey DO UPDATE
     SET runs = d.runs + 1,
         ok = d.ok + excluded.ok,
         no_change = d.no_change + excluded.no_change,
         partial = d.partial + excluded.partial,
         empty = d.empty + excluded.empty,
         failed = d.failed + excluded.failed,
         rate_limited = d.rate_limited + excluded.rate_limited,
         fetched = d.fetched + excluded.fetched,
         created = d.created + excluded.created,
         updated = d.updated + excluded.updated,
         skipped = d.skipped + excluded.skipped,
         errors = d.errors + excluded.errors,
         merged = d.merged + excluded.merged,
         withdrawn = d.withdrawn + excluded.withdrawn,
         requests = d.requests + excluded.requests,
         retries = d.retries + excluded.retries,
         bytes = d.bytes + excluded.bytes,
         durations = (d.durations || excluded.durations)[greatest(cardinality(d.durations) - 286, 1):],
         (median_ms, p95_ms) = (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY m), percentile_disc(0.95) WITHIN GROUP (ORDER BY m)
                                  FROM unnest((d.durations || excluded.durations)[greatest(cardinality(d.durations) - 286, 1):]) AS m);

  INSERT INTO ingest.source_figures AS f (source, last_change_at)
  SELECT s.name, CASE WHEN j.nb_created + j.nb_updated + j.nb_withdrawn > 0 THEN now() END
    FROM ingest.import_job j
    JOIN ingest.source s ON s.name = j.source
   WHERE j.id = roll_up.job_id
  ON CONFLICT ON CONSTRAINT source_figures_pkey DO UPDATE
     SET change_interval = coalesce(f.change_interval * 0.8 + (excluded.last_change_at - f.last_change_at) * 0.2,
                                    excluded.last_change_at - f.last_change_at, f.change_interval),
         last_change_at = coalesce(excluded.last_change_at, f.last_change_at);

  SELECT ingest.count_source(j.source, j.id)
    FROM ingest.import_job j
    JOIN ingest.source_figures f ON f.source = j.source
   WHERE j.id = roll_up.job_id
     AND (f.counted_at IS NULL
          OR (j.nb_created + j.nb_updated + j.nb_withdrawn > 0
              AND (greatest(f.listings, f.events_upcoming) < 50000 OR f.counted_at < now() - interval '10 minutes')));

  SELECT ingest.compare_run(roll_up.job_id);
END;
COMMENT ON FUNCTION ingest.roll_up(int8) IS 'add a job that ends to the roll-ups, once';
REVOKE ALL ON FUNCTION ingest.roll_up(int8) FROM PUBLIC;
