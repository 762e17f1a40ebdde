/*
 * src/feed/place.c
 *
 * Pure C.
 */
#include "feed/place.h"

#include <math.h>
#include <string.h>

const char *
PlaceCountryCode(Arena *arena, const char *text)
{
	char		code[3] = "";

	if (text == NULL || strlen(text) != 2)
		return NULL;
	for (int i = 0; i < 2; i++)
	{
		code[i] = (char) (text[i] & ~0x20);
		if (code[i] < 'A' || code[i] > 'Z')
			return NULL;
	}
	return ArenaStrdup(arena, code);
}

void
PlaceSetPoint(Listing *listing, double latitude, double longitude)
{
	if (!(fabs(latitude) <= 90) || !(fabs(longitude) <= 180) || (latitude == 0 && longitude == 0))
		return;
	listing->latitude = latitude;
	listing->longitude = longitude;
}
