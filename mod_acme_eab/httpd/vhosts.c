/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/vhosts.h"

#include <apr_strings.h>

#include "base/name.h"

static int covers_one(const apr_array_header_t *names, const apr_array_header_t *of_server)
{
    int i = 0;

    for (i = 0; of_server != NULL && i < of_server->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(of_server, i, const char *);

        if (name != NULL && name_matches_any(names, name))
            return 1;
    }
    return 0;
}

static int is_caught(const apr_array_header_t *patterns, const char *name)
{
    int i = 0;

    for (i = 0; patterns != NULL && i < patterns->nelts; ++i) {
        const char *pattern = APR_ARRAY_IDX(patterns, i, const char *);

        if (pattern != NULL && ap_strcasecmp_match(name, pattern) == 0)
            return 1;
    }
    return 0;
}

vhosts_match_t vhosts_match(const server_rec *s, const apr_array_header_t *names)
{
    int i = 0;

    if (s->server_hostname != NULL && name_matches_any(names, s->server_hostname))
        return VHOSTS_NAME;
    if (covers_one(names, s->names) || covers_one(names, s->wild_names))
        return VHOSTS_ALIAS;
    for (i = 0; i < names->nelts; ++i) {
        if (is_caught(s->wild_names, APR_ARRAY_IDX(names, i, const char *)))
            return VHOSTS_PATTERN;
    }
    return VHOSTS_NONE;
}

int vhosts_answers(const server_rec *s, const char *name)
{
    apr_array_header_t one = { NULL, sizeof(const char *), 1, 1, (char *)&name };

    return vhosts_match(s, &one) != VHOSTS_NONE;
}

static void append(apr_array_header_t *all, const apr_array_header_t *names)
{
    int i = 0;

    for (i = 0; names != NULL && i < names->nelts; ++i) {
        if (APR_ARRAY_IDX(names, i, const char *) != NULL)
            APR_ARRAY_PUSH(all, const char *) = APR_ARRAY_IDX(names, i, const char *);
    }
}

apr_array_header_t *vhosts_names(apr_pool_t *p, const server_rec *s, int has_name)
{
    apr_array_header_t *all = apr_array_make(p, 4, sizeof(const char *));

    if (has_name && s->server_hostname != NULL)
        APR_ARRAY_PUSH(all, const char *) = s->server_hostname;
    append(all, s->names);
    append(all, s->wild_names);
    return all;
}

int vhosts_has_port(const server_rec *s, apr_port_t port)
{
    const server_addr_rec *addr = NULL;

    for (addr = s->addrs; addr != NULL; addr = addr->next) {
        if (addr->host_port == port)
            return 1;
    }
    return 0;
}

const char *vhosts_where(apr_pool_t *p, const server_rec *s)
{
    if (s->defn_name == NULL)
        return "the main server";
    return apr_psprintf(p, "%s:%u", s->defn_name, s->defn_line_number);
}
