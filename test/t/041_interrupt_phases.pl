# A run is ended while a name is being resolved, a connection made, a body
# read: at once in each, as when it waits for the first byte.  And what it says
# when time ends it there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Socket qw(SOCK_STREAM);
use Test::More;
use Time::HiRes qw(sleep time);

my $limit = 1.0;
my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = start_cluster(start => 0, conf => "ingest.max_retries = 0\nautovacuum = off\n");

# ---- a resolver that does not answer ----

# Names under .test wait for a minute; a file tells that it has begun
append_to_file("$directory/resolver.c", <<'END');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	int			(*next) (const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		dlsym(RTLD_NEXT, "getaddrinfo");
	size_t		len = node == NULL ? 0 : strlen(node);

	if (len > 5 && strcmp(node + len - 5, ".test") == 0)
	{
		close(open(getenv("RESOLVING_FILE"), O_WRONLY | O_CREAT, 0600));
		for (unsigned left = 60; left > 0;)
			left = sleep(left);
		return EAI_AGAIN;
	}
	return next(node, service, hints, result);
}
END
my @compiler = split ' ', $ENV{CC} || 'cc';
my $has_resolver = !system(join ' ', @compiler, '-shared', '-fPIC', '-o', "$directory/resolver.so", "$directory/resolver.c", '-ldl',
	">$directory/resolver.log", '2>&1');
{
	local $ENV{RESOLVING_FILE} = "$directory/resolving";
	local $ENV{LD_PRELOAD} = "$directory/resolver.so" if $has_resolver;
	delete local $ENV{LD_PRELOAD} unless $has_resolver;
	$node->start;
}
$node->safe_psql('postgres', 'CREATE EXTENSION ingest');

# ---- a server that does not accept ----

# Its queue is full: what comes next gets no answer, and no refusal either
my $deaf = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Proto => 'tcp') or die "no socket: $!";
my @queue;

# Connections to it that have no answer yet, as the system sees them
sub attempts
{
	my $remote = sprintf ':%04X', $deaf->sockport;
	return scalar grep { (split)[2] =~ /\Q$remote\E$/ && (split)[3] eq '02' } split /\n/, slurp_file('/proc/net/tcp');
}

push @queue, IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $deaf->sockport, Proto => 'tcp', Blocking => 0)
  while @queue < 20 && !attempts();
my $unanswered = attempts();
my $has_deaf = $unanswered > 0;

# ---- the phases ----

my $upstream = start_upstream('--events', 60);
my @phases = (
	{ name => 'resolving', possible => $has_resolver, url => 'http://upstream.test/v3',
		reached => sub { -e "$directory/resolving" }, settled => sub { unlink "$directory/resolving"; 1 } },
	{ name => 'connecting', possible => $has_deaf, url => sprintf('http://127.0.0.1:%d/v3', $deaf->sockport),
		reached => sub { attempts() > $unanswered },
		# the kernel gives up the queue's own attempts, in time
		settled => sub { $unanswered = attempts(); 1 } },
	{ name => 'reading the body', possible => 1, url => $upstream->url('/fault/stall-body/eventbrite/v3'),
		reached => sub { $upstream->control('wait', stalled => 1, timeout => 1)->{reached} },
		settled => sub { $upstream->control('wait', stalled => 0, timeout => 10)->{reached} } });

add_eventbrite_source($node, $upstream);

sub point_to
{
	my ($phase) = @_;
	wait_until($phase->{settled}, 20) or die "$phase->{name}: an earlier run is still there";
	$node->safe_psql('postgres', qq{UPDATE ingest.source SET config = config || '{"base_url": "$phase->{url}"}'});
}

# name, the statement that ends a run of a session, what becomes of its job
my @ends = (
	[ 'ingest_cancel', 'SELECT ingest_cancel(%1$d)', 'cancelled' ],
	[ 'pg_cancel_backend of the session', 'SELECT pg_cancel_backend(%3$d)', 'cancelled' ],
	[ 'pg_terminate_backend of the session', 'SELECT pg_terminate_backend(%3$d)', 'cancelled' ],
	[ 'pg_cancel_backend of the run', 'SELECT pg_cancel_backend(%2$d)', 'cancelled' ],
	[ 'pg_terminate_backend of the run', 'SELECT pg_terminate_backend(%2$d)', 'crashed' ],
	[ 'statement_timeout', undef, 'cancelled' ]);

for my $phase (@phases)
{
  SKIP:
	{
		skip "$phase->{name}: cannot be had here", 1 unless $phase->{possible};
		for (@ends)
		{
			my ($end, $statement, $status) = @$_;
			my $what = "$phase->{name}, $end";

			point_to($phase);
			my $session = session($node);
			$session->send(($statement ? '' : "SET statement_timeout = '3s';\n") . q{SELECT ingest_run('eventbrite')});
			ok(wait_until($phase->{reached}, 20), "$what: it is there") or next;
			my ($running) = query_json($node, 'SELECT * FROM ingest.running');
			my $since = time;
			if ($statement)
			{
				$node->safe_psql('postgres', sprintf $statement, $running->{job_id}, $running->{pid}, $session->pid);
			}
			else
			{
				$since = $node->safe_psql('postgres',
					"SELECT extract(epoch FROM query_start) + 3 FROM pg_stat_activity WHERE pid = @{[ $session->pid ]}");
			}
			$session->wait(20);
			my $answered = time - $since;
			ok(wait_until(sub { !kill 0, $running->{pid} }, 20), "$what: the run ends");
			my $ended = time - $since;
			diag sprintf '%-55s session %4d ms, run %4d ms', $what, 1000 * $answered, 1000 * $ended;
			cmp_ok($answered, '<', $limit, "$what: the session is answered at once");
			cmp_ok($ended, '<', $limit, "$what: the run ends at once");
			like($session->error, qr/canceling statement due to statement timeout/, "$what: the server's own words") unless $statement;
			# a run whose process was terminated is closed by the next look
			is($node->safe_psql('postgres', "SELECT status FROM ingest.jobs WHERE job_id = $running->{job_id}"), $status,
				"$what: the job is $status");
		}

		# an unrelated database goes meanwhile, and the server stops at once
		point_to($phase);
		my $session = session($node);
		$session->send(q{SELECT ingest_run('eventbrite')});
		ok(wait_until($phase->{reached}, 20), "$phase->{name}: it is there again");
		$node->safe_psql('postgres', 'CREATE DATABASE unrelated');
		my $took = seconds { $node->safe_psql('postgres', 'DROP DATABASE unrelated') };
		cmp_ok($took, '<', $limit, sprintf '%s: an unrelated DROP DATABASE takes %d ms', $phase->{name}, 1000 * $took);
		$node->safe_psql('postgres', q{SELECT ingest_cancel(job_id) FROM ingest.running});
		$session->wait(20);
	}
}

# ---- when time ends it ----

$node->append_conf('postgresql.conf', "ingest.connect_timeout = '500ms'\ningest.request_timeout = '800ms'");
$node->reload;
$node->poll_query_until('postgres', q{SELECT current_setting('ingest.request_timeout') = '800ms'});
my %limits = (resolving => 'connect', connecting => 'connect', 'reading the body' => 'request');
for my $phase (@phases)
{
  SKIP:
	{
		skip "$phase->{name}: cannot be had here", 1 unless $phase->{possible};
		point_to($phase);
		my $took = seconds { run_source($node, 'eventbrite') };
		my $job = last_job($node, 'eventbrite');
		is("$job->{status} $job->{error_class}", 'failed network', "$phase->{name}: it fails in time");
		like($job->{error_message}, $limits{ $phase->{name} } eq 'connect' ? qr/^no connection to \S+ within 500 ms$/
			: qr/^\S+ did not finish within 800 ms$/, "$phase->{name}: which limit it was");
		like($job->{error_detail}, qr/timed out while \Q$phase->{name}\E\b/, "$phase->{name}: and where");
		cmp_ok($took, '<', 3, sprintf '%s: after %d ms', $phase->{name}, 1000 * $took);
	}
}

# The last of them hangs while the server stops
SKIP:
{
	skip 'a resolver that does not answer cannot be had here', 1 unless $has_resolver;
	$node->append_conf('postgresql.conf', "ingest.connect_timeout = '60s'\ningest.request_timeout = '60s'");
	$node->reload;
	$node->poll_query_until('postgres', q{SELECT current_setting('ingest.connect_timeout') = '1min'});
	point_to($phases[0]);
	my $session = session($node);
	$session->send(q{SELECT ingest_run('eventbrite')});
	wait_until($phases[0]{reached}, 20);
	my $took = seconds { $node->stop('fast') };
	cmp_ok($took, '<', 5, sprintf 'fast shutdown while a name is resolved takes %.1f s', $took);
}
no_crash($node);
done_testing();
