/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

/* base/block.h - pieces put one behind the other in memory of just their size: a pool takes 8 kB at
 * least, which is too much for what there are thousands of, and what is replaced now and then.
 *
 * The same calls are made twice: first with data NULL, which only counts; then with memory of the size
 * that was counted. */

#include <apr.h>

typedef struct block {
    char *data; /* NULL: pieces are counted */
    apr_size_t used;
} block_t;

/** @return where the copy of the piece is, aligned for anything; NULL while they are counted */
void *block_put(block_t *block, const void *piece, apr_size_t len);

/** The same of a string; NULL stays NULL. */
const char *block_put_text(block_t *block, const char *text);

/** After the first round: take memory from malloc(), and begin with the second. Without memory the process
 * ends, as with pools. */
void block_take(block_t *block);

#endif
