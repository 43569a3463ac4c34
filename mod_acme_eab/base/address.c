/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <apr_strings.h>
#include <arpa/inet.h>

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

const char *address_normalize(apr_pool_t *p, const char *text)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];

    return address_text(p, octets, address_parse(octets, text));
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
