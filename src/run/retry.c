/*
 * src/run/retry.c
 *
 * A rival's deadlock, serialization failure or lock time-out is nobody's
 * fault: the same work is tried again, with what is still in memory.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "run/run_internal.h"

#define ATTEMPTS 5

/* Sleep a while that differs between processes, so that rivals part */
static void
back_off(int attempt)
{
	long		ms = 10 * attempt + (MyProcPid * 7919 + attempt * 104729) % 50;

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static bool
is_rivalry(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE ||
		sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

/*
 * The work once; false when a rival prevented it.  In the caller's transaction
 * there is nothing to try again.
 */
static bool
attempt(const Run *run, void (*work) (void *arg), void *arg, bool is_last)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool done = false;

	PG_TRY();
	{
		work(arg);
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!run->own_transactions || is_last || !is_rivalry(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(context);
	}
	PG_END_TRY();
	return done;
}

void
RunRetried(const Run *run, void (*work) (void *arg), void *arg, void (*undo) (void *arg))
{
	for (int i = 1; !attempt(run, work, arg, i == ATTEMPTS); i++)
	{
		if (undo != NULL)
			undo(arg);
		back_off(i);
	}
}
