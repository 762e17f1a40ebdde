/*
 * src/feed/ticketmaster_kind.c
 *
 * What Ticketmaster lists as an event and is none of its own: tickets sold
 * again, which repeat an event under another id, and what is sold beside it.
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <string.h>
#include <strings.h>

#include "feed/text.h"

const JsonNode *
TicketmasterClassification(const JsonNode *event)
{
	const JsonNode *list = JsonAt(event, "classifications");
	int			count = JsonCount(list);

	for (int i = 0; i < count; i++)
		if (JsonBoolean(JsonElementAt(list, i), "primary") == TRI_TRUE)
			return JsonElementAt(list, i);
	return count > 0 ? JsonElementAt(list, 0) : NULL;
}

/* Does the URL's host end so? */
static bool
is_at_host(const char *url, const char *domain)
{
	const char *host = url == NULL ? NULL : strstr(url, "://");
	size_t		length;

	if (host == NULL)
		return false;
	host += strlen("://");
	length = strcspn(host, ":/?#");
	return length >= strlen(domain) &&
		strncasecmp(host + length - strlen(domain), domain, strlen(domain)) == 0 &&
		(length == strlen(domain) || host[length - strlen(domain) - 1] == '.');
}

/* Ids of the resale system begin so; its own pages are at ticketsnow.com */
bool
TicketmasterIsResale(const char *id, const JsonNode *event)
{
	size_t		length;

	return strncmp(id, "Z7r9", 4) == 0 ||
		is_at_host(JsonString(event, "url", &length), "ticketsnow.com");
}

/* Types of the classification tree that are no events */
static bool
is_add_on_type(const char *name)
{
	static const char *const types[] = {
		"Parking", "Upsell", "Merchandise", "Transportation", "Donation",
		"Meal Package", "Club Access", "Special Entry", "Gift Certificate"
	};

	for (size_t i = 0; name != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(name, types[i]) == 0)
			return true;
	return false;
}

/* "Parking: Beerfest", "PARKING - Beerfest": what it is, and then for which event */
static bool
begins_with(const char *text, const char *word)
{
	size_t		length = strlen(word);

	if (strncasecmp(text, word, length) != 0)
		return false;
	text += length;
	text += strspn(text, " ");
	return *text == ':' || *text == '-' || *text == '|' ||
		strncmp(text, "\xE2\x80\x93", 3) == 0;	/* an en dash */
}

/* "Beerfest RV Pass" */
static bool
ends_with(const char *text, const char *word)
{
	size_t		length = strlen(word);
	size_t		total = strlen(text);

	return total > length && text[total - length - 1] == ' ' &&
		strcasecmp(text + total - length, word) == 0;
}

/*
 * Titles of add-ons name the thing first or last.  Within a title the words
 * mean nothing: "The Parking Lot Sessions" is a concert.
 */
static bool
has_add_on_title(const char *title)
{
	static const char *const first[] = {
		"Parking", "Premier Parking", "Parking Pass", "Stationnement", "Upsell", "Shuttle",
		"Gift Card", "Season Tickets", "Season Pass", "Membership"
	};
	static const char *const last[] = {
		"Parking", "Parking Pass", "Parking Garage", "Parking Lot", "RV Pass", "Camping Pass",
		"Season Pass", "Season Ticket", "Season Tickets", "Season Membership",
		"Membership Registration", "Shuttle Pass", "Gift Card", "Upsell", "Stationnement"
	};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (begins_with(title, first[i]))
			return true;
	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		if (ends_with(title, last[i]))
			return true;
	return false;
}

bool
TicketmasterIsAddOn(const JsonNode *event, const char *title)
{
	const JsonNode *classification = TicketmasterClassification(event);
	size_t		length;

	return is_add_on_type(JsonString(classification, "type.name", &length)) ||
		is_add_on_type(JsonString(classification, "subType.name", &length)) ||
		has_add_on_title(title);
}
