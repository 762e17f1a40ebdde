/*
 * src/feed/ics_index.c
 *
 * The index of a page: an entry for each VEVENT that can have to do with the
 * window.  What lies outside of it by its own start, does not recur and shares
 * its UID with none of those is only counted, so that ten years of past events
 * cost no memory.
 *
 * Pure C.
 */
#include "feed/ics_internal.h"

#include <stdlib.h>

#define DAY 86400

typedef enum Outside
{
	PAST,
	LATER,
	NOT_OUTSIDE
} Outside;

static const char *const reasons[] = {"past", "out_of_horizon"};

/*
 * Can an entry be settled by its start alone?  A wall clock is nowhere more
 * than a day from UTC.
 */
static Outside
outside_by_start(const IcsPage *ics, const IcsEntry *entry)
{
	int64_t		slack = entry->flags & ICS_UTC ? 0 : DAY;

	if (entry->start == FEED_TIME_UNKNOWN || entry->flags & (ICS_OVERRIDE | ICS_RECURS))
		return NOT_OUTSIDE;
	if (entry->start < ics->feed->window_start - slack)
		return entry->flags & ICS_GOES_ON ? NOT_OUTSIDE : PAST;
	return entry->start >= ics->feed->window_end + slack ? LATER : NOT_OUTSIDE;
}

/* For qsort and bsearch */
static int
compare_hashes(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

void
IcsIndexAdd(IcsPage *ics, IcsEntry *event)
{
	Outside		outside = outside_by_start(ics, event);

	ics->nevents++;
	if (outside != NOT_OUTSIDE &&
		(ics->nwanted == 0 ||
		 bsearch(&event->uid_hash, ics->wanted, ics->nwanted, sizeof(uint64_t), compare_hashes) == NULL))
	{
		ics->outside[outside]++;
		ics->noutside++;
		return;
	}
	if (ics->nentries == ics->room)
	{
		uint32_t	room = ics->room < 64 ? 64 : ics->room + ics->room / 2;
		IcsEntry   *more = realloc(ics->entries, room * sizeof(IcsEntry));

		if (more == NULL)
			ArenaOutOfMemory(room * sizeof(IcsEntry));
		ics->entries = more;
		ics->room = room;
	}
	memcpy(event->outside, ics->outside, sizeof(event->outside));
	memset(ics->outside, 0, sizeof(ics->outside));
	ics->entries[ics->nentries++] = *event;
}

bool
IcsIndexAgain(IcsPage *ics)
{
	if (ics->nentries == 0 || ics->noutside == 0)
		return false;
	ics->wanted = ArenaAlloc(ics->scratch, ics->nentries * sizeof(uint64_t));
	ics->nwanted = ics->nentries;
	for (uint32_t i = 0; i < ics->nentries; i++)
		ics->wanted[i] = ics->entries[i].uid_hash;
	qsort(ics->wanted, ics->nwanted, sizeof(uint64_t), compare_hashes);
	ics->nevents = ics->nentries = ics->noutside = 0;
	memset(ics->outside, 0, sizeof(ics->outside));
	return true;
}

const char *
IcsIndexOutside(IcsPage *ics, uint32_t index)
{
	uint32_t   *left = index < ics->nentries ? ics->entries[index].outside : ics->outside;

	for (int i = PAST; i < NOT_OUTSIDE; i++)
		if (left[i] > 0)
		{
			left[i]--;
			return reasons[i];
		}
	return NULL;
}

/* An entry by what it is sorted by */
typedef struct SortItem
{
	uint64_t	hash;
	uint32_t	index;
} SortItem;

/* By hash, then by place */
static int
compare_items(const void *a, const void *b)
{
	const SortItem *x = a;
	const SortItem *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void
IcsIndexSort(IcsPage *ics)
{
	uint32_t	count = ics->nentries;
	SortItem   *items;

	if (count < 2)
		return;
	ics->order = malloc(count * sizeof(uint32_t));
	items = ArenaAlloc(ics->scratch, count * sizeof(SortItem));
	if (ics->order == NULL)
		ArenaOutOfMemory(count * sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		items[i] = (SortItem)
	{
		ics->entries[i].uid_hash, i
	};
	qsort(items, count, sizeof(SortItem), compare_items);
	for (uint32_t i = 0; i < count; i++)
	{
		ics->order[i] = items[i].index;
		if (i > 0 && items[i].hash == items[i - 1].hash)
		{
			ics->entries[items[i].index].flags |= ICS_SHARED;
			ics->entries[items[i - 1].index].flags |= ICS_SHARED;
		}
	}
	ArenaReset(ics->scratch);
}
