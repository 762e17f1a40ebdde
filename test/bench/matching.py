"""How good the matching is, and what it costs: listings of known truth.

Listings (test/match/listings.py makes them, or any file in its format) go
through the extension as a source's would: ingest_import of a JSON feed, source
after source, the listings of one class of variation after those of another.
Then the events and the review queue are compared with the truth:

  pair        two listings of one real event, from different sources
  auto        they are one event in ingest.event
  review      their events wait for a person, in ingest.match_review
  false       two listings in one event that are of different real events

Every pair counts for the class of the listing that came later; a false one for
the listing that is no plain one.  What a listing costs is CPU time of the
session, parsing and storing included.
"""

import collections
import csv
import datetime
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATOR = os.path.join(HERE, '..', 'match', 'listings.py')
ZONE = 'America/Toronto'
ZONE_INFO = zoneinfo.ZoneInfo(ZONE)
CHUNK = 5000                    # listings in one call of ingest_import

FIELDS = ('id', 'source', 'truth', 'title', 'start', 'all_day', 'venue_id',
          'venue', 'latitude', 'longitude', 'kind', 'end', 'address',
          'postal_code', 'city', 'url')

CONFIG = {
    'url': 'https://listings.example/',
    'records': '/listings',
    'keep_raw': False,
    'window_start': '2000-01-01',
    'window_end': '2100-01-01',
    'mapping': {
        'source_id': '/id', 'title': '/title', 'starts_at': '/start',
        'ends_at': '/end', 'venue_name': '/venue', 'latitude': '/latitude',
        'longitude': '/longitude', 'address': '/address',
        'postal_code': '/postal_code', 'city': '/city', 'url': '/url',
        'timezone': {'value': ZONE}},
}


class Row:
    """A listing and its truth."""

    __slots__ = ('id', 'source', 'truth', 'kind', 'record')

    def __init__(self, values):
        fields = {name: value for name, value in zip(FIELDS, values)
                  if value != '\\N'}
        self.id = fields['id']
        self.source = 'source%s' % fields['source']
        self.truth = int(fields['truth'])
        self.kind = fields['kind']
        self.record = {name: fields[name] for name in (
            'id', 'title', 'start', 'end', 'venue', 'latitude', 'longitude',
            'address', 'postal_code', 'city', 'url') if name in fields}
        if fields['all_day'] == 't':
            for name in self.record.keys() & {'start', 'end'}:
                self.record[name] = str(datetime.datetime.fromisoformat(
                    fields[name]).astimezone(ZONE_INFO).date())


def generate(count, seed):
    """Return the listings of a seed."""
    made = subprocess.run(
        [sys.executable, '-B', GENERATOR, str(count), str(seed)],
        stdout=subprocess.PIPE, check=True, encoding='utf-8')
    return read(made.stdout.splitlines())


def read(lines):
    """Return the listings of a file's lines."""
    return [Row(values) for values in csv.reader(
        lines, delimiter='\t', quoting=csv.QUOTE_NONE)]


def load(bench, rows):
    """Import the rows; return CPU seconds by class."""
    bench.new_database()
    for source in sorted({row.source for row in rows}):
        add_source(bench, source)
    spent = collections.Counter()
    parts = collections.defaultdict(list)
    for row in rows:
        parts[row.source, row.kind].append(row)
    for (source, kind), part in sorted(parts.items()):
        for first in range(0, len(part), CHUNK):
            chunk = part[first:first + CHUNK]
            spent[kind] += add(bench, source, chunk)
    return spent


def add_source(bench, name):
    """Add a source of listings."""
    bench.session.run(
        "SELECT ingest_add_source('%s', 'json', '%s', timezone => '%s')"
        % (name, json.dumps(CONFIG), ZONE))


def add(bench, source, rows):
    """Import rows of a source; return the CPU seconds."""
    body = json.dumps({'listings': [row.record for row in rows]},
                      ensure_ascii=False).replace("'", "''")
    start = bench.cpu()
    made = bench.session.json(
        "SELECT nb_created, nb_errors FROM ingest_import('%s', '%s')"
        % (source, body))
    if made['nb_created'] != len(rows) or made['nb_errors']:
        sys.exit('%s: %s of %d' % (source, made, len(rows)))
    return bench.cpu() - start


class Score:
    """What was found of a class."""

    def __init__(self):
        self.listings = self.waiting = 0
        self.pairs = self.auto = self.review = self.false = 0

    def add(self, other):
        """Add another class."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    precision = property(lambda self: self.auto / max(
        1, self.auto + self.false) if self.auto + self.false else 1.0)
    recall = property(lambda self: self.auto / self.pairs
                      if self.pairs else None)
    found = property(lambda self: (self.auto + self.review) / self.pairs
                     if self.pairs else None)
    f1 = property(lambda self: self.pairs and 2 * self.auto / (
        self.auto + self.false + self.pairs))


def fetch(bench, sql):
    """Return the rows of a query."""
    return json.loads(bench.session.run(
        "SELECT coalesce(json_agg(q), '[]') FROM (%s) q" % sql))


def judge(bench, rows):
    """Compare the store with the truth; return scores by class and pairs."""
    by_key = {(row.source, row.id): row for row in rows}
    row_of = {}
    event_of = {}
    for stored in fetch(bench, 'SELECT id, source, source_id, event_id '
                               'FROM ingest.listing'):
        row = by_key[stored['source'], stored['source_id']]
        row_of[stored['id']] = row
        event_of[row] = stored['event_id']
    scores = collections.defaultdict(Score)
    queue = set()
    waiting = set()
    wrong = []
    for pair in fetch(bench, 'SELECT listing_a, listing_b, score, evidence '
                             'FROM ingest.match_review'):
        a, b = row_of[pair['listing_a']], row_of[pair['listing_b']]
        queue.add(frozenset((event_of[a], event_of[b])))
        waiting.update((a, b))
        if a.truth != b.truth:
            wrong.append(('review', a, b))
        else:
            wrong.append(('asked', a, b))
    for row in rows:
        scores[row.kind].listings += 1
        scores[row.kind].waiting += row in waiting

    for same in groups(rows, lambda row: row.truth):
        for a, b in itertools.combinations(same, 2):
            score = scores[pair_kind(a, b)]
            if a.source == b.source:
                continue
            score.pairs += 1
            if event_of[a] == event_of[b]:
                score.auto += 1
            elif frozenset((event_of[a], event_of[b])) in queue:
                score.review += 1
            else:
                wrong.append(('missed', a, b))
    for same in groups(rows, event_of.get):
        for a, b in itertools.combinations(same, 2):
            if a.truth != b.truth:
                scores[pair_kind(a, b)].false += 1
                wrong.append(('false', a, b))
    pairs = int(bench.session.run('SELECT count(*) FROM ingest.match_review'))
    return scores, pairs, wrong


def groups(rows, key):
    """Yield lists of two or more rows that have the key in common."""
    found = collections.defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return [same for same in found.values() if len(same) > 1]


def pair_kind(a, b):
    """Return the class that a pair counts for."""
    return b.kind if b.kind not in ('plain', 'single') else a.kind


# -- telling ------------------------------------------------------------------

def share(value, digits=4):
    """Return a share for the table."""
    return '' if value is None else '%.*f' % (digits, value)


def table(title, scores, pairs, spent):
    """Print what was found by class; return the total."""
    total = Score()
    for score in scores.values():
        total.add(score)
    print('\n%s: %s listings, %s pairs of one event; %d pairs in review '
          '(%.2f %% of the listings)\n' % (
              title, format(total.listings, ','), format(total.pairs, ','),
              pairs, 100 * pairs / total.listings))
    print('%-22s %8s %7s %6s %6s %6s %6s %9s %7s %7s %7s %7s %9s' % (
        'class', 'listings', 'pairs', 'auto', 'review', 'missed', 'false',
        'precision', 'recall', 'F1', '+review', 'queue %', 'ms/listing'))
    for kind, score in sorted(scores.items()) + [('all', total)]:
        seconds = spent[kind] if kind != 'all' else sum(spent.values())
        print('%-22s %8d %7d %6d %6d %6d %6d %9s %7s %7s %7s %7s %9s' % (
            kind, score.listings, score.pairs, score.auto, score.review,
            score.pairs - score.auto - score.review, score.false,
            share(score.precision) if score.pairs or score.false else '',
            share(score.recall), share(score.f1 or None),
            share(score.found),
            share(100 * score.waiting / score.listings, 2)
            if score.listings else '',
            share(1e3 * seconds / score.listings, 3)
            if score.listings else ''))
    return total


def judge_total(targets, name, total):
    """Judge a seed."""
    targets.at_least(name + 'precision of automatic merges', .999,
                     total.precision, digits=5)
    targets.at_least(name + 'recall of automatic merges', .85, total.recall,
                     digits=4)
    targets.at_least(name + 'recall with the review queue', .97, total.found,
                     digits=4)
    targets.at_most(name + 'listings in review', 1.5,
                    100 * total.waiting / total.listings, '%')


def compare(bench, count, seeds, targets):
    """Measure some seeds; return what was found."""
    results = []
    for seed in seeds:
        rows = generate(count, seed)
        spent = load(bench, rows)
        scores, pairs, _ = judge(bench, rows)
        total = table('Matching, seed %d' % seed, scores, pairs, spent)
        print()
        judge_total(targets, 'matching, seed %d: ' % seed, total)
        results.append({
            'seed': seed, 'review_pairs': pairs,
            'classes': {kind: dict(vars(score), seconds=spent[kind])
                        for kind, score in scores.items()}})
    return results


# -- what a listing costs beside how many others ------------------------------

ADDED = 1000                    # listings, in each of three measurements

# Copies of all that is stored so far, of the same days, each a different
# thing at a different place: another key under the same day
COPY = """
CREATE TEMP TABLE copies AS SELECT generate_series(1, {copies})::int8 AS n;
INSERT INTO ingest.event ({event_columns})
  SELECT {event_values} FROM ingest.event t, copies WHERE t.id <= {highest};
INSERT INTO ingest.listing ({listing_columns})
  SELECT {listing_values} FROM ingest.listing t, copies WHERE t.id <= {highest};
INSERT INTO ingest.match_key (listing_id, key, facts)
  SELECT listing_id + n * {highest},
         (key >> 44 << 44) | (hashint8extended(key, n) & ((1::int8 << 44) - 1)),
         facts
    FROM ingest.match_key, copies WHERE listing_id <= {highest};
SELECT setval('ingest.event_id_seq', {highest} * ({copies} + 1)),
       setval('ingest.listing_id_seq', {highest} * ({copies} + 1));
DROP TABLE copies;
ANALYZE ingest.event, ingest.listing, ingest.match_key
"""


def columns(bench, table, **values):
    """Return the columns of a table and what a copy has in them."""
    names = bench.session.run(
        "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT "
        "attisdropped AND attrelid = 'ingest.%s'::regclass" % table).split()
    return (', '.join(names),
            ', '.join(values.get(name, 't.' + name) for name in names))


def multiply(bench, copies):
    """Store so many copies of what is stored."""
    bench.session.run('SET jit = off')
    highest = int(bench.session.run(
        'SELECT greatest((SELECT max(id) FROM ingest.event), '
        '(SELECT max(id) FROM ingest.listing))'))
    shifted = {'id': 't.id + n * %d' % highest,
               'event_id': 't.event_id + n * %d' % highest,
               'source_id': "'copy ' || t.id + n * %d" % highest}
    event = columns(bench, 'event', **shifted)
    listing = columns(bench, 'listing', **shifted)
    for statement in COPY.format(
            copies=copies, highest=highest,
            event_columns=event[0], event_values=event[1],
            listing_columns=listing[0], listing_values=listing[1]).split(';'):
        bench.session.run(statement)
    bench.session.run('CHECKPOINT')


def growth(bench, stages, targets):
    """Measure what new listings cost while more and more are stored."""
    load(bench, generate(stages[0], 21))
    new = generate(3 * len(stages) * ADDED, 22)
    add_source(bench, 'added')
    stored = stages[0]
    costs = []
    print()
    for stage in stages:
        if stage > stored:
            multiply(bench, stage // stored - 1)
            stored = stage
        # the first reads what lies on disk
        made = []
        for _ in range(3):
            chunk, new = new[:ADDED], new[ADDED:]
            made.append(add(bench, 'added', chunk) / ADDED)
        costs.append(sorted(made)[1])
        print('new listing while %9s are stored: %6.3f ms of CPU' % (
            format(stored, ','), 1e3 * costs[-1]))
    targets.at_most('new listing among the most : among the fewest', 2,
                    costs[-1] / costs[0])
    return [{'stored': stage, 'seconds': cost}
            for stage, cost in zip(stages, costs)]


# -- the share of matching in an import ----------------------------------------

def share_of_import(bench, upstream, targets):
    """Sample a first import with perf, where it may; return matching's share.

    What no frame leads to (json-c, lz4, libcurl are built without) is none of
    matching's.
    """
    perf = shutil.which('perf')
    if not perf:
        print('\nperf is not there: matching\'s share is not measured')
        return None
    bench.new_database()
    bench.add_eventbrite(upstream)
    with tempfile.TemporaryDirectory() as directory:
        file = os.path.join(directory, 'samples')
        sampler = threading.Thread(target=sample, args=(bench, perf, file))
        sampler.start()
        made = bench.import_source('eventbrite', nb_errors=0)
        sampler.join()
        if not os.path.exists(file):
            print('\nperf may not sample: matching\'s share is not measured')
            return None
        script = subprocess.run([perf, 'script', '-F', 'ip,sym', '-i', file],
                                stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=False,
                                encoding='utf-8', errors='replace')
    stacks = [set(line.split()[-1] for line in stack.splitlines() if line)
              for stack in script.stdout.split('\n\n') if stack.strip()]
    matching = sum(bool(stack & {'EventMatch', 'EventBefore'})
                   for stack in stacks)
    print('\nfirst import of %s listings: %d of %d samples are matching' % (
        format(made['job']['nb_created'], ','), matching, len(stacks)))
    targets.at_most('matching adds to a first import', 25,
                    100 * matching / (len(stacks) - matching), '%', 1)
    return {'samples': len(stacks), 'matching': matching}


def sample(bench, perf, file):
    """Sample the process of the import until it ends."""
    pid = None
    for _ in range(1000):
        pid = bench.running_pid()
        if pid:
            break
        time.sleep(.01)
    subprocess.run([perf, 'record', '-q', '-F', '499', '-g', '-p', str(pid),
                    '-o', file], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
