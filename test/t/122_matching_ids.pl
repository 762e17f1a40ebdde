
# A source that changes all its ids, and changes them back: its events keep
# theirs, and the operator is told.  What one source no longer lists and another
# does stays; what comes back is what it was.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(conf => "ingest.max_retries = 0\n");
my $upstream = start_upstream('--events', 10);
my $json = JSON::PP->new->canonical;
my $described = $json->decode(slurp_file("$FindBin::RealBin/../fixtures/json/the-events-calendar.config.json"));

sub sql { return $node->safe_psql('postgres', $_[0]) }

# The theatre's calendar; ids: a template for them
sub config
{
	my ($ids) = @_;
	return $json->encode({ %$described, url => $upstream->url('/json/tribe/wp-json/tribe/events/v1/events'),
		window_start => '2000-01-01T00:00:00Z', window_end => '2100-01-01T00:00:00Z',
		mapping => { %{ $described->{mapping} }, source_id => { template => $ids } } });
}

sub run
{
	my ($source, $what, %expected) = @_;
	my ($job, $error) = run_source($node, $source);
	is($job->{$_}, $expected{$_}, "$what: $_ is $expected{$_}") or diag $error for sort keys %expected;
	return $job;
}

# Every event: id, title, status, listings, live ones
sub events
{
	return sql(q{SELECT string_agg(format('%s %s %s %s/%s', e.id, e.title, e.status,
		(SELECT count(*) FROM ingest.listing l WHERE l.event_id = e.id AND l.missing_runs = 0), e.nb_listings), E'\n' ORDER BY e.id) FROM ingest.event e});
}

my $name = 'theatre';
sql(sprintf q{SELECT ingest_add_source('theatre', 'json', '%s', timezone => 'America/Toronto')}, config('{/id}'));
my $n = run($name, 'first', status => 'success')->{nb_created};
my $before = events();
my $future = sql('SELECT count(*) FROM ingest.listing WHERE starts_at > now()');
is($future, $n, 'all are to come');
is(sql('SELECT count(*) FROM ingest.event'), $n, 'an event each');

# --- all ids change in one run ---------------------------------------------------

sql(sprintf q{UPDATE ingest.source SET config = '%s'}, config('new-{/id}'));
run($name, 'other ids', nb_created => $n, nb_withdrawn => 0);
is(events(), $before =~ s{1/1$}{1/2}gmr, 'the same events, with the same ids, each of a listing that is there and one that is not');
is(sql('SELECT count(*) FROM ingest.event_alias'), $n, 'the ids that they had for a moment lead to them');
is(sql(q{SELECT rule || ' ' || severity FROM ingest.anomalies WHERE rule = 'id_churn'}), 'id_churn critical', 'the operator is told');
my $job = run($name, 'the next run', nb_created => 0, nb_withdrawn => 0);
is(scalar(grep { /are held, not withdrawn/ } @{ $job->{warnings} }), 1, 'so many that are gone are held');
is(sql("SELECT ingest_approve_withdrawals('$name')"), $n, 'they are given up');
is(events(), $before =~ s{1/1$}{1/2}gmr, 'the events are live');
sql('CALL ingest_rematch()');
is(events(), $before =~ s{1/1$}{1/2}gmr, 'matched anew, too');

# --- and back ----------------------------------------------------------------------

sql(sprintf q{UPDATE ingest.source SET config = '%s'}, config('{/id}'));
run($name, 'the old ids', nb_created => 0, nb_updated => $n);
is(events(), $before =~ s{1/1$}{1/2}gmr, 'the same events, now of the old ones');

# a listing that was missed once and is there again, beside its double: two
sql(sprintf q{UPDATE ingest.source SET config = config || '{"missing_runs": 9}'});
sql(q{UPDATE ingest.listing SET missing_runs = 1, missing_since = now(), withdrawn_at = NULL, status = 'scheduled' WHERE source_id LIKE 'new-%'});
run($name, 'as before', nb_created => 0);
is(events(), $before =~ s{1/1$}{1/2}gmr, 'the same still');
sql(sprintf q{UPDATE ingest.source SET config = '%s'}, config('new-{/id}'));
run($name, 'the new ids, which were missed', nb_created => 0);
is(events(), $before =~ s{1/1$}{1/2}gmr, 'the events change hands');

# --- what another source lists ---------------------------------------------------------

my $source = add_eventbrite_source($node, $upstream, config => { page_size => 50 });
run($source, 'eventbrite', status => 'success');
my ($id) = split /\n/, sql(qq{SELECT source_id FROM ingest.listing WHERE source = '$source' AND starts_at > now() + interval '3 days' AND status = 'scheduled'
	ORDER BY starts_at, source_id});
sql(q{SELECT ingest_add_source('copy', 'json', '{"url": "https://example.org/", "window_start": "2000-01-01", "window_end": "2100-01-01",
	"mapping": {"source_id": "/id", "title": "/title", "starts_at": "/at", "venue_name": "/venue"}}')});
sql(qq{SELECT FROM (SELECT json_build_array(json_build_object('id', 'copy', 'title', title, 'at', starts_at, 'venue', venue_name))::text AS page
	FROM ingest.listing WHERE source = '$source' AND source_id = '$id') c, LATERAL ingest_import('copy', page)});
my $event = sql(qq{SELECT event_id FROM ingest.listing WHERE source_id = '$id'});
my $look = "SELECT l.status, e.status, e.id = $event, e.nb_listings FROM ingest.listing l JOIN ingest.event e ON e.id = l.event_id WHERE source_id = '$id'";
is(sql($look), 'scheduled|scheduled|t|2', 'two sources list it');
$upstream->control('remove', event => $id);
run($source, "gone, time $_") for 1, 2;
is(sql($look), 'withdrawn|scheduled|t|2', 'one no longer does: the event stays');
$upstream->control('restore', event => $id);
run($source, 'back', nb_updated => 1);
is(sql($look), 'scheduled|scheduled|t|2', 'it does again: the same event');

no_crash($node);
done_testing();
