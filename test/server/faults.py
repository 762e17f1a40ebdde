"""Every way an upstream goes wrong: /fault/KIND[,name=value...][@PAGE]/PATH.

A fault wraps the path after it, other faults included, so that the base_url
of a source is enough to meet it. KINDS maps each kind to a function that gets
an Incident; it returns a Reply, or writes on the socket and raises Handled.
"""

import gzip
import json
import math
import time
import zlib
from email.utils import formatdate
from urllib.parse import unquote

import eventbrite
from wire import Handled, Reply, chunk

JSON = 'application/json'
LOGIN_PAGE = (
    b'<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
    b'<title>Connexion</title></head><body><h1>Connexion</h1>'
    b'<form method="post" action="/login"><input name="email">'
    b'<input name="password" type="password"></form></body></html>\n')
# How long a fault that never ends is kept up for a client that never leaves.
FOR_EVER = 3600


class Incident:
    """One request that a fault is about to meet."""

    def __init__(self, upstream, request, connection, spec):
        self.upstream = upstream
        self.world = upstream.world
        self.request = request
        self.connection = connection
        spec, _, page = spec.partition('@')
        self.kind, *options = spec.split(',')
        self.page = int(page) if page else None
        pairs = (option.partition('=')[::2] for option in options)
        self.options = {name: unquote(value) for name, value in pairs}
        self.outer = request.prefix
        self.prefix = ''

    def option(self, name, default):
        """Return an option as a value of the default's type.

        Options stand in the path only: the query belongs to the client.
        """
        text = self.options.get(name)
        return default if text is None else type(default)(text)

    def inner(self):
        """Return the reply that would be given without the fault."""
        return self.upstream.answer(self.request, self.connection)

    def asked_page(self):
        """Return the number of the page asked for; 1 when none is named."""
        query = self.request.query
        try:
            if 'continuation' in query:
                return eventbrite.decode_page(query['continuation'])
            return int(query.get('page', '1'))
        except (eventbrite.ApiError, ValueError):
            return 1

    def count(self, what):
        """Count a thing about this fault; return how often it has been."""
        with self.world.lock:
            memory = self.world.fault_memory
            key = (self.prefix, what)
            memory[key] = memory.get(key, 0) + 1
            return memory[key]

    def spared(self):
        """Tell whether this request isn't one the fault is meant for."""
        if self.page is not None and self.page != self.asked_page():
            return True
        limits = {name: self.option(name, 0)
                  for name in ('nth', 'first', 'from')}
        if not any(limits.values()):
            return False
        number = self.count(('asked', self.request.path))
        return bool((limits['nth'] and number != limits['nth'])
                    or (limits['first'] and number > limits['first'])
                    or number < limits['from'])

    def start(self, status, data):
        """Send the first bytes, once the request is in the log."""
        self.upstream.note(self.request, status)
        self.connection.send(data)

    def stall(self, seconds):
        """Wait for the client to leave, visibly to the control room."""
        world = self.world
        with world.lock:
            world.stalled += 1
        try:
            self.connection.wait(seconds)
        finally:
            with world.lock:
                world.stalled -= 1


class Faults:
    """Answers requests below /fault."""

    def __init__(self, upstream):
        self.upstream = upstream

    def answer(self, request, connection):
        """Return the faulty reply, or raise Handled after writing it."""
        spec = request.path.split('/', 3)[2]
        try:
            incident = Incident(self.upstream, request, connection, spec)
        except ValueError:
            return Reply(404, b'Bad fault\n', 'text/plain')
        incident.prefix = request.prefix + '/fault/' + spec
        request.under('/fault/' + spec)
        kind = incident.kind
        if kind.startswith('latency-') and kind[8:].isdigit():
            incident.options['ms'] = kind[8:]
            kind = 'latency'
        if kind not in KINDS:
            return Reply(404, 'Unknown fault; known: {}\n'.format(
                ', '.join(sorted(KINDS))).encode(), 'text/plain')
        if incident.spared():
            return incident.inner()
        return KINDS[kind](incident)


# -- time ---------------------------------------------------------------------

def latency(incident):
    """Answer well, but late."""
    incident.connection.wait(incident.option('ms', 50) / 1000)
    return incident.inner()


def slow_headers(incident):
    """Send nothing for a while, then answer."""
    incident.stall(incident.option('delay', 30.0))
    return incident.inner()


def slow_body(incident):
    """Send the body a few bytes at a time."""
    reply = incident.inner()
    body = reply.whole()
    step = incident.option('bytes', 1)
    incident.start(reply.status, reply.head(len(body)))
    for place in range(0, len(body), step):
        incident.connection.send(body[place:place + step])
        incident.stall(incident.option('interval', .1))
    raise Handled(reply.status, close=False)


def stall_body(incident):
    """Send half of the body, then nothing more."""
    reply = incident.inner()
    body = reply.whole()
    incident.start(reply.status, reply.head(len(body)) + body[:len(body) // 2])
    incident.stall(incident.option('delay', float(FOR_EVER)))
    raise Handled(reply.status)


# -- lengths ------------------------------------------------------------------

def truncated(incident):
    """Promise the whole body, send half of it, and close."""
    reply = incident.inner()
    body = reply.whole()
    reply.close = True
    incident.start(reply.status, reply.head(len(body)) + body[:len(body) // 2])
    raise Handled(reply.status)


def truncated_json(incident):
    """Send half of the document in a reply that is in order."""
    reply = incident.inner()
    body = reply.whole()
    reply.body = body[:len(body) // 2]
    return reply


def wrong_length(incident):
    """Promise half of what is sent; the rest lies on the connection."""
    reply = incident.inner()
    body = reply.whole()
    incident.start(reply.status, reply.head(len(body) // 2) + body)
    raise Handled(reply.status, close=False)


def endless(incident):
    """Send chunks until the client has had enough."""
    reply = incident.inner()
    body = reply.whole()
    half = chunk(body[:len(body) // 2])
    incident.start(reply.status, reply.head(chunked=True) + half)
    filler = chunk(b' ' * 65536)
    end = time.monotonic() + FOR_EVER
    while time.monotonic() < end:
        incident.connection.send(filler)
    raise Handled(reply.status)


def _content_type(incident):
    return dict(incident.inner().headers).get('Content-Type', JSON)


def empty_body(incident):
    """Send status 200 and nothing else."""
    return Reply(200, b'', _content_type(incident))


def bad_chunk(incident):
    """Send a chunk whose size isn't a number."""
    reply = incident.inner()
    reply.close = True
    incident.start(reply.status, reply.head(chunked=True) + b'zz\r\nxx\r\n')
    raise Handled(reply.status)


# -- the connection -----------------------------------------------------------

def reset(incident):
    """Send half of the body, then a TCP reset."""
    reply = incident.inner()
    body = reply.whole()
    incident.start(reply.status, reply.head(len(body)) + body[:len(body) // 2])
    # Long enough for the client to read what arrived: a reset discards it.
    incident.connection.wait(incident.option('delay', .05))
    incident.connection.reset()
    raise Handled(reply.status)


def drop(incident):
    """Close without a word."""
    raise Handled('-')


def close_after(incident):
    """Close after the reply although it said keep-alive."""
    reply = incident.inner()
    incident.start(reply.status, b'')
    incident.connection.send_reply(reply, incident.request.method)
    raise Handled(reply.status)


def bad_status(incident):
    """Answer in something that isn't HTTP."""
    incident.start('-', b'220 mail.example.org ESMTP ready\r\n')
    raise Handled('-')


def huge_headers(incident):
    """Send a megabyte of headers, in lines of eight kilobytes or in one."""
    reply = incident.inner()
    total = incident.option('kb', 1024) * 1024
    line = total if incident.option('lines', 0) == 1 else 8192
    for number in range(max(1, total // line)):
        reply.headers.append(('X-Padding-%d' % number, 'x' * line))
    reply.close = True
    return reply


# -- encodings ----------------------------------------------------------------

def proper_gzip(incident):
    """Send the body compressed, as it should be."""
    reply = incident.inner()
    reply.body = gzip.compress(reply.whole(), 6, mtime=0)
    reply.headers.append(('Content-Encoding', 'gzip'))
    return reply


def bad_gzip(incident):
    """Send compressed bytes that are damaged in the middle."""
    reply = proper_gzip(incident)
    middle = len(reply.body) // 2
    reply.body = (reply.body[:middle] + b'\xff\x00\xff\x00' * 8
                  + reply.body[middle + 32:])
    return reply


def _zeros(size):
    """Yield a valid gzip stream of so many mebibytes of zeros.

    The same flushed megabyte is sent again and again, so that the server
    spends next to nothing on what costs the client so much.
    """
    block = bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    yield b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff'
    crc = 0
    for _ in range(size):
        crc = zlib.crc32(block, crc)
        yield packed
    yield (b'\x03\x00' + crc.to_bytes(4, 'little')
           + (size << 20 & 0xFFFFFFFF).to_bytes(4, 'little'))


def gzip_bomb(incident):
    """Send a gigabyte of zeros in one megabyte."""
    return Reply(200, _zeros(incident.option('mb', 1024)),
                 _content_type(incident),
                 [('Content-Encoding', 'gzip')])


def unknown_encoding(incident):
    """Claim an encoding that doesn't exist."""
    reply = incident.inner()
    reply.headers.append(('Content-Encoding', 'x-secret'))
    return reply


def _inject(reply, data, record=2):
    """Put bytes at the head of a record's title, in JSON or iCalendar."""
    body = reply.whole()
    for anchor in (b'"name":{"text":"', b'\nSUMMARY:'):
        place = body.find(anchor)
        if place < 0:
            continue
        for _ in range(record - 1):
            following = body.find(anchor, place + 1)
            if following < 0:
                break
            place = following
        place += len(anchor)
        reply.body = body[:place] + data + body[place:]
        return reply
    reply.body = data + body
    return reply


def invalid_utf8(incident):
    """Put bytes that are no UTF-8 into one record."""
    return _inject(incident.inner(), b'Caf\xe9 \xff\xfe\xc3( ',
                   incident.option('record', 2))


def nul(incident):
    """Put a NUL into one record: escaped in JSON, or raw."""
    reply = incident.inner()
    escaped = (reply.whole().lstrip().startswith(b'{')
               and not incident.option('raw', 0))
    return _inject(reply, b'a\\u0000b ' if escaped else b'a\x00b ',
                   incident.option('record', 2))


def bom(incident):
    """Put a byte order mark before the document."""
    reply = incident.inner()
    reply.body = b'\xef\xbb\xbf' + reply.whole()
    return reply


def windows_1252(incident):
    """Send the document in windows-1252, saying it is UTF-8."""
    reply = incident.inner()
    reply.body = reply.whole().decode('utf-8').encode('cp1252', 'replace')
    return reply


# -- other documents ----------------------------------------------------------

def html_200(incident):
    """Answer with a login page and status 200."""
    return Reply(200, LOGIN_PAGE, 'text/html; charset=utf-8')


def not_json(incident):
    """Say JSON, send a sentence."""
    return Reply(200, b'this is not a document\n', JSON)


def deep_json(incident):
    """Send brackets that are nested too deeply."""
    depth = incident.option('depth', 100000)
    return Reply(200, b'[' * depth + b']' * depth, JSON)


# -- redirects ----------------------------------------------------------------

def _moved(status, location):
    return Reply(status, b'', 'text/html', [('Location', location)])


def redirect_loop(incident):
    """Send the client to where it is."""
    request = incident.request
    return _moved(301, request.url(request.path))


def redirect_chain(incident):
    """Redirect so many times, then answer."""
    left = incident.option('count', 3)
    if left <= 0:
        return incident.inner()
    request = incident.request
    request.prefix = (incident.outer
                      + '/fault/redirect-chain,count=%d' % (left - 1))
    return _moved(302, request.url(request.path))


def redirect_private(incident):
    """Send the client to an address it must not reach."""
    target = incident.option('to', '169.254.169.254')
    path = '/latest/meta-data/' if target.startswith('169.254.') else '/'
    return _moved(302, 'http://' + target + path)


def redirect_file(incident):
    """Send the client to a file."""
    return _moved(302, incident.option('to', 'file:///etc/passwd'))


def _to_other(incident, host, port):
    """Redirect to another name of this server, where `landed` is noted."""
    request = incident.request
    query = '?' + request.raw_query if request.raw_query else ''
    return _moved(302, 'http://%s:%d%s/fault/landed%s%s' % (
        host, port, incident.outer, request.path, query))


def redirect_host(incident):
    """Send the client to this server under its other name."""
    request = incident.request
    host = (request.header('host') or '').rpartition(':')[0]
    other = '127.0.0.1' if host == 'localhost' else 'localhost'
    return _to_other(incident, other, request.port)


def redirect_port(incident):
    """Send the client to this server's other port."""
    ports = incident.upstream.ports
    port = ports[1] if incident.request.port == ports[0] else ports[0]
    host = (incident.request.header('host')
            or '127.0.0.1').rpartition(':')[0]
    return _to_other(incident, host, port)


def landed(incident):
    """Note what a redirect brought along, then answer."""
    request = incident.request
    with incident.world.lock:
        incident.world.landed.append({
            'host': request.header('host'), 'path': request.path,
            'authorization': request.header('authorization') is not None,
            'cookie': request.header('cookie') is not None,
            'token_in_query': 'token' in request.query})
    return incident.inner()


# -- refusals -----------------------------------------------------------------

def _refusal(status, error, description, headers=()):
    body = json.dumps({'status_code': status, 'error': error,
                       'error_description': description})
    return Reply(status, body.encode(), JSON, headers)


def _until(incident, refuse, make_header, at):
    """Refuse until an instant, then answer for good.

    A client that comes back too early is refused again, and counted in
    /_control/requests as `too_early`.
    """
    world = incident.world
    key = (incident.prefix, 'ready', incident.request.target)
    with world.lock:
        ready = world.fault_memory.get(key)
        if ready is None:
            ready = world.fault_memory[key] = at
        elif time.time() < ready:
            world.too_early += 1
    if time.time() >= ready:
        return incident.inner()
    return refuse([('Retry-After', make_header(ready))])


def _too_many(headers):
    return _refusal(429, 'HIT_RATE_LIMIT',
                    'Your token has hit its rate limit.', headers)


def _unavailable(headers):
    return _refusal(503, 'INTERNAL_ERROR', 'Service unavailable.', headers)


def _seconds_left(ready):
    return str(max(1, math.ceil(ready - time.time())))


def rate_limit_seconds(incident):
    """Refuse with a Retry-After in seconds, until they are over."""
    return _until(incident, _too_many, _seconds_left,
                  time.time() + incident.option('seconds', 1.0))


def rate_limit_date(incident):
    """Refuse with a Retry-After that is a date, until that date."""
    at = math.ceil(time.time() + incident.option('seconds', 1.0))
    return _until(incident, _too_many,
                  lambda ready: formatdate(ready, usegmt=True), at)


def rate_limit_long(incident):
    """Refuse with a Retry-After of an hour, always."""
    return _too_many([('Retry-After',
                       str(incident.option('seconds', 3600)))])


def unavailable_retry_after(incident):
    """Be unavailable until a Retry-After is over."""
    return _until(incident, _unavailable, _seconds_left,
                  time.time() + incident.option('seconds', 1.0))


def flaky_500(incident):
    """Fail the first time a URL is asked, then answer."""
    asked = incident.count(('flaky', incident.request.target))
    if asked <= incident.option('times', 1):
        return always_500(incident)
    return incident.inner()


def always_500(incident):
    """Fail."""
    return _refusal(incident.option('status', 500), 'INTERNAL_ERROR',
                    'Internal error.')


def expansion_failed(incident):
    """Fail while an expansion, or a certain one, is asked for."""
    asked = set(filter(None, incident.request.query.get(
        'expand', '').split(',')))
    only = incident.options.get('only')
    if asked if only is None else only in asked:
        return _refusal(500, 'EXPANSION_FAILED',
                        'Failed to expand the requested objects.')
    return incident.inner()


# -- pages --------------------------------------------------------------------

def _edit_page(incident, edit):
    """Return a page of events after a change to its document."""
    reply = incident.inner()
    if reply.status == 200:
        page = json.loads(reply.whole())
        if isinstance(page, dict) and 'pagination' in page:
            edit(page)
            reply.body = json.dumps(
                page, separators=(',', ':'), ensure_ascii=False).encode()
    return reply


def _always_more(incident, following):
    """Serve page 1 whatever is asked, and say that more follows."""
    asked = incident.asked_page()
    query = incident.request.query
    query.pop('continuation', None)
    query['page'] = '1'

    def edit(page):
        page['pagination'].update(
            page_number=asked, has_more_items=True,
            continuation=eventbrite.encode_page(following(asked), True))
    return _edit_page(incident, edit)


def endless_pages(incident):
    """Always have one more page."""
    return _always_more(incident, lambda asked: asked + 1)


def same_continuation(incident):
    """Always give the same continuation."""
    return _always_more(incident, lambda asked: 2)


def empty_page(incident):
    """Have no events on the page, though more may follow."""
    return _edit_page(incident, lambda page: page.update(events=[]))


def no_has_more(incident):
    """Leave has_more_items out, as replies of 2018 do."""
    return _edit_page(
        incident, lambda page: page['pagination'].pop('has_more_items'))


def bad_continuation(incident):
    """Refuse every continuation."""
    if 'continuation' in incident.request.query:
        return _refusal(400, 'BAD_CONTINUATION_TOKEN',
                        'Invalid continuation token passed.')
    return incident.inner()


KINDS = {
    'latency': latency, 'slow-headers': slow_headers,
    'slow-body': slow_body, 'stall-body': stall_body,
    'truncated': truncated, 'truncated-json': truncated_json,
    'wrong-length': wrong_length, 'endless': endless,
    'empty-body': empty_body, 'bad-chunk': bad_chunk,
    'reset': reset, 'drop': drop, 'close-after': close_after,
    'bad-status': bad_status, 'huge-headers': huge_headers,
    'gzip': proper_gzip, 'bad-gzip': bad_gzip, 'gzip-bomb': gzip_bomb,
    'unknown-encoding': unknown_encoding, 'invalid-utf8': invalid_utf8,
    'nul': nul, 'bom': bom, 'windows-1252': windows_1252,
    'html-200': html_200, 'not-json': not_json, 'deep-json': deep_json,
    'redirect-loop': redirect_loop, 'redirect-chain': redirect_chain,
    'redirect-private': redirect_private, 'redirect-file': redirect_file,
    'redirect-host': redirect_host, 'redirect-port': redirect_port,
    'landed': landed,
    'rate-limit-seconds': rate_limit_seconds,
    'rate-limit-date': rate_limit_date, 'rate-limit-long': rate_limit_long,
    '503-retry-after': unavailable_retry_after,
    'flaky-500': flaky_500, 'always-500': always_500,
    'expansion-failed': expansion_failed,
    'endless-pages': endless_pages,
    'same-continuation': same_continuation, 'empty-page': empty_page,
    'no-has-more': no_has_more, 'bad-continuation': bad_continuation,
}
