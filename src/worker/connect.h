/*
 * src/worker/connect.h
 *
 * What the short-lived workers have in common at their start.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_WORKER_CONNECT_H
#define INGEST_WORKER_CONNECT_H

/*
 * Connect to a database as a role, or as the bootstrap superuser
 * (InvalidOid).  Ends the process if it can't.
 */
extern void WorkerConnect(Oid database, Oid role);

/* The role that workers can connect as for the tables of this owner. */
extern Oid	WorkerRole(Oid owner);

/* Whatever ALTER ROLE or ALTER DATABASE have set, a worker works the same. */
extern void WorkerPinSettings(const char *lock_timeout);

#endif
