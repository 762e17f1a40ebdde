"""Meetup: gql-ext, access tokens, calendars.

Below /meetup/api, /meetup/secure and /meetup/web, as on the three hosts.
"""

import base64
import binascii
import hashlib
import json
import re
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

import clock
import meetup_shape as shape
from wire import Reply

JSON = 'application/json'
CLIENT, MEMBER, KEY_ID = 'demo-client', '424242', 'demo-key'
GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
CALENDAR_MAX = 10
STATUSES = {'ACTIVE', 'PAST', 'CANCELLED', 'CANCELLED_PERM', 'DRAFT',
            'PENDING', 'PROPOSED', 'TEMPLATE', 'BLOCKED', 'AUTOSCHED'}
DEPRECATED = (
    'This API endpoint is deprecated and will be turned off soon. You need '
    'to either update your app or migrate to the new API. For more '
    'information, visit https://www.meetup.com/graphql/guide/'
    '#p06-migration-guide')
# DER of DigestInfo for SHA-256 (RFC 8017, 9.2, note 1)
SHA256_INFO = bytes.fromhex('3031300d060960864801650304020105000420')
_TOKEN = re.compile(r'\s+|,|("(?:[^"\\]|\\.)*")|([A-Za-z_]\w*|\$\w+|-?\d+)|(.)')


class QueryError(Exception):
    """A query that GraphQL does not accept."""


class Query:
    """A GraphQL document, as far as our clients write one.

    fields is a list of (alias, name, arguments, fields).
    """

    def __init__(self, text, variables):
        self.words = [m.group(0) for m in _TOKEN.finditer(text)
                      if any(m.groups())]
        self.at = 0
        self.variables = variables
        while self.words[self.at:] and self.words[self.at] != '{':
            self.at += 1
        self.fields = self._fields()
        if self.at != len(self.words):
            raise QueryError('Syntax Error: unexpected end')

    def _next(self, wanted=None):
        if self.at == len(self.words):
            raise QueryError('Syntax Error: unexpected <EOF>')
        word = self.words[self.at]
        if wanted is not None and word != wanted:
            raise QueryError('Syntax Error: Expected %s, found %s'
                             % (wanted, word))
        self.at += 1
        return word

    def _peek(self):
        return self.words[self.at] if self.at < len(self.words) else None

    def _fields(self):
        self._next('{')
        made = []
        while self._peek() != '}':
            name = alias = self._next()
            if self._peek() == ':':
                self._next()
                name = self._next()
            arguments = self._object('(', ')') if self._peek() == '(' else {}
            inner = self._fields() if self._peek() == '{' else None
            made.append((alias, name, arguments, inner))
        self._next('}')
        if not made:
            raise QueryError('Syntax Error: Expected Name, found }')
        return made

    def _object(self, first, last):
        self._next(first)
        made = {}
        while self._peek() != last:
            name = self._next()
            self._next(':')
            made[name] = self._value()
        self._next(last)
        return made

    def _value(self):
        word = self._peek()
        if word == '{':
            return self._object('{', '}')
        if word == '[':
            self._next()
            made = []
            while self._peek() != ']':
                made.append(self._value())
            self._next()
            return made
        word = self._next()
        if word.startswith('$'):
            return self.variables.get(word[1:])
        if word.startswith('"'):
            return json.loads(word)
        return int(word) if word.lstrip('-').isdigit() else word


def unknown_fields(fields, sample, type_name, refused):
    """Name every selected field that a sample object does not have."""
    for _, name, _, inner in fields:
        if name not in sample or name in refused:
            yield 'Cannot query field "%s" on type "%s".' % (name, type_name)
            continue
        value = sample[name]
        value = value[0] if isinstance(value, list) else value
        if isinstance(value, dict) and inner:
            yield from unknown_fields(inner, value, name.capitalize(), refused)


def selected(value, fields):
    """Return what a selection leaves of a value."""
    if isinstance(value, list):
        return [selected(item, fields) for item in value]
    if fields is None or value is None:
        return value
    return {alias: selected(value[name], inner)
            for alias, name, _, inner in fields}


def decode(part):
    """Decode base64 for URLs."""
    return base64.urlsafe_b64decode(part + '=' * (-len(part) % 4))


def is_signed(text, signature):
    """Verify RS256 by arithmetic (RFC 8017, 8.2.2)."""
    size = (shape.MODULUS.bit_length() + 7) // 8
    tail = SHA256_INFO + hashlib.sha256(text).digest()
    expected = b'\0\1' + b'\xff' * (size - len(tail) - 3) + b'\0' + tail
    number = pow(int.from_bytes(signature, 'big'), shape.EXPONENT,
                 shape.MODULUS)
    return len(signature) == size and number.to_bytes(size, 'big') == expected


class Meetup:
    """Answers requests below /meetup."""

    ROOT = '/meetup'

    def __init__(self, world):
        self.world = world

    def _setting(self, name, default=None):
        return self.world.meetup.get(name, default)

    def _names(self, name):
        return set(filter(None, str(self._setting(name, '')).split(',')))

    def _countdown(self, name):
        """Tell whether a fault still has to happen, and count it."""
        left = int(self._setting(name, 0))
        if left > 0:
            self.world.meetup[name] = left - 1
        return left > 0

    def answer(self, request):
        """Return the reply to a request."""
        path = request.path[len(self.ROOT):]
        with self.world.lock:
            if path == '/secure/oauth2/access':
                return self._access(request)
            if path == '/api/gql-ext':
                return self._gql(request)
            if path == '/api/gql':
                return self._reply({'message': DEPRECATED}, 503)
            match = re.fullmatch(r'/web/([^/]+)/events/ical/?', path)
            if match and request.method == 'GET':
                return self._calendar(match.group(1))
        return self._reply({'message': 'Not found'}, 404)

    @staticmethod
    def _reply(value, status=200):
        return Reply(status, json.dumps(value, ensure_ascii=False).encode(),
                     JSON)

    # -- tokens ---------------------------------------------------------------

    def _access(self, request):
        form = {name: values[0] for name, values in
                parse_qs(request.body.decode('latin-1')).items()}
        if request.method != 'POST' or form.get('grant_type') != GRANT:
            return self._reply({'error': 'unsupported_grant_type'}, 400)
        problem = self._jwt_problem(form.get('assertion', ''))
        if problem is not None:
            # A description that repeats what it was sent, as some do
            return self._reply({
                'error': 'invalid_grant', 'error_description':
                '%s: %s' % (problem, form.get('assertion'))}, 400)
        tokens = self.world.meetup_tokens
        token = 'issued-access-%d-%s' % (len(tokens), hashlib.sha256(
            request.body).hexdigest()[:12])
        seconds = int(self._setting('token_seconds', 3600))
        tokens[token] = time.monotonic() + seconds
        return self._reply({
            'access_token': token, 'refresh_token': 'refresh-of-' + token,
            'token_type': 'bearer',
            'expires_in': int(self._setting('expires_in', seconds))})

    @staticmethod
    def _jwt_problem(assertion):
        try:
            head, claims, signature = assertion.split('.')
            header = json.loads(decode(head))
            body = json.loads(decode(claims))
            if not is_signed(('%s.%s' % (head, claims)).encode(),
                             decode(signature)):
                return 'bad signature'
        except (ValueError, binascii.Error):
            return 'not a JWT'
        now = time.time()
        if header != {'alg': 'RS256', 'typ': 'JWT', 'kid': KEY_ID}:
            return 'unknown key'
        if (body['iss'], body['sub'], body['aud']) != (
                CLIENT, MEMBER, 'api.meetup.com'):
            return 'unknown client'
        if body['iat'] > now or body['exp'] < now \
                or body['exp'] - body['iat'] > 240:
            return 'expired'
        return None

    def _may_read(self, request):
        header = request.header('authorization')
        if header is None:
            return not self._setting('private_api')
        token = header.partition(' ')[2]
        ends = self.world.meetup_tokens.get(token)
        return token == self.world.token or (
            ends is not None and time.monotonic() < ends)

    # -- GraphQL --------------------------------------------------------------

    def _gql(self, request):
        if request.method != 'POST':
            return self._reply({'message': 'Method not allowed'}, 405)
        if self._countdown('whims'):
            return self._reply({'message': 'Bad Request'}, 400)
        if not self._may_read(request):
            return self._reply({'error': 'auth_fail',
                                'message': 'Invalid token'}, 401)
        if self._countdown('revoke_after') and not self._setting(
                'revoke_after'):
            self.world.meetup_tokens.clear()
        if self._countdown('limited'):
            reset = datetime.now(timezone.utc) + timedelta(
                seconds=float(self._setting('reset', 1)))
            return self._errors(['Rate limit exceeded'], extensions={
                'code': 'RATE_LIMITED', 'consumedPoints': 500,
                'resetAt': reset.isoformat(timespec='milliseconds')})
        try:
            body = json.loads(request.body)
            query = Query(body['query'], body.get('variables') or {})
        except QueryError as error:
            return self._errors([str(error)], 400)
        except (ValueError, KeyError, TypeError):
            return self._reply({'message': 'Bad Request'}, 400)
        problems = [problem for field in query.fields
                    for problem in self._problems(field)]
        if problems:
            return self._errors(problems, extensions={
                'code': 'GRAPHQL_VALIDATION_FAILED'})
        data, errors = {}, []
        for alias, _, arguments, fields in query.fields:
            data[alias] = self._group(arguments['urlname'], fields, alias,
                                      errors)
        answer = {'data': data}
        if errors:
            answer['errors'] = errors
        return self._reply(answer)

    def _errors(self, messages, status=200, extensions=None):
        return self._reply({'errors': [
            {'message': message, 'locations': [{'line': 1, 'column': 1}],
             **({'extensions': extensions} if extensions else {})}
            for message in messages], 'data': None}, status)

    def _problems(self, field):
        """Name what the schema does not know; all of it, as servers do."""
        alias, name, arguments, fields = field
        if name != 'groupByUrlname' or 'urlname' not in arguments:
            yield 'Cannot query field "%s" on type "Query".' % name
            return
        refused = self._names('unknown')
        stub = self.world.city.stub(0)
        stub.series = '1'
        sample = shape.node(self.world, stub)
        sample['feeSettings'] = {'amount': 1, 'currency': 'CAD',
                                 'required': True, 'accepts': 'cash'}
        sample['displayPhoto'] = {'standardUrl': ''}
        info = {'hasNextPage': True, 'endCursor': ''}
        group = dict(shape.group(0), events={
            'totalCount': 0, 'pageInfo': info,
            'edges': [{'cursor': '', 'node': sample}]})
        yield from unknown_fields(fields, group, 'Group', refused)
        for _, inner, given, _ in fields:
            if inner != 'events':
                continue
            for status in given.get('filter', {}).get('status', ()):
                if status not in STATUSES or status in refused:
                    yield ('Value "%s" does not exist in "EventStatus" enum.'
                           % status)
            for argument in given.get('filter', {}):
                if argument in refused:
                    yield ('Field "%s" is not defined by type '
                           '"GroupEventFilter".' % argument)

    def _stubs(self, number):
        """Return a group's events, in order."""
        stubs = [stub for stub in self.world.all_stubs()
                 if stub.organizer == number and stub.role != 'unlisted']
        return sorted(stubs, key=lambda s: (shape.millis(s), shape.token(s)))

    def _group(self, name, fields, alias, errors):
        number = shape.group_number(name)
        if number is None or name in self._names('null_groups'):
            return None
        made = {}
        for out, field, arguments, inner in fields:
            if field == 'events':
                made[out] = self._events(number, arguments, inner,
                                         [alias, out], errors)
            else:
                made[out] = selected(shape.group(number)[field], inner)
        return made

    def _wanted(self, number, wanted):
        """Return the events that a filter lets through."""
        def instant(name):
            text = wanted.get(name)
            return None if text is None else datetime.fromisoformat(
                text.replace('Z', '+00:00')).replace(tzinfo=None)

        after, before = instant('afterDateTime'), instant('beforeDateTime')
        now = clock.to_local(self.world.city.now_utc)
        for stub in self._stubs(number):
            start = clock.to_utc(stub.start)
            if shape.status(stub, now) in wanted.get('status', ['ACTIVE']) \
                    and (after is None or start >= after) \
                    and (before is None or start < before):
                yield stub

    def _events(self, number, arguments, fields, path, errors):
        stubs = list(self._wanted(number, arguments.get('filter', {})))
        total = len(stubs)
        after = arguments.get('after')
        if after:
            token, _, moment = base64.b64decode(after).decode().partition(':')
            first = next((i for i, s in enumerate(stubs) if
                          (shape.millis(s), shape.token(s))
                          > (int(moment), token)), total)
            stubs = stubs[max(0, first - int(self._setting('overlap', 0))):]
        count = arguments['first'] + int(self._setting('extra', 0))
        here, more = stubs[:count], len(stubs) > count
        if self._setting('stuck') and after:
            here, more = stubs[:count], True
        edges = []
        for index, stub in enumerate(here):
            node = shape.node(self.world, stub,
                              bool(self._setting('materialised')))
            if self._setting('hidden_places') and node['venues']:
                node['venues'][0] = dict(node['venues'][0], address=None)
                errors.append({
                    'message': 'Not authorized to see this field', 'path':
                    path + ['edges', index, 'node', 'venues', 0, 'address']})
            edges.append({'cursor': shape.cursor(stub), 'node': node})
        end = shape.cursor(here[-1]) if here else None
        if self._setting('stuck') and after:
            end = after
        self._drift(here, after)
        return selected({
            'totalCount': total, 'edges': edges, 'pageInfo': {
                # Said on the last page too
                'hasNextPage': more or bool(here and self._setting('eager')),
                'endCursor': end}}, fields)

    def _drift(self, here, after):
        """Insert or remove an event before those just listed, once."""
        world = self.world
        if after or not here or not world.drift:
            return
        drift, world.drift = world.drift, 0
        if drift < 0:
            world.remove(here[0].id)
        else:
            made = world.insert_before(here[0])
            made.organizer = here[0].organizer

    def truth(self):
        """Return what the groups have, for tests."""
        now = clock.to_local(self.world.city.now_utc)
        return [{'group': shape.urlname(stub.organizer), 'event': stub.id,
                 'token': shape.token(stub), 'start': clock.iso(stub.start),
                 'status': shape.status(stub, now)}
                for stub in self.world.all_stubs() if stub.role != 'unlisted']

    # -- calendars ------------------------------------------------------------

    def _calendar(self, name):
        number = shape.group_number(name)
        if number is None or name in self._names('renamed'):
            return Reply(404, b'{"message":"Group not found"}',
                         'text/plain; charset=utf-8')
        now = clock.to_local(self.world.city.now_utc)
        stubs = [stub for stub in self._stubs(number)
                 if shape.status(stub, now) == 'ACTIVE'][:CALENDAR_MAX]
        self.world.nb_stamps += 1
        stamp = self.world.city.now_utc + timedelta(
            seconds=self.world.nb_stamps)
        return Reply(200, shape.calendar(self.world, number, stubs, stamp),
                     'text/calendar', [
                         ('Cache-Control', 'private, no-cache, no-store, '
                                           'max-age=0, must-revalidate')])
