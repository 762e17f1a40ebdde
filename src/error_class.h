/*
 * src/error_class.h
 *
 * The classes of failure that a person meets in import_job.error_class and
 * import_error.error_class, and the one struct in which a room that knows
 * nothing of PostgreSQL's ereport() hands a failure to the room above it.
 *
 * Pure C: the feed, match and http rooms share it.
 */
#ifndef INGEST_ERROR_CLASS_H
#define INGEST_ERROR_CLASS_H

#include <stdbool.h>

typedef enum ErrorClass
{
	ERROR_CLASS_NONE = 0,
	ERROR_CLASS_CONFIG,			/* the source's configuration is wrong */
	ERROR_CLASS_AUTH,			/* credential missing, refused or expired */
	ERROR_CLASS_RATE_LIMIT,		/* the upstream asks us to wait */
	ERROR_CLASS_NETWORK,		/* no answer: DNS, connection, TLS, time-out */
	ERROR_CLASS_UPSTREAM,		/* an answer, but not a usable one: 5xx, 404 … */
	ERROR_CLASS_PARSE,			/* the body is not what its format promises */
	ERROR_CLASS_MAPPING,		/* a record lacks what a listing needs */
	ERROR_CLASS_DATA,			/* PostgreSQL refused the value */
	ERROR_CLASS_INTERNAL		/* ours */
} ErrorClass;

/*
 * A failure in words.  All texts are plain UTF-8 without a final full stop in
 * message, sentences in detail and hint, and hold no secret.
 */
#define PROBLEM_TEXT 512

typedef struct Problem
{
	ErrorClass	error_class;	/* NONE: no problem */
	char		field[64];		/* the field or config key at fault, or "" */
	char		message[PROBLEM_TEXT];
	char		detail[PROBLEM_TEXT];
	char		hint[PROBLEM_TEXT];
} Problem;

/* The class's name as stored in SQL, e.g. "rate_limit"; "" for NONE. */
extern const char *ErrorClassName(ErrorClass error_class);

/*
 * Fill *problem: class and printf-style message; detail, hint and field are
 * emptied.  Texts that do not fit are cut at a character boundary.
 */
extern void ProblemSet(Problem *problem, ErrorClass error_class,
					   const char *message, ...)
	__attribute__((format(printf, 3, 4)));

/* Add the second sentence, and the one that says what to do, to *problem. */
extern void ProblemDetail(Problem *problem, const char *detail, ...)
	__attribute__((format(printf, 2, 3)));
extern void ProblemHint(Problem *problem, const char *hint, ...)
	__attribute__((format(printf, 2, 3)));

static inline bool
ProblemIsSet(const Problem *problem)
{
	return problem->error_class != ERROR_CLASS_NONE;
}

#endif
