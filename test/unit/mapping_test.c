/*
 * test/unit/mapping_test.c
 *
 * The mapping of records by configuration (src/feed/mapping.h): rules,
 * transforms, times, and what is said of mistakes.
 */
#include "feed/mapping.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/json_pointer.h"
#include "feed_harness.h"

static Harness *harness;
static JsonReader *reader;
static Listing listing;
static Problem problem;
static const char *skip_reason;
static char complaints[8192];
static int	ncomplaints;

/* Single quotes in the tests stand for double ones */
static const JsonNode *
json(const char *text)
{
	char	   *copy = ArenaStrdup(harness->arena, text);
	const JsonNode *node = NULL;
	Problem		bad = {0};

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	if (!JsonRead(reader, harness->arena, copy, strlen(copy), &node, &bad))
	{
		printf("Bail out! %s: %s\n", bad.message, copy);
		exit(1);
	}
	return node;
}

static void
complain(void *arg, const char *key, const char *expected)
{
	ncomplaints++;
	snprintf(complaints + strlen(complaints), sizeof(complaints) - strlen(complaints),
			 "%s: %s\n", key, expected);
}

static Mapping *
compile(const char *mapping, bool required)
{
	ncomplaints = 0;
	complaints[0] = '\0';
	return MappingCompile(harness->arena, json(mapping), "mapping", required, complain, NULL);
}

/* Map a record by these rules on top of the three that are needed */
static MapResult
map(const char *rules, const char *record)
{
	char		mapping[4096];
	Mapping    *compiled;

	snprintf(mapping, sizeof(mapping), "{%s%s%s%s%s}",
			 strstr(rules, "'source_id'") ? "" : "'source_id':{'value':'1'},",
			 strstr(rules, "'title'") ? "" : "'title':{'value':'T'},",
			 strstr(rules, "'starts_at'") ? "" : "'starts_at':{'value':'2026-07-01T20:00:00Z'},",
			 rules, rules[0] == '\0' ? "'city':''" : "");
	compiled = compile(mapping, true);
	if (ncomplaints > 0)
		printf("# %s", complaints);
	memset(&problem, 0, sizeof(problem));
	return MappingApply(compiled, &harness->feed, json(record), "https://page.example.org/events/",
						harness->arena, &listing, &skip_reason, &problem);
}

/* The title that a rule makes of a record, or "refused: …" */
static void
title(const char *rule, const char *record, const char *expected)
{
	char		rules[2048];

	snprintf(rules, sizeof(rules), "'title':%s", rule);
	if (map(rules, record) == MAP_LISTING)
		TapSame(listing.title, expected, rule);
	else
		TapSame(problem.message, expected, rule);
}

/* starts_at by a rule, as UTC seconds; -1: refused */
static void
start(const char *rule, const char *record, long long expected)
{
	char		rules[2048];

	snprintf(rules, sizeof(rules), "'starts_at':%s", rule);
	TapEqual(map(rules, record) == MAP_LISTING ? listing.starts_at : -1, expected, rule);
}

static void
mistake(const char *mapping, const char *expected)
{
	compile(mapping, false);
	if (!TapOk(ncomplaints == 1 && strstr(complaints, expected) != NULL, "%s", mapping))
		printf("# %d: %s", ncomplaints, complaints);
}

static const JsonPointer *
pointer(const char *text)
{
	return JsonPointerParse(harness->arena, text, strlen(text));
}

/* RFC 6901, section 5 */
static void
test_pointers(void)
{
	const JsonNode *doc = json("{'foo':['bar','baz'],'':0,'a/b':1,'m~n':8,' ':7}");
	int64_t		number = -1;
	size_t		length;

	TapOk(JsonPointerFind(pointer(""), doc) == doc, "the whole");
	TapSame(JsonString(JsonPointerFind(pointer("/foo/0"), doc), NULL, &length), "bar", "/foo/0");
	TapOk(JsonInteger(JsonPointerFind(pointer("/"), doc), NULL, &number) && number == 0, "/");
	TapOk(JsonInteger(JsonPointerFind(pointer("/a~1b"), doc), NULL, &number) && number == 1, "/a~1b");
	TapOk(JsonInteger(JsonPointerFind(pointer("/m~0n"), doc), NULL, &number) && number == 8, "/m~0n");
	TapOk(JsonPointerFind(pointer("/foo/2"), doc) == NULL, "behind an array's end");
	TapOk(JsonPointerFind(pointer("/foo/01"), doc) == NULL, "no leading zero");
	TapOk(JsonPointerFind(pointer("/foo/-"), doc) == NULL, "-");
	TapOk(JsonPointerFind(pointer("/foo/0/x"), doc) == NULL, "into a text");
	TapOk(pointer("foo") == NULL, "no slash at first");
	TapOk(pointer("/a~2") == NULL, "~2 is no escape");
}

static void
test_rules(void)
{
	title("'/a'", "{'a':' x '}", "x");
	title("{'pointers':['/a','/b','/c']}", "{'a':'  ','b':'B','c':'C'}", "B");
	title("{'all':['/a','/b'],'transform':{'join':', '}}", "{'b':'B'}", "B");
	title("{'all':['/a','/b'],'transform':{'join':', '}}", "{'a':'A','b':'B'}", "A, B");
	title("{'template':'{/a}-{/b/0}!'}", "{'a':12,'b':['B']}", "12-B!");
	title("{'template':'{/a}-{/b}'}", "{'a':12}", "the record has no title");
	title("{'value':'fixed'}", "{}", "fixed");
	title("{'pointer':'/a','default':'none'}", "{'a':null}", "none");
	title("'/a'", "{'a':{}}", "\"title\" is an object, not a text");
	title("'/a'", "{}", "the record has no title");
	title("'/a'", "{'a':'Caf&eacute; &amp; bar'}", "Caf\xC3\xA9 & bar");
	title("'/a'", "{'a':-1.50}", "-1.50");
}

static void
test_transforms(void)
{
	title("{'pointer':'/a','transform':'html_to_text'}", "{'a':'<b>x</b> y'}", "x y");
	title("{'pointer':'/a','transforms':['trim','lower']}", "{'a':' ABC '}", "abc");
	title("{'pointer':'/a','transform':{'map':{'1':'one','2':null},'else':'many'}}", "{'a':1}", "one");
	title("{'pointer':'/a','transform':{'map':{'1':'one','2':null},'else':'many'}}", "{'a':9}", "many");
	title("{'pointer':'/a','transform':{'map':{'1':'one','2':null}},'default':'d'}", "{'a':'2'}", "d");
	title("{'pointer':'/a','transform':{'map':{'1':'one'}}}", "{'a':'3'}",
		  "\"title\" is \"3\", not one of the values that its \"map\" lists (nor has that an \"else\")");
	title("{'pointer':'/a','transform':{'missing':['n/a','-']},'default':'d'}", "{'a':'-'}", "d");
	title("{'pointer':'/a','transforms':[{'split':';'},'last']}", "{'a':'x;y; ;'}", "y");
	title("{'pointer':'/a','transforms':[{'split':'; '},'first']}", "{'a':'x; y'}", "x");
	title("{'pointer':'/a','transforms':[{'each':'/n'},{'join':'+'}]}", "{'a':[{'n':1},{},{'n':'b'}]}", "1+b");
	title("{'pointer':'/a','transforms':['smallest']}", "{'a':['20','7.5',30]}", "7.5");
	title("{'pointer':'/a','transforms':['largest']}", "{'a':['20','7.5',30]}", "30");
	title("{'pointer':'/a','transform':{'language':['fr','en']}}", "{'a':{'en':'E','fr':'F'}}", "F");
	title("{'pointer':'/a','transform':{'language':['fr','en']}}", "{'a':{'de':'D','en':'E'}}", "E");
	title("{'pointer':'/a','transform':{'language':'fr'}}", "{'a':{'de':'D'}}", "D");
	title("{'pointer':'/a','transform':{'language':'fr'}}", "{'a':'bare'}", "bare");
	title("{'pointer':'/a','transform':'number'}", "{'a':'from $1,250.50 up'}", "1250.50");
	title("{'pointer':'/a','transform':'number'}", "{'a':'12,50 $'}", "12.50");
	title("{'pointer':'/a','transform':'number'}", "{'a':'1,250'}", "1250");
	title("{'pointer':'/a','transform':'number','default':'?'}", "{'a':'Free'}", "?");
	title("{'pointer':'/a','transform':'bool'}", "{'a':'Oui'}", "true");
	title("{'pointer':'/a','transform':'bool'}", "{'a':0}", "false");
	title("{'pointer':'/a','transform':{'each':'/n'}}", "{'a':'x'}", "\"title\" is \"x\", not a list");
}

static void
test_times(void)
{
	const long long noon = 1782907200;	/* 2026-07-01T12:00:00Z */

	harness->feed.default_timezone = "America/Toronto";
	start("'/a'", "{'a':'2026-07-01T12:00:00Z'}", noon);
	start("'/a'", "{'a':'2026-07-01 08:00:00'}", noon);
	start("{'pointer':'/a','transform':{'date':{'timezone':'utc'}}}", "{'a':'2026-07-01T12:00:00'}", noon);
	start("{'pointer':'/a','transform':{'date':{'timezone':'Europe/Paris'}}}", "{'a':'2026-07-01T14:00'}", noon);
	start("{'pointer':'/a','transform':{'date':'epoch'}}", "{'a':1782907200}", noon);
	start("{'pointer':'/a','transform':{'date':'epoch'}}", "{'a':'1782907200.9'}", noon);
	start("{'pointer':'/a','transform':{'date':'epoch_ms'}}", "{'a':1782907200999}", noon);
	start("{'pointer':'/a','transform':{'date':'epoch_ms'}}", "{'a':'soon'}", -1);
	start("{'pointer':'/a','transform':{'date':'epoch'}}", "{'a':1e300}", -1);
	start("{'pointer':'/a','transform':{'date':{'time':'/b'}}}", "{'a':'2026-07-01','b':'08:00'}", noon);
	start("{'pointer':'/a','transform':{'date':{'format':'%d/%m/%Y %H:%M','time':'/b'}}}",
		  "{'a':'01/07/2026','b':'08:00'}", noon);
	start("{'pointer':'/a','transform':{'date':'%B %e, %Y %I:%M %p'}}", "{'a':'July 1, 2026 8:00 a.m.'}", noon);
	start("{'pointer':'/a','transform':{'date':'%a %d %b %y %R %z'}}", "{'a':'Wed 01 Jul 26 14:00 +0200'}", noon);
	start("{'pointer':'/a','transform':{'date':'%d/%m/%Y'}}", "{'a':'30/02/2026'}", -1);
	start("{'pointer':'/a','transform':{'date':'%d/%m/%Y'}}", "{'a':'01/07/2026 x'}", -1);
	start("'/a'", "{'a':'tomorrow'}", -1);
	TapSame(problem.message, "\"starts_at\" is \"tomorrow\", not a date or time in ISO 8601", "said so");
	TapSame(problem.field, "starts_at", "with the field");
	TapSame(ErrorClassName(problem.error_class), "data", "and its class");
	start("'/a'", "{}", -1);
	TapSame(ErrorClassName(problem.error_class), "mapping", "a start that is missing is the mapping's");

	/* days */
	start("'/a'", "{'a':'2026-07-01'}", noon - 8 * 3600);
	TapOk(listing.all_day && listing.start_precision == PRECISION_DAY &&
		  listing.ends_at == FEED_TIME_UNKNOWN, "a date is a day, of unknown end");
	start("{'pointer':'/a','transform':{'date':{'format':'%d/%m/%Y %H:%M','time':'/b'}}}",
		  "{'a':'01/07/2026'}", noon - 8 * 3600);
	TapOk(listing.all_day, "a date without its time is a day");
	TapEqual(map("'starts_at':'/a','ends_at':'/b'", "{'a':'2026-07-01','b':'2026-07-03'}"), MAP_LISTING, "days");
	TapEqual(listing.ends_at - listing.starts_at, 2 * 86400, "its end is exclusive");
	map("'starts_at':'/a','ends_at':{'pointer':'/b','inclusive':true}", "{'a':'2026-07-01','b':'2026-07-03'}");
	TapEqual(listing.ends_at - listing.starts_at, 3 * 86400, "or the last day");
	map("'starts_at':'/a','ends_at':{'pointer':'/b','inclusive':true}", "{'a':'2026-10-31','b':'2026-11-01'}");
	TapEqual(listing.ends_at - listing.starts_at, 2 * 86400 + 3600, "a day may have 25 hours");
	map("'starts_at':'/a','ends_at':'/b','all_day':'/c'",
		"{'a':'2026-07-01 00:00:00','b':'2026-07-01 23:59:59','c':true}");
	TapOk(listing.all_day && listing.ends_at - listing.starts_at == 86400, "23:59:59 is the day's end");
	map("'starts_at':'/a','all_day':{'value':false}", "{'a':'2026-07-01'}");
	TapOk(!listing.all_day && listing.start_precision == PRECISION_DAY, "a day whose hour isn't known");
	map("'starts_at':'/a','ends_at':'/b'", "{'a':'2026-07-01T20:00Z','b':'2026-07-01T19:00Z'}");
	TapOk(listing.ends_at == FEED_TIME_UNKNOWN, "an end before the start tells nothing");

	/* zones */
	map("'starts_at':'/a','timezone':'/z'", "{'a':'2026-07-01T14:00','z':'Europe/Paris'}");
	TapOk(listing.starts_at == noon && strcmp(listing.timezone, "Europe/Paris") == 0, "the record's zone");
	map("'starts_at':'/a','timezone':'/z'", "{'a':'2026-07-01T08:00','z':'Mars/Olympus'}");
	TapOk(listing.starts_at == noon && strcmp(listing.timezone, "America/Toronto") == 0,
		  "an unknown zone is as if not there");
	TapEqual(listing.local_start - listing.starts_at, -4 * 3600, "its wall clock");
	harness->feed.default_timezone = NULL;
	TapEqual(map("'starts_at':'/a'", "{'a':'2026-07-01T08:00'}"), MAP_REFUSED, "no zone at all");
	TapOk(strstr(problem.hint, "timezone") != NULL, "says what to do");
	TapEqual(map("'starts_at':'/a','start_precision':{'value':'unknown'}", "{}"), MAP_LISTING,
			 "undated, where the mapping says so");
	TapOk(listing.starts_at == FEED_TIME_UNKNOWN && listing.start_precision == PRECISION_UNKNOWN, "unknown");

	harness->feed.window_start = noon;
	harness->feed.window_end = noon + 86400;
	TapEqual(map("'starts_at':'/a'", "{'a':'2026-07-01T11:59Z'}"), MAP_SKIPPED, "past");
	TapSame(skip_reason, "past", "past");
	TapEqual(map("'starts_at':'/a'", "{'a':'2026-07-02T12:00Z'}"), MAP_SKIPPED, "too far");
	TapSame(skip_reason, "out_of_horizon", "out_of_horizon");
	harness->feed.window_start = harness->feed.window_end = FEED_TIME_UNKNOWN;
}

static void
test_fields(void)
{
	TapEqual(map("'url':{'pointer':'/u','transform':'url'},'image_url':{'pointer':'/i','transform':{'url':'https://i.example.org/x/'}},"
				 "'organizer_url':'/o','country':'/c','currency':'/m','price_min':{'pointer':'/p','transform':'minor_units'},"
				 "'price_max':'/q','latitude':'/y','longitude':'/x','language':'/l','tags':'/t','is_online':'/n',"
				 "'status':'/s','attributes':{'age':'/g','who':{'pointer':'/w','transform':{'each':'/n'}},'gone':'/none'}",
				 "{'u':'a?b=1','i':'/y.png','o':'javascript:x','c':'ca','m':'cad','p':1250,'q':'20.00','y':'45.5','x':-73.5,"
				 "'l':'FR_ca','t':['a','b','a',' '],'n':true,'s':'canceled','g':18,'w':[{'n':'Z'}]}"),
			 MAP_LISTING, "all sorts");
	TapSame(listing.url, "https://page.example.org/events/a?b=1", "relative to the page");
	TapSame(listing.image_url, "https://i.example.org/y.png", "relative to a base");
	TapSame(listing.organizer_url, NULL, "no http");
	TapSame(listing.country, "CA", "country");
	TapSame(listing.currency, "CAD", "currency");
	TapSame(listing.price_min, "12.50", "of cents");
	TapSame(listing.price_max, "20.00", "of a decimal");
	TapOk(listing.latitude == 45.5 && listing.longitude == -73.5, "coordinates, of text and number");
	TapSame(listing.language, "fr-CA", "language");
	TapOk(listing.ntags == 2 && strcmp(listing.tags[1], "b") == 0, "tags, each once");
	TapOk(listing.is_online == TRI_TRUE && listing.is_free == TRI_UNKNOWN, "truth values");
	TapEqual(listing.status, STATUS_CANCELLED, "status");
	TapSame(listing.attributes, "{\"age\":18,\"who\":[\"Z\"]}", "attributes");

	map("'latitude':'/y','longitude':'/x'", "{'y':0,'x':0}");
	TapOk(isnan(listing.latitude), "0,0 is no place");
	map("'latitude':'/y','longitude':'/x'", "{'y':45}");
	TapOk(isnan(listing.latitude), "half a place is none");
	map("'image_url':{'pointer':'/i','transform':'url'}", "{'i':false}");
	TapSame(listing.image_url, NULL, "false is no image");
	TapEqual(map("'latitude':'/y'", "{'y':'north'}"), MAP_REFUSED, "no number");
	TapSame(problem.field, "latitude", "its field");
	TapEqual(map("'price_min':'/p'", "{'p':'$12'}"), MAP_REFUSED, "no amount");
	TapOk(strstr(problem.hint, "number") != NULL, "hint at a transform");
	TapEqual(map("'status':'/s'", "{'s':'live'}"), MAP_REFUSED, "no status of ours");
	TapEqual(map("'is_free':'/s'", "{'s':'maybe'}"), MAP_REFUSED, "neither true nor false");
	TapEqual(map("'skip':{'pointer':'/p','transform':{'map':{'true':'private'},'else':null}}", "{'p':true}"),
			 MAP_SKIPPED, "skip");
	TapSame(skip_reason, "private", "with its reason");
	TapEqual(map("'skip':{'pointer':'/p','transform':{'map':{'true':'private'},'else':null}}", "{'p':false}"),
			 MAP_LISTING, "skip not");
	TapEqual(map("'source_id':'/id'", "{}"), MAP_REFUSED, "no id");
	TapEqual(map("'source_id':'/id'", "{'id':12345678901234567890123}"), MAP_LISTING, "a long number");
	TapSame(listing.source_id, "12345678901234567890123", "with all its digits");
}

static void
test_missing_words(void)
{
	static const char *const words[] = {"nan", NULL};
	Mapping    *mapping = compile("{'source_id':'/i','title':'/t','starts_at':'/s','city':'/c'}", true);

	MappingSetMissing(mapping, words);
	memset(&problem, 0, sizeof(problem));
	TapEqual(MappingApply(mapping, &harness->feed, json("{'i':1,'t':'T','s':'2026-07-01T12:00Z','c':'nan'}"), NULL,
						  harness->arena, &listing, &skip_reason, &problem), MAP_LISTING, "missing words");
	TapSame(listing.city, NULL, "nan is absent");
	TapSame(MappingSourceId(mapping, &harness->feed, json("{'i':7}"), harness->arena, &problem), "7", "its id alone");
	TapSame(MappingSourceId(mapping, &harness->feed, json("{'i':'nan'}"), harness->arena, &problem), NULL, "no id");
}

static void
test_mistakes(void)
{
	mistake("{'titel':'/a'}", "mapping.titel: unknown field; fields are source_id, revision");
	mistake("{'title':'name'}", "mapping.title: expected a JSON Pointer, such as");
	mistake("{'title':7}", "mapping.title: expected a JSON Pointer");
	mistake("{'title':{'pointer':'/a','value':1}}", "mapping.title: expected exactly one of");
	mistake("{'title':{'default':'x'}}", "mapping.title: expected exactly one of");
	mistake("{'title':{'pointers':'/a'}}", "mapping.title.pointers: expected a list");
	mistake("{'title':{'template':'plain'}}", "mapping.title.template: expected a text with");
	mistake("{'title':{'pointer':'/a','format':'x'}}", "mapping.title.format: unknown; known here are");
	mistake("{'title':{'pointer':'/a','inclusive':true}}", "only ends_at takes");
	mistake("{'title':{'pointer':'/a','transform':'upper'}}",
			"mapping.title.transform: expected a transform, its name or {\"name\": parameter}: trim, html_to_text");
	mistake("{'title':{'pointer':'/a','transforms':['trim',{'split':1}]}}", "mapping.title.transforms.1: expected a text");
	mistake("{'title':{'pointer':'/a','transform':{'trim':1}}}", "expected no parameter");
	mistake("{'title':{'pointer':'/a','transform':{'trim':null,'else':1}}}", "only \"map\" takes");
	mistake("{'title':{'pointer':'/a','transform':{'map':[]}}}", "expected an object of values");
	mistake("{'title':{'pointer':'/a','transform':{'url':'/x'}}}", "expected an absolute http");
	mistake("{'title':{'pointer':'/a','transform':{'each':'x'}}}", "expected a JSON Pointer");
	mistake("{'title':{'pointer':'/a','transform':{'language':[]}}}", "expected a text or a list");
	mistake("{'starts_at':{'pointer':'/a','transform':{'date':'%Q'}}}", "expected a format");
	mistake("{'starts_at':{'pointer':'/a','transform':{'date':{'zone':'UTC'}}}}", "expected a format");
	mistake("{'price_min':{'pointer':'/a','transform':{'minor_units':'dollar'}}}", "expected a currency");
	mistake("{'attributes':['/a']}", "mapping.attributes: expected an object");
	mistake("{'attributes':{'a':'b'}}", "mapping.attributes.a: expected a JSON Pointer");
	compile("[]", true);
	TapOk(ncomplaints == 1 && strncmp(complaints, "mapping: expected an object", 27) == 0, "no object");
	compile("{}", true);
	TapOk(ncomplaints == 3 && strstr(complaints, "mapping.starts_at: needed") != NULL, "what is needed");
}

static void
test_documentation(void)
{
	for (int i = 0; MappingFields[i] != NULL; i++)
		TapOk(strstr(MappingMeaning, MappingFields[i]) != NULL, "the field %s is documented", MappingFields[i]);
	for (int i = 0; MappingTransforms[i].name != NULL; i++)
		TapOk(strstr(MappingMeaning, MappingTransforms[i].name) != NULL, "the transform %s is documented",
			  MappingTransforms[i].name);
}

int
main(void)
{
	extern const Connector EventbriteConnector;

	harness = HarnessOpen(&EventbriteConnector, "{\"organizer_ids\":[\"1\"]}");
	reader = JsonReaderCreate(harness->arena);
	harness->feed.default_timezone = NULL;
	test_pointers();
	test_rules();
	test_transforms();
	test_times();
	test_fields();
	test_missing_words();
	test_mistakes();
	test_documentation();
	HarnessClose(harness);
	return TapDone();
}
