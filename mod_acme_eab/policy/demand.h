/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_DEMAND_H
#define POLICY_DEMAND_H

/* policy/demand.h - what stands against it when root wants a certificate, or another try, right now. Pure.
 * He may insist (--force): a CA counts orders, and what he does not see he cannot weigh. */

#include <apr_time.h>

typedef struct demand_facts {
    apr_time_t obtained;  /* when the certificate in place came; 0: there is none */
    apr_time_t tried;     /* when the last attempt failed; 0: it did not */
    apr_int64_t patience; /* seconds that the CA asked to wait then; -1: it did not */
} demand_facts_t;

typedef enum {
    DEMAND_FINE,
    DEMAND_YOUNG,    /* the certificate came within DEMAND_DISTANCE */
    DEMAND_IMPATIENT /* the CA asked to wait, and that is not over */
} demand_answer_t;

#define DEMAND_DISTANCE apr_time_from_sec(3600)

/** @param another true for another certificate, false for another try at what fails
 *  @param puntil  when nothing will stand against it any more; 0 with DEMAND_FINE */
demand_answer_t demand_judge(apr_time_t now, const demand_facts_t *facts, int another,
                             apr_time_t *puntil);

#endif
