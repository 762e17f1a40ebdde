# Runs of JSON APIs that are described by configuration only: three real ones,
# five ways of paging, lists that shift, loop or lead elsewhere, and the key.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(conf => 'ingest.max_retries = 1');
my $upstream = start_upstream('--events', 10);
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

sub add_json_source
{
	my ($name, $config, $key) = @_;
	my $json = JSON::PP->new->canonical->encode({ %$config, %window });

	$json =~ s/'/''/g;
	$node->safe_psql('postgres', "SELECT ingest_add_source('$name', 'json', '$json', timezone => 'America/Toronto')");
	$node->safe_psql('postgres', "SELECT ingest_set_credential('$name', 'key', '$key')") if defined $key;
	return $name;
}

sub listings
{
	my ($name) = @_;
	return $node->safe_psql('postgres', "SELECT count(*), count(DISTINCT source_id) FROM ingest.listing WHERE source = '$name'");
}

# ---- three APIs, as the fixtures describe them ----

sub described
{
	my ($name, $path) = @_;
	my $config = JSON::PP->new->decode(slurp_file("$FindBin::RealBin/../fixtures/json/$name.config.json"));
	return { %$config, url => $upstream->url("/json/$path") };
}

add_json_source('openagenda', { %{ described('openagenda', 'openagenda/v2/agendas/1/events') }, page_size => 10 }, 'demo-key');
my ($job, $error) = run_source($node, 'openagenda');
is($error, '', 'OpenAgenda: without a word');
is("$job->{status} $job->{nb_created} $job->{nb_pages}", 'success 34 3', 'a listing for each of 34 timings, on 3 pages');
is(listings('openagenda'), '34|34', 'stored once each');
is($node->safe_psql('postgres', q{
	SELECT title, status, starts_at AT TIME ZONE 'UTC', venue_name, series_id FROM ingest.listing
	 WHERE source = 'openagenda' AND source_id LIKE '7003-%' ORDER BY starts_at LIMIT 1}),
	'Soirée 3|cancelled|2030-01-04 12:00:00|Salle 3|7003', 'mapped');
($job, $error) = run_source($node, 'openagenda');
is("$job->{status} $job->{skip_reasons}{unchanged}", 'no_change 34', 'unchanged the second time');

add_json_source('tribe', described('the-events-calendar', 'tribe/wp-json/tribe/events/v1/events'));
($job, $error) = run_source($node, 'tribe');
is($error, '', 'The Events Calendar: without a word');
is("$job->{status} $job->{nb_created} $job->{nb_pages}", 'success 23 3', 'all, although it gives less than asked for');
like([ $upstream->requests(path => 'tribe') ]->[0]{target}, qr/^(?=.*[?&]start_date=1999-12-31).*[?&]end_date=2099-12-31/,
	'only the window is asked for');
is($node->safe_psql('postgres', q{SELECT title, is_free, price_min FROM ingest.listing WHERE source = 'tribe' AND source_id = '100'}),
	'Atelier – 0|t|0', 'mapped');

add_json_source('squarespace', described('squarespace', 'squarespace/events'));
($job, $error) = run_source($node, 'squarespace');
is($error, '', 'Squarespace: without a word');
is("$job->{status} $job->{nb_created} $job->{nb_pages}", 'success 23 3', 'all pages');
is($node->safe_psql('postgres', q{SELECT url, latitude FROM ingest.listing WHERE source = 'squarespace' AND source_id = '5f0007'}),
	$upstream->url('/events/concert-7|'), 'its own address, and no place in New York');

# ---- five ways of paging ----

my %mapping = (mapping => { source_id => '/id', title => '/name', starts_at => '/when' }, records => '/items');
my %pagination = (
	page => { type => 'page', parameter => 'page' },
	offset => { type => 'offset', parameter => 'at' },
	cursor => { type => 'cursor', parameter => 'at', cursor => '/cursor' },
	next => { type => 'next_url', next => '/next' },
	link => { type => 'link_header' });

sub plain
{
	my ($way, %query) = @_;
	return { %mapping, url => $upstream->url("/json/plain/$way"), query => \%query, pagination => $pagination{$way} };
}

foreach my $way (sort keys %pagination)
{
	add_json_source($way, plain($way));
	($job, $error) = run_source($node, $way);
	is($error, '', "$way: without a word");
	is("$job->{status} $job->{nb_created} $job->{nb_pages}", 'success 23 5', "$way: all of them");

	next if $way eq 'page';
	add_json_source("$way shifted", plain($way, shift => 2));
	($job, $error) = run_source($node, "$way shifted");
	cmp_ok($job->{skip_reasons}{duplicate_in_feed} // 0, '>=', 2, "$way: records that come again are told");
	is(listings("$way shifted"), '23|23', "$way: none twice, none lost");
}

add_json_source('page shifted', plain('page', shift => 2));
($job, $error) = run_source($node, 'page shifted');
is(listings('page shifted'), '23|23', 'page: none twice, none lost');

add_json_source('post', { %{ plain('cursor') }, method => 'POST', body => { size => 10 },
	pagination => { %{ $pagination{cursor} }, in => 'body' } });
($job, $error) = run_source($node, 'post');
is("$job->{status} $job->{nb_created} $job->{nb_pages}", 'success 23 3', 'POST with the cursor in the body');

# ---- what must not go on ----

foreach my $way ('page', 'offset', 'next')
{
	$upstream->requests(clear => 1);
	add_json_source("$way loop", plain($way, loop => 1));
	($job, $error) = run_source($node, "$way loop");
	is($job->{status}, 'partial', "$way: a list that repeats itself is cut");
	cmp_ok($job->{nb_requests}, '<=', 3, "$way: soon");
	is(listings("$way loop"), '5|5', "$way: with what it had");
}

foreach my $way ('next', 'link')
{
	$upstream->requests(clear => 1);
	add_json_source("$way elsewhere", plain($way, elsewhere => 1));
	($job, $error) = run_source($node, "$way elsewhere");
	is($job->{status}, 'partial', "$way: a link to another origin is not followed");
	is(scalar(grep { $_->{path} =~ /plain/ } $upstream->requests), 1, "$way: not one request went there");
	is(listings("$way elsewhere"), '5|5', "$way: the first page counts");
}

# ---- the key ----

foreach my $auth ({ query => 'key' }, { header => 'Authorization', prefix => 'Bearer ' })
{
	my ($where) = grep { $_ ne 'prefix' } keys %$auth;
	add_json_source("by $where", { %{ plain('next', auth => 1) }, auth => $auth }, 'demo-key');
	($job, $error) = run_source($node, "by $where");
	is("$job->{status} $job->{nb_created}", 'success 23', "the key in the $where: on every page");

	# The upstream says back what it was given
	my $wrong = join '-', 'wr0ng', 'key&', $where;
	add_json_source("wrong by $where", { %{ plain('next', auth => 1) }, auth => $auth }, $wrong);
	($job, $error) = run_source($node, "wrong by $where");
	like($error, qr/answered 401/, "a wrong key in the $where: refused");
	my $row = $node->safe_psql('postgres', "SELECT to_json(j) FROM ingest.import_job AS j WHERE source = 'wrong by $where'");
	like($row, qr/"error_class":"auth"/, 'as such');
	unlike($error . $row . slurp_file($node->logfile) =~ s/^.*ingest_set_credential.*$//mgr,
		qr/wr0ng-key(&|%26)/, 'and told to nobody');
}
add_json_source('no key', { %{ plain('next', auth => 1) }, auth => { query => 'key' } });
($job, $error) = run_source($node, 'no key');
like($error, qr/the credential "key" is not set/, 'no key at all');
like($error, qr/ingest_set_credential/, 'says what to do');

# ---- what is wrong with a page ----

foreach my $fault (['html-200', qr/not JSON/], ['truncated-json', qr/cut short/])
{
	my ($kind, $message) = @$fault;
	add_json_source($kind, { %{ plain('page') }, url => $upstream->url("/fault/$kind/json/plain/page") });
	($job, $error) = run_source($node, $kind);
	like($error, $message, "$kind: said so");
}

no_crash($node);
done_testing();
