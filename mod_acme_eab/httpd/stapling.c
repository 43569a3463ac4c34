/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/stapling.h"

#include <fcntl.h>

#include <http_config.h>
#include <http_log.h>
#include <http_main.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "httpd/connection.h"
#include "httpd/mistake.h"
#include "httpd/rehearsal.h"
#include "httpd/vhosts.h"
#include "live/stapled.h"
#include "store/generation.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define FINGERPRINT_SIZE (2 * 32 + 1)

static int answer(SSL *ssl, void *data);

/* ---- when the configuration is checked --------------------------------------------------------- */

/* A certificate with must-staple is never served before there is a response beside it: only those that have
 * one are read. */
static int is_bound_to_staple(const store_t *store, const plan_certificate_t *planned,
                              apr_pool_t *ptemp)
{
    generation_t *generation = NULL;

    return generation_has_staple(store, planned->id, ptemp)
           && generation_find(&generation, store, planned->id, planned->names, apr_time_now(),
                              eab_result_make(ptemp), ptemp)
                  == APR_SUCCESS
           && generation->facts->must_staple;
}

static void tell(const site_t *site, const store_t *store, const site_vhost_t *vhost,
                 apr_pool_t *ptemp)
{
    int i = 0;

    for (i = 0; i < vhost->domain->certificates->nelts; ++i) {
        const plan_certificate_t *planned =
            APR_ARRAY_IDX(vhost->domain->certificates, i, const plan_certificate_t *);

        if (is_bound_to_staple(store, planned, ptemp)) {
            mistake_add(site->notices, vhosts_where(ptemp, vhost->server),
                        "the certificate of '%s' has must-staple, and this %s has no "
                        "SSLUseStapling on: the OCSP response is stapled all the same, since the "
                        "certificate is not to be served without",
                        APR_ARRAY_IDX(planned->names, 0, const char *),
                        vhosts_label(ptemp, vhost->server));
            return;
        }
    }
}

void stapling_tell(const site_t *site, apr_pool_t *ptemp)
{
    const store_t *store = site_store(site, ptemp);
    int i = 0;

    for (i = 0; i < site->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(site->vhosts, i, const site_vhost_t *);

        if (!tree_vhost(site->tree, vhost->server)->stapling)
            tell(site, store, vhost, ptemp);
    }
}

/* ---- the parent ------------------------------------------------------------------------------ */

static void note_responder(const site_t *site, const site_vhost_t *vhost)
{
    const char *responder = tree_vhost(site->tree, vhost->server)->responder;
    int i = 0;

    for (i = 0; i < vhost->domain->certificates->nelts && responder != NULL; ++i) {
        plan_certificate_t *planned =
            APR_ARRAY_IDX(vhost->domain->certificates, i, plan_certificate_t *);

        if (planned->responder == NULL)
            planned->responder = responder;
    }
}

/* OpenSSL has one callback for a context. Whoever was there is asked after us. */
static void take_over(site_vhost_t *vhost, site_status_t *found)
{
    SSL_CTX *ctx = vhost->context;

    (void)SSL_CTX_get_tlsext_status_cb(ctx, &found->call);
    (void)SSL_CTX_get_tlsext_status_arg(ctx, &found->arg);
    (void)SSL_CTX_set_tlsext_status_cb(ctx, answer);
    (void)SSL_CTX_set_tlsext_status_arg(ctx, vhost);
}

static int is_taken(const site_vhost_t *vhost)
{
    int (*status)(SSL *, void *) = NULL;

    (void)SSL_CTX_get_tlsext_status_cb(vhost->context, &status);
    return status != answer;
}

static void publish(const site_t *site, segment_t *segment, const site_stapled_t *stapled,
                    apr_pool_t *ptemp)
{
    staple_facts_t facts;
    bytes_t der;

    if (generation_staple(&der, &facts, stapled->generation, apr_time_now(), eab_result_make(ptemp),
                          ptemp)
            == APR_SUCCESS
        && facts.good)
        (void)stapled_publish(segment, stapled_slot(site->certificates->nelts, stapled->index),
                              stapled->generation->facts->fingerprint, facts.until, der.data,
                              der.len);
}

/* The parent sees the memory as workers do; what it writes goes through a mapping of the keeper's kind,
 * which ends here. */
void stapling_prepare(const site_t *site)
{
    segment_t *segment = NULL;
    apr_pool_t *ptemp = NULL;
    int i = 0, fd = -1;

    for (i = 0; i < site->vhosts->nelts; ++i) {
        site_vhost_t *vhost = APR_ARRAY_IDX(site->vhosts, i, site_vhost_t *);

        note_responder(site, vhost);
        if (vhost->context != NULL && is_taken(vhost))
            take_over(vhost, &vhost->later);
    }
    if (site->segment == NULL || site->stapled->nelts == 0
        || apr_pool_create(&ptemp, site->pool) != APR_SUCCESS)
        return;
    fd = fcntl(segment_descriptor(site->segment), F_DUPFD_CLOEXEC, 0);
    if (fd >= 0
        && segment_open(&segment, fd, STAPLED_SLOTS(site->certificates->nelts), ptemp)
               == APR_SUCCESS) {
        for (i = 0; i < site->stapled->nelts; ++i)
            publish(site, segment, &APR_ARRAY_IDX(site->stapled, i, const site_stapled_t), ptemp);
    }
    apr_pool_destroy(ptemp);
}

/* ---- a handshake ----------------------------------------------------------------------------- */

/* @return 0 on failure */
static int find_fingerprint(char *text, const X509 *leaf)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0, i = 0;

    if (X509_digest(leaf, EVP_sha256(), digest, &len) != 1 || 2 * len >= FINGERPRINT_SIZE)
        return 0;
    for (i = 0; i < len; ++i) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * len] = '\0';
    return 1;
}

static int has_must_staple(const X509 *leaf)
{
    TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
    int i = 0, must = 0;

    for (i = 0; features != NULL && i < sk_ASN1_INTEGER_num(features); ++i)
        must |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLSEXT_TYPE_status_request;
    TLS_FEATURE_free(features);
    return must;
}

/* The response that the keeper has left for this certificate. @return 0: there is none */
static int take(const site_vhost_t *vhost, const X509 *leaf, unsigned char **pder, int *plen)
{
    const site_t *site = config_site(ap_server_conf);
    const site_domain_t *domain = vhost->domain;
    char fingerprint[FINGERPRINT_SIZE];
    int i = 0, found = 0;

    if (site == NULL || site->segment == NULL || !find_fingerprint(fingerprint, leaf))
        return 0;
    for (i = 0; i < domain->certificates->nelts && !found; ++i)
        found =
            stapled_take(site->segment, stapled_slot(site->certificates->nelts, domain->slot + i),
                         fingerprint, apr_time_now(), pder, plen);
    return found;
}

/* Of an SSLCertificateFile the administrator knows best. */
static int is_managed(const site_vhost_t *vhost, SSL *ssl)
{
    const connection_t *connection = connection_of_ssl(ssl);

    return (connection != NULL && connection->certified)
           || (vhost->state != NULL && strcmp(vhost->state, "valid") == 0);
}

static int ask(const site_status_t *status, SSL *ssl)
{
    return status->call != NULL ? status->call(ssl, status->arg) : SSL_TLSEXT_ERR_NOACK;
}

/* Who has come after us may ask whom he found there: us again, who ask whom we found. */
static int ask_others(const site_vhost_t *vhost, SSL *ssl)
{
    connection_t *connection = connection_of_ssl(ssl);
    int rv = SSL_TLSEXT_ERR_NOACK;

    if (vhost->later.call == NULL || connection == NULL || connection->asking)
        return ask(&vhost->status, ssl);
    connection->asking = 1;
    rv = ask(&vhost->later, ssl);
    connection->asking = 0;
    return rv;
}

/* mod_ssl staples that the responder could not answer as well (SSLStaplingReturnResponderErrors), which
 * is nothing to a client that must have a response. */
static int has_response(SSL *ssl)
{
    const unsigned char *der = NULL;
    long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
    OCSP_RESPONSE *response = len > 0 ? d2i_OCSP_RESPONSE(NULL, &der, len) : NULL;
    int is = response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL;

    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    return is;
}

static int answer(SSL *ssl, void *data)
{
    const site_vhost_t *vhost = data;
    const X509 *leaf = SSL_get_certificate(ssl);
    int must = leaf != NULL && has_must_staple(leaf), len = 0, rv = 0;
    unsigned char *der = NULL;

    if (leaf != NULL && (must || vhost->staples) && take(vhost, leaf, &der, &len)) {
        (void)SSL_set_tlsext_status_ocsp_resp(ssl, der, len); /* OpenSSL frees it */
        return SSL_TLSEXT_ERR_OK;
    }
    rv = ask_others(vhost, ssl);
    if (!must || !is_managed(vhost, ssl) || (rv == SSL_TLSEXT_ERR_OK && has_response(ssl)))
        return rv;
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, vhost->server,
                 "the certificate has must-staple, and there is no OCSP response for a client that "
                 "asks for one");
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int stapling_init_server(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx)
{
    const site_t *site = config_site(ap_server_conf);
    site_vhost_t *vhost = NULL;

    (void)p;
    if (is_proxy || site == NULL || !site->enabled || rehearsal_active()
        || (vhost = site_vhost(site, s)) == NULL)
        return DECLINED;
    vhost->staples = tree_vhost(site->tree, s)->stapling;
    vhost->context = ctx;
    take_over(vhost, &vhost->status);
    return OK;
}
