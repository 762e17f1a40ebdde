"""Ticketmaster's Discovery API v2: parameters, pages, limits and errors."""

import re
import time
from datetime import datetime
from urllib.parse import urlencode

import ticketmaster_shape as shape
from wire import Reply

JSON = 'application/json;charset=utf-8'
DAILY = 5000
MAX_SIZE = 200
MAX_OFFSET = 1000
MAX_TOTAL = 10000
MOMENT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z')
SOURCES = {'ticketmaster', 'universe', 'frontgate', 'tmr'}
SORTS = {'id,asc', 'date,asc', 'date,desc', 'relevance,desc', 'name,asc',
         'name,desc', 'name,date,asc', 'relevance,asc'}


class ApiError(Exception):
    """An error of the API itself."""

    def __init__(self, status, code, detail, text=None):
        super().__init__(detail)
        self.status = status
        self.body = {'errors': [{
            'code': code, 'detail': detail, 'status': text or str(status),
            '_links': {('self' if text else 'about'): {
                'href': '/discovery/v2/errors.html#' + code}}}]}


class Fault(Exception):
    """An error of the gateway before it."""

    def __init__(self, status, text, code):
        super().__init__(text)
        self.status = status
        self.body = {'fault': {'faultstring': text,
                               'detail': {'errorcode': code}}}


def bad_request(code, detail):
    """Return a refusal of a parameter."""
    return ApiError(400, code, detail, '400 BAD_REQUEST')


# -- parameters ---------------------------------------------------------------

def wanted_moment(request, name):
    """Return one end of the window as naive UTC, or None."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        if MOMENT.match(text):
            return datetime.fromisoformat(text[:-1])
    except ValueError:
        pass
    raise bad_request('DIS1015', 'Query param with date must be of valid '
                      'format YYYY-MM-DDTHH:mm:ssZ {example: '
                      '2020-08-01T14:00:00Z }')


def wanted_number(request, name, default):
    """Return a number that is not negative."""
    text = request.query.get(name, str(default))
    if not text.isdigit():
        raise bad_request('DIS1010', "Query param '%s' must be a number"
                          % name)
    return int(text)


def wanted_page(request):
    """Return (page, size) within the limits."""
    size = wanted_number(request, 'size', 20)
    page = wanted_number(request, 'page', 0)
    if size > MAX_SIZE:
        raise bad_request('DIS1036', 'Page size must be less than 200')
    if page * size >= MAX_OFFSET:
        raise bad_request('DIS1035', 'API Limits Exceeded: Max paging depth '
                          'exceeded. (page * size) must be less than 1,000')
    return page, max(size, 1)


def wanted_switch(request, name):
    """Return yes, no or only."""
    text = request.query.get(name, 'no')
    if text not in ('yes', 'no', 'only'):
        raise bad_request('DIS1012', "Query param '%s' must be one of yes, "
                          'no, only' % name)
    return text


def wanted_list(request, name):
    """Return a comma list as a set, or None."""
    text = request.query.get(name)
    return None if not text else set(text.split(','))


def is_here(request):
    """Tell whether the place asked for is the city."""
    query = request.query
    return (query.get('marketId', '120') == '120'
            and query.get('dmaId', '522') == '522'
            and query.get('countryCode', 'CA').upper() == 'CA'
            and query.get('stateCode', 'QC').upper() == 'QC'
            and query.get('city', 'montreal').lower().replace('é', 'e')
            == 'montreal')


# -- the API ------------------------------------------------------------------

class Ticketmaster:
    """Answers requests below /ticketmaster/discovery/v2."""

    ROOT = '/ticketmaster/discovery/v2'

    def __init__(self, world):
        self.world = world

    def answer(self, request):
        """Return the reply to a request."""
        try:
            used = self._admit(request)
            reply = Reply(200, self._route(request), JSON, (
                ('Rate-Limit', str(DAILY)),
                ('Rate-Limit-Available', str(max(DAILY - used, 0))),
                ('Rate-Limit-Over', '0'),
                ('Rate-Limit-Reset',
                 str(int((time.time() + 86000) * 1000)))))
        except (ApiError, Fault) as error:
            reply = Reply(error.status, shape.dumps(error.body), JSON)
        reply.headers += (('Access-Control-Allow-Origin', '*'),
                          ('Cache-Control', 'max-age=0'))
        return reply

    def _admit(self, request):
        """Let a request through the gateway; return the calls used."""
        world = self.world
        key = request.query.get('apikey')
        if not key:
            raise Fault(401, 'Failed to resolve API Key variable '
                        'request.queryparam.apikey',
                        'steps.oauth.v2.FailedToResolveAPIKey')
        if key != world.token:
            raise Fault(401, 'Invalid ApiKey', 'oauth.v2.InvalidApiKey')
        with world.lock:
            spikes, world.spikes = world.spikes, max(world.spikes - 1, 0)
        if spikes:
            raise Fault(429, 'Spike arrest violation. Allowed rate : 5ps',
                        'policies.ratelimit.SpikeArrestViolation')
        allowed, used, _, _ = world.spend()
        if not allowed:
            # It says whose quota that is.
            raise Fault(429, 'Rate limit quota violation. Quota limit  '
                        'exceeded. Identifier : ' + key,
                        'policies.ratelimit.QuotaViolation')
        return used

    def _route(self, request):
        path = request.path[len(self.ROOT):]
        if path.endswith('.json'):
            path = path[:-len('.json')]
        if path == '/events':
            return self._list(request)
        found = re.match(r'/events/([A-Za-z0-9_-]+)\Z', path)
        if found:
            return self._event(found.group(1))
        raise ApiError(404, 'DIS1000', 'Resource not found')

    def _event(self, ident):
        for stub in self.world.all_stubs():
            for kind in shape.kinds(stub):
                if shape.ident(stub, kind) == ident:
                    return shape.event_bytes(self.world, stub, kind, 0)
        raise ApiError(404, 'DIS1004', 'Resource not found with provided '
                       'criteria (locale=en-us, id=%s)' % ident)

    def _list(self, request):
        """Return one page of events as bytes."""
        world = self.world
        start = wanted_moment(request, 'startDateTime')
        end = wanted_moment(request, 'endDateTime')
        page, size = wanted_page(request)
        tba = wanted_switch(request, 'includeTBA')
        tbd = wanted_switch(request, 'includeTBD')
        segments = wanted_list(request, 'segmentId')
        sources = wanted_list(request, 'source') or SOURCES
        order = request.query.get('sort', 'relevance,desc')
        if order not in SORTS:
            raise bad_request('DIS1014', 'Query param sort must be one of %s'
                              % ', '.join(sorted(SORTS)))

        def is_dated(stub):
            late = shape.undated(stub)
            if tba == 'only' or tbd == 'only':
                # Both "only" exclude each other.
                return late is not None and (tba, tbd) in (
                    ('only', 'no'), ('no', 'only')) \
                    and late == ('TBA' if tba == 'only' else 'TBD')
            if late is not None:
                return (tba if late == 'TBA' else tbd) == 'yes'
            return shape.starts_between(stub, start, end)

        def chosen(world):
            if not is_here(request):
                return []
            return [
                (stub, kind) for stub in world.all_stubs()
                if is_dated(stub) for kind in shape.kinds(stub)
                if ('tmr' if kind == shape.RESALE
                    else shape.source(stub)) in sources
                and (segments is None or shape.SEGMENTS[
                    shape.segment(world.facts(stub))] in segments)]

        def ordered(found):
            if order.startswith('date') or order.startswith('relevance'):
                return sorted(found, key=lambda pair: pair[0].start,
                              reverse=order == 'date,desc')
            if order.startswith('name'):
                return sorted(found, key=lambda pair: world.facts(
                    pair[0]).title)
            return sorted(found, key=lambda pair: shape.ident(*pair))

        key = ('ticketmaster', start, end, tba, tbd, order, is_here(request),
               segments and frozenset(segments), frozenset(sources))
        found = world.listing(key, chosen, ordered)
        with world.lock:
            if page > 0 and world.repeats > 0:
                world.repeats -= 1
                page -= 1
        body = self._page(request, found, page, size)
        if page == 0 and len(found) > size:
            self._drift([stub for stub, _ in found], size)
        return body

    def _page(self, request, found, page, size):
        world = self.world
        pages = -(-len(found) // size)
        with world.lock:
            turn = world.nb_api
        shown = found[page * size:(page + 1) * size]
        about = {'size': size, 'totalElements': min(len(found), MAX_TOTAL),
                 'totalPages': min(pages, MAX_TOTAL // size), 'number': page}
        links = {'self': page, 'first': 0}
        if page > 0:
            links['prev'] = page - 1
        if page + 1 < pages:
            links['next'] = page + 1
        if pages:
            links['last'] = pages - 1
        body = b''
        if shown:
            body = b'"_embedded":{"events":[%s]},' % b','.join(
                shape.event_bytes(world, stub, kind, turn)
                for stub, kind in shown)
        return b'{%s"_links":%s,"page":%s}' % (body, shape.dumps({
            name: {'href': self._href(request, number)}
            for name, number in links.items()}), shape.dumps(about))

    @staticmethod
    def _href(request, page):
        """Return a link to a page: the parameters, without the key."""
        query = {name: value for name, value in request.query.items()
                 if name not in ('apikey', 'page')}
        return '/discovery/v2/events.json?' + urlencode(
            dict(query, page=page))

    def _drift(self, stubs, size):
        """Shift the list between its first page and the next."""
        world = self.world
        with world.lock:
            drift, world.drift = world.drift, 0
            for _ in range(drift):
                world.insert_before(stubs[0])
            for stub in stubs[:-drift] if drift < 0 else ():
                world.remove(stub.id)

    def twins(self):
        """Return which id is which event of the city."""
        return [{'ticketmaster_id': shape.ident(stub),
                 'eventbrite_id': stub.id, 'dated': not shape.undated(stub)}
                for stub in self.world.all_stubs()]
