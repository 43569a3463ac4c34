/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

/* base/text.h - text that grows, of JSON mostly: a list of thousands is written value by value, so that
 * it never is in memory as one tree, which takes ten times the room and longer. */

#include <apr.h>
#include <jansson.h>

/** All zero to begin with. What fails for want of memory is remembered, so that one look at the end is
 * enough. */
typedef struct text {
    char *data; /* malloc'ed; not terminated */
    apr_size_t len, size;
    int failed;
} text_t;

void text_put(text_t *text, const char *piece);

/** A value, as json_dumps() with these flags has it. */
void text_put_json(text_t *text, const json_t *json, size_t flags);

/** Of an object as that, leave out the bracket at its end, so that members can be added by hand. It has one
 * at least. */
void text_put_open(text_t *text, const json_t *object, size_t flags);

void text_free(text_t *text);

#endif
