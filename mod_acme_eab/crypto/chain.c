/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/chain.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "crypto/pem.h"
#include "crypto/san.h"
#include "crypto/selfsigned.h"
#include "crypto/terms.h"

#define CHAIN_MAX 10   /* certificates */
#define NAMES_SHOWN 10 /* in one sentence */
#define FALLBACK_DAYS 365
#define OCSP_URL_MAX 1000

struct chain {
    apr_pool_t *pool;
    apr_array_header_t *certs; /* X509 *, the leaf first; freed by the pool */
    chain_facts_t facts;
};

static X509 *chain_cert(const chain_t *chain, int i)
{
    return APR_ARRAY_IDX(chain->certs, i, X509 *);
}

static X509 *chain_leaf(const chain_t *chain)
{
    return chain_cert(chain, 0);
}

static apr_status_t chain_cleanup(void *data)
{
    chain_t *chain = data;
    int i;

    for (i = 0; i < chain->certs->nelts; i++)
        X509_free(chain_cert(chain, i));
    chain->certs->nelts = 0;
    return APR_SUCCESS;
}

static chain_t *chain_create(apr_pool_t *p)
{
    chain_t *chain = apr_pcalloc(p, sizeof(*chain));

    chain->pool = p;
    chain->certs = apr_array_make(p, CHAIN_MAX, sizeof(X509 *));
    apr_pool_cleanup_register(p, chain, chain_cleanup, apr_pool_cleanup_null);
    return chain;
}

/* @return 0 when it is no certificate, or has something behind it */
static int chain_add(chain_t *chain, const bytes_t *der)
{
    const unsigned char *at = der->data;
    X509 *cert = d2i_X509(NULL, &at, (long)der->len);

    if (cert == NULL)
        return 0;
    APR_ARRAY_PUSH(chain->certs, X509 *) = cert;
    return at == der->data + der->len;
}

static void chain_swap(chain_t *chain, int a, int b)
{
    X509 *cert = chain_cert(chain, a);

    APR_ARRAY_IDX(chain->certs, a, X509 *) = chain_cert(chain, b);
    APR_ARRAY_IDX(chain->certs, b, X509 *) = cert;
}

/* Names alone do not tell: a CA that has changed its key has two certificates with one name. */
static int cert_issued(X509 *issuer, X509 *subject)
{
    EVP_PKEY *pkey = X509_get0_pubkey(issuer);

    return X509_check_issued(issuer, subject) == X509_V_OK && pkey != NULL
           && X509_verify(subject, pkey) == 1;
}

/* The first certificate from first on that issued subject, or -1. */
static int chain_find_issuer(const chain_t *chain, X509 *subject, int first)
{
    int i;

    for (i = first; i < chain->certs->nelts; i++) {
        if (cert_issued(chain_cert(chain, i), subject))
            return i;
    }
    return -1;
}

/* Each certificate certifies the one before it (checklist F-14); what belongs to none stays at the
 * end, in the order in which the CA sent it. */
static void chain_sort(chain_t *chain)
{
    int place;
    int issuer;

    for (place = 1; place < chain->certs->nelts; place++) {
        issuer = chain_find_issuer(chain, chain_cert(chain, place - 1), place);
        if (issuer < 0)
            return;
        for (; issuer > place; issuer--)
            chain_swap(chain, issuer, issuer - 1);
    }
}

/* The last CN of a name as UTF-8, or NULL. */
static const char *name_common(apr_pool_t *p, const X509_NAME *name)
{
    const char *text = NULL;
    unsigned char *utf8 = NULL;
    int at = -1;
    int next;
    int len;

    while ((next = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
        at = next;
    if (at < 0)
        return NULL;
    len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len > 0)
        text = apr_pstrmemdup(p, (const char *)utf8, (apr_size_t)len);
    OPENSSL_free(utf8);
    return text;
}

static const char *name_whole(apr_pool_t *p, const X509_NAME *name)
{
    const char *text = "";
    char *data = NULL;
    long len;
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL
        && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0
        && (len = BIO_get_mem_data(bio, &data)) > 0)
        text = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    return text;
}

static const char *cert_issuer(apr_pool_t *p, const X509 *cert)
{
    const X509_NAME *name = X509_get_issuer_name(cert);
    const char *common = name_common(p, name);

    return common != NULL ? common : name_whole(p, name);
}

static const char *cert_serial(apr_pool_t *p, const X509 *cert)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    int len = ASN1_STRING_length(serial);

    return len > 0 ? hex_encode(p, ASN1_STRING_get0_data(serial), (apr_size_t)len) : "00";
}

/* The content octets of the serial number's DER: with the zero in front that a set highest bit asks
 * for, which the number itself does not have. NULL on failure. */
static const char *cert_serial_octets(apr_pool_t *p, const X509 *cert)
{
    const char *text = NULL;
    const unsigned char *at = NULL;
    unsigned char *der = NULL;
    long content = 0;
    int tag, class;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &der);

    at = der;
    if (len > 0 && (ASN1_get_object(&at, &content, &tag, &class, len) & 0x80) == 0 && content > 0)
        text = base64url_encode(p, at, (apr_size_t)content);
    OPENSSL_free(der);
    return text;
}

/* Visible ASCII only, as a URL is. */
static int is_printable(const char *url)
{
    for (; *url > ' ' && *url < 127; url++)
        continue;
    return *url == '\0';
}

static const char *cert_ari_id(apr_pool_t *p, X509 *cert)
{
    const ASN1_OCTET_STRING *key_id = X509_get0_authority_key_id(cert);
    const char *serial = cert_serial_octets(p, cert);
    int len = key_id != NULL ? ASN1_STRING_length(key_id) : 0;

    if (serial == NULL || len <= 0)
        return NULL;
    return apr_pstrcat(p, base64url_encode(p, ASN1_STRING_get0_data(key_id), (apr_size_t)len), ".",
                       serial, NULL);
}

/* NULL on failure. */
static const char *cert_fingerprint(apr_pool_t *p, const X509 *cert)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    return X509_digest(cert, EVP_sha256(), hash, &len) == 1 ? hex_encode(p, hash, len) : NULL;
}

static apr_status_t cert_time(apr_time_t *ptime, const ASN1_TIME *asn1)
{
    apr_time_exp_t parts = { 0 };
    struct tm tm;

    *ptime = 0;
    if (ASN1_TIME_to_tm(asn1, &tm) != 1)
        return APR_EINVAL;
    parts.tm_year = tm.tm_year;
    parts.tm_mon = tm.tm_mon;
    parts.tm_mday = tm.tm_mday;
    parts.tm_hour = tm.tm_hour;
    parts.tm_min = tm.tm_min;
    parts.tm_sec = tm.tm_sec;
    return apr_time_exp_gmt_get(ptime, &parts);
}

static apr_array_header_t *chain_issuers(const chain_t *chain)
{
    apr_array_header_t *issuers = apr_array_make(chain->pool, 3, sizeof(const char *));
    int i;

    for (i = 0; i < chain->certs->nelts; i++)
        APR_ARRAY_PUSH(issuers, const char *) = cert_issuer(chain->pool, chain_cert(chain, i));
    return issuers;
}

/* The first that is http or https, as it stands there. */
static const char *cert_ocsp(apr_pool_t *p, X509 *cert)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
    const char *found = NULL;
    int i;

    for (i = 0; i < sk_OPENSSL_STRING_num(urls) && found == NULL; i++) {
        const char *url = sk_OPENSSL_STRING_value(urls, i);

        if ((strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0)
            && strlen(url) <= OCSP_URL_MAX && is_printable(url))
            found = apr_pstrdup(p, url);
    }
    X509_email_free(urls);
    return found;
}

static int cert_must_staple(const X509 *cert)
{
    TLS_FEATURE *features = X509_get_ext_d2i(cert, NID_tlsfeature, NULL, NULL);
    int i, must = 0;

    for (i = 0; features != NULL && i < sk_ASN1_INTEGER_num(features); i++)
        must |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLSEXT_TYPE_status_request;
    TLS_FEATURE_free(features);
    return must;
}

static apr_status_t chain_describe(chain_t *chain)
{
    chain_facts_t *facts = &chain->facts;
    X509 *leaf = chain_leaf(chain);

    facts->names = san_names(chain->pool, leaf);
    facts->key_type = keypair_type(X509_get0_pubkey(leaf));
    facts->issuer = cert_issuer(chain->pool, leaf);
    facts->issuers = chain_issuers(chain);
    facts->serial = cert_serial(chain->pool, leaf);
    facts->fingerprint = cert_fingerprint(chain->pool, leaf);
    facts->ari_id = cert_ari_id(chain->pool, leaf);
    facts->ocsp = cert_ocsp(chain->pool, leaf);
    facts->must_staple = cert_must_staple(leaf);
    if (facts->fingerprint == NULL
        || cert_time(&facts->not_before, X509_get0_notBefore(leaf)) != APR_SUCCESS)
        return APR_EINVAL;
    return cert_time(&facts->not_after, X509_get0_notAfter(leaf));
}

/* @return NULL, or why not: a half sentence */
static const char *chain_fill(chain_t *chain, const apr_array_header_t *ders)
{
    int i;

    for (i = 0; i < ders->nelts; i++) {
        if (!chain_add(chain, &APR_ARRAY_IDX(ders, i, bytes_t)))
            return "holds a certificate that cannot be read";
    }
    chain_sort(chain);
    return chain_describe(chain) == APR_SUCCESS ? NULL
                                                : "begins with a certificate whose dates cannot be "
                                                  "read";
}

apr_status_t chain_parse(chain_t **pchain, const char *pem, apr_size_t len, eab_result_t *result,
                         apr_pool_t *p)
{
    apr_array_header_t *ders = NULL;
    chain_t *chain = NULL;
    const char *why = NULL;
    apr_status_t rv = pem_split(&ders, pem, len, CHAIN_MAX, &why, p);

    *pchain = NULL;
    if (rv == APR_SUCCESS) {
        chain = chain_create(p);
        why = chain_fill(chain, ders);
        rv = APR_EINVAL;
    }
    ERR_clear_error();
    if (why != NULL) {
        eab_result_set(result, rv, EAB_PROBLEM_CHAIN, "The certificate chain %s.", why);
        result->cause = CAUSE_UNREADABLE;
        return rv;
    }
    *pchain = chain;
    return APR_SUCCESS;
}

/* A failure of the file system, in words. */
static apr_status_t chain_report(eab_result_t *result, apr_status_t rv, const char *path)
{
    return eab_result_set(result, rv, EAB_PROBLEM_STORE, "%s cannot be read: %s.", path,
                          file_reason(result->pool, rv, path));
}

apr_status_t chain_load(chain_t **pchain, const char *path, eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv;
    const char *pem = NULL;
    apr_size_t len = 0;

    *pchain = NULL;
    rv = file_read(&pem, &len, path, LIMIT_CHAIN, p);
    if (rv != APR_SUCCESS)
        return chain_report(result, rv, path);
    rv = chain_parse(pchain, pem, len, result, p);
    if (rv != APR_SUCCESS) {
        eab_result_set(result, rv, EAB_PROBLEM_CHAIN, "%s is damaged: %s", path, result->detail);
        result->cause = CAUSE_UNREADABLE;
    }
    return rv;
}

const chain_facts_t *chain_facts(const chain_t *chain)
{
    return &chain->facts;
}

X509 *chain_certificate(const chain_t *chain, int i)
{
    return i < chain->certs->nelts ? chain_cert(chain, i) : NULL;
}

const char *chain_top_issuer(apr_pool_t *p, const chain_t *chain)
{
    const char *issuer = cert_issuer(p, chain_cert(chain, chain->certs->nelts - 1));

    ERR_clear_error();
    return issuer;
}

int chain_length(const chain_t *chain)
{
    return chain->certs->nelts;
}

const char *chain_pem(apr_pool_t *p, const chain_t *chain)
{
    const char *pem = NULL;
    char *data = NULL;
    long len;
    BIO *bio = BIO_new(BIO_s_mem());
    int done = bio != NULL;
    int i;

    for (i = 0; done && i < chain->certs->nelts; i++)
        done = PEM_write_bio_X509(bio, chain_cert(chain, i));
    if (done && (len = BIO_get_mem_data(bio, &data)) > 0)
        pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    ERR_clear_error();
    return pem;
}

const char *chain_leaf_pem(apr_pool_t *p, const chain_t *chain)
{
    const char *pem = NULL;
    char *data = NULL;
    long len;
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL && PEM_write_bio_X509(bio, chain_leaf(chain)) == 1
        && (len = BIO_get_mem_data(bio, &data)) > 0)
        pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    ERR_clear_error();
    return pem;
}

bytes_t chain_leaf_der(apr_pool_t *p, const chain_t *chain)
{
    bytes_t bytes = { NULL, 0 };
    unsigned char *der = NULL;
    int len = i2d_X509(chain_leaf(chain), &der);

    if (len > 0) {
        bytes.data = apr_pmemdup(p, der, (apr_size_t)len);
        bytes.len = (apr_size_t)len;
    }
    OPENSSL_free(der);
    ERR_clear_error();
    return bytes;
}

const char *chain_spki(apr_pool_t *p, const chain_t *chain)
{
    const EVP_PKEY *pkey = X509_get0_pubkey(chain_leaf(chain));

    return pkey != NULL ? keypair_spki(p, pkey) : NULL;
}

/* A signature of its own issuer is not judged. */
static const char *cert_strength(apr_pool_t *p, X509 *cert)
{
    EVP_PKEY *pkey = X509_get0_pubkey(cert);
    int digest = NID_undef, signature = NID_undef, bits = 0;
    char group[64] = "";

    if (pkey == NULL)
        return "none";
    EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
    X509_get_signature_info(cert, &digest, &signature, &bits, NULL);
    return apr_psprintf(p, "%s %s %d/%d, signed %d/%d %d%s", EVP_PKEY_get0_type_name(pkey), group,
                        EVP_PKEY_get_bits(pkey), EVP_PKEY_get_security_bits(pkey), signature,
                        digest, bits,
                        X509_get_extension_flags(cert) & EXFLAG_SS ? " by itself" : "");
}

const char *chain_strength(apr_pool_t *p, const chain_t *chain)
{
    const char *text = "";
    int i;

    for (i = 0; i < chain->certs->nelts; i++)
        text =
            apr_pstrcat(p, text, i > 0 ? "; " : "", cert_strength(p, chain_cert(chain, i)), NULL);
    ERR_clear_error();
    return text;
}

int chain_matches_key(const chain_t *chain, const keypair_t *key)
{
    const EVP_PKEY *pkey = X509_get0_pubkey(chain_leaf(chain));
    int matches = pkey != NULL && EVP_PKEY_eq(pkey, key->pkey) == 1;

    ERR_clear_error();
    return matches;
}

/* "a.example.edu, b.example.edu and 3 more". */
static const char *names_text(apr_pool_t *p, const apr_array_header_t *names)
{
    const char *text = names->nelts > 0 ? "" : "no name at all";
    int i;

    for (i = 0; i < names->nelts && i < NAMES_SHOWN; i++)
        text = apr_pstrcat(p, text, i > 0 ? ", " : "", APR_ARRAY_IDX(names, i, const char *), NULL);
    if (names->nelts > NAMES_SHOWN)
        text = apr_psprintf(p, "%s and %d more", text, names->nelts - NAMES_SHOWN);
    return text;
}

static apr_status_t check_key(const chain_t *chain, const keypair_t *key, eab_result_t *result)
{
    if (chain_matches_key(chain, key))
        return APR_SUCCESS;
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN,
                   "The certificate (serial number %s) does not belong to its private key.",
                   chain->facts.serial);
    result->cause = CAUSE_OTHER_KEY;
    return APR_EINVAL;
}

static apr_status_t check_names(const chain_t *chain, const apr_array_header_t *missing,
                                eab_result_t *result)
{
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN,
                   "The certificate does not cover %s (it is for %s).",
                   names_text(result->pool, missing), names_text(result->pool, chain->facts.names));
    result->cause = CAUSE_OTHER_NAMES;
    return APR_EINVAL;
}

static apr_status_t check_dates(const chain_t *chain, apr_time_t now, eab_result_t *result)
{
    const chain_facts_t *facts = &chain->facts;

    if (now < facts->not_after)
        return APR_SUCCESS;
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN, "The certificate has expired on %s.",
                   clock_format(result->pool, facts->not_after));
    result->cause = CAUSE_EXPIRED;
    return APR_EINVAL;
}

/* UINT32_MAX, all bits, stands for a certificate without the extension. */
static apr_status_t check_purpose(const chain_t *chain, eab_result_t *result)
{
    int is_server = (X509_get_extended_key_usage(chain_leaf(chain)) & XKU_SSL_SERVER) != 0;

    ERR_clear_error();
    if (is_server)
        return APR_SUCCESS;
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN,
                   "The certificate is not for a web server: its extended key usage lacks "
                   "serverAuth. Ask the CA for a server certificate.");
    result->cause = CAUSE_OTHER_USAGE;
    return APR_EINVAL;
}

apr_status_t chain_check(const chain_t *chain, const keypair_t *key,
                         const apr_array_header_t *names, apr_time_t now, eab_result_t *result)
{
    apr_status_t rv;
    apr_array_header_t *missing = NULL;

    rv = check_key(chain, key, result);
    if (rv != APR_SUCCESS)
        return rv;
    missing = name_uncovered(result->pool, chain->facts.names, names);
    if (missing->nelts > 0)
        return check_names(chain, missing, result);
    rv = check_dates(chain, now, result);
    return rv == APR_SUCCESS ? check_purpose(chain, result) : rv;
}

static apr_status_t check_any_name(const chain_t *chain, const apr_array_header_t *names,
                                   eab_result_t *result)
{
    apr_array_header_t *missing = name_uncovered(result->pool, chain->facts.names, names);

    if (names->nelts > 0 && missing->nelts == names->nelts)
        return check_names(chain, missing, result);
    return APR_SUCCESS;
}

/* Also names and dates, which are asked for whenever a pair is looked at. */
static apr_status_t check_use(const chain_t *chain, const keypair_t *key,
                              const apr_array_header_t *names, apr_time_t now, eab_result_t *result)
{
    apr_status_t rv;

    if ((rv = check_key(chain, key, result)) != APR_SUCCESS
        || (rv = check_dates(chain, now, result)) != APR_SUCCESS)
        return rv;
    return check_any_name(chain, names, result);
}

/* What mod_ssl will do with the two files: it refuses more than we can know, such as signatures
 * and keys that are too weak for its terms. keypair_load() has seen to it that the key is not
 * encrypted, so nothing asks for a password. */
static apr_status_t check_loading(const chain_facts_t *facts, const char *chain_path,
                                  const char *key_path, const terms_t *terms, eab_result_t *result)
{
    eab_result_t *reason = eab_result_make(result->pool);

    if (terms == NULL)
        terms = terms_make(result->pool);
    if (terms_check_files(terms, chain_path, key_path, facts->key_type, reason) == APR_SUCCESS)
        return APR_SUCCESS;
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN,
                   "A server could not use %s with %s: %s%s%s.", chain_path, key_path,
                   reason->detail, terms->where != NULL ? "; its terms are " : "",
                   terms->where != NULL ? terms->where : "");
    result->cause = CAUSE_UNFIT;
    return APR_EINVAL;
}

apr_status_t chain_check_pair(const chain_t *chain, const keypair_t *key,
                              const apr_array_header_t *names, apr_time_t now, eab_result_t *result)
{
    eab_result_t *reason = eab_result_make(result->pool);
    apr_status_t rv = check_use(chain, key, names, now, result);

    if (rv != APR_SUCCESS
        || terms_check_pair(terms_make(result->pool), chain->certs, key->pkey,
                            chain->facts.key_type, reason)
               == APR_SUCCESS)
        return rv;
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN,
                   "A server could not use the certificate (serial number %s): %s.",
                   chain->facts.serial, reason->detail);
    result->cause = CAUSE_UNFIT;
    return APR_EINVAL;
}

static apr_status_t load_key(keypair_t **pkey, const char *path, eab_result_t *result,
                             apr_pool_t *p)
{
    apr_status_t rv = keypair_load(pkey, path, p);

    if (rv == APR_EINVAL && file_is_regular(path))
        return eab_result_set(result, rv, EAB_PROBLEM_STORE,
                              "%s holds no private key that can be read.", path);
    return rv == APR_SUCCESS ? rv : chain_report(result, rv, path);
}

apr_status_t chain_check_files(const chain_facts_t **pfacts, const char *chain_path,
                               const char *key_path, const apr_array_header_t *names,
                               const terms_t *terms, apr_time_t now, eab_result_t *result,
                               apr_pool_t *p)
{
    apr_status_t rv;
    chain_t *chain = NULL;
    keypair_t *key = NULL;

    *pfacts = NULL;
    if ((rv = chain_load(&chain, chain_path, result, p)) != APR_SUCCESS
        || (rv = load_key(&key, key_path, result, p)) != APR_SUCCESS
        || (rv = check_use(chain, key, names, now, result)) != APR_SUCCESS
        || (rv = check_loading(chain_facts(chain), chain_path, key_path, terms, result))
               != APR_SUCCESS)
        goto out;
    *pfacts = chain_facts(chain);
out:
    keypair_free(p, key);
    return rv;
}

const char *chain_make_fallback(apr_pool_t *p, const keypair_t *key,
                                const apr_array_header_t *names)
{
    static const char common[] = "temporary certificate, not yet issued";
    chain_t *chain = chain_create(p);
    X509 *cert = selfsigned_make(key, common, names, FALLBACK_DAYS, NULL);

    ERR_clear_error();
    if (cert == NULL)
        return NULL;
    APR_ARRAY_PUSH(chain->certs, X509 *) = cert;
    return chain_pem(p, chain);
}
