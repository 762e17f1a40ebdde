# libical parses the calendars; it does not expand them, know their zones or
# read their dates.  Each of its known faults (3.0.16, most of them up to
# 3.0.20) has a calendar here that would meet it, what is right, and a server
# that must be the same one afterwards:
#
#   1  FREQ=YEARLY;BYWEEKNO without BYDAY writes past an array
#   2  an inconsistency is an abort()
#   3  normalize, clone and merge_component overflow the heap on bad input
#   4  sub-daily rules with limits take minutes to the first instance
#   5  a VTIMEZONE by SECONDLY, and a line of 30 MB, take 20 seconds and more
#   6  a later start loses the phase of INTERVAL for hourly rules and finer
#   7  RDATE with TZID is read as UTC, periods not at all; 500 values of a line
#      and 100 parameters are kept
#   8  YEARLY with BYMONTHDAY stays in DTSTART's month; BYSETPOS only by days,
#      of months and years; negative BYMONTHDAY and BYYEARDAY find nothing;
#      as limits BYYEARDAY, BYMONTHDAY and BYWEEKNO are refused
#   9  sub-daily INTERVAL with BYHOUR and so on; numbers that wrap; rules refused
#  10  instances out of order, or twice
#  11  gaps and repeated hours of the clock, the day after; UNTIL in UTC
#  12  no Windows zones; 30 February is 2 March; absurd durations
#  13  overridden instances come twice
#  14  a calendar without an end, and HTML, are NULL without an error; NUL ends
#      the text
#  15  state of the process: strings, zones, errors

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IngestTest;
use Test::More;

my $node = start_cluster();
my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
my $postmaster = $node->safe_psql('postgres', q{SELECT pg_read_file('postmaster.pid')});

# What one calendar may take: a hang is a failure, not a slow test
my $bound = '20s';

sub calendar { return join("\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', @_, 'END:VCALENDAR', '') }
sub event { return ('BEGIN:VEVENT', 'SUMMARY:x', @_, 'END:VEVENT') }

# The first occurrences of a calendar in a window, as their instants
sub found
{
	my ($calendar, %opts) = @_;
	my $from = $opts{from} // '2027-01-01T00:00:00Z';
	my $to = $opts{to} // '2028-01-01T00:00:00Z';
	my $what = $opts{what} // q{to_char(starts_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS')};
	my $limit = $opts{limit} // 5;
	my $file = $node->basedir . '/calendar.ics';
	open my $out, '>:raw', $file or die $!;
	print $out $calendar;
	close $out;
	my ($status, $stdout, $stderr) = $node->psql('postgres', qq{
		SET statement_timeout = '$bound';
		SET client_min_messages = error;
		SELECT coalesce(string_agg(f, ' ' ORDER BY n), '') FROM (
		  SELECT row_number() OVER () AS n, $what AS f
		    FROM ingest_parse('ics', pg_read_binary_file('$file'),
		      '{"window_start": "$from", "window_end": "$to", "default_timezone": "America/Toronto"}')
		   WHERE title IS NOT NULL LIMIT $limit) x});
	return $status == 0 ? $stdout : $stderr;
}

sub expect
{
	my ($number, $what, $calendar, $expected, %opts) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $got = found($calendar, %opts);
	return ref $expected ? like($got, $expected, "libical $number: $what") : is($got, $expected, "libical $number: $what");
}

# One rule of an event at that start
sub rule
{
	my ($number, $start, $rule, $expected, %opts) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return expect($number, $rule, calendar(event('UID:r', "DTSTART$start", "RRULE:$rule")), $expected, %opts);
}

# ---- what takes the server down ----

rule(1, ':20270301T190000Z', 'FREQ=YEARLY;BYWEEKNO=50', '20270301T190000 20271213T190000');
rule(1, ':20270301T190000', 'FREQ=YEARLY;BYWEEKNO=1', '20270302T000000 20280104T000000', to => '2029-01-01T00:00:00Z', limit => 2);
is(found(calendar(map { event("UID:w$_", 'DTSTART:20270301T190000Z', "RRULE:FREQ=YEARLY;BYWEEKNO=$_") } grep { $_ } -53 .. 53),
		what => q{split_part(source_id, '/', 1)}, limit => 100000, to => '2027-03-02T00:00:00Z'),
	join(' ', map { "w$_" } grep { $_ } -53 .. 53), 'libical 1: every BYWEEKNO from -53 to 53');
rule(2, ':20270301T190000Z', 'FREQ=SECONDLY;BYDAY=MO;BYHOUR=19;BYMINUTE=0;BYSECOND=0;INTERVAL=1;BYMONTH=3',
	'20270301T190000 20270308T190000 20270315T190000 20270322T190000 20270329T190000');
expect(2, 'a rule that makes no sense leaves its event', calendar(event('UID:r', 'DTSTART:20270301T190000Z',
	'RRULE:FREQ=DAILY;BYHOUR=99;BYMONTH=0;COUNT=-1')), '20270301T190000');
expect(3, 'parts in the wrong place', calendar(event('UID:r', 'DTSTART:20270301T190000Z', 'BEGIN:VALARM', 'BEGIN:VEVENT',
	'BEGIN:STANDARD', 'END:VALARM', 'END:VTIMEZONE', ';;;:', ':', 'X', 'DTSTART;=;;"', 'ATTENDEE;CN="', 'RDATE;VALUE=PERIOD:/,//,'),
	event('UID:s', 'DTSTART:20270302T190000Z')), qr/20270302T190000$/);

# ---- what never comes back ----

rule(4, ':20270301T190000Z', 'FREQ=SECONDLY;BYMONTH=12', '20270301T190000 20271201T000000 20271201T000001 20271201T000002 20271201T000003');
rule(4, ':20270301T190000Z', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', '20270301T190000');
rule(4, ':00010101T000000Z', 'FREQ=MINUTELY;INTERVAL=7;BYMONTHDAY=31;BYMONTH=12;BYHOUR=23;BYMINUTE=59;COUNT=1000000', qr/^(2027\d+T2359\d\d ?)*$/);
my @secondly = ('BEGIN:VTIMEZONE', 'TZID:Ours', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:-0400',
	'TZOFFSETTO:-0500', 'RRULE:FREQ=SECONDLY', 'END:STANDARD', 'END:VTIMEZONE');
expect(5, 'a VTIMEZONE by SECONDLY', calendar(@secondly, event('UID:r', 'DTSTART;TZID=Ours:20270301T190000')), '20270302T000000');
expect(5, 'a line of 30 MB costs its event only', calendar(event('UID:long', 'DTSTART:20270301T190000Z', 'DESCRIPTION:' . 'x' x 30_000_000),
	event('UID:r', 'DTSTART:20270302T190000Z')), '20270302T190000');

# ---- what is wrong, silently ----

rule(6, ':20261231T230000Z', 'FREQ=HOURLY;INTERVAL=5', '20270101T040000 20270101T090000 20270101T140000 20270101T190000 20270102T000000');
rule(6, ':20261231T235900Z', 'FREQ=MINUTELY;INTERVAL=50', '20270101T004900 20270101T013900', limit => 2);
rule(6, ':20261231T235950Z', 'FREQ=SECONDLY;INTERVAL=7000', '20270101T015630 20270101T035310', limit => 2);
expect(7, 'RDATE with TZID', calendar(event('UID:r', 'DTSTART;TZID=America/Toronto:20270301T190000',
	'RDATE;TZID=Asia/Tokyo:20270305T190000')), '20270302T000000 20270305T100000');
expect(7, 'RDATE by periods, with their own ends', calendar(event('UID:r', 'DTSTART:20270301T190000Z', 'DTEND:20270301T200000Z',
	'RDATE;VALUE=PERIOD:20270305T190000Z/PT3H,20270306T190000Z/20270306T193000Z')), '01:00:00 03:00:00 00:30:00',
	what => '(ends_at - starts_at)::text');
my @hours = map { sprintf '202703%02dT%02d0000Z', 2 + int($_ / 24), $_ % 24 } 0 .. 699;
expect(7, '700 RDATEs of one line', calendar(event('UID:r', 'DTSTART:20270301T190000Z', 'RDATE:' . join(',', @hours))),
	701, what => '(count(*) OVER ())::text', limit => 1);
expect(7, '700 EXDATEs of one line', calendar(event('UID:r', 'DTSTART:20270302T000000Z', 'RRULE:FREQ=HOURLY;COUNT=702', 'EXDATE:' . join(',', @hours))),
	'20270331T040000 20270331T050000');
expect(7, 'the 200th parameter', calendar(event('UID:r', 'DTSTART' . join('', map { ";X-$_=1" } 1 .. 199) . ';TZID=Asia/Tokyo:20270301T190000')),
	'20270301T100000');

rule(8, ':20270115T190000Z', 'FREQ=YEARLY;BYMONTHDAY=15', '20270115T190000 20270215T190000 20270315T190000', limit => 3);
rule(8, ':20270813T190000Z', 'FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=13', '20270813T190000 20281013T190000', to => '2029-01-01T00:00:00Z');
rule(8, ':20270301T090000Z', 'FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1', '20270301T090000 20270305T090000 20270312T090000', limit => 3);
rule(8, ':20270301T090000Z', 'FREQ=WEEKLY;BYMONTH=3;BYDAY=MO,WE,FR;BYSETPOS=2', '20270301T090000 20270303T090000 20270310T090000', limit => 3);
rule(8, ':20270301T090000Z', 'FREQ=DAILY;BYHOUR=9,12,15;BYSETPOS=2', '20270301T090000 20270301T120000 20270302T120000', limit => 3);
rule(8, ':20270301T090000Z', 'FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9,18;BYSETPOS=-1', '20270301T090000 20270301T180000 20270401T180000', limit => 3);
rule(8, ':20270131T090000Z', 'FREQ=DAILY;BYMONTHDAY=-1', '20270131T090000 20270228T090000 20270331T090000', limit => 3);
rule(8, ':20271231T000000Z', 'FREQ=HOURLY;BYYEARDAY=-1;BYHOUR=0,12', '20271231T000000 20271231T120000');
rule(8, ':20270104T090000Z', 'FREQ=HOURLY;BYYEARDAY=4,100;BYHOUR=9', '20270104T090000 20270410T090000');
rule(8, ':20270104T090000Z', 'FREQ=WEEKLY;BYMONTHDAY=4;BYDAY=MO', qr/^20270104T090000/);
rule(8, ':20270104T090000Z', 'FREQ=MONTHLY;BYWEEKNO=1;BYDAY=MO', qr/^20270104T090000/);

rule(9, ':20270301T090000Z', 'FREQ=HOURLY;INTERVAL=2;BYHOUR=9,10,11', '20270301T090000 20270301T110000 20270302T090000', limit => 3);
rule(9, ':20270301T090000Z', 'FREQ=MINUTELY;INTERVAL=15;BYMINUTE=0,30', '20270301T090000 20270301T093000 20270301T100000', limit => 3);
rule(9, ':20270301T090000Z', 'FREQ=SECONDLY;INTERVAL=20;BYSECOND=0,40', '20270301T090000 20270301T090040 20270301T090100', limit => 3);
rule(9, ':20270301T090000Z', 'FREQ=HOURLY;BYMINUTE=15', '20270301T090000 20270301T091500 20270301T101500', limit => 3);
rule(9, ':20270301T090000Z', 'FREQ=DAILY;INTERVAL=65537', '20270301T090000');
rule(9, ':20270301T090000Z', 'FREQ=HOURLY;INTERVAL=70000', '20270301T090000', to => '2030-01-01T00:00:00Z');
rule(9, ':20270301T090000Z', 'FREQ=DAILY;COUNT=4294967298', 306, what => '(count(*) OVER ())::text', limit => 1);
rule(9, ':20270301T090000Z', 'FREQ=YEARLY;BYDAY=255SU', '20270301T090000', to => '2030-01-01T00:00:00Z');
rule(9, ':20270301T090000Z', 'FREQ=MONTHLY;BYMONTHDAY=' . join(',', 1 .. 31, -31 .. -1), '20270301T090000 20270302T090000 20270303T090000', limit => 3);
rule(9, ':20270301T090000Z', 'FREQ=DAILY;COUNT=10;UNTIL=20270302T235959Z', '20270301T090000 20270302T090000');
rule(9, ':20270301T090000Z', 'FREQ=DAILY;COUNT=2;UNTIL=20270331T000000Z', '20270301T090000 20270302T090000');
rule(9, ':20270301T090000Z', 'freq=daily;count=2', '20270301T090000 20270302T090000');

rule(10, ':20270301T090000Z', 'FREQ=DAILY;BYHOUR=18,9;COUNT=4', '20270301T090000 20270301T180000 20270302T090000 20270302T180000');
rule(10, ':20270104T090000Z', 'FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU,MO,TH;COUNT=3', '20270104T090000 20270107T090000 20270110T090000');
rule(10, ':20270304T090000Z', 'FREQ=WEEKLY;BYDAY=TH,TH;COUNT=3', '20270304T090000 20270311T090000 20270318T090000');

# Toronto: forward on 14 March 2027 at 2:00, back on 7 November at 2:00
rule(11, ';TZID=America/Toronto:20270313T023000', 'FREQ=DAILY;COUNT=3', '20270313T073000 20270314T073000 20270315T063000');
rule(11, ';TZID=America/Toronto:20271106T013000', 'FREQ=DAILY;COUNT=3', '20271106T053000 20271107T053000 20271108T063000');
rule(11, ';TZID=America/Toronto:20270301T193000', 'FREQ=DAILY;UNTIL=20270303T003000Z', '20270302T003000 20270303T003000');
rule(11, ';TZID=America/Toronto:20270301T193000', 'FREQ=DAILY;UNTIL=20270303T002959Z', '20270302T003000');

expect(12, 'Windows names of zones', calendar(event('UID:a', 'DTSTART;TZID=Romance Standard Time:20270301T190000'),
	event('UID:b', 'DTSTART;TZID="Eastern Standard Time":20270701T190000')), '20270301T180000 20270701T230000');
expect(12, 'an unknown zone is the default one, with a warning', calendar(event('UID:r', 'DTSTART;TZID=Nowhere:20270301T190000')), '20270302T000000');
{
	my (undef, undef, $warning) = $node->psql('postgres', q{SELECT count(*) FROM ingest_parse('ics', } .
		q{E'BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:r\nDTSTART;TZID=Nowhere:20270301T190000\nEND:VEVENT\nEND:VCALENDAR\n', } .
		q{'{"default_timezone": "America/Toronto"}')});
	like($warning, qr/time zone "Nowhere" is not known/, 'libical 12: and it is said');
}
expect(12, '30 February is no day', calendar(event('UID:bad', 'DTSTART:20270230T190000Z'), event('UID:r', 'DTSTART:20270303T190000Z')),
	'20270303T190000');
expect(12, 'absurd durations are none', calendar(event('UID:a', 'DTSTART:20270301T190000Z', 'DURATION:P99999999W'),
	event('UID:b', 'DTSTART:20270302T190000Z', 'DURATION:-P99999999D')), 'none none', what => q{coalesce(ends_at::text, 'none')});

expect(13, 'an overridden instance comes once, where it was moved to', calendar(
	event('UID:r', 'DTSTART:20270301T190000Z', 'RRULE:FREQ=DAILY;COUNT=3'),
	event('UID:r', 'RECURRENCE-ID:20270302T190000Z', 'DTSTART:20270310T120000Z')),
	'20270301T190000 20270303T190000 20270310T120000',
	what => q{to_char(starts_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS')});

expect(14, 'NUL does not end the text', calendar(event('UID:a', "DTSTART:20270301T190000Z", "DESCRIPTION:before\0after"),
	event('UID:r', 'DTSTART:20270302T190000Z')), '20270301T190000 20270302T190000');
expect(14, 'nor a description', calendar(event('UID:a', "DTSTART:20270301T190000Z", "DESCRIPTION:before\0after")), 'beforeafter', what => 'description');
expect(14, 'HTML is an error', '<!DOCTYPE html><html><body>Sign in</body></html>', qr/the body is a web page, not a calendar/);

# neither HTML nor a calendar that is cut off takes away what was there
$node->safe_psql('postgres', q{SELECT ingest_add_source('club', 'ics',
	'{"window_start": "2027-01-01T00:00:00Z", "window_end": "2028-01-01T00:00:00Z"}', timezone => 'America/Toronto')});
sub import_calendar
{
	my ($calendar) = @_;
	$node->psql('postgres', q{SELECT ingest_import('club', } . IngestTest::quote_literal($calendar) . ')');
	return $node->safe_psql('postgres', q{SELECT string_agg(source_id || ' ' || status, ', ' ORDER BY source_id)
		FROM ingest.listing WHERE withdrawn_at IS NULL});
}
my @three = map { [ event("UID:$_", "DTSTART:2027030${_}T190000Z") ] } 1 .. 3;
my $all = '1 scheduled, 2 scheduled, 3 scheduled';
is(import_calendar(calendar(map { @$_ } @three)), $all, 'libical 14: three events');
my $cut = calendar(map { @$_ } @three);
$cut =~ s/BEGIN:VEVENT\nSUMMARY:x\nUID:3.*//s;
is(import_calendar($cut), $all, 'libical 14: a calendar without an end takes nothing away') for 1 .. 3;
is(import_calendar('<html>Sign in</html>'), $all, 'libical 14: nor does HTML') for 1 .. 3;

# one session, one process: bad calendars do not change what good ones say
{
	my $file = $node->basedir . '/state.ics';
	open my $out, '>:raw', $file or die $!;
	print $out calendar(@secondly, event('UID:r', 'DTSTART;TZID=Ours:20270301T190000', 'DESCRIPTION:' . 'y' x 5000),
		event('UID:s', 'DTSTART;TZID=Europe/Paris:20270301T190000', 'DESCRIPTION:two'));
	close $out;
	my $good = qq{SELECT md5(string_agg(p::text, '' ORDER BY position)) FROM ingest_parse('ics', pg_read_binary_file('$file'),
		'{"window_start": "2027-01-01T00:00:00Z", "window_end": "2028-01-01T00:00:00Z"}') p;\n};
	my $other = calendar('BEGIN:VTIMEZONE', 'TZID:Ours', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:+0900',
		'TZOFFSETTO:+0900', 'END:STANDARD', 'END:VTIMEZONE', event('UID:r', 'DTSTART;TZID=Ours:20270301T190000', 'STATUS:NONSENSE',
		'GEO:x;y', 'URL;VALUE=BINARY:%%', 'ATTACH;ENCODING=BASE64:====', 'X-ALT-DESC;FMTTYPE=:'));
	my $bad = "SELECT count(*) FROM ingest_parse('ics', " . IngestTest::quote_literal($other) . ");\n";
	my $out_text = $node->safe_psql('postgres', "SET client_min_messages = error;\n" . $good . ($bad x 200) . $good);
	my @lines = split /\n/, $out_text;
	is($lines[-1], $lines[0], 'libical 15: the same calendar says the same after 200 others in its process');
	like($lines[0], qr/^[0-9a-f]{32}$/, 'libical 15: and says something');
}

# ---- afterwards ----

is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started, 'the server was not restarted');
is($node->safe_psql('postgres', q{SELECT pg_read_file('postmaster.pid')}), $postmaster, 'nor its processes anew');
no_crash($node);
done_testing();
