/*
 * test/unit/ics_corpus.c
 *
 * How far the ics connector agrees with other readers of the same calendars.
 * Run by hand, as the calendars are not part of the project:
 *
 *	 ics_corpus [-v] DIR		DIR/corpus/PROJECT/FILE and the occurrences
 *								expected in DIR/expected/PROJECT/FILE.json
 *	 valgrind --leak-check=full --error-exitcode=9 ics_corpus DIR
 *								the same for a build without sanitizers
 *	 ics_corpus -s FILE ...		only survive, and say what was found
 *
 * A series agrees if in every window its occurrences are the expected ones, by
 * start, end, kind, status and title.  -v prints each that does not.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "feed/json_read.h"
#include "feed/text.h"
#include "feed/when.h"
#include "feed_harness.h"

extern const Connector IcsConnector;

/* A file that takes longer hangs */
#define SECONDS_A_FILE 20

/* Occurrences listed of one series in one window, when it says truncated */
#define LISTED_MAX 1000

/* How the ids of events without a UID begin */
#define NO_UID "no-uid-"

typedef struct Tally
{
	int			agree;
	int			total;
} Tally;

static bool verbose;
static const char *at_hand = "";
static Tally normative,
			by_agreement,
			empty,
			survive;
static double slowest;
static char slowest_file[512];

static void
on_alarm(int signal)
{
	fprintf(stderr, "HANG: %s\n", at_hand);
	_exit(3);
}

static char *
read_file(const char *path, size_t *length)
{
	FILE	   *file = fopen(path, "rb");
	char	   *bytes;
	struct stat info;

	if (file == NULL || fstat(fileno(file), &info) != 0)
		return NULL;
	bytes = malloc(info.st_size + 1);
	*length = fread(bytes, 1, info.st_size, file);
	bytes[*length] = '\0';
	fclose(file);
	return bytes;
}

/* Take a calendar in a window, timed */
static Harness *
take(const char *bytes, size_t length, FeedTime start, FeedTime end)
{
	Harness    *h = HarnessOpen(&IcsConnector, "{\"default_timezone\": \"UTC\", \"window_start\": \"-infinity\"}");
	clock_t		began = clock();
	double		seconds;

	h->shows_withheld = true;
	h->feed.window_start = start;
	h->feed.window_end = end;
	alarm(SECONDS_A_FILE);
	/* through small chunks now and then: it must make no difference */
	if (length % 3 == 0)
		HarnessRunChunked(h, bytes, length, 1000);
	else
		HarnessRun(h, bytes, length);
	alarm(0);
	seconds = (double) (clock() - began) / CLOCKS_PER_SEC;
	if (seconds > slowest)
	{
		slowest = seconds;
		snprintf(slowest_file, sizeof(slowest_file), "%s", at_hand);
	}
	return h;
}

/* ---- comparing ---- */

static bool
is_of_uid(const Listing *listing, const char *uid)
{
	size_t		length = strlen(uid);

	if (listing->series_id != NULL && strcmp(uid, NO_UID) != 0)
		return strcmp(listing->series_id, uid) == 0;
	if (strcmp(uid, NO_UID) == 0)
		return strncmp(listing->source_id, uid, length) == 0;
	return strncmp(listing->source_id, uid, length) == 0 &&
		(listing->source_id[length] == '\0' || listing->source_id[length] == '/');
}

static bool
in_list(const JsonNode *list, const char *word)
{
	for (int i = 0; i < JsonCount(list); i++)
	{
		size_t		length;
		const char *item = JsonString(JsonElementAt(list, i), NULL, &length);

		if (item != NULL && strcmp(item, word) == 0)
			return true;
	}
	return false;
}

/* An expected time as seconds: instants, bare local times and dates alike */
static FeedTime
expected_time(const JsonNode *occurrence, const char *name)
{
	size_t		length;
	const char *text = JsonString(occurrence, name, &length);
	int64_t		value;

	return text == NULL || WhenParse(text, length, &value) == WHEN_INVALID ?
		FEED_TIME_UNKNOWN : value;
}

/* What of the listing is not as expected; NULL: nothing */
static const char *
difference(Arena *arena, const Listing *listing, const JsonNode *occurrence, const JsonNode *unsure)
{
	size_t		length;
	const char *summary = JsonString(occurrence, "summary", &length);
	const char *status = JsonString(occurrence, "status", &length);
	FeedTime	end = expected_time(occurrence, "end");
	FeedTime	ours = listing->ends_at == FEED_TIME_UNKNOWN ? listing->starts_at : listing->ends_at;

	if (summary != NULL)
		summary = TextLine(arena, summary, strlen(summary), true);
	if ((JsonBoolean(occurrence, "all_day") == TRI_TRUE) != listing->all_day &&
		!in_list(unsure, "all_day"))
		return "all_day";
	if (end != FEED_TIME_UNKNOWN && end != ours && !in_list(unsure, "end"))
		return "end";
	if ((status != NULL && strcasecmp(status, "CANCELLED") == 0) !=
		(listing->status == STATUS_CANCELLED) && !in_list(unsure, "status"))
		return "status";
	if (summary != NULL && strcmp(summary, listing->title) != 0 && !in_list(unsure, "summary"))
		return "title";
	return NULL;
}

/* The listing of that uid and start that is not taken yet, best first */
static const Listing *
find_listing(const Harness *h, bool *taken, const char *uid, FeedTime start, Arena *arena,
			 const JsonNode *occurrence, const JsonNode *unsure, const char **why)
{
	int			found = -1;

	*why = "missing";
	for (int i = 0; i < h->nitems; i++)
	{
		const HarnessItem *item = &h->items[i];
		const char *differs;

		if (item->result != MAP_LISTING || taken[i] || item->listing.starts_at != start ||
			!is_of_uid(&item->listing, uid))
			continue;
		differs = difference(arena, &item->listing, occurrence, unsure);
		if (found < 0 || differs == NULL)
		{
			found = i;
			*why = differs;
		}
		if (differs == NULL)
			break;
	}
	if (found < 0)
		return NULL;
	taken[found] = true;
	return &h->items[found].listing;
}

/* One series in one window */
static bool
series_agrees(const Harness *h, const JsonNode *window, const char *series, const JsonNode *facts,
			  bool alone, Arena *arena)
{
	const JsonNode *occurrences = JsonAt(window, "occurrences");
	const JsonNode *unsure = JsonAt(facts, "unsure_fields");
	bool	   *taken = ArenaAlloc0(arena, h->nitems + 1);
	const char *uid = series;
	bool		truncated = JsonBoolean(facts, "truncated") == TRI_TRUE;
	int			nours = 0,
				nexpected = 0;
	size_t		length;

	for (int i = 0; i < JsonCount(occurrences); i++)
	{
		const JsonNode *occurrence = JsonElementAt(occurrences, i);
		const char *name = JsonString(occurrence, "series", &length);
		const char *why;

		if (name == NULL || strcmp(name, series) != 0)
			continue;
		if (JsonString(occurrence, "uid", &length) != NULL)
			uid = JsonString(occurrence, "uid", &length);
		else
			uid = NO_UID;
		nexpected++;
		find_listing(h, taken, uid, expected_time(occurrence, "start"), arena, occurrence, unsure, &why);
		if (why != NULL)
		{
			if (verbose)
				printf("  %s: series \"%s\": %s: %s\n", at_hand, series, why,
					   JsonToText(arena, occurrence));
			return false;
		}
	}
	for (int i = 0; i < h->nitems; i++)
		if (h->items[i].result == MAP_LISTING && is_of_uid(&h->items[i].listing, uid))
			nours++;
	if (!alone || nours == nexpected || (truncated && nexpected >= LISTED_MAX))
		return true;
	if (verbose)
	{
		printf("  %s: series \"%s\": %d instead of %d\n", at_hand, series, nours, nexpected);
		for (int i = 0; i < h->nitems; i++)
			if (h->items[i].result == MAP_LISTING && is_of_uid(&h->items[i].listing, uid) && !taken[i])
			{
				printf("    too many: %s at %lld\n", h->items[i].listing.source_id,
					   (long long) h->items[i].listing.starts_at);
				break;
			}
	}
	return false;
}

/* Do other series of the file stand for the same UID? */
static bool
is_alone(const JsonNode *root, const char *series)
{
	const JsonNode *disputed = JsonAt(root, "disputed_series");
	const JsonNode *windows = JsonAt(root, "windows");
	const char *uid = NULL;
	size_t		length;

	if (JsonCount(disputed) > 0)
		return false;
	for (int w = 0; w < JsonCount(windows); w++)
	{
		const JsonNode *occurrences = JsonAt(JsonElementAt(windows, w), "occurrences");

		for (int i = 0; i < JsonCount(occurrences); i++)
		{
			const JsonNode *occurrence = JsonElementAt(occurrences, i);

			if (strcmp(JsonString(occurrence, "series", &length), series) == 0)
				uid = JsonString(occurrence, "uid", &length);
		}
	}
	return uid != NULL && strcmp(uid, series) == 0;
}

static void
compare(const JsonNode *root, const char *bytes, size_t length)
{
	Arena	   *arena = ArenaCreate();
	const JsonNode *windows = JsonAt(root, "windows");
	const JsonNode *all = JsonAt(root, "series");
	Harness    *runs[16];
	int			nruns = 0;
	void	   *cursor = NULL;
	const char *series;
	const JsonNode *facts;

	for (int w = 0; w < JsonCount(windows) && w < 16; w++)
		runs[nruns++] = take(bytes, length, expected_time(JsonElementAt(windows, w), "start"),
							 expected_time(JsonElementAt(windows, w), "end"));
	while (JsonNextMember(all, &cursor, &series, &facts))
	{
		size_t		word_length;
		const char *strength = JsonString(facts, "strength", &word_length);
		Tally	   *tally = strcmp(strength, "normative") == 0 ? &normative : &by_agreement;
		bool		alone = is_alone(root, series);
		bool		agrees = true;

		for (int w = 0; w < nruns && agrees; w++)
			agrees = series_agrees(runs[w], JsonElementAt(windows, w), series, facts, alone, arena);
		if (!agrees && verbose)
			printf("%s %s %s\n", strength, at_hand, JsonToText(arena, JsonAt(facts, "flags")));
		tally->total++;
		tally->agree += agrees;
	}
	for (int w = 0; w < nruns; w++)
		HarnessClose(runs[w]);
	ArenaFree(arena);
}

/* ---- files ---- */

/* All of time: for calendars that need only be survived */
static void
take_any(const char *bytes, size_t length, Tally *tally, bool must_be_empty)
{
	Harness    *h = take(bytes, length, INT64_C(946684800), INT64_C(1893456000));
	bool		fine = must_be_empty ? h->page_ok && h->nlistings == 0 && h->nrefused == 0 :
		h->page_ok || ProblemIsSet(&h->problem);

	tally->total++;
	tally->agree += fine;
	if (!fine && verbose)
		printf("  %s: %s, %d listings, %d refused\n", at_hand,
			   h->page_ok ? "read" : h->problem.message, h->nlistings, h->nrefused);
	HarnessClose(h);
}

static void
take_case(const char *dir, const char *project, const char *name)
{
	char		path[1024];
	char		answer[1100];
	char	   *bytes;
	char	   *json;
	size_t		length,
				json_length;
	Arena	   *arena = ArenaCreate();
	const JsonNode *root = NULL;
	Problem		problem;
	const char *class = "survive";

	snprintf(path, sizeof(path), "%s/corpus/%s/%s", dir, project, name);
	snprintf(answer, sizeof(answer), "%s/expected/%s/%s.json", dir, project, name);
	at_hand = path;
	bytes = read_file(path, &length);
	json = read_file(answer, &json_length);
	if (json != NULL && JsonRead(JsonReaderCreate(arena), arena, json, json_length, &root, &problem))
		class = JsonString(root, "class", &json_length);
	if (strcmp(class, "certain") == 0 || strcmp(class, "mixed") == 0)
		compare(root, bytes, length);
	else
		take_any(bytes, length, strcmp(class, "certain-empty") == 0 ? &empty : &survive,
				 strcmp(class, "certain-empty") == 0);
	ArenaFree(arena);
	free(json);
	free(bytes);
}

static void
take_dir(const char *dir)
{
	char		path[1024];
	DIR		   *projects;
	struct dirent *project;

	snprintf(path, sizeof(path), "%s/corpus", dir);
	projects = opendir(path);
	while (projects != NULL && (project = readdir(projects)) != NULL)
	{
		DIR		   *files;
		struct dirent *file;

		if (project->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/corpus/%s", dir, project->d_name);
		files = opendir(path);
		while (files != NULL && (file = readdir(files)) != NULL)
			if (file->d_name[0] != '.')
				take_case(dir, project->d_name, file->d_name);
		closedir(files);
	}
	closedir(projects);
}

static void
print_tally(const char *name, const Tally *tally)
{
	if (tally->total > 0)
		printf("%-14s %5d of %5d  %6.2f %%\n", name, tally->agree, tally->total,
			   100.0 * tally->agree / tally->total);
}

/* What one file comes to */
static void
take_file(const char *path)
{
	size_t		length;
	char	   *bytes = read_file(path, &length);
	Harness    *h;

	at_hand = path;
	h = take(bytes, length, INT64_C(946684800), INT64_C(1893456000));
	printf("%s: %s%d listings, %d skipped, %d refused, %d warnings\n", path,
		   h->page_ok ? "" : h->problem.message, h->nlistings, h->nskipped, h->nrefused, h->nwarnings);
	if (verbose)
		printf("%s", h->warnings);
	for (int i = 0; i < h->nitems && verbose; i++)
	{
		const HarnessItem *item = &h->items[i];

		if (item->result == MAP_LISTING)
			printf("  %s  %lld  %s | %s | %s\n", item->listing.source_id,
				   (long long) item->listing.starts_at, item->listing.timezone,
				   item->listing.title, item->listing.venue_name);
		else if (item->result == MAP_SKIPPED)
			printf("  skipped: %s\n", item->record.skip_reason);
		else
			printf("  refused: %s\n", item->record.problem.message);
	}
	survive.total++;
	survive.agree++;
	HarnessClose(h);
	free(bytes);
}

int
main(int argc, char **argv)
{
	int			i = 1;
	bool		files = false;

	signal(SIGALRM, on_alarm);
	for (; i < argc && argv[i][0] == '-'; i++)
	{
		verbose |= strchr(argv[i], 'v') != NULL;
		files |= strchr(argv[i], 's') != NULL;
	}
	for (; i < argc; i++)
		if (files)
			take_file(argv[i]);
		else
			take_dir(argv[i]);
	print_tally("normative", &normative);
	print_tally("by agreement", &by_agreement);
	print_tally("certain-empty", &empty);
	print_tally("survived", &survive);
	printf("slowest: %.2f s, %s\n", slowest, slowest_file);
	return 0;
}
