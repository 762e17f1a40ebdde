/*
 * src/match/marker.c
 *
 * Status markers in titles.
 *
 * Pure C.
 */
#include "match/marker.h"

#include <stdbool.h>
#include <string.h>

#include "match/text.h"

/* A marker is not longer than this, in bytes of the title */
#define LONGEST_MARKER	96

typedef struct Phrase
{
	const char *words;			/* normalised */
	unsigned	marker;			/* 0: only beside a phrase that is one */
} Phrase;

/* A phrase stands before those that it begins with */
static const Phrase phrases[] = {
	{"annule", MARKER_CANCELLED},
	{"annulee", MARKER_CANCELLED},
	{"annules", MARKER_CANCELLED},
	{"annulees", MARKER_CANCELLED},
	{"annulation", MARKER_CANCELLED},
	{"cancelled", MARKER_CANCELLED},
	{"canceled", MARKER_CANCELLED},
	{"reporte", MARKER_POSTPONED},
	{"reportee", MARKER_POSTPONED},
	{"reportes", MARKER_POSTPONED},
	{"reportees", MARKER_POSTPONED},
	{"postponed", MARKER_POSTPONED},
	{"rescheduled", MARKER_POSTPONED},
	{"complet", MARKER_SOLD_OUT},
	{"complets", MARKER_SOLD_OUT},
	{"sold out", MARKER_SOLD_OUT},
	{"soldout", MARKER_SOLD_OUT},
	{"a guichets fermes", MARKER_SOLD_OUT},
	{"guichets fermes", MARKER_SOLD_OUT},
	{"evenement", 0},
	{"spectacle", 0},
	{"activite", 0},
	{"concert", 0},
	{"event", 0},
	{"show", 0},
	{"a une date ulterieure", 0},
	{"jusqu a nouvel ordre", 0},
	{"to a later date", 0},
	{"until further notice", 0},
};

#define NPHRASES	(sizeof(phrases) / sizeof(phrases[0]))

/* What a character of a title is to a marker */
typedef enum CharClass
{
	CHAR_OTHER,
	CHAR_SPACE,
	CHAR_OPENING,
	CHAR_CLOSING,
	CHAR_HYPHEN,				/* sets off unless it is within a word */
	CHAR_DELIMITER
} CharClass;

typedef struct KnownChar
{
	const char *bytes;
	CharClass	class;
} KnownChar;

/* Without quotes: what stands in them is a name */
static const KnownChar known_chars[] = {
	{" ", CHAR_SPACE}, {"\t", CHAR_SPACE}, {"\n", CHAR_SPACE}, {"\r", CHAR_SPACE},
	{"\u00A0", CHAR_SPACE}, {"\u2009", CHAR_SPACE}, {"\u202F", CHAR_SPACE}, {"\u3000", CHAR_SPACE},
	{"[", CHAR_OPENING}, {"(", CHAR_OPENING}, {"{", CHAR_OPENING}, {"<", CHAR_OPENING},
	{"\u3010", CHAR_OPENING}, {"\uFF08", CHAR_OPENING}, {"\uFF3B", CHAR_OPENING},
	{"]", CHAR_CLOSING}, {")", CHAR_CLOSING}, {"}", CHAR_CLOSING}, {">", CHAR_CLOSING},
	{"\u3011", CHAR_CLOSING}, {"\uFF09", CHAR_CLOSING}, {"\uFF3D", CHAR_CLOSING},
	{"-", CHAR_HYPHEN}, {"\u2010", CHAR_HYPHEN}, {"\u2011", CHAR_HYPHEN},
	{":", CHAR_DELIMITER}, {"!", CHAR_DELIMITER}, {"*", CHAR_DELIMITER}, {"|", CHAR_DELIMITER},
	{"\u2012", CHAR_DELIMITER}, {"\u2013", CHAR_DELIMITER}, {"\u2014", CHAR_DELIMITER},
	{"\u2015", CHAR_DELIMITER}, {"\u2022", CHAR_DELIMITER}, {"\u00B7", CHAR_DELIMITER},
	{"\uFF01", CHAR_DELIMITER}, {"\uFF1A", CHAR_DELIMITER},
};

/* Part of a title */
typedef struct Span
{
	const char *start;
	const char *end;
} Span;

/* Length of the character at p, as its bytes look; at least 1 */
static size_t
char_length(const char *p, const char *end)
{
	const char *q = p + 1;

	while (q < end && q - p < 4 && ((unsigned char) *q & 0xC0) == 0x80)
		q++;
	return (size_t) (q - p);
}

/* Start of the character that ends at p */
static const char *
char_before(const char *p, const char *start)
{
	const char *q = p - 1;

	while (q > start && p - q < 4 && ((unsigned char) *q & 0xC0) == 0x80)
		q--;
	return q;
}

/* What the character at p is by itself */
static CharClass
class_alone(const char *p, const char *end)
{
	unsigned char byte = (unsigned char) *p;
	size_t		length;

	/* Letters, also the accented ones, need no search */
	if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= 0xC3 && byte <= 0xE1))
		return CHAR_OTHER;
	if (byte == ' ')
		return CHAR_SPACE;
	length = char_length(p, end);
	for (size_t i = 0; i < sizeof(known_chars) / sizeof(known_chars[0]); i++)
	{
		const char *bytes = known_chars[i].bytes;

		if (bytes[0] == *p && strlen(bytes) == length && memcmp(bytes, p, length) == 0)
			return known_chars[i].class;
	}
	return CHAR_OTHER;
}

/* What the character at p is where it stands: "sold-out" is not set off */
static CharClass
char_class(const char *p, Span title)
{
	CharClass	class = class_alone(p, title.end);
	const char *after;

	if (class != CHAR_HYPHEN)
		return class;
	after = p + char_length(p, title.end);
	if (p == title.start || after == title.end ||
		class_alone(after, title.end) != CHAR_OTHER ||
		class_alone(char_before(p, title.start), title.end) != CHAR_OTHER)
		return CHAR_DELIMITER;
	return CHAR_OTHER;
}

/* Length of the phrase that the words begin with, and its marker */
static size_t
match_phrase(const char *words, unsigned *marker)
{
	for (size_t i = 0; i < NPHRASES; i++)
	{
		size_t		length = strlen(phrases[i].words);

		if (strncmp(words, phrases[i].words, length) == 0 &&
			(words[length] == ' ' || words[length] == '\0'))
		{
			*marker |= phrases[i].marker;
			return length;
		}
	}
	return 0;
}

/* The markers that the span is made of, 0 if there is anything else in it */
static unsigned
markers_of(Span span)
{
	char		words[LONGEST_MARKER + 1];
	const char *p = words;
	unsigned	markers = 0;

	if (span.end <= span.start || span.end - span.start > LONGEST_MARKER ||
		MatchNormalise(span.start, (size_t) (span.end - span.start), words, sizeof(words)) >= sizeof(words))
		return 0;
	while (*p != '\0')
	{
		size_t		length = match_phrase(p, &markers);

		if (length == 0)
			return 0;
		p += length;
		if (*p == ' ')
			p++;
	}
	return markers;
}

/* Take one marker from the start, and what sets off the next; which */
static unsigned
lift_first(Span *title)
{
	Span		inside;
	const char *p = title->start;
	CharClass	class = CHAR_OTHER;
	bool		bracket;
	unsigned	markers;

	while (p < title->end &&
		   ((class = char_class(p, *title)) == CHAR_SPACE || class == CHAR_DELIMITER))
		p += char_length(p, title->end);
	title->start = p;
	if (p == title->end)
		return 0;
	bracket = class == CHAR_OPENING;
	if (bracket)
		p += char_length(p, title->end);

	inside.start = inside.end = p;
	while (p < title->end && p - inside.start <= LONGEST_MARKER)
	{
		inside.end = p;
		p += char_length(p, title->end);
		if (char_class(inside.end, *title) == (bracket ? CHAR_CLOSING : CHAR_DELIMITER))
		{
			markers = markers_of(inside);
			if (markers != 0)
				title->start = p;
			return markers;
		}
	}
	return 0;
}

/* Take one marker from the end, and what sets off the next; which */
static unsigned
lift_last(Span *title)
{
	Span		inside;
	const char *p = title->end;
	CharClass	class = CHAR_OTHER;
	bool		bracket;
	unsigned	markers;

	while (p > title->start &&
		   ((class = char_class(char_before(p, title->start), *title)) == CHAR_SPACE ||
			class == CHAR_DELIMITER))
		p = char_before(p, title->start);
	title->end = p;
	if (p == title->start)
		return 0;
	bracket = class == CHAR_CLOSING;
	if (bracket)
		p = char_before(p, title->start);

	inside.end = inside.start = p;
	while (p > title->start && inside.end - p <= LONGEST_MARKER)
	{
		inside.start = p;
		p = char_before(p, title->start);
		if (char_class(p, *title) == (bracket ? CHAR_OPENING : CHAR_DELIMITER))
		{
			markers = markers_of(inside);
			if (markers != 0)
				title->end = p;
			return markers;
		}
	}
	return 0;
}

unsigned
MatchLiftMarkers(const char **title, size_t *length)
{
	Span		span = {*title, *title + *length};
	unsigned	found;
	unsigned	all = 0;

	/* Without its end the title may begin with another marker */
	while ((found = lift_first(&span)) != 0 || (found = lift_last(&span)) != 0)
		all |= found;
	found = markers_of(span);
	if (found != 0)
		span.end = span.start;
	*title = span.start;
	*length = (size_t) (span.end - span.start);
	return all | found;
}
