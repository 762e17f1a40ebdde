# Runs of calendars: conditional requests, recurrences as the truth has them,
# and one event from two sources, in whichever order they come.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;

my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

my $node = start_cluster();
my $upstream = start_upstream('--events', 400);
my ($job, $error);

# ---- unchanged calendars cost one request ----

add_ics_source($node, $upstream, config => \%window);
($job, $error) = run_source($node, 'city');
is($job->{status}, 'success', 'city: success') or diag $error;
is($job->{nb_created}, $upstream->control('summary')->{city_feed}, 'city: every event is stored');
is($job->{nb_requests}, 1, 'city: by one request');

$upstream->requests(clear => 1);
($job, $error) = run_source($node, 'city');
is($job->{status}, 'no_change', 'city again: no_change') or diag $error;
is("$job->{nb_requests} $job->{nb_fetched}", '1 0', 'city again: one request, no record');
my @requests = $upstream->requests;
is($requests[0]{status}, 304, 'city again: 304');
ok($requests[0]{if_none_match}, 'city again: to the ETag of the first');

# a change of the mapping must see the whole body again
$node->safe_psql('postgres', q{UPDATE ingest.source SET config = config || '{"keep_raw": false}' WHERE name = 'city'});
($job, $error) = run_source($node, 'city');
is($upstream->control('requests')->{statuses}{200} // 0, 1, 'another configuration asks for the body') or diag $error;

my ($changed) = @{ $upstream->control('truth', feed => 'city')->{pairs} };
$upstream->control('change', event => $changed->{eventbrite_id}, field => 'title', value => 'Autre titre');
($job, $error) = run_source($node, 'city');
is("$job->{status} $job->{nb_updated}", 'success 1', 'a change in the feed is one update') or diag $error;

# What was stored of a run that failed is of another body than the one whose
# ETag was kept: when that body comes back, it is read, not taken for known.
# The same goes for what was pushed.
sub two_title { return $node->safe_psql('postgres', q{SELECT title FROM ingest.listing WHERE source = 'two' AND url LIKE 'https://agenda.%' ORDER BY source_id LIMIT 1}) }
$upstream->control('reset');
IngestTest::add_source($node, 'postgres', 'two', 'ics', { %window,
	urls => [ map { $upstream->url($_) } '/ics/city.ics', '/fault/always-500,status=404,from=2/ics/library.ics' ] });
($job, $error) = run_source($node, 'two');
is($job->{status}, 'success', 'two calendars: success') or diag $error;
my $title = two_title();
$upstream->control('change', every => 1, field => 'title', value => 'Autre : {title}');
run_source($node, 'two');
$job = last_job($node, 'two');
is($job->{status}, 'failed', 'the second of them fails');
cmp_ok($job->{nb_updated}, '>', 0, 'when the first is stored');
isnt(two_title(), $title, 'and has changed something');
$upstream->control('reset');
run_source($node, 'two');
is(two_title(), $title, 'what was there before is read again');

run_source($node, 'city');
is($node->safe_psql('postgres', q{
	SELECT nb_updated FROM (SELECT * FROM ingest.listing WHERE source = 'city' LIMIT 1) l, ingest_import('city', format(
		E'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTART:%s\r\nSUMMARY:Pushed\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
		source_id, to_char(starts_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"')))}), 1, 'an event is pushed');
($job, $error) = run_source($node, 'city');
is("$job->{status} $job->{nb_updated}", 'success 1', 'the published one is fetched, and prevails') or diag $error;

# publishers that write the time of the request into every event
add_ics_source($node, $upstream, name => 'noisy', path => '/ics/city.ics?noise=1', config => \%window);
run_source($node, 'noisy');
($job, $error) = run_source($node, 'noisy');
is($job->{status}, 'no_change', 'a new DTSTAMP everywhere is no change') or diag $error;
is($job->{skip_reasons}{unchanged}, $job->{nb_fetched}, 'all records are unchanged');

# an empty calendar
add_ics_source($node, $upstream, path => '/ics/empty.ics');
($job, $error) = run_source($node, 'empty');
is($job->{status}, 'empty', 'an empty calendar: empty') or diag $error;

# one that was not empty before: nothing is gone, and the operator is told
my $interval = q{SELECT min_interval FROM ingest.source_state WHERE source = 'emptied'};
add_ics_source($node, $upstream, name => 'emptied', path => '/ics/city.ics?noise=1', config => \%window);
run_source($node, 'emptied');
is($node->safe_psql('postgres', $interval), '01:00:00', 'the interval that the publisher wishes is kept');
$node->safe_psql('postgres', sprintf q{UPDATE ingest.source SET config = config || '{"url": "%s", "missing_runs": 1}'
	WHERE name = 'emptied'}, $upstream->url('/ics/empty.ics'));
for my $time ('once', 'again')
{
	($job, $error) = run_source($node, 'emptied');
	is($job->{status}, 'empty', "emptied, $time: empty") or diag $error;
	is(scalar(grep { /came back empty, while \d+ of its events are still to come/ } @{ $job->{warnings} // [] }), 1,
		"emptied, $time: and a warning");
	is($job->{nb_withdrawn}, 0, "emptied, $time: nothing is withdrawn");
}
is($node->safe_psql('postgres', $interval), '', 'a wish that is no longer expressed is forgotten');

# moved for good
add_ics_source($node, $upstream, name => 'moved', path => '/ics/moved', config => \%window);
($job, $error) = run_source($node, 'moved');
is($job->{status}, 'success', 'a calendar that moved is followed') or diag $error;

# a password, right and wrong
add_ics_source($node, $upstream, name => 'private', path => '/ics/private/city.ics', config => \%window);
my $failure = failure($node, q{SELECT ingest_run('private')});
is(last_job($node, 'private')->{error_class}, 'auth', 'a private calendar without its password: auth');
$node->safe_psql('postgres', q{
	SELECT ingest_set_credential('private', 'user', 'demo');
	SELECT ingest_set_credential('private', 'password', 'demo-secret')});
($job, $error) = run_source($node, 'private');
is($job && $job->{status}, 'success', 'and with it: success') or diag $error;

# ---- recurrences ----

# Bounds at an hour when nothing takes place
my $today = $upstream->control('info')->{today};
my ($bounds) = query_json($node, qq{
	SELECT to_char(date '$today' - 40 + time '03:33', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS from,
	       to_char(date '$today' + 170 + time '03:33', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS to});
add_ics_source($node, $upstream, path => '/ics/library.ics',
	config => { window_start => $bounds->{from}, window_end => $bounds->{to} });
($job, $error) = run_source($node, 'library');
is($job->{status}, 'success', 'library: success') or diag $error;
my $expected = join "\n", sort map {
	join ' | ', @{$_}{qw(starts_at ends_at status)}, $_->{all_day} ? 'days' : 'times', $_->{title}
  } grep { $_->{ends_at} gt $bounds->{from} && $_->{starts_at} lt $bounds->{to} }
  @{ $upstream->control('truth', feed => 'library')->{occurrences} };
utf8::encode($expected);
my $got = $node->safe_psql('postgres', q{
	SELECT concat_ws(' | ', to_char(starts_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
	                 to_char(coalesce(ends_at, starts_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), status,
	                 CASE WHEN all_day THEN 'days' ELSE 'times' END, title)
	  FROM ingest.listing WHERE source = 'library'});
same_lines(join("\n", sort split /\n/, $got), $expected, 'library: every occurrence, and no other');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE source = 'library'}),
	$job->{nb_created}, 'library: counted');
run_source($node, 'library');
is(last_job($node, 'library')->{status}, 'no_change', 'library again: no_change');

# ---- one event, two sources ----

$upstream->control('reset');
for my $dbname (qw(forward backward))
{
	$node->safe_psql('postgres', "CREATE DATABASE $dbname");
	$node->safe_psql($dbname, 'CREATE EXTENSION ingest');
	add_eventbrite_source($node, $upstream, dbname => $dbname, config => \%window);
	add_ics_source($node, $upstream, dbname => $dbname, config => \%window);
	for my $name ($dbname eq 'forward' ? qw(eventbrite city) : qw(city eventbrite))
	{
		($job, $error) = run_source($node, $name, dbname => $dbname);
		is($job->{status}, 'success', "$dbname: $name") or diag $error;
	}
	my @pairs = @{ $upstream->control('truth', feed => 'city')->{pairs} };
	cmp_ok(scalar(@pairs), '>', 20, "$dbname: there are events that both announce");
	my $values = join ', ', map { "('$_->{eventbrite_id}', '$_->{uid}')" } @pairs;
	is($node->safe_psql($dbname, qq{
		SELECT count(*) FROM (VALUES $values) AS truth(id, uid)
		  JOIN ingest.listing AS a ON a.source = 'eventbrite' AND a.source_id = truth.id
		  JOIN ingest.listing AS b ON b.source = 'city' AND starts_with(b.source_id, truth.uid)
		  JOIN ingest.event AS e ON e.id = a.event_id AND e.id = b.event_id
		 WHERE e.nb_listings = 2 AND e.sources = '{city,eventbrite}'}),
		scalar(@pairs), "$dbname: each is one event with two listings");
	is($node->safe_psql($dbname, q{SELECT count(*) FROM ingest.event WHERE nb_listings > 1}),
		scalar(@pairs), "$dbname: and no others are merged");
	is($job->{nb_merged}, scalar(@pairs), "$dbname: the second run tells how many it merged");
	is($node->safe_psql($dbname, q{SELECT count(*) FROM ingest.event AS e
		 WHERE nb_listings <> (SELECT count(*) FROM ingest.listing AS l WHERE l.event_id = e.id)}),
		0, "$dbname: nb_listings is what it says");
}
same_lines(contents($node, dbname => 'backward'), contents($node, dbname => 'forward'),
	'the order of the runs makes no difference');

no_crash($node);
done_testing();
