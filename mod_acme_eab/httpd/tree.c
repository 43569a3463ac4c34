/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/tree.h"

#include <http_config.h>
#include <http_core.h>
#include <util_cfgtree.h>
#include <apr_strings.h>

#include "httpd/own.h"

/* mod_ssl takes this many files of a virtual host, and then those of the main server from the next
 * place on. */
#define CERT_FILES_OF_VHOST 3

static const tree_vhost_t unknown;

static const char *value_of(apr_pool_t *p, const ap_directive_t *node)
{
    const char *args = node->args;

    return ap_getword_conf(p, &args);
}

static void add_cert_file(tree_vhost_t *vhost, const char *value)
{
    apr_pool_t *p = vhost->cert_files->pool;
    const char *path = own_is_uri(value) ? value : ap_server_root_relative(p, value);

    vhost->cert_file = 1;
    APR_ARRAY_PUSH(vhost->cert_files, const char *) = path != NULL ? path : value;
}

/* ---- what a certificate must meet -------------------------------------------------------------- */

static void note_place(terms_t *terms, const ap_directive_t *node, apr_pool_t *p)
{
    terms->where = apr_psprintf(p, "%s%s%s %s (%s:%d)", terms->where != NULL ? terms->where : "",
                                terms->where != NULL ? ", " : "", node->directive, node->args,
                                node->filename, node->line_num);
}

/* Of one word TLS 1.2 and older; "TLSv1.3 SUITES" and "SSL CIPHERS" name what they are for. */
static void read_ciphers(terms_t *terms, const char *args, apr_pool_t *p)
{
    const char *first = ap_getword_conf(p, &args), *second = ap_getword_conf(p, &args);

    if (*second == '\0')
        terms->ciphers = first;
    else if (strcasecmp(first, "TLSv1.3") == 0)
        terms->suites = second;
    else
        terms->ciphers = second;
}

/* "all -TLSv1.3", "TLSv1.2 +TLSv1.3": a word without a sign begins anew. */
static void read_protocols(terms_t *terms, const char *args, apr_pool_t *p)
{
    int versions = 0;

    while (*args != '\0') {
        const char *word = ap_getword_conf(p, &args);
        char sign = *word == '+' || *word == '-' ? *word++ : '\0';
        int these = strcasecmp(word, "all") == 0       ? TERMS_TLS13 | TERMS_TLS12
                    : strcasecmp(word, "TLSv1.3") == 0 ? TERMS_TLS13
                                                       : TERMS_TLS12;

        if (sign == '-')
            versions &= ~these;
        else
            versions = sign == '+' ? versions | these : these;
    }
    terms->versions = versions;
}

static void read_command(terms_t *terms, const char *args, apr_pool_t *p)
{
    APR_ARRAY_PUSH(terms->commands, const char *) = ap_getword_conf(p, &args);
    APR_ARRAY_PUSH(terms->commands, const char *) = ap_getword_conf(p, &args);
}

static void read_terms(terms_t *terms, const ap_directive_t *node)
{
    apr_pool_t *p = terms->commands->pool;

    if (strcasecmp(node->directive, "SSLCipherSuite") == 0)
        read_ciphers(terms, node->args, p);
    else if (strcasecmp(node->directive, "SSLProtocol") == 0)
        read_protocols(terms, node->args, p);
    else if (strcasecmp(node->directive, "SSLOpenSSLConfCmd") == 0)
        read_command(terms, node->args, p);
    else
        return;
    note_place(terms, node, p);
}

static terms_t *inherit_terms(apr_pool_t *p, const terms_t *base)
{
    terms_t *terms = apr_pmemdup(p, base, sizeof(*base));

    terms->commands = apr_array_copy(p, base->commands);
    return terms;
}

static int is_url(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* SSLEngine takes "off" and several ways of saying "on". */
static void read_directive(tree_vhost_t *vhost, const ap_directive_t *node)
{
    const char *value = value_of(vhost->cert_files->pool, node);

    if (strcasecmp(node->directive, "SSLEngine") == 0)
        vhost->ssl_engine = strcasecmp(value, "off") != 0;
    else if (strcasecmp(node->directive, "ServerName") == 0)
        vhost->server_name = 1;
    else if (strcasecmp(node->directive, "SSLCertificateFile") == 0)
        add_cert_file(vhost, value);
    else if (strcasecmp(node->directive, "SSLCertificateChainFile") == 0)
        vhost->chain_file = 1;
    else if (strcasecmp(node->directive, "SSLUseStapling") == 0)
        vhost->stapling = strcasecmp(value, "on") == 0;
    else if (strcasecmp(node->directive, "SSLStaplingForceURL") == 0)
        vhost->responder = is_url(value) ? value : NULL;
    else
        read_terms(vhost->terms, node);
}

static void inherit_cert_files(tree_vhost_t *vhost, const apr_array_header_t *from_main)
{
    apr_array_header_t *files = vhost->cert_files;
    int i = 0;

    if (files->nelts > CERT_FILES_OF_VHOST)
        files->nelts = CERT_FILES_OF_VHOST;
    for (i = files->nelts; i < from_main->nelts; ++i)
        APR_ARRAY_PUSH(files, const char *) = APR_ARRAY_IDX(from_main, i, const char *);
}

static void read_md_names(tree_t *tree, const ap_directive_t *node)
{
    apr_pool_t *p = tree->md_names->pool;
    const char *args = node->args;

    while (*args != '\0') {
        char *word = ap_getword_conf(p, &args);
        apr_size_t len = strlen(word);
        tree_name_t *name = NULL;

        if (len > 0 && word[len - 1] == '>')
            word[len - 1] = '\0';
        if (*word == '\0' || strcasecmp(word, "auto") == 0 || strcasecmp(word, "manual") == 0)
            continue;
        name = apr_array_push(tree->md_names);
        name->name = word;
        name->where = apr_psprintf(p, "%s:%d", node->filename, node->line_num);
    }
}

static int is_md(const ap_directive_t *node)
{
    const char *name = node->directive;

    return strcasecmp(name, "MDomain") == 0 || strcasecmp(name, "<MDomain") == 0
           || strcasecmp(name, "<MDomainSet") == 0;
}

/* The virtual hosts in the order in which httpd has read them: it puts each in front of the others. */
static apr_array_header_t *servers_as_read(apr_pool_t *p, const server_rec *main_server)
{
    apr_array_header_t *servers = apr_array_make(p, 16, sizeof(const server_rec *));
    const server_rec *s = NULL, *swap = NULL;
    int i = 0, j = 0;

    for (s = main_server->next; s != NULL; s = s->next)
        APR_ARRAY_PUSH(servers, const server_rec *) = s;
    for (i = 0, j = servers->nelts - 1; i < j; ++i, --j) {
        swap = APR_ARRAY_IDX(servers, i, const server_rec *);
        APR_ARRAY_IDX(servers, i, const server_rec *) =
            APR_ARRAY_IDX(servers, j, const server_rec *);
        APR_ARRAY_IDX(servers, j, const server_rec *) = swap;
    }
    return servers;
}

static int is_at(const server_rec *s, const ap_directive_t *node)
{
    return s->defn_name != NULL && s->defn_line_number == (unsigned)node->line_num
           && strcmp(s->defn_name, node->filename) == 0;
}

/* The first server of that place that no section before this one has. A server without a section in
 * the tree is passed over: modules can make some.
 * @param pnext  the first one that was not given away; moved behind the one that is returned */
static const server_rec *server_of(const ap_directive_t *node, const apr_array_header_t *servers,
                                   int *pnext)
{
    int i = 0;

    for (i = *pnext; i < servers->nelts; ++i) {
        const server_rec *s = APR_ARRAY_IDX(servers, i, const server_rec *);

        if (is_at(s, node)) {
            *pnext = i + 1;
            return s;
        }
    }
    return NULL;
}

static void read_level(tree_t *tree, tree_vhost_t *vhost, const ap_directive_t *node)
{
    for (; node != NULL; node = node->next) {
        if (is_md(node))
            read_md_names(tree, node);
        else
            read_directive(vhost, node);
    }
}

static tree_vhost_t *push_vhost(const tree_t *tree, const server_rec *server)
{
    tree_vhost_t *vhost = apr_array_push(tree->vhosts);

    vhost->server = server;
    vhost->cert_files = apr_array_make(tree->vhosts->pool, 2, sizeof(const char *));
    vhost->terms = terms_make(tree->vhosts->pool);
    return vhost;
}

static void read_vhosts(tree_t *tree, const ap_directive_t *node, const server_rec *main_server)
{
    const tree_vhost_t base = APR_ARRAY_IDX(tree->vhosts, 0, tree_vhost_t);
    const apr_array_header_t *servers = servers_as_read(tree->vhosts->pool, main_server);
    int next = 0;

    for (; node != NULL; node = node->next) {
        const server_rec *server = NULL;
        tree_vhost_t *vhost = NULL;

        if (strcasecmp(node->directive, "<VirtualHost") != 0
            || (server = server_of(node, servers, &next)) == NULL)
            continue;
        vhost = push_vhost(tree, server);
        vhost->ssl_engine = base.ssl_engine;
        vhost->chain_file = base.chain_file;
        vhost->stapling = base.stapling;
        vhost->responder = base.responder;
        vhost->terms = inherit_terms(tree->vhosts->pool, base.terms);
        read_level(tree, vhost, node->first_child);
        inherit_cert_files(vhost, base.cert_files);
    }
}

static void index_vhosts(tree_t *tree)
{
    int i = 0;

    tree->by_server = apr_hash_make(tree->vhosts->pool);
    for (i = 0; i < tree->vhosts->nelts; ++i) {
        tree_vhost_t *vhost = &APR_ARRAY_IDX(tree->vhosts, i, tree_vhost_t);

        apr_hash_set(tree->by_server, &vhost->server, sizeof(vhost->server), vhost);
    }
}

tree_t *tree_read(apr_pool_t *p, const server_rec *main_server)
{
    tree_t *tree = apr_pcalloc(p, sizeof(*tree));

    tree->vhosts = apr_array_make(p, 16, sizeof(tree_vhost_t));
    tree->md_names = apr_array_make(p, 4, sizeof(tree_name_t));
    /* The main server first: virtual hosts inherit from it, wherever its lines stand. */
    read_level(tree, push_vhost(tree, main_server), ap_conftree);
    read_vhosts(tree, ap_conftree, main_server);
    index_vhosts(tree);
    return tree;
}

const tree_vhost_t *tree_vhost(const tree_t *tree, const server_rec *server)
{
    const tree_vhost_t *vhost = apr_hash_get(tree->by_server, &server, sizeof(server));

    return vhost != NULL ? vhost : &unknown;
}
