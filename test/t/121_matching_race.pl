
# Eight sources that list the same events, at the same moment, each in runs of
# its own: one event each, no deadlock, and they do not stand in line.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

my $node = start_cluster(conf => "deadlock_timeout = '100ms'\nlog_lock_waits = on\n");
my $json = JSON::PP->new->canonical->utf8;
my $events = 300;
my @sources = map { "source$_" } 1 .. 8;

$node->safe_psql('postgres', qq{SELECT ingest_add_source('$_', 'eventbrite',
	'{"organizer_ids": ["1"], "window_start": "2027-01-01", "window_end": "2028-01-01"}', timezone => 'America/Toronto')}) for @sources;

# An event's title is its number in words of its own, so that no two are alike
sub name_of
{
	my ($number) = @_;
	my @syllables = qw(ba ri to lu ne mo sa ver cla du);
	return ucfirst join '', map { $syllables[$_] } split //, sprintf '%04d', 1000 + $number;
}

# The events as a source lists them, in an order of its own
sub payload
{
	my ($source) = @_;
	my @records = map {
		my $number = ($_ * 7 + $source * 37) % $events;
		my $day = 1 + $number % 28;
		{
			id => "$number", name => { text => name_of($number) . ' Quintette' }, status => 'live', listed => JSON::PP::true,
			changed => '2027-01-01T00:00:00Z', venue => { name => 'Salle ' . name_of(7000 + $number % 20) },
			start => { timezone => 'America/Toronto', local => sprintf('2027-06-%02dT18:00:00', $day),
				utc => sprintf('2027-06-%02dT22:00:00Z', $day) }
		}
	} 0 .. $events - 1;
	return $json->encode({ events => \@records });
}

sub import_of
{
	my ($source, $payload) = @_;
	return "SELECT nb_created FROM ingest_import('$source', '$payload')";
}

# all at once, many transactions each: the same weeks in other orders
my @sessions = map { session($node) } @sources;
my $start = time;
for my $i (0 .. 7)
{
	my @records = @{ $json->decode(payload($i))->{events} };
	while (my @part = splice @records, 0, 50)
	{
		$sessions[$i]->send(import_of($sources[$i], $json->encode({ events => \@part })));
	}
}
my $errors = '';
for my $session (@sessions)
{
	$session->wait;
	$errors .= $session->error;
}
my $together = time - $start;

is($errors, '', 'nobody fails');
is($node->safe_psql('postgres', 'SELECT count(*), min(nb_listings), max(nb_listings) FROM ingest.event'), "$events|8|8",
	'one event each, of eight listings');
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT FROM ingest.listing GROUP BY event_id HAVING count(DISTINCT source) = 8 AND count(DISTINCT source_id) = 1) x'),
	$events, 'of the eight sources');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ingest.match_review'), 0, 'no question left');
is(scalar(log_lines($node, qr/deadlock detected/)), 0, 'no deadlock');

# sources whose events are in other months do not wait for each other
$node->safe_psql('postgres', 'TRUNCATE ingest.listing, ingest.event, ingest.event_alias, ingest.match_key, ingest.merge_log, ingest.match_review, ingest.match_decision, ingest.match_action, ingest.withdrawal_hold');
my $apart = payload(0);
my $first = $sessions[0];
$first->query('BEGIN');
is($first->query(import_of('source1', $apart)), $events, 'one imports June, and does not commit');
$apart =~ s/2027-06-/2027-09-/g;
is($sessions[1]->query(import_of('source2', $apart), 60), $events, 'meanwhile another imports September');
$sessions[2]->send(import_of('source3', payload(2)));
ok(wait_until(sub { $node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) > 0 }, 60),
	'who imports June too waits');
$first->query('COMMIT');
is($sessions[2]->wait, $events, 'until that commits');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ingest.event WHERE nb_listings = 2}), $events, 'and finds it');

note sprintf 'eight sources together: %.2f s', $together;
no_crash($node);
done_testing();
