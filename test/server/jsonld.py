"""A city's agenda on the web: /agenda, with JSON-LD as publishers write it.

Every event has a page; which template wrote it goes by its index. Listings
link to the pages, ten at a time.
"""

import hashlib
import html
import json

import clock
from wire import Reply

STEP, FIRST, PER_PAGE = 16, 5, 10
HTML = 'text/html; charset=utf-8'
STATUS = {'canceled': 'EventCancelled', 'postponed': 'EventPostponed'}

ROBOTS = {
    'allow': 'User-agent: *\nDisallow: /agenda/prive/\n'
             'Allow: /agenda/\nSitemap: https://agenda.example.org/s.xml\n',
    'ours': 'User-agent: *\nDisallow:\n\nUser-agent: Ingest\n'
            'Disallow: /agenda/e/*-1$\nDisallow: /agenda/prive\n',
    'nobody': 'User-agent: *\nDisallow: /\n',
    'delay': 'User-agent: *\nCrawl-delay: 0.2\n',
}


def stubs(world):
    """Return the events of the agenda, soonest first."""
    chosen = [s for s in world.all_stubs()
              if s.index % STEP == FIRST and s.role != 'unlisted']
    return sorted(chosen, key=lambda s: (s.start, s.index))


def page_path(stub):
    """Return the path of an event's page."""
    return '/agenda/e/%d-%d' % (stub.index, stub.index // STEP % 5)


def _when(moment, shape):
    """Return a local time as one of the templates writes it."""
    if shape == 'squarespace':
        return '%s%+03d00' % (clock.iso(moment), clock.offset_hours(moment))
    if shape == 'ticketing':
        # One ":00" too many, as OutSavvy writes it.
        return '%s:00%+03d:00' % (clock.iso(moment),
                                  clock.offset_hours(moment))
    if shape == 'bare':
        return moment.strftime('%Y-%m-%d %H:%M')
    return '%s%+03d:00' % (clock.iso(moment), clock.offset_hours(moment))


SHAPES = ('squarespace', 'yoast', 'ticketing', 'eventbrite', 'bare')


def shape_of(stub):
    """Return the template that writes an event's page."""
    return SHAPES[stub.index // STEP % len(SHAPES)]


def _place(world, stub):
    if stub.online:
        return {'@type': 'VirtualLocation', 'url': 'https://live.example.org'}
    if stub.venue is None:
        return {'@type': 'Place', 'name': 'À confirmer'}
    name, street, _, postal, lat, long, _, _ = world.city.venue(stub.venue)
    return {'@type': 'Place', 'name': name, 'address': {
        '@type': 'PostalAddress', 'streetAddress': street,
        'addressLocality': 'Montréal', 'addressRegion': 'QC',
        'postalCode': postal, 'addressCountry': 'CA'},
        'geo': {'@type': 'GeoCoordinates', 'latitude': float(lat),
                'longitude': float(long)}}


def _offers(facts):
    if facts.free:
        return {'@type': 'Offer', 'price': '0', 'priceCurrency': 'CAD'}
    return {'@type': 'AggregateOffer', 'priceCurrency': 'CAD',
            'lowPrice': '%.2f' % (facts.min_price / 100),
            'highPrice': '%.2f' % (facts.max_price / 100),
            'availability': 'https://schema.org/'
                            + ('SoldOut' if facts.sold_out else 'InStock')}


def event_node(world, stub, origin, shape):
    """Return an event as a node of schema.org."""
    facts = world.facts(stub)
    role = 'canceled' if stub.status == 'canceled' else stub.role
    return {
        '@type': 'MusicEvent' if stub.genre == 'music' else 'Event',
        'name': html.escape(html.unescape(facts.title)),
        'description': '<p>%s</p>' % html.escape(facts.sentences[0]),
        'url': origin + page_path(stub),
        'startDate': _when(stub.start, shape),
        'endDate': _when(stub.end, shape),
        'eventStatus': 'https://schema.org/'
                       + STATUS.get(role, 'EventScheduled'),
        'eventAttendanceMode': 'https://schema.org/%sEventAttendanceMode'
                               % ('Online' if stub.online else 'Offline'),
        'location': _place(world, stub),
        'image': ['https://img.example.org/%d.jpg' % stub.index],
        'offers': _offers(facts),
        'organizer': {'@type': 'Organization', 'name': facts.organizer_name},
        'inLanguage': facts.language}


def document(world, stub, origin):
    """Return the JSON-LD of an event's page, by its template."""
    shape = shape_of(stub)
    node = event_node(world, stub, origin, shape)
    if shape == 'yoast':
        place, owner = node['location'], node['organizer']
        place['@id'], owner['@id'] = '#place', origin + '/#organization'
        node['location'] = {'@id': '#place'}
        node['organizer'] = {'@id': owner['@id']}
        return {'@context': 'https://schema.org', '@graph': [
            {'@type': 'WebPage', '@id': node['url'], 'name': node['name']},
            place, owner, node]}
    if shape == 'eventbrite':
        return {'@context': 'https://schema.org', '@type': 'ItemList',
                'itemListElement': [
                    {'@type': 'ListItem', 'position': 1, 'item': node}]}
    if shape == 'bare':
        return [dict(node, **{'@context': 'http://schema.org'})]
    return dict(node, **{'@context': 'https://schema.org'})


def script(data, shape):
    """Return the script element of a template."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if shape == 'bare':
        # A trailing comma and a comment around, of a template by hand.
        text = '<!--\n%s,\n]\n-->' % text.rstrip().rstrip(']').rstrip()
        return "<SCRIPT TYPE='application/ld+json' >%s</SCRIPT>" % text
    return '<script type="application/ld+json">%s</script>' % text


def hostile(name):
    """Return a page that is up to no good."""
    lead = '<html><body><script type="application/ld+json">'
    return {
        'script': '<html><script>%s</script>' % ('x' * 10_000_000),
        'deep': lead + '{"@type":"Event","a":' + '[' * 200_000,
        'unclosed': lead + '{"@type":"Event","name":"x"',
        'other': lead + '{"@type":"Product"}</script>',
    }.get(name)


class Agenda:
    """Answers requests below /agenda, and /robots.txt."""

    ROOT = '/agenda'

    def __init__(self, world):
        self.world = world

    def answer(self, request):
        """Return the reply to a request."""
        if request.path == '/robots.txt':
            return self._robots()
        with self.world.lock:
            text = self._page(request)
        if text is None:
            return Reply(404, b'<html>Introuvable</html>', HTML)
        body = text.encode()
        tag = '"%s"' % hashlib.sha1(
            body, usedforsecurity=False).hexdigest()[:20]
        if request.header('if-none-match') == tag:
            return Reply(304, b'', None, [('ETag', tag)])
        return Reply(200, body, HTML, [('ETag', tag)])

    def _robots(self):
        variant = self.world.site.get('robots', 'none')
        if variant in ROBOTS:
            return Reply(200, ROBOTS[variant].encode(), 'text/plain')
        if variant == 'broken':
            return Reply(500, b'', 'text/plain')
        return Reply(404, b'Not found\n', 'text/plain')

    def _page(self, request):
        """Return the text of a page, or None."""
        path = request.path.rstrip('/')
        if path == self.ROOT:
            return self._listing(request)
        if path.startswith(self.ROOT + '/hostile/'):
            return hostile(path.rsplit('/', 1)[1])
        for stub in stubs(self.world):
            if page_path(stub) == path:
                return self._event(request, stub)
        return None

    def _event(self, request, stub):
        origin = request.origin
        data = document(self.world, stub, origin)
        return (
            '<!DOCTYPE html>\n<html lang="fr-CA"><head>'
            '<link rel="canonical" href="%s%s">%s%s</head>'
            '<body><a href="/agenda/e/999999-0">En voir plus</a></body></html>'
            % (origin, page_path(stub),
               script({'@context': 'https://schema.org',
                       '@type': 'BreadcrumbList'}, ''),
               script(data, shape_of(stub))))

    def _listing(self, request):
        """Return a page of links; the events on it say only the least."""
        number = int(request.query.get('page', '1'))
        site = self.world.site
        chosen = stubs(self.world)
        part = chosen[(number - 1) * PER_PAGE:number * PER_PAGE]
        more = number * PER_PAGE < len(chosen)
        links = [page_path(s) for s in part]
        if number == 1 and site.get('stale'):
            links.append('/agenda/e/888888-0')
        if site.get('links') == 'none':
            links = []
        graph = [{'@type': 'Event', 'startDate': _when(s.start, 'yoast'),
                  'name': html.escape(html.unescape(
                      self.world.facts(s).title)),
                  'url': request.origin + page_path(s)} for s in part]
        return '<html lang="fr"><head>%s%s</head><body>%s</body></html>' % (
            '<link rel="next" href="/agenda/?page=%d">' % (number + 1)
            if more else '',
            script({'@context': 'https://schema.org', '@graph': graph}, ''),
            ''.join('<p><a href="%s?utm_source=agenda">x</a> <a href="%s">y'
                    '</a>' % (link, link) for link in links)
            + '<a href="/agenda/prive/1">z</a><a href="/contact">c</a>')
