/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/san.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include "base/address.h"

/* A dNSName, or an iPAddress of 4 or 16 octets (RFC 8738, 3). */
static GENERAL_NAME *san_make_one(const char *name)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int len = address_parse(octets, name);
    int type = len > 0 ? GEN_IPADD : GEN_DNS;
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_STRING *value =
        ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

    if (general == NULL || value == NULL
        || ASN1_STRING_set(value, len > 0 ? (const void *)octets : name, len > 0 ? len : -1) != 1) {
        GENERAL_NAME_free(general);
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(general, type, value);
    return general;
}

GENERAL_NAMES *san_make(const apr_array_header_t *names, int max)
{
    GENERAL_NAMES *san = GENERAL_NAMES_new();
    GENERAL_NAME *general = NULL;
    int i;

    for (i = 0; san != NULL && i < names->nelts && i < max; i++) {
        general = san_make_one(APR_ARRAY_IDX(names, i, const char *));
        if (general == NULL || sk_GENERAL_NAME_push(san, general) <= 0) {
            GENERAL_NAME_free(general);
            GENERAL_NAMES_free(san);
            return NULL;
        }
    }
    return san;
}

static char *san_lower(apr_pool_t *p, const ASN1_STRING *text)
{
    apr_size_t len = (apr_size_t)ASN1_STRING_length(text);
    char *name = apr_pstrmemdup(p, (const char *)ASN1_STRING_get0_data(text), len);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] + ('a' - 'A'));
    }
    return name;
}

/* NULL for what is no name that could have been ordered. */
static const char *san_read_one(apr_pool_t *p, const GENERAL_NAME *general)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    const char *name = NULL;

    if (general->type == GEN_IPADD)
        return address_text(p, ASN1_STRING_get0_data(general->d.iPAddress),
                            ASN1_STRING_length(general->d.iPAddress));
    if (general->type != GEN_DNS)
        return NULL;
    name = san_lower(p, general->d.dNSName);
    if (strlen(name) != (size_t)ASN1_STRING_length(general->d.dNSName))
        return NULL;
    return address_parse(octets, name) == 0 ? name : NULL;
}

apr_array_header_t *san_names(apr_pool_t *p, const X509 *cert)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    GENERAL_NAMES *san = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    const char *name = NULL;
    int i;

    for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        name = san_read_one(p, sk_GENERAL_NAME_value(san, i));
        if (name != NULL)
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    GENERAL_NAMES_free(san);
    ERR_clear_error();
    return names;
}
