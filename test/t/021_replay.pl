# Records that runs left are mapped again from what is stored of them alone: of
# each connector, all columns come out as they were; not while the source is
# being run.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(conf => 'jit = off');
my $upstream = start_upstream('--events', 250);
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');
my %groups = map { $_->{group} => 1 } @{ $upstream->control('truth', feed => 'meetup')->{events} };
my ($job, $error);

sub sql { return $node->safe_psql('postgres', $_[0]) }

add_eventbrite_source($node, $upstream, config => {%window});
add_ticketmaster_source($node, $upstream, config => {%window});
IngestTest::add_source($node, 'postgres', 'meetup', 'meetup',
	{ %window, groups => [ sort keys %groups ], base_url => $upstream->url('/meetup/api') });
IngestTest::add_source($node, 'postgres', 'montreal', 'montreal', { %window, base_url => $upstream->url('/ckan') });
my @sources = qw(eventbrite ticketmaster meetup montreal);

foreach my $source (@sources)
{
	run_source($node, $source);
	$job = last_job($node, $source);
	cmp_ok($job->{nb_created}, '>', 20, "$source: a run with $job->{nb_created} new listings");
	my $stored = contents($node, noise => 0);
	my $raw = sql(qq{SELECT md5(string_agg(raw::text, '' ORDER BY id)) FROM ingest.listing WHERE source = '$source'});
	my $state = sql(qq{SELECT to_jsonb(s) FROM ingest.source_state s WHERE source = '$source'});

	# what is stored says something else, as after a mapping that was worse
	sql(qq{
		UPDATE ingest.listing SET title = 'x', description = 'x', url = NULL, image_url = NULL, status = 'postponed',
			starts_at = NULL, ends_at = NULL, all_day = false, start_precision = 'unknown', timezone = NULL, is_online = NULL,
			venue_name = NULL, address = NULL, city = NULL, region = NULL, postal_code = NULL, country = NULL,
			latitude = NULL, longitude = NULL, organizer = NULL, organizer_url = NULL, category = NULL, tags = NULL,
			language = NULL, is_free = NULL, price_min = NULL, price_max = NULL, currency = NULL, series_id = NULL,
			attributes = NULL, raw_hash = 0, content_hash = 0 WHERE source = '$source'});
	$upstream->control('requests', clear => 1);
	($job) = query_json($node, "SELECT * FROM ingest_replay($job->{id})");
	is($job->{nb_updated}, $job->{nb_fetched}, "$source: all of them are mapped again");
	same_lines(contents($node, noise => 0), $stored, "$source: from its raw text alone each comes out as it was");
	is($job->{nb_withdrawn} + $job->{nb_requests} + $upstream->requests, 0, "$source: nothing is withdrawn, nobody asked");
	is(sql(qq{SELECT md5(string_agg(raw::text, '' ORDER BY id)) FROM ingest.listing WHERE source = '$source'}), $raw,
		"$source: the raw records stay");
	is(sql(qq{SELECT to_jsonb(s) FROM ingest.source_state s WHERE source = '$source'}), $state,
		"$source: so does what its next run knows");

	# a run after it finds nothing to do, and the replay of one that wrote nothing says so
	run_source($node, $source);
	$job = last_job($node, $source);
	is("$job->{nb_created} $job->{nb_updated}", '0 0', "$source: the next run has nothing to write");
	my $failure = failure($node, "SELECT ingest_replay($job->{id})");
	is($failure->{sqlstate}, '55000', "$source: a job of which nothing is kept cannot be replayed");
	like($failure->{hint}, qr/^Jobs of this source with records, the latest first: \d+\.$/, "$source: and which can is said");
}

# ---- beside a run ----

my $first = sql(q{SELECT min(id) FROM ingest.import_job WHERE source = 'eventbrite'});
$upstream->control('hang');
my $session = session($node);
$session->send(q{SELECT ingest_run('eventbrite')});
$upstream->wait_hanging or die 'the run does not reach the upstream: ' . $session->error;
my $failure = failure($node, "SELECT ingest_replay($first)");
is($failure->{sqlstate}, '55006', 'not while the source is being run');
like($failure->{detail}, qr/^Import job \d+ is running\.$/, 'the job that runs is named');
$upstream->control('release');
$session->wait(30);
ok(!failure($node, "SELECT ingest_replay($first)"), 'afterwards it is');

# a replay that is not committed yet keeps runs away; when it is taken back nothing is left
my $jobs = sql('SELECT count(*) FROM ingest.import_job');
$session = session($node);
$session->query("BEGIN; SELECT id FROM ingest_replay($first)");
is(failure($node, q{SELECT ingest_run('eventbrite')})->{sqlstate}, '55006', 'no run beside a replay');
$session->query('ROLLBACK');
is(sql('SELECT count(*) FROM ingest.import_job'), $jobs, 'a replay that is rolled back leaves no job');
ok(!failure($node, q{SELECT ingest_run('eventbrite')}), 'and its source free');

no_crash($node);
done_testing();
