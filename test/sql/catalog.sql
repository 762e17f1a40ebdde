-- What the extension leaves in the catalogs: comments, privileges, dump marks
DROP EXTENSION ingest;
CREATE EXTENSION ingest;

-- every public object is described
SELECT d.what FROM (
  SELECT p.oid::regprocedure::text AS what, obj_description(p.oid, 'pg_proc') AS comment
    FROM pg_proc p JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
    JOIN pg_extension x ON x.oid = e.refobjid AND x.extname = 'ingest'
  UNION ALL
  SELECT c.oid::regclass::text, obj_description(c.oid, 'pg_class')
    FROM pg_class c WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind IN ('r', 'v')
) d WHERE d.comment IS NULL ORDER BY 1;

-- nothing is PUBLIC's
SELECT p.oid::regprocedure FROM pg_proc p
  JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
  JOIN pg_extension x ON x.oid = e.refobjid AND x.extname = 'ingest'
 WHERE has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.oid::regclass FROM pg_class c
 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind IN ('r', 'v')
   AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE') ORDER BY 1;

-- every table and sequence is dumped
SELECT c.oid::regclass FROM pg_class c, pg_extension x
 WHERE x.extname = 'ingest' AND c.relnamespace = 'ingest'::regnamespace AND c.relkind IN ('r', 'S')
   AND c.oid <> ALL (x.extconfig) ORDER BY 1;

-- every function is labelled for what it does: writers are not run in parallel
SELECT p.oid::regprocedure, p.provolatile, p.proparallel, p.proisstrict FROM pg_proc p
  JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
  JOIN pg_extension x ON x.oid = e.refobjid AND x.extname = 'ingest' ORDER BY p.oid::regprocedure::text;

-- the views answer, empty as everything is
SELECT sources, upcoming_events, summary FROM ingest.overview;
SELECT count(*) FROM ingest.jobs;
SELECT count(*) FROM ingest.running;
SELECT count(*) FROM ingest.source_health;
SELECT count(*) FROM ingest."ImportJob";

-- monitoring roles read the dashboard and nothing behind it
CREATE ROLE regress_ingest_viewer;
GRANT pg_monitor TO regress_ingest_viewer;
SET ROLE regress_ingest_viewer;
SELECT sources FROM ingest.overview;
SELECT count(*) FROM ingest.jobs;
SELECT count(*) FROM ingest.upcoming_events;
SELECT count(*) FROM ingest.credential;
SELECT count(*) FROM ingest.source;
SELECT count(*) FROM ingest.import_error;
SELECT ingest_run('x');
RESET ROLE;
DROP ROLE regress_ingest_viewer;
