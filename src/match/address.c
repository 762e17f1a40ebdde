/*
 * src/match/address.c
 *
 * Pure C.
 */
#include "match/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "hash.h"
#include "match/text.h"

/* What a street may be called beside its name; "st" is a saint or a street */
static const char *const street_words[] = {
	"rue", "street", "st", "ste", "saint", "sainte", "boulevard", "boul", "blvd", "bd", "bld", "avenue", "av", "ave",
	"chemin", "ch", "road", "rd", "route", "rte", "place", "pl", "cote", "drive", "dr", "lane", "ln", "rang",
	"montee", "mtee", "square", "terrasse", "allee", "quai", "cours", "de", "du", "des", "d", "la", "le", "les", "l",
};

static const struct
{
	const char *word;
	const char *letter;
}			directions[] = {
	{"ouest", "w"}, {"o", "w"}, {"west", "w"}, {"w", "w"}, {"est", "e"}, {"east", "e"}, {"e", "e"},
	{"nord", "n"}, {"north", "n"}, {"n", "n"}, {"sud", "s"}, {"south", "s"}, {"s", "s"},
};

static bool
is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static bool
is_street_word(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(street_words) / sizeof(street_words[0]); i++)
		if (is_word(text, length, street_words[i]))
			return true;
	return false;
}

/* The letter of a direction, or the word as it is */
static const char *
direction_of(const char *text, size_t *length)
{
	for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++)
		if (is_word(text, *length, directions[i].word))
		{
			*length = 1;
			return directions[i].letter;
		}
	return text;
}

/* What stands before the first comma, or before the second if that is only the number */
static size_t
street_length(const char *address)
{
	const char *end = strchr(address, ',');

	if (end != NULL && strspn(address, "0123456789 ") == (size_t) (end - address))
		end = strchr(end + 1, ',');
	return end == NULL ? strnlen(address, 100) : (size_t) (end - address);
}

uint64_t
MatchStreet(const char *address)
{
	char		normal[128];
	uint64_t	hash = 0;
	bool		number = false;
	bool		name = false;

	if (address == NULL)
		return 0;
	(void) MatchNormalise(address, street_length(address), normal, sizeof(normal));
	for (const char *p = normal; *p != '\0';)
	{
		size_t		length = strcspn(p, " ");
		size_t		kept = length;
		const char *word = direction_of(p, &kept);

		if (!is_street_word(p, length))
		{
			hash = HashBytes(word, kept, hash);
			number |= *p >= '0' && *p <= '9';
			name |= *p < '0' || *p > '9';
		}
		p += length;
		p += *p == ' ';
	}
	return number && name ? hash : 0;
}

uint64_t
MatchPostalCode(const char *code)
{
	char		normal[64];
	int			n = 0;

	if (code == NULL)
		return 0;
	(void) MatchNormalise(code, strnlen(code, 20), normal, sizeof(normal));
	for (char *p = normal; *p != '\0'; p++)
		if (*p != ' ')
			normal[n++] = *p;
	return n == 0 ? 0 : HashBytes(normal, n, 0);
}
