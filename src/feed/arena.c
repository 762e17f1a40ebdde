/*
 * src/feed/arena.c
 *
 * The feed room's allocator.  Pure C.
 */
#include "feed/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE	(32 * 1024)
#define ALIGNMENT	16
#define ALIGN(size)	(((size) + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1))

typedef struct Chunk
{
	struct Chunk *next;
	size_t		size;			/* usable bytes after the header */
	size_t		used;
	size_t		padding;		/* keeps the data aligned */
} Chunk;

typedef struct Release
{
	struct Release *next;
	void		(*function) (void *);
	void	   *object;
} Release;

struct Arena
{
	Chunk	   *chunks;			/* newest first; the first is filled */
	Release    *releases;		/* newest first; live in the chunks */
	size_t		size;
};

/* Without a host there is nobody to tell */
static void
abort_out_of_memory(size_t size)
{
	abort();
}

void		(*ArenaOutOfMemory) (size_t size) = abort_out_of_memory;

Arena *
ArenaCreate(void)
{
	Arena	   *arena = calloc(1, sizeof(Arena));

	if (arena == NULL)
		ArenaOutOfMemory(sizeof(Arena));
	return arena;
}

/* Put a fresh chunk of at least `size` usable bytes in front */
static void
add_chunk(Arena *arena, size_t size)
{
	size_t		usable = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	Chunk	   *chunk = malloc(sizeof(Chunk) + usable);

	if (chunk == NULL)
		ArenaOutOfMemory(usable);
	chunk->size = usable;
	chunk->used = 0;

	/* A large block goes behind the chunk being filled, which keeps its room */
	if (arena->chunks != NULL && size > CHUNK_SIZE / 4 &&
		arena->chunks->size - arena->chunks->used > CHUNK_SIZE / 4)
	{
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	}
	else
	{
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	arena->size += usable;
}

void *
ArenaAlloc(Arena *arena, size_t size)
{
	Chunk	   *chunk;
	void	   *result;

	if (size > SIZE_MAX / 2)
		ArenaOutOfMemory(size);
	size = ALIGN(size);
	chunk = arena->chunks;
	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		add_chunk(arena, size);
		chunk = arena->chunks;
		if (chunk->size - chunk->used < size)
			chunk = chunk->next;	/* the large block behind it */
	}
	result = (char *) (chunk + 1) + chunk->used;
	chunk->used += size;
	return result;
}

void *
ArenaAlloc0(Arena *arena, size_t size)
{
	return memset(ArenaAlloc(arena, size), 0, size);
}

char *
ArenaStrndup(Arena *arena, const char *bytes, size_t length)
{
	char	   *copy = ArenaAlloc(arena, length + 1);

	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

char *
ArenaStrdup(Arena *arena, const char *string)
{
	return ArenaStrndup(arena, string, strlen(string));
}

char *
ArenaPrintf(Arena *arena, const char *format, ...)
{
	va_list		args;
	int			length;
	char	   *text;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		length = 0;
	text = ArenaAlloc(arena, (size_t) length + 1);
	text[0] = '\0';
	va_start(args, format);
	vsnprintf(text, (size_t) length + 1, format, args);
	va_end(args);
	return text;
}

void
ArenaOnReset(Arena *arena, void (*release) (void *), void *object)
{
	Release    *entry = ArenaAlloc(arena, sizeof(Release));

	entry->function = release;
	entry->object = object;
	entry->next = arena->releases;
	arena->releases = entry;
}

void
ArenaReset(Arena *arena)
{
	Chunk	   *keep = NULL;

	while (arena->releases != NULL)
	{
		Release    *entry = arena->releases;

		arena->releases = entry->next;
		entry->function(entry->object);
	}
	while (arena->chunks != NULL)
	{
		Chunk	   *chunk = arena->chunks;

		arena->chunks = chunk->next;
		if (keep == NULL && chunk->size == CHUNK_SIZE)
			keep = chunk;		/* spares the next round a malloc */
		else
			free(chunk);
	}
	arena->size = 0;
	if (keep != NULL)
	{
		keep->next = NULL;
		keep->used = 0;
		arena->chunks = keep;
		arena->size = keep->size;
	}
}

void
ArenaFree(Arena *arena)
{
	if (arena == NULL)
		return;
	ArenaReset(arena);
	free(arena->chunks);
	free(arena);
}

size_t
ArenaSize(const Arena *arena)
{
	return arena->size;
}

/* ArenaOnReset callback */
static void
free_arena(void *arena)
{
	ArenaFree(arena);
}

Arena *
ArenaCreateWithin(Arena *owner)
{
	Arena	   *arena = ArenaCreate();

	ArenaOnReset(owner, free_arena, arena);
	return arena;
}
