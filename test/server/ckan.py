"""A CKAN portal: packages, resources, the datastore, dumps, errors.

As CKAN 2.10 and 2.11 answer (docs.ckan.org, "Action API reference" and
"DataStore extension"). What control changes of it is in world.portal.
"""

import csv
import io
import json
import re
from datetime import timedelta
from urllib.parse import quote

import ckan_shape as shape
import clock
from wire import Reply

JSON = 'application/json;charset=utf-8'
MONTREAL = 'evenements-publics'
MONTREAL_ID = '6a4cbf2c-c9b7-413a-86b1-e8f7081e2578'
MONTREAL_RESOURCE = '6decf611-6f11-4f34-bb36-324d804c9bad'
LAVAL = 'calendrier-activites'
LAVAL_ID = '2f1a54ef-6a0a-4f0e-8ab5-1b7a6b9a9f11'
LAVAL_RESOURCE = 'b51a25de-bd06-4247-87ba-2b1ea8228005'
API_KEY = 'demo-apikey'
ROWS_MAX = 32000
ROWS_DEFAULT = 100
SEARCH_PARAMETERS = frozenset((
    'resource_id', 'id', 'limit', 'offset', 'filters', 'q', 'full_text',
    'plain', 'language', 'fields', 'distinct', 'sort', 'include_total',
    'total_estimation_threshold', 'records_format'))
BAD_GATEWAY = (
    b'<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n'
    b'<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx'
    b'</center>\r\n</body>\r\n</html>\r\n')
MAINTENANCE = (
    '<!DOCTYPE html><html><head><title>Maintenance</title></head><body>'
    '<h1>Le portail est en maintenance</h1></body></html>').encode()


class ApiError(Exception):
    """An error in CKAN's shape."""

    def __init__(self, status, kind, **fields):
        super().__init__(kind)
        self.status = status
        self.error = {**fields, '__type': kind}


def invalid(**fields):
    """Return a validation error of some fields."""
    return ApiError(409, 'Validation Error', **fields)


def not_found(what):
    """Return the error for something that does not exist."""
    return ApiError(404, 'Not Found Error', message='Not found: ' + what)


class Ckan:
    """Answers requests below /ckan."""

    ROOT = '/ckan'

    def __init__(self, world):
        self.world = world

    # -- what control sets ----------------------------------------------------

    def _setting(self, name, default=None):
        return self.world.portal.get(name, default)

    @property
    def version(self):
        """Return a number that moves with everything in the table."""
        world = self.world
        return (world.revision + world.nb_changes
                + int(self._setting('reloads', 0)))

    @property
    def last_modified(self):
        """Return when the resources were loaded, in UTC without a Z."""
        if self._setting('last_modified') is not None:
            return self._setting('last_modified')
        moment = (self.world.city.now_utc - timedelta(days=2)
                  + timedelta(seconds=self.version))
        return clock.iso(moment) + '.%06d' % (123456 + self.version)

    # -- tables ---------------------------------------------------------------

    def _stubs(self):
        """Return the events in the table: those of French organizers."""
        stubs = [stub for stub in self.world.all_stubs()
                 if stub.status != 'draft']
        share = float(self._setting('share', 1))
        return stubs[:int(len(stubs) * share)]

    def montreal_rows(self):
        """Return Montréal's rows, numbered as the last reload left them."""
        version = self.version
        with self.world.lock:
            key = ('ckan', version, str(self.world.portal.get('share')))
            kept = self.world.feeds.get('ckan-rows')
            if kept is not None and kept[0] == key:
                return kept[1]
            rows = [shape.montreal_row(self.world, stub)
                    for stub in self._stubs()]
            rows = [{'_id': number, **row} for number, row in enumerate(
                shape.reload_order(rows, version), 1)]
            self.world.feeds['ckan-rows'] = (key, rows)
            return rows

    def laval_rows(self):
        """Return the elements of Laval's file."""
        return [shape.laval_row(self.world, stub) for stub in self._stubs()
                if stub.index % 3 == 0]

    # -- requests -------------------------------------------------------------

    def answer(self, request):
        """Return the reply to a request."""
        if self._setting('maintenance'):
            return Reply(200, MAINTENANCE, 'text/html; charset=utf-8')
        path = request.path[len(self.ROOT):]
        match = re.fullmatch(r'/api/(?:3/)?action/(\w+)/?', path)
        try:
            if match:
                return self._action(request, match.group(1))
            match = re.fullmatch(r'/datastore/dump/([0-9a-f-]+)', path)
            if match:
                return self._dump(request, match.group(1))
            match = re.fullmatch(
                r'/dataset/[0-9a-f-]+/resource/([0-9a-f-]+)/download/.+', path)
            if match:
                return self._download(request, match.group(1))
        except ApiError as error:
            return self._reply(error.status, {
                'help': request.url(
                    self.ROOT + '/api/3/action/help_show', 'name=action'),
                'error': error.error, 'success': False})
        return Reply(404, b'<!DOCTYPE html><html><body><h1>404 Not Found</h1>'
                     b'</body></html>', 'text/html; charset=utf-8')

    @staticmethod
    def _reply(status, value, headers=()):
        return Reply(status, json.dumps(value, ensure_ascii=False).encode(),
                     JSON, headers)

    def _action(self, request, name):
        actions = {
            'package_show': self._package_show,
            'resource_show': self._resource_show,
            'datastore_search': self._datastore_search,
            'status_show': self._status_show}
        if name not in actions or (name == 'datastore_search'
                                   and self._setting('no_datastore')):
            return self._reply(
                400, 'Bad request - Action name not known: ' + name)
        arguments = dict(request.query)
        if request.method == 'POST' and request.body:
            try:
                arguments.update(json.loads(request.body))
            except ValueError as error:
                return self._reply(
                    400, 'Bad request - JSON Error: Error decoding JSON '
                    'data. Error: %r' % str(error))
        self._authorize(request)
        result = actions[name](request, arguments)
        if isinstance(result, Reply):
            return result
        return self._reply(200, {
            'help': request.url(self.ROOT + '/api/3/action/help_show',
                                'name=' + name),
            'success': True, 'result': result})

    def _authorize(self, request):
        if self._setting('private') \
                and request.header('authorization') != API_KEY:
            raise ApiError(403, 'Authorization Error',
                           message='Access denied: User  not authorized to '
                           'read package')

    @staticmethod
    def _status_show(request, arguments):
        return {'ckan_version': '2.10.4', 'site_title': 'Portail',
                'extensions': ['datastore', 'datapusher']}

    # -- packages -------------------------------------------------------------

    def _resource(self, request, package):
        montreal = package == MONTREAL
        ident = MONTREAL_RESOURCE if montreal else LAVAL_RESOURCE
        if montreal and self._setting('resource'):
            ident = self._setting('resource')
        name = 'evenements.csv' if montreal else 'calendrier.json'
        return {
            'cache_last_updated': None, 'created': '2024-05-14T13:22:41.5',
            'datastore_active': montreal and not self._setting('inactive'),
            'description': '', 'format': 'CSV' if montreal else 'JSON',
            'hash': '%032x' % self.version, 'id': ident,
            'last_modified': self.last_modified,
            'metadata_modified': self.last_modified,
            'mimetype': 'text/csv' if montreal else 'application/json',
            'name': 'Événements publics' if montreal else 'Calendrier',
            'package_id': MONTREAL_ID if montreal else LAVAL_ID,
            'position': 0, 'size': 5000000, 'state': 'active',
            'url': request.url('%s/dataset/%s/resource/%s/download/%s' % (
                self.ROOT, MONTREAL_ID if montreal else LAVAL_ID, ident,
                name), ''),
            'url_type': 'upload'}

    def _package_show(self, request, arguments):
        wanted = arguments.get('id', '')
        if not wanted:
            raise invalid(name_or_id=['Missing value'])
        names = {MONTREAL: MONTREAL, MONTREAL_ID: MONTREAL,
                 LAVAL: LAVAL, LAVAL_ID: LAVAL}
        if wanted not in names or self._setting('no_metadata'):
            raise ApiError(404, 'Not Found Error', message='Not found')
        package = names[wanted]
        resources = [self._resource(request, package)]
        if package == MONTREAL:
            resources.append({
                'id': '0b0e1d4c-0000-4000-8000-000000000001',
                'name': 'Guide', 'format': 'PDF', 'datastore_active': False,
                'url': request.url(self.ROOT + '/guide.pdf', ''),
                'last_modified': None})
        return {
            'id': MONTREAL_ID if package == MONTREAL else LAVAL_ID,
            'name': package, 'title': package, 'state': 'active',
            'private': False, 'license_id': 'cc-by',
            'metadata_modified': self.last_modified,
            'num_resources': len(resources), 'resources': resources}

    def _resource_show(self, request, arguments):
        for package in (MONTREAL, LAVAL):
            resource = self._resource(request, package)
            if arguments.get('id') == resource['id'] \
                    and not self._setting('no_metadata'):
                return resource
        raise not_found('Resource was not found.')

    # -- the datastore --------------------------------------------------------

    @staticmethod
    def _integer(arguments, name, default):
        value = arguments.get(name, default)
        if not str(value).isdigit():
            raise invalid(**{name: ['Invalid integer']})
        return int(value)

    def _filtered(self, rows, arguments):
        filters = arguments.get('filters')
        if not filters:
            return rows
        if isinstance(filters, str):
            try:
                filters = json.loads(filters)
            except ValueError:
                raise invalid(filters=['Cannot parse JSON']) from None
        for column, wanted in filters.items():
            if column != '_id' and column not in shape.MONTREAL_COLUMNS:
                raise invalid(filters=['field "%s" not found' % column])
            values = wanted if isinstance(wanted, list) else [wanted]
            texts = {str(value) for value in values}
            rows = [row for row in rows if str(row[column]) in texts]
        return rows

    def _sorted(self, rows, arguments):
        for clause in reversed(
                [c.strip() for c in arguments.get('sort', '').split(',')
                 if c.strip()]):
            column, _, direction = clause.partition(' ')
            if column not in (('_id',) + shape.MONTREAL_COLUMNS) \
                    or column == self._setting('lost_column') \
                    or direction not in ('', 'asc', 'desc'):
                raise invalid(sort=['field "%s" not in table' % column])
            rows = sorted(rows, key=lambda row: row[column] if column == '_id'
                          else str(row[column]), reverse=direction == 'desc')
        return rows

    def _total(self, count):
        total = self._setting('total')
        return count if total is None else max(0, count + int(total))

    def _search_fault(self, limit):
        """Return the reply of a datastore that is out of order, or None."""
        fault = self._setting('search')
        if fault == '502':
            return Reply(502, BAD_GATEWAY, 'text/html')
        if fault == '500':
            return self._reply(500, {'success': False, 'error': {
                '__type': 'Internal Server Error'}})
        if fault == '403':
            raise ApiError(403, 'Authorization Error',
                           message='Access denied')
        if fault == 'false':
            return self._reply(200, {'success': False, 'error': {
                '__type': 'Search Query Error',
                'message': 'Search error: statement timeout'}})
        if self._setting('slow_above') is not None \
                and limit > int(self._setting('slow_above')):
            return Reply(504, BAD_GATEWAY.replace(b'502 Bad Gateway',
                                                  b'504 Gateway Time-out'),
                         'text/html')
        return None

    def _datastore_search(self, request, arguments):
        ident = arguments.get('resource_id')
        if not ident:
            raise invalid(resource_id=['Missing value'])
        unknown = set(arguments) - SEARCH_PARAMETERS
        if unknown:
            raise invalid(__junk=['The input field %s was not expected.'
                                  % sorted(unknown)[0]])
        limit = self._integer(arguments, 'limit', ROWS_DEFAULT)
        offset = self._integer(arguments, 'offset', 0)
        fault = self._search_fault(limit)
        if fault is not None:
            return fault
        if ident != (self._setting('resource') or MONTREAL_RESOURCE) \
                or self._setting('inactive'):
            raise not_found('Resource "%s" was not found.' % ident)
        # Larger ones are clamped without a word; the answer's limit tells.
        limit = min(limit, int(self._setting('rows_max', ROWS_MAX)))
        rows = self._sorted(self._filtered(self.montreal_rows(), arguments),
                            arguments)
        if self._setting('ignore_offset'):
            offset = 0
        start = max(0, offset - int(self._setting('overlap', 0)))
        page = rows[start:offset + limit] if offset else rows[:limit]
        if offset == 0 and self._setting('reload_while_paging'):
            self.world.portal['reloads'] = \
                int(self._setting('reloads', 0)) + 1
            if self._setting('reload_while_paging') != 'always':
                self.world.portal.pop('reload_while_paging')
        query = '/api/3/action/datastore_search?resource_id=' + quote(ident)
        return {
            'include_total': True, 'limit': limit, 'offset': offset,
            'records_format': 'objects', 'resource_id': ident,
            'total_estimation_threshold': None, 'records': page,
            'fields': [{'id': '_id', 'type': 'int'}] + [
                {'id': column, 'type': 'text', 'info': {
                    'label': '', 'notes': '', 'type_override': ''}}
                for column in shape.MONTREAL_COLUMNS],
            # Always there, even behind the last page.
            '_links': {'start': query, 'next': '%s&offset=%d' % (
                query, offset + limit)},
            'total': self._total(len(rows)), 'total_was_estimated': False}

    # -- files ----------------------------------------------------------------

    def _csv(self, numbered, bom=False):
        out = io.StringIO()
        if bom:
            out.write('\ufeff')
        columns = (('_id',) if numbered else ()) + shape.MONTREAL_COLUMNS
        writer = csv.writer(out, lineterminator='\r\n' if numbered else '\n')
        writer.writerow(columns)
        rows = self.montreal_rows()
        writer.writerows([row[column] for column in columns] for row in rows)
        data = out.getvalue().encode()
        if self._setting('cut_csv'):
            # The export was cut within a quoted description.
            middle = data.index(b',"', len(data) // 2)
            data = data[:middle + 10]
        return data

    def _dump(self, request, ident):
        self._authorize(request)
        if ident != MONTREAL_RESOURCE or self._setting('inactive') \
                or self._setting('search') == '403':
            return Reply(404, b'<!DOCTYPE html><html><body><h1>404 Not Found'
                         b'</h1></body></html>', 'text/html')
        return Reply(200, self._csv(True, request.query.get('bom') == 'true'),
                     'text/csv; charset=utf-8')

    def _download(self, request, ident):
        self._authorize(request)
        if self._setting('no_file'):
            return Reply(404, b'<h1>404</h1>', 'text/html')
        if ident == LAVAL_RESOURCE:
            body = json.dumps(self.laval_rows(), ensure_ascii=False).encode()
            return self._file(request, body, 'application/json')
        return self._file(request,
                          self._csv(False, bool(self._setting('bom'))),
                          'text/csv')

    def _file(self, request, body, content_type):
        tag = '"%d-%d"' % (self.version, len(body))
        headers = [('ETag', tag), ('Cache-Control', 'no-cache')]
        if request.header('if-none-match') == tag:
            return Reply(304, b'', None, headers)
        return Reply(200, body, content_type, headers)
