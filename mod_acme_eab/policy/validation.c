/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validation.h"

#include <string.h>

#include "base/address.h"

int validation_can_be_had(const apr_array_header_t *challenges, const char *name, int record_lacks)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int wildcard = strncmp(name, "*.", 2) == 0, address = address_parse(octets, name) != 0;
    int i;

    for (i = 0; i < challenges->nelts; ++i) {
        const char *type = APR_ARRAY_IDX(challenges, i, const char *);
        int dns = strncmp(type, "dns-", 4) == 0;

        if ((dns ? !address : !wildcard)
            && !(record_lacks && strcmp(type, "dns-persist-01") == 0)) {
            return 1;
        }
    }
    return 0;
}
