/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_ACCOUNT_H
#define KEEPER_ACCOUNT_H

/* keeper/account.h - an account's key, its binding, its EAB key for as long as that is needed. */

#include "crypto/keypair.h"
#include "crypto/secret.h"
#include "ipc/brief.h"
#include "keeper/eabsource.h"
#include "keeper/failing.h"
#include "keeper/means.h"
#include "store/registration.h"

typedef struct keeper_account {
    const means_t *means;
    int index; /* in the plan */
    const plan_account_t *plan;
    apr_pool_t *pool; /* owns registration, key, broken and what was read of files */
    registration_t *registration;
    keypair_t *key; /* NULL when broken */
    keypair_t
        *next_key; /* that is to take its place, and may have in the eyes of the CA; or NULL */
    const char *thumbprint;
    const char *ca_pem;            /* what is in ACMECACertificateFile, or NULL */
    const char *proxy_credentials; /* "user:password", or NULL */
    eab_result_t *broken;          /* why the account cannot be used; rv APR_SUCCESS: it can */
    const char *contacts;          /* those of the plan, as the registration has them */
    apr_pool_t *url_pool; /* owns the registration's URL and terms, when they came since then */
    eabsource_t *source;  /* NULL without EAB */
    apr_pool_t *eab_pool; /* owns eab_key; gone once the account is bound */
    secret_t *eab_key;    /* the HMAC key, only while the account is not bound */
    eab_result_t *eab_problem; /* why there is none; in a pool of its own, made anew each time */
    int eab_running;           /* an exec: source is at work */
    failing_t failing;
    brief_directory_t told; /* by the CA of itself */
    apr_pool_t *told_pool;
    apr_time_t told_at; /* when that was last written, by clock_steady(); 0: not by this process */
} keeper_account_t;

/** Load or make the account key, and read the EAB key if the account is not bound yet. Never fails:
 * what is wrong is in account->broken or account->eab_problem. */
keeper_account_t *account_open(const means_t *means, int index, const plan_account_t *plan);

/** Try the same again for an account that is broken because of the store: the disk may have room
 * again, or a file may have been restored.
 * @return true when it can be used now */
int account_mend(keeper_account_t *account);

/** The CA gave the account URL: it is stored and the EAB key cleansed. */
apr_status_t account_registered(keeper_account_t *account, const char *url, const char *terms,
                                eab_result_t *result);

/** True when the account is registered, and the CA was told other contacts than are configured. None
 * configured is no reason to tell it anything. */
int account_contact_changed(const keeper_account_t *account);

/** The CA was told the configured contacts: remember them. */
apr_status_t account_contacted(keeper_account_t *account, eab_result_t *result);

/** The CA does not know the account any more (checklist A-12): forget the URL, keep the key. */
apr_status_t account_unregister(keeper_account_t *account, eab_result_t *result);

/** A newAccount is about to be signed: from now on the CA may know the key. */
apr_status_t account_attempted(keeper_account_t *account, eab_result_t *result);

/** May the EAB key be used in a request to that URL? Only at the CA of the account's directory; and
 * when the account was registered before, which the agent says that the CA has forgotten, for an hour
 * a day, and only once, which is written down first: the agent is not believed.
 * @return APR_SUCCESS, or the refusal in result */
apr_status_t account_permit_eab(keeper_account_t *account, const char *url, eab_result_t *result);

/** Make sure that the EAB key is there, reading its source again after a failure.
 * @return APR_SUCCESS (eab_key is there, or none is configured), APR_EAGAIN (an exec: source is at
 *         work: CHANGE_KEY follows), or the failure in result */
apr_status_t account_need_eab_key(keeper_account_t *account, eab_result_t *result);

/** The agent's attempt at the account failed; NULL: nothing fails any more. The fingerprint is set here.
 * @return APR_SUCCESS, or why that is in memory only in result */
apr_status_t account_failed(keeper_account_t *account, failure_t *failure, eab_result_t *result);

/** The store can be written to again: tell it what fails. */
void account_tidy(keeper_account_t *account, apr_pool_t *ptemp);

/** Somebody has mended it, he says: it is tried now, and the source of its EAB key is read again, if the
 * account is not bound yet. */
void account_hurry(keeper_account_t *account);

/** Root wants another key for it (RFC 8555, 7.3.5): a new one is made, and is on disk. Both count until the
 * CA has said which.
 * @param by who asks */
apr_status_t account_roll(keeper_account_t *account, const char *by, eab_result_t *result);

/** The CA knows the account by the next key: that is its key from now on. */
apr_status_t account_rolled(keeper_account_t *account, eab_result_t *result);

/** It does not, and will not: the next key is forgotten. */
apr_status_t account_not_rolled(keeper_account_t *account, eab_result_t *result);

/** Root wants it deactivated (RFC 8555, 7.3.6): that is on disk, so that it goes on after a crash. */
apr_status_t account_close(keeper_account_t *account, const char *by, eab_result_t *result);

/** The CA has refused that: it is used on. */
apr_status_t account_not_closed(keeper_account_t *account, eab_result_t *result);

/** The CA has deactivated it: its keys go, and nothing is signed with it any more. */
apr_status_t account_closed(keeper_account_t *account, eab_result_t *result);

/** Of everything whose change may mend a failure of this account. In p. */
const char *account_fingerprint(const keeper_account_t *account, apr_pool_t *p);

#endif
