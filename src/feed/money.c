/*
 * src/feed/money.c
 *
 * Amounts of money.  Pure C.
 */
#include "feed/money.h"

#include <inttypes.h>
#include <string.h>

#define MAX_WHOLE		15
#define MAX_FRACTION	6

/* ISO 4217, list one: what does not have two decimals */
static const struct
{
	char		code[4];
	int			exponent;
}			exponents[] = {
	{"BHD", 3}, {"BIF", 0}, {"CLF", 4}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0},
	{"IQD", 3}, {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0},
	{"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"PYG", 0}, {"RWF", 0}, {"TND", 3},
	{"UGX", 0}, {"UYI", 0}, {"UYW", 4}, {"VND", 0}, {"VUV", 0}, {"XAF", 0},
	{"XOF", 0}, {"XPF", 0},
};

int
CurrencyExponent(const char *currency)
{
	for (size_t i = 0; i < sizeof(exponents) / sizeof(exponents[0]); i++)
		if (strcmp(exponents[i].code, currency) == 0)
			return exponents[i].exponent;
	return 2;
}

const char *
CurrencyCode(Arena *arena, const char *text, size_t length)
{
	char		code[4] = "";

	if (text == NULL || length != 3)
		return NULL;
	for (int i = 0; i < 3; i++)
	{
		code[i] = text[i] >= 'a' && text[i] <= 'z' ? (char) (text[i] - 'a' + 'A') : text[i];
		if (code[i] < 'A' || code[i] > 'Z')
			return NULL;
	}
	return ArenaStrndup(arena, code, 3);
}

const char *
MoneyFromMinor(Arena *arena, int64_t minor, const char *currency)
{
	int			exponent = CurrencyExponent(currency);
	int64_t		unit = 1;

	if (minor < 0)
		return NULL;
	for (int i = 0; i < exponent; i++)
		unit *= 10;
	if (minor / unit >= INT64_C(1000000000000000))
		return NULL;
	if (exponent == 0)
		return ArenaPrintf(arena, "%" PRId64, minor);
	return ArenaPrintf(arena, "%" PRId64 ".%0*" PRId64, minor / unit, exponent, minor % unit);
}

const char *
MoneyFromDecimal(Arena *arena, const char *text, size_t length)
{
	size_t		whole;
	size_t		fraction;

	if (text == NULL)
		return NULL;
	for (whole = 0; whole < length && text[whole] >= '0' && text[whole] <= '9'; whole++)
		;
	if (whole == 0 || whole > MAX_WHOLE)
		return NULL;
	if (whole == length)
		return ArenaStrndup(arena, text, length);
	if (text[whole] != '.')
		return NULL;
	for (fraction = whole + 1; fraction < length && text[fraction] >= '0' && text[fraction] <= '9'; fraction++)
		;
	if (fraction != length || fraction == whole + 1 || fraction - whole - 1 > MAX_FRACTION)
		return NULL;
	return ArenaStrndup(arena, text, length);
}
