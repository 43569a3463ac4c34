/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/stapling.h"

#include <unistd.h>

#include <http_config.h>
#include <http_log.h>
#include <http_main.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "httpd/connection.h"
#include "httpd/rehearsal.h"
#include "live/stapled.h"
#include "store/generation.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define FINGERPRINT_SIZE (2 * 32 + 1)

/* ---- the parent ------------------------------------------------------------------------------ */

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

    if (site->segment == NULL || site->stapled->nelts == 0
        || apr_pool_create(&ptemp, site->pool) != APR_SUCCESS)
        return;
    fd = dup(segment_descriptor(site->segment));
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

static int answer(SSL *ssl, void *data)
{
    const site_vhost_t *vhost = data;
    const X509 *leaf = SSL_get_certificate(ssl);
    int must = leaf != NULL && has_must_staple(leaf), len = 0, rv = SSL_TLSEXT_ERR_NOACK;
    unsigned char *der = NULL;

    if (leaf != NULL && (must || vhost->staples) && take(vhost, leaf, &der, &len)) {
        (void)SSL_set_tlsext_status_ocsp_resp(ssl, der, len); /* OpenSSL frees it */
        return SSL_TLSEXT_ERR_OK;
    }
    if (vhost->status != NULL)
        rv = vhost->status(ssl, vhost->status_arg);
    if (rv != SSL_TLSEXT_ERR_NOACK || !must || !is_managed(vhost, ssl))
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
    (void)SSL_CTX_get_tlsext_status_cb(ctx, &vhost->status);
    (void)SSL_CTX_get_tlsext_status_arg(ctx, &vhost->status_arg);
    (void)SSL_CTX_set_tlsext_status_cb(ctx, answer);
    (void)SSL_CTX_set_tlsext_status_arg(ctx, vhost);
    return OK;
}
