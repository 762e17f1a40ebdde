/*
 * src/store/vocabulary.c
 *
 * The words and aliases, kept for the life of the process and read again when
 * their tables have changed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"

#include "hash.h"
#include "match/text.h"
#include "store/store.h"
#include "store/vocabulary.h"

/* A name may lead to one that has become another's alias; two to each other */
#define MOST_HOPS 8

typedef struct VenueAlias
{
	char	   *alias;			/* normalised */
	char	   *venue;
} VenueAlias;

static WordTable *word_table = NULL;
static uint64 words_hash = 0;
static MemoryContext alias_context = NULL;
static VenueAlias *aliases = NULL;	/* sorted */
static int	naliases = 0;

/* Rows of two or three columns as one hash, to see a change by */
static uint64
hash_rows(uint64 nrows, int ncolumns)
{
	uint64		hash = nrows;

	for (uint64 row = 0; row < nrows; row++)
		for (int column = 1; column <= ncolumns; column++)
			hash = HashString(StoreString(row, column), hash);
	return hash;
}

static void
raise_out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

static unsigned
kind_of(const char *kind)
{
	return strcmp(kind, "stop") == 0 ? WORD_STOP :
		strcmp(kind, "generic") == 0 ? WORD_GENERIC :
		strcmp(kind, "noise") == 0 ? WORD_NOISE :
		strcmp(kind, "presents") == 0 ? WORD_PRESENTS :
		strcmp(kind, "session") == 0 ? WORD_SESSION :
		strcmp(kind, "addon") == 0 ? WORD_ADDON :
		strcmp(kind, "place") == 0 ? WORD_PLACE : 0;
}

static void
load_words(void)
{
	static StoreStatement load = {
		"SELECT word, kind, canonical FROM ingest.match_word ORDER BY word, kind",
		SPI_OK_SELECT, 0, {0}
	};
	uint64		nrows = StoreExecute(&load, NULL, NULL, 0);
	uint64		hash = hash_rows(nrows, 3);
	WordTable  *fresh;

	if (word_table != NULL && hash == words_hash)
		return;
	fresh = WordTableCreate();
	if (fresh == NULL)
		raise_out_of_memory();
	for (uint64 row = 0; row < nrows; row++)
		if (WordTableAdd(fresh, StoreString(row, 1), kind_of(StoreString(row, 2)), StoreString(row, 3)) != 0)
		{
			WordTableFree(fresh);
			raise_out_of_memory();
		}
	if (word_table != NULL)
		WordTableFree(word_table);
	word_table = fresh;
	words_hash = hash;
}

static int
compare_aliases(const void *a, const void *b)
{
	return strcmp(((const VenueAlias *) a)->alias, ((const VenueAlias *) b)->alias);
}

static void
load_aliases(void)
{
	static StoreStatement load = {
		"SELECT alias, venue FROM ingest.venue_alias",
		SPI_OK_SELECT, 0, {0}
	};
	uint64		nrows = StoreExecute(&load, NULL, NULL, 0);
	MemoryContext old;

	if (alias_context == NULL)
		alias_context = AllocSetContextCreate(TopMemoryContext, "ingest venue aliases", ALLOCSET_SMALL_SIZES);
	naliases = 0;
	MemoryContextReset(alias_context);
	old = MemoryContextSwitchTo(alias_context);
	aliases = palloc((nrows + 1) * sizeof(VenueAlias));
	for (uint64 row = 0; row < nrows; row++)
	{
		aliases[row].alias = StoreString(row, 1);
		aliases[row].venue = StoreString(row, 2);
	}
	qsort(aliases, nrows, sizeof(VenueAlias), compare_aliases);
	naliases = (int) nrows;
	MemoryContextSwitchTo(old);
}

void
VocabularyLoad(void)
{
	load_words();
	load_aliases();
}

const WordTable *
VocabularyWords(void)
{
	return word_table;
}

const char *
VocabularyVenue(const char *venue)
{
	char		normal[512];
	VenueAlias		wanted = {normal, NULL};

	if (naliases == 0 || venue == NULL)
		return venue;
	(void) MatchNormalise(venue, strlen(venue), normal, sizeof(normal));
	for (int hops = 0; hops < MOST_HOPS; hops++)
	{
		VenueAlias *found = bsearch(&wanted, aliases, naliases, sizeof(VenueAlias), compare_aliases);

		if (found == NULL)
			break;
		venue = wanted.alias = found->venue;
	}
	return venue;
}
