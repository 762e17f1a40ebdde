/*
 * src/run/ticks.c
 *
 * The schedule room on the server's clock.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "run/pg_zones.h"
#include "run/run_internal.h"
#include "run/ticks.h"
#include "schedule/schedule.h"

#define EPOCH_SECONDS ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64CONST(86400))

/* Zones met, by the server's own pointer to them */
typedef struct KnownZone
{
	struct KnownZone *next;
	pg_tz	   *host;
	const Zone *zone;
} KnownZone;

struct Ticks
{
	Arena	   *arena;			/* of the zones */
	Arena	   *schedule;		/* of the schedule looked at */
	Arena	   *scratch;
	Zones	   *zones;
	KnownZone  *known;
};

Ticks *
TicksCreate(MemoryContext context)
{
	Ticks	   *ticks = MemoryContextAllocZero(context, sizeof(Ticks));

	ticks->arena = RunArena(context);
	ticks->schedule = RunArena(context);
	ticks->scratch = RunArena(context);
	ticks->zones = ZonesCreate(ticks->arena, PgZoneProvider());
	return ticks;
}

/* ScheduleHost.interval: PostgreSQL's own type */
static bool
read_interval(void *arg, const char *text, int64 *months, int64 *days, int64 *microseconds)
{
	Interval   *interval;

	if (!RunIsAccepted(RunIntervalOf, text))
		return false;
	interval = DatumGetIntervalP(RunIntervalOf(text));
	*months = interval->month;
	*days = interval->day;
	*microseconds = interval->time;
	return true;
}

/* The server's zone of that name, as AT TIME ZONE knows it; NULL: there is none */
static const Zone *
find_zone(Ticks *ticks, const char *name)
{
	pg_tz	   *host = strlen(name) <= TZ_STRLEN_MAX ? pg_tzset(name) : NULL;
	KnownZone  *known;

	if (host == NULL || !pg_tz_acceptable(host))
		return NULL;
	for (known = ticks->known; known != NULL; known = known->next)
		if (known->host == host)
			return known->zone;
	known = ArenaAlloc(ticks->arena, sizeof(KnownZone));
	known->host = host;
	known->zone = ZoneCustom(ticks->zones, PgZoneProvider(), host, NULL);
	known->next = ticks->known;
	ticks->known = known;
	return known->zone;
}

TickResult
TickNext(Ticks *ticks, const char *text, const char *timezone, const char *source,
		 TimestampTz after, TimestampTz *next, bool *counts_from_run, Problem *problem)
{
	static const ScheduleHost host = {read_interval, NULL};
	const Zone *zone = find_zone(ticks, timezone);
	const Schedule *schedule;
	FeedTime	tick;
	int64		whole = after / USECS_PER_SEC - (after % USECS_PER_SEC < 0);
	int64		fraction = after - whole * USECS_PER_SEC;

	ArenaReset(ticks->schedule);
	ArenaReset(ticks->scratch);
	*counts_from_run = false;
	if (zone == NULL)
	{
		ProblemSet(problem, ERROR_CLASS_CONFIG, "time zone \"%.100s\" does not exist", timezone);
		ProblemHint(problem, "SELECT name FROM pg_timezone_names lists them.");
		return TICK_BAD;
	}
	schedule = ScheduleParse(ticks->schedule, text, &host, problem);
	if (schedule == NULL)
		return TICK_BAD;
	if (!ScheduleNext(schedule, zone, whole + EPOCH_SECONDS, ticks->scratch, &tick))
		return TICK_NONE;
	*counts_from_run = ScheduleKindOf(schedule) == SCHEDULE_INTERVAL;
	if (source != NULL)
		tick += ScheduleDelay(schedule, zone, source, tick, ticks->scratch);
	*next = (tick - EPOCH_SECONDS) * USECS_PER_SEC + (*counts_from_run ? fraction : 0);
	return IS_VALID_TIMESTAMP(*next) ? TICK_FOUND : TICK_NONE;
}

void
TickCheck(const char *schedule, const char *timezone)
{
	Ticks	   *ticks = TicksCreate(CurrentMemoryContext);
	Problem		problem = {0};
	TimestampTz next;
	bool		counts_from_run;

	switch (TickNext(ticks, schedule, timezone, NULL, GetCurrentTimestamp(), &next,
					 &counts_from_run, &problem))
	{
		case TICK_FOUND:
			return;
		case TICK_NONE:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("schedule \"%s\" does not come any more", schedule),
					 errhint("Give a later UNTIL, or more of COUNT.")));
			break;
		case TICK_BAD:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s", problem.message),
					 problem.detail[0] != '\0' ? errdetail("%s", problem.detail) : 0,
					 problem.hint[0] != '\0' ? errhint("%s", problem.hint) : 0));
	}
}
