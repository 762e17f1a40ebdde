#!/usr/bin/perl
#
# Runs test programs that speak TAP, side by side, and counts.
#
#   perl test/lib/tap.pl [--jobs N] [--exec PROGRAM] [-I DIR] FILE...
#
# Prints what prove prints, then "N passed, N failed".  A program that dies,
# or runs other than the number of tests it announced, counts as a failure.

use strict;
use warnings;

use Getopt::Long qw(:config no_ignore_case bundling_override);
use TAP::Harness;
use TAP::Parser::Aggregator;

my ($jobs, $exec, @lib) = (1, undef);
GetOptions('jobs=i' => \$jobs, 'exec=s' => \$exec, 'I=s' => \@lib, 'v|verbose' => \my $verbose)
  or exit 2;

my $harness = TAP::Harness->new(
	{
		jobs => $jobs,
		timer => 1,
		failures => 1,
		comments => 0,
		verbosity => $verbose ? 1 : 0,
		lib => \@lib,
		(defined $exec ? (exec => [ split ' ', $exec ]) : ())
	});

my $results = TAP::Parser::Aggregator->new;
$results->start;
$harness->aggregate_tests($results, @ARGV);
$results->stop;
$harness->summary($results);

my $passed = $results->passed;
my $failed = $results->failed;
for my $parser ($results->parsers)
{
	$failed++ if !$parser->failed && ($parser->parse_errors || $parser->exit || $parser->wait);
}
my $skipped = grep { $_->skip_all } $results->parsers;
print "$skipped skipped\n" if $skipped;
print "$passed passed, $failed failed\n";
exit($failed ? 1 : 0);
