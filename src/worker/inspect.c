/*
 * src/worker/inspect.c
 *
 * A check or a dry run in a process of its own: the network is waited for
 * here, with no transaction, and a library's crash or leak is not the
 * session's.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "run/run.h"
#include "worker/inspect.h"
#include "worker/launch.h"

/* PreviewReport */
static void
send_preview(void *arg, const PreviewRow *row)
{
	const char *const columns[] = {row->action, row->source_id, row->title, row->starts_at,
	row->venue_name, row->event_id, row->changes, row->problem};

	RowsSend(arg, ROW_RESULT, columns, lengthof(columns));
}

/* CheckReport */
static void
send_step(void *arg, const char *step, bool ok, const char *detail)
{
	const char *const columns[] = {step, ok ? "true" : "false", detail};

	RowsSend(arg, ROW_RESULT, columns, lengthof(columns));
}

void
InspectSource(RunShared *shared, Rows *rows)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "ingest run", ALLOCSET_DEFAULT_SIZES);
	JobEnd		end = {0};
	char	  **warnings = NULL;
	int			nwarnings = 0;
	bool		known;

	MemoryContextSwitchTo(context);
	if (shared->mode == RUN_MODE_CHECK)
		known = RunCheck(shared->source, send_step, rows, &end);
	else
		known = RunPreview(shared->source, shared->max_records, send_preview, rows,
						   &end, &warnings, &nwarnings);

	for (int i = 0; i < nwarnings; i++)
		RowsSend(rows, ROW_WARNING, (const char *const *) &warnings[i], 1);
	if (!known)
		pg_atomic_write_u32(&shared->state, LAUNCH_NO_SOURCE);
	else if (end.sqlstate != NULL)
	{
		const char *const columns[] = {end.sqlstate, end.message, end.detail, end.hint};

		RowsSend(rows, ROW_ERROR, columns, lengthof(columns));
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(context);
}
