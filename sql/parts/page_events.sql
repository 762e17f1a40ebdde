------------------------------------------------------------------------------
-- The page: events that wait for a decision, have gaps, or are gone; storage
------------------------------------------------------------------------------

/* API: private.  A title; a link where the source gives a web address. */
CREATE FUNCTION ingest.page_title(title text, url text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN url ~ '^https?://[^[:space:]]+$' AND length(url) <= 2000
            THEN concat('<a rel="noopener noreferrer" href="', ingest.html(url), '"><bdi>', ingest.html(left(title, 200)), '</bdi></a>')
            ELSE concat('<bdi>', ingest.html(left(title, 200)), '</bdi>') END;
COMMENT ON FUNCTION ingest.page_title(text, text) IS 'a title of the page';
REVOKE ALL ON FUNCTION ingest.page_title(text, text) FROM PUBLIC;

/* API: private.  The oldest pairs to decide, side by side, with both answers. */
CREATE FUNCTION ingest.page_reviews(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'reviews_none', '</p></div>')
         ELSE concat('<div class="pairs">', string_agg(concat(
                '<div class="panel pair"><table class="dense"><caption>', format(w ->> 'alike', format(w ->> 'percent', round(100 * q.score))), '</caption><thead><tr><td></td><th scope="col"><bdi>',
                ingest.html(q.source_a), '</bdi></th><th scope="col"><bdi>', ingest.html(q.source_b), '</bdi></th></tr></thead><tbody>',
                (SELECT string_agg(concat('<tr><th scope="row">', w ->> f.key, '</th>',
                                          CASE WHEN f.differs THEN concat('<td><mark>', coalesce(f.a, '&ndash;'), '</mark></td><td><mark>', coalesce(f.b, '&ndash;'), '</mark></td>')
                                               ELSE concat('<td>', coalesce(f.a, '&ndash;'), '</td><td>', coalesce(f.b, '&ndash;'), '</td>') END, '</tr>'), '' ORDER BY f.place)
                   FROM (VALUES (1, 'name', ingest.page_title(q.title_a, q.url_a), ingest.page_title(q.title_b, q.url_b), q.title_a <> q.title_b),
                                (2, 'start', q.start_a, q.start_b, q.start_a IS DISTINCT FROM q.start_b),
                                (3, 'venue', '<bdi>' || ingest.html(left(q.venue_a, 200)) || '</bdi>', '<bdi>' || ingest.html(left(q.venue_b, 200)) || '</bdi>',
                                 q.venue_a IS DISTINCT FROM q.venue_b)) AS f (place, key, a, b, differs)),
                '</tbody></table><div class="do">', ingest.page_command(q.action, w), ingest.page_command(q.if_distinct, w), '</div></div>'),
                '' ORDER BY q.since, q.listing_a, q.listing_b), '</div><p class="note">', w ->> 'reviews_note',
                CASE WHEN max(q.total) > 6 THEN concat(' ', format(w ->> 'more', ingest.page_number(max(q.total) - 6, w)), w ->> 'colon', '<code>SELECT * FROM ingest.review_queue</code>') END, '</p>')
         END
    FROM (SELECT v.*, (SELECT count(*) FROM ingest.match_review) AS total,
                 ingest.page_start(t.local_a, t.hour_a, w) AS start_a, ingest.page_start(t.local_b, t.hour_b, w) AS start_b
            FROM (SELECT * FROM ingest.review_queue ORDER BY since, listing_a, listing_b LIMIT 6) v
           CROSS JOIN LATERAL (SELECT substring(v.starts_a FROM '[0-9].*')::timestamp AS local_a, v.starts_a ~ ':' AS hour_a,
                                      substring(v.starts_b FROM '[0-9].*')::timestamp AS local_b, v.starts_b ~ ':' AS hour_b) t) q;
END;
COMMENT ON FUNCTION ingest.page_reviews(jsonb) IS 'the oldest pairs to decide, side by side';
REVOKE ALL ON FUNCTION ingest.page_reviews(jsonb) FROM PUBLIC;

/* API: private.  Sources by fields, those that have lost most among the first. */
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
    SELECT q.source, max(q.total) AS total, round(least(min(q.filled::float8 / q.total - q.usual), 0)::numeric, 1) AS lost
      FROM ingest.source_quality q
     WHERE q.total > 0
     GROUP BY q.source
     ORDER BY 3, 2 DESC, 1
     LIMIT 20
  ),
  cell AS
  (
    SELECT c.source, c.total, c.lost, f.place, q.percent, 100 * q.usual AS usual, q.percent - 100 * q.usual AS change
      FROM chosen c
     CROSS JOIN field f
      LEFT JOIN (SELECT x.source, x.field, x.usual, round(100.0 * x.filled / nullif(x.total, 0)) AS percent FROM ingest.source_quality x) q
        ON q.source = c.source AND q.field = f.key
  ),
  line AS
  (
    SELECT c.source, c.total, c.lost,
           concat('<tr><th scope="row"><bdi>', ingest.html(c.source), '</bdi></th>',
                  string_agg(concat('<td class="n', CASE WHEN c.change <= -10 THEN ' fell' WHEN c.percent = 0 THEN ' zero' END, '" style="--part:', round(coalesce(c.percent, 0) / 100.0, 2), '">', c.percent,
                                    CASE WHEN abs(c.change) >= 10
                                         THEN concat('<span title="', format(w ->> 'usually', format(w ->> 'percent', round(c.usual::numeric))), '"><span aria-hidden="true">',
                                                     CASE WHEN c.change < 0 THEN '&darr;' ELSE '&uarr;' END, '</span><span class="sr"> ',
                                                     format(w ->> 'usually', format(w ->> 'percent', round(c.usual::numeric))), '</span></span>') END,
                                    '</td>'), '' ORDER BY c.place), '</tr>') AS html
      FROM cell c
     GROUP BY c.source, c.total, c.lost
  )
  SELECT CASE WHEN NOT EXISTS (SELECT FROM line) THEN concat('<div class="panel"><p class="zero">', w ->> 'quality_none', '</p></div>')
         ELSE concat('<div class="panel"><div class="scroll" tabindex="0" role="region" aria-label="', w ->> 'quality', '"><table class="matrix dense"><caption>', w ->> 'quality',
                '</caption><thead><tr><th scope="col">', w ->> 'source', '</th>',
                (SELECT string_agg(concat('<th scope="col" class="n">', w ->> f.key, '</th>'), '' ORDER BY f.place) FROM field f),
                '</tr></thead><tbody>', (SELECT string_agg(l.html, E'\n' ORDER BY l.lost, l.total DESC, l.source) FROM line l), '</tbody></table></div><p class="note">', w ->> 'quality_note',
                (SELECT CASE WHEN count(DISTINCT q.source) > 20 THEN concat(' ', format(w ->> 'calendar_more', 20, ingest.page_number(count(DISTINCT q.source), w))) END
                   FROM ingest.source_quality q WHERE q.total > 0), '</p></div>')
         END;
END;
COMMENT ON FUNCTION ingest.page_quality(jsonb) IS 'sources by fields';
REVOKE ALL ON FUNCTION ingest.page_quality(jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_vanished(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN concat('<div class="panel"><p class="zero">', w ->> 'vanished_none', '</p></div>')
         ELSE concat('<div class="panel"><table class="dense"><caption>', w ->> 'vanished_caption', '</caption><thead><tr><th scope="col">', w ->> 'event', '</th><th scope="col">', w ->> 'status',
                     '</th><th scope="col">', w ->> 'start', '</th></tr></thead><tbody>',
                string_agg(concat('<tr><th scope="row">', ingest.page_title(d.title, d.url), '<span class="sub"><bdi>', ingest.html(d.source), '</bdi>',
                                  CASE WHEN d.other_listings > 0 THEN concat(' &middot; ', format(w ->> 'still_told', ingest.page_number(d.other_listings, w))) END,
                                  '</span></th><td>', ingest.page_badge(d.state, w ->> ('v_' || d.state)), '</td><td>', ingest.page_start(d.local, d.start_precision = 'minute', w), '</td></tr>'),
                           E'\n' ORDER BY d.place) FILTER (WHERE d.place <= 12), '</tbody></table><p class="note">', w ->> 'vanished_note',
                CASE WHEN count(*) > 12 THEN concat(' ', format(w ->> 'more', ingest.page_number(count(*) - 12, w)), w ->> 'colon', '<code>SELECT * FROM ingest.disappeared</code>') END, '</p></div>')
         END
    FROM (SELECT x.*, l.url, l.start_precision,
                 coalesce(ingest.at_zone(l.starts_at, coalesce(l.timezone, s.timezone)), l.starts_at AT TIME ZONE 'UTC') AS local
            -- numbered before the joins, which need not keep the order
            FROM (SELECT v.*, row_number() OVER () AS place FROM (SELECT * FROM ingest.disappeared LIMIT 1000) v) x
            JOIN ingest.listing l ON l.id = x.listing_id
            JOIN ingest.source s ON s.name = l.source) d;
END;
COMMENT ON FUNCTION ingest.page_vanished(jsonb) IS 'what has vanished upstream';
REVOKE ALL ON FUNCTION ingest.page_vanished(jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_storage(w jsonb)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat('<div class="panel"><table class="dense"><caption>', w ->> 'storage', '</caption><thead><tr><th scope="col">', w ->> 'table', '</th><th scope="col" class="n">', w ->> 'rows',
                '</th><th scope="col" class="n">', w ->> 'size', '</th></tr></thead><tbody>',
                string_agg(concat('<tr><th scope="row"><span translate="no">', ingest.html(s."table"), '</span>',
                                  CASE WHEN s.retention LIKE '%ingest.%' THEN concat('<span class="sub" translate="no">', ingest.html(substring(s.retention FROM 'ingest[.].*')), '</span>') END,
                                  '</th><td class="n">', ingest.page_number(s.rows, w), '</td><td class="n nowrap">', ingest.page_bytes(s.bytes, w), '</td></tr>'),
                           E'\n' ORDER BY s.place) FILTER (WHERE s.place <= 6),
                '</tbody><tfoot><tr><th scope="row">', w ->> 'total', '</th><td></td><td class="n nowrap">', ingest.page_bytes(sum(s.bytes)::int8, w), '</td></tr></tfoot></table></div>')
    FROM (SELECT x.*, row_number() OVER (ORDER BY x.bytes DESC, x."table") AS place FROM ingest.storage x) s;
END;
COMMENT ON FUNCTION ingest.page_storage(jsonb) IS 'how big all this is';
REVOKE ALL ON FUNCTION ingest.page_storage(jsonb) FROM PUBLIC;
