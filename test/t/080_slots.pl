# Processes: how many runs at a time, what happens when there is no room, and
# where no run may start.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = start_cluster(
	init => [ allows_streaming => 1 ],
	conf => "ingest.max_workers = 2\nmax_worker_processes = 5");
my $upstream = start_upstream('--events', 400);
my ($job, $error, $failure);

my @names = map { "organizer $_" } 1 .. 6;
add_eventbrite_source($node, $upstream, name => $names[ $_ - 1 ], config => { organizer_ids => [ 1001 + $_ ] })
  for 1 .. 6;

sub hanging { return $upstream->control('hanging')->{hanging} }

# ---- all sources, side by side, within ingest.max_workers ----

# one that fails, and one that is disabled
$node->safe_psql('postgres', qq{
	UPDATE ingest.source SET config = config || '{"organizer_ids": ["999999"]}' WHERE name = '$names[2]';
	UPDATE ingest.source SET enabled = false WHERE name = '$names[5]'});
$upstream->control('hang');
my $session = session($node);
$session->send('SELECT source, status FROM ingest_run_all() ORDER BY source');
ok($upstream->wait_hanging(2), 'two runs wait side by side');
sleep 0.5;
is(hanging(), 2, 'and not a third');
is(scalar(worker_pids($node)), 2, 'two processes');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.running'), 2, 'two jobs');
$upstream->control('release');
is($session->wait, join("\n", map { "$names[$_]|" . ($_ == 2 ? 'failed' : 'success') } 0 .. 4),
	'all end, and one that fails does not stop the others');
is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_job WHERE source = '$names[5]'"), 0,
	'one that is disabled is left out');

# a cancel ends all of them
$upstream->control('hang');
$session->send('SELECT source, status FROM ingest_run_all()');
ok($upstream->wait_hanging(2), 'two runs hang');
my @pids = worker_pids($node);
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
$session->wait(10);
like($session->error, qr/canceling statement/, 'cancelled, the caller is told so');
ok(wait_until(sub { !grep { kill 0, $_ } @pids }, 10), 'both runs end');
is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_job WHERE status = 'cancelled'"), 2, 'as cancelled');

# without waiting, as many as may run are started
$session->send('SELECT source, status FROM ingest_run_all(wait => false) ORDER BY source');
is($session->wait(10), "$names[0]|running\n$names[1]|running", 'without waiting: as many as may');
like($session->error, qr/NOTICE:  2 of 5 sources were started/, 'and a notice of the others');
$upstream->wait_hanging(2);
$upstream->control('release');
ok(wait_until(sub { !worker_pids($node) }, 20), 'they end by themselves');

# ---- no slot ----

$upstream->control('hang');
my $slots = 0;
for my $name (@names)
{
	$failure = failure($node, "SELECT ingest_run('$name', wait => false)");
	last if $failure;
	$slots++;
}
cmp_ok($slots, '>=', 1, "$slots runs fill the slots");
is($failure->{sqlstate}, '53000', 'one more finds no room');
like($failure->{message}, qr/no background worker slot is free to run source "$names[$slots]"/, 'which is what it says');
like($failure->{hint}, qr/max_worker_processes/, 'with the setting in the hint');
is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_job
	 WHERE source = '$names[$slots]' AND status = 'running'"), 0, 'no job was opened for it');
$failure = failure($node, 'SELECT ingest_run_all()');
is($failure->{sqlstate}, '53000', 'nor is there room for ingest_run_all');
$upstream->control('release');
ok(wait_until(sub { !worker_pids($node) }, 20), 'the others are not disturbed');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0, 'and end well');
($job, $error) = run_source($node, $names[$slots]);
is($job->{status} =~ /^(success|no_change)$/, 1, 'then there is room again') or diag $error;

# ---- not waiting ----

$upstream->control('hang');
($job) = query_json($node, "SELECT * FROM ingest_run('$names[0]', wait => false)");
is($job->{status}, 'running', 'without waiting: a job that is running');
is($job->{finished_at}, undef, 'and not finished');
is($job->{requested_by}, $node->safe_psql('postgres', 'SELECT current_user'), 'at the request of the caller');
ok($upstream->wait_hanging, 'it goes on without the session');
is_deeply([ worker_pids($node) ], [ $job->{pid} ], 'as the process that it names');
$upstream->control('release');
ok(wait_until(sub { last_job($node, $names[0])->{status} eq 'no_change' }, 20), 'and ends by itself');

# ---- CALL ----

$upstream->control('hang');
$session->send("CALL ingest_run_job('$names[0]')");
ok($upstream->wait_hanging, 'CALL ingest_run_job: it runs');
my ($activity) = query_json($node, "SELECT * FROM pg_stat_activity WHERE pid = @{[ $session->pid ]}");
is($activity->{backend_xmin}, undef, 'and the session that waits for it has no snapshot');
$upstream->control('release');
$session->wait(20);
like($session->error, qr/NOTICE:  import job \d+ of source "$names[0]": no_change/, 'then it tells the end');

for (
	[ "BEGIN; CALL ingest_run_job('$names[0]')", 'in a transaction block' ],
	[ "BEGIN; DO \$\$ BEGIN CALL ingest_run_job('$names[0]'); END \$\$", 'in a block of code inside one' ])
{
	my ($statement, $where) = @$_;
	$failure = failure($node, $statement);
	is($failure->{sqlstate}, '25000', "$where it is refused");
	like($failure->{hint}, qr/SELECT ingest_run\('$names[0]'\)/, "$where: with what to say there");
}
$failure = failure($node,
	"DO \$\$ BEGIN CALL ingest_run_job('$names[0]'); EXCEPTION WHEN division_by_zero THEN NULL; END \$\$");
is($failure->{sqlstate}, '25000', 'in a subtransaction too');
$failure = failure($node, "CALL ingest_run_job('$names[2]')");
like($failure->{message}, qr/import job \d+ of source "$names[2]" failed/, 'a failed run raises there too');
$failure = failure($node, "CALL ingest_run_job('nobody')");
is($failure->{sqlstate}, '42704', 'and so does a source that does not exist');

# ---- transactions of the caller ----

for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	is($node->safe_psql('postgres', qq{
		BEGIN ISOLATION LEVEL $level;
		SELECT count(*) FROM ingest.import_job WHERE false;
		SELECT status FROM ingest_run('$names[0]');
		COMMIT}), "0\nno_change", "$level: the job's row is read");
}
$failure = failure($node, "BEGIN READ ONLY; SELECT ingest_run('$names[0]')");
is($failure, undef, 'READ ONLY: the run has transactions of its own') or diag $failure->{text};
my $jobs = $node->safe_psql('postgres', 'SELECT count(*) FROM ingest.import_job');
$node->safe_psql('postgres', "BEGIN; SELECT ingest_run('$names[0]'); ROLLBACK");
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.import_job'), $jobs + 1, 'ROLLBACK does not undo the job');

# ---- a standby ----

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
for my $call ("SELECT ingest_run('$names[0]')", "CALL ingest_run_job('$names[0]')", 'SELECT ingest_run_all()',
	'SELECT ingest_cancel(1)')
{
	$failure = failure($standby, $call);
	is($failure->{sqlstate}, '25006', "on a standby $call is refused");
	like($failure->{message}, qr/cannot execute ingest_\w+\(\) during recovery/, 'by its name');
}
is($standby->safe_psql('postgres', 'SELECT count(*) FROM ingest.jobs'), $jobs + 1, 'the views can be read there');
$standby->promote;
($job, $error) = run_source($standby, $names[0]);
is($job->{status}, 'no_change', 'and once it is promoted it runs') or diag $error;

no_crash($node);
no_crash($standby);
done_testing();
