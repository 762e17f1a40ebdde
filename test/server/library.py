"""The library's calendar: recurrence in every form a public feed uses.

Each entry is written twice, as content lines and as the occurrences it
stands for, so that a test has the expected answer at hand
(/_control/truth?feed=library).
"""

from datetime import timedelta

import clock
from ics_text import day, escape, local, utc, zoned

PLACE = ("Bibliothèque de l'Estuaire, 6750 avenue De Lorimier, Montréal, "
         "QC H2G 2P8")
DAYS = ('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')
HORIZON_DAYS = 550


class Library:
    """Builds the feed and its truth for one day."""

    def __init__(self, city):
        self.today = city.midnight
        self.stamp = 'DTSTAMP:' + utc(city.now_utc)
        self.limit = self.today + timedelta(days=HORIZON_DAYS)
        self.events = []
        self.truth = []
        self._stories_fr()
        self._stories_en()
        self._clubs()
        self._all_day()
        self._single()

    # -- helpers --------------------------------------------------------------

    def _weekday(self, weekday, weeks):
        """Return midnight of a weekday so many weeks from this one."""
        ahead = (weekday - self.today.weekday()) % 7
        return self.today + timedelta(days=ahead + 7 * weeks)

    def _add(self, uid, title, times, *more, text=None):
        lines = ['BEGIN:VEVENT', 'UID:' + uid, self.stamp]
        lines += times
        lines += ['SUMMARY:' + escape(title), 'LOCATION:' + escape(PLACE),
                  'GEO:45.542700;-73.600700',
                  'URL:https://bibliotheque.example.org/a/'
                  + uid.split('@')[0]]
        if text is not None:
            lines.append('DESCRIPTION:' + escape(text))
        lines += more
        self.events.append(lines + ['END:VEVENT'])

    def _expect(self, uid, title, start, minutes, status='scheduled',
                all_day=False, original=None):
        self.truth.append({
            'uid': uid, 'title': title, 'status': status,
            'all_day': all_day, 'starts_at': clock.iso_z(clock.to_utc(start)),
            'ends_at': clock.iso_z(
                clock.to_utc(start + timedelta(minutes=minutes))),
            'recurrence_id': None if original is None else
            clock.iso_z(clock.to_utc(original))})

    # -- weekly stories -------------------------------------------------------

    def _stories_fr(self):
        """Every Saturday until a UTC instant; with all three exceptions."""
        uid = 'heure-du-conte@bibliotheque.example.org'
        title = 'Heure du conte, pour les 3 à 5 ans'
        first = self._weekday(5, -8) + timedelta(hours=10)
        starts = [first + timedelta(weeks=k) for k in range(34)]
        away = starts[12:14]
        moved, cancelled = starts[10], starts[15]
        until = clock.to_utc(starts[-1])
        self._add(uid, title,
                  [zoned('DTSTART', first),
                   zoned('DTEND', first + timedelta(minutes=45)),
                   'RRULE:FREQ=WEEKLY;BYDAY=SA;UNTIL=' + utc(until),
                   zoned('EXDATE', away[0]) + ',' + local(away[1])],
                  'CATEGORIES:Jeunesse,Famille', 'SEQUENCE:1',
                  'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT1H',
                  'DESCRIPTION:Rappel', 'END:VALARM',
                  text='Une histoire, une comptine, un bricolage.\n'
                       'Gratuit ; inscription sur place.')
        new_title = 'Heure du conte spéciale : Trois renards et une lune'
        self._add(uid, new_title,
                  [zoned('RECURRENCE-ID', moved),
                   zoned('DTSTART', moved + timedelta(hours=4)),
                   zoned('DTEND', moved + timedelta(hours=5))], 'SEQUENCE:2')
        self._add(uid, title,
                  [zoned('RECURRENCE-ID', cancelled),
                   zoned('DTSTART', cancelled),
                   zoned('DTEND', cancelled + timedelta(minutes=45))],
                  'STATUS:CANCELLED', 'SEQUENCE:2')
        for start in starts:
            if start in away:
                continue
            if start == moved:
                self._expect(uid, new_title, start + timedelta(hours=4), 60,
                             original=start)
            else:
                self._expect(uid, title, start, 45, original=start,
                             status='cancelled' if start == cancelled
                             else 'scheduled')

    def _stories_en(self):
        """Wednesdays, counted; one day is excluded by date alone."""
        uid = 'story-time@bibliotheque.example.org'
        title = 'Story Time (English), ages 3–5'
        first = self._weekday(2, -4) + timedelta(hours=10, minutes=30)
        starts = [first + timedelta(weeks=k) for k in range(24)]
        self._add(uid, title,
                  [zoned('DTSTART', first), 'DURATION:PT45M',
                   'RRULE:FREQ=WEEKLY;COUNT=24',
                   'EXDATE;VALUE=DATE:' + day(starts[8])],
                  'CATEGORIES:Children',
                  text='Songs, stories & a craft. Drop in; no registration.')
        for start in starts:
            if start != starts[8]:
                self._expect(uid, title, start, 45, original=start)

    def _clubs(self):
        """Two rules without end: every second week, first Thursday."""
        uid = 'club-echecs@bibliotheque.example.org'
        title = "Club d'échecs"
        start = first = self._weekday(1, -2) + timedelta(hours=18)
        self._add(uid, title,
                  [zoned('DTSTART', first),
                   zoned('DTEND', first + timedelta(hours=2)),
                   'RRULE:FREQ=WEEKLY;INTERVAL=2'])
        while start < self.limit:
            self._expect(uid, title, start, 120, original=start)
            start += timedelta(weeks=2)
        uid = 'club-lecture@bibliotheque.example.org'
        title = 'Club de lecture / Book Club'
        starts = []
        month = self.today.replace(day=1)
        while month < self.limit:
            ahead = (3 - month.weekday()) % 7
            starts.append(month + timedelta(days=ahead, hours=19))
            month = (month + timedelta(days=32)).replace(day=1)
        self._add(uid, title,
                  [zoned('DTSTART', starts[0]),
                   zoned('DTEND', starts[0] + timedelta(minutes=90)),
                   'RRULE:FREQ=MONTHLY;BYDAY=1TH'])
        for start in starts:
            if start < self.limit:
                self._expect(uid, title, start, 90, original=start)

    # -- whole days -----------------------------------------------------------

    def _all_day(self):
        """An exhibition of eighteen days, and one closed day."""
        uid = 'expo-hiver@bibliotheque.example.org'
        title = "Exposition : L'hiver en photographies"
        first = self.today + timedelta(days=9)
        last = first + timedelta(days=18)
        self._add(uid, title,
                  ['DTSTART;VALUE=DATE:' + day(first),
                   'DTEND;VALUE=DATE:' + day(last)],
                  'TRANSP:TRANSPARENT', 'X-ALT-DESC;FMTTYPE=text/html:'
                  + escape('<p>Trente photographies, <b>entrée libre</b>.'
                           '</p>'),
                  text='Trente photographies, entrée libre.')
        self._expect(uid, title, first, 18 * 1440, all_day=True)
        uid = 'vente-livres@bibliotheque.example.org'
        title = 'Grande vente de livres'
        first = self.today + timedelta(days=40)
        self._add(uid, title, ['DTSTART;VALUE=DATE:' + day(first)])
        self._expect(uid, title, first, 1440, all_day=True)

    # -- single ones ----------------------------------------------------------

    def _single(self):
        """Floating, UTC, without end, cancelled, in another zone."""
        start = self.today + timedelta(days=12, hours=19)
        uid, title = ('rencontre@bibliotheque.example.org',
                      'Rencontre avec Noémie Lachance')
        self._add(uid, title, ['DTSTART:' + local(start),
                               'DTEND:' + local(start + timedelta(hours=1))])
        self._expect(uid, title, start, 60)
        start = self.today + timedelta(days=20, hours=18, minutes=30)
        uid, title = ('coding@bibliotheque.example.org',
                      'Coding Club for Teens')
        end = start + timedelta(hours=2)
        self._add(uid, title, ['DTSTART:' + utc(clock.to_utc(start)),
                               'DTEND:' + utc(clock.to_utc(end))])
        self._expect(uid, title, start, 120)
        start = self.today + timedelta(days=25, hours=13)
        uid, title = ('dictee@bibliotheque.example.org', 'La dictée du mois')
        self._add(uid, title, [zoned('DTSTART', start)])
        self._expect(uid, title, start, 0)
        start = self.today + timedelta(days=16, hours=14)
        uid, title = ('echange@bibliotheque.example.org',
                      'Échange de plantes; graines, boutures')
        self._add(uid, title, [zoned('DTSTART', start),
                               zoned('DTEND', start + timedelta(hours=3))],
                  'STATUS:CANCELLED')
        self._expect(uid, title, start, 180, status='cancelled')
        start = self.today + timedelta(days=30, hours=15)
        uid, title = ('auteure-az@bibliotheque.example.org',
                      'En direct de Phoenix : Rachel Walsh')
        west = clock.to_utc(start) - timedelta(hours=7)  # no summer time there
        self._add(uid, title,
                  ['DTSTART;TZID=America/Phoenix:' + local(west),
                   'DTEND;TZID=America/Phoenix:'
                   + local(west + timedelta(hours=1))])
        self._expect(uid, title, start, 60)
        self.events.append([
            'BEGIN:VTODO', 'UID:todo-1@bibliotheque.example.org', self.stamp,
            'SUMMARY:Commander des marionnettes', 'END:VTODO'])
