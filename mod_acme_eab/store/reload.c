/* SPDX-License-Identifier: Apache-2.0 */
#include "store/reload.h"

#include <string.h>

#include "base/json.h"
#include "store/record.h"

reload_memory_t *reload_memory_load(const store_t *store, apr_pool_t *p)
{
    const char *path = store_path(p, store, "reload.json", NULL, NULL);
    reload_memory_t *memory = apr_pcalloc(p, sizeof(*memory));
    const json_t *json = record_recall(path, p);

    if (json != NULL) {
        memory->last = json_peek_time(json, "last");
        memory->asked = json_object_get(json, "asked");
    }
    if (!json_is_object(memory->asked)) {
        memory->asked = json_own(p, json_object());
    }
    return memory;
}

int reload_memory_asked(const reload_memory_t *memory, const char *name, const char *generation)
{
    const json_t *entry = json_object_get(memory->asked, name);
    const char *asked = json_peek_string(entry, "generation");

    if (asked == NULL || strcmp(asked, generation) != 0) {
        return 0;
    }
    return (int)json_peek_int(entry, "count", 0);
}

void reload_memory_ask(reload_memory_t *memory, const char *name, const char *generation)
{
    json_int_t count = reload_memory_asked(memory, name, generation) + 1;

    json_object_set_new(memory->asked, name,
                        json_pack("{s:s,s:I}", "generation", generation, "count", count));
}

apr_status_t reload_memory_save(const store_t *store, const reload_memory_t *memory,
                                eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = store_path(ptemp, store, "reload.json", NULL, NULL);
    json_t *json = json_own(ptemp, json_object());

    json_put_time(json, "last", memory->last);
    json_object_set(json, "asked", memory->asked);
    return record_write(path, json, result, ptemp);
}
