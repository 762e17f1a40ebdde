"""Writing iCalendar: escaping, folding, the zone component."""

import clock

VTIMEZONE = (
    'BEGIN:VTIMEZONE', 'TZID:' + clock.ZONE,
    'X-LIC-LOCATION:' + clock.ZONE,
    'BEGIN:DAYLIGHT', 'TZOFFSETFROM:-0500', 'TZOFFSETTO:-0400',
    'TZNAME:EDT', 'DTSTART:20070311T020000',
    'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU', 'END:DAYLIGHT',
    'BEGIN:STANDARD', 'TZOFFSETFROM:-0400', 'TZOFFSETTO:-0500',
    'TZNAME:EST', 'DTSTART:20071104T020000',
    'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU', 'END:STANDARD',
    'END:VTIMEZONE')


def escape(text):
    """Escape a TEXT value."""
    return (text.replace('\\', '\\\\').replace(';', '\\;')
            .replace(',', '\\,').replace('\r\n', '\\n')
            .replace('\n', '\\n'))


def fold(line):
    """Return a content line as bytes, folded at 75 octets.

    A fold never falls inside a character: RFC 5545 allows that it does, the
    publishers recorded don't do it.
    """
    data = line.encode('utf-8')
    if len(data) <= 75:
        return data + b'\r\n'
    parts = []
    room = 75
    while len(data) > room:
        cut = room
        while data[cut] & 0xC0 == 0x80:
            cut -= 1
        parts.append(data[:cut])
        data = data[cut:]
        room = 74
    parts.append(data)
    return b'\r\n '.join(parts) + b'\r\n'


def calendar(name, events, extra=(), refresh='PT1H'):
    """Return a whole calendar as bytes; events are lists of lines.

    refresh is the interval that the publisher wishes; None: it has no wish.
    """
    lines = ['BEGIN:VCALENDAR', 'VERSION:2.0',
             'PRODID:-//Agenda Montreal//Calendar feed 2.1//FR',
             'CALSCALE:GREGORIAN', 'METHOD:PUBLISH',
             'X-WR-CALNAME:' + escape(name),
             'X-WR-TIMEZONE:' + clock.ZONE]
    if refresh is not None:
        lines.extend(['REFRESH-INTERVAL;VALUE=DURATION:' + refresh,
                      'X-PUBLISHED-TTL:' + refresh])
    lines.extend(VTIMEZONE)
    lines.extend(extra)
    parts = [fold(line) for line in lines]
    for event in events:
        parts.extend(fold(line) for line in event)
    parts.append(b'END:VCALENDAR\r\n')
    return b''.join(parts)


def local(moment):
    """Format a local or floating time."""
    return moment.strftime('%Y%m%dT%H%M%S')


def utc(moment):
    """Format a UTC time."""
    return moment.strftime('%Y%m%dT%H%M%SZ')


def day(moment):
    """Format a date."""
    return moment.strftime('%Y%m%d')


def zoned(name, moment):
    """Return a property with Montréal's zone."""
    return '%s;TZID=%s:%s' % (name, clock.ZONE, local(moment))
