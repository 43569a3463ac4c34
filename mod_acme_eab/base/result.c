/* SPDX-License-Identifier: Apache-2.0 */
#include "base/result.h"

#include <apr_strings.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"

#define TYPE_MAX 256
#define IDENTIFIER_MAX 300 /* of an identifier */
#define NAMES_MAX 1000
#define SHARE_MIN 1024
#define SHARE_OF_NAME 400

/* In JSON. */
static const char *const causes[] = {
    [CAUSE_SIGNAL] = "signal",          [CAUSE_OTHER_KEY] = "otherKey",
    [CAUSE_OTHER_NAMES] = "otherNames", [CAUSE_EXPIRED] = "expired",
    [CAUSE_OTHER_USAGE] = "otherUsage", [CAUSE_UNFIT] = "unfit",
    [CAUSE_UNREADABLE] = "unreadable",
};
#define CAUSES ((int)(sizeof(causes) / sizeof(causes[0])))

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

/* At most max bytes, of whole characters. */
static const char *cut(apr_pool_t *p, const char *text, apr_size_t max)
{
    apr_size_t len = max;

    if (text == NULL || strlen(text) <= max)
        return text;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return apr_pstrmemdup(p, text, len);
}

static void copy_cut(json_t *to, const json_t *from, const char *key, apr_size_t max, apr_pool_t *p)
{
    const char *text = json_peek_string(from, key);

    if (text != NULL && max > 0)
        json_put_string(to, key, cut(p, text, max));
}

/* What is read of a subproblem, with words of at most that length. */
static json_t *shorten_member(const json_t *member, apr_size_t words, apr_pool_t *p)
{
    const json_t *identifier = json_object_get(member, "identifier");
    json_t *copy = json_object();
    json_t *about;

    copy_cut(copy, member, "type", TYPE_MAX, p);
    copy_cut(copy, member, "title", words, p);
    copy_cut(copy, member, "detail", words, p);
    if (json_is_object(identifier)) {
        about = json_object();
        copy_cut(about, identifier, "type", TYPE_MAX, p);
        copy_cut(about, identifier, "value", IDENTIFIER_MAX, p);
        json_object_set_new(copy, "identifier", about);
    }
    return copy;
}

static json_t *shorten_members(const json_t *members, size_t count, apr_size_t words, apr_pool_t *p)
{
    json_t *copy = json_own(p, json_array());
    json_t *member;
    size_t i;

    json_array_foreach(members, i, member)
    {
        if (json_array_size(copy) < count && json_is_object(member))
            json_array_append_new(copy, shorten_member(member, words, p));
    }
    return json_array_size(copy) > 0 ? copy : NULL;
}

/* As JSON, without copying what may be large. */
static apr_size_t size_of(const eab_result_t *result)
{
    eab_result_t rest = *result;
    apr_size_t size = 0;
    json_t *json;

    if (result->subproblems != NULL)
        size = json_dumpb(result->subproblems, NULL, 0, JSON_COMPACT) + sizeof("\"subproblems\":,");
    rest.subproblems = NULL;
    json = eab_result_to_json(&rest);
    size += json_dumpb(json, NULL, 0, JSON_COMPACT);
    json_decref(json);
    return size;
}

/* Words of a length that should fit, and then less, and then fewer. */
static void shorten_subproblems(eab_result_t *result, apr_size_t max, apr_pool_t *ptemp)
{
    const json_t *all = result->subproblems;
    size_t count = json_array_size(all);
    apr_size_t words = count > 0 ? max / 2 / count : 0;
    json_t *copy = NULL;

    while (count > 0 && size_of(result) > max) {
        result->subproblems = copy = shorten_members(all, count, words, ptemp);
        if (words == 0)
            count -= (count + 3) / 4;
        words /= 4;
    }
    if (count == 0)
        result->subproblems = NULL;
    else if (copy != NULL) /* those that were tried on the way are not kept */
        result->subproblems = json_own(result->pool, json_incref(copy));
}

void eab_result_shorten(eab_result_t *result, apr_size_t max)
{
    apr_pool_t *pool = NULL;
    apr_size_t len = max / 4;

    if (size_of(result) <= max)
        return;
    result->type = cut(result->pool, result->type, TYPE_MAX);
    result->identifier = cut(result->pool, result->identifier, IDENTIFIER_MAX);
    /* Half an address is none. */
    if (result->instance != NULL && strlen(result->instance) > max / 4)
        result->instance = NULL;
    if (result->url != NULL && strlen(result->url) > max / 4)
        result->url = NULL;
    result->detail = cut(result->pool, result->detail, max / 2);
    apr_pool_create(&pool, result->pool);
    shorten_subproblems(result, max, pool);
    apr_pool_destroy(pool);
    /* Escaping can make six bytes of one. */
    for (; len > 0 && size_of(result) > max; len /= 2)
        result->detail = cut(result->pool, result->detail, len);
}

apr_size_t eab_result_share(int problems, int names)
{
    apr_size_t share = LIMIT_PROBLEMS / (apr_size_t)(problems > 0 ? problems : 1);
    apr_size_t need =
        SHARE_MIN + SHARE_OF_NAME * (apr_size_t)(names < NAMES_MAX ? names : NAMES_MAX);

    if (share > LIMIT_PROBLEM)
        share = LIMIT_PROBLEM;
    return share > need ? share : need;
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

void eab_result_copy_short(eab_result_t *dst, const eab_result_t *src, apr_size_t max)
{
    apr_pool_t *pool = NULL;
    eab_result_t shallow = *src;

    apr_pool_create(&pool, dst->pool);
    shallow.pool = pool;
    eab_result_shorten(&shallow, max);
    eab_result_copy(dst, &shallow);
    apr_pool_destroy(pool);
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
    json_put_string(json, "cause", causes[result->cause]);
    json_object_set_new(json, "rv", json_integer(result->rv));
    return json;
}

/* A member within the range of int, or other. */
static int peek_int(const json_t *json, const char *key, int other)
{
    apr_int64_t value = json_peek_int(json, key, other);

    return value >= INT_MIN && value <= INT_MAX ? (int)value : other;
}

static eab_cause_t read_cause(const json_t *json)
{
    const char *word = json_peek_string(json, "cause");
    int i;

    for (i = CAUSE_UNTOLD + 1; word != NULL && i < CAUSES; ++i) {
        if (strcmp(word, causes[i]) == 0)
            return (eab_cause_t)i;
    }
    return CAUSE_UNTOLD;
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
    result->cause = read_cause(json);
}
