/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

/* base/address.h - IP addresses as identifiers (RFC 8738): IPv4 in dotted decimal, IPv6 as RFC 5952
 * writes it, without brackets and zone. In a URL, a Host header and where an administrator writes
 * them IPv6 may have brackets. */

#include <apr_pools.h>

#define ADDRESS_OCTETS_MAX 16

/** @param octets ADDRESS_OCTETS_MAX bytes of room, in network order
 * @return 4, 16, or 0 when text is no address */
int address_parse(unsigned char *octets, const char *text);

/** The one text of an address of that many octets, in p; NULL when len is neither 4 nor 16. */
const char *address_text(apr_pool_t *p, const unsigned char *octets, int len);

/** The one text of an address in any writing, in p; NULL when text is no address. */
const char *address_normalize(apr_pool_t *p, const char *text);

/** True when text is that one text. */
int address_is_normal(const char *text);

/** address_parse() for an address as it stands in a URL, without the port: IPv6 may be in brackets. */
int address_parse_host(unsigned char *octets, const char *host);

/** address_normalize() for the same. */
const char *address_of_host(apr_pool_t *p, const char *host);

/** Why no server can have this address, or NULL: a static half sentence such as "is a multicast
 * address". text must be an address. */
const char *address_refusal(const char *text);

/** True when nobody beyond this network reaches it (RFC 1918, 4193, 6598, loopback, link-local). */
int address_is_private(const unsigned char *octets, int len);

/** The name below in-addr.arpa or ip6.arpa, which a CA asks for in TLS, as there is no server name
 * for an address (RFC 8738, 6). In p; NULL when text is no address. */
const char *address_reverse(apr_pool_t *p, const char *text);

#endif
