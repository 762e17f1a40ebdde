/*
 * src/match/words.c
 *
 * The words, in a hash table with open addressing.
 *
 * Pure C.
 */
#include "match/words.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

typedef struct Entry
{
	char	   *word;			/* NULL: free */
	size_t		length;
	Word		known;
} Entry;

struct WordTable
{
	Entry	   *entries;
	size_t		size;			/* a power of two */
	size_t		used;
};

/* A list of words of one kind; "a=b": a, whose canonical form is b */
typedef struct WordList
{
	unsigned	kinds;
	const char *words;
} WordList;

static const WordList word_lists[] = {
	{WORD_STOP,
		"a and au aux avec by c ce ces cet cette chez d dans de del des du e el en et for from i in into"
		" is it its l la las le les los leur leurs m mes mon n ne no nos not notre of on or ou our par"
		" pas pour qu que qui s sa sans se ses si son sous sur t ta te the their they this to ton"
		" un una une us votre vos vous w we with y you your vs feat ft featuring plus amp st ste saint sainte"},

	{WORD_GENERIC,
		"concert concerts=concert spectacle=show spectacles=show show shows=show soiree=night soirees=night"
		" night nights=night nuit=night nuits=night evening=night party=party parties=party fete=party fetes=party"
		" atelier=workshop ateliers=workshop workshop workshops=workshop exposition=exhibition"
		" expositions=exhibition expo=exhibition exhibition exhibitions=exhibition exhibit=exhibition"
		" theatre theater=theatre danse=dance danses=dance dance dances=dance dancing=dance"
		" visite=tour visites=tour tour tours=tour guidee=guided guidees=guided guide=guided guided"
		" conference=talk conferences=talk talk talks=talk lecture=reading lectures=reading reading readings=reading"
		" marche=market marches=market market markets=market conte=storytelling contes=storytelling"
		" storytelling story=storytelling stories=storytelling histoire=storytelling histoires=storytelling"
		" famille=family familles=family family familial=family familiale=family rencontre=meetup"
		" rencontres=meetup meetup meetups=meetup meeting=meetup festival festivals=festival fest=festival"
		" jazz rock blues pop folk metal punk techno house electro hip hop rap classique=classical classical"
		" musique=music musical=music musicale=music music humour=comedy comedy comedie=comedy comique=comedy"
		" standup=comedy cinema=film film films=film movie=film movies=film projection=screening screening"
		" opera symphonique=symphony symphony orchestre=orchestra orchestra chorale=choir choeur=choir choir"
		" impro=improv improvisation=improv improv karaoke quiz trivia=quiz bingo yoga pilates salsa tango bachata swing"
		" noel=christmas christmas paques=easter easter halloween ete=summer summer hiver=winter winter"
		" printemps=spring spring automne=autumn autumn fall=autumn open mic micro ouvert=open ouverte=open"
		" live dj djs=dj gala bal=ball ball brunch souper=dinner dinner diner=dinner lunch cafe=coffee coffee"
		" enfants=kids enfant=kids kids children=kids jeunes=youth youth ados=teens teens adultes=adults adults"
		" adulte=adults bebe=baby bebes=baby baby aines=seniors seniors livre=book livres=book book books=book"
		" club art arts=art peinture=painting painting dessin=drawing drawing cours=class class classes=class"
		" course=race race jeu=game jeux=game game games=game tournoi=tournament tournament"
		" vernissage=opening opening lancement=launch launch journee=day journees=day day days=day jour=day jours=day"
		" heure=hour hour hours=hour happy semaine=week week fin weekend nouvel=new an annee=year year"
		" formation=training training seance=session seances=session session sessions=session"
		" information=info info infos=info portes=doors doors groupe=group group discussion=discussion"
		" celebration celebrations=celebration presentation presentations=presentation"
		" initiation=introduction introduction intro=introduction"
		" intermediaire=intermediate intermediate debutant=beginner debutants=beginner beginner beginners=beginner"},

	{WORD_NOISE,
		"nouveau nouveaute new invites invite guests guest special speciale tournee"
		" supplementaire supplementaires extra added date dates billets billet tickets ticket package packages forfait forfaits"
		" gratuit gratuite free officiel officielle official edition"
		" montreal quebec laval longueuil gatineau sherbrooke mtl qc canada"},

	{WORD_PRESENTS,
		"presente presentent presents present presenting presentes"},

	{WORD_SESSION,
		"matinee=matinee matinees=matinee early late"},

	{WORD_COUNTED,
		"jour day partie part volet acte act set chapitre chapter episode tome vol volume saison season niveau level"
		" groupe group atelier workshop seance session cours edition"},

	{WORD_ADDON,
		"parking stationnement vip vestiaire coatcheck upsell"},

	{WORD_PLACE,
		"salle theatre bar cafe club maison bibliotheque centre center center=centre parc park eglise church studio place"
		" auditorium amphitheatre musee museum galerie gallery pub restaurant hotel hall complexe complex culture"
		" culturel culturelle cultural communautaire community arena stade stadium chapelle chapel"
		" cabaret brasserie taverne tavern cinema ecole school universite university college pavillon pavilion"
		" espace space scene stage jardin garden principale principal main grande petite"},
};

/* The slot of a word: its own, or the free one where it would go */
static Entry *
find_slot(Entry *entries, size_t size, const char *word, size_t length)
{
	size_t		i = (size_t) HashBytes(word, length, 0) & (size - 1);

	while (entries[i].word != NULL &&
		   (entries[i].length != length || memcmp(entries[i].word, word, length) != 0))
		i = (i + 1) & (size - 1);
	return &entries[i];
}

static int
grow(WordTable *table)
{
	size_t		size = table->size == 0 ? 1024 : 2 * table->size;
	Entry	   *entries = calloc(size, sizeof(Entry));

	if (entries == NULL)
		return -1;
	for (size_t i = 0; i < table->size; i++)
		if (table->entries[i].word != NULL)
			*find_slot(entries, size, table->entries[i].word, table->entries[i].length) = table->entries[i];
	free(table->entries);
	table->entries = entries;
	table->size = size;
	return 0;
}

static int
add(WordTable *table, const char *word, size_t length, unsigned kinds,
	const char *canonical, size_t canonical_length)
{
	Entry	   *entry;

	if (2 * table->used >= table->size && grow(table) != 0)
		return -1;
	entry = find_slot(table->entries, table->size, word, length);
	if (entry->word == NULL)
	{
		entry->word = strndup(word, length);
		if (entry->word == NULL)
			return -1;
		entry->length = length;
		table->used++;
	}
	entry->known.kinds |= kinds;
	if (canonical != NULL)
	{
		char	   *copy = strndup(canonical, canonical_length);

		if (copy == NULL)
			return -1;
		free((char *) entry->known.canonical);
		entry->known.canonical = copy;
	}
	return 0;
}

/* Add the words of a list */
static int
add_list(WordTable *table, const WordList *list)
{
	const char *p = list->words;

	while (*p != '\0')
	{
		size_t		length = strcspn(p, " =");
		const char *canonical = p[length] == '=' ? p + length + 1 : NULL;
		size_t		canonical_length = canonical == NULL ? 0 : strcspn(canonical, " ");

		if (add(table, p, length, list->kinds, canonical, canonical_length) != 0)
			return -1;
		p += length + (canonical == NULL ? 0 : 1 + canonical_length);
		p += *p == ' ';
	}
	return 0;
}

WordTable *
WordTableCreate(void)
{
	WordTable  *table = calloc(1, sizeof(WordTable));

	if (table == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(word_lists) / sizeof(word_lists[0]); i++)
		if (add_list(table, &word_lists[i]) != 0)
		{
			WordTableFree(table);
			return NULL;
		}
	return table;
}

int
WordTableAdd(WordTable *table, const char *word, unsigned kinds, const char *canonical)
{
	return add(table, word, strlen(word), kinds, canonical, canonical == NULL ? 0 : strlen(canonical));
}

void
WordTableFree(WordTable *table)
{
	for (size_t i = 0; i < table->size; i++)
	{
		free(table->entries[i].word);
		free((char *) table->entries[i].known.canonical);
	}
	free(table->entries);
	free(table);
}

Word
WordFind(const WordTable *table, const char *word, size_t length)
{
	return find_slot(table->entries, table->size, word, length)->known;
}
