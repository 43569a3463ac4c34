/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/vhosts.h"

#include <ap_listen.h>
#include <apr_network_io.h>
#include <apr_strings.h>

#include "base/address.h"
#include "base/name.h"

static int holds_address(const apr_array_header_t *names, const void *octets, int len)
{
    unsigned char other[ADDRESS_OCTETS_MAX];
    int i = 0;

    for (i = 0; len > 0 && i < names->nelts; ++i) {
        if (address_parse(other, APR_ARRAY_IDX(names, i, const char *)) == len
            && memcmp(other, octets, (apr_size_t)len) == 0)
            return 1;
    }
    return 0;
}

int vhosts_is_dotted(const char *name)
{
    apr_size_t len = strlen(name);

    return len > 1 && name[len - 1] == '.';
}

static int covers_dotted(const apr_array_header_t *names, const char *of_server, apr_size_t len)
{
    char name[APRMAXHOSTLEN + 1];

    if (len >= sizeof(name))
        return 0;
    apr_cpystrn(name, of_server, len + 1);
    return name_matches_any(names, name);
}

/* What the administrator wrote for the server: an address may be in any form, a name may end with a dot. */
static int covers(const apr_array_header_t *names, const char *of_server, int with_dotted)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int len = address_parse_host(octets, of_server);

    if (len > 0)
        return holds_address(names, octets, len);
    if (vhosts_is_dotted(of_server))
        return with_dotted && covers_dotted(names, of_server, strlen(of_server) - 1);
    return name_matches_any(names, of_server);
}

static int covers_one(const apr_array_header_t *names, const apr_array_header_t *of_server,
                      int with_dotted)
{
    int i = 0;

    for (i = 0; of_server != NULL && i < of_server->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(of_server, i, const char *);

        if (name != NULL && covers(names, name, with_dotted))
            return 1;
    }
    return 0;
}

/* <VirtualHost 192.0.2.1:443>. httpd takes no IPv6 address as a ServerName, so for those it is the
 * usual way. */
static int is_bound_to_one(const server_rec *s, const apr_array_header_t *names)
{
    const server_addr_rec *addr = NULL;

    for (addr = s->addrs; addr != NULL; addr = addr->next) {
        if (holds_address(names, addr->host_addr->ipaddr_ptr, (int)addr->host_addr->ipaddr_len))
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

static vhosts_match_t match(const server_rec *s, const apr_array_header_t *names, int with_dotted)
{
    int i = 0;

    if (s->server_hostname != NULL && covers(names, s->server_hostname, with_dotted))
        return VHOSTS_NAME;
    if (covers_one(names, s->names, with_dotted) || covers_one(names, s->wild_names, with_dotted))
        return VHOSTS_ALIAS;
    for (i = 0; i < names->nelts; ++i) {
        if (is_caught(s->wild_names, APR_ARRAY_IDX(names, i, const char *)))
            return VHOSTS_PATTERN;
    }
    return is_bound_to_one(s, names) ? VHOSTS_PATTERN : VHOSTS_NONE;
}

vhosts_match_t vhosts_match(const server_rec *s, const apr_array_header_t *names)
{
    return match(s, names, 1);
}

int vhosts_answers(const server_rec *s, const char *name)
{
    apr_array_header_t one = { NULL, sizeof(const char *), 1, 1, (char *)&name };

    return match(s, &one, 0) != VHOSTS_NONE;
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

int vhosts_listen(apr_port_t port)
{
    const ap_listen_rec *listener = ap_listeners;

    while (listener != NULL && listener->bind_addr->port != port)
        listener = listener->next;
    return listener != NULL;
}

static int shares_address(const server_rec *s, const server_addr_rec *wanted)
{
    const server_addr_rec *addr = NULL;

    for (addr = s->addrs; addr != NULL; addr = addr->next) {
        if (addr->host_port == wanted->host_port
            && apr_sockaddr_equal(addr->host_addr, wanted->host_addr))
            return 1;
    }
    return 0;
}

/* A wildcard is taken by one that has or catches the wildcard, not by one that has a name below it. */
static int takes(const server_rec *s, const char *name)
{
    return strncmp(name, "*.", 2) == 0 ? is_caught(s->wild_names, name) : vhosts_answers(s, name);
}

/* True when no virtual host that was read before s is at this address of it, or, with a name, answers
 * to that name there. httpd puts each virtual host in front of those that it has read before. */
static int is_first_at(const server_rec *s, const server_addr_rec *addr, const char *name)
{
    const server_rec *before = s->next;

    while (before != NULL
           && (!shares_address(before, addr) || (name != NULL && !takes(before, name))))
        before = before->next;
    return before == NULL;
}

static int is_first(const server_rec *s, const char *name)
{
    const server_addr_rec *addr = s->addrs;

    while (addr != NULL && !is_first_at(s, addr, name))
        addr = addr->next;
    return addr != NULL;
}

int vhosts_is_default(const server_rec *s)
{
    return is_first(s, NULL) || !s->is_virtual;
}

apr_array_header_t *vhosts_caught(apr_pool_t *p, const server_rec *s,
                                  const apr_array_header_t *names)
{
    apr_array_header_t *caught = apr_array_make(p, 4, sizeof(const char *));
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        apr_array_header_t one = { p, sizeof(const char *), 1, 1, (char *)&name };

        if ((is_caught(s->wild_names, name) && is_first(s, name))
            || (is_bound_to_one(s, &one) && is_first(s, NULL)))
            APR_ARRAY_PUSH(caught, const char *) = name;
    }
    return caught;
}

const char *vhosts_label(apr_pool_t *p, const server_rec *s)
{
    if (!s->is_virtual || s->server_hostname == NULL)
        return s->is_virtual ? "<VirtualHost>" : "main server";
    return apr_psprintf(p, "<VirtualHost> '%s'", s->server_hostname);
}

const char *vhosts_where(apr_pool_t *p, const server_rec *s)
{
    if (s->defn_name == NULL)
        return "the main server";
    return apr_psprintf(p, "%s:%u", s->defn_name, s->defn_line_number);
}

/* Is it one of those before it, as people write them? "*" is an address of IPv4 and one of IPv6. */
static int is_told(const server_addr_rec *first, const server_addr_rec *addr)
{
    for (; first != addr; first = first->next) {
        if (first->host_port == addr->host_port && strcmp(first->virthost, addr->virthost) == 0)
            return 1;
    }
    return 0;
}

const char *vhosts_description(apr_pool_t *p, const server_rec *s)
{
    const server_addr_rec *addr = NULL;
    const char *text = "";

    for (addr = s->addrs; s->is_virtual && addr != NULL; addr = addr->next) {
        if (!is_told(s->addrs, addr))
            text = apr_psprintf(p, strchr(addr->virthost, ':') != NULL ? "%s[%s]:%u " : "%s%s:%u ",
                                text, addr->virthost, (unsigned)addr->host_port);
    }
    return apr_pstrcat(p, text, s->server_hostname != NULL ? s->server_hostname : "", " (",
                       vhosts_where(p, s), ")", NULL);
}
