/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/san.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>

static GENERAL_NAME *san_make_one(const char *name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();

    if (general == NULL || text == NULL || ASN1_STRING_set(text, name, -1) != 1) {
        GENERAL_NAME_free(general);
        ASN1_IA5STRING_free(text);
        return NULL;
    }
    GENERAL_NAME_set0_value(general, GEN_DNS, text);
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
    char *name = apr_pstrmemdup(p, (const char *)ASN1_STRING_get0_data(text),
                                (apr_size_t)ASN1_STRING_length(text));
    char *c;

    for (c = name; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    }
    return name;
}

apr_array_header_t *san_names(apr_pool_t *p, const X509 *cert)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    GENERAL_NAMES *san = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    const GENERAL_NAME *general = NULL;
    char *name = NULL;
    int i;

    for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        general = sk_GENERAL_NAME_value(san, i);
        if (general->type != GEN_DNS)
            continue;
        name = san_lower(p, general->d.dNSName);
        if (strlen(name) == (size_t)ASN1_STRING_length(general->d.dNSName))
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    GENERAL_NAMES_free(san);
    ERR_clear_error();
    return names;
}
