# The run's process is killed at random moments, again and again: what comes of
# it in the end is what a clean run gives.
#
#   CRASH_ROUNDS   how often (20)
#   CRASH_SEED     of the random numbers (printed)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $rounds = $ENV{CRASH_ROUNDS} || 20;
my $seed = $ENV{CRASH_SEED} || time % 100000;
srand $seed;
diag "$rounds rounds, seed $seed";

my $node = start_cluster(conf => "restart_after_crash = on\nautovacuum = off");
my $upstream = start_upstream('--events', 200);
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

# Fourteen pages that take their time, and a calendar with the same events
sub add_sources
{
	my ($dbname) = @_;
	$node->safe_psql($dbname, 'CREATE EXTENSION ingest') unless $dbname eq 'postgres';
	add_eventbrite_source($node, $upstream, dbname => $dbname,
		path => '/fault/latency-25/eventbrite/v3', config => { %window, page_size => 15 });
	add_ics_source($node, $upstream, dbname => $dbname,
		path => '/fault/latency-80/ics/city.ics', config => \%window);
}

# The server has seen the end of the process, and started anew if it was killed
sub has_recovered
{
	my ($pid, $position) = @_;
	my $gone = qr/\(PID $pid\) was terminated by signal 9/;

	wait_until(sub { !kill 0, $pid }, 60) or return;
	# a process at its end may end by itself, even so: then there is no such line
	return 1 unless wait_until(sub { log_lines($node, $gone, $position) }, 1);
	return wait_until(sub {
		my ($out) = run_command([ 'psql', '-XAtqc', 'SELECT 1', $node->connstr('postgres') ]);
		return $out eq '1';
	}, 60);
}

add_sources('postgres');
my (%killed, %phases);
for my $round (1 .. $rounds)
{
	# so that there is always something to store, to merge and to part again
	$upstream->control('change', every => 2 + int rand 4, field => 'title', value => "$round {title}");

	my $name = rand() < 0.7 ? 'eventbrite' : 'city';
	my ($job) = query_json($node, "SELECT * FROM ingest_run('$name', wait => false)");
	sleep rand($name eq 'city' ? 0.12 : 0.45);
	my $position = log_position($node);
	if (kill 'KILL', $job->{pid})
	{
		$killed{ $job->{id} } = 1;
		ok(has_recovered($job->{pid}, $position), "round $round: the server recovers") or last;
		my ($row) = query_json($node, "SELECT j.*, v.status AS seen FROM ingest.import_job AS j
			JOIN ingest.jobs AS v ON v.job_id = j.id WHERE j.id = $job->{id}");
		# it may have been done already, but for the end of its process; or the
		# launcher may have closed it
		delete $killed{ $job->{id} } if $row && $row->{status} !~ /^(running|crashed)$/;
		is($row->{seen}, 'crashed', "round $round: the view knows at once")
		  if $killed{ $job->{id} };
		ok($row, "round $round: the job that was told of is there");
		$phases{ $row->{phase} // 'done' }++;
	}
	else
	{
		note "round $round: ended before it was killed";
	}
	is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job
		 WHERE nb_fetched <> nb_created + nb_updated + nb_skipped + nb_errors}), 0, "round $round: counters add up");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing AS l
		 WHERE NOT EXISTS (SELECT FROM ingest.event AS e WHERE e.id = l.event_id)}), 0, "round $round: no listing without event");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.event AS e
		 WHERE nb_listings <> (SELECT count(*) FROM ingest.listing AS l WHERE l.event_id = e.id)}), 0,
		"round $round: no event without its listings");
}
diag scalar(keys %killed) . ' runs were killed';
note "$phases{$_} while $_" for sort keys %phases;
cmp_ok(scalar(keys %killed), '>=', $rounds / 4, 'enough of them in the middle');

for my $name (qw(eventbrite city))
{
	my ($job, $error) = run_source($node, $name);
	like($job->{status}, qr/^(success|no_change)$/, "one more run of $name ends well") or diag $error;
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0,
	'no job says that it is running');
my $ids = join ', ', 0, keys %killed;
is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_job WHERE id IN ($ids) AND status = 'crashed'"),
	scalar(keys %killed), 'those that were killed are crashed');
is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_job WHERE id NOT IN ($ids) AND status = 'crashed'"),
	0, 'and no others');

$node->safe_psql('postgres', 'CREATE DATABASE clean');
add_sources('clean');
for my $name (qw(eventbrite city))
{
	my ($job, $error) = run_source($node, $name, dbname => 'clean');
	is($job->{status}, 'success', "a clean run of $name") or diag $error;
}
same_lines(contents($node, noise => 0), contents($node, dbname => 'clean', noise => 0), 'and all is as in a database that nothing happened to');
done_testing();
