/* SPDX-License-Identifier: Apache-2.0 */
#include "base/result.h"

#include <apr_strings.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"

eab_result_t *eab_result_make(apr_pool_t *p)
{
    eab_result_t *result = apr_palloc(p, sizeof(*result));

    result->pool = p;
    eab_result_clear(result);
    return result;
}

void eab_result_clear(eab_result_t *result)
{
    apr_pool_t *pool = result->pool;

    memset(result, 0, sizeof(*result));
    result->pool = pool;
    result->rv = APR_SUCCESS;
    result->retry_after = -1;
}

/* The C library's printf into a pool: the compiler checks formats by its rules, not by APR's. */
static const char *print_text(apr_pool_t *p, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static const char *print_text(apr_pool_t *p, const char *format, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        return "";
    text = apr_palloc(p, (apr_size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

apr_status_t eab_result_set(eab_result_t *result, apr_status_t rv, const char *type,
                            const char *format, ...)
{
    const char *detail;
    va_list args;

    /* First, since the arguments may be fields of result. */
    va_start(args, format);
    detail = print_text(result->pool, format, args);
    va_end(args);
    type = apr_pstrdup(result->pool, type);
    eab_result_clear(result);
    result->rv = rv;
    result->type = type;
    result->detail = detail;
    return rv;
}

void eab_result_copy(eab_result_t *dst, const eab_result_t *src)
{
    apr_pool_t *p = dst->pool;

    *dst = *src;
    dst->pool = p;
    dst->type = apr_pstrdup(p, src->type);
    dst->detail = apr_pstrdup(p, src->detail);
    dst->instance = apr_pstrdup(p, src->instance);
    dst->identifier = apr_pstrdup(p, src->identifier);
    dst->url = apr_pstrdup(p, src->url);
    dst->subproblems = json_own(p, json_deep_copy(src->subproblems));
}

int eab_result_is(const eab_result_t *result, const char *type)
{
    return result->type != NULL && strcmp(result->type, type) == 0;
}

int eab_result_is_acme(const eab_result_t *result, const char *name)
{
    apr_size_t len = strlen(ACME_ERROR);

    return result->type != NULL && strncmp(result->type, ACME_ERROR, len) == 0
           && strcmp(result->type + len, name) == 0;
}

static void put_detail(json_t *json, const eab_result_t *result)
{
    json_put_string(json, "detail", result->detail);
    /* The words of a system library may be in any encoding; better escaped than lost. */
    if (result->detail != NULL && json_object_get(json, "detail") == NULL)
        json_put_string(json, "detail", log_escape(result->pool, result->detail));
}

json_t *eab_result_to_json(const eab_result_t *result)
{
    json_t *json = json_object();

    if (json == NULL || result->rv == APR_SUCCESS)
        return json;
    json_put_string(json, "type", result->type);
    if (result->http_status != 0)
        json_object_set_new(json, "status", json_integer(result->http_status));
    put_detail(json, result);
    json_put_string(json, "instance", result->instance);
    if (result->identifier != NULL)
        json_object_set_new(json, "identifier",
                            json_pack("{s:s, s:s}", "type", "dns", "value", result->identifier));
    if (result->subproblems != NULL)
        json_object_set_new(json, "subproblems", json_deep_copy(result->subproblems));
    json_put_string(json, "url", result->url);
    if (result->retry_after >= 0)
        json_object_set_new(json, "retry_after", json_integer(result->retry_after));
    json_object_set_new(json, "rv", json_integer(result->rv));
    return json;
}

/* A member within the range of int, or other. */
static int peek_int(const json_t *json, const char *key, int other)
{
    apr_int64_t value = json_peek_int(json, key, other);

    return value >= INT_MIN && value <= INT_MAX ? (int)value : other;
}

void eab_result_from_json(eab_result_t *result, const json_t *json)
{
    apr_pool_t *p = result->pool;
    json_t *subproblems = json_object_get(json, "subproblems");

    eab_result_clear(result);
    if (!json_is_object(json) || json_object_size(json) == 0)
        return;
    /* A problem is never read as a success, whatever became of its number. */
    result->rv = peek_int(json, "rv", APR_EGENERAL);
    if (result->rv == APR_SUCCESS)
        result->rv = APR_EGENERAL;
    result->type = json_copy_string(p, json, "type");
    result->http_status = peek_int(json, "status", 0);
    result->detail = json_copy_string(p, json, "detail");
    result->instance = json_copy_string(p, json, "instance");
    result->identifier = json_copy_string(p, json_object_get(json, "identifier"), "value");
    result->url = json_copy_string(p, json, "url");
    if (json_is_array(subproblems))
        result->subproblems = json_own(p, json_deep_copy(subproblems));
    result->retry_after = json_peek_int(json, "retry_after", -1);
}
