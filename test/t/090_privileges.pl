# Who may do what, and that nobody's objects stand in for PostgreSQL's own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster();
my $upstream = start_upstream('--events', 60);
my ($failure, $text);

add_eventbrite_source($node, $upstream);
$upstream->control('bad', kind => 'no-start', first => 1);
run_source($node, 'eventbrite');
$node->safe_psql('postgres', $_) for map { "CREATE ROLE $_ LOGIN" } qw(stranger runner viewer mallory);

sub as
{
	my ($user, $query, $dbname) = @_;
	my ($status, $out, $err) = $node->psql($dbname // 'postgres', $query, extra_params => [ '--username', $user ]);
	$text = $err;
	return $out;
}

# ---- without grants: nothing ----

is($node->safe_psql('postgres', q{
	SELECT string_agg(p.oid::regprocedure::text, ', ')
	  FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'ingest'
	 WHERE has_function_privilege('stranger', p.oid, 'EXECUTE')}), '', 'a stranger may call nothing');
for my $call (q{SELECT ingest_run('eventbrite')}, q{CALL ingest_run_job('eventbrite')}, q{SELECT ingest_connectors()})
{
	is(failure($node, $call, user => 'stranger')->{sqlstate}, '42501', "as in $call");
}
my @relations = map { $_->{name} } query_json($node, q{
	SELECT c.oid::regclass AS name FROM pg_class AS c
	 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'S', 'p') ORDER BY 1});
for my $relation (@relations)
{
	is(failure($node, "SELECT FROM $relation", user => 'stranger')->{sqlstate}, '42501', "nor read $relation");
}

# ---- EXECUTE on the functions for matching is enough to match ----

$node->safe_psql('postgres', $_) for 'CREATE ROLE curator LOGIN',
	'GRANT EXECUTE ON FUNCTION ingest_match(int8, int8), ingest_merge(int8, int8, text), ingest_split(int8, text),
		ingest_decide(int8, int8, text, text), ingest_undo(int8, text) TO curator',
	'GRANT EXECUTE ON PROCEDURE ingest_rematch() TO curator';
my ($one, $other) = split /\|/, $node->safe_psql('postgres', 'SELECT min(id), max(id) FROM ingest.listing');
my $events = 'SELECT count(*) FROM ingest.event';
my $alone = $node->safe_psql('postgres', $events);
is(as('curator', "SELECT ingest_match($one, $other) ->> 'verdict'"), 'distinct', 'who may execute ingest_match can ask why') or diag $text;
my ($event_a, $event_b) = map { $node->safe_psql('postgres', "SELECT event_id FROM ingest.listing WHERE id = $_") } $one, $other;
as('curator', "SELECT ingest_merge($event_a, $event_b)");
is($node->safe_psql('postgres', $events), $alone - 1, 'merge') or diag $text;
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT decided_by, ' ') FROM ingest.match_decision}), 'curator', 'in a name of its own');
as('curator', 'SELECT ingest_undo(' . $node->safe_psql('postgres', 'SELECT max(merge_id) FROM ingest.merges') . ')');
is($node->safe_psql('postgres', $events), $alone, 'and take back') or diag $text;
as('curator', 'CALL ingest_rematch()');
is($text, '', 'and match all anew');
for my $query (q{SELECT ingest_run('eventbrite')}, 'TABLE ingest.match_decision', 'TABLE ingest.review_queue', 'DELETE FROM ingest.venue_alias')
{
	is(failure($node, $query, user => 'curator')->{sqlstate}, '42501', "and no more: $query");
}

# ---- EXECUTE on ingest_run is enough to run ----

$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION ingest_run(text, boolean) TO runner');
is(as('runner', q{SELECT status, requested_by FROM ingest_run('eventbrite')}), 'partial|runner',
	'who may execute ingest_run can run') or diag $text;
like($text, qr/WARNING/, 'with the warning of it');
for my $query (q{SELECT ingest_run_all()}, q{SELECT ingest_cancel(1)}, q{SELECT ingest_set_credential('eventbrite', 'token', 'x')},
	q{SELECT ingest_add_source('x', 'ics', '{"url": "http://127.0.0.1/"}')}, 'TABLE ingest.listing', 'TABLE ingest.credential',
	q{UPDATE ingest.source SET config = '{}'})
{
	is(failure($node, $query, user => 'runner')->{sqlstate}, '42501', "and no more: $query");
}
$upstream->control('hang');
my $session = session($node, user => 'runner');
$session->send(q{SELECT ingest_run('eventbrite')});
$upstream->wait_hanging;
my ($worker) = query_json($node, q{SELECT * FROM pg_stat_activity WHERE backend_type = 'ingest run'});
isnt($worker->{usename} // '', 'runner', 'the worker is not the role that asked');
is(failure($node, "SELECT pg_terminate_backend($worker->{pid})", user => 'runner')->{sqlstate}, '42501',
	'which cannot terminate it');
$upstream->control('release');
$session->wait;

# ---- pg_monitor reads the dashboard, and nothing but ----

$node->safe_psql('postgres', 'GRANT pg_monitor TO viewer');
my @views = map { $_->{name} } query_json($node, q{
	SELECT c.oid::regclass AS name FROM pg_class AS c
	 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'v' ORDER BY 1});
for my $view (@views)
{
	is(failure($node, "SELECT * FROM $view", user => 'viewer'), undef, "a viewer reads $view") or diag $failure->{text};
}
for my $query ('TABLE ingest.credential', 'SELECT raw FROM ingest.listing', 'SELECT config FROM ingest.source',
	'SELECT config FROM ingest.import_job', 'SELECT payload FROM ingest.import_error',
	q{UPDATE ingest.jobs SET source = 'x'}, q{SELECT ingest_run('eventbrite')})
{
	is(failure($node, $query, user => 'viewer')->{sqlstate}, '42501', "but not: $query");
}
is($node->safe_psql('postgres', q{
	SELECT string_agg(c.table_name || '.' || c.column_name, ', ') FROM information_schema.columns AS c
	  JOIN pg_views AS v ON v.schemaname = c.table_schema AND v.viewname = c.table_name
	 WHERE c.table_schema = 'ingest' AND c.column_name IN ('config', 'raw', 'value', 'payload')}), '',
	'no view has what they must not see');

# ---- nobody's objects come first ----

# every name that a careless statement would use, in a schema of mallory's
$node->safe_psql('postgres', 'CREATE SCHEMA trap AUTHORIZATION mallory');
as('mallory', q{
	CREATE TABLE trap.caught (who text DEFAULT current_user, what text);
	GRANT ALL ON SCHEMA trap TO PUBLIC;
	GRANT ALL ON trap.caught TO PUBLIC;
	CREATE FUNCTION trap.spring(what text) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO trap.caught (who, what) VALUES (current_user, what);
			RETURN what;
		END $$;
	CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('now'); SELECT pg_catalog.now() $$;
	CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('clock_timestamp'); SELECT pg_catalog.clock_timestamp() $$;
	CREATE FUNCTION trap.lower(text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT trap.spring('lower') $$;
	CREATE FUNCTION trap.format(text, timestamptz, text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT trap.spring('format') $$;
	CREATE FUNCTION trap.count(text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT trap.spring('count') $$;
	CREATE FUNCTION trap.pg_notify(text, text) RETURNS void LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('pg_notify'); SELECT pg_catalog.pg_notify($1, $2) $$;
	CREATE FUNCTION trap.jsonb_each(jsonb, OUT key text, OUT value jsonb) RETURNS SETOF record LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('jsonb_each'), NULL::jsonb $$;
	CREATE FUNCTION trap.equal(text, text) RETURNS boolean LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('text = text') IS NOT NULL AND $1 OPERATOR(pg_catalog.=) $2 $$;
	CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.equal);
	CREATE FUNCTION trap.equal8(bigint, bigint) RETURNS boolean LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('bigint = bigint') IS NOT NULL AND $1 OPERATOR(pg_catalog.=) $2 $$;
	CREATE OPERATOR trap.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap.equal8);
	CREATE FUNCTION trap.plus(bigint, bigint) RETURNS bigint LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('bigint + bigint'); SELECT $1 OPERATOR(pg_catalog.+) $2 $$;
	CREATE OPERATOR trap.+ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap.plus);
	CREATE FUNCTION trap.member(jsonb, text) RETURNS text LANGUAGE sql VOLATILE AS
		$$ SELECT trap.spring('jsonb ->> text') $$;
	CREATE OPERATOR trap.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = trap.member)});
is($text, '', 'the trap is set');

# it does catch who walks into it
is($node->safe_psql('postgres', q{
	SET search_path = trap, pg_catalog;
	SELECT now() IS NOT NULL AND 'a'::text = 'a'::text;
	SELECT pg_catalog.count(DISTINCT what) FROM trap.caught}), "t\n2", 'and works');
$node->safe_psql('postgres', 'TRUNCATE trap.caught');

$node->safe_psql('postgres', q{
	ALTER DATABASE postgres SET search_path = trap, pg_catalog, public;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO runner});
is($node->safe_psql('postgres', 'SHOW search_path'), 'trap, pg_catalog, public', 'it is in everybody\'s path');
my $event = $node->safe_psql('postgres', 'SELECT min(source_id) FROM ingest.listing');
$upstream->control('change', event => $event, field => 'title', value => 'Changed by the upstream');
for my $user ('runner', scalar getpwuid $<)
{
	my $out = as($user, q{SELECT status FROM ingest_run('eventbrite')});
	like($out, qr/^(partial|success|no_change)$/, "$user runs a source") or diag $text;
	as($user, $_), is($text =~ /ERROR/ ? $text : '', '', "$user: $_")
	  for q{CALL ingest_run_job('eventbrite')}, q{SELECT pg_catalog.count(*) FROM ingest_run_all()},
	  q{SELECT ingest_cancel(1)}, qq{SELECT ingest_add_source('by $user', 'ics', '{"url": "http://127.0.0.1/"}')},
	  q{SELECT ingest_set_credential('eventbrite', 'token', 'demo-token')},
	  q{SELECT pg_catalog.count(*) FROM ingest_connectors()},
	  q{SELECT pg_catalog.count(*) FROM ingest_parse('eventbrite', '{"events": []}', '{"organizer_ids": ["1"]}')},
	  q{SELECT status FROM ingest_import('eventbrite', '{"events": []}'::text)};
	$node->safe_psql('postgres', "DELETE FROM ingest.source WHERE name OPERATOR(pg_catalog.=) 'by $user'");
}
as('viewer', "SELECT pg_catalog.count(*) FROM $_") for @views;
is($node->safe_psql('postgres', q{SET search_path = pg_catalog;
	SELECT string_agg(DISTINCT who || ' by ' || what, ', ') FROM trap.caught}), '', 'nobody was caught');
is($node->safe_psql('postgres', q{SELECT title FROM ingest.listing WHERE source_id OPERATOR(pg_catalog.=) '} . $event . q{'}),
	'Changed by the upstream', 'and the run has done its work');

# temporary objects come no earlier
is($node->safe_psql('postgres', q{
	CREATE TEMP TABLE listing (LIKE ingest.listing);
	CREATE TEMP TABLE source (LIKE ingest.source);
	CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT NULL::timestamptz $$;
	SET search_path = pg_temp, pg_catalog, public;
	SELECT status FROM ingest_import('eventbrite', '{"events": []}'::text);
	SELECT status FROM ingest_run('eventbrite')}) =~ /^empty\n(partial|no_change|success)$/, 1, 'temporary objects are not looked at');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET search_path');

# other settings that would change what statements mean
$node->safe_psql('postgres', q{
	ALTER DATABASE postgres SET default_transaction_read_only = on;
	ALTER DATABASE postgres SET datestyle = 'SQL, DMY';
	ALTER DATABASE postgres SET statement_timeout = '1ms';
	ALTER DATABASE postgres SET default_transaction_isolation = serializable;
	ALTER DATABASE postgres SET standard_conforming_strings = off;
	ALTER DATABASE postgres SET timezone = 'Pacific/Auckland'});
is($node->safe_psql('postgres', q{
	SET statement_timeout = 0; SELECT status FROM ingest_run('eventbrite')}) =~ /^(partial|no_change|success)$/, 1,
	'nor do the settings of the database matter');
$node->safe_psql('postgres', 'SET default_transaction_read_only = off; ALTER DATABASE postgres RESET ALL');

# ---- the owner of the extension is another role ----

$node->safe_psql('postgres', 'CREATE ROLE boss LOGIN SUPERUSER');
$node->safe_psql('postgres', 'CREATE DATABASE bosses OWNER boss');
$node->safe_psql('bosses', 'CREATE EXTENSION ingest', extra_params => [ '--username', 'boss' ]);
add_eventbrite_source($node, $upstream, dbname => 'bosses');
$node->safe_psql('postgres', 'ALTER ROLE boss NOSUPERUSER');
$upstream->control('hang');
$session = session($node, dbname => 'bosses');
$session->send(q{SELECT status FROM ingest_run('eventbrite')});
$upstream->wait_hanging;
is($node->safe_psql('postgres', q{SELECT usename FROM pg_stat_activity WHERE backend_type = 'ingest run'}), 'boss',
	'the worker is the owner of the tables, not the superuser');
is($node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'ingest run'},
	extra_params => [ '--username', 'boss' ]), 't', 'who can therefore cancel it');
$session->wait(10);
like($session->error, qr/was cancelled/, 'and has');
$upstream->control('release');
is(as('boss', q{SELECT status FROM ingest_run('eventbrite')}, 'bosses') =~ /^(partial|success)$/, 1,
	'and who needs not be a superuser') or diag $text;

no_crash($node);
done_testing();
