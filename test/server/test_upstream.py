"""Tests of the fake upstream over real sockets.

Run with: python3 -m unittest discover -s test/server
"""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import city as city_module
import clock
import eventbrite_shape as shape
import faults
import words
from upstream import Upstream
from world import World

NOW = '2026-11-22T15:00:00Z'
EB = '/eventbrite/v3'
LIST = EB + '/organizers/1001/events/?status=all'
ALL = ','.join(sorted(shape.EXPANSIONS))
AUTH = {'Authorization': 'Bearer demo-token'}
HERE = os.path.dirname(os.path.abspath(__file__))


class ServerCase(unittest.TestCase):
    """One server for a class; control resets it before each test."""

    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream(World(400, 1, NOW))
        cls.servers = cls.upstream.listen('127.0.0.1', 0)
        cls.port = cls.upstream.ports[0]
        for server in cls.servers:
            threading.Thread(target=server.serve_forever, args=(.01,),
                             daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers:
            server.shutdown()
            server.server_close()

    def setUp(self):
        self.control('reset')

    def request(self, path, headers=AUTH, method='GET', body=None,
                port=None):
        """Return (response, body) over a connection of its own."""
        connection = http.client.HTTPConnection(
            '127.0.0.1', port or self.port, timeout=5)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def get(self, path, headers=AUTH, status=200):
        """Return the JSON of a reply whose status must be this one."""
        response, body = self.request(path, headers)
        self.assertEqual(response.status, status, (path, body[:200]))
        return json.loads(body)

    def control(self, action, **arguments):
        """Do something in the control room."""
        return self.get('/_control/%s?%s' % (action, urlencode(arguments)))

    def walk(self, path):
        """Return every event of a list, by its continuations."""
        events, token = [], None
        while True:
            page = self.get(path + ('&continuation=' + quote(token, safe='')
                                    if token else ''))
            events += page['events']
            about = page['pagination']
            if not about['has_more_items']:
                self.assertNotIn('continuation', about)
                return events
            token = about['continuation']


class EventbriteCase(ServerCase):
    """The API as it should be."""

    def test_walk_by_continuation_and_by_page(self):
        events = self.walk(LIST)
        self.assertEqual(len(events), 400)
        self.assertEqual(len({e['id'] for e in events}), 400)
        page = self.get(LIST + '&page=2')
        self.assertEqual(page['pagination']['page_number'], 2)
        self.assertEqual([e['id'] for e in page['events']],
                         [e['id'] for e in events[50:100]])
        self.assertEqual(
            self.get(LIST)['pagination']['continuation'], 'eyJwYWdlIjogMn0')

    def test_opaque_continuation_needs_escaping(self):
        path = EB + '/organizations/2001/events/?status=all&page_size=200'
        token = self.get(path)['pagination']['continuation']
        self.assertTrue(set('+/') & set(token))
        self.assertEqual(len(self.walk(path)), 403)
        live = EB + '/organizations/2001/events/?status=live,started,ended'
        self.assertNotIn('draft', {e['status'] for e in self.walk(live)})

    def test_every_oddity_is_there(self):
        events = self.walk(LIST + '&expand=' + ALL)
        kinds = {
            'canceled': lambda e: e['status'] == 'canceled',
            'message': lambda e: e['event_sales_status']['message_code']
            == 'event_cancelled' and e['status'] != 'canceled',
            'postponed': lambda e: e['event_sales_status']['message_code']
            == 'event_postponed',
            'sold out': lambda e: e['ticket_availability']['is_sold_out'],
            'free': lambda e: e['is_free'],
            'online': lambda e: e['online_event'] and not e['venue_id'],
            'no venue': lambda e: not e['online_event'] and not e['venue'],
            'series': lambda e: 'series_id' in e,
            'unlisted': lambda e: not e['listed'],
            'external': lambda e: e['external_ticketing'],
            'music': lambda e: e['music_properties'],
            'crlf': lambda e: '\r\n' in (e['summary'] or ''),
            'nbsp': lambda e: '\u00a0' in e['name']['text'],
            'emoji': lambda e: '\U0001f389' in e['name']['text'],
            'escaped': lambda e: '&amp;' in e['name']['html'],
            'fr': lambda e: e['locale'] == 'fr_CA',
            'en': lambda e: e['locale'] == 'en_CA',
            'no logo': lambda e: e['logo'] is None,
            'past': lambda e: e['status'] == 'completed',
            'early publish': lambda e: e['published'] < e['created'],
        }
        for name, is_one in kinds.items():
            self.assertTrue(any(map(is_one, events)), name)
        for event in events:
            if event['subcategory']:
                self.assertTrue(event['subcategory']['parent_category'])
            self.assertLess(event['start']['utc'], event['end']['utc'])
            self.assertLessEqual(event['created'], event['changed'])

    def test_expand_is_honoured_exactly(self):
        plain = self.get(LIST)['events'][5]
        self.assertFalse(shape.EXPANSIONS & set(plain))
        self.assertTrue(plain['venue_id'].isdigit())
        some = self.get(LIST + '&expand=venue,ticket_availability')
        self.assertEqual(shape.EXPANSIONS & set(some['events'][5]),
                         {'venue', 'ticket_availability'})
        full = self.get(LIST + '&expand=' + ALL)['events'][5]
        self.assertEqual(shape.EXPANSIONS & set(full), shape.EXPANSIONS)

    def test_filters_and_orders(self):
        path = EB + '/organizers/1001/events/?status=live&order_by=start_asc'
        starts = [e['start']['local'] for e in self.walk(path)]
        self.assertEqual(starts, sorted(starts))
        near = self.walk(path + '&start_date.range_start=2026-12-01T00:00:00'
                                '&start_date.range_end=2026-12-31T00:00:00')
        self.assertEqual(
            [s for s in starts if '2026-12-01' <= s < '2026-12-31T00:00:01'],
            [e['start']['local'] for e in near])
        names = [e['name']['text'].casefold()
                 for e in self.walk(LIST + '&order_by=name_desc')]
        self.assertEqual(names, sorted(names, reverse=True))
        past = self.walk(LIST + '&time_filter=past')
        future = self.walk(LIST + '&time_filter=current_future')
        self.assertEqual(len(past) + len(future), 400)
        self.assertLess(len(past), len(future))
        for wrong in ('status=nonsense', 'order_by=best', 'page_size=0',
                      'start_date.range_start=soon'):
            error = self.get(EB + '/organizers/1001/events/?' + wrong,
                             status=400)
            self.assertEqual(error['error'], 'ARGUMENTS_ERROR')

    def test_subsets(self):
        some = self.walk(EB + '/organizers/1002/events/?status=all')
        self.assertTrue(some)
        self.assertEqual({e['organizer_id'] for e in some}, {'1002'})
        venue = next(e['venue_id'] for e in some if e['venue_id'])
        there = self.walk(EB + '/venues/%s/events/?status=all' % venue)
        self.assertEqual({e['venue_id'] for e in there}, {venue})
        child = self.get(LIST)['events'][0]
        series = self.get(EB + '/series/%s/?expand=series_dates'
                          % child['series_id'])
        self.assertTrue(series['is_series_parent'])
        self.assertEqual(len(series['series_dates']), 5)
        children = self.walk(EB + '/series/%s/events/?status=all'
                             % child['series_id'])
        self.assertEqual(len(children), 5)

    def test_single_objects_and_small_lists(self):
        event = self.get(LIST)['events'][5]
        ident = event['id']
        self.assertEqual(self.get(EB + '/events/%s/' % ident), event)
        text = self.get(EB + '/events/%s/description/' % ident)
        self.assertGreater(len(text['description']),
                           len(event['description']['text']))
        self.assertTrue(self.get(
            EB + '/events/%s/ticket_classes/for_sale/' % ident)
            ['ticket_classes'])
        self.assertTrue(self.get(
            EB + '/events/%s/structured_content/' % ident)['modules'])
        venue = self.get(EB + '/venues/%s/' % event['venue_id'])
        self.assertEqual(venue['id'], event['venue_id'])
        self.assertIsInstance(venue['latitude'], str)
        self.assertEqual(self.get(EB + '/organizers/1001/')['id'], '1001')
        mine = self.get(EB + '/users/me/organizations/')
        self.assertEqual(mine['organizations'][0]['id'], '2001')
        for kind, count in (('categories', 17), ('formats', 20),
                            ('subcategories', len(words.SUBCATEGORIES))):
            made = self.get(EB + '/%s/' % kind)
            self.assertEqual(len(made[kind]), count)

    def test_errors(self):
        def error(path, status, headers=AUTH):
            body = self.get(EB + path, headers, status)
            self.assertEqual(body['status_code'], status)
            self.assertTrue(body['error_description'])
            return body['error']

        self.assertEqual(error('/categories/', 401, None), 'NO_AUTH')
        self.assertEqual(error('/categories/?token=x', 400, None),
                         'INVALID_AUTH')
        self.assertEqual(error('/categories/', 400,
                               {'Authorization': 'Token x'}),
                         'INVALID_AUTH_HEADER')
        self.get(EB + '/categories/?token=demo-token', None)
        for path in ('/organizers/9/events/', '/events/1100000999999/',
                     '/organizations/1/events/', '/venues/1/', '/series/1/',
                     '/events/search/'):
            self.assertEqual(error(path, 404), 'NOT_FOUND')
        self.assertEqual(error('/events/12/description/', 400),
                         'ARGUMENTS_ERROR')
        self.assertEqual(error('/organizers/1001/events/?page=99', 400),
                         'BAD_PAGE')
        self.assertEqual(
            error('/organizers/1001/events/?continuation=%21', 400),
            'BAD_CONTINUATION_TOKEN')
        response, body = self.request(EB + '/categories/', AUTH, 'GET', b'{}')
        self.assertEqual(response.status, 403)
        self.assertIn(b'<HTML>', body)
        response, _ = self.request(EB + '/categories/', AUTH, 'DELETE')
        self.assertEqual(response.status, 405)

    def test_trailing_slash_and_rate_header(self):
        response, _ = self.request('/fault/latency-1' + EB
                                   + '/categories?x=1')
        self.assertEqual(response.status, 301)
        self.assertEqual(
            response.getheader('Location'), 'http://127.0.0.1:%d/fault/'
            'latency-1%s/categories/?x=1' % (self.port, EB))
        response, _ = self.request(EB + '/categories/')
        self.assertRegex(response.getheader('X-Rate-Limit'),
                         r'^token:\S+ \d+/2000 reset=\d+s, key:')

    def test_keep_alive(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.port)
        for _ in range(3):
            connection.request('GET', LIST, headers=AUTH)
            self.assertEqual(connection.getresponse().read()[:1], b'{')
            sock = connection.sock
            self.assertIsNotNone(sock)
        connection.request('HEAD', LIST, headers=AUTH)
        response = connection.getresponse()
        self.assertEqual(response.read(), b'')
        self.assertIs(connection.sock, sock)
        connection.close()


class CityCase(unittest.TestCase):
    """The generator."""

    def test_deterministic_and_stable_under_growth(self):
        def listing(count, seed=1):
            world = World(count, seed, NOW)
            return [shape.dumps(shape.event(world, s, shape.EXPANSIONS))
                    for s in world.all_stubs()]
        small = listing(60)
        self.assertEqual(small, listing(120)[:60])
        self.assertNotEqual(small, listing(60, seed=2))
        sizes = [len(data) for data in small]
        self.assertGreater(sum(sizes) / len(sizes), 4000)

    def test_summer_time(self):
        for local, hours in (('2027-03-14T01:59:00', -5),
                             ('2027-03-14T03:00:00', -4),
                             ('2026-11-01T01:30:00', -4),
                             ('2026-11-01T02:00:00', -5)):
            moment = datetime.fromisoformat(local)
            self.assertEqual(clock.offset_hours(moment), hours)
            self.assertEqual(clock.to_local(clock.to_utc(moment)), moment)

    def test_most_events_come_in_the_next_half_year(self):
        world = World(1000, 1, NOW)
        now = world.city.midnight
        future = [s for s in world.all_stubs()
                  if now <= s.start <= now + timedelta(days=190)]
        self.assertGreater(len(future), 850)

    def test_large_ids_and_venues(self):
        city = city_module.City(1, clock.parse_now(NOW))
        stub = city.stub(99999)
        self.assertEqual(city.index_of(stub.id), 99999)
        self.assertEqual(len(stub.id), 13)
        self.assertEqual(city.venue(500), city.venue(500))


class IcsCase(ServerCase):
    """Calendar feeds."""

    def feed(self, path, headers=None, status=200):
        response, body = self.request(path, headers)
        self.assertEqual(response.status, status)
        return response, body

    def test_form(self):
        for name in ('city.ics', 'library.ics', 'empty.ics',
                     'big.ics?mb=0.2'):
            response, body = self.feed('/ics/' + name)
            self.assertEqual(response.getheader('Content-Type'),
                             'text/calendar; charset=utf-8')
            lines = body.split(b'\r\n')
            self.assertEqual(lines[0], b'BEGIN:VCALENDAR')
            self.assertEqual(lines[-2:], [b'END:VCALENDAR', b''])
            self.assertLessEqual(max(map(len, lines)), 75)
            self.assertNotIn(b'\n', body.replace(b'\r\n', b''))
            body.decode('utf-8')
            for kind in (b'VEVENT', b'VTIMEZONE', b'VALARM'):
                self.assertEqual(body.count(b'BEGIN:' + kind),
                                 body.count(b'END:' + kind))

    def test_city_shares_events_with_eventbrite(self):
        _, body = self.feed('/ics/city.ics')
        text = body.replace(b'\r\n ', b'').decode()
        self.assertEqual(text.count('BEGIN:VEVENT'), 100)
        pairs = self.control('truth', feed='city')['pairs']
        self.assertGreater(len(pairs), 30)
        for pair in pairs[:5]:
            event = self.get(EB + '/events/%s/?expand=venue'
                             % pair['eventbrite_id'])
            self.assertEqual(event['start']['utc'], pair['starts_at'])
            self.assertEqual(event['venue']['name'], pair['venue'])
            block = text.split('UID:' + pair['uid'])[1].split('END:VEVENT')[0]
            title = event['name']['text'].replace(',', '\\,')
            self.assertIn('SUMMARY:' + title.replace(';', '\\;'), block)
            self.assertIn('DTSTART;TZID=America/Toronto:'
                          + event['start']['local'].replace('-', '')
                          .replace(':', ''), block)

    def test_conditional(self):
        for name in ('city.ics', 'library.ics'):
            first, _ = self.feed('/ics/' + name)
            tag = first.getheader('ETag')
            when = first.getheader('Last-Modified')
            for headers, status in (
                    ({'If-None-Match': tag}, 304),
                    ({'If-None-Match': 'W/' + tag}, 304),
                    ({'If-None-Match': '"x"', 'If-Modified-Since': when},
                     200),
                    ({'If-Modified-Since': when}, 304)):
                _, body = self.feed('/ics/' + name, headers, status)
                self.assertEqual(status == 304, body == b'')
        tag = self.feed('/ics/city.ics')[0].getheader('ETag')
        pair = self.control('truth', feed='city')['pairs'][0]
        self.control('change', event=pair['eventbrite_id'], field='title',
                     value='Autre titre')
        _, body = self.feed('/ics/city.ics', {'If-None-Match': tag})
        self.assertIn(b'SUMMARY:Autre titre', body)

    def test_noise_and_variants(self):
        _, one = self.feed('/ics/city.ics?noise=1')
        response, two = self.feed('/ics/city.ics?noise=1')
        self.assertNotEqual(one, two)
        self.assertIsNone(response.getheader('ETag'))
        _, plain = self.feed('/ics/city.ics')
        _, varied = self.feed('/ics/city.ics?variants=1')
        self.assertNotEqual(plain, varied)

    def test_library(self):
        _, body = self.feed('/ics/library.ics')
        for part in (b'RRULE:FREQ=WEEKLY;BYDAY=SA;UNTIL=', b'EXDATE;TZID=',
                     b'EXDATE;VALUE=DATE:', b'RECURRENCE-ID;TZID=',
                     b'STATUS:CANCELLED', b'DTSTART;VALUE=DATE:',
                     b'DTSTART:2026', b'BEGIN:VTIMEZONE', b'BEGIN:VTODO',
                     b'DURATION:PT45M'):
            self.assertIn(part, body)
        truth = self.control('truth', feed='library')['occurrences']
        stories = [o for o in truth if o['uid'].startswith('heure')]
        self.assertEqual(len(stories), 32)
        self.assertEqual(sum(o['status'] == 'cancelled' for o in stories), 1)

    def test_moved_private_missing(self):
        response, _ = self.feed('/ics/moved', status=301)
        self.assertTrue(response.getheader('Location')
                        .endswith('/ics/city.ics'))
        response, _ = self.feed('/ics/private/city.ics', status=401)
        self.assertIn('Basic', response.getheader('WWW-Authenticate'))
        self.feed('/ics/private/city.ics',
                  {'Authorization': 'Basic ZGVtbzpkZW1vLXNlY3JldA=='})
        self.feed('/ics/nothing.ics', status=404)

    def test_big_is_streamed(self):
        response, body = self.feed('/ics/big.ics?mb=3')
        self.assertEqual(response.getheader('Transfer-Encoding'), 'chunked')
        self.assertAlmostEqual(len(body) / (3 << 20), 1, delta=.01)


class FaultCase(ServerCase):
    """Every fault."""

    def raw(self, path, headers='', seconds=.3, close=False):
        """Return all that comes within some time, and how it ended."""
        with socket.create_connection(('127.0.0.1', self.port)) as sock:
            sock.sendall(('GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n'
                          'Authorization: Bearer demo-token\r\n%s\r\n'
                          % (path, self.port, headers)).encode())
            data = b''
            end = time.monotonic() + seconds
            try:
                while time.monotonic() < end:
                    sock.settimeout(max(.01, end - time.monotonic()))
                    piece = sock.recv(1 << 20)
                    if not piece:
                        return data, 'closed'
                    data += piece
            except TimeoutError:
                return data, 'open'
            except ConnectionResetError:
                return data, 'reset'
            return data, 'open'

    def fault(self, kind, path=LIST):
        return '/fault/%s%s' % (kind, path)

    def test_every_kind_is_tested(self):
        with open(os.path.join(HERE, 'test_upstream.py'),
                  encoding='utf-8') as file:
            text = file.read()
        for kind in faults.KINDS:
            self.assertIn("'" + kind, text.replace('"', "'"), kind)

    def test_latency(self):
        began = time.monotonic()
        self.get(self.fault('latency-120'))
        self.assertGreater(time.monotonic() - began, .115)
        self.get(self.fault('latency,ms=1'))

    def test_slow_headers_ends_with_the_client(self):
        data, how = self.raw(self.fault('slow-headers'), seconds=.1)
        self.assertEqual((data, how), (b'', 'open'))
        self.assertTrue(self.control('wait', in_flight=0)['reached'])
        self.get(self.fault('slow-headers,delay=0.05'))

    def test_stalled_clients_are_counted(self):
        thread = threading.Thread(target=self.raw, args=(
            self.fault('slow-headers'),), kwargs={'seconds': .8})
        thread.start()
        self.assertTrue(self.control('wait', stalled=1)['reached'])
        thread.join()
        self.assertTrue(self.control('wait', stalled=0, timeout=2)['reached'])

    def test_slow_and_stalled_bodies(self):
        data, how = self.raw(self.fault('slow-body,interval=0.01'))
        self.assertEqual(how, 'open')
        self.assertLess(len(data.partition(b'\r\n\r\n')[2]), 40)
        data, how = self.raw(self.fault('stall-body'))
        self.assertEqual(how, 'open')
        self.assertIn(b'"pagination"', data)
        self.assertTrue(self.control('wait', in_flight=0)['reached'])

    def test_lengths(self):
        with self.assertRaises(http.client.IncompleteRead):
            self.request(self.fault('truncated'))
        whole = self.request(LIST)[1]
        cut = self.request(self.fault('truncated-json'))[1]
        self.assertTrue(whole.startswith(cut))
        self.assertLess(len(cut), len(whole))
        data, how = self.raw(self.fault('wrong-length'))
        body = data.partition(b'\r\n\r\n')[2]
        self.assertEqual(len(body), len(whole))
        self.assertIn(b'Content-Length: %d\r\n' % (len(whole) // 2), data)
        response, body = self.request(self.fault('empty-body'))
        self.assertEqual((response.status, body), (200, b''))
        data, how = self.raw(self.fault('endless'), seconds=.4)
        self.assertEqual(how, 'open')
        self.assertGreater(len(data), 1 << 20)
        data, how = self.raw(self.fault('bad-chunk'))
        self.assertIn(b'zz\r\n', data)

    def test_connection(self):
        data, how = self.raw(self.fault('reset'))
        self.assertEqual(how, 'reset')
        self.assertIn(b'"pagination"', data)
        self.assertEqual(self.raw(self.fault('drop')), (b'', 'closed'))
        data, how = self.raw(self.fault('close-after'))
        self.assertEqual(how, 'closed')
        self.assertIn(b'keep-alive', data)
        data, how = self.raw(self.fault('bad-status'))
        self.assertFalse(data.startswith(b'HTTP'))
        data, _ = self.raw(self.fault('huge-headers'), seconds=2)
        self.assertGreater(len(data.partition(b'\r\n\r\n')[0]), 1 << 20)
        data, _ = self.raw(self.fault('huge-headers,kb=64,lines=1'))
        self.assertIn(b'x' * 65536, data)

    def test_encodings(self):
        whole = self.request(LIST)[1]
        response, body = self.request(self.fault('gzip'))
        self.assertEqual(response.getheader('Content-Encoding'), 'gzip')
        self.assertEqual(gzip.decompress(body), whole)
        _, body = self.request(self.fault('bad-gzip'))
        with self.assertRaises((zlib.error, OSError, EOFError)):
            gzip.decompress(body)
        _, body = self.request(self.fault('gzip-bomb,mb=5'))
        self.assertLess(len(body), 16384)
        self.assertEqual(gzip.decompress(body), bytes(5 << 20))
        response, _ = self.request(self.fault('unknown-encoding'))
        self.assertEqual(response.getheader('Content-Encoding'), 'x-secret')

    def test_characters(self):
        for path in (LIST, '/ics/city.ics'):
            _, body = self.request(self.fault('invalid-utf8', path))
            with self.assertRaises(UnicodeDecodeError):
                body.decode('utf-8')
            _, body = self.request(self.fault('nul', path))
            self.assertTrue(b'\\u0000' in body or b'\x00' in body)
            _, body = self.request(self.fault('bom', path))
            self.assertTrue(body.startswith(b'\xef\xbb\xbf'))
            _, body = self.request(self.fault('windows-1252', path))
            self.assertIn('é'.encode('cp1252'), body)
        _, body = self.request(self.fault('nul,raw=1'))
        self.assertIn(b'\x00', body)
        broken = json.loads(self.request(self.fault('nul'))[1])
        self.assertIn('\x00', broken['events'][1]['name']['text'])

    def test_other_documents(self):
        response, body = self.request(self.fault('html-200'))
        self.assertEqual(response.status, 200)
        self.assertIn(b'<form', body)
        for kind in ('not-json', 'truncated-json'):
            with self.assertRaises(ValueError):
                json.loads(self.request(self.fault(kind))[1])
        _, body = self.request(self.fault('deep-json,depth=500'))
        self.assertEqual(len(body), 1000)

    def test_redirects(self):
        def location(kind):
            response, _ = self.request(self.fault(kind))
            self.assertIn(response.status, (301, 302))
            return response.getheader('Location')

        here = 'http://127.0.0.1:%d' % self.port
        self.assertEqual(location('redirect-loop'),
                         here + self.fault('redirect-loop'))
        self.assertEqual(location('redirect-chain,count=2'),
                         here + self.fault('redirect-chain,count=1'))
        self.get(self.fault('redirect-chain,count=0'))
        self.assertEqual(location('redirect-private'),
                         'http://169.254.169.254/latest/meta-data/')
        self.assertEqual(location('redirect-private,to=10.0.0.1'),
                         'http://10.0.0.1/')
        self.assertEqual(location('redirect-file'), 'file:///etc/passwd')
        self.assertEqual(location('redirect-file,to=gopher%3A%2F%2Fx%2F'),
                         'gopher://x/')
        self.assertEqual(
            location('redirect-host'), 'http://localhost:%d%s' % (
                self.port, self.fault('landed')))
        other = self.upstream.ports[1]
        self.assertEqual(location('redirect-port'),
                         'http://127.0.0.1:%d%s' % (
                             other, self.fault('landed')))
        self.request(self.fault('landed'), None, port=other)
        self.request(self.fault('landed'))
        seen = [entry['authorization']
                for entry in self.control('requests')['landed']]
        self.assertEqual(seen, [False, True])

    def test_refusals(self):
        for kind, status in (('rate-limit-seconds,seconds=0.2', 429),
                             ('503-retry-after,seconds=0.2', 503)):
            response, _ = self.request(self.fault(kind))
            self.assertEqual(response.status, status)
            self.assertTrue(response.getheader('Retry-After'))
        time.sleep(.22)
        self.get(self.fault('rate-limit-seconds,seconds=0.2'))
        self.get(self.fault('503-retry-after,seconds=0.2'))
        response, _ = self.request(self.fault('rate-limit-date,seconds=9'))
        self.assertIn('GMT', response.getheader('Retry-After'))
        self.request(self.fault('rate-limit-date,seconds=9'))
        self.assertEqual(self.control('requests')['too_early'], 1)
        response, _ = self.request(self.fault('rate-limit-long'))
        self.assertEqual(response.getheader('Retry-After'), '3600')
        self.get(self.fault('flaky-500'), status=500)
        self.get(self.fault('flaky-500'))
        self.get(self.fault('flaky-500') + '&page=2', status=500)
        for _ in range(2):
            self.get(self.fault('always-500'), status=500)
        self.get(self.fault('always-500,status=502'), status=502)

    def test_expansions(self):
        path = self.fault('expansion-failed')
        error = self.get(path + '&expand=venue', status=500)
        self.assertEqual(error['error'], 'EXPANSION_FAILED')
        self.get(path)
        path = self.fault('expansion-failed,only=logo')
        self.get(path + '&expand=venue,logo', status=500)
        self.get(path + '&expand=venue')

    def test_pages(self):
        about = self.get(self.fault('endless-pages') + '&page=7777')[
            'pagination']
        self.assertTrue(about['has_more_items'])
        self.assertEqual(about['page_number'], 7777)
        tokens = {self.get(self.fault('same-continuation') + '&page=%d' % n)
                  ['pagination']['continuation'] for n in (1, 2, 3)}
        self.assertEqual(len(tokens), 1)
        self.assertEqual(self.get(self.fault('empty-page'))['events'], [])
        self.assertNotIn('has_more_items', self.get(
            self.fault('no-has-more'))['pagination'])
        self.get(self.fault('bad-continuation'))
        self.get(self.fault('bad-continuation')
                 + '&continuation=eyJwYWdlIjogMn0', status=400)

    def test_one_page_or_one_request_only(self):
        path = self.fault('always-500@2')
        self.get(path)
        self.get(path + '&page=2', status=500)
        self.get(path + '&continuation=eyJwYWdlIjogMn0', status=500)
        self.get(path + '&page=3')
        seen = [self.request(self.fault('always-500,nth=2',
                                        '/ics/city.ics'))[0].status
                for _ in range(3)]
        self.assertEqual(seen, [200, 500, 200])
        seen = [self.request(self.fault('always-500,first=1',
                                        '/ics/empty.ics'))[0].status
                for _ in range(2)]
        self.assertEqual(seen, [500, 200])

    def test_faults_nest_and_unknown_ones_are_named(self):
        response, _ = self.request('/fault/latency-1'
                                   + self.fault('always-500'))
        self.assertEqual(response.status, 500)
        response, body = self.request(self.fault('nonsense'))
        self.assertEqual(response.status, 404)
        self.assertIn(b'gzip-bomb', body)


class ControlCase(ServerCase):
    """The control room."""

    def test_count_change_remove_add(self):
        self.control('events', count=120)
        before = {e['id']: e for e in self.walk(LIST)}
        self.assertEqual(len(before), 120)
        ident = list(before)[10]
        self.control('change', event=ident, field='title',
                     value='{title} (nouveau)')
        self.control('change', event=ident, field='start',
                     value='2027-01-05T20:00:00')
        self.control('change', event=ident,
                     field='ticket_availability.is_sold_out', value='true')
        after = self.get(EB + '/events/%s/?expand=ticket_availability'
                         % ident)
        self.assertTrue(after['name']['text'].endswith('(nouveau)'))
        self.assertEqual(after['start']['utc'], '2027-01-06T01:00:00Z')
        self.assertIs(after['ticket_availability']['is_sold_out'], True)
        self.assertGreater(after['changed'], max(
            e['changed'] for e in before.values()))
        for field, value, path in (
                ('status', 'canceled', 'status'),
                ('venue', 'none', 'venue_id'), ('listed', 'false', 'listed'),
                ('free', 'true', 'is_free'), ('summary', 'S', 'summary')):
            self.control('change', event=ident, field=field, value=value)
            now = self.get(EB + '/events/%s/' % ident)
            self.assertIn(now[path], ('canceled', None, False, True, 'S'))
        self.control('remove', event=ident)
        self.get(EB + '/events/%s/' % ident, status=404)
        self.assertEqual(len(self.walk(LIST)), 119)
        added = self.control('add', count=2)['events']
        listed = [e['id'] for e in self.walk(LIST)]
        self.assertEqual(listed[-2:], added)
        self.control('restore')
        self.assertEqual(len(self.walk(LIST)), 122)
        self.assertEqual(
            self.control('change', every=10, field='sales_message',
                         value='event_cancelled')['changed'], 13)
        self.control('touch', first=3)
        self.control('reset')
        self.assertEqual(
            [before[i] for i in before],
            self.walk(LIST)[:120])

    def test_bad_records(self):
        ids = [e['id'] for e in self.get(LIST)['events']]
        for ident, kind in zip(ids, shape.BAD_KINDS):
            if kind not in ('invalid-utf8', 'nul-raw'):
                self.control('bad', event=ident, kind=kind)
        events = self.get(LIST)['events']
        self.assertNotIn('start', events[0])
        self.assertNotIn('id', events[2])
        self.assertIsInstance(events[4]['name'], list)
        self.control('bad', event=ids[20], kind='invalid-utf8')
        with self.assertRaises(UnicodeDecodeError):
            self.request(LIST)[1].decode('utf-8')
        self.control('bad', event=ids[20], kind='none')
        self.get(LIST)
        self.get('/_control/bad?event=%s&kind=odd' % ids[0], status=400)

    def test_images(self):
        path = LIST + '&expand=logo'
        one = self.get(path)['events'][5]
        self.control('rotate-images')
        two = self.get(path)['events'][5]
        self.assertNotEqual(one['logo']['url'], two['logo']['url'])
        one['logo'] = two['logo']
        self.assertEqual(one, two)

    def test_shift(self):
        first = self.get(LIST)['events']
        self.control('shift')
        self.get(LIST)
        self.assertEqual(self.get(LIST + '&page=2')['events'][0], first[-1])
        self.control('reset')
        second = self.get(LIST + '&page=2')['events']
        self.control('shift', by=-1)
        self.get(LIST)
        self.assertEqual(self.get(LIST + '&page=2')['events'][0], second[1])

    def test_rate_limit_and_token(self):
        self.control('rate-limit', budget=2, reset=60)
        for used in (1, 2):
            response, _ = self.request(EB + '/categories/')
            self.assertIn('%d/2 ' % used, response.getheader('X-Rate-Limit'))
        self.assertEqual(self.get(EB + '/categories/', status=429)['error'],
                         'HIT_RATE_LIMIT')
        self.upstream.world.budget_until = time.monotonic()
        self.get(EB + '/categories/')
        self.control('rate-limit', budget='none')
        self.control('token', value='other')
        self.get(EB + '/categories/', status=400)

    def test_requests(self):
        self.control('requests', clear=1)
        self.get(LIST)
        self.get(EB + '/categories/?token=demo-token', None)
        self.request('/ics/city.ics', {'If-None-Match': '"a"'})
        self.assertTrue(self.control('wait', in_flight=0)['reached'])
        made = self.control('requests')
        self.assertEqual(made['total'], 3)
        self.assertEqual(made['paths'][EB + '/categories/'], 1)
        self.assertEqual([e['auth'] for e in made['recent']],
                         ['header', 'query', 'none'])
        self.assertNotIn('demo-token', json.dumps(made))
        self.assertEqual(made['recent'][2]['if_none_match'], '"a"')
        self.assertEqual(self.control('requests', path='/ics/')['matching'],
                         1)

    def test_hang_and_release(self):
        self.control('hang', path='/organizers/')
        done = []
        threads = [threading.Thread(
            target=lambda: done.append(self.get(LIST)['pagination']))
            for _ in range(2)]
        for thread in threads:
            thread.start()
        self.assertTrue(self.control('wait', hanging=2)['reached'])
        self.get(EB + '/categories/')
        self.assertEqual(done, [])
        self.control('release')
        for thread in threads:
            thread.join()
        self.assertEqual(len(done), 2)
        self.control('hang')
        with socket.create_connection(('127.0.0.1', self.port)) as sock:
            sock.sendall(b'GET /ics/city.ics HTTP/1.1\r\nHost: x\r\n\r\n')
            self.assertTrue(self.control('wait', hanging=1)['reached'])
        self.assertTrue(self.control('wait', hanging=0)['reached'])

    def test_summary_info_warm_and_post(self):
        made = self.control('summary')
        self.assertEqual(made['total'], 400)
        self.assertEqual(sum(made['status'].values()), 400)
        self.assertEqual(made['role']['canceled'], 8)
        self.assertEqual(self.control('info')['ports'][0], self.port)
        warmed = self.control('warm', path=LIST + '&expand=venue')
        self.assertEqual(warmed['pages'], 8)
        response, body = self.request(
            '/_control/events', None, 'POST', json.dumps({'count': 10}))
        self.assertEqual(json.loads(body), {'events': 10})
        self.get('/_control/nothing', status=404)
        self.get('/_control/change?event=1&field=title', status=400)


class ProcessCase(unittest.TestCase):
    """The program."""

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            port_file = os.path.join(folder, 'port')
            log = os.path.join(folder, 'log')
            with subprocess.Popen(
                    [sys.executable, os.path.join(HERE, 'upstream.py'),
                     '--port-file', port_file, '--log', log, '--events',
                     '30', '--now', NOW, '--token', 'secret'],
                    stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                with open(port_file, encoding='ascii') as file:
                    port = int(file.read())
                connection = http.client.HTTPConnection('127.0.0.1', port)
                connection.request(
                    'GET', EB + '/organizers/1001/events/?status=all'
                                '&token=secret')
                page = json.loads(connection.getresponse().read())
                self.assertEqual(page['pagination']['object_count'], 30)
                connection.request('GET', '/fault/slow-headers/ics/city.ics')
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(5), 0)
                self.assertLess(time.monotonic() - began, 1)
                connection.close()
            with open(log, encoding='utf-8') as file:
                line = file.readline()
        self.assertIn('status=all&token=*** 200 auth=query', line)


if __name__ == '__main__':
    unittest.main()
