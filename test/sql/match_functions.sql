-- What listings are compared by: normalised text and the exact fingerprint
\set VERBOSITY terse

-- case, accents, ligatures and punctuation don't count; digits do
-- (not aligned: versions of psql differ in the width of characters)
\pset format unaligned
SELECT text, ingest_normalise(text) FROM (VALUES
  ('L''ŒUVRE : déjà 25 ans !'), (E'Cafe\u0301'), ('ＲＯＣＫ ½'), ('Straße, ŁÓDŹ'),
  ('MTELUS™'), ('Чайковский'), (E'\u1109\u1165\u110B\u116E\u11AF'), ('')) v (text);
\pset format aligned
SELECT ingest_normalise('🎉🎉 !!!') = '' AS nothing_left, ingest_normalise(NULL) IS NULL AS unknown;

-- any length
SELECT length(ingest_normalise(repeat('Été, ', 200000))) AS length,
       md5(ingest_normalise(repeat('Été, ', 200000))) = md5(rtrim(repeat('ete ', 200000))) AS same;

-- the collation has no say
SELECT ingest_normalise('ISTANBUL İı' COLLATE "C") COLLATE "C"
     = ingest_normalise('istanbul ii' COLLATE "POSIX") COLLATE "C" AS same;

-- status marks don't part listings, sessions do
SELECT title, ingest_fingerprint(title, 'MTELUS', '2027-06-10 20:00')
            = ingest_fingerprint('Soirée', 'MTELUS', '2027-06-10 20:00') AS same
  FROM (VALUES ('SOIREE'), ('[ANNULÉ] Soirée'), ('Complet - Soirée'), ('Soirée (postponed)'),
               ('[LATE] Soirée'), ('Soirée 2'), ('Annulé Soirée')) v (title);

-- stored keys: no version may change them
SELECT ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10 20:00') AS timed,
       ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10 20:00', true) AS untimed,
       ingest_fingerprint('Jazz', 'MTELUS', '1969-12-31 23:59:59.999') AS early;
SELECT ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10 20:00:59.9')
     = ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10 20:00') AS same_minute,
       ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10 20:00', true)
     = ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10', true) AS same_day,
       ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10')
     = ingest_fingerprint('Jazz', 'MTELUS', '2027-06-10', true) AS midnight_is_untimed;

-- too little is known
SELECT ingest_fingerprint(title, venue, start) IS NULL AS no_key
  FROM (VALUES (NULL, 'MTELUS', timestamp '2027-06-10 20:00'), ('Jazz', NULL, '2027-06-10 20:00'),
               ('Jazz', 'MTELUS', NULL), ('Jazz', 'MTELUS', 'infinity'), ('Jazz', 'MTELUS', '-infinity'),
               ('!!!', 'MTELUS', '2027-06-10 20:00'), ('Jazz', '-', '2027-06-10 20:00'),
               ('[Complet]', 'MTELUS', '2027-06-10 20:00')) v (title, venue, start);

-- the ends of what a timestamp can hold
SELECT ingest_fingerprint('Jazz', 'MTELUS', '4713-01-01 BC') <> ingest_fingerprint('Jazz', 'MTELUS', '294276-12-31') AS taken;

-- good for an index, and not for everybody
SELECT proname, provolatile, proparallel, proisstrict, has_function_privilege('public', oid, 'EXECUTE') AS of_public
  FROM pg_proc WHERE proname IN ('ingest_normalise', 'ingest_fingerprint') ORDER BY 1;
CREATE TEMP TABLE venue (name text);
CREATE INDEX ON venue (ingest_normalise(name));
