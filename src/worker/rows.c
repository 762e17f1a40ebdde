/*
 * src/worker/rows.c
 *
 * A row is one message: its kind, then each column as a length and its bytes
 * with their NUL; length -1 is NULL.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "utils/memutils.h"

#include "worker/rows.h"

#define QUEUE_SIZE ((Size) 64 * 1024)

struct Rows
{
	shm_mq_handle *queue;
	StringInfoData message;		/* being sent */
};

Size
RowsSize(void)
{
	return QUEUE_SIZE;
}

void
RowsInit(void *address)
{
	(void) shm_mq_create(address, QUEUE_SIZE);
}

Rows *
RowsReceiver(void *address, dsm_segment *segment, BackgroundWorkerHandle *handle)
{
	Rows	   *rows = palloc0(sizeof(Rows));

	shm_mq_set_receiver(address, MyProc);
	rows->queue = shm_mq_attach(address, segment, handle);
	return rows;
}

Rows *
RowsSender(void *address, dsm_segment *segment)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	Rows	   *rows = palloc0(sizeof(Rows));

	shm_mq_set_sender(address, MyProc);
	rows->queue = shm_mq_attach(address, segment, NULL);
	initStringInfo(&rows->message);
	MemoryContextSwitchTo(old);
	return rows;
}

void
RowsSend(Rows *rows, RowKind kind, const char *const *columns, int ncolumns)
{
	StringInfo	message = &rows->message;
	shm_mq_result result;

	resetStringInfo(message);
	appendStringInfoChar(message, (char) kind);
	for (int i = 0; i < ncolumns; i++)
	{
		int32		length = columns[i] == NULL ? -1 : (int32) strlen(columns[i]);

		appendBinaryStringInfo(message, (const char *) &length, sizeof(length));
		if (columns[i] != NULL)
			appendBinaryStringInfo(message, columns[i], length + 1);
	}
#if PG_VERSION_NUM >= 150000
	result = shm_mq_send(rows->queue, message->len, message->data, false, true);
#else
	result = shm_mq_send(rows->queue, message->len, message->data, false);
#endif
	if (result != SHM_MQ_SUCCESS)
		proc_exit(0);
}

bool
RowsReceive(Rows *rows, RowKind *kind, const char *columns[ROWS_MAX_COLUMNS])
{
	Size		size;
	void	   *data;
	const char *at;
	const char *end;

	if (shm_mq_receive(rows->queue, &size, &data, false) != SHM_MQ_SUCCESS)
		return false;
	at = data;
	end = at + size;
	*kind = *at++;
	memset(columns, 0, ROWS_MAX_COLUMNS * sizeof(char *));
	for (int i = 0; at < end && i < ROWS_MAX_COLUMNS; i++)
	{
		int32		length;

		memcpy(&length, at, sizeof(length));
		at += sizeof(length);
		if (length < 0)
			continue;
		columns[i] = at;
		at += length + 1;
	}
	return true;
}
