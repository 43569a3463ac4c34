/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_INTAKE_H
#define IMPORT_INTAKE_H

/* import/intake.h - what was found with another client goes into our store, as far as it can be of use:
 * an account whose key a CA takes and whose URL is known or can be asked for; a certificate that is
 * not over, with its key, newer than what is there. What is in the store already stays as it is. Only
 * under the lock. */

#include <apr_tables.h>

#include "import/found.h"
#include "store/store.h"

typedef enum intake_outcome { INTAKE_IMPORTED, INTAKE_KEPT, INTAKE_SKIPPED } intake_outcome_t;

typedef struct intake_options {
    const char *directory;   /* of accounts and certificates that do not tell theirs; or NULL */
    const char *kid;         /* the same of the EAB key id */
    const char *account_url; /* the one account that is wanted; or NULL */
    int accounts;            /* take accounts, ... */
    int certificates;        /* ... certificates */
    int dry_run;             /* only say what would be done */
    apr_time_t now;
} intake_options_t;

typedef struct intake_item {
    const found_account_t *account;         /* one of the two, ... */
    const found_certificate_t *certificate; /* ... or this */
    const char *name;                       /* directory URL or first name; or what there is */
    const char *path;                       /* where it was found */
    intake_outcome_t outcome;
    const char *why;           /* why it was skipped, a half sentence; or a remark; or NULL */
    const char *directory;     /* of an account that is in the store now; ... */
    const char *kid;           /* ... its key id, or NULL */
    const char *entry;         /* of a certificate that is in the store now: its directory there */
    apr_array_header_t *names; /* const char *: those of the certificate, the first one first */
} intake_item_t;

/** Take what can be taken. @return intake_item_t, accounts first, in found's pool */
apr_array_header_t *intake(const found_t *found, const store_t *store,
                           const intake_options_t *options);

/** "imported", "kept (already there)", "skipped". Static. */
const char *intake_outcome_word(intake_outcome_t outcome);

#endif
