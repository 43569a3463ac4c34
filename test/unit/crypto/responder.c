/* SPDX-License-Identifier: Apache-2.0 */
#include "responder.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <apr_strings.h>
#include <openssl/ocsp.h>

static ASN1_TIME *in(long seconds)
{
    return X509_gmtime_adj(NULL, seconds);
}

bytes_t responder_make(apr_pool_t *p, const responder_spec_t *spec)
{
    const party_t *signer = spec->signer != NULL ? spec->signer : spec->issuer;
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, spec->leaf->cert, spec->issuer->cert);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ASN1_TIME *from = in(spec->from), *revoked = in(-3600);
    ASN1_TIME *until = spec->until != 0 ? in(spec->until) : NULL;
    OCSP_RESPONSE *response = NULL;
    unsigned char *der = NULL;
    bytes_t bytes = { NULL, 0 };

    assert_non_null(OCSP_basic_add1_status(
        basic, id, spec->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, from, until));
    assert_int_equal(1, OCSP_basic_sign(basic, signer->cert, signer->key->pkey, EVP_sha256(), NULL,
                                        spec->signer == NULL ? OCSP_NOCERTS : 0));
    response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    bytes.len = (apr_size_t)i2d_OCSP_RESPONSE(response, &der);
    bytes.data = apr_pmemdup(p, der, bytes.len);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    ASN1_TIME_free(revoked);
    return bytes;
}
