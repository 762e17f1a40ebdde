-- One event from the listings of several sources, by exact fingerprint
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY terse
SET timezone = 'America/Toronto';

CREATE FUNCTION pg_temp.eb(id text, title text, day int, venue text, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object(
    'id', id, 'name', jsonb_build_object('text', title),
    'start', jsonb_build_object('timezone', 'America/Toronto',
      'local', format('2027-06-%sT20:00:00', lpad(day::text, 2, '0')),
      'utc', format('2027-06-%sT00:00:00Z', lpad((day + 1)::text, 2, '0'))),
    'status', 'live', 'listed', true, 'changed', '2027-01-01T00:00:00Z',
    'venue', jsonb_build_object('name', venue)) || more
$$;
CREATE FUNCTION pg_temp.push(source text, VARIADIC events jsonb[]) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s created, %s updated, %s merged', nb_created, nb_updated, nb_merged)
    FROM ingest_import(source, jsonb_build_object('events', to_jsonb(events))::text)
$$;
CREATE VIEW pg_temp.events AS
  SELECT e.title, e.status, e.description, e.nb_listings, e.sources,
         (SELECT array_agg(l.source || '/' || l.source_id ORDER BY l.source, l.source_id) FROM ingest.listing l WHERE l.event_id = e.id) AS listings
    FROM ingest.event e ORDER BY e.starts_at, listings;

SELECT count(*) FROM (VALUES ('a', 100), ('b', 200), ('c', 50)) v (n, p),
  LATERAL ingest_add_source(n, 'eventbrite',
    '{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}', priority => p);

-- accents, case and status marks do not part them; the higher priority's title counts
SELECT pg_temp.push('a', pg_temp.eb('1', 'Soirée Électro', 1, 'MTELUS', '{"summary": "Only a describes it."}'),
                         pg_temp.eb('2', 'Autre chose', 1, 'MTELUS'));
SELECT pg_temp.push('b', pg_temp.eb('x', '[COMPLET] SOIREE ELECTRO', 1, 'Mtelus'));
SELECT pg_temp.push('c', pg_temp.eb('9', 'Soirée électro', 2, 'MTELUS'));
SELECT * FROM pg_temp.events;
SELECT rule, from_event IS NULL AS was_new, undone_at FROM ingest.merge_log;

-- one source's two listings are two events, whoever came first
SELECT pg_temp.push('c', pg_temp.eb('p1', 'Deux salles', 5, 'Bar'), pg_temp.eb('p2', 'Deux salles', 5, 'Bar'));
SELECT pg_temp.push('a', pg_temp.eb('q1', 'Deux salles', 5, 'Bar'));
SELECT pg_temp.push('b', pg_temp.eb('r1', 'Deux salles', 5, 'Bar'), pg_temp.eb('r2', 'Deux salles', 5, 'Bar'));
SELECT * FROM pg_temp.events WHERE title = 'Deux salles';

-- a listing that becomes something else leaves, and the id stays with the others
SELECT id AS shared FROM ingest.event WHERE nb_listings = 2 AND 'a' = ANY (sources) AND title ILIKE '%electro%' \gset
SELECT pg_temp.push('b', pg_temp.eb('x', 'Soirée disco', 1, 'MTELUS'));
SELECT source_id, event_id = :shared AS kept_the_id FROM ingest.listing WHERE source_id IN ('1', 'x') ORDER BY 1;
-- and comes back; the id it had meanwhile leads to the event it joined
SELECT event_id AS left_for FROM ingest.listing WHERE source_id = 'x' \gset
SELECT pg_temp.push('b', pg_temp.eb('x', 'Soirée électro', 1, 'MTELUS'));
SELECT source_id, event_id = :shared AS kept_the_id FROM ingest.listing WHERE source_id IN ('1', 'x') ORDER BY 1;
SELECT old_id = :left_for AS old_id, event_id = :shared AS new_id FROM ingest.event_alias;

-- a cancellation of the source that counts cancels the event; an unheard one does not
SELECT pg_temp.push('b', pg_temp.eb('x', 'Soirée électro', 1, 'MTELUS', '{"status": "canceled"}'));
SELECT title, status FROM ingest.event WHERE id = :shared;

-- every event is a function of its listings
SELECT count(*) AS empty_events FROM ingest.event e WHERE NOT EXISTS (SELECT FROM ingest.listing l WHERE l.event_id = e.id);
SELECT count(*) AS wrong_counts FROM ingest.event e
 WHERE nb_listings <> (SELECT count(*) FROM ingest.listing l WHERE l.event_id = e.id)
    OR sources <> (SELECT array_agg(DISTINCT l.source::text ORDER BY l.source::text) FROM ingest.listing l WHERE l.event_id = e.id);

-- the same listings in another order and other batches give the same events
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.events;
TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key, ingest.merge_log,
         ingest.match_decision, ingest.match_review;
SELECT pg_temp.push('b', pg_temp.eb('r2', 'Deux salles', 5, 'Bar'));
SELECT pg_temp.push('b', pg_temp.eb('x', 'Soirée électro', 1, 'MTELUS', '{"status": "canceled"}'), pg_temp.eb('r1', 'Deux salles', 5, 'Bar'));
SELECT pg_temp.push('a', pg_temp.eb('q1', 'Deux salles', 5, 'Bar'), pg_temp.eb('2', 'Autre chose', 1, 'MTELUS'));
SELECT pg_temp.push('c', pg_temp.eb('p2', 'Deux salles', 5, 'Bar'));
SELECT pg_temp.push('a', pg_temp.eb('1', 'Soirée Électro', 1, 'MTELUS', '{"summary": "Only a describes it."}'));
SELECT pg_temp.push('c', pg_temp.eb('p1', 'Deux salles', 5, 'Bar'), pg_temp.eb('9', 'Soirée électro', 2, 'MTELUS'));
(TABLE before EXCEPT TABLE pg_temp.events) UNION ALL (TABLE pg_temp.events EXCEPT TABLE before);
