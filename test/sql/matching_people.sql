-- People and matching: verdicts that outlive imports, merges taken back to the letter
DROP EXTENSION ingest;
CREATE EXTENSION ingest;
\set VERBOSITY default
SET timezone = 'America/Toronto';

CREATE FUNCTION pg_temp.eb(id text, title text, local text, venue text, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object(
    'id', id, 'name', jsonb_build_object('text', title),
    'start', jsonb_build_object('timezone', 'America/Toronto', 'local', local,
      'utc', to_char(local::timestamp AT TIME ZONE 'America/Toronto' AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
    'status', 'live', 'listed', true, 'changed', '2027-01-01T00:00:00Z',
    'venue', jsonb_build_object('name', venue)) || more
$$;
CREATE FUNCTION pg_temp.push(source text, VARIADIC events jsonb[]) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s created, %s updated, %s merged, %s in review', nb_created, nb_updated, nb_merged, nb_review)
    FROM ingest_import(source, jsonb_build_object('events', to_jsonb(events))::text)
$$;
CREATE FUNCTION pg_temp.l(name text) RETURNS int8 LANGUAGE sql AS $$
  SELECT id FROM ingest.listing WHERE source || '/' || source_id = name $$;
CREATE FUNCTION pg_temp.e(name text) RETURNS int8 LANGUAGE sql AS $$
  SELECT event_id FROM ingest.listing WHERE source || '/' || source_id = name $$;
CREATE VIEW pg_temp.events AS
  SELECT string_agg(l.source || '/' || l.source_id, ' ' ORDER BY l.source, l.source_id) AS listings
    FROM ingest.listing l GROUP BY event_id ORDER BY 1;
-- all there is, to the letter
CREATE FUNCTION pg_temp.state() RETURNS TABLE (line text) LANGUAGE sql AS $$
  SELECT to_jsonb(e)::text FROM ingest.event e UNION ALL SELECT to_jsonb(a)::text FROM ingest.event_alias a
  UNION ALL SELECT to_jsonb(d)::text FROM ingest.match_decision d UNION ALL SELECT to_jsonb(r)::text FROM ingest.match_review r
  UNION ALL SELECT to_jsonb(v)::text FROM ingest.venue_alias v
  UNION ALL SELECT id || ' ' || event_id FROM ingest.listing
$$;

SELECT count(*) FROM unnest('{a,b,c}'::text[]) s, LATERAL ingest_add_source(s, 'eventbrite',
    '{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}', timezone => 'America/Toronto');

-- a question: nothing but the time between them
SELECT pg_temp.push('a', pg_temp.eb('1', 'Orchestre Zorn', '2027-06-01T20:00:00', 'Métropolis'));
SELECT pg_temp.push('b', pg_temp.eb('1', 'Orchestre Zorn', '2027-06-01T20:00:00', 'MTELUS'));
SELECT pg_temp.push('c', pg_temp.eb('1', 'L''orchestre Zorn', '2027-06-01T20:45:00', 'Bar Chez Rita'));
SELECT * FROM pg_temp.events;
SELECT ingest_match(pg_temp.l('a/1'), pg_temp.l('b/1'));
SELECT ingest_match(pg_temp.l('a/1'), pg_temp.l('b/1')) = ingest_match(pg_temp.l('b/1'), pg_temp.l('a/1')) AS symmetric;

-- a person merges: the older id survives, the venue's other name is learned
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.state();
SELECT pg_temp.e('a/1') AS older, pg_temp.e('b/1') AS younger \gset
SELECT pg_sleep(0.01);
SELECT ingest_merge(:younger, :older, 'the hall was renamed') = :older AS survives;
SELECT * FROM pg_temp.events;
SELECT alias, venue, created_by = session_user AS by_me FROM ingest.venue_alias;
SELECT verdict, decided_by = session_user AS by_me, note FROM ingest.match_decision;
SELECT event_id = :older AS leads_to_it FROM ingest.event_alias WHERE old_id = :younger;
-- by the former id, and again
SELECT ingest_merge(:younger, :older) = :older AS survives;
-- and it holds, whatever the sources say later
SELECT pg_temp.push('b', pg_temp.eb('1', 'Orchestre Zorn', '2027-06-08T20:00:00', 'MTELUS'));
SELECT * FROM pg_temp.events;
SELECT ingest_match(pg_temp.l('a/1'), pg_temp.l('b/1')) #- '{decision,at}' #- '{decision,by}';
SELECT pg_temp.push('b', pg_temp.eb('1', 'Orchestre Zorn', '2027-06-01T20:00:00', 'MTELUS'));

-- taken back: as if it had never been
SELECT merge_id, action AS undo_it FROM ingest.merges WHERE action IS NOT NULL AND listing_id = pg_temp.l('b/1') \gset
SELECT rule, by = session_user AS by_me, note, summary, action IS NOT NULL AS can_be_undone FROM ingest.merges;
:undo_it;
SELECT * FROM pg_temp.events;
SELECT line FROM pg_temp.state() EXCEPT TABLE before;
SELECT line FROM before EXCEPT SELECT * FROM pg_temp.state();
\set VERBOSITY terse
SELECT ingest_undo(:merge_id);
SELECT summary, undone_by = session_user AS by_me, action FROM ingest.merges;

-- what the score merged, taken back: it does not come again
SELECT pg_temp.push('a', pg_temp.eb('2', 'Cabaret Lumen', '2027-06-02T20:00:00', 'Café Cléo'));
SELECT pg_temp.push('b', pg_temp.eb('2', 'Cabaret Lumen', '2027-06-02T20:00:00', 'Café Cléo'));
SELECT pg_temp.push('c', pg_temp.eb('2', 'Cabaret Lumen', '2027-06-02T20:00:00', 'Café Cléo'));
SELECT ingest_undo(merge_id, 'another show') FROM ingest.merges WHERE listing_id = pg_temp.l('b/2');
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';
SELECT pg_temp.push(s, pg_temp.eb('2', 'Cabaret Lumen', '2027-06-02T20:' || m || ':00', 'Café Cléo'))
  FROM unnest('{05,10,00}'::text[]) m, unnest('{a,b,c}'::text[]) s;
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';

-- a split: the id stays with the others
SELECT pg_temp.e('a/2') AS event_id \gset
SELECT ingest_split(pg_temp.l('a/2')) <> :event_id AS a_new_one;
SELECT pg_temp.e('c/2') = :event_id AS kept;
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';
SELECT ingest_undo(max(merge_id)) FROM ingest.merges;
SELECT pg_temp.e('a/2') = :event_id AS back;
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';

-- a verdict on two listings, and taking it back
SELECT ingest_decide(pg_temp.l('a/2'), pg_temp.l('b/2'), NULL);
SELECT ingest_decide(pg_temp.l('c/2'), pg_temp.l('b/2'), NULL);
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';
SELECT ingest_decide(pg_temp.l('a/2'), pg_temp.l('c/2'), 'distinct', 'two shows');
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';
SELECT ingest_decide(pg_temp.l('a/2'), pg_temp.l('c/2'), 'same');
SELECT * FROM pg_temp.events WHERE listings LIKE '%/2%';

-- the queue, and its commands
SELECT pg_temp.push('a', pg_temp.eb('3', 'Lecture Marlot', '2027-06-03T20:00:00', 'Café Cléo'));
SELECT pg_temp.push('b', pg_temp.eb('3', 'Lecture Marlot', '2027-06-03T16:00:00', 'Café Cléo'));
SELECT score, reasons, source_a, source_b, title_a, title_b, starts_a, starts_b, venue_a, venue_b, differs FROM ingest.review_queue;
SELECT if_distinct FROM ingest.review_queue \gset
:if_distinct;
SELECT count(*) FROM ingest.review_queue;
SELECT pg_temp.push('b', pg_temp.eb('3', 'Lecture Marlot', '2027-06-03T20:00:00', 'Café Cléo'));
SELECT * FROM pg_temp.events WHERE listings LIKE '%/3%';

-- words of one's own, applied to what is stored
SELECT pg_temp.push('a', pg_temp.eb('4', 'Grand tralala Quimper', '2027-06-04T20:00:00', 'Le Vieux Hangar'));
SELECT pg_temp.push('b', pg_temp.eb('4', 'Grand tralala Quimper', '2027-06-04T20:00:00', 'Usine C12'));
SELECT * FROM pg_temp.events WHERE listings LIKE '%/4%';
INSERT INTO ingest.venue_alias VALUES ('usine c12', 'le vieux hangar', session_user);
CALL ingest_rematch();
SELECT * FROM pg_temp.events WHERE listings LIKE '%/4%';
SELECT rule FROM ingest.merges WHERE listing_id IN (pg_temp.l('a/4'), pg_temp.l('b/4'));

-- a word of one's own: what is stored becomes what a new import would make of it
SELECT pg_temp.push('a', pg_temp.eb('5', 'Patinage Lafontaine', '2027-06-05T20:00:00', 'Gymnase Papineau'));
SELECT pg_temp.push('b', pg_temp.eb('5', 'Skating Lafontaine', '2027-06-05T20:00:00', 'Gymnase Papineau'));
SELECT pg_temp.push('c', pg_temp.eb('5', 'Patinage Molson', '2027-06-05T20:00:00', 'Gymnase Papineau'));
CREATE FUNCTION pg_temp.grouping() RETURNS TABLE (listings text) LANGUAGE sql AS $$
  SELECT string_agg(source || '/' || source_id, ' ' ORDER BY source) FROM ingest.listing WHERE source_id IN ('5', '6') GROUP BY event_id ORDER BY 1 $$;
SELECT * FROM pg_temp.grouping();
INSERT INTO ingest.match_word VALUES ('patinage', 'generic', 'skating'), ('skating', 'generic', 'skating');
CALL ingest_rematch();
CREATE TEMP TABLE rematched AS SELECT * FROM pg_temp.grouping();
TABLE rematched;
SELECT count(*) FROM ingest.match_review;
TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key, ingest.match_review, ingest.match_decision, ingest.merge_log, ingest.withdrawal_hold;
SELECT pg_temp.push('c', pg_temp.eb('5', 'Patinage Molson', '2027-06-05T20:00:00', 'Gymnase Papineau'));
SELECT pg_temp.push('b', pg_temp.eb('5', 'Skating Lafontaine', '2027-06-05T20:00:00', 'Gymnase Papineau'));
SELECT pg_temp.push('a', pg_temp.eb('5', 'Patinage Lafontaine', '2027-06-05T20:00:00', 'Gymnase Papineau'));
SELECT * FROM rematched EXCEPT SELECT * FROM pg_temp.grouping();
SELECT count(*) FROM ingest.match_review;

-- names of venues are learned from a person's merge, and forgotten with it; never from names of no place
TRUNCATE ingest.venue_alias;
CREATE FUNCTION pg_temp.merge_at(venue_a text, venue_b text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.push('a', pg_temp.eb('6', 'Fanfare Pourpour', '2027-06-06T20:00:00', venue_a));
  PERFORM pg_temp.push('b', pg_temp.eb('6', 'Fanfare Pourpour', '2027-06-06T16:00:00', venue_b));
  PERFORM ingest_merge(least(pg_temp.e('a/6'), pg_temp.e('b/6')), greatest(pg_temp.e('a/6'), pg_temp.e('b/6')));
  RETURN (SELECT coalesce(string_agg(alias || ' = ' || venue, ', '), 'nothing') FROM ingest.venue_alias);
END $$;
CREATE FUNCTION pg_temp.take_back() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ingest_undo(max(merge_id)) FROM ingest.merges WHERE rule = 'person' AND action IS NOT NULL;
  RETURN (SELECT coalesce(string_agg(alias || ' = ' || venue, ', '), 'nothing') FROM ingest.venue_alias);
END $$;
SELECT pg_temp.merge_at('Le Vieux Hangar', 'Usine Quatorze') AS learned, pg_temp.take_back() AS taken_back;
SELECT pg_temp.merge_at('Le Vieux Hangar', v) AS learned, pg_temp.take_back() AS taken_back
  FROM unnest('{Salle,En ligne,Lieu à confirmer,TBA,Divers lieux,"Bibliothèques Frontenac et Marc-Favreau"}'::text[]) v;

-- mistakes, with hints
\set VERBOSITY default
SELECT ingest_merge(999999, 1);
SELECT ingest_split(999999);
SELECT ingest_split(pg_temp.l('c/5'));
SELECT ingest_decide(pg_temp.l('a/5'), pg_temp.l('a/5'), 'same');
SELECT ingest_decide(pg_temp.l('a/5'), pg_temp.l('b/5'), 'perhaps');
SELECT ingest_match(999999, 1);
SELECT ingest_undo(999999);
SELECT ingest_undo(NULL);
BEGIN;
CALL ingest_rematch();
ROLLBACK;
\set VERBOSITY terse

-- who did what
SELECT action, by = session_user AS by_me, at IS NOT NULL AS at, note, undone_at IS NOT NULL AS undone FROM ingest.match_action ORDER BY id;
SELECT count(*) AS empty_events FROM ingest.event e WHERE NOT EXISTS (SELECT FROM ingest.listing l WHERE l.event_id = e.id);
