# The page of ingest_dashboard(): sound HTML in both languages whatever the
# sources say, readable, usable on a phone; and what it says of three sources
# that are broken in three ways.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Encode qw(encode_utf8);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $scenes = "$FindBin::RealBin/../page";
my $directory = PostgreSQL::Test::Utils::tempdir;
my $node = start_cluster(extension => 0);

# ---- help ----

sub make
{
	my ($database, $scene, %variables) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION ingest');
	return unless $scene;
	my ($status, $out, $err) = $node->psql($database, '',
		extra_params => [ '-f', $scene, map { ('-v', "$_=$variables{$_}") } sort keys %variables ]);
	is($err, '', "$database: the scene is set");
}

# The page, as text; written to a file too
sub page
{
	my ($database, $lang, $days) = @_;
	my $html = $node->safe_psql($database,
		"SET client_encoding = 'UTF8'; SET timezone = 'America/Toronto'; SELECT ingest_dashboard(" . ($days // 30) . ", '$lang')");
	open my $file, '>', "$directory/$database-$lang.html" or die $!;
	print $file $html;
	close $file;
	utf8::decode($html);
	return $html;
}

# What a program says in TAP
sub tap
{
	my ($name, @command) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'python3', '-B', @command ], '<', '/dev/null', '>', \$out, '2>', \$err);
	utf8::decode($out);
	return 0 if $out =~ /^1\.\.0 # SKIP/;
	my @lines = split /\n/, $out;
	for my $i (0 .. $#lines)
	{
		next unless $lines[$i] =~ /^(not )?ok \d+ - (.*)/;
		ok(!$1, $2) and next;
		diag(encode_utf8($lines[$i])) while ($lines[ ++$i ] // '') =~ /^#/;
	}
	ok($out =~ /^1\.\.(\d+)$/m && $1 == grep({ /^(?:not )?ok / } @lines), "$name is looked at") or diag $err;
	return 1;
}

# The text of an item that needs attention, without markup
sub item
{
	my ($html, $source) = @_;
	my ($item) = grep { /<bdi class="name">\Q$source\E</ } $html =~ /<li class="item".*?<\/li>/gs;
	return '' unless defined $item;
	$item =~ s/<[^>]*>/ /g;
	$item =~ s/&#39;/'/g;
	$item =~ s/\s+/ /g;
	return $item;
}

# ---- the scenes ----

make('empty');
make('city', "$scenes/city.sql", days => 14);
make('hostile', "$scenes/hostile.sql");
make('many', "$FindBin::RealBin/../bench/dashboard.sql", sources => 1000, jobs => 6000, events => 3000, data_only => 1);

my %page;
for my $database (qw(empty city hostile many))
{
	for my $lang (qw(en fr))
	{
		$page{"$database-$lang"} = page($database, $lang);
		tap("$database-$lang", "$scenes/check.py", $lang, "$directory/$database-$lang.html");
	}
}
SKIP:
{
	my @files = map { "$directory/$_.html" } qw(empty-en city-en city-fr hostile-fr many-en);
	tap('what a browser shows', "$scenes/look.py", @files) or skip 'no Chromium is installed', 1;
}

# ---- who knows nothing reads which source is broken, why, and what to type ----

my $city = $page{'city-en'};
like($city, qr{<h1>3 of 7 sources are broken\.</h1>}, 'the first sentence says how it is');
like($city, qr{<title>3 of 7 sources are broken\.}, 'and the title of the window');
like($city, qr{Broken: (?=[^.]*ticketmaster)(?=[^.]*eventbrite)(?=[^.]*bibliothèques)}, 'the names come next');
like(item($city, 'eventbrite'), qr/credential is refused.*401 INVALID_AUTH.*3 failures in a row.*not tried again/, 'a credential that is refused: why');
like(item($city, 'eventbrite'), qr/SELECT ingest_set_credential\('eventbrite', 'token', '…'\);.*SELECT public\.ingest_resume\('eventbrite'\);/,
	'and both statements, in their order');
like(item($city, 'ticketmaster'), qr/own server fails.*fault is Ticketmaster's.*answered 503.*6 failures in a row.*tried again in 5\d&nbsp;min/, 'an upstream that fails: why');
like(item($city, 'ticketmaster'), qr/SELECT \* FROM public\.ingest_check\('ticketmaster'\);/, 'and what to type');
like(item($city, 'bibliothèques'), qr/suddenly lists nothing.*found 2\d\d records.*address/, 'a calendar that came empty: why');
like(item($city, 'bibliothèques'), qr/SELECT \* FROM public\.ingest_check\('bibliothèques'\);/, 'and what to type');
like(item($city, 'université'), qr/7 of its 37 listings.*really gone.*ingest_approve_withdrawals\('université'\).*are not.*ingest_discard_withdrawals\('université'\)/,
	'held withdrawals: both answers');
like($page{'city-fr'}, qr{<h1>3 sources sur 7 sont en panne\.</h1>}, 'in French too');
like(item($page{'city-fr'}, 'eventbrite'), qr/L&rsquo;identifiant est refus&eacute;/, 'with the cause in French');

my @ranked = $city =~ /<th role="rowheader" scope="row"><bdi>([^<]*)<\/bdi>/g;
is_deeply([ sort @ranked[ 0 .. 2 ] ], [ 'bibliothèques', 'eventbrite', 'ticketmaster' ], 'the broken sources are the first of the table');

# ---- a thousand sources ----

is(() = $page{'many-en'} =~ /<svg class="bars"/g, 30, 'thirty sources are shown in full');
is(() = $page{'many-en'} =~ /source-\d{5}<\/bdi><\/th><td><span/g, 970, 'the others in a line each, folded');
cmp_ok(length $page{'many-en'}, '<', 600_000, 'and the page stays small');

# ---- nothing that comes from outside gets out of its place ----

my $names = $node->safe_psql('hostile', q{SELECT string_agg(ingest.html(name), E'\n') FROM ingest.source});
utf8::decode($names);
my @lost = grep { index($page{'hostile-en'}, "<bdi>$_</bdi>") < 0 } split /\n/, $names;
is("@lost", '', 'hostile names are shown, as they are');
unlike($page{'hostile-en'}, qr/href="(?!#|https?:|data:image)/, 'an address that is none of the web is no link');

# ---- whatever the session is set to ----

is($node->safe_psql('city', q{
	BEGIN;
	SET LOCAL timezone = 'America/Toronto';
	CREATE TEMP TABLE page ON COMMIT DROP AS SELECT ingest_dashboard() AS html;
	SET LOCAL datestyle = 'German, DMY'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL bytea_output = 'escape';
	SET LOCAL standard_conforming_strings = off; SET LOCAL extra_float_digits = -15; SET LOCAL lc_numeric = 'C'; SET LOCAL search_path = pg_catalog;
	SET LOCAL quote_all_identifiers = on; SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off;
	SELECT html = public.ingest_dashboard() FROM pg_temp.page;
	COMMIT}), 't', 'settings of the session change nothing');
for my $call ('0', '-5', '1000000', 'NULL', q{7, 'FR-ca'}, q{7, NULL}, q{7, '<script>'})
{
	like($node->safe_psql('city', "SELECT ingest_dashboard($call)"), qr/^<!DOCTYPE html>.*<\/html>$/s, "ingest_dashboard($call)");
}

# ---- a database of another encoding, with a source that its words are in ----

for my $encoding (qw(LATIN1 SQL_ASCII))
{
	my $name = lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $name ENCODING $encoding LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	$node->safe_psql($name, q{CREATE EXTENSION ingest;
		INSERT INTO ingest.source (name, connector, timezone) VALUES (convert_from('\x6e61efbe', getdatabaseencoding()), 'ics', 'UTC')})
	  if $encoding eq 'LATIN1';
	$node->safe_psql($name, q{CREATE EXTENSION ingest; INSERT INTO ingest.source (name, connector, timezone) VALUES ('na', 'ics', 'UTC')})
	  if $encoding eq 'SQL_ASCII';
	page($name, 'fr');
	tap($encoding, "$scenes/check.py", 'fr', "$directory/$name-fr.html");
}

# ---- a run that goes on, and a launcher that does not ----

my $upstream = start_upstream('--events', 60);
make('live');
add_eventbrite_source($node, $upstream, dbname => 'live');
run_source($node, 'eventbrite', dbname => 'live');
like(page('live', 'en'), qr{<h1>The one source is well\.</h1>.*Nothing needs you}s, 'all is well');
$upstream->control('hang');
my $session = session($node, dbname => 'live');
$session->send(q{SELECT ingest_run('eventbrite')});
$upstream->control('wait', hanging => 1);
like(page('live', 'en'), qr{<use href="#i-info"/></svg>Running</span>}, 'a run that goes on is shown as one');
tap('while it runs', "$scenes/check.py", 'en', "$directory/live-en.html");

# the reader's snapshot is from before the end of the run, what it looks at from after it
my $gate = session($node, dbname => 'live');
$gate->query('SELECT pg_advisory_lock(1)');
my $reader = session($node, dbname => 'live');
$reader->send(q{SELECT status, length(pg_advisory_lock(1)::text), ingest.job_is_alive(source) FROM ingest.import_job WHERE status = 'running'});
ok(wait_until(sub { $node->safe_psql('live', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) == 1 }), 'a reader waits');
$upstream->control('release');
$session->wait;
$gate->query('SELECT pg_advisory_unlock(1)');
is($reader->wait, 'running|0|t', 'a run that ends while the page is made has not crashed');
$_->quit for $session, $gate, $reader;

$node->safe_psql('live', 'SELECT ingest_stop()');
ok(wait_until(sub { $node->safe_psql('live', 'SELECT state FROM ingest.launcher') eq 'not running' }), 'the launcher stops');
$node->safe_psql('live', q{UPDATE ingest.source SET schedule = '1 day'});
like(page('live', 'en'), qr{<h1>Nothing runs by itself\. The one source is well\.</h1>.*SELECT public\.ingest_start\(\);}s,
	'that nothing runs by itself is the first thing said');

no_crash($node);
done_testing();
