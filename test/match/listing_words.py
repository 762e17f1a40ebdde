"""The words of test/match/listings.py: invented names, titles in two languages.

No hall, artist or promoter here exists; names are made of syllables.
"""

ONSETS = ('b', 'br', 'c', 'ch', 'cl', 'd', 'dr', 'f', 'fl', 'g', 'gr', 'h',
          'j', 'k', 'l', 'm', 'n', 'p', 'pr', 'qu', 'r', 's', 'st', 't', 'tr',
          'v', 'w', 'z')
VOWELS = ('a', 'a', 'e', 'e', 'i', 'o', 'u', 'é', 'è', 'au', 'ou', 'ai', 'oi')
CODAS = ('', '', '', 'n', 'l', 'r', 's', 't', 'x', 'nd', 'ck', 'lle', 'rt',
         'ne', 'sse', 'm')

FIRST_NAMES = (
    'Alix', 'Béatrice', 'Camille', 'Damien', 'Élise', 'Fatou', 'Gaston',
    'Hugo', 'Inès', 'Jérôme', 'Karim', 'Léonie', 'Maude', 'Noé', 'Odile',
    'Pascal', 'Quentin', 'Rosalie', 'Samir', 'Thérèse', 'Ulysse', 'Viviane',
    'William', 'Xavier', 'Yasmine', 'Zoé', 'Owen', 'Claire', 'Marcus', 'Nora')

KINDS_OF_HALL = (
    ('Théâtre', 'de la {name}'), ('Théâtre', '{name}'), ('Salle', '{name}'),
    ('Bibliothèque', '{name}'), ('Bibliothèque', '{name}-{other}'),
    ('Centre communautaire', '{name}'), ('Café', '{name}'),
    ('Bar', 'Le {name}'), ('', 'La {name} Rouge'), ('', 'Le {name}'),
    ('', '{name} {other}'), ('Maison de la culture', '{name}'),
    ('Église', 'Saint-{name}'), ('Parc', '{name}'), ('Studio', '{name}'),
    ('Musée', 'des {name}'), ('Cabaret', '{name}'), ('Cinéma', '{name}'))
ROOMS = ('salle A', 'salle B', 'Grande Salle', 'Studio 2', 'foyer',
         'salle polyvalente', 'auditorium', 'salle 101', 'salle 102')
STREETS = ('rue {name}', 'avenue {name}', 'boulevard {name}',
           'chemin {name}', 'rue {name} Est', 'rue {name} Ouest')
HOURS = (9, 10, 10.5, 11, 12, 13, 13.5, 14, 15, 16, 17, 18, 18.5, 19, 19, 19.5,
         19.5, 20, 20, 20, 20.5, 21, 21, 22, 23)

PROMOTERS = (
    'Productions {name} présente : {title}', '{name} presents: {title}',
    '{name} & co. présentent {title}', 'Les Disques {name} présentent : '
    '{title}', '{name} Live presents {title}')
STATUS = ('[ANNULÉ] {title}', '{title} - COMPLET', 'REPORTÉ : {title}',
          '{title} (sold out)', 'CANCELLED: {title}', '*Complet* {title}')
TICKETS = ('{title} - billets', 'Billets : {title}', '{title} | Tickets',
           '{title} (gratuit)', '{title} - Derniers billets',
           '{title} – Free')
SUBTITLES = ('une soirée au {name}', 'hommage à {name}', 'the {name} sessions',
             'sur les traces de {name}', 'la tournée {name}',
             'rencontre avec le public', 'album launch')
TEMPLATES = ('Rencontre avec votre conseillère : {name}',
             'Rencontrez l’auteur – {name}', 'Causerie : {name}',
             'Meet the author: {name}', 'Portrait d’artiste - {name}')
ADD_ONS = ('{title} - VIP', 'Stationnement : {title}', 'Parking - {title}')

SERIES = (
    'Heure du conte', 'Éveil musical', 'Club de lecture', 'Yoga au parc',
    'Atelier de tricot', 'Café-rencontre', 'Jeux de société', 'Quiz night',
    'Open mic', 'Bébé bouquine', 'Initiation au {name}', 'Ciné-club {name}',
    'Cours de danse {name}', 'Improvisation : Ligue {name}',
    'Karaoké chez {name}', 'Les matins {name}', 'Aide aux devoirs',
    'Marché {name}', 'Chorale {name}', 'Atelier {name} pour enfants')

# French and English of one kind of event, as a title has it
KINDS = (
    ('Concert de {}', '{} concert'), ('Spectacle de {}', '{} show'),
    ('Soirée {}', '{} Night'), ('Atelier {}', '{} Workshop'),
    ('Exposition {}', '{} Exhibition'), ('Conférence de {}', '{} talk'),
    ('Lancement : {}', 'Launch: {}'), ('Projection : {}', 'Screening: {}'),
    ('Visite guidée {}', '{} Guided Tour'), ('Lecture : {}', 'Reading: {}'),
    ('Fête de {}', '{} Party'), ('Tournoi {}', '{} Tournament'))


def name(dice):
    """Return a name that nothing else is likely to have."""
    text = ''.join(dice.choice(ONSETS) + dice.choice(VOWELS)
                   for _ in range(dice.choice((1, 2, 2, 3))))
    text = (text + dice.choice(CODAS[3:])).capitalize()

    # what short ones say by chance is a word: "Les", "Not"
    return text if len(text) > 3 else name(dice)


def person(dice):
    """Return a person's name."""
    return '%s %s' % (dice.choice(FIRST_NAMES), name(dice))


def artist(dice):
    """Return a name for the stage."""
    return dice.choice((
        lambda: person(dice), lambda: person(dice),
        lambda: 'Les %ss' % name(dice), lambda: 'The %s' % name(dice),
        lambda: '%s %s' % (name(dice), name(dice)),
        lambda: '%s Trio' % name(dice), lambda: 'Quatuor %s' % name(dice),
        lambda: name(dice) + name(dice).lower()))()


def title(dice, who):
    """Return a title."""
    form = dice.random()
    if form < .4:
        return who
    if form < .7:
        return dice.choice(KINDS)[dice.random() < .3].format(who)
    if form < .9:
        return dice.choice((
            '{a} : La nuit de {b}', '{a} chante {b}', 'Hommage à {a}',
            '{a} joue les {b}s', 'Le retour de {a}', '{a} - {b}',
            "L'histoire de {b} par {a}", '{b}, une pièce de {a}')).format(
                a=who, b=name(dice))
    return series_title(dice)


def series_title(dice):
    """Return a title of something that is held often."""
    return dice.choice(SERIES).format(name=name(dice))


def translate(text):
    """Return a title in the other language, where its form is known."""
    for forms in KINDS:
        for form, other in (forms, forms[::-1]):
            head, _, tail = form.partition('{}')
            if text.startswith(head) and text.endswith(tail) \
                    and len(text) > len(head) + len(tail):
                return other.format(text[len(head):len(text) - len(tail)])
    return text
