"""The clock of the fake city.

Montréal's summer time is computed by rule rather than read from a zone
database, so that the server gives the same bytes on a machine without one.
"""

from datetime import date, datetime, timedelta, timezone

ZONE = 'America/Toronto'


def _sunday(year, month, nth):
    """Return the nth Sunday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def _summer_edges(year):
    """Return the local instants at which summer time starts and ends."""
    edge = timedelta(hours=2)
    start = datetime.combine(_sunday(year, 3, 2), datetime.min.time())
    end = datetime.combine(_sunday(year, 11, 1), datetime.min.time())
    return start + edge, end + edge


_EDGES = {}


def offset_hours(local):
    """Return the UTC offset of a local time; a repeated hour is the first."""
    edges = _EDGES.get(local.year)
    if edges is None:
        edges = _EDGES[local.year] = _summer_edges(local.year)
    return -4 if edges[0] <= local < edges[1] else -5


def to_utc(local):
    """Convert naive Montréal time to naive UTC."""
    return local - timedelta(hours=offset_hours(local))


def to_local(utc):
    """Convert naive UTC to naive Montréal time."""
    standard = utc - timedelta(hours=5)
    summer = utc - timedelta(hours=4)
    start, end = _summer_edges(standard.year)
    # The clocks go forward at 2:00 standard time, back at 2:00 summer time.
    return summer if start <= standard and summer < end else standard


def parse_now(text):
    """Read --now: a date or an ISO instant; None means the real clock.

    Only the date survives: everything the server says is a function of the
    seed and of that date, so two runs on one day give the same bytes.
    """
    if text is None:
        instant = datetime.now(timezone.utc)
    else:
        instant = datetime.fromisoformat(text.replace('Z', '+00:00'))
    if instant.tzinfo is not None:
        instant = to_local(instant.astimezone(timezone.utc)
                           .replace(tzinfo=None))
    return instant.date()


def iso(moment):
    """Format a naive time as Eventbrite's local form."""
    return moment.isoformat(timespec='seconds')


def iso_z(moment):
    """Format a naive UTC time with its Z."""
    return moment.isoformat(timespec='seconds') + 'Z'
