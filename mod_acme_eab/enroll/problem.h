/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_PROBLEM_H
#define ENROLL_PROBLEM_H

/* enroll/problem.h - what can go wrong with a CA's manager, and the exit status that tells it. What is
 * common to all of HTTP (caUnreachable, caUntrusted) is in base/result.h. */

#include "base/result.h"

#define ENROLL_PROBLEM_USAGE EAB_PROBLEM "usage"
#define ENROLL_PROBLEM_DENIED EAB_PROBLEM "managerDenied"   /* 401, 403: who asks, or what for */
#define ENROLL_PROBLEM_REFUSED EAB_PROBLEM "managerRefused" /* any other 4xx */
#define ENROLL_PROBLEM_UNKNOWN EAB_PROBLEM "managerUnknown" /* no such account, client, server */
#define ENROLL_PROBLEM_BUSY EAB_PROBLEM "managerBusy"       /* 429 */
#define ENROLL_PROBLEM_BROKEN EAB_PROBLEM "managerBroken"   /* 408, 5xx */
#define ENROLL_PROBLEM_ANSWER EAB_PROBLEM "managerAnswer"   /* not what is documented */
#define ENROLL_PROBLEM_SECRET EAB_PROBLEM "secretSource"    /* what signs in cannot be read */
#define ENROLL_PROBLEM_FILE EAB_PROBLEM "localFile"         /* key file, journal */
#define ENROLL_PROBLEM_PARTLY EAB_PROBLEM "partlyDone"      /* some of the domains are refused */

typedef enum {
    ENROLL_DONE = 0,
    ENROLL_FAILED = 1,
    ENROLL_USAGE = 2,
    ENROLL_UNKNOWN = 4,
    ENROLL_DENIED = 5,
    ENROLL_LATER = 6
} enroll_exit_t;

/** The exit status for what is in result; ENROLL_DONE for a success. */
enroll_exit_t enroll_problem_exit(const eab_result_t *result);

/** One line for each exit status, for the help text; NULL after the last. */
const char *enroll_problem_describe(int index);

#endif
