/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_RESTART_H
#define POLICY_RESTART_H

/* policy/restart.h - what is tried anew when somebody has restarted httpd. Pure. A person who has
 * mended something outside of the configuration (at the CA, in the DNS) has no other way to say so;
 * our own restarts for certificates say nothing. */

#include <apr_time.h>

#include "policy/retry.h"

/** When to try again what has failed and waits for somebody: at once, yet not within 10 minutes of the
 * last try, and 20 minutes for validations, which CAs count (five failed ones of a name in an hour at
 * one of them). What waits for the CA alone is tried when it would have been.
 * @param tried when it last failed; 0: unknown
 * @param next  when it would be tried without a restart */
apr_time_t restart_next(apr_time_t now, retry_class_t class, apr_time_t tried, apr_time_t next);

#endif
