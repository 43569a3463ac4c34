/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_MODEL_H
#define KEEPER_MODEL_H

/* keeper/model.h - the accounts and certificates of the plan, as the store has them. It is made when the
 * process starts, and ends with it: there is no reloading, httpd starts a new keeper. */

#include <apr_hash.h>
#include <apr_tables.h>

#include "keeper/account.h"
#include "keeper/certificate.h"
#include "keeper/means.h"
#include "keeper/revocation.h"
#include "keeper/ticket.h"

typedef struct model {
    const means_t *means;
    apr_array_header_t *accounts;     /* keeper_account_t * */
    apr_array_header_t *certificates; /* keeper_certificate_t * */
    apr_hash_t *by_id;                /* the same, by their ids in the plan */
    revocations_t *revocations;
    tickets_t *tickets; /* for what only root may have signed */
} model_t;

/** Load what the plan names. Problems of one account are kept with it; the others go on. */
model_t *model_make(const means_t *means);

/** Borrowed; NULL when the index is none. */
keeper_account_t *model_account(const model_t *model, apr_int64_t index);
keeper_certificate_t *model_certificate(const model_t *model, apr_int64_t index);

/** The certificate of that id in the plan; borrowed. NULL: there is none, or id is NULL. */
keeper_certificate_t *model_find(const model_t *model, const char *id);

/** How many accounts cannot be used. */
int model_count_broken(const model_t *model);

/** Look again at those, and at the orders of each that can be used now. @return how many those are */
int model_mend(const model_t *model);

/** The store can be written to again: remove what could not be removed, and tell it what it does not
 * know yet. */
void model_tidy(const model_t *model, apr_pool_t *ptemp);

#endif
