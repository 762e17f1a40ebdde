# The calendars of test/conformance/cases come out as expected; and the program
# that says so finds what does not.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $conformance = "$FindBin::RealBin/../conformance";
my $node = start_cluster();

# Exit status and output of compare.py for a directory
sub compare
{
	my ($directory, @options) = @_;
	my ($output, $error) = ('', '');

	IPC::Run::run(
		[ 'python3', '-B', "$conformance/compare.py",
			'--psql', $node->installed_command('psql'),
			'--connect', $node->connstr('postgres'), @options, $directory ],
		'>', \$output, '2>', \$error);
	return ($? >> 8, $output . $error);
}

# The cases in a directory of the test's own, where $change may change an answer
sub changed_cases
{
	my ($name, $file, $change) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir() . "/$name";

	for my $path (glob "$conformance/cases/*/rules/*")
	{
		my $to = $directory . substr($path, length "$conformance/cases");
		make_path(dirname($to));
		copy($path, $to) or die "$path: $!";
		next unless $to =~ m{/\Q$file\E$};
		my $text = slurp_file($to);
		$change->() for $text;
		unlink $to;
		append_to_file($to, $text);
	}
	return $directory;
}

for my $zone ('UTC', 'America/Toronto', 'Asia/Kolkata')
{
	my ($status, $output) = compare("$conformance/cases", '--timezone', $zone);
	is($status, 0, "every case is as expected, with floating times in $zone") or diag $output;
	like($output, qr/^normative +(\d+) of +\1 /m, "$zone: all that is beyond opinion");
	like($output, qr/^by-agreement +(\d+) of +\1 /m, "$zone: and all that others agree on");
}

# what is wrong is found, and named
for my $wrong (
	[ 'a wrong start', qr/missing: .*18:30/, sub { s/19:00:00Z/18:30:00Z/ } ],
	[ 'a wrong end', qr/end of /, sub { s/("end": "2027-[^"]*T)\d\d/${1}23/ } ],
	[ 'a title', qr/summary of /, sub { s/"First"/"Third"/ } ],
	[ 'a status', qr/status of /, sub { s/"status": "CANCELLED"/"status": null/ } ],
	[ 'one too many', qr/missing: /, sub { s/"uid": "b"/"uid": "c"/ } ],
  )
{
	my ($what, $pattern, $change) = @$wrong;
	my $directory = changed_cases($what =~ s/ /_/gr, 'several_calendars.ics.json', $change);
	my ($status, $output) = compare($directory);
	is($status, 1, "$what fails");
	like($output, $pattern, "$what is named");
}

no_crash($node);
done_testing();
