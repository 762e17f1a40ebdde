"""How Meetup writes: an event as GraphQL sees it, and as its calendars do."""

import base64
import html
from datetime import datetime

import city as city_module
import clock
import ics_text
import words

FIRST_EVENT = 300000000
ONLINE_VENUE = {'id': '26906060', 'name': 'Online event', 'address': '',
                'city': '', 'state': '', 'postalCode': '', 'country': '',
                'lat': -8.521147, 'lon': 179.1962, 'venueType': 'online'}
STATUS = {'canceled': 'CANCELLED', 'draft': 'DRAFT'}


def urlname(number):
    """Return the name of a group in addresses; organizers are groups."""
    return city_module.slug(words.ORGANIZERS[number][0])


def group_number(name):
    """Return the group of that name, or None."""
    for number in range(len(words.ORGANIZERS)):
        if urlname(number) == name:
            return number
    return None


def token(stub):
    """Return the id that stays: of a recurring event a slug."""
    if stub.series is None:
        return str(FIRST_EVENT + stub.index)
    letters = ''.join('bcdfghjklm'[int(digit)] for digit in str(stub.index))
    return 'pwdqjtyg' + letters


def event_id(stub, materialised):
    """Return the id, which becomes a number once the occurrence is made."""
    return str(FIRST_EVENT + stub.index) if materialised else token(stub)


def with_offset(local):
    """Format a local time with its offset."""
    return '%s%+03d:00' % (clock.iso(local), clock.offset_hours(local))


def millis(stub):
    """Return the start as cursors have it."""
    return int((clock.to_utc(stub.start) - datetime(1970, 1, 1))
               .total_seconds() * 1000)


def cursor(stub):
    """Return the cursor of an event: base64 of its id and start."""
    return base64.b64encode(('%s:%d' % (token(stub), millis(stub)))
                            .encode()).decode()


def status(stub, now):
    """Return the status: what has begun is PAST."""
    if stub.role == 'cancelled-by-message':
        return 'CANCELLED'
    return STATUS.get(stub.status) or (
        'PAST' if stub.start <= now else 'ACTIVE')


def group(number):
    """Return a group."""
    return {'id': str(29600000 + number), 'name': words.ORGANIZERS[number][0],
            'urlname': urlname(number), 'timezone': clock.ZONE,
            'city': 'Montréal', 'state': 'QC', 'country': 'ca',
            'lat': 45.5, 'lon': -73.57}


def venues(city, stub):
    """Return the venues; what is online has the pseudo venue."""
    made = [ONLINE_VENUE] if stub.online or stub.role == 'bare' else []
    if stub.venue is not None:
        name, street, _, postal, lat, lon, _, _ = city.venue(stub.venue)
        made.append({'id': city.venue_id(stub.venue, 0), 'name': name,
                     'address': street, 'city': 'Montréal', 'state': 'QC',
                     'postalCode': postal, 'country': 'ca',
                     'lat': float(lat), 'lon': float(lon), 'venueType': ''})
    return made


def description(facts):
    """Return the description in Markdown."""
    return '**%s**\n\n%s\n\n\\* [Info](https://agenda.example.org/)' % (
        html.unescape(facts.title), '\n\n'.join(facts.sentences))


def event_url(stub):
    """Return the address; its last slash comes and goes."""
    return 'https://www.meetup.com/%s/events/%s%s' % (
        urlname(stub.organizer), token(stub), '/' if stub.index % 2 else '')


def photo(ident):
    """Return the photo of an event."""
    if ident is None:
        return None
    base = 'https://secure.meetupstatic.com/photos/event/'
    return {'id': ident, 'baseUrl': 'https://secure.meetupstatic.com/',
            'highResUrl': '%shighres_%s.jpeg' % (base, ident),
            'standardUrl': '%s600_%s.jpeg' % (base, ident)}


def node(world, stub, materialised=False):
    """Return an event with all fields that there are."""
    facts = world.facts(stub)
    online = stub.online and stub.venue is None
    return {
        'id': event_id(stub, materialised), 'token': token(stub),
        'title': html.unescape(facts.title), 'eventUrl': event_url(stub),
        'description': description(facts),
        'dateTime': with_offset(stub.start), 'endTime': with_offset(stub.end),
        'duration': 'PT%dM' % stub.minutes,
        'createdTime': with_offset(clock.to_local(stub.created)),
        'eventType': 'ONLINE' if online else
                     'HYBRID' if stub.role == 'bare' else 'PHYSICAL',
        'isOnline': online,
        'status': status(stub, clock.to_local(world.city.now_utc)),
        'maxTickets': 0 if stub.index % 3 else 40, 'howToFindUs': None,
        'rsvps': {'yesCount': 3 + stub.index % 40,
                  'totalCount': 5 + stub.index % 40},
        'feeSettings': None if facts.free else {
            'amount': facts.min_price / 100, 'currency': 'CAD',
            'required': True, 'accepts': 'cash'},
        'featuredEventPhoto': photo(facts.logo), 'displayPhoto': None,
        'venues': venues(world.city, stub),
        'topics': {'edges': [{'node': {'name': stub.genre.capitalize(),
                                       'urlkey': stub.genre}}]},
        'series': None if stub.series is None else {
            'id': stub.series, 'description': 'Every week'},
        'group': group(stub.organizer)}


def calendar(world, number, stubs, stamp):
    """Return a group's calendar as bytes."""
    name = words.ORGANIZERS[number][0]
    lines = ['BEGIN:VCALENDAR', 'VERSION:2.0',
             'PRODID:-//Meetup//Meetup Calendar 1.0//EN', 'CALSCALE:GREGORIAN',
             'METHOD:PUBLISH', 'NAME:' + ics_text.escape(name),
             'X-WR-CALNAME:' + ics_text.escape(name), *ics_text.VTIMEZONE]
    for stub in stubs:
        facts = world.facts(stub)
        lines += [
            'BEGIN:VEVENT', 'UID:event_%s@meetup.com' % token(stub),
            'SEQUENCE:1', 'DTSTAMP:' + ics_text.utc(stamp),
            ics_text.zoned('DTSTART', stub.start),
            ics_text.zoned('DTEND', stub.end),
            'SUMMARY:' + ics_text.escape(html.unescape(facts.title)),
            'DESCRIPTION:' + ics_text.escape(
                name + '\n' + description(facts)),
            'URL;VALUE=URI:https://www.meetup.com/%s/events/%s/' % (
                urlname(number), token(stub)),
            'STATUS:CONFIRMED', 'CREATED:' + ics_text.utc(stub.created),
            'LAST-MODIFIED:' + ics_text.utc(facts.changed), 'CLASS:PUBLIC',
            'END:VEVENT']
    lines.append('END:VCALENDAR')
    return b''.join(map(ics_text.fold, lines))


# The public half of test/fixtures/meetup/signing_key.pem
MODULUS = int(
    '8b97747d44bfbb51ff4ff84fd93498397212d37abfc0ee55f793563b47a1f10c'
    '57e6116168cb4789ac3268287a42022827ce19a08d84152d3037cae8009899e5'
    'bfc1a204411399407afedb5ee3b0ced4413c056c52f0a12f2143ab1ce1afd059'
    'a9aff3d207f2438771d69c6d048e9aaafb11cc0647e53a5062056c541ab7c767'
    '47c50c5beba54a9ffb7e54e42dfdbb6f978713cae711c8dfcf8022f3b10a642f'
    'd9e319b5ff3cce3652b744658993cec188afc795543dc5f8d4bc10b6933ce944'
    'df811a2a41eac59dcf59a0113c52bcc517c1960fcdcac537fbe05168196959c2'
    'e62c2891adaf33b20fd4101b94f0e7c414ae6bad0740bae9932cae7d575a4415', 16)
EXPONENT = 65537
