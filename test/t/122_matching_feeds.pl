# Feeds that invite false merges, and feeds that are made to hurt: a city's
# calendar with its sessions, shared pages, rooms and templates; titles of a
# megabyte; thousands of listings with one key or one address.
#
#   INGEST_HOSTILE=100000   listings of one key (3000)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use Test::More;

my $node = start_cluster();
my $count = $ENV{INGEST_HOSTILE} // 3000;
my $json = JSON::PP->new->canonical;

sub add_source
{
	my ($name) = @_;
	my $config = $json->encode({
		url => 'https://listings.example/', records => '/listings', keep_raw => JSON::PP::false,
		window_start => '2000-01-01', window_end => '2100-01-01',
		mapping => {
			source_id => '/id', title => '/title', starts_at => '/start', ends_at => '/end', url => '/url',
			venue_name => '/venue', address => '/address', city => { value => 'Laval' } } });

	$node->safe_psql('postgres', "SELECT ingest_add_source('$name', 'json', '$config', timezone => 'America/Toronto')");
}

# Import listings; the job as a hash
sub import_listings
{
	my ($source, @listings) = @_;
	my $body = $json->encode({ listings => \@listings });

	$body =~ s/'/''/g;
	my ($job) = query_json($node, "SELECT * FROM ingest_import('$source', '$body')");
	return $job;
}

sub count_rows
{
	my ($table, $condition) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM ingest.$table" . ($condition ? " WHERE $condition" : ''));
}

# ---- a city's calendar ----

# truth => listings: what is one event has one truth
my (@city, %seen);

sub say_listing
{
	my ($truth, $title, $day, $time, $minutes, $venue, $page) = @_;
	my ($hour, $minute) = split /:/, $time;
	my $end = $hour * 60 + $minute + $minutes;

	push @city, {
		id => "$truth#" . ++$seen{$truth}, title => $title,
		start => sprintf('2027-%02d-%02dT%s:00', 3 + int($day / 28), 1 + $day % 28, $time),
		end => sprintf('2027-%02d-%02dT%02d:%02d:00', 3 + int($day / 28), 1 + $day % 28, int($end / 60), $end % 60),
		url => "https://city.example/Pages/$page.aspx", defined $venue ? (venue => $venue) : () };
}

my @libraries = map { "Bibliothèque $_" } 'des Érables', 'Marguerite-Rivard', 'du Vieux-Moulin', 'Aurèle-Tanguay';
for my $day (0 .. 38)
{
	# one page serves all 39 starts, and two sessions of each morning 75 minutes apart
	my $library = $libraries[$day % 4];
	say_listing("zoo $day a", 'Les petites bêtes', $day, '10:00', 60, $library, 'petites-betes');
	say_listing("zoo $day b", 'Les petites bêtes', $day, '11:15', 60, $library, 'petites-betes');

	# half an hour apart, as exhausted parents have it; and without a place
	say_listing("story $day a", 'Heure du conte 3 - 5 ans', $day, '09:30', 30, $library, 'conte');
	say_listing("story $day b", 'Heure du conte 3 - 5 ans', $day, '10:00', 30, $library, 'conte');
	say_listing("small $day", 'Tout petits contes', $day, '14:00', 45, undef, 'petits-contes');
	say_listing("small $day again", 'Tout petits contes', $day, '14:00', 45, $libraries[0], 'petits-contes');

	# rooms, and several places in one line
	say_listing("room $day A", 'Aide aux devoirs', $day, '16:00', 90, "$library, salle A", 'devoirs');
	say_listing("room $day B", 'Aide aux devoirs', $day, '16:00', 90, "$library, salle B", 'devoirs');
	say_listing("all $day", 'Club de lecture', $day, '18:00', 60, join(', ', @libraries), 'club');
	say_listing("one $day", 'Club de lecture', $day, '18:00', 60, $libraries[1], 'club');

	# a template with three names
	say_listing("elected $day $_", "Rencontrez votre élu – $_", $day, '19:00', 60, 'Hôtel de ville', 'elus')
	  for 'Nicole Tremble', 'Yann Langelier', 'Rita Bosco';
}
add_source('city');
my $job = import_listings('city', @city);
is("$job->{status} $job->{nb_created} $job->{nb_merged} $job->{nb_review}", 'success ' . @city . ' 0 0',
	'a city\'s calendar of ' . @city . ' listings: nothing is merged, nothing asked');
is(count_rows('event'), scalar @city, 'each is an event');

# another source lists what has a place and a name again, each in its own words
my @again = map { +{ %$_, id => $_->{id} =~ s/#.*//r, url => 'https://agenda.example/' . $_->{id} =~ s/\W+/-/gr,
		title => uc($_->{title}) } } grep { $_->{id} =~ /^(?:zoo|story|elected|room)/ } @city;
add_source('agenda');
$job = import_listings('agenda', @again);
is("$job->{status} $job->{nb_created} $job->{nb_merged}", 'success ' . @again . ' ' . @again,
	'another source: each of ' . @again . ' joins an event');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM (
	  SELECT FROM ingest.listing GROUP BY event_id
	  HAVING count(DISTINCT split_part(source_id, '#', 1)) > 1) AS wrong}), '0', 'no event is of two things');
is(count_rows('event'), scalar @city, 'no event is new');

# ---- megabytes ----

$node->safe_psql('postgres', 'TRUNCATE ingest.listing, ingest.event, ingest.match_key, ingest.merge_log CASCADE');
my $long = 'Concert Ωmega é ' x 65536;
my @long = map { +{ id => $_, title => "$long$_", start => "2027-05-03T2$_:00:00", venue => 'MTELUS' } } 0 .. 3;
for my $source (qw(city agenda))
{
	$job = import_listings($source, @long);
	is($job->{nb_created} + $job->{nb_errors}, 4, "$source: titles of a megabyte are stored or refused");
}
my $longest = substr $long, 0, 900;
$_->{title} = $longest for @long;
$job = import_listings('city', @long);
is($job->{nb_created}, 4, 'the longest that are stored: by one source');
$job = import_listings('agenda', @long);
is("$job->{nb_created} $job->{nb_merged}", '4 4', 'and by another: each meets its own');

# ---- one key ----

sub same
{
	my ($n, %other) = @_;
	return map { +{ id => "$_", title => 'Heure du conte', start => '2027-05-03T10:00:00',
			venue => 'Bibliothèque des Érables', map({ ($_ => $other{$_}) } keys %other) } } 1 .. $n;
}

$node->safe_psql('postgres', 'TRUNCATE ingest.listing, ingest.event, ingest.match_key, ingest.merge_log CASCADE');
$node->safe_psql('postgres', "SET statement_timeout = '600s'; SELECT 1");
$job = import_listings('city', same($count));
is("$job->{nb_created} $job->{nb_merged} $job->{nb_review}", "$count 0 0", "$count listings of one look, by one source");
$job = import_listings('agenda', same($count));
is("$job->{nb_created} $job->{nb_errors}", "$count 0", 'and by another');
is(count_rows('listing'), 2 * $count, 'all are stored');
cmp_ok(count_rows('match_review'), '<=', $count / 10, 'nobody is asked which of so many is which');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM (SELECT FROM ingest.listing GROUP BY event_id, source HAVING count(*) > 1) AS twice}),
	'0', 'no event has two of one source');

# ---- one address ----

$node->safe_psql('postgres', 'TRUNCATE ingest.listing, ingest.event, ingest.match_key, ingest.merge_log CASCADE');
my @one_url = map { +{ id => "$_", title => "Activité Zèbre$_", venue => "Lieu Quagga$_",
		start => sprintf('2027-%02d-%02dT14:00:00', 1 + $_ % 12, 1 + $_ % 28),
		url => 'https://www.eventbrite.ca/e/1234567890' } } 1 .. $count;
$job = import_listings('city', @one_url);
is("$job->{nb_created} $job->{nb_merged}", "$count 0", "$count listings with one address, by one source");
$job = import_listings('agenda', @one_url);
is("$job->{nb_created} $job->{nb_errors}", "$count 0", 'and by another');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM (
	  SELECT FROM ingest.listing GROUP BY event_id HAVING count(DISTINCT starts_at) > 1) AS wrong}),
	'0', 'no event has two starts');

done_testing();
