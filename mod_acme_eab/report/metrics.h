/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

/* report/metrics.h - the status in the text formats of Prometheus: for the handler acme-metrics, and
 * for a file that node_exporter reads. Labels are bounded: names that are configured, labels of
 * accounts, words of ours; what changes with each certificate is in the _info families only. What the
 * status does not tell has no sample. Pure. */

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

typedef enum metrics_format {
    METRICS_PROMETHEUS, /* text format 0.0.4 */
    METRICS_OPENMETRICS /* 1.0.0 */
} metrics_format_t;

/** The media type that goes with it. */
const char *metrics_type(metrics_format_t format);

/** @param status      as in status.json
 * @param agent_alive there is a process with the agent's id
 * @return the whole text; lives in p */
const char *metrics_text(apr_pool_t *p, const json_t *status, int agent_alive, apr_time_t now,
                         metrics_format_t format);

#endif
