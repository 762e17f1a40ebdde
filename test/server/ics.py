"""Calendar feeds: /ics/NAME.ics."""

import base64
import hashlib
import html
from datetime import timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

import city as city_module
import ics_text
from ics_text import escape, utc, zoned
from library import Library
from wire import Reply

CALENDAR = 'text/calendar; charset=utf-8'
TWIN_STEP, TWIN_FIRST = 8, 3
USER, PASSWORD = 'demo', 'demo-secret'


def twins(world):
    """Return the events that both Eventbrite and city.ics announce."""
    return [s for s in world.all_stubs()
            if s.index % TWIN_STEP == TWIN_FIRST and s.venue is not None
            and s.role != 'unlisted' and s.index < city_module.CALENDAR_ONLY]


def city_stubs(world):
    """Return the events of city.ics, a quarter as many as Eventbrite has."""
    stubs = twins(world)
    for number in range(max(0, world.count // 4 - len(stubs))):
        stubs.append(world.city.stub(city_module.CALENDAR_ONLY + number))
    return stubs


def uid(stub):
    """Return the UID of an event in city.ics."""
    return 'mtl-%d@agenda.example.org' % stub.index


def _variant(stub, facts, title):
    """Return the title as another editor would have typed it."""
    choice = stub.index // TWIN_STEP % 4
    if choice == 1:
        return title.upper()
    if choice == 2:
        return '%s présente : %s' % (facts.organizer_name, title)
    if choice == 3:
        return title.replace('«\u00a0', '"').replace('–', '-').replace(
            '« ', '"').replace(' »', '"')
    return title


def city_event(world, stub, stamp, variants):
    """Return the content lines of one event."""
    facts = world.facts(stub)
    title = html.unescape(facts.title)
    if variants:
        title = _variant(stub, facts, title)
    name, street, _, postal, lat, long, _, _ = world.city.venue(stub.venue)
    lines = [
        'BEGIN:VEVENT', 'UID:' + uid(stub), 'DTSTAMP:' + utc(stamp),
        zoned('DTSTART', stub.start), zoned('DTEND', stub.end),
        'SUMMARY:' + escape(title),
        'DESCRIPTION:' + escape('\n'.join(facts.sentences)),
        'LOCATION:' + escape('%s, %s, Montréal, QC %s'
                             % (name, street, postal)),
        'GEO:%s;%s' % (lat, long),
        'URL:https://agenda.example.org/e/%d' % stub.index,
        'ORGANIZER;CN="%s":mailto:info@%s.example.org' % (
            facts.organizer_name, city_module.slug(facts.organizer_name)),
        'CATEGORIES:' + stub.genre.capitalize(),
        'CREATED:' + utc(stub.created),
        'LAST-MODIFIED:' + utc(facts.changed),
        'STATUS:' + ('CANCELLED' if stub.role == 'cancelled-by-message'
                     or stub.status == 'canceled' else 'CONFIRMED')]
    return lines + ['END:VEVENT']


class Feeds:
    """Answers requests below /ics."""

    ROOT = '/ics'

    def __init__(self, world):
        self.world = world
        self.nb_noise = 0

    def answer(self, request):
        """Return the reply to a request."""
        if request.method not in ('GET', 'HEAD'):
            return Reply(405, b'', None, [('Allow', 'GET, HEAD')])
        name = request.path[len(self.ROOT) + 1:]
        if name.startswith('private/'):
            refused = self._refuse(request)
            if refused is not None:
                return refused
            name = name[len('private/'):]
        if name in ('moved', 'moved.ics'):
            return Reply(301, b'', None, [
                ('Location', request.url(self.ROOT + '/city.ics'))])
        if name == 'big.ics':
            return self._big(request)
        if name == 'empty.ics':
            return self._conditional(
                request, ics_text.calendar('Agenda vide', (), refresh=None))
        if name in ('city.ics', 'library.ics'):
            return self._feed(request, name)
        return Reply(404, b'Not found\n', 'text/plain')

    @staticmethod
    def _refuse(request):
        """Return a 401 unless the user, or the token, is the right one."""
        secret = base64.b64encode(
            ('%s:%s' % (USER, PASSWORD)).encode()).decode()
        if request.header('authorization') in (
                'Basic ' + secret, 'Bearer ' + PASSWORD):
            return None
        return Reply(401, b'Unauthorized\n', 'text/plain', [
            ('WWW-Authenticate', 'Basic realm="agenda"')])

    def _feed(self, request, name):
        if request.query.get('noise') == '1':
            # Like the publishers that write the request time everywhere:
            # never two equal bodies, and no validator.
            self.nb_noise += 1
            stamp = self.world.city.now_utc + timedelta(seconds=self.nb_noise)
            return Reply(200, self._build(request, name, stamp), CALENDAR,
                         [('Cache-Control', 'no-cache, no-store')])
        variants = request.query.get('variants') == '1'
        world = self.world
        with world.lock:
            key = (name, variants)
            body = world.feeds.get(key)
            if body is None:
                body = self._build(request, name, world.city.now_utc)
                world.feeds[key] = body
        return self._conditional(request, body)

    def _build(self, request, name, stamp):
        world = self.world
        with world.lock:
            if name == 'library.ics':
                made = Library(world.city)
                old = 'DTSTAMP:' + utc(world.city.now_utc)
                new = 'DTSTAMP:' + utc(stamp)
                events = [[new if line == old else line for line in event]
                          for event in made.events]
                return ics_text.calendar('Bibliothèque – activités', events)
            variants = request.query.get('variants') == '1'
            return ics_text.calendar('Agenda Montréal', (
                city_event(world, stub, stamp, variants)
                for stub in city_stubs(world)))

    def _conditional(self, request, body):
        """Return 200 with validators, or 304 when one of them holds."""
        tag = '"%s"' % hashlib.sha1(
            body, usedforsecurity=False).hexdigest()[:20]
        changed = (self.world.city.now_utc + timedelta(
            seconds=self.world.nb_changes)).replace(tzinfo=timezone.utc)
        headers = [('ETag', tag), ('Cache-Control', 'private, max-age=0'),
                   ('Last-Modified', format_datetime(changed, usegmt=True))]
        if self._unchanged(request, tag, changed):
            return Reply(304, b'', None, headers)
        return Reply(200, body, CALENDAR, headers)

    @staticmethod
    def _unchanged(request, tag, changed):
        tags = request.header('if-none-match')
        if tags is not None:
            # If-None-Match silences If-Modified-Since (RFC 9110, 13.1.3).
            known = [t.strip().removeprefix('W/') for t in tags.split(',')]
            return tag in known or '*' in known
        since = request.header('if-modified-since')
        if since is None:
            return False
        try:
            return changed <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False

    def _big(self, request):
        try:
            size = int(float(request.query.get('mb', '50')) * (1 << 20))
        except ValueError:
            return Reply(400, b'mb must be a number\n', 'text/plain')
        return Reply(200, big_calendar(self.world.city, size), CALENDAR)


def big_calendar(city, size):
    """Yield a calendar of about so many bytes, never held as a whole."""
    empty = ics_text.calendar('Grand agenda', ())
    head, tail = empty[:-15], empty[-15:]
    yield head
    sent = len(empty)
    number = 0
    filler = escape(', '.join(
        'Une description assez longue, avec des accents (é, è, ç) ; '
        'et des virgules' for _ in range(8)))
    piece = []
    held = 0
    while sent < size:
        start = city.midnight + timedelta(hours=number % 4000 + 9)
        event = b''.join(map(ics_text.fold, (
            'BEGIN:VEVENT', 'UID:big-%d@agenda.example.org' % number,
            'DTSTAMP:' + utc(city.now_utc), zoned('DTSTART', start),
            zoned('DTEND', start + timedelta(hours=2)),
            'SUMMARY:Événement numéro %d' % number,
            'LOCATION:Salle %d\\, Montréal' % (number % 500),
            'DESCRIPTION:' + filler, 'END:VEVENT')))
        piece.append(event)
        held += len(event)
        sent += len(event)
        number += 1
        if held > 65536:
            yield b''.join(piece)
            piece, held = [], 0
    yield b''.join(piece)
    yield tail
