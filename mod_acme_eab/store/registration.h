/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REGISTRATION_H
#define STORE_REGISTRATION_H

/* store/registration.h - an ACME account at rest: its key, and its URL once the CA gave one. One
 * for each pair of directory URL and EAB key id (checklist A-16, E-20): which one, is in
 * accounts/<id>.current where root has asked for another one in the place of the first. */

#include "crypto/keypair.h"
#include "store/store.h"

typedef struct registration {
    const char
        *id; /* 32 hexadecimal digits: SHA-256 of directory URL, NUL, key id; of one that took
                       the place of that another hash */
    apr_array_header_t
        *before; /* const char *: the ids of those that it took the place of, the newest
                                   last; NULL: it is the first */
    const char *directory;
    const char *kid_sha256; /* first 16 hexadecimal digits; NULL without EAB. Never the key */
    const char *url;        /* the account URL; NULL before registration */
    int attempted;          /* a newAccount was signed: the CA may know the key */
    apr_time_t created;     /* when the URL came; 0 before. Stays when the CA forgets the account */
    apr_time_t rebinding;   /* when the EAB key was last used although the URL had come; 0: never */
    const char *terms;      /* URL of the terms that were agreed to, or NULL */
    const char *contacts;   /* those that the CA has last been told, space-separated, or NULL */
    apr_time_t rolling; /* when root asked for another key; 0: that is done, or was never asked */
    apr_time_t closing; /* when root asked to deactivate it; 0: never */
    apr_time_t closed;  /* when the CA had done so; its key is gone; 0: it has not */
    const char *by;     /* who asked for the last of these, or NULL */
    int damaged;        /* what was known besides the key is lost; the CA can be asked for it */
} registration_t;

/** The id of the first account for that pair. kid may be NULL. In p. */
const char *registration_id(apr_pool_t *p, const char *directory, const char *kid);

/** First 16 hexadecimal digits of SHA-256(kid), for the status; NULL for NULL. In p. */
const char *registration_kid_hash(apr_pool_t *p, const char *kid);

/** True for 32 lower-case hexadecimal digits: what may be a directory in accounts/. */
int registration_id_is_valid(const char *id);

/** Load what is stored, also of an account that was deactivated. Without an account.json an empty record for this directory and kid is
 * returned. Beside a damaged one the key counts: with it the CA finds the account again, so the record
 * is "attempted" and "damaged", with the reason in result. Without a key that is an error, never an
 * empty record: the account must not be lost.
 * Also used, read-only, without a lock, to see whether an account is bound. */
apr_status_t registration_load(registration_t **preg, const store_t *store, const char *directory,
                               const char *kid, eab_result_t *result, apr_pool_t *p);

/** Write account.json, durably. */
apr_status_t registration_save(const store_t *store, const registration_t *reg,
                               eab_result_t *result, apr_pool_t *ptemp);

/** Load key.pem, or make a P-256 key and write it, durably, when there is none. A damaged key.pem is
 * an error, and so is a missing one when the account has a URL: without its key it is lost. */
apr_status_t registration_key(keypair_t **pkey, const store_t *store, const registration_t *reg,
                              eab_result_t *result, apr_pool_t *p);

/** The key that is to take the place of the account's (RFC 8555, 7.3.5), key.next.pem: it is on disk before
 * the CA hears of it, and until it is known whose word counts, both are.
 * @return APR_ENOENT when there is none */
apr_status_t registration_next_key(keypair_t **pkey, const store_t *store,
                                   const registration_t *reg, eab_result_t *result, apr_pool_t *p);

/** Make one, durably; or take the one that is there. */
apr_status_t registration_make_next_key(keypair_t **pkey, const store_t *store,
                                        const registration_t *reg, eab_result_t *result,
                                        apr_pool_t *p);

/** The CA knows the account by the next key: it is the account's now. The one before stays beside it
 * (key.old.pem) until registration_forget_old_key(). May be repeated after a crash. */
apr_status_t registration_take_next_key(const store_t *store, const registration_t *reg,
                                        eab_result_t *result, apr_pool_t *ptemp);

/** The CA does not know it, and nothing is under way: forget it. */
apr_status_t registration_drop_next_key(const store_t *store, const registration_t *reg,
                                        eab_result_t *result, apr_pool_t *ptemp);

/** The account was used with its new key: the one before is of no use any more. No failure is told. */
void registration_forget_old_key(const store_t *store, const registration_t *reg,
                                 apr_pool_t *ptemp);

/** The CA has deactivated the account: its keys go, and its record to accounts/<id>.deactivated, where
 * registration_load() finds it, so that nothing registers the same anew by itself. May be repeated
 * after a crash. */
apr_status_t registration_close(const store_t *store, registration_t *reg, apr_time_t now,
                                eab_result_t *result, apr_pool_t *ptemp);

/** Where in accounts/ the record of one with that id is then. In p. */
const char *registration_closed_folder(apr_pool_t *p, const char *id);

/** Another account for the same pair, not registered yet, takes the place of this one: its key is on disk, and
 * with one rename it is the one that registration_load() finds. The one before stays as it is.
 * @param before the account that is used
 * @param by     who asks */
apr_status_t registration_succeed(const store_t *store, const registration_t *before,
                                  const char *kid, apr_time_t now, const char *by,
                                  eab_result_t *result, apr_pool_t *ptemp);

/** The CA refuses the other one: the one before is used again, and the other one goes. May be repeated after a
 * crash. */
apr_status_t registration_reinstate(const store_t *store, const registration_t *reg,
                                    const char *kid, eab_result_t *result, apr_pool_t *ptemp);

/** Was it once in the place of reg? */
int registration_was_before(const registration_t *reg, const char *id);

/** One that reg took the place of, also when it was deactivated.
 * @return APR_SUCCESS; APR_ENOENT when there is none of that id; or why it cannot be read, in result */
apr_status_t registration_load_before(registration_t **pbefore, const store_t *store,
                                      const registration_t *reg, const char *id,
                                      eab_result_t *result, apr_pool_t *p);

/** Put a key in place that another program has made, as PKCS#8, durably. One that is there stays: the
 * caller has looked before, and it is the same.
 * @return APR_SUCCESS, or why not in result */
apr_status_t registration_adopt_key(const store_t *store, const registration_t *reg,
                                    const keypair_t *key, eab_result_t *result, apr_pool_t *p);

#endif
