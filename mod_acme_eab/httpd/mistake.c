/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/mistake.h"

#include <apr_strings.h>
#include <stdarg.h>

mistakes_t *mistakes_make(apr_pool_t *p)
{
    mistakes_t *mistakes = apr_pcalloc(p, sizeof(*mistakes));

    mistakes->pool = p;
    mistakes->all = apr_array_make(p, 4, sizeof(mistake_t));
    mistakes->known = apr_hash_make(p);
    return mistakes;
}

void mistake_add(mistakes_t *mistakes, const char *where, const char *format, ...)
{
    mistake_t *mistake = NULL;
    const char *text = NULL, *key = NULL;
    va_list args;

    va_start(args, format);
    text = apr_pvsprintf(mistakes->pool, format, args);
    va_end(args);
    key = apr_pstrcat(mistakes->pool, where, "\n", text, NULL);
    if (apr_hash_get(mistakes->known, key, APR_HASH_KEY_STRING) != NULL)
        return;
    apr_hash_set(mistakes->known, key, APR_HASH_KEY_STRING, mistakes);
    mistake = apr_array_push(mistakes->all);
    mistake->where = apr_pstrdup(mistakes->pool, where);
    mistake->text = text;
}
