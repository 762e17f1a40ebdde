/*
 * src/run/settle.h
 *
 * What a run means for the next one: when it is, and whether there is one.
 *
 * A run that ended well, or was cancelled, is followed by the next tick of the
 * schedule after it began; ticks missed meanwhile are one run, at once.  Every
 * run counts, whoever asked for it.
 *
 * A run that failed
 *   for a passing reason (network, upstream, rate limit, our own mistake) is
 *     tried again after a wait of 1 minute that doubles with each failure in a
 *     row, up to 6 hours, give or take a fifth; each attempt is one run, so a
 *     source that is down is probed and not flooded;
 *   for one that the next tick will not mend by itself (a body that cannot be
 *     read, an address that does not exist) is tried at the next tick, or
 *     after that wait if it is longer;
 *   for its configuration or its credential, three times in a row, is paused;
 *   because its process crashed: after 5 minutes at least, and three times in a
 *     row it is paused.
 * What the upstream asked for (Retry-After) is source_state.not_before, and
 * holds beside all this.  After ingest_resume(), one more failure of the same
 * kind pauses again: the resumed run is the probe.
 *
 * Sources without a schedule are not paused: nothing runs them by itself.
 *
 * A run that the stop of the server interrupted is no failure, and is made up
 * for when the server is back.
 *
 * Needs postgres.h before it.
 */
#ifndef INGEST_RUN_SETTLE_H
#define INGEST_RUN_SETTLE_H

#include "run/ticks.h"
#include "store/plan.h"
#include "store/store.h"

/* So many failures of a lasting kind in a row pause a source. */
#define SETTLE_PAUSE_AFTER 3

/*
 * The state of a source after its run (JobClose comes first), in the same
 * transaction; when it is due next, DT_NOEND: not by itself.
 */
extern TimestampTz SettleRun(const char *source, TimestampTz started_at, const JobEnd *end);

/* Close the jobs of dead processes, and settle their sources. */
extern void SettleSweep(void);

/* Compute next runs that are still open; how many there were. */
extern int	SettleOpen(void);

#endif
