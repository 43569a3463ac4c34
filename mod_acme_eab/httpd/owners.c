/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/owners.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

#define NAME_MAX_KEPT 256 /* no name of a certificate is longer */

struct owners {
    apr_pool_t *pool;
    apr_hash_t *by_name;   /* a name, a wildcard, or an address: numbers */
    apr_hash_t *by_suffix; /* ".example.edu", ".edu": numbers of those with a name that ends so */
    int count;
};

owners_t *owners_make(apr_pool_t *p)
{
    owners_t *owners = apr_pcalloc(p, sizeof(*owners));

    owners->pool = p;
    owners->by_name = apr_hash_make(p);
    owners->by_suffix = apr_hash_make(p);
    return owners;
}

/* key: lives as long as the table */
static void put(apr_pool_t *p, apr_hash_t *table, const char *key, int number)
{
    apr_array_header_t *numbers = apr_hash_get(table, key, APR_HASH_KEY_STRING);

    if (numbers == NULL) {
        numbers = apr_array_make(p, 1, sizeof(int));
        apr_hash_set(table, key, APR_HASH_KEY_STRING, numbers);
    }
    if (numbers->nelts == 0 || APR_ARRAY_IDX(numbers, numbers->nelts - 1, int) != number)
        APR_ARRAY_PUSH(numbers, int) = number;
}

static void get(const apr_hash_t *table, apr_array_header_t *found, const char *key)
{
    const apr_array_header_t *numbers = apr_hash_get((apr_hash_t *)table, key, APR_HASH_KEY_STRING);

    if (numbers != NULL)
        apr_array_cat(found, numbers);
}

void owners_add(owners_t *owners, const apr_array_header_t *names)
{
    const char *suffix = NULL;
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        put(owners->pool, owners->by_name, name, owners->count);
        for (suffix = strchr(name, '.'); suffix != NULL; suffix = strchr(suffix + 1, '.'))
            put(owners->pool, owners->by_suffix, suffix, owners->count);
    }
    ++owners->count;
}

/* In room for NAME_MAX_KEPT. With a dot at its end it is the same name. @return NULL when no certificate can
 * have it */
static const char *lower(char *room, const char *name)
{
    apr_size_t i = 0, len = strlen(name);

    if (len > 1 && name[len - 1] == '.')
        --len;
    if (len >= NAME_MAX_KEPT)
        return NULL;
    for (i = 0; i < len; ++i)
        room[i] = (char)apr_tolower(name[i]);
    room[len] = '\0';
    return room;
}

void owners_find(const owners_t *owners, apr_array_header_t *found, const char *name)
{
    const char *address = address_of_host(found->pool, name), *dot = NULL;
    char room[NAME_MAX_KEPT], wildcard[NAME_MAX_KEPT + 1] = "*";

    if (address != NULL)
        get(owners->by_name, found, address);
    else if ((name = lower(room, name)) != NULL) {
        get(owners->by_name, found, name);
        if ((dot = strchr(name, '.')) != NULL) {
            apr_cpystrn(wildcard + 1, dot, NAME_MAX_KEPT);
            get(owners->by_name, found, wildcard);
        }
    }
}

/* "*.example.edu" catches what ends in ".example.edu", and nothing else. */
static int is_plain(const char *pattern)
{
    return pattern[0] == '*' && pattern[1] == '.' && strpbrk(pattern + 1, "*?") == NULL;
}

void owners_find_caught(const owners_t *owners, apr_array_header_t *found, const char *pattern)
{
    char room[NAME_MAX_KEPT];
    int i = 0;

    if (is_plain(pattern)) {
        if ((pattern = lower(room, pattern)) != NULL)
            get(owners->by_suffix, found, pattern + 1);
        return;
    }
    for (i = 0; i < owners->count; ++i)
        APR_ARRAY_PUSH(found, int) = i;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

void owners_sort(apr_array_header_t *found)
{
    int i = 0, kept = 0, *numbers = (int *)found->elts;

    if (found->nelts > 1)
        qsort(found->elts, (size_t)found->nelts, sizeof(int), compare);
    for (i = 0; i < found->nelts; ++i) {
        if (i == 0 || numbers[i] != numbers[i - 1])
            numbers[kept++] = numbers[i];
    }
    found->nelts = kept;
}
