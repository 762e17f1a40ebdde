/*
 * src/worker/found.c
 *
 * Being the launcher, finding it, and telling it what has changed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "worker/launcher.h"

/* The fourth field of an advisory lock's tag: see also store/job.c */
#define LOCK_CLASS_LAUNCHER	78
#define LOCK_CLASS_MEMORY	79

#define LAUNCHER_MAGIC		0x1A6E5701

static bool
take_lock(uint32 field, uint16 class)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, InvalidOid, field, 0, class);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

LauncherShared *
LauncherBecome(dsm_handle *handle)
{
	dsm_segment *segment;
	LauncherShared *shared;

	if (!take_lock(0, LOCK_CLASS_LAUNCHER))
		return NULL;
	segment = dsm_create(sizeof(LauncherShared), 0);
	dsm_pin_mapping(segment);
	*handle = dsm_segment_handle(segment);
	shared = dsm_segment_address(segment);
	memset(shared, 0, sizeof(*shared));
	shared->magic = LAUNCHER_MAGIC;
	shared->pid = MyProcPid;
	shared->started_at = GetCurrentTimestamp();
	LWLockInitialize(&shared->lock, LWLockNewTrancheId());
	if (!take_lock(*handle, LOCK_CLASS_MEMORY))
		elog(ERROR, "another process has the lock of the launcher's memory");
	return shared;
}

/* The holder of a launcher's lock, and the lock's first field */
static int
find_holder(uint16 class, uint32 *field)
{
	LockData   *locks = GetLockStatusData();

	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];

		if (lock->locktag.locktag_type == LOCKTAG_ADVISORY &&
			lock->locktag.locktag_field1 == InvalidOid &&
			lock->locktag.locktag_field4 == class && lock->holdMask != 0)
		{
			if (field != NULL)
				*field = lock->locktag.locktag_field2;
			return lock->pid;
		}
	}
	return 0;
}

int
LauncherPid(void)
{
	return find_holder(LOCK_CLASS_LAUNCHER, NULL);
}

bool
LauncherAttach(LauncherView *view, dsm_handle handle)
{
	memset(view, 0, sizeof(*view));
	view->segment = dsm_attach(handle);
	if (view->segment == NULL)
		return false;
	view->shared = dsm_segment_address(view->segment);
	if (view->shared->magic == LAUNCHER_MAGIC)
		view->process = BackendPidGetProc(view->shared->pid);
	if (view->process != NULL)
		return true;
	LauncherLeave(view);
	return false;
}

bool
LauncherFind(LauncherView *view)
{
	uint32		handle;

	memset(view, 0, sizeof(*view));
	if (find_holder(LOCK_CLASS_MEMORY, &handle) == 0)
		return false;

	/* A backend maps a segment once */
	if (dsm_find_mapping(handle) != NULL)
		return false;
	return LauncherAttach(view, handle);
}

void
LauncherLeave(LauncherView *view)
{
	if (view->segment != NULL)
		dsm_detach(view->segment);
	memset(view, 0, sizeof(*view));
}

/* Its latch is in shared memory whether it lives or not */
void
LauncherWake(const LauncherView *view)
{
	SetLatch(&view->process->procLatch);
}

void
LauncherTell(const LauncherView *view, Oid database, TimestampTz due_at)
{
	LauncherShared *shared = view->shared;
	int			i = 0;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	while (i < shared->nmessages && shared->messages[i].database != database)
		i++;
	if (i < shared->nmessages)
	{
		/* The earlier one says the later one too */
		if (due_at < shared->messages[i].due_at)
			shared->messages[i].due_at = due_at;
	}
	else if (i < LAUNCHER_MESSAGES)
	{
		shared->messages[i].database = database;
		shared->messages[i].due_at = due_at;
		shared->nmessages++;
	}
	else
		shared->overflow = true;
	LWLockRelease(&shared->lock);
	LauncherWake(view);
}

/* ---- at commit ---- */

static bool wake_wanted = false;
static bool callback_registered = false;
static LauncherView commit_view;

/*
 * What may fail is done before the commit; after it, nothing that could.  The
 * mapping belongs to the transaction, whose abort releases it.
 */
static void
at_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (wake_wanted)
				(void) LauncherFind(&commit_view);
			break;
		case XACT_EVENT_COMMIT:
			if (commit_view.segment != NULL)
			{
				LauncherTell(&commit_view, MyDatabaseId, 0);
				LauncherLeave(&commit_view);
			}
			wake_wanted = false;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			memset(&commit_view, 0, sizeof(commit_view));
			wake_wanted = false;
			break;
		default:
			break;
	}
}

void
LauncherWakeAtCommit(void)
{
	if (!callback_registered)
	{
		RegisterXactCallback(at_end, NULL);
		callback_registered = true;
	}
	wake_wanted = true;
}
