/* SPDX-License-Identifier: Apache-2.0 */
#include "import/found.h"

#include <stdarg.h>
#include <apr_strings.h>

#include "base/bytes.h"

found_t *found_make(apr_pool_t *p)
{
    found_t *found = apr_pcalloc(p, sizeof(*found));

    found->pool = p;
    found->accounts = apr_array_make(p, 2, sizeof(found_account_t *));
    found->certificates = apr_array_make(p, 8, sizeof(found_certificate_t *));
    found->settings = apr_array_make(p, 2, sizeof(found_setting_t));
    found->lost = apr_array_make(p, 2, sizeof(const char *));
    return found;
}

found_account_t *found_add_account(found_t *found, const char *path)
{
    found_account_t *account = NULL;

    if (found->accounts->nelts >= LIMIT_IMPORT_ITEMS)
        return NULL;
    account = apr_pcalloc(found->pool, sizeof(*account));
    account->path = apr_pstrdup(found->pool, path);
    APR_ARRAY_PUSH(found->accounts, found_account_t *) = account;
    return account;
}

found_certificate_t *found_add_certificate(found_t *found, const char *path, const char *name)
{
    found_certificate_t *certificate = NULL;

    if (found->certificates->nelts >= LIMIT_IMPORT_ITEMS)
        return NULL;
    certificate = apr_pcalloc(found->pool, sizeof(*certificate));
    certificate->path = apr_pstrdup(found->pool, path);
    certificate->name = apr_pstrdup(found->pool, name);
    certificate->settings = apr_array_make(found->pool, 2, sizeof(found_setting_t));
    certificate->lost = apr_array_make(found->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(found->certificates, found_certificate_t *) = certificate;
    return certificate;
}

void found_set(apr_array_header_t *settings, const char *directive, const char *value)
{
    found_setting_t *setting = NULL;

    if (value == NULL || *value == '\0')
        return;
    setting = apr_array_push(settings);
    setting->directive = directive;
    setting->value = apr_pstrdup(settings->pool, value);
}

void found_lose(apr_array_header_t *lost, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(lost, const char *) = apr_pvsprintf(lost->pool, format, args);
    va_end(args);
}
