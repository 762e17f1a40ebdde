# Five years of schedules, each tick of them, beside a computation that shares
# nothing with ours: every minute of the five years is asked whether it is one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster(preload => 0);
my ($from, $until) = ('2024-01-01', '2029-01-01');

# Common ones, and those that changes of the clock, leap days, months of
# unequal length and the two kinds of days make hard
my @expressions = (
	'30 2 * * *', '30 1 * * *', '0 3 * * *', '*/30 * * * *', '7 * * * *', '15 0,1,2,3 * * *',
	'0 */2 * * *', '0 0 29 2 *', '0 0 31 * *', '0 0 13 * fri', '45 23 L * *', '0 12 1-7 * 1',
	'0 12 */10 * 1', '10 1-3 * mar,oct-nov sun', '59 23 31 12 *', '20 4 * * 7');

my $script = PostgreSQL::Test::Utils::tempdir() . '/minutes.py';
append_to_file($script, <<'END');
# Reads crontab(5)'s fields (numbers, names, lists, ranges, steps, L) and tells
# all ticks: one line "expression number, seconds since 1970" each.
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split()
DAYS = 'sun mon tue wed thu fri sat'.split()


def number(text):
    if text in MONTHS:
        return MONTHS.index(text) + 1
    return DAYS.index(text) if text in DAYS else int(text)


def values(text, low, high):
    found = set()
    for item in text.lower().split(','):
        item, _, step = item.partition('/')
        if item == 'l':
            found.add('last')
            continue
        if item == '*':
            first, last = low, high
        else:
            first, _, last = item.partition('-')
            first = number(first)
            last = number(last) if last else first
        found.update(range(first, last + 1, int(step or 1)))
    return found


class Cron:
    def __init__(self, text):
        minute, hour, day, month, weekday = text.split()
        self.minutes = values(minute, 0, 59)
        self.hours = values(hour, 0, 23)
        self.days = values(day, 1, 31)
        self.months = values(month, 1, 12)
        self.weekdays = {n % 7 for n in values(weekday, 0, 6)}
        self.either = day[0] != '*' and weekday[0] != '*'
        self.every_hour = len(self.hours) == 24

    def is_day(self, date):
        day = date.day in self.days or 'last' in self.days and (date + timedelta(1)).day == 1
        weekday = date.isoweekday() % 7 in self.weekdays
        return date.month in self.months and (day or weekday if self.either else day and weekday)

    def has(self, wall):
        return wall.minute in self.minutes and wall.hour in self.hours and self.is_day(wall.date())


def walk(zone, crons, at, until):
    ticks = [set() for _ in crons]
    minute = timedelta(minutes=1)
    before = None
    while at < until:
        wall = at.astimezone(zone)
        naive = wall.replace(tzinfo=None, fold=0)
        for n, cron in enumerate(crons):
            if wall.minute in cron.minutes and cron.has(naive) and (cron.every_hour or not wall.fold):
                ticks[n].add(at)
        # readings that the clock jumps over come when they would have come
        jumped, late = before and before + minute, at
        while before and jumped < naive:
            for n, cron in enumerate(crons):
                if cron.has(jumped):
                    ticks[n].add(late)
            jumped, late = jumped + minute, late + minute
        before = naive
        at += minute
    return ticks


zone = ZoneInfo(sys.argv[1])
start, end = (datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in sys.argv[2:4])
for n, found in enumerate(walk(zone, [Cron(text) for text in sys.argv[4:]], start, end)):
    for at in sorted(found):
        if start < at < end:
            print(n, int(at.timestamp()))
END

for my $zone ('America/Montreal', 'Europe/London')
{
	my ($minutes, $complaint) = run_command([ 'python3', '-B', $script, $zone, $from, $until, @expressions ]);
	die $complaint if $complaint ne '';
	my @expected = map { [] } @expressions;
	for (split /\n/, $minutes)
	{
		my ($number, $at) = split / /;
		push @{ $expected[$number] }, $at;
	}
	for my $number (0 .. $#expressions)
	{
		my @got = split /\n/, $node->safe_psql('postgres', qq{
			WITH RECURSIVE tick AS
			(
			  SELECT ingest_next_run('$expressions[$number]', '$from 00:00+00', '$zone') AS at
			  UNION ALL
			  SELECT ingest_next_run('$expressions[$number]', at, '$zone') FROM tick WHERE at < '$until 00:00+00'
			)
			SELECT extract(epoch FROM at)::int8 FROM tick WHERE at < '$until 00:00+00' ORDER BY at});
		my %got = map { $_ => 1 } @got;
		my %expected = map { $_ => 1 } @{ $expected[$number] };
		my @wrong = sort { $a <=> $b } grep { !$got{$_} || !$expected{$_} } keys %{ { %got, %expected } };
		cmp_ok(scalar(@{ $expected[$number] }), '>', 0, "$expressions[$number] in $zone comes");
		is(scalar(@wrong), 0, "$expressions[$number] in $zone: none of " . @got . ' ticks is wrong')
		  or diag "the first: $wrong[0] " . gmtime($wrong[0]) . ($got{ $wrong[0] } ? ' too many' : ' missing');
		is(scalar(@got), scalar(keys %got), "$expressions[$number] in $zone: none comes twice");
	}
}

# a source's schedule is in the source's zone, whatever the session's
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET timezone = 'Asia/Tokyo'});
is($node->safe_psql('postgres', q{
	SELECT timezone FROM ingest_add_source('a', 'ics', '{"url": "https://example.org/a.ics"}', schedule => '0 3 * * *')}),
	'Asia/Tokyo', 'by default the zone of the database when it was added');
is($node->safe_psql('postgres', q{
	SET timezone = 'UTC';
	SELECT ingest_next_run(schedule, '2026-01-01 00:00+00', timezone) FROM ingest.source}),
	'2026-01-01 18:00:00+00', 'and that is what its schedule is read in');
done_testing();
