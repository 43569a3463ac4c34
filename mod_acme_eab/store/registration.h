/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REGISTRATION_H
#define STORE_REGISTRATION_H

/* store/registration.h - an ACME account at rest: its key, and its URL once the CA gave one. One
 * for each pair of directory URL and EAB key id (checklist A-16, E-20). */

#include "crypto/keypair.h"
#include "store/store.h"

typedef struct registration {
    const char *id; /* 32 hexadecimal digits: SHA-256 of directory URL, NUL, key id */
    const char *directory;
    const char *kid_sha256; /* first 16 hexadecimal digits; NULL without EAB. Never the key */
    const char *url;        /* the account URL; NULL before registration */
    int attempted;          /* a newAccount was signed: the CA may know the key */
    apr_time_t created;     /* when the URL came; 0 before. Stays when the CA forgets the account */
    apr_time_t rebinding;   /* when the EAB key was last used although the URL had come; 0: never */
    const char *terms;      /* URL of the terms that were agreed to, or NULL */
    const char *contacts;   /* those that the CA has last been told, space-separated, or NULL */
    int damaged;            /* what was known besides the key is lost; the CA can be asked for it */
} registration_t;

/** The id of an account. kid may be NULL. In p. */
const char *registration_id(apr_pool_t *p, const char *directory, const char *kid);

/** First 16 hexadecimal digits of SHA-256(kid), for the status; NULL for NULL. In p. */
const char *registration_kid_hash(apr_pool_t *p, const char *kid);

/** True for 32 lower-case hexadecimal digits: what may be a directory in accounts/. */
int registration_id_is_valid(const char *id);

/** Load what is stored. Without an account.json an empty record for this directory and kid is
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

#endif
