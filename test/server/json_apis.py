"""JSON APIs that have no connector of their own: /json/NAME.

OpenAgenda v2, The Events Calendar REST and a Squarespace page in their shape,
and one plain list in five ways of paging with what goes wrong in each.
"""

import json
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode

from wire import Reply

KEY = 'demo-key'
COUNT = 23


def _starts(number):
    """Return when an event begins: noon UTC, a day after the other."""
    return datetime(2030, 1, 1, 12, tzinfo=timezone.utc) + timedelta(number)


def _z(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')


def _blank(moment):
    return moment.strftime('%Y-%m-%d %H:%M:%S')


class JsonApis:
    """Answers what is under /json."""

    ROOT = '/json'

    def __init__(self, world):
        self.world = world
        self.second_port = 0

    def answer(self, request):
        """Return the reply to a request."""
        name = request.path[len(self.ROOT) + 1:].split('/')[0]
        action = {'openagenda': self.openagenda, 'tribe': self.tribe,
                  'squarespace': self.squarespace,
                  'plain': self.plain}.get(name)
        if action is None:
            return self._reply(404, {'error': 'not found'})
        return action(request)

    @staticmethod
    def _reply(status, value, headers=()):
        return Reply(status, json.dumps(value).encode(), 'application/json',
                     headers)

    @staticmethod
    def _wanted(request):
        """Return the query as a list of pairs: names may come again."""
        return parse_qsl(request.raw_query, keep_blank_values=True)

    # -- OpenAgenda v2 --------------------------------------------------------

    def openagenda(self, request):
        """Cursor after[], key in header or query, several timings."""
        pairs = self._wanted(request)
        query = dict(pairs)
        if KEY not in (request.header('key'), query.get('key')):
            return self._reply(403, {'success': False,
                                     'message': 'key is not valid'})
        size = min(int(query.get('size', 20)), 300)
        after = [value for name, value in pairs if name == 'after[]']
        start = int(after[1]) if len(after) == 2 else 0
        events = [self._openagenda_event(number)
                  for number in range(start, min(start + size, COUNT))]
        end = start + len(events)
        return self._reply(200, {
            'success': True, 'total': COUNT,
            'after': [0, end] if end < COUNT else None,
            'sort': 'timingsWithFeatured.asc', 'events': events})

    @staticmethod
    def _openagenda_event(number):
        begins = [_starts(number) + timedelta(hours=hour)
                  for hour in range(1 + number % 2)]
        return {
            'uid': 7000 + number, 'slug': 'soiree-%d' % number, 'state': 2,
            'status': 6 if number == 3 else 1,
            'attendanceMode': 2 if number == 4 else 1,
            'updatedAt': '2029-01-01T00:00:00.000Z',
            'title': {'fr': 'Soirée %d' % number,
                      'en': 'Evening %d' % number},
            'description': {'fr': 'Une soirée.'}, 'longDescription': None,
            'keywords': {'fr': ['soir']}, 'timezone': 'America/Toronto',
            'timings': [{'begin': _z(begin),
                         'end': _z(begin + timedelta(minutes=50))}
                        for begin in begins],
            'location': None if number == 4 else {
                'name': 'Salle %d' % number, 'address': '1 rue Un',
                'city': 'Montréal', 'countryCode': 'CA',
                'latitude': 45.5, 'longitude': -73.5},
            'image': None, 'registration': [], 'conditions': None,
            'age': {'min': None, 'max': None},
            'originAgenda': {'uid': 1, 'title': 'Agenda'}}

    # -- The Events Calendar --------------------------------------------------

    def tribe(self, request):
        """Numbered pages and next_rest_url; at most 10 on a page."""
        query = dict(self._wanted(request))
        size = min(int(query.get('per_page', 10)), 10)
        page = int(query.get('page', 1))
        pages = -(-COUNT // size)
        if page > pages:
            return self._reply(404, {
                'code': 'event-archive-page-not-found',
                'message': 'The requested page was not found.',
                'data': {'status': 404}})
        first = (page - 1) * size
        body = {'events': [self._tribe_event(number) for number in
                           range(first, min(first + size, COUNT))],
                'rest_url': request.url(request.path),
                'total': COUNT, 'total_pages': pages}
        if page < pages:
            query['page'] = page + 1
            body['next_rest_url'] = request.url(request.path,
                                                urlencode(query))
        return self._reply(200, body, [('X-TEC-Total', str(COUNT)),
                                       ('X-TEC-TotalPages', str(pages))])

    @staticmethod
    def _tribe_event(number):
        starts = _starts(number)
        ends = starts + timedelta(hours=2)
        return {
            'id': 100 + number, 'status': 'publish',
            'title': 'Atelier &#8211; %d' % number,
            'description': '<p>Un atelier.</p>',
            'url': 'https://www.example.org/event/%d/' % number,
            'image': False, 'all_day': False,
            'utc_start_date': _blank(starts), 'utc_end_date': _blank(ends),
            'timezone': 'America/Toronto', 'cost': 'Free',
            'cost_details': {'currency_code': '', 'values': ['0']},
            'categories': [], 'tags': [], 'venue': [], 'organizer': [],
            'modified_utc': '2029-01-01 00:00:00'}

    # -- Squarespace ----------------------------------------------------------

    def squarespace(self, request):
        """A page whose ?format=json its links leave out."""
        query = dict(self._wanted(request))
        if query.get('format') != 'json':
            return Reply(200, b'<!doctype html><title>Events</title>',
                         'text/html')
        first = int(query.get('offset', 0))
        last = min(first + 10, COUNT)
        body = {'website': {'timeZone': 'America/Toronto'}, 'past': [],
                'upcoming': [self._squarespace_event(number)
                             for number in range(first, last)]}
        if last < COUNT:
            body['pagination'] = {
                'nextPage': True, 'nextPageOffset': last,
                'nextPageUrl': '%s?offset=%d' % (request.path, last)}
        return self._reply(200, body)

    @staticmethod
    def _squarespace_event(number):
        starts = int(_starts(number).timestamp() * 1000)
        return {
            'id': '5f%04d' % number, 'title': 'Concert %d' % number,
            'fullUrl': '/events/concert-%d' % number, 'body': None,
            'startDate': starts, 'endDate': starts + 3600000,
            'updatedOn': 1, 'categories': [], 'tags': [],
            'location': {'markerLat': 40.7207559, 'markerLng': -74.0007613,
                         'addressTitle': '', 'addressLine1': '',
                         'addressLine2': '', 'addressCountry': ''}}

    # -- one list, five ways --------------------------------------------------

    def plain(self, request):
        """Serve /json/plain/WAY: page, offset, cursor, next or link.

        Of the query: size (5), shift=N pages begin N records early,
        loop=1 the same page for ever, elsewhere=1 links to the second port,
        auth=1 wants the key, and says it back where it is wrong.
        """
        query = dict(self._wanted(request))
        if request.body:
            query.update({name: str(value) for name, value in
                          json.loads(request.body).items()})
        given = (request.header('authorization') or query.get('key') or '')
        if query.get('auth') and given not in (KEY, 'Bearer ' + KEY):
            return self._reply(401, {'error': 'no access with ' + given})
        way = request.path.rsplit('/', 1)[1]
        size = int(query.get('size', 5))
        first = (int(query.get('page', 1)) - 1) * size if way == 'page' \
            else int(query.get('at', 0))
        shifted = 0 if 'loop' in query else \
            max(0, first - int(query.get('shift', 0)))
        end = min((0 if 'loop' in query else first) + size, COUNT)
        body = {'items': [{'id': number, 'name': 'Soir %d' % number,
                           'when': _z(_starts(number))}
                          for number in range(shifted, end)]}
        headers = []
        if end < COUNT and way in ('cursor', 'next', 'link'):
            if way == 'cursor':
                body['cursor'] = str(end)
            else:
                query['at'] = end
                query.pop('key', None)
                url = request.url(request.path, urlencode(query))
                if 'elsewhere' in query:
                    url = 'http://127.0.0.1:%d%s?%s' % (
                        self.second_port, request.path, urlencode(query))
                if way == 'next':
                    body['next'] = url
                else:
                    headers.append(('Link', '<%s>; rel="next"' % url))
        return self._reply(200, body, headers)
