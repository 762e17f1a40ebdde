------------------------------------------------------------------------------
-- The page: its sources, and what came in day by day
------------------------------------------------------------------------------

/* API: private. */
CREATE FUNCTION ingest.page_cell(label text, n numeric, w jsonb, is_bad bool)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<td role="cell" class="n" data-label="', label, '">',
              CASE WHEN coalesce(n, 0) = 0 THEN '<span class="zero">0</span>'
                   WHEN is_bad THEN concat('<span class="some">', ingest.page_number(n, w), '</span>')
                   ELSE ingest.page_number(n, w) END, '</td>');
COMMENT ON FUNCTION ingest.page_cell(text, numeric, jsonb, bool) IS 'a number in a table of the page';
REVOKE ALL ON FUNCTION ingest.page_cell(text, numeric, jsonb, bool) FROM PUBLIC;

/*
 * API: private.  The head of a table that a phone shows as cards.  Its roles are
 * said: a browser forgets those of a table that is displayed otherwise.
 */
CREATE FUNCTION ingest.page_head(caption text, columns text[], numbers text[], w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT concat('<caption>', caption, '</caption><thead role="rowgroup"><tr role="row">',
                string_agg(concat('<th role="columnheader" scope="col"', CASE WHEN c.key = ANY (numbers) THEN ' class="n"' END, '>', w ->> c.key, '</th>'), '' ORDER BY c.place),
                '</tr></thead>')
    FROM unnest(columns) WITH ORDINALITY AS c (key, place);
END;
COMMENT ON FUNCTION ingest.page_head(text, text[], text[], jsonb) IS 'caption and column heads of a table of the page';
REVOKE ALL ON FUNCTION ingest.page_head(text, text[], text[], jsonb) FROM PUBLIC;

/* API: private.  A source's last runs: a bar each, hollow where one failed. */
CREATE FUNCTION ingest.page_bars(source text, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<span class="zero">', w ->> 'runs_none', '</span>')
         ELSE concat('<svg class="bars" viewBox="0 0 210 28" preserveAspectRatio="xMinYMid" role="img" aria-label="',
                format(w ->> 'runs_alt', count(*), count(*) FILTER (WHERE b.tone = 'ok' OR b.tone = '2'),
                       count(*) FILTER (WHERE b.tone = 'warn'), count(*) FILTER (WHERE b.tone = 'bad')), '">',
                string_agg(concat('<rect class="b-', b.tone,
                                  CASE b.tone WHEN 'bad' THEN format('" x="%s" y="1.75" width="3.5" height="25.5">', 203.75 - 7 * b.place)
                                              ELSE format('" x="%s" y="%s" width="5" height="%s">', 203 - 7 * b.place, 28 - b.height, b.height) END,
                                  '<title>', ingest.page_day(b.started_at::date, w), ', ', ingest.page_clock(b.started_at::timestamp, w), w ->> 'colon', w ->> ('st_' || b.status),
                                  CASE WHEN b.nb_fetched > 0 THEN concat(', ', ingest.page_number(b.nb_fetched, w)) END, '</title></rect>'),
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
                 round((3 + 25 * coalesce(sqrt(j.nb_fetched::float8 / nullif(max(j.nb_fetched) OVER (), 0)), 0))::numeric, 1) AS height
            FROM (SELECT i.id, i.started_at, i.nb_fetched,
                         CASE WHEN i.status = 'running' AND NOT ingest.job_is_alive(i.source) THEN 'crashed' ELSE i.status END AS status
                    FROM ingest.import_job i
                   WHERE i.source = page_bars.source
                   ORDER BY i.started_at DESC, i.id DESC
                   LIMIT 30) j) b;
END;
COMMENT ON FUNCTION ingest.page_bars(text, jsonb) IS 'the last runs of a source as bars';
REVOKE ALL ON FUNCTION ingest.page_bars(text, jsonb) FROM PUBLIC;

/* API: private.  Sources in the order of the page: what a person should look at comes first. */
CREATE FUNCTION ingest.page_rank(health ingest.source_health[])
RETURNS TABLE (h ingest.source_health, place int8)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT r.h, row_number() OVER (ORDER BY CASE
                                            WHEN (r.h).health = 'degraded' OR ((r.h).health = 'paused' AND (r.h).consecutive_failures > 0) THEN 0
                                            WHEN (r.h).health = 'warning' THEN 1
                                            WHEN (r.h).health = 'rate_limited' THEN 2
                                            WHEN (r.h).health = 'paused' THEN 3
                                            WHEN (r.h).health = 'unknown' THEN 4
                                            WHEN (r.h).health = 'running' THEN 5
                                            ELSE 6
                                          END, (r.h).source)
    FROM (SELECT x AS h FROM unnest(page_rank.health) AS x) r;
END;
COMMENT ON FUNCTION ingest.page_rank(ingest.source_health[]) IS 'sources, the worst first';
REVOKE ALL ON FUNCTION ingest.page_rank(ingest.source_health[]) FROM PUBLIC;

/* API: private.  The health of a source; one that is paused after failures is broken. */
CREATE FUNCTION ingest.page_health(h ingest.source_health, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ingest.page_badge(CASE WHEN (h).health = 'paused' AND (h).consecutive_failures > 0 THEN 'degraded' ELSE (h).health END, w ->> (h).health);
COMMENT ON FUNCTION ingest.page_health(ingest.source_health, jsonb) IS 'the health of a source as a badge';
REVOKE ALL ON FUNCTION ingest.page_health(ingest.source_health, jsonb) FROM PUBLIC;

/* API: private.  Thirty sources in full, the others in a line each. */
CREATE FUNCTION ingest.page_sources(days int4, health ingest.source_health[], w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH figure AS MATERIALIZED
  (
    SELECT x.source, sum(x.created) AS created, sum(x.updated) AS updated, sum(x.errors) AS errors
      FROM ingest.source_day x
     WHERE x.day > current_date - page_sources.days
     GROUP BY x.source
  ),
  ranked AS MATERIALIZED
  (
    SELECT r.h, r.place, (r.h).source, (r.h).health, coalesce(g.created, 0) AS created, coalesce(g.updated, 0) AS updated,
           coalesce(g.errors, 0) AS errors, coalesce(f.upcoming, 0) AS upcoming,
           coalesce(format(w ->> 'ago', ingest.page_span(extract(epoch FROM (r.h).age)::float8, w)), w ->> 'never') AS success
      FROM ingest.page_rank(page_sources.health) r
      LEFT JOIN ingest.source_figures f ON f.source = (r.h).source
      LEFT JOIN figure g ON g.source = (r.h).source
     WHERE r.place <= 2000
  ),
  line AS
  (
    SELECT r.place, r.place > 30 AS is_short,
           CASE WHEN r.place <= 30 THEN
             concat('<tr role="row"><th role="rowheader" scope="row"><bdi>', ingest.html(r.source), '</bdi>',
                    CASE WHEN (r.h).connector <> r.source THEN concat(' <bdi class="type">', ingest.html((r.h).connector), '</bdi>') END,
                    CASE WHEN ingest.page_cause(r.h) IS NOT NULL
                         THEN concat('<span class="sub">', w ->> ('why_' || ingest.page_cause(r.h)), '</span>') END,
                    '</th><td role="cell">', ingest.page_health(r.h, w), '</td><td role="cell" class="full">', ingest.page_bars(r.source, w), '</td>',
                    ingest.page_cell(w ->> 'new', r.created, w, false), ingest.page_cell(w ->> 'updated', r.updated, w, false),
                    ingest.page_cell(w ->> 'refused', r.errors, w, true), ingest.page_cell(w ->> 'to_come', r.upcoming, w, false),
                    '<td role="cell" class="nowrap" data-label="', w ->> 'success', '">',
                    CASE WHEN (r.h).age IS NULL OR (r.h).consecutive_failures > 0 THEN concat('<span class="some">', r.success, '</span>') ELSE r.success END,
                    '</td><td role="cell" class="nowrap" data-label="', w ->> 'next', '">',
                    CASE WHEN r.health = 'paused' OR (r.h).next_run_at IS NULL THEN '&ndash;'
                         WHEN (r.h).next_run_at > now() THEN format(w ->> 'in', ingest.page_span(extract(epoch FROM (r.h).next_run_at - now())::float8, w))
                         ELSE w ->> 'due' END,
                    '</td></tr>')
           ELSE
             concat('<tr><th scope="row"><bdi>', ingest.html(r.source), '</bdi></th><td><span class="t-', ingest.page_tone(r.health), '">', w ->> r.health, '</span></td><td aria-hidden="true">',
                    ingest.html((r.h).last_14_days), '</td><td>', ingest.page_number(r.created, w), '</td><td>', r.success, '</td></tr>')
           END AS html
      FROM ranked r
  )
  SELECT concat(
           '<div class="panel"><table class="stack" role="table">',
           ingest.page_head(w ->> 'sources_caption', '{source,health,runs,new,updated,refused,to_come,success,next}', '{new,updated,refused,to_come}', w),
           '<tbody role="rowgroup">', (SELECT string_agg(l.html, E'\n' ORDER BY l.place) FROM line l WHERE NOT l.is_short), '</tbody></table>',
           '<ul class="legend"><li><svg aria-hidden="true"><rect class="b-ok" width="12" height="12"/></svg>', w ->> 'st_success',
           '</li><li><svg aria-hidden="true"><rect class="b-2" width="12" height="12"/></svg>', w ->> 'st_no_change',
           '</li><li><svg aria-hidden="true"><rect class="b-warn" width="12" height="12"/></svg>', w ->> 'st_partial', ', ', w ->> 'st_empty',
           '</li><li><svg aria-hidden="true"><rect class="b-bad" x="1" y="1" width="10" height="10"/></svg>', w ->> 'st_failed',
           '</li><li>', w ->> 'runs_note', '</li></ul></div>',
           (SELECT concat('<details><summary>', ingest.page_count('others', cardinality(page_sources.health) - 30, w),
                          '</summary><div class="panel"><table class="dense short"><caption>', ingest.page_count('others', cardinality(page_sources.health) - 30, w),
                          '</caption><thead><tr><th scope="col">', w ->> 'source', '</th><th scope="col">', w ->> 'health', '</th><th scope="col">', w ->> 'two_weeks',
                          '</th><th scope="col" class="n">', w ->> 'new', '</th><th scope="col">', w ->> 'success', '</th></tr></thead><tbody>',
                          string_agg(l.html, E'\n' ORDER BY l.place), '</tbody></table>',
                          CASE WHEN cardinality(page_sources.health) > 2000
                               THEN concat('<p class="note">', format(w ->> 'more', ingest.page_number(cardinality(page_sources.health) - 2000, w)),
                                           w ->> 'colon', '<code>SELECT * FROM ingest.source_health</code></p>') END, '</div></details>')
              FROM line l WHERE l.is_short HAVING count(*) > 0));
END;
COMMENT ON FUNCTION ingest.page_sources(int4, ingest.source_health[], jsonb) IS 'the sources, worst first';
REVOKE ALL ON FUNCTION ingest.page_sources(int4, ingest.source_health[], jsonb) FROM PUBLIC;

/* API: private. */
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
                  CASE WHEN s.created > 0 THEN format('<rect class="b-ok" x="%s" y="%s" width="%s" height="%s"><title>%s%s</title></rect>',
                    round(36 + s.place * s.step + s.step * 0.15, 1), round(140 - 120 * s.created / s.most, 1), round(s.step * 0.7, 1),
                    round(120 * s.created / s.most, 1), ingest.page_day(s.day, w), concat(w ->> 'colon', w ->> 'new_long', ' ', ingest.page_number(s.created, w))) END,
                  CASE WHEN s.updated > 0 THEN format('<rect class="b-2" x="%s" y="%s" width="%s" height="%s"><title>%s%s</title></rect>',
                    round(36 + s.place * s.step + s.step * 0.15, 1), round(140 - 120 * (s.created + s.updated) / s.most, 1), round(s.step * 0.7, 1),
                    round(120 * s.updated / s.most, 1), ingest.page_day(s.day, w), concat(w ->> 'colon', w ->> 'updated_long', ' ', ingest.page_number(s.updated, w))) END,
                  CASE WHEN (s.days - 1 - s.place) % greatest(ceil(s.days / 8.0)::int8, 1) = 0 THEN format('<text x="%s" y="160" text-anchor="%s">%s</text>',
                    CASE WHEN s.place = s.days - 1 THEN 1116 ELSE round(36 + s.place * s.step + s.step / 2, 1) END,
                    CASE WHEN s.place = s.days - 1 THEN 'end' ELSE 'middle' END, ingest.page_day(s.day, w)) END), '' ORDER BY s.day),
                '</svg></div><ul class="legend"><li><svg aria-hidden="true"><rect class="b-ok" width="12" height="12"/></svg>', w ->> 'new_long',
                '</li><li><svg aria-hidden="true"><rect class="b-2" width="12" height="12"/></svg>', w ->> 'updated_long', '</li></ul></div>')
         END
    FROM scaled s;
END;
COMMENT ON FUNCTION ingest.page_activity(int4, jsonb) IS 'what came in, day by day';
REVOKE ALL ON FUNCTION ingest.page_activity(int4, jsonb) FROM PUBLIC;

/* API: private.  A month of days by sources, those in trouble first. */
CREATE FUNCTION ingest.page_calendar(days int4, health ingest.source_health[], w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH day AS
  (
    SELECT g.day::date AS day FROM generate_series(current_date - least(page_calendar.days, 31) + 1, current_date, interval '1 day') AS g (day)
  ),
  known AS
  (
    SELECT (r.h).source, r.place FROM ingest.page_rank(page_calendar.health) r WHERE (r.h).last_job IS NOT NULL
  ),
  chosen AS
  (
    SELECT k.source, k.place FROM known k ORDER BY k.place LIMIT 25
  ),
  cell AS
  (
    SELECT c.source, c.place, day.day, d.created,
           CASE
             WHEN d.ok = 0 AND d.failed > 0 THEN 'failed'
             WHEN d.failed > 0 OR d.partial > 0 OR d.errors > 0 THEN 'partial'
             WHEN d.empty > 0 THEN 'empty'
             WHEN d.created + d.updated + d.withdrawn > 0 THEN 'success'
             WHEN d.ok > 0 THEN 'no_change'
             WHEN d.runs > 0 THEN 'cancelled'
           END AS outcome
      FROM chosen c
     CROSS JOIN day
      LEFT JOIN ingest.source_day d ON d.source = c.source AND d.day = day.day
  ),
  line AS
  (
    SELECT c.place,
           concat('<tr><th scope="row"><bdi>', ingest.html(c.source), '</bdi></th>',
                  string_agg(CASE WHEN c.outcome IS NULL THEN '<td class="none"></td>'
                             ELSE concat('<td class="', ingest.page_tone(c.outcome), '">',
                                    CASE WHEN c.created >= 1000 THEN concat(replace(round(c.created / 1000.0, CASE WHEN c.created < 9950 THEN 1 ELSE 0 END)::text, '.', w ->> 'point'), 'k')
                                         WHEN c.created > 0 OR c.outcome = 'success' THEN c.created::text END,
                                    CASE c.outcome WHEN 'failed' THEN '<i aria-hidden="true">&times;</i>' WHEN 'partial' THEN '<i aria-hidden="true">!</i>'
                                                   WHEN 'empty' THEN '<i aria-hidden="true">&empty;</i>' WHEN 'no_change' THEN '<i aria-hidden="true">&middot;</i>' END,
                                    CASE WHEN c.outcome <> 'success' THEN concat('<span class="sr">', w ->> ('st_' || c.outcome), '</span>') END, '</td>') END, '' ORDER BY c.day), '</tr>') AS line
      FROM cell c
     GROUP BY c.place, c.source
  )
  SELECT CASE WHEN NOT EXISTS (SELECT FROM line) THEN concat('<div class="panel"><p class="zero">', w ->> 'jobs_none', '</p></div>')
         ELSE concat('<div class="panel"><div class="scroll latest" tabindex="0" role="region" aria-label="', w ->> 'calendar', '"><table class="heat"><caption>', w ->> 'calendar_note',
                '</caption><thead><tr><td></td>',
                (SELECT string_agg(concat('<th scope="colgroup" colspan="', m.days, '"><span>', w -> 'months' ->> (m.month - 1), '</span></th>'), '' ORDER BY m.first)
                   FROM (SELECT extract(month FROM day.day)::int4 AS month, count(*) AS days, min(day.day) AS first FROM day GROUP BY 1) m),
                '</tr><tr><th scope="col"><span class="sr">', w ->> 'source', '</span></th>',
                (SELECT string_agg(concat('<th scope="col">', extract(day FROM day.day), '</th>'), '' ORDER BY day.day) FROM day),
                '</tr></thead><tbody>', (SELECT string_agg(l.line, E'\n' ORDER BY l.place) FROM line l), '</tbody></table></div>',
                '<ul class="legend"><li><span class="key ok">7</span>', w ->> 'st_success', '</li><li><span class="key idle">&middot;</span>', w ->> 'st_no_change',
                '</li><li><span class="key warn">!</span>', w ->> 'st_partial', '</li><li><span class="key warn">&empty;</span>', w ->> 'st_empty',
                '</li><li><span class="key bad">&times;</span>', w ->> 'st_failed', '</li></ul><p class="note">', w ->> 'calendar_note',
                (SELECT CASE WHEN count(*) > 25 THEN concat(' ', format(w ->> 'calendar_more', 25, ingest.page_number(count(*), w))) END FROM known), '</p></div>')
         END;
END;
COMMENT ON FUNCTION ingest.page_calendar(int4, ingest.source_health[], jsonb) IS 'days by sources';
REVOKE ALL ON FUNCTION ingest.page_calendar(int4, ingest.source_health[], jsonb) FROM PUBLIC;
