/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_RENEW_H
#define POLICY_RENEW_H

/* policy/renew.h - when to order a certificate. Pure: the clock and the dice are arguments. All
 * times follow from the certificate's own dates (checklist 4.3). */

#include <apr_time.h>

typedef struct renew_facts {
    int present;       /* there is a certificate; without it all below is unset */
    int covers_names;  /* each configured name is on it */
    int same_key_type; /* its key is of the configured type */
    int same_account;  /* it came from the configured CA and EAB key id */
    apr_time_t not_before;
    apr_time_t not_after;
    apr_time_t obtained; /* when it was installed here; 0: unknown */
} renew_facts_t;

typedef struct renew_policy {
    int percent;                /* ACMERenewBefore 33%; 0: unset */
    apr_interval_time_t before; /* ACMERenewBefore 30d; 0: unset */
} renew_policy_t;

typedef struct renew_decision {
    apr_time_t when; /* now or earlier: order at once */
    const char *why; /* a static half sentence: "a third of its life is left" */
} renew_decision_t;

/** Lifetime L = not_after - not_before + 1 s. Renewed when the setting is reached; without one when
 * L/3 is left (L/2 for L under 10 days); and earlier by a jitter of up to L/100. A setting that would
 * renew a certificate before it has served for a twentieth of L (but an hour at least, or half of L
 * when that is less) is held back to that point, so that nothing can loop. Nothing is planned later
 * than when L/20 is left, except that a certificate that was nearly over when it came is kept for
 * the smaller of an hour and L/20.
 * @param dice in [0, 1): a property of the certificate, so that the plan survives restarts */
renew_decision_t renew_decide(apr_time_t now, double dice, const renew_facts_t *facts,
                              const renew_policy_t *policy);

#endif
