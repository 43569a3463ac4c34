/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_MISTAKE_H
#define HTTPD_MISTAKE_H

/* httpd/mistake.h - what is wrong with the configuration. Directives and checks collect mistakes, so
 * that `httpd -t` shows all of them at once, each on one line with the place where it stands. */

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>

typedef struct mistake {
    const char *where; /* "FILE:LINE" */
    const char *text;  /* what is wrong and what to do; never a secret */
} mistake_t;

typedef struct mistakes {
    apr_pool_t *pool;
    apr_array_header_t *all; /* mistake_t, in the order in which they were met */
    apr_hash_t *known;       /* "FILE:LINE\nTEXT": anything */
} mistakes_t;

/** None yet. In p. */
mistakes_t *mistakes_make(apr_pool_t *p);

/** Add one, unless the same is there for the same place: a line that many inherit is wrong once. The
 * text is formatted into their pool. */
void mistake_add(mistakes_t *mistakes, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
