/*
 * src/feed/montreal_borough.c
 *
 * The boroughs of Montréal (https://montreal.ca/arrondissements).  Their names
 * hold en dashes, hyphens and accents, which exports lose in two ways: another
 * dash, or for each lost byte a U+FFFD.
 *
 * Pure C.
 */
#include "feed/ckan.h"

#include <string.h>

#include "utf8.h"

static const char *const boroughs[] = {
	"Ahuntsic-Cartierville",
	"Anjou",
	"Côte-des-Neiges–Notre-Dame-de-Grâce",
	"L'Île-Bizard–Sainte-Geneviève",
	"LaSalle",
	"Lachine",
	"Le Plateau-Mont-Royal",
	"Le Sud-Ouest",
	"Mercier–Hochelaga-Maisonneuve",
	"Montréal-Nord",
	"Outremont",
	"Pierrefonds-Roxboro",
	"Rivière-des-Prairies–Pointe-aux-Trembles",
	"Rosemont–La Petite-Patrie",
	"Saint-Laurent",
	"Saint-Léonard",
	"Verdun",
	"Ville-Marie",
	"Villeray–Saint-Michel–Parc-Extension",
};

#define NBOROUGHS	(sizeof(boroughs) / sizeof(boroughs[0]))

/* The next character of valid UTF-8, lower case if ASCII; 0 at the end */
static uint32_t
next_char(const char **text)
{
	int			size = **text == '\0' ? 0 : Utf8Length((const unsigned char *) *text, strnlen(*text, 4));
	uint32_t	code;

	if (size == 0)
		return 0;
	code = Utf8Decode((const unsigned char *) *text, size);
	*text += size;
	return code >= 'A' && code <= 'Z' ? code | 0x20 : code;
}

/* Space, dash, apostrophe: what may be written in another way or not at all */
static bool
is_joint(uint32_t code)
{
	return code == ' ' || code == 0xA0 || code == '-' || (code >= 0x2010 && code <= 0x2015) ||
		code == '\'' || code == 0x2019;
}

/*
 * Pass over a run of U+FFFD, and over what it stands for: one or more
 * characters that are not ASCII, with the joints around them.  False: there are
 * none here.
 */
static bool
pass_lost(const char **name, const char **borough)
{
	const char *next = *name;
	bool		is_lost = false;
	uint32_t	code;

	while ((code = next_char(&next)) == UTF8_REPLACEMENT || is_joint(code))
		*name = next;
	next = *borough;
	while ((code = next_char(&next)) >= 0x80 || is_joint(code))
	{
		is_lost |= code >= 0x80;
		*borough = next;
	}
	return is_lost;
}

/* Is this the borough's name, but for its joints and what was lost of it? */
static bool
matches(const char *name, const char *borough)
{
	while (true)
	{
		const char *after_name = name;
		const char *after_borough = borough;
		uint32_t	n = next_char(&after_name);
		uint32_t	b = next_char(&after_borough);

		if (n == UTF8_REPLACEMENT)
		{
			if (!pass_lost(&name, &borough))
				return false;
			continue;
		}
		if (is_joint(n))
			name = after_name;
		else if (is_joint(b))
			borough = after_borough;
		else if (n != b)
			return false;
		else if (n == 0)
			return true;
		else
		{
			name = after_name;
			borough = after_borough;
		}
	}
}

const char *
MontrealBorough(const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < NBOROUGHS; i++)
		if (matches(name, boroughs[i]))
		{
			if (found != NULL)
				return NULL;
			found = boroughs[i];
		}
	return found;
}
