/*
 * src/hash.h
 *
 * The 64-bit hash by which unchanged bytes, records and pages are recognised:
 * XXH64, by its published specification.  Stored in the database, so its
 * result must never change; not meant to resist an attacker, who could only
 * hide his own feed's changes.
 *
 * Pure C.
 */
#ifndef INGEST_HASH_H
#define INGEST_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash of `length` bytes; chain parts by passing one's result as next seed. */
extern uint64_t HashBytes(const void *bytes, size_t length, uint64_t seed);

/*
 * Hash of an optional string: NULL and "" differ, and so do the sequences
 * ("ab", "c") and ("a", "bc").
 */
extern uint64_t HashString(const char *string, uint64_t seed);

#endif
