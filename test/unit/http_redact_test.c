/*
 * test/unit/http_redact_test.c
 *
 * Redaction (src/http/redact.h): what is masked, what is left alone, and what
 * becomes of bytes that are no text.
 *
 *		cc -Isrc test/unit/http_redact_test.c src/http/redact.c
 */
#include "http/redact.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int	number = 0;
static int	failures = 0;

/* One line of TAP */
static void
ok(bool passed, const char *what)
{
	printf("%sok %d - ", passed ? "" : "not ", ++number);
	for (; *what != '\0'; what++)
		putchar(*what == '\r' || *what == '\n' || *what == '#' ? ' ' : *what);
	putchar('\n');
	failures += passed ? 0 : 1;
}

/* The text comes out as expected */
static void
redacts(const Redactor *redactor, const char *in, const char *expected)
{
	char		out[500];

	/* in a buffer of exactly its size, for the sanitizer to watch over */
	size_t		len = strlen(in);
	char	   *exact = malloc(len ? len : 1);
	size_t		written;

	memcpy(exact, in, len);
	written = RedactText(redactor, exact, len, out, sizeof(out));
	free(exact);
	ok(strcmp(out, expected) == 0 && written == strlen(out), in);
	if (strcmp(out, expected) != 0)
		printf("#   is %s\n#  not %s\n", out, expected);
}

/* The excerpt of so many bytes comes out as expected */
static void
excerpts(const char *in, size_t len, size_t size, const char *expected, const char *what)
{
	char		out[500];
	char	   *exact = malloc(len ? len : 1);

	memcpy(exact, in, len);
	memset(out, 'x', sizeof(out));
	RedactExcerpt(NULL, exact, len, out, size);
	free(exact);
	ok(strcmp(out, expected) == 0 && out[size] == 'x', what);
	if (strcmp(out, expected) != 0)
		printf("#   is %s\n#  not %s\n", out, expected);
}

static void
test_known(void)
{
	Redactor   *r = RedactorCreate();

	RedactorAddSecret(r, "s3cr+t/v&lue");
	RedactorAddSecret(r, "two words!");
	RedactorAddSecret(r, "short");
	RedactorAddSecret(r, "abc");
	RedactorAddSecret(r, "");
	RedactorAddSecret(r, NULL);
	RedactorAddSecret(r, "longer than short");
	RedactorAddSecret(r, "été-clé-42");

	redacts(r, "it is s3cr+t/v&lue!", "it is ***!");
	redacts(r, "xs3cr+t/v&luex", "x***x");
	redacts(r, "?a=s3cr%2Bt%2Fv%26lue&b=1", "?a=***&b=1");
	redacts(r, "?a=s3cr%2bt/v%26lue", "?a=***");
	redacts(r, "%73%33%63%72%2B%74%2F%76%26%6C%75%65", "***");
	redacts(r, "{\"a\": \"s3cr+t\\/v\\u0026lue\"}", "{\"a\": \"***\"}");
	redacts(r, "two+words! two%20words%21 two words!", "*** *** ***");
	redacts(r, "%C3%A9t%C3%A9-cl%c3%a9-42 été-clé-42", "*** ***");
	redacts(r, "s3cr+t/v&lu", "s3cr+t/v&lu");
	redacts(r, "short shorter ashort (short)", "*** shorter ashort (***)");
	redacts(r, "longer than short", "***");
	redacts(r, "abc stays", "abc stays");
	redacts(r, "s3cr+t/v&lues3cr+t/v&lue", "******");
	RedactorFree(r);
	RedactorFree(NULL);
	ok(RedactorAddSecret(NULL, "whatever") == 0, "no redactor, no harm");
}

static void
test_urls(void)
{
	redacts(NULL, "https://u:p@example.org/x", "https://***@example.org/x");
	redacts(NULL, "https://u:p@ss@example.org/x", "https://***@example.org/x");
	redacts(NULL, "https://token@example.org", "https://***@example.org");
	redacts(NULL, "https://example.org/@user", "https://example.org/@user");
	redacts(NULL, "https://example.org/?m=a@b.c", "https://example.org/?m=a@b.c");
	redacts(NULL, "see https://example.org, a@b.c", "see https://example.org, a@b.c");
	redacts(NULL, "/?token=t1&page=2", "/?token=***&page=2");
	redacts(NULL, "/?page=2&apikey=k", "/?page=2&apikey=***");
	redacts(NULL, "/?api_key=k#f", "/?api_key=***#f");
	redacts(NULL, "/?key=k&sig=s&signature=s", "/?key=***&sig=***&signature=***");
	redacts(NULL, "/?secret=s;auth=a;password=p", "/?secret=***;auth=***;password=***");
	redacts(NULL, "/?access_token=a&client_secret=b", "/?access_token=***&client_secret=***");
	redacts(NULL, "/?Refresh_Token=a&X-Api-Key=b", "/?Refresh_Token=***&X-Api-Key=***");
	redacts(NULL, "/?X-Amz-Signature=a&client_assertion=b", "/?X-Amz-Signature=***&client_assertion=***");
	redacts(NULL, "/?token=", "/?token=");
	redacts(NULL, "/?token", "/?token");
	redacts(NULL, "/?next=%2Fx%3Ftoken%3Dabc&p=1", "/?next=%2Fx%3Ftoken%3D***&p=1");
	redacts(NULL, "/?keyword=jazz&author=x&design=y", "/?keyword=jazz&author=x&design=y");
	redacts(NULL, "/?monkey=1&tokens=2", "/?monkey=1&tokens=2");
}

static void
test_texts(void)
{
	redacts(NULL, "Authorization: Bearer abc def\r\nHost: x", "Authorization: ***\r\nHost: x");
	redacts(NULL, "authorization:xyz", "authorization:***");
	redacts(NULL, "Set-Cookie: a=b; path=/\nX: y", "Set-Cookie: ***\nX: y");
	redacts(NULL, "X-Api-Key: 12345", "X-Api-Key: ***");
	redacts(NULL, "got 'Bearer eyJhbGciOi.J9.x-_'", "got 'Bearer ***'");
	redacts(NULL, "sent Basic dXNlcjpwYXNz.", "sent Basic ***");
	redacts(NULL, "basic authentication is needed", "basic authentication is needed");
	redacts(NULL, "the bearer of news", "the bearer of news");
	redacts(NULL, "{\"token\": \"a b\\\"c\", \"x\": 1}", "{\"token\": \"***\", \"x\": 1}");
	redacts(NULL, "{\"api_key\":\"k\"}", "{\"api_key\":\"***\"}");
	redacts(NULL, "{'password' : 'k'}", "{'password' : '***'}");
	redacts(NULL, "{\"token\": 12345}", "{\"token\": ***}");
	redacts(NULL, "{\"token\": \"never ends", "{\"token\": \"***");
	redacts(NULL, "key: a concept, token: too", "key: a concept, token: too");
	redacts(NULL, "access_token: abc", "access_token: ***");
	redacts(NULL, "Le mot clé est « jazz »", "Le mot clé est « jazz »");
	redacts(NULL, "", "");
	redacts(NULL, "token", "token");
	redacts(NULL, "token=", "token=");
	redacts(NULL, "Authorization:", "Authorization:");
	redacts(NULL, "Bearer ", "Bearer ");
	redacts(NULL, "://", "://");
	redacts(NULL, "token%3D", "token%3D");
}

static void
test_sizes(void)
{
	char		out[10];

	ok(RedactText(NULL, "abcdefghijkl", 12, out, sizeof(out)) == 9 &&
	   strcmp(out, "abcdefghi") == 0, "cut to what fits");
	ok(RedactText(NULL, "abcdefghé", 10, out, sizeof(out)) == 8 &&
	   strcmp(out, "abcdefgh") == 0, "not within a character");
	ok(RedactText(NULL, "token=abcdefgh", 14, out, sizeof(out)) == 9 &&
	   strcmp(out, "token=***") == 0, "a mask that just fits");
	ok(RedactText(NULL, "atoken=abcdefgh", 15, out, sizeof(out)) == 7 &&
	   strcmp(out, "atoken=") == 0, "a mask that does not");
	ok(RedactText(NULL, "abc", 3, out, 1) == 0 && out[0] == '\0', "room for the NUL");
	ok(RedactText(NULL, "abc", 3, out, 0) == 0, "no room at all");
	ok(RedactText(NULL, "a\0b", 3, out, sizeof(out)) == 3 &&
	   strcmp(out, "a?b") == 0, "a NUL in the input");
}

static void
test_excerpts(void)
{
	excerpts("  a \r\n\t b\x01\x7f c  ", 15, 100, "a b c", "blanks and controls become one blank");
	excerpts("a\xff\xfe" "b\xc3(", 6, 100, "a??b?(", "what is not UTF-8");
	excerpts("caf\xc3\xa9 \xe2\x82\xac", 9, 100, "café €", "what is");
	excerpts("\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80", 9, 100, "?????????", "surrogates, overlong, too high");
	excerpts("a\xc2\x85" "b", 4, 100, "a b", "a control character of two bytes");
	excerpts("caf\xc3", 4, 100, "caf?", "a character that is cut");
	excerpts("abcdefghijklmnop", 16, 12, "abcdefgh…", "a cut is shown");
	excerpts("abcdefg\xc3\xa9xyz", 12, 12, "abcdefg…", "a cut is between characters");
	excerpts("abcdefgh", 8, 12, "abcdefgh", "what just fits");
	excerpts("abcdefgh", 8, 3, "", "no room");
	excerpts("", 0, 20, "", "nothing");
	excerpts("?token=abc&x", 12, 40, "?token=***&x", "redacted, too");
	excerpts("a\0b", 3, 40, "a?b", "a NUL");
}

/* A secret never survives, whatever surrounds it */
static void
test_any_bytes(void)
{
	Redactor   *r = RedactorCreate();
	bool		leaked = false;
	unsigned	state = 1;

	RedactorAddSecret(r, "topsecretvalue");
	for (int round = 0; round < 20000; round++)
	{
		char		in[80];
		char		out[300];
		size_t		at;

		for (size_t i = 0; i < sizeof(in); i++)
		{
			state = state * 1103515245u + 12345u;
			in[i] = "=:\"'\\%&?@/ \nBtk-_.\0\xc3\xa9\xff" [(state >> 16) % 23];
		}
		at = (state >> 8) % (sizeof(in) - 14);
		memcpy(in + at, "topsecretvalue", 14);
		RedactText(r, in, sizeof(in), out, sizeof(out));
		leaked |= strstr(out, "topsecretvalue") != NULL;
		RedactExcerpt(r, in, sizeof(in), out, sizeof(out));
		leaked |= strstr(out, "topsecretvalue") != NULL;
	}
	ok(!leaked, "a known secret in 20000 random surroundings");
	RedactorFree(r);
}

int
main(void)
{
	test_known();
	test_urls();
	test_texts();
	test_sizes();
	test_excerpts();
	test_any_bytes();
	printf("1..%d\n", number);
	return failures > 0;
}
