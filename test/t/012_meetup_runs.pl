# Runs of a Meetup source: by the API and by calendars, several groups, tokens
# that are fetched and end, limits, pages that overlap and shift.

use strict;
use warnings;

use File::Spec::Functions qw(rel2abs);
use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $key = slurp_file("$FindBin::RealBin/../fixtures/meetup/signing_key.pem");
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

my $node = start_cluster(conf => qq{
log_min_messages = debug1
log_error_verbosity = verbose
ingest.log_jobs = on
ingest.max_retries = 1
});
my $upstream = start_upstream('--events', 400);
my ($job, $error);

sub quote { return "'" . $_[0] =~ s/'/''/gr . "'" }

# The events of groups that have most of them, by group
my (%events, @groups);
sub learn
{
	%events = ();
	push @{ $events{ $_->{group} } }, $_ for @{ $upstream->control('truth', feed => 'meetup')->{events} };
	@groups = sort { @{ $events{$b} } <=> @{ $events{$a} } || $a cmp $b } keys %events;
}
learn();

sub configure
{
	my (%config) = @_;
	my $json = JSON::PP->new->canonical->encode({
		groups => [ @groups[0 .. 2] ], page_size => 5, %window,
		base_url => $upstream->url('/meetup/api'), web_url => $upstream->url('/meetup/web'),
		token_url => $upstream->url('/meetup/secure/oauth2/access'), %config });
	$node->safe_psql('postgres', sprintf q{
		DELETE FROM ingest.credential;
		SELECT ingest_add_source('meetup', 'meetup', %1$s) WHERE NOT EXISTS (SELECT FROM ingest.source);
		UPDATE ingest.source SET config = %1$s}, quote($json));
}

# The statement that sets it is the user's own, and not logged here
sub set_credential
{
	my ($name, $value) = @_;
	$node->safe_psql('postgres', qq{
		SET log_min_messages = panic; SET log_min_error_statement = panic;
		SELECT ingest_set_credential('meetup', '$name', @{[ quote($value) ]})});
}

sub set_jwt_credentials
{
	my (%other) = @_;
	my %values = (client_key => 'demo-client', member_id => '424242', signing_key => $key,
		signing_key_id => 'demo-key', %other);
	set_credential($_, $values{$_}) for sort keys %values;
}

sub run
{
	my ($what, $status) = @_;
	($job, $error) = run_source($node, 'meetup');
	$job = last_job($node, 'meetup');
	is($job->{status}, $status, "$what: $status") or diag $error;
	is($job->{nb_created} + $job->{nb_updated} + $job->{nb_skipped} + $job->{nb_errors}, $job->{nb_fetched},
		"$what: the counters add up");
}

sub forget
{
	$node->safe_psql('postgres', q{TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key,
		ingest.merge_log, ingest.match_decision, ingest.match_review});
	$upstream->control('reset');
	$upstream->control('requests', clear => 1);
}

sub stored
{
	return join ' ', sort split /\n/, $node->safe_psql('postgres', q{SELECT source_id FROM ingest.listing});
}

# What should be stored of groups
sub tokens
{
	return join ' ', sort map { $_->{token} } map { @{ $events{$_} } } @_;
}

# ---- three runs, three groups ----

configure();
run('first run', 'success');
is($error, '', 'first run: without a word');
is(stored(), tokens(@groups[0 .. 2]), 'first run: all events of the three groups, by token');
my $largest = @{ $events{ $groups[0] } };
is($job->{nb_requests}, int(($largest + 4) / 5), 'first run: all groups in each request')
  or diag scalar @{ $events{$_} } for @groups[0 .. 2];
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE organizer IS NULL OR timezone IS DISTINCT FROM 'America/Toronto'
	OR url IS NULL OR organizer_url IS NULL OR description ~ '[*]{2}'}), 0, 'first run: with organizer, zone, addresses, and plain text');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE country <> 'CA' OR venue_name = 'Online event'}), 0,
	'first run: places are places');
my $first = $job;
run('second run', 'no_change');
is($job->{skip_reasons}{unchanged}, $first->{nb_created}, 'second run: all unchanged');

my ($victim) = grep { $_->{status} eq 'ACTIVE' } @{ $events{ $groups[1] } };
$upstream->control('change', event => $victim->{event}, field => 'title', value => 'Changed: {title}');
run('third run', 'success');
is($job->{nb_updated}, 1, 'third run: the one change');
like($node->safe_psql('postgres', "SELECT title FROM ingest.listing WHERE source_id = '$victim->{token}'"), qr/^Changed: /,
	'third run: is stored');
$upstream->control('meetup', materialised => 1);
run('occurrences are made, ids change', 'no_change');
is(stored(), tokens(@groups[0 .. 2]), 'the token stays');

# ---- richer fields, and a schema without some ----

forget();
configure(rich_fields => JSON::PP::true);
$upstream->control('meetup', unknown => 'series,venueType');
run('rich fields, some unknown', 'success');
like($error . JSON::PP->new->encode($job), qr/series, venueType|venueType, series/, 'which the job tells');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE tags <> '{}' AND image_url IS NOT NULL}), '>', 5,
	'the others come');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE is_free IS NULL}), 0, 'fees too');
is(stored(), tokens(@groups[0 .. 2]), 'and all events');

# ---- a group that is null ----

forget();
configure();
run('before', 'success');
$upstream->control('meetup', null_groups => $groups[1]);
run('a null group', 'partial') for 1 .. 3;
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE withdrawn_at IS NOT NULL OR status = 'withdrawn'}), 0,
	'its events are not taken for gone');
like($node->safe_psql('postgres', q{SELECT j::text FROM ingest.import_job AS j ORDER BY id DESC LIMIT 1}), qr/group \Q$groups[1]\E: nothing was answered/,
	'the job says which group');
$upstream->control('meetup', null_groups => join ',', @groups[0 .. 2]);
run('only null groups', 'partial');

# ---- the limit ----

forget();
configure();
$upstream->control('meetup', limited => 2, reset => 1);
run('limited twice for a second', 'success');
is(stored(), tokens(@groups[0 .. 2]), 'nothing is lost');
is($job->{nb_pages}, $job->{nb_requests} - 2, 'the two answers are no pages');
$upstream->control('meetup', limited => 1, reset => 600);
run('limited for ten minutes', 'failed');
is($job->{error_class}, 'rate_limit', 'as a limit');
is($node->safe_psql('postgres', q{SELECT not_before BETWEEN now() + '9 min' AND now() + '11 min'
	FROM ingest.source_state WHERE source = 'meetup'}), 't', 'the source is due again when it is over');

# ---- pages that are odd ----

for my $odd ([ overlap => 2 ], [ extra => 3 ], [ eager => 1 ], [ whims => 1 ], [ hidden_places => 1 ])
{
	forget();
	configure();
	$upstream->control('meetup', @$odd);
	run("@$odd", 'success');
	is(stored(), tokens(@groups[0 .. 2]), "@$odd: no duplicate, no loss");
}
forget();
configure(groups => [ $groups[0] ]);
$upstream->control('meetup', stuck => 1);
run('a cursor that does not move', 'partial');
cmp_ok($job->{nb_requests}, '<=', 4, 'is not followed for ever');

for my $by (1, -1)
{
	forget();
	configure(groups => [ $groups[0] ]);
	learn();
	my @before = split / /, tokens($groups[0]);
	$upstream->control('shift', by => $by);
	run("shifted by $by", 'success');
	my %stored = map { $_ => 1 } split / /, stored();
	is(scalar(grep { !$stored{$_} } @before), 0, "shifted by $by: nothing that was there is lost");
	is($node->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT source_id) FROM ingest.listing'), 't',
		"shifted by $by: no duplicate");
}

# ---- tokens ----

SKIP:
{
	forget();
	learn();
	configure();
	$upstream->control('meetup', private_api => 1);
	run('no token', 'failed');
	is($job->{error_class}, 'auth', 'a failure of access');
	like($job->{error_hint}, qr/SELECT ingest_set_credential\('meetup', 'token', '…'\)/, 'that says what to do');
	set_credential('token', 'demo-token');
	run('the credential token', 'success');
	is(stored(), tokens(@groups[0 .. 2]), 'lets us read');
	is($upstream->control('requests', path => 'oauth2')->{matching}, 0, 'and no other is asked for');

	forget();
	configure();
	$upstream->control('meetup', private_api => 1);
	set_jwt_credentials();
	run_source($node, 'meetup');
	skip 'built without libcrypto', 1 if last_job($node, 'meetup')->{error_message} // '' =~ /cannot sign/;

	run('a signed request for a token', 'no_change');
	is(stored(), tokens(@groups[0 .. 2]), 'which lets us read');
	is($upstream->control('requests', path => 'oauth2')->{matching}, 2, 'one for each run');
	is($job->{nb_pages}, $job->{nb_requests} - 1, 'its answer is no page');

	# a token that ends, said and unsaid
	$upstream->control('requests', clear => 1);
	$upstream->control('meetup', revoke_after => 2);
	run('a token that is void in the middle', 'no_change');
	is($job->{nb_fetched}, $first->{nb_fetched}, 'all is read');
	is($upstream->control('requests', path => 'oauth2')->{matching}, 2, 'with two tokens');
	$upstream->control('requests', clear => 1);
	$upstream->control('meetup', expires_in => 1);
	configure(requests_per_second => 2);
	set_jwt_credentials();
	run('a token that ends soon', 'no_change');
	cmp_ok($upstream->control('requests', path => 'oauth2')->{matching}, '>', 1, 'is replaced before it is refused');
	is($upstream->control('requests')->{statuses}{401}, undef, 'and never refused');
	$upstream->control('meetup', expires_in => '');

	# the key by a file, and squeezed into a line
	configure();
	my $file = rel2abs(PostgreSQL::Test::Utils::tempdir . '/key.pem');
	append_to_file($file, $key);
	set_jwt_credentials(signing_key => "file:$file");
	run('a key from a file', 'no_change');
	set_jwt_credentials(signing_key => $key =~ s/\n/\\n/gr);
	run('a key in one line', 'no_change');

	# what is wrong with credentials
	for (
		[ 'another client', 'invalid_grant', client_key => 'someone' ],
		[ 'a key that is none', 'signing key is no RSA private key', signing_key => 'SECRETKEYTEXT' ],
		[ 'a broken key', 'signing key is no RSA private key', signing_key => $key =~ s/^(.{80})./$1!/sr ],
		[ 'half of a key', 'signing key is no RSA private key', signing_key => substr $key, 0, 800 ])
	{
		my ($what, $like, @other) = @$_;
		set_jwt_credentials(@other);
		run($what, 'failed');
		is($job->{error_class}, 'auth', "$what: a failure of access");
		like($job->{error_message}, qr/\Q$like\E/, "$what: in words");
	}
	configure();
	set_credential('client_key', 'demo-client');
	run('a part of the credentials', 'failed');
	like($job->{error_message}, qr/member_id signing_key signing_key_id/, 'the others are named');
}

# ---- calendars ----

forget();
learn();
configure();
run('by the API', 'success');
my $by_api = stored();
configure(via => 'ics');
$upstream->control('requests', clear => 1);
($job, $error) = run_source($node, 'meetup');
$job = last_job($node, 'meetup');
like($job->{status}, qr/^(success|partial)$/, 'then by calendars') or diag $error;
is($job->{nb_created}, 0, 'no listing is new');
is(stored(), $by_api, 'the same events');
is($node->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT event_id) FROM ingest.listing'), 't', 'each an event of its own');
is($upstream->control('requests')->{matching}, 3, 'a request for each group');
is(scalar(grep { $_->{auth} ne 'none' } $upstream->requests), 0, 'without authorisation');
($job) = run_source($node, 'meetup');
$job = last_job($node, 'meetup');
is($job->{nb_updated} + $job->{nb_created}, 0, 'a second time: no change, whatever DTSTAMP says');
configure(via => 'ics', groups => [ $groups[0], 'no-such-group' ]);
run('a calendar that is not there', 'partial');
configure(via => 'ics', groups => ['no-such-group']);
run('no calendar at all', 'failed');
is($job->{error_class}, 'config', 'as a mistake of configuration');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE withdrawn_at IS NOT NULL}), 0, 'nothing is withdrawn');

# ---- the old endpoint ----

configure(base_url => $upstream->url('/fault/html-200/meetup/api'));
run('a page in HTML', 'failed');
is($job->{error_class}, 'parse', 'is not JSON');

# ---- check and preview ----

$upstream->control('reset');
configure();
set_jwt_credentials();
$upstream->control('meetup', private_api => 1);
is($node->safe_psql('postgres', q{SELECT bool_and(ok) FROM ingest_check('meetup')}), 't', 'ingest_check passes over the token');
like($node->safe_psql('postgres', q{SELECT count(*) FROM ingest_preview('meetup', 5)}), qr/^\d+$/, 'ingest_preview too');

# ---- secrets ----

my @secrets = ('issued-access-', 'SECRETKEYTEXT', 'refresh-of', 'eyJhbGciOiJSUzI1NiI', substr($key, 100, 40) =~ s/\n.*//sr);
for my $table (qw(import_job import_error listing event source source_state))
{
	my $text = $node->safe_psql('postgres', "SELECT t::text FROM ingest.$table AS t");
	is(join(' ', grep { index($text, $_) >= 0 } @secrets), '', "no secret in table $table");
}
my $log = slurp_file($node->logfile);
like($log, qr/import job \d+ of source "meetup" failed/, 'the log tells of jobs');
is(join(' ', grep { index($log, $_) >= 0 } @secrets), '', 'no secret in the log');
is(join(' ', grep { index($upstream->log, $_) >= 0 } @secrets), '', 'nor in that of requests');

no_crash($node);
done_testing();
