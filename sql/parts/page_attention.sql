------------------------------------------------------------------------------
-- The page: how it is, and what needs a person
------------------------------------------------------------------------------

/*
 * API: private.  What is wrong with a source, in one word of page_words(): that
 * of its worst check, and of the first of equals.
 */
CREATE FUNCTION ingest.page_cause(h ingest.source_health)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE
           WHEN (h).health = 'rate_limited' THEN 'rate_limited'
           WHEN (h).health = 'paused' AND (h).consecutive_failures = 0 THEN 'paused'
           WHEN (h).health <> ALL (ARRAY['degraded', 'warning', 'paused']) THEN NULL
           ELSE (SELECT CASE c.what
                          WHEN 'run' THEN
                            CASE
                              WHEN (h).last_status = ANY (ARRAY['crashed', 'cancelled']) THEN (h).last_status
                              WHEN (h).last_error_class = ANY (ARRAY['mapping', 'data']) THEN 'parse'
                              ELSE coalesce((h).last_error_class, 'failing')
                            END
                          WHEN 'late' THEN
                            CASE WHEN (h).next_run_at < now() OR (h).last_change_at IS NULL THEN 'late' ELSE 'stale' END
                          WHEN 'rule' THEN
                            coalesce((SELECT a.rule FROM ingest.anomaly a
                                       WHERE a.source = (h).source AND a.severity <> 'info'
                                       ORDER BY a.severity = 'critical' DESC, a.since, a.rule LIMIT 1),
                                     CASE (h).last_status WHEN 'empty' THEN 'empty' ELSE 'unusual' END)
                          ELSE c.what
                        END
                   FROM (VALUES (1, (h).check_last_run, 'run'), (2, (h).check_errors, 'refused'), (3, (h).check_volume, 'rule'),
                                (4, (h).check_freshness, 'late'), (5, (h).check_quality, 'rule')) AS c (place, state, what)
                  WHERE c.state = ANY (ARRAY['degraded', 'warning'])
                  ORDER BY c.state = 'degraded' DESC, c.place
                  LIMIT 1)
         END;
END;
COMMENT ON FUNCTION ingest.page_cause(ingest.source_health) IS 'what is wrong with a source, in one word';
REVOKE ALL ON FUNCTION ingest.page_cause(ingest.source_health) FROM PUBLIC;

/* API: private.  What a rule saw, in a sentence; NULL where no rule did. */
CREATE FUNCTION ingest.page_unusual(source text, cause text, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT format(w ->> ('say_' || a.rule),
                CASE
                  WHEN a.rule = 'slow' THEN ingest.page_span(a.observed, w)
                  WHEN a.rule = 'field_drift' THEN format(w ->> 'percent', round(a.observed::numeric))
                  WHEN a.observed <= 1 AND a.rule = ANY (ARRAY['midnight', 'small_hours', 'one_point', 'same_title'])
                    THEN format(w ->> 'percent', round(100 * a.observed::numeric))
                  ELSE ingest.page_number(round(a.observed::numeric), w)
                END,
                CASE a.rule
                  WHEN 'slow' THEN ingest.page_span(a.expected, w)
                  WHEN 'field_drift' THEN format(w ->> 'percent', round(a.expected::numeric))
                  ELSE ingest.page_number(round(a.expected::numeric), w)
                END,
                CASE WHEN a.rule = 'field_drift' AND w ? a.subject THEN w ->> a.subject
                     ELSE concat('<bdi>', ingest.html(left(a.subject, 120)), '</bdi>') END)
    FROM ingest.anomaly a
   WHERE a.source = page_unusual.source AND a.rule = page_unusual.cause;
END;
COMMENT ON FUNCTION ingest.page_unusual(text, text, jsonb) IS 'what a rule of ingest.anomaly_rule saw in a source';
REVOKE ALL ON FUNCTION ingest.page_unusual(text, text, jsonb) FROM PUBLIC;

/* API: private.  A statement, and above it what it is for: as said, or by what it calls. */
CREATE FUNCTION ingest.page_command(statement text, w jsonb, what text DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN statement <> '' THEN
         concat('<p class="label">', coalesce(w ->> ('do_' || coalesce(what, substring(statement FROM 'ingest[._]([a-z_]+)'))), w ->> 'type_this'), '</p>',
                ingest.page_code(statement)) END;
COMMENT ON FUNCTION ingest.page_command(text, jsonb, text) IS 'a statement to type, and what for';
REVOKE ALL ON FUNCTION ingest.page_command(text, jsonb, text) FROM PUBLIC;

/*
 * API: private.  One thing that needs attention: what it is in the page's own
 * words, what the source said in its own, since when, and what to type.  A
 * statement that the hint holds goes before the one of the row, or after it
 * where it is the other answer to one question.
 */
CREATE FUNCTION ingest.page_item(id text, a ingest.attention, h ingest.source_health, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
           '<li class="item" id="', id, '"><div class="sign">', ingest.page_badge((a).severity, w ->> ('s_' || (a).severity)), '</div><div class="what"><h3>',
           CASE WHEN (a).source IS NOT NULL THEN concat('<bdi class="name">', ingest.html((a).source), '</bdi> ') END,
           '<span class="why">', ingest.page_count('why_' || c.cause, (a).nb, w), '</span></h3><p>',
           CASE
             WHEN c.cause = 'paused' THEN concat('<bdi>', ingest.html(regexp_replace((a).summary, '^paused: ', '')), '</bdi>')
             WHEN c.cause = 'held' THEN (SELECT format(w ->> 'say_held', ingest.page_number(cardinality(d.listing_ids), w), ingest.page_number(d.nb_live, w))
                                           FROM ingest.withdrawal_hold d WHERE d.source = (a).source)
             WHEN c.cause = 'refused' THEN format(w ->> 'say_refused', ingest.page_number((h).last_refused, w), ingest.page_number((h).last_fetched, w))
             WHEN c.cause = 'late' THEN format(w ->> 'say_late', ingest.page_span(extract(epoch FROM now() - (h).next_run_at)::float8, w))
             WHEN c.cause = 'stale' THEN format(w ->> 'say_stale', ingest.page_span(extract(epoch FROM now() - (h).last_change_at)::float8, w))
             WHEN c.hint IS NOT NULL AND w ->> 'lang' = 'en' THEN concat('<bdi>', ingest.html(c.hint), '</bdi>')
             ELSE coalesce(ingest.page_unusual((a).source, c.cause, w), w ->> ('say_' || c.cause))
           END, '</p>',
           CASE WHEN c.of_run AND (h).last_error <> ''
                THEN concat('<p class="said"><span class="label">', w ->> 'said', '</span> <bdi lang="en">', ingest.html(left((h).last_error, 300)), CASE WHEN length((h).last_error) > 300 THEN '&hellip;' END, '</bdi></p>') END,
           CASE WHEN c.hint IS NOT NULL AND w ->> 'lang' <> 'en'
                THEN concat('<p class="said"><bdi lang="en">', ingest.html(c.hint), '</bdi></p>') END,
           '<p class="note">',
           CASE WHEN c.of_run THEN
                  concat_ws(' &middot; ',
                    CASE WHEN (h).consecutive_failures > 0 THEN ingest.page_count('failures', (h).consecutive_failures, w) END,
                    CASE WHEN (h).age IS NULL THEN w ->> 'no_success'
                         ELSE format(w ->> 'last_success', ingest.page_span(extract(epoch FROM (h).age)::float8, w)) END,
                    CASE WHEN (h).health = 'paused' THEN w ->> 'not_tried'
                         WHEN (h).next_run_at > now() AND ingest.is_home() AND (SELECT l.pid IS NOT NULL AND l.enabled FROM ingest.launcher_state() l)
                           THEN format(w ->> 'next_try', ingest.page_span(extract(epoch FROM (h).next_run_at - now())::float8, w)) END)
                WHEN (a).since IS NOT NULL THEN format(w ->> 'since', ingest.page_time((a).since, w))
           END, '</p></div><div class="do">',
           CASE
             WHEN (a).kind = 'held' THEN concat(ingest.page_command((a).action, w), ingest.page_command(c.statement, w))
             ELSE concat(CASE WHEN c.statement <> (a).action THEN ingest.page_command(c.statement, w)
                              WHEN c.cause = 'empty_after_full' AND (a).action NOT LIKE '%ingest_check(%'
                                THEN ingest.page_command(format('SELECT * FROM @extschema@.ingest_check(%L)', (a).source), w, 'look') END,
                         ingest.page_command((a).action, w))
           END,
           '</div></li>')
    FROM (SELECT b.cause, b.of_run, b.statement,
                 -- the hint of a failed run is its connector's; those of the views are in the page's words
                 CASE WHEN b.of_run THEN nullif(replace(regexp_replace((a).hint, '^Before it is resumed: ', ''), coalesce(b.statement, '-'),
                                                        coalesce(substring(b.statement FROM 'ingest_[a-z_]+') || '()', '-')), '') END AS hint
            FROM (SELECT x.cause,
                         (a).kind = ANY (ARRAY['failing', 'paused', 'rate_limited']) AND (h).last_error <> '' AS of_run,
                         substring((a).hint FROM 'SELECT (?:[^ ();,]*[.])?ingest_[a-z_]+[(](?:E?''(?:[^'']|'''')*''(?:, )?)+[)]') AS statement
                    FROM (SELECT CASE
                                   WHEN (a).kind = ANY (ARRAY['launcher', 'copy', 'held', 'errors', 'reviews']) THEN (a).kind
                                   WHEN (a).severity = 'info' AND (a).kind = 'unusual'
                                     THEN coalesce((SELECT n.rule FROM ingest.anomalies n WHERE n.source = (a).source AND n.summary = (a).summary LIMIT 1), 'unusual')
                                   ELSE coalesce(ingest.page_cause(h), (a).kind)
                                 END AS cause) x) b) c;
END;
COMMENT ON FUNCTION ingest.page_item(text, ingest.attention, ingest.source_health, jsonb) IS 'one thing that needs attention';
REVOKE ALL ON FUNCTION ingest.page_item(text, ingest.attention, ingest.source_health, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_attention(attention ingest.attention[], health ingest.source_health[], w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE
           WHEN cardinality(page_attention.attention) = 0 THEN
             concat('<div class="panel calm">', ingest.page_badge('healthy', 'OK'), '<div><p><strong>', w ->> 'attention_none', '</strong></p><p class="note">',
                    w ->> 'attention_checked', '</p></div></div>')
           ELSE
             concat('<ul class="items panel">', string_agg(i.item, E'\n' ORDER BY i.place) FILTER (WHERE i.place <= 12), '</ul>',
                    CASE WHEN count(*) > 12
                         THEN concat('<details><summary>', format(w ->> 'more', ingest.page_number(count(*) - 12, w)), '</summary><ul class="items panel">',
                                     string_agg(i.item, E'\n' ORDER BY i.place) FILTER (WHERE i.place > 12), '</ul>',
                                     CASE WHEN cardinality(page_attention.attention) > 60
                                          THEN concat('<p class="note">', format(w ->> 'more', ingest.page_number(cardinality(page_attention.attention) - 60, w)),
                                                      w ->> 'colon', '<code>SELECT * FROM ingest.attention</code></p>') END, '</details>') END)
         END
    FROM (SELECT t.place, ingest.page_item('a' || t.place, t.a, h.h, w) AS item
            FROM (SELECT page_attention.attention[g.place] AS a, g.place
                    FROM generate_series(1, least(cardinality(page_attention.attention), 60)) AS g (place)) t
            LEFT JOIN (SELECT x AS h, (x).source FROM unnest(page_attention.health) AS x) h ON h.source = (t.a).source) i;
END;
COMMENT ON FUNCTION ingest.page_attention(ingest.attention[], ingest.source_health[], jsonb) IS 'what needs attention';
REVOKE ALL ON FUNCTION ingest.page_attention(ingest.attention[], ingest.source_health[], jsonb) FROM PUBLIC;

/* API: private.  How it is in one sentence, without markup: it is the title too. */
CREATE FUNCTION ingest.page_lead(attention ingest.attention[], health ingest.source_health[], w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE
           WHEN cardinality(page_lead.health) = 0 THEN w ->> 'h_none'
           ELSE concat_ws(' ',
                  CASE WHEN c.stopped THEN w ->> 'h_stopped' END,
                  CASE
                    WHEN c.broken > 0 THEN format(w ->> CASE c.broken WHEN 1 THEN 'h_broken_1' ELSE 'h_broken' END, ingest.page_number(c.broken, w),
                                                  ingest.page_number(cardinality(page_lead.health), w))
                    WHEN c.look > 0 THEN format(w ->> CASE c.look WHEN 1 THEN 'h_look_1' ELSE 'h_look' END, ingest.page_number(c.look, w),
                                                ingest.page_number(cardinality(page_lead.health), w))
                    ELSE ingest.page_count('h_well', cardinality(page_lead.health), w)
                  END)
         END
    FROM (SELECT count(DISTINCT (a).source) FILTER (WHERE (a).severity = 'critical') AS broken,
                 count(DISTINCT (a).source) FILTER (WHERE (a).severity = 'warning') AS look,
                 coalesce(bool_or((a).source IS NULL AND (a).severity = 'critical'), false) AS stopped
            FROM unnest(page_lead.attention) AS a) c;
END;
COMMENT ON FUNCTION ingest.page_lead(ingest.attention[], ingest.source_health[], jsonb) IS 'how it is, in one sentence';
REVOKE ALL ON FUNCTION ingest.page_lead(ingest.attention[], ingest.source_health[], jsonb) FROM PUBLIC;

/* API: private.  Names of sources that are in a state, each a link to what is said of it. */
CREATE FUNCTION ingest.page_named(attention ingest.attention[], severity text, w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(string_agg(format('<a href="#a%s"><bdi>%s</bdi></a>', least(n.place, 60), ingest.html(n.source)), ', ' ORDER BY n.place) FILTER (WHERE n.nth <= 6),
                CASE WHEN count(*) > 6 THEN concat(' ', format(w ->> 'and_more', ingest.page_number(count(*) - 6, w))) END)
    FROM (SELECT m.source, m.place, row_number() OVER (ORDER BY m.place) AS nth
            FROM (SELECT (t.a).source, min(t.place) AS place
                    FROM (SELECT page_named.attention[g.place] AS a, g.place FROM generate_subscripts(page_named.attention, 1) AS g (place)) t
                   WHERE (t.a).severity = page_named.severity AND (t.a).source IS NOT NULL
                   GROUP BY (t.a).source) m) n
  HAVING count(*) > 0;
END;
COMMENT ON FUNCTION ingest.page_named(ingest.attention[], text, jsonb) IS 'the sources of a severity, by name';
REVOKE ALL ON FUNCTION ingest.page_named(ingest.attention[], text, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_header(days int4, attention ingest.attention[], health ingest.source_health[], w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
           '<header class="wrap"><p class="kind">', w ->> 'title', '</p><h1>', ingest.page_lead(page_header.attention, page_header.health, w), '</h1>',
           '<p class="names">' || nullif(concat_ws(' ', CASE WHEN n.broken <> '' THEN format(w ->> 'h_names_broken', n.broken) END,
                                                       CASE WHEN n.look <> '' THEN format(w ->> 'h_names_look', n.look) END), '') || '</p>',
           '<p class="at">',
           CASE WHEN o.newest_success_at IS NOT NULL
                THEN concat(format(w ->> 'h_newest', ingest.page_span(extract(epoch FROM now() - o.newest_success_at)::float8, w)), ' ') END,
           format(w ->> 'h_at', ingest.page_now(w), ingest.html(current_setting('TimeZone')), ingest.page_number(days, w)), '</p>',
           CASE WHEN o.sources > 0 THEN concat(
             '<dl class="cards">',
             '<div class="card"><dt>', w ->> 'c_sources', '</dt><dd class="big">', ingest.page_number(o.healthy + o.running, w), '<span class="of"> / ',
               ingest.page_number(o.sources, w), '</span></dd></div>',
             '<div class="card"><dt>', w ->> 'c_events', '</dt><dd class="big">', ingest.page_number(o.upcoming_events, w), '</dd></div>',
             '<div class="card"><dt>', w ->> 'c_new', '</dt><dd class="big">', ingest.page_number(o.created_24h, w), '</dd><dd class="small">',
               format(w ->> 'c_updated', ingest.page_number(o.updated_24h, w)), '</dd></div>',
             '<div class="card"><dt>', w ->> 'c_runs', '</dt><dd class="big">', ingest.page_number(o.jobs_24h, w), '</dd><dd class="small">',
               CASE o.failed_24h WHEN 0 THEN w ->> 'c_none_failed' ELSE concat('<span class="some">', ingest.page_count('c_failed', o.failed_24h, w), '</span>') END, '</dd></div>',
             '<div class="card"><dt>', w ->> 'c_refused', '</dt><dd class="big">', ingest.page_number(o.open_errors, w), '</dd></div>',
             '<div class="card"><dt><a href="#reviews">', w ->> 'c_reviews', '</a></dt><dd class="big">', ingest.page_number(o.open_reviews, w), '</dd></div>',
             '<div class="card"><dt>', w ->> 'c_next', '</dt>',
             coalesce((SELECT concat('<dd class="big">', CASE WHEN s.next_run_at > now()
                                                              THEN format(w ->> 'in', ingest.page_span(extract(epoch FROM s.next_run_at - now())::float8, w))
                                                              ELSE w ->> 'due' END,
                                     '</dd><dd class="small"><bdi>', ingest.html(s.source), '</bdi></dd>')
                         FROM ingest.schedule s
                        WHERE s.state = ANY (ARRAY['planned', 'waiting', 'rate_limited', 'backing_off'])
                        ORDER BY s.next_run_at, s.source
                        LIMIT 1),
                      concat('<dd class="small">', w ->> 'c_none', '</dd>')), '</div></dl>') END,
           '</header>', E'\n')
    FROM ingest.overview o,
         (SELECT ingest.page_named(page_header.attention, 'critical', w) AS broken, ingest.page_named(page_header.attention, 'warning', w) AS look) n;
END;
COMMENT ON FUNCTION ingest.page_header(int4, ingest.attention[], ingest.source_health[], jsonb) IS 'how it is in one sentence, and a few figures';
REVOKE ALL ON FUNCTION ingest.page_header(int4, ingest.attention[], ingest.source_health[], jsonb) FROM PUBLIC;

/* API: private.  Nobody has added a source: how to begin. */
CREATE FUNCTION ingest.page_welcome(w jsonb)
RETURNS text
LANGUAGE sql STABLE
RETURN concat('<section aria-labelledby="h-welcome"><h2 id="h-welcome">', w ->> 'h_none_why', '</h2><ol class="steps panel"><li><p>', w ->> 'h_step_1', '</p>',
              ingest.page_code('SELECT @extschema@.ingest_add_source(''montreal'')'), '</li><li><p>', w ->> 'h_step_2', '</p>',
              ingest.page_code('SELECT action, title, starts_at FROM @extschema@.ingest_preview(''montreal'')'), '</li><li><p>', w ->> 'h_step_3', '</p>',
              ingest.page_code('SELECT @extschema@.ingest_run(''montreal'')'), '</li><li><p>', w ->> 'h_step_4', '</p>',
              ingest.page_code('UPDATE ingest.source SET schedule = ''6 hours'' WHERE name = ''montreal'''), '</li></ol><p class="note">', w ->> 'h_others', '</p>',
              ingest.page_code('SELECT name, description, credentials FROM @extschema@.ingest_connectors()'), '</section>');
COMMENT ON FUNCTION ingest.page_welcome(jsonb) IS 'how to begin';
REVOKE ALL ON FUNCTION ingest.page_welcome(jsonb) FROM PUBLIC;
