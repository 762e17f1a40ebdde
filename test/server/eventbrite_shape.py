"""How Eventbrite writes an event: from facts to the JSON of API v3."""

import hashlib
import html
import json
from datetime import timedelta
from urllib.parse import quote

import city as city_module
import clock
import words

API = 'https://www.eventbriteapi.com/v3'
EXPANSIONS = frozenset((
    'venue', 'organizer', 'category', 'subcategory', 'format',
    'ticket_availability', 'event_sales_status', 'external_ticketing',
    'logo', 'music_properties'))

_encode = json.JSONEncoder(separators=(',', ':'), ensure_ascii=False).encode


def dumps(value):
    """Return compact JSON as bytes."""
    return _encode(value).encode('utf-8')


def text_html(text):
    """Return Eventbrite's pair of a text and its escaped form."""
    return {'text': text,
            'html': None if text is None else html.escape(text, quote=False)}


def moment(local):
    """Return Eventbrite's triple for a local time."""
    return {'timezone': clock.ZONE, 'local': clock.iso(local),
            'utc': clock.iso_z(clock.to_utc(local))}


def money(cents):
    """Return a Currency object."""
    major = '%d.%02d' % divmod(cents, 100)
    return {'currency': 'CAD', 'value': cents, 'major_value': major,
            'display': major + ' CAD'}


def venue(city, number, organizer):
    """Return the expanded venue."""
    name, street, borough, postal, lat, long, _, seats = city.venue(number)
    ident = city.venue_id(number, organizer)
    return {
        'address': {
            'address_1': street,
            'address_2': '' if number % 3 else borough,
            'city': 'Montréal', 'region': 'QC', 'postal_code': postal,
            'country': 'CA', 'latitude': lat, 'longitude': long,
            'localized_address_display':
                '%s, Montréal, QC %s' % (street, postal),
            'localized_area_display': 'Montréal, QC',
            'localized_multi_line_address_display':
                [street, 'Montréal, QC ' + postal]},
        'resource_uri': '%s/venues/%s/' % (API, ident), 'id': ident,
        'age_restriction': None, 'capacity': seats, 'name': name,
        'latitude': lat, 'longitude': long}


def organizer(city, number):
    """Return the expanded organizer; None is the one that owns them all."""
    if number is None:
        ident, name, language = city_module.ORGANIZER_ALL, \
            'Montréal en scène', 'fr'
    else:
        ident = city.organizer_id(number)
        name, language, _ = words.ORGANIZERS[number]
    blurb = {
        'fr': "%s produit et présente des événements à Montréal depuis plus "
              "de dix ans. Notre petite équipe travaille avec des artistes, "
              "des artisans et des organismes de tous les arrondissements, "
              "et réserve chaque saison des places à prix solidaire.",
        'en': "%s has been putting on events in Montréal for more than ten "
              "years. Our small team works with artists, makers and "
              "community groups in every borough, and keeps pay-it-forward "
              "seats for each season."}[language] % name
    empty = number is not None and number % 7 == 3
    description = ({'text': None, 'html': '<p></p>'} if empty else
                   {'text': blurb, 'html': '<p>%s</p>' % html.escape(blurb)})
    return {
        'description': description,
        'long_description': {'text': None, 'html': '<p></p>'},
        'resource_uri': '%s/organizers/%s/' % (API, ident),
        '_type': 'organizer', 'id': ident, 'name': name,
        'url': 'https://www.eventbrite.ca/o/%s-%s'
               % (city_module.slug(name), ident),
        'vanity_url': None, 'num_past_events': 0, 'num_future_events': 0,
        'twitter': None, 'facebook': city_module.slug(name),
        'website': 'https://%s.example.org' % city_module.slug(name),
        'logo_id': None, 'logo': None, 'disable_marketing_opt_in': False,
        'organization_id': city_module.ORGANIZATION}


def _named(kind, ident, english, french, short_en=None, short_fr=None):
    return {'resource_uri': '%s/%s/%s/' % (API, kind, ident), 'id': ident,
            'name': english, 'name_localized': french,
            'short_name': short_en or english,
            'short_name_localized': short_fr or french}


def category(ident):
    """Return the expanded category."""
    for row in words.CATEGORIES:
        if row[0] == ident:
            return _named('categories', *row)
    return None


def subcategory(ident):
    """Return the expanded subcategory with its parent."""
    names = words.SUBCATEGORIES.get(ident)
    if names is None:
        return None
    made = _named('subcategories', ident, *names)
    made['parent_category'] = category('1' + ident[:-3].zfill(2))
    return made


def format_(ident):
    """Return the expanded format."""
    for row in words.FORMATS:
        if row[0] == ident:
            return _named('formats', *row)
    return None


def logo(facts, salt):
    """Return the expanded logo; the salt changes its signatures."""
    path = ('https://img.evbuc.com/' + quote(
        'https://cdn.evbuc.com/images/%s/768254981053/1/'
        'original.20260914-123404' % facts.logo, safe=''))

    def signed(extra, tail=''):
        text = (path + '?' + extra + 'auto=format%2Ccompress&q=75&sharp=10'
                + tail)
        key = '%s/%d' % (text, salt)
        return text + '&s=' + hashlib.md5(
            key.encode(), usedforsecurity=False).hexdigest()

    cropped = int(facts.logo) % 3 == 0
    return {
        'crop_mask': {'top_left': {'x': 0, 'y': 0}, 'width': 2160,
                      'height': 1080} if cropped else None,
        'original': {'url': signed(''), 'width': 2160, 'height': 1080},
        'id': facts.logo,
        'url': signed('h=200&w=450&',
                      '&rect=0%2C0%2C2160%2C1080' if cropped else ''),
        'aspect_ratio': '2', 'edge_color': facts.edge_color,
        'edge_color_set': True}


def ticket_availability(stub, facts):
    """Return what can still be bought, and for how much."""
    over = stub.status not in ('live', 'started')
    return {
        'has_available_tickets': not (facts.sold_out or over),
        'minimum_ticket_price': money(facts.min_price),
        'maximum_ticket_price': money(facts.max_price),
        'is_sold_out': facts.sold_out,
        'start_sales_date': moment(clock.to_local(facts.published)),
        'waitlist_available': facts.sold_out and stub.index % 2 == 1}


def event_sales_status(stub, facts):
    """Return the sales status, where organizers hide cancellations."""
    status, code, text, kind = 'on_sale', None, None, 'default'
    if stub.role == 'cancelled-by-message':
        status, code, text, kind = ('unavailable', 'event_cancelled',
                                    'Annulé', 'canonical')
    elif stub.role == 'postponed':
        status, code, text, kind = ('unavailable', 'event_postponed',
                                    'Reporté', 'canonical')
    elif facts.sold_out:
        status, code, text = 'sold_out', 'tickets_sold_out', 'Complet'
    elif stub.role == 'not-yet-on-sale':
        status, code, text = ('not_yet_on_sale', 'tickets_not_yet_on_sale',
                              'Bientôt en vente')
    elif stub.status not in ('live', 'started'):
        status, code, text = ('sales_ended', 'tickets_with_sales_ended',
                              'Vente terminée')
    start = facts.published
    if stub.role == 'not-yet-on-sale':
        start = clock.to_utc(stub.start) - timedelta(days=2)
    return {'sales_status': status,
            'start_sales_date': moment(clock.to_local(start)),
            'message': text, 'message_type': kind, 'message_code': code,
            'currency': 'CAD', 'default_message': text}


def external_ticketing(stub, facts):
    """Return where tickets are sold, when that is elsewhere."""
    if stub.role != 'external':
        return None
    return {'external_url': 'https://billetterie.example.org/e/%s' % stub.id,
            'ticketing_provider_name': 'Billetterie du quartier',
            'is_free': facts.free,
            'minimum_ticket_price': money(facts.min_price),
            'maximum_ticket_price': money(facts.max_price),
            'sales_start': clock.iso_z(facts.published),
            'sales_end': clock.iso_z(clock.to_utc(stub.start))}


def music_properties(stub, facts):
    """Return what only music events have; door_time as badly as it comes."""
    if facts.category != '103':
        return None
    doors = clock.to_utc(stub.start) - timedelta(minutes=30)
    text = clock.iso_z(doors)
    if stub.index % 10 == 6:
        text = text.replace('T', 'T-')
    return {'age_restriction': 'all_ages' if facts.all_ages else '18+',
            'presented_by': facts.organizer_name, 'door_time': text}


def event(world, stub, expand):
    """Return an event with the expansions asked for, and only these."""
    city = world.city
    facts = world.facts(stub)
    made = {
        'name': text_html(facts.title),
        'description': text_html(facts.summary),
        'url': facts.url,
        'start': moment(stub.start),
        'end': moment(stub.end),
        'organization_id': city_module.ORGANIZATION,
        'created': clock.iso_z(stub.created),
        'changed': clock.iso_z(facts.changed),
        'published': (None if stub.status == 'draft'
                      else clock.iso_z(facts.published)),
        'capacity': None, 'capacity_is_custom': None,
        'status': stub.status, 'currency': 'CAD',
        'listed': stub.role != 'unlisted', 'shareable': True,
        'invite_only': False, 'online_event': stub.online,
        'show_remaining': False, 'tx_time_limit': 1200,
        'hide_start_date': False, 'hide_end_date': stub.index % 100 == 93,
        'locale': facts.locale, 'is_locked': False,
        'privacy_setting': 'unlocked',
        'is_series': stub.series is not None, 'is_series_parent': False,
        'inventory_type': 'limited', 'is_reserved_seating': False,
        'show_pick_a_seat': False, 'show_seatmap_thumbnail': False,
        'show_colors_in_seatmap_thumbnail': False,
        'source': 'coyote' if stub.index % 4 else 'create_2.0',
        'is_free': facts.free, 'version': None, 'summary': facts.summary,
        'facebook_event_id': None, 'logo_id': facts.logo,
        'organizer_id': city.organizer_id(stub.organizer),
        'venue_id': (None if stub.venue is None
                     else city.venue_id(stub.venue, stub.organizer)),
        'category_id': facts.category, 'subcategory_id': facts.subcategory,
        'format_id': facts.format, 'id': stub.id,
        'resource_uri': '%s/events/%s/' % (API, stub.id),
        'is_externally_ticketed': stub.role == 'external'}
    if stub.series is not None:
        made['series_id'] = stub.series
    _expand(made, world, stub, facts, expand)
    for path, value in world.json_patches.get(stub.id, {}).items():
        _set_path(made, path.split('.'), value)
    return _spoil(made, world.bad.get(stub.id))


def _expand(made, world, stub, facts, expand):
    city = world.city
    if 'ticket_availability' in expand:
        made['ticket_availability'] = ticket_availability(stub, facts)
    if 'event_sales_status' in expand:
        made['event_sales_status'] = event_sales_status(stub, facts)
    if 'external_ticketing' in expand:
        made['external_ticketing'] = external_ticketing(stub, facts)
    if 'music_properties' in expand:
        made['music_properties'] = music_properties(stub, facts)
    if 'logo' in expand:
        made['logo'] = logo(facts, world.image_salt) if facts.logo else None
    if 'venue' in expand:
        made['venue'] = (None if stub.venue is None else
                         venue(city, stub.venue, stub.organizer))
    if 'organizer' in expand:
        made['organizer'] = organizer(city, stub.organizer)
    if 'category' in expand:
        made['category'] = category(facts.category)
    if 'subcategory' in expand:
        made['subcategory'] = subcategory(facts.subcategory or '')
    if 'format' in expand:
        made['format'] = format_(facts.format)


def _set_path(made, path, value):
    """Set a dotted path; into what isn't expanded nothing is set."""
    for key in path[:-1]:
        made = made.get(key)
        if not isinstance(made, dict):
            return
    made[path[-1]] = value


# A record that a byte-level fault marks is rewritten after encoding.
BYTES_MARK = '@@spoiled@@'
BAD_BYTES = {'invalid-utf8': b'Caf\xe9 \xff\xfe', 'nul-raw': b'nul\x00here'}


def _spoil(made, kind):
    """Return the event as the malformed record that control asked for."""
    if kind is None:
        return made
    if kind == 'no-start':
        del made['start']
    elif kind == 'null-start':
        made['start'] = None
    elif kind == 'no-id':
        del made['id']
    elif kind == 'no-name':
        del made['name']
    elif kind == 'wrong-type':
        made['name'] = ['not', 'an', 'object']
        made['start'] = 'tomorrow'
    elif kind == 'bad-date':
        made['start'] = {'timezone': clock.ZONE,
                         'local': '2026-13-45T99:00:00',
                         'utc': '2026-13-45T99:00:00Z'}
    elif kind == 'not-an-object':
        return 42
    elif kind == 'null':
        return None
    elif kind == 'nul':
        made['name'] = text_html('nul\x00here')
    elif kind == 'huge':
        made['name'] = text_html('x' * (2 << 20))
    elif kind in BAD_BYTES:
        made['name'] = text_html(BYTES_MARK)
    return made


BAD_KINDS = ('no-start', 'null-start', 'no-id', 'no-name', 'wrong-type',
             'bad-date', 'not-an-object', 'null', 'nul', 'huge',
             'invalid-utf8', 'nul-raw')


def event_bytes(world, stub, expand):
    """Return an event's JSON, from the cache when it is there."""
    kept = world.rendered.get(expand)
    if kept is not None:
        data = kept.get(stub.id)
        if data is not None:
            return data
    # Under the lock from facts to cache: a change that came in between
    # would otherwise be hidden by what was rendered before it.
    with world.lock:
        data = dumps(event(world, stub, expand))
        spoiled = BAD_BYTES.get(world.bad.get(stub.id))
        if spoiled is not None:
            data = data.replace(BYTES_MARK.encode(), spoiled)
        world.keep_rendered(expand, stub.id, data)
    return data


def full_description(world, stub):
    """Return the real description, as HTML."""
    facts = world.facts(stub)
    if getattr(facts, 'description', None) is not None:
        return facts.description
    paragraphs = ''.join('<p>%s</p>' % html.escape(sentence, quote=False)
                         for sentence in facts.sentences)
    labels = (('Quand', 'Organisé par', 'Billets') if facts.language == 'fr'
              else ('When', 'Presented by', 'Tickets'))
    return (
        '<div>%s</div><div style="margin-top: 20px"><div style="margin: 20px '
        '10px;font-size: 15px;line-height: 22px;font-weight: 400;text-align: '
        'left;"><p><strong>%s</strong></p>%s<ul><li>%s&nbsp;: %s</li>'
        '<li>%s&nbsp;: %s</li></ul><p>%s&nbsp;: <a href="%s" rel="nofollow '
        'noopener">eventbrite.ca</a></p></div></div>' % (
            html.escape(facts.summary or '', quote=False),
            html.escape(facts.title, quote=False), paragraphs, labels[0],
            stub.start.strftime('%Y-%m-%d %H:%M'), labels[1],
            html.escape(facts.organizer_name, quote=False), labels[2],
            facts.url))
