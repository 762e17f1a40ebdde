------------------------------------------------------------------------------
-- Matching: what people look at
------------------------------------------------------------------------------

CREATE VIEW ingest.review_queue WITH (security_barrier) AS
SELECT r.listing_a, r.listing_b, round(r.score::numeric, 2) AS score,
       concat_ws('; ',
         format('titles %s %% alike', round(100 * (r.evidence ->> 'title')::numeric)),
         CASE
           WHEN a.starts_at = b.starts_at AND a.start_precision = 'minute' AND b.start_precision = 'minute' THEN 'the same start'
           WHEN a.start_precision = 'minute' AND b.start_precision = 'minute'
             THEN format('starts %s minutes apart', round(abs(extract(epoch FROM a.starts_at - b.starts_at)) / 60))
           ELSE 'the time is not known of both'
         END,
         CASE
           WHEN r.evidence -> 'venue' = 'null' THEN 'the place is not known of both'
           ELSE format('places %s %% alike', round(100 * (r.evidence ->> 'venue')::numeric))
         END,
         (SELECT string_agg(w, '; ') FROM jsonb_array_elements_text(r.evidence -> 'reasons') w)) AS reasons,
       nullif(concat_ws(', ', CASE WHEN a.title <> b.title THEN 'title' END,
                              CASE WHEN a.starts_at IS DISTINCT FROM b.starts_at THEN 'start' END,
                              CASE WHEN a.venue_name IS DISTINCT FROM b.venue_name THEN 'venue' END), '') AS differs,
       format('%s: %s, or %s: %s', a.source, a.title, b.source, b.title) AS summary,
       a.source AS source_a, b.source AS source_b, a.title AS title_a, b.title AS title_b,
       CASE a.start_precision WHEN 'minute' THEN to_char(ingest.at_zone(a.starts_at, a.zone), 'Dy YYYY-MM-DD HH24:MI')
         ELSE to_char(ingest.at_zone(a.starts_at, a.zone), 'Dy YYYY-MM-DD') END AS starts_a,
       CASE b.start_precision WHEN 'minute' THEN to_char(ingest.at_zone(b.starts_at, b.zone), 'Dy YYYY-MM-DD HH24:MI')
         ELSE to_char(ingest.at_zone(b.starts_at, b.zone), 'Dy YYYY-MM-DD') END AS starts_b,
       a.starts_at AS starts_at_a, b.starts_at AS starts_at_b, a.venue_name AS venue_a, b.venue_name AS venue_b, a.url AS url_a, b.url AS url_b,
       a.event_id AS event_a, b.event_id AS event_b, r.created_at AS since, now() - r.created_at AS age,
       format('SELECT @extschema@.ingest_merge(%s, %s)', least(a.event_id, b.event_id), greatest(a.event_id, b.event_id)) AS action,
       format('SELECT @extschema@.ingest_decide(%s, %s, ''distinct'')', r.listing_a, r.listing_b) AS if_distinct,
       format('SELECT @extschema@.ingest_match(%s, %s)', r.listing_a, r.listing_b) AS why
  FROM ingest.match_review r
  JOIN (SELECT l.*, coalesce(l.timezone, s.timezone) AS zone
          FROM ingest.listing l JOIN ingest.source s ON s.name = l.source) a ON a.id = r.listing_a
  JOIN (SELECT l.*, coalesce(l.timezone, s.timezone) AS zone
          FROM ingest.listing l JOIN ingest.source s ON s.name = l.source) b ON b.id = r.listing_b
 WHERE a.withdrawn_at IS NULL AND b.withdrawn_at IS NULL
 ORDER BY r.score DESC, r.created_at, r.listing_a, r.listing_b;
COMMENT ON VIEW ingest.review_queue IS 'pairs of listings that may be one event, for a person to decide; likeliest first';
COMMENT ON COLUMN ingest.review_queue.score IS 'how alike they are, 0 to 1';
COMMENT ON COLUMN ingest.review_queue.differs IS 'the fields that are not the same';
COMMENT ON COLUMN ingest.review_queue.reasons IS 'what speaks for it, and why the score alone does not decide';
COMMENT ON COLUMN ingest.review_queue.starts_a IS 'on the venue''s wall clock; without a time: only the day is known';
COMMENT ON COLUMN ingest.review_queue.action IS 'the statement that makes them one event';
COMMENT ON COLUMN ingest.review_queue.if_distinct IS 'the statement that keeps them apart for good';
COMMENT ON COLUMN ingest.review_queue.listing_a IS 'of ingest.listing, the one that came first';
COMMENT ON COLUMN ingest.review_queue.listing_b IS 'of ingest.listing, the one that came later';
COMMENT ON COLUMN ingest.review_queue.summary IS 'both, in a sentence';
COMMENT ON COLUMN ingest.review_queue.source_a IS 'source of the first';
COMMENT ON COLUMN ingest.review_queue.source_b IS 'source of the second';
COMMENT ON COLUMN ingest.review_queue.title_a IS 'title of the first';
COMMENT ON COLUMN ingest.review_queue.title_b IS 'title of the second';
COMMENT ON COLUMN ingest.review_queue.starts_b IS 'the same of the second';
COMMENT ON COLUMN ingest.review_queue.starts_at_a IS 'start of the first';
COMMENT ON COLUMN ingest.review_queue.starts_at_b IS 'start of the second';
COMMENT ON COLUMN ingest.review_queue.venue_a IS 'venue of the first';
COMMENT ON COLUMN ingest.review_queue.venue_b IS 'venue of the second';
COMMENT ON COLUMN ingest.review_queue.url_a IS 'page of the first';
COMMENT ON COLUMN ingest.review_queue.url_b IS 'page of the second';
COMMENT ON COLUMN ingest.review_queue.event_a IS 'the event of the first';
COMMENT ON COLUMN ingest.review_queue.event_b IS 'the event of the second';
COMMENT ON COLUMN ingest.review_queue.since IS 'when the question came up';
COMMENT ON COLUMN ingest.review_queue.age IS 'how long it has waited';
COMMENT ON COLUMN ingest.review_queue.why IS 'the statement that explains the score';

CREATE VIEW ingest.merges WITH (security_barrier) AS
SELECT m.id AS merge_id, m.at, m.by, m.rule, round(m.score::numeric, 2) AS score, m.job_id, t.note,
       m.listing_id, l.source, l.title, m.from_event, m.to_event, e.id AS event_id, e.title AS event_title,
       array_to_string(e.sources, ', ') AS sources, m.undone_at, t.undone_by,
       format('%s of %s %s "%s"', coalesce(l.title, 'a listing that is gone'), coalesce(l.source, '?'),
              CASE
                WHEN m.undone_at IS NOT NULL THEN 'was for a while one with'
                WHEN l.event_id IS DISTINCT FROM e.id THEN 'was, until it moved on, one with'
                ELSE 'is one with' END,
              coalesce(e.title, 'an event that is gone')) AS summary,
       CASE WHEN m.undone_at IS NULL AND l.event_id = e.id THEN format('SELECT @extschema@.ingest_undo(%s)', m.id) END AS action
  FROM ingest.merge_log m
  LEFT JOIN ingest.match_action t ON t.id = m.action_id
  LEFT JOIN ingest.listing l ON l.id = m.listing_id
  LEFT JOIN ingest.event_alias a ON a.old_id = m.to_event
  LEFT JOIN ingest.event e ON e.id = coalesce(a.event_id, m.to_event)
 WHERE m.rule <> 'undo' AND (m.score IS NOT NULL OR m.action_id IS NOT NULL)
 ORDER BY m.at DESC, m.id DESC;
COMMENT ON VIEW ingest.merges IS 'which listing joined which event, by whom and why, newest first; with the statement that takes it back';
COMMENT ON COLUMN ingest.merges.rule IS 'score: by itself; person: by ingest_merge(), ingest_split() or ingest_decide(); rematch: by ingest_rematch()';
COMMENT ON COLUMN ingest.merges.action IS 'the statement that takes it back; NULL: it was, or the listing has moved on';
COMMENT ON COLUMN ingest.merges.merge_id IS 'for ingest_undo()';
COMMENT ON COLUMN ingest.merges.at IS 'when';
COMMENT ON COLUMN ingest.merges.by IS 'the role whose run or decision it was';
COMMENT ON COLUMN ingest.merges.score IS 'how alike they were, 0 to 1; NULL: a person decided';
COMMENT ON COLUMN ingest.merges.job_id IS 'the run in which it came about';
COMMENT ON COLUMN ingest.merges.note IS 'what the person said about it';
COMMENT ON COLUMN ingest.merges.listing_id IS 'the listing that joined';
COMMENT ON COLUMN ingest.merges.source IS 'the source of that listing';
COMMENT ON COLUMN ingest.merges.title IS 'title of that listing';
COMMENT ON COLUMN ingest.merges.from_event IS 'the event that it was before';
COMMENT ON COLUMN ingest.merges.to_event IS 'the event that it joined';
COMMENT ON COLUMN ingest.merges.event_id IS 'that event''s id now, should it have been merged itself';
COMMENT ON COLUMN ingest.merges.event_title IS 'title of the event now';
COMMENT ON COLUMN ingest.merges.sources IS 'the sources that list the event now';
COMMENT ON COLUMN ingest.merges.undone_at IS 'when it was taken back';
COMMENT ON COLUMN ingest.merges.undone_by IS 'who took it back';
COMMENT ON COLUMN ingest.merges.summary IS 'what became one with what, in a sentence';

/*
 * A festival and its days, an exhibition and its opening: an event that goes
 * on for more than a day and a half, and one within it at the same place whose
 * title has the other's.  They are looked up, not stored: that is never stale.
 */
CREATE VIEW ingest.event_parents WITH (security_barrier) AS
WITH named AS
(
  SELECT e.id, e.title, e.starts_at, e.ends_at, e.ends_at - e.starts_at > interval '36 hours' AS lasts,
         @extschema@.ingest_normalise(e.title) AS words, @extschema@.ingest_normalise(e.venue_name) AS place
    FROM ingest.event e
   WHERE e.starts_at IS NOT NULL AND e.venue_name IS NOT NULL AND e.status <> 'withdrawn'
)
SELECT c.id AS child, p.id AS parent, c.title AS child_title, p.title AS parent_title, c.starts_at AS child_starts_at,
       p.starts_at AS parent_starts_at, p.ends_at AS parent_ends_at
  FROM named p
  JOIN named c ON c.place = p.place AND c.id <> p.id
 WHERE p.lasts AND p.place <> '' AND p.words <> '' AND c.words <> ''
   AND c.starts_at >= p.starts_at AND c.starts_at < p.ends_at
   AND coalesce(c.ends_at, c.starts_at) <= p.ends_at
   AND NOT (coalesce(c.lasts, false) AND c.ends_at - c.starts_at >= p.ends_at - p.starts_at)
   AND (position(' ' || p.words || ' ' IN ' ' || c.words || ' ') > 0
        OR position(' ' || c.words || ' ' IN ' ' || p.words || ' ') > 0)
 ORDER BY p.starts_at, p.id, c.starts_at, c.id;
COMMENT ON VIEW ingest.event_parents IS 'events within others: the days of a festival, the opening of an exhibition';
COMMENT ON COLUMN ingest.event_parents.child IS 'id of the event within the other';
COMMENT ON COLUMN ingest.event_parents.parent IS 'id of the event that goes on for longer';
COMMENT ON COLUMN ingest.event_parents.child_title IS 'title of the one within';
COMMENT ON COLUMN ingest.event_parents.parent_title IS 'title of the longer one';
COMMENT ON COLUMN ingest.event_parents.child_starts_at IS 'start of the one within';
COMMENT ON COLUMN ingest.event_parents.parent_starts_at IS 'start of the longer one';
COMMENT ON COLUMN ingest.event_parents.parent_ends_at IS 'end of the longer one';

CREATE VIEW ingest.series WITH (security_barrier) AS
SELECT l.source, l.series_id, min(l.title) AS title, min(l.venue_name) AS venue_name,
       l.series_id IS NOT NULL AS given, count(DISTINCT l.event_id) AS nb_events,
       min(l.starts_at) AS first_starts_at, max(l.starts_at) AS last_starts_at,
       array_agg(DISTINCT l.event_id) AS event_ids
  FROM ingest.listing l
 WHERE l.withdrawn_at IS NULL
 GROUP BY l.source, l.series_id,
          CASE WHEN l.series_id IS NULL THEN @extschema@.ingest_normalise(l.title) END,
          CASE WHEN l.series_id IS NULL THEN @extschema@.ingest_normalise(coalesce(l.venue_name, '')) END
HAVING count(DISTINCT l.event_id) > 1
 ORDER BY first_starts_at, l.source, title;
COMMENT ON VIEW ingest.series IS 'events that recur: by the source''s own series_id, or one title at one place in one source';
COMMENT ON COLUMN ingest.series.given IS 'the source says that they are a series; false: they only share title and place';
COMMENT ON COLUMN ingest.series.source IS 'name of the source';
COMMENT ON COLUMN ingest.series.series_id IS 'the source''s own id of the series; NULL: it gives none';
COMMENT ON COLUMN ingest.series.title IS 'title of one of its events';
COMMENT ON COLUMN ingest.series.venue_name IS 'venue of one of its events';
COMMENT ON COLUMN ingest.series.nb_events IS 'how many events';
COMMENT ON COLUMN ingest.series.first_starts_at IS 'start of the first';
COMMENT ON COLUMN ingest.series.last_starts_at IS 'start of the last';
COMMENT ON COLUMN ingest.series.event_ids IS 'of ingest.event';
