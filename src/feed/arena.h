/*
 * src/feed/arena.h
 *
 * Memory of the feed room: a bump allocator whose chunks are freed together.
 * An arena also owns what other libraries allocated with malloc (a
 * json_object, an icalcomponent): register it with ArenaOnReset and it is
 * freed with the rest, whether the work ended well or was thrown out of.
 *
 * Pure C.  Inside PostgreSQL an arena hangs on a memory context's reset
 * callback; see run/.
 */
#ifndef INGEST_FEED_ARENA_H
#define INGEST_FEED_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Arena Arena;

/*
 * Called when malloc fails, with the size asked for; must not return.  The
 * server sets it to raise ERROR; by default the process is aborted.
 */
extern void (*ArenaOutOfMemory) (size_t size);

extern Arena *ArenaCreate(void);

/* An arena that is freed when its owner is reset or freed. */
extern Arena *ArenaCreateWithin(Arena *owner);

/* Free everything allocated since creation; the arena stays usable. */
extern void ArenaReset(Arena *arena);

/* Reset, then free the arena itself.  NULL is allowed. */
extern void ArenaFree(Arena *arena);

/* Bytes the arena holds from malloc now. */
extern size_t ArenaSize(const Arena *arena);

/* Uninitialised / zeroed memory, aligned for any type; never NULL. */
extern void *ArenaAlloc(Arena *arena, size_t size);
extern void *ArenaAlloc0(Arena *arena, size_t size);

/* NUL-terminated copies. */
extern char *ArenaStrdup(Arena *arena, const char *string);
extern char *ArenaStrndup(Arena *arena, const char *bytes, size_t length);
extern char *ArenaPrintf(Arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Call release(object) when the arena is reset or freed, newest first. */
extern void ArenaOnReset(Arena *arena, void (*release) (void *), void *object);

#endif
