/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/problem.h"

#include <stddef.h>

static const struct {
    const char *type;
    enroll_exit_t status;
} exits[] = {
    { ENROLL_PROBLEM_USAGE, ENROLL_USAGE },        { ENROLL_PROBLEM_UNKNOWN, ENROLL_UNKNOWN },
    { ENROLL_PROBLEM_DENIED, ENROLL_DENIED },      { ENROLL_PROBLEM_SECRET, ENROLL_DENIED },
    { ENROLL_PROBLEM_BUSY, ENROLL_LATER },         { ENROLL_PROBLEM_BROKEN, ENROLL_LATER },
    { EAB_PROBLEM_CA_UNREACHABLE, ENROLL_LATER },  { EAB_PROBLEM_CA_UNTRUSTED, ENROLL_LATER },
    { EAB_PROBLEM_PROXY_UNTRUSTED, ENROLL_LATER }, { ENROLL_PROBLEM_ANSWER, ENROLL_LATER },
};

static const char *const descriptions[] = {
    "0  done",
    "1  refused or failed, or done for some of the domains only",
    "2  the command line is wrong",
    "4  there is no such account, client, server or domain",
    "5  not permitted: who signs in, or a file that others can read",
    "6  the manager was not reached, is busy or broken, or did not answer itself",
};

enroll_exit_t enroll_problem_exit(const eab_result_t *result)
{
    size_t i;

    if (result->rv == APR_SUCCESS)
        return ENROLL_DONE;
    for (i = 0; i < sizeof(exits) / sizeof(*exits); ++i) {
        if (eab_result_is(result, exits[i].type))
            return exits[i].status;
    }
    return ENROLL_FAILED;
}

const char *enroll_problem_describe(int index)
{
    if (index < 0 || (size_t)index >= sizeof(descriptions) / sizeof(*descriptions))
        return NULL;
    return descriptions[index];
}
