# Many sources for a long time: by their schedules, by hand and both at once,
# with upstreams that go wrong in every way and operators who cancel, terminate
# and kill.  In the end nothing is stuck, all that is counted adds up, and no
# process, memory, file or segment is left over or has grown.
#
#   SOAK_RUNS      how many runs (60); SOAK_RUNS=1000 SOAK_SOURCES=50 is the full size
#   SOAK_SOURCES   of so many sources (8)
#   SOAK_KILLS     of how many the process is killed, which restarts the server
#                  (1, and one more for every 200 runs), all in the first half
#   SOAK_SEED      of the random numbers (printed)
#   SOAK_MINUTES   after which it has failed (2, and one more for every 50 runs)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use List::Util qw(sum0);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $runs = $ENV{SOAK_RUNS} || 60;
my $nsources = $ENV{SOAK_SOURCES} || 8;
my $kills = $ENV{SOAK_KILLS} // 1 + int($runs / 200);
my $seed = $ENV{SOAK_SEED} || time % 100000;
my $minutes = $ENV{SOAK_MINUTES} || 2 + $runs / 50;
srand $seed;
diag "$runs runs of $nsources sources, $kills killed, seed $seed";

# Segments of shared memory are files of this cluster, which can be counted
my $node = start_cluster(conf => q{
restart_after_crash = on
dynamic_shared_memory_type = mmap
max_worker_processes = 14
jit = off
ingest.max_workers = 4
ingest.max_retries = 1
ingest.connect_timeout = '1s'
ingest.request_timeout = '1s'
ingest.run_timeout = '6s'
ingest.max_response_size = '2MB'
});
my $upstream = start_upstream('--events', 96);
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

# Connectors: with what the address of their source begins, and what else they want
my @kinds = (
	{ connector => 'eventbrite', key => 'base_url', path => '/eventbrite/v3', token => 'token',
		config => sub { +{ organizer_ids => [ $_[0] < 6 ? '1001' : 1002 + $_[0] % 40 ], page_size => 20, %window } } },
	{ connector => 'ics', key => 'url', path => '/ics/city.ics', config => sub { +{%window} } },
	{ connector => 'ticketmaster', key => 'base_url', path => '/ticketmaster/discovery/v2', token => 'apikey',
		config => sub { +{ market_id => 120, requests_per_second => 1000 } } },
	{ connector => 'montreal', key => 'base_url', path => '/ckan', config => sub { +{} } },
	{ connector => 'jsonld', key => 'urls', path => '/agenda/',
		config => sub { +{ requests_per_second => 1000, link_pattern => '/agenda/e/[0-9]', %window } } },
	{ connector => 'ics', key => 'url', path => '/ics/library.ics', config => sub { +{} } },
);
my @faults = (
	('') x 24, qw(latency-20 latency-150 slow-headers slow-body stall-body truncated truncated-json wrong-length
	  endless empty-body bad-chunk reset drop close-after bad-status huge-headers gzip bad-gzip gzip-bomb
	  unknown-encoding invalid-utf8 nul bom html-200 not-json deep-json redirect-loop redirect-chain
	  rate-limit-seconds 503-retry-after flaky-500 always-500), 'always-500,status=403', 'reset,first=1', 'truncated,nth=2');

my @sources = map { my $kind = $kinds[ $_ % @kinds ]; +{ %$kind, number => $_, name => "$kind->{connector} $_" } }
  0 .. $nsources - 1;

sub any { return $_[ rand @_ ] }

# Where a source looks for its upstream: a part of its configuration, as JSON
sub address
{
	my ($source, $fault) = @_;
	my $url = $upstream->url(($fault ne '' ? "/fault/$fault" : '') . $source->{path});
	return { $source->{key} => $source->{key} eq 'urls' ? [$url] : $url };
}

sub add_source
{
	my ($source, $dbname, $fault, %arguments) = @_;
	IngestTest::add_source($node, $dbname, $source->{name}, $source->{connector},
		{ %{ $source->{config}->($source->{number}) }, %{ address($source, $fault) } },
		{ timezone => 'America/Toronto', %arguments },
		$source->{token} ? "SELECT ingest_set_credential('$source->{name}', '$source->{token}', 'demo-token')" : ());
}

sub json { return JSON::PP->new->canonical->encode($_[0]) }

sub sql { return $node->safe_psql('postgres', $_[0]) }

# ---- who asks ----

# A session for each of some callers, who ask again when they are answered; the
# steady one is left alone, as one of a pool would be
my $callers = 3;
my (@callers, $steady, $control);

sub fresh_sessions
{
	@callers = map { session($node) } 1 .. $callers;
	$steady = session($node);
	$control = session($node);
}

# One statement of the test's own; '' where there is no row
sub ask
{
	my $answer = $control->query($_[0], 60);
	die "$_[0]: " . $control->error if $control->error =~ /^(?:psql:.*)?(?:ERROR|FATAL)/m;
	return $answer;
}

my %done;    # what was done, how often

# Is a caller's question not answered yet?  One that never is, is a bug.
sub is_waiting
{
	my ($caller) = @_;
	return 0 unless $caller->{asked_at};
	if ($caller->finished)
	{
		$caller->wait;
		$caller->{asked_at} = 0;
		return 0;
	}
	die "no answer for 60 s\n" if time > $caller->{asked_at} + 60;
	return 1;
}

sub run_by
{
	my ($caller) = @_;
	my $name = any(@sources)->{name};
	$caller->{asked_at} = time;
	$caller->send(any(
		("SELECT status FROM ingest_run('$name')") x 6,
		"SELECT status FROM ingest_run('$name', wait => false)",
		"SET statement_timeout = '300ms'; SELECT status FROM ingest_run('$name'); RESET statement_timeout",
		"BEGIN; SELECT status FROM ingest_run('$name'); ROLLBACK",
		"CALL ingest_run_job('$name')"));
	return 1;
}

# A process of a run that is under way, and its job
sub running
{
	my @rows = split /\n/, ask('SELECT job_id, pid FROM ingest.running');
	return @rows ? split /\|/, any(@rows) : ();
}

my %acts = (
	'by hand' => sub {
		for my $caller (@callers)
		{
			next if is_waiting($caller);
			$caller = session($node) if $caller->{gone};
			return run_by($caller);
		}
		return 0;
	},
	'by the steady session' => sub { return !is_waiting($steady) && run_by($steady) },
	'due now' => sub {
		ask(sprintf q{UPDATE ingest.source_state SET next_run_at = now(), not_before = NULL WHERE source = '%s'; SELECT ingest.wake()},
			any(@sources)->{name});
		return 1;
	},
	'another schedule' => sub {
		ask(sprintf q{UPDATE ingest.source SET schedule = '%d seconds' WHERE name = '%s'},
			2 + rand(2 + @sources / 2), any(@sources)->{name});
		return 1;
	},
	'another fault' => sub {
		my $source = any(@sources);
		ask(sprintf q{UPDATE ingest.source SET config = config || '%s' WHERE name = '%s'},
			json(address($source, any(@faults))), $source->{name});
		return 1;
	},
	'resumed' => sub { ask('SELECT ingest_resume_all()'); return 1 },
	'the upstream changes' => sub {
		my $change = any(qw(change change change remove restore touch));
		$upstream->control($change, every => 2 + int rand 5,
			$change eq 'change' ? (field => 'title', value => int(rand 1000) . ' {title}') : ());
		return 1;
	},
	'ingest_cancel' => sub {
		my ($job) = running() or return 0;
		return ask("SELECT ingest_cancel($job)") eq 't';
	},
	'run cancelled' => sub {
		my (undef, $pid) = running() or return 0;
		return ask("SELECT pg_cancel_backend($pid)") eq 't';
	},
	'run terminated' => sub {
		my (undef, $pid) = running() or return 0;
		return ask("SELECT pg_terminate_backend($pid)") eq 't';
	},
	'session cancelled' => sub {
		my ($caller) = grep { is_waiting($_) } @callers, $steady or return 0;
		return ask("SELECT pg_cancel_backend(@{[ $caller->pid ]})") eq 't';
	},
	'session terminated' => sub {
		my ($caller) = grep { is_waiting($_) } @callers or return 0;
		return ask("SELECT pg_terminate_backend(@{[ $caller->pid ]})") eq 't';
	},
	'client gone' => sub {
		my ($at) = grep { is_waiting($callers[$_]) } 0 .. $#callers;
		return 0 unless defined $at;
		$callers[$at]->quit;
		$callers[$at] = session($node);
		return 1;
	},
	'reload' => sub { $node->reload; return 1 },
);

# how often, of so many acts
my @dice = map { ($_->[0]) x $_->[1] } (
	[ 'by hand', 30 ], [ 'by the steady session', 20 ], [ 'due now', 30 ], [ 'another schedule', 4 ], [ 'another fault', 10 ],
	[ 'resumed', 1 ], [ 'the upstream changes', 4 ], [ 'ingest_cancel', 3 ], [ 'run cancelled', 2 ], [ 'run terminated', 2 ],
	[ 'session cancelled', 3 ], [ 'session terminated', 1 ], [ 'client gone', 1 ], [ 'reload', 1 ]);

# ---- what must not grow ----

sub postmaster { return (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0] }

sub descriptors { return scalar(my @files = glob "/proc/$_[0]/fd/*") }

# What the system calls the cluster's processes; one that has just gone has no title
sub titles
{
	my $postmaster = postmaster();
	my $read = sub { open(my $file, '<', $_[0]) or return ''; local $/; return readline($file) // '' };

	return map { $read->($_ . 'cmdline') }
	  grep { my ($parent) = $read->($_ . 'stat') =~ /.*\) \S+ (\d+)/s; ($parent // 0) == $postmaster } glob '/proc/[0-9]*/';
}

# Segments of dynamic shared memory, of all processes of the cluster
sub segments { return scalar(my @files = glob $node->data_dir . '/pg_dynshmem/mmap.*') }

sub locks { return sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}) }

# Bytes in use in a process' memory contexts, by its own account; what it has
# from malloc() is in memory_kb
sub context_bytes
{
	my ($pid) = @_;
	my $position = log_position($node);
	my $total;

	sql("SELECT pg_log_backend_memory_contexts($pid)");
	wait_until(sub {
		($total) = map { /Grand total: .*; (\d+) used/ ? $1 : () }
		  log_lines($node, qr/^\S+ \S+ \S+ \[$pid\] .*Grand total: /, $position);
		return defined $total;
	}, 20);
	return $total;
}

my %series;    # by process: samples of [runs so far, kB, descriptors, bytes in contexts]

sub measure
{
	my ($name, $pid, $so_far) = @_;
	my $sample = [ $so_far, memory_kb($pid), descriptors($pid), $name eq 'postmaster' ? 0 : context_bytes($pid) ];
	push @{ $series{"$name $pid"} }, $sample;
	note sprintf '%4d runs: %-10s %6d  %6d kB private, %7d bytes in contexts, %3d files', $so_far, $name, $pid, @$sample[ 1, 3, 2 ];
}

sub measure_all
{
	my ($so_far) = @_;
	my ($launcher) = worker_pids($node, 'ingest launcher');
	measure('launcher', $launcher, $so_far) if $launcher;
	measure('postmaster', postmaster(), $so_far);
	measure('session', $steady->pid, $so_far) if wait_until(sub { !is_waiting($steady) }, 60);
}

# ---- a process dies ----

my $restarts = 0;

sub kill_one
{
	my ($job, $pid) = running() or return;
	my $position = log_position($node);
	return unless kill 'KILL', $pid;
	my $crash = qr/\(PID $pid\) was terminated by signal 9/;

	# one that was at its end may have ended by itself, even so
	wait_until(sub { !kill 0, $pid }, 60);
	return unless wait_until(sub { log_lines($node, $crash, $position) }, 2);
	wait_until(sub {
		my ($out) = run_command([ 'psql', '-XAtqc', 'SELECT 1', $node->connstr('postgres') ]);
		return $out eq '1';
	}, 60) or die "the server does not come back\n";
	fresh_sessions();
	$restarts++;
	# its job may have been done, but for the end of its process
	return ask("SELECT status IN ('running', 'crashed') FROM ingest.import_job WHERE id = $job") eq 't' ? $job : undef;
}

# ---- the soak ----

# What the launcher holds for itself
wait_until(sub { sql(q{SELECT count(*) FROM ingest.databases}) && !worker_pids($node, 'ingest planner') }, 30);
my ($locks_before, $segments_before) = (locks(), segments());

add_source($_, 'postgres', any(@faults), schedule => (2 + int rand(2 + $nsources / 2)) . ' seconds') for @sources;
fresh_sessions();

my $since = time;
my ($so_far, $measured_at, @killed) = (0, -$runs);
my $problem = eval {
	while ($so_far < $runs)
	{
		die sprintf "%d of %d runs in %d minutes\n", $so_far, $runs, $minutes if time > $since + 60 * $minutes;
		my $act = any(@dice);
		$done{$act}++ if $acts{$act}->();
		sleep rand 0.06;
		$so_far = ask(q{SELECT count(*) FROM ingest.import_job WHERE status <> 'running'});
		if (@killed < $kills && $so_far >= $runs / 2 * (@killed + 1) / ($kills + 1))
		{
			my $job = kill_one();
			push @killed, $job if $job;
		}
		if ($so_far >= $measured_at + $runs / 20)
		{
			measure_all($so_far);
			$measured_at = $so_far;
		}
	}
	1;
} ? '' : $@;
is($problem, '', "$runs runs") or diag ask(q{SELECT row_to_json(j) FROM ingest.jobs j WHERE status = 'running'});
diag sprintf '%d runs in %d s', $so_far, time - $since;
note "$done{$_} times: $_" for sort keys %done;

# ---- and then it is quiet ----

ok(wait_until(sub { !grep { is_waiting($_) } @callers, $steady }, 30), 'every caller is answered');
sql('UPDATE ingest.source SET schedule = NULL');
ok(wait_until(sub { !worker_pids($node, 'ingest run') }, 30), 'no run is left');
sql('SELECT ingest.wake()');
ok(wait_until(sub { sql(q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}) == 0 }, 30),
	'no job says that it is running: the launcher closes those whose process is gone');
ok(wait_until(sub { !worker_pids($node, 'ingest planner') }, 30), 'no planner is left');
measure_all($so_far);
my @titles = titles();
is(scalar(grep { / ingest launcher/ } @titles), 1, 'the system knows of the launcher');
my $left = join "\n", grep { / ingest (?:run|planner)/ } @titles;
is($left, '', 'nor does the system know of one');
is(locks(), $locks_before, 'no lock of a source is held');
is(sql('SELECT count(*) FROM ingest.running'), 0, 'nothing is shown as running');
is(scalar(worker_pids($node, 'ingest launcher')), 1, 'there is one launcher');
is(sql(q{SELECT concat_ws(', ', running, waiting) FROM ingest.launcher}), '0, 0', 'which waits for nobody');
ok(wait_until(sub { segments() == $segments_before }, 10), 'no segment of shared memory is left')
  or diag segments() . ", not $segments_before";

# ---- all that is counted adds up ----

for (query_json($node, q{
	SELECT c.conrelid::regclass AS "table", c.conname AS name, pg_get_expr(c.conbin, c.conrelid) AS expression
	  FROM pg_constraint AS c WHERE c.connamespace = 'ingest'::regnamespace AND c.contype = 'c' ORDER BY 1, 2}))
{
	my $broken = sql("SELECT count(*) FROM $_->{table} WHERE NOT ($_->{expression})");
	is($broken, 0, "$_->{name}: holds for each row") if $broken;
}
is(sql(q{SELECT count(*) FROM ingest.import_job WHERE nb_fetched <> nb_created + nb_updated + nb_skipped + nb_errors}), 0,
	'every job: what was fetched is what was created, updated, skipped and refused');
is(sql(q{SELECT count(*) FROM ingest.import_job j WHERE nb_skipped <>
	(SELECT coalesce(sum(r.value::int8), 0) FROM jsonb_each_text(j.skip_reasons) r)}), 0, 'what was skipped has its reasons');
is(sql(q{SELECT count(*) FROM ingest.import_job j WHERE nb_errors <>
	(SELECT count(*) FROM ingest.import_error e WHERE e.job_id = j.id)}), 0, 'what was refused is kept');
is(sql(q{SELECT string_agg(format('%s: %s, not %s', source, coalesce(created, 0), coalesce(stored, 0)), '; ')
	FROM (SELECT source, sum(nb_created) AS created FROM ingest.import_job GROUP BY source) j
	FULL JOIN (SELECT source, count(*) AS stored FROM ingest.listing GROUP BY source) l USING (source)
	WHERE coalesce(created, 0) <> coalesce(stored, 0)}), '', 'each listing was created by one run, and counted there');
is(sql(q{SELECT count(*) FROM ingest.listing AS l WHERE NOT EXISTS (SELECT FROM ingest.event AS e WHERE e.id = l.event_id)}), 0,
	'every listing has its event');
is(sql(q{SELECT count(*) FROM ingest.event AS e WHERE nb_listings = 0 OR nb_listings <>
	(SELECT count(*) FROM ingest.listing AS l WHERE l.event_id = e.id)}), 0, 'every event has its listings');
is(sql(q{SELECT count(*) FROM ingest.import_job a JOIN ingest.import_job b USING (source)
	WHERE a.id < b.id AND CASE a.status WHEN 'crashed' THEN a.heartbeat_at ELSE a.finished_at END > b.started_at}), 0,
	'never two runs of a source at once');

# ---- as it was meant to be ----

my %ends = map { $_->{status} => $_->{count} } query_json($node, q{SELECT status, count(*) FROM ingest.import_job GROUP BY status});
my %triggers = map { $_->{trigger} => $_->{count} } query_json($node, q{SELECT trigger, count(*) FROM ingest.import_job GROUP BY trigger});
diag join ', ', map { "$ends{$_} $_" } sort keys %ends;
diag join ', ', map { "$triggers{$_} by $_" } sort keys %triggers;
is(scalar(@killed), $kills, 'so many were killed as said');
is(sql(sprintf q{SELECT count(*) FROM ingest.import_job WHERE id IN (%s) AND status <> 'crashed'}, join ',', 0, @killed), 0,
	'which have crashed');
cmp_ok($triggers{$_} // 0, '>', 0, "some runs were asked for by $_") for qw(schedule manual);
cmp_ok(sum0(map { $ends{$_} // 0 } qw(success no_change partial empty)), '>', $runs / 10, 'enough of them end well');
cmp_ok($ends{failed} // 0, '>', 0, 'some fail');
is(scalar(grep { !defined $_->{finished_at} || $_->{seconds} > 20 } query_json($node, q{
	SELECT finished_at, extract(epoch FROM finished_at - started_at) AS seconds FROM ingest.import_job WHERE status <> 'crashed'})), 0,
	'none outlives ingest.run_timeout by much');

# ---- nothing has grown ----

my %judged;
for my $process (sort keys %series)
{
	my @samples = @{ $series{$process} };
	my $span = $samples[-1][0] - $samples[0][0];
	next if @samples < 4 || $span < $runs / 4;

	# what it takes once, it has after a quarter
	my ($first, $last) = ($samples[ @samples / 4 ], $samples[-1]);
	diag sprintf '%-18s over %d runs: %d to %d kB private, %d to %d bytes in contexts, %d to %d files',
	  $process, $last->[0] - $first->[0], map { $first->[$_], $last->[$_] } 1, 3, 2;
	$judged{ $process =~ s/ .*//r } = 1;
	cmp_ok($last->[1] - $first->[1], '<=', 400, "$process: its private memory has not grown");
	cmp_ok($last->[3] - $first->[3], '<=', 64 * 1024, "$process: nor what its contexts hold");
	# a session opens the files of tables as it comes to them
	cmp_ok($last->[2] - $first->[2], '<=', $process =~ /^session/ ? 6 : 0, "$process: nor the number of its files");
}

is_deeply([ sort keys %judged ], [qw(launcher postmaster session)], 'each was watched for long enough');

# ---- and it works as before ----

# What is found now, a line each.  Which session of an event in Montréal has the
# bare number as its id, depends on which was found first.
sub found
{
	my ($dbname) = @_;
	return $node->safe_psql($dbname, q{
		SELECT to_jsonb(l) - '{id, event_id, first_seen_at, updated_at, last_seen_job, raw, raw_hash, revision}'::text[]
		         - CASE WHEN source LIKE 'montreal %' THEN 'source_id' ELSE '' END AS line
		  FROM ingest.listing AS l WHERE withdrawn_at IS NULL AND missing_runs = 0 ORDER BY line});
}

# Faults and changes are taken back, and the same sources added to a database
# that nothing has happened to
$upstream->control('reset');
$node->safe_psql('postgres', 'CREATE DATABASE clean');
$node->safe_psql('clean', 'CREATE EXTENSION ingest');
for my $source (@sources)
{
	sql(sprintf q{UPDATE ingest.source SET config = config || '%s' WHERE name = '%s'; UPDATE ingest.source_state SET not_before = NULL},
		json(address($source, '')), $source->{name});
	add_source($source, 'clean', '');
	my ($job, $error) = run_source($node, $source->{name}, dbname => 'clean');
	my $status = $job->{status} // $error;
	like($status, qr/^(?:success|empty)$/, "$source->{name} runs in a new database");
	my $expected = $status eq 'empty' ? qr/^empty$/ : qr/^(?:success|no_change)$/;
	($job, $error) = run_source($node, $source->{name});
	like($job->{status} // $error, $expected, "$source->{name} runs once more") or diag $error;
}
same_lines(found('postgres'), found('clean'), 'and finds what is found by who begins now');

# Runs were killed, and by nobody else
my $crashes = log_lines($node, qr/PANIC|TRAP|terminated by signal (?!9\b)|was terminated by exception/);
is($crashes, 0, 'no process has crashed by itself');
is(scalar(log_lines($node, qr/was terminated by signal 9/)), $restarts, 'but those that were killed');
done_testing();
