/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_TREE_H
#define HTTPD_TREE_H

/* httpd/tree.h - what other modules' directives say, read from httpd's configuration tree. When the
 * configuration is checked, the other modules cannot be asked yet: mod_ssl decides in post_config,
 * which `httpd -t` does not run. The tree holds what was really read: the contents of included
 * files, and of <IfModule> and <IfDefine> that apply, in their places.
 *
 * File and line are not enough to tell the server of a <VirtualHost>: one file may be included several
 * times, after another Define each time, and a macro used several times. httpd makes a server of each
 * section in the order of the tree, so the n-th section of a place is the n-th server of that place. */

#include <httpd.h>
#include <apr_hash.h>
#include <apr_tables.h>

#include "crypto/terms.h"

typedef struct tree_vhost {
    const server_rec *server;
    int ssl_engine;        /* SSLEngine is on, here or inherited from the main server */
    int server_name;       /* it has a ServerName of its own */
    int cert_file;         /* SSLCertificateFile is set here */
    int chain_file;        /* SSLCertificateChainFile applies */
    int stapling;          /* SSLUseStapling is on, here or inherited from the main server */
    const char *responder; /* SSLStaplingForceURL, http or https, here or inherited; or NULL */
    apr_array_header_t
        *cert_files; /* const char *: each SSLCertificateFile that applies, set here or
                                       inherited, as a whole path or a URI */
    terms_t *terms;  /* what its TLS directives demand of a certificate, inherited ones included */
} tree_vhost_t;

typedef struct tree_name {
    const char *name; /* as written */
    const char *where;
} tree_name_t;

typedef struct tree {
    apr_array_header_t *vhosts;   /* tree_vhost_t: the main server and each virtual host */
    apr_hash_t *by_server;        /* server_rec * (the pointer itself): tree_vhost_t */
    apr_array_header_t *md_names; /* tree_name_t: what mod_md is told to manage */
} tree_t;

/** Read the tree of the configuration that httpd is checking. Lives in p. */
tree_t *tree_read(apr_pool_t *p, const server_rec *main_server);

/** What it says of a server; never NULL. */
const tree_vhost_t *tree_vhost(const tree_t *tree, const server_rec *server);

#endif
