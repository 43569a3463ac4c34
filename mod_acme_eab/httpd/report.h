/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_REPORT_H
#define HTTPD_REPORT_H

/* httpd/report.h - what is shown in place of the agent's report while there is none of this run of
 * httpd: the last one of before, marked as such, or one that lists what is configured and says that
 * nothing is known yet. Nobody who looks in that moment finds nothing. */

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

#include "ipc/plan.h"

typedef struct report {
    json_t *json; /* never NULL */
    const char
        *notice; /* one sentence or two that are in it, too; NULL: it is as the agent wrote it */
} report_t;

/** @param status the agent's report, or NULL. One of before gets "before_restart" and "notice"
 * @param why    when there is none: a sentence, or NULL if it simply has not come yet
 * @param plan   what is configured, and which run of httpd this is
 * @return in p */
report_t report_choose(json_t *status, const char *why, const plan_t *plan, apr_time_t now,
                       apr_pool_t *p);

#endif
