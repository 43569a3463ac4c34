/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_REVOCATION_H
#define KEEPER_REVOCATION_H

/* keeper/revocation.h - the certificates that root has asked to be revoked: those of the store
 * (store/revocation.h), in memory, and what has come of them. Who gives them to the agent is
 * keeper/revoking.h. */

#include <apr_tables.h>

#include "keeper/certificate.h"
#include "store/revocation.h"

typedef struct keeper_revocation {
    apr_pool_t *pool; /* owns record */
    revocation_t *record;
    int task;   /* the agent is at it, keeper/tasks.h; 0: it is not */
    int untold; /* that the CA has revoked it is not in the spool of events yet */
    int done;   /* the CA has revoked it; nothing is left of it in the store */
} keeper_revocation_t;

typedef struct revocations {
    const means_t *means;
    apr_array_header_t *list; /* keeper_revocation_t * */
} revocations_t;

/** What the store has. */
revocations_t *revocations_open(const means_t *means);

/** The one of that certificate; NULL: nobody asked for it. */
keeper_revocation_t *revocations_find(const revocations_t *revocations, const char *fingerprint);

/** Root asks for it: it is in the store, in the place of an earlier one for the same certificate that the CA
 * has refused, or that was less urgent. record and what it points to are copied.
 * @param key of a certificate that is not in the archive; or NULL
 * @return APR_SUCCESS, or why it could not be written */
apr_status_t revocations_ask(revocations_t *revocations, const revocation_t *record,
                             const secret_t *key, eab_result_t *result);

/** One for a generation of the archive, for root who has asked. In p. */
revocation_t *revocation_of(apr_pool_t *p, const char *name, const generation_t *generation,
                            eab_result_t *result);

/** Is another certificate served in its place, or has it none any more?
 * @param certificate the one of its name; NULL: it is not configured */
int revocation_is_replaced(const revocation_t *record, const keeper_certificate_t *certificate);

/** The key that signs by the certificate (RFC 8555, 7.6): of the generation, or the one that was given.
 * @return NULL when there is none that fits the certificate */
keypair_t *revocation_sign_key(const revocations_t *revocations, const revocation_t *record,
                               apr_pool_t *p);

/** The CA has revoked it: that is written down beside the certificate, and its key is removed if others may
 * know it. It is still in the store, so that it goes on after a crash.
 * @param certificate as above
 * @return APR_SUCCESS, or why it could not be written: call it again */
apr_status_t revocation_done(revocations_t *revocations, keeper_revocation_t *revocation,
                             keeper_certificate_t *certificate, eab_result_t *result);

/** Everybody knows that it is done: it is taken out of the store.
 * @return APR_SUCCESS, or why it could not be removed: call it again */
apr_status_t revocation_forget(const revocations_t *revocations, keeper_revocation_t *revocation,
                               eab_result_t *result);

/** It failed, for good (next is 0), or until next. */
void revocation_failed(const revocations_t *revocations, keeper_revocation_t *revocation,
                       const eab_result_t *problem, apr_time_t next);

#endif
