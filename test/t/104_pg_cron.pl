
# pg_cron as the scheduler, in the same server and for a role that may only
# run: an import that works is a run that succeeded, one that fails is a run
# that failed, with the reason.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(start => 0);
my ($share) = run_command([ $node->installed_command('pg_config'), '--sharedir' ]);
plan skip_all => 'pg_cron is not installed' unless -e "$share/extension/pg_cron.control";

$node->append_conf('postgresql.conf', <<'END');
shared_preload_libraries = 'pg_cron, ingest'
cron.database_name = 'postgres'
cron.use_background_workers = on
cron.timezone = 'UTC'
ingest.max_retries = 0
END
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ingest; CREATE EXTENSION pg_cron');
my $upstream = start_upstream('--events', 30);
add_eventbrite_source($node, $upstream);
add_eventbrite_source($node, $upstream, name => 'broken', path => '/fault/always-500/eventbrite/v3');
$node->safe_psql('postgres', q{
	CREATE ROLE scheduler LOGIN;
	GRANT USAGE ON SCHEMA cron TO scheduler;
	GRANT EXECUTE ON FUNCTION ingest_run(text, bool) TO scheduler});

# as the README says it; every minute here, lest the test take half an hour
sub schedule
{
	my ($name, $when, $command) = @_;
	return $node->safe_psql('postgres', "SELECT cron.schedule('$name', '$when', \$\$$command\$\$)",
		extra_params => [ '--username', 'scheduler' ]);
}
like(schedule('half-hourly', '*/30 * * * *', "SELECT ingest_run('eventbrite')"), qr/^\d+$/, 'the schedule of the README is taken');
schedule('good', '* * * * *', "SELECT ingest_run('eventbrite')");
schedule('bad', '* * * * *', "SELECT ingest_run('broken')");

# What became of the first run of a job of pg_cron
sub outcome
{
	my ($name) = @_;
	my ($row) = query_json($node, qq{SELECT d.status, d.return_message FROM cron.job_run_details d
		JOIN cron.job j USING (jobid) WHERE j.jobname = '$name' AND d.status IN ('succeeded', 'failed') ORDER BY d.runid LIMIT 1});
	return $row;
}
ok(wait_until(sub { outcome('good') && outcome('bad') }, 150), 'both have run');
is(outcome('good')->{status}, 'succeeded', 'an import that ends well is a run that succeeded');
is(last_job($node, 'eventbrite')->{nb_created} > 0, 1, 'and has stored events');
is(last_job($node, 'eventbrite')->{requested_by}, 'scheduler', 'for the role that scheduled it');
is(outcome('bad')->{status}, 'failed', 'an import that fails is a run that failed');
like(outcome('bad')->{return_message}, qr/import job \d+ of source "broken" failed/, 'with the reason');
no_crash($node);
done_testing();
