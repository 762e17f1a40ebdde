
# What a source no longer lists: counted, withdrawn after two complete runs,
# held when it is too much; never by a run that did not see everything, and
# never the past.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;

my $node = start_cluster(conf => "ingest.max_retries = 0\n");
my $upstream = start_upstream('--events', 120);
my $source = add_eventbrite_source($node, $upstream, config => { page_size => 50 });
my $job;

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub run
{
	my ($what, $status, %expected) = @_;
	my ($row, $error) = run_source($node, $source);
	$job = last_job($node, $source);
	is($job->{status}, $status, "$what: $status") or diag $error;
	is($job->{$_}, $expected{$_}, "$what: $_ is $expected{$_}") for sort keys %expected;
}

# status, missing_runs and whether it is withdrawn, of a listing and its event
sub state_of
{
	my ($id) = @_;
	return sql(qq{SELECT l.status, missing_runs, withdrawn_at IS NOT NULL, e.status
	  FROM ingest.listing l JOIN ingest.event e ON e.id = event_id
	  WHERE source = '$source' AND source_id = '$id'});
}

sub withdrawn { return sql('SELECT count(*) FROM ingest.listing WHERE withdrawn_at IS NOT NULL') }

run('the first run', 'success', nb_withdrawn => 0);
my @ids = split /\n/, sql(q{SELECT source_id FROM ingest.listing WHERE starts_at > now() + interval '3 days'
  AND status = 'scheduled' ORDER BY starts_at, source_id});
my $live = sql('SELECT count(*) FROM ingest.listing WHERE starts_at > now()');

# --- gone, and back -----------------------------------------------------------

my $event = sql("SELECT event_id FROM ingest.listing WHERE source_id = '$ids[0]'");
$upstream->control('remove', event => join ',', @ids[ 0 .. 2 ]);
run('gone once', 'no_change', nb_withdrawn => 0);
is(state_of($ids[0]), 'scheduled|1|f|scheduled', 'a listing that is gone once is counted');
is(sql(q{SELECT count(*) FROM ingest.listing WHERE missing_runs > 0}), 3, 'and no other is');
my $untouched = sql(q{SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY id)) FROM ingest.listing WHERE missing_runs = 0});
run('gone twice', 'success', nb_withdrawn => 3, nb_created => 0, nb_updated => 0);
is(state_of($ids[0]), 'withdrawn|2|t|withdrawn', 'gone twice it is withdrawn, and so is its event');
is(sql(q{SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY id)) FROM ingest.listing WHERE missing_runs = 0}),
	$untouched, 'what was seen is not written');
run('gone for good', 'no_change', nb_withdrawn => 0);
is(withdrawn(), 3, 'withdrawn once');
is(sql('SELECT count(*) FROM ingest.upcoming_events WHERE status = $$withdrawn$$'), 0, 'what is withdrawn is not upcoming');

$upstream->control('restore', event => $ids[0]);
run('back', 'success', nb_updated => 1, nb_created => 0);
is(state_of($ids[0]), 'scheduled|0|f|scheduled', 'a listing that is back is live again');
is(sql("SELECT event_id FROM ingest.listing WHERE source_id = '$ids[0]'"), $event, 'of the same event');

$upstream->control('remove', event => $ids[3]);
run('gone once', 'no_change');
$upstream->control('restore', event => $ids[3]);
run('seen again', 'no_change', nb_updated => 0);
is(state_of($ids[3]), 'scheduled|0|f|scheduled', 'a miss is forgiven, which is no update');
is(sql("SELECT missing_since FROM ingest.listing WHERE source_id = '$ids[3]'"), '', 'and forgotten');

# --- what is not gone -----------------------------------------------------------

sql("UPDATE ingest.listing SET starts_at = now() - interval '2 hours' WHERE source_id = '$ids[4]'");
$upstream->control('remove', event => $ids[4]);
run('the past, gone', 'no_change') for 1, 2;
is(state_of($ids[4]), 'scheduled|0|f|scheduled', 'the past is never withdrawn');

$upstream->control('bad', kind => 'no-name', event => $ids[5]);
run('a record refused', 'partial', nb_errors => 1, nb_withdrawn => 0) for 1 .. 3;
is(state_of($ids[5]), 'scheduled|0|f|scheduled', 'what is refused is there still');
$upstream->control('bad', kind => 'none', event => $ids[5]);

$upstream->control('remove', event => $ids[6]);
$upstream->control('bad', kind => 'no-id', event => $ids[5]);
run('a record without id', 'partial') for 1 .. 3;
is(state_of($ids[6]), 'scheduled|0|f|scheduled', 'nobody knows which record that was: nothing is gone');
$upstream->control('bad', kind => 'none', event => $ids[5]);

sql(q{UPDATE ingest.source SET config = config || '{"max_pages": 1}'});
run('a list that is cut', 'partial', nb_withdrawn => 0) for 1 .. 3;
is(sql('SELECT count(*) FROM ingest.listing WHERE missing_runs > 0 AND withdrawn_at IS NULL'), 0, 'of a list that is cut nothing is gone');
sql(q{UPDATE ingest.source SET config = config - 'max_pages', on_missing = 'keep'});
run('keep', 'no_change', nb_withdrawn => 0) for 1 .. 3;
is(state_of($ids[6]), 'scheduled|0|f|scheduled', 'a source that keeps counts nothing');
sql(q{UPDATE ingest.source SET on_missing = 'withdraw'});

$upstream->control('change', event => $ids[7], field => 'status', value => 'canceled');
run('cancelled', 'success', nb_cancelled => 1);
$upstream->control('remove', event => $ids[7]);
run('cancelled and gone', 'success', nb_withdrawn => 1);
is(state_of($ids[6]), 'withdrawn|2|t|withdrawn', 'the other, gone before, is withdrawn');
run('cancelled and gone, twice', 'success', nb_withdrawn => 1);
is(state_of($ids[7]), 'cancelled|2|t|cancelled', 'what was cancelled stays cancelled');

# --- two sources of one event ---------------------------------------------------

add_ics_source($node, $upstream);
run_source($node, 'city');
my ($shared) = query_json($node, q{SELECT l.source_id, l.event_id FROM ingest.listing l JOIN ingest.event e ON e.id = l.event_id
  WHERE l.source = 'eventbrite' AND e.nb_listings = 2 AND e.starts_at > now() + interval '3 days'
  AND e.status = 'scheduled' AND l.withdrawn_at IS NULL ORDER BY l.id LIMIT 1});
$upstream->control('remove', event => $shared->{source_id});
run('gone from one of two', 'no_change');
run('gone from one of two', 'success', nb_withdrawn => 1);
is(state_of($shared->{source_id}), 'withdrawn|2|t|scheduled', 'the listing is withdrawn, its event is not');

# --- too much at once -----------------------------------------------------------

my @half = grep { $_ ne $shared->{source_id} } @ids[ 10 .. 10 + int($live / 2) ];
my $before = withdrawn();
$upstream->control('remove', event => join ',', @half);
run('half is gone', 'no_change', nb_withdrawn => 0);
run('half is gone, twice', 'no_change', nb_withdrawn => 0);
is(withdrawn(), $before, 'too much at once is held');
like($job->{warnings}[0] // '', qr/more than a fifth.*ingest_approve_withdrawals\('eventbrite'\)/, 'and the job says so, with the way out');
is(sql('SELECT cardinality(listing_ids) FROM ingest.withdrawal_hold'), scalar @half, 'each listing is in the hold');
run('held', 'no_change', nb_withdrawn => 0);
is(sql("SELECT max(missing_runs) FROM ingest.listing WHERE source_id = '$half[0]'"), 2, 'what is held is not written each time');
$upstream->control('restore', event => $half[0]);
is(sql(q{SELECT ingest_discard_withdrawals('eventbrite')}), scalar @half, 'discarded');
is(state_of($half[1]), 'scheduled|0|f|scheduled', 'as if it had been seen');
run('counted again', 'no_change') for 1, 2;
is(sql('SELECT cardinality(listing_ids) FROM ingest.withdrawal_hold'), @half - 1, 'held again, but for what is back');
is(sql(q{SELECT ingest_approve_withdrawals('eventbrite')}), @half - 1, 'approved');
is(withdrawn(), $before + @half - 1, 'withdrawn');
is(state_of($half[1]), 'withdrawn|2|t|withdrawn', 'event and all');
is(state_of($half[0]), 'scheduled|0|f|scheduled', 'but not what is back');
is(sql('SELECT count(*) FROM ingest.withdrawal_hold'), 0, 'nothing is held any more');
is(sql(q{SELECT ingest_approve_withdrawals('eventbrite')}), 0, 'and so nothing is approved twice');

# five of few may go
my @rest = split /\n/, sql(q{SELECT source_id FROM ingest.listing WHERE source = 'eventbrite' AND withdrawn_at IS NULL
  AND starts_at > now() + interval '3 days' ORDER BY starts_at});
sql(q{UPDATE ingest.source SET config = config || '{"missing_runs": 1}' WHERE name = 'eventbrite'});
$upstream->control('remove', event => join ',', @rest[ 0 .. 4 ]);
run('five at once, after one run', 'success', nb_withdrawn => 5);

# nothing at all is not the truth
$upstream->control('remove', first => 1000);
run('an empty list', 'empty', nb_withdrawn => 0) for 1, 2;
is(sql(q{SELECT count(*) FROM ingest.listing WHERE source = 'eventbrite' AND missing_runs > 0 AND withdrawn_at IS NULL}), 0,
	'an empty list says nothing of what is gone');

no_crash($node);
done_testing();
