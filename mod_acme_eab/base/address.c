/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

int address_parse(unsigned char *octets, const char *text)
{
    if (inet_pton(AF_INET, text, octets) == 1)
        return 4;
    return inet_pton(AF_INET6, text, octets) == 1 ? 16 : 0;
}

const char *address_text(apr_pool_t *p, const unsigned char *octets, int len)
{
    char text[INET6_ADDRSTRLEN];

    if ((len != 4 && len != 16)
        || inet_ntop(len == 4 ? AF_INET : AF_INET6, octets, text, sizeof(text)) == NULL)
        return NULL;
    return apr_pstrdup(p, text);
}

int address_is_normal(const char *text)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    char again[INET6_ADDRSTRLEN];
    int len = address_parse(octets, text);

    return len != 0
           && inet_ntop(len == 4 ? AF_INET : AF_INET6, octets, again, sizeof(again)) != NULL
           && strcmp(text, again) == 0;
}

const char *address_normalize(apr_pool_t *p, const char *text)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];

    return address_text(p, octets, address_parse(octets, text));
}

int address_parse_host(unsigned char *octets, const char *host)
{
    size_t len = strlen(host);
    char inner[INET6_ADDRSTRLEN];

    if (*host != '[')
        return address_parse(octets, host);
    if (host[len - 1] != ']' || len - 2 >= sizeof(inner))
        return 0;
    memcpy(inner, host + 1, len - 2);
    inner[len - 2] = '\0';
    return address_parse(octets, inner) == 16 ? 16 : 0;
}

const char *address_of_host(apr_pool_t *p, const char *host)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];

    return address_text(p, octets, address_parse_host(octets, host));
}

static const char *refuse_ipv4(const unsigned char *octets)
{
    if (octets[0] == 0)
        return "is not the address of a server";
    return octets[0] >= 224 ? "is a multicast or reserved address, which no server can have" : NULL;
}

static const char *refuse_ipv6(const struct in6_addr *address)
{
    if (IN6_IS_ADDR_UNSPECIFIED(address))
        return "is not the address of a server";
    if (IN6_IS_ADDR_MULTICAST(address))
        return "is a multicast address, which no server can have";
    if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address))
        return "is an IPv4 address in the form of IPv6; write it as IPv4";
    return NULL;
}

const char *address_refusal(const char *text)
{
    struct in6_addr address;
    unsigned char octets[ADDRESS_OCTETS_MAX];

    if (address_parse(octets, text) == 4)
        return refuse_ipv4(octets);
    memcpy(&address, octets, sizeof(address));
    return refuse_ipv6(&address);
}

int address_is_private(const unsigned char *octets, int len)
{
    static const unsigned char itself[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

    if (len == 4)
        return octets[0] == 10 || octets[0] == 127 || (octets[0] == 172 && (octets[1] & 0xf0) == 16)
               || (octets[0] == 192 && octets[1] == 168) || (octets[0] == 169 && octets[1] == 254)
               || (octets[0] == 100 && (octets[1] & 0xc0) == 64);
    return (octets[0] & 0xfe) == 0xfc || (octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80)
           || memcmp(octets, itself, 16) == 0;
}

static const char *reverse_ipv6(apr_pool_t *p, const unsigned char *octets)
{
    static const char digits[] = "0123456789abcdef";
    char nibbles[4 * 16 + 1];
    char *c = nibbles;
    int i;

    for (i = 15; i >= 0; i--) {
        *c++ = digits[octets[i] & 15];
        *c++ = '.';
        *c++ = digits[octets[i] >> 4];
        *c++ = '.';
    }
    *c = '\0';
    return apr_pstrcat(p, nibbles, "ip6.arpa", NULL);
}

const char *address_reverse(apr_pool_t *p, const char *text)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int len = address_parse(octets, text);

    if (len == 4)
        return apr_psprintf(p, "%d.%d.%d.%d.in-addr.arpa", octets[3], octets[2], octets[1],
                            octets[0]);
    return len == 16 ? reverse_ipv6(p, octets) : NULL;
}
