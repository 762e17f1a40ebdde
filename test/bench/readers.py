"""Calendars beside two readers in JavaScript, ical.js and node-ical.

Part of the benchmark where READERS names the folder in which
"npm install ical.js node-ical" was run, and node is there.  Three calendars,
made here: single events, weekly series with exceptions, and a mix as a town
publishes it, most of it past.  Each reader parses them and expands them in the
same window to a list of title, start and end, in turn, in rounds; ours through
ingest_parse(), which also maps places, texts, categories and the raw record.
"""

import datetime
import json
import os
import shutil
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
READERS = ('ical.js', 'node-ical')
FROM, TO = '2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'
MB = 1e6

ZONE = """BEGIN:VTIMEZONE
TZID:America/Toronto
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
"""


def event(number, start, *lines):
    """Return an event of two hours at a wall clock's time."""
    end = start + datetime.timedelta(hours=2)
    return ('BEGIN:VEVENT\nUID:%d@example.org\nDTSTAMP:20261101T120000Z\n'
            'DTSTART;TZID=America/Toronto:%s\nDTEND;TZID=America/Toronto:%s\n'
            'SUMMARY:Concert n° %d du dimanche\\, à la maison\n'
            'LOCATION:Maison de la culture\\, 35 rue Principale\\, Montréal\n'
            'DESCRIPTION:Une soirée de musique et de danse\\, avec des\n'
            '  artistes du quartier.\\nEntrée libre\\; réservation conseillée.'
            '\nURL:https://example.org/events/%d\nCATEGORIES:Musique,Famille\n'
            'STATUS:CONFIRMED\n%sEND:VEVENT\n' % (
                number, start.strftime('%Y%m%dT%H%M%S'),
                end.strftime('%Y%m%dT%H%M%S'), number, number,
                ''.join(line + '\n' for line in lines)))


def at(day, hour=19):
    """Return an hour of a day counted from the window's start."""
    return (datetime.datetime(2027, 1, 4, hour)
            + datetime.timedelta(days=day))


def series(number, first):
    """Return a weekly series, two days of it left out and one moved."""
    stamp = '%Y%m%dT%H%M%S'
    zone = ';TZID=America/Toronto:'
    return event(number, at(first), 'RRULE:FREQ=WEEKLY;COUNT=150',
                 'EXDATE' + zone + at(first + 14).strftime(stamp),
                 'EXDATE' + zone + at(first + 70).strftime(stamp)) + \
        event(number, at(first + 22, 15), 'RECURRENCE-ID' + zone
              + at(first + 21).strftime(stamp))


def calendars(directory):
    """Write the three calendars; yield (name, file)."""
    kinds = {
        'single events, 10 MB': (
            event(i, at(i % 350, 8 + i % 12)) for i in range(21000)),
        'weekly series, exceptions': (
            series(i, i % 7) for i in range(1000)),
        'mixed, most of it past': (
            series(i, -700 + i % 600) if i % 20 == 0
            else event(i, at(-3600 + i % 3900)) for i in range(12000))}
    for name, events in kinds.items():
        file = os.path.join(directory, 'readers.ics')
        with open(file, 'w', encoding='utf-8', newline='\r\n') as out:
            out.write('BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//bench//EN\n')
            out.write(ZONE)
            out.writelines(events)
            out.write('END:VCALENDAR\n')
        yield name, file


def other(name, folder, file):
    """Let a reader in JavaScript read it."""
    return json.loads(subprocess.run(
        ['node', '--max-old-space-size=8192', os.path.join(HERE, 'readers.mjs'),
         name, folder, file, FROM, TO],
        check=True, capture_output=True, text=True,
        env=dict(os.environ, TZ='UTC')).stdout)


def ours(bench):
    """Read it by ingest_parse()."""
    made = bench.measure(
        "SELECT count(title) FROM bench.calendar, ingest_parse('ics', body, "
        "'{\"window_start\": \"%s\", \"window_end\": \"%s\"}')" % (FROM, TO))
    return {'seconds': made['seconds'], 'count': int(made['output'])}


def available(folder):
    """Are node and both readers there?"""
    return bool(folder and shutil.which('node') and all(
        os.path.isdir(os.path.join(folder, 'node_modules', name))
        for name in READERS))


def compare(bench, folder, rounds, targets):
    """Measure all readers on all calendars, and tell."""
    results = []
    bench.new_database()
    bench.session.run('CREATE TABLE bench.calendar (body bytea)')
    print('\nCalendars: MB/s, parsed and expanded in one year '
          '(occurrences found)\n')
    print('%-28s %6s %18s %18s %18s' % (('', 'MB', 'ingest') + READERS))
    for name, file in calendars(bench.directory):
        size = os.path.getsize(file) / MB
        bench.session.run('TRUNCATE bench.calendar')
        bench.session.run("INSERT INTO bench.calendar "
                          "SELECT pg_read_binary_file('%s')" % file)
        made = {reader: [] for reader in ('ingest',) + READERS}
        for _ in range(rounds):
            made['ingest'].append(ours(bench))
            for reader in READERS:
                made[reader].append(other(reader, folder, file))
        speed = {reader: size / statistics.median(
            one['seconds'] for one in runs) for reader, runs in made.items()}
        print('%-28s %6.1f %s' % (name, size, ' '.join(
            '%9.1f (%6d)' % (speed[reader], made[reader][0]['count'])
            for reader in made)))
        results.append({'name': name, 'bytes': size * MB, 'speed': speed,
                        'runs': made})
    print()
    for result in results:
        speed = result['speed']
        targets.at_least(result['name'] + ': the faster one', 3,
                         speed['ingest'] / max(speed[r] for r in READERS),
                         'x', 1)
    return results
