/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/retry.h"

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define HOUR 60 /* minutes */
#define DAY (24 * HOUR)
#define ANEW_MINUTES (6 * HOUR)
#define LONGEST_RETRY_AFTER (31 * 24 * 3600) /* seconds */
#define LONGEST_SPREAD 3600
#define LONGEST_POLL_AFTER 3600

/* A cache in front of httpd may keep us from seeing that the CA has read an answer. */
#define UNREAD_PATIENCE apr_time_from_sec(5)

/* CAs validate from several places at once, and need a moment to conclude. */
#define READ_QUIET apr_time_from_msec(50)

/* Milliseconds between looks at an order; the last one repeats. */
static const int poll_milliseconds[] = { 100, 400, 500, 1000, 2000, 4000, 8000, 15000, 30000 };

/* Minutes before the next attempt, by failures in a row; the last one repeats. */
static const int transient_minutes[] = { 1,  2,  2,  5,  10, 10, 10, 20,  20,  20,  20,  30,
                                         30, 30, 30, 30, 60, 60, 60, 120, 120, 180, 180, 360 };

/* CAs count failed validations of a name in an hour (five at one of them), so the second attempt
 * helps against a hiccup and the others come slowly. */
static const int validation_minutes[] = { 1, 12, 15, 20, 30, 30, 60, 60, 120, 120, 180, 180, 360 };

static int rung(const int *ladder, int count, int attempts)
{
    int i = attempts < 1 ? 0 : attempts - 1;

    return ladder[i < count ? i : count - 1];
}

static int transient_wait(int attempts)
{
    return rung(transient_minutes, COUNT_OF(transient_minutes), attempts);
}

/* Minutes by our own reckoning. */
static int own_wait(retry_class_t class, int attempts, int told)
{
    switch (class) {
    case RETRY_TRANSIENT:
        break;
    case RETRY_LIMITED:
        /* The first time the CA's word is enough; a CA that says it again is not hurried. */
        if (told)
            return attempts > 1 ? transient_wait(attempts - 1) : 0;
        return HOUR;
    case RETRY_VALIDATION:
        return rung(validation_minutes, COUNT_OF(validation_minutes), attempts);
    case RETRY_CONFIGURATION:
        return DAY;
    }
    return transient_wait(attempts);
}

/* Seconds that the CA asked for, 0 when it did not. */
static apr_int64_t asked_wait(const eab_result_t *problem)
{
    if (problem == NULL || problem->retry_after < 0)
        return 0;
    return problem->retry_after < LONGEST_RETRY_AFTER ? problem->retry_after : LONGEST_RETRY_AFTER;
}

/* A tenth of what was asked for, an hour at most. */
static apr_interval_time_t spread_of(apr_interval_time_t asked)
{
    return asked / 10 < apr_time_from_sec(LONGEST_SPREAD) ? asked / 10
                                                          : apr_time_from_sec(LONGEST_SPREAD);
}

apr_time_t retry_at(apr_time_t now, double dice, retry_class_t class, int attempts,
                    const eab_result_t *problem)
{
    int told = problem != NULL && problem->retry_after >= 0;
    apr_interval_time_t own = apr_time_from_sec(60) * own_wait(class, attempts, told);
    apr_interval_time_t asked = apr_time_from_sec(asked_wait(problem));

    own = (apr_interval_time_t)((double)own * (0.9 + 0.2 * dice));
    /* RFC 8555, 6.6: not before what the CA asked for, so that is spread to one side only. */
    asked += (apr_interval_time_t)((double)spread_of(asked) * dice);
    /* A limit for an hour is one: those that met it together wake in different minutes after that. */
    if (class == RETRY_LIMITED && !told)
        own = (apr_interval_time_t)((double)apr_time_from_sec(60 * HOUR) * (1 + 0.1 * dice));
    if (own < asked)
        own = asked;
    return now + (own > APR_USEC_PER_SEC ? own : APR_USEC_PER_SEC);
}

int retry_is_useless(const eab_result_t *problem)
{
    int status = problem->http_status;

    return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429
           && !problem->foreign && !eab_result_is_acme(problem, "badNonce")
           && !eab_result_is_acme(problem, "rateLimited");
}

int retry_anew(int attempts, apr_interval_time_t age)
{
    return attempts == 1 || age >= apr_time_from_sec(60 * ANEW_MINUTES);
}

apr_interval_time_t retry_poll(int polls, apr_int64_t retry_after, apr_interval_time_t trip)
{
    apr_interval_time_t step =
        apr_time_from_msec(rung(poll_milliseconds, COUNT_OF(poll_milliseconds), polls + 1));

    if (retry_after < 0)
        return step > trip ? step - trip : 0;
    if (retry_after > LONGEST_POLL_AFTER)
        retry_after = LONGEST_POLL_AFTER;
    return apr_time_from_sec(retry_after > 1 ? retry_after : 1);
}

apr_interval_time_t retry_first_poll(int unread, apr_interval_time_t since_read,
                                     apr_int64_t retry_after, apr_interval_time_t trip)
{
    apr_interval_time_t quiet = READ_QUIET > trip / 2 ? READ_QUIET - trip / 2 : 0;
    apr_interval_time_t wait = UNREAD_PATIENCE;

    if (unread == 0)
        wait = since_read < 0 || since_read > quiet ? 0 : quiet - since_read;
    if (retry_after >= 0 && wait < retry_poll(0, retry_after, 0))
        wait = retry_poll(0, retry_after, 0);
    return wait;
}
