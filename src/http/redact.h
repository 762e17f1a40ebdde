/*
 * src/http/redact.h
 *
 * Taking secrets out of texts: every URL and every text of an upstream passes
 * here before it reaches a log, an error message or a row.
 *
 * Pure C, no PostgreSQL header: tested on its own.
 */
#ifndef INGEST_REDACT_H
#define INGEST_REDACT_H

#include <stddef.h>

/* The secrets known by value.  NULL is allowed wherever one is read. */
typedef struct Redactor Redactor;

/* A new redactor, freed with RedactorFree(); NULL if out of memory. */
extern Redactor *RedactorCreate(void);
extern void RedactorFree(Redactor *redactor);

/*
 * Mask this value wherever it appears: as it is, percent-encoded (in whole or
 * in part), with + for blanks, or with JSON's escapes.  Values of less than 4
 * characters are ignored: masking them would garble every text and tell what
 * they are.  Those of 4 to 7 are masked only as whole words.  Returns 0, or
 * -1 if out of memory.
 */
extern int RedactorAddSecret(Redactor *redactor, const char *value);

/*
 * Copy len bytes of in to out with secrets masked as "***": the known ones,
 * user and password in URLs, values of parameters and JSON members whose name
 * says that they are secret (token, key, password, signature, …), and what
 * follows "Authorization:", "Cookie:", "Bearer" or "Basic".
 *
 * Always ends out with a NUL; what does not fit in size is cut at a character
 * boundary.  NULs in the input become '?'.  Returns the length written.
 */
extern size_t RedactText(const Redactor *redactor, const char *in, size_t len,
						 char *out, size_t size);

/*
 * The same, made fit for one line of a message whatever the bytes are: runs of
 * blanks and control characters become one blank, bytes that are not UTF-8
 * become '?', and a cut is shown by "…".
 */
extern size_t RedactExcerpt(const Redactor *redactor, const char *in, size_t len,
							char *out, size_t size);

#endif
