# pg_dump and restore: every row of every table is there again, ids go on where
# they stopped, and a restored copy calls nobody by itself.

use strict;
use warnings;

use File::Spec::Functions qw(rel2abs);
use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

# The schedules of the original are not followed while it is dumped
my $node = start_cluster(conf => 'ingest.enabled = off');
my $upstream = start_upstream('--events', 80);
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');
my $directory = rel2abs(PostgreSQL::Test::Utils::tempdir);
my ($job, $error);

# Something in every table
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', 'CREATE EXTENSION ingest');
add_eventbrite_source($node, $upstream, dbname => 'original', config => \%window,
	arguments => { schedule => '00:00:01', priority => 300 });
add_ics_source($node, $upstream, dbname => 'original', config => \%window, arguments => { schedule => '00:00:01' });
add_eventbrite_source($node, $upstream, dbname => 'original', name => 'elsewhere',
	token => "file:$directory/token");
$upstream->control('bad', kind => 'no-start', first => 2);
run_source($node, $_, dbname => 'original') for qw(eventbrite city elsewhere);
$node->safe_psql('original', q{
	INSERT INTO ingest.event_alias (old_id, event_id) SELECT 1000000, min(id) FROM ingest.event;
	INSERT INTO ingest.match_decision (listing_a, listing_b, verdict, decided_by)
		SELECT min(id), max(id), 'distinct', 'someone' FROM ingest.listing;
	INSERT INTO ingest.match_review (listing_a, listing_b, score, evidence)
		SELECT min(id), max(id), 0.5, '{}' FROM ingest.listing;
	INSERT INTO ingest.venue_alias (alias, venue, created_by) VALUES ('mtelus', 'metropolis', 'someone')});

my @tables = split /\n/, $node->safe_psql('original', q{
	SELECT c.oid::regclass FROM pg_class AS c JOIN pg_depend AS d ON d.objid = c.oid AND d.deptype = 'e'
	  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'ingest'
	 WHERE c.relkind IN ('r', 'p') ORDER BY 1});
cmp_ok(scalar(@tables), '>=', 10, 'the extension has tables');

# rows, and their checksum
sub rows
{
	my ($dbname, $table) = @_;
	return $node->safe_psql($dbname,
		"SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM $table AS t");
}

sub sequences
{
	my ($dbname) = @_;
	return $node->safe_psql($dbname, q{
		SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'ingest' ORDER BY 1});
}

my %before = map { $_ => rows('original', $_) } @tables;
for my $table (@tables)
{
	note "$table has no rows" if $before{$table} =~ /^0\|/;
}
is($node->safe_psql('original', q{
	SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c JOIN pg_extension AS e ON e.extname = 'ingest'
	 WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind IN ('r', 'p', 'S')
	   AND c.oid <> ALL (e.extconfig)}), '', 'the rows of every table and sequence are dumped');
my $sequences = sequences('original');
my $contents = contents($node, dbname => 'original');

command_ok([ 'pg_dump', '--file', "$directory/plain.sql", $node->connstr('original') ], 'pg_dump');
command_ok([ 'pg_dump', '--format', 'custom', '--file', "$directory/custom.dump", $node->connstr('original') ],
	'pg_dump in the custom format');
command_ok([ 'pg_dump', '--schema-only', '--file', "$directory/schema.sql", $node->connstr('original') ],
	'pg_dump of the schema');
unlike(slurp_file("$directory/schema.sql"), qr/COPY|demo-token/, 'which has no data, and so no secret');
$node->safe_psql('postgres', 'DROP DATABASE original');
$upstream->requests(clear => 1);

for my $format (qw(plain custom))
{
	my $restored = "restored_$format";
	$node->safe_psql('postgres', "CREATE DATABASE $restored");
	command_ok(
		$format eq 'plain'
		? [ 'psql', '--no-psqlrc', '--quiet', '-v', 'ON_ERROR_STOP=1', '--file', "$directory/plain.sql",
			$node->connstr($restored) ]
		: [ 'pg_restore', '--exit-on-error', '--dbname', $node->connstr($restored), "$directory/custom.dump" ],
		"$format: restored");
	is(rows($restored, $_), $before{$_}, "$format: $_ is as it was") for @tables;
	is(sequences($restored), $sequences, "$format: the sequences go on");
}
is($upstream->control('requests')->{total}, 0, 'restoring has called nobody');

# credentials: what stood in the table does again, references as references
is($node->safe_psql('restored_plain', q{SELECT source, value FROM ingest.credential ORDER BY source}),
	"elsewhere|file:$directory/token\neventbrite|demo-token", 'credentials are dumped as they stand');

# nor does it later, when schedules are followed: as long as two turns of it
$node->safe_psql('postgres', q{ALTER SYSTEM SET ingest.enabled = on});
$node->reload;
ok(wait_until(sub { $node->safe_psql('postgres', q{
	SELECT count(*) FROM ingest.databases WHERE database LIKE 'restored%' AND state = 'copy'}) == 2 }, 20),
	'the launcher knows the copies as what they are');
$node->safe_psql('postgres', 'SELECT pg_sleep(2)');
is($upstream->control('requests')->{total}, 0, 'a restored copy does not begin to fetch by itself');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ingest run'}), 0,
	'no run is under way');

is(rows('restored_custom', $_), $before{$_}, "$_ is still as it was") for @tables;
is($node->safe_psql('restored_custom', q{SELECT DISTINCT state FROM ingest.schedule WHERE schedule IS NOT NULL}), 'copy',
	'as the view of schedules says');
is($node->safe_psql('restored_custom', q{SELECT DISTINCT action FROM ingest.schedule WHERE schedule IS NOT NULL}),
	'SELECT public.ingest_resume_all()', 'with what makes it run');

# and it works: nothing is new, and what is gets ids of its own
($job, $error) = run_source($node, 'eventbrite', dbname => 'restored_plain');
is($job->{nb_created} + $job->{nb_updated}, 0, 'a run on the copy finds nothing new') or diag $error;
is($job->{id}, 4, 'jobs are numbered on');
is(contents($node, dbname => 'restored_plain'), $contents, 'and leaves all as it was');
$upstream->control('bad', kind => 'none', first => 2);
$upstream->control('add', count => 3);
($job, $error) = run_source($node, 'eventbrite', dbname => 'restored_plain');
is($job->{status}, 'success', 'new events') or diag $error;
cmp_ok($job->{nb_created}, '>=', 4, 'are stored beside the old');

# until somebody says that the copy is the one to run
$node->safe_psql('restored_custom', 'SELECT ingest_resume_all()');
ok(wait_until(sub { $node->safe_psql('restored_custom', q{
	SELECT count(*) FROM ingest.import_job WHERE trigger = 'schedule' AND status <> 'running'}) }, 20),
	'after ingest_resume_all() its schedules are followed');
$node->safe_psql('restored_custom', 'UPDATE ingest.source SET schedule = NULL');

# restoring over an extension that is there already
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->safe_psql('again', 'CREATE EXTENSION ingest');
command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers',
	'--dbname', $node->connstr('again'), "$directory/custom.dump" ], 'data alone, into a new extension');
is(rows('again', $_), $before{$_}, "data alone: $_ is as it was") for @tables;

no_crash($node);
done_testing();
