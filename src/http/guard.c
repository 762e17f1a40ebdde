/*
 * src/http/guard.c
 *
 * The address guard: see guard.h.
 *
 * IPv4 is a list of what is refused, after the IANA special-purpose registry.
 * IPv6 is the other way round: of the whole space only 2000::/3 is public, and
 * within it a few ranges are not.  So whatever is assigned later is refused
 * until it is known here.
 */
#include "http/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_LEN 4
#define IPV6_LEN 16

typedef struct Range
{
	unsigned char bytes[IPV6_LEN];
	int			bits;
} Range;

static const Range refused_ipv4[] = {
	{{0}, 8},					/* this network */
	{{10}, 8},					/* private */
	{{100, 64}, 10},			/* carrier-grade NAT */
	{{127}, 8},					/* loopback */
	{{169, 254}, 16},			/* link-local; metadata services of clouds */
	{{172, 16}, 12},			/* private */
	{{192, 0, 0}, 24},			/* protocol assignments */
	{{192, 0, 2}, 24},			/* documentation */
	{{192, 88, 99}, 24},		/* 6to4 relays */
	{{192, 168}, 16},			/* private */
	{{198, 18}, 15},			/* benchmarks */
	{{198, 51, 100}, 24},		/* documentation */
	{{203, 0, 113}, 24},		/* documentation */
	{{224}, 4},					/* multicast */
	{{240}, 4},					/* reserved, and the broadcast address */
};

static const Range public_ipv6 = {{0x20}, 3};

static const Range refused_ipv6[] = {
	{{0x20, 0x01}, 23},			/* protocol assignments, with Teredo */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x20, 0x02}, 16},			/* 6to4: carries any IPv4 address */
	{{0x3f, 0xfe}, 16},			/* the former 6bone */
	{{0x3f, 0xff}, 20},			/* documentation */
};

/* Do the first bits of both agree? */
static bool
same_prefix(const unsigned char *a, const unsigned char *b, int bits)
{
	int			whole = bits / 8;
	int			rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* Is the address in one of the ranges? */
static bool
in_ranges(const unsigned char *bytes, const Range *ranges, size_t nranges)
{
	for (size_t i = 0; i < nranges; i++)
	{
		if (same_prefix(bytes, ranges[i].bytes, ranges[i].bits))
			return true;
	}
	return false;
}

/* Does the IPv6 address carry an IPv4 one as its own, ::ffff:a.b.c.d? */
static bool
is_v4_mapped(const unsigned char *bytes)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

/*
 * The address's bytes, with v4-mapped ones unwrapped.  Returns the family to
 * judge it by, or AF_UNSPEC for what we don't know.
 */
static int
address_bytes(const struct sockaddr *address, socklen_t len, unsigned char *bytes)
{
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in))
	{
		memcpy(bytes, &((const struct sockaddr_in *) address)->sin_addr, IPV4_LEN);
		return AF_INET;
	}
	if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6))
	{
		memcpy(bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, IPV6_LEN);
		if (!is_v4_mapped(bytes))
			return AF_INET6;
		memmove(bytes, bytes + 12, IPV4_LEN);
		return AF_INET;
	}
	return AF_UNSPEC;
}

bool
AddressGuardAllows(const AddressGuard *guard, const struct sockaddr *address,
				   socklen_t len)
{
	unsigned char bytes[IPV6_LEN] = {0};
	int			family = address_bytes(address, len, bytes);

	if (family == AF_UNSPEC)
		return false;
	for (int i = 0; i < guard->nnetworks; i++)
	{
		const GuardNetwork *network = &guard->networks[i];

		if (network->family == family &&
			same_prefix(bytes, network->bytes, network->bits))
			return true;
	}
	if (family == AF_INET)
		return !in_ranges(bytes, refused_ipv4,
						  sizeof(refused_ipv4) / sizeof(refused_ipv4[0]));
	return same_prefix(bytes, public_ipv6.bytes, public_ipv6.bits) &&
		!in_ranges(bytes, refused_ipv6,
				   sizeof(refused_ipv6) / sizeof(refused_ipv6[0]));
}

void
AddressGuardFormat(const struct sockaddr *address, socklen_t len, char *out)
{
	unsigned char bytes[IPV6_LEN] = {0};
	int			family = address_bytes(address, len, bytes);

	if (family == AF_UNSPEC ||
		inet_ntop(family, bytes, out, GUARD_ADDRESS_TEXT) == NULL)
		snprintf(out, GUARD_ADDRESS_TEXT, "(address family %d)",
				 (int) address->sa_family);
}

/* Are all bits behind the prefix zero? */
static bool
tail_is_zero(const unsigned char *bytes, int len, int bits)
{
	for (int i = bits; i < len * 8; i++)
	{
		if (bytes[i / 8] & (0x80 >> (i % 8)))
			return false;
	}
	return true;
}

/* A prefix length: digits only, at most max; -1 if it isn't one */
static int
parse_bits(const char *text, int max)
{
	int			bits = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++)
	{
		if (*text < '0' || *text > '9')
			return -1;
		bits = bits * 10 + (*text - '0');
		if (bits > max)
			return -1;
	}
	return bits;
}

/* One "address" or "address/bits"; NULL, or what is wrong with it */
static const char *
parse_network(char *text, GuardNetwork *network)
{
	char	   *slash = strchr(text, '/');
	int			len;

	memset(network, 0, sizeof(*network));
	if (slash != NULL)
		*slash = '\0';
	network->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	len = network->family == AF_INET6 ? IPV6_LEN : IPV4_LEN;
	if (inet_pton(network->family, text, network->bytes) != 1)
		return "is not an IP address or network";
	network->bits = slash ? parse_bits(slash + 1, len * 8) : len * 8;
	if (network->bits < 0)
		return "has no valid prefix length";
	if (!tail_is_zero(network->bytes, len, network->bits))
		return "has bits set to the right of its prefix";

	/* v4-mapped addresses are judged as IPv4, so their networks must be too */
	if (network->family == AF_INET6 && network->bits >= 96 &&
		is_v4_mapped(network->bytes))
	{
		network->family = AF_INET;
		network->bits -= 96;
		memmove(network->bytes, network->bytes + 12, IPV4_LEN);
	}
	return NULL;
}

/* Say what is wrong with the list; for "return fail(…)" */
static bool __attribute__((format(printf, 3, 4)))
fail(char *error, size_t error_size, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(error, error_size, format, args);
	va_end(args);
	return false;
}

bool
AddressGuardParse(AddressGuard *guard, const char *list, char *error,
				  size_t error_size)
{
	static const char separators[] = ", \t\r\n";

	memset(guard, 0, sizeof(*guard));
	if (list == NULL)
		return true;
	for (list += strspn(list, separators); *list != '\0';
		 list += strspn(list, separators))
	{
		char		text[GUARD_ADDRESS_TEXT];
		char		parsed[GUARD_ADDRESS_TEXT];
		size_t		len = strcspn(list, separators);
		const char *problem;

		if (len >= sizeof(text))
			return fail(error, error_size,
						"\"%.40s…\" is not an IP address or network", list);
		if (guard->nnetworks == GUARD_MAX_NETWORKS)
			return fail(error, error_size,
						"there are more than %d networks", GUARD_MAX_NETWORKS);
		memcpy(text, list, len);
		text[len] = '\0';
		memcpy(parsed, text, len + 1);
		problem = parse_network(parsed, &guard->networks[guard->nnetworks]);
		if (problem != NULL)
			return fail(error, error_size, "\"%s\" %s", text, problem);
		guard->nnetworks++;
		list += len;
	}
	return true;
}
