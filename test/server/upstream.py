#!/usr/bin/env python3
"""The fake upstream: one HTTP server that plays every API and every fault.

Used by the demo, the TAP tests and the benchmark; see README.md.
"""

import argparse
import os
import re
import signal
import sys
import threading
import time

from ckan import Ckan
from control import Control
from eventbrite import Eventbrite
from faults import Faults
from ics import Feeds
from json_apis import JsonApis
from jsonld import Agenda
from meetup import Meetup
from ticketmaster import Ticketmaster
from wire import Handled, Reply, Server
from world import World


class Upstream:
    """Routes requests, keeps the log, holds requests at the gate."""

    def __init__(self, world, log=None):
        self.world = world
        self.log = log
        self.log_lock = threading.Lock()
        self.control = Control(self)
        self.faults = Faults(self)
        self.eventbrite = Eventbrite(world)
        self.feeds = Feeds(world)
        self.ckan = Ckan(world)
        self.agenda = Agenda(world)
        self.ticketmaster = Ticketmaster(world)
        self.meetup = Meetup(world)
        self.json_apis = JsonApis(world)
        self.ports = []

    def listen(self, bind, port):
        """Listen on a port, and on a second one for cross-origin tests."""
        servers = [Server((bind, number), self.serve) for number in (port, 0)]
        self.ports = [server.server_address[1] for server in servers]
        self.json_apis.second_port = self.ports[1]
        return servers

    def serve(self, request, connection):
        """Answer one request; return whether the connection stays open."""
        if request.path.startswith('/_control'):
            reply = self.control.answer(request)
            connection.send_reply(reply, request.method)
            return True
        with self.world.lock:
            self.world.in_flight += 1
        try:
            self._pass_gate(request, connection)
            reply = self.answer(request, connection)
            self.note(request, reply.status)
            connection.send_reply(reply, request.method)
            return not reply.close
        except Handled as handled:
            self.note(request, handled.status)
            return not handled.close
        finally:
            self.note(request, '-')
            with self.world.lock:
                self.world.in_flight -= 1

    def answer(self, request, connection):
        """Return the reply of whatever serves the path."""
        path = request.path
        if path.startswith('/fault/'):
            return self.faults.answer(request, connection)
        if path.startswith(Eventbrite.ROOT + '/'):
            return self.eventbrite.answer(request)
        if path.startswith(Feeds.ROOT + '/'):
            return self.feeds.answer(request)
        if path.startswith(Ckan.ROOT + '/'):
            return self.ckan.answer(request)
        if path == '/robots.txt' or path.startswith(Agenda.ROOT + '/'):
            return self.agenda.answer(request)
        if path.startswith(Ticketmaster.ROOT + '/'):
            return self.ticketmaster.answer(request)
        if path.startswith(Meetup.ROOT + '/'):
            return self.meetup.answer(request)
        if path.startswith(JsonApis.ROOT + '/'):
            return self.json_apis.answer(request)
        return Reply(404, b'Not found\n', 'text/plain')

    def _pass_gate(self, request, connection):
        gate = self.world.gate
        if not gate.holds(request):
            return
        opened = gate.opened
        with self.world.lock:
            gate.hanging += 1
        try:
            connection.wait(3600, opened)
        finally:
            with self.world.lock:
                gate.hanging -= 1

    def note(self, request, status):
        """Count and log a request, once.

        This comes before the reply leaves, so that whoever has read a reply
        finds the request in the log.
        """
        if request.noted:
            return
        request.noted = True
        target = re.sub(r'([?&](?:token|apikey|key)=)[^&]*', r'\1***',
                        request.target)
        auth = ('header' if request.header('authorization') else
                'query' if 'token' in request.query else 'none')
        entry = {
            'method': request.method, 'path': request.full_path,
            'target': target, 'status': status,
            'host': request.header('host'), 'auth': auth,
            'if_none_match': request.header('if-none-match'),
            'if_modified_since': request.header('if-modified-since'),
            'user_agent': request.header('user-agent'),
            'accept_encoding': request.header('accept-encoding'),
            'body_bytes': len(request.body), 'at': time.time()}
        self.world.record(entry)
        if self.log is not None:
            line = '%s %s %s auth=%s if-none-match=%s if-modified-since=%s ' \
                'host=%s body=%d\n' % (
                    request.method, target, status, auth,
                    entry['if_none_match'] or '-',
                    (entry['if_modified_since'] or '-').replace(' ', '_'),
                    entry['host'] or '-', len(request.body))
            with self.log_lock:
                self.log.write(line)
                self.log.flush()


def write_port(path, port):
    """Write the port so that a reader never sees half of it."""
    partial = '%s.%d' % (path, os.getpid())
    with open(partial, 'w', encoding='ascii') as file:
        file.write('%d\n' % port)
    os.replace(partial, path)


def parse_arguments(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--port-file', metavar='PATH')
    parser.add_argument('--bind', default='127.0.0.1')
    parser.add_argument('--events', type=int, default=400, metavar='N')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--now', metavar='ISO')
    parser.add_argument('--token', default='demo-token')
    parser.add_argument('--log', metavar='FILE')
    return parser.parse_args(arguments)


def main(arguments=None):
    """Serve until told to stop."""
    options = parse_arguments(arguments)
    # os._exit: a hanging fault must not delay the end of a test.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    log = open(options.log, 'a', encoding='utf-8') if options.log else None
    world = World(options.events, options.seed, options.now, options.token)
    upstream = Upstream(world, log)
    servers = upstream.listen(options.bind, options.port)
    threading.Thread(target=servers[1].serve_forever, daemon=True).start()
    if options.port_file:
        write_port(options.port_file, upstream.ports[0])
    print('listening on http://%s:%d' % (options.bind, upstream.ports[0]),
          flush=True)
    servers[0].serve_forever(poll_interval=3600)


if __name__ == '__main__':
    sys.exit(main())
