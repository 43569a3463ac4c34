/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_VHOSTS_H
#define HTTPD_VHOSTS_H

/* httpd/vhosts.h - which names a virtual host answers to, and which of a certificate's names it
 * meets: by ServerName and ServerAlias, case-insensitively, and for IP addresses by the address of
 * the virtual host itself. */

#include <httpd.h>
#include <apr_tables.h>

typedef enum {
    VHOSTS_NONE,    /* no name in common */
    VHOSTS_PATTERN, /* only a ServerAlias with a wildcard, or the server's own IP address, catches a
                       name of the certificate */
    VHOSTS_ALIAS,   /* the certificate covers a ServerAlias */
    VHOSTS_NAME     /* the certificate covers the ServerName */
} vhosts_match_t;

/** How well a certificate for these names (const char *) fits a server, also one that is called
 * "www.example.edu.". */
vhosts_match_t vhosts_match(const server_rec *s, const apr_array_header_t *names);

/** True when requests for this one name go to the server. */
int vhosts_answers(const server_rec *s, const char *name);

/** "www.example.edu.": httpd takes the dot off what a request asks for (Host) and clients leave it out of SNI,
 * but it stays in ServerName and ServerAlias, so that no request finds the server by it. */
int vhosts_is_dotted(const char *name);

/** ServerName (when has_name) and all ServerAliases, as they are: const char * in p. */
apr_array_header_t *vhosts_names(apr_pool_t *p, const server_rec *s, int has_name);

/** Those of names that reach the server by something else than a name of its own: a ServerAlias with a
 * wildcard catches them and no virtual host before this one answers to them at the same address, or
 * they are its own IP addresses and it is the first one there. In p. */
apr_array_header_t *vhosts_caught(apr_pool_t *p, const server_rec *s,
                                  const apr_array_header_t *names);

/** True when one of the addresses of the server has this port. */
int vhosts_has_port(const server_rec *s, apr_port_t port);

/** True when httpd listens on this port, whoever answers there. */
int vhosts_listen(apr_port_t port);

/** True when a client that names no server in TLS gets s, at one of its addresses at least: when s is
 * the first virtual host there, or the main server. */
int vhosts_is_default(const server_rec *s);

/** "<VirtualHost> 'www.example.edu'", or "main server". Several may have one place. In p. */
const char *vhosts_label(apr_pool_t *p, const server_rec *s);

/** "*:443 www.example.edu (FILE:LINE)", for people. In p. */
const char *vhosts_description(apr_pool_t *p, const server_rec *s);

/** "FILE:LINE" of the <VirtualHost>, or "the main server". In p. */
const char *vhosts_where(apr_pool_t *p, const server_rec *s);

#endif
