"""Tests of the fake Ticketmaster over real sockets."""

import time
from urllib.parse import urlencode

import ticketmaster_shape as shape
from test_upstream import ServerCase

ROOT = '/ticketmaster/discovery/v2'
KEY = 'demo-token'


class TicketmasterCase(ServerCase):
    """The API as it is, with its limits and errors."""

    def page(self, status=200, key=KEY, path='/events.json', **query):
        """Return the JSON of a page."""
        if key is not None:
            query['apikey'] = key
        return self.get('%s%s?%s' % (ROOT, path, urlencode(query)), {}, status)

    def walk(self, **query):
        """Return every event of a window that fits."""
        events, page = [], 0
        while True:
            got = self.page(size=200, sort='id,asc', page=page, **query)
            events += got.get('_embedded', {}).get('events', [])
            if 'next' not in got['_links']:
                return events
            page += 1

    def code(self, status, **query):
        """Return the code of an error, of either envelope."""
        body = self.page(status, **query)
        if 'fault' in body:
            return body['fault']['detail']['errorcode']
        return body['errors'][0]['code']

    def test_shape_of_a_page(self):
        got = self.page(size=50, sort='id,asc')
        self.assertEqual(len(got['_embedded']['events']), 50)
        self.assertEqual(got['page']['size'], 50)
        self.assertEqual(got['page']['number'], 0)
        self.assertNotIn('apikey', str(got['_links']))
        event = got['_embedded']['events'][0]
        for name in ('name', 'type', 'id', 'url', 'locale', 'images', 'sales',
                     'dates', 'classifications'):
            self.assertIn(name, event)
        self.assertEqual(self.page(path='/events/%s.json' % event['id'])['id'],
                         event['id'])

    def test_order_is_total_and_case_counts(self):
        ids = [event['id'] for event in self.walk()]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual(shape.base62(10), '00000A')
        self.assertEqual(shape.base62(36), '00000a')

    def test_every_dated_event_once_and_undated_apart(self):
        truth = self.control('truth', feed='ticketmaster')['events']
        self.assertEqual(len(truth), 400)
        dated = {event['id'] for event in self.walk(
            source='ticketmaster,universe,frontgate')
            if not event['name'].startswith('Parking')}
        self.assertEqual(dated, {event['ticketmaster_id'] for event in truth
                                 if event['dated']})
        late = (self.walk(includeTBA='only') + self.walk(includeTBD='only'))
        self.assertEqual(len(dated) + len(late), 400)
        self.assertTrue(any('localDate' not in event['dates']['start']
                            for event in late))
        self.assertEqual(self.page(includeTBA='only', includeTBD='only')
                         ['page']['totalElements'], 0)

    def test_window_has_both_its_ends(self):
        moment = self.walk()[0]['dates']['start']['dateTime']
        found = self.walk(startDateTime=moment, endDateTime=moment)
        self.assertTrue(found)
        self.assertEqual({event['dates']['start']['dateTime']
                          for event in found}, {moment})

    def test_empty_page_has_no_embedded(self):
        got = self.page(startDateTime='1999-01-01T00:00:00Z',
                        endDateTime='1999-01-02T00:00:00Z')
        self.assertNotIn('_embedded', got)
        self.assertEqual(got['page']['totalElements'], 0)

    def test_no_window_of_more_than_a_thousand_can_be_paged(self):
        self.control('events', count=5000)
        self.assertGreater(self.page()['page']['totalElements'], 4900)
        self.page(size=200, page=4)
        self.assertEqual(self.code(400, size=200, page=5), 'DIS1035')
        self.assertEqual(self.code(400, size=20, page=50), 'DIS1035')

    def test_total_is_capped(self):
        self.control('events', count=12000)
        self.assertEqual(self.page()['page']['totalElements'], 10000)

    def test_errors(self):
        self.assertEqual(self.code(401, key=None),
                         'steps.oauth.v2.FailedToResolveAPIKey')
        self.assertEqual(self.code(401, key='x'), 'oauth.v2.InvalidApiKey')
        self.assertEqual(self.code(400, size=201), 'DIS1036')
        self.assertEqual(self.code(400, startDateTime='2026-11-22'),
                         'DIS1015')
        self.assertEqual(
            self.code(400, startDateTime='2026-11-22T15:00:00.000Z'),
            'DIS1015')
        self.assertEqual(self.code(404, path='/events/unknown.json'),
                         'DIS1004')
        self.assertEqual(self.code(404, path='/nothing'), 'DIS1000')

    def test_quota_repeats_the_key_and_spikes_pass(self):
        self.control('rate-limit', budget=1, reset=60)
        self.page()
        body = self.page(429)
        self.assertIn('Identifier : ' + KEY, body['fault']['faultstring'])
        self.control('rate-limit', budget='none')
        self.control('spike', count=1)
        self.assertEqual(self.code(429),
                         'policies.ratelimit.SpikeArrestViolation')
        self.page()

    def test_headers_of_good_answers_only(self):
        response, _ = self.request(ROOT + '/events.json?apikey=' + KEY, {})
        self.assertEqual(response.getheader('Rate-Limit'), '5000')
        reset = int(response.getheader('Rate-Limit-Reset'))
        self.assertGreater(reset, (time.time() + 80000) * 1000)
        response, _ = self.request(ROOT + '/events.json?apikey=x', {})
        self.assertIsNone(response.getheader('Rate-Limit'))

    def test_places_and_filters(self):
        self.assertEqual(self.page(marketId=120)['page']['totalElements'],
                         self.page()['page']['totalElements'])
        for query in ({'marketId': 1}, {'dmaId': 519}, {'city': 'Laval'},
                      {'countryCode': 'US'}):
            self.assertEqual(self.page(**query)['page']['totalElements'], 0)
        music = self.walk(segmentId=shape.SEGMENTS['Music'])
        self.assertTrue(music)
        resale = self.walk(source='tmr')
        self.assertEqual(len(resale), 8)
        self.assertTrue(all(e['id'].startswith('Z7r9') and 'timezone'
                            not in e['dates'] for e in resale))

    def test_noise_moves_and_nothing_else(self):
        first, second = self.walk()[0], self.walk()[0]
        self.assertNotEqual(first, second)
        for event in first, second:
            event['images'].sort(key=str)
            for venue in event['_embedded']['venues'] + event[
                    '_embedded'].get('attractions', []):
                del venue['upcomingEvents']
        self.assertEqual(first, second)

    def test_pages_shift_and_repeat(self):
        before = [event['id'] for event in self.page(
            size=100, sort='id,asc', page=1)['_embedded']['events']]
        self.control('shift', by=1)
        self.page(size=100, sort='id,asc')
        shifted = [event['id'] for event in self.page(
            size=100, sort='id,asc', page=1)['_embedded']['events']]
        self.assertEqual(shifted[1:], before[:-1])
        self.control('repeat', count=1)
        got = self.page(size=100, sort='id,asc', page=1)
        self.assertEqual(got['page']['number'], 0)
        self.assertEqual(self.page(size=100, page=1)['page']['number'], 1)

    def test_bad_records_are_alone(self):
        truth = self.control('truth', feed='ticketmaster')['events'][0]
        self.control('bad', kind='no-name', event=truth['eventbrite_id'])
        event = [e for e in self.walk()
                 if e['id'] == truth['ticketmaster_id']][0]
        self.assertNotIn('name', event)

    def test_key_is_not_logged(self):
        self.page()
        targets = [entry['target'] for entry in
                   self.control('requests')['recent']]
        self.assertTrue(targets)
        self.assertNotIn(KEY, ''.join(targets))
