/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_FOUND_H
#define IMPORT_FOUND_H

/* import/found.h - what another ACME client has: accounts, certificates, settings. Every reader of a
 * format fills one of these, and import/intake.h takes from it what the store can use. Nothing in it is
 * trusted: its text is that of files of another program. No HMAC key is ever in it. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "crypto/chain.h"
#include "crypto/keypair.h"

/* A setting that has a counterpart among our directives. */
typedef struct found_setting {
    const char *directive; /* "ACMERenewBefore"; static */
    const char *value;
} found_setting_t;

typedef struct found_account {
    const char *path;      /* where it was found, for people */
    const char *directory; /* URL of the CA's directory; NULL: it is not told */
    const char *kid;       /* EAB key id, or NULL */
    const char *url;       /* the account URL; NULL: the CA is to be asked for it */
    const char *contacts;  /* with their scheme, space-separated, or NULL */
    apr_time_t created;    /* or 0 */
    keypair_t *key;        /* NULL: see why */
    const char *why;       /* why it cannot be used: a half sentence, or NULL */
} found_account_t;

typedef struct found_certificate {
    const char *path;
    const char *name;             /* as the client calls it; need not be on the certificate */
    const char *directory;        /* the CA's, or NULL */
    const char *account_url;      /* of the account that it was ordered with, or NULL */
    chain_t *chain;               /* NULL: see why */
    keypair_t *key;               /* the same */
    apr_array_header_t *settings; /* found_setting_t */
    apr_array_header_t *lost;     /* const char *: settings without a counterpart, in sentences */
    const char *why;              /* why it cannot be used: a half sentence, or NULL */
} found_certificate_t;

typedef struct found {
    apr_pool_t *pool;
    apr_array_header_t *accounts;     /* found_account_t * */
    apr_array_header_t *certificates; /* found_certificate_t * */
    apr_array_header_t *settings;     /* found_setting_t, of all certificates */
    apr_array_header_t *lost;         /* const char *, the same */
    const char *disable; /* how that client is kept from renewing, in a sentence; static */
} found_t;

found_t *found_make(apr_pool_t *p);

/** A further account, or certificate, empty; NULL when there are LIMIT_IMPORT_ITEMS of them. */
found_account_t *found_add_account(found_t *found, const char *path);
found_certificate_t *found_add_certificate(found_t *found, const char *path, const char *name);

/** Note a setting; nothing for a value that is NULL or empty. */
void found_set(apr_array_header_t *settings, const char *directive, const char *value);

/** Note a setting without a counterpart, in a sentence. */
void found_lose(apr_array_header_t *lost, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
