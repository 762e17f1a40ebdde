# Runs of a Ticketmaster source: everything, though no list can be paged to its
# end; nothing to do; changes; pages that shift or repeat; limits and refusals.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

# from before the first event of the upstream on
my @now = gmtime(time - 30 * 86400);
my %window = (window_start => sprintf('%04d-%02d-%02dT00:00:00Z', $now[5] + 1900, $now[4] + 1, $now[3]));

# what is no event of its own, and comes to light only when a record is read
my $beside = join '|', qw(add_on duplicate_in_feed);

my $node = start_cluster();
my $upstream = start_upstream('--events', 5000);

sub adds_up
{
	my ($job, $name) = @_;
	my $reasons = 0;
	$reasons += $_ for values %{ $job->{skip_reasons} };
	is($job->{nb_created} + $job->{nb_updated} + $job->{nb_skipped} + $job->{nb_errors},
		$job->{nb_fetched}, "$name: the counters add up");
	is($reasons, $job->{nb_skipped}, "$name: every skip has a reason");
}

sub forget
{
	$node->safe_psql('postgres', q{TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key,
		ingest.merge_log, ingest.match_decision, ingest.match_review});
}

# Each row's version and place: a row that was written anew has others
sub versions
{
	return $node->safe_psql('postgres', q{
		SELECT md5(string_agg(version, ',' ORDER BY version)) FROM (
			SELECT concat_ws(' ', 'listing', ctid, xmin) AS version FROM ingest.listing
			UNION ALL SELECT concat_ws(' ', 'event', ctid, xmin) FROM ingest.event) AS row});
}

sub ids_upstream
{
	return join "\n", sort map { $_->{ticketmaster_id} } @{ $upstream->control('truth', feed => 'ticketmaster')->{events} };
}

sub ids_stored
{
	return $node->safe_psql('postgres', q{SELECT source_id FROM ingest.listing ORDER BY source_id COLLATE "C"});
}

# ---- five thousand events ----

add_ticketmaster_source($node, $upstream, config => \%window);
my ($job, $error) = run_source($node, 'ticketmaster');
is($error, '', '5000 events: without a word');
is($job->{status}, 'success', '5000 events: success');
is($job->{nb_created}, 5000, '5000 events: as many listings');
same_lines(ids_stored(), ids_upstream(), '5000 events: each of the upstream, exactly once');
is_deeply([ grep { !/^(?:$beside)$/ } keys %{ $job->{skip_reasons} } ], [], '5000 events: skipped is what is none');
adds_up($job, '5000 events');
cmp_ok($job->{nb_requests}, '<=', 2 * 25, "5000 events: $job->{nb_requests} requests, at most twice the least");
is($upstream->control('requests')->{total}, $job->{nb_requests}, '5000 events: and they are counted');
is_deeply([ grep { $_ != 200 } keys %{ $upstream->control('requests')->{statuses} } ], [],
	'5000 events: none was refused as too deep');

my ($columns) = query_json($node, q{
	SELECT count(*) FILTER (WHERE start_precision = 'minute') AS minute,
	       count(*) FILTER (WHERE start_precision = 'day' AND all_day) AS all_day,
	       count(*) FILTER (WHERE start_precision = 'day' AND NOT all_day) AS day,
	       count(*) FILTER (WHERE start_precision = 'unknown' AND starts_at IS NULL) AS undated,
	       count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
	       count(*) FILTER (WHERE status = 'postponed') AS postponed,
	       count(*) FILTER (WHERE venue_name IS NOT NULL AND city <> 'Montréal') AS elsewhere,
	       count(*) FILTER (WHERE category = 'Undefined' OR 'Undefined' = ANY (tags)) AS placeholders
	  FROM ingest.listing});
is_deeply($columns, { minute => 4800, all_day => 50, day => 50, undated => 100, cancelled => 150,
		postponed => 50, elsewhere => 0, placeholders => 0 }, '5000 events: with what the upstream says of them');

my $versions = versions();
my $first = $job;
($job, $error) = run_source($node, 'ticketmaster');
is($error, '', 'second run: without a word');
is($job->{status}, 'no_change', 'second run: images in another order and counts that move are no change');
is($job->{skip_reasons}{unchanged}, 5000, 'second run: all skipped as unchanged');
is(versions(), $versions, 'second run: every row is where it was');
adds_up($job, 'second run');

# ---- changes ----

my ($changed, $cancelled, $gone) = grep { $_->{dated} } @{ $upstream->control('truth', feed => 'ticketmaster')->{events} }[2000 .. 2200];
$upstream->control('change', event => $changed->{eventbrite_id}, field => 'title', value => 'Changed: {title}');
$upstream->control('change', event => $cancelled->{eventbrite_id}, field => 'status', value => 'canceled');
$upstream->control('remove', event => $gone->{eventbrite_id});
$upstream->control('add', count => 1);
($job, $error) = run_source($node, 'ticketmaster');
is($job->{status}, 'success', 'changes: success') or diag $error;
is("$job->{nb_created} $job->{nb_updated} $job->{nb_cancelled}", '1 2 1', 'changes: a new one, two others, one of them cancelled');
like($node->safe_psql('postgres', "SELECT title FROM ingest.listing WHERE source_id = '$changed->{ticketmaster_id}'"),
	qr/^Changed: /, 'changes: the new title');
is($node->safe_psql('postgres', "SELECT status FROM ingest.listing WHERE source_id = '$cancelled->{ticketmaster_id}'"),
	'cancelled', 'changes: the new status');
adds_up($job, 'changes');

# ---- a smaller city from here on ----

sub start_anew
{
	my ($events) = @_;
	forget();
	$upstream->control('reset');
	$upstream->control('events', count => $events);
	return;
}

for my $by (1, -1, -3)
{
	start_anew(700);
	$upstream->control('shift', by => $by);
	($job, $error) = run_source($node, 'ticketmaster');
	is($error, '', "a list that shifts by $by: without a word");
	is($job->{status}, 'success', "a list that shifts by $by: success");
	my $stored = ids_stored();
	my @missing = grep { $stored !~ /^\Q$_\E$/m } split /\n/, ids_upstream();

	# what came while its page had been read already comes with the next run
	cmp_ok(scalar(@missing), '<=', $by > 0 ? $by : 0, "a list that shifts by $by: nothing is lost") or diag "@missing";
	is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT source_id) FROM ingest.listing'), 0,
		"a list that shifts by $by: nothing is stored twice");
	cmp_ok($job->{skip_reasons}{duplicate_in_feed} // 0, '>=', 1, "a list that shifts by $by: what comes twice is skipped");
	adds_up($job, "a list that shifts by $by");
}

start_anew(700);
$upstream->control('repeat', count => 1);
($job, $error) = run_source($node, 'ticketmaster');
is("$error$job->{status}", 'success', 'a page that comes in place of the next: success');
same_lines(ids_stored(), ids_upstream(), 'a page that comes in place of the next: nothing is lost');
is($job->{skip_reasons}{duplicate_in_feed} // 0, 0, 'a page that comes in place of the next: nor taken twice');

start_anew(700);
$upstream->control('repeat', count => 1000);
($job, $error) = run_source($node, 'ticketmaster');
is($job->{status}, 'partial', 'a page that always does: partial');
like("@{ $job->{warnings} // [] }", qr/came a second time/, 'and why');

# ---- bad records ----

for my $kind (qw(no-start no-id no-name wrong-type bad-date not-an-object null nul huge invalid-utf8 nul-raw))
{
	start_anew(100);
	my ($victim) = grep { $_->{dated} } @{ $upstream->control('truth', feed => 'ticketmaster')->{events} }[20 .. 28];
	$upstream->control('bad', kind => $kind, event => $victim->{eventbrite_id});
	($job, $error) = run_source($node, 'ticketmaster');
	is($job->{status}, 'partial', "$kind: partial") or diag $error;
	is("$job->{nb_created} $job->{nb_errors}", '99 1', "$kind: one of a hundred");
	my ($row) = query_json($node, "SELECT * FROM ingest.import_error WHERE job_id = $job->{id}");
	like($row->{message}, qr/\w{3}.*\w{3}/, "$kind: with a reason");
	is($row->{source_id}, $kind =~ /^(no-id|not-an-object|null)$/ ? undef : $victim->{ticketmaster_id}, "$kind: and its id");
	adds_up($job, $kind);
}

# ---- limits ----

start_anew(100);
$upstream->control('spike', count => 2);
($job, $error) = run_source($node, 'ticketmaster');
is($job && $job->{status}, 'success', 'too many a second: success after all') or diag $error;
is($job->{nb_retries}, 2, 'too many a second: two were tried again');

start_anew(100);
$node->safe_psql('postgres', q{ALTER SYSTEM SET ingest.max_retries = 0; SELECT pg_reload_conf()});
$upstream->control('rate-limit', budget => 1, reset => 600);
my $failure = failure($node, q{SELECT ingest_run('ticketmaster')});
$job = last_job($node, 'ticketmaster');
is("$job->{status} $job->{error_class} $job->{http_status}", 'failed rate_limit 429', 'the quota is used up: failed as such');
like($job->{error_hint}, qr/5000 calls a day/, 'the quota is used up: what to do');
unlike(join(' ', map { $_ // '' } %$job, %$failure), qr/demo-token/, 'the quota is used up: nowhere the key that came back');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.listing'), 98,
	'the quota is used up: what came before is kept, all but the two without a date');
$upstream->control('rate-limit', budget => 'none');
$node->safe_psql('postgres', q{ALTER SYSTEM RESET ingest.max_retries; SELECT pg_reload_conf()});
($job, $error) = run_source($node, 'ticketmaster');
is($job && $job->{status}, 'success', 'and the next run brings the rest') or diag $error;

# ---- what cannot be run ----

$upstream->control('token', value => 'another');
$failure = failure($node, q{SELECT ingest_run('ticketmaster')});
$job = last_job($node, 'ticketmaster');
is($failure->{sqlstate}, '28000', 'a key that is not accepted');
is("$job->{status} $job->{error_class} $job->{http_status}", 'failed auth 401', 'fails as authentication');
like($job->{error_message}, qr/InvalidApiKey/, 'in the words of the API');
like($job->{error_hint}, qr/ingest_set_credential\('ticketmaster', 'apikey', /, 'with the statement that sets a new one');
unlike($failure->{text}, qr/demo-token/, 'and without the key');

add_ticketmaster_source($node, $upstream, name => 'keyless', apikey => undef);
$failure = failure($node, q{SELECT ingest_run('keyless')});
like($failure->{message}, qr/credential "apikey" is not set/, 'no key');
like($failure->{hint}, qr/developer\.ticketmaster\.com/, 'and where to get one');

$failure = failure($node, q{SELECT ingest_add_source('wrong', 'ticketmaster',
	'{"market_id": "Montréal", "country": "Canada", "radius": 5, "sources": ["stubhub"], "locale": "french"}')});
for my $key (qw(market_id country radius sources locale))
{
	like($failure->{text}, qr/^(?:DETAIL:  )?"$key": expected /m, "five mistakes: $key");
}

$upstream->control('reset');
$upstream->control('events', count => 100);
add_ticketmaster_source($node, $upstream, name => 'nowhere', config => { market_id => 5 });
($job, $error) = run_source($node, 'nowhere');
is($job->{status}, 'empty', 'a market without events') or diag $error;
is($job->{nb_requests}, 3, 'takes a window and the two undated lists');

is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0,
	'no job is left open');
no_crash($node);
done_testing();
