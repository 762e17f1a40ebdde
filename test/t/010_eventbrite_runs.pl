# Runs of an Eventbrite source: everything new, nothing to do, one change, bad
# records, pages that drift; and what the caller is told when it cannot be.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

# wide enough for all that the upstream has
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

my $node = start_cluster();
my $upstream = start_upstream('--events', 400);

sub adds_up
{
	my ($job, $name) = @_;
	my $reasons = 0;
	$reasons += $_ for values %{ $job->{skip_reasons} };
	is($job->{nb_created} + $job->{nb_updated} + $job->{nb_skipped} + $job->{nb_errors},
		$job->{nb_fetched}, "$name: the counters add up");
	is($reasons, $job->{nb_skipped}, "$name: every skip has a reason");
}

# What was written to the two tables, as the server counts it
sub written
{
	return $node->safe_psql('postgres', q{
		SELECT string_agg(concat_ws(' ', relname, n_tup_ins, n_tup_upd, n_tup_del), ', ' ORDER BY relname)
		  FROM pg_stat_user_tables WHERE schemaname = 'ingest' AND relname IN ('listing', 'event')});
}

# Each row's version and place: a row that was written anew has others
sub versions
{
	return $node->safe_psql('postgres', q{
		SELECT md5(string_agg(version, ',' ORDER BY version)) FROM (
			SELECT concat_ws(' ', 'listing', ctid, xmin) AS version FROM ingest.listing
			UNION ALL SELECT concat_ws(' ', 'event', ctid, xmin) FROM ingest.event) AS row});
}

sub forget
{
	$node->safe_psql('postgres', q{TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key,
		ingest.merge_log, ingest.match_decision, ingest.match_review});
}

# ---- three runs ----

add_eventbrite_source($node, $upstream, config => \%window);
my ($job, $error) = run_source($node, 'eventbrite');
is($error, '', 'first run: without a word');
is($job->{status}, 'success', 'first run: success');
cmp_ok($job->{nb_created}, '>', 300, 'first run: listings are created');
is($job->{nb_updated} + $job->{nb_errors}, 0, 'first run: nothing else');
is_deeply([ grep { $_ ne 'private' } keys %{ $job->{skip_reasons} } ], [], 'first run: none but private ones are skipped');
adds_up($job, 'first run');
is($job->{nb_fetched}, $upstream->control('requests')->{total} == $job->{nb_requests} ? $job->{nb_fetched} : -1,
	'first run: counts its requests');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.listing'), $job->{nb_created}, 'first run: stored');
is($node->safe_psql('postgres', 'SELECT sum(nb_listings) FROM ingest.event'), $job->{nb_created},
	'first run: every listing is part of an event');
my $first = $job;

# the worker has reported before it ended, and so before ingest_run returned
like(written(), qr/listing $job->{nb_created} /, 'the server has counted the first run');
my ($before, $versions) = (written(), versions());
($job, $error) = run_source($node, 'eventbrite');
is($error, '', 'second run: without a word');
is($job->{status}, 'no_change', 'second run: no_change');
is($job->{nb_fetched}, $first->{nb_fetched}, 'second run: the same records');
is($job->{skip_reasons}{unchanged}, $first->{nb_created}, 'second run: all skipped as unchanged');
is($job->{nb_created} + $job->{nb_updated} + $job->{nb_errors}, 0, 'second run: nothing else');
adds_up($job, 'second run');
is(written(), $before, 'second run: not one tuple inserted, updated or deleted');
is(versions(), $versions, 'second run: every row is where it was');

my ($victim) = query_json($node, q{
	SELECT source_id, event_id, title FROM ingest.listing
	 WHERE starts_at > now() AND status = 'scheduled' ORDER BY starts_at LIMIT 1});
$upstream->control('change', event => $victim->{source_id}, field => 'title', value => 'Changed: {title}');
($job, $error) = run_source($node, 'eventbrite');
is($job->{status}, 'success', 'third run: success');
is($job->{nb_updated}, 1, 'third run: the one change');
is($job->{skip_reasons}{unchanged}, $first->{nb_created} - 1, 'third run: the others are unchanged');
adds_up($job, 'third run');
my ($now) = query_json($node, "SELECT * FROM ingest.listing WHERE source_id = '$victim->{source_id}'");
like($now->{title}, qr/^Changed: /, 'third run: the new title');
is($now->{event_id}, $victim->{event_id}, 'third run: of the same event');
is($node->safe_psql('postgres', "SELECT title FROM ingest.event WHERE id = $victim->{event_id}"),
	$node->safe_psql('postgres', "SELECT title FROM ingest.listing WHERE source_id = '$victim->{source_id}'"),
	'third run: which has it too');

# noise that is no change
$upstream->control('rotate-images');
$versions = versions();
($job) = run_source($node, 'eventbrite');
is($job->{status}, 'no_change', 'new signatures of image URLs are no change');
is(versions(), $versions, 'and write nothing');

# ---- one bad record among a thousand ----

$upstream->control('events', count => 1000);
my @events = map { $_->{source_id} } query_json($node,
	"SELECT source_id FROM ingest.listing WHERE status = 'scheduled' ORDER BY source_id LIMIT 20");
for my $kind (qw(no-start null-start no-id no-name wrong-type bad-date not-an-object null nul huge
	invalid-utf8 nul-raw))
{
	my $event = shift @events;
	forget();
	$upstream->control('bad', kind => $kind, event => $event);
	($job, $error) = run_source($node, 'eventbrite');
	$upstream->control('bad', kind => 'none', event => $event);

	is($job->{status}, 'partial', "$kind: partial") or diag $error;
	like($error, qr/WARNING:  import job $job->{id} .* partial/m, "$kind: the caller is warned");
	is("$job->{nb_fetched} $job->{nb_errors}", '1000 1', "$kind: one of a thousand");
	is($job->{nb_created} + ($job->{skip_reasons}{private} // 0), 999, "$kind: the others are stored");
	adds_up($job, $kind);
	my @errors = query_json($node, "SELECT * FROM ingest.import_error WHERE job_id = $job->{id}");
	is(scalar(@errors), 1, "$kind: one row of import_error");
	ok(defined $errors[0]{payload}, "$kind: with its payload");
	like($errors[0]{message}, qr/\w{3}.*\w{3}/, "$kind: and a reason");
	note "$kind: $errors[0]{error_class} $errors[0]{message}";
	is($errors[0]{source_id}, $kind =~ /^(no-id|not-an-object|null)$/ ? undef : $event, "$kind: and its id");
}

# the next run stores the healed record, and settles its error
my ($open) = query_json($node, q{SELECT count(*) AS n FROM ingest.import_error
	WHERE resolved_at IS NULL AND source_id IS NOT NULL});
cmp_ok($open->{n}, '>', 0, 'errors are open');
($job, $error) = run_source($node, 'eventbrite');
is($job->{status}, 'success', 'healed: success') or diag $error;
is($job->{nb_created}, 1, 'healed: the missing one is stored');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_error
	 WHERE resolved_at IS NULL AND source_id IN (SELECT source_id FROM ingest.listing)
	   AND job_id = (SELECT max(job_id) FROM ingest.import_error)}),
	0, 'healed: its error is settled');

# ---- pages that drift ----

for my $by (1, -1)
{
	forget();
	$upstream->control('events', count => 400);
	$upstream->control('shift', by => $by);
	($job, $error) = run_source($node, 'eventbrite');
	ok($job && $job->{status} =~ /^(success|partial)$/, "drift by $by: the run ends well") or diag $error;
	adds_up($job, "drift by $by");
	cmp_ok($job->{skip_reasons}{duplicate_in_feed} // 0, $by > 0 ? '>=' : '==', $by > 0 ? 1 : 0,
		"drift by $by: what comes twice is skipped as such");
	is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT source_id) FROM ingest.listing'), 0,
		"drift by $by: no duplicate");
	($job, $error) = run_source($node, 'eventbrite');
	is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.listing WHERE withdrawn_at IS NULL'),
		$job->{nb_fetched} - ($job->{skip_reasons}{private} // 0) + ($by < 0 ? 1 : 0),
		"drift by $by: complete with the next run");    # one that is gone is not given up at once
}

# ---- a list of several that will not come ----

add_eventbrite_source($node, $upstream, name => 'half',
	config => { %window, organizer_ids => [ '1002', '999999' ] });
($job, $error) = run_source($node, 'half');
is($job->{status}, 'partial', 'an organizer that does not exist: the others are read') or diag $error;
cmp_ok($job->{nb_fetched}, '>', 0, 'with their events');
like("@{ $job->{warnings} // [] }", qr/999999/, 'and the warning names it');

# ---- what cannot be run ----

my $failure = failure($node, q{SELECT ingest_run('evenbrite')});
is($failure->{sqlstate}, '42704', 'an unknown source');
like($failure->{message}, qr/"evenbrite" does not exist/, 'is named');
like($failure->{hint}, qr/"eventbrite".*"half"/, 'with those that are known');

$upstream->control('hang');
my $waiting = session($node);
$waiting->send(q{SELECT status FROM ingest_run('eventbrite')});
ok($upstream->wait_hanging, 'a run waits for the upstream');
my $running = $node->safe_psql('postgres', 'SELECT job_id FROM ingest.running');
$failure = failure($node, q{SELECT ingest_run('eventbrite')});
is($failure->{sqlstate}, '55006', 'a second run of the same source is refused');
like($failure->{text}, qr/job $running\b/, 'naming the job that runs');
like($failure->{hint}, qr/ingest_cancel\($running\)/, 'and how to end it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.running'), 1, 'the first one is not disturbed');
$upstream->control('release');
like($waiting->wait, qr/^(success|no_change)$/, 'and ends well');

$failure = failure($node, sprintf q{
	BEGIN;
	SELECT ingest_add_source('early', 'eventbrite', '{"organizer_ids": ["1001"], "base_url": "%s"}');
	SELECT ingest_run('early');}, $upstream->url('/eventbrite/v3'));
is($failure->{sqlstate}, '55000', 'a source that is not committed yet');
like($failure->{text}, qr/not committed.*HINT:  Commit first/s, 'says so, and what to do');

add_eventbrite_source($node, $upstream, name => q{l'autre}, token => undef);
$failure = failure($node, q{SELECT ingest_run('l''autre')});
like($failure->{message}, qr/credential "token" is not set/, 'no credential');
is(last_job($node, q{l'autre})->{error_class}, 'auth', 'is a matter of authentication');
my ($statement) = ($failure->{hint} // '') =~ /(SELECT ingest_set_credential\(.*?\))/;
ok($statement, 'the hint has the statement') or diag $failure->{text};
SKIP:
{
	skip 'no statement', 1 unless $statement;
	$statement =~ s/\x{e2}\x{80}\x{a6}/demo-token/;
	$node->safe_psql('postgres', $statement);
	($job, $error) = run_source($node, q{l'autre});
	is($job && $job->{status}, 'success', 'which, with the token in it, mends it') or diag $error;
}

$upstream->control('token', value => 'another');
$failure = failure($node, q{SELECT ingest_run('eventbrite')});
$job = last_job($node, 'eventbrite');
is($failure->{sqlstate}, '28000', 'a token that is not accepted');
is("$job->{status} $job->{error_class} $job->{http_status}", 'failed auth 400',
	'fails as authentication, with the status that came');
like($job->{error_hint}, qr/ingest_set_credential\('eventbrite', 'token', /, 'and the statement that sets a new one');
is($failure->{hint}, $job->{error_hint}, 'the caller is told the same');

is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0,
	'no job is left open');
no_crash($node);
done_testing();
