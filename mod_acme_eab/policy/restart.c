/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/restart.h"

#define DISTANCE apr_time_from_sec(600)
#define DISTANCE_OF_VALIDATIONS apr_time_from_sec(1200)

static apr_interval_time_t distance_of(retry_class_t class)
{
    return class == RETRY_VALIDATION ? DISTANCE_OF_VALIDATIONS : DISTANCE;
}

apr_time_t restart_next(apr_time_t now, retry_class_t class, apr_time_t tried, apr_time_t next)
{
    apr_time_t earliest;

    if (class != RETRY_CONFIGURATION && class != RETRY_VALIDATION)
        return next;
    if (tried > now) /* of a clock that was wrong */
        tried = 0;
    earliest = tried != 0 ? tried + distance_of(class) : now;
    if (earliest < now)
        earliest = now;
    return earliest < next ? earliest : next;
}
