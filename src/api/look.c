/*
 * src/api/look.c
 *
 * Looks at the tables before a wait.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "store/store.h"

void
ApiBeginLook(ApiLook *look)
{
	look->context = CurrentMemoryContext;
	look->owner = CurrentResourceOwner;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(look->context);
}

/* The locks of a subtransaction that is rolled back are released */
void
ApiEndLook(const ApiLook *look)
{
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(look->context);
	CurrentResourceOwner = look->owner;
}

void
ApiCheckSource(const char *source)
{
	ApiLook		look;
	bool		exists;

	ApiBeginLook(&look);
	exists = SourceLoad(source) != NULL;
	ApiEndLook(&look);
	if (!exists)
		SourceUnknown(source);
}
