/*
 * src/feed/ticketmaster_window.c
 *
 * A list of which only the first thousand can be paged, read whole: by windows
 * of time that are narrow enough.
 *
 * All of the time wanted is asked for first.  What holds too many events is
 * divided: its first piece is as long as a window should be if the events were
 * spread evenly, at most a half.  What the piece brings tells how many are left
 * behind it, and so how long the next piece can be; a remainder that should fit
 * is asked for as a whole.  Numbers only choose where to cut.  Whether a window
 * fits is seen by asking for it, so wrong ones cost requests and lose nothing.
 *
 * Neighbours share an edge: whether the API's bounds include it is documented
 * nowhere, and an event that comes twice is told by its id.
 *
 * Pure C.
 */
#include "feed/ticketmaster.h"

#include <string.h>

/* Of a window's capacity a piece is meant to use so much */
#define FILL 0.8

/* After empty pieces the next is longer, but not without end */
#define MAX_REACH 1024

void
TicketmasterWindowsInit(TicketmasterWindows *windows, FeedTime start, FeedTime end, int64_t capacity)
{
	memset(windows, 0, sizeof(*windows));
	windows->capacity = capacity;
	windows->reach = 1;
	if (start < end)
		windows->spans[windows->nspans++] = (TicketmasterSpan) {start, end, -1};
}

bool
TicketmasterWindowNext(TicketmasterWindows *windows, TicketmasterSpan *window)
{
	TicketmasterSpan *span;
	double		share;
	int64_t		length;

	if (windows->nspans == 0)
		return false;
	span = &windows->spans[windows->nspans - 1];
	*window = *span;
	length = span->end - span->start;
	windows->is_piece = span->expected > windows->capacity && length > 1;
	if (!windows->is_piece)
	{
		windows->nspans--;
		return true;
	}

	/* Its first piece; the span keeps the rest */
	share = FILL * (double) windows->capacity / (double) span->expected * windows->reach;
	length = share < 0.5 ? (int64_t) ((double) length * share) : length / 2;
	window->end = window->start + (length > 0 ? length : 1);
	window->expected = -1;
	span->start = window->end;
	return true;
}

/* The window in hand holds so many: the fewer are left behind it */
static void
count_off(TicketmasterWindows *windows, int64_t total)
{
	TicketmasterSpan *rest;

	if (!windows->is_piece)
		return;
	rest = &windows->spans[windows->nspans - 1];
	rest->expected = rest->expected > total ? rest->expected - total : 0;
}

void
TicketmasterWindowFits(TicketmasterWindows *windows, int64_t total)
{
	if (!windows->is_piece)
		return;
	count_off(windows, total);
	if (total >= windows->capacity / 4)
		windows->reach = 1;
	else if (windows->reach < MAX_REACH)
		windows->reach *= 2;
}

bool
TicketmasterWindowDivide(TicketmasterWindows *windows, const TicketmasterSpan *window, int64_t total)
{
	if (window->end - window->start < 2 || windows->nspans == TICKETMASTER_MAX_SPANS)
		return false;

	/* Too many by its pages, whatever its total says */
	if (total <= windows->capacity)
		total = windows->capacity + 1;
	count_off(windows, total);
	windows->is_piece = false;
	windows->reach = 1;
	windows->spans[windows->nspans++] = (TicketmasterSpan) {window->start, window->end, total};
	return true;
}
