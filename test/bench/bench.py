#!/usr/bin/env python3
"""The benchmark: an import beside COPY and beside an upsert in SQL.

Called by bench.sh, which makes the cluster.  For each size, in rounds:

  fetch           all pages, with curl where it is there; nothing else
  COPY            the rows of ingest.listing from a file into a table like it:
                  same columns, indexes, checks and raw; no events, no keys
  upsert          the same pages by set-based PL/pgSQL (upsert.sql), already
                  fetched: into an empty table, again, and 5 % changed
  import          the extension, fetch included: into an empty schema, again,
                  and 5 % changed

and once: cost of a new listing while N are stored, a calendar that answers
304, a large calendar, how good the matching is (matching.py), and calendars of
several kinds (readers.py), beside other readers if asked.

Before each measurement stands a checkpoint, so that all pay the same for full
page images.  WAL is the distance of pg_current_wal_insert_lsn().  CPU and
memory are those of the process that works (its pid is in ingest.import_job),
sampled every 5 ms from the moment its job row is committed; memory is RssAnon
+ RssFile, which leaves shared buffers out, above the first sample.
"""

import argparse
import atexit
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import matching
import readers

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = 'demo-token'
PAGE_SIZE = 50
NEW_MB = 5                      # of calendar: the new listings beside N others
LIST = '/eventbrite/v3/organizers/1001/events/'


# -- talking to the server ----------------------------------------------------

class Session:
    """A psql that stays connected."""

    def __init__(self, options, database):
        self.process = subprocess.Popen(
            [options.psql, '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
             '-h', options.socket, '-U', 'postgres', '-d', database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding='utf-8')
        self.pid = int(self.run('SELECT pg_backend_pid()'))

    def run(self, sql):
        """Run a statement; return its output."""
        try:
            self.process.stdin.write(sql + '\n;\n\\echo :-)\n')
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in self.process.stdout:
            if line == ':-)\n':
                return ''.join(lines).rstrip('\n')
            lines.append(line)
        sys.exit('%s\n%s' % (self.process.stderr.read().strip(), sql[:400]))

    def json(self, sql):
        """Return the one row of a query."""
        return json.loads(self.run('SELECT to_json(q) FROM (%s) q' % sql))

    def close(self):
        """End it."""
        self.process.stdin.close()
        self.process.wait()


def memory(pid):
    """Return the private and file-backed memory of a process in bytes."""
    size = 0
    try:
        with open('/proc/%d/status' % pid, encoding='ascii') as file:
            for line in file:
                if line.startswith(('RssAnon:', 'RssFile:')):
                    size += int(line.split()[1]) * 1024
    except OSError:
        return 0
    return size


def cpu(pid):
    """Return the seconds that a process has computed, or 0 once it is gone."""
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    except OSError:
        return 0


class Watch(threading.Thread):
    """Samples a process from its beginning to its end."""

    def __init__(self, find_pid):
        super().__init__(daemon=True)
        self.find_pid = find_pid
        self.done = threading.Event()
        self.first = self.peak = self.cpu = 0

    def run(self):
        pid = start = None
        while not self.done.wait(.005):
            pid = pid or self.find_pid()
            now = memory(pid) if pid else 0
            if not now:
                continue
            if start is None:
                self.first, start = now, cpu(pid)
            self.peak = max(self.peak, now)
            self.cpu = max(self.cpu, cpu(pid) - start)

    def stop(self):
        """Return (CPU seconds, peak memory, peak above start)."""
        self.done.set()
        self.join()
        return self.cpu, self.peak, self.peak - self.first


# -- the upstream -------------------------------------------------------------

class Upstream:
    """The fake upstream with so many events."""

    def __init__(self, events, directory):
        port_file = os.path.join(directory, 'port')
        server = os.path.join(HERE, '..', 'server', 'upstream.py')
        self.process = subprocess.Popen(
            [sys.executable, '-B', server, '--events', str(events),
             '--token', TOKEN, '--port-file', port_file],
            stdout=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        while not os.path.exists(port_file):
            if self.process.poll() is not None:
                sys.exit('the fake upstream did not start')
            time.sleep(.05)
        with open(port_file, encoding='ascii') as file:
            self.port = int(file.read())
        os.remove(port_file)

    def url(self, path):
        """Return an address on it."""
        return 'http://127.0.0.1:%d%s' % (self.port, path)

    def get(self, path):
        """Return the body of a page."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port)
        connection.request('GET', path)
        return connection.getresponse().read()

    def control(self, name, **arguments):
        """Change or ask something."""
        return json.loads(self.get('/_control/%s?%s' % (
            name, urllib.parse.urlencode(arguments))))

    def stop(self):
        """End it."""
        self.process.terminate()
        self.process.wait()


class Pages:
    """The list as the connector asks for it."""

    def __init__(self, upstream, target, directory):
        self.upstream = upstream
        address, _, query = target.partition('?')
        query = [pair for pair in query.split('&')
                 if not pair.startswith(('page=', 'continuation='))]
        self.target = '%s?%s' % (address, '&'.join(query))
        self.config = os.path.join(directory, 'curl')
        self.file = os.path.join(directory, 'pages')
        self.warm()

    def warm(self):
        """Have the upstream render what is not rendered yet."""
        made = self.upstream.control('warm', path=self.target)
        self.count, self.bytes = made['pages'], made['bytes']

    def targets(self):
        """Return the path of each page."""
        return ['%s&page=%d' % (self.target, page)
                for page in range(1, self.count + 1)]

    def each(self):
        """Yield the pages."""
        connection = http.client.HTTPConnection('127.0.0.1',
                                                self.upstream.port)
        for target in self.targets():
            connection.request('GET', target, headers={
                'Authorization': 'Bearer ' + TOKEN})
            yield connection.getresponse().read()

    def fetch(self):
        """Fetch all of them over one connection; return the seconds."""
        curl = shutil.which('curl')
        with open(self.config, 'w', encoding='ascii') as file:
            file.write('header = "Authorization: Bearer %s"\n' % TOKEN)
            for target in self.targets():
                file.write('url = "%s"\n' % self.upstream.url(target))
        start = time.monotonic()
        if curl:
            subprocess.run([curl, '-q', '-s', '-f', '-K', self.config],
                           stdout=subprocess.DEVNULL, check=True)
        else:
            for _ in self.each():
                pass
        return time.monotonic() - start

    def load(self, session):
        """Put them into bench.page."""
        with open(self.file, 'w', encoding='utf-8') as file:
            for number, page in enumerate(self.each(), 1):
                file.write('%d\t%s\n' % (number, page.decode().replace(
                    '\\', '\\\\').replace('\n', '\\n').replace('\t', '\\t')))
        session.run('TRUNCATE bench.page')
        session.run("COPY bench.page FROM '%s'" % self.file)
        session.run('VACUUM ANALYZE bench.page')
        os.remove(self.file)


# -- measuring ----------------------------------------------------------------

class Bench:
    """One database at a time, and what was measured in it."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.admin = Session(options, 'postgres')
        self.session = self.observer = None

    def new_database(self):
        """Start from nothing: a database of its own for each round."""
        self.close_database()
        self.admin.run('DROP DATABASE IF EXISTS bench')
        self.admin.run('CREATE DATABASE bench')
        self.session = Session(self.options, 'bench')
        self.session.run('CREATE EXTENSION ingest')
        self.session.run('CREATE SCHEMA bench')
        self.session.run('CREATE TABLE bench.page '
                         '(id int4 PRIMARY KEY, body text)')
        with open(os.path.join(HERE, 'upsert.sql'), encoding='utf-8') as file:
            self.session.run(file.read())
        self.session.run("""DO $$
            BEGIN
              ALTER TABLE bench.upsert ALTER raw SET COMPRESSION lz4;
            EXCEPTION WHEN feature_not_supported THEN
              NULL;
            END
            $$""")
        self.observer = Session(self.options, 'bench')

    def close_database(self):
        """Leave the database."""
        for session in (self.session, self.observer):
            if session is not None:
                session.close()
        self.session = self.observer = None

    def running_pid(self):
        """Return the process of the running import."""
        pid = self.observer.run("SELECT pid FROM ingest.import_job "
                                "WHERE status = 'running'")
        return int(pid) if pid else None

    def cpu(self):
        """Return the seconds that the session has computed."""
        return cpu(self.session.pid)

    def measure(self, sql, find_pid=None):
        """Run a statement; return seconds, WAL and memory."""
        self.session.run('CHECKPOINT')
        watch = Watch(find_pid or (lambda: self.session.pid))
        lsn = self.session.run('SELECT pg_current_wal_insert_lsn()')
        watch.start()
        start = time.monotonic()
        output = self.session.run(sql)
        seconds = time.monotonic() - start
        computed, peak, above = watch.stop()
        wal = int(self.session.run(
            "SELECT pg_current_wal_insert_lsn() - '%s'" % lsn))
        return {'seconds': seconds, 'cpu': computed, 'wal': wal,
                'peak': peak, 'memory': above, 'output': output}

    def import_source(self, source, **expected):
        """Run a source, and see that it did what it should."""
        made = self.measure(
            "SELECT to_json(job) FROM ingest_run('%s') job" % source,
            self.running_pid)
        job = made['job'] = json.loads(made.pop('output'))
        for name, value in expected.items():
            if job[name] != value:
                sys.exit('%s: %s is %s, not %s: %s' % (
                    source, name, job[name], value, json.dumps(job)))
        return made

    def add_source(self, name, connector, **config):
        """Add a source."""
        self.session.run(
            "SELECT ingest_add_source('%s', '%s', '%s', "
            "timezone => 'America/Toronto')" % (
                name, connector, json.dumps(config)))

    def add_eventbrite(self, upstream, name='eventbrite', **config):
        """Add the source whose list is imported."""
        self.add_source(name, 'eventbrite', organizer_ids=['1001'],
                        base_url=upstream.url('/eventbrite/v3'),
                        page_size=PAGE_SIZE, expand=[
                            'venue', 'organizer', 'category',
                            'ticket_availability'],
                        window_start='2000-01-01T00:00:00Z',
                        window_end='2100-01-01T00:00:00Z', **config)
        self.session.run("SELECT ingest_set_credential('%s', 'token', '%s')"
                         % (name, TOKEN))

    def find_pages(self, upstream):
        """Learn from a run what the connector asks for."""
        self.new_database()
        self.add_eventbrite(upstream, max_pages=1)
        self.session.run("SELECT 1 FROM ingest_run('eventbrite')")
        seen = upstream.control('requests', path=LIST)
        return Pages(upstream, seen['recent'][0]['target'], self.directory)

    # -- one round --

    def round(self, upstream, pages, number):
        """Measure everything once."""
        made = {}
        self.new_database()
        self.add_eventbrite(upstream)
        pages.load(self.session)
        made['fetch'] = {'seconds': pages.fetch()}

        made['import first'] = self.import_source('eventbrite', nb_errors=0)
        listings = made['import first']['job']['nb_created']
        made['import again'] = self.import_source(
            'eventbrite', status='no_change')
        made['upsert first'] = self.upsert(listings)
        made['upsert again'] = self.upsert(0)
        made['COPY'] = self.copy(listings)

        changed = upstream.control(
            'change', every=20, field='summary',
            value='Un autre résumé, tour %d, plus long que le premier : '
            'complet samedi, places restantes dimanche.' % number)
        pages.warm()
        made['import changed'] = self.import_source(
            'eventbrite', nb_created=0, nb_errors=0)
        updated = made['import changed']['job']['nb_updated']
        if not 0 < updated <= changed['changed']:
            sys.exit('%d of %d changed events were updated'
                     % (updated, changed['changed']))
        pages.load(self.session)
        made['upsert changed'] = self.upsert(updated)
        made['listings'] = listings
        made['stored'] = self.added_to(listings, upstream)
        return made

    def upsert(self, expected):
        """Run the upsert in SQL."""
        made = self.measure('CALL bench.upsert_pages()')
        written = int(made.pop('output'))
        if written != expected:
            sys.exit('the upsert wrote %d rows, not %d' % (written, expected))
        return made

    def copy(self, expected):
        """COPY the listings into a table like theirs."""
        file = os.path.join(self.directory, 'listings')
        self.session.run('CREATE TABLE bench.copied '
                         '(LIKE ingest.listing INCLUDING ALL)')
        self.session.run("COPY ingest.listing TO '%s'" % file)
        made = self.measure("COPY bench.copied FROM '%s'" % file)
        os.remove(file)
        if int(self.session.run('SELECT count(*) FROM bench.copied')) \
                != expected:
            sys.exit('COPY did not write %d rows' % expected)
        return made

    def added_to(self, stored, upstream):
        """Measure new listings beside those that are stored."""
        self.add_source('added', 'ics',
                        url=upstream.url('/ics/big.ics?mb=%d' % NEW_MB))
        made = self.import_source('added', nb_errors=0)
        made['stored'] = stored
        made['listings'] = made['job']['nb_created']
        return made

    # -- calendars --

    def not_modified(self, upstream):
        """Measure a feed that answers 304."""
        self.new_database()
        self.add_source('city', 'ics', url=upstream.url('/ics/city.ics'))
        self.import_source('city', status='success')
        runs = [self.import_source('city', status='no_change')
                for _ in range(5)]
        if any(run['job']['nb_fetched'] for run in runs):
            sys.exit('the calendar did not answer 304')
        return sorted(runs, key=lambda run: run['seconds'])[2]

    def calendar(self, upstream, size):
        """Measure a large calendar: mapped only, and stored."""
        path = '/ics/big.ics?mb=%d' % size
        self.new_database()
        file = os.path.join(self.directory, 'calendar')
        with open(file, 'wb') as out:
            out.write(upstream.get('/ics/big.ics?mb=10'))
        self.session.run('CREATE TABLE bench.calendar (body bytea)')
        self.session.run("INSERT INTO bench.calendar "
                         "SELECT pg_read_binary_file('%s')" % file)
        parsed = self.measure(
            "SELECT count(*) FROM bench.calendar, ingest_parse('ics', body)")
        parsed['bytes'] = os.path.getsize(file)
        os.remove(file)
        self.add_source('big', 'ics', url=upstream.url(path))
        return {'parse': parsed,
                'first': self.import_source('big', nb_errors=0),
                'again': self.import_source('big', nb_errors=0, nb_created=0)}


# -- telling ------------------------------------------------------------------

MB = 1 << 20
ROWS = (
    ('fetch', 'fetch only'),
    ('COPY', 'COPY of the listings, raw and all'),
    ('upsert first', 'PL/pgSQL upsert, fetched before: first'),
    ('upsert again', '  identical again'),
    ('upsert changed', '  5 % changed'),
    ('import first', 'import: first'),
    ('import again', '  identical again'),
    ('import changed', '  5 % changed'),
)


def median(rounds, step, figure):
    """Return the median of a figure over the rounds, or None."""
    values = [made[step][figure] for made in rounds if figure in made[step]]
    return statistics.median(values) if values else None


def amount(value, unit=1, digits=1):
    """Return a number for the table."""
    return '' if value is None else '%.*f' % (digits, value / unit)


def size_table(size, pages, rounds):
    """Print what was measured for a size."""
    listings = rounds[0]['listings']
    copy = median(rounds, 'COPY', 'seconds')
    print('\n%s events: %s listings in %d pages, %.0f MB of JSON; '
          'median of %d rounds\n' % (
              format(size, ','), format(listings, ','), pages.count,
              pages.bytes / MB, len(rounds)))
    print('%-40s %8s %8s %7s %7s %9s %8s %10s' % (
        '', 'seconds', '(min)', '× COPY', 'CPU s', 'µs/record', 'WAL MB',
        'memory MB'))
    for step, title in ROWS:
        seconds = median(rounds, step, 'seconds')
        least = min(made[step]['seconds'] for made in rounds)
        print('%-40s %8.2f %8.2f %7.2f %7s %9.1f %8s %10s' % (
            title, seconds, least, seconds / copy,
            amount(median(rounds, step, 'cpu'), digits=2),
            seconds / listings * 1e6,
            amount(median(rounds, step, 'wal'), MB, 2),
            amount(median(rounds, step, 'memory'), MB)))


class Targets:
    """What is aimed at, and whether it was met."""

    def __init__(self):
        self.lines = []

    def at_most(self, name, limit, value, unit='', digits=2):
        """Note a target that is met when the value is small enough."""
        self._note(name, '≤', limit, value, value <= limit, unit, digits)

    def at_least(self, name, limit, value, unit='', digits=2):
        """Note a target that is met when the value is large enough."""
        self._note(name, '≥', limit, value, value >= limit, unit, digits)

    def _note(self, name, sign, limit, value, met, unit, digits):
        self.lines.append({'target': name, 'sign': sign, 'limit': limit,
                           'measured': value, 'unit': unit, 'met': met})
        print('target  %-46s %s %4g %-2s  measured %7.*f %-2s  %s' % (
            name, sign, limit, unit, digits, value, unit,
            'met' if met else 'not met'))


def size_targets(targets, size, rounds):
    """Judge a size."""
    def seconds(step):
        return median(rounds, step, 'seconds')

    name = format(size, ',') + ': '
    targets.at_most(name + 'first import : COPY', 2.5,
                    seconds('import first') / seconds('COPY'))
    targets.at_least(name + 'upsert in SQL : first import', 2,
                     seconds('upsert first') / seconds('import first'))
    targets.at_least(name + 'upsert in SQL : import, unchanged', 5,
                     seconds('upsert again') / seconds('import again'))
    targets.at_most(name + 'WAL of an unchanged import', 100,
                    median(rounds, 'import again', 'wal') / 1024, 'kB', 0)
    targets.at_most(name + '5 % changed : first import', .25,
                    seconds('import changed') / seconds('import first'))
    targets.at_most(name + 'memory above start', 60, max(
        median(rounds, step, 'memory') for step in
        ('import first', 'import again', 'import changed')) / MB, 'MB', 1)


def growth(targets, sizes):
    """Tell what a new listing costs beside N others."""
    print()
    costs = []
    for size, rounds in sizes:
        cost = statistics.median(made['stored']['seconds']
                                 / made['stored']['listings']
                                 for made in rounds)
        costs.append(cost)
        print('new listing while %9s are stored: %7.1f µs' % (
            format(rounds[0]['stored']['stored'], ','), cost * 1e6))
    if len(costs) > 1:
        targets.at_most('new listing among the most : among the fewest', 1.5,
                        costs[-1] / costs[0])


def calendar_table(targets, size, made):
    """Tell of the large calendar."""
    parse, first, again = made['parse'], made['first'], made['again']
    print('\nCalendar of %d MB, %s events\n' % (
        size, format(first['job']['nb_fetched'], ',')))
    print('%-40s %8.1f MB/s' % (
        'mapped only, ingest_parse() of 10 MB',
        parse['bytes'] / MB / parse['seconds']))
    for name, run in (('import: first', first), ('identical again', again)):
        print('%-40s %8.1f MB/s %8.2f s %8.2f MB WAL %6.1f MB memory' % (
            name, run['job']['bytes_received'] / MB / run['seconds'],
            run['seconds'], run['wal'] / MB, run['memory'] / MB))
    targets.at_most('calendar of %d MB: memory above start' % size, 100,
                    max(first['memory'], again['memory']) / MB, 'MB', 1)


# -- the whole ----------------------------------------------------------------

def run(options, directory):
    """Measure and tell everything; return it."""
    bench = Bench(options, directory)
    version = bench.admin.run('SHOW server_version')
    print('PostgreSQL %s, %d cores, load %.1f at the start' % (
        version, os.cpu_count(), os.getloadavg()[0]))
    results = {'server_version': version, 'cores': os.cpu_count(),
               'sizes': []}
    targets = Targets()
    sizes = []
    for size in map(int, options.sizes.split()):
        upstream = Upstream(size, directory)
        pages = bench.find_pages(upstream)
        rounds = []
        for number in range(1, options.rounds + 1):
            print('%d events, round %d of %d' % (
                size, number, options.rounds), file=sys.stderr)
            rounds.append(bench.round(upstream, pages, number))
        if options.matching and size >= options.matching:
            results['matching_share'] = matching.share_of_import(
                bench, upstream, targets)
        upstream.stop()
        sizes.append((size, rounds))
        results['sizes'].append({'events': size, 'pages': pages.count,
                                 'bytes': pages.bytes, 'rounds': rounds})
        size_table(size, pages, rounds)
        print()
        size_targets(targets, size, rounds)
    growth(targets, sizes)

    upstream = Upstream(1000, directory)
    results['not_modified'] = bench.not_modified(upstream)
    print('\nA calendar that answers 304')
    targets.at_most('304: from call to closed job', 20,
                    results['not_modified']['seconds'] * 1e3, 'ms', 1)
    if options.calendar:
        results['calendar'] = bench.calendar(upstream, options.calendar)
        calendar_table(targets, options.calendar, results['calendar'])
    if options.matching:
        results['matching'] = matching.compare(
            bench, options.matching, map(int, options.seeds.split()), targets)
        results['matching_growth'] = matching.growth(
            bench, tuple(map(int, options.stages.split())), targets)
    if options.calendar:
        results['readers'] = readers.compare(bench, options.readers,
                                             options.rounds, targets)
        results['years'] = readers.memory(bench, targets)
    upstream.stop()
    bench.close_database()
    results['targets'] = targets.lines
    return results


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--psql', required=True)
    parser.add_argument('--socket', required=True)
    parser.add_argument('--sizes', default='10000 100000')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--calendar', type=int, default=50)
    parser.add_argument('--matching', type=int, default=100000)
    parser.add_argument('--seeds', default='11 12 13')
    parser.add_argument('--stages', default='10000 100000 1000000')
    parser.add_argument('--readers', metavar='FOLDER')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        results = run(options, directory)
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump(results, file, indent=1)
            file.write('\n')


if __name__ == '__main__':
    main()
