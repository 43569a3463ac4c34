/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/alpn.h"

#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/name.h"
#include "httpd/connection.h"
#include "httpd/pending.h"
#include "httpd/site.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define PROTOCOL "acme-tls/1"
#define ANSWER_FILE "acme-tls-1.pem"
#define LIMIT_PEM (16 * 1024) /* two certificates and their keys */
#define BEGIN_CERTIFICATE "-----BEGIN CERTIFICATE-----"

/* ---- Protocols ------------------------------------------------------------------------------- */

static int is_wanted(const site_t *site)
{
    int i = 0;

    for (i = 0; i < site->certificates->nelts; ++i) {
        const plan_certificate_t *planned =
            APR_ARRAY_IDX(site->certificates, i, const plan_certificate_t *);

        if (ap_array_str_contains(planned->challenges, "tls-alpn-01"))
            return 1;
    }
    return 0;
}

/* Virtual hosts share the array of the server that they inherit from: never push onto it. Without
 * any Protocols httpd speaks http/1.1 alone, and goes on doing so. At the end it is never what the
 * server prefers or advertises as an upgrade of HTTP/1.1. */
static void allow(apr_pool_t *p, server_rec *s)
{
    core_server_config *core = ap_get_core_module_config(s->module_config);
    apr_array_header_t *protocols = NULL;

    if (core->protocols != NULL && ap_array_str_contains(core->protocols, PROTOCOL))
        return;
    protocols = apr_array_make(p, 4, sizeof(const char *));
    if (core->protocols != NULL)
        apr_array_cat(protocols, core->protocols);
    if (protocols->nelts == 0)
        APR_ARRAY_PUSH(protocols, const char *) = AP_PROTOCOL_HTTP1;
    APR_ARRAY_PUSH(protocols, const char *) = PROTOCOL;
    core->protocols = protocols;
}

/* All servers: the reverse name of an IP address meets none of them, and the first one answers. It
 * is chosen only while a validation is pending (alpn_propose). */
int alpn_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                     server_rec *main_server)
{
    const site_t *site = config_site(main_server);
    server_rec *s = NULL;

    (void)plog;
    (void)ptemp;
    if (site == NULL || !site->enabled || !is_wanted(site))
        return OK;
    for (s = main_server; s != NULL; s = s->next)
        allow(pconf, s);
    return OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static const char *host_directory(apr_pool_t *p, const char *server_name)
{
    const char *why = NULL;
    const char *name =
        server_name != NULL && *server_name != '\0' ? name_normalize(p, server_name, &why) : NULL;

    return name != NULL ? name_file(p, name) : NULL;
}

/* mod_ssl would go on with half of an answer, and the CA would see another certificate. */
static int is_pair(const char *pem)
{
    BIO *cert_bio = BIO_new_mem_buf(pem, -1), *key_bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = cert_bio != NULL ? PEM_read_bio_X509(cert_bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key =
        key_bio != NULL ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, (void *)"") : NULL;
    int fits = cert != NULL && key != NULL && X509_check_private_key(cert, key) == 1;

    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    /* What stays in the queue of this thread would be blamed on the handshake. */
    ERR_clear_error();
    return fits;
}

/* The pair for the other kind of key. NULL when it is not there. */
static const char *second_pair(const char *pem)
{
    const char *first = strstr(pem, BEGIN_CERTIFICATE);

    return first != NULL ? strstr(first + 1, BEGIN_CERTIFICATE) : NULL;
}

static int is_answer(const char *pem)
{
    const char *second = second_pair(pem);

    return second != NULL && is_pair(pem) && is_pair(second);
}

/* The pending answer for a server name, or NULL. */
static const char *find_answer(conn_rec *c, const char *server_name)
{
    const site_t *site = config_site(ap_server_conf);
    const char *host = NULL, *pem = NULL;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t len = 0;

    if (site == NULL || site->run == NULL || (host = host_directory(c->pool, server_name)) == NULL)
        return NULL;
    rv = pending_read(&pem, &len, site->run, host, ANSWER_FILE, LIMIT_PEM, c->pool);
    if (APR_STATUS_IS_ENOENT(rv))
        return NULL;
    if (rv != APR_SUCCESS || !is_answer(pem)) {
        ap_log_cerror(APLOG_MARK, APLOG_ERR, rv, c,
                      "the answer to a tls-alpn-01 validation of %s, %s/challenges/%s/" ANSWER_FILE
                      ", cannot be used; let the user of httpd's workers read that directory",
                      host, site->run_dir, host);
        return NULL;
    }
    return pem;
}

/* ---- the protocol ---------------------------------------------------------------------------- */

static int is_switched(const conn_rec *c)
{
    const connection_t *connection = connection_of(c);

    return connection != NULL && connection->validating;
}

/* RFC 8737, 4: TLS 1.2 at least. */
static int is_old_tls(conn_rec *c, server_rec *s)
{
    const char *version = ap_ssl_var_lookup(c->pool, s, c, NULL, "SSL_PROTOCOL");

    return version == NULL || strncmp(version, "SSL", 3) == 0 || strcmp(version, "TLSv1") == 0
           || strcmp(version, "TLSv1.1") == 0;
}

int alpn_propose(conn_rec *c, request_rec *r, server_rec *s, const apr_array_header_t *offers,
                 apr_array_header_t *proposals)
{
    const char *server_name = NULL;

    if (r != NULL || offers == NULL || offers->nelts != 1
        || strcmp(APR_ARRAY_IDX(offers, 0, const char *), PROTOCOL) != 0 || !ap_ssl_conn_is_ssl(c)
        || is_old_tls(c, s))
        return DECLINED;
    server_name = ap_ssl_var_lookup(c->pool, s, c, NULL, "SSL_TLS_SNI");
    if (find_answer(c, server_name) == NULL)
        return DECLINED;
    APR_ARRAY_PUSH(proposals, const char *) = PROTOCOL;
    return OK;
}

int alpn_switch(conn_rec *c, request_rec *r, server_rec *s, const char *protocol)
{
    connection_t *connection = connection_of(c);
    const char *server_name = NULL;

    if (r != NULL || strcmp(protocol, PROTOCOL) != 0 || connection == NULL)
        return DECLINED;
    server_name = ap_ssl_var_lookup(c->pool, s, c, NULL, "SSL_TLS_SNI");
    if (find_answer(c, server_name) == NULL)
        return DECLINED;
    connection->validating = 1;
    return OK;
}

const char *alpn_get(const conn_rec *c)
{
    return is_switched(c) ? PROTOCOL : NULL;
}

/* mod_ssl puts the answer beside the certificates of the virtual host, each kind of key in a place of
 * its own, and OpenSSL takes the kind that the client likes best. In TLS 1.3 that happens after this,
 * so nothing else may be left; in TLS 1.2 it has happened, and the answer must be of the same kind. */
static const char *choose_kind(SSL *ssl, const char *pem)
{
    X509 *chosen = NULL;
    EVP_PKEY *key = NULL;

    if (SSL_version(ssl) >= TLS1_3_VERSION) {
        SSL_certs_clear(ssl);
        return pem;
    }
    SSL_clear_chain_certs(ssl); /* of the issuers, which are not the answer's */
    chosen = SSL_get_certificate(ssl);
    key = chosen != NULL ? X509_get0_pubkey(chosen) : NULL;
    return key != NULL && EVP_PKEY_is_a(key, "RSA") ? second_pair(pem) : pem;
}

int alpn_answer(conn_rec *c, const char *server_name, const char **pcert_pem, const char **pkey_pem)
{
    const char *pem = is_switched(c) ? find_answer(c, server_name) : NULL;

    if (pem != NULL)
        pem = choose_kind(connection_of(c)->ssl, pem);
    if (pem == NULL)
        return DECLINED;
    *pcert_pem = pem;
    *pkey_pem = pem;
    ap_log_cerror(APLOG_MARK, APLOG_DEBUG, 0, c, "answered a tls-alpn-01 validation of %s",
                  ap_escape_logitem(c->pool, server_name));
    return OK;
}

int alpn_post_read_request(request_rec *r)
{
    conn_rec *c = r->connection;

    if (!is_switched(c))
        return DECLINED;
    c->keepalive = AP_CONN_CLOSE;
    c->aborted = 1;
    return DONE;
}
