"""Tests of the JSON APIs over real sockets."""

import unittest

from test_upstream import ServerCase

PLAIN = '/json/plain/'


class JsonApis(ServerCase):
    """Each API's paging, and what goes wrong."""

    def get_json(self, path, status=200):
        """Return an answer as JSON."""
        return self.get(path, {}, status)

    def test_openagenda(self):
        path = '/json/openagenda/v2/agendas/1/events?size=20'
        self.get_json(path, 403)
        page = self.get_json(path + '&key=demo-key')
        self.assertEqual(len(page['events']), 20)
        self.assertEqual(page['after'], [0, 20])
        page = self.get_json(path + '&key=demo-key&after[]=0&after[]=20')
        self.assertEqual([e['uid'] for e in page['events']],
                         [7020, 7021, 7022])
        self.assertIsNone(page['after'])

    def test_tribe(self):
        path = '/json/tribe/wp-json/tribe/events/v1/events?per_page=50'
        page = self.get_json(path)
        self.assertEqual(len(page['events']), 10)
        self.assertIn('page=2', page['next_rest_url'])
        self.assertNotIn('next_rest_url', self.get_json(path + '&page=3'))
        self.assertEqual(self.get_json(path + '&page=4', 404)['code'],
                         'event-archive-page-not-found')

    def test_squarespace(self):
        page = self.get_json('/json/squarespace/events?format=json')
        self.assertEqual(page['pagination']['nextPageUrl'],
                         '/json/squarespace/events?offset=10')
        page = self.get_json('/json/squarespace/events?format=json&offset=20')
        self.assertEqual(len(page['upcoming']), 3)
        self.assertNotIn('pagination', page)

    def test_plain(self):
        ids = [r['id'] for r in self.get_json(PLAIN + 'page?page=5')['items']]
        self.assertEqual(ids, [20, 21, 22])
        ids = [r['id'] for r in
               self.get_json(PLAIN + 'offset?at=5&shift=2')['items']]
        self.assertEqual(ids, [3, 4, 5, 6, 7, 8, 9])
        self.assertEqual(self.get_json(PLAIN + 'cursor?at=5')['cursor'], '10')
        self.assertIn('at=5', self.get_json(PLAIN + 'next')['next'])
        self.assertEqual(self.get_json(PLAIN + 'page?page=9')['items'], [])
        error = self.get_json(PLAIN + 'page?auth=1&key=wrong', 401)
        self.assertEqual(error['error'], 'no access with wrong')


if __name__ == '__main__':
    unittest.main()
