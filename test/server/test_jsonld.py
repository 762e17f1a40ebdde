"""Tests of the fake agenda over real sockets."""

import json
import re

import jsonld
from test_upstream import ServerCase

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>',
                    re.S | re.I)


class AgendaCase(ServerCase):
    """The site as its visitors see it."""

    def page(self, path, status=200, headers=None):
        """Return the text of a page."""
        response, body = self.request(path, headers or {})
        self.assertEqual(response.status, status, path)
        return body.decode()

    def links(self):
        """Return the event pages that all listings link to."""
        found, path = [], '/agenda/'
        while path is not None:
            text = self.page(path)
            found += re.findall(r'href="(/agenda/e/[0-9-]+)"', text)
            after = re.search(r'<link rel="next" href="([^"]+)"', text)
            path = after and after.group(1)
        return found

    def test_listings_link_to_every_event_once(self):
        links = self.links()
        self.assertEqual(len(links), len(set(links)))
        self.assertEqual(sorted(links), sorted(
            map(jsonld.page_path, jsonld.stubs(self.upstream.world))))
        self.assertGreater(len(links), 2 * jsonld.PER_PAGE)

    def test_pages_come_in_every_shape(self):
        shapes = set()
        for stub in jsonld.stubs(self.upstream.world):
            text = self.page(jsonld.page_path(stub))
            shape = jsonld.shape_of(stub)
            shapes.add(shape)
            if shape == 'bare':
                self.assertIn('<!--', text)
                continue
            data = json.loads(SCRIPT.findall(text)[1])
            kind = {'yoast': '@graph', 'eventbrite': 'itemListElement'}
            self.assertIn(kind.get(shape, 'startDate'), data)
        self.assertEqual(shapes, set(jsonld.SHAPES))

    def test_unchanged_pages(self):
        path = self.links()[0]
        tag = self.request(path)[0].getheader('ETag')
        self.page(path, 304, {'If-None-Match': tag})
        stub = next(s for s in jsonld.stubs(self.upstream.world)
                    if jsonld.page_path(s) == path)
        self.control('change', event=stub.id, field='title', value='Autre')
        self.assertIn('Autre', self.page(path, 200, {'If-None-Match': tag}))
        self.control('remove', event=stub.id)
        self.page(path, 404)
        self.assertNotIn(path, self.links())

    def test_robots(self):
        self.page('/robots.txt', 404)
        self.control('site', robots='nobody')
        self.assertIn('Disallow: /\n', self.page('/robots.txt'))
        self.control('site', robots='broken')
        self.page('/robots.txt', 500)
        self.control('reset')
        self.page('/robots.txt', 404)

    def test_oddities(self):
        self.control('site', stale='1')
        self.assertIn('/agenda/e/888888-0', self.links())
        self.page('/agenda/e/888888-0', 404)
        self.control('site', links='none')
        self.assertEqual(self.links(), [])
        self.assertGreater(len(self.page('/agenda/hostile/script')), 10 ** 7)
        self.page('/agenda/hostile/none', 404)
