/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/connection.h"

#include <http_config.h>
#include <http_main.h>

#include "httpd/config.h"
#include "httpd/site.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;

#define INDEX_KEY "acme_eab:connection"

/* OpenSSL gives a number for what belongs to a connection, and never takes it back: one for the life of
 * the process, which outlives this code. */
static int ssl_index(void)
{
    static int found = -1;
    apr_pool_t *p = ap_server_conf->process->pool;
    void *kept = NULL;
    int *index = NULL;

    if (found >= 0)
        return found;
    (void)apr_pool_userdata_get(&kept, INDEX_KEY, p);
    if ((index = kept) == NULL) {
        index = apr_palloc(p, sizeof(*index));
        *index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
        (void)apr_pool_userdata_set(index, INDEX_KEY, NULL, p);
    }
    found = *index;
    return found;
}

void connection_prepare(void)
{
    (void)ssl_index();
}

int connection_pre_handshake(conn_rec *c, SSL *ssl, int is_proxy)
{
    const site_t *site = config_site(ap_server_conf);
    connection_t *connection = NULL;

    if (is_proxy || site == NULL || !site->enabled)
        return DECLINED;
    connection = apr_pcalloc(c->pool, sizeof(*connection));
    connection->ssl = ssl;
    (void)pthread_mutex_init(&connection->mutex, NULL);
    ap_set_module_config(c->conn_config, &acme_eab_module, connection);
    (void)SSL_set_ex_data(ssl, ssl_index(), connection);
    return OK;
}

connection_t *connection_of(const conn_rec *c)
{
    const conn_rec *whole = c->master != NULL ? c->master : c;

    return ap_get_module_config(whole->conn_config, &acme_eab_module);
}

connection_t *connection_of_ssl(const SSL *ssl)
{
    return SSL_get_ex_data(ssl, ssl_index());
}
