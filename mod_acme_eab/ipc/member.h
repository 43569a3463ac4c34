/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_MEMBER_H
#define IPC_MEMBER_H

/* ipc/member.h - which members of a struct travel as JSON, once for both directions. A member of the
 * struct and that of the object have one name. Strings may be of any bytes, as paths are. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>
#include <stddef.h>

typedef enum {
    MEMBER_KIND_STRING,  /* left out when NULL */
    MEMBER_KIND_STRINGS, /* left out when NULL, never NULL when read */
    MEMBER_KIND_INT,
    MEMBER_KIND_INTS,
    MEMBER_KIND_BOOL,
    MEMBER_KIND_SPAN, /* microseconds */
    MEMBER_KIND_TIME, /* left out when 0 */
    MEMBER_KIND_LIST  /* an array of structs, made before it is read */
} member_kind_t;

typedef struct member {
    const char *name; /* NULL: the end of the table */
    size_t offset;
    member_kind_t kind;
    int other;               /* of a BOOL or INT that is missing */
    const struct member *of; /* LIST: the members of one */
} member_t;

/* clang-format off */
/* One row of a table; it does not compile when the member of the struct has another type. */
#define MEMBER_OFFSET(type, name, ctype) \
    offsetof(type, name) + 0 * sizeof(_Generic(((type *)0)->name, ctype : 1))
#define MEMBER_ROW(type, name, kind, ctype, other, of) \
    { #name, MEMBER_OFFSET(type, name, ctype), MEMBER_KIND_##kind, other, of }
#define MEMBER_STRING(type, name) MEMBER_ROW(type, name, STRING, const char *, 0, NULL)
#define MEMBER_STRINGS(type, name) MEMBER_ROW(type, name, STRINGS, apr_array_header_t *, 0, NULL)
#define MEMBER_INT(type, name, other) MEMBER_ROW(type, name, INT, int, other, NULL)
#define MEMBER_INTS(type, name) MEMBER_ROW(type, name, INTS, apr_array_header_t *, 0, NULL)
#define MEMBER_BOOL(type, name, other) MEMBER_ROW(type, name, BOOL, int, other, NULL)
#define MEMBER_TIME(type, name) MEMBER_ROW(type, name, TIME, apr_time_t, 0, NULL)
#define MEMBER_SPAN(type, name) MEMBER_ROW(type, name, SPAN, apr_interval_time_t, 0, NULL)
#define MEMBER_LIST(type, name, of) MEMBER_ROW(type, name, LIST, apr_array_header_t *, 0, of)
#define MEMBER_END { NULL, 0, MEMBER_KIND_STRING, 0, NULL }
/* clang-format on */

/** An object with the members of a struct; a new reference. */
json_t *member_object(const member_t *table, const void *from);

/** The same without the members that member_read() makes so by itself when they are missing: for a message
 * of which there are thousands, not for what is kept or shown. */
json_t *member_message(const member_t *table, const void *from);

/** Set the members of a struct from object; what is missing or of another type becomes NULL, 0 or other.
 * Strings are copied into p. */
void member_read(void *to, const member_t *table, const json_t *object, apr_pool_t *p);

/** Make room for more elements in one piece: an array that grows leaves its smaller ones behind in the
 * pool. More than MEMBER_ROOM_MAX are no order of magnitude that there is, and are not prepared for. */
#define MEMBER_ROOM_MAX 200000
void member_make_room(apr_array_header_t *array, apr_int64_t more);

/** Memory of the strings and arrays of one struct, of just their size: a pool takes 8 kB at least, which
 * is too much for what there are thousands of, and what is replaced now and then. */
typedef struct member_block member_block_t;

/** Copy them there, and let the struct point to the copies, to which nothing can be added. What was there
 * before is freed, and may be what is copied.
 * @param pblock NULL at first; freed with p */
void member_settle(member_block_t **pblock, const member_t *table, void *what, apr_pool_t *p);

#endif
