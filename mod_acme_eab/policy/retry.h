/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_RETRY_H
#define POLICY_RETRY_H

/* policy/retry.h - when to try again after a failure. Pure, like all of policy/. */

#include <apr_time.h>

#include "base/result.h"

typedef enum {
    RETRY_TRANSIENT,  /* 1, 2, 2, 5, 10, 10, 10, 20 ... minutes, up to 6 hours */
    RETRY_LIMITED,    /* what Retry-After says, later when it says it again; else an hour */
    RETRY_VALIDATION, /* a name could not be validated: 1 minute once, then 12 minutes to 6 hours */
    RETRY_CONFIGURATION /* only a changed configuration will help: a day */
} retry_class_t;

/** When to try again.
 * @param dice     in [0, 1): spreads the delay by -10 % to +10 %
 * @param attempts failures in a row so far, this one included: 1 and up
 * @return later than now; never earlier than now + problem->retry_after, which is taken as at most
 *         31 days */
apr_time_t retry_at(apr_time_t now, double dice, retry_class_t class, int attempts,
                    const eab_result_t *problem);

/** Has the CA decided, so that it says the same again? A status 4xx of its own does, but for those that ask for
 * another time. */
int retry_is_useless(const eab_result_t *problem);

/** Is another order to be placed where one waits for validations that are had at the CA and not by us?
 * Some CAs look for those only when an order is placed, and all of them count the orders that wait: so
 * at the second attempt, which mostly follows in a minute, and every six hours.
 * @param attempts failures in a row so far
 * @param age      of the order */
int retry_anew(int attempts, apr_interval_time_t age);

/** How long to wait before looking at an order or authorization again: Retry-After if the CA gave
 * one (1 second to 1 hour), else 0.1, 0.4, 0.5, 1, 2, 4, 8, 15 and then 30 seconds from when it has
 * answered until it is asked again: the way of the answer and that of the question are part of it.
 * @param polls how often it was looked at already, from 0
 * @param trip  what the network alone takes there and back; 0: nobody knows */
apr_interval_time_t retry_poll(int polls, apr_int64_t retry_after, apr_interval_time_t trip);

/** How long to wait before the first look at an order whose challenges are answered by httpd: not
 * before the CA has read the answers, which can be seen here (RFC 8555, 7.5.1).
 * @param unread     answers that nobody has read yet: then 5 s, for a cache may hide the reading
 * @param since_read time since one was read last: the CA is asked 50 ms after that, of which the way to it is a
 *                   part
 * @param trip       as above */
apr_interval_time_t retry_first_poll(int unread, apr_interval_time_t since_read,
                                     apr_int64_t retry_after, apr_interval_time_t trip);

#endif
