/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_RENEW_H
#define POLICY_RENEW_H

/* policy/renew.h - when to order a certificate. Pure: the clock and the dice are arguments. All
 * times follow from the certificate's own dates (checklist 4.3). */

#include <apr_time.h>

#include "base/result.h"

typedef struct renew_facts {
    int present;       /* there is a certificate; without it all below is unset */
    int covers_names;  /* each configured name is on it */
    int same_key_type; /* its key is of the configured type */
    int same_account;  /* it came from the configured CA and EAB key id */
    apr_time_t not_before;
    apr_time_t not_after;
    apr_time_t obtained;       /* when it was installed here; 0: unknown */
    apr_time_t window_start;   /* what the CA suggests (RFC 9773); 0: nothing */
    apr_time_t suggested;      /* the time drawn in that window: renew_draw() */
    apr_interval_time_t ahead; /* the CA's clock, when ours is wrong: renew_clock_error() */
    int revoked;               /* the CA says so, and not because root asked for it */
    int repeated;              /* it came of a suggestion of times that had passed */
} renew_facts_t;

typedef struct renew_policy {
    int percent;                /* ACMERenewBefore 33%; 0: unset */
    apr_interval_time_t before; /* ACMERenewBefore 30d; 0: unset */
} renew_policy_t;

typedef struct renew_decision {
    apr_time_t when; /* now or earlier: order at once */
    const char *why; /* a static half sentence: "a third of its life is left" */
} renew_decision_t;

/** Where in a span of time the renewals of an account lie, in [0, 1): even among accounts, one and the
 * same for all certificates of an account, so that those that were obtained together are renewed
 * together, and for ever, so that no plan moves with a restart.
 * @param thumbprint of the account's key (RFC 7638), or NULL */
double renew_dice(const char *thumbprint);

/** A time in [start, end), uniform with dice in [0, 1) (RFC 9773, 4.2). It is drawn once for a window
 * and kept, since drawing again and again would tend to the early side. */
apr_time_t renew_draw(apr_time_t start, apr_time_t end, double dice);

/** Do our clock and the CA's, which is that far ahead, differ by more than 5 minutes? */
int renew_clock_is_wrong(apr_interval_time_t ahead);

/** By how much to correct our clock then. More than a day is not believed, for the CA's clock may be
 * the wrong one (checklist ARI-29). */
apr_interval_time_t renew_clock_error(apr_interval_time_t ahead);

/** When to ask for renewal information again: Retry-After is the minimum and the maximum at once, 1
 * minute to 1 day are believed (RFC 9773, 4.3.2), 6 hours without it.
 * @param retry_after seconds; -1: unsaid */
apr_time_t renew_ask_again(apr_time_t now, apr_int64_t retry_after);

/** The same after a failure: 1, 2 and 4 minutes while it may be temporary (no answer, 5xx, 429),
 * then 6 hours (RFC 9773, 4.3.3). Never before what the CA asked for.
 * @param errors failures in a row, this one included: 1 and up */
apr_time_t renew_ask_after_error(apr_time_t now, int errors, const eab_result_t *problem);

/** Lifetime L = not_after - not_before + 1 s. Renewed when the setting is reached; without one when
 * L/3 is left (L/2 for L under 10 days); and earlier by a jitter of up to L/100. A setting that would
 * renew a certificate before it has served for a twentieth of L (but an hour at least, or half of L
 * when that is less) is held back to that point, so that nothing can loop. Nothing is planned later
 * than when L/20 is left, except that a certificate that was nearly over when it came is kept for
 * the smaller of an hour and L/20.
 *
 * A time that the CA suggests comes in the place of rule and setting; when it lies in the past the
 * certificate is due. Yet nothing is planned later than when L/4 is left (L/3 for L under 10 days),
 * whatever the CA says. A window that had begun before the certificate came means at once as well
 * (RFC 9773, 4.2), so that a revocation of many is followed; only when the certificate that comes of it
 * is told the same it is held back as a setting is: a CA that says so of each new one would make us
 * order without end.
 *
 * One that is revoked is due at once, yet not before it has been here for an hour (L/20 if that is less).
 *
 * The plan is by the CA's clock: it comes earlier by facts->ahead, yet a young certificate is not due
 * for that.
 * @param dice renew_dice() */
renew_decision_t renew_decide(apr_time_t now, double dice, const renew_facts_t *facts,
                              const renew_policy_t *policy);

/** True when it is renewed now if another certificate of its account is: it would be due by itself
 * within L/50 (3 hours of 6 days, a day of 47, 8 of 398). Never before the window that the CA suggests,
 * nor before it has served for as long as a setting must let it. */
int renew_may_join(apr_time_t now, double dice, const renew_facts_t *facts,
                   const renew_policy_t *policy);

#endif
