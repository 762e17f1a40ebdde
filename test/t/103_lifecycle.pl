# What happens to the ground the launcher stands on: starts and stops, crashes,
# databases and extensions that come and go, copies, standbys, upgrades.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# Not preloaded
my $node = start_cluster(preload => 0, init => [ allows_streaming => 1 ],
	conf => "restart_after_crash = on\nmax_worker_processes = 16");
my $upstream = start_upstream('--events', 40);
my ($row, $running, $jobs, $position, $failure, $pid, $text, $status);

sub launcher
{
	my ($server) = @_;
	my ($row) = query_json($server // $node, 'SELECT * FROM ingest.launcher');
	return $row;
}

sub is_up
{
	my ($server) = @_;
	$server //= $node;
	my ($out) = run_command([ 'psql', '-XAtqc', 'SELECT 1', $server->connstr('postgres') ]);
	return $out eq '1';
}

# One answer, or undef while the server cannot give one
sub ask
{
	my ($query, %opts) = @_;
	my ($out) = run_command([ 'psql', '-XAtqc', $query, ($opts{server} // $node)->connstr($opts{dbname} // 'postgres') ]);
	return $out;
}

sub scheduled_jobs
{
	my (%opts) = @_;
	return ask(q{SELECT count(*) FROM ingest.import_job WHERE trigger = 'schedule' AND status <> 'running'}, %opts) || 0;
}

# A run by schedule that hangs in its first request; its row in ingest.running
sub hanging_run
{
	my ($dbname) = @_;
	$upstream->control('release');
	$upstream->control('wait', hanging => 0);
	$upstream->control('hang');
	$node->safe_psql($dbname, q{UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
	$upstream->wait_hanging or die 'the run does not reach the upstream';
	my ($running) = query_json($node, 'SELECT * FROM ingest.running', dbname => $dbname);
	return $running;
}

sub served
{
	my ($dbname) = @_;
	return ask("SELECT state FROM ingest.databases WHERE database = '$dbname'") // '';
}

# ---- without a restart of the server ----

is(launcher()->{state}, 'not running', 'not preloaded, there is no launcher');
is(launcher()->{action}, 'SELECT public.ingest_start()', 'and the view says how to start one');
add_eventbrite_source($node, $upstream, arguments => { schedule => '1 day' });
is($node->safe_psql('postgres', q{SELECT state FROM ingest.schedule}), 'stopped', 'a schedule says what it lacks');
my @sessions = map { session($node)->send('SELECT ingest_start()') } 1 .. 4;
my @answers = sort map { $_->wait(20) } @sessions;
ok(wait_until(sub { scalar(worker_pids($node, 'ingest launcher')) == 1 }, 10), 'ingest_start() by four at once starts one');
is(scalar(grep { $_ eq 't' } @answers) >= 1, 1, "and says so (@answers)");
is($node->safe_psql('postgres', 'SELECT ingest_start()'), 'f', 'a second one is not started');
ok(wait_until(sub { scheduled_jobs() == 1 }, 20), 'it works');
is($node->safe_psql('postgres', 'SELECT ingest_stop()'), 't', 'ingest_stop()');
is(scalar(worker_pids($node, 'ingest launcher')), 0, 'stops it');
is($node->safe_psql('postgres', 'SELECT ingest_stop()'), 'f', 'once');
sleep 6;
is(scalar(worker_pids($node, 'ingest launcher')), 0, 'and it does not come back by itself');
$node->safe_psql('postgres', q{CREATE ROLE visitor LOGIN; GRANT EXECUTE ON FUNCTION ingest_stop() TO visitor});
$failure = failure($node, 'SELECT ingest_stop()', user => 'visitor');
is($failure->{sqlstate}, '42501', 'who may not signal other processes cannot stop it');
is($node->safe_psql('postgres', 'SELECT ingest_start()'), 't', 'started again');

# ---- it dies, and is back ----

($pid) = worker_pids($node, 'ingest launcher');
$running = hanging_run('postgres');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok(wait_until(sub { my ($new) = worker_pids($node, 'ingest launcher'); $new && $new != $pid }, 20),
	'terminated, the launcher is back in seconds');
ok(kill(0, $running->{pid}), 'a run that it had started goes on');
$upstream->control('release');
ok(wait_until(sub { last_job($node, 'eventbrite')->{status} =~ /^(success|no_change)$/ }, 20), 'to its end');

# a crash of the server's processes: the job is closed, and its source runs on
for my $victim ('ingest run', 'ingest launcher')
{
	wait_until(sub { my $pids = () = worker_pids($node, 'ingest launcher'); $pids == 1 && served('postgres') eq 'served' }, 30);
	$running = hanging_run('postgres');
	($pid) = worker_pids($node, $victim);
	kill 'KILL', $pid;
	ok(wait_until(sub { !kill(0, $pid) && is_up() }, 60), "kill -9 of '$victim': the server recovers");
	$upstream->control('release');
	ok(wait_until(sub { (ask("SELECT status FROM ingest.import_job WHERE id = $running->{job_id}") // '') eq 'crashed' }, 40),
		"kill -9 of '$victim': the launcher is back, and closes the open job");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0,
		"kill -9 of '$victim': no job stays running");
}
$jobs = scheduled_jobs();
$node->safe_psql('postgres', q{SELECT ingest_resume_all(); UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
ok(wait_until(sub { scheduled_jobs() > $jobs }, 20), 'and runs go on');

# ---- preloaded ----

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ingest'");
$node->restart;
ok(wait_until(sub { launcher()->{state} eq 'running' }, 20), 'preloaded: with the server');
is($node->safe_psql('postgres', 'SELECT ingest_stop()'), 't', 'it stops too');
is($node->safe_psql('postgres', 'SELECT ingest_start()'), 't', 'and starts');
is(scalar(worker_pids($node, 'ingest launcher')), 1, 'one');

# ---- fast shutdown ----

wait_until(sub { served('postgres') eq 'served' }, 20);
$node->safe_psql('postgres', q{SELECT ingest_resume_all()});
my $failures = $node->safe_psql('postgres', 'SELECT consecutive_failures FROM ingest.source_state');
$running = hanging_run('postgres');
my $took = seconds { $node->stop('fast') };
cmp_ok($took, '<', 5, sprintf 'fast shutdown during a run takes %.1f s', $took);
$upstream->control('release');
$node->start;
ok(wait_until(sub { (ask("SELECT status FROM ingest.import_job WHERE id = $running->{job_id}") // '') eq 'crashed' }, 20),
	'after the start its job is closed');
($row) = query_json($node, "SELECT * FROM ingest.import_job WHERE id = $running->{job_id}");
is($row->{error_message}, 'the server was stopped during the run', 'with what became of it');
is($node->safe_psql('postgres', "SELECT consecutive_failures <= $failures FROM ingest.source_state"), 't', 'which is not its failure');
ok(wait_until(sub { last_job($node, 'eventbrite')->{id} > $running->{job_id} && last_job($node, 'eventbrite')->{status} ne 'running' }, 20),
	'and it is made up for');

# with a commit that waits for a standby that is not there
$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'");
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('synchronous_standby_names') = 'nobody'});
$node->safe_psql('postgres', q{SET synchronous_commit = local; UPDATE ingest.source_state SET next_run_at = NULL; SELECT ingest.wake()});
ok(wait_until(sub { ask(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type LIKE 'ingest%'}) > 0 }, 20),
	'a process of ours waits for a synchronous standby');
$took = seconds { $node->stop('fast') };
cmp_ok($took, '<', 5, sprintf 'fast shutdown takes %.1f s all the same', $took);
$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
$node->start;

# ---- databases ----

for my $dbname (qw(doomed renamed))
{
	$node->safe_psql('postgres', "CREATE DATABASE $dbname");
	$node->safe_psql($dbname, 'CREATE EXTENSION ingest');
	add_eventbrite_source($node, $upstream, dbname => $dbname, arguments => { schedule => '1 day' });
	ok(wait_until(sub { scheduled_jobs(dbname => $dbname) == 1 }, 30), "$dbname is served");
}
ok(wait_until(sub { !worker_pids($node, 'ingest run') && !worker_pids($node, 'ingest planner') }, 10), 'nothing is under way');
$took = seconds { ($status, undef, $text) = $node->psql('postgres', 'ALTER DATABASE renamed RENAME TO "Other Name"') };
is($status, 0, sprintf 'RENAME DATABASE succeeds in %.1f s: no connection is kept', $took) or diag $text;
$running = hanging_run('Other Name');
$took = seconds { ($status, undef, $text) = $node->psql('postgres', 'DROP DATABASE doomed') };
is($status, 0, 'so does a plain DROP DATABASE, while another one has a run') or diag $text;
cmp_ok($took, '<', 3, sprintf 'in %.1f s', $took);
($status, undef, $text) = $node->psql('postgres', 'DROP DATABASE "Other Name" WITH (FORCE)');
is($status, 0, 'by force, with a run in it, too') or diag $text;
$upstream->control('release');
ok(wait_until(sub { !kill 0, $running->{pid} }, 10), 'whose process is gone');
ok(wait_until(sub { ask(q{SELECT count(*) FROM ingest.databases WHERE database <> 'postgres'}) eq '0' }, 20),
	'the launcher has forgotten both');
is(scalar(worker_pids($node, 'ingest launcher')), 1, 'and lives');

# a copy by CREATE DATABASE ... TEMPLATE
($row) = query_json($node, 'SELECT count(*) AS n FROM ingest.import_job');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '1 day'});
wait_until(sub { !worker_pids($node, 'ingest run') && !worker_pids($node, 'ingest planner') }, 10);
$node->safe_psql('template1', 'CREATE DATABASE copy TEMPLATE postgres');
$node->safe_psql('copy', q{UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
ok(wait_until(sub { served('copy') eq 'copy' }, 20), 'a copy of a database is known as one');
$jobs = scheduled_jobs(dbname => 'copy');
sleep 1;
is(scheduled_jobs(dbname => 'copy'), $jobs, 'and does not begin to call APIs');
is($node->safe_psql('copy', 'SELECT state FROM ingest.schedule'), 'copy', 'as its view says');
$node->safe_psql('copy', 'SELECT ingest_resume_all()');
ok(wait_until(sub { scheduled_jobs(dbname => 'copy') > $jobs }, 20), 'until somebody says that it shall');
$node->safe_psql('copy', 'UPDATE ingest.source SET schedule = NULL');

# a template, and a database without connections, are left alone
$node->safe_psql('postgres', q{ALTER DATABASE copy IS_TEMPLATE true});
$node->restart;
ok(wait_until(sub { served('postgres') eq 'served' }, 20), 'after a restart');
is(served('copy'), '', 'a template is not served');
$node->safe_psql('postgres', q{ALTER DATABASE copy IS_TEMPLATE false; DROP DATABASE copy WITH (FORCE)});

# ---- the extension ----

$node->safe_psql('postgres', 'CREATE DATABASE ext');
$node->safe_psql('ext', 'CREATE EXTENSION ingest');
add_eventbrite_source($node, $upstream, dbname => 'ext', arguments => { schedule => '1 day' });
ok(wait_until(sub { scheduled_jobs(dbname => 'ext') == 1 }, 30), 'an extension in a new database is served');
$running = hanging_run('ext');
$took = seconds { ($status, undef, $text) = $node->psql('ext', 'DROP EXTENSION ingest') };
is($status, 0, sprintf 'DROP EXTENSION during a run by schedule succeeds in %.1f s', $took) or diag $text;
$upstream->control('release');
ok(wait_until(sub { !kill 0, $running->{pid} }, 20), 'and the run ends');
$node->safe_psql('ext', 'CREATE EXTENSION ingest');
add_eventbrite_source($node, $upstream, dbname => 'ext', arguments => { schedule => '1 day' });
ok(wait_until(sub { scheduled_jobs(dbname => 'ext') == 1 }, 30), 'created anew, it is served anew');
# a schema of the same name that is not ours
$node->safe_psql('ext', 'DROP EXTENSION ingest; CREATE SCHEMA ingest; CREATE TABLE ingest.source (name text)');
$position = log_position($node);
$node->append_conf('postgresql.conf', '# changed');
$node->restart;
ok(wait_until(sub { served('postgres') eq 'served' }, 20), 'served after a restart');
sleep 1;
is(scalar(log_lines($node, qr/ingest (planner|launcher) (ERROR|FATAL):  (?!terminating)/, $position)), 0, "a foreign schema of the extension's name troubles nobody");

# SQL and library of different versions
$position = log_position($node);
$node->safe_psql('postgres', q{UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'ingest'; SELECT ingest.wake()});
ok(wait_until(sub { served('postgres') eq 'other version' }, 20), 'another version of the extension than of the library');
like($node->safe_psql('postgres', q{SELECT problem FROM ingest.databases WHERE database = 'postgres'}),
	qr/^the extension is at version 0\.9, the server's library at [\d.]+$/, 'is shown');
is(scalar(log_lines($node, qr/schedules of database "postgres" are not followed: the extension is at version 0\.9/, $position)), 1,
	'and logged once');
$jobs = scheduled_jobs();
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
sleep 1;
is(scheduled_jobs(), $jobs, 'and nothing runs with it');
$node->safe_psql('postgres', q{UPDATE pg_extension SET extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'ingest')
	WHERE extname = 'ingest'; SELECT ingest.wake()});
ok(wait_until(sub { scheduled_jobs() > $jobs }, 20), 'updated, it goes on');

# ALTER EXTENSION takes its locks while a run lasts, and the run goes on after it
$running = hanging_run('postgres');
$took = seconds { ($status, undef, $text) = $node->psql('postgres', q{
	BEGIN; ALTER TABLE ingest.source_state ADD COLUMN added int; ALTER TABLE ingest.import_job ADD COLUMN added int; COMMIT;
	ALTER EXTENSION ingest UPDATE}) };
is($status, 0, sprintf 'tables are altered during a run, in %.1f s', $took) or diag $text;
cmp_ok($took, '<', 3, 'at once');
$upstream->control('release');
ok(wait_until(sub { last_job($node, 'eventbrite')->{status} =~ /^(success|no_change)$/ }, 20), 'and the run ends well');

# owned by a role that cannot log in
$node->safe_psql('postgres', 'CREATE DATABASE owned');
$node->safe_psql('owned', q{CREATE ROLE keeper SUPERUSER NOLOGIN; SET ROLE keeper; CREATE EXTENSION ingest});
add_eventbrite_source($node, $upstream, dbname => 'owned', arguments => { schedule => '1 day' });
ok(wait_until(sub { scheduled_jobs(dbname => 'owned') == 1 }, 30), 'an owner that cannot log in is no obstacle');
my ($job, $error) = run_source($node, 'eventbrite', dbname => 'owned');
is($job->{status}, 'no_change', 'nor on demand') or diag $error;

# ---- a standby ----

$node->safe_psql('postgres', 'DROP DATABASE owned WITH (FORCE)');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is(scalar(worker_pids($standby, 'ingest launcher')), 0, 'a standby has no launcher');
is(launcher($standby)->{state}, 'standby', 'and its view says why');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM ingest.schedule'), 1, 'the view of schedules can be read there');
for my $call ('ingest_start()', "ingest_pause('eventbrite')", "ingest_resume('eventbrite')", 'ingest_resume_all()',
	"ingest_run('eventbrite')")
{
	$failure = failure($standby, "SELECT $call");
	is($failure->{sqlstate}, '25006', "$call is refused there");
}
$node->stop('fast');
$jobs = scheduled_jobs(server => $standby);
$upstream->requests(clear => 1);
$standby->promote;
ok(wait_until(sub { @{ [ worker_pids($standby, 'ingest launcher') ] } == 1 }, 30), 'promoted, the launcher starts');
$standby->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now(); SELECT ingest.wake()});
ok(wait_until(sub { scheduled_jobs(server => $standby) > $jobs }, 30), 'and does what was the primary\'s');
no_crash($standby);
$standby->stop('fast');

# ---- pg_upgrade ----

command_ok([ 'pg_ctl', '--wait', '--pgdata', $node->data_dir, '--log', $node->logfile, '--options', '-b', 'start' ],
	'started as pg_upgrade starts a server');
sleep 1;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'ingest%'}), 0,
	'nothing of ours runs in it');
command_ok([ 'pg_ctl', '--wait', '--pgdata', $node->data_dir, '--mode', 'fast', 'stop' ], 'stopped');
done_testing();
