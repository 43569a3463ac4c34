/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/live.h"

#include <http_config.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <apr_strings.h>

#include "httpd/connection.h"
#include "httpd/door.h"
#include "httpd/rehearsal.h"
#include "httpd/stapling.h"
#include "live/stapled.h"
#include "live/view.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define VALIDATION "acme-tls/1"

/* ---- the parent ------------------------------------------------------------------------------ */

/* httpd was started with the administrator's own certificate, of which the managed one takes the place. */
static int takes_over(const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->vhosts->nelts; ++i) {
        const char *state = APR_ARRAY_IDX(domain->vhosts, i, const site_vhost_t *)->state;

        if (state != NULL && strcmp(state, "own") == 0)
            return 1;
    }
    return 0;
}

static int staples(const site_t *site, const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(domain->vhosts, i, const site_vhost_t *);

        if (vhost->state != NULL && tree_vhost(site->tree, vhost->server)->stapling)
            return 1;
    }
    return 0;
}

static void plan_domain(const site_t *site, const site_domain_t *domain)
{
    apr_array_header_t *doors = door_list(site, domain);
    int i = 0;

    for (i = 0; i < domain->certificates->nelts; ++i) {
        plan_certificate_t *planned = APR_ARRAY_IDX(domain->certificates, i, plan_certificate_t *);

        planned->staples = staples(site, domain);
        planned->takes_over = takes_over(domain);
        planned->doors = doors;
    }
}

/* Without ACMEReload live it is for OCSP responses alone (httpd/stapling.h). */
static void make_memory(site_t *site)
{
    int slots = site->certificates->nelts;
    apr_status_t rv = segment_make(&site->segment, STAPLED_SLOTS(slots), site->pool);

    if (rv == APR_SUCCESS && site_is_live(site))
        site->view = view_make(site->segment, slots, site->pool);
    else if (rv != APR_SUCCESS && site_is_live(site))
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, rv, site->main,
            "ACMEReload live: this system gives no memory that can be shared (memfd_create, "
            "/proc); httpd is restarted gracefully for new certificates instead");
}

void live_prepare(site_t *site)
{
    int i = 0;

    connection_prepare();
    for (i = 0; i < site->domains->nelts && site_is_live(site); ++i)
        plan_domain(site, APR_ARRAY_IDX(site->domains, i, const site_domain_t *));
    make_memory(site);
    stapling_prepare(site);
}

/* ---- a handshake ----------------------------------------------------------------------------- */

static view_t *view_of(const server_rec *main_server)
{
    const site_t *site = config_site(main_server);

    return site != NULL ? site->view : NULL;
}

static int has_any(const view_t *view, const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->certificates->nelts; ++i) {
        if (view_has(view, domain->slot + i))
            return 1;
    }
    return 0;
}

const char *live_state(const site_vhost_t *vhost)
{
    const view_t *view = view_of(ap_server_conf);

    return vhost->foreign && view != NULL && has_any(view, vhost->domain) ? "valid" : vhost->state;
}

static pair_t *take(view_t *view, const site_vhost_t *vhost, int i)
{
    int damaged = 0;
    pair_t *pair = view_take(view, vhost->domain->slot + i, &damaged);

    if (damaged)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, vhost->server,
                     "a new certificate of %s cannot be used by this process, which goes on with "
                     "the one before",
                     APR_ARRAY_IDX(vhost->domain->names, 0, const char *));
    return pair;
}

/* @return how many of them the connection has now */
static int use(SSL *ssl, pair_t *const *pairs, int count)
{
    int i = 0, used = 0;

    for (i = 0; i < count; ++i)
        used += pairs[i] != NULL && pair_use(pairs[i], ssl);
    return used;
}

/* A certificate of another kind of key, which mod_ssl has loaded beside or instead, stays where one of
 * ours is missing; once all are there it is out of place: one of other names. A placeholder is so at once. */
static int put_on(SSL *ssl, view_t *view, const site_vhost_t *vhost)
{
    int count = vhost->domain->certificates->nelts, used = 0, i = 0;
    pair_t *pairs[SITE_TYPES_MAX] = { NULL };

    for (i = 0; i < count; ++i)
        pairs[i] = take(view, vhost, i);
    used = use(ssl, pairs, count);
    if ((used == count && vhost->foreign) || (used > 0 && vhost->placeholder)) {
        SSL_certs_clear(ssl);
        (void)use(ssl, pairs, count);
    }
    for (i = 0; i < count; ++i)
        pair_release(pairs[i]);
    return used > 0;
}

/* In TLS 1.3 the protocol was chosen before, in TLS 1.2 the answer to a validation comes after. */
static int is_validation(const SSL *ssl, const connection_t *connection)
{
    const unsigned char *protocol = NULL;
    unsigned int len = 0;

    SSL_get0_alpn_selected(ssl, &protocol, &len);
    return (connection != NULL && connection->validating)
           || (len == strlen(VALIDATION) && memcmp(protocol, VALIDATION, len) == 0);
}

/* Never ends a handshake. A renegotiation comes here again, and clients refuse another certificate
 * then, also when there was none of ours the first time. */
static int choose(SSL *ssl, void *data)
{
    const site_vhost_t *vhost = data;
    view_t *view = view_of(ap_server_conf);
    connection_t *connection = NULL;

    if (view == NULL)
        return 1;
    connection = connection_of_ssl(ssl);
    if ((connection != NULL && connection->chosen) || is_validation(ssl, connection))
        return 1;
    if (connection != NULL)
        connection->chosen = 1;
    if (has_any(view, vhost->domain) && put_on(ssl, view, vhost) && connection != NULL)
        connection->certified = 1;
    return 1;
}

int live_init_server(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx)
{
    const site_t *site = config_site(ap_server_conf);
    site_vhost_t *vhost = NULL;

    (void)p;
    if (is_proxy || site == NULL || !site->enabled || rehearsal_active() || !site_is_live(site))
        return DECLINED;
    vhost = site_vhost(site, s);
    if (vhost == NULL || vhost->domain == NULL)
        return DECLINED;
    SSL_CTX_set_cert_cb(ctx, choose, vhost);
    return OK;
}

/* ---- a request ------------------------------------------------------------------------------- */

/* A resumed session makes no choice: it is made with the first request, for what that says of it. Many first
 * ones come at once with HTTP/2.
 * @return true when the connection has one of ours */
static int certify_resumed(connection_t *connection, const site_t *site, const site_vhost_t *vhost)
{
    int certified = 0;

    (void)pthread_mutex_lock(&connection->mutex);
    if (!connection->chosen && SSL_session_reused(connection->ssl)) {
        connection->chosen = 1;
        connection->certified = site->view != NULL && has_any(site->view, vhost->domain)
                                && put_on(connection->ssl, site->view, vhost);
    }
    certified = connection->certified;
    (void)pthread_mutex_unlock(&connection->mutex);
    return certified;
}

int live_post_read_request(request_rec *r)
{
    const site_t *site = config_site(ap_server_conf);
    connection_t *connection = NULL;
    const site_vhost_t *vhost = NULL;
    int certified = 0;

    if (site == NULL || !site->enabled || !site_is_live(site)
        || (connection = connection_of(r->connection)) == NULL || connection->validating
        || (vhost = site_vhost(site, r->server)) == NULL)
        return DECLINED;
    certified = certify_resumed(connection, site, vhost);
    /* httpd closes the connection after it, and the next one may have a certificate. */
    return !vhost->placeholder || certified ? DECLINED : HTTP_SERVICE_UNAVAILABLE;
}
