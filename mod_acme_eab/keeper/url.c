/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/url.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "base/address.h"
#include "base/bytes.h"

#define HTTPS "https://"

int url_is_plain(const char *url)
{
    size_t i;

    if (url == NULL || url[0] == '\0' || strlen(url) > LIMIT_URL) {
        return 0;
    }
    for (i = 0; url[i] != '\0'; ++i) {
        if (url[i] <= ' ' || url[i] > '~') {
            return 0;
        }
    }
    return 1;
}

int url_is_https(const char *url)
{
    return url_is_plain(url) && strncasecmp(url, HTTPS, strlen(HTTPS)) == 0
           && strchr("/?#", url[strlen(HTTPS)]) == NULL;
}

/* The part of a host name in which its neighbours are: what follows the first label, where that is
 * still a domain; else itself. */
static const char *domain_of(const char *host)
{
    const char *dot = strchr(host, '.');

    return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : host;
}

static int is_within(const char *host, const char *domain)
{
    size_t len = strlen(host), tail = strlen(domain);

    return len >= tail && strcasecmp(host + len - tail, domain) == 0
           && (len == tail || host[len - tail - 1] == '.');
}

static int port_of(const apr_uri_t *uri)
{
    return uri->port_str != NULL && *uri->port_str != '\0' ? uri->port : APR_URI_HTTPS_DEFAULT_PORT;
}

int url_is_beside(const char *url, const char *other)
{
    apr_uri_t a, b;
    apr_pool_t *pool = NULL;
    int beside = 0;

    if (!url_is_https(url) || !url_is_https(other)) {
        return 0;
    }
    apr_pool_create(&pool, NULL);
    if (apr_uri_parse(pool, url, &a) == APR_SUCCESS && apr_uri_parse(pool, other, &b) == APR_SUCCESS
        && a.hostname != NULL && b.hostname != NULL && a.user == NULL
        && port_of(&a) == port_of(&b)) {
        beside = strcasecmp(a.hostname, b.hostname) == 0
                 || (address_normalize(pool, a.hostname) == NULL
                     && address_normalize(pool, b.hostname) == NULL
                     && is_within(a.hostname, domain_of(b.hostname)));
    }
    apr_pool_destroy(pool);
    return beside;
}
