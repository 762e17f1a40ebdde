# What the TAP tests share: a cluster, the fake upstream, sessions that wait
# while the test goes on.
#
#   use FindBin;
#   use lib "$FindBin::RealBin/../lib";
#   use IngestTest;
#
#   my $node = start_cluster();
#   my $upstream = start_upstream('--events', 100);
#   add_eventbrite_source($node, $upstream);
#   my ($job, $error) = run_source($node, 'eventbrite');
#
#   $upstream->control('hang');
#   my $session = session($node);
#   $session->send(q{SELECT ingest_run('eventbrite')});
#   $upstream->control('wait', hanging => 1);
#   ... look around ...
#   $upstream->control('release');
#   is($session->wait, ...);
#
# Everything started here is ended at the end of the test, however it ends.

package IngestTest;

use strict;
use warnings;

use Carp;
use Exporter 'import';
use JSON::PP ();
use Time::HiRes qw(sleep time);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(
  start_cluster start_upstream session
  add_eventbrite_source add_ics_source add_ticketmaster_source run_source query_json
  wait_until memory_kb log_position log_lines worker_pids
  failure last_job contents same_lines seconds no_crash
);

# A running cluster with the extension.
#
#   name       of the node ("main")
#   preload    shared_preload_libraries = 'ingest' (yes)
#   extension  CREATE EXTENSION in database postgres (yes)
#   conf       more lines for postgresql.conf
#   init       arguments for init, as [ allows_streaming => 1 ]
#   start      start it (yes)
sub start_cluster
{
	my %opts = (
		name => 'main', preload => 1, extension => 1, conf => '',
		init => [], start => 1, @_);
	my $node = PostgreSQL::Test::Cluster->new($opts{name});

	$node->init(@{ $opts{init} });
	$node->append_conf('postgresql.conf', <<"END");
max_worker_processes = 16
log_line_prefix = '%m [%p] %b %q%a '
timezone = 'UTC'
ingest.allowed_networks = '127.0.0.0/8'
@{[ $opts{preload} ? "shared_preload_libraries = 'ingest'" : '' ]}
$opts{conf}
END
	return $node unless $opts{start};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION ingest') if $opts{extension};
	return $node;
}

# The fake upstream, with the arguments of test/server/upstream.py
sub start_upstream
{
	return IngestTest::Upstream->new(@_);
}

# A psql session of its own: session($node, dbname => ..., user => ...)
sub session
{
	return IngestTest::Session->new(@_);
}

sub quote_literal
{
	my ($value) = @_;
	return 'NULL' unless defined $value;
	$value =~ s/'/''/g;
	return $value =~ /\\/ ? 'E' . "'" . $value =~ s/\\/\\\\/gr . "'" : "'$value'";
}

# Add a source that reads the upstream's Eventbrite.
#
#   name     of the source ("eventbrite")
#   path     of the API: a fault goes before it, as '/fault/nul/eventbrite/v3'
#   config   more keys, as { page_size => 50 }; undef removes one
#   token    the credential ("demo-token"); undef sets none
#   dbname   ("postgres")
sub add_eventbrite_source
{
	my ($node, $upstream, %opts) = @_;
	my $name = $opts{name} // 'eventbrite';
	my $dbname = $opts{dbname} // 'postgres';
	my %config = (
		organizer_ids => ['1001'],
		base_url => $upstream->url($opts{path} // '/eventbrite/v3'),
		%{ $opts{config} // {} });
	delete @config{ grep { !defined $config{$_} } keys %config };

	# in one transaction: a source that has a schedule may run at once
	my $token = exists $opts{token} ? $opts{token} : 'demo-token';
	add_source($node, $dbname, $name, 'eventbrite', \%config, $opts{arguments},
		defined $token
		? sprintf q{SELECT ingest_set_credential(%s, 'token', %s)}, map { quote_literal($_) } $name, $token
		: ());
	return $name;
}

# Add a source that reads a calendar of the upstream.
#
#   name (the file's), path ('/ics/city.ics'), config, dbname
sub add_ics_source
{
	my ($node, $upstream, %opts) = @_;
	my $path = $opts{path} // '/ics/city.ics';
	my $name = $opts{name} // ($path =~ m{([^/]+)\.ics} ? $1 : 'ics');
	my %config = (url => $upstream->url($path), %{ $opts{config} // {} });

	add_source($node, $opts{dbname} // 'postgres', $name, 'ics', \%config,
		{ timezone => 'America/Toronto', %{ $opts{arguments} // {} } });
	return $name;
}

# Add a source that reads the upstream's Ticketmaster, as fast as it answers.
#
#   name ("ticketmaster"), path ('/ticketmaster/discovery/v2'), config, dbname
#   apikey   the credential ("demo-token"); undef sets none
sub add_ticketmaster_source
{
	my ($node, $upstream, %opts) = @_;
	my $name = $opts{name} // 'ticketmaster';
	my $dbname = $opts{dbname} // 'postgres';
	my %config = (
		market_id => 120, requests_per_second => 1000,
		base_url => $upstream->url($opts{path} // '/ticketmaster/discovery/v2'),
		%{ $opts{config} // {} });
	delete @config{ grep { !defined $config{$_} } keys %config };

	add_source($node, $dbname, $name, 'ticketmaster', \%config, $opts{arguments});
	my $apikey = exists $opts{apikey} ? $opts{apikey} : 'demo-token';
	$node->safe_psql($dbname,
		sprintf q{SELECT ingest_set_credential(%s, 'apikey', %s)},
		map { quote_literal($_) } $name, $apikey)
	  if defined $apikey;
	return $name;
}

sub add_source
{
	my ($node, $dbname, $name, $connector, $config, $arguments, @more) = @_;
	my $json = JSON::PP->new->canonical->encode($config);

	$node->safe_psql($dbname, join ";\n", 'BEGIN',
		sprintf('SELECT ingest_add_source(%s, %s, %s%s)',
			quote_literal($name), quote_literal($connector), quote_literal($json),
			join '', map { ", $_ => " . quote_literal($arguments->{$_}) } sort keys %{ $arguments // {} }),
		@more, 'COMMIT');
}

# Run a source and wait: (job as a hash or undef, error text)
sub run_source
{
	my ($node, $name, %opts) = @_;
	my ($status, $out, $err) = $node->psql($opts{dbname} // 'postgres',
		sprintf 'SELECT to_json(job) FROM ingest_run(%s) AS job', quote_literal($name));

	return ($out ne '' ? JSON::PP::decode_json($out) : undef, $err);
}

# The rows of a query, each as a hash
sub query_json
{
	my ($node, $query, %opts) = @_;
	my $out = $node->safe_psql($opts{dbname} // 'postgres',
		"SELECT coalesce(json_agg(q), '[]') FROM ($query) AS q");

	return @{ JSON::PP->new->decode($out) };
}

# Wait until a sub returns something true, which is returned; or false after
# timeout seconds
sub wait_until
{
	my ($sub, $timeout) = @_;
	my $end = time + ($timeout // $PostgreSQL::Test::Utils::timeout_default // 180);

	while (1)
	{
		my $result = $sub->();
		return $result if $result;
		return if time > $end;
		sleep 0.02;
	}
}

# Private resident memory of a process in kB, or undef when it is gone
sub memory_kb
{
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/status" or return;
	while (<$file>)
	{
		return $1 if /^RssAnon:\s*(\d+) kB/;
	}
	return;
}

# Where the server's log ends now, for log_lines
sub log_position
{
	my ($node) = @_;
	return -s $node->logfile // 0;
}

# The lines of the server's log that match, from a position on
sub log_lines
{
	my ($node, $pattern, $position) = @_;
	return grep { /$pattern/ }
	  split /\n/, slurp_file($node->logfile, $position // 0);
}

# Processes of a kind: 'ingest run', 'ingest launcher', 'ingest planner'
sub worker_pids
{
	my ($node, $type) = @_;
	return split /\n/, $node->safe_psql('postgres',
		sprintf 'SELECT pid FROM pg_stat_activity WHERE backend_type = %s ORDER BY pid',
		quote_literal($type // 'ingest run'));
}

# What a statement fails with, as a hash (sqlstate, message, detail, hint, and
# text for all of it); undef when it succeeds
sub failure
{
	my ($node, $query, %opts) = @_;
	my ($status, $out, $err) = $node->psql($opts{dbname} // 'postgres',
		"\\set VERBOSITY verbose\n$query",
		extra_params => [ $opts{user} ? ('--username', $opts{user}) : () ]);

	return if $status == 0;
	my %failure = (text => $err);
	@failure{qw(sqlstate message)} = ($1, $2) if $err =~ /^.*?(?:ERROR|FATAL):  (\w{5}): (.*)$/m;
	$failure{detail} = $1 if $err =~ /^DETAIL:  (.*)$/m;
	$failure{hint} = $1 if $err =~ /^HINT:  (.*)$/m;
	return \%failure;
}

# The latest job of a source, as a hash
sub last_job
{
	my ($node, $name, %opts) = @_;
	my ($job) = query_json($node,
		'SELECT * FROM ingest.import_job WHERE source = ' . quote_literal($name)
		  . ' ORDER BY id DESC LIMIT 1', %opts);
	return $job;
}

# What listings and events say, a line each: all but ids and the times and jobs
# that wrote them, so that two databases can be compared.  noise => 0: without
# the raw record, which is not stored anew when nothing in it matters
sub contents
{
	my ($node, %opts) = @_;
	my $noise = $opts{noise} // 1 ? '' : ', raw, raw_hash, revision';
	return $node->safe_psql($opts{dbname} // 'postgres', qq{
		SELECT to_jsonb(l) - '{id, event_id, first_seen_at, updated_at, last_seen_job$noise}'::text[]
		  FROM ingest.listing AS l ORDER BY source, source_id;
		SELECT to_jsonb(e) - '{id, created_at, updated_at}'::text[] || jsonb_build_object('listings',
		         (SELECT array_agg(l.source || '/' || l.source_id ORDER BY l.source, l.source_id)
		            FROM ingest.listing AS l WHERE l.event_id = e.id)) AS line
		  FROM ingest.event AS e ORDER BY line});
}

# Test that two texts have the same lines; tells the first that differ
sub same_lines
{
	my ($got, $expected, $name) = @_;
	my $builder = Test::More->builder;

	return 1 if $builder->ok($got eq $expected, $name);
	my %got = map { $_ => 1 } split /\n/, $got;
	my %expected = map { $_ => 1 } split /\n/, $expected;
	my ($extra, @more) = sort grep { !$expected{$_} } keys %got;
	my ($missing, @others) = sort grep { !$got{$_} } keys %expected;
	$builder->diag((defined $extra) + @more . ' lines too many, ' . ((defined $missing) + @others) . ' missing');
	my $from = 0;
	if (defined $extra && defined $missing)
	{
		$from++ while substr($extra, 0, $from + 1) eq substr($missing, 0, $from + 1);
		$from = $from > 100 ? $from - 100 : 0;
	}
	$builder->diag('     got: ' . substr($extra, $from, 300)) if defined $extra;
	$builder->diag('expected: ' . substr($missing, $from, 300)) if defined $missing;
	return 0;
}

# How long a sub takes
sub seconds (&)
{
	my ($sub) = @_;
	my $start = time;
	$sub->();
	return time - $start;
}

# Test that no process of the server has crashed
sub no_crash
{
	my ($node, $name) = @_;
	my @lines = log_lines($node, qr/PANIC|TRAP|terminated by signal|was terminated by exception/);
	my $builder = Test::More->builder;

	$builder->ok(!@lines, $name // 'no process has crashed') or $builder->diag($lines[0]);
	return;
}

# -----------------------------------------------------------------------------
package IngestTest::Upstream;

use strict;
use warnings;

use Carp;
use File::Basename qw(dirname);
use HTTP::Tiny;
use IPC::Run;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Scalar::Util qw(weaken);

my @running;

sub new
{
	my ($class, @arguments) = @_;
	my $server = dirname(__FILE__) . '/../server/upstream.py';
	my $directory = PostgreSQL::Test::Utils::tempdir;
	my $self = bless {
		log => "$directory/upstream.log",
		out => "$directory/upstream.out",
		http => HTTP::Tiny->new(timeout => 60, agent => 'test', proxy => undef),
	}, $class;

	$self->{run} = IPC::Run::start(
		[
			'python3', '-B', $server, '--port-file', "$directory/port",
			'--log', $self->{log}, @arguments
		],
		'<', '/dev/null', '>', $self->{out}, '2>&1');
	push @running, $self;
	weaken $running[-1];

	IngestTest::wait_until(sub { -s "$directory/port" || !$self->{run}->pumpable && croak $self->output }, 30)
	  or croak 'the upstream did not start: ' . $self->output;
	$self->{port} = slurp_file("$directory/port") + 0;
	return $self;
}

sub port { return $_[0]{port} }

# The URL of a path
sub url
{
	my ($self, $path) = @_;
	return "http://127.0.0.1:$self->{port}" . ($path // '');
}

# What the server itself has said, and its log of requests
sub output { return -e $_[0]{out} ? slurp_file($_[0]{out}) : '' }
sub log { return -e $_[0]{log} ? slurp_file($_[0]{log}) : '' }

# The control room: control('change', event => 1, field => 'title', value => 'x')
sub control
{
	my ($self, $name, %arguments) = @_;
	my $response = $self->{http}->post($self->url("/_control/$name"),
		{ content => JSON::PP->new->utf8->encode(\%arguments) });

	croak "control $name: $response->{status} $response->{content}" unless $response->{success};
	return JSON::PP::decode_json($response->{content});
}

# The latest requests, each as a hash: requests(path => 'events', clear => 1)
sub requests
{
	my ($self, %arguments) = @_;
	return @{ $self->control('requests', %arguments)->{recent} };
}

# Wait for as many clients at the gate as said
sub wait_hanging
{
	my ($self, $count) = @_;
	return $self->control('wait', hanging => $count // 1, timeout => 60)->{reached};
}

# Gone at once, as a server that crashes
sub stop
{
	my ($self) = @_;
	my $run = delete $self->{run} or return;
	local ($?, $@);
	eval { $run->kill_kill(grace => 2) };
	return;
}

sub DESTROY { $_[0]->stop }

# -----------------------------------------------------------------------------
# psql that runs beside the test.  BackgroundPsql of the server's own modules
# waits for each query and is not in every minor version; this one can be asked
# whether a query has ended.
package IngestTest::Session;

use strict;
use warnings;

use Carp;
use IPC::Run;
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

my @sessions;

sub new
{
	my ($class, $node, %opts) = @_;
	my $self = bless {
		in => '', out => '', err => '', sent => 0, seen => 0,
	}, $class;
	my @command = (
		$node->installed_command('psql'),
		qw(--no-psqlrc --no-align --tuples-only --quiet --no-password -v ON_ERROR_STOP=0),
		'--dbname', $node->connstr($opts{dbname} // 'postgres'),
		($opts{user} ? ('--username', $opts{user}) : ()), '--file', '-');

	$self->{run} = IPC::Run::start(\@command,
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err});
	push @sessions, $self;
	weaken $sessions[-1];
	$self->{pid} = $self->query('SELECT pg_backend_pid()');
	return $self;
}

# The backend's process id
sub pid { return $_[0]{pid} }

# Send a query and go on
sub send
{
	my ($self, $query) = @_;
	my $number = ++$self->{sent};

	$query =~ s/;?\s*\z/;/;
	$self->{in} .= "$query\n\\echo <<$number>>\n\\warn <<$number>>\n";
	$self->_pump;
	return $self;
}

# Has all that was sent been answered, or the connection been lost?
sub finished
{
	my ($self) = @_;
	$self->_pump;
	return 1 if $self->{gone};
	my $mark = "<<$self->{sent}>>\n";
	return index($self->{out}, $mark) >= 0 && index($self->{err}, $mark) >= 0;
}

# Wait for the answer to what was sent last, and return it
sub wait
{
	my ($self, $timeout) = @_;
	IngestTest::wait_until(sub { $self->finished }, $timeout)
	  or croak "the session's query did not end: $self->{err}";
	$self->{answer} = $self->{out};
	$self->{complaint} = $self->{err};
	for my $text ($self->{answer}, $self->{complaint})
	{
		$text =~ s/<<\d+>>\n//g;
		chomp $text;
	}
	$self->{out} = $self->{err} = '';
	return $self->{answer};
}

# Send, wait, return the answer; error() has the errors and notices
sub query
{
	my ($self, $query, $timeout) = @_;
	return $self->send($query)->wait($timeout);
}

# Errors and notices of what was waited for last
sub error { return $_[0]{complaint} // '' }

# End the session as a client that goes away
sub quit
{
	my ($self) = @_;
	my $run = delete $self->{run} or return;
	local ($?, $@);
	eval { $run->kill_kill(grace => 2) };
	return;
}

sub DESTROY { $_[0]->quit }

sub _pump
{
	my ($self) = @_;
	return if $self->{gone} || !$self->{run};
	local $SIG{PIPE} = 'IGNORE';
	my $alive = eval {
		$self->{run}->pump_nb if $self->{run}->pumpable;
		$self->{run}->pumpable;
	};
	if (!$alive)
	{
		$self->{gone} = 1;
		eval { $self->{run}->finish };
	}
	return;
}

# In END and not only in DESTROY: globals are destroyed in no order, and a test
# that dies must not leave a server behind
END
{
	local $?;
	$_ && $_->quit for @sessions;
	$_ && $_->stop for @running;
}

1;
