/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_KNOWN_H
#define HTTPD_KNOWN_H

/* httpd/known.h - what a worker knows of the certificates right now: the agent's report, or what takes
 * its place (httpd/report.h), with what a reader adds to it (report/summary.h). */

#include <jansson.h>

#include "httpd/site.h"

typedef struct known {
    json_t *json;       /* never NULL */
    const char *notice; /* why it is no report of this run of httpd: a sentence; or NULL */
    int overdue;        /* there should be one by now */
    int agent_pid;      /* 0: unknown */
    int agent_alive;
} known_t;

/** Lives in p. */
known_t known_read(const site_t *site, apr_time_t now, apr_pool_t *p);

#endif
