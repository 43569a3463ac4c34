/* SPDX-License-Identifier: Apache-2.0 */
#include "store/reload.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "store/record.h"

#define COUNT_MAX 1000 /* beyond, it does not matter how often it was */

/* For whoever finds httpd ended, and this file. */
#define RESTARTING \
    "httpd was asked to restart gracefully for these certificates. If it is not running, it " \
    "ended " \
    "then: run its configuration test and look at the end of its error log, mend what they say, " \
    "and start it."

reload_memory_t *reload_memory_load(const store_t *store, apr_pool_t *p)
{
    const char *path = store_path(p, store, "reload.json", NULL, NULL);
    reload_memory_t *memory = apr_pcalloc(p, sizeof(*memory));
    const json_t *json = record_recall(path, p);

    if (json != NULL) {
        memory->last = json_peek_time(json, "last");
        memory->renewed = json_peek_time(json, "renewed");
        memory->asked = json_object_get(json, "asked");
        memory->restarting = json_peek_string(json_object_get(json, "restarting"), "for");
    }
    if (!json_is_object(memory->asked)) {
        memory->asked = json_own(p, json_object());
    }
    return memory;
}

reload_memory_t *reload_memory_copy(const reload_memory_t *memory, apr_pool_t *p)
{
    reload_memory_t *copy = apr_pmemdup(p, memory, sizeof(*memory));

    copy->asked = json_own(p, json_deep_copy(memory->asked));
    return copy;
}

void reload_memory_restore(reload_memory_t *memory, const reload_memory_t *copy)
{
    memory->last = copy->last;
    memory->renewed = copy->renewed;
    memory->restarting = copy->restarting;
    json_object_clear(memory->asked);
    json_object_update(memory->asked, copy->asked);
}

int reload_memory_asked(const reload_memory_t *memory, const char *name, const char *fingerprint)
{
    const json_t *entry = json_object_get(memory->asked, name);
    const char *asked = json_peek_string(entry, "certificate");
    apr_int64_t count = json_peek_int(entry, "count", 0);

    if (asked == NULL || strcmp(asked, fingerprint) != 0 || count < 0) {
        return 0;
    }
    return count < COUNT_MAX ? (int)count : COUNT_MAX;
}

void reload_memory_ask(reload_memory_t *memory, const char *name, const char *fingerprint)
{
    json_int_t count = reload_memory_asked(memory, name, fingerprint) + 1;

    json_object_set_new(memory->asked, name,
                        json_pack("{s:s,s:I}", "certificate", fingerprint, "count", count));
}

void reload_memory_keep(reload_memory_t *memory, apr_hash_t *names)
{
    const char *name;
    json_t *entry;
    void *next;

    json_object_foreach_safe(memory->asked, next, name, entry)
    {
        if (apr_hash_get(names, name, APR_HASH_KEY_STRING) == NULL) {
            json_object_del(memory->asked, name);
        }
    }
}

apr_status_t reload_memory_save(const store_t *store, const reload_memory_t *memory,
                                eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = store_path(ptemp, store, "reload.json", NULL, NULL);
    json_t *json = json_own(ptemp, json_object());

    json_put_time(json, "last", memory->last);
    json_put_time(json, "renewed", memory->renewed);
    json_object_set(json, "asked", memory->asked);
    if (memory->restarting != NULL) {
        json_object_set_new(
            json, "restarting",
            json_pack("{s:s,s:s}", "for", memory->restarting, "advice", RESTARTING));
    }
    return record_write(path, json, result, ptemp);
}
