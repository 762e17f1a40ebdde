/*
 * src/http/redact.c
 *
 * Taking secrets out of texts: see redact.h.
 *
 * One pass from left to right.  At each position the longest applicable rule
 * wins: a known secret, user and password of a URL, a named value ("token=…",
 * "\"token\": …", "Authorization: …"), a scheme's credentials ("Bearer …").
 * Each rule says how many bytes to copy as they are and how many to mask.
 */
#include "http/redact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MASK "***"
#define MIN_SECRET 4			/* shorter ones are not looked for */
#define MIN_ANYWHERE 8			/* shorter ones only as whole words */
#define MAX_KEY 64				/* longer names are no parameter's */

struct Redactor
{
	int			nsecrets;
	char	  **secrets;
};

/* What a rule found: copy the first bytes, mask the next */
typedef struct Found
{
	size_t		copy;
	size_t		mask;
} Found;

typedef struct Output
{
	char	   *text;
	size_t		size;
	size_t		len;
	bool		full;
} Output;

Redactor *
RedactorCreate(void)
{
	return calloc(1, sizeof(Redactor));
}

void
RedactorFree(Redactor *redactor)
{
	if (redactor == NULL)
		return;
	for (int i = 0; i < redactor->nsecrets; i++)
	{
		/* volatile, or the compiler would leave out a clearing before free */
		for (volatile char *c = redactor->secrets[i]; *c != '\0'; c++)
			*c = '\0';
		free(redactor->secrets[i]);
	}
	free(redactor->secrets);
	free(redactor);
}

int
RedactorAddSecret(Redactor *redactor, const char *value)
{
	char	  **secrets;
	char	   *copy;

	if (redactor == NULL || value == NULL || strlen(value) < MIN_SECRET)
		return 0;
	for (int i = 0; i < redactor->nsecrets; i++)
	{
		if (strcmp(redactor->secrets[i], value) == 0)
			return 0;
	}
	secrets = realloc(redactor->secrets,
					  (redactor->nsecrets + 1) * sizeof(char *));
	if (secrets == NULL)
		return -1;
	redactor->secrets = secrets;
	copy = strdup(value);
	if (copy == NULL)
		return -1;
	secrets[redactor->nsecrets++] = copy;
	return 0;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z');
}

static bool
is_key_char(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* How many bytes of in spell c in one of the usual escapes; 0 if none do */
static size_t
spells(const char *in, size_t len, char c)
{
	unsigned char byte = (unsigned char) c;

	if (len >= 1 && in[0] == c)
		return 1;
	if (len >= 1 && in[0] == '+' && c == ' ')
		return 1;
	if (len >= 3 && in[0] == '%' &&
		hex_digit(in[1]) == byte >> 4 && hex_digit(in[2]) == (byte & 15))
		return 3;
	if (len >= 2 && in[0] == '\\' && in[1] == c)
		return 2;
	if (len >= 6 && memcmp(in, "\\u00", 4) == 0 && byte < 0x80 &&
		hex_digit(in[4]) == byte >> 4 && hex_digit(in[5]) == (byte & 15))
		return 6;
	return 0;
}

/* How many bytes of in spell the secret; 0 if they don't */
static size_t
match_secret(const char *secret, const char *in, size_t len)
{
	size_t		used = 0;

	for (const char *c = secret; *c != '\0'; c++)
	{
		size_t		n = spells(in + used, len - used, *c);

		if (n == 0)
			return 0;
		used += n;
	}
	return used;
}

/* The longest known secret that starts at in + at */
static size_t
known_secret(const Redactor *redactor, const char *in, size_t len, size_t at)
{
	size_t		longest = 0;

	if (redactor == NULL)
		return 0;
	for (int i = 0; i < redactor->nsecrets; i++)
	{
		const char *secret = redactor->secrets[i];
		size_t		n = match_secret(secret, in + at, len - at);

		if (n > 0 && strlen(secret) < MIN_ANYWHERE &&
			((at > 0 && is_alnum(in[at - 1])) ||
			 (at + n < len && is_alnum(in[at + n]))))
			continue;
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* Is this, any case, a name whose value is secret? */
static bool
is_secret_key(const char *key, size_t len)
{
	static const char *const whole[] = {
		"key", "auth", "sig", "pass", "pwd", "jwt", "cookie", "credential",
		"client_assertion", "assertion", "session", "sessionid", NULL
	};
	static const char *const endings[] = {
		"token", "apikey", "secret", "signature", "password", "passwd",
		"authorization", "-cookie", "_key", "-key", ".key", "_auth", "_sig",
		"accesskey", "privatekey", "accesskeyid", "credentials", NULL
	};

	for (int i = 0; whole[i] != NULL; i++)
	{
		if (strlen(whole[i]) == len && strncasecmp(key, whole[i], len) == 0)
			return true;
	}
	for (int i = 0; endings[i] != NULL; i++)
	{
		size_t		n = strlen(endings[i]);

		if (n <= len && strncasecmp(key + len - n, endings[i], n) == 0)
			return true;
	}
	return false;
}

/* Is it a header whose whole line is secret? */
static bool
is_secret_header(const char *key, size_t len)
{
	static const char *const names[] = {
		"authorization", "proxy-authorization", "cookie", "set-cookie", NULL
	};

	for (int i = 0; names[i] != NULL; i++)
	{
		if (strlen(names[i]) == len && strncasecmp(key, names[i], len) == 0)
			return true;
	}
	return false;
}

/* Blanks from in + at on */
static size_t
skip_blanks(const char *in, size_t len, size_t at)
{
	while (at < len && (in[at] == ' ' || in[at] == '\t'))
		at++;
	return at;
}

/* The end of the line that in + at is on */
static size_t
line_end(const char *in, size_t len, size_t at)
{
	while (at < len && in[at] != '\r' && in[at] != '\n')
		at++;
	return at;
}

/* The end of a value: at its closing quote, or else where a word ends */
static size_t
value_end(const char *in, size_t len, size_t at, char quote)
{
	for (; at < len; at++)
	{
		if (in[at] == '\n' || in[at] == '\r')
			break;
		if (quote != '\0')
		{
			if (in[at] == '\\' && at + 1 < len)
				at++;
			else if (in[at] == quote)
				break;
		}
		else if (strchr("&;,# \t\"'<>)}]", in[at]) != NULL)
			break;
	}
	return at;
}

/*
 * A named value that starts with its name at in + at: key=value, "key":
 * "value", Header: value.  Prose such as "key: a thing" is left alone: a colon
 * counts only behind a quoted name or a name of several parts.
 */
static bool
named_value(const char *in, size_t len, size_t at, Found *found)
{
	size_t		end = at;
	size_t		start;
	char		quote = '\0';
	bool		quoted;
	bool		colon;

	if (at > 0 && is_key_char(in[at - 1]))
		return false;
	while (end < len && end - at < MAX_KEY && is_key_char(in[end]))
		end++;
	if (end == at || !is_secret_key(in + at, end - at))
		return false;

	if (len - end >= 3 && strncasecmp(in + end, "%3D", 3) == 0)
	{
		/* within a URL that is itself a parameter */
		found->copy = end + 3 - at;
		found->mask = value_end(in, len, end + 3, '\0') - (end + 3);
		return found->mask > 0;
	}
	quoted = end < len && (in[end] == '"' || in[end] == '\'');
	start = skip_blanks(in, len, end + (quoted ? 1 : 0));
	if (start >= len || (in[start] != '=' && in[start] != ':'))
		return false;
	colon = in[start] == ':';
	if (colon && !quoted && is_secret_header(in + at, end - at))
	{
		/* the rest of the line, whatever it is */
		start = skip_blanks(in, len, start + 1);
		found->copy = start - at;
		found->mask = line_end(in, len, start) - start;
		return found->mask > 0;
	}
	if (colon && !quoted && memchr(in + at, '-', end - at) == NULL &&
		memchr(in + at, '_', end - at) == NULL)
		return false;
	start++;
	if (quoted || colon)
		start = skip_blanks(in, len, start);
	if (start < len && (in[start] == '"' || in[start] == '\''))
		quote = in[start++];
	found->copy = start - at;
	found->mask = value_end(in, len, start, quote) - start;
	return found->mask > 0;
}

/* "Bearer xyz", "Basic xyz": a scheme and what can be its credentials */
static bool
scheme_value(const char *in, size_t len, size_t at, Found *found)
{
	static const char *const schemes[] = {"Bearer ", "Basic ", NULL};

	if (at > 0 && is_alnum(in[at - 1]))
		return false;
	for (int i = 0; schemes[i] != NULL; i++)
	{
		size_t		n = strlen(schemes[i]);
		size_t		end = at + n;

		if (len - at <= n || strncasecmp(in + at, schemes[i], n) != 0)
			continue;
		while (end < len && (is_alnum(in[end]) ||
							 (in[end] != '\0' && strchr("-._~+/=", in[end]))))
			end++;
		/* "basic authentication" is prose, credentials are longer or odder */
		if (end - at - n < MIN_ANYWHERE ||
			strncasecmp(in + at + n, "authenti", 8) == 0)
			return false;
		found->copy = n;
		found->mask = end - at - n;
		return true;
	}
	return false;
}

/* "://user:password@host" */
static bool
url_user(const char *in, size_t len, size_t at, Found *found)
{
	size_t		last = 0;

	if (len - at < 4 || memcmp(in + at, "://", 3) != 0)
		return false;
	for (size_t i = at + 3; i < len; i++)
	{
		if (in[i] == '@')
			last = i;			/* the last one ends the user part */
		else if (in[i] == '\0' || strchr("/?# \t\r\n\"'<>", in[i]) != NULL)
			break;
	}
	if (last <= at + 3)
		return false;
	found->copy = 3;
	found->mask = last - at - 3;
	return true;
}

/* The length of the UTF-8 character at in, or 0 if it isn't one */
static size_t
utf8_length(const unsigned char *in, size_t len)
{
	size_t		n;

	if (in[0] < 0x80)
		return 1;
	if (in[0] >= 0xC2 && in[0] <= 0xDF)
		n = 2;
	else if (in[0] >= 0xE0 && in[0] <= 0xEF)
		n = 3;
	else if (in[0] >= 0xF0 && in[0] <= 0xF4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
	{
		if ((in[i] & 0xC0) != 0x80)
			return 0;
	}
	/* overlong forms, surrogates, and what is beyond U+10FFFF */
	if ((in[0] == 0xE0 && in[1] < 0xA0) || (in[0] == 0xED && in[1] > 0x9F) ||
		(in[0] == 0xF0 && in[1] < 0x90) || (in[0] == 0xF4 && in[1] > 0x8F))
		return 0;
	return n;
}

/* Append a piece that must not be split; once something didn't fit, nothing */
static void
put(Output *output, const char *piece, size_t len)
{
	if (output->full || output->size - output->len <= len)
	{
		output->full = true;
		return;
	}
	memcpy(output->text + output->len, piece, len);
	output->len += len;
}

/* Append the character at in; returns the bytes it took */
static size_t
put_character(Output *output, const char *in, size_t len)
{
	size_t		n = utf8_length((const unsigned char *) in, len);

	if (in[0] == '\0')
		put(output, "?", 1);
	else
		put(output, in, n > 0 ? n : 1);
	return n > 0 ? n : 1;
}

size_t
RedactText(const Redactor *redactor, const char *in, size_t len, char *out,
		   size_t size)
{
	Output		output = {out, size, 0, false};
	size_t		at = 0;

	if (size == 0)
		return 0;
	while (at < len && !output.full)
	{
		Found		found = {0, known_secret(redactor, in, len, at)};

		if (found.mask > 0 || url_user(in, len, at, &found) ||
			named_value(in, len, at, &found) ||
			scheme_value(in, len, at, &found))
		{
			size_t		copied = at + found.copy;

			while (at < copied)
				at += put_character(&output, in + at, copied - at);
			put(&output, MASK, strlen(MASK));
			at += found.mask;
		}
		else
			at += put_character(&output, in + at, len - at);
	}
	out[output.len] = '\0';
	return output.len;
}

size_t
RedactExcerpt(const Redactor *redactor, const char *in, size_t len, char *out,
			  size_t size)
{
	static const char cut[] = "…";
	Output		output = {out, size, 0, false};
	size_t		room = len < 4 * size ? len : 4 * size;
	size_t		redacted_size = 4 * room + sizeof(MASK);
	char	   *redacted;
	size_t		redacted_len;
	bool		blank = true;	/* drops leading ones */

	if (size <= sizeof(cut))
	{
		if (size > 0)
			*out = '\0';
		return 0;
	}
	redacted = malloc(redacted_size);
	if (redacted == NULL)
	{
		*out = '\0';
		return 0;
	}
	/* the whole text, for a secret that starts in the excerpt may end behind */
	redacted_len = RedactText(redactor, in, len, redacted, redacted_size);
	output.size -= strlen(cut);
	for (size_t at = 0; at < redacted_len && !output.full;)
	{
		unsigned char c = (unsigned char) redacted[at];
		size_t		n = utf8_length((const unsigned char *) redacted + at,
									redacted_len - at);

		if (c <= ' ' || c == 0x7F || (c == 0xC2 && n == 2 &&
									  (unsigned char) redacted[at + 1] < 0xA0))
		{
			if (!blank)
				put(&output, " ", 1);
			blank = true;
		}
		else
		{
			put(&output, n > 0 ? redacted + at : "?", n > 0 ? n : 1);
			blank = false;
		}
		at += n > 0 ? n : 1;
	}
	free(redacted);
	while (output.len > 0 && out[output.len - 1] == ' ')
		output.len--;
	if (output.full)
	{
		memcpy(out + output.len, cut, strlen(cut));
		output.len += strlen(cut);
	}
	out[output.len] = '\0';
	return output.len;
}
