/*
 * src/feed/mapping_transform.c
 *
 * The named transforms of a mapping, each with its parameter.  Few on purpose:
 * what goes beyond is SQL on top.  Pure C.
 */
#include "feed/mapping_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feed/builder.h"
#include "feed/money.h"
#include "feed/text.h"

/* Text, date, list …: what a kind of transform does; false: refused */
typedef bool (*TransformRun) (MappingRun *run, const Transform *transform, Value *value);

/* Reads the parameter, NULL where none was given; false: complained */
typedef bool (*TransformRead) (const RuleCheck *check, const char *path, const JsonNode *node,
							   Transform *transform);

struct TransformKind
{
	TransformRead read;
	TransformRun run;
};

/* ---- parameters ---- */

static bool
read_nothing(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	if (node == NULL)
		return true;
	RuleComplain(check, path, "expected no parameter: just the transform's name");
	return false;
}

static bool
read_text(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	size_t		length = 0;

	transform->text = JsonString(node, NULL, &length);
	if (transform->text != NULL && length > 0)
		return true;
	RuleComplain(check, path, "expected a text as parameter, such as {\"split\": \",\"}");
	return false;
}

/* The base of relative URLs, or nothing: the page's own URL */
static bool
read_base(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	size_t		length = 0;

	transform->text = JsonString(node, NULL, &length);
	if (node == NULL || (transform->text != NULL && TextHttpUrl(check->arena, transform->text, length) != NULL))
		return true;
	RuleComplain(check, path, "expected an absolute http or https URL as base, such as "
				 "{\"url\": \"https://www.example.org/\"}");
	return false;
}

/* A currency, or nothing: the listing's */
static bool
read_currency(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	size_t		length = 0;
	const char *text = JsonString(node, NULL, &length);

	transform->text = CurrencyCode(check->arena, text, length);
	if (node == NULL || transform->text != NULL)
		return true;
	RuleComplain(check, path, "expected a currency of ISO 4217, such as {\"minor_units\": \"CAD\"}");
	return false;
}

static bool
read_pointer(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	transform->pointer = RulePointer(check, path, node);
	return transform->pointer != NULL;
}

/* One text or a list of them */
static bool
read_words(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	bool		is_list = JsonKindOf(node) == JSON_ARRAY;
	int			count = is_list ? JsonCount(node) : 1;

	transform->words = ArenaAlloc(check->arena, sizeof(char *) * (size_t) (count + 1));
	for (int i = 0; i < count; i++)
	{
		size_t		length = 0;
		const JsonNode *word = is_list ? JsonElementAt(node, i) : node;
		const char *text = JsonString(word, NULL, &length);

		if (text == NULL)
			break;
		transform->words[transform->nwords++] = text;
	}
	if (transform->nwords == count && count > 0)
		return true;
	RuleComplain(check, path, "expected a text or a list of texts as parameter, such as [\"fr\", \"en\"]");
	return false;
}

static bool
read_map(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	transform->node = node;
	if (JsonKindOf(node) == JSON_OBJECT)
		return true;
	RuleComplain(check, path, "expected an object of values, such as "
				 "{\"map\": {\"live\": \"scheduled\", \"off\": \"cancelled\"}, \"else\": null}");
	return false;
}

/* { format, timezone, time }, or a format alone */
static bool
read_date(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	static const char *const expected =
	"expected a format: \"iso\", \"epoch\", \"epoch_ms\" or a pattern such as \"%d/%m/%Y %H:%M\"; "
	"or an object with format, timezone, time (a JSON Pointer)";
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *member;
	size_t		length = 0;

	transform->format = "iso";
	if (JsonKindOf(node) == JSON_STRING)
		transform->format = JsonString(node, NULL, &length);
	else if (node != NULL && JsonKindOf(node) != JSON_OBJECT)
		transform->format = "";
	while (JsonNextMember(node, &cursor, &name, &member))
	{
		const char *text = JsonString(member, NULL, &length);

		if (strcmp(name, "format") == 0)
			transform->format = text == NULL ? "" : text;
		else if (strcmp(name, "timezone") == 0 && text != NULL && length > 0)
			transform->timezone = strcasecmp(text, "utc") == 0 ? "UTC" : text;
		else if (strcmp(name, "time") == 0)
		{
			transform->pointer = RulePointer(check, ArenaPrintf(check->arena, "%s.time", path), member);
			if (transform->pointer == NULL)
				return false;
		}
		else
		{
			RuleComplain(check, path, "%s", expected);
			return false;
		}
	}
	if (strcmp(transform->format, "iso") == 0 || strcmp(transform->format, "epoch") == 0 ||
		strcmp(transform->format, "epoch_ms") == 0 || PatternIsValid(transform->format))
		return true;
	RuleComplain(check, path, "%s", expected);
	return false;
}

/* ---- what they do ---- */

/* Must the value be a text?  Of others the record is refused */
static bool
need_text(MappingRun *run, const Value *value, const char *expected)
{
	if (value->kind == VALUE_TEXT)
		return true;
	MappingRefuse(run, ERROR_CLASS_MAPPING, expected, value);
	return false;
}

static bool
need_list(MappingRun *run, const Value *value)
{
	if (value->kind == VALUE_LIST)
		return true;
	MappingRefuse(run, ERROR_CLASS_MAPPING, "a list", value);
	return false;
}

static void
set_text(Value *value, const char *text)
{
	*value = ValueOfText(text, text == NULL ? 0 : strlen(text));
}

static bool
do_trim(MappingRun *run, const Transform *transform, Value *value)
{
	if (!need_text(run, value, "a text to trim"))
		return false;
	set_text(value, TextBlock(run->arena, value->text, value->length));
	return true;
}

static bool
do_html(MappingRun *run, const Transform *transform, Value *value)
{
	if (!need_text(run, value, "a text with HTML"))
		return false;
	set_text(value, TextFromHtml(run->arena, value->text, value->length));
	return true;
}

/* ASCII letters only: others have no lower case that is right everywhere */
static bool
do_lower(MappingRun *run, const Transform *transform, Value *value)
{
	char	   *text;

	if (!need_text(run, value, "a text"))
		return false;
	text = ArenaStrndup(run->arena, value->text, value->length);
	for (char *c = text; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	*value = ValueOfText(text, value->length);
	return true;
}

/* Seconds, or milliseconds, since 1970 */
static bool
read_epoch(const char *text, int64_t unit, int64_t *time)
{
	char	   *end;
	double		number = strtod(text, &end);

	if (strspn(text, "-+0123456789.eE") != strlen(text) || *end != '\0' || end == text ||
		!(number > -62135596800.0 * (double) unit && number < 253402300800.0 * (double) unit))
		return false;
	number /= (double) unit;
	*time = (int64_t) number - (number < (double) (int64_t) number);
	return true;
}

static bool
do_date(MappingRun *run, const Transform *transform, Value *value)
{
	const char *format = transform->format;
	const char *text;
	int64_t		time = 0;
	WhenKind	when;

	if (!need_text(run, value, "a date or time"))
		return false;
	text = TextLine(run->arena, value->text, value->length, false);
	if (text == NULL)
		text = "";
	if (transform->pointer != NULL)
	{
		Value		clock = ValueOf(run, JsonPointerFind(transform->pointer, run->record));

		if (clock.kind != VALUE_NONE && !need_text(run, &clock, "a time of day"))
			return false;
		if (clock.kind == VALUE_TEXT)
			text = ArenaPrintf(run->arena, "%s %s", text, TextLine(run->arena, clock.text, clock.length, false));
		else if (strcmp(format, "iso") != 0)
		{
			/* The date alone: the pattern up to its first hour */
			size_t		length = 0;

			while (format[length] != '\0' &&
				   !(format[length] == '%' && strchr("HITR", format[length + 1]) != NULL))
				length += format[length] == '%' ? 2 : 1;
			format = ArenaStrndup(run->arena, format, length);
		}
	}
	if (strcmp(format, "iso") == 0)
		when = WhenParse(text, strlen(text), &time);
	else if (strcmp(format, "epoch") == 0)
		when = read_epoch(text, 1, &time) ? WHEN_INSTANT : WHEN_INVALID;
	else if (strcmp(format, "epoch_ms") == 0)
		when = read_epoch(text, 1000, &time) ? WHEN_INSTANT : WHEN_INVALID;
	else
		when = PatternParse(format, text, &time);
	if (when == WHEN_INVALID)
	{
		set_text(value, text);
		MappingRefuse(run, ERROR_CLASS_DATA,
					  ArenaPrintf(run->arena, "a date or time written as %s", format), value);
		return false;
	}
	*value = (Value) {.kind = VALUE_TIME, .when = when, .time = time, .timezone = transform->timezone};
	return true;
}

/* 1250 cents: 12.50 */
static bool
do_minor_units(MappingRun *run, const Transform *transform, Value *value)
{
	const char *currency = transform->text != NULL ? transform->text : run->listing->currency;
	const char *amount = NULL;

	if (!need_text(run, value, "a whole number"))
		return false;
	if (value->length <= 15 && strspn(value->text, "0123456789") == value->length)
		amount = MoneyFromMinor(run->arena, strtoll(value->text, NULL, 10), currency == NULL ? "" : currency);
	if (amount == NULL)
	{
		MappingRefuse(run, ERROR_CLASS_DATA, "a whole number that is not negative", value);
		return false;
	}
	set_text(value, amount);
	return true;
}

/* The first number in "from $12.50", "12,50 $", "1,250.00"; absent: none */
static bool
do_number(MappingRun *run, const Transform *transform, Value *value)
{
	const char *from;
	char	   *out;
	char	   *number;
	size_t		length;

	if (!need_text(run, value, "a text with a number"))
		return false;
	from = value->text + strcspn(value->text, "0123456789");
	length = strspn(from, "0123456789.,");
	while (length > 0 && (from[length - 1] == '.' || from[length - 1] == ','))
		length--;
	number = out = ArenaAlloc(run->arena, length + 2);
	if (from > value->text && from[-1] == '-')
		*out++ = '-';
	for (size_t i = 0; i < length; i++)
	{
		/* Followed by three digits, or by another mark later, it groups digits */
		bool		mark = from[i] == '.' || from[i] == ',';
		size_t		digits = mark ? strspn(from + i + 1, "0123456789") : 0;
		bool		groups = mark && (i + 1 + digits < length || (digits == 3 && from[i] == ','));

		if (!groups)
			*out++ = mark ? '.' : from[i];
	}
	*out = '\0';
	set_text(value, number);
	return true;
}

static bool
do_map(MappingRun *run, const Transform *transform, Value *value)
{
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *to;

	if (!need_text(run, value, "a text or number to be mapped"))
		return false;
	while (JsonNextMember(transform->node, &cursor, &name, &to))
		if (strcmp(name, value->text) == 0)
		{
			*value = ValueOf(run, to);
			return true;
		}
	if (transform->has_otherwise)
	{
		*value = ValueOf(run, transform->otherwise);
		return true;
	}
	MappingRefuse(run, ERROR_CLASS_MAPPING, "one of the values that its \"map\" lists (nor has that an \"else\")",
				  value);
	return false;
}

static bool
do_split(MappingRun *run, const Transform *transform, Value *value)
{
	size_t		width = strlen(transform->text);
	Value	   *items;
	Value		list = {VALUE_NONE};
	const char *at;

	if (value->kind == VALUE_LIST)
		return true;			/* of one, some APIs make a list */
	if (!need_text(run, value, "a text to split"))
		return false;
	items = ArenaAlloc(run->arena, sizeof(Value) * (value->length + 1));
	for (at = value->text; at != NULL;)
	{
		const char *next = strstr(at, transform->text);
		size_t		length = next == NULL ? strlen(at) : (size_t) (next - at);

		items[list.nitems] = ValueOfText(ArenaStrndup(run->arena, at, length), length);
		list.nitems += items[list.nitems].kind != VALUE_NONE;
		at = next == NULL ? NULL : next + width;
	}
	list.items = items;
	list.kind = list.nitems > 0 ? VALUE_LIST : VALUE_NONE;
	*value = list;
	return true;
}

static bool
do_join(MappingRun *run, const Transform *transform, Value *value)
{
	TextBuilder text = {run->arena, NULL, 0, 0};

	if (value->kind == VALUE_TEXT)
		return true;
	if (!need_list(run, value))
		return false;
	for (int i = 0; i < value->nitems; i++)
	{
		const char *part;

		if (!need_text(run, &value->items[i], "a list of texts"))
			return false;
		part = TextBlock(run->arena, value->items[i].text, value->items[i].length);
		if (part == NULL)
			continue;
		if (text.length > 0)
			BuilderAddText(&text, transform->text);
		BuilderAddText(&text, part);
	}
	set_text(value, text.text);
	return true;
}

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static bool
do_bool(MappingRun *run, const Transform *transform, Value *value)
{
	static const char *const yes[] = {"true", "yes", "y", "1", "on", "oui", "o", NULL};
	static const char *const no[] = {"false", "no", "n", "0", "off", "non", NULL};
	const char *text;

	if (!need_text(run, value, "a truth value"))
		return false;
	text = TextLine(run->arena, value->text, value->length, false);
	if (text != NULL && is_one_of(text, yes))
		set_text(value, "true");
	else if (text != NULL && is_one_of(text, no))
		set_text(value, "false");
	else
	{
		MappingRefuse(run, ERROR_CLASS_DATA, "true or false, yes or no, 1 or 0", value);
		return false;
	}
	return true;
}

/* Relative URLs made absolute */
static bool
do_url(MappingRun *run, const Transform *transform, Value *value)
{
	const char *base = transform->text != NULL ? transform->text : run->base;
	const char *text;

	if (!need_text(run, value, "a URL"))
		return false;
	text = TextLine(run->arena, value->text, value->length, false);
	if (value->object != NULL)
		text = NULL;			/* false, where there is no image */
	if (text != NULL && TextHttpUrl(run->arena, text, strlen(text)) == NULL)
		text = base == NULL || run->feed->resolve_url == NULL ? NULL :
			run->feed->resolve_url(run->arena, base, text);
	set_text(value, text);
	return true;
}

static bool
do_first(MappingRun *run, const Transform *transform, Value *value)
{
	if (value->kind == VALUE_LIST)
		*value = value->items[0];
	return true;
}

static bool
do_last(MappingRun *run, const Transform *transform, Value *value)
{
	if (value->kind == VALUE_LIST)
		*value = value->items[value->nitems - 1];
	return true;
}

/* The item of a list whose number is smallest, or largest */
static bool
pick_number(MappingRun *run, Value *value, int sign)
{
	const Value *picked = NULL;
	double		best = 0;

	if (value->kind == VALUE_TEXT)
		return true;
	if (!need_list(run, value))
		return false;
	for (int i = 0; i < value->nitems; i++)
	{
		const Value *item = &value->items[i];
		double		number;

		if (!need_text(run, item, "a list of numbers"))
			return false;
		number = strtod(item->text, NULL) * sign;
		if (item->text[strspn(item->text, "-+.0123456789eE")] != '\0')
		{
			MappingRefuse(run, ERROR_CLASS_DATA, "a number", item);
			return false;
		}
		if (picked == NULL || number < best)
		{
			picked = item;
			best = number;
		}
	}
	*value = *picked;
	return true;
}

static bool
do_smallest(MappingRun *run, const Transform *transform, Value *value)
{
	return pick_number(run, value, 1);
}

static bool
do_largest(MappingRun *run, const Transform *transform, Value *value)
{
	return pick_number(run, value, -1);
}

/* Of each item, which is an object, the value at a pointer */
static bool
do_each(MappingRun *run, const Transform *transform, Value *value)
{
	Value		list = {VALUE_NONE};
	Value	   *items;

	if (!need_list(run, value))
		return false;
	items = ArenaAlloc(run->arena, sizeof(Value) * (size_t) (value->nitems + 1));
	for (int i = 0; i < value->nitems; i++)
	{
		if (value->items[i].kind != VALUE_OBJECT)
		{
			MappingRefuse(run, ERROR_CLASS_MAPPING, "a list of objects", &value->items[i]);
			return false;
		}
		items[list.nitems] = ValueOf(run, JsonPointerFind(transform->pointer, value->items[i].object));
		list.nitems += items[list.nitems].kind != VALUE_NONE;
	}
	list.items = items;
	list.kind = list.nitems > 0 ? VALUE_LIST : VALUE_NONE;
	*value = list;
	return true;
}

/* Of {"fr": …, "en": …} the first language wanted, else the first there is */
static bool
do_language(MappingRun *run, const Transform *transform, Value *value)
{
	const JsonNode *object = value->object;
	void	   *cursor = NULL;
	const char *name;
	const JsonNode *member;

	if (value->kind == VALUE_TEXT || value->kind == VALUE_LIST)
		return true;			/* asked for in one language, many APIs give it bare */
	*value = (Value) {VALUE_NONE};
	for (int i = 0; i < transform->nwords && value->kind == VALUE_NONE; i++)
		*value = ValueOf(run, JsonMember(object, transform->words[i]));
	while (value->kind == VALUE_NONE && JsonNextMember(object, &cursor, &name, &member))
		*value = ValueOf(run, member);
	return true;
}

/* Texts that stand for nothing */
static bool
do_missing(MappingRun *run, const Transform *transform, Value *value)
{
	for (int i = 0; value->kind == VALUE_TEXT && i < transform->nwords; i++)
		if (strcmp(value->text, transform->words[i]) == 0)
			*value = (Value) {VALUE_NONE};
	return true;
}

/* ---- their names ---- */

/* In the order of the meaning of the transforms below */
static const struct TransformKind kinds[] = {
	{read_nothing, do_trim},
	{read_nothing, do_html},
	{read_nothing, do_lower},
	{read_date, do_date},
	{read_currency, do_minor_units},
	{read_nothing, do_number},
	{read_map, do_map},
	{read_words, do_missing},
	{read_text, do_split},
	{read_text, do_join},
	{read_nothing, do_bool},
	{read_base, do_url},
	{read_nothing, do_first},
	{read_nothing, do_last},
	{read_nothing, do_smallest},
	{read_nothing, do_largest},
	{read_pointer, do_each},
	{read_words, do_language},
};

const MappingTransform MappingTransforms[] = {
	{"trim", "without white space around it"},
	{"html_to_text", "HTML as plain text"},
	{"lower", "letters A to Z in lower case"},
	{"date", "a date or time; \"iso\" (default), \"epoch\", \"epoch_ms\" or a pattern like \"%d/%m/%Y %H:%M\", or "
		"{\"format\": …, \"timezone\": of times without offset, \"time\": pointer to the time of day}"},
	{"minor_units", "cents to an amount, in the listing's currency or that of the parameter"},
	{"number", "the first number in a text: \"from $12.50\""},
	{"map", "values for values: {\"map\": {\"5\": \"sold_out\"}, \"else\": \"scheduled\"}; without else, a value "
		"not listed refuses the record"},
	{"missing", "absent where it is one of these texts: {\"missing\": [\"n/a\", \"-\"]}"},
	{"split", "text to list: {\"split\": \",\"}"},
	{"join", "list to text: {\"join\": \", \"}"},
	{"bool", "true, yes, oui, 1 or false, no, non, 0, as a truth value"},
	{"url", "a relative URL made absolute, by the page's URL or {\"url\": base}"},
	{"first", "a list's first item"},
	{"last", "a list's last item"},
	{"smallest", "a list's smallest number"},
	{"largest", "a list's largest number"},
	{"each", "of a list's objects the value at a pointer: {\"each\": \"/name\"}"},
	{"language", "of an object of languages the first wanted that is there, else any: {\"language\": [\"fr\", \"en\"]}"},
	{NULL, NULL}
};

/* Complain with the list of transforms */
static bool
unknown_transform(const RuleCheck *check, const char *path)
{
	TextBuilder names = {check->arena, NULL, 0, 0};

	for (int i = 0; MappingTransforms[i].name != NULL; i++)
	{
		if (i > 0)
			BuilderAddText(&names, ", ");
		BuilderAddText(&names, MappingTransforms[i].name);
	}
	RuleComplain(check, path, "expected a transform, its name or {\"name\": parameter}: %s", names.text);
	return false;
}

bool
TransformCompile(const RuleCheck *check, const char *path, const JsonNode *node, Transform *transform)
{
	size_t		length = 0;
	const char *name = JsonString(node, NULL, &length);
	const JsonNode *parameter = NULL;
	void	   *cursor = NULL;
	const char *key;
	const JsonNode *member;
	int			nnames = name != NULL;

	while (JsonNextMember(node, &cursor, &key, &member))
		if (strcmp(key, "else") == 0)
		{
			transform->otherwise = member;
			transform->has_otherwise = true;
		}
		else
		{
			name = key;
			parameter = member;
			nnames++;
		}
	if (nnames != 1)
		return unknown_transform(check, path);
	for (int i = 0; MappingTransforms[i].name != NULL; i++)
		if (strcmp(MappingTransforms[i].name, name) == 0)
			transform->kind = &kinds[i];
	if (transform->kind == NULL)
		return unknown_transform(check, path);
	if (transform->has_otherwise && transform->kind->run != do_map)
	{
		RuleComplain(check, path, "only \"map\" takes an \"else\"");
		return false;
	}
	return transform->kind->read(check, path, parameter, transform);
}

bool
TransformDo(MappingRun *run, const Transform *transform, Value *value)
{
	return transform->kind->run(run, transform, value);
}
