/*
 * src/run/seen.c
 *
 * A set of 64-bit hashes with open addressing.  Among a million ids two differ
 * with the same hash once in 30 million runs; the one would be skipped until
 * the next run.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "hash.h"
#include "run/seen.h"

struct Seen
{
	uint64	   *slots;			/* 0: free */
	uint64		size;			/* a power of two */
	uint64		used;
};

static uint64 *
new_slots(MemoryContext context, uint64 size)
{
	return MemoryContextAllocExtended(context, size * sizeof(uint64),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

Seen *
SeenCreate(MemoryContext context)
{
	Seen	   *seen = MemoryContextAlloc(context, sizeof(Seen));

	seen->size = 1024;
	seen->used = 0;
	seen->slots = new_slots(context, seen->size);
	return seen;
}

/* Put a hash into its slot; false if it is there */
static bool
insert(uint64 *slots, uint64 size, uint64 hash)
{
	uint64		i = hash & (size - 1);

	while (slots[i] != 0)
	{
		if (slots[i] == hash)
			return false;
		i = (i + 1) & (size - 1);
	}
	slots[i] = hash;
	return true;
}

static void
grow(Seen *seen)
{
	uint64	   *old = seen->slots;
	uint64		old_size = seen->size;

	seen->size *= 2;
	seen->slots = new_slots(GetMemoryChunkContext(old), seen->size);
	for (uint64 i = 0; i < old_size; i++)
		if (old[i] != 0)
			(void) insert(seen->slots, seen->size, old[i]);
	pfree(old);
}

/* 0 marks a free slot */
static uint64
hash_of(const char *source_id)
{
	uint64		hash = HashString(source_id, 0);

	return hash == 0 ? 1 : hash;
}

bool
SeenAdd(Seen *seen, const char *source_id)
{
	if (seen->used * 4 >= seen->size * 3)
		grow(seen);
	if (!insert(seen->slots, seen->size, hash_of(source_id)))
		return false;
	seen->used++;
	return true;
}

bool
SeenHas(const Seen *seen, const char *source_id)
{
	uint64		hash = hash_of(source_id);
	uint64		i = hash & (seen->size - 1);

	while (seen->slots[i] != 0 && seen->slots[i] != hash)
		i = (i + 1) & (seen->size - 1);
	return seen->slots[i] == hash;
}
