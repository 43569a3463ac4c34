/* SPDX-License-Identifier: Apache-2.0 */
/* For the build with sanitizers: APR's pools hand out parts of large blocks, and keep those when a
 * pool ends, so that AddressSanitizer sees no use after the end and no write behind the end. Here each
 * piece is a block of its own, and ended with its pool. Linked into programs, these functions are in
 * front of APR's own. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#define SLOTS 4096

typedef struct piece {
    struct piece *next;
    void *data;
} piece_t;

/* All of one pool. */
typedef struct holding {
    struct holding *next;
    apr_pool_t *pool;
    piece_t *pieces;
} holding_t;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static holding_t *slots[SLOTS];

static holding_t **find(const apr_pool_t *pool)
{
    holding_t **link = &slots[((uintptr_t)pool >> 5) % SLOTS];

    while (*link != NULL && (*link)->pool != pool)
        link = &(*link)->next;
    return link;
}

static apr_status_t end(void *data)
{
    holding_t *holding = data;
    holding_t **link;
    piece_t *piece;

    (void)pthread_mutex_lock(&mutex);
    link = find(holding->pool);
    *link = holding->next;
    (void)pthread_mutex_unlock(&mutex);
    while ((piece = holding->pieces) != NULL) {
        holding->pieces = piece->next;
        free(piece->data);
        free(piece);
    }
    free(holding);
    return APR_SUCCESS;
}

static void *take(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* Registered before anything else, it runs after all else that the pool has to clean up. */
static holding_t *hold(apr_pool_t *pool)
{
    holding_t *holding;

    (void)pthread_mutex_lock(&mutex);
    if ((holding = *find(pool)) == NULL) {
        holding = take(calloc(1, sizeof(*holding)));
        holding->pool = pool;
        *find(pool) = holding;
        (void)pthread_mutex_unlock(&mutex);
        apr_pool_cleanup_register(pool, holding, end, apr_pool_cleanup_null);
        return holding;
    }
    (void)pthread_mutex_unlock(&mutex);
    return holding;
}

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    holding_t *holding = hold(pool);
    piece_t *piece = take(calloc(1, sizeof(*piece)));

    piece->data = take(malloc(size > 0 ? size : 1));
    memset(piece->data, 0xA5, size);
    piece->next = holding->pieces;
    holding->pieces = piece;
    return piece->data;
}

char *apr_pvsprintf(apr_pool_t *pool, const char *format, va_list arguments)
{
    apr_size_t size = 256;
    char *text = NULL, *copy;
    va_list again;

    for (;; size *= 4) {
        text = take(realloc(text, size));
        va_copy(again, arguments);
        if (apr_vsnprintf(text, size, format, again) + 1 < (int)size)
            break;
        va_end(again);
    }
    va_end(again);
    copy = apr_palloc(pool, strlen(text) + 1);
    memcpy(copy, text, strlen(text) + 1);
    free(text);
    return copy;
}
