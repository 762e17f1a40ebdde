------------------------------------------------------------------------------
-- The page: its sections, and the whole
------------------------------------------------------------------------------

/* API: private.  A section; nothing in it comes from outside unescaped. */
CREATE FUNCTION ingest.page_section(id text, title text, content text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<section id="', id, '" aria-labelledby="h-', id, '"><h2 id="h-', id, '">', title, '</h2>', content, '</section>', E'\n');
COMMENT ON FUNCTION ingest.page_section(text, text, text) IS 'a section of the page';
REVOKE ALL ON FUNCTION ingest.page_section(text, text, text) FROM PUBLIC;

CREATE FUNCTION ingest.page_attention(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(concat('<ul class="items">', string_agg(i.item, E'\n' ORDER BY i.place) FILTER (WHERE i.place <= 25), '</ul>',
                         CASE WHEN count(*) > 25
                              THEN concat('<p class="note">', format(w ->> 'more', ingest.page_number(count(*) - 25, w)), ': <code>SELECT * FROM ingest.attention</code></p>')
                         END),
                  concat('<div class="panel calm">', ingest.page_badge('healthy', 'OK'), '<p>', w ->> 'attention_none', '</p></div>'))
    FROM (SELECT row_number() OVER () AS place,
                 concat('<li class="item is-', ingest.page_tone(a.severity), '"><div><h3>',
                        ingest.page_badge(a.severity, w ->> ('s_' || a.severity)),
                        CASE WHEN a.source IS NOT NULL THEN concat('<bdi>', ingest.html(a.source), '</bdi>') END,
                        '<span>', CASE WHEN a.source IS NOT NULL THEN '&mdash; ' END, CASE WHEN a.kind = 'failing' AND a.nb > 1 THEN format(w ->> 'k_failing_n', ingest.page_number(a.nb, w))
                                       ELSE format(w ->> ('k_' || a.kind), ingest.page_number(a.nb, w)) END, '</span></h3>',
                        '<p lang="en"><bdi>', ingest.html(regexp_replace(a.summary, '^[0-9]+ failures in a row: ', '')), '</bdi></p>',
                        CASE WHEN a.hint <> '' THEN concat('<p class="note" lang="en"><bdi>', ingest.html(a.hint), '</bdi></p>') END,
                        CASE WHEN a.since IS NOT NULL THEN concat('<p class="note">', format(w ->> 'since', ingest.page_time(a.since, w)), '</p>') END,
                        '</div>',
                        CASE WHEN a.action IS NOT NULL
                             THEN concat('<div class="do"><p class="label">', w ->> 'type_this', '</p><code class="command" translate="no">',
                                         ingest.html(a.action), ';</code></div>') END,
                        '</li>') AS item
            FROM ingest.attention a) i
  HAVING count(*) > 0
  UNION ALL
  SELECT concat('<div class="panel calm">', ingest.page_badge('healthy', 'OK'), '<p>', w ->> 'attention_none', '</p></div>')
   WHERE NOT EXISTS (SELECT FROM ingest.attention);
END;
COMMENT ON FUNCTION ingest.page_attention(jsonb) IS 'what needs attention';
REVOKE ALL ON FUNCTION ingest.page_attention(jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_header(days int4, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
           '<header><h1>', w ->> 'title', '</h1><p class="lead">',
           CASE
             WHEN o.sources = 0 THEN w ->> 'h_none'
             WHEN o.bad = 0 THEN format(w ->> CASE o.sources WHEN 1 THEN 'h_well_1' ELSE 'h_well' END, ingest.page_number(o.sources, w))
             ELSE format(w ->> CASE o.bad WHEN 1 THEN 'h_bad_1' ELSE 'h_bad' END, ingest.page_number(o.bad, w), ingest.page_number(o.sources, w))
           END,
           '</p><p>',
           CASE WHEN o.newest_success_at IS NOT NULL
                THEN concat(format(w ->> 'h_newest', ingest.page_time(o.newest_success_at, w)), ' ') END,
           format(w ->> 'h_at', ingest.page_time(now(), w), ingest.html(current_setting('TimeZone')), ingest.page_number(days, w)), '</p>',
           CASE WHEN o.sources = 0
                THEN concat('<p>', w ->> 'h_first', '</p><p><code class="command" translate="no">SELECT @extschema@.ingest_add_source(''montreal'', schedule =&gt; ''1 hour'');</code></p>')
           END,
           '<dl class="cards">',
           '<div class="card"><dt>', w ->> 'c_sources', '</dt><dd><span class="big">', ingest.page_number(o.healthy + o.running, w), '</span> / ',
             ingest.page_number(o.sources, w), '</dd></div>',
           '<div class="card"><dt>', w ->> 'c_events', '</dt><dd class="big">', ingest.page_number(o.upcoming_events, w), '</dd></div>',
           '<div class="card"><dt>', w ->> 'c_new', '</dt><dd class="big">', ingest.page_number(o.created_24h, w), '</dd><dd class="small">',
             format(w ->> 'c_updated', ingest.page_number(o.updated_24h, w)), '; ',
             format(w ->> 'c_jobs', ingest.page_number(o.jobs_24h, w), ingest.page_number(o.failed_24h, w)), '</dd></div>',
           '<div class="card"><dt>', w ->> 'c_refused', '</dt><dd class="big">', ingest.page_number(o.open_errors, w), '</dd></div>',
           '<div class="card"><dt>', w ->> 'c_reviews', '</dt><dd class="big">', ingest.page_number(o.open_reviews, w), '</dd></div>',
           '<div class="card"><dt>', w ->> 'c_next', '</dt>',
             coalesce((SELECT concat('<dd class="big">', CASE WHEN s.next_run_at > now()
                                                               THEN format(w ->> 'in', ingest.page_span(extract(epoch FROM s.next_run_at - now())::float8, w))
                                                               ELSE w ->> 'due' END,
                                     '</dd><dd class="small"><bdi>', ingest.html(s.source), '</bdi></dd>')
                         FROM ingest.schedule s
                        WHERE s.state = ANY (ARRAY['planned', 'waiting', 'rate_limited', 'backing_off'])
                        ORDER BY s.next_run_at, s.source
                        LIMIT 1),
                      concat('<dd class="small">', w ->> 'c_none', '</dd>')), '</div>',
           '</dl></header>', E'\n')
    FROM (SELECT o.*, o.degraded + o.warning
                      + (SELECT count(*) FROM ingest.source_state t WHERE t.paused_reason IS NOT NULL AND t.consecutive_failures > 0) AS bad
            FROM ingest.overview o) o;
END;
COMMENT ON FUNCTION ingest.page_header(int4, jsonb) IS 'how it is in one sentence, and six figures';
REVOKE ALL ON FUNCTION ingest.page_header(int4, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_cell(label text, n numeric, w jsonb, is_bad bool)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<td role="cell" class="n" data-label="', label, '">',
              CASE WHEN coalesce(n, 0) = 0 THEN '<span class="zero">0</span>'
                   WHEN is_bad THEN concat('<span class="some">', ingest.page_number(n, w), '</span>')
                   ELSE ingest.page_number(n, w) END, '</td>');
COMMENT ON FUNCTION ingest.page_cell(text, numeric, jsonb, bool) IS 'a number in a table of the page';
REVOKE ALL ON FUNCTION ingest.page_cell(text, numeric, jsonb, bool) FROM PUBLIC;

/* API: private.  A source's last runs: a bar each, hollow where one failed. */
CREATE FUNCTION ingest.page_runs(source text, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<span class="zero">', w ->> 'runs_none', '</span>')
         ELSE concat('<svg class="bars" viewBox="0 0 210 28" role="img" aria-label="',
                format(w ->> 'runs_alt', count(*), count(*) FILTER (WHERE b.tone = 'ok' OR b.tone = '2'),
                       count(*) FILTER (WHERE b.tone = 'warn'), count(*) FILTER (WHERE b.tone = 'bad')), '">',
                string_agg(format('<rect class="b-%s" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>', b.tone,
                                  203 - 7 * b.place + CASE b.tone WHEN 'bad' THEN 0.75 ELSE 0 END,
                                  CASE b.tone WHEN 'bad' THEN 1.75 ELSE 28 - b.height END,
                                  CASE b.tone WHEN 'bad' THEN 3.5 ELSE 5 END,
                                  CASE b.tone WHEN 'bad' THEN 25.5 ELSE b.height END,
                                  concat(to_char(b.started_at, 'MM-DD HH24:MI'), ' ', w ->> ('st_' || b.status), ' ', b.nb_fetched)),
                           '' ORDER BY b.place DESC),
                '</svg>')
         END
    FROM (SELECT j.status, j.started_at, j.nb_fetched,
                 row_number() OVER (ORDER BY j.started_at DESC, j.id DESC) - 1 AS place,
                 CASE
                   WHEN j.status = 'success' THEN 'ok'
                   WHEN j.status = 'no_change' THEN '2'
                   WHEN j.status = ANY (ARRAY['partial', 'empty']) THEN 'warn'
                   WHEN j.status = ANY (ARRAY['failed', 'crashed']) THEN 'bad'
                   ELSE 'idle'
                 END AS tone,
                 round((3 + 24 * coalesce(sqrt(j.nb_fetched::float8 / nullif(max(j.nb_fetched) OVER (), 0)), 0))::numeric, 1) AS height
            FROM (SELECT i.id, i.started_at, i.nb_fetched,
                         CASE WHEN i.status = 'running' AND NOT ingest.job_is_alive(i.source) THEN 'crashed' ELSE i.status END AS status
                    FROM ingest.import_job i
                   WHERE i.source = page_runs.source
                   ORDER BY i.started_at DESC, i.id DESC
                   LIMIT 30) j) b;
END;
COMMENT ON FUNCTION ingest.page_runs(text, jsonb) IS 'the last runs of a source as bars';
REVOKE ALL ON FUNCTION ingest.page_runs(text, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_sources(days int4, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
           '<div class="panel"><table class="stack" role="table"><thead role="rowgroup"><tr role="row">',
           (SELECT string_agg(format('<th role="columnheader" scope="col"%s>%s</th>', CASE WHEN c.n THEN ' class="n"' END, w ->> c.key), '' ORDER BY c.place)
              FROM (VALUES (1, 'source', false), (2, 'health', false), (3, 'runs', false), (4, 'new', true), (5, 'updated', true),
                           (6, 'refused', true), (7, 'c_events', true), (8, 'success', false), (9, 'next', false)) AS c (place, key, n)),
           '</tr></thead><tbody role="rowgroup">', string_agg(r.line, E'\n' ORDER BY r.place), '</tbody></table></div>',
           concat('<ul class="legend"><li><svg aria-hidden="true"><rect class="b-ok" width="12" height="12"/></svg>', w ->> 'st_success',
                  '</li><li><svg aria-hidden="true"><rect class="b-2" width="12" height="12"/></svg>', w ->> 'st_no_change',
                  '</li><li><svg aria-hidden="true"><rect class="b-warn" width="12" height="12"/></svg>', w ->> 'st_partial', ', ', w ->> 'st_empty',
                  '</li><li><svg aria-hidden="true"><rect class="b-bad" x="1" y="1" width="10" height="10"/></svg>', w ->> 'st_failed', '</li></ul>'),
           CASE WHEN max(r.total) > 100 THEN concat('<p class="note">', format(w ->> 'sources_more', ingest.page_number(max(r.total) - 100, w)), '</p>') END)
    FROM (SELECT row_number() OVER () AS place, h.total,
                 concat('<tr role="row"><th role="rowheader" scope="row"><bdi>', ingest.html(h.source), '</bdi><span class="sub">', ingest.html(h.connector), '</span>',
                        CASE WHEN h.health = ANY (ARRAY['degraded', 'warning', 'paused', 'rate_limited'])
                             THEN concat('<span class="sub" lang="en"><bdi>', ingest.html(left(h.summary, 160)), CASE WHEN length(h.summary) > 160 THEN '&hellip;' END, '</bdi></span>') END,
                        '</th><td role="cell">', ingest.page_badge(CASE WHEN h.health = 'paused' AND h.consecutive_failures > 0 THEN 'failed' ELSE h.health END, w ->> h.health),
                        '</td><td role="cell" class="full">', ingest.page_runs(h.source, w), '</td>',
                        ingest.page_cell(w ->> 'new', d.created, w, false), ingest.page_cell(w ->> 'updated', d.updated, w, false),
                        ingest.page_cell(w ->> 'refused', d.errors, w, true), ingest.page_cell(w ->> 'c_events', f.upcoming, w, false),
                        '<td role="cell" class="nowrap" data-label="', w ->> 'success', '">',
                        coalesce(format(w ->> 'ago', ingest.page_span(extract(epoch FROM h.age)::float8, w)), w ->> 'never'),
                        '</td><td role="cell" class="nowrap" data-label="', w ->> 'next', '">',
                        CASE WHEN h.next_run_at > now() AND h.health <> 'paused'
                             THEN format(w ->> 'in', ingest.page_span(extract(epoch FROM h.next_run_at - now())::float8, w))
                             WHEN h.next_run_at IS NOT NULL AND h.health <> 'paused' THEN w ->> 'due' ELSE '&ndash;' END,
                        '</td></tr>') AS line
            FROM (SELECT s.*, count(*) OVER () AS total FROM ingest.source_health s LIMIT 100) h
            LEFT JOIN ingest.source_figures f ON f.source = h.source
            LEFT JOIN (SELECT x.source, sum(x.created) AS created, sum(x.updated) AS updated, sum(x.errors) AS errors
                         FROM ingest.source_day x
                        WHERE x.day > current_date - page_sources.days
                        GROUP BY x.source) d ON d.source = h.source
           ORDER BY CASE h.health WHEN 'degraded' THEN 0 WHEN 'warning' THEN 1 WHEN 'rate_limited' THEN 2
                                  WHEN 'paused' THEN 3 WHEN 'unknown' THEN 4 WHEN 'running' THEN 5 ELSE 6 END, h.source) r;
END;
COMMENT ON FUNCTION ingest.page_sources(int4, jsonb) IS 'the sources, worst first';
REVOKE ALL ON FUNCTION ingest.page_sources(int4, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_activity(days int4, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH day AS
  (
    SELECT g.day::date AS day, coalesce(sum(d.created), 0) AS created, coalesce(sum(d.updated), 0) AS updated,
           row_number() OVER (ORDER BY g.day) - 1 AS place, count(*) OVER () AS days
      FROM generate_series(current_date - page_activity.days + 1, current_date, interval '1 day') AS g (day)
      LEFT JOIN ingest.source_day d ON d.day = g.day::date
     GROUP BY g.day
  ),
  scaled AS
  (
    SELECT day.*, max(day.created + day.updated) OVER () AS most, 1080.0 / day.days AS step FROM day
  )
  SELECT CASE WHEN max(s.most) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'activity_none', '</p></div>')
         ELSE concat('<div class="panel"><div class="scroll latest" tabindex="0" role="region" aria-label="', w ->> 'activity', '"><svg class="chart" viewBox="0 0 1120 170" role="img" aria-label="',
                format(w ->> 'activity_alt', ingest.page_day(min(s.day), w), ingest.page_day(max(s.day), w),
                       ingest.page_number(sum(s.created), w), ingest.page_number(sum(s.updated), w),
                       (SELECT ingest.page_day(m.day, w) FROM scaled m ORDER BY m.created + m.updated DESC, m.day DESC LIMIT 1),
                       ingest.page_number(max(s.most), w)),
                '"><line class="axis" x1="36" x2="1116" y1="140" y2="140"/><line class="axis" x1="36" x2="1116" y1="20" y2="20"/>',
                '<text x="30" y="144" text-anchor="end">0</text><text x="36" y="13">', ingest.page_number(max(s.most), w), '</text>',
                string_agg(concat(
                  CASE WHEN s.created > 0 THEN format('<rect class="b-ok" x="%s" y="%s" width="%s" height="%s"><title>%s: %s</title></rect>',
                    round(36 + s.place * s.step + s.step * 0.15, 1), round(140 - 120 * s.created / s.most, 1), round(s.step * 0.7, 1),
                    round(120 * s.created / s.most, 1), ingest.page_day(s.day, w), concat(ingest.page_number(s.created, w), ' ', w ->> 'new')) END,
                  CASE WHEN s.updated > 0 THEN format('<rect class="b-2" x="%s" y="%s" width="%s" height="%s"><title>%s: %s</title></rect>',
                    round(36 + s.place * s.step + s.step * 0.15, 1), round(140 - 120 * (s.created + s.updated) / s.most, 1), round(s.step * 0.7, 1),
                    round(120 * s.updated / s.most, 1), ingest.page_day(s.day, w), concat(ingest.page_number(s.updated, w), ' ', w ->> 'updated')) END,
                  CASE WHEN s.place % greatest(ceil(s.days / 7.0)::int8, 1) = 0 THEN format('<text x="%s" y="160" text-anchor="middle">%s</text>',
                    round(36 + s.place * s.step + s.step / 2, 1), ingest.page_day(s.day, w)) END), '' ORDER BY s.day),
                '</svg></div><ul class="legend"><li><svg aria-hidden="true"><rect class="b-ok" width="12" height="12"/></svg>', w ->> 'new',
                '</li><li><svg aria-hidden="true"><rect class="b-2" width="12" height="12"/></svg>', w ->> 'updated', '</li></ul></div>')
         END
    FROM scaled s;
END;
COMMENT ON FUNCTION ingest.page_activity(int4, jsonb) IS 'what came in, day by day';
REVOKE ALL ON FUNCTION ingest.page_activity(int4, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_calendar(days int4, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH day AS
  (
    SELECT g.day::date AS day FROM generate_series(current_date - least(page_calendar.days, 31) + 1, current_date, interval '1 day') AS g (day)
  ),
  chosen AS
  (
    SELECT h.source, row_number() OVER () AS place
      FROM (SELECT s.source FROM ingest.source_health s WHERE s.last_job IS NOT NULL LIMIT 40) h
  ),
  cell AS
  (
    SELECT c.source, c.place, day.day, d.outcome, d.created
      FROM chosen c
     CROSS JOIN day
      LEFT JOIN (SELECT x.source, x.day, x.created,
                        CASE WHEN x.ok = 0 AND x.failed > 0 THEN 'failed'
                             WHEN x.failed > 0 OR x.partial > 0 OR x.errors > 0 THEN 'partial'
                             WHEN x.created + x.updated + x.withdrawn > 0 THEN 'success'
                             WHEN x.empty > 0 THEN 'empty'
                             WHEN x.ok > 0 THEN 'no_change'
                             ELSE 'cancelled' END AS outcome
                   FROM ingest.source_day x
                  WHERE x.day > current_date - 32) d ON d.source = c.source AND d.day = day.day
  ),
  line AS
  (
    SELECT c.place,
           concat('<tr><th scope="row"><bdi>', ingest.html(c.source), '</bdi></th>',
                  string_agg(CASE WHEN c.outcome IS NULL THEN concat('<td class="none"><span class="sr">', w ->> 'no_run', '</span></td>')
                             ELSE concat('<td class="', ingest.page_tone(c.outcome), '" title="', ingest.page_day(c.day, w), ': ', w ->> ('st_' || c.outcome), '">',
                                    CASE c.outcome WHEN 'failed' THEN '&times;' WHEN 'partial' THEN '!' WHEN 'empty' THEN '&empty;' WHEN 'no_change' THEN '&middot;' END,
                                    CASE WHEN c.created >= 1000 THEN concat(round(c.created / 1000.0, CASE WHEN c.created < 9950 THEN 1 ELSE 0 END), 'k')
                                         WHEN c.created > 0 THEN c.created::text
                                         WHEN c.outcome = 'success' THEN '0' END,
                                    '<span class="sr"> ', w ->> ('st_' || c.outcome), '</span></td>') END, '' ORDER BY c.day), '</tr>') AS line
      FROM cell c
     GROUP BY c.place, c.source
  )
  SELECT CASE WHEN NOT EXISTS (SELECT FROM line) THEN concat('<div class="panel"><p class="zero">', w ->> 'jobs_none', '</p></div>')
         ELSE concat('<div class="panel"><div class="scroll latest" tabindex="0" role="region" aria-label="', w ->> 'calendar', '"><table class="heat"><thead><tr><th scope="col"><span class="sr">', w ->> 'source', '</span></th>',
                (SELECT string_agg(concat('<th scope="col">', CASE WHEN extract(day FROM day.day) = 1 OR day.day = (SELECT min(m.day) FROM day m)
                                                               THEN ingest.page_day(day.day, w) ELSE extract(day FROM day.day)::text END, '</th>'), '' ORDER BY day.day) FROM day),
                '</tr></thead><tbody>', (SELECT string_agg(l.line, E'\n' ORDER BY l.place) FROM line l), '</tbody></table></div>',
                '<ul class="legend"><li><span class="badge ok">7</span>', w ->> 'st_success', '</li><li><span class="badge idle">&middot;</span>', w ->> 'st_no_change',
                '</li><li><span class="badge warn">!</span>', w ->> 'st_partial', '</li><li><span class="badge warn">&empty;</span>', w ->> 'st_empty',
                '</li><li><span class="badge bad">&times;</span>', w ->> 'st_failed', '</li></ul><p class="note">', w ->> 'calendar_note', '</p></div>')
         END;
END;
COMMENT ON FUNCTION ingest.page_calendar(int4, jsonb) IS 'days by sources';
REVOKE ALL ON FUNCTION ingest.page_calendar(int4, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_jobs(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH recent AS
  (
    SELECT j.*, row_number() OVER (ORDER BY j.started_at DESC, j.job_id DESC) AS place
      FROM (SELECT * FROM ingest.jobs ORDER BY started_at DESC, job_id DESC LIMIT 200) j
  ),
  /* runs without change that follow each other become one line */
  island AS
  (
    SELECT r.*, CASE WHEN r.status = 'no_change' THEN r.place - row_number() OVER (PARTITION BY r.status = 'no_change' ORDER BY r.place) ELSE -r.place END AS island
      FROM recent r
  ),
  line AS
  (
    SELECT min(i.place) AS place, count(*) AS runs, min(i.source) AS source, count(DISTINCT i.source) AS sources, max(i.started_at) AS started_at,
           min(i.status) AS status, min(i.duration) AS duration, sum(i.nb_fetched) AS fetched, sum(i.nb_created) AS created,
           sum(i.nb_updated) AS updated, sum(i.nb_skipped) AS skipped, sum(i.nb_errors) AS errors, min(i.error_message) AS message
      FROM island i
     GROUP BY i.island
     ORDER BY 1
     LIMIT 40
  )
  SELECT CASE WHEN NOT EXISTS (SELECT FROM line) THEN concat('<div class="panel"><p class="zero">', w ->> 'jobs_none', '</p></div>')
         ELSE concat('<div class="panel"><table class="stack dense" role="table"><thead role="rowgroup"><tr role="row">',
                (SELECT string_agg(format('<th role="columnheader" scope="col"%s>%s</th>', CASE WHEN c.n THEN ' class="n"' END, w ->> c.key), '' ORDER BY c.place)
                   FROM (VALUES (1, 'source', false), (2, 'status', false), (3, 'when', false), (4, 'took', true), (5, 'fetched', true), (6, 'new', true),
                                (7, 'updated', true), (8, 'skipped', true), (9, 'refused', true)) AS c (place, key, n)),
                '</tr></thead><tbody role="rowgroup">',
                (SELECT string_agg(
                          CASE WHEN l.runs > 1
                               THEN concat('<tr role="row" class="folded"><td role="cell" colspan="2" class="full">', format(w ->> 'folded', ingest.page_number(l.runs, w)),
                                           '</td><td role="cell" colspan="7" class="full">', ingest.page_time(l.started_at, w), '</td></tr>')
                               ELSE concat('<tr role="row"><th role="rowheader" scope="row"><bdi>', ingest.html(l.source), '</bdi>',
                                           CASE WHEN l.message <> '' THEN concat('<span class="sub" lang="en"><bdi>', ingest.html(left(l.message, 200)), '</bdi></span>') END,
                                           '</th><td role="cell">', ingest.page_badge(l.status, w ->> ('st_' || l.status)), '</td><td role="cell" class="nowrap" data-label="', w ->> 'when', '">',
                                           ingest.page_time(l.started_at, w), '</td><td role="cell" class="n nowrap" data-label="', w ->> 'took', '">',
                                           ingest.page_span(extract(epoch FROM l.duration)::float8, w), '</td>',
                                           ingest.page_cell(w ->> 'fetched', l.fetched, w, false), ingest.page_cell(w ->> 'new', l.created, w, false),
                                           ingest.page_cell(w ->> 'updated', l.updated, w, false), ingest.page_cell(w ->> 'skipped', l.skipped, w, false),
                                           ingest.page_cell(w ->> 'refused', l.errors, w, true), '</tr>')
                          END, E'\n' ORDER BY l.place) FROM line l),
                '</tbody></table><p class="note">', w ->> 'jobs_note', '</p></div>')
         END;
END;
COMMENT ON FUNCTION ingest.page_jobs(jsonb) IS 'the last runs';
REVOKE ALL ON FUNCTION ingest.page_jobs(jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_durations(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'jobs_none', '</p></div>')
         ELSE concat('<div class="panel">', string_agg(concat(
                '<div class="row"><span class="name" title="', ingest.html(t.source), '"><bdi>', ingest.html(t.source), '</bdi></span><svg viewBox="0 0 300 14" preserveAspectRatio="none" role="img" aria-label="',
                format(w ->> 'durations_alt', ingest.html(t.source), ingest.page_span(t.median, w), ingest.page_span(t.p95, w)),
                '"><rect class="b-2" x="0" y="3" height="8" width="', round((296 * t.median / t.most)::numeric, 1), '"/><line class="tick" y1="0" y2="14" x1="',
                round((1 + 296 * t.p95 / t.most)::numeric, 1), '" x2="', round((1 + 296 * t.p95 / t.most)::numeric, 1), '"/></svg><span class="nowrap">', ingest.page_span(t.median, w), ' / ',
                ingest.page_span(t.p95, w), '</span></div>'), E'\n' ORDER BY t.median DESC, t.source), '<p class="note">', w ->> 'durations_note', '</p></div>')
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

CREATE FUNCTION ingest.page_reviews(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'reviews_none', '</p></div>')
         ELSE concat('<div class="panel">', string_agg(concat(
                '<div class="pair"><p class="note">', format(w ->> 'alike', round(100 * q.score)), '</p><table class="dense"><thead><tr><td></td><th scope="col"><bdi>', ingest.html(q.source_a),
                '</bdi></th><th scope="col"><bdi>', ingest.html(q.source_b), '</bdi></th></tr></thead><tbody>',
                (SELECT string_agg(concat('<tr><th scope="row">', w ->> f.key, '</th>',
                                          CASE WHEN f.a IS NOT DISTINCT FROM f.b THEN concat('<td>', f.a, '</td><td>', f.b, '</td>')
                                               ELSE concat('<td><mark>', coalesce(f.a, '&ndash;'), '</mark></td><td><mark>', coalesce(f.b, '&ndash;'), '</mark></td>') END, '</tr>'), '' ORDER BY f.place)
                   FROM (VALUES (1, 'event', concat('<bdi>', ingest.html(q.title_a), '</bdi>'), concat('<bdi>', ingest.html(q.title_b), '</bdi>')),
                                (2, 'start', ingest.page_time(q.starts_at_a, w), ingest.page_time(q.starts_at_b, w)),
                                (3, 'venue', concat('<bdi>', nullif(ingest.html(q.venue_a), ''), '</bdi>'), concat('<bdi>', nullif(ingest.html(q.venue_b), ''), '</bdi>'))) AS f (place, key, a, b)),
                '</tbody></table><p class="note">', w ->> 'if_same', '</p><code class="command" translate="no">', ingest.html(q.action), ';</code></div>'), '' ORDER BY q.since, q.listing_a, q.listing_b), '</div>')
         END
    FROM (SELECT * FROM ingest.review_queue ORDER BY since, listing_a, listing_b LIMIT 10) q;
END;
COMMENT ON FUNCTION ingest.page_reviews(jsonb) IS 'the oldest pairs to decide, side by side';
REVOKE ALL ON FUNCTION ingest.page_reviews(jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_quality(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH field (place, key) AS
  (
    VALUES (1, 'description'), (2, 'ends_at'), (3, 'venue_name'), (4, 'address'), (5, 'city'), (6, 'coordinates'), (7, 'image_url'),
           (8, 'organizer'), (9, 'category'), (10, 'price'), (11, 'language'), (12, 'url')
  ),
  chosen AS
  (
    SELECT q.source, max(q.total) AS total, min(q.filled::float8 / nullif(q.total, 0) - q.usual) AS drop
      FROM ingest.source_quality q
     WHERE q.total > 0
     GROUP BY q.source
     ORDER BY 3, 2 DESC, 1
     LIMIT 30
  ),
  line AS
  (
    SELECT c.source, c.total,
           concat('<tr><th scope="row"><bdi>', ingest.html(c.source), '</bdi></th>',
                  string_agg(concat('<td class="n', CASE WHEN q.percent < 50 THEN ' zero' END, '">', q.percent,
                                    CASE WHEN q.percent - 100 * q.usual <= -10 THEN concat(' <span class="some" title="', format(w ->> 'usually', round((100 * q.usual)::numeric)), '">&darr;<span class="sr">', format(w ->> 'usually', round((100 * q.usual)::numeric)), '</span></span>')
                                         WHEN q.percent - 100 * q.usual >= 10 THEN concat(' &uarr;<span class="sr">', format(w ->> 'usually', round((100 * q.usual)::numeric)), '</span>') END,
                                    '</td>'), '' ORDER BY f.place), '</tr>') AS line
      FROM chosen c
     CROSS JOIN field f
      LEFT JOIN (SELECT x.source, x.field, x.usual, round(100.0 * x.filled / nullif(x.total, 0)) AS percent FROM ingest.source_quality x) q
        ON q.source = c.source AND q.field = f.key
     GROUP BY c.source, c.total, c.drop
  )
  SELECT CASE WHEN NOT EXISTS (SELECT FROM line) THEN concat('<div class="panel"><p class="zero">', w ->> 'quality_none', '</p></div>')
         ELSE concat('<div class="panel"><div class="scroll" tabindex="0" role="region" aria-label="', w ->> 'quality', '"><table class="matrix dense"><thead><tr><th scope="col">', w ->> 'source', '</th>',
                (SELECT string_agg(concat('<th scope="col" class="n">', w ->> f.key, '</th>'), '' ORDER BY f.place) FROM field f),
                '</tr></thead><tbody>', (SELECT string_agg(l.line, E'\n' ORDER BY l.total DESC, l.source) FROM line l), '</tbody></table></div><p class="note">', w ->> 'quality_note', '</p></div>')
         END;
END;
COMMENT ON FUNCTION ingest.page_quality(jsonb) IS 'sources by fields';
REVOKE ALL ON FUNCTION ingest.page_quality(jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_vanished(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'vanished_none', '</p></div>')
         ELSE concat('<div class="panel"><table class="dense"><thead><tr><th scope="col">', w ->> 'event', '</th><th scope="col">', w ->> 'status', '</th><th scope="col">', w ->> 'start', '</th></tr></thead><tbody>',
                string_agg(concat('<tr><th scope="row"><bdi>', ingest.html(left(d.title, 120)), '</bdi><span class="sub"><bdi>', ingest.html(d.source), '</bdi></span></th><td>',
                                  ingest.page_badge(d.state, w ->> ('v_' || d.state)), '</td><td>', ingest.page_time(d.starts_at, w), '</td></tr>'), E'\n' ORDER BY d.place), '</tbody></table></div>')
         END
    FROM (SELECT x.*, row_number() OVER () AS place FROM (SELECT * FROM ingest.disappeared LIMIT 12) x) d;
END;
COMMENT ON FUNCTION ingest.page_vanished(jsonb) IS 'what has vanished upstream';
REVOKE ALL ON FUNCTION ingest.page_vanished(jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_storage(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat('<div class="panel"><table class="dense"><thead><tr><th scope="col">', w ->> 'table', '</th><th scope="col" class="n">', w ->> 'rows', '</th><th scope="col" class="n">', w ->> 'size',
                '</th></tr></thead><tbody>',
                string_agg(concat('<tr><th scope="row">', ingest.html(s."table"), CASE WHEN s.retention <> 'kept' THEN concat('<span class="sub">', ingest.html(s.retention), '</span>') END, '</th><td class="n">',
                                  ingest.page_number(s.rows, w), '</td><td class="n nowrap">', ingest.html(s.size), '</td></tr>'), E'\n' ORDER BY s.bytes DESC, s."table") FILTER (WHERE s.place <= 8),
                '<tr><th scope="row">', w ->> 'total', '</th><td></td><td class="n nowrap">', ingest.html(pg_size_pretty(sum(s.bytes)::int8)), '</td></tr></tbody></table></div>')
    FROM (SELECT x.*, row_number() OVER (ORDER BY x.bytes DESC, x."table") AS place FROM ingest.storage x) s;
END;
COMMENT ON FUNCTION ingest.page_storage(jsonb) IS 'how big all this is';
REVOKE ALL ON FUNCTION ingest.page_storage(jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_dashboard(days int4 DEFAULT 30, lang text DEFAULT 'en')
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
  SELECT concat(
           '<!DOCTYPE html>', E'\n<html lang="', w ->> 'lang', '"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
           '<meta name="robots" content="noindex"><title>', w ->> 'title', '</title><style>', ingest.page_style(), '</style></head><body>', E'\n',
           '<a class="skip" href="#attention">', w ->> 'skip', '</a>', ingest.page_signs(),
           '<div class="wrap">', ingest.page_header(p.days, w), '</div><nav aria-label="', w ->> 'nav', '"><div class="wrap"><ul>',
           (SELECT string_agg(format('<li><a href="#%s">%s</a></li>', n.id, w ->> ('n_' || n.id)), '' ORDER BY n.place)
              FROM (VALUES (1, 'attention'), (2, 'sources'), (3, 'activity'), (4, 'calendar'), (5, 'jobs'), (6, 'durations'), (7, 'reviews'),
                           (8, 'quality'), (9, 'vanished'), (10, 'storage')) AS n (place, id)),
           '</ul></div></nav>', E'\n<main class="wrap">',
           ingest.page_section('attention', w ->> 'attention', ingest.page_attention(w)),
           CASE WHEN EXISTS (SELECT FROM ingest.source)
                THEN ingest.page_section('sources', w ->> 'sources', ingest.page_sources(p.days, w))
                ELSE ingest.page_section('sources', w ->> 'sources', concat('<div class="panel"><p class="zero">', w ->> 'h_none', '</p></div>')) END,
           ingest.page_section('activity', w ->> 'activity', ingest.page_activity(p.days, w)),
           ingest.page_section('calendar', w ->> 'calendar', ingest.page_calendar(p.days, w)),
           ingest.page_section('jobs', w ->> 'jobs', ingest.page_jobs(w)),
           '<div class="columns">',
           ingest.page_section('durations', w ->> 'durations', ingest.page_durations(w)),
           ingest.page_section('reviews', w ->> 'reviews', ingest.page_reviews(w)),
           '</div>',
           ingest.page_section('quality', w ->> 'quality', ingest.page_quality(w)),
           '<div class="columns">',
           ingest.page_section('vanished', w ->> 'vanished', ingest.page_vanished(w)),
           ingest.page_section('storage', w ->> 'storage', ingest.page_storage(w)),
           '</div></main>', E'\n<footer><div class="wrap">',
           format(w ->> 'footer', (SELECT x.extversion FROM pg_extension x WHERE x.extname = 'ingest'), current_setting('server_version_num')::int4 / 10000),
           '</div></footer></body></html>', E'\n')
    FROM (SELECT ingest.page_words(lang) AS w) words,
         (SELECT least(greatest(ingest_dashboard.days, 1), 366) AS days) p;
END;
COMMENT ON FUNCTION @extschema@.ingest_dashboard(int4, text)
  IS 'the admin page: one HTML document that needs nothing else; over the last days, in English or French (en, fr), times in the session''s zone';
REVOKE ALL ON FUNCTION @extschema@.ingest_dashboard(int4, text) FROM PUBLIC;
