/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/terms.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include "crypto/keypair.h"

/* Security of key types in bits (NIST SP 800-57, and OpenSSL's EVP_PKEY_get_security_bits()). */
static const struct {
    const char *type;
    int bits;
    int auth;
} types[] = {
    { "rsa2048", 112, NID_auth_rsa }, { "rsa3072", 128, NID_auth_rsa },
    { "rsa4096", 152, NID_auth_rsa }, { "p256", 128, NID_auth_ecdsa },
    { "p384", 192, NID_auth_ecdsa },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

/* SSL_CTX_set_security_level(3). */
static const int level_bits[] = { 0, 80, 112, 128, 192, 256 };

/* Commands of SSLOpenSSLConfCmd that load files: another matter, and not always there. */
static const char *const loading[] = { "Certificate",
                                       "PrivateKey",
                                       "ServerInfoFile",
                                       "ChainCAPath",
                                       "ChainCAFile",
                                       "ChainCAStore",
                                       "VerifyCAPath",
                                       "VerifyCAFile",
                                       "VerifyCAStore",
                                       "RequestCAFile",
                                       "RequestCAPath",
                                       "RequestCAStore",
                                       "ClientCAFile",
                                       "ClientCAPath",
                                       "ClientCAStore",
                                       "DHParameters",
                                       NULL };

terms_t *terms_make(apr_pool_t *p)
{
    terms_t *terms = apr_pcalloc(p, sizeof(*terms));

    terms->versions = TERMS_TLS13 | TERMS_TLS12;
    terms->commands = apr_array_make(p, 2, sizeof(const char *));
    return terms;
}

static int same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

int terms_equal(const terms_t *terms, const terms_t *other)
{
    int i;

    if (!same(terms->ciphers, other->ciphers) || !same(terms->suites, other->suites)
        || terms->versions != other->versions || terms->commands->nelts != other->commands->nelts)
        return 0;
    for (i = 0; i < terms->commands->nelts; i++) {
        if (!same(APR_ARRAY_IDX(terms->commands, i, const char *),
                  APR_ARRAY_IDX(other->commands, i, const char *)))
            return 0;
    }
    return 1;
}

static int is_loading(const char *command)
{
    int i;

    for (i = 0; loading[i] != NULL; i++) {
        if (strcasecmp(command, loading[i]) == 0)
            return 1;
    }
    return 0;
}

static void run_commands(SSL_CTX *ctx, const apr_array_header_t *commands)
{
    SSL_CONF_CTX *conf = commands->nelts > 0 ? SSL_CONF_CTX_new() : NULL;
    int i;

    if (conf == NULL)
        return;
    SSL_CONF_CTX_set_flags(conf, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER);
    SSL_CONF_CTX_set_ssl_ctx(conf, ctx);
    for (i = 0; i + 1 < commands->nelts; i += 2) {
        const char *command = APR_ARRAY_IDX(commands, i, const char *);

        /* One that fails is mod_ssl's to refuse. */
        if (!is_loading(command))
            SSL_CONF_cmd(conf, command, APR_ARRAY_IDX(commands, i + 1, const char *));
    }
    SSL_CONF_CTX_finish(conf);
    SSL_CONF_CTX_free(conf);
}

/* The context as mod_ssl makes it, in its order. NULL only when memory is out. */
static SSL_CTX *make_context(const terms_t *terms)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL)
        return NULL;
    if (!(terms->versions & TERMS_TLS13))
        SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    if (!(terms->versions & TERMS_TLS12))
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    if (terms->ciphers != NULL)
        SSL_CTX_set_cipher_list(ctx, terms->ciphers);
    if (terms->suites != NULL)
        SSL_CTX_set_ciphersuites(ctx, terms->suites);
    run_commands(ctx, terms->commands);
    ERR_clear_error();
    return ctx;
}

static int speaks_tls13(SSL_CTX *ctx)
{
    long max = SSL_CTX_get_max_proto_version(ctx);

    return max == 0 || max >= TLS1_3_VERSION;
}

/* In TLS 1.3 every kind of key goes with every cipher. */
static int has_cipher(SSL_CTX *ctx, int auth)
{
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    int i;

    for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

        if (SSL_CIPHER_get_auth_nid(cipher) == auth)
            return 1;
        if (SSL_CIPHER_get_auth_nid(cipher) == NID_auth_any && speaks_tls13(ctx))
            return 1;
    }
    return 0;
}

static int find_type(const char *type)
{
    size_t i;

    for (i = 0; i < TYPES; i++) {
        if (strcmp(types[i].type, type) == 0)
            return (int)i;
    }
    return -1;
}

static int bits_wanted(const SSL_CTX *ctx)
{
    int level = SSL_CTX_get_security_level(ctx);

    return level_bits[level < 0 ? 0 : level > 5 ? 5 : level];
}

static apr_status_t check_type(SSL_CTX *ctx, const char *type, eab_result_t *result)
{
    int i = find_type(type);

    if (i < 0)
        return APR_SUCCESS; /* nothing is known against it */
    if (types[i].bits < bits_wanted(ctx))
        return eab_result_set(
            result, APR_EINVAL, EAB_PROBLEM_CHAIN,
            "keys of less than %d bits of security are refused there, and %s has %d",
            bits_wanted(ctx), type, types[i].bits);
    if (!has_cipher(ctx, types[i].auth))
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN,
                              "no cipher is allowed there that works with %s keys",
                              types[i].auth == NID_auth_rsa ? "RSA" : "ECDSA");
    return APR_SUCCESS;
}

apr_status_t terms_check_type(const terms_t *terms, const char *type, eab_result_t *result)
{
    SSL_CTX *ctx = make_context(terms);
    apr_status_t rv = ctx != NULL ? check_type(ctx, type, result) : APR_SUCCESS;

    SSL_CTX_free(ctx);
    ERR_clear_error();
    return rv;
}

int terms_system_refuses(const char *type)
{
    apr_pool_t *pool = NULL;
    int refuses;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 0;
    refuses = terms_check_type(terms_make(pool), type, eab_result_make(pool)) != APR_SUCCESS;
    apr_pool_destroy(pool);
    return refuses;
}

const char *terms_choose_type(const terms_t *terms, const char *const *candidates)
{
    apr_pool_t *pool = NULL;
    const char *found = NULL;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return candidates[0];
    for (; found == NULL && *candidates != NULL; candidates++) {
        if (terms_check_type(terms, *candidates, eab_result_make(pool)) == APR_SUCCESS)
            found = *candidates;
    }
    apr_pool_destroy(pool);
    return found;
}

/* The key is not left to SSL_CTX_use_PrivateKey_file(): stdio's buffer, which nobody cleanses, would
 * keep its text. */
static int use_key(SSL_CTX *ctx, const char *path)
{
    apr_pool_t *pool = NULL;
    keypair_t *key = NULL;
    int used;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 0;
    used = keypair_load(&key, path, pool) == APR_SUCCESS
           && SSL_CTX_use_PrivateKey(ctx, key->pkey) == 1;
    apr_pool_destroy(pool);
    return used;
}

/* @param loads  whether the pair was loaded; if not, the last error of OpenSSL tells why */
static apr_status_t judge(SSL_CTX *ctx, int loads, const char *type, eab_result_t *result)
{
    const char *reason = loads ? NULL : ERR_reason_error_string(ERR_peek_last_error());
    apr_status_t rv;

    ERR_clear_error();
    rv = loads ? check_type(ctx, type, result)
               : eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CHAIN, "%s",
                                reason != NULL ? reason : "OpenSSL gives no reason");
    SSL_CTX_free(ctx);
    ERR_clear_error();
    return rv;
}

apr_status_t terms_check_files(const terms_t *terms, const char *chain_path, const char *key_path,
                               const char *type, eab_result_t *result)
{
    SSL_CTX *ctx = make_context(terms);
    int loads = ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, chain_path) == 1
                && use_key(ctx, key_path) && SSL_CTX_check_private_key(ctx) == 1;

    return judge(ctx, loads, type, result);
}

int terms_take_chain(const terms_t *terms, const char *chain_path)
{
    SSL_CTX *ctx = make_context(terms);
    int takes = ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, chain_path) == 1;

    SSL_CTX_free(ctx);
    ERR_clear_error();
    return takes;
}

static int use_chain(SSL_CTX *ctx, const apr_array_header_t *certs)
{
    int i, used = SSL_CTX_use_certificate(ctx, APR_ARRAY_IDX(certs, 0, X509 *)) == 1;

    for (i = 1; used && i < certs->nelts; i++)
        used = SSL_CTX_add1_chain_cert(ctx, APR_ARRAY_IDX(certs, i, X509 *)) == 1;
    return used;
}

apr_status_t terms_check_pair(const terms_t *terms, const apr_array_header_t *certs, EVP_PKEY *key,
                              const char *type, eab_result_t *result)
{
    SSL_CTX *ctx = make_context(terms);
    int loads = ctx != NULL && use_chain(ctx, certs) && SSL_CTX_use_PrivateKey(ctx, key) == 1
                && SSL_CTX_check_private_key(ctx) == 1;

    return judge(ctx, loads, type, result);
}
