/*
 * src/ingest.c
 *
 * Module entry: the magic block, the settings, and the launcher if the library
 * is preloaded.
 *
 * The library may be preloaded or loaded by the first call of a function; both
 * give the same functions.  What could be used to reach a file or a host is
 * the superuser's alone and never a session's.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "http/guard.h"
#include "settings.h"
#include "worker/launcher.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "ingest", .version = INGEST_VERSION);
#else
PG_MODULE_MAGIC;
#endif

char	   *IngestAllowedNetworks = NULL;
char	   *IngestUserAgent = NULL;
char	   *IngestCaFile = NULL;
char	   *IngestProxy = NULL;
int			IngestConnectTimeout = 10000;
int			IngestRequestTimeout = 60000;
int			IngestRunTimeout = 3600;
int			IngestMaxResponseSize = 128 * 1024;
int			IngestMaxRetries = 4;
int			IngestMaxWorkers = 4;
bool		IngestLogJobs = false;
bool		IngestEnabled = true;
char	   *IngestDatabases = NULL;
int			IngestJobRetention = 90 * 24 * 60;
int			IngestMaxJobs = 10000;
int			IngestRawRetention = 30 * 24 * 60;

PGDLLEXPORT void _PG_init(void);

/* Refuse a list of networks at SET or reload, not in the middle of a run */
static bool
check_allowed_networks(char **newval, void **extra, GucSource source)
{
	char		error[256];
	AddressGuard guard;

	if (!AddressGuardParse(&guard, *newval, error, sizeof(error)))
	{
		GUC_check_errdetail("%s", error);
		GUC_check_errhint("Give networks in CIDR notation, separated by commas, such as 127.0.0.0/8, 10.1.0.0/16.");
		return false;
	}
	return true;
}

/* Where requests may go, and by which way */
static void
define_network_settings(void)
{
	DefineCustomStringVariable("ingest.allowed_networks",
							   "Networks that sources may reach beside public addresses.",
							   "A comma-separated list of CIDRs; empty: none. Loopback, private and link-local addresses are refused unless listed here.",
							   &IngestAllowedNetworks, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_allowed_networks, NULL, NULL);
	DefineCustomStringVariable("ingest.proxy",
							   "HTTP proxy for all requests; empty: none.",
							   "The environment's proxy settings are ignored. The address guard then sees the proxy's address only.",
							   &IngestProxy, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("ingest.ca_file",
							   "File with the certificates of trusted authorities; empty: the system's.",
							   NULL, &IngestCaFile, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("ingest.user_agent",
							   "User-Agent header of all requests.",
							   NULL, &IngestUserAgent, "ingest/1.0",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
}

/* How much one run may take */
static void
define_limit_settings(void)
{
	DefineCustomIntVariable("ingest.connect_timeout",
							"Longest wait for a connection, name resolution and TLS included.",
							NULL, &IngestConnectTimeout, 10000, 100, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.request_timeout",
							"Longest time for one request.",
							NULL, &IngestRequestTimeout, 60000, 100, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.run_timeout",
							"Longest time for one run; 0: no limit.",
							NULL, &IngestRunTimeout, 3600, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.max_response_size",
							"Largest response, after decompression.",
							NULL, &IngestMaxResponseSize, 128 * 1024, 1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.max_retries",
							"How often a request is tried again.",
							NULL, &IngestMaxRetries, 4, 0, 20,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.max_workers",
							"How many runs the schedules, and ingest_run_all(), keep going side by side.",
							"Each takes one of max_worker_processes while it lasts.",
							&IngestMaxWorkers, 4, 1, 1024,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("ingest.log_jobs",
							 "Writes the end of every job to the server log.",
							 "Failures are logged in any case.",
							 &IngestLogJobs, false,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
}

/* What is kept, and for how long */
static void
define_retention_settings(void)
{
	DefineCustomIntVariable("ingest.job_retention",
							"How long jobs are kept, with the records they refused; -1: for ever.",
							"Failed ones are kept four times as long, and a source's last 20 jobs always.",
							&IngestJobRetention, 90 * 24 * 60, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.max_jobs",
							"How many jobs of a source are kept at most; 0: no limit.",
							NULL, &IngestMaxJobs, 10000, 0, INT_MAX,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ingest.raw_retention",
							"How long after an event its record is kept as it came; -1: for ever.",
							"What was read from it is kept in any case.",
							&IngestRawRetention, 30 * 24 * 60, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN, NULL, NULL, NULL);
}

static bool
check_databases(char **newval, void **extra, GucSource source)
{
	char	   *list = pstrdup(*newval);
	List	   *names;

	if (!SplitGUCList(list, ',', &names))
	{
		GUC_check_errdetail("It is a list of database names, separated by commas.");
		return false;
	}
	return true;
}

/* What runs by itself */
static void
define_schedule_settings(void)
{
	DefineCustomBoolVariable("ingest.enabled",
							 "Runs sources by their schedules.",
							 "Off: they run on demand only. For migrations, and for copies of a server.",
							 &IngestEnabled, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("ingest.databases",
							   "Databases whose schedules are followed; empty: all that have the extension.",
							   "A list of names, separated by commas.",
							   &IngestDatabases, "",
							   PGC_SIGHUP, 0, check_databases, NULL, NULL);
}

void
_PG_init(void)
{
	define_schedule_settings();
	define_network_settings();
	define_limit_settings();
	define_retention_settings();
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved("ingest");
#else
	EmitWarningsOnPlaceholders("ingest");
#endif

	/* Nothing may run in a cluster that pg_upgrade works on */
	if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade)
		LauncherRegister();
}
