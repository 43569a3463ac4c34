/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_MISTAKE_H
#define HTTPD_MISTAKE_H

/* httpd/mistake.h - what is wrong with the configuration. Directives and checks collect mistakes, so
 * that `httpd -t` shows all of them at once, each on one line with the place where it stands. */

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct mistake {
    const char *where; /* "FILE:LINE" */
    const char *text;  /* what is wrong and what to do; never a secret */
} mistake_t;

/** An empty list in p. */
apr_array_header_t *mistake_list_make(apr_pool_t *p);

/** Add one, unless the same is there for the same place: a line that many inherit is wrong once. The
 * text is formatted into the pool of the list. */
void mistake_add(apr_array_header_t *mistakes, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
