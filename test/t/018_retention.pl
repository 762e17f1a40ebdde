
# Old jobs and the raw records of events long over go by themselves, once a day
# and a source; events, listings and what a person must see stay.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;

my $node = start_cluster(conf => "ingest.max_retries = 0\n");
my $upstream = start_upstream('--events', 60);
my $source = add_eventbrite_source($node, $upstream);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub set { sql("ALTER SYSTEM SET $_[0]"); sql('SELECT pg_reload_conf()') }

# A run that cleans, as if the last time was long ago
sub clean
{
	sql('UPDATE ingest.source_state SET cleaned_at = NULL');
	run_source($node, $source);
}

# Old jobs: so many, of an age in days
sub old_jobs
{
	my ($count, $days, %opts) = @_;
	my $status = $opts{status} // 'success';
	my $trigger = $opts{trigger} // 'schedule';
	my $name = $opts{source} // $source;
	sql(qq{WITH job AS (INSERT INTO ingest.import_job (source, status, trigger, requested_by, started_at, finished_at, nb_fetched, nb_errors)
	  SELECT '$name', '$status', '$trigger', 'test', now() - interval '$days days' - n * interval '1 second', now() - interval '$days days', 1, 1
	  FROM generate_series(1, $count) n RETURNING id)
	  INSERT INTO ingest.import_error (job_id, source, source_id, position, error_class, message)
	  SELECT id, '$name', 'x', 1, 'data', 'test' FROM job});
}

sub jobs { return sql("SELECT count(*) FROM ingest.import_job WHERE source = '$source' AND requested_by = 'test'" . ($_[0] ? " AND $_[0]" : '')) }

run_source($node, $source);
like(sql('SELECT cleaned_at > now() - interval $$1 minute$$ FROM ingest.source_state'), qr/^t$/, 'the first run cleans');
old_jobs(500, 100);
run_source($node, $source);
is(jobs(), 500, 'not twice a day');
run_source($node, $source) for 1 .. 20;
clean();
is(jobs(), 0, 'jobs older than ingest.job_retention go');
is(sql('SELECT count(*) FROM ingest.import_error'), 0, 'with their errors');
is(sql("SELECT count(*) > 20 FROM ingest.import_job WHERE source = '$source'"), 't', 'younger ones stay');

old_jobs(30, 100, status => 'failed');
old_jobs(30, 400, status => 'crashed');
old_jobs(3, 400, trigger => 'import');
old_jobs(30, 80);
old_jobs(10, 100, source => 'other');
clean();
is(jobs("status = 'failed'"), 30, 'failures stay four times as long');
is(jobs("status = 'crashed'"), 0, 'but not longer');
is(jobs("trigger = 'import'"), 3, 'a pushed payload with open errors stays: nobody brings it again');
is(jobs("status = 'success' AND trigger = 'schedule'"), 30, 'what is young enough stays');
is(sql("SELECT count(*) FROM ingest.import_job WHERE source = 'other'"), 10, 'each source is cleaned by its own run');

sql('DELETE FROM ingest.import_job');
old_jobs(30, 100);
clean();
is(sql("SELECT count(*) FROM ingest.import_job WHERE source = '$source'"), 20, 'the last 20 stay, however old');
set('ingest.max_jobs = 25');
old_jobs(100, 1);
clean();
is(sql("SELECT count(*) FROM ingest.import_job WHERE source = '$source'"), 25, 'ingest.max_jobs limits their number');
set('ingest.max_jobs = 0');
set('ingest.job_retention = -1');
old_jobs(100, 1000);
clean();
is(jobs("started_at < now() - interval '999 days'"), 100, '-1 keeps all');
is(sql('SHOW ingest.raw_retention'), '30d', 'settings have units');

# --- raw records ----------------------------------------------------------------

my @ids = split /\n/, sql('SELECT id FROM ingest.listing WHERE raw IS NOT NULL ORDER BY id LIMIT 4');
sql(qq{
  UPDATE ingest.listing SET starts_at = now() - interval '40 days', ends_at = NULL WHERE id = $ids[0];
  UPDATE ingest.listing SET starts_at = now() - interval '40 days', ends_at = now() - interval '10 days' WHERE id = $ids[1];
  UPDATE ingest.listing SET starts_at = now() - interval '20 days', ends_at = NULL WHERE id = $ids[2];
  UPDATE ingest.listing SET starts_at = NULL, ends_at = NULL WHERE id = $ids[3]});
my $count = sql('SELECT count(*) FROM ingest.listing');
clean();
is(sql("SELECT string_agg((raw IS NULL)::text, ' ' ORDER BY id) FROM ingest.listing WHERE id IN ($ids[0], $ids[1], $ids[2], $ids[3])"),
	'true false false false', 'the record of an event over for more than ingest.raw_retention goes');
is(sql('SELECT count(*) FROM ingest.listing'), $count, 'no listing goes');
set('ingest.raw_retention = -1');
sql("UPDATE ingest.listing SET starts_at = now() - interval '400 days', ends_at = NULL WHERE id = $ids[2]");
clean();
is(sql("SELECT raw IS NULL FROM ingest.listing WHERE id = $ids[2]"), 'f', '-1 keeps them');

no_crash($node);
done_testing();
