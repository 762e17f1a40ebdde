# A session that parses, stores, looks and fails a thousand times, as one of a
# pool does for months: what libraries take from malloc() is given back, however
# a statement ends.
#
#   MEMORY_ROUNDS   how often it does all of it (36)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use HTTP::Tiny;
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{MEMORY_ROUNDS} || 36;
my $node = start_cluster(conf => "jit = off\nautovacuum = off\ningest.max_retries = 0\n");
my $upstream = start_upstream('--events', 40);
my $directory = PostgreSQL::Test::Utils::tempdir();
my %window = (window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z');

# A page of each kind of upstream, whole and broken, in files
sub payload
{
	my ($name, $content) = @_;
	append_to_file("$directory/$name", $content);
	return "pg_read_binary_file('$directory/$name')";
}

sub page
{
	my ($path) = @_;
	my $response = HTTP::Tiny->new(default_headers => { Authorization => 'Bearer demo-token' })->get($upstream->url($path));
	die "$path: $response->{status}" unless $response->{success};
	return $response->{content};
}

my @kinds = (
	[ 'eventbrite', '{"organizer_ids": ["1001"]}', page('/eventbrite/v3/organizers/1001/events/?expand=venue') ],
	[ 'ics', '{}', page('/ics/city.ics') ],
	[ 'ics', '{"window_end": "2030-01-01"}', page('/ics/library.ics') ],
	[ 'ticketmaster', '{"market_id": 120}', page('/ticketmaster/discovery/v2/events.json?apikey=demo-token&size=20&sort=id,asc') ],
	[ 'jsonld', '{"urls": ["https://example.org/"]}', page('/agenda/?page=1') ],
	[ 'montreal', '{}', page('/ckan/api/3/action/datastore_search?resource_id=6decf611-6f11-4f34-bb36-324d804c9bad&limit=40') ]);

srand 1;
my @statements;
for my $number (0 .. $#kinds)
{
	my ($connector, $config, $whole) = @{ $kinds[$number] };
	my $half = substr $whole, 0, length($whole) / 2;
	(my $garbled = $whole) =~ s/([A-Za-z]{5})/rand() < 0.01 ? "\xff\xfe$1" : $1/ge;
	(my $odd = $whole) =~ s/\d{4}/rand() < 0.05 ? '99999999999' : $&/ge;
	my %files = (
		whole => payload("$number-whole", $whole), half => payload("$number-half", $half),
		garbled => payload("$number-garbled", $garbled), odd => payload("$number-odd", $odd),
		nothing => payload("$number-nothing", ' '), deep => payload("$number-deep", '[' x 5000));
	push @statements, map { "SELECT count(*) FROM ingest_parse('$connector', $files{$_}, '$config')" } sort keys %files;
	# ended early: by who asks, by time, by an error of another
	push @statements, "SELECT title FROM ingest_parse('$connector', $files{whole}, '$config') LIMIT 1",
	  "SET statement_timeout = 1; SELECT count(*) FROM ingest_parse('$connector', $files{whole}, '$config'); RESET statement_timeout",
	  "SELECT 1 / (position - 2) FROM ingest_parse('$connector', $files{whole}, '$config')",
	  "SELECT count(*) FROM ingest_parse('$connector', $files{whole}, '{\"no_such_key\": 1}')";
	# stored, and rolled back
	my $name = "source $number";
	$node->safe_psql('postgres', "SELECT ingest_add_source('$name', '$connector', '" . ($config =~ s/^\{\}$/{"url": "https:\/\/example.org\/a.ics"}/r =~
			s/^\{"window_end": "2030-01-01"\}$/{"url": "https:\/\/example.org\/b.ics"}/r) . "')")
	  if $connector ne 'montreal';
	$node->safe_psql('postgres', "SELECT ingest_add_source('$name', 'montreal', '{}')") if $connector eq 'montreal';
	push @statements, "SELECT status FROM ingest_import('$name', $files{whole})", "SELECT status FROM ingest_import('$name', $files{half})",
	  "SELECT status FROM ingest_import('$name', $files{garbled})",
	  "BEGIN; DELETE FROM ingest.listing; SELECT status FROM ingest_import('$name', $files{whole}); ROLLBACK";
}
# through processes of their own
add_eventbrite_source($node, $upstream, name => 'by run', config => \%window);
add_eventbrite_source($node, $upstream, name => 'failing', path => '/fault/not-json/eventbrite/v3');
push @statements, map { ("SELECT status FROM ingest_run('$_')", "SELECT count(*) FROM ingest_check('$_')", "SELECT count(*) FROM ingest_preview('$_')") }
  'by run', 'failing', 'nobody';
push @statements, q{SELECT ingest_next_run('0 3 * * *', now(), 'America/Montreal')}, q{SELECT ingest_next_run('nonsense')},
  q{SELECT count(*) FROM ingest_connectors()}, q{SELECT ingest_add_source('bad', 'ics', '{"urll": 1}')},
  q{SELECT count(*) FROM ingest.source_health}, q{SELECT count(*) FROM ingest.schedule};
my $round = join ";\n", @statements;

# ---- again and again ----

my $session = session($node);
my $ended = 0;
my (@private, @contexts);

sub context_bytes
{
	my $position = log_position($node);
	my $total;
	$node->safe_psql('postgres', "SELECT pg_log_backend_memory_contexts(@{[ $session->pid ]})");
	wait_until(sub {
		($total) = map { /Grand total: .*; (\d+) used/ ? $1 : () } log_lines($node, qr/\[@{[ $session->pid ]}\] .*Grand total: /, $position);
		return defined $total;
	}, 20);
	return $total;
}

for my $number (1 .. $rounds)
{
	$session->query($round, 120);
	note $session->error if $number == 1;
	last if $session->{gone};
	$ended++;
	next unless $number % ($rounds / 6) == 0;
	push @private, memory_kb($session->pid);
	push @contexts, context_bytes();
}
is($ended, $rounds, "$rounds rounds of " . @statements . ' statements, in one session');
diag 'private kB:        ' . join ' ', @private;
diag 'bytes in contexts: ' . join ' ', @contexts;
# what it takes once, it has after half of them
cmp_ok($private[-1] - $private[2], '<=', 192, 'its private memory does not grow');
cmp_ok($contexts[-1] - $contexts[2], '<=', 32 * 1024, 'nor what its contexts hold');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.import_job WHERE status = 'running'}), 0, 'no job is left open');
is(scalar(worker_pids($node)), 0, 'nor a process');
no_crash($node);
done_testing();
