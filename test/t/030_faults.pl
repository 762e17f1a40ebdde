# Every way an upstream goes wrong: what the job says of it, that what was
# stored before stays as it was, and that a passing fault is passed over.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(conf => q{
ingest.connect_timeout = '2s'
ingest.request_timeout = '700ms'
ingest.max_retries = 1
ingest.max_response_size = '2MB'
});
my $upstream = start_upstream('--events', 120);
my ($job, $error);

add_eventbrite_source($node, $upstream, config => { page_size => 50 });
run_source($node, 'eventbrite');
my $stored = contents($node);
is(last_job($node, 'eventbrite')->{status}, 'success', 'first, a good run');

sub point_to
{
	my ($url) = @_;
	$node->safe_psql('postgres', qq{
		UPDATE ingest.source SET config = config || '{"base_url": "$url"}' WHERE name = 'eventbrite'});
}

# The same fault, its job and what the caller was told
sub run_into
{
	my ($name, $url) = @_;
	point_to($url);
	my $started = time;
	my (undef, $text) = run_source($node, 'eventbrite');
	my $found = last_job($node, 'eventbrite');

	$found->{told} = $text;
	is($node->safe_psql('postgres', 'SELECT 1'), 1, "$name: the server lives");
	same_lines(contents($node), $stored, "$name: what was stored is as it was");
	is($found->{nb_created} + $found->{nb_updated} + $found->{nb_skipped} + $found->{nb_errors},
		$found->{nb_fetched}, "$name: the counters add up");
	cmp_ok(time - $started, '<', 10, "$name: in time");
	return $found;
}

# ---- faults that fail the run ----

# class, HTTP status, what the message or detail must say
my @failures = (
	[ 'slow-headers',    'network',  undef, qr/did not finish within 700 ms.*waiting for the first byte/s ],
	[ 'slow-body',       'network',  undef, qr/did not finish within 700 ms.*reading the body/s ],
	[ 'stall-body',      'network',  undef, qr/did not finish within 700 ms.*after \d+ bytes/s ],
	[ 'truncated',       'network',  undef, qr/closed the connection after \d+ of \d+ bytes/ ],
	[ 'truncated-json',  'parse',    undef, qr/JSON|ends/ ],
	[ 'wrong-length',    'parse',    undef, qr/JSON|ends/ ],
	[ 'endless',         'upstream', undef, qr/larger than 2097152 bytes/ ],
	[ 'empty-body',      'parse',    undef, qr/empty/ ],
	[ 'bad-chunk',       'network|upstream', undef, qr/broke off|not valid HTTP/ ],
	[ 'reset',           'network',  undef, qr/closed the connection after \d+ of \d+ bytes|broke off/ ],
	[ 'drop',            'network',  undef, qr/closed the connection without an answer/ ],
	[ 'bad-status',      'upstream', undef, qr/not valid HTTP/ ],
	[ 'huge-headers',    'upstream', undef, qr/bytes of headers/ ],
	[ 'huge-headers,lines=1', 'upstream', undef, qr/a header that is too long/ ],
	[ 'bad-gzip',        'upstream', undef, qr/cannot be decompressed/ ],
	[ 'gzip-bomb',       'upstream', undef, qr/larger than 2097152 bytes|decompress to many/ ],
	[ 'unknown-encoding', 'upstream', undef, qr/cannot be decompressed/ ],
	[ 'html-200',        'parse',    undef, qr/HTML|html/ ],
	[ 'not-json',        'parse',    undef, qr/JSON.*this is not a document/s ],
	[ 'deep-json',       'parse',    undef, qr/nested|deep|not an object|array/ ],
	[ 'redirect-loop',   'upstream', 301,   qr/redirects more than \d+ times/ ],
	[ 'redirect-private', 'config',  undef, qr/169\.254\.169\.254 .*not public/ ],
	[ 'redirect-private,to=10.0.0.1', 'config', undef, qr/10\.0\.0\.1 .*not public/ ],
	[ 'redirect-private,to=%5B%3A%3A1%5D', 'config', undef, qr/::1.* not public/ ],
	[ 'redirect-file',   'upstream|config', 302, qr/file/ ],
	[ 'always-500',      'upstream', 500,   qr/500/ ],
	[ 'always-500,status=502', 'upstream', 502, qr/502/ ],
	[ 'always-500,status=403', 'auth|upstream', 403, qr/403/ ],
	[ 'rate-limit-long', 'rate_limit', 429, qr/asks not to be called before|429/ ],
	[ 'bad-continuation', 'upstream', 400,  qr/continuation/i ],
);

for (@failures)
{
	my ($fault, $class, $http_status, $words) = @$_;
	$upstream->requests(clear => 1);
	$job = run_into($fault, $upstream->url("/fault/$fault/eventbrite/v3"));
	is($job->{status}, 'failed', "$fault: failed");
	like($job->{error_class}, qr/^(?:$class)$/, "$fault: class $class");
	is($job->{http_status}, $http_status, "$fault: HTTP status") if defined $http_status;
	my $text = join "\n", grep { defined } @{$job}{qw(error_message error_detail error_hint)};
	like($text, $words, "$fault: says what happened");
	like($job->{told}, qr/ERROR:  import job $job->{id} of source "eventbrite" failed: \Q$job->{error_message}\E/,
		"$fault: and tells the caller");
	cmp_ok(length $job->{error_message}, '<', 300, "$fault: in few words");
	note "$fault: $job->{error_class} $job->{sqlstate} | $text";
}
is($upstream->control('requests')->{too_early}, 0, 'nobody came back before he was asked to');

# ---- an hour of patience ----

$node->safe_psql('postgres', q{UPDATE ingest.source_state SET not_before = NULL});
$job = run_into('rate-limit-long', $upstream->url('/fault/rate-limit-long/eventbrite/v3'));
is($node->safe_psql('postgres', q{
	SELECT not_before BETWEEN now() + interval '59 minutes' AND now() + interval '61 minutes'
	  FROM ingest.source_state WHERE source = 'eventbrite'}), 't', 'the source is not asked for an hour');
is($node->safe_psql('postgres', q{SELECT health FROM ingest.source_health WHERE source = 'eventbrite'}), 'degraded',
	'after all these failures it is degraded');
cmp_ok($node->safe_psql('postgres', 'SELECT consecutive_failures FROM ingest.source_state'), '>', 20,
	'failures are counted');

# ---- nobody there ----

$job = run_into('no server', 'http://127.0.0.1:1/v3');
is($job->{error_class}, 'network', 'no server: network');
like($job->{error_message}, qr/no connection to 127\.0\.0\.1/, 'no server: says so');
$job = run_into('no such name', 'http://no-such-host.invalid/v3');
is($job->{error_class}, 'network', 'no such name: network');
like($job->{error_message}, qr/no-such-host\.invalid/, 'no such name: names it');
$job = run_into('private address', 'http://10.255.255.1/v3');
is($job->{error_class}, 'config', 'private address: config');
like($job->{error_hint}, qr/ingest\.allowed_networks/, 'private address: and the setting that would allow it');

# ---- faults that a run gets over ----

my @passing = (
	[ 'latency-20', 0 ],
	[ 'close-after', 0 ],
	[ 'gzip', 0 ],
	[ 'bom', 0 ],
	[ 'redirect-chain', 0 ],
	[ 'no-has-more', 0 ],
	[ 'flaky-500', 1 ],
	[ 'rate-limit-seconds', 1 ],
	[ 'rate-limit-date', 1 ],
	[ '503-retry-after', 1 ],
	[ 'drop,first=1', 1 ],
	[ 'reset,first=1', 1 ],
	[ 'truncated,first=1', 1 ],
	[ 'slow-headers,first=1', 1 ],
);
$upstream->requests(clear => 1);
for (@passing)
{
	my ($fault, $retried) = @$_;
	$job = run_into($fault, $upstream->url("/fault/$fault/eventbrite/v3"));
	like($job->{status}, qr/^(no_change|partial)$/, "$fault: the run ends well") or diag $job->{told};
	cmp_ok($job->{nb_fetched}, '>', 80, "$fault: with all records");
	is($job->{nb_errors}, 0, "$fault: none refused");
	cmp_ok($job->{nb_retries}, '>', 0, "$fault: after a retry") if $retried;
	is($job->{nb_retries}, 0, "$fault: at the first attempt") unless $retried;
}
is($upstream->control('requests')->{too_early}, 0, 'and nobody came back too early');
is($node->safe_psql('postgres', 'SELECT consecutive_failures FROM ingest.source_state'), 0,
	'a good run forgets the failures');
is($node->safe_psql('postgres', 'SELECT not_before FROM ingest.source_state'), '', 'and the wish to be left alone');

# ---- an expansion that fails ----

# what is known of each listing, all columns
sub known
{
	return $node->safe_psql('postgres', q{
		SELECT to_jsonb(l) - '{updated_at,last_seen_job,raw,raw_hash,content_hash}'::text[] FROM ingest.listing AS l ORDER BY id});
}
my $known = known();

for my $fault ('expansion-failed,only=music_properties', 'expansion-failed')
{
	point_to($upstream->url("/fault/$fault/eventbrite/v3"));
	($job, $error) = run_source($node, 'eventbrite');
	like($job->{status}, qr/^(success|partial)$/, "$fault: the run goes on without it") or diag $error;
	is($job->{nb_errors}, 0, "$fault: no record is refused");
	like("@{ $job->{warnings} // [] }", qr/an expansion failed/, "$fault: with a warning");
	same_lines(known(), $known, "$fault: what was known of venues, organizers, prices and the like stays");
}
point_to($upstream->url('/eventbrite/v3'));
run_source($node, 'eventbrite');
same_lines(contents($node), $stored, 'and the next good run has all of it again');

# ---- a list that is not all there ----

for (
	[ 'endless-pages', qr/second time|max_pages/ ],
	[ 'same-continuation', qr/second time/ ],
	[ 'empty-page', qr/empty page/ ])
{
	my ($fault, $words) = @$_;
	$job = run_into($fault, $upstream->url("/fault/$fault/eventbrite/v3"));
	is($job->{status}, 'partial', "$fault: partial");
	like("@{ $job->{warnings} }", $words, "$fault: the warning says why");
	cmp_ok($job->{nb_requests}, '<', 10, "$fault: and it is not asked for ever");
}

# ---- records that are no text ----

# one of many; and all of them, as there is an accent in each
for my $fault ('invalid-utf8', 'nul', 'nul,raw=1', 'windows-1252')
{
	$job = run_into($fault, $upstream->url("/fault/$fault/eventbrite/v3"));
	is($job->{status}, $fault eq 'windows-1252' ? 'failed' : 'partial', "$fault: the run says so") or diag $job->{told};
	cmp_ok($job->{nb_errors}, '>', 0, "$fault: records are refused");
	cmp_ok($job->{nb_skipped}, '>', 0, "$fault: others are not") unless $fault eq 'windows-1252';
	is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_error WHERE job_id = $job->{id}
		AND payload IS NOT NULL AND message <> ''"), $job->{nb_errors}, "$fault: each is kept");
	next unless $fault eq 'windows-1252';
	is($job->{error_class}, 'parse', "$fault: class parse");
	like($job->{error_message}, qr/all $job->{nb_errors} records were refused/, "$fault: says that it is all of them");
}

# ---- what goes along with a redirect ----

for my $fault ('redirect-host', 'redirect-port')
{
	$upstream->requests(clear => 1);
	$job = run_into($fault, $upstream->url("/fault/$fault/eventbrite/v3"));
	my $landed = $upstream->control('requests')->{landed};
	cmp_ok(scalar(@$landed), '>', 0, "$fault: is followed");
	ok(!(grep { $_->{authorization} || $_->{cookie} || $_->{token_in_query} } @$landed),
		"$fault: without the token");
	is("$job->{status} $job->{error_class}", 'failed auth', "$fault: and so it is refused there");
}

# ---- a run that takes too long in all ----

$node->safe_psql('postgres', $_)
  for q{ALTER SYSTEM SET ingest.run_timeout = '1s'}, q{ALTER SYSTEM SET ingest.request_timeout = '10s'}, 'SELECT pg_reload_conf()';
$node->poll_query_until('postgres', q{SELECT current_setting('ingest.run_timeout') = '1s'});
$job = run_into('run_timeout', $upstream->url('/fault/slow-headers/eventbrite/v3'));
is($job->{status}, 'failed', 'run_timeout: failed');
like(join(' ', $job->{error_message}, $job->{error_hint} // ''), qr/ingest\.run_timeout/, 'run_timeout: names the setting');

point_to($upstream->url('/eventbrite/v3'));
$node->safe_psql('postgres', $_)
  for q{ALTER SYSTEM RESET ingest.run_timeout}, 'SELECT pg_reload_conf()';
$node->poll_query_until('postgres', q{SELECT current_setting('ingest.run_timeout') <> '1s'});
($job, $error) = run_source($node, 'eventbrite');
is($job->{status}, 'no_change', 'after all that: a run finds nothing new') or diag $error;
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0,
	'no job is left open');
no_crash($node);
done_testing();
