/*
 * src/match/similar.c
 *
 * Pure C.
 */
#include "match/similar.h"

#include <stdbool.h>
#include <string.h>

static int
least(int a, int b, int c)
{
	int			ab = a < b ? a : b;

	return ab < c ? ab : c;
}

double
SimilarText(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int			rows[3][SIMILAR_LONGEST + 1];
	int			n = (int) (a_length < SIMILAR_LONGEST ? a_length : SIMILAR_LONGEST);
	int			m = (int) (b_length < SIMILAR_LONGEST ? b_length : SIMILAR_LONGEST);
	int			longer = n > m ? n : m;

	if (longer == 0)
		return 1;
	for (int j = 0; j <= m; j++)
		rows[0][j] = j;
	for (int i = 1; i <= n; i++)
	{
		int		   *row = rows[i % 3];
		const int  *last = rows[(i + 2) % 3];
		const int  *before = rows[(i + 1) % 3];

		row[0] = i;
		for (int j = 1; j <= m; j++)
		{
			row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return 1.0 - (double) rows[n % 3][m] / longer;
}

/* Bytes of a that have a partner in b within the window; marks both */
static int
count_partners(const char *a, int n, const char *b, int m, bool *a_hit, bool *b_hit)
{
	int			window = (n > m ? n : m) / 2 - 1;
	int			hits = 0;

	memset(a_hit, 0, n);
	memset(b_hit, 0, m);
	for (int i = 0; i < n; i++)
		for (int j = i - window < 0 ? 0 : i - window; j < m && j <= i + window; j++)
			if (!b_hit[j] && a[i] == b[j])
			{
				a_hit[i] = b_hit[j] = true;
				hits++;
				break;
			}
	return hits;
}

double
SimilarWord(const char *a, size_t a_length, const char *b, size_t b_length)
{
	bool		a_hit[SIMILAR_LONGEST];
	bool		b_hit[SIMILAR_LONGEST];
	int			n = (int) (a_length < SIMILAR_LONGEST ? a_length : SIMILAR_LONGEST);
	int			m = (int) (b_length < SIMILAR_LONGEST ? b_length : SIMILAR_LONGEST);
	int			hits;
	int			swaps = 0;
	int			prefix = 0;
	double		jaro;

	if (n == m && memcmp(a, b, n) == 0)
		return 1;
	if (n == 0 || m == 0)
		return 0;
	hits = count_partners(a, n, b, m, a_hit, b_hit);
	if (hits == 0)
		return 0;
	for (int i = 0, j = 0; i < n; i++)
	{
		if (!a_hit[i])
			continue;
		while (!b_hit[j])
			j++;
		swaps += a[i] != b[j++];
	}
	jaro = ((double) hits / n + (double) hits / m + (double) (hits - swaps / 2) / hits) / 3;
	while (prefix < 4 && prefix < n && prefix < m && a[prefix] == b[prefix])
		prefix++;
	return jaro + prefix * 0.1 * (1 - jaro);
}

double
SimilarWordMost(size_t a_length, size_t b_length)
{
	double		shorter = a_length < b_length ? a_length : b_length;
	double		longer = a_length < b_length ? b_length : a_length;
	double		jaro = (2 + shorter / longer) / 3;

	return jaro + 0.4 * (1 - jaro);
}
