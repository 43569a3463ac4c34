/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

static apr_status_t json_cleanup(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

json_t *json_own(apr_pool_t *p, json_t *json)
{
    if (json != NULL)
        apr_pool_cleanup_register(p, json, json_cleanup, apr_pool_cleanup_null);
    return json;
}

/* The index of the last character of the string literal that begins at i. */
static apr_size_t skip_string(const char *text, apr_size_t len, apr_size_t i)
{
    for (++i; i < len && text[i] != '"'; ++i) {
        if (text[i] == '\\')
            ++i;
    }
    return i;
}

/* The parser recurses for each level and allows thousands of them, and a value of one character costs
 * it a hundred: both are counted before.
 * @return NULL, or why not */
static const char *find_excess(apr_pool_t *p, const char *text, apr_size_t len)
{
    apr_size_t i;
    int depth = 0, values = 0;

    for (i = 0; i < len; ++i) {
        if (text[i] == '"')
            i = skip_string(text, len, i);
        else if (text[i] == '{' || text[i] == '[')
            ++depth;
        else if (text[i] == ',')
            ++values;
        else if (text[i] == '}' || text[i] == ']')
            --depth;
        if (depth > LIMIT_JSON_DEPTH)
            return apr_psprintf(p, "nested deeper than %d levels", LIMIT_JSON_DEPTH);
        if (values > LIMIT_JSON_VALUES)
            return apr_psprintf(p, "more than %d values", LIMIT_JSON_VALUES);
    }
    return NULL;
}

/* What the parser says, without the piece of remote text that it quotes. */
static const char *describe(apr_pool_t *p, const json_error_t *error)
{
    const char *quote = strstr(error->text, " near '");
    apr_size_t len = quote != NULL ? (apr_size_t)(quote - error->text) : strlen(error->text);

    return apr_psprintf(p, "%.*s in line %d, column %d", (int)len, error->text, error->line,
                        error->column);
}

json_t *json_parse(apr_pool_t *p, const char *text, apr_size_t len, const char **perror)
{
    json_error_t error;
    const char *reason = find_excess(p, text, len);
    json_t *json = NULL;

    if (reason == NULL) {
        json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
        if (json == NULL)
            reason = describe(p, &error);
    }
    if (perror != NULL)
        *perror = reason;
    return json_own(p, json);
}

const char *json_text(apr_pool_t *p, const json_t *json)
{
    char *dump = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *text = dump != NULL ? apr_pstrdup(p, dump) : NULL;

    free(dump);
    return text;
}

const char *json_copy_string(apr_pool_t *p, const json_t *object, const char *key)
{
    return apr_pstrdup(p, json_peek_string(object, key));
}

const char *json_peek_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

apr_int64_t json_peek_int(const json_t *object, const char *key, apr_int64_t other)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? (apr_int64_t)json_integer_value(value) : other;
}

int json_peek_bool(const json_t *object, const char *key, int other)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : other;
}

void json_put_string(json_t *object, const char *key, const char *value)
{
    /* json_string() gives NULL for NULL and for what is not UTF-8; that sets nothing. */
    json_object_set_new(object, key, json_string(value));
}

void json_put_time(json_t *object, const char *key, apr_time_t time)
{
    char text[CLOCK_TEXT_SIZE];

    if (time == 0)
        return;
    clock_print(text, time);
    json_put_string(object, key, text);
}

apr_time_t json_peek_time(const json_t *object, const char *key)
{
    apr_time_t time = 0;

    clock_parse(&time, json_peek_string(object, key));
    return time;
}

void json_put_strings(json_t *object, const char *key, const apr_array_header_t *strings)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < strings->nelts; ++i) {
        json_array_append_new(array, json_string(APR_ARRAY_IDX(strings, i, const char *)));
    }
    json_object_set_new(object, key, array);
}

void json_put_ints(json_t *object, const char *key, const apr_array_header_t *ints)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < ints->nelts; ++i) {
        json_array_append_new(array, json_integer(APR_ARRAY_IDX(ints, i, int)));
    }
    json_object_set_new(object, key, array);
}

apr_array_header_t *json_copy_strings(apr_pool_t *p, const json_t *object, const char *key)
{
    apr_array_header_t *strings = apr_array_make(p, 4, sizeof(const char *));
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(object, key), i, item)
    {
        if (json_is_string(item)) {
            APR_ARRAY_PUSH(strings, const char *) = apr_pstrdup(p, json_string_value(item));
        }
    }
    return strings;
}

apr_array_header_t *json_copy_ints(apr_pool_t *p, const json_t *object, const char *key)
{
    apr_array_header_t *ints = apr_array_make(p, 4, sizeof(int));
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(object, key), i, item)
    {
        if (json_is_integer(item)) {
            APR_ARRAY_PUSH(ints, int) = (int)json_integer_value(item);
        }
    }
    return ints;
}
