# The least that the launcher can do with: one worker slot for planners and
# runs.  And what shares slots is not held up by what is slow.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;
use Time::HiRes qw(sleep);

# The launcher's own slot, and one more
my $node = start_cluster(conf => "max_logical_replication_workers = 0\nmax_worker_processes = 2\n");
my $upstream = start_upstream('--events', 60);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub jobs { return sql("SELECT count(*) FROM ingest.import_job WHERE $_[0]") }

# ---- one slot ----

ok(wait_until(sub { sql('SELECT state FROM ingest.launcher') eq 'running' }, 20), 'two worker processes: the launcher has one');
add_eventbrite_source($node, $upstream, name => "organizer $_", config => { organizer_ids => [ 1000 + $_ ] },
	arguments => { schedule => '1 hour' })
  for 1 .. 6;
ok(wait_until(sub { jobs(q{status IN ('success', 'no_change', 'empty')}) == 6 }, 90), 'with the other one all sources run, one after another');
is(sql(q{SELECT count(*) FROM ingest.import_job a JOIN ingest.import_job b ON a.id < b.id AND a.finished_at > b.started_at}), 0,
	'never two at once');
ok(wait_until(sub { sql('SELECT waiting FROM ingest.launcher') eq '0' && sql('SELECT waiting_for IS NULL FROM ingest.launcher') eq 't' }, 70),
	'and then nothing waits');
is(sql(q{SELECT count(*) FROM ingest.schedule WHERE state <> 'planned'}), 0, 'all are planned again');

# on demand, when the slot is taken
$upstream->control('hang');
my $session = session($node);
$session->send(q{SELECT status FROM ingest_run('organizer 1')});
$upstream->wait_hanging(1);
my $failure = failure($node, q{SELECT ingest_run('organizer 2')});
is($failure->{sqlstate}, '53000', 'a second run on demand finds no slot, and says so at once');
my $position = log_position($node);
sql(q{UPDATE ingest.source_state SET next_run_at = now() WHERE source = 'organizer 2'; SELECT ingest.wake()});
ok(wait_until(sub { sql('SELECT coalesce(waiting_for, $$$$) FROM ingest.launcher') eq 'max_worker_processes' }, 20),
	'what is due waits');
$upstream->control('release');
$session->wait(30);
ok(wait_until(sub { jobs(q{source = 'organizer 2' AND status IN ('no_change', 'success')}) == 2 }, 90), 'and is made up for');
cmp_ok(scalar(log_lines($node, qr/no background worker slot is free/, $position)), '<=', 2, 'without filling the log');

# ---- one that is slow ----

$node->append_conf('postgresql.conf', "max_worker_processes = 8\ningest.max_workers = 2\n");
$node->restart;
sql(q{UPDATE ingest.source SET schedule = NULL});
ok(wait_until(sub { sql('SELECT state FROM ingest.launcher') eq 'running' }, 20), 'more slots, two of them for runs');
$upstream->control('hang', path => '/organizers/1001/');
sql(q{UPDATE ingest.source SET schedule = '1 second' WHERE name IN ('organizer 1', 'organizer 3', 'organizer 4')});
ok($upstream->wait_hanging(1), 'an upstream does not answer');
my $before = jobs(q{source IN ('organizer 3', 'organizer 4') AND status <> 'running'});
ok(wait_until(sub { jobs(q{source IN ('organizer 3', 'organizer 4') AND status <> 'running'}) >= $before + 6 }, 60),
	'the others run on, every second');
is($upstream->control('hanging')->{hanging}, 1, 'while it hangs all the time');
sql('UPDATE ingest.source SET schedule = NULL');
$upstream->control('release');
ok(wait_until(sub { !worker_pids($node) }, 20), 'released, it ends too');

# ---- many who want the same ----

my @sessions = map { session($node) } 1 .. 5;
$upstream->control('hang');
$_->send(qq{\\set VERBOSITY verbose\nSELECT status FROM ingest_run('organizer 1')}) for @sessions;
ok($upstream->wait_hanging(1), 'five sessions at once ask for the same source');
ok(wait_until(sub { @{ [ grep { $_->finished } @sessions ] } == 4 }, 30), 'four of them are answered');
is(scalar(worker_pids($node)), 1, 'there is one run');
$upstream->control('release');
my @answers = map { $_->wait(30) } @sessions;
is(scalar(grep { $_ =~ /^(?:success|no_change)$/ } @answers), 1, 'which one of them gets');
is(scalar(grep { $_->error =~ /55006: source "organizer 1" is being run|53000: / } @sessions), 4, 'and the others are told why not');
note $_->error for @sessions;
is(jobs(q{status = 'running'}), 0, 'no job is left open');

no_crash($node);
done_testing();
