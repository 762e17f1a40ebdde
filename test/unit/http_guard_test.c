/*
 * test/unit/http_guard_test.c
 *
 * The address guard (src/http/guard.h): ranges at both of their edges, what
 * carries an address within another, and the list of allowed networks.
 *
 *		cc -Isrc test/unit/http_guard_test.c src/http/guard.c
 */
#include "http/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static int	number = 0;
static int	failures = 0;

/* One line of TAP */
static void
ok(bool passed, const char *what, const char *about)
{
	printf("%sok %d - %s %s\n", passed ? "" : "not ", ++number, what, about);
	failures += passed ? 0 : 1;
}

/* Would a guard with these networks let the address through? */
static bool
allows(const char *networks, const char *address)
{
	AddressGuard guard;
	char		error[200];
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};

	if (!AddressGuardParse(&guard, networks, error, sizeof(error)))
	{
		printf("# \"%s\": %s\n", networks, error);
		return false;
	}
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return AddressGuardAllows(&guard, (struct sockaddr *) &v4, sizeof(v4));
	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		return AddressGuardAllows(&guard, (struct sockaddr *) &v6, sizeof(v6));
	printf("# \"%s\" is no address\n", address);
	return false;
}

static void
test_ranges(void)
{
	static const char *const refused[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
		"100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
		"169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255",
		"192.0.0.0", "192.0.0.255", "192.0.2.1", "192.88.99.1",
		"192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
		"198.51.100.7", "203.0.113.7", "224.0.0.0", "239.255.255.255",
		"240.0.0.0", "255.255.255.255",
		"::", "::1", "::2", "::ffff:0:0:1", "64:ff9b::808:808",
		"64:ff9b:1::1", "100::1", "1fff::1", "2001::1", "2001:1ff:ffff::1",
		"2001:db8::1", "2002:808:808::1", "3ffe::1", "3fff::1", "3fff:fff::1",
		"4000::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1", "febf::1",
		"fec0::1", "ff02::1", NULL
	};
	static const char *const public[] = {
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
		"192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
		"198.20.0.0", "223.255.255.255", "8.8.8.8",
		"2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1",
		"2606:4700::1111", "2a00:1450::1", "3ffd::1", "3fff:1000::1", NULL
	};

	for (int i = 0; refused[i] != NULL; i++)
		ok(!allows(NULL, refused[i]), "refused:", refused[i]);
	for (int i = 0; public[i] != NULL; i++)
		ok(allows("", public[i]), "public:", public[i]);
}

static void
test_mapped(void)
{
	ok(!allows(NULL, "::ffff:127.0.0.1"), "refused:", "::ffff:127.0.0.1");
	ok(!allows(NULL, "::ffff:10.1.2.3"), "refused:", "::ffff:10.1.2.3");
	ok(allows(NULL, "::ffff:8.8.8.8"), "public:", "::ffff:8.8.8.8");
	ok(allows("10.0.0.0/8", "::ffff:10.1.2.3"), "an IPv4 network allows", "the mapped address");
	ok(allows("::ffff:10.0.0.0/104", "10.1.2.3"), "a mapped network allows", "the IPv4 address");
	ok(!allows("::ffff:10.0.0.0/104", "127.0.0.1"), "a mapped network allows", "nothing beside it");
}

static void
test_allowed(void)
{
	const char *list = " 10.1.0.0/16,192.168.7.9\n\tfd00:1::/32 , ::1 ";

	ok(allows(list, "10.1.255.255"), "in the list:", "10.1.255.255");
	ok(!allows(list, "10.2.0.0"), "beside the list:", "10.2.0.0");
	ok(allows(list, "192.168.7.9"), "in the list:", "192.168.7.9");
	ok(!allows(list, "192.168.7.8"), "beside the list:", "192.168.7.8");
	ok(allows(list, "fd00:1:ffff::1"), "in the list:", "fd00:1:ffff::1");
	ok(!allows(list, "fd00:2::1"), "beside the list:", "fd00:2::1");
	ok(allows(list, "::1"), "in the list:", "::1");
	ok(allows(list, "8.8.8.8"), "public beside a list:", "8.8.8.8");
	ok(allows("0.0.0.0/0", "127.0.0.1"), "0.0.0.0/0 allows", "all of IPv4");
	ok(!allows("0.0.0.0/0", "::1"), "0.0.0.0/0 does not allow", "IPv6");
	ok(allows("::/0", "64:ff9b::a00:1"), "::/0 allows", "all of IPv6");
	ok(!allows("::/0", "::ffff:10.0.0.1"), "::/0 does not allow", "mapped IPv4");
	ok(allows("172.16.0.0/13", "172.23.255.255"), "in an odd prefix:", "172.23.255.255");
	ok(!allows("172.16.0.0/13", "172.24.0.0"), "beside an odd prefix:", "172.24.0.0");
}

static void
test_mistakes(void)
{
	static const char *const mistakes[] = {
		"localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
		"10.0.0.1/8", "10.0.0", "::1/129", "fd00::1/64", "1.2.3.4/8/8",
		"10.0.0.0/8;11.0.0.0/8", "/8", "10.0.0.0/99999999999999999999",
		"0123456789012345678901234567890123456789012345678901234567890123456789",
		NULL
	};
	AddressGuard guard;
	char		error[200];
	char		many[2000] = "";

	for (int i = 0; mistakes[i] != NULL; i++)
	{
		error[0] = '\0';
		ok(!AddressGuardParse(&guard, mistakes[i], error, sizeof(error)) &&
		   error[0] != '\0', "not a network:", mistakes[i]);
	}
	for (int i = 0; i <= GUARD_MAX_NETWORKS; i++)
		strcat(many, "10.0.0.0/8,");
	ok(!AddressGuardParse(&guard, many, error, sizeof(error)), "too many", "networks");
	ok(AddressGuardParse(&guard, " ,, ,", error, sizeof(error)) &&
	   guard.nnetworks == 0, "nothing but", "separators");
}

static void
test_families(void)
{
	AddressGuard guard = {0};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	char		text[GUARD_ADDRESS_TEXT];

	inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
	inet_pton(AF_INET6, "::ffff:10.0.0.1", &v6.sin6_addr);
	ok(!AddressGuardAllows(&guard, (struct sockaddr *) &local, sizeof(local)),
	   "refused:", "another family");
	ok(!AddressGuardAllows(&guard, (struct sockaddr *) &v4, sizeof(v4) - 1),
	   "refused:", "an address that is cut");
	AddressGuardFormat((struct sockaddr *) &v4, sizeof(v4), text);
	ok(strcmp(text, "8.8.8.8") == 0, "formats as", text);
	AddressGuardFormat((struct sockaddr *) &v6, sizeof(v6), text);
	ok(strcmp(text, "10.0.0.1") == 0, "formats as", text);
	AddressGuardFormat((struct sockaddr *) &local, sizeof(local), text);
	ok(strncmp(text, "(address family", 15) == 0, "formats as", text);
}

int
main(void)
{
	test_ranges();
	test_mapped();
	test_allowed();
	test_mistakes();
	test_families();
	printf("1..%d\n", number);
	return failures > 0;
}
