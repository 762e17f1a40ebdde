/*
 * src/crypto/sign.c
 *
 * RS256 by libcrypto, of OpenSSL 1.1 to 3.  What libcrypto says of a failure
 * is not passed on: it would tell of the key's inside, and its names change
 * from release to release.
 *
 * Pure C.
 */
#include "crypto/sign.h"

#ifdef HAVE_LIBCRYPTO

#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* No key of any use is longer; OpenSSL's own limit is 16384 bits */
#define MAX_KEY 65536

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";

/*
 * The key as PEM wants it: a line for each mark and the base64 between them,
 * whatever became of the line breaks.  NULL: it is no PEM.
 */
static char *
restore_lines(Arena *arena, const char *key)
{
	const char *begin = strstr(key, begin_mark);
	const char *end = begin == NULL ? NULL : strstr(begin, end_mark);
	const char *body;
	char	   *pem;
	char	   *out;

	if (end == NULL || strlen(key) > MAX_KEY)
		return NULL;
	body = strstr(begin + strlen(begin_mark), "-----");
	if (body == NULL || body >= end)
		return NULL;
	body += 5;
	out = pem = ArenaAlloc(arena, 2 * strlen(key) + 16);
	memcpy(out, begin, (size_t) (body - begin));
	out += body - begin;
	*out++ = '\n';
	for (size_t column = 0; body < end; body++)
	{
		if (body[0] == '\\' && (body[1] == 'n' || body[1] == 'r'))
			body++;
		else if (strchr(" \t\r\n", *body) == NULL)
		{
			*out++ = *body;
			if (++column % 64 == 0)
				*out++ = '\n';
		}
	}
	if (out[-1] != '\n')
		*out++ = '\n';
	body = strstr(end + strlen(end_mark), "-----");
	if (body == NULL)
		return NULL;
	memcpy(out, end, (size_t) (body + 5 - end));
	out += body + 5 - end;
	*out++ = '\n';
	*out = '\0';
	return pem;
}

/* An encrypted key: without this, libcrypto would ask at a terminal */
static int
no_passphrase(char *buffer, int size, int writing, void *arg)
{
	return -1;
}

static EVP_PKEY *
read_key(Arena *arena, const char *key)
{
	char	   *pem = restore_lines(arena, key);
	BIO		   *bio = pem == NULL ? NULL : BIO_new_mem_buf(pem, -1);
	EVP_PKEY   *private_key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	if (pem != NULL)
		OPENSSL_cleanse(pem, strlen(pem));
	if (private_key != NULL && EVP_PKEY_base_id(private_key) != EVP_PKEY_RSA)
	{
		EVP_PKEY_free(private_key);
		return NULL;
	}
	return private_key;
}

static const unsigned char *
sign(Arena *arena, EVP_PKEY *private_key, const char *bytes, size_t length, size_t *signature_length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *signature = NULL;
	bool		signed_ =
		context != NULL &&
		EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, private_key) == 1 &&
		EVP_DigestSign(context, NULL, signature_length, (const unsigned char *) bytes, length) == 1;

	if (signed_)
	{
		signature = ArenaAlloc(arena, *signature_length);
		signed_ = EVP_DigestSign(context, signature, signature_length,
								 (const unsigned char *) bytes, length) == 1;
	}
	EVP_MD_CTX_free(context);
	return signed_ ? signature : NULL;
}

static const unsigned char *
sign_rs256(Arena *arena, const char *key, const char *bytes, size_t length,
		   size_t *signature_length, Problem *problem)
{
	EVP_PKEY   *private_key = read_key(arena, key);
	const unsigned char *signature = NULL;

	if (private_key == NULL)
		ProblemSet(problem, ERROR_CLASS_AUTH, "the signing key is no RSA private key that can be read");
	else if ((signature = sign(arena, private_key, bytes, length, signature_length)) == NULL)
		ProblemSet(problem, ERROR_CLASS_AUTH, "the signing key cannot sign");
	if (signature == NULL)
		ProblemDetail(problem, "It must be an RSA key in PEM (\"-----BEGIN PRIVATE KEY-----\" or "
					  "\"-----BEGIN RSA PRIVATE KEY-----\"), of 1024 bits or more, without a passphrase.");
	EVP_PKEY_free(private_key);

	/* What is left in its queue would be taken for the connection's by others */
	ERR_clear_error();
	return signature;
}

const SignFunction SignRs256 = sign_rs256;

#else

const SignFunction SignRs256 = NULL;

#endif
