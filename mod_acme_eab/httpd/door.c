/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/door.h"

#include <ap_listen.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/name.h"

#define HTTPS 443

static int is_any(const apr_sockaddr_t *address)
{
    if (address->family == APR_INET)
        return address->sa.sin.sin_addr.s_addr == htonl(INADDR_ANY);
    return memcmp(&address->sa.sin6.sin6_addr, &in6addr_any, sizeof(in6addr_any)) == 0;
}

/* `*` and _default_ of a <VirtualHost> stand for each address, whatever their family. */
static int takes_all(const server_addr_rec *place)
{
    return place->host_addr == NULL || is_any(place->host_addr);
}

/* A virtual host without a port is met at each one; of these, at that for TLS. */
static int has_port(const server_addr_rec *place, const ap_listen_rec *listener)
{
    apr_port_t port = listener->bind_addr->port;

    if (place->host_port != 0)
        return place->host_port == port;
    return port == HTTPS
           || (listener->protocol != NULL && strcasecmp(listener->protocol, "https") == 0);
}

static int leads_to(const ap_listen_rec *listener, const server_addr_rec *place)
{
    if (!has_port(place, listener))
        return 0;
    return takes_all(place) || is_any(listener->bind_addr)
           || apr_sockaddr_equal(place->host_addr, listener->bind_addr);
}

/* "ADDRESS:PORT" to connect to. */
static const char *address_of(apr_pool_t *p, const ap_listen_rec *listener,
                              const server_addr_rec *place)
{
    char *host = NULL;
    const apr_sockaddr_t *address = takes_all(place) ? listener->bind_addr : place->host_addr;
    apr_port_t port = listener->bind_addr->port;

    if (is_any(address))
        return apr_psprintf(p, "%s:%d", address->family == APR_INET ? "127.0.0.1" : "[::1]",
                            (int)port);
    if (apr_sockaddr_ip_get(&host, (apr_sockaddr_t *)address) != APR_SUCCESS)
        return NULL;
    return apr_psprintf(p, address->family == APR_INET ? "%s:%d" : "[%s]:%d", host, (int)port);
}

/* NULL when httpd listens nowhere for it. */
static const char *find_address(apr_pool_t *p, const server_rec *server)
{
    const server_addr_rec *place = NULL;
    const ap_listen_rec *listener = NULL;

    for (place = server->addrs; place != NULL; place = place->next) {
        for (listener = ap_listeners; listener != NULL; listener = listener->next) {
            if (leads_to(listener, place))
                return address_of(p, listener, place);
        }
    }
    return NULL;
}

static void add_doors(apr_array_header_t *doors, const site_domain_t *domain,
                      const site_vhost_t *vhost)
{
    const char *address = find_address(doors->pool, vhost->server);
    int i = 0;

    if (address == NULL)
        return;
    for (i = 0; i < vhost->names->nelts && doors->nelts < DOORS_MAX; ++i) {
        const char *name = APR_ARRAY_IDX(vhost->names, i, const char *);

        if (strpbrk(name, "*?") == NULL && name_matches_any(domain->names, name))
            APR_ARRAY_PUSH(doors, const char *) =
                apr_pstrcat(doors->pool, address, " ", name, NULL);
    }
}

apr_array_header_t *door_list(const site_t *site, const site_domain_t *domain)
{
    apr_array_header_t *doors = apr_array_make(site->pool, 2, sizeof(const char *));
    int i = 0;

    for (i = 0; i < domain->vhosts->nelts; ++i)
        add_doors(doors, domain, APR_ARRAY_IDX(domain->vhosts, i, const site_vhost_t *));
    return doors;
}
