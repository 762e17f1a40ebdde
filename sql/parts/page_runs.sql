------------------------------------------------------------------------------
-- The page: runs
------------------------------------------------------------------------------

/* API: private.  Twelve lines, the others folded; runs without change that follow each other are one line. */
CREATE FUNCTION ingest.page_jobs(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH recent AS
  (
    SELECT j.*, row_number() OVER (ORDER BY j.started_at DESC, j.job_id DESC) AS place
      FROM (SELECT * FROM ingest.jobs ORDER BY started_at DESC, job_id DESC LIMIT 200) j
  ),
  island AS
  (
    SELECT r.*, CASE WHEN r.status = 'no_change' THEN r.place - row_number() OVER (PARTITION BY r.status = 'no_change' ORDER BY r.place) ELSE -r.place END AS island
      FROM recent r
  ),
  run AS
  (
    SELECT min(i.place) AS place, count(*) AS runs, min(i.source) AS source, max(i.started_at) AS started_at, min(i.started_at) AS first_at,
           min(i.status) AS status, min(i.duration) AS duration, sum(i.nb_fetched) AS fetched, sum(i.nb_created) AS created,
           sum(i.nb_updated) AS updated, sum(i.nb_skipped) AS skipped, sum(i.nb_errors) AS errors, min(i.error_message) AS message
      FROM island i
     GROUP BY i.island
     ORDER BY 1
     LIMIT 40
  ),
  line AS
  (
    SELECT row_number() OVER (ORDER BY l.place) AS nth,
           CASE WHEN l.runs > 1
                THEN concat('<tr role="row" class="folded"><td role="cell" colspan="2" class="full">', format(w ->> 'folded', ingest.page_number(l.runs, w)),
                            '</td><td role="cell" colspan="7" class="full">', ingest.page_time(l.first_at, w), ' &ndash; ', ingest.page_time(l.started_at, w), '</td></tr>')
                ELSE concat('<tr role="row"><th role="rowheader" scope="row"><bdi>', ingest.html(l.source), '</bdi>',
                            CASE WHEN l.message <> '' THEN concat('<span class="sub" lang="en"><bdi>', ingest.html(left(l.message, 200)),
                                                                  CASE WHEN length(l.message) > 200 THEN '&hellip;' END, '</bdi></span>') END,
                            '</th><td role="cell">', ingest.page_badge(l.status, w ->> ('st_' || l.status)), '</td><td role="cell" class="nowrap" data-label="', w ->> 'when', '">',
                            ingest.page_time(l.started_at, w), '</td><td role="cell" class="n nowrap" data-label="', w ->> 'took', '">',
                            ingest.page_span(extract(epoch FROM l.duration)::float8, w), '</td>',
                            ingest.page_cell(w ->> 'fetched', l.fetched, w, false), ingest.page_cell(w ->> 'new', l.created, w, false),
                            ingest.page_cell(w ->> 'updated', l.updated, w, false), ingest.page_cell(w ->> 'skipped', l.skipped, w, false),
                            ingest.page_cell(w ->> 'refused', l.errors, w, true), '</tr>')
           END AS html
      FROM run l
  ),
  head AS
  (
    SELECT ingest.page_head(w ->> 'jobs', '{source,status,when,took,fetched,new,updated,skipped,refused}', '{took,fetched,new,updated,skipped,refused}', w) AS html
  )
  SELECT CASE WHEN NOT EXISTS (SELECT FROM line) THEN concat('<div class="panel"><p class="zero">', w ->> 'jobs_none', '</p></div>')
         ELSE concat('<div class="panel"><table class="stack dense jobs" role="table">', (SELECT h.html FROM head h), '<tbody role="rowgroup">',
                     (SELECT string_agg(l.html, E'\n' ORDER BY l.nth) FROM line l WHERE l.nth <= 12), '</tbody></table><p class="note">', w ->> 'jobs_note', '</p>',
                     (SELECT concat('<details><summary>', format(w ->> 'jobs_more', sum(r.runs)), '</summary><table class="stack dense jobs" role="table">',
                                    (SELECT h.html FROM head h), '<tbody role="rowgroup">', (SELECT string_agg(l.html, E'\n' ORDER BY l.nth) FROM line l WHERE l.nth > 12),
                                    '</tbody></table></details>')
                        FROM (SELECT x.runs, row_number() OVER (ORDER BY x.place) AS nth FROM run x) r WHERE r.nth > 12 HAVING count(*) > 0), '</div>')
         END;
END;
COMMENT ON FUNCTION ingest.page_jobs(jsonb) IS 'the last runs';
REVOKE ALL ON FUNCTION ingest.page_jobs(jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_durations(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'jobs_none', '</p></div>')
         ELSE concat('<div class="panel"><table class="dense lengths"><caption>', w ->> 'durations_caption', '</caption><thead><tr><th scope="col">', w ->> 'source',
                '</th><td></td><th scope="col" class="n">', w ->> 'median', '</th><th scope="col" class="n">', w ->> 'p95', '</th></tr></thead><tbody>',
                string_agg(concat(
                  '<tr><th scope="row"><bdi>', ingest.html(t.source), '</bdi></th><td><svg viewBox="0 0 300 14" preserveAspectRatio="none" aria-hidden="true"><rect class="b-2" y="3" height="8" width="',
                  round((296 * t.median / t.most)::numeric, 1), '"/><path class="tick" d="M', round((1 + 296 * t.p95 / t.most)::numeric, 1), ' 0v14"/></svg></td><td class="n nowrap">',
                  ingest.page_span(t.median, w), '</td><td class="n nowrap">', ingest.page_span(t.p95, w), '</td></tr>'), E'\n' ORDER BY t.median DESC, t.source),
                '</tbody></table><p class="note">', w ->> 'durations_note', '</p></div>')
         END
    FROM (SELECT m.source, m.median, m.p95, greatest(max(m.p95) OVER (), 0.001) AS most
            FROM (SELECT d.source, percentile_disc(0.5) WITHIN GROUP (ORDER BY x.ms) / 1000.0 AS median, percentile_disc(0.95) WITHIN GROUP (ORDER BY x.ms) / 1000.0 AS p95
                    FROM ingest.source_day d
                   CROSS JOIN LATERAL unnest(d.durations) AS x (ms)
                   WHERE d.day > current_date - 7
                   GROUP BY d.source
                   ORDER BY 2 DESC, 1
                   LIMIT 10) m) t;
END;
COMMENT ON FUNCTION ingest.page_durations(jsonb) IS 'how long runs take';
REVOKE ALL ON FUNCTION ingest.page_durations(jsonb) FROM PUBLIC;
