# What a failed run means for the next one: waits that grow, ticks that are not
# anticipated, pauses, quarantine; and that one good run forgets it all.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = start_cluster();
my $upstream = start_upstream('--events', 40);
my ($state, $job, $row, $position);

# A source's state, with the seconds from its last job's end to its next run
sub state_of
{
	my ($name) = @_;
	my ($row) = query_json($node, qq{
		SELECT t.*, s.state, s.why, s.action, j.id AS job, j.trigger, j.status, j.error_class,
		       extract(epoch FROM t.next_run_at - j.finished_at)::float8 AS wait
		  FROM ingest.source_state t JOIN ingest.schedule s USING (source)
		  LEFT JOIN LATERAL (SELECT * FROM ingest.import_job i WHERE i.source = t.source ORDER BY id DESC LIMIT 1) j ON true
		 WHERE t.source = '$name'});
	return $row;
}

# Have the launcher run it now; its state after that run
sub tick
{
	my ($name) = @_;
	my $last = $node->safe_psql('postgres', 'SELECT coalesce(max(id), 0) FROM ingest.import_job');
	$node->safe_psql('postgres', qq{
		UPDATE ingest.source_state SET next_run_at = now(), not_before = NULL WHERE source = '$name';
		SELECT ingest.wake()});
	wait_until(sub { $node->safe_psql('postgres', qq{
		SELECT count(*) FROM ingest.import_job WHERE id > $last AND source = '$name' AND status <> 'running'}) }, 30);
	return state_of($name);
}

sub first_run
{
	my ($name) = @_;
	wait_until(sub { $node->safe_psql('postgres', qq{
		SELECT count(*) FROM ingest.import_job WHERE source = '$name' AND status <> 'running'}) }, 30);
	return state_of($name);
}

sub within
{
	my ($got, $minutes, $name) = @_;
	ok($got > $minutes * 60 * 0.8 - 2 && $got < $minutes * 60 * 1.2 + 2, "$name: $minutes minutes, give or take a fifth")
	  or diag "$got seconds";
}

# The server must not spend the test in retries of requests
$node->append_conf('postgresql.conf', 'ingest.max_retries = 0');
$node->reload;

# ---- passing failures: a wait that doubles ----

add_eventbrite_source($node, $upstream, name => 'down', path => '/fault/always-500,status=503/eventbrite/v3',
	arguments => { schedule => '1 day' });
$state = first_run('down');
is($state->{status}, 'failed', 'an upstream that is down');
is($state->{consecutive_failures}, 1, 'one failure');
within($state->{wait}, 1, 'it is tried again long before its next tick');
is($state->{state}, 'backing_off', 'as the view says');
like($state->{why}, qr/^it failed: it is tried again then/, 'and why');
$state = tick('down');
within($state->{wait}, 2, 'after the second failure');
$state = tick('down');
within($state->{wait}, 4, 'after the third');
is($state->{paused_reason}, undef, 'a failure that passes does not pause, however often it comes');
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET consecutive_failures = 100 WHERE source = 'down'});
$state = tick('down');
within($state->{wait}, 360, 'and never more than six hours: the source is probed');

# a run by hand counts for it too
my (undef, $error) = run_source($node, 'down');
is(state_of('down')->{consecutive_failures}, 102, 'a failure on demand counts');

# one good run closes it
$node->safe_psql('postgres', qq{
	UPDATE ingest.source SET config = config || '{"base_url": "@{[ $upstream->url('/eventbrite/v3') ]}"}' WHERE name = 'down'});
$state = tick('down');
is($state->{status}, 'success', 'when it is up again');
is($state->{consecutive_failures}, 0, 'nothing is left of the failures');
cmp_ok($state->{wait}, '>', 86300, 'and the schedule holds again');

# a schedule shorter than the wait gives way
add_eventbrite_source($node, $upstream, name => 'often', path => '/fault/always-500/eventbrite/v3',
	arguments => { schedule => '1 second' });
$state = first_run('often');
within($state->{wait}, 1, 'a schedule of every second, failing');
sleep 2.5;
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE source = 'often'}), 1, 'does not hammer');

# a network without an answer
add_eventbrite_source($node, $upstream, name => 'nobody there', config => { base_url => 'http://127.0.0.1:1/v3' },
	arguments => { schedule => '1 day' });
$state = first_run('nobody there');
is($state->{error_class}, 'network', 'no answer at all');
within($state->{wait}, 1, 'is a passing failure');

# ---- what the publisher wishes: no two runs closer than that ----

$node->safe_psql('postgres', q{UPDATE ingest.source_state SET min_interval = '30 minutes' WHERE source = 'nobody there'});
$state = tick('nobody there');
cmp_ok($state->{wait}, '>', 1780, "a publisher's interval holds for attempts after a failure");
cmp_ok($state->{wait}, '<=', 1800, 'and for no longer');
add_ics_source($node, $upstream, arguments => { schedule => '1 minute' });
$state = first_run('city');
my $wish = $node->safe_psql('postgres', q{
	SELECT extract(epoch FROM min_interval)::int FROM ingest.source_state WHERE source = 'city'});
cmp_ok($wish || 0, '>=', 900, "a calendar that wishes to be read every $wish seconds");
cmp_ok($state->{wait}, '>', $wish - 20, 'is not read more often: by an interval');
$node->safe_psql('postgres', q{UPDATE ingest.source SET schedule = '*/10 * * * *' WHERE name = 'city'});
$state = tick('city');
cmp_ok($state->{wait}, '>', $wish - 20, 'by a cron expression');
cmp_ok($state->{wait}, '<', $wish + 660, 'whose next tick after that it is');

# ---- what the upstream asks for ----

add_eventbrite_source($node, $upstream, name => 'limited', path => '/fault/rate-limit-long,seconds=900/eventbrite/v3',
	arguments => { schedule => '1 minute' });
$state = first_run('limited');
is($state->{error_class}, 'rate_limit', 'a rate limit');
($row) = query_json($node, q{
	SELECT extract(epoch FROM not_before - now())::int AS seconds FROM ingest.source_state WHERE source = 'limited'});
cmp_ok($row->{seconds} // 0, '>', 800, 'Retry-After is stored') or diag explain $state;
is($state->{state}, 'rate_limited', 'and the view says so');
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'limited'; SELECT ingest.wake()});
sleep 1.5;
is(state_of('limited')->{job}, $state->{job}, 'until then it does not run, though its tick has come');

# ---- failures that the next tick may mend, but no hurry ----

add_eventbrite_source($node, $upstream, name => 'garbled', path => '/fault/not-json/eventbrite/v3',
	arguments => { schedule => '1 day' });
$state = first_run('garbled');
is($state->{error_class}, 'parse', 'an answer that cannot be read');
cmp_ok($state->{wait}, '>', 86000, 'is not asked for again before the next tick');
is($state->{paused_reason}, undef, 'nor paused');

# ---- lasting failures: three in a row pause ----

add_eventbrite_source($node, $upstream, name => 'locked out', token => 'wrong-token', arguments => { schedule => '1 day' });
$position = log_position($node);
$state = first_run('locked out');
is($state->{error_class}, 'auth', 'a credential that is refused');
cmp_ok($state->{wait}, '>', 86000, 'is not tried again before the next tick');
$state = tick('locked out');
is($state->{paused_reason}, undef, 'twice is not enough to pause');
$state = tick('locked out');
like($state->{paused_reason}, qr/^3 runs in a row failed, the last by its credential: /, 'three times in a row pause, with the reason');
unlike($state->{paused_reason}, qr/wrong-token/, 'which holds no secret');
is($state->{state}, 'paused', 'as the view says');
is($state->{action}, q{SELECT public.ingest_resume('locked out')}, 'with the way back');
is(scalar(log_lines($node, qr/source "locked out" is paused/, $position)), 1, 'and the log, once');
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'locked out'; SELECT ingest.wake()});
sleep 1.5;
is(state_of('locked out')->{job}, $state->{job}, 'paused, it does not run');
is($node->safe_psql('postgres', q{SELECT health FROM ingest.source_health WHERE source = 'locked out'}), 'paused', 'its health is paused');

# resumed, the next run is the probe
$node->safe_psql('postgres', q{SELECT ingest_resume('locked out')});
is(state_of('locked out')->{paused_reason}, undef, 'resumed');
$state = tick('locked out');
like($state->{paused_reason}, qr/by its credential/, 'one more failure of the same kind pauses again');
$node->safe_psql('postgres', q{
	SELECT ingest_set_credential('locked out', 'token', 'demo-token');
	SELECT ingest_resume('locked out')});
$state = tick('locked out');
is($state->{status}, 'success', 'with the right credential it is well');
is($state->{consecutive_failures}, 0, 'and nothing is left');

# a credential that comes after the first run
add_eventbrite_source($node, $upstream, name => 'late', token => undef, arguments => { schedule => '1 day' });
$state = first_run('late');
is($state->{error_class}, 'auth', 'without a credential the first run fails');
$node->safe_psql('postgres', q{SELECT ingest_set_credential('late', 'token', 'demo-token')});
ok(wait_until(sub { state_of('late')->{status} eq 'success' || state_of('late')->{status} eq 'no_change' }, 20),
	'when it is set, the source is tried at once');

# a configuration that is wrong
$node->safe_psql('postgres', q{
	UPDATE ingest.source SET config = '{"organizer_ids": "not a list", "nonsense": 1}' WHERE name = 'late'});
tick('late');
tick('late');
$state = tick('late');
is($state->{error_class}, 'config', 'a configuration that is wrong');
like($state->{paused_reason}, qr/by its configuration/, 'pauses after three runs');

# without a schedule there is nothing to pause
add_eventbrite_source($node, $upstream, name => 'by hand', token => 'wrong-token');
run_source($node, 'by hand') for 1 .. 4;
$state = state_of('by hand');
is($state->{consecutive_failures}, 4, 'a source that is run by hand fails');
is($state->{paused_reason}, undef, 'and is not paused');

# a good run between failures keeps it going
add_eventbrite_source($node, $upstream, name => 'moody', token => 'wrong-token', arguments => { schedule => '1 day' });
first_run('moody');
tick('moody');
$node->safe_psql('postgres', q{SELECT ingest_set_credential('moody', 'token', 'demo-token')});
tick('moody');
$node->safe_psql('postgres', q{SELECT ingest_set_credential('moody', 'token', 'wrong-token')});
tick('moody');
$state = tick('moody');
is($state->{paused_reason}, undef, 'four failures, but not three in a row: no pause');

# ---- crashes: three in a row are a quarantine ----

add_eventbrite_source($node, $upstream, name => 'deadly', arguments => { schedule => '1 day' });
first_run('deadly');
for my $round (1 .. 3)
{
	$upstream->control('hang');
	$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'deadly'; SELECT ingest.wake()});
	$upstream->wait_hanging(1);
	my ($running) = query_json($node, q{SELECT * FROM ingest.running WHERE source = 'deadly'});
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($running->{pid})");
	ok(wait_until(sub { $node->safe_psql('postgres', "SELECT status FROM ingest.import_job WHERE id = $running->{job_id}") eq 'crashed' }, 20),
		"round $round: a run whose process dies is closed as crashed, by the launcher's planner");
	$upstream->control('release');
	$state = state_of('deadly');
	is($state->{consecutive_failures}, $round, "round $round: it counts");
	cmp_ok($state->{wait}, '>=', 239, "round $round: five minutes at least before the next") if $round < 3;
}
like($state->{paused_reason}, qr/^quarantined: its process crashed 3 times in a row/, 'three times: quarantined');

# ---- a run that a person ends is no failure ----

add_eventbrite_source($node, $upstream, name => 'stopped', arguments => { schedule => '1 hour' });
first_run('stopped');
$upstream->control('hang');
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'stopped'; SELECT ingest.wake()});
$upstream->wait_hanging(1);
($row) = query_json($node, q{SELECT * FROM ingest.running WHERE source = 'stopped'});
$node->safe_psql('postgres', q{SELECT ingest_pause('stopped', 'while it runs')});
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.running WHERE source = 'stopped'}), 1, 'a pause does not end a run');
$node->safe_psql('postgres', q{SELECT ingest_resume('stopped')});
$node->safe_psql('postgres', $row->{action});
ok(wait_until(sub { state_of('stopped')->{status} eq 'cancelled' }, 10), 'cancelled');
$upstream->control('release');
$state = state_of('stopped');
is($state->{consecutive_failures}, 0, 'which is no failure');
cmp_ok($state->{wait}, '>', 3500, 'and it does not start again at once');

# ---- a run that takes too long ends ----

$node->append_conf('postgresql.conf', "ingest.run_timeout = '2s'");
$node->reload;
$upstream->control('hang');
$node->safe_psql('postgres', q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'stopped'; SELECT ingest.wake()});
ok(wait_until(sub { state_of('stopped')->{status} eq 'failed' }, 20), 'a run by schedule ends at ingest.run_timeout');
like(last_job($node, 'stopped')->{error_message} . last_job($node, 'stopped')->{error_hint}, qr/ingest\.run_timeout/, 'and says so');
$upstream->control('release');

no_crash($node);
done_testing();
