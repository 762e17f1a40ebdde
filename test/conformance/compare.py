#!/usr/bin/env python3
"""Does ingest_parse('ics', ...) see in a calendar what others see in it?

    compare.py --connect CONNINFO [--psql PROGRAM] [--timezone ZONE] [-v] DIR

DIR/corpus/PROJECT/FILE is a calendar, DIR/expected/PROJECT/FILE.json what is
expected of it, DIR/disputed/PROJECT/FILE.json what readers don't agree on.
README.md beside this program says what is in them and how it is compared.

Each calendar is given to SQL as bytes, with the window, the zone of floating
times and nothing else.  Prints what agrees, then each difference with its
reason from reasons.tsv.  Exit status: 0 if all normative series agree, every
other difference has a reason, and nothing hung or failed that should not.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import time
import zoneinfo

HERE = pathlib.Path(__file__).resolve().parent

# A window for calendars of which only survival is asked
ANY_WINDOW = {'start': '2000-01-01T00:00:00Z', 'end': '2030-01-01T00:00:00Z'}

# At most so many occurrences of a series are listed in one window
LISTED = 1000

# A calendar that takes longer hangs: a second for each 100 kB, and some more
SECONDS_A_BYTE = 1 / 100_000
SECONDS = 5

# One line of JSON for a calendar; an error is an answer as well
LOOK = r"""
\set QUIET on
\set VERBOSITY verbose
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE FUNCTION pg_temp.look(payload bytea, config jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT json_build_object('rows', coalesce(json_agg(json_build_object(
            'id', source_id, 'series', series_id, 'title', title, 'status', status,
            'all_day', all_day, 'problem', problem,
            'start', to_char(starts_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'end', to_char(ends_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'first', to_char(starts_at AT TIME ZONE timezone, 'YYYY-MM-DD'),
            'after', to_char(ends_at AT TIME ZONE timezone, 'YYYY-MM-DD'))), '[]'))
            FROM ingest_parse('ics', payload, config));
EXCEPTION WHEN OTHERS THEN
  RETURN json_build_object('error', SQLERRM, 'sqlstate', SQLSTATE);
END $$;
"""


# ---- the server ----

class Server:
    """A psql session that is given statements and answers with lines"""

    def __init__(self, options):
        self.timezone = options.timezone
        self.psql = subprocess.Popen(
            [options.psql, '-X', '-A', '-t', '-q', '-d', options.connect],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding='utf-8')
        self.send(LOOK)
        self.slowest = (0, None)

    def send(self, text):
        self.psql.stdin.write(text)
        self.psql.stdin.flush()

    def look(self, path, body, window):
        """What ingest_parse finds: rows, or an error; None if the server ends"""
        config = json.dumps({'window_start': window['start'], 'window_end': window['end'],
                             'default_timezone': self.timezone})
        limit = round(1000 * (SECONDS + len(body) * SECONDS_A_BYTE))
        began = time.monotonic()
        try:
            self.send(f"SET statement_timeout = {limit};\n"
                      f"SELECT pg_temp.look('\\x{body.hex()}', '{config}');\n"
                      "\\echo :-done-\n")
        except BrokenPipeError:
            return None
        lines = []
        for line in self.psql.stdout:
            if line == ':-done-\n':
                break
            lines.append(line)
        else:
            return None
        took = time.monotonic() - began
        if took > self.slowest[0]:
            self.slowest = (took, path)
        try:
            return json.loads(''.join(lines))
        except ValueError:
            return {'error': ''.join(lines).strip(), 'sqlstate': '57014'}

    def is_alive(self):
        return self.look(None, b'BEGIN:VCALENDAR\nEND:VCALENDAR\n', ANY_WINDOW) == {'rows': []}


# ---- comparing ----

def plain(title):
    """A title as it is stored: one line"""
    return ' '.join(title.split())


def instant(occurrence, name, zone):
    """An expected time: dates stay, bare local times are read in the zone"""
    text = occurrence[name]
    if text is None or occurrence['all_day'] or text.endswith('Z'):
        return text
    local = datetime.datetime.fromisoformat(text).replace(tzinfo=zone)
    return local.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def is_of(row, uid):
    """Is the row the event of that UID (None: of none), or an occurrence of it?"""
    if uid is None:
        return row['id'].startswith('no-uid-')
    return row['series'] == uid or row['id'] == uid or row['id'].startswith(uid + '/')


def difference(row, occurrence, unsure, zone):
    """What of the row is not as expected; None: nothing"""
    all_day = occurrence['all_day']
    start = row['first'] if all_day else row['start']
    # an event that says no end, or its start, ends for others when it starts
    end = (row['after'] if all_day else row['end']) or start
    found = {
        'start': start == instant(occurrence, 'start', zone),
        'end': occurrence['end'] is None or end == instant(occurrence, 'end', zone),
        'all_day': row['all_day'] == all_day,
        'status': (row['status'] == 'cancelled') == (occurrence['status'] == 'CANCELLED'),
        # without a title of its own an event has the calendar's name
        'summary': not occurrence['summary'] or not plain(occurrence['summary']) or
                   plain(row['title']) == plain(occurrence['summary']),
    }
    return next((name for name, same in found.items() if not same and name not in unsure), None)


def compare(rows, expected, uids, facts, zone):
    """Rows of a series in one window with what is expected; None: they agree"""
    unsure = facts.get('unsure_fields', [])
    left = [row for row in rows if any(is_of(row, uid) for uid in uids)]
    for occurrence in expected:
        found = None
        for row in left:
            what = difference(row, occurrence, unsure, zone)
            if what is None:
                found = row
                break
        if found is None:
            near = next((row for row in left if what_start(row, occurrence, zone)), None)
            if near is not None:
                return f"{difference(near, occurrence, unsure, zone)} of {describe(near)} " \
                       f"is not as in {describe(occurrence)}"
            return f'missing: {describe(occurrence)}'
        left.remove(found)
    if facts.get('alone') and left and not (facts.get('truncated') and
                                            len(expected) >= facts.get('listed', LISTED)):
        return f'too many: {describe(left[0])}'
    return None


def what_start(row, occurrence, zone):
    return (row['first'] if occurrence['all_day'] else row['start']) == \
        instant(occurrence, 'start', zone)


def describe(item):
    return json.dumps({name: item.get(name) for name in ('id', 'start', 'end', 'all_day', 'status')
                       if item.get(name) is not None})


# ---- one calendar ----

class Report:
    """Counts by kind, and the differences"""

    def __init__(self, reasons):
        self.reasons = reasons
        self.tally = {}
        self.lines = []
        self.failed = []
        self.unexplained = []

    def count(self, kind, agrees):
        total = self.tally.setdefault(kind, [0, 0])
        total[0] += agrees
        total[1] += 1

    def differ(self, kind, name, what, situations, must_agree=False):
        reasons = [] if must_agree else self.explain(situations, name)
        if must_agree:
            self.failed.append(name)
        elif not reasons:
            self.unexplained.append(name)
        self.lines.append(f'{kind}: {name}: {what}' +
                          ''.join(f'\n    by policy: {reason}' for reason in reasons))

    def explain(self, situations, name):
        """The reasons written for situations, or for the very file"""
        return [self.reasons[key] for key in [name.split(' ', 1)[0], *situations]
                if key in self.reasons]


def uids_of(data, series):
    """The UIDs that a series goes by, and whether it has them for itself"""
    uids = {}
    for window in data['windows']:
        for occurrence in window['occurrences']:
            uids.setdefault(occurrence['series'], set()).add(occurrence['uid'])
    own = uids.get(series, {series})
    alone = not data.get('disputed_series') and None not in own and \
        not any(own & others for name, others in uids.items() if name != series)
    return own, alone


def take_expected(server, report, name, body, data):
    zone = zoneinfo.ZoneInfo(server.timezone)
    answers = [server.look(name, body, window) for window in data['windows']]
    file_agrees = True
    for series, facts in data['series'].items():
        uids, alone = uids_of(data, series)
        what = None
        for window, answer in zip(data['windows'], answers):
            if answer is None or 'error' in answer:
                what = answer['error'] if answer else 'the server ended'
                break
            expected = [o for o in window['occurrences'] if o['series'] == series]
            rows = [row for row in answer['rows'] if row['problem'] is None]
            what = compare(rows, expected, uids, dict(facts, alone=alone), zone)
            if what is not None:
                break
        report.count(facts['strength'], what is None)
        file_agrees &= what is None
        if what is not None:
            report.differ(facts['strength'], f'{name} {series}', what, facts.get('flags', []),
                          facts['strength'] == 'normative')
    report.count('file: ' + data['class'], file_agrees)


def take_survive(server, report, name, body, kind):
    """No event is expected, or anything that is an answer"""
    answer = server.look(name, body, ANY_WINDOW)
    if kind == 'certain-empty':
        fine = answer == {'rows': []}
    else:
        fine = answer is not None and answer.get('sqlstate', '22000') == '22000'
    report.count('file: ' + kind, fine)
    if not fine:
        report.differ(kind, name, json.dumps(answer)[:300], [], True)


def same_answer(rows, listed, counts, uids, zone):
    """Are the rows of each window what a reader answers, as far as it is listed?"""
    return all(compare(found, occurrences, uids,
                       {'alone': None not in uids, 'truncated': count > len(occurrences),
                        'listed': 0}, zone) is None
               for found, occurrences, count in zip(rows, listed, counts))


def take_disputed(server, report, name, body, data):
    """With which readers we agree where they do not agree among themselves"""
    zone = zoneinfo.ZoneInfo(server.timezone)
    windows = [{'start': start, 'end': end} for start, end in data['windows']]
    answers = [server.look(name, body, window) for window in windows]
    if any(answer is None or 'error' in answer for answer in answers):
        rows = [[] for _ in windows]
    else:
        rows = [[row for row in answer['rows'] if row['problem'] is None] for answer in answers]
    for item in data['disputed']:
        uid = None if item['series'].startswith('(no-uid)') else item['series'].split('#')[0]
        readers = [reader for reader, listed in item['answers'].items() if listed]
        agreeing = [reader for reader in readers
                    if same_answer(rows, item['answers'][reader], item['counts'][reader],
                                   {uid}, zone)]
        report.count('disputed: ' + ('as none' if not agreeing else 'as all' if agreeing == readers
                                     else 'as some') if readers else 'disputed: nobody reads it',
                     True)
        if agreeing != readers or not readers:
            report.differ('disputed', f"{name} {item['series']}",
                          f"as {', '.join(agreeing) or 'none'} of {', '.join(readers) or 'no reader'}",
                          [*item.get('why', []), *item.get('flags', []), item['reason']])


# ---- all of them ----

def read_reasons():
    reasons = {}
    for line in (HERE / 'reasons.tsv').read_text(encoding='utf-8').splitlines():
        if line and not line.startswith('#'):
            key, reason = line.split('\t')
            reasons[key] = reason
    return reasons


def take_all(server, report, directory):
    def load(part, file):
        path = directory / part / file.parent.name / (file.name + '.json')
        return json.loads(path.read_text(encoding='utf-8')) if path.exists() else None

    for file in sorted((directory / 'corpus').glob('*/*')):
        name = f'{file.parent.name}/{file.name}'
        body = file.read_bytes()
        data = load('expected', file)
        if data is not None and data.get('series'):
            take_expected(server, report, name, body, data)
        else:
            kind = 'survive' if data is None else data['class']
            take_survive(server, report, name, body,
                         kind if kind == 'certain-empty' else 'survive')
        data = load('disputed', file)
        if data is not None:
            take_disputed(server, report, name, body, data)
        if server.psql.poll() is not None:
            report.failed.append(name)
            report.lines.append(f'{name}: the server ended')
            return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--connect', default='')
    parser.add_argument('--psql', default='psql')
    parser.add_argument('--timezone', default='UTC')
    parser.add_argument('-v', action='store_true', dest='verbose',
                        help='every difference, also those by policy')
    parser.add_argument('directory', type=pathlib.Path)
    options = parser.parse_args()
    report = Report(read_reasons())
    server = Server(options)

    take_all(server, report, options.directory)
    alive = server.is_alive()
    for line in report.lines:
        if options.verbose or '\n    by policy: ' not in line:
            print(line)
    for kind, (agree, total) in sorted(report.tally.items()):
        print(f'{kind:34} {agree:5} of {total:5}  {100 * agree / total:6.2f} %')
    print(f'slowest: {server.slowest[0]:.2f} s, {server.slowest[1]}')
    print(f'{len(report.lines)} differences: {len(report.failed)} not allowed, '
          f'{len(report.unexplained)} without a written reason')
    if not alive:
        print('the server does not answer any more')
    return 0 if alive and not report.failed and not report.unexplained and report.tally else 1


if __name__ == '__main__':
    sys.exit(main())
