/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unexported.h"

#include "base/file.h"
#include "store/record.h"

#define FILE_NAME "unexported.json"

const json_t *unexported_recall(const store_t *store, apr_pool_t *p)
{
    return record_recall(store_path(p, store, FILE_NAME, NULL, NULL), p);
}

void unexported_remember(const store_t *store, const json_t *sentences, apr_pool_t *ptemp)
{
    const char *path = store_path(ptemp, store, FILE_NAME, NULL, NULL);
    const json_t *before = unexported_recall(store, ptemp);

    if (json_object_size(sentences) == 0) {
        if (before != NULL)
            (void)file_remove(path);
        return;
    }
    if (before == NULL || !json_equal(before, sentences))
        (void)record_jot(path, sentences, eab_result_make(ptemp), ptemp);
}
