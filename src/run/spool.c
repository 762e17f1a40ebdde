/*
 * src/run/spool.c
 *
 * A response's body, in memory or in a temporary file.
 */
#include "postgres.h"

#include "storage/buffile.h"
#include "utils/memutils.h"

#include "run/spool.h"

#define IN_MEMORY_MAX	(4 * 1024 * 1024)

/* BufFile cuts its file into pieces of this size; seeks name the piece */
#define FILE_SEGMENT	(1024 * 1024 * 1024)

struct Spool
{
	MemoryContext context;		/* holds the bytes; reset with the spool */
	char	   *bytes;
	size_t		size;
	size_t		allocated;
	BufFile    *file;			/* not NULL: the bytes are here instead */
	MemoryContextCallback on_reset;
};

/* Close the file when the run's memory goes, on success and error alike */
static void
close_file(void *arg)
{
	Spool	   *spool = arg;
	BufFile    *file = spool->file;

	spool->file = NULL;
	if (file != NULL)
		BufFileClose(file);
}

Spool *
SpoolCreate(MemoryContext context)
{
	Spool	   *spool = MemoryContextAllocZero(context, sizeof(Spool));

	spool->context = AllocSetContextCreate(context, "ingest spool", ALLOCSET_DEFAULT_SIZES);
	return spool;
}

void
SpoolReset(Spool *spool)
{
	/* The file's own memory is in the context, and its callback closes it */
	MemoryContextReset(spool->context);
	spool->bytes = NULL;
	spool->size = spool->allocated = 0;
}

/* A body begins: what an earlier attempt left is void */
static void
sink_begin(void *arg)
{
	SpoolReset(arg);
}

/* From memory to a file that outlives transactions */
static void
move_to_file(Spool *spool)
{
	MemoryContext old = MemoryContextSwitchTo(spool->context);

	spool->file = BufFileCreateTemp(true);
	spool->on_reset.func = close_file;
	spool->on_reset.arg = spool;
	MemoryContextRegisterResetCallback(spool->context, &spool->on_reset);
	if (spool->size > 0)
		BufFileWrite(spool->file, spool->bytes, spool->size);
	if (spool->bytes != NULL)
		pfree(spool->bytes);
	spool->bytes = NULL;
	MemoryContextSwitchTo(old);
}

static void
sink_data(void *arg, const char *bytes, size_t length)
{
	Spool	   *spool = arg;

	if (spool->file == NULL && spool->size + length > IN_MEMORY_MAX)
		move_to_file(spool);
	if (spool->file != NULL)
		BufFileWrite(spool->file, (void *) bytes, length);
	else
	{
		/* One byte more: the text is NUL-terminated */
		if (spool->size + length + 1 > spool->allocated)
		{
			spool->allocated = Max(spool->size + length + 1, 2 * spool->allocated);
			spool->bytes = spool->bytes == NULL ?
				MemoryContextAlloc(spool->context, spool->allocated) :
				repalloc(spool->bytes, spool->allocated);
		}
		memcpy(spool->bytes + spool->size, bytes, length);
		spool->bytes[spool->size + length] = '\0';
	}
	spool->size += length;
}

HttpSink
SpoolSink(Spool *spool)
{
	return (HttpSink) {sink_begin, sink_data, spool};
}

/* FeedBody's reader */
static long
read_file(void *arg, size_t offset, char *buffer, size_t length)
{
	Spool	   *spool = arg;

	if (offset >= spool->size)
		return 0;
	length = Min(length, spool->size - offset);
	if (BufFileSeek(spool->file, (int) (offset / FILE_SEGMENT), (off_t) (offset % FILE_SEGMENT), SEEK_SET) != 0)
		return -1;
	return (long) BufFileRead(spool->file, buffer, length);
}

FeedBody
SpoolBody(Spool *spool, const char *content_type)
{
	FeedBody	body = {0};

	body.size = spool->size;
	body.content_type = content_type;
	if (spool->file != NULL)
	{
		body.read = read_file;
		body.arg = spool;
	}
	else
		body.bytes = spool->bytes != NULL ? spool->bytes : "";
	return body;
}
