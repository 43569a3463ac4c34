/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/mistake.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

apr_array_header_t *mistake_list_make(apr_pool_t *p)
{
    return apr_array_make(p, 4, sizeof(mistake_t));
}

static int is_known(const apr_array_header_t *mistakes, const char *where, const char *text)
{
    int i = 0;

    for (i = 0; i < mistakes->nelts; ++i) {
        const mistake_t *mistake = &APR_ARRAY_IDX(mistakes, i, mistake_t);

        if (strcmp(mistake->where, where) == 0 && strcmp(mistake->text, text) == 0)
            return 1;
    }
    return 0;
}

void mistake_add(apr_array_header_t *mistakes, const char *where, const char *format, ...)
{
    mistake_t *mistake = NULL;
    const char *text = NULL;
    va_list args;

    va_start(args, format);
    text = apr_pvsprintf(mistakes->pool, format, args);
    va_end(args);
    if (is_known(mistakes, where, text))
        return;
    mistake = apr_array_push(mistakes);
    mistake->where = apr_pstrdup(mistakes->pool, where);
    mistake->text = text;
}
