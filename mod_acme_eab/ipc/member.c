/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/member.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/block.h"
#include "base/json.h"

/* A string, or an array of its bytes when it is not UTF-8: paths and arguments need not be. */
static json_t *text_to_json(const char *text)
{
    json_t *json = json_string(text);

    if (json != NULL || text == NULL)
        return json;
    json = json_array();
    for (; *text != '\0'; ++text)
        json_array_append_new(json, json_integer((unsigned char)*text));
    return json;
}

static const char *text_from_json(apr_pool_t *p, const json_t *json)
{
    const json_t *item;
    char *text;
    size_t i;

    if (!json_is_array(json))
        return apr_pstrdup(p, json_string_value(json));
    text = apr_pcalloc(p, json_array_size(json) + 1);
    json_array_foreach(json, i, item)
    {
        text[i] = (char)json_integer_value(item);
    }
    return text;
}

static void write_texts(json_t *object, const member_t *member, const apr_array_header_t *texts)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < texts->nelts; ++i)
        json_array_append_new(array, text_to_json(APR_ARRAY_IDX(texts, i, const char *)));
    json_object_set_new(object, member->name, array);
}

static apr_array_header_t *read_texts(const member_t *member, const json_t *object, apr_pool_t *p)
{
    const json_t *list = json_object_get(object, member->name), *item;
    apr_array_header_t *texts = apr_array_make(p, (int)json_array_size(list), sizeof(const char *));
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *text = text_from_json(p, item);

        if (text != NULL)
            APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return texts;
}

static void write_list(json_t *object, const member_t *member, const apr_array_header_t *list)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < list->nelts; ++i) {
        json_array_append_new(
            array, member_object(member->of, list->elts + (size_t)i * (size_t)list->elt_size));
    }
    json_object_set_new(object, member->name, array);
}

static void read_list(apr_array_header_t *list, const member_t *member, const json_t *object,
                      apr_pool_t *p)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(object, member->name), i, item)
    {
        member_read(apr_array_push(list), member->of, item, p);
    }
}

static void write_array(json_t *object, const member_t *member, const apr_array_header_t *array)
{
    if (array == NULL)
        return;
    if (member->kind == MEMBER_KIND_STRINGS)
        write_texts(object, member, array);
    else if (member->kind == MEMBER_KIND_INTS)
        json_put_ints(object, member->name, array);
    else
        write_list(object, member, array);
}

static void write_one(json_t *object, const member_t *member, const void *at)
{
    switch (member->kind) {
    case MEMBER_KIND_STRING:
        json_object_set_new(object, member->name, text_to_json(*(const char *const *)at));
        break;
    case MEMBER_KIND_INT:
        json_object_set_new(object, member->name, json_integer(*(const int *)at));
        break;
    case MEMBER_KIND_BOOL:
        json_object_set_new(object, member->name, json_boolean(*(const int *)at));
        break;
    case MEMBER_KIND_SPAN:
        json_object_set_new(object, member->name, json_integer(*(const apr_int64_t *)at));
        break;
    case MEMBER_KIND_TIME:
        json_put_time(object, member->name, *(const apr_time_t *)at);
        break;
    default:
        write_array(object, member, *(apr_array_header_t *const *)at);
    }
}

json_t *member_object(const member_t *table, const void *from)
{
    json_t *object = json_object();

    for (; table->name != NULL; ++table)
        write_one(object, table, (const char *)from + table->offset);
    return object;
}

/* Does it read the same when it is missing? */
static int is_as_missing(const member_t *member, const void *at)
{
    switch (member->kind) {
    case MEMBER_KIND_INT:
        return *(const int *)at == member->other;
    case MEMBER_KIND_BOOL:
        return (*(const int *)at != 0) == (member->other != 0);
    case MEMBER_KIND_SPAN:
        return *(const apr_int64_t *)at == 0;
    case MEMBER_KIND_STRINGS:
    case MEMBER_KIND_INTS:
        return apr_is_empty_array(*(apr_array_header_t *const *)at);
    default: /* left out anyway, or not often missing */
        return 0;
    }
}

json_t *member_message(const member_t *table, const void *from)
{
    json_t *object = json_object();

    for (; table->name != NULL; ++table) {
        const char *at = (const char *)from + table->offset;

        if (!is_as_missing(table, at))
            write_one(object, table, at);
    }
    return object;
}

static void read_one(void *at, const member_t *member, const json_t *object, apr_pool_t *p)
{
    switch (member->kind) {
    case MEMBER_KIND_STRING:
        *(const char **)at = text_from_json(p, json_object_get(object, member->name));
        break;
    case MEMBER_KIND_STRINGS:
        *(apr_array_header_t **)at = read_texts(member, object, p);
        break;
    case MEMBER_KIND_INT:
        *(int *)at = (int)json_peek_int(object, member->name, member->other);
        break;
    case MEMBER_KIND_INTS:
        *(apr_array_header_t **)at = json_copy_ints(p, object, member->name);
        break;
    case MEMBER_KIND_BOOL:
        *(int *)at = json_peek_bool(object, member->name, member->other);
        break;
    case MEMBER_KIND_SPAN:
        *(apr_int64_t *)at = json_peek_int(object, member->name, 0);
        break;
    case MEMBER_KIND_TIME:
        *(apr_time_t *)at = json_peek_time(object, member->name);
        break;
    case MEMBER_KIND_LIST:
        read_list(*(apr_array_header_t **)at, member, object, p);
    }
}

void member_read(void *to, const member_t *table, const json_t *object, apr_pool_t *p)
{
    for (; table->name != NULL; ++table)
        read_one((char *)to + table->offset, table, object, p);
}

void member_make_room(apr_array_header_t *array, apr_int64_t more)
{
    apr_size_t size = (apr_size_t)array->elt_size;
    char *elements;

    if (more > MEMBER_ROOM_MAX || array->nelts + more <= array->nalloc)
        return;
    array->nalloc = array->nelts + (int)more;
    elements = apr_pcalloc(array->pool, (apr_size_t)array->nalloc * size);
    memcpy(elements, array->elts, (apr_size_t)array->nelts * size);
    array->elts = elements;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

struct member_block {
    void *data;
};

static void settle_text(block_t *block, const char **ptext)
{
    const char *copy = block_put_text(block, *ptext);

    if (block->data != NULL)
        *ptext = copy;
}

static void settle_struct(block_t *block, const member_t *table, char *what);

/* Its elements, and what they point to. */
static void settle_array(block_t *block, const member_t *member, apr_array_header_t **parray)
{
    const apr_array_header_t *from = *parray;
    apr_array_header_t *to;
    char *elements;
    int i;

    if (from == NULL)
        return;
    to = block_put(block, from, sizeof(*from));
    elements = block_put(block, from->elts, (size_t)from->nelts * (size_t)from->elt_size);
    for (i = 0; i < from->nelts; ++i) {
        char *element = (to != NULL ? elements : from->elts) + (size_t)i * (size_t)from->elt_size;

        if (member->kind == MEMBER_KIND_STRINGS)
            settle_text(block, (const char **)(void *)element);
        else if (member->kind == MEMBER_KIND_LIST)
            settle_struct(block, member->of, element);
    }
    if (to != NULL) {
        to->elts = elements;
        to->nalloc = to->nelts;
        to->pool = NULL;
        *parray = to;
    }
}

static void settle_struct(block_t *block, const member_t *table, char *what)
{
    for (; table->name != NULL; ++table) {
        void *at = what + table->offset;

        switch (table->kind) {
        case MEMBER_KIND_STRING:
            settle_text(block, at);
            break;
        case MEMBER_KIND_STRINGS:
        case MEMBER_KIND_INTS:
        case MEMBER_KIND_LIST:
            settle_array(block, table, at);
            break;
        default: /* in the struct itself */
            break;
        }
    }
}

static apr_status_t free_block(void *data)
{
    member_block_t *block = data;

    free(block->data);
    block->data = NULL;
    return APR_SUCCESS;
}

void member_settle(member_block_t **pblock, const member_t *table, void *what, apr_pool_t *p)
{
    block_t pieces = { NULL, 0 };
    void *before;

    if (*pblock == NULL) {
        *pblock = apr_pcalloc(p, sizeof(**pblock));
        apr_pool_cleanup_register(p, *pblock, free_block, apr_pool_cleanup_null);
    }
    before = (*pblock)->data;
    settle_struct(&pieces, table, what);
    block_take(&pieces);
    (*pblock)->data = pieces.data;
    settle_struct(&pieces, table, what);
    free(before);
}
