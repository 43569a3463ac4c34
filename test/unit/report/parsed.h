/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_REPORT_PARSED_H
#define TEST_REPORT_PARSED_H

/* JSON in the text of a test, written with ' for ". */

#include "../fixture.h"

#include "base/clock.h"
#include "base/json.h"

static inline json_t *parsed(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text), *at;
    const char *error = NULL;
    json_t *json;

    for (at = copy; *at != '\0'; ++at) {
        if (*at == '\'')
            *at = '"';
    }
    json = json_parse(p, copy, strlen(copy), &error);
    if (json == NULL)
        fail_msg("%s: %s", text, error);
    return json;
}

static inline apr_time_t at_time(const char *text)
{
    apr_time_t time = 0;

    assert_int_equal(APR_SUCCESS, clock_parse(&time, text));
    return time;
}

#endif
