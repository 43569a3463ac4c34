/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H

/* store/revocation.h - certificates that root has asked to be revoked (RFC 8555, 7.6), until the CA has
 * done so: revocations/<fingerprint>.json. What is here was asked for by root, and is carried out after
 * any crash; nothing else is ever revoked. */

#include "crypto/keypair.h"
#include "store/store.h"

/* Whose key signs. The certificate's own tells the CA as well that this key is known: some then refuse it
 * for ever. */
typedef enum {
    REVOCATION_BY_ACCOUNT,          /* the account's, and the certificate's never */
    REVOCATION_BY_CERTIFICATE,      /* the certificate's, and the account's never */
    REVOCATION_BY_CERTIFICATE_FIRST /* the certificate's; the account's when the CA refuses that */
} revocation_by_t;

/* RFC 5280, 5.3.1: those that a subscriber may ask a CA for (checklist R-03). */
#define REVOCATION_UNSPECIFIED 0
#define REVOCATION_KEY_COMPROMISE 1
#define REVOCATION_AFFILIATION_CHANGED 3
#define REVOCATION_SUPERSEDED 4
#define REVOCATION_CESSATION 5

typedef struct revocation {
    const char *fingerprint; /* of the certificate */
    const char *pem;         /* the certificate, alone */
    const char *serial;
    const char *spki; /* of its key, crypto/keypair.h */
    apr_time_t not_after;
    const char *name;       /* of the certificate in the archive; NULL: it comes from elsewhere */
    const char *generation; /* its number there, or NULL */
    const char *account;    /* id of the registration that it was ordered with, or NULL */
    const char *directory;  /* of the CA */
    int reason;
    revocation_by_t by_key;
    int now;         /* before httpd serves another one in its place */
    int keep;        /* it is served on, and no other is ordered in its place */
    int compromised; /* its key is blocked, and goes when the CA has revoked it */
    const char *by;  /* who has asked */
    apr_time_t asked;
    eab_result_t *problem; /* the last one; rv APR_SUCCESS: none so far */
    int refused;           /* by that the CA has decided: root must ask anew */
    apr_time_t next;       /* else when it is tried again; 0: at once */
    int attempts;
} revocation_t;

/** Write it, durably, and with key (or NULL) beside it, for a certificate from elsewhere. */
apr_status_t revocation_save(const store_t *store, const revocation_t *revocation,
                             const secret_t *key, eab_result_t *result, apr_pool_t *ptemp);

/** The key that was written with it.
 * @return APR_ENOENT: none was; APR_EINVAL ... */
apr_status_t revocation_key(keypair_t **pkey, const store_t *store, const char *fingerprint,
                            apr_pool_t *p);

/** It is done, or root has thought better of it: its key goes first. Missing is success. */
apr_status_t revocation_remove(const store_t *store, const char *fingerprint, eab_result_t *result,
                               apr_pool_t *ptemp);

/** All: revocation_t *, in p. A record that cannot be read is told in the log and left alone. */
apr_array_header_t *revocation_list(apr_pool_t *p, const store_t *store);

/** "keyCompromise" ... for the reasons above; NULL for any other. Static. */
const char *revocation_reason_name(int reason);

/** By name, in any case, or number. @return -1 for anything that a subscriber may not ask for */
int revocation_reason_parse(const char *text);

#endif
