# A secret stays in its table and in its request: after runs that went well and
# badly it is in no log, no column, no process's title.

use strict;
use warnings;

use File::Spec::Functions qw(rel2abs);
use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

# In parts, so that this very text is none
my $secret = join '-', 's3cr3t', 'To0kenOfTheApi', '8f7a';
my $password = join '-', 'pa55word', 'of&the=calendar', '%41';
my @secrets = ($secret, $password, 'czNjcjN0',    # base64 of the one
	'pa55word-of%26the%3Dcalendar');              # percent-encoded, the other

my $node = start_cluster(conf => q{
log_min_messages = debug1
log_statement = all
log_error_verbosity = verbose
log_min_duration_statement = 0
ingest.log_jobs = on
ingest.request_timeout = '1s'
ingest.max_retries = 1
});
# What ps shows of all processes
sub process_titles
{
	return map { my $title = eval { slurp_file($_) } // ''; $title =~ tr/\0/ /; $title } glob '/proc/[0-9]*/cmdline';
}

my $upstream = start_upstream('--events', 60, '--token', $secret);
my ($job, $error);
my $seen = '';    # all that was ever shown to us

# The statement that sets it is the user's own, and not logged here
sub set_credential
{
	my ($source, $key, $value) = @_;
	$value =~ s/'/''/g;
	$node->safe_psql('postgres', qq{
		SET log_statement = none; SET log_min_duration_statement = -1; SET log_min_messages = panic;
		SET log_min_error_statement = panic;
		SELECT ingest_set_credential('$source', '$key', '$value')});
}

sub look_around
{
	$seen .= $node->safe_psql('postgres', q{SELECT to_json(a) FROM pg_stat_activity AS a});
	$seen .= join "\n", grep { !/upstream\.py/ } process_titles();
}

sub run
{
	my ($what, $name, $status) = @_;
	my ($row, $text) = run_source($node, $name);
	$job = last_job($node, $name);
	is($job->{status}, $status, "$what: $status") or diag $text;
	$seen .= $text;
}

add_eventbrite_source($node, $upstream, token => undef);
set_credential('eventbrite', 'token', $secret);
run('a good run', 'eventbrite', 'success');

# while it waits, and another session looks
$upstream->control('hang');
my $session = session($node);
$session->send(q{SELECT ingest_run('eventbrite')});
ok($upstream->wait_hanging, 'a run hangs');
look_around();
like($seen, qr/ingest run/, 'and is looked at');
$upstream->control('release');
$session->wait(30);
$seen .= $session->error;

for (
	# the upstream tells what it was sent
	[ 'rate-limit-long', 'failed' ],
	[ 'always-500', 'failed' ],
	[ 'redirect-private', 'failed' ],
	[ 'redirect-host', 'failed' ],
	[ 'redirect-loop', 'failed' ],
	[ 'stall-body', 'failed' ],
	[ 'not-json', 'failed' ],
	[ 'bad-status', 'failed' ],
	[ 'drop', 'failed' ],
	[ 'nul', 'partial' ])
{
	my ($fault, $status) = @$_;
	my $url = $upstream->url("/fault/$fault/eventbrite/v3");
	$node->safe_psql('postgres', qq{
		UPDATE ingest.source SET config = config || '{"base_url": "$url"}' WHERE name = 'eventbrite'});
	run($fault, 'eventbrite', $status);
	look_around();
}

# the token in the upstream's own words: in a title, a refused record, an error
$node->safe_psql('postgres', sprintf q{
	UPDATE ingest.source SET config = config || '{"base_url": "%s"}'}, $upstream->url('/eventbrite/v3'));
my $event = $node->safe_psql('postgres', q{SELECT min(source_id) FROM ingest.listing});
$upstream->control('change', event => $event, field => $_, value => "\"$secret\"") for qw(start.local start.utc);
run('a refused record that repeats it', 'eventbrite', 'partial');
is($node->safe_psql('postgres', "SELECT count(*) FROM ingest.import_error WHERE job_id = $job->{id}"), 1,
	'is kept in import_error');
$upstream->control('rate-limit', budget => 1);
run('a used-up budget, whose header repeats it', 'eventbrite', 'failed');
$upstream->control('rate-limit', budget => 'none');
$upstream->control('token', value => 'another');
run('a token that is not accepted', 'eventbrite', 'failed');

# a configured header
$upstream->control('reset');
add_eventbrite_source($node, $upstream, name => 'calendar', token => undef);
set_credential('calendar', 'token', "$secret-wrong");
run('the wrong one', 'calendar', 'failed');

# user and password
add_ics_source($node, $upstream, name => 'private', path => '/ics/private/city.ics');
set_credential('private', 'user', 'demo');
set_credential('private', 'password', $password);
run('a password that is not accepted', 'private', 'failed');

# a key that is part of every URL, and that the upstream repeats
add_ticketmaster_source($node, $upstream, apikey => undef);
set_credential('ticketmaster', 'apikey', $secret);
run('a key in the URL', 'ticketmaster', 'success');
for my $fault (qw(always-500 redirect-loop stall-body not-json drop bad-status))
{
	my $url = $upstream->url("/fault/$fault/ticketmaster/discovery/v2");
	$node->safe_psql('postgres', qq{
		UPDATE ingest.source SET config = config || '{"base_url": "$url"}' WHERE name = 'ticketmaster'});
	run("a key in the URL, $fault", 'ticketmaster', 'failed');
}
$node->safe_psql('postgres', sprintf q{UPDATE ingest.source SET config = config || '{"base_url": "%s"}'
	WHERE name = 'ticketmaster'}, $upstream->url('/ticketmaster/discovery/v2'));
$upstream->control('rate-limit', budget => 1);
run('a used-up quota, whose message repeats it', 'ticketmaster', 'failed');
$upstream->control('rate-limit', budget => 'none');
$upstream->control('token', value => 'another');
run('a key that is not accepted', 'ticketmaster', 'failed');
$upstream->control('reset');

# references: what they lead to is as secret
my $file = rel2abs(PostgreSQL::Test::Utils::tempdir . '/token');
append_to_file($file, "$secret\n");
set_credential('eventbrite', 'token', "file:$file");
run('a token from a file', 'eventbrite', 'no_change');
set_credential('eventbrite', 'token', "file:$file.missing");
run('a token from no file', 'eventbrite', 'failed');
set_credential('eventbrite', 'token', 'env:NO_SUCH_VARIABLE');
run('a token from no environment', 'eventbrite', 'failed');
like($job->{error_message}, qr/NO_SUCH_VARIABLE/, 'which is named');

# ---- where it is, and where it is not ----

set_credential('eventbrite', 'token', $secret);
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.credential WHERE starts_with(value, 's3c')}), 3,
	'the secret is in its table');

sub is_free_of_secrets
{
	my ($text, $where) = @_;
	my @found = grep { index($text, $_) >= 0 } @secrets;
	ok(!@found, "no secret in $where") or diag substr($text, index($text, $found[0]) - 300, 400);
}

for my $table (qw(import_job import_error listing event source source_state match_review merge_log))
{
	is_free_of_secrets($node->safe_psql('postgres', "SELECT t::text FROM ingest.$table AS t"), "table $table");
}
for my $view (split /\n/, $node->safe_psql('postgres', q{
	SELECT quote_ident(viewname) FROM pg_views WHERE schemaname = 'ingest'}))
{
	is_free_of_secrets($node->safe_psql('postgres', "SELECT v::text FROM ingest.$view AS v"), "view $view");
}
is_free_of_secrets($seen, 'what sessions, pg_stat_activity and ps have shown');
my $log = slurp_file($node->logfile);
cmp_ok(length $log, '>', 50_000, 'the log says a lot');
like($log, qr/import job \d+ of source "eventbrite" failed/, 'about jobs too');
is_free_of_secrets($log, 'the log of the server');
is_free_of_secrets($upstream->log, 'the log of requests');

no_crash($node);
done_testing();
