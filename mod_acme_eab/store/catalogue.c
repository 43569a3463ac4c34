/* SPDX-License-Identifier: Apache-2.0 */
#include "store/catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "store/generation.h"

struct catalogue {
    const apr_array_header_t *entries; /* const char * */
    apr_hash_t *by_name; /* a name or pattern in lower case: int *, indices of entries, rising */
};

static const char *lower(apr_pool_t *p, const char *name)
{
    char *copy = apr_pstrdup(p, name), *at;

    for (at = copy; *at != '\0'; ++at)
        *at = apr_tolower(*at);
    return copy;
}

static void enter(const catalogue_t *catalogue, const char *name, int index, apr_pool_t *p)
{
    const char *key = lower(p, name);
    apr_array_header_t *indices = apr_hash_get(catalogue->by_name, key, APR_HASH_KEY_STRING);

    if (indices == NULL) {
        indices = apr_array_make(p, 1, sizeof(int));
        apr_hash_set(catalogue->by_name, key, APR_HASH_KEY_STRING, indices);
    }
    if (indices->nelts == 0 || APR_ARRAY_IDX(indices, indices->nelts - 1, int) != index)
        APR_ARRAY_PUSH(indices, int) = index;
}

static void enter_all(const catalogue_t *catalogue, const store_t *store, int index, apr_pool_t *p,
                      apr_pool_t *ptemp)
{
    const apr_array_header_t *list =
        generation_list(ptemp, store, APR_ARRAY_IDX(catalogue->entries, index, const char *));
    int i, k;

    for (i = 0; i < list->nelts; i++) {
        const apr_array_header_t *names =
            APR_ARRAY_IDX(list, i, const generation_t *)->facts->names;

        for (k = 0; k < names->nelts; k++)
            enter(catalogue, APR_ARRAY_IDX(names, k, const char *), index, p);
    }
}

catalogue_t *catalogue_make(const store_t *store, apr_pool_t *p)
{
    catalogue_t *catalogue = apr_pcalloc(p, sizeof(*catalogue));
    apr_pool_t *ptemp = NULL;
    int i;

    catalogue->entries = generation_names(p, store);
    catalogue->by_name = apr_hash_make(p);
    if (apr_pool_create(&ptemp, p) != APR_SUCCESS)
        return catalogue;
    for (i = 0; i < catalogue->entries->nelts; i++) {
        enter_all(catalogue, store, i, p, ptemp);
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(ptemp);
    return catalogue;
}

static void collect(apr_array_header_t *found, const catalogue_t *catalogue, const char *key)
{
    const apr_array_header_t *indices = apr_hash_get(catalogue->by_name, key, APR_HASH_KEY_STRING);

    if (indices != NULL)
        apr_array_cat(found, indices);
}

static int compare(const void *a, const void *b)
{
    int first = *(const int *)a, second = *(const int *)b;

    return (first > second) - (first < second);
}

/* As name_matches_any() sees it: the name itself, or a wildcard for its first label. */
apr_array_header_t *catalogue_find(const catalogue_t *catalogue, const apr_array_header_t *names,
                                   apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 4, sizeof(int));
    apr_array_header_t *entries = apr_array_make(p, 4, sizeof(const char *));
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = lower(p, APR_ARRAY_IDX(names, i, const char *));
        const char *dot = strchr(name, '.');

        collect(found, catalogue, name);
        if (dot != NULL)
            collect(found, catalogue, apr_pstrcat(p, "*", dot, NULL));
    }
    if (found->nelts > 1)
        qsort(found->elts, (size_t)found->nelts, sizeof(int), compare);
    for (i = 0; i < found->nelts; i++) {
        int index = APR_ARRAY_IDX(found, i, int);

        if (i == 0 || APR_ARRAY_IDX(found, i - 1, int) != index)
            APR_ARRAY_PUSH(entries, const char *) =
                APR_ARRAY_IDX(catalogue->entries, index, const char *);
    }
    return entries;
}
