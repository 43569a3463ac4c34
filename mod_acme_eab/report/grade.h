/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_GRADE_H
#define REPORT_GRADE_H

/* report/grade.h - how bad it is, for whoever has seconds to look: the page, acmectl, monitors. Pure:
 * made from an entry of status.json and the time at which it is read, so that a certificate expires
 * also when nobody writes the status any more. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>

typedef enum grade {
    GRADE_DOWN, /* some visitors get no valid certificate right now */
    GRADE_AT_RISK, /* they get one, and it will not stay so by itself, or is not all that was asked for */
    GRADE_UNKNOWN, /* nothing was reported yet */
    GRADE_OK
} grade_t;

/** "down", "at-risk", "unknown", "ok": as in the JSON. */
const char *grade_word(grade_t grade);

/** The same for people: "at risk". */
const char *grade_name(grade_t grade);

/** @param certificate an entry of "certificates" in the status
 * @param reload      the member "reload" of the status, or NULL
 * @param pwhy        half a sentence that says why ("its certificate has expired"), or NULL if it is
 *                    ok; may be NULL */
grade_t grade_of(const json_t *certificate, const json_t *reload, apr_time_t now,
                 const char **pwhy);

/** The entries of "certificates" (const json_t *), the worst first; of one grade those that end
 * first, and else as they are configured. In p. */
apr_array_header_t *grade_sort(const json_t *status, apr_time_t now, apr_pool_t *p);

/** When the first of its certificates ends; 0: there is none. */
apr_time_t grade_expiry(const json_t *certificate);

#endif
