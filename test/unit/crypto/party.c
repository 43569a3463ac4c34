/* SPDX-License-Identifier: Apache-2.0 */
#include "party.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static apr_status_t party_cleanup(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension = NULL;

    if (value == NULL)
        return;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(1, X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static void set_serial(X509 *cert, const char *serial)
{
    BIGNUM *number = NULL;

    assert_true(BN_hex2bn(&number, serial != NULL ? serial : "1") > 0);
    assert_non_null(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)));
    BN_free(number);
}

party_t *party_make(apr_pool_t *p, const party_t *issuer, const party_spec_t *spec)
{
    party_t *party = apr_pcalloc(p, sizeof(*party));
    const party_t *signer = issuer != NULL ? issuer : party;
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);

    apr_pool_cleanup_register(p, cert, party_cleanup, apr_pool_cleanup_null);
    party->cert = cert;
    party->key = spec->key;
    if (party->key == NULL)
        party->key =
            keypair_adopt(p, keypair_generate(spec->key_type != NULL ? spec->key_type : "p256"));
    assert_non_null(party->key);
    X509_set_version(cert, X509_VERSION_3);
    set_serial(cert, spec->serial);
    if (spec->common != NULL)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)spec->common, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(signer->cert));
    X509_gmtime_adj(X509_getm_notBefore(cert), spec->from);
    X509_gmtime_adj(X509_getm_notAfter(cert), spec->until != 0 ? spec->until : 90 * 86400L);
    X509_set_pubkey(cert, party->key->pkey);
    add_extension(cert, signer->cert, NID_basic_constraints,
                  spec->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(cert, signer->cert, NID_subject_alt_name, spec->names);
    add_extension(cert, signer->cert, NID_ext_key_usage, spec->usage);
    add_extension(cert, signer->cert, NID_info_access, spec->access);
    add_extension(cert, signer->cert, NID_tlsfeature, spec->feature);
    assert_true(X509_sign(cert, signer->key->pkey, EVP_sha256()) > 0);
    return party;
}

const char *party_pem(apr_pool_t *p, int count, ...)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    const char *pem = NULL;
    long len;
    va_list list;

    va_start(list, count);
    for (; count > 0; count--)
        assert_int_equal(1, PEM_write_bio_X509(bio, va_arg(list, party_t *)->cert));
    va_end(list);
    len = BIO_get_mem_data(bio, &data);
    pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    return pem;
}

apr_array_header_t *party_names(apr_pool_t *p, ...)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    const char *name = NULL;
    va_list list;

    va_start(list, p);
    while ((name = va_arg(list, const char *)) != NULL)
        APR_ARRAY_PUSH(names, const char *) = name;
    va_end(list);
    return names;
}
