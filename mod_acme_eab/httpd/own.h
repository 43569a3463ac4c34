/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_OWN_H
#define HTTPD_OWN_H

/* httpd/own.h - the certificate that the administrator has given a virtual host (SSLCertificateFile),
 * and whether it stays. A managed certificate takes its place only when it covers at least as many of
 * the names that reach the virtual host, the ServerName among them if it is covered now. Pure
 * functions, without httpd. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

typedef struct own {
    apr_array_header_t *names; /* const char *: what the usable ones cover together */
    int is_usable;             /* there is one */
    int is_vouched;            /* a usable one was signed by somebody else */
    int is_uri;  /* one cannot be read from here: it counts as covering all that one can */
    int has_rsa; /* a usable one has an RSA key */
} own_t;

/** True for a certificate in a token or an engine: no file. */
int own_is_uri(const char *file);

/** Nothing yet. In p. */
own_t *own_make(apr_pool_t *p);

/** Add what one SSLCertificateFile holds. It covers nothing when it cannot be read, is over, or is the
 * one that a distribution has made so that mod_ssl starts. */
void own_add(own_t *own, const char *file, apr_time_t now);

int own_covers(const own_t *own, const char *name);

/** True when it is more than a certificate for mod_ssl to start with: it comes from somebody else, or
 * covers one of the names.
 * @param names const char *: those that reach the virtual host */
int own_is_real(const own_t *own, const apr_array_header_t *names);

/** True when it stays although there is a managed certificate for the virtual host.
 * @param names   const char *: those that reach the virtual host, the ServerName first
 * @param managed const char *: those of the managed certificate */
int own_stays(const own_t *own, const apr_array_header_t *names, const apr_array_header_t *managed);

/** Those of names that it covers and the managed certificate does not. In p. */
apr_array_header_t *own_lost(apr_pool_t *p, const own_t *own, const apr_array_header_t *names,
                             const apr_array_header_t *managed);

#endif
