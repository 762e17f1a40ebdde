# What README-ingestion.md says of the dashboard is done as it stands there, by
# the roles that it names: the twelve questions, and the page as files, by
# PostgREST's way of calling and by a script for nginx.  And each query of the
# dashboard for Grafana.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use IPC::Run;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $readme = slurp_file("$FindBin::RealBin/../../README-ingestion.md");

# The text of a heading, up to the next of its rank; one # may be a comment in code
sub section
{
	my ($heading, $text) = @_;
	my ($rank) = $heading =~ /^(#+)/;
	($text // $readme) =~ /^\Q$heading\E\n(.*?)(?=^#{2,${\length $rank}} |\z)/ms or die "no $heading in the README";
	return $1;
}

# Its blocks of code in a language
sub blocks
{
	my ($language, $text) = @_;
	my @blocks = $text =~ /^ *```$language\n(.*?)^ *```$/msg;
	return @blocks;
}

my $node = start_cluster();
my $upstream = start_upstream('--events', 120);
$upstream->control('bad', kind => 'no-start', first => 3);
# by its schedule it does not run while this lasts
add_eventbrite_source($node, $upstream, arguments => { schedule => '17 5 29 2 *' });
add_ticketmaster_source($node, $upstream);
add_eventbrite_source($node, $upstream, name => 'locked out', token => 'wrong');
run_source($node, $_) for 'eventbrite', 'ticketmaster', 'locked out';
$node->safe_psql('postgres', q{CREATE ROLE viewer LOGIN; GRANT pg_monitor TO viewer});

my @viewer = (extra_params => [ '--username', 'viewer' ]);

# ---- the twelve questions ----

my $questions = section('## The twelve questions');
my @questions = split /^(?=\d+\. )/m, $questions;
my $introduction = shift @questions;
is(scalar @questions, 12, 'twelve questions');
my @answers;
for my $i (1 .. @questions)
{
	my ($title, $rest) = $questions[ $i - 1 ] =~ /^\d+\. ([^\n]*)\n(.*)/s;
	# what comes after the last question is no part of it
	my @code = blocks('sql', $i == 12 ? $rest =~ s/^What is unusual.*//msr : $rest);
	is(scalar @code, 1, "$i. $title: has its statements");
	my ($status, $out, $err) = $node->psql('postgres', $code[0] =~ s/^ +//mgr, @viewer);
	is($status, 0, "$i.: they run as they stand, for who may view") or diag $err;
	push @answers, $out;
}
like($answers[0], qr/locked out\|.*SELECT public\.ingest_set_credential\('locked out', 'token', '…'\)/, '1. says which source is broken, and what to type');
like($answers[1], qr/^locked out\|\w+\|\|/, '2. what never came is the least fresh');
like($answers[2], qr/partial.*\|3 refused|3 refused/s, '3. what the last run did');
like($answers[3], qr/unchanged|private/, '4. why records were skipped');
like($answers[4], qr/^\d{4}-\d\d-\d\d\|1\|/m, '5. a day and its run');
like($answers[5], qr/^eventbrite\|3\|.*ingest_replay\(\d+\)$/m, '6. the refused, by cause, and how to replay them');
like($answers[6], qr/SELECT public\.ingest_undo\(\d+\)/, '7. merges, and how to take them back');
is($answers[7], '', '8. nothing has vanished');
like($answers[8], qr/^eventbrite, ticketmaster\|\d+$/m, '9. which sources have the same events');
like($answers[9], qr/^title\|.*\|t\|/m, '10. whose title it is');
like($answers[10], qr/^eventbrite\|.*\|planned$/m, '11. what runs next');
like($answers[11], qr/^listing\|/m, '12. how big the tables are');
unlike(join("\n", @answers), qr/demo-token|wrong/, 'none tells a secret');
run_source($node, 'eventbrite');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_error WHERE source = 'eventbrite'}), 6, 'what is bad is refused again');
is($node->safe_psql('postgres', q{SELECT sum(nb) FROM ingest.errors WHERE source = 'eventbrite'}), 3, 'and is as many records as before');
is($node->safe_psql('postgres', 'SELECT open_errors FROM ingest.overview'), $node->safe_psql('postgres', 'SELECT sum(nb) FROM ingest.errors'),
	'in the overview too');
my ($rules) = blocks('sql', $questions =~ s/.*^12\. .*?```.*?```//msr);
$node->safe_psql('postgres', $rules);
is($node->safe_psql('postgres', q{SELECT (ingest.rule_of('volume', 'eventbrite')).threshold, (ingest.rule_of('volume', 'ticketmaster')).threshold}),
	'3|4', 'rules of one\'s own');
my @described = $questions =~ /^\| (`\w+`(?:, `\w+`)*) \|/mg;
is(join(' ', sort map { /\w+/g } @described),
	$node->safe_psql('postgres', q{SELECT string_agg(DISTINCT rule, ' ' ORDER BY rule) FROM ingest.anomaly_rule}), 'every rule is described');

# ---- served ----

my $serve = section('## Serve the dashboard');
my ($role) = blocks('sql', $serve =~ s/^###.*//msr);
$node->safe_psql('postgres', $role);
my @web = (extra_params => [ '--username', 'ingest_web' ]);
for my $secret ('TABLE ingest.credential', 'SELECT raw FROM ingest.listing', 'SELECT config FROM ingest.source',
	'SELECT payload FROM ingest.import_error', 'TABLE ingest.jobs', q{SELECT ingest_run('eventbrite')}, q{SELECT pg_read_file('/etc/passwd')})
{
	is(failure($node, $secret, user => 'ingest_web')->{sqlstate}, '42501', "the web's role may not: $secret");
}

# A script of the README, made executable
my $folder = PostgreSQL::Test::Utils::tempdir;
sub script
{
	my ($name, $text) = @_;
	append_to_file("$folder/$name", $text);
	chmod 0755, "$folder/$name";
	return "$folder/$name";
}

my $files = section('### As files, by any web server', $serve);
my $page = script('ingest-page', (blocks('sh', $files))[0]);
mkdir "$folder/www";
my %web_environment = (PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres', PGUSER => 'ingest_web');

# Whether the page could be written; what went wrong is in the log
sub write_page
{
	my (%environment) = @_;
	local %ENV = (%ENV, %web_environment, %environment);
	return system($page, "$folder/www") == 0;
}
ok(write_page(), 'the page is written');
my $html = slurp_file("$folder/www/ingestion.html");
like($html, qr{\A<!DOCTYPE html>\n<html lang="en">.*locked out.*</html>\s*\z}s, 'whole');
like(slurp_file("$folder/www/ingestion.fr.html"), qr{\A<!DOCTYPE html>\n<html lang="fr">.*</html>\s*\z}s, 'also in French');
my $json = JSON::PP->new->utf8->decode(slurp_file("$folder/www/ingestion.json"));
is_deeply([ sort map { $_->{source} } @{ $json->{recentJobs} } ], [ 'eventbrite', 'eventbrite', 'locked out', 'ticketmaster' ], 'and as JSON');

# who reads while it is replaced reads the old or the new, whole
my $reader = fork // die;
if ($reader == 0)
{
	my $torn = 0;
	until (-e "$folder/stop")
	{
		$torn++ unless slurp_file("$folder/www/ingestion.html") =~ m{\A<!DOCTYPE html>.*</html>\s*\z}s;
	}
	require POSIX;
	POSIX::_exit($torn ? 1 : 0);
}
my $inode = (stat "$folder/www/ingestion.html")[1];
my $written = grep { write_page() } 1 .. 5;
append_to_file("$folder/stop", '');
waitpid $reader, 0;
is($?, 0, 'it is never torn for who reads it at the same time');
is($written, 5, 'and was replaced often enough');
isnt((stat "$folder/www/ingestion.html")[1], $inode, 'since it is another file, put in its place');

my %before = map { $_ => slurp_file("$folder/www/$_") } qw(ingestion.html ingestion.json);
ok(!write_page(PGPORT => 1), 'a database that does not answer is a failure');
is(slurp_file("$folder/www/$_"), $before{$_}, "which leaves $_ as it was") for sort keys %before;
my ($cron) = blocks('sql', $files);
my ($copy) = $cron =~ /\$\$\s*(COPY .*?)\s*\$\$/s;
$copy =~ s{/var/www/ingest}{$folder/www};
my $same = $node->safe_psql('postgres', "BEGIN; $copy; SELECT ingest_dashboard()");
is(slurp_file("$folder/www/ingestion.html") =~ s/\s+\z//r eq $same =~ s/\s+\z//r, 1, 'COPY writes the same');
is(failure($node, $copy, user => 'ingest_web')->{sqlstate}, '42501', 'which is not for the web\'s role');

# PostgREST calls it so: read only, as the role of who is not known, the result as it is
my ($schema) = blocks('sql', section('### Live, by PostgREST', $serve));
$node->safe_psql('postgres', $schema);
sub call
{
	my ($function) = @_;
	return $node->safe_psql('postgres', qq{
		BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
		SET LOCAL ROLE ingest_web;
		SET LOCAL search_path = ingest_web, public;
		WITH pgrst_source AS (SELECT $function AS pgrst_scalar)
		SELECT pgrst_scalar FROM pgrst_source}, extra_params => [ '--username', 'authenticator' ]);
}
like(call(q{ingest_web.dashboard(days => '7', lang => 'fr')}), qr{\A<!DOCTYPE html>\n<html lang="fr">.*</html>\s*\z}s, 'as PostgREST calls it');
is(JSON::PP->new->decode(call(q{ingest_web.stats(days => '7')}))->{period}{days}, 7, 'the JSON too');
is($node->safe_psql('postgres', q{SELECT format_type(prorettype, NULL), provolatile FROM pg_proc WHERE oid = 'ingest_web.dashboard'::regproc}),
	'ingest_web."text/html"|s', 'its result is of the media type, and GET may call it');
is(failure($node, 'SELECT ingest_dashboard()', user => 'authenticator')->{sqlstate}, '42501', 'who only signs in may do nothing');

my $cgi = script('ingest.cgi', (blocks('sh', section('### Live, by nginx alone', $serve)))[0]);
sub request
{
	my ($query, %environment) = @_;
	local %ENV = (%ENV, %web_environment, QUERY_STRING => $query, %environment);
	my ($out, $err) = ('', '');
	IPC::Run::run([$cgi], '<', \undef, '>', \$out, '2>', \$err);
	return $out;
}
like(request('days=7&lang=fr'), qr{\AContent-Type: text/html; charset=utf-8\r\n\r\n<!DOCTYPE html>\n<html lang="fr">.*</html>\s*\z}s, 'the script for nginx');
like(request(''), qr{<html lang="en">}, 'in English without a wish');
like(request($_), qr{<html lang="en">}, "and for nonsense: $_")
  for q{lang=fr');DROP&days=7}, q{days=9999999}, q{xlang=fr&days=1;2}, q{days=$(id)&lang=`id`};
like(request('days=3', IN_JSON => 1), qr{\AContent-Type: application/json\r\n\r\n\{.*"days": 3\b.*\}\n\z}s, 'JSON');
like(request('', PGPORT => 1), qr{\AStatus: 503 }, 'and says when there is no database');

# ---- what is proposed does what it says ----

# A proposed statement, prepared and run as it is
sub act
{
	my ($where) = @_;
	my ($row) = query_json($node, "SELECT action, hint FROM ($where) AS q");
	my ($status, undef, $err) = $node->psql('postgres', $row->{action});
	is($status, 0, "done as it stands: $row->{action}") or diag $err;
	return $row;
}
$upstream->control('hang');
my $session = session($node);
$session->send(q{SELECT ingest_run('eventbrite')});
$upstream->wait_hanging;
like($node->safe_psql('postgres', 'SELECT summary FROM ingest.running', @viewer), qr/^\w.*: 0 records, 0 pages/, 'a run that lasts is told of');
act(q{SELECT action, NULL AS hint FROM ingest.running});
$session->wait(30);
like($session->error, qr/was cancelled/, 'and cancelled as proposed');
$upstream->control('release');

$node->safe_psql('postgres', 'ALTER SYSTEM SET ingest.enabled = off');
$node->reload;
ok(wait_until(sub { $node->safe_psql('postgres', q{SELECT count(*) FROM ingest.attention WHERE kind = 'launcher'}) }, 60), 'schedules that rest are a matter of attention');
my $row = act(q{SELECT action, hint FROM ingest.attention WHERE kind = 'launcher'});
like($row->{hint}, qr/After it: (SELECT pg_reload_conf\(\))/, 'which takes a second statement');
$node->safe_psql('postgres', $row->{hint} =~ s/.*After it: //r);
ok(wait_until(sub { !$node->safe_psql('postgres', q{SELECT count(*) FROM ingest.attention WHERE kind = 'launcher'}) }, 60), 'and then they do not');

act(q{SELECT replay AS action, NULL AS hint FROM ingest.errors WHERE source = 'eventbrite'});
is(last_job($node, 'eventbrite')->{trigger}, 'replay', 'the refused are replayed');
$node->safe_psql('postgres', q{SELECT ingest_pause('eventbrite', 'tired')});
act(q{SELECT action, hint FROM ingest.attention WHERE kind = 'paused' AND source = 'eventbrite'});
is($node->safe_psql('postgres', q{SELECT paused_reason IS NULL FROM ingest.source_state WHERE source = 'eventbrite'}), 't', 'what is paused is resumed');
act(q{SELECT action, NULL AS hint FROM ingest.merges WHERE action IS NOT NULL LIMIT 1});
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.merges WHERE undone_at IS NOT NULL}), 1, 'and a merge taken back');

# ---- Grafana ----

my $grafana = JSON::PP->new->utf8->decode(slurp_file("$FindBin::RealBin/../bi/grafana.json"));
my @panels = @{ $grafana->{panels} };
my %ids = map { $_->{id} => 1 } @panels;
is(scalar keys %ids, scalar @panels, 'no two panels have the same id');
my %cells;
for my $panel (@panels)
{
	my $place = $panel->{gridPos};
	for my $x ($place->{x} .. $place->{x} + $place->{w} - 1)
	{
		$cells{"$x," . $_}++ for $place->{y} .. $place->{y} + $place->{h} - 1;
	}
	cmp_ok($place->{x} + $place->{w}, '<=', 24, "$panel->{title}: within the page");
}
is(scalar(grep { $_ > 1 } values %cells), 0, 'no panel lies on another');
for my $query ((map { my $title = $_->{title}; map { [ $title, $_ ] } @{ $_->{targets} } } @panels),
	map { [ "variable $_->{name}", { rawSql => $_->{query} } ] } grep { $_->{type} eq 'query' } @{ $grafana->{templating}{list} })
{
	my ($title, $target) = @$query;
	# as Grafana fills in its macros and variables
	my $sql = $target->{rawSql};
	$sql =~ s/\$__timeFilter\(([^()]*)\)/$1 BETWEEN now() - interval '30 days' AND now()/g;
	$sql =~ s/\$source\b/'eventbrite','locked out','o''neil'/g;
	unlike($sql, qr/\$/, "$title: no other macro");
	my ($status, $out, $err) = $node->psql('postgres', $sql, @viewer);
	is($status, 0, "$title: runs") or diag $err;
	next unless ($target->{format} // '') eq 'time_series';
	is($node->safe_psql('postgres', "SELECT DISTINCT pg_typeof(time) FROM ($sql) q", @viewer), 'timestamp with time zone', "$title: has a time");
}

no_crash($node);
done_testing();
