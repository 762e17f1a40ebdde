# The server dies at once, and all that it had started ends by itself: runs that
# wait for an upstream, sessions that wait for them, the launcher.  What is left
# over would keep the next server from its start.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster();
my $upstream = start_upstream('--events', 60);

add_eventbrite_source($node, $upstream);
add_eventbrite_source($node, $upstream, name => 'scheduled', arguments => { schedule => '1 day' });
add_eventbrite_source($node, $upstream, name => 'looked at');
ok(wait_until(sub { $node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'success'}) }, 30),
	'a run by schedule');
wait_until(sub { !worker_pids($node) && !worker_pids($node, 'ingest planner') }, 20);

# By hand, by schedule, and one that shows what it would do
$upstream->control('hang');
my @sessions = (session($node), session($node));
$sessions[0]->send(q{SELECT ingest_run('eventbrite')});
$sessions[1]->send(q{SELECT * FROM ingest_preview('looked at')});
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'scheduled'; SELECT ingest.wake()});
ok($upstream->wait_hanging(3), 'three processes wait for the upstream');
my @jobs = split /\n/, $node->safe_psql('postgres', 'SELECT job_id FROM ingest.running ORDER BY 1');
is(scalar(@jobs), 2, 'two of them are runs');
my @pids = (worker_pids($node), worker_pids($node, 'ingest launcher'), map { $_->pid } @sessions);
is(scalar(@pids), 6, 'the launcher and the sessions wait too');

$node->kill9;
ok(wait_until(sub { !grep { kill 0, $_ } @pids }, 20), 'the server is killed: none of them outlives it by long')
  or diag 'left: ' . join ' ', grep { kill 0, $_ } @pids;
$upstream->control('release');

$node->start;
ok(wait_until(sub { $node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}) == 0 }, 30),
	'started again, it closes their jobs');
is($node->safe_psql('postgres', sprintf q{SELECT string_agg(DISTINCT status, ', ') FROM ingest.import_job WHERE id IN (%s)}, join ',', @jobs),
	'crashed', 'as crashed');
my ($job, $error) = run_source($node, 'eventbrite');
like($job->{status}, qr/^(?:success|no_change)$/, 'and runs them again') or diag $error;
is(scalar(worker_pids($node, 'ingest launcher')), 1, 'with one launcher');
done_testing();
