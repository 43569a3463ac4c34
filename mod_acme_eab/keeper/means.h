/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_MEANS_H
#define KEEPER_MEANS_H

/* keeper/means.h - what all parts of the keeper work with. None of them learns by it which others there
 * are. It is made once (keeper/keeper.c), and lives as long as the keeper. */

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "ipc/plan.h"
#include "keeper/changes.h"
#include "keeper/keymaker.h"
#include "keeper/loop.h"
#include "keeper/syncer.h"
#include "store/store.h"

typedef struct means {
    apr_pool_t *pool; /* as long as the keeper */
    loop_t *loop;
    const plan_t *plan;
    store_t *store;
    /* while all certificates are looked up, or NULL: store_survey() of these, */
    apr_hash_t *pending, *failures, *demands;
    apr_hash_t *archive; /* and generation_survey() */
    keymaker_t *keymaker;
    syncer_t *syncer;
    changes_t *changes;
    apr_time_t since; /* when the keeper was made */
    int by_somebody;  /* this start is not a restart of ours: a person may have mended something */
} means_t;

#endif
