# Runs over web pages: a listing whose links are followed, robots.txt obeyed,
# pages that are unchanged, changed, gone or hostile.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;

my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

my $node = start_cluster();
my $upstream = start_upstream('--events', 480);
my ($job, $error);
my $all = 29;    # of 480 events every 16th; one is unlisted

sub add_pages
{
	my ($name, $urls, %config) = @_;
	IngestTest::add_source($node, 'postgres', $name, 'jsonld',
		{ urls => [ map { $upstream->url($_) } @$urls ], requests_per_second => 1000, %window, %config },
		{ timezone => 'America/Toronto' });
}

# Paths that were asked for, robots.txt among them
sub paths
{
	return map { $_->{path} } $upstream->requests;
}

# ---- a listing ----

$upstream->control('site', robots => 'allow');
add_pages('agenda', ['/agenda/'], link_pattern => '/agenda/(e|prive)/[0-9]');
($job, $error) = run_source($node, 'agenda');
is($job->{status}, 'success', 'agenda: success') or diag $error;
is($job->{nb_created}, $all, 'every event of three listings is stored once');
is($job->{skip_reasons}{on_own_page}, $all, 'from its own page, not from the listing');
my @paths = paths();
is($paths[0], '/robots.txt', 'robots.txt was asked for first');
is(scalar(grep { $_ eq '/robots.txt' } @paths), 1, 'and once');
is(scalar(grep { m{/prive/} } @paths), 0, 'a page that it disallows was never asked for');
is(scalar(grep { m{^/agenda/e/} } @paths), $all, 'each page once, however it is linked');
is($job->{nb_requests}, $all + 4, 'robots.txt, three listings, their pages');
is($node->safe_psql('postgres', q{
	SELECT count(DISTINCT source_id), count(*) FILTER (WHERE title LIKE '%&%;%'),
	       count(*) FILTER (WHERE start_precision <> 'minute'), count(*) FILTER (WHERE timezone IS DISTINCT FROM 'America/Toronto'),
	       count(*) FILTER (WHERE NOT is_online AND venue_name <> 'À confirmer' AND (city IS DISTINCT FROM 'Montréal' OR latitude IS NULL))
	  FROM ingest.listing WHERE source = 'agenda'}), "$all|0|0|0|0",
	'all five templates give the same columns');
like($node->safe_psql('postgres', q{SELECT min(description) FROM ingest.listing WHERE source = 'agenda'}),
	qr/^[^<]+$/, 'descriptions are plain text');

# ---- again ----

$upstream->requests(clear => 1);
($job, $error) = run_source($node, 'agenda');
is($job->{status}, 'no_change', 'agenda again: no_change') or diag $error;
is("$job->{nb_created} $job->{nb_updated} $job->{nb_errors}", '0 0 0', 'nothing is written');
is(scalar(grep { $_->{status} eq '304' } $upstream->requests), $all, 'pages are asked for with their validators');

my ($event) = query_json($node, q{SELECT source_id, title, url FROM ingest.listing WHERE source = 'agenda' ORDER BY starts_at LIMIT 1});
my ($index) = $event->{url} =~ m{/e/(\d+)-};
my $id = 1100000000000 + 1009 * $index;
$upstream->control('change', event => $id, field => 'title', value => 'Tout autre chose');
($job, $error) = run_source($node, 'agenda');
is("$job->{status} $job->{nb_updated} $job->{nb_created}", 'success 1 0', 'a changed page is one update') or diag $error;
is($node->safe_psql('postgres', qq{SELECT title FROM ingest.listing WHERE source_id = '$event->{source_id}'}),
	'Tout autre chose', 'under the same id');

# ---- gone ----

$upstream->control('site', stale => 1);
$upstream->control('remove', event => $id);
($job, $error) = run_source($node, 'agenda');
is($job->{status}, 'no_change', 'a link that leads to nothing fails no run') or diag $error;
is($job->{nb_errors}, 0, 'and is no refused record');
$upstream->control('site', links => 'none');
add_pages('vanished', ['/agenda/'], link_pattern => '/agenda/e/');
($job, $error) = run_source($node, 'vanished');
is($job->{status}, 'partial', 'a listing whose links vanished is not the full truth') or diag $error;
$upstream->control('reset');

# ---- robots.txt ----

$upstream->control('site', robots => 'ours');
add_pages('ours', ['/agenda/'], link_pattern => '/agenda/e/');
($job, $error) = run_source($node, 'ours');
is($job->{nb_created}, $all, 'ours: every event is stored') or diag $error;
my @ones = grep { m{-1$} } split /\n/, $node->safe_psql('postgres', q{SELECT url FROM ingest.listing WHERE source = 'ours'});
cmp_ok(scalar(@ones), '>', 3, 'some of them are disallowed');
is(scalar(grep { m{/e/\d+-1$} } paths()), 0, 'rules for our own name, with * and $, are obeyed');
is($job->{skip_reasons}{on_own_page}, $all - @ones, 'what the listing says of those pages is taken instead');

for my $case ([ nobody => qr/robots\.txt of \S+ asks not to fetch/, 'config' ],
	[ broken => qr/robots\.txt was answered by 500|robots\.txt could not be read/, 'upstream' ])
{
	my ($variant, $message, $class) = @$case;
	$upstream->control('reset');
	$upstream->control('site', robots => $variant);
	my $failure = failure($node, q{SELECT ingest_run('ours')});
	like($failure->{message} // $failure->{text}, $message, "robots.txt $variant: the run fails and says why");
	is(last_job($node, 'ours')->{error_class}, $class, "robots.txt $variant: $class");
	is(scalar(grep { m{^/agenda} } paths()), 0, "robots.txt $variant: no page was asked for");
}

# ---- politeness ----

$upstream->control('reset');
$upstream->control('site', robots => 'delay');
add_pages('slow', ['/agenda/'], link_pattern => '/agenda/e/', max_links => 5);
($job, $error) = run_source($node, 'slow');
is($job->{status}, 'partial', 'max_links bounds the run, which says so') or diag $error;
my @times = map { $_->{at} } grep { $_->{path} ne '/robots.txt' } $upstream->requests;
# on the whole: when one arrives late, the next is early
cmp_ok($times[-1] - $times[0], '>', 0.15 * $#times, 'Crawl-delay is kept between all pages');
is($node->safe_psql('postgres', q{SELECT config->'requests_per_second'->>'default' FROM ingest_connectors() WHERE name = 'jsonld'}),
	1, 'without one a page a second');

# ---- failures ----

$upstream->control('reset');
add_pages('wrong', ['/agenda/nothing']);
like(failure($node, q{SELECT ingest_run('wrong')})->{message}, qr{/agenda/nothing was answered by 404}, 'a page that is not there fails the run');
add_pages('hostile', [ map { "/agenda/hostile/$_" } qw(script deep unclosed other) ]);
($job, $error) = run_source($node, 'hostile');
is("$job->{status} $job->{nb_fetched}", 'partial 0', 'hostile pages fail nothing, but may have held events') or diag $error;
add_pages('faulty', ['/agenda/'], link_pattern => '/agenda/e/', max_links => 3);
$node->safe_psql('postgres', sprintf q{UPDATE ingest.source SET config = config || '{"urls": ["%s"]}' WHERE name = 'faulty'},
	$upstream->url('/fault/invalid-utf8/agenda/'));
($job, $error) = run_source($node, 'faulty');
isnt($job->{status} // 'failed', 'failed', 'a page that is not UTF-8 is read') or diag $error;

# ---- the same event on two pages ----

$upstream->control('reset');
my ($path) = $node->safe_psql('postgres', q{SELECT url FROM ingest.listing WHERE source = 'agenda' ORDER BY starts_at DESC LIMIT 1}) =~ m{(/agenda/.*)};
add_pages('twice', [ '/agenda/?page=3', $path ]);
($job, $error) = run_source($node, 'twice');
is($job->{skip_reasons}{duplicate_in_feed}, 1, 'an event on two pages is one') or diag $error;

no_crash($node);
done_testing();
