/*
 * src/store/keys.h
 *
 * The block keys of listings (match/keys.h) in their table, match_key.
 *
 * Within StoreBegin.  Needs postgres.h before it.
 */
#ifndef INGEST_STORE_KEYS_H
#define INGEST_STORE_KEYS_H

#include "match/keys.h"
#include "store/neighbours.h"

/*
 * A key shared by more listings is a template's: the first so many are looked
 * at, and so many of them met.
 */
#define KEYS_BLOCK_CAP 400
#define KEYS_MOST_MET 64
#define KEYS_MOST_FOUND (MATCH_KEYS_ASKED * KEYS_MOST_MET)

/* A look at all keys that are stored by now, this transaction's too; closed by KeysClose. */
typedef struct KeyScan KeyScan;

extern KeyScan *KeysOpen(void);
extern void KeysClose(KeyScan *scan);

/*
 * Listings under the keys that a node asks for which it may have to do with,
 * by what is stored beside their keys; how many.  ids has room for
 * KEYS_MOST_FOUND; one that shares two keys is there twice.
 */
extern int	KeysFind(KeyScan *scan, const Neighbour *node, int64 *ids);

/* The keys of listings into the table, in place of those they have. */
extern void KeysStore(Neighbour **nodes, int n);

#endif
