/*
 * src/error_class.c
 *
 * Names of the error classes, and filling of a Problem.  Pure C.
 */
#include "error_class.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
ErrorClassName(ErrorClass error_class)
{
	static const char *const names[] = {
		[ERROR_CLASS_NONE] = "",
		[ERROR_CLASS_CONFIG] = "config",
		[ERROR_CLASS_AUTH] = "auth",
		[ERROR_CLASS_RATE_LIMIT] = "rate_limit",
		[ERROR_CLASS_NETWORK] = "network",
		[ERROR_CLASS_UPSTREAM] = "upstream",
		[ERROR_CLASS_PARSE] = "parse",
		[ERROR_CLASS_MAPPING] = "mapping",
		[ERROR_CLASS_DATA] = "data",
		[ERROR_CLASS_INTERNAL] = "internal",
	};

	return names[error_class];
}

/* Format into a Problem's text, cutting before an incomplete UTF-8 sequence */
static void set_text(char *text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void
set_text(char *text, const char *format, va_list args)
{
	int			length = vsnprintf(text, PROBLEM_TEXT, format, args);

	if (length < PROBLEM_TEXT)
		return;
	length = PROBLEM_TEXT - 1;
	while (length > 0 && ((unsigned char) text[length - 1] & 0xC0) == 0x80)
		length--;
	if (length > 0 && (unsigned char) text[length - 1] >= 0xC0)
		length--;
	text[length] = '\0';
}

void
ProblemSet(Problem *problem, ErrorClass error_class, const char *message, ...)
{
	va_list		args;

	memset(problem, 0, sizeof(*problem));
	problem->error_class = error_class;
	va_start(args, message);
	set_text(problem->message, message, args);
	va_end(args);
}

void
ProblemDetail(Problem *problem, const char *detail, ...)
{
	va_list		args;

	va_start(args, detail);
	set_text(problem->detail, detail, args);
	va_end(args);
}

void
ProblemHint(Problem *problem, const char *hint, ...)
{
	va_list		args;

	va_start(args, hint);
	set_text(problem->hint, hint, args);
	va_end(args);
}
