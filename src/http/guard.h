/*
 * src/http/guard.h
 *
 * The address guard: which addresses a server may be made to connect to by
 * whoever can set a URL.  Public unicast addresses are let through; private,
 * loopback, link-local, multicast, reserved and translated ones (v4-mapped
 * addresses are judged as the v4 address they carry) only if an administrator
 * listed their network.  Families other than IPv4 and IPv6 never.
 *
 * Pure C, no PostgreSQL header, no allocation: tested on its own, and called
 * from within libcurl.
 */
#ifndef INGEST_GUARD_H
#define INGEST_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define GUARD_MAX_NETWORKS 64
#define GUARD_ADDRESS_TEXT 64	/* room for any address in text form */

typedef struct GuardNetwork
{
	int			family;			/* AF_INET or AF_INET6 */
	int			bits;			/* length of the prefix */
	unsigned char bytes[16];	/* network order */
} GuardNetwork;

/* Zeroed: nothing but public addresses. */
typedef struct AddressGuard
{
	int			nnetworks;
	GuardNetwork networks[GUARD_MAX_NETWORKS];
} AddressGuard;

/*
 * Fill the guard from a list of CIDRs or single addresses, separated by commas
 * or blanks (NULL and "" are the empty list).  Returns false and says why in
 * error if there is a mistake; bits of an address behind its prefix are one.
 */
extern bool AddressGuardParse(AddressGuard *guard, const char *list,
							  char *error, size_t error_size);

/* May a connection be made to this address? */
extern bool AddressGuardAllows(const AddressGuard *guard,
							   const struct sockaddr *address, socklen_t len);

/* The address without its port, for messages; out has GUARD_ADDRESS_TEXT. */
extern void AddressGuardFormat(const struct sockaddr *address, socklen_t len,
							   char *out);

#endif
