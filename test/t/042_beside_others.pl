# A run beside what others do in the same database: they delete its source, lock
# its tables, drop the database; and what it leaves them: signals, one line in
# the log, a session as it was.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = start_cluster(conf => "ingest.max_retries = 0\n");
my $upstream = start_upstream('--events', 60);
my ($session, $job, $error, $position);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# A session whose run hangs in its first request
sub hanging_run
{
	my (%opts) = @_;
	$upstream->control('release');
	$upstream->control('wait', hanging => 0);
	$upstream->control('hang');
	my $session = session($node, dbname => $opts{dbname});
	$session->send("\\set VERBOSITY verbose\nSELECT status FROM ingest_run('eventbrite')");
	$upstream->wait_hanging or die 'the run does not reach the upstream: ' . $session->error;
	return $session;
}

add_eventbrite_source($node, $upstream);

# ---- who waits for the end of a run ----

my $listener = session($node);
$listener->query('LISTEN ingest_job');
($job, $error) = run_source($node, 'eventbrite');
is($job->{status}, 'success', 'a run') or diag $error;
my $notice;
ok(wait_until(sub { ($notice) = $listener->query('SELECT 1') =~ /"ingest_job" with payload "(.*)" received/; $notice }, 10),
	'its end is told on channel ingest_job');
is_deeply(JSON::PP::decode_json($notice // '{}'), { job_id => $job->{id}, source => 'eventbrite', status => 'success',
	nb_created => $job->{nb_created}, nb_updated => 0, nb_errors => 0 }, 'with what came of it');

# ---- the session ----

$session = session($node);
is($session->query(q{SELECT status FROM ingest_run('eventbrite')}), 'no_change', 'a session has run a source');
is($session->query(q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'}), 0,
	'and holds no lock that a pool would keep');
is($session->query(q{SELECT count(*) FROM pg_class WHERE relpersistence = 't'}), 0, 'no temporary table');
is($session->query(q{SELECT count(*) FROM pg_prepared_statements}), 0, 'no prepared statement');
is(sql(q{SELECT count(*) FROM pg_class WHERE relnamespace = 'ingest'::regnamespace AND relkind = 'r' AND relpersistence <> 'p'}), 0,
	'all that is stored survives a crash');
is(sql(q{SELECT coalesce(string_agg(name, ', '), '') FROM pg_settings WHERE name LIKE 'ingest.%' AND context NOT IN ('sighup', 'postmaster')}), '',
	'no setting can be changed by a session');

# ---- one line in the log ----

sql(qq{UPDATE ingest.source SET config = config || '{"base_url": "@{[ $upstream->url('/fault/html-200/eventbrite/v3') ]}"}'});
$position = log_position($node);
sql(q{UPDATE ingest.source SET schedule = '1 day'; UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
ok(wait_until(sub { last_job($node, 'eventbrite')->{status} eq 'failed' }, 20), 'a run by schedule fails');
sleep 0.3;
$job = last_job($node, 'eventbrite');
is(scalar(log_lines($node, qr/ (?:LOG|WARNING|ERROR|FATAL):  .*import job $job->{id}\b/, $position)), 1, 'the log has one line of it, with its number')
  or diag join "\n", log_lines($node, qr/ingest/, $position);
like((log_lines($node, qr/import job $job->{id}\b/, $position))[0] // '', qr/\Q$job->{error_message}\E/, 'and the reason');
sql(qq{UPDATE ingest.source SET schedule = NULL, config = config || '{"base_url": "@{[ $upstream->url('/eventbrite/v3') ]}"}'});
wait_until(sub { !worker_pids($node) && !worker_pids($node, 'ingest planner') }, 20);

# ---- what autovacuum and who looks on learn while it lasts ----

sub written { return sql(q{SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE schemaname = 'ingest' AND relname = 'listing'}) }
sql(q{UPDATE ingest.source SET config = config || '{"page_size": 10}'});
$upstream->control('change', every => 1, field => 'title', value => 'Written {title}');
my $written = written();
$upstream->control('hang', path => 'continuation=');
$session = session($node);
$session->send(q{SELECT status FROM ingest_run('eventbrite')});
ok($upstream->wait_hanging, 'a run hangs at its second page');
ok(wait_until(sub { written() >= $written + 5 }, 10), 'what it has stored is in the statistics, by which autovacuum decides');
cmp_ok(sql('SELECT nb_fetched FROM ingest.running'), '>=', 5, 'and the view counts it');
like(sql(q{SELECT query FROM pg_stat_activity WHERE backend_type = 'ingest run'}), qr/^ingest eventbrite: .*page 2/, 'it says what it does');
$upstream->control('release');
$session->wait(30);
sql(q{UPDATE ingest.source SET config = config - 'page_size'});

# ---- its tables are locked ----

$upstream->control('change', every => 3, field => 'title', value => 'Locked {title}');
my $locker = session($node);
$session = hanging_run();
$locker->query('BEGIN; LOCK ingest.listing, ingest.event, ingest.import_job IN ACCESS EXCLUSIVE MODE');
$upstream->control('release');
ok(wait_until(sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ingest run' AND wait_event_type = 'Lock'}) }, 20),
	'a run waits for a lock');
my $waited = time;
# longer than it waits for one lock: it tries anew
wait_until(sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ingest run' AND wait_event_type = 'Lock'
	AND extract(epoch FROM clock_timestamp() - xact_start) < 5}) && time > $waited + 11 }, 30);
$locker->query('COMMIT');
like($session->wait(40), qr/^(?:success|no_change)$/, 'and goes on when it has it') or diag $session->error;
$job = last_job($node, 'eventbrite');
is($job->{nb_fetched}, $job->{nb_created} + $job->{nb_updated} + $job->{nb_skipped} + $job->{nb_errors}, 'with all its records, each once');
cmp_ok($job->{nb_updated}, '>', 0, 'and what had changed');

# ---- its source is deleted ----

$session = hanging_run();
sql(q{DELETE FROM ingest.listing; DELETE FROM ingest.source});
$upstream->control('release');
$session->wait(30);
ok(wait_until(sub { !worker_pids($node) }, 20), 'a run whose source is deleted ends');
is(sql(q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0, 'and closes its job');
note $session->error;
is(sql(q{SELECT count(*) FROM ingest.listing l WHERE NOT EXISTS (SELECT FROM ingest.event e WHERE e.id = l.event_id)}), 0,
	'nothing is half there');
add_eventbrite_source($node, $upstream);
($job, $error) = run_source($node, 'eventbrite');
like($job->{status} // '', qr/^(?:success|no_change)$/, 'added anew, it runs') or diag $error;

# ---- the database goes, at the wish of its owner ----

sql(q{CREATE ROLE tenant LOGIN CREATEDB SUPERUSER});
my @as_tenant = (extra_params => [ '--username', 'tenant' ]);
$node->safe_psql('postgres', 'CREATE DATABASE tenancy', @as_tenant);
$node->safe_psql('tenancy', 'CREATE EXTENSION ingest', @as_tenant);
sql(q{ALTER ROLE tenant NOSUPERUSER});
add_eventbrite_source($node, $upstream, dbname => 'tenancy', arguments => { schedule => '1 day' });
ok(wait_until(sub { ($node->psql('tenancy', q{SELECT count(*) FROM ingest.import_job WHERE status = 'success'}))[1] }, 30),
	'a database of a role that is no superuser');
$upstream->control('hang');
$node->safe_psql('tenancy', q{UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
$upstream->wait_hanging;
my ($pid) = worker_pids($node);
my ($status, undef, $text);
my $took = seconds { ($status, undef, $text) = $node->psql('postgres', 'DROP DATABASE tenancy WITH (FORCE)', @as_tenant) };
is($status, 0, 'its owner drops it by force, in the middle of a run by schedule') or diag $text;
cmp_ok($took, '<', 5, sprintf 'in %.1f s', $took);
ok(wait_until(sub { !kill 0, $pid }, 10), 'whose process is gone');
$upstream->control('release');

# ---- a database that knows fewer characters ----

$node->safe_psql('postgres', q{CREATE DATABASE western TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'});
$node->safe_psql('western', 'CREATE EXTENSION ingest');
add_eventbrite_source($node, $upstream, dbname => 'western');
$upstream->control('change', first => 1, field => 'title', value => "Caf\x{e9} \x{1f3b5} \x{4e2d}\x{6587}");
($job, $error) = run_source($node, 'eventbrite', dbname => 'western');
$job = last_job($node, 'eventbrite', dbname => 'western');
is($job->{status}, 'partial', 'a database in LATIN1 takes what it can') or diag $error;
cmp_ok($job->{nb_created}, '>', 10, 'which is much');
cmp_ok($job->{nb_errors}, '>', 0, 'and refuses what it has no characters for');
my @refused = query_json($node, 'SELECT source_id, sqlstate, message, payload FROM ingest.import_error', dbname => 'western');
is(scalar(@refused), $job->{nb_errors}, 'each record by itself');
is(scalar(grep { $_->{sqlstate} ne '22P05' || $_->{message} !~ /has no equivalent in encoding "LATIN1"/ } @refused), 0, 'with the reason');
is(scalar(grep { ($_->{payload}{name}{text} // '') eq "Caf\x{e9} \x{1f3b5} \x{4e2d}\x{6587}" } @refused), 1,
	'and kept whole: no character is lost');
is($node->safe_psql('western', q{SELECT count(*) > 0 FROM ingest.listing WHERE position('\xe9'::bytea IN convert_to(title, 'LATIN1')) > 0}), 't',
	'accents are what they were');
run_source($node, 'eventbrite', dbname => 'western');
is(last_job($node, 'eventbrite', dbname => 'western')->{nb_created}, 0, 'a second run finds the same');

no_crash($node);
done_testing();
