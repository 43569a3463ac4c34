/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/mistake.h"

#include <apr_strings.h>
#include <stdarg.h>

apr_array_header_t *mistake_list_make(apr_pool_t *p)
{
    return apr_array_make(p, 4, sizeof(mistake_t));
}

void mistake_add(apr_array_header_t *mistakes, const char *where, const char *format, ...)
{
    mistake_t *mistake = apr_array_push(mistakes);
    va_list args;

    mistake->where = apr_pstrdup(mistakes->pool, where);
    va_start(args, format);
    mistake->text = apr_pvsprintf(mistakes->pool, format, args);
    va_end(args);
}
