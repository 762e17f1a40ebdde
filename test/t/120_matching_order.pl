
# Events are a function of the listings: the same listings in any order, in any
# batches, through any detours and with restarts in between, give the same
# events and the same questions for people.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use List::Util qw(shuffle);
use Test::More;

my $seed = $ENV{INGEST_SEED} // 20260710;
srand $seed;
diag "INGEST_SEED=$seed" if $ENV{INGEST_SEED};

my $node = start_cluster();
my $json = JSON::PP->new->canonical->utf8;
my @sources = qw(alpha beta gamma delta);

# --- listings with what makes matching hard -------------------------------------

my @names = map { ucfirst join '', map { (qw(ba ri to lu né mo sa ver cla du pi zo fen gar))[ rand 14 ] } 1 .. 2 + rand 2 } 1 .. 120;
my @kinds = ('Concert', 'Atelier de', 'Soirée', 'Spectacle', 'Exposition', 'Heure du conte', 'Yoga', '');
my @venues = map { (qw(Théâtre Bar Salle Bibliothèque Café))[ rand 5 ] . " $names[$_]" } 0 .. 14;

sub pick { return $_[ rand @_ ] }

# An Eventbrite record: title, day of June 2027, minutes since midnight, days that it goes on
sub record
{
	my ($id, $title, $day, $minute, $venue, $days) = @_;
	return {
		id => $id, name => { text => $title }, status => 'live', listed => JSON::PP::true,
		changed => '2027-01-01T00:00:00Z', url => "https://example.org/$id",
		$id % 3 ? () : (online_event => JSON::PP::false),
		start => {
			timezone => 'America/Toronto',
			local => sprintf('2027-06-%02dT%02d:%02d:00', $day, $minute / 60, $minute % 60),
			utc => sprintf('2027-06-%02dT%02d:%02d:00Z', $day + int(($minute + 240) / 1440), ($minute + 240) / 60 % 24, $minute % 60)
		},
		defined $venue ? (venue => { name => $venue }) : (),
		$days ? (end => { timezone => 'America/Toronto', local => sprintf('2027-06-%02dT22:00:00', $day + $days),
			utc => sprintf('2027-06-%02dT02:00:00Z', $day + $days + 1) }) : ()
	};
}

# How another source would put it
sub noisy
{
	my ($title, $minute, $venue) = @_;
	$title = pick($title, $title, "evenko présente : $title", uc $title, "$title - $venue", "$title (complet)", "$title | Tournée");
	$minute += pick(0, 0, 0, 15, -15, 30, 60);
	$venue = pick($venue, $venue, "$venue (salle principale)", lc $venue, undef);
	return ($title, $minute, $venue);
}

my %final;    # "source/id" => record
my $id = 0;
sub list { my ($source, @what) = @_; $id++; $final{"$source/$id"} = record("$id", @what); return }

for (1 .. 260)
{
	my $title = join ' ', grep { $_ ne '' } pick(@kinds), map { pick(@names) } 1 .. 1 + rand 2;
	my ($day, $venue) = (1 + int rand 6, pick(@venues));
	my @minutes = rand() < 0.25 ? (840, 1200) : rand() < 0.1 ? (600, 675) : (60 * (10 + int rand 12));
	my @who = shuffle @sources;
	for my $minute (@minutes)
	{
		list($who[0], $title, $day, $minute, $venue);
		list($who[$_], $day == 6 ? ($title, $day, $minute, $venue) : do { my ($t, $m, $v) = noisy($title, $minute, $venue); ($t, $day, $m, $v) })
		  for grep { rand() < 0.35 } 1 .. 3;
	}
	list($who[0], $title, $day, $minutes[0], $venue) if rand() < 0.05;    # a twin
	list($who[1], pick(@names) . ' ' . pick(@names), $day, $minutes[0], $venue) if rand() < 0.1;    # the same slot
	list(pick(@who[ 0, 1 ]), pick("$title - VIP", "Stationnement - $title"), $day, $minutes[0], $venue) if rand() < 0.1;
	list($who[0], pick($title, "$title : vernissage"), $day, 0, $venue, 3) if rand() < 0.1;    # goes on for days
}

# A record as it might have been before: elsewhere, at another time, of another name
sub earlier_form
{
	my ($record) = @_;
	my $other = $json->decode($json->encode($record));
	my $what = int rand 3;
	$other->{name}{text} = pick(@names) . ' ' . pick(@names) if $what == 0;
	$other->{venue} = { name => pick(@venues) } if $what == 1;
	$other->{start} = record('x', 'x', 1 + int rand 6, 1080, undef)->{start} if $what == 2;
	return $other;
}

# --- imports --------------------------------------------------------------------

sub push_records
{
	my ($source, @records) = @_;
	return unless @records;
	my $payload = $json->encode({ events => \@records });
	$payload =~ s/'/''/g;
	$node->safe_psql('postgres', "SELECT FROM ingest_import('$source', '$payload')");
	return;
}

# Everything, in an order and in batches of its own
sub import_all
{
	my ($detours, $restart) = @_;
	$node->safe_psql('postgres', q{TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key,
		ingest.match_review, ingest.match_decision, ingest.merge_log, ingest.withdrawal_hold});
	for my $round ($detours ? (0, 1) : 1)
	{
		my @keys = shuffle sort keys %final;
		@keys = @keys[ 0 .. @keys / 2 ] if $round == 0;
		while (@keys)
		{
			my %batch;
			for (splice @keys, 0, 1 + int rand 60)
			{
				my ($source) = split m{/};
				push @{ $batch{$source} }, $round == 0 ? earlier_form($final{$_}) : $final{$_};
			}
			push_records($_, @{ $batch{$_} }) for shuffle sort keys %batch;
			if ($restart && rand() < 0.1) { $node->restart; $restart-- }
		}
	}
	return $node->safe_psql('postgres', q{
		SELECT string_agg(l.source || '/' || l.source_id, ' ' ORDER BY l.source, l.source_id), e.title, e.starts_at, e.venue_name,
		       e.nb_listings, e.sources, (SELECT count(*) FROM ingest.event_alias a WHERE a.old_id = e.id)
		  FROM ingest.event e JOIN ingest.listing l ON l.event_id = e.id GROUP BY e.id ORDER BY 1;
		SELECT least(a.source || '/' || a.source_id, b.source || '/' || b.source_id), greatest(a.source || '/' || a.source_id, b.source || '/' || b.source_id),
		       round(score::numeric, 6), evidence FROM ingest.match_review
		  JOIN ingest.listing a ON a.id = listing_a JOIN ingest.listing b ON b.id = listing_b ORDER BY 1, 2;
		WITH named AS (SELECT e.id, string_agg(l.source || '/' || l.source_id, ' ' ORDER BY l.source, l.source_id) AS name
		  FROM ingest.event e JOIN ingest.listing l ON l.event_id = e.id GROUP BY e.id)
		SELECT 'parent', c.name, p.name FROM ingest.event_parents JOIN named c ON c.id = child JOIN named p ON p.id = parent
		UNION ALL
		SELECT 'series', s.source || ' ' || s.title, string_agg(n.name, ', ' ORDER BY n.name) FROM ingest.series s JOIN named n ON n.id = ANY (s.event_ids)
		 GROUP BY s.source, s.series_id, s.title, s.venue_name ORDER BY 1, 2, 3});
}

$node->safe_psql('postgres', qq{SELECT ingest_add_source('$_', 'eventbrite',
	'{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}', timezone => 'America/Toronto')}) for @sources;

my $expected = import_all(0, 0);
my $events = () = $expected =~ /\|/g;
note scalar(keys %final) . ' listings';
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.event WHERE nb_listings > 1'), '>', 50, 'many events of several sources');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.match_review'), '>', 10, 'some questions');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT FROM ingest.listing WHERE NOT is_addon GROUP BY event_id, source HAVING count(*) > 1) x}), 0,
	'no event has two listings of one source');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.listing l WHERE is_addon AND EXISTS (SELECT FROM ingest.listing o WHERE o.event_id = l.event_id AND NOT o.is_addon)}),
	'>', 10, 'add-ons go with their events');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.event_parents'), '>', 5, 'some events are within others');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.series'), '>', 10, 'some recur');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.event e WHERE NOT EXISTS (SELECT FROM ingest.listing l WHERE l.event_id = e.id)}), 0,
	'no event is empty');
same_lines(import_all(0, 0), $expected, "another order and other batches ($_)") for 1 .. 2;
same_lines(import_all(1, 0), $expected, "through other forms ($_)") for 1 .. 3;
same_lines(import_all(1, 1), $expected, 'with a restart in between');

no_crash($node);
done_testing();
