/*
 * test/unit/when_test.c
 *
 * ISO 8601 dates and times (src/feed/when.h).
 */
#include "feed/when.h"

#include <stdlib.h>
#include <string.h>

#include "feed_harness.h"

/* Kind and value of a text, read from a block of exactly its size */
static void
reads(const char *text, WhenKind kind, long long value)
{
	char	   *copy = malloc(strlen(text) > 0 ? strlen(text) : 1);
	int64_t		got = -1;
	WhenKind	got_kind;

	memcpy(copy, text, strlen(text));
	got_kind = WhenParse(copy, strlen(text), &got);
	free(copy);
	if (!TapOk(got_kind == kind && (kind == WHEN_INVALID || got == value), "%s", text))
		TapEqual(got, value, text);
}

static void
formats(LocalTime local, const char *expected)
{
	char		text[WHEN_TEXT];

	WhenFormatLocal(local, text);
	TapSame(text, expected, expected[0] != '\0' ? expected : "no such year");
}

int
main(void)
{
	int64_t		value;

	reads("2025-05-29T18:00:00Z", WHEN_INSTANT, 1748541600);
	reads("2025-05-29T18:00:00", WHEN_LOCAL, 1748541600);
	reads("2025-05-29", WHEN_DATE, 1748476800);
	reads("2025-05-29T20:00:00+02:00", WHEN_INSTANT, 1748541600);
	reads("2025-05-29T20:00:00+0200", WHEN_INSTANT, 1748541600);
	reads("2025-05-29T20:00:00+02", WHEN_INSTANT, 1748541600);
	reads("2025-05-29T14:00:00-04:00", WHEN_INSTANT, 1748541600);
	reads("2025-05-29 18:00:00", WHEN_LOCAL, 1748541600);
	reads("2025-05-29 18:00:00 +00:00", WHEN_INSTANT, 1748541600);
	reads("2025-05-29t18:00z", WHEN_INSTANT, 1748541600);
	reads("20250529T180000Z", WHEN_INSTANT, 1748541600);
	reads("20250529T1800", WHEN_LOCAL, 1748541600);
	reads("20250529", WHEN_DATE, 1748476800);
	reads("2025-05-29T18:00:00.123456Z", WHEN_INSTANT, 1748541600);
	reads("2025-05-29T18:00:00,5", WHEN_LOCAL, 1748541600);
	reads(" 2025-05-29T18:00:00Z ", WHEN_INSTANT, 1748541600);
	reads("2025-05-29T24:00:00", WHEN_LOCAL, 1748563200);
	reads("2016-12-31T23:59:60Z", WHEN_INSTANT, 1483228799);
	reads("1969-12-31T23:59:59Z", WHEN_INSTANT, -1);
	reads("2024-02-29", WHEN_DATE, 1709164800);
	reads("0001-01-01", WHEN_DATE, -62135596800);
	reads("9999-12-31T23:59:59Z", WHEN_INSTANT, 253402300799);

	reads("2025-02-29", WHEN_INVALID, 0);
	reads("2025-02-30T10:00:00Z", WHEN_INVALID, 0);
	reads("2100-02-29", WHEN_INVALID, 0);
	reads("2025-13-01", WHEN_INVALID, 0);
	reads("2025-00-01", WHEN_INVALID, 0);
	reads("2025-04-31", WHEN_INVALID, 0);
	reads("2026-13-45T99:00:00Z", WHEN_INVALID, 0);
	reads("2025-05-29T25:00:00Z", WHEN_INVALID, 0);
	reads("2025-05-29T24:00:01Z", WHEN_INVALID, 0);
	reads("2025-05-29T18:60:00Z", WHEN_INVALID, 0);
	reads("2025-05-29T18:00:61Z", WHEN_INVALID, 0);
	reads("2019-05-12T-19:00:00Z", WHEN_INVALID, 0);
	reads("2025-05-29T18:00:00+19:00", WHEN_INVALID, 0);
	reads("2025-05-29T18:00:00+1", WHEN_INVALID, 0);
	reads("2025-05-29T18:00:00Zulu", WHEN_INVALID, 0);
	reads("2025-05-29T18:00:00.", WHEN_INVALID, 0);
	reads("2025-05-29T", WHEN_INVALID, 0);
	reads("2025-05-29T18", WHEN_INVALID, 0);
	reads("2025-5-9", WHEN_INVALID, 0);
	reads("0000-01-01", WHEN_INVALID, 0);
	reads("tomorrow", WHEN_INVALID, 0);
	reads("", WHEN_INVALID, 0);
	TapOk(WhenParse(NULL, 0, &value) == WHEN_INVALID, "NULL");

	formats(1748541600, "2025-05-29T18:00:00");
	formats(-1, "1969-12-31T23:59:59");
	formats(-62135596800, "0001-01-01T00:00:00");
	formats(253402300799, "9999-12-31T23:59:59");
	formats(253402300800, "");
	formats(-62135596801, "");
	formats(INT64_MIN, "");
	formats(INT64_MAX, "");
	return TapDone();
}
