"""Tests of Meetup over real sockets."""

import base64
import hashlib
import json
import time
import unittest
from urllib.parse import urlencode

import meetup
import meetup_shape as shape
from test_upstream import ServerCase

GQL = '/meetup/api/gql-ext'
ACCESS = '/meetup/secure/oauth2/access'
NAME = shape.urlname(0)
QUERY = ('query E($u0:String!,$a0:String){g0:groupByUrlname(urlname:$u0)'
         '{id name events(first:%d,after:$a0,sort:ASC,filter:{status:'
         '[ACTIVE,CANCELLED,PAST]}){pageInfo{hasNextPage endCursor} '
         'edges{cursor node{id token title dateTime venues{id country}}}}}}')


class Meetup(ServerCase):
    """What Meetup answers."""

    def settings(self, **settings):
        self.control('meetup', **settings)

    def ask(self, query=None, status=200, headers=None, **variables):
        """Return the answer to a query."""
        response, body = self.request(
            GQL, headers or {}, 'POST', json.dumps({
                'query': query or QUERY % 5,
                'variables': variables or {'u0': NAME}}))
        self.assertEqual(response.status, status, body[:300])
        return json.loads(body)

    def walk(self, size):
        """Return the tokens of all events, by cursors."""
        found, after = [], None
        while True:
            events = self.ask(QUERY % size, u0=NAME, a0=after)[
                'data']['g0']['events']
            found += [edge['node']['token'] for edge in events['edges']]
            if not events['pageInfo']['hasNextPage']:
                return found
            after = events['pageInfo']['endCursor']

    def test_walk(self):
        found = self.walk(3)
        self.assertGreater(len(found), 5)
        self.assertEqual(len(set(found)), len(found))
        self.assertEqual(self.walk(100), found)
        self.settings(overlap=1)
        self.assertGreater(len(self.walk(3)), len(found))
        self.assertEqual(set(self.walk(3)), set(found))

    def test_selection_and_cursor(self):
        group = self.ask()['data']['g0']
        self.assertEqual(set(group), {'id', 'name', 'events'})
        edge = group['events']['edges'][0]
        self.assertEqual(set(edge['node']),
                         {'id', 'token', 'title', 'dateTime', 'venues'})
        self.assertRegex(base64.b64decode(edge['cursor']).decode(),
                         '^%s:[0-9]+$' % edge['node']['token'])

    def test_null_group(self):
        self.assertEqual(self.ask(u0='nobody'), {'data': {'g0': None}})
        self.settings(null_groups=NAME)
        self.assertEqual(self.ask(), {'data': {'g0': None}})

    def test_unknown_fields_fail_the_query(self):
        self.settings(unknown='token,venues')
        answer = self.ask()
        self.assertIsNone(answer['data'])
        self.assertEqual(
            [error['message'] for error in answer['errors']],
            ['Cannot query field "token" on type "Node".',
             'Cannot query field "venues" on type "Node".'])
        self.settings(unknown='CANCELLED')
        self.assertIn('EventStatus', self.ask()['errors'][0]['message'])
        self.ask('{', status=400)
        self.ask('{}', status=400)

    def test_errors(self):
        self.settings(limited=1)
        error = self.ask()['errors'][0]
        self.assertEqual(error['extensions']['code'], 'RATE_LIMITED')
        self.assertIn('resetAt', error['extensions'])
        self.assertIn('data', self.ask())
        self.settings(whims=1)
        self.ask(status=400)
        self.ask()
        self.settings(hidden_places=1)
        answer = self.ask()
        self.assertEqual(answer['errors'][0]['path'][0], 'g0')
        self.assertTrue(answer['data']['g0']['events']['edges'])
        response, body = self.request('/meetup/api/gql', {}, 'POST', '{}')
        self.assertEqual(response.status, 503)
        self.assertIn(b'deprecated', body)

    def grant(self, assertion, status=200):
        response, body = self.request(ACCESS, {}, 'POST', urlencode({
            'grant_type': meetup.GRANT, 'assertion': assertion}))
        self.assertEqual(response.status, status, body)
        return json.loads(body)

    def test_tokens(self):
        self.settings(private_api=1)
        self.ask(status=401)
        self.ask(headers={'Authorization': 'Bearer demo-token'})
        self.ask(headers={'Authorization': 'Bearer other'}, status=401)
        self.assertEqual(self.grant('a.b.c', 400)['error'], 'invalid_grant')
        self.assertEqual(self.grant('nonsense', 400)['error'],
                         'invalid_grant')

    def test_signature(self):
        # With exponent 1 the signature is the padded digest itself.
        def part(value):
            return base64.urlsafe_b64encode(
                json.dumps(value).encode()).decode().rstrip('=')

        now = int(time.time())
        text = '%s.%s' % (
            part({'alg': 'RS256', 'typ': 'JWT', 'kid': meetup.KEY_ID}),
            part({'iss': meetup.CLIENT, 'sub': meetup.MEMBER,
                  'aud': 'api.meetup.com', 'iat': now - 10,
                  'exp': now + 100}))
        tail = meetup.SHA256_INFO + hashlib.sha256(text.encode()).digest()
        padded = b'\0\1' + b'\xff' * (253 - len(tail)) + b'\0' + tail
        signature = base64.urlsafe_b64encode(padded).decode().rstrip('=')
        exponent, shape.EXPONENT = shape.EXPONENT, 1
        try:
            token = self.grant('%s.%s' % (text, signature))
            self.assertEqual(token['expires_in'], 3600)
            self.grant('%s.%s' % (text[:-1], signature), 400)
        finally:
            shape.EXPONENT = exponent
        self.grant('%s.%s' % (text, signature), 400)
        self.settings(private_api=1)
        bearer = {'Authorization': 'Bearer ' + token['access_token']}
        self.ask(headers=bearer)
        self.settings(revoke_after=1)
        self.ask(headers=bearer)
        self.ask(headers=bearer, status=401)

    def test_calendar(self):
        path = '/meetup/web/%s/events/ical/' % NAME
        response, body = self.request(path, {})
        self.assertEqual(response.getheader('Content-Type'), 'text/calendar')
        self.assertIsNone(response.getheader('ETag'))
        self.assertLessEqual(body.count(b'BEGIN:VEVENT'), 10)
        self.assertGreater(body.count(b'UID:event_'), 2)
        self.assertNotEqual(self.request(path, {})[1], body)    # DTSTAMP
        response, body = self.request('/meetup/web/nobody/events/ical/', {})
        self.assertEqual((response.status, body),
                         (404, b'{"message":"Group not found"}'))

    def test_ids_of_series(self):
        stub = self.upstream.world.city.stub(0)
        self.assertIsNotNone(stub.series)
        self.assertEqual(shape.event_id(stub, False), shape.token(stub))
        self.assertEqual(shape.event_id(stub, True), '300000000')


if __name__ == '__main__':
    unittest.main()
