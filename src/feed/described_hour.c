/*
 * src/feed/described_hour.c
 *
 * See described_hour.h.  The text becomes words, numbers and marks; from these
 * the times of day are collected, each with what stands before it; then every
 * rule has its say.
 *
 * Pure C.
 */
#include "feed/described_hour.h"

#include <stdint.h>
#include <string.h>

#include "feed/zone.h"
#include "utf8.h"

/* A text longer than this is a programme, not one event's description */
#define MAX_TOKENS		1500
#define MAX_TIMES		8
#define WORD_SIZE		20

#define MIDDAY			(12 * 60)
#define MIDNIGHT		(24 * 60)

/* Of a 24-hour clock an hour from 1 to 6 may be meant on a 12-hour one */
#define FIRST_HOUR		(7 * 60)

/* A period that ends past midnight begins and ends in these */
#define LATE_START		(17 * 60)
#define LATE_END		(6 * 60)

typedef enum TokenKind
{
	TOKEN_WORD,					/* in lower case, without accents */
	TOKEN_NUMBER,
	TOKEN_MARK,					/* one of , - : / $ % */
	TOKEN_STOP					/* a sentence is over; also before the first
								 * and behind the last */
} TokenKind;

typedef struct Token
{
	TokenKind	kind;
	char		word[WORD_SIZE];	/* cut to this size */
	char		mark;
	int			number;			/* 10000: larger */
	int			ndigits;
	bool		is_tight;		/* nothing between it and the one before */
} Token;

typedef struct TimeOfDay
{
	int			start;
	int			end;			/* -1: a single time */
	int			first;			/* tokens [first, next) */
	int			next;
} TimeOfDay;

typedef struct Reading
{
	Token	   *tokens;
	int			ntokens;
	TimeOfDay	times[MAX_TIMES];
	int			ntimes;
	bool		is_doubtful;
} Reading;

/* ---- characters ---- */

/* The letters that a character is without its accent; NULL: no letter */
static const char *
letters_of(uint32_t code)
{
	static const char small[26][2] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
		"n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z"
	};

	if (code < 0x80)
	{
		code |= 0x20;
		return code >= 'a' && code <= 'z' ? small[code - 'a'] : NULL;
	}
	if (code >= 0xC0 && code <= 0xDE && code != 0xD7)
		code += 0x20;
	if (code >= 0xE0 && code <= 0xE5)
		return "a";
	switch (code)
	{
		case 0xE7:
			return "c";
		case 0xE8:
		case 0xE9:
		case 0xEA:
		case 0xEB:
			return "e";
		case 0xEC:
		case 0xED:
		case 0xEE:
		case 0xEF:
			return "i";
		case 0xF1:
			return "n";
		case 0xF2:
		case 0xF3:
		case 0xF4:
		case 0xF5:
		case 0xF6:
			return "o";
		case 0xF9:
		case 0xFA:
		case 0xFB:
		case 0xFC:
			return "u";
		case 0x152:
		case 0x153:
			return "oe";
		default:
			return NULL;
	}
}

/* White space that does not end a line, apostrophes, and what shows nothing */
static bool
is_gap(uint32_t code)
{
	return code == ' ' || code == '\t' || code == '\'' || code == '"' || code == 0xA0 ||
		code == 0xAB || code == 0xBB || code == 0x2019 || code == 0x2018 ||
		code == 0x201C || code == 0x201D || (code >= 0x2000 && code <= 0x200B) ||
		code == 0x202F || code == 0x2060 || code == 0xFEFF || code == 0xAD;
}

static bool
is_dash(uint32_t code)
{
	return code == '-' || (code >= 0x2010 && code <= 0x2015) || code == 0x2212;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- tokens ---- */

/* Add letters to a word; what does not fit is left out */
static void
extend_word(Token *token, const char *letters)
{
	size_t		length = strlen(token->word);

	if (length + strlen(letters) < WORD_SIZE)
		strcpy(token->word + length, letters);
}

/*
 * The word at text: letters, and hyphens between letters, so that
 * "après-midi" and "rendez-vous" are one.
 */
static const char *
read_word(const char *text, Token *token)
{
	token->kind = TOKEN_WORD;
	while (*text != '\0')
	{
		int			size = Utf8Length((const unsigned char *) text, strlen(text) < 4 ? strlen(text) : 4);
		uint32_t	code = Utf8Decode((const unsigned char *) text, size);
		const char *letters = letters_of(code);

		if (letters == NULL && is_dash(code) && token->word[0] != '\0')
		{
			const char *next = text + size;
			int			next_size = Utf8Length((const unsigned char *) next, strlen(next) < 4 ? strlen(next) : 4);

			if (next_size > 0 &&
				letters_of(Utf8Decode((const unsigned char *) next, next_size)) != NULL)
				letters = "-";
		}
		if (letters == NULL)
			break;
		extend_word(token, letters);
		text += size;
	}
	return text;
}

static const char *
read_number(const char *text, Token *token)
{
	token->kind = TOKEN_NUMBER;
	for (; is_digit(*text); text++)
	{
		token->ndigits++;
		token->number = token->number * 10 + (*text - '0');
		if (token->number > 10000)
			token->number = 10000;
	}
	return text;
}

/*
 * Cut the text, which is valid UTF-8, into tokens, between two stops.  False:
 * too many.  A word stands in one piece with what is before it ("18h30") where
 * is_tight says so.
 */
static bool
tokenise(Arena *arena, const char *text, Reading *reading)
{
	bool		is_tight = false;

	reading->tokens = ArenaAlloc0(arena, sizeof(Token) * (MAX_TOKENS + 2));
	reading->tokens[0].kind = TOKEN_STOP;
	reading->ntokens = 1;
	while (*text != '\0')
	{
		Token	   *token = &reading->tokens[reading->ntokens];
		size_t		left = strnlen(text, 4);
		int			size = Utf8Length((const unsigned char *) text, left);
		uint32_t	code;

		if (size == 0 || reading->ntokens == MAX_TOKENS)
			return false;
		code = Utf8Decode((const unsigned char *) text, size);
		if (is_gap(code))
		{
			is_tight = false;
			text += size;
			continue;
		}
		memset(token, 0, sizeof(*token));
		token->is_tight = is_tight;
		is_tight = true;
		reading->ntokens++;
		if (letters_of(code) != NULL)
			text = read_word(text, token);
		else if (is_digit(*text))
			text = read_number(text, token);
		else
		{
			token->kind = TOKEN_MARK;
			if (is_dash(code))
				token->mark = '-';
			else if (code == ',' || code == ':' || code == '/' || code == '$' || code == '%' ||
					 code == '(' || code == ')')
				token->mark = (char) code;
			else
				token->kind = TOKEN_STOP;
			text += size;
		}
	}
	reading->tokens[reading->ntokens++].kind = TOKEN_STOP;
	return true;
}

static bool
is_word(const Reading *reading, int at, const char *word)
{
	return at >= 0 && at < reading->ntokens && reading->tokens[at].kind == TOKEN_WORD &&
		strcmp(reading->tokens[at].word, word) == 0;
}

static bool
is_mark(const Reading *reading, int at, char mark)
{
	return at >= 0 && at < reading->ntokens && reading->tokens[at].kind == TOKEN_MARK &&
		reading->tokens[at].mark == mark;
}

static bool
is_number(const Reading *reading, int at)
{
	return at >= 0 && at < reading->ntokens && reading->tokens[at].kind == TOKEN_NUMBER;
}

/* Is the word among these, ended by NULL? */
static bool
is_any(const Reading *reading, int at, const char *const *words)
{
	for (; *words != NULL; words++)
		if (is_word(reading, at, *words))
			return true;
	return false;
}

/* ---- dates ---- */

static const char *const months[] = {
	"janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout",
	"septembre", "octobre", "novembre", "decembre", NULL
};

static const char *const weekdays[] = {
	"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", NULL
};

/* What a text in English has, of which this reader knows too little */
static const char *const english[] = {
	"january", "february", "march", "april", "may", "june", "july", "august",
	"september", "october", "november", "december", "monday", "tuesday",
	"wednesday", "thursday", "friday", "saturday", "sunday", "noon", "midnight", NULL
};

/* Which word of a list, from 0, a plural being as good; -1: none */
static int
index_of(const Reading *reading, int at, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
	{
		size_t		length = strlen(words[i]);

		if (reading->tokens[at].kind == TOKEN_WORD &&
			strncmp(reading->tokens[at].word, words[i], length) == 0 &&
			(reading->tokens[at].word[length] == '\0' ||
			 strcmp(reading->tokens[at].word + length, "s") == 0))
			return i;
	}
	return -1;
}

/*
 * The date whose month is at a token agrees with the day; *next: what follows
 * it.  "3 et 10 juillet" and "du 3 au 10" are more than one.
 */
static bool
is_this_date(const Reading *reading, int at, int month, const int64_t day[3], int *next)
{
	int			number = at - 1;

	*next = at + 1;
	if (is_number(reading, *next) && reading->tokens[*next].ndigits == 4)
	{
		if (reading->tokens[*next].number != day[0])
			return false;
		(*next)++;
	}
	if (is_word(reading, number, "er"))
		number--;
	if (month + 1 != day[1] || !is_number(reading, number) || reading->tokens[number].number != day[2])
		return false;
	return !is_word(reading, number - 1, "et") && !is_word(reading, number - 1, "au") &&
		!is_word(reading, number - 1, "a") && !is_word(reading, number - 1, "ou") &&
		!is_mark(reading, number - 1, '-') && !is_mark(reading, number - 1, '/') &&
		!(is_mark(reading, number - 1, ',') && is_number(reading, number - 2));
}

/*
 * Dates and weekdays of the text agree with the day.  *named: at least one
 * date is there.
 */
static bool
dates_agree(const Reading *reading, LocalTime day, bool *named)
{
	int64_t		days = day >= 0 ? day / 86400 : -((86399 - day) / 86400);
	int64_t		date[3];
	int			month;
	int			dom;
	int			next;

	*named = false;
	DaysToCivil(days, &date[0], &month, &dom);
	date[1] = month;
	date[2] = dom;
	for (int at = 0; at < reading->ntokens; at++)
	{
		int			weekday = index_of(reading, at, weekdays);

		/* 1 January 1970 was a Thursday */
		if (weekday >= 0 && weekday != ((days + 4) % 7 + 7) % 7)
			return false;
		if (is_any(reading, at, english))
			return false;
		month = index_of(reading, at, months);
		if (month >= 0)
		{
			if (!is_this_date(reading, at, month, date, &next))
				return false;
			*named = true;
		}

		/* 2025-07-03, 03/07/2025: which is what? */
		if (is_number(reading, at) && is_number(reading, at + 2) &&
			(is_mark(reading, at + 1, '/') ||
			 (is_mark(reading, at + 1, '-') && is_mark(reading, at + 3, '-') && is_number(reading, at + 4))))
			return false;
	}
	return true;
}

/* ---- times of day ---- */

/* What makes of "19 h 30" something else: "19 h, 30 $", "19 h 30 juillet" */
static bool
counts_something(const Reading *reading, int at)
{
	static const char *const units[] = {
		"dollar", "dollars", "minute", "minutes", "min", "an", "ans", "place", "places",
		"personne", "personnes", "participant", "participants", "jour", "jours", "h", NULL
	};

	return is_mark(reading, at, '$') || is_mark(reading, at, '%') || is_any(reading, at, units) ||
		(at < reading->ntokens && index_of(reading, at, months) >= 0);
}

/*
 * The time of day at a token, in minutes; *next: what follows it.  -1: none
 * there.  Where it could be read in two ways, the reading becomes doubtful.
 */
static int
time_at(Reading *reading, int at, int *next)
{
	static const char *const units[] = {"h", "hr", "hrs", "heure", "heures", NULL};
	static const char *const halves[] = {"am", "pm", NULL};
	const Token *token = &reading->tokens[at];
	int			minutes;

	*next = at + 1;
	if (is_word(reading, at, "midi"))
		return MIDDAY;
	if (is_word(reading, at, "minuit"))
		return MIDNIGHT;
	if (token->kind != TOKEN_NUMBER)
		return -1;

	/* "7 p.m.": a 12-hour clock, of which 12 is not worth the risk */
	if (is_any(reading, at + 1, halves) ||
		((is_word(reading, at + 1, "a") || is_word(reading, at + 1, "p")) &&
		 at + 2 < reading->ntokens && reading->tokens[at + 2].kind == TOKEN_STOP &&
		 is_word(reading, at + 3, "m")))
	{
		reading->is_doubtful = true;
		return -1;
	}
	if (is_mark(reading, at + 1, ':') && reading->tokens[at + 1].is_tight &&
		is_number(reading, at + 2) && reading->tokens[at + 2].is_tight)
	{
		*next = at + 3;
		minutes = reading->tokens[at + 2].number;
		if (reading->tokens[at + 2].ndigits != 2 || minutes > 59 || token->number > 23 ||
			is_any(reading, at + 3, halves) || is_mark(reading, at + 3, ':'))
			reading->is_doubtful = true;
		return token->number * 60 + minutes;
	}
	if (!is_any(reading, at + 1, units))
		return -1;

	/* "48 h à l'avance" is nobody's time of day */
	if (token->number > 24 || token->ndigits > 2)
		return -1;
	*next = at + 2;
	minutes = 0;
	if (is_number(reading, at + 2) && reading->tokens[at + 2].ndigits == 2)
	{
		minutes = reading->tokens[at + 2].number;
		if (minutes > 59 || counts_something(reading, at + 3))
			reading->is_doubtful = true;
		*next = at + 3;
	}
	else if (is_number(reading, at + 2))
		reading->is_doubtful = true;
	if (token->number == 24 && minutes > 0)
		reading->is_doubtful = true;

	/* "18 h.30" */
	if (reading->tokens[*next].kind == TOKEN_STOP && is_number(reading, *next + 1) &&
		reading->tokens[*next + 1].is_tight)
		reading->is_doubtful = true;

	/* "24 h/24", "19 h du soir" */
	if (is_mark(reading, *next, '/') || is_any(reading, *next, halves) ||
		(is_word(reading, *next, "du") &&
		 (is_word(reading, *next + 1, "soir") || is_word(reading, *next + 1, "matin"))))
		reading->is_doubtful = true;
	return token->number * 60 + minutes;
}

/* The words between the two times of a period; 0: none here */
static int
joint_at(const Reading *reading, int at, bool is_between)
{
	if (is_mark(reading, at, '-') || is_word(reading, at, "a") || (is_between && is_word(reading, at, "et")))
		return 1;
	if (is_word(reading, at, "jusqu") && is_word(reading, at + 1, "a"))
		return 2;
	return 0;
}

/* "de 13 à 15 h": the hour without its unit.  -1: none here */
static int
bare_hour_at(Reading *reading, int at, int *next)
{
	int			joint;
	int			ignored;

	if (!is_number(reading, at) || reading->tokens[at].ndigits > 2)
		return -1;
	joint = joint_at(reading, at + 1, is_word(reading, at - 1, "entre"));
	if (joint == 0 || !is_number(reading, at + 1 + joint) ||
		time_at(reading, at + 1 + joint, &ignored) < 0)
		return -1;
	*next = at + 1;
	if (!is_word(reading, at - 1, "de") && !is_word(reading, at - 1, "entre"))
		reading->is_doubtful = true;
	return reading->tokens[at].number > 23 ? -1 : reading->tokens[at].number * 60;
}

/* Collect all times of day and periods of the text */
static void
collect_times(Reading *reading)
{
	int			next;

	for (int at = 0; at < reading->ntokens && !reading->is_doubtful; at = next)
	{
		TimeOfDay	found = {.first = at, .end = -1};
		int			joint;

		found.start = bare_hour_at(reading, at, &next);
		if (found.start < 0)
			found.start = time_at(reading, at, &next);
		if (found.start < 0)
		{
			next = at + 1;
			continue;
		}
		joint = joint_at(reading, next, is_word(reading, at - 1, "entre"));
		if (joint > 0)
		{
			int			behind;

			found.end = time_at(reading, next + joint, &behind);
			if (found.end >= 0)
				next = behind;
			else if (is_number(reading, next + joint))
				reading->is_doubtful = true;
		}
		found.next = next;
		if (reading->ntimes == MAX_TIMES)
			reading->is_doubtful = true;
		else
			reading->times[reading->ntimes++] = found;
	}
}

/* ---- what stands around a time ---- */

/* "durée : 1 h 30", "pendant 2 h" */
static bool
is_duration(const Reading *reading, const TimeOfDay *time)
{
	static const char *const fillers[] = {
		"de", "d", "une", "env", "environ", "approximativement", "est", "totale", "approximative", NULL
	};
	static const char *const marks[] = {"duree", "dure", "durent", "durera", "pendant", "durant", NULL};
	int			at = time->first - 1;

	while (is_mark(reading, at, ':') || is_any(reading, at, fillers))
		at--;
	return time->end < 0 && is_any(reading, at, marks);
}

/* Is a date, or its year, just before? */
static bool
follows_date(const Reading *reading, int at)
{
	if (is_mark(reading, at, ',') || is_mark(reading, at, '-') || is_mark(reading, at, ':'))
		at--;
	if (is_number(reading, at) && reading->tokens[at].ndigits == 4)
		at--;
	return at > 0 && index_of(reading, at, months) >= 0 &&
		(is_number(reading, at - 1) || is_word(reading, at - 1, "er"));
}

/* Is it plain that a single time is when something begins? */
static bool
is_beginning(const Reading *reading, const TimeOfDay *time)
{
	static const char *const labels[] = {"heure", "horaire", "debut", "quand", NULL};
	static const char *const measures[] = {"de", "d", "par", "en", NULL};
	int			at = time->first - 1;

	/* "il y a 10 heures de musique" */
	if (is_any(reading, time->next, measures))
		return false;
	if (is_word(reading, at, "des"))
		return true;
	if (is_word(reading, at, "a"))
		return !is_word(reading, at - 1, "jusqu");
	if (is_word(reading, at, "de") && is_word(reading, at - 1, "partir"))
		return true;
	if (is_mark(reading, at, ':') && is_any(reading, at - 1, labels))
		return true;
	return follows_date(reading, at);
}

/* A sentence with such a word may speak of another hour than the event's */
static bool
is_about_something_else(const Reading *reading, const TimeOfDay *time)
{
	static const char *const stems[] = {
		"inscri", "reserv", "billet", "telephon", "appel", "guichet", "porte", "accueil",
		"arrive", "ouvert", "ouvre", "ferm", "bureau", "jusqu", "avant", "apres", "fin",
		"termin", "retour", "navette", "depart", "autobus", "repetition", "limite",
		"relache", "pause", "veille", "lendemain", "demain", "puis", "suivi", "ensuite",
		"sauf", "report", "annul", "modifi", "nouvelle", "remise", "stationnement",
		"montage", "rediffusion", "diffus", "vers", "environ", "vente", "cueill",
		"consult", "info", "renseign", "courriel", "repas", "diner", "souper",
		"dejeuner", "cocktail", "soumission", "date-limite", "precede", "paris",
		"permanence", "horaire-de", "entree", "chaque", "toutes", "intervalle", "prealable", NULL
	};
	static const char *const innocent[] = {
		"apres-midi", "avant-midi", "avant-premiere", "ouverte-a", NULL
	};
	int			from = time->first;
	int			to = time->next;

	while (reading->tokens[from].kind != TOKEN_STOP)
		from--;
	while (reading->tokens[to].kind != TOKEN_STOP)
		to++;
	for (int at = from + 1; at < to; at++)
	{
		/* within the period itself: "de 10 h jusqu'à midi" */
		if (reading->tokens[at].kind != TOKEN_WORD || is_any(reading, at, innocent) ||
			(at >= time->first && at < time->next))
			continue;
		for (int i = 0; stems[i] != NULL; i++)
			if (strncmp(reading->tokens[at].word, stems[i], strlen(stems[i])) == 0)
				return true;
	}
	return false;
}

/* Anywhere in the text: the event may not be what and when it was */
static bool
is_called_off(const Reading *reading)
{
	static const char *const stems[] = {"annul", "reporte", "remis", "deplace", NULL};

	for (int at = 0; at < reading->ntokens; at++)
		for (int i = 0; stems[i] != NULL; i++)
			if (reading->tokens[at].kind == TOKEN_WORD &&
				strncmp(reading->tokens[at].word, stems[i], strlen(stems[i])) == 0)
				return true;
	return false;
}

/* A period whose end is not behind its start ends the next morning, or is none */
static bool
order_period(TimeOfDay *time)
{
	if (time->end < 0 || time->end > time->start)
		return true;
	if (time->start < LATE_START || time->end > LATE_END)
		return false;
	time->end += MIDNIGHT;
	return true;
}

/* Take one time into the answer, if it agrees with what is there */
static bool
agree(const TimeOfDay *time, DescribedHour *hour)
{
	if (hour->start >= 0 && hour->start != time->start)
		return false;
	if (hour->end >= 0 && time->end >= 0 && hour->end != time->end)
		return false;
	hour->start = time->start;
	if (time->end >= 0)
		hour->end = time->end;
	return true;
}

bool
DescribedHourRead(Arena *arena, const char *text, LocalTime day,
				  bool must_name_date, DescribedHour *hour)
{
	Reading		reading = {0};
	bool		named;

	hour->start = hour->end = -1;
	if (!tokenise(arena, text, &reading) || !dates_agree(&reading, day, &named) ||
		(must_name_date && !named) || is_called_off(&reading))
		return false;
	collect_times(&reading);
	if (reading.is_doubtful)
		return false;
	for (int i = 0; i < reading.ntimes; i++)
	{
		TimeOfDay  *time = &reading.times[i];

		if (is_duration(&reading, time))
			continue;
		if ((time->end < 0 && !is_beginning(&reading, time)) ||
			is_about_something_else(&reading, time) || !order_period(time) || !agree(time, hour))
			return false;
	}
	return hour->start >= FIRST_HOUR && hour->start < MIDNIGHT;
}
