
# ingest_check says what a run of a source needs, step by step; ingest_preview
# what a run would do with each record.  Neither stores anything.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my $node = start_cluster(conf => qq{ingest.max_retries = 0\ningest.connect_timeout = '2s'\n});
my $upstream = start_upstream('--events', 120);
my $source = add_eventbrite_source($node, $upstream);
my $stored = q{SELECT count(*), (SELECT count(*) FROM ingest.event), (SELECT count(*) FROM ingest.match_key),
  (SELECT count(*) FROM ingest.import_job), (SELECT count(*) FROM ingest.import_error) FROM ingest.listing};

sub check { return query_json($node, "SELECT * FROM ingest_check('$_[0]')") }
sub preview { return query_json($node, "SELECT * FROM ingest_preview('$_[0]'" . ($_[1] ? ", $_[1]" : '') . ')') }
sub steps { return join ', ', map { $_->{step} . ($_->{ok} ? '' : ' FAILED') } @_ }

# The last step of a check: it fails, and what it says
sub fails_at
{
	my ($what, $name, $step, $pattern) = @_;
	my @steps = check($name);
	my $last = $steps[-1] // {};

	is($last->{step}, $step, "$what: fails at $step") or diag steps(@steps);
	ok(!$last->{ok}, 'not ok');
	is(scalar(grep { !$_->{ok} } @steps), 1, 'the first that fails is the last');
	like($last->{detail}, $pattern, 'and says what is wrong, or what to do');
}

# --- check --------------------------------------------------------------------

my @good = check($source);
is(steps(@good), 'configuration, credential, name resolution, connection, TLS, authentication, first page, mapping',
	'a good source passes all steps');
my %detail = map { $_->{step} => $_->{detail} } @good;
like($detail{connection}, qr/^to 127\.0\.0\.1 /, 'the address is told');
like($detail{credential}, qr/^set: token$/, 'and which credentials are set');
like($detail{'first page'}, qr/organizer 1001.*: \d+ records in \d+ bytes/, 'and what the first page holds');
like($detail{mapping}, qr/^\d+ listings/, 'and what becomes of it');
unlike(join(' ', values %detail), qr/demo-token/, 'no secret is told');

add_eventbrite_source($node, $upstream, name => 'no_token', token => undef);
fails_at('no credential', 'no_token', 'credential', qr/SELECT ingest_set_credential\('no_token', 'token', '…'\)/);
add_eventbrite_source($node, $upstream, name => 'bad_token', token => 'wrong');
fails_at('a refused credential', 'bad_token', 'authentication', qr/token/i);
add_eventbrite_source($node, $upstream, name => 'no_host', config => { base_url => 'http://no-such-host.invalid/v3' });
fails_at('no such host', 'no_host', 'name resolution', qr/no-such-host\.invalid/);
add_eventbrite_source($node, $upstream, name => 'no_port', config => { base_url => 'http://127.0.0.1:1/v3' });
fails_at('nobody listens', 'no_port', 'connection', qr/127\.0\.0\.1/);
add_eventbrite_source($node, $upstream, name => 'no_tls', config => { base_url => $upstream->url('/eventbrite/v3') =~ s/http:/https:/r });
fails_at('not TLS', 'no_tls', 'TLS', qr/TLS|SSL|certificate/i);
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5, Proto => 'tcp') or die "no socket: $!";
add_eventbrite_source($node, $upstream, name => 'silent', config => { base_url => 'https://127.0.0.1:' . $silent->sockport });
fails_at('a connection without an answer', 'silent', 'TLS', qr/timed out while negotiating TLS/);
add_eventbrite_source($node, $upstream, name => 'guarded', config => { base_url => 'http://10.255.255.1/v3' });
fails_at('a private address', 'guarded', 'connection', qr/ingest\.allowed_networks/);
add_eventbrite_source($node, $upstream, name => 'html', path => '/fault/html-200/eventbrite/v3');
fails_at('a page that is none', 'html', 'first page', qr/HTML/i);
add_eventbrite_source($node, $upstream, name => 'down', path => '/fault/always-500/eventbrite/v3');
fails_at('an upstream that is down', 'down', 'first page', qr/500/);
$upstream->control('bad', kind => 'no-name', every => 1);
fails_at('records of another shape', $source, 'mapping', qr/records are refused/);
$upstream->control('reset');
my ($third, $seventh, $ninth) = map { $_->{source_id} } (grep { $_->{action} eq 'create' } preview($source))[ 2, 6, 8 ];
$upstream->control('bad', kind => 'no-name', event => $third);
my ($mapping) = grep { $_->{step} eq 'mapping' } check($source);
ok($mapping->{ok}, 'a bad record among good ones is no failure');
like($mapping->{detail}, qr/1 refused; the first: .*name/, 'but is told');
$upstream->control('reset');

# A configuration made bad by hand
$node->safe_psql('postgres', q{UPDATE ingest.source SET config = '{"base_uri": "x", "page_size": 0}' WHERE name = 'html'});
fails_at('a bad configuration', 'html', 'configuration', qr/base_uri.*page_size|page_size.*base_uri/s);
like(failure($node, q{SELECT * FROM ingest_check('nowhere')})->{message}, qr/source "nowhere" does not exist/,
	'an unknown source is an error');
$node->safe_psql('postgres', q{UPDATE ingest.source SET enabled = false WHERE name = 'eventbrite'});
like((check($source))[0]{detail}, qr/not enabled/, 'a disabled source is checked, and said to be disabled');
$node->safe_psql('postgres', q{UPDATE ingest.source SET enabled = true WHERE name = 'eventbrite'});

# --- preview ------------------------------------------------------------------

my $before = $node->safe_psql('postgres', $stored);
my @rows = preview($source);
is(scalar @rows, 50, 'fifty records, unless more are asked for');
is(scalar(grep { $_->{action} !~ /^(create|skip)$/ } @rows), 0, 'of an empty database: create or skip');
my ($create) = grep { $_->{action} eq 'create' } @rows;
ok(defined $create->{title} && defined $create->{source_id} && defined $create->{starts_at}, 'told as it would be stored');
is($create->{event_id}, undef, 'an event that is not made has no id');
is($node->safe_psql('postgres', $stored), $before, 'nothing is stored');
is(scalar preview($source, 5), 5, 'as many as asked for');
my $all = preview($source, 1000);
my ($first) = run_source($node, $source);
is($all, $first->{nb_fetched}, 'or all that a run fetches');
is($first->{nb_created}, $first->{nb_fetched} - $first->{nb_skipped}, 'which stores them');
@rows = preview($source, 1000);
is(scalar(grep { $_->{action} ne 'skip' } @rows), 0, 'after a run all is skipped');
my ($unchanged) = grep { $_->{problem} eq 'unchanged' } @rows;
ok(defined $unchanged->{title} && defined $unchanged->{event_id}, 'and shown as it is stored');

$upstream->control('change', event => $seventh, field => 'title', value => 'Another title');
$upstream->control('add', count => 2);
$upstream->control('bad', kind => 'bad-date', event => $ninth);
$before = contents($node);
@rows = preview($source, 1000);
my %count;
$count{ $_->{action} }++ for @rows;
my ($update) = grep { $_->{action} eq 'update' } @rows;
is($count{create}, 2, 'two are new');
is($count{update}, 1, 'one is changed');
is($count{refuse}, 1, 'one is refused');
is($update->{changes}{title}{to}, 'Another title', 'and what changes is told');
is($update->{title}, 'Another title', 'the row is as it would be');
is_deeply([ keys %{ $update->{changes} } ], ['title'], 'nothing else changes');
like((grep { $_->{action} eq 'refuse' } @rows)[0]{problem}, qr/date|time/i, 'a refusal has its reason');
same_lines(contents($node), $before, 'nothing is stored');

my ($job) = run_source($node, $source);
is_deeply([ @$job{qw(nb_created nb_updated nb_errors)} ], [ 2, 1, 1 ], 'the run does what the preview said');

add_ics_source($node, $upstream);
@rows = preview('city', 1000);
my ($merge) = grep { $_->{action} eq 'merge' } @rows;
ok($merge, 'what another source lists too would be merged');
like($merge->{event_id} // '', qr/^\d+$/, 'with an event that is there');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing WHERE source = 'city'}), 0, 'and is not');

# --- while it waits -----------------------------------------------------------

$upstream->control('hang');
my $session = session($node);
$session->send(q{SELECT * FROM ingest_preview('eventbrite')});
ok($upstream->wait_hanging, 'a preview waits for the upstream');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity
  WHERE backend_type = 'ingest run' AND backend_xmin IS NULL AND xact_start IS NULL}), 1,
	'in a process that holds no snapshot');
my $start = time;
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT * FROM ingest_preview%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()});
$session->wait(30);
cmp_ok(time - $start, '<', 5, 'a cancel ends it');
like($session->error, qr/canceling statement/, 'as a cancel does');
ok(wait_until(sub { !worker_pids($node) }, 30), 'and its worker');
$upstream->control('release');

like(failure($node, q{SELECT * FROM ingest_preview('eventbrite', 0)})->{message}, qr/max_records must be from 1/, 'max_records has limits');
like(failure($node, q{SELECT * FROM ingest_preview('down')})->{message}, qr/500/, 'a preview fails as the run would');
is(scalar check($source), 8, 'and the next one works');
no_crash($node);
done_testing();
