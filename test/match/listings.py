#!/usr/bin/env python3
"""Listings of several sources, with known truth, for judging the matching.

  listings.py COUNT SEED >FILE.tsv

A city of invented halls, artists and programmes.  Each real event is listed
once by the source it belongs to (class "plain", or the name of a trap: what
looks like another event and is none); some are listed again by other sources,
each time changed in one way or two, which is the listing's class.

Columns, tab-separated, \\N for unknown: id, source, truth, title, start and
whether it is a whole day (t/f), venue id (never said), venue, latitude,
longitude, class, end, address, postal code, city, URL.  Times are instants in
UTC.  Two listings are one event if and only if their truth is equal.
"""

import datetime
import random
import sys
import unicodedata
import zoneinfo

import listing_words as words

ZONE = zoneinfo.ZoneInfo('America/Toronto')
FIRST_DAY = datetime.date(2027, 1, 4)
DAYS = 365
TWICE = .10                     # of the events are listed again
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)


class Listing:
    """What a source says of an event."""

    def __init__(self, truth, source, kind, event):
        self.truth, self.source, self.kind = truth, source, kind
        self.title = event.title
        self.start, self.end = event.start, event.start + event.length
        self.whole_day = False
        self.hall, self.room = event.hall, event.room
        self.venue = event.hall.name if not event.room else '%s, %s' % (
            event.hall.name, event.room)
        self.address, self.postal_code = event.hall.address, event.hall.postal
        self.latitude, self.longitude = event.hall.place
        self.url = None

    def line(self, number):
        """Return it as a line of the file."""
        values = (number, self.source, self.truth, self.title,
                  instant(self.start), 'ft'[self.whole_day], None, self.venue,
                  self.latitude and '%.5f' % self.latitude,
                  self.longitude and '%.5f' % self.longitude, self.kind,
                  self.end and instant(self.end), self.address,
                  self.postal_code, 'Montréal' if self.venue else None,
                  self.url)
        return '\t'.join('\\N' if value is None else str(value)
                         for value in values)


class Hall:
    """A place with a name that it goes by, and rooms."""

    def __init__(self, dice, number):
        self.kind, own = dice.choice(words.KINDS_OF_HALL)
        self.own = own.format(name=words.name(dice), other=words.name(dice))
        self.name = '%s %s' % (self.kind, self.own) if self.kind else self.own
        street = dice.choice(words.STREETS).format(name=words.name(dice))
        self.address = '%d %s' % (dice.randrange(20, 9000), street)
        self.postal = 'H%d%s %d%s%d' % (
            dice.randrange(1, 10), dice.choice('ABCEGHJKLMNPRSTVWXYZ'),
            dice.randrange(10), dice.choice('ABCEGHJKLMNPRSTVWXYZ'),
            number % 10)
        self.place = (dice.uniform(45.42, 45.66), dice.uniform(-73.9, -73.48))
        self.rooms = dice.sample(words.ROOMS, 2) \
            if dice.random() < .3 else []


class Event:
    """Something that takes place."""

    def __init__(self, title, start, hall, room=None, length=2 * HOUR):
        self.title, self.start, self.hall = title, start, hall
        self.room, self.length = room, length


def instant(time):
    """Return a time as the file has it."""
    return time.astimezone(datetime.timezone.utc).isoformat()


def plain_letters(text):
    """Return the text without accents."""
    return ''.join(c for c in unicodedata.normalize('NFD', text)
                   if not unicodedata.combining(c))


# -- what sources do to a listing; each takes (dice, listing) ------------------

def identical(dice, listing):
    """Say the same."""


def letters(dice, listing):
    """Case, accents, composed or not."""
    listing.title = dice.choice((
        str.upper, str.lower, plain_letters, str.title,
        lambda text: unicodedata.normalize('NFD', text),
        lambda text: plain_letters(text).upper()))(listing.title)


def punctuation(dice, listing):
    """Quotes, dashes, entities, blanks."""
    listing.title = dice.choice((
        lambda text: '« %s »' % text,
        lambda text: text.replace("'", '’').replace(' ', '  ', 1),
        lambda text: text.replace(' - ', ' – ').replace(' ', '\u00a0', 1),
        lambda text: '“%s”!' % text,
        lambda text: '★ %s ★' % text))(listing.title)


def promoter(dice, listing):
    """Name who puts it on."""
    listing.title = dice.choice(words.PROMOTERS).format(
        name=words.name(dice), title=listing.title)


def hall_in_title(dice, listing):
    """Say in the title where it is."""
    listing.title += dice.choice((' @ ', ' - ', ' | ', ' (', ', ')) + \
        dice.choice((listing.hall.name, listing.hall.own))
    if '(' in listing.title and ')' not in listing.title:
        listing.title += ')'


def hall_variant(dice, listing):
    """Write the hall's name otherwise, at a point near by."""
    hall = listing.hall
    listing.venue = dice.choice((
        hall.own, hall.name.upper(), plain_letters(hall.name),
        hall.name + ' (Montréal)', 'Le ' + hall.own if hall.kind else hall.own,
        hall.name + ' - ' + hall.address))
    if dice.random() < .5:
        listing.address = listing.postal_code = None
    shift_point(dice, listing, .0012)


def shift_point(dice, listing, degrees):
    """Geocode it otherwise."""
    listing.latitude += dice.uniform(-degrees, degrees)
    listing.longitude += dice.uniform(-degrees, degrees)


def room(dice, listing):
    """Name the room, or only the building."""
    if listing.room:
        listing.venue = listing.hall.name
    else:
        listing.venue = '%s, %s' % (listing.hall.name,
                                    dice.choice(words.ROOMS))


def no_hall(dice, listing):
    """Leave the place out."""
    listing.venue = listing.address = listing.postal_code = None
    listing.latitude = listing.longitude = None


def address_only(dice, listing):
    """Give the address as the place."""
    listing.venue = None
    shift_point(dice, listing, .0004)


def only_day(dice, listing):
    """Know the day only."""
    day = listing.start.astimezone(ZONE).date()
    listing.start = datetime.datetime(day.year, day.month, day.day,
                                      tzinfo=ZONE)
    listing.end = None
    listing.whole_day = True


def doors(dice, listing):
    """Give the time the doors open, or the show begins."""
    listing.start += dice.choice((-30, -30, -15, 15, 30)) * MINUTE


def doors_hour(dice, listing):
    """Likewise, an hour apart."""
    listing.start += dice.choice((-60, -45, 45, 60)) * MINUTE
    listing.end = None


def end(dice, listing):
    """Say otherwise, or not, when it is over."""
    listing.end = dice.choice((None, listing.end + HOUR,
                               listing.end - 30 * MINUTE))


def zone(dice, listing):
    """Take the wall clock for UTC."""
    offset = listing.start.astimezone(ZONE).utcoffset()
    listing.start += offset
    listing.end = None


def translated(dice, listing):
    """Put the words of the kind of event into the other language."""
    listing.title = words.translate(listing.title)


def bilingual(dice, listing):
    """Say it in both."""
    other = words.translate(listing.title)
    if other != listing.title:
        listing.title = '%s / %s' % (listing.title, other)


def typo(dice, listing):
    """Mistype a letter of a longer word."""
    parts = listing.title.split(' ')
    long = [i for i, part in enumerate(parts) if len(part) > 5]
    if not long:
        return
    at = dice.choice(long)
    word = parts[at]
    i = dice.randrange(1, len(word) - 2)
    parts[at] = dice.choice((
        word[:i] + word[i + 1:], word[:i] + word[i] + word[i:],
        word[:i] + word[i + 1] + word[i] + word[i + 2:],
        word[:i] + dice.choice('aeinrst') + word[i + 1:]))
    listing.title = ' '.join(parts)


def status(dice, listing):
    """Say in the title what became of it."""
    listing.title = dice.choice(words.STATUS).format(title=listing.title)


def tickets(dice, listing):
    """Speak of tickets."""
    listing.title = dice.choice(words.TICKETS).format(title=listing.title)


def subtitle(dice, listing):
    """Add what it is about."""
    listing.title += dice.choice((' : ', ' – ', ': ')) + dice.choice(
        words.SUBTITLES).format(name=words.name(dice))


def support(dice, listing):
    """Add who plays first."""
    listing.title += dice.choice((' + ', ' w/ ', ' avec ', ', ', ' & ')) + \
        words.artist(dice)


def word_order(dice, listing):
    """Turn it round."""
    parts = listing.title.split(' ')
    if len(parts) > 1:
        at = dice.randrange(1, len(parts))
        listing.title = ' '.join(parts[at:] + parts[:at])


def word_less(dice, listing):
    """Leave a word out."""
    parts = listing.title.split(' ')
    if len(parts) > 2:
        del parts[dice.randrange(len(parts))]
        listing.title = ' '.join(parts)


def ticket_link(dice, listing):
    """Lead to the same seller's page (Again sees to the other side)."""


# Variation, and how often it is met
VARIATIONS = (
    (identical, 10), (letters, 8), (punctuation, 5), (promoter, 8),
    (hall_in_title, 7), (hall_variant, 9), (room, 4), (no_hall, 5),
    (address_only, 3), (only_day, 6), (doors, 8), (doors_hour, 4), (end, 4),
    (zone, 2), (translated, 5), (bilingual, 2), (typo, 6), (status, 4),
    (tickets, 4), (subtitle, 5), (support, 5), (word_order, 3),
    (word_less, 3), (ticket_link, 3))
TITLE_ONLY = (letters, punctuation, promoter, hall_in_title, translated, typo,
              status, tickets, subtitle, support, word_order)
PLACE_ONLY = (hall_variant, no_hall, address_only)


class Generator:
    """Makes events and their listings until there are enough."""

    def __init__(self, count, seed):
        self.dice = random.Random(seed)
        self.count = count
        self.listings = []
        self.truth = 0
        self.halls = [Hall(self.dice, i) for i in range(max(60, count // 400))]
        self.artists = [words.artist(self.dice)
                        for _ in range(max(300, count // 12))]
        self.taken = set()      # (title, hall, day): nothing is there twice

    def moment(self, hours=None):
        """Return a time at which something begins."""
        day = FIRST_DAY + datetime.timedelta(self.dice.randrange(DAYS))
        hour = self.dice.choice(hours or words.HOURS)
        return datetime.datetime(day.year, day.month, day.day, int(hour),
                                 round(hour % 1 * 60), tzinfo=ZONE)

    def title(self):
        """Return a title."""
        return words.title(self.dice, self.dice.choice(self.artists))

    def event(self, title=None, hours=None):
        """Return something somewhere some time."""
        while True:
            hall = self.dice.choice(self.halls)
            event = Event(title or self.title(), self.moment(hours), hall,
                          self.dice.choice(hall.rooms)
                          if hall.rooms and self.dice.random() < .7 else None,
                          self.dice.choice((1, 1.5, 2, 2, 3)) * HOUR)
            if self.take(event):
                return event

    def take(self, event):
        """Return whether nothing of its title is there for some weeks."""
        week = event.start.toordinal() // 7
        if any((event.title, event.hall, week + n) in self.taken
               for n in range(-8, 9)):
            return False
        self.taken.add((event.title, event.hall, week))
        return True

    def put(self, event, kind='plain', source=None, again=True):
        """List an event, and perhaps again elsewhere."""
        self.truth += 1
        first = Listing(self.truth, self.dice.randrange(3)
                        if source is None else source, kind, event)
        self.listings.append(first)
        if again and self.dice.random() < TWICE:
            for source in self.dice.sample(
                    [n for n in range(5) if n != first.source],
                    self.dice.choice((1, 1, 1, 2))):
                self.again(first, event, source)
        return first

    def again(self, first, event, source):
        """List an event in another way."""
        vary, = self.dice.choices([vary for vary, _ in VARIATIONS],
                                  [often for _, often in VARIATIONS])
        listing = Listing(self.truth, source, vary.__name__, event)
        vary(self.dice, listing)
        if vary is ticket_link:
            first.url = 'https://www.eventbrite.ca/e/%d' % (
                10**9 + self.truth)
            listing.url = first.url + '?aff=city'
            promoter(self.dice, listing)
        elif self.dice.random() < .2:
            listing.kind = 'two at once'
            self.dice.choice(PLACE_ONLY if vary in TITLE_ONLY
                             else TITLE_ONLY)(self.dice, listing)
        self.listings.append(listing)

    # -- events that are like others --

    def weekly(self):
        """A series: the same thing each week, from one source."""
        event = self.event(words.series_title(self.dice), (10, 10.5, 13, 19))
        source = self.dice.randrange(3)
        for _ in range(self.dice.randrange(3, 8)):
            self.put(event, 'series weekly', source)
            event = Event(event.title, event.start
                          + datetime.timedelta(days=7), event.hall,
                          event.room, event.length)

    def nights(self):
        """A play on several nights."""
        event = self.event(hours=(19.5, 20))
        for _ in range(3):
            self.put(event, 'run of nights', 0)
            event = Event(event.title, event.start
                          + datetime.timedelta(days=1), event.hall,
                          event.room, event.length)

    def showtimes(self):
        """Two or three shows on one day."""
        event = self.event(hours=(11, 13, 14, 15))
        source = self.dice.randrange(3)
        for hours in self.dice.choice(((0, 5), (0, 6), (0, 3), (0, 2, 4))):
            self.put(Event(event.title, event.start + hours * HOUR,
                           event.hall, event.room, 1.5 * HOUR),
                     'showtimes', source)

    def sessions(self):
        """Short sessions, one after the other, as libraries have them."""
        event = self.event(words.series_title(self.dice), (9.5, 10, 13))
        source = self.dice.randrange(3)
        for number in range(self.dice.randrange(2, 5)):
            self.put(Event(event.title, event.start + number * 75 * MINUTE,
                           event.hall, event.room, HOUR),
                     'sessions', source)

    def template(self):
        """One title for several people, at one place and time."""
        head = self.dice.choice(words.TEMPLATES)
        event = self.event('-')
        for source in self.dice.sample(range(4), self.dice.choice((2, 3))):
            title = head.format(name=words.person(self.dice))
            self.put(Event(title, event.start, event.hall, event.room),
                     'template titles', source)

    def numbered(self):
        """Parts that a number tells apart, at one place and time."""
        title = words.series_title(self.dice)
        event = self.event('-')
        form = self.dice.choice(('{} {}', '{} (groupe {})', '{} - volet {}',
                                 '{} - level {}'))
        for number, source in enumerate(self.dice.sample(range(4), 2), 1):
            self.put(Event(form.format(title, number), event.start,
                           event.hall, event.room), 'numbered', source)

    def same_slot(self):
        """Another act at the same place and time, from another source."""
        event = self.event()
        other = Event(self.title(), event.start, event.hall, event.room)
        if self.take(other):
            for source, one in zip(self.dice.sample(range(4), 2),
                                   (event, other)):
                self.put(one, 'same slot', source)

    def elsewhere(self):
        """The same thing at the same time in another hall."""
        title = self.dice.choice((words.series_title(self.dice),
                                  self.title()))
        event = self.event(title)
        other = Event(title, event.start, self.dice.choice(self.halls))
        if self.take(other):
            for source, one in zip(self.dice.sample(range(4), 2),
                                   (event, other)):
                self.put(one, 'same title elsewhere', source)

    def rooms(self):
        """The same class in two rooms of a house."""
        event = self.event(words.series_title(self.dice))
        for source, spot in zip(self.dice.sample(range(4), 2),
                                event.hall.rooms):
            self.put(Event(event.title, event.start, event.hall, spot),
                     'two rooms', source, again=False)

    def festival(self):
        """A festival, and a day of it."""
        name = 'Festival ' + words.name(self.dice)
        event = self.event(name, (11, 12))
        days = self.dice.randrange(2, 5)
        event.length = datetime.timedelta(days=days)
        one, other = self.dice.sample(range(4), 2)
        self.put(event, 'festival and day', one, again=False)
        self.put(Event(name, event.start + self.dice.randrange(days)
                       * datetime.timedelta(days=1), event.hall, None,
                       8 * HOUR), 'festival and day', other, again=False)

    def add_on(self):
        """Parking or VIP entry for a show."""
        event = self.event()
        self.put(event, 'add-on', 0)
        event.title = self.dice.choice(words.ADD_ONS).format(
            title=event.title)
        self.put(event, 'add-on', 3, again=False)

    def untimed(self):
        """A day's listing without a time, where there are two shows."""
        event = self.event(hours=(13, 14))
        for hours in (0, 6):
            self.put(Event(event.title, event.start + hours * HOUR,
                           event.hall, event.room), 'untimed, two shows', 0,
                     again=False)
        self.truth += 1
        listing = Listing(self.truth, 2, 'untimed, two shows', event)
        only_day(self.dice, listing)
        self.listings.append(listing)

    def editions(self):
        """Last year's page, still listed with this year's date."""
        name = 'Salon ' + words.name(self.dice)
        event = self.event(name)
        year = event.start.year
        for source, title in zip(self.dice.sample(range(4), 2), (
                '%s %d' % (name, year), '%s %d' % (name, year - 1))):
            self.put(Event(title, event.start, event.hall), 'editions',
                     source, again=False)

    def generate(self):
        """Return all listings, in an order of no meaning."""
        traps = ((self.weekly, 25), (self.nights, 10), (self.showtimes, 15),
                 (self.sessions, 12), (self.template, 8), (self.numbered, 5),
                 (self.same_slot, 14), (self.elsewhere, 8), (self.rooms, 3),
                 (self.festival, 4), (self.add_on, 3), (self.untimed, 2),
                 (self.editions, 2))
        makers = [make for make, _ in traps]
        weights = [often for _, often in traps]
        while len(self.listings) < self.count:
            if self.dice.random() < .86:
                self.put(self.event())
            else:
                self.dice.choices(makers, weights)[0]()
        self.dice.shuffle(self.listings)
        return self.listings


def main():
    """Write the listings."""
    sys.stdout.reconfigure(encoding='utf-8')
    for number, listing in enumerate(Generator(
            int(sys.argv[1]), int(sys.argv[2])).generate(), 1):
        listing.kind = listing.kind.replace('_', ' ')
        print(listing.line(number))


if __name__ == '__main__':
    main()
