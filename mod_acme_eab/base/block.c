/* SPDX-License-Identifier: Apache-2.0 */
#include "base/block.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNED(len) (((len) + 7) & ~(apr_size_t)7)

void *block_put(block_t *block, const void *piece, apr_size_t len)
{
    char *to = block->data != NULL ? block->data + block->used : NULL;

    if (to != NULL && len > 0)
        memcpy(to, piece, len);
    block->used += ALIGNED(len);
    return to;
}

const char *block_put_text(block_t *block, const char *text)
{
    return text != NULL ? block_put(block, text, strlen(text) + 1) : NULL;
}

void block_take(block_t *block)
{
    block->data = malloc(block->used > 0 ? block->used : 1);
    if (block->data == NULL)
        abort();
    block->used = 0;
}
