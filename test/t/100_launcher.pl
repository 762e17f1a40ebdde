# The launcher: it runs sources by their schedules, in every database that has
# the extension, and is idle when nothing is due.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = start_cluster(conf => "ingest.max_workers = 2\nmax_worker_processes = 8");
my $upstream = start_upstream('--events', 60);
my ($state, $row, @rows, $position);

sub launcher
{
	my ($row) = query_json($node, 'SELECT * FROM ingest.launcher');
	return $row;
}

# What the view of schedules says of a source
sub schedule
{
	my ($name, %opts) = @_;
	my ($row) = query_json($node, "SELECT * FROM ingest.schedule WHERE source = '$name'", %opts);
	return $row;
}

sub jobs
{
	my ($condition, %opts) = @_;
	return $node->safe_psql($opts{dbname} // 'postgres', "SELECT count(*) FROM ingest.import_job WHERE $condition");
}

# Sources go with all that is known of them
sub forget_sources
{
	my ($condition) = @_;
	$node->safe_psql('postgres', qq{
		DELETE FROM ingest.listing WHERE source IN (SELECT name FROM ingest.source WHERE $condition);
		DELETE FROM ingest.source WHERE $condition});
}

# User and system time of a process, in ticks of the system's clock
sub cpu
{
	my ($pid) = @_;
	my @fields = split ' ', slurp_file("/proc/$pid/stat") =~ s/^.*\) //sr;
	return $fields[11] + $fields[12];
}

# ---- it is there ----

ok(wait_until(sub { launcher()->{state} eq 'running' }, 20), 'preloaded, it starts with the server');
is(scalar(worker_pids($node, 'ingest launcher')), 1, 'one process');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ingest launcher' AND datname IS NOT NULL}), 0,
	'connected to no database');
is($node->safe_psql('postgres', 'SELECT ingest_start()'), 'f', 'it is not started twice');
is(schedule('nobody'), undef, 'nothing has a schedule');
ok(wait_until(sub { $node->safe_psql('postgres', 'SELECT state FROM ingest.databases') eq 'served' }, 20),
	'it serves the database that has the extension');

# ---- a source is run ----

my $since = time;
add_eventbrite_source($node, $upstream, arguments => { schedule => '1 day' });
ok(wait_until(sub { jobs("source = 'eventbrite' AND status = 'success'") == 1 }, 20),
	'an interval that never ran is due at once, and the launcher wakes after the commit');
diag sprintf 'woken, planned and run within %d ms', 1000 * (time - $since);
$row = last_job($node, 'eventbrite');
is($row->{trigger}, 'schedule', 'the job says by what');
is($row->{requested_by}, 'ingest launcher', 'and by whom');
ok(wait_until(sub { schedule('eventbrite')->{state} eq 'planned' }, 10), 'then it is planned again');
is($node->safe_psql('postgres', q{
	SELECT t.next_run_at - j.started_at FROM ingest.source_state t JOIN ingest.import_job j USING (source)}), '1 day',
	'its interval after the run began');

# nothing is started before the commit, and nothing for what is rolled back
my $session = session($node);
$session->query(q{BEGIN; UPDATE ingest.source SET schedule = '10 seconds'});
my $loops = launcher()->{loops};
$session->query('ROLLBACK');
is(schedule('eventbrite')->{schedule}, '1 day', 'a change rolled back');
is(launcher()->{loops}, $loops, 'wakes nobody');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '1 second'});
ok(wait_until(sub { jobs("source = 'eventbrite' AND trigger = 'schedule'") >= 4 }, 30),
	'a changed schedule is followed at once, again and again');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '1 day'});
ok(wait_until(sub { !worker_pids($node, 'ingest run') && schedule('eventbrite')->{state} eq 'planned' }, 20), 'and back');
my $jobs = jobs('true');

# a run by hand counts: the next tick is computed from it
run_source($node, 'eventbrite');
is($node->safe_psql('postgres', q{
	SELECT t.next_run_at - (SELECT max(started_at) FROM ingest.import_job) FROM ingest.source_state t}), '1 day',
	'a run on demand counts as the run');
is(schedule('eventbrite')->{last_trigger}, 'manual', 'as the view says');

# disabled, paused, without schedule
$node->safe_psql('postgres', q{
	UPDATE ingest.source SET enabled = false;
	UPDATE ingest.source_state SET next_run_at = now();
	SELECT ingest.wake()});
is(schedule('eventbrite')->{state}, 'disabled', 'disabled');
$node->safe_psql('postgres', q{
	SELECT ingest_pause('eventbrite', 'for the test');
	UPDATE ingest.source SET enabled = true;
	UPDATE ingest.source_state SET next_run_at = now();
	SELECT ingest.wake()});
$row = schedule('eventbrite');
is($row->{state}, 'paused', 'paused');
like($row->{why}, qr/^paused since .*: for the test$/, 'with the reason');
is($row->{action}, "SELECT public.ingest_resume('eventbrite')", 'and the way back');
my ($error) = failure($node, "SELECT ingest_pause('nobody')");
is($error->{sqlstate}, '42704', 'there must be such a source');
$node->safe_psql('postgres', q{SELECT ingest_pause('eventbrite')});
like(schedule('eventbrite')->{why}, qr/: paused by \w+$/, 'without a reason: by whom');

# ---- idle ----

$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = NULL});
ok(wait_until(sub { !worker_pids($node, 'ingest planner') }, 10), 'planners end');
is(schedule('eventbrite')->{state}, 'on demand', 'without a schedule');
sleep 0.3;
my ($pid) = worker_pids($node, 'ingest launcher');
my ($before, $loops_before) = (cpu($pid), launcher()->{loops});
sleep 3;
is(cpu($pid) - $before, 0, 'idle for 3 seconds, it uses no measurable CPU');
is(launcher()->{loops}, $loops_before, 'and does not turn once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL AND backend_type LIKE 'ingest%'}),
	0, 'no process of ours has a connection to a database');
is($node->safe_psql('postgres', "SELECT backend_xmin IS NULL AND state = 'idle' FROM pg_stat_activity WHERE pid = $pid"), 't',
	'nor does it hold back VACUUM');

# ---- every database that has the extension ----

$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('postgres', 'CREATE DATABASE third');
$node->safe_psql('postgres', 'CREATE DATABASE bystander');
for my $dbname (qw(second third))
{
	$node->safe_psql($dbname, 'CREATE EXTENSION ingest');
	add_eventbrite_source($node, $upstream, dbname => $dbname, arguments => { schedule => '1 hour' });
	ok(wait_until(sub { jobs("trigger = 'schedule' AND status = 'success'", dbname => $dbname) == 1 }, 30),
		"a source in database $dbname runs");
}
is($node->safe_psql('postgres', q{SELECT string_agg(database, ' ' ORDER BY database) FROM ingest.databases WHERE state = 'served'}),
	'postgres second third', 'the view says which databases are served: not only one, and none without the extension');

# only those that are named
$node->append_conf('postgresql.conf', "ingest.databases = 'second, nowhere'");
$node->reload;
ok(wait_until(sub { $node->safe_psql('postgres', q{SELECT string_agg(database, ' ') FROM ingest.databases}) eq 'second' }, 20),
	'ingest.databases limits them, after a reload');
$node->safe_psql('third', q{UPDATE ingest.source SET schedule = '1 second'});
$node->safe_psql('second', q{UPDATE ingest.source SET schedule = '1 second'});
ok(wait_until(sub { jobs("trigger = 'schedule'", dbname => 'second') >= 3 }, 30), 'what is named is served');
is(jobs("trigger = 'schedule'", dbname => 'third'), 1, 'what is not is left alone');
$node->append_conf('postgresql.conf', "ingest.databases = ''");
$node->reload;
ok(wait_until(sub { jobs("trigger = 'schedule'", dbname => 'third') >= 3 }, 30), 'and is served again when the list is empty');
for my $dbname (qw(second third))
{
	$node->safe_psql($dbname, 'UPDATE ingest.source SET schedule = NULL');
}

# the switch for all of them
$node->append_conf('postgresql.conf', 'ingest.enabled = off');
$node->reload;
ok(wait_until(sub { launcher()->{state} eq 'disabled' }, 10), 'ingest.enabled = off');
$node->safe_psql('second', q{UPDATE ingest.source SET schedule = '1 second'});
$jobs = jobs('true', dbname => 'second');
sleep 1.5;
is(jobs('true', dbname => 'second'), $jobs, 'nothing runs by itself then');
is(schedule('eventbrite', dbname => 'second')->{state}, 'stopped', 'as the view says');
like(schedule('eventbrite', dbname => 'second')->{why}, qr/ingest\.enabled is off/, 'with the reason');
$node->append_conf('postgresql.conf', 'ingest.enabled = on');
$node->reload;
ok(wait_until(sub { jobs('true', dbname => 'second') > $jobs }, 20), 'on again');
$node->safe_psql('second', 'UPDATE ingest.source SET schedule = NULL');
ok(wait_until(sub { !worker_pids($node, 'ingest run') }, 10), 'quiet again');

# ---- no more than ingest.max_workers, longest due first ----

forget_sources('true');
$upstream->control('hang');
my @names = map { "organizer $_" } 1 .. 5;
$node->append_conf('postgresql.conf', 'ingest.enabled = off');
$node->reload;
wait_until(sub { launcher()->{state} eq 'disabled' }, 10);
for my $number (1 .. 5)
{
	add_eventbrite_source($node, $upstream, name => $names[ $number - 1 ], config => { organizer_ids => [ 1000 + $number ] },
		arguments => { schedule => '1 hour' });
	# the third is due longest, then the first …
	my $minutes = (0, 4, 2, 5, 1, 3)[$number];
	$node->safe_psql('postgres', "UPDATE ingest.source_state SET next_run_at = now() - interval '$minutes minutes' WHERE source = '$names[ $number - 1 ]'");
}
$node->append_conf('postgresql.conf', 'ingest.enabled = on');
$node->reload;
ok($upstream->wait_hanging(2), 'two runs side by side');
sleep 0.5;
is($upstream->control('hanging')->{hanging}, 2, 'and not a third');
is($node->safe_psql('postgres', q{SELECT string_agg(source, ', ' ORDER BY source) FROM ingest.running}),
	'organizer 1, organizer 3', 'those that were due longest');
ok(wait_until(sub { launcher()->{state} eq 'waiting' }, 10), 'the others wait');
$row = launcher();
is($row->{waiting}, 3, 'three of them');
is($row->{waiting_for}, 'ingest.max_workers', 'for what the view says');
is(schedule('organizer 5')->{state}, 'waiting', 'as each of them says');
like(schedule('organizer 5')->{why}, qr/^due for 00:03.*waits for a worker slot \(ingest\.max_workers\)/, 'with since when');
# one at a time from here, or two that begin at once would number their jobs as it comes
$node->append_conf('postgresql.conf', 'ingest.max_workers = 1');
$node->reload;
$upstream->control('release');
ok(wait_until(sub { jobs("status = 'success' AND source LIKE 'organizer%'") == 5 }, 30), 'then they run');
is($node->safe_psql('postgres', q{
	SELECT string_agg(source, ', ' ORDER BY id) FROM ingest.import_job WHERE source = ANY ('{organizer 5, organizer 2, organizer 4}')}),
	'organizer 5, organizer 2, organizer 4', 'in the order in which they came due');
$node->append_conf('postgresql.conf', 'ingest.max_workers = 2');
$node->reload;
ok(wait_until(sub { launcher()->{state} eq 'running' && launcher()->{waiting} == 0 }, 10), 'nothing waits any more');

# ---- overlap: never two runs of a source; missed ticks are one run ----

forget_sources(q{name <> 'organizer 1'});
$upstream->control('hang');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '1 second'});
ok($upstream->wait_hanging(1), 'a run that takes longer than its interval');
sleep 3.2;
is($upstream->control('hanging')->{hanging}, 1, 'is alone for all the ticks that it misses');
is(schedule('organizer 1')->{state}, 'running', 'as the view says');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '3 seconds'});
$jobs = jobs('true');
$upstream->control('release');
ok(wait_until(sub { jobs('true') == $jobs + 1 }, 10), 'they collapse into one run, as soon as it ends');
sleep 1.5;
is(jobs('true'), $jobs + 1, 'and no more before the next tick');

# a run by hand and one by schedule at the same moment
$upstream->control('hang');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '1 day'});
wait_until(sub { !worker_pids($node, 'ingest run') || $upstream->control('hanging')->{hanging} }, 10);
$upstream->control('release');
wait_until(sub { !worker_pids($node, 'ingest run') }, 10);
$upstream->control('hang');
my ($job) = query_json($node, q{SELECT * FROM ingest_run('organizer 1', wait => false)});
$upstream->wait_hanging(1);
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() - interval '1 minute'; SELECT ingest.wake()});
sleep 1;
is(scalar(worker_pids($node, 'ingest run')), 1, 'while it is run by hand, its tick waits');
$upstream->control('release');
ok(wait_until(sub { last_job($node, 'organizer 1')->{status} ne 'running' }, 10), 'the run by hand ends');
sleep 0.5;
is(last_job($node, 'organizer 1')->{id}, $job->{id}, 'and was the run of that tick');

# ---- no free worker slot ----

$node->append_conf('postgresql.conf', "max_worker_processes = 4\ningest.max_workers = 10");
$node->restart;
ok(wait_until(sub { launcher()->{state} eq 'running' }, 20), 'restarted, with four worker processes');
$upstream->control('hang');
$position = log_position($node);
add_eventbrite_source($node, $upstream, name => "crowd $_", config => { organizer_ids => [ 1000 + $_ ] },
	arguments => { schedule => '1 hour' })
  for 1 .. 5;
ok(wait_until(sub { launcher()->{waiting_for} // '' eq 'max_worker_processes' }, 20),
	'too few worker slots are a state, which the view shows');
my $running = $upstream->control('hanging')->{hanging};
cmp_ok($running, '>=', 1, "$running runs fill the slots");
cmp_ok($running, '<', 5, 'and there are more to come');
sleep 4;
is(scalar(log_lines($node, qr/no background worker slot is free to .*; it waits/, $position)), 1,
	'the log has it once, not once a second');
$upstream->control('release');
ok(wait_until(sub { jobs("status = 'success' AND source LIKE 'crowd%'") == 5 }, 40), 'all run when there is room');
ok(wait_until(sub { launcher()->{state} eq 'running' }, 20), 'and nothing waits');

# ---- rows that say nonsense ----

$node->safe_psql('postgres', q{
	SET session_replication_role = replica;
	INSERT INTO ingest.source (name, connector, schedule, timezone) VALUES
	  ('no schedule', 'ics', 'when the moon is full', 'UTC'),
	  ('no zone', 'ics', '@daily', 'Mars/Olympus'),
	  ('never', 'ics', '0 0 30 2 *', 'UTC'),
	  ('no connector', 'telepathy', '1 day', 'UTC'),
	  ('ended', 'ics', 'FREQ=DAILY;UNTIL=20200101T000000', 'UTC');
	SELECT ingest.wake()});
ok(wait_until(sub { schedule('never')->{state} eq 'broken' }, 20), 'rows with nonsense');
is(schedule('no schedule')->{why}, '"when the moon is full" is not a schedule', 'a schedule that is none: shown');
is(schedule('no zone')->{why}, 'time zone "Mars/Olympus" does not exist', 'a zone that is gone: shown');
is(schedule('never')->{why}, 'schedule "0 0 30 2 *" never comes', 'one that never comes: shown');
is(schedule('ended')->{state}, 'ended', 'one that has come to its end');
ok(wait_until(sub { jobs("source = 'no connector' AND status = 'failed'") }, 20), 'a connector that does not exist is a failed job');
is(scalar(worker_pids($node, 'ingest launcher')), 1, 'and the launcher lives');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '2 seconds' WHERE name = 'crowd 1'});
ok(wait_until(sub { jobs("source = 'crowd 1' AND trigger = 'schedule'") >= 3 }, 30), 'and the others are served');
$error = failure($node, q{UPDATE ingest.source SET schedule = 'often' WHERE name = 'crowd 1'});
is($error->{sqlstate}, '22023', 'an UPDATE with nonsense is refused');
$error = failure($node, q{UPDATE ingest.source SET timezone = 'Mars/Olympus' WHERE name = 'crowd 1'});
is($error->{sqlstate}, '22023', 'of the time zone too');

# ---- ten thousand ----

forget_sources('true');
$node->safe_psql('postgres', q{
	INSERT INTO ingest.source (name, connector, schedule, timezone)
	SELECT 'source ' || n, 'ics', (ARRAY['30 2 * * *', '*/30 3 * * mon-fri', 'FREQ=WEEKLY;BYDAY=MO;BYHOUR=4'])[n % 3 + 1],
	       (ARRAY['UTC', 'America/Montreal', 'Europe/London', 'Asia/Kolkata'])[n % 4 + 1]
	  FROM generate_series(1, 10000) n;
	UPDATE ingest.source SET schedule = '0 0 29 2 *'; -- none of them soon
	ANALYZE ingest.source});
ok(wait_until(sub { $node->safe_psql('postgres', 'SELECT count(*) FROM ingest.source_state WHERE next_run_at IS NOT NULL') == 10000 }, 60),
	'ten thousand sources are planned');
ok(wait_until(sub { ($row) = query_json($node, q{SELECT * FROM ingest.databases WHERE database = 'postgres'}); $row->{sources} == 10000 }, 20),
	'as the view says');
diag sprintf 'the first plan of 10,000 sources took %d ms', $row->{plan_ms};
$node->safe_psql('postgres', 'VACUUM ANALYZE ingest.source, ingest.source_state');
my $planned = $row->{planned_at};
$node->safe_psql('postgres', 'SELECT ingest.wake()');
ok(wait_until(sub { ($row) = query_json($node, q{SELECT * FROM ingest.databases WHERE database = 'postgres'}); $row->{planned_at} ne $planned }, 20),
	'and again');
diag sprintf 'a plan of 10,000 sources takes %d ms', $row->{plan_ms};
cmp_ok($row->{plan_ms}, '<', 1000, 'in less than a second');

no_crash($node);
done_testing();
