# CREATE and DROP EXTENSION, preloaded or not; what is left behind: nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;

# Every object of a database by catalog and identity, and the shared ones.
# Types of rows and arrays, columns, constraints and defaults come and go with
# their tables.
my $inventory = q{
	SELECT pg_catalog.string_agg(line, E'\n' ORDER BY line) FROM (
		SELECT 'namespace ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
		UNION ALL SELECT 'class ' || relnamespace::regnamespace || '.' || relname FROM pg_class
			WHERE relnamespace <> 'pg_toast'::regnamespace
		UNION ALL SELECT 'toast ' || count(*) FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace
		UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc
		UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE typnamespace <> 'pg_toast'::regnamespace
		UNION ALL SELECT 'operator ' || oid::regoperator FROM pg_operator
		UNION ALL SELECT 'opclass ' || opcname FROM pg_opclass
		UNION ALL SELECT 'cast ' || castsource::regtype || ' as ' || casttarget::regtype FROM pg_cast
		UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger
		UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
		UNION ALL SELECT 'rule ' || rulename || ' ' || ev_class::regclass FROM pg_rewrite
		UNION ALL SELECT 'policy ' || polname FROM pg_policy
		UNION ALL SELECT 'extension ' || extname FROM pg_extension
		UNION ALL SELECT 'default privileges ' || defaclrole::regrole FROM pg_default_acl
		UNION ALL SELECT 'text search ' || cfgname FROM pg_ts_config
		UNION ALL SELECT 'collation ' || collname FROM pg_collation
		UNION ALL SELECT 'large object ' || oid FROM pg_largeobject_metadata
		UNION ALL SELECT 'role ' || rolname FROM pg_roles
		UNION ALL SELECT 'setting ' || setdatabase || ' ' || setrole FROM pg_db_role_setting
		UNION ALL SELECT 'comment ' || classoid::regclass || ' ' || count(*) FROM pg_description GROUP BY classoid
		UNION ALL SELECT 'dependency ' || count(*) FROM pg_depend
		UNION ALL SELECT 'shared dependency ' || count(*) FROM pg_shdepend
		UNION ALL SELECT 'initial privileges ' || count(*) FROM pg_init_privs
	) AS object(line)};

for my $preload (1, 0)
{
	my $how = $preload ? 'preloaded' : 'loaded on demand';
	my $node = start_cluster(
		name => $preload ? 'preload' : 'demand', preload => $preload, extension => 0);

	my $before = $node->safe_psql('postgres', $inventory);
	my ($status, undef, $error) = $node->psql('postgres', 'CREATE EXTENSION ingest');
	is($status, 0, "$how: CREATE EXTENSION") or diag $error;
	is($error, '', "$how: without a notice");

	is($node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'ingest'}),
		'1.0', "$how: version");
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM ingest_connectors()'),
		'>', 0, "$how: the library answers");
	is($node->safe_psql('postgres', 'SHOW ingest.allowed_networks'),
		'127.0.0.0/8', "$how: settings are read from postgresql.conf");

	is($node->safe_psql('postgres', q{
			SELECT count(*)
			FROM pg_depend AS d
			JOIN pg_proc AS p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
			JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'ingest'
			CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
			WHERE d.refclassid = 'pg_extension'::regclass AND acl.grantee = 0}),
		'0', "$how: PUBLIC may call nothing");

	($status, undef, $error) = $node->psql('postgres', 'DROP EXTENSION ingest');
	is($status, 0, "$how: DROP EXTENSION") or diag $error;
	is($node->safe_psql('postgres', $inventory), $before, "$how: nothing is left behind");

	is($node->psql('postgres', 'CREATE EXTENSION ingest'), 0, "$how: again");
	is($node->psql('postgres', 'DROP SCHEMA ingest CASCADE'), 3, "$how: its schema cannot be dropped alone");
	is($node->psql('postgres', 'DROP EXTENSION ingest'), 0, "$how: and dropped again");

	# in a schema of the user's choice, by a transaction that is rolled back
	is($node->psql('postgres', q{
			BEGIN;
			CREATE SCHEMA "My Tools";
			CREATE EXTENSION ingest SCHEMA "My Tools";
			SELECT count(*) FROM "My Tools".ingest_connectors();
			ROLLBACK}),
		0, "$how: in another schema");
	is($node->safe_psql('postgres', $inventory), $before, "$how: a rollback leaves nothing either");

	$node->stop('fast');
	is(scalar(log_lines($node, qr/PANIC|terminated by signal|server process .* exited/)),
		0, "$how: no crash in the log");
}

done_testing();
