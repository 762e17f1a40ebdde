/*
 * src/feed/ics_place.c
 *
 * LOCATION is one free string.  What can be told from its form alone is taken
 * apart: a link or "Zoom" is an event online; the first part of several is the
 * venue's name unless it is a street number; a province and postal code at the
 * end have the city before them ("Montréal, QC, Canada" is no venue).  The rest
 * stays the address as it was written.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "feed/text.h"

#define MAX_PARTS 12

typedef struct Part
{
	const char *text;
	size_t		length;
} Part;

/* Words that stand for "on the internet" when they are the whole location */
static bool
is_online_word(const char *text)
{
	static const char *const words[] = {
		"zoom", "online", "online event", "virtual", "virtual event", "webinar",
		"microsoft teams meeting", "microsoft teams", "google meet", "en ligne",
		"événement en ligne", "virtuel", "webinaire", "visioconférence", NULL
	};

	for (int i = 0; words[i] != NULL; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* Split at commas and line breaks, trimmed, empty ones left out */
static int
split_parts(const char *text, Part *parts)
{
	int			count = 0;

	while (*text != '\0' && count < MAX_PARTS)
	{
		/* the last one takes all that is left */
		size_t		length = count == MAX_PARTS - 1 ? strlen(text) : strcspn(text, ",\n");
		const char *next = text[length] != '\0' ? text + length + 1 : text + length;

		while (length > 0 && isspace((unsigned char) *text))
			text++, length--;
		while (length > 0 && isspace((unsigned char) text[length - 1]))
			length--;
		if (length > 0)
			parts[count++] = (Part)
		{
			text, length
		};
		text = next;
	}
	return count;
}

/* "H2X 1Y4", "h2x1y4" at the text's end; where it begins, or NULL */
static const char *
canadian_postal_code(const Part *part)
{
	static const char shape[] = "A0A0A0";
	int			at = 5;

	for (const char *c = part->text + part->length - 1; c >= part->text; c--)
	{
		if (at == 2 && *c == ' ')
			continue;
		if (shape[at] == 'A' ? !isalpha((unsigned char) *c) : !isdigit((unsigned char) *c))
			return NULL;
		if (at-- == 0)
			return c == part->text || c[-1] == ' ' ? c : NULL;
	}
	return NULL;
}

/* "QC" or "Québec" by itself; its code */
static const char *
province(const char *text, size_t length)
{
	static const char *const codes[] = {
		"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT", NULL
	};

	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == ')'))
		length--;
	while (length > 0 && (*text == ' ' || *text == '('))
		text++, length--;
	for (int i = 0; length == 2 && codes[i] != NULL; i++)
		if (strncasecmp(text, codes[i], 2) == 0)
			return codes[i];
	if ((length == 7 && strncasecmp(text, "Qu\xC3\xA9" "bec", 7) == 0) ||
		(length == 6 && strncasecmp(text, "Quebec", 6) == 0))
		return "QC";
	return length == 7 && strncasecmp(text, "Ontario", 7) == 0 ? "ON" : NULL;
}

/* "Montréal (Québec)": the province's code, and the length of what is before it */
static const char *
province_in_brackets(const char *text, size_t length, size_t *before)
{
	const char *region;
	size_t		at = length;

	while (at > 0 && text[at - 1] != '(')
		at--;
	if (at < 2 || (region = province(text + at, length - at)) == NULL)
		return NULL;
	for (at--; at > 0 && text[at - 1] == ' ';)
		at--;
	*before = at;
	return at > 0 ? region : NULL;
}

/* Codes that stand for a province of Canada and for no country (NL, PE, SK …) */
static bool
is_unmistakable(const char *region)
{
	return strcmp(region, "QC") == 0 || strcmp(region, "ON") == 0 ||
		strcmp(region, "BC") == 0 || strcmp(region, "AB") == 0;
}

/* Postal code at the end of the part into the listing; the length before it */
static size_t
take_postal_code(const Part *part, Arena *arena, Listing *listing)
{
	const char *postal = canadian_postal_code(part);
	char	   *code;

	if (postal == NULL || listing->postal_code != NULL)
		return part->length;
	code = ArenaPrintf(arena, "%.3s %.3s", postal, part->text + part->length - 3);
	for (char *c = code; *c != '\0'; c++)
		*c = (char) toupper((unsigned char) *c);
	listing->postal_code = code;
	listing->country = "CA";
	return postal - part->text;
}

/*
 * "…, Montréal, QC H2X 1Y4[, Canada]", "…, Montréal (Québec)": take the end
 * apart.  Returns how many parts come before it.
 */
static int
read_end_of_address(const Part *parts, int count, Arena *arena, Listing *listing)
{
	const char *region = NULL;
	int			all = count;
	int			city = -1;
	size_t		city_length = 0;

	if (parts[count - 1].length == 6 && strncasecmp(parts[count - 1].text, "Canada", 6) == 0)
	{
		listing->country = "CA";
		count--;
	}
	for (int i = count - 1; i >= 0 && i >= count - 2; i--)
	{
		size_t		rest = take_postal_code(&parts[i], arena, listing);

		if (region == NULL && (region = province(parts[i].text, rest)) != NULL)
		{
			city = i - 1;
			city_length = city >= 0 ? parts[city].length : 0;
		}
		else if (region == NULL &&
				 (region = province_in_brackets(parts[i].text, rest, &city_length)) != NULL)
			city = i;
		else if (listing->postal_code == NULL)
			break;
	}
	if (count == 0)
		return 0;				/* the country alone */
	if (region == NULL || (all == 1 && city < 0) ||
		(listing->country == NULL && !is_unmistakable(region)))
		return all;
	listing->region = region;
	listing->country = "CA";
	if (city < 0 || isdigit((unsigned char) parts[city].text[0]))
		return city + 1;		/* a province alone, or behind a street number */
	listing->city = TextLine(arena, parts[city].text, city_length, false);
	return city;
}

/* The parts from first to before last, as they stand */
static const char *
join_parts(const Part *parts, int first, int last, Arena *arena)
{
	const char *from = parts[first].text;

	if (first >= last)
		return NULL;
	return TextLine(arena, from, parts[last - 1].text + parts[last - 1].length - from, true);
}

void
IcsPlace(const char *location, Arena *arena, Listing *listing)
{
	Part		parts[MAX_PARTS];
	const char *whole = TextLine(arena, location, strlen(location), true);
	const char *url;
	int			count;
	int			first = 0;

	if (whole == NULL)
		return;
	url = TextHttpUrl(arena, whole, strlen(whole));
	if (url != NULL || is_online_word(whole))
	{
		listing->is_online = TRI_TRUE;
		if (url != NULL && listing->url == NULL)
			listing->url = url;
		return;
	}
	count = split_parts(location, parts);
	if (count > 0)
		count = read_end_of_address(parts, count, arena, listing);
	if (count > 0 && !isdigit((unsigned char) parts[0].text[0]))
	{
		listing->venue_name = TextLine(arena, parts[0].text, parts[0].length, true);
		first = 1;
	}
	listing->address = join_parts(parts, first, count, arena);
}
