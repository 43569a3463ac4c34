/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/tree.h"

#include <http_config.h>
#include <util_cfgtree.h>
#include <apr_strings.h>

static const tree_vhost_t unknown;

/* SSLEngine takes "off" and several ways of saying "on". */
static void read_directive(tree_vhost_t *vhost, const ap_directive_t *node)
{
    if (strcasecmp(node->directive, "SSLEngine") == 0)
        vhost->ssl_engine = strcasecmp(node->args, "off") != 0;
    else if (strcasecmp(node->directive, "ServerName") == 0)
        vhost->server_name = 1;
    else if (strcasecmp(node->directive, "SSLCertificateFile") == 0)
        vhost->cert_file = 1;
    else if (strcasecmp(node->directive, "SSLCertificateChainFile") == 0)
        vhost->chain_file = 1;
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

static const server_rec *server_of(const ap_directive_t *node, const server_rec *main_server)
{
    const server_rec *s = NULL;

    for (s = main_server->next; s != NULL; s = s->next) {
        if (s->defn_name != NULL && s->defn_line_number == (unsigned)node->line_num
            && strcmp(s->defn_name, node->filename) == 0)
            return s;
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

static void read_vhosts(tree_t *tree, const ap_directive_t *node, const server_rec *main_server)
{
    const tree_vhost_t base = APR_ARRAY_IDX(tree->vhosts, 0, tree_vhost_t);

    for (; node != NULL; node = node->next) {
        const server_rec *server = NULL;
        tree_vhost_t *vhost = NULL;

        if (strcasecmp(node->directive, "<VirtualHost") != 0
            || (server = server_of(node, main_server)) == NULL)
            continue;
        vhost = apr_array_push(tree->vhosts);
        vhost->server = server;
        vhost->ssl_engine = base.ssl_engine;
        vhost->chain_file = base.chain_file;
        read_level(tree, vhost, node->first_child);
    }
}

tree_t *tree_read(apr_pool_t *p, const server_rec *main_server)
{
    tree_t *tree = apr_pcalloc(p, sizeof(*tree));
    tree_vhost_t *base = NULL;

    tree->vhosts = apr_array_make(p, 16, sizeof(tree_vhost_t));
    tree->md_names = apr_array_make(p, 4, sizeof(tree_name_t));
    base = apr_array_push(tree->vhosts);
    base->server = main_server;
    /* The main server first: virtual hosts inherit from it, wherever its lines stand. */
    read_level(tree, base, ap_conftree);
    read_vhosts(tree, ap_conftree, main_server);
    return tree;
}

const tree_vhost_t *tree_vhost(const tree_t *tree, const server_rec *server)
{
    int i = 0;

    for (i = 0; i < tree->vhosts->nelts; ++i) {
        const tree_vhost_t *vhost = &APR_ARRAY_IDX(tree->vhosts, i, tree_vhost_t);

        if (vhost->server == server)
            return vhost;
    }
    return &unknown;
}
