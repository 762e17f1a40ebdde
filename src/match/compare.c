/*
 * src/match/compare.c
 *
 * The comparison of two listings.
 *
 * Pure C.
 */
#include "match/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/similar.h"

#define MINUTE 60
#define HOUR 3600

/* Two words are one, typing errors apart */
#define SAME_WORD 0.92

/* One letter may be wrong, in long words two */
#define SAME_LETTERS(length) (1.0 - ((length) < 9 ? 1.0 : 2.0) / (length) - 1e-9)

/* What is left of two titles is one name: "Ket rert", "Kettrrert" */
#define SAME_NAME 0.7

/* What a title and a text weigh against each other, together 1 */
#define WEIGHT_TITLE 0.50
#define WEIGHT_TIME 0.25
#define WEIGHT_VENUE 0.25

/* Where so much of the shorter title is in the other, what is left may be a subtitle */
#define MOST_OF_TITLE 0.6

static double
max_double(double a, double b)
{
	return a > b ? a : b;
}

static double
min_double(double a, double b)
{
	return a < b ? a : b;
}

/* ---- words ---- */

static bool
same_word(const ProfileWord *a, const ProfileWord *b)
{
	if (a->meaning == b->meaning)
		return true;
	/* two words of the table are not each other's typing errors; a short word
	 * of another letter is another word */
	if ((a->generic && b->generic) || a->length < 4 || b->length < 4 || SimilarWordMost(a->length, b->length) < SAME_WORD)
		return false;
	/* the beginnings count most for the first; a typing error or two, for both */
	return SimilarWord(a->text, a->length, b->text, b->length) >= SAME_WORD &&
		SimilarText(a->text, a->length, b->text, b->length) >= SAME_LETTERS(a->length > b->length ? a->length : b->length);
}

static bool
has_word(const ProfileWords *words, const ProfileWord *word)
{
	for (int i = 0; i < words->count; i++)
		if (same_word(&words->words[i], word))
			return true;
	return false;
}

/* Words of two texts that pair up, and what is left on each side */
typedef struct Overlap
{
	double		a;				/* weight of all words */
	double		b;
	double		common;			/* of those in both */
	double		rare;			/* of these, of words that are not generic */
	int			a_alone;		/* words, not generic, in only one of them */
	int			b_alone;
	float		a_left[PROFILE_WORDS];	/* the weights of these, of all else 0 */
	float		b_left[PROFILE_WORDS];
} Overlap;

static void
overlap_words(const ProfileWords *a, const float *a_weights, const ProfileWords *b,
			  const float *b_weights, Overlap *overlap)
{
	bool		taken[PROFILE_WORDS] = {false};

	memset(overlap, 0, sizeof(*overlap));
	for (int j = 0; j < b->count; j++)
		overlap->b += b_weights[j];
	for (int i = 0; i < a->count; i++)
	{
		int			found = -1;

		overlap->a += a_weights[i];
		for (int j = 0; j < b->count && found < 0; j++)
			if (!taken[j] && (a_weights[i] > 0) == (b_weights[j] > 0) && same_word(&a->words[i], &b->words[j]))
				found = j;
		if (found < 0)
		{
			if (!a->words[i].generic && a_weights[i] > 0)
			{
				overlap->a_left[i] = a_weights[i];
				overlap->a_alone++;
			}
			continue;
		}
		taken[found] = true;
		overlap->common += min_double(a_weights[i], b_weights[found]);
		if (!a->words[i].generic && a_weights[i] > 0)
			overlap->rare += min_double(a_weights[i], b_weights[found]);
	}
	for (int j = 0; j < b->count; j++)
		if (!taken[j] && !b->words[j].generic && b_weights[j] > 0)
		{
			overlap->b_left[j] = b_weights[j];
			overlap->b_alone++;
		}
}

/* Is a word of a title in the venue's name, kind of venue included? */
static bool
is_of_venue(const MatchProfile *profile, const ProfileWord *word)
{
	for (int i = 0; i < profile->nvenue_kinds; i++)
		if (profile->venue_kinds[i] == word->meaning)
			return true;
	return has_word(&profile->venue, word);
}

/*
 * The weights of a title's words in this pair: those of either venue's name
 * say nothing more, unless there is nothing else.
 */
static void
weigh_title(const MatchProfile *self, const MatchProfile *other, float *weights)
{
	bool		any = false;

	for (int i = 0; i < self->title.count; i++)
	{
		const ProfileWord *word = &self->title.words[i];
		bool		of_venue = is_of_venue(self, word) || is_of_venue(other, word);

		weights[i] = of_venue ? 0 : word->weight;
		any |= !of_venue;
	}
	for (int i = 0; !any && i < self->title.count; i++)
		weights[i] = self->title.words[i].weight;
}

/* The words without spaces, as they stand or sorted; a word of the venue's only if it counts */
static size_t
join_words(const ProfileWords *words, const float *weights, bool sorted, char *out, size_t size)
{
	int			order[PROFILE_WORDS];
	int			n = 0;
	size_t		length = 0;

	for (int i = 0; i < words->count; i++)
	{
		int			at = n;

		if (weights[i] <= 0)
			continue;
		while (sorted && at > 0)
		{
			const ProfileWord *before = &words->words[order[at - 1]];
			const ProfileWord *word = &words->words[i];
			int			shorter = before->length < word->length ? before->length : word->length;
			int			cmp = memcmp(before->text, word->text, shorter);

			if (cmp < 0 || (cmp == 0 && before->length <= word->length))
				break;
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
		n++;
	}
	for (int i = 0; i < n; i++)
	{
		const ProfileWord *word = &words->words[order[i]];

		if (length + word->length > size)
			break;
		memcpy(out + length, word->text, word->length);
		length += word->length;
	}
	return length;
}

static double
text_similarity(const MatchProfile *a, const float *aw, const MatchProfile *b, const float *bw)
{
	char		x[SIMILAR_LONGEST];
	char		y[SIMILAR_LONGEST];
	double		best = 0;

	for (int sorted = 0; sorted < 2; sorted++)
	{
		size_t		n = join_words(&a->title, aw, sorted, x, sizeof(x));
		size_t		m = join_words(&b->title, bw, sorted, y, sizeof(y));

		if (n > 0 && m > 0)
			best = max_double(best, SimilarText(x, n, y, m));
	}
	return best;
}

static void
compare_titles(const MatchProfile *a, const MatchProfile *b, MatchResult *result)
{
	float		aw[PROFILE_WORDS];
	float		bw[PROFILE_WORDS];
	Overlap		overlap;
	double		text;

	result->title = 0;
	if (a->title.count == 0 || b->title.count == 0)
	{
		result->vetoes |= VETO_NO_TITLE;
		return;
	}
	weigh_title(a, b, aw);
	weigh_title(b, a, bw);
	overlap_words(&a->title, aw, &b->title, bw, &overlap);
	result->title = overlap.common / (overlap.a + overlap.b - overlap.common);
	text = text_similarity(a, aw, b, bw);
	if (text >= 0.85)
		result->title = max_double(result->title, text);
	if (overlap.rare > 0)
		result->title = max_double(result->title,
								   0.93 * overlap.common / min_double(overlap.a, overlap.b));
	else if (text < 0.85 || (!a->has_rare && !b->has_rare))
	{
		result->caps |= CAP_GENERIC;
		result->title = max_double(result->title,
								   0.75 * overlap.common / min_double(overlap.a, overlap.b));
	}

	/*
	 * "Meet your councillor: A" and "… B": what is left of both is a name, unless
	 * it is one that is only written in another way
	 */
	if (overlap.a_alone > 0 && overlap.b_alone > 0 &&
		(text < 0.85 || text_similarity(a, overlap.a_left, b, overlap.b_left) < SAME_NAME))
	{
		if (overlap.rare > 0 && overlap.common >= MOST_OF_TITLE * min_double(overlap.a, overlap.b))
			result->caps |= CAP_NAMES;
		else
			result->vetoes |= VETO_NAMES;
	}
}

/* ---- numbers and sessions ---- */

static bool
same_numbers(const MatchProfile *a, const MatchProfile *b)
{
	return a->nnumbers == b->nnumbers &&
		memcmp(a->numbers, b->numbers, a->nnumbers * sizeof(uint32_t)) == 0;
}

static void
compare_sessions(const MatchProfile *a, const MatchProfile *b, MatchResult *result)
{
	bool		same_minute = result->apart != MATCH_TIME_UNKNOWN && result->apart <= 2 * MINUTE;

	if (a->nnumbers > 0 && b->nnumbers > 0 && !same_numbers(a, b))
		result->vetoes |= VETO_NUMBERS;
	if ((a->names_year && b->names_other_year) || (a->names_other_year && b->names_year))
		result->vetoes |= VETO_NUMBERS;
	if (a->sessions != 0 && b->sessions != 0 && a->sessions != b->sessions)
		result->vetoes |= VETO_SESSION;
	else if (a->sessions != b->sessions && !same_minute)
		result->caps |= CAP_SESSION;
	if (a->nnumbers != b->nnumbers && !same_minute)
		result->caps |= CAP_SESSION;
	if (a->clock >= 0 && b->clock >= 0 && a->clock != b->clock)
		result->vetoes |= VETO_SESSION;
	if (a->addon != b->addon)
		result->vetoes |= VETO_ADDON;
}

/* ---- time ---- */

/* Is the difference just the offset of either's zone: local time taken for UTC? */
static bool
is_zone_shift(const MatchProfile *a, const MatchProfile *b)
{
	int64_t		apart = llabs(a->start - b->start);

	return apart != 0 && (apart == llabs(a->local_start - a->start) || apart == llabs(b->local_start - b->start));
}

static void
compare_instants(const MatchProfile *a, const MatchProfile *b, MatchResult *result)
{
	int64_t		apart = llabs(a->start - b->start);

	result->apart = apart;
	result->time = apart <= 2 * MINUTE ? 1 : apart <= 30 * MINUTE ? 0.95 : apart <= 60 * MINUTE ? 0.85 : 0;
	if (apart > 60 * MINUTE && is_zone_shift(a, b))
	{
		result->caps |= CAP_ZONE;
		result->time = 0.5;
		return;
	}
	if (apart > 60 * MINUTE)
		result->vetoes |= VETO_TIME;
	else if (apart > 30 * MINUTE)
		result->caps |= CAP_APART;
	if (a->end != MATCH_TIME_UNKNOWN && b->end != MATCH_TIME_UNKNOWN && a->end > a->start && b->end > b->start &&
		(a->end <= b->start || b->end <= a->start))
		result->vetoes |= VETO_NO_OVERLAP;
}

static void
compare_times(const MatchProfile *a, const MatchProfile *b, MatchResult *result)
{
	result->apart = MATCH_TIME_UNKNOWN;
	result->time = -1;
	if (a->start == MATCH_TIME_UNKNOWN || b->start == MATCH_TIME_UNKNOWN)
		return;

	/* a festival and a day of it, an exhibition and its opening */
	if (a->range != b->range)
		result->vetoes |= VETO_RANGE;
	else if (a->range && (a->end - b->end > 24 * HOUR || b->end - a->end > 24 * HOUR))
		result->vetoes |= VETO_RANGE;
	if (a->timed && b->timed)
		compare_instants(a, b, result);
	else if (a->local_day != b->local_day)
		result->vetoes |= VETO_DAY;
}

/* ---- venue ---- */

/* Kilometres between two points; the earth is flat for a city */
static double
distance_km(const MatchProfile *a, const MatchProfile *b)
{
	double		dy = (a->latitude - b->latitude) * 111.2;
	double		dx = (a->longitude - b->longitude) * 111.2 * cos((a->latitude + b->latitude) / 2 * M_PI / 180);

	return sqrt(dx * dx + dy * dy);
}

static bool
is_swapped(const MatchProfile *a, const MatchProfile *b)
{
	return fabs(a->latitude - b->longitude) < 0.05 && fabs(a->longitude - b->latitude) < 0.05;
}

/* How alike the names are, and whether both say something the other does not */
static double
compare_names(const MatchProfile *a, const MatchProfile *b, bool *contradict)
{
	float		weights[2][PROFILE_WORDS];
	char		x[SIMILAR_LONGEST];
	char		y[SIMILAR_LONGEST];
	Overlap		overlap;
	double		score;

	for (int i = 0; i < PROFILE_WORDS; i++)
		weights[0][i] = weights[1][i] = 1;
	overlap_words(&a->venue, weights[0], &b->venue, weights[1], &overlap);
	score = overlap.common / (overlap.a + overlap.b - overlap.common);
	*contradict = overlap.common < overlap.a && overlap.common < overlap.b;

	/* a room and its building */
	if (!*contradict)
		score = max_double(score, 0.95);
	else
	{
		double		text = SimilarText(x, join_words(&a->venue, weights[0], true, x, sizeof(x)),
									   y, join_words(&b->venue, weights[1], true, y, sizeof(y)));

		if (text >= 0.85)
		{
			*contradict = false;
			score = max_double(score, text);
		}
	}
	return score;
}

/* Places whose names do not tell: how near are they? */
static double
compare_distance(double km)
{
	return km < 0.1 ? 0.85 : km < 0.3 ? 0.80 : km < 0.6 ? 0.5 : 0;
}

static void
compare_venues(const MatchProfile *a, const MatchProfile *b, MatchResult *result)
{
	bool		both_named = a->has_venue && b->has_venue;
	bool		both_placed = a->has_place && b->has_place;
	bool		one_address = (a->street != 0 && a->street == b->street) ||
		(a->postal_code != 0 && a->postal_code == b->postal_code);
	bool		contradict = false;
	double		km = both_placed ? distance_km(a, b) : -1;
	double		names;

	/* latitude and longitude of one were taken for each other: no place */
	if (km > 2 && is_swapped(a, b))
		km = -1;
	result->same_spot = one_address || (km >= 0 && km < 0.6);
	result->venue = -1;
	if (a->online != b->online && !(a->has_venue && b->has_venue))
		result->vetoes |= VETO_ONLINE;
	if (a->online && b->online && a->meeting != 0 && b->meeting != 0)
	{
		result->venue = a->meeting == b->meeting ? 1 : 0;
		if (a->meeting != b->meeting)
			result->vetoes |= VETO_ONLINE;
		return;
	}
	if (!both_named)
	{
		if (both_placed)
			result->venue = compare_distance(km);
		else if (one_address)
			result->venue = 0.85;
		if (km > 2)
			result->vetoes |= VETO_FAR;
		return;
	}

	names = compare_names(a, b, &contradict);
	if ((a->room & ~b->room) != 0 && (b->room & ~a->room) != 0 && (!contradict || names >= 0.2))
		result->vetoes |= VETO_ROOM;
	if (a->several != b->several)
		result->caps |= CAP_PLACES;
	if (!contradict)
	{
		result->venue = names;
		if (km >= 0.5)
			result->venue = min_double(names, km < 5 ? 0.9 : 0.5);
		/* a wrong point may be of the city's centre; further out is another town's library */
		if (km > 20)
			result->vetoes |= VETO_FAR;
		return;
	}
	result->venue = names;
	if (km > 2)
		result->vetoes |= VETO_FAR;
	else if (names >= 0.2 && (one_address || (km >= 0 && km < 0.3)))
		result->vetoes |= VETO_ROOM;
	else if (one_address)
		result->venue = max_double(names, 0.85);
	else if (km >= 0)
		/* next door, but nothing in the names says that it is one house */
		result->venue = max_double(names, min_double(names < 0.2 ? 0.4 : 0.85, compare_distance(km)));
	if (!one_address && !(km >= 0 && km < 0.3))
		result->caps |= CAP_VENUES;
}

/* ---- all together ---- */

static double
apply_caps(const MatchResult *result, bool nowhere, double score)
{
	bool		alike = result->title >= 0.95 && result->venue >= 0.95 && (result->time >= 0.95 || result->time < 0);

	if (result->caps & CAP_BOTH_UNKNOWN)
		score = min_double(score, 0.85);
	else if (result->caps & CAP_ONE_UNKNOWN)
		score = min_double(score, 0.93);
	/* doors and show: only if nothing else is in doubt */
	if ((result->caps & CAP_APART) && !(result->title >= 0.93 && result->venue >= 0.85 && result->same_spot))
		score = min_double(score, 0.89);
	if (result->caps & CAP_GENERIC)
		score = min_double(score, alike ? 0.93 : nowhere ? 0.70 : 0.80);
	if (result->caps & CAP_PLACES)
		score = min_double(score, 0.85);
	if (result->caps & CAP_ZONE)
		score = min_double(score, 0.80);
	if (result->caps & CAP_SESSION)
		score = min_double(score, 0.85);
	if (result->caps & CAP_NAMES)
		score = min_double(score, 0.85);
	if (result->caps & CAP_VENUES)
		score = min_double(score, 0.70);
	return score;
}

void
MatchCompare(const MatchProfile *a, const MatchProfile *b, bool same_source, MatchResult *result)
{
	double		weight = WEIGHT_TITLE;
	double		sum;
	int			unknown;

	memset(result, 0, sizeof(*result));
	if (same_source)
		result->vetoes |= VETO_SOURCE;
	compare_times(a, b, result);
	compare_titles(a, b, result);
	compare_sessions(a, b, result);
	compare_venues(a, b, result);
	if (a->ticket_kind != 0 && a->ticket_kind == b->ticket_kind)
	{
		if (a->ticket_id == b->ticket_id)
			result->same_ticket = true;
		else
			result->vetoes |= VETO_TICKET;
	}

	unknown = (result->time < 0) + (result->venue < 0);
	result->caps |= unknown == 2 ? CAP_BOTH_UNKNOWN : unknown == 1 ? CAP_ONE_UNKNOWN : 0;
	sum = WEIGHT_TITLE * result->title;
	if (result->time >= 0)
	{
		weight += WEIGHT_TIME;
		sum += WEIGHT_TIME * result->time;
	}
	if (result->venue >= 0)
	{
		weight += WEIGHT_VENUE;
		sum += WEIGHT_VENUE * result->venue;
	}
	result->score = apply_caps(result, !a->has_venue && !b->has_venue && result->venue < 0, sum / weight);

	/* the seller's own id settles what titles and venues say, not the time */
	if (result->same_ticket && result->time != 0)
	{
		result->vetoes &= ~(VETO_NO_TITLE | VETO_FAR | VETO_ROOM | VETO_ONLINE | VETO_NAMES);
		result->score = max_double(result->score, result->apart == MATCH_TIME_UNKNOWN ? 0.93 : 1.0);
	}
}

bool
MatchSaysSame(const MatchProfile *a, const MatchProfile *b)
{
	MatchResult result;

	if (a->start != b->start || a->timed != b->timed || a->has_venue != b->has_venue || a->online != b->online)
		return false;
	MatchCompare(a, b, false, &result);
	return result.vetoes == 0 && result.title >= MATCH_TWINS && (result.venue < 0 || result.venue >= MATCH_TWINS);
}

int64_t
MatchSessionGap(const MatchProfile *a, const MatchProfile *b)
{
	MatchResult result;
	int64_t		gap;

	if (!a->timed || !b->timed || a->start == MATCH_TIME_UNKNOWN || b->start == MATCH_TIME_UNKNOWN ||
		a->local_day != b->local_day || a->addon != b->addon)
		return 0;
	gap = llabs(a->start - b->start);
	if (gap <= 15 * MINUTE)
		return 0;
	memset(&result, 0, sizeof(result));
	compare_titles(a, b, &result);
	compare_venues(a, b, &result);
	return result.title >= 0.85 && (result.venue < 0 || result.venue >= 0.8) &&
		(result.vetoes & (VETO_NO_TITLE | VETO_NAMES | VETO_FAR)) == 0 ? gap : 0;
}

const char *
MatchVetoName(unsigned veto)
{
	static const char *const names[] = {
		"no title", "start", "no overlap", "day", "distance", "room", "online", "numbers", "session",
		"names", "range", "ticket", "add-on", "source", "sessions", "person",
	};

	for (int i = 0; i < (int) (sizeof(names) / sizeof(names[0])); i++)
		if (veto == 1u << i)
			return names[i];
	return NULL;
}

const char *
MatchCapName(unsigned cap)
{
	static const char *const names[] = {
		"time or venue unknown", "time and venue unknown", "starts apart", "generic words",
		"zone offset", "session on one side", "venues differ", "names left on both sides", "several places on one side",
	};

	for (int i = 0; i < (int) (sizeof(names) / sizeof(names[0])); i++)
		if (cap == 1u << i)
			return names[i];
	return NULL;
}
