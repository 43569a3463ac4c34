/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ACT_H
#define STORE_ACT_H

/* store/act.h - an act of root, as it was asked for over the control socket: what, by whom, how far it is.
 * It is written down before it is begun, so that whoever asks for the same act again, after a crash or a
 * restart in the middle, is told what has come of it, and it is not done twice. The last ACTS_KEPT are kept
 * for a day. */

#include <jansson.h>

#include "store/store.h"

#define ACT_ID_DIGITS 32 /* hexadecimal: 128 bits */
#define ACTS_KEPT 100
#define ACTS_AGE apr_time_from_sec(24 * 3600)

typedef struct act {
    apr_pool_t *pool; /* owns everything */
    const char *id;
    const char *command;
    json_t *arguments; /* an object */
    json_t *by;        /* an object: who asked, as acmectl says; and "uid", as the kernel does */
    apr_time_t at;     /* when */
    int begun;         /* the command has accepted it: its step goes on with it */
    int ended;         /* nothing more happens */
    json_t *state;     /* an object of the command's own, for its steps */
    json_t *told;      /* an object: the parts that were told, by their keys */
    eab_result_t *problem; /* why it was refused, or failed; rv APR_SUCCESS: neither */
} act_t;

/** A new one, asked for now; not in the store yet. Strings and values are copied.
 * @param p parent of its pool */
act_t *act_make(const char *id, const char *command, const json_t *arguments, const json_t *by,
                apr_pool_t *p);

/** @return APR_SUCCESS, or why it could not be written */
apr_status_t act_save(const store_t *store, const act_t *act, eab_result_t *result,
                      apr_pool_t *ptemp);

/** All that are kept, the oldest first, as act_t * in p. What is older, or too many, is removed; those that
 * have not ended stay. */
apr_array_header_t *act_list(const store_t *store, apr_pool_t *p);

/** Remove one from the store. @return APR_SUCCESS, or why it is still there */
apr_status_t act_remove(const store_t *store, const act_t *act, apr_pool_t *ptemp);

#endif
