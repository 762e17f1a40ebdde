/*
 * src/feed/jsonld_offer.c
 *
 * What an event costs: an Offer, a list of them, an AggregateOffer, with
 * prices as numbers and as people write them.
 *
 * Pure C.
 */
#include "feed/jsonld.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/money.h"
#include "feed/text.h"

#define MAX_OFFERS 200

typedef struct Prices
{
	const char *currency;
	const char *lowest;
	const char *highest;
	int			noffers;
	int			nsold_out;
	const char *url;
	const char *sales_start;
} Prices;

/* ---- amounts ---- */

static bool
means_free(const char *text)
{
	static const char *const words[] = {"free", "gratuit", "gratuite", "entr\xC3\xA9" "e libre", NULL};

	for (int i = 0; words[i] != NULL; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/*
 * Bytes of a digit, or of what separates digits, at text; 0: the number is at
 * its end.  A blank separates thousands, so three digits follow.
 */
static size_t
digit_or_separator(const char *text)
{
	size_t		blank = *text == ' ' ? 1 : strncmp(text, "\xC2\xA0", 2) == 0 ? 2 :
		strncmp(text, "\xE2\x80\xAF", 3) == 0 ? 3 : 0;

	if (blank > 0)
		return strspn(text + blank, "0123456789") == 3 ? blank : 0;
	if (*text == '.' || *text == ',' || *text == '\'')
		return text[1] >= '0' && text[1] <= '9';
	return *text >= '0' && *text <= '9';
}

/*
 * "25", "25.00", "$25.00", "25,00 $", "1 250,50 $", "1,250.50 CAD": the one
 * number in it, as decimal text; NULL where there is none, or several.
 */
static const char *
amount_in(Arena *arena, const char *text)
{
	char		digits[32];
	size_t		n = 0;
	const char *at = text + strcspn(text, "0123456789");
	const char *point = NULL;	/* the last of "." and "," before two digits or one */
	const char *end = at;
	size_t		tail;
	size_t		size;

	if (*at == '\0' || (at > text && at[-1] == '-'))
		return NULL;
	while ((size = digit_or_separator(end)) > 0)
		end += size;
	if (end[strcspn(end, "0123456789")] != '\0')
		return NULL;
	for (const char *c = at; c < end; c++)
		if (*c == '.' || *c == ',')
			point = c;
	tail = point == NULL ? 0 : (size_t) (end - point - 1);
	if (point != NULL && tail == 3 && memchr(at, '.', (size_t) (point - at)) == NULL && *point == ',')
		point = NULL;			/* "1,250": thousands */
	for (const char *c = at; c < end; c++)
	{
		if (n + 1 >= sizeof(digits))
			return NULL;
		if (c == point)
			digits[n++] = '.';
		else if (*c >= '0' && *c <= '9')
			digits[n++] = *c;
	}
	return MoneyFromDecimal(arena, digits, n);
}

/* A price property as decimal text, or NULL */
static const char *
read_amount(const JsonldMapping *m, JsonldNode node, const char *name)
{
	const char *line = JsonldLine(m->graph, m->arena, node, name);
	const char *amount;

	if (line == NULL)
		return NULL;
	if (means_free(line))
		return "0";
	amount = MoneyFromDecimal(m->arena, line, strlen(line));
	return amount != NULL ? amount : amount_in(m->arena, line);
}

/* priceCurrency, else a code within the price's text: "25 CAD" */
static const char *
read_currency(const JsonldMapping *m, JsonldNode node)
{
	const char *line = JsonldLine(m->graph, m->arena, node, "priceCurrency");
	const char *code = line == NULL ? NULL : CurrencyCode(m->arena, line, strlen(line));
	size_t		length;

	if (code != NULL)
		return code;
	line = JsonldLine(m->graph, m->arena, node, "price");
	length = line == NULL ? 0 : strlen(line);
	if (length > 4 && line[length - 4] == ' ')
		return CurrencyCode(m->arena, line + length - 3, 3);
	return NULL;
}

/* Take an amount into the range; amounts of two currencies have none in common */
static void
add_amount(Prices *prices, const char *amount, const char *currency)
{
	if (amount == NULL || (currency != NULL && prices->currency != NULL &&
						   strcmp(currency, prices->currency) != 0))
		return;
	if (prices->currency == NULL)
		prices->currency = currency;
	if (prices->lowest == NULL || strtod(amount, NULL) < strtod(prices->lowest, NULL))
		prices->lowest = amount;
	if (prices->highest == NULL || strtod(amount, NULL) > strtod(prices->highest, NULL))
		prices->highest = amount;
}

/* ---- offers ---- */

/* The prices of an offer or of its priceSpecification */
static void
add_prices(const JsonldMapping *m, Prices *prices, JsonldNode node, const char *currency)
{
	static const char *const names[] = {"price", "lowPrice", "highPrice", "minPrice", "maxPrice", NULL};
	const char *own = read_currency(m, node);

	for (int i = 0; names[i] != NULL; i++)
		add_amount(prices, read_amount(m, node, names[i]), own != NULL ? own : currency);
}

static void
add_offer(const JsonldMapping *m, Prices *prices, JsonldNode offer, int depth)
{
	JsonldNode	inner = JsonldGet(offer, "offers");
	int			count = JsonldCount(inner);
	const char *availability = JsonldWord(m->graph, m->arena, JsonldGet(offer, "availability"));
	JsonldTime	from = JsonldWhen(m->graph, m->arena, offer, "validFrom");

	if (JsonKindOf(offer.json) != JSON_OBJECT || prices->noffers >= MAX_OFFERS)
		return;
	add_prices(m, prices, offer, NULL);
	add_prices(m, prices, JsonldFirst(m->graph, offer, "priceSpecification"), read_currency(m, offer));
	if (prices->url == NULL)
		prices->url = JsonldUrl(m->feed, m->page, m->arena, JsonldGet(offer, "url"));
	if (prices->sales_start == NULL && from.kind != WHEN_INVALID)
		prices->sales_start = from.text;

	/* an AggregateOffer is as available as its offers */
	for (int i = 0; i < count && depth < 2; i++)
		add_offer(m, prices, JsonldItem(m->graph, inner, i), depth + 1);
	if (count > 0 && availability == NULL)
		return;
	prices->noffers++;
	if (availability != NULL && (strcasecmp(availability, "SoldOut") == 0 ||
								 strcasecmp(availability, "OutOfStock") == 0))
		prices->nsold_out++;
}

/* isAccessibleForFree: true, "true", "http://schema.org/True" … */
static Tristate
accessible_for_free(const JsonldMapping *m)
{
	JsonldNode	value = JsonldItem(m->graph, JsonldInherited(m->event, "isAccessibleForFree"), 0);
	Tristate	plain = JsonBoolean(value.json, NULL);
	const char *word;

	if (plain == TRI_UNKNOWN)
		plain = JsonBoolean(value.json, "@value");
	if (plain != TRI_UNKNOWN)
		return plain;
	word = JsonldWord(m->graph, m->arena, value);
	if (word == NULL)
		return TRI_UNKNOWN;
	return strcasecmp(word, "true") == 0 ? TRI_TRUE :
		strcasecmp(word, "false") == 0 ? TRI_FALSE : TRI_UNKNOWN;
}

void
JsonldMapOffers(JsonldMapping *m)
{
	Prices		prices = {0};
	Listing    *listing = m->listing;
	JsonldNode	offers = JsonldGet(m->event->node, "offers");
	int			count = JsonldCount(offers);

	for (int i = 0; i < count; i++)
		add_offer(m, &prices, JsonldItem(m->graph, offers, i), 0);
	listing->price_min = prices.lowest;
	listing->price_max = prices.highest;
	listing->currency = prices.currency;
	listing->is_free = accessible_for_free(m);
	if (listing->is_free == TRI_UNKNOWN && prices.highest != NULL)
		listing->is_free = strtod(prices.highest, NULL) > 0 ? TRI_FALSE : TRI_TRUE;
	if (prices.noffers > 0 && prices.nsold_out == prices.noffers &&
		listing->status == STATUS_SCHEDULED)
		listing->status = STATUS_SOLD_OUT;
	if (prices.url != NULL && (listing->url == NULL || strcmp(prices.url, listing->url) != 0))
		BuilderAddMember(&m->attributes, "ticket_url", prices.url);
	BuilderAddMember(&m->attributes, "sales_start", prices.sales_start);
}
