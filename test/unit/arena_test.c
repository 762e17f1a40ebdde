/*
 * test/unit/arena_test.c
 *
 * The feed room's allocator (src/feed/arena.h).
 */
#include "feed/arena.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

static char released[16];
static jmp_buf out_of_memory;
static size_t refused_size;

static void
note_release(void *object)
{
	strcat(released, object);
}

static void
jump_out(size_t size)
{
	refused_size = size;
	longjmp(out_of_memory, 1);
}

/* Many blocks of every size: each aligned, each its own */
static void
test_blocks(void)
{
	enum
	{
		BLOCKS = 3000
	};
	Arena	   *arena = ArenaCreate();
	static unsigned char *blocks[BLOCKS];
	static size_t sizes[BLOCKS];
	uint32_t	random = 1;
	bool		aligned = true;
	bool		intact = true;

	for (int i = 0; i < BLOCKS; i++)
	{
		random = random * 1103515245 + 12345;
		sizes[i] = (random >> 16) % (i % 50 == 0 ? 60000 : 200);
		blocks[i] = ArenaAlloc(arena, sizes[i]);
		aligned = aligned && (uintptr_t) blocks[i] % 16 == 0;
		memset(blocks[i], i & 0xFF, sizes[i]);
	}
	for (int i = 0; i < BLOCKS; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			intact = intact && blocks[i][j] == (i & 0xFF);
	TapOk(aligned, "every block is aligned");
	TapOk(intact, "no block overlaps another");
	ArenaFree(arena);
}

static void
test_sizes(void)
{
	Arena	   *arena = ArenaCreate();
	char	   *zero;
	bool		zeroed = true;

	TapEqual((long long) ArenaSize(arena), 0, "a new arena holds nothing");
	TapOk(ArenaAlloc(arena, 0) != NULL, "a block of no bytes is a block");
	zero = ArenaAlloc0(arena, 50000);
	for (int i = 0; i < 50000; i++)
		zeroed = zeroed && zero[i] == 0;
	TapOk(zeroed, "ArenaAlloc0 gives zeroes");
	TapOk(ArenaSize(arena) >= 50000, "the size counts what is held");

	for (int i = 0; i < 1000; i++)
		ArenaAlloc(arena, 1000);
	TapOk(ArenaSize(arena) >= 1050000 && ArenaSize(arena) < 1200000,
		  "little more is held than was asked for");
	ArenaReset(arena);
	TapOk(ArenaSize(arena) <= 64 * 1024, "a reset gives back all but a chunk");
	TapSame(ArenaStrdup(arena, "again"), "again", "the arena serves after a reset");
	ArenaFree(arena);
	ArenaFree(NULL);
	TapOk(true, "NULL can be freed");
}

/* A large block leaves the room that is left for small ones */
static void
test_large_block(void)
{
	Arena	   *arena = ArenaCreate();
	char	   *before = ArenaAlloc(arena, 16);
	char	   *after;

	memset(ArenaAlloc(arena, 100000), 1, 100000);
	after = ArenaAlloc(arena, 16);
	TapOk(after - before == 16, "a large block does not end the chunk being filled");
	ArenaFree(arena);
}

static void
test_strings(void)
{
	Arena	   *arena = ArenaCreate();
	char		wide[3001];

	memset(wide, 'x', 3000);
	wide[3000] = '\0';
	TapSame(ArenaStrdup(arena, ""), "", "an empty string is copied");
	TapSame(ArenaStrndup(arena, "abcdef", 3), "abc", "part of a string is copied");
	TapSame(ArenaPrintf(arena, "%s-%d", "a", 7), "a-7", "ArenaPrintf prints");
	TapSame(ArenaPrintf(arena, "%s", wide), wide, "ArenaPrintf prints what is long");
	ArenaFree(arena);
}

static void
test_release(void)
{
	Arena	   *arena = ArenaCreate();

	ArenaOnReset(arena, note_release, "1");
	ArenaAlloc(arena, 100000);
	ArenaOnReset(arena, note_release, "2");
	ArenaOnReset(arena, note_release, "3");
	ArenaReset(arena);
	TapSame(released, "321", "objects are released at a reset, newest first");
	ArenaReset(arena);
	TapSame(released, "321", "and only once");
	ArenaOnReset(arena, note_release, "4");
	ArenaFree(arena);
	TapSame(released, "3214", "objects are released with the arena");
}

static void
test_out_of_memory(void)
{
	Arena	   *arena = ArenaCreate();
	void		(*volatile before) (size_t) = ArenaOutOfMemory;

	ArenaOutOfMemory = jump_out;
	if (setjmp(out_of_memory) == 0)
	{
		ArenaAlloc(arena, SIZE_MAX - 4);
		TapOk(false, "a size that overflows is refused");
	}
	else
		TapOk(refused_size == SIZE_MAX - 4, "a size that overflows is refused");
	ArenaOutOfMemory = before;
	TapSame(ArenaStrdup(arena, "still"), "still", "the arena survives it");
	ArenaFree(arena);
}

int
main(void)
{
	test_blocks();
	test_sizes();
	test_large_block();
	test_strings();
	test_release();
	test_out_of_memory();
	return TapDone();
}
