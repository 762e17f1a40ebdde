"""The control room: /_control/NAME, by GET with a query or POST with JSON.

Tests change the city here, hold requests back, and ask what was requested.
Replies are JSON. Nothing here is counted among the requests.
"""

import json
import time
from collections import Counter
from datetime import datetime, timedelta

import ckan_shape
import clock
import eventbrite_shape as shape
import ics
from library import Library
from wire import Reply, Request

# Fields of an event that have a name of their own here; others are paths
# into its JSON, such as ticket_availability.is_sold_out.
FACTS_TEXT = ('title', 'summary', 'description', 'url', 'category')
FACTS_FLAG = {'sold_out': 'sold_out', 'free': 'free'}
ROLES = {'event_cancelled': 'cancelled-by-message',
         'event_postponed': 'postponed'}


class Refused(Exception):
    """A control request that makes no sense."""


def flag(value):
    """Read a boolean."""
    return str(value).lower() in ('1', 'true', 'yes', 'on')


class Control:
    """Answers requests below /_control."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.world = upstream.world
        self.actions = {
            'info': self.info, 'summary': self.summary, 'truth': self.truth,
            'events': self.events, 'change': self.change,
            'touch': self.touch, 'remove': self.remove,
            'restore': self.restore, 'add': self.add, 'bad': self.bad,
            'rotate-images': self.rotate_images, 'shift': self.shift,
            'rate-limit': self.rate_limit, 'token': self.token,
            'spike': self.spike, 'repeat': self.repeat,
            'reset': self.reset, 'requests': self.requests,
            'hang': self.hang, 'hanging': self.hanging,
            'release': self.release, 'wait': self.wait, 'warm': self.warm,
            'ckan': self.ckan, 'site': self.site, 'meetup': self.meetup,
        }

    def answer(self, request):
        """Return the reply to a control request."""
        name = request.path[len('/_control/'):].rstrip('/')
        action = self.actions.get(name)
        if action is None:
            return self._reply(404, {'error': 'unknown control',
                                     'known': sorted(self.actions)})
        arguments = dict(request.query)
        try:
            if request.body:
                arguments.update(json.loads(request.body))
            return self._reply(200, action(arguments))
        except (Refused, KeyError, ValueError, TypeError) as error:
            return self._reply(400, {'error': '%s: %s' % (
                type(error).__name__, error)})

    @staticmethod
    def _reply(status, value):
        return Reply(status, json.dumps(value, ensure_ascii=False)
                     .encode(), 'application/json')

    def _chosen(self, arguments):
        """Return the ids meant: event=ID[,ID...], every=N or first=N."""
        if 'event' in arguments:
            event = arguments['event']
            ids = event if isinstance(event, list) else str(event).split(',')
            for ident in ids:
                if self.world.stub(ident) is None \
                        and ident not in self.world.removed:
                    raise Refused('no event %s' % ident)
            return ids
        stubs = self.world.all_stubs()
        if 'every' in arguments:
            stubs = stubs[::int(arguments['every'])]
        elif 'first' in arguments:
            stubs = stubs[:int(arguments['first'])]
        else:
            raise Refused('event, every or first is needed')
        return [stub.id for stub in stubs]

    # -- what there is --------------------------------------------------------

    def info(self, arguments):
        """Say what is served, and where."""
        world = self.world
        return {'ports': self.upstream.ports, 'events': world.count,
                'seed': world.city.seed, 'token': world.token,
                'now': clock.iso_z(world.city.now_utc),
                'today': world.city.midnight.date().isoformat()}

    def summary(self, arguments):
        """Count the city's events; full=1 counts prices and languages."""
        world = self.world
        with world.lock:
            stubs = world.all_stubs()
            made = {
                'total': len(stubs),
                'status': Counter(s.status for s in stubs),
                'role': Counter(s.role for s in stubs if s.role),
                'online': sum(s.online for s in stubs),
                'no_venue': sum(s.venue is None and not s.online
                                for s in stubs),
                'in_series': sum(s.series is not None for s in stubs),
                'series': len({s.series for s in stubs} - {None}),
                'ids_first_last': [stubs[0].id, stubs[-1].id]
                if stubs else [],
                'twins': len(ics.twins(world)),
                'city_feed': len(ics.city_stubs(world))}
            since = arguments.get('since')
            start = (datetime.fromisoformat(since) if since else
                     world.city.midnight - timedelta(days=1))
            made['starting_from'] = clock.iso(start)
            made['starting'] = sum(s.start >= start for s in stubs)
            if flag(arguments.get('full', len(stubs) <= 5000)):
                facts = [world.facts(s) for s in stubs]
                made['free'] = sum(f.free for f in facts)
                made['sold_out'] = sum(f.sold_out for f in facts)
                made['language'] = Counter(f.language for f in facts)
            return made

    def truth(self, arguments):
        """List what a feed stands for.

        feed=city: the events announced by both sources. feed=library: the
        occurrences of its rules. feed=montreal: the table's events, with the
        local start, and whether the description tells its hour beyond doubt.
        feed=ticketmaster: the ids of its events.
        """
        world = self.world
        if arguments.get('feed') == 'montreal':
            with world.lock:
                return {'events': [{
                    'number': ckan_shape.number_of(stub),
                    'start': clock.iso(stub.start),
                    'end': clock.iso(stub.end),
                    'says_hour': ckan_shape.says_hour(stub)
                    and stub.index % 13 != 5}
                    for stub in world.all_stubs()]}
        if arguments.get('feed') == 'meetup':
            with world.lock:
                return {'events': self.upstream.meetup.truth()}
        if arguments.get('feed') == 'library':
            return {'occurrences': Library(world.city).truth}
        if arguments.get('feed') == 'ticketmaster':
            return {'events': self.upstream.ticketmaster.twins()}
        with world.lock:
            return {'pairs': [{
                'eventbrite_id': stub.id, 'uid': ics.uid(stub),
                'title': world.facts(stub).title,
                'starts_at': clock.iso_z(clock.to_utc(stub.start)),
                'venue': world.city.venue(stub.venue)[0]}
                for stub in ics.twins(world)]}

    # -- changes --------------------------------------------------------------

    def events(self, arguments):
        """Set how many events the city has."""
        self.world.set_count(int(arguments['count']))
        return {'events': self.world.count}

    def change(self, arguments):
        """Set a field of events, and move their `changed`."""
        field, value = arguments['field'], arguments.get('value')
        ids = self._chosen(arguments)
        for ident in ids:
            self._change(ident, field, value)
        return {'changed': len(ids), 'events': ids[:20]}

    def _change(self, ident, field, value):
        world = self.world
        stub = world.stub(ident)
        if stub is None:
            raise Refused('event %s is removed' % ident)
        if isinstance(value, str) and '{title}' in value:
            value = value.replace('{title}', world.facts(stub).title)
        if field in FACTS_TEXT:
            world.patch(ident, facts={field: value})
        elif field in FACTS_FLAG:
            world.patch(ident, facts={FACTS_FLAG[field]: flag(value)})
        elif field in ('min_price', 'max_price'):
            world.patch(ident, facts={field: round(float(value) * 100)})
        elif field == 'start':
            world.patch(ident, stub={'start': datetime.fromisoformat(value)})
        elif field == 'end':
            span = datetime.fromisoformat(value) - stub.start
            world.patch(ident, stub={
                'minutes': int(span.total_seconds() // 60)})
        elif field == 'status':
            world.patch(ident, stub={'status': value})
        elif field == 'venue':
            world.patch(ident, stub={'venue': self._venue(value)})
        elif field == 'online':
            world.patch(ident, stub={'online': flag(value)})
        elif field == 'listed':
            world.patch(ident, stub={
                'role': None if flag(value) else 'unlisted'})
        elif field == 'sales_message':
            world.patch(ident, stub={'role': ROLES.get(value)})
        else:
            if isinstance(value, str):
                try:
                    value = json.loads(value)
                except ValueError:
                    pass
            world.patch(ident, json_path=field, value=value)

    def _venue(self, value):
        if value in (None, '', 'none', 'null'):
            return None
        number = self.world.city.venue_number(str(value))
        if number is None:
            raise Refused('no venue %s' % value)
        return number

    def touch(self, arguments):
        """Move `changed` and nothing else."""
        ids = self._chosen(arguments)
        for ident in ids:
            self.world.patch(ident)
        return {'changed': len(ids)}

    def remove(self, arguments):
        """Make events vanish."""
        ids = self._chosen(arguments)
        for ident in ids:
            self.world.remove(ident)
        return {'removed': len(ids), 'events': ids[:20]}

    def restore(self, arguments):
        """Bring removed events back; all of them without event=."""
        ids = (self._chosen(arguments) if 'event' in arguments
               else list(self.world.removed))
        for ident in ids:
            self.world.restore(ident)
        return {'restored': len(ids)}

    def add(self, arguments):
        """Create events."""
        made = self.world.add(int(arguments.get('count', 1)))
        return {'events': [stub.id for stub in made]}

    def bad(self, arguments):
        """Make records malformed; kind=none heals them."""
        kind = arguments['kind']
        if kind != 'none' and kind not in shape.BAD_KINDS:
            raise Refused('kind is one of %s' % ', '.join(shape.BAD_KINDS))
        ids = self._chosen(arguments)
        with self.world.lock:
            for ident in ids:
                self.world.bad[ident] = kind
                if kind == 'none':
                    del self.world.bad[ident]
                self.world.touched(ident, order=False)
        return {'bad': len(ids), 'events': ids[:20]}

    def rotate_images(self, arguments):
        """Sign every image URL anew."""
        world = self.world
        with world.lock:
            world.image_salt += 1
            world.rendered.clear()
            world.rendered_size = 0
        return {'salt': world.image_salt}

    def shift(self, arguments):
        """Insert (by=1) or remove (by=-1) events at the front of a list.

        It happens after the next first page has been made, so that the
        client's second page is shifted.
        """
        self.world.drift = int(arguments.get('by', 1))
        return {'armed': self.world.drift}

    def repeat(self, arguments):
        """Send the page before in place of the next later pages."""
        self.world.repeats = int(arguments.get('count', 1))
        return {'repeats': self.world.repeats}

    # -- access ---------------------------------------------------------------

    def rate_limit(self, arguments):
        """Set the budget of API calls; budget=none lifts it."""
        budget = arguments.get('budget', 'none')
        budget = None if budget in (None, 'none', '') else int(budget)
        self.world.set_budget(budget, float(arguments.get('reset', 874)))
        return {'budget': budget}

    def spike(self, arguments):
        """Refuse the next requests as too many a second."""
        self.world.spikes = int(arguments.get('count', 1))
        return {'spikes': self.world.spikes}

    def token(self, arguments):
        """Change the token that is accepted."""
        self.world.token = arguments['value']
        return {'token': self.world.token}

    def reset(self, arguments):
        """Forget everything that happened since the start."""
        self.world.reset()
        return {'reset': True}

    # -- requests -------------------------------------------------------------

    def requests(self, arguments):
        """Say who asked for what; path=PART filters, clear=1 forgets."""
        world = self.world
        part = arguments.get('path', '')
        with world.lock:
            paths = {path: count for path, count in world.paths.items()
                     if part in path}
            made = {
                'total': world.nb_requests, 'matching': sum(paths.values()),
                'paths': paths, 'statuses': dict(world.statuses),
                'recent': [entry for entry in world.recent
                           if part in entry['target']],
                'landed': list(world.landed), 'too_early': world.too_early,
                'in_flight': world.in_flight}
            if flag(arguments.get('clear', '')):
                world.forget_requests()
            return made

    def _waiting(self):
        world = self.world
        return {'hanging': world.gate.hanging, 'stalled': world.stalled,
                'in_flight': world.in_flight,
                'requests': world.nb_requests}

    def hang(self, arguments):
        """Hold the following requests whose URL contains path=PART."""
        self.world.gate.close(arguments.get('path', '/'))
        return self._waiting()

    def hanging(self, arguments):
        """Say how many clients wait now."""
        return self._waiting()

    def release(self, arguments):
        """Let held requests go on."""
        self.world.gate.open()
        return self._waiting()

    def wait(self, arguments):
        """Wait until counters are reached: hanging=N, stalled=N, ...

        At least N, or exactly with in_flight; `reached` is false when
        timeout (10 seconds) came first.
        """
        end = time.monotonic() + float(arguments.pop('timeout', 10))
        wanted = {name: int(value) for name, value in arguments.items()}
        while True:
            now = self._waiting()
            if all(now[name] == value if name == 'in_flight' or value == 0
                   else now[name] >= value
                   for name, value in wanted.items()):
                return dict(now, reached=True)
            if time.monotonic() >= end:
                return dict(now, reached=False)
            time.sleep(.005)

    def ckan(self, arguments):
        """Set what is odd about the portal, by name; empty: no longer."""
        portal = self.world.portal
        for name, value in arguments.items():
            if value in ('', None):
                portal.pop(name, None)
            else:
                portal[name] = value
        return portal

    def site(self, arguments):
        """Set what is odd about the agenda, by name; empty: no longer."""
        site = self.world.site
        for name, value in arguments.items():
            if value in ('', None):
                site.pop(name, None)
            else:
                site[name] = value
        return site

    def meetup(self, arguments):
        """Set what is odd about Meetup, by name; empty: no longer."""
        for name, value in arguments.items():
            self.world.meetup.pop(name, None)
            if value not in ('', None):
                self.world.meetup[name] = value
        return self.world.meetup

    def warm(self, arguments):
        """Render the pages of a list, so that a benchmark meets no cost.

        path is the list's path and query, percent-encoded.
        """
        target = arguments['path']
        headers = {'authorization': 'Bearer ' + self.world.token}
        pages = size = 0
        page = 1
        while True:
            joint = '&' if '?' in target else '?'
            request = Request('GET', '%s%spage=%d' % (target, joint, page),
                              headers, b'', 0)
            reply = self.upstream.eventbrite.answer(request)
            if reply.status != 200:
                raise Refused('status %d' % reply.status)
            pages += 1
            size += len(reply.body)
            if b'"has_more_items":true' not in reply.body[:400]:
                return {'pages': pages, 'bytes': size}
            page += 1
