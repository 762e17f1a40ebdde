"""HTTP/1.1 on a socket: what a request is, how a reply leaves.

http.server isn't used because faults need the socket itself (half a body, a
reset, a header that never comes) and because its header parser would be most
of the cost of a cached page.
"""

import select
import socket
import socketserver
import struct
import time
from urllib.parse import parse_qsl

REASONS = {
    200: 'OK', 206: 'Partial Content', 301: 'Moved Permanently',
    302: 'Found', 304: 'Not Modified', 307: 'Temporary Redirect',
    308: 'Permanent Redirect', 400: 'Bad Request', 401: 'Unauthorized',
    403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed',
    409: 'Conflict', 429: 'Too Many Requests', 431: 'Headers Too Large',
    500: 'Internal Server Error', 502: 'Bad Gateway',
    503: 'Service Unavailable', 504: 'Gateway Timeout',
}
MAX_HEAD = 1 << 20


class Gone(Exception):
    """The client left; there is no one to answer."""


class Handled(Exception):
    """A fault has already answered on the socket, in its own way."""

    def __init__(self, status, close=True):
        super().__init__(status)
        self.status = status
        self.close = close


class Request:
    """One parsed request."""

    def __init__(self, method, target, headers, body, port):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.port = port
        path, _, query = target.partition('?')
        if path.startswith(('http://', 'https://')):
            path = '/' + path.split('/', 3)[3] if path.count('/') > 2 else '/'
        self.path = path
        self.full_path = path
        self.raw_query = query
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.prefix = ''
        self.keep = True
        self.noted = False

    def header(self, name):
        """Return a header's value or None; names are in lower case."""
        return self.headers.get(name)

    @property
    def origin(self):
        """Return http://host:port as the client wrote it."""
        return 'http://' + self.headers.get(
            'host', '127.0.0.1:%d' % self.port)

    def under(self, prefix):
        """Move a leading part of the path into the prefix."""
        self.prefix += prefix
        self.path = self.path[len(prefix):] or '/'

    def url(self, path, query=None):
        """Return an absolute URL that keeps the fault prefix."""
        query = self.raw_query if query is None else query
        return (self.origin + self.prefix + path
                + ('?' + query if query else ''))


class Reply:
    """A status, headers and a body: bytes, or an iterable to be chunked."""

    def __init__(self, status, body=b'', content_type=None, headers=()):
        self.status = status
        self.body = body
        self.headers = list(headers)
        if content_type is not None:
            self.headers.insert(0, ('Content-Type', content_type))
        self.close = False

    def whole(self):
        """Return the body as bytes, whatever it is; faults cut it up."""
        if not isinstance(self.body, (bytes, bytearray)):
            self.body = b''.join(self.body)
        return self.body

    def has_header(self, name):
        """Tell whether a header is already set."""
        return any(name.lower() == key.lower() for key, _ in self.headers)

    def head(self, length=None, chunked=False, extra=()):
        """Return the status line and headers as bytes."""
        lines = ['HTTP/1.1 %d %s' % (self.status,
                                     REASONS.get(self.status, 'Unknown'))]
        lines += ['%s: %s' % pair for pair in self.headers]
        lines += ['%s: %s' % pair for pair in extra]
        if chunked:
            lines.append('Transfer-Encoding: chunked')
        elif length is not None:
            lines.append('Content-Length: %d' % length)
        lines.append('Connection: close' if self.close
                     else 'Connection: keep-alive')
        return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1')


def chunk(data):
    """Frame a piece of a chunked body."""
    return b'%x\r\n%s\r\n' % (len(data), data)


class Connection(socketserver.BaseRequestHandler):
    """One client connection; answers requests until one side closes."""

    def setup(self):
        """Turn off Nagle: small replies would wait for the client's ACK."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b''

    # -- reading --------------------------------------------------------------

    def _more(self):
        data = self.request.recv(65536)
        if not data:
            raise Gone
        self._buffer += data

    def _read_head(self):
        while True:
            end = self._buffer.find(b'\r\n\r\n')
            if end >= 0:
                head = self._buffer[:end].decode('latin-1')
                self._buffer = self._buffer[end + 4:]
                return head
            if len(self._buffer) > MAX_HEAD:
                raise Gone
            self._more()

    def _take(self, count):
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _read_body(self, headers):
        if 'chunked' in headers.get('transfer-encoding', '').lower():
            parts = []
            while True:
                while b'\r\n' not in self._buffer:
                    self._more()
                line, _, self._buffer = self._buffer.partition(b'\r\n')
                size = int(line.split(b';')[0], 16)
                parts.append(self._take(size))
                self._take(2)
                if size == 0:
                    return b''.join(parts)
        return self._take(int(headers.get('content-length', '0') or 0))

    def _read_request(self):
        head = self._read_head()
        lines = head.split('\r\n')
        method, target, version = lines[0].split(' ', 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            headers[name.strip().lower()] = value.strip()
        if headers.get('expect', '').lower() == '100-continue':
            self.request.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
        body = self._read_body(headers)
        request = Request(method, target, headers, body,
                          self.request.getsockname()[1])
        wish = headers.get('connection', '').lower()
        request.keep = wish != 'close' and (
            version != 'HTTP/1.0' or wish == 'keep-alive')
        return request

    def handle(self):
        """Serve requests one after the other."""
        try:
            while True:
                try:
                    request = self._read_request()
                except ValueError:
                    self.send(Reply(400).head(0))
                    return
                if not self.server.serve(request, self) or not request.keep:
                    return
        except (Gone, OSError):
            return

    # -- writing --------------------------------------------------------------

    def send(self, data):
        """Send all of it, or find that the client has left."""
        try:
            self.request.sendall(data)
        except OSError as error:
            raise Gone from error

    def send_reply(self, reply, method='GET'):
        """Send a whole reply in its proper form."""
        bodyless = method == 'HEAD' or reply.status == 304
        if isinstance(reply.body, (bytes, bytearray)):
            length = None if reply.status == 304 else len(reply.body)
            head = reply.head(length)
            self.send(head if bodyless else head + reply.body)
            return
        self.send(reply.head(chunked=True))
        if bodyless:
            return
        for piece in reply.body:
            if piece:
                self.send(chunk(piece))
        self.send(b'0\r\n\r\n')

    def left(self):
        """Tell whether the client has closed its side."""
        try:
            readable, _, _ = select.select([self.request], [], [], 0)
            return bool(readable) and not self.request.recv(
                1, socket.MSG_PEEK)
        except OSError:
            return True

    def wait(self, seconds, done=None):
        """Wait, leaving early when done is set or the client goes.

        A client that goes raises Gone: that is how hanging faults end.
        """
        end = time.monotonic() + seconds
        while True:
            if done is not None and done.is_set():
                return
            rest = end - time.monotonic()
            if rest <= 0:
                return
            if self.left():
                raise Gone
            if done is not None:
                done.wait(min(rest, .02))
            else:
                time.sleep(min(rest, .02))

    def reset(self):
        """Close with a TCP RST instead of a FIN."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack('ii', 1, 0))
        self.request.close()


class Server(socketserver.ThreadingTCPServer):
    """A listening socket; every connection has its own thread."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address, serve):
        self.serve = serve
        super().__init__(address, Connection)

    def shutdown_request(self, request):
        """Close without a FIN exchange that a reset already made void."""
        if request.fileno() >= 0:
            super().shutdown_request(request)
