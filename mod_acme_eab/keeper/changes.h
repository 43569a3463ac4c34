/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CHANGES_H
#define KEEPER_CHANGES_H

/* keeper/changes.h - what has happened to an account, a certificate or the store, told to whoever hears
 * of it. Who tells does not know who hears: keeper/keeper.c puts them together. A change is told when it
 * is in the store already (a failure also when it could not be written), and in the order in which things
 * happened. */

#include <apr_pools.h>

#include "base/result.h"

struct keeper_account;
struct keeper_certificate;
struct keeper_revocation;
struct registration;

typedef enum {
    CHANGE_REGISTERED,    /* the account has its URL */
    CHANGE_UNREGISTERED,  /* the CA does not know it any more */
    CHANGE_KEY,           /* what a signature waits for is there or cannot be had, see result: the
                            account's EAB key, or the certificate's new private key, on the disk */
    CHANGE_ORDERED,       /* the certificate's order has its URL */
    CHANGE_FINALIZED,     /* finalize is about to be signed: all names are valid */
    CHANGE_INSTALLED,     /* there is a new certificate, and its order is over */
    CHANGE_NOT_INSTALLED, /* it could not be written, see result: the order goes on */
    CHANGE_LOADED,        /* httpd serves the new certificate, without a restart */
    CHANGE_NOT_LIVE,      /* it does not, and only a restart helps */
    CHANGE_STAPLED,       /* the CA said something new of whether the certificate is good */
    CHANGE_ABANDONED,     /* the order was given up */
    CHANGE_FAILED,        /* the agent's last attempt, at the account or the certificate */
    CHANGE_RECOVERED,     /* nothing fails any more */
    CHANGE_REVOKED,     /* the CA has revoked a certificate, see revocation; the certificate in the
                            configuration that it is one of, or NULL */
    CHANGE_NOT_REVOKED, /* it has not, or could not be asked; the same */
    CHANGE_BLOCKED,     /* root says that others may know the key of the certificate in place */
    CHANGE_REKEYED,     /* the account has another key, which the CA knows */
    CHANGE_CLOSED,      /* the CA has deactivated the account */
    CHANGE_SUPERSEDED_CLOSED, /* the same of one that the account took the place of, see superseded */
    CHANGE_STORE_FAILED, /* it could not be written to; neither account nor certificate is named */
    CHANGE_RESTART_REFUSED, /* of httpd: it would not survive it now, for another reason than before */
    CHANGE_RESTART_FAILED, /* ... it was restarted in vain, or that could not be written down */
    CHANGE_AGENT_ENDED     /* and is started again */
} change_kind_t;

/* Borrowed, as everything in it, for as long as it is told. */
typedef struct change {
    change_kind_t kind;
    struct keeper_account *account;         /* the one that it happened to, or NULL */
    struct keeper_certificate *certificate; /* the same */
    const eab_result_t
        *result; /* of CHANGE_KEY, CHANGE_ABANDONED and CHANGE_NOT_INSTALLED: why there
                                   is nothing to wait for any more; NULL: there is what was waited for.
                                   Of what happens to processes: why */
    struct keeper_revocation *revocation;  /* of CHANGE_REVOKED and CHANGE_NOT_REVOKED */
    const struct registration *superseded; /* of CHANGE_SUPERSEDED_CLOSED */
} change_t;

typedef void change_hear_fn(void *baton, const change_t *change);

typedef struct changes changes_t;

/** Nobody hears of any yet. */
changes_t *changes_make(apr_pool_t *p);

/** From now on hear is called at each change, after those that were there before. */
void changes_hear(changes_t *changes, change_hear_fn *hear, void *baton);

/** Tell everyone, at once, of an account, a certificate, the store. result may be NULL. Whoever hears
 * of it may tell another. */
void changes_tell_account(const changes_t *changes, change_kind_t kind,
                          struct keeper_account *account, const eab_result_t *result);
void changes_tell_certificate(const changes_t *changes, change_kind_t kind,
                              struct keeper_certificate *certificate, const eab_result_t *result);
void changes_tell_revocation(const changes_t *changes, change_kind_t kind,
                             struct keeper_certificate *certificate,
                             struct keeper_revocation *revocation);
void changes_tell_superseded(const changes_t *changes, struct keeper_account *account,
                             const struct registration *superseded);
void changes_tell_store(const changes_t *changes);

/** The same of a process; why is a sentence that may have remote text in it. */
void changes_tell_process(const changes_t *changes, change_kind_t kind, const char *why,
                          apr_pool_t *ptemp);

#endif
