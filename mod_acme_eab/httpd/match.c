/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/match.h"

#include <apr_strings.h>

#include "base/address.h"
#include "base/name.h"
#include "httpd/value.h"
#include "httpd/vhosts.h"

/* As many virtual hosts are named for a certificate in the status. */
#define USERS_MAX 50

/* A server that is being looked at. */
typedef struct candidate {
    const server_rec *server;
    const tree_vhost_t *tree;
    const own_t *own;          /* NULL, like names, until a managed domain meets it */
    apr_array_header_t *names; /* those that reach it, the ServerName first */
    apr_array_header_t *met;   /* site_domain_t *: with a name in common, or one that it catches */
} candidate_t;

typedef struct match {
    site_t *site;
    apr_time_t now;
    apr_hash_t *read; /* "FILE\nFILE": own_t *, since many virtual hosts have the same */
} match_t;

/* ---- a server ---------------------------------------------------------------------------------- */

static const own_t *own_of(const match_t *match, const tree_vhost_t *tree)
{
    apr_pool_t *p = match->site->pool;
    const char *key = NULL;
    own_t *own = NULL;
    int i = 0;

    if (!tree->ssl_engine)
        return own_make(p);
    key = apr_array_pstrcat(p, tree->cert_files, '\n');
    if ((own = apr_hash_get(match->read, key, APR_HASH_KEY_STRING)) != NULL)
        return own;
    own = own_make(p);
    for (i = 0; i < tree->cert_files->nelts; ++i)
        own_add(own, APR_ARRAY_IDX(tree->cert_files, i, const char *), match->now);
    apr_hash_set(match->read, key, APR_HASH_KEY_STRING, own);
    return own;
}

/* As certificates have it; a pattern stays as it is, and nothing covers it. */
static void add_name(apr_array_header_t *names, const char *word)
{
    const char *why = NULL, *name = value_managed_name(names->pool, word, &why);

    if (name == NULL)
        name = word;
    if (!name_is_among(names, name))
        APR_ARRAY_PUSH(names, const char *) = name;
}

static apr_array_header_t *names_of(apr_pool_t *p, const server_rec *s, const own_t *own)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    const apr_array_header_t *proper = vhosts_names(p, s, 0), *caught = NULL;
    int i = 0;

    add_name(names, s->server_hostname != NULL ? s->server_hostname : "");
    for (i = 0; i < proper->nelts; ++i)
        add_name(names, APR_ARRAY_IDX(proper, i, const char *));
    caught = vhosts_caught(p, s, own->names);
    for (i = 0; i < caught->nelts; ++i)
        add_name(names, APR_ARRAY_IDX(caught, i, const char *));
    return names;
}

static void look_closer(const match_t *match, candidate_t *candidate)
{
    if (candidate->own != NULL)
        return;
    candidate->own = own_of(match, candidate->tree);
    candidate->names = names_of(match->site->pool, candidate->server, candidate->own);
}

/* For the status: the certificates of a domain have one list. */
static void tell_user(const site_t *site, const site_domain_t *domain, const server_rec *s)
{
    apr_array_header_t *used_by =
        APR_ARRAY_IDX(domain->certificates, 0, plan_certificate_t *)->used_by;
    int i = 0;

    if (used_by == NULL)
        used_by = apr_array_make(site->pool, 1, sizeof(const char *));
    if (used_by->nelts < USERS_MAX)
        APR_ARRAY_PUSH(used_by, const char *) = vhosts_description(site->pool, s);
    for (i = 0; i < domain->certificates->nelts; ++i)
        APR_ARRAY_IDX(domain->certificates, i, plan_certificate_t *)->used_by = used_by;
}

static void serve(site_t *site, const candidate_t *candidate, site_domain_t *domain)
{
    site_vhost_t *vhost = apr_pcalloc(site->pool, sizeof(*vhost));

    vhost->server = candidate->server;
    vhost->domain = domain;
    vhost->own = candidate->own;
    vhost->names = candidate->names;
    vhost->extra_copies = candidate->tree->chain_file;
    vhost->state = "unmanaged";
    APR_ARRAY_PUSH(site->vhosts, site_vhost_t *) = vhost;
    APR_ARRAY_PUSH(domain->vhosts, site_vhost_t *) = vhost;
    tell_user(site, domain, vhost->server);
    apr_hash_set(site->by_server, &vhost->server, sizeof(vhost->server), vhost);
}

static void leave(site_t *site, const candidate_t *candidate, const site_domain_t *domain,
                  site_left_why_t why)
{
    site_left_t *left = apr_pcalloc(site->pool, sizeof(*left));

    left->server = candidate->server;
    left->domain = domain;
    left->own = candidate->own;
    left->names = candidate->names;
    left->why = why;
    APR_ARRAY_PUSH(site->left, site_left_t *) = left;
    apr_hash_set(site->by_left, &left->server, sizeof(left->server), left);
}

/* ---- a domain for it ----------------------------------------------------------------------------- */

static int is_declared_in(const site_domain_t *domain, const server_rec *s)
{
    int i = 0;

    for (i = 0; s->is_virtual && i < domain->servers->nelts; ++i) {
        if (APR_ARRAY_IDX(domain->servers, i, const server_rec *) == s)
            return 1;
    }
    return 0;
}

static int count_covered(const apr_array_header_t *names, const site_domain_t *domain)
{
    int i = 0, count = 0;

    for (i = 0; i < names->nelts; ++i)
        count += name_matches_any(domain->names, APR_ARRAY_IDX(names, i, const char *));
    return count;
}

/* True when a is better than b: declared in the virtual host itself, or else for its ServerName, or
 * else for more of its names. */
static int is_better(const candidate_t *candidate, const site_domain_t *a, const site_domain_t *b)
{
    const server_rec *s = candidate->server;
    int declared = is_declared_in(a, s) - is_declared_in(b, s);
    int closer = (int)vhosts_match(s, a->names) - (int)vhosts_match(s, b->names);

    if (declared != 0 || closer != 0)
        return (declared != 0 ? declared : closer) > 0;
    return count_covered(candidate->names, a) > count_covered(candidate->names, b);
}

static int is_used(const site_t *site, const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(domain->vhosts, i, site_vhost_t *);

        if (tree_vhost(site->tree, vhost->server)->ssl_engine)
            return 1;
    }
    return 0;
}

static void find_for_words(const site_t *site, apr_array_header_t *found,
                           const apr_array_header_t *words)
{
    int i = 0;

    for (i = 0; words != NULL && i < words->nelts; ++i) {
        if (APR_ARRAY_IDX(words, i, const char *) != NULL)
            owners_find(site->owners, found, APR_ARRAY_IDX(words, i, const char *));
    }
}

static void find_for_patterns(const site_t *site, apr_array_header_t *found,
                              const apr_array_header_t *patterns)
{
    int i = 0;

    for (i = 0; patterns != NULL && i < patterns->nelts; ++i) {
        if (APR_ARRAY_IDX(patterns, i, const char *) != NULL)
            owners_find_caught(site->owners, found, APR_ARRAY_IDX(patterns, i, const char *));
    }
}

static void find_for_addresses(const site_t *site, apr_array_header_t *found,
                               const server_addr_rec *addr)
{
    const char *text = NULL;

    for (; addr != NULL; addr = addr->next) {
        text =
            address_text(site->pool, addr->host_addr->ipaddr_ptr, (int)addr->host_addr->ipaddr_len);
        if (text != NULL)
            owners_find(site->owners, found, text);
    }
}

/* The domains that it meets, in the order of the configuration; each of them learns of it. */
static apr_array_header_t *meet(site_t *site, const server_rec *s)
{
    apr_array_header_t *found = apr_array_make(site->pool, 4, sizeof(int));
    apr_array_header_t *met = apr_array_make(site->pool, 2, sizeof(site_domain_t *));
    int i = 0;

    if (s->server_hostname != NULL)
        owners_find(site->owners, found, s->server_hostname);
    find_for_words(site, found, s->names);
    find_for_words(site, found, s->wild_names);
    find_for_patterns(site, found, s->wild_names);
    find_for_addresses(site, found, s->addrs);
    owners_sort(found);
    for (i = 0; i < found->nelts; ++i) {
        site_domain_t *domain =
            APR_ARRAY_IDX(site->domains, APR_ARRAY_IDX(found, i, int), site_domain_t *);

        if (vhosts_match(s, domain->names) == VHOSTS_NONE)
            continue;
        APR_ARRAY_PUSH(met, site_domain_t *) = domain;
        APR_ARRAY_PUSH(domain->met, const server_rec *) = s;
    }
    return met;
}

/* @param least    VHOSTS_PATTERN: only those that no server with TLS uses for its names
 * @param prefused set to the best of those that would cost the virtual host more than they bring */
static site_domain_t *best_domain(const match_t *match, candidate_t *candidate,
                                  vhosts_match_t least, const site_domain_t **prefused)
{
    const site_t *site = match->site;
    site_domain_t *best = NULL;
    int i = 0;

    *prefused = NULL;
    for (i = 0; i < candidate->met->nelts; ++i) {
        site_domain_t *domain = APR_ARRAY_IDX(candidate->met, i, site_domain_t *);

        if (vhosts_match(candidate->server, domain->names) < least
            || (least == VHOSTS_PATTERN && is_used(site, domain)))
            continue;
        look_closer(match, candidate);
        if (own_stays(candidate->own, candidate->names, domain->names)) {
            if (*prefused == NULL || is_better(candidate, domain, *prefused))
                *prefused = domain;
        }
        else if (best == NULL || is_better(candidate, domain, best))
            best = domain;
    }
    return best;
}

static void match_by_names(const match_t *match, candidate_t *candidate)
{
    const server_rec *s = candidate->server;
    const site_domain_t *refused = NULL;
    site_domain_t *domain = best_domain(match, candidate, VHOSTS_ALIAS, &refused);

    if (config_get(s)->off_where != NULL) {
        if (candidate->tree->ssl_engine && (domain != NULL || refused != NULL))
            leave(match->site, candidate, domain != NULL ? domain : refused, SITE_LEFT_OFF);
    }
    else if (domain != NULL)
        serve(match->site, candidate, domain);
    else if (refused != NULL)
        leave(match->site, candidate, refused, SITE_LEFT_MORE);
}

/* A host that catches the rest keeps the certificate that it has. */
static void match_by_pattern(const match_t *match, candidate_t *candidate)
{
    const site_domain_t *refused = NULL;
    site_domain_t *domain = best_domain(match, candidate, VHOSTS_PATTERN, &refused);
    const site_domain_t *met = domain != NULL ? domain : refused;

    if (met == NULL)
        return;
    if (own_is_real(candidate->own, candidate->names))
        leave(match->site, candidate, met, SITE_LEFT_PATTERN);
    else
        serve(match->site, candidate, domain);
}

void match_vhosts(site_t *site, apr_time_t now)
{
    const match_t match = { site, now, apr_hash_make(site->pool) };
    apr_array_header_t *candidates = apr_array_make(site->pool, 16, sizeof(candidate_t));
    const server_rec *s = NULL;
    int i = 0;

    for (s = site->main; s != NULL; s = s->next) {
        candidate_t candidate = { s, tree_vhost(site->tree, s), NULL, NULL, meet(site, s) };

        APR_ARRAY_PUSH(candidates, candidate_t) = candidate;
    }
    for (i = 0; i < candidates->nelts; ++i)
        match_by_names(&match, &APR_ARRAY_IDX(candidates, i, candidate_t));
    for (i = 0; i < candidates->nelts; ++i) {
        candidate_t *candidate = &APR_ARRAY_IDX(candidates, i, candidate_t);

        s = candidate->server;
        if (site_vhost(site, s) == NULL && site_left(site, s) == NULL
            && config_get(s)->off_where == NULL)
            match_by_pattern(&match, candidate);
    }
}
