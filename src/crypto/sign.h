/*
 * src/crypto/sign.h
 *
 * Signatures, by OpenSSL's libcrypto.  The room is pure C: no header of
 * PostgreSQL, libcurl nor of another room but arenas and problems.
 */
#ifndef INGEST_CRYPTO_SIGN_H
#define INGEST_CRYPTO_SIGN_H

#include <stddef.h>

#include "error_class.h"
#include "feed/arena.h"

/*
 * The RS256 signature (RFC 7518, section 3.3: RSASSA-PKCS1-v1_5 with SHA-256)
 * of some bytes, in arena.
 *
 * The key is an RSA private key in PEM, PKCS #1 or PKCS #8, not encrypted; its
 * line breaks may have become "\n" or blanks, as they do in environment
 * variables.  NULL: *problem, of class auth where the key is at fault; nothing
 * of the key is in it.  NULL itself where built without libcrypto.
 */
typedef const unsigned char *(*SignFunction) (Arena *arena, const char *key, const char *bytes, size_t length,
											  size_t *signature_length, Problem *problem);

extern const SignFunction SignRs256;

#endif
