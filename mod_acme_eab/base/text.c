/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024

/* For jansson, which hands it over in small pieces. */
static int append(const char *piece, size_t len, void *baton)
{
    text_t *text = baton;

    if (text->size - text->len < len) {
        apr_size_t size = 2 * (text->size + len) + FIRST_SIZE;
        char *data = realloc(text->data, size);

        if (data == NULL)
            return -1;
        text->data = data;
        text->size = size;
    }
    memcpy(text->data + text->len, piece, len);
    text->len += len;
    return 0;
}

void text_put(text_t *text, const char *piece)
{
    text->failed |= append(piece, strlen(piece), text) != 0;
}

void text_put_json(text_t *text, const json_t *json, size_t flags)
{
    text->failed |= json_dump_callback(json, append, text, flags | JSON_ENCODE_ANY) != 0;
}

void text_put_open(text_t *text, const json_t *object, size_t flags)
{
    text_put_json(text, object, flags);
    if (text->failed)
        return;
    --text->len;
    while (text->data[text->len - 1] == '\n')
        --text->len;
}

void text_free(text_t *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}
