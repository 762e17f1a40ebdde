"""How two cities write their events as open data: rows of a table.

Montréal: dates without hours, "nan" for what is missing, boroughs whose dash
was lost on the way, several sessions behind one page. The hour is, if
anywhere, in the description. Laval: a JSON file, times in UTC without a Z.
"""

import random
from datetime import timedelta

import city as city_module
import clock

MONTREAL_COLUMNS = (
    'titre', 'url_fiche', 'description', 'date_debut', 'date_fin',
    'type_evenement', 'public_cible', 'emplacement', 'inscription', 'cout',
    'arrondissement', 'titre_adresse', 'adresse_principale',
    'adresse_secondaire', 'code_postal', 'lat', 'long', 'X', 'Y')
TYPES = {
    'music': 'Musique', 'jazz': 'Musique', 'classical': 'Musique',
    'theatre': 'Théâtre', 'dance': 'Danse', 'expo': 'Exposition',
    'workshop': 'Art et artisanat', 'cooking': 'Cuisine',
    'festival': 'Fête et marché', 'market': 'Fête et marché',
    'comedy': 'Humour', 'tech': 'Informatique', 'film': 'Cinéma',
    'hockey': 'Sport et plein air', 'sport': 'Sport et plein air',
    'book': 'Club de lecture et littérature', 'kids': 'Heure du conte',
    'wellness': 'Bien-être', 'quiz': 'Jeux', 'tour': 'Société et histoire'}
AUDIENCES = ('Pour tous', 'Famille', 'Adultes', 'Adolescents', 'Enfants',
             "Enfants d'âge préscolaire", 'Personnes aînées')
WEEKDAYS = ('lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi',
            'dimanche')
MONTHS = ('janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet',
          'août', 'septembre', 'octobre', 'novembre', 'décembre')
NAN = 'nan'

# What a description says of the hour, and whether it says it beyond doubt.
# The others hold an hour that is not the event's, or might not be.
HOURS = (
    ('{weekday} {day} {month} {year} de {start} à {end}', True),
    ('De {start} à {end}.', True),
    ('Rendez-vous à {start}.', True),
    ('Le {day} {month}, {start}', True),
    ('Dès {start}. Durée : 1 h 30.', True),
    ('', False),
    ('Ouverture des portes à {early}, spectacle à {start}.', False),
    ('Inscription sur place à partir de {early}.', False),
    ('Séances à {early} et à {start}.', False),
    ('Durée : 2 h', False),
    ("Une autre rencontre a lieu le lendemain à {early}.", False),
    ('Information : 514 555-0199, de 9 h à 17 h.', False))


def hour(moment):
    """Write a time of day as the city does, with its no-break spaces."""
    text = '%d\u00a0h' % moment.hour
    return text + ('\u00a0%02d' % moment.minute if moment.minute else '')


def number_of(stub):
    """Return the number at the end of an event's page: a series has one."""
    index = stub.index
    if stub.series is not None:
        index -= stub.index % city_module.SERIES_EVERY
    return 90000 + index


def says_hour(stub):
    """Tell whether the description of an event says its hour for sure."""
    if stub.start.date() != last_day(stub):
        return False
    number = stub.index % len(HOURS)
    # A page of several sessions must say which day an hour is of.
    return HOURS[number][1] and (stub.series is None
                                 or '{day}' in HOURS[number][0])


def last_day(stub):
    """Return the last day of an event; a night is of the day it began."""
    return max(stub.start.date(), (stub.end - timedelta(hours=6)).date())


def described(stub, facts):
    """Return a description."""
    start = stub.start
    template, _ = HOURS[stub.index % len(HOURS)]
    told = template.format(
        weekday=WEEKDAYS[start.weekday()].capitalize(), day=start.day,
        month=MONTHS[start.month - 1], year=start.year, start=hour(start),
        end=hour(stub.end), early=hour(start - timedelta(hours=1)))
    # The generated sentences may say anything; these say no hour.
    words = facts.title
    if stub.index % 9 == 4:
        return '<p>%s</p>\n<p>%s</p>' % (words, told)
    return words + '\n' + told


def montreal_row(world, stub):
    """Return a row of Montréal's table, without its row number."""
    facts = world.facts(stub)
    index = stub.index
    row = dict.fromkeys(MONTREAL_COLUMNS, NAN)
    row.update(
        titre=facts.title,
        url_fiche='https://montreal.ca/evenements/%s-%d' % (
            city_module.slug(facts.title), number_of(stub)),
        description=described(stub, facts) if index % 13 != 5 else NAN,
        date_debut=stub.start.date().isoformat(),
        date_fin=last_day(stub).isoformat(),
        type_evenement=TYPES.get(stub.genre, 'Soutien et échange'),
        public_cible=AUDIENCES[index % len(AUDIENCES)],
        emplacement='En ligne' if stub.online else
        ('En salle' if index % 3 else "À l'extérieur"),
        inscription=('Entrée libre', 'Avec billet',
                     'Sur inscription')[index % 3],
        cout='Gratuit' if facts.free else 'Payant')
    if stub.venue is None:
        row['arrondissement'] = 'Ville de Montréal'
        return row
    name, street, borough, postal, lat, long, _, _ = \
        world.city.venue(stub.venue)
    if index % 10 == 3:
        borough = borough.replace('–', '\ufffd' * 3 + ' ')
    row.update(
        arrondissement=borough, titre_adresse=name, adresse_principale=street,
        code_postal=postal if index % 4 else postal.replace(' ', ''),
        lat=lat if index % 2 else float(lat),
        long=long if index % 2 else float(long),
        X=round(300000 + (float(long) + 73.56) * 78000, 1),
        Y=round(5040000 + (float(lat) - 45.5) * 111000, 1))
    if index % 29 == 6:
        row.update(lat=0, long=0)
    return row


def reload_order(rows, version):
    """Return the rows as a reload leaves them: in an order of its own."""
    rows = list(rows)
    random.Random(version).shuffle(rows)
    return rows


def laval_row(world, stub):
    """Return an element of Laval's file."""
    facts = world.facts(stub)

    def label(text):
        return {'Id': '00000000-0000-0000-0000-%012d' % (hash_of(text)),
                'Label': text, 'TargetUrl': None, 'CustomProperties': None}

    title = facts.title
    if stub.status == 'canceled':
        title = 'ANNULÉ - ' + title
    locations = []
    if stub.venue is not None:
        locations.append(label(world.city.venue(stub.venue)[0]))
    page = '/Pages/Fr/Calendrier/%s-%d.aspx' % (
        city_module.slug(facts.title), stub.index)
    wants_inscription = stub.index % 4 == 1
    return {
        'Title': title,
        'Excerpt': '<p>%s&#160;</p>' % facts.sentences[0],
        'PageUrl': page,
        'ImageUrl': '/PublishingImages/Calendrier/%d.jpg' % (stub.index % 50),
        'ActivityInscriptionLabel':
            'Inscription' if wants_inscription else None,
        'ActivityInscriptionUrl':
            'https://www.laval.ca/inscription/%d' % stub.index
            if wants_inscription else None,
        'EventDate': clock.iso(clock.to_utc(stub.start)),
        'EndDate': clock.iso(clock.to_utc(stub.end)),
        'Clienteles': [],
        'Categories': [label('Bibliothèques' if stub.genre == 'book'
                             else 'Activités de la ville')],
        'Subcategories': [label(TYPES.get(stub.genre, 'Divers'))],
        'Locations': locations,
        'Tags': [label(AUDIENCES[stub.index % len(AUDIENCES)])],
        'Sites': [],
        'ActivityInscriptionUrl.Description': None,
        'ActivityInscriptionUrl.Url': None}


def hash_of(text):
    """Return a number of a text that is the same in every process."""
    number = 7
    for letter in text:
        number = (number * 31 + ord(letter)) % 10**12
    return number
