/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/stapling.h"

#define FIRST apr_time_from_sec(2)
#define LONGEST apr_time_from_sec(3600)

apr_time_t stapling_due(apr_time_t from, apr_time_t until)
{
    return from + (until - from) / 2;
}

apr_interval_time_t stapling_pause(int failures)
{
    apr_interval_time_t pause = FIRST;

    while (--failures > 0 && pause < LONGEST)
        pause *= 2;
    return pause < LONGEST ? pause : LONGEST;
}
