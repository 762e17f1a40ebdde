"""Tests of the CKAN portal over real sockets."""

import csv
import io
import json
import unittest
from urllib.parse import quote, urlencode

import ckan
import ckan_shape as shape
from test_upstream import ServerCase

ACTION = '/ckan/api/3/action/'
SEARCH = ACTION + 'datastore_search?resource_id=' + ckan.MONTREAL_RESOURCE


class Ckan(ServerCase):
    """What CKAN answers, and how the two cities write."""

    def portal(self, **settings):
        """Set what is odd about the portal."""
        self.control('ckan', **settings)

    def search(self, status=200, **arguments):
        """Return the result, or the error, of datastore_search."""
        answer = self.get(SEARCH + '&' + urlencode(arguments), {}, status)
        return answer['result'] if status == 200 else answer['error']

    def test_envelope(self):
        answer = self.get(SEARCH + '&limit=2', {})
        self.assertIs(answer['success'], True)
        result = answer['result']
        self.assertEqual(len(result['records']), 2)
        self.assertEqual(result['total'], 400)
        self.assertEqual(result['limit'], 2)
        self.assertEqual([f['id'] for f in result['fields']],
                         ['_id', *shape.MONTREAL_COLUMNS])
        self.assertEqual(list(result['records'][0])[0], '_id')

    def test_limits(self):
        self.assertEqual(len(self.search()['records']), 100)
        self.assertEqual(len(self.search(limit=32000)['records']), 400)
        result = self.search(limit=99999)
        self.assertEqual((result['limit'], len(result['records'])),
                         (32000, 400))
        self.portal(rows_max=150)
        result = self.search(limit=32000, offset=300)
        self.assertEqual((result['limit'], len(result['records'])),
                         (150, 100))
        result = self.search(limit=32000, offset=400)
        self.assertEqual(result['records'], [])
        self.assertIn('offset=550', result['_links']['next'])

    def test_order_and_filters(self):
        rows = self.search(limit=400)['records']
        self.assertEqual([row['_id'] for row in rows],
                         list(range(1, 401)))
        rows = self.search(limit=400, sort='date_debut desc,_id')['records']
        dates = [row['date_debut'] for row in rows]
        self.assertEqual(dates, sorted(dates, reverse=True))
        rows = self.search(limit=400, filters=json.dumps(
            {'arrondissement': ['Verdun', 'Outremont']}))['records']
        self.assertEqual({row['arrondissement'] for row in rows},
                         {'Verdun', 'Outremont'})

    def test_errors(self):
        self.assertEqual(self.search(409, limit='x')['__type'],
                         'Validation Error')
        self.assertIn('filters', self.search(409, filters='{"x":1}'))
        self.assertIn('sort', self.search(409, sort='nothing'))
        self.assertIn('__junk', self.search(409, page_size=10))
        error = self.get(ACTION + 'datastore_search?resource_id=x', {}, 404)
        self.assertEqual(error['error']['__type'], 'Not Found Error')
        self.assertIs(error['success'], False)
        self.assertIsInstance(self.get(ACTION + 'nothing', {}, 400), str)
        self.portal(private=1)
        self.assertEqual(self.search(403)['__type'], 'Authorization Error')
        self.assertEqual(len(self.get(
            SEARCH, {'Authorization': ckan.API_KEY})['result']['records']),
            100)

    def test_datastore_out_of_order(self):
        for setting, status in (('502', 502), ('500', 500), ('403', 403),
                                ('false', 200)):
            self.portal(search=setting)
            response, body = self.request(SEARCH, {})
            self.assertEqual(response.status, status)
            self.assertNotIn(b'"success": true', body)
        self.portal(search='', slow_above=1000)
        self.assertEqual(self.request(SEARCH + '&limit=2000', {})[0].status,
                         504)
        self.assertEqual(len(self.search(limit=1000)['records']), 400)

    def test_totals_lie(self):
        self.portal(total=-50)
        self.assertEqual(self.search()['total'], 350)
        self.portal(total=7)
        self.assertEqual(self.search()['total'], 407)

    def test_metadata(self):
        answer = self.get(ACTION + 'package_show?id=' + ckan.MONTREAL, {})
        resource = answer['result']['resources'][0]
        self.assertEqual(resource['id'], ckan.MONTREAL_RESOURCE)
        self.assertIs(resource['datastore_active'], True)
        first = resource['last_modified']
        self.assertRegex(first, r'^[\d-]+T[\d:]+\.\d{6}$')
        one = self.get(ACTION + 'resource_show?id='
                       + ckan.MONTREAL_RESOURCE, {})['result']
        self.assertEqual(one['last_modified'], first)
        self.control('change', first=1, field='title', value='Autre')
        one = self.get(ACTION + 'resource_show?id='
                       + ckan.MONTREAL_RESOURCE, {})['result']
        self.assertGreater(one['last_modified'], first)

    def test_reload_gives_new_numbers(self):
        def numbers():
            return {row['url_fiche'] + row['date_debut']: row['_id']
                    for row in self.search(limit=400)['records']}

        before = numbers()
        self.assertEqual(numbers(), before)
        self.portal(reloads=1)
        after = numbers()
        self.assertEqual(set(after), set(before))
        self.assertNotEqual(after, before)

    def test_reload_while_paging(self):
        self.portal(rows_max=100, reload_while_paging=1)
        first = self.search()['records']
        again = self.search()['records']
        self.assertNotEqual(first, again)
        self.assertEqual(again, self.search()['records'])

    def test_files_hold_the_same_rows(self):
        rows = self.search(limit=400)['records']
        resource = self.get(ACTION + 'resource_show?id='
                            + ckan.MONTREAL_RESOURCE, {})['result']
        path = resource['url'].split(str(self.port))[1]
        response, body = self.request(path, {})
        self.assertTrue(response.headers['ETag'])
        read = list(csv.DictReader(io.StringIO(body.decode())))
        self.assertEqual([row['url_fiche'] for row in read],
                         [row['url_fiche'] for row in rows])
        self.assertEqual(read[0]['description'], rows[0]['description'])
        _, dump = self.request('/ckan/datastore/dump/%s?format=csv&bom=true'
                               % ckan.MONTREAL_RESOURCE, {})
        self.assertTrue(dump.startswith(b'\xef\xbb\xbf_id,titre,'))

    def test_montreal_has_every_oddity(self):
        rows = self.search(limit=400)['records']
        self.assertTrue(any('\ufffd' in row['arrondissement']
                            for row in rows))
        self.assertTrue(any(row['titre_adresse'] == 'nan' for row in rows))
        self.assertTrue(any(row['description'] == 'nan' for row in rows))
        kinds = {type(row['lat']) for row in rows}
        self.assertLessEqual({str, float, int}, kinds)
        pages = [row['url_fiche'].rsplit('-', 1)[1] for row in rows]
        self.assertLess(len(set(pages)), len(pages))
        self.assertTrue(any('\u00a0h' in row['description'] for row in rows))
        truth = self.control('truth', feed='montreal')['events']
        self.assertEqual(len(truth), 400)
        self.assertTrue(any(event['says_hour'] for event in truth))

    def test_laval(self):
        resource = self.get(ACTION + 'package_show?id=' + ckan.LAVAL,
                            {})['result']['resources'][0]
        self.assertIs(resource['datastore_active'], False)
        rows = self.get(resource['url'].split(str(self.port))[1], {})
        self.assertEqual(len(rows), 134)
        self.assertRegex(rows[0]['EventDate'], r'^[\d-]+T[\d:]+$')
        self.assertTrue(any(row['Title'].startswith('ANNULÉ - ')
                            for row in rows))

    def test_share_and_resource(self):
        self.portal(share=.25)
        self.assertEqual(self.search(limit=400)['total'], 100)
        self.portal(resource='new-id')
        self.assertEqual(self.get(SEARCH, {}, 404)['success'], False)

    def test_other_paths(self):
        response, body = self.request('/ckan/dataset/' + quote('x'), {})
        self.assertEqual(response.status, 404)
        self.assertIn(b'<html', body)
        self.portal(maintenance=1)
        response, body = self.request(SEARCH, {})
        self.assertEqual((response.status, body[:9]), (200, b'<!DOCTYPE'))


if __name__ == '__main__':
    unittest.main()
