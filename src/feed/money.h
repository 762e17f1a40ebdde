/*
 * src/feed/money.h
 *
 * Amounts of money as decimal text: never a binary fraction.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_MONEY_H
#define INGEST_FEED_MONEY_H

#include <stddef.h>
#include <stdint.h>

#include "feed/arena.h"

/* Decimals of a currency's minor unit by ISO 4217; 2 for those not listed. */
extern int	CurrencyExponent(const char *currency);

/* The code in upper case if it looks like ISO 4217's, three letters; or NULL. */
extern const char *CurrencyCode(Arena *arena, const char *text, size_t length);

/* 432 US cents: "4.32"; NULL if negative. */
extern const char *MoneyFromMinor(Arena *arena, int64_t minor, const char *currency);

/*
 * The text if it is a plain decimal number that is not negative and has at
 * most 15 digits before and 6 after its point, else NULL.
 */
extern const char *MoneyFromDecimal(Arena *arena, const char *text, size_t length);

#endif
