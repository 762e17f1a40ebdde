/*
 * src/worker/planner.c
 *
 * The planner: a short process that looks at one database's sources for the
 * launcher, which is connected to none.
 *
 *   connect; is the extension there, in this library's version, at home?
 *   close the jobs of dead processes	                commit
 *   compute next runs that are open, list what is due	commit
 *   answer, end
 *
 * Whatever goes wrong here is an answer too, and ends no other process.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "run/settle.h"
#include "settings.h"
#include "store/plan.h"
#include "worker/launcher.h"
#include "worker/connect.h"

PGDLLEXPORT void ingest_planner_main(Datum arg);

/* What the launcher gives along; fits bgw_extra */
typedef struct PlannerRequest
{
	Oid			database;
	Oid			owner;
	uint32		ticket;
} PlannerRequest;

StaticAssertDecl(sizeof(PlannerRequest) <= BGW_EXTRALEN, "a planner's request must fit");

bool
PlannerStart(const LauncherShared *shared, dsm_handle handle, Oid database, Oid owner,
			 BackgroundWorkerHandle **planner)
{
	PlannerRequest request = {database, owner, shared->plan.ticket};
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
#ifdef BGWORKER_INTERRUPTIBLE
	worker.bgw_flags |= BGWORKER_INTERRUPTIBLE;
#endif
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "ingest", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "ingest_planner_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "ingest planner", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "ingest planner", sizeof(worker.bgw_type));
	worker.bgw_main_arg = UInt32GetDatum(handle);
	memcpy(worker.bgw_extra, &request, sizeof(request));
	worker.bgw_notify_pid = MyProcPid;
	return RegisterDynamicBackgroundWorker(&worker, planner);
}

/* The installed version of the extension, palloc'd; NULL: not installed */
static char *
extension_version(void)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("ingest"));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_extension_extversion,
										 RelationGetDescr(relation), &isnull);

		version = isnull ? pstrdup("") : TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return version;
}

/* May this database be worked in?  PLAN_DONE: yes */
static PlanOutcome
look_around(LauncherPlan *plan)
{
	PlanOutcome outcome = PLAN_DONE;
	char	   *version;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	version = extension_version();
	if (version == NULL || !OidIsValid(StoreOwner()))
		outcome = PLAN_NO_EXTENSION;
	else if (strcmp(version, INGEST_VERSION) != 0)
	{
		outcome = PLAN_OTHER_VERSION;
		snprintf(plan->problem, sizeof(plan->problem),
				 "the extension is at version %s, the server's library at %s", version, INGEST_VERSION);
	}
	else
	{
		plan->owner = WorkerRole(StoreOwner());
		if (PlanHomeLook() == HOME_ELSEWHERE)
		{
			outcome = PLAN_COPY;
			strlcpy(plan->problem, "its sources were added in another database, of which this is a copy",
					sizeof(plan->problem));
		}
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return outcome;
}

/* What is due */
static void
make_plan(LauncherPlan *plan)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "ingest plan", ALLOCSET_DEFAULT_SIZES);
	StoreSession session;
	DueList		list;

	StoreTransactionBegin(&session);
	SettleSweep();
	StoreTransactionCommit(&session);

	StoreTransactionBegin(&session);
	(void) SettleOpen();
	CommandCounterIncrement();
	MemoryContextSwitchTo(context);
	PlanDue(LAUNCHER_DUE, &list);
	plan->nsources = list.nsources;
	plan->ndue = list.ndue;
	plan->next_due = list.next_due;
	plan->nruns = list.nlisted;
	for (int i = 0; i < list.nlisted; i++)
	{
		plan->runs[i].due_at = list.sources[i].due_at;
		strlcpy(plan->runs[i].source, list.sources[i].name, sizeof(plan->runs[i].source));
	}
	StoreTransactionCommit(&session);
}

static void
answer(const LauncherView *view, const PlannerRequest *request, const LauncherPlan *plan)
{
	LWLockAcquire(&view->shared->lock, LW_EXCLUSIVE);
	if (view->shared->plan.ticket == request->ticket)
		memcpy(&view->shared->plan, plan, sizeof(*plan));
	LWLockRelease(&view->shared->lock);
	LauncherWake(view);
}

void
ingest_planner_main(Datum arg)
{
	PlannerRequest request;
	LauncherView view;
	LauncherPlan *plan;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	/* Its launcher is gone: nobody waits for an answer */
	memcpy(&request, MyBgworkerEntry->bgw_extra, sizeof(request));
	if (!LauncherAttach(&view, DatumGetUInt32(arg)))
		proc_exit(0);
	dsm_pin_mapping(view.segment);

	WorkerConnect(request.database, request.owner);
	WorkerPinSettings("2s");
	plan = MemoryContextAllocZero(TopMemoryContext, sizeof(LauncherPlan));
	plan->ticket = request.ticket;
	PG_TRY();
	{
		plan->outcome = look_around(plan);
		if (plan->outcome == PLAN_DONE)
			make_plan(plan);
	}
	PG_CATCH();
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
		ErrorData  *error = CopyErrorData();

		MemoryContextSwitchTo(old);
		plan->outcome = PLAN_FAILED;
		strlcpy(plan->problem, error->message ? error->message : "unknown error", sizeof(plan->problem));
		answer(&view, &request, plan);
		PG_RE_THROW();
	}
	PG_END_TRY();
	pgstat_report_stat(true);
	answer(&view, &request, plan);
	proc_exit(0);
}
