/*
 * src/worker/connect.c
 *
 * What the short-lived workers have in common at their start.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "store/store.h"
#include "worker/connect.h"

void
WorkerPinSettings(const char *lock_timeout)
{
	static const char *const settings[][2] = {
		{"application_name", "ingest"},
		{"DateStyle", "ISO, YMD"},
		{"IntervalStyle", "postgres"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"statement_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
		{"max_parallel_workers_per_gather", "0"},
		{"jit", "off"},
#if PG_VERSION_NUM >= 170000
		{"transaction_timeout", "0"},
#endif
	};

	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("lock_timeout", lock_timeout, PGC_USERSET, PGC_S_SESSION);
	StorePinSettings();
}

void
WorkerConnect(Oid database, Oid role)
{
	uint32		flags = 0;

#if PG_VERSION_NUM >= 170000
	flags |= BGWORKER_BYPASS_ROLELOGINCHECK;
#endif
	BackgroundWorkerInitializeConnectionByOid(database,
											  role == BOOTSTRAP_SUPERUSERID ? InvalidOid : role, flags);
}

/* Up to 16 a worker cannot connect as a role that may not log in */
Oid
WorkerRole(Oid owner)
{
#if PG_VERSION_NUM < 170000
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(owner));
	bool		can_login = false;

	if (HeapTupleIsValid(tuple))
	{
		can_login = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
		ReleaseSysCache(tuple);
	}
	if (!can_login)
		return InvalidOid;
#endif
	return owner == BOOTSTRAP_SUPERUSERID ? InvalidOid : owner;
}
