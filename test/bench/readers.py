"""Calendars: how fast, in how much memory, and beside two readers in JavaScript.

Speed: three calendars, made here: single events, weekly series with exceptions,
and a mix as a town publishes it, most of it past.  Parsed and expanded in a
window of a year through ingest_parse(), which also maps places, texts,
categories and the raw record.  Where READERS names the folder in which
"npm install ical.js node-ical" was run, and node is there, both of them do the
same to a list of title, start and end, in turn with ours, in rounds.  What
counts is the time that the one working thread computed, so that a busy machine
disturbs nobody's figures.

Memory: calendars of 1, 10 and 100 MB of which all but a thousand events lie in
the ten years before, imported over the network.
"""

import datetime
import functools
import http.server
import json
import os
import shutil
import statistics
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
READERS = ('ical.js', 'node-ical')
FROM, TO = '2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'
MB = 1e6
SIZES = (1, 10, 100)            # MB of past events

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


def write(file, events):
    """Write a calendar."""
    with open(file, 'w', encoding='utf-8', newline='\r\n') as out:
        out.write('BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//bench//EN\n')
        out.write(ZONE)
        out.writelines(events)
        out.write('END:VCALENDAR\n')


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
        write(file, events)
        yield name, file


def ten_years(size, upcoming=1000):
    """Yield about so many bytes of events, all but some of them past."""
    count = int(size // 492)
    for i in range(count):
        day = i % 350 if i % (count // upcoming) == 0 else i % 3640 - 3650
        yield event(i, at(day, 8 + i % 12))


def other(name, folder, file):
    """Let a reader in JavaScript read it."""
    return json.loads(subprocess.run(
        ['node', '--max-old-space-size=8192', os.path.join(HERE, 'readers.mjs'),
         name, folder, file, FROM, TO],
        check=True, capture_output=True, text=True,
        env=dict(os.environ, TZ='UTC')).stdout)


def computed(pid):
    """Return the seconds that a process has computed."""
    with open('/proc/%d/schedstat' % pid, encoding='ascii') as file:
        return int(file.read().split()[0]) / 1e9


def ours(bench):
    """Read it by ingest_parse()."""
    before = computed(bench.session.pid)
    made = bench.measure(
        "SELECT count(title) FROM bench.calendar, ingest_parse('ics', body, "
        "'{\"window_start\": \"%s\", \"window_end\": \"%s\"}')" % (FROM, TO))
    return {'seconds': made['seconds'], 'count': int(made['output']),
            'cpu': computed(bench.session.pid) - before}


def available(folder):
    """Are node and both readers there?"""
    return bool(folder and shutil.which('node') and all(
        os.path.isdir(os.path.join(folder, 'node_modules', name))
        for name in READERS))


def compare(bench, folder, rounds, targets):
    """Measure all readers on all calendars, and tell."""
    others = READERS if available(folder) else ()
    results = []
    bench.new_database()
    bench.session.run('CREATE TABLE bench.calendar (body bytea)')
    print('\nCalendars: MB in a second of computing, parsed and expanded in '
          'one year (occurrences found)\n')
    print(('%-28s %6s' + ' %18s' * (1 + len(others)))
          % (('', 'MB', 'ingest') + others))
    for name, file in calendars(bench.directory):
        size = os.path.getsize(file) / MB
        bench.session.run('TRUNCATE bench.calendar')
        bench.session.run("INSERT INTO bench.calendar "
                          "SELECT pg_read_binary_file('%s')" % file)
        made = {reader: [] for reader in ('ingest',) + others}
        for _ in range(rounds):
            made['ingest'].append(ours(bench))
            for reader in others:
                made[reader].append(other(reader, folder, file))
        speed = {reader: size / statistics.median(
            one['cpu'] for one in runs) for reader, runs in made.items()}
        print('%-28s %6.1f %s' % (name, size, ' '.join(
            '%9.1f (%6d)' % (speed[reader], made[reader][0]['count'])
            for reader in made)))
        results.append({'name': name, 'bytes': size * MB, 'speed': speed,
                        'runs': made})
    print()
    targets.at_least('single events, parsed and expanded', 30,
                     results[0]['speed']['ingest'], 'MB/s', 1)
    for result in results if others else ():
        speed = result['speed']
        targets.at_least(result['name'] + ': the faster one', 3,
                         speed['ingest'] / max(speed[r] for r in READERS),
                         'x', 1)
    return results


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves the calendar, silently and whole each time."""

    def send_header(self, keyword, value):
        """Send a header, but none that a 304 could rest on."""
        if keyword != 'Last-Modified':
            super().send_header(keyword, value)

    def log_message(self, *_):
        """Say nothing."""


def memory(bench, targets):
    """Import calendars of past events, each larger than the one before."""
    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', 0), functools.partial(Files, directory=bench.directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    results = []
    print('\nCalendars of ten years, 1,000 of their events to come\n')
    print('%6s %9s %9s %9s %9s %12s' % (
        'MB', 'events', 'listings', 'seconds', 'CPU s', 'memory MB'))
    for size in SIZES:
        file = os.path.join(bench.directory, 'years%d.ics' % size)
        write(file, ten_years(size * MB))
        bench.new_database()
        bench.add_source('years', 'ics', window_start=FROM, window_end=TO,
                         url='http://127.0.0.1:%d/%s' % (
                             server.server_port, os.path.basename(file)))
        made = bench.import_source('years', nb_errors=0)
        again = bench.import_source('years', nb_errors=0, nb_created=0)
        job = made['job']
        for run in (made, again):
            print('%6.1f %9d %9d %9.2f %9.2f %12.1f' % (
                os.path.getsize(file) / MB, job['nb_fetched'],
                job['nb_created'] if run is made else 0,
                run['seconds'], run['cpu'], run['memory'] / MB))
        os.remove(file)
        results.append({'bytes': job['bytes_received'], 'first': made,
                        'again': again})
    server.shutdown()
    print()
    targets.at_most('memory of 100 MB above that of 10 MB', 2, max(
        results[-1][run]['memory'] - results[-2][run]['memory']
        for run in ('first', 'again')) / MB, 'MB', 1)
    return results
