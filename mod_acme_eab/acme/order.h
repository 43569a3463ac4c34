/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_ORDER_H
#define ACME_ORDER_H

/* acme/order.h - the order object, and what its status asks us to do next (RFC 8555, 7.1.3, 7.1.6
 * and 7.4). */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/result.h"
#include "acme/transport.h"

typedef enum {
    ACME_ORDER_AUTHORIZE, /* pending: look at the authorizations */
    ACME_ORDER_FINALIZE,  /* ready: send the CSR, once */
    ACME_ORDER_WAIT,      /* processing: poll, never finalize again */
    ACME_ORDER_DOWNLOAD,  /* valid: fetch the certificate */
    ACME_ORDER_FAILED     /* invalid, or a status that RFC 8555 does not know: read error */
} acme_order_next_t;

typedef struct acme_order {
    const char *status;
    acme_order_next_t next;
    const char *url;                    /* Location of a newOrder answer; NULL when it had none */
    apr_array_header_t *names;          /* const char *: of type dns, lower case, and ip */
    apr_array_header_t *authorizations; /* const char *: URLs */
    const char *finalize;               /* URL; NULL when missing */
    const char *certificate;            /* URL; NULL until valid */
    apr_time_t expires;                 /* 0: unsaid */
    const char *profile;                /* NULL: unsaid */
    apr_int64_t retry_after;            /* seconds; -1: unsaid */
    int has_error;                      /* the order carries an error: see problem */
    eab_result_t *problem; /* of a FAILED order; rv is APR_SUCCESS when none was given */
} acme_order_t;

/** Parse a 2xx answer with an order. All URLs must be https.
 * @return in p, or NULL with EAB_PROBLEM_CA_ANSWER */
acme_order_t *acme_order_parse(apr_pool_t *p, const acme_answer_t *answer, eab_result_t *result);

/** The one table of what a status asks for. */
acme_order_next_t acme_order_next(const char *status);

/** The names that the CA left out of an order for those. In p; NULL when that is not all that differs,
 * or nothing would be left. */
apr_array_header_t *acme_order_dropped(apr_pool_t *p, const acme_order_t *order,
                                       const apr_array_header_t *names);

/** Are the identifiers of the order those that we asked for, as a set (checklist O-08, O-09)?
 * @return APR_SUCCESS, or APR_EINVAL with EAB_PROBLEM_ORDER_CHANGED naming the difference */
apr_status_t acme_order_check_names(const acme_order_t *order, const apr_array_header_t *names,
                                    eab_result_t *result);

/** Has the order the authorizations that it had before, as a set (RFC 8555, 7.1.3)?
 * @return APR_SUCCESS, or APR_EINVAL with EAB_PROBLEM_ORDER_LOST */
apr_status_t acme_order_check_authorizations(const acme_order_t *order, const acme_order_t *before,
                                             eab_result_t *result);

#endif
