"""How Ticketmaster writes an event: from facts to the JSON of Discovery v2."""

import hashlib
import json

import city as city_module
import clock

_encode = json.JSONEncoder(separators=(',', ':'), ensure_ascii=False).encode

DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
SEGMENTS = {'Music': 'KZFzniwnSyZfZ7v7nJ', 'Sports': 'KZFzniwnSyZfZ7v7nE',
            'Arts & Theatre': 'KZFzniwnSyZfZ7v7na',
            'Film': 'KZFzniwnSyZfZ7v7nn',
            'Miscellaneous': 'KZFzniwnSyZfZ7v7n1'}
BY_CATEGORY = {'103': 'Music', '105': 'Arts & Theatre', '108': 'Sports',
               '104': 'Film'}
GENRES = {'3008': ('Rock', 'Indie Rock'), '3002': ('Jazz', 'Jazz'),
          '3003': ('Classical', 'Orchestral'), '3013': ('Folk', 'Folk'),
          '5002': ('Theatre', 'Drama'), '5010': ('Comedy', 'Comedy'),
          '5005': ('Dance', 'Modern'), '8006': ('Hockey', 'NHL')}
# The renditions of an image; the largest has no extension.
RENDITIONS = (
    ('16_9', 'RETINA_PORTRAIT', 640, 360), ('3_2', 'ARTIST_PAGE', 305, 203),
    ('16_9', 'EVENT_DETAIL_PAGE', 205, 115),
    ('3_2', 'TABLET_LANDSCAPE', 1024, 683),
    ('16_9', 'TABLET_LANDSCAPE', 1024, 576), ('4_3', 'CUSTOM', 305, 225),
    ('16_9', 'RECOMENDATION', 100, 56),
    ('16_9', 'TABLET_LANDSCAPE_LARGE', 2048, 1152),
    ('3_2', 'RETINA_PORTRAIT', 640, 427),
    ('16_9', 'RETINA_LANDSCAPE', 1136, 639), ('16_9', 'SOURCE', 2426, 1365))
# What a record stands for besides the event itself.
EVENT, RESALE, PARKING = 'event', 'resale', 'parking'

BAD_BYTES = {'invalid-utf8': b'Caf\xe9 \xff\xfe', 'nul-raw': b'nul\x00here'}
MARK = '@@spoiled@@'


def dumps(value):
    """Return compact JSON as bytes."""
    return _encode(value).encode('utf-8')


def base62(number, width=6):
    """Return a number in the digits of an id."""
    text = ''
    while number or len(text) < width:
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def source(stub):
    """Return the system that sells an event."""
    if stub.index % 7 == 3:
        return 'universe'
    return 'frontgate' if stub.index % 23 == 5 else 'ticketmaster'


def ident(stub, kind=EVENT):
    """Return an id; those of one system sort by creation.

    What control adds comes first, so that pages shift. Ids differ by case
    alone now and then, as base 62 does.
    """
    if kind == RESALE:
        return 'Z7r9jZ1A' + base62(stub.index)
    if kind == PARKING:
        return 'vvG1PZ' + base62(stub.index)
    prefix = {'universe': 'LvZ184', 'frontgate': 'Z1lMVS',
              'ticketmaster': 'vvG1iZ'}[source(stub)]
    if stub.index >= city_module.ADDED:
        prefix = 'G5vYZ4'
    return prefix + base62(stub.index)


def kinds(stub):
    """Return what an event is listed as: some are sold again, or parked at."""
    made = [EVENT]
    if stub.index % 50 == 9:
        made.append(RESALE)
    if stub.index % 100 == 35:
        made.append(PARKING)
    return made


def undated(stub):
    """Return 'TBA', 'TBD' or None."""
    return {'postponed': 'TBA', 'pay-what-you-can': 'TBD'}.get(stub.role)


def segment(facts):
    """Return the name of the segment."""
    return BY_CATEGORY.get(facts.category, 'Miscellaneous')


def _named(name):
    key = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return {'id': 'KnvZfZ7v' + key[:3], 'name': name}


def classifications(facts, kind):
    """Return the one classification, with the placeholders it always has."""
    name = segment(facts)
    genre, sub = GENRES.get(facts.subcategory, ('Undefined', 'Undefined'))
    if kind == PARKING:
        name, genre, sub = 'Miscellaneous', 'Undefined', 'Undefined'
    return [{'primary': True,
             'segment': {'id': SEGMENTS[name], 'name': name},
             'genre': _named(genre), 'subGenre': _named(sub),
             'type': _named('Undefined'), 'subType': _named('Undefined'),
             'family': facts.all_ages}]


def images(facts, stub, turn):
    """Return the renditions, in another order each time."""
    key = facts.logo or '0'
    fallback = facts.logo is None
    made = [{'ratio': ratio, 'url':
             'https://s1.ticketm.net/dam/%s/%s/%s_%s%s' % (
                 'c' if fallback else 'a', key[-3:], key, name,
                 '' if name == 'SOURCE' else '_%s.jpg' % ratio),
             'width': width, 'height': height, 'fallback': fallback}
            for ratio, name, width, height in RENDITIONS]
    turn = (turn + stub.index) % len(made)
    return made[turn:] + made[:turn]


def dates(stub, kind):
    """Return the dates; a resale record has no zone."""
    start = {'localDate': stub.start.date().isoformat(),
             'localTime': stub.start.time().isoformat('seconds'),
             'dateTime': clock.iso_z(clock.to_utc(stub.start)),
             'dateTBD': False, 'dateTBA': False, 'timeTBA': False,
             'noSpecificTime': False}
    made = {'start': start, 'timezone': clock.ZONE}
    status = {'canceled': 'cancelled', 'completed': 'offsale',
              'ended': 'offsale'}.get(stub.status, 'onsale')
    if stub.role == 'cancelled-by-message':
        status = 'canceled'
    if stub.role == 'bare':
        del start['localTime'], start['dateTime']
        start['noSpecificTime'] = True
    if stub.role == 'emoji':
        del start['localTime'], start['dateTime']
        start['timeTBA'] = True
    if stub.role == 'multi-day':
        made['end'] = {'localDate': stub.end.date().isoformat(),
                       'approximate': False, 'noSpecificTime': True}
    elif stub.index % 14 == 2:
        made['end'] = {'localDate': stub.end.date().isoformat(),
                       'localTime': stub.end.time().isoformat('seconds'),
                       'dateTime': clock.iso_z(clock.to_utc(stub.end)),
                       'approximate': False, 'noSpecificTime': False}
    late = undated(stub)
    if late == 'TBA':
        made['initialStartDate'] = dict(start)
        made['start'] = {'dateTBD': False, 'dateTBA': True, 'timeTBA': True,
                         'noSpecificTime': False}
        status = 'postponed'
    elif late == 'TBD':
        start['dateTBD'] = True
    made['status'] = {'code': status}
    made['spanMultipleDays'] = stub.role == 'multi-day'
    if kind == RESALE:
        del made['timezone']
    return made


def venue(city, stub, turn):
    """Return the embedded venue."""
    name, street, borough, postal, lat, long, _, _ = city.venue(stub.venue)
    return {
        'name': name, 'type': 'venue',
        'id': 'KovZpZA' + base62(stub.venue, 5), 'test': False,
        'url': 'https://www.ticketmaster.ca/%s-tickets-montreal/venue/%d'
               % (city_module.slug(name), 131000 + stub.venue),
        'locale': 'en-ca', 'postalCode': postal, 'timezone': clock.ZONE,
        'city': {'name': 'Montréal' + (' ' if stub.venue % 5 == 0 else '')},
        'state': {'name': 'Quebec', 'stateCode': 'QC'},
        'country': {'name': 'Canada', 'countryCode': 'CA'},
        'address': dict({'line1': street},
                        **({} if stub.venue % 3 else {'line2': borough})),
        'location': {'longitude': long, 'latitude': lat},
        'markets': [{'name': 'Montreal & Area', 'id': '120'}],
        'dmas': [{'id': 522}],
        'upcomingEvents': {'_total': turn % 90 + 1,
                           'ticketmaster': turn % 90 + 1},
        '_links': {'self': {'href': '/discovery/v2/venues/KovZpZA%s'
                                    % base62(stub.venue, 5)}}}


def event(world, stub, kind, turn):
    """Return an event; turn moves what is noise."""
    city = world.city
    facts = world.facts(stub)
    made_id = ident(stub, kind)
    sold_by = source(stub)
    host = {'universe': 'www.universe.com/events',
            'frontgate': 'montreal.frontgatetickets.com/event',
            'ticketmaster': 'www.ticketmaster.ca'}[sold_by]
    made = {
        'name': facts.title, 'type': 'event', 'id': made_id, 'test': False,
        'url': 'https://%s/%s/event/%s' % (
            host, city_module.slug(facts.title), made_id),
        'locale': facts.locale.replace('_', '-').lower(),
        'images': images(facts, stub, turn),
        'sales': {'public': {
            'startDateTime': clock.iso_z(facts.published), 'startTBD': False,
            'startTBA': False,
            'endDateTime': clock.iso_z(clock.to_utc(stub.start))}},
        'dates': dates(stub, kind),
        'classifications': classifications(facts, kind),
        'promoter': {'id': str(400 + stub.organizer),
                     'name': ('PROMOTED BY VENUE' if stub.organizer % 4 == 1
                              else facts.organizer_name.upper())},
        'info': facts.summary,
        '_links': {'self': {'href': '/discovery/v2/events/%s?locale=en-us'
                                    % made_id}},
        '_embedded': {}}
    if made['info'] is None:
        del made['info']
    if stub.index % 9 == 4:
        made['pleaseNote'] = 'Portes : une heure avant. / Doors: an hour before.'
        made['ageRestrictions'] = {'legalAgeEnforced': not facts.all_ages,
                                   'id': 'ageRestrictions'}
    if stub.index % 10 == 3 and not facts.free:
        made['priceRanges'] = [{
            'type': 'standard', 'currency': 'CAD',
            'min': facts.min_price / 100, 'max': facts.max_price / 100}]
    if stub.venue is not None:
        made['_embedded']['venues'] = [venue(city, stub, turn)]
    if kind == EVENT and stub.index % 8:
        name = facts.title.split(' – ')[0]
        made['_embedded']['attractions'] = [{
            'name': name, 'type': 'attraction',
            'id': 'K8vZ917' + base62(stub.index // 3, 4), 'test': False,
            'locale': 'en-us', 'upcomingEvents': {'_total': turn % 30}}]
    if not made['_embedded']:
        del made['_embedded']
    if kind == RESALE:
        made['url'] = ('http://www.ticketsnow.com/InventoryBrowse/'
                       'TicketList.aspx?PID=%d' % (2500000 + stub.index))
        made['sales']['public']['startDateTime'] = '1900-01-01T18:00:00Z'
    if kind == PARKING:
        made['name'] = 'Parking: ' + facts.title
    return _spoil(made, world.bad.get(stub.id) if kind == EVENT else None)


def _spoil(made, bad):
    """Return the event as the malformed record that control asked for."""
    if bad is None:
        return made
    if bad in ('no-id', 'no-name'):
        del made[bad[3:]]
    elif bad == 'wrong-type':
        made['name'] = ['not', 'a', 'text']
    elif bad == 'bad-date':
        made['dates']['start']['dateTime'] = '2026-13-45T99:00:00Z'
    elif bad == 'not-an-object':
        return 42
    elif bad == 'null':
        return None
    elif bad == 'nul':
        made['name'] = 'nul\x00here'
    elif bad == 'huge':
        made['name'] = 'x' * (2 << 20)
    elif bad in BAD_BYTES:
        made['name'] = MARK
    elif bad in ('no-start', 'null-start'):
        # Without a date an event is one to be announced: malformed is this.
        made['dates']['start'] = 'tomorrow'
    return made


def event_bytes(world, stub, kind, turn):
    """Return an event's JSON."""
    data = dumps(event(world, stub, kind, turn))
    spoiled = BAD_BYTES.get(world.bad.get(stub.id))
    if spoiled is not None:
        data = data.replace(MARK.encode(), spoiled)
    return data


def starts_between(stub, start, end):
    """Tell whether an event is in a window, whose ends belong to it."""
    if undated(stub):
        return False
    moment = stub.start
    if stub.role in ('bare', 'emoji'):
        moment = moment.replace(hour=0, minute=0, second=0)
    moment = clock.to_utc(moment)
    return ((start is None or moment >= start)
            and (end is None or moment <= end))
