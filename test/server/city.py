"""The generator of the fake city: which events exist, where and when.

An event is a pure function of (seed, date, index). Nothing is drawn from a
shared stream, so that asking for more events leaves the others as they were,
and an event can be built alone, late, and in any order.

A Stub is what sorting and filtering need and costs a few microseconds;
Facts are everything else and are made only for events that are served.
"""

import random
import re
from datetime import datetime, timedelta

import clock
import words

FIRST_ID = 1100000000000
ID_STEP = 1009
# Events that only the calendar feeds know, that control adds, and drafts.
CALENDAR_ONLY = 50_000_000
ADDED = 60_000_000
DRAFT = 70_000_000

# Every hundred events hold each oddity a fixed number of times, so that even
# a small city has them all and tests can count on them.
ROLES = {
    7: 'canceled', 57: 'canceled', 19: 'cancelled-by-message',
    29: 'postponed', 27: 'not-yet-on-sale',
    11: 'sold-out', 13: 'sold-out', 31: 'sold-out', 51: 'sold-out',
    71: 'sold-out', 91: 'sold-out',
    17: 'online', 37: 'online', 67: 'online', 87: 'online', 97: 'online',
    23: 'no-venue', 73: 'no-venue', 41: 'unlisted', 47: 'pay-what-you-can',
    33: 'external', 63: 'external', 83: 'external',
    61: 'emoji', 43: 'entities', 81: 'crlf', 77: 'bare', 95: 'multi-day',
}
SERIES_LENGTH = 5
SERIES_EVERY = 50
ORGANIZER_ALL = '1001'
ORGANIZATION = '2001'
FIRST_ORGANIZER = 1002


# French joins "de" to a name that starts with a vowel.
_ELISION = re.compile(r'\bde (?=[AÀEÉIOU])')


class Dice(random.Random):
    """Draws built on random() alone, whose sequence Python never changes."""

    def below(self, limit):
        """Return an integer in [0, limit)."""
        return int(self.random() * limit)

    def pick(self, values):
        """Return one of the values."""
        return values[int(self.random() * len(values))]

    def chance(self, probability):
        """Return True that often."""
        return self.random() < probability


class Stub:
    """The part of an event that ordering and filtering look at."""

    __slots__ = ('index', 'id', 'role', 'series', 'genre', 'start', 'minutes',
                 'created', 'organizer', 'venue', 'online', 'status')

    @property
    def end(self):
        """Return the local end."""
        return self.start + timedelta(minutes=self.minutes)


class Facts:
    """Everything else about an event; plain attributes."""


def slug(text):
    """Return a title as it appears in an event's URL."""
    plain = text.lower()
    for accented, letter in zip('àâäéèêëîïôöùûüçœ', 'aaaeeeeiioouuuco'):
        plain = plain.replace(accented, letter)
    return re.sub(r'[^a-z0-9]+', '-', plain).strip('-')[:60].strip('-')


class City:
    """Venues, organizers and events of one seed on one day."""

    def __init__(self, seed, today):
        self.seed = seed
        self.midnight = datetime.combine(today, datetime.min.time())
        # "Now" for computed statuses: noon, whatever the time of day.
        self.now_utc = clock.to_utc(self.midnight + timedelta(hours=12))
        self.created_from = self.now_utc - timedelta(days=200)
        self._venues_by_kind = {}
        for number, venue in enumerate(words.VENUES):
            self._venues_by_kind.setdefault(venue[6], []).append(number)
        self._organizers_by_genre = {}
        for number, organizer in enumerate(words.ORGANIZERS):
            for genre in organizer[2]:
                self._organizers_by_genre.setdefault(genre, []).append(number)
        self._genres = tuple(words.GENRES)

    def _dice(self, index, salt):
        return Dice(((self.seed * 4 + salt) << 40) + index)

    # -- places and people ----------------------------------------------------

    def venue(self, number):
        """Return (name, address, borough, postal, lat, long, kind, seats)."""
        if number < len(words.VENUES):
            return words.VENUES[number]
        dice = self._dice(number, 3)
        kind_name, kind, seats = dice.pick(words.EXTRA_VENUE_KINDS)
        street, borough, postal, lat, long = dice.pick(words.STREETS)
        name = '%s %s-%s' % (kind_name, dice.pick(words.FIRST_NAMES),
                             dice.pick(words.LAST_NAMES))
        postal = '%s %d%s%d' % (postal, dice.below(10),
                                dice.pick('ABCEGHJKLMNPRSTVWXYZ'),
                                dice.below(10))
        return (name, '%d %s' % (100 + dice.below(8900), street), borough,
                postal, '%.6f' % (lat + dice.random() * .02 - .01),
                '%.6f' % (long + dice.random() * .02 - .01), kind, seats)

    @staticmethod
    def venue_id(venue, organizer):
        """Return a venue id; a hall has three, as each organizer makes one."""
        return str(30000000 + venue * 10 + organizer % 3)

    @staticmethod
    def venue_number(venue_id):
        """Return the venue of an id, or None."""
        if not venue_id.isdigit() or len(venue_id) > 12:
            return None
        number, copy = divmod(int(venue_id) - 30000000, 10)
        return number if number >= 0 and copy < 3 else None

    @staticmethod
    def organizer_id(number):
        """Return the id of an organizer."""
        return str(FIRST_ORGANIZER + number)

    # -- events ---------------------------------------------------------------

    def _pick_venue(self, dice, index, genre):
        """Return a venue fit for the genre.

        The city grows with the number of events: beyond the first two
        thousand, half of the events go to small places that only exist in
        a large city.
        """
        if index > 2000 and index < CALENDAR_ONLY and dice.chance(.5):
            return len(words.VENUES) + dice.below(index // 50)
        numbers = []
        for kind in words.GENRES[genre]['kinds']:
            numbers += self._venues_by_kind.get(kind, ())
        return dice.pick(numbers)

    def stub(self, index):
        """Return the stub of the event at an index."""
        stub = Stub()
        stub.index = index
        stub.id = str(FIRST_ID + index * ID_STEP)
        stub.role = ROLES.get(index % 100) if index < CALENDAR_ONLY else None
        position = index % SERIES_EVERY
        in_series = index < CALENDAR_ONLY and position < SERIES_LENGTH
        origin = index - position if in_series else index
        dice = self._dice(origin, 0)
        stub.genre = dice.pick(self._genres)
        if in_series:
            stub.series = str(FIRST_ID - 500 + origin * ID_STEP)
            day = 2 + dice.below(140) + 7 * position
        else:
            stub.series = None
            day = dice.below(197) - 14
        genre = words.GENRES[stub.genre]
        hour, minute = dice.pick(genre['times']).split(':')
        stub.start = self.midnight + timedelta(
            days=day, hours=int(hour), minutes=int(minute))
        stub.minutes = dice.pick(genre['minutes'])
        stub.organizer = dice.pick(self._organizers_by_genre[stub.genre])
        stub.online = stub.role == 'online'
        stub.venue = self._pick_venue(dice, origin, stub.genre)
        if stub.role in ('online', 'no-venue'):
            stub.venue = None
        if stub.role == 'multi-day':
            stub.minutes += 1440 * (2 + dice.below(20))
        stub.created = self.created_from + timedelta(
            seconds=60 * min(index, 280000))
        if index >= CALENDAR_ONLY:
            stub.created = self.now_utc - timedelta(days=3)
        stub.status = self._status(stub)
        return stub

    def _status(self, stub):
        """Return the status Eventbrite would compute."""
        if stub.index >= DRAFT:
            return 'draft'
        if stub.role == 'canceled':
            return 'canceled'
        return self.status_at(stub.start, stub.end)

    def status_at(self, start, end):
        """Return live, started, ended or completed for a local span."""
        now = clock.to_local(self.now_utc)
        if start > now:
            return 'live'
        if end > now:
            return 'started'
        return 'ended' if end > now - timedelta(days=1) else 'completed'

    def facts(self, stub):
        """Return the facts of an event: its words, its prices, its dates."""
        origin = stub.index
        if stub.series is not None:
            origin -= stub.index % SERIES_EVERY
        dice = self._dice(origin, 1)
        genre = words.GENRES[stub.genre]
        facts = Facts()
        name, language, _ = words.ORGANIZERS[stub.organizer]
        facts.organizer_name = name
        facts.language = language if dice.chance(.9) else (
            'en' if language == 'fr' else 'fr')
        slots = self._slots(dice, facts.language, stub)
        templates = genre[facts.language]
        choice = dice.below(len(templates))
        if stub.start.month not in (11, 12) and any(
                word in templates[choice] for word in ('Noël', 'Christmas')):
            choice = (choice + 1) % len(templates)
        facts.title = self._fill(templates[choice], slots)
        sentences = words.SENTENCES[facts.language]
        first = dice.below(len(sentences))
        count = 5 + dice.below(4)
        facts.sentences = [
            self._fill(sentences[(first + 5 * k) % len(sentences)], slots)
            for k in range(count)]
        facts.summary = (facts.title + '. ' + facts.sentences[0])[:140]
        self._decorate(stub, facts)
        self._price(dice, stub, genre, facts)
        facts.category = genre['category']
        facts.subcategory = genre['subcategory']
        facts.format = genre['format']
        facts.locale = 'fr_CA' if facts.language == 'fr' else 'en_CA'
        facts.logo = str(700000000 + origin * 7)
        facts.edge_color = '#%06x' % dice.below(1 << 24)
        facts.all_ages = dice.chance(.5)
        self._dates(stub, facts)
        if stub.role == 'bare':
            facts.summary = facts.logo = None
            facts.category = facts.subcategory = facts.format = None
        prefix = ('billets-%s-%s' if facts.language == 'fr'
                  else '%s-tickets-%s')
        facts.url = 'https://www.eventbrite.ca/e/' + prefix % (
            slug(facts.title), stub.id)
        return facts

    def _dates(self, stub, facts):
        """Set published and changed; both stay where N leaves them."""
        own = self._dice(stub.index, 2)
        facts.published = stub.created + timedelta(seconds=30 + own.below(900))
        if stub.series is not None:
            # Children inherit the parent's: published before created.
            position = stub.index % SERIES_EVERY
            facts.published = stub.created - timedelta(
                seconds=60 * position - 20)
        room = int((self.now_utc - stub.created).total_seconds()) - 3600
        facts.changed = stub.created + timedelta(
            seconds=own.below(max(room, 60)))

    @staticmethod
    def _fill(template, slots):
        return _ELISION.sub("d'", template.format_map(slots))

    def _slots(self, dice, language, stub):
        """Return the words that a title's or a sentence's slots take."""
        def person():
            return '%s %s' % (dice.pick(words.FIRST_NAMES),
                              dice.pick(words.LAST_NAMES))

        def joined(table):
            head, tail = table[language]
            return '%s %s' % (dice.pick(head), dice.pick(tail))

        slots = {name: dice.pick(table[language])
                 for name, table in words.SLOTS.items()}
        teams = words.SLOTS['team'][language]
        rival = teams.index(slots['team']) + 1 + dice.below(len(teams) - 1)
        team2 = teams[rival % len(teams)]
        slots.update(
            person=person(), person2=person(), band=joined(words.BANDS),
            band2=joined(words.BANDS), work=joined(words.WORKS),
            team2=team2[0].lower() + team2[1:] if language == 'fr' else team2,
            craft_cap=slots['craft'][0].upper() + slots['craft'][1:],
            weekday=words.SLOTS['weekday'][language][stub.start.weekday()],
            year=stub.start.year)
        return slots

    @staticmethod
    def _decorate(stub, facts):
        """Give a few events the odd characters real ones have."""
        if stub.role == 'emoji':
            facts.title = '\U0001f389 ' + facts.title + ' \u2744\ufe0f'
        elif stub.role == 'entities':
            facts.title += ' & <Compagnie>'
            facts.summary = (facts.summary[:100]
                             + ' Entr&eacute;e libre &amp; caf&eacute;.')
        elif stub.role == 'crlf':
            facts.title = facts.title.replace(' ', '\u00a0', 1)
            facts.summary = facts.summary[:100] + '\r\nBienvenue\u00a0!\r\n'

    @staticmethod
    def _price(dice, stub, genre, facts):
        """Set the tickets: free, sold out, prices in cents."""
        low, high = genre['price']
        cheap = low + dice.below(high - low + 1)
        dear = cheap + dice.below(high)
        facts.free = dice.chance(genre['free'])
        facts.min_price, facts.max_price = cheap * 100, dear * 100
        facts.sold_out = stub.role == 'sold-out'
        if facts.free:
            facts.min_price = facts.max_price = 0
        if stub.role == 'pay-what-you-can':
            facts.free = False
            facts.min_price = facts.max_price = 0

    def index_of(self, event_id):
        """Return the index an event id stands for, or None."""
        if not event_id.isdigit() or len(event_id) != 13:
            return None
        index, rest = divmod(int(event_id) - FIRST_ID, ID_STEP)
        return index if index >= 0 and rest == 0 else None
