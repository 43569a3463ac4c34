/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/words.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include "base/clock.h"

const char *words_span(apr_pool_t *p, apr_time_t time, apr_time_t now)
{
    if (time > now)
        return apr_pstrcat(p, "in ", clock_span(p, time - now), NULL);
    return apr_pstrcat(p, clock_span(p, now - time), " ago", NULL);
}

const char *words_time(apr_pool_t *p, apr_time_t time, apr_time_t now)
{
    const char *text = time != 0 ? clock_format(p, time) : NULL;

    if (text == NULL)
        return NULL;
    return apr_psprintf(p, "%.10s %.5s UTC (%s)", text, text + 11, words_span(p, time, now));
}

const char *words_day(apr_pool_t *p, apr_time_t time, apr_time_t now)
{
    if (time == 0)
        return NULL;
    return apr_psprintf(p, "%.10s (%s)", clock_format(p, time), words_span(p, time, now));
}

const char *words_names(apr_pool_t *p, const json_t *names)
{
    apr_array_header_t *all = apr_array_make(p, 4, sizeof(const char *));
    json_t *name = NULL;
    size_t i = 0;

    json_array_foreach(names, i, name)
    {
        if (json_is_string(name))
            APR_ARRAY_PUSH(all, const char *) = json_string_value(name);
    }
    return all->nelts > 0 ? apr_array_pstrcat(p, all, ' ') : NULL;
}
