/*
 * src/match/address.h
 *
 * Addresses, however they are written: "175, rue Sainte-Catherine Ouest" and
 * "175 Ste-Catherine St. W." are one.
 *
 * Pure C.
 */
#ifndef INGEST_MATCH_ADDRESS_H
#define INGEST_MATCH_ADDRESS_H

#include <stdint.h>

/* Hash of number and street, 0 where there is no number; the text may be NULL. */
extern uint64_t MatchStreet(const char *address);

/* Hash of a postal code, 0 if there is none; the text may be NULL. */
extern uint64_t MatchPostalCode(const char *code);

#endif
