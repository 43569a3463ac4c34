/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_REFUSAL_H
#define ENROLL_REFUSAL_H

/* enroll/refusal.h - what an answer means that is not the documented success, in one sentence that says
 * what to do. Pure: it looks at the answer alone. */

#include "enroll/exchange.h"

typedef struct refusal_code {
    const char *code;   /* as the manager writes it, a number or a word; NULL ends a table */
    const char *type;   /* ENROLL_PROBLEM_... , or NULL: by the HTTP status */
    const char *advice; /* the end of the sentence */
} refusal_code_t;

/** Fill result from an answer. What the manager says itself is quoted, shortened.
 * @param codes  what this manager's own codes ask for, or NULL
 * @return the status in result, never APR_SUCCESS */
apr_status_t refusal_explain(const exchange_answer_t *answer, const refusal_code_t *codes,
                             eab_result_t *result, apr_pool_t *p);

/** The manager's own code in a refusal: "-16", "access_denied"; NULL when it gave none. In p. */
const char *refusal_code_of(const exchange_answer_t *answer, apr_pool_t *p);

/** Sectigo Certificate Manager's codes, those of OAuth2 (RFC 6749, 5.2), of DigiCert, of ZeroSSL. */
extern const refusal_code_t refusal_sectigo[];
extern const refusal_code_t refusal_oauth[];
extern const refusal_code_t refusal_digicert[];
extern const refusal_code_t refusal_zerossl[];

#endif
