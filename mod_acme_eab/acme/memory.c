/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/memory.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#include "acme/answer.h"
#include "base/json.h"

/* Bytes of JSON, of an order and its authorizations; what is beyond that is read as it comes. */
#define TOLD_MAX (1024 * 1024)

struct acme_memory {
    apr_pool_t *pool;
    apr_hash_t *told; /* URL: json_t *, which the pool owns */
    apr_size_t size;  /* of all of that, as text */
};

static apr_status_t memory_cleanup(void *data)
{
    acme_memory_t *memory = data;
    apr_hash_index_t *index;

    for (index = apr_hash_first(NULL, memory->told); index != NULL; index = apr_hash_next(index)) {
        json_decref(apr_hash_this_val(index));
    }
    apr_hash_clear(memory->told);
    return APR_SUCCESS;
}

acme_memory_t *acme_memory_make(apr_pool_t *p)
{
    acme_memory_t *memory = apr_pcalloc(p, sizeof(*memory));

    memory->pool = p;
    memory->told = apr_hash_make(p);
    apr_pool_cleanup_register(p, memory, memory_cleanup, apr_pool_cleanup_null);
    return memory;
}

void acme_memory_note(acme_memory_t *memory, const char *url, const json_t *json)
{
    json_t *before = apr_hash_get(memory->told, url, APR_HASH_KEY_STRING);
    apr_size_t size = memory->size;

    if (!json_is_object(json)) {
        return;
    }
    size += before != NULL ? 0 : strlen(url);
    size -= before != NULL ? json_dumpb(before, NULL, 0, JSON_COMPACT) : 0;
    size += json_dumpb(json, NULL, 0, JSON_COMPACT);
    if (size > TOLD_MAX) {
        return;
    }
    memory->size = size;
    apr_hash_set(memory->told, before != NULL ? url : apr_pstrdup(memory->pool, url),
                 APR_HASH_KEY_STRING, json_deep_copy(json));
    json_decref(before);
}

static int is_untold(const json_t *value)
{
    return value == NULL || json_is_null(value)
           || (json_is_array(value) && json_array_size(value) == 0);
}

static void inherit(json_t *json, json_t *before);

/* Members of a list are known by their URL, as challenges are. */
static void inherit_members(json_t *list, const json_t *before)
{
    json_t *member, *other;
    size_t i, j;

    json_array_foreach(list, i, member)
    {
        const char *url = json_peek_string(member, "url");

        json_array_foreach(before, j, other)
        {
            const char *same = json_peek_string(other, "url");

            if (url != NULL && same != NULL && strcmp(url, same) == 0) {
                inherit(member, other);
            }
        }
    }
}

static void inherit(json_t *json, json_t *before)
{
    const char *key;
    json_t *value, *now;

    json_object_foreach(before, key, value)
    {
        now = json_object_get(json, key);
        if (strcmp(key, "error") == 0) {
            continue;
        }
        if (is_untold(now)) {
            json_object_set_new(json, key, json_deep_copy(value));
        }
        else if (json_is_array(now) && json_is_array(value)) {
            inherit_members(now, value);
        }
    }
}

const acme_answer_t *acme_memory_fill(acme_memory_t *memory, const char *url,
                                      const acme_answer_t *answer)
{
    json_t *before = apr_hash_get(memory->told, url, APR_HASH_KEY_STRING);
    json_t *json = acme_answer_object(answer->pool, answer);
    acme_answer_t *filled;

    if (json == NULL) {
        return answer;
    }
    inherit(json, before);
    acme_memory_note(memory, url, json);
    filled = apr_pmemdup(answer->pool, answer, sizeof(*answer));
    filled->body = json_text(answer->pool, json);
    if (filled->body == NULL) {
        return answer;
    }
    filled->len = strlen(filled->body);
    return filled;
}
