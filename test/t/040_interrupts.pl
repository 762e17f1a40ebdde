# While a request hangs: whatever asks a run to end is answered at once, and
# the run holds nothing that others need.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# What is asserted; what is expected is a tenth of it, and told
my $limit = 1.0;

my $node = start_cluster();
my $upstream = start_upstream('--events', 60);
my ($job, $error);
$ENV{PGOPTIONS} = '-c lock_timeout=20s';    # what would wait for ever shall fail

add_eventbrite_source($node, $upstream);
run_source($node, 'eventbrite');
is(last_job($node, 'eventbrite')->{status}, 'success', 'first, a good run');
my $stored = contents($node);

# A session whose run hangs in its first request, and that run's job
sub hanging_run
{
	my (%opts) = @_;
	my $dbname = $opts{dbname} // 'postgres';
	$upstream->control('release');
	$upstream->control('wait', hanging => 0);
	$upstream->control('hang');
	my $session = session($node, dbname => $dbname);
	$session->send("\\set VERBOSITY verbose\n" . ($opts{before} // '') . q{SELECT ingest_run('eventbrite')});
	$upstream->wait_hanging or die 'the run does not reach the upstream: ' . $session->error;
	my ($running) = query_json($node, 'SELECT * FROM ingest.running', dbname => $dbname);
	return ($session, $running);
}

sub took
{
	my ($what, $seconds, $most) = @_;
	diag sprintf '%-55s %4d ms', $what, $seconds * 1000;
	cmp_ok($seconds, '<', $most // $limit, "$what: at once");
}

# The session ends, the worker ends, the job is closed; the times of each
sub ends_as
{
	my ($what, $session, $running, $status, $since) = @_;
	$session->wait(10);
	my $answered = time - $since;
	ok(wait_until(sub { !kill 0, $running->{pid} }, 10), "$what: the worker ends");
	my $ended = time - $since;
	took("$what: session", $answered);
	took("$what: worker", $ended);
	is(last_job($node, 'eventbrite')->{status}, $status, "$what: the job is $status");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.running'), 0, "$what: nothing is running");
	same_lines(contents($node), $stored, "$what: what was stored is as it was");
	return;
}

# ---- what a hanging run holds ----

my ($session, $running) = hanging_run();
my ($worker) = query_json($node, "SELECT * FROM pg_stat_activity WHERE pid = $running->{pid}");
is($worker->{backend_type}, 'ingest run', 'the worker is told apart');
is($worker->{backend_xmin}, undef, 'it has no snapshot');
is($worker->{xact_start}, undef, 'nor a transaction');
is($worker->{backend_xid}, undef, 'nor an id of one');
like($worker->{query}, qr/^ingest eventbrite: fetching events of organizer 1001, page 1/, 'it tells what it does');
is($worker->{wait_event_type}, 'Extension', 'and that it waits');
is($node->safe_psql('postgres', qq{
	SELECT string_agg(locktype || ' ' || mode, ', ') FROM pg_locks WHERE pid = $running->{pid}}),
	'advisory ExclusiveLock', 'its one lock is that of the source');

$node->safe_psql('postgres', 'CREATE DATABASE other');
took('an unrelated CREATE DATABASE', seconds { $node->safe_psql('postgres', 'CREATE DATABASE another') }, 5);
took('an unrelated DROP DATABASE', seconds { $node->safe_psql('postgres', 'DROP DATABASE other') });
took('VACUUM of the tables', seconds { $node->safe_psql('postgres', 'VACUUM ingest.listing, ingest.event, ingest.import_job') });
took('a lock that excludes everybody', seconds { is($node->psql('postgres',
	'BEGIN; LOCK ingest.listing, ingest.event, ingest.import_job, ingest.source; COMMIT'), 0, 'the tables can be locked') });
took('a CHECKPOINT', seconds { $node->safe_psql('postgres', 'CHECKPOINT') }, 5);
$upstream->control('release');
is($session->wait =~ /no_change/ ? 'no_change' : $session->error, 'no_change', 'released, it ends well');

# ---- ends of the waiting session ----

($session, $running) = hanging_run();
my $since = time;
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
ends_as('pg_cancel_backend of the session', $session, $running, 'cancelled', $since);
like($session->error, qr/57014: canceling statement due to user request/, 'and that is what it is told');

($session, $running) = hanging_run(before => "SET statement_timeout = '2s';\n");
$since = $node->safe_psql('postgres',
	"SELECT extract(epoch FROM query_start) + 2 FROM pg_stat_activity WHERE pid = @{[ $session->pid ]}");
ends_as('statement_timeout', $session, $running, 'cancelled', $since);
like($session->error, qr/57014: canceling statement due to statement timeout/, 'and that is what it is told');

($session, $running) = hanging_run();
$since = time;
$node->safe_psql('postgres', "SELECT pg_terminate_backend(@{[ $session->pid ]})");
ends_as('pg_terminate_backend of the session', $session, $running, 'cancelled', $since);

# in the middle of a transaction, with work that is lost, but not the job
($session, $running) = hanging_run(before => "BEGIN; CREATE TABLE lost ();\n");
$since = time;
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
ends_as('pg_cancel_backend inside a transaction', $session, $running, 'cancelled', $since);
$session->query('ROLLBACK');

# ---- ends of the run ----

($session, $running) = hanging_run();
$since = time;
is($node->safe_psql('postgres', $running->{action}), 't', 'ingest_cancel: true');
ends_as('ingest_cancel', $session, $running, 'cancelled', $since);
like($session->error, qr/57014: import job $running->{job_id} of source "eventbrite" was cancelled/,
	'and the session is told of it');
is($node->safe_psql('postgres', $running->{action}), 'f', 'a second time: false');
is($node->safe_psql('postgres', 'SELECT ingest_cancel(0)'), 'f', 'a job that does not exist: false');

($session, $running) = hanging_run();
$since = time;
$node->safe_psql('postgres', "SELECT pg_cancel_backend($running->{pid})");
ends_as('pg_cancel_backend of the worker', $session, $running, 'cancelled', $since);

($session, $running) = hanging_run();
$since = time;
$node->safe_psql('postgres', "SELECT pg_terminate_backend($running->{pid})");
ends_as('pg_terminate_backend of the worker', $session, $running, 'crashed', $since);
like($session->error, qr/57P02: import job $running->{job_id} of source "eventbrite" crashed/,
	'and the session is told of it');

# nobody waits for it: the views know at once, the table at the next look
$upstream->control('release');
$upstream->control('wait', hanging => 0);
$upstream->control('hang');
($running) = query_json($node, q{SELECT * FROM ingest_run('eventbrite', wait => false)});
is($running->{status}, 'running', 'without waiting: the job is running');
$upstream->wait_hanging;
$node->safe_psql('postgres', "SELECT pg_terminate_backend($running->{pid})");
wait_until(sub { !kill 0, $running->{pid} }, 10);
is($node->safe_psql('postgres', "SELECT status FROM ingest.jobs WHERE job_id = $running->{id}"), 'crashed',
	'terminated: the view says crashed at once');
is($node->safe_psql('postgres', qq{SELECT status FROM ingest."ImportJob" WHERE id = $running->{id}}), 'ERROR',
	'and so does the one with the names of the application');
is($node->safe_psql('postgres', q{SELECT check_last_run FROM ingest.source_health}), 'warning', 'and the health of its source');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.running'), 0, 'it is not among the running');
is($node->safe_psql('postgres', "SELECT status FROM ingest.import_job WHERE id = $running->{id}"), 'running',
	'its row is still open');
$upstream->control('release');
run_source($node, 'eventbrite');
my ($closed) = query_json($node, "SELECT * FROM ingest.import_job WHERE id = $running->{id}");
is($closed->{status}, 'crashed', 'until the next run closes it');
like($closed->{error_message}, qr/ended without closing its job/, 'saying why');
like($closed->{error_detail}, qr/starting|fetching/, 'and what it did');

# ---- a session that parses ----

# rules that are followed from the year 1 and never reach the window: seconds
# of computing in which nothing is waited for
$upstream->control('release');
$node->safe_psql('postgres', q{
	CREATE TABLE hostile AS SELECT E'BEGIN:VCALENDAR\n' || string_agg(
	  E'BEGIN:VEVENT\nUID:' || i || E'\nSUMMARY:x\nDTSTART:00010101T000000Z\n' ||
	  E'RRULE:FREQ=MONTHLY;BYSETPOS=1;BYDAY=MO;COUNT=20000\nX-FILLER:' || repeat('x', 1000) || E'\nEND:VEVENT\n', '') ||
	  E'END:VCALENDAR\n' AS body FROM generate_series(1, 20000) i});

sub parsing_session
{
	my ($before) = @_;
	my $session = session($node);
	$session->send("\\set VERBOSITY verbose\nSET client_min_messages = error;\n$before" . q{SELECT count(*) FROM hostile,
		ingest_parse('ics', body, '{"window_start": "2500-01-01", "window_end": "2600-01-01", "default_timezone": "UTC"}')});
	ok(wait_until(sub { $node->safe_psql('postgres', qq{SELECT count(*) FROM pg_stat_activity WHERE pid = @{[ $session->pid ]}
		AND state = 'active' AND query ~ 'ingest_parse' AND clock_timestamp() - query_start > '0.5s'}) }, 10), 'a parse goes on');
	return $session;
}

$session = parsing_session('');
$since = time;
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
$session->wait(30);
took('pg_cancel_backend of a session that parses', time - $since);
like($session->error, qr/57014: canceling statement due to user request/, 'and that is what it is told');

$session = parsing_session("SET statement_timeout = '1s';\n");
$since = $node->safe_psql('postgres',
	"SELECT extract(epoch FROM query_start) + 1 FROM pg_stat_activity WHERE pid = @{[ $session->pid ]}");
$session->wait(30);
took('statement_timeout of a session that parses', time - $since);
like($session->error, qr/57014: canceling statement due to statement timeout/, 'and that is what it is told');

# ---- the ground it stands on ----

# a database, by force
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('doomed', 'CREATE EXTENSION ingest');
add_eventbrite_source($node, $upstream, dbname => 'doomed');
($session, $running) = hanging_run(dbname => 'doomed');
my ($status, $text);
took('DROP DATABASE ... WITH (FORCE) of its database',
	seconds { ($status, undef, $text) = $node->psql('postgres', 'DROP DATABASE doomed WITH (FORCE)') }, 5);
is($status, 0, 'succeeds') or diag $text;
ok(wait_until(sub { !kill 0, $running->{pid} }, 10), 'and its worker is gone');
ok(wait_until(sub { $session->finished }, 10), 'and its session too');

# the extension
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('doomed', 'CREATE EXTENSION ingest');
add_eventbrite_source($node, $upstream, dbname => 'doomed');
($session, $running) = hanging_run(dbname => 'doomed');
took('DROP EXTENSION', seconds { ($status, undef, $text) = $node->psql('doomed', 'DROP EXTENSION ingest') });
is($status, 0, 'succeeds') or diag $text;
$upstream->control('release');
$session->wait(10);
like($session->error, qr/ERROR/, 'the session gets an error');
note $session->error;
ok(wait_until(sub { !kill 0, $running->{pid} }, 10), 'and the worker ends');
is($node->safe_psql('doomed', 'SELECT 1'), 1, 'the server lives');
is($node->psql('doomed', 'CREATE EXTENSION ingest'), 0, 'and the extension can be created anew');
no_crash($node);

# the server
($session, $running) = hanging_run();
took('fast shutdown', seconds { $node->stop('fast') }, 5);
$upstream->control('release');
$node->start;
is($node->safe_psql('postgres', "SELECT status FROM ingest.jobs WHERE job_id = $running->{job_id}"), 'crashed',
	'after the restart the view says what became of the job');
($job, $error) = run_source($node, 'eventbrite');
is($job->{status}, 'no_change', 'and a new run goes well') or diag $error;
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0,
	'no job is left open');
no_crash($node);
done_testing();
